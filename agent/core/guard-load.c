/* SPDX-License-Identifier: Apache-2.0 */

/* What the own database has: taken over when this instance becomes the active
 * one, put right once the Northbound database is here (guard-start.c), and
 * compared with what we know whenever another hand changed it.  guard-store.c
 * goes the other way. */

#include <config.h>

#include "guard-private.h"

#include "openvswitch/util.h"
#include "plant.h"
#include "util.h"
#include "uuid.h"

/* An API server knows nothing of our locks: what an instance asked it for just
 * before it lost them, or was killed, it may carry out after another one has
 * become active, and nobody can call that back.  So long at most, with all
 * that api-write.c repeats. */
#define FOUND_RELEASE_MS 30000

static void
adopt_hold(struct guard *g, const struct hold *src,
           const struct guard_env *env)
{
    struct hold *h = hold_clone(src);

    h->in_db = true;
    h->changed = false;
    h->state_since_ms = env->now;
    if (g->settings.release == RELEASE_KUBE_OVN) {
        h->found_until_ms = env->now + FOUND_RELEASE_MS;
    }
    if (h->gone_wall_ms && strcmp(h->boot_id, env->boot_id)) {
        /* Another boot: how long it has been held is not known on this clock.
         * The shortest hold starts anew, never shorter. */
        h->gone_ms = env->now;
        guard_replace_string(&h->boot_id, env->boot_id);
        h->changed = true;
    } else if (h->gone_ms > env->now) {
        h->gone_ms = env->now;
        h->changed = true;
    }
    hold_table_insert(&g->holds, h);
}

static void
adopt_gate(struct guard *g, const struct gate *src,
           const struct guard_env *env)
{
    struct gate *gate = gate_clone(src);

    gate->in_db = true;
    gate->changed = false;
    gate->since_ms = env->now;
    gate->closing = gate->opening = gate->alerted = false;
    gate->by_hand = false;
    hmap_insert(&g->gates, &gate->node, uuid_hash(&gate->port));
}

static void
adopt_row(struct guard *g, const struct ipguard_row *row)
{
    struct safety *s = &g->safety;

    ipguard_row_destroy(&g->row);
    ipguard_row_init(&g->row);
    ipguard_row_copy(&g->row, row);
    /* What came on and could not be stored before a lock was lost stays on. */
    g->brake_unsaved = g->brake_unsaved && !row->brake;
    if (!g->brake_unsaved) {
        guard_replace_string(&s->brake,
                             PLANTED(BRAKE_FORGOTTEN) ? NULL : row->brake);
    }
    guard_replace_string(&g->db_frozen, row->frozen);
    guard_replace_string(&g->db_brake, row->brake);
    if (!g->freeze_unsaved) {
        guard_replace_string(&s->frozen, row->frozen);
    }
    if (row->nb_identity && row->nb_identity[0]) {
        safety_tell_nb(s, row->nb_identity, row->nb_cfg_seen,
                       row->nb_ports_seen);
    }
    if (row->sb_identity && row->sb_identity[0]) {
        safety_tell_sb(s, row->sb_identity, row->sb_cfg_seen);
    }
}

/* A hold that was made but not stored when the connection went is not in the
 * snapshot, and what it is about happened all the same. */
#define UNSAVED_MEMORY_MS 60000

static bool
is_to_be_kept(const struct hold *h, const struct guard_env *env)
{
    return (hold_is_evidence_phase(h)
            && env->now - h->state_since_ms <= UNSAVED_MEMORY_MS);
}

static struct hold **
take_unsaved(struct guard *g, const struct guard_env *env, size_t *np)
{
    struct hold **array = xmalloc(MAX(hold_table_count(&g->holds), 1)
                                  * sizeof *array);
    struct hold *h;
    size_t n = 0;

    HMAP_FOR_EACH_SAFE (h, node, &g->holds.holds) {
        if (!h->would_be
            && (h->in_doubt || h->outlived
                || (!h->in_db && is_to_be_kept(h, env)))) {
            hold_table_remove(&g->holds, h);
            h->changed = true;
            array[n++] = h;
        }
    }
    *np = n;
    return array;
}

