/* SPDX-License-Identifier: Apache-2.0 */

/* ovn-northd, the Southbound server, the chassis and what routers learn.
 *
 * northd brings SB to where NB is, some time later; where so configured it
 * tells nb_cfg before the rows, as some releases do.  A chassis puts the rows
 * into its flows some time after that, and only then acknowledges nb_cfg. */

#include <config.h>

#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/util.h"
#include "util.h"
#include "uuid.h"

/* Something in SB has changed: whoever watches it will be told. */
void
sb_changed(struct world *w)
{
    w->sb.seq++;
    for (int i = 0; i < N_INSTANCES; i++) {
        struct instance *in = &w->instances[i];

        if (in->alive && in->connected[DB_SB]) {
            timer_by(w, instance_timer_number(in, IT_SB_IN),
                     w->now + delay(w, in->sb_lag_ms));
        }
    }
}

void
sb_row_changed(struct world *w, int slot)
{
    w->sb.row_seq[slot] = w->sb.seq + 1;
    for (int i = 0; i < N_INSTANCES; i++) {
        w->instances[i].sb_told[slot] = false;
    }
}

/* The interface of a pod that is gone appears again, where another pod of its
 * name is by now: nobody can tell that it is not that one's. */
static void
note_confusion(struct world *w, int slot)
{
    w->places[slot].confused |= (w->kube.pods[slot].exists
                                 && (w->kube.pods[slot].uid
                                     != w->places[slot].uid));
}

void
sb_claim(struct world *w, int slot)
{
    struct sb_row *row = &w->sb.rows[slot];

    if (row->present && slot < N_OWNED_SLOTS && w->places[slot].runs
        && row->chassis == NO_CHASSIS) {
        row->chassis = w->places[slot].chassis;
        note_confusion(w, slot);
    }
}

/* ---- ovn-northd. ---- */

void
sb_nb_changed(struct world *w)
{
    if (!w->sb.northd_paused) {
        timer_by(w, T_NORTHD, w->now + delay(w, w->sb.northd_lag_ms));
    }
}

void
sb_wake_chassis(struct world *w)
{
    for (int i = 0; i < w->config.n_chassis; i++) {
        struct chassis_state *c = &w->sb.chassis[i];

        /* One that has more has it from before NB went back. */
        if (c->exists && c->nb_cfg != w->sb.nb_cfg
            && c->behind_since == NEVER) {
            c->behind_since = w->now;
        }
        if (c->exists && c->alive) {
            timer_by(w, T_CHASSIS + i, w->now + 1 + delay(w, c->lag_ms));
        }
    }
}

void
sb_northd_rows(struct world *w)
{
    struct sb_server *sb = &w->sb;
    bool any = false;

    timer_set(w, T_NORTHD_ROWS, NEVER);
    if (!sb->is_pending) {
        return;
    }
    sb->is_pending = false;
    for (int i = 0; i < N_SLOTS; i++) {
        struct sb_row *row = &sb->rows[i];
        const struct nb_row *nb = &sb->pending[i];
        bool present = nb->id != 0;

        row->net_id = sb->pending_net_ids[nb->net];
        if (present == row->present && row_equals(&row->nb, nb)) {
            continue;
        }
        if (!present || (row->present && row->nb.id != nb->id)) {
            row->chassis = NO_CHASSIS; /* Claimed anew if it still runs. */
        }
        row->present = present;
        row->nb = *nb;
        sb_row_changed(w, i);
        any = true;
        sb_claim(w, i);
    }
    if (memcmp(sb->net_ids, sb->pending_net_ids, sizeof sb->net_ids)) {
        memcpy(sb->net_ids, sb->pending_net_ids, sizeof sb->net_ids);
        any = true;
    }
    sb->nb_seq = sb->pending_seq;
    if (sb->nb_cfg != sb->pending_nb_cfg) {
        sb->nb_cfg = sb->pending_nb_cfg;
        SAY(w, "northd", "nb_cfg of SB is %"PRId64, sb->nb_cfg);
    }
    if (any) {
        SAY(w, "northd", "the rows of SB are as NB was at transaction %"
            PRIu64, sb->nb_seq);
    }
    sb_changed(w);
    sb_wake_chassis(w);
    places_changed(w);
}

void
sb_northd(struct world *w)
{
    struct sb_server *sb = &w->sb;

    timer_set(w, T_NORTHD, NEVER);
    if (sb->northd_paused) {
        return;
    }
    sb_northd_rows(w);          /* Of the turn before, in any case. */
    memcpy(sb->pending, w->nb.rows, sizeof sb->pending);
    memcpy(sb->pending_net_ids, w->nb.net_ids, sizeof sb->pending_net_ids);
    sb->pending_seq = w->nb.seq;
    sb->pending_nb_cfg = w->nb.nb_cfg;
    sb->is_pending = true;
    if (w->config.early_nb_cfg && sb->nb_cfg != w->nb.nb_cfg) {
        sb->nb_cfg = w->nb.nb_cfg;
        SAY(w, "northd", "nb_cfg of SB is %"PRId64", and not yet its rows",
            sb->nb_cfg);
        sb_changed(w);
    }
    if (w->config.early_nb_cfg || w->config.slow_northd) {
        /* Chassis may see the number without the rows. */
        sb_wake_chassis(w);
        timer_by(w, T_NORTHD_ROWS, w->now + 1
                 + delay(w, 3 * sb->northd_lag_ms + 20));
    } else {
        sb_northd_rows(w);
    }
}

