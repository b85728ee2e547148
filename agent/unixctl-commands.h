/* SPDX-License-Identifier: Apache-2.0 */

/* The control commands of the daemon: "ovn-appctl -t ovn-ipguard COMMAND". */

#ifndef UNIXCTL_COMMANDS_H
#define UNIXCTL_COMMANDS_H 1

struct agent;
struct guard_env;
struct report;

/* Adds the commands to the agent's control socket.  They are run from
 * control_run(), and "status" also from control_turn_begin(), when '*agent'
 * must be complete, and must not be run after it was taken apart. */
void unixctl_commands_register(struct agent *);

/* Fills '*report', which the caller destroys, with what is known of the agent;
 * '*env' must outlive it. */
void agent_fill_report(const struct agent *, const struct guard_env *env,
                       struct report *report);

#endif /* unixctl-commands.h */
