/* SPDX-License-Identifier: Apache-2.0 */

/* The simulated world: orders carried out to the letter, ovn-northd, chassis
 * and the own database; and what must hold after each write. */

#include <config.h>

#include "tests/unit/world.h"

#include <stdlib.h>
#include <string.h>

#include "smap.h"
#include "util.h"
#include "uuid.h"

#include "agent/core/kube-change.h"
#include "agent/core/lsp-addr.h"

#include "tests/unit/own-rows.h"
#include "tests/unit/world-private.h"

static void OVS_PRINTF_FORMAT(2, 3)
violate(struct world *w, const char *format, ...)
{
    va_list args;

    w->n_violations++;
    va_start(args, format);
    char *s = xvasprintf(format, args);
    va_end(args);
    if (getenv("IPGUARD_TEST_LOG")) {
        printf("%lld VIOLATION %s\n", w->now, s);
    }
    if (w->violation) {
        free(s);
    } else {
        w->violation = s;
    }
}

static bool
svec_same(const struct svec *a, const struct svec *b)
{
    if (a->n != b->n) {
        return false;
    }
    for (size_t i = 0; i < a->n; i++) {
        if (strcmp(a->names[i], b->names[i])) {
            return false;
        }
    }
    return true;
}

static void
svec_assign(struct svec *dst, const struct svec *src)
{
    struct svec copy;

    svec_clone(&copy, src);
    svec_destroy(dst);
    *dst = copy;
}

/* ---- Southbound. ---- */

void
world_tell_binding(struct world *w, struct wport *p)
{
    struct model *m = guard_model(w->guard);

    if (w->sb_down || !p->in_sb || p->told
        || !sset_contains(&guard_sb_watch(w->guard)->ports, p->name)) {
        return;
    }
    struct sb_binding_row row = {
        .logical_port = p->name, .type = p->type,
        .mac = p->sb_mac.names, .n_mac = p->sb_mac.n,
        .port_security = p->sb_ps.names, .n_port_security = p->sb_ps.n,
        .chassis = p->sb_chassis, .up = p->sb_chassis != NULL,
    };
    model_set_binding(m, &row, w->now);
    p->told = true;
}

/* ovn-northd brings SB to where NB is. */
static void
run_northd(struct world *w)
{
    for (size_t i = 0; i < w->n_ports; i++) {
        struct wport *p = w->ports[i];

        if (!p->in_sb || !svec_same(&p->sb_mac, &p->addresses)
            || !svec_same(&p->sb_ps, &p->ps)) {
            p->in_sb = true;
            svec_assign(&p->sb_mac, &p->addresses);
            svec_assign(&p->sb_ps, &p->ps);
            p->told = false;
        }
    }
    w->sb_nb_cfg = w->nb_cfg;
}

/* Shows the guard what it watches and has not been told. */
static bool
show_sb(struct world *w)
{
    struct model *m = guard_model(w->guard);
    const struct sb_watch *watch = guard_sb_watch(w->guard);
    const char *name;

    if (m->sb_watch_acked != watch->seqno && w->sb_watch_stays) {
        return false;
    }
    if (m->sb_watch_acked == watch->seqno) {
        for (size_t i = 0; i < w->n_ports; i++) {
            world_tell_binding(w, w->ports[i]);
        }
    } else {
        for (size_t i = 0; i < w->n_ports; i++) {
            if (!sset_contains(&m->sb_acked_ports, w->ports[i]->name)) {
                w->ports[i]->told = false;
            }
            world_tell_binding(w, w->ports[i]);
        }
    }
    for (size_t i = 0; i < w->n_macs; i++) {
        struct mac_binding_row row = {
            .uuid = w->macs[i].uuid,
            .logical_port = w->macs[i].router_port,
            .ip = w->macs[i].ip,
            .mac = w->macs[i].mac,
        };
        if (sset_contains(&watch->addresses, row.ip)) {
            model_set_mac_binding(m, &row);
        }
    }
    SSET_FOR_EACH (name, &watch->networks) {
        for (size_t i = 0; i < w->n_networks; i++) {
            char uuid[UUID_LEN + 1];

            snprintf(uuid, sizeof uuid, UUID_FMT,
                     UUID_ARGS(&w->networks[i].uuid));
            if (!strcmp(uuid, name)
                && w->networks[i].exists != sset_contains(&m->datapaths,
                                                          uuid)) {
                model_set_datapath(m, uuid, w->networks[i].exists);
            }
        }
    }
    if (watch->chassis) {
        for (size_t i = 0; i < w->n_chassis; i++) {
            struct wchassis *c = &w->chassis[i];
            const struct chassis *known = model_find_chassis(m, c->name);

            if (!known || !known->has_private || known->nb_cfg != c->nb_cfg
                || known->private_has_chassis == c->phantom) {
                model_set_chassis_private(m, c->name, !c->phantom,
                                          c->nb_cfg);
            }
        }
    }
    if (m->sb_watch_acked != watch->seqno) {
        model_ack_sb_watch(m, watch, w->now);
        return true;
    }
    return false;
}

