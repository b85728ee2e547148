/* SPDX-License-Identifier: Apache-2.0 */

/* The guard is pure: it neither logs nor counts by itself.  This carries its
 * lines to the log (module "guard") and its counters to coverage/show. */

#ifndef GUARD_LOG_H
#define GUARD_LOG_H 1

struct guard;

/* To be called after each turn of the guard. */
void guard_log_run(struct guard *);

#endif /* guard-log.h */
