/* SPDX-License-Identifier: Apache-2.0 */

/* SIGHUP opens the log file anew, for those who rotate logs in that way; the
 * control command vlog/reopen does the same.  In the foreground SIGHUP keeps
 * its meaning: the terminal is gone, and the process ends. */

#ifndef LOG_REOPEN_H
#define LOG_REOPEN_H 1

/* To be called after daemonize_start(). */
void log_reopen_init(void);
void log_reopen_destroy(void);

void log_reopen_run(void);
void log_reopen_wait(void);

#endif /* log-reopen.h */
