/* SPDX-License-Identifier: Apache-2.0 */

/* See nb-view.h.
 *
 * There are two ways from the mirror to the model.  Usually, tracked changes
 * are carried over row by row.  But content that was read anew (at the start,
 * and after a reconnection that could not be resumed) is tracked as "all of
 * it is new", and says nothing of what is no more; then everything is set,
 * and what the model was told before and is not there now is removed.
 *
 * Within a batch, the order is: rows that are gone, switches, ports, switches
 * that are gone.  So a port that replaces another of the same name finds the
 * name free, a port finds its switch, and a switch has no ports when it is
 * removed. */

#include <config.h>

#include "ovsdb/nb-view.h"

#include <stdlib.h>
#include <string.h>

#include "coverage.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/vlog.h"
#include "ovsdb-idl.h"
#include "simap.h"
#include "smap.h"
#include "util.h"
#include "uuid.h"

#include "ovsdb/nb-idl.h"

#include "agent/core/model.h"
#include "ovsdb/nb-columns.h"
#include "ovsdb/nb-view-private.h"

VLOG_DEFINE_THIS_MODULE(nb_view);

COVERAGE_DEFINE(nb_full_sync);
COVERAGE_DEFINE(nb_network_changed);
COVERAGE_DEFINE(nb_port_changed);

/* ---- Switches and their ports. ---- */

static void
set_network(struct model *model, const struct nbrec_logical_switch *row)
{
    struct nb_network_row network = {
        .uuid = row->header_.uuid,
        .name = row->name,
        .other_config = &row->other_config,
    };

    COVERAGE_INC(nb_network_changed);
    model_set_network(model, &network);
}

static void
set_port(struct model *model, const struct nbrec_logical_switch_port *row,
         const struct uuid *network)
{
    struct nb_port_row port = {
        .uuid = row->header_.uuid,
        .network = *network,
        .name = row->name,
        .type = row->type,
        .addresses = row->addresses,
        .n_addresses = row->n_addresses,
        .dynamic_addresses = row->dynamic_addresses,
        .port_security = row->port_security,
        .n_port_security = row->n_port_security,
        .enabled = (!row->n_enabled ? TRI_UNSET
                    : row->enabled[0] ? TRI_TRUE : TRI_FALSE),
        .options = &row->options,
        .external_ids = &row->external_ids,
    };

    COVERAGE_INC(nb_port_changed);
    model_set_port(model, &port);
}

static void
remove_port(struct model *model, const struct uuid *uuid)
{
    COVERAGE_INC(nb_port_changed);
    model_remove_port(model, uuid);
}

static void
remove_network(struct model *model, const struct uuid *uuid)
{
    COVERAGE_INC(nb_network_changed);
    model_remove_network(model, uuid);
}

static void
set_dirty_ports(struct nb_view *view, struct model *model)
{
    struct uuid uuid, network;

    while (nb_ports_pop_dirty(&view->ports, &uuid, &network)) {
        const struct nbrec_logical_switch_port *row
            = nbrec_logical_switch_port_get_for_uuid(view->conn.idl, &uuid);

        if (row && db_row_exists(&row->header_)) {
            set_port(model, row, &network);
        }
    }
}

/* All content is new: sets all of it and removes the rest. */
static void
sync_ports(struct nb_view *view, struct model *model)
{
    const struct nbrec_logical_switch_port *lsp;
    const struct nbrec_logical_switch *ls;
    struct uuid *gone;
    size_t n;

    nb_ports_begin(&view->ports);
    NBREC_LOGICAL_SWITCH_FOR_EACH (ls, view->conn.idl) {
        nb_ports_set_switch(&view->ports, &ls->header_.uuid, ls->ports,
                            ls->n_ports);
        set_network(model, ls);
    }
    NBREC_LOGICAL_SWITCH_PORT_FOR_EACH (lsp, view->conn.idl) {
        nb_ports_set_row(&view->ports, &lsp->header_.uuid);
    }

    n = nb_ports_sweep_rows(&view->ports, &gone);
    for (size_t i = 0; i < n; i++) {
        remove_port(model, &gone[i]);
    }
    free(gone);

    n = nb_ports_sweep_switches(&view->ports, &gone);
    set_dirty_ports(view, model);
    for (size_t i = 0; i < n; i++) {
        remove_network(model, &gone[i]);
    }
    free(gone);
}

