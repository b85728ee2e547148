/* SPDX-License-Identifier: Apache-2.0 */

/* See sb-view.h.  sb-condition.c decides what is mirrored, sb-rows.c carries
 * the rows to the model, and this is what they do it over and when. */

#include <config.h>

#include "ovsdb/sb-view.h"

#include <stdlib.h>
#include <string.h>

#include "coverage.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "ovsdb-idl.h"
#include "simap.h"
#include "util.h"
#include "uuid.h"

#include "ovsdb/sb-idl.h"

#include "agent/core/model.h"
#include "ovsdb/sb-view-private.h"

VLOG_DEFINE_THIS_MODULE(sb_view);

COVERAGE_DEFINE(sb_full_sync);
COVERAGE_DEFINE(sb_txn);

static const struct db_column sb_columns[] = {
    {&sbrec_sb_global_col_nb_cfg, DB_REQUIRED, NULL},

    {&sbrec_chassis_col_name, DB_REQUIRED, NULL},
    {&sbrec_chassis_col_other_config, DB_OPTIONAL, NULL},

    {&sbrec_chassis_private_col_chassis, DB_REQUIRED, "OVN 20.09"},
    {&sbrec_chassis_private_col_name, DB_REQUIRED, "OVN 20.09"},
    {&sbrec_chassis_private_col_nb_cfg, DB_REQUIRED, "OVN 20.09"},

    {&sbrec_datapath_binding_col_external_ids, DB_REQUIRED, NULL},
    {&sbrec_datapath_binding_col_nb_uuid, DB_OPTIONAL, NULL},

    {&sbrec_mac_binding_col_ip, DB_REQUIRED, NULL},
    {&sbrec_mac_binding_col_logical_port, DB_REQUIRED, NULL},
    {&sbrec_mac_binding_col_mac, DB_REQUIRED, NULL},

    {&sbrec_port_binding_col_additional_chassis, DB_OPTIONAL, NULL},
    {&sbrec_port_binding_col_chassis, DB_REQUIRED, NULL},
    {&sbrec_port_binding_col_datapath, DB_REQUIRED, NULL},
    {&sbrec_port_binding_col_logical_port, DB_REQUIRED, NULL},
    {&sbrec_port_binding_col_mac, DB_REQUIRED, NULL},
    {&sbrec_port_binding_col_nat_addresses, DB_OPTIONAL, NULL},
    {&sbrec_port_binding_col_port_security, DB_OPTIONAL, NULL},
    {&sbrec_port_binding_col_type, DB_OPTIONAL, NULL},
    {&sbrec_port_binding_col_up, DB_OPTIONAL, NULL},
};

/* ---- The whole. ---- */

/* As in nb-view.c. */
static bool
is_read_anew(const struct sb_view *view, unsigned int events,
             const struct sbrec_sb_global *global)
{
    if (!global || !global->nb_cfg) {
        return events & DB_SYNCED;
    }
    return (!uuid_equals(&view->identity, &global->header_.uuid)
            || sbrec_sb_global_is_new(global));
}

static void
set_global(struct sb_view *view, struct model *model,
           const struct sbrec_sb_global *global)
{
    char identity[UUID_LEN + 1];

    view->identity = global->header_.uuid;
    snprintf(identity, sizeof identity, UUID_FMT, UUID_ARGS(&view->identity));
    if (strcmp(model->sb_identity, identity)) {
        free(model->sb_identity);
        model->sb_identity = xstrdup(identity);
        model->change_seqno++;
    }
    if (model->sb_nb_cfg != global->nb_cfg) {
        model->sb_nb_cfg = global->nb_cfg;
        model->change_seqno++;
    }
}

static void
set_synced(struct model *model, bool synced)
{
    if (model->sb_synced != synced) {
        model->sb_synced = synced;
        model->change_seqno++;
    }
}

