/* SPDX-License-Identifier: Apache-2.0 */

/* Everything that is known about one address on one network, as data for
 * whoever prints it; and what an audit finds wrong. */

#ifndef EXPLAIN_H
#define EXPLAIN_H 1

#include <stdbool.h>
#include <stddef.h>
#include "openvswitch/uuid.h"
#include "svec.h"

struct guard;
struct guard_env;
struct ip_addr;
struct ip_addr_set;
struct network;
struct sset;

/* A port that lists the address. */
struct explained_port {
    char *name;
    char *kind;                 /* port_kind_to_string(). */
    char *proof;                /* Why it is of that kind. */
    char *owner;                /* "NAMESPACE/NAME", or "". */
    char *pod_uid;              /* Of its living pod, or "". */
    struct svec addresses, port_security;
    char *binding;              /* "bound", "unbound", "none", "unknown". */
    char *chassis;              /* Where it is bound, or was last; or "". */
    bool gated, disabled;
    bool wanted;                /* Its owner wants the address. */
    char *entitlement;          /* What its owner is entitled to, and by
                                 * which annotation; or "". */
    char *verdict, *case_;      /* Of the address on this port; or "". */
    char *reason;
};

struct explanation {
    char *network;
    struct uuid network_uuid;
    char *address;
    struct explained_port *ports; /* By name. */
    size_t n_ports;
    char *router_port;          /* That has it, or NULL. */
    struct svec wanted_by;      /* Ports and pods that want it and have not
                                 * got it, with the reason. */
    struct svec references;     /* NAT, load balancer, route, DNS... */
    struct svec mac_bindings;
    char *summary;              /* For a person, without what is known of
                                 * holds. */
    char *next;                 /* What a guard would do about it. */
};

/* Finds out what 'what' means: an address, a port, or a pod or owner
 * "NAMESPACE/NAME", and fills 'ips', which the caller initialises, with its
 * addresses.  Returns NULL, or an error that the caller frees. */
char *guard_find_asked(const struct guard *, const char *what,
                       struct ip_addr_set *ips);

/* Returns NULL if a logical switch has this name, or an error that says what
 * to try, which the caller frees. */
char *guard_check_network(const struct guard *, const char *name);

/* Makes the mirror of the Northbound database follow the address for a minute
 * as far as it does not yet, and with 'watch' that of the Southbound one as
 * well: to be called some turns before it is explained. */
void guard_ask(struct guard *, const struct ip_addr *, bool watch,
               const struct guard_env *);

/* Adds to 'ports' and 'addresses' of what the Southbound database is to be
 * asked before 'ip' can be explained on 'network' (name; NULL: on all): what
 * the model neither follows nor has been lent. */
void guard_find_unknown(const struct guard *, const struct ip_addr *ip,
                        const char *network, struct sset *ports,
                        struct sset *addresses);

/* One address on each network where it means something. */
struct explanations {
    struct explanation *items;  /* By name of the network. */
    size_t n;
    char *wanted_by;            /* Who wants it without being on any, or
                                 * NULL. */
};

/* 'network' (name) limits it to one, if nonnull.  'held', if nonnull, tells
 * that the address is held there by what only the caller knows.
 * 'explanations' need not be initialised. */
void guard_explain_all(const struct guard *, const struct ip_addr *,
                       const char *network,
                       bool (*held)(const struct uuid *network,
                                    const char *address, const void *aux),
                       const void *aux, const struct guard_env *,
                       struct explanations *explanations);
void explanations_destroy(struct explanations *);

/* 'explanation' need not be initialised. */
void guard_explain(const struct guard *, const struct network *,
                   const struct ip_addr *, const struct guard_env *,
                   struct explanation *explanation);
void explanation_destroy(struct explanation *);

enum finding_kind {
    FINDING_STALE,              /* On a port whose owner wants another one. */
    FINDING_DRIFT,              /* Not as its owner wants, but in use. */
    FINDING_DUPLICATE,          /* On several ports of one network. */
    FINDING_GATEWAY,            /* Of a router port or gateway of the network,
                                 * and on another port as well. */
    FINDING_MISSING,            /* Wanted, and on no port of its owner. */
    FINDING_LEAKED,             /* Of an owner that nobody knows, or left in
                                 * the Southbound database. */
    FINDING_FOREIGN,            /* On a port that is no pod's, while
                                 * a pod wants it. */
};
#define N_FINDING_KINDS (FINDING_FOREIGN + 1)

const char *finding_kind_to_string(enum finding_kind);

struct finding {
    enum finding_kind kind;
    char *network;              /* Name, or "". */
    char *address;              /* Or "". */
    char *port;                 /* Or "". */
    char *owner;                /* "NAMESPACE/NAME", or "". */
    char *text;
};

struct findings {
    struct finding *findings;   /* In an order that the content decides. */
    size_t n;
};

/* 'network' (name) limits it to one, if nonnull.  'findings' need not be
 * initialised. */
void guard_find_findings(const struct guard *, const char *network,
                         const struct guard_env *, struct findings *);
void findings_destroy(struct findings *);

#endif /* explain.h */
