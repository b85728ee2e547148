/* SPDX-License-Identifier: Apache-2.0 */

/* Gates: a port that was seen taking a held address is kept disabled until the
 * address is clean (doc/design.md, 9.3).  The port is shut in the very turn in
 * which it is known that it may be; the record is stored beside that, and it
 * does no harm if only one of the two gets there: a mark without a record is
 * opened, and a record without a mark is dropped.  Opening is always allowed,
 * and there is no gate without an end.
 *
 * A disabled port sends and gets nothing, but OVN goes on answering ARP for
 * it.  So of two ports with one address the gated one has to lose the address
 * as well, once the other one is open: judge.c says so (case E).  It stays
 * shut, because the pod behind it still has the address, for as long as it
 * asks for it; when the other one has gone it gets the address back.  The
 * port of an owner that is gone is cleared (case D), which ends its gate. */

#include <config.h>

#include "guard-private.h"

#include "dialect.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "plant.h"
#include "pod.h"
#include "util.h"
#include "uuid.h"

static const char by_another_hand[] = "it was enabled by another hand";

struct gate *
guard_find_gate(const struct guard *g, const struct uuid *port)
{
    struct gate *gate;

    HMAP_FOR_EACH_WITH_HASH (gate, node, uuid_hash(port), &g->gates) {
        if (uuid_equals(&gate->port, port)) {
            return gate;
        }
    }
    return NULL;
}

/* Forgets 'gate', here and in the own database. */
void
guard_delete_gate(struct guard *g, struct gate *gate)
{
    if (gate->in_db || !gate->changed) { /* Or on its way there. */
        g->delete_gates = xrealloc(g->delete_gates, (g->n_delete_gates + 1)
                                   * sizeof *g->delete_gates);
        g->delete_gates[g->n_delete_gates++] = gate->uuid;
    }
    hmap_remove(&g->gates, &gate->node);
    gate_destroy(gate);
    g->own_changes++;
}

static void
journal_gate(struct guard *g, const struct guard_env *env,
             const struct gate *gate, const char *action, const char *reason)
{
    struct journal_entry *j = guard_journal(g, env, action, "", reason);
    char ip[IP_ADDR_STRLEN];

    guard_journal_address(j, &gate->network, gate->network_name,
                          ip_addr_to_string(&gate->addr, ip));
    guard_journal_port(j, &gate->port, gate->port_name, NULL);
}

/* ---- Shutting. ---- */

static bool
is_outside(const struct guard *g, const struct member *mb, bool *later)
{
    char *why;
    enum member_scope scope = model_member_scope(&g->model, mb, &why);

    free(why);
    *later = scope == SCOPE_UNDECIDED;
    return scope != SCOPE_INSIDE;
}

/* Why 'p', which takes the address of 'h', may not be gated; NULL if it may.
 * '*later' is set if that may change by itself. */
static const char *
no_gate_because(const struct guard *g, const struct hold *h,
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

/* What 'enabled' was before the port of 'p' got our mark. */
static enum tristate
previous_of(const struct port *p)
{
    const char *colon = strchr(p->mark, ':');

    return colon && !strcmp(colon + 1, "true") ? TRI_TRUE : TRI_UNSET;
}

/* Of 'p', which is to be shut or, if it bears a mark, is.  Takes 'reason'. */
static void
create_gate(struct guard *g, const struct guard_env *env,
            const struct port *p, const struct ip_addr *addr, char *reason)
{
    struct gate *gate = xzalloc(sizeof *gate);

    guard_new_uuid(g, &gate->uuid);
    gate->port = p->uuid;
    gate->port_name = xstrdup(p->name);
    gate->network = p->network->uuid;
    gate->network_name = xstrdup(p->network->name);
    gate->addr = *addr;
    gate->previous = p->mark ? previous_of(p) : p->enabled;
    gate->reason = reason;
    gate->since_wall_ms = env->wall;
    gate->since_ms = env->now;
    gate->changed = true;
    gate->closing = !p->mark;
    hmap_insert(&g->gates, &gate->node, uuid_hash(&gate->port));
    g->own_changes++;
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

static void
shut_takers(struct guard *g, const struct guard_env *env, struct hold *h)
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
        why = no_gate_because(g, h, p, &later);
        if (!why) {
            create_gate(g, env, p, &h->addr, reason_of(h));
            /* It was open for a moment: that it is shut has to show
             * everywhere before the address is clean. */
            hold_discard_barriers(h);
        } else if (!later) {
            tolerate_taker(g, h, p, why);
            i--;
        }
    }
}

