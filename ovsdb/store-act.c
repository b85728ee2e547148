/* SPDX-License-Identifier: Apache-2.0 */

/* Writing to the own database; see store.h.
 *
 * A batch is one transaction, which verifies and increments
 * IPGuard.generation: a second writer or a restored database makes it fail.
 * Rows have uuids that we chose, and each row is made or replaced according to
 * what the mirror shows, so that a batch can be started again after an unknown
 * outcome. */

#include <config.h>

#include "ovsdb/store.h"

#include <stdlib.h>
#include <string.h>

#include "coverage.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "ovsdb-idl.h"
#include "util.h"
#include "uuid.h"

#include "ovsdb/ipguard-idl.h"

#include "ovsdb/store-private.h"
#include "ovsdb/store-row.h"

VLOG_DEFINE_THIS_MODULE(store_act);

COVERAGE_DEFINE(store_txn);
COVERAGE_DEFINE(store_txn_error);
COVERAGE_DEFINE(store_txn_lost);
COVERAGE_DEFINE(store_txn_unknown);

/* Journal rows deleted in one transaction: trimming must not make the
 * transaction that carries a hold a long one. */
#define TRIM_MAX 1000

/* ---- Composing. ---- */

static void
note_row(struct store *s, const struct uuid *uuid)
{
    s->act.rows[s->act.n_rows++] = *uuid;
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
        const struct ipgrec_hold *row = find_hold(s, &hold->uuid);

        row = store_row_write_hold(s->act.txn, row, hold);
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
        const struct ipgrec_gate *row = find_gate(s, &gate->uuid);

        row = store_row_write_gate(s->act.txn, row, gate);
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

static const struct ipgrec_request *
find_request(const struct store *s, const struct uuid *uuid)
{
    const struct ipgrec_request *row
        = ipgrec_request_get_for_uuid(s->conn.idl, uuid);

    return row && db_row_exists(&row->header_) ? row : NULL;
}

/* Who asked may have taken the request back meanwhile. */
static void
compose_requests(struct store *s, const struct store_batch *batch)
{
    for (size_t i = 0; i < batch->n_answers; i++) {
        const struct request_answer *answer = &batch->answers[i];
        const struct ipgrec_request *row = find_request(s, &answer->uuid);

        if (row) {
            store_row_write_answer(row, answer);
            store_known_expect(&s->known, &answer->uuid,
                               store_row_digest_request(row));
            note_row(s, &answer->uuid);
        }
    }
    for (size_t i = 0; i < batch->n_delete_requests; i++) {
        const struct uuid *uuid = &batch->delete_requests[i];
        const struct ipgrec_request *row = find_request(s, uuid);

        if (row) {
            ipgrec_request_delete(row);
            store_known_expect_deletion(&s->known, uuid);
            note_row(s, uuid);
        }
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
            store_row_write_journal(s->act.txn, &batch->journal[i]);
        }
    }
}

/* ---- Starting. ---- */

void
store_act_init(struct store_act *act)
{
    memset(act, 0, sizeof *act);
}

static void
end_txn(struct store_act *act)
{
    if (act->txn) {
        /* If it was not answered yet, the library forgets it: it may still
         * be committed. */
        ovsdb_idl_txn_destroy(act->txn);
        act->txn = NULL;
    }
}

void
store_act_destroy(struct store_act *act)
{
    end_txn(act);
    store_result_destroy(&act->result);
    free(act->rows);
}

