/* SPDX-License-Identifier: Apache-2.0 */

/* An IPv4 or IPv6 address as a value, and sorted sets of them.
 *
 * Everything that compares addresses goes through here, in binary: the same
 * IPv6 address has many spellings, and text that is a prefix of other text
 * (10.0.0.1, 10.0.0.11) says nothing about the addresses.  lsp-addr.h, which
 * reads the strings of the Northbound database, yields these values. */

#ifndef IP_ADDR_H
#define IP_ADDR_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/types.h"

struct ds;
struct in6_addr;

/* One address.  All bytes that the family does not use are zero, so that two
 * equal addresses are equal byte by byte. */
struct ip_addr {
    uint8_t family;             /* 4, 6, or 0 for none. */
    uint8_t bytes[16];          /* Network order; IPv4 in the first 4. */
};

/* Enough for any address with its terminator. */
#define IP_ADDR_STRLEN 46

/* Is there an address at all (any family)? */
static inline bool
ip_addr_is_set(const struct ip_addr *ip)
{
    return ip->family != 0;
}

/* Reads 's', one bare address without blanks or mask, into '*ip'.  IPv4 is
 * four decimal octets without superfluous zeros, as inet_pton() has it; IPv6
 * may be spelled in any way.  Returns false, with '*ip' zeroed, on anything
 * else.  's' may be NULL, which is "anything else". */
bool ip_addr_parse(const char *s, struct ip_addr *ip);

/* Makes '*ip' the address of that value. */
void ip_addr_from_ipv4(ovs_be32 ip4, struct ip_addr *ip);
void ip_addr_from_ipv6(const struct in6_addr *ip6, struct ip_addr *ip);

/* Can one host have the address on a network?  Not so the unspecified and the
 * loopback addresses, multicast, IPv6 link-local, nor 0.0.0.0/8 and
 * 240.0.0.0/4: RFC 1122 (3.2.1.3) and RFC 4291 (2.4) set them aside. */
bool ip_addr_is_host(const struct ip_addr *);

bool ip_addr_equals(const struct ip_addr *, const struct ip_addr *);

/* A total order for sorting: no address, IPv4, IPv6, each by value.  Returns
 * less than, equal to or greater than 0. */
int ip_addr_compare(const struct ip_addr *, const struct ip_addr *);

uint32_t ip_addr_hash(const struct ip_addr *, uint32_t basis);

/* Appends the canonical spelling, or "none" if there is no address. */
void ip_addr_format(const struct ip_addr *, struct ds *);

/* Writes what ip_addr_format() would append into 'buf' and returns 'buf'. */
const char *ip_addr_to_string(const struct ip_addr *,
                              char buf[IP_ADDR_STRLEN]);

/* Is the address inside 'cidr', such as "10.0.0.1/24" (host bits are ignored),
 * "10.0.0.0/255.255.255.0" or "fd00::/64"?  A bare address is a network of
 * one.  False if 'cidr' is of the other family, NULL or not of this form. */
bool ip_addr_in_cidr(const struct ip_addr *, const char *cidr);

/* Are the first 'plen' bits of two addresses of one family the same? */
bool ip_addr_same_prefix(const struct ip_addr *, const struct ip_addr *,
                         unsigned int plen);

/* A set of addresses: 'addrs' holds 'n' of them, sorted by ip_addr_compare()
 * and unique, so that going through the array is deterministic.  Made for the
 * handful of addresses that a port has. */
struct ip_addr_set {
    struct ip_addr *addrs;
    uint32_t n, allocated;      /* Small: there are many sets. */
};

void ip_addr_set_init(struct ip_addr_set *);
void ip_addr_set_destroy(struct ip_addr_set *);
void ip_addr_set_clear(struct ip_addr_set *);

/* Initializes 'dst', which must not be initialized yet, as a copy of 'src'. */
void ip_addr_set_clone(struct ip_addr_set *dst, const struct ip_addr_set *src);

/* Adds the address.  Returns false, and changes nothing, if it is there
 * already or is none. */
bool ip_addr_set_add(struct ip_addr_set *, const struct ip_addr *);

/* Removes the address.  Returns false if it is not there. */
bool ip_addr_set_remove(struct ip_addr_set *, const struct ip_addr *);

bool ip_addr_set_contains(const struct ip_addr_set *, const struct ip_addr *);
bool ip_addr_set_equals(const struct ip_addr_set *,
                        const struct ip_addr_set *);

/* Is there an address of 'family' (4 or 6)? */
bool ip_addr_set_has_family(const struct ip_addr_set *, uint8_t family);

/* Appends all addresses, separated by ", "; nothing for an empty set. */
void ip_addr_set_format(const struct ip_addr_set *, struct ds *);

#endif /* ip-addr.h */
