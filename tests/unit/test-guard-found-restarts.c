/* SPDX-License-Identifier: Apache-2.0 */

/* What the simulation (tests/sim) found wrong where the daemon was killed or
 * lost its locks while something was under way. */

#include <config.h>

#include "uuid.h"

#include "tests/unit/guard-fixture.h"
#include "tests/unit/unit.h"
#include "tests/unit/world.h"

#define IP3 "10.0.0.3"

/* The daemon begins anew, and no pod is read. */
static void
restart_without_pods(struct world *w)
{
    world_del_pod(w, "sts2-0");
    w->kube_down = true;
    world_kill(w, false);
}

/* A port that lost its address to another one waits behind its gate, over a
 * restart, too: that the pods are not read yet does not open it. */
static void
test_loser_waits_over_a_restart(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    fixture_taker(&w, "sts2", MAC2, IP1, 20);
    fixture_taker(&w, "sts3", MAC3, IP1, 10);
    world_run(&w, 3000);
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT(!world_has(&w, "sts2-0.default", IP1));
    CU_ASSERT(world_gated(&w, "sts2-0.default"));

    restart_without_pods(&w);
    world_run(&w, 5000);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    w.kube_down = false;
    world_pod(&w, unit_pod("sts2-0", "sts2-0", OWNER_STATEFULSET, "sts2",
                           "ip_address="IP1));
    world_flags(&w);
    world_run(&w, 300 * 1000);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));

    /* But not for ever, if nobody can tell. */
    restart_without_pods(&w);
    world_run(&w, w.settings.gate_max_ms + 1000);
    CU_ASSERT(!world_gated(&w, "sts2-0.default"));
    fixture_end(&w);
}

/* Of several ports that list a held address one was the keeper, because it ran
 * with it; it does no more when the daemon begins anew, and still is it. */
static void
test_keeper_over_a_restart(void)
{
    for (int i = 0; i < 2; i++) {
        struct world w;

        fixture_begin(&w, MODE_GUARD);
        if (!i) {
            world_raw_port(&w, 0, "ext", MAC3" "IP1, "", "");
        }
        struct wport *p = fixture_running(&w, "sts2", MAC2, IP1);
        if (i) {
            world_raw_port(&w, 0, "ext", MAC3" "IP1, "", "");
        }
        world_run(&w, 5000);
        fixture_leave(&w);
        CU_ASSERT_FATAL(world_hold(&w, IP1) != NULL);
        CU_ASSERT(uuid_equals(&world_hold(&w, IP1)->keeper, &p->uuid));
        world_del_pod(&w, "sts2-0");
        world_del_sts(&w, "sts2");
        world_bind(&w, p, NULL);
        world_run(&w, 5000);
        world_kill(&w, false);
        world_run(&w, 5000);
        CU_ASSERT_FATAL(world_hold(&w, IP1) != NULL);
        CU_ASSERT(uuid_equals(&world_hold(&w, IP1)->keeper, &p->uuid));
        fixture_end(&w);
    }
}

/* A port is shut, and the locks are lost before the record of the gate is
 * stored: who shut it still knows, and does not open it. */
static void
test_gate_over_a_lost_lock(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    fixture_taker(&w, "sts2", MAC2, IP1, 10);
    for (int i = 0; i < 20 && !world_gated(&w, "sts2-0.default"); i++) {
        w.store_fault = FAULT_UNKNOWN_NOT_DONE;
        world_turn(&w);
    }
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    CU_ASSERT_EQUAL(w.n_gates, 0);
    w.locked = false;
    world_settle(&w);
    w.locked = true;
    world_run(&w, 20 * 1000);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    CU_ASSERT(!world_logged(&w, "not recorded"));
    CU_ASSERT_EQUAL(w.n_gates, 1);
    fixture_end(&w);
}

/* The daemon ends between a clear and the look back at it, when the owner
 * wants the address again and its CNI has done its part: who comes next looks
 * back. */
