/* SPDX-License-Identifier: Apache-2.0 */

/* Case H in mode manage: an address that an owner wants and its port lacks is
 * set, once nobody else has it and it is not held. */

#include <config.h>

#include "guard-private.h"

#include "lsp-addr.h"
#include "lsp-edit.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "packets.h"
#include "util.h"
#include "uuid.h"

/* Does 'h' keep the address from 'p'?  Not from its owner, unless another port
 * has had it since, to which it may still lead. */
static bool
is_kept_from(const struct guard *g, const struct guard_env *env,
             const struct hold *h, const struct port *p)
{
    return (!guard_same_owner(h, p)
            || (guard_was_anothers(g, h, p)
                && !guard_is_own_dirt(g, env, h, &p->uuid)));
}

char *
guard_set_obstacle(struct guard *g, const struct guard_env *env,
                   const struct port *p, const struct ip_addr *ip,
                   const char **kind)
{
    struct model *m = &g->model;
    const struct addr_use *use = model_find_addr(m, p->network, ip);
    struct hold *h = hold_table_find(&g->holds, &p->network->uuid, ip);
    const char *lrp = evidence_router_with(m, p->network, ip);
    char buf[IP_ADDR_STRLEN];

    ip_addr_to_string(ip, buf);
    for (size_t i = 0; use && i < use->n; i++) {
        if (use->ports[i] != p) {
            *kind = "in-use";
            return xasprintf("%s is on %s", buf, use->ports[i]->name);
        }
    }
    /* Two owners that ask for one free address in the same turn. */
    for (size_t i = 0; i < g->n_planned; i++) {
        const struct planned *pl = &g->planned[i];
        const struct port *other;

        if ((pl->kind != PLAN_SET && pl->kind != PLAN_PUT_BACK)
            || !ip_addr_equals(&pl->addr, ip)) {
            continue;
        }
        other = model_find_port(m, &pl->port);
        if (other && other != p && other->network == p->network) {
            *kind = "being-set";
            return xasprintf("%s is being given to %s", buf, other->name);
        }
    }
    if (lrp) {
        *kind = "router";
        return xasprintf("%s is the router's (%s)", buf, lrp);
    }
    if (h && is_kept_from(g, env, h, p)) {
        if (sset_add(&h->waiters, p->name)) {
            h->changed = true;
        }
        *kind = "held";
        char *whose = guard_hold_whose(h);
        char *why = xasprintf("%s is held (%s), %s", buf,
                              hold_state_to_string(h->state), whose);

        free(whose);
        return why;
    }
    if (!guard_start_barrier_passed(g)) {
        *kind = "start-barrier";
        return xasprintf("the start barrier has not passed in SB");
    }
    if (g->mode == MODE_MANAGE && !g->start_confirmed) {
        *kind = "start-barrier";
        return xasprintf("not every chassis has confirmed the start barrier");
    }
    return NULL;
}

bool
guard_waits_for_set(const struct guard *g, const struct port *p)
{
    const struct want *w;

    HMAP_FOR_EACH_WITH_HASH (w, node, uuid_hash(&p->uuid), &g->wants) {
        if (uuid_equals(&w->port, &p->uuid)) {
            return true;
        }
    }
    return false;
}

/* The MAC for a port that has none: the annotation's, else derived from the
 * address, else from the name; unused on the network in any case. */
static bool
choose_mac(struct guard *g, const struct port *p,
           const struct entitlement *e, const struct ip_addr *ip,
           struct eth_addr *mac)
{
    struct eth_addr candidate;
    struct hold *h;

    for (uint32_t attempt = 0; attempt < 16; attempt++) {
        if (attempt == 0 && e->has_mac) {
            candidate = e->mac;
        } else if (attempt <= 1) {
            if (!lsp_edit_mac_for(ip, &candidate)) {
                lsp_edit_mac_from_name(p->name, 0, &candidate);
            }
        } else {
            lsp_edit_mac_from_name(p->name, attempt, &candidate);
        }
        bool used = model_mac_in_use(&g->model, p->network, candidate, p);
        char text[ETH_ADDR_STRLEN + 1];
        snprintf(text, sizeof text, ETH_ADDR_FMT, ETH_ADDR_ARGS(candidate));
        HMAP_FOR_EACH (h, node, &g->holds.holds) {
            for (size_t i = 0; i < h->n_former && !used; i++) {
                used = (uuid_equals(&h->network, &p->network->uuid)
                        && !uuid_equals(&h->former[i].port, &p->uuid)
                        && !strcasecmp(h->former[i].mac, text));
            }
        }
        /* A MAC given to another port earlier in this very batch. */
        struct port_edit *edit;
        HMAP_FOR_EACH (edit, node, &g->edits) {
            struct eth_addr other;
            used |= (edit->port != p && edit->port->network == p->network
                     && lsp_addrs_first_mac(edit->addresses.names,
                                            edit->addresses.n, &other)
                     && eth_addr_equals(other, candidate));
        }
        if (!used) {
            *mac = candidate;
            return true;
        }
    }
    return false;
}

