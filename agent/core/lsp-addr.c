/* SPDX-License-Identifier: Apache-2.0 */

/* The grammar of the strings in Logical_Switch_Port "addresses" and
 * "port_security", read exactly as ovn-northd and ovn-controller read them.
 * Where an element has an address is found by lsp-scan.c. */

#include <config.h>

#include "lsp-addr.h"

#include <netinet/in.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"

#include "packets.h"
#include "util.h"

#include "lsp-scan.h"

/* The prefix of port_security entries for virtual routers, OVN 26.03+. */
#define VRRP_PREFIX "VRRPv3"

/* Returns a copy of the first token of 's', or NULL if there is none. */
static char *
first_token(const char *s)
{
    size_t start = lsp_skip_blanks(s, 0);
    size_t end = lsp_skip_nonblanks(s, start);

    return end > start ? xmemdup0(s + start, end - start) : NULL;
}

/* Is 's' an element that makes ovn-northd assign addresses?  A trailing blank
 * is enough to make it something else. */
static bool
is_dynamic(const char *s)
{
    char ipv6_s[IPV6_SCAN_LEN + 1];
    struct eth_addr mac;
    ovs_be32 ip4;
    int n = strlen("dynamic");

    if (!strncmp(s, "dynamic", n)) {
        /* The second scan goes on where the first one ended. */
        return (!s[n]
                || (ovs_scan_len(s, &n, " "IP_SCAN_FMT, IP_SCAN_ARGS(&ip4))
                    && !s[n])
                || (ovs_scan_len(s, &n, " "IPV6_SCAN_FMT, ipv6_s) && !s[n]));
    }

    n = 0;
    return (strstr(s, "dynamic")
            && ovs_scan_len(s, &n, ETH_ADDR_SCAN_FMT" dynamic",
                            ETH_ADDR_SCAN_ARGS(mac)) && !s[n]);
}

enum lsp_addr_kind
lsp_addr_kind_of(const char *s)
{
    struct lsp_scan scan;

    if (!strcmp(s, "unknown")) {
        return LSP_ADDR_UNKNOWN;
    } else if (!strcmp(s, "router")) {
        return LSP_ADDR_ROUTER;
    } else if (is_dynamic(s)) {
        return LSP_ADDR_DYNAMIC;
    } else if (lsp_scan_start(&scan, s)) {
        return LSP_ADDR_STATIC;
    } else {
        return LSP_ADDR_INVALID;
    }
}

/* Adds what a dynamic element asks for.  ovn-northd looks for it by other
 * patterns than those that make the element dynamic, so that "dynamic dead"
 * is dynamic and asks for nothing. */
static void
parse_dynamic(const char *s, struct lsp_addr *addr)
{
    char ipv6_s[IPV6_SCAN_LEN + 1];
    bool has_ipv4 = false;
    bool has_ipv6 = false;
    struct in6_addr ip6;
    ovs_be32 ip4;
    int n = 0;

    if (ovs_scan_len(s, &n, ETH_ADDR_SCAN_FMT" dynamic",
                     ETH_ADDR_SCAN_ARGS(addr->mac))) {
        addr->has_mac = true;
        return;
    }
    addr->mac = eth_addr_zero;

    if (ovs_scan(s, "dynamic "IP_SCAN_FMT"%n", IP_SCAN_ARGS(&ip4), &n)
        && !s[n]) {
        has_ipv4 = true;
    } else if (ovs_scan(s, "dynamic "IPV6_SCAN_FMT"%n", ipv6_s, &n)
               && !s[n]) {
        has_ipv6 = true;
    } else if (ovs_scan(s, "dynamic "IP_SCAN_FMT" "IPV6_SCAN_FMT"%n",
                        IP_SCAN_ARGS(&ip4), ipv6_s, &n) && !s[n]) {
        has_ipv4 = has_ipv6 = true;
    }

    addr->ips = xcalloc(2, sizeof *addr->ips);
    if (has_ipv4) {
        ip_addr_from_ipv4(ip4, &addr->ips[addr->n_ips++]);
    }
    if (has_ipv6 && ipv6_parse(ipv6_s, &ip6)) {
        ip_addr_from_ipv6(&ip6, &addr->ips[addr->n_ips++]);
    }
}

static void
parse_static(const char *s, struct lsp_addr *addr)
{
    size_t allocated = 0;
    struct lsp_token token;
    struct lsp_scan scan;

    addr->has_mac = lsp_scan_start(&scan, s);
    addr->mac = scan.mac;
    while (lsp_scan_next(&scan, &token)) {
        if (addr->n_ips >= allocated) {
            addr->ips = x2nrealloc(addr->ips, &allocated, sizeof *addr->ips);
        }
        addr->ips[addr->n_ips++] = token.ip;
    }
    addr->junk = first_token(s + scan.ofs);
}

void
lsp_addr_parse(const char *s, struct lsp_addr *addr)
{
    memset(addr, 0, sizeof *addr);
    addr->kind = lsp_addr_kind_of(s);

    switch (addr->kind) {
    case LSP_ADDR_STATIC:
        parse_static(s, addr);
        break;

    case LSP_ADDR_DYNAMIC:
        parse_dynamic(s, addr);
        break;

    case LSP_ADDR_INVALID:
        addr->junk = first_token(s);
        break;

    case LSP_ADDR_UNKNOWN:
    case LSP_ADDR_ROUTER:
        break;
    }
}

void
lsp_addr_destroy(struct lsp_addr *addr)
{
    if (addr) {
        free(addr->ips);
        free(addr->junk);
        memset(addr, 0, sizeof *addr);
    }
}

