/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of pods as values. */

#include <config.h>

#include "tests/unit/unit.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "agent/core/pod-pool.h"
#include "agent/core/pod.h"

/* The number of a StatefulSet's pod is what follows the last '-', if that is
 * a plain decimal number. */
static void
test_split_ordinal(void)
{
    static const struct {
        const char *name;
        int ordinal;            /* -1: not of this form. */
        size_t base_len;
    } vectors[] = {
        {"web-0", 0, 3},
        {"web-12", 12, 3},
        {"web-007", 7, 3},
        {"a-b-3", 3, 3},
        {"3-4", 4, 1},
        {"w.x-1", 1, 3},
        {"web-2147483647", INT_MAX, 3},
        {"web-2147483648", -1, 0},
        {"web-99999999999999999999999", -1, 0},
        {"web--1", 1, 4},
        {"web-+1", -1, 0},
        {"web- 1", -1, 0},
        {"web-1x", -1, 0},
        {"web-x1", -1, 0},
        {"web-", -1, 0},
        {"web", -1, 0},
        {"-1", -1, 0},
        {"1", -1, 0},
        {"", -1, 0},
        {"-", -1, 0},
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        size_t base_len;
        int ordinal;

        CU_ASSERT_EQUAL(pod_name_split_ordinal(vectors[i].name, &base_len,
                                               &ordinal),
                        vectors[i].ordinal >= 0);
        CU_ASSERT_EQUAL(ordinal, vectors[i].ordinal);
        CU_ASSERT_EQUAL(base_len, vectors[i].base_len);
    }
}

static void
replace(char **s, const char *with)
{
    free(*s);
    *s = xstrdup(with);
}

static void
replace_uid(struct obj_uid *uid, const char *with)
{
    obj_uid_destroy(uid);
    obj_uid_init(uid, with);
}

/* Every field counts in a comparison; a clone has them all. */
static void
test_equality(void)
{
    struct pod *a = pod_create("ns", "web-0", "uid");
    struct ip_addr ip;
    struct pod *b;

    CU_ASSERT_TRUE(ip_addr_parse("10.0.0.1", &ip));
    a->owner_kind = OWNER_STATEFULSET;
    replace(&a->owner->name, "web");
    replace(&a->owner->uid, "owner-uid");
    a->ordinal = 0;
    replace(&a->owner->revision, "web-1");
    pod_set_node(a, "node");
    a->created_s = 1;
    pod_add_status_ip(a, &ip);
    claims_get(&a->claims, "ovn");

#define CHANGED(STATEMENT, EQUAL)                       \
    do {                                                \
        b = pod_clone(a);                               \
        CU_ASSERT_TRUE(pod_equals(a, b));               \
        STATEMENT;                                      \
        CU_ASSERT_EQUAL(pod_equals(a, b), EQUAL);       \
        CU_ASSERT_EQUAL(pod_equals(b, a), EQUAL);       \
        pod_destroy(b);                                 \
    } while (0)

    CHANGED(replace(&b->owner->ns, "other"), false);
    CHANGED(replace(&b->name, "other"), false);
    CHANGED(replace_uid(&b->uid, "other"), false);
    CHANGED(b->owner_kind = OWNER_VM, false);
    CHANGED(replace(&b->owner->name, "other"), false);
    CHANGED(replace(&b->owner->uid, "other"), false);
    CHANGED(b->ordinal = 1, false);
    CHANGED(replace(&b->owner->revision, "other"), false);
    CHANGED(pod_set_node(b, "other"), false);
    CHANGED(b->created_s = 2, false);
    CHANGED(b->deleting = true, false);
    CHANGED(b->finished = true, false);
    CHANGED(b->migrating = true, false);
    CHANGED(b->opted_out = true, false);
    CHANGED(ip_addr_set_clear(&b->status->ips), false);
    CHANGED(claims_get(&b->claims, "ovn")->kind = CLAIM_VIP, false);
#undef CHANGED

    b = pod_clone(a);
    pod_destroy(b);
    pod_destroy(a);
}

/* A pod as one block is the same pod; what several have in common is kept as
 * long as somebody needs it. */