static void
run_content(const struct sb_run *run, unsigned int events)
{
    struct sb_view *view = run->view;
    const struct sbrec_sb_global *global
        = sbrec_sb_global_first(view->conn.idl);
    bool anew = is_read_anew(view, events, global);

    if (anew || events & DB_SYNCED) {
        sb_condition_synced(&view->condition);
        model_forget_sb(run->model);
    }
    if (anew) {
        COVERAGE_INC(sb_full_sync);
    }
    sb_rows_run(run, anew);

    ds_clear(&view->error);
    if (global) {
        set_global(view, run->model, global);
    } else {
        ds_put_format(&view->error, "%s: database OVN_Southbound has no row "
                      "in SB_Global yet (ovn-northd makes it)",
                      view->conn.remote);
    }
    set_synced(run->model, global != NULL);
    ovsdb_idl_track_clear(view->conn.idl);
}

/* Tells the model of the watch once all of it is shown. */
static void
run_watch(const struct sb_run *run)
{
    struct sb_view *view = run->view;
    const struct sbrec_port_binding *row;

    if (!sb_condition_run(&view->condition, run->watch, run->now)) {
        return;
    }
    /* Rows that were shown all along, from an earlier watch, cause no change
     * that would tell the model of them. */
    SBREC_PORT_BINDING_FOR_EACH (row, view->conn.idl) {
        const char *name = row->logical_port;

        if (sset_contains(&run->watch->ports, name)
            && !sb_condition_is_granted_port(&view->condition, name)) {
            sb_rows_tell_binding(run, row);
        }
    }
    model_ack_sb_watch(run->model, run->watch, run->now);
    sb_condition_grant(&view->condition, run->watch);
    sb_condition_run(&view->condition, run->watch, run->now);
}

/* ---- Deleting MAC bindings. ---- */

static void
run_txn(struct sb_view *view, long long int now)
{
    enum ovsdb_idl_txn_status status;

    if (!view->txn) {
        return;
    }
    status = ovsdb_idl_txn_commit(view->txn);
    if (status == TXN_INCOMPLETE && view->txn_epoch == view->conn.epoch
        && now < view->txn_deadline_ms) {
        return;
    }
    if (status == TXN_ERROR) {
        static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);

        VLOG_WARN_RL(&rl, "%s: MAC bindings could not be deleted (%s)",
                     view->conn.remote, ovsdb_idl_txn_get_error(view->txn));
    } else {
        VLOG_DBG("%s: MAC bindings deleted: %s", view->conn.remote,
                 ovsdb_idl_txn_status_to_string(status));
    }
    ovsdb_idl_txn_destroy(view->txn);
    view->txn = NULL;
}

void
sb_view_delete_mac_bindings(struct sb_view *view, const struct uuid *uuids,
                            size_t n, long long int now)
{
    bool no_lock;

    ovs_assert(!view->txn);
    if (!db_conn_may_write(&view->conn, &no_lock)) {
        VLOG_DBG("%s: MAC bindings not deleted: %s", view->conn.remote,
                 no_lock ? "lock not held" : "not connected");
        return;
    }

    COVERAGE_INC(sb_txn);
    view->txn = ovsdb_idl_txn_create(view->conn.idl);
    view->txn_epoch = view->conn.epoch;
    view->txn_deadline_ms = now + DB_TXN_TIMEOUT_MS;
    ovsdb_idl_txn_add_comment(view->txn, "ovn-ipguard: delete stale MAC "
                              "bindings");
    for (size_t i = 0; i < n; i++) {
        const struct sbrec_mac_binding *row
            = sbrec_mac_binding_get_for_uuid(view->conn.idl, &uuids[i]);

        if (row && db_row_exists(&row->header_)) {
            /* Exactly these: a row that was learnt anew stays. */
            sbrec_mac_binding_verify_ip(row);
            sbrec_mac_binding_verify_logical_port(row);
            sbrec_mac_binding_verify_mac(row);
            sbrec_mac_binding_delete(row);
        }
    }
    ovsdb_idl_txn_commit(view->txn);
}

bool
sb_view_is_busy(const struct sb_view *view)
{
    return view->txn != NULL;
}

/* ---- Life. ---- */

