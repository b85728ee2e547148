/* SPDX-License-Identifier: Apache-2.0 */

/* See live-page.h.
 *
 * The state is made at most once a second, and only while somebody watches;
 * it is of bounded size, whatever the size of the cluster, and sent only if it
 * has changed.  Its times are times since the epoch: the page knows how late
 * it is. */

#include <config.h>

#include "agent/live-page.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/poll-loop.h"
#include "openvswitch/token-bucket.h"
#include "util.h"

#include "agent/agent.h"
#include "agent/core/guard.h"
#include "agent/core/overview.h"
#include "agent/http-pages.h"
#include "agent/report/report.h"
#include "agent/unixctl-commands.h"
#include "agent/web/web-server.h"

struct embedded_file {
    const char *name, *type;
    const unsigned char *data;
    size_t size;
};

#include "agent/page-files.h"

#define PERIOD_MS 1000

/* A page that is open is one stream. */
#define MAX_PAGES 32
#define IDLE_MS 15000

/* The two clocks are read one after the other; only a step of the wall clock
 * by more than this is taken over, lest all times change all the time. */
#define CLOCK_STEP_MS 500

/* A search may look at many ports: ten a second are enough, for all readers
 * together. */
#define SEARCH_TOKENS 100
#define SEARCH_BURST (20 * SEARCH_TOKENS)
#define MAX_QUERY 256

struct live_page {
    struct web_topic *topic;
    char *state;                /* As last made, or NULL. */
    long long int made_ms;      /* When it was made; monotonic. */
    long long int told_ms;      /* When it was published. */
    long long int wall_offset_ms; /* Wall clock less monotonic clock. */
    struct token_bucket search_tokens;
};

/* ---- The state. ---- */

static void
get_env(struct agent *a, struct guard_env *env)
{
    struct live_page *page = a->page;
    long long int offset;

    agent_get_env(a, env);
    offset = env->wall - env->now;
    if (llabs(offset - page->wall_offset_ms) > CLOCK_STEP_MS) {
        page->wall_offset_ms = offset;
    }
    env->wall = env->now + page->wall_offset_ms;
}

static char *
make_state(struct agent *a)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct guard_env env;
    struct report r;

    get_env(a, &env);
    agent_fill_report(a, &env, &r);
    report_format_page(&r, &ds);
    report_destroy(&r);
    return ds_steal_cstr(&ds);
}

/* Makes the state if it is older than a second.  Publishes it if it has
 * changed; or, if 'again', unless what was published is that young. */
static void
refresh(struct agent *a, long long int now, bool again)
{
    struct live_page *page = a->page;
    struct ds ds = DS_EMPTY_INITIALIZER;
    char *state = NULL;

    if (!page->state || now - page->made_ms >= PERIOD_MS) {
        state = make_state(a);
        page->made_ms = now;
    }
    if (state && (!page->state || strcmp(state, page->state))) {
        free(page->state);
        page->state = state;
        again = true;
    } else {
        free(state);
        again = again && now - page->told_ms >= PERIOD_MS;
    }
    if (again) {
        ds_put_format(&ds, "event: state\ndata: {\"now_ms\":%lld,\"state\":%s}"
                      "\n\n", now + page->wall_offset_ms, page->state);
        web_topic_publish(page->topic, ds.string, ds.length);
        page->told_ms = now;
        ds_destroy(&ds);
    }
}

/* ---- What is served. ---- */

static void
serve_file(const struct web_request *request OVS_UNUSED,
           struct web_reply *reply, void *file_)
{
    const struct embedded_file *file = file_;

    http_pages_add_headers(reply);
    reply->content_type = file->type;
    ds_put_buffer(&reply->body, (const char *) file->data, file->size);
}

static void
serve_events(const struct web_request *request OVS_UNUSED,
             struct web_reply *reply, void *agent_)
{
    struct agent *a = agent_;
    struct guard_env env;

