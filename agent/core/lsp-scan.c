/* SPDX-License-Identifier: Apache-2.0 */

/* Where in a string of Logical_Switch_Port "addresses" or "port_security" its
 * MAC and its addresses are.
 *
 * OVN reads them with libopenvswitch's ovs_scan(), whose habits are part of
 * the grammar: numbers are taken modulo 256 and may have blanks before them
 * ("300. 0.0.1" is 44.0.0.1), and two addresses need no blank between them if
 * the second cannot continue the first.  Hence the same calls with the same
 * formats here, rather than a tokenizer that would differ in such corners.
 * They are made one by one, because the library's ip_parse_cidr_len() and its
 * like do not tell where an address ends and its mask begins, and because
 * their error messages, made for every address of the other family, copy the
 * rest of the text each time.  Before a call is made, what almost every
 * string is, digits as anybody would write them, is read without it.
 * tests/unit/test-lsp-addr.c holds both ways against each other. */

#include <config.h>

#include "lsp-scan.h"

#include <ctype.h>
#include <netinet/in.h>
#include <string.h>

#include "packets.h"
#include "util.h"

size_t
lsp_skip_blanks(const char *s, size_t ofs)
{
    while (isspace((unsigned char) s[ofs])) {
        ofs++;
    }
    return ofs;
}

size_t
lsp_skip_nonblanks(const char *s, size_t ofs)
{
    while (s[ofs] && !isspace((unsigned char) s[ofs])) {
        ofs++;
    }
    return ofs;
}

/* Reads a MAC of six times two digits at the beginning of 's'.  Returns its
 * length; 0 if it is none, but may be a MAC all the same. */
static int
scan_plain_mac(const char *s, struct eth_addr *mac)
{
    for (int i = 0; i < ETH_ADDR_LEN; i++) {
        int high = hexit_value(s[0]);
        int low = high < 0 ? -1 : hexit_value(s[1]);

        if (low < 0) {
            return 0;
        }
        mac->ea[i] = high * 16 + low;
        s += 2;
        if (i < ETH_ADDR_LEN - 1 ? *s++ != ':' : hexit_value(*s) >= 0) {
            return 0;
        }
    }
    return ETH_ADDR_STRLEN;
}

/* Reads a MAC at the beginning of 's'.  Returns the offset of what follows it,
 * 0 if there is none. */
static int
scan_mac(const char *s, struct eth_addr *mac)
{
    int n = scan_plain_mac(s, mac);

    if (!n && !ovs_scan_len(s, &n, ETH_ADDR_SCAN_FMT,
                            ETH_ADDR_SCAN_ARGS(*mac))) {
        n = 0;
    }
    return n;
}

/* Reads an IPv4 address without a mask at 's', whose numbers have three digits
 * at most.  Returns its length; 0 if it is none, but may be an address all the
 * same. */
static int
scan_plain_ipv4(const char *s, struct ip_addr *ip)
{
    const char *start = s;

    memset(ip, 0, sizeof *ip);
    ip->family = 4;
    for (int i = 0; i < 4; i++) {
        unsigned int value = 0;
        int n = 0;

        for (; n < 3 && *s >= '0' && *s <= '9'; n++) {
            value = value * 10 + (*s++ - '0');
        }
        ip->bytes[i] = value;
        if (!n || (*s >= '0' && *s <= '9')
            || (i < 3 ? *s++ != '.' : *s == '/')) {
            return 0;
        }
    }
    return s - start;
}

/* Reads an IPv4 address with an optional mask at 's' + '*n' and advances '*n'
 * behind it.  If the address can be read but its mask is wrong, returns false
 * with '*n' advanced all the same, as OVS's ip_parse_cidr_len() does. */
static bool
scan_ipv4(const char *s, int *n, struct lsp_token *token)
{
    ovs_be32 ip4, mask;
    int prefix;

    /* Each number may have blanks before it, the first one as well. */
    int start = lsp_skip_blanks(s, *n);
    int len = scan_plain_ipv4(s + start, &token->ip);
    if (len) {
        *n = start + len;
        token->addr_end = *n;
        token->plen = 32;
        return true;
    }
    if (!ovs_scan_len(s, n, IP_SCAN_FMT, IP_SCAN_ARGS(&ip4))) {
        return false;
    }
    token->addr_end = *n;

    if (ovs_scan_len(s, n, "/"IP_SCAN_FMT, IP_SCAN_ARGS(&mask))) {
        /* A dotted mask. */
    } else if (ovs_scan_len(s, n, "/%d", &prefix)) {
        if (prefix < 0 || prefix > 32) {
            return false;
        }
        mask = be32_prefix_mask(prefix);
    } else {
        mask = OVS_BE32_MAX;
    }
    if (!ip_is_cidr(mask)) {
        return false;
    }

    ip_addr_from_ipv4(ip4, &token->ip);
    token->plen = ip_count_cidr_bits(mask);
    return true;
}

/* Like scan_ipv4(), for IPv6. */
static bool
scan_ipv6(const char *s, int *n, struct lsp_token *token)
{
    char ipv6_s[IPV6_SCAN_LEN + 1];
    struct in6_addr ip6, mask;
    int prefix;

    if (!ovs_scan_len(s, n, " "IPV6_SCAN_FMT, ipv6_s)
        || !ipv6_parse(ipv6_s, &ip6)) {
        return false;
    }
    token->addr_end = *n;

    if (ovs_scan_len(s, n, "/%d", &prefix)) {
        if (prefix < 0 || prefix > 128) {
            return false;
        }
        mask = ipv6_create_mask(prefix);
    } else if (ovs_scan_len(s, n, "/"IPV6_SCAN_FMT, ipv6_s)) {
        if (!ipv6_parse(ipv6_s, &mask)) {
            return false;
        }
    } else {
        mask = in6addr_exact;
    }
    if (!ipv6_is_cidr(&mask)) {
        return false;
    }

    ip_addr_from_ipv6(&ip6, &token->ip);
    token->plen = ipv6_count_cidr_bits(&mask);
    return true;
}

bool
lsp_scan_address(const char *s, struct lsp_token *token)
{
    int n = 0;

    token->start = token->addr_start = lsp_skip_blanks(s, 0);
    if (!s[token->start]) {
        return false;
    }
    if (!scan_ipv4(s, &n, token)) {
        /* 'n' is not reset: that is what makes OVN read an IPv6 address
         * behind an IPv4 address with a bad mask. */
        token->addr_start = lsp_skip_blanks(s, n);
        if (!scan_ipv6(s, &n, token)) {
            return false;
        }
    }
    token->end = n;
    return true;
}

bool
lsp_scan_start(struct lsp_scan *scan, const char *s)
{
    int n = scan_mac(s, &scan->mac);

    if (!n) {
        scan->mac = eth_addr_zero;
    }
    scan->s = s;
    scan->ofs = n;
    return n > 0;
}

bool
lsp_scan_next(struct lsp_scan *scan, struct lsp_token *token)
{
    if (!lsp_scan_address(scan->s + scan->ofs, token)) {
        return false;
    }
    token->start += scan->ofs;
    token->addr_start += scan->ofs;
    token->addr_end += scan->ofs;
    token->end += scan->ofs;
    scan->ofs = token->end;
    return true;
}
