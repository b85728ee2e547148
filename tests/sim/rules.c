/* SPDX-License-Identifier: Apache-2.0 */

/* What is checked when the daemon orders something, by what it knows, and when
 * that is carried out, by what is really so. */

#include <config.h>

#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/util.h"
#include "svec.h"
#include "util.h"
#include "uuid.h"

#include "agent/core/judge.h"
#include "agent/core/lsp-addr.h"

static const struct {
    const char *number, *text;
} rules[N_RULES] = {
#define RULE(ENUM, NUMBER, TEXT) [RULE_##ENUM] = { NUMBER, TEXT },
#include "rules.h"
#undef RULE
};

const char *
rule_number(enum rule rule)
{
    return rules[rule].number;
}

const char *
rule_text(enum rule rule)
{
    return rules[rule].text;
}

/* ---- By what the daemon knows. ---- */

static const struct hold *
known_hold(const struct instance *in, const struct port *p, int ip)
{
    struct ip_addr addr;

    ovs_assert(ip_addr_parse(ip_text(ip), &addr));
    return p->network ? hold_table_find(guard_holds(in->guard),
                                        &p->network->uuid, &addr) : NULL;
}

/* 'ip' is to be taken off the port of 'slot'. */
static void
check_clear_order(struct world *w, struct instance *in, int slot,
                  const struct port *p, int ip)
{
    const struct model *m = guard_model_const(in->guard);
    const struct hold *h = known_hold(in, p, ip);
    const char *name = slot_port(slot);
    int64_t settle = in->settings.settle_ms;

    if (!m->kube_trusted) {
        violate(w, RULE_SOURCES, "%s clears %s while a source of pods has a "
                "problem", in->name, name);
    }
    if (h && uuid_equals(&h->keeper, &p->uuid)) {
        violate(w, RULE_KEEPER, "%s clears %s of %s, its keeper", in->name,
                ip_text(ip), name);
    }
    if (judge_binding(m, p) == BINDING_BOUND) {
        violate(w, RULE_RUNS, "%s clears %s of %s, which it knows to be "
                "bound", in->name, ip_text(ip), name);
    }
    if (in->unbound_at[slot] == NEVER
        || w->now - in->unbound_at[slot] < settle) {
        violate(w, RULE_UNBOUND, "%s clears %s, of which it has not known "
                "for %"PRId64" ms that it is unbound", in->name, name,
                settle);
    }
    if (w->now - in->slot_changed[slot] < settle) {
        violate(w, RULE_SETTLE, "%s clears %s %"PRId64" ms after it learnt "
                "of a change", in->name, name,
                w->now - in->slot_changed[slot]);
    }
    if (w->now - in->read_began[slot] > in->settings.live_read_ms) {
        violate(w, RULE_LIVE_READ, "%s clears %s of %s without a live read",
                in->name, ip_text(ip), name);
    }
}

static void
check_shut_order(struct world *w, struct instance *in, int slot,
                 const struct port *p)
{
    const struct model *m = guard_model_const(in->guard);
    const struct gate *g, *found = NULL;
    const struct hold *h;
    const char *name = slot_port(slot);

    HMAP_FOR_EACH (g, node, guard_gates(in->guard)) {
        if (uuid_equals(&g->port, &p->uuid)) {
            found = g;
        }
    }
    if (!found) {
        violate(w, RULE_GATE_STORED, "%s shuts %s without a record of it",
                in->name, name);
        return;
    }
    h = hold_table_find(guard_holds(in->guard), &found->network,
                        &found->addr);
    if (!h) {
        violate(w, RULE_GATE_REASON, "%s shuts %s for an address that is not "
                "held", in->name, name);
        return;
    }
    if (speaks_ovn_kubernetes(w)) {
        violate(w, RULE_GATE_REASON, "%s shuts %s, whose CNI writes "
                "'enabled' itself", in->name, name);
    }
    if (judge_binding(m, p) != BINDING_UNBOUND
        || uuid_equals(&h->keeper, &p->uuid)) {
        violate(w, RULE_GATE_REASON, "%s shuts %s, which runs with the "
                "address or may", in->name, name);
    }
    if (p->member && !strcmp(h->owner.name, p->member->name)) {
        violate(w, RULE_SAME_OWNER, "%s shuts %s for its own address",
                in->name, name);
    }
}

