/* SPDX-License-Identifier: Apache-2.0 */

/* What operators ask of the guard through the own database, in a simulated
 * world: done or refused, answered once, and nothing twice. */

#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "util.h"
#include "uuid.h"

#include "tests/unit/unit.h"
#include "tests/unit/world.h"

#define IP1 "10.0.0.1"
#define IP2 "10.0.0.2"
#define IP9 "10.0.0.9"
#define MAC1 "0a:00:00:00:00:01"
#define MAC2 "0a:00:00:00:00:02"

/* sts1-0 runs with IP1. */
static void
begin(struct world *w, enum guard_mode mode)
{
    world_init(w, mode);
    world_chassis(w, "hv1");
    world_network(w, "net1");
    world_sts(w, unit_sts("sts1", "sts1", 1, "ip_pool="IP1));
    world_pod(w, unit_pod("sts1-0", "u1", OWNER_STATEFULSET, "sts1",
                          "ip_address="IP1));
    world_bind(w, world_port(w, 0, "sts1-0", MAC1" "IP1), "hv1");
    world_flags(w);
    world_run(w, 5000);
}

static void
end(struct world *w)
{
    if (w->n_violations) {
        printf("\n%s\n", w->violation);
    }
    CU_ASSERT_EQUAL(w->n_violations, 0);
    world_destroy(w);
}

/* Asks, lets the world run, and compares the answer: 'state' is "done",
 * "refused" or "", and 'part' a part of the text. */
static void
expect(struct world *w, const char *state, const char *part,
       const char *command, const char *args)
{
    const struct wrequest *r = world_ask(w, command, args);
    size_t i = w->n_requests - 1;

    world_run(w, 500);
    r = &w->requests[i];
    if (strcmp(r->state, state) || !strstr(r->answer, part)) {
        printf("\n%s %s: %s: %s\n", command, args, r->state, r->answer);
    }
    CU_ASSERT_STRING_EQUAL(r->state, state);
    CU_ASSERT(strstr(r->answer, part) != NULL);
}

static void
test_hold_add(void)
{
    struct world w;

    begin(&w, MODE_MANAGE);
    expect(&w, "done", "is reserved", "hold-add",
           "network=net1 address="IP9" reason=spare");
    CU_ASSERT_EQUAL(world_stored_hold(&w, IP9)->until_wall_ms,
                    HOLD_UNTIL_RELEASED);
    CU_ASSERT_EQUAL(world_journalled(&w, "hold"), 1);

    /* Whoever wants it waits, for as long as it is reserved, and is named. */
    world_pod(&w, unit_pod("sts2-0", "u2", OWNER_STATEFULSET, "sts2",
                           "ip_address="IP9));
    world_port(&w, 0, "sts2-0", MAC2);
    world_run(&w, 600000);
    CU_ASSERT(!world_has(&w, "sts2-0.default", IP9));
    CU_ASSERT_EQUAL(world_hold(&w, IP9)->state, HOLD_DRAINING);
    CU_ASSERT(sset_contains(&world_stored_hold(&w, IP9)->waiters,
                            "sts2-0.default"));

    expect(&w, "done", "is released", "hold-release",
           "network=net1 address="IP9);
    world_run(&w, 5000);
    CU_ASSERT(world_has(&w, "sts2-0.default", IP9));
    CU_ASSERT(!world_hold(&w, IP9));
    CU_ASSERT(!world_logged(&w, "held for more than"));
    end(&w);
}

static void
test_hold_add_for_a_time(void)
{
    struct world w;

    begin(&w, MODE_GUARD);
    expect(&w, "done", "is reserved", "hold-add",
           "network=net1 address="IP9" seconds=60");
    world_run(&w, 55000);
    CU_ASSERT(world_hold(&w, IP9) != NULL);
    world_run(&w, 10000);
    CU_ASSERT(!world_hold(&w, IP9));
    CU_ASSERT_EQUAL(world_journalled(&w, "release"), 1);

    /* Once more, for longer, while it is held; the end of an instance changes
     * nothing. */
    expect(&w, "done", "is reserved", "hold-add",
           "network=net1 address="IP9" seconds=60");
    expect(&w, "done", "as well", "hold-add",
           "network=net1 address="IP9" seconds=3600");
    world_kill(&w, false);
    world_run(&w, 600000);
    CU_ASSERT(world_hold(&w, IP9) != NULL);
    world_run(&w, 3600000);
    CU_ASSERT(!world_hold(&w, IP9));
    end(&w);
}

