/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of workloads as values, and of what their members may claim. */

#include <config.h>

#include "tests/unit/unit.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "agent/core/dialect.h"
#include "agent/core/workload.h"

#define POOL "ovn.kubernetes.io/ip_pool"
#define ADDRESS "ovn.kubernetes.io/ip_address"

static void
test_has_ordinal(void)
{
    static const struct {
        int start, replicas, ordinal;
        bool has;
    } vectors[] = {
        {0, 1, 0, true},
        {0, 1, 1, false},
        {0, 3, 2, true},
        {0, 3, 3, false},
        {0, 0, 0, false},
        {5, 2, 4, false},
        {5, 2, 5, true},
        {5, 2, 6, true},
        {5, 2, 7, false},
        {0, 3, -1, false},
        {INT_MAX, 2, INT_MAX, true},
        {INT_MAX, INT_MAX, 0, false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct workload w = {
            .start = vectors[i].start, .replicas = vectors[i].replicas,
        };

        CU_ASSERT_EQUAL(workload_has_ordinal(&w, vectors[i].ordinal),
                        vectors[i].has);
    }
}

static void
replace(char **s, const char *with)
{
    free(*s);
    *s = xstrdup(with);
}

/* Every field counts in a comparison; a clone has them all. */
static void
test_equality(void)
{
    struct smap annotations = SMAP_INITIALIZER(&annotations);
    struct workload *a = workload_create(OWNER_STATEFULSET, "ns", "web",
                                         "uid");
    struct workload *b;

    CU_ASSERT_EQUAL(a->replicas, 1);
    smap_add(&annotations, POOL, "10.0.0.1;10.0.0.2");
    workload_add_revision(a, "web-2", &annotations);
    workload_add_revision(a, NULL, NULL);
    CU_ASSERT_STRING_EQUAL(a->revisions[1].name, "");
    CU_ASSERT_TRUE(smap_is_empty(&a->revisions[1].annotations));
    CU_ASSERT_STRING_EQUAL(smap_get(&a->revisions[0].annotations, POOL),
                           "10.0.0.1;10.0.0.2");

#define CHANGED(STATEMENT, EQUAL)                       \
    do {                                                \
        b = workload_clone(a);                          \
        CU_ASSERT_TRUE(workload_equals(a, b));          \
        STATEMENT;                                      \
        CU_ASSERT_EQUAL(workload_equals(a, b), EQUAL);  \
        CU_ASSERT_EQUAL(workload_equals(b, a), EQUAL);  \
        workload_destroy(b);                            \
    } while (0)

    CHANGED(b->kind = OWNER_VM, false);
    CHANGED(replace(&b->ns, "other"), false);
    CHANGED(replace(&b->name, "other"), false);
    CHANGED(replace(&b->uid, "other"), false);
    CHANGED(b->deleting = true, false);
    CHANGED(b->opted_out = true, false);
    CHANGED(b->replicas = 2, false);
    CHANGED(b->start = 1, false);
    CHANGED(b->on_delete = true, false);
    CHANGED(b->partition = 1, false);
    CHANGED(b->revisions_known = true, false);
    CHANGED(replace(&b->revisions[1].name, "other"), false);
    CHANGED(smap_replace(&b->revisions[0].annotations, POOL, "x"), false);
    CHANGED(workload_add_revision(b, "more", NULL), false);
#undef CHANGED

    smap_destroy(&annotations);
    workload_destroy(a);
}

/* One claim for each revision in play, each by its own template. */
static void
test_claims(void)
{
    struct workload *w = workload_create(OWNER_STATEFULSET, "ns", "web", "");
    struct smap annotations = SMAP_INITIALIZER(&annotations);
    struct claim claims[3];
    char buf[IP_ADDR_STRLEN];

    smap_add(&annotations, POOL, "10.0.0.1;10.0.0.2");
    /* In a template this means nothing. */
    smap_add(&annotations, "ovn.kubernetes.io/allocated", "true");
    workload_add_revision(w, "web-2", &annotations);
    smap_replace(&annotations, POOL, "10.0.0.7");
    workload_add_revision(w, "web-1", &annotations);
    workload_add_revision(w, "web-0", NULL);

    workload_claims(w, &dialect_kube_ovn, 1, "ovn", claims);
    CU_ASSERT_EQUAL(claims[0].kind, CLAIM_EXPLICIT);
    CU_ASSERT_EQUAL_FATAL(claims[0].n_ips, 1);
    CU_ASSERT_STRING_EQUAL(ip_addr_to_string(&claims[0].ips[0], buf),
                           "10.0.0.2");
    CU_ASSERT_FALSE(claims[0].allocated);
    CU_ASSERT_EQUAL(claims[1].kind, CLAIM_SHORT_POOL);
    CU_ASSERT_EQUAL(claims[2].kind, CLAIM_STICKY);
    CU_ASSERT_STRING_EQUAL(claims[2].provider, "ovn");
    for (size_t i = 0; i < 3; i++) {
        claim_destroy(&claims[i]);
    }

    workload_claims(w, &dialect_kube_ovn, 0, "net1.ns.ovn", claims);
    for (size_t i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(claims[i].kind, CLAIM_STICKY);
        CU_ASSERT_STRING_EQUAL(claims[i].provider, "net1.ns.ovn");
        claim_destroy(&claims[i]);
    }
    workload_destroy(w);

    /* A VM has no ordinals: of several items any may be taken. */
    w = workload_create(OWNER_VM, "ns", "vm", "");
    smap_replace(&annotations, POOL, "10.0.0.1;10.0.0.2");
    workload_add_revision(w, "", &annotations);
    smap_remove(&annotations, POOL);
    smap_add(&annotations, ADDRESS, "10.0.0.9");
    workload_add_revision(w, "", &annotations);
    workload_claims(w, &dialect_kube_ovn, 0, "ovn", claims);
    CU_ASSERT_EQUAL(claims[0].kind, CLAIM_STICKY);
    CU_ASSERT_EQUAL(claims[1].kind, CLAIM_EXPLICIT);
    claim_destroy(&claims[0]);
    claim_destroy(&claims[1]);
    workload_destroy(w);
    smap_destroy(&annotations);
}

void
suite_workload(void)
{
    CU_pSuite suite = unit_add_suite("workload");

    CU_ADD_TEST(suite, test_has_ordinal);
    CU_ADD_TEST(suite, test_equality);
    CU_ADD_TEST(suite, test_claims);
}
