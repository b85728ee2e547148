/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of claims as values.  What annotations mean is tested in
 * test-dialect-kube-ovn.c. */

#include <config.h>

#include "tests/unit/unit.h"

#include <string.h>

#include "openvswitch/dynamic-string.h"

#include "packets.h"
#include "util.h"

#include "agent/core/claim.h"

static void
add_ip(struct claim *claim, const char *s)
{
    CU_ASSERT_TRUE_FATAL(ip_addr_parse(s, &claim->ips[claim->n_ips++]));
}

/* Claims stay sorted whatever the order in which they are made, and asking
 * for one again changes nothing. */
static void
test_get_and_find(void)
{
    static const char *const providers[] = {
        "ovn", "net1.default.ovn", "a.b.ovn", "net1.default.ovn.eth1", "ovn",
        "a.b.ovn",
    };
    struct claims claims;

    claims_init(&claims);
    CU_ASSERT_PTR_NULL(claims_find(&claims, "ovn"));
    for (size_t i = 0; i < ARRAY_SIZE(providers); i++) {
        struct claim *c = claims_get(&claims, providers[i]);

        CU_ASSERT_STRING_EQUAL(c->provider, providers[i]);
        CU_ASSERT_EQUAL(c->kind, CLAIM_STICKY);
        CU_ASSERT_PTR_EQUAL(claims_find(&claims, providers[i]), c);
    }
    CU_ASSERT_EQUAL_FATAL(claims.n, 4);
    for (size_t i = 1; i < claims.n; i++) {
        CU_ASSERT_TRUE(strcmp(claims.claims[i - 1].provider,
                              claims.claims[i].provider) < 0);
    }
    CU_ASSERT_PTR_NULL(claims_find(&claims, "net1.default"));
    CU_ASSERT_PTR_NULL(claims_find(&claims, "zzz"));
    claims_destroy(&claims);
}

/* Fills in every field. */
static void
fill(struct claims *claims)
{
    struct claim *c;

    claims_init(claims);
    c = claims_get(claims, "ovn");
    c->kind = CLAIM_EXPLICIT;
    add_ip(c, "10.0.0.1");
    add_ip(c, "fd00::1");
    c->has_mac = true;
    c->mac = (struct eth_addr) ETH_ADDR_C(0a, 58, 0a, 00, 00, 01);
    c->logical_switch = xstrdup("net");
    c->allocated = true;
    c->source = xstrdup("key");
    c->error = xstrdup("error");
}

/* Each field counts in a comparison. */
static void
test_equality(void)
{
    struct claims a, b;

    fill(&a);
    claims_clone(&b, &a);
    CU_ASSERT_TRUE(claims_equal(&a, &b));
    claims_destroy(&b);

#define DIFFERENT(STATEMENT)                    \
    do {                                        \
        struct claim *c;                        \
                                                \
        claims_clone(&b, &a);                   \
        c = &b.claims[0];                       \
        STATEMENT;                              \
        CU_ASSERT_PTR_NOT_NULL(c);              \
        CU_ASSERT_FALSE(claims_equal(&a, &b));  \
        CU_ASSERT_FALSE(claims_equal(&b, &a));  \
        claims_destroy(&b);                     \
    } while (0)

    DIFFERENT(c->provider[0] = 'x');
    DIFFERENT(c->kind = CLAIM_STICKY);
    DIFFERENT(c->n_ips = 1);
    DIFFERENT(c->ips[1].bytes[15] = 2);
    DIFFERENT(c->has_mac = false);
    DIFFERENT(c->mac.ea[5] = 2);
    DIFFERENT(c->logical_switch[0] = 'x');
    DIFFERENT(free(c->logical_switch); c->logical_switch = NULL);
    DIFFERENT(c->allocated = false);
    DIFFERENT(c->source[0] = 'x');
    DIFFERENT(c->error[0] = 'x');
    DIFFERENT(claims_get(&b, "zzz"));
#undef DIFFERENT

    claims_destroy(&a);
}

/* Addresses are compared, not their spellings. */
static void
test_names(void)
{
    static const struct {
        const char *ips[2];
        const char *ip;
        bool names;
    } vectors[] = {
        {{"10.0.0.1", NULL}, "10.0.0.1", true},
        {{"10.0.0.1", NULL}, "10.0.0.11", false},
        {{"fd00:0::1", NULL}, "fd00::1", true},
        {{"10.0.0.1", "FD00::A"}, "fd00:0:0::a", true},
        {{"10.0.0.1", "fd00::a"}, "fd00::1", false},
        {{NULL, NULL}, "10.0.0.1", false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct claim claim = { .kind = CLAIM_EXPLICIT };
        struct ip_addr ip;

        CU_ASSERT_TRUE_FATAL(ip_addr_parse(vectors[i].ip, &ip));
        for (size_t j = 0; j < 2 && vectors[i].ips[j]; j++) {
            add_ip(&claim, vectors[i].ips[j]);
        }
        CU_ASSERT_EQUAL(claim_names(&claim, &ip), vectors[i].names);
    }
}

static void
check_format(const struct claim *claim, const char *expected)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    claim_format(claim, &ds);
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds), expected);
    ds_destroy(&ds);
}

static void
test_format(void)
{
    struct claim claim = {
        .kind = CLAIM_EXPLICIT,
        .source = CONST_CAST(char *, "ovn.kubernetes.io/ip_pool"),
    };

    add_ip(&claim, "10.16.0.11");
    check_format(&claim, "10.16.0.11 (ovn.kubernetes.io/ip_pool)");
    add_ip(&claim, "fd00::b");
    check_format(&claim, "10.16.0.11, fd00::b (ovn.kubernetes.io/ip_pool)");
    claim.allocated = true;
    check_format(&claim, "10.16.0.11, fd00::b (ovn.kubernetes.io/ip_pool, "
                 "allocated)");
    claim = (struct claim) { .kind = CLAIM_STICKY };
    check_format(&claim, "no address by name");
    claim.kind = CLAIM_SHORT_POOL;
    check_format(&claim, "no item of the pool for this ordinal");
    claim.kind = CLAIM_VIP;
    check_format(&claim, "the address of a Vip");
    claim.kind = CLAIM_INVALID;
    claim.error = CONST_CAST(char *, "k is \"v\", expected e");
    check_format(&claim, "unknown: k is \"v\", expected e");
}

void
suite_claim(void)
{
    CU_pSuite suite = unit_add_suite("claim");

    CU_ADD_TEST(suite, test_get_and_find);
    CU_ADD_TEST(suite, test_equality);
    CU_ADD_TEST(suite, test_names);
    CU_ADD_TEST(suite, test_format);
}
