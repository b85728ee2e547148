/* SPDX-License-Identifier: Apache-2.0 */

#ifndef WHIM_H
#define WHIM_H 1

struct instance;
struct world;

/* What the operator does, before a turn of this instance. */
void whim_before_turn(struct world *, struct instance *);

#endif /* whim.h */
