/* SPDX-License-Identifier: Apache-2.0 */

/* Holds in motion: departures make them, evidence moves them, and every end is
 * written down. */

#include <config.h>

#include "guard-private.h"

#include "ipam-object.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "plant.h"
#include "pod.h"
#include "util.h"
#include "uuid.h"

/* A standby remembers departures for so long: the active instance may die
 * between seeing one and storing the hold. */
#define STANDBY_MEMORY_MS 60000

/* MAC_Binding rows whose deletion does not show are not deleted again for so
 * long. */
#define FLUSH_RETRY_MS 1000

struct standby_departure {
    struct ovs_list node;
    struct departure *departure;
    long long int seen_ms;
};

bool
guard_same_vm(const struct port *a, const struct port *b)
{
    return (a->member && b->member
            && model_member_is_of_vm(a->member, b->member->ns,
                                     model_member_vm(b->member)));
}

bool
guard_is_owner(const struct hold *h, const struct member *mb)
{
    return (mb && h->owner.name[0] && !PLANTED(OWNER_HELD)
            && !strcmp(mb->ns, h->owner.ns)
            && (!strcmp(mb->name, h->owner.name)
                || (!strcmp(h->owner.kind, owner_kind_to_string(OWNER_VM))
                    && model_member_is_of_vm(mb, h->owner.ns,
                                             h->owner.workload))));
}

char *
guard_hold_whose(const struct hold *h)
{
    return (h->owner.name[0]
            ? xasprintf("formerly %s/%s", h->owner.ns, h->owner.name)
            : xstrdup(h->reason));
}

bool
guard_same_owner(const struct hold *h, const struct port *p)
{
    return guard_is_owner(h, p->member);
}

/* Did 'p' get the address in the very update in which it left another port?
 * Then it is a taker: nothing is clean yet, and had the two come one by one it
 * would have found the hold in force. */
static bool
arrives_now(const struct model *m, const struct port *p,
            const struct ip_addr *ip)
{
    const struct arrival *a;

    LIST_FOR_EACH (a, node, &m->arrivals) {
        if (uuid_equals(&a->port, &p->uuid)
            && ip_addr_equals(&a->addr, ip)) {
            return true;
        }
    }
    return false;
}

void
guard_hold_keep(struct guard *g, struct hold *h, const struct uuid *port)
{
    const struct network *n = model_find_network(&g->model, &h->network);

    if (uuid_equals(&h->keeper, port)) {
        return;
    }
    h->keeper = *port;
    h->changed = true;
    g->own_changes++;
    if (n) {
        /* A keeper's address stays as long as the hold does. */
        model_mark_addr(&g->model, n, &h->addr);
        g->again = true;
    }
}

/* The keeper: the one port that has the address when the hold is made (or at
 * start, or runs with it).  It is never gated and does not count as dirt. */
void
guard_hold_set_keeper(struct guard *g, struct hold *h)
{
    const struct network *n = model_find_network(&g->model, &h->network);
    const struct addr_use *use = (n ? model_find_addr(&g->model, n, &h->addr)
                                  : NULL);
    const struct port *keeper = NULL;
    int best = -1;

    for (size_t i = 0; use && i < use->n; i++) {
        const struct port *p = use->ports[i];
        int rank;

        if (hold_find_former(h, &p->uuid) || evidence_is_gated(p)
            || arrives_now(&g->model, p, &h->addr)) {
            continue;
        }
        rank = (judge_binding(&g->model, p) == BINDING_BOUND ? 4
                : judge_wants(&g->model, g->mode, p, &h->addr) ? 2 : 0);
        /* Of equals the one that was it before, in another life, too. */
        rank += uuid_equals(&p->uuid, &h->keeper);
        if (rank > best) {
            best = rank;
            keeper = p;
        }
    }
    struct uuid uuid = keeper ? keeper->uuid : UUID_ZERO;
    guard_hold_keep(g, h, &uuid);
}

