/* SPDX-License-Identifier: Apache-2.0 */

/* More of what the simulation (tests/sim) found wrong: where a change of role,
 * a database that went back, or a source that began to tell met something that
 * was under way. */

#include <config.h>

#include <stdlib.h>

#include "util.h"
#include "uuid.h"

#include "tests/unit/guard-fixture.h"
#include "tests/unit/unit.h"
#include "tests/unit/world.h"

/* A hold is stored, but that is seen only when a lock was lost and had again;
 * meanwhile its switch was made again, and it followed.  What is loaded and
 * what is remembered are one hold, though of two switches. */
static void
test_hold_is_loaded_once(void)
{
    struct world w;

    fixture_begin(&w, MODE_GUARD);
    w.northd_frozen = true;
    w.store_fault = FAULT_LOST;
    world_del_port(&w, world_find_port(&w, "sts1-0.default"));
    world_turn(&w);
    const struct hold *h = world_hold(&w, IP1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(h);
    struct hold *stored = hold_clone(h);
    model_remove_network(guard_model(w.guard), &w.networks[0].uuid);
    w.networks[0].exists = false;
    world_network(&w, "net1");
    world_turn(&w);
    CU_ASSERT(!uuid_equals(&h->network, &stored->network));
    CU_ASSERT_EQUAL(w.n_holds, 0);

    w.locked = false;
    world_turn(&w);
    w.holds = xrealloc(w.holds, sizeof *w.holds);
    w.holds[w.n_holds++] = stored;
    w.row.generation++;
    w.locked = true;
    world_settle(&w);
    CU_ASSERT_EQUAL(w.n_holds, 1);
    CU_ASSERT_EQUAL(hold_table_count(guard_holds(w.guard)), 1);
    CU_ASSERT(sset_contains(&w.log, "started with 1 hold(s) and 0 gate(s)"));
    fixture_end(&w);
}

/* A port's owner was never seen; then a pod comes and goes within a turn, as
 * after a watch that was broken.  That it is gone is to be seen for a settle
 * time of its own. */
static void
test_owner_within_a_turn(void)
{
    struct world w;

    fixture_begin(&w, MODE_MANAGE);
    world_port(&w, 0, "other", MAC2" "IP2);
    world_run(&w, 10 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 0);
    world_pod(&w, unit_pod("other", "u9", OWNER_NONE, "", "ip_address="IP2));
    world_del_pod(&w, "other");
    world_run(&w, w.settings.settle_ms - 100);
    CU_ASSERT_EQUAL(w.n_clears, 0);
    world_run(&w, 10 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 1);
    CU_ASSERT(!world_has(&w, "other.default", IP2));
    fixture_end(&w);
}

/* A port comes to run with a held address while all is frozen: it is the
 * keeper, and is not shut after the thaw. */
static void
test_keeper_of_a_freeze(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    free(guard_freeze(w.guard, "test"));
    world_settle(&w);
    struct wport *p = fixture_taker(&w, "sts2", MAC2, IP1, 5);
    world_settle(&w);
    w.northd_frozen = false;
    world_bind(&w, p, "hv1");
    world_settle(&w);
    CU_ASSERT_PTR_NOT_NULL(world_hold(&w, IP1));
    CU_ASSERT(p->enabled != TRI_FALSE);
    free(guard_thaw(w.guard));
    world_run(&w, 300 * 1000);
    CU_ASSERT_EQUAL(w.n_gated, 0);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* The locks are had again while a transaction of the own database is under
 * way: what is in the database is not settled yet, so nothing is loaded. */
static void
test_nothing_is_loaded_amid_a_store(void)
{
    struct guard_env env = {
        .have_store = true, .store_ready = true, .locked = true,
        .store_busy = true,
    };
    struct world w;

    fixture_begin(&w, MODE_GUARD);
    w.locked = false;
    world_turn(&w);
    env.now = w.now;
    env.wall = w.wall;
    env.boot_id = w.boot_id;
    CU_ASSERT(!guard_wants_load(w.guard, &env));
    env.store_busy = false;
    CU_ASSERT(guard_wants_load(w.guard, &env));
    fixture_end(&w);
}

/* A port that is kept shut gets another address from its CNI controller, which
 * a third port has: it is not opened beside that one, but when it has lost
 * that address. */
static void
test_gate_with_another_ones_address(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    fixture_running(&w, "sts3", MAC3, "10.0.0.3");
    struct wport *p = fixture_taker(&w, "sts2", MAC2, IP1, 5);
    world_run(&w, 3000);
    CU_ASSERT(p->enabled == TRI_FALSE);
    world_set_addresses(&w, p, MAC2" 10.0.0.3");
    w.northd_frozen = false;
    world_run(&w, 1500);
    CU_ASSERT_PTR_NULL(world_hold(&w, IP1));
    CU_ASSERT(world_has(&w, "sts2-0.default", "10.0.0.3"));
    CU_ASSERT(p->enabled == TRI_FALSE);
    world_run(&w, 60 * 1000);
    CU_ASSERT(!world_has(&w, "sts2-0.default", "10.0.0.3"));
    CU_ASSERT(p->enabled != TRI_FALSE);
    fixture_end(&w);
}

/* As a standby it has seen a higher nb_cfg than the active instance wrote
 * down: that NB goes back from there, as the locks are had, is a rollback all
 * the same. */
static void
test_rollback_over_a_change_of_role(void)
{
    struct world w;

    fixture_begin(&w, MODE_GUARD);
    w.locked = false;
    world_turn(&w);
    w.nb_cfg += 100;
    world_flags(&w);
    world_settle(&w);
    CU_ASSERT_PTR_NULL(guard_frozen(w.guard));
    w.nb_cfg -= 50;
    w.northd_frozen = true;
    world_flags(&w);
    w.locked = true;
    world_settle(&w);
    CU_ASSERT_PTR_NOT_NULL(guard_frozen(w.guard));
    fixture_end(&w);
}

/* A standby judged with a hold of which a port was the keeper; another
 * instance ended it.  Once active it clears the port. */
static void
test_standby_judges_anew(void)
{
    struct world w;

    fixture_begin(&w, MODE_GUARD);
    fixture_silence_chassis(&w);
    free(guard_freeze(w.guard, "test"));
    fixture_leave(&w);
    w.northd_frozen = false;
    struct wport *p = fixture_taker(&w, "sts2", MAC2, IP1, 5);
    world_bind(&w, p, "hv1");
    world_settle(&w);
    free(guard_thaw(w.guard));
    world_run(&w, 3000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world_stored_hold(&w, IP1));
    CU_ASSERT(uuid_equals(&world_stored_hold(&w, IP1)->keeper, &p->uuid));
    w.locked = false;
    world_turn(&w);
    world_bind(&w, p, NULL);
    world_del_pod(&w, "sts2-0");
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 0);
    for (size_t i = 0; i < w.n_holds; i++) {
        hold_destroy(w.holds[i]);
    }
    w.n_holds = 0;
    w.row.generation++;
    w.locked = true;
    world_run(&w, 60 * 1000);
    CU_ASSERT(!world_has(&w, "sts2-0.default", IP1));
    CU_ASSERT_EQUAL(w.n_clears, 1);
    fixture_end(&w);
}

/* A pod that names no address is orphaned: it still has the one that its
 * StatefulSet gave it, which is held when it leaves. */
static void
test_orphan_leaves_a_hold(void)
{
    struct world w;

    fixture_begin(&w, MODE_MANAGE);
    world_sts(&w, unit_sts("sts2", "sts2", 1, ""));
    world_pod(&w, unit_pod("sts2-0", "u2", OWNER_STATEFULSET, "sts2", ""));
    struct wport *p = world_port(&w, 0, "sts2-0", MAC2" "IP2);
    world_bind(&w, p, "hv1");
    world_run(&w, 5000);
    world_pod(&w, unit_pod("sts2-0", "u2", OWNER_NONE, NULL, ""));
    world_del_sts(&w, "sts2");
    world_run(&w, 5000);
    w.northd_frozen = true;
    world_set_addresses(&w, p, MAC2);
    world_settle(&w);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world_hold(&w, IP2));
    CU_ASSERT(world_hold(&w, IP2)->fixed);
    fixture_end(&w);
}

