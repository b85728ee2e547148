/* SPDX-License-Identifier: Apache-2.0 */

/* Running commands: one transaction for all of them, tried again each time
 * that the database turned out to have changed meanwhile, and then the wait
 * for the daemon. */

#ifndef CTL_RUN_H
#define CTL_RUN_H 1

#include <stddef.h>

struct ctl_command;
struct ipgctl_options;

/* Frees what the program holds and exits: for ctl_init(). */
void ipgctl_exit(int status);

/* Runs the commands and prints what they say; 'args' is the command line, for
 * the database's log.  Frees the commands' contents.  Exits with a message if
 * something fails.  Returns the program's exit status. */
int ipgctl_run(const struct ipgctl_options *, struct ctl_command *,
               size_t n, const char *args);

#endif /* ctl-run.h */