/* A template's pool says nothing where the pods are to be sticky. */
static bool
names_address(enum claim_way way, const int pool[2], int ordinal, int ip)
{
    return (way == WAY_POOL || way == WAY_ADDRESS) && pool[ordinal] == ip;
}

/* Does the owner, as the instance knows it, want 'ip' on 'slot', or did it
 * when its port lost it? */
static bool
is_wanted(const struct world *w, const struct instance *in, int slot, int ip)
{
    const struct kpod *pod = &in->known[slot].pod;
    int sts = slot_sts(slot);
    const struct ksts *s = (sts >= 0 ? &in->known[OBJ_STS(sts)].sts
                            : slot == SLOT_VM ? &in->known[OBJ_VM].sts
                            : NULL);
    int ordinal = MAX(slot_ordinal(slot), 0);

    if (pod->exists) {
        return (pod->edited ? pod->ip == ip
                : pod_wants(pod, slot) == ip);
    }
    /* Either revision in play may be the next one, unless it is certain that
     * the new one is: see note_certainty() in guard.c. */
    bool certain = (w->config.release && w->config.webhook
                    && in->settings.mode == MODE_GUARD && sts >= 0
                    && !s->on_delete && ordinal >= s->partition);
    return (s && s->exists && !speaks_ovn_kubernetes(w)
            && (names_address(s->way, s->pool, ordinal, ip)
                || (s->old_revision != s->revision && !certain
                    && names_address(s->old_way, s->old_pool, ordinal,
                                     ip))));
}

/* Does the next pod keep whatever its port has, because a template in play
 * names no address, or one that cannot be understood?  The one of another
 * StatefulSet than the last pod was of keeps nothing. */
static bool
keeps_what_it_has(const struct world *w, const struct instance *in, int slot)
{
    const struct kpod *last = &in->known[slot].pod;
    int sts = slot_sts(slot);
    const struct ksts *s = sts >= 0 ? &in->known[OBJ_STS(sts)].sts : NULL;

    if (!s || !s->exists || speaks_ovn_kubernetes(w)) {
        return false;
    }
    return (s->way == WAY_INVALID
            || (s->way == WAY_STICKY
                && (!last->uid || last->owner_uid == s->uid)));
}

bool
rules_is_undone(const struct instance *in, int slot, int ip,
                int64_t ordered_ms)
{
    int64_t set_ms = in->set_ms[slot][ip];

    return set_ms && ordered_ms >= set_ms && ordered_ms < set_ms + 5000;
}

/* How many members has the StatefulSet of 'slot', as the instance knows it? */
static int
wanted_replicas(const struct instance *in, int slot)
{
    int sts = slot_sts(slot);

    return (sts >= 0 && in->known[OBJ_STS(sts)].sts.exists
            ? in->known[OBJ_STS(sts)].sts.replicas : -1);
}

/* What may always be written: that a gate of ours is opened. */
static bool
only_opens(const struct nb_write *wr)
{
    return (!wr->set_addresses && !wr->set_port_security
            && (!wr->set_enabled || wr->new_enabled != TRI_FALSE)
            && (!wr->set_mark || !wr->new_mark));
}

