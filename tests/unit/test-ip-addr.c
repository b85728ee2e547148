/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of agent/core/ip-addr: what is an address, how it compares, and that
 * a set is what a set should be. */

#include <config.h>

#include "tests/unit/unit.h"

#include <string.h>

#include "openvswitch/dynamic-string.h"

#include "random.h"
#include "util.h"

#include "agent/core/ip-addr.h"

static struct ip_addr
ip(const char *s)
{
    struct ip_addr addr;

    if (!ip_addr_parse(s, &addr)) {
        ovs_fatal(0, "%s: the test itself is wrong", s);
    }
    return addr;
}

static void
test_parse(void)
{
    static const struct {
        const char *input;
        const char *expected;   /* NULL if 'input' is no address. */
        const char *why;
    } vectors[] = {
        {"10.0.0.1", "10.0.0.1", "plain"},
        {"0.0.0.0", "0.0.0.0", "all zero is an address"},
        {"255.255.255.255", "255.255.255.255", "largest"},
        {"fd00::1", "fd00::1", "compressed"},
        {"FD00:0:0:0:0:0:0:1", "fd00::1", "upper case, spelled out"},
        {"fd00:0000::0001", "fd00::1", "leading zeros"},
        {"::", "::", "all zero"},
        {"::ffff:10.0.0.1", "::ffff:10.0.0.1", "IPv4-mapped stays IPv6"},
        {"fd00::10.0.0.1", "fd00::a00:1", "dotted tail"},
        {"", NULL, "empty"},
        {" 10.0.0.1", NULL, "blank before"},
        {"10.0.0.1 ", NULL, "blank behind"},
        {"10.0.0.1/32", NULL, "a mask is another matter"},
        {"fd00::1/128", NULL, "a mask is another matter"},
        {"10.0.0", NULL, "three octets"},
        {"10.0.0.1.2", NULL, "five octets"},
        {"10.0.0.256", NULL, "octet too large"},
        {"10.0.0.-1", NULL, "negative"},
        {"010.0.0.1", NULL, "octal or decimal? refused"},
        {"0x0a.0.0.1", NULL, "hexadecimal"},
        {"10.0.0.1,10.0.0.2", NULL, "two of them"},
        {"fd00::1::2", NULL, "two gaps"},
        {"fd00:1:2:3:4:5:6:7:8", NULL, "nine groups"},
        {"fd00::12345", NULL, "group too long"},
        {"fe80::1%eth0", NULL, "zone"},
        {"[fd00::1]", NULL, "brackets"},
        {"none", NULL, "what no address is formatted as"},
        {"sts1", NULL, "a name"},
    };
    static const struct ip_addr none;

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct ip_addr addr;
        char buf[IP_ADDR_STRLEN];

        memset(&addr, 0xcc, sizeof addr);
        CU_ASSERT_EQUAL(ip_addr_parse(vectors[i].input, &addr),
                        vectors[i].expected != NULL);
        CU_ASSERT_STRING_EQUAL(ip_addr_to_string(&addr, buf),
                               vectors[i].expected ? vectors[i].expected
                               : "none");
        CU_ASSERT_EQUAL(ip_addr_is_set(&addr), vectors[i].expected != NULL);
        if (!vectors[i].expected) {
            CU_ASSERT_EQUAL(memcmp(&addr, &none, sizeof addr), 0);
        }
    }

    struct ip_addr addr = ip("10.0.0.1");
    CU_ASSERT_FALSE(ip_addr_parse(NULL, &addr));
    CU_ASSERT_FALSE(ip_addr_is_set(&addr));
}

