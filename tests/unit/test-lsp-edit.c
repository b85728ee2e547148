/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of agent/core/lsp-edit: one address moves, and nothing else does.
 * Here case by case; test-lsp-edit-random.c has the same in general. */

#include <config.h>

#include "tests/unit/unit.h"

#include <string.h>

#include "packets.h"
#include "sset.h"
#include "svec.h"
#include "util.h"

#include "agent/core/lsp-edit.h"
#include "tests/unit/lsp-gen.h"

#define MAC "0a:00:00:00:00:01"
#define MAC2 "0a:00:00:00:00:02"

/* In vectors a column is one string, its elements set apart by this. */
#define SEP "|"

static void
column_from_string(const char *s, struct svec *column)
{
    svec_init(column);
    while (s) {
        const char *end = strstr(s, SEP);

        svec_add_nocopy(column, end ? xmemdup0(s, end - s) : xstrdup(s));
        s = end ? end + strlen(SEP) : NULL;
    }
}

static const char *
result_to_string(enum lsp_edit_result result)
{
    switch (result) {
    case LSP_EDIT_SAME: return "same";
    case LSP_EDIT_CHANGED: return "changed";
    case LSP_EDIT_REFUSED: return "refused";
    }
    return "?";
}

static void
assert_column(const char *why, const char *input,
              enum lsp_edit_result result, const struct svec *out,
              enum lsp_edit_result expected_result, const char *expected)
{
    char *actual = svec_join(out, SEP, "");

    if (result != expected_result || strcmp(actual, expected)) {
        printf("\n\"%s\" (%s): %s \"%s\", expected %s \"%s\"\n", input, why,
               result_to_string(result), actual,
               result_to_string(expected_result), expected);
        CU_FAIL("wrong edit");
    }
    free(actual);
}

/* 'expected' NULL means the input. */
struct edit_vector {
    const char *input;
    const char *ip;
    const char *ip2;
    enum lsp_edit_result result;
    const char *expected;
    const char *why;
};

typedef enum lsp_edit_result edit_func(const struct edit_vector *, char **,
                                       size_t, struct svec *out);

static void
run_vectors(const struct edit_vector *vectors, size_t n, edit_func *edit)
{
    for (const struct edit_vector *v = vectors; v < vectors + n; v++) {
        struct svec in, out;

        column_from_string(v->input, &in);
        svec_init(&out);
        svec_add(&out, "content from before");
        enum lsp_edit_result result = edit(v, in.names, in.n, &out);
        assert_column(v->why, v->input, result, &out, v->result,
                      v->expected ? v->expected : v->input);

        /* The input is only read. */
        char *input = svec_join(&in, SEP, "");
        CU_ASSERT_STRING_EQUAL(input, v->input);
        free(input);
        svec_destroy(&out);
        svec_destroy(&in);
    }
}

static enum lsp_edit_result
edit_clear(const struct edit_vector *v, char **in, size_t n, struct svec *out)
{
    struct ip_addr ip = lsp_gen_parse(v->ip);

    return lsp_edit_clear(in, n, &ip, out);
}

