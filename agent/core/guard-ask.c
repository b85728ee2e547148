/* SPDX-License-Identifier: Apache-2.0 */

/* Addresses that somebody has asked about (explain.h).  The Southbound
 * database is asked about few ports only, and what mentions addresses
 * elsewhere is mirrored while there are holds only; for a while, both are
 * wanted for these as well. */

#include <config.h>

#include "guard-private.h"

#include "explain.h"
#include "openvswitch/util.h"
#include "util.h"

/* Who asks once often asks again. */
#define ASKED_MS 60000

#define MAX_ASKED 100

struct asked {
    struct ovs_list node;       /* In guard->asked, the latest last. */
    struct ip_addr addr;
    long long int until_ms;
};

static void
forget(struct guard *g, struct asked *a)
{
    ovs_list_remove(&a->node);
    free(a);
    g->own_changes++;
}

void
guard_ask(struct guard *g, const struct ip_addr *ip,
          const struct guard_env *env)
{
    struct asked *a;

    LIST_FOR_EACH (a, node, &g->asked) {
        if (ip_addr_equals(&a->addr, ip)) {
            ovs_list_remove(&a->node);
            ovs_list_push_back(&g->asked, &a->node);
            a->until_ms = env->now + ASKED_MS;
            return;
        }
    }
    if (ovs_list_size(&g->asked) >= MAX_ASKED) {
        forget(g, CONTAINER_OF(ovs_list_front(&g->asked), struct asked,
                               node));
    }
    a = xmalloc(sizeof *a);
    a->addr = *ip;
    a->until_ms = env->now + ASKED_MS;
    ovs_list_push_back(&g->asked, &a->node);
    g->own_changes++;
}

void
guard_run_asked(struct guard *g, const struct guard_env *env)
{
    struct asked *a;

    LIST_FOR_EACH_SAFE (a, node, &g->asked) {
        if (env->now >= a->until_ms) {
            forget(g, a);
        } else {
            guard_wake_at(g, a->until_ms);
        }
    }
}

void
guard_watch_asked(const struct guard *g, struct sb_watch *w)
{
    const struct asked *a;

    LIST_FOR_EACH (a, node, &g->asked) {
        const struct network *n;
        char ip[IP_ADDR_STRLEN];

        sset_add(&w->addresses, ip_addr_to_string(&a->addr, ip));
        HMAP_FOR_EACH (n, node, &g->model.networks) {
            const struct addr_use *use = model_find_addr(&g->model, n,
                                                         &a->addr);

            for (size_t i = 0; use && i < use->n; i++) {
                sset_add(&w->ports, use->ports[i]->name);
            }
        }
    }
}

void
guard_forget_asked(struct guard *g)
{
    struct asked *a;

    LIST_FOR_EACH_SAFE (a, node, &g->asked) {
        forget(g, a);
    }
}
