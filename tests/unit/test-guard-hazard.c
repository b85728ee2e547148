/* SPDX-License-Identifier: Apache-2.0 */

/* What a restart of Kube-OVN's controller would break, because annotation, IP
 * object and port do not agree: that it is told, and that with
 * --reserve=kube-ovn the address is kept. */

#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "tests/unit/kube-ovn-fixture.h"
#include "tests/unit/release-fixture.h"
#include "tests/unit/unit.h"

static void
test_hazard_edit(void)
{
    struct kube_ovn ko;
    struct world w;

    rf_begin(&w, &ko);
    rf_annotate(&w, IP1);
    world_run(&w, 1000);
    CU_ASSERT(!world_logged(&w, "hazard"));
    rf_annotate(&w, IP2);
    world_run(&w, 1000);
    CU_ASSERT(world_logged(&w, "hazard: the annotation of pod default/sts1-0 "
                           "says "IP2", but it runs with "IP1));
    CU_ASSERT(rf_has_finding(&w, "set the annotation back to "IP1));
    CU_ASSERT_EQUAL(w.n_clears, 0);
    CU_ASSERT_EQUAL(ko.n_deleted, 0);
    rf_annotate(&w, IP1);
    world_run(&w, 1000);
    CU_ASSERT(!rf_has_finding(&w, "hazard"));
    rf_end(&w, &ko);
}

/* A failed move whose loser's port was cleared, and its IP object was not. */
static void
test_hazard_double(void)
{
    struct kube_ovn ko;
    struct world w;
    struct wport *p = rf_begin(&w, &ko);

    rf_set_release(&w, RELEASE_NONE);
    rf_fail_move(&w, &ko, p);
    rf_run_another(&w, &ko, "sts2", MAC3, IP1);
    world_run(&w, 20 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 1);
    CU_ASSERT(rf_has_finding(&w, "the IP objects sts1-0.default and "
                             "sts2-0.default both have "IP1));
    kube_ovn_remove(&ko, kube_ovn_find(&ko, "sts1-0.default"));
    world_run(&w, 1000);
    CU_ASSERT(!rf_has_finding(&w, "hazard"));
    rf_end(&w, &ko);
}

static void
set_object(struct kube_ovn *ko, const char *pod, const char *ip)
{
    char *name = xasprintf("%s.default", pod);
    struct kube_ovn_ip *i = kube_ovn_find(ko, name);

    free(i->ip);
    i->ip = xstrdup(ip);
    i->version = ++ko->version;
    kube_ovn_tell(ko, i);
    free(name);
}

/* With --reserve=kube-ovn the address of a living pod is kept over a restart,
 * as long as annotation, IP object and port do not agree. */
static void
test_hazard_reserved(void)
{
    struct kube_ovn ko;
    struct world w;

    rf_begin(&w, &ko);
    rf_set_reserve(&w, RESERVE_KUBE_OVN);
    rf_annotate(&w, IP1);
    world_run(&w, 3000);
    CU_ASSERT_EQUAL(ko.n_made, 0);
    rf_annotate(&w, IP2);
    world_run(&w, 1000);
    CU_ASSERT_EQUAL(ko.n_made, 1);
    struct kube_ovn_ip *ours = kube_ovn_ours(&ko);
    CU_ASSERT_PTR_NOT_NULL_FATAL(ours);
    CU_ASSERT_STRING_EQUAL(ours->ip, IP1);
    CU_ASSERT_STRING_EQUAL(ours->pod_type, "StatefulSet");
    CU_ASSERT(!strncmp(ours->pod, "sts1-ipguard", 12));
    CU_ASSERT(ours->force);

    /* The controller starts anew, and believes the annotation. */
    kube_ovn_start(&ko);
    set_object(&ko, "sts1-0", IP2);
    world_run(&w, 60 * 1000);
    CU_ASSERT(kube_ovn_refuses(&ko, "sts2-0", IP1));
    CU_ASSERT(rf_has_finding(&w, "the IP object of pod default/sts1-0 says "IP2
                             ", but it runs with "IP1));

    /* The annotation is set back: for its IPAM the address is free still. */
    rf_annotate(&w, IP1);
    world_run(&w, 10 * 1000);
    CU_ASSERT(kube_ovn_refuses(&ko, "sts2-0", IP1));
    CU_ASSERT_EQUAL(ko.n_made, 1);
    CU_ASSERT_EQUAL(ko.n_deleted, 0);

    set_object(&ko, "sts1-0", IP1);
    world_run(&w, 1000);
    CU_ASSERT_PTR_NULL(kube_ovn_ours(&ko));
    CU_ASSERT(!rf_has_finding(&w, "hazard"));
    CU_ASSERT_EQUAL(w.n_clears, 0);
    CU_ASSERT(world_has(&w, "sts1-0.default", IP1));
    rf_end(&w, &ko);
}

