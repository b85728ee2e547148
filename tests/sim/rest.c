/* SPDX-License-Identifier: Apache-2.0 */

/* What is checked when the world has calmed down: everything held has ended,
 * ports have what annotations want, and the daemon has nothing left to do. */

#include <config.h>

#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "util.h"
#include "uuid.h"

#define V4 0x3fu

/* Another port of the network that lists 'ip' and is not shut by us, or -1.
 * Who else shut one may open it at any time. */
static int
open_elsewhere(const struct world *w, int slot, int net, int ip)
{
    for (int q = 0; q < N_SLOTS; q++) {
        if (q != slot && slot_net(q) == net
            && row_ips(&w->nb.rows[q]) & (1u << ip)
            && !(w->nb.rows[q].mark
                 && w->nb.rows[q].enabled == TRI_FALSE)) {
            return q;
        }
    }
    return -1;
}

/* Does a port list 'ip', or may one that runs send from it? */
static bool
listed(const struct world *w, int net, int ip)
{
    for (int q = 0; q < N_SLOTS; q++) {
        const struct nb_row *row = &w->nb.rows[q];
        bool runs = q < N_OWNED_SLOTS && w->places[q].runs;

        if (slot_net(q) == net
            && (row_ips(row) | (runs ? row_ps_ips(row) : 0)) & (1u << ip)) {
            return true;
        }
    }
    return false;
}

/* ---- Holds. ---- */

static void
check_holds(struct world *w)
{
    for (size_t i = 0; i < w->own.n_holds; i++) {
        const struct hold *h = w->own.holds[i];
        int ip = ip_number(&h->addr);

        /* One may stay where a port has the address that is not its keeper:
         * that is what it is alerted for. */
        if (h->state == HOLD_BLOCKED && ip != NO_IP
            && listed(w, !strcmp(h->network_name, "net1"), ip)) {
            continue;
        }
        violate(w, RULE_HOLD_ENDS, "%s on %s is still held: %s",
                ip == NO_IP ? "?" : ip_text(ip), h->network_name,
                hold_state_to_string(h->state));
    }
}

/* ---- What annotations want. ---- */

enum wish {
    WISH_UNKNOWN,               /* Nothing can be said: anything goes. */
    WISH_NONE,                  /* The owner is gone. */
    WISH_IP,
};

static bool
any_workload(const struct world *w)
{
    bool any = w->kube.vm.exists;

    for (int i = 0; i < N_STS; i++) {
        any |= w->kube.sts[i].exists;
    }
    return any;
}

static bool
has_seen_vm(const struct world *w)
{
    const struct instance *active = active_instance(w);

    return active && active->known[OBJ_VM].sts.uid;
}

static bool
has_seen_workload(const struct world *w)
{
    const struct instance *active = active_instance(w);
    bool seen = has_seen_vm(w);

    for (int i = 0; i < N_STS; i++) {
        seen |= active && active->known[OBJ_STS(i)].sts.uid;
    }
    return seen;
}

static enum wish
wish_of_absent(const struct world *w, int slot, int *ip)
{
    int sts = slot_sts(slot);
    const struct ksts *s = (sts >= 0 ? &w->kube.sts[sts]
                            : slot == SLOT_VM ? &w->kube.vm : NULL);
    int ordinal = MAX(slot_ordinal(slot), 0);

    if ((w->n_killed || !has_seen_workload(w)) && !any_workload(w)) {
        return WISH_UNKNOWN;    /* Who has never seen one cannot tell whether
                                 * its source lists such things at all. */
    }
    if (slot == SLOT_VM && !s->exists && !has_seen_vm(w)) {
        return WISH_UNKNOWN;    /* Nor does who has never seen a VM's object,
                                 * only its pod, know that it is gone and not
                                 * stopped. */
    }
    if (speaks_ovn_kubernetes(w)) {
        return s && s->exists && s->opted_out ? WISH_UNKNOWN : WISH_NONE;
    }
    if (!s || !s->exists || (sts >= 0 && ordinal >= s->replicas)) {
        return s && s->exists && s->opted_out ? WISH_UNKNOWN : WISH_NONE;
    }
    if (s->old_revision != s->revision || s->opted_out) {
        return WISH_UNKNOWN;
    }
    *ip = s->pool[ordinal];
    return ((s->way == WAY_POOL || s->way == WAY_ADDRESS) && *ip != NO_IP
            ? WISH_IP : WISH_UNKNOWN);
}