/* The longest spelling fits, and so does what it is printed as. */
static void
test_longest(void)
{
    const char *longest = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255";
    struct ip_addr addr = ip(longest);
    char buf[IP_ADDR_STRLEN];

    CU_ASSERT(strlen(longest) < IP_ADDR_STRLEN);
    CU_ASSERT_STRING_EQUAL(ip_addr_to_string(&addr, buf),
                           "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

static void
test_compare(void)
{
    /* In ascending order. */
    static const char *const sorted[] = {
        "0.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.11", "10.0.1.0",
        "192.168.0.1", "255.255.255.255", "::", "::1", "::a00:1",
        "::ffff:10.0.0.1", "fd00::1", "fd00::11", "fd00:0:0:1::",
    };
    static const struct ip_addr none;

    for (size_t i = 0; i < ARRAY_SIZE(sorted); i++) {
        struct ip_addr a = ip(sorted[i]);

        CU_ASSERT(ip_addr_compare(&none, &a) < 0);
        CU_ASSERT(ip_addr_compare(&a, &none) > 0);
        for (size_t j = 0; j < ARRAY_SIZE(sorted); j++) {
            struct ip_addr b = ip(sorted[j]);
            int cmp = ip_addr_compare(&a, &b);

            CU_ASSERT_EQUAL(cmp < 0, i < j);
            CU_ASSERT_EQUAL(cmp > 0, i > j);
            CU_ASSERT_EQUAL(ip_addr_equals(&a, &b), i == j);
        }
    }
    CU_ASSERT_TRUE(ip_addr_equals(&none, &none));
}

static void
test_hash(void)
{
    struct ip_addr a = ip("fd00::1");
    struct ip_addr b = ip("FD00:0::0:1");
    struct ip_addr v4 = ip("10.0.0.1");
    struct ip_addr v6 = ip("a00:1::");

    CU_ASSERT_EQUAL(ip_addr_hash(&a, 7), ip_addr_hash(&b, 7));
    CU_ASSERT_NOT_EQUAL(ip_addr_hash(&a, 7), ip_addr_hash(&a, 8));
    /* Same bytes, other family. */
    CU_ASSERT_NOT_EQUAL(ip_addr_hash(&v4, 0), ip_addr_hash(&v6, 0));
}

static void
test_in_cidr(void)
{
    static const struct {
        const char *ip;
        const char *cidr;
        bool expected;
        const char *why;
    } vectors[] = {
        {"10.0.0.1", "10.0.0.0/24", true, "inside"},
        {"10.0.0.1", "10.0.0.77/24", true, "host bits do not matter"},
        {"10.0.1.1", "10.0.0.0/24", false, "outside"},
        {"10.0.1.1", "10.0.0.0/23", true, "not on a byte boundary"},
        {"10.0.2.1", "10.0.0.0/23", false, "not on a byte boundary"},
        {"10.0.0.1", "10.0.0.1", true, "bare"},
        {"10.0.0.11", "10.0.0.1", false, "bare, and a prefix as text"},
        {"10.0.0.1", "10.0.0.1/32", true, "/32"},
        {"10.0.0.0", "10.0.0.1/31", true, "/31"},
        {"10.0.0.2", "10.0.0.1/31", false, "/31"},
        {"192.168.0.1", "0.0.0.0/0", true, "everything"},
        {"fd00::1", "0.0.0.0/0", false, "everything of the other family"},
        {"10.0.0.1", "::/0", false, "everything of the other family"},
        {"10.0.0.1", "10.0.0.0/255.255.255.0", true, "dotted mask"},
        {"10.0.1.1", "10.0.0.0/255.255.255.0", false, "dotted mask"},
        {"10.0.0.1", "10.0.0.0/255.0.255.0", false, "mask with a gap"},
        {"fd00::1", "fd00::/64", true, "inside"},
        {"fd00::1", "FD00:0::99/64", true, "spelled otherwise"},
        {"fd00:0:0:1::1", "fd00::/64", false, "outside"},
        {"fd00:0:0:1::1", "fd00::/63", true, "not on a byte boundary"},
        {"fd00:0:0:2::1", "fd00::/63", false, "not on a byte boundary"},
        {"fd00::1", "fd00::1", true, "bare"},
        {"fd00::1", "fd00::1/128", true, "/128"},
        {"fd00::2", "fd00::1/128", false, "/128"},
        {"10.0.0.1", "10.0.0.1/33", false, "too many bits"},
        {"fd00::1", "fd00::1/129", false, "too many bits"},
        {"10.0.0.1", "10.0.0.0/", false, "no bits"},
        {"10.0.0.1", "10.0.0.0/-1", false, "sign"},
        {"10.0.0.1", "10.0.0.0/ 24", false, "blank"},
        {"10.0.0.1", "10.0.0.0/24 ", false, "blank"},
        {"10.0.0.1", "10.0.0.0/24/24", false, "twice"},
        {"10.0.0.1", "10.0.0.0/4294967320", false, "24 modulo 2**32"},
        {"10.0.0.1", "/24", false, "no address"},
        {"10.0.0.1", "", false, "empty"},
        {"10.0.0.1", "subnet", false, "a word"},
        {"10.0.0.1",
         "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/0",
         false, "longer than any address"},
    };
    static const struct ip_addr none;

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct ip_addr addr = ip(vectors[i].ip);

        if (ip_addr_in_cidr(&addr, vectors[i].cidr) != vectors[i].expected) {
            printf("\n%s in %s: %s\n", vectors[i].ip, vectors[i].cidr,
                   vectors[i].why);
            CU_FAIL("ip_addr_in_cidr");
        }
    }

    struct ip_addr addr = ip("10.0.0.1");
    CU_ASSERT_FALSE(ip_addr_in_cidr(&addr, NULL));
    CU_ASSERT_FALSE(ip_addr_in_cidr(&none, "0.0.0.0/0"));
    CU_ASSERT_FALSE(ip_addr_in_cidr(&none, "::/0"));
    CU_ASSERT_FALSE(ip_addr_same_prefix(&none, &none, 0));
}

/* Compares with a bit-by-bit notion of the same. */
static void
test_is_host(void)
{
    static const struct {
        const char *ip;
        bool host;
    } vectors[] = {
        { "10.0.0.1", true }, { "1.0.0.0", true },
        { "223.255.255.255", true }, { "169.254.0.1", true },
        { "0.0.0.0", false }, { "0.1.2.3", false }, { "127.0.0.1", false },
        { "224.0.0.5", false }, { "240.0.0.1", false },
        { "255.255.255.255", false },
        { "fd00::1", true }, { "2001:db8::1", true }, { "::2", true },
        { "fec0::1", true },
        { "::", false }, { "::1", false }, { "ff02::1", false },
        { "fe80::1", false }, { "febf::1", false },
    };
    struct ip_addr none = { .family = 0 };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct ip_addr ip;

        CU_ASSERT_TRUE(ip_addr_parse(vectors[i].ip, &ip));
        CU_ASSERT_EQUAL(ip_addr_is_host(&ip), vectors[i].host);
    }
    CU_ASSERT_FALSE(ip_addr_is_host(&none));
}

