/* SPDX-License-Identifier: Apache-2.0 */

/* What is left behind by those whose addresses are not guarded for their own
 * sake, foreign ports and pods that a StatefulSet has left; and who waits for
 * a foreign port. */

#include <config.h>

#include "util.h"

#include "tests/unit/guard-fixture.h"
#include "tests/unit/unit.h"
#include "tests/unit/world.h"

#define IP3 "10.0.0.3"
#define MAC4 "0a:00:00:00:00:04"

/* A foreign port has an address of sts1-0, which leaves it; it is held, and
 * sts2-0's port is shut for it, until all that sts1-0 left is gone.  That port
 * waits for the foreign one then. */
static struct wport *
begin_waiting(struct world *w, bool cleared)
{
    struct wport *foreign;

    fixture_begin(w, MODE_GUARD);
    foreign = world_raw_port(w, 0, "foreign", MAC3" "IP1, "", "");
    world_bind(w, foreign, "hv1");
    world_run(w, 3000);
    fixture_leave(w);
    fixture_taker(w, "sts2", MAC2, IP1, 10);
    world_run(w, 1000);
    CU_ASSERT(world_gated(w, "sts2-0.default"));
    if (!cleared) {
        w->settings.settle_ms = 60 * 1000;
        guard_set_settings(w->guard, &w->settings);
    }
    w->northd_frozen = false;
    world_run(w, 40 * 1000);
    CU_ASSERT_PTR_NULL(world_hold(w, IP1));
    CU_ASSERT_EQUAL(!world_has(w, "sts2-0.default", IP1), cleared);
    CU_ASSERT(world_gated(w, "sts2-0.default"));
    w->northd_frozen = true;
    return foreign;
}

/* The foreign port has just lost the address, and chassis still have it. */
static void
expect_still_shut(struct world *w, bool cleared)
{
    world_run(w, 5 * 1000);
    CU_ASSERT_PTR_NOT_NULL(world_hold(w, IP1));
    CU_ASSERT(world_gated(w, "sts2-0.default"));
    CU_ASSERT_EQUAL(!world_has(w, "sts2-0.default", IP1), cleared);
    w->northd_frozen = false;
    world_run(w, 60 * 1000);
    CU_ASSERT_EQUAL(w->n_holds, 0);
    CU_ASSERT(!world_gated(w, "sts2-0.default"));
    CU_ASSERT(world_has(w, "sts2-0.default", IP1));
}

/* A port is shut for an address that a foreign port has, too, and may have
 * been cleared as the loser by the time that the foreign one loses it: it is
 * not opened, and not given the address back, before that is clean. */
static void
test_foreign_port_leaves_a_waiter(void)
{
    for (int cleared = 0; cleared < 2; cleared++) {
        struct world w;
        struct wport *foreign = begin_waiting(&w, cleared);

        world_set_addresses(&w, foreign, MAC3);
        expect_still_shut(&w, cleared);
        fixture_end(&w);
    }
}

/* The same where the row of the foreign port goes, which bears our mark and is
 * shut: whoever wrote that, it was not us, and it had the address. */
static void
test_marked_foreign_port_leaves_a_waiter(void)
{
    struct world w;
    struct wport *foreign = begin_waiting(&w, false);

    foreign->mark = xstrdup(world_find_port(&w, "sts2-0.default")->mark);
    foreign->enabled = TRI_FALSE;
    world_port_changed(&w, foreign);
    world_del_port(&w, foreign);
    expect_still_shut(&w, false);
    fixture_end(&w);
}

/* A pod has left an address for one that a foreign port has, and waits behind
 * a gate.  An operator gives it back what it had, and another port, too, which
 * is shut.  The first one came first, but it may stay shut for ever, so the
 * other one is opened. */
static void
test_waiter_is_in_nobodys_way(void)
{
    struct world w;
    struct wport *waiter;

    fixture_begin(&w, MODE_GUARD);
    world_bind(&w, world_raw_port(&w, 0, "foreign", MAC4" "IP1, "", ""),
               "hv1");
    waiter = fixture_running(&w, "sts2", MAC2, IP3);
    world_run(&w, 3000);
    fixture_leave(&w);
    world_bind(&w, waiter, NULL);
    world_del_pod(&w, "sts2-0");
    world_sts(&w, unit_sts("sts2", "sts2", 1, "ip_pool="IP1));
    world_pod(&w, unit_pod("sts2-0", "u2", OWNER_STATEFULSET, "sts2",
                           "ip_address="IP1));
    world_set_addresses(&w, waiter, MAC2" "IP1);
    world_run(&w, 10 * 1000);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    CU_ASSERT(!world_has(&w, "sts2-0.default", IP1));
    CU_ASSERT_PTR_NOT_NULL(world_hold(&w, IP3));

    struct pod *pod = unit_pod("sts3-0", "u3", OWNER_STATEFULSET, "sts3", "");
    pod->created_s = 20;
    world_pod(&w, pod);
    world_port(&w, 0, "sts3-0", MAC3" "IP3);
    CU_ASSERT_FATAL(fixture_run_until(&w, fixture_nb_writes));
    world_set_addresses(&w, waiter, MAC2" "IP3);
    world_bind(&w, waiter, "hv1");
    world_run(&w, 1000);
    CU_ASSERT_EQUAL(world_journalled(&w, "gate"), 2);
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    CU_ASSERT(!world_gated(&w, "sts3-0.default"));
    CU_ASSERT_EQUAL(world_open_ports(&w, IP3), 1);
    fixture_end(&w);
}