/* 'port' no longer has the address: one more former port, new barriers. */
void
guard_hold_departed(struct guard *g, struct hold *h, const struct uuid *port,
                    const char *port_name, const char *mac,
                    const struct guard_env *env)
{
    hold_add_former(h, port, port_name, mac, env->wall);
    hold_remove_taker(h, port);
    h->returned = false;
    if (uuid_equals(&h->keeper, port)) {
        h->keeper = UUID_ZERO;
    }
    h->gone_wall_ms = env->wall;
    h->gone_ms = env->now;
    if (strcmp(h->boot_id, env->boot_id)) {
        free(h->boot_id);
        h->boot_id = xstrdup(env->boot_id);
    }
    g->own_changes++;
}

/* ---- Departures (case F). ---- */

/* Was 'd' a gated port, and has somebody else the address?  Then it never had
 * it, and its row made anew is to be shut again. */
static bool
lost_gate(const struct departure *d, const struct addr_use *use)
{
    for (size_t i = 0; d->gated && use && i < use->n; i++) {
        const struct member *mb = use->ports[i]->member;

        if (!evidence_is_gated(use->ports[i])
            && !(mb && !strcmp(mb->ns, d->ns)
                 && !strcmp(mb->name, d->owner))) {
            return true;
        }
    }
    return false;
}

static void
set_owner_from_departure(struct hold *h, const struct departure *d)
{
    hold_set_owner(h, d->ns, owner_kind_to_string(d->owner_kind), d->owner,
                   d->workload, d->uid);
}

static void
hold_departure(struct guard *g, const struct guard_env *env,
               const struct departure *d)
{
    struct hold *h = hold_table_find(&g->holds, &d->network, &d->addr);
    const struct network *n = model_find_network(&g->model, &d->network);
    const struct addr_use *use = (n ? model_find_addr(&g->model, n, &d->addr)
                                  : NULL);
    bool fixed = (d->owner_kind == OWNER_STATEFULSET
                  || d->owner_kind == OWNER_VM || d->explicit_claim);
    char ip[IP_ADDR_STRLEN];

    if (h) {
        if (!hold_is_evidence_phase(h)
            && hold_find_former(h, &d->port)) {
            return;             /* Our clear, or somebody was faster. */
        }
        if (d->owned && !d->gated) {
            /* Who had it last is the one that may have it back at once; who
             * waited for it behind a gate never had it. */
            set_owner_from_departure(h, d);
            h->fixed |= fixed;
        }
        guard_hold_departed(g, h, &d->port, d->port_name, d->mac, env);
        return;
    }
    /* Whether an owner that was never seen named its address, is not known: it
     * may have gone while nobody watched.  Its hold gates nobody. */
    if (!d->owned
        || (!fixed && !d->unknown_owner
            && g->settings.hold_scope != HOLD_SCOPE_ALL)) {
        return;
    }
    for (size_t i = 0; use && i < use->n && !lost_gate(d, use); i++) {
        const struct member *mb = use->ports[i]->member;
        if (mb && ((!strcmp(mb->ns, d->ns) && !strcmp(mb->name, d->owner))
                   || (d->owner_kind == OWNER_VM
                       && model_member_is_of_vm(mb, d->ns,
                                                d->workload)))) {
            return;             /* Its owner has it on another row. */
        }
    }
    if (hold_table_count(&g->holds) >= (size_t) g->settings.max_holds) {
        guard_log(g, 'w', "%s: %s left it but is not held: as many holds as "
                  "allowed exist (max-holds)", d->port_name,
                  ip_addr_to_string(&d->addr, ip));
        return;
    }

    struct uuid uuid;
    guard_new_uuid(g, &uuid);
    h = hold_create(&uuid, &d->network, d->network_name, &d->addr);
    h->would_be = g->role == ROLE_OBSERVER;
    h->state = HOLD_DRAINING;
    h->state_since_ms = env->now;
    h->created_wall_ms = env->wall;
    h->fixed = fixed;
    free(h->reason_case);
    h->reason_case = xstrdup("F");
    free(h->reason);
    h->reason = xasprintf("it left %s%s", d->port_name,
                          d->row_gone ? ", whose row is gone" : "");
    if (!lost_gate(d, use)) {
        set_owner_from_departure(h, d);
    }
    guard_hold_departed(g, h, &d->port, d->port_name, d->mac, env);
    hold_table_insert(&g->holds, h);
    guard_hold_set_keeper(g, h);
    g->counters.holds_created++;
    guard_log(g, 'i', "%s on %s: %sheld (case F: %s)",
              ip_addr_to_string(&d->addr, ip), d->network_name,
              h->would_be ? "would be " : "", h->reason);
    if (!h->would_be) {
        struct journal_entry *j = guard_journal(g, env, "hold", "F",
                                                h->reason);
        guard_journal_hold(j, h);
        guard_note_action(g, env, "held %s on %s (it left %s)", ip,
                          d->network_name, d->port_name);
        guard_event_held(g, env, h);
        guard_event_takers(g, env, h);
    }
}

