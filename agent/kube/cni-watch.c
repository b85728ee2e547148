/* SPDX-License-Identifier: Apache-2.0 */

/* The CNI controller's restarts.
 *
 * A start that is seen to happen counts from when it was seen; one that was
 * before us counts from what the objects say, by the clock of the node or of
 * the controller.  Of several replicas one leads, and which is not asked: the
 * start of any counts, which at worst makes us wait in vain. */

#include <config.h>

#include "cni-watch.h"

#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/shash.h"
#include "openvswitch/vlog.h"

#include "util.h"

#include "http.h"
#include "kubeconfig.h"
#include "reflector.h"
#include "rfc3339.h"

VLOG_DEFINE_THIS_MODULE(cni_watch);

/* A Lease that was not renewed for its duration and this is lost. */
#define LEASE_GRACE_MS 15000
#define LEASE_DURATION_S 60     /* If it does not say. */

/* One pod of the controller. */
struct cni_pod {
    bool running;
    long long int started_s;    /* Its youngest container; 0: unknown. */
};

struct cni_watch {
    struct http *http;
    struct kubeconfig *kubeconfig;
    char *ns, *name;
    struct reflector *pod_reflector;
    struct reflector *lease_reflector; /* NULL: not needed. */
    unsigned int page;          /* See reflector_set_limits(); 0: default. */
    long long int silence_ms, backoff_ms;
    long long int now, wall;    /* Of this turn. */

    struct shash pods;          /* Contains "struct cni_pod"s. */
    struct shash staged;        /* The same, of a list that is under way. */
    bool pods_seen, pods_listed;
    long long int started_s;    /* The latest start of a container. */

    bool lease_seen, lease_listed, staged_lease;
    char *holder;               /* Or "". */
    long long int acquired_s, transitions;
    char *renewed;              /* renewTime as it is spelled. */
    long long int renewed_ms;   /* When it was last seen to change. */
    long long int duration_ms;

    bool was_down;
    long long int restarted_ms; /* LLONG_MIN: never.  Before the machine's own
                                 * start it is negative. */
};

/* ---- What is seen. ---- */

/* It was (re)started, 'age_ms' ago. */
static void
note_start(struct cni_watch *w, long long int age_ms)
{
    w->restarted_ms = MAX(w->restarted_ms, w->now - MAX(age_ms, 0));
}

static void
note_restart(struct cni_watch *w, const char *why)
{
    VLOG_INFO("%s/%s was restarted (%s)", w->ns, w->name, why);
    note_start(w, 0);
}

static long long int
read_time(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));
    long long int epoch_s;

    return s && rfc3339_parse(s, &epoch_s) ? epoch_s : 0;
}

static struct cni_pod *
read_pod(const json_t *pod)
{
    const json_t *status = json_object_get(pod, "status");
    json_t *list = json_object_get(status, "containerStatuses");
    const json_t *metadata = json_object_get(pod, "metadata");
    struct cni_pod *p = xzalloc(sizeof *p);
    json_t *container;
    size_t i;

    json_array_foreach (list, i, container) {
        const json_t *state = json_object_get(container, "state");
        const json_t *running = json_object_get(state, "running");

        if (running) {
            p->running = !json_object_get(metadata, "deletionTimestamp");
            p->started_s = MAX(p->started_s, read_time(running, "startedAt"));
        }
    }
    return p;
}

static const char *
pod_name(const json_t *pod)
{
    const json_t *metadata = json_object_get(pod, "metadata");
    const char *name = json_string_value(json_object_get(metadata, "name"));

    return name ? name : "";
}

/* 'p' is there now, where there was 'old', or nothing. */
static void
look_at_pod(struct cni_watch *w, const struct cni_pod *p,
            const struct cni_pod *old)
{
    if (p->started_s <= w->started_s) {
        return;
    }
    if (w->pods_listed) {
        note_restart(w, old ? "a container was started" : "a pod was started");
    } else {
        note_start(w, w->wall - p->started_s * 1000);
    }
    w->started_s = p->started_s;
}

/* ---- Pods. ---- */

