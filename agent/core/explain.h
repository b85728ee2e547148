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
struct network;

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

/* 'explanation' need not be initialised. */
void guard_explain(const struct guard *, const struct network *,
                   const struct ip_addr *, const struct guard_env *,
                   struct explanation *explanation);
void explanation_destroy(struct explanation *);

enum finding_kind {
    FINDING_STALE,              /* On a port whose owner wants another one. */
    FINDING_DRIFT,              /* Not as its owner wants, but in use. */
    FINDING_DUPLICATE,          /* On several ports of one network. */
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