    get_env(a, &env);
    http_pages_add_headers(reply);
    if (!web_reply_stream(reply, a->page->topic)) {
        reply->status = 503;
        web_reply_add_header(reply, "Retry-After", "5");
        ds_put_format(&reply->body, "%d pages are open, which is as many as "
                      "may be\n", MAX_PAGES);
        return;
    }
    reply->content_type = "text/event-stream";
    /* For nginx, which would keep an event until more has come. */
    web_reply_add_header(reply, "X-Accel-Buffering", "no");
    refresh(a, env.now, true);
}

static void
serve_state(const struct web_request *request OVS_UNUSED,
            struct web_reply *reply, void *agent_)
{
    struct agent *a = agent_;
    struct guard_env env;

    get_env(a, &env);
    refresh(a, env.now, false);
    http_pages_add_headers(reply);
    reply->content_type = "application/json";
    ds_put_format(&reply->body, "%s\n", a->page->state);
}

static void
serve_search(const struct web_request *request, struct web_reply *reply,
             void *agent_)
{
    struct agent *a = agent_;
    const char *query = web_request_query(request, "q");
    const char *from = web_request_query(request, "from");
    struct guard_env env;
    unsigned long long int position = 0;
    struct found found;

    http_pages_add_headers(reply);
    if (!query || strlen(query) > MAX_QUERY
        || (from && !str_to_ullong(from, 10, &position))) {
        reply->status = 400;
        ds_put_format(&reply->body, "q=TEXT is expected, with at most %d "
                      "bytes, and from=NUMBER, if at all\n", MAX_QUERY);
        return;
    }
    if (!token_bucket_withdraw(&a->page->search_tokens, SEARCH_TOKENS)) {
        reply->status = 503;
        web_reply_add_header(reply, "Retry-After", "1");
        ds_put_cstr(&reply->body, "too many searches; try again\n");
        return;
    }
    get_env(a, &env);
    guard_search(a->guard, query, position, &env, &found);
    reply->content_type = "application/json";
    report_format_found(&found, &reply->body);
    ds_put_char(&reply->body, '\n');
    found_destroy(&found);
}

/* ---- Life. ---- */

static void
add_files(struct web_server *s)
{
    static const char *const paths[][2] = {
        { "index.html", "/" },
        { "page.css", "/page/page.css" },
        { "page.js", "/page/page.js" },
        { "picture.js", "/page/picture.js" },
        { "icon.svg", "/page/icon.svg" },
    };

    BUILD_ASSERT_DECL(ARRAY_SIZE(paths) == ARRAY_SIZE(embedded_files));
    for (size_t i = 0; i < ARRAY_SIZE(embedded_files); i++) {
        for (size_t j = 0; j < ARRAY_SIZE(paths); j++) {
            if (!strcmp(embedded_files[i].name, paths[j][0])) {
                web_server_add(s, "GET", paths[j][1], serve_file,
                               CONST_CAST(struct embedded_file *,
                                          &embedded_files[i]));
            }
        }
    }
}

void
live_page_open(struct agent *a)
{
    struct live_page *page = a->page = xzalloc(sizeof *page);

    token_bucket_init(&page->search_tokens, 1, SEARCH_BURST);
    page->topic = web_topic_create(a->http, MAX_PAGES, IDLE_MS,
                                   ": still here\n\n");
    add_files(a->http);
    web_server_add(a->http, "GET", "/events", serve_events, a);
    web_server_add(a->http, "GET", "/state", serve_state, a);
    web_server_add(a->http, "GET", "/search", serve_search, a);
}

void
live_page_close(struct agent *a)
{
    if (a->page) {
        free(a->page->state);
        free(a->page);
        a->page = NULL;
    }
}

void
live_page_run(struct agent *a, long long int now)
{
    if (a->page && web_topic_count(a->page->topic)) {
        refresh(a, now, false);
    }
}

void
live_page_wait(const struct agent *a)
{
    if (a->page && web_topic_count(a->page->topic)) {
        poll_timer_wait_until(a->page->made_ms + PERIOD_MS);
    }
}
