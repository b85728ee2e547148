/* SPDX-License-Identifier: Apache-2.0 */

/* Keeps up with all objects of one kind: the states, what is done about
 * errors, and when.
 *
 *             list complete
 *   LISTING ----------------> WATCHING <---.
 *      ^ |                      | |        | the watch ended well
 *      | | failed               | '--------'
 *      | v                      |
 *     WAITING <-----------------'
 *               failed; 410 Gone: then a list is next, otherwise a watch */

#include <config.h>

#include "reflector-private.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"

#include "coverage.h"
#include "random.h"
#include "timeval.h"
#include "util.h"

#include "http.h"
#include "kubeconfig.h"

VLOG_DEFINE_THIS_MODULE(reflector);

COVERAGE_DEFINE(reflector_error);

/* Objects a page.  kubectl and client-go ask for 500 too. */
#define PAGE_SIZE 500

/* A watch with bookmarks is never silent for longer than a minute
 * (kube-apiserver, cacher: bookmarkFrequency), and a few seconds. */
#define SILENCE_MS 90000

/* Waiting begins with this and doubles with each failure. */
#define BACKOFF_MS 500
#define MAX_BACKOFF_MS 30000

/* A right that is missing is granted by a person, some time. */
#define REFUSED_MS 30000
#define MAX_HOPES 5

/* When somebody else's request was answered, one that did not reach the server
 * before is made within this time. */
#define HURRY_MS 500

/* A watch is opened again at once when it ends, so what is known is not
 * stale before this. */
#define FRESH_MS 10000

static char *
or_dup(const char *s)
{
    return s ? xstrdup(s) : NULL;
}

struct reflector *
reflector_create(const struct reflector_config *config)
{
    struct reflector *r = xzalloc(sizeof *r);

    r->http = config->http;
    r->kubeconfig = config->kubeconfig;
    r->sink = config->sink;
    r->aux = config->aux;
    r->resource = xstrdup(config->resource);
    r->group = xstrdup(config->group);
    r->ns = or_dup(config->ns);
    r->path = xstrdup(config->path);
    r->query = xstrdup(config->query);
    r->metadata_only = config->metadata_only;
    r->limit = r->page_size = PAGE_SIZE;
    r->silence_ms = SILENCE_MS;
    r->backoff_ms = BACKOFF_MS;
    r->state = REFLECTOR_WAITING;
    r->relist = true;
    return r;
}

void
reflector_destroy(struct reflector *r)
{
    if (r) {
        reflector_list_abort(r);
        http_request_destroy(r->request);
        free(r->resource);
        free(r->group);
        free(r->ns);
        free(r->path);
        free(r->query);
        free(r->token);
        free(r->list_version);
        free(r->version);
        free(r->problem);
        free(r);
    }
}

void
reflector_set_limits(struct reflector *r, unsigned int page,
                     long long int silence_ms, long long int backoff_ms)
{
    r->limit = r->page_size = page;
    r->silence_ms = silence_ms;
    r->backoff_ms = backoff_ms;
}

bool
reflector_version_less(const char *a, const char *b)
{
    size_t a_len, b_len;

    if (!a || !b || !a[0] || !b[0] || a[strspn(a, "0123456789")]
        || b[strspn(b, "0123456789")]) {
        return false;
    }
    a += strspn(a, "0");
    b += strspn(b, "0");
    a_len = strlen(a);
    b_len = strlen(b);
    return a_len != b_len ? a_len < b_len : strcmp(a, b) < 0;
}

void
reflector_end_request(struct reflector *r)
{
    if (r->request) {
        r->heard_ms = MAX(r->heard_ms, http_request_heard_ms(r->request));
        http_request_destroy(r->request);
        r->request = NULL;
    }
}

/* ---- Errors. ---- */

/* Returns the wait after 'n' failures in a row: doubled each time, and spread
 * by half of it to either side, so that a server that comes back is not met by
 * all its clients in one moment. */
static long long int
backoff(const struct reflector *r)
{
    unsigned int n = MIN(r->n_failures, 16);
    long long int ms = r->backoff_ms;

    while (n-- > 1 && ms < MAX_BACKOFF_MS) {
        ms *= 2;
    }
    ms = MIN(ms, MAX_BACKOFF_MS);
    return ms / 2 + random_range(ms + 1);
}

static void
set_problem(struct reflector *r, char *problem)
{
    /* Once, and not with every attempt. */
    if (problem && (!r->problem || strcmp(r->problem, problem))) {
        VLOG_WARN("%s", problem);
    } else if (!problem && r->problem) {
        VLOG_INFO("%s: all is well again", r->resource);
    }
    free(r->problem);
    r->problem = problem;
}

static void
wait_until(struct reflector *r, long long int when)
{
    r->state = REFLECTOR_WAITING;
    r->retry_at = when;
}

void
reflector_fail(struct reflector *r, char *problem, bool relist,
               long long int now)
{
    COVERAGE_INC(reflector_error);
    reflector_end_request(r);
    r->n_errors++;
    r->n_failures++;
    if (relist) {
        reflector_list_abort(r);
        r->relist = true;
    }
    set_problem(r, problem);
    wait_until(r, now + backoff(r));
}

void
reflector_succeed(struct reflector *r)
{
    r->n_failures = 0;
    r->refused_status = 0;
    set_problem(r, NULL);
}

