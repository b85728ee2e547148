/* SPDX-License-Identifier: Apache-2.0 */

/* Writes to the API server.
 *
 * None of them may do harm when it is done twice: an Event has a name, a nudge
 * sets what it sets, and objects are made by name and deleted by uid and
 * version.  What failed for a reason that may pass is tried again, unless its
 * author wants to decide that. */

#include <config.h>

#include "api-write.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"

#include "coverage.h"
#include "util.h"

#include "api-call.h"
#include "http.h"
#include "kubeconfig.h"

VLOG_DEFINE_THIS_MODULE(api_write);

COVERAGE_DEFINE(api_write);
COVERAGE_DEFINE(api_write_failed);
COVERAGE_DEFINE(api_write_dropped);

#define MAX_RUNNING 8
#define MAX_WAITING 2000
#define MAX_BODY (1024 * 1024)
#define DEADLINE_MS 5000

/* How often what may pass is tried, and the first pause, which doubles. */
#define MAX_TRIES 4
#define RETRY_MS 1000

/* A role is not changed often, but a server that was just started refuses for
 * a moment because it has not read it yet: pauses double from the first to the
 * second of these.  One write is kept to find out. */
#define FORBIDDEN_MS 5000
#define MAX_FORBIDDEN_MS (10 * 60 * 1000)

struct api_job {
    struct ovs_list node;       /* In 'waiting' or 'running'. */
    struct kube_write *write;
    struct http_request *request; /* NULL: waits. */
    int n_tries;
    long long int due_ms;       /* Not before. */
    bool probe;                 /* Finds out whether it is still forbidden. */
};

void
api_writer_init(struct api_writer *aw, struct http *http,
                struct kubeconfig *kubeconfig, const char *instance)
{
    memset(aw, 0, sizeof *aw);
    aw->http = http;
    aw->kubeconfig = kubeconfig;
    aw->instance = xstrdup(instance);
    aw->retry_ms = RETRY_MS;
    aw->forbidden_ms = FORBIDDEN_MS;
    ovs_list_init(&aw->waiting);
    ovs_list_init(&aw->running);
    ovs_list_init(&aw->results);
}

static void
job_destroy(struct api_job *job)
{
    http_request_destroy(job->request);
    kube_write_destroy(job->write);
    free(job);
}

void
api_writer_destroy(struct api_writer *aw)
{
    struct api_write_result *result;
    struct api_job *job;

    LIST_FOR_EACH_POP (job, node, &aw->waiting) {
        job_destroy(job);
    }
    LIST_FOR_EACH_POP (job, node, &aw->running) {
        job_destroy(job);
    }
    LIST_FOR_EACH_POP (result, node, &aw->results) {
        free(result);
    }
    for (size_t i = 0; i < KUBE_WRITE_N_KINDS; i++) {
        free(aw->forbidden[i].problem);
    }
    free(aw->instance);
}

/* ---- Answers. ---- */

static void
end_job(struct api_writer *aw, struct api_job *job,
        enum kube_write_result result)
{
    if (job->write->id) {
        struct api_write_result *r = xzalloc(sizeof *r);

        r->id = job->write->id;
        r->result = result;
        ovs_list_push_back(&aw->results, &r->node);
    }
    if (result == KUBE_WRITE_DONE) {
        aw->n_done++;
    } else {
        COVERAGE_INC(api_write_failed);
        aw->n_failed++;
    }
    job_destroy(job);
}

static char *
read_message(const struct http_request *request)
{
    size_t len;
    const char *body = http_request_body(request, &len);
    json_t *json = json_loadb(body, len, 0, NULL);
    const char *message = json_string_value(json_object_get(json, "message"));
    char *text = xasprintf("status %d%s%.300s", http_request_status(request),
                           message ? ": " : "", message ? message : "");

    json_decref(json);
    return text;
}

static void
note_forbidden(struct api_writer *aw, const struct kube_write *w,
               const char *message, long long int now)
{
    struct api_forbidden *f = &aw->forbidden[w->kind];

    if (!f->problem) {
        VLOG_WARN("%s %s/%s: permission is missing: %s",
                  api_call_object_kind(w->object), w->ns, w->name, message);
    }
    free(f->problem);
    f->problem = xasprintf("cannot write (%s): permission is missing: %s",
                           kube_write_kind_to_string(w->kind), message);
    f->pause_ms = (f->pause_ms ? MIN(2 * f->pause_ms, MAX_FORBIDDEN_MS)
                   : aw->forbidden_ms);
    f->until_ms = now + f->pause_ms;
}

