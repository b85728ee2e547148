/* SPDX-License-Identifier: Apache-2.0 */

/* --reserve=kube-ovn, beside a stand-in for Kube-OVN's controller. */

#include <config.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"
#include "uuid.h"

#include "agent/core/ipam-object.h"

#include "tests/unit/guard-fixture.h"
#include "tests/unit/kube-ovn-fixture.h"
#include "tests/unit/unit.h"
#include "tests/unit/world.h"

static void
begin(struct world *w, struct kube_ovn *ko)
{
    fixture_begin(w, MODE_GUARD);
    w->settings.reserve = RESERVE_KUBE_OVN;
    w->settings.nudge = SWITCH_ON;
    guard_set_settings(w->guard, &w->settings);
    kube_ovn_init(ko, w);
    kube_ovn_add(ko, "sts2-0", "10.0.0.9");
    world_run(w, 1000);
    CU_ASSERT_EQUAL(ko->n_made, 0);
}

static void
end(struct world *w, struct kube_ovn *ko)
{
    kube_ovn_destroy(ko);
    fixture_end(w);
}

static void
test_hold(void)
{
    struct kube_ovn ko;
    struct world w;

    begin(&w, &ko);
    world_pod(&w, unit_pod("sts3-0", "v3", OWNER_STATEFULSET, "sts3",
                           "ip_address="IP1));
    fixture_leave(&w);
    struct kube_ovn_ip *i = kube_ovn_ours(&ko);
    CU_ASSERT_PTR_NOT_NULL_FATAL(i);
    /* Named after the StatefulSet, with an ordinal that is none. */
    CU_ASSERT(!strncmp(i->pod, "sts1-ipguard0a000001", 20));
    CU_ASSERT_STRING_EQUAL(i->pod_type, "StatefulSet");
    CU_ASSERT_STRING_EQUAL(i->ip, IP1);
    CU_ASSERT(!strcmp(i->ns, "default"));
    CU_ASSERT(kube_ovn_refuses(&ko, "sts3-0", IP1));
    CU_ASSERT_EQUAL(ko.n_made, 1);
    world_run(&w, 600 * 1000);
    CU_ASSERT_EQUAL(ko.n_made, 1);
    CU_ASSERT_EQUAL(ko.n_deleted, 0);
    CU_ASSERT_EQUAL(w.orders.next_wake_ms, LLONG_MAX);

    /* It goes with the hold, and then who waits is told. */
    w.northd_frozen = false;
    world_run(&w, 30 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT_PTR_NULL(kube_ovn_ours(&ko));
    CU_ASSERT_EQUAL(ko.n_deleted, 1);
    CU_ASSERT_EQUAL(ko.n_conflicts, 0);
    CU_ASSERT_EQUAL(world_count_writes(&w, KUBE_WRITE_NUDGE, "sts3-0", NULL),
                    1);
    CU_ASSERT_PTR_NOT_NULL(kube_ovn_find(&ko, "sts2-0.default"));
    end(&w, &ko);
}

/* The nudge waits for the object to be gone, not only deleted. */
static void
test_nudge_waits(void)
{
    struct kube_ovn ko;
    struct world w;

    begin(&w, &ko);
    world_pod(&w, unit_pod("sts3-0", "v3", OWNER_STATEFULSET, "sts3",
                           "ip_address="IP1));
    fixture_leave(&w);
    ko.down = true;
    w.northd_frozen = false;
    world_run(&w, 30 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(kube_ovn_ours(&ko));
    CU_ASSERT(kube_ovn_ours(&ko)->deleting);
    CU_ASSERT_EQUAL(ko.n_deleted, 1);
    CU_ASSERT_EQUAL(world_count_writes(&w, KUBE_WRITE_NUDGE, NULL, NULL), 0);
    kube_ovn_start(&ko);
    world_run(&w, 3000);
    CU_ASSERT_PTR_NULL(kube_ovn_ours(&ko));
    CU_ASSERT_EQUAL(world_count_writes(&w, KUBE_WRITE_NUDGE, "sts3-0", NULL),
                    1);
    end(&w, &ko);
}

/* A restart of the controller: the object survives while its StatefulSet does,
 * and is made anew after. */
static void
test_restart(void)
{
    struct kube_ovn ko;
    struct world w;

    begin(&w, &ko);
    fixture_leave(&w);
    kube_ovn_start(&ko);
    world_run(&w, 3000);
    CU_ASSERT_PTR_NOT_NULL(kube_ovn_ours(&ko));
    CU_ASSERT_EQUAL(ko.n_made, 1);

    /* Without its StatefulSet it is only a name. */
    world_del_pod(&w, "sts1-0");
    world_del_sts(&w, "sts1");
    world_run(&w, 3000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(kube_ovn_ours(&ko));
    CU_ASSERT(!strncmp(kube_ovn_ours(&ko)->pod, "ovn-ipguard", 11));
    CU_ASSERT_STRING_EQUAL(kube_ovn_ours(&ko)->pod_type, "");
    size_t n = ko.n_made;
    kube_ovn_start(&ko);
    world_run(&w, 3000);
    CU_ASSERT_PTR_NOT_NULL(kube_ovn_ours(&ko));
    CU_ASSERT_EQUAL(ko.n_made, n + 1);
    end(&w, &ko);
}

/* One that the controller has not taken up does not count and is made anew. */
static void
test_no_force(void)
{
    struct kube_ovn ko;
    struct world w;

    begin(&w, &ko);
    ko.deaf = true;
    fixture_leave(&w);
    CU_ASSERT_PTR_NOT_NULL_FATAL(kube_ovn_ours(&ko));
    CU_ASSERT(!kube_ovn_refuses(&ko, "x", IP1));
    world_run(&w, 20 * 1000);
    CU_ASSERT_EQUAL(ko.n_made, 1);
    ko.deaf = false;
    world_run(&w, 20 * 1000);
    CU_ASSERT_EQUAL(ko.n_deleted, 1);
    CU_ASSERT_EQUAL(ko.n_made, 2);
    CU_ASSERT(kube_ovn_refuses(&ko, "x", IP1));
    CU_ASSERT(world_logged(&w, "not in force"));
    end(&w, &ko);
}

/* The guard dies, the setting is taken back, the daemon is stopped: nothing
 * is left behind. */
static void
test_left_behind(void)
{
    for (int k = 0; k < 4; k++) {
        struct kube_ovn ko;
        struct world w;

        begin(&w, &ko);
        fixture_leave(&w);
        CU_ASSERT_PTR_NOT_NULL(kube_ovn_ours(&ko));
        if (k == 0) {           /* Killed; another one goes on. */
            world_kill(&w, true);
            kube_ovn_tell_all(&ko);
            world_run(&w, 3000);
            CU_ASSERT_PTR_NOT_NULL(kube_ovn_ours(&ko));
            CU_ASSERT_EQUAL(ko.n_made, 1);
            w.northd_frozen = false;
            world_run(&w, 30 * 1000);
        } else if (k == 1) {    /* Killed; another one without the option. */
            w.settings.reserve = RESERVE_NONE;
            world_kill(&w, true);
            kube_ovn_tell_all(&ko);
            world_run(&w, 3000);
        } else if (k == 2) {
            guard_stop(w.guard);
            char *remains = guard_stop_remains(w.guard);
            CU_ASSERT_PTR_NOT_NULL(remains);
            free(remains);
            world_run(&w, 3000);
            remains = guard_stop_remains(w.guard);
            CU_ASSERT_PTR_NULL(remains);
            free(remains);
        } else {                /* The mode is lowered. */
            w.row.has_mode = TRI_TRUE;
            w.row.mode = MODE_OBSERVE;
            world_kill(&w, true);
            kube_ovn_tell_all(&ko);
            world_run(&w, 3000);
        }
        CU_ASSERT_PTR_NULL(kube_ovn_ours(&ko));
        CU_ASSERT_EQUAL(ko.n_deleted, 1);
        end(&w, &ko);
    }
}

/* What bears our label and is not ours is never deleted: with an IP object
 * goes the port of its name. */
static void
test_not_ours(void)
{
    struct kube_ovn ko;
    struct world w;

    begin(&w, &ko);
    /* Somebody copied the labels of one of ours to a pod's. */
    struct kube_ovn_ip *i = kube_ovn_add(&ko, "sts1-0", IP1);
    i->ours = i->reserved = true;
    kube_ovn_tell(&ko, i);
    /* And this one has nearly such a name. */
    i = kube_ovn_add(&ko, "sts9-ipguard0a000063xxxx", "10.0.0.99");
    i->ours = i->reserved = true;
    kube_ovn_tell(&ko, i);
    world_run(&w, 30 * 1000);
    CU_ASSERT_EQUAL(ko.n_deleted, 0);
    CU_ASSERT_PTR_NOT_NULL(kube_ovn_find(&ko, "sts1-0.default"));
    CU_ASSERT_PTR_NOT_NULL(world_find_port(&w, "sts1-0.default"));
    end(&w, &ko);
}

/* Nobody needs to keep an address that another object has; and the owner that
 * comes back must not meet our reservation. */
static void
test_others(void)
{
    struct kube_ovn ko;
    struct world w;

    begin(&w, &ko);
    struct kube_ovn_ip *i = kube_ovn_add(&ko, "sts1-0", IP1);
    fixture_leave(&w);
    CU_ASSERT_PTR_NOT_NULL(world_hold(&w, IP1));
    CU_ASSERT_EQUAL(ko.n_made, 0);
    /* The move is done: the object has the new address. */
    free(i->ip);
    i->ip = xstrdup(IP2);
    i->version = ++ko.version;
    kube_ovn_tell(&ko, i);
    world_run(&w, 1000);
    CU_ASSERT_EQUAL(ko.n_made, 1);

    world_pod(&w, unit_pod("sts1-0", "u3", OWNER_STATEFULSET, "sts1",
                           "ip_address="IP1));
    world_run(&w, 1000);
    CU_ASSERT_PTR_NOT_NULL(world_hold(&w, IP1));
    CU_ASSERT_PTR_NULL(kube_ovn_ours(&ko));
    CU_ASSERT(!kube_ovn_refuses(&ko, "sts1-0", IP1));
    end(&w, &ko);
}

/* Errors are not repeated at once. */
static void
test_errors(void)
{
    static const enum kube_write_result results[] = {
        KUBE_WRITE_FAILED, KUBE_WRITE_FORBIDDEN, KUBE_WRITE_CONFLICT,
    };

    for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
        struct kube_ovn ko;
        struct world w;

        begin(&w, &ko);
        ko.result = results[i];
        fixture_leave(&w);
        world_run(&w, 300 * 1000);
        size_t n = world_count_writes(&w, KUBE_WRITE_RESERVE, NULL, NULL);
        CU_ASSERT(n >= 6 && n <= 14);
        ko.result = KUBE_WRITE_DONE;
        world_run(&w, 100 * 1000);
        CU_ASSERT_PTR_NOT_NULL(kube_ovn_ours(&ko));
        /* It was changed before the mirror showed it. */
        kube_ovn_ours(&ko)->version++;
        w.northd_frozen = false;
        world_run(&w, 10 * 1000);
        CU_ASSERT(ko.n_conflicts >= 1);
        CU_ASSERT_PTR_NOT_NULL_FATAL(kube_ovn_ours(&ko));
        kube_ovn_tell(&ko, kube_ovn_ours(&ko));
        world_run(&w, 100 * 1000);
        CU_ASSERT_PTR_NULL(kube_ovn_ours(&ko));
        end(&w, &ko);
    }
}

static void
test_not_wanted(void)
{
    for (int k = 0; k < 3; k++) {
        struct kube_ovn ko;
        struct world w;

        begin(&w, &ko);
        if (k == 0) {
            w.settings.reserve = RESERVE_NONE;
        } else if (k == 1) {
            w.settings.mode = MODE_OBSERVE;
        } else {
            w.paused = true;
        }
        guard_set_settings(w.guard, &w.settings);
        world_run(&w, 1000);
        fixture_leave(&w);
        CU_ASSERT_EQUAL(ko.n_made, 0);
        end(&w, &ko);
    }
}

void
suite_guard_reserve(void)
{
    CU_pSuite suite = unit_add_suite("guard_reserve");

    CU_ADD_TEST(suite, test_hold);
    CU_ADD_TEST(suite, test_nudge_waits);
    CU_ADD_TEST(suite, test_restart);
    CU_ADD_TEST(suite, test_no_force);
    CU_ADD_TEST(suite, test_left_behind);
    CU_ADD_TEST(suite, test_not_ours);
    CU_ADD_TEST(suite, test_others);
    CU_ADD_TEST(suite, test_errors);
    CU_ADD_TEST(suite, test_not_wanted);
}