static enum wish
wish_of(const struct world *w, int slot, int *ip)
{
    const struct instance *active = active_instance(w);
    const struct kpod *pod = &w->kube.pods[slot];
    const struct place *p = &w->places[slot];

    if (!pod->exists) {
        return wish_of_absent(w, slot, ip);
    }
    if (pod->finished && speaks_ovn_kubernetes(w) && !pod->opted_out) {
        return WISH_NONE;
    }
    if (pod->finished || pod->deleting || pod->opted_out || pod->edited
        || pod->migrating || p->confused) {
        return WISH_UNKNOWN;
    }
    *ip = pod_wants(pod, slot);
    if (*ip == NO_IP) {
        return WISH_UNKNOWN;
    }
    if (active && p->created_ms <= active->listed_ms
        && row_ips(&w->nb.rows[slot]) & V4 & ~(1u << *ip)) {
        /* After a start nobody knows which pod ran with what the port has:
         * in doubt it is the one that is there. */
        return WISH_UNKNOWN;
    }
    if (p->runs && p->uid != pod->uid) {
        return WISH_UNKNOWN;
    }
    return WISH_IP;
}

/* ---- Gates. ---- */

/* Is it kept from an address that shows in use, and a person was told? */
static bool
waits_for_dirt(const struct world *w, const struct nb_row *row)
{
    struct uuid port = sim_uuid(UUID_PORT, row->id);
    const struct gate *g = own_find_gate(w, &port);
    const struct hold *h = g ? own_find_hold(w, &g->network, &g->addr) : NULL;

    return (h && h->state == HOLD_BLOCKED
            && listed(w, row->net, ip_number(&h->addr)));
}

static void
check_gates(struct world *w)
{
    for (int slot = 0; slot < N_OWNED_SLOTS; slot++) {
        const struct nb_row *row = &w->nb.rows[slot];
        bool other = false;

        if (!row->id || !row->mark) {
            continue;
        }
        for (int i = 0; i < N_IPS; i++) {
            other |= (row_ips(row) & (1u << i)
                      && open_elsewhere(w, slot, row->net, i) >= 0);
        }
        int ip = NO_IP;
        if (wish_of(w, slot, &ip) != WISH_IP && w->kube.pods[slot].exists) {
            ip = pod_wants(&w->kube.pods[slot], slot);
        }
        if (ip != NO_IP) {
            /* It has lost the address to the other one, and waits. */
            other |= open_elsewhere(w, slot, row->net, ip) >= 0;
        }
        if (!other && !waits_for_dirt(w, row)) {
            violate(w, RULE_GATE_ENDS, "%s is still shut", slot_port(slot));
        }
    }
}

/* ---- Ports. ---- */

/* Is 'ip' held, past the deadline, because a port may still send from it? */
static bool
is_blocked(const struct world *w, int net, int ip)
{
    const struct hold *h = own_find_hold_of(w, net, ip);

    return h && h->state == HOLD_BLOCKED && listed(w, net, ip);
}

/* May the address that 'slot' wants rightly be another's? */
static bool
has_rival(const struct world *w, int slot, int ip)
{
    if (row_ips(&w->nb.rows[SLOT_FOREIGN]) & (1u << ip)
        && slot_net(slot) == slot_net(SLOT_FOREIGN)) {
        return true;
    }
    if (is_blocked(w, slot_net(slot), ip)) {
        return true;            /* A person was told, see check_holds(). */
    }
    for (int q = 0; q < N_OWNED_SLOTS; q++) {
        int other = NO_IP;

        if (q == slot || slot_net(q) != slot_net(slot)) {
            continue;
        }
        if (wish_of(w, q, &other) == WISH_IP && other == ip) {
            return true;
        }
        if ((row_ips(&w->nb.rows[q])
             | (w->places[q].runs ? row_ps_ips(&w->nb.rows[q]) : 0))
            & (1u << ip)) {
            return true;        /* It has it, or could send from it. */
        }
    }
    return false;
}

