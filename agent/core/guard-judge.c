/* SPDX-License-Identifier: Apache-2.0 */

/* From what changed to candidates: every dirty member's ports are judged anew,
 * every dirty address is looked at for duplicates.  The work is in proportion
 * to what changed. */

#include <config.h>

#include "guard-private.h"

#include "hash.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "plant.h"
#include "pod.h"
#include "util.h"
#include "uuid.h"
#include "workload.h"

static uint32_t
key_hash(const struct uuid *uuid, const struct ip_addr *ip)
{
    return ip_addr_hash(ip, uuid_hash(uuid));
}

struct candidate *
guard_find_candidate(const struct guard *g, const struct uuid *port,
                     const struct ip_addr *ip)
{
    struct candidate *c;

    HMAP_FOR_EACH_WITH_HASH (c, node, key_hash(port, ip), &g->candidates) {
        if (uuid_equals(&c->port, port) && ip_addr_equals(&c->addr, ip)) {
            return c;
        }
    }
    return NULL;
}

void
guard_abort_clear(struct guard *g, struct candidate *c)
{
    struct hold *h;

    if (c->state == CAND_WATCH || c->state == CAND_SENT) {
        return;
    }
    h = hold_table_find_uuid(&g->holds, &c->hold);
    if (h && c->state == CAND_RELEASE) {
        /* Its IP object may be deleted all the same: step_hold() sees. */
    } else if (h) {
        const struct port *p = model_find_port(&g->model, &c->port);

        if (h->state == HOLD_INTENT || h->state == HOLD_CLEARING) {
            h->clear_lost = true;
        } else if (p && ip_addr_set_contains(&p->ips, &c->addr)) {
            /* Otherwise another hand took the address off: a former port. */
            hold_remove_former(h, &c->port);
        }
    }
    c->state = CAND_WATCH;
    c->read_id = 0;
    g->own_changes++;
}

void
guard_set_clear_hold(struct guard *g, struct candidate *c,
                     const struct uuid *hold)
{
    if (!uuid_is_zero(&c->hold)) {
        hmap_remove(&g->clears, &c->hold_node);
    }
    c->hold = *hold;
    if (!uuid_is_zero(hold)) {
        hmap_insert(&g->clears, &c->hold_node, uuid_hash(hold));
    }
}

void
guard_drop_candidate(struct guard *g, struct candidate *c)
{
    guard_abort_clear(g, c);
    guard_set_clear_hold(g, c, &UUID_ZERO);
    hmap_remove(&g->candidates, &c->node);
    ovs_list_remove(&c->turn_node);
    ovs_list_remove(&c->read_node);
    free(c->port_name);
    free(c->network_name);
    free(c->why);
    free(c);
    g->own_changes++;
}

static void
drop_duplicate(struct guard *g, struct duplicate *d)
{
    hmap_remove(&g->duplicates, &d->node);
    free(d->network_name);
    free(d->text);
    free(d);
    g->own_changes++;
}

void
guard_drop_want(struct guard *g, struct want *w)
{
    hmap_remove(&g->wants, &w->node);
    ovs_list_remove(&w->list_node);
    free(w->why);
    free(w);
}

void
guard_drop_all_judgements(struct guard *g)
{
    struct candidate *c;
    struct duplicate *d;
    struct want *w;

    HMAP_FOR_EACH_SAFE (c, node, &g->candidates) {
        guard_drop_candidate(g, c);
    }
    HMAP_FOR_EACH_SAFE (d, node, &g->duplicates) {
        drop_duplicate(g, d);
    }
    HMAP_FOR_EACH_SAFE (w, node, &g->wants) {
        guard_drop_want(g, w);
    }
}

/* ---- Candidates. ---- */

static void
report_once(struct guard *g, struct candidate *c)
{
    char ip[IP_ADDR_STRLEN];

    if (c->alerted) {
        return;
    }
    if (c->kind == VERDICT_REPORT) {
        c->alerted = true;
        guard_log(g, 'i', "%s: %s stays (case %s: %s)", c->port_name,
                  ip_addr_to_string(&c->addr, ip), c->case_, c->why);
    }
}

