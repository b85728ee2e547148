/* SPDX-License-Identifier: Apache-2.0 */

/* One batch for the Northbound database: the edits of a turn as whole rows
 * with the values to verify, a barrier when one is due, and what came of
 * it. */

#include <config.h>

#include "guard-private.h"

#include "openvswitch/util.h"
#include "plant.h"
#include "pod.h"
#include "util.h"
#include "uuid.h"

struct port_edit *
guard_edit(struct guard *g, const struct port *p)
{
    struct port_edit *edit;

    HMAP_FOR_EACH_WITH_HASH (edit, node, uuid_hash(&p->uuid), &g->edits) {
        if (edit->port == p) {
            return edit;
        }
    }
    edit = xzalloc(sizeof *edit);
    edit->port = p;
    svec_clone(&edit->addresses, &p->addresses);
    svec_clone(&edit->port_security, &p->port_security);
    edit->enabled = p->enabled;
    edit->mark = nullable_xstrdup(p->mark);
    hmap_insert(&g->edits, &edit->node, uuid_hash(&p->uuid));
    return edit;
}

size_t
guard_n_edits(const struct guard *g)
{
    return hmap_count(&g->edits);
}

struct planned *
guard_plan(struct guard *g, enum planned_kind kind, const struct port *p,
           const struct ip_addr *ip, const char *case_, const char *reason)
{
    struct planned *pl;

    g->planned = xrealloc(g->planned,
                          (g->n_planned + 1) * sizeof *g->planned);
    pl = &g->planned[g->n_planned++];
    memset(pl, 0, sizeof *pl);
    pl->kind = kind;
    pl->port = p->uuid;
    pl->addr = *ip;
    pl->case_ = xstrdup(case_);
    pl->reason = xstrdup(reason);
    pl->owner = (p->member ? xasprintf("%s/%s", p->member->ns,
                                       p->member->name) : xstrdup(""));
    svec_init(&pl->evidence);
    return pl;
}

static void
free_edits(struct guard *g)
{
    struct port_edit *edit;

    HMAP_FOR_EACH_POP (edit, node, &g->edits) {
        svec_destroy(&edit->addresses);
        svec_destroy(&edit->port_security);
        free(edit->mark);
        free(edit);
    }
}

static void
drop_plan(struct guard *g)
{
    for (size_t i = 0; i < g->n_planned; i++) {
        struct planned *pl = &g->planned[i];
        free(pl->case_);
        free(pl->reason);
        free(pl->owner);
        svec_destroy(&pl->evidence);
    }
    free(g->planned);
    g->planned = NULL;
    g->n_planned = 0;
}

void
guard_clear_plan(struct guard *g)
{
    free_edits(g);
    drop_plan(g);
}

static void
add_write(struct nb_batch *batch, const struct port_edit *edit)
{
    const struct port *p = edit->port;
    bool addresses = !svec_equal(&edit->addresses, &p->addresses);
    bool ps = !svec_equal(&edit->port_security, &p->port_security);
    bool enabled = edit->enabled != p->enabled;
    bool mark = !nullable_string_is_equal(edit->mark, p->mark);
    struct nb_write *w;

    if (!addresses && !ps && !enabled && !mark) {
        return;
    }
    w = nb_batch_add(batch, &p->uuid, p->name);
    svec_clone(&w->old_addresses, &p->addresses);
    svec_clone(&w->new_addresses, &edit->addresses);
    w->set_addresses = addresses;
    svec_clone(&w->old_port_security, &p->port_security);
    svec_clone(&w->new_port_security, &edit->port_security);
    w->set_port_security = ps;
    w->old_enabled = p->enabled;
    w->new_enabled = edit->enabled;
    w->set_enabled = enabled;
    w->old_mark = nullable_xstrdup(p->mark);
    w->new_mark = nullable_xstrdup(edit->mark);
    w->set_mark = mark;
}

/* Takes a barrier with this batch if one is due, for everything that waits for
 * one: what is gone in the mirror now is covered by what commits later. */
static void
add_barrier(struct guard *g, const struct guard_env *env,
            struct nb_batch *batch)
{
    long long int due = g->last_bump_ms + g->settings.barrier_interval_ms;
    bool clears = false;
    struct hold *h;