static void
test_look_back_over_a_restart(void)
{
    struct world w;

    fixture_begin(&w, MODE_GUARD);
    world_bind(&w, world_find_port(&w, "sts1-0.default"), NULL);
    world_del_pod(&w, "sts1-0");
    world_sts(&w, unit_sts("sts1", "sts1", 1, "ip_pool="IP2));
    w.on_read = fixture_fail_look_back;
    w.northd_frozen = true;
    world_run(&w, 10 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 1);
    world_pod(&w, unit_pod("sts1-0", "u2", OWNER_STATEFULSET, "sts1",
                           "ip_address="IP1";allocated=true"));
    world_settle(&w);
    w.on_read = NULL;
    world_kill(&w, false);
    world_run(&w, 10 * 1000);
    CU_ASSERT(world_has(&w, "sts1-0.default", IP1));
    CU_ASSERT_EQUAL(world_journalled(&w, "put-back"), 1);
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* The same with locks that are lost and had again in between.  The clear took
 * the address off port_security, too: the instance that wrote it knows what
 * stood there, and puts that back, but not if another hand wrote there. */
static void
test_look_back_over_a_lost_lock(void)
{
    for (int other_hand = 0; other_hand < 2; other_hand++) {
        struct wport *p;
        struct world w;

        fixture_begin(&w, MODE_GUARD);
        p = world_find_port(&w, "sts1-0.default");
        svec_clear(&p->addresses);
        svec_add(&p->addresses, MAC1" "IP1" fd00::1");
        svec_clear(&p->ps);
        svec_add(&p->ps, MAC1" "IP1" fd00::1");
        world_port_changed(&w, p);
        world_bind(&w, p, NULL);
        world_del_pod(&w, "sts1-0");
        world_sts(&w, unit_sts("sts1", "sts1", 1, "ip_pool="IP2));
        w.on_read = fixture_fail_look_back;
        w.northd_frozen = true;
        world_run(&w, 10 * 1000);
        CU_ASSERT_EQUAL(w.n_clears, 1);
        CU_ASSERT_EQUAL_FATAL(p->ps.n, 1);
        CU_ASSERT_STRING_EQUAL(p->ps.names[0], MAC1" fd00::1");
        w.locked = false;
        world_settle(&w);
        world_pod(&w, unit_pod("sts1-0", "u2", OWNER_STATEFULSET, "sts1",
                               "ip_address="IP1";allocated=true"));
        if (other_hand) {
            svec_add(&p->ps, MAC1" fd00::2");
            world_port_changed(&w, p);
        }
        world_settle(&w);
        w.on_read = NULL;
        w.locked = true;
        world_run(&w, 10 * 1000);
        CU_ASSERT_EQUAL(world_has(&w, "sts1-0.default", IP1), !other_hand);
        CU_ASSERT_EQUAL(world_journalled(&w, "put-back"), !other_hand);
        CU_ASSERT_STRING_EQUAL(p->ps.names[0], other_hand ? MAC1" fd00::1"
                               : MAC1" "IP1" fd00::1");
        w.northd_frozen = false;
        world_run(&w, 60 * 1000);
        CU_ASSERT_EQUAL(w.n_holds, 0);
        fixture_end(&w);
    }
}

/* The same under a hold of an address that another hand had taken off before:
 * the port itself tells whether it was cleared. */
static void
test_look_back_under_an_older_hold(void)
{
    for (int cleared = 0; cleared < 2; cleared++) {
        struct world w;

        fixture_begin(&w, MODE_GUARD);
        world_bind(&w, world_find_port(&w, "sts1-0.default"), NULL);
        world_del_pod(&w, "sts1-0");
        world_sts(&w, unit_sts("sts1", "sts1", 1, "ip_pool="IP2));
        w.on_read = fixture_fail_look_back;
        w.northd_frozen = true;
        world_run(&w, 10 * 1000);
        CU_ASSERT_EQUAL(w.n_clears, 1);
        world_pod(&w, unit_pod("sts1-0", "u2", OWNER_STATEFULSET, "sts1",
                               "ip_address="IP1";allocated=true"));
        world_settle(&w);
        w.on_read = NULL;
        world_kill(&w, false);
        CU_ASSERT_EQUAL_FATAL(w.n_holds, 1);
        CU_ASSERT_EQUAL_FATAL(w.holds[0]->n_former, 1);
        CU_ASSERT(w.holds[0]->former[0].cleared);
        w.holds[0]->former[0].cleared = cleared;
        w.holds[0]->reason_case[0] = 'F';
        world_run(&w, 10 * 1000);
        CU_ASSERT_EQUAL(world_has(&w, "sts1-0.default", IP1), cleared);
        CU_ASSERT_EQUAL(world_journalled(&w, "put-back"), cleared);
        fixture_end(&w);
    }
}

/* NB tells its new client of the clear before it answers its first
 * transaction. */
static void
catch_up(struct world *w, const struct nb_batch *b OVS_UNUSED)
{
    world_port_changed(w, world_find_port(w, "sts1-0.default"));
    w->on_batch = NULL;
}

/* The daemon is killed, and the next one's first copy of NB is of the time
 * when sts1-0 still had IP1. */
static void
kill_before_copy(struct world *w)
{
    struct wport *p = world_find_port(w, "sts1-0.default");
    struct svec now = p->addresses;

    unit_split(&p->addresses, MAC1" "IP1);
    world_kill(w, false);
    svec_destroy(&p->addresses);
    p->addresses = now;
    w->on_batch = catch_up;
}

/* The same, but who comes next has not been told of the clear by NB yet: it
 * neither takes it for not carried out, nor the address for given back; before
 * that is known it writes nothing but a barrier. */
static void
test_look_back_with_an_old_copy(void)
{
    for (int stored = 0; stored < 2; stored++) {
        struct world w;

        fixture_begin(&w, MODE_GUARD);
        world_bind(&w, world_find_port(&w, "sts1-0.default"), NULL);
        world_del_pod(&w, "sts1-0");
        world_sts(&w, unit_sts("sts1", "sts1", 1, "ip_pool="IP2));
        w.on_read = fixture_fail_look_back;
        w.northd_frozen = true;
        CU_ASSERT(fixture_run_until(&w, fixture_nb_writes));
        world_turn(&w);
        if (stored) {
            world_settle(&w);
        }
        CU_ASSERT_EQUAL(w.n_clears, 1);
        CU_ASSERT_FATAL(world_stored_hold(&w, IP1) != NULL);
        CU_ASSERT_EQUAL(world_stored_hold(&w, IP1)->state,
                        stored ? HOLD_DRAINING : HOLD_CLEARING);
        world_pod(&w, unit_pod("sts1-0", "u2", OWNER_STATEFULSET, "sts1",
                               "ip_address="IP1";allocated=true"));
        w.on_read = NULL;
        kill_before_copy(&w);

        /* As long as nothing may be written, nothing is concluded. */
        w.paused = true;
        world_run(&w, 5000);
        CU_ASSERT(world_hold(&w, IP1) != NULL);
        w.paused = false;
        world_run(&w, 10 * 1000);
        CU_ASSERT(w.on_batch == NULL);
        CU_ASSERT(world_has(&w, "sts1-0.default", IP1));
        CU_ASSERT_EQUAL(world_journalled(&w, "put-back"), 1);
        CU_ASSERT_EQUAL(world_journalled(&w, "hold"), 0);
        w.northd_frozen = false;
        world_run(&w, 60 * 1000);
        CU_ASSERT_EQUAL(w.n_holds, 0);
        fixture_end(&w);
    }
}

/* Two ports had one address, and both have lost it.  While no instance runs
 * the one that had it last has it again: who comes next waits for what the
 * other one leaves behind, and the owner keeps the address. */
static void
test_both_left_before_a_restart(void)
{
    struct world w;
    struct wport *p = fixture_begin(&w, MODE_GUARD), *q;
    const struct hold *h;

    q = fixture_running(&w, "sts2", MAC2, IP1);
    world_run(&w, 60 * 1000);
    w.northd_frozen = true;
    world_set_addresses(&w, p, MAC1);
    world_settle(&w);
    world_set_addresses(&w, q, MAC2);
    world_settle(&w);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world_stored_hold(&w, IP1));
    CU_ASSERT_EQUAL(world_stored_hold(&w, IP1)->n_former, 2);
    CU_ASSERT_STRING_EQUAL(world_stored_hold(&w, IP1)->owner.name, "sts2-0");
    world_kill(&w, false);
    w.locked = false;
    world_set_addresses(&w, q, MAC2" "IP1);
    world_settle(&w);           /* It reads NB before it knows of the hold. */
    w.locked = true;
    world_run(&w, 5000);
    h = world_stored_hold(&w, IP1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(h);
    CU_ASSERT_EQUAL(h->state, HOLD_DRAINING);
    CU_ASSERT_PTR_NOT_NULL(hold_find_former(h, &p->uuid));
    CU_ASSERT(uuid_equals(&h->keeper, &q->uuid));
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT_EQUAL(world_journalled(&w, "gate"), 0);
    fixture_end(&w);
}

/* Locks are lost while the answer to a clear is on its way: the action is
 * written down by whoever has them again. */
static void
test_journal_over_a_lost_lock(void)
{
    struct world w;

    fixture_begin(&w, MODE_MANAGE);
    fixture_make_stale(&w);
    CU_ASSERT(fixture_run_until(&w, fixture_nb_writes));
    /* Carried out; then the lock goes before anything can be stored. */
    w.store_fault = FAULT_UNKNOWN_NOT_DONE;
    world_turn(&w);
    w.locked = false;
    world_run(&w, 5000);
    w.locked = true;
    world_run(&w, 300 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 1);
    CU_ASSERT_EQUAL(world_journalled(&w, "clear"), 1);
    fixture_end(&w);
}

/* The first look back fails, and with the second one sts2-0 is there. */
static enum live_read_result
sts2_comes_back(struct world *w)
{
    if (w->n_clears < 2) {
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

static bool
puts_back(const struct world *w)
{
    return w->nb && w->nb->n && w->nb->writes[0].set_addresses;
}

/* Two ports have been cleared under one hold, and the owner of the second one
 * wants the address again. */
static void
begin_waiting_put_back(struct world *w)
{
    fixture_begin(w, MODE_GUARD);
    w->northd_frozen = true;
    fixture_make_stale(w);
    world_run(w, 10 * 1000);
    CU_ASSERT_EQUAL_FATAL(w->n_clears, 1);
    fixture_taker(w, "sts2", MAC2, IP1, 20);
    world_sts(w, unit_sts("sts2", "sts2", 1, "ip_pool="IP1));
    world_run(w, 3000);
    world_del_pod(w, "sts2-0");
    world_del_sts(w, "sts2");
    w->read_result = LIVE_READ_CURRENT;
    w->on_read = sts2_comes_back;
    world_run(w, 20 * 1000);
    CU_ASSERT_EQUAL_FATAL(w->n_clears, 2);
    CU_ASSERT_EQUAL(world_open_ports(w, IP1), 0);
}

/* It is put back when nothing leads to the other port any more.  A lock is
 * lost in that moment; who has it again still knows of it. */
static void
test_put_back_over_a_lost_lock(void)
{
    struct world w;

    begin_waiting_put_back(&w);
    w.northd_frozen = false;
    world_flags(&w);
    CU_ASSERT_FATAL(fixture_run_until(&w, puts_back));
    w.nb_fault = FAULT_NOT_LOCKED;
    world_turn(&w);
    w.locked = false;
    world_settle(&w);
    CU_ASSERT(!world_has(&w, "sts2-0.default", IP1));
    w.locked = true;
    world_run(&w, 60 * 1000);
    CU_ASSERT(world_has(&w, "sts2-0.default", IP1));
    CU_ASSERT_EQUAL(world_open_ports(&w, IP1), 1);
    CU_ASSERT_EQUAL(world_journalled(&w, "put-back"), 1);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* While it cannot be put back the hold stays, but not for ever. */
static void
test_clean_until_put_back(void)
{
    struct world w;

    begin_waiting_put_back(&w);
    w.northd_frozen = false;
    world_flags(&w);
    CU_ASSERT_FATAL(fixture_run_until(&w, puts_back));
    w.nb_fault = FAULT_NOT_LOCKED;
    free(w.row.brake);
    w.row.brake = xstrdup("by hand");
    world_load(&w);
    world_run(&w, w.settings.hold_deadline_ms - 60 * 1000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world_hold(&w, IP1));
    CU_ASSERT_EQUAL(world_hold(&w, IP1)->state, HOLD_CLEAN);
    world_run(&w, 120 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT_EQUAL(world_journalled(&w, "release"), 1);
    fixture_end(&w);
}

void
suite_guard_found_restarts(void)
{
    CU_pSuite suite = unit_add_suite("guard_found_restarts");

    CU_ADD_TEST(suite, test_loser_waits_over_a_restart);
    CU_ADD_TEST(suite, test_keeper_over_a_restart);
    CU_ADD_TEST(suite, test_gate_over_a_lost_lock);
    CU_ADD_TEST(suite, test_look_back_over_a_restart);
    CU_ADD_TEST(suite, test_look_back_over_a_lost_lock);
    CU_ADD_TEST(suite, test_look_back_under_an_older_hold);
    CU_ADD_TEST(suite, test_look_back_with_an_old_copy);
    CU_ADD_TEST(suite, test_both_left_before_a_restart);
    CU_ADD_TEST(suite, test_journal_over_a_lost_lock);
    CU_ADD_TEST(suite, test_put_back_over_a_lost_lock);
    CU_ADD_TEST(suite, test_clean_until_put_back);
}
