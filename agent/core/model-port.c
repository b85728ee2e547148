/* SPDX-License-Identifier: Apache-2.0 */

/* Ports: how a row of Logical_Switch_Port becomes one, with its name, its
 * addresses and its place on a switch.  Whose it is, a dialect says; who else
 * has an address is in model-index.c. */

#include <config.h>

#include "model.h"

#include "hash.h"
#include "lsp-addr.h"
#include "model-private.h"
#include "openvswitch/util.h"
#include "util.h"
#include "uuid.h"

struct port *
model_find_port(const struct model *m, const struct uuid *uuid)
{
    struct port *p;

    HMAP_FOR_EACH_WITH_HASH (p, uuid_node, uuid_hash(uuid), &m->ports) {
        if (uuid_equals(&p->uuid, uuid)) {
            return p;
        }
    }
    return NULL;
}

struct port *
model_find_port_by_name(const struct model *m, const char *name)
{
    struct port *p;

    HMAP_FOR_EACH_WITH_HASH (p, name_node, hash_string(name, 0),
                             &m->port_names) {
        if (!strcmp(p->name, name)) {
            return p;
        }
    }
    return NULL;
}

static void
remove_router_port(struct network *n, const struct port *p)
{
    for (size_t i = 0; i < n->n_router_ports; i++) {
        if (n->router_ports[i] == p) {
            n->router_ports[i] = n->router_ports[--n->n_router_ports];
            return;
        }
    }
    OVS_NOT_REACHED();
}

void
model_detach_port(struct model *m, struct port *p, bool row_gone)
{
    if (!p->network) {
        return;
    }
    for (size_t i = 0; i < p->ips.n; i++) {
        model_queue_departure(m, p, &p->ips.addrs[i], row_gone);
        model_del_addr_use(m, p, &p->ips.addrs[i]);
    }
    model_count_port_macs(m, p, -1);
    if (p->type == PORT_TYPE_LOCALNET) {
        p->network->n_localnet--;
    }
    if (p->type == PORT_TYPE_ROUTER) {
        remove_router_port(p->network, p);
    }
    ovs_list_remove(&p->network_node);
    p->network = NULL;
}

static void
attach_port(struct model *m, struct port *p, struct network *n)
{
    p->network = n;
    ovs_list_push_back(&n->ports, &p->network_node);
    if (p->type == PORT_TYPE_LOCALNET) {
        n->n_localnet++;
    }
    if (p->type == PORT_TYPE_ROUTER) {
        n->router_ports = xrealloc(n->router_ports,
                                   (n->n_router_ports + 1)
                                   * sizeof *n->router_ports);
        n->router_ports[n->n_router_ports++] = p;
    }
    model_count_port_macs(m, p, 1);
    for (size_t i = 0; i < p->ips.n; i++) {
        model_add_addr_use(m, p, &p->ips.addrs[i]);
    }
}

/* ---- The addresses of one. ---- */

/* Almost every port has static addresses only: its two sets are one then. */
static void
share_ips(struct port *p)
{
    if (p->ips.addrs && ip_addr_set_equals(&p->ips, &p->static_ips)) {
        ip_addr_set_destroy(&p->static_ips);
        p->static_ips = p->ips;
    }
}

static void
destroy_ips(struct port *p)
{
    if (p->static_ips.addrs != p->ips.addrs) {
        ip_addr_set_destroy(&p->static_ips);
    }
    ip_addr_set_destroy(&p->ips);
}

/* Everything that 'row' may answer for. */
static void
collect_ips(const struct nb_port_row *row, struct port *p)
{
    ip_addr_set_init(&p->static_ips);
    lsp_addrs_collect(row->addresses, row->n_addresses, &p->static_ips);
    ip_addr_set_clone(&p->ips, &p->static_ips);
    if (row->dynamic_addresses) {
        char *dynamic = CONST_CAST(char *, row->dynamic_addresses);
        lsp_addrs_collect(&dynamic, 1, &p->ips);
    }
    const char *vip = smap_get(row->options, "virtual-ip");
    struct ip_addr ip;
    if (vip && ip_addr_parse(vip, &ip)) {
        ip_addr_set_add(&p->ips, &ip);
    }
    for (size_t i = 0; i < row->n_addresses; i++) {
        struct lsp_addr a;

        lsp_addr_parse(row->addresses[i], &a);
        p->has_unknown |= a.kind == LSP_ADDR_UNKNOWN;
        p->has_dynamic |= (a.kind == LSP_ADDR_DYNAMIC
                           || a.kind == LSP_ADDR_ROUTER);
        lsp_addr_destroy(&a);
    }
    share_ips(p);
}

