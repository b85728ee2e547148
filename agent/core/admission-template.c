/* SPDX-License-Identifier: Apache-2.0 */

/* What a StatefulSet's or a VirtualMachine's template gives to its pods, and
 * what is wrong with that by itself.  A list is read once for all ordinals,
 * since reading it for each would take the square of its length. */

#include <config.h>

#include "admission-private.h"

#include <stdlib.h>
#include <string.h>

#include "dialect.h"
#include "model.h"
#include "openvswitch/util.h"
#include "smap.h"
#include "util.h"
#include "workload.h"

/* ---- Reading. ---- */

static void
read_claims(const struct model *m, const struct workload *w, int ordinal,
            struct claims *claims)
{
    struct claim_subject subject = {
        .ns = w->ns, .name = w->name, .owner_kind = w->kind,
        .ordinal = w->kind == OWNER_STATEFULSET ? ordinal : -1,
        .is_template = true,
    };

    claims_init(claims);
    if (w->n_revisions) {
        m->dialect->read_claims(&w->revisions[0].annotations, &subject,
                                claims);
    }
}

void
template_init(struct template *t, const struct model *m,
              const struct workload *w)
{
    struct claims claims;

    read_claims(m, w, w->start, &claims);
    t->n = claims.n;
    t->claims = xcalloc(MAX(claims.n, 1), sizeof *t->claims);
    for (size_t i = 0; i < claims.n; i++) {
        struct template_claim *tc = &t->claims[i];

        claim_clone(&tc->claim, &claims.claims[i]);
        tc->by_ordinal = (w->kind == OWNER_STATEFULSET
                          && m->dialect->read_pool
                          && m->dialect->read_pool(
                              &w->revisions[0].annotations, &tc->claim,
                              &tc->pool));
    }
    claims_destroy(&claims);
}

void
template_destroy(struct template *t)
{
    for (size_t i = 0; i < t->n; i++) {
        claim_destroy(&t->claims[i].claim);
        claim_pool_destroy(&t->claims[i].pool);
    }
    free(t->claims);
}

const struct template_claim *
template_find(const struct template *t, const char *provider)
{
    for (size_t i = 0; t && i < t->n; i++) {
        if (!strcmp(t->claims[i].claim.provider, provider)) {
            return &t->claims[i];
        }
    }
    return NULL;
}

size_t
template_ips(const struct template_claim *tc, int ordinal,
             struct ip_addr ips[2])
{
    const struct ip_addr *src = NULL;
    size_t n = 0;

    if (!tc) {
        return 0;
    } else if (!tc->by_ordinal) {
        src = tc->claim.ips;
        n = tc->claim.kind == CLAIM_EXPLICIT ? tc->claim.n_ips : 0;
    } else if (ordinal >= 0 && ordinal < tc->pool.n) {
        src = tc->pool.items[ordinal].ips;
        n = tc->pool.items[ordinal].n_ips;
    }
    for (size_t i = 0; i < n; i++) {
        ips[i] = src[i];
    }
    return n;
}

/* ---- Judging. ---- */

/* The ordinal's number after the last one. */
static long long int
ordinals_end(const struct workload *w)
{
    return (long long int) w->start + w->replicas;
}

static void
check_pool_length(struct admission *a, const struct template_claim *tc)
{
    const struct workload *w = a->req->workload;
    long long int end = ordinals_end(w);

    if (w->replicas > 0 && tc->pool.n < end) {
        char *have = xasprintf("%"PRIuSIZE" item%s", tc->pool.n,
                               tc->pool.n == 1 ? "" : "s");
        char *ordinal = xasprintf("%lld", end - 1);
        char *needed = xasprintf("%lld", end);

        ADMISSION_SAY(a, ADM_POOL_TOO_SHORT, false, NULL,
                      { "key", tc->claim.source },
                      { "have", have },
                      { "ordinal", ordinal },
                      { "needed", needed });
        free(have);
        free(ordinal);
        free(needed);
    }
}

struct pool_address {
    struct ip_addr ip;
    int ordinal;
};

static int
compare_pool_addresses(const void *a_, const void *b_)
{
    const struct pool_address *a = a_;
    const struct pool_address *b = b_;
    int cmp = ip_addr_compare(&a->ip, &b->ip);

    return cmp ? cmp : a->ordinal < b->ordinal ? -1 : a->ordinal > b->ordinal;
}

/* Finds addresses that the list has more than once. */
static void
check_pool_twice(struct admission *a, const struct template_claim *tc)
{
    struct pool_address *all = xcalloc(MAX(tc->pool.n, 1) * 2, sizeof *all);
    size_t n = 0;

    for (size_t i = 0; i < tc->pool.n; i++) {
        for (size_t j = 0; j < tc->pool.items[i].n_ips; j++) {
            all[n].ip = tc->pool.items[i].ips[j];
            all[n++].ordinal = i;
        }
    }
    qsort(all, n, sizeof *all, compare_pool_addresses);
    for (size_t i = 1; i < n; i++) {
        if (ip_addr_equals(&all[i - 1].ip, &all[i].ip)) {
            char *first = xasprintf("%d", all[i - 1].ordinal);
            char *second = xasprintf("%d", all[i].ordinal);
            char buf[IP_ADDR_STRLEN];

            ADMISSION_SAY(a, ADM_ADDRESS_TWICE, false, NULL,
                          { "key", tc->claim.source },
                          { "address", ip_addr_to_string(&all[i].ip, buf) },
                          { "first", first },
                          { "second", second });
            free(first);
            free(second);
        }
    }
    free(all);
}

