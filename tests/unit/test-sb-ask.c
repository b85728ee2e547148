/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of the connection that carries questions to the Southbound database,
 * with a server that does what a real one cannot be made to do at the right
 * moment: it answers to ids that nobody has used, twice, nonsense, or goes
 * away with a question.  What real servers do is in
 * tests/system/ctl-read.at. */

#include <config.h>

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jsonrpc.h"
#include "openvswitch/json.h"
#include "openvswitch/poll-loop.h"
#include "sset.h"
#include "stream.h"
#include "timeval.h"
#include "util.h"

#include "ovsdb/sb-ask.h"

/* Longer than any machine takes. */
#define PATIENCE_MS 30000

struct server {
    char *path;
    struct pstream *listener;
    struct jsonrpc *rpc;        /* To the one client; NULL: none. */
    struct json *ids[4];        /* Of questions not answered yet. */
    size_t n;
    int n_clients;
};

struct fixture {
    struct server server;
    struct sb_ask *ask;
    struct sset ports, addresses;
    long long int now;          /* As the daemon says. */
};

/* ---- The server. ---- */

static void
server_hang_up(struct server *s)
{
    jsonrpc_close(s->rpc);
    s->rpc = NULL;
    while (s->n) {
        json_destroy(s->ids[--s->n]);
    }
}

static void
send_reply(struct server *s, const char *result, const struct json *id)
{
    jsonrpc_send(s->rpc, jsonrpc_create_reply(json_from_string(result), id));
}

static void
server_handle(struct server *s, const struct jsonrpc_msg *msg)
{
    const char *first = (msg->params && msg->params->type == JSON_ARRAY
                         && json_array(msg->params)->n
                         && json_array(msg->params)->elems[0]->type
                            == JSON_STRING
                         ? json_string(json_array(msg->params)->elems[0])
                         : "");

    if (msg->type != JSONRPC_REQUEST) {
        return;
    } else if (!strcmp(msg->method, "get_schema")
               && !strcmp(first, "_Server")) {
        /* As servers of before clusters. */
        jsonrpc_send(s->rpc, jsonrpc_create_error(
                         json_string_create("unknown database"), msg->id));
    } else if (!strcmp(msg->method, "get_schema")) {
        send_reply(s, "{\"name\":\"OVN_Southbound\",\"tables\":{}}", msg->id);
    } else if (!strcmp(msg->method, "transact")) {
        CU_ASSERT_FATAL(s->n < ARRAY_SIZE(s->ids));
        s->ids[s->n++] = json_clone(msg->id);
    } else if (!strcmp(msg->method, "monitor_cond_since")) {
        send_reply(s, "[false,\"00000000-0000-0000-0000-000000000000\",{}]",
                   msg->id);
    } else {
        send_reply(s, "{}", msg->id);
    }
}

static void
server_run(struct server *s)
{
    struct jsonrpc_msg *msg;
    struct stream *stream;

    if (!s->rpc && !pstream_accept(s->listener, &stream)) {
        s->rpc = jsonrpc_open(stream);
        s->n_clients++;
    }
    if (!s->rpc) {
        return;
    }
    jsonrpc_run(s->rpc);
    while (s->rpc && !jsonrpc_recv(s->rpc, &msg)) {
        server_handle(s, msg);
        jsonrpc_msg_destroy(msg);
    }
    if (jsonrpc_get_status(s->rpc)) {
        server_hang_up(s);
    }
}

/* Answers the oldest question with 'result'. */
static void
server_answer(struct server *s, const char *result)
{
    CU_ASSERT_FATAL(s->rpc && s->n);
    send_reply(s, result, s->ids[0]);
    json_destroy(s->ids[0]);
    memmove(s->ids, s->ids + 1, --s->n * sizeof s->ids[0]);
}

/* ---- The fixture. ---- */