/* ---- Its end. ---- */

static void
free_port(struct port *p)
{
    free(p->name);
    svec_destroy(&p->addresses);
    svec_destroy(&p->port_security);
    destroy_ips(p);
    free(p->mark);
    free(p->requested_chassis);
    free(p->router_port);
    free(p->provider);
    free(p->cni_network);
    free(p->pod_uid);
    free(p->why);
    free(p);
}

void
model_remove_port(struct model *m, const struct uuid *uuid)
{
    struct port *p = model_find_port(m, uuid);

    if (!p) {
        return;
    }
    model_detach_port(m, p, true);
    model_set_port_member(m, p, NULL);
    model_note_port_marks(m, p, 0);
    model_drop_proofs(p);
    hmap_remove(&m->ports, &p->uuid_node);
    hmap_remove(&m->port_names, &p->name_node);
    sset_find_and_delete(&m->marked_ports, p->name);
    free_port(p);
    m->change_seqno++;
}

void
model_destroy_ports(struct model *m)
{
    struct port *p;

    HMAP_FOR_EACH_POP (p, uuid_node, &m->ports) {
        model_set_port_member(m, p, NULL);
        model_drop_proofs(p);
        free_port(p);
    }
    hmap_destroy(&m->ports);
    hmap_destroy(&m->port_names);
}

/* ---- A row. ---- */

static enum port_type
port_type_from_string(const char *type)
{
    return (!type[0] ? PORT_TYPE_VIF
            : !strcmp(type, "router") ? PORT_TYPE_ROUTER
            : !strcmp(type, "localnet") ? PORT_TYPE_LOCALNET
            : !strcmp(type, "virtual") ? PORT_TYPE_VIRTUAL
            : PORT_TYPE_OTHER);
}

static void
svec_assign(struct svec *sv, char **strings, size_t n)
{
    svec_init(sv);
    for (size_t i = 0; i < n; i++) {
        svec_add(sv, strings[i]);
    }
}

static bool
svec_same(const struct svec *a, char **strings, size_t n)
{
    if (a->n != n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (strcmp(a->names[i], strings[i])) {
            return false;
        }
    }
    return true;
}

/* Decides anew whose port 'p' is. */
static void
prove_port(struct model *m, struct port *p, const struct nb_port_row *row)
{
    const char *network = p->network ? p->network->name : NULL;
    struct port_proof proof;

    model_note_port_marks(m, p, dialect_port_marks(row->external_ids));
    m->dialect->prove_port(p->name, row->type, network, row->external_ids,
                           row->options, &proof);
    model_apply_proof(m, p, &proof);

    model_drop_proofs(p);
    if (m->dialect == &dialect_auto) {
        p->proofs = xcalloc(N_DIALECTS, sizeof *p->proofs);
        for (size_t i = 0; i < N_DIALECTS; i++) {
            dialects[i]->prove_port(p->name, row->type, network,
                                    row->external_ids, row->options,
                                    &p->proofs[i]);
        }
    }
}

static bool
port_unchanged(const struct port *p, const struct nb_port_row *row,
               const struct network *n)
{
    return (p->network == n
            && !p->reprove
            && !strcmp(p->name, row->name)
            && svec_same(&p->addresses, row->addresses, row->n_addresses)
            && svec_same(&p->port_security, row->port_security,
                         row->n_port_security)
            && p->enabled == row->enabled
            && p->type == port_type_from_string(row->type)
            && nullable_string_is_equal(p->mark, smap_get(row->options,
                                                          GATE_MARK_KEY)));
}

/* A port with the UUID and the name of 'row', and nothing else. */
static struct port *
create_port(struct model *m, const struct nb_port_row *row)
{
    struct port *p = xzalloc(sizeof *p);

    p->uuid = row->uuid;
    p->name = xstrdup(row->name);
    svec_init(&p->addresses);
    svec_init(&p->port_security);
    ip_addr_set_init(&p->ips);
    ip_addr_set_init(&p->static_ips);
    hmap_insert(&m->ports, &p->uuid_node, uuid_hash(&p->uuid));
    hmap_insert(&m->port_names, &p->name_node, hash_string(p->name, 0));
    return p;
}

