/* SPDX-License-Identifier: Apache-2.0 */

/* The guard in a simulated world: the story that everything else serves, what
 * stops it, and what must hold wherever it is killed.  test-guard-holds.c has
 * the lives of holds, test-guard-gates.c those of gates. */

#include <config.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"
#include "uuid.h"

#include "tests/unit/unit.h"
#include "tests/unit/world.h"

#define IP1 "10.0.0.1"
#define IP2 "10.0.0.2"
#define MAC1 "0a:00:00:00:00:01"
#define MAC2 "0a:00:00:00:00:02"

/* ---- The story: sts1-0 goes from IP1 to IP2, sts2-0 wants IP1. ---- */

static void
begin(struct world *w, enum guard_mode mode)
{
    world_init(w, mode);
    world_chassis(w, "hv1");
    world_network(w, "net1");
    struct wport *p = world_port(w, 0, "sts1-0", MAC1" "IP1);
    world_sts(w, unit_sts("sts1", "s1", 1, "ip_pool="IP1));
    world_pod(w, unit_pod("sts1-0", "u1", OWNER_STATEFULSET, "sts1",
                          "ip_address="IP1));
    world_bind(w, p, "hv1");
    world_flags(w);
    world_run(w, 5000);
}

/* What others do in the story, step by step; returns false at its end. */
static bool
story_step(struct world *w, enum guard_mode mode, int step)
{
    struct wport *sts1 = world_find_port(w, "sts1-0.default");

    switch (step) {
    case 0:
        world_sts(w, unit_sts("sts1", "s1", 1, "ip_pool="IP2));
        return true;
    case 1:
        world_bind(w, sts1, NULL);
        world_del_pod(w, "sts1-0");
        return true;
    case 2:
        world_pod(w, unit_pod("sts1-0", "u2", OWNER_STATEFULSET, "sts1",
                              "ip_address="IP2));
        return true;
    case 3:
        /* So that the address is not clean when sts2-0 takes it. */
        w->northd_frozen = true;
        if (mode == MODE_GUARD) {
            world_set_addresses(w, sts1, MAC1" "IP2);
        }
        return true;
    case 4:
        world_sts(w, unit_sts("sts2", "s2", 1, "ip_pool="IP1));
        world_pod(w, unit_pod("sts2-0", "u3", OWNER_STATEFULSET, "sts2",
                              "ip_address="IP1));
        world_port(w, 0, "sts2-0",
                   mode == MODE_GUARD ? MAC2" "IP1 : MAC2);
        return true;
    case 5:
        w->northd_frozen = false;
        return true;
    default:
        return false;
    }
}

static void
check_end(struct world *w, const char *what)
{
    bool ok = (world_has(w, "sts1-0.default", IP2)
               && !world_has(w, "sts1-0.default", IP1)
               && world_has(w, "sts2-0.default", IP1)
               && !world_gated(w, "sts2-0.default")
               && !w->n_holds && !w->n_gates
               && !hold_table_count(guard_holds(w->guard))
               && !w->n_violations);

    if (!ok) {
        char *nb = world_format_nb(w);

        printf("\n%s: not the end of the story; %s; %zu holds; NB:\n%s\n",
               what, w->violation ? w->violation : "no violation",
               w->n_holds, nb);
        free(nb);
    }
    CU_ASSERT(ok);
}