static void
test_same_prefix_random(void)
{
    random_set_seed(unit_seed());
    for (int i = 0; i < 2000; i++) {
        unsigned int n_bits = random_range(2) ? 32 : 128;
        struct ip_addr a = { .family = n_bits == 32 ? 4 : 6 };
        random_bytes(a.bytes, n_bits / 8);

        struct ip_addr b = a;
        unsigned int differ = random_range(n_bits);
        b.bytes[differ / 8] ^= 0x80 >> (differ % 8);

        unsigned int plen = random_range(n_bits + 1);
        CU_ASSERT_TRUE(ip_addr_same_prefix(&a, &a, plen));
        CU_ASSERT_EQUAL(ip_addr_same_prefix(&a, &b, plen), plen <= differ);
    }
}

static void
assert_set_is(const struct ip_addr_set *set, const char *expected)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    ip_addr_set_format(set, &s);
    CU_ASSERT_STRING_EQUAL(ds_cstr(&s), expected);
    ds_destroy(&s);
}

static void
test_set(void)
{
    struct ip_addr v4 = ip("10.0.0.2"), low = ip("10.0.0.1");
    struct ip_addr v6 = ip("fd00::1"), same_v6 = ip("fd00:0:0::0:1");
    static const struct ip_addr none;
    struct ip_addr_set set, copy;

    ip_addr_set_init(&set);
    assert_set_is(&set, "");
    CU_ASSERT_FALSE(ip_addr_set_contains(&set, &v4));
    CU_ASSERT_FALSE(ip_addr_set_remove(&set, &v4));

    CU_ASSERT_TRUE(ip_addr_set_add(&set, &v6));
    CU_ASSERT_TRUE(ip_addr_set_add(&set, &v4));
    CU_ASSERT_TRUE(ip_addr_set_add(&set, &low));
    CU_ASSERT_FALSE(ip_addr_set_add(&set, &same_v6));
    CU_ASSERT_FALSE(ip_addr_set_add(&set, &none));
    assert_set_is(&set, "10.0.0.1, 10.0.0.2, fd00::1");
    CU_ASSERT_TRUE(ip_addr_set_has_family(&set, 4));
    CU_ASSERT_TRUE(ip_addr_set_has_family(&set, 6));
    CU_ASSERT_FALSE(ip_addr_set_has_family(&set, 0));

    ip_addr_set_clone(&copy, &set);
    CU_ASSERT_TRUE(ip_addr_set_equals(&copy, &set));
    CU_ASSERT_TRUE(ip_addr_set_remove(&copy, &same_v6));
    CU_ASSERT_FALSE(ip_addr_set_equals(&copy, &set));
    CU_ASSERT_FALSE(ip_addr_set_has_family(&copy, 6));
    assert_set_is(&copy, "10.0.0.1, 10.0.0.2");
    assert_set_is(&set, "10.0.0.1, 10.0.0.2, fd00::1");

    /* As many, but other ones. */
    CU_ASSERT_TRUE(ip_addr_set_remove(&set, &low));
    CU_ASSERT_EQUAL(set.n, copy.n);
    CU_ASSERT_FALSE(ip_addr_set_equals(&copy, &set));

    ip_addr_set_clear(&copy);
    assert_set_is(&copy, "");
    CU_ASSERT_TRUE(ip_addr_set_add(&copy, &low));
    assert_set_is(&copy, "10.0.0.1");
    ip_addr_set_destroy(&copy);

    ip_addr_set_clear(&set);
    ip_addr_set_clone(&copy, &set);
    assert_set_is(&copy, "");
    ip_addr_set_destroy(&copy);
    ip_addr_set_destroy(&set);
    ip_addr_set_destroy(NULL);
}

