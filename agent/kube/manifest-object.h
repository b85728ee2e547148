/* SPDX-License-Identifier: Apache-2.0 */

/* One Kubernetes object of a manifest, read: the only place that knows where
 * in an object a field is. */

#ifndef MANIFEST_OBJECT_H
#define MANIFEST_OBJECT_H 1

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "openvswitch/compiler.h"

#include "sha1.h"
#include "smap.h"

#include "ip-addr.h"

struct dialect;
struct ip_object;
struct manifest_item;
struct pod;
struct subnet_object;
struct svec;
struct workload;

enum manifest_kind {
    MANIFEST_POD,               /* Also as PartialObjectMetadata. */
    MANIFEST_STATEFULSET,
    MANIFEST_REVISION,          /* ControllerRevision of a StatefulSet. */
    MANIFEST_VM,                /* kubevirt.io VirtualMachine. */
    MANIFEST_VMI,               /* ... and VirtualMachineInstance. */
    MANIFEST_NAMESPACE,
    MANIFEST_VIP,               /* Kube-OVN's, as are ... */
    MANIFEST_IP,
    MANIFEST_SUBNET,
    MANIFEST_IPAM_CLAIM,        /* k8s.cni.cncf.io IPAMClaim. */
};

/* "Pod", ... */
const char *manifest_kind_to_string(enum manifest_kind);

struct manifest_object {
    enum manifest_kind kind;
    char *ns;                   /* "" for what belongs to none.  For a Vip
                                 * spec.namespace. */
    char *name;
    char *uid;                  /* Or "". */
    int line;
    bool deleting;
    bool opted_out;

    struct pod *pod;            /* MANIFEST_POD. */
    struct ip_object *ip;       /* MANIFEST_IP. */
    struct subnet_object *subnet; /* MANIFEST_SUBNET. */

    /* MANIFEST_IPAM_CLAIM. */
    char *cni_network;
    struct ip_addr_set ips;

    /* MANIFEST_STATEFULSET, MANIFEST_VM and MANIFEST_VMI: what the object
     * says itself, with its template as the only revision. */
    struct workload *workload;

    /* MANIFEST_STATEFULSET: names of the ControllerRevisions that are in play
     * by its status, or "", and whether the status is of an older spec than
     * the one that is there, so that the template is neither of them. */
    char *current_revision;
    char *update_revision;
    bool status_is_old;

    /* MANIFEST_REVISION: the StatefulSet that it is of ... */
    char *owner_name;
    char *owner_uid;            /* ... or "", and its template's annotations */
    struct smap annotations;    /* (watched keys only). */
};

/* Reads 'item'.  Returns NULL with the object in '*objectp', or NULL with NULL
 * in it if the object is of a kind that is not used, or what is wrong with it,
 * which the caller frees.  Then 'path' (to be initialised by the caller) leads
 * to the member that is wrong. */
char *manifest_object_read(const struct manifest_item *item,
                           const struct dialect *dialect,
                           struct manifest_object **objectp,
                           struct svec *path) OVS_WARN_UNUSED_RESULT;
void manifest_object_destroy(struct manifest_object *);

/* A digest of all that the object says, but for where it says it: two objects
 * with one digest are equal. */
void manifest_object_digest(const struct manifest_object *,
                            uint8_t digest[SHA1_DIGEST_SIZE]);
void manifest_workload_digest(const struct workload *,
                              uint8_t digest[SHA1_DIGEST_SIZE]);

#endif /* manifest-object.h */