/* Writes 'in' where it may write nothing, or nothing yet? */
static void
check_stopped(struct world *w, struct instance *in, const char *what)
{
    const struct model *m = guard_model_const(in->guard);

    if ((in->must_be_frozen || in->own_went_back)
        && !guard_frozen(in->guard)) {
        violate(w, RULE_MUST_FREEZE, "%s writes %s although a database went "
                "back", in->name, what);
    }
    if (guard_frozen(in->guard)) {
        violate(w, RULE_FROZEN, "%s writes %s", in->name, what);
    }
    if (guard_brake(in->guard) || w->braked) {
        violate(w, RULE_BRAKE, "%s writes %s", in->name, what);
    }
    if (in->paused) {
        violate(w, RULE_PAUSED, "%s writes %s", in->name, what);
    }
    if (!m->nb_synced || !m->sb_synced || !m->kube_synced) {
        violate(w, RULE_SOURCES, "%s writes %s before all is synced",
                in->name, what);
    }
}

static void
check_write_order(struct world *w, struct instance *in,
                  const struct nb_write *wr)
{
    const struct model *m = guard_model_const(in->guard);
    const struct port *p = model_find_port(m, &wr->port);
    int slot = slot_of_port(wr->port_name);
    uint32_t gone, come;

    if (slot < 0 || slot == SLOT_FOREIGN || !p) {
        violate(w, RULE_FOREIGN, "%s writes %s", in->name, wr->port_name);
        return;
    }
    if (only_opens(wr)) {
        return;
    }
    check_stopped(w, in, wr->port_name);
    if (slot < N_OWNED_SLOTS && in->known[slot].pod.exists
        && in->known[slot].pod.opted_out) {
        violate(w, RULE_OPTED_OUT, "%s writes %s, whose pod has opted out",
                in->name, wr->port_name);
    }
    gone = (wr->set_addresses ? svec_ips(&wr->old_addresses)
            & ~svec_ips(&wr->new_addresses) : 0);
    come = (wr->set_addresses ? svec_ips(&wr->new_addresses)
            & ~svec_ips(&wr->old_addresses) : 0);
    for (int i = 0; i < N_IPS; i++) {
        if (gone & (1u << i) && rules_is_undone(in, slot, i, w->now)) {
            continue;
        }
        if (come & (1u << i)) {
            in->set_ms[slot][i] = w->now;
        }
        if (gone & (1u << i)) {
            check_clear_order(w, in, slot, p, i);
            if (!p->mark && (is_wanted(w, in, slot, i)
                             || keeps_what_it_has(w, in, slot))
                && !in->known[slot].pod.exists
                && slot_ordinal(slot) < wanted_replicas(in, slot)) {
                violate(w, RULE_STILL_WANTED, "%s clears %s of %s, which the "
                        "next pod may want", in->name, ip_text(i),
                        wr->port_name);
            }
        } else if (come & (1u << i) && !is_wanted(w, in, slot, i)) {
            violate(w, RULE_WANTED, "%s sets %s on %s, whose owner does not "
                    "want it", in->name, ip_text(i), slot_port(slot));
        }
    }
    if (wr->set_enabled && wr->new_enabled == TRI_FALSE) {
        check_shut_order(w, in, slot, p);
    }
}

void
rules_check_orders(struct world *w, struct instance *in,
                   const struct orders *o)
{
    size_t n_elsewhere = o->n_delete_mac_bindings + o->n_kube_writes;
    struct guard_env env;

    if (!o->store && !o->nb && !o->n_reads && !n_elsewhere) {
        return;
    }
    instance_env(w, in, &env);
    if (in->settings.mode == MODE_OBSERVE) {
        violate(w, RULE_OBSERVE, "%s orders something", in->name);
    }
    if (!env.locked && (o->store || o->nb || n_elsewhere)) {
        violate(w, RULE_ONE_WRITER, "%s orders something without the locks",
                in->name);
    }
    if (n_elsewhere) {
        check_stopped(w, in, (o->n_kube_writes ? "to the API server"
                              : "to SB"));
    }
    if (!o->nb) {
        return;
    }
    for (size_t i = 0; i < o->nb->n; i++) {
        check_write_order(w, in, &o->nb->writes[i]);
    }
    if (o->nb->bump) {
        if (w->now - in->last_bump_ms < in->settings.barrier_interval_ms) {
            violate(w, RULE_BARRIER, "%s takes two barriers in %"PRId64" ms",
                    in->name, w->now - in->last_bump_ms);
        }
        in->last_bump_ms = w->now;
    }
}

