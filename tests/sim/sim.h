/* SPDX-License-Identifier: Apache-2.0 */

/* A deterministic simulation of everything that agent/core lives with.
 *
 * One world is one history: a configuration and a script of events, both drawn
 * from a seed, played in simulated time by actors that are small state
 * machines.  A world is a pure function of its script, so a failing one can be
 * replayed and shrunk.  The daemon in it is the real agent/core, driven
 * through struct orders and guard_*() as agent/ovn-ipguard.c drives it.
 *
 *   prng.c      pseudo-random numbers
 *   script.c    seed -> configuration and events
 *   event.c     what an event does
 *   operator.c  what operators do
 *   world.c     the scheduler, life and end of a world
 *   nb.c        the Northbound server and whoever writes to it
 *   sb.c        ovn-northd, the Southbound server, chassis, MAC bindings
 *   admission.c the API server asks before it makes a pod
 *   cluster.c   leaders that move, snapshots of SB
 *   kube.c      the Kubernetes API: objects, their history, watches
 *   workload.c  StatefulSet controller, kubelets, pods and VMs
 *   cni.c       Kube-OVN in three behaviours, or a plain CMS
 *   ovn-kubernetes.c  the controller of another dialect
 *   ipam.c      Kube-OVN's IP objects, reserved ones as well
 *   own-db.c    the server of the own database
 *   mirror.c    what an instance is told of NB and SB
 *   daemon.c    one instance: what it is told, its turns, its death
 *   orders.c    what an instance asks for, carried out to the letter
 *   regret.c    an owner that comes back at the worst moment
 *   rules.c     what is checked after every event
 *   reaction.c  that takers are shut and duplicates told of
 *   look-back.c that a clear is looked back at
 *   rest.c      what is checked when the world has calmed down
 *   truth.c     who really has which address, for the two above
 *   coverage.c  which states and cases were reached
 *   alloc.c     malloc() in less time
 *   print.c     xasprintf() in less time
 *   whim.c      operators who wait for a state of a hold
 *   shrink.c    the fewest events that still fail
 *   planted.c   known bugs, one at a time
 *   run.c       the command line
 */

#ifndef SIM_H
#define SIM_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/uuid.h"
#include "sset.h"
#include "svec.h"

#include "agent/core/guard.h"
#include "agent/core/model.h"
#include "agent/core/orders.h"
#include "agent/core/pod.h"
#include "agent/core/settings.h"
#include "agent/core/workload.h"

struct smap;

/* ---- Sizes of the world. ---- */

#define N_NETS 2
#define N_STS 3
#define N_IPS 8                 /* Addresses per network that anybody names. */
#define N_CHASSIS 3
#define N_INSTANCES 2
#define MAX_EVENTS 64

/* Who may have a port.  The first SLOT_FOREIGN are pods and VMs. */
enum slot_id {
    SLOT_S0_0, SLOT_S0_1,       /* StatefulSet s0, on net0. */
    SLOT_S1_0, SLOT_S1_1,       /* s1, on net0. */
    SLOT_S2_0,                  /* s2, on net1: the same addresses. */
    SLOT_PLAIN,                 /* Pod p0, on net0. */
    SLOT_VM,                    /* VirtualMachine v0, on net0. */
    SLOT_FOREIGN,               /* Somebody else's port, on net0. */
    N_SLOTS,
};
#define N_OWNED_SLOTS SLOT_FOREIGN

#define NO_IP (-1)
#define NO_CHASSIS (-1)
#define NEVER INT64_MAX

/* ---- Pseudo-random numbers. ---- */

struct prng {
    uint64_t state;
};

void prng_seed(struct prng *, uint64_t seed);
uint64_t prng_next(struct prng *);
/* 0 ... n - 1. */
uint32_t prng_below(struct prng *, uint32_t n);
/* True once in 'n'. */
bool prng_one_in(struct prng *, uint32_t n);
/* A number that depends on the arguments only. */
uint64_t prng_hash(uint64_t a, uint64_t b, uint64_t c);

/* ---- Strings that repeat: each is kept once, for good. ---- */

struct text {
    const char *s;
    uint32_t ips;               /* Bit i: address i stands in it. */
    bool other_ip;              /* So does an address that has no number. */
};

