/* SPDX-License-Identifier: Apache-2.0 */

/* Writing to the Northbound database; see nb-view.h.
 *
 * A batch is one transaction.  Every row of it is compared with what the
 * batch was decided upon, twice: with the mirror before anything is sent, and
 * by the server, which is made to verify the columns that matter.  Without
 * the second, a write to a row that somebody deleted meanwhile would be
 * reported as a success.
 *
 * What cannot be told apart by the answer alone, is told by the mirror.  The
 * server sends the changes that made a verification fail before it sends the
 * failure; so if no row has changed, then it was something else, and the
 * outcome is unknown. */

#include <config.h>

#include "ovsdb/nb-view.h"

#include <stdlib.h>
#include <string.h>

#include "coverage.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "ovsdb-idl.h"
#include "smap.h"
#include "svec.h"
#include "util.h"
#include "uuid.h"

#include "ovsdb/nb-idl.h"

#include "ovsdb/nb-view-private.h"

VLOG_DEFINE_THIS_MODULE(nb_act);

COVERAGE_DEFINE(nb_txn);
COVERAGE_DEFINE(nb_txn_error);
COVERAGE_DEFINE(nb_txn_lost);
COVERAGE_DEFINE(nb_txn_unknown);

/* What decides whether a row is as expected: digests are made of these. */
static const struct ovsdb_idl_column *const lsp_columns[] = {
    &nbrec_logical_switch_port_col_addresses,
    &nbrec_logical_switch_port_col_enabled,
    &nbrec_logical_switch_port_col_external_ids,
    &nbrec_logical_switch_port_col_options,
    &nbrec_logical_switch_port_col_port_security,
    &nbrec_logical_switch_port_col_type,
};

static uint64_t
row_digest(const struct nbrec_logical_switch_port *row)
{
    return db_row_digest(&row->header_, lsp_columns, ARRAY_SIZE(lsp_columns));
}

static const struct nbrec_logical_switch_port *
find_row(const struct nb_view *view, const struct uuid *uuid)
{
    const struct nbrec_logical_switch_port *row
        = nbrec_logical_switch_port_get_for_uuid(view->conn.idl, uuid);

    return row && db_row_exists(&row->header_) ? row : NULL;
}

/* ---- Before: does the mirror look as the batch says? ---- */

/* Are the 'n' strings of a column, which are sorted and unique, the set
 * 'expected'? */
static bool
is_set(char *const *strings, size_t n, const struct svec *expected)
{
    struct svec sorted;
    bool equal;

    svec_clone(&sorted, expected);
    svec_sort_unique(&sorted);
    equal = sorted.n == n;
    for (size_t i = 0; equal && i < n; i++) {
        equal = !strcmp(sorted.names[i], strings[i]);
    }
    svec_destroy(&sorted);
    return equal;
}

static enum tristate
row_enabled(const struct nbrec_logical_switch_port *row)
{
    return (!row->n_enabled ? TRI_UNSET
            : row->enabled[0] ? TRI_TRUE : TRI_FALSE);
}

static bool
is_as_expected(const struct nbrec_logical_switch_port *row,
               const struct nb_write *w)
{
    return (row
            && !strcmp(row->name, w->port_name)
            && is_set(row->addresses, row->n_addresses, &w->old_addresses)
            && (!w->set_port_security
                || is_set(row->port_security, row->n_port_security,
                          &w->old_port_security))
            && (!w->set_enabled || row_enabled(row) == w->old_enabled)
            && (!w->set_mark
                || nullable_string_is_equal(smap_get(&row->options,
                                                     GATE_MARK_KEY),
                                            w->old_mark)));
}

static int
compare_uuids(const void *a, const void *b)
{
    return uuid_compare_3way(a, b);
}

/* Two writes to one row were each decided upon without the other; the second
 * would undo the first. */
static bool
has_duplicates(const struct nb_batch *batch)
{
    struct uuid *uuids = xmalloc((batch->n + 1) * sizeof *uuids);
    bool found = false;

    for (size_t i = 0; i < batch->n; i++) {
        uuids[i] = batch->writes[i].port;
    }
    qsort(uuids, batch->n, sizeof *uuids, compare_uuids);
    for (size_t i = 1; i < batch->n; i++) {
        found |= uuid_equals(&uuids[i - 1], &uuids[i]);
    }
    free(uuids);
    return found;
}

