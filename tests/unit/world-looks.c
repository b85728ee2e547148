/* SPDX-License-Identifier: Apache-2.0 */

/* What a test looks at in the simulated world. */

#include <config.h>

#include "tests/unit/world.h"

#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/hmap.h"
#include "sset.h"
#include "svec.h"
#include "util.h"

#include "agent/core/lsp-addr.h"

static bool
lists(const struct wport *p, const struct ip_addr *ip)
{
    for (size_t i = 0; i < p->addresses.n; i++) {
        if (lsp_addr_has_ip(p->addresses.names[i], ip)) {
            return true;
        }
    }
    return false;
}

bool
world_has(const struct world *w, const char *port, const char *ip_s)
{
    struct wport *p = world_find_port(CONST_CAST(struct world *, w), port);
    struct ip_addr ip = unit_ip(ip_s);

    return p && lists(p, &ip);
}

const struct hold *
world_hold(const struct world *w, const char *ip_s)
{
    struct ip_addr ip = unit_ip(ip_s);
    const struct hold *h;

    HMAP_FOR_EACH (h, node, &guard_holds(w->guard)->holds) {
        if (ip_addr_equals(&h->addr, &ip)) {
            return h;
        }
    }
    return NULL;
}

const struct hold *
world_stored_hold(const struct world *w, const char *ip_s)
{
    struct ip_addr ip = unit_ip(ip_s);

    for (size_t i = 0; i < w->n_holds; i++) {
        if (ip_addr_equals(&w->holds[i]->addr, &ip)) {
            return w->holds[i];
        }
    }
    return NULL;
}

bool
world_gated(const struct world *w, const char *port)
{
    struct wport *p = world_find_port(CONST_CAST(struct world *, w), port);

    return p && p->mark && p->enabled == TRI_FALSE;
}

bool
world_logged(const struct world *w, const char *part)
{
    const char *line;

    SSET_FOR_EACH (line, &w->log) {
        if (strstr(line, part)) {
            return true;
        }
    }
    return false;
}

size_t
world_journalled(const struct world *w, const char *action)
{
    size_t n = 0;

    for (size_t i = 0; i < w->n_journal; i++) {
        n += !strcmp(w->journal[i].action, action);
    }
    return n;
}

static bool
write_is(const struct kube_write *w, enum kube_write_kind kind,
         const char *name, const char *reason)
{
    return (w->kind == kind && (!name || !strcmp(w->name, name))
            && (!reason || !strcmp(w->reason, reason)));
}

const struct kube_write *
world_find_write(const struct world *w, enum kube_write_kind kind,
                 const char *name, const char *reason)
{
    for (size_t i = w->n_writes; i-- > 0; ) {
        if (write_is(w->writes[i], kind, name, reason)) {
            return w->writes[i];
        }
    }
    return NULL;
}

size_t
world_count_writes(const struct world *w, enum kube_write_kind kind,
                   const char *name, const char *reason)
{
    size_t n = 0;

    for (size_t i = 0; i < w->n_writes; i++) {
        n += write_is(w->writes[i], kind, name, reason);
    }
    return n;
}

size_t
world_open_ports(const struct world *w, const char *ip_s)
{
    struct ip_addr ip = unit_ip(ip_s);
    size_t n = 0;

    for (size_t i = 0; i < w->n_ports; i++) {
        n += w->ports[i]->enabled != TRI_FALSE && lists(w->ports[i], &ip);
    }
    return n;
}

char *
world_format_nb(const struct world *w)
{
    struct svec lines = SVEC_EMPTY_INITIALIZER;
    char *s;

    for (size_t i = 0; i < w->n_ports; i++) {
        const struct wport *p = w->ports[i];
        struct ds ds = DS_EMPTY_INITIALIZER;

        ds_put_format(&ds, "%s:", p->name);
        for (size_t j = 0; j < p->addresses.n; j++) {
            ds_put_format(&ds, " [%s]", p->addresses.names[j]);
        }
        for (size_t j = 0; j < p->ps.n; j++) {
            ds_put_format(&ds, " ps[%s]", p->ps.names[j]);
        }
        ds_put_format(&ds, "%s%s", p->enabled == TRI_FALSE ? " off" : "",
                      p->mark ? " marked" : "");
        svec_add_nocopy(&lines, ds_steal_cstr(&ds));
    }
    svec_sort(&lines);
    s = svec_join(&lines, "\n", "");
    svec_destroy(&lines);
    return s;
}
