/* SPDX-License-Identifier: Apache-2.0 */

/* From a seed to a world's configuration and its script. */

#include <config.h>

#include "tests/sim/sim.h"

#include <string.h>

#include "util.h"

/* How often each event is drawn. */
static const int weights[N_EVENT_KINDS] = {
    [EV_POOL] = 24, [EV_SCALE] = 10, [EV_STS_DELETE] = 8,
    [EV_STS_ORPHAN] = 2, [EV_STS_CREATE] = 14, [EV_STRATEGY] = 3,
    [EV_POD_DELETE] = 18, [EV_POD_FORCE] = 8, [EV_POD_EDIT] = 5,
    [EV_POD_FINISH] = 3, [EV_OPT_OUT] = 2, [EV_UNREADABLE] = 2,
    [EV_VM_STOP] = 5, [EV_VM_MIGRATE] = 3, [EV_PLAIN] = 6, [EV_STS_PAUSE] = 6,
    [EV_REGRET] = 5,
    [EV_CNI_RESTART] = 4, [EV_CNI_STOP] = 2, [EV_OP_SET] = 6,
    [EV_OP_SET_ODD] = 2, [EV_OP_CLEAR] = 3, [EV_OP_DELETE] = 3,
    [EV_OP_ENABLE] = 4, [EV_OP_FOREIGN] = 3, [EV_OP_TAKE] = 5,
    [EV_OP_SWITCH] = 1, [EV_LIST_CUT] = 3,
    [EV_OP_RELEASE] = 2, [EV_OP_PAUSE] = 2, [EV_OP_FREEZE] = 2,
    [EV_NORTHD_PAUSE] = 8, [EV_NORTHD_LAG] = 6, [EV_CHASSIS_LAG] = 8,
    [EV_CHASSIS_DIE] = 6, [EV_CHASSIS_LEAVE] = 3, [EV_NB_FAULT] = 8,
    [EV_STORE_FAULT] = 8, [EV_DISCONNECT] = 6, [EV_SLOW_LINK] = 6,
    [EV_SB_SAVE] = 1, [EV_SB_RESTORE] = 2, [EV_LEADER_MOVE] = 4,
    [EV_NB_SAVE] = 2, [EV_NB_RESTORE] = 2, [EV_OWN_SAVE] = 2,
    [EV_OWN_RESTORE] = 2, [EV_OWN_LOSE] = 1, [EV_WATCH_BREAK] = 6,
    [EV_READS_FAIL] = 3, [EV_KILL] = 10, [EV_STOP] = 3,
    [EV_UNWATCHED] = 3,
    [EV_LOCK_STEAL] = 4, [EV_CLOCK] = 3, [EV_REBOOT] = 2, [EV_SEND] = 4,
    [EV_NOTHING] = 6,
};

/* With --rare: those that are drawn more often.  What is seldom seen together
 * is where bugs are left. */
static const int rare_weights[N_EVENT_KINDS] = {
    [EV_STS_ORPHAN] = 6, [EV_OPT_OUT] = 5, [EV_REGRET] = 14, [EV_OP_SET] = 14,
    [EV_OP_CLEAR] = 8, [EV_OP_DELETE] = 8, [EV_OP_ENABLE] = 8,
    [EV_OP_FOREIGN] = 8, [EV_OP_TAKE] = 12, [EV_OP_SWITCH] = 5,
    [EV_LIST_CUT] = 6, [EV_OP_RELEASE] = 6, [EV_OP_FREEZE] = 6,
    [EV_NB_FAULT] = 14, [EV_STORE_FAULT] = 12, [EV_SB_SAVE] = 3,
    [EV_SB_RESTORE] = 5, [EV_LEADER_MOVE] = 8, [EV_NB_SAVE] = 4,
    [EV_NB_RESTORE] = 5, [EV_OWN_SAVE] = 4, [EV_OWN_RESTORE] = 5,
    [EV_OWN_LOSE] = 3, [EV_KILL] = 16, [EV_UNWATCHED] = 8,
    [EV_LOCK_STEAL] = 10,
};

static int
weight(int kind, bool rare)
{
    return rare && rare_weights[kind] ? rare_weights[kind] : weights[kind];
}

static enum happening
draw_kind(struct prng *p, bool rare)
{
    static int totals[2];
    int n;

    if (!totals[rare]) {
        for (int i = 0; i < N_EVENT_KINDS; i++) {
            totals[rare] += weight(i, rare);
        }
    }
    n = prng_below(p, totals[rare]);
    for (int i = 0; i < N_EVENT_KINDS; i++) {
        n -= weight(i, rare);
        if (n < 0) {
            return i;
        }
    }
    OVS_NOT_REACHED();
}

/* Much happens at once or within the delays of the wires; some of it a settle
 * time apart; some of it a long time after. */