static void
add_lost(struct nb_result *result, const struct uuid *port)
{
    result->lost = xrealloc(result->lost,
                            (result->n_lost + 1) * sizeof *result->lost);
    result->lost[result->n_lost++] = *port;
}

/* ---- Composing. ---- */

static void
set_strings(const struct nbrec_logical_switch_port *row,
            void (*set)(const struct nbrec_logical_switch_port *,
                        const char **, size_t),
            const struct svec *strings)
{
    struct svec sorted;

    svec_clone(&sorted, strings);
    svec_sort_unique(&sorted);
    set(row, (const char **) sorted.names, sorted.n);
    svec_destroy(&sorted);
}

static void
compose_mark(const struct nbrec_logical_switch_port *row,
             const struct nb_write *w)
{
    nbrec_logical_switch_port_verify_options(row);
    if (nullable_string_is_equal(w->old_mark, w->new_mark)) {
        return;
    }
    if (w->new_mark) {
        nbrec_logical_switch_port_update_options_setkey(row, GATE_MARK_KEY,
                                                        w->new_mark);
    } else {
        nbrec_logical_switch_port_update_options_delkey(row, GATE_MARK_KEY);
    }
}

/* Adds one row to the open transaction.  A column must be verified before it
 * is set.  Only what differs is set. */
static void
compose_row(const struct nbrec_logical_switch_port *row,
            const struct nb_write *w, struct nb_act_row *r)
{
    bool mark_changes = (w->set_mark
                         && !nullable_string_is_equal(w->old_mark,
                                                      w->new_mark));

    r->uuid = w->port;
    r->before = row_digest(row);

    nbrec_logical_switch_port_verify_addresses(row);
    nbrec_logical_switch_port_verify_external_ids(row);
    nbrec_logical_switch_port_verify_type(row);
    if (w->set_addresses
        && !is_set(row->addresses, row->n_addresses, &w->new_addresses)) {
        set_strings(row, nbrec_logical_switch_port_set_addresses,
                    &w->new_addresses);
    }
    if (w->set_port_security) {
        nbrec_logical_switch_port_verify_port_security(row);
        if (!is_set(row->port_security, row->n_port_security,
                    &w->new_port_security)) {
            set_strings(row, nbrec_logical_switch_port_set_port_security,
                        &w->new_port_security);
        }
    }
    if (w->set_enabled) {
        nbrec_logical_switch_port_verify_enabled(row);
        if (w->old_enabled != w->new_enabled) {
            bool value = w->new_enabled == TRI_TRUE;

            nbrec_logical_switch_port_set_enabled(
                row, &value, w->new_enabled != TRI_UNSET);
        }
    }
    if (w->set_mark) {
        compose_mark(row, w);
    }
    /* A changed key of a map is not seen in the row before the server tells
     * of it, so there may be a change without another digest here. */
    r->changes = mark_changes || row_digest(row) != r->before;
}

/* Returns NULL, or why the increment cannot be made. */
static char *
compose_bump(struct nb_view *view, struct ovsdb_idl_txn *txn)
{
    const struct nbrec_nb_global *global
        = nbrec_nb_global_first(view->conn.idl);

    if (!global) {
        return xstrdup("NB_Global has no row");
    }
    if (nbrec_server_has_nb_global_table_col_name(view->conn.idl)) {
        /* Only for the row's sake: an increment of a row that is gone would
         * be reported as an error, with the writes beside it done. */
        nbrec_nb_global_verify_name(global);
    }
    ovsdb_idl_txn_increment(txn, &global->header_, &nbrec_nb_global_col_nb_cfg,
                            true);
    return NULL;
}

/* ---- Starting. ---- */

void
nb_act_init(struct nb_act *act)
{
    memset(act, 0, sizeof *act);
}

static void
end_txn(struct nb_act *act)
{
    if (act->txn) {
        /* If it was not answered yet, the library forgets it: it may still
         * be committed. */
        ovsdb_idl_txn_destroy(act->txn);
        act->txn = NULL;
    }
}

static void
clear_result(struct nb_act *act)
{
    nb_result_destroy(&act->result);
    memset(&act->result, 0, sizeof act->result);
}