static void
expire_standby_departures(struct guard *g, long long int now)
{
    struct standby_departure *s;

    LIST_FOR_EACH_SAFE (s, node, &g->standby_departures) {
        if (now - s->seen_ms <= STANDBY_MEMORY_MS) {
            break;
        }
        ovs_list_remove(&s->node);
        departure_destroy(s->departure);
        free(s);
    }
}

void
guard_forget_standby_departures(struct guard *g)
{
    expire_standby_departures(g, LLONG_MAX);
}

/* Having become the active instance: what left a port lately and is not held
 * is held now. */
void
guard_replay_standby_departures(struct guard *g, const struct guard_env *env)
{
    struct standby_departure *s;

    expire_standby_departures(g, env->now);
    LIST_FOR_EACH_POP (s, node, &g->standby_departures) {
        const struct port *p = model_find_port(&g->model,
                                               &s->departure->port);
        if (!p || !ip_addr_set_contains(&p->ips, &s->departure->addr)) {
            hold_departure(g, env, s->departure);
        }
        departure_destroy(s->departure);
        free(s);
    }
}

void
guard_take_departures(struct guard *g, const struct guard_env *env)
{
    bool act = (g->role == ROLE_OBSERVER
                || (g->role == ROLE_ACTIVE && g->loaded && g->started));
    struct departure *d;

    expire_standby_departures(g, env->now);
    while ((d = model_take_departure(&g->model))) {
        if (act) {
            hold_departure(g, env, d);
            departure_destroy(d);
        } else {
            struct standby_departure *s = xmalloc(sizeof *s);
            s->departure = d;
            s->seen_ms = env->now;
            ovs_list_push_back(&g->standby_departures, &s->node);
        }
    }
}

/* ---- Arrivals: takers, and owners that come back. ---- */

void
guard_take_arrivals(struct guard *g, const struct guard_env *env)
{
    struct arrival *a;

    while ((a = model_take_arrival(&g->model))) {
        struct hold *h = hold_table_find(&g->holds, &a->network, &a->addr);
        const struct port *p = model_find_port(&g->model, &a->port);
        struct candidate *c = guard_find_candidate(g, &a->port, &a->addr);
        char ip[IP_ADDR_STRLEN];

        model_note_arrival(&g->model, a, env->wall);
        if (c) {
            /* It was away, if only between two turns: as if seen now. */
            c->fingerprint = ~c->fingerprint;
            c->since_ms = env->now;
        }
        if (h && !hold_is_evidence_phase(h)
            && hold_find_former(h, &a->port)) {
            /* Its clear, if it is not on its way yet, is off: see above. */
        } else if (h && p && p->network
                   && uuid_equals(&p->network->uuid, &a->network)
                   && ip_addr_set_contains(&p->ips, &a->addr)
                   && !uuid_equals(&h->keeper, &a->port)) {
            hold_remove_former(h, &a->port);
            ip_addr_to_string(&a->addr, ip);
            if (guard_same_owner(h, p)) {
                h->returned = true;
            } else {
                hold_add_taker(h, &a->port);
                guard_log(g, 'i', "%s: takes %s, which is held (%s)",
                          p->name, ip, hold_state_to_string(h->state));
            }
            g->own_changes++;
        }
        free(a);
    }
}

/* ---- Steps. ---- */

/* The switch of 'h' is gone: if exactly one switch bears its name now, the
 * hold moves there. */
static void
follow_network(struct guard *g, struct hold *h)
{
    size_t n_found;
    struct network *n;

    if (model_find_network(&g->model, &h->network) || !g->model.nb_synced) {
        return;
    }
    n = model_find_network_by_name(&g->model, h->network_name, &n_found);
    if (n_found != 1
        || hold_table_find(&g->holds, &n->uuid, &h->addr)) {
        return;
    }
    hold_table_remove(&g->holds, h);
    h->network = n->uuid;
    hold_table_insert(&g->holds, h);
    hold_discard_barriers(h);
    guard_hold_set_keeper(g, h);
    g->own_changes++;
}