bool
world_run_sb(struct world *w)
{
    struct model *m = guard_model(w->guard);
    bool busy = false;

    if (!w->northd_frozen && (w->sb_dirty || w->sb_nb_cfg != w->nb_cfg)) {
        if (w->sb_wait++ >= w->sb_lag) {
            w->sb_wait = 0;
            w->sb_dirty = false;
            run_northd(w);
        }
        busy = true;
    }
    for (size_t i = 0; i < w->n_chassis; i++) {
        if (w->chassis[i].answers && w->chassis[i].nb_cfg != w->sb_nb_cfg) {
            w->chassis[i].nb_cfg = w->sb_nb_cfg;
            busy = true;
        }
    }
    if (!w->sb_down) {
        if (m->sb_nb_cfg != w->sb_nb_cfg) {
            m->sb_nb_cfg = w->sb_nb_cfg;
            m->change_seqno++;
        }
        busy |= show_sb(w);
    }
    return busy;
}

/* ---- The own database. ---- */

static void
parse_args(const char *text, struct smap *args)
{
    char *copy = xstrdup(text);
    char *save_ptr = NULL;

    smap_init(args);
    for (char *pair = strtok_r(copy, " ", &save_ptr); pair;
         pair = strtok_r(NULL, " ", &save_ptr)) {
        char *value = strchr(pair, '=');

        *value++ = '\0';
        for (char *p = value; *p; p++) {
            *p = *p == '_' ? ' ' : *p;
        }
        smap_add(args, pair, value);
    }
    free(copy);
}

static void
add_requests(const struct world *w, struct store_snapshot *snap)
{
    snap->requests = xcalloc(w->n_requests + 1, sizeof *snap->requests);
    for (size_t i = 0; i < w->n_requests; i++) {
        const struct wrequest *wr = &w->requests[i];
        struct smap args;
        struct request *r;

        parse_args(wr->args, &args);
        r = request_create(&wr->uuid, wr->command, &args, "tester");
        smap_destroy(&args);
        r->made_wall_ms = wr->made_wall_ms;
        r->answered = wr->state[0] != '\0';
        r->answered_wall_ms = wr->answered_wall_ms;
        snap->requests[snap->n_requests++] = r;
    }
}

const struct wrequest *
world_ask(struct world *w, const char *command, const char *args)
{
    struct wrequest *r;

    if (w->n_requests == ARRAY_SIZE(w->requests)) {
        /* The oldest is fetched. */
        memmove(&w->requests[0], &w->requests[1],
                sizeof w->requests - sizeof w->requests[0]);
        w->n_requests--;
    }
    r = &w->requests[w->n_requests++];
    memset(r, 0, sizeof *r);
    uuid_generate(&r->uuid);
    ovs_strlcpy(r->command, command, sizeof r->command);
    ovs_strlcpy(r->args, args, sizeof r->args);
    r->made_wall_ms = w->wall;
    if (w->have_store) {
        world_load(w);
    }
    return r;
}

static void
answer_request(struct world *w, const struct request_answer *answer)
{
    for (size_t i = 0; i < w->n_requests; i++) {
        struct wrequest *r = &w->requests[i];

        if (uuid_equals(&r->uuid, &answer->uuid)) {
            if (r->state[0] && strcmp(r->answer, answer->text)) {
                violate(w, "a request is answered twice");
            }
            ovs_strlcpy(r->state, answer->refused ? "refused" : "done",
                        sizeof r->state);
            ovs_strlcpy(r->answer, answer->text, sizeof r->answer);
            r->answered_wall_ms = answer->wall_ms;
        }
    }
}

