/* SPDX-License-Identifier: Apache-2.0 */

/* Addresses that IPAMClaims keep for virtual machines, whether one runs or
 * not.  A claim names a network as its CNI does, not a switch. */

#include <config.h>

#include "model.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "kube-change.h"
#include "model-private.h"
#include "util.h"

/* In model->ipam_claims, by "ns/name". */
struct ipam_claim {
    char *cni_network;
    struct ip_addr_set ips;
};

/* In model->kept_addrs, by network and address. */
struct kept_addr {
    struct hmap_node node;
    const struct shash_node *claim;
    struct ip_addr addr;
};

static uint32_t
kept_hash(const char *cni_network, const struct ip_addr *ip)
{
    return ip_addr_hash(ip, hash_string(cni_network, 0));
}

const char *
model_find_ipam_claim(const struct model *m, const struct port *p,
                      const struct ip_addr *ip)
{
    const struct kept_addr *k;

    if (!p->cni_network) {
        return NULL;
    }
    HMAP_FOR_EACH_WITH_HASH (k, node, kept_hash(p->cni_network, ip),
                             &m->kept_addrs) {
        const struct ipam_claim *claim = k->claim->data;

        if (ip_addr_equals(&k->addr, ip)
            && !strcmp(claim->cni_network, p->cni_network)) {
            return k->claim->name;
        }
    }
    return NULL;
}

/* 'ip' is kept no longer: the owners of the ports that have it are judged
 * anew.  (What is about to be cleared is judged anew with every change, so
 * that nothing need be done for one that is kept from now on.) */
static void
mark_users(struct model *m, const struct ip_addr *ip)
{
    struct network *n;

    HMAP_FOR_EACH (n, node, &m->networks) {
        const struct addr_use *use = model_find_addr(m, n, ip);

        for (size_t i = 0; use && i < use->n; i++) {
            if (use->ports[i]->member) {
                model_mark_member(m, use->ports[i]->member);
            }
        }
    }
}

static void
drop_claim(struct model *m, struct shash_node *node)
{
    struct ipam_claim *claim = node->data;

    for (size_t i = 0; i < claim->ips.n; i++) {
        const struct ip_addr *ip = &claim->ips.addrs[i];
        struct kept_addr *k;

        HMAP_FOR_EACH_WITH_HASH (k, node, kept_hash(claim->cni_network, ip),
                                 &m->kept_addrs) {
            if (k->claim == node && ip_addr_equals(&k->addr, ip)) {
                hmap_remove(&m->kept_addrs, &k->node);
                free(k);
                break;
            }
        }
        mark_users(m, ip);
    }
    free(claim->cni_network);
    ip_addr_set_destroy(&claim->ips);
    free(claim);
    shash_delete(&m->ipam_claims, node);
}

void
model_set_ipam_claim(struct model *m, const struct kube_change *c)
{
    char *name = xasprintf("%s/%s", c->ns, c->name);
    struct shash_node *node = shash_find(&m->ipam_claims, name);

    if (node) {
        const struct ipam_claim *old = node->data;

        if (!c->gone && !strcmp(old->cni_network, c->cni_network)
            && ip_addr_set_equals(&old->ips, &c->ips)) {
            free(name);
            return;
        }
        drop_claim(m, node);
    }
    if (!c->gone) {
        struct ipam_claim *claim = xzalloc(sizeof *claim);

        claim->cni_network = xstrdup(c->cni_network);
        ip_addr_set_clone(&claim->ips, &c->ips);
        node = shash_add(&m->ipam_claims, name, claim);
        for (size_t i = 0; i < claim->ips.n; i++) {
            struct kept_addr *k = xmalloc(sizeof *k);

            k->claim = node;
            k->addr = claim->ips.addrs[i];
            hmap_insert(&m->kept_addrs, &k->node,
                        kept_hash(claim->cni_network, &k->addr));
        }
    }
    free(name);
}

void
model_destroy_ipam_claims(struct model *m)
{
    struct shash_node *node;

    SHASH_FOR_EACH_SAFE (node, &m->ipam_claims) {
        drop_claim(m, node);
    }
    shash_destroy(&m->ipam_claims);
    hmap_destroy(&m->kept_addrs);
}
