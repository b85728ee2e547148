/* SPDX-License-Identifier: Apache-2.0 */

/* Rollouts that cannot finish: an ordinal of a StatefulSet is to get an
 * address that another one still has, and that one waits for it in turn, be it
 * in a circle of addresses or because a rollout replaces the highest ordinal
 * first and the next one not before that one is ready. */

#include <config.h>

#include "judge.h"

#include "hold.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "pod.h"
#include "util.h"
#include "workload.h"

/* The addresses that the update revision gives to the ordinal of 'p', at most
 * one of each family, into 'targets'; returns how many. */
static size_t
target_addresses(const struct model *m, const struct port *p,
                 struct ip_addr targets[2])
{
    const struct workload *w = (p->member
                                ? model_member_workload(m, p->member) : NULL);
    struct claim c;
    size_t n = 0;

    if (!w || w->kind != OWNER_STATEFULSET || !w->n_revisions
        || !workload_has_ordinal(w, p->member->ordinal)) {
        return 0;
    }
    workload_claim(w, m->dialect, 0, p->member->ordinal, p->provider, &c);
    if (c.kind == CLAIM_EXPLICIT) {
        n = c.n_ips;
        memcpy(targets, c.ips, n * sizeof *targets);
    }
    claim_destroy(&c);
    return n;
}

/* The one of 'family' of them. */
static bool
target_address(const struct model *m, const struct port *p, uint8_t family,
               struct ip_addr *target)
{
    struct ip_addr targets[2];
    size_t n = target_addresses(m, p, targets);

    for (size_t i = 0; i < n; i++) {
        if (targets[i].family == family) {
            *target = targets[i];
            return true;
        }
    }
    return false;
}

static bool
same_workload(const struct port *a, const struct port *b)
{
    return (a->member && b->member && a->member->base
            && a->member->base == b->member->base);
}

/* The port that 'ip' must leave before 'p' can have it: one of the same
 * StatefulSet, or 'first' itself if the address is held for having been its
 * own. */
static const struct port *
in_front(const struct model *m, const struct hold_table *holds,
         const struct port *p, const struct port *first,
         const struct ip_addr *ip)
{
    const struct addr_use *use = model_find_addr(m, p->network, ip);
    const struct hold *h;

    for (size_t i = 0; use && i < use->n; i++) {
        if (use->ports[i] != p && same_workload(p, use->ports[i])) {
            return use->ports[i];
        }
    }
    h = use ? NULL : hold_table_find(holds, &p->network->uuid, ip);
    return (h && p != first && !strcmp(h->owner.ns, first->member->ns)
            && !strcmp(h->owner.name, first->member->name) ? first : NULL);
}

/* Does 'first', which is to get 'wanted' and lacks it, wait for itself? */
static char *
judge_cycle_family(const struct model *m, const struct hold_table *holds,
                   const struct port *first, const struct ip_addr *wanted)
{
    const struct port **ring = NULL;
    size_t n = 0, allocated = 0, start = 0;
    const struct port *p = first;
    uint8_t family = wanted->family;
    bool closed = false;

    /* A circle is no longer than the ports of a StatefulSet; 10,000 is more
     * than any has. */
    while (p && n < 10000) {
        struct ip_addr target = *wanted;

        if (n >= allocated) {
            ring = x2nrealloc(ring, &allocated, sizeof *ring);
        }
        ring[n++] = p;
        if (p != first && (!target_address(m, p, family, &target)
                           || ip_addr_set_contains(&p->static_ips,
                                                   &target))) {
            break;
        }
        p = in_front(m, holds, p, first, &target);
        if (p == first) {
            closed = true;
            break;
        }
    }
    if (!closed || n < 2) {
        free(ring);
        return NULL;
    }
    struct ds ds = DS_EMPTY_INITIALIZER;
    for (size_t i = 1; i < n; i++) {
        if (strcmp(ring[i]->name, ring[start]->name) < 0) {
            start = i;
        }
    }
    ds_put_format(&ds, "StatefulSet %s/%s: cycle: ", first->member->ns,
                  first->member->base->name);
    for (size_t i = 0; i < n; i++) {
        const struct port *a = ring[(start + i) % n];
        struct ip_addr target;
        char ip[IP_ADDR_STRLEN];

        target_address(m, a, family, &target);
        ds_put_format(&ds, "%s%s waits for %s of %s", i ? ", " : "", a->name,
                      ip_addr_to_string(&target, ip),
                      ring[(start + i + 1) % n]->name);
    }
    free(ring);
    return ds_steal_cstr(&ds);
}

/* Does the rollout of 'w' replace the pod of 'ordinal', and that of a higher
 * one before it? */
static bool
is_rolled_out_later(const struct workload *w, int ordinal)
{
    return !w->on_delete && ordinal >= w->partition;
}

/* Has 'first' a pod that waits for 'wanted', which is on the port of a lower
 * ordinal, whose pod lives and is to be replaced, too? */
static char *
judge_order_family(const struct model *m, const struct hold_table *holds,
                   const struct port *first, const struct ip_addr *wanted)
{
    const struct workload *w = model_member_workload(m, first->member);
    const struct port *other;
    char ip[IP_ADDR_STRLEN];

    if (!first->member->n_pods) {
        return NULL;
    }
    other = in_front(m, holds, first, first, wanted);
    if (!other || other == first || !other->member->n_pods
        || other->member->ordinal >= first->member->ordinal
        || !is_rolled_out_later(w, other->member->ordinal)) {
        return NULL;
    }
    return xasprintf("StatefulSet %s/%s: rollout stops: %s waits for %s of "
                     "%s, which is replaced after it", first->member->ns,
                     first->member->base->name, first->name,
                     ip_addr_to_string(wanted, ip), other->name);
}

char *
judge_cycle(const struct model *m, const struct hold_table *holds,
            const struct port *p)
{
    struct ip_addr wanted[2];
    char *text = NULL;
    size_t n, n_lacking = 0;

    if (p->kind != PORT_OWNED || !p->network || !p->member
        || !p->member->base) {
        return NULL;
    }
    n = target_addresses(m, p, wanted);
    for (size_t i = 0; i < n; i++) {
        if (!ip_addr_set_contains(&p->static_ips, &wanted[i])) {
            wanted[n_lacking++] = wanted[i];
        }
    }
    for (size_t i = 0; !text && i < n_lacking; i++) {
        text = judge_cycle_family(m, holds, p, &wanted[i]);
    }
    for (size_t i = 0; !text && i < n_lacking; i++) {
        text = judge_order_family(m, holds, p, &wanted[i]);
    }
    return text;
}
