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

/* Release first kept a pod out, and owes its end. */
static bool
may_nudge(const struct guard *g)
{
    return (g->settings.nudge == SWITCH_ON
            || g->settings.release == RELEASE_KUBE_OVN);
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

    if (!may_nudge(g) || h->would_be) {
        return;
    }
    n = xzalloc(sizeof *n);
    n->network = h->network;
    n->network_name = xstrdup(h->network_name);
    n->addr = h->addr;
    ovs_list_push_back(&g->nudges, &n->node);
    g->again = true;
}

void
guard_order_nudge(struct guard *g, const struct guard_env *env,
                  enum kube_object object, const char *ns, const char *name,
                  const char *uid)
{
    struct kube_write *w;

    if (!uid[0]) {
        return;
    }
    w = kube_write_create(KUBE_WRITE_NUDGE, object, ns, name, uid);
    w->value = xasprintf("%lld", env->wall);
    g->counters.nudges++;
    guard_log(g, 'i', "%s/%s: nudged", ns, name);
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
 * address to?  'ordinal' is -1 if that is each of them. */
static bool
workload_lacks(const struct guard *g, const struct workload *w, int ordinal)
{
    int first = ordinal >= 0 ? ordinal : w->start;
    int last = ordinal >= 0 ? ordinal : w->start + w->replicas - 1;

    if (w->kind != OWNER_STATEFULSET || w->deleting || w->opted_out) {
        return false;
    }
    for (int i = first; i <= last; i++) {
        const struct member *mb = model_find_ordinal(&g->model, w, i);

        if (workload_has_ordinal(w, i) && !(mb && mb->n_pods)) {
            return true;
        }
    }
    return false;
}

static void
run_nudge(struct guard *g, const struct guard_env *env, const struct nudge *n)
{
    struct sset workloads = SSET_INITIALIZER(&workloads);
    const struct promise *p;

    for (p = model_first_promise(&g->model, &n->addr); p;
         p = model_next_promise(p)) {
        if (p->pod && pod_waits(n, p->pod)) {
            char uid[OBJ_UID_STRLEN];

            guard_order_nudge(g, env, KUBE_OBJECT_POD, p->pod->owner->ns,
                              p->pod->name,
                              obj_uid_to_string(&p->pod->uid, uid));
        } else if (p->workload
                   && workload_lacks(g, p->workload, p->ordinal)
                   && sset_add(&workloads, p->workload->uid)) {
            /* Once, although several revisions may say so. */
            guard_order_nudge(g, env, KUBE_OBJECT_STATEFULSET,
                              p->workload->ns, p->workload->name,
                              p->workload->uid);
        }
    }
    sset_destroy(&workloads);
}

void
guard_run_nudges(struct guard *g, const struct guard_env *env)
{
    struct nudge *n;
    long long int next;

    if (!may_nudge(g) || !env->kube_writable
        || guard_write_refusal(g, env, false)) {
        guard_forget_nudges(g);
        return;
    }
    LIST_FOR_EACH_SAFE (n, node, &g->nudges) {
        if (hold_table_find(&g->holds, &n->network, &n->addr)) {
            nudge_destroy(n);   /* Held anew: its end will be told. */
            continue;
        }
        if (guard_is_reserved(g, n->network_name, &n->addr)) {
            continue;           /* Its controller would find it taken. */
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
