/* SPDX-License-Identifier: Apache-2.0 */

/* The watch of a reflector: one event a line, until the server ends it.
 *
 * An event counts when its line is complete and understood, and moves on the
 * version from which the next watch is asked for; so whatever cuts a watch off
 * is made good by the next one. */

#include <config.h>

#include "reflector-private.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/vlog.h"

#include "coverage.h"
#include "random.h"
#include "timeval.h"
#include "util.h"

#include "http.h"
#include "kubeconfig.h"

VLOG_DEFINE_THIS_MODULE(reflector_watch);

COVERAGE_DEFINE(reflector_watch);
COVERAGE_DEFINE(reflector_event);
COVERAGE_DEFINE(reflector_bookmark);
COVERAGE_DEFINE(reflector_gone);

/* An object is at most 1.5 MB in etcd, and some more as JSON. */
#define MAX_EVENT (16 * 1024 * 1024)

/* How long a watch is asked for: 5 to 10 minutes, as client-go does, so that
 * the watches of a server are not all renewed in one moment. */
#define WATCH_S 300

/* A watch that ends sooner and brought nothing is no success. */
#define SHORT_WATCH_MS 1000

/* So many watches in a row that end in garbage from one version: the version
 * is the problem, or what is there, so a list is tried instead. */
#define MAX_BAD_WATCHES 3

#define AS_METADATA \
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"

struct http_request *
reflector_watch_request(struct reflector *r, long long int now)
{
    const struct kube_access *access = kubeconfig_get(r->kubeconfig, now);
    unsigned int seconds = WATCH_S + random_range(WATCH_S);
    struct http_get_options options = {
        .accept = r->metadata_only ? AS_METADATA : NULL,
        .max_body = MAX_EVENT,
        .lines = true,
        /* The server ends it; if it forgets to, we do. */
        .deadline_ms = (seconds + 30) * 1000LL,
        .silence_ms = r->silence_ms,
    };
    struct http_request *request;
    char *version, *path;

    if (!access) {
        return NULL;
    }
    COVERAGE_INC(reflector_watch);
    r->n_watches++;
    version = http_escape(r->version);
    path = xasprintf("%s?%s%swatch=1&allowWatchBookmarks=true"
                     "&resourceVersion=%s&timeoutSeconds=%u",
                     r->path, r->query, r->query[0] ? "&" : "", version,
                     seconds);
    request = http_get(r->http, access, path, &options, now);
    free(path);
    free(version);
    return request;
}

/* Only forward: a watch that repeats old events must not make the next one
 * begin earlier. */
static void
set_version(struct reflector *r, const char *version)
{
    if (version && version[0] && strcmp(version, r->version)
        && !reflector_version_less(version, r->version)) {
        free(r->version);
        r->version = xstrdup(version);
    }
}

/* An event of type ERROR. */
static void
handle_error(struct reflector *r, const json_t *status, long long int now)
{
    int code = json_integer_value(json_object_get(status, "code"));
    const char *reason = json_string_value(json_object_get(status, "reason"));
    const char *message = json_string_value(json_object_get(status,
                                                            "message"));

    if (code == 410 || (reason && (!strcmp(reason, "Expired")
                                   || !strcmp(reason, "Gone")))) {
        COVERAGE_INC(reflector_gone);
        reflector_fail(r, xasprintf("%s: the server does not remember "
                                    "version %s any more; listing",
                                    r->resource, r->version), true, now);
        /* That is no fault of the server's, the first time: it answers, and
         * whatever failed before is over. */
        if (!r->n_gone++) {
            r->n_failures = 1;
            r->retry_at = now;
        }
        return;
    }
    reflector_fail(r, xasprintf("watch of %s: %.200s (%d)", r->resource,
                                message ? message : "error", code),
                   ++r->n_bad_watches >= MAX_BAD_WATCHES, now);
}

