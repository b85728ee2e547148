/* SPDX-License-Identifier: Apache-2.0 */

/* The HTTP server (agent/web/), over real sockets and real TLS.  The test is
 * the loop as well, and gives it the time: a client is late when the test says
 * so, never because the machine is slow. */

#include <config.h>

#include "agent/web/web-server.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "openvswitch/poll-loop.h"
#include "timeval.h"
#include "util.h"

#include "tests/unit/tls-fixture.h"
#include "tests/unit/unit.h"

static struct web_server *server;
static long long int now;       /* As the server is told. */
static int n_calls;
static char *folder;

/* Says what it was asked. */
static void
echo(const struct web_request *r, struct web_reply *reply, void *aux)
{
    const char *header = web_request_header(r, "X-Test");
    const char *query = web_request_query(r, "q");
    size_t size;
    const char *body = web_request_body(r, &size);

    CU_ASSERT_PTR_EQUAL(aux, &n_calls);
    CU_ASSERT_EQUAL(body[size], '\0');
    n_calls++;
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

static void
start(const struct web_options *options)
{
    char *error;

    now = time_msec();
    n_calls = 0;
    error = web_server_create(options, &server);
    if (error) {
        ovs_fatal(0, "%s", error);
    }
    web_server_add(server, "POST", "/validate", echo, &n_calls);
    web_server_add(server, "GET", "/validate", other, NULL);
    web_server_add(server, "GET", "/page", echo, &n_calls);
    web_server_add_public(server, "GET", "/public", other, NULL);
    web_server_add(server, "GET", "/page/*", echo, &n_calls);
    web_server_add(server, "GET", "/page/deep/*", other, NULL);
}

static void
start_plain(void)
{
    start(&(struct web_options) { .name = "test", .listen = "127.0.0.1:0" });
}

static void
stop(void)
{
    web_server_destroy(server);
    server = NULL;
}

/* One turn of the loop, with the time standing still. */
static void
turn(struct web_client *const *clients, size_t n)
{
    web_server_run(server, now);
    for (size_t i = 0; i < n; i++) {
        web_client_run(clients[i]);
        web_client_wait(clients[i]);
    }
    web_server_wait(server);
    /* In case nothing is to come: a test that waits in vain must end. */
    poll_timer_wait(20);
    poll_block();
}

/* Turns until 'client' has got 'text', or has been closed; at most a minute.
 * True if the text is there. */
static bool
expect(struct web_client *client, const char *text)
{
    long long int end = time_msec() + 60000;

    while (time_msec() < end) {
        bool found = strstr(ds_cstr(web_client_received(client)), text);

        if (found || web_client_is_closed(client)) {
            return found;
        }
        turn(&client, 1);
    }
    return false;
}

static bool
expect_closed(struct web_client *client)
{
    long long int end = time_msec() + 60000;

    while (!web_client_is_closed(client) && time_msec() < end) {
        turn(&client, 1);
    }
    return web_client_is_closed(client);
}

static struct web_client *
client_open(void)
{
    return web_client_open(web_server_address(server), NULL);
}

static void
send_text(struct web_client *client, const char *text)
{
    web_client_send(client, text, strlen(text));
}

/* Sends 'text' to the server over a connection of its own, and returns all
 * that comes back until it contains 'end'. */
static char *
ask(const char *text, const char *end)
{
    struct web_client *client = client_open();
    char *answer;

    send_text(client, text);
    CU_ASSERT(expect(client, end));
    answer = xstrdup(ds_cstr(web_client_received(client)));
    web_client_close(client);
    return answer;
}

#define ASSERT_CONTAINS(TEXT, PART)                                     \
    do {                                                                \
        CU_ASSERT_PTR_NOT_NULL(strstr(TEXT, PART));                     \
        if (!strstr(TEXT, PART)) {                                      \
            printf("\nno \"%s\" in: %s\n", PART, TEXT);                 \
        }                                                               \
    } while (0)

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

    start_plain();
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        char *status = xasprintf("HTTP/1.1 %d ", vectors[i].status);
        char *answer = ask(vectors[i].request, vectors[i].answer);

        ASSERT_CONTAINS(answer, status);
        ASSERT_CONTAINS(answer, vectors[i].answer);
        free(answer);
        free(status);
    }

    /* What is not HTTP at all gets no answer. */
    struct web_client *client = client_open();
    send_text(client, "nonsense\r\n\r\n");
    CU_ASSERT(expect_closed(client));
    CU_ASSERT_EQUAL(web_client_received(client)->length, 0);
    web_client_close(client);
    stop();
}