const struct text *text_get(const char *);
/* "10.0.0.1", "fd00::1"...: the usual text of address 'ip'. */
const char *ip_text(int ip);
/* As an operator might write it. */
const char *ip_text_odd(int ip);
/* The number of 'ip', or NO_IP. */
int ip_number(const struct ip_addr *);
bool ip_is_v6(int ip);
/* The addresses with a number that stand in 'sv'. */
uint32_t svec_ips(const struct svec *sv);

/* ---- Configuration and script. ---- */

enum cni_kind {
    CNI_NONE,                   /* A CMS that makes ports with a MAC alone. */
    CNI_OVN_LEAK,               /* Kube-OVN up to 1.14.5. */
    CNI_OVN_CURRENT,
    CNI_OVN_FAILED_MOVE,        /* Releases, then asks: may be refused. */
    CNI_OVN_KUBERNETES,         /* Another dialect. */
};

/* What an operator does at the first sight of a hold in a certain state. */
enum whim {
    WHIM_NONE,
    WHIM_RELEASE_CLEAN,         /* hold/release: it is clean. */
    WHIM_RELEASE_BLOCKED,
    WHIM_SWITCH_BLOCKED,        /* Make the switch again. */
    N_WHIMS
};

struct config {
    uint64_t jitter;            /* Seed of delays. */
    enum guard_mode mode;
    enum cni_kind cni;
    bool two_instances;
    bool one_by_one;            /* NB's transactions are told singly. */
    bool restart_at_rest;       /* Kill all at the end and look again. */
    bool early_nb_cfg;          /* northd tells nb_cfg before the rows. */
    bool slow_northd;           /* It writes later than it reads. */
    bool chassis_report;
    bool dual_stack;
    size_t portion;             /* Of a turn; 0: all fits. */
    size_t more_ports;          /* Asked for of Southbound at once; 0: as many
                                 * as the portion makes them. */
    bool port_security;         /* Ports are made with it. */
    bool patient;               /* Pods wait until their port is ready. */
    bool localnet;              /* net0 has a localnet port. */
    bool router_port;           /* net0 has a router, which learns MACs. */
    bool flush;                 /* mac-bindings=flush. */
    bool wait_policy;           /* chassis-policy=wait. */
    bool deny;                  /* sts-ip-change=deny. */
    bool ip_objects;            /* Kube-OVN's are watched and written ... */
    bool reserve, release;      /* ... for the one and the other. */
    bool webhook;               /* Instances are asked about new pods. */
    bool scope_all;             /* hold-scope=all. */
    int brake;                  /* Clears that trip it. */
    int n_chassis;
    int nb_ms, sb_ms, kube_ms, store_ms; /* Largest ordinary delays. */
    enum whim whim;
    int replicas[N_STS];
    int pool[N_STS][2];         /* Address of each ordinal, or NO_IP. */
    int plain_ip, vm_ip;
    int foreign_ip;
    bool exists[N_STS];
    bool plain, vm;
};

enum happening {
#define EVENT(ENUM, NAME) EV_##ENUM,
#include "events.h"
#undef EVENT
    N_EVENT_KINDS
};

struct event {
    int64_t at_ms;              /* From the start of the world. */
    enum happening kind;
    int a, b, c;
};

struct script {
    uint64_t seed;
    struct config config;
    struct event events[MAX_EVENTS];
    int n_events;
};

/* With 'rare', what is rare comes more often. */
void script_generate(struct script *, uint64_t seed, bool rare);
/* One event as a sentence. */
char *event_format(const struct script *, const struct event *);
const char *slot_name(enum slot_id); /* Pod's, VM's or port's owner's name. */
const char *slot_port(enum slot_id); /* Name of its port. */
/* Ports are called as ovn-kubernetes calls them from now on, or not. */
void slots_speak_ovn_kubernetes(bool);
int slot_of_port(const char *name); /* -1: none. */
int slot_of_owner(const char *name); /* -1: none. */
int slot_sts(enum slot_id);     /* Its StatefulSet, or -1. */
int slot_ordinal(enum slot_id);
int slot_net(enum slot_id);

/* ---- Northbound. ---- */

#define ROW_STRINGS 3