static void
test_clear(void)
{
    static const struct edit_vector vectors[] = {
        {MAC " 10.0.0.1", "10.0.0.1", NULL, LSP_EDIT_CHANGED, MAC,
         "the last one leaves the MAC"},
        {MAC " 10.0.0.1 fd00::1", "10.0.0.1", NULL, LSP_EDIT_CHANGED,
         MAC " fd00::1", "the other family stays"},
        {MAC " fd00::1 10.0.0.1", "10.0.0.1", NULL, LSP_EDIT_CHANGED,
         MAC " fd00::1", "in the other order"},
        {MAC " 10.0.0.1 FD00:0::1", "fd00::1", NULL, LSP_EDIT_CHANGED,
         MAC " 10.0.0.1", "other spelling"},
        {MAC " 10.0.0.11 10.0.0.1 110.0.0.1", "10.0.0.1", NULL,
         LSP_EDIT_CHANGED, MAC " 10.0.0.11 110.0.0.1", "not its likes"},
        {MAC " 10.0.0.11", "10.0.0.1", NULL, LSP_EDIT_SAME, NULL,
         "prefix as text"},
        {MAC " 10.0.0.1/24 10.0.0.2/24", "10.0.0.1", NULL, LSP_EDIT_CHANGED,
         MAC " 10.0.0.2/24", "with its mask"},
        {MAC " 10.0.0.1/ 24 10.0.0.2", "10.0.0.1", NULL, LSP_EDIT_CHANGED,
         MAC " 10.0.0.2", "with its mask"},
        {MAC " fd00::1/ffff:: fd00::2/64", "fd00::1", NULL, LSP_EDIT_CHANGED,
         MAC " fd00::2/64", "with its mask"},
        {MAC " 10.0.0.0/24", "10.0.0.1", NULL, LSP_EDIT_SAME, NULL,
         "no networks here"},
        {MAC " 10.0.0.1 10.0.0.2 10.0.0.1", "10.0.0.1", NULL,
         LSP_EDIT_CHANGED, MAC " 10.0.0.2", "every occurrence"},
        {MAC " 10.0.0.1 010.0.0.1 10.0.0.1/8", "10.0.0.1", NULL,
         LSP_EDIT_CHANGED, MAC, "every occurrence"},
        {MAC " 10.0.0.1 10.0.0.2" SEP MAC2 " 10.0.0.1" SEP "unknown",
         "10.0.0.1", NULL, LSP_EDIT_CHANGED,
         MAC " 10.0.0.2" SEP MAC2 SEP "unknown", "in every element"},
        {MAC " 10.0.0.1" SEP MAC, "10.0.0.1", NULL, LSP_EDIT_CHANGED, MAC,
         "equal to another one then"},
        {MAC " 10.0.0.1" SEP MAC " 10.0.0.1/24", "10.0.0.1", NULL,
         LSP_EDIT_CHANGED, MAC, "equal to each other then"},

        /* Bytes that are not ours. */
        {"  0A:0:0:0:0:1   10.0.0.1   010.0.0.2  ", "10.0.0.1", NULL,
         LSP_EDIT_CHANGED, "  0A:0:0:0:0:1   010.0.0.2  ", "blanks, spelling"},
        {MAC "\t10.0.0.1\t10.0.0.2\n", "10.0.0.2", NULL, LSP_EDIT_CHANGED,
         MAC "\t10.0.0.1", "blanks go with what they set off"},
        {MAC " 10.0.0.1  ", "10.0.0.1", NULL, LSP_EDIT_CHANGED, MAC,
         "the MAC alone"},
        {MAC " 10.0.0.1 x 10.0.0.1", "10.0.0.1", NULL, LSP_EDIT_CHANGED,
         MAC " x 10.0.0.1", "junk stays, what it holds is not owned"},
        {MAC " 10.0.0.2 x 10.0.0.1", "10.0.0.1", NULL, LSP_EDIT_SAME, NULL,
         "behind junk nothing is owned"},
        {MAC " 10.0.0.1,10.0.0.2", "10.0.0.1", NULL, LSP_EDIT_CHANGED,
         MAC " ,10.0.0.2", "comma"},
        {MAC "\t 10.0.0.1fd00::1", "10.0.0.1", NULL, LSP_EDIT_CHANGED,
         MAC "\t fd00::1", "glued, first"},
        {MAC " 10.0.0.1fd00::1", "fd00::1", NULL, LSP_EDIT_CHANGED,
         MAC " 10.0.0.1", "glued, last"},
        {MAC " ::1/64::2/64::3", "::2", NULL, LSP_EDIT_CHANGED,
         MAC " ::1/64 ::3", "glued, middle"},
        {MAC "::1/64::2", "::1", NULL, LSP_EDIT_CHANGED, MAC " ::2",
         "glued to the MAC"},
        {MAC "::1", "::1", NULL, LSP_EDIT_CHANGED, MAC, "glued to the MAC"},
        {MAC " 10.0.0.5 10.0.0.1/24/24", "10.0.0.1", NULL, LSP_EDIT_CHANGED,
         MAC " 10.0.0.5 /24", "junk may not become a mask"},
        {MAC " 10.0.0.9/33 fd00::1 10.0.0.2", "fd00::1", NULL,
         LSP_EDIT_CHANGED, MAC " 10.0.0.2",
         "a bad mask would hide the next address"},
        {MAC " 10.0.0.1 dynamic", "10.0.0.1", NULL, LSP_EDIT_CHANGED, MAC,
         "or northd would assign an address"},
        {MAC " 10.0.0.1 dynamic ", "10.0.0.1", NULL, LSP_EDIT_CHANGED,
         MAC " dynamic ", "no danger in this one"},

        /* Elements that own nothing. */
        {"dynamic 10.0.0.1", "10.0.0.1", NULL, LSP_EDIT_SAME, NULL,
         "asked for, not owned"},
        {"10.0.0.1", "10.0.0.1", NULL, LSP_EDIT_SAME, NULL, "no MAC"},
        {"router" SEP "unknown" SEP MAC " dynamic", "10.0.0.1", NULL,
         LSP_EDIT_SAME, NULL, "others"},
        {"", "10.0.0.1", NULL, LSP_EDIT_SAME, NULL, "empty"},
    };

    run_vectors(vectors, ARRAY_SIZE(vectors), edit_clear);
}

