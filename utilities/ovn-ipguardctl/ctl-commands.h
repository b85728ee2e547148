/* SPDX-License-Identifier: Apache-2.0 */

/* The commands of ovn-ipguardctl, by topic, and what they share.  Each file
 * cmd-TOPIC.c registers its own with the library. */

#ifndef CTL_COMMANDS_H
#define CTL_COMMANDS_H 1

#include <stdbool.h>
#include <stddef.h>

struct ctl_command_syntax;
struct ctl_context;
struct ds;
struct ipgctl_options;
struct ipgrec_ipguard;
struct table;

/* Registers all commands, the library's and those of the files below.  'exit'
 * is called when a command fails. */
void ipgctl_register(void (*exit)(int status));

void cmd_connection_register(void);
void cmd_gate_register(void);
void cmd_hold_register(void);
void cmd_journal_register(void);
void cmd_plan_register(void);
void cmd_read_register(void);
void cmd_safety_register(void);
void cmd_show_register(void);

/* Registers a table of commands, ended by one without a name. */
void ipgctl_add_commands(const struct ctl_command_syntax *);

/* Is this one of our commands, not one of the library's? */
bool ipgctl_is_own(const char *command);

/* The library wants the options of a command in front of it.  Moves those that
 * stand behind one of ours ("journal --since=1h") to where it does. */
void ipgctl_move_options(int argc, char *argv[]);

/* Makes "--output=FILE" of "-o FILE" behind a command that has that option.
 * Returns the number of arguments that are left. */
int ipgctl_join_output(int argc, char *argv[]);

/* The options of the command line, for commands that print more than a
 * table.  Set once, before any command runs. */
void ipgctl_set_options(const struct ipgctl_options *);
const struct ipgctl_options *ipgctl_get_options(void);

/* The row of IPGuard, or NULL if there is none. */
const struct ipgrec_ipguard *ipgctl_row(struct ctl_context *);
/* The same, made by this transaction if there is none. */
const struct ipgrec_ipguard *ipgctl_make_row(struct ctl_context *);

/* Gives the command's output the form of a table with these columns, separated
 * by commas. */
struct table *ipgctl_table(struct ctl_context *, const char *columns);
/* Appends a cell, which the table prints as text, integer or list. */
void ipgctl_cell(struct table *, const char *text);
void ipgctl_cell_integer(struct table *, long long int value);
void ipgctl_cell_strings(struct table *, char *const *strings, size_t n);

/* Appends 'wall_ms', ms since the epoch, in UTC as in RFC 3339. */
void ipgctl_format_time(long long int wall_ms, struct ds *);
/* Appends how long ago 'wall_ms' was, by this machine's clock: "12 s". */
void ipgctl_format_age(long long int wall_ms, struct ds *);
/* Appends a cell with either, "" for 0. */
void ipgctl_cell_time(struct table *, long long int wall_ms);

/* Returns the words of 'ctx' from argument 'first' on, with a blank between
 * them: a reason that need not be quoted.  The caller frees it.  A word that
 * looks like an option is an error, for it would be taken for a part of the
 * reason and have no effect: then this returns NULL. */
char *ipgctl_join_words(struct ctl_context *ctx, int first);

#endif /* ctl-commands.h */
