/* SPDX-License-Identifier: Apache-2.0 */

/* What people read: holds and what each waits for, gates, findings, the plan,
 * and everything about one port or one address.  Always in the same order. */

#include <config.h>

#include "guard-private.h"

#include <time.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "pod.h"
#include "util.h"
#include "uuid.h"
#include "workload.h"

static void
put_age(struct ds *ds, long long int ms)
{
    ms = MAX(ms, 0);
    if (ms < 10000) {
        ds_put_format(ds, "%lld.%lld s", ms / 1000, ms % 1000 / 100);
    } else if (ms < 600000) {
        ds_put_format(ds, "%lld s", ms / 1000);
    } else if (ms < 36000000) {
        ds_put_format(ds, "%lld min", ms / 60000);
    } else {
        ds_put_format(ds, "%lld h", ms / 3600000);
    }
}

static void
put_set(struct ds *ds, const char *indent, const char *what,
        const struct sset *set)
{
    const char **names = sset_sort(set);

    for (size_t i = 0; names[i]; i++) {
        ds_put_format(ds, "%s%s%s\n", indent, what, names[i]);
    }
    free(names);
}

static const char *
owner_text(const struct hold *h, struct ds *buf)
{
    ds_clear(buf);
    if (h->owner.name[0]) {
        ds_put_format(buf, "%s/%s", h->owner.ns, h->owner.name);
        if (h->owner.workload[0]) {
            ds_put_format(buf, " (%s %s)", h->owner.kind, h->owner.workload);
        }
    } else {
        ds_put_cstr(buf, "nobody known");
    }
    return ds_cstr(buf);
}

static void
put_hold(const struct guard *g, const struct hold *h,
         const struct guard_env *env, const char *indent, struct ds *ds)
{
    struct ds owner = DS_EMPTY_INITIALIZER;
    struct ds inner = DS_EMPTY_INITIALIZER;
    char ip[IP_ADDR_STRLEN];
    const struct port *keeper;

    ds_put_format(ds, "%s%s on %s: %s%s, case %s, since ", indent,
                  ip_addr_to_string(&h->addr, ip), h->network_name,
                  h->would_be ? "would be " : "",
                  hold_state_to_string(h->state),
                  h->reason_case[0] ? h->reason_case : "-");
    put_age(ds, env->wall - h->created_wall_ms);
    ds_put_format(ds, "; formerly %s\n", owner_text(h, &owner));
    ds_put_format(&inner, "%s    ", indent);
    ds_put_format(ds, "%swhy: %s\n", ds_cstr(&inner), h->reason);
    for (size_t i = 0; i < h->n_former; i++) {
        ds_put_format(ds, "%sformer port: %s%s%s\n", ds_cstr(&inner),
                      h->former[i].name, h->former[i].mac[0] ? ", MAC " : "",
                      h->former[i].mac);
    }
    keeper = (uuid_is_zero(&h->keeper) ? NULL
              : model_find_port(&g->model, &h->keeper));
    if (keeper) {
        ds_put_format(ds, "%skeeper: %s\n", ds_cstr(&inner), keeper->name);
    }
    put_set(ds, ds_cstr(&inner), "waits: ", &h->blockers);
    put_set(ds, ds_cstr(&inner), "note: ", &h->notes);
    ds_destroy(&owner);
    ds_destroy(&inner);
}

/* A port that waits for a held address. */
struct waiter {
    struct hmap_node node;      /* By hold. */
    const struct hold *hold;
    const char *port;
};

/* Finds who waits for which hold: each want is looked at once, however many
 * holds there are. */
static void
waiters_init(const struct guard *g, struct hmap *waiters)
{
    const struct want *w;

    hmap_init(waiters);
    /* Those of one hold are found in the order of the list. */
    hmap_reserve(waiters, hmap_count(&g->wants));
    LIST_FOR_EACH_REVERSE (w, list_node, &g->wants_waiting) {
        const struct port *p = model_find_port(&g->model, &w->port);
        struct entitlement e;

        if (!p || !p->network || !p->member || p->kind != PORT_OWNED) {
            continue;
        }
        judge_entitlement(&g->model, g->mode, p, &e);
        for (size_t i = 0; e.kind == ENT_EXPLICIT && i < e.wanted.n; i++) {
            const struct hold *h = hold_table_find(
                &g->holds, &p->network->uuid, &e.wanted.addrs[i]);

            if (h && !guard_same_owner(h, p)) {
                struct waiter *waiter = xmalloc(sizeof *waiter);

                waiter->hold = h;
                waiter->port = p->name;
                hmap_insert_fast(waiters, &waiter->node, hash_pointer(h, 0));
            }
        }
        entitlement_destroy(&e);
    }
}

