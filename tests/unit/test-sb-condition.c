/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of when the Southbound database is asked for other rows, without a
 * server: the tests acknowledge requests themselves. */

#include <config.h>

#include "tests/unit/unit.h"

#include <limits.h>

#include "ovsdb-idl.h"
#include "sset.h"

#include "agent/core/orders.h"
#include "ovsdb/sb-condition.h"
#include "ovsdb/sb-idl.h"

/* Watches one more port, and returns true if it is asked for at 'now'. */
static bool
asks_for(struct sb_condition *c, struct sb_watch *watch, const char *port,
         long long int now)
{
    c->outstanding = false;
    sset_add(&watch->ports, port);
    watch->seqno++;
    sb_condition_run(c, watch, now);
    return sset_contains(&c->requested.ports, port);
}

/* Whoever takes a held address is looked at without delay, also just after
 * other requests; and there are never more than four in a second. */
static void
test_requests_in_a_second(void)
{
    struct ovsdb_idl *idl = ovsdb_idl_create_unconnected(&sbrec_idl_class,
                                                         true);
    struct sb_watch watch = { .seqno = 1 };
    struct sb_condition c;
    const long long int t = 5000;

    sset_init(&watch.ports);
    sset_init(&watch.addresses);
    sset_init(&watch.networks);
    sb_condition_init(&c, idl);

    CU_ASSERT(asks_for(&c, &watch, "a", t));
    CU_ASSERT(asks_for(&c, &watch, "b", t + 1));
    CU_ASSERT(asks_for(&c, &watch, "c", t + 2));
    CU_ASSERT(asks_for(&c, &watch, "d", t + 300));
    CU_ASSERT(!asks_for(&c, &watch, "e", t + 301));
    CU_ASSERT(c.waiting);
    CU_ASSERT(!asks_for(&c, &watch, "f", t + 999));
    /* What had to wait goes in one request. */
    CU_ASSERT(asks_for(&c, &watch, "g", t + 1000));
    CU_ASSERT(sset_contains(&c.requested.ports, "e"));
    CU_ASSERT(asks_for(&c, &watch, "h", t + 1001));
    CU_ASSERT(asks_for(&c, &watch, "i", t + 1002));
    CU_ASSERT(!asks_for(&c, &watch, "j", t + 1299));
    CU_ASSERT(asks_for(&c, &watch, "k", t + 1300));

    /* One at a time: not before the last one was acknowledged. */
    sset_add(&watch.ports, "l");
    watch.seqno++;
    c.outstanding = true;
    c.expected = UINT_MAX;
    sb_condition_run(&c, &watch, t + 9000);
    CU_ASSERT(!sset_contains(&c.requested.ports, "l"));

    sb_condition_destroy(&c);
    sset_destroy(&watch.ports);
    sset_destroy(&watch.addresses);
    sset_destroy(&watch.networks);
    ovsdb_idl_destroy(idl);
}

void
suite_sb_condition(void)
{
    CU_pSuite suite = unit_add_suite("sb-condition");

    CU_ADD_TEST(suite, test_requests_in_a_second);
}
