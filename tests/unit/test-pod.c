/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of pods as values. */

#include <config.h>

#include "tests/unit/unit.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

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

/* Every field counts in a comparison; a clone has them all. */
static void
test_equality(void)
{
    struct pod *a = pod_create("ns", "web-0", "uid");
    struct ip_addr ip;
    struct pod *b;

    CU_ASSERT_TRUE(ip_addr_parse("10.0.0.1", &ip));
    a->owner_kind = OWNER_STATEFULSET;
    replace(&a->owner_name, "web");
    replace(&a->owner_uid, "owner-uid");
    a->ordinal = 0;
    replace(&a->revision, "web-1");
    replace(&a->node, "node");
    a->created_s = 1;
    ip_addr_set_add(&a->status_ips, &ip);
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

    CHANGED(replace(&b->ns, "other"), false);
    CHANGED(replace(&b->name, "other"), false);
    CHANGED(replace(&b->uid, "other"), false);
    CHANGED(b->owner_kind = OWNER_VM, false);
    CHANGED(replace(&b->owner_name, "other"), false);
    CHANGED(replace(&b->owner_uid, "other"), false);
    CHANGED(b->ordinal = 1, false);
    CHANGED(replace(&b->revision, "other"), false);
    CHANGED(replace(&b->node, "other"), false);
    CHANGED(b->created_s = 2, false);
    CHANGED(b->deleting = true, false);
    CHANGED(b->finished = true, false);
    CHANGED(b->migrating = true, false);
    CHANGED(b->opted_out = true, false);
    CHANGED(ip_addr_set_clear(&b->status_ips), false);
    CHANGED(claims_get(&b->claims, "ovn")->kind = CLAIM_VIP, false);
#undef CHANGED

    b = pod_clone(a);
    pod_destroy(b);
    pod_destroy(a);
}

/* A VM's port bears the VM's name, whichever pod runs it. */
static void
test_port_owner_name(void)
{
    struct pod *pod = pod_create("ns", "virt-launcher-vm1-abcde", NULL);

    CU_ASSERT_STRING_EQUAL(pod->uid, "");
    CU_ASSERT_STRING_EQUAL(pod_port_owner_name(pod),
                           "virt-launcher-vm1-abcde");
    replace(&pod->owner_name, "vm1");
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
    CU_ADD_TEST(suite, test_port_owner_name);
}
