/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of the making, cloning and freeing of orders.  A clone must be equal
 * and share nothing: each test changes or frees the original before it looks
 * at the clone, which the sanitizers watch. */

#include <config.h>

#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"
#include "uuid.h"

#include "agent/core/orders.h"

static const struct uuid uuid_a = { .parts = { 1, 2, 3, 4 } };
static const struct uuid uuid_b = { .parts = { 5, 6, 7, 8 } };

static void
test_nb_batch(void)
{
    struct nb_batch *batch = xzalloc(sizeof *batch);
    struct nb_batch *clone;
    struct nb_write *w;

    batch->token = 7;
    batch->bump = true;
    batch->comment = xstrdup("why");
    w = nb_batch_add(batch, &uuid_a, "p1");
    svec_add(&w->old_addresses, "old");
    svec_add(&w->new_addresses, "new");
    w->set_addresses = true;
    w->new_mark = xstrdup("mark");
    nb_batch_add(batch, &uuid_b, "p2");
    clone = nb_batch_clone(batch);
    nb_batch_destroy(batch);

    CU_ASSERT_EQUAL(clone->token, 7);
    CU_ASSERT_TRUE(clone->bump);
    CU_ASSERT_STRING_EQUAL(clone->comment, "why");
    CU_ASSERT_EQUAL_FATAL(clone->n, 2);
    w = &clone->writes[0];
    CU_ASSERT_TRUE(uuid_equals(&w->port, &uuid_a));
    CU_ASSERT_STRING_EQUAL(w->port_name, "p1");
    CU_ASSERT_EQUAL_FATAL(w->old_addresses.n, 1);
    CU_ASSERT_STRING_EQUAL(w->old_addresses.names[0], "old");
    CU_ASSERT_STRING_EQUAL(w->new_addresses.names[0], "new");
    CU_ASSERT_PTR_NULL(w->old_mark);
    CU_ASSERT_STRING_EQUAL(w->new_mark, "mark");
    CU_ASSERT_STRING_EQUAL(clone->writes[1].port_name, "p2");
    CU_ASSERT_FALSE(clone->writes[1].set_addresses);
    nb_batch_destroy(clone);
    nb_batch_destroy(NULL);
}

static struct store_batch *
make_store_batch(void)
{
    struct store_batch *batch = xzalloc(sizeof *batch);
    struct gate *gate = xzalloc(sizeof *gate);
    struct ip_addr addr;

    ip_addr_parse("10.0.0.1", &addr);
    batch->put_holds = xmalloc(sizeof *batch->put_holds);
    batch->put_holds[0] = hold_create(&uuid_a, &uuid_b, "ls1", &addr);
    batch->n_put_holds = 1;
    hold_add_former(batch->put_holds[0], &uuid_b, "p1", "mac", 3);
    gate->uuid = uuid_b;
    gate->port_name = xstrdup("p2");
    gate->network_name = xstrdup("ls1");
    batch->put_gates = xmemdup(&gate, sizeof gate);
    batch->n_put_gates = 1;
    batch->delete_gates = xmemdup(&uuid_a, sizeof uuid_a);
    batch->n_delete_gates = 1;
    batch->journal = xmalloc(sizeof *batch->journal);
    batch->n_journal = 1;
    journal_entry_init(&batch->journal[0]);
    batch->journal[0].action = xstrdup("clear");
    svec_add(&batch->journal[0].evidence, "unbound");
    ipguard_row_init(&batch->row);
    batch->row.brake = xstrdup("50 clears");
    return batch;
}

static void
test_store_batch(void)
{
    struct store_batch *batch = make_store_batch();
    struct store_batch *clone = store_batch_clone(batch);

    store_batch_destroy(batch);
    CU_ASSERT_EQUAL_FATAL(clone->n_put_holds, 1);
    CU_ASSERT_STRING_EQUAL(clone->put_holds[0]->network_name, "ls1");
    CU_ASSERT_EQUAL_FATAL(clone->put_holds[0]->n_former, 1);
    CU_ASSERT_STRING_EQUAL(clone->put_holds[0]->former[0].name, "p1");
    CU_ASSERT_STRING_EQUAL(clone->put_gates[0]->port_name, "p2");
    CU_ASSERT_PTR_NULL(clone->put_gates[0]->reason);
    CU_ASSERT_PTR_NULL(clone->delete_holds);
    CU_ASSERT_TRUE(uuid_equals(&clone->delete_gates[0], &uuid_a));
    CU_ASSERT_STRING_EQUAL(clone->journal[0].action, "clear");
    CU_ASSERT_PTR_NULL(clone->journal[0].case_);
    CU_ASSERT_STRING_EQUAL(clone->journal[0].evidence.names[0], "unbound");
    CU_ASSERT_STRING_EQUAL(clone->row.brake, "50 clears");
    CU_ASSERT_PTR_NULL(clone->row.frozen);
    CU_ASSERT_STRING_EQUAL(clone->row.nb_identity, "");
    store_batch_destroy(clone);
    store_batch_destroy(NULL);
}

static void
test_ipguard_row(void)
{
    struct ipguard_row src, dst;

    ipguard_row_init(&src);
    ipguard_row_init(&dst);
    src.generation = 9;
    src.frozen = xstrdup("restored");
    free(src.active);
    src.active = xstrdup("host:1");
    dst.brake = xstrdup("on");
    ipguard_row_copy(&dst, &src);
    ipguard_row_destroy(&src);
    CU_ASSERT_EQUAL(dst.generation, 9);
    CU_ASSERT_STRING_EQUAL(dst.frozen, "restored");
    CU_ASSERT_STRING_EQUAL(dst.active, "host:1");
    CU_ASSERT_PTR_NULL(dst.brake);
    ipguard_row_destroy(&dst);
}

static void
test_names(void)
{
    static const char *const names[] = {
        [TXN_RESULT_DONE] = "done",
        [TXN_RESULT_LOST] = "lost",
        [TXN_RESULT_UNKNOWN] = "unknown",
        [TXN_RESULT_NOT_LOCKED] = "not locked",
        [TXN_RESULT_ERROR] = "error",
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        CU_ASSERT_STRING_EQUAL(txn_result_to_string(i), names[i]);
    }
}

void
suite_orders(void)
{
    CU_pSuite suite = unit_add_suite("orders");

    CU_ADD_TEST(suite, test_nb_batch);
    CU_ADD_TEST(suite, test_store_batch);
    CU_ADD_TEST(suite, test_ipguard_row);
    CU_ADD_TEST(suite, test_names);
}
