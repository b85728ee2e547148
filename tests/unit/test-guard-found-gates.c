/* SPDX-License-Identifier: Apache-2.0 */

/* What the simulation (tests/sim) found wrong with gates and keepers, each
 * with the order of events that showed it. */

#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "util.h"
#include "uuid.h"

#include "tests/unit/guard-fixture.h"
#include "tests/unit/unit.h"
#include "tests/unit/world-private.h"
#include "tests/unit/world.h"

#define IP3 "10.0.0.3"

/* A gate is on its way when the own database is replaced and the locks are
 * lost: when this begins anew its port has become the keeper, and is not shut
 * after the thaw. */
static void
test_keeper_is_not_shut(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    fixture_taker(&w, "sts2", MAC2, IP1, 10);
    for (int i = 0; i < 20 && !w.n_gates; i++) {
        w.nb_fault = FAULT_NOT_LOCKED;
        world_turn(&w);
    }
    CU_ASSERT_EQUAL(w.n_gates, 1);
    free(w.store_identity);
    w.store_identity = xstrdup("store-2");
    world_load(&w);
    CU_ASSERT_PTR_NOT_NULL(guard_frozen(w.guard));
    w.locked = false;
    world_settle(&w);
    w.locked = true;
    world_settle(&w);
    free(guard_thaw(w.guard));
    world_run(&w, 20 * 1000);
    CU_ASSERT(!world_gated(&w, "sts2-0.default"));
    fixture_end(&w);
}

/* Two ports that are kept shut get one other address at once: one of them is
 * opened, and no more. */
static void
test_one_of_two_is_opened(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    world_pod(&w, unit_pod("sts2-0", "u2", OWNER_STATEFULSET, "sts2", ""));
    struct wport *a = world_port(&w, 0, "sts2-0", MAC2" "IP1);
    struct wport *b = world_port(&w, 0, "sts3-0", MAC3" "IP1);
    world_run(&w, 1000);
    CU_ASSERT_EQUAL(w.n_gated, 2);
    world_set_addresses(&w, a, MAC2" "IP3);
    world_set_addresses(&w, b, MAC3" "IP3);
    world_run(&w, 1000);
    CU_ASSERT_EQUAL(world_open_ports(&w, IP3), 1);
    fixture_end(&w);
}

static void
take_ip3(struct world *w, const struct nb_batch *b)
{
    if (b->n) {
        w->on_batch = NULL;
        world_set_addresses(w, world_find_port(w, "sts2-0.default"),
                            MAC2" "IP3);
    }
}

static size_t
count_gates_of(const struct world *w, const char *ip)
{
    struct ip_addr addr = unit_ip(ip);
    const struct gate *gate;
    size_t n = 0;

    HMAP_FOR_EACH (gate, node, guard_gates(w->guard)) {
        n += ip_addr_equals(&gate->addr, &addr);
    }
    return n;
}

/* A port gets another held address as it is being shut for the first one: it
 * is shut for that in the next turn that writes. */
static void
test_another_held_address(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    struct wport *p = fixture_running(&w, "sts4", "0a:00:00:00:00:04", IP3);
    world_run(&w, 1000);
    world_bind(&w, p, NULL);
    world_set_addresses(&w, p, "0a:00:00:00:00:04");
    world_run(&w, 1000);
    CU_ASSERT_PTR_NOT_NULL(world_hold(&w, IP3));
    world_pod(&w, unit_pod("sts2-0", "u2", OWNER_STATEFULSET, "sts2", ""));
    w.on_batch = take_ip3;
    world_port(&w, 0, "sts2-0", MAC2" "IP1);
    for (int i = 0; i < 100 && w.on_batch; i++) {
        world_turn(&w);
    }
    CU_ASSERT_PTR_NULL(w.on_batch);
    w.now += 1000;
    w.wall += 1000;
    world_turn(&w);
    CU_ASSERT_EQUAL(count_gates_of(&w, IP1), 0);
    CU_ASSERT_EQUAL(count_gates_of(&w, IP3), 1);
    world_run(&w, 1000);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    fixture_end(&w);
}