static enum lsp_edit_result
edit_ps_narrow(const struct edit_vector *v, char **in, size_t n,
               struct svec *out)
{
    struct ip_addr ip = lsp_gen_parse(v->ip);

    return lsp_edit_ps_narrow(in, n, &ip, out);
}

static void
test_ps_narrow(void)
{
    static const struct edit_vector vectors[] = {
        {MAC " 10.0.0.1 fd00::1", "10.0.0.1", NULL, LSP_EDIT_CHANGED,
         MAC " fd00::1", "another one is left"},
        {MAC " 10.0.0.1", "10.0.0.1", NULL, LSP_EDIT_REFUSED, NULL,
         "the sole one stays"},
        {MAC " 10.0.0.1 10.0.0.1", "10.0.0.1", NULL, LSP_EDIT_REFUSED, NULL,
         "twice the sole one"},
        {MAC " 10.0.0.1 x 10.0.0.2", "10.0.0.1", NULL, LSP_EDIT_REFUSED,
         NULL, "what is behind junk is none"},
        {MAC " 10.0.0.1 10.0.0.2" SEP MAC2 " 10.0.0.1", "10.0.0.1", NULL,
         LSP_EDIT_REFUSED, MAC " 10.0.0.2" SEP MAC2 " 10.0.0.1",
         "out of one, not out of the other"},
        {MAC " 10.0.0.1 10.0.0.2" SEP MAC2 " 10.0.0.1 fd00::1", "10.0.0.1",
         NULL, LSP_EDIT_CHANGED, MAC " 10.0.0.2" SEP MAC2 " fd00::1",
         "out of both"},
        {MAC " 10.0.0.0/24 10.0.1.1", "10.0.0.1", NULL, LSP_EDIT_REFUSED,
         NULL, "a network stays"},
        {MAC " 10.0.0.1 10.0.0.0/24", "10.0.0.1", NULL, LSP_EDIT_REFUSED,
         MAC " 10.0.0.0/24", "a network still lists it"},
        {MAC " 10.0.0.1 10.0.1.0/24", "10.0.0.1", NULL, LSP_EDIT_CHANGED,
         MAC " 10.0.1.0/24", "another network does not"},
        {MAC " 10.0.0.0/24 10.0.1.1", "10.0.0.0", NULL, LSP_EDIT_REFUSED,
         NULL, "a network is not its address"},
        {MAC " 10.0.0.1/24 fd00::1", "10.0.0.1", NULL, LSP_EDIT_CHANGED,
         MAC " fd00::1", "host bits: just this address"},
        {MAC " 10.0.0.2/24 fd00::1", "10.0.0.1", NULL, LSP_EDIT_SAME,
         NULL, "host bits: just that address"},
        {MAC, "10.0.0.1", NULL, LSP_EDIT_SAME, NULL, "lists none"},
        {"", "10.0.0.1", NULL, LSP_EDIT_SAME, NULL, "lists none"},
        {MAC " 10.0.0.11 10.0.0.2", "10.0.0.1", NULL, LSP_EDIT_SAME, NULL,
         "prefix as text"},
        {MAC " FD00:0::1 fd00::2", "fd00::1", NULL, LSP_EDIT_CHANGED,
         MAC " fd00::2", "other spelling"},
        {"VRRPv3 " MAC " 10.0.0.1 10.0.0.2", "10.0.0.1", NULL,
         LSP_EDIT_REFUSED, NULL, "VRRP entries stay"},
        {MAC " 10.0.0.1 10.0.0.2 dynamic", "10.0.0.1", NULL,
         LSP_EDIT_CHANGED, MAC " 10.0.0.2 dynamic", "junk stays"},
    };

    run_vectors(vectors, ARRAY_SIZE(vectors), edit_ps_narrow);
}

