/* SPDX-License-Identifier: Apache-2.0 */

/* The scheduler, and a world from its beginning to its end.
 *
 * Each actor has its own timers; the earliest goes next, of two at the same
 * moment the one with the lower number.  Nothing happens but by a timer, and
 * time passes only between two of them. */

#include <config.h>

#include "tests/sim/sim.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/util.h"
#include "util.h"

/* How long the world is given to come to rest: two rounds of Kube-OVN's GC
 * after the longest waits of the daemon. */
#define CALM_MS (2000 * 1000)
#define MAX_STEPS 60000

/* The earliest of a group is looked for when the one that was it is set, so
 * that each step has to look at the groups alone. */
void
timer_set(struct world *w, int timer, int64_t at)
{
    int group = timer / TIMER_GROUP;
    int64_t *first = &w->due_first[group];
    int64_t old = w->due[timer];

    w->due[timer] = at;
    if (at <= *first) {
        *first = at;
    } else if (old == *first) {
        const int64_t *due = &w->due[group * TIMER_GROUP];

        *first = NEVER;
        for (int i = 0; i < TIMER_GROUP; i++) {
            *first = MIN(*first, due[i]);
        }
    }
}

void
timer_by(struct world *w, int timer, int64_t at)
{
    if (at < w->due[timer]) {
        w->due[timer] = at;
        w->due_first[timer / TIMER_GROUP]
            = MIN(w->due_first[timer / TIMER_GROUP], at);
    }
}

/* The one that goes next. */
static int
next_timer(const struct world *w)
{
    int64_t first = NEVER;
    int timer = 0;

    for (int i = N_TIMER_GROUPS - 1; i >= 0; i--) {
        if (w->due_first[i] <= first) {
            first = w->due_first[i];
            timer = i * TIMER_GROUP;
        }
    }
    while (w->due[timer] != first) {
        timer++;
    }
    return timer;
}

int64_t
delay(struct world *w, int max_ms)
{
    uint64_t n = w->n_delays++;

    return max_ms <= 0 ? 0 : (prng_hash(w->config.jitter, n, w->now)
                              % (uint64_t) (max_ms + 1));
}

