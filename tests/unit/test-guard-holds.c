/* SPDX-License-Identifier: Apache-2.0 */

/* The guard in a simulated world: lives of holds, takers and their gates, and
 * what stops everything. */

#include <config.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"
#include "uuid.h"

#include "tests/unit/guard-fixture.h"
#include "tests/unit/unit.h"
#include "tests/unit/world.h"

/* ---- Owners. ---- */

static void
test_same_owner_not_delayed(void)
{
    struct world w;
    struct wport *p = fixture_begin(&w, MODE_GUARD);

    /* The CNI controller deletes the row and makes it anew. */
    w.northd_frozen = true;
    world_del_pod(&w, "sts1-0");
    world_del_port(&w, p);
    world_run(&w, 3000);
    CU_ASSERT_PTR_NOT_NULL(world_stored_hold(&w, IP1));
    fixture_taker(&w, "sts1", MAC3, IP1, 99);
    world_settle(&w);
    CU_ASSERT(!world_hold(&w, IP1));
    CU_ASSERT_EQUAL(w.n_gated, 0);
    CU_ASSERT_EQUAL(world_journalled(&w, "cancel"), 1);
    fixture_end(&w);

    /* In mode manage its own hold does not keep it from being set. */
    p = fixture_begin(&w, MODE_MANAGE);
    world_bind(&w, p, NULL);
    w.northd_frozen = true;
    world_set_addresses(&w, p, MAC1);
    world_settle(&w);
    w.northd_frozen = false;
    world_run(&w, 1000);
    CU_ASSERT(world_has(&w, "sts1-0.default", IP1));
    fixture_end(&w);
}

static void
test_deny(void)
{
    static const enum guard_mode modes[] = { MODE_GUARD, MODE_MANAGE };

    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        struct world w;
        struct wport *p = fixture_begin(&w, modes[i]);

        w.settings.sts_ip_change = STS_IP_CHANGE_DENY;
        guard_set_settings(w.guard, &w.settings);
        world_sts(&w, unit_sts("sts1", "sts1", 1, "ip_pool="IP2));
        world_bind(&w, p, NULL);
        world_del_pod(&w, "sts1-0");
        world_run(&w, 100 * 1000);
        world_pod(&w, unit_pod("sts1-0", "u2", OWNER_STATEFULSET, "sts1",
                               "ip_address="IP2));
        world_run(&w, 100 * 1000);
        CU_ASSERT(world_has(&w, "sts1-0.default", IP1));
        CU_ASSERT_EQUAL(w.n_clears + w.n_sets, 0);
        CU_ASSERT(world_logged(&w, "denied"));
        fixture_end(&w);
    }
}