static enum lsp_edit_result
edit_ps_replace(const struct edit_vector *v, char **in, size_t n,
                struct svec *out)
{
    struct ip_addr ip = lsp_gen_parse(v->ip);
    struct ip_addr ip2 = lsp_gen_parse(v->ip2);

    return lsp_edit_ps_replace(in, n, &ip, &ip2, out);
}

static void
test_ps_replace(void)
{
    static const struct edit_vector vectors[] = {
        {MAC " 10.0.0.1", "10.0.0.1", "10.0.0.2", LSP_EDIT_CHANGED,
         MAC " 10.0.0.2", "the sole one"},
        {" " MAC "  10.0.0.1  fd00::1 x", "10.0.0.1", "10.0.0.2",
         LSP_EDIT_CHANGED, " " MAC "  10.0.0.2  fd00::1 x", "in place"},
        {MAC " 10.0.0.1", "10.0.0.1", "FD00::1", LSP_EDIT_CHANGED,
         MAC " fd00::1", "by one of the other family"},
        {MAC " 10.0.0.1 10.0.0.2", "10.0.0.1", "10.0.0.2", LSP_EDIT_CHANGED,
         MAC " 10.0.0.2", "by one that is listed already"},
        {MAC " 10.0.0.1 10.0.0.3 10.0.0.1", "10.0.0.1", "10.0.0.2",
         LSP_EDIT_CHANGED, MAC " 10.0.0.2 10.0.0.3", "repeated"},
        {MAC " 10.0.0.1" SEP MAC2 " 10.0.0.1", "10.0.0.1", "10.0.0.2",
         LSP_EDIT_CHANGED, MAC " 10.0.0.2" SEP MAC2 " 10.0.0.2",
         "in every entry"},
        {MAC " 10.0.0.1" SEP MAC " 10.0.0.2", "10.0.0.1", "10.0.0.2",
         LSP_EDIT_CHANGED, MAC " 10.0.0.2", "equal to another one then"},
        {MAC, "10.0.0.1", "10.0.0.2", LSP_EDIT_SAME, NULL, "not listed"},
        {"", "10.0.0.1", "10.0.0.2", LSP_EDIT_SAME, NULL, "not listed"},
        {MAC " 10.0.0.11", "10.0.0.1", "10.0.0.2", LSP_EDIT_SAME, NULL,
         "prefix as text"},
        {MAC " 10.0.0.1", "10.0.0.1", "10.0.0.1", LSP_EDIT_SAME, NULL,
         "by itself"},
        {MAC " 10.0.0.0/24", "10.0.0.1", "10.0.0.2", LSP_EDIT_REFUSED, NULL,
         "a network stays"},
        {MAC " 10.0.0.0/24" SEP MAC " 10.0.0.1", "10.0.0.1", "10.0.0.2",
         LSP_EDIT_CHANGED, MAC " 10.0.0.0/24" SEP MAC " 10.0.0.2",
         "a network stays, the exact one goes"},
        {MAC " 10.0.0.1/24", "10.0.0.1", "10.0.0.2", LSP_EDIT_CHANGED,
         MAC " 10.0.0.2/24", "the subnet is the same"},
        {MAC " 10.0.0.1/255.255.255.0 x", "10.0.0.1", "10.0.0.2",
         LSP_EDIT_CHANGED, MAC " 10.0.0.2/255.255.255.0 x",
         "the subnet is the same"},
        {MAC " 10.0.0.1/24", "10.0.0.1", "10.0.1.2", LSP_EDIT_CHANGED,
         MAC " 10.0.1.2", "another subnet"},
        {MAC " 10.0.0.1/24", "10.0.0.1", "10.0.0.0", LSP_EDIT_CHANGED,
         MAC " 10.0.0.0", "with the mask it would be a network"},
        {MAC " 10.0.0.1/24", "10.0.0.1", "fd00::1", LSP_EDIT_CHANGED,
         MAC " fd00::1", "a mask of the other family"},
        {MAC " FD00::1/64", "fd00::1", "fd00::2", LSP_EDIT_CHANGED,
         MAC " fd00::2/64", "IPv6"},
        {MAC " 10.0.0.9/33 fd00::1/64", "fd00::1", "fd00::2",
         LSP_EDIT_CHANGED, MAC " fd00::2/64", "the bad mask goes with it"},
        {MAC " 10.0.0.1fd00::1x", "fd00::1", "fd00::2", LSP_EDIT_CHANGED,
         MAC " 10.0.0.1 fd00::2 x", "glued"},
        {"VRRPv3 " MAC " 10.0.0.1", "10.0.0.1", "10.0.0.2",
         LSP_EDIT_REFUSED, NULL, "VRRP entries stay"},
    };

    run_vectors(vectors, ARRAY_SIZE(vectors), edit_ps_replace);

    /* Never emptied, whatever the caller may ask for. */
    struct svec in, out;
    static const struct ip_addr none;
    struct ip_addr ip = lsp_gen_parse("10.0.0.1");
    column_from_string(MAC " 10.0.0.1 10.0.0.2", &in);
    svec_init(&out);
    CU_ASSERT_EQUAL(lsp_edit_ps_replace(in.names, in.n, &ip, &none, &out),
                    LSP_EDIT_REFUSED);
    CU_ASSERT_TRUE(svec_equal(&in, &out));
    svec_destroy(&out);
    svec_destroy(&in);
}

