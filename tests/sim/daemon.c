/* SPDX-License-Identifier: Apache-2.0 */

/* One instance of the daemon: the real guard, and around it what
 * agent/ovn-ipguard.c does with databases, sources and turns.  It may be
 * killed between any two steps. */

#include <config.h>

#include "tests/sim/sim.h"
#include "tests/sim/whim.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/util.h"
#include "smap.h"
#include "sset.h"
#include "util.h"
#include "uuid.h"

#include "agent/core/dialect.h"

#include "tests/sim/planted.h"

#define CLOCK_BEGINS 1000

/* Its monotonic clock. */
long long int
instance_clock(const struct world *w, const struct instance *in)
{
    return w->now - in->mono0 + CLOCK_BEGINS;
}

int
instance_timer_number(const struct instance *in, enum instance_timer t)
{
    return T_INSTANCE + in->number * N_INSTANCE_TIMERS + t;
}

static void
set(struct world *w, const struct instance *in, enum instance_timer t,
    int64_t at)
{
    timer_set(w, instance_timer_number(in, t), at);
}

static void
by(struct world *w, const struct instance *in, enum instance_timer t,
   int64_t at)
{
    timer_by(w, instance_timer_number(in, t), at);
}

void
instance_wake(struct world *w, struct instance *in, int64_t at)
{
    by(w, in, IT_TURN, at);
}

void
instance_env(const struct world *w, const struct instance *in,
             struct guard_env *env)
{
    *env = (struct guard_env) {
        .now = instance_clock(w, in),
        .wall = w->wall + w->now,
        .boot_id = in->boot_id,
        .have_store = true,
        .store_ready = in->connected[DB_OWN],
        .locked = (in->lock_seen[DB_OWN] && in->lock_seen[DB_NB]
                   && in->lock_seen[DB_SB]),
        .store_busy = in->store != NULL,
        .nb_busy = in->nb != NULL,
        .sb_busy = in->sb_busy,
        .paused = in->paused, .portion = w->config.portion,
        .more_ports = w->config.more_ports,
        .kube_writable = w->config.ip_objects,
        .release_certain = w->config.release && w->config.webhook,
    };
}

/* The instance that holds all locks and knows it, or NULL. */
struct instance *
active_instance(const struct world *w)
{
    for (int i = 0; i < N_INSTANCES; i++) {
        const struct instance *in = &w->instances[i];

        if (in->alive && in->lock_seen[DB_OWN] && in->lock_seen[DB_NB]
            && in->lock_seen[DB_SB]) {
            return CONST_CAST(struct instance *, in);
        }
    }
    return NULL;
}

/* ---- Locks: own, then NB, then SB. ---- */

static bool
wants_lock(const struct instance *in, enum database db)
{
    return (in->alive && in->connected[db]
            && in->settings.mode != MODE_OBSERVE
            && (db == DB_OWN || in->lock_seen[db - 1])
            && (db != DB_SB || in->lock_seen[DB_OWN]));
}

/* A server looks at the requests of a session one after the other: a
 * transaction that was sent before a lock was lost is over when the lock is
 * had again. */
static void
execute_before_lock(struct world *w, struct instance *in, enum database db)
{
    if (db == DB_OWN) {
        orders_store_late(w, in);
        if (in->store && !in->store_done) {
            orders_store_commit(w, in);
        }
    } else if (db == DB_NB) {
        orders_nb_late(w, in);
        if (in->nb && !in->nb_done) {
            orders_nb_commit(w, in);
        }
    }
}

void
locks_update(struct world *w)
{
    for (int db = 0; db < N_DBS; db++) {
        int *holder = &w->lock_holder[db];

        if (*holder >= 0 && !wants_lock(&w->instances[*holder], db)) {
            *holder = -1;
        }
        for (int i = 0; i < N_INSTANCES && *holder < 0; i++) {
            if (wants_lock(&w->instances[i], db)) {
                execute_before_lock(w, &w->instances[i], db);
                *holder = i;
            }
        }
    }
    for (int i = 0; i < N_INSTANCES; i++) {
        const struct instance *in = &w->instances[i];

        for (int db = 0; in->alive && db < N_DBS; db++) {
            bool has = w->lock_holder[db] == i;

            if (in->lock_seen[db] != has) {
                /* That it has none it has a turn to learn. */
                by(w, in, IT_LOCKS,
                   w->now + has + delay(w, w->config.nb_ms));
            }
        }
    }
}

