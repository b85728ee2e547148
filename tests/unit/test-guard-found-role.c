/* SPDX-License-Identifier: Apache-2.0 */

/* More of what the simulation (tests/sim) found wrong: where a change of role
 * or of what is known met something that was under way. */

#include <config.h>

#include <stdlib.h>

#include "util.h"
#include "uuid.h"

#include "tests/unit/guard-fixture.h"
#include "tests/unit/unit.h"
#include "tests/unit/world.h"

/* A hold is stored, but that is seen only when a lock was lost and had again;
 * meanwhile its switch was made again, and it followed.  What is loaded and
 * what is remembered are one hold, though of two switches. */
static void
test_hold_is_loaded_once(void)
{
    struct world w;

    fixture_begin(&w, MODE_GUARD);
    w.northd_frozen = true;
    w.store_fault = FAULT_LOST;
    world_del_port(&w, world_find_port(&w, "sts1-0.default"));
    world_turn(&w);
    const struct hold *h = world_hold(&w, IP1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(h);
    struct hold *stored = hold_clone(h);
    model_remove_network(guard_model(w.guard), &w.networks[0].uuid);
    w.networks[0].exists = false;
    world_network(&w, "net1");
    world_turn(&w);
    CU_ASSERT(!uuid_equals(&h->network, &stored->network));
    CU_ASSERT_EQUAL(w.n_holds, 0);

    w.locked = false;
    world_turn(&w);
    w.holds = xrealloc(w.holds, sizeof *w.holds);
    w.holds[w.n_holds++] = stored;
    w.row.generation++;
    w.locked = true;
    world_settle(&w);
    CU_ASSERT_EQUAL(w.n_holds, 1);
    CU_ASSERT_EQUAL(hold_table_count(guard_holds(w.guard)), 1);
    CU_ASSERT(sset_contains(&w.log, "started with 1 hold(s) and 0 gate(s)"));
    fixture_end(&w);
}

/* A port's owner was never seen; then a pod comes and goes within a turn, as
 * after a watch that was broken.  That it is gone is to be seen for a settle
 * time of its own. */
static void
test_owner_within_a_turn(void)
{
    struct world w;

    fixture_begin(&w, MODE_MANAGE);
    world_port(&w, 0, "other", MAC2" "IP2);
    world_run(&w, 10 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 0);
    world_pod(&w, unit_pod("other", "u9", OWNER_NONE, "", "ip_address="IP2));
    world_del_pod(&w, "other");
    world_run(&w, w.settings.settle_ms - 100);
    CU_ASSERT_EQUAL(w.n_clears, 0);
    world_run(&w, 10 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 1);
    CU_ASSERT(!world_has(&w, "other.default", IP2));
    fixture_end(&w);
}

void
suite_guard_found_role(void)
{
    CU_pSuite suite = unit_add_suite("guard_found_role");

    CU_ADD_TEST(suite, test_hold_is_loaded_once);
    CU_ADD_TEST(suite, test_owner_within_a_turn);
}
