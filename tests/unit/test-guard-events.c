/* SPDX-License-Identifier: Apache-2.0 */

/* The guard in a simulated world: what people are told in Events, how often,
 * and who is nudged when an address becomes free. */

#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "util.h"
#include "uuid.h"

#include "tests/unit/guard-fixture.h"
#include "tests/unit/unit.h"
#include "tests/unit/world.h"

/* The text of the latest Event of that reason about 'name', or "". */
static const char *
told(const struct world *w, const char *reason, const char *name)
{
    const struct kube_write *kw = world_find_write(w, KUBE_WRITE_EVENT, name,
                                                   reason);

    return kw ? kw->note : "";
}

static size_t
n_told(const struct world *w, const char *reason)
{
    return world_count_writes(w, KUBE_WRITE_EVENT, NULL, reason);
}

#define ASSERT_TOLD(W, REASON, NAME, PART)                              \
    do {                                                                \
        const char *told_ = told(W, REASON, NAME);                      \
                                                                        \
        if (!strstr(told_, PART)) {                                     \
            printf("\n%s about %s: \"%s\"\n", REASON, NAME, told_);     \
        }                                                               \
        CU_ASSERT_PTR_NOT_NULL(strstr(told_, PART));                    \
    } while (0)

/* From the departure to the release, with a gated taker. */
static void
test_hand_over(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    ASSERT_TOLD(&w, "AddressHeld", "sts1",
                IP1" on network net1, which pod default/sts1-0 of StatefulSet "
                "sts1 had on port sts1-0.default, is held since 2023-11-1");
    world_sts(&w, unit_sts("sts2", "sts2", 1, "ip_pool="IP1));
    fixture_taker(&w, "sts2", MAC2, IP1, 10);
    world_run(&w, 3000);
    ASSERT_TOLD(&w, "WaitingForAddress", "sts2-0",
                "Port sts2-0.default, which is kept disabled, waits for "IP1
                " on network net1");
    ASSERT_TOLD(&w, "WaitingForAddress", "sts2", "nb_cfg");
    const struct kube_write *kw = world_find_write(&w, KUBE_WRITE_EVENT,
                                                   "sts2-0",
                                                   "WaitingForAddress");
    CU_ASSERT_FATAL(kw != NULL);
    CU_ASSERT_EQUAL(kw->object, KUBE_OBJECT_POD);
    CU_ASSERT_STRING_EQUAL(kw->uid, "sts2-0");
    CU_ASSERT_STRING_EQUAL(kw->ns, "default");
    CU_ASSERT(!strncmp(kw->event, "sts2-0.", 7));
    CU_ASSERT(kw->warning);
    CU_ASSERT_EQUAL(kw->count, 1);
    w.northd_frozen = false;
    world_run(&w, 30 * 1000);
    ASSERT_TOLD(&w, "AddressReusable", "sts1",
                "may be used again: clean. Port sts2-0.default has it now.");
    ASSERT_TOLD(&w, "AddressReusable", "sts2-0", IP1);
    CU_ASSERT_EQUAL(n_told(&w, "DuplicateAddress"), 0);
    CU_ASSERT_EQUAL(n_told(&w, "GuardFrozen"), 0);
    fixture_end(&w);
}

/* A pod that has no port with the address: its controller refuses it. */
static void
test_waiting_without_port(void)
{
    struct world w;

    fixture_begin(&w, MODE_GUARD);
    world_pod(&w, unit_pod("sts2-0", "v", OWNER_STATEFULSET, "sts2",
                           "ip_address="IP1));
    world_run(&w, 3000);
    CU_ASSERT_EQUAL(n_told(&w, "WaitingForAddress"), 0);
    fixture_leave(&w);
    ASSERT_TOLD(&w, "WaitingForAddress", "sts2-0",
                "Pod default/sts2-0, which has no port with it");

    /* And one that comes later. */
    world_pod(&w, unit_pod("sts3-0", "v3", OWNER_STATEFULSET, "sts3",
                           "ip_address="IP1));
    world_run(&w, 3000);
    ASSERT_TOLD(&w, "WaitingForAddress", "sts3-0", IP1);
    /* Not the one whose address it was, nor one of another network. */
    world_pod(&w, unit_pod("sts4-0", "v4", OWNER_STATEFULSET, "sts4",
                           "ip_address="IP1";logical_switch=net2"));
    world_run(&w, 3000);
    CU_ASSERT_EQUAL(world_count_writes(&w, KUBE_WRITE_EVENT, "sts4-0", NULL),
                    0);
    CU_ASSERT_EQUAL(world_count_writes(&w, KUBE_WRITE_EVENT, "sts1-0",
                                       "WaitingForAddress"), 0);
    fixture_end(&w);
}

