/* SPDX-License-Identifier: Apache-2.0 */

/* One address explained; see explain.h. */

#include <config.h>

#include "guard-private.h"

#include "explain.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "pod.h"
#include "sb-loan.h"
#include "util.h"
#include "uuid.h"
#include "workload.h"

static void
explain_binding(const struct guard *g, const struct port *p,
                struct explained_port *e)
{
    const struct binding *b = model_find_binding(&g->model, p->name);
    const char *state = "unknown";
    const char *chassis = "";

    switch (judge_binding(&g->model, p)) {
    case BINDING_UNKNOWN:
        break;
    case BINDING_BOUND:
        state = "bound";
        chassis = b && b->chassis ? b->chassis : "";
        break;
    case BINDING_UNBOUND:
        state = b && b->present ? "unbound" : "none";
        chassis = b && b->last_chassis ? b->last_chassis : "";
        break;
    }
    e->binding = xstrdup(state);
    e->chassis = xstrdup(chassis);
}

static void
explain_owner(const struct guard *g, const struct port *p,
              const struct ip_addr *ip, const struct guard_env *env,
              struct explained_port *e)
{
    const struct member *mb = p->member;
    struct entitlement ent;
    struct verdict v;

    e->owner = mb ? xasprintf("%s/%s", mb->ns, mb->name) : xstrdup("");
    e->pod_uid = (mb && mb->n_pods ? obj_uid_dup_string(&mb->pods[0]->uid)
                  : xstrdup(""));
    if (!mb || p->kind != PORT_OWNED) {
        e->entitlement = xstrdup("");
        e->verdict = xstrdup("");
        e->case_ = xstrdup("");
        e->reason = xstrdup("");
        return;
    }
    judge_entitlement(&g->model, g->mode, p, &ent);
    e->wanted = ip_addr_set_contains(&ent.wanted, ip);
    e->entitlement = xstrdup(ent.why ? ent.why : "");
    entitlement_destroy(&ent);
    judge_address(&g->model, &g->settings, g->mode, &g->holds, p, ip,
                  env->now, &v);
    e->verdict = xstrdup(verdict_kind_to_string(v.kind));
    e->case_ = xstrdup(v.case_);
    e->reason = xstrdup(v.why ? v.why : "");
    verdict_destroy(&v);
}

static void
explain_port(const struct guard *g, const struct port *p,
             const struct ip_addr *ip, const struct guard_env *env,
             struct explained_port *e)
{
    memset(e, 0, sizeof *e);
    e->name = xstrdup(p->name);
    e->kind = xstrdup(port_kind_to_string(p->kind));
    e->proof = xstrdup(p->why ? p->why : "");
    svec_clone(&e->addresses, &p->addresses);
    svec_clone(&e->port_security, &p->port_security);
    e->gated = evidence_is_gated(p);
    e->disabled = p->enabled == TRI_FALSE;
    explain_binding(g, p, e);
    explain_owner(g, p, ip, env, e);
}

/* ---- Who wants it. ---- */

/* The owners that may want one address. */
struct wanters {
    const struct member **members;
    size_t n, allocated;
};

static void
add_wanter(struct wanters *w, const struct member *mb)
{
    if (w->n >= w->allocated) {
        w->members = x2nrealloc(w->members, &w->allocated,
                                sizeof *w->members);
    }
    w->members[w->n++] = mb;
}

static bool
claims_name(const struct claims *claims, const struct ip_addr *ip)
{
    for (size_t i = 0; i < claims->n; i++) {
        if (claims->claims[i].kind == CLAIM_EXPLICIT
            && claim_names(&claims->claims[i], ip)) {
            return true;
        }
    }
    return false;
}

static bool
pods_name(const struct member *mb, const struct ip_addr *ip)
{
    for (size_t i = 0; i < mb->n_pods; i++) {
        if (claims_name(&mb->pods[i]->claims, ip)) {
            return true;
        }
    }
    return false;
}

/* Those whose pods name the address, and all that a template is for which
 * does: who of them is entitled to it is judged port by port. */
static void
find_wanters(const struct guard *g, const struct ip_addr *ip,
             struct wanters *wanters)
{
    const struct model *m = &g->model;
    const struct promise *promise;
    const struct member *mb;

    memset(wanters, 0, sizeof *wanters);
    HMAP_FOR_EACH (mb, node, &m->members) {
        if (pods_name(mb, ip)) {
            add_wanter(wanters, mb);
        }
    }
    for (promise = model_first_promise(m, ip); promise;
         promise = model_next_promise(promise)) {
        const struct workload *w = promise->workload;
        const struct base_entry *base
            = w ? model_find_base(m, w->ns, w->name) : NULL;

        if (base) {
            LIST_FOR_EACH (mb, base_node, &base->members) {
                add_wanter(wanters, mb);
            }
        }
        mb = w ? model_find_member(m, w->ns, w->name) : NULL;
        if (mb) {
            add_wanter(wanters, mb);
        }
    }
}

