/* SPDX-License-Identifier: Apache-2.0 */

/* What the simulation (tests/sim) found wrong with what operators do to ports
 * by hand. */

#include <config.h>

#include "util.h"

#include "tests/unit/guard-fixture.h"
#include "tests/unit/kube-ovn-fixture.h"
#include "tests/unit/release-fixture.h"
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

/* A shut port is given a second address, with which another port runs: it is
 * not opened beside that when the address is clean that it was shut for, nor
 * when the other port has just lost the second one. */
static void
test_second_address_in_use(void)
{
    struct world w;
    struct wport *p;

    fixture_begin(&w, MODE_GUARD);
    fixture_running(&w, "sts3", MAC3, V6);
    world_run(&w, 3000);
    fixture_leave(&w);
    p = fixture_taker(&w, "sts2", MAC2, IP1, 10);
    world_pod(&w, unit_pod("sts2-0", "sts2-0", OWNER_STATEFULSET, "sts2",
                           "ip_address="IP1","V6));
    world_run(&w, 1000);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    w.settings.settle_ms = 600 * 1000; /* Or it is cleared as the loser. */
    guard_set_settings(w.guard, &w.settings);
    world_set_addresses(&w, p, MAC2" "IP1" "V6);
    w.northd_frozen = false;
    world_run(&w, 200 * 1000);
    CU_ASSERT_PTR_NULL(world_hold(&w, IP1));
    CU_ASSERT(world_gated(&w, "sts2-0.default"));

    w.northd_frozen = true;
    world_del_port(&w, world_find_port(&w, "sts3-0.default"));
    world_run(&w, 5000);
    CU_ASSERT_PTR_NOT_NULL(world_hold(&w, V6));
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT(!world_gated(&w, "sts2-0.default"));
    fixture_end(&w);
}

static enum kube_write_result (*next_on_write)(struct world *,
                                               const struct kube_write *);

/* The API server has a request, and says what came of it later. */
static enum kube_write_result
take_its_time(struct world *w, const struct kube_write *kw)
{
    return (kw->kind == KUBE_WRITE_DELETE_IP ? KUBE_WRITE_DONE
            : next_on_write(w, kw));
}

/* A hold is released by hand while the deletion of the IP object is on its
 * way, which takes the address off the port: the hold stays until then. */
static void
test_released_amid_a_deletion(void)
{
    struct kube_ovn ko;
    struct world w;
    struct wport *p = rf_begin(&w, &ko);

    next_on_write = w.on_write;
    w.on_write = take_its_time;
    rf_change(&w, p);
    for (int i = 0; i < 200 && !world_count_writes(&w, KUBE_WRITE_DELETE_IP,
                                                   NULL, NULL); i++) {
        world_run(&w, 100);
    }
    CU_ASSERT_EQUAL(world_count_writes(&w, KUBE_WRITE_DELETE_IP, NULL, NULL),
                    1);
    CU_ASSERT_FATAL(guard_hold_release(w.guard, "net1", IP1,
                                       &(struct guard_env) {
        .now = w.now, .wall = w.wall, .boot_id = w.boot_id,
        .have_store = true, .store_ready = true, .locked = true,
    }) == NULL);
    world_run(&w, 1000);
    CU_ASSERT_PTR_NOT_NULL(world_stored_hold(&w, IP1));
    world_del_port(&w, p);
    kube_ovn_remove(&ko, kube_ovn_find(&ko, "sts1-0.default"));
    world_run(&w, 30 * 1000);
    CU_ASSERT_EQUAL(world_journalled(&w, "cancel"), 0);
    CU_ASSERT_EQUAL(world_journalled(&w, "force"), 1);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    rf_end(&w, &ko);
}

/* Another address is taken off the port by hand and given back between two
 * turns of the daemon: that the first one is stale is to be seen for a settle
 * time from then on. */
static void
test_other_address_within_a_turn(void)
{
    struct world w;
    struct wport *p = fixture_begin(&w, MODE_GUARD);

    world_set_addresses(&w, p, MAC1" "IP1" "V6);
    world_run(&w, 60 * 1000);
    fixture_make_stale(&w);
    world_run(&w, w.settings.settle_ms - 100);
    world_set_addresses(&w, p, MAC1" "IP1);
    world_set_addresses(&w, p, MAC1" "IP1" "V6);
    world_run(&w, w.settings.settle_ms - 100);
    CU_ASSERT_EQUAL(w.n_clears, 0);
    /* Two that come are no less than one. */
    world_set_addresses(&w, p, MAC1" "IP3);
    world_set_addresses(&w, p, MAC1" "IP1" "V6);
    world_run(&w, w.settings.settle_ms - 100);
    CU_ASSERT_EQUAL(w.n_clears, 0);
    world_run(&w, 60 * 1000);
    CU_ASSERT(w.n_clears > 0);
    CU_ASSERT(!world_has(&w, "sts1-0.default", IP1));
    fixture_end(&w);
}

/* A port takes a held address, loses it and takes it again between two turns:
 * it never had it, and is shut. */
static void
test_taken_twice(void)
{
    struct world w;
    struct wport *p;

    fixture_begin_held(&w, MODE_GUARD);
    p = fixture_taker(&w, "sts2", MAC2, IP1, 10);
    world_set_addresses(&w, p, MAC2);
    world_set_addresses(&w, p, MAC2" "IP1);
    world_run(&w, 1000);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(world_hold(&w, IP1));
    CU_ASSERT_STRING_EQUAL(world_hold(&w, IP1)->owner.name, "sts1-0");
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT(!world_gated(&w, "sts2-0.default"));
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

void
suite_guard_found_hands(void)
{
    CU_pSuite suite = unit_add_suite("guard_found_hands");

    CU_ADD_TEST(suite, test_enabled_with_another_address);
    CU_ADD_TEST(suite, test_second_address_in_use);
    CU_ADD_TEST(suite, test_released_amid_a_deletion);
    CU_ADD_TEST(suite, test_other_address_within_a_turn);
    CU_ADD_TEST(suite, test_taken_twice);
}
