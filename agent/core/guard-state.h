/* SPDX-License-Identifier: Apache-2.0 */

/* What the guard remembers: 'struct guard', and what it is made of.  The
 * functions that work on it are in guard-private.h. */

#ifndef GUARD_STATE_H
#define GUARD_STATE_H 1

#include "event-text.h"
#include "guard.h"
#include "judge.h"
#include "model.h"
#include "openvswitch/list.h"
#include "openvswitch/shash.h"
#include "orders.h"
#include "safety.h"
#include "settings.h"
#include "tally.h"

struct hold_course;

/* An address on a port that is not simply fine. */
enum candidate_state {
    CAND_WATCH,                 /* Judged; not acted upon (yet). */
    CAND_INTENT,                /* A hold with our intent is being stored. */
    CAND_READ,                  /* Stored; the live read is under way. */
    CAND_GO,                    /* Live read says go: into the next batch. */
    CAND_SENT,                  /* In the NB transaction under way. */
    CAND_RELEASE,               /* Its IP object is being deleted. */
};

struct candidate {
    struct hmap_node node;      /* In guard->candidates: port and address. */
    struct uuid port;
    char *port_name;
    struct uuid network;
    char *network_name;
    struct ip_addr addr;
    enum candidate_state state;

    enum verdict_kind kind;
    const char *case_;
    char *why;
    uint32_t fingerprint;
    long long int since_ms;     /* First seen with this fingerprint. */
    long long int settle_ms, not_before_ms;

    struct uuid hold;           /* From CAND_INTENT on. */
    struct hmap_node hold_node; /* In guard->clears, from then on. */
    struct ovs_list turn_node;  /* In guard->turns. */
    struct ovs_list read_node;  /* In guard->reads; may be there, or not,
                                 * whatever the state. */
    uint64_t read_id;
    long long int read_ms;      /* When the live read answered. */
    long long int retry_ms;     /* Not before, after a failure. */
    long long int ask_ms;       /* Moving: when it is asked whether the CNI
                                 * controller refused; 0: not yet. */
    unsigned int n_asked;
    const char *refused;        /* Why nothing happens, or NULL. */
    bool approved;              /* By a person, in a plan. */
    bool alerted;
    bool told;                  /* Its people were, in an Event. */
    bool no_release;            /* Its IP object cannot be deleted. */
    bool release_told;          /* That it is not was told. */
    long long int release_ms;   /* Until when a step of that is awaited. */
    long long int object_ms;    /* Until when its IP object is awaited. */
};

/* What a restart of Kube-OVN's controller would break, see guard-hazard.c. */
enum hazard_kind { HAZARD_DRIFT, HAZARD_DOUBLE, HAZARD_REST };

struct hazard {
    struct hmap_node node;      /* In guard->hazards, by port name. */
    enum hazard_kind kind;
    char *port;
    char *subnet;
    struct ip_addr addr;        /* The one that may be given away. */
    bool runs;                  /* The port's own pod runs with it. */
    char *text;
    long long int since_ms;
    bool told;

    /* HAZARD_REST. */
    uint64_t read_id;           /* A live read under way; 0: none. */
    long long int read_ms;      /* When it answered; 0: not. */
    long long int retry_ms;     /* Not before. */
};

/* A port in mode manage that lacks an address which its owner wants. */
struct want {
    struct hmap_node node;      /* In guard->wants, by port. */
    struct ovs_list list_node;  /* In wants_ready or wants_waiting. */
    struct uuid port;
    bool waiting;
    char *why;                  /* What it waits for, or NULL; */
    const char *kind;           /* in one word, static. */
    long long int since_ms;
};

/* An address that more than one port of a network lists. */
struct duplicate {
    struct hmap_node node;      /* By network and address. */
    struct uuid network;
    char *network_name;
    struct ip_addr addr;
    char *text;                 /* Ports and who is to keep it. */
    long long int since_ms;
};

/* What one NB batch does, for when it is done. */
enum planned_kind { PLAN_CLEAR, PLAN_SET, PLAN_PUT_BACK, PLAN_GATE,
                    PLAN_UNGATE };

struct planned {
    enum planned_kind kind;
    struct uuid port;
    struct ip_addr addr;
    struct uuid hold;           /* Or zero. */
    char *case_, *reason, *owner;
    struct svec evidence;
    long long int planned_ms;   /* PLAN_CLEAR. */
    struct departure *lost;     /* PLAN_SET, PLAN_PUT_BACK: should it leave
                                 * the port again before we are told. */
};

/* A port's row as it will be. */
struct port_edit {
    struct hmap_node node;
    const struct port *port;
    struct svec addresses, port_security;
    enum tristate enabled;
    char *mark;
};

