/* SPDX-License-Identifier: Apache-2.0 */

/* The annotations of ovn-kubernetes: which keys there are and what they ask
 * for.  A part of dialect-ovn-kubernetes.c, which is about the ports. */

#ifndef OVN_KUBERNETES_CLAIMS_H
#define OVN_KUBERNETES_CLAIMS_H 1

#include <stdbool.h>

struct claim;
struct claim_subject;
struct claims;
struct smap;

/* The provider of the cluster's own network. */
#define OVN_KUBERNETES_DEFAULT "default"

/* What a pod asks for on the primary user-defined network of its namespace,
 * as long as nobody says which NetworkAttachmentDefinition that is.  All other
 * providers are those definitions: NAMESPACE/NAME, or NAMESPACE/NAME/N for the
 * pod's N-th further attachment to the same one. */
#define OVN_KUBERNETES_PRIMARY "primary"

/* True if 'provider' has the form NAMESPACE/NAME[/N]. */
bool ovn_kubernetes_is_nad(const char *provider);

/* See struct dialect. */
bool ovn_kubernetes_watches(const char *key);
void ovn_kubernetes_read_claims(const struct smap *annotations,
                                const struct claim_subject *,
                                struct claims *);
const struct claim *ovn_kubernetes_find_claim(const struct claims *,
                                              const char *provider);

#endif /* ovn-kubernetes-claims.h */
