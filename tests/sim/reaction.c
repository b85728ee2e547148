/* SPDX-License-Identifier: Apache-2.0 */

/* What leaves a port is held in the very turn in which that is seen.  Two
 * ports with one address: that of those who take a held one each is shut in
 * the very turn in which it may be, and that all others are told of. */

#include <config.h>

#include "tests/sim/sim.h"

#include <string.h>

#include "openvswitch/util.h"
#include "util.h"
#include "uuid.h"

#include "agent/core/evidence.h"
#include "agent/core/guard-private.h"

static const struct hold *
find_hold(const struct instance *in, int net, int ip)
{
    struct uuid uuid = sim_uuid(UUID_NET, in->nb_net_ids[net]);
    struct ip_addr addr;

    ovs_assert(ip_addr_parse(ip_text(ip), &addr));
    return hold_table_find(guard_holds(in->guard), &uuid, &addr);
}

/* Keeps in->seen_guarded and in->seen_orphan.  A pod that was orphaned before
 * the instance heard of it is a plain one to it, unless it knew the
 * StatefulSet after which that is named; what it heard of an earlier pod of
 * the name, of which not even the port was left when this one came, tells
 * nothing. */
void
reaction_told(struct instance *in)
{
    for (int slot = 0; slot < N_OWNED_SLOTS; slot++) {
        const struct kpod *pod = &in->known[slot].pod;
        int sts = slot_sts(slot);

        if (pod->exists && !pod->owner_uid && sts >= 0) {
            in->seen_orphan |= 1u << slot;
        } else if (!pod->exists && !in->nb_rows[slot].id) {
            in->seen_orphan &= ~(1u << slot);
        }
        if ((pod->exists && (pod->owner_uid || sts < 0))
            || (sts >= 0 && in->known[OBJ_STS(sts)].sts.exists)) {
            in->seen_guarded |= 1u << slot;
        } else if (!pod->exists && !in->nb_rows[slot].id) {
            in->seen_guarded &= ~(1u << slot);
        }
    }
}

/* Does the instance take the pod in 'slot' for a plain one that names no
 * address?  That a StatefulSet which was made again has adopted it, it cannot
 * know before it is told: what the port loses until then is not held. */
static bool
is_taken_for_plain(const struct world *w, const struct instance *in, int slot)
{
    const struct kpod *pod = &in->known[slot].pod;
    uint32_t bit = 1u << slot;

    return (!w->config.scope_all && in->seen_orphan & bit
            && !(in->seen_guarded & bit)
            && (pod->allocated_ip != NO_IP || pod_wants(pod, slot) == NO_IP));
}

/* What is to be set on other ports of the network, but waits, for pods that
 * the instance knows.  Stores those ports' rows in 'waiters', by slot. */
static uint32_t
to_be_set(const struct instance *in, const struct nb_row *row,
          uint32_t waiters[N_OWNED_SLOTS])
{
    const struct want *want;
    uint32_t ips = 0;

    HMAP_FOR_EACH (want, node, &in->guard->wants) {
        for (int q = 0; q < N_OWNED_SLOTS; q++) {
            const struct nb_row *other = &in->nb_rows[q];
            const struct kpod *pod = &in->known[q].pod;
            int ip = pod->exists ? pod_wants(pod, q) : NO_IP;

            if (ip != NO_IP && want->waiting && other->id
                && other->id == sim_uuid_number(&want->port)
                && other->id != row->id && other->net == row->net
                && !pod->deleting && !pod->edited
                && !(row_ips(other) & (1u << ip))) {
                ips |= 1u << ip;
                waiters[q] = other->id;
            }
        }
    }
    return ips;
}

/* What others wait for behind a gate of the instance, of what was on 'row'. */
static uint32_t
waited_for(const struct instance *in, const struct nb_row *row)
{
    struct uuid port = sim_uuid(UUID_PORT, row->id);
    struct uuid net = sim_uuid(UUID_NET, in->nb_net_ids[row->net]);
    const struct gate *gate;
    uint32_t ips = 0;

    HMAP_FOR_EACH (gate, node, &in->guard->gates) {
        if (uuid_equals(&gate->network, &net)
            && !uuid_equals(&gate->port, &port)) {
            ips |= 1u << ip_number(&gate->addr);
        }
    }
    return ips;
}

/* Notes what goes from the port of 'slot'.  Who waits behind a gate never had
 * it; whether a plain pod asked for what it was given nobody can tell, and
 * what it or a foreign port leaves must be held if somebody waits for it. */
