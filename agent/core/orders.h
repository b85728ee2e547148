/* SPDX-License-Identifier: Apache-2.0 */

/* What the core asks for, and what it is told came of it.
 *
 * The daemon (or a simulated world) carries these out to the letter and
 * decides nothing: rows, columns, old values to verify and new ones are all
 * here.  At most one batch of each kind is under way at a time. */

#ifndef ORDERS_H
#define ORDERS_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "hold.h"
#include "openvswitch/uuid.h"
#include "request.h"
#include "sset.h"
#include "svec.h"

struct ds;
struct kube_write;

/* How a transaction ended. */
enum txn_result {
    TXN_RESULT_DONE,            /* Committed; the mirror shows it. */
    TXN_RESULT_LOST,            /* A verified value had changed, or a row did
                                 * not look as expected: nothing written. */
    TXN_RESULT_UNKNOWN,         /* Connection lost or no answer in 2 s. */
    TXN_RESULT_NOT_LOCKED,      /* Another instance has the lock. */
    TXN_RESULT_ERROR,           /* Refused by the server; text in 'error'. */
};

const char *txn_result_to_string(enum txn_result);

enum tristate { TRI_UNSET, TRI_FALSE, TRI_TRUE };

/* One Logical_Switch_Port row.  Before writing, the row's present values are
 * compared with the 'old' ones; any difference makes the batch TXN_RESULT_LOST
 * without a write.  'addresses', 'external_ids', 'type' and each column
 * written are verified in the transaction. */
struct nb_write {
    struct uuid port;
    char *port_name;
    struct svec old_addresses;  /* Always compared. */
    struct svec new_addresses;
    bool set_addresses;
    struct svec old_port_security;
    struct svec new_port_security;
    bool set_port_security;
    enum tristate old_enabled, new_enabled;
    bool set_enabled;
    char *old_mark, *new_mark;  /* options:ipguard-gate; NULL: absent. */
    bool set_mark;
};

/* One Logical_Switch row: two keys of other_config, NULL where a key is
 * absent.  The column is verified. */
struct nb_switch_write {
    struct uuid network;
    char *old_exclude, *new_exclude; /* exclude_ips */
    char *old_ours, *new_ours;  /* EXCLUDE_OURS_KEY */
};

struct nb_batch {
    uint64_t token;
    struct nb_write *writes;
    size_t n;
    struct nb_switch_write *switches;
    size_t n_switches;
    bool bump;                  /* Increment NB_Global.nb_cfg as well. */
    char *comment;
};

struct nb_result {
    uint64_t token;
    enum txn_result result;
    int64_t nb_cfg;             /* Our increment's value; 0 without bump. */
    struct uuid *lost;          /* Rows found different before the write:
                                 * ports or switches. */
    size_t n_lost;
    char *error;                /* Or NULL. */
};

/* A port kept disabled until the address that it took is clean.  The mark on
 * the row (options:ipguard-gate) lives and dies with the row; this is our
 * record of it. */
struct gate {
    struct hmap_node node;      /* In guard, by port. */
    struct uuid uuid;           /* Row of Gate; chosen by us. */
    struct uuid port;
    char *port_name;
    struct uuid network;
    char *network_name;
    struct ip_addr addr;
    enum tristate previous;     /* 'enabled' before: unset or true. */
    char *reason;
    long long int since_wall_ms;
    long long int keep_until_wall_ms; /* Not opened for lack of evidence
                                       * before then; 0: no. */
    /* Not stored. */
    long long int since_ms;     /* Monotonic; of load after a restart. */
    bool in_db, changed;        /* As of a hold, and this, too: */
    bool in_doubt, outlived;
    bool closing;               /* NB write that disables is wanted. */
    bool shut;                  /* NB has shown the port shut, and holds that
                                 * rely on that know it. */
    bool opening;               /* NB write that opens is wanted. */
    bool by_hand;               /* An operator wants it open. */
    bool alerted;
};

/* One row of Journal. */
struct journal_entry {
    int64_t sequence;
    long long int wall_ms;
    char *instance, *action, *case_;
    struct uuid network;        /* All zeros: none. */
    char *network_name, *address;
    struct uuid port;           /* All zeros: none. */
    char *port_name, *owner, *reason;
    struct svec evidence;       /* Movable, unlike an sset. */
    struct svec old_addresses, new_addresses;
    struct svec old_port_security, new_port_security;
};

void journal_entry_init(struct journal_entry *);
void journal_entry_destroy(struct journal_entry *);
void journal_entry_clone(struct journal_entry *dst,
                         const struct journal_entry *src);

/* The IPGuard row's columns that we keep. */
struct ipguard_row {
    int64_t cfg, done_cfg, generation;
    enum tristate has_mode;     /* TRI_TRUE: 'mode' lowers the ceiling. */
    int mode;                   /* enum guard_mode. */
    char *frozen;               /* Reason, or NULL. */
    char *brake;                /* Reason, or NULL. */
    char *nb_identity;
    int64_t nb_cfg_seen;
    int64_t nb_ports_seen;
    char *sb_identity;
    int64_t sb_cfg_seen;
    char *active;
};

