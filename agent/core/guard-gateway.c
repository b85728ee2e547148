/* SPDX-License-Identifier: Apache-2.0 */

/* Ports that have the address of a router port of their network, or of the
 * gateway of its Kube-OVN Subnet.  Such a port draws what the whole network
 * sends to its gateway, and no two ports of the switch's list one address, so
 * it is no duplicate that would be seen among them. */

#include <config.h>

#include "guard-private.h"

#include <string.h>

#include "ipam-object.h"
#include "openvswitch/util.h"
#include "util.h"

struct search {
    const struct guard *guard;
    const struct network *network;
    guard_gateway_cb *cb;
    void *aux;
};

/* Tells the ports that have 'ip'.  A gateway that is no router port of OVN may
 * well be a port of this switch, a machine that routes: then only pods that
 * have its address are wrong. */
static void
tell_ports(const struct search *s, const struct ip_addr *ip,
           const char *lrp)
{
    const struct addr_use *use = model_find_addr(&s->guard->model, s->network,
                                                 ip);

    for (size_t i = 0; use && i < use->n; i++) {
        const struct port *p = use->ports[i];
        char *text;

        if (p->type == PORT_TYPE_ROUTER || (!lrp && p->kind != PORT_OWNED)) {
            continue;
        }
        text = (lrp ? xasprintf("router port %s has it", lrp)
                : xasprintf("it is the gateway of Subnet %s",
                            s->network->name));
        s->cb(s->aux, p, ip, text);
        free(text);
    }
}

/* Router ports that the switch is attached to. */
static void
search_router_ports(const struct search *s, struct ip_addr_set *seen)
{
    const struct network *n = s->network;

    for (size_t i = 0; i < n->n_router_ports; i++) {
        const char *lrp = n->router_ports[i]->router_port;
        const struct sset *nets
            = lrp ? shash_find_data(&s->guard->model.router_ports, lrp) : NULL;
        const char *net;

        if (!nets) {
            continue;
        }
        SSET_FOR_EACH (net, nets) {
            char *text = xmemdup0(net, strcspn(net, "/"));
            struct ip_addr ip;

            if (ip_addr_parse(text, &ip)) {
                ip_addr_set_add(seen, &ip);
                tell_ports(s, &ip, lrp);
            }
            free(text);
        }
    }
}

/* spec.gateway of the Subnet: one address, or two with ",". */
static void
search_subnet(const struct search *s, struct ip_addr_set *seen)
{
    const struct subnet_object *subnet
        = model_find_subnet(&s->guard->model, s->network->name);
    char *copy, *save = NULL;

    if (!subnet) {
        return;
    }
    copy = xstrdup(subnet->gateway ? subnet->gateway : "");
    for (char *item = strtok_r(copy, ", ", &save); item;
         item = strtok_r(NULL, ", ", &save)) {
        struct ip_addr ip;

        if (ip_addr_parse(item, &ip) && ip_addr_set_add(seen, &ip)) {
            tell_ports(s, &ip, NULL);
        }
    }
    free(copy);
}

void
guard_find_on_gateways(const struct guard *g, const char *network,
                       guard_gateway_cb *cb, void *aux)
{
    const struct network *n;

    HMAP_FOR_EACH (n, node, &g->model.networks) {
        struct search s = { g, n, cb, aux };
        struct ip_addr_set seen;

        if (network && strcmp(n->name, network)) {
            continue;
        }
        ip_addr_set_init(&seen);
        search_router_ports(&s, &seen);
        search_subnet(&s, &seen);
        ip_addr_set_destroy(&seen);
    }
}
