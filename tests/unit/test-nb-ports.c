/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of the map from ports to switches: vectors for the orders in which
 * one update may be told, and random updates against a plain table. */

#include <config.h>

#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "uuid.h"

#include "ovsdb/nb-ports.h"

static struct uuid
make_uuid(unsigned int kind, unsigned int i)
{
    /* Not in order, as real ones. */
    return (struct uuid) { .parts = { i * 2654435761u, kind, 7, i } };
}

static struct uuid
port(unsigned int i)
{
    return make_uuid(1, i);
}

static struct uuid
sw(unsigned int i)
{
    return make_uuid(2, i);
}

static void
set_switch(struct nb_ports *np, unsigned int s, size_t n,
           const unsigned int *ports)
{
    struct uuid uuids[16];
    struct uuid uuid = sw(s);

    for (size_t i = 0; i < n; i++) {
        uuids[i] = port(ports[i]);
    }
    nb_ports_set_switch(np, &uuid, uuids, n);
}

static void
set_row(struct nb_ports *np, unsigned int p)
{
    struct uuid uuid = port(p);

    nb_ports_set_row(np, &uuid);
}

static bool
remove_row(struct nb_ports *np, unsigned int p)
{
    struct uuid uuid = port(p);

    return nb_ports_remove_row(np, &uuid);
}

static bool
remove_switch(struct nb_ports *np, unsigned int s)
{
    struct uuid uuid = sw(s);

    return nb_ports_remove_switch(np, &uuid);
}

/* Takes one dirty port and checks that it is 'p' on switch 's' (0: none). */
static void
check_pop(struct nb_ports *np, unsigned int p, unsigned int s)
{
    struct uuid expected_port = port(p);
    struct uuid expected_sw = s ? sw(s) : UUID_ZERO;
    struct uuid uuid, on;

    CU_ASSERT_TRUE_FATAL(nb_ports_pop_dirty(np, &uuid, &on));
    CU_ASSERT_TRUE(uuid_equals(&uuid, &expected_port));
    CU_ASSERT_TRUE(uuid_equals(&on, &expected_sw));
}

static void
check_none(struct nb_ports *np)
{
    struct uuid uuid, on;

    CU_ASSERT_FALSE(nb_ports_pop_dirty(np, &uuid, &on));
}

static void
test_row_and_switch(void)
{
    struct nb_ports np;

    nb_ports_init(&np);
    /* The row first. */
    set_row(&np, 1);
    check_pop(&np, 1, 0);
    set_switch(&np, 1, 1, (unsigned int[]) { 1 });
    check_pop(&np, 1, 1);
    check_none(&np);
    /* The switch first. */
    set_switch(&np, 1, 2, (unsigned int[]) { 1, 2 });
    check_none(&np);
    set_row(&np, 2);
    check_pop(&np, 2, 1);
    /* Told again, nothing is new; a row that is told again is. */
    set_switch(&np, 1, 2, (unsigned int[]) { 2, 1 });
    check_none(&np);
    set_row(&np, 2);
    set_row(&np, 2);
    check_pop(&np, 2, 1);
    check_none(&np);
    nb_ports_destroy(&np);
}

static void
test_moves(void)
{
    struct nb_ports np;

    nb_ports_init(&np);
    set_switch(&np, 1, 1, (unsigned int[]) { 1 });
    set_switch(&np, 2, 0, NULL);
    set_row(&np, 1);
    check_pop(&np, 1, 1);
    /* Left, then joined. */
    set_switch(&np, 1, 0, NULL);
    set_switch(&np, 2, 1, (unsigned int[]) { 1 });
    check_pop(&np, 1, 2);
    check_none(&np);
    /* Joined, then left. */
    set_switch(&np, 1, 1, (unsigned int[]) { 1 });
    set_switch(&np, 2, 0, NULL);
    check_pop(&np, 1, 1);
    check_none(&np);
    /* Joined another, and the first goes. */
    set_switch(&np, 2, 1, (unsigned int[]) { 1 });
    CU_ASSERT_TRUE(remove_switch(&np, 1));
    check_pop(&np, 1, 2);
    CU_ASSERT_FALSE(remove_switch(&np, 1));
    CU_ASSERT_TRUE(remove_switch(&np, 2));
    check_pop(&np, 1, 0);
    nb_ports_destroy(&np);
}

static void
test_removal(void)
{
    struct nb_ports np;

    nb_ports_init(&np);
    set_switch(&np, 1, 1, (unsigned int[]) { 1 });
    set_row(&np, 1);
    /* Dirty, but gone before anyone looked. */
    CU_ASSERT_TRUE(remove_row(&np, 1));
    CU_ASSERT_FALSE(remove_row(&np, 1));
    check_none(&np);
    /* The row comes back, the switch never changed. */
    set_row(&np, 1);
    check_pop(&np, 1, 1);
    CU_ASSERT_TRUE(remove_row(&np, 1));
    set_switch(&np, 1, 0, NULL);
    check_none(&np);
    CU_ASSERT_EQUAL(nb_ports_count(&np), 0);
    nb_ports_destroy(&np);
}

