/* SPDX-License-Identifier: Apache-2.0 */

/* The guard in a simulated world: two ports that want one address, of which
 * one loses it. */

#include <config.h>

#include "util.h"

#include "tests/unit/guard-fixture.h"
#include "tests/unit/unit.h"
#include "tests/unit/world.h"

/* OVN answers ARP for a disabled port: the loser loses the address too, and
 * gets it back when the other one has gone. */
static void
test_loser_is_cleared(void)
{
    static const enum guard_mode modes[] = { MODE_GUARD, MODE_MANAGE };

    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        struct world w;

        fixture_begin_held(&w, modes[i]);
        fixture_taker(&w, "sts2", MAC2, IP1, 20);
        struct wport *older = fixture_taker(&w, "sts3", MAC3, IP1, 10);
        world_run(&w, 3000);
        CU_ASSERT_EQUAL(w.n_gated, 2);
        w.northd_frozen = false;
        world_run(&w, 60 * 1000);
        CU_ASSERT(world_has(&w, "sts3-0.default", IP1));
        CU_ASSERT(!world_gated(&w, "sts3-0.default"));
        CU_ASSERT(!world_has(&w, "sts2-0.default", IP1));
        CU_ASSERT(world_gated(&w, "sts2-0.default"));
        CU_ASSERT(world_logged(&w, "only gated still answers ARP"));
        CU_ASSERT(world_logged(&w, "duplicate"));
        CU_ASSERT_EQUAL(w.n_holds, 0);
        CU_ASSERT_EQUAL(w.n_gates, 1);

        world_del_pod(&w, "sts3-0");
        world_del_port(&w, older);
        world_run(&w, 60 * 1000);
        CU_ASSERT(world_has(&w, "sts2-0.default", IP1));
        CU_ASSERT(!world_gated(&w, "sts2-0.default"));
        CU_ASSERT_EQUAL(w.n_gates, 0);
        CU_ASSERT_EQUAL(w.n_holds, 0);
        fixture_end(&w);
    }
}

/* Its row is made anew while the other one has the address: shut and cleared
 * again, whichever way it comes. */
static void
test_loser_comes_again(void)
{
    for (int k = 0; k < 3; k++) {
        struct world w;

        fixture_begin_held(&w, MODE_GUARD);
        struct wport *p = fixture_taker(&w, "sts2", MAC2, IP1, 20);
        fixture_taker(&w, "sts3", MAC3, IP1, 10);
        world_run(&w, 3000);
        w.northd_frozen = false;
        world_settle(&w);
        while (world_gated(&w, "sts3-0.default")) {
            world_run(&w, 100);
        }
        if (k < 2) {
            CU_ASSERT(world_has(&w, "sts2-0.default", IP1));
            world_del_port(&w, p);
            if (k) {
                world_settle(&w);
            }
            world_port(&w, 0, "sts2-0", MAC2" "IP1);
        } else {
            world_run(&w, 60 * 1000);
            CU_ASSERT(!world_has(&w, "sts2-0.default", IP1));
            world_set_addresses(&w, p, MAC2" "IP1);
        }
        world_run(&w, 60 * 1000);
        CU_ASSERT(!world_has(&w, "sts2-0.default", IP1));
        CU_ASSERT(world_gated(&w, "sts2-0.default"));
        CU_ASSERT(world_has(&w, "sts3-0.default", IP1));
        CU_ASSERT(!world_gated(&w, "sts3-0.default"));
        fixture_end(&w);
    }
}

/* Its pod runs behind the gate: nothing is taken from it, and it is told. */
static void
test_loser_is_bound(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    struct wport *p = fixture_taker(&w, "sts2", MAC2, IP1, 20);
    fixture_taker(&w, "sts3", MAC3, IP1, 10);
    world_run(&w, 3000);
    world_bind(&w, p, "hv1");
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT(world_has(&w, "sts2-0.default", IP1));
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    CU_ASSERT(world_logged(&w, "duplicate"));
    world_bind(&w, p, NULL);
    world_run(&w, 60 * 1000);
    CU_ASSERT(!world_has(&w, "sts2-0.default", IP1));
    fixture_end(&w);
}

void
suite_guard_losers(void)
{
    CU_pSuite suite = unit_add_suite("guard_losers");

    CU_ADD_TEST(suite, test_loser_is_cleared);
    CU_ADD_TEST(suite, test_loser_comes_again);
    CU_ADD_TEST(suite, test_loser_is_bound);
}
