/* SPDX-License-Identifier: Apache-2.0 */

/* The whole of the decisions: sources -> model -> judgement -> plan -> safety
 * -> orders -> holds and gates.  Pure: time, boot id and the state of
 * connections and locks come in as struct guard_env; what is to be done goes
 * out as struct orders; what came of it comes back through guard_*_done(). */

#ifndef GUARD_H
#define GUARD_H 1

#include <stdbool.h>
#include <stdint.h>
#include "hold.h"
#include "kube-write.h"
#include "openvswitch/hmap.h"
#include "openvswitch/uuid.h"
#include "orders.h"
#include "settings.h"
#include "step-times.h"
#include "tally.h"

struct dialect;
struct ds;
struct guard;
struct model;

/* The world around, for one turn. */
#define GUARD_PORTION_MAX 150

struct guard_env {
    long long int now;          /* Monotonic ms. */
    long long int wall;         /* ms since the epoch. */
    const char *boot_id;
    bool have_store;            /* --db was given. */
    bool store_ready;           /* Own database connected and loaded. */
    bool locked;                /* All three locks are held. */
    bool store_busy, nb_busy, sb_busy; /* A transaction is under way. */
    size_t portion;             /* Where there is more to do, so many holds,
                                 * candidates or ports that lack an address
                                 * are taken in a turn, lest it take long, and
                                 * so many holds are stored in a transaction,
                                 * which would have no answer in time.  At most
                                 * GUARD_PORTION_MAX; 0 is that. */
    size_t more_ports;          /* So many ports of Southbound more are asked
                                 * for at once; 0: some portions. */
    bool paused;                /* unixctl pause. */
    bool kube_writable;         /* There is an API server to write to. */
    bool release_certain;       /* It asks us before it lets a pod in that
                                 * takes another address than its former
                                 * self, and lets none in without us; or a
                                 * policy of its own keeps such pods out. */
    const struct sset *release_left_out; /* But not in these namespaces.
                                 * NULL: in all. */
};

/* 'instance' names this process in the journal ("HOST:PID").  'seed' is a
 * random UUID, from which the UUIDs of rows are derived. */
struct guard *guard_create(const struct dialect *, const struct settings *,
                           const char *instance, const struct uuid *seed);
void guard_destroy(struct guard *);

/* Sources write here. */
struct model *guard_model(struct guard *);
const struct model *guard_model_const(const struct guard *);

/* Replaces the settings (command line plus other_config); a changed mode or
 * policy makes everything be judged anew. */
void guard_set_settings(struct guard *, const struct settings *);
/* The dialect's name, or "not decided". */
const char *guard_dialect_name(const struct guard *);
const struct settings *guard_settings(const struct guard *);

/* The own database's content, at start and whenever it changed by another
 * hand.  While this instance is active its own memory prevails; rows that
 * vanished or went back in time freeze it (doc/design.md, 10). */
void guard_load(struct guard *, const struct store_snapshot *,
                const struct guard_env *);

/* From now on the guard begins nothing by itself: only what requests ask for.
 * What was begun before, holds and gates, goes on to its end. */
void guard_limit_to_requests(struct guard *);

/* True when a snapshot is needed although nothing changed: this instance has
 * just become the active one. */
bool guard_wants_load(const struct guard *, const struct guard_env *);

/* One turn.  Fills 'orders' (initialised by the caller). */
void guard_run(struct guard *, const struct guard_env *, struct orders *);

void guard_store_done(struct guard *, const struct store_result *,
                      const struct guard_env *);
void guard_nb_done(struct guard *, const struct nb_result *,
                   const struct guard_env *);
void guard_live_read_done(struct guard *, uint64_t id, enum live_read_result,
                          const struct guard_env *);

/* The answer to the orders->kube_writes[] of that 'id'. */
void guard_kube_write_done(struct guard *, uint64_t id,
                           enum kube_write_result, const struct guard_env *);

/* The daemon is going to end: from now on everything of ours that would keep
 * others back is undone (gates are opened), and nothing else is written.
 * Holds stay in the own database for a later start. */
void guard_stop(struct guard *);
/* After guard_stop(): NULL when all of that is done and recorded, otherwise
 * what remains, in words; the caller frees it. */
