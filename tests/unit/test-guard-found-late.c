/* SPDX-License-Identifier: Apache-2.0 */

/* What the simulation (tests/sim) found wrong with transactions of the own
 * database that were given up, and are carried out later, and with holds that
 * are still there after their deadline. */

#include <config.h>

#include <stdlib.h>

#include "util.h"
#include "uuid.h"

#include "tests/unit/guard-fixture.h"
#include "tests/unit/unit.h"
#include "tests/unit/world.h"

static bool
stores(const struct world *w)
{
    return w->store;
}

static bool
stores_a_hold(const struct world *w)
{
    return w->store && w->store->n_put_holds;
}

/* 'h' gets into the own database, and nobody is told. */
static void
carry_out_late(struct world *w, struct hold *h)
{
    w->holds = xrealloc(w->holds, (w->n_holds + 1) * sizeof *w->holds);
    w->holds[w->n_holds++] = h;
}

/* The locks are lost, and had again, in two turns in which nothing that is
 * under way is answered. */
static void
lose_locks_for_a_moment(struct world *w)
{
    for (int i = 0; i < 2; i++) {
        struct guard_env env = {
            .now = w->now, .wall = w->wall, .boot_id = w->boot_id,
            .have_store = true, .store_ready = true, .store_busy = true,
            .locked = i,
        };
        struct orders orders;

        orders_init(&orders);
        guard_run(w->guard, &env, &orders);
        orders_destroy(&orders);
    }
}

/* The intent of a clear is stored without an answer, and then a lock is lost
 * for a moment: it is forgotten.  Its row appears all the same, before that of
 * the clear that is begun anew. */
static void
test_forgotten_intent(void)
{
    struct world w;

    fixture_begin(&w, MODE_MANAGE);
    world_bind(&w, world_find_port(&w, "sts1-0.default"), NULL);
    world_del_pod(&w, "sts1-0");
    world_del_sts(&w, "sts1");
    CU_ASSERT_FATAL(fixture_run_until(&w, stores_a_hold));

    struct hold *late = hold_clone(w.store->put_holds[0]);

    CU_ASSERT_EQUAL(late->state, HOLD_INTENT);
    w.store_fault = FAULT_UNKNOWN_NOT_DONE;
    world_turn(&w);
    w.locked = false;
    world_settle(&w);
    w.locked = true;
    CU_ASSERT(fixture_run_until(&w, stores));
    carry_out_late(&w, late);
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 1);
    CU_ASSERT_EQUAL(world_journalled(&w, "cancel"), 1);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* A departure's hold is being stored as a lock is lost for a moment, and there
 * is no answer.  Its owner is there again when all is read anew, so it ends at
 * once; then its row appears, which nobody would ever have deleted. */
