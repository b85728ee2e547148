/* SPDX-License-Identifier: Apache-2.0 */

/* Colour for people who look at a terminal: what is read by anything else is
 * never painted. */

#ifndef CTL_PAINT_H
#define CTL_PAINT_H 1

#include <stdbool.h>

struct ds;

/* Is 'fd' a terminal that understands more than text? */
bool ipgctl_is_terminal(int fd);

/* Are outputs to be painted?  Only on such a terminal, and not if the
 * environment has NO_COLOR (https://no-color.org). */
bool ipgctl_wants_paint(void);

/* Paints what 'command' prints. */
void ipgctl_paint(const char *command, struct ds *);

#endif /* ctl-paint.h */
