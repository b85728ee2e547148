/* SPDX-License-Identifier: Apache-2.0 */

/* The guard in a simulated world: ports that take a held address, and their
 * gates. */

#include <config.h>

#include <stdlib.h>

#include "util.h"
#include "uuid.h"

#include "tests/unit/guard-fixture.h"
#include "tests/unit/unit.h"
#include "tests/unit/world.h"

/* ---- Takers and gates. ---- */

static void
test_gate_opens_once(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    CU_ASSERT_EQUAL(world_stored_hold(&w, IP1)->state, HOLD_DRAINING);
    fixture_taker(&w, "sts2", MAC2, IP1, 10);
    world_run(&w, 3000);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    CU_ASSERT_EQUAL(w.n_gates, 1);
    world_run(&w, 20 * 1000);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    w.northd_frozen = false;
    world_run(&w, 20 * 1000);
    CU_ASSERT(!world_gated(&w, "sts2-0.default"));
    CU_ASSERT_PTR_NULL(world_find_port(&w, "sts2-0.default")->mark);
    CU_ASSERT_EQUAL(w.n_gated, 1);
    CU_ASSERT_EQUAL(w.n_opened, 1);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT_EQUAL(w.n_gates, 0);
    CU_ASSERT_EQUAL(world_journalled(&w, "release"), 1);
    CU_ASSERT_EQUAL(world_journalled(&w, "gate"), 1);
    CU_ASSERT_EQUAL(world_journalled(&w, "ungate"), 1);
    fixture_end(&w);
}

