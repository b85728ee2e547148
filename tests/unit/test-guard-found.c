/* SPDX-License-Identifier: Apache-2.0 */

/* What the simulation (tests/sim) and tests/handovers found wrong, each with
 * the order of events that showed it. */

#include <config.h>

#include <stdlib.h>

#include "util.h"

#include "tests/unit/guard-fixture.h"
#include "tests/unit/unit.h"
#include "tests/unit/world.h"

#define IP3 "10.0.0.3"

/* The server does not answer the clear, which it may yet carry out: the hold
 * must stay until a later transaction was answered. */
static void
test_no_answer_keeps_the_hold(void)
{
    struct world w;

    fixture_begin(&w, MODE_MANAGE);
    fixture_make_stale(&w);
    CU_ASSERT(fixture_run_until(&w, fixture_nb_writes));
    w.nb_fault = FAULT_UNKNOWN_NOT_DONE;
    world_turn(&w);
    world_settle(&w);
    CU_ASSERT_PTR_NOT_NULL(world_hold(&w, IP1));
    CU_ASSERT_PTR_NOT_NULL(world_stored_hold(&w, IP1));
    CU_ASSERT_EQUAL(world_journalled(&w, "cancel"), 0);
    world_run(&w, 300 * 1000);
    CU_ASSERT(!world_has(&w, "sts1-0.default", IP1));
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* The same, but it was carried out: it is written down like any other. */
static void
test_no_answer_is_written_down(void)
{
    struct world w;

    fixture_begin(&w, MODE_MANAGE);
    fixture_make_stale(&w);
    CU_ASSERT(fixture_run_until(&w, fixture_nb_writes));
    w.nb_fault = FAULT_UNKNOWN_DONE;
    world_run(&w, 300 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 1);
    CU_ASSERT_EQUAL(world_journalled(&w, "clear"), 1);
    fixture_end(&w);
}

/* hold/release comes between the live read and the write. */
static enum live_read_result
release_by_hand(struct world *w)
{
    struct guard_env env = {
        .now = w->now, .wall = w->wall, .boot_id = w->boot_id,
        .have_store = true, .store_ready = true, .locked = true,
    };

    w->on_read = NULL;
    free(guard_hold_release(w->guard, "net1", IP1, &env));
    return LIVE_READ_CURRENT;
}

static void
expect_hold(struct world *w, const struct nb_batch *b)
{
    for (size_t i = 0; i < b->n; i++) {
        if (b->writes[i].set_addresses) {
            CU_ASSERT_PTR_NOT_NULL(world_stored_hold(w, IP1));
        }
    }
}

static void
test_release_amid_a_clear(void)
{
    struct world w;

    fixture_begin(&w, MODE_GUARD);
    fixture_make_stale(&w);
    w.on_read = release_by_hand;
    w.on_batch = expect_hold;
    world_run(&w, 300 * 1000);
    CU_ASSERT(!world_has(&w, "sts1-0.default", IP1));
    fixture_end(&w);
}

/* The port of an owner that was never seen is deleted after a start: whether
 * its address was a fixed one is not known, so it is held. */
static void
test_unknown_owner_is_held(void)
{
    struct world w;

    fixture_begin(&w, MODE_MANAGE);
    fixture_make_stale(&w);
    w.northd_frozen = true;
    world_kill(&w, false);
    world_settle(&w);
    world_del_port(&w, world_find_port(&w, "sts1-0.default"));
    world_settle(&w);
    CU_ASSERT_PTR_NOT_NULL(world_hold(&w, IP1));
    fixture_end(&w);
}

/* The own database is another one, and has a hold on the switch that was made
 * again under the name of the one that we know: it is one hold, not two. */
static void
test_hold_of_a_moved_switch(void)
{
    struct store_snapshot snap;
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    struct guard_env env = {
        .now = w.now, .wall = w.wall, .boot_id = w.boot_id,
        .have_store = true, .store_ready = true, .locked = true,
    };
    struct hold *moved = hold_clone(world_stored_hold(&w, IP1));
    moved->network = unit_uuid(4711);
    store_snapshot_init(&snap);
    free(snap.identity);
    snap.identity = xstrdup("another one");
    snap.holds = xmalloc(sizeof *snap.holds);
    snap.holds[snap.n_holds++] = moved;
    guard_load(w.guard, &snap, &env);
    CU_ASSERT_EQUAL(hold_table_count(guard_holds(w.guard)), 1);
    CU_ASSERT_PTR_NOT_NULL(world_hold(&w, IP1));
    store_snapshot_destroy(&snap);
    fixture_end(&w);
}

/* A pod that never ran is left by its StatefulSet and adopted by the next one
 * of that name: nobody edited it, and its port is cleared as ever. */
static void
test_adopted_is_not_edited(void)
{
    struct world w;

    fixture_begin(&w, MODE_MANAGE);
    world_bind(&w, world_find_port(&w, "sts1-0.default"), NULL);
    world_del_pod(&w, "sts1-0");
    world_sts(&w, unit_sts("sts1", "sts1", 1, "ip_pool="IP2","IP3));
    world_pod(&w, unit_pod("sts1-0", "u2", OWNER_STATEFULSET, "sts1",
                           "ip_pool="IP2","IP3));
    world_settle(&w);
    world_del_sts(&w, "sts1");
    world_pod(&w, unit_pod("sts1-0", "u2", OWNER_NONE, "",
                           "ip_pool="IP2","IP3));
    world_settle(&w);
    world_sts(&w, unit_sts("sts1", "again", 1, "ip_pool="IP2","IP3));
    world_pod(&w, unit_pod("sts1-0", "u2", OWNER_STATEFULSET, "sts1",
                           "ip_pool="IP2","IP3));
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 1);
    CU_ASSERT(world_has(&w, "sts1-0.default", IP2));
    fixture_end(&w);
}

