/* SPDX-License-Identifier: Apache-2.0 */

/* The model's memory of Kube-OVN's IPAM: IP objects by name and by address,
 * and Subnets. */

#include <config.h>

#include "model.h"

#include "hash.h"
#include "ipam-object.h"
#include "kube-change.h"
#include "model-private.h"
#include "util.h"

static uint32_t
addr_hash(const char *subnet, const struct ip_addr *ip)
{
    return ip_addr_hash(ip, hash_string(subnet, 0));
}

static struct ip_object *
find_ip_object(const struct model *m, const char *name)
{
    struct ip_object *o;

    HMAP_FOR_EACH_WITH_HASH (o, node, hash_string(name, 0), &m->ip_objects) {
        if (!strcmp(o->name, name)) {
            return o;
        }
    }
    return NULL;
}

const struct ip_object *
model_find_ip_object(const struct model *m, const char *name)
{
    return find_ip_object(m, name);
}

const struct ip_object *
model_find_ip_holder(const struct model *m, const char *subnet,
                     const struct ip_addr *ip, const char *except)
{
    const struct ip_object *found = NULL;
    const struct ip_object_addr *a;

    HMAP_FOR_EACH_WITH_HASH (a, node, addr_hash(subnet, ip),
                             &m->ip_object_addrs) {
        const struct ip_object *o = a->object;

        /* The first by name, so that the answer is always the same. */
        if (ip_addr_equals(&a->ip, ip) && !strcmp(o->subnet, subnet)
            && !o->deleting && strcmp(o->name, except)
            && (!found || found->ours > o->ours
                || (found->ours == o->ours
                    && strcmp(o->name, found->name) < 0))) {
            found = o;
        }
    }
    return found;
}

const struct subnet_object *
model_find_subnet(const struct model *m, const char *name)
{
    return shash_find_data(&m->subnets, name);
}

void
model_set_ipam_book(struct model *m, struct shash *book)
{
    shash_clear_free_data(&m->ipam_book);
    m->ipam_book_known = book != NULL;
    if (book) {
        shash_swap(&m->ipam_book, book);
    }
    m->ipam_seqno++;
    m->change_seqno++;
}

const char *
model_find_ipam_user(const struct model *m, const char *subnet,
                     const struct ip_addr *ip)
{
    char text[IP_ADDR_STRLEN];
    char *key = xasprintf("%s %s", subnet, ip_addr_to_string(ip, text));
    const char *user = shash_find_data(&m->ipam_book, key);

    free(key);
    return user;
}

static void
remove_ip_object(struct model *m, struct ip_object *o)
{
    for (size_t i = 0; i < o->n_addrs; i++) {
        hmap_remove(&m->ip_object_addrs, &o->addrs[i].node);
    }
    hmap_remove(&m->ip_objects, &o->node);
    sset_find_and_delete(&m->our_ip_objects, o->name);
    ip_object_destroy(o);
}

void
model_apply_ip_object(struct model *m, struct kube_change *c)
{
    struct ip_object *old = find_ip_object(m, c->name);
    struct ip_object *new = c->ip;
    const struct port *p = model_find_port_by_name(m, c->name);

    if (c->gone
        ? !old || (c->uid[0] && old->uid[0] && strcmp(c->uid, old->uid))
        : old && ip_object_equals(old, new)) {
        return;
    }
    if (old) {
        remove_ip_object(m, old);
    }
    if (!c->gone) {
        c->ip = NULL;
        hmap_insert(&m->ip_objects, &new->node, hash_string(new->name, 0));
        if (new->ours) {
            sset_add(&m->our_ip_objects, new->name);
        }
        for (size_t i = 0; i < new->n_addrs; i++) {
            hmap_insert(&m->ip_object_addrs, &new->addrs[i].node,
                        addr_hash(new->subnet, &new->addrs[i].ip));
        }
    }
    m->ipam_seqno++;
    if (p && p->member) {
        model_mark_member(m, p->member);
    }
}

void
model_apply_subnet(struct model *m, struct kube_change *c)
{
    struct subnet_object *old = shash_find_data(&m->subnets, c->name);

    if (c->gone
        ? !old || (c->uid[0] && old->uid[0] && strcmp(c->uid, old->uid))
        : old && subnet_object_equals(old, c->subnet)) {
        return;
    }
    subnet_object_destroy(shash_find_and_delete(&m->subnets, c->name));
    if (!c->gone) {
        shash_add(&m->subnets, c->name, c->subnet);
        c->subnet = NULL;
    }
    m->ipam_seqno++;
}

void
model_init_ipam(struct model *m)
{
    hmap_init(&m->ip_objects);
    hmap_init(&m->ip_object_addrs);
    sset_init(&m->our_ip_objects);
    sset_init(&m->next_unknown);
    shash_init(&m->ipam_book);
    shash_init(&m->subnets);
}

void
model_destroy_ipam(struct model *m)
{
    struct ip_object *o;
    struct shash_node *node;

    HMAP_FOR_EACH_SAFE (o, node, &m->ip_objects) {
        remove_ip_object(m, o);
    }
    hmap_destroy(&m->ip_objects);
    hmap_destroy(&m->ip_object_addrs);
    sset_destroy(&m->our_ip_objects);
    sset_destroy(&m->next_unknown);
    shash_destroy_free_data(&m->ipam_book);
    SHASH_FOR_EACH (node, &m->subnets) {
        subnet_object_destroy(node->data);
    }
    shash_destroy(&m->subnets);
}
