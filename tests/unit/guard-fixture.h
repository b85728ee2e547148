/* SPDX-License-Identifier: Apache-2.0 */

/* Beginnings that tests of the guard share: a world with one network, in which
 * sts1-0 runs with IP1, and what happens to that address next. */

#ifndef GUARD_FIXTURE_H
#define GUARD_FIXTURE_H 1

#include "tests/unit/world.h"

#define IP1 "10.0.0.1"
#define IP2 "10.0.0.2"
#define V6 "fd00::1"
#define MAC1 "0a:00:00:00:00:01"
#define MAC2 "0a:00:00:00:00:02"
#define MAC3 "0a:00:00:00:00:03"

/* A port of StatefulSet 'sts' whose pod runs with 'ip'. */
struct wport *fixture_running(struct world *, const char *sts,
                              const char *mac, const char *ip);
/* A taker: its pod wants 'ip', and its CNI has written it to the port. */
struct wport *fixture_taker(struct world *, const char *sts, const char *mac,
                            const char *ip, long long int created_s);

/* Makes the world; sts1-0 runs with IP1.  Returns its port. */
struct wport *fixture_begin(struct world *, enum guard_mode);
/* The owner of IP1 is gone, and its port still has it. */
void fixture_make_stale(struct world *);
/* IP1 leaves sts1-0 by another hand while ovn-northd is paused: it is held. */
void fixture_leave(struct world *);
struct wport *fixture_begin_held(struct world *, enum guard_mode);
/* The first chassis confirms nothing from now on, and is waited for without
 * end. */
void fixture_silence_chassis(struct world *);

/* Turns until 'done' or for 20 s. */
bool fixture_run_until(struct world *, bool (*done)(const struct world *));
/* A write of ports is on its way to NB. */
bool fixture_nb_writes(const struct world *);

/* For fixture_run_until(): a hold is on its way to the own database. */
bool fixture_stores_a_hold(const struct world *);

/* For world->on_read: no read is answered once something was cleared. */
enum live_read_result fixture_fail_look_back(struct world *);

/* The locks are lost, and there again in the next turn; what is on its way to
 * the own database stays so. */
void fixture_lose_locks_for_a_moment(struct world *);

/* Ends the world; fails if a rule was broken in it. */
void fixture_end(struct world *);

#endif /* guard-fixture.h */
