/* SPDX-License-Identifier: Apache-2.0 */

/* What world.c and world-act.c share. */

#ifndef WORLD_PRIVATE_H
#define WORLD_PRIVATE_H 1

#include <stdbool.h>
#include <stddef.h>

struct guard_env;
struct uuid;
struct world;
struct wport;

void world_get_env(const struct world *, struct guard_env *);
struct wport *world_find_port_by_uuid(struct world *, const struct uuid *);
void world_tell_network(struct world *, size_t i);
void world_tell_binding(struct world *, struct wport *);

/* Northd, chassis, and the rows that the guard watches.  Returns true if
 * there is more to come by itself. */
bool world_run_sb(struct world *);
/* Ends what is under way and tells the guard; takes what it orders. */
bool world_carry_out(struct world *);
bool world_take_orders(struct world *);
/* Commits what is under way without telling anybody. */
void world_commit_under_way(struct world *);

#endif /* world-private.h */
