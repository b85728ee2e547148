/* SPDX-License-Identifier: Apache-2.0 */

/* What a pod and its IP object cost, from the API server to the model: all
 * that is allocated for many of them, divided by their number. */

#include <config.h>

#include "agent/kube/api-store.h"

#include <malloc.h>
#include <stdlib.h>

#include "util.h"

#include "agent/core/dialect.h"
#include "agent/core/kube-change.h"
#include "agent/core/model.h"

#include "tests/unit/unit.h"

#define N 20000

/* A pod of a StatefulSet as a list of PartialObjectMetadata has it, with what
 * Kube-OVN writes down. */
static json_t *
make_pod(int i)
{
    char *ns = xasprintf("team-%d", i / 20 % 50);
    char *owner = xasprintf("database-%d", i / 20);
    char *name = xasprintf("%s-%d", owner, i % 20);
    char *uid = xasprintf("%08x-1111-4222-8333-444455556666", i);
    char *owner_uid = xasprintf("%08x-9999-4222-8333-444455556666", i / 20);
    char *ip = xasprintf("10.%d.%d.%d", i >> 16, i >> 8 & 255, i & 255);
    char *version = xasprintf("%d", 1000000 + i);
    char *revision = xasprintf("%s-6f7d9c5b8", owner);
    json_t *json = json_pack(
        "{s:{s:s, s:s, s:s, s:s, s:s, s:{s:s, s:s}, s:{s:s, s:s, s:s, s:s, "
        "s:s}, s:[{s:s, s:s, s:s, s:s, s:b}]}}",
        "metadata", "namespace", ns, "name", name, "uid", uid,
        "resourceVersion", version,
        "creationTimestamp", "2026-01-01T00:00:00Z",
        "labels", "controller-revision-hash", revision, "app", owner,
        "annotations",
        "ovn.kubernetes.io/ip_address", ip,
        "ovn.kubernetes.io/mac_address", "00:00:00:12:34:56",
        "ovn.kubernetes.io/allocated", "true",
        "ovn.kubernetes.io/logical_switch", "ovn-default",
        "ovn.kubernetes.io/cidr", "10.0.0.0/8",
        "ownerReferences", "apiVersion", "apps/v1", "kind", "StatefulSet",
        "name", owner, "uid", owner_uid, "controller", 1);

    free(ns);
    free(owner);
    free(name);
    free(uid);
    free(owner_uid);
    free(ip);
    free(version);
    free(revision);
    return json;
}

/* Its IP object. */
static json_t *
make_ip(int i)
{
    char *pod = xasprintf("database-%d-%d", i / 20, i % 20);
    char *ns = xasprintf("team-%d", i / 20 % 50);
    char *name = xasprintf("%s.%s", pod, ns);
    char *uid = xasprintf("%08x-7777-4222-8333-444455556666", i);
    char *ip = xasprintf("10.%d.%d.%d", i >> 16, i >> 8 & 255, i & 255);
    char *version = xasprintf("%d", 2000000 + i);
    json_t *json = json_pack(
        "{s:{s:s, s:s, s:s, s:[s]}, s:{s:s, s:s, s:s, s:s, s:s, s:s}}",
        "metadata", "name", name, "uid", uid, "resourceVersion", version,
        "finalizers", "kubeovn.io/kube-ovn-controller",
        "spec", "namespace", ns, "podName", pod, "subnet", "ovn-default",
        "v4IpAddress", ip, "macAddress", "00:00:00:12:34:56",
        "podType", "StatefulSet");

    free(pod);
    free(ns);
    free(name);
    free(uid);
    free(ip);
    free(version);
    return json;
}

/* Nothing under sanitizers and valgrind, which bring their own malloc(). */
static size_t
in_use(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

/* Reads N objects.  Returns the bytes that each costs in the client ('*kube')
 * and in the model. */
static size_t
measure(enum manifest_kind kind, const char *api_version,
        json_t *(*make)(int), size_t *kube)
{
    struct kube_change *c;
    struct api_store store;
    struct api_feed feed;
    struct model m;
    size_t before, both;

    model_init(&m, &dialect_kube_ovn);
    api_store_init(&store, &dialect_kube_ovn);
    api_feed_init(&feed, &store, kind, api_version, 1);
    before = in_use();
    api_feed_sink.begin(&feed);
    for (int i = 0; i < N; i++) {
        json_t *object = make(i);

        CU_ASSERT_PTR_NULL(api_feed_sink.list(&feed, object));
        json_decref(object);
    }
    api_feed_sink.commit(&feed, "3000000", false);
    while ((c = api_store_pop(&store))) {
        model_apply_kube_change(&m, c);
        kube_change_destroy(c);
    }
    while (model_take_dirty_member(&m)) {
        /* As when each was judged. */
    }
    both = in_use() - before;
    CU_ASSERT_EQUAL(api_feed_count(&feed), N);
    CU_ASSERT_EQUAL(m.n_pods + hmap_count(&m.ip_objects), N);

    model_destroy(&m);
    *kube = (in_use() - before) / N;
    /* What it says of itself is about right. */
    CU_ASSERT(!both || api_store_memory(&store) / N < *kube + 20);
    CU_ASSERT(!both || api_store_memory(&store) / N + 20 > *kube);
    api_feed_destroy(&feed, true);
    while ((c = api_store_pop(&store))) {
        kube_change_destroy(c);
    }
    api_store_destroy(&store);
    return both / N - *kube;
}

static void
test_pod(void)
{
    size_t kube;
    size_t model = measure(MANIFEST_POD, "v1", make_pod, &kube);

    if (kube + model > 400) {
        printf("\na pod takes %"PRIuSIZE" bytes in the client and %"PRIuSIZE
               " in the model\n", kube, model);
    }
    CU_ASSERT(kube + model <= 400);
}

static void
test_ip(void)
{
    size_t kube;
    size_t model = measure(MANIFEST_IP, "kubeovn.io/v1", make_ip, &kube);

    if (kube > 100 || model > 300) {
        printf("\nan IP object takes %"PRIuSIZE" bytes in the client and "
               "%"PRIuSIZE" in the model\n", kube, model);
    }
    CU_ASSERT(kube <= 100);
    CU_ASSERT(model <= 300);
}

void
suite_memory(void)
{
    CU_pSuite suite = unit_add_suite("memory");

    CU_ADD_TEST(suite, test_pod);
    CU_ADD_TEST(suite, test_ip);
}
