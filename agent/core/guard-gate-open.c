/* SPDX-License-Identifier: Apache-2.0 */

/* Which gate is to be opened, and why: who of those that wait for an address
 * gets it, and when a gate has no purpose any more.  guard-gate.c carries it
 * out. */

#include <config.h>

#include "guard-private.h"

#include "dialect.h"
#include "plant.h"
#include "pod.h"
#include "util.h"
#include "uuid.h"

static long long int
taker_age(const struct port *p)
{
    return p->member && p->member->n_pods ? p->member->pods[0]->created_s : 0;
}

/* Returns an open port that has an address of 'p' other than 'ip', and stores
 * that in '*addr'; NULL if there is none.  Opened, 'p' would share it. */
static const struct port *
shares_another(const struct guard *g, const struct ip_addr *ip,
               const struct port *p, const struct ip_addr **addr)
{
    for (size_t i = 0; i < p->ips.n; i++) {
        const struct addr_use *use;

        *addr = &p->ips.addrs[i];
        if (ip_addr_equals(*addr, ip)) {
            continue;
        }
        use = model_find_addr(&g->model, p->network, *addr);
        for (size_t j = 0; use && j < use->n; j++) {
            if (use->ports[j] != p && !evidence_is_gated(use->ports[j])) {
                return use->ports[j];
            }
        }
    }
    return NULL;
}

/* Is 'p', which has 'ip', shut for another address that its pod goes by, or
 * has it one that an open port has?  It is not opened before it has the first
 * one back, or that port has lost the other, which may be never. */
static bool
waits_for_another(const struct guard *g, const struct ip_addr *ip,
                  const struct port *p)
{
    const struct gate *gate = guard_find_gate(g, &p->uuid);
    const struct ip_addr *addr;

    return (gate
            && ((!ip_addr_equals(&gate->addr, ip)
                 && judge_wants(&g->model, g->mode, p, &gate->addr))
                || shares_another(g, ip, p, &addr)));
}

/* Of two gated takers, is 'a' to be opened rather than 'b'?  Who wants the
 * address by name, then who is shut for no other one, then the oldest pod,
 * then the name. */
static bool
goes_before(const struct guard *g, const struct ip_addr *ip,
            const struct port *a, const struct port *b)
{
    bool wants_a = judge_wants(&g->model, g->mode, a, ip);
    bool wants_b = judge_wants(&g->model, g->mode, b, ip);
    bool waits_a = waits_for_another(g, ip, a);
    bool waits_b = waits_for_another(g, ip, b);
    long long int age_a = taker_age(a);
    long long int age_b = taker_age(b);

    if (wants_a != wants_b) {
        return wants_a;
    }
    if (waits_a != waits_b) {
        return waits_b;
    }
    if (age_a != age_b) {
        return age_a < age_b;
    }
    return strcmp(a->name, b->name) < 0;
}

/* The ports of (network, address): the one gated port that is to be opened,
 * and whether another port has the address openly. */
static const struct port *
chosen_taker(const struct guard *g, const struct uuid *network,
             const struct ip_addr *ip, const struct port **open)
{
    const struct network *n = model_find_network(&g->model, network);
    const struct addr_use *use = n ? model_find_addr(&g->model, n, ip) : NULL;
    const struct port *best = NULL;

    *open = NULL;
    for (size_t i = 0; use && i < use->n; i++) {
        const struct port *p = use->ports[i];

        if (!evidence_is_gated(p)) {
            *open = p;
        } else if (!best || goes_before(g, ip, p, best)) {
            best = p;
        }
    }
    return best;
}

bool
guard_gates_settled(struct guard *g, struct hold *h)
{
    const struct port *open, *chosen;
    struct gate *gate;

    chosen = chosen_taker(g, &h->network, &h->addr, &open);
    if (!chosen || open || PLANTED(GATE_FORGOTTEN)) {
        return true;            /* Nobody waits, or somebody has it. */
    }
    guard_hold_keep(g, h, &chosen->uuid);
    if (waits_for_another(g, &h->addr, chosen)) {
        return true;            /* It loses this one when nobody keeps it any
                                 * more. */
    }
    gate = guard_find_gate(g, &chosen->uuid);
    if (gate) {
        gate->opening = true;
    }
    if (PLANTED(GATES_TOGETHER)) {
        HMAP_FOR_EACH (gate, node, &g->gates) {
            gate->opening |= ip_addr_equals(&gate->addr, &h->addr);
        }
    }
    return false;
}