static void
test_refusals(void)
{
    static const struct {
        const char *part, *command, *args;
    } cases[] = {
        {"port sts1-0.default has it", "hold-add",
         "network=net1 address="IP1},
        {"no logical switch named net9;", "hold-add",
         "network=net9 address="IP9},
        {"no logical switch", "hold-add", "address="IP9},
        {"not an IPv4 or IPv6 address", "hold-add",
         "network=net1 address=10.0.0.256"},
        {"not an IPv4 or IPv6 address", "hold-add", "network=net1"},
        {"not a number of seconds", "hold-add",
         "network=net1 address="IP9" seconds=0"},
        {"not a number of seconds", "hold-add",
         "network=net1 address="IP9" seconds=99999999999"},
        {"is not held", "hold-release", "network=net1 address="IP9},
        {"is not held", "hold-release",
         "network=net1 address="IP9" force=true"},
        {"is not gated", "gate-open", "port=sts1-0.default"},
        {"there is no port named sts1-0;", "gate-open", "port=sts1-0"},
        {"is not gated", "gate-keep", "port=sts1-0.default"},
        {"only a clear can be undone", "undo", "action=set"},
        {"not 'hold'; \"hold-release\" ends a hold", "undo", "action=hold"},
        {"cannot be understood", "undo", "action=clear address="IP1},
        {"knows no such request", "dance", ""},
    };
    struct world w;

    begin(&w, MODE_GUARD);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        expect(&w, "refused", cases[i].part, cases[i].command, cases[i].args);
    }
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT_EQUAL(w.n_nb, w.n_bumps);
    end(&w);
}

static void
test_answered_once(void)
{
    static const enum fault faults[] = {
        FAULT_LOST, FAULT_UNKNOWN_DONE, FAULT_UNKNOWN_NOT_DONE, FAULT_ERROR,
    };

    for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
        struct world w;

        begin(&w, MODE_GUARD);
        w.store_fault = faults[i];
        expect(&w, faults[i] == FAULT_ERROR ? "" : "done", "", "hold-add",
               "network=net1 address="IP9);
        world_run(&w, 10000);
        CU_ASSERT_STRING_EQUAL(w.requests[0].state, "done");
        CU_ASSERT_EQUAL(w.n_holds, 1);
        CU_ASSERT_EQUAL(world_journalled(&w, "hold"), 1);
        end(&w);
    }
}

/* The same, ended before its transaction takes effect, or after. */
static void
test_killed(void)
{
    for (int committed = 0; committed < 2; committed++) {
        struct world w;

        begin(&w, MODE_GUARD);
        world_ask(&w, "hold-add", "network=net1 address="IP9);
        world_turn(&w);
        world_kill(&w, committed);
        world_run(&w, 5000);
        CU_ASSERT_STRING_EQUAL(w.requests[0].state, "done");
        CU_ASSERT_EQUAL(w.n_holds, 1);
        CU_ASSERT_EQUAL(world_journalled(&w, "hold"), 1);
        end(&w);
    }
}

static void
test_too_old(void)
{
    struct world w;

    begin(&w, MODE_GUARD);
    w.locked = false;
    world_run(&w, 1000);
    world_ask(&w, "hold-add", "network=net1 address="IP9);
    world_run(&w, 700000);
    CU_ASSERT_STRING_EQUAL(w.requests[0].state, "");
    w.locked = true;
    world_run(&w, 5000);
    CU_ASSERT_STRING_EQUAL(w.requests[0].state, "refused");
    CU_ASSERT(strstr(w.requests[0].answer, "too long") != NULL);

    /* An answer that nobody fetches goes, when the next change is seen. */
    world_run(&w, 700000);
    expect(&w, "done", "is reserved", "hold-add",
           "network=net1 address="IP9);
    CU_ASSERT_EQUAL(w.n_requests, 1);
    end(&w);
}

