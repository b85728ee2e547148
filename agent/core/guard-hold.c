/* SPDX-License-Identifier: Apache-2.0 */

/* A hold: whose it is, who keeps the address meanwhile, how it is found by
 * hand, and its end, which is written down.  guard-departure.c makes holds,
 * guard-hold-step.c moves them. */

#include <config.h>

#include "guard-private.h"

#include "openvswitch/util.h"
#include "plant.h"
#include "pod.h"
#include "util.h"
#include "uuid.h"

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

bool
guard_was_anothers(const struct guard *g, const struct hold *h,
                   const struct port *p)
{
    bool pod_ports = (!strcmp(h->owner.kind, owner_kind_to_string(OWNER_VM))
                      && !g->model.dialect->vm_ports);

    for (size_t i = 0; i < h->n_former; i++) {
        const struct former_port *f = &h->former[i];
        const struct port *q = model_find_port(&g->model, &f->port);

        /* Of a row that is gone the name tells, unless a VM has one for each
         * pod. */
        if (q ? !guard_same_owner(h, q)
            : strcmp(f->name, p->name) && !pod_ports) {
            return true;
        }
    }
    return false;
}

bool
guard_arrives_now(const struct guard *g, const struct port *p,
                  const struct ip_addr *ip)
{
    const struct arrival *a;

    LIST_FOR_EACH (a, node, &g->model.arrivals) {
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
            || guard_arrives_now(g, p, &h->addr)
            || hold_has_taker(h, &p->uuid) /* It came later. */
            || guard_may_be_shut(g, p)) {
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
    guard_note_hold(g, h);
}

void
guard_delete_hold_row(struct guard *g, const struct uuid *uuid)
{
    g->delete_holds = xrealloc(g->delete_holds, (g->n_delete_holds + 1)
                                                * sizeof *g->delete_holds);
    g->delete_holds[g->n_delete_holds++] = *uuid;
}

/* Takes 'h' out of the world: the row goes with a journal row that says why,
 * and whoever waited for the address is judged again. */
void
guard_end_hold(struct guard *g, struct hold *h, const char *action,
               const char *reason, const struct guard_env *env)
{
    const struct network *n = model_find_network(&g->model, &h->network);
    char ip[IP_ADDR_STRLEN];

    ip_addr_to_string(&h->addr, ip);
    guard_log(g, strcmp(action, "force") ? 'i' : 'w',
              "%s on %s: hold ended after %lld ms: %s (%s)", ip,
              h->network_name, env->wall - h->created_wall_ms, action,
              reason);
    if (!h->would_be) {
        struct journal_entry *j = guard_journal(g, env, action,
                                                h->reason_case, reason);
        guard_journal_hold(j, h);
        if (h->in_db || h->storing) {
            guard_delete_hold_row(g, &h->uuid);
        }
        if (!strcmp(action, "release") || !strcmp(action, "force")) {
            guard_note_action(g, env, "%s of %s on %s", action, ip,
                              h->network_name);
            guard_event_ended(g, env, h, reason);
        }
        guard_nudge(g, h);
    }
    hold_table_remove(&g->holds, h);
    if (n) {
        model_mark_addr(&g->model, n, &h->addr);
    }
    hold_destroy(h);
    g->own_changes++;
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
        return xasprintf("%s is not held on network %s; \"hold-list\" shows "
                         "what is", ip_s, network);
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

/* ---- Switches that are made again. ---- */

void
guard_follow_network(const struct guard *g, struct uuid *network,
                     const char *name)
{
    const struct network *n;
    size_t n_found;

    if (!g->model.nb_synced || model_find_network(&g->model, network)) {
        return;
    }
    n = model_find_network_by_name(&g->model, name, &n_found);
    if (n_found == 1) {
        *network = n->uuid;
    }
}

/* Returns true if 'h' is on another switch now. */
static bool
follow(struct guard *g, struct hold *h)
{
    struct uuid network = h->network;

    guard_follow_network(g, &network, h->network_name);
    if (uuid_equals(&network, &h->network)
        || hold_table_find(&g->holds, &network, &h->addr)) {
        return false;
    }
    hold_table_remove(&g->holds, h);
    h->network = network;
    hold_table_insert(&g->holds, h);
    hold_discard_barriers(h);
    guard_note_hold(g, h);
    return true;
}

void
guard_follow_networks(struct guard *g)
{
    size_t n = 0, n_all = hold_table_count(&g->holds);
    struct hold **all, *h;

    bool act = (g->role == ROLE_OBSERVER
                || (g->role == ROLE_ACTIVE && g->loaded));

    if (!act || g->followed_seqno == g->model.networks_seqno
        || !g->model.nb_synced) {
        return;
    }
    g->followed_seqno = g->model.networks_seqno;
    all = xmalloc(MAX(n_all, 1) * sizeof *all); /* The table changes. */
    HMAP_FOR_EACH (h, node, &g->holds.holds) {
        all[n++] = h;
    }
    for (size_t i = 0; i < n; i++) {
        if (follow(g, all[i])
            && (all[i]->would_be || guard_is_started(g))) {
            guard_hold_set_keeper(g, all[i]);
        }
    }
    free(all);
}
