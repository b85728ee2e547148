/* SPDX-License-Identifier: Apache-2.0 */

/* Live reads.
 *
 * A read is one to three requests: the pod, and its StatefulSet; or a VM, its
 * running instance and their pods; or the events of a pod.  It is answered
 * when all of them are.  An answer that is not clearly "this is the object" or
 * "there is none" makes the whole read fail: an absence that is not certain is
 * no absence. */

#include <config.h>

#include "api-live.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"

#include "coverage.h"
#include "timeval.h"
#include "util.h"

#include "api-store.h"
#include "dialect.h"
#include "http.h"
#include "kubeconfig.h"
#include "pod.h"

VLOG_DEFINE_THIS_MODULE(api_live);

COVERAGE_DEFINE(api_live_read);
COVERAGE_DEFINE(api_live_failed);

/* Each is up to three requests. */
#define MAX_RUNNING 32

#define MAX_BODY (8 * 1024 * 1024)

/* An answer that is late is no answer. */
#define DEADLINE_MS 2000

/* The longest value of a label. */
#define MAX_LABEL 63

/* Events of one reason about one pod: each is counted up, so they are few. */
#define MAX_EVENTS 10

/* As much of an event's message as is repeated. */
#define MAX_MESSAGE 200

struct read_part {
    enum manifest_kind kind;    /* Of no meaning for events. */
    const char *api_version;
    const char *verb, *resource; /* "get", "pods" */
    char *name;                 /* NULL: a list of pods, or of events. */
    char *path;
    struct http_request *request;
    bool answered;
};

struct api_read {
    struct ovs_list node;       /* In 'waiting' or 'running'. */
    uint64_t id;
    bool silent;                /* Nobody waits for the answer. */
    char *ns;
    long long int began_ms;
    long long int deadline;
    bool changed;
    char *vm_api_version;       /* Or NULL. */
    const char *refusal;        /* Why it cannot be answered, or NULL. */
    struct refusal_read *events; /* Whose events they are, or NULL. */
    struct read_part parts[3];
    size_t n_parts;
};

void
api_live_init(struct api_live *live, struct http *http,
              struct kubeconfig *kubeconfig, struct api_store *store)
{
    memset(live, 0, sizeof *live);
    live->http = http;
    live->kubeconfig = kubeconfig;
    live->store = store;
    live->deadline_ms = DEADLINE_MS;
    ovs_list_init(&live->waiting);
    ovs_list_init(&live->running);
    ovs_list_init(&live->results);
    missing_rights_init(&live->rights);
}

static void
read_destroy(struct api_read *read)
{
    for (size_t i = 0; i < read->n_parts; i++) {
        http_request_destroy(read->parts[i].request);
        free(read->parts[i].name);
        free(read->parts[i].path);
    }
    if (read->events) {
        free(read->events->ns);
        free(read->events->name);
        free(read->events->uid);
        free(read->events);
    }
    free(read->vm_api_version);
    free(read->ns);
    free(read);
}

void
api_live_result_destroy(struct api_live_result *result)
{
    if (result) {
        free(result->problem);
        free(result);
    }
}

void
api_live_destroy(struct api_live *live)
{
    struct api_live_result *result;
    struct api_read *read;

    LIST_FOR_EACH_POP (read, node, &live->waiting) {
        read_destroy(read);
    }
    LIST_FOR_EACH_POP (read, node, &live->running) {
        read_destroy(read);
    }
    LIST_FOR_EACH_POP (result, node, &live->results) {
        api_live_result_destroy(result);
    }
    free(live->vm_api_version);
    missing_rights_destroy(&live->rights);
}

/* ---- What is asked. ---- */

static void
add_part(struct api_read *read, enum manifest_kind kind,
         const char *api_version, const char *resource, const char *name)
{
    struct read_part *part = &read->parts[read->n_parts++];
    char *ns = http_escape(read->ns);
    char *escaped = http_escape(name);

    part->kind = kind;
    part->api_version = api_version;
    part->verb = "get";
    part->resource = resource;
    part->name = xstrdup(name);
    part->path = xasprintf("%s/%s/namespaces/%s/%s/%s",
                           strchr(api_version, '/') ? "/apis" : "/api",
                           api_version, ns, resource, escaped);
    free(ns);
    free(escaped);
}

