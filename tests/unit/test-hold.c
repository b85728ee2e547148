/* SPDX-License-Identifier: Apache-2.0 */

/* Every state of a hold under every combination of facts, against a table of
 * rules written from the diagram of hold.h: the first rule that matches says
 * what follows.  And the table of holds. */

#include <config.h>

#include "agent/core/hold.h"

#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "util.h"
#include "uuid.h"

#include "tests/unit/unit.h"
#include "tests/unit/world.h"

enum fact {
    STORED = 1 << 0,
    GONE = 1 << 1,              /* The address is off its port. */
    LOST = 1 << 2,
    RETURNED = 1 << 3,
    COMPLETE = 1 << 4,
    BLOCKERS = 1 << 5,
    GATE = 1 << 6,              /* The gate is open, or there is none. */
    DEADLINE = 1 << 7,
    NO_NETWORK = 1 << 8,
    FORCE = 1 << 9,
    FROZEN = 1 << 10,
    N_FACTS = 1 << 11,
};

static struct hold_facts
facts_from_bits(unsigned int bits)
{
    return (struct hold_facts) {
        .stored = bits & STORED,
        .address_gone = bits & GONE,
        .clear_lost = bits & LOST,
        .owner_returned = bits & RETURNED,
        .evidence_complete = bits & COMPLETE,
        .n_blockers = bits & BLOCKERS ? 2 : 0,
        .gate_opened = bits & GATE,
        .deadline_passed = bits & DEADLINE,
        .network_gone = bits & NO_NETWORK,
        .force = bits & FORCE,
        .frozen = bits & FROZEN,
    };
}

static const struct rule {
    enum hold_state from;
    unsigned int set, unset;    /* Facts that must, or must not, be. */
    enum hold_state to;
} rules[] = {
    /* What is gone is never simply forgotten. */
    { HOLD_INTENT, GONE | RETURNED, 0, HOLD_CANCELLED },
    { HOLD_INTENT, GONE, 0, HOLD_DRAINING },
    { HOLD_INTENT, FORCE, 0, HOLD_CANCELLED },
    { HOLD_INTENT, LOST, 0, HOLD_CANCELLED },
    { HOLD_INTENT, RETURNED, 0, HOLD_CANCELLED },
    { HOLD_INTENT, STORED, 0, HOLD_CLEARING },
    { HOLD_INTENT, 0, 0, HOLD_INTENT },

    { HOLD_CLEARING, GONE | RETURNED, 0, HOLD_CANCELLED },
    { HOLD_CLEARING, GONE, 0, HOLD_DRAINING },
    { HOLD_CLEARING, FORCE, 0, HOLD_CANCELLED },
    { HOLD_CLEARING, LOST, 0, HOLD_CANCELLED },
    { HOLD_CLEARING, RETURNED, 0, HOLD_CANCELLED },
    { HOLD_CLEARING, 0, 0, HOLD_CLEARING },

    { HOLD_DRAINING, FORCE, 0, HOLD_FORCED },
    { HOLD_DRAINING, RETURNED, 0, HOLD_CANCELLED },
    { HOLD_DRAINING, NO_NETWORK, FROZEN, HOLD_RELEASED },
    { HOLD_DRAINING, GONE | COMPLETE, BLOCKERS, HOLD_CLEAN },
    { HOLD_DRAINING, DEADLINE, 0, HOLD_BLOCKED },
    { HOLD_DRAINING, 0, 0, HOLD_DRAINING },

    { HOLD_BLOCKED, FORCE, 0, HOLD_FORCED },
    { HOLD_BLOCKED, RETURNED, 0, HOLD_CANCELLED },
    { HOLD_BLOCKED, NO_NETWORK, FROZEN, HOLD_RELEASED },
    { HOLD_BLOCKED, GONE | COMPLETE, BLOCKERS, HOLD_CLEAN },
    { HOLD_BLOCKED, 0, 0, HOLD_BLOCKED },

    { HOLD_CLEAN, FORCE, 0, HOLD_FORCED },
    { HOLD_CLEAN, RETURNED, 0, HOLD_CANCELLED },
    { HOLD_CLEAN, NO_NETWORK, FROZEN, HOLD_RELEASED },
    { HOLD_CLEAN, GONE | COMPLETE | STORED | GATE, BLOCKERS | FROZEN,
      HOLD_RELEASED },
    { HOLD_CLEAN, GONE | COMPLETE, BLOCKERS, HOLD_CLEAN },
    { HOLD_CLEAN, DEADLINE, 0, HOLD_BLOCKED },
    { HOLD_CLEAN, 0, 0, HOLD_DRAINING },

    { HOLD_RELEASED, 0, 0, HOLD_RELEASED },
    { HOLD_CANCELLED, 0, 0, HOLD_CANCELLED },
    { HOLD_FORCED, 0, 0, HOLD_FORCED },
};

