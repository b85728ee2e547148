/* SPDX-License-Identifier: Apache-2.0 */

/* Who asks for an address by name.  The index knows the address alone: which
 * of its few entries matter is found out from the claims themselves, by
 * whoever asks.  A pod that was given its address is not in it, since its port
 * is. */

#include <config.h>

#include "model.h"

#include "dialect.h"
#include "model-private.h"
#include "openvswitch/util.h"
#include "pod.h"
#include "util.h"
#include "workload.h"

static uint32_t
promise_hash(const struct ip_addr *ip)
{
    return ip_addr_hash(ip, 0);
}

static const struct promise *
find_from(const struct hmap_node *node, const struct ip_addr *ip)
{
    for (; node; node = hmap_next_with_hash(node)) {
        const struct promise *p = CONTAINER_OF(node, struct promise, node);

        if (ip_addr_equals(&p->addr, ip)) {
            return p;
        }
    }
    return NULL;
}

const struct promise *
model_first_promise(const struct model *m, const struct ip_addr *ip)
{
    return find_from(hmap_first_with_hash(&m->promises, promise_hash(ip)), ip);
}

const struct promise *
model_next_promise(const struct promise *p)
{
    return find_from(hmap_next_with_hash(&p->node), &p->addr);
}

static struct promise *
add(struct model *m, const struct ip_addr *ip, const struct pod *pod,
    const struct workload *w, int ordinal)
{
    struct promise *p = xmalloc(sizeof *p);

    p->addr = *ip;
    p->pod = pod;
    p->workload = w;
    p->next = NULL;
    p->ordinal = ordinal;
    hmap_insert(&m->promises, &p->node, promise_hash(ip));
    return p;
}

/* ---- Of pods. ---- */

/* Is 'c', a claim of a pod, a promise? */
static bool
is_promise(const struct claim *c)
{
    return c->kind == CLAIM_EXPLICIT && !c->allocated;
}

/* Takes all promises of 'ip' by 'pod' out. */
static void
del(struct model *m, const struct ip_addr *ip, const struct pod *pod)
{
    struct hmap_node *node, *next;

    for (node = hmap_first_with_hash(&m->promises, promise_hash(ip)); node;
         node = next) {
        struct promise *p = CONTAINER_OF(node, struct promise, node);

        next = hmap_next_with_hash(node);
        if (p->pod == pod && ip_addr_equals(&p->addr, ip)) {
            hmap_remove(&m->promises, node);
            free(p);
        }
    }
}

void
model_add_pod_promises(struct model *m, const struct pod *pod)
{
    for (size_t i = 0; pod && i < pod->claims.n; i++) {
        const struct claim *c = &pod->claims.claims[i];

        for (size_t j = 0; is_promise(c) && j < c->n_ips; j++) {
            add(m, &c->ips[j], pod, NULL, -1);
        }
    }
}

void
model_del_pod_promises(struct model *m, const struct pod *pod)
{
    for (size_t i = 0; pod && i < pod->claims.n; i++) {
        const struct claim *c = &pod->claims.claims[i];

        for (size_t j = 0; is_promise(c) && j < c->n_ips; j++) {
            del(m, &c->ips[j], pod);
        }
    }
}

/* ---- Of workloads. ---- */

static void
add_for_workload(struct model *m, struct workload *w, const struct ip_addr *ip,
                 int ordinal)
{
    struct promise *p = add(m, ip, NULL, w, ordinal);

    p->next = w->promises;
    w->promises = p;
}

static void
add_revision(struct model *m, struct workload *w,
             const struct smap *annotations)
{
    struct claim_subject subject = {
        .ns = w->ns, .name = w->name, .owner_kind = w->kind,
        .ordinal = w->kind == OWNER_STATEFULSET ? 0 : -1, .is_template = true,
    };
    struct claims claims;

    claims_init(&claims);
    m->dialect->read_claims(annotations, &subject, &claims);
    for (size_t i = 0; i < claims.n; i++) {
        const struct claim *c = &claims.claims[i];
        struct claim_pool pool = { .items = NULL };

        if (w->kind == OWNER_STATEFULSET && m->dialect->read_pool
            && m->dialect->read_pool(annotations, c, &pool)) {
            for (size_t j = 0; j < pool.n; j++) {
                for (size_t k = 0; k < pool.items[j].n_ips; k++) {
                    add_for_workload(m, w, &pool.items[j].ips[k], j);
                }
            }
        } else if (c->kind == CLAIM_EXPLICIT) {
            for (size_t k = 0; k < c->n_ips; k++) {
                add_for_workload(m, w, &c->ips[k], -1);
            }
        }
        claim_pool_destroy(&pool);
    }
    claims_destroy(&claims);
}

void
model_add_workload_promises(struct model *m, struct workload *w)
{
    for (size_t i = 0; w && i < w->n_revisions; i++) {
        add_revision(m, w, &w->revisions[i].annotations);
    }
}

void
model_del_workload_promises(struct model *m, struct workload *w)
{
    while (w && w->promises) {
        struct promise *p = w->promises;

        w->promises = p->next;
        hmap_remove(&m->promises, &p->node);
        free(p);
    }
}

void
model_destroy_promises(struct model *m)
{
    struct promise *p;

    HMAP_FOR_EACH_POP (p, node, &m->promises) {
        free(p);
    }
    hmap_destroy(&m->promises);
}