/* A turn while both databases have yet to answer. */
static void
turn_while_busy(struct world *w)
{
    struct guard_env env = {
        .now = w->now, .wall = w->wall, .boot_id = w->boot_id,
        .have_store = true, .store_ready = true, .locked = true,
        .store_busy = true, .nb_busy = true,
    };
    struct orders orders;

    orders_init(&orders);
    guard_run(w->guard, &env, &orders);
    CU_ASSERT(!orders.nb && !orders.store);
    orders_destroy(&orders);
}

/* A pod is plugged in while its port is being shut: that one is shut then, and
 * not the keeper of the hold. */
static void
test_plugged_in_as_it_is_shut(void)
{
    struct world w;
    struct wport *p;

    fixture_begin_held(&w, MODE_GUARD);
    p = fixture_taker(&w, "sts2", MAC2, IP1, 10);
    world_bind(&w, p, NULL);
    for (int i = 0; i < 20 && !(w.nb && w.nb->n); i++) {
        world_turn(&w);
    }
    CU_ASSERT_FATAL(w.nb && w.nb->n);
    world_bind(&w, p, "hv1");
    unit_set_binding(guard_model(w.guard), "sts2-0.default", MAC2" "IP1, NULL,
                     "hv1", w.now);
    turn_while_busy(&w);
    world_settle(&w);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    CU_ASSERT_FATAL(world_hold(&w, IP1) != NULL);
    CU_ASSERT(uuid_is_zero(&world_hold(&w, IP1)->keeper));
    w.northd_frozen = false;
    world_flags(&w);
    world_run(&w, 60 * 1000);
    CU_ASSERT(!world_gated(&w, "sts2-0.default"));
    fixture_end(&w);
}

/* A port that is shut gets another one's address, which leaves that one and is
 * held: it waits for this hold, too, although it is no taker of it. */
static void
test_shut_when_the_hold_was_made(void)
{
    struct world w;
    struct wport *p;

    fixture_begin(&w, MODE_GUARD);
    struct wport *other = fixture_running(&w, "sts3", MAC3, IP3);
    world_run(&w, 3000);
    fixture_leave(&w);
    p = fixture_taker(&w, "sts2", MAC2, IP1, 10);
    world_run(&w, 3000);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    world_del_pod(&w, "sts2-0");
    world_set_addresses(&w, p, MAC2" "IP3);
    world_run(&w, 500);
    world_bind(&w, other, NULL);
    world_set_addresses(&w, other, MAC3);
    world_run(&w, 500);
    CU_ASSERT_PTR_NOT_NULL(world_hold(&w, IP3));
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    w.northd_frozen = false;
    world_flags(&w);
    world_run(&w, 60 * 1000);
    CU_ASSERT(!world_gated(&w, "sts2-0.default"));
    fixture_end(&w);
}

/* A port that is shut has another one's address, and the pod behind it waits
 * for the one that it was shut for, which a third port runs with: when the
 * other one has lost its address, the hold of that ends all the same. */
