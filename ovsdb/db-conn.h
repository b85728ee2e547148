/* SPDX-License-Identifier: Apache-2.0 */

/* One IDL connection with what the three databases have in common: when its
 * content may be trusted, its lock, its probes, and whether the server's
 * schema has what we need.
 *
 * nb-view, sb-view and store each embed one.  It knows nothing of tables
 * beyond the list of columns that it is given. */

#ifndef DB_CONN_H
#define DB_CONN_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "nb-view.h"
#include "openvswitch/dynamic-string.h"

struct ovsdb_idl;
struct ovsdb_idl_class;
struct ovsdb_idl_column;
struct ovsdb_idl_row;
struct ovsdb_idl_txn;
struct vlog_module;

enum db_need {
    DB_REQUIRED,                /* Without it the database is of no use. */
    DB_OPTIONAL,                /* Reads as empty where the server lacks it. */
    DB_WRITTEN,                 /* Required, but only for new rows: what is in
                                 * it is not mirrored. */
};

/* A column that is mirrored, with change tracking, or only written. */
struct db_column {
    const struct ovsdb_idl_column *column;
    enum db_need need;
    const char *since;          /* OVN release known to have it, or NULL. */
};

/* What db_conn_run() saw.  Any combination. */
enum db_event {
    DB_LOST = 1 << 0,           /* The connection was lost. */
    DB_SYNCED = 1 << 1,         /* All content was read, for the first time in
                                 * this connection. */
    DB_CHANGED = 1 << 2,        /* Content may have changed. */
};

struct db_conn {
    struct ovsdb_idl *idl;
    const struct ovsdb_idl_class *class;
    struct vlog_module *module; /* Log under the owner's name. */
    char *remote;
    char *lock_name;            /* NULL: writes without a lock. */
    const struct db_column *columns;
    size_t n_columns;
    const char *version, *upgrade; /* Of the schema that has all of them, and
                                    * the command that brings it; or NULL. */

    int probe_ms;
    unsigned int seqno;         /* IDL's, when last looked at. */
    unsigned int sync_seqno;    /* IDL's, when the connection was made. */
    bool connected, synced;
    uint64_t epoch;             /* +1 whenever a connection ends. */
    int n_fruitless;            /* Connections in a row without content. */
    bool lock_wanted, had_lock, was_contended;
    bool schema_ok;
    struct ds error;            /* What is missing; empty if nothing is. */
    struct ds missing;          /* Optional columns that are missing. */
    long long int last_change_ms;
    uint64_t n_changes;
};

/* Default interval of inactivity probes.  5 s, the library's, is shorter than
 * the initial dump of a large database may take, and the reconnection that
 * follows asks for that dump again. */
#define DB_PROBE_INTERVAL_MS 60000

/* How long a transaction may be without an answer. */
#define DB_TXN_TIMEOUT_MS 2000

/* 'columns' must stay valid.  Nothing is sent before db_conn_run(), so that
 * indexes and conditions can be added to the IDL until then. */
void db_conn_init(struct db_conn *, const struct ovsdb_idl_class *,
                  const struct db_column *columns, size_t n_columns,
                  struct vlog_module *, const char *remote,
                  const char *lock_name);
void db_conn_destroy(struct db_conn *);

/* Runs the connection.  Returns a set of enum db_event.  The caller has the
 * tracked changes until it calls ovsdb_idl_track_clear(). */
unsigned int db_conn_run(struct db_conn *, bool want_lock, long long int now);
void db_conn_wait(struct db_conn *);

/* True while the content is complete, current and of a known schema. */
bool db_conn_is_usable(const struct db_conn *);

/* True if a write may be sent: usable, and the lock is held if there is one.
 * False with '*no_lock' set if only the lock is missing. */
bool db_conn_may_write(const struct db_conn *, bool *no_lock);

/* What is wrong with the server's schema, for a person, or NULL. */
const char *db_conn_error(const struct db_conn *);
const char *db_conn_missing_optional(const struct db_conn *);
void db_conn_get_status(const struct db_conn *, struct db_status *);

/* True if 'row', found by its uuid, is part of the database.  The library of
 * Open vSwitch before 3.7 also returns rows that have been deleted. */
bool db_row_exists(const struct ovsdb_idl_row *row);

/* A digest of the values of 'n' columns of 'row', as the open transaction has
 * left them if there is one.  Equal rows have equal digests. */
uint64_t db_row_digest(const struct ovsdb_idl_row *row,
                       const struct ovsdb_idl_column *const *columns,
                       size_t n);

#endif /* db-conn.h */