/* The guard's own clear. */
static void
test_cleared(void)
{
    struct world w;
    struct wport *p = fixture_begin(&w, MODE_MANAGE);

    world_bind(&w, p, NULL);
    world_sts(&w, unit_sts("sts1", "sts1", 1, "ip_pool="IP2));
    world_del_pod(&w, "sts1-0");
    world_run(&w, 1000);
    ASSERT_TOLD(&w, "FixedIPChangeAccepted", "sts1",
                IP1" on network net1 leaves port sts1-0.default");
    world_run(&w, 20 * 1000);
    ASSERT_TOLD(&w, "StaleAddressCleared", "sts1",
                IP1" on network net1 was taken off port sts1-0.default");
    CU_ASSERT_EQUAL(n_told(&w, "FixedIPChangeForbidden"), 0);
    fixture_end(&w);
}

static void
test_forbidden_change(void)
{
    struct world w;
    struct wport *p = fixture_begin(&w, MODE_MANAGE);

    w.settings.sts_ip_change = STS_IP_CHANGE_DENY;
    guard_set_settings(w.guard, &w.settings);
    world_bind(&w, p, NULL);
    world_sts(&w, unit_sts("sts1", "sts1", 1, "ip_pool="IP2));
    world_del_pod(&w, "sts1-0");
    world_run(&w, 20 * 1000);
    ASSERT_TOLD(&w, "FixedIPChangeForbidden", "sts1",
                "Port sts1-0.default on network net1 keeps "IP1);
    CU_ASSERT_EQUAL(n_told(&w, "FixedIPChangeForbidden"), 1);
    CU_ASSERT_EQUAL(n_told(&w, "FixedIPChangeAccepted"), 0);
    fixture_end(&w);
}

static void
test_duplicate(void)
{
    struct world w;

    fixture_begin(&w, MODE_GUARD);
    fixture_running(&w, "sts2", MAC2, IP1);
    world_run(&w, 3000);
    ASSERT_TOLD(&w, "DuplicateAddress", "sts1-0",
                IP1" on network net1 is on several ports: sts1-0.default, "
                "sts2-0.default");
    ASSERT_TOLD(&w, "DuplicateAddress", "sts2-0", IP1);
    ASSERT_TOLD(&w, "DuplicateAddress", "sts2", IP1);
    fixture_end(&w);
}

static void
test_frozen(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    fixture_taker(&w, "sts2", MAC2, IP1, 10);
    world_run(&w, 3000);
    free(guard_freeze(w.guard, "test"));
    world_run(&w, 3000);
    ASSERT_TOLD(&w, "GuardFrozen", "sts1", "frozen (by hand: test): "IP1);
    ASSERT_TOLD(&w, "GuardFrozen", "sts2-0", "thaw");
    size_t n = n_told(&w, "GuardFrozen");
    world_run(&w, 600 * 1000);
    CU_ASSERT_EQUAL(n_told(&w, "GuardFrozen"), n);
    free(guard_thaw(w.guard));
    world_run(&w, 3000);
    fixture_end(&w);
}

/* ---- When nothing may be told. ---- */

