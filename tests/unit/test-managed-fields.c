/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of managed-fields.h: what is cut out of a text, and what is not. */

#include <config.h>

#include "agent/kube/managed-fields.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "tests/unit/unit.h"

#define KEY "\"managedFields\":"

static void
test_cut(void)
{
    static const struct {
        const char *text, *cut;
    } vectors[] = {
        {"", ""},
        {"{\"a\":1}", "{\"a\":1}"},
        {"{" KEY "[],\"a\":1}", "{" KEY "[],\"a\":1}"},
        {"{" KEY "[{\"f:a\":{}},[[1],[]]],\"a\":[2]}",
         "{" KEY "[],\"a\":[2]}"},
        /* Several, also one in another. */
        {"[{" KEY "[1]},{" KEY "[{" KEY "[2]}]},{" KEY "[3]}]",
         "[{" KEY "[]},{" KEY "[]},{" KEY "[]}]"},
        /* Brackets, quotes and backslashes in its strings. */
        {"{" KEY "[\"]\",\"\\\"]\",\"\\\\\",\"[\"],\"a\":\"]\"}",
         "{" KEY "[],\"a\":\"]\"}"},
        /* As the content of a string, and of another type. */
        {"{\"a\":\"\\\"managedFields\\\":[1]\"}",
         "{\"a\":\"\\\"managedFields\\\":[1]\"}"},
        {"{" KEY "{\"a\":[1]}}", "{" KEY "{\"a\":[1]}}"},
        {"{" KEY "null}", "{" KEY "null}"},
        {"{\"xmanagedFields\":[1]}", "{\"xmanagedFields\":[1]}"},
        /* Without an end. */
        {"{" KEY "[1]," KEY "[[2]", "{" KEY "[]," KEY "[[2]"},
        {"{" KEY "[\"]", "{" KEY "[\"]"},
        {"{" KEY "[\"\\", "{" KEY "[\"\\"},
        {"{" KEY "[", "{" KEY "["},
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        size_t len = strlen(vectors[i].text);
        /* Of just this size, for tools that watch over memory. */
        char *text = xmemdup(vectors[i].text, MAX(len, 1));
        size_t n = managed_fields_cut(text, len);

        CU_ASSERT_EQUAL(n, strlen(vectors[i].cut));
        CU_ASSERT(!memcmp(text, vectors[i].cut, MIN(n, len)));
        free(text);
    }
}

void
suite_managed_fields(void)
{
    CU_pSuite suite = unit_add_suite("managed-fields");

    CU_ADD_TEST(suite, test_cut);
}
