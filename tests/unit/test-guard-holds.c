/* SPDX-License-Identifier: Apache-2.0 */

/* The guard in a simulated world: whose addresses are held, what is set in
 * their place, and the evidence that ends a hold. */

#include <config.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

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
    CU_ADD_TEST(suite, test_chassis);
    CU_ADD_TEST(suite, test_mac_bindings);
    CU_ADD_TEST(suite, test_network_ends);
    CU_ADD_TEST(suite, test_force);
}
