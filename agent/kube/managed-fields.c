/* SPDX-License-Identifier: Apache-2.0 */

/* What the API server notes about who wrote which field of an object. */

#include <config.h>

#include "managed-fields.h"

#include <string.h>

/* In the server's own spelling, without blanks.  Inside of a string it cannot
 * be: there, the quotes would have a backslash in front of them. */
static const char begin[] = "\"managedFields\":[";

/* Returns the length of a list's inside, which 'text' begins with: that is
 * where its closing bracket is.  'len' if there is none. */
static size_t
list_length(const char *text, size_t len)
{
    unsigned int depth = 1;
    size_t i;

    for (i = 0; i < len; i++) {
        char c = text[i];

        if (c == '"') {
            for (i++; i < len && text[i] != '"'; i++) {
                i += text[i] == '\\';
            }
        } else if (c == '[') {
            depth++;
        } else if (c == ']' && !--depth) {
            return i;
        }
    }
    return len;
}

size_t
managed_fields_cut(char *text, size_t len)
{
    const char *from = text;    /* What comes next, 'len' bytes, ... */
    char *to = text;            /* ... and where it goes. */
    const char *found;

    while ((found = memmem(from, len, begin, sizeof begin - 1))) {
        size_t n = found + sizeof begin - 1 - from;
        size_t n_inside = list_length(from + n, len - n);

        if (n_inside == len - n) {
            break;
        }
        memmove(to, from, n);
        to += n;
        from += n + n_inside;
        len -= n + n_inside;
    }
    memmove(to, from, len);
    return to + len - text;
}
