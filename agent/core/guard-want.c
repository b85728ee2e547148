/* SPDX-License-Identifier: Apache-2.0 */

/* Wants: ports that lack an address which their owner names, with why each of
 * them has to wait.  guard-set.c tries to fulfil them. */

#include <config.h>

#include "guard-private.h"

#include "openvswitch/util.h"
#include "util.h"
#include "uuid.h"

void
guard_drop_want(struct guard *g, struct want *w)
{
    hmap_remove(&g->wants, &w->node);
    ovs_list_remove(&w->list_node);
    free(w->why);
    free(w);
}

void
guard_want_later(struct guard *g, const struct uuid *port, bool waiting,
                 const char *why, const char *kind,
                 const struct guard_env *env)
{
    struct want *w;

    HMAP_FOR_EACH_WITH_HASH (w, node, uuid_hash(port), &g->wants) {
        if (uuid_equals(&w->port, port)) {
            break;
        }
    }
    if (!w) {
        w = xzalloc(sizeof *w);
        w->port = *port;
        w->since_ms = env->now;
        hmap_insert(&g->wants, &w->node, uuid_hash(port));
    } else {
        ovs_list_remove(&w->list_node);
    }
    w->waiting = waiting;
    ovs_list_push_back(waiting ? &g->wants_waiting : &g->wants_ready,
                       &w->list_node);
    if (kind && !nullable_string_is_equal(w->kind, kind)) {
        tally_add(&g->refused, "set", kind);
        w->kind = kind;
    }
    if (why && !nullable_string_is_equal(w->why, why)) {
        const struct port *p = model_find_port(&g->model, port);

        guard_log(g, 'i', "%s: waits: %s", p ? p->name : "a port", why);
        free(w->why);
        w->why = xstrdup(why);
    }
}

void
guard_update_want(struct guard *g, const struct guard_env *env,
                  const struct port *p)
{
    struct entitlement e;
    bool lacks = false;

    judge_entitlement_tersely(&g->model, g->mode, p, &e);
    if (e.kind == ENT_EXPLICIT && (!e.pod || !e.pod->deleting)) {
        for (size_t i = 0; i < e.wanted.n; i++) {
            lacks |= !ip_addr_set_contains(&p->static_ips,
                                           &e.wanted.addrs[i]);
        }
    }
    /* While two revisions are in play an absent ordinal may come with either:
     * nothing is set for it. */
    if (lacks && !e.pod && e.workload && e.workload_revisions > 1) {
        lacks = false;
    }
    entitlement_destroy(&e);

    if (lacks) {
        guard_want_later(g, &p->uuid, false, NULL, NULL, env);
        return;
    }
    struct want *w;
    HMAP_FOR_EACH_WITH_HASH (w, node, uuid_hash(&p->uuid), &g->wants) {
        if (uuid_equals(&w->port, &p->uuid)) {
            guard_drop_want(g, w);
            return;
        }
    }
}
