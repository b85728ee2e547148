/* SPDX-License-Identifier: Apache-2.0 */

/* Who waits for a held address, in a list of all holds and in one of a few,
 * which names those that the hold knows of (guard-report-hold.c). */

#include <config.h>

#include <stdint.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"

#include "tests/unit/guard-fixture.h"
#include "tests/unit/unit.h"
#include "tests/unit/world-private.h"
#include "tests/unit/world.h"

/* How often 'line' is in the list of the first 'max' holds. */
static int
count_lines(const struct world *w, size_t max, const char *line)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct guard_env env;
    int n = 0;

    world_get_env(w, &env);
    guard_format_holds(w->guard, &env, max, &ds);
    for (const char *s = ds_cstr(&ds); (s = strstr(s, line)); s++) {
        n++;
    }
    ds_destroy(&ds);
    return n;
}

/* Two addresses are held, of which the first one is waited for. */
static void
begin(struct world *w, enum guard_mode mode)
{
    struct wport *p;

    fixture_begin(w, mode);
    p = fixture_running(w, "sts2", MAC2, IP2);
    world_run(w, 5000);
    w->settings.min_hold_ms = 60 * 1000;
    guard_set_settings(w->guard, &w->settings);
    world_bind(w, p, NULL);
    world_del_pod(w, "sts2-0");
    world_del_sts(w, "sts2");
    fixture_make_stale(w);
    world_run(w, 10 * 1000);
    CU_ASSERT_EQUAL(w->n_holds, 2);
    CU_ASSERT_EQUAL(count_lines(w, SIZE_MAX, "waiter: "), 0);
    CU_ASSERT_EQUAL(count_lines(w, 1, "waiter: "), 0);
}

static void
test_port_without_address(void)
{
    struct world w;

    begin(&w, MODE_MANAGE);
    world_sts(&w, unit_sts("sts3", "sts3", 1, "ip_pool="IP1));
    world_pod(&w, unit_pod("sts3-0", "u3", OWNER_STATEFULSET, "sts3",
                           "ip_pool="IP1));
    world_port(&w, 0, "sts3-0", MAC3);
    world_run(&w, 2000);
    CU_ASSERT_EQUAL(count_lines(&w, SIZE_MAX, "waiter: sts3-0.default\n"), 1);
    CU_ASSERT_EQUAL(count_lines(&w, 1, "waiter: sts3-0.default\n"), 1);
    CU_ASSERT_EQUAL(count_lines(&w, 1, "waiter: "), 1);
    world_run(&w, 60 * 1000);
    CU_ASSERT(world_has(&w, "sts3-0.default", IP1));
    fixture_end(&w);
}

static void
test_gated_port(void)
{
    struct world w;

    begin(&w, MODE_GUARD);
    fixture_taker(&w, "sts3", MAC3, IP1, 50);
    world_run(&w, 2000);
    CU_ASSERT_EQUAL(count_lines(&w, SIZE_MAX,
                                "waiter: sts3-0.default (gated)\n"), 1);
    CU_ASSERT_EQUAL(count_lines(&w, 1, "waiter: sts3-0.default (gated)\n"),
                    1);
    CU_ASSERT_EQUAL(count_lines(&w, 1, "waiter: "), 1);
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    fixture_end(&w);
}

void
suite_report_hold(void)
{
    CU_pSuite suite = unit_add_suite("report-hold");

    CU_ADD_TEST(suite, test_port_without_address);
    CU_ADD_TEST(suite, test_gated_port);
}