static void
explain_want(const struct guard *g, const struct network *n,
             const struct ip_addr *ip, const struct member *mb,
             struct explanation *x)
{
    const struct port *p;

    MEMBER_FOR_EACH_PORT (p, mb) {
        struct entitlement e;

        if (p->network != n || p->kind != PORT_OWNED
            || ip_addr_set_contains(&p->static_ips, ip)
            || !judge_wants(&g->model, g->mode, p, ip)) {
            continue;
        }
        judge_entitlement(&g->model, g->mode, p, &e);
        svec_add_nocopy(&x->wanted_by, xasprintf("port %s: %s", p->name,
                                                 e.why ? e.why : ""));
        entitlement_destroy(&e);
    }
    for (size_t i = 0; !mb->ports && i < mb->n_pods; i++) {
        if (claims_name(&mb->pods[i]->claims, ip)) {
            svec_add_nocopy(&x->wanted_by,
                            xasprintf("pod %s/%s, which has no port yet",
                                      mb->ns, mb->pods[i]->name));
        }
    }
}

/* Ports of the network that want it, and pods that want it and have no port
 * anywhere: on which network theirs will be is not known. */
static void
explain_wants(const struct guard *g, const struct network *n,
              const struct ip_addr *ip, const struct wanters *wanters,
              struct explanation *x)
{
    for (size_t i = 0; i < wanters->n; i++) {
        explain_want(g, n, ip, wanters->members[i], x);
    }
    svec_sort_unique(&x->wanted_by);
}

static void
explain_mentions(const struct guard *g, const struct ip_addr *ip,
                 struct explanation *x)
{
    const struct reference *r;
    const struct mac_binding *m;

    HMAP_FOR_EACH (r, node, &g->model.references) {
        if (ip_addr_set_contains(&r->ips, ip)) {
            svec_add(&x->references, r->text);
        }
    }
    HMAP_FOR_EACH (m, node, &g->model.mac_bindings) {
        if (ip_addr_equals(&m->ip, ip)) {
            svec_add_nocopy(&x->mac_bindings,
                            xasprintf("%s maps it to %s", m->logical_port,
                                      m->mac));
        }
    }
    if (g->model.sb_loan) {
        sb_loan_list_mac_bindings(g->model.sb_loan, ip, &x->mac_bindings);
    }
    svec_sort_unique(&x->references);
    svec_sort_unique(&x->mac_bindings);
}

/* ---- In words. ---- */

static void
put_where(const struct explained_port *e, struct ds *ds)
{
    if (e->gated) {
        ds_put_cstr(ds, ", which is kept shut by a gate");
    } else if (e->disabled) {
        ds_put_cstr(ds, ", which is disabled");
    } else if (!strcmp(e->binding, "bound")) {
        ds_put_format(ds, ", which runs on %s",
                      e->chassis[0] ? e->chassis : "a chassis");
    } else if (!strcmp(e->binding, "unknown")) {
        ds_put_cstr(ds, ", whose binding is not known");
    } else {
        ds_put_format(ds, ", which runs nowhere%s%s",
                      e->chassis[0] ? " (last on " : "", e->chassis);
        if (e->chassis[0]) {
            ds_put_char(ds, ')');
        }
    }
}

static void
put_port(const struct explained_port *e, struct ds *ds)
{
    ds_put_format(ds, "port %s", e->name);
    if (e->owner[0]) {
        ds_put_format(ds, " of %s", e->owner);
    } else {
        ds_put_format(ds, " (%s: %s)", e->kind, e->proof);
    }
    put_where(e, ds);
    if (e->reason[0]) {
        ds_put_format(ds, ": case %s, %s", e->case_, e->reason);
    }
}

static char *
summarize(const struct explanation *x)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_format(&ds, "%s on %s ", x->address, x->network);
    if (x->n_ports > 1) {
        ds_put_format(&ds, "is a duplicate: %"PRIuSIZE" ports list it: ",
                      x->n_ports);
    } else if (x->n_ports) {
        ds_put_cstr(&ds, "is on ");
    } else if (x->router_port) {
        ds_put_format(&ds, "is the router's");
    } else {
        ds_put_cstr(&ds, "is on no port");
    }
    for (size_t i = 0; i < x->n_ports; i++) {
        if (i) {
            ds_put_cstr(&ds, "; ");
        }
        put_port(&x->ports[i], &ds);
    }
    if (x->router_port) {
        ds_put_format(&ds, "%s (router port %s has it)",
                      x->n_ports ? ";" : "", x->router_port);
    }
    ds_put_char(&ds, '.');
    if (x->wanted_by.n) {
        ds_put_cstr(&ds, " It is wanted by ");
        for (size_t i = 0; i < x->wanted_by.n; i++) {
            ds_put_format(&ds, "%s%s", i ? "; " : "", x->wanted_by.names[i]);
        }
        ds_put_char(&ds, '.');
    }
    for (size_t i = 0; i < x->references.n; i++) {
        ds_put_format(&ds, " It is named by %s.", x->references.names[i]);
    }
    for (size_t i = 0; i < x->mac_bindings.n; i++) {
        ds_put_format(&ds, " MAC_Binding on %s.", x->mac_bindings.names[i]);
    }
    return ds_steal_cstr(&ds);
}

