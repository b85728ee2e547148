/* SPDX-License-Identifier: Apache-2.0 */

/* What Kube-OVN's annotations ask for; how they are called is in
 * kube-ovn-keys.h.  A part of dialect-kube-ovn.c, which is about the ports. */

#ifndef KUBE_OVN_CLAIMS_H
#define KUBE_OVN_CLAIMS_H 1

#include <stdbool.h>

struct claim;
struct claim_pool;
struct claim_subject;
struct claims;
struct smap;

/* See struct dialect. */
void kube_ovn_read_claims(const struct smap *annotations,
                          const struct claim_subject *, struct claims *);
bool kube_ovn_marks_pod(const struct smap *annotations);
bool kube_ovn_read_pool(const struct smap *annotations, const struct claim *,
                        struct claim_pool *);

#endif /* kube-ovn-claims.h */
