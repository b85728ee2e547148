/* SPDX-License-Identifier: Apache-2.0 */

/* Strings, and columns of them. */

#ifndef GUARD_STRINGS_H
#define GUARD_STRINGS_H 1

#include <stdbool.h>
#include <stdlib.h>

#include "svec.h"
#include "util.h"

/* Takes 'src' over into 'dst'; 'src' is empty then. */
static inline void
guard_assign_svec(struct svec *dst, struct svec *src)
{
    svec_destroy(dst);
    *dst = *src;
    svec_init(src);
}

/* Makes '*s' a copy of 'value', which may be NULL. */
static inline void
guard_replace_string(char **s, const char *value)
{
    char *copy = nullable_xstrdup(value);

    free(*s);
    *s = copy;
}

/* Do two columns have the same strings, in whatever order?  A column is a set
 * to OVSDB. */
bool guard_same_strings(const struct svec *, const struct svec *);

#endif /* guard-strings.h */
