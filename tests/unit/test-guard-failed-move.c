/* SPDX-License-Identifier: Apache-2.0 */

/* Moves that failed: the pod wants an address that another one has, and
 * Kube-OVN leaves it port and IP object of the old one. */

#include <config.h>

#include "tests/unit/kube-ovn-fixture.h"
#include "tests/unit/release-fixture.h"
#include "tests/unit/unit.h"

static void
test_failed_move(void)
{
    for (int k = 0; k < 2; k++) {
        struct kube_ovn ko;
        struct world w;
        struct wport *p = rf_begin(&w, &ko);

        if (k == 1) {
            rf_set_release(&w, RELEASE_NONE);
        }
        /* No certainty is needed: the pod is there. */
        w.release_certain = false;
        rf_fail_move(&w, &ko, p);
        world_run(&w, 20 * 1000);
        if (k == 0) {
            CU_ASSERT_EQUAL(ko.n_deleted, 1);
            CU_ASSERT_EQUAL(w.n_clears, 0);
            CU_ASSERT_PTR_NULL(kube_ovn_find(&ko, "sts1-0.default"));
            CU_ASSERT_PTR_NOT_NULL(kube_ovn_find(&ko, "holder-0.default"));
        } else {
            CU_ASSERT_EQUAL(ko.n_deleted, 0);
            CU_ASSERT_EQUAL(w.n_clears, 1);
        }
        CU_ASSERT(!world_has(&w, "sts1-0.default", IP1));
        /* What the clear leaves is told, loudly. */
        CU_ASSERT_EQUAL(world_logged(&w, "hazard: the move of pod "
                                     "default/sts1-0 failed, and its IP "
                                     "object still has "IP1), k == 1);
        CU_ASSERT_EQUAL(rf_has_finding(&w, "delete the IP object "
                                       "sts1-0.default"), k == 1);
        CU_ASSERT(world_has(&w, "holder-0.default", IP2));
        CU_ASSERT_EQUAL(w.n_holds, 0);
        rf_end(&w, &ko);
    }
}

/* With the second owner there already: two ports, two objects. */
static void
test_two_owners(void)
{
    struct kube_ovn ko;
    struct world w;
    struct wport *p = rf_begin(&w, &ko);

    rf_fail_move(&w, &ko, p);
    rf_run_another(&w, &ko, "sts2", MAC3, IP1);
    world_run(&w, 20 * 1000);
    CU_ASSERT_EQUAL(ko.n_deleted, 1);
    CU_ASSERT_PTR_NULL(kube_ovn_find(&ko, "sts1-0.default"));
    CU_ASSERT_PTR_NOT_NULL(kube_ovn_find(&ko, "sts2-0.default"));
    CU_ASSERT(world_has(&w, "sts2-0.default", IP1));
    CU_ASSERT_EQUAL(w.n_clears, 0);
    rf_end(&w, &ko);
}

static void
test_allocated(void)
{
    struct kube_ovn ko;
    struct world w;
    struct wport *p = rf_begin(&w, &ko);

    w.on_read = rf_allocate;
    rf_fail_move(&w, &ko, p);
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(ko.n_deleted, 0);
    CU_ASSERT_EQUAL(w.n_clears, 0);
    rf_end(&w, &ko);
}

/* The port was cleared before the IP object could be deleted: that is made up
 * for. */
static void
test_rest(void)
{
    for (int k = 0; k < 4; k++) {
        struct kube_ovn ko;
        struct world w;
        struct wport *p = rf_begin(&w, &ko);

        if (k == 0) {
            ko.result = KUBE_WRITE_FORBIDDEN;
        } else {
            rf_set_release(&w, RELEASE_NONE);
        }
        rf_fail_move(&w, &ko, p);
        world_run(&w, 20 * 1000);
        CU_ASSERT_EQUAL(w.n_clears, 1);
        CU_ASSERT(rf_has_finding(&w, "its IP object still has "IP1));
        CU_ASSERT_EQUAL(ko.n_deleted, 0);

        /* It can be now, if the pod was not given its address meanwhile. */
        if (k == 2) {
            w.on_read = rf_allocate;
        } else if (k == 3) {
            kube_ovn_find(&ko, "sts1-0.default")->version++;
        }
        ko.result = KUBE_WRITE_DONE;
        rf_set_release(&w, RELEASE_KUBE_OVN);
        world_run(&w, 60 * 1000);
        CU_ASSERT_EQUAL(ko.n_deleted, k < 2);
        CU_ASSERT_EQUAL(rf_has_finding(&w, "its IP object still has"), k == 3);
        if (k < 2) {
            CU_ASSERT_PTR_NULL(kube_ovn_find(&ko, "sts1-0.default"));
            CU_ASSERT(world_journalled(&w, "delete-ip") >= 1);
        } else if (k == 3) {
            /* The mirror was behind. */
            CU_ASSERT(ko.n_conflicts >= 1);
            kube_ovn_tell(&ko, kube_ovn_find(&ko, "sts1-0.default"));
            world_run(&w, 60 * 1000);
            CU_ASSERT_EQUAL(ko.n_deleted, 1);
        }
        CU_ASSERT(world_has(&w, "holder-0.default", IP2));
        CU_ASSERT_EQUAL(w.n_clears, 1);
        rf_end(&w, &ko);
    }
}

/* The IP objects are behind the ports: the port's own is waited for. */
static void
test_late_object(void)
{
    for (int k = 0; k < 2; k++) {
        struct kube_ovn ko;
        struct world w;
        struct wport *p = rf_begin(&w, &ko);

        kube_ovn_remove(&ko, kube_ovn_find(&ko, "sts1-0.default"));
        rf_fail_move(&w, &ko, p);
        world_run(&w, 5000);
        CU_ASSERT_EQUAL(w.n_clears, 0);
        if (k == 0) {
            kube_ovn_add(&ko, "sts1-0", IP1);
        }
        world_run(&w, 20 * 1000);
        CU_ASSERT_EQUAL(ko.n_deleted, k == 0);
        CU_ASSERT_EQUAL(w.n_clears, k == 1);
        CU_ASSERT_EQUAL(world_logged(&w, "is cleared, and its IP object is "
                                     "not deleted: it has no IP object"),
                        k == 1);
        rf_end(&w, &ko);
    }
}

void
suite_guard_failed_move(void)
{
    CU_pSuite suite = unit_add_suite("guard_failed_move");

    CU_ADD_TEST(suite, test_failed_move);
    CU_ADD_TEST(suite, test_two_owners);
    CU_ADD_TEST(suite, test_allocated);
    CU_ADD_TEST(suite, test_rest);
    CU_ADD_TEST(suite, test_late_object);
}