/* Holds that were not in the snapshot.  A row that may yet appear, and that
 * nobody would know then, is to go. */
static void
keep_unsaved(struct guard *g, struct hold **holds, size_t n,
             const struct guard_env *env)
{
    for (size_t i = 0; i < n; i++) {
        struct hold *h = holds[i];

        /* One that was stored after all may have been for a switch that was
         * made again since: it follows by itself. */
        bool stored = hold_table_find_uuid(&g->holds, &h->uuid);

        if (!stored && (is_to_be_kept(h, env) || h->outlived)
            && !hold_table_find(&g->holds, &h->network, &h->addr)) {
            hold_table_insert(&g->holds, h);
            continue;
        }
        if (!stored && h->in_doubt) {
            struct journal_entry *j = guard_journal(
                g, env, "cancel", h->reason_case,
                "it was not stored when a lock was lost");

            guard_journal_hold(j, h);
            guard_delete_hold_row(g, &h->uuid);
        }
        hold_destroy(h);
    }
    free(holds);
}

/* The same for gates: the port was shut, and the record of it is not in the
 * snapshot. */
static struct gate **
take_unsaved_gates(struct guard *g, size_t *np)
{
    struct gate **array = xmalloc(MAX(hmap_count(&g->gates), 1)
                                  * sizeof *array);
    struct gate *gate;
    size_t n = 0;

    HMAP_FOR_EACH_SAFE (gate, node, &g->gates) {
        const struct port *p = model_find_port(&g->model, &gate->port);

        if ((!gate->in_db || gate->in_doubt || gate->outlived)
            && p && p->mark) {
            hmap_remove(&g->gates, &gate->node);
            gate->changed = true;
            array[n++] = gate;
        }
    }
    *np = n;
    return array;
}

/* What was loaded, or is kept, is not to be deleted. */
static void
drop_deletions_of_known(struct guard *g)
{
    const struct gate *gate;
    size_t n = 0;

    for (size_t i = 0; i < g->n_delete_holds; i++) {
        if (!hold_table_find_uuid(&g->holds, &g->delete_holds[i])) {
            g->delete_holds[n++] = g->delete_holds[i];
        }
    }
    g->n_delete_holds = n;
    n = 0;
    for (size_t i = 0; i < g->n_delete_gates; i++) {
        bool known = false;

        HMAP_FOR_EACH (gate, node, &g->gates) {
            known |= uuid_equals(&gate->uuid, &g->delete_gates[i]);
        }
        if (!known) {
            g->delete_gates[n++] = g->delete_gates[i];
        }
    }
    g->n_delete_gates = n;
}

/* Numbers the rows that are not stored yet after 'last'. */
static void
number_journal(struct guard *g, int64_t last)
{
    g->sequence = last;
    for (size_t i = 0; i < g->n_journal; i++) {
        g->journal[i].sequence = ++g->sequence;
    }
}

static void
load_rows(struct guard *g, const struct store_snapshot *snap,
          const struct guard_env *env)
{
    struct hold **unsaved;
    size_t n_unsaved, n_gates;
    struct gate *gate, **gates;

    unsaved = take_unsaved(g, env, &n_unsaved);
    gates = take_unsaved_gates(g, &n_gates);
    hold_table_clear(&g->holds);
    HMAP_FOR_EACH_POP (gate, node, &g->gates) {
        gate_destroy(gate);
    }
    for (size_t i = 0; i < snap->n_holds && !PLANTED(HOLD_FORGOTTEN); i++) {
        if (!hold_table_find(&g->holds, &snap->holds[i]->network,
                             &snap->holds[i]->addr)) {
            adopt_hold(g, snap->holds[i], env);
        }
    }
    keep_unsaved(g, unsaved, n_unsaved, env);
    for (size_t i = 0; i < snap->n_gates; i++) {
        adopt_gate(g, snap->gates[i], env);
    }
    for (size_t i = 0; i < n_gates; i++) {
        if (guard_find_gate(g, &gates[i]->port)) {
            gate_destroy(gates[i]);
        } else {
            hmap_insert(&g->gates, &gates[i]->node,
                        uuid_hash(&gates[i]->port));
        }
    }
    free(gates);
    drop_deletions_of_known(g);
    /* What is not stored yet is of a time before a change of role. */
    number_journal(g, snap->last_sequence);
}

