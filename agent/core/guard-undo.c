/* SPDX-License-Identifier: Apache-2.0 */

/* undo: an address that was cleared is put back by an operator's wish, if the
 * port still is as the clear left it and nobody else has, holds or wants the
 * address.  What the clear wrote comes with the request, from the journal; the
 * write itself is that of guard-put-back.c. */

#include <config.h>

#include "guard-private.h"

#include "openvswitch/util.h"
#include "request.h"
#include "util.h"
#include "uuid.h"

/* Does 'column' say what the request has as 'key'? */
static bool
is_as_asked(const struct svec *column, const struct request *r,
            const char *key)
{
    struct svec lines;
    bool same;

    request_get_lines(r, key, &lines);
    same = guard_same_strings(column, &lines);
    svec_destroy(&lines);
    return same;
}

static bool
is_under_way(const struct guard *g, const struct uuid *port,
             const struct ip_addr *ip)
{
    const struct post_read *pr;

    LIST_FOR_EACH (pr, node, &g->post_reads) {
        if (uuid_equals(&pr->port, port) && ip_addr_equals(&pr->addr, ip)) {
            return true;
        }
    }
    return false;
}

/* Somebody other than 'p' who has, holds or wants the address; NULL if nobody
 * does. */
static char *
find_rival(const struct guard *g, const struct port *p,
           const struct ip_addr *ip)
{
    const struct addr_use *use = model_find_addr(&g->model, p->network, ip);
    const struct hold *h = hold_table_find(&g->holds, &p->network->uuid, ip);
    const struct port *q;
    char s[IP_ADDR_STRLEN];

    ip_addr_to_string(ip, s);
    for (size_t i = 0; use && i < use->n; i++) {
        if (use->ports[i] != p) {
            return xasprintf("port %s has %s", use->ports[i]->name, s);
        }
    }
    if (h && !guard_same_owner(h, p)) {
        return xasprintf("%s is held on behalf of somebody else (%s)", s,
                         h->reason);
    }
    LIST_FOR_EACH (q, network_node, &p->network->ports) {
        if (q != p && q->member && judge_wants(&g->model, g->mode, q, ip)) {
            return xasprintf("port %s wants %s", q->name, s);
        }
    }
    return NULL;
}

static char *
refuse(const struct guard *g, const struct request *r, const struct port *p,
       const struct ip_addr *ip, const struct guard_env *env)
{
    const char *port = smap_get_def(&r->args, "port", "?");
    const char *refusal;
    char s[IP_ADDR_STRLEN];
    char *rival;

    ip_addr_to_string(ip, s);
    if (!p || !p->network) {
        return xasprintf("port %s is gone", port);
    } else if (p->kind != PORT_OWNED || !p->member) {
        return xasprintf("port %s is not proven to be a pod's", port);
    } else if (ip_addr_set_contains(&p->static_ips, ip)) {
        return xasprintf("port %s has %s", port, s);
    } else if (!is_as_asked(&p->addresses, r, "new_addresses")) {
        return xasprintf("port %s is no longer as the action left it", port);
    }
    rival = find_rival(g, p, ip);
    if (rival) {
        return rival;
    }
    refusal = guard_write_refusal(g, env, true);
    if (refusal) {
        return xasprintf("nothing can be written now: %s", refusal);
    }
    if (!judge_wants(&g->model, g->mode, p, ip)
        && strcmp(smap_get_def(&r->args, "force", ""), "true")) {
        return xasprintf("the owner of port %s does not want %s, so it would "
                         "be cleared again; correct the annotation first, or "
                         "use --force", port, s);
    }
    return NULL;
}

static void
start(struct guard *g, const struct request *r, const struct port *p,
      const struct ip_addr *ip)
{
    const struct hold *h = hold_table_find(&g->holds, &p->network->uuid, ip);
    struct post_read *pr = xzalloc(sizeof *pr);

    guard_post_read_done(g, &p->uuid, ip); /* Of the clear itself. */
    pr->port = p->uuid;
    pr->addr = *ip;
    pr->hold = h ? h->uuid : UUID_ZERO;
    pr->ns = xstrdup(p->member->ns);
    pr->name = xstrdup(p->member->name);
    pr->workload = xstrdup("");
    svec_clone(&pr->left, &p->addresses);
    request_get_lines(r, "old_addresses", &pr->before);
    if (is_as_asked(&p->port_security, r, "new_port_security")) {
        svec_clone(&pr->left_ps, &p->port_security);
        request_get_lines(r, "old_port_security", &pr->before_ps);
    } else {
        /* Somebody's by now: it stays as it is. */
        svec_clone(&pr->left_ps, &p->port_security);
        svec_clone(&pr->before_ps, &p->port_security);
    }
    pr->put_back = true;
    pr->by_hand = true;
    ovs_list_push_back(&g->post_reads, &pr->node);
}

/* What ends or reverses an action that is no clear. */
static const char *
other_way(const char *action)
{
    static const char *const ways[][2] = {
        {"hold", "; \"hold-release\" ends a hold"},
        {"release", "; \"hold-add\" holds the address again"},
        {"force", "; \"hold-add\" holds the address again"},
        {"gate", "; \"gate-open\" opens a gate"},
        {"set", "; what mode manage sets follows the annotation of the pod or "
                "StatefulSet: change that"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
        if (!strcmp(action, ways[i][0])) {
            return ways[i][1];
        }
    }
    return "";
}

char *
guard_undo(struct guard *g, struct request *r, const struct guard_env *env,
           char **said)
{
    const char *action = smap_get_def(&r->args, "action", "");
    struct ip_addr ip;
    struct uuid uuid;
    const struct port *p;
    char *error;

    if (strcmp(action, "clear")) {
        return xasprintf("only a clear can be undone, not '%s'%s", action,
                         other_way(action));
    }
    if (!ip_addr_parse(smap_get_def(&r->args, "address", ""), &ip)
        || !uuid_from_string(&uuid, smap_get_def(&r->args, "port_uuid",
                                                 ""))) {
        return xasprintf("the action's row cannot be understood");
    }
    p = model_find_port(&g->model, &uuid);
    if (!r->started) {
        error = refuse(g, r, p, &ip, env);
        if (!error) {
            start(g, r, p, &ip);
            r->started = true;
        }
        return error;
    }
    if (is_under_way(g, &uuid, &ip)) {
        return NULL;
    }
    if (!p || !ip_addr_set_contains(&p->static_ips, &ip)) {
        return xasprintf("the port or the address changed meanwhile");
    }
    *said = xasprintf("%s is on port %s again",
                      smap_get_def(&r->args, "address", ""), p->name);
    return NULL;
}