/* ---- By what is so. ---- */

/* Every word of 'old' but the addresses of 'gone' must be in 'new'. */
static void
check_bytes(struct world *w, struct instance *in, const char *name,
            const struct text *const *old, int n_old,
            const struct text *const *new, int n_new, uint32_t gone)
{
    for (int i = 0; i < n_old; i++) {
        char *copy = xstrdup(old[i]->s);
        char *save = NULL;

        for (char *word = strtok_r(copy, " ", &save); word;
             word = strtok_r(NULL, " ", &save)) {
            struct ip_addr ip;
            bool found = false;

            if (ip_addr_parse(word, &ip) && ip_number(&ip) != NO_IP
                && gone & (1u << ip_number(&ip))) {
                continue;
            }
            for (int j = 0; j < n_new; j++) {
                const char *at = strstr(new[j]->s, word);
                size_t len = strlen(word);
                found |= at && (!at[len] || at[len] == ' ');
            }
            if (!found) {
                violate(w, strlen(word) == 17 ? RULE_MAC : RULE_BYTES,
                        "%s loses \"%s\" of %s", in->name, word, name);
            }
        }
        free(copy);
    }
}

static void
check_clear(struct world *w, struct instance *in, int slot,
            const struct nb_row *old, int ip)
{
    const struct hold *h = own_find_hold_of(w, old->net, ip);
    struct uuid port = sim_uuid(UUID_PORT, old->id);
    int64_t since = w->places[slot].own_since[ip];

    if (old->mark && old->enabled == TRI_FALSE) {
        since = NEVER;          /* It waits for it, and never had it. */
    }
    if (since <= in->nb_ordered_ms - in->settings.live_read_ms) {
        violate(w, RULE_LIVE, "%s takes %s from %s, whose pod has had a "
                "right to it for %"PRId64" ms", in->name, ip_text(ip),
                slot_port(slot), w->now - since);
    }
    /* A database that loses what it had confirmed can break the order. */
    if (w->own_replaced_ms < in->nb_ordered_ms
        && (!h || !hold_find_former(h, &port))) {
        violate(w, RULE_HOLD_FIRST, "%s takes %s from %s and no hold of it "
                "is stored", in->name, ip_text(ip), slot_port(slot));
    }
}

static void
check_given(struct world *w, struct instance *in, int slot, int ip,
            const char *how)
{
    const char *dirt = truth_dirt(w, in, slot_net(slot), ip, slot,
                                  in->nb_ordered_seq,
                                  in->nb_ordered_sb_seq);

    if (dirt && !look_back_is_put_back(w, slot, ip)) {
        violate(w, RULE_CLEAN, "%s %s %s with %s: %s", in->name, how,
                slot_port(slot), ip_text(ip), dirt);
    }
}

/* The addresses that port_security may gain in mode guard, where a gate is
 * opened and its port gets back what somebody else's write had taken: as many
 * as it loses of those which the port does not have. */
static uint32_t
swapped_ps(const struct nb_row *old, const struct nb_row *new)
{
    uint32_t come = row_ips(new) & ~row_ips(old);
    uint32_t stale = row_ps_ips(old) & ~row_ps_ips(new) & ~row_ips(new);
    bool opens = old->mark && !new->mark;

    return opens && count_1bits(come) <= count_1bits(stale) ? come : 0;
}

