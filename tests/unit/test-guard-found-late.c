/* SPDX-License-Identifier: Apache-2.0 */

/* What the simulation (tests/sim) found wrong where something comes late:
 * transactions of the own database that were given up, and are carried out
 * later, and the answer to a look back after a clear. */

#include <config.h>

#include <limits.h>
#include <stdlib.h>

#include "util.h"
#include "uuid.h"

#include "tests/unit/guard-fixture.h"
#include "tests/unit/unit.h"
#include "tests/unit/world.h"

/* ---- What the own database carries out. ---- */

static bool
stores(const struct world *w)
{
    return w->store;
}

static bool
stores_a_hold(const struct world *w)
{
    return w->store && w->store->n_put_holds;
}

/* 'h' gets into the own database, and nobody is told. */
static void
carry_out_late(struct world *w, struct hold *h)
{
    w->holds = xrealloc(w->holds, (w->n_holds + 1) * sizeof *w->holds);
    w->holds[w->n_holds++] = h;
}

/* The locks are lost, and had again, in two turns in which nothing that is
 * under way is answered. */
static void
lose_locks_for_a_moment(struct world *w)
{
    for (int i = 0; i < 2; i++) {
        struct guard_env env = {
            .now = w->now, .wall = w->wall, .boot_id = w->boot_id,
            .have_store = true, .store_ready = true, .store_busy = true,
            .locked = i,
        };
        struct orders orders;

        orders_init(&orders);
        guard_run(w->guard, &env, &orders);
        orders_destroy(&orders);
    }
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
    CU_ASSERT_FATAL(fixture_run_until(&w, stores_a_hold));

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
 * once; then its row appears, which nobody would ever have deleted. */
static void
test_ended_before_it_appears(void)
{
    struct world w;
    struct wport *p = fixture_begin(&w, MODE_GUARD);

    world_run(&w, 60 * 1000);
    w.northd_frozen = true;
    world_del_port(&w, p);
    CU_ASSERT_FATAL(fixture_run_until(&w, stores_a_hold));

    struct hold *late = hold_clone(w.store->put_holds[0]);

    lose_locks_for_a_moment(&w);
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

/* The same where it ends before the lock is lost. */
static void
test_ended_before_the_answer(void)
{
    struct world w;
    struct wport *p = fixture_begin(&w, MODE_GUARD);

    world_run(&w, 60 * 1000);
    w.northd_frozen = true;
    world_del_port(&w, p);
    CU_ASSERT_FATAL(fixture_run_until(&w, stores_a_hold));

    struct hold *late = hold_clone(w.store->put_holds[0]);

    CU_ASSERT_FATAL(guard_hold_release(w.guard, "net1", IP1,
                                       &(struct guard_env) {
        .now = w.now, .wall = w.wall, .boot_id = w.boot_id,
        .have_store = true, .store_ready = true, .store_busy = true,
        .locked = true,
    }) == NULL);
    lose_locks_for_a_moment(&w);
    w.store_fault = FAULT_UNKNOWN_NOT_DONE;
    world_turn(&w);
    CU_ASSERT_PTR_NULL(world_hold(&w, IP1));
    carry_out_late(&w, late);
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* ---- Looks back. ---- */

#define TO_BE_ASKED "its owner is still to be asked whether it wants it again"
#define TO_BE_PUT_BACK "it is to be put back on the port that it left"

static enum live_read_result
no_look_back(struct world *w)
{
    return w->n_clears ? LIVE_READ_FAILED : LIVE_READ_CURRENT;
}

/* In mode guard IP1 is cleared from sts1-0, whose pod is gone, and whose owner
 * wants another one; it cannot be asked again. */
static void
begin_unasked(struct world *w)
{
    fixture_begin(w, MODE_GUARD);
    world_bind(w, world_find_port(w, "sts1-0.default"), NULL);
    world_del_pod(w, "sts1-0");
    world_sts(w, unit_sts("sts1", "sts1", 1, "ip_pool="IP2));
    w->on_read = no_look_back;
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
    lose_locks_for_a_moment(&w);
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
    w.on_read = no_look_back;
    world_flags(&w);
    CU_ASSERT_FATAL(fixture_run_until(&w, stores_a_hold));
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
suite_guard_found_late(void)
{
    CU_pSuite suite = unit_add_suite("guard_found_late");

    CU_ADD_TEST(suite, test_forgotten_intent);
    CU_ADD_TEST(suite, test_ended_before_it_appears);
    CU_ADD_TEST(suite, test_ended_before_the_answer);
    CU_ADD_TEST(suite, test_held_until_looked_back);
    CU_ADD_TEST(suite, test_held_until_owners_are_known);
    CU_ADD_TEST(suite, test_held_until_put_back);
    CU_ADD_TEST(suite, test_held_for_a_look_back_at_most);
    CU_ADD_TEST(suite, test_many_looks_back);
}
