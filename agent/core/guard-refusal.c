/* SPDX-License-Identifier: Apache-2.0 */

/* What may be done now, and why not. */

#include <config.h>

#include "guard-private.h"

#include "evidence.h"
#include "plant.h"

const char *
guard_book_refusal(const struct guard *g, const struct guard_env *env)
{
    if (g->settings.mode == MODE_OBSERVE) {
        return REFUSED_OBSERVE;
    } else if (g->role != ROLE_ACTIVE) {
        return REFUSED_STANDBY;
    } else if (!g->loaded || !env->store_ready) {
        return REFUSED_STORE;
    }
    return NULL;
}

const char *
guard_write_refusal(const struct guard *g, const struct guard_env *env,
                    bool destructive)
{
    const struct model *m = &g->model;
    const char *why = guard_book_refusal(g, env);

    if (why) {
        return why;
    } else if (g->mode == MODE_OBSERVE) {
        return REFUSED_OBSERVE;
    } else if (g->stopping) {
        return REFUSED_STOPPING;
    } else if (env->paused) {
        return REFUSED_PAUSED;
    } else if (g->safety.frozen && !PLANTED(FREEZE_IGNORED)) {
        return REFUSED_FROZEN;
    } else if (g->safety.behind_ms) {
        return REFUSED_BEHIND;
    } else if (g->safety.brake) {
        return REFUSED_BRAKE;
    } else if (!m->nb_synced) {
        return REFUSED_NB;
    } else if (!m->sb_synced) {
        return REFUSED_SB;
    } else if (!m->kube_synced) {
        return REFUSED_PODS_UNREAD;
    } else if (destructive && !m->kube_trusted && !PLANTED(TRUST_IGNORED)) {
        return REFUSED_PODS_PROBLEM;
    } else if (!g->started) {
        return REFUSED_STARTING;
    }
    return guard_dialect_refusal(g, destructive);
}

/* The start barrier is two, one after the other, as for a hold: some releases
 * of ovn-northd tell nb_cfg before the rows, but not the next one. */
bool
guard_start_barrier_due(const struct guard *g)
{
    return (!g->start_barrier && !g->start_token
            && g->model.sb_nb_cfg >= g->start_first);
}

void
guard_want_start_barrier(struct guard *g)
{
    g->bump_needed |= guard_start_barrier_due(g);
}

bool
guard_start_barrier_passed(const struct guard *g)
{
    return ((g->start_barrier && g->model.sb_nb_cfg >= g->start_barrier)
            || PLANTED(NO_START_BARRIER));
}

void
guard_forget_start_barrier(struct guard *g)
{
    g->start_first = g->start_barrier = 0;
    g->start_token = 0;
    g->start_knew_chassis = false;
    g->start_since_ms = 0;
    g->start_confirmed = false;
}

/* The second one is to be taken once more. */
static void
renew_start_barrier(struct guard *g)
{
    g->start_barrier = g->start_since_ms = 0;
    guard_want_start_barrier(g);
}

void
guard_check_start_confirmed(struct guard *g, const struct guard_env *env)
{
    struct evidence e;

    if (g->start_confirmed || !guard_start_barrier_passed(g)) {
        return;
    } else if (PLANTED(NO_START_BARRIER)) {
        g->start_confirmed = true;
        return;
    }
    if (!g->start_knew_chassis && model_knows_chassis(&g->model)) {
        /* One that stood at this number already, since NB has gone back, could
         * not be told from one that has followed: model_note_chassis_ahead()
         * must see it before a barrier is taken. */
        renew_start_barrier(g);
        return;
    }
    if (!g->start_since_ms) {
        g->start_since_ms = env->now;
    }
    evidence_collect_start(&g->model, &g->settings, g->start_barrier,
                           g->start_since_ms, env->now, &e);
    if (g->settings.chassis_policy == CHASSIS_BOUNDED) {
        guard_note_missed_chassis(g, &e);
    }                           /* Otherwise a hold waits for it yet. */
    guard_wake_at(g, e.wake_ms);
    g->start_confirmed = sset_is_empty(&e.blockers);
    if (g->start_confirmed) {
        g->own_changes++;       /* Chassis are watched no more. */
    } else if (e.needs_b2) {
        renew_start_barrier(g);
    }
    evidence_destroy(&e);
}
