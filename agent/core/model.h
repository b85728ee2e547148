/* SPDX-License-Identifier: Apache-2.0 */

/* What is known now, indexed by port, by owner and by (network, address).
 *
 * Sources write into the model through the functions below; each works in
 * time proportional to what changed and marks the members (owners) and
 * addresses that it touches as dirty.  The judgement reads it through const
 * pointers.  The model copies everything it keeps: no row pointer of a mirror
 * outlives a loop turn. */

#ifndef MODEL_H
#define MODEL_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "dialect-auto.h"
#include "dialect.h"
#include "ip-addr.h"
#include "openvswitch/hmap.h"
#include "openvswitch/list.h"
#include "openvswitch/uuid.h"
#include "openvswitch/shash.h"
#include "orders.h"
#include "smap.h"
#include "sset.h"
#include "obj-uid.h"
#include "pod-pool.h"

struct dialect;
struct ip_object;
struct kube_change;
struct pod;
struct pod_owner;
struct sb_loan;
struct subnet_object;
struct workload;

/* ---- Rows as the mirrors give them.  All pointers are borrowed. ---- */

struct nb_network_row {
    struct uuid uuid;
    const char *name;
    const struct smap *other_config;
};

struct nb_port_row {
    struct uuid uuid;
    struct uuid network;        /* All zeros: on no switch (yet). */
    const char *name;
    const char *type;
    char **addresses;
    size_t n_addresses;
    const char *dynamic_addresses; /* Or NULL. */
    char **port_security;
    size_t n_port_security;
    enum tristate enabled;
    const struct smap *options;
    const struct smap *external_ids;
};

struct sb_binding_row {
    const char *logical_port;
    const char *type;
    struct uuid datapath;
    char **mac;
    size_t n_mac;
    char **nat_addresses;
    size_t n_nat_addresses;
    char **port_security;
    size_t n_port_security;
    const char *chassis;        /* Name, or NULL.  "?" for a chassis whose row
                                 * cannot be seen. */
    size_t n_additional_chassis;
    bool up;
};

struct mac_binding_row {
    struct uuid uuid;
    const char *logical_port;   /* The router port that learnt it. */
    const char *ip;
    const char *mac;
};

/* ---- What the model keeps. ---- */

struct network {
    struct hmap_node node;      /* In model->networks, by uuid. */
    struct uuid uuid;
    char *name;
    char *subnet;               /* other_config:subnet, or NULL. */
    char *exclude;              /* other_config:exclude_ips, or NULL. */
    char *exclude_ours;         /* What of that is ours, or NULL. */
    struct ovs_list ours_node;  /* In model->excluding; empty if 'exclude_ours'
                                 * is NULL. */
    size_t n_localnet;          /* Ports of type localnet. */
    struct ovs_list ports;      /* struct port, 'network_node'. */
    struct port **router_ports; /* Those of type router, in no order. */
    size_t n_router_ports;
};

enum port_type {
    PORT_TYPE_VIF,              /* "" */
    PORT_TYPE_ROUTER,
    PORT_TYPE_LOCALNET,
    PORT_TYPE_VIRTUAL,
    PORT_TYPE_OTHER,
};

struct member;

struct port {
    struct hmap_node uuid_node; /* In model->ports. */
    struct hmap_node name_node; /* In model->port_names. */
    struct ovs_list network_node;
    struct port *next_of_member; /* The next in member->ports, or NULL. */