/* Ends the batch; 'error' is taken. */
static void
end_batch(struct store *s, enum txn_result result, char *error)
{
    struct store_act *act = &s->act;

    if ((act->txn || act->committed) && result != TXN_RESULT_UNKNOWN) {
        store_known_settle(&s->known, act->rows, act->n_rows);
    }
    end_txn(act);
    act->committed = false;
    act->result.result = result;
    free(act->result.error);
    act->result.error = error;
    switch (result) {
    case TXN_RESULT_DONE:
    case TXN_RESULT_NOT_LOCKED:
        break;
    case TXN_RESULT_LOST:
        COVERAGE_INC(store_txn_lost);
        break;
    case TXN_RESULT_UNKNOWN:
        COVERAGE_INC(store_txn_unknown);
        break;
    case TXN_RESULT_ERROR:
        COVERAGE_INC(store_txn_error);
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
    struct store_act *act = &s->act;
    size_t n = (batch->n_put_holds + batch->n_delete_holds
                + batch->n_put_gates + batch->n_delete_gates
                + batch->n_answers + batch->n_delete_requests + 1);

    COVERAGE_INC(store_txn);
    act->rows = xmalloc(n * sizeof *act->rows);
    act->n_rows = 0;
    act->epoch = s->conn.epoch;
    act->ipguard_before = store_row_digest_ipguard(row);
    act->txn = ovsdb_idl_txn_create(s->conn.idl);
    ovsdb_idl_txn_add_comment(
        act->txn, "ovn-ipguard: %"PRIuSIZE" holds and %"PRIuSIZE" gates put, "
        "%"PRIuSIZE" and %"PRIuSIZE" deleted",
        batch->n_put_holds, batch->n_put_gates,
        batch->n_delete_holds, batch->n_delete_gates);
    store_known_begin_txn(&s->known);
    compose_holds(s, batch);
    compose_gates(s, batch);
    compose_requests(s, batch);
    compose_journal(s, batch);
    store_row_write_ipguard(row, &batch->row);
    act->result.generation = row->generation;
    store_known_expect(&s->known, &row->header_.uuid,
                       store_row_digest_ipguard(row));
    note_row(s, &row->header_.uuid);
    ovsdb_idl_txn_commit(act->txn);
}

void
store_start(struct store *s, const struct store_batch *batch,
            long long int now)
{
    struct store_act *act = &s->act;
    const struct ipgrec_ipguard *row = ipgrec_ipguard_first(s->conn.idl);
    char *error = check_batch(batch);
    bool no_lock;

    ovs_assert(!act->busy);
    store_result_destroy(&act->result);
    memset(&act->result, 0, sizeof act->result);
    free(act->rows);
    act->rows = NULL;
    act->n_rows = 0;
    act->busy = true;
    act->committed = false;
    act->result.token = batch->token;
    act->deadline_ms = now + DB_TXN_TIMEOUT_MS;

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
    return s->act.busy;
}

/* ---- Ending. ---- */

/* The server said "try again".  As in nb-act.c, the mirror knows why. */
static void
end_try_again(struct store *s)
{
    const struct ipgrec_ipguard *row = ipgrec_ipguard_first(s->conn.idl);

    if (!row || store_row_digest_ipguard(row) != s->act.ipguard_before) {
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
    struct store_act *act = &s->act;

    switch (ovsdb_idl_txn_commit(act->txn)) {
    case TXN_UNCOMMITTED:
    case TXN_INCOMPLETE:
        break;

    case TXN_SUCCESS:
    case TXN_UNCHANGED:
        end_txn(act);
        act->committed = true;
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
                  xstrdup(ovsdb_idl_txn_get_error(act->txn)));
        break;
    }
}

static bool
is_mirrored(const struct store *s)
{
    for (size_t i = 0; i < s->act.n_rows; i++) {
        if (store_known_is_awaited(&s->known, &s->act.rows[i])) {
            return false;
        }
    }
    return true;
}

bool
store_poll(struct store *s, struct store_result *result, long long int now)
{
    struct store_act *act = &s->act;

    if (!act->busy) {
        return false;
    }

    if (act->txn && act->epoch != s->conn.epoch) {
        end_batch(s, TXN_RESULT_UNKNOWN, xstrdup("connection lost"));
    } else if (act->txn) {
        check_txn(s);
    }
    if (act->committed && is_mirrored(s)) {
        end_batch(s, TXN_RESULT_DONE, NULL);
    }
    if ((act->txn || act->committed) && now >= act->deadline_ms) {
        end_batch(s, TXN_RESULT_UNKNOWN,
                  xasprintf("no answer in %d ms", DB_TXN_TIMEOUT_MS));
    }
    if (act->txn || act->committed) {
        return false;
    }

    VLOG_DBG("%s: batch %"PRIu64" of %"PRIuSIZE" rows: %s%s%s",
             s->conn.remote, act->result.token, act->n_rows,
             txn_result_to_string(act->result.result),
             act->result.error ? ": " : "",
             act->result.error ? act->result.error : "");
    *result = act->result;
    memset(&act->result, 0, sizeof act->result);
    act->busy = false;
    return true;
}

void
store_act_wait(struct store_act *act)
{
    if (act->txn) {
        ovsdb_idl_txn_wait(act->txn);
    }
    if (act->txn || act->committed) {
        poll_timer_wait_until(act->deadline_ms);
    } else if (act->busy) {
        poll_immediate_wake();
    }
}
