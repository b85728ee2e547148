/* SPDX-License-Identifier: Apache-2.0 */

/* What the simulation (tests/sim) found wrong with freezes and the brake, and
 * with databases and switches that are not what they were. */

#include <config.h>

#include "uuid.h"

#include "tests/unit/guard-fixture.h"
#include "tests/unit/unit.h"
#include "tests/unit/world-private.h"
#include "tests/unit/world.h"

#define IP3 "10.0.0.3"

static bool
brake_is_on(const struct world *w)
{
    return guard_brake(w->guard) != NULL;
}

/* One clear is one too many. */
static void
begin_braked(struct world *w)
{
    fixture_begin(w, MODE_GUARD);
    w->settings.brake_clears = 0;
    guard_set_settings(w->guard, &w->settings);
    fixture_make_stale(w);
    CU_ASSERT_FATAL(fixture_run_until(w, brake_is_on));
    CU_ASSERT_PTR_NULL(w->row.brake);
}

/* The brake is on and stored, which was written down 'n_noted' times: nothing
 * is cleared before it is re-armed.  Ends the world. */
static void
expect_braked_until_rearmed(struct world *w, size_t n_noted)
{
    CU_ASSERT(brake_is_on(w));
    CU_ASSERT_EQUAL(w->n_clears, 0);
    CU_ASSERT_PTR_NOT_NULL(w->row.brake);
    CU_ASSERT_EQUAL(world_journalled(w, "brake"), n_noted);

    free(guard_brake_rearm(w->guard));
    world_run(w, 60 * 1000);
    CU_ASSERT_EQUAL(w->n_clears, 1);
    CU_ASSERT_PTR_NULL(w->row.brake);
    fixture_end(w);
}

/* The brake comes on, and a lock is lost before that is stored: it is on all
 * the same when the lock is there again, and nothing is cleared. */
static void
test_brake_over_a_lost_lock(void)
{
    struct world w;

    begin_braked(&w);
    w.store_fault = FAULT_UNKNOWN_NOT_DONE;
    w.locked = false;
    world_settle(&w);
    CU_ASSERT_PTR_NULL(w.row.brake);
    w.settings.brake_clears = 1000;
    guard_set_settings(w.guard, &w.settings);
    w.locked = true;
    world_run(&w, 60 * 1000);
    expect_braked_until_rearmed(&w, 1);
}

/* Another instance is frozen by hand, moves nb_cfg and is thawed; then NB goes
 * back to before that, and the instance that stands by is told of the thaw
 * while NB is away: it freezes. */
static void
test_goes_back_after_a_thaw(void)
{
    struct world w;

    fixture_begin(&w, MODE_GUARD);
    w.locked = false;
    w.northd_frozen = true;
    world_settle(&w);
    w.row.frozen = xstrdup("by hand");
    world_load(&w);
    world_settle(&w);
    CU_ASSERT_PTR_NOT_NULL(guard_frozen(w.guard));
    w.nb_cfg++;
    world_flags(&w);
    world_settle(&w);

    w.nb_down = true;
    world_flags(&w);
    free(w.row.frozen);
    w.row.frozen = NULL;
    world_load(&w);
    world_settle(&w);
    CU_ASSERT_PTR_NULL(guard_frozen(w.guard));
    w.nb_cfg--;
    w.nb_down = false;
    world_flags(&w);
    world_settle(&w);
    CU_ASSERT_PTR_NOT_NULL(guard_frozen(w.guard));
    fixture_end(&w);
}

/* A freeze is taken off, and NB goes back before the next turn. */
static void
test_goes_back_at_the_thaw(void)
{
    struct world w;

    fixture_begin(&w, MODE_GUARD);
    w.nb_cfg = 5;
    w.northd_frozen = true;
    world_flags(&w);
    world_settle(&w);
    free(guard_freeze(w.guard, "test"));
    free(guard_thaw(w.guard));
    w.nb_cfg = 4;
    world_flags(&w);
    world_settle(&w);
    CU_ASSERT_PTR_NOT_NULL(guard_frozen(w.guard));
    fixture_end(&w);
}

/* What another instance held is on a switch that this one has not been told of
 * yet: that looks like one that is gone, and does not end the hold before its
 * copy of NB is known to be a current one. */
