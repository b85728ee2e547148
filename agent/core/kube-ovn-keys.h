/* SPDX-License-Identifier: Apache-2.0 */

/* How Kube-OVN's annotations are called, "PROVIDER.kubernetes.io/SUFFIX", and
 * the networks that they are about, which it calls providers.  What the values
 * say is in kube-ovn-claims.h. */

#ifndef KUBE_OVN_KEYS_H
#define KUBE_OVN_KEYS_H 1

#include <stdbool.h>
#include <stddef.h>

struct net_selection;
struct net_selections;

#define KUBE_OVN_KEY_MIDDLE ".kubernetes.io/"
#define KUBE_OVN_VIP_KEY "ovn.kubernetes.io/vip"

/* The provider of the default network. */
#define KUBE_OVN_DEFAULT_PROVIDER "ovn"

/* See struct dialect. */
bool kube_ovn_watches(const char *key);

/* Returns SUFFIX of 'key' and stores the length of PROVIDER, or returns NULL
 * if 'key' is not of this form. */
const char *kube_ovn_split_key(const char *key, size_t *provider_len);

/* The suffixes whose value is about a provider as a whole. */
enum kube_ovn_suffix {
    KUBE_OVN_IP_ADDRESS,
    KUBE_OVN_IP_POOL,
    KUBE_OVN_MAC_ADDRESS,
    KUBE_OVN_LOGICAL_SWITCH,
    KUBE_OVN_ALLOCATED,
    KUBE_OVN_IP_FAMILY,
    KUBE_OVN_OTHER_SUFFIX       /* None of these. */
};
enum kube_ovn_suffix kube_ovn_suffix_from_string(const char *);

/* If 'suffix' is "ip_address.IF" or "mac_address.IF", returns IF, otherwise
 * NULL. */
const char *kube_ovn_interface_of_suffix(const char *suffix);

/* True for "ovn" and for NAD.NAMESPACE.ovn[.INTERFACE], the networks that have
 * a logical switch port.  An attachment of which Kube-OVN manages only the
 * addresses is called NAD.NAMESPACE. */
bool kube_ovn_provider_has_port(const char *provider);

/* Finds the ".ovn" component of an attachment's provider; NULL if there is
 * none.  A network's name may have dots and so may an interface's; a
 * namespace's may not, so there are two components or more before it. */
const char *kube_ovn_find_component(const char *provider);

/* Returns the provider of an attachment, which the caller frees.  The
 * interface becomes a part of the name only where the same network is listed
 * more than once. */
char *kube_ovn_selection_provider(const struct net_selections *,
                                  const struct net_selection *);

/* Returns the attachment that is called 'provider', or NULL. */
const struct net_selection *kube_ovn_find_selection(
    const struct net_selections *, const char *provider);

/* Returns the provider that the per-interface key of 'net' (NAD.NAMESPACE) and
 * 'ifname' is about; the caller frees it.  A network that is not listed has no
 * port; its claim, under the longer name, does no harm. */
char *kube_ovn_interface_provider(const struct net_selections *,
                                  const char *net, const char *ifname);

#endif /* kube-ovn-keys.h */
