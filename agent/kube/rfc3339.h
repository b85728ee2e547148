/* SPDX-License-Identifier: Apache-2.0 */

/* Points in time as Kubernetes writes them. */

#ifndef RFC3339_H
#define RFC3339_H 1

#include <stdbool.h>

/* Reads 's', such as "2024-02-29T23:59:60.5+01:00", into '*epoch_s', seconds
 * since the epoch; fractions are dropped.  Returns false if it is not of that
 * form or no such day exists. */
bool rfc3339_parse(const char *s, long long int *epoch_s);

/* Writes 'wall_ms', ms since the epoch, as a MicroTime of Kubernetes, such as
 * "2024-02-29T23:59:59.123000Z". */
#define RFC3339_MICRO_LEN 27
void rfc3339_format_micro(long long int wall_ms,
                          char buf[RFC3339_MICRO_LEN + 1]);

#endif /* rfc3339.h */