/* The pods of a VM are found by their labels. */
static void
add_vm_pods(struct api_read *read, const char *vm)
{
    struct read_part *part = &read->parts[read->n_parts++];
    char *ns = http_escape(read->ns);
    char *selector = (strlen(vm) > MAX_LABEL
                      ? xstrdup("kubevirt.io=virt-launcher")
                      : xasprintf("kubevirt.io=virt-launcher,"
                                  "vm.kubevirt.io/name=%s", vm));
    char *escaped = http_escape(selector);

    part->kind = MANIFEST_POD;
    part->api_version = "v1";
    part->verb = "list";
    part->resource = "pods";
    part->path = xasprintf("/api/v1/namespaces/%s/pods?labelSelector=%s", ns,
                           escaped);
    free(ns);
    free(selector);
    free(escaped);
}

static struct api_read *
create_read(struct api_live *live, const char *ns, long long int now)
{
    struct api_read *read = xzalloc(sizeof *read);

    read->ns = xstrdup(ns);
    read->began_ms = now;
    read->deadline = now + live->deadline_ms;
    ovs_list_push_back(&live->waiting, &read->node);
    return read;
}

void
api_live_start(struct api_live *live, const struct live_read *what,
               const char *refusal, long long int now)
{
    struct api_read *read = create_read(live, what->ns, now);
    const char *workload = what->workload;

    COVERAGE_INC(api_live_read);
    live->n_reads++;
    read->id = what->id;
    read->refusal = refusal;
    if (refusal) {
        return;
    }
    if (what->owner_kind == OWNER_VM) {
        const char *vm = workload[0] ? workload : what->name;

        if (!live->vm_api_version) {
            read->refusal = "the server does not know VirtualMachines";
            return;
        }
        read->vm_api_version = xstrdup(live->vm_api_version);
        add_part(read, MANIFEST_VM, read->vm_api_version, "virtualmachines",
                 vm);
        add_part(read, MANIFEST_VMI, read->vm_api_version,
                 "virtualmachineinstances", vm);
        add_vm_pods(read, vm);
        return;
    }
    add_part(read, MANIFEST_POD, "v1", "pods", what->name);
    if (what->owner_kind == OWNER_STATEFULSET && workload[0]) {
        add_part(read, MANIFEST_STATEFULSET, "apps/v1", "statefulsets",
                 workload);
    }
}

void
api_live_refresh_pod(struct api_live *live, const char *ns, const char *name,
                     long long int now)
{
    struct api_read *read = create_read(live, ns, now);

    read->silent = true;
    add_part(read, MANIFEST_POD, "v1", "pods", name);
}

void
api_live_look_for_refusal(struct api_live *live,
                          const struct refusal_read *what, long long int now)
{
    const char *reason = live->store->dialect->refusal_reason;
    char *selector, *escaped, *ns;
    struct api_read *read;
    struct read_part *part;

    if (!reason) {
        return;
    }
    read = create_read(live, what->ns, now);
    read->silent = true;
    read->events = xmalloc(sizeof *read->events);
    *read->events = (struct refusal_read) {
        .ns = xstrdup(what->ns),
        .name = xstrdup(what->name),
        .uid = xstrdup(what->uid),
    };
    part = &read->parts[read->n_parts++];
    part->verb = "list";
    part->resource = "events";
    selector = xasprintf("involvedObject.uid=%s,reason=%s", what->uid,
                         reason);
    escaped = http_escape(selector);
    ns = http_escape(what->ns);
    part->path = xasprintf("/api/v1/namespaces/%s/events?fieldSelector=%s"
                           "&limit=%d", ns, escaped, MAX_EVENTS);
    free(ns);
    free(escaped);
    free(selector);
}

/* ---- What is answered. ---- */

/* Ends 'read', which is on no list any more; 'problem' (taken) is why it
 * failed, or NULL. */