/* Which address in 'ps' does the new one stand in for?  The only one of its
 * family that is listed there but no longer on the port. */
static bool
stale_ps_address(const struct svec *ps, const struct svec *addresses,
                 const struct ip_addr *add, struct ip_addr *old)
{
    struct ip_addr_set now;
    size_t n = 0;

    ip_addr_set_init(&now);
    lsp_addrs_collect(addresses->names, addresses->n, &now);
    for (size_t i = 0; i < ps->n; i++) {
        struct ps_entry entry;

        ps_entry_parse(ps->names[i], &entry);
        for (size_t j = 0; j < entry.n_nets; j++) {
            const struct ps_net *net = &entry.nets[j];
            if (!net->masked && net->ip.family == add->family
                && !ip_addr_equals(&net->ip, add)
                && !ip_addr_set_contains(&now, &net->ip)
                && (!n || !ip_addr_equals(&net->ip, old))) {
                *old = net->ip;
                n++;
            }
        }
        ps_entry_destroy(&entry);
    }
    ip_addr_set_destroy(&now);
    return n == 1;
}

char *
guard_edit_set(struct guard *g, const struct port *p,
               const struct entitlement *e, const struct ip_addr *add,
               const struct ip_addr *replace)
{
    struct port_edit *edit = guard_edit(g, p);
    struct eth_addr mac = eth_addr_zero;
    struct svec addresses = SVEC_EMPTY_INITIALIZER;
    struct svec ps = SVEC_EMPTY_INITIALIZER;
    struct ip_addr old;

    if (p->has_dynamic) {
        return xstrdup("its addresses are dynamic or a router's");
    }
    bool own_mac = lsp_addrs_first_mac(edit->addresses.names,
                                       edit->addresses.n, &mac);
    if (!own_mac && !choose_mac(g, p, e, add, &mac)) {
        return xstrdup("no unused MAC was found");
    }
    /* An annotation's MAC replaces the port's own only where no source
     * address check would then refuse it. */
    bool bare = own_mac && !p->static_ips.n && !p->port_security.n;
    if (bare && e->has_mac && !eth_addr_equals(mac, e->mac)
        && !model_mac_in_use(&g->model, p->network, e->mac, p)) {
        struct svec kept = SVEC_EMPTY_INITIALIZER;
        for (size_t i = 0; i < edit->addresses.n; i++) {
            struct lsp_addr a;
            lsp_addr_parse(edit->addresses.names[i], &a);
            if (a.kind != LSP_ADDR_STATIC) {
                svec_add(&kept, edit->addresses.names[i]);
            }
            lsp_addr_destroy(&a);
        }
        svec_destroy(&edit->addresses);
        edit->addresses = kept;
        mac = e->mac;
    }

    enum lsp_edit_result r = lsp_edit_set(edit->addresses.names,
                                          edit->addresses.n, &mac, add,
                                          replace, &addresses);
    if (r != LSP_EDIT_CHANGED) {
        svec_destroy(&addresses);
        return xstrdup("its addresses cannot take another one");
    }
    svec_destroy(&edit->addresses);
    edit->addresses = addresses;

    bool have_old = replace != NULL;
    if (replace) {
        old = *replace;
    } else {
        have_old = stale_ps_address(&edit->port_security, &edit->addresses,
                                    add, &old);
    }
    if (have_old) {
        lsp_edit_ps_replace(edit->port_security.names, edit->port_security.n,
                            &old, add, &ps);
        svec_destroy(&edit->port_security);
        edit->port_security = ps;
    }
    return NULL;
}

/* Another address of the family of 'ip' that 'p' has without being entitled to
 * it: its clear comes first, or it is drift. */
static const struct ip_addr *
in_the_way(const struct port *p, const struct entitlement *e,
           const struct ip_addr *ip)
{
    for (size_t i = 0; i < p->static_ips.n; i++) {
        const struct ip_addr *has = &p->static_ips.addrs[i];
        if (has->family == ip->family
            && !ip_addr_set_contains(&e->wanted, has)) {
            return has;
        }
    }
    return NULL;
}

