/* SPDX-License-Identifier: Apache-2.0 */

/* See db-conn.h.
 *
 * When is content complete?  The IDL does not say it outright.  Its change
 * sequence number grows with each reply to a monitor request, even an empty
 * one, but also when a lock is granted.  So a connection begins without a
 * lock, the first growth means that the reply is in, and only then the lock
 * is asked for.  A side effect is welcome: nobody holds a lock before he knows
 * what he would write to. */

#include <config.h>

#include "ovsdb/db-conn.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "openvswitch/util.h"
#include "openvswitch/vlog.h"
#include "ovsdb-data.h"
#include "ovsdb-idl-provider.h"
#include "ovsdb-idl.h"
#include "util.h"

/* As many connections in a row that ended without content are reported.  One
 * or two are common when a cluster elects another leader. */
#define FRUITLESS_MAX 3

void
db_conn_init(struct db_conn *conn, const struct ovsdb_idl_class *class,
             const struct db_column *columns, size_t n_columns,
             struct vlog_module *module, const char *remote,
             const char *lock_name)
{
    *conn = (struct db_conn) {
        .idl = ovsdb_idl_create_unconnected(class, false),
        .class = class,
        .module = module,
        .remote = xstrdup(remote),
        .lock_name = nullable_xstrdup(lock_name),
        .columns = columns,
        .n_columns = n_columns,
        .probe_ms = DB_PROBE_INTERVAL_MS,
        .schema_ok = true,
        .error = DS_EMPTY_INITIALIZER,
        .missing = DS_EMPTY_INITIALIZER,
    };
    for (size_t i = 0; i < n_columns; i++) {
        if (columns[i].need != DB_WRITTEN) {
            ovsdb_idl_track_add_column(conn->idl, columns[i].column);
        }
    }
    /* Followers of a cluster, and relays, each have their own idea of who has
     * a lock. */
    ovsdb_idl_set_leader_only(conn->idl, true);
    ovsdb_idl_set_remote(conn->idl, remote, true);
}

void
db_conn_destroy(struct db_conn *conn)
{
    ovsdb_idl_destroy(conn->idl);
    free(conn->remote);
    free(conn->lock_name);
    ds_destroy(&conn->error);
    ds_destroy(&conn->missing);
}

/* ---- Schema. ---- */

static void
check_column(struct db_conn *conn, const struct db_column *c)
{
    const struct ovsdb_idl_table_class *table
        = ovsdb_idl_table_class_from_column(conn->class, c->column);
    bool has_table = ovsdb_idl_server_has_table(conn->idl, table);

    if (has_table && ovsdb_idl_server_has_column(conn->idl, c->column)) {
        return;
    }
    if (c->need == DB_OPTIONAL) {
        ds_put_format(&conn->missing, "%s%s.%s",
                      conn->missing.length ? ", " : "",
                      table->name, c->column->name);
        return;
    }
    if (conn->error.length) {
        /* One line with one reason is enough to know what to do. */
        return;
    }
    ds_put_format(&conn->error, "%s: database %s lacks ",
                  conn->remote, conn->class->database);
    if (has_table) {
        ds_put_format(&conn->error, "column %s in ", c->column->name);
    }
    ds_put_format(&conn->error, "table %s, which ovn-ipguard needs",
                  table->name);
    if (c->since) {
        ds_put_format(&conn->error, " (%s or later has it)", c->since);
    }
    if (conn->upgrade) {
        ds_put_format(&conn->error, ": its schema is older than %s; convert "
                      "it with \"%s\"", conn->version, conn->upgrade);
    }
}

static void
check_schema(struct db_conn *conn)
{
    ds_clear(&conn->missing);
    for (size_t i = 0; i < conn->n_columns; i++) {
        check_column(conn, &conn->columns[i]);
    }
    conn->schema_ok = !conn->error.length;
    if (!conn->schema_ok) {
        vlog(conn->module, VLL_ERR, "%s", ds_cstr(&conn->error));
    } else if (conn->missing.length) {
        vlog(conn->module, VLL_INFO, "%s: database %s lacks optional columns, "
             "which are taken as empty: %s", conn->remote,
             conn->class->database, ds_cstr(&conn->missing));
    }
}

/* A database may be converted to another schema while it is served, and then
 * is read anew on the same connection.  Returns true if what was missing is
 * there now. */
static bool
recheck_schema(struct db_conn *conn)
{
    char *before = xstrdup(ds_cstr(&conn->error));

    ds_clear(&conn->error);
    ds_clear(&conn->missing);
    for (size_t i = 0; i < conn->n_columns; i++) {
        check_column(conn, &conn->columns[i]);
    }
    conn->schema_ok = !conn->error.length;
    if (conn->schema_ok) {
        vlog(conn->module, VLL_INFO, "%s: database %s has all that is needed "
             "now", conn->remote, conn->class->database);
    } else if (strcmp(before, ds_cstr(&conn->error))) {
        vlog(conn->module, VLL_ERR, "%s", ds_cstr(&conn->error));
    }
    free(before);
    return conn->schema_ok;
}

/* ---- Running. ---- */