static void
test_silence(void)
{
    for (int k = 0; k < 4; k++) {
        struct world w;

        fixture_begin(&w, k == 0 ? MODE_OBSERVE : MODE_GUARD);
        if (k == 1) {
            w.settings.events = SWITCH_OFF;
            guard_set_settings(w.guard, &w.settings);
        } else if (k == 2) {
            w.no_api = true;
        } else if (k == 3) {
            w.locked = false;   /* A standby. */
        }
        w.settings.nudge = k == 3 ? SWITCH_ON : w.settings.nudge;
        world_run(&w, 1000);
        fixture_leave(&w);
        fixture_taker(&w, "sts2", MAC2, IP1, 10);
        w.northd_frozen = false;
        world_run(&w, 30 * 1000);
        CU_ASSERT_EQUAL(w.n_writes, 0);
        fixture_end(&w);
    }
}

/* ---- How often. ---- */

static void
leave_and_return(struct world *w)
{
    struct wport *p = world_find_port(w, "sts1-0.default");

    world_bind(w, p, NULL);
    world_set_addresses(w, p, MAC1);
    world_settle(w);
    world_set_addresses(w, p, MAC1" "IP1);
    world_settle(w);
}

static void
test_series(void)
{
    struct world w;

    fixture_begin(&w, MODE_GUARD);
    for (int i = 0; i < 5; i++) {
        leave_and_return(&w);
    }
    CU_ASSERT_EQUAL(world_count_writes(&w, KUBE_WRITE_EVENT, "sts1",
                                       "AddressHeld"), 1);
    CU_ASSERT_EQUAL(world_count_writes(&w, KUBE_WRITE_SERIES, "sts1",
                                       "AddressHeld"), 0);
    /* What happened meanwhile is told once a minute. */
    world_run(&w, 61 * 1000);
    CU_ASSERT_EQUAL(world_count_writes(&w, KUBE_WRITE_SERIES, "sts1",
                                       "AddressHeld"), 1);
    const struct kube_write *kw = world_find_write(&w, KUBE_WRITE_SERIES,
                                                   "sts1", "AddressHeld");
    CU_ASSERT_FATAL(kw != NULL);
    CU_ASSERT_EQUAL(kw->count, 5);
    CU_ASSERT_STRING_EQUAL(kw->event,
                           world_find_write(&w, KUBE_WRITE_EVENT, "sts1",
                                            "AddressHeld")->event);
    world_run(&w, 600 * 1000);
    CU_ASSERT_EQUAL(world_count_writes(&w, KUBE_WRITE_SERIES, "sts1",
                                       "AddressHeld"), 1);
    /* More than an hour later it is news again. */
    world_run(&w, 3600 * 1000);
    leave_and_return(&w);
    CU_ASSERT_EQUAL(world_count_writes(&w, KUBE_WRITE_EVENT, "sts1",
                                       "AddressHeld"), 2);
    fixture_end(&w);
}

static void
test_rate(void)
{
    struct world w;

    world_init(&w, MODE_GUARD);
    world_chassis(&w, "hv1");
    world_network(&w, "net1");
    for (int i = 0; i < 150; i++) {
        char *sts = xasprintf("s%d", i);
        char *mac = xasprintf("0a:00:00:00:01:%02x", i);
        char *ip = xasprintf("10.0.1.%d", i);

        fixture_running(&w, sts, mac, ip);
        free(sts);
        free(mac);
        free(ip);
    }
    world_flags(&w);
    world_run(&w, 5000);
    for (int i = 0; i < 150; i++) {
        char *name = xasprintf("s%d-0.default", i);
        struct wport *p = world_find_port(&w, name);

        world_bind(&w, p, NULL);
        world_set_addresses(&w, p, NULL);
        free(name);
    }
    world_settle(&w);
    CU_ASSERT_EQUAL(w.n_holds, 150);
    CU_ASSERT_EQUAL(world_count_writes(&w, KUBE_WRITE_EVENT, NULL, NULL),
                    100);
    CU_ASSERT(guard_get_counters(w.guard)->events_dropped >= 50);
    fixture_end(&w);
}

/* ---- Nudges. ---- */