static void
replace_set(struct hold *h, struct sset *old, struct sset *new)
{
    if (!sset_equals(old, new)) {
        sset_swap(old, new);
        h->changed = true;
    }
}

static void
note_missed_chassis(struct guard *g, const struct evidence *e)
{
    const char *name;

    SSET_FOR_EACH (name, &e->missed_chassis) {
        struct chassis *c = CONST_CAST(struct chassis *,
                                       model_find_chassis(&g->model, name));
        if (c && c->missed_at < c->nb_cfg) {
            c->missed_at = c->nb_cfg;
            guard_log(g, 'w', "chassis %s did not confirm a barrier in time",
                      name);
        }
    }
}

static void
queue_flush(struct guard *g, struct hold *h, const struct evidence *e,
            const struct guard_env *env)
{
    char ip[IP_ADDR_STRLEN];

    if (!e->n_flush || env->sb_busy || h->would_be
        || guard_write_refusal(g, env, true)) {
        return;
    }
    if (h->flushed_ms && env->now < h->flushed_ms + FLUSH_RETRY_MS) {
        guard_wake_at(g, h->flushed_ms + FLUSH_RETRY_MS);
        return;
    }
    g->flush = xrealloc(g->flush,
                        (g->n_flush + e->n_flush) * sizeof *g->flush);
    memcpy(g->flush + g->n_flush, e->flush, e->n_flush * sizeof *e->flush);
    g->n_flush += e->n_flush;
    h->flushed_ms = env->now;
    struct journal_entry *j = guard_journal(g, env, "flush", h->reason_case,
                                            "MAC_Binding rows that map it to "
                                            "a former port's MAC");
    guard_journal_hold(j, h);
    guard_log(g, 'i', "%s on %s: %"PRIuSIZE" stale MAC_Binding row(s) "
              "deleted", ip_addr_to_string(&h->addr, ip), h->network_name,
              e->n_flush);
}

/* A reservation has no steps, and what another life began is not known. */
static void
note_steps(struct guard *g, const struct hold *h, const struct guard_env *env)
{
    if (!h->would_be && h->n_former && h->gone_ms && h->b2_since_ms) {
        step_times_add(&g->steps[STEP_SOUTHBOUND],
                       h->b2_since_ms - h->gone_ms);
        step_times_add(&g->steps[STEP_CHASSIS],
                       h->state_since_ms - h->b2_since_ms);
        step_times_add(&g->steps[STEP_RELEASE], env->now - h->gone_ms);
    }
}

static void
end_hold(struct guard *g, struct hold *h, enum hold_state end,
         const struct guard_env *env)
{
    guard_note_ended(g, h, end, env);
    switch (end) {
    case HOLD_RELEASED:
        note_steps(g, h, env);
        g->counters.holds_released++;
        guard_end_hold(g, h, "release", "clean", env);
        break;
    case HOLD_CANCELLED:
        g->counters.holds_cancelled++;
        guard_end_hold(g, h, "cancel",
                       h->returned ? "its owner has it again"
                       : h->force ? "released by hand"
                       : "nothing was cleared", env);
        break;
    case HOLD_FORCED:
        g->counters.holds_released++;
        guard_end_hold(g, h, "force", "released by hand before it was clean",
                       env);
        break;
    case HOLD_INTENT:
    case HOLD_CLEARING:
    case HOLD_DRAINING:
    case HOLD_BLOCKED:
    case HOLD_CLEAN:
        OVS_NOT_REACHED();
    }
}

static void
log_blocked(struct guard *g, const struct hold *h)
{
    const char **names = sset_sort(&h->blockers);
    struct ds ds = DS_EMPTY_INITIALIZER;
    char ip[IP_ADDR_STRLEN];

    for (size_t i = 0; names[i]; i++) {
        ds_put_format(&ds, "%s%s", i ? "; " : "", names[i]);
    }
    guard_log(g, 'w', "%s on %s: held for more than %lld s, waiting for: %s",
              ip_addr_to_string(&h->addr, ip), h->network_name,
              g->settings.hold_deadline_ms / 1000, ds_cstr(&ds));
    ds_destroy(&ds);
    free(names);
}