static void
fail_garbage(struct reflector *r, const char *what, long long int now)
{
    reflector_fail(r, xasprintf("watch of %s: %s", r->resource, what),
                   ++r->n_bad_watches >= MAX_BAD_WATCHES, now);
}

/* Reads one event.  Returns false if that ended the watch. */
static bool
read_event(struct reflector *r, const char *line, size_t len,
           long long int now)
{
    json_error_t e;
    json_t *event = json_loadb(line, len, JSON_REJECT_DUPLICATES, &e);
    json_t *object = json_object_get(event, "object");
    const char *type = json_string_value(json_object_get(event, "type"));
    const json_t *metadata = json_object_get(object, "metadata");
    const char *version
        = json_string_value(json_object_get(metadata, "resourceVersion"));
    bool ok = true;

    if (!event) {
        char *what = xasprintf("invalid JSON at byte %d of an event: %s",
                               e.position, e.text);

        fail_garbage(r, what, now);
        free(what);
        ok = false;
    } else if (!type || !json_is_object(object)) {
        fail_garbage(r, "an event without type or object", now);
        ok = false;
    } else if (!strcmp(type, "ERROR")) {
        handle_error(r, object, now);
        ok = false;
    } else if (!strcmp(type, "BOOKMARK")) {
        COVERAGE_INC(reflector_bookmark);
        r->n_bookmarks++;
        set_version(r, version);
    } else if (!strcmp(type, "ADDED") || !strcmp(type, "MODIFIED")
               || !strcmp(type, "DELETED")) {
        COVERAGE_INC(reflector_event);
        r->n_events++;
        if (type[0] == 'D') {
            r->sink->remove(r->aux, object);
        } else {
            r->sink->put(r->aux, object);
        }
        set_version(r, version);
    } else {
        fail_garbage(r, "an event of unknown type", now);
        ok = false;
    }
    json_decref(event);
    if (ok) {
        r->watch_n_events++;
        r->n_bad_watches = 0;
        r->n_gone = 0;
        reflector_succeed(r);
    }
    return ok;
}

/* The watch has ended without an error of its own. */
static void
watch_ended(struct reflector *r, long long int now)
{
    if (http_request_rest(r->request)) {
        fail_garbage(r, "it ended within an event", now);
    } else if (!r->watch_n_events
               && now - r->watch_began_ms < SHORT_WATCH_MS) {
        reflector_fail(r, xasprintf("watch of %s: it ended at once",
                                    r->resource), false, now);
    } else {
        VLOG_DBG("%s: watch ended at version %s", r->resource, r->version);
        reflector_end_request(r);
        r->retry_at = 0;
    }
}

void
reflector_watch_run(struct reflector *r, long long int now)
{
    const struct http_request *request = r->request;
    int status = http_request_status(request);
    const char *line;
    size_t len;

    if (status == 200) {
        r->fresh_ms = now;
        /* An open watch is a success, but for one that ends at once. */
        if (r->problem && now - r->watch_began_ms >= SHORT_WATCH_MS) {
            reflector_succeed(r);
        }
    }
    while ((line = http_request_next_line(r->request, &len))) {
        if (!read_event(r, line, len, now)) {
            return;
        }
    }
    r->heard_ms = MAX(r->heard_ms, http_request_heard_ms(request));
    if (!http_request_is_done(request)) {
        return;
    }
    if (!http_request_error(request) && status == 410) {
        json_t *gone = json_pack("{s:i}", "code", 410);

        handle_error(r, gone, now);
        json_decref(gone);
    } else if (!http_request_error(request) && status == 200) {
        watch_ended(r, now);
    } else if (http_request_timed_out(request) && status == 200) {
        /* Perhaps there was nothing to say: kube-apiserver sends no bookmarks
         * for a resource that nothing has happened to since it started.  If
         * the server is not there any more, the next watch shows it. */
        VLOG_DBG("%s: silent watch", r->resource);
        reflector_end_request(r);
        r->retry_at = 0;
    } else {
        reflector_fail_request(r, "watch", now);
    }
}
