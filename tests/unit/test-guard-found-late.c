/* SPDX-License-Identifier: Apache-2.0 */

/* What the simulation (tests/sim) found wrong with transactions of the own
 * database that were given up, and are carried out later, and with what
 * happens while one is on its way. */

#include <config.h>

#include <stdlib.h>

#include "util.h"
#include "uuid.h"

#include "tests/unit/guard-fixture.h"
#include "tests/unit/unit.h"
#include "tests/unit/world.h"

static bool
stores(const struct world *w)
{
    return w->store;
}

/* 'h' gets into the own database, and nobody is told. */
static void
carry_out_late(struct world *w, struct hold *h)
{
    w->holds = xrealloc(w->holds, (w->n_holds + 1) * sizeof *w->holds);
    w->holds[w->n_holds++] = h;
}

/* The intent of a clear is stored without an answer, and then a lock is lost
 * for a moment: it is forgotten.  Its row appears all the same, before that of
 * the clear that is begun anew. */
static void
test_forgotten_intent(void)
{
    struct world w;

    fixture_begin(&w, MODE_MANAGE);
    world_bind(&w, world_find_port(&w, "sts1-0.default"), NULL);
    world_del_pod(&w, "sts1-0");
    world_del_sts(&w, "sts1");
    CU_ASSERT_FATAL(fixture_run_until(&w, fixture_stores_a_hold));

    struct hold *late = hold_clone(w.store->put_holds[0]);

    CU_ASSERT_EQUAL(late->state, HOLD_INTENT);
    w.store_fault = FAULT_UNKNOWN_NOT_DONE;
    world_turn(&w);
    w.locked = false;
    world_settle(&w);
    w.locked = true;
    CU_ASSERT(fixture_run_until(&w, stores));
    carry_out_late(&w, late);
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 1);
    CU_ASSERT_EQUAL(world_journalled(&w, "cancel"), 1);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* A departure's hold is being stored as a lock is lost for a moment, and there
 * is no answer.  Its owner is there again when all is read anew, so it ends at
 * once; then its row appears, which nobody would ever have deleted.  So it was
 * also where the database had become another one just before. */
