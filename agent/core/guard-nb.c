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
    if (kind == PLAN_SET || kind == PLAN_PUT_BACK) {
        pl->lost = model_describe_departure(&g->model, p, ip);
    }
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

void
guard_drop_plan(struct guard *g)
{
    for (size_t i = 0; i < g->n_planned; i++) {
        struct planned *pl = &g->planned[i];
        free(pl->case_);
        free(pl->reason);
        free(pl->owner);
        svec_destroy(&pl->evidence);
        departure_destroy(pl->lost);
    }
    free(g->planned);
    g->planned = NULL;
    g->n_planned = 0;
}

void
guard_clear_plan(struct guard *g)
{
    free_edits(g);
    guard_drop_plan(g);
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

const struct nb_write *
guard_find_write(const struct nb_batch *b, const struct uuid *port)
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

/* Another hand may have taken what 'pl' set off the port again, before the
 * mirror was told of either.  The model never saw it there, but SB and the
 * chassis may have: that it left is noted as if it had been seen.  Returns
 * false if the port has the address. */
static bool
has_left_again(struct guard *g, struct planned *pl, struct hold *h)
{
    const struct port *p = model_find_port(&g->model, &pl->port);

    if (p && p->network && uuid_equals(&p->network->uuid, &pl->lost->network)
        && ip_addr_set_contains(&p->ips, &pl->addr)) {
        return false;
    }
    if (h) {
        /* Should we have cleared it there before, it has been back since. */
        hold_remove_former(h, &pl->port);
    }
    pl->lost->row_gone = !p;
    pl->lost->gated = false;
    model_add_departure(&g->model, pl->lost);
    pl->lost = NULL;
    return true;
}

static void
set_done(struct guard *g, struct planned *pl, const struct nb_write *w,
         const struct guard_env *env)
{
    struct port *p = model_find_port(&g->model, &pl->port);
    struct hold *h = hold_table_find(&g->holds, &pl->lost->network, &pl->addr);
    char ip[IP_ADDR_STRLEN];

    g->counters.sets_done++;
    guard_log(g, 'i', "%s: %s set (case %s: %s)", w->port_name,
              ip_addr_to_string(&pl->addr, ip), pl->case_, pl->reason);
    guard_note_action(g, env, "set %s on %s", ip, w->port_name);
    if (!has_left_again(g, pl, h) && h && guard_same_owner(h, p)) {
        h->returned = true;
    }
}

static void
put_back_done(struct guard *g, struct planned *pl,
              const struct nb_write *w, const struct guard_env *env)
{
    struct hold *h = hold_table_find_uuid(&g->holds, &pl->hold);
    char ip[IP_ADDR_STRLEN];

    g->counters.put_backs++;
    guard_log(g, 'w', "%s: %s put back: %s", w->port_name,
              ip_addr_to_string(&pl->addr, ip), pl->reason);
    guard_note_action(g, env, "put %s back on %s", ip, w->port_name);
    guard_post_read_done(g, &pl->port, &pl->addr);
    guard_post_reads_follow(g, &pl->port, w);
    if (!has_left_again(g, pl, h) && h) {
        hold_remove_former(h, &pl->port);
        h->returned = true;
    }
}

void
guard_planned_done(struct guard *g, struct planned *pl,
                   const struct guard_env *env)
{
    const struct nb_write *w = guard_find_write(g->nb_sent, &pl->port);

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

/* Whether the address was ever set is not known, and never will be. */
static void
set_unknown(struct guard *g, struct planned *pl)
{
    const struct nb_write *w = guard_find_write(g->nb_sent, &pl->port);
    const struct port *p = model_find_port(&g->model, &pl->port);
    struct hold *h = hold_table_find(&g->holds, &pl->lost->network, &pl->addr);

    if (!w || (p && svec_equal(&p->addresses, &w->old_addresses))) {
        if (h && w) {
            hold_discard_barriers(h); /* It may have been there between. */
            guard_note_hold(g, h);
        }
    } else {
        has_left_again(g, pl, h);
    }
}

void
guard_planned_failed(struct guard *g, struct planned *pl,
                     enum txn_result result, const struct guard_env *env)
{
    if (pl->kind == PLAN_CLEAR) {
        guard_clear_failed(g, pl, result, env);
    } else if (pl->lost && result == TXN_RESULT_UNKNOWN) {
        set_unknown(g, pl);
    }
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
        guard_late_answer(g, r, env);
        return;
    }
    g->nb_token = 0;
    guard_note_hold(g, NULL);
    if (r->result == TXN_RESULT_DONE) {
        if (g->in_doubt) {
            guard_end_doubt(g, TXN_RESULT_UNKNOWN, env);
        }
        g->nb_failures = 0;
        free(g->nb_error);
        g->nb_error = NULL;
        for (size_t i = 0; i < g->n_planned; i++) {
            guard_planned_done(g, &g->planned[i], env);
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
            guard_begin_doubt(g);
        } else {
            for (size_t i = 0; i < g->n_planned; i++) {
                guard_planned_failed(g, &g->planned[i], r->result, env);
            }
        }
        back_off(g, r, env);
    }
    nb_batch_destroy(g->nb_sent);
    g->nb_sent = NULL;
    guard_clear_plan(g);
}