/* The same where its pod came, and was orphaned, while nobody watched pods:
 * the StatefulSet after which it is named was known. */
static void
test_orphan_seen_late_leaves_a_hold(void)
{
    struct world w;

    fixture_begin(&w, MODE_MANAGE);
    world_sts(&w, unit_sts("sts2", "sts2", 1, ""));
    struct wport *p = world_port(&w, 0, "sts2-0", MAC2" "IP2);
    world_bind(&w, p, "hv1");
    world_run(&w, 500);
    world_del_sts(&w, "sts2");
    world_pod(&w, unit_pod("sts2-0", "u2", OWNER_NONE, NULL, ""));
    world_run(&w, 5000);
    w.northd_frozen = true;
    world_set_addresses(&w, p, MAC2);
    world_settle(&w);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world_hold(&w, IP2));
    CU_ASSERT(world_hold(&w, IP2)->fixed);
    fixture_end(&w);
}

/* Another hand deletes the row of a hold: it is stored again. */
static void
test_deleted_row_is_stored_again(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    CU_ASSERT_EQUAL_FATAL(w.n_holds, 1);
    hold_destroy(w.holds[0]);
    w.n_holds = 0;
    w.row.generation++;
    world_load(&w);
    world_settle(&w);
    CU_ASSERT_PTR_NOT_NULL(world_stored_hold(&w, IP1));
    CU_ASSERT_EQUAL(w.n_holds, 1);
    fixture_end(&w);
}

