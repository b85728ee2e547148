/* SPDX-License-Identifier: Apache-2.0 */

/* See explain-control.h.
 *
 * An answer has three parts.  What the model has is at hand.  What mentions
 * addresses in the Northbound database is mirrored from the first question on
 * for a while.  The Southbound database is asked, once for each answer, what
 * it says of the ports and addresses that are not followed anyway (sb-ask.h):
 * the model is lent that for the one answer.  Only where those are too many
 * ports is the mirror made to follow them, which takes longer, but once for
 * all.
 *
 * What has not come after a while is told to be not known. */

#include <config.h>

#include "explain-control.h"

#include <stdlib.h>

#include "openvswitch/json.h"
#include "openvswitch/list.h"
#include "openvswitch/poll-loop.h"
#include "sset.h"
#include "svec.h"
#include "timeval.h"
#include "util.h"

#include "agent/agent.h"
#include "agent/control.h"
#include "agent/core/explain.h"
#include "agent/core/guard.h"
#include "agent/core/ip-addr.h"
#include "agent/core/model.h"
#include "agent/core/orders.h"
#include "agent/core/sb-loan.h"
#include "agent/explain-json.h"
#include "ovsdb/nb-view.h"
#include "ovsdb/sb-ask.h"
#include "ovsdb/sb-view.h"

/* The answer then is what is known. */
#define PATIENCE_MS 2000

/* The server looks for one port after the other.  For more than so many at a
 * time, those of all questions together, a condition takes it less. */
#define MAX_PORTS 3

/* While other things were awaited it may have become untrue. */
#define FRESH_MS 250

struct explain_ask {
    struct ovs_list node;       /* In agent->asks. */
    struct control_request *request;
    struct ip_addr_set ips;
    char *network;              /* Or NULL. */
    bool sb_down;               /* It was when this was asked: nothing of SB
                                 * is awaited. */
    struct sb_asked *question;  /* To SB, or NULL. */
    bool watch;                 /* The mirror of SB is made to follow. */
    uint64_t watch_seqno;       /* To be acknowledged; 0: not known yet. */
    long long int deadline_ms;
};

static void
ask_destroy(struct agent *a, struct explain_ask *ask)
{
    sb_ask_forget(a->sb_ask, ask->question);
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
        ask_destroy(a, ask);
    }
}

/* ---- Asking. ---- */

/* Neither read nor about to be read: who waits for it would wait long. */
static bool
sb_is_down(const struct agent *a)
{
    struct db_status status;

    sb_view_get_status(a->sb, &status);
    return !status.connected && !status.synced;
}

