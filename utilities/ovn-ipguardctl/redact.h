/* SPDX-License-Identifier: Apache-2.0 */

/* Takes secrets out of text: keys and certificates in PEM, also in base64;
 * tokens; user names and passwords in URLs; and what stands behind a name such
 * as "password", "token" or "client-key-data", in any form of "NAME=VALUE",
 * "NAME: VALUE" or "NAME VALUE" of an option. */

#ifndef REDACT_H
#define REDACT_H 1

#include <stddef.h>

/* Returns 'text' without them, "(removed)" in their place, and adds to
 * '*n_removed' how many there were.  The caller frees it. */
char *redact(const char *text, size_t *n_removed);

#endif /* redact.h */