static void
check_ps(struct world *w, struct instance *in, int slot,
         const struct nb_row *old, const struct nb_row *new)
{
    if (old->n_ps && !new->n_ps) {
        violate(w, RULE_PORT_SECURITY, "%s empties port_security of %s",
                in->name, slot_port(slot));
    }
    /* A put-back restores what our clear took off, here, too. */
    uint32_t back = row_ips(new) & ~row_ips(old) ? w->ps_taken[slot] : 0;
    w->ps_taken[slot] |= row_ps_ips(old) & ~row_ps_ips(new);
    if (in->settings.mode == MODE_GUARD
        && (row_ps_ips(new) & ~row_ps_ips(old) & ~back
            & ~swapped_ps(old, new))) {
        violate(w, RULE_PORT_SECURITY, "%s widens port_security of %s",
                in->name, slot_port(slot));
    }
    for (int i = 0; i < new->n_ps; i++) {
        if (!new->ps[i]->ips && i < old->n_ps && old->ps[i]->ips) {
            violate(w, RULE_PORT_SECURITY, "%s leaves an entry of %s that "
                    "permits every address", in->name, slot_port(slot));
        }
    }
}

void
rules_check_nb_write(struct world *w, struct instance *in,
                     const struct nb_write *wr, const struct nb_row *old,
                     const struct nb_row *new)
{
    int slot = slot_of_port(wr->port_name);
    uint32_t before = row_ips(old), after = row_ips(new);
    uint32_t ps_gone = row_ps_ips(old) & ~row_ps_ips(new);
    bool opens = (old->enabled == TRI_FALSE && new->enabled != TRI_FALSE);

    if (wr->set_addresses && svec_ips(&wr->old_addresses) != before) {
        violate(w, RULE_VERIFY, "%s overwrites a change of %s that it has "
                "not seen", in->name, slot_port(slot));
    }
    for (int i = 0; i < N_IPS; i++) {
        uint32_t bit = 1u << i;

        if (before & ~after & bit
            && !rules_is_undone(in, slot, i, in->nb_ordered_ms)) {
            check_clear(w, in, slot, old, i);
            look_back_note_loss(w, in, slot, i, new);
        }
        if (after & ~before & bit && new->enabled != TRI_FALSE) {
            check_given(w, in, slot, i, "sets");
        } else if (opens && after & bit
                   && in->nb_clean_openings & (1u << slot)) {
            check_given(w, in, slot, i, "opens");
        }
    }
    check_bytes(w, in, slot_port(slot), old->addresses, old->n_addresses,
                new->addresses, new->n_addresses, before & ~after);
    check_bytes(w, in, slot_port(slot), old->ps, old->n_ps, new->ps,
                new->n_ps, ps_gone);
    check_ps(w, in, slot, old, new);
    if (old->net != new->net || old->id != new->id) {
        violate(w, RULE_COLUMNS, "%s moves %s", in->name, slot_port(slot));
    }
}

void
rules_check_ip_deletion(struct world *w, struct instance *in, int slot,
                        int ip)
{
    const struct nb_row *row = &w->nb.rows[slot];
    struct uuid port = sim_uuid(UUID_PORT, row->id);
    const struct port *p = model_find_port(guard_model_const(in->guard),
                                           &port);

    if (row->id && row_ips(row) & (1u << ip) && p
        && w->now - in->slot_changed[slot] > 2 * w->config.kube_ms
        && row_ips(&in->nb_rows[slot]) & (1u << ip)) {
        int64_t ordered_ms = in->nb_ordered_ms;

        /* It was on its way for as long as this. */
        in->nb_ordered_ms = w->now - 2 * w->config.kube_ms - 1;
        check_clear(w, in, slot, row, ip);
        in->nb_ordered_ms = ordered_ms;
        if (judge_binding(guard_model_const(in->guard), p)
            == BINDING_BOUND) {
            violate(w, RULE_RUNS, "%s deletes the IP object of %s, which it "
                    "knows to be bound", in->name, slot_port(slot));
        }
    }
}

/* ---- The own database. ---- */

static const struct journal_entry *
find_end(const struct store_batch *b, const struct hold *h)
{
    char ip[IP_ADDR_STRLEN];

    ip_addr_to_string(&h->addr, ip);
    for (size_t i = b->n_journal; i-- > 0; ) {
        const struct journal_entry *j = &b->journal[i];

        if (nullable_string_is_equal(j->network_name, h->network_name)
            && nullable_string_is_equal(j->address, ip)
            && (!strcmp(j->action, "release") || !strcmp(j->action, "cancel")
                || !strcmp(j->action, "force"))) {
            return j;
        }
    }
    return NULL;
}