static void
see_locks(struct world *w, struct instance *in)
{
    bool had_own = in->lock_seen[DB_OWN];

    for (int db = 0; db < N_DBS; db++) {
        in->lock_seen[db] = (w->lock_holder[db] == in->number
                             && in->connected[db] && !in->lock_lost[db]);
        in->lock_lost[db] = false;
    }
    if (in->lock_seen[DB_OWN] && !had_own) {
        in->own_locked_ms = w->now;
    }
    locks_update(w);
    instance_wake(w, in, w->now);
}

/* ---- Connections. ---- */

void
instance_disconnect(struct world *w, struct instance *in, enum database db,
                    int64_t ms)
{
    static const char *const names[] = { "the own database", "NB", "SB" };
    struct model *m = guard_model(in->guard);

    in->reconnect_at[db] = w->now + ms;
    by(w, in, IT_CONNECT, in->reconnect_at[db]);
    if (!in->connected[db]) {
        return;
    }
    SAY(w, in->name, "loses %s for %"PRId64" ms", names[db], ms);
    if (db == DB_OWN && in->late_store) {
        in->connected[db] = delay(w, 1); /* It was read, or never is. */
        orders_store_late(w, in);
    }
    in->connected[db] = false;
    in->lock_seen[db] = false;
    switch (db) {
    case DB_OWN:
        if (in->store && !in->store_done) {
            in->store_fault = (delay(w, 1) ? FAULT_UNKNOWN_DONE
                               : FAULT_UNKNOWN_NOT_DONE);
            orders_store_commit(w, in);
        }
        if (in->store) {
            in->store_result = TXN_RESULT_UNKNOWN;
            set(w, in, IT_STORE_DONE, w->now);
        }
        break;
    case DB_NB:
        m->nb_synced = false;
        m->change_seqno++;
        if (in->nb && !in->nb_done) {
            in->nb_fault = (delay(w, 1) ? FAULT_UNKNOWN_DONE
                            : FAULT_UNKNOWN_NOT_DONE);
            orders_nb_commit(w, in);
        }
        if (in->nb) {
            in->nb_result = TXN_RESULT_UNKNOWN;
            set(w, in, IT_NB_DONE, w->now);
        }
        break;
    case DB_SB:
        model_forget_sb(m);
        m->sb_synced = false;
        m->change_seqno++;
        mirror_forget_watch(in);
        break;
    case N_DBS:
        OVS_NOT_REACHED();
    }
    locks_update(w);
    instance_wake(w, in, w->now);
}

static void
connect_dbs(struct world *w, struct instance *in)
{
    for (int db = 0; db < N_DBS; db++) {
        if (in->connected[db]) {
            continue;
        }
        if (in->reconnect_at[db] > w->now) {
            by(w, in, IT_CONNECT, in->reconnect_at[db]);
            continue;
        }
        in->connected[db] = true;
        switch (db) {
        case DB_OWN: in->store_news = true; break;
        case DB_NB: mirror_copy_nb(w, in); break;
        case DB_SB: mirror_copy_sb(w, in); break;
        }
    }
    locks_update(w);
    instance_wake(w, in, w->now);
}

/* ---- Kubernetes. ---- */

static void
kube_in(struct world *w, struct instance *in)
{
    struct kube_server *k = &w->kube;
    struct kpod before[N_OWNED_SLOTS];

    if (in->watch_broken || !guard_model(in->guard)->kube_synced) {
        return;
    }
    for (int i = 0; i < N_OWNED_SLOTS; i++) {
        before[i] = in->known[i].pod;
    }
    while (in->kube_pos < k->n_log) {
        const struct kube_event *e = &k->log[in->kube_pos++];
        kube_deliver(w, in, e->object, &e->value, e->version, false);
    }
    for (int i = 0; i < N_OWNED_SLOTS; i++) {
        if (kube_decides_anew(w, &before[i], &in->known[i].pod, i)) {
            in->slot_changed[i] = w->now;
        }
    }
    instance_wake(w, in, w->now);
}