static void
play(enum guard_mode mode, long long int between_ms)
{
    struct world w;
    int step = 0;

    begin(&w, mode);
    while (story_step(&w, mode, step++)) {
        world_run(&w, between_ms);
    }
    world_run(&w, 300 * 1000);
    check_end(&w, guard_mode_to_string(mode));
    CU_ASSERT_EQUAL(w.orders.next_wake_ms, LLONG_MAX);
    CU_ASSERT_EQUAL(world_journalled(&w, "release"), 1);
    CU_ASSERT(w.min_bump_gap_ms >= w.settings.barrier_interval_ms);
    /* Case H: beside a CNI controller it is that one's to write. */
    CU_ASSERT_EQUAL(w.n_sets, mode == MODE_GUARD ? 0 : 2);

    /* A second look at a world without a change orders nothing. */
    size_t n_nb = w.n_nb, n_stores = w.n_stores, n_reads = w.n_reads;
    model_mark_all(guard_model(w.guard));
    world_run(&w, 300 * 1000);
    CU_ASSERT_EQUAL(w.n_nb, n_nb);
    CU_ASSERT_EQUAL(w.n_stores, n_stores);
    CU_ASSERT_EQUAL(w.n_reads, n_reads);
    world_destroy(&w);
}

static void
test_story_manage(void)
{
    play(MODE_MANAGE, 0);
    play(MODE_MANAGE, 1);
    play(MODE_MANAGE, 1000);
    play(MODE_MANAGE, 10000);
}

static void
test_story_guard(void)
{
    play(MODE_GUARD, 0);
    play(MODE_GUARD, 1);
    play(MODE_GUARD, 1000);
    play(MODE_GUARD, 10000);
}

/* ---- kill -9 after every turn. ---- */

/* Plays the story with 'between_ms' between its steps; the guard is killed
 * before turn 'k' of the whole.  Returns false if the story has fewer. */
static bool
play_killed(enum guard_mode mode, size_t k, bool commit,
            long long int between_ms)
{
    struct world w;
    bool killed = false;
    int step = 0;
    char what[64];

    begin(&w, mode);
    size_t start = w.n_turns;
    bool more = story_step(&w, mode, step++);
    long long int next = w.now + between_ms;
    long long int end = LLONG_MAX;
    while (w.now < end) {
        if (!killed && w.n_turns - start == k) {
            world_kill(&w, commit);
            killed = true;
        }
        if (!world_turn(&w)) {
            long long int to = MIN(w.orders.next_wake_ms,
                                   more ? next : end);
            to = MAX(to, w.now + 1);
            w.wall += to - w.now;
            w.now = to;
        }
        if (more && w.now >= next) {
            more = story_step(&w, mode, step++);
            next = w.now + between_ms;
            if (!more) {
                end = w.now + 400 * 1000;
            }
        }
    }
    world_settle(&w);
    snprintf(what, sizeof what, "%s killed before turn %zu, %s, %lld ms",
             guard_mode_to_string(mode), k, commit ? "committed" : "lost",
             between_ms);
    if (killed) {
        check_end(&w, what);
    }
    world_destroy(&w);
    return killed;
}

static void
kill_everywhere(enum guard_mode mode, bool commit, long long int between_ms)
{
    size_t k;

    for (k = 0; play_killed(mode, k, commit, between_ms); k++) {
        continue;
    }
    CU_ASSERT(k > 20);
}

static void
test_kill_manage(void)
{
    kill_everywhere(MODE_MANAGE, true, 3000);
    kill_everywhere(MODE_MANAGE, false, 3000);
    kill_everywhere(MODE_MANAGE, true, 20);
}

static void
test_kill_guard(void)
{
    kill_everywhere(MODE_GUARD, true, 3000);
    kill_everywhere(MODE_GUARD, false, 3000);
    kill_everywhere(MODE_GUARD, true, 20);
}

/* ---- What stops it. ---- */

/* Brings the world to where IP1 is stale on sts1-0. */
static void
make_stale(struct world *w)
{
    struct wport *p = world_find_port(w, "sts1-0.default");

    world_sts(w, unit_sts("sts1", "s1", 1, "ip_pool="IP2));
    world_bind(w, p, NULL);
    world_del_pod(w, "sts1-0");
}

