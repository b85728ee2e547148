/* SPDX-License-Identifier: Apache-2.0 */

/* Feeds of the store, called as reflectors call them: whose an object is that
 * two of them show.  Feeds differ in kind or namespace, so no honest server
 * does that; what another one does must not upset the counts, from which it is
 * judged whether a list has shrunk, and whether a kind is in use. */

#include <config.h>

#include "agent/kube/api-store.h"

#include <stdlib.h>

#include "util.h"

#include "agent/core/dialect.h"
#include "agent/core/kube-change.h"

#include "tests/unit/unit.h"

#define N_PODS 5

static void
list_pod(struct api_feed *feed, int i, const char *version)
{
    char *name = xasprintf("pod-%d", i);
    char *uid = xasprintf("%08x-1111-4222-8333-444455556666", i);
    json_t *pod = json_pack("{s:{s:s, s:s, s:s, s:s}}", "metadata",
                            "namespace", "default", "name", name, "uid", uid,
                            "resourceVersion", version);

    CU_ASSERT_PTR_NULL(api_feed_sink.list(feed, pod));
    json_decref(pod);
    free(uid);
    free(name);
}

/* Lists all pods, or none. */
static void
list(struct api_feed *feed, const char *version, bool all)
{
    api_feed_sink.begin(feed);
    for (int i = 0; all && i < N_PODS; i++) {
        list_pod(feed, i, version);
    }
}

/* Returns how many pods are given out as gone. */
static size_t
take_changes(struct api_store *store)
{
    struct kube_change *c;
    size_t n_gone = 0;

    while ((c = api_store_pop(store))) {
        n_gone += c->gone;
        kube_change_destroy(c);
    }
    return n_gone;
}

/* The second feed shows what the first one has given out, in 'version'. */
static void
check_handed_over(const char *version, bool aborted)
{
    struct api_store store;
    struct api_feed a, b;

    api_store_init(&store, &dialect_kube_ovn);
    api_feed_init(&a, &store, MANIFEST_POD, "v1", 1);
    api_feed_init(&b, &store, MANIFEST_POD, "v1", 2);
    list(&a, "10", true);
    api_feed_sink.commit(&a, "11", false);
    CU_ASSERT_EQUAL(api_feed_count(&a), N_PODS);
    CU_ASSERT_EQUAL(take_changes(&store), 0);

    list(&b, version, true);
    CU_ASSERT_EQUAL(api_feed_count(&a) + api_feed_count(&b), N_PODS);
    if (aborted) {
        api_feed_sink.abort(&b);
        /* And the first one has them again, as they were. */
        list(&a, "10", true);
        api_feed_sink.commit(&a, "12", false);
        CU_ASSERT_EQUAL(api_feed_count(&a), N_PODS);
        CU_ASSERT_EQUAL(api_feed_count(&b), 0);
        list(&b, version, true);
    }
    api_feed_sink.commit(&b, "21", false);
    CU_ASSERT_EQUAL(api_feed_count(&a), 0);
    CU_ASSERT_EQUAL(api_feed_count(&b), N_PODS);
    CU_ASSERT_EQUAL(store.n_pods, N_PODS);

    /* It takes nothing away from the second one if the first one has none. */
    list(&a, NULL, false);
    api_feed_sink.commit(&a, "22", false);
    CU_ASSERT_PTR_NULL(a.doubt);
    CU_ASSERT_EQUAL(take_changes(&store), 0);
    CU_ASSERT_EQUAL(api_feed_count(&a), 0);
    CU_ASSERT_EQUAL(api_feed_count(&b), N_PODS);

    /* A list of nothing is noticed where they were. */
    list(&b, NULL, false);
    api_feed_sink.commit(&b, "23", false);
    CU_ASSERT_PTR_NOT_NULL(b.doubt);
    CU_ASSERT_EQUAL(take_changes(&store), N_PODS);
    CU_ASSERT_EQUAL(api_feed_count(&b), 0);
    CU_ASSERT_EQUAL(store.n_pods, 0);

    api_feed_destroy(&b, true);
    api_feed_destroy(&a, true);
    CU_ASSERT_EQUAL(take_changes(&store), 0);
    api_store_destroy(&store);
}

static void
test_handed_over(void)
{
    check_handed_over("10", false);
    check_handed_over("20", false);
    check_handed_over("10", true);
    check_handed_over("20", true);
}

void
suite_api_feed(void)
{
    CU_pSuite suite = unit_add_suite("api-feed");

    CU_ADD_TEST(suite, test_handed_over);
}
