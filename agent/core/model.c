/* SPDX-License-Identifier: Apache-2.0 */

/* The model's life: how it begins, empty, and how it ends.  What is in it is
 * in files of its own: model-network.c and model-port.c have switches and
 * ports, model-index.c who has an address or a MAC, model-kube.c owners,
 * model-sb.c the evidence. */

#include <config.h>

#include "model.h"

#include "model-private.h"
#include "pod-pool.h"
#include "util.h"

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

void
model_destroy(struct model *m)
{
    struct departure *d;
    struct arrival *a;
    struct reference *r;

    model_destroy_ipam_claims(m);
    model_destroy_ports(m);
    model_destroy_index(m);
    model_destroy_networks(m);
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