    struct uuid uuid;
    struct network *network;    /* NULL: on no switch. */
    char *name;
    struct svec addresses;      /* As in the row. */
    struct svec port_security;
    struct ip_addr_set ips;     /* All it may answer for: static, dynamic
                                 * and virtual-ip. */
    struct ip_addr_set static_ips; /* Those of 'addresses' only.  May share
                                    * its memory with 'ips': neither is to be
                                    * changed. */
    /* In few bytes: the whole is just what an allocator calls 256. */
    enum port_type type : 4;
    enum port_kind kind : 4;
    enum tristate enabled : 4;
    bool has_unknown : 1;       /* An "unknown" element. */
    bool has_dynamic : 1;       /* A dynamic or router element. */
    bool reprove : 1;           /* The switch was renamed: prove again. */
    uint8_t marks;              /* dialect_port_marks(). */
    uint32_t since_s;           /* When an address was last seen to come here,
                                 * seconds since the epoch; 0: not since the
                                 * current copy of NB.  Kept by the guard. */
    char *mark;                 /* options:ipguard-gate, or NULL. */
    char *requested_chassis;    /* options:requested-chassis, or NULL. */
    char *router_port;          /* options:router-port, or NULL. */
    char *provider;             /* PORT_OWNED. */
    char *cni_network;          /* PORT_OWNED: see struct port_proof; */
    char *pod_uid;              /* likewise; each may be NULL. */
    char *why;                  /* What was found, in words; NULL for
                                 * PORT_OWNED, whose 'member' says it. */
    struct port_proof *proofs;  /* By each of 'dialects', as long as none is
                                 * decided; otherwise NULL. */
    struct member *member;      /* PORT_OWNED; otherwise NULL. */
};

/* A pod name (or VM) of a namespace, with everything that bears it: its ports
 * and its pods.  Exists while either does. */
struct member {
    struct hmap_node node;      /* In model->members, by "ns/name". */
    const char *ns;             /* In model->pool. */
    struct port *ports;         /* The first, or NULL. */
    struct pod **pods;          /* One, in 'one_pod'; several for a VM. */
    struct pod *one_pod;
    uint32_t n_pods;
    int ordinal;                /* Or -1. */

    struct base_entry *base;    /* Of the name without "-ordinal", or NULL. */
    struct ovs_list base_node;  /* In base_entry->members. */

    /* History of this run; never a reason to act by itself. */
    const struct pod_owner *seen; /* Its pod's owner; in model->pool, or
                                   * NULL. */
    struct member_past *past;   /* Or NULL. */
    uint32_t dirty_at;          /* Its place in model->dirty_members, counted
                                 * from 1; 0: clean. */
    enum owner_kind seen_kind : 8; /* Its owner when a pod was seen. */
    bool pod_seen : 1;          /* A pod of this name was seen. */
    bool vm_seen : 1;           /* A VirtualMachine of this name was seen. */
    bool seen_explicit : 1;     /* It named its address itself. */
    bool seen_numbered : 1;     /* It was of a StatefulSet or a VM. */
    bool came : 1;              /* A pod came since it was last judged. */
    bool await_unbound : 1;     /* A new pod came: a binding seen before the
                                 * port was unbound once is the old one's. */
    char name[];
};

/* Goes through the ports of a member, none of which may leave it meanwhile. */
#define MEMBER_FOR_EACH_PORT(PORT, MEMBER)                      \
    for ((PORT) = (MEMBER)->ports; (PORT); (PORT) = (PORT)->next_of_member)

/* Members in the order in which they are to be looked at.  An array, which is
 * given back when all were: mostly there are none. */
struct member_queue {
    struct member **members;    /* From 'head' on; NULL: it is gone. */
    size_t head, n, allocated;
    size_t n_live;              /* Without those that are gone. */
};

/* What only few members have. */
struct member_past {
    /* The last pod that went, of which 'arrived', 'edited' or 'ran' was true:
     * should it come back it is still what it was. */
    struct obj_uid uid;
    bool gone;                  /* There was one. */
    bool arrived, edited, ran;

    struct obj_uid refused_uid; /* uid of the pod that Kube-OVN refused its
                                 * address, */
    char *refusal;              /* and in which words, or NULL. */
};

/* All members "base-N" of a namespace, and the workload of that name. */
struct base_entry {
    struct hmap_node node;      /* By "ns/base". */
    const char *ns;             /* In model->pool, as is 'name'. */
    const char *name;
    struct ovs_list members;    /* struct member, 'base_node'. */
    struct workload *workload;  /* StatefulSet, or NULL. */
    bool workload_seen;         /* A StatefulSet of that name was there. */
    struct workload *vm;        /* VirtualMachine of that name, or NULL. */
};

