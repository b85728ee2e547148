/* SPDX-License-Identifier: Apache-2.0 */

/* Holds in motion: what evidence says moves them from state to state, and to
 * their end.  hold.c has the states. */

#include <config.h>

#include "guard-private.h"

#include "ipam-object.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "plant.h"
#include "util.h"
#include "uuid.h"

/* MAC_Binding rows whose deletion does not show are not deleted again for so
 * long. */
#define FLUSH_RETRY_MS 1000

static void
replace_set(struct hold *h, struct sset *old, struct sset *new)
{
    if (!sset_equals(old, new)) {
        sset_swap(old, new);
        h->changed = true;
    }
}

void
guard_note_missed_chassis(struct guard *g, const struct evidence *e)
{
    const char *name;

    SSET_FOR_EACH (name, &e->missed_chassis) {
        struct chassis *c = CONST_CAST(struct chassis *,
                                       model_find_chassis(&g->model, name));
        if (c && c->missed_at < c->nb_cfg) {
            c->missed_at = c->nb_cfg;
            g->step_seqno++;    /* For holds that come later, and for those
                                 * that were looked at before, too. */
            g->again = true;
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
            && !hold_find_former(h, &p->uuid) && !evidence_is_gated(p)
            && !guard_find_gate(g, &p->uuid)) { /* It may be on its way. */
            guard_hold_keep(g, h, &p->uuid);
        }
    }
}

/* How far is the clear that belongs to 'h'?  CAND_WATCH if there is none. */
static enum candidate_state
clear_state(const struct guard *g, const struct hold *h)
{
    const struct candidate *c;

    HMAP_FOR_EACH_WITH_HASH (c, hold_node, uuid_hash(&h->uuid), &g->clears) {
        if (c->state != CAND_WATCH && uuid_equals(&c->hold, &h->uuid)) {
            return (c->state == CAND_RELEASE && guard_is_being_released(g, h)
                    ? CAND_SENT : c->state);
        }
    }
    if (guard_clear_is_sent(g, h, NULL)) {
        return CAND_SENT;       /* Its reason is gone meanwhile. */
    }
    return guard_is_being_released(g, h) ? CAND_SENT : CAND_WATCH;
}

/* Finds out what is known of the address, and asks for what is to be known. */
static void
collect_evidence(struct guard *g, struct hold *h, const struct guard_env *env,
                 struct evidence *e)
{
    if (h->b2 && !h->b2_since_ms && g->model.sb_nb_cfg >= h->b2) {
        /* No chassis can have seen it before. */
        h->b2_since_ms = env->now;
    }
    evidence_collect(&g->model, &g->settings, h, env->now, env->wall, e);
    if (!h->would_be && hold_is_evidence_phase(h)
        && !guard_start_barrier_passed(g)) {
        sset_add(&e->blockers, "the start barrier has not passed in SB");
        guard_want_start_barrier(g);
    }

    const char *look_back = guard_looks_back(g, h);
    if (look_back) {
        sset_add(&e->blockers, look_back);
    }
    h->dirt = e->dirt;
    bool own = guard_look_for_own_dirt(g, h, env);
    h->wants_b1 = e->needs_b1 && !h->b1_token && hold_is_evidence_phase(h);
    h->wants_b2 = own || (e->needs_b2 && !h->b2_token
                          && hold_is_evidence_phase(h));
    if (!h->would_be) {
        g->bump_needed |= h->wants_b1 || h->wants_b2;
    }
    if (e->n_flush && hold_is_evidence_phase(h)) {
        queue_flush(g, h, e, env);
    }
    guard_note_missed_chassis(g, e);
    guard_wake_at(g, e->wake_ms);
}

/* The clear is off, but another port has lost the address meanwhile: what that
 * one leaves behind is waited for, and who still has it keeps it. */
static bool
others_have_left(struct guard *g, struct hold *h)
{
    for (size_t i = h->gone_ms ? h->n_former : 0; i-- > 0; ) {
        struct uuid uuid = h->former[i].port;
        const struct port *p = model_find_port(&g->model, &uuid);

        if (p && ip_addr_set_contains(&p->ips, &h->addr)) {
            hold_remove_former(h, &uuid);
        }
    }
    if (!h->gone_ms || !h->n_former) {
        return false;
    }
    guard_hold_set_keeper(g, h);
    return true;
}

/* What is known of the clear: is it done, will it not be, and may the hold end
 * before that is known? */
