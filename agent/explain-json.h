/* SPDX-License-Identifier: Apache-2.0 */

/* What is known about addresses, as JSON: what the daemon answers to
 * "explain", and ovn-ipguardctl makes itself where no daemon is asked, so that
 * both say the same.  What the own database adds is added by the command. */

#ifndef EXPLAIN_JSON_H
#define EXPLAIN_JSON_H 1

#include <stdbool.h>

struct guard;
struct guard_env;
struct ip_addr_set;
struct json;
struct svec;
struct uuid;

/* Returns an object of
 *
 *     addresses: what was asked about;
 *     explanations: an object for each address and network;
 *     not_known: what could not be found out, as texts: 'not_known';
 *     wanted_by: who wants the last address without being on any, or null.
 *
 * The other arguments are those of guard_explain_all(). */
struct json *explain_to_json(const struct guard *, const struct ip_addr_set *,
                             const char *network,
                             bool (*held)(const struct uuid *network,
                                          const char *address,
                                          const void *aux),
                             const void *aux, const struct svec *not_known,
                             const struct guard_env *);

#endif /* explain-json.h */