/* What an active instance would do about it, of what rows alone say. */
static char *
foresee(const struct explanation *x)
{
    for (size_t i = 0; i < x->n_ports; i++) {
        const struct explained_port *e = &x->ports[i];

        if (!strcmp(e->verdict,
                    verdict_kind_to_string(VERDICT_CLEAR))) {
            return xasprintf("It is stale on %s: in mode guard or manage it "
                             "is cleared after the settle time, and then held "
                             "until it is clean.", e->name);
        } else if (!strcmp(e->verdict,
                           verdict_kind_to_string(VERDICT_WAIT))) {
            return xasprintf("It looks stale on %s, but may still be in use: "
                             "it is cleared once that is over.", e->name);
        } else if (!strcmp(e->verdict,
                           verdict_kind_to_string(VERDICT_MOVING))) {
            return xasprintf("The CNI controller is to move %s; if it does "
                             "not, there is an alert.", e->name);
        }
    }
    if (x->n_ports > 1) {
        return xstrdup("Nothing by itself: somebody must decide which port is "
                       "to keep it.");
    } else if (x->wanted_by.n && !x->n_ports && !x->router_port) {
        return xstrdup("In mode manage it is set where it is wanted, once it "
                       "is not held; otherwise that is the CNI "
                       "controller's.");
    }
    return xstrdup("Nothing.");
}

static void
explain(const struct guard *g, const struct network *n,
        const struct ip_addr *ip, const struct wanters *wanters,
        const struct guard_env *env, struct explanation *x)
{
    const struct addr_use *use = model_find_addr(&g->model, n, ip);
    const char *lrp = evidence_router_with(&g->model, n, ip);
    char s[IP_ADDR_STRLEN];

    memset(x, 0, sizeof *x);
    svec_init(&x->wanted_by);
    svec_init(&x->references);
    svec_init(&x->mac_bindings);
    x->network = xstrdup(n->name);
    x->network_uuid = n->uuid;
    x->address = xstrdup(ip_addr_to_string(ip, s));
    x->router_port = nullable_xstrdup(lrp);
    if (use && use->n) {
        x->ports = xmalloc(use->n * sizeof *x->ports);
        for (size_t i = 0; i < use->n; i++) {
            explain_port(g, use->ports[i], ip, env, &x->ports[x->n_ports++]);
        }
    }
    if (wanters) {
        explain_wants(g, n, ip, wanters, x);
    }
    explain_mentions(g, ip, x);
    x->summary = summarize(x);
    x->next = foresee(x);
}

void
guard_explain(const struct guard *g, const struct network *n,
              const struct ip_addr *ip, const struct guard_env *env,
              struct explanation *x)
{
    struct wanters wanters;

    find_wanters(g, ip, &wanters);
    explain(g, n, ip, &wanters, env, x);
    free(wanters.members);
}

void
guard_explain_use(const struct guard *g, const struct network *n,
                  const struct ip_addr *ip, const struct guard_env *env,
                  struct explanation *x)
{
    explain(g, n, ip, NULL, env, x);
}

void
explanation_destroy(struct explanation *x)
{
    for (size_t i = 0; i < x->n_ports; i++) {
        struct explained_port *e = &x->ports[i];

        free(e->name);
        free(e->kind);
        free(e->proof);
        free(e->owner);
        free(e->pod_uid);
        svec_destroy(&e->addresses);
        svec_destroy(&e->port_security);
        free(e->binding);
        free(e->chassis);
        free(e->entitlement);
        free(e->verdict);
        free(e->case_);
        free(e->reason);
    }
    free(x->ports);
    free(x->network);
    free(x->address);
    free(x->router_port);
    svec_destroy(&x->wanted_by);
    svec_destroy(&x->references);
    svec_destroy(&x->mac_bindings);
    free(x->summary);
    free(x->next);
}

/* ---- All networks. ---- */

static void
add_set(struct ip_addr_set *dst, const struct ip_addr_set *src)
{
    for (size_t i = 0; i < src->n; i++) {
        ip_addr_set_add(dst, &src->addrs[i]);
    }
}

