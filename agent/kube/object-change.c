/* SPDX-License-Identifier: Apache-2.0 */

/* From objects to changes. */

#include <config.h>

#include "object-change.h"

#include "util.h"

#include "kube-change.h"

static enum kube_kind
kind_of_change(enum manifest_kind kind)
{
    switch (kind) {
    case MANIFEST_POD:
        return KUBE_POD;
    case MANIFEST_NAMESPACE:
        return KUBE_NAMESPACE;
    case MANIFEST_VIP:
        return KUBE_VIP;
    case MANIFEST_IP:
        return KUBE_IP;
    case MANIFEST_SUBNET:
        return KUBE_SUBNET;
    case MANIFEST_IPAM_CLAIM:
        return KUBE_IPAM_CLAIM;
    case MANIFEST_STATEFULSET:
    case MANIFEST_REVISION:
    case MANIFEST_VM:
    case MANIFEST_VMI:
        break;
    }
    OVS_NOT_REACHED();
}

struct kube_change *
object_change_create(struct manifest_object *object)
{
    struct kube_change *change
        = kube_change_create(kind_of_change(object->kind), false, object->ns,
                             object->name, object->uid);

    change->pod = object->pod;
    change->ip = object->ip;
    change->subnet = object->subnet;
    object->pod = NULL;
    object->ip = NULL;
    object->subnet = NULL;
    change->cni_network = object->cni_network;
    object->cni_network = NULL;
    ip_addr_set_destroy(&change->ips);
    change->ips = object->ips;
    ip_addr_set_init(&object->ips);
    change->opted_out = object->opted_out;
    manifest_object_destroy(object);
    return change;
}

struct kube_change *
object_change_create_gone(enum manifest_kind kind, const char *ns,
                          const char *name, const char *uid)
{
    return kube_change_create(kind_of_change(kind), true, ns, name, uid);
}
