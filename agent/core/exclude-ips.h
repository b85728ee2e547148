/* SPDX-License-Identifier: Apache-2.0 */

/* Logical_Switch:other_config:exclude_ips, the addresses that OVN's own IPAM
 * (ports with "dynamic" addresses) does not give away: what it looks like with
 * ours in it, and again without.
 *
 * Which of its words are ours is said by another key of the same column, so
 * that whoever comes after a crash can tell.  Every byte of the others'
 * stays. */

#ifndef EXCLUDE_IPS_H
#define EXCLUDE_IPS_H 1

#include <stdbool.h>
#include "ip-addr.h"

#define EXCLUDE_IPS_KEY "exclude_ips"
#define EXCLUDE_OURS_KEY "ipguard-exclude"

/* 'exclude' and 'ours' are the values of the two keys, NULL where one is
 * absent, and 'wanted' the IPv4 addresses that are to be excluded by us.
 * Stores the new values likewise; the caller frees them.  What others exclude
 * already is not made ours. */
void exclude_ips_edit(const char *exclude, const char *ours,
                      const struct ip_addr_set *wanted,
                      char **new_exclude, char **new_ours);

/* True if 'exclude' (or NULL) has 'ip' in one of its words. */
bool exclude_ips_has(const char *exclude, const struct ip_addr *ip);

#endif /* exclude-ips.h */