/* A fixed address of a StatefulSet was changed: what its people are told. */
static void
tell_change(struct guard *g, const struct guard_env *env,
            struct candidate *c, const struct port *p, bool denied)
{
    const struct workload *w = (p->member
                                ? model_member_workload(&g->model, p->member)
                                : NULL);
    char ip[IP_ADDR_STRLEN];
    struct event_args args = {
        .address = ip_addr_to_string(&c->addr, ip),
        .network = c->network_name,
        .port = p->name,
        .why = c->why,
    };

    if (c->told) {
        return;
    }
    if (denied) {
        guard_event_port(g, env, EVENT_FIXED_IP_CHANGE_FORBIDDEN, p, &args);
    } else if (w && w->kind == OWNER_STATEFULSET
               && (!strcmp(c->case_, "B") || !strcmp(c->case_, "C"))
               && c->kind != VERDICT_REPORT) {
        guard_event_port(g, env, EVENT_FIXED_IP_CHANGE_ACCEPTED, p, &args);
    } else {
        return;
    }
    c->told = true;
}

static void
update_candidate(struct guard *g, const struct guard_env *env,
                 const struct port *p, const struct ip_addr *ip)
{
    struct candidate *c = guard_find_candidate(g, &p->uuid, ip);
    struct verdict v;

    if (judge_is_wanted(&g->model, g->mode, p, ip)) {
        if (c) {
            guard_drop_candidate(g, c);
        }
        return;
    }
    judge_address(&g->model, &g->settings, g->mode, &g->holds, p, ip,
                  env->now, &v);
    if (v.kind == VERDICT_FINE) {
        if (c) {
            guard_drop_candidate(g, c);
        }
        verdict_destroy(&v);
        return;
    }
    if (!c) {
        c = xzalloc(sizeof *c);
        c->port = p->uuid;
        c->port_name = xstrdup(p->name);
        c->addr = *ip;
        c->network_name = xstrdup("");
        c->since_ms = LLONG_MIN;
        ovs_list_init(&c->read_node);
        hmap_insert(&g->candidates, &c->node, key_hash(&p->uuid, ip));
        ovs_list_push_back(&g->turns, &c->turn_node);
        g->own_changes++;
    }
    if (c->fingerprint != v.fingerprint || c->since_ms == LLONG_MIN) {
        guard_abort_clear(g, c);
        c->since_ms = env->now;
        c->fingerprint = v.fingerprint;
        c->alerted = c->told = false;
        c->ask_ms = 0;
        c->n_asked = 0;
        c->refused = NULL;
    } else if (v.kind != VERDICT_CLEAR) {
        guard_abort_clear(g, c);
    }
    c->network = p->network->uuid;
    if (strcmp(c->network_name, p->network->name)) {
        free(c->network_name);
        c->network_name = xstrdup(p->network->name);
    }
    c->kind = v.kind;
    c->case_ = v.case_;
    c->settle_ms = v.settle_ms;
    c->not_before_ms = v.not_before_ms;
    if (c->not_before_ms > env->now) {
        guard_abort_clear(g, c); /* Its chassis went meanwhile, perhaps. */
    }
    free(c->why);
    c->why = v.why;
    v.why = NULL;
    verdict_destroy(&v);
    tell_change(g, env, c, p, v.denied);
    report_once(g, c);
}

/* ---- Wants. ---- */

