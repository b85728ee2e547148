/* SPDX-License-Identifier: Apache-2.0 */

/* How many times what happened, by kind and reason.  Both are words that are
 * known beforehand, so that a tally is as small as their number. */

#ifndef TALLY_H
#define TALLY_H 1

#include <stddef.h>
#include <stdint.h>

#define TALLY_MAX 96

struct tally_entry {
    const char *what, *why;     /* Static. */
    uint64_t n;
};

/* All zeros is an empty one.  Entries are in the order in which they first
 * happened. */
struct tally {
    struct tally_entry entries[TALLY_MAX];
    size_t n;
};

/* 'what' and 'why' must be static strings.  What no longer fits, which would
 * be a mistake of ours, is counted as the last entry. */
void tally_add(struct tally *, const char *what, const char *why);

#endif /* tally.h */