static void
test_observe_orders_nothing(void)
{
    struct world w;
    int step = 0;

    begin(&w, MODE_OBSERVE);
    while (story_step(&w, MODE_MANAGE, step++)) {
        world_run(&w, 3000);
    }
    world_run(&w, 300 * 1000);
    CU_ASSERT_EQUAL(w.n_nb + w.n_stores + w.n_reads + w.n_flushes, 0);
    CU_ASSERT_EQUAL(w.n_violations, 0);
    CU_ASSERT(world_logged(&w, "would clear 10.0.0.1"));
    CU_ASSERT_EQUAL(w.orders.next_wake_ms, LLONG_MAX);
    world_destroy(&w);

    /* A hold that would be ends by the rows alone. */
    begin(&w, MODE_OBSERVE);
    world_set_addresses(&w, world_find_port(&w, "sts1-0.default"), MAC1);
    w.northd_frozen = true;
    world_run(&w, 5000);
    CU_ASSERT(world_hold(&w, IP1) && world_hold(&w, IP1)->would_be);
    w.northd_frozen = false;
    world_run(&w, 5000);
    CU_ASSERT(!world_hold(&w, IP1));
    CU_ASSERT_EQUAL(w.n_nb + w.n_stores + w.n_reads, 0);
    world_destroy(&w);
}

static void
test_blocked_sources(void)
{
    for (int i = 0; i < 5; i++) {
        struct world w;

        begin(&w, MODE_MANAGE);
        size_t n_nb = w.n_nb;
        bool *flag = (i == 0 ? &w.sb_down : i == 1 ? &w.kube_down
                      : i == 2 ? &w.kube_wrong : i == 3 ? &w.nb_down
                      : &w.paused);
        *flag = true;
        world_flags(&w);
        make_stale(&w);
        world_run(&w, 200 * 1000);
        if (i != 2) {
            CU_ASSERT_EQUAL(w.n_nb, n_nb); /* Not even a barrier. */
        }
        CU_ASSERT_EQUAL(w.n_clears, 0);
        CU_ASSERT(world_has(&w, "sts1-0.default", IP1));

        /* And once it is back: not before a settle time. */
        *flag = false;
        world_flags(&w);
        if (i != 4) {
            world_run(&w, w.settings.settle_ms - 1);
            CU_ASSERT_EQUAL(w.n_clears, 0);
        }
        world_run(&w, 100 * 1000);
        CU_ASSERT_EQUAL(w.n_clears, 1);
        CU_ASSERT(!world_has(&w, "sts1-0.default", IP1));
        CU_ASSERT_EQUAL(w.n_violations, 0);
        world_destroy(&w);
    }
}

static void
test_not_active(void)
{
    struct world w;

    begin(&w, MODE_MANAGE);
    w.locked = false;
    make_stale(&w);
    world_run(&w, 100 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 0);
    w.locked = true;
    world_run(&w, 100 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 1);
    world_destroy(&w);

    /* Without a database of its own nothing is ever written. */
    world_init(&w, MODE_MANAGE);
    w.have_store = false;
    world_network(&w, "net1");
    world_port(&w, 0, "sts1-0", MAC1" "IP1);
    world_sts(&w, unit_sts("sts1", "s1", 1, "ip_pool="IP2));
    world_run(&w, 100 * 1000);
    CU_ASSERT_EQUAL(w.n_nb, 0);
    world_destroy(&w);
}

/* The lock goes after each turn of a clear, and comes back. */
static void
test_lock_lost_midway(void)
{
    for (size_t k = 0; k < 40; k++) {
        struct world w;
        size_t n = 0;

        begin(&w, MODE_MANAGE);
        make_stale(&w);
        for (long long int end = w.now + 20 * 1000; w.now < end;) {
            if (n++ == k) {
                w.locked = false;
                world_settle(&w);
                w.locked = true;
            }
            if (!world_turn(&w)) {
                long long int to = MIN(w.orders.next_wake_ms, end);
                to = MAX(to, w.now + 1);
                w.wall += to - w.now;
                w.now = to;
            }
        }
        world_run(&w, 200 * 1000);
        CU_ASSERT(!world_has(&w, "sts1-0.default", IP1));
        CU_ASSERT_EQUAL(w.n_clears, 1);
        CU_ASSERT_EQUAL(w.n_violations, 0);
        CU_ASSERT_EQUAL(w.n_holds, 0);
        world_destroy(&w);
    }
}