char *guard_stop_remains(const struct guard *);

/* Appends what of ours there is in OVN's databases and in Kubernetes, and what
 * guard_stop() would undo, a line each. */
void guard_format_ours(const struct guard *, struct ds *);

/* What the SB mirror is to watch. */
const struct sb_watch *guard_sb_watch(const struct guard *);
/* False while what is to be watched has changed and the watch has not. */
bool guard_watch_is_current(const struct guard *);
/* True while references (NAT, load balancers...) are worth mirroring. */
bool guard_wants_references(const struct guard *);

/* Log lines that the turn produced, in order: the daemon gives them to vlog.
 * 'level' is one of 'e' (ERR), 'w' (WARN), 'i' (INFO), 'd' (DBG).  Returns
 * NULL when there is none; the caller frees the text. */
char *guard_pop_log(struct guard *, char *level);

/* ---- Operators. ---- */

/* Each returns NULL or an error for a person; the caller frees it. */
char *guard_hold_release(struct guard *, const char *network, const char *ip,
                         const struct guard_env *);
char *guard_brake_rearm(struct guard *);
char *guard_freeze(struct guard *, const char *reason);
char *guard_thaw(struct guard *);

/* ---- Admission. ---- */

struct admission_context;

/* Why nothing can be judged before it is let in, or NULL if it can. */
const char *guard_admission_refusal(const struct guard *,
                                    const struct guard_env *);
/* Fills in all but 'exempt'.  It is good for this turn. */
void guard_admission_context(const struct guard *, const struct guard_env *,
                             struct admission_context *);

/* ---- Reports: each appends text to 'ds'. ---- */

enum guard_role { ROLE_OBSERVER, ROLE_STANDBY, ROLE_ACTIVE };

enum guard_role guard_get_role(const struct guard *);
/* Is it active, and what it found at its start put right? */
bool guard_is_started(const struct guard *);
enum guard_mode guard_effective_mode(const struct guard *);
const char *guard_frozen(const struct guard *);     /* Reason or NULL. */
const char *guard_brake(const struct guard *);      /* Reason or NULL. */
const struct hold_table *guard_holds(const struct guard *);
const struct hmap *guard_gates(const struct guard *);
size_t guard_n_duplicates(const struct guard *);
const struct step_times *guard_step_times(const struct guard *,
                                          enum hold_step_kind);
void guard_format_safety(const struct guard *, struct ds *);
/* The first 'max' holds, by network and address, with who waits for each. */
void guard_format_holds(const struct guard *, const struct guard_env *,
                        size_t max, struct ds *);
void guard_format_gates(const struct guard *, const struct guard_env *,
                        struct ds *);
void guard_format_last_actions(const struct guard *, const struct guard_env *,
                               struct ds *);
void guard_format_findings(const struct guard *, const struct guard_env *,
                           struct ds *);
char *guard_format_port(const struct guard *, const char *port,
                        const struct guard_env *, struct ds *);
char *guard_format_why(const struct guard *, const char *network,
                       const char *ip, const struct guard_env *, struct ds *);
void guard_format_plan(const struct guard *, const struct guard_env *,
                       struct ds *);

/* Kube-OVN's Subnets, and what of them is used by nobody.  Looks at each
 * address: not for every turn. */
void guard_format_ipam(const struct guard *, struct ds *);

/* Counters, for coverage and metrics. */
struct guard_counters {
    uint64_t members_judged, addrs_judged, full_passes;
    uint64_t clears_ordered, clears_done, clears_lost, sets_ordered, sets_done;
    uint64_t put_backs, holds_created, holds_released, holds_cancelled;
    uint64_t gates_closed, gates_opened, barriers, live_reads;
    uint64_t duplicates, brake_trips, freezes;
    uint64_t events, events_dropped, nudges, excludes, releases;
    uint64_t hazards;
    uint64_t holds_looked;      /* How often one was looked at. */
};
const struct guard_counters *guard_get_counters(const struct guard *);

/* What was written down in the journal, by action and case; and what was not
 * done when it was due, by action and reason, each time that the reason
 * changed. */
const struct tally *guard_done(const struct guard *);
const struct tally *guard_refused(const struct guard *);

#endif /* guard.h */
