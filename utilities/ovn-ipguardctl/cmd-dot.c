/* SPDX-License-Identifier: Apache-2.0 */

/* dot: a picture, in Graphviz' language, of owners, ports, chassis and
 * holds. */

#include <config.h>

#include "ctl-read.h"

#include <stdlib.h>
#include <string.h>

#include "db-ctl-base.h"
#include "openvswitch/dynamic-string.h"
#include "ovsdb-idl.h"
#include "sset.h"
#include "svec.h"
#include "util.h"

#include "ovsdb/ipguard-idl.h"

#include "agent/core/explain.h"
#include "agent/core/guard.h"
#include "agent/core/ip-addr.h"
#include "agent/core/model.h"
#include "ctl-rows.h"
#include "observer.h"

/* Appends 's' as a quoted identifier. */
static void
put_id(const char *kind, const char *s, struct ds *ds)
{
    ds_put_format(ds, "\"%s ", kind);
    for (; *s; s++) {
        if (*s == '"' || *s == '\\') {
            ds_put_char(ds, '\\');
        }
        ds_put_char(ds, *s);
    }
    ds_put_char(ds, '"');
}

static void
add_node(struct sset *lines, const char *kind, const char *name,
         const char *attributes)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_cstr(&ds, "    ");
    put_id(kind, name, &ds);
    ds_put_format(&ds, " [%s];", attributes);
    sset_add_and_free(lines, ds_steal_cstr(&ds));
}

static void
add_edge(struct sset *lines, const char *kind_a, const char *a,
         const char *kind_b, const char *b, const char *attributes)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_cstr(&ds, "    ");
    put_id(kind_a, a, &ds);
    ds_put_cstr(&ds, " -> ");
    put_id(kind_b, b, &ds);
    ds_put_format(&ds, "%s%s%s;", attributes[0] ? " [" : "", attributes,
                  attributes[0] ? "]" : "");
    sset_add_and_free(lines, ds_steal_cstr(&ds));
}

static void
draw(struct sset *lines, const struct explanation *x)
{
    char *address = xasprintf("%s on %s", x->address, x->network);

    add_node(lines, "address", address,
             x->n_ports > 1 ? "shape=ellipse, color=red" : "shape=ellipse");
    for (size_t i = 0; i < x->n_ports; i++) {
        const struct explained_port *e = &x->ports[i];

        add_node(lines, "port", e->name,
                 e->gated ? "shape=box, style=dashed" : "shape=box");
        add_edge(lines, "port", e->name, "address", address,
                 e->owner[0] && !e->wanted ? "label=\"not wanted\", color=red"
                 : "");
        if (e->owner[0]) {
            add_node(lines, "owner", e->owner, "shape=component");
            add_edge(lines, "owner", e->owner, "port", e->name, "");
        }
        if (e->chassis[0] && !strcmp(e->binding, "bound")) {
            add_node(lines, "chassis", e->chassis, "shape=box3d");
            add_edge(lines, "port", e->name, "chassis", e->chassis, "");
        }
    }
    if (x->router_port) {
        add_node(lines, "router port", x->router_port, "shape=diamond");
        add_edge(lines, "router port", x->router_port, "address", address,
                 "");
    }
    free(address);
}

static void
draw_holds(struct sset *lines, struct ovsdb_idl *idl, const char *network,
           const struct ip_addr *ip)
{
    size_t n;
    const struct ipgrec_hold **holds = ipgctl_sorted_holds(idl, &n);

    for (size_t i = 0; i < n; i++) {
        const struct ipgrec_hold *h = holds[i];
        struct ip_addr addr;

        if ((network && strcmp(h->network_name, network))
            || (ip && !(ip_addr_parse(h->address, &addr)
                        && ip_addr_equals(&addr, ip)))) {
            continue;
        }
        char *name = xasprintf("%s on %s", h->address, h->network_name);
        char *label = xasprintf("label=\"held: %s\"", h->state);

        add_node(lines, "hold", name, "shape=octagon, style=filled");
        add_node(lines, "address", name, "shape=ellipse");
        add_edge(lines, "hold", name, "address", name, label);
        for (size_t j = 0; j < h->n_former_ports; j++) {
            add_node(lines, "port", h->former_ports[j]->name, "shape=box");
            add_edge(lines, "hold", name, "port", h->former_ports[j]->name,
                     "style=dotted, label=former");
        }
        free(name);
        free(label);
    }
    free(holds);
}

/* All addresses of a network, or one on all networks. */
static void
draw_all(struct ipgctl_reader *r, const char *network,
         const struct ip_addr *ip, struct sset *lines)
{
    const struct guard *g = observer_guard(r->observer);
    const struct model *m = guard_model_const(g);
    const struct addr_use *use;
    struct guard_env env;

    observer_get_env(r->observer, &env);
    HMAP_FOR_EACH (use, node, &m->addr_uses) {
        struct explanation x;

        if ((network && strcmp(use->network->name, network))
            || (ip && !ip_addr_equals(&use->addr, ip))) {
            continue;
        }
        guard_explain(g, use->network, &use->addr, &env, &x);
        draw(lines, &x);
        explanation_destroy(&x);
    }
    if (r->own) {
        draw_holds(lines, r->own, network, ip);
    }
}

void
cmd_dot(struct ipgctl_reader *r)
{
    const char *arg = r->ctx->argc > 1 ? r->ctx->argv[1] : NULL;
    struct sset lines = SSET_INITIALIZER(&lines);
    const char **sorted;
    struct ip_addr ip;
    bool is_ip = arg && ip_addr_parse(arg, &ip);
    size_t n_found = 1;

    observer_watch_all(r->observer);
    ipgctl_reader_sync(r);
    if (arg && !is_ip
        && !model_find_network_by_name(
            guard_model_const(observer_guard(r->observer)), arg, &n_found)) {
        ctl_error(r->ctx, "dot: '%s' is neither an address nor a logical "
                  "switch; \"ovn-nbctl ls-list\" shows the switches", arg);
        return;
    }
    draw_all(r, is_ip ? NULL : arg, is_ip ? &ip : NULL, &lines);
    sorted = sset_sort(&lines);
    ds_put_cstr(&r->ctx->output, "digraph ipguard {\n    rankdir=LR;\n");
    for (size_t i = 0; sorted[i]; i++) {
        ds_put_format(&r->ctx->output, "%s\n", sorted[i]);
    }
    ds_put_cstr(&r->ctx->output, "}\n");
    free(sorted);
    sset_destroy(&lines);
}
