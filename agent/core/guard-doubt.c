/* SPDX-License-Identifier: Apache-2.0 */

/* What became of a write to the Northbound database of which the answer is
 * lost.
 *
 * A transaction without an answer may still be carried out, and is, if it is,
 * before any later one of the same session; after the session's end it cannot
 * be, because the server asserts our lock.  So nothing else is written before
 * a barrier has been answered; then the mirror tells what became of it. */

#include <config.h>

#include "guard-private.h"

#include "openvswitch/util.h"
#include "util.h"
#include "uuid.h"

/* 'later' was carried out since, and may have opened a gate: what it found,
 * and verified, tells. */
static bool
took_effect(const struct guard *g, const struct planned *pl,
            const struct nb_batch *later)
{
    const struct nb_write *w = guard_find_write(g->nb_sent, &pl->port);
    const struct nb_write *next = guard_find_write(later, &pl->port);
    const struct port *p = model_find_port(&g->model, &pl->port);

    if (!w || !p) {
        return false;
    }
    switch (pl->kind) {
    case PLAN_CLEAR:
        return !ip_addr_set_contains(&p->ips, &pl->addr);
    case PLAN_SET:
    case PLAN_PUT_BACK:
        return ip_addr_set_contains(&p->static_ips, &pl->addr);
    case PLAN_GATE:
        return nullable_string_is_equal(next ? next->old_mark : p->mark,
                                        w->new_mark);
    case PLAN_UNGATE:
        return !p->mark;
    }
    OVS_NOT_REACHED();
}

/* What was under way is in doubt from now on. */
void
guard_begin_doubt(struct guard *g)
{
    if (!g->n_planned || g->doubt.n_planned) {
        return;
    }
    g->doubt.planned = g->planned;
    g->doubt.n_planned = g->n_planned;
    g->doubt.sent = g->nb_sent;
    g->planned = NULL;
    g->n_planned = 0;
    g->nb_sent = NULL;
}

/* What is in doubt was answered itself, with 'result'; or, if that is
 * TXN_RESULT_UNKNOWN, a later transaction was, and the mirror tells.  To ask
 * the mirror else would be wrong: the port may be gone. */
void
guard_end_doubt(struct guard *g, enum txn_result result,
                const struct guard_env *env)
{
    struct nb_batch *sent = g->nb_sent;
    struct planned *planned = g->planned;
    size_t n_planned = g->n_planned;

    g->in_doubt = false;
    g->planned = g->doubt.planned;
    g->n_planned = g->doubt.n_planned;
    g->nb_sent = g->doubt.sent;
    memset(&g->doubt, 0, sizeof g->doubt);
    for (size_t i = 0; i < g->n_planned; i++) {
        struct planned *pl = &g->planned[i];

        if (result == TXN_RESULT_DONE) {
            guard_planned_done(g, pl, env);
        } else if (result != TXN_RESULT_UNKNOWN) {
            guard_planned_failed(g, pl, result, env);
        } else if (took_effect(g, pl, sent)) {
            svec_add(&pl->evidence, "the server's answer was lost; a later "
                     "barrier shows it done");
            guard_planned_done(g, pl, env);
        } else {
            guard_planned_failed(g, pl, TXN_RESULT_UNKNOWN, env);
        }
    }
    guard_drop_plan(g);
    nb_batch_destroy(g->nb_sent);
    g->planned = planned;
    g->n_planned = n_planned;
    g->nb_sent = sent;
}

static bool
plans_clear(const struct planned *planned, size_t n, const struct hold *h,
            const struct uuid *port)
{
    for (size_t i = 0; i < n; i++) {
        if (planned[i].kind == PLAN_CLEAR
            && uuid_equals(&planned[i].hold, &h->uuid)
            && (!port || uuid_equals(&planned[i].port, port))) {
            return true;
        }
    }
    return false;
}

bool
guard_clear_is_sent(const struct guard *g, const struct hold *h,
                    const struct uuid *port)
{
    return ((g->nb_token && plans_clear(g->planned, g->n_planned, h, port))
            || plans_clear(g->doubt.planned, g->doubt.n_planned, h, port));
}

static bool
plans_set(const struct planned *planned, size_t n, const struct hold *h)
{
    for (size_t i = 0; i < n; i++) {
        if (planned[i].lost && ip_addr_equals(&planned[i].addr, &h->addr)
            && uuid_equals(&planned[i].lost->network, &h->network)) {
            return true;
        }
    }
    return false;
}

bool
guard_set_is_sent(const struct guard *g, const struct hold *h)
{
    return ((g->nb_token && plans_set(g->planned, g->n_planned, h))
            || plans_set(g->doubt.planned, g->doubt.n_planned, h));
}

/* This instance is no longer the active one, while a transaction of its own is
 * under way: what was done is to be written down all the same. */
void
guard_doubt_under_way(struct guard *g)
{
    if (g->nb_token && g->n_planned && !g->doubt.n_planned) {
        guard_begin_doubt(g);
        g->doubt.token = g->nb_token;
        g->in_doubt = true;
    }
}

/* The answer to one of a time before a change of role. */
void
guard_late_answer(struct guard *g, const struct nb_result *r,
                  const struct guard_env *env)
{
    if (!g->doubt.n_planned || r->token != g->doubt.token
        || r->result == TXN_RESULT_UNKNOWN) {
        return;
    }
    guard_end_doubt(g, r->result, env);
}

/* Forgets what was in doubt. */
void
guard_forget_doubt(struct guard *g)
{
    struct planned *planned = g->planned;
    size_t n_planned = g->n_planned;

    g->planned = g->doubt.planned;
    g->n_planned = g->doubt.n_planned;
    guard_drop_plan(g);
    nb_batch_destroy(g->doubt.sent);
    memset(&g->doubt, 0, sizeof g->doubt);
    g->planned = planned;
    g->n_planned = n_planned;
}
