/* SPDX-License-Identifier: Apache-2.0 */

/* What the model makes of rows and pods: what counts as a change, which pod
 * ran with a port, and since when it is unbound.  See also
 * test-model-random.c. */

#include <config.h>

#include "agent/core/model.h"

#include <stdlib.h>

#include "agent/core/dialect.h"
#include "tests/unit/unit.h"
#include "tests/unit/world.h"

/* The pod a, seen as it is now; and by a list. */
static void
set_a(struct model *m, const char *uid, const char *annotations)
{
    unit_set_pod(m, unit_pod("a", uid, OWNER_NONE, "", annotations));
}

static void
list_a(struct model *m, const char *uid, const char *annotations)
{
    unit_list_pod(m, unit_pod("a", uid, OWNER_NONE, "", annotations));
}

/* An unchanged row is no work. */
static void
test_unchanged(void)
{
    struct model m;

    model_init(&m, &dialect_kube_ovn);
    m.nb_synced = m.kube_synced = true;
    unit_set_network(&m, 1, "net");
    unit_set_port(&m, 10, 1, "net", "a", "0a:00:00:00:00:01 10.0.0.1", NULL);
    set_a(&m, "u", "ip_address=10.0.0.1");
    while (model_take_dirty_member(&m)) {
        continue;
    }
    free(model_take_arrival(&m));
    uint64_t seqno = m.change_seqno;
    unit_set_network(&m, 1, "net");
    unit_set_port(&m, 10, 1, "net", "a", "0a:00:00:00:00:01 10.0.0.1", NULL);
    CU_ASSERT_EQUAL(m.change_seqno, seqno);
    set_a(&m, "u", "ip_address=10.0.0.1");
    CU_ASSERT_PTR_NULL(model_take_dirty_member(&m));
    CU_ASSERT_PTR_NULL(model_take_arrival(&m));
    CU_ASSERT_PTR_NULL(model_take_departure(&m));
    model_destroy(&m);
}

/* Which pod ran with the port, and which one is new. */
static void
test_history(void)
{
    struct model m;

    model_init(&m, &dialect_kube_ovn);
    unit_set_network(&m, 1, "net");
    unit_set_port(&m, 10, 1, "net", "a", "0a:00:00:00:00:01 10.0.0.1", NULL);
    set_a(&m, "u", "ip_address=10.0.0.1");
    struct member *mb = model_find_member(&m, "default", "a");
    CU_ASSERT(!mb->pods[0]->arrived);      /* It was there before us. */
    CU_ASSERT(mb->seen_explicit);
    m.kube_synced = true;
    model_note_binding(&m, mb, true);
    CU_ASSERT(mb->pods[0]->ran);

    /* What the controller writes down is no edit; what a user asks for is. */
    set_a(&m, "u", "ip_address=10.0.0.1;allocated=true");
    CU_ASSERT(!mb->pods[0]->edited);
    set_a(&m, "u", "ip_address=10.0.0.2;allocated=true");
    CU_ASSERT(mb->pods[0]->edited && mb->pods[0]->ran);

    /* The binding of the old pod is not the new one's. */
    set_a(&m, "v", "ip_address=10.0.0.2");
    CU_ASSERT(mb->pods[0]->arrived && !mb->pods[0]->edited);
    model_note_binding(&m, mb, true);
    CU_ASSERT(!mb->pods[0]->ran);
    model_note_binding(&m, mb, false);
    model_note_binding(&m, mb, true);
    CU_ASSERT(mb->pods[0]->ran);

    /* A deletion of another uid is a late one. */
    unit_drop_pod(&m, "a", "u");
    CU_ASSERT_EQUAL(mb->n_pods, 1);
    unit_drop_pod(&m, "a", "v");
    CU_ASSERT_EQUAL(mb->n_pods, 0);
    CU_ASSERT(mb->pod_seen);

    /* One that comes back is what it was; another one is not. */
    m.kube_synced = false;
    set_a(&m, "v", "ip_address=10.0.0.2");
    CU_ASSERT(mb->pods[0]->ran && mb->pods[0]->arrived);
    set_a(&m, "w", "ip_address=10.0.0.2");
    CU_ASSERT(!mb->pods[0]->ran && !mb->pods[0]->arrived);
    set_a(&m, "v", "ip_address=10.0.0.2");
    CU_ASSERT(mb->pods[0]->ran);
    m.kube_synced = true;

    /* What became of one that a list has was not told; what was seen stays. */
    list_a(&m, "x", "ip_address=10.0.0.3");
    CU_ASSERT(!mb->pods[0]->arrived && mb->await_unbound);
    set_a(&m, "y", "ip_address=10.0.0.3");
    list_a(&m, "y", "ip_address=10.0.0.3;allocated=true");
    CU_ASSERT(mb->pods[0]->arrived);
    unit_drop_pod(&m, "a", "y");
    model_destroy(&m);
}

static void
test_binding_times(void)
{
    struct model m;

    model_init(&m, &dialect_kube_ovn);
    m.sb_synced = true;
    CU_ASSERT(!model_binding_known(&m, "a"));
    unit_set_binding(&m, "a", "", NULL, NULL, 100);
    CU_ASSERT(!model_binding_known(&m, "a"));
    unit_ack(&m, 2, "a,b", "", 1, 200);
    CU_ASSERT(model_binding_known(&m, "a") && model_binding_known(&m, "b"));
    CU_ASSERT_EQUAL(model_find_binding(&m, "a")->unbound_since_ms, 100);
    CU_ASSERT_EQUAL(model_find_binding(&m, "b")->unbound_since_ms, 200);
    unit_set_binding(&m, "a", "", NULL, "hv1", 300);
    CU_ASSERT_EQUAL(model_find_binding(&m, "a")->unbound_since_ms, 0);
    unit_set_binding(&m, "a", "", NULL, NULL, 400);
    unit_set_binding(&m, "a", "x", NULL, NULL, 500);
    CU_ASSERT_EQUAL(model_find_binding(&m, "a")->unbound_since_ms, 400);
    CU_ASSERT_STRING_EQUAL(model_find_binding(&m, "a")->last_chassis, "hv1");

    /* Across a gap nobody knows how long it was unbound. */
    model_forget_sb(&m);
    CU_ASSERT(!model_binding_known(&m, "a"));
    unit_ack(&m, 2, "a,b", "", 1, 900);
    CU_ASSERT_EQUAL(model_find_binding(&m, "a")->unbound_since_ms, 900);
    CU_ASSERT_EQUAL(model_find_binding(&m, "b")->unbound_since_ms, 900);

    /* What is no longer watched is forgotten. */
    unit_ack(&m, 3, "b", "", 1, 950);
    CU_ASSERT_PTR_NULL(model_find_binding(&m, "a"));
    model_destroy(&m);
}

void
suite_model(void)
{
    CU_pSuite suite = unit_add_suite("model");

    CU_ADD_TEST(suite, test_unchanged);
    CU_ADD_TEST(suite, test_history);
    CU_ADD_TEST(suite, test_binding_times);
}
