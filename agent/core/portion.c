/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "portion.h"

#include "guard.h"
#include "util.h"

/* Between these it stays. */
#define LONG_MS 40
#define SHORT_MS 20

/* What a turn has taken up to here is as nothing; from there on nothing more
 * than must be is to be done in it. */
#define SPENT_LITTLE_MS 10
#define SPENT_MUCH_MS 40

size_t
portion_next(size_t portion, bool more, long long int work_ms)
{
    if (work_ms > LONG_MS) {
        return MAX(portion / 2, PORTION_MIN);
    } else if (more && work_ms < SHORT_MS) {
        return MIN(portion + portion / 4, GUARD_PORTION_MAX);
    }
    return portion;
}

size_t
portion_of_turn(size_t portion, long long int spent_ms)
{
    if (spent_ms <= SPENT_LITTLE_MS || portion <= PORTION_MIN) {
        return portion;
    } else if (spent_ms >= SPENT_MUCH_MS) {
        return PORTION_MIN;
    }
    return PORTION_MIN + ((portion - PORTION_MIN) * (SPENT_MUCH_MS - spent_ms)
                          / (SPENT_MUCH_MS - SPENT_LITTLE_MS));
}