static void
waiters_destroy(struct hmap *waiters)
{
    struct waiter *w;

    HMAP_FOR_EACH_POP (w, node, waiters) {
        free(w);
    }
    hmap_destroy(waiters);
}

static void
put_waiters(const struct guard *g, const struct hold *h,
            const struct hmap *waiters, const char *indent, struct ds *ds)
{
    const struct network *n = model_find_network(&g->model, &h->network);
    const struct addr_use *use = (n ? model_find_addr(&g->model, n, &h->addr)
                                  : NULL);
    const struct waiter *w;

    for (size_t i = 0; use && i < use->n; i++) {
        if (evidence_is_gated(use->ports[i])) {
            ds_put_format(ds, "%s    waiter: %s (gated)\n", indent,
                          use->ports[i]->name);
        }
    }
    HMAP_FOR_EACH_WITH_HASH (w, node, hash_pointer(h, 0), waiters) {
        if (w->hold == h) {
            ds_put_format(ds, "%s    waiter: %s\n", indent, w->port);
        }
    }
}

void
guard_format_holds(const struct guard *g, const struct guard_env *env,
                   size_t max, struct ds *ds)
{
    struct hold **holds = hold_table_sorted(&g->holds);
    size_t n = hold_table_count(&g->holds);
    struct hmap waiters;

    waiters_init(g, &waiters);
    for (size_t i = 0; i < MIN(n, max); i++) {
        put_hold(g, holds[i], env, "", ds);
        put_waiters(g, holds[i], &waiters, "", ds);
    }
    if (!n) {
        ds_put_cstr(ds, "no address is held\n");
    }
    waiters_destroy(&waiters);
    free(holds);
}

static int
compare_gates(const void *a_, const void *b_)
{
    const struct gate *const *a = a_;
    const struct gate *const *b = b_;

    return strcmp((*a)->port_name, (*b)->port_name);
}

void
guard_format_gates(const struct guard *g, const struct guard_env *env,
                   struct ds *ds)
{
    size_t n = 0;
    const struct gate **gates = xmalloc(MAX(hmap_count(&g->gates), 1)
                                        * sizeof *gates);
    const struct gate *gate;

    HMAP_FOR_EACH (gate, node, &g->gates) {
        gates[n++] = gate;
    }
    qsort(gates, n, sizeof *gates, compare_gates);
    for (size_t i = 0; i < n; i++) {
        ds_put_format(ds, "%s: %s, since ", gates[i]->port_name,
                      gates[i]->closing ? "being shut" : "shut");
        put_age(ds, env->wall - gates[i]->since_wall_ms);
        ds_put_format(ds, ": %s\n", gates[i]->reason);
    }
    free(gates);
}

static void
put_wall(struct ds *ds, long long int wall_ms)
{
    time_t sec = wall_ms / 1000;
    struct tm tm;
    char buf[32];

    gmtime_r(&sec, &tm);
    strftime(buf, sizeof buf, "%Y-%m-%dT%H:%M:%S", &tm);
    ds_put_format(ds, "%s.%03lldZ", buf, wall_ms % 1000);
}

void
guard_format_last_actions(const struct guard *g, const struct guard_env *env,
                          struct ds *ds)
{
    (void) env;
    for (size_t i = 0; i < g->n_last_actions; i++) {
        put_wall(ds, g->last_actions[i].wall_ms);
        ds_put_format(ds, " %s\n", g->last_actions[i].text);
    }
}