static int
draw_gap(struct prng *p)
{
    switch (prng_below(p, 20)) {
    case 0: case 1: case 2: case 3: case 4:
        return 0;
    case 5: case 6: case 7: case 8: case 9: case 10:
        return prng_below(p, 60);
    case 11: case 12: case 13: case 14:
        return prng_below(p, 2600);
    case 15: case 16: case 17:
        return prng_below(p, 9000);
    case 18:
        return prng_below(p, 45000);
    default:
        return prng_below(p, 150000);
    }
}

static int
draw_delay(struct prng *p)
{
    switch (prng_below(p, 6)) {
    case 0: return 0;
    case 1: return prng_below(p, 400);
    default: return prng_below(p, 30);
    }
}

static void
draw_owners(struct config *c, struct prng *p, bool rare)
{
    int next = 0;

    /* On net0 nobody begins with another's address. */
    for (int i = 0; i < N_STS; i++) {
        c->exists[i] = !prng_one_in(p, 4);
        c->replicas[i] = 1 + prng_below(p, 2);
        for (int j = 0; j < 2; j++) {
            c->pool[i][j] = i == 2 ? j : next++;
        }
    }
    c->plain = prng_one_in(p, 3);
    c->plain_ip = next++;
    c->vm = prng_one_in(p, rare ? 2 : 4);
    c->vm_ip = next++;
    c->foreign_ip = NO_IP;
}

static void
draw_config(struct config *c, struct prng *p, bool rare)
{
    memset(c, 0, sizeof *c);
    c->jitter = prng_next(p);
    c->mode = (prng_one_in(p, 12) ? MODE_OBSERVE
               : prng_one_in(p, 2) ? MODE_GUARD : MODE_MANAGE);
    c->cni = (c->mode == MODE_MANAGE ? CNI_NONE
              : c->mode == MODE_GUARD ? CNI_OVN_LEAK + prng_below(p, 4)
              : prng_below(p, CNI_OVN_KUBERNETES + 1));
    c->two_instances = prng_one_in(p, rare ? 2 : 4);
    c->one_by_one = prng_one_in(p, 2);
    c->restart_at_rest = prng_one_in(p, rare ? 3 : 8);
    c->early_nb_cfg = prng_one_in(p, 3);
    c->slow_northd = !c->early_nb_cfg && prng_one_in(p, 3);
    c->chassis_report = !prng_one_in(p, 6);
    c->dual_stack = c->cni != CNI_NONE && prng_one_in(p, rare ? 2 : 4);
    c->port_security = prng_one_in(p, 2);
    c->patient = !prng_one_in(p, 6);
    c->localnet = prng_one_in(p, 6);
    c->router_port = prng_one_in(p, 3);
    c->flush = prng_one_in(p, 4);
    c->wait_policy = prng_one_in(p, 5);
    c->webhook = prng_one_in(p, 4);
    c->deny = prng_one_in(p, 12);
    c->scope_all = prng_one_in(p, rare ? 3 : 6);
    c->brake = prng_one_in(p, 6) ? 1 : 1000;
    c->n_chassis = 1 + prng_below(p, N_CHASSIS);
    c->nb_ms = draw_delay(p);
    c->sb_ms = draw_delay(p);
    c->kube_ms = draw_delay(p);
    c->store_ms = draw_delay(p);
    c->ip_objects = (c->cni >= CNI_OVN_LEAK && c->cni <= CNI_OVN_FAILED_MOVE
                     && prng_one_in(p, 3) != rare);
    c->reserve = c->ip_objects && prng_one_in(p, 2);
    c->release = c->ip_objects && prng_one_in(p, 2);
    draw_owners(c, p, rare);
    if (c->cni == CNI_OVN_KUBERNETES) {
        c->vm = c->dual_stack = c->webhook = false;
    }
}

void
script_generate(struct script *s, uint64_t seed, bool rare)
{
    struct prng p;
    int64_t at;

    prng_seed(&p, seed);
    s->seed = seed;
    draw_config(&s->config, &p, rare);
    s->n_events = rare ? 6 + prng_below(&p, 15) : 4 + prng_below(&p, 17);
    at = 1000 + prng_below(&p, 5000);
    for (int i = 0; i < s->n_events; i++) {
        s->events[i] = (struct event) {
            .at_ms = at,
            .kind = draw_kind(&p, rare),
            .a = prng_below(&p, 840),
            .b = prng_below(&p, 100000),
            .c = prng_below(&p, 100000),
        };
        if (prng_one_in(&p, 3)) {
            s->events[i].a %= 2; /* Often the same ones. */
        }
        at += draw_gap(&p);
    }
    if (prng_one_in(&p, rare ? 4 : 16)) {
        s->config.whim = 1 + prng_below(&p, N_WHIMS - 1);
    }
    if (prng_one_in(&p, 3)) {
        s->config.portion = 1 + prng_below(&p, 3);
    }
    if (prng_one_in(&p, 3)) {
        s->config.more_ports = 1 + prng_below(&p, 3);
    }
}