/* The same with hold/release, when the owner is there again. */
static void
test_release_in_doubt(void)
{
    struct world w;

    fixture_begin(&w, MODE_GUARD);
    fixture_make_stale(&w);
    CU_ASSERT(fixture_run_until(&w, fixture_nb_writes));
    w.nb_fault = FAULT_UNKNOWN_NOT_DONE;
    world_turn(&w);
    world_sts(&w, unit_sts("sts1", "sts1", 1, "ip_pool="IP1));
    world_settle(&w);
    release_by_hand(&w);
    world_settle(&w);
    CU_ASSERT_PTR_NOT_NULL(world_stored_hold(&w, IP1));
    fixture_end(&w);
}

/* Another instance's row of the same hold gets into the own database. */
static void
put_row(struct world *w, const struct hold *src, uint32_t uuid,
        const char *ip)
{
    struct hold *h = hold_clone(src);

    h->uuid = unit_uuid(uuid);
    if (ip) {
        h->addr = unit_ip(ip);
    }
    w->holds = xrealloc(w->holds, (w->n_holds + 1) * sizeof *w->holds);
    w->holds[w->n_holds++] = h;
}

/* The former active instance was killed while it stored the same hold, and
 * that is carried out after we have loaded: the database refuses our row.  It
 * was refused for ever, and with it everything else. */