/* The pod of a StatefulSet is gone, and the source lists no StatefulSets, as
 * far as is known: when the first one appears it does, and the other is gone,
 * too. */
static void
test_first_statefulset_tells_of_all(void)
{
    struct world w;

    fixture_begin(&w, MODE_MANAGE);
    world_del_sts(&w, "sts1");
    world_port(&w, 0, "other-0", MAC2" "IP2);
    world_pod(&w, unit_pod("other-0", "u9", OWNER_STATEFULSET, "other",
                           "ip_address="IP2));
    world_settle(&w);
    world_del_pod(&w, "other-0");
    world_run(&w, 60 * 1000);
    CU_ASSERT(world_has(&w, "other-0.default", IP2));
    world_sts(&w, unit_sts("first", "first", 1, ""));
    world_run(&w, 60 * 1000);
    CU_ASSERT(!world_has(&w, "other-0.default", IP2));
    fixture_end(&w);
}

/* A lock is lost while a write is on its way; the port goes before the answer
 * comes, which says that it was done.  That is written down without looking
 * for the port. */
static void
test_late_answer_of_a_vanished_port(void)
{
    struct guard_env env = {
        .have_store = true, .store_ready = true,
    };
    struct nb_result r = { .result = TXN_RESULT_DONE };
    struct world w;

    fixture_begin(&w, MODE_MANAGE);
    world_port(&w, 0, "sts2-0", MAC2);
    world_sts(&w, unit_sts("sts2", "sts2", 1, "ip_pool="IP2));
    world_pod(&w, unit_pod("sts2-0", "u9", OWNER_STATEFULSET, "sts2",
                           "ip_pool="IP2));
    CU_ASSERT_FATAL(fixture_run_until(&w, fixture_nb_writes));
    r.token = w.nb->token;
    nb_batch_destroy(w.nb);
    w.nb = NULL;
    w.locked = false;
    world_turn(&w);
    world_del_port(&w, world_find_port(&w, "sts2-0.default"));
    world_turn(&w);
    CU_ASSERT_EQUAL(world_journalled(&w, "set"), 0);
    env.now = w.now;
    env.wall = w.wall;
    env.boot_id = w.boot_id;
    guard_nb_done(w.guard, &r, &env);
    w.locked = true;
    world_settle(&w);
    CU_ASSERT_EQUAL(world_journalled(&w, "set"), 1);
    fixture_end(&w);
}

/* While nobody knows whether a clear was carried out, another hand takes the
 * address off, and later puts it back.  The clear may still come: the port
 * stays one of those that its hold names. */
static void
test_back_after_a_clear_in_doubt(void)
{
    struct world w;

    struct wport *p = fixture_begin(&w, MODE_GUARD);
    world_bind(&w, p, NULL);
    world_del_pod(&w, "sts1-0");
    world_del_sts(&w, "sts1");
    CU_ASSERT_FATAL(fixture_run_until(&w, fixture_nb_writes));
    w.nb_fault = FAULT_UNKNOWN_NOT_DONE;
    world_turn(&w);
    world_set_addresses(&w, p, MAC1);
    world_settle(&w);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world_hold(&w, IP1));
    CU_ASSERT_EQUAL(world_hold(&w, IP1)->state, HOLD_DRAINING);
    world_set_addresses(&w, p, MAC1" "IP1);
    world_settle(&w);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world_stored_hold(&w, IP1));
    CU_ASSERT_PTR_NOT_NULL(hold_find_former(world_stored_hold(&w, IP1),
                                            &p->uuid));
    world_run(&w, 300 * 1000);
    CU_ASSERT(!world_has(&w, "sts1-0.default", IP1));
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* A port comes to run with a held address while it is being shut: it is the
 * keeper (what this world does at once, so that is set here), and gated.  Then
 * a foreign port takes the address, too.  Once its interface is gone the gated
 * one is cleared, and is the keeper no more. */
