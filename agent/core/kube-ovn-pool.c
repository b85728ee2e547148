/* SPDX-License-Identifier: Apache-2.0 */

/* The values of Kube-OVN's ip_address and ip_pool.
 *
 * Blanks are where the controller's reading surprises: it trims the items of a
 * list, but not the addresses of an item, and it looks whether a list of two
 * is one item of both families before it trims. */

#include <config.h>

#include "kube-ovn-pool.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "claim.h"

/* Reads one address as Kube-OVN's IPAM takes it: bare, without blanks.
 * "::ffff:10.0.0.1" is an IPv4 address to Kube-OVN and an IPv6 one to OVN, so
 * it is no address at all. */
static bool
parse_ip(const char *s, size_t len, struct ip_addr *ip)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    char buf[IP_ADDR_STRLEN];

    if (len >= sizeof buf) {
        return false;
    }
    memcpy(buf, s, len);
    buf[len] = '\0';
    return (strlen(buf) == len
            && ip_addr_parse(buf, ip)
            && ip_addr_is_host(ip)
            && !(ip->family == 6
                 && !memcmp(ip->bytes, mapped, sizeof mapped)));
}

bool
kube_ovn_parse_ips(const char *s, size_t len, struct ip_addr ips[2],
                   uint8_t *n)
{
    const char *end = s + len;

    *n = 0;
    for (;;) {
        const char *comma = memchr(s, ',', end - s);
        const char *item_end = comma ? comma : end;

        if (*n == 2 || !parse_ip(s, item_end - s, &ips[*n])
            || (*n == 1 && ips[0].family == ips[1].family)) {
            return false;
        }
        (*n)++;
        if (!comma) {
            return true;
        }
        s = comma + 1;
    }
}

struct pool_item {
    const char *s;
    size_t len;
    bool is_ip;                 /* It was read, and is just this address: */
    struct ip_addr ip;
};

static void
pool_item_trim(struct pool_item *item)
{
    while (item->len && isspace((unsigned char) item->s[0])) {
        item->s++;
        item->len--;
    }
    while (item->len && isspace((unsigned char) item->s[item->len - 1])) {
        item->len--;
    }
}

/* What Kube-OVN takes the text for, blanks and all: 4, 6, or 0 if it is no
 * address.  A mask is not looked at. */
static int
pool_item_family(struct pool_item *item)
{
    const char *slash = memchr(item->s, '/', item->len);
    bool found = parse_ip(item->s, slash ? slash - item->s : item->len,
                          &item->ip);

    item->is_ip = found && !slash;
    return found ? item->ip.family : 0;
}

/* Cuts 'value' into '*items', which the caller frees; returns their number. */
static size_t
pool_split(const char *value, struct pool_item **items)
{
    char separator = strchr(value, ';') ? ';' : ',';
    size_t allocated = 0;
    size_t n = 0;

    *items = NULL;
    for (const char *s = value; s; ) {
        const char *end = strchr(s, separator);

        if (n >= allocated) {
            *items = x2nrealloc(*items, &allocated, sizeof **items);
        }
        (*items)[n++] = (struct pool_item) {
            .s = s, .len = end ? end - s : strlen(s),
        };
        s = end ? end + 1 : NULL;
    }
    /* Compared before blanks are trimmed: "10.0.0.1, 10.0.0.2" is one item,
     * and not a good one. */
    if (separator == ',' && n == 2
        && pool_item_family(&(*items)[0]) != pool_item_family(&(*items)[1])) {
        (*items)[0].len = strlen(value);
        (*items)[0].is_ip = false;
        n = 1;
    }
    for (size_t i = 0; i < n; i++) {
        pool_item_trim(&(*items)[i]);
    }
    return n;
}

/* Is it, blanks around its addresses aside, what an item must be?  An item
 * that is not keeps Kube-OVN from giving any of the pool. */