static void
delete_request(struct world *w, const struct uuid *uuid)
{
    for (size_t i = 0; i < w->n_requests; i++) {
        if (uuid_equals(&w->requests[i].uuid, uuid)) {
            w->requests[i] = w->requests[--w->n_requests];
        }
    }
}

void
world_load(struct world *w)
{
    struct store_snapshot snap;
    struct guard_env env;

    store_snapshot_init(&snap);
    free(snap.identity);
    snap.identity = xstrdup(w->store_identity);
    own_rows_fill(&snap, &w->row, w->holds, w->n_holds, w->gates, w->n_gates);
    add_requests(w, &snap);
    for (size_t i = 0; i < w->n_journal; i++) {
        snap.last_sequence = MAX(snap.last_sequence, w->journal[i].sequence);
    }
    world_get_env(w, &env);
    guard_load(w->guard, &snap, &env);
    store_snapshot_destroy(&snap);
}

static void
put_hold(struct world *w, const struct hold *h)
{
    for (size_t i = 0; i < w->n_holds; i++) {
        if (!uuid_equals(&w->holds[i]->uuid, &h->uuid)
            && uuid_equals(&w->holds[i]->network, &h->network)
            && ip_addr_equals(&w->holds[i]->addr, &h->addr)) {
            violate(w, "two holds of one address are stored");
        }
    }
    if (hold_state_is_end(h->state)) {
        violate(w, "a hold is stored in state %s",
                hold_state_to_string(h->state));
    }
    own_rows_put_hold(&w->holds, &w->n_holds, h);
}

static void
put_gate(struct world *w, const struct gate *g)
{
    for (size_t i = 0; i < w->n_gates; i++) {
        if (uuid_equals(&w->gates[i]->port, &g->port)
            && !uuid_equals(&w->gates[i]->uuid, &g->uuid)) {
            violate(w, "two gates of one port are stored");
        }
    }
    own_rows_put_gate(&w->gates, &w->n_gates, g);
}

static void
put_journal(struct world *w, const struct journal_entry *j)
{
    const struct journal_entry *old = own_rows_add_journal(&w->journal,
                                                           &w->n_journal, j);

    if (old && strcmp(old->action, j->action)) {
        violate(w, "journal row %"PRId64" is written twice", j->sequence);
    }
}

static void
commit_store(struct world *w, const struct store_batch *b)
{
    own_rows_delete_holds(w->holds, &w->n_holds, b);
    own_rows_delete_gates(w->gates, &w->n_gates, b);
    for (size_t i = 0; i < b->n_put_holds; i++) {
        put_hold(w, b->put_holds[i]);
    }
    for (size_t i = 0; i < b->n_put_gates; i++) {
        put_gate(w, b->put_gates[i]);
    }
    for (size_t i = 0; i < b->n_journal; i++) {
        put_journal(w, &b->journal[i]);
    }
    for (size_t i = 0; i < b->n_answers; i++) {
        answer_request(w, &b->answers[i]);
    }
    for (size_t i = 0; i < b->n_delete_requests; i++) {
        delete_request(w, &b->delete_requests[i]);
    }
    own_rows_put_row(&w->row, &b->row);
    w->n_stores++;
}

/* ---- Northbound. ---- */

static bool
collect(const struct svec *sv, struct ip_addr_set *set)
{
    ip_addr_set_init(set);
    lsp_addrs_collect(sv->names, sv->n, set);
    return set->n > 0;
}

