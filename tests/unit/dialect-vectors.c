/* SPDX-License-Identifier: Apache-2.0 */

/* See dialect-vectors.h. */

#include <config.h>

#include "tests/unit/dialect-vectors.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"

#include "packets.h"
#include "util.h"

#include "tests/unit/unit.h"

void
dv_parse_smap(const char *text, struct smap *smap)
{
    char *copy = xstrdup(text);
    char *rest = copy;

    smap_init(smap);
    while (rest && *rest) {
        char *value = strsep(&rest, "|");
        char *key = strsep(&value, "=");

        smap_add(smap, key, value);
    }
    free(copy);
}

static char *
claim_to_string(const struct claim *c)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (!c) {
        return xstrdup("none");
    }
    ds_put_cstr(&ds, claim_kind_to_string(c->kind));
    for (size_t i = 0; i < c->n_ips; i++) {
        ds_put_char(&ds, i ? ',' : ' ');
        ip_addr_format(&c->ips[i], &ds);
    }
    if (c->has_mac) {
        ds_put_format(&ds, " "ETH_ADDR_FMT, ETH_ADDR_ARGS(c->mac));
    }
    if (c->logical_switch) {
        ds_put_format(&ds, " on %s", c->logical_switch);
    }
    if (c->allocated) {
        ds_put_cstr(&ds, " allocated");
    }
    return ds_steal_cstr(&ds);
}

struct claim_subject
dv_subject(int who)
{
    return (struct claim_subject) {
        .ns = "ns",
        .name = "web-0",
        .owner_kind = (who >= 0 || who == TEMPLATE || who == UNNUMBERED
                       ? OWNER_STATEFULSET
                       : who == VM ? OWNER_VM : OWNER_OTHER),
        .ordinal = who >= 0 ? who : who == TEMPLATE ? 0 : -1,
        .is_template = who == TEMPLATE,
    };
}

void
dv_check_claims(const struct dialect *dialect,
                const struct claim_vector *vectors, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct claim_vector *v = &vectors[i];
        struct claim_subject subject = dv_subject(v->who);
        struct smap annotations;
        struct claims claims;
        const struct claim *c;
        char *s;

        dv_parse_smap(v->annotations, &annotations);
        claims_init(&claims);
        dialect->read_claims(&annotations, &subject, &claims);
        c = dialect->find_claim(&claims, v->provider);
        s = claim_to_string(c);
        if (strcmp(s, v->expected)) {
            fprintf(stderr, "%s: %s is \"%s\", expected \"%s\" (%s)\n",
                    v->annotations, v->provider, s, v->expected,
                    c && c->error ? c->error : "");
            CU_FAIL("claim");
        }
        CU_ASSERT_EQUAL(!strcmp(s, "invalid")
                        || !strncmp(s, "invalid ", 8), c && c->error);
        if (v->error) {
            CU_ASSERT_PTR_NOT_NULL_FATAL(c);
            CU_ASSERT_PTR_NOT_NULL_FATAL(c->error);
            if (!strstr(c->error, v->error)) {
                fprintf(stderr, "\"%s\" has no \"%s\"\n", c->error, v->error);
                CU_FAIL("error");
            }
        }
        free(s);
        claims_destroy(&claims);
        smap_destroy(&annotations);
    }
}

void
dv_check_ports(const struct dialect *dialect,
               const struct port_vector *vectors, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct smap external_ids, options;
        struct port_proof proof;
        char *s;

        dv_parse_smap(vectors[i].external_ids, &external_ids);
        dv_parse_smap(vectors[i].options, &options);
        dialect->prove_port(vectors[i].name, vectors[i].type,
                            vectors[i].network, &external_ids, &options,
                            &proof);
        s = (proof.kind == PORT_OWNED
             ? xasprintf("owned %s/%s %s", proof.ns, proof.owner,
                         proof.provider)
             : xstrdup(port_kind_to_string(proof.kind)));
        CU_ASSERT_PTR_NOT_NULL_FATAL(proof.why);
        if (strcmp(s, vectors[i].expected)
            || (vectors[i].why && !strstr(proof.why, vectors[i].why))) {
            fprintf(stderr, "%s: %s (%s), expected %s (%s)\n",
                    vectors[i].name, s, proof.why, vectors[i].expected,
                    vectors[i].why ? vectors[i].why : "");
            CU_FAIL("port");
        }
        if (proof.kind != PORT_OWNED) {
            CU_ASSERT_PTR_NULL(proof.ns);
            CU_ASSERT_PTR_NULL(proof.owner);
            CU_ASSERT_PTR_NULL(proof.provider);
            CU_ASSERT_PTR_NULL(proof.cni_network);
            CU_ASSERT_PTR_NULL(proof.pod_uid);
        }
        free(s);
        port_proof_destroy(&proof);
        smap_destroy(&external_ids);
        smap_destroy(&options);
    }
}

void
dv_check_sane(const struct claims *claims)
{
    for (size_t j = 0; j < claims->n; j++) {
        const struct claim *c = &claims->claims[j];
        struct ds ds = DS_EMPTY_INITIALIZER;

        CU_ASSERT_EQUAL(c->kind == CLAIM_INVALID, c->error != NULL);
        CU_ASSERT_TRUE(c->n_ips <= 2);
        if (c->kind == CLAIM_EXPLICIT) {
            CU_ASSERT_TRUE(c->n_ips >= 1);
            CU_ASSERT_PTR_NOT_NULL(c->source);
        }
        if (c->n_ips == 2) {
            CU_ASSERT_NOT_EQUAL(c->ips[0].family, c->ips[1].family);
        }
        claim_format(c, &ds);
        CU_ASSERT_PTR_NULL(strpbrk(ds_cstr(&ds), "\n\r\x01"));
        ds_destroy(&ds);
    }
}
