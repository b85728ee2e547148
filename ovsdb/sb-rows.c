/* SPDX-License-Identifier: Apache-2.0 */

/* The rows of the Southbound mirror that go to the model one by one; see
 * sb-view-private.h.  Nothing here is deduced from the absence of a row: that
 * is the model's business, which knows what it was told to be shown. */

#include <config.h>

#include "ovsdb/sb-view-private.h"

#include <stdlib.h>

#include "coverage.h"
#include "ovsdb-idl.h"
#include "smap.h"
#include "sset.h"
#include "util.h"
#include "uuid.h"

#include "ovsdb/sb-idl.h"

#include "agent/core/model.h"

COVERAGE_DEFINE(sb_row_changed);

/* ---- Chassis. ---- */

static void
set_chassis(const struct sb_run *run, const struct sbrec_chassis *row)
{
    char *former = row_map_set(&run->view->chassis, &row->header_.uuid,
                               row->name);

    COVERAGE_INC(sb_row_changed);
    if (former) {
        model_remove_chassis(run->model, former, run->now);
        free(former);
    }
    model_set_chassis(run->model, row->name,
                      smap_get_bool(&row->other_config, "is-remote", false));
}

static void
remove_chassis(const struct sb_run *run, const struct uuid *uuid)
{
    char *name = row_map_remove(&run->view->chassis, uuid);

    if (name) {
        COVERAGE_INC(sb_row_changed);
        model_remove_chassis(run->model, name, run->now);
        free(name);
    }
}

static void
set_private(const struct sb_run *run, const struct sbrec_chassis_private *row)
{
    char *former = row_map_set(&run->view->privates, &row->header_.uuid,
                               row->name);

    COVERAGE_INC(sb_row_changed);
    if (former) {
        model_remove_chassis_private(run->model, former);
        free(former);
    }
    model_set_chassis_private(run->model, row->name, row->n_chassis > 0,
                              row->nb_cfg);
}

static void
remove_private(const struct sb_run *run, const struct uuid *uuid)
{
    char *name = row_map_remove(&run->view->privates, uuid);

    if (name) {
        COVERAGE_INC(sb_row_changed);
        model_remove_chassis_private(run->model, name);
        free(name);
    }
}

/* ---- Datapaths and MAC bindings. ---- */

/* The logical switch that the datapath stands for, as text; empty if it is
 * that of a router.  The caller frees it. */
static char *
datapath_switch(const struct sbrec_datapath_binding *row)
{
    const char *text = smap_get(&row->external_ids, "logical-switch");

    if (text) {
        return xstrdup(text);
    }
    /* Routers have this one too, but only switches are asked for. */
    return (row->n_nb_uuid
            ? xasprintf(UUID_FMT, UUID_ARGS(&row->nb_uuid[0]))
            : xstrdup(""));
}

static void
set_datapath(const struct sb_run *run,
             const struct sbrec_datapath_binding *row)
{
    char *name = datapath_switch(row);
    char *former = row_map_set(&run->view->datapaths, &row->header_.uuid,
                               name);

    COVERAGE_INC(sb_row_changed);
    if (former) {
        model_set_datapath(run->model, former, false);
        free(former);
    }
    model_set_datapath(run->model, name, true);
    free(name);
}

static void
remove_datapath(const struct sb_run *run, const struct uuid *uuid)
{
    char *name = row_map_remove(&run->view->datapaths, uuid);

    if (name) {
        COVERAGE_INC(sb_row_changed);
        model_set_datapath(run->model, name, false);
        free(name);
    }
}

static void
set_mac_binding(const struct sb_run *run,
                const struct sbrec_mac_binding *row)
{
    struct mac_binding_row mb = {
        .uuid = row->header_.uuid,
        .logical_port = row->logical_port,
        .ip = row->ip,
        .mac = row->mac,
    };

    COVERAGE_INC(sb_row_changed);
    free(row_map_set(&run->view->mac_bindings, &row->header_.uuid, ""));
    model_set_mac_binding(run->model, &mb);
}

