/* SPDX-License-Identifier: Apache-2.0 */

/* The role of this instance, its mode and its settings, and what a change of
 * them does to work that is under way. */

#include <config.h>

#include "guard-private.h"

#include "plant.h"

static void
drop_work_under_way(struct guard *g)
{
    struct hold *h;
    struct gate *gate;

    guard_doubt_under_way(g);
    guard_clear_plan(g);
    g->nb_token = 0;
    nb_batch_destroy(g->nb_sent);
    g->nb_sent = NULL;
    guard_forget_start_barrier(g);
    guard_drop_post_reads(g);
    HMAP_FOR_EACH (h, node, &g->holds.holds) {
        h->b1_token = h->b2_token = 0;
        h->storing = false;
    }
    HMAP_FOR_EACH (gate, node, &g->gates) {
        gate->changed = false;
    }
    /* What was done stays to be written down; the rest is read again.  Rows
     * that are to go and are not there by then may still be on their way. */
    guard_forget_requests(g);
    struct candidate *c;
    HMAP_FOR_EACH (c, node, &g->candidates) {
        c->state = CAND_WATCH;
        c->read_id = 0;
        c->approved = false;
    }
}

/* What was loaded already, to become active, stays. */
static void
drop_would_be_holds(struct guard *g)
{
    struct hold *h;

    HMAP_FOR_EACH_SAFE (h, node, &g->holds.holds) {
        if (h->would_be) {
            hold_table_remove(&g->holds, h);
            hold_destroy(h);
        }
    }
}

void
guard_update_role(struct guard *g, const struct guard_env *env)
{
    enum guard_role role = (g->settings.mode == MODE_OBSERVE ? ROLE_OBSERVER
                            : env->have_store
                              && (env->locked || PLANTED(STANDBY_WRITES))
                            ? ROLE_ACTIVE
                            : ROLE_STANDBY);

    if (role == g->role) {
        return;
    }
    guard_log(g, 'i', "this instance is now %s",
              role == ROLE_ACTIVE ? "active"
              : role == ROLE_STANDBY ? "standby" : "an observer");
    if (g->role == ROLE_ACTIVE) {
        drop_work_under_way(g);
    }
    if (g->role == ROLE_OBSERVER) {
        drop_would_be_holds(g);
    }
    g->role = role;
    g->loaded = role == ROLE_ACTIVE && g->loaded_for_active;
    g->loaded_for_active = false;
    g->started = false;
    g->active_since_ms = env->now;
    g->own_changes++;
}

bool
guard_wants_load(const struct guard *g, const struct guard_env *env)
{
    return (g->settings.mode != MODE_OBSERVE && env->have_store
            && env->store_ready && !env->store_busy && env->locked
            && (g->role != ROLE_ACTIVE || !g->loaded));
}

void
guard_update_mode(struct guard *g)
{
    enum guard_mode mode = g->settings.mode;

    if (g->row.has_mode == TRI_TRUE && g->row.mode < (int) mode) {
        mode = g->row.mode;
    }
    if (mode != g->mode) {
        guard_log(g, 'i', "mode is now %s (ceiling %s)",
                  guard_mode_to_string(mode),
                  guard_mode_to_string(g->settings.mode));
        g->mode = mode;
        guard_drop_all_judgements(g);
        model_mark_all(&g->model);
        g->counters.full_passes++;
    }
}

void
guard_limit_to_requests(struct guard *g)
{
    g->requests_only = true;
}

void
guard_set_settings(struct guard *g, const struct settings *s)
{
    bool anew = (s->sts_ip_change != g->settings.sts_ip_change
                 || s->settle_ms != g->settings.settle_ms
                 || s->unseen_settle_ms != g->settings.unseen_settle_ms
                 || s->chassis_gone_ms != g->settings.chassis_gone_ms);

    g->settings = *s;
    g->own_changes++;
    if (anew) {
        model_mark_all(&g->model);
        g->counters.full_passes++;
    }
}