char *
guard_gate_in_use(const struct guard *g, const struct gate *gate)
{
    const struct hold *h = hold_table_find(&g->holds, &gate->network,
                                           &gate->addr);
    const struct port *p = model_find_port(&g->model, &gate->port);
    const struct port *open;
    char ip[IP_ADDR_STRLEN];

    ip_addr_to_string(&gate->addr, ip);
    chosen_taker(g, &gate->network, &gate->addr, &open);
    if (open) {
        return xasprintf("%s is on port %s", ip, open->name);
    }
    if (p && p->network) {
        const struct ip_addr *addr;

        open = shares_another(g, &gate->addr, p, &addr);
        if (open) {
            return xasprintf("%s is on port %s", ip_addr_to_string(addr, ip),
                             open->name);
        }
    }
    return h && h->dirt ? xasprintf("%s is still in use by a port that had "
                                    "it", ip) : NULL;
}

/* 'p' has lost the address of its gate to another port, and the pod behind it
 * still goes by that address. */
static bool
waits_without(const struct guard *g, const struct gate *gate,
              const struct port *p, const struct port *open)
{
    return ((open || hold_table_find(&g->holds, &gate->network, &gate->addr))
            && p->member && p->member->n_pods
            && judge_wants(&g->model, g->mode, p, &gate->addr));
}

const struct ip_addr *
guard_would_be_duplicate(const struct guard *g, const struct port *p)
{
    for (size_t i = 0; i < p->ips.n; i++) {
        const struct addr_use *use = model_find_addr(&g->model, p->network,
                                                     &p->ips.addrs[i]);

        for (size_t j = 0; use && j < use->n; j++) {
            const struct port *q = use->ports[j];

            if (q != p && (!evidence_is_gated(q)
                           || goes_before(g, &p->ips.addrs[i], q, p))) {
                return &p->ips.addrs[i];
            }
        }
    }
    return NULL;
}

/* Why the gate on 'p' is to be opened although its address is no longer on
 * it: 'open' has it, or the hold 'h' keeps it, if that is not NULL.  NULL if
 * it is not to be opened. */
static const char *
because_lost(struct guard *g, const struct guard_env *env,
             const struct gate *gate, const struct port *p,
             const struct port *open, const struct hold *h)
{
    if ((open || h) && !g->model.kube_synced) {
        /* Whether its pod goes by the address that another port has, is not
         * known yet. */
        long long int due = gate->since_ms + g->settings.gate_max_ms;

        if (env->now < due) {
            guard_wake_at(g, due);
            return NULL;
        }
    }
    return (waits_without(g, gate, p, open) || guard_would_be_duplicate(g, p)
            ? NULL : "it no longer has the address");
}

/* The same of a gate whose port is the next one, and whose address nothing
 * shows in use. */
static const char *
because_overdue(struct guard *g, const struct guard_env *env,
                const struct gate *gate, bool *alert)
{
    long long int due = MAX(gate->since_ms + g->settings.gate_max_ms,
                            env->now + (gate->keep_until_wall_ms
                                        - env->wall));

    if (env->now >= due) {
        *alert = true;
        return "nothing shows the address in use, and the evidence is "
               "still incomplete after gate-max-seconds";
    }
    guard_wake_at(g, due);
    return NULL;
}

const char *
guard_open_gate_because(struct guard *g, const struct guard_env *env,
                        struct gate *gate, const struct port *p, bool *alert)
{
    const struct hold *h = hold_table_find(&g->holds, &gate->network,
                                           &gate->addr);
    const struct port *open, *chosen;
    const struct ip_addr *addr;
    bool shared;

    *alert = false;
    if (gate->by_hand) {
        return "an operator opened it";
    }
    chosen = chosen_taker(g, &gate->network, &gate->addr, &open);
    shared = p->network && shares_another(g, &gate->addr, p, &addr);
    if (PLANTED(OPEN_ANYWAY)) {
        open = NULL;
    }
    if (gate->opening) {
        /* As long as that holds: an older pod may have come meanwhile, or
         * the address may have been taken by somebody else. */
        if (h && h->state == HOLD_CLEAN && !h->dirt && !open && !shared
            && (chosen == p || PLANTED(GATES_TOGETHER))) {
            return "the address is clean";
        }
        gate->opening = false;
    }
    if (g->stopping) {
        return "the daemon is being stopped";
    }
    if (g->mode == MODE_OBSERVE) {
        return "the mode is observe now";
    }
    if (!g->model.dialect->gates_allowed) {
        return "its CNI writes 'enabled' itself";
    }
    if (!p->network || !uuid_equals(&p->network->uuid, &gate->network)) {
        return "it is on another network now";
    }
    if (!ip_addr_set_contains(&p->ips, &gate->addr)) {
        return because_lost(g, env, gate, p, open, h);
    }
    if (!h) {
        return (!open && !shared && chosen == p && !PLANTED(GATE_FORGOTTEN)
                ? "the hold has ended" : NULL);
    }
    if (open || shared || chosen != p) {
        return NULL;            /* Somebody else has it, or another one of its
                                 * addresses, or goes before. */
    }
    return h->dirt ? NULL : because_overdue(g, env, gate, alert);
}