/* The live read that follows a clear. */
struct post_read {
    struct ovs_list node;
    struct uuid port;
    struct uuid hold;
    struct ip_addr addr;
    char *ns, *name, *workload;
    int owner_kind;
    struct svec left, before;   /* Addresses as we left and found them. */
    struct svec left_ps, before_ps;
    uint64_t read_id;           /* 0: to be asked. */
    long long int since_ms;     /* When the clear was decided. */
    long long int retry_ms;
    bool put_back;              /* The owner wants it: restore. */
    bool by_hand;               /* ... or an operator. */
    bool failed_once;
};

/* An Event that was written lately. */
struct recent_event {
    struct hmap_node node;      /* In guard->events, by key. */
    struct ovs_list lru_node;   /* In guard->events_lru, latest last. */
    char *key;
    enum event_kind kind;
    enum kube_object object;
    char *ns, *name, *uid;      /* Of the object. */
    char *event, *note;
    long long int first_wall_ms, last_wall_ms;
    long long int seen_ms;      /* When it happened last. */
    long long int sent_ms;
    int count, sent_count;
};

/* So many of something at once, and then one each 'refill_ms'. */
struct token_bucket {
    int n;
    long long int refilled_ms;
};

/* What was asked of the API server about an IP object, until its mirror
 * shows it. */
struct ip_op {
    struct hmap_node node;      /* In guard->ip_ops, by name. */
    char *name;
    uint64_t id;                /* 0: answered. */
    bool delete;
    enum kube_write_result result; /* Of the latest, once there was one. */
    long long int retry_ms;     /* Not before. */
    int failures;
};

/* An address whose end of hold is to be told to those who wait. */
struct nudge {
    struct ovs_list node;
    struct uuid network;
    char *network_name;
    struct ip_addr addr;
};

struct log_line {
    struct ovs_list node;
    char level;
    char *text;
};

struct last_action {
    long long int wall_ms;
    char *text;
};
#define N_LAST_ACTIONS 10

/* All that a step of a hold looks at, beside the hold and the time. */
struct step_inputs {
    uint64_t content;           /* Of the model and of the guard. */
    const char *refusal;        /* guard_write_refusal(). */
    size_t n_wants;
    int64_t start_first, start_barrier;
    uint64_t start_token;
    enum guard_mode mode;
    enum guard_role role;
    bool sb_busy, stopped, in_doubt;
};

struct guard {
    struct model model;
    enum dialect_state dialect_state;
    char *dialect_seen;         /* The marks at its last change, or NULL. */
    struct settings settings;
    enum guard_mode mode;       /* Effective. */
    char *instance;
    struct uuid seed;
    uint32_t n_uuids;
    uint64_t next_token;

    enum guard_role role;
    bool loaded;                /* A snapshot was loaded in this role. */
    bool loaded_for_active;     /* It was loaded with the locks held. */
    bool started;               /* What was loaded has been put right. */
    bool paused;
    bool stopping;              /* guard_stop() was called. */
    bool requests_only;         /* Only what is asked for is begun. */
    long long int active_since_ms;

    struct hold_table holds;
    struct hmap gates;          /* struct gate, by port. */
    struct hmap candidates;
    struct hmap clears;         /* Candidates by the hold of their clear. */
    struct ovs_list turns;      /* Candidates: who is judged again next. */
    size_t turns_left;          /* So many still are. */
    size_t n_go;                /* In this turn at most so many candidates are
                                 * in CAND_GO. */
    struct ovs_list reads;      /* Candidates that asked for a live read. */
    struct hmap duplicates;
    struct hmap wants;
    struct ovs_list wants_ready, wants_waiting;
    struct ovs_list post_reads;
    struct ovs_list dropped_reads; /* struct post_read, of before a change of
                                    * role: see guard-look-back.c. */
    bool look_back;             /* At what was cleared in another life. */
    uint64_t look_back_seqno;   /* +1 for each guard_note_look_backs(). */
    uint64_t followed_seqno;    /* guard_follow_networks() has done this one:
                                 * model.networks_seqno. */
    struct ovs_list standby_departures; /* struct standby_departure. */

    /* guard_step_holds(), where there are very many. */
    size_t step_cursor;         /* Where to go on. */
    struct step_inputs step_inputs; /* As last seen, */
    uint64_t step_seqno;        /* +1 when they had changed. */
    uint64_t hold_changes;      /* Of own_changes: see guard_note_hold(). */

