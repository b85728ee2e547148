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

/* The portion that follows 'portion', with which a turn took 'turn_ms' and
 * left something to do if 'more': what is calm tells nothing of what a full
 * turn takes. */
size_t portion_next(size_t portion, bool more, long long int turn_ms);

#endif /* portion.h */