static void
test_head(void)
{
    char *answer;

    start_plain();
    answer = ask("HEAD /page HTTP/1.1\r\nHost: h\r\n\r\n", "\r\n\r\n");
    ASSERT_CONTAINS(answer, "200 ");
    ASSERT_CONTAINS(answer, "X-Answer: yes");
    ASSERT_CONTAINS(answer, "Content-Type: application/x-test");
    CU_ASSERT_PTR_NULL(strstr(answer, "from"));
    free(answer);
    stop();
}

/* Several requests over one connection, one of them in pieces. */
static void
test_keep_alive(void)
{
    static const char request[] =
        "POST /validate HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\none";
    struct web_client *client;

    start_plain();
    client = client_open();
    for (const char *p = request; *p; p++) {
        web_client_send(client, p, 1);
        turn(&client, 1);
    }
    CU_ASSERT(expect(client, "3:one"));
    send_text(client, "POST /validate HTTP/1.1\r\nHost: h\r\n"
              "Content-Length: 3\r\n\r\ntwoPOST /validate HTTP/1.1\r\n"
              "Host: h\r\nContent-Length: 5\r\n\r\nthree");
    CU_ASSERT(expect(client, "3:two"));
    CU_ASSERT(expect(client, "5:three"));
    CU_ASSERT_EQUAL(n_calls, 3);
    web_client_close(client);

    struct web_server_stats stats;
    web_server_get_stats(server, &stats);
    CU_ASSERT_EQUAL(stats.n_accepted, 1);
    CU_ASSERT_EQUAL(stats.n_requests, 3);
    CU_ASSERT_EQUAL(stats.n_refused, 0);
    CU_ASSERT_EQUAL(stats.body_bytes, 0);
    stop();
}

static void
test_large_reply_and_body(void)
{
    static const size_t size = 3 * 1024 * 1024;
    struct web_client *client;
    char *body = xmalloc(size);
    char *text;

    start_plain();
    client = client_open();
    text = xasprintf("POST /validate HTTP/1.1\r\nHost: h\r\n"
                     "Content-Length: %"PRIuSIZE"\r\n\r\n", size);
    memset(body, 'x', size);
    send_text(client, text);
    web_client_send(client, body, size);
    CU_ASSERT(expect(client, "3145728:xxx"));
    web_client_close(client);
    free(body);
    free(text);
    stop();
}

/* ---- Limits. ---- */

static void
test_too_large(void)
{
    struct web_server_stats stats;
    struct web_client *client;
    char *answer;

    start(&(struct web_options) {
        .name = "test", .listen = "127.0.0.1:0", .max_body = 1000,
    });
    /* Announced: refused without reading it. */
    answer = ask("POST /validate HTTP/1.1\r\nHost: h\r\n"
                 "Content-Length: 1001\r\n\r\n", "too large");
    ASSERT_CONTAINS(answer, "413 ");
    free(answer);

    /* Not announced: thrown away, and refused at its end. */
    client = client_open();
    send_text(client, "POST /validate HTTP/1.1\r\nHost: h\r\n"
              "Transfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 20; i++) {
        send_text(client, "64\r\n");
        for (int j = 0; j < 100; j++) {
            send_text(client, "x");
        }
        send_text(client, "\r\n");
    }
    for (int i = 0; i < 5; i++) {
        turn(&client, 1);
    }
    web_server_get_stats(server, &stats);
    CU_ASSERT(stats.body_bytes < 2000);
    send_text(client, "0\r\n\r\n");
    CU_ASSERT(expect(client, "too large"));
    web_client_close(client);

    /* A header that is too large. */
    client = client_open();
    send_text(client, "GET /page HTTP/1.1\r\nHost: h\r\nX-Large: ");
    for (int i = 0; i < 10000; i++) {
        send_text(client, "0123456789");
    }
    send_text(client, "\r\n\r\n");
    CU_ASSERT(expect_closed(client));
    web_client_close(client);

    CU_ASSERT_EQUAL(n_calls, 0);
    stop();
}