/* 'ip2' is what to replace, or NULL. */
static enum lsp_edit_result
edit_set(const struct edit_vector *v, char **in, size_t n, struct svec *out)
{
    static const struct eth_addr mac = ETH_ADDR_C(0a,00,00,00,00,99);
    struct ip_addr ip = lsp_gen_parse(v->ip);
    struct ip_addr ip2 = lsp_gen_parse(v->ip2 ? v->ip2 : "::");

    return lsp_edit_set(in, n, &mac, &ip, v->ip2 ? &ip2 : NULL, out);
}

static void
test_set(void)
{
    static const struct edit_vector vectors[] = {
        {"unknown", "10.0.0.1", NULL, LSP_EDIT_CHANGED,
         "unknown" SEP "0a:00:00:00:00:99 10.0.0.1", "a new element"},
        {"10.0.0.1", "10.0.0.1", NULL, LSP_EDIT_CHANGED,
         "10.0.0.1" SEP "0a:00:00:00:00:99 10.0.0.1",
         "a new element beside one that owns nothing"},
        {MAC, "10.0.0.1", NULL, LSP_EDIT_CHANGED, MAC " 10.0.0.1",
         "the port keeps its MAC"},
        {MAC " fd00::1", "10.0.0.1", NULL, LSP_EDIT_CHANGED,
         MAC " fd00::1 10.0.0.1", "behind the others"},
        {"unknown" SEP MAC SEP MAC2, "10.0.0.1", NULL, LSP_EDIT_CHANGED,
         "unknown" SEP MAC " 10.0.0.1" SEP MAC2, "to the first static one"},
        {"  " MAC "  10.0.0.2  ", "10.0.0.1", NULL, LSP_EDIT_CHANGED,
         "  " MAC "  10.0.0.2 10.0.0.1  ", "blanks stay"},
        {MAC " 10.0.0.2 x", "10.0.0.1", NULL, LSP_EDIT_CHANGED,
         MAC " 10.0.0.2 10.0.0.1 x", "before junk, or it would be junk"},
        {MAC ",10.0.0.1", "10.0.0.1", NULL, LSP_EDIT_CHANGED,
         MAC " 10.0.0.1 ,10.0.0.1", "before junk"},
        {MAC " 10.0.0.2/24/99", "10.0.0.1", NULL, LSP_EDIT_CHANGED,
         MAC " 10.0.0.2/24 10.0.0.1 /99", "junk may not become a mask"},
        {MAC " 10.0.0.2.7", "fd00::1", NULL, LSP_EDIT_CHANGED,
         MAC " 10.0.0.2 fd00::1 .7", "junk may not become digits"},
        {MAC " 010.0.0.1", "10.0.0.1", NULL, LSP_EDIT_SAME, NULL,
         "owned already"},
        {MAC SEP MAC2 " 10.0.0.1", "10.0.0.1", NULL, LSP_EDIT_SAME, NULL,
         "owned already, elsewhere on the port"},
        {MAC SEP MAC " 10.0.0.2", "10.0.0.2", "10.0.0.1", LSP_EDIT_SAME,
         NULL, "owned already, and nothing to replace"},

        /* Instead of another one. */
        {MAC " 10.0.0.1", "10.0.0.2", "10.0.0.1", LSP_EDIT_CHANGED,
         MAC " 10.0.0.2", "the sole one"},
        {MAC " 10.0.0.3" SEP MAC2 " 10.0.0.1/24 fd00::1", "10.0.0.2",
         "10.0.0.1", LSP_EDIT_CHANGED,
         MAC " 10.0.0.3" SEP MAC2 " 10.0.0.2 fd00::1", "in its element"},
        {MAC " 10.0.0.1 10.0.0.3 10.0.0.1" SEP MAC2 " 10.0.0.1", "10.0.0.2",
         "10.0.0.1", LSP_EDIT_CHANGED, MAC " 10.0.0.2 10.0.0.3" SEP MAC2,
         "gone from the whole column, set once"},
        {MAC " 10.0.0.1 10.0.0.2", "10.0.0.2", "10.0.0.1", LSP_EDIT_CHANGED,
         MAC " 10.0.0.2", "owned already, the other one goes"},
        {MAC " 10.0.0.1" SEP MAC2 " 10.0.0.2", "10.0.0.2", "10.0.0.1",
         LSP_EDIT_CHANGED, MAC SEP MAC2 " 10.0.0.2",
         "owned already elsewhere, the other one goes"},
        {MAC " 10.0.0.3", "10.0.0.2", "10.0.0.1", LSP_EDIT_CHANGED,
         MAC " 10.0.0.3 10.0.0.2", "nothing there to replace"},
        {MAC " 10.0.0.1", "10.0.0.1", "10.0.0.1", LSP_EDIT_SAME, NULL,
         "by itself"},
        {MAC " 10.0.0.9/33 fd00::1 10.0.0.2", "10.0.0.3", "fd00::1",
         LSP_EDIT_CHANGED, MAC " 10.0.0.3 10.0.0.2",
         "a bad mask would hide it"},
        {MAC " 10.0.0.1 dynamic", "10.0.0.2", "10.0.0.1", LSP_EDIT_CHANGED,
         MAC " 10.0.0.2 dynamic", "junk stays"},

        /* Not ours to set. */
        {"router", "10.0.0.1", NULL, LSP_EDIT_REFUSED, NULL, "router"},
        {"dynamic", "10.0.0.1", NULL, LSP_EDIT_REFUSED, NULL, "dynamic"},
        {MAC SEP MAC2 " dynamic", "10.0.0.1", NULL, LSP_EDIT_REFUSED, NULL,
         "dynamic beside a static one"},
        {MAC " 10.0.0.1" SEP "router", "10.0.0.2", "10.0.0.1",
         LSP_EDIT_REFUSED, NULL, "nothing is replaced either"},
    };

    run_vectors(vectors, ARRAY_SIZE(vectors), edit_set);
}