void
instance_break_watch(struct world *w, struct instance *in, int64_t ms)
{
    SAY(w, in->name, "loses the watch for %"PRId64" ms%s", ms,
        in->list_needed ? "; it is too old then" : "");
    in->watch_broken = true;
    if (in->list_needed) {
        guard_model(in->guard)->kube_trusted = false;
        guard_model(in->guard)->change_seqno++;
    }
    set(w, in, IT_KUBE_LIST, w->now + ms);
    instance_wake(w, in, w->now);
}

static void
list_object(struct world *w, struct instance *in, int object)
{
    union kobject o;

    memset(&o, 0, sizeof o);
    if (object < N_OWNED_SLOTS) {
        o.pod = w->kube.pods[object];
    } else if (object == OBJ_VM) {
        o.sts = w->kube.vm;
    } else {
        o.sts = w->kube.sts[object - OBJ_STS(0)];
    }
    struct kpod before = in->known[MIN(object, N_OWNED_SLOTS - 1)].pod;

    kube_deliver(w, in, object, &o, w->kube.object_version[object],
                 true);
    if (object < N_OWNED_SLOTS
        && kube_decides_anew(w, &before, &in->known[object].pod, object)) {
        in->slot_changed[object] = w->now;
    }
}

/* What the list has no more is gone. */
static void
forget_object(struct world *w, struct instance *in, int object)
{
    union kobject gone = in->known[object];

    if (object < N_OWNED_SLOTS) {
        gone.pod.exists = false;
    } else {
        gone.sts.exists = false;
    }
    kube_deliver(w, in, object, &gone, in->kube_version[object] + 1,
                 true);
}

/* A list that breaks off tells of what it has, and of nothing else. */
static bool
list_cut(struct world *w, struct instance *in)
{
    if (!in->lists_cut) {
        return false;
    }
    in->lists_cut--;
    SAY(w, in->name, "a list breaks off after %d objects", in->list_cut_at);
    for (int i = 0; i < N_OBJECTS; i++) {
        int object = N_OBJECTS - 1 - i;

        if (i < in->list_cut_at) {
            list_object(w, in, object);
        } else if (SIM_PLANTED(LIST_AS_EMPTY)) {
            forget_object(w, in, object);
        }
    }
    if (SIM_PLANTED(LIST_AS_EMPTY)) {
        guard_model(in->guard)->kube_synced = true;
        guard_model(in->guard)->kube_trusted = true;
    }
    guard_model(in->guard)->change_seqno++;
    timer_set(w, instance_timer_number(in, IT_KUBE_LIST),
              w->now + 1000 + delay(w, 5000));
    instance_wake(w, in, w->now);
    return true;
}

static void
kube_list(struct world *w, struct instance *in)
{
    struct model *m = guard_model(in->guard);

    if ((in->list_needed || !m->kube_synced) && list_cut(w, in)) {
        return;
    }
    in->watch_broken = false;
    if (in->list_needed || !m->kube_synced) {
        /* Owners first, as they have to be there when pods are. */
        for (int i = N_OBJECTS - 1; i >= 0; i--) {
            list_object(w, in, i);
        }
        in->kube_pos = w->kube.n_log;
        in->list_needed = false;
        in->listed_ms = w->now;
    }
    m->kube_synced = m->kube_trusted = m->vips_known = true;
    if (w->config.ip_objects) {
        by(w, in, IT_IPAM_IN, w->now + delay(w, in->kube_lag_ms));
    }
    m->change_seqno++;
    kube_in(w, in);
    instance_wake(w, in, w->now);
}

/* ---- Life. ---- */