static void
test_late_row_of_another_instance(void)
{
    struct world w;

    fixture_begin(&w, MODE_MANAGE);
    fixture_make_stale(&w);
    CU_ASSERT(fixture_run_until(&w, fixture_stores_a_hold));
    put_row(&w, w.store->put_holds[0], 7777, NULL);
    w.store_fault = FAULT_ERROR;
    world_load(&w);
    world_run(&w, 60 * 1000);
    CU_ASSERT(!world_has(&w, "sts1-0.default", IP1));
    CU_ASSERT_EQUAL(w.n_clears, 1);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* The same with a hold that we know nothing of: nobody would ever end it. */
static void
test_late_row_of_another_address(void)
{
    struct world w;

    fixture_begin(&w, MODE_MANAGE);
    fixture_make_stale(&w);
    CU_ASSERT(fixture_run_until(&w, fixture_stores_a_hold));
    put_row(&w, w.store->put_holds[0], 7777, "10.0.0.77");
    world_load(&w);
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 1);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* A new instance whose copy of SB, or of NB, is behind what the former one has
 * seen waits for it and does nothing; only if it does not come the database
 * has gone back. */
static void
test_copy_is_behind(void)
{
    for (int i = 0; i < 4; i++) {
        bool nb = i & 1, comes = i & 2;
        struct world w;

        fixture_begin(&w, MODE_MANAGE);
        fixture_make_stale(&w);
        w.northd_frozen = true;
        w.row.nb_cfg_seen = w.nb_cfg + (nb ? 5 : 0);
        w.row.sb_cfg_seen = w.sb_nb_cfg + (nb ? 0 : 5);
        world_kill(&w, false);
        world_run(&w, 2000);
        CU_ASSERT_PTR_NULL(guard_frozen(w.guard));
        CU_ASSERT_EQUAL(w.n_clears, 0);
        if (comes) {
            w.nb_cfg += 5;
            w.northd_frozen = false;
            world_flags(&w);
        }
        world_run(&w, 100 * 1000);
        if (comes) {
            CU_ASSERT_PTR_NULL(guard_frozen(w.guard));
            CU_ASSERT_EQUAL(w.n_clears, 1);
        } else {
            CU_ASSERT_PTR_NOT_NULL(guard_frozen(w.guard));
            CU_ASSERT_EQUAL(w.n_clears, 0);
        }
        fixture_end(&w);
    }
}

/* When an address came to its port is known from what was seen of it. */
static void
test_since_when(void)
{
    struct world w;
    struct wport *p = fixture_begin(&w, MODE_GUARD);
    const struct model *m = guard_model_const(w.guard);

    world_run(&w, 5000);
    world_set_addresses(&w, p, MAC1" "IP2);
    world_run(&w, 1);
    CU_ASSERT_EQUAL(model_find_port_by_name(m, "sts1-0.default")->since_s,
                    w.wall / 1000);
    long long int then = w.wall / 1000;
    world_run(&w, 5000);
    CU_ASSERT_EQUAL(model_find_port_by_name(m, "sts1-0.default")->since_s,
                    then);
    fixture_end(&w);
}

/* A hold is stored, and follows its switch before the answer has come; then
 * the locks are lost and had again: it is one hold, not two. */
static void
test_unsaved_hold_of_a_moved_switch(void)
{
    struct store_snapshot snap;
    struct world w;

    fixture_begin(&w, MODE_GUARD);
    w.northd_frozen = true;
    world_bind(&w, world_find_port(&w, "sts1-0.default"), NULL);
    world_set_addresses(&w, world_find_port(&w, "sts1-0.default"), MAC1);
    for (int i = 0; i < 20 && !world_hold(&w, IP1); i++) {
        w.store_fault = FAULT_NOT_LOCKED;
        world_turn(&w);
    }
    CU_ASSERT_FATAL(world_hold(&w, IP1) != NULL);
    CU_ASSERT_PTR_NULL(world_stored_hold(&w, IP1));
    struct hold *stored = hold_clone(world_hold(&w, IP1));
    stored->network = unit_uuid(4711);
    w.locked = false;
    for (int i = 0; i < 3; i++) {
        w.store_fault = FAULT_NOT_LOCKED;
        world_turn(&w);
    }
    CU_ASSERT_EQUAL(guard_get_role(w.guard), ROLE_STANDBY);

    struct guard_env env = {
        .now = w.now, .wall = w.wall, .boot_id = w.boot_id,
        .have_store = true, .store_ready = true, .locked = true,
    };
    store_snapshot_init(&snap);
    free(snap.identity);
    snap.identity = xstrdup(w.store_identity);
    ipguard_row_destroy(&snap.row);
    ipguard_row_init(&snap.row);
    ipguard_row_copy(&snap.row, &w.row);
    snap.row.generation += 10;
    snap.holds = xmalloc(sizeof *snap.holds);
    snap.holds[snap.n_holds++] = stored;
    guard_load(w.guard, &snap, &env);
    CU_ASSERT_EQUAL(hold_table_count(guard_holds(w.guard)), 1);
    CU_ASSERT_PTR_NOT_NULL(world_hold(&w, IP1));
    store_snapshot_destroy(&snap);
    fixture_end(&w);
}

/* A StatefulSet made again is in a rollout: one of its revisions names the
 * address, and the next pod may be of that one. */
static void
test_one_revision_names_it(void)
{
    struct workload *sts = unit_sts("sts1", "again", 1, "");
    struct smap old = SMAP_INITIALIZER(&old);
    struct world w;

    smap_add(&old, "ovn.kubernetes.io/ip_pool", IP1);
    workload_add_revision(sts, "old", &old);
    smap_destroy(&old);
    fixture_begin(&w, MODE_GUARD);
    struct pod *pod = unit_pod("sts1-0", "sts1-0", OWNER_STATEFULSET, "sts1",
                               "ip_address="IP1);
    free(pod->owner->uid);
    pod->owner->uid = xstrdup("sts1");
    world_pod(&w, pod);
    world_bind(&w, world_find_port(&w, "sts1-0.default"), NULL);
    world_del_pod(&w, "sts1-0");
    world_sts(&w, sts);
    world_run(&w, 120 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 0);
    fixture_end(&w);
}

/* A departure's hold is stored without an answer, and is not; then the locks
 * are lost for a moment.  Who made it still knows of it. */
static void
test_hold_without_an_answer(void)
{
    struct world w;
    struct wport *p = fixture_begin(&w, MODE_GUARD);

    world_run(&w, 60 * 1000);
    w.northd_frozen = true;
    world_del_port(&w, p);
    for (int i = 0; i < 20 && !world_hold(&w, IP1); i++) {
        w.store_fault = FAULT_UNKNOWN_NOT_DONE;
        world_turn(&w);
    }
    for (int i = 0; i < 3; i++) {
        w.store_fault = FAULT_UNKNOWN_NOT_DONE;
        world_turn(&w);
    }
    CU_ASSERT_PTR_NOT_NULL(world_hold(&w, IP1));
    CU_ASSERT_EQUAL(w.n_holds, 0);
    w.locked = false;
    world_settle(&w);
    w.locked = true;
    world_run(&w, 2000);
    CU_ASSERT_PTR_NOT_NULL(world_hold(&w, IP1));
    CU_ASSERT_EQUAL(w.n_holds, 1);
    fixture_end(&w);
}

/* A pod comes and goes at once just before an address has been stale for the
 * settle time: that time begins anew. */
static void
test_came_and_went_in_a_turn(void)
{
    struct world w;

    fixture_begin(&w, MODE_MANAGE);
    fixture_make_stale(&w);
    world_settle(&w);
    world_run(&w, w.settings.settle_ms - 500);
    CU_ASSERT_EQUAL(w.n_clears, 0);
    world_pod(&w, unit_pod("sts1-0", "u7", OWNER_NONE, NULL, ""));
    world_del_pod(&w, "sts1-0");
    world_run(&w, w.settings.settle_ms - 500);
    CU_ASSERT_EQUAL(w.n_clears, 0);
    world_run(&w, 1000);
    CU_ASSERT_EQUAL(w.n_clears, 1);
    fixture_end(&w);
}

void
suite_guard_found(void)
{
    CU_pSuite suite = unit_add_suite("guard_found");

    CU_ADD_TEST(suite, test_no_answer_keeps_the_hold);
    CU_ADD_TEST(suite, test_no_answer_is_written_down);
    CU_ADD_TEST(suite, test_release_amid_a_clear);
    CU_ADD_TEST(suite, test_unknown_owner_is_held);
    CU_ADD_TEST(suite, test_since_when);
    CU_ADD_TEST(suite, test_hold_without_an_answer);
    CU_ADD_TEST(suite, test_hold_of_a_moved_switch);
    CU_ADD_TEST(suite, test_unsaved_hold_of_a_moved_switch);
    CU_ADD_TEST(suite, test_adopted_is_not_edited);
    CU_ADD_TEST(suite, test_one_revision_names_it);
    CU_ADD_TEST(suite, test_release_in_doubt);
    CU_ADD_TEST(suite, test_late_row_of_another_instance);
    CU_ADD_TEST(suite, test_late_row_of_another_address);
    CU_ADD_TEST(suite, test_copy_is_behind);
    CU_ADD_TEST(suite, test_came_and_went_in_a_turn);
}
