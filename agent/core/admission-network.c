/* SPDX-License-Identifier: Apache-2.0 */

/* Which network a claim is about.
 *
 * An annotation may name it.  If not, the owner's port tells, or the ports of
 * its siblings, which come from the same template.  What is left is the
 * address itself: if just one network can have it, it is that one.  Otherwise
 * nobody but the CNI knows, and then nothing is refused, since an address is
 * unique per network only.
 *
 * What addresses a network has is said by Kube-OVN's Subnet of that name; else
 * by the switch itself and by the router ports that it is attached to. */

#include <config.h>

#include "admission-private.h"

#include <stdlib.h>
#include <string.h>

#include "ipam-object.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "openvswitch/util.h"
#include "sset.h"
#include "util.h"
#include "workload.h"

/* ---- Subnets. ---- */

/* Splits "ADDR/LEN".  Returns false if it is not of this form. */
static bool
split_cidr(const char *cidr, struct ip_addr *ip, unsigned int *plen)
{
    const char *slash = strchr(cidr, '/');
    char *addr;
    bool ok;
    int n;

    if (!slash || !str_to_int(slash + 1, 10, &n) || n < 0) {
        return false;
    }
    addr = xmemdup0(cidr, slash - cidr);
    ok = ip_addr_parse(addr, ip) && n <= (ip->family == 4 ? 32 : 128);
    free(addr);
    *plen = n;
    return ok;
}

/* Sets the bits of '*ip' from 'plen' on to 'one'. */
static void
fill_host_part(struct ip_addr *ip, unsigned int plen, bool one)
{
    unsigned int n_bits = ip->family == 4 ? 32 : 128;

    for (unsigned int bit = plen; bit < n_bits; bit++) {
        uint8_t mask = 0x80 >> (bit % 8);

        if (one) {
            ip->bytes[bit / 8] |= mask;
        } else {
            ip->bytes[bit / 8] &= ~mask;
        }
    }
}

static void
add_subnet(struct subnets *s, const char *cidr)
{
    struct ip_addr ip;
    unsigned int plen;
    char buf[IP_ADDR_STRLEN];
    char *text;

    if (s->n >= ARRAY_SIZE(s->cidrs) || !split_cidr(cidr, &ip, &plen)
        || !ip_addr_is_host(&ip)) {
        return;
    }
    fill_host_part(&ip, plen, false);
    text = xasprintf("%s/%u", ip_addr_to_string(&ip, buf), plen);
    for (size_t i = 0; i < s->n; i++) {
        if (!strcmp(s->cidrs[i], text)) {
            free(text);
            return;
        }
    }
    s->cidrs[s->n++] = text;
}

/* The addresses of the router ports that 'n' is attached to: each is the
 * gateway of a subnet. */
static void
add_router_ports(struct subnets *s, const struct model *m,
                 const struct network *n)
{
    for (size_t i = 0; i < n->n_router_ports; i++) {
        const struct port *p = n->router_ports[i];
        const struct sset *networks
            = (p->router_port ? shash_find_data(&m->router_ports,
                                                p->router_port) : NULL);
        const char *cidr;

        if (!networks) {
            continue;
        }
        SSET_FOR_EACH (cidr, networks) {
            struct ip_addr ip;
            unsigned int plen;

            add_subnet(s, cidr);
            if (split_cidr(cidr, &ip, &plen)) {
                ip_addr_set_add(&s->gateways, &ip);
                s->complete = true;
            }
        }
    }
}

/* Calls 'func' with each item of a list that is separated by commas. */
static void
each_item(const char *list, void (*func)(struct subnets *, const char *item),
          struct subnets *s)
{
    char *copy = xstrdup(list ? list : "");
    char *save = NULL;

    for (char *item = strtok_r(copy, ", ", &save); item;
         item = strtok_r(NULL, ", ", &save)) {
        func(s, item);
    }
    free(copy);
}

static void
add_gateway(struct subnets *s, const char *text)
{
    struct ip_addr ip;

    if (ip_addr_parse(text, &ip)) {
        ip_addr_set_add(&s->gateways, &ip);
    }
}

void
subnets_init(struct subnets *s, const struct model *m, const struct network *n)
{
    const struct subnet_object *object = model_find_subnet(m, n->name);

    memset(s, 0, sizeof *s);
    ip_addr_set_init(&s->gateways);
    if (object) {
        each_item(object->cidr, add_subnet, s);
        each_item(object->gateway, add_gateway, s);
        s->complete = s->n > 0;
        return;
    }
    if (n->subnet) {
        add_subnet(s, n->subnet);
    }
    add_router_ports(s, m, n);
}

void
subnets_destroy(struct subnets *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->cidrs[i]);
    }
    ip_addr_set_destroy(&s->gateways);
}

