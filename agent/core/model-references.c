/* SPDX-License-Identifier: Apache-2.0 */

/* Where an address stands outside of switch ports: on router ports, and by
 * mention in NAT, load balancers, routes, DNS and address sets. */

#include <config.h>

#include "model.h"

#include "openvswitch/util.h"
#include "util.h"
#include "uuid.h"

void
model_set_router_port(struct model *m, const char *name, char **networks,
                      size_t n)
{
    struct sset *set = shash_find_data(&m->router_ports, name);

    if (!set) {
        set = xmalloc(sizeof *set);
        sset_init(set);
        shash_add(&m->router_ports, name, set);
    }
    sset_clear(set);
    for (size_t i = 0; i < n; i++) {
        sset_add(set, networks[i]);
    }
    m->change_seqno++;
}

void
model_remove_router_port(struct model *m, const char *name)
{
    struct sset *set = shash_find_and_delete(&m->router_ports, name);

    if (set) {
        sset_destroy(set);
        free(set);
        m->change_seqno++;
    }
}

static struct reference *
find_reference(const struct model *m, const struct uuid *row)
{
    struct reference *r;

    HMAP_FOR_EACH_WITH_HASH (r, node, uuid_hash(row), &m->references) {
        if (uuid_equals(&r->uuid, row)) {
            return r;
        }
    }
    return NULL;
}

/* Adds every address that stands in 'text', with or without a port number, in
 * brackets or before a mask, to 'ips'.  A mask shorter than the address makes
 * it a network, which names nobody. */
static void
scan_addresses(const char *text, struct ip_addr_set *ips)
{
    static const char set[] = "0123456789abcdefABCDEF:.";

    while (*text) {
        size_t len = strspn(text, set);
        if (!len) {
            text++;
            continue;
        }
        char *token = xmemdup0(text, len);
        const char *after = text + len;
        struct ip_addr ip;
        bool ok = ip_addr_parse(token, &ip);
        if (!ok) {
            char *colon = strrchr(token, ':');
            if (colon) {
                *colon = '\0';
                ok = ip_addr_parse(token, &ip);
            }
        }
        free(token);
        if (ok && *after == '/') {
            int plen = atoi(after + 1);
            ok = plen == (ip.family == 4 ? 32 : 128);
        }
        if (ok) {
            ip_addr_set_add(ips, &ip);
        }
        text = after;
    }
}

void
model_set_reference(struct model *m, const struct uuid *row, const char *what,
                    const char *const *texts, size_t n)
{
    struct reference *r = find_reference(m, row);

    if (!r) {
        r = xzalloc(sizeof *r);
        r->uuid = *row;
        hmap_insert(&m->references, &r->node, uuid_hash(row));
    } else {
        free(r->text);
        ip_addr_set_destroy(&r->ips);
    }
    r->text = xstrdup(what);
    ip_addr_set_init(&r->ips);
    for (size_t i = 0; i < n; i++) {
        scan_addresses(texts[i], &r->ips);
    }
    m->change_seqno++;
}

void
model_remove_reference(struct model *m, const struct uuid *row)
{
    struct reference *r = find_reference(m, row);

    if (r) {
        hmap_remove(&m->references, &r->node);
        free(r->text);
        ip_addr_set_destroy(&r->ips);
        free(r);
        m->change_seqno++;
    }
}