static void
test_pool(void)
{
    static const char *const uids[] = {
        "0f1e2d3c-4b5a-4697-8877-665544332211", "text", "",
    };
    struct pod *pods[6], *packed[6];
    const struct pod_owner *owner;
    struct pod_pool pool;

    pod_pool_init(&pool);
    for (int i = 0; i < 6; i++) {
        char *name = xasprintf("web-%d", i);
        struct claim *claim;

        pods[i] = pod_create("ns", name, uids[i / 2]);
        free(name);
        replace(&pods[i]->owner->name, i < 4 ? "web" : "other");
        replace(&pods[i]->owner->uid, "owner-uid");
        replace(&pods[i]->owner->revision, i < 2 ? "web-1" : "web-2");
        if (i % 2) {
            struct ip_addr ip;

            CU_ASSERT_TRUE(ip_addr_parse("10.0.0.1", &ip));
            pod_set_node(pods[i], "node");
            pod_add_status_ip(pods[i], &ip);
            claim = claims_get(&pods[i]->claims, "ovn");
            claim->kind = CLAIM_INVALID;
            claim->error = xstrdup("not to be understood");
            claim->source = xstrdup("ovn.kubernetes.io/ip_address");
            claim = claims_get(&pods[i]->claims, "net1.ovn");
            claim->logical_switch = xstrdup("net1");
        }
        packed[i] = pod_pool_pack(&pool, pod_clone(pods[i]),
                                  i < 3 ? pods[i]->name : "vm");
    }
    CU_ASSERT_EQUAL(hmap_count(&pool.owners), 3);
    for (int i = 0; i < 6; i++) {
        struct pod *clone = pod_clone(packed[i]);

        CU_ASSERT(packed[i]->packed && !clone->packed);
        for (int j = 0; j < 6; j++) {
            CU_ASSERT_EQUAL(pod_equals(packed[i], pods[j]), i == j);
            CU_ASSERT_EQUAL(pod_equals(packed[i], packed[j]), i == j);
            CU_ASSERT_EQUAL(pod_equals(pods[j], clone), i == j);
        }
        pod_destroy(clone);
    }
    CU_ASSERT_PTR_EQUAL(packed[0]->owner, packed[1]->owner);
    CU_ASSERT_PTR_NOT_EQUAL(packed[0]->owner, packed[2]->owner);
    CU_ASSERT_PTR_EQUAL(packed[0]->name, pods[0]->name);

    owner = pod_pool_ref_owner(packed[0]->owner);
    for (int i = 0; i < 6; i++) {
        pod_pool_free(&pool, packed[i]);
    }
    CU_ASSERT_EQUAL(hmap_count(&pool.owners), 1);
    CU_ASSERT_STRING_EQUAL(owner->name, "web");
    CU_ASSERT_STRING_EQUAL(owner->ns, "ns");
    pod_pool_unref_owner(&pool, owner);
    pod_pool_unref_owner(&pool, NULL);
    CU_ASSERT_EQUAL(strpool_count(&pool.strings), 0);
    pod_pool_destroy(&pool);
    for (int i = 0; i < 6; i++) {
        pod_destroy(pods[i]);
    }
}

/* A VM's port bears the VM's name, whichever pod runs it. */
static void
test_port_owner_name(void)
{
    struct pod *pod = pod_create("ns", "virt-launcher-vm1-abcde", NULL);

    CU_ASSERT(!obj_uid_is_set(&pod->uid));
    CU_ASSERT_STRING_EQUAL(pod_port_owner_name(pod),
                           "virt-launcher-vm1-abcde");
    replace(&pod->owner->name, "vm1");
    pod->owner_kind = OWNER_OTHER;
    CU_ASSERT_STRING_EQUAL(pod_port_owner_name(pod),
                           "virt-launcher-vm1-abcde");
    pod->owner_kind = OWNER_VM;
    CU_ASSERT_STRING_EQUAL(pod_port_owner_name(pod), "vm1");
    pod_destroy(pod);
}

void
suite_pod(void)
{
    CU_pSuite suite = unit_add_suite("pod");

    CU_ADD_TEST(suite, test_split_ordinal);
    CU_ADD_TEST(suite, test_equality);
    CU_ADD_TEST(suite, test_pool);
    CU_ADD_TEST(suite, test_port_owner_name);
}
