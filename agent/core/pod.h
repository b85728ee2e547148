/* SPDX-License-Identifier: Apache-2.0 */

/* A pod as the model needs it: who it is, whom it belongs to, whether it
 * lives, and what it claims.  Filled by agent/kube, owned by the model. */

#ifndef POD_H
#define POD_H 1

#include <stdbool.h>
#include <stdint.h>
#include "claim.h"
#include "ip-addr.h"
#include "obj-uid.h"

enum owner_kind {
    OWNER_NONE,                 /* A pod of its own. */
    OWNER_STATEFULSET,          /* apps/StatefulSet, directly, and the pod is
                                 * named OWNER-ORDINAL. */
    OWNER_VM,                   /* kubevirt.io VirtualMachine(Instance). */
    OWNER_OTHER,                /* ReplicaSet, Job, DaemonSet, ... */
};

const char *owner_kind_to_string(enum owner_kind);

/* Whose a pod is.  Many pods have this in common. */
struct pod_owner {
    char *ns;
    char *name;                 /* Of the controlling owner, or "".  For
                                 * OWNER_VM the VM's name. */
    char *uid;                  /* Or "".  Always "" for OWNER_VM: the pod
                                 * names the VirtualMachineInstance, which is
                                 * a new one at each start of the VM. */
    char *revision;             /* Label controller-revision-hash, or "". */
};

/* What the metadata alone do not tell. */
struct pod_status {
    char *node;                 /* spec.nodeName, or "". */
    struct ip_addr_set ips;     /* status.podIP(s): runs with these. */
};

struct pod {
    struct pod_owner *owner;
    char *name;
    struct obj_uid uid;         /* None if the manifest has none. */
    struct pod_status *status;  /* Or NULL: see pod_node() and
                                 * pod_status_ips(). */
    long long int created_s;    /* creationTimestamp, seconds since the epoch;
                                 * 0 if absent. */
    struct claims claims;

    /* In few bytes: there are many pods. */
    int ordinal;                /* OWNER_STATEFULSET: the number after the
                                 * last '-' of the name; otherwise -1. */
    enum owner_kind owner_kind : 8;
    uint8_t marks;              /* Of CNI controllers: dialect_pod_marks(). */
    bool deleting : 1;          /* Has a deletionTimestamp. */
    bool finished : 1;          /* Phase Succeeded or Failed. */
    bool migrating : 1;         /* Annotation kubevirt.io/migrationJobName or
                                 * label kubevirt.io/migrationJobUID. */
    bool opted_out : 1;         /* Annotation ovn-ipguard.io/ignore=true. */
    bool packed : 1;            /* In a pod_pool; no part of its value. */

    /* What was seen of it in this run; no part of its value.  Never a reason
     * to act by itself.  Kept by the model. */
    bool arrived : 1;           /* It came after the source was synced, and
                                 * was told of by then. */
    bool edited : 1;            /* Its claims changed while it lived. */
    bool ran : 1;               /* Its port was bound while it was there. */
};

/* 'uid' may be NULL. */
struct pod *pod_create(const char *ns, const char *name, const char *uid);
/* 'pod' is NULL, or not packed. */
void pod_destroy(struct pod *);
/* The copy is not packed. */
struct pod *pod_clone(const struct pod *);
/* True if all of the two values is the same. */
bool pod_equals(const struct pod *, const struct pod *);

/* spec.nodeName, or ""; and what is known of status.podIP(s). */
const char *pod_node(const struct pod *);
const struct ip_addr_set *pod_status_ips(const struct pod *);
void pod_set_node(struct pod *, const char *node);
void pod_add_status_ip(struct pod *, const struct ip_addr *);

/* The name that a dialect's port and IPAM use for the pod: the VM's name for
 * a VM's pod (so names Kube-OVN its port), otherwise the pod's own. */
const char *pod_port_owner_name(const struct pod *);

/* If 'name' is "BASE-NUMBER" with a decimal number without sign, that fits an
 * int, stores the number in '*ordinal' and the length of BASE in '*base_len'
 * and returns true. */
bool pod_name_split_ordinal(const char *name, size_t *base_len, int *ordinal);

/* Annotation that opts a pod, an owner or a namespace out, when "true". */
#define OPT_OUT_ANNOTATION "ovn-ipguard.io/ignore"

#endif /* pod.h */
