/* SPDX-License-Identifier: Apache-2.0 */

/* The simulation's own xasprintf() and ds_put_format() (tests/sim/print.c)
 * write what those of the OVS libraries do, to the letter. */

#include <config.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "util.h"
#include "uuid.h"

#include "tests/sim/print.h"
#include "tests/unit/unit.h"

#define CHECK_SAME(...)                                 \
    do {                                                \
        char *expected = xasprintf(__VA_ARGS__);        \
        char *written = __wrap_xasprintf(__VA_ARGS__);  \
        struct ds ds = DS_EMPTY_INITIALIZER;            \
                                                        \
        ds_put_cstr(&ds, "before ");                    \
        __wrap_ds_put_format(&ds, __VA_ARGS__);         \
        CU_ASSERT_STRING_EQUAL(written, expected);      \
        CU_ASSERT_STRING_EQUAL(ds_cstr(&ds) + 7, expected); \
        ds_destroy(&ds);                                \
        free(expected);                                 \
        free(written);                                  \
    } while (0)

static void
test_strings(void)
{
    CHECK_SAME("plain");
    CHECK_SAME("%s", "");
    CHECK_SAME("%s and %s%s", "one", "two", "three");
    CHECK_SAME("100 %% of %c%c", 'a', 'b');
    CHECK_SAME("\"%.100s%s\"", "long", "...");
    CHECK_SAME("%.*s|%5s|%-5s|", 2, "abc", "right", "l");
}

static void
test_numbers(void)
{
    static const int numbers[] = {
        0, 1, -1, 9, 10, 255, 4096, INT_MAX, INT_MIN,
    };

    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        int n = numbers[i];

        CHECK_SAME("%d, %u", n, (unsigned int) n);
        CHECK_SAME("%ld, %lu", (long int) n, (unsigned long int) n);
        CHECK_SAME("%lld, %llu", (long long int) n,
                   (unsigned long long int) n);
        CHECK_SAME("%zu holds and %zu gates", (size_t) n, (size_t) 1);
    }
    CHECK_SAME("%lld %llu", LLONG_MIN, ULLONG_MAX);
    CHECK_SAME("%5d|%05d|%+d|%hd|%g", 1, 2, 3, (short int) 4, 5.5);
}

static void
test_hexadecimal(void)
{
    static const unsigned int numbers[] = {
        0, 1, 15, 16, 0xff, 0x100, 0xe6fb, 0xffff, 0x10000, UINT_MAX,
    };

    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        unsigned int n = numbers[i];

        CHECK_SAME("%x|%02x|%04x|%08x", n, n, n, n);
        CHECK_SAME("%X|%#x|%2x|%010x|%lx", n, n, n, n, (unsigned long int) n);
    }
    struct uuid uuid = { .parts = { 0x1234, 0, 0xabcdef00, UINT_MAX } };
    CHECK_SAME(UUID_FMT" of %s", UUID_ARGS(&uuid), "a row");
}

/* Around the length from which on it is left to the C library. */
static void
test_long_ones(void)
{
    char text[600];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (size_t i = 490; i < sizeof text; i++) {
        const char *end = text + sizeof text - i;

        CHECK_SAME("%s", end);
        CHECK_SAME("%s %d", end, 123456);
        CHECK_SAME("%s%c%04x and %s", end, 'c', 15, end);
    }
}

void
suite_sim_print(void)
{
    CU_pSuite suite = unit_add_suite("sim-print");

    CU_ADD_TEST(suite, test_strings);
    CU_ADD_TEST(suite, test_numbers);
    CU_ADD_TEST(suite, test_hexadecimal);
    CU_ADD_TEST(suite, test_long_ones);
}
