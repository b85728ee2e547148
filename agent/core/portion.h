/* SPDX-License-Identifier: Apache-2.0 */

/* How much is done in one turn of the loop where there is more to do than a
 * turn should take (struct guard_env).  Whoever waits for a turn, such as a
 * connection that is to be kept alive or an operator's command, is to wait
 * less than 100 ms, on a slow or busy machine as well. */

#ifndef PORTION_H
#define PORTION_H 1

#include <stdbool.h>
#include <stddef.h>

/* At the beginning, until it is known what a turn takes here. */
#define PORTION_START 75

/* Less than this would cost more in turns than it saves in each. */
#define PORTION_MIN 25

/* The portion that follows 'portion', which took 'work_ms' of a turn and left
 * something to do if 'more': what is calm tells nothing of what a whole
 * portion takes. */
size_t portion_next(size_t portion, bool more, long long int work_ms);

/* What of 'portion' is to be done in a turn that has taken 'spent_ms' already,
 * such as for what databases told. */
size_t portion_of_turn(size_t portion, long long int spent_ms);

#endif /* portion.h */