struct nb_row {
    uint32_t id;                /* Of its UUID; 0: there is no row. */
    int net;
    const struct text *addresses[ROW_STRINGS];
    const struct text *ps[ROW_STRINGS];
    int n_addresses, n_ps;
    enum tristate enabled;
    const char *mark;           /* options:ipguard-gate, or NULL. */
    bool migrating;             /* options:requested-chassis names two. */
    uint32_t made_for;          /* options:iface-id-ver; 0: absent. */
};

/* One change that the NB server tells its clients. */
struct nb_change {
    uint64_t seq;               /* Of the transaction. */
    int64_t nb_cfg;
    int slot;                   /* -1: nb_cfg alone; -2: networks. */
    uint32_t old_id;            /* Row that it replaces or ends. */
    struct nb_row row;
    uint32_t net_ids[N_NETS];
};

struct nb_server {
    struct nb_row rows[N_SLOTS];
    uint32_t net_ids[N_NETS];   /* 0: the switch is gone. */
    int64_t nb_cfg;
    int identity;
    uint64_t seq;
    uint32_t next_id;
    struct nb_change *log;
    size_t n_log, allocated_log;
    struct nb_row saved[N_SLOTS]; /* A snapshot to be restored. */
    int64_t saved_cfg;
    bool have_saved;
    /* Since when, in transactions, a port lists an address openly. */
    uint64_t gained[N_SLOTS][N_IPS];
    int64_t lost_ms[N_SLOTS][N_IPS]; /* When it last lost one. */
};

bool row_equals(const struct nb_row *, const struct nb_row *);
uint32_t row_ips(const struct nb_row *);
/* The same, 0 for a port that is shut. */
uint32_t row_open_ips(const struct nb_row *);
uint32_t row_ps_ips(const struct nb_row *);

/* ---- Southbound. ---- */

struct sb_row {
    bool present;
    struct nb_row nb;           /* What northd made it of. */
    uint32_t net_id;
    int chassis;                /* Where its interface is. */
};

struct chassis_state {
    bool exists;                /* Rows in SB. */
    bool alive;                 /* Its ovn-controller runs. */
    bool phantom;               /* Chassis_Private without a Chassis. */
    int64_t nb_cfg;             /* What it has acknowledged. */
    int64_t behind_since;       /* When SB first had more; NEVER: it is not. */
    int lag_ms;
    uint32_t flows[N_SLOTS];    /* Addresses that lead to this port... */
    uint32_t flows_net[N_SLOTS]; /* ... on the network of this UUID. */
};

struct mac_row {
    uint32_t id;                /* 0: no row. */
    int ip;
    int slot;                   /* Whose MAC. */
    const char *mac;
};
#define N_MACS 4

struct sb_snapshot {
    bool is_there;
    struct sb_row rows[N_SLOTS];
    int64_t nb_cfg, chassis_nb_cfg[N_CHASSIS];
};

struct sb_server {
    struct sb_row rows[N_SLOTS];
    uint32_t net_ids[N_NETS];
    int64_t nb_cfg;
    int identity;
    uint64_t seq;               /* +1 with each change. */
    uint64_t row_seq[N_SLOTS];  /* When each row was changed. */
    uint64_t nb_seq;            /* Transactions of NB that are in. */
    struct chassis_state chassis[N_CHASSIS];
    struct mac_row macs[N_MACS];
    uint32_t next_mac;
    int northd_lag_ms;
    bool northd_paused;
    struct nb_row pending[N_SLOTS];
    uint32_t pending_net_ids[N_NETS];
    int64_t pending_nb_cfg;
    uint64_t pending_seq;
    bool is_pending;
    struct sb_snapshot saved;
    uint64_t restored_seq;      /* When it was. */
    int64_t restored_ms;        /* The same; 0: never. */
};

/* ---- Kubernetes. ---- */

enum claim_way { WAY_STICKY, WAY_POOL, WAY_ADDRESS, WAY_INVALID };

struct kpod {
    bool exists;
    uint32_t uid;
    uint32_t owner_uid;
    enum claim_way way;
    int pool[2];                /* WAY_POOL: addresses by ordinal. */
    int ip;                     /* WAY_ADDRESS. */
    int allocated_ip;           /* What the CNI wrote down, or NO_IP. */
    bool edited;                /* 'ip' was changed while it lived. */
    int template_number;        /* What its label names; 0: it has none. */
    bool deleting, finished, migrating, opted_out;
    int revision;
    int64_t created_s;
    int64_t orphaned_ms;        /* 0: it was not. */
};