/* ---- Opening. ---- */

static long long int
taker_age(const struct port *p)
{
    return p->member && p->member->n_pods ? p->member->pods[0]->created_s : 0;
}

/* Of two gated takers, is 'a' to be opened rather than 'b'?  Who wants the
 * address by name, then the oldest pod, then the name. */
static bool
goes_before(const struct guard *g, const struct ip_addr *ip,
            const struct port *a, const struct port *b)
{
    bool wants_a = judge_wants(&g->model, g->mode, a, ip);
    bool wants_b = judge_wants(&g->model, g->mode, b, ip);
    long long int age_a = taker_age(a);
    long long int age_b = taker_age(b);

    if (wants_a != wants_b) {
        return wants_a;
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

/* Is there nothing left to open before 'h', which is clean, may be released?
 * If there is, the port that is to have the address becomes the keeper, and
 * its gate is opened in this turn or the next. */
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
    gate = guard_find_gate(g, &chosen->uuid);
    if (gate && !ip_addr_equals(&gate->addr, &h->addr)
        && judge_wants(&g->model, g->mode, chosen, &gate->addr)) {
        return true;            /* It waits for another address, and loses
                                 * this one when nobody keeps it any more. */
    }
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
    const struct port *open;
    char ip[IP_ADDR_STRLEN];

    ip_addr_to_string(&gate->addr, ip);
    chosen_taker(g, &gate->network, &gate->addr, &open);
    if (open) {
        return xasprintf("%s is on port %s", ip, open->name);
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

/* The address of 'p' that, once it is open, another open port has as well, or
 * NULL.  A CNI controller may have given the gated port another one meanwhile.
 * Of two that are shut just one may be opened. */
static const struct ip_addr *
would_be_duplicate(const struct guard *g, const struct port *p)
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

/* Why the gate on 'p' is to be opened now, or NULL. */
static const char *
open_because(struct guard *g, const struct guard_env *env, struct gate *gate,
             const struct port *p, bool *alert)
{
    const struct hold *h = hold_table_find(&g->holds, &gate->network,
                                           &gate->addr);
    const struct port *open, *chosen;

    *alert = false;
    if (gate->by_hand) {
        return "an operator opened it";
    }
    chosen = chosen_taker(g, &gate->network, &gate->addr, &open);
    if (PLANTED(OPEN_ANYWAY)) {
        open = NULL;
    }
    if (gate->opening) {
        /* As long as that holds: an older pod may have come meanwhile, or
         * the address may have been taken by somebody else. */
        if (h && h->state == HOLD_CLEAN && !h->dirt && !open
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
        if ((open || h) && !g->model.kube_synced) {
            /* Whether its pod goes by the address that another port has, is
             * not known yet. */
            long long int due = gate->since_ms + g->settings.gate_max_ms;

            if (env->now < due) {
                guard_wake_at(g, due);
                return NULL;
            }
        }
        return (waits_without(g, gate, p, open) || would_be_duplicate(g, p)
                ? NULL : "it no longer has the address");
    }
    if (!h) {
        return (!open && chosen == p && !PLANTED(GATE_FORGOTTEN)
                ? "the hold has ended" : NULL);
    }
    if (open || chosen != p) {
        return NULL;            /* Somebody else has it, or goes before. */
    }
    if (!h->dirt) {
        long long int due = MAX(gate->since_ms + g->settings.gate_max_ms,
                                env->now + (gate->keep_until_wall_ms
                                            - env->wall));
        if (env->now >= due) {
            *alert = true;
            return "nothing shows the address in use, and the evidence is "
                   "still incomplete after gate-max-seconds";
        }
        guard_wake_at(g, due);
    }
    return NULL;
}

static void
plan_open(struct guard *g, const struct port *p, enum tristate previous,
          const struct ip_addr *ip, const char *why)
{
    struct port_edit *edit = guard_edit(g, p);

    if (p->enabled == TRI_FALSE) {
        edit->enabled = previous;
    }
    free(edit->mark);
    edit->mark = NULL;
    guard_plan(g, PLAN_UNGATE, p, ip, "", why);
}

/* 'p' lost the address of its gate to a port that has gone since: whoever
 * wrote it there does not know, so it is given back with the opening. */
static void
give_back(struct guard *g, const struct guard_env *env,
          const struct gate *gate, const struct port *p)
{
    struct entitlement e;
    const char *kind;
    char *obstacle;

    if (g->mode != MODE_GUARD || guard_write_refusal(g, env, false)
        || !p->network || !uuid_equals(&p->network->uuid, &gate->network)
        || ip_addr_set_contains(&p->ips, &gate->addr)
        || !p->member || !p->member->n_pods
        || !judge_wants(&g->model, g->mode, p, &gate->addr)) {
        return;
    }
    judge_entitlement(&g->model, g->mode, p, &e);
    obstacle = guard_set_obstacle(g, env, p, &gate->addr, &kind);
    if (!obstacle) {
        obstacle = guard_edit_set(g, p, &e, &gate->addr, NULL);
    }
    if (obstacle) {
        guard_log(g, 'w', "%s: does not get its address back: %s", p->name,
                  obstacle);
        free(obstacle);
    } else {
        guard_plan(g, PLAN_SET, p, &gate->addr, "E", "it is free again");
    }
    entitlement_destroy(&e);
}

/* A gated port that has got another address which is held: the gate is now
 * for that one.  Opened in between it would be there with a held address. */
static void
retarget_gate(struct guard *g, const struct guard_env *env,
              struct gate *gate, const struct port *p)
{
    if (!p->network || !uuid_equals(&p->network->uuid, &gate->network)
        || ip_addr_set_contains(&p->ips, &gate->addr)) {
        return;
    }
    for (size_t i = 0; i < p->ips.n; i++) {
        const struct ip_addr *ip = &p->ips.addrs[i];
        const struct hold *h = hold_table_find(&g->holds, &gate->network, ip);

        if (h && h->fixed
            && (hold_has_taker(h, &p->uuid)
                || (hold_is_evidence_phase(h)
                    && !uuid_equals(&h->keeper, &p->uuid)
                    && !judge_wants(&g->model, g->mode, p, &gate->addr)))) {
            /* It was shut when that hold was made, perhaps, and nobody waits
             * behind it for what it was shut for. */
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

static void
tend_gate(struct guard *g, const struct guard_env *env, struct gate *gate,
          bool may_shut)
{
    const struct port *p = model_find_port(&g->model, &gate->port);
    struct hold *h;
    const char *why;
    bool alert;

    if (p && p->mark) {
        retarget_gate(g, env, gate, p);
    }
    h = hold_table_find(&g->holds, &gate->network, &gate->addr);
    if (!p) {
        guard_log(g, 'i', "%s: gate dropped: the port is gone",
                  gate->port_name);
        journal_gate(g, env, gate, "ungate", "the port is gone");
        guard_delete_gate(g, gate);
        return;
    }
    if (!p->mark) {
        bool unused;
        if (!gate->closing) {
            guard_log(g, 'i', "%s: gate dropped: its mark is gone", p->name);
            journal_gate(g, env, gate, "ungate", "its mark is gone");
            guard_delete_gate(g, gate);
        } else if (!h || !hold_has_taker(h, &p->uuid)
                   || uuid_equals(&h->keeper, &p->uuid)
                   || no_gate_because(g, h, p, &unused)) {
            guard_delete_gate(g, gate);
        } else if (may_shut) {
            struct port_edit *edit = guard_edit(g, p);
            edit->enabled = TRI_FALSE;
            free(edit->mark);
            edit->mark = xasprintf(UUID_FMT":%s", UUID_ARGS(&gate->uuid),
                                   p->enabled == TRI_TRUE ? "true" : "unset");
            guard_plan(g, PLAN_GATE, p, &gate->addr, "", gate->reason);
        }
        return;
    }
    gate->closing = false;
    if (p->enabled != TRI_FALSE) {
        plan_open(g, p, gate->previous, &gate->addr, by_another_hand);
        return;
    }
    why = open_because(g, env, gate, p, &alert);
    if (why) {
        if (alert && !gate->alerted) {
            gate->alerted = true;
            guard_log(g, 'w', "%s: gate is opened: %s", p->name, why);
        }
        give_back(g, env, gate, p);
        plan_open(g, p, gate->previous, &gate->addr, why);
    }
}

/* Ports that bear our mark without a record of ours: the record was lost, or
 * the mark is of another time.  They are opened, or recorded anew where a port
 * with the same address is open: of two none is to be opened beside it. */
static void
tend_unrecorded(struct guard *g, const struct guard_env *env)
{
    bool may_stay = (g->mode != MODE_OBSERVE && !g->stopping
                     && g->model.dialect->gates_allowed);
    const char *name;

    SSET_FOR_EACH (name, &g->model.marked_ports) {
        const struct port *p = model_find_port_by_name(&g->model, name);

        if (!p || !p->network || guard_find_gate(g, &p->uuid)) {
            continue;
        }
        const struct ip_addr *twice
            = (may_stay && evidence_is_gated(p) ? would_be_duplicate(g, p)
               : NULL);
        if (twice) {
            char ip[IP_ADDR_STRLEN];

            guard_log(g, 'w', "%s: bears a gate's mark that is not recorded; "
                      "stays shut: another port has %s", p->name,
                      ip_addr_to_string(twice, ip));
            create_gate(g, env, p, twice,
                        xasprintf("another port has %s", ip));
        } else {
            struct ip_addr none = { .family = 0 };

            guard_log(g, 'w', "%s: bears a gate's mark that is not recorded; "
                      "opened", p->name);
            plan_open(g, p, previous_of(p), &none, "no record of the gate");
        }
    }
}

void
guard_plan_gates(struct guard *g, const struct guard_env *env)
{
    bool may_shut = (!g->requests_only
                     && !guard_write_refusal(g, env, false));
    struct gate *gate;

    if (guard_book_refusal(g, env) || !g->started || !g->model.nb_synced
        || env->now < g->nb_retry_ms) {
        return;
    }
    if (may_shut && !PLANTED(TAKER_OPEN)) {
        struct hold *h;
        HMAP_FOR_EACH (h, node, &g->holds.holds) {
            if (h->n_takers) {
                shut_takers(g, env, h);
            }
        }
    }
    HMAP_FOR_EACH_SAFE (gate, node, &g->gates) {
        tend_gate(g, env, gate, may_shut);
    }
    if (!sset_is_empty(&g->model.marked_ports)) {
        tend_unrecorded(g, env);
    }
}

void
guard_gate_done(struct guard *g, const struct planned *pl,
                const struct guard_env *env)
{
    struct gate *gate = guard_find_gate(g, &pl->port);
    const struct port *p = model_find_port(&g->model, &pl->port);
    struct hold *h;
    char ip[IP_ADDR_STRLEN];

    ip_addr_to_string(&pl->addr, ip);
    if (pl->kind == PLAN_GATE) {
        g->counters.gates_closed++;
        if (gate) {
            gate->closing = false;
            journal_gate(g, env, gate, "gate", pl->reason);
        }
        guard_log(g, 'i', "%s: gated: %s", p ? p->name : "a port",
                  pl->reason);
        guard_note_action(g, env, "gated %s (%s)", p ? p->name : "a port",
                          ip);
        h = gate ? hold_table_find(&g->holds, &gate->network, &gate->addr)
                 : NULL;
        if (h && p) {
            guard_event_waiting(g, env, h, p);
        }
        return;
    }
    g->counters.gates_opened++;
    guard_log(g, 'i', "%s: gate opened: %s", p ? p->name : "a port",
              pl->reason);
    guard_note_action(g, env, "opened the gate of %s", p ? p->name : "a port");
    if (gate) {
        h = hold_table_find(&g->holds, &gate->network, &gate->addr);
        if (h) {
            hold_remove_taker(h, &pl->port);
            if (p && ip_addr_set_contains(&p->ips, &gate->addr)
                && strcmp(pl->reason, by_another_hand)) {
                /* It has the address by our leave, whoever was to have it by
                 * now. */
                guard_hold_keep(g, h, &p->uuid);
            }
        }
        journal_gate(g, env, gate, "ungate", pl->reason);
        guard_delete_gate(g, gate);
    } else {
        struct journal_entry *j = guard_journal(g, env, "ungate", "",
                                                pl->reason);

        guard_journal_port(j, &pl->port, p ? p->name : "", NULL);
    }
}
