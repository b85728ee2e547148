/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of what the own database's rows are compared with, to tell another
 * hand's changes from ours; and of the names under which rows are known. */

#include <config.h>

#include "tests/unit/unit.h"

#include <stdlib.h>

#include "util.h"
#include "uuid.h"

#include "ovsdb/row-map.h"
#include "ovsdb/store-known.h"

static const struct uuid a = { .parts = { 1, 2, 3, 4 } };
static const struct uuid b = { .parts = { 5, 6, 7, 8 } };

static void
test_another_hand(void)
{
    struct store_known known;

    store_known_init(&known);
    /* Made, seen again, changed, deleted: by nobody we know. */
    CU_ASSERT_TRUE(store_known_see(&known, &a, 1));
    CU_ASSERT_FALSE(store_known_see(&known, &a, 1));
    CU_ASSERT_TRUE(store_known_see(&known, &a, 2));
    CU_ASSERT_TRUE(store_known_see_deletion(&known, &a));
    CU_ASSERT_FALSE(store_known_see_deletion(&known, &a));
    CU_ASSERT_EQUAL(store_known_count(&known), 0);
    store_known_destroy(&known);
}

static void
test_ours(void)
{
    struct store_known known;

    store_known_init(&known);
    store_known_begin_txn(&known);
    store_known_expect(&known, &a, 1);
    CU_ASSERT_TRUE(store_known_is_awaited(&known, &a));
    CU_ASSERT_FALSE(store_known_see(&known, &a, 1));
    CU_ASSERT_FALSE(store_known_is_awaited(&known, &a));
    store_known_settle(&known, &a, 1);
    /* What would change nothing is not awaited. */
    store_known_begin_txn(&known);
    store_known_expect(&known, &a, 1);
    CU_ASSERT_FALSE(store_known_is_awaited(&known, &a));
    store_known_expect(&known, &a, 2);
    CU_ASSERT_TRUE(store_known_is_awaited(&known, &a));
    CU_ASSERT_FALSE(store_known_see(&known, &a, 2));
    store_known_settle(&known, &a, 1);
    store_known_begin_txn(&known);
    store_known_expect_deletion(&known, &a);
    CU_ASSERT_TRUE(store_known_is_awaited(&known, &a));
    CU_ASSERT_FALSE(store_known_see_deletion(&known, &a));
    CU_ASSERT_FALSE(store_known_is_awaited(&known, &a));
    /* Neither there nor made. */
    store_known_expect_deletion(&known, &b);
    CU_ASSERT_FALSE(store_known_is_awaited(&known, &b));
    CU_ASSERT_EQUAL(store_known_count(&known), 0);
    store_known_destroy(&known);
}

static void
test_both(void)
{
    struct store_known known;

    store_known_init(&known);
    CU_ASSERT_TRUE(store_known_see(&known, &a, 1));
    /* Another hand comes before ours, or all that is seen. */
    store_known_begin_txn(&known);
    store_known_expect(&known, &a, 2);
    CU_ASSERT_TRUE(store_known_see(&known, &a, 3));
    CU_ASSERT_FALSE(store_known_is_awaited(&known, &a));
    CU_ASSERT_FALSE(store_known_see(&known, &a, 2));
    store_known_settle(&known, &a, 1);
    /* Deleted where we meant to write, written where we meant to delete. */
    store_known_begin_txn(&known);
    store_known_expect(&known, &a, 4);
    CU_ASSERT_TRUE(store_known_see_deletion(&known, &a));
    store_known_settle(&known, &a, 1);
    CU_ASSERT_EQUAL(store_known_count(&known), 0);
    CU_ASSERT_TRUE(store_known_see(&known, &a, 5));
    store_known_begin_txn(&known);
    store_known_expect_deletion(&known, &a);
    CU_ASSERT_TRUE(store_known_see(&known, &a, 6));
    store_known_settle(&known, &a, 1);
    store_known_destroy(&known);
}

