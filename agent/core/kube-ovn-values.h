/* SPDX-License-Identifier: Apache-2.0 */

/* Those annotations of an object that Kube-OVN reads, found in one pass over
 * all that it has: a claim looks for a dozen of them, and most are not there.
 * A part of kube-ovn-claims.c. */

#ifndef KUBE_OVN_VALUES_H
#define KUBE_OVN_VALUES_H 1

#include <stddef.h>

#include "kube-ovn-keys.h"

struct smap;

/* An annotation of the form that kube_ovn_split_key() takes. */
struct kube_ovn_value {
    const char *key;
    size_t provider_len;        /* 'key' begins with the provider. */
    enum kube_ovn_suffix suffix;
    const char *ifname;         /* kube_ovn_interface_of_suffix(), or NULL. */
    const char *value;
};

/* Strings are those of the annotations, which must stay. */
struct kube_ovn_values {
    struct kube_ovn_value *all;
    size_t n;
    const char *vip;            /* KUBE_OVN_VIP_KEY; each of these or NULL. */
    const char *default_network; /* DEFAULT_NETWORK_ANNOTATION. */
    const char *networks;       /* NETWORKS_ANNOTATION. */
};

/* Finds what 'annotations' have.  The caller destroys '*values', which does
 * not touch the annotations. */
void kube_ovn_values_init(struct kube_ovn_values *values,
                          const struct smap *annotations);
void kube_ovn_values_destroy(struct kube_ovn_values *);

/* Returns the annotation of 'provider' with 'suffix', or NULL if it is absent
 * or empty, which is the same to Kube-OVN. */
const struct kube_ovn_value *kube_ovn_values_find(
    const struct kube_ovn_values *, const char *provider,
    enum kube_ovn_suffix suffix);

#endif /* kube-ovn-values.h */
