/* SPDX-License-Identifier: Apache-2.0 */

/* A pod as a value. */

#include <config.h>

#include "pod.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

const char *
owner_kind_to_string(enum owner_kind kind)
{
    switch (kind) {
    case OWNER_NONE: return "none";
    case OWNER_STATEFULSET: return "StatefulSet";
    case OWNER_VM: return "VirtualMachine";
    case OWNER_OTHER: return "other";
    }
    OVS_NOT_REACHED();
}

struct pod *
pod_create(const char *ns, const char *name, const char *uid)
{
    struct pod *pod = xzalloc(sizeof *pod);

    pod->owner = xmalloc(sizeof *pod->owner);
    pod->owner->ns = xstrdup(ns);
    pod->owner->name = xstrdup("");
    pod->owner->uid = xstrdup("");
    pod->owner->revision = xstrdup("");
    pod->name = xstrdup(name);
    obj_uid_init(&pod->uid, uid);
    pod->owner_kind = OWNER_NONE;
    pod->ordinal = -1;
    claims_init(&pod->claims);
    return pod;
}

void
pod_destroy(struct pod *pod)
{
    if (!pod) {
        return;
    }
    ovs_assert(!pod->packed);
    free(pod->owner->ns);
    free(pod->owner->name);
    free(pod->owner->uid);
    free(pod->owner->revision);
    free(pod->owner);
    free(pod->name);
    obj_uid_destroy(&pod->uid);
    if (pod->status) {
        free(pod->status->node);
        ip_addr_set_destroy(&pod->status->ips);
        free(pod->status);
    }
    claims_destroy(&pod->claims);
    free(pod);
}

struct pod *
pod_clone(const struct pod *src)
{
    struct pod *dst = xmemdup(src, sizeof *src);

    dst->packed = false;
    dst->owner = xmalloc(sizeof *dst->owner);
    dst->owner->ns = xstrdup(src->owner->ns);
    dst->owner->name = xstrdup(src->owner->name);
    dst->owner->uid = xstrdup(src->owner->uid);
    dst->owner->revision = xstrdup(src->owner->revision);
    dst->name = xstrdup(src->name);
    obj_uid_clone(&dst->uid, &src->uid);
    if (src->status) {
        dst->status = xmalloc(sizeof *dst->status);
        dst->status->node = xstrdup(src->status->node);
        ip_addr_set_clone(&dst->status->ips, &src->status->ips);
    }
    claims_clone(&dst->claims, &src->claims);
    return dst;
}

static bool
owner_equals(const struct pod_owner *a, const struct pod_owner *b)
{
    return (a == b
            || (!strcmp(a->ns, b->ns)
                && !strcmp(a->name, b->name)
                && !strcmp(a->uid, b->uid)
                && !strcmp(a->revision, b->revision)));
}

bool
pod_equals(const struct pod *a, const struct pod *b)
{
    return (owner_equals(a->owner, b->owner)
            && !strcmp(a->name, b->name)
            && obj_uid_equals(&a->uid, &b->uid)
            && a->owner_kind == b->owner_kind
            && a->ordinal == b->ordinal
            && !strcmp(pod_node(a), pod_node(b))
            && a->created_s == b->created_s
            && a->deleting == b->deleting
            && a->finished == b->finished
            && a->migrating == b->migrating
            && a->opted_out == b->opted_out
            && a->marks == b->marks
            && ip_addr_set_equals(pod_status_ips(a), pod_status_ips(b))
            && claims_equal(&a->claims, &b->claims));
}

/* ---- What is known of its status. ---- */

const char *
pod_node(const struct pod *pod)
{
    return pod->status ? pod->status->node : "";
}

const struct ip_addr_set *
pod_status_ips(const struct pod *pod)
{
    static const struct ip_addr_set none = { .addrs = NULL };

    return pod->status ? &pod->status->ips : &none;
}

static struct pod_status *
get_status(struct pod *pod)
{
    ovs_assert(!pod->packed);
    if (!pod->status) {
        pod->status = xmalloc(sizeof *pod->status);
        pod->status->node = xstrdup("");
        ip_addr_set_init(&pod->status->ips);
    }
    return pod->status;
}

void
pod_set_node(struct pod *pod, const char *node)
{
    if (strcmp(pod_node(pod), node)) {
        struct pod_status *status = get_status(pod);

        free(status->node);
        status->node = xstrdup(node);
    }
}

void
pod_add_status_ip(struct pod *pod, const struct ip_addr *ip)
{
    ip_addr_set_add(&get_status(pod)->ips, ip);
}

/* ---- Names. ---- */

const char *
pod_port_owner_name(const struct pod *pod)
{
    return (pod->owner_kind == OWNER_VM && pod->owner->name[0]
            ? pod->owner->name : pod->name);
}

bool
pod_name_split_ordinal(const char *name, size_t *base_len, int *ordinal)
{
    const char *dash = strrchr(name, '-');
    long long int value = 0;

    *base_len = 0;
    *ordinal = -1;
    if (!dash || dash == name || !dash[1]) {
        return false;
    }
    for (const char *p = dash + 1; *p; p++) {
        if (*p < '0' || *p > '9') {
            return false;
        }
        value = value * 10 + (*p - '0');
        if (value > INT_MAX) {
            return false;
        }
    }
    *base_len = dash - name;
    *ordinal = value;
    return true;
}
