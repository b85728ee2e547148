/* SPDX-License-Identifier: Apache-2.0 */

/* Operators: with ovn-nbctl at the ports, and with the daemon's commands. */

#include <config.h>

#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "util.h"

static void
set_odd(struct world *w, int slot)
{
    struct nb_row row = w->nb.rows[slot];
    uint32_t ips = row_ips(&row);
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_cstr(&ds, slot_mac(slot));
    for (int i = 0; i < N_IPS; i++) {
        if (ips & (1u << i)) {
            ds_put_format(&ds, " %s", ip_text_odd(i));
        }
    }
    row.addresses[0] = text_get(ds_cstr(&ds));
    row.n_addresses = 1;
    ds_destroy(&ds);
    nb_put(w, slot, &row);
}

static void
thaw_or_freeze(struct world *w)
{
    struct instance *in = active_instance(w);

    if (in) {
        free(guard_frozen(in->guard) ? guard_thaw(in->guard)
             : guard_freeze(in->guard, "a script"));
        for (int i = 0; i < N_INSTANCES; i++) {
            /* Who was frozen because it read of this one reads of it. */
            w->instances[i].own_went_back = false;
            w->instances[i].must_be_frozen = false;
        }
        in->thawed = !in->connected[DB_NB];
        in->sb_thawed = !in->connected[DB_SB];
        instance_wake(w, in, w->now);
    }
}

static void
release_by_hand(struct world *w, int net, int ip)
{
    struct instance *in = active_instance(w);
    struct guard_env env;

    if (in) {
        w->forced[net] |= 1u << ip;
        instance_env(w, in, &env);
        free(guard_hold_release(in->guard, net ? "net1" : "net0",
                                ip_text(ip), &env));
        instance_wake(w, in, w->now);
    }
}

/* One or two ports of net0, behind which nothing runs, get an address that is
 * held, or the last one that was on a port. */
static void
take_held(struct world *w, int a, int b)
{
    int ip = NO_IP, n = b % 4 ? 2 : 1;
    int64_t latest = 0;

    for (int i = 0; i < N_SLOTS; i++) {
        for (int j = 0; j < 6 && slot_net(i) == 0; j++) {
            if (w->nb.lost_ms[i][j] > latest) {
                latest = w->nb.lost_ms[i][j];
                ip = j;
            }
        }
    }
    for (size_t i = 0; i < w->own.n_holds; i++) {
        const struct hold *h = w->own.holds[(a + i) % w->own.n_holds];

        if (!strcmp(h->network_name, "net0") && ip_number(&h->addr) < 6) {
            ip = ip_number(&h->addr);
            break;
        }
    }
    for (int i = 0; i < N_OWNED_SLOTS && ip != NO_IP && n; i++) {
        int slot = (a + i) % N_OWNED_SLOTS;

        if (slot_net(slot) == 0 && w->nb.rows[slot].id
            && !w->places[slot].runs) {
            nb_set_address(w, slot, ip);
            n--;
        }
    }
}

/* 'what' is the event's name. */
void
operator_act(struct world *w, const struct event *e, const char *what)
{
    int slot = e->a % N_OWNED_SLOTS;
    struct nb_row row = w->nb.rows[slot];

    SAY(w, "operator", "%s", what);
    switch ((int) e->kind) {
    case EV_OP_SET:
        if (row.id) {
            nb_set_address(w, slot, e->b % 6);
        }
        break;
    case EV_OP_SET_ODD:
        if (row.id) {
            set_odd(w, slot);
        }
        break;
    case EV_OP_CLEAR:
        if (row.id) {
            nb_set_address(w, slot, NO_IP);
        }
        break;
    case EV_OP_DELETE: nb_delete(w, slot); break;
    case EV_OP_ENABLE:
        if (row.id) {
            row.enabled = e->b % 3;
            nb_put(w, slot, &row);
        }
        break;
    case EV_OP_FOREIGN: nb_set_address(w, SLOT_FOREIGN, e->b % 7 - 1); break;
    case EV_OP_TAKE: take_held(w, e->a, e->b); break;
    case EV_OP_SWITCH: nb_recreate_switch(w, e->b % N_NETS); break;
    case EV_OP_RELEASE: release_by_hand(w, e->a % N_NETS, e->b % 6); break;
    case EV_OP_PAUSE:
        w->instances[e->a % N_INSTANCES].paused = e->b % 2;
        break;
    case EV_OP_FREEZE: thaw_or_freeze(w); break;
    default: OVS_NOT_REACHED();
    }
}
