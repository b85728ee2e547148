/* SPDX-License-Identifier: Apache-2.0 */

/* What the API server notes about who wrote which field of an object. */

#ifndef MANAGED_FIELDS_H
#define MANAGED_FIELDS_H 1

#include <stddef.h>

/* Empties every "managedFields" list in the JSON text 'text', in place, and
 * returns the new length.  The server sends them with each object and cannot
 * be asked not to; they are half of a pod's metadata and more than half of the
 * work to read it, since nearly every word in them is an object.  Nobody here
 * looks at them.
 *
 * Only what is inside of these lists goes unseen by jansson.  A list whose end
 * is not found stays as it is; a quote too many or too few in one leaves a
 * text that is no JSON any more. */
size_t managed_fields_cut(char *text, size_t len);

#endif /* managed-fields.h */