void
nb_act_destroy(struct nb_act *act)
{
    end_txn(act);
    clear_result(act);
    free(act->rows);
    free(act->switches);
}

/* Ends the batch; 'error' is taken. */
static void
end_act(struct nb_act *act, enum txn_result result, char *error)
{
    end_txn(act);
    act->committed = false;
    act->result.result = result;
    free(act->result.error);
    act->result.error = error;
    switch (result) {
    case TXN_RESULT_DONE:
        break;
    case TXN_RESULT_LOST:
        COVERAGE_INC(nb_txn_lost);
        break;
    case TXN_RESULT_UNKNOWN:
        COVERAGE_INC(nb_txn_unknown);
        break;
    case TXN_RESULT_NOT_LOCKED:
        break;
    case TXN_RESULT_ERROR:
        COVERAGE_INC(nb_txn_error);
        break;
    }
}

static void
send_batch(struct nb_view *view, const struct nb_batch *batch)
{
    struct nb_act *act = &view->act;
    struct ovsdb_idl_txn *txn = ovsdb_idl_txn_create(view->conn.idl);
    char *error = NULL;

    ovsdb_idl_txn_add_comment(txn, "ovn-ipguard: %s",
                              batch->comment ? batch->comment : "barrier");
    for (size_t i = 0; i < batch->n; i++) {
        compose_row(find_row(view, &batch->writes[i].port),
                    &batch->writes[i], &act->rows[act->n_rows++]);
    }
    for (size_t i = 0; i < batch->n_switches; i++) {
        nb_switch_compose(view, &batch->switches[i],
                          &act->switches[act->n_switches++]);
    }
    if (batch->bump) {
        error = compose_bump(view, txn);
    }
    if (error) {
        ovsdb_idl_txn_abort(txn);
        ovsdb_idl_txn_destroy(txn);
        end_act(act, TXN_RESULT_ERROR, error);
        return;
    }
    COVERAGE_INC(nb_txn);
    act->txn = txn;
    act->epoch = view->conn.epoch;
    ovsdb_idl_txn_commit(txn);
}

void
nb_act_start(struct nb_view *view, const struct nb_batch *batch,
             long long int now)
{
    struct nb_act *act = &view->act;
    bool no_lock;

    ovs_assert(!act->busy);
    clear_result(act);
    free(act->rows);
    act->rows = xmalloc((batch->n + 1) * sizeof *act->rows);
    act->n_rows = 0;
    free(act->switches);
    act->switches = xmalloc((batch->n_switches + 1) * sizeof *act->switches);
    act->n_switches = 0;
    act->busy = true;
    act->committed = false;
    act->bump = batch->bump;
    act->token = act->result.token = batch->token;
    act->deadline_ms = now + DB_TXN_TIMEOUT_MS;

    if (!db_conn_may_write(&view->conn, &no_lock)) {
        /* Nothing was sent. */
        end_act(act, no_lock ? TXN_RESULT_NOT_LOCKED : TXN_RESULT_UNKNOWN,
                xstrdup(no_lock ? "lock not held" : "not connected"));
        return;
    }
    if (has_duplicates(batch)) {
        end_act(act, TXN_RESULT_ERROR, xstrdup("a row is twice in the batch"));
        return;
    }
    for (size_t i = 0; i < batch->n; i++) {
        const struct nb_write *w = &batch->writes[i];

        if (!is_as_expected(find_row(view, &w->port), w)) {
            add_lost(&act->result, &w->port);
        }
    }
    for (size_t i = 0; i < batch->n_switches; i++) {
        const struct nb_switch_write *w = &batch->switches[i];

        if (!nb_switch_is_as_expected(view, w)) {
            add_lost(&act->result, &w->network);
        }
    }
    if (act->result.n_lost) {
        end_act(act, TXN_RESULT_LOST, NULL);
    } else {
        send_batch(view, batch);
    }
}

bool
nb_act_is_busy(const struct nb_view *view)
{
    return view->act.busy;
}

/* ---- Ending. ---- */

/* The server said "try again".  If a row is not as it was, then that is why,
 * and nothing was written. */
