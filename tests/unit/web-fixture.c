/* SPDX-License-Identifier: Apache-2.0 */

/* The HTTP server and its loop; see web-fixture.h. */

#include <config.h>

#include "tests/unit/web-fixture.h"

#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "timeval.h"
#include "util.h"

struct wf wf;

/* Says what it was asked. */
static void
echo(const struct web_request *r, struct web_reply *reply, void *aux)
{
    const char *header = web_request_header(r, "X-Test");
    const char *query = web_request_query(r, "q");
    size_t size;
    const char *body = web_request_body(r, &size);

    CU_ASSERT_PTR_EQUAL(aux, &wf.n_calls);
    CU_ASSERT_EQUAL(body[size], '\0');
    wf.n_calls++;
    reply->status = header && !strcmp(header, "teapot") ? 418 : 200;
    reply->content_type = "application/x-test";
    web_reply_add_header(reply, "X-Answer", "yes");
    ds_put_format(&reply->body, "%s %s from %s q=%s %"PRIuSIZE":",
                  web_request_method(r), web_request_path(r),
                  web_request_client(r), query ? query : "-", size);
    ds_put_buffer(&reply->body, body, MIN(size, 100));
}

static void
other(const struct web_request *r OVS_UNUSED, struct web_reply *reply,
      void *aux OVS_UNUSED)
{
    ds_put_cstr(&reply->body, "other");
}

void
wf_start(const struct web_options *options)
{
    char *error;

    wf.now = time_msec();
    wf.n_calls = 0;
    error = web_server_create(options, &wf.server);
    if (error) {
        ovs_fatal(0, "%s", error);
    }
    web_server_add(wf.server, "POST", "/validate", echo, &wf.n_calls);
    web_server_add(wf.server, "GET", "/validate", other, NULL);
    web_server_add(wf.server, "GET", "/page", echo, &wf.n_calls);
    web_server_add_public(wf.server, "GET", "/public", other, NULL);
    web_server_add(wf.server, "GET", "/page/*", echo, &wf.n_calls);
    web_server_add(wf.server, "GET", "/page/deep/*", other, NULL);
}

void
wf_start_plain(void)
{
    wf_start(&(struct web_options) {
                 .name = "test", .listen = "127.0.0.1:0" });
}

void
wf_stop(void)
{
    web_server_destroy(wf.server);
    wf.server = NULL;
}

void
wf_turn(struct web_client *const *clients, size_t n)
{
    web_server_run(wf.server, wf.now);
    for (size_t i = 0; i < n; i++) {
        web_client_run(clients[i]);
        web_client_wait(clients[i]);
    }
    web_server_wait(wf.server);
    /* In case nothing is to come: a test that waits in vain must end. */
    poll_timer_wait(20);
    poll_block();
}

bool
wf_expect(struct web_client *client, const char *text)
{
    long long int end = time_msec() + 60000;

    while (time_msec() < end) {
        bool found = strstr(ds_cstr(web_client_received(client)), text);

        if (found || web_client_is_closed(client)) {
            return found;
        }
        wf_turn(&client, 1);
    }
    return false;
}

bool
wf_expect_closed(struct web_client *client)
{
    long long int end = time_msec() + 60000;

    while (!web_client_is_closed(client) && time_msec() < end) {
        wf_turn(&client, 1);
    }
    return web_client_is_closed(client);
}

struct web_client *
wf_open(void)
{
    return web_client_open(web_server_address(wf.server), NULL);
}

void
wf_send(struct web_client *client, const char *text)
{
    web_client_send(client, text, strlen(text));
}