static void
test_observe_is_silent(void)
{
    struct world w;

    begin(&w, MODE_OBSERVE);
    expect(&w, "", "", "hold-add", "network=net1 address="IP9);
    CU_ASSERT_EQUAL(w.n_stores, 0);
    end(&w);
}

/* Another hand's change arrives together with our own transaction, before its
 * answer: nothing has gone back in time. */
static void
test_load_before_answer(void)
{
    struct world w;

    begin(&w, MODE_GUARD);
    w.load_before_answer = true;
    expect(&w, "done", "is reserved", "hold-add",
           "network=net1 address="IP9);
    w.load_before_answer = false;
    world_run(&w, 5000);
    expect(&w, "done", "is released", "hold-release",
           "network=net1 address="IP9);
    world_load(&w);
    world_run(&w, 5000);
    CU_ASSERT(!guard_frozen(w.guard));
    CU_ASSERT(!world_hold(&w, IP9));
    end(&w);
}

/* A person writes to the row. */
static void
test_freeze_by_column(void)
{
    struct world w;

    begin(&w, MODE_GUARD);
    w.row.frozen = xstrdup("by hand: look");
    world_load(&w);
    world_run(&w, 500);
    CU_ASSERT_STRING_EQUAL(guard_frozen(w.guard), "by hand: look");
    CU_ASSERT_STRING_EQUAL(w.row.frozen, "by hand: look");
    free(w.row.frozen);
    w.row.frozen = NULL;
    world_load(&w);
    world_run(&w, 500);
    CU_ASSERT(!guard_frozen(w.guard));
    CU_ASSERT(!w.row.frozen);

    /* Our own freeze and thaw are not undone by somebody's other change that
     * is seen before they are stored. */
    free(guard_freeze(w.guard, "here"));
    world_load(&w);
    CU_ASSERT(guard_frozen(w.guard) != NULL);
    world_run(&w, 500);
    CU_ASSERT(w.row.frozen != NULL);
    free(guard_thaw(w.guard));
    world_load(&w);
    CU_ASSERT(!guard_frozen(w.guard));
    world_run(&w, 500);
    CU_ASSERT(!w.row.frozen);
    end(&w);
}

static void
test_undo(void)
{
    struct world w;
    struct wport *p;
    char *args;

    begin(&w, MODE_GUARD);
    p = world_find_port(&w, "sts1-0.default");
    world_bind(&w, p, NULL);
    world_del_pod(&w, "sts1-0");
    world_sts(&w, unit_sts("sts1", "sts1", 1, "ip_pool="IP2));
    world_run(&w, 10000);
    CU_ASSERT(!world_has(&w, "sts1-0.default", IP1));

    args = xasprintf("action=clear address="IP1" port=sts1-0.default "
                     "port_uuid="UUID_FMT" old_addresses="MAC1"_"IP1
                     " new_addresses="MAC1, UUID_ARGS(&p->uuid));
    expect(&w, "refused", "does not want", "undo", args);
    world_sts(&w, unit_sts("sts1", "sts1", 1, "ip_pool="IP1));
    expect(&w, "done", "is on port sts1-0.default again", "undo", args);
    CU_ASSERT(world_has(&w, "sts1-0.default", IP1));
    CU_ASSERT_EQUAL(world_journalled(&w, "put-back"), 1);
    expect(&w, "refused", "has "IP1, "undo", args);
    free(args);
    end(&w);
}

void
suite_guard_request(void)
{
    CU_pSuite suite = unit_add_suite("guard_request");

    CU_ADD_TEST(suite, test_hold_add);
    CU_ADD_TEST(suite, test_hold_add_for_a_time);
    CU_ADD_TEST(suite, test_refusals);
    CU_ADD_TEST(suite, test_answered_once);
    CU_ADD_TEST(suite, test_killed);
    CU_ADD_TEST(suite, test_too_old);
    CU_ADD_TEST(suite, test_observe_is_silent);
    CU_ADD_TEST(suite, test_load_before_answer);
    CU_ADD_TEST(suite, test_freeze_by_column);
    CU_ADD_TEST(suite, test_undo);
}