static void
remove_mac_binding(const struct sb_run *run, const struct uuid *uuid)
{
    char *name = row_map_remove(&run->view->mac_bindings, uuid);

    if (name) {
        COVERAGE_INC(sb_row_changed);
        model_remove_mac_binding(run->model, uuid);
        free(name);
    }
}

/* ---- Port bindings. ---- */

void
sb_rows_tell_binding(const struct sb_run *run,
                     const struct sbrec_port_binding *row)
{
    struct sb_binding_row binding = {
        .logical_port = row->logical_port,
        .type = row->type,
        .datapath = row->datapath,
        .mac = row->mac,
        .n_mac = row->n_mac,
        .nat_addresses = row->nat_addresses,
        .n_nat_addresses = row->n_nat_addresses,
        .port_security = row->port_security,
        .n_port_security = row->n_port_security,
        .n_additional_chassis = row->n_additional_chassis,
        .up = row->n_up && row->up[0],
    };

    if (row->n_chassis) {
        binding.chassis = row_map_find(&run->view->chassis, row->chassis);
        if (!binding.chassis) {
            binding.chassis = "?";
            run->view->unresolved = true;
        }
    }
    COVERAGE_INC(sb_row_changed);
    model_set_binding(run->model, &binding, run->now);
}

/* Is the model told of this port?  Ports that left the watch are shown for a
 * while yet, and the model has forgotten them; but not those of the watch that
 * it was granted, while a newer one waits for its acknowledgement. */
static bool
is_told(const struct sb_run *run, const char *logical_port)
{
    return (sset_contains(&run->watch->ports, logical_port)
            || sb_condition_is_granted_port(&run->view->condition,
                                            logical_port));
}

static void
set_binding(const struct sb_run *run, const struct sbrec_port_binding *row)
{
    char *former = row_map_set(&run->view->bindings, &row->header_.uuid,
                               row->logical_port);

    if (former) {
        model_remove_binding(run->model, former, run->now);
        free(former);
    }
    if (is_told(run, row->logical_port)) {
        sb_rows_tell_binding(run, row);
    }
}

static void
remove_binding(const struct sb_run *run, const struct uuid *uuid)
{
    char *name = row_map_remove(&run->view->bindings, uuid);

    if (name) {
        COVERAGE_INC(sb_row_changed);
        model_remove_binding(run->model, name, run->now);
        free(name);
    }
}

/* A chassis' row came after that of a binding which names it. */
static void
resolve_bindings(const struct sb_run *run)
{
    const struct sbrec_port_binding *row;

    run->view->unresolved = false;
    SBREC_PORT_BINDING_FOR_EACH (row, run->view->conn.idl) {
        if (row->n_chassis && is_told(run, row->logical_port)) {
            sb_rows_tell_binding(run, row);
        }
    }
}

/* ---- The whole. ---- */

void
sb_rows_run(const struct sb_run *run, bool anew)
{
    struct sb_view *view = run->view;
    struct ovsdb_idl *idl = view->conn.idl;

    bool resolve = view->unresolved && (anew
                                        || sbrec_chassis_track_get_first(idl));

    /* Chassis first: bindings refer to them. */
    ROW_MAP_RUN(SBREC_CHASSIS, sbrec_chassis, idl, anew, &view->chassis,
                set_chassis, remove_chassis, run);
    ROW_MAP_RUN(SBREC_CHASSIS_PRIVATE, sbrec_chassis_private, idl, anew,
                &view->privates, set_private, remove_private, run);
    ROW_MAP_RUN(SBREC_DATAPATH_BINDING, sbrec_datapath_binding, idl, anew,
                &view->datapaths, set_datapath, remove_datapath, run);
    ROW_MAP_RUN(SBREC_PORT_BINDING, sbrec_port_binding, idl, anew,
                &view->bindings, set_binding, remove_binding, run);
    ROW_MAP_RUN(SBREC_MAC_BINDING, sbrec_mac_binding, idl, anew,
                &view->mac_bindings, set_mac_binding, remove_mac_binding,
                run);
    if (resolve) {
        resolve_bindings(run);
    }
}