/* May one of those who had the address still send from it, by what an instance
 * could know at 'sb_seq' of SB? */
static void
check_senders(struct world *w, const struct instance *in,
              const struct hold *h, int keeper, uint64_t sb_seq)
{
    int ip = ip_number(&h->addr);

    for (int q = 0; q < N_SLOTS; q++) {
        const struct sb_row *row = &w->sb.rows[q];
        struct uuid uuid = sim_uuid(UUID_PORT, row->nb.id);

        if (q != keeper && row->present && row->chassis != NO_CHASSIS
            && row->nb.enabled != TRI_FALSE
            && row_ps_ips(&row->nb) & (1u << ip)
            && w->sb.row_seq[q] <= sb_seq && hold_find_former(h, &uuid)) {
            violate(w, RULE_RELEASE_LAST, "%s releases %s, and %s may send "
                    "from it", in->name, ip_text(ip), slot_port(q));
        }
    }
}

static void
check_release(struct world *w, struct instance *in, const struct hold *h)
{
    int ip = ip_number(&h->addr);
    int keeper = -1, net = -1;
    const char *dirt;

    for (int i = 0; i < N_NETS; i++) {
        struct uuid uuid = sim_uuid(UUID_NET, w->nb.net_ids[i]);
        net = uuid_equals(&uuid, &h->network) ? i : net;
    }
    if (net < 0 || ip == NO_IP) {
        return;                 /* The switch is gone, and its ports. */
    }
    for (int i = 0; i < N_SLOTS; i++) {
        struct uuid uuid = sim_uuid(UUID_PORT, w->nb.rows[i].id);
        keeper = uuid_equals(&uuid, &h->keeper) ? i : keeper;
    }
    const struct end_ordered *e = own_end_ordered(w, in, &h->uuid);
    if (keeper < 0) {
        keeper = nb_slot_lost_since(w, sim_uuid_number(&h->keeper), e->seq);
    }
    dirt = truth_dirt(w, in, net, ip, keeper, e->seq, e->sb_seq);
    if (dirt) {
        violate(w, RULE_RELEASE_LAST, "%s releases %s: %s", in->name,
                ip_text(ip), dirt);
    }
    if (!(w->forced[net] & (1u << ip))) {
        check_senders(w, in, h, keeper, e->sb_seq);
    }
    if (w->config.localnet && net == 0 && h->gone_ms
        && !strcmp(h->boot_id, in->boot_id)) {
        struct guard_env env;

        instance_env(w, in, &env);
        if (env.now - h->gone_ms < in->settings.min_hold_localnet_ms) {
            violate(w, RULE_MIN_HOLD, "%s releases %s after %lld ms",
                    in->name, ip_text(ip), env.now - h->gone_ms);
        }
    }
}

void
rules_check_store(struct world *w, struct instance *in,
                  const struct store_batch *b)
{
    for (size_t i = 0; i < b->n_delete_holds; i++) {
        for (size_t j = 0; j < w->own.n_holds; j++) {
            const struct hold *h = w->own.holds[j];
            const struct journal_entry *end;

            if (!uuid_equals(&h->uuid, &b->delete_holds[i])) {
                continue;
            }
            end = find_end(b, h);
            if (!end) {
                violate(w, RULE_JOURNAL, "%s ends a hold without a journal "
                        "row", in->name);
            } else if (!strcmp(end->action, "release")) {
                check_release(w, in, h);
            }
        }
    }
    for (size_t i = 0; i < b->n_put_holds; i++) {
        if (hold_state_is_end(b->put_holds[i]->state)) {
            violate(w, RULE_STORE, "%s stores a hold that has ended",
                    in->name);
        }
    }
}
