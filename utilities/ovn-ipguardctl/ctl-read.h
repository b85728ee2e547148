/* SPDX-License-Identifier: Apache-2.0 */

/* Commands that read OVN's databases and the pods themselves, with the
 * daemon's own code, and need no daemon.  What the own database knows is added
 * if it can be reached. */

#ifndef CTL_READ_H
#define CTL_READ_H 1

#include <stdbool.h>
#include <stddef.h>

struct ctl_command;
struct ctl_context;
struct ipgctl_options;
struct observer;
struct json;
struct ovsdb_idl;

/* Given to such a command. */
struct ipgctl_reader {
    struct ctl_context *ctx;    /* Arguments, options and output. */
    struct observer *observer;  /* NULL while the daemon is asked. */
    struct ovsdb_idl *own;      /* Own database, or NULL. */
    unsigned int timeout_s;
    int status;                 /* Exit status; 0 at first. */
};

/* Does what observer_sync() does; exits with a message if that fails. */
void ipgctl_reader_sync(struct ipgctl_reader *);

/* Reads of the own database what it has about the addresses in this array of
 * strings, or all of it if that is NULL, into 'own'. */
void ipgctl_reader_open_own(struct ipgctl_reader *, const struct json *);

/* Is this command one of them? */
bool ipgctl_is_reader(const struct ctl_command *);

/* Runs it.  Returns the exit status; output and table are in 'command'. */
int ipgctl_read(const struct ipgctl_options *, struct ctl_command *);

/* The "run" function of their syntax: they go another way. */
void ipgctl_reader_run(struct ctl_context *);

/* The commands, each in its file cmd-*.c. */
void cmd_why(struct ipgctl_reader *);
/* The same by asking the daemon.  Returns false if that cannot be. */
bool cmd_why_daemon(struct ipgctl_reader *);
/* Needs no sources; it always returns true. */
bool cmd_bundle(struct ipgctl_reader *);
void cmd_audit(struct ipgctl_reader *);
void cmd_plan(struct ipgctl_reader *);
void cmd_dot(struct ipgctl_reader *);

#endif /* ctl-read.h */
