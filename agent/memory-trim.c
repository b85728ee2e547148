/* SPDX-License-Identifier: Apache-2.0 */

/* See memory-trim.h. */

#include <config.h>

#include "agent/memory-trim.h"

#include <stddef.h>
#ifdef HAVE_JEMALLOC
#include <jemalloc/jemalloc.h>
#elif defined(__GLIBC__)
#include <malloc.h>
#endif

#include "coverage.h"
#include "openvswitch/poll-loop.h"
#include "util.h"

COVERAGE_DEFINE(memory_trim);

/* Only a turn of at least this length leaves something worth the while. */
#define HEAVY_TURN_MS 20

/* How long there must have been no such turn. */
#define CALM_MS 2000

#ifdef HAVE_JEMALLOC
/* Read by the library.  Almost everything is done by one thread, so that one
 * arena is enough.  What is freed is used again, or given back here: the
 * library would do so while it allocates, which an idle daemon does not. */
const char *malloc_conf = "narenas:1,dirty_decay_ms:-1,muzzy_decay_ms:0";

static void
give_back(void)
{
    mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
    mallctl("arena." OVS_STRINGIZE(MALLCTL_ARENAS_ALL) ".purge", NULL, NULL,
            NULL, 0);
}
#else
static void
give_back(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
#endif

void
memory_trim_run(struct memory_trim *mt, long long int began_ms,
                long long int now_ms)
{
    if (now_ms - began_ms >= HEAVY_TURN_MS) {
        mt->due_ms = now_ms + CALM_MS;
    } else if (mt->due_ms && now_ms >= mt->due_ms) {
        mt->due_ms = 0;
        COVERAGE_INC(memory_trim);
        give_back();
    }
}

void
memory_trim_wait(const struct memory_trim *mt)
{
    if (mt->due_ms) {
        poll_timer_wait_until(mt->due_ms);
    }
}