static void
test_shut_for_another_address(void)
{
    struct world w;
    struct wport *p;

    fixture_begin(&w, MODE_GUARD);
    fixture_leave(&w);
    p = fixture_taker(&w, "sts2", MAC2, IP1, 10);
    world_run(&w, 3000);
    world_pod(&w, unit_pod("sts2-0", "sts2-0", OWNER_STATEFULSET, "sts2",
                           "ip_address="IP1";allocated=true"));
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    world_sts(&w, unit_sts("sts3", "sts3", 1, ""));
    world_pod(&w, unit_pod("sts3-0", "u3", OWNER_STATEFULSET, "sts3", ""));
    world_port(&w, 0, "sts3-0", MAC3" "IP3);
    world_set_addresses(&w, p, MAC2" "IP3);
    world_run(&w, 500);
    fixture_running(&w, "sts4", "0a:00:00:00:00:04", IP1);
    w.northd_frozen = false;
    world_flags(&w);
    world_run(&w, 60 * 1000);
    CU_ASSERT_PTR_NULL(world_hold(&w, IP1));
    CU_ASSERT(world_has(&w, "sts2-0.default", IP3));

    world_sts(&w, unit_sts("sts3", "sts3", 1, "ip_pool="IP2));
    world_pod(&w, unit_pod("sts3-0", "u4", OWNER_STATEFULSET, "sts3",
                           "ip_pool="IP2));
    world_run(&w, 120 * 1000);
    CU_ASSERT(!world_has(&w, "sts3-0.default", IP3));
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    fixture_end(&w);
}

static bool nb_refuses;

static void
refuse_or_look(struct world *w, const struct nb_batch *b)
{
    const struct hold *h = world_hold(w, IP3);

    w->nb_fault = nb_refuses ? FAULT_ERROR : FAULT_NONE;
    for (size_t i = 0; i < b->n && !nb_refuses; i++) {
        if (b->writes[i].set_addresses) {
            CU_ASSERT(h && uuid_is_zero(&h->keeper));
        }
    }
}

/* NB refuses all for a while, and a port takes an address that is held without
 * gating anybody.  When it can be written again it is ripe to be cleared, too:
 * it does not become the keeper in that turn. */
static void
test_cleared_is_no_keeper(void)
{
    struct world w;
    struct wport *p = fixture_begin(&w, MODE_GUARD);
    struct wport *other = world_port(&w, 0, "x-0", MAC3" "IP3);

    world_run(&w, 5000);
    w.northd_frozen = true;
    world_bind(&w, p, NULL);
    world_del_pod(&w, "sts1-0");
    world_del_sts(&w, "sts1");
    w.on_batch = refuse_or_look;
    nb_refuses = true;
    world_del_port(&w, other);
    world_run(&w, 20 * 1000);
    CU_ASSERT_FATAL(world_hold(&w, IP3) != NULL);
    CU_ASSERT(!world_hold(&w, IP3)->fixed);
    world_set_addresses(&w, p, MAC1" "IP3);
    nb_refuses = false;
    for (int i = 0; i < 300 && !w.n_clears; i++) {
        world_run(&w, 100);
    }
    CU_ASSERT_EQUAL(w.n_clears, 1);
    CU_ASSERT(!world_has(&w, "sts1-0.default", IP3));
    fixture_end(&w);
}

/* NB is restored from the time in which a port was shut, whose gate has been
 * opened since, so that no record tells why.  It is not opened beside another
 * one that has its address. */
static void
test_unrecorded_beside_another(void)
{
    struct world w;
    struct wport *p;

    fixture_begin(&w, MODE_GUARD);
    p = world_port(&w, 0, "sts2-0", MAC2" "IP1);
    p->enabled = TRI_FALSE;
    p->mark = xstrdup("6f2d:true");
    world_port_changed(&w, p);
    world_run(&w, 30 * 1000);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    CU_ASSERT_EQUAL_FATAL(w.n_gates, 1);
    CU_ASSERT_EQUAL(w.gates[0]->previous, TRI_TRUE);

    /* Over a restart, too, and until the other one has lost it. */
    world_kill(&w, false);
    world_run(&w, 30 * 1000);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    world_set_addresses(&w, world_find_port(&w, "sts1-0.default"), MAC1);
    world_run(&w, 100 * 1000);
    CU_ASSERT(!world_gated(&w, "sts2-0.default"));
    CU_ASSERT_EQUAL(p->enabled, TRI_TRUE);
    CU_ASSERT_EQUAL(w.n_gates, 0);
    fixture_end(&w);
}

