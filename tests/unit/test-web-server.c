/* SPDX-License-Identifier: Apache-2.0 */

/* The HTTP server's requests and answers, and clients that are slow, rude or
 * too many; see web-fixture.h.  TLS is in test-web-tls.c. */

#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "tests/unit/unit.h"
#include "tests/unit/web-fixture.h"

/* Sends 'text' to the server over a connection of its own, and returns all
 * that comes back until it contains 'end'. */
static char *
ask(const char *text, const char *end)
{
    struct web_client *client = wf_open();
    char *answer;

    wf_send(client, text);
    CU_ASSERT(wf_expect(client, end));
    answer = xstrdup(ds_cstr(web_client_received(client)));
    web_client_close(client);
    return answer;
}

/* ---- Requests. ---- */

static void
test_requests(void)
{
    static const struct {
        const char *request, *answer;
        int status;
    } vectors[] = {
        { "POST /validate?q=a%20b HTTP/1.1\r\nHost: h\r\n"
          "Content-Length: 5\r\n\r\nhello",
          "POST /validate from 127.0.0.1 q=a b 5:hello", 200 },
        { "POST /validate HTTP/1.1\r\nHost: h\r\nX-Test: teapot\r\n"
          "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
          "q=- 5:abcde", 418 },
        { "POST /validate HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
          "q=- 0:", 200 },
        { "GET /validate HTTP/1.1\r\nHost: h\r\n\r\n", "other", 200 },
        { "GET /page HTTP/1.1\r\nHost: h\r\n\r\n", "GET /page from", 200 },
        { "GET /page/x HTTP/1.1\r\nHost: h\r\n\r\n", "GET /page/x from", 200 },
        /* The longest one that fits. */
        { "GET /page/deep/x HTTP/1.1\r\nHost: h\r\n\r\n", "other", 200 },
        { "GET /pages HTTP/1.1\r\nHost: h\r\n\r\n", "nothing at this path",
          404 },
        { "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "nothing at this path", 404 },
        { "PUT /page HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx",
          "Allow: GET", 405 },
        { "GET /page HTTP/1.1\r\n\r\n", "400 ", 400 }, /* No Host. */
        { "POST /validate HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n",
          "400 ", 400 },
    };

    wf_start_plain();
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        char *status = xasprintf("HTTP/1.1 %d ", vectors[i].status);
        char *answer = ask(vectors[i].request, vectors[i].answer);

        ASSERT_CONTAINS(answer, status);
        ASSERT_CONTAINS(answer, vectors[i].answer);
        free(answer);
        free(status);
    }

    /* What is not HTTP at all gets no answer. */
    struct web_client *client = wf_open();
    wf_send(client, "nonsense\r\n\r\n");
    CU_ASSERT(wf_expect_closed(client));
    CU_ASSERT_EQUAL(web_client_received(client)->length, 0);
    web_client_close(client);
    wf_stop();
}

static void
test_head(void)
{
    char *answer;

    wf_start_plain();
    answer = ask("HEAD /page HTTP/1.1\r\nHost: h\r\n\r\n", "\r\n\r\n");
    ASSERT_CONTAINS(answer, "200 ");
    ASSERT_CONTAINS(answer, "X-Answer: yes");
    ASSERT_CONTAINS(answer, "Content-Type: application/x-test");
    CU_ASSERT_PTR_NULL(strstr(answer, "from"));
    free(answer);
    wf_stop();
}

/* Several requests over one connection, one of them in pieces. */
static void
test_keep_alive(void)
{
    static const char request[] =
        "POST /validate HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\none";
    struct web_client *client;

    wf_start_plain();
    client = wf_open();
    for (const char *p = request; *p; p++) {
        web_client_send(client, p, 1);
        wf_turn(&client, 1);
    }
    CU_ASSERT(wf_expect(client, "3:one"));
    wf_send(client, "POST /validate HTTP/1.1\r\nHost: h\r\n"
            "Content-Length: 3\r\n\r\ntwoPOST /validate HTTP/1.1\r\n"
            "Host: h\r\nContent-Length: 5\r\n\r\nthree");
    CU_ASSERT(wf_expect(client, "3:two"));
    CU_ASSERT(wf_expect(client, "5:three"));
    CU_ASSERT_EQUAL(wf.n_calls, 3);
    web_client_close(client);

    struct web_server_stats stats;
    web_server_get_stats(wf.server, &stats);
    CU_ASSERT_EQUAL(stats.n_accepted, 1);
    CU_ASSERT_EQUAL(stats.n_requests, 3);
    CU_ASSERT_EQUAL(stats.n_refused, 0);
    CU_ASSERT_EQUAL(stats.body_bytes, 0);
    wf_stop();
}