void
guard_format_safety(const struct guard *g, struct ds *ds)
{
    const struct safety *s = &g->safety;

    ds_put_format(ds, "mode: %s", guard_mode_to_string(g->mode));
    if (g->mode != g->settings.mode) {
        ds_put_format(ds, " (ceiling %s)",
                      guard_mode_to_string(g->settings.mode));
    }
    ds_put_format(ds, "\nstate: %s%s%s%s\n",
                  g->role == ROLE_ACTIVE ? "active"
                  : g->role == ROLE_STANDBY ? "standby" : "observer",
                  g->paused ? ", paused" : "",
                  s->frozen ? ", frozen" : "",
                  s->brake ? ", brake on" : "");
    guard_format_dialect(g, ds);
    if (s->frozen) {
        ds_put_format(ds, "frozen: %s; \"thaw\" ends it\n", s->frozen);
    }
    if (s->brake) {
        ds_put_format(ds, "brake: %s; \"brake/rearm\" ends it\n", s->brake);
    }
    if (g->role == ROLE_ACTIVE && !g->loaded) {
        ds_put_cstr(ds, "starting: the own database is not read yet\n");
    } else if (g->role == ROLE_ACTIVE && !g->started) {
        ds_put_cstr(ds, "starting: waiting for the Northbound copy\n");
    }
    if (g->nb_error) {
        ds_put_format(ds, "Northbound refuses writes: %s\n", g->nb_error);
    }
    if (g->store_error) {
        ds_put_format(ds, "own database refuses writes: %s\n",
                      g->store_error);
    }
}

/* ---- Findings and plan. ---- */

static const char *
candidate_state_text(const struct candidate *c)
{
    switch (c->state) {
    case CAND_WATCH: return "watched";
    case CAND_INTENT: return "its hold is being stored";
    case CAND_READ: return "live read under way";
    case CAND_GO: return "about to be written";
    case CAND_SENT: return "being written";
    case CAND_RELEASE: return "its IP object is being deleted";
    }
    OVS_NOT_REACHED();
}

static void
put_candidate(const struct candidate *c, const struct guard_env *env,
              struct ds *ds)
{
    char ip[IP_ADDR_STRLEN];
    long long int due = MAX(c->since_ms + c->settle_ms, c->not_before_ms);

    ds_put_format(ds, "%s: %s: ", c->port_name,
                  ip_addr_to_string(&c->addr, ip));
    switch (c->kind) {
    case VERDICT_CLEAR:
        if (c->state == CAND_WATCH && env->now < due) {
            ds_put_cstr(ds, "stale, clear in ");
            put_age(ds, due - env->now);
        } else if (c->refused) {
            ds_put_format(ds, "stale, would be cleared, but %s", c->refused);
        } else {
            ds_put_format(ds, "stale, to be cleared (%s)",
                          candidate_state_text(c));
        }
        break;
    case VERDICT_WAIT:
        ds_put_cstr(ds, "looks stale, waiting");
        break;
    case VERDICT_MOVING:
        ds_put_cstr(ds, "moving");
        break;
    case VERDICT_REPORT:
        ds_put_cstr(ds, "stays");
        break;
    case VERDICT_FINE:
        ds_put_cstr(ds, "fine");
        break;
    }
    ds_put_format(ds, " (case %s: %s)\n", c->case_, c->why);
}

static int
compare_duplicates(const void *a_, const void *b_)
{
    const struct duplicate *const *a = a_;
    const struct duplicate *const *b = b_;
    int cmp = strcmp((*a)->network_name, (*b)->network_name);

    return cmp ? cmp : ip_addr_compare(&(*a)->addr, &(*b)->addr);
}

static void
put_duplicates(const struct guard *g, struct ds *ds)
{
    const struct duplicate **array;
    const struct duplicate *d;
    size_t n = 0;

    array = xmalloc(MAX(hmap_count(&g->duplicates), 1) * sizeof *array);
    HMAP_FOR_EACH (d, node, &g->duplicates) {
        array[n++] = d;
    }
    qsort(array, n, sizeof *array, compare_duplicates);
    for (size_t i = 0; i < n; i++) {
        char ip[IP_ADDR_STRLEN];
        ds_put_format(ds, "%s on %s: duplicate: %s\n",
                      ip_addr_to_string(&array[i]->addr, ip),
                      array[i]->network_name, array[i]->text);
    }
    free(array);
}

static void
add_gateway_finding(void *lines, const struct port *p,
                    const struct ip_addr *addr, const char *what)
{
    char ip[IP_ADDR_STRLEN];
    char *line = xasprintf("%s on %s: on port %s, but %s",
                           ip_addr_to_string(addr, ip), p->network->name,
                           p->name, what);

    sset_add(lines, line);
    free(line);
}

