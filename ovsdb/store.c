/* SPDX-License-Identifier: Apache-2.0 */

/* See store.h.  store-act.c writes.
 *
 * The active instance is the only one to write here, its own memory prevails,
 * and it must notice when that is not so: when an administrator changes a
 * setting, deletes a hold, or puts an old copy of the file in place.  So every
 * row that the mirror shows is compared with what it should look like by our
 * own doing (store-known.c). */

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

#include "ovsdb/store-private.h"
#include "ovsdb/store-row.h"

VLOG_DEFINE_THIS_MODULE(store);

COVERAGE_DEFINE(store_foreign_change);

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
    MIRRORED(hold, waiters),

    MIRRORED(former_port, cleared),
    MIRRORED(former_port, departed_at),
    MIRRORED(former_port, mac),
    MIRRORED(former_port, name),
    MIRRORED(former_port, port),
    MIRRORED(former_port, port_security),

    MIRRORED(gate, address),
    MIRRORED(gate, keep_until),
    MIRRORED(gate, network),
    MIRRORED(gate, network_name),
    MIRRORED(gate, port),
    MIRRORED(gate, port_name),
    MIRRORED(gate, previous),
    MIRRORED(gate, reason),
    MIRRORED(gate, since),

    MIRRORED(request, answer),
    MIRRORED(request, answered_at),
    MIRRORED(request, args),
    MIRRORED(request, by),
    MIRRORED(request, command),
    MIRRORED(request, made_at),
    MIRRORED(request, state),

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


struct store *
store_create(const char *remote, const char *lock_name)
{
    struct store *s = xzalloc(sizeof *s);

    db_conn_init(&s->conn, &ipgrec_idl_class, store_columns,
                 ARRAY_SIZE(store_columns), &this_module, remote, lock_name);
    s->conn.version = ipgrec_get_db_version();
    s->conn.upgrade = "ovn-ipguard-ctl upgrade_db";
    s->journal_by_sequence
        = ovsdb_idl_index_create1(s->conn.idl, &ipgrec_journal_col_sequence);
    store_known_init(&s->known);
    db_model_init(&s->model);
    store_act_init(&s->act);
    return s;
}

void
store_destroy(struct store *s)
{
    if (s) {
        store_act_destroy(&s->act);
        if (s->create_txn) {
            ovsdb_idl_txn_destroy(s->create_txn);
        }
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

static bool
see_request(struct store *s, const struct ipgrec_request *row)
{
    return store_known_see(&s->known, &row->header_.uuid,
                           store_row_digest_request(row));
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
    const struct ipgrec_request *request;
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
    IPGREC_REQUEST_FOR_EACH_TRACKED (request, s->conn.idl) {
        foreign |= (db_row_exists(&request->header_)
                    ? see_request(s, request)
                    : store_known_see_deletion(&s->known,
                                               &request->header_.uuid));
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
    const struct ipgrec_request *request;

    store_known_begin(&s->known);
    see_ipguard(s);
    IPGREC_HOLD_FOR_EACH (hold, s->conn.idl) {
        see_hold(s, hold);
    }
    IPGREC_GATE_FOR_EACH (gate, s->conn.idl) {
        see_gate(s, gate);
    }
    IPGREC_REQUEST_FOR_EACH (request, s->conn.idl) {
        see_request(s, request);
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
        ovsdb_idl_txn_destroy(s->create_txn);
        s->create_txn = NULL;
    }
    if (!may_write || s->act.txn || now < s->create_at_ms
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

static void
snapshot_requests(const struct store *s, struct store_snapshot *snapshot)
{
    const struct ipgrec_request *row;
    size_t allocated = snapshot->n_requests;

    IPGREC_REQUEST_FOR_EACH (row, s->conn.idl) {
        if (snapshot->n_requests >= allocated) {
            snapshot->requests = x2nrealloc(snapshot->requests, &allocated,
                                            sizeof *snapshot->requests);
        }
        snapshot->requests[snapshot->n_requests++]
            = store_row_read_request(row);
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
    snapshot_requests(s, snapshot);
    snapshot->last_sequence = s->last_sequence;
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
    store_act_wait(&s->act);
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
