/* SPDX-License-Identifier: Apache-2.0 */

/* The start: puts right what was loaded from the own database, once the
 * Northbound database is here.
 *
 * The copy of it may be older than the last write of whoever was active
 * before, because each instance is told of NB at its own pace.  An address
 * that it shows on a port which lost it, or was about to, thus may have gone;
 * and if it has not, it may have come back.  A port that was shut may seem to
 * be open.  So nothing is concluded from that before a transaction of our own
 * was answered: what NB did before that, we have been told by then. */

#include <config.h>

#include "guard-private.h"

#include "openvswitch/util.h"
#include "util.h"
#include "uuid.h"

static const struct addr_use *
use_of(const struct guard *g, const struct hold *h)
{
    const struct network *n = model_find_network(&g->model, &h->network);

    return n ? model_find_addr(&g->model, n, &h->addr) : NULL;
}

/* Does NB show the address of 'h' on a port that lost it, or was to? */
static bool
is_on_former_port(const struct guard *g, const struct hold *h)
{
    const struct addr_use *use = use_of(g, h);

    for (size_t i = 0; use && i < use->n; i++) {
        if (hold_find_former(h, &use->ports[i]->uuid)) {
            return true;
        }
    }
    return false;
}

/* Is 'gate' one whose port is to bear its mark, and does NB not show that? */
static bool
lacks_mark(const struct guard *g, const struct gate *gate)
{
    const struct port *p = model_find_port(&g->model, &gate->port);

    return !gate->closing && (!p || !p->mark);
}

bool
guard_mark_may_come(const struct guard *g, const struct gate *gate)
{
    return g->found_in_doubt && lacks_mark(g, gate);
}

bool
guard_may_be_shut(const struct guard *g, const struct port *p)
{
    const struct gate *gate = guard_find_gate(g, &p->uuid);

    return gate && guard_mark_may_come(g, gate);
}

void
guard_start_gate(struct guard *g, const struct gate *gate)
{
    if (lacks_mark(g, gate)) {
        g->in_doubt = g->found_in_doubt = true;
    }
}

void
guard_start_hold(struct guard *g, struct hold *h)
{
    const struct addr_use *use = use_of(g, h);

    /* They may be of another database, or of one that went back since; and
     * while nobody was connected SB may have gone back, and have come to the
     * same nb_cfg again before its rows did. */
    if (h->b1 || h->b2 || !hold_is_evidence_phase(h)) {
        hold_discard_barriers(h);
    }
    /* Whoever has the address openly by now keeps it, also if it took it while
     * we were active before. */
    h->n_takers = 0;
    for (size_t i = 0; use && i < use->n; i++) {
        const struct port *p = use->ports[i];

        if (!hold_find_former(h, &p->uuid) && evidence_is_gated(p)) {
            hold_add_taker(h, &p->uuid);
        }
    }
    if (is_on_former_port(g, h)) {
        /* An intent is never executed; step_hold() calls it off then. */
        g->in_doubt = g->found_in_doubt = true;
    }
    guard_hold_set_keeper(g, h);
}

/* 'h' has left the ports that it names, and 'p', one of them, has the address
 * all the same: it came back while nobody saw it. */
static void
take_back(struct guard *g, struct hold *h, const struct port *p)
{
    const struct candidate *c = guard_find_candidate(g, &p->uuid, &h->addr);

    if (c && c->state != CAND_WATCH) {
        return;                 /* It is to go by a new order. */
    }
    if (!guard_clear_is_sent(g, h, &p->uuid)) {
        hold_remove_former(h, &p->uuid);
    }
    bool own = guard_same_owner(h, p);

    h->returned |= own && !guard_has_left_others(g, h, p);
    if (own && !h->returned) {
        guard_hold_keep(g, h, &p->uuid);
    } else if (!h->n_takers) {
        guard_hold_set_keeper(g, h);
    } else if (uuid_is_zero(&h->keeper)) {
        guard_hold_keep(g, h, &p->uuid); /* They came later. */
    }
    guard_note_hold(g, h);
}

/* 'p' has the address of 'h', and whether it is shut was in doubt.  Either it
 * is, or it had the address openly at the start and thus keeps it. */
static void
settle_gated(struct guard *g, struct hold *h, const struct port *p)
{
    const struct gate *gate = guard_find_gate(g, &p->uuid);

    if (!gate || gate->closing || hold_has_taker(h, &p->uuid)) {
        return;
    }
    if (evidence_is_gated(p)) {
        hold_add_taker(h, &p->uuid);
    } else if (!p->mark && uuid_is_zero(&h->keeper)
               && !guard_arrives_now(g, p, &h->addr)) {
        guard_hold_keep(g, h, &p->uuid);
    }
    guard_note_hold(g, h);
}

void
guard_settle_returned(struct guard *g, struct hold *h)
{
    const struct addr_use *use = use_of(g, h);

    for (size_t i = 0; use && i < use->n; i++) {
        const struct port *p = use->ports[i];

        if (hold_find_former(h, &p->uuid) && hold_is_evidence_phase(h)
            && !guard_release_may_come(g, h, &p->uuid)) {
            take_back(g, h, p);
        }
    }
}

void
guard_settle_found(struct guard *g)
{
    struct hold *h;

    if (!g->found_in_doubt || g->in_doubt || !guard_is_started(g)) {
        return;
    }
    g->found_in_doubt = false;
    HMAP_FOR_EACH (h, node, &g->holds.holds) {
        const struct addr_use *use = use_of(g, h);

        if (h->would_be) {
            continue;
        }
        for (size_t i = 0; use && i < use->n; i++) {
            if (!hold_find_former(h, &use->ports[i]->uuid)) {
                settle_gated(g, h, use->ports[i]);
            }
        }
        guard_settle_returned(g, h);
    }
}

void
guard_start_if_ready(struct guard *g, const struct guard_env *env)
{
    struct gate *gate;
    struct hold *h;

    if (g->role != ROLE_ACTIVE || !g->loaded || g->started
        || !g->model.nb_synced) {
        return;
    }
    g->started = true;
    HMAP_FOR_EACH (gate, node, &g->gates) {
        guard_start_gate(g, gate);
    }
    HMAP_FOR_EACH (h, node, &g->holds.holds) {
        guard_start_hold(g, h);
    }
    guard_replay_standby_departures(g, env);
    g->look_back = true;
    /* Holds that were judged with may have ended by another hand. */
    model_mark_all(&g->model);
    g->own_changes++;
    guard_log(g, 'i', "started with %"PRIuSIZE" hold(s) and %"PRIuSIZE
              " gate(s)", hold_table_count(&g->holds),
              hmap_count(&g->gates));
    g->row_changed = true;
}