static void
end_lost(struct nb_view *view)
{
    struct nb_act *act = &view->act;

    for (size_t i = 0; i < act->n_rows; i++) {
        const struct nbrec_logical_switch_port *row
            = find_row(view, &act->rows[i].uuid);

        if (!row || row_digest(row) != act->rows[i].before) {
            add_lost(&act->result, &act->rows[i].uuid);
        }
    }
    for (size_t i = 0; i < act->n_switches; i++) {
        if (nb_switch_digest(view, &act->switches[i].uuid)
            != act->switches[i].before) {
            add_lost(&act->result, &act->switches[i].uuid);
        }
    }
    if (act->result.n_lost) {
        end_act(act, TXN_RESULT_LOST, NULL);
    } else {
        end_act(act, TXN_RESULT_UNKNOWN,
                xstrdup("the server asked to try again"));
    }
}

/* Does the mirror show what was written?  A row that differs from what it was
 * shows it, or a later change by another hand. */
static bool
is_mirrored(const struct nb_view *view)
{
    const struct nb_act *act = &view->act;

    for (size_t i = 0; i < act->n_rows; i++) {
        const struct nb_act_row *r = &act->rows[i];
        const struct nbrec_logical_switch_port *row;

        if (r->changes
            && (row = find_row(view, &r->uuid))
            && row_digest(row) == r->before) {
            return false;
        }
    }
    for (size_t i = 0; i < act->n_switches; i++) {
        if (nb_switch_digest(view, &act->switches[i].uuid)
            == act->switches[i].before) {
            return false;
        }
    }
    return true;
}

static void
check_txn(struct nb_view *view)
{
    struct nb_act *act = &view->act;

    switch (ovsdb_idl_txn_commit(act->txn)) {
    case TXN_UNCOMMITTED:
    case TXN_INCOMPLETE:
        break;

    case TXN_SUCCESS:
        if (act->bump) {
            act->result.nb_cfg
                = ovsdb_idl_txn_get_increment_new_value(act->txn);
        }
        end_txn(act);
        act->committed = true;
        break;

    case TXN_UNCHANGED:
        end_act(act, TXN_RESULT_DONE, NULL);
        break;

    case TXN_TRY_AGAIN:
        end_lost(view);
        break;

    case TXN_NOT_LOCKED:
        end_act(act, TXN_RESULT_NOT_LOCKED, xstrdup("lock not held"));
        break;

    case TXN_ABORTED:
    case TXN_ERROR:
        end_act(act, TXN_RESULT_ERROR,
                xstrdup(ovsdb_idl_txn_get_error(act->txn)));
        break;
    }
}

static void
run_act(struct nb_view *view, long long int now)
{
    struct nb_act *act = &view->act;

    if (act->txn && act->epoch != view->conn.epoch) {
        /* An answer that came with the end of the connection does not count:
         * "try again" is also what the library says of it. */
        end_act(act, TXN_RESULT_UNKNOWN, xstrdup("connection lost"));
        return;
    }
    if (act->txn) {
        check_txn(view);
    }
    if (act->committed && is_mirrored(view)) {
        end_act(act, TXN_RESULT_DONE, NULL);
    }
    if ((act->txn || act->committed) && now >= act->deadline_ms) {
        end_act(act, TXN_RESULT_UNKNOWN,
                xasprintf("no answer in %d ms", DB_TXN_TIMEOUT_MS));
    }
}

bool
nb_act_poll(struct nb_view *view, struct nb_result *result, long long int now)
{
    struct nb_act *act = &view->act;

    if (!act->busy) {
        return false;
    }
    run_act(view, now);
    if (act->txn || act->committed) {
        return false;
    }

    VLOG_DBG("%s: batch %"PRIu64" of %"PRIuSIZE" rows: %s%s%s",
             view->conn.remote, act->token, act->n_rows,
             txn_result_to_string(act->result.result),
             act->result.error ? ": " : "",
             act->result.error ? act->result.error : "");
    *result = act->result;
    memset(&act->result, 0, sizeof act->result);
    act->busy = false;
    return true;
}

void
nb_act_wait(struct nb_view *view)
{
    struct nb_act *act = &view->act;

    if (!act->busy) {
        return;
    }
    if (act->txn) {
        ovsdb_idl_txn_wait(act->txn);
    }
    if (act->txn || act->committed) {
        poll_timer_wait_until(act->deadline_ms);
    } else {
        poll_immediate_wake();
    }
}
