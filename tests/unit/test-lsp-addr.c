/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of agent/core/lsp-addr: what an element of Logical_Switch_Port
 * addresses or port_security means to OVN. */

#include <config.h>

#include "tests/unit/unit.h"

#include <ctype.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"

#include "packets.h"
#include "random.h"
#include "util.h"

#include "agent/core/lsp-addr.h"
#include "agent/core/lsp-scan.h"
#include "tests/unit/lsp-gen.h"

#define MAC "0a:00:00:00:00:01"

/* What to expect of elements of "addresses".  'expected' is the canonical
 * form, whose first word tells the kind. */
static const struct {
    const char *input;
    const char *expected;
    const char *junk;
    const char *why;
} addr_vectors[] = {
    /* Kinds. */
    {"unknown", "unknown", NULL, "the word"},
    {"router", "router", NULL, "the word"},
    {"dynamic", "dynamic", NULL, "the word"},
    {" unknown", "invalid", "unknown", "the word only without blanks"},
    {"unknown ", "invalid", "unknown", "the word only without blanks"},
    {"Router", "invalid", "Router", "case matters"},
    {"router 10.0.0.1", "invalid", "router", "nothing may follow"},
    {"", "invalid", NULL, "empty"},
    {"  ", "invalid", NULL, "blank"},
    {"10.0.0.1", "invalid", "10.0.0.1", "without a MAC nothing is owned"},
    {"10.0.0.1 " MAC, "invalid", "10.0.0.1", "the MAC comes first"},
    {"fd00::1", "invalid", "fd00::1", "without a MAC nothing is owned"},
    {"sts1-0.default", "invalid", "sts1-0.default", "a name"},
    {"VRRPv3 " MAC " 10.0.0.1", "invalid", "VRRPv3", "port_security only"},

    /* Dynamic. */
    {"dynamic 10.0.0.5", "dynamic 10.0.0.5", NULL, "IPv4 asked for"},
    {"dynamic fd00::5", "dynamic fd00::5", NULL, "IPv6 asked for"},
    {"dynamic 10.0.0.5 fd00::5", "dynamic 10.0.0.5 fd00::5", NULL, "both"},
    {"dynamic  10.0.0.5", "dynamic 10.0.0.5", NULL, "two blanks"},
    {"dynamic10.0.0.5", "dynamic 10.0.0.5", NULL, "no blank"},
    {MAC " dynamic", MAC " dynamic", NULL, "MAC asked for"},
    {" 0a:0:0:0:0:1\tdynamic", MAC " dynamic", NULL, "MAC asked for"},
    {"dynamic ", "invalid", "dynamic", "a trailing blank spoils it"},
    {"dynamic 10.0.0.5 ", "invalid", "dynamic", "and here"},
    {"dynamic 10.0.0.5/24", "invalid", "dynamic", "no mask"},
    {"dynamic fd00::5 10.0.0.5", "invalid", "dynamic", "wrong order"},
    {"dynamic x", "invalid", "dynamic", "no address"},
    {"dynamicx", "invalid", "dynamicx", "another word"},
    {" dynamic", "invalid", "dynamic", "a leading blank"},
    {"dynamic dead", "dynamic", NULL, "looks like IPv6 to the first scan"},
    {"dynamic 10.0.0.5.6", "dynamic", NULL, "dynamic, asks for nothing"},
    {MAC " dynamic ", MAC, "dynamic", "static, the rest is junk"},
    {MAC " dynamic 10.0.0.5", MAC, "dynamic", "static, the rest is junk"},
    {MAC " 10.0.0.5 dynamic", MAC " 10.0.0.5", "dynamic", "static"},

    /* MACs. */
    {MAC, MAC, NULL, "MAC alone"},
    {"0:0:0:0:2:8 10.0.0.1", "00:00:00:00:02:08 10.0.0.1", NULL,
     "octets of one digit"},
    {"0A:00:00:00:00:01 10.0.0.1", MAC " 10.0.0.1", NULL, "case is free"},
    {"0x0a:0:0:0:0:0x1 10.0.0.1", MAC " 10.0.0.1", NULL, "0x is accepted"},
    {"10a:0:0:0:0:101 10.0.0.1", MAC " 10.0.0.1", NULL, "modulo 256"},
    {"0a: 0:0:0:0:1 10.0.0.1", MAC " 10.0.0.1", NULL, "blanks in a MAC"},
    {"0a-00-00-00-00-01 10.0.0.1", "invalid", "0a-00-00-00-00-01", "dashes"},
    {"0a:00:00:00:00 10.0.0.1", "invalid", "0a:00:00:00:00", "five octets"},
    {"0a:00:00:00:00:01:02 10.0.0.1", MAC, ":02", "seven octets"},

    /* Blanks. */
    {"  " MAC "   10.0.0.1  ", MAC " 10.0.0.1", NULL, "blanks everywhere"},
    {"\t" MAC "\n10.0.0.1\r", MAC " 10.0.0.1", NULL, "of every kind"},
    {MAC "::1 10.0.0.1", MAC " ::1 10.0.0.1", NULL, "none where none needed"},
    {MAC " 10.0.0.1fd00::1", MAC " 10.0.0.1 fd00::1", NULL,
     "none where none is needed"},

    /* IPv4. */
    {MAC " 010.016.000.072", MAC " 10.16.0.72", NULL, "decimal, not octal"},
    {MAC " 266.0.0.257", MAC " 10.0.0.1", NULL, "modulo 256"},
    {MAC " 10. 0. 0. 1", MAC " 10.0.0.1", NULL, "blanks before numbers"},
    {MAC " 10 .0.0.1", MAC, "10", "not before dots"},
    {MAC " 10.0.0.1 10.0.0.1", MAC " 10.0.0.1 10.0.0.1", NULL, "repeated"},
    {MAC " 10.0.0.1/24", MAC " 10.0.0.1", NULL, "a mask does not matter"},
    {MAC " 10.0.0.1/0", MAC " 10.0.0.1", NULL, "shortest mask"},
    {MAC " 10.0.0.1/32", MAC " 10.0.0.1", NULL, "longest mask"},
    {MAC " 10.0.0.1/ 24", MAC " 10.0.0.1", NULL, "blank before the number"},
    {MAC " 10.0.0.1/255.255.255.0", MAC " 10.0.0.1", NULL, "dotted mask"},
    {MAC " 10.0.0.1/255.0.255.0", MAC, "10.0.0.1/255.0.255.0", "gap"},
    {MAC " 10.0.0.1/33 10.0.0.2", MAC, "10.0.0.1/33", "mask too long"},
    {MAC " 10.0.0.1/-1", MAC, "10.0.0.1/-1", "mask too short"},
    {MAC " 10.0.0.1/33 fd00::1 10.0.0.2", MAC " fd00::1 10.0.0.2", NULL,
     "an IPv6 address behind a bad IPv4 mask is read"},
    {MAC " 10.0.0.1/255.0.255.0fd00::1", MAC " fd00::1", NULL, "likewise"},
    {MAC " 10.0.0.1/", MAC " 10.0.0.1", "/", "no mask"},
    {MAC " 10.0.0.1 /24", MAC " 10.0.0.1", "/24", "no blank before a mask"},
    {MAC " 10.0.0.1/24/24 10.0.0.2", MAC " 10.0.0.1", "/24", "two masks"},
    {MAC " 10.0.0", MAC, "10.0.0", "three octets"},
    {MAC " 10.0.0.1.2 10.0.0.3", MAC " 10.0.0.1", ".2", "five octets"},

    /* IPv6. */
    {MAC " fd00::1", MAC " fd00::1", NULL, "IPv6 alone"},
    {MAC " FD00:0:0::0:01", MAC " fd00::1", NULL, "spelling is free"},
    {MAC " fd00::1 10.0.0.1 fd00::2", MAC " fd00::1 10.0.0.1 fd00::2", NULL,
     "any order and number"},
    {MAC " ::ffff:10.0.0.1", MAC " ::ffff:10.0.0.1", NULL, "IPv4-mapped"},
    {MAC " fd00::1/64", MAC " fd00::1", NULL, "mask"},
    {MAC " fd00::1/ffff:ffff::", MAC " fd00::1", NULL, "mask as address"},
    {MAC " fd00::1/ffff::ffff", MAC, "fd00::1/ffff::ffff", "gap"},
    {MAC " fd00::1/129", MAC, "fd00::1/129", "mask too long"},
    {MAC " fd00::1/abc", MAC, "fd00::1/abc", "no mask"},
    {MAC " fd00::1/x", MAC " fd00::1", "/x", "no mask at all"},
    {MAC " fd00::1%eth0", MAC " fd00::1", "%eth0", "zone"},
    {MAC " fd00::1::2 10.0.0.1", MAC, "fd00::1::2", "two gaps"},
    {MAC " 00fd00::1", MAC, "00fd00::1", "group too long"},

    /* Junk. */
    {MAC " 10.0.0.1 x 10.0.0.2", MAC " 10.0.0.1", "x", "ends the parse"},
    {MAC ",10.0.0.1", MAC, ",10.0.0.1", "comma behind the MAC"},
    {MAC " 10.0.0.1,10.0.0.2", MAC " 10.0.0.1", ",10.0.0.2", "comma"},
    {MAC " 10.0.0.1, 10.0.0.2", MAC " 10.0.0.1", ",", "comma and blank"},
    {MAC " 10.0.0.1x", MAC " 10.0.0.1", "x", "glued"},
    {MAC " " MAC " 10.0.0.1", MAC, MAC, "two MACs"},
    {MAC " 10.0.0.1 \xff\xfe", MAC " 10.0.0.1", "\xff\xfe", "not UTF-8"},
};