void
instance_init(struct world *w, int number)
{
    struct instance *in = &w->instances[number];

    memset(in, 0, sizeof *in);
    in->number = number;
    in->kill_in = -1;
    sset_init(&in->watch_sent.ports);
    sset_init(&in->watch_sent.addresses);
    sset_init(&in->watch_sent.networks);
    sset_init(&in->watch_next.ports);
    sset_init(&in->watch_next.addresses);
    sset_init(&in->watch_next.networks);
    in->nb_lag_ms = w->config.nb_ms;
    in->sb_lag_ms = w->config.sb_ms;
    in->kube_lag_ms = w->config.kube_ms;
    in->nb_one_by_one = w->config.one_by_one;
    snprintf(in->boot_id, sizeof in->boot_id, "boot-%d-%d", number, 0);
}

void
instance_start(struct world *w, struct instance *in)
{
    uint64_t random = prng_hash(0x5eed, in->number, in->lives++);
    struct uuid seed = {
        .parts = { random >> 32, random, random >> 16, random >> 48 },
    };

    snprintf(in->name, sizeof in->name, "daemon%d.%u", in->number, in->lives);
    SAY(w, in->name, "starts");
    in->alive = true;
    in->born_ms = w->now;
    in->guard = guard_create(sim_dialect(w), &in->settings, in->name,
                             &seed);
    memset(in->nb_rows, 0, sizeof in->nb_rows);
    memset(in->read_began, 0, sizeof in->read_began);
    memset(in->nb_net_ids, 0, sizeof in->nb_net_ids);
    memset(in->kube_version, 0, sizeof in->kube_version);
    memset(in->known, 0, sizeof in->known);
    memset(in->ip_told, 0, sizeof in->ip_told);
    in->subnets_told = false;
    in->nb_pos = w->nb.n_log;
    in->watch_broken = in->list_needed = false;
    in->lists_cut = 0;
    in->store_news = false;
    in->sb_busy = false;
    in->must_be_frozen = in->own_went_back = false;
    in->thawed = in->sb_thawed = false;
    in->own_identity = 0;
    memset(in->lock_lost, 0, sizeof in->lock_lost);
    in->look_back = 0;
    memset(in->took, 0, sizeof in->took);
    memset(in->left, 0, sizeof in->left);
    memset(in->left_plain, 0, sizeof in->left_plain);
    in->seen_guarded = in->seen_orphan = 0;
    in->last_bump_ms = INT64_MIN / 2;
    in->next_wake = NEVER;
    mirror_forget_watch(in);
    for (int i = 0; i < N_SLOTS; i++) {
        in->slot_changed[i] = w->now;
    }
    for (int db = 0; db < N_DBS; db++) {
        in->connected[db] = in->lock_seen[db] = false;
        in->reconnect_at[db] = w->now + delay(w, 40);
        by(w, in, IT_CONNECT, in->reconnect_at[db]);
    }
    in->kube_pos = 0;
    set(w, in, IT_KUBE_LIST, w->now + delay(w, w->config.kube_ms));
    instance_wake(w, in, w->now);
}

/* Its end without a last word.  What was under way may have been carried out
 * before, or never will be. */
void
instance_stop(struct world *w, struct instance *in)
{
    in->alive = false;
    w->n_killed++;
    for (int t = 0; t < N_INSTANCE_TIMERS; t++) {
        set(w, in, t, NEVER);
    }
    orders_drop(in);
    guard_destroy(in->guard);
    in->guard = NULL;
    memset(in->connected, 0, sizeof in->connected);
    memset(in->lock_seen, 0, sizeof in->lock_seen);
    in->kill_in = -1;
    in->dies_told = false;
    in->paused = false;
    locks_update(w);
}

void
instance_kill(struct world *w, struct instance *in, const char *how)
{
    SAY(w, in->name, "is killed%s", how);
    if (in->late_store && delay(w, 1)) {
        orders_store_late(w, in);
    }
    if (in->late_nb && delay(w, 1)) {
        orders_nb_late(w, in);
    }
    if (in->store && !in->store_done && delay(w, 1)) {
        orders_store_commit(w, in);
    }
    if (in->nb && !in->nb_done && delay(w, 1)) {
        orders_nb_commit(w, in);
    }
    instance_stop(w, in);
    set(w, in, IT_START, w->now + 10 + delay(w, 4000));
}

/* ---- Turns. ---- */