bool
subnets_have_family(const struct subnets *s, uint8_t family)
{
    for (size_t i = 0; i < s->n; i++) {
        if (!strchr(s->cidrs[i], ':') == (family == 4)) {
            return true;
        }
    }
    return false;
}

bool
subnets_contain(const struct subnets *s, const struct ip_addr *ip)
{
    for (size_t i = 0; i < s->n; i++) {
        if (ip_addr_in_cidr(ip, s->cidrs[i])) {
            return true;
        }
    }
    return false;
}

bool
subnets_have_host(const struct subnets *s, const struct ip_addr *ip)
{
    for (size_t i = 0; i < s->n; i++) {
        struct ip_addr first, last;
        unsigned int plen;

        if (!ip_addr_in_cidr(ip, s->cidrs[i])
            || !split_cidr(s->cidrs[i], &first, &plen)) {
            continue;
        }
        if (ip->family == 6 || plen > 30) {
            return true;
        }
        last = first;
        fill_host_part(&last, plen, true);
        if (!ip_addr_equals(ip, &first) && !ip_addr_equals(ip, &last)) {
            return true;
        }
    }
    return false;
}

void
subnets_format(const struct subnets *s, struct ds *ds)
{
    struct sset all = SSET_INITIALIZER(&all);
    const char **sorted;

    for (size_t i = 0; i < s->n; i++) {
        sset_add(&all, s->cidrs[i]);
    }
    sorted = sset_sort(&all);
    for (size_t i = 0; i < s->n; i++) {
        ds_put_format(ds, "%s%s", i ? ", " : "", sorted[i]);
    }
    free(sorted);
    sset_destroy(&all);
}

/* ---- The network. ---- */

static const struct network *
network_of_member(const struct member *mb, const char *provider)
{
    const struct port *p;

    if (mb) {
        MEMBER_FOR_EACH_PORT (p, mb) {
            if (p->network && p->provider && !strcmp(p->provider, provider)) {
                return p->network;
            }
        }
    }
    return NULL;
}

/* The network of the first port for 'provider' of the same StatefulSet. */
static const struct network *
network_of_siblings(const struct model *m, const struct asker *asker,
                    const char *provider)
{
    const struct base_entry *b = (asker->kind == OWNER_STATEFULSET
                                  ? model_find_base(m, asker->ns, asker->owner)
                                  : NULL);
    const struct member *mb;

    if (b) {
        LIST_FOR_EACH (mb, base_node, &b->members) {
            const struct network *n = network_of_member(mb, provider);

            if (n) {
                return n;
            }
        }
    }
    return NULL;
}

/* Can 'n' be a network of 'provider', as far as is known? */
static bool
may_be_of_provider(const struct model *m, const struct network *n,
                   const char *provider)
{
    const struct subnet_object *object = model_find_subnet(m, n->name);

    return (object ? !strcmp(object->provider, provider)
            /* Each network of Kube-OVN has a Subnet. */
            : shash_is_empty(&m->subnets));
}

/* All networks that can have 'ip', for lack of anything better. */
static void
networks_by_address(const struct model *m, const char *provider,
                    const struct ip_addr *ip, struct asked_networks *result)
{
    const struct network *n;
    bool unknown = false;

    HMAP_FOR_EACH (n, node, &m->networks) {
        struct subnets s;

        if (!may_be_of_provider(m, n, provider)) {
            continue;
        }
        subnets_init(&s, m, n);
        if (subnets_contain(&s, ip)) {
            if (result->n < ARRAY_SIZE(result->networks)) {
                result->networks[result->n] = n;
            }
            result->n++;
        } else if (!s.n) {
            unknown = true;
            /* It can have it if it has. */
            if (model_find_addr(m, n, ip)
                && result->n < ARRAY_SIZE(result->networks)) {
                result->networks[result->n++] = n;
            }
        }
        subnets_destroy(&s);
    }
    result->sure = result->n == 1 && !unknown;
    result->n = MIN(result->n, ARRAY_SIZE(result->networks));
}

void
admission_networks(const struct model *m, const struct asker *asker,
                   const struct claim *claim, const struct ip_addr *ip,
                   struct asked_networks *result)
{
    const struct network *n;
    size_t n_found;

    memset(result, 0, sizeof *result);
    if (claim->logical_switch) {
        n = model_find_network_by_name(m, claim->logical_switch, &n_found);
        result->missing = !n;
        result->sure = n_found == 1;
    } else {
        n = (asker->name[0]
             ? network_of_member(model_find_member(m, asker->ns, asker->name),
                                 claim->provider) : NULL);
        if (!n) {
            n = network_of_siblings(m, asker, claim->provider);
        }
        result->sure = n != NULL;
    }
    if (n) {
        result->networks[0] = n;
        result->n = 1;
    } else if (!result->missing) {
        networks_by_address(m, claim->provider, ip, result);
    }
}