static void
complain(const char *input, const char *why, const char *actual,
         const char *expected)
{
    printf("\n\"%s\" (%s): \"%s\", expected \"%s\"\n", input, why,
           actual ? actual : "NULL", expected ? expected : "NULL");
    CU_FAIL("wrong result");
}

static char *
format_element(const char *s)
{
    struct ds out = DS_EMPTY_INITIALIZER;
    struct lsp_addr addr;

    lsp_addr_parse(s, &addr);
    lsp_addr_format_parsed(&addr, &out);
    lsp_addr_destroy(&addr);
    return ds_steal_cstr(&out);
}

static void
test_parse(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(addr_vectors); i++) {
        const char *input = addr_vectors[i].input;
        const char *why = addr_vectors[i].why;
        struct lsp_addr addr;

        char *canonical = format_element(input);
        if (strcmp(canonical, addr_vectors[i].expected)) {
            complain(input, why, canonical, addr_vectors[i].expected);
        }
        free(canonical);

        lsp_addr_parse(input, &addr);
        if (!nullable_string_is_equal(addr.junk, addr_vectors[i].junk)) {
            complain(input, why, addr.junk, addr_vectors[i].junk);
        }
        CU_ASSERT_EQUAL(addr.kind, lsp_addr_kind_of(input));
        CU_ASSERT_EQUAL(addr.has_mac, !eth_addr_is_zero(addr.mac));
        lsp_addr_destroy(&addr);
    }
    lsp_addr_destroy(NULL);
}