static void
collect_clear_facts(struct guard *g, struct hold *h, const struct evidence *e,
                    struct hold_facts *f)
{
    if (h->state == HOLD_INTENT || h->state == HOLD_CLEARING) {
        f->address_gone = e->address_gone && g->model.nb_synced;
        h->clear_lost |= (!g->in_doubt && clear_state(g, h) == CAND_WATCH
                          && !PLANTED(OLD_INTENT));
        f->address_gone |= (h->clear_lost && g->model.nb_synced
                            && others_have_left(g, h));
    } else {
        f->address_gone = e->address_gone && !e->network_gone && e->complete;
    }
    f->clear_lost = h->clear_lost;
    /* What is on its way cannot be called back: its hold stays until then. */
    bool may_end = ((h->returned || h->force)
                    && clear_state(g, h) != CAND_SENT);
    f->owner_returned = h->returned && may_end;
    f->force = h->force && may_end;
}

static bool
is_past_deadline(struct guard *g, const struct hold *h,
                 const struct guard_env *env)
{
    long long int deadline = h->state_since_ms + g->settings.hold_deadline_ms;

    if (h->state != HOLD_DRAINING) {
        return false;
    } else if (env->now < deadline) {
        guard_wake_at(g, deadline);
        return false;
    }
    return !is_only_reserved(h);
}

/* Are the gates of a hold in state clean open, so that it may end? */
static bool
is_opened(struct guard *g, struct hold *h, size_t n_blockers,
          const struct guard_env *env)
{
    bool settled = !n_blockers && guard_gates_settled(g, h);

    if (!h->would_be && !guard_start_barrier_passed(g)) {
        /* Of the barriers of another life nobody knows what they covered. */
        guard_want_start_barrier(g);
        return false;
    }
    return (settled && !guard_ends_after_put_back(g, h, env)
            && !guard_set_is_sent(g, h));
}

/* Fills in 'f', and takes blockers and notes out of 'e'. */
static void
collect_facts(struct guard *g, struct hold *h, const struct guard_env *env,
              struct evidence *e, struct hold_facts *f)
{
    *f = (struct hold_facts) {
        .evidence_complete = e->complete,
        .n_blockers = sset_count(&e->blockers),
        /* One that is not known yet looks the same as one that is gone. */
        .network_gone = (e->network_gone
                         && (h->would_be || guard_start_barrier_passed(g))),
        .frozen = g->safety.frozen || g->safety.behind_ms || env->paused,
    };
    collect_clear_facts(g, h, e, f);
    if (hold_is_evidence_phase(h)) {
        replace_set(h, &h->blockers, &e->blockers);
        replace_set(h, &h->notes, &e->notes);
        f->deadline_passed = is_past_deadline(g, h, env);
    }
    f->gate_opened = (h->state == HOLD_CLEAN
                      && is_opened(g, h, f->n_blockers, env));
    /* Of what has just changed, too. */
    f->stored = h->would_be || (h->in_db && !h->changed && !h->storing);
}

static void
enter_state(struct guard *g, struct hold *h, enum hold_state next,
            const struct guard_env *env)
{
    if (next == HOLD_DRAINING && !h->gone_ms) {
        h->gone_ms = env->now;
        h->gone_wall_ms = env->wall;
        guard_replace_string(&h->boot_id, env->boot_id);
    }
    if (next == HOLD_BLOCKED) {
        log_blocked(g, h);
    }
    if (!(h->state == HOLD_CLEAN && next == HOLD_BLOCKED)) {
        h->state_since_ms = env->now;
    }
    h->state = next;
    h->changed = true;
    guard_note_hold(g, h);
}

/* Returns false if that is the end of 'h'. */
static bool
step_hold(struct guard *g, struct hold *h, const struct guard_env *env)
{
    struct hold_facts f;
    struct evidence e;
    char ip[IP_ADDR_STRLEN];

    guard_note_found_until(g, h, env);
    keep_runner(g, h);
    update_waiters(g, h);
    collect_evidence(g, h, env, &e);
    collect_facts(g, h, env, &e, &f);
    evidence_destroy(&e);

    enum hold_state next = hold_step(h->state, &f);
    h->clear_lost = false;
    if (next == h->state) {
        return true;
    }
    if (hold_state_is_end(next) && !h->would_be
        && g->n_delete_holds >= g->portion) {
        g->ends_wait = h->end_waits = true;
        return true;
    }
    guard_log(g, 'd', "%s on %s: hold %s -> %s",
              ip_addr_to_string(&h->addr, ip), h->network_name,
              hold_state_to_string(h->state), hold_state_to_string(next));
    g->again = true;
    if (hold_state_is_end(next)) {
        end_hold(g, h, next, env);
        return false;
    }
    enter_state(g, h, next, env);
    return true;
}

void
guard_let_holds_end(struct guard *g)
{
    struct hold *h;

    if (!g->ends_wait) {
        return;
    }
    g->ends_wait = false;
    HMAP_FOR_EACH (h, node, &g->holds.holds) {
        if (h->end_waits) {
            h->end_waits = false;
            h->looked_seqno = 0;
        }
    }
}

/* Where there are more holds than a portion, only those are looked at for
 * which anything has changed; what changed after they were is seen at least
 * this soon. */
