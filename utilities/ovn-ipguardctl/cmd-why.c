/* SPDX-License-Identifier: Apache-2.0 */

/* why: everything that is known about an address, as a paragraph for people or
 * as JSON. */

#include <config.h>

#include "ctl-read.h"

#include <stdlib.h>
#include <string.h>

#include "db-ctl-base.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "openvswitch/shash.h"
#include "ovsdb-idl.h"
#include "svec.h"
#include "util.h"
#include "uuid.h"

#include "ovsdb/ipguard-idl.h"

#include "agent/core/explain.h"
#include "agent/core/guard.h"
#include "agent/core/ip-addr.h"
#include "agent/core/model.h"
#include "agent/core/pod.h"
#include "ctl-commands.h"
#include "ctl-options.h"
#include "ctl-rows.h"
#include "observer.h"

/* Rows of the journal that are worth a place in a paragraph. */
#define HISTORY_MAX 5

#define COLUMNS 79

/* Exit status where there is nothing to tell. */
#define EXIT_NOTHING 2

/* ---- Which addresses. ---- */

static void
add_set(struct ip_addr_set *dst, const struct ip_addr_set *src)
{
    for (size_t i = 0; i < src->n; i++) {
        ip_addr_set_add(dst, &src->addrs[i]);
    }
}

