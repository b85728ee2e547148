/* SPDX-License-Identifier: Apache-2.0 */

/* Which ports are to be shut, for the sake of which held address, and which
 * may not be.  What shutting and opening is for is told in guard-gate.c, which
 * carries it out. */

#include <config.h>

#include "guard-private.h"

#include "dialect.h"
#include "openvswitch/shash.h"
#include "openvswitch/util.h"
#include "plant.h"
#include "pod.h"
#include "util.h"
#include "uuid.h"

static bool
is_outside(const struct guard *g, const struct member *mb, bool *later)
{
    char *why;
    enum member_scope scope = model_member_scope(&g->model, mb, &why);

    free(why);
    *later = scope == SCOPE_UNDECIDED;
    return scope != SCOPE_INSIDE;
}

const char *
guard_no_gate_because(const struct guard *g, const struct hold *h,
                      const struct port *p, bool *later)
{
    const struct member *mb = p->member;

    *later = false;
    if (!g->model.dialect->gates_allowed) {
        return "its CNI writes 'enabled' itself";
    } else if (p->kind != PORT_OWNED || !mb) {
        return "it is not proven ours";
    } else if (p->enabled == TRI_FALSE) {
        return "it is disabled by somebody else";
    } else if (model_member_opted_out(&g->model, mb)) {
        return "its owner opted out";
    } else if (is_outside(g, mb, later)) {
        return "its owner is outside of what is read, or has no node yet";
    } else if (judge_is_migrating(&g->model, p)) {
        return "it is a VM under migration";
    }
    for (size_t i = 0; i < mb->n_pods; i++) {
        if (mb->pods[i]->migrating) {
            return "it is a VM under migration";
        }
    }
    for (size_t i = 0; i < p->ips.n; i++) {
        if (!ip_addr_equals(&p->ips.addrs[i], &h->addr)
            && !hold_table_find(&g->holds, &h->network, &p->ips.addrs[i])) {
            return "it has another address in use";
        }
    }
    switch (judge_binding(&g->model, p)) {
    case BINDING_UNKNOWN:
        *later = true;
        return "its binding is not known yet";
    case BINDING_BOUND:
        return PLANTED(KEEPER_GATED) ? NULL : "it runs with it";
    case BINDING_UNBOUND:
        return NULL;
    }
    OVS_NOT_REACHED();
}

/* Why a port is kept from the address of 'h'. */
static char *
reason_of(const struct hold *h)
{
    char *whose = guard_hold_whose(h);
    char ip[IP_ADDR_STRLEN];
    char *reason = xasprintf("%s is held (%s)",
                             ip_addr_to_string(&h->addr, ip), whose);

    free(whose);
    return reason;
}

/* A port that took the address and cannot be gated is told once; one that runs
 * with it becomes the keeper. */
static void
tolerate_taker(struct guard *g, struct hold *h, const struct port *p,
               const char *why)
{
    char ip[IP_ADDR_STRLEN];

    guard_log(g, 'w', "%s: has taken %s, which is held, and is not gated: %s",
              p->name, ip_addr_to_string(&h->addr, ip), why);
    hold_remove_taker(h, &p->uuid);
    if (judge_binding(&g->model, p) == BINDING_BOUND
        && uuid_is_zero(&h->keeper)) {
        guard_hold_keep(g, h, &p->uuid);
    }
}

void
guard_shut_takers(struct guard *g, const struct guard_env *env,
                  struct hold *h)
{
    for (size_t i = 0; i < h->n_takers; i++) {
        const struct port *p = model_find_port(&g->model, &h->takers[i]);
        struct gate *gate = guard_find_gate(g, &h->takers[i]);
        const char *why;
        bool later;

        if (!p || !p->network || !uuid_equals(&p->network->uuid, &h->network)
            || !ip_addr_set_contains(&p->ips, &h->addr)) {
            hold_remove_taker(h, &h->takers[i]);
            i--;
            continue;
        }
        if (gate && gate->closing && !p->mark
            && !ip_addr_set_contains(&p->ips, &gate->addr)) {
            guard_delete_gate(g, gate); /* It came too late: the port has
                                         * another one by now. */
            gate = NULL;
        }
        if (evidence_is_gated(p) || gate) {
            continue;
        }
        if (uuid_equals(&h->keeper, &p->uuid) && !PLANTED(KEEPER_GATED)) {
            tolerate_taker(g, h, p, "it runs with it, or did before it could "
                           "be shut");
            i--;
            continue;
        }
        if (!h->fixed && hold_find_former(h, &p->uuid)) {
            continue;           /* It is being cleared. */
        }
        if (!h->fixed) {
            /* Holds of plain pods never gate. */
            if (uuid_is_zero(&h->keeper)) {
                guard_hold_keep(g, h, &p->uuid);
            }
            hold_remove_taker(h, &p->uuid);
            i--;
            continue;
        }
        why = guard_no_gate_because(g, h, p, &later);
        if (!why) {
            guard_create_gate(g, env, p, &h->addr, reason_of(h));
            /* It was open for a moment: that it is shut has to show
             * everywhere before the address is clean. */
            hold_discard_barriers(h);
        } else if (!later) {
            tolerate_taker(g, h, p, why);
            i--;
        }
    }
}