static void
test_nudge(void)
{
    struct world w;

    fixture_begin(&w, MODE_GUARD);
    w.settings.nudge = SWITCH_ON;
    guard_set_settings(w.guard, &w.settings);
    /* One waits in its controller's back-off; one has what it wants; one asks
     * for it elsewhere; and a StatefulSet's pod was denied. */
    world_pod(&w, unit_pod("sts2-0", "v2", OWNER_STATEFULSET, "sts2",
                           "ip_address="IP1));
    world_pod(&w, unit_pod("sts3-0", "v3", OWNER_STATEFULSET, "sts3",
                           "ip_address="IP1";allocated=true"));
    world_pod(&w, unit_pod("sts4-0", "v4", OWNER_STATEFULSET, "sts4",
                           "ip_address="IP1";logical_switch=net2"));
    world_sts(&w, unit_sts("sts5", "v5", 2, "ip_pool=10.0.0.77,"IP1));
    world_pod(&w, unit_pod("sts5-0", "v50", OWNER_STATEFULSET, "sts5",
                           "ip_address=10.0.0.77"));
    /* Its pod is there. */
    world_sts(&w, unit_sts("sts2", "w2", 1, "ip_pool="IP1));
    fixture_leave(&w);
    CU_ASSERT_EQUAL(world_count_writes(&w, KUBE_WRITE_NUDGE, NULL, NULL), 0);
    w.northd_frozen = false;
    world_run(&w, 30 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT_EQUAL(world_count_writes(&w, KUBE_WRITE_NUDGE, NULL, NULL), 2);
    const struct kube_write *kw = world_find_write(&w, KUBE_WRITE_NUDGE,
                                                   "sts2-0", NULL);
    CU_ASSERT_FATAL(kw != NULL);
    CU_ASSERT_STRING_EQUAL(kw->uid, "v2");
    CU_ASSERT_EQUAL(kw->object, KUBE_OBJECT_POD);
    kw = world_find_write(&w, KUBE_WRITE_NUDGE, "sts5", NULL);
    CU_ASSERT_FATAL(kw != NULL);
    CU_ASSERT_EQUAL(kw->object, KUBE_OBJECT_STATEFULSET);
    /* Once for each hold. */
    world_run(&w, 3600 * 1000);
    CU_ASSERT_EQUAL(world_count_writes(&w, KUBE_WRITE_NUDGE, NULL, NULL), 2);
    fixture_end(&w);
}

/* Who waits is forgotten with the pod and with the template. */
static void
test_nudge_gone(void)
{
    struct world w;

    fixture_begin(&w, MODE_GUARD);
    w.settings.nudge = SWITCH_ON;
    guard_set_settings(w.guard, &w.settings);
    world_pod(&w, unit_pod("sts2-0", "v2", OWNER_STATEFULSET, "sts2",
                           "ip_address="IP1));
    world_sts(&w, unit_sts("sts5", "v5", 1, "ip_pool="IP1));
    fixture_leave(&w);
    world_del_pod(&w, "sts2-0");
    world_sts(&w, unit_sts("sts5", "v5", 1, "ip_pool=10.0.0.78"));
    w.northd_frozen = false;
    world_run(&w, 30 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT_EQUAL(world_count_writes(&w, KUBE_WRITE_NUDGE, NULL, NULL), 0);
    fixture_end(&w);
}

void
suite_guard_events(void)
{
    CU_pSuite suite = unit_add_suite("guard_events");

    CU_ADD_TEST(suite, test_hand_over);
    CU_ADD_TEST(suite, test_waiting_without_port);
    CU_ADD_TEST(suite, test_cleared);
    CU_ADD_TEST(suite, test_forbidden_change);
    CU_ADD_TEST(suite, test_duplicate);
    CU_ADD_TEST(suite, test_frozen);
    CU_ADD_TEST(suite, test_silence);
    CU_ADD_TEST(suite, test_series);
    CU_ADD_TEST(suite, test_rate);
    CU_ADD_TEST(suite, test_nudge);
    CU_ADD_TEST(suite, test_nudge_gone);
}
