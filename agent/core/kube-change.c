/* SPDX-License-Identifier: Apache-2.0 */

/* One thing that a Kubernetes source has learnt, as a value. */

#include <config.h>

#include "kube-change.h"

#include <stdlib.h>

#include "util.h"

#include "ipam-object.h"
#include "pod.h"
#include "workload.h"

struct kube_change *
kube_change_create(enum kube_kind kind, bool gone, const char *ns,
                   const char *name, const char *uid)
{
    struct kube_change *change = xzalloc(sizeof *change);

    ovs_list_init(&change->node);
    change->kind = kind;
    change->gone = gone;
    change->ns = xstrdup(ns);
    change->name = xstrdup(name);
    change->uid = xstrdup(uid ? uid : "");
    ip_addr_set_init(&change->ips);
    return change;
}

void
kube_change_destroy(struct kube_change *change)
{
    if (change) {
        free(change->ns);
        free(change->name);
        free(change->uid);
        pod_destroy(change->pod);
        workload_destroy(change->workload);
        free(change->cni_network);
        ip_addr_set_destroy(&change->ips);
        ip_object_destroy(change->ip);
        subnet_object_destroy(change->subnet);
        free(change->text);
        free(change);
    }
}
