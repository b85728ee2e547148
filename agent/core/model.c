/* SPDX-License-Identifier: Apache-2.0 */

/* The Northbound half of the model: switches, ports, and the indexes by name,
 * by (network, address) and by (network, MAC).  model-kube.c keeps owners,
 * model-sb.c the evidence. */

#include <config.h>

#include "model.h"

#include "exclude-ips.h"
#include "hash.h"
#include "lsp-addr.h"
#include "model-private.h"
#include "openvswitch/util.h"
#include "packets.h"
#include "pod.h"
#include "util.h"
#include "uuid.h"
#include "workload.h"

void
model_init(struct model *m, const struct dialect *dialect)
{
    memset(m, 0, sizeof *m);
    m->dialect = dialect;
    m->dialect_is_auto = dialect == &dialect_auto;
    hmap_init(&m->networks);
    ovs_list_init(&m->excluding);
    hmap_init(&m->ports);
    hmap_init(&m->port_names);
    hmap_init(&m->members);
    hmap_init(&m->bases);
    hmap_init(&m->addr_uses);
    hmap_init(&m->mac_uses);
    hmap_init(&m->promises);
    hmap_init(&m->bindings);
    hmap_init(&m->chassis);
    hmap_init(&m->mac_bindings);
    hmap_init(&m->references);
    shash_init(&m->router_ports);
    sset_init(&m->vips);
    shash_init(&m->ipam_claims);
    hmap_init(&m->kept_addrs);
    sset_init(&m->marked_ports);
    sset_init(&m->opted_out_namespaces);
    sset_init(&m->namespaces);
    sset_init(&m->nodes);
    model_init_ipam(m);
    pod_pool_init(&m->pool);
    sset_init(&m->datapaths);
    ovs_list_init(&m->dirty_addrs);
    ovs_list_init(&m->departures);
    ovs_list_init(&m->arrivals);
    sset_init(&m->sb_acked_ports);
    sset_init(&m->sb_acked_addresses);
    sset_init(&m->sb_acked_networks);
    m->nb_identity = xstrdup("");
    m->sb_identity = xstrdup("");
    m->chassis_report = true;
}

/* ---- Networks. ---- */

struct network *
model_find_network(const struct model *m, const struct uuid *uuid)
{
    struct network *n;

    HMAP_FOR_EACH_WITH_HASH (n, node, uuid_hash(uuid), &m->networks) {
        if (uuid_equals(&n->uuid, uuid)) {
            return n;
        }
    }
    return NULL;
}

struct network *
model_find_network_by_name(const struct model *m, const char *name,
                           size_t *n_found)
{
    struct network *found = NULL;
    struct network *n;

    *n_found = 0;
    HMAP_FOR_EACH (n, node, &m->networks) {
        if (!strcmp(n->name, name)) {
            found = n;
            (*n_found)++;
        }
    }
    return found;
}

static void
set_excludes(struct model *m, struct network *n, const struct smap *config)
{
    const char *exclude = smap_get(config, EXCLUDE_IPS_KEY);
    const char *ours = smap_get(config, EXCLUDE_OURS_KEY);

    if (nullable_string_is_equal(n->exclude, exclude)
        && nullable_string_is_equal(n->exclude_ours, ours)) {
        return;
    }
    free(n->exclude);
    n->exclude = nullable_xstrdup(exclude);
    free(n->exclude_ours);
    n->exclude_ours = nullable_xstrdup(ours);
    ovs_list_remove(&n->ours_node);
    ovs_list_init(&n->ours_node);
    if (ours) {
        ovs_list_push_back(&m->excluding, &n->ours_node);
    }
    m->change_seqno++;
}

