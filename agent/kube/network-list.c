/* SPDX-License-Identifier: Apache-2.0 */

/* Multus' lists of networks, which users write as JSON where they give an
 * attachment an address.  agent/core reads no JSON. */

#include <config.h>

#include "network-list.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"

#include "util.h"

/* Appends 'prefix' and the string 'json' to 'ds'.  Returns false if it is no
 * string or has a character that could be taken for a separator; an absent or
 * empty one is fine. */
static bool
put_string(const json_t *json, const char *prefix, struct ds *ds)
{
    const char *s = json_string_value(json);

    if (!json || json_is_null(json) || (s && !s[0])) {
        return true;
    }
    if (!s || strpbrk(s, ",=@ \t\r\n") || strlen(s) > 253) {
        return false;
    }
    ds_put_format(ds, "%s%s", prefix, s);
    return true;
}

static bool
put_ips(const json_t *ips, struct ds *ds)
{
    if (!ips || json_is_null(ips)) {
        return true;
    }
    if (!json_is_array(ips)) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(ips); i++) {
        if (!put_string(json_array_get(ips, i), "=", ds)) {
            return false;
        }
    }
    return true;
}

static bool
put_network(const json_t *network, struct ds *ds)
{
    size_t before = ds->length;

    if (!put_string(json_object_get(network, "namespace"), "", ds)) {
        return false;
    }
    if (ds->length > before) {
        ds_put_char(ds, '/');
    }
    before = ds->length;
    return (put_string(json_object_get(network, "name"), "", ds)
            && ds->length > before
            && put_string(json_object_get(network, "interface"), "@", ds)
            && put_ips(json_object_get(network, "ips"), ds)
            && put_string(json_object_get(network, "mac"), "=", ds));
}

char *
network_list_flatten(const char *value)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    json_t *list;
    bool ok;

    if (value[strspn(value, " \t\r\n")] != '[') {
        return NULL;
    }
    list = json_loads(value, JSON_REJECT_DUPLICATES, NULL);
    ok = list != NULL;
    for (size_t i = 0; ok && i < json_array_size(list); i++) {
        const json_t *network = json_array_get(list, i);

        if (i) {
            ds_put_char(&ds, ',');
        }
        ok = json_is_object(network) && put_network(network, &ds);
    }
    json_decref(list);
    if (!ok) {
        ds_destroy(&ds);
        return NULL;
    }
    return ds_steal_cstr(&ds);
}
