/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of the file of a plan: what is written is read again, and whatever
 * else is read gets an error with a line in it. */

#include <config.h>

#include "agent/core/plan.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "random.h"
#include "util.h"
#include "uuid.h"

#include "tests/unit/unit.h"
#include "tests/unit/world.h"

static void
add(struct plan *plan, const char *port, const char *ip, const char *saw,
    const char *write, const char *saw_ps, const char *write_ps)
{
    struct plan_row *row;

    plan->rows = xrealloc(plan->rows, (plan->n + 1) * sizeof *plan->rows);
    row = &plan->rows[plan->n++];
    memset(row, 0, sizeof *row);
    uuid_generate(&row->uuid);
    row->port = xstrdup(port);
    row->network = xstrdup("ls 1: \"x\"");
    row->clears = xzalloc(sizeof *row->clears);
    row->clears[0].addr = unit_ip(ip);
    row->clears[0].because = xstrdup("case C, no pod: gone");
    row->n_clears = 1;
    svec_init(&row->saw_addresses);
    svec_init(&row->write_addresses);
    svec_init(&row->saw_port_security);
    svec_init(&row->write_port_security);
    svec_add(&row->saw_addresses, saw);
    svec_add(&row->saw_addresses, "router");
    svec_add(&row->write_addresses, write);
    svec_add(&row->write_addresses, "router");
    if (saw_ps) {
        svec_add(&row->saw_port_security, saw_ps);
        svec_add(&row->write_port_security, write_ps);
    }
}

static void
make(struct plan *plan)
{
    memset(plan, 0, sizeof *plan);
    svec_init(&plan->notes);
    add(plan, "a.default", "10.0.0.1", "0a:00:00:00:00:01 10.0.0.1",
        "0a:00:00:00:00:01", NULL, NULL);
    /* Whatever is in a string: it is the rest of a line. */
    add(plan, "b: c # d", "fd00::1", "  0a:00:00:00:00:02  fd00::1 # x: y ",
        "  0a:00:00:00:00:02 # x: y ", "-+ #", "+- ");
    svec_add(&plan->notes, "e: 10.0.0.9 looks stale");
}

static char *
format(const struct plan *plan)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    plan_format(plan, &ds);
    return ds_steal_cstr(&ds);
}

static void
test_round(void)
{
    struct plan plan, again;
    char *text, *text2, *error;

    make(&plan);
    text = format(&plan);
    error = plan_parse(text, &again);
    CU_ASSERT_PTR_NULL(error);
    CU_ASSERT_EQUAL_FATAL(again.n, 2);
    CU_ASSERT_STRING_EQUAL(again.rows[1].port, "b: c # d");
    CU_ASSERT(svec_equal(&again.rows[1].saw_addresses,
                         &plan.rows[1].saw_addresses));
    CU_ASSERT(svec_equal(&again.rows[1].write_port_security,
                         &plan.rows[1].write_port_security));
    CU_ASSERT(uuid_equals(&again.rows[0].uuid, &plan.rows[0].uuid));
    CU_ASSERT(!again.rows[0].saw_port_security.n);
    CU_ASSERT_STRING_EQUAL(again.rows[0].clears[0].because,
                           "case C, no pod: gone");

    /* And it is the same file, but for the notes. */
    svec_add(&again.notes, "e: 10.0.0.9 looks stale");
    text2 = format(&again);
    CU_ASSERT_STRING_EQUAL(text, text2);
    free(text);
    free(text2);
    free(error);
    plan_destroy(&plan);
    plan_destroy(&again);
}

static void
test_errors(void)
{
    static const struct {
        const char *text, *error;
    } vectors[] = {
        {"", "line 1: the end is not expected here, but 'plan-version: 1'"},
        {"# x\n\nmode: guard\n", "line 3: 'mode' is not expected"},
        {"plan-version: x\n", "line 1: plan-version: 'x' is not known"},
        {"plan-version: 1\n", "line 2: the end is not expected here, but "
                              "'mode: guard'"},
        {"plan-version: 1\nmode: manage\n", "line 2: mode: 'manage' is not"},
        {"plan-version: 1\nmode: guard\nuuid: x\n", "line 3: 'uuid' is not "
                                                    "expected here"},
        {"plan-version: 1\nmode: guard\nport:\n", "line 3: port: ''"},
        {"plan-version: 1\nmode: guard\nport: p\n", "line 3: port: 'p' has "
                                                    "no field 'uuid'"},
        {"plan-version: 1\nmode: guard\nport: p\n+x\n", "line 4: '+x' is not "
                                                        "expected"},
        {"plan-version: 1\nmode: guard\nport: p\nbecause: x\n",
         "line 4: because: expected behind"},
        {"plan-version: 1\nmode: guard\nport: p\nclear: 10.0.0.1\n"
         "clear: 10.0.0.1\n", "line 5: clear: '10.0.0.1' is there twice"},
        {"plan-version: 1\nmode: guard\nport: p\nnetwork: a\nnetwork: a\n",
         "line 5: network: expected once"},
        {"plan-version: 1\nmode: guard\nport: p\naddresses: x\n",
         "line 4: addresses: 'x' is not expected"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct plan plan;
        char *error = plan_parse(vectors[i].text, &plan);

        CU_ASSERT(error && !strncmp(error, vectors[i].error,
                                    strlen(vectors[i].error)));
        if (error && strncmp(error, vectors[i].error,
                             strlen(vectors[i].error))) {
            printf("\ngot \"%s\", expected \"%s\"\n", error,
                   vectors[i].error);
        }
        free(error);
        plan_destroy(&plan);
    }
}

/* Files that were damaged in any way are read or refused, and nothing else. */
static void
test_damage(void)
{
    struct plan plan;
    char *text;
    size_t n;

    make(&plan);
    text = format(&plan);
    plan_destroy(&plan);
    n = strlen(text);
    random_set_seed(1);
    for (int i = 0; i < 2000; i++) {
        char *copy = xmemdup0(text, random_range(n + 1));
        size_t len = strlen(copy);
        char *error;

        for (int j = random_range(4); len && j > 0; j--) {
            copy[random_range(len)] = " +-#:\n\r\tx1"[random_range(10)];
        }
        error = plan_parse(copy, &plan);
        CU_ASSERT(!error || !strncmp(error, "line ", 5));
        for (size_t j = 0; !error && j < plan.n; j++) {
            CU_ASSERT(plan.rows[j].network && plan.rows[j].n_clears);
        }
        free(error);
        free(copy);
        plan_destroy(&plan);
    }
    free(text);
}

void
suite_plan(void)
{
    CU_pSuite suite = unit_add_suite("plan");

    CU_ADD_TEST(suite, test_round);
    CU_ADD_TEST(suite, test_errors);
    CU_ADD_TEST(suite, test_damage);
}