/* Plans that 'ip', which is in the columns of the edit already, is set on
 * 'p'. */
static void
plan_set(struct guard *g, const struct port *p, const struct ip_addr *ip)
{
    struct entitlement e;

    judge_entitlement(&g->model, g->mode, p, &e);
    guard_plan(g, PLAN_SET, p, ip, "H", e.why);
    entitlement_destroy(&e);
}

/* Returns NULL if everything that is missing on 'p' was planned, otherwise
 * what it waits for, and stores that in one word in '*kindp'. */
static char *
plan_port(struct guard *g, const struct guard_env *env, const struct port *p,
          const char **kindp)
{
    struct entitlement e;
    char *why = NULL;

    judge_entitlement_tersely(&g->model, g->mode, p, &e);
    for (size_t i = 0; e.kind == ENT_EXPLICIT && i < e.wanted.n; i++) {
        const struct ip_addr *ip = &e.wanted.addrs[i];
        const struct ip_addr *other;
        const char *kind = "port";
        char *obstacle;

        if (ip_addr_set_contains(&p->static_ips, ip)) {
            continue;
        }
        other = in_the_way(p, &e, ip);
        if (other) {
            char buf[IP_ADDR_STRLEN];
            obstacle = xasprintf("its port still has %s",
                                 ip_addr_to_string(other, buf));
        } else if (g->requests_only) {
            kind = "not-asked";
            obstacle = xstrdup("nobody has asked for it");
        } else {
            obstacle = guard_set_obstacle(g, env, p, ip, &kind);
        }
        if (!obstacle) {
            obstacle = guard_edit_set(g, p, &e, ip, NULL);
        }
        if (!obstacle) {
            plan_set(g, p, ip);
        } else if (why) {
            free(obstacle);
        } else {
            why = obstacle;
            *kindp = kind;
        }
    }
    entitlement_destroy(&e);
    return why;
}

static bool
edit_exists(const struct guard *g, const struct port *p)
{
    struct port_edit *edit;

    HMAP_FOR_EACH_WITH_HASH (edit, node, uuid_hash(&p->uuid), &g->edits) {
        if (edit->port == p) {
            return true;
        }
    }
    return false;
}

/* What waited is looked at again when anything changed, before what is new:
 * the longest wait first. */
static void
queue_wants(struct guard *g, struct ovs_list *queue)
{
    uint64_t seqno = g->model.change_seqno + g->own_changes;

    if (g->sets_seqno != seqno) {
        g->sets_seqno = seqno;
        g->sets_left = hmap_count(&g->wants);
    }
    size_t n = MIN(g->sets_left, g->portion);
    g->sets_left -= n;
    g->again |= g->sets_left > 0;
    while (n-- > 0 && !ovs_list_is_empty(&g->wants_waiting)) {
        ovs_list_push_back(queue, ovs_list_pop_front(&g->wants_waiting));
    }
    ovs_list_push_back_all(queue, &g->wants_ready);
}

void
guard_plan_sets(struct guard *g, const struct guard_env *env)
{
    size_t budget = 2 * g->portion;
    struct ovs_list queue;
    struct want *w;

    if (g->mode != MODE_MANAGE || hmap_is_empty(&g->wants)
        || guard_write_refusal(g, env, false)
        || env->now < g->nb_retry_ms) {
        return;
    }
    if (!guard_start_barrier_passed(g)) {
        guard_want_start_barrier(g);
        return;
    }
    guard_check_start_confirmed(g, env);
    ovs_list_init(&queue);
    queue_wants(g, &queue);
    while (!ovs_list_is_empty(&queue)) {
        w = CONTAINER_OF(ovs_list_pop_front(&queue), struct want, list_node);
        const struct port *p = model_find_port(&g->model, &w->port);
        const char *kind = NULL;
        char *why;

        if (!p || !p->network || p->kind != PORT_OWNED) {
            ovs_list_push_back(&g->wants_ready, &w->list_node);
            guard_drop_want(g, w);
            continue;
        }
        if (!budget
            || guard_n_edits(g) >= (size_t) g->settings.batch_rows) {
            g->again |= !budget;
            ovs_list_push_back(&g->wants_ready, &w->list_node);
            ovs_list_push_back_all(&g->wants_ready, &queue);
            break;
        }
        budget--;
        ovs_list_push_back(&g->wants_waiting, &w->list_node);
        if (edit_exists(g, p)) {
            continue;           /* Its clear is in this batch. */
        }
        why = plan_port(g, env, p, &kind);
        guard_want_later(g, &p->uuid, true, why, kind, env);
        free(why);
    }
}
