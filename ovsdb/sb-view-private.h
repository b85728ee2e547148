/* SPDX-License-Identifier: Apache-2.0 */

/* What sb-view.c (connection, watch, life) and sb-rows.c (the rows that the
 * model is told of) share.  Nobody else includes this. */

#ifndef SB_VIEW_PRIVATE_H
#define SB_VIEW_PRIVATE_H 1

#include <stdbool.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/uuid.h"

#include "ovsdb/db-conn.h"
#include "ovsdb/row-map.h"
#include "ovsdb/sb-condition.h"
#include "ovsdb/sb-view.h"

struct model;
struct sb_watch;
struct sbrec_port_binding;

struct sb_view {
    struct db_conn conn;
    struct sb_condition condition;
    struct ds error;            /* Beyond conn's: no SB_Global. */
    struct uuid identity;       /* SB_Global; all zeros before the first. */

    /* Rows that the model was told of; by the names in parentheses. */
    struct row_map chassis;     /* (name) */
    struct row_map privates;    /* Chassis_Private (name). */
    struct row_map datapaths;   /* (logical switch's uuid) */
    struct row_map mac_bindings; /* (none) */
    struct row_map bindings;    /* Port_Binding (logical_port). */
    bool unresolved;            /* A binding named a chassis that has no row
                                 * here. */

    struct ovsdb_idl_txn *txn;  /* Deletes MAC bindings. */
    uint64_t txn_epoch;
    long long int txn_deadline_ms;
};

/* What the functions that carry rows work on. */
struct sb_run {
    struct sb_view *view;
    struct model *model;
    const struct sb_watch *watch;
    long long int now;
};

/* Tells the model of the rows that changed, or, with 'anew', of all that are
 * there, and of those that went. */
void sb_rows_run(const struct sb_run *, bool anew);

/* Tells it of a binding as it is now. */
void sb_rows_tell_binding(const struct sb_run *,
                          const struct sbrec_port_binding *);

#endif /* sb-view-private.h */
