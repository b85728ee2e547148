/* SPDX-License-Identifier: Apache-2.0 */

/* Kube-OVN's annotations: which keys there are and what they ask for.  A part
 * of dialect-kube-ovn.c, which is about the ports. */

#ifndef KUBE_OVN_CLAIMS_H
#define KUBE_OVN_CLAIMS_H 1

#include <stdbool.h>

struct claim;
struct claim_pool;
struct claim_subject;
struct claims;
struct smap;

/* The provider of the default network. */
#define KUBE_OVN_DEFAULT_PROVIDER "ovn"

/* True for "ovn" and for NAD.NAMESPACE.ovn[.INTERFACE], the networks that have
 * a logical switch port.  An attachment of which Kube-OVN manages only the
 * addresses is called NAD.NAMESPACE. */
bool kube_ovn_provider_has_port(const char *provider);

/* See struct dialect. */
bool kube_ovn_watches(const char *key);
void kube_ovn_read_claims(const struct smap *annotations,
                          const struct claim_subject *, struct claims *);
bool kube_ovn_marks_pod(const struct smap *annotations);
bool kube_ovn_read_pool(const struct smap *annotations, const struct claim *,
                        struct claim_pool *);

#endif /* kube-ovn-claims.h */
