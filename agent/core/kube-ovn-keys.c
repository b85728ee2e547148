/* SPDX-License-Identifier: Apache-2.0 */

/* How Kube-OVN's annotations are called, and the networks that they are about,
 * which it calls providers. */

#include <config.h>

#include "kube-ovn-keys.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "dialect.h"
#include "net-selection.h"

/* ---- Keys. ---- */

const char *
kube_ovn_split_key(const char *key, size_t *provider_len)
{
    const char *middle = strstr(key, KUBE_OVN_KEY_MIDDLE);

    if (!middle || middle == key) {
        return NULL;
    }
    *provider_len = middle - key;
    return middle + strlen(KUBE_OVN_KEY_MIDDLE);
}

const char *
kube_ovn_interface_of_suffix(const char *suffix)
{
    static const char *const prefixes[] = { "ip_address.", "mac_address." };

    for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
        size_t n = strlen(prefixes[i]);

        if (!strncmp(suffix, prefixes[i], n) && suffix[n]) {
            return suffix + n;
        }
    }
    return NULL;
}

enum kube_ovn_suffix
kube_ovn_suffix_from_string(const char *s)
{
    static const char *const suffixes[] = {
        [KUBE_OVN_IP_ADDRESS] = "ip_address",
        [KUBE_OVN_IP_POOL] = "ip_pool",
        [KUBE_OVN_MAC_ADDRESS] = "mac_address",
        [KUBE_OVN_LOGICAL_SWITCH] = "logical_switch",
        [KUBE_OVN_ALLOCATED] = "allocated",
        [KUBE_OVN_IP_FAMILY] = "ip_family",
    };
    int i;

    BUILD_ASSERT_DECL(ARRAY_SIZE(suffixes) == KUBE_OVN_OTHER_SUFFIX);
    for (i = 0; i < KUBE_OVN_OTHER_SUFFIX; i++) {
        if (!strcmp(s, suffixes[i])) {
            break;
        }
    }
    return i;
}

bool
kube_ovn_watches(const char *key)
{
    size_t provider_len;
    const char *suffix = kube_ovn_split_key(key, &provider_len);

    return (!strcmp(key, NETWORKS_ANNOTATION)
            || !strcmp(key, DEFAULT_NETWORK_ANNOTATION)
            || !strcmp(key, KUBE_OVN_VIP_KEY)
            || (suffix && ((kube_ovn_suffix_from_string(suffix)
                            != KUBE_OVN_OTHER_SUFFIX)
                           || kube_ovn_interface_of_suffix(suffix))));
}

/* ---- Providers. ---- */

const char *
kube_ovn_find_component(const char *provider)
{
    const char *p = strchr(provider, '.');

    if (!p || p == provider) {
        return NULL;
    }
    for (p = strchr(p + 1, '.'); p; p = strchr(p + 1, '.')) {
        if (!strncmp(p, ".ovn", 4) && (!p[4] || (p[4] == '.' && p[5]))) {
            return p[-1] == '.' ? NULL : p;
        }
    }
    return NULL;
}

bool
kube_ovn_provider_has_port(const char *provider)
{
    return (!strcmp(provider, KUBE_OVN_DEFAULT_PROVIDER)
            || kube_ovn_find_component(provider) != NULL);
}

char *
kube_ovn_selection_provider(const struct net_selections *nets,
                            const struct net_selection *s)
{
    return (s->ifname[0] && net_selections_count(nets, s) > 1
            ? xasprintf("%s.%s.ovn.%s", s->name, s->ns, s->ifname)
            : xasprintf("%s.%s.ovn", s->name, s->ns));
}

const struct net_selection *
kube_ovn_find_selection(const struct net_selections *nets,
                        const char *provider)
{
    for (size_t i = 0; i < nets->n; i++) {
        const struct net_selection *s = &nets->all[i];
        char *name = kube_ovn_selection_provider(nets, s);
        bool found = !strcmp(name, provider);

        free(name);
        if (found) {
            return s;
        }
    }
    return NULL;
}

char *
kube_ovn_interface_provider(const struct net_selections *nets,
                            const char *net, const char *ifname)
{
    for (size_t i = 0; i < nets->n; i++) {
        const struct net_selection *s = &nets->all[i];
        size_t name_len = strlen(s->name);

        if (!strncmp(net, s->name, name_len) && net[name_len] == '.'
            && !strcmp(net + name_len + 1, s->ns)
            && !strcmp(s->ifname, ifname)) {
            return kube_ovn_selection_provider(nets, s);
        }
    }
    return xasprintf("%s.ovn.%s", net, ifname);
}
