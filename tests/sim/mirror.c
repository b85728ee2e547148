/* SPDX-License-Identifier: Apache-2.0 */

/* An instance's mirrors: what it is told of the Northbound and the Southbound
 * database, as ovsdb/nb-view.c and ovsdb/sb-view.c tell it. */

#include <config.h>

#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

#include "smap.h"
#include "sset.h"
#include "util.h"
#include "uuid.h"

/* ---- Northbound. ---- */

/* A port of the CNI's own on net0. */
static void
tell_infra(const struct world *w, struct instance *in, uint32_t number,
           const char *name, const char *type, const char *address,
           const char *router_port)
{
    struct smap ids = SMAP_INITIALIZER(&ids);
    struct smap options = SMAP_INITIALIZER(&options);
    char *addresses[] = { CONST_CAST(char *, address) };
    struct nb_port_row r = {
        .uuid = sim_uuid(UUID_INFRA, number),
        .network = (in->nb_net_ids[0] ? sim_uuid(UUID_NET, in->nb_net_ids[0])
                    : UUID_ZERO),
        .name = name, .type = type, .addresses = addresses, .n_addresses = 1,
        .options = &options, .external_ids = &ids,
    };

    if (!speaks_ovn_kubernetes(w)) {
        smap_add(&ids, "vendor", "kube-ovn");
        smap_add(&ids, "ls", "net0");
    }
    if (router_port) {
        smap_add(&options, "router-port", router_port);
    }
    model_set_port(guard_model(in->guard), &r);
    smap_destroy(&ids);
    smap_destroy(&options);
}

static void
tell_infras(struct world *w, struct instance *in)
{
    char *networks[] = { CONST_CAST(char *, "10.0.0.254/24") };

    if (w->config.localnet) {
        tell_infra(w, in, 1, "localnet.net0", "localnet", "unknown", NULL);
    }
    if (w->config.router_port) {
        model_set_router_port(guard_model(in->guard), "lrp0", networks, 1);
        tell_infra(w, in, 2, speaks_ovn_kubernetes(w) ? "stor-net0"
                   : "net0-router", "router", "router", "lrp0");
    }
}

static void
tell_networks(struct world *w, struct instance *in, const uint32_t *ids)
{
    bool moved = in->nb_net_ids[0] != ids[0];

    struct model *m = guard_model(in->guard);

    for (int i = 0; i < N_NETS; i++) {
        struct uuid uuid = sim_uuid(UUID_NET, in->nb_net_ids[i]);

        if (in->nb_net_ids[i] == ids[i]) {
            continue;
        }
        if (in->nb_net_ids[i]) {
            model_remove_network(m, &uuid);
        }
        if (ids[i]) {
            struct smap config = SMAP_INITIALIZER(&config);
            struct nb_network_row row = {
                .uuid = sim_uuid(UUID_NET, ids[i]),
                .name = i ? "net1" : "net0", .other_config = &config,
            };
            model_set_network(m, &row);
            smap_destroy(&config);
        }
        in->nb_net_ids[i] = ids[i];
    }
    if (moved) {
        tell_infras(w, in);
    }
}

static void
fill_ids(const struct world *w, struct smap *ids, int slot)
{
    smap_init(ids);
    if (slot == SLOT_FOREIGN) {
        return;
    } else if (speaks_ovn_kubernetes(w)) {
        ovn_kubernetes_fill_ids(ids);
    } else {
        smap_add(ids, "vendor", "kube-ovn");
        smap_add(ids, "ls", slot_net(slot) ? "net1" : "net0");
        smap_add_nocopy(ids, xstrdup("pod"),
                        xasprintf("default/%s", slot_name(slot)));
    }
}