static bool
add_member(const struct model *m, const char *arg, struct ip_addr_set *ips)
{
    const char *slash = strchr(arg, '/');
    char *ns = xmemdup0(arg, slash - arg);
    const struct member *mb = model_find_member(m, ns, slash + 1);
    const struct port *p;

    free(ns);
    if (!mb) {
        return false;
    }
    LIST_FOR_EACH (p, member_node, &mb->ports) {
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

/* Finds out what 'arg' means.  Returns NULL, or an error. */
static char *
find_addresses(const struct model *m, const char *arg,
               struct ip_addr_set *ips)
{
    struct ip_addr ip;
    const struct port *p;

    if (ip_addr_parse(arg, &ip)) {
        ip_addr_set_add(ips, &ip);
        return NULL;
    }
    if (strchr(arg, '/')) {
        return (add_member(m, arg, ips) ? NULL
                : xasprintf("why: neither a pod nor a port of %s is known",
                            arg));
    }
    p = model_find_port_by_name(m, arg);
    if (!p) {
        return xasprintf("why: '%s' is neither an address nor a port nor "
                         "NAMESPACE/POD", arg);
    }
    add_set(ips, &p->ips);
    return NULL;
}

/* ---- What the own database adds. ---- */

static const struct ipgrec_hold *
find_hold(struct ovsdb_idl *idl, const struct explanation *x)
{
    const struct ipgrec_hold *h;

    if (idl) {
        IPGREC_HOLD_FOR_EACH (h, idl) {
            if (uuid_equals(&h->network, &x->network_uuid)
                && !strcmp(h->address, x->address)) {
                return h;
            }
        }
    }
    return NULL;
}

static int
compare_history(const void *a_, const void *b_)
{
    const struct ipgrec_journal *const *a = a_;
    const struct ipgrec_journal *const *b = b_;

    return ((*a)->sequence < (*b)->sequence ? -1
            : (*a)->sequence > (*b)->sequence);
}

static const struct ipgrec_journal **
find_history(struct ovsdb_idl *idl, const struct explanation *x, size_t *np)
{
    const struct ipgrec_journal **rows = NULL;
    const struct ipgrec_journal *j;
    size_t n = 0, allocated = 0;

    if (idl) {
        IPGREC_JOURNAL_FOR_EACH (j, idl) {
            if (!strcmp(j->address, x->address)
                && (!j->n_network
                    || uuid_equals(&j->network[0], &x->network_uuid))) {
                if (n >= allocated) {
                    rows = x2nrealloc(rows, &allocated, sizeof *rows);
                }
                rows[n++] = j;
            }
        }
    }
    if (n) {
        qsort(rows, n, sizeof *rows, compare_history);
    }
    *np = n;
    return rows;
}

/* ---- Text. ---- */

/* Appends 'text' in lines of at most COLUMNS. */
static void
put_paragraph(const char *text, struct ds *ds)
{
    size_t column = 0;

    while (*text) {
        size_t n = strcspn(text, " ");

        if (column && column + 1 + n > COLUMNS) {
            ds_put_char(ds, '\n');
            column = 0;
        } else if (column) {
            ds_put_char(ds, ' ');
            column++;
        }
        ds_put_buffer(ds, text, n);
        column += n;
        text += n + strspn(text + n, " ");
    }
    ds_put_char(ds, '\n');
}

static void
put_list(char *const *strings, size_t n, struct ds *ds)
{
    for (size_t i = 0; i < n; i++) {
        ds_put_format(ds, "%s%s", i ? "; " : "", strings[i]);
    }
}

static void
put_hold(const struct ipgrec_hold *h, struct ds *ds)
{
    struct ds owner = DS_EMPTY_INITIALIZER;

    ipgctl_format_owner(h, &owner);
    ds_put_format(ds, " It is held (%s, for ", h->state);
    ipgctl_format_age(h->created_at, ds);
    ds_put_format(ds, ")%s%s: %s.", owner.length ? ", formerly of " : "",
                  ds_cstr(&owner), h->reason);
    if (h->n_blockers) {
        ds_put_cstr(ds, " The hold waits for: ");
        put_list(h->blockers, h->n_blockers, ds);
        ds_put_char(ds, '.');
    }
    if (h->n_waiters) {
        ds_put_cstr(ds, " Who is to have it: ");
        put_list(h->waiters, h->n_waiters, ds);
        ds_put_char(ds, '.');
    }
    ds_destroy(&owner);
}

static void
put_history(struct ovsdb_idl *idl, const struct explanation *x, struct ds *ds)
{
    size_t n;
    const struct ipgrec_journal **rows = find_history(idl, x, &n);

    for (size_t i = n > HISTORY_MAX ? n - HISTORY_MAX : 0; i < n; i++) {
        ds_put_cstr(ds, "    ");
        ipgctl_format_time(rows[i]->at, ds);
        ds_put_format(ds, " %s", rows[i]->action);
        if (rows[i]->port_name[0]) {
            ds_put_format(ds, " %s", rows[i]->port_name);
        }
        ds_put_format(ds, ": %s\n", rows[i]->reason);
    }
    free(rows);
}

static void
put_text(struct ovsdb_idl *idl, const struct explanation *x, struct ds *ds)
{
    const struct ipgrec_hold *h = find_hold(idl, x);
    struct ds text = DS_EMPTY_INITIALIZER;

    ds_put_cstr(&text, x->summary);
    if (h) {
        put_hold(h, &text);
    }
    ds_put_format(&text, " Next: %s",
                  h && h->n_blockers ? "the hold ends when nothing of the "
                  "above is awaited any more." : x->next);
    put_paragraph(ds_cstr(&text), ds);
    put_history(idl, x, ds);
    ds_destroy(&text);
}

/* ---- JSON. ---- */

static struct json *
json_svec(const struct svec *svec)
{
    struct json *array = json_array_create_empty();

    for (size_t i = 0; i < svec->n; i++) {
        json_array_add(array, json_string_create(svec->names[i]));
    }
    return array;
}

static struct json *
json_port(const struct explained_port *e)
{
    struct json *o = json_object_create();

    json_object_put_string(o, "name", e->name);
    json_object_put_string(o, "kind", e->kind);
    json_object_put_string(o, "proof", e->proof);
    json_object_put_string(o, "owner", e->owner);
    json_object_put_string(o, "pod_uid", e->pod_uid);
    json_object_put(o, "addresses", json_svec(&e->addresses));
    json_object_put(o, "port_security", json_svec(&e->port_security));
    json_object_put_string(o, "binding", e->binding);
    json_object_put_string(o, "chassis", e->chassis);
    json_object_put(o, "gated", json_boolean_create(e->gated));
    json_object_put(o, "disabled", json_boolean_create(e->disabled));
    json_object_put(o, "wanted", json_boolean_create(e->wanted));
    json_object_put_string(o, "entitlement", e->entitlement);
    json_object_put_string(o, "verdict", e->verdict);
    json_object_put_string(o, "case", e->case_);
    json_object_put_string(o, "reason", e->reason);
    return o;
}

static struct json *
json_history(struct ovsdb_idl *idl, const struct explanation *x)
{
    struct json *array = json_array_create_empty();
    size_t n;
    const struct ipgrec_journal **rows = find_history(idl, x, &n);

    for (size_t i = 0; i < n; i++) {
        struct json *o = json_object_create();

        json_object_put(o, "sequence",
                        json_integer_create(rows[i]->sequence));
        json_object_put(o, "at_ms", json_integer_create(rows[i]->at));
        json_object_put_string(o, "action", rows[i]->action);
        json_object_put_string(o, "port", rows[i]->port_name);
        json_object_put_string(o, "reason", rows[i]->reason);
        json_array_add(array, o);
    }
    free(rows);
    return array;
}

static struct json *
json_explanation(struct ovsdb_idl *idl, const struct explanation *x)
{
    const struct ipgrec_hold *h = find_hold(idl, x);
    struct json *o = json_object_create();
    struct json *ports = json_array_create_empty();

    for (size_t i = 0; i < x->n_ports; i++) {
        json_array_add(ports, json_port(&x->ports[i]));
    }
    json_object_put_string(o, "network", x->network);
    json_object_put_format(o, "network_uuid", UUID_FMT,
                           UUID_ARGS(&x->network_uuid));
    json_object_put_string(o, "address", x->address);
    json_object_put(o, "ports", ports);
    json_object_put(o, "router_port", x->router_port
                    ? json_string_create(x->router_port)
                    : json_null_create());
    json_object_put(o, "wanted_by", json_svec(&x->wanted_by));
    json_object_put(o, "references", json_svec(&x->references));
    json_object_put(o, "mac_bindings", json_svec(&x->mac_bindings));
    json_object_put(o, "hold", h ? ipgctl_json_hold(h) : json_null_create());
    json_object_put(o, "history", json_history(idl, x));
    json_object_put_string(o, "summary", x->summary);
    json_object_put_string(o, "next", x->next);
    return o;
}

/* ---- The command. ---- */

/* Is there anything to say about the address on this network? */
static bool
is_worth_telling(const struct explanation *x, const struct ipgrec_hold *h,
                 const struct network *n, const struct ip_addr *ip)
{
    if (x->n_ports || x->router_port || h || x->mac_bindings.n) {
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

/* Tells about 'ip' on all networks where it means something.  Returns how many
 * there were, and in '*pods' who wants it without being on any. */
static size_t
tell_address(struct ipgctl_reader *r, const struct ip_addr *ip,
             struct json *array, char **pods)
{
    const struct guard *g = observer_guard(r->observer);
    const char *only = shash_find_data(&r->ctx->options, "--network");
    struct guard_env env;
    size_t n_networks, n_told = 0;
    const struct network **networks
        = sorted_networks(guard_model_const(g), &n_networks);

    observer_get_env(r->observer, &env);
    for (size_t i = 0; i < n_networks; i++) {
        struct explanation x;

        if (only && strcmp(networks[i]->name, only)) {
            continue;
        }
        guard_explain(g, networks[i], ip, &env, &x);
        if (only || is_worth_telling(&x, find_hold(r->own, &x), networks[i],
                                     ip)) {
            if (array) {
                json_array_add(array, json_explanation(r->own, &x));
            } else {
                put_text(r->own, &x, &r->ctx->output);
            }
            n_told++;
        }
        free(*pods);
        *pods = x.wanted_by.n ? svec_join(&x.wanted_by, "; ", "") : NULL;
        explanation_destroy(&x);
    }
    free(networks);
    return n_told;
}

static void
tell_nothing(const char *arg, const struct ip_addr_set *ips,
             const char *pods, struct ds *ds)
{
    if (!ips->n) {
        ds_put_format(ds, "%s has no address, and wants none by name.\n",
                      arg);
    } else if (pods) {
        ds_put_format(ds, "%s is on no port and not held.  It is wanted by "
                      "%s.\n", arg, pods);
    } else {
        ds_put_format(ds, "%s is on no port and not held, no pod wants it, "
                      "and it is in no network's subnet.\n", arg);
    }
}

void
cmd_why(struct ipgctl_reader *r)
{
    const char *arg = r->ctx->argv[1];
    const struct model *m
        = guard_model_const(observer_guard(r->observer));
    bool wants_json = ipgctl_wants_json(ipgctl_get_options());
    struct json *array = wants_json ? json_array_create_empty() : NULL;
    struct ip_addr_set ips;
    char *pods = NULL;
    size_t n_told = 0;

    ip_addr_set_init(&ips);
    ipgctl_reader_sync(r);
    r->ctx->error = find_addresses(m, arg, &ips);
    for (size_t i = 0; i < ips.n; i++) {
        observer_watch_address(r->observer, &ips.addrs[i]);
    }
    if (!r->ctx->error) {
        ipgctl_reader_sync(r);
        for (size_t i = 0; i < ips.n; i++) {
            n_told += tell_address(r, &ips.addrs[i], array, &pods);
        }
    }
    if (!r->ctx->error && !n_told) {
        if (!array) {
            tell_nothing(arg, &ips, pods, &r->ctx->output);
        }
        r->status = EXIT_NOTHING;
    }
    free(pods);
    if (array) {
        json_to_ds(array, ipgctl_get_options()->style.json_flags,
                   &r->ctx->output);
        ds_put_char(&r->ctx->output, '\n');
        json_destroy(array);
    }
    ip_addr_set_destroy(&ips);
}
