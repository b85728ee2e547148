/* SPDX-License-Identifier: Apache-2.0 */

/* What the simulation (tests/sim) found wrong with owners that want their
 * address back, and with what is put back. */

#include <config.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sset.h"
#include "util.h"
#include "uuid.h"

#include "tests/unit/guard-fixture.h"
#include "tests/unit/unit.h"
#include "tests/unit/world.h"

/* The look back fails until the new pod runs with what was set in the same
 * write, and its annotation is edited: that is drift, and nothing is taken
 * from a pod that runs. */
static void
test_late_put_back_takes_nothing(void)
{
    struct world w;

    fixture_begin(&w, MODE_MANAGE);
    struct wport *p = world_find_port(&w, "sts1-0.default");
    world_bind(&w, p, NULL);
    world_sts(&w, unit_sts("sts1", "sts1", 1, "ip_pool="IP2));
    world_pod(&w, unit_pod("sts1-0", "u2", OWNER_STATEFULSET, "sts1",
                           "ip_address="IP2));
    w.on_read = fixture_fail_look_back;
    world_run(&w, 20 * 1000);
    CU_ASSERT(world_has(&w, "sts1-0.default", IP2));
    CU_ASSERT_EQUAL(w.n_clears, 1);
    w.check_bound = true;
    world_bind(&w, p, "hv1");
    world_run(&w, 5000);
    world_pod(&w, unit_pod("sts1-0", "u2", OWNER_STATEFULSET, "sts1",
                           "ip_address="IP1));
    world_settle(&w);
    w.on_read = NULL;
    world_run(&w, 20 * 1000);
    CU_ASSERT(world_has(&w, "sts1-0.default", IP2));
    CU_ASSERT_EQUAL(w.n_clears, 1);
    fixture_end(&w);
}

/* The owner wants IP1 again when the look back is made, and IP2 once more
 * before anything may be written. */
static enum live_read_result
want_back_for_a_while(struct world *w)
{
    if (!w->n_clears) {
        return LIVE_READ_CURRENT;
    }
    world_sts(w, unit_sts("sts1", "sts1", 1, "ip_pool="IP1));
    w->on_read = NULL;
    w->paused = true;
    return LIVE_READ_CHANGED;
}

static void
test_put_back_is_still_wanted(void)
{
    struct world w;

    fixture_begin(&w, MODE_GUARD);
    world_bind(&w, world_find_port(&w, "sts1-0.default"), NULL);
    world_del_pod(&w, "sts1-0");
    world_sts(&w, unit_sts("sts1", "sts1", 1, "ip_pool="IP2));
    w.on_read = want_back_for_a_while;
    world_run(&w, 20 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 1);
    CU_ASSERT(w.paused);
    world_sts(&w, unit_sts("sts1", "sts1", 1, "ip_pool="IP2));
    world_settle(&w);
    w.paused = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT(!world_has(&w, "sts1-0.default", IP1));
    CU_ASSERT_EQUAL(w.n_clears, 1);
    CU_ASSERT_EQUAL(world_journalled(&w, "put-back"), 0);
    fixture_end(&w);
}

/* The same, but instead of IP2 it wants to be left alone: that is told. */
static void
test_opted_out_before_the_put_back(void)
{
    struct world w;
    struct workload *sts;

    fixture_begin(&w, MODE_GUARD);
    world_bind(&w, world_find_port(&w, "sts1-0.default"), NULL);
    world_del_pod(&w, "sts1-0");
    world_sts(&w, unit_sts("sts1", "sts1", 1, "ip_pool="IP2));
    w.on_read = want_back_for_a_while;
    world_run(&w, 20 * 1000);
    CU_ASSERT(w.paused);
    CU_ASSERT(!world_logged(&w, "has opted out"));
    sts = unit_sts("sts1", "sts1", 1, "ip_pool="IP1);
    sts->opted_out = true;
    world_sts(&w, sts);
    world_settle(&w);
    w.paused = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT(!world_has(&w, "sts1-0.default", IP1));
    CU_ASSERT(world_logged(&w, "has opted out"));
    fixture_end(&w);
}

