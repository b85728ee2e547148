/* SPDX-License-Identifier: Apache-2.0 */

/* The Northbound mirror: one IDL connection, its lock, and what it tells the
 * model.  nb-act.h writes through the same connection. */

#ifndef NB_VIEW_H
#define NB_VIEW_H 1

#include <stdbool.h>
#include <stdint.h>
#include "openvswitch/compiler.h"

struct ds;
struct model;
struct nb_batch;
struct nb_result;
struct nb_view;
struct simap;

struct db_status {
    const char *remote;         /* As given. */
    bool connected;
    bool synced;                /* Full content was seen in this connection. */
    bool lock_wanted, has_lock, lock_contended;
    bool schema_ok;             /* false: lacks a required table or column. */
    long long int last_change_ms; /* Monotonic; 0: never. */
    uint64_t n_changes;         /* Update batches consumed. */
};

struct nb_view *nb_view_create(const char *remote, const char *lock_name);
void nb_view_destroy(struct nb_view *);

/* For who only reads: a follower of a cluster, whose content may be slightly
 * behind, will do.  To be called before the first nb_view_run(). */
void nb_view_take_any_member(struct nb_view *);

/* Runs the connection and carries what changed into 'model' (row by row by
 * change tracking; the whole content only after a fresh dump), including
 * nb_synced, nb_identity and nb_cfg.  'want_lock': ask for or give back the
 * lock.  'want_references': mirror NAT, load balancers, static routes, DNS
 * and address sets (by condition: none of their rows otherwise). */
void nb_view_run(struct nb_view *, struct model *, bool want_lock,
                 bool want_references, long long int now);
/* Is everything there that mentions addresses, as nb_view_run() was asked? */
bool nb_view_has_references(const struct nb_view *);

void nb_view_wait(struct nb_view *);

/* NULL, or the one clear line that says which required table or column the
 * server lacks.  Valid once synced; owned by the view. */
const char *nb_view_error(const struct nb_view *);
/* Names of optional columns that the server lacks, or "". */
const char *nb_view_missing_optional(const struct nb_view *);
void nb_view_get_status(const struct nb_view *, struct db_status *);
void nb_view_get_memory_usage(const struct nb_view *, struct simap *);
void nb_view_reset_min_index(struct nb_view *);
void nb_view_set_probe_interval(struct nb_view *, int ms);

/* nb-act: starts the transaction for 'batch' (borrowed for the call).  At most
 * one is under way. */
void nb_act_start(struct nb_view *, const struct nb_batch *,
                  long long int now);
bool nb_act_is_busy(const struct nb_view *);
/* If a transaction has ended since, stores how in '*result' (the caller
 * destroys it) and returns true.  No answer within 2 s, or a lost connection,
 * gives TXN_RESULT_UNKNOWN.  TXN_RESULT_DONE comes only once the mirror, and
 * so the model, shows the change. */
bool nb_act_poll(struct nb_view *, struct nb_result *, long long int now);
void nb_act_wait(struct nb_view *);

#endif /* nb-view.h */
