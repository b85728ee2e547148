/* SPDX-License-Identifier: Apache-2.0 */

/* Logical switches: what the model keeps of each, and what a change of one
 * means to the ports on it. */

#include <config.h>

#include "model.h"

#include "exclude-ips.h"
#include "model-private.h"
#include "openvswitch/util.h"
#include "util.h"
#include "uuid.h"

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
        m->networks_seqno++;
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
        m->networks_seqno++;
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
        model_detach_port(m, p, true);
        if (p->member) {
            model_mark_member(m, p->member);
        }
    }
    hmap_remove(&m->networks, &n->node);
    free_network(n);
    m->networks_seqno++;
    m->change_seqno++;
}

void
model_destroy_networks(struct model *m)
{
    struct network *n;

    HMAP_FOR_EACH_POP (n, node, &m->networks) {
        free_network(n);
    }
    hmap_destroy(&m->networks);
}