/* Tells of the first item that gives nothing. */
static void
check_pool_items(struct admission *a, const struct template_claim *tc)
{
    const struct workload *w = a->req->workload;

    for (long long int i = w->start;
         i < ordinals_end(w) && i < tc->pool.n; i++) {
        const struct claim *c;
        struct claims claims;

        if (tc->pool.items[i].n_ips) {
            continue;
        }
        read_claims(a->ctx->model, w, i, &claims);
        c = claims_find(&claims, tc->claim.provider);
        if (c && c->kind == CLAIM_INVALID) {
            ADMISSION_SAY(a, ADM_INVALID_VALUE, false, NULL,
                          { "error", c->error });
        }
        claims_destroy(&claims);
        return;
    }
}

static void
check_one_for_many(struct admission *a, const struct template_claim *tc)
{
    const struct workload *w = a->req->workload;
    char address[IP_ADDR_STRLEN];
    char *replicas, *needed;

    if (w->kind != OWNER_STATEFULSET || w->replicas < 2
        || tc->claim.kind != CLAIM_EXPLICIT || !tc->claim.n_ips) {
        return;
    }
    replicas = xasprintf("%d", w->replicas);
    needed = xasprintf("%lld", ordinals_end(w));
    ADMISSION_SAY(a, ADM_ONE_ADDRESS_FOR_MANY, false, NULL,
                  { "key", tc->claim.source },
                  { "address", ip_addr_to_string(&tc->claim.ips[0], address) },
                  { "replicas", replicas },
                  { "needed", needed });
    free(replicas);
    free(needed);
}

/* Judges the addresses for 'ordinal' that it did not have before. */
static void
check_ordinal(struct admission *a, const struct template_claim *tc,
              const struct template_claim *old, int ordinal)
{
    const struct workload *w = a->req->workload;
    const struct workload *before = a->req->old_workload;
    bool sts = w->kind == OWNER_STATEFULSET;
    char *name = (sts ? xasprintf("%s-%d", w->name, ordinal)
                  : xstrdup(w->name));
    struct asker asker = {
        .ns = w->ns, .name = name, .kind = w->kind, .owner = w->name,
        .owner_uid = w->uid, .ordinal = ordinal, .who = sts ? name : NULL,
    };
    struct ip_addr ips[2], old_ips[2];
    size_t n = template_ips(tc, ordinal, ips);
    size_t n_old = 0;

    if (old && (!sts || workload_has_ordinal(before, ordinal))
        && nullable_string_is_equal(tc->claim.logical_switch,
                                    old->claim.logical_switch)) {
        n_old = template_ips(old, ordinal, old_ips);
    }
    for (size_t i = 0; i < n; i++) {
        bool is_new = true;

        for (size_t j = 0; j < n_old; j++) {
            is_new &= !ip_addr_equals(&ips[i], &old_ips[j]);
        }
        if (is_new) {
            admission_check_address(a, &asker, &tc->claim, &ips[i], false);
        }
    }
    free(name);
}

static void
check_claim(struct admission *a, const struct template_claim *tc,
            const struct template_claim *old)
{
    const struct workload *w = a->req->workload;
    struct asker asker = {
        .ns = w->ns, .name = w->name, .kind = w->kind, .owner = w->name,
        .owner_uid = w->uid, .ordinal = -1,
    };

    admission_check_subnet(a, &asker, &tc->claim);
    if (tc->by_ordinal) {
        check_pool_length(a, tc);
        check_pool_twice(a, tc);
        check_pool_items(a, tc);
    } else if (tc->claim.kind == CLAIM_INVALID) {
        admission_say_invalid(a, &tc->claim, false);
    } else {
        check_one_for_many(a, tc);
    }
    if (w->kind != OWNER_STATEFULSET) {
        check_ordinal(a, tc, old, -1);
    } else if (!tc->by_ordinal) {
        /* The same for each: it is judged for the first. */
        if (w->replicas > 0) {
            check_ordinal(a, tc, old, w->start);
        }
    } else {
        for (long long int i = w->start;
             i < ordinals_end(w) && i < tc->pool.n; i++) {
            check_ordinal(a, tc, old, i);
        }
    }
}

void
admission_check_template(struct admission *a, const struct template *new,
                         const struct template *old)
{
    for (size_t i = 0; i < new->n; i++) {
        check_claim(a, &new->claims[i],
                    template_find(old, new->claims[i].claim.provider));
    }
}
