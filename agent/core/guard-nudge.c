/* SPDX-License-Identifier: Apache-2.0 */

/* Nudges: when an address has become free, those who wait for it are looked at
 * again at once by their controllers.
 *
 * A CNI controller that found an address taken tries again after 5 ms, doubled
 * each time, up to 1000 s; the StatefulSet controller, whose pod was denied,
 * does alike.  Both look at once at an object that has changed, whatever the
 * change is; so the object gets an annotation that means nothing. */

#include <config.h>

#include "guard-private.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/util.h"
#include "pod.h"
#include "util.h"
#include "workload.h"

#define BURST 50
#define REFILL_MS 100

static void
nudge_destroy(struct nudge *n)
{
    ovs_list_remove(&n->node);
    free(n->network_name);
    free(n);
}

void
guard_forget_nudges(struct guard *g)
{
    struct nudge *n;

    LIST_FOR_EACH_SAFE (n, node, &g->nudges) {
        nudge_destroy(n);
    }
}

void
guard_nudge(struct guard *g, const struct hold *h)
{
    struct nudge *n;

    if (g->settings.nudge != SWITCH_ON || h->would_be) {
        return;
    }
    n = xzalloc(sizeof *n);
    n->network = h->network;
    n->network_name = xstrdup(h->network_name);
    n->addr = h->addr;
    ovs_list_push_back(&g->nudges, &n->node);
    g->again = true;
}

static void
order(struct guard *g, const struct guard_env *env, enum kube_object object,
      const char *ns, const char *name, const char *uid,
      const struct nudge *n)
{
    struct kube_write *w;
    char ip[IP_ADDR_STRLEN];

    if (!uid[0]) {
        return;
    }
    w = kube_write_create(KUBE_WRITE_NUDGE, object, ns, name, uid);
    w->value = xasprintf("%lld", env->wall);
    g->counters.nudges++;
    guard_log(g, 'i', "%s/%s: nudged: %s on %s is free", ns, name,
              ip_addr_to_string(&n->addr, ip), n->network_name);
    guard_order_write(g, w);
}

/* Does it wait, and for this address on this network?  Where a pod does not
 * name its switch it may be any. */
static bool
pod_waits(const struct nudge *n, const struct pod *pod)
{
    for (size_t i = 0; i < pod->claims.n; i++) {
        const struct claim *c = &pod->claims.claims[i];

        if (c->kind == CLAIM_EXPLICIT && !c->allocated
            && claim_names(c, &n->addr)
            && (!c->logical_switch
                || !strcmp(c->logical_switch, n->network_name))) {
            return !pod->deleting && !pod->finished && !pod->opted_out;
        }
    }
    return false;
}

/* Does the StatefulSet lack the pod of an ordinal that its template gives the
 * address to? */
static bool
workload_lacks(const struct guard *g, const struct nudge *n,
               const struct workload *w)
{
    bool found = false;

    if (!w || w->deleting || w->opted_out || !w->n_revisions) {
        return false;
    }
    for (int i = 0; i < w->replicas && !found; i++) {
        struct claim_subject subject = {
            .ns = w->ns,
            .name = w->name,
            .owner_kind = OWNER_STATEFULSET,
            .ordinal = w->start + i,
            .is_template = true,
        };
        char *name = xasprintf("%s-%d", w->name, subject.ordinal);
        const struct member *mb = model_find_member(&g->model, w->ns, name);
        struct claims claims;

        free(name);
        if (mb && mb->n_pods) {
            continue;
        }
        claims_init(&claims);
        g->model.dialect->read_claims(&w->revisions[0].annotations, &subject,
                                      &claims);
        for (size_t j = 0; j < claims.n; j++) {
            found |= (claims.claims[j].kind == CLAIM_EXPLICIT
                      && claim_names(&claims.claims[j], &n->addr));
        }
        claims_destroy(&claims);
    }
    return found;
}

static void
run_nudge(struct guard *g, const struct guard_env *env, const struct nudge *n)
{
    const struct waiter *w;

    for (w = model_first_waiter(&g->model, &n->addr); w;
         w = model_next_waiter(w)) {
        if (w->pod && pod_waits(n, w->pod)) {
            order(g, env, KUBE_OBJECT_POD, w->pod->ns, w->pod->name,
                  w->pod->uid, n);
        } else if (w->base && workload_lacks(g, n, w->base->workload)) {
            const struct workload *sts = w->base->workload;

            order(g, env, KUBE_OBJECT_STATEFULSET, sts->ns, sts->name,
                  sts->uid, n);
        }
    }
}

void
guard_run_nudges(struct guard *g, const struct guard_env *env)
{
    struct nudge *n;
    long long int next;

    if (g->settings.nudge != SWITCH_ON || !env->kube_writable
        || guard_write_refusal(g, env, false)) {
        guard_forget_nudges(g);
        return;
    }
    LIST_FOR_EACH_SAFE (n, node, &g->nudges) {
        if (hold_table_find(&g->holds, &n->network, &n->addr)) {
            nudge_destroy(n);   /* Held anew: its end will be told. */
            continue;
        }
        if (!token_bucket_take(&g->nudge_tokens, BURST, REFILL_MS, env->now,
                               &next)) {
            guard_wake_at(g, next);
            return;
        }
        run_nudge(g, env, n);
        nudge_destroy(n);
    }
}