static void
test_ended_before_it_appears(void)
{
    struct world w;
    struct wport *p = fixture_begin(&w, MODE_GUARD);

    world_run(&w, 60 * 1000);
    w.northd_frozen = true;
    world_del_port(&w, p);
    CU_ASSERT_FATAL(fixture_run_until(&w, stores_a_hold));

    struct hold *late = hold_clone(w.store->put_holds[0]);

    lose_locks_for_a_moment(&w);
    fixture_running(&w, "sts1", MAC1, IP1);
    w.store_fault = FAULT_UNKNOWN_NOT_DONE;
    world_turn(&w);
    CU_ASSERT_EQUAL(guard_get_role(w.guard), ROLE_ACTIVE);
    CU_ASSERT_PTR_NULL(world_hold(&w, IP1));
    CU_ASSERT_EQUAL(w.n_holds, 0);
    carry_out_late(&w, late);
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* The same where it ends before the lock is lost. */
static void
test_ended_before_the_answer(void)
{
    struct world w;
    struct wport *p = fixture_begin(&w, MODE_GUARD);

    world_run(&w, 60 * 1000);
    w.northd_frozen = true;
    world_del_port(&w, p);
    CU_ASSERT_FATAL(fixture_run_until(&w, stores_a_hold));

    struct hold *late = hold_clone(w.store->put_holds[0]);

    CU_ASSERT_FATAL(guard_hold_release(w.guard, "net1", IP1,
                                       &(struct guard_env) {
        .now = w.now, .wall = w.wall, .boot_id = w.boot_id,
        .have_store = true, .store_ready = true, .store_busy = true,
        .locked = true,
    }) == NULL);
    lose_locks_for_a_moment(&w);
    w.store_fault = FAULT_UNKNOWN_NOT_DONE;
    world_turn(&w);
    CU_ASSERT_PTR_NULL(world_hold(&w, IP1));
    carry_out_late(&w, late);
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* The first look back fails; with the second one the gate is open, and its
 * owner is there. */
static enum live_read_result
sts2_comes_back(struct world *w)
{
    if (!w->n_clears) {
        return LIVE_READ_CURRENT;
    } else if (world_gated(w, "sts2-0.default")) {
        return LIVE_READ_FAILED;
    }
    w->on_read = NULL;
    world_sts(w, unit_sts("sts2", "sts2", 1, "ip_pool="IP1));
    world_pod(w, unit_pod("sts2-0", "u2", OWNER_STATEFULSET, "sts2",
                          "ip_address="IP1));
    return LIVE_READ_CHANGED;
}

/* The owner of a port that is kept shut is gone, and comes back as its port is
 * cleared.  The address waits to be put back until the deadline of its hold is
 * over; the pod runs by then, and may send from it.  In SB nothing leads to
 * the former owner any more, but no chassis has followed. */
static struct wport *
begin_own_dirt(struct world *w)
{
    struct wport *p;

    fixture_begin_held(w, MODE_GUARD);
    p = fixture_taker(w, "sts2", MAC2, IP1, 20);
    svec_add(&p->ps, MAC2" "IP1);
    world_port_changed(w, p);
    world_sts(w, unit_sts("sts2", "sts2", 1, "ip_pool="IP1));
    world_run(w, 3000);
    world_del_pod(w, "sts2-0");
    world_del_sts(w, "sts2");
    w->on_read = sts2_comes_back;
    world_run(w, 20 * 1000);
    CU_ASSERT_EQUAL(w->n_clears, 1);
    world_bind(w, p, "hv1");
    world_run(w, w->settings.hold_deadline_ms);
    CU_ASSERT_FATAL(world_hold(w, IP1) != NULL);
    CU_ASSERT_EQUAL(world_hold(w, IP1)->state, HOLD_BLOCKED);
    fixture_silence_chassis(w);
    w->northd_frozen = false;
    world_flags(w);
    world_run(w, 60 * 1000);
    CU_ASSERT_EQUAL(world_open_ports(w, IP1), 0);
    CU_ASSERT_FATAL(world_hold(w, IP1) != NULL);
    CU_ASSERT(world_hold(w, IP1)->dirt);
    CU_ASSERT(world_hold(w, IP1)->b2 > 0);
    return p;
}

/* That the port itself shows the address in use is no reason to keep it from
 * that one; that chassis may lead to another one is. */
static void
test_own_dirt_and_chassis(void)
{
    struct world w;

    begin_own_dirt(&w);
    size_t n_bumps = w.n_bumps;
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_bumps, n_bumps);
    w.chassis[0].answers = true;
    world_run(&w, 10 * 1000);
    CU_ASSERT(world_has(&w, "sts2-0.default", IP1));
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* The port is unplugged meanwhile: what it has left itself the barrier does
 * not cover that was taken before. */
static void
test_own_dirt_ends(void)
{
    struct world w;
    struct wport *p = begin_own_dirt(&w);
    int64_t b2 = world_hold(&w, IP1)->b2;

    world_bind(&w, p, NULL);
    for (int i = 0; i < 20 && world_hold(&w, IP1)->dirt; i++) {
        world_turn(&w);
    }
    CU_ASSERT(!world_hold(&w, IP1)->dirt);
    CU_ASSERT_EQUAL(world_hold(&w, IP1)->b2, 0);
    world_run(&w, 10 * 1000);
    CU_ASSERT_FATAL(world_hold(&w, IP1) != NULL);
    CU_ASSERT(world_hold(&w, IP1)->b2 > b2);
    CU_ASSERT(uuid_is_zero(&world_hold(&w, IP1)->b2_own));
    w.chassis[0].answers = true;
    world_run(&w, 10 * 1000);
    CU_ASSERT(world_has(&w, "sts2-0.default", IP1));
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* The same in mode manage, in which the owner's port waits for its address to
 * be set: nothing but time tells that a dead chassis is not waited for. */
static void
test_own_dirt_and_dead_chassis(void)
{
    struct world w;
    struct wport *p = fixture_begin(&w, MODE_MANAGE);

    world_bind(&w, p, NULL);
    world_set_addresses(&w, p, MAC1);
    world_run(&w, 5000);        /* The start barrier is confirmed. */
    CU_ASSERT(world_has(&w, "sts1-0.default", IP1));
    svec_add(&p->ps, MAC1" "IP1);
    world_port_changed(&w, p);
    world_bind(&w, p, "hv1");
    world_run(&w, 5000);
    w.northd_frozen = true;
    world_set_addresses(&w, p, MAC1);
    world_port(&w, 0, "sts2-0", MAC2" "IP1);
    world_run(&w, w.settings.hold_deadline_ms + 90 * 1000);
    CU_ASSERT(!world_has(&w, "sts2-0.default", IP1));
    CU_ASSERT_FATAL(world_hold(&w, IP1) != NULL);
    CU_ASSERT_EQUAL(world_hold(&w, IP1)->state, HOLD_BLOCKED);
    w.chassis[0].answers = false;
    w.northd_frozen = false;
    world_flags(&w);
    world_run(&w, w.settings.chassis_timeout_ms - 1000);
    CU_ASSERT(!world_has(&w, "sts1-0.default", IP1));
    world_run(&w, 20 * 1000);
    CU_ASSERT(world_has(&w, "sts1-0.default", IP1));
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

void
suite_guard_found_late(void)
{
    CU_pSuite suite = unit_add_suite("guard_found_late");

    CU_ADD_TEST(suite, test_forgotten_intent);
    CU_ADD_TEST(suite, test_ended_before_it_appears);
    CU_ADD_TEST(suite, test_ended_before_the_answer);
    CU_ADD_TEST(suite, test_own_dirt_and_chassis);
    CU_ADD_TEST(suite, test_own_dirt_ends);
    CU_ADD_TEST(suite, test_own_dirt_and_dead_chassis);
}