static void
begin(struct fixture *f)
{
    char *name, *remote;

    memset(f, 0, sizeof *f);
    f->server.path = xasprintf("/tmp/ipguard-unit-%ld.sock",
                               (long int) getpid());
    name = xasprintf("punix:%s", f->server.path);
    CU_ASSERT_EQUAL_FATAL(pstream_open(name, &f->server.listener, 0), 0);
    free(name);
    remote = xasprintf("unix:%s", f->server.path);
    f->ask = sb_ask_create(remote);
    free(remote);
    sset_init(&f->ports);
    sset_init(&f->addresses);
    sset_add(&f->ports, "p1");
    sset_add(&f->addresses, "10.0.0.1");
    f->now = time_msec();
}

static void
end(struct fixture *f)
{
    sb_ask_destroy(f->ask);
    server_hang_up(&f->server);
    pstream_close(f->server.listener);
    unlink(f->server.path);
    free(f->server.path);
    sset_destroy(&f->ports);
    sset_destroy(&f->addresses);
}

static void
turn(struct fixture *f)
{
    sb_ask_run(f->ask, f->now);
    server_run(&f->server);
    sb_ask_wait(f->ask);
    if (f->server.rpc) {
        jsonrpc_wait(f->server.rpc);
        jsonrpc_recv_wait(f->server.rpc);
    } else {
        pstream_wait(f->server.listener);
    }
    poll_timer_wait(50);
    poll_block();
}

static struct sb_asked *
start(struct fixture *f)
{
    return sb_ask_start(f->ask, &f->ports, &f->addresses, true, f->now);
}

static void
wait_asked(struct fixture *f, size_t n)
{
    long long int deadline = time_msec() + PATIENCE_MS;

    while (f->server.n < n && time_msec() < deadline) {
        turn(f);
    }
    CU_ASSERT_EQUAL_FATAL(f->server.n, n);
}

static void
wait_state(struct fixture *f, const struct sb_asked *q,
           enum sb_ask_state state)
{
    long long int deadline = time_msec() + PATIENCE_MS;

    while (sb_asked_state(q) == SB_ASK_WAITING && time_msec() < deadline) {
        turn(f);
    }
    CU_ASSERT_EQUAL_FATAL(sb_asked_state(q), state);
}

static const char nothing[] = "[{\"rows\":[]},{\"rows\":[]}]";
static const char bound[]
    = "[{\"rows\":[{\"logical_port\":\"p1\",\"chassis\":[\"uuid\","
      "\"11111111-2222-4333-8444-555555555555\"]}]},{\"rows\":[]}]";

/* ---- Tests. ---- */

/* Several questions are under way in one connection, which is made for the
 * first one, and each gets its own answer. */
static void
test_questions(void)
{
    struct sb_asked *a, *b;
    struct fixture f;

    begin(&f);
    CU_ASSERT(!sb_ask_is_open(f.ask));
    turn(&f);
    CU_ASSERT(!sb_ask_is_open(f.ask));
    a = start(&f);
    b = start(&f);
    CU_ASSERT_EQUAL(sb_ask_n_ports(f.ask), 2);
    wait_asked(&f, 2);
    server_answer(&f.server, nothing);
    wait_state(&f, a, SB_ASK_ANSWERED);
    CU_ASSERT_EQUAL(sb_asked_answer(a)->n_bindings, 0);
    CU_ASSERT_EQUAL(sb_asked_answered_ms(a), f.now);
    CU_ASSERT_EQUAL(sb_asked_state(b), SB_ASK_WAITING);
    CU_ASSERT_EQUAL(sb_ask_n_ports(f.ask), 1);
    server_answer(&f.server, bound);
    wait_state(&f, b, SB_ASK_ANSWERED);
    CU_ASSERT_EQUAL_FATAL(sb_asked_answer(b)->n_bindings, 1);
    CU_ASSERT(sb_asked_answer(b)->bindings[0].has_chassis);
    CU_ASSERT(sset_contains(sb_asked_ports(b), "p1"));
    CU_ASSERT(sset_contains(sb_asked_addresses(b), "10.0.0.1"));
    CU_ASSERT_EQUAL(f.server.n_clients, 1);
    sb_ask_forget(f.ask, a);
    sb_ask_forget(f.ask, b);
    sb_ask_forget(f.ask, NULL);
    end(&f);
}