void
say(struct world *w, const char *who, const char *format, ...)
{
    va_list args;

    printf("%9.3f %-10s ", w->now / 1000.0, who);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

void
violate(struct world *w, enum rule rule, const char *format, ...)
{
    va_list args;

    if (w->violation >= 0) {
        return;
    }
    w->violation = rule;
    w->violation_ms = w->now;
    va_start(args, format);
    w->violation_text = xvasprintf(format, args);
    va_end(args);
    SAY(w, "RULE", "%s (%s) is broken: %s", rule_number(rule),
        rule_text(rule), w->violation_text);
}

/* ---- Life. ---- */

void
world_init(struct world *w)
{
    memset(w, 0, sizeof *w);
    w->violation = -1;
}

static void
end_instances(struct world *w)
{
    for (int i = 0; i < N_INSTANCES; i++) {
        struct instance *in = &w->instances[i];

        if (in->alive) {
            guard_destroy(in->guard);
        }
        orders_drop(in);
        sset_destroy(&in->watch_sent.ports);
        sset_destroy(&in->watch_sent.addresses);
        sset_destroy(&in->watch_sent.networks);
        sset_destroy(&in->watch_next.ports);
        sset_destroy(&in->watch_next.addresses);
        sset_destroy(&in->watch_next.networks);
    }
    own_reset(&w->own);
}

void
world_destroy(struct world *w)
{
    free(w->nb.log);
    free(w->kube.log);
    free(w->violation_text);
}

static void
settings_for(const struct config *c, struct settings *s)
{
    settings_init(s);
    s->mode = c->mode;
    s->brake_clears = c->brake;
    s->brake_floor = 1000;
    s->shrink_floor = 1000;
    s->mac_bindings = c->flush ? MAC_BINDINGS_FLUSH : MAC_BINDINGS_REPORT;
    s->chassis_policy = c->wait_policy ? CHASSIS_WAIT : CHASSIS_BOUNDED;
    s->events = SWITCH_OFF;
    s->reserve = c->reserve ? RESERVE_KUBE_OVN : RESERVE_NONE;
    s->release = c->release ? RELEASE_KUBE_OVN : RELEASE_NONE;
    s->admission = c->webhook ? ADMISSION_DENY : ADMISSION_WARN;
    s->sts_ip_change = c->deny ? STS_IP_CHANGE_DENY : STS_IP_CHANGE_MIGRATE;
    s->hold_scope = c->scope_all ? HOLD_SCOPE_ALL : HOLD_SCOPE_FIXED;
}

/* A pod that has run for long when the world begins. */
static void
settle_pod(struct world *w, int slot, int ip, uint32_t owner_uid,
           enum claim_way way, const int *pool)
{
    struct kpod *pod = &w->kube.pods[slot];
    struct place *p = &w->places[slot];

    pod_create_at(w, slot, way, pool, ip, 1, owner_uid);
    if (w->config.cni == CNI_NONE) {
        nb_set_address(w, slot, ip);
    } else {
        cni_settle(w, slot, ip);
        pod->allocated_ip = ip;
        kube_pod_changed(w, slot);
    }
    p->network_ready = true;
    p->runs = true;
    p->uid = pod->uid;
    p->chassis = slot % w->config.n_chassis;
    p->ip = ip;
}

static void
settle_sts(struct world *w, int sts)
{
    const struct config *c = &w->config;
    struct ksts *s = &w->kube.sts[sts];

    *s = (struct ksts) {
        .exists = true, .uid = ++w->kube.next_uid,
        .replicas = c->replicas[sts], .revision = 1, .old_revision = 1,
        .way = WAY_POOL,
    };
    memcpy(s->pool, c->pool[sts], sizeof s->pool);
    memcpy(s->old_pool, c->pool[sts], sizeof s->old_pool);
    kube_sts_changed(w, sts);
    for (int slot = 0; slot < N_OWNED_SLOTS; slot++) {
        int ordinal = slot_ordinal(slot);

        if (slot_sts(slot) == sts && ordinal < s->replicas
            && s->pool[ordinal] != NO_IP) {
            settle_pod(w, slot, s->pool[ordinal], s->uid, WAY_POOL, s->pool);
        }
    }
}

/* Everything as it has been for long: all rows everywhere, acknowledged. */
static void
settle(struct world *w)
{
    const struct config *c = &w->config;

    for (int i = 0; i < N_STS; i++) {
        if (c->exists[i]) {
            settle_sts(w, i);
        }
    }
    if (c->plain) {
        settle_pod(w, SLOT_PLAIN, c->plain_ip, 0, WAY_ADDRESS, NULL);
    }
    if (c->vm) {
        w->kube.vm = (struct ksts) {
            .exists = true, .uid = ++w->kube.next_uid, .replicas = 1,
            .revision = 1, .old_revision = 1, .way = WAY_ADDRESS,
            .pool = { c->vm_ip, NO_IP }, .old_pool = { c->vm_ip, NO_IP },
        };
        kube_vm_changed(w);
        settle_pod(w, SLOT_VM, c->vm_ip, w->kube.vm.uid, WAY_ADDRESS, NULL);
    }
    if (c->foreign_ip != NO_IP) {
        nb_set_address(w, SLOT_FOREIGN, c->foreign_ip);
    }
    int lag = w->sb.northd_lag_ms;
    bool early = w->config.early_nb_cfg;
    bool slow = w->config.slow_northd;
    w->config.early_nb_cfg = w->config.slow_northd = false;
    w->sb.northd_lag_ms = 0;
    sb_northd(w);
    w->config.early_nb_cfg = early;
    w->config.slow_northd = slow;
    w->sb.northd_lag_ms = lag;
    for (int i = 0; i < w->config.n_chassis; i++) {
        sb_chassis(w, i);
    }
}

static void
begin(struct world *w, const struct script *script)
{
    w->script = script;
    w->config = script->config;
    slots_speak_ovn_kubernetes(speaks_ovn_kubernetes(w));
    w->now = 0;
    w->wall = INT64_C(1700000000000);
    w->n_delays = 0;
    w->next_event = 0;
    w->calm = w->whim_done = false;
    w->violation = -1;
    free(w->violation_text);
    w->violation_text = NULL;
    w->n_steps = 0;
    w->n_due = w->n_ends = 0;
    w->own_replaced = w->braked = w->sts_paused = false;
    w->regret = false;
    memset(w->losses, 0, sizeof w->losses);
    memset(w->ps_taken, 0, sizeof w->ps_taken);
    memset(w->authors, 0, sizeof w->authors);
    memset(w->refused, 0, sizeof w->refused);
    memset(w->n_refused, 0, sizeof w->n_refused);
    w->own_replaced_ms = w->rearmed_ms = -1;
    memset(w->forced, 0, sizeof w->forced);
    w->n_killed = 0;
    for (int i = 0; i < N_TIMER_GROUPS * TIMER_GROUP; i++) {
        w->due[i] = w->due_first[i / TIMER_GROUP] = NEVER;
    }
    memset(w->places, 0, sizeof w->places);
    for (int i = 0; i < N_OWNED_SLOTS; i++) {
        struct place *p = &w->places[i];

        p->ip = p->granted_ip = NO_IP;
        p->plug_at = p->unplug_at = p->grace_until = NEVER;
        for (int j = 0; j < N_IPS; j++) {
            p->own_since[j] = NEVER;
        }
    }
    for (int i = 0; i < N_INSTANCES; i++) {
        instance_init(w, i);
        settings_for(&w->config, &w->instances[i].settings);
    }
    for (int i = 0; i < N_DBS; i++) {
        w->lock_holder[i] = -1;
    }
    nb_init(w);
    sb_init(w);
    kube_init(w);
    cni_init(w);
    own_init(w);
    memset(&w->ipam, 0, sizeof w->ipam);
    settle(w);
    ipam_sync(w);
    nb_save(w);
    sb_save(w);
    own_save(w);
    for (int i = 0; i < (w->config.two_instances ? 2 : 1); i++) {
        instance_start(w, &w->instances[i]);
    }
}

/* ---- Steps. ---- */

static void
run_timer(struct world *w, int t)
{
    if (t >= T_INSTANCE) {
        int n = t - T_INSTANCE;

        instance_timer(w, &w->instances[n / N_INSTANCE_TIMERS],
                       n % N_INSTANCE_TIMERS);
    } else if (t >= T_PLACE) {
        place_step(w, t - T_PLACE);
    } else if (t >= T_CHASSIS) {
        sb_chassis(w, t - T_CHASSIS);
    } else if (t == T_NORTHD) {
        sb_northd(w);
    } else if (t == T_NORTHD_ROWS) {
        sb_northd_rows(w);
    } else if (t == T_STS) {
        workload_step(w);
    } else if (t == T_CNI) {
        cni_step(w);
    } else if (t == T_GC) {
        cni_gc(w);
    } else if (t == T_IPAM) {
        ipam_step(w);
    } else if (t == T_EVENT) {
        const struct script *s = w->script;
        const struct event *e = &s->events[w->next_event++];

        timer_set(w, T_EVENT, (w->next_event < s->n_events
                               ? s->events[w->next_event].at_ms : NEVER));
        event_happen(w, e);
    }
}

void
world_run_until(struct world *w, int64_t end)
{
    while (w->violation < 0) {
        int best = next_timer(w);

        if (w->due[best] > end) {
            w->now = end;
            return;
        }
        w->now = MAX(w->now, w->due[best]);
        run_timer(w, best);
        if (++w->n_steps > MAX_STEPS) {
            violate(w, RULE_REST, "the world does not come to rest");
        }
    }
}

void
world_play(struct world *w, const struct script *script)
{
    int64_t end = script->n_events ? script->events[script->n_events - 1].at_ms
                                   : 0;

    begin(w, script);
    if (script->n_events) {
        timer_set(w, T_EVENT, script->events[0].at_ms);
    }
    world_run_until(w, end);
    if (w->violation < 0) {
        event_mend_all(w, true);
        world_run_until(w, w->now + 90 * 1000);
        event_mend_all(w, false); /* What froze meanwhile is thawed. */
        world_run_until(w, w->now + CALM_MS / 2);
        event_mend_all(w, false);
        world_run_until(w, w->now + CALM_MS / 2);
    }
    if (w->violation < 0) {
        rest_check(w);
    }
    coverage->worlds++;
    coverage->events += script->n_events;
    coverage->steps += w->n_steps;
    end_instances(w);
}