/* The kinds, not through their names. */
static void
test_kinds(void)
{
    CU_ASSERT_EQUAL(lsp_addr_kind_of(MAC), LSP_ADDR_STATIC);
    CU_ASSERT_EQUAL(lsp_addr_kind_of("unknown"), LSP_ADDR_UNKNOWN);
    CU_ASSERT_EQUAL(lsp_addr_kind_of("router"), LSP_ADDR_ROUTER);
    CU_ASSERT_EQUAL(lsp_addr_kind_of("dynamic"), LSP_ADDR_DYNAMIC);
    CU_ASSERT_EQUAL(lsp_addr_kind_of(MAC " dynamic"), LSP_ADDR_DYNAMIC);
    CU_ASSERT_EQUAL(lsp_addr_kind_of("10.0.0.1"), LSP_ADDR_INVALID);
}

static void
test_has_ip(void)
{
    static const struct {
        const char *element;
        const char *ip;
        bool expected;
        const char *why;
    } vectors[] = {
        {MAC " 10.0.0.1", "10.0.0.1", true, "owned"},
        {MAC " 10.0.0.11", "10.0.0.1", false, "prefix as text"},
        {MAC " 10.0.0.1", "10.0.0.11", false, "prefix as text"},
        {MAC " 110.0.0.1", "10.0.0.1", false, "suffix as text"},
        {MAC " fd00::11", "fd00::1", false, "prefix as text"},
        {MAC " fd00::10:1", "fd00::1", false, "other groups"},
        {MAC " FD00:0:0:0::1", "fd00::1", true, "other spelling"},
        {MAC " 10.0.0.2/24", "10.0.0.1", false, "owns no network"},
        {MAC " 10.0.0.0/24", "10.0.0.1", false, "owns no network"},
        {MAC " 10.0.0.2 fd00::2 10.0.0.1", "10.0.0.1", true, "last"},
        {MAC " 10.0.0.2 x 10.0.0.1", "10.0.0.1", false, "behind junk"},
        {MAC " ::ffff:10.0.0.1", "10.0.0.1", false, "IPv4-mapped is IPv6"},
        {MAC " ::10.0.0.1", "10.0.0.1", false, "dotted tail is IPv6"},
        {"10.0.0.1", "10.0.0.1", false, "no MAC"},
        {"dynamic 10.0.0.1", "10.0.0.1", false, "asked for, not owned"},
        {"router", "10.0.0.1", false, "the router port's"},
        {"unknown", "10.0.0.1", false, "nobody's"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct ip_addr ip = lsp_gen_parse(vectors[i].ip);

        if (lsp_addr_has_ip(vectors[i].element, &ip) != vectors[i].expected) {
            complain(vectors[i].element, vectors[i].why, vectors[i].ip,
                     vectors[i].expected ? "owned" : "not owned");
        }
    }
}

static void
test_collect(void)
{
    char *elements[] = {
        "unknown", "10.0.0.9", "dynamic 10.0.0.8", MAC " dynamic", "router",
        "0a:00:00:00:00:02 fd00::1 10.0.0.2 x 10.0.0.7",
        MAC " 10.0.0.1/24 10.0.0.2 FD00:0::1",
    };
    struct ds s = DS_EMPTY_INITIALIZER;
    struct ip_addr_set set;
    struct eth_addr mac;

    ip_addr_set_init(&set);
    lsp_addrs_collect(elements, ARRAY_SIZE(elements), &set);
    ip_addr_set_format(&set, &s);
    CU_ASSERT_STRING_EQUAL(ds_cstr(&s), "10.0.0.1, 10.0.0.2, fd00::1");
    ip_addr_set_destroy(&set);
    ds_destroy(&s);

    CU_ASSERT_TRUE(lsp_addrs_first_mac(elements, ARRAY_SIZE(elements), &mac));
    CU_ASSERT_EQUAL(eth_addr_to_uint64(mac), UINT64_C(0x0a0000000002));
    CU_ASSERT_FALSE(lsp_addrs_first_mac(elements, 5, &mac));
    CU_ASSERT_TRUE(eth_addr_is_zero(mac));
    CU_ASSERT_FALSE(lsp_addrs_first_mac(NULL, 0, &mac));
}

static void
test_ps_parse(void)
{
    static const struct {
        const char *input;
        const char *expected;   /* "MAC IP/PLEN...", "!" for a network. */
        const char *junk;
        const char *why;
    } vectors[] = {
        {MAC, MAC, NULL, "MAC alone"},
        {MAC " 10.0.0.1", MAC " 10.0.0.1/32", NULL, "exact"},
        {MAC " 10.0.0.0/24", MAC " 10.0.0.0/24!", NULL, "network"},
        {MAC " 10.0.0.1/24", MAC " 10.0.0.1/32", NULL,
         "host bits: the one address"},
        {MAC " 10.0.0.0/31", MAC " 10.0.0.0/31!", NULL, "network of two"},
        {MAC " 10.0.0.1/31", MAC " 10.0.0.1/32", NULL, "host bit"},
        {MAC " 10.0.0.0/32", MAC " 10.0.0.0/32", NULL, "exact"},
        {MAC " 0.0.0.0/0", MAC " 0.0.0.0/0!", NULL, "everything"},
        {MAC " 10.0.0.0/255.255.0.0", MAC " 10.0.0.0/16!", NULL, "dotted"},
        {MAC " fd00::/64", MAC " fd00::/64!", NULL, "network"},
        {MAC " fd00::1/64", MAC " fd00::1/128", NULL, "host bits"},
        {MAC " fd00::1 10.0.0.1", MAC " fd00::1/128 10.0.0.1/32", NULL,
         "both"},
        {MAC " 10.0.0.1,10.0.0.2", MAC " 10.0.0.1/32", ",10.0.0.2",
         "the parser stops at a comma"},
        {"VRRPv3 " MAC " 10.0.0.1", "", "VRRPv3 " MAC " 10.0.0.1",
         "newer OVN"},
        {"10.0.0.1", "", "10.0.0.1", "no MAC"},
        {"", "", NULL, "empty"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct ds s = DS_EMPTY_INITIALIZER;
        struct ps_entry entry;

        ps_entry_parse(vectors[i].input, &entry);
        if (entry.has_mac) {
            ds_put_format(&s, ETH_ADDR_FMT, ETH_ADDR_ARGS(entry.mac));
        }
        for (size_t j = 0; j < entry.n_nets; j++) {
            ds_put_char(&s, ' ');
            ip_addr_format(&entry.nets[j].ip, &s);
            ds_put_format(&s, "/%u%s", entry.nets[j].plen,
                          entry.nets[j].masked ? "!" : "");
        }
        if (strcmp(ds_cstr(&s), vectors[i].expected)) {
            complain(vectors[i].input, vectors[i].why, ds_cstr(&s),
                     vectors[i].expected);
        }
        if (!nullable_string_is_equal(entry.junk, vectors[i].junk)) {
            complain(vectors[i].input, vectors[i].why, entry.junk,
                     vectors[i].junk);
        }
        ps_entry_destroy(&entry);
        ds_destroy(&s);
    }
    ps_entry_destroy(NULL);
}

static void
test_ps_permit(void)
{
    static const struct {
        const char *entry;
        const char *ip;
        bool expected;
        const char *why;
    } vectors[] = {
        {MAC, "10.0.0.1", false, "permits all, lists none"},
        {"", "10.0.0.1", false, "nothing"},
        {MAC " 10.0.0.1", "10.0.0.1", true, "exact"},
        {MAC " 10.0.0.11", "10.0.0.1", false, "prefix as text"},
        {MAC " 10.0.0.0/24", "10.0.0.1", true, "network"},
        {MAC " 10.0.0.0/24", "10.0.1.1", false, "another network"},
        {MAC " 10.0.0.2/24", "10.0.0.1", false, "the other address only"},
        {MAC " 10.0.0.1/24", "10.0.0.1", true, "this address only"},
        {MAC " 0.0.0.0/0", "10.0.0.1", true, "everything"},
        {MAC " 0.0.0.0/0", "fd00::1", false, "of the other family"},
        {MAC " ::/0", "fd00::1", true, "everything"},
        {MAC " FD00:0::0:1", "fd00::1", true, "other spelling"},
        {MAC " 10.0.0.2 x 10.0.0.1", "10.0.0.1", false, "behind junk"},
        {"10.0.0.1", "10.0.0.1", false, "no MAC"},
        {"VRRPv3 " MAC " 10.0.0.1", "10.0.0.1", true, "VRRP"},
        {"VRRPv3 " MAC " 00:00:5e:00:01:00/40 10.0.0.1", "10.0.0.1", true,
         "VRRP with a MAC of its own"},
        {"VRRPv3 " MAC " 10.0.0.0/24", "10.0.0.1", true, "VRRP, network"},
        {"VRRPv3 " MAC " x FD00:0::1", "fd00::1", true,
         "VRRP, behind junk: perhaps"},
        {"VRRPv3 " MAC " 10.0.0.11", "10.0.0.1", false, "VRRP, another"},
        {"VRRPv3 " MAC, "10.0.0.1", false, "VRRP without address"},
        {"VRRPv3", "10.0.0.1", false, "VRRP without anything"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct ip_addr ip = lsp_gen_parse(vectors[i].ip);
        char *entries[] = { MAC " 10.9.9.9", "", (char *) vectors[i].entry };

        if (ps_entries_permit(entries, ARRAY_SIZE(entries), &ip)
            != vectors[i].expected) {
            complain(vectors[i].entry, vectors[i].why, vectors[i].ip,
                     vectors[i].expected ? "listed" : "not listed");
        }
    }

    struct ip_addr ip = lsp_gen_parse("10.0.0.1");
    CU_ASSERT_FALSE(ps_entries_permit(NULL, 0, &ip));
}

/* Reads 's' as OVN does, with the functions of libopenvswitch that it calls,
 * and returns the result in canonical form. */
static char *
reference_parse(const char *s)
{
    struct ds out = DS_EMPTY_INITIALIZER;
    struct eth_addr mac;
    int n = 0;

    if (!ovs_scan_len(s, &n, ETH_ADDR_SCAN_FMT, ETH_ADDR_SCAN_ARGS(mac))) {
        return xstrdup("invalid");
    }
    ds_put_format(&out, ETH_ADDR_FMT, ETH_ADDR_ARGS(mac));
    for (s += n; *s; s += n) {
        struct in6_addr ip6;
        unsigned int plen;
        ovs_be32 ip4;
        char *error;

        n = 0;
        error = ip_parse_cidr_len(s, &n, &ip4, &plen);
        if (!error) {
            ds_put_format(&out, " "IP_FMT, IP_ARGS(ip4));
            continue;
        }
        free(error);
        error = ipv6_parse_cidr_len(s, &n, &ip6, &plen);
        if (error) {
            free(error);
            break;
        }
        ds_put_char(&out, ' ');
        ipv6_format_addr(&ip6, &out);
    }
    return ds_steal_cstr(&out);
}

/* Random elements mean what the library says. */
static void
test_random_reference(void)
{
    random_set_seed(unit_seed());
    for (int i = 0; i < 50000; i++) {
        char *s = lsp_gen_element();
        enum lsp_addr_kind kind = lsp_addr_kind_of(s);

        if (kind == LSP_ADDR_STATIC || kind == LSP_ADDR_INVALID) {
            char *expected = reference_parse(s);
            char *actual = format_element(s);

            if (strcmp(actual, expected)) {
                complain(s, "random", actual, expected);
            }
            free(actual);
            free(expected);
        }
        free(s);
    }
}

/* The canonical form of random elements is its own canonical form. */
static void
test_random_format(void)
{
    random_set_seed(unit_seed());
    for (int i = 0; i < 50000; i++) {
        char *s = lsp_gen_element();
        char *once = format_element(s);
        char *twice = format_element(once);

        if (strcmp(once, twice)) {
            complain(s, "random", twice, once);
        }
        CU_ASSERT_EQUAL(lsp_addr_kind_of(s), lsp_addr_kind_of(once));
        free(twice);
        free(once);
        free(s);
    }
}

/* The ways to ask what a column owns agree, and tokens are where they should
 * be. */
static void
test_random_views(void)
{
    random_set_seed(unit_seed());
    for (int i = 0; i < 20000; i++) {
        char *s = lsp_gen_element();
        struct ip_addr_set set, parsed;
        struct ip_addr ip = lsp_gen_ip();
        struct lsp_token token;
        struct lsp_scan scan;
        size_t n_tokens = 0, ofs = 0;
        struct lsp_addr addr;

        ip_addr_set_init(&set);
        ip_addr_set_init(&parsed);
        lsp_addr_parse(s, &addr);
        lsp_addrs_collect(&s, 1, &set);
        for (size_t j = 0; addr.kind == LSP_ADDR_STATIC && j < addr.n_ips;
             j++) {
            ip_addr_set_add(&parsed, &addr.ips[j]);
        }
        CU_ASSERT_TRUE(ip_addr_set_equals(&set, &parsed));
        CU_ASSERT_EQUAL(lsp_addr_has_ip(s, &ip),
                        ip_addr_set_contains(&set, &ip));

        if (addr.kind == LSP_ADDR_STATIC) {
            CU_ASSERT_TRUE(lsp_scan_start(&scan, s));
            for (; lsp_scan_next(&scan, &token); ofs = token.end) {
                CU_ASSERT(ofs <= token.start);
                CU_ASSERT(token.start <= token.addr_start);
                CU_ASSERT(token.addr_start < token.addr_end);
                CU_ASSERT(token.addr_end <= token.end);
                CU_ASSERT(token.end <= strlen(s));
                CU_ASSERT_FALSE(isspace((unsigned char) s[token.start]));
                CU_ASSERT_FALSE(isspace((unsigned char) s[token.end - 1]));
                CU_ASSERT_TRUE(ip_addr_equals(&token.ip,
                                              &addr.ips[n_tokens]));
                n_tokens++;
            }
            CU_ASSERT_EQUAL(n_tokens, addr.n_ips);
        }

        lsp_addr_destroy(&addr);
        ip_addr_set_destroy(&parsed);
        ip_addr_set_destroy(&set);
        free(s);
    }
}

/* Random entries of port_security: the nets are those of the addresses, and
 * an address is permitted if one of them has it. */
static void
test_random_ps(void)
{
    random_set_seed(unit_seed());
    for (int i = 0; i < 20000; i++) {
        char *s = lsp_gen_element();
        struct ip_addr ip = lsp_gen_ip();
        struct ps_entry entry;
        bool listed = false;

        ps_entry_parse(s, &entry);
        for (size_t j = 0; j < entry.n_nets; j++) {
            const struct ps_net *net = &entry.nets[j];

            CU_ASSERT_TRUE(ps_net_contains(net, &net->ip));
            CU_ASSERT_EQUAL(net->masked,
                            net->plen < (net->ip.family == 4 ? 32 : 128));
            listed |= ps_net_contains(net, &ip);
        }
        if (strncmp(s, "VRRPv3", 6)) {
            CU_ASSERT_EQUAL(ps_entries_permit(&s, 1, &ip), listed);
        } else {
            CU_ASSERT_FALSE(entry.has_mac);
        }
        ps_entry_destroy(&entry);
        free(s);
    }
}

/* A long element takes time in proportion to its length; the copies that are
 * made for error messages by the library would take minutes here. */
static void
test_long(void)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    struct lsp_addr addr;

    ds_put_cstr(&s, MAC);
    for (int i = 0; i < 100000; i++) {
        ds_put_format(&s, " fd00::%x:%x", i >> 16, i & 0xffff);
    }
    lsp_addr_parse(ds_cstr(&s), &addr);
    CU_ASSERT_EQUAL(addr.n_ips, 100000);
    CU_ASSERT_PTR_NULL(addr.junk);
    lsp_addr_destroy(&addr);
    ds_destroy(&s);
}

void
suite_lsp_addr(void)
{
    CU_pSuite suite = unit_add_suite("lsp-addr");

    CU_ADD_TEST(suite, test_parse);
    CU_ADD_TEST(suite, test_kinds);
    CU_ADD_TEST(suite, test_has_ip);
    CU_ADD_TEST(suite, test_collect);
    CU_ADD_TEST(suite, test_ps_parse);
    CU_ADD_TEST(suite, test_ps_permit);
    CU_ADD_TEST(suite, test_random_reference);
    CU_ADD_TEST(suite, test_random_format);
    CU_ADD_TEST(suite, test_random_views);
    CU_ADD_TEST(suite, test_random_ps);
    CU_ADD_TEST(suite, test_long);
}