static void
check_ended_before_it_appears(bool replaced)
{
    struct world w;
    struct wport *p = fixture_begin(&w, MODE_GUARD);

    world_run(&w, 60 * 1000);
    w.northd_frozen = true;
    world_del_port(&w, p);
    if (replaced) {
        free(w.store_identity);
        w.store_identity = xstrdup("another");
        world_load(&w);
        free(guard_thaw(w.guard));
    }
    CU_ASSERT_FATAL(fixture_run_until(&w, fixture_stores_a_hold));

    struct hold *late = hold_clone(w.store->put_holds[0]);

    fixture_lose_locks_for_a_moment(&w);
    fixture_running(&w, "sts1", MAC1, IP1);
    w.store_fault = FAULT_UNKNOWN_NOT_DONE;
    world_turn(&w);
    CU_ASSERT_EQUAL(guard_get_role(w.guard), ROLE_ACTIVE);
    CU_ASSERT_PTR_NULL(world_hold(&w, IP1));
    CU_ASSERT_EQUAL(w.n_holds, 0);
    carry_out_late(&w, late);
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

static void
test_ended_before_it_appears(void)
{
    check_ended_before_it_appears(false);
    check_ended_before_it_appears(true);
}

/* The same where it ends before the lock is lost. */
static void
test_ended_before_the_answer(void)
{
    struct world w;
    struct wport *p = fixture_begin(&w, MODE_GUARD);

    world_run(&w, 60 * 1000);
    w.northd_frozen = true;
    world_del_port(&w, p);
    CU_ASSERT_FATAL(fixture_run_until(&w, fixture_stores_a_hold));

    struct hold *late = hold_clone(w.store->put_holds[0]);

    CU_ASSERT_FATAL(guard_hold_release(w.guard, "net1", IP1,
                                       &(struct guard_env) {
        .now = w.now, .wall = w.wall, .boot_id = w.boot_id,
        .have_store = true, .store_ready = true, .store_busy = true,
        .locked = true,
    }) == NULL);
    fixture_lose_locks_for_a_moment(&w);
    w.store_fault = FAULT_UNKNOWN_NOT_DONE;
    world_turn(&w);
    CU_ASSERT_PTR_NULL(world_hold(&w, IP1));
    carry_out_late(&w, late);
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* Two ports have one address, and the one whose owner is gone is about to lose
 * it.  Then the other one does, by another hand, and the owner is there again:
 * the clear is off, but the address has left a port. */
static void
test_left_amid_a_clear(void)
{
    struct world w;
    struct wport *p = fixture_begin(&w, MODE_MANAGE);

    world_bind(&w, fixture_running(&w, "sts2", MAC2, IP1), NULL);
    world_settle(&w);
    world_del_pod(&w, "sts2-0");
    world_del_sts(&w, "sts2");
    CU_ASSERT_FATAL(fixture_run_until(&w, fixture_stores_a_hold));
    CU_ASSERT_PTR_NOT_NULL(hold_find_former(
        w.store->put_holds[0],
        &world_find_port(&w, "sts2-0.default")->uuid));
    w.northd_frozen = true;
    world_set_addresses(&w, p, MAC1);
    world_sts(&w, unit_sts("sts2", "again", 1, "ip_pool="IP1));
    world_settle(&w);
    CU_ASSERT_EQUAL(w.n_clears, 0);

    const struct hold *h = world_stored_hold(&w, IP1);

    CU_ASSERT_PTR_NOT_NULL_FATAL(h);
    CU_ASSERT_EQUAL(h->state, HOLD_DRAINING);
    CU_ASSERT_PTR_NOT_NULL(hold_find_former(h, &p->uuid));
    CU_ASSERT_EQUAL(h->n_former, 1);
    CU_ASSERT(uuid_equals(&h->keeper, &world_find_port(&w, "sts2-0.default")
                          ->uuid));
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT_EQUAL(world_journalled(&w, "release"), 1);
    fixture_end(&w);
}

/* Two ports have one address, and both go; the one that went last is there
 * again, and another turn has not come.  Its owner is not kept from it, but
 * what the other port left behind is waited for. */
static void
test_both_left(void)
{
    struct world w;
    struct wport *p = fixture_begin(&w, MODE_GUARD), *q;
    struct uuid uuid = p->uuid;

    q = fixture_running(&w, "sts2", MAC2, IP1);
    world_run(&w, 60 * 1000);
    w.northd_frozen = true;
    world_del_port(&w, p);
    world_del_port(&w, q);
    q = fixture_running(&w, "sts2", MAC2, IP1);
    world_settle(&w);

    const struct hold *h = world_stored_hold(&w, IP1);

    CU_ASSERT_PTR_NOT_NULL_FATAL(h);
    CU_ASSERT_EQUAL(h->state, HOLD_DRAINING);
    CU_ASSERT_PTR_NOT_NULL(hold_find_former(h, &uuid));
    CU_ASSERT(uuid_equals(&h->keeper, &q->uuid));
    CU_ASSERT(!world_gated(&w, "sts2-0.default"));
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT_EQUAL(world_journalled(&w, "release"), 1);
    CU_ASSERT_EQUAL(world_journalled(&w, "gate"), 0);
    fixture_end(&w);
}

/* A lock is lost before the answer comes that all was stored, and the own
 * database is restored from a time before that: it has gone back. */
static void
test_restored_after_a_late_answer(void)
{
    struct world w;

    fixture_begin(&w, MODE_GUARD);
    fixture_make_stale(&w);
    CU_ASSERT_FATAL(fixture_run_until(&w, fixture_stores_a_hold));

    struct store_result r = {
        .token = w.store->token, .result = TXN_RESULT_DONE,
        .generation = w.store->row.generation + 1,
    };
    struct guard_env env = {
        .now = w.now, .wall = w.wall, .boot_id = w.boot_id,
        .have_store = true, .store_ready = true, .store_busy = true,
    };
    struct orders orders;

    orders_init(&orders);
    guard_run(w.guard, &env, &orders);
    orders_destroy(&orders);
    guard_store_done(w.guard, &r, &env);
    store_batch_destroy(w.store);
    w.store = NULL;
    w.locked = true;
    world_run(&w, 60 * 1000);
    CU_ASSERT(guard_frozen(w.guard) != NULL);
    CU_ASSERT_EQUAL(w.n_clears, 0);
    fixture_end(&w);
}

/* A transaction of which no answer came was carried out, and others after it.
 * Then the database goes back by the last of them. */
static void
test_restored_after_a_lost_answer(void)
{
    struct world w;

    fixture_begin(&w, MODE_GUARD);
    fixture_make_stale(&w);
    CU_ASSERT_FATAL(fixture_run_until(&w, fixture_stores_a_hold));
    w.store_fault = FAULT_UNKNOWN_DONE;
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 1);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT_PTR_NULL(guard_frozen(w.guard));
    w.row.generation--;
    world_load(&w);
    world_run(&w, 1000);
    CU_ASSERT(guard_frozen(w.guard) != NULL);
    fixture_end(&w);
}

/* A clear cannot be carried out yet, as the API server does not answer.
 * Another port without a pod takes the address meanwhile, is shut, loses it by
 * another hand, which ends its gate, and is given it once more: it is shut
 * again. */
static void
test_taken_twice_before_the_clear(void)
{
    struct world w;
    struct wport *taker;

    fixture_begin(&w, MODE_GUARD);
    taker = world_port(&w, 0, "sts1-1", MAC2);
    fixture_make_stale(&w);
    w.read_result = LIVE_READ_FAILED;
    world_run(&w, 20 * 1000);
    for (int i = 0; i < 2; i++) {
        world_set_addresses(&w, taker, MAC2" "IP1);
        world_run(&w, 1000);
        CU_ASSERT_PTR_NOT_NULL_FATAL(world_hold(&w, IP1));
        CU_ASSERT_EQUAL(world_hold(&w, IP1)->state, HOLD_CLEARING);
        CU_ASSERT(world_gated(&w, "sts1-1.default"));
        world_set_addresses(&w, taker, MAC2);
        world_run(&w, 1000);
        CU_ASSERT(!world_gated(&w, "sts1-1.default"));
    }
    fixture_end(&w);
}

/* A hold is stored without an answer, and then the row of another instance
 * for the same address appears, which becomes its own: that one is in no
 * doubt.  A lock is lost, and the other instance ends the hold: it has ended
 * for this one, too. */
static void
test_row_of_another_instance(void)
{
    struct world w;
    struct wport *p = fixture_begin(&w, MODE_GUARD);

    world_run(&w, 60 * 1000);
    w.northd_frozen = true;
    world_del_port(&w, p);
    CU_ASSERT_FATAL(fixture_run_until(&w, fixture_stores_a_hold));

    struct hold *other = hold_clone(w.store->put_holds[0]);

    other->uuid = unit_uuid(4711);
    w.store_fault = FAULT_UNKNOWN_NOT_DONE;
    world_turn(&w);
    carry_out_late(&w, other);
    world_load(&w);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world_hold(&w, IP1));
    CU_ASSERT(uuid_equals(&world_hold(&w, IP1)->uuid, &other->uuid));
    w.locked = false;
    world_settle(&w);
    CU_ASSERT_EQUAL_FATAL(w.n_holds, 1);
    hold_destroy(w.holds[0]);
    w.n_holds = 0;
    w.locked = true;
    world_settle(&w);
    CU_ASSERT_PTR_NULL(world_hold(&w, IP1));
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* The same where the one that is there again is the port of a VM, and the
 * other one has got another address ('row_stays') or is no more. */
static void
test_left_beside_a_vm(bool row_stays)
{
    struct world w;
    struct wport *p = fixture_begin(&w, MODE_GUARD), *q;
    struct uuid uuid = p->uuid;
    const struct hold *h;

    world_pod(&w, unit_pod("launcher", "u2", OWNER_VM, "vm",
                           "ip_address="IP1));
    q = world_port(&w, 0, "vm", MAC2" "IP1);
    world_bind(&w, q, "hv1");
    world_run(&w, 60 * 1000);
    w.northd_frozen = true;
    if (row_stays) {
        world_set_addresses(&w, p, MAC1" "IP2);
    } else {
        world_del_port(&w, p);
    }
    world_del_port(&w, q);
    q = world_port(&w, 0, "vm", MAC2" "IP1);
    world_bind(&w, q, "hv1");
    world_settle(&w);
    h = world_stored_hold(&w, IP1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(h);
    CU_ASSERT_EQUAL(h->state, HOLD_DRAINING);
    CU_ASSERT_STRING_EQUAL(h->owner.name, "vm");
    CU_ASSERT_PTR_NOT_NULL(hold_find_former(h, &uuid));
    CU_ASSERT(uuid_equals(&h->keeper, &q->uuid));
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT_PTR_NULL(world_stored_hold(&w, IP1));
    CU_ASSERT_EQUAL(world_journalled(&w, "gate"), 0);
    fixture_end(&w);
}

static void
test_both_left_and_a_vm_is_back(void)
{
    test_left_beside_a_vm(false);
    test_left_beside_a_vm(true);
}

/* The address of a VM leaves its port by another hand, and another port takes
 * it, which is shut and soon no more.  The VM, which is not delayed by what
 * its own port leaves behind, waits until nothing leads to the other one. */
static void
test_vm_waits_for_a_row_that_is_gone(void)
{
    struct world w;
    struct wport *p, *q;

    fixture_begin(&w, MODE_MANAGE);
    world_pod(&w, unit_pod("launcher", "u2", OWNER_VM, "vm",
                           "ip_address="IP2));
    p = world_port(&w, 0, "vm", MAC2);
    world_run(&w, 60 * 1000);
    CU_ASSERT(world_has(&w, "vm.default", IP2));
    w.northd_frozen = true;
    world_set_addresses(&w, p, MAC2);
    q = world_port(&w, 0, "sts2-0", MAC3" "IP2);
    world_run(&w, 5000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world_hold(&w, IP2));
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    world_del_port(&w, q);
    world_run(&w, 5000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world_hold(&w, IP2));
    CU_ASSERT_STRING_EQUAL(world_hold(&w, IP2)->owner.name, "vm");
    CU_ASSERT(!world_has(&w, "vm.default", IP2));
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT(world_has(&w, "vm.default", IP2));
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

void
suite_guard_found_late(void)
{
    CU_pSuite suite = unit_add_suite("guard_found_late");

    CU_ADD_TEST(suite, test_forgotten_intent);
    CU_ADD_TEST(suite, test_ended_before_it_appears);
    CU_ADD_TEST(suite, test_ended_before_the_answer);
    CU_ADD_TEST(suite, test_left_amid_a_clear);
    CU_ADD_TEST(suite, test_both_left);
    CU_ADD_TEST(suite, test_both_left_and_a_vm_is_back);
    CU_ADD_TEST(suite, test_vm_waits_for_a_row_that_is_gone);
    CU_ADD_TEST(suite, test_restored_after_a_late_answer);
    CU_ADD_TEST(suite, test_restored_after_a_lost_answer);
    CU_ADD_TEST(suite, test_taken_twice_before_the_clear);
    CU_ADD_TEST(suite, test_row_of_another_instance);
}