void
model_set_network(struct model *m, const struct nb_network_row *row)
{
    const char *subnet = smap_get(row->other_config, "subnet");
    struct network *n = model_find_network(m, &row->uuid);

    if (!n) {
        n = xzalloc(sizeof *n);
        n->uuid = row->uuid;
        n->name = xstrdup(row->name);
        n->subnet = nullable_xstrdup(subnet);
        ovs_list_init(&n->ports);
        ovs_list_init(&n->ours_node);
        hmap_insert(&m->networks, &n->node, uuid_hash(&n->uuid));
        set_excludes(m, n, row->other_config);
        m->change_seqno++;
        return;
    }
    set_excludes(m, n, row->other_config);
    if (!strcmp(n->name, row->name) && nullable_string_is_equal(n->subnet,
                                                                subnet)) {
        return;
    }
    bool renamed = strcmp(n->name, row->name);
    free(n->name);
    n->name = xstrdup(row->name);
    free(n->subnet);
    n->subnet = nullable_xstrdup(subnet);
    m->change_seqno++;
    if (renamed) {
        /* What external_ids:ls proves depends on the switch's name. */
        struct port *p;
        LIST_FOR_EACH (p, network_node, &n->ports) {
            p->reprove = true;
            if (p->member) {
                model_mark_member(m, p->member);
            }
        }
    }
}

static void detach_port(struct model *, struct port *, bool row_gone);

static void
free_network(struct network *n)
{
    ovs_list_remove(&n->ours_node);
    free(n->name);
    free(n->subnet);
    free(n->exclude);
    free(n->exclude_ours);
    free(n->router_ports);
    free(n);
}

void
model_remove_network(struct model *m, const struct uuid *uuid)
{
    struct network *n = model_find_network(m, uuid);
    struct port *p;

    if (!n) {
        return;
    }
    LIST_FOR_EACH_SAFE (p, network_node, &n->ports) {
        detach_port(m, p, true);
        if (p->member) {
            model_mark_member(m, p->member);
        }
    }
    hmap_remove(&m->networks, &n->node);
    free_network(n);
    m->change_seqno++;
}

/* ---- Ports. ---- */

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

void
departure_destroy(struct departure *d)
{
    if (d) {
        free(d->port_name);
        free(d->network_name);
        free(d->mac);
        free(d->ns);
        free(d->owner);
        free(d->workload);
        free(d->uid);
        free(d);
    }
}

/* Notes that 'ip' leaves 'p', which is still as it was before. */
static void
note_departure(struct model *m, const struct port *p, const struct ip_addr *ip,
               bool row_gone)
{
    struct departure *d = xzalloc(sizeof *d);
    struct eth_addr mac;

    d->port = p->uuid;
    d->port_name = xstrdup(p->name);
    d->network = p->network->uuid;
    d->network_name = xstrdup(p->network->name);
    d->addr = *ip;
    d->row_gone = row_gone;
    d->gated = p->mark && p->enabled == TRI_FALSE;
    d->mac = lsp_addrs_first_mac(p->addresses.names, p->addresses.n, &mac)
             ? xasprintf(ETH_ADDR_FMT, ETH_ADDR_ARGS(mac)) : xstrdup("");
    d->owned = p->kind == PORT_OWNED && p->member;
    if (d->owned) {
        const struct member *mb = p->member;
        const struct workload *w = model_member_workload(m, mb);
        const struct pod *pod = mb->n_pods ? mb->pods[0] : NULL;

        d->ns = xstrdup(mb->ns);
        d->owner = xstrdup(mb->name);
        d->owner_kind = (w ? w->kind : pod ? pod->owner_kind : mb->seen_kind);
        d->workload = xstrdup(w ? w->name
                              : pod ? pod->owner->name
                              : mb->seen ? mb->seen->name : "");
        d->uid = pod ? obj_uid_dup_string(&pod->uid) : xstrdup("");
        d->explicit_claim = mb->seen_explicit;
        d->was_numbered = mb->seen_numbered;
        d->unknown_owner = !w && !pod && !mb->pod_seen;
    }
    ovs_list_push_back(&m->departures, &d->node);
}

