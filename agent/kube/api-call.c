/* SPDX-License-Identifier: Apache-2.0 */

/* The request that a struct kube_write is; api-write.c sends it. */

#include <config.h>

#include "api-call.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "http.h"
#include "rfc3339.h"

#define EVENTS "/apis/events.k8s.io/v1/namespaces/%s/events"
#define IPS "/apis/kubeovn.io/v1/ips"

static const char plain_json[] = "application/json";
static const char merge_patch[] = "application/merge-patch+json";

static const char *
object_api_version(enum kube_object object)
{
    switch (object) {
    case KUBE_OBJECT_POD: return "v1";
    case KUBE_OBJECT_STATEFULSET: return "apps/v1";
    case KUBE_OBJECT_VM: return "kubevirt.io/v1";
    case KUBE_OBJECT_IP: return "kubeovn.io/v1";
    }
    OVS_NOT_REACHED();
}

const char *
api_call_object_kind(enum kube_object object)
{
    switch (object) {
    case KUBE_OBJECT_POD: return "Pod";
    case KUBE_OBJECT_STATEFULSET: return "StatefulSet";
    case KUBE_OBJECT_VM: return "VirtualMachine";
    case KUBE_OBJECT_IP: return "IP";
    }
    OVS_NOT_REACHED();
}

static char *
object_path(const struct kube_write *w)
{
    char *ns = http_escape(w->ns);
    char *name = http_escape(w->name);
    char *path = NULL;

    switch (w->object) {
    case KUBE_OBJECT_POD:
        path = xasprintf("/api/v1/namespaces/%s/pods/%s", ns, name);
        break;
    case KUBE_OBJECT_STATEFULSET:
        path = xasprintf("/apis/apps/v1/namespaces/%s/statefulsets/%s", ns,
                         name);
        break;
    case KUBE_OBJECT_VM:
        path = xasprintf("/apis/kubevirt.io/v1/namespaces/%s/"
                         "virtualmachines/%s", ns, name);
        break;
    case KUBE_OBJECT_IP:
        path = xasprintf(IPS"/%s", name);
        break;
    }
    free(ns);
    free(name);
    return path;
}

static json_t *
pack_series(const struct kube_write *w)
{
    char last[RFC3339_MICRO_LEN + 1];

    rfc3339_format_micro(w->last_wall_ms, last);
    return json_pack("{s:i, s:s}", "count", w->count,
                     "lastObservedTime", last);
}

/* A series that is to be continued and whose Event is gone is made anew, with
 * the count that it has. */
static json_t *
pack_event(const struct kube_write *w, const char *instance)
{
    char first[RFC3339_MICRO_LEN + 1];
    char *reporter = xasprintf("%.128s", instance);
    json_t *event;

    rfc3339_format_micro(w->first_wall_ms, first);
    event = json_pack(
        "{s:s, s:s, s:{s:s, s:s}, s:s, s:s, s:s, s:s, s:s, s:s, s:s,"
        " s:{s:s, s:s, s:s, s:s, s:s}}",
        "apiVersion", "events.k8s.io/v1",
        "kind", "Event",
        "metadata", "name", w->event, "namespace", w->ns,
        "eventTime", first,
        "reportingController", "ovn-ipguard",
        "reportingInstance", reporter,
        "action", w->action,
        "reason", w->reason,
        "type", w->warning ? "Warning" : "Normal",
        "note", w->note,
        "regarding", "apiVersion", object_api_version(w->object),
        "kind", api_call_object_kind(w->object), "namespace", w->ns,
        "name", w->name, "uid", w->uid);
    if (event && w->count > 1) {
        json_object_set_new(event, "series", pack_series(w));
    }
    free(reporter);
    return event;
}

static json_t *
pack_ip(const struct kube_write *w)
{
    json_t *ip = json_pack(
        "{s:s, s:s, s:{s:s, s:{s:s, s:s}, s:{s:s}},"
        " s:{s:s, s:s, s:s, s:s, s:s, s:s, s:s}}",
        "apiVersion", "kubeovn.io/v1",
        "kind", "IP",
        "metadata", "name", w->name,
        "labels", "ovn.kubernetes.io/ip_reserved", "true",
        RESERVE_LABEL, "true",
        "annotations", RESERVE_LABEL, w->owner,
        "spec", "podName", w->pod_name, "namespace", w->ns,
        "podType", w->pod_type, "subnet", w->subnet,
        "ipAddress", w->ipv4[0] ? w->ipv4 : w->ipv6,
        "v4IpAddress", w->ipv4, "v6IpAddress", w->ipv6);

    return ip;
}

static json_t *
pack_delete(const struct kube_write *w)
{
    json_t *options = json_pack("{s:s, s:s, s:{s:s}}", "apiVersion", "v1",
                                "kind", "DeleteOptions",
                                "preconditions", "uid", w->uid);

    if (options && w->version) {
        json_t *version = json_pack("s", w->version);

        json_object_set_new(json_object_get(options, "preconditions"),
                            "resourceVersion", version);
    }
    return options;
}

static char *
events_path(const struct kube_write *w, bool one)
{
    char *ns = http_escape(w->ns);
    char *event = http_escape(w->event);
    char *path = (one ? xasprintf(EVENTS"/%s", ns, event)
                  : xasprintf(EVENTS, ns));

    free(ns);
    free(event);
    return path;
}

void
api_call_init(struct api_call *call, const struct kube_write *w,
              const char *instance)
{
    json_t *body = NULL;

    memset(call, 0, sizeof *call);
    switch (w->kind) {
    case KUBE_WRITE_EVENT:
        call->method = "POST";
        call->content_type = plain_json;
        call->path = events_path(w, false);
        body = pack_event(w, instance);
        break;

    case KUBE_WRITE_SERIES:
        call->method = "PATCH";
        call->content_type = merge_patch;
        call->path = events_path(w, true);
        body = json_pack("{s:o}", "series", pack_series(w));
        break;

    case KUBE_WRITE_NUDGE:
        /* A patch with another uid than the object's is refused. */
        call->method = "PATCH";
        call->content_type = merge_patch;
        call->path = object_path(w);
        body = json_pack("{s:{s:s, s:{s:s}}}", "metadata", "uid", w->uid,
                         "annotations", NUDGE_ANNOTATION, w->value);
        break;

    case KUBE_WRITE_RESERVE:
        call->method = "POST";
        call->content_type = plain_json;
        call->path = xstrdup(IPS);
        body = pack_ip(w);
        break;

    case KUBE_WRITE_DELETE_IP:
        call->method = "DELETE";
        call->content_type = plain_json;
        call->path = object_path(w);
        body = pack_delete(w);
        break;
    }
    call->body = body ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
}

void
api_call_destroy(struct api_call *call)
{
    free(call->path);
    free(call->body);
}
