/* SPDX-License-Identifier: Apache-2.0 */

/* The control socket, served by a thread of its own, so that the daemon can
 * be asked how it is while the main loop is at work for long, as it is when
 * the first dump of a large database arrives.
 *
 * The thread only reads commands and sends replies.  Our commands
 * (unixctl-commands.h) are queued, and run by the main thread between two
 * turns of its loop, which alone may look at the agent.  One of them, the
 * status, is but a text: a copy is kept, and when the main loop has not got to
 * the command in a fraction of a second the thread replies with that copy and
 * says how old it is.  The commands that the library registers itself
 * (vlog/..., coverage/show and so on) lock what they need, and run in the
 * thread; memory/show has no lock, see control_memory_run().
 *
 * Nobody is woken by a timer unless a command waits. */

#ifndef CONTROL_H
#define CONTROL_H 1

#include <stdbool.h>

struct control;
struct control_request;
struct simap;

/* Opens the control socket at 'path', where NULL is the default and "none"
 * none at all, and stores what serves it in '*controlp'.  Returns 0 or a
 * positive errno value, of which the library has told the user; '*controlp'
 * is then NULL.
 *
 * To be called after daemonize_start(), because the default has the process
 * ID in its name. */
int control_create(const char *path, struct control **controlp);

/* Ends the thread, closes the socket and all connections, also those that
 * wait for a reply.  Accepts NULL. */
void control_destroy(struct control *);

/* Adds a command, as unixctl_command_register() does; 'name' and 'usage' must
 * outlive the process.  'cb' is called by control_run(), and calls one of the
 * two functions below exactly once before it returns; or control_defer(), and
 * then one of them, once, in a later turn, if it still can. */
typedef void control_cb_func(struct control_request *, int argc,
                             const char *argv[], void *aux);
void control_add(struct control *, const char *name, const char *usage,
                 int min_args, int max_args, control_cb_func *, void *aux);
void control_reply(struct control_request *, const char *text);
void control_reply_error(struct control_request *, const char *error);

/* The reply comes later.  The request is then valid until there is one, or
 * until control_destroy(). */
void control_defer(struct control_request *);

/* Adds the command without arguments that prints the text that 'format'
 * returns, which control frees.  'format' is called by the main thread: when
 * the command is run and, at most once a second, for the copy.  There can be
 * one such command only. */
typedef char *control_text_func(const void *aux);
void control_add_text(struct control *, const char *name,
                      control_text_func *format, const void *aux);

/* Starts the thread.  Nothing may register a command from here on: the
 * library has no lock around its table. */
void control_start(struct control *);

/* The main thread says when a turn of its loop begins, with the time when it
 * does, and when one is over, before it blocks. */
void control_turn_begin(struct control *, long long int now);
void control_turn_end(struct control *);

/* Runs the commands that are queued; to be called once a turn. */
void control_run(struct control *);
/* Makes the main thread's poll_block() wake up when there is one. */
void control_wait(struct control *);

/* Like memory_run(), memory_report() and memory_wait(), but not while the
 * thread runs memory/show, which adds to the library's list of connections
 * that the report is sent to.  The first returns what memory_should_report()
 * does. */
bool control_memory_run(struct control *);
void control_memory_report(struct control *, const struct simap *usage);
void control_memory_wait(struct control *);

#endif /* control.h */
