/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of exclude_ips with and without our words, and of the guard that
 * writes them. */

#include <config.h>

#include "agent/core/exclude-ips.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "util.h"

#include "tests/unit/guard-fixture.h"
#include "tests/unit/unit.h"
#include "tests/unit/world.h"

static void
check_string(const char *got, const char *expected)
{
    CU_ASSERT(nullable_string_is_equal(got, expected));
    if (!nullable_string_is_equal(got, expected)) {
        printf("\ngot \"%s\", expected \"%s\"\n", got ? got : "(none)",
               expected ? expected : "(none)");
    }
}

static void
parse_set(const char *list, struct ip_addr_set *ips)
{
    struct svec words = SVEC_EMPTY_INITIALIZER;

    ip_addr_set_init(ips);
    unit_split(&words, list);
    for (size_t i = 0; i < words.n; i++) {
        struct ip_addr ip = unit_ip(words.names[i]);

        ip_addr_set_add(ips, &ip);
    }
    svec_destroy(&words);
}

static void
test_edit(void)
{
    static const struct {
        const char *exclude, *ours, *wanted, *new_exclude, *new_ours;
        const char *why;
    } vectors[] = {
        {NULL, NULL, "", NULL, NULL, "nothing"},
        {NULL, NULL, "10.0.0.1", "10.0.0.1", "10.0.0.1", "the first one"},
        {"10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.1", "again"},
        {"10.0.0.1", "10.0.0.1", "", NULL, NULL, "the last one"},
        {"10.0.0.9", NULL, "10.0.0.1", "10.0.0.9 10.0.0.1", "10.0.0.1",
         "beside another's"},
        {"10.0.0.9 10.0.0.1", "10.0.0.1", "", "10.0.0.9", NULL,
         "another's stays"},
        {" 10.0.0.9\t10.0.0.1  10.0.0.3..10.0.0.5 ", "10.0.0.1", "",
         " 10.0.0.9  10.0.0.3..10.0.0.5 ", NULL, "every other byte stays"},
        {"10.0.0.1 10.0.0.9", "10.0.0.1", "", "10.0.0.9", NULL,
         "at the beginning"},
        {"10.0.0.1", NULL, "10.0.0.1", "10.0.0.1", NULL,
         "another's is not made ours"},
        {"10.0.0.0..10.0.0.7", NULL, "10.0.0.1", "10.0.0.0..10.0.0.7", NULL,
         "nor in another's range"},
        {"10.0.0.1..10.0.0.1 10.0.0.1", "10.0.0.1", "",
         "10.0.0.1..10.0.0.1", NULL, "a range of one is another's"},
        {"10.0.0.1 10.0.0.1", "10.0.0.1", "", "10.0.0.1", NULL,
         "one of two is ours"},
        {"10.0.0.9", "10.0.0.1", "10.0.0.1", "10.0.0.9 10.0.0.1", "10.0.0.1",
         "somebody rewrote it"},
        {"10.0.0.9", "10.0.0.1", "", "10.0.0.9", NULL, "and we are done"},
        {"10.0.0.9", "rubbish", "", "10.0.0.9", NULL, "a mark that is none"},
        {"rubbish", NULL, "10.0.0.1", "rubbish 10.0.0.1", "10.0.0.1",
         "words that are none"},
        {"", NULL, "", "", NULL, "an empty value stays"},
        {NULL, NULL, "fd00::1", NULL, NULL, "not IPv6"},
        {"10.0.0.1 10.0.0.2", "10.0.0.1 10.0.0.2", "10.0.0.2,10.0.0.3",
         "10.0.0.2 10.0.0.3", "10.0.0.2 10.0.0.3", "one goes, one comes"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct ip_addr_set wanted;
        char *exclude, *ours;

        parse_set(vectors[i].wanted, &wanted);
        exclude_ips_edit(vectors[i].exclude, vectors[i].ours, &wanted,
                         &exclude, &ours);
        check_string(exclude, vectors[i].new_exclude);
        check_string(ours, vectors[i].new_ours);
        free(exclude);
        free(ours);
        ip_addr_set_destroy(&wanted);
    }
}

/* Whatever comes in between, at the end the value is as it was. */
static void
test_random(void)
{
    for (int run = 0; run < 300; run++) {
        const char *before = (run % 3 == 0 ? NULL
                              : run % 3 == 1 ? "10.0.0.250 10.0.0.3"
                              : "10.0.0.2..10.0.0.6");
        char *exclude = nullable_xstrdup(before);
        char *ours = NULL;

        for (int step = 0; step < 20; step++) {
            struct ip_addr_set wanted;
            char *new_exclude, *new_ours;

            ip_addr_set_init(&wanted);
            for (int i = 0; step < 19 && i < 10; i++) {
                if (random_range(2)) {
                    char *s = xasprintf("10.0.0.%d", i);
                    struct ip_addr ip = unit_ip(s);

                    ip_addr_set_add(&wanted, &ip);
                    free(s);
                }
            }
            exclude_ips_edit(exclude, ours, &wanted, &new_exclude, &new_ours);
            for (size_t i = 0; i < wanted.n; i++) {
                CU_ASSERT(exclude_ips_has(new_exclude, &wanted.addrs[i]));
            }
            free(exclude);
            free(ours);
            exclude = new_exclude;
            ours = new_ours;
            ip_addr_set_destroy(&wanted);
        }
        check_string(exclude, before);
        check_string(ours, NULL);
        free(exclude);
    }
}

/* ---- The guard. ---- */

static void
begin(struct world *w, const char *exclude)
{
    fixture_begin(w, MODE_GUARD);
    w->settings.reserve = RESERVE_EXCLUDE_IPS;
    guard_set_settings(w->guard, &w->settings);
    w->networks[0].subnet = xstrdup("10.0.0.0/24");
    world_set_exclude(w, 0, exclude);
    fixture_leave(w);
}

static void
test_guard(void)
{
    struct world w;

    begin(&w, "10.0.0.200");
    check_string(w.networks[0].exclude, "10.0.0.200 "IP1);
    check_string(w.networks[0].ours, IP1);
    CU_ASSERT_EQUAL(w.n_excludes, 1);
    world_run(&w, 100 * 1000);
    CU_ASSERT_EQUAL(w.n_excludes, 1);
    w.northd_frozen = false;
    world_run(&w, 30 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    check_string(w.networks[0].exclude, "10.0.0.200");
    check_string(w.networks[0].ours, NULL);
    CU_ASSERT_EQUAL(w.n_excludes, 2);
    CU_ASSERT_EQUAL(w.orders.next_wake_ms, LLONG_MAX);
    fixture_end(&w);
}

/* A hold in the middle of a crash: what is ours is known by the row. */
static void
test_crash(void)
{
    for (int k = 0; k < 4; k++) {
        struct world w;

        begin(&w, NULL);
        check_string(w.networks[0].exclude, IP1);
        if (k == 1) {
            w.settings.reserve = RESERVE_NONE;
        } else if (k == 2) {
            /* The own database is lost. */
            while (w.n_holds) {
                hold_destroy(w.holds[--w.n_holds]);
            }
            free(w.store_identity);
            w.store_identity = xstrdup("store-2");
            ipguard_row_destroy(&w.row);
            ipguard_row_init(&w.row);
        }
        world_kill(&w, true);
        if (k == 3) {
            w.nb_fault = FAULT_UNKNOWN_DONE;
        }
        world_run(&w, 30 * 1000);
        check_string(w.networks[0].ours, k == 0 || k == 3 ? IP1 : NULL);
        w.northd_frozen = false;
        world_run(&w, 30 * 1000);
        check_string(w.networks[0].exclude, NULL);
        check_string(w.networks[0].ours, NULL);
        fixture_end(&w);
    }
}

static void
test_stop(void)
{
    struct world w;
    char *remains;

    begin(&w, "10.0.0.200");
    free(guard_freeze(w.guard, "test"));
    guard_stop(w.guard);
    remains = guard_stop_remains(w.guard);
    CU_ASSERT_PTR_NOT_NULL_FATAL(remains);
    CU_ASSERT_PTR_NOT_NULL(strstr(remains, "exclude_ips"));
    free(remains);
    world_settle(&w);
    remains = guard_stop_remains(w.guard);
    CU_ASSERT_PTR_NULL(remains);
    free(remains);
    check_string(w.networks[0].exclude, "10.0.0.200");
    fixture_end(&w);
}

/* Not on a switch without a subnet, not outside of it, and not unless asked
 * for; and somebody else's change in between is not lost. */
static void
test_limits(void)
{
    struct world w;

    fixture_begin(&w, MODE_GUARD);
    w.networks[0].subnet = xstrdup("10.0.0.0/24");
    world_set_exclude(&w, 0, NULL);
    fixture_leave(&w);
    check_string(w.networks[0].exclude, NULL);
    w.settings.reserve = RESERVE_EXCLUDE_IPS;
    guard_set_settings(w.guard, &w.settings);
    world_run(&w, 3000);
    check_string(w.networks[0].exclude, IP1);
    world_set_exclude(&w, 0, "10.0.0.7");
    world_run(&w, 3000);
    check_string(w.networks[0].exclude, "10.0.0.7 "IP1);
    free(w.networks[0].subnet);
    w.networks[0].subnet = NULL;
    world_set_exclude(&w, 0, "10.0.0.7 "IP1);
    world_run(&w, 10 * 1000);
    check_string(w.networks[0].exclude, "10.0.0.7");
    w.networks[0].subnet = xstrdup("10.0.1.0/24");
    world_set_exclude(&w, 0, "10.0.0.7");
    world_run(&w, 10 * 1000);
    check_string(w.networks[0].exclude, "10.0.0.7");
    fixture_end(&w);
}

/* Many holds at once are few transactions. */
static void
test_batch(void)
{
    struct world w;

    world_init(&w, MODE_GUARD);
    w.settings.reserve = RESERVE_EXCLUDE_IPS;
    guard_set_settings(w.guard, &w.settings);
    world_chassis(&w, "hv1");
    world_network(&w, "net1");
    w.networks[0].subnet = xstrdup("10.0.1.0/24");
    world_set_exclude(&w, 0, NULL);
    for (int i = 1; i <= 100; i++) {
        char *sts = xasprintf("s%d", i);
        char *mac = xasprintf("0a:00:00:00:01:%02x", i);
        char *ip = xasprintf("10.0.1.%d", i);

        fixture_running(&w, sts, mac, ip);
        free(sts);
        free(mac);
        free(ip);
    }
    world_flags(&w);
    world_run(&w, 5000);
    w.northd_frozen = true;
    for (int i = 1; i <= 100; i++) {
        char *name = xasprintf("s%d-0.default", i);
        struct wport *p = world_find_port(&w, name);

        world_bind(&w, p, NULL);
        world_set_addresses(&w, p, NULL);
        world_turn(&w);
        free(name);
    }
    world_run(&w, 3000);
    CU_ASSERT_EQUAL(w.n_holds, 100);
    CU_ASSERT(w.n_excludes <= 3);
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    check_string(w.networks[0].exclude, NULL);
    CU_ASSERT(w.n_excludes <= 6);
    fixture_end(&w);
}

void
suite_exclude_ips(void)
{
    CU_pSuite suite = unit_add_suite("exclude_ips");

    CU_ADD_TEST(suite, test_edit);
    CU_ADD_TEST(suite, test_random);
    CU_ADD_TEST(suite, test_guard);
    CU_ADD_TEST(suite, test_crash);
    CU_ADD_TEST(suite, test_stop);
    CU_ADD_TEST(suite, test_limits);
    CU_ADD_TEST(suite, test_batch);
}
