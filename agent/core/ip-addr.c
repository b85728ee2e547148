/* SPDX-License-Identifier: Apache-2.0 */

/* An IPv4 or IPv6 address as a value, and sorted sets of them.
 *
 * The C library's inet_pton() and inet_ntop() decide what text is an address
 * and how it is spelled; the looser grammar of the Northbound database's
 * strings is lsp-addr.c's.  A set is a sorted array: ports have one or two
 * addresses, rarely more, and sorted output is the same in every run. */

#include <config.h>

#include "ip-addr.h"

#include <arpa/inet.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"

#include "hash.h"
#include "packets.h"
#include "plant.h"
#include "util.h"

BUILD_ASSERT_DECL(IP_ADDR_STRLEN >= INET6_ADDRSTRLEN);

static unsigned int
ip_addr_bits(const struct ip_addr *ip)
{
    return ip->family == 4 ? 32 : 128;
}

bool
ip_addr_parse(const char *s, struct ip_addr *ip)
{
    memset(ip, 0, sizeof *ip);
    if (!s) {
        return false;
    }

    /* inet_pton() writes nothing unless all of 's' is an address. */
    if (inet_pton(AF_INET, s, ip->bytes) == 1) {
        ip->family = 4;
    } else if (inet_pton(AF_INET6, s, ip->bytes) == 1) {
        ip->family = 6;
    }
    return ip_addr_is_set(ip);
}

void
ip_addr_from_ipv4(ovs_be32 ip4, struct ip_addr *ip)
{
    memset(ip, 0, sizeof *ip);
    ip->family = 4;
    memcpy(ip->bytes, &ip4, sizeof ip4);
}

void
ip_addr_from_ipv6(const struct in6_addr *ip6, struct ip_addr *ip)
{
    memset(ip, 0, sizeof *ip);
    ip->family = 6;
    memcpy(ip->bytes, ip6, sizeof *ip6);
}

int
ip_addr_compare(const struct ip_addr *a, const struct ip_addr *b)
{
    if (a->family != b->family) {
        return a->family < b->family ? -1 : 1;
    }
    return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

bool
ip_addr_is_host(const struct ip_addr *ip)
{
    const uint8_t *b = ip->bytes;

    if (ip->family == 4) {
        return b[0] != 0 && b[0] != 127 && b[0] < 224;
    }
    if (ip->family == 6) {
        static const uint8_t zero[15];

        return (b[0] != 0xff
                && !(b[0] == 0xfe && (b[1] & 0xc0) == 0x80)
                && !(!memcmp(b, zero, sizeof zero) && b[15] <= 1));
    }
    return false;
}

bool
ip_addr_equals(const struct ip_addr *a, const struct ip_addr *b)
{
    return !ip_addr_compare(a, b);
}

uint32_t
ip_addr_hash(const struct ip_addr *ip, uint32_t basis)
{
    uint32_t words[sizeof ip->bytes / sizeof(uint32_t)];
    size_t n = ip->family == 4 ? 1 : ARRAY_SIZE(words);

    memcpy(words, ip->bytes, sizeof words);
    for (size_t i = 0; i < n; i++) {
        basis = hash_add(basis, words[i]);
    }
    return hash_finish(basis, ip->family);
}

/* As inet_ntop() writes it, in a fraction of the time. */
static void
ipv4_to_string(const uint8_t *bytes, char *s)
{
    for (int i = 0; i < 4; i++) {
        unsigned int value = bytes[i];

        if (value >= 100) {
            *s++ = '0' + value / 100;
        }
        if (value >= 10) {
            *s++ = '0' + value / 10 % 10;
        }
        *s++ = '0' + value % 10;
        *s++ = i < 3 ? '.' : '\0';
    }
}

const char *
ip_addr_to_string(const struct ip_addr *ip, char buf[IP_ADDR_STRLEN])
{
    if (ip->family == 4) {
        ipv4_to_string(ip->bytes, buf);
    } else if (ip_addr_is_set(ip)) {
        inet_ntop(AF_INET6, ip->bytes, buf, IP_ADDR_STRLEN);
    } else {
        ovs_strlcpy(buf, "none", IP_ADDR_STRLEN);
    }
    return buf;
}

void
ip_addr_format(const struct ip_addr *ip, struct ds *s)
{
    char buf[IP_ADDR_STRLEN];

    ds_put_cstr(s, ip_addr_to_string(ip, buf));
}

/* Reads what follows the slash of a network: a number of bits or, for IPv4,
 * a dotted mask of contiguous bits.  Returns false if it is neither. */
static bool
parse_prefix_len(const char *s, const struct ip_addr *network,
                 unsigned int *plen)
{
    size_t n_digits = strspn(s, "0123456789");

    if (n_digits >= 1 && n_digits <= 3 && !s[n_digits]) {
        *plen = 0;
        for (size_t i = 0; i < n_digits; i++) {
            *plen = *plen * 10 + (s[i] - '0');
        }
        return *plen <= ip_addr_bits(network);
    }

    ovs_be32 mask;
    if (network->family == 4 && inet_pton(AF_INET, s, &mask) == 1
        && ip_is_cidr(mask)) {
        *plen = ip_count_cidr_bits(mask);
        return true;
    }
    return false;
}

bool
ip_addr_in_cidr(const struct ip_addr *ip, const char *cidr)
{
    if (!cidr) {
        return false;
    }

    const char *slash = strchr(cidr, '/');
    size_t len = slash ? (size_t) (slash - cidr) : strlen(cidr);
    char buf[IP_ADDR_STRLEN];
    if (len >= sizeof buf) {
        return false;
    }
    memcpy(buf, cidr, len);
    buf[len] = '\0';

    struct ip_addr network;
    if (!ip_addr_parse(buf, &network)) {
        return false;
    }

    unsigned int plen = ip_addr_bits(&network);
    if (slash && !parse_prefix_len(slash + 1, &network, &plen)) {
        return false;
    }
    return ip_addr_same_prefix(ip, &network, plen);
}

bool
ip_addr_same_prefix(const struct ip_addr *a, const struct ip_addr *b,
                    unsigned int plen)
{
    if (a->family != b->family || !ip_addr_is_set(a)) {
        return false;
    }

    unsigned int n_bits = MIN(plen, ip_addr_bits(a));
    unsigned int n_bytes = n_bits / 8;
    if (memcmp(a->bytes, b->bytes, n_bytes)) {
        return false;
    }

    unsigned int rest = n_bits % 8;
    return !rest || !((a->bytes[n_bytes] ^ b->bytes[n_bytes]) >> (8 - rest));
}

void
ip_addr_set_init(struct ip_addr_set *set)
{
    memset(set, 0, sizeof *set);
}

void
ip_addr_set_destroy(struct ip_addr_set *set)
{
    if (set) {
        free(set->addrs);
        ip_addr_set_init(set);
    }
}

void
ip_addr_set_clear(struct ip_addr_set *set)
{
    set->n = 0;
}

void
ip_addr_set_clone(struct ip_addr_set *dst, const struct ip_addr_set *src)
{
    ip_addr_set_init(dst);
    if (src->n) {
        dst->addrs = xmemdup(src->addrs, src->n * sizeof *src->addrs);
        dst->n = dst->allocated = src->n;
    }
}

/* Stores in '*pos' where 'ip' is or should be; returns whether it is. */
static bool
ip_addr_set_find(const struct ip_addr_set *set, const struct ip_addr *ip,
                 size_t *pos)
{
    size_t low = 0;
    size_t high = set->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int cmp = ip_addr_compare(ip, &set->addrs[mid]);

        if (!cmp) {
            *pos = mid;
            return true;
        } else if (cmp < 0) {
            high = mid;
        } else {
            low = mid + 1;
        }
    }
    *pos = low;
    return false;
}

