/* SPDX-License-Identifier: Apache-2.0 */

/* Known bugs, of which one at a time may be switched on: the test of the test.
 * Those of the core stand in agent/core/plant.h. */

#ifndef SIM_PLANTED_H
#define SIM_PLANTED_H 1

#include "agent/core/plant.h"

#define SIM_PLANTED(BUG) PLANTED(BUG)

const char *planted_name(int bug);
const char *planted_text(int bug);
/* The number of the bug called 'name', or 0. */
int planted_by_name(const char *name);

#endif /* planted.h */
