/* SPDX-License-Identifier: Apache-2.0 */

/* See guard-log.h. */

#include <config.h>

#include "guard-log.h"

#include <limits.h>
#include <stdlib.h>

#include "coverage.h"
#include "openvswitch/vlog.h"

#include "agent/core/guard.h"

VLOG_DEFINE_THIS_MODULE(guard);

/* COUNTER(NAME) for each member of struct guard_counters. */
#define COUNTERS                \
    COUNTER(members_judged)     \
    COUNTER(addrs_judged)       \
    COUNTER(full_passes)        \
    COUNTER(clears_ordered)     \
    COUNTER(clears_done)        \
    COUNTER(clears_lost)        \
    COUNTER(sets_ordered)       \
    COUNTER(sets_done)          \
    COUNTER(put_backs)          \
    COUNTER(holds_created)      \
    COUNTER(holds_released)     \
    COUNTER(holds_cancelled)    \
    COUNTER(gates_closed)       \
    COUNTER(gates_opened)       \
    COUNTER(barriers)           \
    COUNTER(live_reads)         \
    COUNTER(duplicates)         \
    COUNTER(brake_trips)        \
    COUNTER(freezes)

#define COUNTER(NAME) COVERAGE_DEFINE(guard_##NAME);
COUNTERS
#undef COUNTER

/* Adds what came since the last call; 'duplicates' may also go down, which a
 * coverage counter cannot show. */
static void
count(const struct guard_counters *new)
{
    static struct guard_counters old;

#define COUNTER(NAME)                                               \
    if (new->NAME > old.NAME) {                                     \
        COVERAGE_ADD(guard_##NAME,                                  \
                     MIN(new->NAME - old.NAME, UINT_MAX));          \
    }
    COUNTERS
#undef COUNTER
    old = *new;
}

void
guard_log_run(struct guard *guard)
{
    /* All objects share these, so they are wider than for one message: what
     * is beyond is in the journal, and counted. */
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(60, 200);
    static struct vlog_rate_limit info_rl = VLOG_RATE_LIMIT_INIT(600, 2000);
    char *line, level;

    while ((line = guard_pop_log(guard, &level))) {
        switch (level) {
        case 'e':
            VLOG_ERR_RL(&rl, "%s", line);
            break;
        case 'w':
            VLOG_WARN_RL(&rl, "%s", line);
            break;
        case 'i':
            VLOG_INFO_RL(&info_rl, "%s", line);
            break;
        default:
            VLOG_DBG("%s", line);
            break;
        }
        free(line);
    }
    count(guard_get_counters(guard));
}