static void
test_unknown_switch(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    w.locked = false;
    world_settle(&w);
    CU_ASSERT_EQUAL_FATAL(w.n_holds, 1);
    w.holds[0]->network = unit_uuid(99);
    free(w.holds[0]->network_name);
    w.holds[0]->network_name = xstrdup("net9");
    w.row.generation++;
    w.locked = true;
    world_run(&w, 3000);
    CU_ASSERT_EQUAL(guard_get_role(w.guard), ROLE_ACTIVE);
    CU_ASSERT_EQUAL(w.n_holds, 1);
    CU_ASSERT_EQUAL(world_journalled(&w, "release"), 0);
    w.northd_frozen = false;
    world_run(&w, 10 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT_EQUAL(world_journalled(&w, "release"), 1);
    fixture_end(&w);
}

/* A hold ends, and the own database goes back to before that without having
 * been told: what is taken over from it again is not deleted there by what was
 * decided before. */
static void
test_ended_hold_is_taken_over(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    CU_ASSERT_EQUAL(w.n_holds, 1);
    w.store_fault = FAULT_UNKNOWN_NOT_DONE;
    w.northd_frozen = false;
    for (int i = 0; i < 1000 && world_hold(&w, IP1); i++) {
        world_turn(&w);
        w.now += 10;
        w.wall += 10;
        if (!world_hold(&w, IP1)) {
            w.locked = false;
        }
    }
    CU_ASSERT_PTR_NULL_FATAL(world_hold(&w, IP1));
    world_settle(&w);
    CU_ASSERT_EQUAL_FATAL(w.n_holds, 1);
    free(w.store_identity);
    w.store_identity = xstrdup("another");
    world_load(&w);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world_hold(&w, IP1));
    free(guard_thaw(w.guard));
    w.northd_frozen = true;
    w.locked = true;
    world_run(&w, 5000);
    CU_ASSERT_EQUAL(guard_get_role(w.guard), ROLE_ACTIVE);
    CU_ASSERT_PTR_NOT_NULL(world_hold(&w, IP1));
    CU_ASSERT_EQUAL(w.n_holds, 1);
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* The own database is replaced, and by the time that an instance looks another
 * one has stored there that the brake is on.  With 'twice' it looks before,
 * too.  After the thaw nothing is cleared before somebody re-arms that. */
static void
check_brake_in_a_new_database(bool twice)
{
    struct world w;

    fixture_begin(&w, MODE_GUARD);
    w.locked = false;
    world_settle(&w);
    fixture_make_stale(&w);
    free(w.store_identity);
    w.store_identity = xstrdup("another");
    if (twice) {
        world_load(&w);
    }
    w.row.brake = xstrdup("clears of another instance");
    world_load(&w);
    free(guard_thaw(w.guard));
    w.locked = true;
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(guard_get_role(w.guard), ROLE_ACTIVE);
    CU_ASSERT_PTR_NULL(guard_frozen(w.guard));
    expect_braked_until_rearmed(&w, 0);
}

static void
test_brake_in_a_new_database(void)
{
    check_brake_in_a_new_database(false);
    check_brake_in_a_new_database(true);
}

/* The answer that brake, or freeze, is stored comes after a lock was lost, and
 * a person takes it off in the database before that is read again: that
 * counts. */
static void
test_taken_off_over_a_lost_lock(void)
{
    for (int i = 0; i < 2; i++) {
        struct world w;

        begin_braked(&w);
        w.settings.brake_clears = 1000;
        guard_set_settings(w.guard, &w.settings);
        if (i) {
            world_settle(&w);
            free(guard_brake_rearm(w.guard));
            free(guard_freeze(w.guard, ""));
            world_turn(&w);
        }
        CU_ASSERT_PTR_NOT_NULL_FATAL(w.store);
        fixture_lose_locks_for_a_moment(&w);
        world_carry_out(&w);
        char **stored = i ? &w.row.frozen : &w.row.brake;
        CU_ASSERT_PTR_NOT_NULL(*stored);
        free(*stored);
        *stored = NULL;
        world_run(&w, 60 * 1000);
        CU_ASSERT(!brake_is_on(&w));
        CU_ASSERT_PTR_NULL(guard_frozen(w.guard));
        CU_ASSERT_EQUAL(w.n_clears, 1);
        fixture_end(&w);
    }
}

/* A switch is made again while an instance stands by, and a stale port there
 * has the address that was held on the old one: the hold moves there before
 * the clear is decided, which would have begun another, and ended this one. */
static void
test_standby_follows_a_switch(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_MANAGE);
    CU_ASSERT_EQUAL(w.n_holds, 1);
    w.settings.settle_ms = 0;
    guard_set_settings(w.guard, &w.settings);
    w.locked = false;
    world_settle(&w);
    world_del_port(&w, world_find_port(&w, "sts1-0.default"));
    model_remove_network(guard_model(w.guard), &w.networks[0].uuid);
    w.networks[0].exists = false;
    world_port(&w, world_network(&w, "net1"), "sts2-0", MAC2" "IP1);
    world_sts(&w, unit_sts("sts2", "sts2", 1, "ip_pool="IP3));
    world_pod(&w, unit_pod("sts2-0", "u3", OWNER_STATEFULSET, "sts2",
                           "ip_address="IP3));
    world_run(&w, 60 * 1000);
    w.locked = true;
    world_turn(&w);
    CU_ASSERT_EQUAL(guard_get_role(w.guard), ROLE_ACTIVE);
    CU_ASSERT_FATAL(world_hold(&w, IP1) != NULL);
    CU_ASSERT(uuid_equals(&world_hold(&w, IP1)->network,
                          &w.networks[1].uuid));
    world_settle(&w);
    CU_ASSERT_EQUAL(world_journalled(&w, "release"), 0);
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT(!world_has(&w, "sts2-0.default", IP1));
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* The own database is replaced while an instance stands by, which knew IP1 to
 * be held.  'kept' tells whether the new one has that, too.  Another instance
 * puts together what it knows, which is 'hold' of IP1, or none; then this one
 * takes over. */
static void
take_over_after_another(struct world *w, bool kept, struct hold *hold)
{
    fixture_begin_held(w, MODE_GUARD);
    CU_ASSERT_EQUAL_FATAL(w->n_holds, 1);
    w->locked = false;
    world_settle(w);
    free(w->store_identity);
    w->store_identity = xstrdup("another");
    if (!kept) {
        hold_destroy(w->holds[0]);
        w->n_holds = 0;
    }
    world_load(w);
    if (w->n_holds) {
        hold_destroy(w->holds[0]);
        w->n_holds = 0;
    }
    if (hold) {
        w->holds[w->n_holds++] = hold;
    }
    w->row.generation++;
    world_load(w);
    free(guard_thaw(w->guard));
    w->locked = true;
    world_settle(w);
    CU_ASSERT_EQUAL(guard_get_role(w->guard), ROLE_ACTIVE);
}

/* What another instance put into the new database counts: the hold is as that
 * one has it, and not as it was known before. */
static void
test_hold_of_another_instance(void)
{
    for (int kept = 0; kept < 2; kept++) {
        struct uuid uuid = unit_uuid(4711);
        struct world w, first;
        struct hold *h;

        fixture_begin_held(&first, MODE_GUARD);
        h = hold_clone(first.holds[0]);
        fixture_end(&first);
        h->uuid = uuid;
        h->former[0].cleared = true;
        take_over_after_another(&w, kept, h);
        CU_ASSERT_EQUAL(w.n_holds, 1);
        CU_ASSERT_PTR_NOT_NULL_FATAL(world_hold(&w, IP1));
        CU_ASSERT(uuid_equals(&world_hold(&w, IP1)->uuid, &uuid));
        CU_ASSERT(world_hold(&w, IP1)->former[0].cleared);
        fixture_end(&w);
    }
}

/* A hold that the new database had is not held any more if another instance
 * has ended it; one that it lost is, as nobody else may have known of it. */
static void
test_hold_that_another_ended(void)
{
    for (int kept = 0; kept < 2; kept++) {
        struct world w;

        take_over_after_another(&w, kept, NULL);
        CU_ASSERT_EQUAL(world_hold(&w, IP1) != NULL, !kept);
        CU_ASSERT_EQUAL(w.n_holds, !kept);
        fixture_end(&w);
    }
}

void
suite_guard_found_databases(void)
{
    CU_pSuite suite = unit_add_suite("guard_found_databases");

    CU_ADD_TEST(suite, test_brake_over_a_lost_lock);
    CU_ADD_TEST(suite, test_taken_off_over_a_lost_lock);
    CU_ADD_TEST(suite, test_standby_follows_a_switch);
    CU_ADD_TEST(suite, test_brake_in_a_new_database);
    CU_ADD_TEST(suite, test_ended_hold_is_taken_over);
    CU_ADD_TEST(suite, test_goes_back_after_a_thaw);
    CU_ADD_TEST(suite, test_goes_back_at_the_thaw);
    CU_ADD_TEST(suite, test_unknown_switch);
    CU_ADD_TEST(suite, test_hold_of_another_instance);
    CU_ADD_TEST(suite, test_hold_that_another_ended);
}
