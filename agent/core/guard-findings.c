/* SPDX-License-Identifier: Apache-2.0 */

/* What an audit finds: the difference between what Kubernetes wants, what the
 * Northbound database says and what the Southbound one still has.  See
 * explain.h. */

#include <config.h>

#include "guard-private.h"

#include "explain.h"
#include "lsp-addr.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "pod.h"
#include "util.h"
#include "uuid.h"

static const char *const kind_names[N_FINDING_KINDS] = {
    [FINDING_STALE] = "stale",
    [FINDING_DRIFT] = "drift",
    [FINDING_DUPLICATE] = "duplicate",
    [FINDING_GATEWAY] = "gateway",
    [FINDING_MISSING] = "missing",
    [FINDING_LEAKED] = "leaked",
    [FINDING_FOREIGN] = "foreign",
};

const char *
finding_kind_to_string(enum finding_kind kind)
{
    return kind_names[kind];
}

struct audit {
    const struct guard *guard;
    const char *network;        /* Or NULL: all. */
    struct findings *findings;
    size_t allocated;
};

/* Takes 'text'. */
static void
add(struct audit *a, enum finding_kind kind, const struct network *n,
    const struct ip_addr *ip, const char *port, const struct member *mb,
    char *text)
{
    struct findings *f = a->findings;
    char s[IP_ADDR_STRLEN] = "";

    if (a->network && (!n || strcmp(n->name, a->network))) {
        free(text);
        return;
    }
    if (f->n >= a->allocated) {
        f->findings = x2nrealloc(f->findings, &a->allocated,
                                 sizeof *f->findings);
    }
    if (ip) {
        ip_addr_to_string(ip, s);
    }
    f->findings[f->n++] = (struct finding) {
        .kind = kind,
        .network = xstrdup(n ? n->name : ""),
        .address = xstrdup(s),
        .port = xstrdup(port),
        .owner = mb ? xasprintf("%s/%s", mb->ns, mb->name) : xstrdup(""),
        .text = text,
    };
}

/* ---- Addresses on ports. ---- */

static void
audit_address(struct audit *a, const struct port *p,
              const struct ip_addr *ip, const struct guard_env *env)
{
    const struct guard *g = a->guard;
    enum finding_kind kind = FINDING_STALE;
    struct verdict v;

    judge_address(&g->model, &g->settings, g->mode, &g->holds, p, ip,
                  env->now, &v);
    switch (v.kind) {
    case VERDICT_FINE:
        verdict_destroy(&v);
        return;
    case VERDICT_REPORT:
        if (!strcmp(v.case_, "E")) {
            /* Told as a duplicate. */
            verdict_destroy(&v);
            return;
        }
        kind = FINDING_DRIFT;
        break;
    case VERDICT_WAIT:
    case VERDICT_MOVING:
    case VERDICT_CLEAR:
        break;
    }
    add(a, kind, p->network, ip, p->name, p->member,
        xasprintf("case %s: %s", v.case_, v.why));
    verdict_destroy(&v);
}

/* The address that 'p' wants and lacks is on a port that is no pod's:
 * somebody else's, or one of the CNI's own. */
static void
audit_foreign(struct audit *a, const struct port *p, const struct ip_addr *ip)
{
    const struct addr_use *use = model_find_addr(&a->guard->model, p->network,
                                                 ip);

    for (size_t i = 0; use && i < use->n; i++) {
        if (use->ports[i]->kind != PORT_OWNED) {
            add(a, FINDING_FOREIGN, p->network, ip, use->ports[i]->name,
                p->member, xasprintf("port %s wants it", p->name));
        }
    }
}

static void
audit_missing(struct audit *a, const struct port *p,
              const struct entitlement *e)
{
    for (size_t i = 0; i < e->wanted.n; i++) {
        const struct ip_addr *ip = &e->wanted.addrs[i];

        if (!ip_addr_set_contains(&p->ips, ip)) {
            add(a, FINDING_MISSING, p->network, ip, p->name, p->member,
                xstrdup(e->why));
            audit_foreign(a, p, ip);
        }
    }
}

/* The Southbound database still shows an address that the port has not. */
static void
audit_binding(struct audit *a, const struct port *p)
{
    const struct binding *b = model_find_binding(&a->guard->model, p->name);
    struct ip_addr_set shown;

    if (!b || !b->present || p->has_dynamic) {
        return;
    }
    ip_addr_set_init(&shown);
    lsp_addrs_collect(b->mac.names, b->mac.n, &shown);
    for (size_t i = 0; i < shown.n; i++) {
        if (!ip_addr_set_contains(&p->ips, &shown.addrs[i])) {
            add(a, FINDING_LEAKED, p->network, &shown.addrs[i], p->name,
                p->member, xstrdup("the Southbound Port_Binding still lists "
                                   "it"));
        }
    }
    ip_addr_set_destroy(&shown);
}

