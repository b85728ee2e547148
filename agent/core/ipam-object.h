/* SPDX-License-Identifier: Apache-2.0 */

/* What Kube-OVN's IPAM shows of itself: IP objects, each an address that it
 * gave to a port or keeps from being given, and Subnets.  As far as the model
 * needs them; filled by agent/kube, owned by the model.
 *
 * There is an IP object for each pod, so one is one block of memory. */

#ifndef IPAM_OBJECT_H
#define IPAM_OBJECT_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/compiler.h"
#include "openvswitch/hmap.h"
#include "openvswitch/types.h"

#include "ip-addr.h"

struct ip_object;

/* An address of an IP object, as it is indexed. */
struct ip_object_addr {
    struct hmap_node node;      /* In the model, by subnet and address. */
    const struct ip_object *object;
    struct ip_addr ip;
};

/* kubeovn.io IP.  Strings are never NULL. */
struct ip_object {
    struct hmap_node node;      /* In the model, by name. */
    const char *name;           /* The port's; or of a node, of a reserved
                                 * address. */
    const char *uid;
    const char *version;        /* metadata.resourceVersion.  A write that is
                                 * to meet this very object names both. */
    const char *ns;             /* spec.namespace */
    const char *pod;            /* spec.podName */
    const char *pod_type;       /* spec.podType: "", "StatefulSet", ... */
    const char *subnet;         /* spec.subnet */
    struct ip_object_addr *addrs;
    uint8_t n_addrs;            /* One for each family at most. */
    bool has_mac;
    struct eth_addr mac;
    bool deleting;
    bool reserved;              /* Label ip_reserved=true. */
    bool has_finalizer;         /* Its controller knows of it. */
    bool ours;                  /* Bears the label of those that we made. */
    uint32_t created_s;         /* creationTimestamp, seconds since the epoch;
                                 * 0: unknown. */
};

/* Returns a copy of 'template' with all that it points to; 'node's aside. */
struct ip_object *ip_object_clone(const struct ip_object *template);
void ip_object_destroy(struct ip_object *);
bool ip_object_equals(const struct ip_object *, const struct ip_object *);

/* The address of 'family', or NULL. */
const struct ip_addr *ip_object_find_family(const struct ip_object *,
                                            uint8_t family);

/* Has Kube-OVN's controller taken it up?  Before, a reserved address is not
 * kept from anybody: it has its finalizer and a MAC only afterwards. */
static inline bool
ip_object_is_in_force(const struct ip_object *o)
{
    return o->has_finalizer && o->has_mac && !o->deleting;
}

/* Addresses from 'first' to 'last', both of one family. */
struct ip_range {
    struct ip_addr first, last;
};

/* kubeovn.io Subnet: the logical switch of the same name. */
struct subnet_object {
    char *name;
    char *uid;
    char *cidr;                 /* spec.cidrBlock: one, or two with ",". */
    char *gateway;              /* spec.gateway, likewise. */
    char *provider;             /* spec.provider; "ovn" if empty. */
    char *vpc;                  /* spec.vpc */
    bool deleting;
    struct ip_addr_set own;     /* Gateways, and what Kube-OVN took for itself:
                                 * U2O interconnection, multicast querier. */

    /* What its IPAM says is in use: status.v4usingIPrange and v6usingIPrange,
     * brought up to date at the next event of the Subnet or of an IP object
     * in it, and not at once.  In order; 'truncated' if there is more. */
    struct ip_range *using;
    size_t n_using;
    bool truncated;
};

struct subnet_object *subnet_object_create(const char *name, const char *uid);
void subnet_object_destroy(struct subnet_object *);
bool subnet_object_equals(const struct subnet_object *,
                          const struct subnet_object *);

/* Adds the ranges of 'text', such as "10.16.0.2,10.16.0.5-10.16.0.9", to
 * 'using'.  Returns NULL, or what is wrong with it, which the caller frees. */
char *subnet_object_add_ranges(struct subnet_object *, const char *text)
    OVS_WARN_UNUSED_RESULT;
/* Is 'ip' in its CIDR?  In what its IPAM says is in use? */
bool subnet_object_covers(const struct subnet_object *,
                          const struct ip_addr *ip);
bool subnet_object_uses(const struct subnet_object *,
                        const struct ip_addr *ip);

#endif /* ipam-object.h */
