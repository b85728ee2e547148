/* SPDX-License-Identifier: Apache-2.0 */

/* What others do in the simulated world: whoever writes to Northbound, plugs
 * in interfaces or changes pods; and the faults that a test switches on. */

#include <config.h>

#include "tests/unit/world.h"

#include <stdlib.h>
#include <string.h>

#include "smap.h"
#include "svec.h"
#include "util.h"
#include "uuid.h"

#include "agent/core/exclude-ips.h"
#include "agent/core/kube-change.h"
#include "tests/unit/dialect-vectors.h"
#include "tests/unit/world-private.h"

/* ---- OVN. ---- */

void
world_free_port(struct wport *p)
{
    free(p->name);
    free(p->type);
    svec_destroy(&p->addresses);
    svec_destroy(&p->ps);
    svec_destroy(&p->sb_mac);
    svec_destroy(&p->sb_ps);
    free(p->mark);
    free(p->chassis);
    free(p->sb_chassis);
    smap_destroy(&p->options);
    smap_destroy(&p->external_ids);
    free(p);
}

static void
smap_add_if_set(struct smap *smap, const char *key, const char *value)
{
    if (value) {
        smap_add(smap, key, value);
    }
}

void
world_tell_network(struct world *w, size_t i)
{
    struct smap config = SMAP_INITIALIZER(&config);
    struct nb_network_row row = {
        .uuid = w->networks[i].uuid, .name = w->networks[i].name,
        .other_config = &config,
    };

    smap_add_if_set(&config, "subnet", w->networks[i].subnet);
    smap_add_if_set(&config, EXCLUDE_IPS_KEY, w->networks[i].exclude);
    smap_add_if_set(&config, EXCLUDE_OURS_KEY, w->networks[i].ours);
    if (w->networks[i].exists) {
        model_set_network(guard_model(w->guard), &row);
    }
    smap_destroy(&config);
}

uint32_t
world_network(struct world *w, const char *name)
{
    size_t i = w->n_networks++;

    ovs_assert(w->n_networks <= ARRAY_SIZE(w->networks));
    w->networks[i].uuid = unit_uuid(1 + i);
    w->networks[i].name = xstrdup(name);
    w->networks[i].exists = true;
    world_tell_network(w, i);
    return i;
}

void
world_set_exclude(struct world *w, uint32_t network, const char *exclude)
{
    free(w->networks[network].exclude);
    w->networks[network].exclude = nullable_xstrdup(exclude);
    world_tell_network(w, network);
}

struct wport *
world_find_port(struct world *w, const char *name)
{
    for (size_t i = 0; i < w->n_ports; i++) {
        if (!strcmp(w->ports[i]->name, name)) {
            return w->ports[i];
        }
    }
    return NULL;
}

struct wport *
world_find_port_by_uuid(struct world *w, const struct uuid *uuid)
{
    for (size_t i = 0; i < w->n_ports; i++) {
        if (uuid_equals(&w->ports[i]->uuid, uuid)) {
            return w->ports[i];
        }
    }
    return NULL;
}

void
world_port_changed(struct world *w, struct wport *p)
{
    struct nb_port_row row = {
        .uuid = p->uuid,
        .network = w->networks[p->network].uuid,
        .name = p->name,
        .type = p->type,
        .addresses = p->addresses.names,
        .n_addresses = p->addresses.n,
        .port_security = p->ps.names,
        .n_port_security = p->ps.n,
        .enabled = p->enabled,
        .external_ids = &p->external_ids,
    };
    struct smap options;

    smap_clone(&options, &p->options);
    if (p->mark) {
        smap_replace(&options, GATE_MARK_KEY, p->mark);
    }
    row.options = &options;
    model_set_port(guard_model(w->guard), &row);
    smap_destroy(&options);
    w->sb_dirty = true;
    w->n_changes++;
}

static void
set_split(struct svec *sv, const char *s)
{
    svec_destroy(sv);
    unit_split(sv, s);
}

struct wport *
world_raw_port(struct world *w, uint32_t network, const char *name,
               const char *addresses, const char *ids, const char *options)
{
    struct wport *p = xzalloc(sizeof *p);

    p->uuid = unit_uuid(1000 + w->n_uuids++);
    p->network = network;
    p->name = xstrdup(name);
    p->type = xstrdup("");
    p->ours = true;
    svec_init(&p->addresses);
    svec_init(&p->ps);
    svec_init(&p->sb_mac);
    svec_init(&p->sb_ps);
    set_split(&p->addresses, addresses);
    dv_parse_smap(options, &p->options);
    dv_parse_smap(ids, &p->external_ids);
    w->ports = xrealloc(w->ports, (w->n_ports + 1) * sizeof *w->ports);
    w->ports[w->n_ports++] = p;
    world_port_changed(w, p);
    return p;
}

