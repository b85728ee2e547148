/* SPDX-License-Identifier: Apache-2.0 */

/* The guard in a simulated world: how much it does at once and in all, the
 * brake, and what freezes it. */

#include <config.h>

#include <limits.h>
#include <stdlib.h>

#include "util.h"

#include "tests/unit/guard-fixture.h"
#include "tests/unit/unit.h"
#include "tests/unit/world.h"

/* ---- Bounds. ---- */

/* 'n' StatefulSets' ports whose owners are gone. */
static void
many_stale(struct world *w, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char *pod = xasprintf("x%zu-0", i);
        char *elem = xasprintf("0a:00:00:00:%02zx:%02zx 10.0.%zu.%zu",
                               1 + i / 200, i % 200, 1 + i / 200, i % 200);
        world_port(w, 0, pod, elem);
        free(pod);
        free(elem);
    }
}

static void
test_brake(void)
{
    struct world w;

    world_init(&w, MODE_MANAGE);
    world_network(&w, "net1");
    many_stale(&w, 60);
    world_flags(&w);
    world_run(&w, 100 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 0);
    CU_ASSERT_PTR_NOT_NULL(guard_brake(w.guard));
    CU_ASSERT_PTR_NOT_NULL(w.row.brake);
    CU_ASSERT_EQUAL(world_journalled(&w, "brake"), 1);

    /* Over a restart too. */
    world_kill(&w, true);
    world_run(&w, 200 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 0);
    CU_ASSERT_PTR_NOT_NULL(guard_brake(w.guard));

    w.settings.brake_clears = 1000;
    w.settings.brake_percent = 100;
    guard_set_settings(w.guard, &w.settings);
    free(guard_brake_rearm(w.guard));
    world_run(&w, 200 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 60);
    CU_ASSERT_PTR_NULL(w.row.brake);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

static void
test_max_holds_and_batches(void)
{
    struct world w;

    world_init(&w, MODE_MANAGE);
    w.settings.max_holds = 7;
    w.settings.batch_rows = 3;
    w.settings.brake_clears = 1000;
    w.settings.brake_percent = 100;
    guard_set_settings(w.guard, &w.settings);
    world_network(&w, "net1");
    many_stale(&w, 40);
    world_flags(&w);
    world_settle(&w);
    size_t bumps = w.n_bumps;
    long long int start = w.now;
    for (int i = 0; i < 400 && w.n_clears < 40; i++) {
        world_run(&w, 500);
        CU_ASSERT(w.n_holds <= 7);
    }
    CU_ASSERT_EQUAL(w.n_clears, 40);
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT(w.n_bumps - bumps <= (w.now - start) / 1000 + 1);
    CU_ASSERT(w.min_bump_gap_ms >= w.settings.barrier_interval_ms);
    fixture_end(&w);
}

/* More holds than are looked at in a turn, or stored in a transaction. */
static void
test_very_many_holds(void)
{
    enum { N = 1300 };
    struct world w;

    world_init(&w, MODE_MANAGE);
    w.settings.brake_clears = INT_MAX;
    w.settings.brake_floor = INT_MAX;
    guard_set_settings(w.guard, &w.settings);
    world_network(&w, "net1");
    many_stale(&w, N);
    world_flags(&w);
    world_run(&w, 3000);
    w.northd_frozen = true;
    world_run(&w, 100 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, N);
    CU_ASSERT_EQUAL(w.n_holds, N);

    /* All get their barriers, which they share. */
    size_t bumps = w.n_bumps;
    w.northd_frozen = false;
    world_run(&w, 10 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT_EQUAL(world_journalled(&w, "release"), N);
    CU_ASSERT(w.n_bumps - bumps <= 10);
    CU_ASSERT(w.min_bump_gap_ms >= w.settings.barrier_interval_ms);
    fixture_end(&w);
}

/* Very many holds that do not end cost nothing while nothing changes, not even
 * a barrier, and little where what changes is one of them. */
static void
test_many_holds_at_rest(void)
{
    enum { N = 600 };
    const struct guard_counters *counters;
    struct world w;

    world_init(&w, MODE_GUARD);
    w.settings.hold_deadline_ms = 3600 * 1000;
    guard_set_settings(w.guard, &w.settings);
    w.northd_frozen = true;     /* The start barrier does not pass, either. */
    world_network(&w, "net1");
    many_stale(&w, N);
    struct wport *p = fixture_running(&w, "other", MAC2, "10.9.9.9");
    world_flags(&w);
    world_run(&w, 1000);
    for (size_t i = 0; i < N; i++) {
        world_set_addresses(&w, w.ports[i], MAC1);
    }
    world_run(&w, 100 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, N);

    counters = guard_get_counters(w.guard);
    uint64_t looked = counters->holds_looked;
    size_t bumps = w.n_bumps;
    world_run(&w, 100 * 1000);
    CU_ASSERT_EQUAL(counters->holds_looked, looked);
    CU_ASSERT_EQUAL(w.n_bumps, bumps);

    /* All are looked at when a row has changed, and when SB is watched for
     * one more port; not when the new hold is stored or gets its barrier. */
    world_set_addresses(&w, p, MAC2);
    world_run(&w, 10 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, N + 1);
    CU_ASSERT(counters->holds_looked > looked);
    CU_ASSERT(counters->holds_looked - looked <= 3 * N);

    w.northd_frozen = false;
    world_run(&w, 20 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

static void
test_min_hold(void)
{
    struct world w;
    struct wport *p = fixture_begin(&w, MODE_GUARD);

    w.settings.min_hold_ms = 50 * 1000;
    guard_set_settings(w.guard, &w.settings);
    world_bind(&w, p, NULL);
    world_set_addresses(&w, p, MAC1);
    world_run(&w, 49 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 1);
    /* A restart does not shorten it, another boot starts it anew. */
    world_kill(&w, true);
    world_run(&w, 500);
    CU_ASSERT_EQUAL(w.n_holds, 1);
    free(w.boot_id);
    w.boot_id = xstrdup("boot-2");
    w.now = 5000;
    world_kill(&w, true);
    world_run(&w, 49 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 1);
    world_run(&w, 3 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* ---- Freeze. ---- */

static void
check_frozen(struct world *w, size_t n_clears)
{
    struct wport *p = world_find_port(w, "sts1-0.default");

    world_flags(w);
    world_run(w, 1000);
    CU_ASSERT_PTR_NOT_NULL(guard_frozen(w->guard));
    world_sts(w, unit_sts("sts1", "sts1", 1, "ip_pool="IP2));
    world_bind(w, p, NULL);
    world_del_pod(w, "sts1-0");
    world_run(w, 100 * 1000);
    CU_ASSERT_EQUAL(w->n_clears, n_clears);
    CU_ASSERT_PTR_NOT_NULL(w->row.frozen);
    world_kill(w, true);
    world_run(w, 100 * 1000);
    CU_ASSERT_EQUAL(w->n_clears, n_clears);
    CU_ASSERT_PTR_NOT_NULL(guard_frozen(w->guard));
    free(guard_thaw(w->guard));
    world_run(w, 100 * 1000);
    CU_ASSERT_EQUAL(w->n_clears, n_clears + 1);
    CU_ASSERT(world_has(w, "sts1-0.default", IP2));
    CU_ASSERT_EQUAL(w->n_holds, 0);
    fixture_end(w);
}

static void
test_freeze(void)
{
    struct world w;

    fixture_begin(&w, MODE_MANAGE);
    w.nb_cfg = 100;
    world_flags(&w);
    world_run(&w, 1000);
    w.nb_cfg = w.sb_nb_cfg = 40;
    check_frozen(&w, 0);

    fixture_begin(&w, MODE_MANAGE);
    free(w.nb_identity);
    w.nb_identity = xstrdup("nb-2");
    check_frozen(&w, 0);

    fixture_begin(&w, MODE_MANAGE);
    free(w.sb_identity);
    w.sb_identity = xstrdup("sb-2");
    check_frozen(&w, 0);

    fixture_begin(&w, MODE_MANAGE);
    many_stale(&w, 40);
    for (size_t i = 0; i < 40; i++) {
        char *pod = xasprintf("x%zu-0", i);
        world_pod(&w, unit_pod(pod, pod, OWNER_NONE, NULL, ""));
        free(pod);
    }
    world_run(&w, 1000);
    for (size_t i = 0; i < 40; i++) {
        char *name = xasprintf("x%zu-0.default", i);
        world_del_port(&w, world_find_port(&w, name));
        free(name);
    }
    check_frozen(&w, 0);
}

/* Nothing is released while frozen. */
static void
test_frozen_hold(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    free(guard_freeze(w.guard, "test"));
    w.northd_frozen = false;
    world_run(&w, 300 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 1);
    free(guard_thaw(w.guard));
    world_run(&w, 30 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

void
suite_guard_bounds(void)
{
    CU_pSuite suite = unit_add_suite("guard_bounds");

    CU_ADD_TEST(suite, test_brake);
    CU_ADD_TEST(suite, test_max_holds_and_batches);
    CU_ADD_TEST(suite, test_very_many_holds);
    CU_ADD_TEST(suite, test_many_holds_at_rest);
    CU_ADD_TEST(suite, test_min_hold);
    CU_ADD_TEST(suite, test_freeze);
    CU_ADD_TEST(suite, test_frozen_hold);
}
