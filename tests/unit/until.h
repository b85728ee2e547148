/* SPDX-License-Identifier: Apache-2.0 */

/* How a test waits for what is to happen, in a loop of its own. */

#ifndef UNTIL_H
#define UNTIL_H 1

#include <stdbool.h>

#include <CUnit/CUnit.h>

#include "timeval.h"

/* A test that waits for longer than this has failed; none that passes takes
 * a tenth of it. */
#define UNTIL_MS 20000

/* Goes through turns of the loop until CONDITION is true; a failure of the
 * test after UNTIL_MS.  TURN() is one turn but for the waiting, BLOCK(END_MS)
 * waits for something to happen, until END_MS at the latest.  Once CONDITION
 * was true it is not looked at again, so it may take what it waits for. */
#define UNTIL_TRUE(CONDITION, TURN, BLOCK)               \
    do {                                                 \
        long long int end_ = time_msec() + UNTIL_MS;     \
        bool ok_;                                        \
                                                         \
        while (!(ok_ = (CONDITION) ? true : false)       \
               && time_msec() < end_) {                  \
            TURN();                                      \
            if ((ok_ = (CONDITION) ? true : false)) {    \
                break;                                   \
            }                                            \
            BLOCK(end_);                                 \
        }                                                \
        CU_ASSERT_FATAL(ok_);                            \
    } while (0)

#endif /* until.h */