static void
run_switches(struct nb_view *view, struct model *model)
{
    const struct nbrec_logical_switch *ls;

    NBREC_LOGICAL_SWITCH_FOR_EACH_TRACKED (ls, view->conn.idl) {
        if (!db_row_exists(&ls->header_)) {
            continue;
        }

        /* A switch without name and ports is not tracked when it is made. */
        bool is_new = (nbrec_logical_switch_is_new(ls)
                       || !nb_ports_has_switch(&view->ports,
                                               &ls->header_.uuid));

        if (is_new
            || nbrec_logical_switch_is_updated(
                ls, NBREC_LOGICAL_SWITCH_COL_NAME)
            || nbrec_logical_switch_is_updated(
                ls, NBREC_LOGICAL_SWITCH_COL_OTHER_CONFIG)) {
            set_network(model, ls);
        }
        if (is_new
            || nbrec_logical_switch_is_updated(
                ls, NBREC_LOGICAL_SWITCH_COL_PORTS)) {
            nb_ports_set_switch(&view->ports, &ls->header_.uuid, ls->ports,
                                ls->n_ports);
        }
    }
}

/* Carries the tracked changes. */
static void
run_ports(struct nb_view *view, struct model *model)
{
    const struct nbrec_logical_switch_port *lsp;
    const struct nbrec_logical_switch *ls;

    NBREC_LOGICAL_SWITCH_PORT_FOR_EACH_TRACKED (lsp, view->conn.idl) {
        if (!db_row_exists(&lsp->header_)
            && nb_ports_remove_row(&view->ports, &lsp->header_.uuid)) {
            remove_port(model, &lsp->header_.uuid);
        }
    }
    run_switches(view, model);
    NBREC_LOGICAL_SWITCH_PORT_FOR_EACH_TRACKED (lsp, view->conn.idl) {
        if (db_row_exists(&lsp->header_)) {
            nb_ports_set_row(&view->ports, &lsp->header_.uuid);
        }
    }
    set_dirty_ports(view, model);
    NBREC_LOGICAL_SWITCH_FOR_EACH_TRACKED (ls, view->conn.idl) {
        if (!db_row_exists(&ls->header_)
            && nb_ports_remove_switch(&view->ports, &ls->header_.uuid)) {
            set_dirty_ports(view, model);
            remove_network(model, &ls->header_.uuid);
        }
    }
}

/* ---- The whole. ---- */

static void
set_global(struct nb_view *view, struct model *model,
           const struct nbrec_nb_global *global)
{
    bool report = smap_get_bool(&global->options,
                                "enable_chassis_nb_cfg_update", true);
    char identity[UUID_LEN + 1];

    view->identity = global->header_.uuid;
    snprintf(identity, sizeof identity, UUID_FMT, UUID_ARGS(&view->identity));
    if (strcmp(model->nb_identity, identity)) {
        free(model->nb_identity);
        model->nb_identity = xstrdup(identity);
        model->change_seqno++;
    }
    if (model->nb_cfg != global->nb_cfg || model->chassis_report != report) {
        model->nb_cfg = global->nb_cfg;
        model->chassis_report = report;
        model->change_seqno++;
    }
}

static void
set_synced(struct model *model, bool synced)
{
    if (model->nb_synced != synced) {
        model->nb_synced = synced;
        model->change_seqno++;
    }
}

/* Content was read anew exactly if the row of NB_Global, which is never
 * replaced while a database lives, is tracked as new.  But the library does
 * not track a row that has nothing but default values; then, as without a row,
 * a new connection must be taken for it. */
static bool
is_read_anew(const struct nb_view *view, unsigned int events,
             const struct nbrec_nb_global *global)
{
    if (!global || (!global->nb_cfg && !global->name[0]
                    && smap_is_empty(&global->options))) {
        return events & DB_SYNCED;
    }
    return (!uuid_equals(&view->identity, &global->header_.uuid)
            || nbrec_nb_global_is_new(global));
}