static void
clear_pods(struct shash *pods)
{
    shash_destroy_free_data(pods);
    shash_init(pods);
}

static void
pods_begin(void *w_)
{
    struct cni_watch *w = w_;

    clear_pods(&w->staged);
}

static char *
pods_list(void *w_, json_t *pod)
{
    struct cni_watch *w = w_;

    free(shash_replace(&w->staged, pod_name(pod), read_pod(pod)));
    return NULL;
}

static void
pods_commit(void *w_, const char *version OVS_UNUSED,
            bool went_back OVS_UNUSED)
{
    struct cni_watch *w = w_;
    struct shash_node *node;

    SHASH_FOR_EACH (node, &w->staged) {
        look_at_pod(w, node->data, shash_find_data(&w->pods, node->name));
    }
    shash_swap(&w->pods, &w->staged);
    clear_pods(&w->staged);
    w->pods_seen |= !shash_is_empty(&w->pods);
    w->pods_listed = true;
}

static void
pods_abort(void *w_)
{
    struct cni_watch *w = w_;

    clear_pods(&w->staged);
}

static void
pods_put(void *w_, json_t *pod)
{
    struct cni_watch *w = w_;
    struct cni_pod *p = read_pod(pod);

    look_at_pod(w, p, shash_find_data(&w->pods, pod_name(pod)));
    free(shash_replace(&w->pods, pod_name(pod), p));
    w->pods_seen = true;
}

static void
pods_remove(void *w_, json_t *pod)
{
    struct cni_watch *w = w_;
    struct cni_pod *p = shash_find_and_delete(&w->pods, pod_name(pod));

    if (p && p->running) {
        note_restart(w, "a pod is gone");
    }
    free(p);
}

static const struct reflector_sink pods_sink = {
    .begin = pods_begin,
    .list = pods_list,
    .commit = pods_commit,
    .abort = pods_abort,
    .put = pods_put,
    .remove = pods_remove,
};

/* ---- The Lease. ---- */

static void
replace(char **s, const char *value)
{
    char *copy = xstrdup(value ? value : "");

    free(*s);
    *s = copy;
}

static void
lease_put(void *w_, json_t *lease)
{
    struct cni_watch *w = w_;
    const json_t *spec = json_object_get(lease, "spec");
    const char *holder
        = json_string_value(json_object_get(spec, "holderIdentity"));
    const char *renewed
        = json_string_value(json_object_get(spec, "renewTime"));
    const json_t *duration = json_object_get(spec, "leaseDurationSeconds");
    long long int acquired_s = read_time(spec, "acquireTime");
    long long int transitions
        = json_integer_value(json_object_get(spec, "leaseTransitions"));

    holder = holder ? holder : "";
    if (!w->lease_seen) {
        note_start(w, acquired_s ? w->wall - acquired_s * 1000 : 0);
    } else if (strcmp(holder, w->holder) || acquired_s != w->acquired_s
               || transitions != w->transitions) {
        note_restart(w, holder[0] ? "its Lease was taken"
                     : "its Lease was given up");
    } else if (w->now - w->renewed_ms > w->duration_ms
               && strcmp(renewed ? renewed : "", w->renewed)) {
        note_restart(w, "its Lease had lapsed");
    }
    if (!w->lease_seen || strcmp(renewed ? renewed : "", w->renewed)) {
        w->renewed_ms = w->now;
    }
    replace(&w->holder, holder);
    replace(&w->renewed, renewed);
    w->acquired_s = acquired_s;
    w->transitions = transitions;
    w->duration_ms = 1000 * (json_integer_value(duration) > 0
                             ? MIN(json_integer_value(duration), 3600)
                             : LEASE_DURATION_S);
    w->lease_seen = true;
}

static void
lease_begin(void *w_)
{
    struct cni_watch *w = w_;

    w->staged_lease = false;
}

static char *
lease_list(void *w_, json_t *lease)
{
    struct cni_watch *w = w_;

    /* There is one; a list that fails afterwards does not undo it. */
    w->staged_lease = true;
    lease_put(w, lease);
    return NULL;
}