static void
load_whole(struct guard *g, const struct store_snapshot *snap,
           const struct guard_env *env)
{
    load_rows(g, snap, env);
    adopt_row(g, &snap->row);
}

/* 'h' is put into the row that 's' tells of: another row for the same address
 * would violate the index.  Its own may still be on its way, and nobody would
 * know it then. */
static void
take_row_of(struct guard *g, struct hold *h, const struct hold *s)
{
    if (h->in_doubt) {
        guard_delete_hold_row(g, &h->uuid);
        h->in_doubt = false;
    }
    hold_table_remove(&g->holds, h);
    h->uuid = s->uuid;
    hold_table_insert(&g->holds, h);
    h->in_db = true;
}

static void
merge_gates(struct guard *g, const struct store_snapshot *snap,
            const struct guard_env *env)
{
    struct gate *gate;

    HMAP_FOR_EACH (gate, node, &g->gates) {
        gate->in_db = gate->in_doubt;
        for (size_t i = 0; i < snap->n_gates; i++) {
            const struct gate *s = snap->gates[i];

            if (uuid_equals(&s->port, &gate->port)) {
                if (gate->in_doubt && !uuid_equals(&s->uuid, &gate->uuid)) {
                    guard_delete_gate_row(g, &gate->uuid);
                }
                gate->uuid = s->uuid;
                gate->in_db = true;
                gate->in_doubt = gate->outlived = false;
            }
        }
        gate->changed = true;
    }
    for (size_t i = 0; i < snap->n_gates; i++) {
        if (!guard_find_gate(g, &snap->gates[i]->port)) {
            adopt_gate(g, snap->gates[i], env);
        }
    }
}

/* The database is not what we left: what it has more than we know is taken
 * over, what we know is put into it again. */
static void
merge(struct guard *g, const struct store_snapshot *snap,
      const struct guard_env *env)
{
    struct hold *h;

    HMAP_FOR_EACH (h, node, &g->holds.holds) {
        bool found = false;
        for (size_t i = 0; i < snap->n_holds; i++) {
            found |= uuid_equals(&snap->holds[i]->uuid, &h->uuid);
        }
        h->in_doubt &= !found;
        h->outlived &= !found;
        h->in_db = found || h->in_doubt;
        h->changed = true;
        h->storing = false;
    }
    for (size_t i = 0; i < snap->n_holds; i++) {
        const struct hold *s = snap->holds[i];
        h = hold_table_find(&g->holds, &s->network, &s->addr);
        if (hold_table_find_uuid(&g->holds, &s->uuid)) {
            /* Ours, perhaps on a switch that was made again meanwhile: it
             * follows by itself. */
        } else if (!h) {
            adopt_hold(g, s, env);
        } else {
            take_row_of(g, h, s);
        }
    }
    merge_gates(g, snap, env);
    drop_deletions_of_known(g);
    g->sequence = MAX(g->sequence, snap->last_sequence);
    g->row_changed = true;
}

/* What operators set in the row. */
static void
adopt_operator_columns(struct guard *g, const struct ipguard_row *row)
{
    g->row.has_mode = row->has_mode;
    g->row.mode = row->mode;
    g->row.cfg = row->cfg;
    g->generation = row->generation;
    g->row.generation = row->generation;
}

/* A brake that another instance has put into a database that was replaced is
 * on here as well.  That there is none re-arms nothing. */
