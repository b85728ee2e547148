/* SPDX-License-Identifier: Apache-2.0 */

/* See explain-json.h. */

#include <config.h>

#include "explain-json.h"

#include "openvswitch/json.h"
#include "svec.h"
#include "util.h"
#include "uuid.h"

#include "agent/core/explain.h"
#include "agent/core/guard.h"
#include "agent/core/ip-addr.h"

static struct json *
json_svec(const struct svec *svec)
{
    struct json *array = json_array_create_empty();

    for (size_t i = 0; i < svec->n; i++) {
        json_array_add(array, json_string_create(svec->names[i]));
    }
    return array;
}

static struct json *
json_port(const struct explained_port *e)
{
    struct json *o = json_object_create();

    json_object_put_string(o, "name", e->name);
    json_object_put_string(o, "kind", e->kind);
    json_object_put_string(o, "proof", e->proof);
    json_object_put_string(o, "owner", e->owner);
    json_object_put_string(o, "pod_uid", e->pod_uid);
    json_object_put(o, "addresses", json_svec(&e->addresses));
    json_object_put(o, "port_security", json_svec(&e->port_security));
    json_object_put_string(o, "binding", e->binding);
    json_object_put_string(o, "chassis", e->chassis);
    json_object_put(o, "gated", json_boolean_create(e->gated));
    json_object_put(o, "disabled", json_boolean_create(e->disabled));
    json_object_put(o, "wanted", json_boolean_create(e->wanted));
    json_object_put_string(o, "entitlement", e->entitlement);
    json_object_put_string(o, "verdict", e->verdict);
    json_object_put_string(o, "case", e->case_);
    json_object_put_string(o, "reason", e->reason);
    return o;
}

static struct json *
json_explanation(const struct explanation *x)
{
    struct json *o = json_object_create();
    struct json *ports = json_array_create_empty();

    for (size_t i = 0; i < x->n_ports; i++) {
        json_array_add(ports, json_port(&x->ports[i]));
    }
    json_object_put_string(o, "network", x->network);
    json_object_put_format(o, "network_uuid", UUID_FMT,
                           UUID_ARGS(&x->network_uuid));
    json_object_put_string(o, "address", x->address);
    json_object_put(o, "ports", ports);
    json_object_put(o, "router_port", x->router_port
                    ? json_string_create(x->router_port)
                    : json_null_create());
    json_object_put(o, "wanted_by", json_svec(&x->wanted_by));
    json_object_put(o, "references", json_svec(&x->references));
    json_object_put(o, "mac_bindings", json_svec(&x->mac_bindings));
    json_object_put_string(o, "summary", x->summary);
    json_object_put_string(o, "next", x->next);
    return o;
}

struct json *
explain_to_json(const struct guard *g, const struct ip_addr_set *ips,
                const char *network,
                bool (*held)(const struct uuid *, const char *, const void *),
                const void *aux, const struct svec *not_known,
                const struct guard_env *env)
{
    struct json *o = json_object_create();
    struct json *addresses = json_array_create_empty();
    struct json *array = json_array_create_empty();
    char *wanted_by = NULL;
    char s[IP_ADDR_STRLEN];

    for (size_t i = 0; i < ips->n; i++) {
        struct explanations xs;

        guard_explain_all(g, &ips->addrs[i], network, held, aux, env, &xs);
        for (size_t j = 0; j < xs.n; j++) {
            json_array_add(array, json_explanation(&xs.items[j]));
        }
        free(wanted_by);
        wanted_by = nullable_xstrdup(xs.wanted_by);
        explanations_destroy(&xs);
        json_array_add(addresses, json_string_create(
                           ip_addr_to_string(&ips->addrs[i], s)));
    }
    json_object_put(o, "addresses", addresses);
    json_object_put(o, "explanations", array);
    json_object_put(o, "not_known", (not_known ? json_svec(not_known)
                                     : json_array_create_empty()));
    json_object_put(o, "wanted_by",
                    wanted_by ? json_string_create(wanted_by)
                    : json_null_create());
    free(wanted_by);
    return o;
}
