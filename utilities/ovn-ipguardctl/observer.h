/* SPDX-License-Identifier: Apache-2.0 */

/* The daemon's sources and decisions in this process, never active: what the
 * commands read that do not need a running daemon.  Nothing is written
 * anywhere, whatever is decided. */

#ifndef OBSERVER_H
#define OBSERVER_H 1

#include <stdbool.h>
#include "agent/core/settings.h"

struct guard;
struct guard_env;
struct ip_addr;
struct observer;
struct options;

/* Begins to read, and to judge as in 'mode', of which no instance becomes the
 * active one.  'options' must outlive the observer.  Without 'leader_only' any
 * member of a cluster is read.  Exits with a message if a source cannot be
 * opened. */
struct observer *observer_create(const struct options *options,
                                 enum guard_mode mode, bool leader_only);
void observer_destroy(struct observer *);

/* Reads until all sources are there and judged, for 'timeout_s' at most.
 * Returns NULL, or what is missing, which the caller frees. */
char *observer_sync(struct observer *, unsigned int timeout_s);

/* Asks the Southbound database about an address, or about all ports, as well;
 * observer_sync() then waits for that, too. */
void observer_watch_address(struct observer *, const struct ip_addr *);
void observer_watch_all(struct observer *);

const struct guard *observer_guard(const struct observer *);
const struct settings *observer_settings(const struct observer *);
void observer_get_env(const struct observer *, struct guard_env *);

/* What is wrong with the sources of pods, as lines for a person; or "". */
const char *observer_problems(struct observer *);

#endif /* observer.h */
