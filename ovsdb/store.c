/* SPDX-License-Identifier: Apache-2.0 */

/* See store.h.
 *
 * The active instance is the only one to write here, its own memory prevails,
 * and it must notice when that is not so: when an administrator changes a
 * setting, deletes a hold, or puts an old copy of the file in place.  So every
 * row that the mirror shows is compared with what it should look like by our
 * own doing (store-known.c), and every transaction verifies and increments
 * IPGuard.generation. */

#include <config.h>

#include "ovsdb/store.h"

#include <stdlib.h>
#include <string.h>

#include "coverage.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "ovsdb-idl.h"
#include "simap.h"
#include "smap.h"
#include "util.h"
#include "uuid.h"

#include "ovsdb/ipguard-idl.h"

#include "agent/core/orders.h"
#include "ovsdb/db-conn.h"
#include "ovsdb/db-model.h"
#include "ovsdb/store-known.h"
#include "ovsdb/store-row.h"

VLOG_DEFINE_THIS_MODULE(store);

COVERAGE_DEFINE(store_foreign_change);
COVERAGE_DEFINE(store_txn);
COVERAGE_DEFINE(store_txn_error);
COVERAGE_DEFINE(store_txn_lost);
COVERAGE_DEFINE(store_txn_unknown);

/* Journal rows deleted in one transaction: trimming must not make the
 * transaction that carries a hold a long one. */
#define TRIM_MAX 1000

/* Time between attempts to create the row of IPGuard. */
#define CREATE_INTERVAL_MS 1000

