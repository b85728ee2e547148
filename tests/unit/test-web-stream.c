/* SPDX-License-Identifier: Apache-2.0 */

/* Replies without an end (agent/web/web-stream.c): who gets what, and that
 * those who are slow, dead or too many cost nothing.  As in test-web-server.c
 * the test is the loop and gives it the time. */

#include <config.h>

#include "agent/web/web-server.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/poll-loop.h"
#include "timeval.h"
#include "util.h"

#include "tests/unit/tls-fixture.h"
#include "tests/unit/unit.h"

#define REQUEST "GET /events HTTP/1.1\r\nHost: h\r\n\r\n"
#define IDLE_MS 15000
#define MAX_STREAMS 3

static struct web_server *server;
static struct web_topic *topic;
static long long int now;       /* As the server is told. */

static void
serve(const struct web_request *r OVS_UNUSED, struct web_reply *reply,
      void *aux OVS_UNUSED)
{
    reply->content_type = "text/event-stream";
    if (!web_reply_stream(reply, topic)) {
        reply->status = 503;
        ds_put_cstr(&reply->body, "too many");
    }
}

static void
start(void)
{
    struct web_options options = { .name = "test", .listen = "127.0.0.1:0" };
    char *error;

    now = time_msec();
    error = web_server_create(&options, &server);
    if (error) {
        ovs_fatal(0, "%s", error);
    }
    topic = web_topic_create(server, MAX_STREAMS, IDLE_MS, ": idle\n\n");
    web_server_add(server, "GET", "/events", serve, NULL);
}

/* One turn of the loop, with the time standing still. */
static void
turn(struct web_client *client)
{
    web_server_run(server, now);
    if (client) {
        web_client_run(client);
        web_client_wait(client);
    }
    web_server_wait(server);
    poll_timer_wait(20);
    poll_block();
}

/* Is 'text' in what came first or last?  To look at all of it in each turn
 * would take long. */
static bool
find_at_ends(const struct ds *in, const char *text)
{
    static const size_t end = 4096;

    return (in->length
            && (memmem(in->string, MIN(in->length, end), text, strlen(text))
                || (in->length > end
                    && strstr(in->string + in->length - end, text))));
}

/* Turns until 'client' has got 'text' or was closed; at most a minute. */
static bool
expect(struct web_client *client, const char *text)
{
    long long int end = time_msec() + 60000;

    while (time_msec() < end) {
        bool found = find_at_ends(web_client_received(client), text);

        if (found || web_client_is_closed(client)) {
            return found;
        }
        turn(client);
    }
    return false;
}

static bool
expect_closed(struct web_client *client)
{
    long long int end = time_msec() + 60000;

    while (!web_client_is_closed(client) && time_msec() < end) {
        turn(client);
    }
    return web_client_is_closed(client);
}

static bool
expect_count(unsigned int n)
{
    long long int end = time_msec() + 60000;

    while (web_topic_count(topic) != n && time_msec() < end) {
        turn(NULL);
    }
    return web_topic_count(topic) == n;
}

static void
publish(const char *text)
{
    web_topic_publish(topic, text, strlen(text));
}

static struct web_client *
subscribe(void)
{
    struct web_client *client = web_client_open(web_server_address(server),
                                                NULL);

    web_client_send(client, REQUEST, strlen(REQUEST));
    CU_ASSERT(expect(client, "\r\n\r\n"));
    return client;
}

static bool
has(struct web_client *client, const char *text)
{
    return strstr(ds_cstr(web_client_received(client)), text) != NULL;
}

static void
test_publish(void)
{
    struct web_client *a, *b;

    start();
    publish("data: zero\n\n");
    publish("data: one\n\n");
    a = subscribe();
    CU_ASSERT(expect(a, "data: one\n\n"));
    CU_ASSERT_FALSE(has(a, "zero"));
    CU_ASSERT(has(a, "Content-Type: text/event-stream"));
    publish("data: two\n\n");
    b = subscribe();
    CU_ASSERT(expect(a, "data: two\n\n"));
    CU_ASSERT(expect(b, "data: two\n\n"));
    CU_ASSERT_FALSE(has(b, "one"));
    CU_ASSERT_EQUAL(web_topic_count(topic), 2);

    /* After a time without news, to all. */
    now += IDLE_MS - 1;
    turn(a);
    CU_ASSERT_FALSE(has(a, ": idle"));
    now++;
    CU_ASSERT(expect(a, ": idle\n\n"));
    CU_ASSERT(expect(b, ": idle\n\n"));

    /* Who has left is noticed with the next message. */
    web_client_close(a);
    publish("data: three\n\n");
    CU_ASSERT(expect(b, "data: three\n\n"));
    now += IDLE_MS;
    CU_ASSERT(expect_count(1));
    web_client_close(b);

    /* The server may end while one is suspended, which is what b is. */
    web_server_destroy(server);
}