bool
lsp_addr_has_ip(const char *s, const struct ip_addr *ip)
{
    struct lsp_token token;
    struct lsp_scan scan;

    if (lsp_addr_kind_of(s) != LSP_ADDR_STATIC) {
        return false;
    }

    lsp_scan_start(&scan, s);
    while (lsp_scan_next(&scan, &token)) {
        if (ip_addr_equals(&token.ip, ip)) {
            return true;
        }
    }
    return false;
}

void
lsp_addrs_collect(char **elements, size_t n, struct ip_addr_set *out)
{
    for (size_t i = 0; i < n; i++) {
        struct lsp_token token;
        struct lsp_scan scan;

        if (lsp_addr_kind_of(elements[i]) == LSP_ADDR_STATIC) {
            lsp_scan_start(&scan, elements[i]);
            while (lsp_scan_next(&scan, &token)) {
                ip_addr_set_add(out, &token.ip);
            }
        }
    }
}

bool
lsp_addrs_first_mac(char **elements, size_t n, struct eth_addr *mac)
{
    for (size_t i = 0; i < n; i++) {
        struct lsp_scan scan;

        if (lsp_addr_kind_of(elements[i]) == LSP_ADDR_STATIC) {
            lsp_scan_start(&scan, elements[i]);
            *mac = scan.mac;
            return true;
        }
    }
    *mac = eth_addr_zero;
    return false;
}

void
lsp_addr_format_parsed(const struct lsp_addr *addr, struct ds *s)
{
    switch (addr->kind) {
    case LSP_ADDR_STATIC:
        ds_put_format(s, ETH_ADDR_FMT, ETH_ADDR_ARGS(addr->mac));
        break;

    case LSP_ADDR_UNKNOWN:
        ds_put_cstr(s, "unknown");
        break;

    case LSP_ADDR_ROUTER:
        ds_put_cstr(s, "router");
        break;

    case LSP_ADDR_DYNAMIC:
        if (addr->has_mac) {
            ds_put_format(s, ETH_ADDR_FMT" ", ETH_ADDR_ARGS(addr->mac));
        }
        ds_put_cstr(s, "dynamic");
        break;

    case LSP_ADDR_INVALID:
        ds_put_cstr(s, "invalid");
        break;
    }

    for (size_t i = 0; i < addr->n_ips; i++) {
        ds_put_char(s, ' ');
        ip_addr_format(&addr->ips[i], s);
    }
}

struct ps_net
lsp_token_to_ps_net(const struct lsp_token *token)
{
    unsigned int n_bits = token->ip.family == 4 ? 32 : 128;
    struct ps_net net = { .ip = token->ip, .plen = token->plen };

    /* Host bits are zero if the address is that of its own network. */
    struct ip_addr network = token->ip;
    for (unsigned int i = token->plen; i < n_bits; i++) {
        network.bytes[i / 8] &= ~(0x80 >> (i % 8));
    }
    net.masked = net.plen < n_bits && ip_addr_equals(&network, &net.ip);
    if (!net.masked) {
        net.plen = n_bits;
    }
    return net;
}

bool
ps_net_contains(const struct ps_net *net, const struct ip_addr *ip)
{
    return ip_addr_same_prefix(&net->ip, ip, net->plen);
}

void
ps_entry_parse(const char *s, struct ps_entry *entry)
{
    size_t allocated = 0;
    struct lsp_token token;
    struct lsp_scan scan;

    memset(entry, 0, sizeof *entry);
    if (!lsp_scan_start(&scan, s)) {
        entry->junk = s[0] ? xstrdup(s) : NULL;
        return;
    }

    entry->has_mac = true;
    entry->mac = scan.mac;
    while (lsp_scan_next(&scan, &token)) {
        if (entry->n_nets >= allocated) {
            entry->nets = x2nrealloc(entry->nets, &allocated,
                                     sizeof *entry->nets);
        }
        entry->nets[entry->n_nets++] = lsp_token_to_ps_net(&token);
    }
    entry->junk = first_token(s + scan.ofs);
}

void
ps_entry_destroy(struct ps_entry *entry)
{
    if (entry) {
        free(entry->nets);
        free(entry->junk);
        memset(entry, 0, sizeof *entry);
    }
}

/* Does the token list 'ip' in port_security? */
static bool
token_lists(const struct lsp_token *token, const struct ip_addr *ip)
{
    struct ps_net net = lsp_token_to_ps_net(token);

    return ps_net_contains(&net, ip);
}

/* Does any token behind the prefix of VRRPv3 entry 's' read as 'ip'?  MACs
 * are among the tokens, which never read as an address. */
static bool
vrrp_lists(const char *s, const struct ip_addr *ip)
{
    size_t ofs = strlen(VRRP_PREFIX);

    while (s[ofs = lsp_skip_blanks(s, ofs)]) {
        struct lsp_token token;

        if (lsp_scan_address(s + ofs, &token) && token_lists(&token, ip)) {
            return true;
        }
        ofs = lsp_skip_nonblanks(s, ofs);
    }
    return false;
}

static bool
ps_entry_lists(const char *s, const struct ip_addr *ip)
{
    struct lsp_token token;
    struct lsp_scan scan;

    if (!strncmp(s, VRRP_PREFIX, strlen(VRRP_PREFIX))) {
        return vrrp_lists(s, ip);
    }

    if (lsp_scan_start(&scan, s)) {
        while (lsp_scan_next(&scan, &token)) {
            if (token_lists(&token, ip)) {
                return true;
            }
        }
    }
    return false;
}

bool
ps_entries_permit(char **elements, size_t n, const struct ip_addr *ip)
{
    for (size_t i = 0; i < n; i++) {
        if (ps_entry_lists(elements[i], ip)) {
            return true;
        }
    }
    return false;
}