static void
test_every_step(void)
{
    for (int state = 0; state < HOLD_N_STATES; state++) {
        for (unsigned int bits = 0; bits < N_FACTS; bits++) {
            struct hold_facts f = facts_from_bits(bits);
            const struct rule *rule = NULL;

            for (size_t i = 0; i < ARRAY_SIZE(rules) && !rule; i++) {
                if (rules[i].from == state
                    && (rules[i].set & bits) == rules[i].set
                    && !(rules[i].unset & bits)) {
                    rule = &rules[i];
                }
            }
            CU_ASSERT_PTR_NOT_NULL_FATAL(rule);
            enum hold_state to = hold_step(state, &f);
            if (to != rule->to) {
                printf("%s with %#x: %s, expected %s\n",
                       hold_state_to_string(state), bits,
                       hold_state_to_string(to),
                       hold_state_to_string(rule->to));
            }
            CU_ASSERT_EQUAL(to, rule->to);
        }
    }
}

/* The promises, said once more without the table. */
static void
test_promises(void)
{
    for (int state = 0; state < HOLD_N_STATES; state++) {
        for (unsigned int bits = 0; bits < N_FACTS; bits++) {
            struct hold_facts f = facts_from_bits(bits);
            enum hold_state to = hold_step(state, &f);

            if (hold_state_is_end(state)) {
                CU_ASSERT_EQUAL(to, state);
                continue;
            }
            if (to == HOLD_RELEASED) {
                CU_ASSERT(!f.frozen);
                CU_ASSERT(f.network_gone
                          || (state == HOLD_CLEAN && f.stored
                              && f.gate_opened && !f.n_blockers
                              && f.evidence_complete && f.address_gone));
            }
            if (to == HOLD_CLEARING && state != HOLD_CLEARING) {
                CU_ASSERT(state == HOLD_INTENT && f.stored);
            }
            if (to == HOLD_CLEAN && state != HOLD_CLEAN) {
                CU_ASSERT(state != HOLD_INTENT && state != HOLD_CLEARING);
            }
            if (to == HOLD_FORCED) {
                CU_ASSERT(f.force && state != HOLD_INTENT
                          && state != HOLD_CLEARING);
            }
            if (to == HOLD_CANCELLED && f.address_gone) {
                CU_ASSERT(f.owner_returned);
            }
            /* No way back to before the address went. */
            if (state != HOLD_INTENT) {
                CU_ASSERT(to != HOLD_INTENT);
            }
        }
    }
}

static void
test_names(void)
{
    for (int i = 0; i < HOLD_N_STATES; i++) {
        enum hold_state state = HOLD_N_STATES;

        CU_ASSERT(hold_state_from_string(hold_state_to_string(i), &state));
        CU_ASSERT_EQUAL(state, i);
    }
    enum hold_state state;
    CU_ASSERT(!hold_state_from_string("drained", &state));
    CU_ASSERT(!hold_state_from_string("", &state));
}

static struct hold *
make_hold(uint32_t row, uint32_t network, const char *name, const char *ip_s)
{
    struct uuid uuid = unit_uuid(row);
    struct uuid net = unit_uuid(network);
    struct ip_addr ip = unit_ip(ip_s);

    return hold_create(&uuid, &net, name, &ip);
}