static void
note_allowed(struct api_writer *aw, const struct kube_write *w)
{
    struct api_forbidden *f = &aw->forbidden[w->kind];

    free(f->problem);
    memset(f, 0, sizeof *f);
}

/* Is there a write of this kind that will find out? */
static bool
has_probe(const struct api_writer *aw, enum kube_write_kind kind)
{
    const struct api_job *job;

    LIST_FOR_EACH (job, node, &aw->waiting) {
        if (job->probe && job->write->kind == kind) {
            return true;
        }
    }
    return false;
}

static enum kube_write_result
judge_status(int status)
{
    return (status >= 200 && status < 300 ? KUBE_WRITE_DONE
            : status == 404 ? KUBE_WRITE_GONE
            : status == 409 || status == 412 ? KUBE_WRITE_CONFLICT
            : status == 403 ? KUBE_WRITE_FORBIDDEN
            : KUBE_WRITE_FAILED);
}

/* May it be tried again as it is? */
static bool
may_retry(const struct kube_write *w, const struct http_request *request)
{
    int status = http_request_status(request);

    return (!w->id && (http_request_error(request) || status == 401
                       || status == 429 || status >= 500));
}

static void
put_back(struct api_writer *aw, struct api_job *job, long long int due_ms)
{
    http_request_destroy(job->request);
    job->request = NULL;
    job->due_ms = due_ms;
    ovs_list_push_back(&aw->waiting, &job->node);
    aw->n_waiting++;
}

static void
log_failure(const struct kube_write *w, const char *message)
{
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 20);

    VLOG_WARN_RL(&rl, "%s %s/%s: %s failed: %s",
                 api_call_object_kind(w->object), w->ns, w->name,
                 kube_write_kind_to_string(w->kind), message);
}

/* 'job', which is on no list any more, has its answer. */
static void
take_answer(struct api_writer *aw, struct api_job *job, long long int now)
{
    struct kube_write *w = job->write;
    const struct http_request *request = job->request;
    const char *error = http_request_error(request);
    enum kube_write_result result = KUBE_WRITE_FAILED;
    char *message = error ? xstrdup(error) : read_message(request);

    if (!error) {
        result = judge_status(http_request_status(request));
    }
    if (result != KUBE_WRITE_FORBIDDEN && result != KUBE_WRITE_FAILED) {
        note_allowed(aw, w);    /* Whatever came of it. */
    }
    if (result == KUBE_WRITE_FORBIDDEN) {
        note_forbidden(aw, w, message, now);
        if (!w->id && !has_probe(aw, w->kind)) {
            job->probe = true;
            job->n_tries = 0;
            put_back(aw, job, aw->forbidden[w->kind].until_ms);
            job = NULL;
        }
    } else if (result == KUBE_WRITE_GONE && w->kind == KUBE_WRITE_SERIES) {
        /* An hour is over. */
        w->kind = KUBE_WRITE_EVENT;
        put_back(aw, job, now);
        job = NULL;
    } else if (result == KUBE_WRITE_FAILED) {
        if (http_request_status(request) == 401) {
            kubeconfig_refused(aw->kubeconfig,
                               http_request_access_seqno(request), now);
        }
        if (may_retry(w, request) && job->n_tries < MAX_TRIES) {
            long long int pause = aw->retry_ms << (job->n_tries - 1);

            put_back(aw, job,
                     now + MAX(pause, http_request_retry_after_ms(request)));
            job = NULL;
        } else {
            log_failure(w, message);
        }
    } else if (result != KUBE_WRITE_DONE) {
        /* A pod that went while we wanted to tell about it is no news. */
        VLOG_DBG("%s %s/%s: %s: %s", api_call_object_kind(w->object),
                 w->ns, w->name, kube_write_kind_to_string(w->kind), message);
    }
    free(message);
    if (job) {
        end_job(aw, job, result);
    }
}

/* ---- The turn. ---- */