static void
test_sweep(void)
{
    struct nb_ports np;
    struct uuid *gone;
    struct uuid uuid;

    nb_ports_init(&np);
    set_switch(&np, 1, 2, (unsigned int[]) { 1, 2 });
    set_switch(&np, 2, 1, (unsigned int[]) { 3 });
    set_row(&np, 1);
    set_row(&np, 2);
    set_row(&np, 3);
    for (int i = 0; i < 3; i++) {
        struct uuid on;

        CU_ASSERT_TRUE(nb_ports_pop_dirty(&np, &uuid, &on));
    }

    /* Port 3 has moved, port 2 and switch 2 are no more. */
    nb_ports_begin(&np);
    set_switch(&np, 1, 2, (unsigned int[]) { 1, 3 });
    set_row(&np, 3);
    set_row(&np, 1);
    CU_ASSERT_EQUAL_FATAL(nb_ports_sweep_rows(&np, &gone), 1);
    uuid = port(2);
    CU_ASSERT_TRUE(uuid_equals(&gone[0], &uuid));
    free(gone);
    CU_ASSERT_EQUAL_FATAL(nb_ports_sweep_switches(&np, &gone), 1);
    uuid = sw(2);
    CU_ASSERT_TRUE(uuid_equals(&gone[0], &uuid));
    free(gone);
    check_pop(&np, 1, 1);
    check_pop(&np, 3, 1);
    check_none(&np);
    CU_ASSERT_EQUAL(nb_ports_count(&np), 2);
    CU_ASSERT_EQUAL(nb_ports_count_switches(&np), 1);

    nb_ports_begin(&np);
    CU_ASSERT_EQUAL(nb_ports_sweep_rows(&np, &gone), 2);
    free(gone);
    CU_ASSERT_EQUAL(nb_ports_sweep_switches(&np, &gone), 1);
    free(gone);
    check_none(&np);
    CU_ASSERT_EQUAL(nb_ports_count(&np), 0);
    nb_ports_destroy(&np);
}

/* ---- Random updates. ---- */

#define N_PORTS 12
#define N_SWITCHES 4

/* What is true, and what a reader of the dirty ports has come to believe;
 * 0: no row, or no switch. */
struct table {
    bool row[N_PORTS + 1];
    unsigned int on[N_PORTS + 1];
};

/* Changes some ports of 't' at random; a port without a row is on none. */
static void
change_at_random(struct table *t)
{
    for (unsigned int n = random_range(5); n-- > 0; ) {
        unsigned int p = 1 + random_range(N_PORTS);

        t->row[p] = random_range(4) > 0;
        t->on[p] = t->row[p] ? random_range(N_SWITCHES + 1) : 0;
    }
}

static void
tell_switch(struct nb_ports *np, const struct table *t, unsigned int s)
{
    unsigned int ports[N_PORTS];
    size_t n = 0;

    for (unsigned int p = 1; p <= N_PORTS; p++) {
        if (t->on[p] == s) {
            ports[n++] = p;
        }
    }
    set_switch(np, s, n, ports);
}

/* Tells what differs between 'old' and 'new', in the order of nb-view.c but
 * with the switches in any. */
static void
tell(struct nb_ports *np, const struct table *old, const struct table *new)
{
    unsigned int first = random_range(N_SWITCHES);

    for (unsigned int p = 1; p <= N_PORTS; p++) {
        if (old->row[p] && !new->row[p]) {
            CU_ASSERT_TRUE(remove_row(np, p));
        }
    }
    for (unsigned int i = 0; i < N_SWITCHES; i++) {
        tell_switch(np, new, 1 + (first + i) % N_SWITCHES);
    }
    for (unsigned int p = 1; p <= N_PORTS; p++) {
        if (!old->row[p] && new->row[p]) {
            set_row(np, p);
        }
    }
}

static void
test_random(void)
{
    struct table now, believed;
    struct nb_ports np;

    random_set_seed(unit_seed());
    memset(&now, 0, sizeof now);
    memset(&believed, 0, sizeof believed);
    nb_ports_init(&np);
    for (int round = 0; round < 2000; round++) {
        struct table old = now;
        struct uuid uuid, on;
        size_t n_changed = 0;
        size_t n_told = 0;

        change_at_random(&now);
        tell(&np, &old, &now);
        for (unsigned int p = 1; p <= N_PORTS; p++) {
            if (!now.row[p]) {
                believed.row[p] = false;
                believed.on[p] = 0;
            } else if (!old.row[p] || old.on[p] != now.on[p]) {
                n_changed++;
            }
        }
        while (nb_ports_pop_dirty(&np, &uuid, &on)) {
            unsigned int p = uuid.parts[3];

            believed.row[p] = true;
            believed.on[p] = uuid_is_zero(&on) ? 0 : on.parts[3];
            n_told++;
        }
        CU_ASSERT_EQUAL_FATAL(n_told, n_changed);
        CU_ASSERT_EQUAL_FATAL(memcmp(&now, &believed, sizeof now), 0);
    }
    nb_ports_destroy(&np);
}

void
suite_nb_ports(void)
{
    CU_pSuite suite = unit_add_suite("nb_ports");

    CU_ADD_TEST(suite, test_row_and_switch);
    CU_ADD_TEST(suite, test_moves);
    CU_ADD_TEST(suite, test_removal);
    CU_ADD_TEST(suite, test_sweep);
    CU_ADD_TEST(suite, test_random);
}