static void
audit_port(struct audit *a, const struct port *p,
           const struct guard_env *env)
{
    const struct guard *g = a->guard;
    struct entitlement e;

    if (!p->network || (a->network && strcmp(p->network->name, a->network))) {
        return;
    }
    audit_binding(a, p);
    if (p->kind != PORT_OWNED || !p->member) {
        return;
    }
    for (size_t i = 0; i < p->static_ips.n; i++) {
        audit_address(a, p, &p->static_ips.addrs[i], env);
    }
    judge_entitlement(&g->model, g->mode, p, &e);
    if (e.pod) {
        audit_missing(a, p, &e);
    } else if (e.kind == ENT_UNKNOWN && !p->member->n_pods
               && !model_member_workload(&g->model, p->member)
               && p->static_ips.n && g->model.kube_synced) {
        add(a, FINDING_LEAKED, p->network, &p->static_ips.addrs[0], p->name,
            p->member, xasprintf("nobody known owns the port: %s", e.why));
    }
    entitlement_destroy(&e);
}

/* ---- Addresses of several ports. ---- */

static void
audit_duplicates(struct audit *a)
{
    const struct duplicate *d;

    HMAP_FOR_EACH (d, node, &a->guard->duplicates) {
        const struct network *n = model_find_network(&a->guard->model,
                                                     &d->network);

        add(a, FINDING_DUPLICATE, n, &d->addr, "", NULL, xstrdup(d->text));
    }
}

static void
audit_gateway(void *a, const struct port *p, const struct ip_addr *ip,
              const char *what)
{
    add(a, FINDING_GATEWAY, p->network, ip, p->name, p->member,
        xstrdup(what));
}

/* ---- Pods without a port. ---- */

static void
audit_member(struct audit *a, const struct member *mb)
{
    for (size_t i = 0; !mb->ports && i < mb->n_pods; i++) {
        const struct claims *claims = &mb->pods[i]->claims;

        if (mb->pods[i]->finished || mb->pods[i]->deleting) {
            continue;
        }
        for (size_t j = 0; j < claims->n; j++) {
            const struct claim *c = &claims->claims[j];

            for (size_t k = 0; c->kind == CLAIM_EXPLICIT && k < c->n_ips;
                 k++) {
                add(a, FINDING_MISSING, NULL, &c->ips[k], "", mb,
                    xasprintf("pod %s/%s wants it (%s) and has no port",
                              mb->ns, mb->pods[i]->name,
                              c->source ? c->source : "annotation"));
            }
        }
    }
}

/* ---- All of it. ---- */

static int
compare_findings(const void *a_, const void *b_)
{
    const struct finding *a = a_;
    const struct finding *b = b_;
    struct ip_addr ip_a, ip_b;
    int cmp = strcmp(a->network, b->network);

    if (!cmp) {
        cmp = (int) a->kind - (int) b->kind;
    }
    if (!cmp && ip_addr_parse(a->address, &ip_a)
        && ip_addr_parse(b->address, &ip_b)) {
        cmp = ip_addr_compare(&ip_a, &ip_b);
    }
    if (!cmp) {
        cmp = strcmp(a->port, b->port);
    }
    return cmp ? cmp : strcmp(a->text, b->text);
}

void
guard_find_findings(const struct guard *g, const char *network,
                    const struct guard_env *env, struct findings *findings)
{
    struct audit a = {
        .guard = g,
        .network = network,
        .findings = findings,
    };
    struct sset lines = SSET_INITIALIZER(&lines);
    const struct member *mb;
    const struct port *p;
    const char *line;

    memset(findings, 0, sizeof *findings);
    HMAP_FOR_EACH (p, uuid_node, &g->model.ports) {
        audit_port(&a, p, env);
    }
    audit_duplicates(&a);
    guard_find_on_gateways(g, network, audit_gateway, &a);
    HMAP_FOR_EACH (mb, node, &g->model.members) {
        audit_member(&a, mb);
    }
    guard_add_ipam_findings(g, &lines);
    SSET_FOR_EACH (line, &lines) {
        add(&a, FINDING_LEAKED, NULL, NULL, "", NULL, xstrdup(line));
    }
    SSET_FOR_EACH (line, &g->cycles) {
        add(&a, FINDING_DRIFT, NULL, NULL, "", NULL, xstrdup(line));
    }
    sset_destroy(&lines);
    if (findings->n) {
        qsort(findings->findings, findings->n, sizeof *findings->findings,
              compare_findings);
    }
}

void
findings_destroy(struct findings *f)
{
    for (size_t i = 0; i < f->n; i++) {
        free(f->findings[i].network);
        free(f->findings[i].address);
        free(f->findings[i].port);
        free(f->findings[i].owner);
        free(f->findings[i].text);
    }
    free(f->findings);
}