/* Appends what the server says about an error: the "message" of its Status,
 * without what would spoil a log. */
static void
put_message(const struct http_request *request, struct ds *ds)
{
    size_t len;
    const char *body = http_request_body(request, &len);
    json_t *status = json_loadb(body, len, 0, NULL);
    const char *message
        = json_string_value(json_object_get(status, "message"));
    size_t n = 0;

    if (message && message[0]) {
        ds_put_cstr(ds, ": ");
        for (; *message && n < 300; message++, n++) {
            ds_put_char(ds, (unsigned char) *message < ' ' ? ' ' : *message);
        }
    }
    json_decref(status);
}

/* "cannot list pods of all namespaces" */
static void
put_task(const struct reflector *r, const char *verb, struct ds *ds)
{
    ds_put_format(ds, "cannot %s %s%s%s", verb, r->resource,
                  r->group[0] ? "." : "", r->group);
    if (r->ns) {
        ds_put_format(ds, " in namespace %s", r->ns);
    } else {
        ds_put_cstr(ds, " in all namespaces");
    }
}

void
reflector_fail_request(struct reflector *r, const char *verb,
                       long long int now)
{
    const struct http_request *request = r->request;
    const char *error = http_request_error(request);
    int status = http_request_status(request);
    long long int retry_after = http_request_retry_after_ms(request);
    struct ds ds = DS_EMPTY_INITIALIZER;
    long long int floor = retry_after >= 0 ? now + retry_after : 0;

    bool was_refused = r->refused_status != 0;

    put_task(r, verb, &ds);
    r->refused_status = 0;
    r->unreached = error != NULL;
    r->n_answers = http_n_answers(r->http);
    if (error) {
        ds_put_format(&ds, ": %s", error);
    } else if (status == 403 || status == 404) {
        ds_put_cstr(&ds, status == 403
                    ? ": permission is missing" : ": the server has none");
        put_message(request, &ds);
        r->refused_status = status;
        /* A server that has just been started may not know its own rules yet:
         * what was allowed before is asked for a few times at short
         * intervals. */
        if (!r->synced || (was_refused && r->n_failures >= MAX_HOPES)) {
            floor = MAX(floor, now + REFUSED_MS * 3 / 4
                        + random_range(REFUSED_MS / 2));
        }
    } else {
        ds_put_format(&ds, ": status %d", status);
        put_message(request, &ds);
    }
    if (status == 401) {
        kubeconfig_refused(r->kubeconfig,
                           http_request_access_seqno(request), now);
    }
    /* A list is begun anew: its pages are from one moment, and the server may
     * be another one by now.  A watch goes on where it was, unless the server
     * refuses to know the resource. */
    reflector_fail(r, ds_steal_cstr(&ds),
                   r->state == REFLECTOR_LISTING || r->refused_status, now);
    r->retry_at = MAX(r->retry_at, floor);
}

/* The server could not be reached.  If it has answered somebody else since
 * then, there is no reason to wait for as long as it was gone. */
static void
hurry(struct reflector *r, long long int now)
{
    if (r->unreached && http_n_answers(r->http) != r->n_answers) {
        r->unreached = false;
        r->retry_at = MIN(r->retry_at, now + random_range(HURRY_MS));
    }
}

/* ---- The turn. ---- */

/* Makes the next request, if there is something to make it with. */
static void
start(struct reflector *r, long long int now)
{
    if (r->relist && !r->staging) {
        reflector_list_begin(r);
    }
    r->request = (r->relist ? reflector_list_request(r, now)
                  : reflector_watch_request(r, now));
    if (!r->request) {
        /* The credentials are being fetched. */
        wait_until(r, now + 200);
        return;
    }
    r->state = r->relist ? REFLECTOR_LISTING : REFLECTOR_WATCHING;
    r->watch_began_ms = now;
    r->watch_n_events = 0;
}

void
reflector_run(struct reflector *r, long long int now)
{
    /* A list's last page is followed by its watch, in the same turn. */
    for (int i = 0; i < 2; i++) {
        if (r->request) {
            if (r->state == REFLECTOR_WATCHING) {
                reflector_watch_run(r, now);
            } else {
                reflector_list_run(r, now);
            }
        }
        if (!r->request) {
            hurry(r, now);
        }
        if (r->request || now < r->retry_at) {
            return;
        }
        start(r, now);
    }
}

void
reflector_wait(const struct reflector *r)
{
    /* http_wait() wakes up for requests. */
    if (!r->request) {
        poll_timer_wait_until(r->retry_at);
    } else if (http_request_is_done(r->request)) {
        poll_immediate_wake();
    }
}

void
reflector_get_status(const struct reflector *r, long long int now,
                     struct reflector_status *status)
{
    bool open = (r->state == REFLECTOR_WATCHING && r->request
                 && http_request_status(r->request) == 200);

    *status = (struct reflector_status) {
        .state = r->state,
        .synced = r->synced,
        .fresh = r->synced && (open || now < r->fresh_ms + FRESH_MS),
        .forbidden = r->refused_status == 403,
        .missing = r->refused_status == 404,
        .problem = r->problem,
        .version = r->version ? r->version : "",
        .heard_ms = r->heard_ms,
        .n_lists = r->n_lists,
        .n_watches = r->n_watches,
        .n_events = r->n_events,
        .n_bookmarks = r->n_bookmarks,
        .n_errors = r->n_errors,
    };
}
