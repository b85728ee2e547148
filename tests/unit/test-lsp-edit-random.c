/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of agent/core/lsp-edit with random columns: what must hold whatever
 * they contain.  test-lsp-edit.c has the single cases. */

#include <config.h>

#include "tests/unit/unit.h"

#include <ctype.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"

#include "packets.h"
#include "random.h"
#include "svec.h"
#include "util.h"

#include "agent/core/lsp-addr.h"
#include "agent/core/lsp-edit.h"
#include "agent/core/lsp-scan.h"
#include "tests/unit/lsp-gen.h"

/* Returns 's' without blanks. */
static char *
squeeze(const char *s)
{
    struct ds out = DS_EMPTY_INITIALIZER;

    for (; *s; s++) {
        if (!isspace((unsigned char) *s)) {
            ds_put_char(&out, *s);
        }
    }
    return ds_steal_cstr(&out);
}

/* Returns static element 's' without blanks and without the text of every
 * occurrence of 'ip'. */
static char *
squeeze_without(const char *s, const struct ip_addr *ip)
{
    struct ds out = DS_EMPTY_INITIALIZER;
    struct lsp_token token;
    struct lsp_scan scan;
    size_t copied = 0;

    lsp_scan_start(&scan, s);
    while (lsp_scan_next(&scan, &token)) {
        if (ip_addr_equals(&token.ip, ip)) {
            ds_put_buffer(&out, s + copied, token.start - copied);
            copied = token.end;
        }
    }
    ds_put_cstr(&out, s + copied);

    char *squeezed = squeeze(ds_cstr(&out));
    ds_destroy(&out);
    return squeezed;
}

/* 'after' is static element 'before' without 'ip': what must hold. */
static void
check_cleared(const char *before, const char *after, const struct ip_addr *ip)
{
    struct lsp_addr b, a;
    size_t j = 0;

    lsp_addr_parse(before, &b);
    lsp_addr_parse(after, &a);
    CU_ASSERT_EQUAL(a.kind, LSP_ADDR_STATIC);
    CU_ASSERT_TRUE(eth_addr_equals(a.mac, b.mac));
    for (size_t i = 0; i < b.n_ips; i++) {
        if (!ip_addr_equals(&b.ips[i], ip)) {
            CU_ASSERT_FATAL(j < a.n_ips);
            CU_ASSERT_TRUE(ip_addr_equals(&a.ips[j], &b.ips[i]));
            j++;
        }
    }
    CU_ASSERT_EQUAL(j, a.n_ips);

    /* All text but that of the address is there, in the same order; except
     * for the one word that would have taken on a meaning. */
    char *expected = squeeze_without(before, ip);
    char *actual = squeeze(after);
    if (nullable_string_is_equal(b.junk, "dynamic") && !a.n_ips && !a.junk) {
        CU_ASSERT(!strncmp(actual, expected, strlen(actual)));
        CU_ASSERT_STRING_EQUAL(expected + strlen(actual), "dynamic");
    } else {
        CU_ASSERT_STRING_EQUAL(actual, expected);
        CU_ASSERT_TRUE(nullable_string_is_equal(a.junk, b.junk));
    }
    free(actual);
    free(expected);
    lsp_addr_destroy(&a);
    lsp_addr_destroy(&b);
}

static void
test_random_clear(void)
{
    random_set_seed(unit_seed());
    for (int i = 0; i < 50000; i++) {
        char *s = lsp_gen_element();
        struct ip_addr ip = lsp_gen_ip();
        struct svec out, again;

        svec_init(&out);
        svec_init(&again);
        enum lsp_edit_result result = lsp_edit_clear(&s, 1, &ip, &out);
        CU_ASSERT_EQUAL_FATAL(out.n, 1);
        if (lsp_addr_has_ip(s, &ip)) {
            CU_ASSERT_EQUAL(result, LSP_EDIT_CHANGED);
            check_cleared(s, out.names[0], &ip);
        } else {
            CU_ASSERT_EQUAL(result, LSP_EDIT_SAME);
            CU_ASSERT_STRING_EQUAL(out.names[0], s);
        }

        /* Once is enough. */
        CU_ASSERT_EQUAL(lsp_edit_clear(out.names, out.n, &ip, &again),
                        LSP_EDIT_SAME);
        CU_ASSERT_TRUE(svec_equal(&again, &out));
        svec_destroy(&again);
        svec_destroy(&out);
        free(s);
    }
}

static bool
has_kind(char **elements, size_t n, enum lsp_addr_kind kind)
{
    for (size_t i = 0; i < n; i++) {
        if (lsp_addr_kind_of(elements[i]) == kind) {
            return true;
        }
    }
    return false;
}

static void
assert_owned(const char *what, char **in, size_t n,
             const struct ip_addr_set *expected, const struct svec *out)
{
    struct ip_addr_set owned;

    ip_addr_set_init(&owned);
    lsp_addrs_collect(out->names, out->n, &owned);
    if (!ip_addr_set_equals(&owned, expected)) {
        struct ds s = DS_EMPTY_INITIALIZER;

        ip_addr_set_format(expected, &s);
        printf("\n%s: expected %s\n", what, ds_cstr(&s));
        for (size_t i = 0; i < MAX(n, out->n); i++) {
            printf("  \"%s\" -> \"%s\"\n", i < n ? in[i] : "",
                   i < out->n ? out->names[i] : "");
        }
        CU_FAIL("wrong addresses");
        ds_destroy(&s);
    }
    ip_addr_set_destroy(&owned);
}

/* Sets an address in a random column, with and without another one to be
 * replaced, and afterwards clears and sets it again. */
