/* SPDX-License-Identifier: Apache-2.0 */

/* See sb-ask.h.
 *
 * The connection is the library's that is below its mirrors, which knows of
 * remotes, leaders, TLS, probes and reconnection.  No table is monitored. */

#include <config.h>

#include "ovsdb/sb-ask.h"

#include <stdlib.h>

#include "coverage.h"
#include "jsonrpc.h"
#include "openvswitch/json.h"
#include "openvswitch/list.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "ovsdb-cs.h"
#include "util.h"

#include "ovsdb/db-conn.h"

VLOG_DEFINE_THIS_MODULE(sb_ask);

COVERAGE_DEFINE(sb_ask_question);
COVERAGE_DEFINE(sb_ask_failed);

/* A person who asks once often asks again. */
#define IDLE_MS 60000

struct sb_ask {
    char *remote;
    struct ovsdb_cs *cs;        /* NULL: closed. */
    struct ovs_list questions;  /* struct sb_asked, the oldest first. */
    int probe_ms;
    long long int used_ms;      /* When there last was a question. */
};

struct sb_asked {
    struct ovs_list node;       /* In sb_ask->questions. */
    struct sset ports, addresses;
    bool additional_chassis;
    struct json *id;            /* Of the request; NULL: none under way. */
    enum sb_ask_state state;
    struct sb_answer answer;
    long long int answered_ms;
};

/* ---- Questions. ---- */

struct sb_asked *
sb_ask_start(struct sb_ask *ask, const struct sset *ports,
             const struct sset *addresses, bool additional_chassis,
             long long int now)
{
    struct sb_asked *q = xzalloc(sizeof *q);

    COVERAGE_INC(sb_ask_question);
    sset_clone(&q->ports, ports);
    sset_clone(&q->addresses, addresses);
    q->additional_chassis = additional_chassis;
    ovs_list_push_back(&ask->questions, &q->node);
    ask->used_ms = now;
    return q;
}

void
sb_ask_forget(struct sb_ask *ask, struct sb_asked *q)
{
    if (q) {
        if (q->id && ask->cs) {
            ovsdb_cs_forget_transaction(ask->cs, q->id);
        }
        json_destroy(q->id);
        ovs_list_remove(&q->node);
        sset_destroy(&q->ports);
        sset_destroy(&q->addresses);
        sb_answer_destroy(&q->answer);
        free(q);
    }
}

enum sb_ask_state
sb_asked_state(const struct sb_asked *q)
{
    return q->state;
}

const struct sb_answer *
sb_asked_answer(const struct sb_asked *q)
{
    ovs_assert(q->state == SB_ASK_ANSWERED);
    return &q->answer;
}

long long int
sb_asked_answered_ms(const struct sb_asked *q)
{
    return q->answered_ms;
}

const struct sset *
sb_asked_ports(const struct sb_asked *q)
{
    return &q->ports;
}

const struct sset *
sb_asked_addresses(const struct sb_asked *q)
{
    return &q->addresses;
}

size_t
sb_ask_n_ports(const struct sb_ask *ask)
{
    const struct sb_asked *q;
    size_t n = 0;

    LIST_FOR_EACH (q, node, &ask->questions) {
        n += q->state == SB_ASK_WAITING ? sset_count(&q->ports) : 0;
    }
    return n;
}

/* ---- The connection. ---- */

static struct json *
monitor_nothing(const struct json *schema OVS_UNUSED, void *aux OVS_UNUSED)
{
    return json_object_create();
}

static const struct ovsdb_cs_ops cs_ops = {
    .compose_monitor_requests = monitor_nothing,
};

static void
open_connection(struct sb_ask *ask)
{
    ask->cs = ovsdb_cs_create("OVN_Southbound", 3, &cs_ops, ask);
    ovsdb_cs_set_leader_only(ask->cs, true);
    ovsdb_cs_set_remote(ask->cs, ask->remote, true);
}

/* Requests under way are not answered any more. */
static void
take_back(struct sb_ask *ask)
{
    struct sb_asked *q;

    LIST_FOR_EACH (q, node, &ask->questions) {
        json_destroy(q->id);
        q->id = NULL;
    }
}

static void
close_connection(struct sb_ask *ask)
{
    take_back(ask);
    ovsdb_cs_destroy(ask->cs);
    ask->cs = NULL;
}