/* Many bodies at a time share one budget. */
static void
test_bodies_together(void)
{
    struct web_client *clients[3];
    struct web_server_stats stats;
    char kilobyte[1000];

    memset(kilobyte, 'x', sizeof kilobyte);
    start(&(struct web_options) {
        .name = "test", .listen = "127.0.0.1:0", .max_bodies = 5000,
    });
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
        clients[i] = client_open();
        send_text(clients[i], "POST /validate HTTP/1.1\r\nHost: h\r\n"
                  "Content-Length: 2001\r\n\r\n");
        web_client_send(clients[i], kilobyte, sizeof kilobyte);
        web_client_send(clients[i], kilobyte, sizeof kilobyte);
        for (int j = 0; j < 20; j++) {
            turn(clients, i + 1);
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
        send_text(clients[i], "!");
    }
    CU_ASSERT(expect(clients[0], "2001:xxx"));
    CU_ASSERT(expect(clients[2], "503 "));
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
        web_client_close(clients[i]);
    }
    for (int j = 0; j < 20; j++) {
        turn(NULL, 0);
    }
    web_server_get_stats(server, &stats);
    CU_ASSERT_EQUAL(stats.body_bytes, 0);
    CU_ASSERT_EQUAL(stats.n_connections, 0);
    stop();
}

/* A client that goes on sending, but never gets done. */
static void
test_slow(void)
{
    struct web_server_stats stats;
    struct web_client *client;

    start(&(struct web_options) {
        .name = "test", .listen = "127.0.0.1:0", .request_ms = 10000,
        .idle_ms = 60000,
    });
    client = client_open();
    send_text(client, "POST /validate HTTP/1.1\r\nHost: h\r\n");
    for (int i = 0; i < 9; i++) {
        send_text(client, "X-Slow: 1\r\n");
        for (int j = 0; j < 3; j++) {
            turn(&client, 1);
        }
        CU_ASSERT_FALSE(web_client_is_closed(client));
        now += 1000;
    }
    now += 1000;
    CU_ASSERT(expect_closed(client));
    web_client_close(client);
    web_server_get_stats(server, &stats);
    CU_ASSERT_EQUAL(stats.n_late, 1);

    /* Its second request has that time, too, from its first line on. */
    client = client_open();
    send_text(client, "GET /page HTTP/1.1\r\nHost: h\r\n\r\n");
    CU_ASSERT(expect(client, "GET /page"));
    now += 50000;
    send_text(client, "GET /page HTTP/1.1\r\n");
    for (int j = 0; j < 20; j++) {
        turn(&client, 1);
    }
    now += 9999;
    for (int j = 0; j < 3; j++) {
        turn(&client, 1);
    }
    CU_ASSERT_FALSE(web_client_is_closed(client));
    now += 1;
    CU_ASSERT(expect_closed(client));
    web_client_close(client);

    /* Idle connections end without being called late. */
    client = client_open();
    send_text(client, "GET /page HTTP/1.1\r\nHost: h\r\n\r\n");
    CU_ASSERT(expect(client, "GET /page"));
    now += 60000;
    CU_ASSERT(expect_closed(client));
    web_client_close(client);
    web_server_get_stats(server, &stats);
    CU_ASSERT_EQUAL(stats.n_late, 2);
    stop();
}

/* Connections for nothing do not drive out those that work. */
static void
test_crowd(void)
{
    struct web_server_stats stats;
    struct web_client *worker, *crowd[20];

    start(&(struct web_options) {
        .name = "test", .listen = "127.0.0.1:0", .max_connections = 5,
    });
    worker = client_open();
    send_text(worker, "GET /page HTTP/1.1\r\nHost: h\r\n\r\n");
    CU_ASSERT(expect(worker, "GET /page"));
    for (size_t i = 0; i < ARRAY_SIZE(crowd); i++) {
        crowd[i] = client_open();
        for (int j = 0; j < 5; j++) {
            turn(crowd, i + 1);
        }
    }
    web_server_get_stats(server, &stats);
    CU_ASSERT_EQUAL(stats.n_accepted, 21);
    CU_ASSERT_EQUAL(stats.n_crowded, 16);
    CU_ASSERT_EQUAL(stats.n_connections, 5);

    ds_clear(web_client_received(worker));
    send_text(worker, "GET /page/again HTTP/1.1\r\nHost: h\r\n\r\n");
    CU_ASSERT(expect(worker, "GET /page/again"));
    CU_ASSERT(web_client_is_closed(crowd[0]));
    /* And the last one that came is served. */
    send_text(crowd[19], "GET /page HTTP/1.1\r\nHost: h\r\n\r\n");
    CU_ASSERT(expect(crowd[19], "GET /page"));
    for (size_t i = 0; i < ARRAY_SIZE(crowd); i++) {
        web_client_close(crowd[i]);
    }
    web_client_close(worker);
    stop();
}

