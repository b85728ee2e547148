/* SPDX-License-Identifier: Apache-2.0 */

/* See explain-control.h.
 *
 * The answer comes when the Southbound database has acknowledged that it is
 * asked about the address, and what mentions addresses in the Northbound one
 * has arrived; most often a few milliseconds later, and at once if somebody
 * has asked about the address lately. */

#include <config.h>

#include "explain-control.h"

#include <stdlib.h>

#include "openvswitch/json.h"
#include "openvswitch/list.h"
#include "openvswitch/poll-loop.h"
#include "timeval.h"
#include "util.h"

#include "agent/agent.h"
#include "agent/control.h"
#include "agent/core/explain.h"
#include "agent/core/guard.h"
#include "agent/core/ip-addr.h"
#include "agent/core/model.h"
#include "agent/core/orders.h"
#include "agent/explain-json.h"
#include "ovsdb/nb-view.h"

/* The answer then is what is known. */
#define PATIENCE_MS 2000

struct explain_ask {
    struct ovs_list node;       /* In agent->asks. */
    struct control_request *request;
    struct ip_addr_set ips;
    char *network;              /* Or NULL. */
    uint64_t watch_seqno;       /* To be acknowledged; 0: not known yet. */
    long long int deadline_ms;
};

static void
ask_destroy(struct explain_ask *ask)
{
    ovs_list_remove(&ask->node);
    ip_addr_set_destroy(&ask->ips);
    free(ask->network);
    free(ask);
}

void
explain_control_open(struct agent *a)
{
    ovs_list_init(&a->asks);
}

void
explain_control_close(struct agent *a)
{
    struct explain_ask *ask;

    LIST_FOR_EACH_SAFE (ask, node, &a->asks) {
        ask_destroy(ask);
    }
}

/* What keeps all questions from being answered, or NULL. */
static const char *
why_not(const struct agent *a)
{
    const struct model *m = guard_model_const(a->guard);
    bool has_pods = a->options.pods.n || a->api;

    return (!m->nb_synced ? "the Northbound database is not read completely"
            : !m->sb_synced ? "the Southbound database is not read completely"
            : has_pods && !m->kube_synced
            ? "pods and owners are not read completely"
            : model_has_dirty(m) ? "not everything is judged yet"
            : NULL);
}

static void
reply_not_ready(struct control_request *request, const char *why)
{
    struct json *o = json_object_create();
    char *text;

    json_object_put_string(o, "not_ready", why);
    text = json_to_string(o, 0);
    control_reply(request, text);
    free(text);
    json_destroy(o);
}

void
explain_control_ask(struct control_request *request, int argc,
                    const char *argv[], void *agent_)
{
    struct agent *a = agent_;
    struct explain_ask *ask;
    struct guard_env env;
    struct ip_addr_set ips;
    char *error;

    if (why_not(a)) {
        reply_not_ready(request, why_not(a));
        return;
    }
    ip_addr_set_init(&ips);
    error = guard_find_asked(a->guard, argv[1], &ips);
    if (error) {
        control_reply_error(request, error);
        free(error);
        ip_addr_set_destroy(&ips);
        return;
    }
    agent_get_env(a, &env);
    ask = xzalloc(sizeof *ask);
    ask->request = request;
    ask->ips = ips;
    ask->network = argc > 2 ? xstrdup(argv[2]) : NULL;
    ask->deadline_ms = time_msec() + PATIENCE_MS;
    ovs_list_push_back(&a->asks, &ask->node);
    for (size_t i = 0; i < ips.n; i++) {
        guard_ask(a->guard, &ips.addrs[i], &env);
    }
    control_defer(request);
    poll_immediate_wake();
}

static bool
is_ready(const struct agent *a, const struct explain_ask *ask)
{
    const struct model *m = guard_model_const(a->guard);

    return (ask->watch_seqno && m->sb_watch_acked >= ask->watch_seqno
            && nb_view_has_references(a->nb) && !why_not(a));
}

static void
answer(struct agent *a, struct explain_ask *ask)
{
    struct guard_env env;
    struct json *json;
    char *text;

    agent_get_env(a, &env);
    json = explain_to_json(a->guard, &ask->ips, ask->network, NULL, NULL,
                           &env);
    text = json_to_string(json, 0);
    control_reply(ask->request, text);
    free(text);
    json_destroy(json);
    ask_destroy(ask);
}

void
explain_control_run(struct agent *a)
{
    uint64_t seqno = guard_sb_watch(a->guard)->seqno;
    long long int now = time_msec();
    struct explain_ask *ask;

    LIST_FOR_EACH_SAFE (ask, node, &a->asks) {
        if (!ask->watch_seqno && guard_watch_is_current(a->guard)) {
            ask->watch_seqno = seqno;
        }
        if (is_ready(a, ask) || now >= ask->deadline_ms) {
            answer(a, ask);
        } else {
            poll_timer_wait_until(ask->deadline_ms);
        }
    }
}