/* ip_pool A,B -> B,A. */
static void
test_permutation(void)
{
    struct world w;

    world_init(&w, MODE_MANAGE);
    world_chassis(&w, "hv1");
    world_network(&w, "net1");
    struct wport *p0 = world_port(&w, 0, "sts-0", MAC1" "IP1);
    struct wport *p1 = world_port(&w, 0, "sts-1", MAC2" "IP2);
    world_sts(&w, unit_sts("sts", "s", 2, "ip_pool="IP1","IP2));
    world_pod(&w, unit_pod("sts-0", "a", OWNER_STATEFULSET, "sts",
                           "ip_address="IP1));
    world_pod(&w, unit_pod("sts-1", "b", OWNER_STATEFULSET, "sts",
                           "ip_address="IP2));
    world_bind(&w, p0, "hv1");
    world_bind(&w, p1, "hv1");
    world_flags(&w);
    world_run(&w, 5000);
    world_sts(&w, unit_sts("sts", "s", 2, "ip_pool="IP2","IP1));
    world_bind(&w, p1, NULL);
    world_del_pod(&w, "sts-1");
    world_pod(&w, unit_pod("sts-1", "c", OWNER_STATEFULSET, "sts",
                           "ip_address="IP1));
    world_run(&w, 200 * 1000);
    /* It waits for the other one, which runs with it. */
    CU_ASSERT(world_has(&w, "sts-0.default", IP1));
    CU_ASSERT(!world_has(&w, "sts-1.default", IP1));
    CU_ASSERT_EQUAL(w.orders.next_wake_ms, LLONG_MAX);
    world_bind(&w, p0, NULL);
    world_del_pod(&w, "sts-0");
    world_run(&w, 200 * 1000);
    CU_ASSERT(world_has(&w, "sts-0.default", IP2));
    CU_ASSERT(world_has(&w, "sts-1.default", IP1));
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* The address that an ordinal is to get is on a lower one, which is to get
 * another and is replaced later: no circle, and it cannot finish either. */
static void
test_rollout_order(void)
{
    for (int i = 0; i < 4; i++) {
        struct world w;

        world_init(&w, i % 2 ? MODE_GUARD : MODE_MANAGE);
        world_chassis(&w, "hv1");
        world_network(&w, "net1");
        struct wport *p0 = world_port(&w, 0, "sts-0", MAC1" "IP1);
        struct wport *p1 = world_port(&w, 0, "sts-1", MAC2" "IP2);
        world_sts(&w, unit_sts("sts", "s", 2, "ip_pool="IP1","IP2));
        world_pod(&w, unit_pod("sts-0", "a", OWNER_STATEFULSET, "sts",
                               "ip_address="IP1));
        world_pod(&w, unit_pod("sts-1", "b", OWNER_STATEFULSET, "sts",
                               "ip_address="IP2));
        world_bind(&w, p0, "hv1");
        world_bind(&w, p1, "hv1");
        world_flags(&w);
        world_run(&w, 5000);
        struct workload *sts = unit_sts("sts", "s", 2,
                                        "ip_pool=10.0.0.77,"IP1);
        sts->on_delete = i >= 2;
        world_sts(&w, sts);
        world_bind(&w, p1, NULL);
        world_del_pod(&w, "sts-1");
        world_pod(&w, unit_pod("sts-1", "c", OWNER_STATEFULSET, "sts",
                               "ip_address="IP1));
        world_run(&w, 60 * 1000);
        CU_ASSERT_EQUAL(world_logged(&w, "StatefulSet default/sts: rollout "
                                     "stops: sts-1.default waits for "
                                     "10.0.0.1 of sts-0.default"), i < 2);
        CU_ASSERT(world_has(&w, "sts-0.default", IP1));
        fixture_end(&w);
    }
}

static void
test_foreign_is_left_alone(void)
{
    struct world w;
    struct wport *p = fixture_begin(&w, MODE_MANAGE);
    struct wport *f = world_port(&w, 0, "router", MAC2" "IP1);

    free(f->type);
    f->type = xstrdup("router");
    f->ours = false;
    world_port_changed(&w, f);
    world_bind(&w, p, NULL);
    world_del_pod(&w, "sts1-0");
    world_del_sts(&w, "sts1");
    world_run(&w, 100 * 1000);
    CU_ASSERT(!world_has(&w, "sts1-0.default", IP1));
    CU_ASSERT(world_has(&w, "router.default", IP1));
    CU_ASSERT(world_logged(&w, "duplicate"));
    fixture_end(&w);
}

static void
test_dual_stack(void)
{
    struct world w;

    world_init(&w, MODE_MANAGE);
    world_chassis(&w, "hv1");
    world_network(&w, "net1");
    struct wport *p = world_port(&w, 0, "sts1-0",
                                 MAC1"  "IP1"   FD00:0:0::1");
    svec_add(&p->ps, MAC1" "IP1" fd00::1");
    world_port_changed(&w, p);
    world_sts(&w, unit_sts("sts1", "s", 1, "ip_pool="IP1","V6));
    world_flags(&w);
    world_run(&w, 5000);
    CU_ASSERT_EQUAL(w.n_clears + w.n_sets, 0);
    world_sts(&w, unit_sts("sts1", "s", 1, "ip_address="IP2","V6));
    world_run(&w, 100 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 1);
    CU_ASSERT(world_has(&w, "sts1-0.default", IP2));
    CU_ASSERT(world_has(&w, "sts1-0.default", V6));
    CU_ASSERT(strstr(p->addresses.names[0], "FD00:0:0::1") != NULL);
    CU_ASSERT_STRING_EQUAL(p->ps.names[0], MAC1" "IP2" fd00::1");
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* ---- Setting. ---- */

static void
test_macs(void)
{
    struct world w;

    world_init(&w, MODE_MANAGE);
    world_network(&w, "net1");
    /* Somebody has the MAC that 10.0.0.2 would give. */
    world_port(&w, 0, "other", "0a:58:0a:00:00:02 10.0.0.200");
    world_port(&w, 0, "a", NULL);
    world_port(&w, 0, "b", NULL);
    world_pod(&w, unit_pod("other", "o", OWNER_NONE, NULL,
                           "ip_address=10.0.0.200"));
    world_pod(&w, unit_pod("a", "a", OWNER_NONE, NULL, "ip_address="IP1));
    world_pod(&w, unit_pod("b", "b", OWNER_NONE, NULL, "ip_address="IP2));
    world_flags(&w);
    world_run(&w, 10 * 1000);
    const struct wport *a = world_find_port(&w, "a.default");
    const struct wport *b = world_find_port(&w, "b.default");
    CU_ASSERT_EQUAL_FATAL(a->addresses.n, 1);
    CU_ASSERT_EQUAL_FATAL(b->addresses.n, 1);
    CU_ASSERT_STRING_EQUAL(a->addresses.names[0], "0a:58:0a:00:00:01 "IP1);
    CU_ASSERT(world_has(&w, "b.default", IP2));
    CU_ASSERT(strncmp(b->addresses.names[0], "0a:58:0a:00:00:02", 17) != 0);
    fixture_end(&w);

    /* Two owners, one annotation's MAC: it is given once. */
    world_init(&w, MODE_MANAGE);
    world_network(&w, "net1");
    world_port(&w, 0, "a", NULL);
    world_port(&w, 0, "b", NULL);
    world_pod(&w, unit_pod("a", "a", OWNER_NONE, NULL,
                           "ip_address="IP1";mac_address="MAC3));
    world_pod(&w, unit_pod("b", "b", OWNER_NONE, NULL,
                           "ip_address="IP2";mac_address="MAC3));
    world_flags(&w);
    world_run(&w, 10 * 1000);
    a = world_find_port(&w, "a.default");
    b = world_find_port(&w, "b.default");
    CU_ASSERT_EQUAL_FATAL(a->addresses.n, 1);
    CU_ASSERT_EQUAL_FATAL(b->addresses.n, 1);
    CU_ASSERT(strncmp(a->addresses.names[0], b->addresses.names[0], 17));
    fixture_end(&w);
}

/* Two owners ask for one free address: one gets it, the other waits. */
static void
test_two_wants(void)
{
    struct world w;

    world_init(&w, MODE_MANAGE);
    world_network(&w, "net1");
    world_port(&w, 0, "a", MAC1);
    world_port(&w, 0, "b", MAC2);
    world_pod(&w, unit_pod("a", "a", OWNER_NONE, NULL, "ip_address="IP1));
    world_pod(&w, unit_pod("b", "b", OWNER_NONE, NULL, "ip_address="IP1));
    world_flags(&w);
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(world_open_ports(&w, IP1), 1);
    CU_ASSERT_EQUAL(w.n_sets, 1);
    CU_ASSERT_EQUAL(w.orders.next_wake_ms, LLONG_MAX);
    fixture_end(&w);
}

/* ---- Bounds. ---- */

/* 'n' StatefulSets' ports whose owners are gone. */
static void
many_stale(struct world *w, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char *pod = xasprintf("x%zu-0", i);
        char *elem = xasprintf("0a:00:00:00:%02zx:%02zx 10.0.%zu.%zu",
                               1 + i / 200, i % 200, 1 + i / 200, i % 200);
        world_port(w, 0, pod, elem);
        free(pod);
        free(elem);
    }
}

static void
test_brake(void)
{
    struct world w;

    world_init(&w, MODE_MANAGE);
    world_network(&w, "net1");
    many_stale(&w, 60);
    world_flags(&w);
    world_run(&w, 100 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 0);
    CU_ASSERT_PTR_NOT_NULL(guard_brake(w.guard));
    CU_ASSERT_PTR_NOT_NULL(w.row.brake);
    CU_ASSERT_EQUAL(world_journalled(&w, "brake"), 1);

    /* Over a restart too. */
    world_kill(&w, true);
    world_run(&w, 200 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 0);
    CU_ASSERT_PTR_NOT_NULL(guard_brake(w.guard));

    w.settings.brake_clears = 1000;
    w.settings.brake_percent = 100;
    guard_set_settings(w.guard, &w.settings);
    free(guard_brake_rearm(w.guard));
    world_run(&w, 200 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 60);
    CU_ASSERT_PTR_NULL(w.row.brake);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

static void
test_max_holds_and_batches(void)
{
    struct world w;

    world_init(&w, MODE_MANAGE);
    w.settings.max_holds = 7;
    w.settings.batch_rows = 3;
    w.settings.brake_clears = 1000;
    w.settings.brake_percent = 100;
    guard_set_settings(w.guard, &w.settings);
    world_network(&w, "net1");
    many_stale(&w, 40);
    world_flags(&w);
    world_settle(&w);
    size_t bumps = w.n_bumps;
    long long int start = w.now;
    for (int i = 0; i < 400 && w.n_clears < 40; i++) {
        world_run(&w, 500);
        CU_ASSERT(w.n_holds <= 7);
    }
    CU_ASSERT_EQUAL(w.n_clears, 40);
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT(w.n_bumps - bumps <= (w.now - start) / 1000 + 1);
    CU_ASSERT(w.min_bump_gap_ms >= w.settings.barrier_interval_ms);
    fixture_end(&w);
}

/* More holds than are looked at in a turn, or stored in a transaction. */
static void
test_very_many_holds(void)
{
    enum { N = 1300 };
    struct world w;

    world_init(&w, MODE_MANAGE);
    w.settings.brake_clears = INT_MAX;
    w.settings.brake_floor = INT_MAX;
    guard_set_settings(w.guard, &w.settings);
    world_network(&w, "net1");
    many_stale(&w, N);
    world_flags(&w);
    world_run(&w, 3000);
    w.northd_frozen = true;
    world_run(&w, 100 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, N);
    CU_ASSERT_EQUAL(w.n_holds, N);

    /* All get their barriers, which they share. */
    size_t bumps = w.n_bumps;
    w.northd_frozen = false;
    world_run(&w, 10 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT_EQUAL(world_journalled(&w, "release"), N);
    CU_ASSERT(w.n_bumps - bumps <= 10);
    CU_ASSERT(w.min_bump_gap_ms >= w.settings.barrier_interval_ms);
    fixture_end(&w);
}

/* Very many holds that do not end cost nothing while nothing changes, not even
 * a barrier, and little where what changes is one of them. */
static void
test_many_holds_at_rest(void)
{
    enum { N = 600 };
    const struct guard_counters *counters;
    struct world w;

    world_init(&w, MODE_GUARD);
    w.settings.hold_deadline_ms = 3600 * 1000;
    guard_set_settings(w.guard, &w.settings);
    w.northd_frozen = true;     /* The start barrier does not pass, either. */
    world_network(&w, "net1");
    many_stale(&w, N);
    struct wport *p = fixture_running(&w, "other", MAC2, "10.9.9.9");
    world_flags(&w);
    world_run(&w, 1000);
    for (size_t i = 0; i < N; i++) {
        world_set_addresses(&w, w.ports[i], MAC1);
    }
    world_run(&w, 100 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, N);

    counters = guard_get_counters(w.guard);
    uint64_t looked = counters->holds_looked;
    size_t bumps = w.n_bumps;
    world_run(&w, 100 * 1000);
    CU_ASSERT_EQUAL(counters->holds_looked, looked);
    CU_ASSERT_EQUAL(w.n_bumps, bumps);

    /* All are looked at when a row has changed, and when SB is watched for
     * one more port; not when the new hold is stored or gets its barrier. */
    world_set_addresses(&w, p, MAC2);
    world_run(&w, 10 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, N + 1);
    CU_ASSERT(counters->holds_looked > looked);
    CU_ASSERT(counters->holds_looked - looked <= 3 * N);

    w.northd_frozen = false;
    world_run(&w, 20 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

static void
test_min_hold(void)
{
    struct world w;
    struct wport *p = fixture_begin(&w, MODE_GUARD);

    w.settings.min_hold_ms = 50 * 1000;
    guard_set_settings(w.guard, &w.settings);
    world_bind(&w, p, NULL);
    world_set_addresses(&w, p, MAC1);
    world_run(&w, 49 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 1);
    /* A restart does not shorten it, another boot starts it anew. */
    world_kill(&w, true);
    world_run(&w, 500);
    CU_ASSERT_EQUAL(w.n_holds, 1);
    free(w.boot_id);
    w.boot_id = xstrdup("boot-2");
    w.now = 5000;
    world_kill(&w, true);
    world_run(&w, 49 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 1);
    world_run(&w, 3 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* ---- Freeze. ---- */

static void
check_frozen(struct world *w, size_t n_clears)
{
    struct wport *p = world_find_port(w, "sts1-0.default");

    world_flags(w);
    world_run(w, 1000);
    CU_ASSERT_PTR_NOT_NULL(guard_frozen(w->guard));
    world_sts(w, unit_sts("sts1", "sts1", 1, "ip_pool="IP2));
    world_bind(w, p, NULL);
    world_del_pod(w, "sts1-0");
    world_run(w, 100 * 1000);
    CU_ASSERT_EQUAL(w->n_clears, n_clears);
    CU_ASSERT_PTR_NOT_NULL(w->row.frozen);
    world_kill(w, true);
    world_run(w, 100 * 1000);
    CU_ASSERT_EQUAL(w->n_clears, n_clears);
    CU_ASSERT_PTR_NOT_NULL(guard_frozen(w->guard));
    free(guard_thaw(w->guard));
    world_run(w, 100 * 1000);
    CU_ASSERT_EQUAL(w->n_clears, n_clears + 1);
    CU_ASSERT(world_has(w, "sts1-0.default", IP2));
    CU_ASSERT_EQUAL(w->n_holds, 0);
    fixture_end(w);
}

static void
test_freeze(void)
{
    struct world w;

    fixture_begin(&w, MODE_MANAGE);
    w.nb_cfg = 100;
    world_flags(&w);
    world_run(&w, 1000);
    w.nb_cfg = w.sb_nb_cfg = 40;
    check_frozen(&w, 0);

    fixture_begin(&w, MODE_MANAGE);
    free(w.nb_identity);
    w.nb_identity = xstrdup("nb-2");
    check_frozen(&w, 0);

    fixture_begin(&w, MODE_MANAGE);
    free(w.sb_identity);
    w.sb_identity = xstrdup("sb-2");
    check_frozen(&w, 0);

    fixture_begin(&w, MODE_MANAGE);
    many_stale(&w, 40);
    for (size_t i = 0; i < 40; i++) {
        char *pod = xasprintf("x%zu-0", i);
        world_pod(&w, unit_pod(pod, pod, OWNER_NONE, NULL, ""));
        free(pod);
    }
    world_run(&w, 1000);
    for (size_t i = 0; i < 40; i++) {
        char *name = xasprintf("x%zu-0.default", i);
        world_del_port(&w, world_find_port(&w, name));
        free(name);
    }
    check_frozen(&w, 0);
}

/* Nothing is released while frozen. */
static void
test_frozen_hold(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    free(guard_freeze(w.guard, "test"));
    w.northd_frozen = false;
    world_run(&w, 300 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 1);
    free(guard_thaw(w.guard));
    world_run(&w, 30 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* ---- Evidence from SB. ---- */

static void
test_chassis(void)
{
    struct world w;

    /* One that never answers: bounded. */
    fixture_begin_held(&w, MODE_GUARD);
    w.chassis[0].answers = false;
    w.northd_frozen = false;
    world_run(&w, 29 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 1);
    world_run(&w, 5 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT(world_logged(&w, "chassis hv1 did not confirm"));
    fixture_end(&w);

    /* The same with chassis-policy=wait. */
    fixture_begin_held(&w, MODE_GUARD);
    fixture_silence_chassis(&w);
    w.northd_frozen = false;
    world_run(&w, 600 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 1);
    w.chassis[0].answers = true;
    world_run(&w, 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);

    /* A row of Chassis_Private without a Chassis is nobody's. */
    fixture_begin_held(&w, MODE_GUARD);
    world_chassis(&w, "ghost");
    w.chassis[1].answers = false;
    w.chassis[1].phantom = true;
    w.northd_frozen = false;
    world_run(&w, 5 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);

    /* No chassis is blamed for what ovn-northd did not do. */
    fixture_begin_held(&w, MODE_GUARD);
    w.northd_frozen = false;
    while (!world_stored_hold(&w, IP1)->b1) {
        world_run(&w, 100);
    }
    w.northd_frozen = true;
    world_run(&w, 300 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 1);
    CU_ASSERT(!world_logged(&w, "did not confirm"));
    w.northd_frozen = false;
    world_run(&w, 5000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

static void
attach_router(struct world *w, const char *network)
{
    struct wport *r = world_port(w, 0, "r1", "router");
    char *nets[] = { CONST_CAST(char *, network) };

    free(r->type);
    r->type = xstrdup("router");
    r->ours = false;
    svec_clear(&r->addresses);
    svec_add(&r->addresses, "router");
    smap_add(&r->options, "router-port", "lrp1");
    world_port_changed(w, r);
    model_set_router_port(guard_model(w->guard), "lrp1", nets, 1);
}

static void
test_mac_bindings(void)
{
    struct world w;

    /* Inside the router's network: a note. */
    fixture_begin_held(&w, MODE_GUARD);
    attach_router(&w, "10.0.0.254/24");
    world_mac_binding(&w, "lrp1", IP1, MAC1);
    w.northd_frozen = false;
    world_run(&w, 10 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT_EQUAL(w.n_flushes, 0);
    fixture_end(&w);

    /* Outside: it blocks. */
    fixture_begin_held(&w, MODE_GUARD);
    attach_router(&w, "192.168.0.1/24");
    world_mac_binding(&w, "lrp1", IP1, MAC1);
    w.northd_frozen = false;
    world_run(&w, 200 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 1);
    CU_ASSERT_EQUAL(w.n_flushes, 0);

    /* With flush it is deleted, and watched for a while. */
    w.settings.mac_bindings = MAC_BINDINGS_FLUSH;
    guard_set_settings(w.guard, &w.settings);
    world_run(&w, 50 * 1000);
    CU_ASSERT_EQUAL(w.n_flushes, 1);
    CU_ASSERT_EQUAL(w.n_holds, 1);
    world_run(&w, 15 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT_EQUAL(world_journalled(&w, "flush"), 1);
    fixture_end(&w);
}

static void
test_network_ends(void)
{
    struct world w;
    struct wport *p = fixture_begin_held(&w, MODE_GUARD);

    world_del_port(&w, p);
    model_remove_network(guard_model(w.guard), &w.networks[0].uuid);
    w.networks[0].exists = false;
    w.northd_frozen = false;
    world_run(&w, 30 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

static void
test_force(void)
{
    struct world w;
    struct guard_env env = { .now = 0 };

    fixture_begin_held(&w, MODE_GUARD);
    env.now = w.now;
    env.store_ready = true;
    char *error = guard_hold_release(w.guard, "net1", "10.0.0.9", &env);
    CU_ASSERT_PTR_NOT_NULL(error);
    free(error);
    error = guard_hold_release(w.guard, "net1", IP1, &env);
    CU_ASSERT_PTR_NULL(error);
    world_settle(&w);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT_EQUAL(world_journalled(&w, "force"), 1);
    fixture_end(&w);
}

void
suite_guard_holds(void)
{
    CU_pSuite suite = unit_add_suite("guard_holds");

    CU_ADD_TEST(suite, test_same_owner_not_delayed);
    CU_ADD_TEST(suite, test_deny);
    CU_ADD_TEST(suite, test_permutation);
    CU_ADD_TEST(suite, test_rollout_order);
    CU_ADD_TEST(suite, test_foreign_is_left_alone);
    CU_ADD_TEST(suite, test_dual_stack);
    CU_ADD_TEST(suite, test_macs);
    CU_ADD_TEST(suite, test_two_wants);
    CU_ADD_TEST(suite, test_brake);
    CU_ADD_TEST(suite, test_max_holds_and_batches);
    CU_ADD_TEST(suite, test_very_many_holds);
    CU_ADD_TEST(suite, test_many_holds_at_rest);
    CU_ADD_TEST(suite, test_min_hold);
    CU_ADD_TEST(suite, test_freeze);
    CU_ADD_TEST(suite, test_frozen_hold);
    CU_ADD_TEST(suite, test_chassis);
    CU_ADD_TEST(suite, test_mac_bindings);
    CU_ADD_TEST(suite, test_network_ends);
    CU_ADD_TEST(suite, test_force);
}