/* All ports of one network that list one address. */
struct addr_use {
    struct hmap_node node;      /* By network and address. */
    struct network *network;
    struct ip_addr addr;
    struct port **ports;        /* Sorted by name. */
    size_t n;
    struct ovs_list dirty_node;
};

/* An address that somebody asks for by name: a pod that has not been given it
 * yet, or a template.  Which network that is on, and whether it is asked for
 * still, is for the reader to see from the claims. */
struct promise {
    struct hmap_node node;      /* In model->promises, by address. */
    struct ip_addr addr;
    const struct pod *pod;      /* One of the two. */
    const struct workload *workload;
    struct promise *next;       /* Of 'workload'. */
    int ordinal;                /* Of 'workload'; -1: each of them. */
};

/* How many times the ports of a network name a MAC, in addresses or in
 * port_security. */
struct mac_use {
    struct hmap_node node;      /* By network and MAC. */
    struct network *network;
    struct eth_addr mac;
    unsigned int n;
};

/* SB facts about a watched port. */
struct binding {
    struct hmap_node node;      /* By logical_port. */
    char *logical_port;
    bool present;               /* A Port_Binding row exists. */
    struct uuid datapath;
    struct svec mac, nat_addresses, port_security;
    char *chassis;              /* Name, or NULL. */
    size_t n_additional_chassis;
    long long int unbound_since_ms; /* 0: bound or unknown. */
    char *last_chassis;         /* Where it was last seen, or NULL. */
};

/* Finds one in a map of them, or returns NULL. */
struct binding *binding_find(const struct hmap *bindings,
                             const char *logical_port);
/* The same, but makes one without facts where there is none. */
struct binding *binding_get(struct hmap *bindings, const char *logical_port);
/* 'binding' is in no map. */
void binding_destroy(struct binding *);

struct chassis {
    struct hmap_node node;      /* By name. */
    char *name;
    bool present;               /* A Chassis row exists. */
    bool remote;
    bool has_private;           /* A Chassis_Private row exists. */
    bool private_has_chassis;   /* ... and refers to a Chassis. */
    int64_t nb_cfg;             /* Of Chassis_Private. */
    long long int gone_since_ms; /* Chassis row went; 0: it is there. */
    int64_t missed_at;          /* nb_cfg when it missed a barrier, since when
                                 * it has not moved; -1. */
    int64_t ahead;              /* nb_cfg of before NB went back: proves
                                 * nothing; -1. */
};

struct mac_binding {
    struct hmap_node node;      /* By row uuid. */
    struct uuid uuid;
    char *logical_port;
    struct ip_addr ip;
    char *mac;
};

/* 'mb' is in no map. */
void mac_binding_destroy(struct mac_binding *mb);

/* A mention of an address outside ports: NAT, load balancer, ... */
struct reference {
    struct hmap_node node;      /* By row uuid. */
    struct uuid uuid;
    char *text;                 /* "NAT dnat_and_snat 192.0.2.1". */
    struct ip_addr_set ips;
};

struct model {
    const struct dialect *dialect; /* &dialect_auto: not decided yet. */
    bool dialect_is_auto;       /* It was or is to be found out. */
    struct dialect_marks marks[N_DIALECTS];
    struct pod_pool pool;       /* Of members and pods. */
    struct hmap networks, ports, port_names, members, bases, addr_uses;
    struct hmap mac_uses, promises;
    struct hmap bindings, chassis, mac_bindings, references;
    struct shash router_ports;  /* LRP name -> struct sset * of networks. */
    struct sset vips;           /* "ns/name". */
    struct shash ipam_claims;   /* struct ipam_claim, by "ns/name". */
    struct hmap kept_addrs;     /* What they keep, by network and address. */
    struct sset marked_ports;   /* Names of ports that bear our gate mark. */
    struct ovs_list excluding;  /* Networks with our words in exclude_ips. */
    struct sset opted_out_namespaces;

    /* Owners elsewhere are not ours to judge. */
    bool by_namespace, by_node; /* There is such a limit: */
    struct sset namespaces;     /* these only, */
    struct sset nodes;          /* pods on these only. */

