/* SPDX-License-Identifier: Apache-2.0 */

/* How the watch of the Southbound database grows where very many ports are to
 * be watched: by so many at once, and by no more before the server has
 * acknowledged those (agent/core/guard-watch.c). */

#include <config.h>

#include <stdio.h>

#include "sset.h"

#include "tests/unit/guard-fixture.h"
#include "tests/unit/unit.h"
#include "tests/unit/world-private.h"
#include "tests/unit/world.h"

enum { MORE = 2 };

static size_t
n_watched(const struct world *w)
{
    return sset_count(&guard_sb_watch(w->guard)->ports);
}

static size_t
n_not_acknowledged(const struct world *w)
{
    const struct model *m = guard_model_const(w->guard);
    const char *name;
    size_t n = 0;

    SSET_FOR_EACH (name, &guard_sb_watch(w->guard)->ports) {
        n += !sset_contains(&m->sb_acked_ports, name);
    }
    return n;
}

struct names {
    char sts[16], port[32], mac[32], ip[32];
};

/* Those of the 'i'-th port; of the first one fixture_begin() says. */
static struct names
names_of(int i)
{
    struct names n;

    snprintf(n.sts, sizeof n.sts, "sts%d", i);
    snprintf(n.port, sizeof n.port, "sts%d-0.default", i);
    snprintf(n.mac, sizeof n.mac, "0a:00:00:00:%02x:%02x", i / 256, i % 256);
    snprintf(n.ip, sizeof n.ip, "10.0.%d.%d", i / 200, i % 200);
    return n;
}

/* Makes 'n' ports, sts1-0 being one, whose owners run with an address each. */
static void
make_ports(struct world *w, int n)
{
    for (int i = 2; i <= n; i++) {
        struct names names = names_of(i);

        fixture_running(w, names.sts, names.mac, names.ip);
    }
    world_run(w, 5000);
}

/* Makes the world with 'n' such ports, of which no more than MORE are asked
 * for at once. */
static void
begin(struct world *w, enum guard_mode mode, int n)
{
    fixture_begin(w, mode);
    make_ports(w, n);
    w->more_ports = MORE;
}

/* The addresses of all of them are taken off at once, by another hand. */
static void
take_off(struct world *w, int n)
{
    for (int i = 1; i <= n; i++) {
        struct names names = names_of(i);
        struct wport *p = world_find_port(w, names.port);

        world_bind(w, p, NULL);
        world_set_addresses(w, p, names.mac);
    }
}

/* Turns for 'ms', in each of which no more than MORE ports are asked for. */
static void
run_and_look(struct world *w, long long int ms)
{
    long long int end = w->now + ms;

    while (w->now < end) {
        world_turn(w);
        w->now += 10;
        if (n_not_acknowledged(w) > MORE) {
            CU_FAIL("more is asked for than there is room for");
            return;
        }
    }
}

static void
test_grows_by_steps(void)
{
    enum { N = 7 };
    struct world w;

    begin(&w, MODE_MANAGE, N);
    w.northd_frozen = true;
    take_off(&w, N);
    run_and_look(&w, 3000);
    CU_ASSERT_EQUAL(w.n_holds, N);
    CU_ASSERT_EQUAL(n_watched(&w), N);
    CU_ASSERT_EQUAL(n_not_acknowledged(&w), 0);
    w.northd_frozen = false;
    run_and_look(&w, 20 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* What is not acknowledged keeps the rest waiting, and what is not shown is
 * not known: no hold ends, however long that takes. */
static void
test_waits_for_the_server(void)
{
    enum { N = 5 };
    struct world w;

    begin(&w, MODE_MANAGE, N);
    w.sb_watch_stays = true;
    take_off(&w, N);
    run_and_look(&w, 20 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, N);
    CU_ASSERT_EQUAL(n_watched(&w), MORE);
    w.sb_watch_stays = false;
    run_and_look(&w, 20 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

/* Whoever takes a held address is watched, whatever else waits: it cannot be
 * shut before its binding is known. */
static void
test_takers_do_not_wait(void)
{
    enum { N = 5 };
    struct world w;

    begin(&w, MODE_GUARD, N);
    w.northd_frozen = true;
    w.sb_watch_stays = true;
    take_off(&w, N);
    world_run(&w, 2000);
    CU_ASSERT_EQUAL(n_watched(&w), MORE);
    struct wport *taker = fixture_taker(&w, "sts9", MAC3, names_of(N).ip, 50);
    world_run(&w, 2000);
    CU_ASSERT_EQUAL(n_watched(&w), MORE + 1);
    CU_ASSERT(sset_contains(&guard_sb_watch(w.guard)->ports,
                            "sts9-0.default"));
    w.sb_watch_stays = false;
    world_run(&w, 100);
    CU_ASSERT_EQUAL(taker->enabled, TRI_FALSE);
    w.northd_frozen = false;
    world_run(&w, 20 * 1000);
    CU_ASSERT(taker->enabled != TRI_FALSE);
    fixture_end(&w);
}

/* Where there is much to watch, the watch that the server has not acknowledged
 * stays as it is; what comes meanwhile is asked for afterwards. */
static void
test_a_large_one_waits_for_the_server(void)
{
    enum { N = 1010, LATE = 3 };
    uint64_t seqno;
    struct world w;

    fixture_begin(&w, MODE_MANAGE);
    w.settings.brake_clears = w.settings.brake_floor = 10 * N;
    w.settings.max_holds = 10 * N;
    guard_set_settings(w.guard, &w.settings);
    make_ports(&w, N + LATE);
    w.northd_frozen = true;
    take_off(&w, N);
    world_run(&w, 5000);
    CU_ASSERT_EQUAL(w.n_holds, N);
    CU_ASSERT_EQUAL(n_watched(&w), N);
    w.sb_watch_stays = true;
    take_off(&w, N + 1);
    world_run(&w, 2000);
    CU_ASSERT_EQUAL(n_watched(&w), N + 1);
    seqno = guard_sb_watch(w.guard)->seqno;
    take_off(&w, N + LATE);
    world_run(&w, 5000);
    CU_ASSERT_EQUAL(w.n_holds, N + LATE);
    CU_ASSERT_EQUAL(guard_sb_watch(w.guard)->seqno, seqno);
    w.sb_watch_stays = false;
    world_run(&w, 5000);
    CU_ASSERT_EQUAL(n_watched(&w), N + LATE);
    CU_ASSERT_EQUAL(n_not_acknowledged(&w), 0);
    fixture_end(&w);
}

void
suite_guard_watch(void)
{
    CU_pSuite suite = unit_add_suite("guard-watch");

    CU_ADD_TEST(suite, test_grows_by_steps);
    CU_ADD_TEST(suite, test_waits_for_the_server);
    CU_ADD_TEST(suite, test_takers_do_not_wait);
    CU_ADD_TEST(suite, test_a_large_one_waits_for_the_server);
}
