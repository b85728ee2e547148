/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "portion.h"

#include "guard.h"
#include "util.h"

/* Between these it stays.  What else a turn has to do, such as to read what a
 * database tells, is not in proportion. */
#define LONG_MS 50
#define SHORT_MS 25

size_t
portion_next(size_t portion, bool more, long long int turn_ms)
{
    if (turn_ms > LONG_MS) {
        return MAX(portion / 2, PORTION_MIN);
    } else if (more && turn_ms < SHORT_MS) {
        return MIN(portion + portion / 4, GUARD_PORTION_MAX);
    }
    return portion;
}