#define STEP_ALL_MS 1000

/* Must 'h' be looked at in each turn, because what is decided about it may
 * open a gate in the same turn, or somebody has just asked for it? */
static bool
is_urgent(const struct hold *h)
{
    return (h->state == HOLD_CLEAN || h->returned || h->clear_lost
            || h->force);
}

/* Counts in g->step_seqno whatever a step looks at, beside the hold and its
 * clear: two steps between which nothing of that changed, nor the time came
 * for which the first one asked, would find the same. */
static void
note_inputs(struct guard *g, const struct guard_env *env)
{
    const struct step_inputs now = {
        .content = (g->model.change_seqno + g->model.ipam_seqno
                    + g->own_changes - g->hold_changes
                    + g->counters.members_judged + g->counters.addrs_judged
                    + g->counters.barriers), /* model_note_chassis_ahead(). */
        .refusal = guard_write_refusal(g, env, true),
        .n_wants = hmap_count(&g->wants),
        .start_first = g->start_first,
        .start_barrier = g->start_barrier,
        .start_token = g->start_token,
        .mode = g->mode,
        .role = g->role,
        .sb_busy = env->sb_busy,
        .stopped = g->safety.frozen || g->safety.behind_ms || env->paused,
        .in_doubt = g->in_doubt,
    };
    const struct step_inputs *old = &g->step_inputs;

    if (now.content != old->content || now.refusal != old->refusal
        || now.n_wants != old->n_wants
        || now.start_first != old->start_first
        || now.start_barrier != old->start_barrier
        || now.start_token != old->start_token
        || now.mode != old->mode || now.role != old->role
        || now.sb_busy != old->sb_busy || now.stopped != old->stopped
        || now.in_doubt != old->in_doubt || !g->step_seqno) {
        g->step_seqno++;
        g->step_inputs = now;
    }
}

void
guard_note_hold(struct guard *g, struct hold *h)
{
    g->own_changes++;
    g->hold_changes++;
    if (h) {
        h->looked_seqno = 0;
    }
}

/* Has anything happened that concerns 'h' since it was looked at? */
static bool
is_due(const struct guard *g, const struct hold *h,
       const struct guard_env *env)
{
    return (h->looked_seqno != g->step_seqno || env->now >= h->look_ms
            || (!hold_is_evidence_phase(h)
                && h->looked_clear != clear_state(g, h)));
}

/* Looks at 'h', which may be its end. */
static void
look_at(struct guard *g, struct hold *h, const struct guard_env *env)
{
    long long int wake_ms = g->wake_ms;

    g->wake_ms = LLONG_MAX;
    h->looked_seqno = g->step_seqno;
    h->looked_clear = clear_state(g, h);
    g->counters.holds_looked++;
    if (step_hold(g, h, env)) {
        h->look_ms = g->wake_ms;
    }
    g->wake_ms = MIN(wake_ms, g->wake_ms);
}

void
guard_step_holds(struct guard *g, const struct guard_env *env)
{
    bool active = g->role == ROLE_ACTIVE && g->loaded && g->started;
    size_t n = hold_table_count(&g->holds);
    size_t left = g->portion;
    size_t next = 0;
    bool all = true;
    struct hold **holds;

    if (!n || !(active || g->role == ROLE_OBSERVER)) {
        return;
    }
    guard_note_shut_ports(g);
    note_inputs(g, env);
    guard_note_look_backs(g);
    uint64_t seqno = g->step_seqno;
    holds = hold_table_sorted(&g->holds);
    for (size_t i = 0; i < n; i++) {
        size_t at = (g->step_cursor + i) % n;
        struct hold *h = holds[at];
        bool due = n <= g->portion || is_due(g, h, env);

        if (is_urgent(h) || (due && (left || h->n_takers))) {
            left -= left > 0;
            look_at(g, h, env);
            continue;
        }
        if (!h->would_be && hold_is_evidence_phase(h)) {
            /* It still needs what it needed when it was looked at. */
            g->bump_needed |= h->wants_b1 || h->wants_b2;
            if (!guard_start_barrier_passed(g)) {
                guard_want_start_barrier(g);
            }
        }
        if (!due) {
            guard_wake_at(g, h->look_ms);
        } else if (all) {
            all = false;
            g->again = true;
            next = at;
        }
    }
    free(holds);
    g->step_cursor = next;
    if (n > g->portion && seqno != g->step_seqno) {
        guard_wake_at(g, env->now + STEP_ALL_MS);
    }
}

void
guard_wake_for_holds(struct guard *g, const struct guard_env *env)
{
    uint64_t seqno = g->step_seqno;

    if (hold_table_count(&g->holds) > g->portion) {
        note_inputs(g, env);
        if (seqno != g->step_seqno) {
            guard_wake_at(g, env->now + STEP_ALL_MS);
        }
    }
}