/* Is 'name' a port of 'shut' whose gate is on the switch of 'h', and for
 * another address?  The barriers of its own hold were discarded when the gate
 * was made, and until NB shows it shut the port is dirt there. */
static bool
is_shut_for_another(const struct shash *shut, const struct hold *h,
                    const char *name)
{
    const struct gate *gate = shash_find_data(shut, name);

    return (gate && uuid_equals(&gate->network, &h->network)
            && !ip_addr_equals(&gate->addr, &h->addr));
}

/* Would one of the ports of 'shut' block 'h' if it were open: because it had
 * the address, and may still send from it, or because it has it as well? */
static bool
relies_on(const struct guard *g, const struct hold *h,
          const struct shash *shut)
{
    const struct network *n = model_find_network(&g->model, &h->network);
    const struct addr_use *use = (n ? model_find_addr(&g->model, n, &h->addr)
                                  : NULL);
    bool found = false;

    for (size_t i = 0; i < h->n_former && !found; i++) {
        found = is_shut_for_another(shut, h, h->former[i].name);
    }
    for (size_t i = 0; use && i < use->n && !found; i++) {
        found = is_shut_for_another(shut, h, use->ports[i]->name);
    }
    return found;
}

/* From now on the evidence lets these ports off.  But no row of SB tells that
 * a port is shut: only barriers of after that show that ovn-northd and the
 * chassis have seen it. */
void
guard_note_shut_ports(struct guard *g)
{
    struct shash shut = SHASH_INITIALIZER(&shut);
    struct gate *gate;
    struct hold *h;

    HMAP_FOR_EACH (gate, node, &g->gates) {
        const struct port *p = model_find_port(&g->model, &gate->port);
        bool now = p && evidence_is_gated(p);

        if (now && !gate->shut) {
            shash_add_once(&shut, p->name, gate);
        }
        gate->shut = now;
    }
    if (!shash_is_empty(&shut)) {
        HMAP_FOR_EACH (h, node, &g->holds.holds) {
            if ((h->b1 || h->b1_token || h->b2_token)
                && relies_on(g, h, &shut)) {
                hold_discard_barriers(h);
                h->wants_b2 = false; /* b1 comes first. */
                guard_note_hold(g, h);
            }
        }
    }
    shash_destroy(&shut);
}

void
guard_retarget_gate(struct guard *g, const struct guard_env *env,
                    struct gate *gate, const struct port *p)
{
    bool has_it = ip_addr_set_contains(&p->ips, &gate->addr);

    if (!p->network || !uuid_equals(&p->network->uuid, &gate->network)
        || (has_it && hold_table_find(&g->holds, &gate->network,
                                      &gate->addr))) {
        return;
    }
    for (size_t i = 0; i < p->ips.n; i++) {
        const struct ip_addr *ip = &p->ips.addrs[i];
        const struct hold *h = hold_table_find(&g->holds, &gate->network, ip);

        if (h && h->fixed
            && (hold_has_taker(h, &p->uuid)
                || (hold_is_evidence_phase(h)
                    && !uuid_equals(&h->keeper, &p->uuid)
                    && (has_it || !judge_wants(&g->model, g->mode, p,
                                               &gate->addr))))) {
            /* It was shut when that hold was made, perhaps, and nobody waits
             * behind it for what it was shut for, or that is free. */
            gate->addr = *ip;
            free(gate->reason);
            gate->reason = reason_of(h);
            gate->since_ms = env->now;
            gate->since_wall_ms = env->wall;
            gate->opening = false;
            gate->changed = true;
            g->own_changes++;
            return;
        }
    }
}
