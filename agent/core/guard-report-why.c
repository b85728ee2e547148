/* SPDX-License-Identifier: Apache-2.0 */

/* What people read of one port, and of one address: all that is known of it,
 * and what is thought of that. */

#include <config.h>

#include "guard-private.h"

#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "pod.h"
#include "util.h"
#include "uuid.h"

static void
put_binding(const struct guard *g, const struct port *p, const char *indent,
            struct ds *ds)
{
    const struct binding *b = model_find_binding(&g->model, p->name);

    switch (judge_binding(&g->model, p)) {
    case BINDING_UNKNOWN:
        ds_put_format(ds, "%sbinding: not watched\n", indent);
        break;
    case BINDING_BOUND:
        ds_put_format(ds, "%sbinding: bound to %s\n", indent,
                      b->chassis ? b->chassis : "a chassis");
        break;
    case BINDING_UNBOUND:
        ds_put_format(ds, "%sbinding: %s%s%s\n", indent,
                      b->present ? "unbound" : "no Port_Binding",
                      b->last_chassis ? ", last on " : "",
                      b->last_chassis ? b->last_chassis : "");
        break;
    }
}

/* ---- One port. ---- */

/* The row as it is, and whose it is. */
static void
put_row(const struct port *p, struct ds *ds)
{
    ds_put_format(ds, "%s on %s: %s (", p->name,
                  p->network ? p->network->name : "no switch",
                  port_kind_to_string(p->kind));
    if (p->member) {
        ds_put_format(ds, "port of %s/%s for provider %s", p->member->ns,
                      p->member->name, p->provider);
    } else {
        ds_put_cstr(ds, p->why);
    }
    ds_put_cstr(ds, ")\n");
    for (size_t i = 0; i < p->addresses.n; i++) {
        ds_put_format(ds, "    addresses: %s\n", p->addresses.names[i]);
    }
    for (size_t i = 0; i < p->port_security.n; i++) {
        ds_put_format(ds, "    port_security: %s\n",
                      p->port_security.names[i]);
    }
    if (p->enabled != TRI_UNSET) {
        ds_put_format(ds, "    enabled: %s\n",
                      p->enabled == TRI_TRUE ? "true" : "false");
    }
}

static void
put_owner(const struct guard *g, const struct port *p, struct ds *ds)
{
    struct entitlement e;

    judge_entitlement(&g->model, g->mode, p, &e);
    ds_put_format(ds, "    owner: %s/%s, %s: %s\n", p->member->ns,
                  p->member->name, entitlement_kind_to_string(e.kind), e.why);
    if (e.pod) {
        const char *node = pod_node(e.pod);
        char uid[OBJ_UID_STRLEN];

        ds_put_format(ds, "    pod: %s/%s, uid %s%s%s\n", e.pod->owner->ns,
                      e.pod->name, (obj_uid_is_set(&e.pod->uid)
                                    ? obj_uid_to_string(&e.pod->uid, uid)
                                    : "unknown"),
                      node[0] ? ", node " : "", node);
    }
    entitlement_destroy(&e);
}

/* What is thought of each address of 'p', and what is to come to it. */
static void
put_verdicts(const struct guard *g, const struct guard_env *env,
             const struct port *p, struct ds *ds)
{
    const struct want *w;

    for (size_t i = 0; i < p->static_ips.n; i++) {
        struct verdict v;
        char ip[IP_ADDR_STRLEN];

        judge_address(&g->model, &g->settings, g->mode, &g->holds, p,
                      &p->static_ips.addrs[i], env->now, &v);
        ds_put_format(ds, "    %s: %s, case %s: %s\n",
                      ip_addr_to_string(&p->static_ips.addrs[i], ip),
                      verdict_kind_to_string(v.kind), v.case_, v.why);
        verdict_destroy(&v);
    }
    HMAP_FOR_EACH_WITH_HASH (w, node, uuid_hash(&p->uuid), &g->wants) {
        if (uuid_equals(&w->port, &p->uuid) && w->why) {
            ds_put_format(ds, "    waits: %s\n", w->why);
        }
    }
}

char *
guard_format_port(const struct guard *g, const char *name,
                  const struct guard_env *env, struct ds *ds)
{
    const struct port *p = model_find_port_by_name(&g->model, name);
    const struct gate *gate;

    if (!p) {
        return xasprintf("no Logical_Switch_Port is called %s", name);
    }
    put_row(p, ds);
    put_binding(g, p, "    ", ds);
    gate = guard_find_gate(g, &p->uuid);
    if (gate) {
        ds_put_format(ds, "    gate: %s\n", gate->reason);
    }
    if (!p->member || !p->network) {
        return NULL;
    }
    put_owner(g, p, ds);
    put_verdicts(g, env, p, ds);
    return NULL;
}

