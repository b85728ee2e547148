/* SPDX-License-Identifier: Apache-2.0 */

/* Who is entitled to what, and what is to be said of an address on a port:
 * the table of stale cases (doc/design.md, 6), and nothing else.
 *
 * Everything here is a question to the model.  The answers carry their reasons
 * in words, because they end up in front of a person. */

#ifndef JUDGE_H
#define JUDGE_H 1

#include <stdbool.h>
#include <stdint.h>
#include "ip-addr.h"
#include "openvswitch/types.h"
#include "settings.h"

struct addr_use;
struct hold_table;
struct member;
struct model;
struct pod;
struct port;
struct workload;

enum entitlement_kind {
    ENT_EXPLICIT,               /* Wants exactly 'wanted' (for each family
                                 * that it names). */
    ENT_STICKY,                 /* Keeps what it has. */
    ENT_UNKNOWN,                /* Cannot be told: in use. */
    ENT_GONE,                   /* The owner is gone for good. */
    ENT_EXEMPT,                 /* Opted out, Vip, finished, migrating. */
};

struct entitlement {
    enum entitlement_kind kind;
    struct ip_addr_set wanted;
    bool has_mac;
    struct eth_addr mac;
    const struct pod *pod;      /* The living pod, or NULL. */
    const struct workload *workload; /* Or NULL. */
    size_t workload_revisions;  /* In play, when 'workload' spoke. */
    bool never_seen;            /* ENT_GONE: no owner was seen at all. */
    bool allocated;             /* 'wanted' is what the pod was given. */
    bool terse;                 /* 'why' is left out, and is NULL. */
    char *why;
};

/* What the owner of 'port' (PORT_OWNED) is entitled to there. */
void judge_entitlement(const struct model *, enum guard_mode,
                       const struct port *, struct entitlement *);
/* The same for those who tell nobody: without 'why', whose making takes most
 * of the time. */
void judge_entitlement_tersely(const struct model *, enum guard_mode,
                               const struct port *, struct entitlement *);
void entitlement_destroy(struct entitlement *);
const char *entitlement_kind_to_string(enum entitlement_kind);

/* True while the port is a VM's under live migration, or not yet tidied up
 * after it: options:requested-chassis names two chassis; or, where a VM's port
 * bears its name, any, because it is written for migrations only. */
bool judge_is_migrating(const struct model *, const struct port *);

/* True if 'port' explicitly wants 'ip'. */
bool judge_wants(const struct model *, enum guard_mode, const struct port *,
                 const struct ip_addr *ip);

enum binding_state { BINDING_UNKNOWN, BINDING_BOUND, BINDING_UNBOUND };
enum binding_state judge_binding(const struct model *, const struct port *);

enum verdict_kind {
    VERDICT_FINE,               /* Nothing to say. */
    VERDICT_REPORT,             /* Wrong, but not ours to change. */
    VERDICT_WAIT,               /* Looks stale; the binding is not known, or
                                 * not free, or it is too early. */
    VERDICT_MOVING,             /* The CNI controller's to finish. */
    VERDICT_CLEAR,              /* Stale: may be cleared. */
};

const char *verdict_kind_to_string(enum verdict_kind);

/* That of what is to be seen anew: no verdict has it. */
#define NO_FINGERPRINT 0

struct verdict {
    enum verdict_kind kind;
    const char *case_;          /* "A", "B", "B'", "C", "D", "E", "G", "-". */
    long long int settle_ms;    /* How long it must stay so before acting. */
    long long int not_before_ms; /* Monotonic: no sooner, or 0. */
    bool denied;                /* Only --sts-ip-change=deny keeps it. */
    uint32_t fingerprint;       /* Of everything that the verdict rests on;
                                 * never NO_FINGERPRINT. */
    char *why;
};

/* Judges 'ip', which stands on 'port' (PORT_OWNED). */
void judge_address(const struct model *, const struct settings *,
                   enum guard_mode, const struct hold_table *,
                   const struct port *, const struct ip_addr *ip,
                   long long int now, struct verdict *);
void verdict_destroy(struct verdict *);

/* True only if judge_address() would say VERDICT_FINE, which is so of most
 * addresses at most times and takes less time to find out where nobody asks
 * why.  Always false where the IPAM's objects have a say. */
bool judge_is_fine(const struct model *, enum guard_mode,
                     const struct port *, const struct ip_addr *ip);

/* Of the ports in 'use', the one that is to keep the address: it runs with it,
 * else it is entitled; NULL if that is not exactly one.  '*why' (freed by the
 * caller) says so in words. */
const struct port *judge_keeper(const struct model *, enum guard_mode,
                                const struct addr_use *, char **why);

/* ---- What Kube-OVN's IPAM says to it (judge-ipam.c). ---- */

/* Beside a CNI controller: is there proof that the move of the owner of 'port'
 * to its wanted address of 'family' has failed?  Returns it in words, to
 * follow "OWNER wants ADDRESS, "; or NULL.  The caller frees it. */
char *judge_failed_move(const struct model *, const struct port *,
                        const struct entitlement *, uint8_t family);

/* Why the IP object of 'port' forbids to take an address off it, in words; or
 * NULL.  The caller frees it. */
char *judge_reservation(const struct model *, enum guard_mode,
                        const struct port *);

/* If the IP object of 'port' gives it another address of the family of 'ip',
 * returns that in words; otherwise NULL.  The caller frees it. */
char *judge_drift(const struct model *, const struct port *,
                  const struct ip_addr *ip);

/* Kube-OVN's IPAM says that 'ip' is in use in the Subnet 'subnet', and nothing
 * that is known has it: an IPAM leak, which only a restart of its controller
 * ends.  Returns that in words, or NULL.  The caller frees it. */
char *judge_ipam_leak(const struct model *, const char *subnet,
                      const struct ip_addr *ip);

/* Of the other ports in 'use', one that has the address openly; NULL if 'port'
 * is not gated or there is none.  A disabled port still answers ARP: the gated
 * one must not keep an address that another one uses. */
const struct port *judge_gated_loser(const struct addr_use *use,
                                     const struct port *);

/* If the StatefulSet of 'port' is being rolled out in such a way that each
 * ordinal is to get an address which another one has, all the way round to
 * 'port', returns that in words, beginning with the first port of the circle
 * by name; or, if 'port' waits for an address of a lower ordinal, which is
 * replaced only after it, that; otherwise NULL.  The caller frees it. */
char *judge_cycle(const struct model *, const struct hold_table *,
                  const struct port *);

#endif /* judge.h */
