/* SPDX-License-Identifier: Apache-2.0 */

/* How long the steps of holds took, counted in buckets: bounded memory however
 * many holds there were. */

#ifndef STEP_TIMES_H
#define STEP_TIMES_H 1

#include <stdint.h>

enum hold_step_kind {
    STEP_SOUTHBOUND,            /* From gone until SB had reached B2. */
    STEP_CHASSIS,               /* From there until it was clean. */
    STEP_RELEASE,               /* From gone until it was released. */
};
#define N_STEPS (STEP_RELEASE + 1)

#define STEP_N_BUCKETS 16
/* Upper bounds, in ms, ascending; longer times are in none. */
extern const int step_bucket_ms[STEP_N_BUCKETS];

struct step_times {
    uint64_t buckets[STEP_N_BUCKETS]; /* Not cumulative. */
    uint64_t n;
    uint64_t sum_ms;
};

/* A negative time, which a restart in between may give, counts as 0. */
void step_times_add(struct step_times *, long long int ms);

#endif /* step-times.h */