struct ksts {
    bool exists;
    uint32_t uid;
    int replicas;
    bool on_delete;
    int partition;
    bool deleting, opted_out;
    int revision;               /* Of the template. */
    int old_revision;           /* In play as well, if another one. */
    enum claim_way way, old_way;
    int pool[2], old_pool[2];
    bool unreadable;            /* The old revision cannot be read. */
};

/* Objects: pods by slot, then StatefulSets, then the VM. */
#define OBJ_STS(I) (N_OWNED_SLOTS + (I))
#define OBJ_VM (N_OWNED_SLOTS + N_STS)
#define N_OBJECTS (OBJ_VM + 1)

union kobject {
    struct kpod pod;
    struct ksts sts;            /* The VM as well. */
};

struct kube_event {
    uint64_t version;
    int object;
    union kobject value;
};

struct kube_server {
    struct kpod pods[N_OWNED_SLOTS];
    struct ksts sts[N_STS];
    struct ksts vm;
    uint64_t version;
    uint64_t object_version[N_OBJECTS];
    uint32_t next_uid;
    struct kube_event *log;
    size_t n_log, allocated_log;
};

/* What is at a pod's place in the data plane. */
struct place {
    bool runs;                  /* Its interface is plugged in. */
    int chassis;
    uint32_t uid;               /* Of the pod that runs. */
    int ip;                     /* That it believes to be its own. */
    int64_t created_ms;         /* The pod. */
    int64_t grace_until;        /* Pod object: end of its deletion. */
    int64_t unplug_at;
    int64_t plug_at;
    bool waits;                 /* To be plugged in. */
    bool confused;              /* See sb.c. */
    bool network_ready;         /* The CNI has done its part. */
    int granted_ip;             /* Written to NB, not yet to the pod. */
    bool conflict;              /* The CNI refused it its address. */
    bool gone_pending;          /* The CNI has yet to see the pod's end. */
    int64_t retry_ms;           /* Back-off of the CNI. */
    int64_t retry_at;
    /* Truth for the rules: since when a living pod has had a right to each
     * address; NEVER if it has none. */
    int64_t own_since[N_IPS];
};

struct cni_state {
    bool up;
    int64_t restarted_ms;
    int ipam[N_NETS][N_IPS];    /* Slot, or -1. */
    int nic[N_SLOTS];           /* Address, or NO_IP. */
    int ip_object[N_SLOTS];     /* The same, of the IP object. */
    bool marked[N_SLOTS];       /* By the first round of GC. */
};

/* An IP object of Kube-OVN: those of ports, by slot, then reserved ones. */
#define N_IP_ROWS (N_OWNED_SLOTS + 8)
struct ip_row {
    bool exists;
    uint32_t uid;
    uint64_t version;
    char name[80], pod[64];
    int net, ip;
    bool of_sts;                /* spec.podType is StatefulSet. */
    bool ours, taken_up, deleting;
    int64_t due_ms;             /* When the controller looks at it; 0: it
                                 * does not. */
};

struct ipam_server {
    struct ip_row rows[N_IP_ROWS];
    uint64_t version;
    uint32_t next_uid;
};

/* The same as an instance was told. */
struct ip_told {
    uint32_t uid;
    uint64_t version;           /* 0: of no such object. */
    char name[80];
    int net, ip;
};
#define N_KUBE_WRITES 64

/* ---- Own database. ---- */

struct own_db {
    struct hold **holds;
    size_t n_holds;
    struct gate **gates;
    size_t n_gates;
    struct ipguard_row row;
    int identity;
    uint64_t change;            /* +1 with each transaction. */
    int author;                 /* Instance that made the last one. */
    int64_t last_sequence;
    struct journal_entry *journal;
    size_t n_journal;
    struct own_db *saved;       /* A snapshot to be restored. */
};

/* ---- The daemon. ---- */

enum database { DB_OWN, DB_NB, DB_SB, N_DBS };

enum fault {
    FAULT_NONE,
    FAULT_UNKNOWN_DONE,         /* Written, but no answer. */
    FAULT_UNKNOWN_NOT_DONE,
    FAULT_LATE,                 /* No answer; written some time after. */
    FAULT_ERROR,
    N_FAULTS
};

