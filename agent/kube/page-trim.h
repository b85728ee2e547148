/* SPDX-License-Identifier: Apache-2.0 */

/* What nobody here reads of a page of a list, taken out of its text before
 * jansson reads that, which costs some ten times as much. */

#ifndef PAGE_TRIM_H
#define PAGE_TRIM_H 1

#include <stdbool.h>
#include <stddef.h>

/* Members of an object's "metadata" that have members of the users' own. */
enum metadata_map {
    METADATA_LABELS,
    METADATA_ANNOTATIONS,
};

/* Does anybody read the label or annotation 'key'? */
typedef bool page_trim_reads(enum metadata_map, const char *key,
                             const void *aux);

/* Shortens the 'len' bytes of JSON at 'text', which a null byte follows, in
 * place, and returns the new length; a null byte follows again.  Of the
 * "metadata" of each element of "items"
 *
 *   - "managedFields", a list, is emptied.  The server sends it with each
 *     object and cannot be asked not to; it is half of a pod's metadata, and
 *     nearly every word in it is an object.
 *
 *   - labels and annotations go that 'reads' says are not read (NULL: all
 *     are).
 *
 * What is in "managedFields" goes unseen by jansson, but for its brackets and
 * quotes.  Of labels and annotations only such go as jansson would have found
 * nothing wrong with: strings of plain characters whose name is there once.
 * Where one has a backslash in its name, it could be any of the others', and
 * all of them stay.
 *
 * The text is taken as the API server writes it, without blanks.  From where
 * it is otherwise on, it stays as it is. */
size_t page_trim(char *text, size_t len, page_trim_reads *reads,
                 const void *aux);

#endif /* page-trim.h */