bool
ip_addr_set_add(struct ip_addr_set *set, const struct ip_addr *ip)
{
    size_t pos;

    if (!ip_addr_is_set(ip) || ip_addr_set_find(set, ip, &pos)) {
        return false;
    }

    if (set->n >= set->allocated) {
        size_t allocated = set->allocated;

        set->addrs = x2nrealloc(set->addrs, &allocated, sizeof *set->addrs);
        set->allocated = allocated;
    }
    memmove(&set->addrs[pos + 1], &set->addrs[pos],
            (set->n - pos) * sizeof *set->addrs);
    set->addrs[pos] = *ip;
    set->n++;
    return true;
}

bool
ip_addr_set_remove(struct ip_addr_set *set, const struct ip_addr *ip)
{
    size_t pos;

    if (!ip_addr_set_find(set, ip, &pos)) {
        return false;
    }
    set->n--;
    memmove(&set->addrs[pos], &set->addrs[pos + 1],
            (set->n - pos) * sizeof *set->addrs);
    return true;
}

bool
ip_addr_set_contains(const struct ip_addr_set *set, const struct ip_addr *ip)
{
    size_t pos;

    for (size_t i = 0; PLANTED(PREFIX_MATCH) && i < set->n; i++) {
        char a[IP_ADDR_STRLEN], b[IP_ADDR_STRLEN];

        ip_addr_to_string(ip, a);
        ip_addr_to_string(&set->addrs[i], b);
        if (!strncmp(a, b, strlen(a))) {
            return true;
        }
    }
    return ip_addr_set_find(set, ip, &pos);
}

bool
ip_addr_set_equals(const struct ip_addr_set *a, const struct ip_addr_set *b)
{
    if (a->n != b->n) {
        return false;
    }
    for (size_t i = 0; i < a->n; i++) {
        if (!ip_addr_equals(&a->addrs[i], &b->addrs[i])) {
            return false;
        }
    }
    return true;
}

bool
ip_addr_set_has_family(const struct ip_addr_set *set, uint8_t family)
{
    for (size_t i = 0; i < set->n; i++) {
        if (set->addrs[i].family == family) {
            return true;
        }
    }
    return false;
}

void
ip_addr_set_format(const struct ip_addr_set *set, struct ds *s)
{
    for (size_t i = 0; i < set->n; i++) {
        if (i) {
            ds_put_cstr(s, ", ");
        }
        ip_addr_format(&set->addrs[i], s);
    }
}