static void
test_former_ports(void)
{
    struct hold *h = make_hold(1, 2, "net", "10.0.0.1");
    struct uuid a = unit_uuid(10), b = unit_uuid(11);

    h->b1 = 5;
    h->b2 = 6;
    h->b1_token = 7;
    hold_add_former(h, &a, "a", "0a:00:00:00:00:01", 100);
    CU_ASSERT_EQUAL(h->b1, 0);
    CU_ASSERT_EQUAL(h->b2, 0);
    CU_ASSERT_EQUAL(h->b1_token, 0);
    hold_add_former(h, &b, "b", NULL, 200);
    CU_ASSERT_EQUAL(h->n_former, 2);
    CU_ASSERT_STRING_EQUAL(hold_find_former(h, &b)->mac, "");

    /* The same port again: renewed, not doubled. */
    hold_add_former(h, &a, "a", "0a:00:00:00:00:02", 300);
    CU_ASSERT_EQUAL(h->n_former, 2);
    CU_ASSERT_EQUAL(hold_find_former(h, &a)->departed_wall_ms, 300);
    CU_ASSERT_STRING_EQUAL(hold_find_former(h, &a)->mac,
                           "0a:00:00:00:00:02");

    /* Once it is to be cleared by us, that goes with it until it returns. */
    CU_ASSERT(!hold_find_former(h, &a)->cleared);
    hold_note_clear(h, &a);
    hold_add_former(h, &a, "a", "0a:00:00:00:00:02", 300);
    CU_ASSERT(hold_find_former(h, &a)->cleared);
    CU_ASSERT(!hold_find_former(h, &b)->cleared);
    CU_ASSERT(hold_remove_former(h, &a));
    hold_add_former(h, &a, "a", "0a:00:00:00:00:02", 300);
    CU_ASSERT(!hold_find_former(h, &a)->cleared);

    /* So does what the clear takes out of port_security. */
    struct svec ps = SVEC_EMPTY_INITIALIZER;
    CU_ASSERT(!hold_note_port_security(h, &a, &ps));
    svec_add(&ps, "0a:00:00:00:00:02 10.0.0.1 10.0.0.2");
    CU_ASSERT(hold_note_port_security(h, &a, &ps));
    h->changed = false;
    CU_ASSERT(!hold_note_port_security(h, &a, &ps));
    CU_ASSERT(!h->changed);
    hold_add_former(h, &a, "a", "0a:00:00:00:00:02", 300);
    CU_ASSERT(svec_equal(&hold_find_former(h, &a)->port_security, &ps));
    CU_ASSERT_EQUAL(hold_find_former(h, &b)->port_security.n, 0);

    hold_set_owner(h, "ns", "StatefulSet", "a-0", "a", NULL);
    sset_add(&h->notes, "n");
    sset_add(&h->blockers, "x");
    hold_add_taker(h, &b);
    struct hold *c = hold_clone(h);
    CU_ASSERT_EQUAL(c->n_former, 2);
    CU_ASSERT_STRING_EQUAL(c->owner.name, "a-0");
    CU_ASSERT_STRING_EQUAL(c->owner.uid, "");
    CU_ASSERT(sset_contains(&c->notes, "n"));
    CU_ASSERT_EQUAL(c->n_takers, 0);
    CU_ASSERT(svec_equal(&hold_find_former(c, &a)->port_security, &ps));
    hold_destroy(c);
    svec_destroy(&ps);

    CU_ASSERT(hold_remove_former(h, &a));
    CU_ASSERT(!hold_remove_former(h, &a));
    CU_ASSERT_PTR_NULL(hold_find_former(h, &a));
    CU_ASSERT_PTR_NOT_NULL(hold_find_former(h, &b));

    hold_add_taker(h, &a);
    hold_add_taker(h, &a);
    CU_ASSERT_EQUAL(h->n_takers, 2);
    hold_remove_taker(h, &b);
    CU_ASSERT(hold_has_taker(h, &a));
    CU_ASSERT(!hold_has_taker(h, &b));
    hold_destroy(h);
    hold_destroy(NULL);
}

/* Are the holds of 't' as another table has them, in which all of them are
 * before they are sorted for the first time? */
