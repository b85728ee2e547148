/* SPDX-License-Identifier: Apache-2.0 */

/* The simulated world's ovn-northd, chassis and Southbound database. */

#include <config.h>

#include "tests/unit/world.h"

#include <stdio.h>
#include <string.h>

#include "sset.h"
#include "uuid.h"

#include "tests/unit/world-private.h"

void
world_tell_binding(struct world *w, struct wport *p)
{
    struct model *m = guard_model(w->guard);

    if (w->sb_down || !p->in_sb || p->told
        || !sset_contains(&guard_sb_watch(w->guard)->ports, p->name)) {
        return;
    }
    struct sb_binding_row row = {
        .logical_port = p->name, .type = p->type,
        .mac = p->sb_mac.names, .n_mac = p->sb_mac.n,
        .port_security = p->sb_ps.names, .n_port_security = p->sb_ps.n,
        .chassis = p->sb_chassis, .up = p->sb_chassis != NULL,
    };
    model_set_binding(m, &row, w->now);
    p->told = true;
}

/* ovn-northd brings SB to where NB is. */
static void
run_northd(struct world *w)
{
    for (size_t i = 0; i < w->n_ports; i++) {
        struct wport *p = w->ports[i];

        if (!p->in_sb || !world_svec_same(&p->sb_mac, &p->addresses)
            || !world_svec_same(&p->sb_ps, &p->ps)) {
            p->in_sb = true;
            world_svec_assign(&p->sb_mac, &p->addresses);
            world_svec_assign(&p->sb_ps, &p->ps);
            p->told = false;
        }
    }
    w->sb_nb_cfg = w->nb_cfg;
}

/* Shows the guard the bindings that it watches and has not been told of. */
static void
show_bindings(struct world *w, const struct sb_watch *watch)
{
    const struct model *m = guard_model(w->guard);

    for (size_t i = 0; i < w->n_ports; i++) {
        struct wport *p = w->ports[i];

        if (m->sb_watch_acked != watch->seqno
            && !sset_contains(&m->sb_acked_ports, p->name)) {
            p->told = false;
        }
        world_tell_binding(w, p);
    }
}

static void
show_macs(const struct world *w, const struct sb_watch *watch)
{
    for (size_t i = 0; i < w->n_macs; i++) {
        struct mac_binding_row row = {
            .uuid = w->macs[i].uuid,
            .logical_port = w->macs[i].router_port,
            .ip = w->macs[i].ip,
            .mac = w->macs[i].mac,
        };
        if (sset_contains(&watch->addresses, row.ip)) {
            model_set_mac_binding(guard_model(w->guard), &row);
        }
    }
}

static void
show_datapaths(const struct world *w, const struct sb_watch *watch)
{
    struct model *m = guard_model(w->guard);
    const char *name;

    SSET_FOR_EACH (name, &watch->networks) {
        for (size_t i = 0; i < w->n_networks; i++) {
            char uuid[UUID_LEN + 1];

            snprintf(uuid, sizeof uuid, UUID_FMT,
                     UUID_ARGS(&w->networks[i].uuid));
            if (!strcmp(uuid, name)
                && w->networks[i].exists != sset_contains(&m->datapaths,
                                                          uuid)) {
                model_set_datapath(m, uuid, w->networks[i].exists);
            }
        }
    }
}

static void
show_chassis(const struct world *w)
{
    struct model *m = guard_model(w->guard);

    for (size_t i = 0; i < w->n_chassis; i++) {
        const struct wchassis *c = &w->chassis[i];
        const struct chassis *known = model_find_chassis(m, c->name);

        if (!known || !known->has_private || known->nb_cfg != c->nb_cfg
            || known->private_has_chassis == c->phantom) {
            model_set_chassis_private(m, c->name, !c->phantom, c->nb_cfg);
        }
    }
}

/* Shows the guard what it watches and has not been told. */
static bool
show_sb(struct world *w)
{
    struct model *m = guard_model(w->guard);
    const struct sb_watch *watch = guard_sb_watch(w->guard);

    if (m->sb_watch_acked != watch->seqno && w->sb_watch_stays) {
        return false;
    }
    show_bindings(w, watch);
    show_macs(w, watch);
    show_datapaths(w, watch);
    if (watch->chassis) {
        show_chassis(w);
    }
    if (m->sb_watch_acked != watch->seqno) {
        model_ack_sb_watch(m, watch, w->now);
        return true;
    }
    return false;
}

bool
world_run_sb(struct world *w)
{
    struct model *m = guard_model(w->guard);
    bool busy = false;

    if (!w->northd_frozen && (w->sb_dirty || w->sb_nb_cfg != w->nb_cfg)) {
        if (w->sb_wait++ >= w->sb_lag) {
            w->sb_wait = 0;
            w->sb_dirty = false;
            run_northd(w);
        }
        busy = true;
    }
    for (size_t i = 0; i < w->n_chassis; i++) {
        if (w->chassis[i].answers && w->chassis[i].nb_cfg != w->sb_nb_cfg) {
            w->chassis[i].nb_cfg = w->sb_nb_cfg;
            busy = true;
        }
    }
    if (!w->sb_down) {
        if (m->sb_nb_cfg != w->sb_nb_cfg) {
            m->sb_nb_cfg = w->sb_nb_cfg;
            m->change_seqno++;
        }
        busy |= show_sb(w);
    }
    return busy;
}
