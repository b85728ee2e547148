/* SPDX-License-Identifier: Apache-2.0 */

/* See tally.h. */

#include <config.h>

#include "tally.h"

#include <string.h>

void
tally_add(struct tally *t, const char *what, const char *why)
{
    size_t i;

    for (i = 0; i < t->n; i++) {
        if (!strcmp(t->entries[i].what, what)
            && !strcmp(t->entries[i].why, why)) {
            break;
        }
    }
    if (i == TALLY_MAX) {
        i--;
    } else if (i == t->n) {
        t->entries[i].what = what;
        t->entries[i].why = why;
        t->n++;
    }
    t->entries[i].n++;
}