/* ---- One address. ---- */

/* In a line or two: who has the address, or why nobody may. */
static void
put_address_state(const struct guard *g, const struct network *n,
                  const char *ip, const struct addr_use *use,
                  const struct hold *h, const char *lrp, struct ds *ds)
{
    if (!use && !h && !lrp) {
        ds_put_format(ds, "%s on %s: free: no port lists it and it is not "
                      "held\n", ip, n->name);
    } else if (use && use->n > 1) {
        char *why;
        const struct port *keeper = judge_keeper(&g->model, g->mode, use,
                                                 &why);
        ds_put_format(ds, "%s on %s: %"PRIuSIZE" ports list it; %s%s%s\n", ip,
                      n->name, use->n, keeper ? keeper->name : "no keeper",
                      ": ", why);
        free(why);
    } else if (use) {
        ds_put_format(ds, "%s on %s: in use by %s\n", ip, n->name,
                      use->ports[0]->name);
    } else if (h) {
        ds_put_format(ds, "%s on %s: held, not to be used yet\n", ip,
                      n->name);
    }
    if (lrp) {
        ds_put_format(ds, "%s on %s: router port %s has it\n", ip, n->name,
                      lrp);
    }
}

/* Each port with the address, and what is thought of it there. */
static void
put_address_ports(const struct guard *g, const struct guard_env *env,
                  const struct addr_use *use, const struct ip_addr *addr,
                  struct ds *ds)
{
    for (size_t i = 0; use && i < use->n; i++) {
        const struct port *p = use->ports[i];

        ds_put_format(ds, "    port %s (%s)%s\n", p->name,
                      port_kind_to_string(p->kind),
                      evidence_is_gated(p) ? ", gated" : "");
        put_binding(g, p, "        ", ds);
        if (p->kind == PORT_OWNED && p->member) {
            struct verdict v;
            judge_address(&g->model, &g->settings, g->mode, &g->holds, p,
                          addr, env->now, &v);
            ds_put_format(ds, "        case %s: %s\n", v.case_, v.why);
            verdict_destroy(&v);
        }
    }
}

/* Who is to have the address, which is not held, and has not got it. */
static void
put_address_waiters(const struct guard *g, const struct network *n,
                    const struct ip_addr *addr, struct ds *ds)
{
    const struct want *w;

    LIST_FOR_EACH (w, list_node, &g->wants_waiting) {
        const struct port *p = model_find_port(&g->model, &w->port);
        if (p && p->network == n && p->member
            && !ip_addr_set_contains(&p->static_ips, addr)
            && judge_wants(&g->model, g->mode, p, addr)) {
            ds_put_format(ds, "    waiter: %s%s%s\n", p->name,
                          w->why ? ": " : "", w->why ? w->why : "");
        }
    }
}

static void
put_why_network(const struct guard *g, const struct network *n,
                const struct ip_addr *addr, const struct guard_env *env,
                struct ds *ds)
{
    const struct addr_use *use = model_find_addr(&g->model, n, addr);
    const char *lrp = evidence_router_with(&g->model, n, addr);
    const struct hold *h = hold_table_find(&g->holds, &n->uuid, addr);
    const struct reference *r;
    char ip[IP_ADDR_STRLEN];

    ip_addr_to_string(addr, ip);
    put_address_state(g, n, ip, use, h, lrp, ds);
    put_address_ports(g, env, use, addr, ds);
    if (h) {
        guard_put_hold(g, env, h, "    ", ds);
    }
    guard_format_reserve(g, n->name, addr, "    ", ds);
    HMAP_FOR_EACH (r, node, &g->model.references) {
        if (ip_addr_set_contains(&r->ips, addr)) {
            ds_put_format(ds, "    named by %s\n", r->text);
        }
    }
    if (!h) {
        put_address_waiters(g, n, addr, ds);
    }
}

char *
guard_format_why(const struct guard *g, const char *network,
                 const char *ip_s, const struct guard_env *env, struct ds *ds)
{
    const struct network *n;
    struct ip_addr ip;
    struct uuid uuid;
    size_t n_found;

    if (!ip_addr_parse(ip_s, &ip)) {
        return xasprintf("%s: not an IPv4 or IPv6 address", ip_s);
    }
    if (uuid_from_string(&uuid, network)
        && (n = model_find_network(&g->model, &uuid))) {
        put_why_network(g, n, &ip, env, ds);
        return NULL;
    }
    n = model_find_network_by_name(&g->model, network, &n_found);
    if (!n) {
        return xasprintf("no logical switch is called %s", network);
    } else if (n_found > 1) {
        return xasprintf("%"PRIuSIZE" logical switches are called %s; give "
                         "the UUID", n_found, network);
    }
    put_why_network(g, n, &ip, env, ds);
    return NULL;
}