/* ---- TLS. ---- */

static char *
file(const char *name)
{
    return xasprintf("%s/%s", folder, name);
}

static char *ca_key, *ca_cert, *key, *cert;

static void
make_tls_folder(void)
{
    char template[] = "/tmp/test-web-server.XXXXXX";

    if (!mkdtemp(template)) {
        ovs_fatal(errno, "mkdtemp");
    }
    folder = xstrdup(template);
    ca_key = file("ca.key");
    ca_cert = file("ca.crt");
    key = file("tls.key");
    cert = file("tls.crt");
    tls_make_certificate(ca_key, ca_cert, "authority", NULL, NULL);
    tls_make_certificate(key, cert, "first", ca_key, ca_cert);
}

static void
remove_file(const char *name)
{
    char *path = file(name);

    unlink(path);
    free(path);
}

static void
remove_tls_folder(void)
{
    static const char *const names[] = {
        "ca.key", "ca.crt", "tls.key", "tls.crt", "client.key", "client.crt",
        "other.key", "other.crt", "cca.key", "cca.crt",
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        remove_file(names[i]);
    }
    CU_ASSERT_EQUAL(rmdir(folder), 0);
    free(ca_key);
    free(ca_cert);
    free(key);
    free(cert);
    free(folder);
}

static void
start_tls(const char *client_ca)
{
    start(&(struct web_options) {
        .name = "test", .listen = "127.0.0.1:0", .cert_file = cert,
        .key_file = key, .client_ca_file = client_ca,
    });
}

static struct web_client *
open_tls(const char *priorities)
{
    struct web_client_tls tls = {
        .ca_file = ca_cert, .priorities = priorities,
    };

    return web_client_open(web_server_address(server), &tls);
}

static const char get_page[] = "GET /page HTTP/1.1\r\nHost: h\r\n\r\n";

static void
test_tls_versions(void)
{
    static const struct {
        const char *priorities;
        bool good;
    } vectors[] = {
        { "NORMAL", true },
        { "NORMAL:-VERS-ALL:+VERS-TLS1.3", true },
        { "NORMAL:-VERS-ALL:+VERS-TLS1.2", true },
        { "NORMAL:-VERS-ALL:+VERS-TLS1.1", false },
        { "NORMAL:-VERS-ALL:+VERS-TLS1.0", false },
    };
    struct web_client *client;

    make_tls_folder();
    start_tls(NULL);
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        client = open_tls(vectors[i].priorities);
        send_text(client, get_page);
        CU_ASSERT_EQUAL(expect(client, "GET /page from"), vectors[i].good);
        web_client_close(client);
    }

    /* A client that speaks no TLS. */
    client = client_open();
    send_text(client, get_page);
    CU_ASSERT(expect_closed(client));
    CU_ASSERT_EQUAL(n_calls, 3);
    web_client_close(client);
    stop();
    remove_tls_folder();
}

static void
test_tls_reload(void)
{
    struct web_server_stats stats;
    struct web_client *old, *client;
    char *other_key = NULL;

    make_tls_folder();
    start_tls(NULL);
    old = open_tls(NULL);
    send_text(old, get_page);
    CU_ASSERT(expect(old, "GET /page"));
    CU_ASSERT_STRING_EQUAL(web_client_server_name(old), "first");

    /* A certificate without its key is not taken. */
    other_key = file("other.key");
    tls_make_certificate(other_key, cert, "second", ca_key, ca_cert);
    now += 2000;
    client = open_tls(NULL);
    send_text(client, get_page);
    CU_ASSERT(expect(client, "GET /page"));
    CU_ASSERT_STRING_EQUAL(web_client_server_name(client), "first");
    web_client_close(client);

    /* Now the key has come. */
    CU_ASSERT_EQUAL(rename(other_key, key), 0);
    now += 2000;
    client = open_tls(NULL);
    send_text(client, get_page);
    CU_ASSERT(expect(client, "GET /page"));
    CU_ASSERT_STRING_EQUAL(web_client_server_name(client), "second");
    web_client_close(client);

    /* The old connection lives on, but not for ever. */
    ds_clear(web_client_received(old));
    send_text(old, "GET /page/old HTTP/1.1\r\nHost: h\r\n\r\n");
    CU_ASSERT(expect(old, "GET /page/old"));
    now += 30000;
    CU_ASSERT(expect_closed(old));
    web_client_close(old);

    /* Files that went are not missed. */
    unlink(cert);
    now += 2000;
    client = open_tls(NULL);
    send_text(client, get_page);
    CU_ASSERT(expect(client, "GET /page"));
    CU_ASSERT_STRING_EQUAL(web_client_server_name(client), "second");
    web_client_close(client);

    web_server_get_stats(server, &stats);
    CU_ASSERT_EQUAL(stats.n_reloads, 1);
    free(other_key);
    stop();
    remove_tls_folder();
}

