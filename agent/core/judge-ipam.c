/* SPDX-License-Identifier: Apache-2.0 */

/* What the objects of Kube-OVN's IPAM say to a verdict: that a move has
 * failed, that an address is reserved, that object and port disagree, that the
 * IPAM keeps an address which nobody has.
 *
 * They come on a stream of their own, so that they may be older or newer than
 * the port.  None of them makes an address stale by itself. */

#include <config.h>

#include "judge.h"

#include <stdlib.h>

#include "ipam-object.h"
#include "model.h"
#include "pod.h"
#include "util.h"

/* Is the IP object of the port's name about the port where it is now? */
static const struct ip_object *
find_object(const struct model *m, const struct port *p)
{
    const struct ip_object *o = model_find_ip_object(m, p->name);

    return (o && p->network && !o->deleting
            && (!o->subnet[0] || !strcmp(o->subnet, p->network->name))
            ? o : NULL);
}

/* Who but 'p' has 'ip'?  A port, or an IP object. */
static char *
who_else_has(const struct model *m, const struct port *p,
             const struct ip_addr *ip)
{
    const struct addr_use *use = model_find_addr(m, p->network, ip);
    const struct ip_object *holder;

    for (size_t i = 0; use && i < use->n; i++) {
        if (use->ports[i] != p) {
            return xasprintf("which %s has", use->ports[i]->name);
        }
    }
    holder = model_find_ip_holder(m, p->network->name, ip, p->name);
    /* What we reserve ourselves proves nothing. */
    return (holder && !holder->ours
            ? xasprintf("which the IP object %s has", holder->name) : NULL);
}

char *
judge_failed_move(const struct model *m, const struct port *p,
                  const struct entitlement *e, uint8_t family)
{
    const struct member *mb = p->member;
    const char *refusal = e->pod ? model_find_refusal(mb, e->pod) : NULL;

    for (size_t i = 0; i < e->wanted.n; i++) {
        if (e->wanted.addrs[i].family == family) {
            char *text = who_else_has(m, p, &e->wanted.addrs[i]);

            if (text) {
                return text;
            }
        }
    }
    /* The event does not say for which of a pod's interfaces it is. */
    if (refusal && mb->ports && !mb->ports->next_of_member) {
        return xasprintf("which Kube-OVN refuses (AcquireAddressFailed%s%s)",
                         refusal[0] ? ": " : "", refusal);
    }
    return NULL;
}

char *
judge_reservation(const struct model *m, enum guard_mode mode,
                  const struct port *p)
{
    const struct ip_object *o = find_object(m, p);

    if (o && o->reserved) {
        return xstrdup("its IP object is reserved (ip_reserved=true)");
    }
    if (!o && m->ip_objects_hidden && mode != MODE_MANAGE) {
        return xstrdup("whether its IP object is reserved is not known, "
                       "because IP objects cannot be read");
    }
    return NULL;
}

char *
judge_drift(const struct model *m, const struct port *p,
            const struct ip_addr *ip)
{
    const struct ip_object *o = find_object(m, p);
    const struct ip_addr *other;
    char has[IP_ADDR_STRLEN], ours[IP_ADDR_STRLEN];

    other = o ? ip_object_find_family(o, ip->family) : NULL;
    if (!other || ip_addr_equals(other, ip)) {
        return NULL;
    }
    return xasprintf("the IP object of the port has %s, but the port is "
                     "bound with %s", ip_addr_to_string(other, has),
                     ip_addr_to_string(ip, ours));
}

char *
judge_ipam_leak(const struct model *m, const char *subnet,
                const struct ip_addr *ip)
{
    const struct subnet_object *s = model_find_subnet(m, subnet);
    const struct network *n;
    const char *user = model_find_ipam_user(m, subnet, ip);
    char text[IP_ADDR_STRLEN];
    size_t n_found;

    /* The metrics are the IPAM itself; the Subnet's status follows late. */
    if (!s || s->deleting
        || !(m->ipam_book_known ? user != NULL : subnet_object_uses(s, ip))
        || ip_addr_set_contains(&s->own, ip)
        || model_find_ip_holder(m, subnet, ip, "")) {
        return NULL;
    }
    n = model_find_network_by_name(m, subnet, &n_found);
    if (n_found != 1 || model_find_addr(m, n, ip)) {
        return NULL;
    }
    return xasprintf("%s is in use for Kube-OVN's IPAM (Subnet %s%s%s), but "
                     "no port and no IP object has it: unless a Vip or an "
                     "EIP does, only a restart of kube-ovn-controller frees "
                     "it", ip_addr_to_string(ip, text), subnet,
                     user ? ", given to " : "", user ? user : "");
}