/* Ours did not happen, but then somebody wrote the same. */
static void
test_lost(void)
{
    const struct uuid rows[] = { a, b };
    struct store_known known;

    store_known_init(&known);
    CU_ASSERT_TRUE(store_known_see(&known, &a, 1));
    store_known_begin_txn(&known);
    store_known_expect(&known, &a, 7);
    store_known_expect(&known, &b, 7);
    CU_ASSERT_EQUAL(store_known_count(&known), 2);
    store_known_settle(&known, rows, ARRAY_SIZE(rows));
    CU_ASSERT_EQUAL(store_known_count(&known), 1);
    CU_ASSERT_FALSE(store_known_is_awaited(&known, &a));
    CU_ASSERT_TRUE(store_known_see(&known, &a, 7));
    CU_ASSERT_TRUE(store_known_see(&known, &b, 7));
    store_known_destroy(&known);
}

/* A transaction is given up, and another one sent. */
static void
test_late(void)
{
    struct store_known known;

    store_known_init(&known);
    CU_ASSERT_TRUE(store_known_see(&known, &a, 1));
    store_known_begin_txn(&known);
    store_known_expect(&known, &a, 2);
    store_known_expect(&known, &b, 2);
    store_known_begin_txn(&known);
    store_known_expect(&known, &a, 3);
    /* The first comes late; the second is still awaited, then comes, too. */
    CU_ASSERT_FALSE(store_known_see(&known, &b, 2));
    CU_ASSERT_FALSE(store_known_see(&known, &a, 2));
    CU_ASSERT_FALSE(store_known_see(&known, &a, 3));
    store_known_settle(&known, &a, 1);
    /* From now on the first can not come any more. */
    CU_ASSERT_TRUE(store_known_see(&known, &a, 2));

    /* The same with deletions: given up, then written anew. */
    store_known_begin_txn(&known);
    store_known_expect_deletion(&known, &b);
    store_known_begin_txn(&known);
    store_known_expect(&known, &b, 4);
    CU_ASSERT_FALSE(store_known_see_deletion(&known, &b));
    CU_ASSERT_FALSE(store_known_see(&known, &b, 4));
    store_known_destroy(&known);
}

static void
test_read_anew(void)
{
    struct store_known known;

    store_known_init(&known);
    store_known_see(&known, &a, 1);
    store_known_see(&known, &b, 1);
    store_known_begin(&known);
    CU_ASSERT_FALSE(store_known_see(&known, &b, 1));
    store_known_sweep(&known);
    CU_ASSERT_EQUAL(store_known_count(&known), 1);
    CU_ASSERT_TRUE(store_known_see(&known, &a, 1));
    store_known_destroy(&known);
}

static void
test_row_map(void)
{
    struct row_map map;
    char *name;

    row_map_init(&map);
    CU_ASSERT_PTR_NULL(row_map_find(&map, &a));
    CU_ASSERT_PTR_NULL(row_map_set(&map, &a, "one"));
    CU_ASSERT_PTR_NULL(row_map_set(&map, &a, "one"));
    CU_ASSERT_STRING_EQUAL(row_map_find(&map, &a), "one");
    name = row_map_set(&map, &a, "two");
    CU_ASSERT_STRING_EQUAL(name, "one");
    free(name);
    CU_ASSERT_PTR_NULL(row_map_set(&map, &b, "b"));

    /* To touch a row does not make it known. */
    row_map_unmark(&map);
    row_map_touch(&map, &b);
    row_map_touch(&map, &(struct uuid) { .parts = { 9, 9, 9, 9 } });
    CU_ASSERT_EQUAL(row_map_count(&map), 2);

    struct row_map_entry *e;
    size_t n = 0;

    ROW_MAP_FOR_EACH_SAFE (e, &map) {
        if (!e->seen) {
            struct uuid uuid = e->uuid;

            name = row_map_remove(&map, &uuid);
            CU_ASSERT_STRING_EQUAL(name, "two");
            free(name);
            n++;
        }
    }
    CU_ASSERT_EQUAL(n, 1);
    CU_ASSERT_PTR_NULL(row_map_remove(&map, &a));
    CU_ASSERT_EQUAL(row_map_count(&map), 1);
    row_map_destroy(&map);
}

void
suite_store_known(void)
{
    CU_pSuite suite = unit_add_suite("store_known");

    CU_ADD_TEST(suite, test_another_hand);
    CU_ADD_TEST(suite, test_ours);
    CU_ADD_TEST(suite, test_both);
    CU_ADD_TEST(suite, test_lost);
    CU_ADD_TEST(suite, test_late);
    CU_ADD_TEST(suite, test_read_anew);
    CU_ADD_TEST(suite, test_row_map);
}