#define N_READS 8

struct live_ask {
    uint64_t id;                /* 0: free. */
    int slot;
    int sts;                    /* Or -1; N_STS is the VM. */
    int64_t began_ms, ask_at, done_at;
    bool asked, failed;
    uint64_t versions[2];
    struct kpod pod;
    struct ksts workload;
};

struct instance {
    int number;
    bool alive;
    struct guard *guard;
    struct settings settings;
    uint32_t lives;
    int64_t born_ms, listed_ms;
    int64_t nb_known_ms;        /* When it had its first copy of NB. */
    char name[32];
    char boot_id[32];
    int boots;
    int64_t mono0;              /* World's time at which its clock said 0. */

    bool connected[N_DBS];      /* Its session is up and its copy complete. */
    int64_t reconnect_at[N_DBS];
    bool lock_seen[N_DBS];
    bool lock_lost[N_DBS];      /* The server has told so, whoever has it by
                                 * now. */

    /* What it was told. */
    size_t nb_pos;              /* In nb_server.log. */
    uint64_t nb_seq;
    struct nb_row nb_rows[N_SLOTS]; /* As it knows them. */
    uint32_t nb_net_ids[N_NETS];
    bool nb_one_by_one;
    uint64_t sb_seq;
    bool sb_told[N_SLOTS];      /* It has been told the row as it is. */
    struct sb_watch watch_sent; /* In force: the server has acknowledged. */
    uint32_t watched;           /* The slots whose ports are in it. */
    struct sb_watch watch_next; /* On its way there. */
    bool watch_pending;
    size_t kube_pos;
    uint64_t kube_version[N_OBJECTS];
    union kobject known[N_OBJECTS];
    bool watch_broken;
    bool list_needed;           /* 410: what was missed must be listed. */
    int lists_cut;              /* So many lists will break off ... */
    int list_cut_at;            /* ... after so many objects. */
    int kube_lag_ms, nb_lag_ms, sb_lag_ms;
    struct ip_told ip_told[N_IP_ROWS];
    bool subnets_told;
    struct kube_write *kube_writes[N_KUBE_WRITES];
    size_t n_kube_writes;
    uint64_t store_change;
    bool store_news;            /* Another hand's, not yet loaded. */

    /* Under way. */
    struct store_batch *store;
    struct nb_batch *nb;
    bool store_done, nb_done;   /* Carried out; the answer is on its way. */
    enum txn_result store_result, nb_result;
    int64_t nb_result_cfg;
    uint64_t nb_done_seq;
    int64_t store_deadline, nb_deadline;
    enum fault nb_fault, store_fault;
    bool sb_busy;
    struct nb_batch *late_nb;   /* Given up, but still on its way. */
    uint64_t late_seq;
    int64_t late_ordered_ms;
    struct store_batch *late_store; /* Likewise. */
    int64_t late_store_ms;      /* When that was ordered. */
    struct uuid *macs;
    size_t n_macs;
    struct live_ask reads[N_READS];
    bool reads_fail;
    bool paused;
    int64_t next_wake;
    int n_turns_now;            /* At one and the same time. */
    int64_t turn_ms;