static void
test_too_many(void)
{
    struct web_client *clients[MAX_STREAMS], *more;

    start();
    for (size_t i = 0; i < MAX_STREAMS; i++) {
        clients[i] = subscribe();
    }
    more = subscribe();
    CU_ASSERT(expect(more, "too many"));
    CU_ASSERT(has(more, " 503 "));
    web_client_close(more);
    CU_ASSERT_EQUAL(web_topic_count(topic), MAX_STREAMS);

    /* The others go on, and a place that becomes free is given away. */
    publish("data: x\n\n");
    CU_ASSERT(expect(clients[0], "data: x\n\n"));
    web_client_close(clients[2]);
    now += IDLE_MS;
    CU_ASSERT(expect_count(MAX_STREAMS - 1));
    more = subscribe();
    CU_ASSERT(expect(more, "data: x\n\n"));
    web_client_close(more);
    web_client_close(clients[0]);
    web_client_close(clients[1]);
    web_server_destroy(server);
}

/* What fits in no socket's buffers. */
#define LARGE (8 * 1024 * 1024)

static char *
large_message(const char *end)
{
    char *text = xmalloc(LARGE + strlen(end) + 1);

    memset(text, 'x', LARGE);
    strcpy(text + LARGE, end);
    return text;
}

static void
test_slow(void)
{
    struct web_client *slow, *quick;
    char *first = large_message("data: first\n\n");

    start();
    slow = subscribe();
    publish(first);
    free(first);
    for (int i = 0; i < 5; i++) {
        turn(NULL);             /* It does not read. */
    }
    /* Whoever reads is served meanwhile, and what is published is lost for
     * the slow one but for the latest. */
    quick = subscribe();
    publish("data: second\n\n");
    CU_ASSERT(expect(quick, "data: second\n\n"));
    publish("data: third\n\n");
    CU_ASSERT(expect(quick, "data: third\n\n"));
    CU_ASSERT_EQUAL(web_topic_count(topic), 2);
    CU_ASSERT(expect(slow, "data: third\n\n"));
    CU_ASSERT(has(slow, "data: first\n\n"));
    CU_ASSERT_FALSE(has(slow, "second"));
    web_client_close(slow);
    web_client_close(quick);
    web_server_destroy(server);
}

/* What is on its way to one that reads nothing is little, not what the kernel
 * would take: it soon gets the latest. */
static void
test_little_on_its_way(void)
{
    enum { N = 60, SIZE = 64 * 1024 };
    char *text = xzalloc(SIZE + 32);
    struct web_client *slow;
    const char *p;
    int n = 0;

    start();
    slow = subscribe();
    for (int i = 0; i < N; i++) {
        int len = sprintf(text, "data: number %d ", i);

        memset(text + len, 'x', SIZE - len);
        strcpy(text + SIZE, i == N - 1 ? "data: last\n\n" : "\n\n");
        publish(text);
        turn(NULL);
        turn(NULL);
    }
    CU_ASSERT(expect(slow, "data: last\n\n"));
    for (p = ds_cstr(web_client_received(slow));
         (p = strstr(p, "data: number ")); p++) {
        n++;
    }
    CU_ASSERT(n >= 2 && n <= N / 5);
    free(text);
    web_client_close(slow);
    web_server_destroy(server);
}

/* One that reads nothing for long is cut; one that has nothing to read is
 * not. */
static void
test_stuck(void)
{
    struct web_server_stats stats;
    struct web_client *stuck, *idle;
    char *text = large_message("data: end\n\n");

    start();
    stuck = subscribe();
    publish(text);
    free(text);
    turn(NULL);
    publish("data: small\n\n");
    idle = subscribe();
    CU_ASSERT(expect(idle, "data: small\n\n"));
    /* Until all buffers on the way are full it gets on.  After that it has
     * this much time. */
    for (int i = 0; i < 100000 && web_topic_count(topic) > 1; i++) {
        now += 1000;
        turn(idle);
    }
    CU_ASSERT_EQUAL(web_topic_count(topic), 1);
    CU_ASSERT(has(idle, ": idle"));
    web_server_get_stats(server, &stats);
    CU_ASSERT_EQUAL(stats.n_late, 1);
    CU_ASSERT(expect_closed(stuck));
    CU_ASSERT_FALSE(has(stuck, "data: end"));
    publish("data: last\n\n");
    CU_ASSERT(expect(idle, "data: last\n\n"));
    web_client_close(stuck);
    web_client_close(idle);
    web_server_destroy(server);
}

/* For a HEAD there is nothing to wait for. */
static void
test_head(void)
{
    static const char head[] = "HEAD /events HTTP/1.1\r\nHost: h\r\n\r\n";
    struct web_client *client;

    start();
    client = web_client_open(web_server_address(server), NULL);
    web_client_send(client, head, strlen(head));
    CU_ASSERT(expect(client, "\r\n\r\n"));
    CU_ASSERT_EQUAL(web_topic_count(topic), 0);
    ds_clear(web_client_received(client));
    web_client_send(client, REQUEST, strlen(REQUEST));
    publish("data: x\n\n");
    CU_ASSERT(expect(client, "data: x\n\n"));
    web_client_close(client);
    web_server_destroy(server);
}

void
suite_web_stream(void)
{
    CU_pSuite suite = unit_add_suite("web_stream");

    CU_ADD_TEST(suite, test_publish);
    CU_ADD_TEST(suite, test_too_many);
    CU_ADD_TEST(suite, test_slow);
    CU_ADD_TEST(suite, test_little_on_its_way);
    CU_ADD_TEST(suite, test_stuck);
    CU_ADD_TEST(suite, test_head);
}