    uint64_t judged_seqno;      /* model.change_seqno last pruned at. */
    uint64_t sets_seqno;        /* Waiting sets were last looked at then. */
    size_t sets_left;           /* So many of them are still to be. */
    struct sset cycles;         /* Rollouts that wait in a circle. */
    bool cycles_due;            /* They are to be looked for ... */
    long long int cycles_ms;    /* ... when very many wait, not before. */
    struct hmap ipam_waits;     /* struct ipam_wait, by member. */
    long long int ipam_due_ms;  /* They are not looked at before. */
    long long int ipam_young_ms; /* The next one's first look. */
    uint64_t ipam_seqno;        /* model.change_seqno last looked at. */
    struct safety safety;

    /* Barriers. */
    int64_t start_first, start_barrier; /* 0: not taken. */
    uint64_t start_token;
    bool start_knew_chassis;    /* Chassis were known at the last of them. */
    long long int start_since_ms; /* Since then SB has the latter; 0: not. */
    bool start_confirmed;       /* And chassis have it, too. */
    long long int last_bump_ms;
    bool bump_needed;

    /* Under way. */
    uint64_t nb_token, store_token;
    struct nb_batch *nb_sent;   /* Copy of the NB batch under way. */
    struct planned *planned;
    size_t n_planned;
    struct hmap edits;          /* struct port_edit, of this turn. */
    bool in_doubt;              /* An NB transaction got no answer, or our copy
                                 * of NB may lack what another life wrote. */
    bool found_in_doubt;        /* The latter: guard_settle_found() is due. */
    struct {
        struct planned *planned; /* What it was to do. */
        size_t n_planned;
        struct nb_batch *sent;
        uint64_t token;         /* If its answer may yet come. */
    } doubt;
    long long int nb_retry_ms, store_retry_ms;
    int nb_failures, store_failures;
    char *nb_error, *store_error;

    /* Towards the own database. */
    struct ipguard_row row;
    bool row_changed;
    char *store_identity;
    bool freeze_unsaved;        /* Frozen by us; not in the database yet. */
    bool brake_unsaved;         /* The same for the brake. */
    bool ends_wait;             /* Of a hold, see hold->end_waits. */
    size_t portion;             /* Of this turn, see struct guard_env. */
    bool merge_unsaved;         /* The database was replaced; what we know is
                                 * not in it yet. */
    int64_t merge_generation;   /* As it had it then. */
    int64_t generation;         /* As last stored or loaded. */
    struct uuid *delete_holds;
    size_t n_delete_holds;
    struct uuid *delete_gates;
    size_t n_delete_gates;
    struct journal_entry *journal;
    size_t n_journal;
    int64_t sequence;
    struct request **requests;  /* To be answered. */
    size_t n_requests;
    struct request_answer *answers; /* To be stored. */
    size_t n_answers;
    struct uuid *delete_requests;
    size_t n_delete_requests;
    char *db_frozen, *db_brake; /* As the own database has them, by our last
                                 * knowledge: another value is a person's. */
    struct store_batch *sent;   /* What is under way, to be repeated. */

    struct ovs_list asked;      /* struct asked. */

    /* Towards SB. */
    struct sb_watch watch;
    uint64_t watch_built;       /* model.change_seqno + own changes. */
    long long int watch_due_ms; /* It is not built anew before. */
    bool watch_asks;            /* It was not acknowledged in the last turn, if
                                 * it is large. */
    uint64_t own_changes;       /* +1 for each change of holds etc. */
    struct uuid *flush;
    size_t n_flush;

    long long int excluded_ms;  /* When exclude_ips was last changed. */

    /* Towards the API server. */
    struct kube_write **kube_writes; /* Of this turn. */
    size_t n_kube_writes;
    struct hmap events;         /* struct recent_event. */
    struct ovs_list events_lru;
    struct token_bucket event_tokens;
    uint32_t n_event_names;
    bool frozen_told;
    struct ovs_list nudges;     /* struct nudge. */
    struct hmap ip_ops;         /* struct ip_op. */
    struct ovs_list releases;   /* struct release. */
    struct hmap hazards;        /* struct hazard. */
    struct shash reserves;      /* Name of an IP object of ours that is
                                 * wanted -> ms when it was first seen without
                                 * force, as "long long int *". */
    uint64_t reserves_seqno;    /* What that was made of. */
    long long int reserves_due_ms;
    struct token_bucket nudge_tokens;

    struct ovs_list log;
    struct last_action last_actions[N_LAST_ACTIONS];
    size_t n_last_actions;
    struct hold_course *ended;  /* The latest first; or NULL. */
    size_t n_ended;
    struct guard_counters counters;
    struct tally done, refused;
    struct step_times steps[N_STEPS];
    long long int wake_ms;
    bool again;
    bool kube_was_trusted;
    bool nb_was_synced;
    long long int nb_synced_wall_ms; /* When NB's current copy was complete. */
};

#endif /* guard-state.h */
