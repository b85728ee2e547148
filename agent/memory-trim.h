/* SPDX-License-Identifier: Apache-2.0 */

/* Gives memory back to the system that a burst of work needed: the first copy
 * of a database, whose text and tree live beside the rows, files of pods, a
 * storm of changes.
 *
 * Doing so costs time, and what is given back must be had anew by the next
 * burst; hence only once the loop has been calm for a while. */

#ifndef MEMORY_TRIM_H
#define MEMORY_TRIM_H 1

#include <stdbool.h>

struct memory_trim {
    long long int due_ms;       /* When to give back; 0: nothing to. */
};

/* A turn of the loop ends, which began at 'began_ms' by the monotonic
 * clock. */
void memory_trim_run(struct memory_trim *, long long int began_ms,
                     long long int now_ms);
void memory_trim_wait(const struct memory_trim *);

#endif /* memory-trim.h */