static void
test_gated_keeper_loses(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    fixture_silence_chassis(&w);
    w.northd_frozen = false;
    struct wport *p = fixture_taker(&w, "sts2", MAC2, IP1, 5);
    CU_ASSERT_FATAL(fixture_run_until(&w, fixture_nb_writes));
    world_bind(&w, p, "hv1");
    world_settle(&w);
    CU_ASSERT_EQUAL(p->enabled, TRI_FALSE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world_hold(&w, IP1));
    CONST_CAST(struct hold *, world_hold(&w, IP1))->keeper = p->uuid;
    world_raw_port(&w, 0, "foreign", MAC3" "IP1, "", "");
    world_bind(&w, p, NULL);
    CU_ASSERT_FATAL(fixture_run_until(&w, fixture_nb_writes));
    CU_ASSERT(!uuid_equals(&world_hold(&w, IP1)->keeper, &p->uuid));
    world_settle(&w);
    CU_ASSERT(!world_has(&w, "sts2-0.default", IP1));
    fixture_end(&w);
}

static bool
nb_clears(const struct world *w)
{
    return w->nb && w->nb->n && w->nb->writes[0].set_addresses;
}

static void
expect_former(struct world *w, const struct nb_batch *b)
{
    for (size_t i = 0; i < b->n; i++) {
        const struct hold *h = world_stored_hold(w, IP1);

        CU_ASSERT_PTR_NOT_NULL_FATAL(h);
        CU_ASSERT_PTR_NOT_NULL(hold_find_former(h, &b->writes[i].port));
    }
}

/* A port without an owner is cleared of an address that is held already.  A
 * lock is lost while that is on its way, and it is begun anew before it is
 * known that it was not carried out: the hold goes on naming the port. */
static void
test_clear_begun_anew_in_doubt(void)
{
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    fixture_silence_chassis(&w);
    w.northd_frozen = false;
    fixture_taker(&w, "sts2", MAC2, IP1, 5);
    world_settle(&w);
    world_del_pod(&w, "sts2-0");
    CU_ASSERT_FATAL(fixture_run_until(&w, nb_clears));
    nb_batch_destroy(w.nb);
    w.nb = NULL;
    w.locked = false;
    world_turn(&w);
    w.locked = true;
    w.on_batch = expect_former;
    CU_ASSERT_FATAL(fixture_run_until(&w, nb_clears));
    world_settle(&w);
    CU_ASSERT_EQUAL(w.n_clears, 1);
    CU_ASSERT(!world_has(&w, "sts2-0.default", IP1));
    fixture_end(&w);
}

/* A watch is too old: a list shows another pod than before, which wants an
 * address that its template does not name.  It may have run with what its port
 * has, and have been edited, while nobody watched.  What its template names it
 * was born with. */
static void
test_listed_pod_may_have_run(void)
{
    struct world w;

    struct wport *p = fixture_begin(&w, MODE_MANAGE);
    world_sts(&w, unit_sts("sts1", "sts1", 1, ""));
    world_bind(&w, p, NULL);
    world_settle(&w);
    unit_list_pod(guard_model(w.guard),
                  unit_pod("sts1-0", "u2", OWNER_STATEFULSET, "sts1",
                           "ip_address="IP2));
    world_run(&w, 120 * 1000);
    CU_ASSERT(world_has(&w, "sts1-0.default", IP1));
    CU_ASSERT_EQUAL(w.n_clears, 0);
    world_sts(&w, unit_sts("sts1", "sts1", 1, "ip_pool="IP2));
    world_run(&w, 120 * 1000);
    CU_ASSERT(!world_has(&w, "sts1-0.default", IP1));
    CU_ASSERT_EQUAL(w.n_clears, 1);
    fixture_end(&w);
}

void
suite_guard_roles(void)
{
    CU_pSuite suite = unit_add_suite("guard_roles");

    CU_ADD_TEST(suite, test_hold_is_loaded_once);
    CU_ADD_TEST(suite, test_owner_within_a_turn);
    CU_ADD_TEST(suite, test_keeper_of_a_freeze);
    CU_ADD_TEST(suite, test_nothing_is_loaded_amid_a_store);
    CU_ADD_TEST(suite, test_gate_with_another_ones_address);
    CU_ADD_TEST(suite, test_rollback_over_a_change_of_role);
    CU_ADD_TEST(suite, test_standby_judges_anew);
    CU_ADD_TEST(suite, test_orphan_leaves_a_hold);
    CU_ADD_TEST(suite, test_orphan_seen_late_leaves_a_hold);
    CU_ADD_TEST(suite, test_deleted_row_is_stored_again);
    CU_ADD_TEST(suite, test_first_statefulset_tells_of_all);
    CU_ADD_TEST(suite, test_late_answer_of_a_vanished_port);
    CU_ADD_TEST(suite, test_back_after_a_clear_in_doubt);
    CU_ADD_TEST(suite, test_gated_keeper_loses);
    CU_ADD_TEST(suite, test_clear_begun_anew_in_doubt);
    CU_ADD_TEST(suite, test_listed_pod_may_have_run);
}