    /* For the rules. */
    int kill_in;                /* Steps until it is killed; -1: never. */
    bool dies_told;             /* ... from the next answer of NB on. */
    int64_t slot_changed[N_SLOTS]; /* Its knowledge of what decides. */
    int64_t unbound_at[N_SLOTS]; /* When it was told; NEVER: bound. */
    int64_t last_bump_ms;
    int64_t nb_ordered_ms;
    uint64_t nb_ordered_seq, store_ordered_seq;
    uint64_t nb_ordered_sb_seq;
    int64_t own_locked_ms;      /* When it was told of the lock. */
    int64_t store_ordered_ms;
    uint32_t nb_clean_openings; /* Slots opened because it is clean. */
    int64_t read_began[N_SLOTS]; /* Of the latest live read answered. */
    int64_t set_ms[N_SLOTS][N_IPS]; /* When it ordered to set one. */
    int own_identity;           /* Of the own database as last seen; 0: it was
                                 * not. */
    int64_t own_generation, store_generation; /* The same; and of what was
                                 * stored, before the answer. */
    bool must_be_frozen;        /* Told something that freezes. */
    bool own_went_back;         /* So has its own database; it also tells that
                                 * another instance was thawed. */
    bool thawed;                /* Whatever NB will be like is accepted. */
    bool sb_thawed;             /* Likewise. */
    uint32_t took[N_SLOTS];     /* Held addresses that were seen to come,
                                 * and have not been seen bound since, ... */
    uint32_t took_early[N_SLOTS]; /* ... those that came amid a clear, and
                                 * could be shut ever since, ... */
    struct uuid took_from[N_SLOTS][N_IPS]; /* ... and by which holds. */
    uint32_t seen_guarded;      /* Slots: it was told of a pod that is not
                                 * orphaned, or of the StatefulSet; ... */
    uint32_t seen_orphan;       /* ... of one that is. */
    uint32_t left[N_SLOTS];     /* Addresses that were seen to go, ... */
    uint32_t left_row[N_SLOTS], left_net[N_SLOTS]; /* ... and from where. */
    uint32_t left_to_set[N_SLOTS]; /* Those of them that matter only because
                                    * they are to be set on others, ... */
    uint32_t left_for[N_SLOTS][N_SLOTS]; /* ... whose rows these are. */
    uint32_t left_plain[N_SLOTS]; /* What went from an orphan that it takes
                                   * for a plain pod, and has not come back. */
    uint32_t look_back;         /* Slots whose owner is to be asked again. */
    int64_t look_back_ms;
    size_t n_orders;            /* Of anything that writes. */
};

/* ---- Rules. ---- */

enum rule {
#define RULE(ENUM, NUMBER, TEXT) RULE_##ENUM,
#include "rules.h"
#undef RULE
    N_RULES
};

const char *rule_number(enum rule);
const char *rule_text(enum rule);

/* ---- The world. ---- */

enum timer {
    T_EVENT, T_NORTHD, T_NORTHD_ROWS, T_STS, T_CNI, T_GC, T_IPAM,
    T_CHASSIS,                  /* One each. */
    T_PLACE = T_CHASSIS + N_CHASSIS, /* One for each owned slot. */
    T_INSTANCE = T_PLACE + N_OWNED_SLOTS, /* N_INSTANCE_TIMERS for each. */
};

enum instance_timer {
    IT_NB_IN, IT_SB_IN, IT_SB_ACK, IT_KUBE_IN, IT_KUBE_LIST, IT_IPAM_IN,
    IT_KUBE_WRITE, IT_STORE_IN,
    IT_STORE_COMMIT, IT_STORE_DONE, IT_STORE_LATE,
    IT_NB_COMMIT, IT_NB_DONE, IT_NB_LATE, IT_READS,
    IT_MACS, IT_CONNECT, IT_LOCKS, IT_START, IT_TURN, N_INSTANCE_TIMERS
};
#define N_TIMERS (T_INSTANCE + N_INSTANCES * N_INSTANCE_TIMERS)
#define TIMER_GROUP 8
#define N_TIMER_GROUPS DIV_ROUND_UP(N_TIMERS, TIMER_GROUP)

/* An action that the daemon was told is done: the journal is to say so. */
struct due_entry {
    int instance;
    uint32_t port;              /* Row. */
    const char *action;         /* Of a gate, or NULL. */
    const struct text *new;     /* Otherwise: its addresses, joined. */
};
#define N_DUE 64

/* An address that our hand took from a pod which had a right to it. */
struct loss {
    bool is_lost;
    int ip;
    uint32_t ips;               /* All that it lost with that. */
    int64_t lost_ms;
    uint64_t seq;               /* Transaction of NB. */
    struct nb_row left;
    int instance;               /* Whose hand it was. */
    bool succeeded;             /* The other one has been active since. */
};

/* Who gave a port the addresses that it has: one of our instances. */
struct authorship {
    bool ours;
    int instance;
    uint32_t life;
    uint32_t gone;              /* What that took off, ... */
    uint32_t set;               /* ... and what was set before or by that, of
                                 * which nobody knows if it dies now. */
};

#define N_ENDS 32
struct end_ordered {
    struct uuid hold;
    uint64_t seq, sb_seq;       /* Of NB and SB, as the instance knew them. */
};

