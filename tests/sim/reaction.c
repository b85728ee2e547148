/* SPDX-License-Identifier: Apache-2.0 */

/* Two ports with one address: that of those who take a held one each is shut
 * in the very turn in which it may be, and that all others are told of. */

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

/* The instance is told that the port of 'slot' is 'row' now. */
void
reaction_row(struct instance *in, int slot, const struct nb_row *row)
{
    uint32_t had = row_ips(&in->nb_rows[slot]);
    uint32_t has = row_ips(row);

    in->took[slot] &= in->nb_rows[slot].id == row->id ? has : 0;
    for (int ip = 0; ip < N_IPS && slot < N_OWNED_SLOTS; ip++) {
        uint32_t bit = 1u << ip;
        const struct hold *h = (has & ~had & bit
                                ? find_hold(in, row->net, ip) : NULL);

        if (h && h->fixed && hold_is_evidence_phase(h)
            && strcmp(h->owner.name, slot_name(slot))) {
            in->took[slot] |= bit;
        }
    }
}

/* May the port be shut for 'ip', by what the instance knows? */
static bool
is_to_be_shut(const struct world *w, const struct instance *in, int slot,
              int ip)
{
    const struct model *m = &in->guard->model;
    const struct nb_row *row = &in->nb_rows[slot];
    struct uuid uuid = sim_uuid(UUID_PORT, row->id);
    const struct port *p = model_find_port(m, &uuid);
    const struct hold *h = find_hold(in, row->net, ip);

    if (!p || !h || !h->fixed || !hold_is_evidence_phase(h)
        || h->state == HOLD_CLEAN || uuid_equals(&h->keeper, &uuid)
        || row->enabled == TRI_FALSE || row->migrating
        || judge_binding(m, p) != BINDING_UNBOUND
        || model_member_opted_out(m, p->member)
        || judge_is_migrating(m, p)
        || in->known[slot].pod.migrating || speaks_ovn_kubernetes(w)) {
        return false;
    }
    for (int i = 0; i < N_IPS; i++) {
        if (i != ip && row_ips(row) & (1u << i)
            && !find_hold(in, row->net, i)) {
            return false;       /* It has another one in use. */
        }
    }
    return true;
}

/* After a turn in which NB could be written. */
void
reaction_check(struct world *w, struct instance *in,
               const struct guard_env *env)
{
    const struct guard *g = in->guard;

    for (int slot = 0; slot < N_OWNED_SLOTS; slot++) {
        struct uuid uuid = sim_uuid(UUID_PORT, in->nb_rows[slot].id);

        if (!in->took[slot]) {
            continue;
        }
        if (active_instance(w) != in) {
            in->took[slot] = 0;
        }
        for (int ip = 0; ip < N_IPS; ip++) {
            if (in->took[slot] & (1u << ip)
                && is_to_be_shut(w, in, slot, ip) && g->started
                && !env->nb_busy && !g->in_doubt
                && env->now >= g->nb_retry_ms
                && !guard_write_refusal(g, env, false)
                && !guard_find_gate(g, &uuid)) {
                violate(w, RULE_TAKER, "%s leaves %s open with %s, which is "
                        "held", in->name, slot_port(slot), ip_text(ip));
            }
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
