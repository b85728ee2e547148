/* SPDX-License-Identifier: Apache-2.0 */

/* What a clear takes out of port_security comes back with the address, whoever
 * puts that back, and nothing else does (agent/core/guard-narrow.c). */

#include <config.h>

#include "util.h"

#include "tests/unit/guard-fixture.h"
#include "tests/unit/unit.h"
#include "tests/unit/world.h"

static void
assign(struct wport *p, const char *addresses, const char *ps)
{
    svec_clear(&p->addresses);
    svec_add(&p->addresses, addresses);
    svec_clear(&p->ps);
    svec_add(&p->ps, ps);
}

/* sts1-0 is gone, and its template wants 'wanted' instead of what its port
 * has, 'addresses', which port_security has as well. */
static struct wport *
begin_in(struct world *w, enum guard_mode mode, const char *addresses,
         const char *wanted)
{
    struct wport *p;
    char *pool = xasprintf("ip_pool=%s", wanted);

    fixture_begin(w, mode);
    p = world_find_port(w, "sts1-0.default");
    assign(p, addresses, addresses);
    world_port_changed(w, p);
    world_bind(w, p, NULL);
    world_del_pod(w, "sts1-0");
    world_sts(w, unit_sts("sts1", "sts1", 1, pool));
    free(pool);
    w->on_read = fixture_fail_look_back;
    w->northd_frozen = true;
    return p;
}

static struct wport *
begin(struct world *w, const char *addresses, const char *wanted)
{
    return begin_in(w, MODE_GUARD, addresses, wanted);
}

/* A pod wants 'wanted', all of which it has been given, and the daemon is
 * killed before it looks back. */
static void
want_back_and_kill(struct world *w, const char *wanted)
{
    char *annotations = xasprintf("ip_address=%s;allocated=true", wanted);

    world_pod(w, unit_pod("sts1-0", "u2", OWNER_STATEFULSET, "sts1",
                          annotations));
    free(annotations);
    world_settle(w);
    w->on_read = NULL;
    world_kill(w, false);
    world_run(w, 10 * 1000);
}

static void
end(struct world *w)
{
    w->northd_frozen = false;
    world_run(w, 60 * 1000);
    CU_ASSERT_EQUAL(w->n_holds, 0);
    fixture_end(w);
}

/* Unless another hand has written there since. */
static void
test_over_a_restart(void)
{
    for (int other_hand = 0; other_hand < 2; other_hand++) {
        struct wport *p;
        struct world w;

        p = begin(&w, MAC1" "IP1" "V6, IP2);
        world_run(&w, 10 * 1000);
        CU_ASSERT_EQUAL(w.n_clears, 1);
        CU_ASSERT_EQUAL_FATAL(p->ps.n, 1);
        CU_ASSERT_STRING_EQUAL(p->ps.names[0], MAC1" "V6);
        if (other_hand) {
            svec_add(&p->ps, MAC1" fd00::2");
            world_port_changed(&w, p);
        }
        want_back_and_kill(&w, IP1);
        CU_ASSERT_EQUAL(world_has(&w, "sts1-0.default", IP1), !other_hand);
        CU_ASSERT_EQUAL(world_journalled(&w, "put-back"), !other_hand);
        CU_ASSERT_STRING_EQUAL(p->ps.names[0], other_hand ? MAC1" "V6
                               : MAC1" "IP1" "V6);
        end(&w);
    }
}

/* Two addresses that went in one write come back, one after the other. */
static void
test_two_addresses(void)
{
    struct world w;
    struct wport *p = begin(&w, MAC1" "IP1" "V6" fd00::9", IP2",fd00::2");

    world_run(&w, 10 * 1000);
    CU_ASSERT(!world_has(&w, "sts1-0.default", IP1));
    CU_ASSERT(!world_has(&w, "sts1-0.default", V6));
    world_run(&w, 10 * 1000);
    want_back_and_kill(&w, IP1","V6);
    CU_ASSERT(world_has(&w, "sts1-0.default", IP1));
    CU_ASSERT(world_has(&w, "sts1-0.default", V6));
    CU_ASSERT_EQUAL(world_journalled(&w, "put-back"), 2);
    CU_ASSERT_EQUAL_FATAL(p->ps.n, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(p->ps.names[0], IP1));
    CU_ASSERT_PTR_NOT_NULL(strstr(p->ps.names[0], V6));
    end(&w);
}

static int n_looks;

/* The pod is there again with the first look back; the second one fails. */
static enum live_read_result
want_both(struct world *w)
{
    if (!w->n_clears) {
        return LIVE_READ_CURRENT;
    }
    if (!n_looks++) {
        world_pod(w, unit_pod("sts1-0", "u2", OWNER_STATEFULSET, "sts1",
                              "ip_address="IP1","V6";allocated=true"));
        return LIVE_READ_CHANGED;
    }
    return n_looks == 2 ? LIVE_READ_FAILED : LIVE_READ_CURRENT;
}