static bool
pool_item_is_sound(struct pool_item *item)
{
    const char *end = item->s + item->len;
    const char *s = item->s;

    if (item->is_ip) {
        return true;
    }
    for (;;) {
        const char *comma = memchr(s, ',', end - s);
        struct pool_item part = {
            .s = s, .len = (comma ? comma : end) - s,
        };

        pool_item_trim(&part);
        if (!parse_ip(part.s, part.len, &item->ip)) {
            return false;
        }
        if (!comma) {
            /* That one address, if no other one came before it. */
            item->is_ip = s == item->s;
            return true;
        }
        s = comma + 1;
    }
}

/* The address or addresses of the item, as Kube-OVN's IPAM takes them. */
static bool
pool_item_ips(const struct pool_item *item, struct ip_addr ips[2], uint8_t *n)
{
    if (!item->is_ip) {
        return kube_ovn_parse_ips(item->s, item->len, ips, n);
    }
    ips[0] = item->ip;
    *n = 1;
    return true;
}

/* Could it be the name of an IPPool object? */
static bool
pool_item_is_name(const struct pool_item *item)
{
    for (size_t i = 0; i < item->len; i++) {
        char c = item->s[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')
            && c != '-' && c != '.') {
            return false;
        }
    }
    return item->len > 0 && item->len <= 253;
}

/* Picks the item for 'ordinal' out of a list of sound ones. */
static enum kube_ovn_pool_result
pool_pick(const struct pool_item *items, size_t n, bool numbered, int ordinal,
          struct ip_addr ips[2], uint8_t *n_ips, const char **bad,
          size_t *bad_len)
{
    const struct pool_item *own;

    if (numbered) {
        if (ordinal < 0 || ordinal >= n) {
            return KUBE_OVN_POOL_SHORT;
        }
        own = &items[ordinal];
    } else if (n == 1) {
        own = &items[0];
    } else {
        return KUBE_OVN_POOL_ANY;
    }
    if (!pool_item_ips(own, ips, n_ips)) {
        *n_ips = 0;
        *bad = own->s;
        *bad_len = own->len;
        return KUBE_OVN_POOL_BAD_ITEM;
    }
    return KUBE_OVN_POOL_ITEM;
}

/* KUBE_OVN_POOL_ITEM if it is a list of addresses. */
static enum kube_ovn_pool_result
pool_kind(struct pool_item *items, size_t n)
{
    if (n == 1 && !memchr(items[0].s, ',', items[0].len)
        && !pool_item_is_sound(&items[0])) {
        return (pool_item_is_name(&items[0])
                ? KUBE_OVN_POOL_NAMED : KUBE_OVN_POOL_BAD);
    }
    for (size_t i = 0; i < n; i++) {
        if (!pool_item_is_sound(&items[i])) {
            return KUBE_OVN_POOL_BAD;
        }
    }
    return KUBE_OVN_POOL_ITEM;
}

enum kube_ovn_pool_result
kube_ovn_pool_pick(const char *value, bool numbered, int ordinal,
                   struct ip_addr ips[2], uint8_t *n_ips,
                   const char **bad, size_t *bad_len)
{
    enum kube_ovn_pool_result result;
    struct pool_item *items;
    size_t n = pool_split(value, &items);

    *n_ips = 0;
    *bad = value;
    *bad_len = 0;
    result = pool_kind(items, n);
    if (result == KUBE_OVN_POOL_ITEM) {
        result = pool_pick(items, n, numbered, ordinal, ips, n_ips, bad,
                           bad_len);
    }
    free(items);
    return result;
}

bool
kube_ovn_pool_list(const char *value, struct claim_pool *pool)
{
    struct pool_item *items;
    size_t n = pool_split(value, &items);
    bool is_list = pool_kind(items, n) == KUBE_OVN_POOL_ITEM;

    if (is_list) {
        pool->n = n;
        pool->items = xcalloc(n, sizeof *pool->items);
        for (size_t i = 0; i < n; i++) {
            struct claim_pool_item *item = &pool->items[i];

            if (!pool_item_ips(&items[i], item->ips, &item->n_ips)) {
                item->n_ips = 0;
            }
        }
    }
    free(items);
    return is_list;
}