/* Has a client with this certificate ask, and expects 'text'. */
static void
ask_with_certificate(const char *client_key, const char *client_cert,
                     const char *text)
{
    struct web_client_tls tls = {
        .ca_file = ca_cert, .key_file = client_key, .cert_file = client_cert,
    };
    struct web_client *client = web_client_open(web_server_address(server),
                                                &tls);

    send_text(client, get_page);
    CU_ASSERT(expect(client, text));
    web_client_close(client);
}

static void
test_tls_client_certificate(void)
{
    char *client_ca_key, *client_ca, *client_key, *client_cert;
    char *other_key, *other_cert;

    make_tls_folder();
    client_ca_key = file("cca.key");
    client_ca = file("cca.crt");
    client_key = file("client.key");
    client_cert = file("client.crt");
    other_key = file("other.key");
    other_cert = file("other.crt");
    tls_make_certificate(client_ca_key, client_ca, "clients", NULL, NULL);
    tls_make_certificate(client_key, client_cert, "client", client_ca_key,
                         client_ca);
    tls_make_certificate(other_key, other_cert, "stranger", NULL, NULL);
    start_tls(client_ca);

    ask_with_certificate(NULL, NULL, "401 ");

    /* Probes have none. */
    struct web_client *client = open_tls(NULL);
    send_text(client, "GET /public HTTP/1.1\r\nHost: h\r\n\r\n");
    CU_ASSERT(expect(client, "other"));
    web_client_close(client);
    ask_with_certificate(other_key, other_cert, "403 ");
    CU_ASSERT_EQUAL(n_calls, 0);
    ask_with_certificate(client_key, client_cert, "GET /page from");
    CU_ASSERT_EQUAL(n_calls, 1);

    /* Now it is the stranger that is known. */
    CU_ASSERT_EQUAL(rename(other_cert, client_ca), 0);
    now += 2000;
    ask_with_certificate(client_key, client_cert, "403 ");
    CU_ASSERT_EQUAL(n_calls, 1);
    ask_with_certificate(other_key, client_ca, "GET /page from");
    CU_ASSERT_EQUAL(n_calls, 2);
    stop();
    free(client_ca_key);
    free(client_ca);
    free(client_key);
    free(client_cert);
    free(other_key);
    free(other_cert);
    remove_tls_folder();
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

static void
test_bad_files(void)
{
    struct web_options options = {
        .name = "test", .listen = "127.0.0.1:0",
    };
    struct web_server *s;
    char *error, *other_key, *other_cert;

    make_tls_folder();
    other_key = file("other.key");
    other_cert = file("other.crt");

    options.cert_file = cert;
    error = web_server_create(&options, &s);
    CU_ASSERT_STRING_EQUAL(error,
                           "a certificate and its key need each other");
    free(error);

    options.key_file = other_key;
    error = web_server_create(&options, &s);
    ASSERT_CONTAINS(error, "other.key: No such file");
    free(error);

    /* The key of another certificate. */
    tls_make_certificate(other_key, other_cert, "other", ca_key, ca_cert);
    error = web_server_create(&options, &s);
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    ASSERT_CONTAINS(error, "tls.crt and ");
    ASSERT_CONTAINS(error, "other.key: ");
    free(error);

    free(other_key);
    free(other_cert);
    remove_tls_folder();
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
    CU_ADD_TEST(suite, test_tls_versions);
    CU_ADD_TEST(suite, test_tls_reload);
    CU_ADD_TEST(suite, test_tls_client_certificate);
    CU_ADD_TEST(suite, test_listen);
    CU_ADD_TEST(suite, test_bad_files);
}