    /* What Kube-OVN's IPAM shows of itself. */
    struct hmap ip_objects;     /* struct ip_object, by name. */
    struct hmap ip_object_addrs; /* struct ip_object_addr, by subnet and
                                 * address. */
    struct shash subnets;       /* Name -> struct subnet_object. */
    bool ipam_book_known;       /* By the controller's own metrics: */
    struct shash ipam_book;     /* "SUBNET ADDRESS" -> who has it there, as
                                 * "char *". */
    struct sset our_ip_objects; /* Names of those that we made. */
    bool next_is_new;           /* The pods of a StatefulSet under rollout come
                                 * by the new template, where its controller
                                 * is bound to that, and none comes unseen.
                                 * Kept by the guard. */
    struct sset next_unknown;   /* But not in these namespaces.  Kept by the
                                 * guard. */
    bool ip_objects_hidden;     /* There are IP objects, perhaps, that cannot
                                 * be read.  Kept by the daemon. */
    uint64_t ipam_seqno;        /* +1 for every change of them. */

    struct member_queue dirty_members;
    struct ovs_list dirty_addrs;
    struct sset datapaths;      /* Logical switch uuids (text) that SB has. */

    size_t n_pods, n_workloads, n_owned_ports;
    bool vms_listed;            /* A VirtualMachine was seen: the source lists
                                 * them. */

    /* Since last taken: addresses that left a port or came to one. */
    struct ovs_list departures;
    struct ovs_list arrivals;
    uint64_t move_seqno;        /* Of the last of them. */

    /* Kept by the daemon from the mirrors. */
    bool nb_synced, sb_synced, kube_synced, kube_trusted;
    bool vips_known;            /* The list of Vips is complete. */
    bool ipam_claims_known;     /* The list of IPAMClaims is complete. */
    char *nb_identity, *sb_identity;
    int64_t nb_cfg, sb_nb_cfg;
    bool chassis_report;        /* false: enable_chassis_nb_cfg_update=false */
    uint64_t sb_watch_acked;    /* sb_watch.seqno that the server has
                                 * acknowledged; absence of rows means
                                 * something for that watch only. */
    struct sset sb_acked_ports; /* Ports of the acknowledged watch. */
    struct sset sb_acked_addresses;
    struct sset sb_acked_networks;
    bool sb_acked_chassis;
    const struct sb_loan *sb_loan; /* While an answer is made, or NULL. */

    /* When the CNI controller was last (re)started, as far as known; 0: never.
     * Monotonic, negative if that was before the machine's own start. */
    long long int cni_restarted_ms;
    bool cni_down;              /* It is known not to run. */
    uint64_t change_seqno;      /* +1 for every change of content. */
    uint64_t networks_seqno;    /* +1 if a network comes, goes, or has another
                                 * name. */
};

/* An address that left a port (value change, or the row's or network's end).
 * Everything about the port is as it was before. */
struct departure {
    struct ovs_list node;
    struct uuid port;
    char *port_name;
    struct uuid network;
    char *network_name;
    struct ip_addr addr;
    char *mac;                  /* Or "". */
    bool owned;                 /* PORT_OWNED. */
    char *ns, *owner, *workload, *uid;
    enum owner_kind owner_kind;
    bool explicit_claim;        /* A pod that named its address. */
    bool was_numbered;          /* A pod of a StatefulSet or a VM, which may
                                 * have been orphaned since. */
    bool unknown_owner;         /* No pod or workload of it was ever seen. */
    bool gated;                 /* Our gate kept the port shut. */
    bool row_gone;
    uint64_t seqno;             /* Grows, as that of arrivals does. */
};

void departure_destroy(struct departure *);

/* An address that came to a port after the first copy of NB. */
struct arrival {
    struct ovs_list node;
    struct uuid port;
    struct uuid network;
    struct ip_addr addr;
    uint64_t seqno;
};

void model_init(struct model *, const struct dialect *);
void model_destroy(struct model *);

/* Decides on the dialect of a model that was made with &dialect_auto: ports
 * are proven and pods filed as if it had been known all the time. */
