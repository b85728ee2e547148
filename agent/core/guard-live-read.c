/* SPDX-License-Identifier: Apache-2.0 */

/* Live reads: the source is asked about an owner anew before an address of it
 * is written, because a watch may be behind.  Here are the question, and what
 * an answer means to a clear; the looks back after clears (guard-put-back.c)
 * and guard-hazard.c ask in the same way. */

#include <config.h>

#include "guard-private.h"

#include "dialect.h"
#include "openvswitch/util.h"
#include "util.h"
#include "workload.h"

struct live_read *
guard_add_live_read(const struct guard *g, struct orders *orders,
                    uint64_t id, const char *ns, const char *name,
                    const char *workload, int owner_kind)
{
    if (owner_kind == OWNER_VM && !g->model.dialect->vm_ports) {
        /* It is about this pod, whatever the machine does. */
        owner_kind = OWNER_NONE;
        workload = "";
    }
    orders->reads = xrealloc(orders->reads,
                             (orders->n_reads + 1) * sizeof *orders->reads);
    struct live_read *r = &orders->reads[orders->n_reads++];
    *r = (struct live_read) {
        .id = id,
        .ns = xstrdup(ns),
        .name = xstrdup(name),
        .workload = xstrdup(workload),
        .owner_kind = owner_kind,
    };
    return r;
}

void
guard_read_owner(const struct model *m, const struct member *mb,
                 const char **workload, int *kind)
{
    const struct workload *w = model_member_workload(m, mb);

    *workload = w ? w->name : mb->seen ? mb->seen->name : "";
    *kind = w ? w->kind : mb->pod_seen ? mb->seen_kind : OWNER_NONE;
    if (!w && !mb->pod_seen) {
        const struct base_entry *b = model_member_base(m, mb);

        if (b && b->workload_seen) {
            *workload = b->name;
            *kind = OWNER_STATEFULSET;
        }
    }
}

void
guard_ask_live(struct guard *g, struct candidate *c, struct orders *orders)
{
    const struct port *p = model_find_port(&g->model, &c->port);
    const char *workload;
    int kind;

    guard_read_owner(&g->model, p->member, &workload, &kind);
    c->read_id = guard_new_token(g);
    c->state = CAND_READ;
    ovs_list_remove(&c->read_node);
    ovs_list_push_back(&g->reads, &c->read_node);
    g->counters.live_reads++;
    guard_add_live_read(g, orders, c->read_id, p->member->ns,
                        p->member->name, workload, kind);
}

void
guard_live_read_done(struct guard *g, uint64_t id,
                     enum live_read_result result,
                     const struct guard_env *env)
{
    struct candidate *c;

    if (guard_post_read_answered(g, id, result, env)
        || guard_hazard_read_done(g, id, result, env)) {
        return;
    }
    LIST_FOR_EACH (c, read_node, &g->reads) {
        if (c->read_id == id && c->state == CAND_READ) {
            c->read_id = 0;
            ovs_list_remove(&c->read_node);
            ovs_list_init(&c->read_node);
            if (result == LIVE_READ_FAILED) {
                /* No answer means no write. */
                c->state = CAND_INTENT;
                c->retry_ms = env->now + CLEAR_RETRY_MS;
                guard_refuse_clear(g, c, REFUSED_LIVE_READ);
            } else {
                /* What changed was delivered before this answer and is judged
                 * before anything is written. */
                c->state = CAND_GO;
                c->read_ms = env->now;
                c->refused = NULL;
            }
            g->again = true;
            return;
        }
    }
}