/* IP1 is taken off and given back by hand between two turns of the daemon:
 * that it is stale is to be seen for a settle time from then on. */
static void
test_back_within_a_turn(void)
{
    struct world w;

    fixture_begin(&w, MODE_GUARD);
    struct wport *p = world_find_port(&w, "sts1-0.default");
    fixture_make_stale(&w);
    world_run(&w, w.settings.settle_ms - 100);
    world_set_addresses(&w, p, MAC1" "IP2);
    world_set_addresses(&w, p, MAC1" "IP1);
    world_run(&w, w.settings.settle_ms - 100);
    CU_ASSERT_EQUAL(w.n_clears, 0);
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 1);
    CU_ASSERT(!world_has(&w, "sts1-0.default", IP1));
    fixture_end(&w);
}

static long long int answers_from_ms;

/* For 10 s from the first write of a port on, NB does what it is told and does
 * not answer. */
static void
give_no_answer(struct world *w, const struct nb_batch *b)
{
    if (b->n && !answers_from_ms) {
        answers_from_ms = w->now + 10 * 1000;
    }
    if (w->now < answers_from_ms) {
        w->nb_fault = FAULT_UNKNOWN_DONE;
    }
}

/* That a clear was carried out is seen late; meanwhile a pod ran with what was
 * set in the same write.  It is not put back, but cleared by all the rules. */
static void
test_late_answer_puts_nothing_back(void)
{
    struct world w;

    fixture_begin(&w, MODE_MANAGE);
    struct wport *p = world_find_port(&w, "sts1-0.default");
    world_bind(&w, p, NULL);
    world_sts(&w, unit_sts("sts1", "sts1", 1, "ip_pool="IP2));
    world_pod(&w, unit_pod("sts1-0", "u2", OWNER_STATEFULSET, "sts1",
                           "ip_address="IP2));
    answers_from_ms = 0;
    w.on_batch = give_no_answer;
    world_run(&w, 5000);
    CU_ASSERT(world_has(&w, "sts1-0.default", IP2));
    world_bind(&w, p, "hv1");
    world_settle(&w);
    world_bind(&w, p, NULL);
    world_del_pod(&w, "sts1-0");
    world_sts(&w, unit_sts("sts1", "sts1", 1, "ip_pool="IP1));
    world_run(&w, 300 * 1000);
    CU_ASSERT_EQUAL(world_journalled(&w, "put-back"), 0);
    CU_ASSERT(!world_has(&w, "sts1-0.default", IP2));
    fixture_end(&w);
}

/* While nobody knows whether a clear was carried out its address goes and
 * comes back: the hold stays, because it may still be. */
static void
test_back_amid_a_clear(void)
{
    struct world w;

    fixture_begin(&w, MODE_GUARD);
    struct wport *p = world_find_port(&w, "sts1-0.default");
    fixture_make_stale(&w);
    CU_ASSERT(fixture_run_until(&w, fixture_nb_writes));
    w.nb_fault = FAULT_UNKNOWN_NOT_DONE;
    world_turn(&w);
    world_set_addresses(&w, p, MAC1);
    world_set_addresses(&w, p, MAC1" "IP1);
    world_settle(&w);
    CU_ASSERT_PTR_NOT_NULL(world_stored_hold(&w, IP1));
    CU_ASSERT_EQUAL(world_journalled(&w, "cancel"), 0);
    fixture_end(&w);
}

/* SB goes back, and is brought up to date again, between the moment in which
 * the locks are had and that in which the own database is loaded. */