static void
test_faults(void)
{
    static const enum fault faults[] = {
        FAULT_LOST, FAULT_UNKNOWN_DONE, FAULT_UNKNOWN_NOT_DONE,
        FAULT_NOT_LOCKED, FAULT_ERROR,
    };

    for (size_t i = 0; i < 2 * ARRAY_SIZE(faults); i++) {
        for (size_t k = 1; k < 8; k++) {
            struct world w;
            size_t n_nb = 0, n_store = 0;

            begin(&w, MODE_MANAGE);
            make_stale(&w);
            for (long long int end = w.now + 60 * 1000; w.now < end;) {
                bool more = world_turn(&w);

                /* The k-th transaction of its kind goes wrong. */
                if (w.nb && i < ARRAY_SIZE(faults) && ++n_nb == k) {
                    w.nb_fault = faults[i];
                }
                if (w.store && i >= ARRAY_SIZE(faults) && ++n_store == k) {
                    w.store_fault = faults[i - ARRAY_SIZE(faults)];
                }
                if (!more) {
                    long long int to = MIN(w.orders.next_wake_ms, end);
                    to = MAX(to, w.now + 1);
                    w.wall += to - w.now;
                    w.now = to;
                }
            }
            world_run(&w, 300 * 1000);
            CU_ASSERT(!world_has(&w, "sts1-0.default", IP1));
            CU_ASSERT(world_has(&w, "sts1-0.default", IP2));
            CU_ASSERT_EQUAL(w.n_holds, 0);
            CU_ASSERT_EQUAL(w.n_clears, 1);
            CU_ASSERT_EQUAL(w.n_violations, 0);
            if (w.n_violations) {
                printf("fault %zu at %zu: %s\n", i, k, w.violation);
            }
            world_destroy(&w);
        }
    }
}

/* ---- The live reads. ---- */

static enum live_read_result
read_changed(struct world *w)
{
    /* The owner is back to its old address, as the source tells now. */
    world_sts(w, unit_sts("sts1", "s1", 1, "ip_pool="IP1));
    w->on_read = NULL;
    return LIVE_READ_CHANGED;
}

static void
test_live_read_changed(void)
{
    struct world w;

    begin(&w, MODE_MANAGE);
    make_stale(&w);
    w.on_read = read_changed;
    world_run(&w, 100 * 1000);
    CU_ASSERT(world_has(&w, "sts1-0.default", IP1));
    CU_ASSERT_EQUAL(w.n_clears, 0);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT_EQUAL(w.orders.next_wake_ms, LLONG_MAX);
    world_destroy(&w);
}

static void
test_live_read_failed(void)
{
    struct world w;

    begin(&w, MODE_MANAGE);
    make_stale(&w);
    w.read_result = LIVE_READ_FAILED;
    world_run(&w, 60 * 1000);
    CU_ASSERT(world_has(&w, "sts1-0.default", IP1));
    CU_ASSERT_EQUAL(w.n_clears, 0);
    /* It is asked again, and not in a tight loop. */
    CU_ASSERT(w.n_reads > 10 && w.n_reads < 80);
    w.read_result = LIVE_READ_CURRENT;
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 1);
    world_destroy(&w);
}

static size_t reads_left;

static enum live_read_result
read_changed_late(struct world *w)
{
    if (reads_left-- == 1) {
        return read_changed(w);
    }
    return LIVE_READ_CURRENT;
}