/* Whoever reserves it leaves nothing behind: the hazard's end, the end of the
 * option, the end of the daemon. */
static void
test_hazard_reserved_ends(void)
{
    for (int k = 0; k < 3; k++) {
        struct kube_ovn ko;
        struct world w;

        rf_begin(&w, &ko);
        rf_set_reserve(&w, RESERVE_KUBE_OVN);
        rf_annotate(&w, IP1);
        rf_annotate(&w, IP2);
        world_run(&w, 1000);
        CU_ASSERT_PTR_NOT_NULL(kube_ovn_ours(&ko));
        if (k == 0) {
            world_del_pod(&w, "sts1-0"); /* Its next one may have it. */
        } else if (k == 1) {
            rf_set_reserve(&w, RESERVE_NONE);
        } else {
            guard_stop(w.guard);
        }
        world_run(&w, 1000);
        CU_ASSERT_PTR_NULL(kube_ovn_ours(&ko));
        CU_ASSERT_PTR_NOT_NULL(kube_ovn_find(&ko, "sts1-0.default"));
        rf_end(&w, &ko);
    }
}

/* Of a drift that was not seen to begin nothing is said before it lasts: the
 * streams differ in age. */
static void
test_hazard_settles(void)
{
    struct kube_ovn ko;
    struct world w;

    rf_begin(&w, &ko);
    rf_annotate(&w, IP1);
    set_object(&ko, "sts1-0", IP2);
    world_run(&w, 1000);
    CU_ASSERT(!world_logged(&w, "hazard"));
    set_object(&ko, "sts1-0", IP1);
    world_run(&w, 5000);
    CU_ASSERT(!world_logged(&w, "hazard"));
    set_object(&ko, "sts1-0", IP2);
    world_run(&w, 5000);
    CU_ASSERT_EQUAL(world_logged(&w, "hazard"), 1);
    rf_end(&w, &ko);

    /* The pod goes, and nothing is judged meanwhile. */
    rf_begin(&w, &ko);
    rf_annotate(&w, IP1);
    rf_annotate(&w, IP2);
    world_run(&w, 1000);
    CU_ASSERT(rf_has_finding(&w, "hazard"));
    guard_model(w.guard)->kube_synced = false;
    world_del_pod(&w, "sts1-0");
    world_run(&w, 1000);
    guard_model(w.guard)->kube_synced = true;
    world_run(&w, 10 * 1000);
    CU_ASSERT(!rf_has_finding(&w, "hazard"));
    rf_end(&w, &ko);
}

/* Two IP objects: the address of the one that runs is kept. */
static void
test_double_reserved(void)
{
    struct kube_ovn ko;
    struct world w;
    struct wport *p = rf_begin(&w, &ko);

    w.settings.release = RELEASE_NONE;
    rf_set_reserve(&w, RESERVE_KUBE_OVN);
    rf_fail_move(&w, &ko, p);
    fixture_running(&w, "sts2", MAC3, IP1);
    world_pod(&w, unit_pod("sts2-0", "sts2-0", OWNER_STATEFULSET, "sts2",
                           "ip_address="IP1";allocated=true"));
    kube_ovn_add(&ko, "sts2-0", IP1);
    world_run(&w, 20 * 1000);
    struct kube_ovn_ip *ours = kube_ovn_ours(&ko);
    CU_ASSERT_PTR_NOT_NULL_FATAL(ours);
    CU_ASSERT_STRING_EQUAL(ours->ip, IP1);
    CU_ASSERT(!strncmp(ours->pod, "sts2-ipguard", 12));
    kube_ovn_remove(&ko, kube_ovn_find(&ko, "sts1-0.default"));
    world_run(&w, 1000);
    CU_ASSERT_PTR_NULL(kube_ovn_ours(&ko));
    rf_end(&w, &ko);
}

void
suite_guard_hazard(void)
{
    CU_pSuite suite = unit_add_suite("guard_hazard");

    CU_ADD_TEST(suite, test_hazard_edit);
    CU_ADD_TEST(suite, test_hazard_double);
    CU_ADD_TEST(suite, test_hazard_reserved);
    CU_ADD_TEST(suite, test_hazard_reserved_ends);
    CU_ADD_TEST(suite, test_hazard_settles);
    CU_ADD_TEST(suite, test_double_reserved);
}