static void
answer(struct api_live *live, struct api_read *read, char *problem)
{
    if (problem) {
        COVERAGE_INC(api_live_failed);
        live->n_failed++;
    }
    if (read->silent) {
        free(problem);
    } else {
        struct api_live_result *result = xzalloc(sizeof *result);

        if (problem) {
            static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 20);

            VLOG_WARN_RL(&rl, "live read in namespace %s: %s", read->ns,
                         problem);
        }
        result->id = read->id;
        result->began_ms = read->began_ms;
        result->result = (problem ? LIVE_READ_FAILED
                          : read->changed ? LIVE_READ_CHANGED
                          : LIVE_READ_CURRENT);
        result->problem = problem;
        ovs_list_push_back(&live->results, &result->node);
    }
    read_destroy(read);
}

/* Does the body of a 404 say that this very object is missing?  Without the
 * resource, or behind a wrong URL, there is a 404 too. */
static bool
says_not_found(const struct read_part *part, const json_t *status)
{
    const char *reason = json_string_value(json_object_get(status, "reason"));
    const json_t *details = json_object_get(status, "details");
    const char *name = json_string_value(json_object_get(details, "name"));

    return (reason && !strcmp(reason, "NotFound")
            && name && part->name && !strcmp(name, part->name));
}

static char *
take_list(struct api_live *live, struct api_read *read,
          const struct read_part *part, const json_t *json)
{
    json_t *items = json_object_get(json, "items");
    char *error = NULL;
    json_t *item;
    size_t i;

    if (!json_is_array(items)) {
        return xstrdup("the answer is no list");
    }
    json_array_foreach (items, i, item) {
        if (!error) {
            error = api_store_live_put(live->store, part->kind,
                                       part->api_version, read->ns, NULL,
                                       item, &read->changed);
        }
    }
    return error;
}

/* The last event that says so counts. */
static char *
take_events(struct api_live *live, const struct api_read *read,
            const json_t *json)
{
    const char *reason = live->store->dialect->refusal_reason;
    json_t *items = json_object_get(json, "items");
    struct ds message = DS_EMPTY_INITIALIZER;
    bool found = false;
    json_t *item;
    size_t i;

    if (!json_is_array(items)) {
        return xstrdup("the answer is no list");
    }
    json_array_foreach (items, i, item) {
        const json_t *about = json_object_get(item, "involvedObject");
        const char *uid = json_string_value(json_object_get(about, "uid"));
        const char *is = json_string_value(json_object_get(item, "reason"));
        const char *s = json_string_value(json_object_get(item, "message"));

        if (uid && is && !strcmp(uid, read->events->uid)
            && !strcmp(is, reason)) {
            found = true;
            ds_clear(&message);
            for (; s && *s && message.length < MAX_MESSAGE; s++) {
                ds_put_char(&message, (unsigned char) *s < ' ' ? ' ' : *s);
            }
        }
    }
    if (found) {
        api_store_give_refusal(live->store, read->events->ns,
                               read->events->name, read->events->uid,
                               ds_cstr(&message));
    }
    ds_destroy(&message);
    return NULL;
}

/* The answer of 'part' is an error.  Returns it in words. */
static char *
take_error(struct api_live *live, const struct api_read *read,
           const struct read_part *part, int status, const json_t *json,
           long long int now)
{
    const char *message
        = json_string_value(json_object_get(json, "message"));
    long long int retry_after = http_request_retry_after_ms(part->request);

    if (status == 403) {
        missing_rights_add(&live->rights, part->verb, part->resource,
                           read->ns, read->events
                           ? "whether a pod is refused its address is not "
                             "seen"
                           : "nothing of it is cleared");
    } else if (status == 401) {
        kubeconfig_refused(live->kubeconfig,
                           http_request_access_seqno(part->request), now);
    }
    if (retry_after >= 0) {
        live->patience_until = MAX(live->patience_until, now + retry_after);
    }
    return xasprintf("status %d%s%.200s", status, message ? ": " : "",
                     message ? message : "");
}

