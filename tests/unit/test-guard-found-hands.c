/* SPDX-License-Identifier: Apache-2.0 */

/* What the simulation (tests/sim) found wrong with what operators do to ports
 * by hand. */

#include <config.h>

#include "util.h"

#include "tests/unit/guard-fixture.h"
#include "tests/unit/unit.h"
#include "tests/unit/world.h"

#define IP3 "10.0.0.3"

/* A shut port is enabled by hand, and given another held address in the same
 * moment: it was enabled for the one that it was shut for, and is shut for the
 * other one. */
static void
test_enabled_with_another_address(void)
{
    struct world w;
    struct wport *p;

    fixture_begin(&w, MODE_GUARD);
    fixture_running(&w, "sts3", MAC3, IP3);
    world_run(&w, 3000);
    fixture_leave(&w);
    world_del_port(&w, world_find_port(&w, "sts3-0.default"));
    p = fixture_taker(&w, "sts2", MAC2, IP1, 10);
    world_run(&w, 1000);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    CU_ASSERT_PTR_NOT_NULL(world_hold(&w, IP3));

    p->enabled = TRI_UNSET;
    world_set_addresses(&w, p, MAC2" "IP3);
    world_run(&w, 1000);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    CU_ASSERT_EQUAL(world_journalled(&w, "gate"), 2);
    CU_ASSERT_EQUAL(world_journalled(&w, "ungate"), 1);
    fixture_end(&w);
}

void
suite_guard_found_hands(void)
{
    CU_pSuite suite = unit_add_suite("guard_found_hands");

    CU_ADD_TEST(suite, test_enabled_with_another_address);
}
