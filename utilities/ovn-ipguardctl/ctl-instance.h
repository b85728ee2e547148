/* SPDX-License-Identifier: Apache-2.0 */

/* An instance of the daemon that a command starts when it has something to
 * ask and none is active.  It is the program ovn-ipguard itself, takes the
 * locks like any other, begins nothing but what is asked for, and ends with
 * the command; holds stay in the own database for the next one. */

#ifndef CTL_INSTANCE_H
#define CTL_INSTANCE_H 1

#include <stdbool.h>

struct ctl_instance;
struct ipgctl_options;
struct ovsdb_idl;

/* Has any instance the lock of the own database, to which 'idl' is connected?
 * Waits for the server's answer, until 'deadline_ms' at most, and takes no
 * answer for a yes. */
bool ctl_instance_is_active(struct ovsdb_idl *idl, long long int deadline_ms);

/* Starts one.  Returns NULL and says why if that cannot be. */
struct ctl_instance *ctl_instance_start(const struct ipgctl_options *);

/* Ends it and waits until it has gone.  Accepts NULL. */
void ctl_instance_stop(struct ctl_instance *);

/* Has it ended by itself?  Then '*why' is how, freed by the caller. */
bool ctl_instance_has_ended(struct ctl_instance *, char **why);
void ctl_instance_wait(struct ctl_instance *);

#endif /* ctl-instance.h */
