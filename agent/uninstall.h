/* SPDX-License-Identifier: Apache-2.0 */

/* --uninstall: everything of ours in OVN's databases and in Kubernetes is told
 * and undone, and then the program ends. */

#ifndef UNINSTALL_H
#define UNINSTALL_H 1

struct agent;

/* Begins when it can, or gives up; to be called once a turn. */
void uninstall_run(struct agent *);

/* To be called when all is undone, or that was given up: says how it went.
 * 'remains' is what could not be undone, or NULL. */
void uninstall_end(struct agent *, const char *remains);

#endif /* uninstall.h */
