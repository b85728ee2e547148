/* SPDX-License-Identifier: Apache-2.0 */

/* A simulated world around the guard: Northbound rows, a Southbound that lags
 * behind, chassis that answer or not, an own database and a source of pods.
 * It carries out struct orders to the letter, as the daemon does, and checks
 * after each write what must hold whatever happens.
 *
 * Time goes on only when nothing else is to be done, and then to the moment
 * that the guard asked to be woken at: a wake-up that is missing leaves the
 * world standing still, and the test fails. */

#ifndef WORLD_H
#define WORLD_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/uuid.h"
#include "smap.h"
#include "sset.h"
#include "svec.h"

#include "agent/core/dialect.h"
#include "agent/core/guard.h"
#include "agent/core/model.h"
#include "agent/core/orders.h"
#include "agent/core/pod.h"
#include "agent/core/settings.h"
#include "agent/core/workload.h"

/* ---- Builders, also for tests that have no world. ---- */

struct uuid unit_uuid(uint32_t n);

/* Initializes 'sv' with the items of 's', which are separated by commas. */
void unit_split(struct svec *sv, const char *s);
struct ip_addr unit_ip(const char *);

/* 'annotations' is "key=value;key=value"; a key without a slash is of the
 * provider "ovn": "ip_address=10.0.0.1;allocated=true". */
struct pod *unit_pod(const char *name, const char *uid, enum owner_kind,
                     const char *owner, const char *annotations);
/* The same as 'dialect' reads it; there is no short form of keys but for
 * Kube-OVN's. */
struct pod *unit_dialect_pod(const struct dialect *, const char *name,
                             const char *uid, enum owner_kind,
                             const char *owner, const char *annotations);
struct workload *unit_sts(const char *name, const char *uid, int replicas,
                          const char *annotations);

void unit_set_network(struct model *, uint32_t n, const char *name);

/* A pod's port as Kube-OVN makes it, in namespace "default".  'addresses' and
 * 'ps' are lists separated by ','; NULL is an empty column. */
void unit_set_port(struct model *, uint32_t n, uint32_t network,
                   const char *network_name, const char *pod,
                   const char *addresses, const char *ps);
/* Any port; 'ids' and 'options' are "key=value|key=value". */
void unit_set_raw_port(struct model *, uint32_t n, uint32_t network,
                       const char *name, const char *type,
                       const char *addresses, const char *ids,
                       const char *options);
/* 'mac' is one element, 'chassis' may be NULL. */
void unit_set_binding(struct model *, const char *port, const char *mac,
                      const char *ps, const char *chassis, long long int now);
/* Gives the model every binding that 'ports' (separated by ',') name, and
 * address and network 'n' too. */
void unit_ack(struct model *, uint64_t seqno, const char *ports,
              const char *addresses, uint32_t network, long long int now);
void unit_set_pod(struct model *, struct pod *); /* Takes it. */
void unit_list_pod(struct model *, struct pod *); /* Likewise, by a list. */
void unit_drop_pod(struct model *, const char *name, const char *uid);
void unit_set_workload(struct model *, struct workload *); /* Takes it. */
void unit_drop_workload(struct model *, const char *name, const char *uid);

/* ---- The world. ---- */

/* A row of Request. */
struct wrequest {
    struct uuid uuid;
    char command[32];
    char args[512];
    long long int made_wall_ms, answered_wall_ms;
    char state[16];
    char answer[512];
};

struct wport {
    struct uuid uuid;
    uint32_t network;           /* Index in world->networks. */
    char *name, *type;
    struct svec addresses, ps;
    enum tristate enabled;
    char *mark;
    struct smap options, external_ids;
    char *chassis;              /* Where its interface is, or NULL. */
    bool ours;                  /* A pod's port: may be written. */

    /* What SB shows. */
    bool in_sb;
    struct svec sb_mac, sb_ps;
    char *sb_chassis;
    bool told;                  /* SB's row has been told as it is. */
};

struct wchassis {
    char *name;
    bool answers;
    bool phantom;               /* Chassis_Private without a Chassis. */
    int64_t nb_cfg;
};

struct wmac {
    struct uuid uuid;
    char *router_port, *ip, *mac;
};

struct wkube {
    struct pod *pod;            /* One of the two. */
    struct workload *workload;
};

enum fault {
    FAULT_NONE,
    FAULT_LOST,                 /* Nothing written, and we are told. */
    FAULT_UNKNOWN_DONE,         /* Written, but no answer. */
    FAULT_UNKNOWN_NOT_DONE,     /* Not written, and no answer. */
    FAULT_NOT_LOCKED,
    FAULT_ERROR,
};

struct world {
    struct guard *guard;
    const struct dialect *dialect;
    struct settings settings;
    uint32_t n_guards;
    long long int now, wall;
    char *boot_id;

    struct {
        struct uuid uuid;
        char *name;
        bool exists;
        char *subnet, *exclude, *ours; /* Of other_config, or NULL. */
    } networks[4];
    size_t n_networks;
    struct wport **ports;
    size_t n_ports;
    uint32_t n_uuids;           /* Ports made so far. */
    int64_t nb_cfg;
    char *nb_identity, *sb_identity;

    bool northd_frozen, sb_down, kube_down, kube_wrong, nb_down;
    int64_t sb_nb_cfg;
    struct wchassis chassis[4];
    size_t n_chassis;
    struct wmac macs[4];
    size_t n_macs;
    bool sb_dirty;              /* SB is behind NB. */
    bool sb_watch_stays;        /* SB answers no change of what is watched. */
    int sb_lag;                 /* Turns that northd takes. */
    int sb_wait;

