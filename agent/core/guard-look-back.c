/* SPDX-License-Identifier: Apache-2.0 */

/* The look back over a change of role: another life, or another instance, may
 * have ended between a clear and the look back at it, or before it could put
 * the address back.  Holds name the ports that lost it, and what port_security
 * was there; which other addresses went in the same write only the instance
 * knows that made it. */

#include <config.h>

#include "guard-private.h"

#include <string.h>

#include "evidence.h"
#include "lsp-addr.h"
#include "lsp-edit.h"
#include "util.h"
#include "uuid.h"

void
guard_drop_post_reads(struct guard *g)
{
    struct post_read *pr;

    LIST_FOR_EACH_POP (pr, node, &g->post_reads) {
        if (pr->by_hand) {
            guard_post_read_destroy(pr);
        } else {
            ovs_list_push_front(&g->dropped_reads, &pr->node);
        }
    }
}

void
guard_forget_dropped_reads(struct guard *g)
{
    struct post_read *pr;

    LIST_FOR_EACH_POP (pr, node, &g->dropped_reads) {
        guard_post_read_destroy(pr);
    }
}

/* What we know of the clear of 'p' that 'h' was for, if the port still is as
 * that left it, or NULL. */
static struct post_read *
find_dropped(const struct guard *g, const struct hold *h, const struct port *p)
{
    struct post_read *pr;

    LIST_FOR_EACH (pr, node, &g->dropped_reads) {
        if (uuid_equals(&pr->port, &p->uuid)
            && uuid_equals(&pr->hold, &h->uuid)
            && ip_addr_equals(&pr->addr, &h->addr)
            && svec_equal(&pr->left, &p->addresses)
            && svec_equal(&pr->left_ps, &p->port_security)) {
            return pr;
        }
    }
    return NULL;
}

/* Begins again with a look back that was dropped. */
static void
resume(struct guard *g, struct post_read *pr)
{
    ovs_list_remove(&pr->node);
    pr->read_id = 0;
    pr->retry_ms = 0;
    pr->put_back = false;
    pr->failed_once = false;
    ovs_list_push_back(&g->post_reads, &pr->node);
}

/* Looks back at a clear of which nothing is known but 'h'. */
static void
begin_anew(struct guard *g, const struct guard_env *env, const struct hold *h,
           const struct port *p)
{
    struct svec before = SVEC_EMPTY_INITIALIZER;
    struct svec before_ps;
    struct post_read *pr;
    struct eth_addr mac;
    const char *workload;
    int kind;

    if (!lsp_addrs_first_mac(p->addresses.names, p->addresses.n, &mac)
        || lsp_edit_set(p->addresses.names, p->addresses.n, &mac, &h->addr,
                        NULL, &before) != LSP_EDIT_CHANGED
        || !guard_find_port_security(g, h, p, &before_ps)) {
        svec_destroy(&before);
        return;
    }
    guard_read_owner(&g->model, p->member, &workload, &kind);
    pr = xzalloc(sizeof *pr);
    pr->port = p->uuid;
    pr->hold = h->uuid;
    pr->addr = h->addr;
    pr->since_ms = env->now;
    pr->ns = xstrdup(p->member->ns);
    pr->name = xstrdup(p->member->name);
    pr->workload = xstrdup(workload);
    pr->owner_kind = kind;
    pr->before = before;
    svec_clone(&pr->left, &p->addresses);
    svec_clone(&pr->left_ps, &p->port_security);
    pr->before_ps = before_ps;
    ovs_list_push_back(&g->post_reads, &pr->node);
}

/* The port of 'f' lost the address of 'h' to a clear: does its owner want it
 * by now? */
static void
look_back_at(struct guard *g, const struct guard_env *env,
             const struct hold *h, const struct former_port *f)
{
    const struct port *p = model_find_port(&g->model, &f->port);
    struct post_read *pr;

    if (!p || p->kind != PORT_OWNED || !p->network || !p->member
        || evidence_is_gated(p) || ip_addr_set_contains(&p->ips, &h->addr)) {
        return;
    }
    pr = find_dropped(g, h, p);
    if (pr) {
        resume(g, pr);
    } else {
        begin_anew(g, env, h, p);
    }
}

void
guard_look_back_again(struct guard *g, const struct guard_env *env)
{
    const struct hold *h;

    HMAP_FOR_EACH (h, node, &g->holds.holds) {
        bool by_us = (!strcmp(h->reason_case, "B")
                      || !strcmp(h->reason_case, "C")
                      || !strcmp(h->reason_case, "D")
                      || !strcmp(h->reason_case, "E"));

        for (size_t i = 0; !h->would_be && i < h->n_former; i++) {
            if (by_us || h->former[i].cleared) {
                look_back_at(g, env, h, &h->former[i]);
            }
        }
    }
}
