/* SPDX-License-Identifier: Apache-2.0 */

/* What an owner asks for on one network interface.
 *
 * A dialect turns the annotations of a pod, or of a template for one ordinal,
 * into claims: one for each provider (network attachment) that they name.  A
 * claim says which addresses are wanted there and whether that is a statement
 * of the user (an input) or of the CNI controller (an output).  Everything
 * that cannot be understood becomes CLAIM_INVALID, which the judgement reads
 * as "in use": missing or unparsable data never makes an address stale. */

#ifndef CLAIM_H
#define CLAIM_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ip-addr.h"
#include "openvswitch/types.h"

struct ds;

enum claim_kind {
    CLAIM_STICKY,       /* No address named, or a named pool: the owner keeps
                         * whatever address its port has. */
    CLAIM_EXPLICIT,     /* 'ips' are wanted, and nothing else of their
                         * families.  Of a family that is not named, the
                         * controller adds an address by itself on a network
                         * that has both, and that one is sticky. */
    CLAIM_SHORT_POOL,   /* ip_pool has no item for this ordinal: unknown. */
    CLAIM_VIP,          /* The address comes from a Vip object: not judged. */
    CLAIM_INVALID,      /* Annotations that cannot be understood: unknown. */
};

const char *claim_kind_to_string(enum claim_kind);

struct claim {
    char *provider;             /* "ovn", "net1.default.ovn", ... */
    char *logical_switch;       /* Or NULL. */
    char *source;               /* Annotation key that decided, or NULL. */
    char *error;                /* CLAIM_INVALID: key, value and what was
                                 * expected; otherwise NULL. */

    /* In few bytes, from here on: each pod has a claim, or several. */
    enum claim_kind kind : 8;

    /* At most one address for each family.  Meaningful for CLAIM_EXPLICIT;
     * for the others it holds what could be read, for reports. */
    uint8_t n_ips;
    struct ip_addr ips[2];

    bool has_mac;

    /* The dialect's controller says that the pod's network is made
     * (<provider>.kubernetes.io/allocated=true).  Input and output share one
     * annotation key, so 'ips' are then what the pod runs with, whoever named
     * them first: kind is CLAIM_EXPLICIT, and never stale while the pod lives.
     * Without it, 'ips' are what is asked for.  Never set for a template. */
    bool allocated;
    struct eth_addr mac;
};

void claim_destroy(struct claim *);
void claim_clone(struct claim *dst, const struct claim *src);
bool claim_equals(const struct claim *, const struct claim *);

struct claims {
    struct claim *claims;       /* Sorted by provider. */
    size_t n;
};

void claims_init(struct claims *);
void claims_destroy(struct claims *);
void claims_clone(struct claims *dst, const struct claims *src);
bool claims_equal(const struct claims *, const struct claims *);

/* Returns the claim for 'provider' in 'claims', or NULL. */
const struct claim *claims_find(const struct claims *, const char *provider);

/* Returns the claim for 'provider', adding an empty CLAIM_STICKY one at its
 * sorted place if there is none. */
struct claim *claims_get(struct claims *, const char *provider);

/* Moves all claims of 'src', which is empty then, to 'dst'.  No provider may
 * be in both. */
void claims_merge(struct claims *dst, struct claims *src);

/* Drops the claims for whose provider 'keep' returns false.  Returns true if
 * there were any. */
bool claims_filter(struct claims *, bool (*keep)(const char *provider));

/* The list that a claim was read from, when each ordinal is given an item. */
struct claim_pool {
    struct claim_pool_item {
        struct ip_addr ips[2];
        uint8_t n_ips;          /* 0: nothing can be given from this item. */
    } *items;
    size_t n;
};

void claim_pool_destroy(struct claim_pool *);

/* True if 'claim' names 'ip' among its addresses. */
bool claim_names(const struct claim *, const struct ip_addr *ip);

/* Appends the claim in words, e.g. "10.16.0.11, fd00::b
 * (ovn.kubernetes.io/ip_pool)" or "no address by name". */
void claim_format(const struct claim *, struct ds *);

#endif /* claim.h */