static void
test_set_empty(void)
{
    static const struct eth_addr mac = ETH_ADDR_C(0a,58,0a,00,00,01);
    static const struct ip_addr none;
    struct ip_addr ip = lsp_gen_parse("10.0.0.1");
    char *element = (char *) "unknown";
    struct svec out;

    svec_init(&out);
    assert_column("empty column", "",
                  lsp_edit_set(NULL, 0, &mac, &ip, NULL, &out), &out,
                  LSP_EDIT_CHANGED, "0a:58:0a:00:00:01 10.0.0.1");
    assert_column("no MAC for a new element", "",
                  lsp_edit_set(NULL, 0, NULL, &ip, NULL, &out), &out,
                  LSP_EDIT_REFUSED, "");
    assert_column("nothing to set", "unknown",
                  lsp_edit_set(&element, 1, &mac, &none, NULL, &out), &out,
                  LSP_EDIT_REFUSED, "unknown");
    assert_column("empty column", "", lsp_edit_clear(NULL, 0, &ip, &out),
                  &out, LSP_EDIT_SAME, "");
    assert_column("empty column", "", lsp_edit_ps_narrow(NULL, 0, &ip, &out),
                  &out, LSP_EDIT_SAME, "");
    svec_destroy(&out);
}

static void
test_mac_for(void)
{
    struct ip_addr v4 = lsp_gen_parse("10.16.0.254");
    struct ip_addr v6 = lsp_gen_parse("::ffff:10.0.0.1");
    struct eth_addr mac;

    CU_ASSERT_TRUE(lsp_edit_mac_for(&v4, &mac));
    CU_ASSERT_EQUAL(eth_addr_to_uint64(mac), UINT64_C(0x0a580a1000fe));
    CU_ASSERT_FALSE(lsp_edit_mac_for(&v6, &mac));
    CU_ASSERT_TRUE(eth_addr_is_zero(mac));
}