static void
adopt_brake(struct guard *g, const struct ipguard_row *row)
{
    if (row->brake && !nullable_string_is_equal(row->brake, g->db_brake)
        && !g->safety.brake) {
        guard_replace_string(&g->safety.brake, row->brake);
    }
    guard_replace_string(&g->db_brake, row->brake);
}

/* Lost, or restored from an old copy: returns true and freezes.  What we know
 * stays in force and is put into the database again. */
static bool
load_replaced(struct guard *g, const struct store_snapshot *snap,
              const struct guard_env *env)
{
    bool another = (g->store_identity[0]
                    && strcmp(g->store_identity, snap->identity));
    bool back = g->store_identity[0] && snap->row.generation < g->generation;
    struct gate *gate;
    struct hold *h;

    if ((!another && !back) || PLANTED(OWN_ROLLBACK_UNSEEN)) {
        return false;
    }
    guard_freeze_for_store(g, env, another
                           ? "the own database is another one than before"
                           : "the own database went back in time");
    guard_doubt_sent(g);
    store_batch_destroy(g->sent);
    g->sent = NULL;
    g->store_token = 0;
    HMAP_FOR_EACH (h, node, &g->holds.holds) {
        h->outlived = true;
    }
    HMAP_FOR_EACH (gate, node, &g->gates) {
        gate->outlived = true;
    }
    g->merge_generation = snap->row.generation;
    merge(g, snap, env);
    adopt_operator_columns(g, &snap->row);
    adopt_brake(g, &snap->row);
    g->merge_unsaved = true;
    return true;
}

/* An operator freezes, thaws, or re-arms the brake by writing to the row: what
 * differs from what the database had by our last knowledge is theirs. */
static void
adopt_safety(struct guard *g, const struct ipguard_row *row,
             const struct guard_env *env)
{
    if (!nullable_string_is_equal(row->frozen, g->db_frozen)) {
        guard_replace_string(&g->db_frozen, row->frozen);
        if (!row->frozen && g->safety.frozen && !g->freeze_unsaved) {
            free(guard_thaw(g));
        } else if (row->frozen && !g->safety.frozen) {
            guard_freeze_for_store(g, env, row->frozen);
        } else if (row->frozen && !g->freeze_unsaved) {
            guard_replace_string(&g->safety.frozen, row->frozen);
        }
    }
    if (!nullable_string_is_equal(row->brake, g->db_brake)) {
        guard_replace_string(&g->db_brake, row->brake);
        if (!row->brake && g->safety.brake && !g->brake_unsaved) {
            free(guard_brake_rearm(g));
        } else if (row->brake) {
            guard_replace_string(&g->safety.brake, row->brake);
            g->brake_unsaved = false;
        }
    }
}

/* ---- Another hand's changes. ---- */

static bool
contains_uuid(const struct uuid *array, size_t n, const struct uuid *uuid)
{
    for (size_t i = 0; i < n; i++) {
        if (uuid_equals(&array[i], uuid)) {
            return true;
        }
    }
    return false;
}

static bool
is_being_deleted(const struct guard *g, const struct uuid *uuid)
{
    const struct store_batch *b = g->sent;

    return (contains_uuid(g->delete_holds, g->n_delete_holds, uuid)
            || contains_uuid(g->delete_gates, g->n_delete_gates, uuid)
            || (b && (contains_uuid(b->delete_holds, b->n_delete_holds, uuid)
                      || contains_uuid(b->delete_gates, b->n_delete_gates,
                                       uuid))));
}

static void
take_over_hold(struct guard *g, const struct hold *row,
               const struct guard_env *env)
{
    struct hold *h = hold_table_find(&g->holds, &row->network, &row->addr);

    if (!h) {
        adopt_hold(g, row, env);
        h = hold_table_find(&g->holds, &row->network, &row->addr);
        if (g->started) {
            guard_start_hold(g, h);
        }
    } else if (!uuid_equals(&h->uuid, &row->uuid)) {
        take_row_of(g, h, row);
        h->changed = true;
        h->storing = false;
    }
}

