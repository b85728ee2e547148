/* SPDX-License-Identifier: Apache-2.0 */

/* See webhook.h.  This ties the web server, the reading of AdmissionReviews
 * and the core's judgement together.
 *
 * A request changes nothing here but counters and the list of last answers,
 * and one with dryRun not even that list. */

#include <config.h>

#include "agent/webhook.h"

#include <stdlib.h>
#include <string.h>

#include "coverage.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/vlog.h"
#include "stopwatch.h"
#include "timeval.h"
#include "util.h"

#include "agent/agent.h"
#include "agent/core/admission.h"
#include "agent/core/dialect.h"
#include "agent/core/guard.h"
#include "agent/core/release.h"
#include "agent/core/model.h"
#include "agent/kube/admission-review.h"
#include "agent/report/report.h"
#include "agent/web/web-server.h"

VLOG_DEFINE_THIS_MODULE(webhook);

COVERAGE_DEFINE(webhook_allowed);
COVERAGE_DEFINE(webhook_refused);
COVERAGE_DEFINE(webhook_warned);

/* From the complete request to its answer, in microseconds. */
#define ANSWER_STOPWATCH "ovn-ipguard-webhook"

/* How many answers are remembered. */
#define N_ANSWERS 20

struct past_answer {
    long long int wall_ms;
    char *text;                 /* Object, verdict and reasons; a few lines. */
};

struct webhook {
    struct web_server *server;

    uint64_t n_allowed;         /* Without a word. */
    uint64_t n_warned;
    uint64_t n_refused;
    uint64_t n_skipped;         /* Nothing to be judged. */
    uint64_t n_bad;             /* No AdmissionReview. */
    struct past_answer answers[N_ANSWERS];
    size_t n_answers;           /* So far; the last one is at n - 1, modulo. */
};

/* ---- Answers. ---- */

static void
remember(struct webhook *h, const struct admission_review *review,
         const struct admission_answer *answer)
{
    struct past_answer *past = &h->answers[h->n_answers++ % N_ANSWERS];
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_format(&ds, "%s: %s\n", review->object,
                  answer->allowed ? "let in with a warning" : "refused");
    for (size_t i = 0; i < answer->n; i++) {
        ds_put_format(&ds, "    %s\n", answer->findings[i].text);
    }
    free(past->text);
    past->text = ds_steal_cstr(&ds);
    past->wall_ms = time_wall_msec();
}

static void
count(struct webhook *h, const struct admission_review *review,
      const struct admission_answer *answer)
{
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 20);

    if (!answer->allowed) {
        COVERAGE_INC(webhook_refused);
        h->n_refused++;
    } else if (answer->n) {
        COVERAGE_INC(webhook_warned);
        h->n_warned++;
    } else {
        COVERAGE_INC(webhook_allowed);
        h->n_allowed++;
    }
    if (answer->n && !review->dry_run) {
        remember(h, review, answer);
        VLOG_INFO_RL(&rl, "%s: %s: %s", review->object,
                     answer->allowed ? "let in with a warning" : "refused",
                     answer->findings[0].text);
    }
}

typedef void judge_func(const struct admission_context *,
                        const struct admission_request *,
                        struct admission_answer *);

static void
judge(struct agent *a, const struct admission_review *review,
      judge_func *func, struct admission_answer *answer)
{
    struct admission_context ctx;
    struct guard_env env;

    if (review->skipped) {
        *answer = (struct admission_answer) { .allowed = true };
        a->webhook->n_skipped++;
        return;
    }
    agent_get_env(a, &env);
    guard_admission_context(a->guard, &env, &ctx);
    ctx.exempt = &a->options.webhook_exempt;
    if (review->unreadable) {
        ctx.not_ready = review->unreadable;
    }
    func(&ctx, &review->request, answer);
    count(a->webhook, review, answer);
}

static void
answer_review(struct agent *a, const struct web_request *request,
              struct web_reply *reply, judge_func *func)
{
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);
    struct admission_review review;
    struct admission_answer answer;
    size_t size;
    const char *body = web_request_body(request, &size);
    char *error, *text;

    stopwatch_start(ANSWER_STOPWATCH, time_usec());
    error = admission_review_read(body, size,
                                  guard_model_const(a->guard)->dialect,
                                  &review);
    if (error) {
        a->webhook->n_bad++;
        VLOG_WARN_RL(&rl, "%s: a request that is no AdmissionReview: %s",
                     web_request_client(request), error);
        reply->status = 400;
        ds_put_format(&reply->body, "%s\n", error);
        free(error);
    } else {
        judge(a, &review, func, &answer);
        text = admission_review_format(&review, &answer);
        reply->content_type = "application/json";
        ds_put_cstr(&reply->body, text);
        free(text);
        admission_answer_destroy(&answer);
    }
    admission_review_destroy(&review);
    stopwatch_stop(ANSWER_STOPWATCH, time_usec());
}

static void
handle_validate(const struct web_request *request, struct web_reply *reply,
                void *agent_)
{
    answer_review(agent_, request, reply, admission_judge);
}

