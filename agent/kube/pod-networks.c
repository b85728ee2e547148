/* SPDX-License-Identifier: Apache-2.0 */

/* The annotation in which the controller of ovn-kubernetes writes down what it
 * gave to a pod: an object with a member for each network.  agent/core reads
 * no JSON. */

#include <config.h>

#include "pod-networks.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"

#include "util.h"

/* Appends 'prefix' and 's'.  Returns false if 's' is empty or has a character
 * that could be taken for a separator. */
static bool
put_word(const char *s, const char *prefix, struct ds *ds)
{
    if (!s[0] || strpbrk(s, ",=@ \t\r\n") || strlen(s) > 253) {
        return false;
    }
    ds_put_format(ds, "%s%s", prefix, s);
    return true;
}

/* The same for a string that may be absent. */
static bool
put_string(const json_t *json, const char *prefix, struct ds *ds)
{
    const char *s = json_string_value(json);

    return (!json || json_is_null(json) || (s && !s[0])
            || (s && put_word(s, prefix, ds)));
}

/* "ip_addresses", or "ip_address" alone as older controllers wrote it. */
static bool
put_ips(const json_t *network, struct ds *ds)
{
    const json_t *ips = json_object_get(network, "ip_addresses");
    const json_t *ip = json_object_get(network, "ip_address");
    size_t n = json_array_size(ips);

    if (ips && !json_is_null(ips) && !json_is_array(ips)) {
        return false;
    }
    if (!n) {
        return put_string(ip, "=", ds);
    }
    for (size_t i = 0; i < n; i++) {
        const char *s = json_string_value(json_array_get(ips, i));

        if (!s || !put_word(s, "=", ds)) {
            return false;
        }
    }
    /* The controller itself calls it bad if the two differ. */
    return (!ip || json_is_null(ip)
            || (json_is_string(ip)
                && (!json_string_value(ip)[0]
                    || !strcmp(json_string_value(ip),
                               json_string_value(json_array_get(ips, 0))))));
}

static bool
put_network(const char *key, const json_t *network, struct ds *ds)
{
    return (json_is_object(network)
            && put_word(key, "", ds)
            && put_string(json_object_get(network, "role"), "@", ds)
            && put_ips(network, ds)
            && put_string(json_object_get(network, "mac_address"), "=", ds));
}

char *
pod_networks_flatten(const char *value)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    const char *separator = "";
    const char *key;
    json_t *networks, *network;
    bool ok;

    networks = json_loads(value, JSON_REJECT_DUPLICATES, NULL);
    ok = json_is_object(networks);
    json_object_foreach (networks, key, network) {
        ds_put_cstr(&ds, separator);
        separator = ",";
        ok = ok && put_network(key, network, &ds);
    }
    json_decref(networks);
    if (!ok) {
        ds_destroy(&ds);
        return NULL;
    }
    return ds_steal_cstr(&ds);
}
