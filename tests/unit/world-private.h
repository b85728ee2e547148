/* SPDX-License-Identifier: Apache-2.0 */

/* What the files of the simulated world, world*.c, share. */

#ifndef WORLD_PRIVATE_H
#define WORLD_PRIVATE_H 1

#include <stdbool.h>
#include <stddef.h>

#include "openvswitch/compiler.h"

struct guard_env;
struct nb_batch;
struct store_batch;
struct svec;
struct uuid;
struct world;
struct wport;

/* world.c */

void world_get_env(const struct world *, struct guard_env *);

/* world-hands.c */

void world_free_port(struct wport *);
struct wport *world_find_port_by_uuid(struct world *, const struct uuid *);
void world_tell_network(struct world *, size_t i);

/* world-sb.c */

/* Shows the guard the port's binding, if it watches it and was not told. */
void world_tell_binding(struct world *, struct wport *);

/* Northd, chassis, and the rows that the guard watches.  Returns true if
 * there is more to come by itself. */
bool world_run_sb(struct world *);

/* world-store.c, world-nb.c */

/* Carry a transaction out.  That of Northbound returns false if a row is not
 * as expected. */
void world_commit_store(struct world *, const struct store_batch *);
bool world_commit_nb(struct world *, const struct nb_batch *);

/* Returns the index of a network. */
size_t world_find_switch(const struct world *, const struct uuid *);

/* world-act.c */

/* Ends what is under way and tells the guard; takes what it orders. */
bool world_carry_out(struct world *);
bool world_take_orders(struct world *);
/* Commits what is under way without telling anybody. */
void world_commit_under_way(struct world *);

/* Notes that a rule was broken. */
void world_violate(struct world *, const char *format, ...)
    OVS_PRINTF_FORMAT(2, 3);

/* Do both have the same items in the same order?  Makes 'dst' as 'src'. */
bool world_svec_same(const struct svec *, const struct svec *);
void world_svec_assign(struct svec *dst, const struct svec *src);

#endif /* world-private.h */