static void
test_back_while_loading(void)
{
    struct orders orders;
    struct world w;

    fixture_begin(&w, MODE_GUARD);
    fixture_make_stale(&w);
    world_run(&w, 60 * 1000);
    w.locked = false;
    world_settle(&w);
    CU_ASSERT_EQUAL(guard_get_role(w.guard), ROLE_STANDBY);

    struct model *m = guard_model(w.guard);
    struct guard_env env = {
        .now = w.now, .wall = w.wall, .boot_id = w.boot_id,
        .have_store = true, .store_ready = true, .store_busy = true,
        .locked = true,
    };
    CU_ASSERT(m->sb_nb_cfg > 0);
    m->sb_nb_cfg--;
    orders_init(&orders);
    guard_run(w.guard, &env, &orders);
    orders_destroy(&orders);
    m->sb_nb_cfg++;
    w.locked = true;
    world_settle(&w);
    CU_ASSERT_EQUAL(guard_get_role(w.guard), ROLE_ACTIVE);
    CU_ASSERT_PTR_NOT_NULL(guard_frozen(w.guard));
    fixture_end(&w);
}

/* The first look back fails, and with the second one its owner is there. */
static enum live_read_result
sts2_comes_back(struct world *w)
{
    if (!w->n_clears) {
        return LIVE_READ_CURRENT;
    } else if (w->read_result == LIVE_READ_CURRENT) {
        w->read_result = LIVE_READ_CHANGED;
        return LIVE_READ_FAILED;
    }
    w->on_read = NULL;
    world_sts(w, unit_sts("sts2", "sts2", 1, "ip_pool="IP1));
    world_pod(w, unit_pod("sts2-0", "u2", OWNER_STATEFULSET, "sts2",
                          "ip_address="IP1));
    return LIVE_READ_CHANGED;
}

/* The owner of a port that is kept shut is gone, and comes back as its port is
 * cleared: the address is not put back while it is held for another port. */