static void
note_departure(const struct world *w, struct instance *in, int slot,
               const struct nb_row *row)
{
    const struct nb_row *old = &in->nb_rows[slot];
    bool gated = old->mark && old->enabled == TRI_FALSE;
    uint32_t gone = row_ips(old) & ~row_ips(row);
    uint32_t must = 0;

    if (gone && !gated) {
        if (slot == SLOT_FOREIGN || slot == SLOT_PLAIN) {
            uint32_t gates = waited_for(in, old);

            if (!in->left[slot]) {
                memset(in->left_for[slot], 0, sizeof in->left_for[slot]);
                in->left_to_set[slot] = 0;
            }
            must = gone & (gates | to_be_set(in, old, in->left_for[slot]));
            in->left_to_set[slot] = (in->left_to_set[slot] | must) & ~gates;
        }
        if (slot < N_OWNED_SLOTS
            && (slot != SLOT_PLAIN || w->config.scope_all)
            && in->seen_guarded & (1u << slot)
            && truth_is_guarded(w, slot, in->born_ms)) {
            must = gone;
            in->left_to_set[slot] &= ~gone;
        }
    }
    in->left_plain[slot] &= ~row_ips(row);
    if (slot < N_OWNED_SLOTS && !gated && is_taken_for_plain(w, in, slot)) {
        in->left_plain[slot] |= gone;
    }
    in->left[slot] &= ~row_ips(row);
    if (must) {
        if (in->left_row[slot] != old->id) {
            in->left[slot] = 0; /* It came and went in one turn. */
        }
        in->left[slot] |= must;
        in->left_row[slot] = old->id;
        in->left_net[slot] = in->nb_net_ids[old->net];
    }
}

/* Then it is the keeper from the moment on in which it has the address, and
 * stays it when it is unplugged before the daemon could look. */
static bool
is_known_to_run(const struct model *m, const struct uuid *port)
{
    const struct port *p = model_find_port(m, port);

    return p && judge_binding(m, p) == BINDING_BOUND;
}

/* The instance is told that the port of 'slot' is 'row' now. */
void
reaction_row(struct world *w, struct instance *in, int slot,
             const struct nb_row *row)
{
    uint32_t had = row_ips(&in->nb_rows[slot]);
    uint32_t has = row_ips(row);

    struct uuid uuid = sim_uuid(UUID_PORT, row->id);

    note_departure(w, in, slot, row);

    in->took[slot] &= (in->nb_rows[slot].id == row->id && !row->mark ? has
                       : 0);
    for (int ip = 0; ip < N_IPS && slot < N_OWNED_SLOTS; ip++) {
        uint32_t bit = 1u << ip;
        const struct hold *h = (has & ~had & bit
                                ? find_hold(in, row->net, ip) : NULL);

        /* Who has it when an instance begins is no taker. */
        if (h && in->guard->started && h->fixed && h->state != HOLD_INTENT
            && !uuid_equals(&h->keeper, &uuid)
            && strcmp(h->owner.name, slot_name(slot))) {
            in->took[slot] |= bit;
            in->took_early[slot] &= ~bit;
            if (h->state == HOLD_CLEARING
                && !is_known_to_run(&in->guard->model, &uuid)) {
                in->took_early[slot] |= bit;
            }
            in->took_from[slot][ip] = h->uuid;
        }
    }
}

enum reaction {
    MAY_NOT_BE_SHUT,            /* It is told, and left alone for good. */
    CANNOT_BE_SHUT_YET,
    MUST_BE_SHUT,
};

/* May the port be shut for 'ip', by what the instance knows? */
static enum reaction
reaction_to(const struct world *w, const struct instance *in, int slot,
            int ip)
{
    const struct model *m = &in->guard->model;
    const struct nb_row *row = &in->nb_rows[slot];
    struct uuid uuid = sim_uuid(UUID_PORT, row->id);
    const struct port *p = model_find_port(m, &uuid);
    const struct hold *h = find_hold(in, row->net, ip);

    /* Of a hold that was made when it had the address it is no taker. */
    if (!p || !h || !uuid_equals(&h->uuid, &in->took_from[slot][ip])
        || !h->fixed || h->state == HOLD_INTENT
        || (uuid_equals(&h->keeper, &uuid)
            && !(in->took_early[slot] & (1u << ip)))
        || row->enabled == TRI_FALSE || row->migrating
        || judge_binding(m, p) == BINDING_BOUND
        || model_member_opted_out(m, p->member)
        || judge_is_migrating(m, p)
        || in->known[slot].pod.migrating || speaks_ovn_kubernetes(w)) {
        return MAY_NOT_BE_SHUT;
    }
    for (int i = 0; i < N_IPS; i++) {
        if (i != ip && row_ips(row) & (1u << i)
            && !find_hold(in, row->net, i)) {
            return MAY_NOT_BE_SHUT; /* It has another one in use. */
        }
    }
    return (h->state == HOLD_CLEAN || h->state == HOLD_CLEARING
            || judge_binding(m, p) == BINDING_UNKNOWN
            ? CANNOT_BE_SHUT_YET : MUST_BE_SHUT);
}

