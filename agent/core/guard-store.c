/* SPDX-License-Identifier: Apache-2.0 */

/* The own database: what is loaded from it, what is put into it, and what to
 * do when it is not what it was.  Everything that belongs together commits
 * together: a hold's end and the journal row that says why stay together. */

#include <config.h>

#include "guard-private.h"

#include "openvswitch/util.h"
#include "plant.h"
#include "pod.h"
#include "util.h"
#include "uuid.h"

/* ---- Journal. ---- */

struct journal_entry *
guard_journal(struct guard *g, const struct guard_env *env,
              const char *action, const char *case_, const char *reason)
{
    struct journal_entry *j;

    guard_count_done(g, action, case_);
    g->journal = xrealloc(g->journal,
                          (g->n_journal + 1) * sizeof *g->journal);
    j = &g->journal[g->n_journal++];
    journal_entry_init(j);
    j->sequence = ++g->sequence;
    j->wall_ms = env->wall;
    free(j->instance);
    j->instance = xstrdup(g->instance);
    free(j->action);
    j->action = xstrdup(action);
    free(j->case_);
    j->case_ = xstrdup(case_);
    free(j->reason);
    j->reason = xstrdup(reason);
    return j;
}

/* Fills in network, address, owner and evidence of 'h'. */
void
guard_journal_hold(struct journal_entry *j, const struct hold *h)
{
    char ip[IP_ADDR_STRLEN];
    const char *note;

    j->network = h->network;
    free(j->network_name);
    j->network_name = xstrdup(h->network_name);
    free(j->address);
    j->address = xstrdup(ip_addr_to_string(&h->addr, ip));
    free(j->owner);
    j->owner = (h->owner.name[0] ? xasprintf("%s/%s", h->owner.ns,
                                             h->owner.name) : xstrdup(""));
    if (h->n_former) {
        const struct former_port *f = &h->former[h->n_former - 1];
        j->port = f->port;
        free(j->port_name);
        j->port_name = xstrdup(f->name);
    }
    SSET_FOR_EACH (note, &h->notes) {
        svec_add(&j->evidence, note);
    }
    if (h->b1) {
        svec_add_nocopy(&j->evidence,
                          xasprintf("barrier 1: nb_cfg %"PRId64, h->b1));
    }
    if (h->b2) {
        svec_add_nocopy(&j->evidence,
                          xasprintf("barrier 2: nb_cfg %"PRId64, h->b2));
    }
}

void
guard_note_action(struct guard *g, const struct guard_env *env,
                  const char *format, ...)
{
    struct last_action *a;
    va_list args;

    if (g->n_last_actions == N_LAST_ACTIONS) {
        free(g->last_actions[0].text);
        memmove(&g->last_actions[0], &g->last_actions[1],
                (N_LAST_ACTIONS - 1) * sizeof *g->last_actions);
        g->n_last_actions--;
    }
    a = &g->last_actions[g->n_last_actions++];
    a->wall_ms = env->wall;
    va_start(args, format);
    a->text = xvasprintf(format, args);
    va_end(args);
}

/* Takes 'h' out of the world: the row goes with a journal row that says why,
 * and whoever waited for the address is judged again. */
void
guard_end_hold(struct guard *g, struct hold *h, const char *action,
               const char *reason, const struct guard_env *env)
{
    const struct network *n = model_find_network(&g->model, &h->network);
    char ip[IP_ADDR_STRLEN];

    ip_addr_to_string(&h->addr, ip);
    guard_log(g, strcmp(action, "force") ? 'i' : 'w',
              "%s on %s: hold ended after %lld ms: %s (%s)", ip,
              h->network_name, env->wall - h->created_wall_ms, action,
              reason);
    if (!h->would_be) {
        struct journal_entry *j = guard_journal(g, env, action,
                                                h->reason_case, reason);
        guard_journal_hold(j, h);
        if (h->in_db || h->storing) {
            g->delete_holds = xrealloc(g->delete_holds,
                                       (g->n_delete_holds + 1)
                                       * sizeof *g->delete_holds);
            g->delete_holds[g->n_delete_holds++] = h->uuid;
        }
        if (!strcmp(action, "release") || !strcmp(action, "force")) {
            guard_note_action(g, env, "%s of %s on %s", action, ip,
                              h->network_name);
            guard_event_ended(g, env, h, reason);
        }
        guard_nudge(g, h);
    }
    hold_table_remove(&g->holds, h);
    if (n) {
        model_mark_addr(&g->model, n, &h->addr);
    }
    hold_destroy(h);
    g->own_changes++;
}