void model_set_dialect(struct model *, const struct dialect *);
/* The name of the member that 'pod' is one of. */
const char *model_pod_member_name(const struct model *, const struct pod *);
/* For each of 'dialects', the name of the first port and pod (by name) that
 * bears its marks, or NULL.  The caller frees the strings.  Takes time in
 * proportion to the model. */
void model_marks_examples(const struct model *, char *ports[N_DIALECTS],
                          char *pods[N_DIALECTS]);

/* Northbound. */
void model_set_network(struct model *, const struct nb_network_row *);
void model_remove_network(struct model *, const struct uuid *);
void model_set_port(struct model *, const struct nb_port_row *);
void model_remove_port(struct model *, const struct uuid *);
void model_set_router_port(struct model *, const char *name,
                           char **networks, size_t n);
void model_remove_router_port(struct model *, const char *name);
/* 'texts' are searched for addresses. */
void model_set_reference(struct model *, const struct uuid *row,
                         const char *what, const char *const *texts,
                         size_t n);
void model_remove_reference(struct model *, const struct uuid *row);

/* Southbound.  'now' is monotonic ms. */
void model_set_binding(struct model *, const struct sb_binding_row *,
                       long long int now);
void model_remove_binding(struct model *, const char *logical_port,
                          long long int now);
void model_set_chassis(struct model *, const char *name, bool remote);
void model_remove_chassis(struct model *, const char *name,
                          long long int now);
void model_set_chassis_private(struct model *, const char *name,
                               bool has_chassis, int64_t nb_cfg);
/* A barrier is about to be taken: what a chassis acknowledged beyond NB's
 * nb_cfg is of another time. */
void model_note_chassis_ahead(struct model *);
/* They are, or do not report: what model_note_chassis_ahead() looks at is
 * complete. */
bool model_knows_chassis(const struct model *);
void model_remove_chassis_private(struct model *, const char *name);
void model_set_mac_binding(struct model *, const struct mac_binding_row *);
void model_remove_mac_binding(struct model *, const struct uuid *);
void model_set_datapath(struct model *, const char *switch_uuid, bool present);
/* The server has acknowledged 'watch': what it does not show is not there. */
void model_ack_sb_watch(struct model *, const struct sb_watch *,
                        long long int now);
/* The SB connection was lost: nothing is known until acknowledged anew. */
void model_forget_sb(struct model *);

/* Kubernetes.  Takes the pod or workload out of 'change'. */
void model_apply_kube_change(struct model *, struct kube_change *);

/* Look-ups; NULL if unknown. */
struct network *model_find_network(const struct model *, const struct uuid *);
struct network *model_find_network_by_name(const struct model *,
                                           const char *name, size_t *n_found);
struct port *model_find_port(const struct model *, const struct uuid *);
struct port *model_find_port_by_name(const struct model *, const char *);
struct member *model_find_member(const struct model *, const char *ns,
                                 const char *name);
/* The member that is the pod 'ordinal' of the StatefulSet, or NULL. */
struct member *model_find_ordinal(const struct model *,
                                  const struct workload *, int ordinal);
struct addr_use *model_find_addr(const struct model *, const struct network *,
                                 const struct ip_addr *);
/* The name "ns/name" of the IPAMClaim that keeps the address on the network
 * that 'port' is of, or NULL. */
const char *model_find_ipam_claim(const struct model *, const struct port *,
                                  const struct ip_addr *);
/* The first promise of the address, and the one after 'promise'. */
const struct promise *model_first_promise(const struct model *,
                                          const struct ip_addr *);
const struct promise *model_next_promise(const struct promise *);
/* The StatefulSet (or VM) of that name, or NULL; and the entry for it. */
const struct workload *model_find_workload(const struct model *,
                                           enum owner_kind, const char *ns,
                                           const char *name);
const struct base_entry *model_find_base(const struct model *, const char *ns,
                                         const char *name);
const struct binding *model_find_binding(const struct model *,
                                         const char *logical_port);
const struct chassis *model_find_chassis(const struct model *, const char *);
/* The StatefulSet (or VM) that 'member' belongs to by its pods' owner, or
 * by its name when there is no pod; NULL if none is known. */
const struct workload *model_member_workload(const struct model *,
                                             const struct member *);