static void
tell_row(struct world *w, struct instance *in, int slot,
         const struct nb_row *row)
{
    struct model *m = guard_model(in->guard);
    struct nb_row *known = &in->nb_rows[slot];
    struct uuid old = sim_uuid(UUID_PORT, known->id);
    uint32_t old_id = known->id;
    char *addresses[ROW_STRINGS], *ps[ROW_STRINGS];
    struct smap ids, options;

    if (old_id != row->id || row_ips(known) != row_ips(row)) {
        in->slot_changed[slot] = w->now;
    }
    reaction_row(w, in, slot, row);
    if (old_id && old_id != row->id) {
        model_remove_port(m, &old);
    }
    *known = *row;
    reaction_told(in);
    if (!row->id) {
        return;
    }
    for (int i = 0; i < row->n_addresses; i++) {
        addresses[i] = CONST_CAST(char *, row->addresses[i]->s);
    }
    for (int i = 0; i < row->n_ps; i++) {
        ps[i] = CONST_CAST(char *, row->ps[i]->s);
    }
    fill_ids(w, &ids, slot);
    smap_init(&options);
    if (row->made_for) {
        smap_add_nocopy(&options, xstrdup("iface-id-ver"),
                        xasprintf("uid-%u", row->made_for));
    }
    if (row->mark) {
        smap_add(&options, GATE_MARK_KEY, row->mark);
    }
    if (row->migrating) {
        smap_add(&options, "requested-chassis", "hv0,hv1");
    }
    struct nb_port_row r = {
        .uuid = sim_uuid(UUID_PORT, row->id),
        .network = sim_uuid(UUID_NET, in->nb_net_ids[row->net]),
        .name = slot_port(slot), .type = "",
        .addresses = addresses, .n_addresses = row->n_addresses,
        .port_security = ps, .n_port_security = row->n_ps,
        .enabled = row->enabled, .options = &options, .external_ids = &ids,
    };
    if (!in->nb_net_ids[row->net]) {
        r.network = UUID_ZERO;
    }
    model_set_port(m, &r);
    smap_destroy(&options);
    smap_destroy(&ids);
}

static void
tell_nb_cfg(struct instance *in, int64_t nb_cfg)
{
    struct model *m = guard_model(in->guard);

    if (m->nb_cfg != nb_cfg) {
        m->nb_cfg = nb_cfg;
        m->change_seqno++;
    }
}

/* Tells of NB's transactions, one or all up to 'seq'. */
void
mirror_read_nb(struct world *w, struct instance *in, uint64_t seq)
{
    const struct nb_server *nb = &w->nb;

    while (in->nb_pos < nb->n_log && nb->log[in->nb_pos].seq <= seq) {
        const struct nb_change *c = &nb->log[in->nb_pos++];

        in->nb_seq = c->seq;
        if (c->slot >= 0) {
            tell_row(w, in, c->slot, &c->row);
        } else if (c->slot == -2) {
            tell_networks(w, in, c->net_ids);
        }
        tell_nb_cfg(in, c->nb_cfg);
    }
}

void
mirror_nb_in(struct world *w, struct instance *in)
{
    const struct nb_server *nb = &w->nb;

    if (!in->connected[DB_NB] || in->nb_pos >= nb->n_log) {
        return;
    }
    mirror_read_nb(w, in, (in->nb_one_by_one ? nb->log[in->nb_pos].seq
                           : UINT64_MAX));
    if (in->nb_pos < nb->n_log) {
        timer_by(w, instance_timer_number(in, IT_NB_IN),
             w->now + 1 + delay(w, in->nb_lag_ms));
    }
    instance_wake(w, in, w->now);
}

/* Who is frozen as a database goes back is not told whether somebody thaws it
 * for that, or thawed it just before. */
static bool
may_see_it_go_back(const struct instance *in)
{
    return !guard_frozen(in->guard);
}

/* A first or new copy: the library tells the difference. */
void
mirror_copy_nb(struct world *w, struct instance *in)
{
    struct model *m = guard_model(in->guard);
    const struct nb_server *nb = &w->nb;

    tell_networks(w, in, nb->net_ids);
    for (int i = 0; i < N_SLOTS; i++) {
        if (nb->rows[i].id || in->nb_rows[i].id) {
            tell_row(w, in, i, &nb->rows[i]);
        }
    }
    in->nb_pos = nb->n_log;
    in->nb_seq = nb->seq;
    in->must_be_frozen = ((in->must_be_frozen
                           || (m->nb_cfg > nb->nb_cfg
                               && may_see_it_go_back(in))) && !in->thawed);
    in->thawed = false;
    tell_nb_cfg(in, nb->nb_cfg);
    free(m->nb_identity);
    m->nb_identity = xasprintf("nb-%d", nb->identity);
    if (in->nb_known_ms < in->born_ms) {
        in->nb_known_ms = w->now;
    }
    m->nb_synced = true;
    m->change_seqno++;
}

/* ---- Southbound. ---- */

