/* SPDX-License-Identifier: Apache-2.0 */

/* What store.c, which reads, and store-act.c, which writes, share: the
 * connection and what is known of its rows.  Nobody else includes this. */

#ifndef STORE_PRIVATE_H
#define STORE_PRIVATE_H 1

#include "agent/core/orders.h"
#include "ovsdb/db-conn.h"
#include "ovsdb/db-model.h"
#include "ovsdb/store-known.h"
#include "ovsdb/store.h"

/* store-act's state. */
struct store_act {
    bool busy;                  /* Until store_poll() has told the end. */
    struct ovsdb_idl_txn *txn;  /* Sent; NULL if it has ended. */
    uint64_t epoch;             /* Connection that it was sent on. */
    long long int deadline_ms;
    bool committed;             /* Server said so; the mirror is awaited. */
    uint64_t ipguard_before;    /* Digest of the row when it was sent. */
    struct uuid *rows;          /* Written. */
    size_t n_rows;
    struct store_result result; /* As known so far. */
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

    struct store_act act;
};

void store_act_init(struct store_act *);
void store_act_destroy(struct store_act *);
void store_act_wait(struct store_act *);

#endif /* store-private.h */