static void
take_over_gate(struct guard *g, const struct gate *row,
               const struct guard_env *env)
{
    struct gate *gate = guard_find_gate(g, &row->port);

    if (!gate) {
        adopt_gate(g, row, env);
        if (g->started) {
            guard_start_gate(g, guard_find_gate(g, &row->port));
        }
    } else if (!uuid_equals(&gate->uuid, &row->uuid)) {
        gate->uuid = row->uuid;
        gate->in_db = true;
        gate->changed = true;
    }
}

/* A transaction that the former active instance had on its way when it lost
 * its locks may be carried out after we have loaded.  Its rows are ours now:
 * no other instance will ever end them, and those of an address that we hold
 * ourselves would make the database refuse whatever we store. */
static void
take_over_late_rows(struct guard *g, const struct store_snapshot *snap,
                    const struct guard_env *env)
{
    for (size_t i = 0; i < snap->n_gates; i++) {
        if (!is_being_deleted(g, &snap->gates[i]->uuid)) {
            take_over_gate(g, snap->gates[i], env);
        }
    }
    for (size_t i = 0; i < snap->n_holds; i++) {
        if (!is_being_deleted(g, &snap->holds[i]->uuid)) {
            take_over_hold(g, snap->holds[i], env);
        }
    }
    if (g->n_journal && g->journal[0].sequence <= snap->last_sequence) {
        number_journal(g, snap->last_sequence);
    }
    g->sequence = MAX(g->sequence, snap->last_sequence);
}

/* Another hand changed the database of the active instance. */
static void
load_while_active(struct guard *g, const struct store_snapshot *snap,
                  const struct guard_env *env)
{
    struct hold *h;

    adopt_operator_columns(g, &snap->row);
    adopt_safety(g, &snap->row, env);
    HMAP_FOR_EACH (h, node, &g->holds.holds) {
        bool found = false;
        char ip[IP_ADDR_STRLEN];

        if (!h->in_db || h->storing || h->changed) {
            continue;
        }
        for (size_t i = 0; i < snap->n_holds; i++) {
            found |= uuid_equals(&snap->holds[i]->uuid, &h->uuid);
        }
        if (!found) {
            guard_log(g, 'w', "%s on %s: its row was deleted from the own "
                      "database by another hand; stored again",
                      ip_addr_to_string(&h->addr, ip), h->network_name);
            h->in_db = false;
            h->changed = true;
        }
    }
    take_over_late_rows(g, snap, env);
}

void
guard_load(struct guard *g, const struct store_snapshot *snap,
           const struct guard_env *env)
{
    bool becoming = guard_wants_load(g, env);

    if (g->settings.mode == MODE_OBSERVE || !snap->identity
        || !snap->identity[0]) {
        return;                 /* No IPGuard row yet: nothing to go by. */
    }
    g->own_changes++;
    g->followed_seqno = UINT64_MAX; /* Switches may be others by now. */
    for (size_t i = 0; i < snap->n_problems; i++) {
        guard_log(g, 'w', "own database: %s", snap->problems[i]);
    }
    if (load_replaced(g, snap, env)) {
        g->loaded_for_active = becoming;
    } else if (g->merge_unsaved) {
        if (g->role == ROLE_STANDBY
            && snap->row.generation > g->merge_generation) {
            /* Another instance has put together what it knows, and went on
             * from there: what it has not, we have. */
            load_rows(g, snap, env);
            g->row_changed = true;
        } else {
            merge(g, snap, env);
        }
        adopt_operator_columns(g, &snap->row);
        adopt_brake(g, &snap->row);
        g->loaded_for_active = becoming;
    } else if (g->role == ROLE_ACTIVE && g->loaded && !becoming) {
        load_while_active(g, snap, env);
    } else {
        load_whole(g, snap, env);
        g->generation = snap->row.generation;
        g->loaded_for_active = becoming;
    }
    guard_replace_string(&g->store_identity, snap->identity);
    guard_load_requests(g, snap, env);
}