static void
run_lock(struct db_conn *conn, bool want_lock)
{
    bool ask = want_lock && conn->lock_name && db_conn_is_usable(conn);

    ovsdb_idl_set_lock(conn->idl, ask ? conn->lock_name : NULL);
    conn->lock_wanted = want_lock && conn->lock_name;

    bool has_lock = ovsdb_idl_has_lock(conn->idl);
    if (has_lock != conn->had_lock) {
        vlog(conn->module, VLL_INFO, "%s: lock %s %s", conn->remote,
             conn->lock_name, has_lock ? "acquired" : "lost or given back");
        conn->had_lock = has_lock;
    }

    bool contended = ask && ovsdb_idl_is_lock_contended(conn->idl);
    if (contended && !conn->was_contended) {
        vlog(conn->module, VLL_INFO, "%s: lock %s is held by another instance",
             conn->remote, conn->lock_name);
    }
    conn->was_contended = contended;
}

/* Servers that accept a connection and then end it, or have it ended by the
 * library because they do not offer what is asked for, tell nothing that the
 * IDL would pass on. */
static void
lose_connection(struct db_conn *conn)
{
    if (conn->synced) {
        vlog(conn->module, VLL_INFO, "%s: connection lost", conn->remote);
        conn->n_fruitless = 0;
    } else if (++conn->n_fruitless == FRUITLESS_MAX) {
        ds_clear(&conn->error);
        ds_put_format(&conn->error, "%s: no server there offers database %s "
                      "(another database's address, or no member of the "
                      "cluster is its leader?)",
                      conn->remote, conn->class->database);
        vlog(conn->module, VLL_INFO, "%s", ds_cstr(&conn->error));
    }
    conn->synced = false;
    conn->epoch++;
}

static unsigned int
run_connection(struct db_conn *conn, unsigned int seqno_before)
{
    bool connected = ovsdb_idl_is_connected(conn->idl);
    unsigned int events = 0;

    if (conn->connected && !connected) {
        lose_connection(conn);
        events |= DB_LOST;
    } else if (!conn->connected && connected) {
        conn->sync_seqno = seqno_before;
        conn->schema_ok = true;
        if (conn->n_fruitless < FRUITLESS_MAX) {
            ds_clear(&conn->error);
        }
    }
    conn->connected = connected;

    if (connected && !conn->synced
        && ovsdb_idl_get_seqno(conn->idl) != conn->sync_seqno) {
        conn->synced = true;
        conn->n_fruitless = 0;
        ds_clear(&conn->error);
        check_schema(conn);
        events |= DB_SYNCED;
    } else if (conn->synced && !conn->schema_ok
               && ovsdb_idl_get_seqno(conn->idl) != conn->seqno
               && recheck_schema(conn)) {
        events |= DB_SYNCED;
    }
    return events;
}

unsigned int
db_conn_run(struct db_conn *conn, bool want_lock, long long int now)
{
    unsigned int seqno_before = ovsdb_idl_get_seqno(conn->idl);

    /* It belongs to the session and is lost with it. */
    ovsdb_idl_set_probe_interval(conn->idl, conn->probe_ms);
    ovsdb_idl_run(conn->idl);

    unsigned int events = run_connection(conn, seqno_before);
    run_lock(conn, want_lock);

    if (ovsdb_idl_get_seqno(conn->idl) != conn->seqno) {
        conn->seqno = ovsdb_idl_get_seqno(conn->idl);
        conn->last_change_ms = now;
        conn->n_changes++;
        events |= DB_CHANGED;
    }
    return events;
}

void
db_conn_wait(struct db_conn *conn)
{
    ovsdb_idl_wait(conn->idl);
}

bool
db_conn_is_usable(const struct db_conn *conn)
{
    return conn->synced && conn->schema_ok;
}

bool
db_conn_may_write(const struct db_conn *conn, bool *no_lock)
{
    *no_lock = false;
    if (!db_conn_is_usable(conn)) {
        return false;
    }
    if (conn->lock_name && !ovsdb_idl_has_lock(conn->idl)) {
        *no_lock = true;
        return false;
    }
    return true;
}

const char *
db_conn_error(const struct db_conn *conn)
{
    return conn->error.length ? ds_cstr_ro(&conn->error) : NULL;
}

const char *
db_conn_missing_optional(const struct db_conn *conn)
{
    return conn->missing.length ? ds_cstr_ro(&conn->missing) : "";
}

void
db_conn_get_status(const struct db_conn *conn, struct db_status *status)
{
    *status = (struct db_status) {
        .remote = conn->remote,
        .connected = conn->connected,
        .synced = db_conn_is_usable(conn),
        .lock_wanted = conn->lock_wanted,
        .has_lock = ovsdb_idl_has_lock(conn->idl),
        .lock_contended = conn->was_contended,
        .schema_ok = conn->schema_ok,
        .last_change_ms = conn->last_change_ms,
        .n_changes = conn->n_changes,
    };
}

/* ---- Rows. ---- */

bool
db_row_exists(const struct ovsdb_idl_row *row)
{
    return row && row->new_datum;
}

uint64_t
db_row_digest(const struct ovsdb_idl_row *row,
              const struct ovsdb_idl_column *const *columns, size_t n)
{
    uint32_t a = 0;
    uint32_t b = 1;

    for (size_t i = 0; i < n; i++) {
        const struct ovsdb_datum *datum = ovsdb_idl_read(row, columns[i]);

        a = ovsdb_datum_hash(datum, &columns[i]->type, a);
        b = ovsdb_datum_hash(datum, &columns[i]->type, b);
    }
    return ((uint64_t) a << 32) | b;
}
