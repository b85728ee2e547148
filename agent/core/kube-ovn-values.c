/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "kube-ovn-values.h"

#include <stdlib.h>
#include <string.h>

#include "smap.h"
#include "util.h"

#include "dialect.h"

void
kube_ovn_values_init(struct kube_ovn_values *values,
                     const struct smap *annotations)
{
    const struct smap_node *node;

    memset(values, 0, sizeof *values);
    values->all = xmalloc((smap_count(annotations) + 1)
                          * sizeof *values->all);
    SMAP_FOR_EACH (node, annotations) {
        struct kube_ovn_value *v = &values->all[values->n];
        const char *suffix = kube_ovn_split_key(node->key, &v->provider_len);

        if (suffix) {
            v->key = node->key;
            v->suffix = kube_ovn_suffix_from_string(suffix);
            v->ifname = kube_ovn_interface_of_suffix(suffix);
            v->value = node->value;
            values->n++;
            if (!strcmp(node->key, KUBE_OVN_VIP_KEY)) {
                values->vip = node->value;
            }
        } else if (!strcmp(node->key, NETWORKS_ANNOTATION)) {
            values->networks = node->value;
        } else if (!strcmp(node->key, DEFAULT_NETWORK_ANNOTATION)) {
            values->default_network = node->value;
        }
    }
}

void
kube_ovn_values_destroy(struct kube_ovn_values *values)
{
    free(values->all);
}

const struct kube_ovn_value *
kube_ovn_values_find(const struct kube_ovn_values *values,
                     const char *provider, enum kube_ovn_suffix suffix)
{
    for (size_t i = 0; i < values->n; i++) {
        const struct kube_ovn_value *v = &values->all[i];

        if (v->suffix == suffix
            && !strncmp(v->key, provider, v->provider_len)
            && !provider[v->provider_len]) {
            return v->value[0] ? v : NULL;
        }
    }
    return NULL;
}
