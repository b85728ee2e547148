/* SPDX-License-Identifier: Apache-2.0 */

/* What the files of the command line share: options.c reads it,
 * options-complete.c looks at it as a whole, options-usage.c explains it. */

#ifndef OPTIONS_PRIVATE_H
#define OPTIONS_PRIVATE_H 1

#include <stdbool.h>

struct options;

/* Long enough for the first dump of a large database, during which neither
 * side answers a probe; ovn-nbctl uses twice that. */
#define PROBE_DEFAULT_MS 60000

/* Fills in what was not given, and exits with a message if what was given does
 * not go together. */
void options_complete(struct options *, bool dry_run);

void options_print_usage(void);
void options_print_version(void);

#endif /* options-private.h */
