/* SPDX-License-Identifier: Apache-2.0 */

/* What the simulation (tests/sim) found wrong with an address that we set on a
 * port and another hand takes off again before we are told of either: the
 * mirror shows it there at no time, yet SB and the chassis may have had it. */

#include <config.h>

#include <stdlib.h>

#include "util.h"

#include "tests/unit/guard-fixture.h"
#include "tests/unit/unit.h"
#include "tests/unit/world.h"

#define IP3 "10.0.0.3"
#define PORT "sts1-0.default"

/* 'b' was carried out.  If it gave IP1 to the port, somebody is faster than
 * the answer, once: the port gets IP3, or its row goes. */
static bool
gives(const struct world *w, const struct nb_batch *b)
{
    return b->n && world_has(w, PORT, IP1);
}

static void
move_on(struct world *w, const struct nb_batch *b)
{
    if (gives(w, b)) {
        w->on_committed = NULL;
        world_set_addresses(w, world_find_port(w, PORT), MAC1" "IP3);
    }
}

static void
delete_row(struct world *w, const struct nb_batch *b)
{
    if (gives(w, b)) {
        w->on_committed = NULL;
        world_del_port(w, world_find_port(w, PORT));
    }
}

typedef void other_hand(struct world *, const struct nb_batch *);

/* IP1 is not free before ovn-northd and the chassis have followed. */
static void
expect_held(struct world *w)
{
    CU_ASSERT_PTR_NULL(w->on_committed);
    CU_ASSERT_EQUAL(world_journalled(w, "cancel"), 0);
    CU_ASSERT_EQUAL(world_journalled(w, "release"), 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world_hold(w, IP1));
    CU_ASSERT(world_hold(w, IP1)->fixed);
    CU_ASSERT_EQUAL(world_hold(w, IP1)->n_former, 1);
    CU_ASSERT_STRING_EQUAL(world_hold(w, IP1)->former[0].name, PORT);
    CU_ASSERT_STRING_EQUAL(world_hold(w, IP1)->former[0].mac, MAC1);
    w->paused = false;
    w->northd_frozen = false;
    world_run(w, 60 * 1000);
    CU_ASSERT_EQUAL(w->n_holds, 0);
    fixture_end(w);
}

static void
ask(struct world *w, const char *pod, const char *sts, const char *ip)
{
    char *pool = xasprintf("ip_pool=%s", ip);
    char *address = xasprintf("ip_address=%s", ip);

    world_sts(w, unit_sts(sts, sts, 1, pool));
    world_pod(w, unit_pod(pod, pod, OWNER_STATEFULSET, sts, address));
    free(pool);
    free(address);
}

/* Something is set, for which the start barrier is taken; after that,
 * ovn-northd is paused. */
static void
begin(struct world *w)
{
    world_init(w, MODE_MANAGE);
    world_chassis(w, "hv1");
    world_network(w, "net1");
    world_port(w, 0, "sts2-0", MAC2);
    ask(w, "sts2-0", "sts2", IP2);
    world_flags(w);
    world_run(w, 10 * 1000);
    CU_ASSERT(world_has(w, "sts2-0.default", IP2));
    w->northd_frozen = true;
}

/* The address is held, formerly of the port that is given it; or was never on
 * any port. */
static void
check(bool held, other_hand *hand, enum fault fault)
{
    struct world w;
    struct wport *p;

    begin(&w);
    p = world_port(&w, 0, "sts1-0", held ? MAC1" "IP1 : MAC1);
    if (held) {
        ask(&w, "sts1-0", "sts1", IP1);
        world_run(&w, 3000);
        world_set_addresses(&w, p, MAC1);
    } else {
        ask(&w, "sts1-0", "sts1", IP1);
    }
    w.on_committed = hand;
    CU_ASSERT_FATAL(fixture_run_until(&w, fixture_nb_writes));
    CU_ASSERT_EQUAL(world_hold(&w, IP1) != NULL, held);
    w.nb_fault = fault;
    world_run(&w, 1000);
    expect_held(&w);
}

static void
check_all(bool held)
{
    check(held, move_on, FAULT_NONE);
    check(held, delete_row, FAULT_NONE);
    check(held, move_on, FAULT_UNKNOWN_DONE);
    check(held, delete_row, FAULT_UNKNOWN_DONE);
}

static void
test_held_address(void)
{
    check_all(true);
}

static void
test_free_address(void)
{
    check_all(false);
}

void
suite_guard_found_unseen(void)
{
    CU_pSuite suite = unit_add_suite("guard_found_unseen");

    CU_ADD_TEST(suite, test_held_address);
    CU_ADD_TEST(suite, test_free_address);
}