static void
test_large_reply_and_body(void)
{
    static const size_t size = 3 * 1024 * 1024;
    struct web_client *client;
    char *body = xmalloc(size);
    char *text;

    wf_start_plain();
    client = wf_open();
    text = xasprintf("POST /validate HTTP/1.1\r\nHost: h\r\n"
                     "Content-Length: %"PRIuSIZE"\r\n\r\n", size);
    memset(body, 'x', size);
    wf_send(client, text);
    web_client_send(client, body, size);
    CU_ASSERT(wf_expect(client, "3145728:xxx"));
    web_client_close(client);
    free(body);
    free(text);
    wf_stop();
}

/* ---- Limits. ---- */

static void
test_too_large(void)
{
    struct web_server_stats stats;
    struct web_client *client;
    char *answer;

    wf_start(&(struct web_options) {
        .name = "test", .listen = "127.0.0.1:0", .max_body = 1000,
    });
    /* Announced: refused without reading it. */
    answer = ask("POST /validate HTTP/1.1\r\nHost: h\r\n"
                 "Content-Length: 1001\r\n\r\n", "too large");
    ASSERT_CONTAINS(answer, "413 ");
    free(answer);

    /* Not announced: thrown away, and refused at its end. */
    client = wf_open();
    wf_send(client, "POST /validate HTTP/1.1\r\nHost: h\r\n"
            "Transfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 20; i++) {
        wf_send(client, "64\r\n");
        for (int j = 0; j < 100; j++) {
            wf_send(client, "x");
        }
        wf_send(client, "\r\n");
    }
    for (int i = 0; i < 5; i++) {
        wf_turn(&client, 1);
    }
    web_server_get_stats(wf.server, &stats);
    CU_ASSERT(stats.body_bytes < 2000);
    wf_send(client, "0\r\n\r\n");
    CU_ASSERT(wf_expect(client, "too large"));
    web_client_close(client);

    /* A header that is too large. */
    client = wf_open();
    wf_send(client, "GET /page HTTP/1.1\r\nHost: h\r\nX-Large: ");
    for (int i = 0; i < 10000; i++) {
        wf_send(client, "0123456789");
    }
    wf_send(client, "\r\n\r\n");
    CU_ASSERT(wf_expect_closed(client));
    web_client_close(client);

    CU_ASSERT_EQUAL(wf.n_calls, 0);
    wf_stop();
}

/* Many bodies at a time share one budget. */
static void
test_bodies_together(void)
{
    struct web_client *clients[3];
    struct web_server_stats stats;
    char kilobyte[1000];

    memset(kilobyte, 'x', sizeof kilobyte);
    wf_start(&(struct web_options) {
        .name = "test", .listen = "127.0.0.1:0", .max_bodies = 5000,
    });
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
        clients[i] = wf_open();
        wf_send(clients[i], "POST /validate HTTP/1.1\r\nHost: h\r\n"
                "Content-Length: 2001\r\n\r\n");
        web_client_send(clients[i], kilobyte, sizeof kilobyte);
        web_client_send(clients[i], kilobyte, sizeof kilobyte);
        for (int j = 0; j < 20; j++) {
            wf_turn(clients, i + 1);
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
        wf_send(clients[i], "!");
    }
    CU_ASSERT(wf_expect(clients[0], "2001:xxx"));
    CU_ASSERT(wf_expect(clients[2], "503 "));
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
        web_client_close(clients[i]);
    }
    for (int j = 0; j < 20; j++) {
        wf_turn(NULL, 0);
    }
    web_server_get_stats(wf.server, &stats);
    CU_ASSERT_EQUAL(stats.body_bytes, 0);
    CU_ASSERT_EQUAL(stats.n_connections, 0);
    wf_stop();
}

