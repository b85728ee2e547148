/* SPDX-License-Identifier: Apache-2.0 */

/* Which ports of a network list an address, and how many name a MAC. */

#include <config.h>

#include "model.h"

#include "hash.h"
#include "lsp-addr.h"
#include "model-private.h"
#include "openvswitch/util.h"
#include "packets.h"
#include "util.h"

/* ---- The index by (network, address). ---- */

static uint32_t
addr_hash(const struct network *n, const struct ip_addr *ip)
{
    return ip_addr_hash(ip, hash_pointer(n, 0));
}

struct addr_use *
model_find_addr(const struct model *m, const struct network *n,
                const struct ip_addr *ip)
{
    struct addr_use *use;

    HMAP_FOR_EACH_WITH_HASH (use, node, addr_hash(n, ip), &m->addr_uses) {
        if (use->network == n && ip_addr_equals(&use->addr, ip)) {
            return use;
        }
    }
    return NULL;
}

static void
mark_addr_use(struct model *m, struct addr_use *use)
{
    if (ovs_list_is_empty(&use->dirty_node)) {
        ovs_list_push_back(&m->dirty_addrs, &use->dirty_node);
    }
}

void
model_mark_addr(struct model *m, const struct network *n,
                const struct ip_addr *ip)
{
    struct addr_use *use = model_find_addr(m, n, ip);

    if (use) {
        mark_addr_use(m, use);
        for (size_t i = 0; i < use->n; i++) {
            if (use->ports[i]->member) {
                model_mark_member(m, use->ports[i]->member);
            }
        }
    }
}

void
model_add_addr_use(struct model *m, struct port *p, const struct ip_addr *ip)
{
    struct addr_use *use = model_find_addr(m, p->network, ip);
    size_t i;

    if (!use) {
        use = xzalloc(sizeof *use);
        use->network = p->network;
        use->addr = *ip;
        ovs_list_init(&use->dirty_node);
        hmap_insert(&m->addr_uses, &use->node, addr_hash(p->network, ip));
    }
    use->ports = xrealloc(use->ports, (use->n + 1) * sizeof *use->ports);
    for (i = use->n; i > 0; i--) {
        if (strcmp(use->ports[i - 1]->name, p->name) < 0) {
            break;
        }
        use->ports[i] = use->ports[i - 1];
    }
    use->ports[i] = p;
    use->n++;
    if (use->n > 1) {
        model_mark_addr(m, p->network, ip);
    }
}

void
model_del_addr_use(struct model *m, struct port *p, const struct ip_addr *ip)
{
    struct addr_use *use = model_find_addr(m, p->network, ip);

    ovs_assert(use);
    if (use->n > 1) {
        model_mark_addr(m, p->network, ip);
    }
    for (size_t i = 0; i < use->n; i++) {
        if (use->ports[i] == p) {
            memmove(&use->ports[i], &use->ports[i + 1],
                    (use->n - i - 1) * sizeof *use->ports);
            use->n--;
            break;
        }
    }
    if (!use->n) {
        ovs_list_remove(&use->dirty_node);
        hmap_remove(&m->addr_uses, &use->node);
        free(use->ports);
        free(use);
    }
}

struct addr_use *
model_take_dirty_addr(struct model *m)
{
    if (ovs_list_is_empty(&m->dirty_addrs)) {
        return NULL;
    }
    struct addr_use *use = CONTAINER_OF(ovs_list_pop_front(&m->dirty_addrs),
                                        struct addr_use, dirty_node);
    ovs_list_init(&use->dirty_node);
    return use;
}

bool
model_has_dirty(const struct model *m)
{
    return (m->dirty_members.n_live
            || !ovs_list_is_empty(&m->dirty_addrs));
}

/* ---- The index by (network, MAC). ---- */

static struct mac_use *
find_mac_use(const struct model *m, const struct network *n,
             const struct eth_addr mac)
{
    uint32_t hash = hash_bytes(&mac, sizeof mac, hash_pointer(n, 0));
    struct mac_use *use;

    HMAP_FOR_EACH_WITH_HASH (use, node, hash, &m->mac_uses) {
        if (use->network == n && eth_addr_equals(use->mac, mac)) {
            return use;
        }
    }
    return NULL;
}

static void
count_mac(struct model *m, struct network *n, const struct eth_addr mac,
          int delta)
{
    struct mac_use *use = find_mac_use(m, n, mac);

    if (!use) {
        ovs_assert(delta > 0);
        use = xzalloc(sizeof *use);
        use->network = n;
        use->mac = mac;
        hmap_insert(&m->mac_uses, &use->node,
                    hash_bytes(&mac, sizeof mac, hash_pointer(n, 0)));
    }
    use->n += delta;
    if (!use->n) {
        hmap_remove(&m->mac_uses, &use->node);
        free(use);
    }
}

/* Stores every MAC that 'p' names, as often as it does, in '*macsp', which the
 * caller frees, and returns how many. */
static size_t
port_macs(const struct port *p, struct eth_addr **macsp)
{
    size_t max = p->addresses.n + p->port_security.n;
    struct eth_addr *macs = xmalloc(MAX(max, 1) * sizeof *macs);
    size_t n = 0;

    for (size_t i = 0; i < p->addresses.n; i++) {
        struct lsp_addr a;
        lsp_addr_parse(p->addresses.names[i], &a);
        if (a.has_mac) {
            macs[n++] = a.mac;
        }
        lsp_addr_destroy(&a);
    }
    for (size_t i = 0; i < p->port_security.n; i++) {
        struct ps_entry e;
        ps_entry_parse(p->port_security.names[i], &e);
        if (e.has_mac) {
            macs[n++] = e.mac;
        }
        ps_entry_destroy(&e);
    }
    *macsp = macs;
    return n;
}

void
model_count_port_macs(struct model *m, const struct port *p, int delta)
{
    struct eth_addr *macs;
    size_t n = port_macs(p, &macs);

    for (size_t i = 0; i < n; i++) {
        count_mac(m, p->network, macs[i], delta);
    }
    free(macs);
}

bool
model_mac_in_use(const struct model *m, const struct network *n,
                 const struct eth_addr mac, const struct port *except)
{
    struct mac_use *use = find_mac_use(m, n, mac);
    unsigned int own = 0;

    if (!use) {
        return false;
    }
    if (except && except->network == n) {
        struct eth_addr *macs;
        size_t n_macs = port_macs(except, &macs);
        for (size_t i = 0; i < n_macs; i++) {
            own += eth_addr_equals(macs[i], mac);
        }
        free(macs);
    }
    return use->n > own;
}

void
model_destroy_index(struct model *m)
{
    struct addr_use *addr;
    struct mac_use *mac;

    HMAP_FOR_EACH_POP (addr, node, &m->addr_uses) {
        free(addr->ports);
        free(addr);
    }
    HMAP_FOR_EACH_POP (mac, node, &m->mac_uses) {
        free(mac);
    }
    hmap_destroy(&m->addr_uses);
    hmap_destroy(&m->mac_uses);
}