static bool
add_member(const struct model *m, const char *what, struct ip_addr_set *ips)
{
    const char *slash = strchr(what, '/');
    char *ns = xmemdup0(what, slash - what);
    const struct member *mb = model_find_member(m, ns, slash + 1);
    const struct port *p;

    free(ns);
    if (!mb) {
        return false;
    }
    MEMBER_FOR_EACH_PORT (p, mb) {
        add_set(ips, &p->ips);
    }
    for (size_t i = 0; i < mb->n_pods; i++) {
        const struct claims *claims = &mb->pods[i]->claims;

        for (size_t j = 0; j < claims->n; j++) {
            for (size_t k = 0; k < claims->claims[j].n_ips; k++) {
                ip_addr_set_add(ips, &claims->claims[j].ips[k]);
            }
        }
    }
    return true;
}

char *
guard_find_asked(const struct guard *g, const char *what,
                 struct ip_addr_set *ips)
{
    struct ip_addr ip;
    const struct port *p;

    if (ip_addr_parse(what, &ip)) {
        ip_addr_set_add(ips, &ip);
        return NULL;
    }
    p = model_find_port_by_name(&g->model, what);
    if (p) {
        add_set(ips, &p->ips);
        return NULL;
    }
    if (strchr(what, '/')) {
        return (add_member(&g->model, what, ips) ? NULL
                : xasprintf("neither a pod nor a port of %s is known", what));
    }
    return xasprintf("'%s' is neither an address nor a port nor "
                     "NAMESPACE/POD; \"ovn-nbctl lsp-list SWITCH\" shows the "
                     "ports", what);
}

char *
guard_check_network(const struct guard *g, const char *name)
{
    size_t n;

    return (model_find_network_by_name(&g->model, name, &n) ? NULL
            : xasprintf("there is no logical switch named %s; \"ovn-nbctl "
                        "ls-list\" shows those that there are", name));
}

/* Is there anything to say about the address on this network? */
static bool
is_worth_telling(const struct explanation *x, const struct network *n,
                 const struct ip_addr *ip)
{
    if (x->n_ports || x->router_port || x->mac_bindings.n) {
        return true;
    }
    for (size_t i = 0; i < x->wanted_by.n; i++) {
        if (!strncmp(x->wanted_by.names[i], "port ", 5)) {
            return true;
        }
    }
    return ip_addr_in_cidr(ip, n->subnet);
}

static int
compare_networks(const void *a_, const void *b_)
{
    const struct network *const *a = a_;
    const struct network *const *b = b_;
    int cmp = strcmp((*a)->name, (*b)->name);

    return cmp ? cmp : uuid_compare_3way(&(*a)->uuid, &(*b)->uuid);
}

static const struct network **
sorted_networks(const struct model *m, size_t *np)
{
    const struct network **array
        = xmalloc((hmap_count(&m->networks) + 1) * sizeof *array);
    const struct network *n;

    *np = 0;
    HMAP_FOR_EACH (n, node, &m->networks) {
        array[(*np)++] = n;
    }
    qsort(array, *np, sizeof *array, compare_networks);
    return array;
}

void
guard_explain_all(const struct guard *g, const struct ip_addr *ip,
                  const char *only,
                  bool (*held)(const struct uuid *, const char *,
                               const void *),
                  const void *aux, const struct guard_env *env,
                  struct explanations *xs)
{
    size_t n_networks;
    const struct network **networks = sorted_networks(&g->model, &n_networks);
    struct wanters wanters;

    memset(xs, 0, sizeof *xs);
    find_wanters(g, ip, &wanters);
    for (size_t i = 0; i < n_networks; i++) {
        const struct network *n = networks[i];
        struct explanation x;

        if (only && strcmp(n->name, only)) {
            continue;
        }
        explain(g, n, ip, &wanters, env, &x);
        free(xs->wanted_by);
        xs->wanted_by = (x.wanted_by.n ? svec_join(&x.wanted_by, "; ", "")
                         : NULL);
        if (only || is_worth_telling(&x, n, ip)
            || hold_table_find(&g->holds, &n->uuid, ip)
            || (held && held(&n->uuid, x.address, aux))) {
            xs->items = xrealloc(xs->items,
                                 (xs->n + 1) * sizeof *xs->items);
            xs->items[xs->n++] = x;
        } else {
            explanation_destroy(&x);
        }
    }
    free(wanters.members);
    free(networks);
}

void
explanations_destroy(struct explanations *xs)
{
    for (size_t i = 0; i < xs->n; i++) {
        explanation_destroy(&xs->items[i]);
    }
    free(xs->items);
    free(xs->wanted_by);
}