#define MIRRORED(TABLE, COLUMN) \
    {&ipgrec_##TABLE##_col_##COLUMN, DB_REQUIRED, NULL}
#define WRITTEN(TABLE, COLUMN) \
    {&ipgrec_##TABLE##_col_##COLUMN, DB_WRITTEN, NULL}

static const struct db_column store_columns[] = {
    MIRRORED(ipguard, active),
    MIRRORED(ipguard, brake),
    MIRRORED(ipguard, cfg),
    MIRRORED(ipguard, done_cfg),
    MIRRORED(ipguard, frozen),
    MIRRORED(ipguard, generation),
    MIRRORED(ipguard, mode),
    MIRRORED(ipguard, nb_cfg_seen),
    MIRRORED(ipguard, nb_identity),
    MIRRORED(ipguard, nb_ports_seen),
    MIRRORED(ipguard, other_config),
    MIRRORED(ipguard, sb_cfg_seen),
    MIRRORED(ipguard, sb_identity),

    MIRRORED(hold, address),
    MIRRORED(hold, barrier1),
    MIRRORED(hold, barrier2),
    MIRRORED(hold, blockers),
    MIRRORED(hold, boot_id),
    MIRRORED(hold, case_),
    MIRRORED(hold, created_at),
    MIRRORED(hold, former_ports),
    MIRRORED(hold, gone_at),
    MIRRORED(hold, gone_mono),
    MIRRORED(hold, hold_until),
    MIRRORED(hold, keeper),
    MIRRORED(hold, nb_identity),
    MIRRORED(hold, network),
    MIRRORED(hold, network_name),
    MIRRORED(hold, notes),
    MIRRORED(hold, owner),
    MIRRORED(hold, reason),
    MIRRORED(hold, scope),
    MIRRORED(hold, state),

    MIRRORED(former_port, departed_at),
    MIRRORED(former_port, mac),
    MIRRORED(former_port, name),
    MIRRORED(former_port, port),

    MIRRORED(gate, address),
    MIRRORED(gate, network),
    MIRRORED(gate, network_name),
    MIRRORED(gate, port),
    MIRRORED(gate, port_name),
    MIRRORED(gate, previous),
    MIRRORED(gate, reason),
    MIRRORED(gate, since),

    /* Enough to continue the numbers and to trim. */
    MIRRORED(journal, instance),
    MIRRORED(journal, sequence),
    WRITTEN(journal, action),
    WRITTEN(journal, address),
    WRITTEN(journal, at),
    WRITTEN(journal, case_),
    WRITTEN(journal, evidence),
    WRITTEN(journal, network),
    WRITTEN(journal, network_name),
    WRITTEN(journal, new_addresses),
    WRITTEN(journal, new_port_security),
    WRITTEN(journal, old_addresses),
    WRITTEN(journal, old_port_security),
    WRITTEN(journal, owner),
    WRITTEN(journal, port),
    WRITTEN(journal, port_name),
    WRITTEN(journal, reason),
};

struct store {
    struct db_conn conn;
    struct ovsdb_idl_index *journal_by_sequence;
    struct store_known known;
    int64_t last_sequence;

    struct db_model_query model;

    /* Creation of the row of IPGuard. */
    struct ovsdb_idl_txn *create_txn;
    long long int create_at_ms; /* Not before then. */
    long long int create_deadline_ms;

    /* store_start(). */
    bool busy;                  /* Until store_poll() has told the end. */
    struct ovsdb_idl_txn *txn;
    uint64_t epoch;
    long long int deadline_ms;
    bool committed;             /* The mirror is awaited. */
    uint64_t ipguard_before;    /* Digest of the row when it was sent. */
    struct uuid *rows;          /* Written. */
    size_t n_rows;
    struct store_result result;
};

struct store *
store_create(const char *remote, const char *lock_name)
{
    struct store *s = xzalloc(sizeof *s);

    db_conn_init(&s->conn, &ipgrec_idl_class, store_columns,
                 ARRAY_SIZE(store_columns), &this_module, remote, lock_name);
    s->journal_by_sequence
        = ovsdb_idl_index_create1(s->conn.idl, &ipgrec_journal_col_sequence);
    store_known_init(&s->known);
    db_model_init(&s->model);
    return s;
}

static void
end_txn(struct ovsdb_idl_txn **txn)
{
    if (*txn) {
        ovsdb_idl_txn_destroy(*txn);
        *txn = NULL;
    }
}

void
store_destroy(struct store *s)
{
    if (s) {
        end_txn(&s->txn);
        end_txn(&s->create_txn);
        store_result_destroy(&s->result);
        free(s->rows);
        db_model_destroy(&s->model);
        db_conn_destroy(&s->conn);
        store_known_destroy(&s->known);
        free(s);
    }
}

/* ---- What the mirror shows. ---- */

static bool
see_hold(struct store *s, const struct ipgrec_hold *row)
{
    return store_known_see(&s->known, &row->header_.uuid,
                           store_row_digest_hold(row));
}

static bool
see_gate(struct store *s, const struct ipgrec_gate *row)
{
    return store_known_see(&s->known, &row->header_.uuid,
                           store_row_digest_gate(row));
}

/* The library does not track a row that has nothing but default values, and a
 * new row of IPGuard has: it is always looked at. */
static bool
see_ipguard(struct store *s)
{
    const struct ipgrec_ipguard *row = ipgrec_ipguard_first(s->conn.idl);
    bool foreign = false;

    if (row) {
        foreign = store_known_see(&s->known, &row->header_.uuid,
                                  store_row_digest_ipguard(row));
    }
    IPGREC_IPGUARD_FOR_EACH_TRACKED (row, s->conn.idl) {
        if (!db_row_exists(&row->header_)) {
            foreign |= store_known_see_deletion(&s->known,
                                                &row->header_.uuid);
        }
    }
    return foreign;
}

static void
see_journal(struct store *s)
{
    const struct ipgrec_journal *row;

    IPGREC_JOURNAL_FOR_EACH_TRACKED (row, s->conn.idl) {
        if (db_row_exists(&row->header_)) {
            s->last_sequence = MAX(s->last_sequence, row->sequence);
        }
    }
}

/* Goes through the tracked changes.  Returns true if another hand made any. */
static bool
see_changes(struct store *s)
{
    const struct ipgrec_hold *hold;
    const struct ipgrec_gate *gate;
    bool foreign = see_ipguard(s);

    /* A hold is tracked as well if a Former_Port of it has changed. */
    IPGREC_HOLD_FOR_EACH_TRACKED (hold, s->conn.idl) {
        foreign |= (db_row_exists(&hold->header_)
                    ? see_hold(s, hold)
                    : store_known_see_deletion(&s->known,
                                               &hold->header_.uuid));
    }
    IPGREC_GATE_FOR_EACH_TRACKED (gate, s->conn.idl) {
        foreign |= (db_row_exists(&gate->header_)
                    ? see_gate(s, gate)
                    : store_known_see_deletion(&s->known,
                                               &gate->header_.uuid));
    }
    see_journal(s);
    return foreign;
}

/* Takes the content as it is. */
static void
see_all(struct store *s)
{
    const struct ipgrec_journal *journal;
    const struct ipgrec_hold *hold;
    const struct ipgrec_gate *gate;

    store_known_begin(&s->known);
    see_ipguard(s);
    IPGREC_HOLD_FOR_EACH (hold, s->conn.idl) {
        see_hold(s, hold);
    }
    IPGREC_GATE_FOR_EACH (gate, s->conn.idl) {
        see_gate(s, gate);
    }
    store_known_sweep(&s->known);

    s->last_sequence = 0;
    IPGREC_JOURNAL_FOR_EACH (journal, s->conn.idl) {
        s->last_sequence = MAX(s->last_sequence, journal->sequence);
    }
}

/* ---- The row of IPGuard. ---- */

static void
run_creation(struct store *s, bool may_write, long long int now)
{
    bool no_lock;

    if (s->create_txn) {
        if (ovsdb_idl_txn_commit(s->create_txn) == TXN_INCOMPLETE
            && now < s->create_deadline_ms) {
            return;
        }
        VLOG_DBG("%s: creation of the IPGuard row: %s", s->conn.remote,
                 ovsdb_idl_txn_get_error(s->create_txn));
        end_txn(&s->create_txn);
    }
    if (!may_write || s->txn || now < s->create_at_ms
        || !db_conn_may_write(&s->conn, &no_lock)
        || ipgrec_ipguard_first(s->conn.idl)) {
        return;
    }

    VLOG_INFO("%s: the database has no IPGuard row, creating it",
              s->conn.remote);
    s->create_at_ms = now + CREATE_INTERVAL_MS;
    s->create_deadline_ms = now + DB_TXN_TIMEOUT_MS;
    s->create_txn = ovsdb_idl_txn_create(s->conn.idl);
    ovsdb_idl_txn_add_comment(s->create_txn, "ovn-ipguard: create row");
    ipgrec_ipguard_insert(s->create_txn);
    ovsdb_idl_txn_commit(s->create_txn);
}

/* ---- Running. ---- */

bool
store_run(struct store *s, bool want_lock, bool may_write, long long int now)
{
    unsigned int events = db_conn_run(&s->conn, want_lock, now);
    bool usable = db_conn_is_usable(&s->conn);
    bool changed = false;

    if (!usable) {
        if (events & DB_CHANGED) {
            ovsdb_idl_track_clear(s->conn.idl);
        }
    } else if (events & DB_SYNCED) {
        see_all(s);
        ovsdb_idl_track_clear(s->conn.idl);
        db_model_start(&s->model, s->conn.remote, now);
        changed = true;
        VLOG_INFO("%s: read %"PRIuSIZE" rows", s->conn.remote,
                  store_known_count(&s->known));
    } else if (events & DB_CHANGED) {
        changed = see_changes(s);
        ovsdb_idl_track_clear(s->conn.idl);
        if (changed) {
            COVERAGE_INC(store_foreign_change);
        }
    }
    db_model_run(&s->model, ipgrec_idl_class.database, now);
    run_creation(s, may_write, now);
    return changed;
}

bool
store_is_ready(const struct store *s)
{
    return (db_conn_is_usable(&s->conn)
            && !db_model_is_asking(&s->model)
            && ipgrec_ipguard_first(s->conn.idl));
}

bool
store_is_standalone(const struct store *s)
{
    return s->model.model == DB_MODEL_STANDALONE;
}

void
store_get_config(const struct store *s, struct smap *config)
{
    const struct ipgrec_ipguard *row = ipgrec_ipguard_first(s->conn.idl);
    const struct smap_node *node;

    smap_clear(config);
    if (row) {
        SMAP_FOR_EACH (node, &row->other_config) {
            smap_add(config, node->key, node->value);
        }
    }
}

/* Takes 'problem', which may be NULL. */
static void
add_problem(struct store_snapshot *snapshot, char *problem)
{
    if (problem) {
        snapshot->problems = xrealloc(snapshot->problems,
                                      (snapshot->n_problems + 1)
                                      * sizeof *snapshot->problems);
        snapshot->problems[snapshot->n_problems++] = problem;
    }
}

void
store_snapshot(const struct store *s, struct store_snapshot *snapshot)
{
    const struct ipgrec_ipguard *row = ipgrec_ipguard_first(s->conn.idl);
    const struct ipgrec_hold *hold_row;
    const struct ipgrec_gate *gate_row;
    size_t allocated;
    char *problem;

    if (row) {
        free(snapshot->identity);
        snapshot->identity = xasprintf(UUID_FMT,
                                       UUID_ARGS(&row->header_.uuid));
        add_problem(snapshot, store_row_read_ipguard(row, &snapshot->row));
    }

    allocated = snapshot->n_holds;
    IPGREC_HOLD_FOR_EACH (hold_row, s->conn.idl) {
        struct hold *hold = store_row_read_hold(hold_row, &problem);

        add_problem(snapshot, problem);
        if (hold) {
            if (snapshot->n_holds >= allocated) {
                snapshot->holds = x2nrealloc(snapshot->holds, &allocated,
                                             sizeof *snapshot->holds);
            }
            snapshot->holds[snapshot->n_holds++] = hold;
        }
    }

    allocated = snapshot->n_gates;
    IPGREC_GATE_FOR_EACH (gate_row, s->conn.idl) {
        struct gate *gate = store_row_read_gate(gate_row, &problem);

        add_problem(snapshot, problem);
        if (gate) {
            if (snapshot->n_gates >= allocated) {
                snapshot->gates = x2nrealloc(snapshot->gates, &allocated,
                                             sizeof *snapshot->gates);
            }
            snapshot->gates[snapshot->n_gates++] = gate;
        }
    }
    snapshot->last_sequence = s->last_sequence;
}

/* ---- Writing. ---- */

static void
note_row(struct store *s, const struct uuid *uuid)
{
    s->rows[s->n_rows++] = *uuid;
}

static const struct ipgrec_hold *
find_hold(const struct store *s, const struct uuid *uuid)
{
    const struct ipgrec_hold *row
        = ipgrec_hold_get_for_uuid(s->conn.idl, uuid);

    return row && db_row_exists(&row->header_) ? row : NULL;
}

static const struct ipgrec_gate *
find_gate(const struct store *s, const struct uuid *uuid)
{
    const struct ipgrec_gate *row
        = ipgrec_gate_get_for_uuid(s->conn.idl, uuid);

    return row && db_row_exists(&row->header_) ? row : NULL;
}

static void
compose_holds(struct store *s, const struct store_batch *batch)
{
    for (size_t i = 0; i < batch->n_put_holds; i++) {
        const struct hold *hold = batch->put_holds[i];
        const struct ipgrec_hold *row
            = store_row_write_hold(s->txn, find_hold(s, &hold->uuid), hold);

        store_known_expect(&s->known, &hold->uuid,
                           store_row_digest_hold(row));
        note_row(s, &hold->uuid);
    }
    for (size_t i = 0; i < batch->n_delete_holds; i++) {
        const struct uuid *uuid = &batch->delete_holds[i];
        const struct ipgrec_hold *row = find_hold(s, uuid);

        if (row) {
            ipgrec_hold_delete(row);
        }
        store_known_expect_deletion(&s->known, uuid);
        note_row(s, uuid);
    }
}

static void
compose_gates(struct store *s, const struct store_batch *batch)
{
    for (size_t i = 0; i < batch->n_put_gates; i++) {
        const struct gate *gate = batch->put_gates[i];
        const struct ipgrec_gate *row
            = store_row_write_gate(s->txn, find_gate(s, &gate->uuid), gate);

        store_known_expect(&s->known, &gate->uuid,
                           store_row_digest_gate(row));
        note_row(s, &gate->uuid);
    }
    for (size_t i = 0; i < batch->n_delete_gates; i++) {
        const struct uuid *uuid = &batch->delete_gates[i];
        const struct ipgrec_gate *row = find_gate(s, uuid);

        if (row) {
            ipgrec_gate_delete(row);
        }
        store_known_expect_deletion(&s->known, uuid);
        note_row(s, uuid);
    }
}

/* Is the entry there already, from an attempt without an answer? */
static bool
has_journal_entry(const struct store *s, const struct journal_entry *e)
{
    struct ipgrec_journal *target
        = ipgrec_journal_index_init_row(s->journal_by_sequence);
    const struct ipgrec_journal *row;
    bool found = false;

    ipgrec_journal_index_set_sequence(target, e->sequence);
    IPGREC_JOURNAL_FOR_EACH_EQUAL (row, target, s->journal_by_sequence) {
        found |= !strcmp(row->instance, e->instance ? e->instance : "");
    }
    ipgrec_journal_index_destroy_row(target);
    return found;
}

/* Deletes rows of numbers that are at least 'max' below the newest. */
static void
trim_journal(const struct store *s, int64_t newest, int max)
{
    const struct ipgrec_journal **old = xmalloc(TRIM_MAX * sizeof *old);
    const struct ipgrec_journal *row;
    size_t n = 0;

    IPGREC_JOURNAL_FOR_EACH_BYINDEX (row, s->journal_by_sequence) {
        if (n >= TRIM_MAX || row->sequence > newest - max) {
            break;
        }
        old[n++] = row;
    }
    for (size_t i = 0; i < n; i++) {
        ipgrec_journal_delete(old[i]);
    }
    free(old);
}

static void
compose_journal(struct store *s, const struct store_batch *batch)
{
    int64_t newest = s->last_sequence;

    for (size_t i = 0; i < batch->n_journal; i++) {
        newest = MAX(newest, batch->journal[i].sequence);
    }
    if (batch->journal_max > 0) {
        trim_journal(s, newest, batch->journal_max);
    }
    for (size_t i = 0; i < batch->n_journal; i++) {
        if (!has_journal_entry(s, &batch->journal[i])) {
            store_row_write_journal(s->txn, &batch->journal[i]);
        }
    }
}

/* Ends the batch; 'error' is taken. */
static void
end_batch(struct store *s, enum txn_result result, char *error)
{
    end_txn(&s->txn);
    s->committed = false;
    s->result.result = result;
    free(s->result.error);
    s->result.error = error;
    switch (result) {
    case TXN_RESULT_DONE:
        break;
    case TXN_RESULT_LOST:
        COVERAGE_INC(store_txn_lost);
        store_known_cancel(&s->known);
        break;
    case TXN_RESULT_UNKNOWN:
        /* It may still come, and is ours then. */
        COVERAGE_INC(store_txn_unknown);
        break;
    case TXN_RESULT_NOT_LOCKED:
        store_known_cancel(&s->known);
        break;
    case TXN_RESULT_ERROR:
        COVERAGE_INC(store_txn_error);
        store_known_cancel(&s->known);
        break;
    }
}

/* What makes a batch impossible to store, or NULL. */
static char *
check_batch(const struct store_batch *batch)
{
    for (size_t i = 0; i < batch->n_put_holds; i++) {
        const struct hold *hold = batch->put_holds[i];

        if (hold_state_is_end(hold->state)) {
            return xasprintf("a hold that is %s has no row",
                             hold_state_to_string(hold->state));
        }
    }
    return NULL;
}

static void
send_batch(struct store *s, const struct store_batch *batch,
           const struct ipgrec_ipguard *row)
{
    size_t n = (batch->n_put_holds + batch->n_delete_holds
                + batch->n_put_gates + batch->n_delete_gates + 1);

    COVERAGE_INC(store_txn);
    s->rows = xmalloc(n * sizeof *s->rows);
    s->n_rows = 0;
    s->epoch = s->conn.epoch;
    s->ipguard_before = store_row_digest_ipguard(row);
    s->txn = ovsdb_idl_txn_create(s->conn.idl);
    ovsdb_idl_txn_add_comment(
        s->txn, "ovn-ipguard: %"PRIuSIZE" holds and %"PRIuSIZE" gates put, "
        "%"PRIuSIZE" and %"PRIuSIZE" deleted", batch->n_put_holds,
        batch->n_put_gates, batch->n_delete_holds, batch->n_delete_gates);
    compose_holds(s, batch);
    compose_gates(s, batch);
    compose_journal(s, batch);
    store_row_write_ipguard(row, &batch->row);
    store_known_expect(&s->known, &row->header_.uuid,
                       store_row_digest_ipguard(row));
    note_row(s, &row->header_.uuid);
    ovsdb_idl_txn_commit(s->txn);
}

void
store_start(struct store *s, const struct store_batch *batch,
            long long int now)
{
    const struct ipgrec_ipguard *row = ipgrec_ipguard_first(s->conn.idl);
    char *error = check_batch(batch);
    bool no_lock;

    ovs_assert(!s->busy);
    store_result_destroy(&s->result);
    memset(&s->result, 0, sizeof s->result);
    free(s->rows);
    s->rows = NULL;
    s->n_rows = 0;
    s->busy = true;
    s->committed = false;
    s->result.token = batch->token;
    s->deadline_ms = now + DB_TXN_TIMEOUT_MS;

    if (error) {
        end_batch(s, TXN_RESULT_ERROR, error);
    } else if (!db_conn_may_write(&s->conn, &no_lock)) {
        end_batch(s, no_lock ? TXN_RESULT_NOT_LOCKED : TXN_RESULT_UNKNOWN,
                  xstrdup(no_lock ? "lock not held" : "not connected"));
    } else if (!row) {
        end_batch(s, TXN_RESULT_LOST, xstrdup("there is no IPGuard row"));
    } else {
        send_batch(s, batch, row);
    }
}

bool
store_is_busy(const struct store *s)
{
    return s->busy;
}

/* ---- Ending. ---- */

/* The server said "try again".  As in nb-act.c, the mirror knows why. */
static void
end_try_again(struct store *s)
{
    const struct ipgrec_ipguard *row = ipgrec_ipguard_first(s->conn.idl);

    if (!row || store_row_digest_ipguard(row) != s->ipguard_before) {
        end_batch(s, TXN_RESULT_LOST, xstrdup("the row of IPGuard was changed "
                                              "by another hand"));
    } else {
        end_batch(s, TXN_RESULT_UNKNOWN,
                  xstrdup("the server asked to try again"));
    }
}

static void
check_txn(struct store *s)
{
    switch (ovsdb_idl_txn_commit(s->txn)) {
    case TXN_UNCOMMITTED:
    case TXN_INCOMPLETE:
        break;

    case TXN_SUCCESS:
    case TXN_UNCHANGED:
        end_txn(&s->txn);
        s->committed = true;
        break;

    case TXN_TRY_AGAIN:
        end_try_again(s);
        break;

    case TXN_NOT_LOCKED:
        end_batch(s, TXN_RESULT_NOT_LOCKED, xstrdup("lock not held"));
        break;

    case TXN_ABORTED:
    case TXN_ERROR:
        end_batch(s, TXN_RESULT_ERROR,
                  xstrdup(ovsdb_idl_txn_get_error(s->txn)));
        break;
    }
}

static bool
is_mirrored(const struct store *s)
{
    for (size_t i = 0; i < s->n_rows; i++) {
        if (store_known_is_awaited(&s->known, &s->rows[i])) {
            return false;
        }
    }
    return true;
}

bool
store_poll(struct store *s, struct store_result *result, long long int now)
{
    if (!s->busy) {
        return false;
    }

    if (s->txn && s->epoch != s->conn.epoch) {
        end_batch(s, TXN_RESULT_UNKNOWN, xstrdup("connection lost"));
    } else if (s->txn) {
        check_txn(s);
    }
    if (s->committed && is_mirrored(s)) {
        end_batch(s, TXN_RESULT_DONE, NULL);
    }
    if ((s->txn || s->committed) && now >= s->deadline_ms) {
        end_batch(s, TXN_RESULT_UNKNOWN,
                  xasprintf("no answer in %d ms", DB_TXN_TIMEOUT_MS));
    }
    if (s->txn || s->committed) {
        return false;
    }

    VLOG_DBG("%s: batch %"PRIu64" of %"PRIuSIZE" rows: %s%s%s",
             s->conn.remote, s->result.token, s->n_rows,
             txn_result_to_string(s->result.result),
             s->result.error ? ": " : "",
             s->result.error ? s->result.error : "");
    *result = s->result;
    memset(&s->result, 0, sizeof s->result);
    s->busy = false;
    return true;
}

void
store_wait(struct store *s)
{
    db_conn_wait(&s->conn);
    db_model_wait(&s->model);
    if (s->create_txn) {
        ovsdb_idl_txn_wait(s->create_txn);
        poll_timer_wait_until(s->create_deadline_ms);
    }
    if (s->txn) {
        ovsdb_idl_txn_wait(s->txn);
    }
    if (s->txn || s->committed) {
        poll_timer_wait_until(s->deadline_ms);
    } else if (s->busy) {
        poll_immediate_wake();
    }
}

/* ---- Status. ---- */

const char *
store_error(const struct store *s)
{
    return db_conn_error(&s->conn);
}

void
store_get_status(const struct store *s, struct db_status *status)
{
    db_conn_get_status(&s->conn, status);
}

void
store_get_memory_usage(const struct store *s, struct simap *usage)
{
    ovsdb_idl_get_memory_usage(s->conn.idl, usage);
    simap_increase(usage, "store-rows", store_known_count(&s->known));
}

void
store_reset_min_index(struct store *s)
{
    ovsdb_idl_reset_min_index(s->conn.idl);
}

void
store_set_probe_interval(struct store *s, int ms)
{
    s->conn.probe_ms = ms;
}