/* What keeps all questions from being answered, or NULL. */
static const char *
why_not(const struct agent *a)
{
    const struct model *m = guard_model_const(a->guard);
    bool has_pods = a->options.pods.n || a->api;

    return (!m->nb_synced ? "the Northbound database is not read completely"
            : !m->sb_synced && !sb_is_down(a)
            ? "the Southbound database is not read completely"
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

/* Adds to 'ports' and 'addresses' what SB still has to be asked about. */
static void
find_unknown(const struct agent *a, const struct explain_ask *ask,
             struct sset *ports, struct sset *addresses)
{
    for (size_t i = 0; i < ask->ips.n; i++) {
        guard_find_unknown(a->guard, &ask->ips.addrs[i], ask->network, ports,
                           addresses);
    }
}

static void
follow(struct agent *a, const struct explain_ask *ask)
{
    struct guard_env env;

    agent_get_env(a, &env);
    for (size_t i = 0; i < ask->ips.n; i++) {
        guard_ask(a->guard, &ask->ips.addrs[i], ask->watch, &env);
    }
    poll_immediate_wake();
}

/* Asks SB for what is not known of it, one way or the other.  Returns true if
 * that is nothing. */
static bool
ask_sb(struct agent *a, struct explain_ask *ask)
{
    struct sset ports = SSET_INITIALIZER(&ports);
    struct sset addresses = SSET_INITIALIZER(&addresses);
    long long int now = time_msec();
    bool nothing;

    sb_ask_forget(a->sb_ask, ask->question);
    ask->question = NULL;
    find_unknown(a, ask, &ports, &addresses);
    nothing = sset_is_empty(&ports) && sset_is_empty(&addresses);
    if (nothing) {
        /* It is followed anyway. */
    } else if (MAX(sset_count(&ports), 1) + sb_ask_n_ports(a->sb_ask)
               > MAX_PORTS) {
        ask->watch = true;
        follow(a, ask);
    } else {
        ask->question = sb_ask_start(a->sb_ask, &ports, &addresses,
                                     sb_view_has_additional_chassis(a->sb),
                                     now);
        sb_ask_run(a->sb_ask, now);
    }
    sset_destroy(&ports);
    sset_destroy(&addresses);
    return nothing;
}

void
explain_control_ask(struct control_request *request, int argc,
                    const char *argv[], void *agent_)
{
    struct agent *a = agent_;
    struct explain_ask *ask;
    struct ip_addr_set ips;
    char *error;

    if (why_not(a)) {
        reply_not_ready(request, why_not(a));
        return;
    }
    ip_addr_set_init(&ips);
    error = argc > 2 ? guard_check_network(a->guard, argv[2]) : NULL;
    if (!error) {
        error = guard_find_asked(a->guard, argv[1], &ips);
    }
    if (error) {
        control_reply_error(request, error);
        free(error);
        ip_addr_set_destroy(&ips);
        return;
    }
    ask = xzalloc(sizeof *ask);
    ask->request = request;
    ask->ips = ips;
    ask->network = argc > 2 ? xstrdup(argv[2]) : NULL;
    ask->sb_down = !guard_model_const(a->guard)->sb_synced;
    ask->deadline_ms = time_msec() + PATIENCE_MS;
    ovs_list_push_back(&a->asks, &ask->node);
    follow(a, ask);
    if (!ask->sb_down) {
        ask_sb(a, ask);
    }
    control_defer(request);
}

/* ---- Answering. ---- */

/* Turns what SB has answered, if it has, into what the model can be lent. */
static void
make_loan(const struct agent *a, const struct explain_ask *ask,
          struct sb_loan *loan)
{
    const struct sb_answer *answer;
    const char *s;

    sb_loan_init(loan);
    if (!ask->question || sb_asked_state(ask->question) != SB_ASK_ANSWERED) {
        return;
    }
    answer = sb_asked_answer(ask->question);
    SSET_FOR_EACH (s, sb_asked_ports(ask->question)) {
        sb_loan_add_port(loan, s, sb_asked_answered_ms(ask->question));
    }
    SSET_FOR_EACH (s, sb_asked_addresses(ask->question)) {
        sb_loan_add_address(loan, s);
    }
    for (size_t i = 0; i < answer->n_bindings; i++) {
        const struct sb_answer_binding *b = &answer->bindings[i];
        const char *chassis = (b->has_chassis
                               ? sb_view_find_chassis(a->sb, &b->chassis)
                               : NULL);

        sb_loan_set_binding(loan, b->logical_port,
                            b->has_chassis && !chassis ? "?" : chassis,
                            b->n_additional_chassis);
    }
    for (size_t i = 0; i < answer->n_macs; i++) {
        sb_loan_add_mac_binding(loan, answer->macs[i].logical_port,
                                answer->macs[i].ip, answer->macs[i].mac);
    }
}

/* Has anything come up since SB was asked that it was not asked about? */
static bool
is_complete(struct agent *a, const struct explain_ask *ask)
{
    struct sset ports = SSET_INITIALIZER(&ports);
    struct sset addresses = SSET_INITIALIZER(&addresses);
    struct model *m = guard_model(a->guard);
    struct sb_loan loan;
    bool complete;

    make_loan(a, ask, &loan);
    m->sb_loan = &loan;
    find_unknown(a, ask, &ports, &addresses);
    m->sb_loan = NULL;
    sb_loan_destroy(&loan);
    complete = sset_is_empty(&ports) && sset_is_empty(&addresses);
    sset_destroy(&ports);
    sset_destroy(&addresses);
    return complete;
}

static bool
has_sb(struct agent *a, struct explain_ask *ask, long long int now)
{
    const struct model *m = guard_model_const(a->guard);

    if (ask->sb_down) {
        return true;
    } else if (!m->sb_synced) {
        return false;           /* It may come back in time. */
    } else if (ask->watch) {
        if (!ask->watch_seqno && guard_watch_is_current(a->guard)) {
            ask->watch_seqno = guard_sb_watch(a->guard)->seqno;
        }
        return ask->watch_seqno && m->sb_watch_acked >= ask->watch_seqno;
    } else if (!ask->question) {
        return ask_sb(a, ask);
    }
    switch (sb_asked_state(ask->question)) {
    case SB_ASK_WAITING:
        return false;
    case SB_ASK_ANSWERED:
        return ((now <= sb_asked_answered_ms(ask->question) + FRESH_MS
                 && is_complete(a, ask))
                || ask_sb(a, ask));
    case SB_ASK_FAILED:
    default:
        ask->watch = true;
        follow(a, ask);
        return false;
    }
}

/* What 'answer' lacks.  The caller destroys 'missing'. */
static void
find_missing(const struct agent *a, const struct explain_ask *ask,
             struct svec *missing)
{
    struct sset ports = SSET_INITIALIZER(&ports);
    struct sset addresses = SSET_INITIALIZER(&addresses);

    svec_init(missing);
    find_unknown(a, ask, &ports, &addresses);
    if (!guard_model_const(a->guard)->sb_synced) {
        svec_add(missing, "where ports run, and MAC bindings (the Southbound "
                 "database is not there)");
    } else if (!sset_is_empty(&ports) || !sset_is_empty(&addresses)) {
        svec_add(missing, "where ports run, and MAC bindings (the Southbound "
                 "database has not answered in time)");
    }
    if (why_not(a) && (guard_model_const(a->guard)->sb_synced
                       || sb_is_down(a))) {
        svec_add_nocopy(missing, xasprintf("whether that is all (%s)",
                                           why_not(a)));
    } else if (!nb_view_has_references(a->nb)) {
        svec_add(missing, "what names it elsewhere (the Northbound database "
                 "has not answered in time)");
    }
    sset_destroy(&ports);
    sset_destroy(&addresses);
}

static void
answer(struct agent *a, struct explain_ask *ask)
{
    struct model *m = guard_model(a->guard);
    struct guard_env env;
    struct sb_loan loan;
    struct svec missing;
    struct json *json;
    char *text;

    agent_get_env(a, &env);
    make_loan(a, ask, &loan);
    m->sb_loan = &loan;
    find_missing(a, ask, &missing);
    json = explain_to_json(a->guard, &ask->ips, ask->network, NULL, NULL,
                           &missing, &env);
    m->sb_loan = NULL;
    sb_loan_destroy(&loan);
    svec_destroy(&missing);
    text = json_to_string(json, 0);
    control_reply(ask->request, text);
    free(text);
    json_destroy(json);
    ask_destroy(a, ask);
}

void
explain_control_run(struct agent *a)
{
    long long int now = time_msec();
    struct explain_ask *ask;

    LIST_FOR_EACH_SAFE (ask, node, &a->asks) {
        /* Both are to be asked for at once. */
        bool ready = has_sb(a, ask, now);

        if ((ready && nb_view_has_references(a->nb) && !why_not(a))
            || now >= ask->deadline_ms) {
            answer(a, ask);
        } else {
            poll_timer_wait_until(ask->deadline_ms);
        }
    }
}