void
guard_want_later(struct guard *g, const struct uuid *port, bool waiting,
                 const char *why, const char *kind,
                 const struct guard_env *env)
{
    struct want *w;

    HMAP_FOR_EACH_WITH_HASH (w, node, uuid_hash(port), &g->wants) {
        if (uuid_equals(&w->port, port)) {
            break;
        }
    }
    if (!w) {
        w = xzalloc(sizeof *w);
        w->port = *port;
        w->since_ms = env->now;
        hmap_insert(&g->wants, &w->node, uuid_hash(port));
    } else {
        ovs_list_remove(&w->list_node);
    }
    w->waiting = waiting;
    ovs_list_push_back(waiting ? &g->wants_waiting : &g->wants_ready,
                       &w->list_node);
    if (kind && !nullable_string_is_equal(w->kind, kind)) {
        tally_add(&g->refused, "set", kind);
        w->kind = kind;
    }
    if (why && !nullable_string_is_equal(w->why, why)) {
        const struct port *p = model_find_port(&g->model, port);

        guard_log(g, 'i', "%s: waits: %s", p ? p->name : "a port", why);
        free(w->why);
        w->why = xstrdup(why);
    }
}

static void
update_want(struct guard *g, const struct guard_env *env,
            const struct port *p)
{
    struct entitlement e;
    bool lacks = false;

    judge_entitlement_tersely(&g->model, g->mode, p, &e);
    if (e.kind == ENT_EXPLICIT && (!e.pod || !e.pod->deleting)) {
        for (size_t i = 0; i < e.wanted.n; i++) {
            lacks |= !ip_addr_set_contains(&p->static_ips,
                                           &e.wanted.addrs[i]);
        }
    }
    /* While two revisions are in play an absent ordinal may come with either:
     * nothing is set for it. */
    if (lacks && !e.pod && e.workload && e.workload_revisions > 1) {
        lacks = false;
    }
    entitlement_destroy(&e);

    if (lacks) {
        guard_want_later(g, &p->uuid, false, NULL, NULL, env);
        return;
    }
    struct want *w;
    HMAP_FOR_EACH_WITH_HASH (w, node, uuid_hash(&p->uuid), &g->wants) {
        if (uuid_equals(&w->port, &p->uuid)) {
            guard_drop_want(g, w);
            return;
        }
    }
}

/* ---- Members. ---- */

/* Drops the candidates and the want of a port that is no longer to be judged,
 * or whose address went. */
static void
prune_candidates(struct guard *g)
{
    struct candidate *c;
    struct want *w;

    HMAP_FOR_EACH_SAFE (c, node, &g->candidates) {
        const struct port *p = model_find_port(&g->model, &c->port);
        if (!p || p->kind != PORT_OWNED || !p->network
            || !ip_addr_set_contains(&p->static_ips, &c->addr)) {
            guard_drop_candidate(g, c);
        }
    }
    LIST_FOR_EACH_SAFE (w, list_node, &g->wants_waiting) {
        const struct port *p = model_find_port(&g->model, &w->port);
        if (!p || p->kind != PORT_OWNED || !p->network) {
            guard_drop_want(g, w);
        }
    }
}

static void update_duplicate(struct guard *, const struct guard_env *,
                             const struct addr_use *);

/* What is said of the other ports with the address depends on this one. */
static void
judge_sharers(struct guard *g, const struct guard_env *env,
              const struct port *p, const struct ip_addr *ip)
{
    const struct addr_use *use = model_find_addr(&g->model, p->network, ip);

    if (!use || use->n < 2) {
        return;
    }
    for (size_t i = 0; i < use->n; i++) {
        const struct port *q = use->ports[i];
        if (q != p && q->kind == PORT_OWNED
            && ip_addr_set_contains(&q->static_ips, ip)) {
            update_candidate(g, env, q, ip);
        }
    }
    update_duplicate(g, env, use);
}

/* Where there are more candidates than this, so many are judged again in a
 * turn, lest a turn take long. */
#define TURNS_MAX 250

/* A move that looked unfinished may have failed since: the address that the
 * port is to have is on another one now.  Where there are very many this takes
 * several turns; nothing is lost by it, because what is cleared is judged once
 * more when it is written. */