static struct sb_asked *
find_question(const struct sb_ask *ask, const struct json *id)
{
    struct sb_asked *q;

    LIST_FOR_EACH (q, node, &ask->questions) {
        if (q->id && json_equal(q->id, id)) {
            return q;
        }
    }
    return NULL;
}

static void
take_reply(struct sb_ask *ask, const struct jsonrpc_msg *reply,
           long long int now)
{
    struct sb_asked *q = find_question(ask, reply->id);
    char *error;

    if (!q) {
        return;                 /* Forgotten meanwhile. */
    }
    json_destroy(q->id);
    q->id = NULL;
    error = sb_question_parse(reply, &q->ports, &q->addresses, &q->answer);
    q->answered_ms = now;
    q->state = error ? SB_ASK_FAILED : SB_ASK_ANSWERED;
    if (error) {
        static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);

        COVERAGE_INC(sb_ask_failed);
        VLOG_INFO_RL(&rl, "%s: a question has no answer: %s", ask->remote,
                     error);
        free(error);
    }
}

static void
run_events(struct sb_ask *ask, long long int now)
{
    struct ovs_list events;
    struct ovsdb_cs_event *event;

    ovsdb_cs_run(ask->cs, &events);
    LIST_FOR_EACH_POP (event, list_node, &events) {
        switch (event->type) {
        case OVSDB_CS_EVENT_TYPE_RECONNECT:
            take_back(ask);
            break;
        case OVSDB_CS_EVENT_TYPE_TXN_REPLY:
            take_reply(ask, event->txn_reply, now);
            break;
        case OVSDB_CS_EVENT_TYPE_UPDATE:
        case OVSDB_CS_EVENT_TYPE_LOCKED:
            break;
        }
        ovsdb_cs_event_destroy(event);
    }
}

/* Sends what is not under way. */
static void
send_questions(struct sb_ask *ask)
{
    struct sb_asked *q;

    LIST_FOR_EACH (q, node, &ask->questions) {
        if (q->state == SB_ASK_WAITING && !q->id
            && ovsdb_cs_may_send_transaction(ask->cs)) {
            q->id = ovsdb_cs_send_transaction(
                ask->cs, sb_question_compose(&q->ports, &q->addresses,
                                             q->additional_chassis));
            VLOG_DBG("%s: asked about %"PRIuSIZE" ports and %"PRIuSIZE
                     " addresses", ask->remote, sset_count(&q->ports),
                     sset_count(&q->addresses));
        }
    }
}

struct sb_ask *
sb_ask_create(const char *remote)
{
    struct sb_ask *ask = xzalloc(sizeof *ask);

    ask->remote = xstrdup(remote);
    ask->probe_ms = DB_PROBE_INTERVAL_MS;
    ovs_list_init(&ask->questions);
    return ask;
}

void
sb_ask_destroy(struct sb_ask *ask)
{
    if (ask) {
        ovs_assert(ovs_list_is_empty(&ask->questions));
        ovsdb_cs_destroy(ask->cs);
        free(ask->remote);
        free(ask);
    }
}

bool
sb_ask_is_open(const struct sb_ask *ask)
{
    return ask->cs != NULL;
}

void
sb_ask_set_probe_interval(struct sb_ask *ask, int ms)
{
    ask->probe_ms = ms;
}

void
sb_ask_reset_min_index(struct sb_ask *ask)
{
    if (ask->cs) {
        ovsdb_cs_reset_min_index(ask->cs);
    }
}

void
sb_ask_run(struct sb_ask *ask, long long int now)
{
    if (!ovs_list_is_empty(&ask->questions)) {
        ask->used_ms = now;
        if (!ask->cs) {
            open_connection(ask);
        }
    }
    if (!ask->cs) {
        return;
    }
    ovsdb_cs_set_probe_interval(ask->cs, ask->probe_ms);
    run_events(ask, now);
    send_questions(ask);
    if (now >= ask->used_ms + IDLE_MS) {
        close_connection(ask);
    }
}

void
sb_ask_wait(struct sb_ask *ask)
{
    if (ask->cs) {
        ovsdb_cs_wait(ask->cs);
        poll_timer_wait_until(ask->used_ms + IDLE_MS);
    }
}