void
api_writer_start(struct api_writer *aw, struct kube_write *write,
                 long long int now)
{
    struct api_job *job = xzalloc(sizeof *job);

    COVERAGE_INC(api_write);
    job->write = write;
    job->due_ms = now;
    if (aw->n_waiting >= MAX_WAITING && !write->id) {
        static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);

        COVERAGE_INC(api_write_dropped);
        aw->n_dropped++;
        VLOG_WARN_RL(&rl, "%d writes wait for the API server already: a %s "
                     "is dropped", MAX_WAITING,
                     kube_write_kind_to_string(write->kind));
        job_destroy(job);
        return;
    }
    if (write->id) {
        ovs_list_push_front(&aw->waiting, &job->node);
    } else {
        ovs_list_push_back(&aw->waiting, &job->node);
    }
    aw->n_waiting++;
}

/* Returns false if it cannot be begun now. */
static bool
begin(struct api_writer *aw, struct api_job *job, long long int now)
{
    const struct kube_access *access = kubeconfig_get(aw->kubeconfig, now);
    struct http_get_options options = {
        .max_body = MAX_BODY,
        .deadline_ms = DEADLINE_MS,
    };
    struct api_call call;

    if (!access) {
        return false;
    }
    api_call_init(&call, job->write, aw->instance);
    if (!call.body) {
        /* Not UTF-8: it was in the name of something. */
        log_failure(job->write, "it cannot be put into JSON");
        api_call_destroy(&call);
        end_job(aw, job, KUBE_WRITE_FAILED);
        return true;
    }
    job->n_tries++;
    job->request = http_send(aw->http, access, call.method, call.path,
                             call.content_type, call.body, &options, now);
    ovs_list_push_back(&aw->running, &job->node);
    aw->n_running++;
    api_call_destroy(&call);
    return true;
}

static void
begin_jobs(struct api_writer *aw, long long int now)
{
    struct api_job *job;

    LIST_FOR_EACH_SAFE (job, node, &aw->waiting) {
        if (aw->n_running >= MAX_RUNNING) {
            return;
        }
        if (now < job->due_ms) {
            continue;
        }
        ovs_list_remove(&job->node);
        aw->n_waiting--;
        if (!job->probe
            && now < aw->forbidden[job->write->kind].until_ms) {
            end_job(aw, job, KUBE_WRITE_FORBIDDEN);
        } else if (!begin(aw, job, now)) {
            job->due_ms = now + aw->retry_ms;
            ovs_list_push_front(&aw->waiting, &job->node);
            aw->n_waiting++;
            return;
        }
    }
}

void
api_writer_run(struct api_writer *aw, long long int now)
{
    struct api_job *job;

    LIST_FOR_EACH_SAFE (job, node, &aw->running) {
        if (http_request_is_done(job->request)) {
            ovs_list_remove(&job->node);
            aw->n_running--;
            take_answer(aw, job, now);
        }
    }
    begin_jobs(aw, now);
}

void
api_writer_wait(const struct api_writer *aw)
{
    const struct api_job *job;

    if (!ovs_list_is_empty(&aw->results)) {
        poll_immediate_wake();
    }
    if (aw->n_running < MAX_RUNNING) {
        LIST_FOR_EACH (job, node, &aw->waiting) {
            poll_timer_wait_until(job->due_ms);
        }
    }
}

bool
api_writer_is_idle(const struct api_writer *aw)
{
    const struct api_job *job;

    LIST_FOR_EACH (job, node, &aw->waiting) {
        if (!job->probe) {
            return false;
        }
    }
    return ovs_list_is_empty(&aw->running);
}

struct api_write_result *
api_writer_pop(struct api_writer *aw)
{
    return (ovs_list_is_empty(&aw->results) ? NULL
            : CONTAINER_OF(ovs_list_pop_front(&aw->results),
                           struct api_write_result, node));
}

void
api_writer_format_problems(const struct api_writer *aw, struct ds *ds)
{
    for (size_t i = 0; i < KUBE_WRITE_N_KINDS; i++) {
        if (aw->forbidden[i].problem) {
            ds_put_format(ds, "%s\n", aw->forbidden[i].problem);
        }
    }
}

size_t
api_writer_count_problems(const struct api_writer *aw)
{
    size_t n = 0;

    for (size_t i = 0; i < KUBE_WRITE_N_KINDS; i++) {
        n += aw->forbidden[i].problem != NULL;
    }
    return n;
}
