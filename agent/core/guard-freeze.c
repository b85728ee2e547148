/* SPDX-License-Identifier: Apache-2.0 */

/* Freezing, when a database is not what it was or a person says so, and the
 * hand that takes freeze and brake off.  safety.c has the rules. */

#include <config.h>

#include "guard-private.h"

#include "openvswitch/util.h"
#include "util.h"

static void
freeze(struct guard *g, const struct guard_env *env, const char *why)
{
    struct hold *h;

    if (g->safety.frozen) {
        return;
    }
    safety_freeze(&g->safety, why);
    g->freeze_unsaved = true;
    g->counters.freezes++;
    guard_log(g, 'e', "frozen: %s; nothing is written but gate openings "
              "until \"thaw\"", why);
    HMAP_FOR_EACH (h, node, &g->holds.holds) {
        hold_discard_barriers(h);
    }
    guard_forget_start_barrier(g);
    if (env && g->role == ROLE_ACTIVE) {
        guard_journal(g, env, "freeze", "", why);
    }
    g->row_changed = true;
}

/* The size of NB is kept in the own database, so that a later start can tell a
 * much smaller one; written when it has changed by a tenth. */
static void
note_size(struct guard *g)
{
    long long int seen = g->row.nb_ports_seen;
    long long int now = g->safety.nb_ports;

    if (llabs(now - seen) > MAX(10, seen / 10)
        || strcmp(g->row.nb_identity ? g->row.nb_identity : "",
                  g->safety.nb_identity)) {
        g->row_changed = true;
    }
}

/* They are accepted as they are. */
static void
see_databases(struct guard *g)
{
    const struct model *m = &g->model;

    if (m->nb_synced) {
        safety_see_nb(&g->safety, m->nb_identity, m->nb_cfg,
                      hmap_count(&m->ports));
    }
    if (m->sb_synced) {
        safety_see_sb(&g->safety, m->sb_identity, m->sb_nb_cfg);
    }
}

void
guard_check_databases(struct guard *g, const struct guard_env *env)
{
    struct model *m = &g->model;
    char *why;

    if (g->safety.frozen) {
        /* Whoever thaws it, here or through another instance, accepts them as
         * they are by then. */
        see_databases(g);
        return;
    }
    if (m->nb_synced) {
        why = safety_check_nb(&g->safety, &g->settings, m->nb_identity,
                              m->nb_cfg, hmap_count(&m->ports));
        if (why) {
            freeze(g, env, why);
            free(why);
            return;
        }
        note_size(g);
    }
    if (m->sb_synced) {
        why = safety_check_sb(&g->safety, m->sb_identity, m->sb_nb_cfg);
        if (why) {
            freeze(g, env, why);
            free(why);
            return;
        }
    }
    if (safety_is_behind(&g->safety, m->nb_synced ? m->nb_cfg : INT64_MAX,
                         m->sb_synced ? m->sb_nb_cfg : INT64_MAX, env->now,
                         &why)) {
        guard_wake_at(g, g->safety.behind_ms + SAFETY_BEHIND_MS);
    }
    if (why) {
        freeze(g, env, why);
        free(why);
    }
}

void
guard_freeze_for_store(struct guard *g, const struct guard_env *env,
                       const char *why)
{
    freeze(g, env, why);
}

char *
guard_freeze(struct guard *g, const char *reason)
{
    if (g->safety.frozen) {
        return xasprintf("already frozen: %s", g->safety.frozen);
    }
    char *why = xasprintf("by hand%s%s", reason[0] ? ": " : "", reason);
    freeze(g, NULL, why);
    free(why);
    g->again = true;
    return NULL;
}

char *
guard_thaw(struct guard *g)
{
    if (!g->safety.frozen) {
        return xstrdup("not frozen");
    }
    guard_log(g, 'i', "thawed by hand (was frozen: %s); the databases are "
              "accepted as they are", g->safety.frozen);
    safety_thaw(&g->safety);
    see_databases(g);           /* They may go back before the next turn. */
    g->freeze_unsaved = false;
    g->row_changed = true;
    model_mark_all(&g->model);
    return NULL;
}

char *
guard_brake_rearm(struct guard *g)
{
    if (!g->safety.brake) {
        return xstrdup("the brake is not on");
    }
    guard_log(g, 'i', "brake re-armed by hand (it was on: %s)",
              g->safety.brake);
    free(g->safety.brake);
    g->safety.brake = NULL;
    g->brake_unsaved = false;
    g->safety.n_clears = 0;
    g->row_changed = true;
    return NULL;
}