    if (guard_write_refusal(g, env, false)) {
        return;
    }
    for (size_t i = 0; i < g->n_planned; i++) {
        clears |= g->planned[i].kind == PLAN_CLEAR;
    }
    if ((!g->bump_needed && !clears)
        || g->model.sb_nb_cfg > g->model.nb_cfg) {
        /* If SB is ahead, it is still that of an NB which went back since: the
         * value that we would get may be there already. */
        return;
    }
    if (env->now < due && !PLANTED(REPEATED_BUMP)) {
        if (g->bump_needed) {
            guard_wake_at(g, due);
        }
        return;
    }
    model_note_chassis_ahead(&g->model);
    batch->bump = true;
    g->last_bump_ms = env->now;
    g->counters.barriers++;
    if (guard_start_barrier_due(g)) {
        g->start_token = batch->token;
        g->start_knew_chassis = model_knows_chassis(&g->model);
    }
    HMAP_FOR_EACH (h, node, &g->holds.holds) {
        if (h->wants_b1) {
            h->b1_token = batch->token;
        } else if (h->wants_b2) {
            h->b2_token = batch->token;
        }
        /* Whether there is need of another is decided at the next step. */
        h->wants_b1 = h->wants_b2 = false;
    }
}

void
guard_build_nb_batch(struct guard *g, const struct guard_env *env,
                     struct orders *orders)
{
    struct nb_batch *batch;
    struct port_edit *edit;

    if (guard_book_refusal(g, env) || !g->model.nb_synced) {
        guard_clear_plan(g);
        return;
    }
    if (env->now < g->nb_retry_ms) {
        guard_wake_at(g, g->nb_retry_ms);
        guard_clear_plan(g);
        return;
    }
    batch = xzalloc(sizeof *batch);
    batch->token = guard_new_token(g);
    HMAP_FOR_EACH (edit, node, &g->edits) {
        add_write(batch, edit);
    }
    add_barrier(g, env, batch);
    guard_add_excludes(g, env, batch);
    if (!batch->n && !batch->n_switches && !batch->bump) {
        nb_batch_destroy(batch);
        guard_clear_plan(g);
        return;
    }
    batch->comment = xasprintf("ovn-ipguard: %"PRIuSIZE" action(s)%s",
                               g->n_planned, batch->bump ? ", barrier" : "");
    g->nb_token = batch->token;
    free_edits(g);
    orders->nb = batch;
    nb_batch_destroy(g->nb_sent);
    g->nb_sent = nb_batch_clone(batch);
}

/* ---- What came of it. ---- */

static const struct nb_write *
find_write(const struct nb_batch *b, const struct uuid *port)
{
    for (size_t i = 0; b && i < b->n; i++) {
        if (uuid_equals(&b->writes[i].port, port)) {
            return &b->writes[i];
        }
    }
    return NULL;
}

static void
journal_write(struct guard *g, const struct guard_env *env,
              const struct planned *pl, const struct nb_write *w,
              const char *action)
{
    const struct port *p = model_find_port(&g->model, &pl->port);
    struct journal_entry *j = guard_journal(g, env, action, pl->case_,
                                            pl->reason);
    const struct network *n = p ? p->network : NULL;
    char ip[IP_ADDR_STRLEN];

    guard_journal_address(j, n ? &n->uuid : &UUID_ZERO, n ? n->name : NULL,
                          ip_addr_to_string(&pl->addr, ip));
    guard_journal_port(j, &pl->port, w->port_name, pl->owner);
    svec_destroy(&j->evidence);
    svec_clone(&j->evidence, &pl->evidence);
    svec_destroy(&j->old_addresses);
    svec_clone(&j->old_addresses, &w->old_addresses);
    svec_destroy(&j->new_addresses);
    svec_clone(&j->new_addresses, &w->new_addresses);
    svec_destroy(&j->old_port_security);
    svec_clone(&j->old_port_security, &w->old_port_security);
    svec_destroy(&j->new_port_security);
    svec_clone(&j->new_port_security, &w->new_port_security);
}

