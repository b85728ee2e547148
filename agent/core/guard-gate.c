/* SPDX-License-Identifier: Apache-2.0 */

/* Gates: a port that was seen taking a held address is kept disabled until the
 * address is clean (doc/design.md, 9.3).  The port is shut in the very turn in
 * which it is known that it may be; the record is stored beside that, and it
 * does no harm if only one of the two gets there: a mark without a record is
 * opened, and a record without a mark is dropped, once it is known that NB has
 * none (guard-start.c).  Opening is always allowed, and there is no gate
 * without an end.
 *
 * A disabled port sends and gets nothing, but OVN goes on answering ARP for
 * it.  So of two ports with one address the gated one has to lose the address
 * as well, once the other one is open: judge.c says so (case E).  It stays
 * shut, because the pod behind it still has the address, for as long as it
 * asks for it; when the other one has gone it gets the address back.  The
 * port of an owner that is gone is cleared (case D), which ends its gate.
 *
 * Whom to shut is decided in guard-gate-shut.c, what to open in
 * guard-gate-open.c. */

#include <config.h>

#include "guard-private.h"

#include "dialect.h"
#include "openvswitch/util.h"
#include "plant.h"
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

/* What 'enabled' was before the port of 'p' got our mark. */
static enum tristate
previous_of(const struct port *p)
{
    const char *colon = strchr(p->mark, ':');

    return colon && !strcmp(colon + 1, "true") ? TRI_TRUE : TRI_UNSET;
}

void
guard_create_gate(struct guard *g, const struct guard_env *env,
                  const struct port *p, const struct ip_addr *addr,
                  char *reason)
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

void
guard_delete_gate_row(struct guard *g, const struct uuid *uuid)
{
    g->delete_gates = xrealloc(g->delete_gates, (g->n_delete_gates + 1)
                                                * sizeof *g->delete_gates);
    g->delete_gates[g->n_delete_gates++] = *uuid;
}

void
guard_delete_gate(struct guard *g, struct gate *gate)
{
    if (gate->in_db || !gate->changed) { /* Or on its way there. */
        guard_delete_gate_row(g, &gate->uuid);
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

/* ---- What is to be written. ---- */

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

/* May a port of ours be shut at all, and not just wait to be opened? */
static bool
may_stay_shut(const struct guard *g)
{
    return (g->mode != MODE_OBSERVE && !g->stopping
            && g->model.dialect->gates_allowed);
}

/* Drops 'gate' if NB does not show the mark that its port has had, and will
 * not either. */
static void
drop_unmarked(struct guard *g, const struct guard_env *env, struct gate *gate)
{
    const struct port *p = model_find_port(&g->model, &gate->port);
    const char *why = !p ? "the port is gone" : "its mark is gone";

    if ((p && (p->mark || gate->closing))
        || (guard_mark_may_come(g, gate) && may_stay_shut(g))) {
        return;
    }
    guard_log(g, 'i', "%s: gate dropped: %s", p ? p->name : gate->port_name,
              why);
    journal_gate(g, env, gate, "ungate", why);
    guard_delete_gate(g, gate);
}

static void
tend_gate(struct guard *g, const struct guard_env *env, struct gate *gate,
          bool may_shut)
{
    const struct port *p = model_find_port(&g->model, &gate->port);
    struct hold *h;
    const char *why;
    bool alert;

    if (p && evidence_is_gated(p)) {
        /* Who opens it by hand means the address that it was shut for. */
        guard_retarget_gate(g, env, gate, p);
    }
    h = hold_table_find(&g->holds, &gate->network, &gate->addr);
    if (!p || (!p->mark && !gate->closing)) {
        return;                 /* See drop_unmarked(). */
    }
    if (!p->mark) {
        bool unused;
        if (!h || !hold_has_taker(h, &p->uuid)
            || uuid_equals(&h->keeper, &p->uuid)
            || guard_no_gate_because(g, h, p, &unused)) {
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
    why = guard_open_gate_because(g, env, gate, p, &alert);
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
    bool may_stay = may_stay_shut(g);
    const char *name;

    SSET_FOR_EACH (name, &g->model.marked_ports) {
        const struct port *p = model_find_port_by_name(&g->model, name);

        if (!p || !p->network || guard_find_gate(g, &p->uuid)) {
            continue;
        }
        const struct ip_addr *twice
            = (may_stay && evidence_is_gated(p)
               ? guard_would_be_duplicate(g, p) : NULL);
        if (twice) {
            char ip[IP_ADDR_STRLEN];

            guard_log(g, 'w', "%s: bears a gate's mark that is not recorded; "
                      "stays shut: another port has %s", p->name,
                      ip_addr_to_string(twice, ip));
            guard_create_gate(g, env, p, twice,
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
    /* First, because no port is shut again before. */
    HMAP_FOR_EACH_SAFE (gate, node, &g->gates) {
        drop_unmarked(g, env, gate);
    }
    if (may_shut && !PLANTED(TAKER_OPEN)) {
        struct hold *h;
        HMAP_FOR_EACH (h, node, &g->holds.holds) {
            if (h->n_takers) {
                guard_shut_takers(g, env, h);
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

/* ---- What came of it. ---- */

/* The gate of 'pl' is not known any more: it was not stored when a lock was
 * lost, and the mirror did not show the port shut by then.  What was done is
 * written down all the same, from what was sent. */
static void
journal_unknown_gate(struct guard *g, const struct guard_env *env,
                     const struct planned *pl, const struct nb_write *w)
{
    const struct port *p = model_find_port(&g->model, &pl->port);
    const struct network *n = p ? p->network : NULL;
    struct journal_entry *j = guard_journal(g, env,
                                            pl->kind == PLAN_GATE ? "gate"
                                            : "ungate", "", pl->reason);
    char ip[IP_ADDR_STRLEN];

    if (pl->addr.family) {      /* Of a mark without a record it is not. */
        guard_journal_address(j, n ? &n->uuid : &UUID_ZERO,
                              n ? n->name : NULL,
                              ip_addr_to_string(&pl->addr, ip));
    }
    guard_journal_port(j, &pl->port, w->port_name, NULL);
}

void
guard_gate_done(struct guard *g, const struct planned *pl,
                const struct nb_write *w, const struct guard_env *env)
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
        } else {
            journal_unknown_gate(g, env, pl, w);
        }
        guard_log(g, 'i', "%s: gated: %s", w->port_name,
                  pl->reason);
        guard_note_action(g, env, "gated %s (%s)", w->port_name,
                          ip);
        h = gate ? hold_table_find(&g->holds, &gate->network, &gate->addr)
                 : NULL;
        if (h && p) {
            guard_event_waiting(g, env, h, p);
        }
        return;
    }
    g->counters.gates_opened++;
    guard_log(g, 'i', "%s: gate opened: %s", w->port_name,
              pl->reason);
    guard_note_action(g, env, "opened the gate of %s", w->port_name);
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
        journal_unknown_gate(g, env, pl, w);
    }
}