/* That a person's reservation lasts is no reason for an alert. */
static bool
is_only_reserved(const struct hold *h)
{
    return (sset_count(&h->blockers) == 1
            && sset_contains(&h->blockers, EVIDENCE_RESERVED));
}

/* Is 'name' a port that still waits for the address of 'h' to be set on it? */
static bool
still_waits(const struct guard *g, const struct hold *h, const char *name)
{
    const struct port *p = model_find_port_by_name(&g->model, name);

    return (p && p->network && p->member
            && uuid_equals(&p->network->uuid, &h->network)
            && guard_waits_for_set(g, p)
            && judge_wants(&g->model, g->mode, p, &h->addr));
}

/* Keeps h->waiters: ports behind a gate, and in mode manage those whose
 * address was not set because of the hold (guard_set_obstacle adds them). */
static void
update_waiters(const struct guard *g, struct hold *h)
{
    const struct network *n = model_find_network(&g->model, &h->network);
    const struct addr_use *use = (n ? model_find_addr(&g->model, n, &h->addr)
                                  : NULL);
    struct sset waiters = SSET_INITIALIZER(&waiters);
    const char *name;

    for (size_t i = 0; use && i < use->n; i++) {
        if (evidence_is_gated(use->ports[i])) {
            sset_add(&waiters, use->ports[i]->name);
        }
    }
    SSET_FOR_EACH (name, &h->waiters) {
        if (still_waits(g, h, name)) {
            sset_add(&waiters, name);
        }
    }
    replace_set(h, &h->waiters, &waiters);
    sset_destroy(&waiters);
}

/* A port that runs with the address is the keeper, whenever that began. */
static void
keep_runner(struct guard *g, struct hold *h)
{
    const struct network *n = model_find_network(&g->model, &h->network);
    const struct addr_use *use = (n ? model_find_addr(&g->model, n, &h->addr)
                                  : NULL);

    for (size_t i = 0; use && i < use->n && uuid_is_zero(&h->keeper); i++) {
        const struct port *p = use->ports[i];

        if (judge_binding(&g->model, p) == BINDING_BOUND
            && !hold_find_former(h, &p->uuid) && !evidence_is_gated(p)) {
            guard_hold_keep(g, h, &p->uuid);
        }
    }
}

static bool
plans_clear(const struct planned *planned, size_t n, const struct hold *h)
{
    for (size_t i = 0; i < n; i++) {
        if (planned[i].kind == PLAN_CLEAR
            && uuid_equals(&planned[i].hold, &h->uuid)) {
            return true;
        }
    }
    return false;
}

bool
guard_is_being_released(const struct guard *g, const struct hold *h)
{
    if (g->settings.release != RELEASE_KUBE_OVN) {
        return false;
    }
    for (size_t i = 0; i < h->n_former; i++) {
        const char *name = h->former[i].name;
        const struct ip_object *o = model_find_ip_object(&g->model, name);

        if (guard_ip_op_state(g, name) == IP_OP_GOES_ON
            || (o && o->deleting)) {
            return true;
        }
    }
    return false;
}

/* How far is the clear that belongs to 'h'?  CAND_WATCH if there is none. */
static enum candidate_state
clear_state(const struct guard *g, const struct hold *h)
{
    const struct candidate *c;

    HMAP_FOR_EACH_WITH_HASH (c, hold_node, uuid_hash(&h->uuid), &g->clears) {
        if (c->state != CAND_WATCH && uuid_equals(&c->hold, &h->uuid)) {
            return c->state;
        }
    }
    if ((g->nb_token && plans_clear(g->planned, g->n_planned, h))
        || plans_clear(g->doubt.planned, g->doubt.n_planned, h)) {
        return CAND_SENT;       /* Its reason is gone meanwhile. */
    }
    return guard_is_being_released(g, h) ? CAND_SENT : CAND_WATCH;
}

