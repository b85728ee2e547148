/* SPDX-License-Identifier: Apache-2.0 */

/* Addresses that somebody has asked about (explain.h).  What mentions
 * addresses elsewhere in the Northbound database is mirrored while there are
 * holds only; for a while, it is wanted for these as well.  What the
 * Southbound database says of them is asked by whoever explains; only for
 * those that too many ports have is it mirrored like that of holds. */

#include <config.h>

#include "guard-private.h"

#include <string.h>

#include "explain.h"
#include "openvswitch/util.h"
#include "sb-loan.h"
#include "util.h"

/* Who asks once often asks again. */
#define ASKED_MS 60000

#define MAX_ASKED 100

struct asked {
    struct ovs_list node;       /* In guard->asked, the latest last. */
    struct ip_addr addr;
    long long int until_ms;
    bool watch;                 /* The Southbound database as well. */
};

static void
forget(struct guard *g, struct asked *a)
{
    ovs_list_remove(&a->node);
    free(a);
    g->own_changes++;
}

void
guard_ask(struct guard *g, const struct ip_addr *ip, bool watch,
          const struct guard_env *env)
{
    struct asked *a;

    LIST_FOR_EACH (a, node, &g->asked) {
        if (ip_addr_equals(&a->addr, ip)) {
            ovs_list_remove(&a->node);
            ovs_list_push_back(&g->asked, &a->node);
            a->until_ms = env->now + ASKED_MS;
            if (watch && !a->watch) {
                a->watch = true;
                g->own_changes++;
            }
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
    a->watch = watch;
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

        if (!a->watch) {
            continue;
        }
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
guard_find_unknown(const struct guard *g, const struct ip_addr *ip,
                   const char *network, struct sset *ports,
                   struct sset *addresses)
{
    const struct model *m = &g->model;
    const struct network *n;
    char s[IP_ADDR_STRLEN];

    ip_addr_to_string(ip, s);
    if (!sset_contains(&m->sb_acked_addresses, s)
        && !(m->sb_loan && sb_loan_has_address(m->sb_loan, s))) {
        sset_add(addresses, s);
    }
    HMAP_FOR_EACH (n, node, &m->networks) {
        const struct addr_use *use = (!network || !strcmp(n->name, network)
                                      ? model_find_addr(m, n, ip) : NULL);

        for (size_t i = 0; use && i < use->n; i++) {
            if (!model_binding_known(m, use->ports[i]->name)) {
                sset_add(ports, use->ports[i]->name);
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