/* ---- Chassis. ---- */

void
sb_chassis(struct world *w, int number)
{
    struct chassis_state *c = &w->sb.chassis[number];

    timer_set(w, T_CHASSIS + number, NEVER);
    if (!c->exists || !c->alive) {
        return;
    }
    for (int i = 0; i < N_SLOTS; i++) {
        const struct sb_row *row = &w->sb.rows[i];
        c->flows[i] = row->present ? row_open_ips(&row->nb) : 0;
        c->flows_net[i] = row->net_id;
    }
    if (c->nb_cfg != w->sb.nb_cfg) {
        c->nb_cfg = w->sb.nb_cfg;
        c->behind_since = NEVER;
        SAY(w, "chassis", "hv%d has nb_cfg %"PRId64, number, c->nb_cfg);
        sb_changed(w);
    }
}

void
sb_chassis_set(struct world *w, int number, bool exists, bool alive)
{
    struct chassis_state *c = &w->sb.chassis[number];

    SAY(w, "chassis", "hv%d %s", number,
        !exists ? "leaves" : alive ? "is up" : "is dead");
    if (!exists && c->exists) {
        memset(c->flows, 0, sizeof c->flows);
        c->nb_cfg = 0;
        c->behind_since = NEVER;
        for (int i = 0; i < N_SLOTS; i++) {
            if (w->sb.rows[i].chassis == number) {
                w->sb.rows[i].chassis = NO_CHASSIS;
                sb_row_changed(w, i);
            }
        }
    }
    if (exists && !c->exists) {
        c->behind_since = w->now;
    }
    c->exists = exists;
    c->alive = alive;
    if (exists && alive) {
        for (int i = 0; i < N_OWNED_SLOTS; i++) {
            struct place *p = &w->places[i];
            struct sb_row *row = &w->sb.rows[i];

            if (p->runs && p->chassis == number && row->present
                && row->chassis != number) {
                row->chassis = number;
                sb_row_changed(w, i);
                note_confusion(w, i);
            }
        }
        timer_by(w, T_CHASSIS + number, w->now + 1 + delay(w, c->lag_ms));
        places_changed(w);
    }
    sb_changed(w);
}

/* The interface of 'slot' appears on a chassis, or goes. */
void
sb_plug(struct world *w, int slot, int chassis)
{
    struct sb_row *row = &w->sb.rows[slot];

    if (row->present && row->chassis != chassis) {
        row->chassis = chassis;
        sb_row_changed(w, slot);
        sb_changed(w);
    }
    SAY(w, "chassis", "%s is %s%s", slot_port(slot),
        chassis == NO_CHASSIS ? "unplugged" : "plugged in at hv",
        chassis == NO_CHASSIS ? "" : chassis == 0 ? "0"
        : chassis == 1 ? "1" : "2");
}

/* ---- MAC bindings. ---- */

/* The pod in 'slot' sends from the address that it believes is its own; a
 * router learns it, if the port lets it through. */
void
sb_send(struct world *w, int slot)
{
    struct place *p = &w->places[slot];
    struct sb_row *row = &w->sb.rows[slot];
    struct mac_row *free_row = NULL;

    if (!p->runs || p->ip == NO_IP || !row->present
        || row->nb.enabled == TRI_FALSE || row->nb.net
        || !w->config.router_port
        || (row->nb.n_ps && !(row_ps_ips(&row->nb) & (1u << p->ip)))) {
        return;
    }
    for (int i = 0; i < N_MACS; i++) {
        struct mac_row *m = &w->sb.macs[i];

        if (m->id && m->ip == p->ip) {
            free_row = m;
            break;
        } else if (!m->id && !free_row) {
            free_row = m;
        }
    }
    if (free_row) {
        *free_row = (struct mac_row) {
            .id = free_row->id ? free_row->id : ++w->sb.next_mac,
            .ip = p->ip, .slot = slot, .mac = slot_mac(slot),
        };
        SAY(w, "router", "learns %s at %s", ip_text(p->ip), slot_port(slot));
        sb_changed(w);
    }
}

void
sb_delete_macs(struct world *w, const struct uuid *uuids, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (int j = 0; j < N_MACS; j++) {
            struct uuid uuid = sim_uuid(UUID_MAC, w->sb.macs[j].id);

            if (w->sb.macs[j].id && uuid_equals(&uuid, &uuids[i])) {
                SAY(w, "SB", "MAC_Binding of %s is deleted",
                    ip_text(w->sb.macs[j].ip));
                w->sb.macs[j].id = 0;
            }
        }
    }
    sb_changed(w);
}

void
sb_init(struct world *w)
{
    struct sb_server *sb = &w->sb;

    memset(sb, 0, sizeof *sb);
    sb->identity = 1;
    sb->northd_lag_ms = w->config.sb_ms;
    memcpy(sb->net_ids, w->nb.net_ids, sizeof sb->net_ids);
    for (int i = 0; i < N_SLOTS; i++) {
        sb->rows[i].chassis = NO_CHASSIS;
        sb->rows[i].nb.net = slot_net(i);
    }
    for (int i = 0; i < N_CHASSIS; i++) {
        sb->chassis[i].exists = sb->chassis[i].alive = i < w->config.n_chassis;
        sb->chassis[i].behind_since = NEVER;
        sb->chassis[i].lag_ms = w->config.sb_ms;
    }
}