static void
set_done(struct guard *g, const struct planned *pl, const struct nb_write *w,
         const struct guard_env *env)
{
    struct port *p = model_find_port(&g->model, &pl->port);
    struct hold *h = (p && p->network
                      ? hold_table_find(&g->holds, &p->network->uuid,
                                        &pl->addr) : NULL);
    char ip[IP_ADDR_STRLEN];

    g->counters.sets_done++;
    guard_log(g, 'i', "%s: %s set (case %s: %s)", w->port_name,
              ip_addr_to_string(&pl->addr, ip), pl->case_, pl->reason);
    guard_note_action(g, env, "set %s on %s", ip, w->port_name);
    if (h && p && guard_same_owner(h, p)) {
        h->returned = true;
    }
}

static void
put_back_done(struct guard *g, const struct planned *pl,
              const struct nb_write *w, const struct guard_env *env)
{
    struct hold *h = hold_table_find_uuid(&g->holds, &pl->hold);
    char ip[IP_ADDR_STRLEN];

    g->counters.put_backs++;
    guard_log(g, 'w', "%s: %s put back: %s", w->port_name,
              ip_addr_to_string(&pl->addr, ip), pl->reason);
    guard_note_action(g, env, "put %s back on %s", ip, w->port_name);
    guard_post_read_done(g, &pl->port, &pl->addr);
    if (h) {
        hold_remove_former(h, &pl->port);
        h->returned = true;
    }
}

static void
planned_done(struct guard *g, const struct planned *pl,
             const struct guard_env *env)
{
    const struct nb_write *w = find_write(g->nb_sent, &pl->port);

    if (!w) {
        return;                 /* Its edit came to nothing. */
    }
    switch (pl->kind) {
    case PLAN_CLEAR:
        if (!PLANTED(JOURNAL_LOST)) {
            journal_write(g, env, pl, w, "clear");
        }
        guard_clear_done(g, pl, w, env);
        break;
    case PLAN_SET:
        journal_write(g, env, pl, w, "set");
        set_done(g, pl, w, env);
        break;
    case PLAN_PUT_BACK:
        journal_write(g, env, pl, w, "put-back");
        put_back_done(g, pl, w, env);
        break;
    case PLAN_GATE:
    case PLAN_UNGATE:
        guard_gate_done(g, pl, w, env);
        break;
    }
}

/* ---- Doubt. ---- */

/* A transaction without an answer may still be carried out, and is, if it is,
 * before any later one of the same session; after the session's end it cannot
 * be, because the server asserts our lock.  So nothing else is written before
 * a barrier has been answered; then the mirror tells what became of it. */

/* 'later' was carried out since, and may have opened a gate: what it found,
 * and verified, tells. */
static bool
took_effect(const struct guard *g, const struct planned *pl,
            const struct nb_batch *later)
{
    const struct nb_write *w = find_write(g->nb_sent, &pl->port);
    const struct nb_write *next = find_write(later, &pl->port);
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

static void
planned_failed(struct guard *g, const struct planned *pl,
               enum txn_result result, const struct guard_env *env)
{
    if (pl->kind == PLAN_CLEAR) {
        guard_clear_failed(g, pl, result, env);
    }
}

/* What was under way is in doubt from now on. */
static void
begin_doubt(struct guard *g)
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
static void
end_doubt(struct guard *g, enum txn_result result,
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
            planned_done(g, pl, env);
        } else if (result != TXN_RESULT_UNKNOWN) {
            planned_failed(g, pl, result, env);
        } else if (took_effect(g, pl, sent)) {
            svec_add(&pl->evidence, "the server's answer was lost; a later "
                     "barrier shows it done");
            planned_done(g, pl, env);
        } else {
            planned_failed(g, pl, TXN_RESULT_UNKNOWN, env);
        }
    }
    drop_plan(g);
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

/* This instance is no longer the active one, while a transaction of its own is
 * under way: what was done is to be written down all the same. */
void
guard_doubt_under_way(struct guard *g)
{
    if (g->nb_token && g->n_planned && !g->doubt.n_planned) {
        begin_doubt(g);
        g->doubt.token = g->nb_token;
        g->in_doubt = true;
    }
}

/* The answer to one of a time before a change of role. */
static void
late_answer(struct guard *g, const struct nb_result *r,
            const struct guard_env *env)
{
    if (!g->doubt.n_planned || r->token != g->doubt.token
        || r->result == TXN_RESULT_UNKNOWN) {
        return;
    }
    end_doubt(g, r->result, env);
}

