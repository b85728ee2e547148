/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of uids: whatever the string, it comes back as it was, and is equal to
 * itself alone. */

#include <config.h>

#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "agent/core/obj-uid.h"

/* All differ.  'plain': made as the API server makes them, and kept so. */
static const struct {
    const char *s;
    bool plain;
} vectors[] = {
    {"", false},
    {"0f1e2d3c-4b5a-4697-8877-665544332211", true},
    /* One digit differs: the first, one of the second half, the last. */
    {"1f1e2d3c-4b5a-4697-8877-665544332211", true},
    {"0f1e2d3c-4b5a-4697-9877-665544332211", true},
    {"0f1e2d3c-4b5a-4697-8877-665544332210", true},
    {"ffffffff-ffff-ffff-ffff-ffffffffffff", true},
    {"00000000-0000-0001-0000-000000000000", true},
    {"10000000-0000-0000-0000-000000000000", true},
    /* Half of it zero, and all. */
    {"00000000-0000-0000-8877-665544332211", false},
    {"00000000-0000-0000-0000-000000000000", false},
    {"0f1e2d3c-4b5a-4697-0000-000000000000", true},
    /* Upper case, in part or all of it. */
    {"0F1E2D3C-4B5A-4697-8877-665544332211", false},
    {"0f1e2d3c-4b5a-4697-8877-66554433221A", false},
    {"0f1e2d3c-4b5a-4697-8877-66554433221a", true},
    /* Too short, too long, without or with other dashes, braced. */
    {"0f1e2d3c-4b5a-4697-8877-66554433221", false},
    {"0f1e2d3c-4b5a-4697-8877-6655443322111", false},
    {"0f1e2d3c-4b5a-4697-8877-665544332211 ", false},
    {" 0f1e2d3c-4b5a-4697-8877-665544332211", false},
    {"0f1e2d3c-4b5a-4697-8877-665544332211-", false},
    {"0f1e2d3c4b5a46978877665544332211", false},
    {"0f1e2d3c4-b5a-4697-8877-665544332211", false},
    {"0f1e2d3c_4b5a_4697_8877_665544332211", false},
    {"{0f1e2d3c-4b5a-4697-8877-665544332211}", false},
    {"0f1e2d3g-4b5a-4697-8877-665544332211", false},
    {"0x1e2d3c-4b5a-4697-8877-665544332211", false},
    {"-f1e2d3c-4b5a-4697-8877-665544332211", false},
    {"0f1e2d3c", false},
    {"-", false},
    {"u", false},
    {"web-0", false},
    {"web-01", false},
    {"caf\303\251", false},
    {"0f1e2d3c-4b5a-4697-8877-665544332211/"
     "0f1e2d3c-4b5a-4697-8877-665544332211/"
     "0f1e2d3c-4b5a-4697-8877-665544332211/"
     "0f1e2d3c-4b5a-4697-8877-665544332211/", false},
};

static void
test_text(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        const char *s = vectors[i].s;
        char buf[OBJ_UID_STRLEN];
        struct obj_uid uid;
        char *copy;

        obj_uid_init(&uid, s);
        CU_ASSERT_STRING_EQUAL(obj_uid_to_string(&uid, buf), s);
        CU_ASSERT_EQUAL(obj_uid_to_string(&uid, buf) == buf,
                        vectors[i].plain);
        CU_ASSERT_EQUAL(obj_uid_is_set(&uid), s[0] != '\0');
        copy = obj_uid_dup_string(&uid);
        CU_ASSERT_STRING_EQUAL(copy, s);
        free(copy);
        obj_uid_destroy(&uid);
    }
}

static void
test_equality(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        for (size_t j = 0; j < ARRAY_SIZE(vectors); j++) {
            struct obj_uid a, b;

            obj_uid_init(&a, vectors[i].s);
            obj_uid_init(&b, vectors[j].s);
            CU_ASSERT_EQUAL(obj_uid_equals(&a, &b), i == j);
            CU_ASSERT_EQUAL(obj_uid_is(&a, vectors[j].s), i == j);
            obj_uid_destroy(&a);
            obj_uid_destroy(&b);
        }
    }
}

/* Neither NULL nor "" is a uid. */
static void
test_none(void)
{
    struct obj_uid a, b, c;

    obj_uid_init(&a, NULL);
    obj_uid_init(&b, "");
    obj_uid_init(&c, "u");
    CU_ASSERT(obj_uid_equals(&a, &b));
    CU_ASSERT(!obj_uid_equals(&a, &c) && !obj_uid_equals(&c, &a));
    CU_ASSERT(obj_uid_is(&a, NULL) && obj_uid_is(&a, ""));
    CU_ASSERT(!obj_uid_is(&c, NULL) && !obj_uid_is(&c, ""));
    obj_uid_destroy(&a);
    obj_uid_destroy(&b);
    obj_uid_destroy(&c);
}

/* A copy is one of its own, be it of text or not. */
static void
test_copies(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        for (size_t j = 0; j < ARRAY_SIZE(vectors); j++) {
            struct obj_uid a, b;

            obj_uid_init(&a, vectors[i].s);
            obj_uid_clone(&b, &a);
            obj_uid_destroy(&a);
            CU_ASSERT(obj_uid_is(&b, vectors[i].s));

            obj_uid_init(&a, vectors[j].s);
            obj_uid_replace(&b, &a);
            obj_uid_destroy(&a);
            CU_ASSERT(obj_uid_is(&b, vectors[j].s));
            obj_uid_replace(&b, &b);
            CU_ASSERT(obj_uid_is(&b, vectors[j].s));
            obj_uid_destroy(&b);
        }
    }
}

void
suite_obj_uid(void)
{
    CU_pSuite suite = unit_add_suite("obj-uid");

    CU_ADD_TEST(suite, test_text);
    CU_ADD_TEST(suite, test_equality);
    CU_ADD_TEST(suite, test_none);
    CU_ADD_TEST(suite, test_copies);
}