/* All different, of the right kind, and the same as in other releases: a port
 * must not get another MAC by an upgrade. */
static void
test_mac_from_name(void)
{
    struct sset seen = SSET_INITIALIZER(&seen);
    struct eth_addr mac;
    size_t n = 0;

    for (int ordinal = 0; ordinal < 500; ordinal++) {
        char *name = xasprintf("sts1-%d.default", ordinal);

        for (uint32_t attempt = 0; attempt < 10; attempt++) {
            lsp_edit_mac_from_name(name, attempt, &mac);
            CU_ASSERT_FALSE(eth_addr_is_multicast(mac));
            CU_ASSERT_TRUE(eth_addr_is_local(mac));
            CU_ASSERT_EQUAL(mac.ea[0], 0x0a);
            CU_ASSERT_NOT_EQUAL(mac.ea[1], 0x58);

            char *s = xasprintf(ETH_ADDR_FMT, ETH_ADDR_ARGS(mac));
            sset_add_and_free(&seen, s);
            n++;
        }
        free(name);
    }
    /* No two of 5000 among 2**39; with a fixed input, not by chance. */
    CU_ASSERT_EQUAL(sset_count(&seen), n);
    sset_destroy(&seen);

    lsp_edit_mac_from_name("sts1-0.default", 0, &mac);
    CU_ASSERT_EQUAL(eth_addr_to_uint64(mac), UINT64_C(0x0abfc6de9fb5));
    lsp_edit_mac_from_name("sts1-0.default", UINT32_MAX, &mac);
    CU_ASSERT_EQUAL(eth_addr_to_uint64(mac), UINT64_C(0x0abf7a492088));
    lsp_edit_mac_from_name("", 0, &mac);
    CU_ASSERT_EQUAL(eth_addr_to_uint64(mac), UINT64_C(0x0ad0fe4c2473));
}

void
suite_lsp_edit(void)
{
    CU_pSuite suite = unit_add_suite("lsp-edit");

    CU_ADD_TEST(suite, test_clear);
    CU_ADD_TEST(suite, test_ps_narrow);
    CU_ADD_TEST(suite, test_ps_replace);
    CU_ADD_TEST(suite, test_set);
    CU_ADD_TEST(suite, test_set_empty);
    CU_ADD_TEST(suite, test_mac_for);
    CU_ADD_TEST(suite, test_mac_from_name);
}