static void
lease_remove(void *w_, json_t *lease OVS_UNUSED)
{
    struct cni_watch *w = w_;

    replace(&w->holder, NULL);
}

static void
lease_commit(void *w_, const char *version OVS_UNUSED,
             bool went_back OVS_UNUSED)
{
    struct cni_watch *w = w_;

    w->lease_listed = true;
    if (!w->staged_lease) {
        lease_remove(w, NULL);
    }
}

static void
lease_abort(void *w OVS_UNUSED)
{
}

static const struct reflector_sink lease_sink = {
    .begin = lease_begin,
    .list = lease_list,
    .commit = lease_commit,
    .abort = lease_abort,
    .put = lease_put,
    .remove = lease_remove,
};

/* ---- Life. ---- */

static struct reflector *
open_reflector(struct cni_watch *w, const struct reflector_sink *sink,
               const char *root, const char *group, const char *resource,
               const char *selector)
{
    char *ns = http_escape(w->ns);
    char *name = http_escape(w->name);
    char *path = xasprintf("%s/namespaces/%s/%s", root, ns, resource);
    char *query = xasprintf("%s%%3D%s", selector, name);
    struct reflector_config config = {
        .http = w->http,
        .kubeconfig = w->kubeconfig,
        .sink = sink,
        .aux = w,
        .resource = resource,
        .group = group,
        .ns = w->ns,
        .path = path,
        .query = query,
    };
    struct reflector *r = reflector_create(&config);

    if (w->page) {
        reflector_set_limits(r, w->page, w->silence_ms, w->backoff_ms);
    }
    free(ns);
    free(name);
    free(path);
    free(query);
    return r;
}

struct cni_watch *
cni_watch_create(struct http *http, struct kubeconfig *kubeconfig,
                 const char *ns, const char *name)
{
    struct cni_watch *w = xzalloc(sizeof *w);

    w->http = http;
    w->kubeconfig = kubeconfig;
    w->ns = xstrdup(ns);
    w->name = xstrdup(name);
    w->restarted_ms = LLONG_MIN;
    w->holder = xstrdup("");
    w->renewed = xstrdup("");
    shash_init(&w->pods);
    shash_init(&w->staged);
    w->pod_reflector = open_reflector(w, &pods_sink, "/api/v1", "", "pods",
                                      "labelSelector=app");
    return w;
}

void
cni_watch_destroy(struct cni_watch *w)
{
    if (w) {
        reflector_destroy(w->pod_reflector);
        reflector_destroy(w->lease_reflector);
        shash_destroy_free_data(&w->pods);
        shash_destroy_free_data(&w->staged);
        free(w->ns);
        free(w->name);
        free(w->holder);
        free(w->renewed);
        free(w);
    }
}

void
cni_watch_set_limits(struct cni_watch *w, unsigned int page,
                     long long int silence_ms, long long int backoff_ms)
{
    w->page = page;
    w->silence_ms = silence_ms;
    w->backoff_ms = backoff_ms;
    reflector_set_limits(w->pod_reflector, page, silence_ms, backoff_ms);
    if (w->lease_reflector) {
        reflector_set_limits(w->lease_reflector, page, silence_ms,
                             backoff_ms);
    }
}

/* ---- What it means. ---- */

static bool
is_fresh(const struct reflector *r, long long int now)
{
    struct reflector_status rs;

    if (!r) {
        return false;
    }
    reflector_get_status(r, now, &rs);
    return rs.fresh;
}

/* When the Lease is lost unless it is renewed. */
static long long int
lease_end(const struct cni_watch *w)
{
    return w->renewed_ms + w->duration_ms + LEASE_GRACE_MS;
}

/* Is it known that no controller runs? */
static bool
is_down(const struct cni_watch *w, long long int now)
{
    const struct shash_node *node;

    if (w->pods_seen) {
        SHASH_FOR_EACH (node, &w->pods) {
            const struct cni_pod *p = node->data;

            if (p->running) {
                return false;
            }
        }
        return true;
    }
    return (w->lease_seen
            && (!w->holder[0]
                || (now >= lease_end(w)
                    && is_fresh(w->lease_reflector, now))));
}