void
guard_format_findings(const struct guard *g, const struct guard_env *env,
                      struct ds *ds)
{
    size_t n;
    const struct candidate **array = guard_sorted_candidates(g, &n);

    for (size_t i = 0; i < n; i++) {
        if (array[i]->kind == VERDICT_REPORT
            || array[i]->kind == VERDICT_MOVING) {
            put_candidate(array[i], env, ds);
        }
    }
    free(array);
    put_duplicates(g, ds);
    put_set(ds, "", "", &g->cycles);

    struct sset leaks = SSET_INITIALIZER(&leaks);
    guard_find_on_gateways(g, NULL, add_gateway_finding, &leaks);
    guard_add_ipam_findings(g, &leaks);
    guard_add_hazard_findings(g, &leaks);
    put_set(ds, "", "", &leaks);
    sset_destroy(&leaks);
}

void
guard_format_plan(const struct guard *g, const struct guard_env *env,
                  struct ds *ds)
{
    const char *refusal = guard_write_refusal(g, env, true);
    const struct candidate **array;
    struct svec lines = SVEC_EMPTY_INITIALIZER;
    const struct want *w;
    size_t n;

    array = guard_sorted_candidates(g, &n);
    ds_put_format(ds, "plan: %s\n", refusal ? refusal : "being carried out");
    for (size_t i = 0; i < n; i++) {
        if (array[i]->kind == VERDICT_CLEAR
            || array[i]->kind == VERDICT_WAIT) {
            put_candidate(array[i], env, ds);
        }
    }
    free(array);
    HMAP_FOR_EACH (w, node, &g->wants) {
        const struct port *p = model_find_port(&g->model, &w->port);
        struct entitlement e;

        if (!p || !p->member) {
            continue;
        }
        judge_entitlement(&g->model, g->mode, p, &e);
        svec_add_nocopy(&lines, xasprintf("%s: to be set (case H: %s)%s%s",
                                          p->name, e.why,
                                          w->why ? "; waits: " : "",
                                          w->why ? w->why : ""));
        entitlement_destroy(&e);
    }
    svec_sort(&lines);
    for (size_t i = 0; i < lines.n; i++) {
        ds_put_format(ds, "%s\n", lines.names[i]);
    }
    if (!n && !lines.n) {
        ds_put_cstr(ds, "nothing to do\n");
    }
    svec_destroy(&lines);
}

/* ---- One port. ---- */

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

char *
guard_format_port(const struct guard *g, const char *name,
                  const struct guard_env *env, struct ds *ds)
{
    const struct port *p = model_find_port_by_name(&g->model, name);
    struct entitlement e;
    const struct gate *gate;

    if (!p) {
        return xasprintf("no Logical_Switch_Port is called %s", name);
    }
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
    put_binding(g, p, "    ", ds);
    gate = guard_find_gate(g, &p->uuid);
    if (gate) {
        ds_put_format(ds, "    gate: %s\n", gate->reason);
    }
    if (!p->member || !p->network) {
        return NULL;
    }
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
    const struct want *w;
    HMAP_FOR_EACH_WITH_HASH (w, node, uuid_hash(&p->uuid), &g->wants) {
        if (uuid_equals(&w->port, &p->uuid) && w->why) {
            ds_put_format(ds, "    waits: %s\n", w->why);
        }
    }
    return NULL;
}

/* ---- One address. ---- */

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
    if (h) {
        put_hold(g, h, env, "    ", ds);
        struct hmap waiters;

        waiters_init(g, &waiters);
        put_waiters(g, h, &waiters, "    ", ds);
        waiters_destroy(&waiters);
    }
    guard_format_reserve(g, n->name, addr, "    ", ds);
    HMAP_FOR_EACH (r, node, &g->model.references) {
        if (ip_addr_set_contains(&r->ips, addr)) {
            ds_put_format(ds, "    named by %s\n", r->text);
        }
    }
    const struct want *w;
    LIST_FOR_EACH (w, list_node, &g->wants_waiting) {
        const struct port *p = model_find_port(&g->model, &w->port);
        if (!h && p && p->network == n && p->member
            && !ip_addr_set_contains(&p->static_ips, addr)
            && judge_wants(&g->model, g->mode, p, addr)) {
            ds_put_format(ds, "    waiter: %s%s%s\n", p->name,
                          w->why ? ": " : "", w->why ? w->why : "");
        }
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