/* ---- Loading. ---- */

static void
replace_string(char **s, const char *value)
{
    char *copy = nullable_xstrdup(value);
    free(*s);
    *s = copy;
}

static void
adopt_hold(struct guard *g, const struct hold *src,
           const struct guard_env *env)
{
    struct hold *h = hold_clone(src);

    h->in_db = true;
    h->changed = false;
    h->state_since_ms = env->now;
    if (h->gone_wall_ms && strcmp(h->boot_id, env->boot_id)) {
        /* Another boot: how long it has been held is not known on this clock.
         * The shortest hold starts anew, never shorter. */
        h->gone_ms = env->now;
        replace_string(&h->boot_id, env->boot_id);
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
    replace_string(&s->brake, PLANTED(BRAKE_FORGOTTEN) ? NULL : row->brake);
    replace_string(&g->db_frozen, row->frozen);
    replace_string(&g->db_brake, row->brake);
    if (!g->freeze_unsaved) {
        replace_string(&s->frozen, row->frozen);
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

static struct hold **
take_unsaved(struct guard *g, const struct guard_env *env, size_t *np)
{
    struct hold **array = xmalloc(MAX(hold_table_count(&g->holds), 1)
                                  * sizeof *array);
    struct hold *h;
    size_t n = 0;

    HMAP_FOR_EACH_SAFE (h, node, &g->holds.holds) {
        if (!h->would_be && (!h->in_db || h->in_doubt)
            && hold_is_evidence_phase(h)
            && env->now - h->state_since_ms <= UNSAVED_MEMORY_MS) {
            hold_table_remove(&g->holds, h);
            h->in_db = h->in_doubt = false;
            h->changed = true;
            array[n++] = h;
        }
    }
    *np = n;
    return array;
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

        if ((!gate->in_db || gate->in_doubt) && p && p->mark) {
            hmap_remove(&g->gates, &gate->node);
            gate->in_db = gate->in_doubt = false;
            gate->changed = true;
            array[n++] = gate;
        }
    }
    *np = n;
    return array;
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
load_whole(struct guard *g, const struct store_snapshot *snap,
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
    for (size_t i = 0; i < n_unsaved; i++) {
        struct hold *h = unsaved[i];

        /* One that was stored after all may have been for a switch that was
         * made again since: it follows by itself. */
        if (hold_table_find_uuid(&g->holds, &h->uuid)
            || hold_table_find(&g->holds, &h->network, &h->addr)) {
            hold_destroy(h);
        } else {
            hold_table_insert(&g->holds, h);
        }
    }
    free(unsaved);
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
    adopt_row(g, &snap->row);
    /* What is not stored yet is of a time before a change of role. */
    number_journal(g, snap->last_sequence);
}

/* The database is not what we left: what it has more than we know is taken
 * over, what we know is put into it again. */
static void
merge(struct guard *g, const struct store_snapshot *snap,
      const struct guard_env *env)
{
    struct hold *h;
    struct gate *gate;

    HMAP_FOR_EACH (h, node, &g->holds.holds) {
        bool found = false;
        for (size_t i = 0; i < snap->n_holds; i++) {
            found |= uuid_equals(&snap->holds[i]->uuid, &h->uuid);
        }
        h->in_db = found;
        h->in_doubt = false;
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
            /* Another row for the same address would violate the index. */
            hold_table_remove(&g->holds, h);
            h->uuid = s->uuid;
            hold_table_insert(&g->holds, h);
            h->in_db = true;
        }
    }
    HMAP_FOR_EACH (gate, node, &g->gates) {
        gate->in_db = gate->in_doubt = false;
        for (size_t i = 0; i < snap->n_gates; i++) {
            if (uuid_equals(&snap->gates[i]->port, &gate->port)) {
                gate->uuid = snap->gates[i]->uuid;
                gate->in_db = true;
            }
        }
        gate->changed = true;
    }
    for (size_t i = 0; i < snap->n_gates; i++) {
        if (!guard_find_gate(g, &snap->gates[i]->port)) {
            adopt_gate(g, snap->gates[i], env);
        }
    }
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

/* Lost, or restored from an old copy: returns true and freezes.  What we know
 * stays in force and is put into the database again. */
static bool
load_replaced(struct guard *g, const struct store_snapshot *snap,
              const struct guard_env *env)
{
    bool another = (g->store_identity[0]
                    && strcmp(g->store_identity, snap->identity));
    bool back = g->store_identity[0] && snap->row.generation < g->generation;

    if (!another && !back) {
        return false;
    }
    guard_freeze_for_store(g, env, another
                           ? "the own database is another one than before"
                           : "the own database went back in time");
    store_batch_destroy(g->sent);
    g->sent = NULL;
    g->store_token = 0;
    merge(g, snap, env);
    adopt_operator_columns(g, &snap->row);
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
        replace_string(&g->db_frozen, row->frozen);
        if (!row->frozen && g->safety.frozen && !g->freeze_unsaved) {
            free(guard_thaw(g));
        } else if (row->frozen && !g->safety.frozen) {
            guard_freeze_for_store(g, env, row->frozen);
        } else if (row->frozen && !g->freeze_unsaved) {
            replace_string(&g->safety.frozen, row->frozen);
        }
    }
    if (!nullable_string_is_equal(row->brake, g->db_brake)) {
        replace_string(&g->db_brake, row->brake);
        if (!row->brake && g->safety.brake) {
            free(guard_brake_rearm(g));
        } else if (row->brake) {
            replace_string(&g->safety.brake, row->brake);
        }
    }
}

static void start_hold(struct guard *, struct hold *);

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
            start_hold(g, h);
        }
    } else if (!uuid_equals(&h->uuid, &row->uuid)) {
        /* Another row for the same address would violate the index. */
        hold_table_remove(&g->holds, h);
        h->uuid = row->uuid;
        hold_table_insert(&g->holds, h);
        h->in_db = true;
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
    for (size_t i = 0; i < snap->n_holds; i++) {
        if (!is_being_deleted(g, &snap->holds[i]->uuid)) {
            take_over_hold(g, snap->holds[i], env);
        }
    }
    for (size_t i = 0; i < snap->n_gates; i++) {
        if (!is_being_deleted(g, &snap->gates[i]->uuid)) {
            take_over_gate(g, snap->gates[i], env);
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
    for (size_t i = 0; i < snap->n_problems; i++) {
        guard_log(g, 'w', "own database: %s", snap->problems[i]);
    }
    if (load_replaced(g, snap, env)) {
        g->loaded_for_active = becoming;
    } else if (g->merge_unsaved) {
        merge(g, snap, env);
        adopt_operator_columns(g, &snap->row);
        g->loaded_for_active = becoming;
    } else if (g->role == ROLE_ACTIVE && g->loaded && !becoming) {
        load_while_active(g, snap, env);
    } else {
        load_whole(g, snap, env);
        g->generation = snap->row.generation;
        g->loaded_for_active = becoming;
    }
    replace_string(&g->store_identity, snap->identity);
    guard_load_requests(g, snap, env);
}

/* ---- Start. ---- */

/* Puts right what was loaded, once NB is here: intents of another life are
 * never executed, and whoever has a held address openly now keeps it. */
static void
start_hold(struct guard *g, struct hold *h)
{
    const struct network *n = model_find_network(&g->model, &h->network);
    const struct addr_use *use = (n ? model_find_addr(&g->model, n, &h->addr)
                                  : NULL);
    bool intent = h->state == HOLD_INTENT || h->state == HOLD_CLEARING;

    /* They may be of another database, or of one that went back since; and
     * while nobody was connected SB may have gone back, and have come to the
     * same nb_cfg again before its rows did. */
    if (h->b1 || h->b2) {
        hold_discard_barriers(h);
    }
    for (size_t i = 0; use && i < use->n; i++) {
        const struct port *p = use->ports[i];

        if (hold_find_former(h, &p->uuid)) {
            if (intent) {
                /* If in doubt, step_hold() sees to it. */
                h->clear_lost = (!g->in_doubt && !PLANTED(OLD_INTENT)
                                 && !guard_is_being_released(g, h));
            } else {
                hold_remove_former(h, &p->uuid);
                h->returned |= guard_same_owner(h, p);
            }
        } else if (evidence_is_gated(p)) {
            hold_add_taker(h, &p->uuid);
        }
    }
    if (intent && !h->clear_lost) {
        hold_discard_barriers(h);
    }
    guard_hold_set_keeper(g, h);
}

/* Called at the beginning of each turn while active and not started. */
void
guard_start_if_ready(struct guard *g, const struct guard_env *env)
{
    struct hold *h;

    if (g->role != ROLE_ACTIVE || !g->loaded || g->started
        || !g->model.nb_synced) {
        return;
    }
    g->started = true;
    HMAP_FOR_EACH (h, node, &g->holds.holds) {
        start_hold(g, h);
    }
    guard_replay_standby_departures(g, env);
    g->look_back = true;
    /* Holds that were judged with may have ended by another hand. */
    model_mark_all(&g->model);
    g->own_changes++;
    guard_log(g, 'i', "started with %"PRIuSIZE" hold(s) and %"PRIuSIZE
              " gate(s)", hold_table_count(&g->holds),
              hmap_count(&g->gates));
    g->row_changed = true;
}

/* ---- Storing. ---- */

static void
fill_row(struct guard *g)
{
    struct ipguard_row *row = &g->row;
    const struct safety *s = &g->safety;

    replace_string(&row->frozen, s->frozen);
    replace_string(&row->brake, s->brake);
    replace_string(&row->nb_identity, s->nb_identity);
    row->nb_cfg_seen = MAX(s->nb_cfg, s->nb_cfg_told);
    row->nb_ports_seen = s->nb_ports_known ? s->nb_ports : 0;
    replace_string(&row->sb_identity, s->sb_identity);
    row->sb_cfg_seen = MAX(s->sb_cfg, s->sb_cfg_told);
    replace_string(&row->active, g->instance);
    row->done_cfg = row->cfg;
    row->generation = g->generation;
}

static void
take_uuids(struct uuid **dst, size_t *n_dst, struct uuid **src, size_t *n_src)
{
    *dst = *src;
    *n_dst = *n_src;
    *src = NULL;
    *n_src = 0;
}

/* Rows of the journal that are too many wait for the next transaction, unless
 * a hold is deleted: its end is not to be in the database before the row that
 * tells it. */
static void
take_journal(struct guard *g, struct store_batch *b)
{
    size_t n = (b->n_delete_holds ? g->n_journal
                : MIN(g->n_journal, 2 * GUARD_STORE_ROWS));

    if (n == g->n_journal) {
        b->journal = g->journal;
        g->journal = NULL;
    } else {
        b->journal = xmemdup(g->journal, n * sizeof *b->journal);
        memmove(g->journal, g->journal + n,
                (g->n_journal - n) * sizeof *g->journal);
    }
    b->n_journal = n;
    g->n_journal -= n;
}

/* Answers go with what was done for them: all of it is in 'b', or they wait
 * for the next batch. */
static void
take_answers(struct guard *g, struct store_batch *b)
{
    if (b->n_put_holds >= GUARD_STORE_ROWS || g->n_journal) {
        return;
    }
    b->answers = g->answers;
    b->n_answers = g->n_answers;
    g->answers = NULL;
    g->n_answers = 0;
    take_uuids(&b->delete_requests, &b->n_delete_requests,
               &g->delete_requests, &g->n_delete_requests);
}

static struct store_batch *
compose(struct guard *g)
{
    struct store_batch *b = xzalloc(sizeof *b);
    struct hold *h;
    struct gate *gate;

    b->token = guard_new_token(g);
    HMAP_FOR_EACH (h, node, &g->holds.holds) {
        if (b->n_put_holds >= GUARD_STORE_ROWS) {
            break;
        }
        if (h->changed && !h->would_be) {
            b->put_holds = xrealloc(b->put_holds, (b->n_put_holds + 1)
                                    * sizeof *b->put_holds);
            b->put_holds[b->n_put_holds++] = hold_clone(h);
            h->changed = false;
            h->storing = true;
        }
    }
    HMAP_FOR_EACH (gate, node, &g->gates) {
        if (gate->changed) {
            b->put_gates = xrealloc(b->put_gates, (b->n_put_gates + 1)
                                    * sizeof *b->put_gates);
            b->put_gates[b->n_put_gates++] = gate_clone(gate);
            gate->changed = false;
        }
    }
    take_uuids(&b->delete_holds, &b->n_delete_holds, &g->delete_holds,
               &g->n_delete_holds);
    take_uuids(&b->delete_gates, &b->n_delete_gates, &g->delete_gates,
               &g->n_delete_gates);
    take_journal(g, b);
    take_answers(g, b);
    fill_row(g);
    ipguard_row_init(&b->row);
    ipguard_row_copy(&b->row, &g->row);
    b->journal_max = g->settings.journal_max;
    return b;
}

static bool
anything_to_store(const struct guard *g)
{
    const struct hold *h;
    const struct gate *gate;

    if (g->row_changed || g->n_journal || g->n_delete_holds
        || g->n_delete_gates || g->n_answers || g->n_delete_requests
        || g->row.cfg != g->row.done_cfg) {
        return true;
    }
    HMAP_FOR_EACH (h, node, &g->holds.holds) {
        if (h->changed && !h->would_be) {
            return true;
        }
    }
    HMAP_FOR_EACH (gate, node, &g->gates) {
        if (gate->changed) {
            return true;
        }
    }
    return false;
}

void
guard_build_store_batch(struct guard *g, const struct guard_env *env,
                        struct orders *orders)
{
    if (guard_book_refusal(g, env) || !g->started || env->store_busy
        || g->store_token || !anything_to_store(g)) {
        return;
    }
    if (env->now < g->store_retry_ms) {
        guard_wake_at(g, g->store_retry_ms);
        return;
    }
    g->sent = compose(g);
    g->store_token = g->sent->token;
    g->row_changed = false;
    orders->store = store_batch_clone(g->sent);
}

static void
prepend_uuids(struct uuid **dst, size_t *n_dst, const struct uuid *src,
              size_t n)
{
    if (n) {
        *dst = xrealloc(*dst, (*n_dst + n) * sizeof **dst);
        memcpy(*dst + *n_dst, src, n * sizeof *src);
        *n_dst += n;
    }
}

/* The actions that were to be written down still are. */
static void
restore_journal(struct guard *g)
{
    struct store_batch *b = g->sent;
    struct journal_entry *all = xcalloc(MAX(b->n_journal + g->n_journal, 1),
                                        sizeof *all);
    if (b->n_journal) {
        memcpy(all, b->journal, b->n_journal * sizeof *all);
    }
    if (g->n_journal) {
        memcpy(all + b->n_journal, g->journal, g->n_journal * sizeof *all);
    }
    free(g->journal);
    free(b->journal);
    g->journal = all;
    g->n_journal += b->n_journal;
    b->journal = NULL;
    b->n_journal = 0;
}

static void
restore_answers(struct guard *g, struct store_batch *b)
{
    if (b->n_answers) {
        g->answers = xrealloc(g->answers, (g->n_answers + b->n_answers)
                                          * sizeof *g->answers);
        memcpy(g->answers + g->n_answers, b->answers,
               b->n_answers * sizeof *g->answers);
        g->n_answers += b->n_answers;
        b->n_answers = 0;
    }
}

/* What was sent is to be sent again. */
static void
restore_sent(struct guard *g, bool perhaps_stored)
{
    struct store_batch *b = g->sent;

    for (size_t i = 0; i < b->n_put_holds; i++) {
        struct hold *h = hold_table_find_uuid(&g->holds,
                                              &b->put_holds[i]->uuid);
        if (h) {
            h->changed = true;
            h->storing = false;
            /* A row that may be there must be deleted when the hold ends
             * before it is put again. */
            h->in_doubt |= perhaps_stored && !h->in_db;
            h->in_db |= perhaps_stored;
        }
    }
    for (size_t i = 0; i < b->n_put_gates; i++) {
        struct gate *gate = guard_find_gate(g, &b->put_gates[i]->port);
        if (gate) {
            gate->changed = true;
            bool perhaps = (perhaps_stored
                            && uuid_equals(&gate->uuid,
                                           &b->put_gates[i]->uuid));

            gate->in_doubt |= perhaps && !gate->in_db;
            gate->in_db |= perhaps;
        }
    }
    prepend_uuids(&g->delete_holds, &g->n_delete_holds, b->delete_holds,
                  b->n_delete_holds);
    prepend_uuids(&g->delete_gates, &g->n_delete_gates, b->delete_gates,
                  b->n_delete_gates);
    restore_journal(g);
    restore_answers(g, b);
    prepend_uuids(&g->delete_requests, &g->n_delete_requests,
                  b->delete_requests, b->n_delete_requests);
    g->row_changed = true;
}

static void
stored(struct guard *g)
{
    const struct store_batch *b = g->sent;

    for (size_t i = 0; i < b->n_put_holds; i++) {
        struct hold *h = hold_table_find_uuid(&g->holds,
                                              &b->put_holds[i]->uuid);
        if (h) {
            h->storing = h->in_doubt = false;
            h->in_db = true;
        }
    }
    for (size_t i = 0; i < b->n_put_gates; i++) {
        struct gate *gate = guard_find_gate(g, &b->put_gates[i]->port);
        if (gate && uuid_equals(&gate->uuid, &b->put_gates[i]->uuid)) {
            gate->in_db = true;
            gate->in_doubt = false;
        }
    }
    /* Unless it was loaded, with another hand's change, before the answer. */
    g->generation = MAX(g->generation, b->row.generation + 1);
    g->row.generation = g->generation;
    replace_string(&g->db_frozen, b->row.frozen);
    replace_string(&g->db_brake, b->row.brake);
    g->freeze_unsaved = g->freeze_unsaved && !b->row.frozen;
    g->merge_unsaved = false;
}

void
guard_store_done(struct guard *g, const struct store_result *r,
                 const struct guard_env *env)
{
    if (!g->sent || r->token != g->store_token) {
        return;
    }
    g->store_token = 0;
    g->own_changes++;
    g->again = true;
    if (g->role != ROLE_ACTIVE || !g->loaded) {
        /* Of a time before a change of role: all but the journal is read
         * again. */
        if (r->result != TXN_RESULT_DONE) {
            restore_journal(g);
        }
    } else if (r->result == TXN_RESULT_DONE) {
        stored(g);
        g->store_failures = 0;
        free(g->store_error);
        g->store_error = NULL;
    } else {
        restore_sent(g, r->result == TXN_RESULT_UNKNOWN);
        if (r->result == TXN_RESULT_ERROR) {
            const char *error = r->error ? r->error : "no reason given";
            bool again = nullable_string_is_equal(g->store_error, error);

            /* Once may be because of what another instance left behind, which
             * was loaded meanwhile. */
            if (!again) {
                guard_log(g, 'w', "the own database refuses a write, which is "
                          "tried again: %s", error);
                replace_string(&g->store_error, error);
            } else if (g->store_failures == 1) {
                guard_log(g, 'e', "the own database refuses a write: %s",
                          error);
            }
            g->store_retry_ms = env->now + (1000LL
                                            << MIN(g->store_failures, 5));
            g->store_failures++;
        } else {
            g->store_retry_ms = env->now + 100;
        }
        guard_wake_at(g, g->store_retry_ms);
    }
    store_batch_destroy(g->sent);
    g->sent = NULL;
}