/* What must be true of a write, before it is carried out. */
static void
check_write(struct world *w, const struct wport *p, const struct nb_write *wr)
{
    struct ip_addr_set old, new;

    if (!p->ours) {
        violate(w, "%s is written, which is not ours", p->name);
    }
    if (p->type[0]) {
        violate(w, "%s is written, which is of type %s", p->name, p->type);
    }
    collect(&p->addresses, &old);
    collect(wr->set_addresses ? &wr->new_addresses : &p->addresses, &new);
    for (size_t i = 0; i < old.n; i++) {
        const struct hold *h = NULL;
        char ip[IP_ADDR_STRLEN];

        if (ip_addr_set_contains(&new, &old.addrs[i])) {
            continue;
        }
        w->n_clears++;
        ip_addr_to_string(&old.addrs[i], ip);
        for (size_t j = 0; j < w->n_holds && !h; j++) {
            if (ip_addr_equals(&w->holds[j]->addr, &old.addrs[i])
                && uuid_equals(&w->holds[j]->network,
                               &w->networks[p->network].uuid)) {
                h = w->holds[j];
            }
        }
        /* A put-back replaces what came instead, which nobody had yet. */
        bool put_back = strstr(w->nb->comment, "action") && new.n
                        && !world_hold(w, ip);
        if (!h && !put_back) {
            violate(w, "%s is cleared from %s without a stored hold", ip,
                    p->name);
        } else if (h && (h->state == HOLD_INTENT
                         || !hold_find_former(h, &p->uuid))) {
            violate(w, "%s is cleared from %s, but its hold does not say so",
                    ip, p->name);
        }
        if (p->chassis && w->check_bound) {
            violate(w, "%s is taken from %s, which is bound", ip, p->name);
        }
    }
    for (size_t i = 0; i < new.n; i++) {
        w->n_sets += !ip_addr_set_contains(&old, &new.addrs[i]);
    }
    w->n_gated += wr->set_enabled && wr->new_enabled == TRI_FALSE;
    w->n_opened += wr->set_enabled && wr->new_enabled != TRI_FALSE;
    if (wr->set_enabled && !wr->set_mark) {
        violate(w, "enabled of %s is written without the mark", p->name);
    }
    ip_addr_set_destroy(&old);
    ip_addr_set_destroy(&new);
}

/* Pairs of open ports of one network that share an address. */
static size_t
count_duplicates(const struct world *w)
{
    size_t n = 0;

    for (size_t i = 0; i < w->n_ports; i++) {
        const struct wport *a = w->ports[i];
        struct ip_addr_set ips;

        collect(&a->addresses, &ips);
        for (size_t j = 0; j < i; j++) {
            const struct wport *b = w->ports[j];
            for (size_t k = 0; k < ips.n && a->network == b->network
                 && a->enabled != TRI_FALSE && b->enabled != TRI_FALSE; k++) {
                for (size_t l = 0; l < b->addresses.n; l++) {
                    n += lsp_addr_has_ip(b->addresses.names[l],
                                         &ips.addrs[k]);
                }
            }
        }
        ip_addr_set_destroy(&ips);
    }
    return n;
}

static bool
as_expected(const struct wport *p, const struct nb_write *wr)
{
    return (p && svec_same(&p->addresses, &wr->old_addresses)
            && (!wr->set_port_security
                || svec_same(&p->ps, &wr->old_port_security))
            && (!wr->set_enabled || p->enabled == wr->old_enabled)
            && (!wr->set_mark
                || nullable_string_is_equal(p->mark, wr->old_mark)));
}

/* A port whose gate is opened because it no longer has that address: whom it
 * meets with the new one is the doing of the hand that wrote it. */
static size_t
count_excused(const struct world *w, const struct nb_batch *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n; i++) {
        const struct nb_write *wr = &b->writes[i];
        bool has_it = false;

        if (!wr->set_enabled || wr->new_enabled == TRI_FALSE) {
            continue;
        }
        for (size_t j = 0; j < w->n_gates; j++) {
            for (size_t k = 0; k < wr->old_addresses.n; k++) {
                has_it |= (uuid_equals(&w->gates[j]->port, &wr->port)
                           && lsp_addr_has_ip(wr->old_addresses.names[k],
                                              &w->gates[j]->addr));
            }
        }
        n += has_it ? 0 : w->n_ports;
    }
    return n;
}

static size_t
find_switch(const struct world *w, const struct uuid *uuid)
{
    for (size_t i = 0; i < w->n_networks; i++) {
        if (uuid_equals(&w->networks[i].uuid, uuid)) {
            return i;
        }
    }
    return 0;
}

static bool
switch_as_expected(const struct world *w, const struct nb_switch_write *wr)
{
    size_t i = find_switch(w, &wr->network);

    return (w->networks[i].exists
            && nullable_string_is_equal(w->networks[i].exclude,
                                        wr->old_exclude)
            && nullable_string_is_equal(w->networks[i].ours, wr->old_ours));
}

static void
write_switch(struct world *w, const struct nb_switch_write *wr)
{
    size_t i = find_switch(w, &wr->network);

    free(w->networks[i].exclude);
    w->networks[i].exclude = nullable_xstrdup(wr->new_exclude);
    free(w->networks[i].ours);
    w->networks[i].ours = nullable_xstrdup(wr->new_ours);
    w->n_excludes++;
}

