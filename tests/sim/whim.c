/* SPDX-License-Identifier: Apache-2.0 */

/* An operator who acts at the first sight of a hold in a certain state: steps
 * that last for a moment only, or come rarely, are met by no event at a time
 * that was drawn. */

#include <config.h>

#include "tests/sim/sim.h"
#include "tests/sim/whim.h"

#include <stdlib.h>
#include <string.h>

#include "uuid.h"

static const struct hold *
find_hold(const struct instance *in, enum hold_state state)
{
    const struct hold *h;

    HMAP_FOR_EACH (h, node, &guard_holds(in->guard)->holds) {
        if (h->state == state && ip_number(&h->addr) != NO_IP) {
            return h;
        }
    }
    return NULL;
}

void
whim_before_turn(struct world *w, struct instance *in)
{
    enum whim whim = w->config.whim;
    const struct hold *h;
    struct guard_env env;
    int net, ip;

    if (whim == WHIM_NONE || w->whim_done || w->calm
        || in != active_instance(w)) {
        return;
    }
    h = find_hold(in, (whim == WHIM_RELEASE_CLEAN ? HOLD_CLEAN
                       : HOLD_BLOCKED));
    if (!h) {
        return;
    }
    w->whim_done = true;
    net = !strcmp(h->network_name, "net1");
    ip = ip_number(&h->addr);
    if (whim == WHIM_SWITCH_BLOCKED) {
        SAY(w, "operator", "makes net%d again, as %s is blocked", net,
            ip_text(ip));
        nb_recreate_switch(w, net);
        return;
    }
    SAY(w, "operator", "hold/release of %s, as it is %s", ip_text(ip),
        hold_state_to_string(h->state));
    w->forced[net] |= 1u << ip;
    instance_env(w, in, &env);
    free(guard_hold_release(in->guard, h->network_name, ip_text(ip), &env));
}