/* In mode manage an address is to be set that a foreign port has: for a pod,
 * or for one that is still to come.  The foreign port loses it: that is held,
 * and set when nothing leads there any more. */
static void
check_foreign_port_leaves_a_want(bool pod)
{
    struct world w;
    struct wport *foreign;

    fixture_begin(&w, MODE_MANAGE);
    foreign = world_raw_port(&w, 0, "foreign", MAC3" "IP3, "", "");
    world_bind(&w, foreign, "hv1");
    world_port(&w, 0, "sts2-0", MAC2);
    world_sts(&w, unit_sts("sts2", "sts2", 1, "ip_pool="IP3));
    if (pod) {
        world_pod(&w, unit_pod("sts2-0", "u2", OWNER_STATEFULSET, "sts2",
                               "ip_address="IP3));
    }
    world_run(&w, 60 * 1000);
    CU_ASSERT(!world_has(&w, "sts2-0.default", IP3));
    w.northd_frozen = true;
    world_set_addresses(&w, foreign, MAC3);
    world_run(&w, 5000);
    CU_ASSERT_PTR_NOT_NULL(world_hold(&w, IP3));
    CU_ASSERT(!world_has(&w, "sts2-0.default", IP3));
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT(world_has(&w, "sts2-0.default", IP3));
    fixture_end(&w);
}

static void
test_foreign_port_leaves_a_want(void)
{
    check_foreign_port_leaves_a_want(true);
    check_foreign_port_leaves_a_want(false);
}

/* Nobody waits for what a foreign port leaves: it is not held. */
static void
test_foreign_port_leaves_nobody(void)
{
    struct world w;
    struct wport *foreign;

    fixture_begin(&w, MODE_GUARD);
    foreign = world_raw_port(&w, 0, "foreign", MAC3" "IP3, "", "");
    world_bind(&w, foreign, "hv1");
    world_run(&w, 3000);
    world_set_addresses(&w, foreign, MAC3);
    world_run(&w, 3000);
    CU_ASSERT_PTR_NULL(world_hold(&w, IP3));
    fixture_end(&w);
}

/* A pod that names no address is orphaned, and then it goes and its port is
 * cleared of the one that its StatefulSet gave it: whoever takes that is shut,
 * as if the StatefulSet were still there. */
static void
test_orphan_is_cleared(void)
{
    struct world w;

    fixture_begin(&w, MODE_GUARD);
    world_sts(&w, unit_sts("sts3", "sts3", 1, ""));
    world_pod(&w, unit_pod("sts3-0", "u3", OWNER_STATEFULSET, "sts3", ""));
    struct wport *p = world_port(&w, 0, "sts3-0", MAC3" "IP3);
    world_bind(&w, p, "hv1");
    world_run(&w, 5000);
    world_pod(&w, unit_pod("sts3-0", "u3", OWNER_NONE, NULL, ""));
    world_del_sts(&w, "sts3");
    world_run(&w, 5000);
    w.northd_frozen = true;
    world_bind(&w, p, NULL);
    world_del_pod(&w, "sts3-0");
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world_hold(&w, IP3));
    CU_ASSERT(world_hold(&w, IP3)->fixed);
    fixture_taker(&w, "sts2", MAC2, IP3, 10);
    world_run(&w, 3000);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    fixture_end(&w);
}

void
suite_guard_found_leavers(void)
{
    CU_pSuite suite = unit_add_suite("guard_found_leavers");

    CU_ADD_TEST(suite, test_foreign_port_leaves_a_waiter);
    CU_ADD_TEST(suite, test_marked_foreign_port_leaves_a_waiter);
    CU_ADD_TEST(suite, test_waiter_is_in_nobodys_way);
    CU_ADD_TEST(suite, test_foreign_port_leaves_a_want);
    CU_ADD_TEST(suite, test_foreign_port_leaves_nobody);
    CU_ADD_TEST(suite, test_orphan_is_cleared);
}
