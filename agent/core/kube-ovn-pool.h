/* SPDX-License-Identifier: Apache-2.0 */

/* The values of Kube-OVN's ip_address and ip_pool annotations.  A part of
 * kube-ovn-claims.c, which finds the annotations. */

#ifndef KUBE_OVN_POOL_H
#define KUBE_OVN_POOL_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ip-addr.h"

struct claim_pool;

/* Reads the 'len' bytes at 's', "A" or "A,B" of different families, as
 * Kube-OVN's IPAM takes them: bare and without blanks.  Returns false on
 * anything else; 'ips' and '*n' are then unspecified. */
bool kube_ovn_parse_ips(const char *s, size_t len, struct ip_addr ips[2],
                        uint8_t *n);

enum kube_ovn_pool_result {
    KUBE_OVN_POOL_NAMED,        /* The name of an IPPool object. */
    KUBE_OVN_POOL_ANY,          /* The first item that is free. */
    KUBE_OVN_POOL_ITEM,         /* Just 'ips'. */
    KUBE_OVN_POOL_SHORT,        /* No item for this ordinal. */
    KUBE_OVN_POOL_BAD_ITEM,     /* The item '*bad' is wrong: blanks inside, or
                                 * two addresses of one family. */
    KUBE_OVN_POOL_BAD,          /* Not a pool at all. */
};

/* Finds in the ip_pool 'value' what a pod is given.  'numbered' pods (of a
 * StatefulSet) take the item of their 'ordinal', which counts from 0 whatever
 * the first ordinal of the StatefulSet is; others take any that is free, which
 * is known from here only if there is just one. */
enum kube_ovn_pool_result kube_ovn_pool_pick(const char *value, bool numbered,
                                             int ordinal,
                                             struct ip_addr ips[2],
                                             uint8_t *n_ips, const char **bad,
                                             size_t *bad_len);

/* Stores what each ordinal is given from the ip_pool 'value' in '*pool', which
 * the caller destroys.  Returns false if it names no addresses. */
bool kube_ovn_pool_list(const char *value, struct claim_pool *pool);

#endif /* kube-ovn-pool.h */
