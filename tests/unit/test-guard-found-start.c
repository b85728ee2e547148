/* SPDX-License-Identifier: Apache-2.0 */

/* What an instance does with a gate that another life has recorded, while its
 * copy of NB may be older than that. */

#include <config.h>

#include "uuid.h"

#include "tests/unit/guard-fixture.h"
#include "tests/unit/unit.h"
#include "tests/unit/world.h"

/* NB tells its new client of all before it answers its first transaction. */
static void
catch_up(struct world *w, const struct nb_batch *b OVS_UNUSED)
{
    for (size_t i = 0; i < w->n_ports; i++) {
        world_port_changed(w, w->ports[i]);
    }
    w->on_batch = NULL;
}

/* A port is shut, and the record of that is stored. */
static struct wport *
begin_shut(struct world *w)
{
    struct wport *p;

    fixture_begin_held(w, MODE_GUARD);
    p = fixture_taker(w, "sts2", MAC2, IP1, 10);
    world_run(w, 3000);
    CU_ASSERT_FATAL(world_gated(w, "sts2-0.default"));
    CU_ASSERT_EQUAL_FATAL(w->n_gates, 1);
    CU_ASSERT_PTR_EQUAL_FATAL(w->ports[w->n_ports - 1], p);
    return p;
}

enum old_copy {
    WITHOUT_MARK,               /* Of NB. */
    WITHOUT_PORT,
    WITHOUT_RECORD              /* Nor the port; of the own database. */
};

/* The daemon is killed, and what the next one knows first is older.  It may
 * not write for a while, and is told of the rest then. */
static void
kill_before_gate(struct world *w, struct wport *p, enum old_copy old)
{
    char *mark = p->mark;

    p->mark = NULL;
    p->enabled = TRI_UNSET;
    w->n_ports -= old != WITHOUT_MARK;
    w->n_gates -= old == WITHOUT_RECORD;
    w->paused = true;
    world_kill(w, false);
    world_settle(w);
    if (old == WITHOUT_RECORD) {
        w->n_gates++;
        world_load(w);
    }
    w->n_ports += old != WITHOUT_MARK;
    p->mark = mark;
    p->enabled = TRI_FALSE;
    world_run(w, 3000);
}

/* Who comes next has not been told of the mark by NB yet, or not even of the
 * port.  The record is not dropped, so that the port stays shut. */
static void
test_gate_with_an_old_copy(void)
{
    for (enum old_copy old = WITHOUT_MARK; old <= WITHOUT_RECORD; old++) {
        struct world w;
        struct wport *p = begin_shut(&w);

        kill_before_gate(&w, p, old);
        CU_ASSERT_EQUAL(w.n_gates, 1);
        w.on_batch = catch_up;
        w.paused = false;
        world_run(&w, 10 * 1000);
        CU_ASSERT(w.on_batch == NULL);
        CU_ASSERT(world_gated(&w, "sts2-0.default"));
        CU_ASSERT_EQUAL(w.n_gates, 1);
        CU_ASSERT_EQUAL(w.n_opened, 0);
        CU_ASSERT_EQUAL(world_journalled(&w, "ungate"), 0);
        CU_ASSERT_PTR_NOT_NULL_FATAL(world_hold(&w, IP1));
        CU_ASSERT(uuid_is_zero(&world_hold(&w, IP1)->keeper));

        w.northd_frozen = false;
        world_run(&w, 60 * 1000);
        CU_ASSERT(!world_gated(&w, "sts2-0.default"));
        CU_ASSERT_EQUAL(w.n_gates, 0);
        CU_ASSERT_EQUAL(w.n_holds, 0);
        fixture_end(&w);
    }
}

/* The same, but the daemon is stopped before it may write: then it need not
 * know whether a port is shut, because it opens whatever is. */
static void
test_stop_with_an_old_copy(void)
{
    struct world w;
    struct wport *p = begin_shut(&w);

    kill_before_gate(&w, p, WITHOUT_MARK);
    CU_ASSERT_EQUAL(w.n_gates, 1);
    guard_stop(w.guard);
    world_run(&w, 3000);
    CU_ASSERT_EQUAL(w.n_gates, 0);
    CU_ASSERT_PTR_NULL(guard_stop_remains(w.guard));
    catch_up(&w, NULL);
    world_run(&w, 3000);
    CU_ASSERT(!world_gated(&w, "sts2-0.default"));
    CU_ASSERT_EQUAL(w.n_opened, 1);
    fixture_end(&w);
}

/* And where the gate has gone indeed, in that time: whoever has the address
 * openly at the start keeps it, and is not shut. */
static void
test_gate_opened_by_nobody(void)
{
    struct world w;
    struct wport *p = begin_shut(&w);

    free(p->mark);
    p->mark = NULL;
    p->enabled = TRI_UNSET;
    world_kill(&w, false);
    world_run(&w, 10 * 1000);
    CU_ASSERT_EQUAL(w.n_gates, 0);
    CU_ASSERT_EQUAL(w.n_gated, 1); /* At the beginning. */
    CU_ASSERT_EQUAL(world_journalled(&w, "ungate"), 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world_hold(&w, IP1));
    CU_ASSERT(uuid_equals(&world_hold(&w, IP1)->keeper, &p->uuid));
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_gated, 1);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

static bool
drops_record(const struct world *w)
{
    return world_logged(w, "gate dropped: its mark is gone");
}

/* But one that took it since, while nothing could be written and the record
 * was still there, is shut as any other, and at once. */
static void
test_taken_beside_an_old_record(void)
{
    struct world w;
    struct wport *p = begin_shut(&w);

    free(p->mark);
    p->mark = NULL;
    p->enabled = TRI_UNSET;
    svec_destroy(&p->addresses);
    unit_split(&p->addresses, MAC2);
    w.paused = true;
    world_kill(&w, false);
    world_run(&w, 3000);
    world_set_addresses(&w, p, MAC2" "IP1);
    world_run(&w, 3000);
    CU_ASSERT_EQUAL(w.n_gates, 1);
    w.paused = false;
    CU_ASSERT_FATAL(fixture_run_until(&w, drops_record));
    CU_ASSERT_FATAL(w.nb && w.nb->n == 1);
    CU_ASSERT(w.nb->writes[0].set_mark);
    CU_ASSERT_EQUAL(w.nb->writes[0].new_enabled, TRI_FALSE);
    world_run(&w, 3000);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    CU_ASSERT_EQUAL(w.n_gates, 1);
    fixture_end(&w);
}

void
suite_guard_found_start(void)
{
    CU_pSuite suite = unit_add_suite("guard_found_start");

    CU_ADD_TEST(suite, test_gate_with_an_old_copy);
    CU_ADD_TEST(suite, test_stop_with_an_old_copy);
    CU_ADD_TEST(suite, test_gate_opened_by_nobody);
    CU_ADD_TEST(suite, test_taken_beside_an_old_record);
}
