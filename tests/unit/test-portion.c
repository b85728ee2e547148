/* SPDX-License-Identifier: Apache-2.0 */

/* How much is done in a turn (agent/core/portion.c), and that the guard, which
 * is given portions, does all of it and comes to rest. */

#include <config.h>

#include <stdio.h>

#include "tests/unit/guard-fixture.h"
#include "tests/unit/unit.h"
#include "tests/unit/world-private.h"
#include "tests/unit/world.h"

#include "agent/core/guard.h"
#include "agent/core/portion.h"

/* A turn takes 'us' for each of the portion, and 'base_ms' besides. */
static size_t
settle(size_t portion, long long int base_ms, long long int us)
{
    for (int i = 0; i < 100; i++) {
        portion = portion_next(portion, true,
                               base_ms + (long long int) portion * us / 1000);
    }
    return portion;
}

static void
test_follows_the_machine(void)
{
    /* Fast: all of it.  Slow: 20 to 40 ms of a turn. */
    CU_ASSERT_EQUAL(settle(PORTION_START, 1, 100), GUARD_PORTION_MAX);
    CU_ASSERT(settle(PORTION_START, 0, 500) * 500 <= 40 * 1000);
    CU_ASSERT(settle(PORTION_MIN, 0, 500) * 500 >= 20 * 1000);
    /* What does not depend on it does not make it vanish. */
    CU_ASSERT_EQUAL(settle(GUARD_PORTION_MAX, 1000, 0), PORTION_MIN);
    CU_ASSERT_EQUAL(settle(PORTION_MIN, 0, 0), GUARD_PORTION_MAX);
}

/* Turns in which little is to be done tell nothing of full ones. */
static void
test_calm_tells_nothing(void)
{
    size_t portion = PORTION_START;

    for (int i = 0; i < 100; i++) {
        portion = portion_next(portion, false, 0);
    }
    CU_ASSERT_EQUAL(portion, PORTION_START);
    CU_ASSERT(portion_next(portion, false, 51) < PORTION_START);
}

/* What a turn has taken already leaves less to be done in it. */
static void
test_what_is_spent_counts(void)
{
    size_t last = GUARD_PORTION_MAX;

    CU_ASSERT_EQUAL(portion_of_turn(GUARD_PORTION_MAX, 0), GUARD_PORTION_MAX);
    CU_ASSERT_EQUAL(portion_of_turn(GUARD_PORTION_MAX, 10),
                    GUARD_PORTION_MAX);
    for (int spent_ms = 11; spent_ms <= 40; spent_ms++) {
        size_t portion = portion_of_turn(GUARD_PORTION_MAX, spent_ms);

        CU_ASSERT(portion < last);
        last = portion;
    }
    CU_ASSERT_EQUAL(last, PORTION_MIN);
    CU_ASSERT_EQUAL(portion_of_turn(GUARD_PORTION_MAX, 10000), PORTION_MIN);
    CU_ASSERT_EQUAL(portion_of_turn(PORTION_MIN, 10000), PORTION_MIN);
}

/* Holds whose network is gone end, one in a turn.  While the own database does
 * not answer no more of them can, and nothing is to be done. */
static void
test_ends_wait_for_the_database(void)
{
    enum { N = 6 };
    struct guard_env env;
    struct world w;
    int n_turns = 0;

    fixture_begin_held(&w, MODE_GUARD);
    for (int i = 2; i <= N; i++) {
        char name[32], mac[32], ip[32];

        snprintf(name, sizeof name, "sts%d", i);
        snprintf(mac, sizeof mac, "0a:00:00:00:01:%02d", i);
        snprintf(ip, sizeof ip, "10.0.0.%d", i);
        fixture_running(&w, name, mac, ip);
    }
    world_run(&w, 5000);
    for (int i = 1; i <= N; i++) {
        char name[32];

        snprintf(name, sizeof name, "sts%d-0.default", i);
        world_del_port(&w, world_find_port(&w, name));
    }
    world_settle(&w);
    CU_ASSERT_EQUAL(w.n_holds, N);
    w.portion = 1;
    model_remove_network(guard_model(w.guard), &w.networks[0].uuid);
    w.networks[0].exists = false;
    w.northd_frozen = false;
    while (hold_table_count(guard_holds(w.guard)) == N && n_turns++ < 1000) {
        world_turn(&w);
        w.now += 10;
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(w.store);
    world_get_env(&w, &env);
    CU_ASSERT(env.store_busy);
    n_turns = 0;
    do {
        orders_destroy(&w.orders);
        orders_init(&w.orders);
        guard_run(w.guard, &env, &w.orders);
    } while (w.orders.again && n_turns++ < 20);
    CU_ASSERT(!w.orders.again);
    CU_ASSERT(hold_table_count(guard_holds(w.guard)) > 0);
    world_run(&w, 5000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

void
suite_portion(void)
{
    CU_pSuite suite = unit_add_suite("portion");

    CU_ADD_TEST(suite, test_follows_the_machine);
    CU_ADD_TEST(suite, test_calm_tells_nothing);
    CU_ADD_TEST(suite, test_what_is_spent_counts);
    CU_ADD_TEST(suite, test_ends_wait_for_the_database);
}