/* Is 'row' the keeper of a hold that cannot end by itself? */
static bool
keeps_blocked(const struct world *w, const struct nb_row *row)
{
    struct uuid uuid = sim_uuid(UUID_PORT, row->id);

    for (size_t i = 0; i < w->own.n_holds; i++) {
        const struct hold *h = w->own.holds[i];

        if (h->state == HOLD_BLOCKED && uuid_equals(&h->keeper, &uuid)) {
            return true;
        }
    }
    return false;
}

static void
check_port(struct world *w, int slot, bool manage)
{
    const struct nb_row *row = &w->nb.rows[slot];
    uint32_t has = row_ips(row) & V4;
    int ip = NO_IP;
    enum wish wish = wish_of(w, slot, &ip);
    uint32_t wanted = wish == WISH_IP ? 1u << ip : 0;
    bool runs = w->places[slot].runs;
    bool deny = w->config.deny && slot_sts(slot) >= 0;

    if (wish == WISH_NONE) {
        has = row_ips(row);     /* Of either family. */
    }
    if (!row->id || wish == WISH_UNKNOWN || has == wanted) {
        return;
    }
    if ((has & row_ips(&w->nb.rows[SLOT_FOREIGN])
         && row->net == slot_net(SLOT_FOREIGN))
        || keeps_blocked(w, row)) {
        return;                 /* Somebody was told to look. */
    }
    if (has & ~wanted && !runs && !(deny && wish == WISH_IP)
        && (wish == WISH_NONE || manage)) {
        char *s = row_format(row);
        violate(w, RULE_STALE_ENDS, "%s still is %s; %s", slot_port(slot), s,
                wish == WISH_IP ? "its owner wants another address"
                : "its owner is gone");
        free(s);
    }
    if (manage && !has && wish == WISH_IP && !has_rival(w, slot, ip)) {
        violate(w, RULE_CONVERGE, "%s lacks %s, which is free",
                slot_port(slot), ip_text(ip));
    }
}

/* ---- The journal. ---- */

static bool
is_journalled(const struct world *w, const struct due_entry *d)
{
    for (size_t i = 0; i < w->own.n_journal; i++) {
        const struct journal_entry *j = &w->own.journal[i];

        if (sim_uuid_number(&j->port) != d->port) {
            continue;
        }
        if (d->action) {
            if (!strcmp(j->action, d->action)) {
                return true;
            }
        } else if (!strcmp(j->action, "clear") || !strcmp(j->action, "set")
                   || !strcmp(j->action, "put-back")) {
            char *s = svec_join(CONST_CAST(struct svec *, &j->new_addresses),
                                ",", "");
            bool same = !strcmp(s, d->new->s);

            free(s);
            if (same) {
                return true;
            }
        }
    }
    return false;
}

/* Does a row name the hold of what left the port, or is it still there? */
static bool
hold_is_journalled(const struct world *w, int slot, uint32_t gone)
{
    for (size_t i = 0; i < w->own.n_journal; i++) {
        const struct journal_entry *j = &w->own.journal[i];
        struct ip_addr ip;

        if (ip_addr_parse(j->address, &ip) && ip_number(&ip) != NO_IP
            && gone & (1u << ip_number(&ip))
            && nullable_string_is_equal(j->network_name, slot_net(slot)
                                        ? "net1" : "net0")) {
            return true;
        }
    }
    for (int i = 0; i < N_IPS; i++) {
        if (gone & (1u << i) && own_find_hold_of(w, slot_net(slot), i)) {
            return true;
        }
    }
    return false;
}

/* What our hand left on a port, or took off it, has its row.  If the instance
 * died, or lost its locks for good, before it could write one, the hold tells
 * of what left the port; of what was set nobody knows. */
static void
check_journal(struct world *w)
{
    for (int i = 0; i < w->n_due; i++) {
        const struct due_entry *d = &w->entries_due[i];

        if (!w->own_replaced && !w->n_killed
            && active_instance(w)->number == d->instance
            && !is_journalled(w, d)) {
            violate(w, RULE_JOURNAL, "that port %u became \"%s\" is not in "
                    "the journal", d->port,
                    d->action ? d->action : d->new->s);
        }
    }
    for (int slot = 0; slot < N_OWNED_SLOTS && !w->own_replaced; slot++) {
        const struct authorship *a = &w->authors[slot];
        const struct nb_row *row = &w->nb.rows[slot];
        const struct instance *in = &w->instances[a->instance];
        struct due_entry d = { .port = row->id, .new = text_get("") };
        bool alive = (active_instance(w) == in && in->lives == a->life);

        if (!row->id || !a->ours) {
            continue;
        }
        if (row->n_addresses) {
            d.new = row->addresses[0];
        }
        if (alive && row->n_addresses <= 1 ? !is_journalled(w, &d)
            : a->gone && !hold_is_journalled(w, slot, a->gone)) {
            char *s = row_format(row);

            violate(w, RULE_EXPLAINED, "no row of the journal tells why %s "
                    "is %s", slot_port(slot), s);
            free(s);
        }
    }
}