    struct wkube *kube;
    size_t n_kube;

    /* The own database. */
    bool have_store;
    struct hold **holds;
    size_t n_holds;
    struct gate **gates;
    size_t n_gates;
    struct ipguard_row row;
    struct journal_entry *journal;
    size_t n_journal;
    struct wrequest requests[4];
    size_t n_requests;
    char *store_identity;
    bool load_before_answer;    /* Another hand changes it at the moment of
                                 * our own transactions. */

    /* Under way. */
    struct store_batch *store;
    struct nb_batch *nb;
    struct orders orders;       /* Of the last turn. */
    bool locked;
    bool paused;
    size_t portion;             /* Of a turn; 0: as much as there is. */
    size_t more_ports;          /* Asked for of SB at once; 0: as many as the
                                 * portion makes them. */
    bool release_certain;       /* See struct guard_env. */
    const struct sset *release_left_out;
    bool no_api;                /* Pods come from files. */
    struct kube_write **writes; /* All that were ordered, oldest first. */
    size_t n_writes;
    /* Called for each write; its result. */
    enum kube_write_result (*on_write)(struct world *,
                                       const struct kube_write *);
    enum fault nb_fault, store_fault; /* Of the next transaction. */

    /* Called before a live read is answered; may change the world. */
    enum live_read_result (*on_read)(struct world *);
    enum live_read_result read_result;
    /* In which words the CNI controller refuses a pod its address, or NULL. */
    const char *refusal;
    /* Called before an NB batch is carried out. */
    void (*on_batch)(struct world *, const struct nb_batch *);
    /* Called when it is, before the guard is told of it. */
    void (*on_committed)(struct world *, const struct nb_batch *);

    /* What happened. */
    size_t n_turns, n_nb, n_stores, n_reads, n_flushes, n_bumps;
    size_t n_refusal_reads;
    size_t n_clears, n_sets, n_gated, n_opened, n_excludes;
    size_t n_changes, n_changes_then; /* Of NB rows; when 'nb' was ordered. */
    long long int last_bump_ms, min_bump_gap_ms;
    size_t n_violations;
    char *violation;            /* The first one, in words. */
    bool check_bound;           /* Never take from a bound port. */
    struct sset log;            /* All lines. */
};

void world_init(struct world *, enum guard_mode);
/* The same where 'dialect' is spoken, or is to be found out. */
void world_init_dialect(struct world *, enum guard_mode,
                        const struct dialect *);
void world_destroy(struct world *);

/* Things that others do. */
uint32_t world_network(struct world *, const char *name);
struct wport *world_port(struct world *, uint32_t network, const char *pod,
                         const char *addresses);
/* A port with any name; 'ids' and 'options' are "key=value|key=value". */
struct wport *world_raw_port(struct world *, uint32_t network,
                             const char *name, const char *addresses,
                             const char *ids, const char *options);
struct wport *world_find_port(struct world *, const char *name);
void world_del_port(struct world *, struct wport *);
/* Tells the guard of a changed row. */
void world_port_changed(struct world *, struct wport *);
void world_set_addresses(struct world *, struct wport *, const char *);
void world_bind(struct world *, struct wport *, const char *chassis);
void world_chassis(struct world *, const char *name);
void world_mac_binding(struct world *, const char *router_port,
                       const char *ip, const char *mac);
void world_pod(struct world *, struct pod *); /* Takes it. */
void world_del_pod(struct world *, const char *name);
void world_sts(struct world *, struct workload *); /* Takes it. */
void world_del_sts(struct world *, const char *name);
/* Sets exclude_ips of a switch by another hand. */
void world_set_exclude(struct world *, uint32_t network, const char *);
/* Tells the guard all the flags (down, wrong...) as they are. */
void world_flags(struct world *);
/* An operator makes a request; 'args' are "KEY=VALUE KEY=VALUE", with "_" for
 * a blank in a value. */
void world_load(struct world *); /* A change of the own database is seen. */
const struct wrequest *world_ask(struct world *, const char *command,
                                 const char *args);

/* One turn.  Returns false if there is nothing to do before some time passes
 * (or ever: then orders.next_wake_ms is LLONG_MAX). */
bool world_turn(struct world *);
/* Turns until all is quiet now, without letting time pass. */
void world_settle(struct world *);
/* Turns for 'ms', jumping from wake-up to wake-up. */
void world_run(struct world *, long long int ms);

/* Kills the guard; what was under way is carried out before ('commit') or
 * never.  A new one starts from what is stored. */
void world_kill(struct world *, bool commit);

/* Looks. */
bool world_has(const struct world *, const char *port, const char *ip);
const struct hold *world_hold(const struct world *, const char *ip);
const struct hold *world_stored_hold(const struct world *, const char *ip);
bool world_gated(const struct world *, const char *port);
bool world_logged(const struct world *, const char *part);
size_t world_journalled(const struct world *, const char *action);
/* The latest write of that kind about an object of that name (NULL: any) and,
 * for an Event, with that reason; NULL if there is none. */
const struct kube_write *world_find_write(const struct world *,
                                          enum kube_write_kind,
                                          const char *name,
                                          const char *reason);
size_t world_count_writes(const struct world *, enum kube_write_kind,
                          const char *name, const char *reason);
/* How many enabled ports of one network have 'ip'. */
size_t world_open_ports(const struct world *, const char *ip);
/* All of NB in words; the caller frees it. */
char *world_format_nb(const struct world *);

#endif /* world.h */
