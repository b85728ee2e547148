/* SPDX-License-Identifier: Apache-2.0 */

/* Case B beside a CNI controller: the controller is to move the address.  A
 * move that takes long is told, once; and it is asked whether the controller
 * has refused it, which would be proof that it failed. */

#include <config.h>

#include "guard-private.h"

#include "openvswitch/util.h"
#include "pod.h"
#include "util.h"

/* How often it is asked about one pod: in intervals that double from the first
 * to the second of these, as do the controller's between its attempts. */
#define ASK_MS 30000
#define MAX_ASK_MS (16 * 60 * 1000)

/* So many at a time: in a large rollout most moves end before it is their
 * turn. */
#define MAX_ASKS 8
#define NEXT_ASKS_MS 500

static void
alert(struct guard *g, const struct guard_env *env, struct candidate *c)
{
    long long int due = c->since_ms + g->settings.moving_alert_ms;
    char ip[IP_ADDR_STRLEN];

    if (c->alerted) {
        return;
    } else if (env->now < due) {
        guard_wake_at(g, due);
        return;
    }
    c->alerted = true;
    guard_log(g, 'w', "%s: still has %s after %lld s (case B: %s)",
              c->port_name, ip_addr_to_string(&c->addr, ip),
              g->settings.moving_alert_ms / 1000, c->why);
}

/* The pod that 'c' waits for, or NULL. */
static const struct pod *
moving_pod(const struct guard *g, const struct candidate *c)
{
    const struct port *p = model_find_port(&g->model, &c->port);

    return (p && p->member && p->member->n_pods == 1
            ? p->member->pods[0] : NULL);
}

static void
ask(struct guard *g, const struct guard_env *env, struct candidate *c,
    struct orders *orders)
{
    const struct pod *pod = moving_pod(g, c);
    long long int due = MAX(c->ask_ms,
                            c->since_ms + g->settings.settle_ms);

    if (!g->model.dialect->refusal_reason || !pod
        || !obj_uid_is_set(&pod->uid)) {
        return;
    } else if (env->now < due) {
        guard_wake_at(g, due);
        return;
    } else if (orders->n_refusals >= MAX_ASKS) {
        guard_wake_at(g, env->now + NEXT_ASKS_MS);
        return;
    }
    c->ask_ms = env->now + MIN((long long int) ASK_MS << MIN(c->n_asked, 10),
                               MAX_ASK_MS);
    c->n_asked++;
    guard_wake_at(g, c->ask_ms);
    orders->refusals = xrealloc(orders->refusals,
                                (orders->n_refusals + 1)
                                * sizeof *orders->refusals);
    orders->refusals[orders->n_refusals++] = (struct refusal_read) {
        .ns = xstrdup(pod->owner->ns),
        .name = xstrdup(pod_port_owner_name(pod)),
        .uid = obj_uid_dup_string(&pod->uid),
    };
}

void
guard_watch_move(struct guard *g, const struct guard_env *env,
                 struct candidate *c, struct orders *orders)
{
    if (c->kind == VERDICT_MOVING) {
        alert(g, env, c);
        ask(g, env, c, orders);
    }
}
