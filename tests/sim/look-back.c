/* SPDX-License-Identifier: Apache-2.0 */

/* That the owner is asked again after a clear, and has its address back if it
 * wanted it by then. */

#include <config.h>

#include "tests/sim/sim.h"

#include "util.h"

/* A read may wait until a transaction without an answer is no longer in
 * doubt. */
#define LOOK_BACK_MS 10000

/* The instance is told that 'b' was carried out. */
void
look_back_due(struct world *w, struct instance *in, const struct nb_batch *b)
{
    for (size_t i = 0; i < b->n; i++) {
        const struct nb_write *wr = &b->writes[i];
        int slot = slot_of_port(wr->port_name);
        uint32_t gone = (wr->set_addresses
                         ? svec_ips(&wr->old_addresses)
                           & ~svec_ips(&wr->new_addresses) : 0);

        for (int ip = 0; ip < N_IPS; ip++) {
            if (gone & (1u << ip) && slot >= 0
                && !rules_is_undone(in, slot, ip, in->nb_ordered_ms)
                && in->nb_rows[slot].id == sim_uuid_number(&wr->port)) {
                in->look_back |= 1u << slot;
                in->look_back_ms = w->now;
            }
        }
    }
}

void
look_back_asked(struct instance *in, int slot)
{
    if (slot >= 0) {
        in->look_back &= ~(1u << slot);
    }
}

/* After a turn. */
void
look_back_check(struct world *w, struct instance *in)
{
    for (int slot = 0; active_instance(w) == in && slot < N_OWNED_SLOTS;
         slot++) {
        w->losses[slot].succeeded |= in->number != w->losses[slot].instance;
    }
    if (!in->look_back) {
        return;
    }
    if (active_instance(w) != in) {
        in->look_back = 0;      /* What was under way is dropped. */
    } else if (w->now - in->look_back_ms > LOOK_BACK_MS) {
        violate(w, RULE_LOOK_BACK, "%s has not asked for %s after a clear",
                in->name, slot_name(raw_ctz(in->look_back)));
    }
}

/* ---- Who lost what. ---- */

static bool
is_elsewhere(const struct world *w, int slot, int ip)
{
    for (int q = 0; q < N_SLOTS; q++) {
        if (q != slot && slot_net(q) == slot_net(slot)
            && row_ips(&w->nb.rows[q]) & (1u << ip)) {
            return true;
        }
    }
    return false;
}

/* A port loses 'ip' by our hand; 'left' is what stays on it.  A pod that has a
 * right to it gets it back, unless somebody else has it, or the pod may run
 * with what was set in its place. */
void
look_back_note_loss(struct world *w, const struct instance *in, int slot,
                    int ip, const struct nb_row *left)
{
    struct loss *l = &w->losses[slot];

    bool wanted = w->places[slot].own_since[ip] != NEVER;
    bool more = l->lost_ms == w->now && l->seq == w->nb.seq;
    uint32_t ips = (more ? l->ips : 0) | (1u << ip);

    coverage->losses += wanted;
    if (!more || !l->is_lost) {
        *l = (struct loss) { .ip = ip, .lost_ms = w->now, .seq = w->nb.seq,
                             .left = *left, .instance = in->number,
                             .is_lost = (wanted && !is_elsewhere(w, slot, ip)
                                         && !(row_ips(left) & 0x3f)) };
    }
    l->ips = ips;
}

/* Was 'ip' taken off the port by our hand, and nothing else done to it since?
 * Then it is not given, but put back: nobody else may have it in NB, but who
 * had it before that, had it beside this port. */
bool
look_back_is_put_back(const struct world *w, int slot, int ip)
{
    const struct loss *l = &w->losses[slot];

    return (l->lost_ms && l->ips & (1u << ip)
            && row_equals(&l->left, &w->nb.rows[slot]));
}

static bool
is_blocked(const struct world *w, int slot, int ip)
{
    const struct hold *h = own_find_hold_of(w, slot_net(slot), ip);

    return h && h->state == HOLD_BLOCKED;
}

/* At rest: is it still without it, although nothing else has happened? */
void
look_back_rest(struct world *w)
{
    for (int slot = 0; slot < N_OWNED_SLOTS; slot++) {
        const struct loss *l = &w->losses[slot];
        bool elsewhere = l->is_lost && is_elsewhere(w, slot, l->ip);

        if ((w->n_killed || l->succeeded)
            && w->own_replaced_ms >= l->lost_ms) {
            continue;           /* The own database was lost or went back to
                                 * before the clear, and nobody was left who
                                 * knew of it. */
        }
        if (w->n_killed && w->forced[slot_net(slot)] & (1u << l->ip)) {
            continue;           /* An operator ended its hold, then nobody was
                                 * left who knew of it. */
        }
        if (is_blocked(w, slot, l->ip)) {
            continue;           /* A person has been told. */
        }
        if (w->kube.pods[slot].exists && w->kube.pods[slot].opted_out) {
            continue;           /* Its port is not ours to write any more. */
        }
        if (!l->is_lost || !row_equals(&l->left, &w->nb.rows[slot])
            || w->places[slot].own_since[l->ip] > l->lost_ms) {
            continue;
        }
        for (int q = 0; q < N_SLOTS; q++) {
            elsewhere |= (q != slot && slot_net(q) == slot_net(slot)
                          && w->nb.gained[q][l->ip] > l->seq);
        }
        if (!elsewhere) {
            violate(w, RULE_GIVEN_BACK, "%s has lost %s, which its pod "
                    "wanted", slot_port(slot), ip_text(l->ip));
        }
    }
}