static void
tell_binding(struct world *w, struct instance *in, int slot)
{
    struct model *m = guard_model(in->guard);
    const struct sb_row *row = &w->sb.rows[slot];
    static const char *const names[] = { "hv0", "hv1", "hv2" };
    char *mac[ROW_STRINGS], *ps[ROW_STRINGS];

    in->sb_told[slot] = true;
    if (!row->present) {
        model_remove_binding(m, slot_port(slot), instance_clock(w, in));
        if (in->unbound_at[slot] == NEVER) {
            in->unbound_at[slot] = w->now;
        }
        return;
    }
    for (int i = 0; i < row->nb.n_addresses; i++) {
        mac[i] = CONST_CAST(char *, row->nb.addresses[i]->s);
    }
    for (int i = 0; i < row->nb.n_ps; i++) {
        ps[i] = CONST_CAST(char *, row->nb.ps[i]->s);
    }
    struct sb_binding_row r = {
        .logical_port = slot_port(slot), .type = "",
        .mac = mac, .n_mac = row->nb.n_addresses,
        .port_security = ps, .n_port_security = row->nb.n_ps,
        .chassis = row->chassis == NO_CHASSIS ? NULL : names[row->chassis],
        .up = row->chassis != NO_CHASSIS,
    };
    model_set_binding(m, &r, instance_clock(w, in));
    if (row->chassis != NO_CHASSIS && in->unbound_at[slot] != NEVER
        && slot < N_OWNED_SLOTS && in->known[slot].pod.exists
        && in->known[slot].pod.uid != w->places[slot].uid) {
        /* It is told after the next pod, and looks like that one's. */
        w->places[slot].confused = true;
    }
    if (row->chassis != NO_CHASSIS) {
        in->unbound_at[slot] = NEVER;
        in->took[slot] = 0;
    } else if (in->unbound_at[slot] == NEVER) {
        in->unbound_at[slot] = w->now;
    }
}

static void
tell_chassis(struct world *w, struct instance *in)
{
    static const char *const names[] = { "hv0", "hv1", "hv2" };
    struct model *m = guard_model(in->guard);

    for (int i = 0; i < w->config.n_chassis; i++) {
        const struct chassis_state *c = &w->sb.chassis[i];
        const struct chassis *known = model_find_chassis(m, names[i]);

        if (c->exists && (!known || !known->present)) {
            model_set_chassis(m, names[i], false);
        } else if (!c->exists && known && known->present) {
            model_remove_chassis(m, names[i], instance_clock(w, in));
        }
        known = model_find_chassis(m, names[i]);
        if (!in->watch_sent.chassis) {
            if (known && known->has_private) {
                model_remove_chassis_private(m, names[i]);
            }
        } else if (c->exists || c->phantom) {
            if (!known || !known->has_private || known->nb_cfg != c->nb_cfg
                || known->private_has_chassis != c->exists) {
                model_set_chassis_private(m, names[i], c->exists, c->nb_cfg);
            }
        } else if (known && known->has_private) {
            model_remove_chassis_private(m, names[i]);
        }
    }
}

static void
tell_macs(struct world *w, struct instance *in)
{
    struct model *m = guard_model(in->guard);

    for (int i = 0; i < N_MACS; i++) {
        const struct mac_row *mac = &w->sb.macs[i];
        struct mac_binding_row row = {
            .uuid = sim_uuid(UUID_MAC, mac->id),
            .logical_port = "lrp0", .mac = mac->mac,
        };

        if (mac->id && sset_contains(&in->watch_sent.addresses,
                                     ip_text(mac->ip))) {
            row.ip = ip_text(mac->ip);
            model_set_mac_binding(m, &row);
        }
    }
    for (uint32_t id = 1; id <= w->sb.next_mac; id++) {
        struct uuid uuid = sim_uuid(UUID_MAC, id);
        bool there = false;

        for (int i = 0; i < N_MACS; i++) {
            const struct mac_row *mac = &w->sb.macs[i];
            there |= (mac->id == id
                      && sset_contains(&in->watch_sent.addresses,
                                       ip_text(mac->ip)));
        }
        if (!there) {
            model_remove_mac_binding(m, &uuid);
        }
    }
}

/* The UUID of a network in words, until it is asked for that of another one in
 * its place. */
static const char *
network_text(int net, uint32_t id)
{
    static char texts[N_NETS][UUID_LEN + 1];
    static uint32_t ids[N_NETS];

    if (ids[net] != id || !texts[net][0]) {
        struct uuid uuid = sim_uuid(UUID_NET, id);

        snprintf(texts[net], sizeof texts[net], UUID_FMT, UUID_ARGS(&uuid));
        ids[net] = id;
    }
    return texts[net];
}

static void
tell_datapaths(struct world *w, struct instance *in)
{
    struct model *m = guard_model(in->guard);
    const char *name;

    SSET_FOR_EACH (name, &in->watch_sent.networks) {
        bool there = false;

        for (int i = 0; i < N_NETS; i++) {
            uint32_t id = w->sb.net_ids[i];

            there |= id && !strcmp(network_text(i, id), name);
        }
        if (there != sset_contains(&m->datapaths, name)) {
            model_set_datapath(m, name, there);
        }
    }
}

