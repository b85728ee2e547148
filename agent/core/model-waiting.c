/* SPDX-License-Identifier: Apache-2.0 */

/* Who asks for an address by name and has not been given it, by address: whom
 * the end of a hold concerns.
 *
 * A pod is here until its CNI controller says that its network is made; beside
 * no controller, for as long as it lives.  A StatefulSet is here for every
 * address that its templates mention, whichever ordinal that is for: who looks
 * it up asks about the ordinals that have no pod. */

#include <config.h>

#include "model.h"

#include "model-private.h"
#include "pod.h"
#include "smap.h"
#include "util.h"
#include "workload.h"

static void
add_waiter(struct model *m, const struct ip_addr *ip, struct member *mb,
           const struct pod *pod, struct base_entry *base)
{
    struct waiter *w = xzalloc(sizeof *w);

    w->ip = *ip;
    w->member = mb;
    w->pod = pod;
    w->base = base;
    hmap_insert(&m->waiters, &w->node, ip_addr_hash(ip, 0));
}

/* Undoes one add_waiter(). */
static void
drop_waiter(struct model *m, const struct ip_addr *ip,
            const struct pod *pod, const struct base_entry *base)
{
    struct waiter *w;

    HMAP_FOR_EACH_WITH_HASH (w, node, ip_addr_hash(ip, 0), &m->waiters) {
        if (w->pod == pod && w->base == base
            && ip_addr_equals(&w->ip, ip)) {
            hmap_remove(&m->waiters, &w->node);
            free(w);
            return;
        }
    }
}

void
model_add_pod_waiters(struct model *m, struct member *mb,
                      const struct pod *pod)
{
    for (size_t i = 0; i < pod->claims.n; i++) {
        const struct claim *c = &pod->claims.claims[i];

        for (size_t j = 0; (c->kind == CLAIM_EXPLICIT && !c->allocated
                            && j < c->n_ips); j++) {
            add_waiter(m, &c->ips[j], mb, pod, NULL);
        }
    }
}

void
model_drop_pod_waiters(struct model *m, const struct pod *pod)
{
    for (size_t i = 0; i < pod->claims.n; i++) {
        const struct claim *c = &pod->claims.claims[i];

        for (size_t j = 0; (c->kind == CLAIM_EXPLICIT && !c->allocated
                            && j < c->n_ips); j++) {
            drop_waiter(m, &c->ips[j], pod, NULL);
        }
    }
}

/* Whatever in 'value' is an address. */
static void
collect_addresses(const char *value, struct ip_addr_set *ips)
{
    static const char separators[] = " \t\n,;=/";

    while (*value) {
        size_t len = strcspn(value, separators);
        struct ip_addr ip;
        char token[IP_ADDR_STRLEN];

        if (len && len < sizeof token) {
            memcpy(token, value, len);
            token[len] = '\0';
            if (ip_addr_parse(token, &ip)) {
                ip_addr_set_add(ips, &ip);
            }
        }
        value += len;
        value += strspn(value, separators);
    }
}

static void
template_addresses(const struct workload *w, struct ip_addr_set *ips)
{
    ip_addr_set_init(ips);
    for (size_t i = 0; i < w->n_revisions; i++) {
        const struct smap_node *node;

        SMAP_FOR_EACH (node, &w->revisions[i].annotations) {
            collect_addresses(node->value, ips);
        }
    }
}

void
model_add_base_waiters(struct model *m, struct base_entry *b,
                       const struct workload *w)
{
    struct ip_addr_set ips;

    if (w->kind != OWNER_STATEFULSET) {
        return;
    }
    template_addresses(w, &ips);
    for (size_t i = 0; i < ips.n; i++) {
        add_waiter(m, &ips.addrs[i], NULL, NULL, b);
    }
    ip_addr_set_destroy(&ips);
}

void
model_drop_base_waiters(struct model *m, const struct base_entry *b,
                        const struct workload *w)
{
    struct ip_addr_set ips;

    if (w->kind != OWNER_STATEFULSET) {
        return;
    }
    template_addresses(w, &ips);
    for (size_t i = 0; i < ips.n; i++) {
        drop_waiter(m, &ips.addrs[i], NULL, b);
    }
    ip_addr_set_destroy(&ips);
}

void
model_destroy_waiters(struct model *m)
{
    struct waiter *w;

    HMAP_FOR_EACH_POP (w, node, &m->waiters) {
        free(w);
    }
    hmap_destroy(&m->waiters);
}

const struct waiter *
model_first_waiter(const struct model *m, const struct ip_addr *ip)
{
    const struct waiter *w;

    HMAP_FOR_EACH_WITH_HASH (w, node, ip_addr_hash(ip, 0), &m->waiters) {
        if (ip_addr_equals(&w->ip, ip)) {
            return w;
        }
    }
    return NULL;
}

const struct waiter *
model_next_waiter(const struct waiter *w)
{
    const struct ip_addr *ip = &w->ip;
    const struct hmap_node *node = &w->node;

    while ((node = hmap_next_with_hash(node))) {
        w = CONTAINER_OF(node, const struct waiter, node);
        if (ip_addr_equals(&w->ip, ip)) {
            return w;
        }
    }
    return NULL;
}