/* As long as SB shows the old owner, no time opens the gate. */
static void
test_dirt_keeps_gate_shut(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    fixture_taker(&w, "sts2", MAC2, IP1, 10);
    world_run(&w, 600 * 1000);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    CU_ASSERT_EQUAL(world_stored_hold(&w, IP1)->state, HOLD_BLOCKED);
    CU_ASSERT(world_logged(&w, "held for more than"));
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT(!world_gated(&w, "sts2-0.default"));
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

static void
test_two_takers(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    fixture_taker(&w, "sts2", MAC2, IP1, 20);
    struct wport *older = fixture_taker(&w, "sts3", MAC3, IP1, 10);
    world_run(&w, 3000);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    CU_ASSERT(world_gated(&w, "sts3-0.default"));
    w.northd_frozen = false;
    world_run(&w, 300 * 1000);
    CU_ASSERT(!world_gated(&w, "sts3-0.default"));
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    CU_ASSERT_EQUAL(w.n_opened, 1);
    CU_ASSERT_EQUAL(w.n_holds, 0);

    /* The other one's turn comes when the first one goes. */
    world_del_pod(&w, "sts3-0");
    world_del_port(&w, older);
    world_run(&w, 300 * 1000);
    CU_ASSERT(!world_gated(&w, "sts2-0.default"));
    CU_ASSERT_EQUAL(w.n_opened, 2);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* Lack of evidence opens gates in the end, but never two for one address. */
static void
test_gate_max(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    fixture_taker(&w, "sts2", MAC2, IP1, 20);
    fixture_taker(&w, "sts3", MAC3, IP1, 10);
    world_run(&w, 3000);
    CU_ASSERT_EQUAL(w.n_gated, 2);
    w.northd_frozen = false;
    w.chassis[0].answers = false;
    w.settings.chassis_policy = CHASSIS_WAIT;
    guard_set_settings(w.guard, &w.settings);
    world_run(&w, 40 * 1000);
    CU_ASSERT_EQUAL(w.n_opened, 0);
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_opened, 1);
    CU_ASSERT(!world_gated(&w, "sts3-0.default"));
    CU_ASSERT(world_logged(&w, "gate is opened"));
    CU_ASSERT_EQUAL(w.n_holds, 1);
    w.chassis[0].answers = true;
    world_run(&w, 300 * 1000);
    CU_ASSERT_EQUAL(w.n_opened, 1);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* An older pod takes the address while the first gate is being opened. */
static void
test_older_taker_too_late(void)
{
    for (size_t k = 0; k < 12; k++) {
        struct world w;

        fixture_begin_held(&w, MODE_GUARD);
        fixture_taker(&w, "sts2", MAC2, IP1, 20);
        world_run(&w, 3000);
        w.northd_frozen = false;
        while (world_stored_hold(&w, IP1)
               && world_stored_hold(&w, IP1)->state != HOLD_CLEAN) {
            if (!world_turn(&w)) {
                long long int to = MAX(w.now + 1, w.orders.next_wake_ms);
                w.wall += to - w.now;
                w.now = to;
            }
        }
        for (size_t i = 0; i < k; i++) {
            world_turn(&w);
        }
        bool under_way = w.nb != NULL;
        fixture_taker(&w, "sts3", MAC3, IP1, 10);
        world_run(&w, 300 * 1000);
        CU_ASSERT_EQUAL(w.n_opened, 1);
        CU_ASSERT_EQUAL(w.n_holds, 0);
        /* An opening that is on the wire cannot be called back: then the
         * other hand made two. */
        CU_ASSERT(under_way || !w.n_violations);
        world_destroy(&w);
    }
}

static void
test_running_taker_is_keeper(void)
{
    struct world w;

    fixture_begin(&w, MODE_GUARD);
    struct wport *p = world_port(&w, 0, "sts2-0", MAC2);
    world_pod(&w, unit_pod("sts2-0", "v", OWNER_STATEFULSET, "sts2",
                           "ip_address="IP1));
    world_bind(&w, p, "hv1");
    world_run(&w, 1000);
    fixture_leave(&w);
    world_set_addresses(&w, p, MAC2" "IP1);
    world_run(&w, 3000);
    CU_ASSERT_EQUAL(w.n_gated, 0);
    CU_ASSERT(uuid_equals(&world_stored_hold(&w, IP1)->keeper, &p->uuid));
    CU_ASSERT(world_logged(&w, "is not gated"));
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT_EQUAL(w.n_gated, 0);
    fixture_end(&w);
}

/* A taker with another address in use is told of, and once it runs with the
 * held one that hold need not wait for it to go. */
static void
test_ungated_taker_runs_later(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    struct wport *p = fixture_taker(&w, "sts2", MAC2, IP1" 10.0.0.55", 10);
    world_run(&w, 3000);
    CU_ASSERT_EQUAL(w.n_gated, 0);
    w.northd_frozen = false;
    world_run(&w, 30 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 1);
    world_bind(&w, p, "hv1");
    world_run(&w, 30 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

static void
test_unrecorded_gate(void)
{
    struct world w;
    struct wport *p;

    fixture_begin(&w, MODE_GUARD);
    p = fixture_taker(&w, "sts2", MAC2, "10.0.0.9", 10);
    p->enabled = TRI_FALSE;
    p->mark = xstrdup("6f2d:true");
    world_port_changed(&w, p);
    world_run(&w, 3000);
    CU_ASSERT_PTR_NULL(p->mark);
    CU_ASSERT_EQUAL(p->enabled, TRI_TRUE);
    CU_ASSERT_EQUAL(w.n_opened, 1);

    /* One that somebody else disabled is nobody's gate. */
    p->enabled = TRI_FALSE;
    world_port_changed(&w, p);
    world_run(&w, 3000);
    CU_ASSERT_EQUAL(p->enabled, TRI_FALSE);
    fixture_end(&w);
}

/* The own database is lost with holds and gates in force. */
static void
test_store_lost(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    fixture_taker(&w, "sts2", MAC2, IP1, 10);
    world_run(&w, 3000);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    while (w.n_holds) {
        hold_destroy(w.holds[--w.n_holds]);
    }
    while (w.n_gates) {
        gate_destroy(w.gates[--w.n_gates]);
    }
    free(w.store_identity);
    w.store_identity = xstrdup("store-2");
    ipguard_row_destroy(&w.row);
    ipguard_row_init(&w.row);
    world_kill(&w, false);
    world_run(&w, 30 * 1000);
    CU_ASSERT(!world_gated(&w, "sts2-0.default"));
    CU_ASSERT_EQUAL(w.n_gates, 0);
    fixture_end(&w);
}

static void
test_gate_left_with_mode(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    fixture_taker(&w, "sts2", MAC2, IP1, 10);
    world_run(&w, 3000);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    free(guard_freeze(w.guard, "test"));
    world_run(&w, 30 * 1000);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    w.row.has_mode = TRI_TRUE;
    w.row.mode = MODE_OBSERVE;
    world_kill(&w, true);
    world_run(&w, 30 * 1000);
    CU_ASSERT(!world_gated(&w, "sts2-0.default"));
    fixture_end(&w);
}

/* ---- Seen, shut, lost, put back. ---- */

/* Turns from the moment when the port is seen until it is shut: none beyond
 * the answer of SB about its binding, which is asked for at once. */
static void
test_shut_at_once(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    fixture_taker(&w, "sts2", MAC2, IP1, 10);
    world_turn(&w);             /* Seen; SB is asked. */
    CU_ASSERT(sset_contains(&guard_sb_watch(w.guard)->ports,
                            "sts2-0.default"));
    world_turn(&w);             /* SB has answered; ordered. */
    CU_ASSERT_PTR_NOT_NULL(w.nb);
    CU_ASSERT_EQUAL(w.nb->n, 1);
    CU_ASSERT_EQUAL(w.nb->writes[0].new_enabled, TRI_FALSE);
    CU_ASSERT_PTR_NOT_NULL(w.store);
    CU_ASSERT_EQUAL(w.store->n_put_gates, 1);
    world_turn(&w);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    CU_ASSERT_EQUAL(w.n_gates, 1);
    fixture_end(&w);
}

/* Of the two writes only one gets there before the daemon dies: neither leaves
 * a gate that nobody ends. */
static void
test_half_a_gate(void)
{
    for (int k = 0; k < 3; k++) {
        struct world w;

        fixture_begin_held(&w, MODE_GUARD);
        fixture_taker(&w, "sts2", MAC2, IP1, 10);
        world_turn(&w);
        world_turn(&w);
        CU_ASSERT_FATAL(w.nb && w.store);
        if (k == 0) {
            nb_batch_destroy(w.nb);
            w.nb = NULL;
        } else if (k == 1) {
            store_batch_destroy(w.store);
            w.store = NULL;
        }
        world_kill(&w, true);
        w.northd_frozen = false;
        world_run(&w, 300 * 1000);
        CU_ASSERT(!world_gated(&w, "sts2-0.default"));
        CU_ASSERT_EQUAL(w.n_gates, 0);
        CU_ASSERT_EQUAL(w.n_holds, 0);
        CU_ASSERT(world_has(&w, "sts2-0.default", IP1));
        fixture_end(&w);
    }
}

/* The row goes and comes again, in one go or one after the other. */
static void
test_row_made_anew(void)
{
    for (int k = 0; k < 2; k++) {
        struct world w;

        fixture_begin_held(&w, MODE_GUARD);
        struct wport *p = fixture_taker(&w, "sts2", MAC2, IP1, 10);
        world_run(&w, 3000);
        CU_ASSERT(world_gated(&w, "sts2-0.default"));
        world_del_port(&w, p);
        if (k) {
            world_run(&w, 3000);
            CU_ASSERT_EQUAL(w.n_gates, 0);
        }
        world_port(&w, 0, "sts2-0", MAC2" "IP1);
        world_run(&w, 3000);
        CU_ASSERT(world_gated(&w, "sts2-0.default"));
        CU_ASSERT_EQUAL(w.n_gates, 1);
        w.northd_frozen = false;
        world_run(&w, 60 * 1000);
        CU_ASSERT(!world_gated(&w, "sts2-0.default"));
        CU_ASSERT_EQUAL(w.n_holds, 0);
        fixture_end(&w);
    }
}

/* Row and owner go for good. */
static void
test_gone(void)
{
    struct world w;
    struct wport *p;

    fixture_begin_held(&w, MODE_GUARD);
    p = fixture_taker(&w, "sts2", MAC2, IP1, 10);
    world_run(&w, 3000);
    CU_ASSERT_EQUAL(w.n_gates, 1);
    world_del_port(&w, p);
    world_run(&w, 3000);
    CU_ASSERT_EQUAL(w.n_gates, 0);
    fixture_end(&w);

    /* The owner goes and leaves the row behind: its address is cleared, and
     * with it goes the gate. */
    fixture_begin_held(&w, MODE_GUARD);
    world_sts(&w, unit_sts("sts2", "sts2", 1, "ip_pool="IP1));
    p = fixture_taker(&w, "sts2", MAC2, IP1, 10);
    world_run(&w, 3000);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    world_del_pod(&w, "sts2-0");
    world_del_sts(&w, "sts2");
    world_run(&w, 10 * 1000);
    CU_ASSERT(!world_has(&w, "sts2-0.default", IP1));
    CU_ASSERT_EQUAL(p->enabled, TRI_UNSET);
    CU_ASSERT_PTR_NULL(p->mark);
    CU_ASSERT_EQUAL(w.n_gates, 0);
    fixture_end(&w);
}

/* ---- The operator. ---- */

static void
disable_sts2(struct world *w, const struct nb_batch *b)
{
    struct wport *p = world_find_port(w, "sts2-0.default");

    if (p && p->enabled != TRI_FALSE && b->n) {
        p->enabled = TRI_FALSE;
        world_port_changed(w, p);
        w->on_batch = NULL;
    }
}

static void
test_operator(void)
{
    struct world w;
    struct wport *p;

    /* Disables it while our own write is on the wire. */
    fixture_begin_held(&w, MODE_GUARD);
    w.on_batch = disable_sts2;
    p = fixture_taker(&w, "sts2", MAC2, IP1, 10);
    world_run(&w, 3000);
    CU_ASSERT_EQUAL(p->enabled, TRI_FALSE);
    CU_ASSERT_PTR_NULL(p->mark);
    CU_ASSERT_EQUAL(w.n_gates, 0);
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(p->enabled, TRI_FALSE);
    world_kill(&w, true);
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(p->enabled, TRI_FALSE);
    fixture_end(&w);

    /* Takes our mark off and leaves the port disabled. */
    fixture_begin_held(&w, MODE_GUARD);
    p = fixture_taker(&w, "sts2", MAC2, IP1, 10);
    world_run(&w, 3000);
    free(p->mark);
    p->mark = NULL;
    world_port_changed(&w, p);
    world_run(&w, 3000);
    CU_ASSERT_EQUAL(w.n_gates, 0);
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(p->enabled, TRI_FALSE);
    guard_stop(w.guard);
    world_run(&w, 3000);
    CU_ASSERT_EQUAL(p->enabled, TRI_FALSE);
    fixture_end(&w);

    /* Enables it, and later disables it: both are the operator's. */
    fixture_begin_held(&w, MODE_GUARD);
    p = fixture_taker(&w, "sts2", MAC2, IP1, 10);
    world_run(&w, 3000);
    p->enabled = TRI_TRUE;
    world_port_changed(&w, p);
    world_run(&w, 3000);
    CU_ASSERT_PTR_NULL(p->mark);
    CU_ASSERT_EQUAL(p->enabled, TRI_TRUE);
    p->enabled = TRI_FALSE;
    world_port_changed(&w, p);
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(p->enabled, TRI_FALSE);
    fixture_end(&w);
}

static void
test_stop(void)
{
    struct world w;
    char *remains;

    fixture_begin_held(&w, MODE_GUARD);
    fixture_taker(&w, "sts2", MAC2, IP1, 10);
    world_run(&w, 3000);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    w.paused = true;
    free(guard_freeze(w.guard, "test"));
    w.nb_fault = FAULT_UNKNOWN_NOT_DONE;
    guard_stop(w.guard);
    remains = guard_stop_remains(w.guard);
    CU_ASSERT_PTR_NOT_NULL(remains);
    free(remains);
    world_run(&w, 3000);
    CU_ASSERT(!world_gated(&w, "sts2-0.default"));
    CU_ASSERT_EQUAL(w.n_gates, 0);
    CU_ASSERT_EQUAL(w.n_holds, 1);
    remains = guard_stop_remains(w.guard);
    CU_ASSERT_PTR_NULL(remains);
    free(remains);

    /* Others that come now are left alone. */
    struct wport *p = fixture_taker(&w, "sts3", MAC3, IP1, 10);
    world_run(&w, 3000);
    CU_ASSERT_PTR_NULL(p->mark);
    CU_ASSERT_EQUAL(w.n_gated, 1);
    fixture_end(&w);
}

void
suite_guard_gates(void)
{
    CU_pSuite suite = unit_add_suite("guard_gates");

    CU_ADD_TEST(suite, test_gate_opens_once);
    CU_ADD_TEST(suite, test_dirt_keeps_gate_shut);
    CU_ADD_TEST(suite, test_two_takers);
    CU_ADD_TEST(suite, test_gate_max);
    CU_ADD_TEST(suite, test_older_taker_too_late);
    CU_ADD_TEST(suite, test_running_taker_is_keeper);
    CU_ADD_TEST(suite, test_ungated_taker_runs_later);
    CU_ADD_TEST(suite, test_unrecorded_gate);
    CU_ADD_TEST(suite, test_store_lost);
    CU_ADD_TEST(suite, test_gate_left_with_mode);
    CU_ADD_TEST(suite, test_shut_at_once);
    CU_ADD_TEST(suite, test_half_a_gate);
    CU_ADD_TEST(suite, test_row_made_anew);
    CU_ADD_TEST(suite, test_gone);
    CU_ADD_TEST(suite, test_operator);
    CU_ADD_TEST(suite, test_stop);
}