void
cni_watch_run(struct cni_watch *w, long long int now, long long int wall)
{
    struct reflector_status rs;
    bool down;

    w->now = now;
    w->wall = wall;
    reflector_run(w->pod_reflector, now);
    reflector_get_status(w->pod_reflector, now, &rs);
    if (!w->lease_reflector && !w->pods_seen
        && (w->pods_listed || rs.forbidden)) {
        w->lease_reflector = open_reflector(w, &lease_sink,
                                            "/apis/coordination.k8s.io/v1",
                                            "coordination.k8s.io", "leases",
                                            "fieldSelector=metadata.name");
    } else if (w->lease_reflector && w->pods_seen) {
        /* It is renewed each few seconds, and tells nothing that the pods do
         * not. */
        reflector_destroy(w->lease_reflector);
        w->lease_reflector = NULL;
    }
    if (w->lease_reflector) {
        reflector_run(w->lease_reflector, now);
    }
    down = is_down(w, now);
    if (down != w->was_down) {
        if (down) {
            VLOG_INFO("%s/%s does not run", w->ns, w->name);
        } else {
            note_restart(w, "it runs again");
        }
        w->was_down = down;
    }
}

void
cni_watch_wait(const struct cni_watch *w)
{
    reflector_wait(w->pod_reflector);
    if (w->lease_reflector) {
        reflector_wait(w->lease_reflector);
        if (w->lease_seen && w->holder[0] && !w->was_down) {
            poll_timer_wait_until(lease_end(w));
        }
    }
}

bool
cni_watch_is_synced(const struct cni_watch *w, long long int now)
{
    struct reflector_status rs;

    if (w->pods_seen || w->lease_listed) {
        return true;
    }
    if (!w->lease_reflector) {
        return false;
    }
    reflector_get_status(w->lease_reflector, now, &rs);
    return rs.forbidden;
}

void
cni_watch_get_status(const struct cni_watch *w, long long int now,
                     struct cni_watch_status *status)
{
    struct reflector_status rs;

    *status = (struct cni_watch_status) {
        .seen = w->pods_seen || w->lease_seen,
        .down = is_down(w, now),
        .restarted_ms = (w->restarted_ms == LLONG_MIN ? 0
                         : w->restarted_ms ? w->restarted_ms : -1),
    };
    reflector_get_status(w->pod_reflector, now, &rs);
    status->n_problems += rs.problem != NULL;
    if (w->lease_reflector) {
        reflector_get_status(w->lease_reflector, now, &rs);
        status->n_problems += rs.problem != NULL;
    }
}

void
cni_watch_format(const struct cni_watch *w, long long int now, struct ds *ds)
{
    ds_put_format(ds, "  CNI controller %s/%s: ", w->ns, w->name);
    if (!w->pods_seen && !w->lease_seen) {
        ds_put_format(ds, "%s\n", cni_watch_is_synced(w, now)
                      ? "neither a pod nor a Lease is seen"
                      : "not yet known");
        return;
    }
    if (is_down(w, now)) {
        ds_put_cstr(ds, "does not run");
    } else if (w->pods_seen) {
        ds_put_format(ds, "%"PRIuSIZE" pods", shash_count(&w->pods));
    } else {
        ds_put_format(ds, "the Lease is held by %s", w->holder);
    }
    if (w->restarted_ms != LLONG_MIN) {
        ds_put_format(ds, ", last start %lld s ago",
                      (now - w->restarted_ms) / 1000);
    }
    ds_put_char(ds, '\n');
}

static void
put_problem(const struct reflector *r, long long int now, struct ds *ds)
{
    struct reflector_status rs;

    if (r) {
        reflector_get_status(r, now, &rs);
        if (rs.problem) {
            ds_put_format(ds, "%s\n", rs.problem);
        }
    }
}

void
cni_watch_format_problems(const struct cni_watch *w, long long int now,
                          struct ds *ds)
{
    put_problem(w->pod_reflector, now, ds);
    put_problem(w->lease_reflector, now, ds);
}