void ipguard_row_init(struct ipguard_row *);
void ipguard_row_destroy(struct ipguard_row *);
void ipguard_row_copy(struct ipguard_row *dst, const struct ipguard_row *src);

/* One transaction on the own database.  Everything in it commits together:
 * a hold's end and the journal row that says why cannot be parted. */
struct store_batch {
    uint64_t token;
    struct hold **put_holds;    /* Clones: whole rows to insert or replace. */
    size_t n_put_holds;
    struct uuid *delete_holds;
    size_t n_delete_holds;
    struct gate **put_gates;    /* Clones. */
    size_t n_put_gates;
    struct uuid *delete_gates;
    size_t n_delete_gates;
    struct journal_entry *journal;
    size_t n_journal;
    struct request_answer *answers;
    size_t n_answers;
    struct uuid *delete_requests;
    size_t n_delete_requests;
    struct ipguard_row row;     /* generation: +1 in every transaction. */
    int journal_max;            /* Rows to keep; older ones are trimmed. */
};

struct store_result {
    uint64_t token;
    enum txn_result result;
    int64_t generation;         /* Of the row since, if done. */
    char *error;
};

/* Everything the own database holds, as read. */
struct store_snapshot {
    char *identity;             /* IPGuard row's uuid as text. */
    struct ipguard_row row;
    struct hold **holds;        /* Owned. */
    size_t n_holds;
    struct gate **gates;        /* Owned. */
    size_t n_gates;
    struct request **requests;  /* Owned. */
    size_t n_requests;
    int64_t last_sequence;      /* Highest Journal.sequence. */
    char **problems;            /* Rows that could not be understood. */
    size_t n_problems;
};

void store_snapshot_init(struct store_snapshot *);
void store_snapshot_destroy(struct store_snapshot *);

/* "Ask the source now whether this owner still is as we think." */
struct live_read {
    uint64_t id;
    char *ns;
    char *name;                 /* Pod's (or VM's) name. */
    char *workload;             /* StatefulSet's or VM's name, or "". */
    int owner_kind;             /* enum owner_kind. */
};

/* "Has the CNI controller refused this pod its address?"  Nobody waits for the
 * answer: a refusal comes as a change. */
struct refusal_read {
    char *ns;
    char *name;                 /* Pod's (or VM's) name. */
    char *uid;                  /* Pod's. */
};

enum live_read_result {
    LIVE_READ_CURRENT,          /* The model is up to date for this owner. */
    LIVE_READ_CHANGED,          /* It was not; the changes were delivered
                                 * before this answer. */
    LIVE_READ_FAILED,           /* No answer: unknown. */
};

/* What the SB mirror is to watch: set-valued, compared by 'seqno'. */
struct sb_watch {
    uint64_t seqno;             /* Changes when the sets do. */
    struct sset ports;          /* Port_Binding.logical_port. */
    struct sset addresses;      /* MAC_Binding.ip, canonical text. */
    struct sset networks;       /* Logical switch uuids, as text, whose
                                 * Datapath_Binding is wanted. */
    bool chassis;               /* Chassis_Private wanted. */
};

struct orders {
    struct store_batch *store;  /* NULL: none.  Owned by the caller after
                                 * guard_run(). */
    struct nb_batch *nb;        /* NULL: none.  Likewise. */
    struct live_read *reads;
    size_t n_reads;
    struct refusal_read *refusals;
    size_t n_refusals;
    struct uuid *delete_mac_bindings; /* SB rows. */
    size_t n_delete_mac_bindings;
    struct kube_write **kube_writes; /* Owned, until taken by the caller. */
    size_t n_kube_writes;
    long long int next_wake_ms; /* Monotonic; LLONG_MAX: no timer. */
    bool again;                 /* More work: run another turn at once. */
};

void orders_init(struct orders *);
void orders_destroy(struct orders *);
void nb_batch_destroy(struct nb_batch *);
struct nb_batch *nb_batch_clone(const struct nb_batch *);
struct store_batch *store_batch_clone(const struct store_batch *);
void store_batch_destroy(struct store_batch *);
void nb_result_destroy(struct nb_result *);
void store_result_destroy(struct store_result *);
struct gate *gate_clone(const struct gate *);
void gate_destroy(struct gate *);
struct nb_switch_write *nb_batch_add_switch(struct nb_batch *,
                                            const struct uuid *network);
struct nb_write *nb_batch_add(struct nb_batch *, const struct uuid *port,
                              const char *port_name);

/* options key of the gate's mark on a port's row. */
#define GATE_MARK_KEY "ipguard-gate"

#endif /* orders.h */