/* A client that goes on sending, but never gets done. */
static void
test_slow(void)
{
    struct web_server_stats stats;
    struct web_client *client;

    wf_start(&(struct web_options) {
        .name = "test", .listen = "127.0.0.1:0", .request_ms = 10000,
        .idle_ms = 60000,
    });
    client = wf_open();
    wf_send(client, "POST /validate HTTP/1.1\r\nHost: h\r\n");
    for (int i = 0; i < 9; i++) {
        wf_send(client, "X-Slow: 1\r\n");
        for (int j = 0; j < 3; j++) {
            wf_turn(&client, 1);
        }
        CU_ASSERT_FALSE(web_client_is_closed(client));
        wf.now += 1000;
    }
    wf.now += 1000;
    CU_ASSERT(wf_expect_closed(client));
    web_client_close(client);
    web_server_get_stats(wf.server, &stats);
    CU_ASSERT_EQUAL(stats.n_late, 1);

    /* Its second request has that time, too, from its first line on. */
    client = wf_open();
    wf_send(client, "GET /page HTTP/1.1\r\nHost: h\r\n\r\n");
    CU_ASSERT(wf_expect(client, "GET /page"));
    wf.now += 50000;
    wf_send(client, "GET /page HTTP/1.1\r\n");
    for (int j = 0; j < 20; j++) {
        wf_turn(&client, 1);
    }
    wf.now += 9999;
    for (int j = 0; j < 3; j++) {
        wf_turn(&client, 1);
    }
    CU_ASSERT_FALSE(web_client_is_closed(client));
    wf.now += 1;
    CU_ASSERT(wf_expect_closed(client));
    web_client_close(client);

    /* Idle connections end without being called late. */
    client = wf_open();
    wf_send(client, "GET /page HTTP/1.1\r\nHost: h\r\n\r\n");
    CU_ASSERT(wf_expect(client, "GET /page"));
    wf.now += 60000;
    CU_ASSERT(wf_expect_closed(client));
    web_client_close(client);
    web_server_get_stats(wf.server, &stats);
    CU_ASSERT_EQUAL(stats.n_late, 2);
    wf_stop();
}

/* Connections for nothing do not drive out those that work. */
static void
test_crowd(void)
{
    struct web_server_stats stats;
    struct web_client *worker, *crowd[20];

    wf_start(&(struct web_options) {
        .name = "test", .listen = "127.0.0.1:0", .max_connections = 5,
    });
    worker = wf_open();
    wf_send(worker, "GET /page HTTP/1.1\r\nHost: h\r\n\r\n");
    CU_ASSERT(wf_expect(worker, "GET /page"));
    for (size_t i = 0; i < ARRAY_SIZE(crowd); i++) {
        crowd[i] = wf_open();
        for (int j = 0; j < 5; j++) {
            wf_turn(crowd, i + 1);
        }
    }
    web_server_get_stats(wf.server, &stats);
    CU_ASSERT_EQUAL(stats.n_accepted, 21);
    CU_ASSERT_EQUAL(stats.n_crowded, 16);
    CU_ASSERT_EQUAL(stats.n_connections, 5);

    ds_clear(web_client_received(worker));
    wf_send(worker, "GET /page/again HTTP/1.1\r\nHost: h\r\n\r\n");
    CU_ASSERT(wf_expect(worker, "GET /page/again"));
    CU_ASSERT(web_client_is_closed(crowd[0]));
    /* And the last one that came is served. */
    wf_send(crowd[19], "GET /page HTTP/1.1\r\nHost: h\r\n\r\n");
    CU_ASSERT(wf_expect(crowd[19], "GET /page"));
    for (size_t i = 0; i < ARRAY_SIZE(crowd); i++) {
        web_client_close(crowd[i]);
    }
    web_client_close(worker);
    wf_stop();
}

/* ---- Options. ---- */

static void
test_listen(void)
{
    static const struct {
        const char *listen, *result;
    } vectors[] = {
        { "127.0.0.1:0", "127.0.0.1:" },
        { "0", ":" },
        { "", "'' is not [ADDR:]PORT" },
        { ":8443", "':8443' is not [ADDR:]PORT" },
        { "8443x", "'8443x' is not [ADDR:]PORT" },
        { "65536", "'65536' is not [ADDR:]PORT" },
        { "::1:8443", "'::1:8443' is not [ADDR:]PORT" },
        { "[]:8443", "'[]:8443' is not [ADDR:]PORT" },
        { "localhost:0", "'localhost:0' is not [ADDR:]PORT with an address" },
        { "192.0.2.1:0", "192.0.2.1:0: " },
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct web_options options = {
            .name = "test", .listen = vectors[i].listen,
        };
        struct web_server *s;
        char *error = web_server_create(&options, &s);

        ASSERT_CONTAINS(error ? error : web_server_address(s),
                        vectors[i].result);
        CU_ASSERT_EQUAL(!error, i < 2);
        free(error);
        web_server_destroy(s);
    }
}

void
suite_web_server(void)
{
    CU_pSuite suite = unit_add_suite("web_server");

    CU_ADD_TEST(suite, test_requests);
    CU_ADD_TEST(suite, test_head);
    CU_ADD_TEST(suite, test_keep_alive);
    CU_ADD_TEST(suite, test_large_reply_and_body);
    CU_ADD_TEST(suite, test_too_large);
    CU_ADD_TEST(suite, test_bodies_together);
    CU_ADD_TEST(suite, test_slow);
    CU_ADD_TEST(suite, test_crowd);
    CU_ADD_TEST(suite, test_listen);
}
