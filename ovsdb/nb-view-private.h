/* SPDX-License-Identifier: Apache-2.0 */

/* What nb-view.c and nb-references.c, which read, and nb-act.c, which writes,
 * share: the connection.  Nobody else includes this. */

#ifndef NB_VIEW_PRIVATE_H
#define NB_VIEW_PRIVATE_H 1

#include "agent/core/orders.h"
#include "ovsdb/db-conn.h"
#include "ovsdb/nb-ports.h"
#include "ovsdb/nb-view.h"
#include "ovsdb/row-map.h"

/* One row of the transaction under way. */
struct nb_act_row {
    struct uuid uuid;
    uint64_t before;            /* Digest of the row as the mirror had it. */
    bool changes;               /* The digest is meant to change. */
};

/* nb-act's state. */
struct nb_act {
    bool busy;                  /* Until nb_act_poll() has told the end. */
    uint64_t token;
    bool bump;
    struct ovsdb_idl_txn *txn;  /* Sent; NULL if it has ended. */
    uint64_t epoch;             /* Connection that it was sent on. */
    long long int deadline_ms;
    bool committed;             /* Server said so; the mirror is awaited. */
    struct nb_act_row *rows;    /* Ports. */
    size_t n_rows;
    struct nb_act_row *switches;
    size_t n_switches;
    struct nb_result result;    /* As known so far. */
};

struct nb_view {
    struct db_conn conn;
    struct nb_ports ports;

    /* nb-references. */
    struct row_map router_ports; /* Logical_Router_Port; by name. */
    struct row_map nats, load_balancers, static_routes, dns, address_sets;
    bool references_wanted;
    unsigned int references_seqno; /* Reached when the server has it so. */

    struct ds error;            /* Beyond conn's: no NB_Global. */
    struct uuid identity;       /* NB_Global; all zeros before the first. */
    struct nb_act act;
};

void nb_references_init(struct nb_view *);
void nb_references_destroy(struct nb_view *);
/* Asks the server for the rows of the tables that are mirrored on demand, or
 * for none of them. */
void nb_references_want(struct nb_view *, bool wanted);
/* Carries what has changed, or everything if it was read 'anew'. */
void nb_references_run(struct nb_view *, struct model *, bool anew);
size_t nb_references_count(const struct nb_view *);

/* nb-switch.c.  0: there is no such row. */
uint64_t nb_switch_digest(const struct nb_view *, const struct uuid *);
bool nb_switch_is_as_expected(const struct nb_view *,
                              const struct nb_switch_write *);
/* Adds the write to the open transaction. */
void nb_switch_compose(struct nb_view *, const struct nb_switch_write *,
                       struct nb_act_row *);

void nb_act_init(struct nb_act *);
void nb_act_destroy(struct nb_act *);

#endif /* nb-view-private.h */
