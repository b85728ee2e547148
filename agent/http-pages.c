/* SPDX-License-Identifier: Apache-2.0 */

/* See http-pages.h. */

#include <config.h>

#include "agent/http-pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "openvswitch/vlog.h"
#include "stopwatch.h"
#include "util.h"

#include "agent/agent.h"
#include "agent/core/guard.h"
#include "agent/live-page.h"
#include "agent/report/report.h"
#include "agent/unixctl-commands.h"
#include "agent/web/web-server.h"
#include "agent/webhook.h"

VLOG_DEFINE_THIS_MODULE(http_pages);

static size_t
get_rss_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long int size, resident = 0;

    if (file) {
        if (fscanf(file, "%lu %lu", &size, &resident) != 2) {
            resident = 0;
        }
        fclose(file);
    }
    return resident * sysconf(_SC_PAGESIZE);
}

static void
fill_process(struct report *r)
{
    struct stopwatch_stats stats;

    r->rss_bytes = get_rss_bytes();
    if (stopwatch_get_stats(LOOP_STOPWATCH, &stats)) {
        r->loop_turns = stats.count;
        r->loop_max_ms = stats.max;
        r->loop_p95_ms = stats.pctl_95;
    }
}

void
http_pages_format_metrics(const struct agent *a, bool open_metrics,
                          struct ds *ds)
{
    struct guard_env env;
    struct report r;

    agent_get_env(a, &env);
    agent_fill_report(a, &env, &r);
    fill_process(&r);
    webhook_count(a, &r.admission);
    report_format_metrics(&r, open_metrics, ds);
    report_destroy(&r);
}

void
http_pages_add_headers(struct web_reply *reply)
{
    /* Nothing but what comes from here, and no script but our own. */
    web_reply_add_header(reply, "Content-Security-Policy",
                         "default-src 'self'; object-src 'none'; "
                         "base-uri 'none'; form-action 'self'; "
                         "frame-ancestors 'none'");
    web_reply_add_header(reply, "Referrer-Policy", "no-referrer");
    web_reply_add_header(reply, "Cross-Origin-Resource-Policy",
                         "same-origin");
    web_reply_add_header(reply, "Cache-Control", "no-cache");
}

static void
serve_metrics(const struct web_request *request, struct web_reply *reply,
              void *agent_)
{
    const struct agent *a = agent_;
    bool open_metrics = report_wants_open_metrics(
        web_request_header(request, "Accept"));

    http_pages_add_headers(reply);
    reply->content_type = (open_metrics
                           ? "application/openmetrics-text; version=1.0.0; "
                             "charset=utf-8"
                           : "text/plain; version=0.0.4; charset=utf-8");
    web_reply_add_header(reply, "Vary", "Accept");
    http_pages_format_metrics(a, open_metrics, &reply->body);
}

/* That it answers at all is the answer: the loop turns. */
static void
serve_health(const struct web_request *request OVS_UNUSED,
             struct web_reply *reply, void *agent_ OVS_UNUSED)
{
    http_pages_add_headers(reply);
    ds_put_cstr(&reply->body, "ok\n");
}

static void
serve_ready(const struct web_request *request OVS_UNUSED,
            struct web_reply *reply, void *agent_)
{
    const struct agent *a = agent_;
    struct guard_env env;
    struct report r;

    agent_get_env(a, &env);
    agent_fill_report(a, &env, &r);
    http_pages_add_headers(reply);
    if (!report_format_ready(&r, &reply->body)) {
        reply->status = 503;
    }
    report_destroy(&r);
}

void
http_pages_open(struct agent *a)
{
    const char *listen = a->options.http_listen;
    /* On loopback unless an address is given. */
    char *where = (!listen ? NULL
                   : strchr(listen, ':') ? xstrdup(listen)
                   : xasprintf("127.0.0.1:%s", listen));
    struct web_options options = {
        .name = "http",
        .listen = where,
        .check_host = true,
        .hosts = &a->options.http_hosts,
    };
    char *error;

    if (!where) {
        return;
    }
    error = web_server_create(&options, &a->http);
    if (error) {
        ovs_fatal(0, "--http-listen: %s", error);
    }
    free(where);
    web_server_add(a->http, "GET", "/metrics", serve_metrics, a);
    web_server_add(a->http, "GET", "/healthz", serve_health, a);
    web_server_add(a->http, "GET", "/readyz", serve_ready, a);
    live_page_open(a);
    VLOG_INFO("metrics are served on http://%s/metrics",
              web_server_address(a->http));
}

void
http_pages_close(struct agent *a)
{
    web_server_destroy(a->http);
    live_page_close(a);
}

void
http_pages_run(struct agent *a, long long int now)
{
    if (a->http) {
        live_page_run(a, now);
        web_server_run(a->http, now);
    }
}

void
http_pages_wait(struct agent *a)
{
    if (a->http) {
        live_page_wait(a);
        web_server_wait(a->http);
    }
}