static void
judge_moving(struct guard *g, const struct guard_env *env)
{
    size_t n = MIN(g->turns_left, TURNS_MAX);

    g->turns_left -= n;
    g->again |= g->turns_left > 0;
    while (n-- > 0 && !ovs_list_is_empty(&g->turns)) {
        struct candidate *c = CONTAINER_OF(ovs_list_pop_front(&g->turns),
                                           struct candidate, turn_node);

        ovs_list_push_back(&g->turns, &c->turn_node);
        if (c->kind == VERDICT_MOVING
            || (c->kind == VERDICT_CLEAR && c->state != CAND_SENT)) {
            update_candidate(g, env, model_find_port(&g->model, &c->port),
                             &c->addr);
        }
    }
}

static void
judge_member(struct guard *g, const struct guard_env *env, struct member *mb)
{
    size_t n_bound = 0, n_unbound = 0;
    struct port *p;

    g->counters.members_judged++;
    MEMBER_FOR_EACH_PORT (p, mb) {
        enum binding_state state = judge_binding(&g->model, p);
        n_bound += state == BINDING_BOUND;
        n_unbound += state == BINDING_UNBOUND;
    }
    if (n_bound || n_unbound) {
        /* All of them together: the interfaces of the pod that was here
         * before need not go at the same moment. */
        model_note_binding(&g->model, mb, n_bound > 0);
    }
    guard_note_ipam_wait(g, env, mb);
    MEMBER_FOR_EACH_PORT (p, mb) {
        if (!p->network || p->kind != PORT_OWNED) {
            continue;
        }
        for (size_t i = 0; i < p->static_ips.n; i++) {
            update_candidate(g, env, p, &p->static_ips.addrs[i]);
            judge_sharers(g, env, p, &p->static_ips.addrs[i]);
        }
        if (g->mode == MODE_MANAGE) {
            update_want(g, env, p);
        }
    }
    guard_event_member(g, env, mb);
    guard_note_hazards(g, env, mb);
}

/* ---- Duplicates. ---- */

static struct duplicate *
find_duplicate(const struct guard *g, const struct uuid *network,
               const struct ip_addr *ip)
{
    struct duplicate *d;

    HMAP_FOR_EACH_WITH_HASH (d, node, key_hash(network, ip),
                             &g->duplicates) {
        if (uuid_equals(&d->network, network)
            && ip_addr_equals(&d->addr, ip)) {
            return d;
        }
    }
    return NULL;
}

/* Does a port before the 'i'-th belong to the same virtual machine?  While one
 * migrates both may list its address. */
static bool
counted_with_vm(const struct addr_use *use, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (guard_same_vm(use->ports[i], use->ports[j])) {
            return true;
        }
    }
    return false;
}

/* Do several owners' ports have the address, one of them openly?  Ports that
 * we keep shut wait in line as long as nobody is there: that is what a gate is
 * for.  But OVN answers ARP for them as well. */
static bool
is_duplicate(const struct addr_use *use)
{
    size_t n = 0;

    for (size_t i = 0; i < use->n; i++) {
        n += (!counted_with_vm(use, i)
              && !(PLANTED(DUPLICATE_UNTOLD)
                   && evidence_is_gated(use->ports[i])));
    }
    if (n < 2) {
        return false;
    }
    for (size_t i = 0; i < use->n; i++) {
        if (!evidence_is_gated(use->ports[i])) {
            return true;
        }
    }
    return false;
}

