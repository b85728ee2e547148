/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of times as Kubernetes writes them. */

#include <config.h>

#include "agent/kube/rfc3339.h"

#include <stdio.h>

#include "util.h"

#include "tests/unit/unit.h"

static void
test_rfc3339(void)
{
    static const struct {
        const char *s;
        long long int epoch_s;  /* -1: no time. */
    } vectors[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-02T00:00:01Z", 86401},
        {"2024-02-29T12:00:00Z", 1709208000},
        {"2024-02-29t12:00:00z", 1709208000},
        {"2024-02-29T12:00:00.123456Z", 1709208000},
        {"2024-02-29T13:30:00+01:30", 1709208000},
        {"2024-02-29T10:00:00-02:00", 1709208000},
        {"2000-03-01T00:00:00Z", 951868800},
        {"2100-03-01T00:00:00Z", 4107542400},
        {"2016-12-31T23:59:60Z", 1483228800},
        {"2023-02-29T12:00:00Z", -1},
        {"2100-02-29T12:00:00Z", -1},
        {"2024-13-01T12:00:00Z", -1},
        {"2024-00-01T12:00:00Z", -1},
        {"2024-04-31T12:00:00Z", -1},
        {"2024-04-00T12:00:00Z", -1},
        {"2024-04-01T24:00:00Z", -1},
        {"2024-04-01T12:60:00Z", -1},
        {"2024-04-01T12:00:61Z", -1},
        {"2024-04-01T12:00:00", -1},
        {"2024-04-01T12:00:00.Z", -1},
        {"2024-04-01T12:00:00+1:00", -1},
        {"2024-04-01T12:00:00+24:00", -1},
        {"2024-04-01T12:00:00Zx", -1},
        {"2024-04-01 12:00:00Z", -1},
        {"2024-4-01T12:00:00Z", -1},
        {"-024-04-01T12:00:00Z", -1},
        {"2024", -1},
        {"", -1},
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        long long int epoch_s;
        bool ok = rfc3339_parse(vectors[i].s, &epoch_s);

        if (ok != (vectors[i].epoch_s >= 0)
            || (ok && epoch_s != vectors[i].epoch_s)) {
            fprintf(stderr, "%s: %lld\n", vectors[i].s, epoch_s);
            CU_FAIL("time");
        }
    }
}

void
suite_rfc3339(void)
{
    CU_pSuite suite = unit_add_suite("rfc3339");

    CU_ADD_TEST(suite, test_rfc3339);
}
