/* SPDX-License-Identifier: Apache-2.0 */

/* See step-times.h. */

#include <config.h>

#include "step-times.h"

#include <stddef.h>

#include "util.h"

const int step_bucket_ms[STEP_N_BUCKETS] = {
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000,
    300000,
};

void
step_times_add(struct step_times *t, long long int ms)
{
    ms = MAX(ms, 0);
    t->n++;
    t->sum_ms += ms;
    for (size_t i = 0; i < STEP_N_BUCKETS; i++) {
        if (ms <= step_bucket_ms[i]) {
            t->buckets[i]++;
            return;
        }
    }
}
