/* SPDX-License-Identifier: Apache-2.0 */

/* States in which all seems well until Kube-OVN's controller is restarted, and
 * from which it then gives away an address that somebody runs with.  It reads
 * its book from IP objects and annotations then, never from ports:
 *
 * - an annotation edited on a living pod is what it believes, and the address
 *   that the pod runs with becomes free;
 * - of two IP objects with one address either may be believed, and if it is
 *   that of a move that failed, the address is free as soon as that is tried
 *   again;
 * - the IP object of a move that failed, whose port was cleared, is the first
 *   half of that.
 *
 * All are seen here before that, and told with the remedy. */

#include <config.h>

#include "guard-private.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "ipam-object.h"
#include "openvswitch/util.h"
#include "pod.h"
#include "util.h"

struct hazard {
    struct hmap_node node;      /* In guard->hazards, by port name. */
    char *port;
    char *text;
};

static struct hazard *
find_hazard(const struct guard *g, const char *port)
{
    struct hazard *hz;

    HMAP_FOR_EACH_WITH_HASH (hz, node, hash_string(port, 0), &g->hazards) {
        if (!strcmp(hz->port, port)) {
            return hz;
        }
    }
    return NULL;
}

static void
drop_hazard(struct guard *g, struct hazard *hz)
{
    hmap_remove(&g->hazards, &hz->node);
    free(hz->port);
    free(hz->text);
    free(hz);
}

void
guard_destroy_hazards(struct guard *g)
{
    struct hazard *hz;

    HMAP_FOR_EACH_SAFE (hz, node, &g->hazards) {
        drop_hazard(g, hz);
    }
    hmap_destroy(&g->hazards);
}

/* An annotation that was edited on a pod that runs with what 'o' says. */
static char *
describe_edit(const struct pod *pod, const struct ip_object *o,
              const struct claim *c)
{
    for (size_t i = 0; i < c->n_ips; i++) {
        const struct ip_addr *has = ip_object_find_family(o,
                                                          c->ips[i].family);
        char new[IP_ADDR_STRLEN], old[IP_ADDR_STRLEN];

        if (has && !ip_addr_equals(has, &c->ips[i])) {
            ip_addr_to_string(&c->ips[i], new);
            ip_addr_to_string(has, old);
            return xasprintf("the annotation of pod %s/%s says %s, but it "
                             "runs with %s: a restart of kube-ovn-controller "
                             "would take %s for it and give %s to others; "
                             "set the annotation back to %s, or delete the "
                             "pod", pod->ns, pod->name, new, old, new, old,
                             old);
        }
    }
    return NULL;
}

/* Another IP object with an address of 'o'. */
static char *
describe_double(const struct model *m, const struct ip_object *o)
{
    for (size_t i = 0; i < o->n_addrs; i++) {
        const struct ip_object *other
            = model_find_ip_holder(m, o->subnet, &o->addrs[i].ip, o->name);
        char ip[IP_ADDR_STRLEN];

        if (other && !other->ours && !other->reserved && !o->reserved) {
            return xasprintf("the IP objects %s and %s both have %s: a "
                             "restart of kube-ovn-controller may give it to "
                             "a third one; delete the one whose pod was "
                             "never given it (--release=kube-ovn does)",
                             o->name, other->name,
                             ip_addr_to_string(&o->addrs[i].ip, ip));
        }
    }
    return NULL;
}

/* A move failed, the address was cleared from the port, and the IP object
 * still has it. */
static char *
describe_rest(const struct port *p, const struct pod *pod,
              const struct ip_object *o, const struct claim *c)
{
    for (size_t i = 0; i < c->n_ips; i++) {
        const struct ip_addr *has = ip_object_find_family(o,
                                                          c->ips[i].family);
        char old[IP_ADDR_STRLEN];

        /* A move under way writes the port first, and the object then. */
        if (has && !claim_names(c, has)
            && !ip_addr_set_has_family(&p->ips, has->family)) {
            ip_addr_to_string(has, old);
            return xasprintf("the move of pod %s/%s failed, and its IP object "
                             "still has %s: a restart of kube-ovn-controller "
                             "before that is gone may free %s under its next "
                             "owner; delete the IP object %s "
                             "(--release=kube-ovn does)", pod->ns, pod->name,
                             old, old, o->name);
        }
    }
    return NULL;
}

static char *
describe(const struct guard *g, const struct port *p)
{
    const struct model *m = &g->model;
    const struct member *mb = p->member;
    const struct ip_object *o = model_find_ip_object(m, p->name);
    const struct pod *pod = mb && mb->n_pods == 1 ? mb->pods[0] : NULL;
    const struct claim *c;
    char *text = NULL;

    if (!o || o->deleting || o->ours) {
        return NULL;
    }
    c = pod && p->provider ? claims_find(&pod->claims, p->provider) : NULL;
    if (c && c->allocated && c->kind == CLAIM_EXPLICIT && !pod->deleting
        && !pod->finished && !pod->migrating) {
        text = describe_edit(pod, o, c);
    }
    if (!text) {
        text = describe_double(m, o);
    }
    if (!text && c && !c->allocated && c->kind == CLAIM_EXPLICIT
        && !pod->deleting && !pod->finished) {
        text = describe_rest(p, pod, o, c);
    }
    return text;
}

void
guard_note_hazards(struct guard *g, const struct member *mb)
{
    const struct port *p;

    if (hmap_is_empty(&g->model.ip_objects)) {
        return;
    }
    LIST_FOR_EACH (p, member_node, &mb->ports) {
        struct hazard *hz = find_hazard(g, p->name);
        char *text = describe(g, p);

        if (!text) {
            if (hz) {
                guard_log(g, 'i', "%s: a restart of kube-ovn-controller is "
                          "no danger any more", p->name);
                drop_hazard(g, hz);
            }
            continue;
        }
        if (!hz) {
            hz = xzalloc(sizeof *hz);
            hz->port = xstrdup(p->name);
            hmap_insert(&g->hazards, &hz->node, hash_string(p->name, 0));
            g->counters.hazards++;
            guard_log(g, 'w', "%s: hazard: %s", p->name, text);
        }
        free(hz->text);
        hz->text = text;
    }
}

/* The ports of some are gone. */
void
guard_prune_hazards(struct guard *g)
{
    struct hazard *hz;

    HMAP_FOR_EACH_SAFE (hz, node, &g->hazards) {
        const struct port *p = model_find_port_by_name(&g->model, hz->port);
        char *text = p ? describe(g, p) : NULL;

        if (!text) {
            drop_hazard(g, hz);
        }
        free(text);
    }
}

void
guard_add_hazard_findings(const struct guard *g, struct sset *findings)
{
    const struct hazard *hz;

    HMAP_FOR_EACH (hz, node, &g->hazards) {
        sset_add_and_free(findings, xasprintf("%s: hazard: %s", hz->port,
                                              hz->text));
    }
}