struct sb_view *
sb_view_create(const char *remote, const char *lock_name)
{
    struct sb_view *view = xzalloc(sizeof *view);

    db_conn_init(&view->conn, &sbrec_idl_class, sb_columns,
                 ARRAY_SIZE(sb_columns), &this_module, remote, lock_name);
    sb_condition_init(&view->condition, view->conn.idl);
    ds_init(&view->error);
    row_map_init(&view->chassis);
    row_map_init(&view->privates);
    row_map_init(&view->datapaths);
    row_map_init(&view->mac_bindings);
    row_map_init(&view->bindings);
    return view;
}

void
sb_view_read_every_port(struct sb_view *view)
{
    sb_condition_read_every_port(&view->condition);
}

void
sb_view_destroy(struct sb_view *view)
{
    if (view) {
        if (view->txn) {
            ovsdb_idl_txn_destroy(view->txn);
        }
        db_conn_destroy(&view->conn);
        sb_condition_destroy(&view->condition);
        ds_destroy(&view->error);
        row_map_destroy(&view->chassis);
        row_map_destroy(&view->privates);
        row_map_destroy(&view->datapaths);
        row_map_destroy(&view->mac_bindings);
        row_map_destroy(&view->bindings);
        free(view);
    }
}

void
sb_view_run(struct sb_view *view, struct model *model,
            const struct sb_watch *watch, bool want_lock, long long int now)
{
    struct sb_run run = {
        .view = view, .model = model, .watch = watch, .now = now,
    };
    unsigned int events = db_conn_run(&view->conn, want_lock, now);

    if (events & DB_LOST) {
        sb_condition_lost(&view->condition);
        model_forget_sb(model);
    }
    if (!db_conn_is_usable(&view->conn)) {
        set_synced(model, false);
        if (events & DB_CHANGED) {
            ovsdb_idl_track_clear(view->conn.idl);
            view->identity = UUID_ZERO;
        }
    } else {
        if (events & (DB_SYNCED | DB_CHANGED)) {
            run_content(&run, events);
        }
        run_watch(&run);
    }
    run_txn(view, now);
}

void
sb_view_wait(struct sb_view *view)
{
    db_conn_wait(&view->conn);
    if (db_conn_is_usable(&view->conn)) {
        sb_condition_wait(&view->condition);
    }
    if (view->txn) {
        ovsdb_idl_txn_wait(view->txn);
        poll_timer_wait_until(view->txn_deadline_ms);
    }
}

bool
sb_view_has_additional_chassis(const struct sb_view *view)
{
    return sbrec_server_has_port_binding_table_col_additional_chassis(
        view->conn.idl);
}

const char *
sb_view_find_chassis(const struct sb_view *view, const struct uuid *uuid)
{
    return row_map_find(&view->chassis, uuid);
}

const char *
sb_view_error(const struct sb_view *view)
{
    const char *error = db_conn_error(&view->conn);

    return error ? error : view->error.length ? ds_cstr_ro(&view->error)
           : NULL;
}

const char *
sb_view_missing_optional(const struct sb_view *view)
{
    return db_conn_missing_optional(&view->conn);
}

void
sb_view_get_status(const struct sb_view *view, struct db_status *status)
{
    db_conn_get_status(&view->conn, status);
    status->synced = status->synced && !view->error.length;
}

void
sb_view_get_memory_usage(const struct sb_view *view, struct simap *usage)
{
    ovsdb_idl_get_memory_usage(view->conn.idl, usage);
    simap_increase(usage, "sb-rows",
                   row_map_count(&view->chassis)
                   + row_map_count(&view->privates)
                   + row_map_count(&view->datapaths)
                   + row_map_count(&view->mac_bindings)
                   + row_map_count(&view->bindings));
}

void
sb_view_reset_min_index(struct sb_view *view)
{
    ovsdb_idl_reset_min_index(view->conn.idl);
}

void
sb_view_take_any_member(struct sb_view *view)
{
    ovs_assert(!view->conn.lock_name);
    ovsdb_idl_set_leader_only(view->conn.idl, false);
}

void
sb_view_set_probe_interval(struct sb_view *view, int ms)
{
    view->conn.probe_ms = ms;
}