static void
check_put_back(enum fault fault)
{
    struct world w;

    begin(&w, MODE_GUARD);
    struct wport *p = world_find_port(&w, "sts1-0.default");
    svec_add(&p->ps, MAC1" "IP1" 10.0.0.99");
    world_port_changed(&w, p);
    make_stale(&w);
    reads_left = 2;             /* The one that follows the clear. */
    w.on_read = read_changed_late;
    while (w.n_clears == 0) {
        world_run(&w, 100);
    }
    w.nb_fault = fault;
    world_run(&w, 100 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 1);
    CU_ASSERT(world_has(&w, "sts1-0.default", IP1));
    CU_ASSERT_STRING_EQUAL(p->ps.names[0], MAC1" "IP1" 10.0.0.99");
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT_EQUAL(w.n_violations, 0);
    world_destroy(&w);
}

static void
test_put_back(void)
{
    check_put_back(FAULT_NONE);
    check_put_back(FAULT_LOST);
    check_put_back(FAULT_UNKNOWN_DONE);
    check_put_back(FAULT_UNKNOWN_NOT_DONE);
}

/* Another writer changes the row between decision and commit. */
static void
change_row(struct world *w, const struct nb_batch *b)
{
    if (b->n && b->writes[0].set_addresses) {
        w->on_batch = NULL;
        world_set_addresses(w, world_find_port(w, "sts1-0.default"),
                            MAC1" "IP1" 10.0.0.77");
    }
}

static void
test_other_writer(void)
{
    struct world w;

    begin(&w, MODE_GUARD);
    make_stale(&w);
    w.on_batch = change_row;
    world_run(&w, 100 * 1000);
    CU_ASSERT(!world_has(&w, "sts1-0.default", IP1));
    CU_ASSERT_EQUAL(w.n_violations, 0);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    world_destroy(&w);
}

/* The CNI controller moves the port while our intent is being stored, at each
 * turn of it: the address is held all the same. */
static void
test_moved_by_other_hand(void)
{
    for (size_t k = 0; k < 12; k++) {
        struct world w;

        begin(&w, MODE_GUARD);
        make_stale(&w);
        world_run(&w, w.settings.settle_ms - 1);
        w.now += 1;
        for (size_t i = 0; i < k; i++) {
            world_turn(&w);
        }
        bool had = world_has(&w, "sts1-0.default", IP1);
        w.northd_frozen = true;
        world_set_addresses(&w, world_find_port(&w, "sts1-0.default"),
                            MAC1" "IP2);
        world_run(&w, 60 * 1000);
        const struct hold *h = world_stored_hold(&w, IP1);
        CU_ASSERT_PTR_NOT_NULL(h);
        if (h) {
            CU_ASSERT_EQUAL(h->n_former, 1);
            CU_ASSERT(h->state == HOLD_DRAINING);
        }
        CU_ASSERT(had || w.n_clears == 1);
        w.northd_frozen = false;
        world_run(&w, 60 * 1000);
        CU_ASSERT_EQUAL(w.n_holds, 0);
        CU_ASSERT_EQUAL(w.n_violations, 0);
        world_destroy(&w);
    }
}

void
suite_guard(void)
{
    CU_pSuite suite = unit_add_suite("guard");

    CU_ADD_TEST(suite, test_story_manage);
    CU_ADD_TEST(suite, test_story_guard);
    CU_ADD_TEST(suite, test_observe_orders_nothing);
    CU_ADD_TEST(suite, test_blocked_sources);
    CU_ADD_TEST(suite, test_not_active);
    CU_ADD_TEST(suite, test_lock_lost_midway);
    CU_ADD_TEST(suite, test_faults);
    CU_ADD_TEST(suite, test_live_read_changed);
    CU_ADD_TEST(suite, test_live_read_failed);
    CU_ADD_TEST(suite, test_put_back);
    CU_ADD_TEST(suite, test_other_writer);
    CU_ADD_TEST(suite, test_moved_by_other_hand);
    CU_ADD_TEST(suite, test_kill_manage);
    CU_ADD_TEST(suite, test_kill_guard);
}