/* Tells all of SB that is watched and was not told.  Of the rest the instance
 * hears nothing, and is not woken. */
void
mirror_tell_sb(struct world *w, struct instance *in)
{
    struct model *m = guard_model(in->guard);
    uint64_t seqno = m->change_seqno;

    for (int i = 0; i < N_SLOTS; i++) {
        if (!in->sb_told[i] && in->watched & (1u << i)) {
            tell_binding(w, in, i);
        }
    }
    tell_chassis(w, in);
    if (w->sb.next_mac) {
        tell_macs(w, in);
    }
    tell_datapaths(w, in);
    if (m->sb_nb_cfg != w->sb.nb_cfg
        || m->chassis_report != w->config.chassis_report) {
        m->sb_nb_cfg = w->sb.nb_cfg;
        m->chassis_report = w->config.chassis_report;
        m->change_seqno++;
    }
    in->sb_seq = w->sb.seq;
    if (m->change_seqno != seqno) {
        instance_wake(w, in, w->now);
    }
}

void
mirror_forget_watch(struct instance *in)
{
    sset_clear(&in->watch_sent.ports);
    sset_clear(&in->watch_sent.addresses);
    sset_clear(&in->watch_sent.networks);
    sset_clear(&in->watch_next.ports);
    sset_clear(&in->watch_next.addresses);
    sset_clear(&in->watch_next.networks);
    in->watched = 0;
    in->watch_sent.chassis = false;
    in->watch_sent.seqno = 0;
    in->watch_pending = false;
    for (int i = 0; i < N_SLOTS; i++) {
        in->sb_told[i] = false;
        in->unbound_at[i] = NEVER;
    }
}

/* One change of conditions at a time. */
void
mirror_send_watch(struct world *w, struct instance *in)
{
    const struct sb_watch *watch = guard_sb_watch(in->guard);

    if (!in->connected[DB_SB] || in->watch_pending
        || watch->seqno == in->watch_sent.seqno) {
        return;
    }
    sset_destroy(&in->watch_next.ports);
    sset_destroy(&in->watch_next.addresses);
    sset_destroy(&in->watch_next.networks);
    sset_clone(&in->watch_next.ports, &watch->ports);
    sset_clone(&in->watch_next.addresses, &watch->addresses);
    sset_clone(&in->watch_next.networks, &watch->networks);
    in->watch_next.chassis = watch->chassis;
    in->watch_next.seqno = watch->seqno;
    in->watch_pending = true;
    timer_set(w, instance_timer_number(in, IT_SB_ACK),
              w->now + delay(w, 2 * in->sb_lag_ms));
}

void
mirror_sb_ack(struct world *w, struct instance *in)
{
    if (!in->connected[DB_SB] || !in->watch_pending) {
        return;
    }
    in->watch_pending = false;
    for (int i = 0; i < N_SLOTS; i++) {
        if (!(in->watched & (1u << i))) {
            in->sb_told[i] = false;
            in->unbound_at[i] = NEVER;
        }
    }
    sset_swap(&in->watch_sent.ports, &in->watch_next.ports);
    sset_swap(&in->watch_sent.addresses, &in->watch_next.addresses);
    sset_swap(&in->watch_sent.networks, &in->watch_next.networks);
    in->watch_sent.chassis = in->watch_next.chassis;
    in->watch_sent.seqno = in->watch_next.seqno;
    in->watched = 0;
    for (int i = 0; i < N_SLOTS; i++) {
        if (sset_contains(&in->watch_sent.ports, slot_port(i))) {
            in->watched |= 1u << i;
        }
    }
    mirror_tell_sb(w, in);
    model_ack_sb_watch(guard_model(in->guard), &in->watch_sent,
                       instance_clock(w, in));
    instance_wake(w, in, w->now);
    mirror_send_watch(w, in);
}

void
mirror_copy_sb(struct world *w, struct instance *in)
{
    struct model *m = guard_model(in->guard);

    mirror_forget_watch(in);
    free(m->sb_identity);
    m->sb_identity = xasprintf("sb-%d", w->sb.identity);
    m->sb_synced = true;
    in->must_be_frozen |= (m->sb_nb_cfg > w->sb.nb_cfg && !in->sb_thawed
                           && may_see_it_go_back(in));
    in->sb_thawed = false;
    m->change_seqno++;
    mirror_tell_sb(w, in);
    mirror_send_watch(w, in);
}
