/* SPDX-License-Identifier: Apache-2.0 */

/* Addresses that leave a port are held (case F), and those that come to one
 * find the hold: takers, and owners that come back. */

#include <config.h>

#include "guard-private.h"

#include "plant.h"
#include "pod.h"
#include "util.h"
#include "uuid.h"
#include "workload.h"

/* A standby remembers departures for so long: the active instance may die
 * between seeing one and storing the hold. */
#define STANDBY_MEMORY_MS 60000

struct standby_departure {
    struct ovs_list node;
    struct departure *departure;
    long long int seen_ms;
};

/* ---- Departures (case F). ---- */

/* Was 'd' a gated port, and has somebody else the address?  Then it never had
 * it, and its row made anew is to be shut again.  A foreign port may bear our
 * mark, but we never shut one. */
static bool
lost_gate(const struct departure *d, const struct addr_use *use)
{
    for (size_t i = 0; d->owned && d->gated && use && i < use->n; i++) {
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

/* Does another row of its owner have the address? */
static bool
is_on_another_row(const struct departure *d, const struct addr_use *use)
{
    for (size_t i = 0; d->owned && use && i < use->n; i++) {
        const struct member *mb = use->ports[i]->member;

        if (mb && ((!strcmp(mb->ns, d->ns) && !strcmp(mb->name, d->owner))
                   || (d->owner_kind == OWNER_VM
                       && model_member_is_of_vm(mb, d->ns, d->workload)))) {
            return true;
        }
    }
    return false;
}

/* Is 'h' about a clear of ours that 'port' is in?  The other former ports that
 * it may have by then lost the address by another hand. */
static bool
is_in_our_clear(const struct hold *h, const struct uuid *port)
{
    const struct former_port *f = hold_find_former(h, port);

    return !hold_is_evidence_phase(h) && f && f->cleared;
}

/* The address is held already, and leaves one more port. */
static void
hold_again(struct guard *g, const struct guard_env *env,
           const struct departure *d, struct hold *h, bool fixed)
{
    if (is_in_our_clear(h, &d->port)) {
        return;                 /* Or somebody was faster. */
    }
    if (d->owned && !d->gated) {
        bool took = (hold_has_taker(h, &d->port)
                     || model_arrived_before(&g->model, d));

        if (!took || uuid_equals(&h->keeper, &d->port)) {
            /* Who had it last is the one that may have it back at once.  Who
             * waited for it behind a gate, or took it and lost it again before
             * it could be shut, never had it. */
            set_owner_from_departure(h, d);
        }
        h->fixed |= fixed;
    }
    guard_hold_departed(g, h, &d->port, d->port_name, d->mac, env);
}

static struct hold *
create_hold(struct guard *g, const struct guard_env *env,
            const struct departure *d, const struct addr_use *use, bool fixed)
{
    struct uuid uuid;
    struct hold *h;

    guard_new_uuid(g, &uuid);
    h = hold_create(&uuid, &d->network, d->network_name, &d->addr);
    h->would_be = g->role == ROLE_OBSERVER;
    h->state = HOLD_DRAINING;
    h->state_since_ms = env->now;
    h->created_wall_ms = env->wall;
    h->fixed = fixed;
    guard_replace_string(&h->reason_case, "F");
    free(h->reason);
    h->reason = xasprintf("it left %s%s", d->port_name,
                          d->row_gone ? ", whose row is gone" : "");
    if (d->owned && !lost_gate(d, use)) {
        set_owner_from_departure(h, d);
    }
    guard_hold_departed(g, h, &d->port, d->port_name, d->mac, env);
    hold_table_insert(&g->holds, h);
    guard_hold_set_keeper(g, h);
    return h;
}

static void
tell_held(struct guard *g, const struct guard_env *env,
          const struct departure *d, const struct hold *h)
{
    char ip[IP_ADDR_STRLEN];

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

/* Is a port of 'mb', which may be NULL, to be given the address? */
static bool
member_waits(const struct guard *g, const struct departure *d,
             const struct member *mb)
{
    const struct port *p;

    if (mb) {
        MEMBER_FOR_EACH_PORT (p, mb) {
            if (p->network && uuid_equals(&p->network->uuid, &d->network)
                && !uuid_equals(&p->uuid, &d->port)
                && guard_waits_for_set(g, p)
                && judge_wants(&g->model, g->mode, p, &d->addr)) {
                return true;
            }
        }
    }
    return false;
}

/* The same of the ports of a StatefulSet whose pods are still to come;
 * 'ordinal' is -1 if the address is for each of them. */
static bool
workload_waits(const struct guard *g, const struct departure *d,
               const struct workload *w, int ordinal)
{
    int first = ordinal >= 0 ? ordinal : w->start;
    int last = ordinal >= 0 ? ordinal : w->start + w->replicas - 1;

    for (int i = first; i <= last; i++) {
        if (member_waits(g, d, model_find_ordinal(&g->model, w, i))) {
            return true;
        }
    }
    return false;
}

/* Does another port wait behind a gate for the address, or for it to be set?
 * Then that is guarded whoever leaves it: the gate is not to open, nor the
 * address to be given, while it still leads to a plain pod or a foreign
 * port. */
static bool
is_waited_for(const struct guard *g, const struct departure *d)
{
    const struct promise *p;
    const struct gate *gate;

    for (p = hmap_is_empty(&g->wants) ? NULL
             : model_first_promise(&g->model, &d->addr);
         p; p = model_next_promise(p)) {
        if (p->pod
            ? member_waits(g, d, model_find_member(
                  &g->model, p->pod->owner->ns,
                  model_pod_member_name(&g->model, p->pod)))
            : workload_waits(g, d, p->workload, p->ordinal)) {
            return true;
        }
    }

    HMAP_FOR_EACH (gate, node, &g->gates) {
        if (ip_addr_equals(&gate->addr, &d->addr)
            && uuid_equals(&gate->network, &d->network)
            && !uuid_equals(&gate->port, &d->port)) {
            return true;
        }
    }
    return false;
}

static void
hold_departure(struct guard *g, const struct guard_env *env,
               struct departure *d)
{
    guard_follow_network(g, &d->network, d->network_name);

    struct hold *h = hold_table_find(&g->holds, &d->network, &d->addr);
    const struct network *n = model_find_network(&g->model, &d->network);
    const struct addr_use *use = (n ? model_find_addr(&g->model, n, &d->addr)
                                  : NULL);
    bool waited_for = is_waited_for(g, d);
    bool fixed = (d->owner_kind == OWNER_STATEFULSET
                  || d->owner_kind == OWNER_VM || d->explicit_claim
                  || d->was_numbered || waited_for);
    char ip[IP_ADDR_STRLEN];

    if (h) {
        hold_again(g, env, d, h, fixed);
        return;
    }
    /* Whether an owner that was never seen named its address, is not known: it
     * may have gone while nobody watched.  Its hold gates nobody. */
    if (!waited_for
        && (!d->owned
            || (!fixed && !d->unknown_owner
                && g->settings.hold_scope != HOLD_SCOPE_ALL))) {
        return;
    }
    if (PLANTED(LEFT_UNHELD)) {
        return;
    }
    if (!lost_gate(d, use) && is_on_another_row(d, use)) {
        return;
    }
    if (hold_table_count(&g->holds) >= (size_t) g->settings.max_holds) {
        guard_log(g, 'w', "%s: %s left it but is not held: as many holds as "
                  "allowed exist (max-holds)", d->port_name,
                  ip_addr_to_string(&d->addr, ip));
        return;
    }
    h = create_hold(g, env, d, use, fixed);
    tell_held(g, env, d, h);
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

/* Is 'f' a port of the VM that owns 'h'?  Where the ports of a VM are named
 * after its pods, that of a row that is gone may be. */
static bool
is_of_owning_vm(const struct guard *g, const struct hold *h,
                const struct former_port *f)
{
    const struct port *q = model_find_port(&g->model, &f->port);

    return (!strcmp(h->owner.kind, owner_kind_to_string(OWNER_VM))
            && (q ? guard_same_owner(h, q) : !g->model.dialect->vm_ports));
}

bool
guard_has_left_others(const struct guard *g, const struct hold *h,
                      const struct port *p)
{
    for (size_t i = 0; i < h->n_former; i++) {
        const struct former_port *f = &h->former[i];

        if (strcmp(f->name, p->name) && !is_of_owning_vm(g, h, f)) {
            return true;
        }
    }
    return false;
}

/* ---- Arrivals: takers, and owners that come back. ---- */

void
guard_take_arrivals(struct guard *g, const struct guard_env *env)
{
    struct arrival *a;

    while ((a = model_take_arrival(&g->model))) {
        struct hold *h = hold_table_find(&g->holds, &a->network, &a->addr);
        const struct port *p = model_find_port(&g->model, &a->port);
        char ip[IP_ADDR_STRLEN];

        model_note_arrival(&g->model, a, env->wall);
        if (p) {
            /* It may have been away between two turns only, and another one
             * on its port. */
            guard_see_anew(g, env, p);
        }
        if (h && is_in_our_clear(h, &a->port)) {
            /* Its clear, if it is not on its way yet, is off: see above. */
        } else if (h && p && p->network
                   && uuid_equals(&p->network->uuid, &a->network)
                   && ip_addr_set_contains(&p->ips, &a->addr)
                   && !uuid_equals(&h->keeper, &a->port)) {
            if (!guard_clear_is_sent(g, h, &a->port)) {
                hold_remove_former(h, &a->port);
            }                   /* Otherwise it may yet be carried out. */
            ip_addr_to_string(&a->addr, ip);
            if (guard_same_owner(h, p)) {
                h->returned = !guard_has_left_others(g, h, p);
                if (!h->returned) {
                    guard_hold_keep(g, h, &p->uuid);
                }
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