static bool
is_in_order(const struct hold_table *t)
{
    size_t n = hold_table_count(t);
    struct hold **sorted = hold_table_sorted(t);
    struct hold_table other;
    bool same = true;

    hold_table_init(&other);
    for (size_t i = 0; i < n; i++) {
        hold_table_insert(&other, hold_clone(sorted[i]));
    }
    struct hold **expected = hold_table_sorted(&other);
    for (size_t i = 0; i < n; i++) {
        same &= uuid_equals(&sorted[i]->uuid, &expected[i]->uuid);
    }
    free(expected);
    free(sorted);
    hold_table_destroy(&other);
    return same;
}

/* Those that come and go one by one are where sorting would put them. */
static void
test_order_is_kept(void)
{
    enum { N = 200, ROUNDS = 2000 };
    struct hold *holds[N] = { NULL };
    struct hold_table t;

    hold_table_init(&t);
    free(hold_table_sorted(&t));
    for (int round = 0; round < ROUNDS; round++) {
        int i = random_range(N);

        if (holds[i]) {
            hold_table_remove(&t, holds[i]);
            hold_destroy(holds[i]);
            holds[i] = NULL;
        } else {
            char name[8], ip[32];

            /* Some of different networks have one name, and one address. */
            snprintf(name, sizeof name, "n%d", i % 3);
            snprintf(ip, sizeof ip, "10.0.0.%d", i / 3 % 20 + 1);
            holds[i] = make_hold(1000 + i, i, name, ip);
            hold_table_insert(&t, holds[i]);
        }
        if (round % 50 == 0) {
            CU_ASSERT(is_in_order(&t));
        }
    }
    CU_ASSERT(hold_table_count(&t) > N / 4);
    CU_ASSERT(is_in_order(&t));
    hold_table_destroy(&t);
}

static void
test_table(void)
{
    static const struct {
        uint32_t network;
        const char *name, *ip;
    } in[] = {
        { 1, "b", "10.0.0.10" }, { 1, "b", "10.0.0.9" },
        { 2, "a", "10.0.0.9" }, { 1, "b", "fd00::1" },
        { 3, "a", "10.0.0.9" },
    };
    struct hold_table t;
    struct ip_addr ip = unit_ip("10.0.0.9");

    hold_table_init(&t);
    for (size_t i = 0; i < ARRAY_SIZE(in); i++) {
        hold_table_insert(&t, make_hold(100 + i, in[i].network, in[i].name,
                                        in[i].ip));
    }
    CU_ASSERT_EQUAL(hold_table_count(&t), ARRAY_SIZE(in));
    struct hold **sorted = hold_table_sorted(&t);
    CU_ASSERT_STRING_EQUAL(sorted[0]->network_name, "a");
    CU_ASSERT_STRING_EQUAL(sorted[1]->network_name, "a");
    CU_ASSERT(ip_addr_equals(&sorted[2]->addr, &ip));
    CU_ASSERT_EQUAL(sorted[4]->addr.family, 6);
    free(sorted);

    /* An address is unique per network only. */
    struct uuid net1 = unit_uuid(1), net2 = unit_uuid(2), no = unit_uuid(9);
    CU_ASSERT(hold_table_find(&t, &net1, &ip)
              != hold_table_find(&t, &net2, &ip));
    CU_ASSERT_PTR_NULL(hold_table_find(&t, &no, &ip));
    struct uuid row = unit_uuid(101);
    struct hold *h = hold_table_find_uuid(&t, &row);
    CU_ASSERT_PTR_EQUAL(h, hold_table_find(&t, &net1, &ip));
    hold_table_remove(&t, h);
    hold_destroy(h);
    CU_ASSERT_PTR_NULL(hold_table_find(&t, &net1, &ip));
    CU_ASSERT_PTR_NULL(hold_table_find_uuid(&t, &row));
    hold_table_clear(&t);
    CU_ASSERT_EQUAL(hold_table_count(&t), 0);
    hold_table_destroy(&t);
}

void
suite_hold(void)
{
    CU_pSuite suite = unit_add_suite("hold");

    CU_ADD_TEST(suite, test_every_step);
    CU_ADD_TEST(suite, test_promises);
    CU_ADD_TEST(suite, test_names);
    CU_ADD_TEST(suite, test_former_ports);
    CU_ADD_TEST(suite, test_table);
    CU_ADD_TEST(suite, test_order_is_kept);
}