/* An operator takes the address off its owner's port and gives it to another
 * one, which is shut, and cleared because nobody is there.  The owner, which
 * is not delayed by what its own port leaves behind, waits until nothing leads
 * to the other one any more. */
static void
test_owner_waits_for_another_port(void)
{
    struct world w;
    struct wport *p = fixture_begin(&w, MODE_MANAGE);

    world_bind(&w, p, NULL);
    world_set_addresses(&w, p, MAC1);
    world_run(&w, 5000);
    CU_ASSERT(world_has(&w, "sts1-0.default", IP1));
    w.northd_frozen = true;
    world_set_addresses(&w, p, MAC1);
    world_port(&w, 0, "sts2-0", MAC2" "IP1);
    world_run(&w, 90 * 1000);
    CU_ASSERT(!world_has(&w, "sts2-0.default", IP1));
    CU_ASSERT_PTR_NOT_NULL(world_hold(&w, IP1));
    CU_ASSERT(!world_has(&w, "sts1-0.default", IP1));
    w.northd_frozen = false;
    world_flags(&w);
    world_run(&w, 60 * 1000);
    CU_ASSERT(world_has(&w, "sts1-0.default", IP1));
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

static bool
shuts(const struct world *w)
{
    return w->nb && w->nb->n && w->nb->writes[0].set_mark;
}

/* Locks are lost as a port is being shut, and its gate is neither stored nor
 * shown by NB when all is read again.  Then the answer comes: what was done is
 * written down without the gate, also if the port has gone meanwhile. */
static void
test_journal_without_the_gate(void)
{
    for (int gone = 0; gone < 2; gone++) {
        struct nb_result r = { .result = TXN_RESULT_DONE };
        struct guard_env env;
        struct nb_batch *b;
        struct world w;

        fixture_begin_held(&w, MODE_GUARD);
        struct wport *p = fixture_taker(&w, "sts2", MAC2, IP1, 10);
        CU_ASSERT_FATAL(fixture_run_until(&w, shuts));
        b = w.nb;
        w.nb = NULL;
        w.store_fault = FAULT_UNKNOWN_NOT_DONE;
        w.locked = false;
        world_turn(&w);
        w.locked = true;
        world_turn(&w);
        CU_ASSERT_EQUAL(hmap_count(guard_gates(w.guard)), 0);

        CU_ASSERT_FATAL(world_commit_nb(&w, b));
        if (gone) {
            world_del_port(&w, p);
        } else {
            world_port_changed(&w, p);
        }
        r.token = b->token;
        world_get_env(&w, &env);
        guard_nb_done(w.guard, &r, &env);
        nb_batch_destroy(b);
        w.northd_frozen = false;
        world_run(&w, 60 * 1000);
        CU_ASSERT_EQUAL_FATAL(world_journalled(&w, "gate"), 1);
        for (size_t i = 0; i < w.n_journal; i++) {
            if (!strcmp(w.journal[i].action, "gate")) {
                CU_ASSERT_STRING_EQUAL(w.journal[i].port_name,
                                       "sts2-0.default");
                CU_ASSERT_STRING_EQUAL(w.journal[i].address, IP1);
            }
        }
        CU_ASSERT(!world_gated(&w, "sts2-0.default"));
        CU_ASSERT_EQUAL(w.n_gates, 0);
        fixture_end(&w);
    }
}

/* Nobody knows whether a port was shut, and its gate is opened, which is
 * always allowed, before a barrier tells: both are written down. */
static void
test_opened_in_doubt(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    fixture_taker(&w, "sts2", MAC2, IP1, 10);
    CU_ASSERT_FATAL(fixture_run_until(&w, shuts));
    w.nb_fault = FAULT_UNKNOWN_DONE;
    w.paused = true;
    guard_stop(w.guard);
    world_run(&w, 10 * 1000);
    CU_ASSERT(!world_gated(&w, "sts2-0.default"));
    CU_ASSERT_EQUAL(world_journalled(&w, "gate"), 1);
    CU_ASSERT_EQUAL(world_journalled(&w, "ungate"), 1);
    CU_ASSERT_EQUAL(w.n_gates, 0);
    fixture_end(&w);
}

/* IP1 leaves sts1-0 and has its barriers, but not its time, when ovn-northd
 * stops.  sts3-0, too, has lost IP3, which is held. */
static struct wport *
begin_with_time_left(struct world *w)
{
    struct wport *p = fixture_begin(w, MODE_GUARD);
    struct wport *other = fixture_running(w, "sts3", MAC3, IP3);

    w->settings.min_hold_ms = 60 * 1000;
    guard_set_settings(w->guard, &w->settings);
    svec_add(&p->ps, MAC1" "IP1);
    world_port_changed(w, p);
    world_run(w, 3000);
    world_bind(w, p, NULL);
    world_bind(w, other, NULL);
    world_set_addresses(w, p, MAC1);
    world_set_addresses(w, other, MAC3);
    world_run(w, 10 * 1000);
    CU_ASSERT_FATAL(world_hold(w, IP1) && world_hold(w, IP3));
    CU_ASSERT(world_hold(w, IP1)->b2 > 0 && world_hold(w, IP3)->b2 > 0);
    w->northd_frozen = true;
    return p;
}

/* A port that lost an address takes another one that is held, and is shut for
 * that.  Until SB and the chassis have seen it shut, its pod may be plugged in
 * and send from the first one: the hold of that waits for it. */
static void
test_shut_sender(void)
{
    struct world w;
    struct wport *p = begin_with_time_left(&w);

    world_pod(&w, unit_pod("sts1-0", "u2", OWNER_STATEFULSET, "sts1",
                           "ip_address="IP3));
    svec_clear(&p->ps);
    svec_add(&p->ps, MAC1" "IP3);
    world_set_addresses(&w, p, MAC1" "IP3);
    world_run(&w, 1000);
    CU_ASSERT(world_gated(&w, "sts1-0.default"));
    world_bind(&w, p, "hv1");
    world_run(&w, 90 * 1000);
    CU_ASSERT_PTR_NOT_NULL(world_hold(&w, IP1));

    w.northd_frozen = false;
    world_run(&w, 90 * 1000);
    CU_ASSERT_PTR_NULL(world_hold(&w, IP1));
    fixture_end(&w);
}

/* A port takes two held addresses at once, and is shut for one of them: the
 * hold of either waits until that is seen everywhere. */
static void
test_shut_for_two_addresses(void)
{
    struct world w;

    begin_with_time_left(&w);
    world_pod(&w, unit_pod("sts2-0", "u2", OWNER_STATEFULSET, "sts2", ""));
    world_port(&w, 0, "sts2-0", MAC2" "IP1" "IP3);
    world_run(&w, 90 * 1000);
    CU_ASSERT_PTR_NOT_NULL(world_hold(&w, IP1));
    CU_ASSERT_PTR_NOT_NULL(world_hold(&w, IP3));

    w.northd_frozen = false;
    world_run(&w, 90 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT(!world_gated(&w, "sts2-0.default"));
    fixture_end(&w);
}

/* A port is shut for a held address that a plain pod's port has, too, and may
 * have been cleared as the loser by the time that the plain pod's loses it: it
 * is not opened, and not given the address back, before that is clean.  What a
 * plain pod leaves is not held otherwise. */
static void
test_plain_pod_leaves_a_waiter(void)
{
    for (int cleared = 0; cleared < 2; cleared++) {
        struct world w;

        fixture_begin(&w, MODE_GUARD);
        world_pod(&w, unit_pod("p0", "p0", OWNER_NONE, NULL,
                               "ip_address="IP3";allocated=true"));
        struct wport *p0 = world_port(&w, 0, "p0", MAC3" "IP3);
        world_bind(&w, p0, "hv1");
        world_run(&w, 3000);
        world_set_addresses(&w, p0, MAC3" "IP1);
        world_run(&w, 3000);
        CU_ASSERT_PTR_NULL(world_hold(&w, IP3));

        fixture_leave(&w);
        fixture_taker(&w, "sts2", MAC2, IP1, 10);
        world_run(&w, 1000);
        CU_ASSERT(world_gated(&w, "sts2-0.default"));
        if (!cleared) {
            w.settings.settle_ms = 60 * 1000;
            guard_set_settings(w.guard, &w.settings);
        }
        w.northd_frozen = false;
        world_run(&w, 40 * 1000);
        CU_ASSERT_PTR_NULL(world_hold(&w, IP1));
        CU_ASSERT_EQUAL(!world_has(&w, "sts2-0.default", IP1), cleared);
        CU_ASSERT(world_gated(&w, "sts2-0.default"));

        w.northd_frozen = true;
        world_set_addresses(&w, p0, MAC3);
        world_run(&w, 20 * 1000);
        CU_ASSERT_PTR_NOT_NULL(world_hold(&w, IP1));
        CU_ASSERT(world_gated(&w, "sts2-0.default"));
        CU_ASSERT_EQUAL(!world_has(&w, "sts2-0.default", IP1), cleared);

        w.northd_frozen = false;
        world_run(&w, 60 * 1000);
        CU_ASSERT_EQUAL(w.n_holds, 0);
        CU_ASSERT(!world_gated(&w, "sts2-0.default"));
        CU_ASSERT(world_has(&w, "sts2-0.default", IP1));
        fixture_end(&w);
    }
}

static struct wport *taken;

/* The CNI gives the address to another pod's port as the clear is carried out:
 * the answer comes with both. */
static void
take_at_once(struct world *w, const struct nb_batch *b)
{
    if (b->n && !taken) {
        taken = world_port(w, 0, "sts2-0", MAC2" "IP1);
    }
}

/* Whoever takes the address in the moment of the clear is shut as any other
 * that takes it while it is held. */
static void
test_taken_in_the_moment_of_the_clear(void)
{
    struct world w;
    struct wport *p = fixture_begin(&w, MODE_GUARD);

    taken = NULL;
    world_bind(&w, p, NULL);
    world_del_pod(&w, "sts1-0");
    world_sts(&w, unit_sts("sts1", "sts1", 1, "ip_pool="IP2));
    w.northd_frozen = true;
    w.on_batch = take_at_once;
    world_run(&w, 20 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(taken);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    CU_ASSERT_EQUAL(world_journalled(&w, "gate"), 1);
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT(!world_gated(&w, "sts2-0.default"));
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

void
suite_guard_found_gates(void)
{
    CU_pSuite suite = unit_add_suite("guard_found_gates");

    CU_ADD_TEST(suite, test_owner_waits_for_another_port);
    CU_ADD_TEST(suite, test_plugged_in_as_it_is_shut);
    CU_ADD_TEST(suite, test_cleared_is_no_keeper);
    CU_ADD_TEST(suite, test_shut_when_the_hold_was_made);
    CU_ADD_TEST(suite, test_shut_for_another_address);
    CU_ADD_TEST(suite, test_shut_sender);
    CU_ADD_TEST(suite, test_shut_for_two_addresses);
    CU_ADD_TEST(suite, test_plain_pod_leaves_a_waiter);
    CU_ADD_TEST(suite, test_unrecorded_beside_another);
    CU_ADD_TEST(suite, test_keeper_is_not_shut);
    CU_ADD_TEST(suite, test_one_of_two_is_opened);
    CU_ADD_TEST(suite, test_another_held_address);
    CU_ADD_TEST(suite, test_journal_without_the_gate);
    CU_ADD_TEST(suite, test_opened_in_doubt);
    CU_ADD_TEST(suite, test_taken_in_the_moment_of_the_clear);
}
