/* SPDX-License-Identifier: Apache-2.0 */

/* See kube-write.h. */

#include <config.h>

#include "kube-write.h"

#include <stdlib.h>

#include "openvswitch/util.h"
#include "util.h"

const char *
kube_write_kind_to_string(enum kube_write_kind kind)
{
    switch (kind) {
    case KUBE_WRITE_EVENT: return "event";
    case KUBE_WRITE_SERIES: return "event series";
    case KUBE_WRITE_NUDGE: return "nudge";
    case KUBE_WRITE_RESERVE: return "reserve";
    case KUBE_WRITE_DELETE_IP: return "delete";
    }
    OVS_NOT_REACHED();
}

const char *
kube_write_result_to_string(enum kube_write_result result)
{
    switch (result) {
    case KUBE_WRITE_DONE: return "done";
    case KUBE_WRITE_GONE: return "no such object";
    case KUBE_WRITE_CONFLICT: return "conflict";
    case KUBE_WRITE_FORBIDDEN: return "permission is missing";
    case KUBE_WRITE_FAILED: return "failed";
    }
    OVS_NOT_REACHED();
}

struct kube_write *
kube_write_create(enum kube_write_kind kind, enum kube_object object,
                  const char *ns, const char *name, const char *uid)
{
    struct kube_write *w = xzalloc(sizeof *w);

    w->kind = kind;
    w->object = object;
    w->ns = xstrdup(ns);
    w->name = xstrdup(name);
    w->uid = xstrdup(uid);
    return w;
}

void
kube_write_destroy(struct kube_write *w)
{
    if (w) {
        free(w->ns);
        free(w->name);
        free(w->uid);
        free(w->version);
        free(w->event);
        free(w->note);
        free(w->value);
        free(w->pod_name);
        free(w->pod_type);
        free(w->subnet);
        free(w->ipv4);
        free(w->ipv6);
        free(w->owner);
        free(w);
    }
}