/* The look back at the second one is answered later: it comes back, too. */
static void
test_two_addresses_in_turn(void)
{
    struct world w;
    struct wport *p = begin(&w, MAC1" "IP1" "V6, IP2",fd00::2");

    n_looks = 0;
    w.on_read = want_both;
    world_run(&w, 20 * 1000);
    CU_ASSERT(n_looks > 2);
    CU_ASSERT_EQUAL(world_journalled(&w, "put-back"), 2);
    CU_ASSERT(world_has(&w, "sts1-0.default", IP1));
    CU_ASSERT(world_has(&w, "sts1-0.default", V6));
    CU_ASSERT_EQUAL_FATAL(p->ps.n, 1);
    CU_ASSERT_STRING_EQUAL(p->ps.names[0], MAC1" "IP1" "V6);
    end(&w);
}

static enum live_read_result
want_back(struct world *w)
{
    if (w->n_clears) {
        world_sts(w, unit_sts("sts1", "sts1", 1, "ip_pool="IP1));
        w->on_read = NULL;
        return LIVE_READ_CHANGED;
    }
    return LIVE_READ_CURRENT;
}

/* In mode manage another address came in its place, there as well: it goes
 * again. */
static void
test_replaced(void)
{
    struct world w;
    struct wport *p = begin_in(&w, MODE_MANAGE, MAC1" "IP1" "V6, IP2","V6);

    w.northd_frozen = false;
    w.on_read = want_back;
    world_run(&w, 20 * 1000);
    CU_ASSERT_EQUAL(world_journalled(&w, "put-back"), 1);
    CU_ASSERT(world_has(&w, "sts1-0.default", IP1));
    CU_ASSERT(!world_has(&w, "sts1-0.default", IP2));
    CU_ASSERT_EQUAL_FATAL(p->ps.n, 1);
    CU_ASSERT_STRING_EQUAL(p->ps.names[0], MAC1" "IP1" "V6);
    end(&w);
}

/* Another hand writes port_security while the intent is being stored: what is
 * to be restored is stored once more before the clear. */
static void
test_changed_before_the_clear(void)
{
    struct world w;
    struct wport *p = begin(&w, MAC1" "IP1" "V6, IP2);

    CU_ASSERT_FATAL(fixture_run_until(&w, fixture_stores_a_hold));
    CU_ASSERT_EQUAL(w.n_clears, 0);
    assign(p, MAC1" "IP1" "V6, MAC1" "IP1" "V6" fd00::7");
    world_port_changed(&w, p);
    CU_ASSERT_FATAL(fixture_run_until(&w, fixture_nb_writes));
    CU_ASSERT_EQUAL_FATAL(w.n_holds, 1);
    CU_ASSERT_EQUAL_FATAL(w.holds[0]->n_former, 1);
    CU_ASSERT_EQUAL_FATAL(w.holds[0]->former[0].port_security.n, 1);
    CU_ASSERT_STRING_EQUAL(w.holds[0]->former[0].port_security.names[0],
                           MAC1" "IP1" "V6" fd00::7");
    world_run(&w, 10 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 1);
    CU_ASSERT_STRING_EQUAL(p->ps.names[0], MAC1" "V6" fd00::7");
    want_back_and_kill(&w, IP1);
    CU_ASSERT_STRING_EQUAL(p->ps.names[0], MAC1" "IP1" "V6" fd00::7");
    end(&w);
}

/* An entry that names the address alone stays, and nothing is noted. */
static void
test_not_narrowed(void)
{
    struct world w;
    struct wport *p = begin(&w, MAC1" "IP1, IP2);

    world_run(&w, 10 * 1000);
    CU_ASSERT_EQUAL(w.n_clears, 1);
    CU_ASSERT_STRING_EQUAL(p->ps.names[0], MAC1" "IP1);
    CU_ASSERT_EQUAL_FATAL(w.n_holds, 1);
    CU_ASSERT_EQUAL(w.holds[0]->former[0].port_security.n, 0);
    want_back_and_kill(&w, IP1);
    CU_ASSERT(world_has(&w, "sts1-0.default", IP1));
    CU_ASSERT_STRING_EQUAL(p->ps.names[0], MAC1" "IP1);
    end(&w);
}

void
suite_guard_narrow(void)
{
    CU_pSuite suite = unit_add_suite("guard_narrow");

    CU_ADD_TEST(suite, test_over_a_restart);
    CU_ADD_TEST(suite, test_two_addresses);
    CU_ADD_TEST(suite, test_two_addresses_in_turn);
    CU_ADD_TEST(suite, test_replaced);
    CU_ADD_TEST(suite, test_changed_before_the_clear);
    CU_ADD_TEST(suite, test_not_narrowed);
}