struct world {
    const struct script *script;
    struct config config;
    int64_t now, wall;
    int64_t due[N_TIMER_GROUPS * TIMER_GROUP]; /* By timer_set() alone. */
    int64_t due_first[N_TIMER_GROUPS];
    uint64_t n_delays;
    int next_event;
    bool whim_done;
    bool calm;                  /* No more events: faults are mended. */
    bool trace;

    struct nb_server nb;
    struct sb_server sb;
    struct kube_server kube;
    struct place places[N_OWNED_SLOTS];
    struct cni_state cni;
    struct ipam_server ipam;
    struct own_db own;
    struct instance instances[N_INSTANCES];
    int lock_holder[N_DBS];     /* Instance, or -1. */

    /* What happened. */
    int violation;              /* enum rule, or -1. */
    char *violation_text;
    int64_t violation_ms;
    uint64_t n_steps;
    struct end_ordered ends[N_ENDS]; /* Of holds, the latest ones. */
    size_t n_ends;
    struct authorship authors[N_SLOTS];
    struct due_entry entries_due[N_DUE];
    int n_due;
    /* Set once others did what excuses a difference at rest. */
    uint32_t forced[N_NETS];    /* Addresses released by hand. */
    bool regret;                /* See regret.c. */
    int regret_kills_in;        /* The daemon is killed so many steps after it
                                 * is told of the clear; -1: it is not. */
    struct loss losses[N_OWNED_SLOTS];
    bool refused[N_OWNED_SLOTS]; /* By admission, the last time. */
    int n_refused[N_OWNED_SLOTS];
    int64_t refused_ms[N_OWNED_SLOTS]; /* It is asked again then. */
    uint32_t ps_taken[N_SLOTS]; /* From port_security by our hand, and nobody
                                 * else has written it since. */
    bool sts_paused;            /* The StatefulSet controller stands still. */
    bool braked;                /* As stored; nobody has re-armed it. */
    int64_t rearmed_ms;         /* When somebody did. */
    bool own_replaced;          /* The own database was lost or restored. */
    int64_t own_replaced_ms;    /* The last time; -1: never. */
    int n_killed;
};

void world_init(struct world *);
void world_destroy(struct world *);
/* Plays 'script' from beginning to end. */
void world_play(struct world *, const struct script *);
/* Runs timers until 'end' or a violation. */
void world_run_until(struct world *, int64_t end);
void timer_set(struct world *, int timer, int64_t at);
/* Earlier of what is set and 'at'. */
void timer_by(struct world *, int timer, int64_t at);
/* A delay of 0 ... 'max' ms that depends on the script's jitter. */
int64_t delay(struct world *, int max_ms);
void say(struct world *, const char *who, const char *format, ...)
    OVS_PRINTF_FORMAT(3, 4);
#define SAY(W, WHO, ...) \
    do { if ((W)->trace) { say(W, WHO, __VA_ARGS__); } } while (0)
void violate(struct world *, enum rule, const char *format, ...)
    OVS_PRINTF_FORMAT(3, 4);

#include "tests/sim/calls.h"

/* coverage.c */
#define N_CASES 8
struct coverage {
    uint64_t worlds, events, steps, turns;
    uint64_t transitions[HOLD_N_STATES][HOLD_N_STATES];
    uint64_t cases[N_CASES];
    uint64_t happened[N_EVENT_KINDS];
    uint64_t refusals, given, reserved, released, nudges, refusals_told;
    uint64_t regrets, losses, leader_moves, sb_restores;
    uint64_t clears, sets, put_backs, gates, barriers, freezes, brakes;
};
extern struct coverage *coverage;
extern const char *const coverage_case_names[N_CASES];
bool coverage_transition_possible(enum hold_state from, enum hold_state to);
void coverage_add(struct coverage *sum, const struct coverage *);
/* Prints what was reached; returns the number of things that were not. */
int coverage_report(const struct coverage *, bool strict);
void coverage_before_turn(struct world *, const struct instance *);
void coverage_after_turn(struct world *, const struct instance *);
void coverage_journal(const struct journal_entry *);
void coverage_rest(const struct world *, const struct instance *);

/* shrink.c */
/* The fewest events of 'script' that break the same rule. */
void shrink(struct script *, int rule);
void story(const struct script *);

#endif /* sim.h */