static void
step_hold(struct guard *g, struct hold *h, const struct guard_env *env)
{
    struct hold_facts f = { .stored = false };
    struct evidence e;
    char ip[IP_ADDR_STRLEN];

    follow_network(g, h);
    keep_runner(g, h);
    update_waiters(g, h);
    if (h->b2 && !h->b2_since_ms && g->model.sb_nb_cfg >= h->b2) {
        /* No chassis can have seen it before. */
        h->b2_since_ms = env->now;
    }
    evidence_collect(&g->model, &g->settings, h, env->now, env->wall, &e);
    if (!h->would_be && hold_is_evidence_phase(h)
        && !guard_start_barrier_passed(g)) {
        sset_add(&e.blockers, "the start barrier has not passed in SB");
        guard_want_start_barrier(g);
    }
    h->dirt = e.dirt;
    h->wants_b1 = e.needs_b1 && !h->b1_token && hold_is_evidence_phase(h);
    h->wants_b2 = e.needs_b2 && !h->b2_token && hold_is_evidence_phase(h);
    if (!h->would_be) {
        g->bump_needed |= h->wants_b1 || h->wants_b2;
    }
    if (e.n_flush && hold_is_evidence_phase(h)) {
        queue_flush(g, h, &e, env);
    }
    note_missed_chassis(g, &e);
    guard_wake_at(g, e.wake_ms);

    long long int deadline = h->state_since_ms + g->settings.hold_deadline_ms;
    f.stored = h->would_be || (h->in_db && !h->changed && !h->storing);
    f.address_gone = e.address_gone && !e.network_gone && e.complete;
    if (h->state == HOLD_INTENT || h->state == HOLD_CLEARING) {
        f.address_gone = e.address_gone && g->model.nb_synced;
        h->clear_lost |= (!g->in_doubt && clear_state(g, h) == CAND_WATCH
                          && !PLANTED(OLD_INTENT));
    }
    f.clear_lost = h->clear_lost;
    /* What is on its way cannot be called back: its hold stays until then. */
    bool may_end = ((h->returned || h->force)
                    && clear_state(g, h) != CAND_SENT);
    f.owner_returned = h->returned && may_end;
    f.evidence_complete = e.complete;
    f.n_blockers = sset_count(&e.blockers);
    f.network_gone = e.network_gone;
    f.force = h->force && may_end;
    f.frozen = (g->safety.frozen || g->safety.behind_ms || env->paused);
    if (hold_is_evidence_phase(h)) {
        replace_set(h, &h->blockers, &e.blockers);
        replace_set(h, &h->notes, &e.notes);
        f.deadline_passed = (h->state == HOLD_DRAINING
                             && env->now >= deadline
                             && !is_only_reserved(h));
        if (h->state == HOLD_DRAINING && env->now < deadline) {
            guard_wake_at(g, deadline);
        }
    }
    f.gate_opened = (h->state == HOLD_CLEAN && !f.n_blockers
                     && guard_gates_settled(g, h));
    if (h->state == HOLD_CLEAN && !h->would_be
        && !guard_start_barrier_passed(g)) {
        /* Of the barriers of another life nobody knows what they covered. */
        f.gate_opened = false;
        guard_want_start_barrier(g);
    }
    f.stored = h->would_be || (h->in_db && !h->changed && !h->storing);
    evidence_destroy(&e);

    enum hold_state next = hold_step(h->state, &f);
    h->clear_lost = false;
    if (next == h->state) {
        return;
    }
    if (hold_state_is_end(next) && !h->would_be
        && g->n_delete_holds >= GUARD_STORE_ROWS) {
        return;                 /* When those that ended are stored. */
    }
    guard_log(g, 'd', "%s on %s: hold %s -> %s",
              ip_addr_to_string(&h->addr, ip), h->network_name,
              hold_state_to_string(h->state), hold_state_to_string(next));
    if (hold_state_is_end(next)) {
        end_hold(g, h, next, env);
        g->again = true;
        return;
    }
    if (next == HOLD_DRAINING && !h->gone_ms) {
        h->gone_ms = env->now;
        h->gone_wall_ms = env->wall;
        free(h->boot_id);
        h->boot_id = xstrdup(env->boot_id);
    }
    if (next == HOLD_BLOCKED) {
        log_blocked(g, h);
    }
    if (!(h->state == HOLD_CLEAN && next == HOLD_BLOCKED)) {
        h->state_since_ms = env->now;
    }
    h->state = next;
    h->changed = true;
    g->own_changes++;
    g->again = true;
}