static void
run_content(struct nb_view *view, struct model *model, unsigned int events)
{
    const struct nbrec_nb_global *global
        = nbrec_nb_global_first(view->conn.idl);
    bool anew = is_read_anew(view, events, global);

    nb_references_run(view, model, anew);
    if (anew) {
        COVERAGE_INC(nb_full_sync);
        sync_ports(view, model);
        VLOG_INFO("%s: read %"PRIuSIZE" ports on %"PRIuSIZE" switches",
                  view->conn.remote, nb_ports_count(&view->ports),
                  nb_ports_count_switches(&view->ports));
    } else {
        run_ports(view, model);
    }

    ds_clear(&view->error);
    if (global) {
        set_global(view, model, global);
    } else {
        /* There is no barrier without it, and no telling one database from
         * another. */
        ds_put_format(&view->error, "%s: database OVN_Northbound has no row "
                      "in NB_Global yet (ovn-northd makes it)",
                      view->conn.remote);
    }
    set_synced(model, global != NULL);
    ovsdb_idl_track_clear(view->conn.idl);
}

struct nb_view *
nb_view_create(const char *remote, const char *lock_name)
{
    struct nb_view *view = xzalloc(sizeof *view);

    db_conn_init(&view->conn, &nbrec_idl_class, nb_columns,
                 nb_n_columns, &this_module, remote, lock_name);
    nb_ports_init(&view->ports);
    nb_references_init(view);
    ds_init(&view->error);
    nb_act_init(&view->act);
    return view;
}

void
nb_view_destroy(struct nb_view *view)
{
    if (view) {
        nb_act_destroy(&view->act);
        db_conn_destroy(&view->conn);
        nb_ports_destroy(&view->ports);
        nb_references_destroy(view);
        ds_destroy(&view->error);
        free(view);
    }
}

void
nb_view_run(struct nb_view *view, struct model *model, bool want_lock,
            bool want_references, long long int now)
{
    if (view->references_wanted != want_references) {
        nb_references_want(view, want_references);
    }

    unsigned int events = db_conn_run(&view->conn, want_lock, now);
    if (!db_conn_is_usable(&view->conn)) {
        /* The content stays: it is the best there is to report. */
        set_synced(model, false);
        if (events & DB_CHANGED) {
            /* Changes that are not carried over leave the model behind. */
            ovsdb_idl_track_clear(view->conn.idl);
            view->identity = UUID_ZERO;
        }
    } else if (events & (DB_SYNCED | DB_CHANGED)) {
        run_content(view, model, events);
    }
}

bool
nb_view_has_references(const struct nb_view *view)
{
    return (view->references_wanted
            && ovsdb_idl_get_condition_seqno(view->conn.idl)
               >= view->references_seqno);
}

void
nb_view_wait(struct nb_view *view)
{
    db_conn_wait(&view->conn);
}

const char *
nb_view_error(const struct nb_view *view)
{
    const char *error = db_conn_error(&view->conn);

    return error ? error : view->error.length ? ds_cstr_ro(&view->error)
           : NULL;
}

const char *
nb_view_missing_optional(const struct nb_view *view)
{
    return db_conn_missing_optional(&view->conn);
}

void
nb_view_get_status(const struct nb_view *view, struct db_status *status)
{
    db_conn_get_status(&view->conn, status);
    status->synced = status->synced && !view->error.length;
}

void
nb_view_get_memory_usage(const struct nb_view *view, struct simap *usage)
{
    ovsdb_idl_get_memory_usage(view->conn.idl, usage);
    simap_increase(usage, "nb-ports", nb_ports_count(&view->ports));
    simap_increase(usage, "nb-references", nb_references_count(view));
}

void
nb_view_reset_min_index(struct nb_view *view)
{
    ovsdb_idl_reset_min_index(view->conn.idl);
}

void
nb_view_take_any_member(struct nb_view *view)
{
    ovs_assert(!view->conn.lock_name);
    ovsdb_idl_set_leader_only(view->conn.idl, false);
}

void
nb_view_set_probe_interval(struct nb_view *view, int ms)
{
    view->conn.probe_ms = ms;
}