/* The rule that "release first" rests upon, and no other. */
static void
handle_release(const struct web_request *request, struct web_reply *reply,
               void *agent_)
{
    answer_review(agent_, request, reply, release_judge);
}

/* ---- Probes. ---- */

static void
handle_readyz(const struct web_request *request OVS_UNUSED,
              struct web_reply *reply, void *agent_)
{
    const struct agent *a = agent_;
    struct guard_env env;
    const char *why;

    agent_get_env(a, &env);
    why = guard_admission_refusal(a->guard, &env);
    reply->status = why ? 503 : 200;
    ds_put_format(&reply->body, "%s\n", why ? why : "ready");
}

static void
handle_healthz(const struct web_request *request OVS_UNUSED,
               struct web_reply *reply, void *agent_ OVS_UNUSED)
{
    ds_put_cstr(&reply->body, "healthy\n");
}

/* ---- Life. ---- */

void
webhook_open(struct agent *a)
{
    const struct options *o = &a->options;
    struct web_options options = {
        .name = "webhook",
        .listen = o->webhook_listen,
        .cert_file = o->webhook_cert,
        .key_file = o->webhook_key,
        .client_ca_file = o->webhook_client_ca,
        /* The API server takes objects of up to 3 MiB, and sends two, with
         * what is in them escaped. */
        .max_body = 8 * 1024 * 1024,
        .max_bodies = 32 * 1024 * 1024,
    };
    struct webhook *h;
    char *error;

    if (!o->webhook_listen) {
        return;
    }
    h = a->webhook = xzalloc(sizeof *h);
    error = web_server_create(&options, &h->server);
    if (error) {
        ovs_fatal(0, "webhook: %s", error);
    }
    stopwatch_create(ANSWER_STOPWATCH, SW_US);
    web_server_add(h->server, "POST", "/validate", handle_validate, a);
    web_server_add(h->server, "POST", "/release", handle_release, a);
    web_server_add_public(h->server, "GET", "/readyz", handle_readyz, a);
    web_server_add_public(h->server, "GET", "/healthz", handle_healthz, a);
}

void
webhook_close(struct agent *a)
{
    struct webhook *h = a->webhook;

    if (h) {
        web_server_destroy(h->server);
        for (size_t i = 0; i < N_ANSWERS; i++) {
            free(h->answers[i].text);
        }
        free(h);
        a->webhook = NULL;
    }
}

void
webhook_run(struct agent *a, long long int now)
{
    if (a->webhook) {
        web_server_run(a->webhook->server, now);
    }
}

void
webhook_wait(struct agent *a)
{
    if (a->webhook) {
        web_server_wait(a->webhook->server);
    }
}

/* ---- Report. ---- */

static void
format_server(const struct webhook *h, struct ds *ds)
{
    struct web_server_stats stats;

    web_server_get_stats(h->server, &stats);
    ds_put_format(ds, "connections: %u open, %"PRIu64" so far, %"PRIu64
                  " too slow, %"PRIu64" too many\n", stats.n_connections,
                  stats.n_accepted, stats.n_late, stats.n_crowded);
    ds_put_format(ds, "requests: %"PRIu64", %"PRIu64" of them refused before "
                  "they were read, %"PRIu64" no AdmissionReview\n",
                  stats.n_requests, stats.n_refused, h->n_bad);
    ds_put_format(ds, "objects: %"PRIu64" let in, %"PRIu64" with a warning, %"
                  PRIu64" refused, %"PRIu64" not judged\n", h->n_allowed,
                  h->n_warned, h->n_refused, h->n_skipped);
    ds_put_format(ds, "TLS files: taken over %"PRIu64" time%s\n",
                  stats.n_reloads, stats.n_reloads == 1 ? "" : "s");
}

void
webhook_count(const struct agent *a, struct report_admission *n)
{
    const struct webhook *h = a->webhook;

    if (h) {
        *n = (struct report_admission) {
            .n_allowed = h->n_allowed,
            .n_warned = h->n_warned,
            .n_refused = h->n_refused,
            .n_skipped = h->n_skipped,
        };
    }
}

void
webhook_format(const struct agent *a, struct ds *ds)
{
    const struct webhook *h = a->webhook;
    struct guard_env env;
    const char *why;
    size_t n;

    if (!h) {
        ds_put_cstr(ds, "no webhook (no --webhook-listen)\n");
        return;
    }
    agent_get_env(a, &env);
    why = guard_admission_refusal(a->guard, &env);
    ds_put_format(ds, "listening on %s\n", web_server_address(h->server));
    ds_put_format(ds, "%s%s\n", why ? "not ready: " : "ready", why ? why : "");
    format_server(h, ds);
    n = MIN(h->n_answers, N_ANSWERS);
    if (n) {
        ds_put_cstr(ds, "last answers:\n");
    }
    for (size_t i = 0; i < n; i++) {
        const struct past_answer *past
            = &h->answers[(h->n_answers - 1 - i) % N_ANSWERS];
        char *when = xastrftime_msec("%Y-%m-%dT%H:%M:%S.###Z", past->wall_ms,
                                     true);

        ds_put_format(ds, "%s %s", when, past->text);
        free(when);
    }
}