/* Takes over the answer of 'part'.  Returns NULL, or why it is none. */
static char *
take_answer(struct api_live *live, struct api_read *read,
            struct read_part *part, long long int now)
{
    int status = http_request_status(part->request);
    const char *body;
    char *error = NULL;
    json_t *json;
    size_t len;

    if (http_request_error(part->request)) {
        return xasprintf("%s: %s", part->path,
                         http_request_error(part->request));
    }
    body = http_request_body(part->request, &len);
    json = json_loadb(body, len, 0, NULL);
    if (status == 200 && json) {
        error = (read->events
                 ? take_events(live, read, json)
                 : part->name
                 ? api_store_live_put(live->store, part->kind,
                                      part->api_version, read->ns, part->name,
                                      json, &read->changed)
                 : take_list(live, read, part, json));
    } else if (status == 404 && says_not_found(part, json)) {
        api_store_live_gone(live->store, part->kind, read->ns, part->name,
                            &read->changed);
    } else {
        error = take_error(live, read, part, status, json, now);
    }
    json_decref(json);
    if (error) {
        char *named = xasprintf("%s: %s", part->path, error);

        free(error);
        error = named;
    } else {
        missing_rights_remove(&live->rights, part->verb, part->resource,
                              read->ns);
    }
    return error;
}

/* Moves 'read' on.  Returns true if it has ended. */
static bool
run_read(struct api_live *live, struct api_read *read, long long int now)
{
    size_t n_answered = 0;

    for (size_t i = 0; i < read->n_parts; i++) {
        struct read_part *part = &read->parts[i];

        if (!part->answered && http_request_is_done(part->request)) {
            char *problem = take_answer(live, read, part, now);

            part->answered = true;
            if (problem) {
                ovs_list_remove(&read->node);
                answer(live, read, problem);
                return true;
            }
        }
        n_answered += part->answered;
    }
    if (n_answered < read->n_parts) {
        return false;
    }
    ovs_list_remove(&read->node);
    answer(live, read, NULL);
    return true;
}

/* Makes the requests of 'read'.  Returns why it cannot, or NULL. */
static char *
begin_read(struct api_live *live, struct api_read *read, long long int now)
{
    const struct kube_access *access = kubeconfig_get(live->kubeconfig, now);

    if (read->refusal) {
        return xstrdup(read->refusal);
    }
    if (!access) {
        return xstrdup("there are no credentials");
    }
    if (now < live->patience_until) {
        return xstrdup("the server asks to be left alone for a while");
    }
    if (now >= read->deadline) {
        return xstrdup("too many live reads at a time");
    }
    for (size_t i = 0; i < read->n_parts; i++) {
        struct http_get_options options = {
            .max_body = MAX_BODY,
            .deadline_ms = read->deadline - now,
        };

        read->parts[i].request = http_get(live->http, access,
                                          read->parts[i].path, &options, now);
    }
    return NULL;
}

void
api_live_run(struct api_live *live, long long int now)
{
    struct api_read *read;

    LIST_FOR_EACH_SAFE (read, node, &live->running) {
        if (run_read(live, read, now)) {
            live->n_running--;
        }
    }
    while (live->n_running < MAX_RUNNING
           && !ovs_list_is_empty(&live->waiting)) {
        char *problem;

        read = CONTAINER_OF(ovs_list_pop_front(&live->waiting),
                            struct api_read, node);
        problem = begin_read(live, read, now);
        if (problem) {
            answer(live, read, problem);
        } else {
            ovs_list_push_back(&live->running, &read->node);
            live->n_running++;
        }
    }
}

void
api_live_wait(const struct api_live *live)
{
    if (!ovs_list_is_empty(&live->results)
        || (!ovs_list_is_empty(&live->waiting)
            && live->n_running < MAX_RUNNING)) {
        poll_immediate_wake();
    }
}

struct api_live_result *
api_live_pop(struct api_live *live)
{
    return (ovs_list_is_empty(&live->results) ? NULL
            : CONTAINER_OF(ovs_list_pop_front(&live->results),
                           struct api_live_result, node));
}
