/* SPDX-License-Identifier: Apache-2.0 */

/* The daemon of this machine, by its control socket. */

#ifndef CTL_DAEMON_H
#define CTL_DAEMON_H 1

#include <stdbool.h>

/* Runs a control command of the daemon 'target': the name of a program, whose
 * pid file is in the run folder, or the absolute name of a control socket.
 * Returns its answer, which the caller frees; or NULL, with '*error', which
 * the caller frees, being what the daemon says (then '*said' is true) or the
 * system, or NULL if no daemon runs. */
char *ctl_daemon_call(const char *target, const char *command, int argc,
                      char *argv[], char **error, bool *said);

/* The process id of the daemon by its pid file, or 0 if that is not known. */
long int ctl_daemon_pid(const char *target);

#endif /* ctl-daemon.h */
