/* SPDX-License-Identifier: Apache-2.0 */

/* The simulated world's life and its turns.  What others do in it is in
 * world-hands.c; how orders are carried out, and what must hold then, in
 * world-act.c, world-nb.c, world-sb.c and world-store.c; what a test looks at
 * in world-looks.c. */

#include <config.h>

#include "tests/unit/world.h"

#include <CUnit/CUnit.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sset.h"
#include "util.h"

#include "agent/core/dialect.h"
#include "tests/unit/world-private.h"

/* ---- Life. ---- */

static void
start_guard(struct world *w)
{
    struct uuid seed = { .parts = { 0x5eed, w->n_guards, 0, 0 } };
    char *instance = xasprintf("test:%u", w->n_guards++);

    w->guard = guard_create(w->dialect, &w->settings, instance, &seed);
    free(instance);

    struct model *m = guard_model(w->guard);
    for (size_t i = 0; i < w->n_networks; i++) {
        world_tell_network(w, i);
    }
    for (size_t i = 0; i < w->n_ports; i++) {
        w->ports[i]->told = false;
        world_port_changed(w, w->ports[i]);
    }
    for (size_t i = 0; i < w->n_chassis; i++) {
        if (!w->chassis[i].phantom) {
            model_set_chassis(m, w->chassis[i].name, false);
        }
    }
    for (size_t i = 0; i < w->n_kube; i++) {
        if (w->kube[i].pod) {
            unit_set_pod(m, pod_clone(w->kube[i].pod));
        } else {
            unit_set_workload(m, workload_clone(w->kube[i].workload));
        }
    }
    world_flags(w);
}

void
world_init(struct world *w, enum guard_mode mode)
{
    world_init_dialect(w, mode, &dialect_kube_ovn);
}

void
world_init_dialect(struct world *w, enum guard_mode mode,
                   const struct dialect *dialect)
{
    memset(w, 0, sizeof *w);
    w->dialect = dialect;
    settings_init(&w->settings);
    w->settings.mode = mode;
    w->now = 1000;
    w->wall = 1700000000000;
    w->boot_id = xstrdup("boot-1");
    w->nb_identity = xstrdup("nb-1");
    w->sb_identity = xstrdup("sb-1");
    w->store_identity = xstrdup("store-1");
    w->have_store = true;
    w->locked = true;
    w->check_bound = true;
    w->sb_lag = 1;
    w->last_bump_ms = LLONG_MIN / 2;
    w->min_bump_gap_ms = LLONG_MAX;
    ipguard_row_init(&w->row);
    sset_init(&w->log);
    orders_init(&w->orders);
    start_guard(w);
}

void
world_destroy(struct world *w)
{
    guard_destroy(w->guard);
    for (size_t i = 0; i < w->n_ports; i++) {
        world_free_port(w->ports[i]);
    }
    free(w->ports);
    for (size_t i = 0; i < w->n_networks; i++) {
        free(w->networks[i].name);
        free(w->networks[i].subnet);
        free(w->networks[i].exclude);
        free(w->networks[i].ours);
    }
    for (size_t i = 0; i < w->n_chassis; i++) {
        free(w->chassis[i].name);
    }
    for (size_t i = 0; i < w->n_macs; i++) {
        free(w->macs[i].router_port);
        free(w->macs[i].ip);
        free(w->macs[i].mac);
    }
    for (size_t i = 0; i < w->n_kube; i++) {
        pod_destroy(w->kube[i].pod);
        workload_destroy(w->kube[i].workload);
    }
    free(w->kube);
    for (size_t i = 0; i < w->n_holds; i++) {
        hold_destroy(w->holds[i]);
    }
    free(w->holds);
    for (size_t i = 0; i < w->n_gates; i++) {
        gate_destroy(w->gates[i]);
    }
    free(w->gates);
    for (size_t i = 0; i < w->n_journal; i++) {
        journal_entry_destroy(&w->journal[i]);
    }
    free(w->journal);
    for (size_t i = 0; i < w->n_writes; i++) {
        kube_write_destroy(w->writes[i]);
    }
    free(w->writes);
    ipguard_row_destroy(&w->row);
    store_batch_destroy(w->store);
    nb_batch_destroy(w->nb);
    orders_destroy(&w->orders);
    sset_destroy(&w->log);
    free(w->boot_id);
    free(w->nb_identity);
    free(w->sb_identity);
    free(w->store_identity);
    free(w->violation);
}

void
world_kill(struct world *w, bool commit)
{
    if (commit) {
        world_commit_under_way(w);
    }
    guard_destroy(w->guard);
    store_batch_destroy(w->store);
    nb_batch_destroy(w->nb);
    w->store = NULL;
    w->nb = NULL;
    orders_destroy(&w->orders);
    orders_init(&w->orders);
    start_guard(w);
}

/* ---- Turns. ---- */

void
world_get_env(const struct world *w, struct guard_env *env)
{
    *env = (struct guard_env) {
        .now = w->now,
        .wall = w->wall,
        .boot_id = w->boot_id,
        .have_store = w->have_store,
        .store_ready = w->have_store,
        .locked = w->locked,
        .store_busy = w->store != NULL,
        .nb_busy = w->nb != NULL,
        .paused = w->paused,
        .portion = w->portion,
        .more_ports = w->more_ports,
        .kube_writable = !w->no_api,
        .release_certain = w->release_certain,
        .release_left_out = w->release_left_out,
    };
}

static void
take_log(struct world *w)
{
    char *line;
    char level;

    while ((line = guard_pop_log(w->guard, &level))) {
        if (getenv("IPGUARD_TEST_LOG")) {
            printf("%lld %c %s\n", w->now, level, line);
        }
        sset_add_and_free(&w->log, line);
    }
}

bool
world_turn(struct world *w)
{
    struct guard_env env;
    bool busy;

    w->n_turns++;
    busy = world_run_sb(w);
    busy |= world_carry_out(w);
    world_get_env(w, &env);
    if (guard_wants_load(w->guard, &env)) {
        world_load(w);
    }
    orders_destroy(&w->orders);
    orders_init(&w->orders);
    guard_run(w->guard, &env, &w->orders);
    busy |= world_take_orders(w);
    take_log(w);
    return busy || w->orders.again || w->store || w->nb;
}

void
world_settle(struct world *w)
{
    size_t n = 0;

    while (world_turn(w)) {
        if (++n >= 500) {
            CU_FAIL("the guard does not come to rest");
            return;
        }
    }
}

void
world_run(struct world *w, long long int ms)
{
    long long int end = w->now + ms;
    size_t n = 0;

    for (;;) {
        world_settle(w);
        long long int next = w->orders.next_wake_ms;

        if (next > end) {
            break;
        }
        if (next <= w->now && ++n > 20) {
            CU_FAIL("the guard asks to be woken in the past");
            return;
        }
        next = MAX(next, w->now + 1);
        w->wall += next - w->now;
        w->now = next;
    }
    w->wall += end - w->now;
    w->now = end;
    world_settle(w);
}
