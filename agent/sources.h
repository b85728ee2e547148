/* SPDX-License-Identifier: Apache-2.0 */

/* The sources of pods and owners, side by side: manifest files and an API
 * server.  What they learn goes to the model; what they are worth together is
 * what the worse of them is worth. */

#ifndef SOURCES_H
#define SOURCES_H 1

#include <stdbool.h>

struct agent;
struct orders;
struct sset;

/* Makes what can fail for a reason that the user can mend, and exits with a
 * message if it does.  After the daemon has detached. */
void sources_open(struct agent *);
void sources_close(struct agent *);

/* Learns, and tells the model.  sources_run_live() answers the guard's live
 * reads and is to be called after it. */
void sources_run(struct agent *, long long int now);
void sources_run_live(struct agent *);
void sources_wait(struct agent *);

/* Begins the live reads of 'orders'. */
void sources_start_live(struct agent *, const struct orders *);

/* Begins the writes to the API server of 'orders', and takes them.
 * sources_poll_writes() tells the guard how they ended. */
void sources_start_writes(struct agent *, struct orders *);
void sources_poll_writes(struct agent *);
/* See struct guard_env. */
bool sources_release_is_certain(const struct agent *,
                                const struct sset **left_out);
/* True if none is under way. */
bool sources_writes_are_done(const struct agent *);

#endif /* sources.h */