static void
take_log(struct world *w, struct instance *in)
{
    char level, *line;

    while ((line = guard_pop_log(in->guard, &level))) {
        if (w->trace) {
            say(w, in->name, "%c| %s", level, line);
        }
        free(line);
    }
}

static void
load_store(struct world *w, struct instance *in)
{
    struct store_snapshot snap;
    struct guard_env env;

    in->store_news = false;
    in->own_went_back |= (in->own_identity
                          && (in->own_identity != w->own.identity
                              || (w->own.row.generation
                                  < in->own_generation)));
    in->own_identity = w->own.identity;
    in->own_generation = w->own.row.generation;
    store_snapshot_init(&snap);
    own_snapshot(w, &snap);
    instance_env(w, in, &env);
    guard_load(in->guard, &snap, &env);
    store_snapshot_destroy(&snap);
}

static void
turn(struct world *w, struct instance *in)
{
    struct guard_env env;
    struct orders orders;

    instance_env(w, in, &env);
    if (in->connected[DB_OWN]
        && (in->store_news || guard_wants_load(in->guard, &env))) {
        load_store(w, in);
    }
    if (in->turn_ms != w->now) {
        in->turn_ms = w->now;
        in->n_turns_now = 0;
    } else if (++in->n_turns_now > 400) {
        violate(w, RULE_REST, "%s does not come to rest", in->name);
        return;
    }
    whim_before_turn(w, in);
    coverage_before_turn(w, in);
    orders_init(&orders);
    guard_run(in->guard, &env, &orders);
    coverage_after_turn(w, in);
    take_log(w, in);
    rules_check_orders(w, in, &orders);
    own_note_ends(w, in);
    orders_take(w, in, &orders);
    if (w->config.ip_objects) {
        ipam_take_writes(w, in, &orders);
        ipam_ask_refusals(w, in, &orders);
    }
    look_back_check(w, in);
    reaction_check(w, in, &env);
    mirror_send_watch(w, in);
    if (orders.again) {
        instance_wake(w, in, w->now);
    } else if (orders.next_wake_ms != LLONG_MAX) {
        /* The daemon's poll loop looks at the clock in whole ms. */
        int64_t at = orders.next_wake_ms + in->mono0 - CLOCK_BEGINS;
        instance_wake(w, in, MAX(at, w->now + 1));
    }
    orders_destroy(&orders);
}

void
instance_timer(struct world *w, struct instance *in, enum instance_timer t)
{
    set(w, in, t, NEVER);
    switch (t) {
    case IT_NB_IN: mirror_nb_in(w, in); break;
    case IT_SB_IN:
        if (in->connected[DB_SB]) {
            mirror_tell_sb(w, in);
        }
        break;
    case IT_SB_ACK: mirror_sb_ack(w, in); break;
    case IT_KUBE_IN: kube_in(w, in); break;
    case IT_KUBE_LIST: kube_list(w, in); break;
    case IT_IPAM_IN: ipam_in(w, in); break;
    case IT_KUBE_WRITE: ipam_carry_out(w, in); break;
    case IT_STORE_IN: instance_wake(w, in, w->now); break;
    case IT_STORE_COMMIT: orders_store_commit(w, in); break;
    case IT_STORE_DONE: orders_store_done(w, in); break;
    case IT_STORE_LATE: orders_store_late(w, in); break;
    case IT_NB_COMMIT: orders_nb_commit(w, in); break;
    case IT_NB_DONE:
        if (in->connected[DB_NB]) {
            mirror_read_nb(w, in, in->nb_done_seq);
        }
        orders_nb_done(w, in);
        break;
    case IT_NB_LATE: orders_nb_late(w, in); break;
    case IT_READS: orders_reads(w, in); break;
    case IT_MACS: orders_macs(w, in); break;
    case IT_CONNECT: connect_dbs(w, in); break;
    case IT_LOCKS: see_locks(w, in); break;
    case IT_START: instance_start(w, in); break;
    case IT_TURN: turn(w, in); break;
    case N_INSTANCE_TIMERS: OVS_NOT_REACHED();
    }
    if (in->alive && in->kill_in >= 0 && in->kill_in-- == 0) {
        instance_kill(w, in, ", between two steps");
    }
}