/* Returns false if a row is not as expected. */
static bool
commit_nb(struct world *w, const struct nb_batch *b)
{
    size_t before = count_duplicates(w) + count_excused(w, b);

    for (size_t i = 0; i < b->n; i++) {
        if (!as_expected(world_find_port_by_uuid(w, &b->writes[i].port),
                         &b->writes[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < b->n_switches; i++) {
        if (!switch_as_expected(w, &b->switches[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < b->n_switches; i++) {
        write_switch(w, &b->switches[i]);
    }
    for (size_t i = 0; i < b->n; i++) {
        const struct nb_write *wr = &b->writes[i];
        struct wport *p = world_find_port_by_uuid(w, &wr->port);

        check_write(w, p, wr);
        if (wr->set_addresses) {
            svec_assign(&p->addresses, &wr->new_addresses);
        }
        if (wr->set_port_security) {
            svec_assign(&p->ps, &wr->new_port_security);
        }
        if (wr->set_enabled) {
            p->enabled = wr->new_enabled;
        }
        if (wr->set_mark) {
            free(p->mark);
            p->mark = nullable_xstrdup(wr->new_mark);
        }
    }
    if (b->bump) {
        w->nb_cfg++;
        w->n_bumps++;
        w->min_bump_gap_ms = MIN(w->min_bump_gap_ms,
                                 w->now - w->last_bump_ms);
        w->last_bump_ms = w->now;
    }
    /* What another hand writes to another row while our transaction is on
     * the wire is nothing that the guard could know, or a server verify. */
    if (count_duplicates(w) > before && w->n_changes == w->n_changes_then) {
        violate(w, "the write gives one address to two open ports");
    }
    w->n_nb++;
    w->sb_dirty = true;
    return true;
}

/* ---- Orders. ---- */

static enum txn_result
result_of(enum fault fault)
{
    switch (fault) {
    case FAULT_NONE: return TXN_RESULT_DONE;
    case FAULT_LOST: return TXN_RESULT_LOST;
    case FAULT_UNKNOWN_DONE:
    case FAULT_UNKNOWN_NOT_DONE: return TXN_RESULT_UNKNOWN;
    case FAULT_NOT_LOCKED: return TXN_RESULT_NOT_LOCKED;
    case FAULT_ERROR: return TXN_RESULT_ERROR;
    }
    OVS_NOT_REACHED();
}

static bool
takes_effect(enum fault fault)
{
    return fault == FAULT_NONE || fault == FAULT_UNKNOWN_DONE;
}

static void
end_nb(struct world *w)
{
    struct nb_result r = { .token = w->nb->token };
    struct guard_env env;

    if (w->on_batch) {
        w->on_batch(w, w->nb);
    }
    r.result = result_of(w->nb_fault);
    if (takes_effect(w->nb_fault)) {
        if (!w->locked) {
            r.result = TXN_RESULT_NOT_LOCKED;
        } else if (!commit_nb(w, w->nb)) {
            r.result = TXN_RESULT_LOST;
        } else {
            r.nb_cfg = r.result == TXN_RESULT_DONE && w->nb->bump ? w->nb_cfg
                                                                  : 0;
            guard_model(w->guard)->nb_cfg = w->nb_cfg;
            for (size_t i = 0; i < w->nb->n; i++) {
                world_port_changed(w, world_find_port_by_uuid(
                                       w, &w->nb->writes[i].port));
            }
            for (size_t i = 0; i < w->nb->n_switches; i++) {
                world_tell_network(w, find_switch(w, &w->nb->switches[i]
                                                  .network));
            }
        }
    }
    r.error = r.result == TXN_RESULT_ERROR ? xstrdup("no") : NULL;
    w->nb_fault = FAULT_NONE;
    nb_batch_destroy(w->nb);
    w->nb = NULL;
    world_get_env(w, &env);
    guard_nb_done(w->guard, &r, &env);
    nb_result_destroy(&r);
}

static void
end_store(struct world *w)
{
    struct store_result r = { .token = w->store->token };
    struct guard_env env;

    r.result = result_of(w->store_fault);
    if (takes_effect(w->store_fault)) {
        if (w->locked) {
            commit_store(w, w->store);
        } else {
            r.result = TXN_RESULT_NOT_LOCKED;
        }
    }
    r.error = r.result == TXN_RESULT_ERROR ? xstrdup("no") : NULL;
    if (w->load_before_answer) {
        world_load(w);
    }
    w->store_fault = FAULT_NONE;
    store_batch_destroy(w->store);
    w->store = NULL;
    world_get_env(w, &env);
    guard_store_done(w->guard, &r, &env);
    store_result_destroy(&r);
}

void
world_commit_under_way(struct world *w)
{
    if (w->store) {
        commit_store(w, w->store);
    }
    if (w->nb) {
        commit_nb(w, w->nb);
    }
}

bool
world_carry_out(struct world *w)
{
    bool any = w->store || w->nb;

    if (w->store) {
        end_store(w);
    }
    if (w->nb) {
        end_nb(w);
    }
    return any;
}

static void
answer_reads(struct world *w)
{
    for (size_t i = 0; i < w->orders.n_reads; i++) {
        enum live_read_result result = (w->on_read ? w->on_read(w)
                                        : w->read_result);
        struct guard_env env;

        w->n_reads++;
        world_get_env(w, &env);
        guard_live_read_done(w->guard, w->orders.reads[i].id, result, &env);
    }
}

static void
answer_refusals(struct world *w)
{
    for (size_t i = 0; i < w->orders.n_refusals; i++) {
        const struct refusal_read *r = &w->orders.refusals[i];

        w->n_refusal_reads++;
        if (w->refusal) {
            struct kube_change *c = kube_change_create(KUBE_REFUSAL, false,
                                                       r->ns, r->name,
                                                       r->uid);

            c->text = xstrdup(w->refusal);
            model_apply_kube_change(guard_model(w->guard), c);
            kube_change_destroy(c);
        }
    }
}

static void
flush_macs(struct world *w)
{
    for (size_t i = 0; i < w->orders.n_delete_mac_bindings; i++) {
        for (size_t j = 0; j < w->n_macs; j++) {
            if (uuid_equals(&w->macs[j].uuid,
                            &w->orders.delete_mac_bindings[i])) {
                model_remove_mac_binding(guard_model(w->guard),
                                         &w->macs[j].uuid);
                free(w->macs[j].router_port);
                free(w->macs[j].ip);
                free(w->macs[j].mac);
                w->macs[j] = w->macs[--w->n_macs];
                w->n_flushes++;
                break;
            }
        }
    }
}

/* Notes what is written to the API server, and answers. */
static void
take_writes(struct world *w)
{
    struct orders *o = &w->orders;

    for (size_t i = 0; i < o->n_kube_writes; i++) {
        struct kube_write *kw = o->kube_writes[i];
        struct guard_env env;

        if (w->no_api || w->settings.mode == MODE_OBSERVE) {
            violate(w, "%s of %s is ordered", kube_write_kind_to_string(
                        kw->kind), kw->name);
        }
        w->writes = xrealloc(w->writes,
                             (w->n_writes + 1) * sizeof *w->writes);
        w->writes[w->n_writes++] = kw;
        enum kube_write_result result = (w->on_write ? w->on_write(w, kw)
                                         : KUBE_WRITE_DONE);
        if (kw->id) {
            world_get_env(w, &env);
            guard_kube_write_done(w->guard, kw->id, result, &env);
        }
    }
    o->n_kube_writes = 0;
}

bool
world_take_orders(struct world *w)
{
    struct orders *o = &w->orders;
    bool reads = o->n_reads || o->n_delete_mac_bindings;

    if ((o->store || o->nb || o->n_reads || o->n_delete_mac_bindings)
        && w->settings.mode == MODE_OBSERVE) {
        violate(w, "mode observe orders something");
    }
    if (o->store) {
        if (w->store) {
            violate(w, "two transactions of the own database at once");
        }
        store_batch_destroy(w->store);
        w->store = o->store;
        o->store = NULL;
    }
    if (o->nb) {
        if (w->nb) {
            violate(w, "two Northbound transactions at once");
        }
        nb_batch_destroy(w->nb);
        w->n_changes_then = w->n_changes;
        w->nb = o->nb;
        o->nb = NULL;
    }
    answer_reads(w);
    answer_refusals(w);
    flush_macs(w);
    take_writes(w);
    return reads;
}