/* Forgets what was in doubt. */
void
guard_forget_doubt(struct guard *g)
{
    struct planned *planned = g->planned;
    size_t n_planned = g->n_planned;

    g->planned = g->doubt.planned;
    g->n_planned = g->doubt.n_planned;
    drop_plan(g);
    nb_batch_destroy(g->doubt.sent);
    memset(&g->doubt, 0, sizeof g->doubt);
    g->planned = planned;
    g->n_planned = n_planned;
}

static void
give_barrier(struct guard *g, uint64_t token, int64_t nb_cfg,
             const struct guard_env *env)
{
    struct hold *h;

    guard_note_hold(g, NULL);
    if (g->start_token == token) {
        g->start_token = 0;
        *(g->start_first ? &g->start_barrier : &g->start_first) = nb_cfg;
    }
    HMAP_FOR_EACH (h, node, &g->holds.holds) {
        if (h->b1_token == token) {
            h->b1_token = 0;
            h->b1 = nb_cfg;
            h->b1_since_ms = env->now;
        } else if (h->b2_token == token) {
            h->b2_token = 0;
            h->b2 = nb_cfg;
            h->b2_since_ms = 0; /* From when SB has it: step_hold(). */
        } else {
            continue;
        }
        free(h->nb_identity);
        h->nb_identity = xstrdup(g->model.nb_identity);
        h->changed = true;
        h->looked_seqno = 0;
    }
}

static void
drop_barrier_tokens(struct guard *g, uint64_t token)
{
    struct hold *h;

    g->own_changes++;
    if (g->start_token == token) {
        g->start_token = 0;
    }
    HMAP_FOR_EACH (h, node, &g->holds.holds) {
        if (h->b1_token == token) {
            h->b1_token = 0;
        }
        if (h->b2_token == token) {
            h->b2_token = 0;
        }
    }
}

/* A refused write is not repeated at once: 1 s, doubling to 32 s. */
static void
back_off(struct guard *g, const struct nb_result *r,
         const struct guard_env *env)
{
    if (r->result == TXN_RESULT_ERROR) {
        const char *error = r->error ? r->error : "no reason given";

        if (!nullable_string_is_equal(g->nb_error, error)) {
            guard_log(g, 'e', "the Northbound database refuses a write: %s",
                      error);
            free(g->nb_error);
            g->nb_error = xstrdup(error);
        }
        g->nb_retry_ms = env->now + (1000LL << MIN(g->nb_failures, 5));
        g->nb_failures++;
    } else {
        g->nb_retry_ms = env->now + 100;
    }
    guard_wake_at(g, g->nb_retry_ms);
}

void
guard_nb_done(struct guard *g, const struct nb_result *r,
              const struct guard_env *env)
{
    g->in_doubt |= r->result == TXN_RESULT_UNKNOWN;
    if (r->token != g->nb_token) {
        late_answer(g, r, env);
        return;
    }
    g->nb_token = 0;
    guard_note_hold(g, NULL);
    if (r->result == TXN_RESULT_DONE) {
        if (g->in_doubt) {
            end_doubt(g, TXN_RESULT_UNKNOWN, env);
        }
        g->nb_failures = 0;
        free(g->nb_error);
        g->nb_error = NULL;
        for (size_t i = 0; i < g->n_planned; i++) {
            planned_done(g, &g->planned[i], env);
        }
        if (g->nb_sent) {
            guard_excludes_done(g, env, g->nb_sent);
        }
        if (r->nb_cfg) {
            /* After the clears of this batch: it covers them as well. */
            struct hold *h;
            for (size_t i = 0; i < g->n_planned; i++) {
                if (g->planned[i].kind == PLAN_CLEAR) {
                    h = hold_table_find_uuid(&g->holds, &g->planned[i].hold);
                    if (h) {
                        h->b1_token = r->token;
                    }
                }
            }
            give_barrier(g, r->token, r->nb_cfg, env);
        }
    } else {
        drop_barrier_tokens(g, r->token);
        if (r->result == TXN_RESULT_UNKNOWN) {
            begin_doubt(g);
        } else {
            for (size_t i = 0; i < g->n_planned; i++) {
                planned_failed(g, &g->planned[i], r->result, env);
            }
        }
        back_off(g, r, env);
    }
    nb_batch_destroy(g->nb_sent);
    g->nb_sent = NULL;
    guard_clear_plan(g);
}