static void
update_duplicate(struct guard *g, const struct guard_env *env,
                 const struct addr_use *use)
{
    struct duplicate *d = find_duplicate(g, &use->network->uuid, &use->addr);
    char ip[IP_ADDR_STRLEN];

    g->counters.addrs_judged++;
    if (!is_duplicate(use)) {
        if (d) {
            drop_duplicate(g, d);
        }
        return;
    }

    struct ds ds = DS_EMPTY_INITIALIZER;
    char *why;
    const struct port *keeper = judge_keeper(&g->model, g->mode, use, &why);
    for (size_t i = 0; i < use->n; i++) {
        ds_put_format(&ds, "%s%s", i ? ", " : "", use->ports[i]->name);
    }
    ds_put_format(&ds, "; %s: %s", keeper ? "keeper" : "no keeper", why);

    if (!d) {
        d = xzalloc(sizeof *d);
        d->network = use->network->uuid;
        d->network_name = xstrdup(use->network->name);
        d->addr = use->addr;
        d->text = xstrdup("");
        d->since_ms = env->now;
        hmap_insert(&g->duplicates, &d->node,
                    key_hash(&d->network, &d->addr));
        g->counters.duplicates++;
        g->own_changes++;
        guard_log(g, 'w', "%s on %s: duplicate: %s",
                  ip_addr_to_string(&use->addr, ip), use->network->name,
                  ds_cstr(&ds));
        guard_event_duplicate(g, env, use, why);
    }
    free(why);
    free(d->text);
    d->text = ds_steal_cstr(&ds);
}

/* Duplicates that came to an end without a dirty address: the index entry is
 * gone with its last port. */
static void
prune_duplicates(struct guard *g)
{
    struct duplicate *d;

    HMAP_FOR_EACH_SAFE (d, node, &g->duplicates) {
        const struct network *n = model_find_network(&g->model, &d->network);
        const struct addr_use *use = (n ? model_find_addr(&g->model, n,
                                                          &d->addr) : NULL);
        if (!use || !is_duplicate(use)) {
            drop_duplicate(g, d);
        }
    }
}

static void
add_cycle(struct guard *g, const struct uuid *port, struct sset *cycles)
{
    const struct port *p = model_find_port(&g->model, port);
    char *text = p ? judge_cycle(&g->model, &g->holds, p) : NULL;

    if (text) {
        sset_add_and_free(cycles, text);
    }
}

/* Where very many wait, circles are looked for so often only. */
#define CYCLES_MS 1000

/* A permutation of addresses among the ordinals of one StatefulSet: a rollout
 * that goes one by one cannot finish it. */
static void
look_for_cycles(struct guard *g, const struct guard_env *env)
{
    struct sset cycles = SSET_INITIALIZER(&cycles);
    const struct candidate *c;
    const struct want *w;
    const char *text;

    if (hmap_count(&g->candidates) + hmap_count(&g->wants) > TURNS_MAX
        && env->now < g->cycles_ms) {
        guard_wake_at(g, g->cycles_ms);
        return;
    }
    g->cycles_due = false;
    g->cycles_ms = env->now + CYCLES_MS;
    HMAP_FOR_EACH (c, node, &g->candidates) {
        add_cycle(g, &c->port, &cycles);
    }
    LIST_FOR_EACH (w, list_node, &g->wants_waiting) {
        add_cycle(g, &w->port, &cycles);
    }
    SSET_FOR_EACH (text, &cycles) {
        if (!sset_contains(&g->cycles, text)) {
            guard_log(g, 'w', "%s; a rollout one by one cannot finish this",
                      text);
        }
    }
    sset_swap(&g->cycles, &cycles);
    sset_destroy(&cycles);
}

void
guard_judge_dirty(struct guard *g, const struct guard_env *env)
{
    struct addr_use *use;
    struct member *mb;
    bool any = false;

    if (!g->model.nb_synced || !g->model.kube_synced) {
        return;                 /* Dirty lists keep until then. */
    }
    while ((use = model_take_dirty_addr(&g->model))) {
        update_duplicate(g, env, use);
        any = true;
    }
    while ((mb = model_take_dirty_member(&g->model))) {
        judge_member(g, env, mb);
        any = true;
    }
    if (any || g->model.change_seqno != g->judged_seqno) {
        prune_candidates(g);
        prune_duplicates(g);
        guard_prune_hazards(g, env);
        g->turns_left = hmap_count(&g->candidates);
        g->cycles_due = true;
        g->judged_seqno = g->model.change_seqno;
    }
    judge_moving(g, env);
    if (g->cycles_due) {
        look_for_cycles(g, env);
    }
}
