/* SPDX-License-Identifier: Apache-2.0 */

/* The brake at its bounds, and what makes everything freeze. */

#include <config.h>

#include "agent/core/safety.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "agent/core/settings.h"

#include "tests/unit/unit.h"

/* 'n_before' clears at the time 'at', then 'n' more at 'now' of 'n_judged'
 * ports: does the brake trip? */
static bool
trips(size_t n_before, long long int at, size_t n, size_t n_judged,
      long long int now)
{
    struct settings set;
    struct safety s;

    settings_init(&set);
    safety_init(&s);
    for (size_t i = 0; i < n_before; i++) {
        safety_count_clear(&s, at);
    }
    char *why = safety_check_clears(&s, &set, n, n_judged, now);
    bool tripped = why != NULL;
    CU_ASSERT_EQUAL(tripped, s.brake != NULL);
    free(why);
    if (tripped) {
        /* And stays, whatever comes. */
        why = safety_check_clears(&s, &set, 0, 1000000, now + 1000000);
        CU_ASSERT_PTR_NOT_NULL(why);
        free(why);
    }
    safety_destroy(&s);
    return tripped;
}

static void
test_brake_bounds(void)
{
    /* More than 50 in 60 s, however many ports there are. */
    CU_ASSERT(!trips(0, 0, 50, 1000000, 1000));
    CU_ASSERT(trips(0, 0, 51, 1000000, 1000));
    CU_ASSERT(trips(50, 1000, 1, 1000000, 60 * 1000));
    CU_ASSERT(!trips(50, 1000, 50, 1000000, 61 * 1000));

    /* More than 20, and more than 10 %. */
    CU_ASSERT(!trips(0, 0, 20, 20, 1000));
    CU_ASSERT(trips(0, 0, 21, 209, 1000));
    CU_ASSERT(!trips(0, 0, 21, 210, 1000));
    CU_ASSERT(trips(20, 500, 1, 100, 1000));
    CU_ASSERT(!trips(0, 0, 0, 0, 0));
}

static void
test_recent(void)
{
    struct settings set;
    struct safety s;

    settings_init(&set);
    safety_init(&s);
    for (long long int t = 0; t < 100; t++) {
        safety_count_clear(&s, t * 1000);
    }
    CU_ASSERT_EQUAL(safety_recent_clears(&s, &set, 99 * 1000), 60);
    CU_ASSERT_EQUAL(safety_recent_clears(&s, &set, 10 * 60 * 1000), 0);
    safety_destroy(&s);
}

static bool
freezes_nb(struct safety *s, const struct settings *set, const char *identity,
           int64_t nb_cfg, size_t n)
{
    char *why = safety_check_nb(s, set, identity, nb_cfg, n);
    bool freezes = why != NULL;

    free(why);
    return freezes;
}

static void
test_freeze_nb(void)
{
    struct settings set;
    struct safety s;

    settings_init(&set);
    safety_init(&s);
    CU_ASSERT(!freezes_nb(&s, &set, "a", 5, 100));
    CU_ASSERT(!freezes_nb(&s, &set, "a", 5, 70));  /* 30 %: not more. */
    CU_ASSERT(!freezes_nb(&s, &set, "a", 5, 100));
    CU_ASSERT(freezes_nb(&s, &set, "a", 5, 69));
    CU_ASSERT(freezes_nb(&s, &set, "a", 5, 69));   /* Not adopted. */
    CU_ASSERT(!freezes_nb(&s, &set, "a", 6, 90));
    CU_ASSERT(freezes_nb(&s, &set, "a", 5, 90));
    CU_ASSERT(freezes_nb(&s, &set, "b", 7, 90));
    CU_ASSERT(!freezes_nb(&s, &set, "a", 6, 40 + 30));
    /* Few ports may vanish whatever their share. */
    CU_ASSERT(!freezes_nb(&s, &set, "a", 6, 51));
    CU_ASSERT(!freezes_nb(&s, &set, "a", 6, 36));
    CU_ASSERT(!freezes_nb(&s, &set, "a", 6, 17));

    safety_freeze(&s, "one");
    safety_freeze(&s, "two");
    CU_ASSERT_STRING_EQUAL(s.frozen, "one");
    safety_thaw(&s);
    CU_ASSERT_PTR_NULL(s.frozen);
    /* Accepted as they are. */
    CU_ASSERT(!freezes_nb(&s, &set, "c", 1, 3));
    CU_ASSERT(freezes_nb(&s, &set, "c", 0, 3));
    safety_destroy(&s);
}

static void
test_freeze_sb(void)
{
    struct safety s;

    safety_init(&s);
    CU_ASSERT_PTR_NULL(safety_check_sb(&s, "a", 5));
    CU_ASSERT_PTR_NULL(safety_check_sb(&s, "a", 5));
    char *why = safety_check_sb(&s, "a", 4);
    CU_ASSERT_PTR_NOT_NULL(why);
    free(why);
    why = safety_check_sb(&s, "b", 6);
    CU_ASSERT_PTR_NOT_NULL(why);
    free(why);
    CU_ASSERT_PTR_NULL(safety_check_sb(&s, "a", 6));
    safety_destroy(&s);
}

/* Behind what was told: patience for a while, and no judgement of a database
 * that is another one. */
static void
test_behind(void)
{
    const long long int t = 1000;
    struct safety s;
    char *why;

    safety_init(&s);
    safety_tell_nb(&s, "a", 10, 100);
    safety_tell_sb(&s, "b", 9);
    CU_ASSERT_PTR_NULL(safety_check_sb(&s, "b", 8));
    CU_ASSERT(safety_is_behind(&s, 10, 8, t, &why));
    CU_ASSERT_PTR_NULL(why);
    CU_ASSERT(safety_is_behind(&s, 10, 8, t + SAFETY_BEHIND_MS - 1, &why));
    CU_ASSERT_PTR_NULL(why);
    CU_ASSERT(!safety_is_behind(&s, 10, 9, t + SAFETY_BEHIND_MS - 1, &why));
    CU_ASSERT_PTR_NULL(why);
    /* It counts from anew. */
    CU_ASSERT(safety_is_behind(&s, 9, 9, t + SAFETY_BEHIND_MS, &why));
    CU_ASSERT_PTR_NULL(why);
    CU_ASSERT(safety_is_behind(&s, 9, 9, t + 2 * SAFETY_BEHIND_MS, &why));
    CU_ASSERT_STRING_EQUAL(why, "nb_cfg of the Northbound database went back "
                           "from 10 to 9");
    free(why);
    /* A copy that is not there is not behind. */
    CU_ASSERT(!safety_is_behind(&s, INT64_MAX, INT64_MAX, t, &why));
    /* What was seen of another database does not count. */
    safety_tell_sb(&s, "c", 3);
    CU_ASSERT(!safety_is_behind(&s, 10, 3, t, &why));
    /* Nor what was, once people have said that all is well. */
    safety_thaw(&s);
    CU_ASSERT(!safety_is_behind(&s, 1, 1, t, &why));
    safety_destroy(&s);
}

void
suite_safety(void)
{
    CU_pSuite suite = unit_add_suite("safety");

    CU_ADD_TEST(suite, test_brake_bounds);
    CU_ADD_TEST(suite, test_recent);
    CU_ADD_TEST(suite, test_freeze_nb);
    CU_ADD_TEST(suite, test_freeze_sb);
    CU_ADD_TEST(suite, test_behind);
}