/* Is or was the pod of 'member' one of a StatefulSet or a VM, which may have
 * been orphaned since?  What such a pod has is guarded as a fixed address. */
bool model_member_was_numbered(const struct member *);
/* The name of the virtual machine that 'member' is a pod of, or NULL. */
const char *model_member_vm(const struct member *);
/* Is 'member' a pod of the virtual machine 'vm' (may be NULL) in 'ns'? */
bool model_member_is_of_vm(const struct member *, const char *ns,
                           const char *vm);
/* The StatefulSet's entry that 'member' would belong to; NULL if none. */
const struct base_entry *model_member_base(const struct model *,
                                           const struct member *);
/* What the sources tell about: pods of these namespaces only (none: of all);
 * pods on these nodes only. */
void model_set_namespaces(struct model *, const struct svec *names);
void model_set_nodes(struct model *, const struct sset *names);

enum member_scope {
    SCOPE_INSIDE,
    SCOPE_OUTSIDE,
    SCOPE_UNDECIDED,            /* Its pod has no node yet. */
};
/* Whether that includes 'member'; if not, '*why' says so in words, which the
 * caller frees.  A member without a pod has no node that could exclude it. */
enum member_scope model_member_scope(const struct model *,
                                     const struct member *, char **why);

/* What the metrics of Kube-OVN's controller say: takes the content of 'book';
 * NULL if they say nothing (any more). */
void model_set_ipam_book(struct model *, struct shash *book);
/* Whom its IPAM gave 'ip' according to them, or NULL. */
const char *model_find_ipam_user(const struct model *, const char *subnet,
                                 const struct ip_addr *ip);
/* The IP object called 'name'; one of 'subnet', other than that called
 * 'except', that has 'ip' and is not being deleted, one of our own last; the
 * Subnet called 'name';
 * NULL if there is none. */
const struct ip_object *model_find_ip_object(const struct model *,
                                             const char *name);
const struct ip_object *model_find_ip_holder(const struct model *,
                                             const char *subnet,
                                             const struct ip_addr *ip,
                                             const char *except);
const struct subnet_object *model_find_subnet(const struct model *,
                                              const char *name);
/* A port of 'member' is known to be bound, or not: remembers which pod ran. */
void model_note_binding(struct model *, struct member *, bool bound);
/* In which words Kube-OVN refuses 'pod', one of 'member', its address; NULL if
 * it does not, as far as known. */
const char *model_find_refusal(const struct member *, const struct pod *);
bool model_member_opted_out(const struct model *, const struct member *);
/* True if absence or presence of the port's binding is known. */
bool model_binding_known(const struct model *, const char *logical_port);

/* Next dirty member or address, taken off its list; NULL if there is none. */
struct member *model_take_dirty_member(struct model *);
struct addr_use *model_take_dirty_addr(struct model *);
/* True while some member or address waits to be judged. */
bool model_has_dirty(const struct model *);
void model_mark_member(struct model *, struct member *);
void model_mark_addr(struct model *, const struct network *,
                     const struct ip_addr *);
/* Every member, for a full pass (mode or settings changed). */
void model_mark_all(struct model *);
struct departure *model_take_departure(struct model *);
/* Returns what is to be told if 'ip' leaves 'port', which is on a network.  It
 * is the caller's: for departure_destroy(), or for model_add_departure(),
 * which takes it and queues it as if the port had been seen with the
 * address. */
struct departure *model_describe_departure(const struct model *,
                                           const struct port *,
                                           const struct ip_addr *ip);
void model_add_departure(struct model *, struct departure *);
struct arrival *model_take_arrival(struct model *); /* free() it. */
/* Is an arrival still to be taken of what 'd' tells to have gone after it? */
bool model_arrived_before(const struct model *, const struct departure *d);
/* What 'a' tells came to its port now, 'wall_ms' since the epoch. */
void model_note_arrival(struct model *, const struct arrival *a,
                        long long int wall_ms);

/* True if some port of 'network' other than 'except' names 'mac'. */
bool model_mac_in_use(const struct model *, const struct network *,
                      const struct eth_addr mac, const struct port *except);

#endif /* model.h */