static void
test_random_set(void)
{
    static const struct eth_addr mac = ETH_ADDR_C(0a,00,00,00,00,99);

    random_set_seed(unit_seed());
    for (int i = 0; i < 30000; i++) {
        size_t n = random_range(4);
        char **in = lsp_gen_elements(n);
        struct ip_addr add = lsp_gen_ip(), old = lsp_gen_ip();
        const struct ip_addr *replace = random_range(2) ? &old : NULL;
        struct eth_addr mac_before, mac_after;
        enum lsp_edit_result result;
        struct ip_addr_set owned;
        struct svec out, out2;

        svec_init(&out);
        svec_init(&out2);
        ip_addr_set_init(&owned);
        lsp_addrs_collect(in, n, &owned);
        bool had = ip_addr_set_contains(&owned, &add);
        result = lsp_edit_set(in, n, &mac, &add, replace, &out);
        if (has_kind(in, n, LSP_ADDR_ROUTER)
            || has_kind(in, n, LSP_ADDR_DYNAMIC)) {
            CU_ASSERT_EQUAL(result, LSP_EDIT_REFUSED);
            assert_owned("refused", in, n, &owned, &out);
        } else {
            bool change = replace && !ip_addr_equals(replace, &add)
                          && ip_addr_set_remove(&owned, replace);
            change |= ip_addr_set_add(&owned, &add);
            CU_ASSERT_EQUAL(result,
                            change ? LSP_EDIT_CHANGED : LSP_EDIT_SAME);
            assert_owned("set", in, n, &owned, &out);
            /* An element that loses its only address goes, if another one has
             * what is set already. */
            if (!had && lsp_addrs_first_mac(in, n, &mac_before)) {
                lsp_addrs_first_mac(out.names, out.n, &mac_after);
                CU_ASSERT_TRUE(eth_addr_equals(mac_before, mac_after));
            }
            CU_ASSERT_EQUAL(has_kind(in, n, LSP_ADDR_UNKNOWN),
                            has_kind(out.names, out.n, LSP_ADDR_UNKNOWN));

            CU_ASSERT_EQUAL(lsp_edit_clear(out.names, out.n, &add, &out2),
                            LSP_EDIT_CHANGED);
            ip_addr_set_remove(&owned, &add);
            assert_owned("cleared", out.names, out.n, &owned, &out2);
            CU_ASSERT_EQUAL(lsp_edit_set(out2.names, out2.n, NULL, &add, NULL,
                                         &out), LSP_EDIT_CHANGED);
            ip_addr_set_add(&owned, &add);
            assert_owned("set again", out2.names, out2.n, &owned, &out);
        }
        ip_addr_set_destroy(&owned);
        svec_destroy(&out2);
        svec_destroy(&out);
        lsp_gen_free(in, n);
    }
}

/* Counts the entries that permit every source address. */
static size_t
count_bare(char **ps, size_t n)
{
    size_t n_bare = 0;

    for (size_t i = 0; i < n; i++) {
        struct ps_entry entry;

        ps_entry_parse(ps[i], &entry);
        n_bare += entry.has_mac && !entry.n_nets;
        ps_entry_destroy(&entry);
    }
    return n_bare;
}

/* Narrows and replaces in a random column: nobody may use an address that
 * they could not use before, except for the new one, or lose another one. */
static void
test_random_ps(void)
{
    random_set_seed(unit_seed());
    for (int i = 0; i < 30000; i++) {
        size_t n = random_range(4);
        char **in = lsp_gen_elements(n);
        struct ip_addr old = lsp_gen_ip(), new_ = lsp_gen_ip();
        bool listed = ps_entries_permit(in, n, &old);
        struct svec narrow, replace;

        svec_init(&narrow);
        svec_init(&replace);
        enum lsp_edit_result narrowed
            = lsp_edit_ps_narrow(in, n, &old, &narrow);
        enum lsp_edit_result replaced
            = lsp_edit_ps_replace(in, n, &old, &new_, &replace);

        CU_ASSERT(count_bare(narrow.names, narrow.n) <= count_bare(in, n));
        CU_ASSERT(count_bare(replace.names, replace.n) <= count_bare(in, n));
        CU_ASSERT_EQUAL(narrowed == LSP_EDIT_SAME, !listed);
        CU_ASSERT_EQUAL(narrowed == LSP_EDIT_REFUSED,
                        ps_entries_permit(narrow.names, narrow.n, &old));
        CU_ASSERT_EQUAL(replaced == LSP_EDIT_SAME,
                        !listed || ip_addr_equals(&old, &new_));
        if (replaced == LSP_EDIT_CHANGED) {
            CU_ASSERT_TRUE(ps_entries_permit(replace.names, replace.n,
                                             &new_));
        }

        for (int j = 0; j < 10; j++) {
            struct ip_addr ip = lsp_gen_ip();

            if (ip_addr_equals(&ip, &old)) {
                continue;
            }
            bool before = ps_entries_permit(in, n, &ip);
            CU_ASSERT_EQUAL(ps_entries_permit(narrow.names, narrow.n, &ip),
                            before);
            if (!ip_addr_equals(&ip, &new_)) {
                CU_ASSERT_EQUAL(ps_entries_permit(replace.names, replace.n,
                                                  &ip), before);
            }
        }
        svec_destroy(&replace);
        svec_destroy(&narrow);
        lsp_gen_free(in, n);
    }
}

void
suite_lsp_edit_random(void)
{
    CU_pSuite suite = unit_add_suite("lsp-edit-random");

    CU_ADD_TEST(suite, test_random_clear);
    CU_ADD_TEST(suite, test_random_set);
    CU_ADD_TEST(suite, test_random_ps);
}