static void
test_put_back_waits_for_the_hold(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    fixture_taker(&w, "sts2", MAC2, IP1, 20);
    world_sts(&w, unit_sts("sts2", "sts2", 1, "ip_pool="IP1));
    world_run(&w, 3000);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    world_del_pod(&w, "sts2-0");
    world_del_sts(&w, "sts2");
    w.read_result = LIVE_READ_CURRENT;
    w.on_read = sts2_comes_back;
    world_run(&w, 20 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 1);
    CU_ASSERT_EQUAL(world_open_ports(&w, IP1), 0);
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT(world_has(&w, "sts2-0.default", IP1));
    CU_ASSERT_EQUAL(world_open_ports(&w, IP1), 1);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* Two ports lost one address, and both owners come to want it again: it is put
 * back to one of them. */
static void
test_one_is_put_back(void)
{
    struct world w;

    fixture_begin(&w, MODE_GUARD);
    w.northd_frozen = true;
    world_sts(&w, unit_sts("other", "other", 1, "ip_pool="IP2));
    world_bind(&w, world_find_port(&w, "sts1-0.default"), NULL);
    world_del_pod(&w, "sts1-0");
    world_del_sts(&w, "sts1");
    world_run(&w, 10 * 1000);
    fixture_taker(&w, "sts2", MAC2, IP1, 10);
    world_run(&w, 1000);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    world_del_pod(&w, "sts2-0");
    world_run(&w, 10 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 2);
    CU_ASSERT(!world_gated(&w, "sts2-0.default"));
    world_pod(&w, unit_pod("sts1-0", "u2", OWNER_STATEFULSET, "sts1",
                           "ip_address="IP1";allocated=true"));
    world_pod(&w, unit_pod("sts2-0", "u3", OWNER_STATEFULSET, "sts2",
                           "ip_address="IP1";allocated=true"));
    world_kill(&w, false);
    world_run(&w, 10 * 1000);
    CU_ASSERT_EQUAL(world_open_ports(&w, IP1), 0);
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(world_open_ports(&w, IP1), 1);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* The owner of a port that is kept shut is gone, and comes back as its port is
 * cleared.  The address waits to be put back until the deadline of its hold is
 * over; the pod runs by then, and may send from it.  In SB nothing leads to
 * the former owner any more, but no chassis has followed. */
static struct wport *
begin_own_dirt(struct world *w)
{
    struct wport *p;

    fixture_begin_held(w, MODE_GUARD);
    p = fixture_taker(w, "sts2", MAC2, IP1, 20);
    svec_add(&p->ps, MAC2" "IP1);
    world_port_changed(w, p);
    world_sts(w, unit_sts("sts2", "sts2", 1, "ip_pool="IP1));
    world_run(w, 3000);
    world_del_pod(w, "sts2-0");
    world_del_sts(w, "sts2");
    w->read_result = LIVE_READ_CURRENT;
    w->on_read = sts2_comes_back;
    world_run(w, 20 * 1000);
    CU_ASSERT_EQUAL(w->n_clears, 1);
    world_bind(w, p, "hv1");
    world_run(w, w->settings.hold_deadline_ms);
    CU_ASSERT_FATAL(world_hold(w, IP1) != NULL);
    CU_ASSERT_EQUAL(world_hold(w, IP1)->state, HOLD_BLOCKED);
    fixture_silence_chassis(w);
    w->northd_frozen = false;
    world_flags(w);
    world_run(w, 60 * 1000);
    CU_ASSERT_EQUAL(world_open_ports(w, IP1), 0);
    CU_ASSERT_FATAL(world_hold(w, IP1) != NULL);
    CU_ASSERT(world_hold(w, IP1)->dirt);
    CU_ASSERT(world_hold(w, IP1)->b2 > 0);
    return p;
}

/* That the port itself shows the address in use is no reason to keep it from
 * that one; that chassis may lead to another one is. */
static void
test_own_dirt_and_chassis(void)
{
    struct world w;

    begin_own_dirt(&w);
    size_t n_bumps = w.n_bumps;
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_bumps, n_bumps);
    w.chassis[0].answers = true;
    world_run(&w, 10 * 1000);
    CU_ASSERT(world_has(&w, "sts2-0.default", IP1));
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* The port is unplugged meanwhile: what it has left itself the barrier does
 * not cover that was taken before. */
static void
test_own_dirt_ends(void)
{
    struct world w;
    struct wport *p = begin_own_dirt(&w);
    int64_t b2 = world_hold(&w, IP1)->b2;

    world_bind(&w, p, NULL);
    for (int i = 0; i < 20 && world_hold(&w, IP1)->dirt; i++) {
        world_turn(&w);
    }
    CU_ASSERT(!world_hold(&w, IP1)->dirt);
    CU_ASSERT_EQUAL(world_hold(&w, IP1)->b2, 0);
    world_run(&w, 10 * 1000);
    CU_ASSERT_FATAL(world_hold(&w, IP1) != NULL);
    CU_ASSERT(world_hold(&w, IP1)->b2 > b2);
    CU_ASSERT(uuid_is_zero(&world_hold(&w, IP1)->b2_own));
    w.chassis[0].answers = true;
    world_run(&w, 10 * 1000);
    CU_ASSERT(world_has(&w, "sts2-0.default", IP1));
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* The same in mode manage, in which the owner's port waits for its address to
 * be set: nothing but time tells that a dead chassis is not waited for. */
static void
test_own_dirt_and_dead_chassis(void)
{
    struct world w;
    struct wport *p = fixture_begin(&w, MODE_MANAGE);

    world_bind(&w, p, NULL);
    world_set_addresses(&w, p, MAC1);
    world_run(&w, 5000);        /* The start barrier is confirmed. */
    CU_ASSERT(world_has(&w, "sts1-0.default", IP1));
    svec_add(&p->ps, MAC1" "IP1);
    world_port_changed(&w, p);
    world_bind(&w, p, "hv1");
    world_run(&w, 5000);
    w.northd_frozen = true;
    world_set_addresses(&w, p, MAC1);
    world_port(&w, 0, "sts2-0", MAC2" "IP1);
    world_run(&w, w.settings.hold_deadline_ms + 90 * 1000);
    CU_ASSERT(!world_has(&w, "sts2-0.default", IP1));
    CU_ASSERT_FATAL(world_hold(&w, IP1) != NULL);
    CU_ASSERT_EQUAL(world_hold(&w, IP1)->state, HOLD_BLOCKED);
    w.chassis[0].answers = false;
    w.northd_frozen = false;
    world_flags(&w);
    world_run(&w, w.settings.chassis_timeout_ms - 1000);
    CU_ASSERT(!world_has(&w, "sts1-0.default", IP1));
    world_run(&w, 20 * 1000);
    CU_ASSERT(world_has(&w, "sts1-0.default", IP1));
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* ---- How long a hold waits for that. ---- */

#define TO_BE_ASKED "its owner is still to be asked whether it wants it again"
#define TO_BE_PUT_BACK "it is to be put back on the port that it left"

/* In mode guard IP1 is cleared from sts1-0, whose pod is gone, and whose owner
 * wants another one; it cannot be asked again. */
static void
begin_unasked(struct world *w)
{
    fixture_begin(w, MODE_GUARD);
    world_bind(w, world_find_port(w, "sts1-0.default"), NULL);
    world_del_pod(w, "sts1-0");
    world_sts(w, unit_sts("sts1", "sts1", 1, "ip_pool="IP2));
    w->on_read = fixture_fail_look_back;
    world_run(w, 30 * 1000);
    CU_ASSERT_EQUAL_FATAL(w->n_clears, 1);
}

/* The address of 'w' is clean but for 'blocker'. */
static void
expect_only(struct world *w, const char *blocker)
{
    const struct hold *h = world_hold(w, IP1);

    CU_ASSERT_FATAL(h != NULL);
    CU_ASSERT_EQUAL(h->state, HOLD_DRAINING);
    CU_ASSERT_EQUAL(sset_count(&h->blockers), 1);
    CU_ASSERT(sset_contains(&h->blockers, blocker));
}

/* The owner comes to want its address again in the moment of the clear, the
 * look back fails, and a lock is lost before it is repeated: whoever is active
 * then must find the hold, or it does not look back. */
static void
test_held_until_looked_back(void)
{
    struct world w;

    begin_unasked(&w);
    expect_only(&w, TO_BE_ASKED);
    world_pod(&w, unit_pod("sts1-0", "u2", OWNER_STATEFULSET, "sts1",
                           "ip_address="IP1";allocated=true"));
    world_settle(&w);
    fixture_lose_locks_for_a_moment(&w);
    world_run(&w, 10 * 1000);
    expect_only(&w, TO_BE_ASKED);
    w.on_read = NULL;
    world_run(&w, 5000);
    CU_ASSERT(world_has(&w, "sts1-0.default", IP1));
    CU_ASSERT_EQUAL(world_journalled(&w, "put-back"), 1);
    CU_ASSERT_EQUAL(world_journalled(&w, "cancel"), 1);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* The same where another daemon begins, which knows of no owner yet. */
static void
test_held_until_owners_are_known(void)
{
    struct world w;

    begin_unasked(&w);
    world_pod(&w, unit_pod("sts1-0", "u2", OWNER_STATEFULSET, "sts1",
                           "ip_address="IP1";allocated=true"));
    world_settle(&w);
    w.on_read = NULL;
    w.kube_down = true;
    world_kill(&w, false);
    world_run(&w, 30 * 1000);
    CU_ASSERT_PTR_NOT_NULL(world_hold(&w, IP1));
    w.kube_down = false;
    world_flags(&w);
    world_run(&w, 5000);
    CU_ASSERT(world_has(&w, "sts1-0.default", IP1));
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* Nor does a hold end before its address is put back. */
static void
test_held_until_put_back(void)
{
    struct world w;

    begin_unasked(&w);
    world_pod(&w, unit_pod("sts1-0", "u2", OWNER_STATEFULSET, "sts1",
                           "ip_address="IP1";allocated=true"));
    world_settle(&w);
    w.row.brake = xstrdup("by hand");
    world_load(&w);
    w.on_read = NULL;
    world_run(&w, 30 * 1000);
    expect_only(&w, TO_BE_PUT_BACK);
    free(guard_brake_rearm(w.guard));
    world_run(&w, 5000);
    CU_ASSERT(world_has(&w, "sts1-0.default", IP1));
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* Who never answers does not keep a hold for ever, nor from a person. */
static void
test_held_for_a_look_back_at_most(void)
{
    struct world w;

    begin_unasked(&w);
    world_run(&w, w.settings.hold_deadline_ms - 60 * 1000);
    expect_only(&w, TO_BE_ASKED);
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT_EQUAL(world_journalled(&w, "release"), 1);
    CU_ASSERT(world_logged(&w, "waiting for: "TO_BE_ASKED));
    fixture_end(&w);

    begin_unasked(&w);
    CU_ASSERT_PTR_NULL(guard_hold_release(w.guard, "net1", IP1,
                                          &(struct guard_env) {
        .now = w.now, .wall = w.wall, .boot_id = w.boot_id,
        .have_store = true, .store_ready = true, .locked = true,
    }));
    world_settle(&w);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT_EQUAL(world_journalled(&w, "force"), 1);
    fixture_end(&w);
}

/* Where there are more holds than are looked at in a turn, those whose owner
 * answers late are looked at then, and none before. */
static void
test_many_looks_back(void)
{
    enum { N = 300 };
    const struct guard_counters *counters;
    struct world w;

    world_init(&w, MODE_GUARD);
    w.settings.batch_rows = N;
    w.settings.brake_clears = INT_MAX;
    w.settings.brake_floor = INT_MAX;
    w.settings.hold_deadline_ms = 3600 * 1000;
    guard_set_settings(w.guard, &w.settings);
    world_network(&w, "net1");
    for (size_t i = 0; i < N; i++) {
        char pod[32], addresses[64];

        snprintf(pod, sizeof pod, "sts%"PRIuSIZE"-0", i);
        snprintf(addresses, sizeof addresses,
                 MAC1" 10.1.%"PRIuSIZE".%"PRIuSIZE, i / 200, i % 200 + 1);
        world_port(&w, 0, pod, addresses);
        pod[strlen(pod) - 2] = '\0';
        world_sts(&w, unit_sts(pod, pod, 1, "ip_pool="IP2));
    }
    w.on_read = fixture_fail_look_back;
    world_flags(&w);
    CU_ASSERT_FATAL(fixture_run_until(&w, fixture_stores_a_hold));
    w.paused = true;            /* Until the intents of all are stored. */
    world_settle(&w);
    w.paused = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, N);
    CU_ASSERT_EQUAL(w.n_holds, N);

    counters = guard_get_counters(w.guard);
    uint64_t looked = counters->holds_looked;
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, N);
    CU_ASSERT_EQUAL(counters->holds_looked, looked);
    w.on_read = NULL;
    world_run(&w, 5000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT_EQUAL(world_journalled(&w, "release"), N);
    fixture_end(&w);
}

void
suite_guard_found_put_back(void)
{
    CU_pSuite suite = unit_add_suite("guard_found_put_back");

    CU_ADD_TEST(suite, test_late_put_back_takes_nothing);
    CU_ADD_TEST(suite, test_put_back_is_still_wanted);
    CU_ADD_TEST(suite, test_opted_out_before_the_put_back);
    CU_ADD_TEST(suite, test_back_within_a_turn);
    CU_ADD_TEST(suite, test_late_answer_puts_nothing_back);
    CU_ADD_TEST(suite, test_back_amid_a_clear);
    CU_ADD_TEST(suite, test_back_while_loading);
    CU_ADD_TEST(suite, test_put_back_waits_for_the_hold);
    CU_ADD_TEST(suite, test_one_is_put_back);
    CU_ADD_TEST(suite, test_own_dirt_and_chassis);
    CU_ADD_TEST(suite, test_own_dirt_ends);
    CU_ADD_TEST(suite, test_own_dirt_and_dead_chassis);
    CU_ADD_TEST(suite, test_held_until_looked_back);
    CU_ADD_TEST(suite, test_held_until_owners_are_known);
    CU_ADD_TEST(suite, test_held_until_put_back);
    CU_ADD_TEST(suite, test_held_for_a_look_back_at_most);
    CU_ADD_TEST(suite, test_many_looks_back);
}
