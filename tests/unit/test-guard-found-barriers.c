/* SPDX-License-Identifier: Apache-2.0 */

/* What the simulation (tests/sim) found wrong with barriers and the chassis
 * that confirm them: after a start, a change of role or a database that went
 * back. */

#include <config.h>

#include "tests/unit/guard-fixture.h"
#include "tests/unit/unit.h"
#include "tests/unit/world.h"

/* NB went back while no instance ran: the barriers of a hold are of before
 * that, and the value that they wait for may be long in coming. */
static void
test_barriers_of_before_a_rollback(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world_stored_hold(&w, IP1));
    CU_ASSERT(world_stored_hold(&w, IP1)->b1 > 0);
    for (size_t i = 0; i < w.n_holds; i++) {
        w.holds[i]->b1 = w.holds[i]->b2 = 1000;
    }
    world_kill(&w, false);
    w.northd_frozen = false;
    world_run(&w, 300 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* SB still has the nb_cfg of before NB went back: a barrier that gets the same
 * value would seem to have passed. */
static void
test_no_barrier_while_sb_is_ahead(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    w.sb_nb_cfg = w.nb_cfg + 1000;
    world_flags(&w);
    world_settle(&w);
    size_t before = w.n_bumps;
    world_port(&w, 0, "other", MAC3" 10.0.0.3");
    world_settle(&w);
    world_del_port(&w, world_find_port(&w, "other.default"));
    world_run(&w, 10 * 1000);
    CU_ASSERT_PTR_NOT_NULL(world_hold(&w, "10.0.0.3"));
    CU_ASSERT_EQUAL(w.n_bumps, before);
    fixture_end(&w);
}

/* A hold that had all its evidence but the time is loaded by another life: as
 * nobody knows what its barriers covered, two new ones pass before it ends. */
static void
test_start_takes_two_barriers(void)
{
    struct world w;

    fixture_begin(&w, MODE_GUARD);
    w.settings.min_hold_ms = 60 * 1000;
    guard_set_settings(w.guard, &w.settings);
    fixture_leave(&w);
    w.northd_frozen = false;
    world_run(&w, 10 * 1000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world_stored_hold(&w, IP1));
    CU_ASSERT(world_stored_hold(&w, IP1)->b2 > 0);
    world_kill(&w, false);
    guard_set_settings(w.guard, &w.settings);
    size_t before = w.n_bumps;
    world_run(&w, 300 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT(w.n_bumps >= before + 2);
    fixture_end(&w);
}

/* A taker is shut when the hold had its barriers already: that it is shut, SB
 * and the chassis are to have seen before it is opened. */
static void
test_gate_takes_new_barriers(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    int64_t b1 = world_hold(&w, IP1)->b1;
    CU_ASSERT(b1 > 0);
    struct wport *p = fixture_taker(&w, "sts2", MAC2, IP1, 5);
    world_run(&w, 3000);
    CU_ASSERT(p->enabled == TRI_FALSE);
    CU_ASSERT(world_hold(&w, IP1)->b1 > b1 || !world_hold(&w, IP1)->b1);
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT(p->enabled != TRI_FALSE);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* sts2-0 wants IP2, to which a chassis may still send somewhere else: of what
 * left a port while no instance ran, or of what a restored SB has led to once
 * more, no hold tells. */
static void
wait_for_chassis(enum chassis_policy policy, bool answers)
{
    struct world w;

    fixture_begin(&w, MODE_MANAGE);
    w.settings.chassis_policy = policy;
    guard_set_settings(w.guard, &w.settings);
    world_run(&w, 5000);
    w.locked = false;
    world_settle(&w);
    w.chassis[0].answers = false;
    w.locked = true;
    world_sts(&w, unit_sts("sts2", "sts2", 1, "ip_pool="IP2));
    world_pod(&w, unit_pod("sts2-0", "u2", OWNER_STATEFULSET, "sts2",
                           "ip_pool="IP2));
    world_port(&w, 0, "sts2-0", MAC2);
    world_run(&w, 10 * 1000);
    CU_ASSERT(!world_has(&w, "sts2-0.default", IP2));
    if (answers) {
        w.chassis[0].answers = true;
        world_run(&w, 2000);
    } else {
        world_run(&w, 60 * 1000);
    }
    CU_ASSERT(world_has(&w, "sts2-0.default", IP2));
    fixture_end(&w);
}

/* After a change of role an address is set when the chassis have confirmed the
 * start barrier.  One that stands still is waited for no longer than
 * chassis-timeout, also where a hold waits without end. */
static void
test_set_waits_for_chassis(void)
{
    wait_for_chassis(CHASSIS_BOUNDED, true);
    wait_for_chassis(CHASSIS_BOUNDED, false);
    wait_for_chassis(CHASSIS_WAIT, true);
    wait_for_chassis(CHASSIS_WAIT, false);
}

/* NB went back, and the dead chassis stands where the barriers of the start
 * are by now.  It was not known of when they were taken, so another one is. */
static void
test_chassis_known_after_start(void)
{
    struct world w;

    fixture_begin(&w, MODE_MANAGE);
    world_run(&w, 5000);
    w.locked = false;
    world_settle(&w);
    w.chassis[0].answers = false;
    w.chassis[0].nb_cfg = w.nb_cfg + 2;
    w.sb_watch_stays = true;
    w.locked = true;
    world_sts(&w, unit_sts("sts2", "sts2", 1, "ip_pool="IP2));
    world_pod(&w, unit_pod("sts2-0", "u2", OWNER_STATEFULSET, "sts2",
                           "ip_pool="IP2));
    world_port(&w, 0, "sts2-0", MAC2);
    world_run(&w, 10 * 1000);
    CU_ASSERT_EQUAL(w.nb_cfg, w.chassis[0].nb_cfg);
    w.sb_watch_stays = false;
    world_run(&w, 10 * 1000);
    CU_ASSERT(!world_has(&w, "sts2-0.default", IP2));
    w.chassis[0].answers = true;
    world_run(&w, 2000);
    CU_ASSERT(world_has(&w, "sts2-0.default", IP2));
    CU_ASSERT_EQUAL(w.n_violations, 0);
    fixture_end(&w);
}

/* What chassis confirmed in another life is not counted: SB may have gone back
 * while nobody was connected, and have come to the same nb_cfg again. */
static void
test_barriers_are_taken_anew(void)
{
    struct world w;

    fixture_begin(&w, MODE_GUARD);
    w.settings.min_hold_ms = 20 * 1000;
    guard_set_settings(w.guard, &w.settings);
    world_bind(&w, world_find_port(&w, "sts1-0.default"), NULL);
    world_set_addresses(&w, world_find_port(&w, "sts1-0.default"), MAC1);
    world_run(&w, 10 * 1000);
    CU_ASSERT_FATAL(world_stored_hold(&w, IP1) != NULL);
    CU_ASSERT(world_stored_hold(&w, IP1)->b2 > 0);
    w.chassis[0].answers = false;
    world_kill(&w, false);
    world_run(&w, 15 * 1000);
    CU_ASSERT_PTR_NOT_NULL(world_stored_hold(&w, IP1));
    w.chassis[0].answers = true;
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

void
suite_guard_found_barriers(void)
{
    CU_pSuite suite = unit_add_suite("guard_found_barriers");

    CU_ADD_TEST(suite, test_barriers_of_before_a_rollback);
    CU_ADD_TEST(suite, test_no_barrier_while_sb_is_ahead);
    CU_ADD_TEST(suite, test_start_takes_two_barriers);
    CU_ADD_TEST(suite, test_gate_takes_new_barriers);
    CU_ADD_TEST(suite, test_set_waits_for_chassis);
    CU_ADD_TEST(suite, test_chassis_known_after_start);
    CU_ADD_TEST(suite, test_barriers_are_taken_anew);
}
