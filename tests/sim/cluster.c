/* SPDX-License-Identifier: Apache-2.0 */

/* What befalls a database's servers: the leader of a cluster moves, and the
 * Southbound database is restored from a snapshot.  (The Northbound database's
 * snapshots are in nb.c, those of the own one in own-db.c.) */

#include <config.h>

#include "tests/sim/sim.h"

#include <string.h>

#include "util.h"

/* All clients lose their session, with what was under way in it and with
 * their locks; each finds the new leader in its own time.  What was committed
 * is kept. */
void
cluster_move_leader(struct world *w, enum database db)
{
    SAY(w, "databases", "a leader moves");
    coverage->leader_moves++;
    for (int i = 0; i < N_INSTANCES; i++) {
        if (w->instances[i].alive) {
            instance_disconnect(w, &w->instances[i], db, 1 + delay(w, 400));
        }
    }
    if (db != DB_OWN && w->due[T_NORTHD] != NEVER) {
        timer_set(w, T_NORTHD, w->due[T_NORTHD] + delay(w, 400));
    }
}

void
sb_save(struct world *w)
{
    struct sb_snapshot *s = &w->sb.saved;

    memcpy(s->rows, w->sb.rows, sizeof s->rows);
    s->nb_cfg = w->sb.nb_cfg;
    for (int i = 0; i < N_CHASSIS; i++) {
        s->chassis_nb_cfg[i] = w->sb.chassis[i].nb_cfg;
    }
    s->is_there = true;
    SAY(w, "SB", "a snapshot is taken at nb_cfg %"PRId64, s->nb_cfg);
}

/* Rows are as they were, but for where an interface is: its chassis writes
 * that anew at once.  Then northd brings all up to date. */
void
sb_restore(struct world *w)
{
    struct sb_server *sb = &w->sb;
    struct sb_snapshot *s = &sb->saved;

    if (!s->is_there || memcmp(sb->net_ids, w->nb.net_ids,
                               sizeof sb->net_ids)) {
        return;
    }
    SAY(w, "SB", "restored from its snapshot: nb_cfg %"PRId64" -> %"PRId64,
        sb->nb_cfg, s->nb_cfg);
    coverage->sb_restores++;
    sb->is_pending = false;
    timer_set(w, T_NORTHD_ROWS, NEVER);
    for (int i = 0; i < N_SLOTS; i++) {
        struct sb_row *row = &sb->rows[i];
        int chassis = row->chassis;

        if (s->rows[i].net_id != row->net_id) {
            continue;           /* Its switch was made again since. */
        }
        *row = s->rows[i];
        row->chassis = row->present ? chassis : NO_CHASSIS;
        sb_claim(w, i);         /* If the row was gone and is back. */
        sb_row_changed(w, i);
    }
    sb->nb_cfg = s->nb_cfg;
    for (int i = 0; i < w->config.n_chassis; i++) {
        struct chassis_state *c = &sb->chassis[i];

        c->nb_cfg = c->exists ? MIN(c->nb_cfg, s->chassis_nb_cfg[i]) : 0;
    }
    for (int i = 0; i < N_INSTANCES; i++) {
        if (w->instances[i].alive) {
            instance_disconnect(w, &w->instances[i], DB_SB, 50);
        }
    }
    sb_wake_chassis(w);
    sb_changed(w);
    sb->restored_seq = sb->seq;
    sb->restored_ms = w->now;
    sb_nb_changed(w);
}