struct wport *
world_port(struct world *w, uint32_t network, const char *pod,
           const char *addresses)
{
    char *name = xasprintf("%s.default", pod);
    char *ids = xasprintf("vendor=kube-ovn|ls=%s|pod=default/%s",
                          w->networks[network].name, pod);
    struct wport *p = world_raw_port(w, network, name, addresses, ids, "");

    free(name);
    free(ids);
    return p;
}

void
world_del_port(struct world *w, struct wport *p)
{
    bool in_sb = p->in_sb;

    for (size_t i = 0; i < w->n_ports; i++) {
        if (w->ports[i] == p) {
            w->ports[i] = w->ports[--w->n_ports];
            break;
        }
    }
    model_remove_port(guard_model(w->guard), &p->uuid);
    if (in_sb) {
        model_remove_binding(guard_model(w->guard), p->name, w->now);
    }
    world_free_port(p);
    w->sb_dirty = true;
}

void
world_set_addresses(struct world *w, struct wport *p, const char *addresses)
{
    set_split(&p->addresses, addresses);
    world_port_changed(w, p);
}

void
world_bind(struct world *w, struct wport *p, const char *chassis)
{
    free(p->chassis);
    p->chassis = nullable_xstrdup(chassis);
    free(p->sb_chassis);
    p->sb_chassis = nullable_xstrdup(chassis);
    p->told = false;
    world_tell_binding(w, p);
}

void
world_chassis(struct world *w, const char *name)
{
    struct wchassis *c = &w->chassis[w->n_chassis++];

    ovs_assert(w->n_chassis <= ARRAY_SIZE(w->chassis));
    c->name = xstrdup(name);
    c->answers = true;
    model_set_chassis(guard_model(w->guard), name, false);
}

void
world_mac_binding(struct world *w, const char *router_port, const char *ip,
                  const char *mac)
{
    struct wmac *row = &w->macs[w->n_macs++];

    ovs_assert(w->n_macs <= ARRAY_SIZE(w->macs));
    row->uuid = unit_uuid(5000 + w->n_macs);
    row->router_port = xstrdup(router_port);
    row->ip = xstrdup(ip);
    row->mac = xstrdup(mac);
}

/* ---- Kubernetes. ---- */

static struct wkube *
find_kube(struct world *w, const char *name, bool pod)
{
    for (size_t i = 0; i < w->n_kube; i++) {
        const struct wkube *k = &w->kube[i];
        if (pod ? k->pod && !strcmp(k->pod->name, name)
            : k->workload && !strcmp(k->workload->name, name)) {
            return &w->kube[i];
        }
    }
    return NULL;
}

static struct wkube *
get_kube(struct world *w, const char *name, bool pod)
{
    struct wkube *k = find_kube(w, name, pod);

    if (!k) {
        w->kube = xrealloc(w->kube, (w->n_kube + 1) * sizeof *w->kube);
        k = &w->kube[w->n_kube++];
    } else {
        pod_destroy(k->pod);
        workload_destroy(k->workload);
    }
    *k = (struct wkube) { .pod = NULL };
    return k;
}

void
world_pod(struct world *w, struct pod *pod)
{
    get_kube(w, pod->name, true)->pod = pod;
    unit_set_pod(guard_model(w->guard), pod_clone(pod));
}

void
world_sts(struct world *w, struct workload *sts)
{
    get_kube(w, sts->name, false)->workload = sts;
    unit_set_workload(guard_model(w->guard), workload_clone(sts));
}

static void
drop_kube(struct world *w, struct wkube *k)
{
    pod_destroy(k->pod);
    workload_destroy(k->workload);
    *k = w->kube[--w->n_kube];
}

void
world_del_pod(struct world *w, const char *name)
{
    struct wkube *k = find_kube(w, name, true);
    char uid[OBJ_UID_STRLEN];

    ovs_assert(k);
    unit_drop_pod(guard_model(w->guard), name,
                  obj_uid_to_string(&k->pod->uid, uid));
    drop_kube(w, k);
}

void
world_del_sts(struct world *w, const char *name)
{
    struct wkube *k = find_kube(w, name, false);

    ovs_assert(k);
    unit_drop_workload(guard_model(w->guard), name, k->workload->uid);
    drop_kube(w, k);
}

void
world_flags(struct world *w)
{
    struct model *m = guard_model(w->guard);

    if (w->sb_down && m->sb_synced) {
        model_forget_sb(m);
    }
    m->nb_synced = !w->nb_down;
    m->sb_synced = !w->sb_down;
    m->kube_synced = !w->kube_down;
    m->kube_trusted = !w->kube_down && !w->kube_wrong;
    m->nb_cfg = w->nb_cfg;
    m->sb_nb_cfg = w->sb_nb_cfg;
    free(m->nb_identity);
    m->nb_identity = xstrdup(w->nb_identity);
    free(m->sb_identity);
    m->sb_identity = xstrdup(w->sb_identity);
    m->change_seqno++;
}
