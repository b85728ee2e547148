/* SPDX-License-Identifier: Apache-2.0 */

/* From what changed to candidates, wants and duplicates: every dirty member's
 * ports are judged anew, every dirty address is looked at for duplicates.  The
 * work is in proportion to what changed. */

#include <config.h>

#include "guard-private.h"

#include "openvswitch/util.h"
#include "util.h"
#include "uuid.h"

void
guard_drop_all_judgements(struct guard *g)
{
    struct candidate *c;
    struct want *w;

    HMAP_FOR_EACH_SAFE (c, node, &g->candidates) {
        guard_drop_candidate(g, c);
    }
    guard_drop_duplicates(g);
    HMAP_FOR_EACH_SAFE (w, node, &g->wants) {
        guard_drop_want(g, w);
    }
}

/* ---- Members. ---- */

/* Drops the candidates and the want of a port that is no longer to be judged,
 * or whose address went. */
static void
prune_candidates(struct guard *g)
{
    struct candidate *c;
    struct want *w;

    HMAP_FOR_EACH_SAFE (c, node, &g->candidates) {
        const struct port *p = model_find_port(&g->model, &c->port);
        if (!p || p->kind != PORT_OWNED || !p->network
            || !ip_addr_set_contains(&p->static_ips, &c->addr)) {
            guard_drop_candidate(g, c);
        }
    }
    LIST_FOR_EACH_SAFE (w, list_node, &g->wants_waiting) {
        const struct port *p = model_find_port(&g->model, &w->port);
        if (!p || p->kind != PORT_OWNED || !p->network) {
            guard_drop_want(g, w);
        }
    }
}

/* What is said of the other ports with the address depends on this one. */
static void
judge_sharers(struct guard *g, const struct guard_env *env,
              const struct port *p, const struct ip_addr *ip)
{
    const struct addr_use *use = model_find_addr(&g->model, p->network, ip);

    if (!use || use->n < 2) {
        return;
    }
    for (size_t i = 0; i < use->n; i++) {
        const struct port *q = use->ports[i];
        if (q != p && q->kind == PORT_OWNED
            && ip_addr_set_contains(&q->static_ips, ip)) {
            guard_update_candidate(g, env, q, ip);
        }
    }
    guard_update_duplicate(g, env, use);
}

/* A move that looked unfinished may have failed since: the address that the
 * port is to have is on another one now.  Where there are very many this takes
 * several turns; nothing is lost by it, because what is cleared is judged once
 * more when it is written. */
static void
judge_moving(struct guard *g, const struct guard_env *env)
{
    size_t n = MIN(g->turns_left, g->portion);

    g->turns_left -= n;
    g->again |= g->turns_left > 0;
    while (n-- > 0 && !ovs_list_is_empty(&g->turns)) {
        struct candidate *c = CONTAINER_OF(ovs_list_pop_front(&g->turns),
                                           struct candidate, turn_node);

        ovs_list_push_back(&g->turns, &c->turn_node);
        if (c->kind == VERDICT_MOVING
            || (c->kind == VERDICT_CLEAR && c->state != CAND_SENT)) {
            guard_update_candidate(g, env,
                                   model_find_port(&g->model, &c->port),
                                   &c->addr);
        }
    }
}

void
guard_see_anew(struct guard *g, const struct guard_env *env,
               const struct port *p)
{
    for (size_t i = 0; i < p->ips.n; i++) {
        struct candidate *c = guard_find_candidate(g, &p->uuid,
                                                   &p->ips.addrs[i]);

        if (c) {
            c->fingerprint = NO_FINGERPRINT;
            c->since_ms = env->now;
        }
    }
}

static void
judge_member(struct guard *g, const struct guard_env *env, struct member *mb)
{
    size_t n_bound = 0, n_unbound = 0;
    bool came = mb->came;
    struct port *p;

    g->counters.members_judged++;
    MEMBER_FOR_EACH_PORT (p, mb) {
        enum binding_state state = judge_binding(&g->model, p);
        n_bound += state == BINDING_BOUND;
        n_unbound += state == BINDING_UNBOUND;
    }
    if (n_bound || n_unbound) {
        /* All of them together: the interfaces of the pod that was here
         * before need not go at the same moment. */
        model_note_binding(&g->model, mb, n_bound > 0);
    }
    guard_note_ipam_wait(g, env, mb);
    MEMBER_FOR_EACH_PORT (p, mb) {
        if (!p->network || p->kind != PORT_OWNED) {
            continue;
        }
        if (came) {
            guard_see_anew(g, env, p); /* The pod may have gone, too. */
        }
        for (size_t i = 0; i < p->static_ips.n; i++) {
            guard_update_candidate(g, env, p, &p->static_ips.addrs[i]);
            judge_sharers(g, env, p, &p->static_ips.addrs[i]);
        }
        if (g->mode == MODE_MANAGE) {
            guard_update_want(g, env, p);
        }
    }
    guard_event_member(g, env, mb);
    guard_note_hazards(g, env, mb);
    mb->came = false;
}

/* ---- Circles. ---- */

static void
add_cycle(struct guard *g, const struct uuid *port, struct sset *cycles)
{
    const struct port *p = model_find_port(&g->model, port);
    char *text = p ? judge_cycle(&g->model, &g->holds, p) : NULL;

    if (text) {
        sset_add_and_free(cycles, text);
    }
}

/* Where very many wait, circles are looked for so often only. */
#define CYCLES_MS 1000

/* A permutation of addresses among the ordinals of one StatefulSet: a rollout
 * that goes one by one cannot finish it. */
static void
look_for_cycles(struct guard *g, const struct guard_env *env)
{
    struct sset cycles = SSET_INITIALIZER(&cycles);
    const struct candidate *c;
    const struct want *w;
    const char *text;

    if (hmap_count(&g->candidates) + hmap_count(&g->wants) > g->portion
        && env->now < g->cycles_ms) {
        guard_wake_at(g, g->cycles_ms);
        return;
    }
    g->cycles_due = false;
    g->cycles_ms = env->now + CYCLES_MS;
    HMAP_FOR_EACH (c, node, &g->candidates) {
        add_cycle(g, &c->port, &cycles);
    }
    LIST_FOR_EACH (w, list_node, &g->wants_waiting) {
        add_cycle(g, &w->port, &cycles);
    }
    SSET_FOR_EACH (text, &cycles) {
        if (!sset_contains(&g->cycles, text)) {
            guard_log(g, 'w', "%s; a rollout one by one cannot finish this",
                      text);
        }
    }
    sset_swap(&g->cycles, &cycles);
    sset_destroy(&cycles);
}

/* ---- A turn. ---- */

void
guard_judge_dirty(struct guard *g, const struct guard_env *env)
{
    struct addr_use *use;
    struct member *mb;
    bool any = false;

    if (!g->model.nb_synced || !g->model.kube_synced) {
        return;                 /* Dirty lists keep until then. */
    }
    while ((use = model_take_dirty_addr(&g->model))) {
        guard_update_duplicate(g, env, use);
        any = true;
    }
    while ((mb = model_take_dirty_member(&g->model))) {
        judge_member(g, env, mb);
        any = true;
    }
    if (any || g->model.change_seqno != g->judged_seqno) {
        prune_candidates(g);
        guard_prune_duplicates(g);
        guard_prune_hazards(g, env);
        g->turns_left = hmap_count(&g->candidates);
        g->cycles_due = true;
        g->judged_seqno = g->model.change_seqno;
    }
    judge_moving(g, env);
    if (g->cycles_due) {
        look_for_cycles(g, env);
    }
}