/* Random adds and removes, against a plain table of what is in the set. */
static void
test_set_random(void)
{
    enum { N = 64 };
    bool present[N] = { false };
    struct ip_addr_set set;
    size_t n = 0;

    random_set_seed(unit_seed());
    ip_addr_set_init(&set);
    for (int i = 0; i < 5000; i++) {
        int k = random_range(N);
        struct ip_addr addr = { .family = k & 1 ? 4 : 6,
                                .bytes = { k * 37 } };

        CU_ASSERT_EQUAL(ip_addr_set_contains(&set, &addr), present[k]);
        if (random_range(2)) {
            CU_ASSERT_EQUAL(ip_addr_set_add(&set, &addr), !present[k]);
            n += !present[k];
            present[k] = true;
        } else {
            CU_ASSERT_EQUAL(ip_addr_set_remove(&set, &addr), present[k]);
            n -= present[k];
            present[k] = false;
        }
        CU_ASSERT_EQUAL(set.n, n);
        for (size_t j = 1; j < set.n; j++) {
            CU_ASSERT(ip_addr_compare(&set.addrs[j - 1], &set.addrs[j]) < 0);
        }
    }
    ip_addr_set_destroy(&set);
}

void
suite_ip_addr(void)
{
    CU_pSuite suite = unit_add_suite("ip-addr");

    CU_ADD_TEST(suite, test_parse);
    CU_ADD_TEST(suite, test_longest);
    CU_ADD_TEST(suite, test_compare);
    CU_ADD_TEST(suite, test_hash);
    CU_ADD_TEST(suite, test_is_host);
    CU_ADD_TEST(suite, test_in_cidr);
    CU_ADD_TEST(suite, test_same_prefix_random);
    CU_ADD_TEST(suite, test_set);
    CU_ADD_TEST(suite, test_set_random);
}