/* Answers that are none, to nobody's question, and to one that was forgotten,
 * do no harm to the next one. */
static void
test_strange_answers(void)
{
    struct json *id = json_integer_create(123456);
    struct sb_asked *q;
    struct fixture f;

    begin(&f);
    q = start(&f);
    wait_asked(&f, 1);
    send_reply(&f.server, bound, id);
    json_destroy(id);
    for (int i = 0; i < 5; i++) {
        turn(&f);
    }
    CU_ASSERT_EQUAL(sb_asked_state(q), SB_ASK_WAITING);
    server_answer(&f.server, "[17]");
    wait_state(&f, q, SB_ASK_FAILED);
    sb_ask_forget(f.ask, q);

    q = start(&f);
    wait_asked(&f, 1);
    jsonrpc_send(f.server.rpc, jsonrpc_create_error(
                     json_string_create("no"), f.server.ids[0]));
    wait_state(&f, q, SB_ASK_FAILED);
    /* Once more to the same id. */
    server_answer(&f.server, bound);
    turn(&f);
    CU_ASSERT_EQUAL(sb_asked_state(q), SB_ASK_FAILED);
    sb_ask_forget(f.ask, q);

    q = start(&f);
    wait_asked(&f, 1);
    sb_ask_forget(f.ask, q);
    q = start(&f);
    wait_asked(&f, 2);
    server_answer(&f.server, bound);
    for (int i = 0; i < 5; i++) {
        turn(&f);
    }
    CU_ASSERT_EQUAL(sb_asked_state(q), SB_ASK_WAITING);
    server_answer(&f.server, nothing);
    wait_state(&f, q, SB_ASK_ANSWERED);
    CU_ASSERT_EQUAL(sb_asked_answer(q)->n_bindings, 0);
    sb_ask_forget(f.ask, q);
    CU_ASSERT_EQUAL(f.server.n_clients, 1);
    end(&f);
}

/* A question whose connection was cut is asked again in the next one. */
static void
test_cut(void)
{
    struct sb_asked *q;
    struct fixture f;

    begin(&f);
    q = start(&f);
    wait_asked(&f, 1);
    server_hang_up(&f.server);
    wait_asked(&f, 1);
    CU_ASSERT_EQUAL(f.server.n_clients, 2);
    CU_ASSERT_EQUAL(sb_asked_state(q), SB_ASK_WAITING);
    server_answer(&f.server, bound);
    wait_state(&f, q, SB_ASK_ANSWERED);
    sb_ask_forget(f.ask, q);
    end(&f);
}

/* Without questions the connection ends in time, not with one, and is made
 * again for the next. */
static void
test_idle(void)
{
    struct sb_asked *q;
    struct fixture f;

    begin(&f);
    q = start(&f);
    wait_asked(&f, 1);
    f.now += 3600 * 1000;
    turn(&f);
    CU_ASSERT(sb_ask_is_open(f.ask));
    server_answer(&f.server, nothing);
    wait_state(&f, q, SB_ASK_ANSWERED);
    sb_ask_forget(f.ask, q);
    f.now += 59 * 1000;
    turn(&f);
    CU_ASSERT(sb_ask_is_open(f.ask));
    f.now += 2 * 1000;
    turn(&f);
    CU_ASSERT(!sb_ask_is_open(f.ask));
    server_hang_up(&f.server);
    q = start(&f);
    wait_asked(&f, 1);
    CU_ASSERT_EQUAL(f.server.n_clients, 2);
    /* The daemon may end with a question under way. */
    sb_ask_forget(f.ask, q);
    end(&f);
}

void
suite_sb_ask(void)
{
    CU_pSuite suite = unit_add_suite("sb_ask");

    CU_ADD_TEST(suite, test_questions);
    CU_ADD_TEST(suite, test_strange_answers);
    CU_ADD_TEST(suite, test_cut);
    CU_ADD_TEST(suite, test_idle);
}