struct departure *
model_take_departure(struct model *m)
{
    return (ovs_list_is_empty(&m->departures) ? NULL
            : CONTAINER_OF(ovs_list_pop_front(&m->departures),
                           struct departure, node));
}

struct arrival *
model_take_arrival(struct model *m)
{
    return (ovs_list_is_empty(&m->arrivals) ? NULL
            : CONTAINER_OF(ovs_list_pop_front(&m->arrivals),
                           struct arrival, node));
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

/* Takes 'p' off its network: every address of it departs. */
static void
detach_port(struct model *m, struct port *p, bool row_gone)
{
    if (!p->network) {
        return;
    }
    for (size_t i = 0; i < p->ips.n; i++) {
        note_departure(m, p, &p->ips.addrs[i], row_gone);
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

/* Puts 'p' at the end of the ports of 'mb'.  Those are one for each interface
 * of the pod: few. */
static void
add_member_port(struct member *mb, struct port *p)
{
    struct port **link = &mb->ports;

    while (*link) {
        link = &(*link)->next_of_member;
    }
    *link = p;
    p->next_of_member = NULL;
}

static void
remove_member_port(struct member *mb, struct port *p)
{
    struct port **link = &mb->ports;

    while (*link != p) {
        link = &(*link)->next_of_member;
    }
    *link = p->next_of_member;
    p->next_of_member = NULL;
}

void
model_set_port_member(struct model *m, struct port *p, struct member *mb)
{
    struct member *old = p->member;

    if (old == mb) {
        return;
    }
    if (old) {
        remove_member_port(old, p);
        model_mark_member(m, old);
        m->n_owned_ports--;
    }
    p->member = mb;
    if (mb) {
        add_member_port(mb, p);
        m->n_owned_ports++;
    }
    if (old) {
        model_gc_member(m, old);
    }
}

void
model_remove_port(struct model *m, const struct uuid *uuid)
{
    struct port *p = model_find_port(m, uuid);

    if (!p) {
        return;
    }
    detach_port(m, p, true);
    model_set_port_member(m, p, NULL);
    model_note_port_marks(m, p, 0);
    model_drop_proofs(p);
    hmap_remove(&m->ports, &p->uuid_node);
    hmap_remove(&m->port_names, &p->name_node);
    sset_find_and_delete(&m->marked_ports, p->name);
    free_port(p);
    m->change_seqno++;
}

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

/* Replaces 'old' by a port with the content of 'row'.  Departures are worked
 * out before, while the old port still has its owner. */
void
model_set_port(struct model *m, const struct nb_port_row *row)
{
    struct network *network = (uuid_is_zero(&row->network) ? NULL
                               : model_find_network(m, &row->network));
    struct port *p = model_find_port(m, &row->uuid);
    struct port new = { .network = NULL };
    bool fresh = !p;

    collect_ips(row, &new);
    if (p) {
        bool same = (port_unchanged(p, row, network)
                     && ip_addr_set_equals(&p->ips, &new.ips));
        if (p->network && !same) {
            for (size_t i = 0; i < p->ips.n; i++) {
                const struct ip_addr *ip = &p->ips.addrs[i];
                if (network != p->network
                    || !ip_addr_set_contains(&new.ips, ip)) {
                    note_departure(m, p, ip, false);
                }
            }
        }
        if (same) {
            /* options and external_ids may have changed all the same. */
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
            destroy_ips(&new);
            return;
        }
    } else {
        p = xzalloc(sizeof *p);
        p->uuid = row->uuid;
        p->name = xstrdup(row->name);
        svec_init(&p->addresses);
        svec_init(&p->port_security);
        ip_addr_set_init(&p->ips);
        ip_addr_set_init(&p->static_ips);
        hmap_insert(&m->ports, &p->uuid_node, uuid_hash(&p->uuid));
        hmap_insert(&m->port_names, &p->name_node, hash_string(p->name, 0));
    }

    /* Which addresses are new here, once the first copy is complete. */
    p->since_s = m->nb_synced ? p->since_s : 0;
    if (m->nb_synced && network) {
        for (size_t i = 0; i < new.ips.n; i++) {
            if (p->network != network
                || !ip_addr_set_contains(&p->ips, &new.ips.addrs[i])) {
                struct arrival *a = xzalloc(sizeof *a);
                a->port = p->uuid;
                a->network = network->uuid;
                a->addr = new.ips.addrs[i];
                ovs_list_push_back(&m->arrivals, &a->node);
            }
        }
    }

    if (!fresh) {
        struct network *was = p->network;
        if (was) {
            /* Departures are noted already. */
            for (size_t i = 0; i < p->ips.n; i++) {
                model_del_addr_use(m, p, &p->ips.addrs[i]);
            }
            destroy_ips(p);
            ip_addr_set_init(&p->ips);
            ip_addr_set_init(&p->static_ips);
            detach_port(m, p, false);
        }
        sset_find_and_delete(&m->marked_ports, p->name);
        if (strcmp(p->name, row->name)) {
            hmap_remove(&m->port_names, &p->name_node);
            free(p->name);
            p->name = xstrdup(row->name);
            hmap_insert(&m->port_names, &p->name_node,
                        hash_string(p->name, 0));
        }
    }
    destroy_ips(p);
    p->ips = new.ips;
    p->static_ips = new.static_ips;
    p->has_unknown = new.has_unknown;
    p->has_dynamic = new.has_dynamic;
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
    if (network) {
        attach_port(m, p, network);
    }
    prove_port(m, p, row);
    if (p->member) {
        model_mark_member(m, p->member);
    }
    m->change_seqno++;
}

void
model_note_arrival(struct model *m, const struct arrival *a,
                   long long int wall_ms)
{
    struct port *p = model_find_port(m, &a->port);

    if (p && p->network && uuid_equals(&p->network->uuid, &a->network)
        && ip_addr_set_contains(&p->ips, &a->addr)) {
        p->since_s = wall_ms / 1000;
    }
}

void
model_destroy(struct model *m)
{
    struct port *p;
    struct network *n;
    struct departure *d;
    struct arrival *a;
    struct reference *r;

    model_destroy_ipam_claims(m);
    HMAP_FOR_EACH_SAFE (p, uuid_node, &m->ports) {
        model_remove_port(m, &p->uuid);
    }
    HMAP_FOR_EACH_SAFE (n, node, &m->networks) {
        model_remove_network(m, &n->uuid);
    }
    while ((d = model_take_departure(m))) {
        departure_destroy(d);
    }
    while ((a = model_take_arrival(m))) {
        free(a);
    }
    HMAP_FOR_EACH_SAFE (r, node, &m->references) {
        model_remove_reference(m, &r->uuid);
    }
    struct shash_node *node;
    SHASH_FOR_EACH_SAFE (node, &m->router_ports) {
        sset_destroy(node->data);
        free(node->data);
        shash_delete(&m->router_ports, node);
    }
    shash_destroy(&m->router_ports);
    model_destroy_kube(m);
    pod_pool_destroy(&m->pool);
    model_destroy_ipam(m);
    model_destroy_sb(m);
    hmap_destroy(&m->networks);
    hmap_destroy(&m->ports);
    hmap_destroy(&m->port_names);
    hmap_destroy(&m->addr_uses);
    hmap_destroy(&m->mac_uses);
    free(m->dirty_members.members);
    hmap_destroy(&m->references);
    sset_destroy(&m->vips);
    sset_destroy(&m->marked_ports);
    sset_destroy(&m->opted_out_namespaces);
    sset_destroy(&m->namespaces);
    sset_destroy(&m->nodes);
    sset_destroy(&m->datapaths);
    sset_destroy(&m->sb_acked_ports);
    sset_destroy(&m->sb_acked_addresses);
    sset_destroy(&m->sb_acked_networks);
    free(m->nb_identity);
    free(m->sb_identity);
}
