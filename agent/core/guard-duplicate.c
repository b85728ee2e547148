/* SPDX-License-Identifier: Apache-2.0 */

/* Duplicates: addresses that the ports of several owners have.  They are told
 * of; judge.c says which port is to lose the address, if it can be told. */

#include <config.h>

#include "guard-private.h"

#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "plant.h"
#include "util.h"
#include "uuid.h"

static uint32_t
duplicate_hash(const struct uuid *network, const struct ip_addr *ip)
{
    return ip_addr_hash(ip, uuid_hash(network));
}

static struct duplicate *
find_duplicate(const struct guard *g, const struct uuid *network,
               const struct ip_addr *ip)
{
    struct duplicate *d;

    HMAP_FOR_EACH_WITH_HASH (d, node, duplicate_hash(network, ip),
                             &g->duplicates) {
        if (uuid_equals(&d->network, network)
            && ip_addr_equals(&d->addr, ip)) {
            return d;
        }
    }
    return NULL;
}

static void
drop_duplicate(struct guard *g, struct duplicate *d)
{
    hmap_remove(&g->duplicates, &d->node);
    free(d->network_name);
    free(d->text);
    free(d);
    g->own_changes++;
}

void
guard_drop_duplicates(struct guard *g)
{
    struct duplicate *d;

    HMAP_FOR_EACH_SAFE (d, node, &g->duplicates) {
        drop_duplicate(g, d);
    }
}

/* Does a port before the 'i'-th belong to the same virtual machine?  While one
 * migrates both may list its address. */
static bool
counted_with_vm(const struct addr_use *use, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (guard_same_vm(use->ports[i], use->ports[j])) {
            return true;
        }
    }
    return false;
}

/* Do several owners' ports have the address, one of them openly?  Ports that
 * we keep shut wait in line as long as nobody is there: that is what a gate is
 * for.  But OVN answers ARP for them as well. */
static bool
is_duplicate(const struct addr_use *use)
{
    size_t n = 0;

    for (size_t i = 0; i < use->n; i++) {
        n += (!counted_with_vm(use, i)
              && !(PLANTED(DUPLICATE_UNTOLD)
                   && evidence_is_gated(use->ports[i])));
    }
    if (n < 2) {
        return false;
    }
    for (size_t i = 0; i < use->n; i++) {
        if (!evidence_is_gated(use->ports[i])) {
            return true;
        }
    }
    return false;
}

void
guard_update_duplicate(struct guard *g, const struct guard_env *env,
                       const struct addr_use *use)
{
    struct duplicate *d = find_duplicate(g, &use->network->uuid, &use->addr);
    char ip[IP_ADDR_STRLEN];

    g->counters.addrs_judged++;
    if (!is_duplicate(use)) {
        if (d) {
            drop_duplicate(g, d);
        }
        return;
    }

    struct ds ds = DS_EMPTY_INITIALIZER;
    char *why;
    const struct port *keeper = judge_keeper(&g->model, g->mode, use, &why);
    for (size_t i = 0; i < use->n; i++) {
        ds_put_format(&ds, "%s%s", i ? ", " : "", use->ports[i]->name);
    }
    ds_put_format(&ds, "; %s: %s", keeper ? "keeper" : "no keeper", why);

    if (!d) {
        d = xzalloc(sizeof *d);
        d->network = use->network->uuid;
        d->network_name = xstrdup(use->network->name);
        d->addr = use->addr;
        d->text = xstrdup("");
        d->since_ms = env->now;
        hmap_insert(&g->duplicates, &d->node,
                    duplicate_hash(&d->network, &d->addr));
        g->counters.duplicates++;
        g->own_changes++;
        guard_log(g, 'w', "%s on %s: duplicate: %s",
                  ip_addr_to_string(&use->addr, ip), use->network->name,
                  ds_cstr(&ds));
        guard_event_duplicate(g, env, use, why);
    }
    free(why);
    free(d->text);
    d->text = ds_steal_cstr(&ds);
}

void
guard_prune_duplicates(struct guard *g)
{
    struct duplicate *d;

    HMAP_FOR_EACH_SAFE (d, node, &g->duplicates) {
        const struct network *n = model_find_network(&g->model, &d->network);
        const struct addr_use *use = (n ? model_find_addr(&g->model, n,
                                                          &d->addr) : NULL);
        if (!use || !is_duplicate(use)) {
            drop_duplicate(g, d);
        }
    }
}
