/* SPDX-License-Identifier: Apache-2.0 */

/* The own database, OVN_IPGuard: holds, gates, the journal and one row of
 * settings and state. */

#ifndef STORE_H
#define STORE_H 1

#include <stdbool.h>
#include "nb-view.h"

struct smap;
struct store;
struct store_batch;
struct store_result;
struct store_snapshot;

struct store *store_create(const char *remote, const char *lock_name);
void store_destroy(struct store *);

/* Runs the connection.  Returns true if rows of IPGuard, Hold, Former_Port,
 * Gate or Request changed by another hand than store_start() of this process
 * since the last call, or the content was read for the first time or anew
 * after a reconnect: the caller then takes a snapshot.  Creates the IPGuard
 * row (when 'may_write') if the database has none. */
bool store_run(struct store *, bool want_lock, bool may_write,
               long long int now);
void store_wait(struct store *);
bool store_is_ready(const struct store *); /* Connected, synced, has row. */
void store_snapshot(const struct store *, struct store_snapshot *);
/* IPGuard.other_config, copied into 'config' (initialised by the caller). */
void store_get_config(const struct store *, struct smap *config);
/* True for a standalone database: commits are not fsync'ed.
 * Valid once ready. */
bool store_is_standalone(const struct store *);
const char *store_error(const struct store *);
void store_get_status(const struct store *, struct db_status *);
void store_get_memory_usage(const struct store *, struct simap *);
void store_reset_min_index(struct store *);
void store_set_probe_interval(struct store *, int ms);

/* Starts the transaction for 'batch' (borrowed for the call); rows have the
 * uuids given, so that a retry after an unknown outcome is idempotent. */
void store_start(struct store *, const struct store_batch *,
                 long long int now);
bool store_is_busy(const struct store *);
bool store_poll(struct store *, struct store_result *, long long int now);

#endif /* store.h */