/* Where there are more holds than this, so many are looked at in a turn, lest
 * a turn take long ... */
#define STEP_MAX 250
/* ... and all of them at least this often, whatever happens. */
#define STEP_ALL_MS 1000

/* Must 'h' be looked at in each turn, because what is decided about it may
 * open a gate in the same turn, or somebody has just asked for it? */
static bool
is_urgent(const struct hold *h)
{
    return (h->state == HOLD_CLEAN || h->n_takers || h->returned
            || h->clear_lost || h->force);
}

/* Returns how many of 'n' holds are to be looked at in this turn.  When
 * anything changes, or a time comes that one of them waits for, all are, in
 * as many turns as it takes. */
static size_t
step_budget(struct guard *g, const struct guard_env *env, size_t n)
{
    uint64_t seqno = g->model.change_seqno + g->own_changes;

    if (n <= STEP_MAX || seqno != g->step_seqno
        || env->now >= g->step_wake_ms) {
        g->step_left = n;
        g->step_seqno = seqno;
        g->step_wake_ms = n > STEP_MAX ? env->now + STEP_ALL_MS : LLONG_MAX;
    }
    size_t budget = MIN(MIN(g->step_left, STEP_MAX), n);
    g->step_left -= budget;
    g->again |= g->step_left > 0;
    return budget;
}

void
guard_step_holds(struct guard *g, const struct guard_env *env)
{
    bool active = g->role == ROLE_ACTIVE && g->loaded && g->started;
    size_t n = hold_table_count(&g->holds);
    struct hold **holds;

    if (!n || !(active || g->role == ROLE_OBSERVER)) {
        return;
    }

    size_t budget = step_budget(g, env, n);
    long long int wake_ms = g->wake_ms;

    g->wake_ms = g->step_wake_ms;
    holds = hold_table_sorted(&g->holds);
    for (size_t i = 0; i < n; i++) {
        struct hold *h = holds[(g->step_cursor + i) % n];

        if (i < budget || is_urgent(h)) {
            step_hold(g, h, env);
        } else if (!h->would_be && hold_is_evidence_phase(h)) {
            /* It still needs what it needed when it was looked at. */
            g->bump_needed |= (h->wants_b1 || h->wants_b2
                               || (!g->start_barrier && !g->start_token));
        }
    }
    free(holds);
    g->step_cursor = n <= STEP_MAX ? 0 : (g->step_cursor + budget) % n;
    g->step_wake_ms = g->wake_ms;
    g->wake_ms = MIN(wake_ms, g->wake_ms);
}

/* ---- By hand. ---- */

char *
guard_find_hold(const struct guard *g, const char *network, const char *ip_s,
                struct hold **foundp)
{
    struct ip_addr ip;
    struct hold *h, *found = NULL;
    size_t n = 0;

    *foundp = NULL;
    if (!ip_addr_parse(ip_s, &ip)) {
        return xasprintf("%s: not an IPv4 or IPv6 address", ip_s);
    }
    HMAP_FOR_EACH (h, node, &g->holds.holds) {
        char uuid[UUID_LEN + 1];
        snprintf(uuid, sizeof uuid, UUID_FMT, UUID_ARGS(&h->network));
        if (ip_addr_equals(&h->addr, &ip)
            && (!strcmp(h->network_name, network)
                || !strcmp(uuid, network))) {
            found = h;
            n++;
        }
    }
    if (!found) {
        return xasprintf("%s is not held on network %s", ip_s, network);
    } else if (n > 1) {
        return xasprintf("%s is held on %"PRIuSIZE" networks called %s; give "
                         "the switch's UUID", ip_s, n, network);
    }
    *foundp = found;
    return NULL;
}

char *
guard_hold_release(struct guard *g, const char *network, const char *ip,
                   const struct guard_env *env)
{
    struct hold *found;
    char *error = guard_find_hold(g, network, ip, &found);

    if (error) {
        return error;
    }
    const char *refusal = found->would_be ? NULL : guard_book_refusal(g, env);
    if (refusal) {
        return xasprintf("not released: %s", refusal);
    }
    found->force = true;
    g->own_changes++;
    return NULL;
}
