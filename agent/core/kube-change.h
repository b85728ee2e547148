/* SPDX-License-Identifier: Apache-2.0 */

/* One thing that a Kubernetes source (manifest files, an API server) has
 * learnt.  Sources produce these in order; the daemon hands them to the model.
 * They are plain structs so that a simulated source can stand in. */

#ifndef KUBE_CHANGE_H
#define KUBE_CHANGE_H 1

#include <stdbool.h>
#include "ip-addr.h"
#include "openvswitch/list.h"

struct ip_object;
struct pod;
struct subnet_object;
struct workload;

enum kube_kind {
    KUBE_POD,
    KUBE_WORKLOAD,              /* StatefulSet or VirtualMachine. */
    KUBE_VIP,                   /* Kube-OVN Vip: only its key is used. */
    KUBE_NAMESPACE,             /* Only its opt-out is used. */
    KUBE_IPAM_CLAIM,            /* Addresses kept for a virtual machine. */
    KUBE_IP,                    /* Kube-OVN's IP object. */
    KUBE_SUBNET,                /* Kube-OVN's Subnet. */
    KUBE_REFUSAL,               /* Kube-OVN refuses a pod its address: an
                                 * AcquireAddressFailed event of 'uid'. */
};

struct kube_change {
    struct ovs_list node;
    enum kube_kind kind;
    bool gone;                  /* The object is no more. */
    char *ns;                   /* "" for what belongs to no namespace.  For
                                 * KUBE_VIP spec.namespace. */
    char *name;
    char *uid;                  /* Of the object that came or went, or "". */
    struct pod *pod;            /* KUBE_POD and !gone. */
    bool listed;                /* KUBE_POD: a list has it.  What became of it
                                 * before that was not told. */
    struct workload *workload;  /* KUBE_WORKLOAD and !gone. */
    int owner_kind;             /* KUBE_WORKLOAD: enum owner_kind. */
    bool opted_out;             /* KUBE_NAMESPACE. */
    char *cni_network;          /* KUBE_IPAM_CLAIM and !gone: on which ... */
    struct ip_addr_set ips;     /* ... and which addresses. */
    struct ip_object *ip;       /* KUBE_IP and !gone. */
    struct subnet_object *subnet; /* KUBE_SUBNET and !gone. */
    char *text;                 /* KUBE_REFUSAL: in Kube-OVN's words. */
};

struct kube_change *kube_change_create(enum kube_kind, bool gone,
                                       const char *ns, const char *name,
                                       const char *uid);
void kube_change_destroy(struct kube_change *);

#endif /* kube-change.h */