static void
check_slot(struct world *w, struct instance *in, int slot)
{
    struct uuid uuid = sim_uuid(UUID_PORT, in->nb_rows[slot].id);

    if (guard_find_gate(in->guard, &uuid) || guard_frozen(in->guard)) {
        in->took_early[slot] = 0;
    }
    for (int ip = 0; ip < N_IPS; ip++) {
        if (!(in->took[slot] & (1u << ip))
            || guard_find_gate(in->guard, &uuid)) {
            continue;
        }
        switch (reaction_to(w, in, slot, ip)) {
        case MAY_NOT_BE_SHUT:
            in->took[slot] &= ~(1u << ip);
            break;
        case CANNOT_BE_SHUT_YET:
            break;
        case MUST_BE_SHUT:
            violate(w, RULE_TAKER, "%s leaves %s open with %s, which is "
                    "held", in->name, slot_port(slot), ip_text(ip));
            break;
        }
    }
}

/* Was 'ip' to be held because it was to be set on another port, whose row has
 * gone in the same turn, or whose owner wants it no more? */
static bool
waits_no_more(const struct instance *in, int slot, int ip)
{
    const struct guard *g = in->guard;
    bool waits = !(in->left_to_set[slot] & (1u << ip));
    struct ip_addr addr;

    ovs_assert(ip_addr_parse(ip_text(ip), &addr));
    for (int q = 0; q < N_OWNED_SLOTS && !waits; q++) {
        uint32_t id = in->left_for[slot][q];

        if (id && id == in->nb_rows[q].id) {
            struct uuid row = sim_uuid(UUID_PORT, id);
            const struct port *p = model_find_port(&g->model, &row);

            waits = p && p->member && judge_wants(&g->model, g->mode, p,
                                                  &addr);
        }
    }
    return !waits;
}

/* The instance holds, with the port among the former ones, what has left
 * it. */
static void
check_departures(struct world *w, struct instance *in, int slot)
{
    struct uuid row = sim_uuid(UUID_PORT, in->left_row[slot]);
    int net = slot_net(slot);

    for (int ip = 0; ip < N_IPS; ip++) {
        const struct hold *h;

        if (!(in->left[slot] & (1u << ip)) || w->forced[net] & (1u << ip)
            || in->left_net[slot] != in->nb_net_ids[net]
            || waits_no_more(in, slot, ip)) {
            continue;           /* Or an operator has just ended its hold. */
        }
        h = find_hold(in, net, ip);
        if (!h || !hold_find_former(h, &row)) {
            violate(w, RULE_DEPARTED, "%s does not hold %s, which has left "
                    "%s", in->name, ip_text(ip), slot_port(slot));
        }
    }
    in->left[slot] = 0;
}

/* After a turn. */
void
reaction_check(struct world *w, struct instance *in,
               const struct guard_env *env)
{
    const struct guard *g = in->guard;
    bool active = active_instance(w) == in;

    for (int slot = 0; slot < N_SLOTS; slot++) {
        if (!active) {
            in->left[slot] = 0;
        } else if (in->left[slot] && g->loaded && g->started) {
            check_departures(w, in, slot);
        }
        if (in->took[slot] && !active) {
            in->took[slot] = 0;
        } else if (in->took[slot] && g->started && !env->nb_busy
                   && !g->in_doubt && env->now >= g->nb_retry_ms
                   && !guard_write_refusal(g, env, false)) {
            check_slot(w, in, slot);
        }
    }
}

/* ---- Rest. ---- */

static bool
is_listed(const struct instance *in, const struct uuid *net, int ip)
{
    const struct duplicate *d;

    HMAP_FOR_EACH (d, node, &in->guard->duplicates) {
        if (uuid_equals(&d->network, net) && ip_number(&d->addr) == ip) {
            return true;
        }
    }
    return false;
}

/* What several ports have, one of them openly, is told of, and nothing else
 * is. */
void
reaction_rest(struct world *w, const struct instance *in)
{
    for (int net = 0; net < N_NETS; net++) {
        for (int ip = 0; ip < N_IPS; ip++) {
            struct uuid uuid = sim_uuid(UUID_NET, w->nb.net_ids[net]);
            int n = 0, n_open = 0;

            for (int slot = 0; slot < N_SLOTS; slot++) {
                const struct nb_row *row = &w->nb.rows[slot];

                n += row->net == net && row_ips(row) & (1u << ip);
                n_open += (row->net == net && row_ips(row) & (1u << ip)
                           && !(row->mark && row->enabled == TRI_FALSE));
            }
            if ((n > 1 && n_open) != is_listed(in, &uuid, ip)) {
                violate(w, RULE_AUDIT, "%d ports have %s on net%d, which is "
                        "%stold of", n, ip_text(ip), net,
                        is_listed(in, &uuid, ip) ? "" : "not ");
            }
        }
    }
}