/* ---- Nothing left to do. ---- */

static void
check_second_plan(struct world *w, struct instance *in)
{
    struct guard_env env;

    model_mark_all(guard_model(in->guard));
    for (int i = 0; i < 3; i++) {
        struct orders orders;

        instance_env(w, in, &env);
        orders_init(&orders);
        guard_run(in->guard, &env, &orders);
        if (orders.nb || orders.store || orders.n_delete_mac_bindings
            || orders.n_kube_writes || orders.n_reads) {
            violate(w, RULE_IDEMPOTENT, "%s plans again what is done",
                    in->name);
        }
        orders_destroy(&orders);
    }
}

static void
check_restart(struct world *w)
{
    struct nb_row before[N_SLOTS];
    bool known = true;

    memcpy(before, w->nb.rows, sizeof before);
    for (int i = 0; i < N_SLOTS; i++) {
        int ip;

        /* What one life could not tell, another may. */
        known &= (i >= N_OWNED_SLOTS || !w->nb.rows[i].id
                  || wish_of(w, i, &ip) != WISH_UNKNOWN);
        /* Who is refused comes in when nobody is there to refuse it. */
        known &= i >= N_OWNED_SLOTS || !w->refused[i];
    }
    for (size_t i = 0; i < w->own.n_holds; i++) {
        /* Who runs by now with an address that waits for a person becomes
         * its keeper at the start. */
        known &= w->own.holds[i]->state != HOLD_BLOCKED;
    }
    w->n_due = 0;
    for (int i = 0; i < N_INSTANCES; i++) {
        if (w->instances[i].alive) {
            instance_kill(w, &w->instances[i], " at rest");
        }
    }
    world_run_until(w, w->now + 300 * 1000);
    for (int i = 0; i < N_SLOTS; i++) {
        if (known && !row_equals(&before[i], &w->nb.rows[i])) {
            char *a = row_format(&before[i]);
            char *b = row_format(&w->nb.rows[i]);

            violate(w, RULE_RESTART, "%s was %s, now %s", slot_port(i), a, b);
            free(a);
            free(b);
        }
    }
}

void
rest_check(struct world *w)
{
    struct instance *in = active_instance(w);

    SAY(w, "world", "is at rest");
    if (w->trace && in) {
        struct ds ds = DS_EMPTY_INITIALIZER;
        struct guard_env env;

        instance_env(w, in, &env);
        guard_format_plan(in->guard, &env, &ds);
        printf("%s's plan:\n%s", in->name, ds_cstr(&ds));
        ds_destroy(&ds);
    }
    if (w->config.mode == MODE_OBSERVE) {
        coverage_rest(w, &w->instances[0]);
        return;
    }
    if (!in) {
        violate(w, RULE_REST, "no instance is active");
        return;
    }
    if (guard_frozen(in->guard) || guard_brake(in->guard)) {
        violate(w, RULE_REST, "%s is stopped: %s", in->name,
                guard_frozen(in->guard) ? guard_frozen(in->guard)
                : guard_brake(in->guard));
    }
    coverage_rest(w, in);
    check_holds(w);
    check_gates(w);
    for (int i = 0; i < N_OWNED_SLOTS && w->violation < 0; i++) {
        int ip = NO_IP;

        check_port(w, i, w->config.mode == MODE_MANAGE);
        if (w->refused[i] && wish_of(w, i, &ip) == WISH_IP) {
            admission_rest(w, i, ip, has_rival(w, i, ip));
        }
    }
    check_journal(w);
    ipam_rest(w);
    reaction_rest(w, in);
    look_back_rest(w);
    if (w->violation < 0) {
        check_second_plan(w, in);
    }
    if (w->violation < 0 && w->config.restart_at_rest) {
        check_restart(w);
    }
}