/* The columns that port_unchanged() looks at say what they said.  options and
 * external_ids may have changed all the same. */
static void
update_options(struct model *m, struct port *p, const struct nb_port_row *row)
{
    const char *req = smap_get(row->options, "requested-chassis");
    if (!nullable_string_is_equal(p->requested_chassis, req)) {
        free(p->requested_chassis);
        p->requested_chassis = nullable_xstrdup(req);
        if (p->member) {
            model_mark_member(m, p->member);
        }
    }

    const char *peer = smap_get(row->options, "router-port");
    if (!nullable_string_is_equal(p->router_port, peer)) {
        free(p->router_port);
        p->router_port = nullable_xstrdup(peer);
        m->change_seqno++;
    }

    struct member *before = p->member;
    prove_port(m, p, row);
    if (p->member != before) {
        if (p->member) {
            model_mark_member(m, p->member);
        }
        m->change_seqno++;
    }
}

/* Takes 'p', whose departures are noted already, out of every index but that
 * by UUID and that by name, where it goes by 'name' from now on. */
static void
withdraw_port(struct model *m, struct port *p, const char *name)
{
    if (p->network) {
        for (size_t i = 0; i < p->ips.n; i++) {
            model_del_addr_use(m, p, &p->ips.addrs[i]);
        }
        destroy_ips(p);
        ip_addr_set_init(&p->ips);
        ip_addr_set_init(&p->static_ips);
        model_detach_port(m, p, false);
    }
    sset_find_and_delete(&m->marked_ports, p->name);
    if (strcmp(p->name, name)) {
        hmap_remove(&m->port_names, &p->name_node);
        free(p->name);
        p->name = xstrdup(name);
        hmap_insert(&m->port_names, &p->name_node, hash_string(p->name, 0));
    }
}

/* Fills 'p' with the columns of 'row', whose addresses are in 'new' (taken).
 * What depends on the network and on the owner is the caller's. */
static void
assign_row(struct model *m, struct port *p, const struct nb_port_row *row,
           const struct port *new)
{
    destroy_ips(p);
    p->ips = new->ips;
    p->static_ips = new->static_ips;
    p->has_unknown = new->has_unknown;
    p->has_dynamic = new->has_dynamic;
    svec_destroy(&p->addresses);
    svec_assign(&p->addresses, row->addresses, row->n_addresses);
    svec_destroy(&p->port_security);
    svec_assign(&p->port_security, row->port_security, row->n_port_security);
    p->type = port_type_from_string(row->type);
    p->enabled = row->enabled;
    p->reprove = false;
    free(p->mark);
    p->mark = nullable_xstrdup(smap_get(row->options, GATE_MARK_KEY));
    if (p->mark) {
        sset_add(&m->marked_ports, p->name);
    }
    free(p->requested_chassis);
    p->requested_chassis = nullable_xstrdup(smap_get(row->options,
                                                     "requested-chassis"));
    free(p->router_port);
    p->router_port = nullable_xstrdup(smap_get(row->options, "router-port"));
}

void
model_set_port(struct model *m, const struct nb_port_row *row)
{
    struct network *network = (uuid_is_zero(&row->network) ? NULL
                               : model_find_network(m, &row->network));
    struct port *p = model_find_port(m, &row->uuid);
    struct port new = { .network = NULL };
    bool fresh = !p;

    collect_ips(row, &new);
    if (fresh) {
        p = create_port(m, row);
    } else if (port_unchanged(p, row, network)
               && ip_addr_set_equals(&p->ips, &new.ips)) {
        update_options(m, p, row);
        destroy_ips(&new);
        return;
    } else if (p->network) {
        /* While it still has its owner. */
        model_queue_departures(m, p, network, &new.ips);
    }

    /* Which addresses are new here, once the first copy is complete. */
    p->since_s = m->nb_synced ? p->since_s : 0;
    if (m->nb_synced && network) {
        model_queue_arrivals(m, p, network, &new.ips);
    }
    if (!fresh) {
        withdraw_port(m, p, row->name);
    }
    assign_row(m, p, row, &new);
    if (network) {
        attach_port(m, p, network);
    }
    prove_port(m, p, row);
    if (p->member) {
        model_mark_member(m, p->member);
    }
    m->change_seqno++;
}
