/* SPDX-License-Identifier: Apache-2.0 */

/* The look back after a clear: if the owner wants the address by then, it is
 * put back at once. */

#include <config.h>

#include "guard-private.h"

#include "evidence.h"
#include "judge.h"
#include "lsp-addr.h"
#include "lsp-edit.h"
#include "openvswitch/util.h"
#include "pod.h"
#include "util.h"
#include "uuid.h"

/* For how long after a clear is what came instead taken for unused? */
#define UNUSED_MS 5000

/* ---- What is looked back at. ---- */

void
guard_post_read_destroy(struct post_read *pr)
{
    free(pr->ns);
    free(pr->name);
    free(pr->workload);
    svec_destroy(&pr->left);
    svec_destroy(&pr->before);
    svec_destroy(&pr->left_ps);
    svec_destroy(&pr->before_ps);
    free(pr);
}

void
guard_post_read_add(struct guard *g, const struct planned *pl,
                    const struct nb_write *w, const struct port *p)
{
    struct post_read *pr = xzalloc(sizeof *pr);
    const char *workload;
    int kind;

    guard_post_read_done(g, &pl->port, &pl->addr); /* Of an earlier clear. */
    guard_read_owner(&g->model, p->member, &workload, &kind);
    pr->port = pl->port;
    pr->hold = pl->hold;
    pr->addr = pl->addr;
    pr->since_ms = pl->planned_ms;
    pr->ns = xstrdup(p->member->ns);
    pr->name = xstrdup(p->member->name);
    pr->workload = xstrdup(workload);
    pr->owner_kind = kind;
    svec_clone(&pr->left, &w->new_addresses);
    svec_clone(&pr->before, &w->old_addresses);
    svec_clone(&pr->left_ps, &w->new_port_security);
    svec_clone(&pr->before_ps, &w->old_port_security);
    ovs_list_push_back(&g->post_reads, &pr->node);
}

/* The hold of the address which the port of 'pr' lost, or NULL. */
static struct hold *
hold_of(const struct guard *g, const struct post_read *pr)
{
    const struct port *p = model_find_port(&g->model, &pr->port);
    struct hold *h = (p && p->network
                      ? hold_table_find(&g->holds, &p->network->uuid,
                                        &pr->addr) : NULL);

    return h && hold_find_former(h, &pr->port) ? h : NULL;
}

/* 'pr' is about to change, and what its hold waits for with it. */
static void
note_hold_of(struct guard *g, const struct post_read *pr)
{
    struct hold *h = hold_of(g, pr);

    if (h) {
        guard_note_hold(g, h);
        g->again = true;
    }
}

static void
end_post_read(struct guard *g, struct post_read *pr)
{
    note_hold_of(g, pr);
    ovs_list_remove(&pr->node);
    guard_post_read_destroy(pr);
}

void
guard_post_read_done(struct guard *g, const struct uuid *port,
                     const struct ip_addr *addr_)
{
    struct ip_addr addr = *addr_; /* May be part of what is freed. */
    struct uuid uuid = *port;
    struct post_read *pr;

    LIST_FOR_EACH_SAFE (pr, node, &g->post_reads) {
        if (uuid_equals(&pr->port, &uuid)
            && ip_addr_equals(&pr->addr, &addr)) {
            end_post_read(g, pr);
        }
    }
}

void
guard_post_reads_follow(struct guard *g, const struct uuid *port,
                        const struct nb_write *w)
{
    struct post_read *pr;

    LIST_FOR_EACH (pr, node, &g->post_reads) {
        if (!uuid_equals(&pr->port, port)) {
            continue;
        }
        if (w->set_addresses && svec_equal(&pr->left, &w->old_addresses)) {
            svec_destroy(&pr->left);
            svec_clone(&pr->left, &w->new_addresses);
        }
        if (w->set_port_security
            && svec_equal(&pr->left_ps, &w->old_port_security)) {
            svec_destroy(&pr->left_ps);
            svec_clone(&pr->left_ps, &w->new_port_security);
        }
    }
}

/* ---- How it is put back. ---- */

/* May 'addresses' become what they were before?  Not if the same write took
 * off others, or if another one was put back in this turn. */
static bool
may_restore_all(const struct svec *addresses, const struct post_read *pr)
{
    struct ip_addr_set before, left, now;
    bool may = true;

    ip_addr_set_init(&before);
    ip_addr_set_init(&left);
    ip_addr_set_init(&now);
    lsp_addrs_collect(pr->before.names, pr->before.n, &before);
    lsp_addrs_collect(pr->left.names, pr->left.n, &left);
    lsp_addrs_collect(addresses->names, addresses->n, &now);
    for (size_t i = 0; i < before.n; i++) {
        may &= (ip_addr_equals(&before.addrs[i], &pr->addr)
                || ip_addr_set_contains(&now, &before.addrs[i]));
    }
    for (size_t i = 0; i < now.n; i++) {
        may &= (ip_addr_set_contains(&before, &now.addrs[i])
                || ip_addr_set_contains(&left, &now.addrs[i]));
    }
    ip_addr_set_destroy(&before);
    ip_addr_set_destroy(&left);
    ip_addr_set_destroy(&now);
    return may;
}

/* Puts the address of 'pr' back into 'addresses', which are as we left them
 * but for what else is put back.  Whatever else the same write took off stays
 * off. */
static void
restore_addresses(struct svec *addresses, const struct post_read *pr)
{
    struct svec out = SVEC_EMPTY_INITIALIZER;
    struct eth_addr mac;

    if (!may_restore_all(addresses, pr)
        && lsp_addrs_first_mac(addresses->names, addresses->n, &mac)
        && lsp_edit_set(addresses->names, addresses->n, &mac, &pr->addr, NULL,
                        &out) == LSP_EDIT_CHANGED) {
        guard_assign_svec(addresses, &out);
        return;
    }
    svec_destroy(&out);
    svec_destroy(addresses);
    svec_clone(addresses, &pr->before);
}

/* Would the address that came instead be taken away again? */
static bool
takes_away(const struct post_read *pr)
{
    struct ip_addr_set before, left;
    bool takes = false;

    ip_addr_set_init(&before);
    ip_addr_set_init(&left);
    lsp_addrs_collect(pr->before.names, pr->before.n, &before);
    lsp_addrs_collect(pr->left.names, pr->left.n, &left);
    for (size_t i = 0; i < left.n; i++) {
        takes |= !ip_addr_set_contains(&before, &left.addrs[i]);
    }
    ip_addr_set_destroy(&before);
    ip_addr_set_destroy(&left);
    return takes;
}

/* May nobody use yet what came instead?  Reads that failed or a pause can make
 * this late, and a pod may run with it by then: taking it away would be a
 * clear, without a hold and a settle time. */
static bool
is_unused(const struct guard *g, const struct guard_env *env,
          const struct post_read *pr, const struct port *p)
{
    return (!takes_away(pr)
            || (judge_binding(&g->model, p) == BINDING_UNBOUND
                && (pr->by_hand || env->now < pr->since_ms + UNUSED_MS)));
}

bool
guard_is_own_dirt(const struct guard *g, const struct guard_env *env,
                  const struct hold *h, const struct uuid *port)
{
    const struct port *p = model_find_port(&g->model, port);
    struct evidence e;
    bool own;

    if (!p || h->state != HOLD_BLOCKED || !h->dirt) {
        return false;
    }
    evidence_collect_for(&g->model, &g->settings, h, p, env->now, env->wall,
                         &e);
    own = e.complete && !e.dirt && sset_is_empty(&e.blockers);
    evidence_destroy(&e);
    return own;
}

/* Asks for a second barrier that counts for 'own' alone; for all, if that is
 * all zeros. */
static void
renew_b2(struct hold *h, const struct uuid *own)
{
    h->changed |= h->b2 != 0;
    h->b2 = h->b2_since_ms = 0;
    h->b2_token = 0;
    h->b2_own = *own;
}

/* Does 'p' alone show the address of 'h' in use?  Then stores in '*needs_b2'
 * if a second barrier is to be taken for it. */
static bool
look_at_own_dirt(struct guard *g, struct hold *h, const struct port *p,
                 const struct guard_env *env, bool *needs_b2)
{
    bool was_clean = h->own_clean;
    struct evidence e;
    bool own;

    evidence_collect_for(&g->model, &g->settings, h, p, env->now, env->wall,
                         &e);
    own = !e.dirt;
    if (own) {
        bool others = (!uuid_is_zero(&h->b2_own)
                       && !uuid_equals(&h->b2_own, &p->uuid));

        if (e.needs_b2 && (!h->b2_token || others)) {
            renew_b2(h, &p->uuid);
            *needs_b2 = true;
        }
        h->own_clean = e.complete && sset_is_empty(&e.blockers);
        if (h->own_clean && !was_clean) {
            guard_note_hold(g, NULL); /* Mode manage looks again. */
        }
        guard_note_missed_chassis(g, &e);
        guard_wake_at(g, e.wake_ms);
    }
    evidence_destroy(&e);
    return own;
}

bool
guard_look_for_own_dirt(struct guard *g, struct hold *h,
                        const struct guard_env *env)
{
    bool needs_b2 = false;
    bool own = false;

    if (h->state == HOLD_BLOCKED && h->dirt && !h->would_be
        && h->n_former > 1) {
        for (size_t i = 0; i < h->n_former && !own; i++) {
            const char *name = h->former[i].name;
            const struct port *p = model_find_port_by_name(&g->model, name);

            own = (p && p->network
                   && uuid_equals(&p->network->uuid, &h->network)
                   && look_at_own_dirt(g, h, p, env, &needs_b2));
        }
    }
    h->own_clean &= own;
    if (!own && !uuid_is_zero(&h->b2_own)
        && !uuid_equals(&h->b2_own, &h->keeper)) {
        /* What has been there since, or until now, it does not cover. */
        renew_b2(h, &UUID_ZERO);
    }
    return needs_b2;
}

/* Is the address being given to another port, or held for what one did with
 * it?  Then the port that lost it to us was kept shut, or shared it; it waits
 * until all is clean, and the hold does not end before: see
 * guard_ends_after_put_back(). */
static bool
must_wait(const struct guard *g, const struct guard_env *env,
          const struct post_read *pr)
{
    const struct port *p = model_find_port(&g->model, &pr->port);
    const struct hold *h = (p && p->network
                            ? hold_table_find(&g->holds, &p->network->uuid,
                                              &pr->addr) : NULL);

    for (size_t i = 0; h && h->state != HOLD_CLEAN && i < h->n_former; i++) {
        if (!uuid_equals(&h->former[i].port, &pr->port)
            && !guard_is_own_dirt(g, env, h, &pr->port)) {
            return true;
        }
    }
    for (size_t i = 0; i < g->n_planned; i++) {
        const struct planned *pl = &g->planned[i];
        const struct port *q = model_find_port(&g->model, &pl->port);

        if (pl->kind == PLAN_PUT_BACK && q && p && q != p
            && q->network == p->network
            && ip_addr_equals(&pl->addr, &pr->addr)) {
            return true;
        }
    }
    return false;
}

/* Restores the port if it still is as we left it and nobody else has the
 * address. */
static bool
plan_put_back(struct guard *g, const struct guard_env *env,
              struct post_read *pr)
{
    const struct port *p = model_find_port(&g->model, &pr->port);
    const struct addr_use *use;
    struct port_edit *edit;
    struct svec addresses;
    struct planned *pl;

    if (!p || !p->network || !svec_equal(&p->addresses, &pr->left)) {
        return false;
    }
    if (!is_unused(g, env, pr, p)) {
        return false;
    }
    use = model_find_addr(&g->model, p->network, &pr->addr);
    if (use && use->n) {
        return false;
    }
    edit = guard_edit(g, p);
    svec_clone(&addresses, &edit->addresses);
    restore_addresses(&addresses, pr);
    if (svec_equal(&p->port_security, &pr->left_ps)
        && !guard_restore_port_security(pr, &addresses,
                                        &edit->port_security)) {
        svec_destroy(&addresses);
        return false;
    }
    guard_assign_svec(&edit->addresses, &addresses);
    pl = guard_plan(g, PLAN_PUT_BACK, p, &pr->addr, "",
                    pr->by_hand ? "undone by hand"
                    : "its owner wants it again");
    pl->hold = pr->hold;
    return true;
}

void
guard_tell_opted_out(struct guard *g, const struct post_read *pr)
{
    const struct port *p = model_find_port(&g->model, &pr->port);
    char ip[IP_ADDR_STRLEN];

    if (p && p->member && model_member_opted_out(&g->model, p->member)
        && !ip_addr_set_contains(&p->static_ips, &pr->addr)) {
        guard_log(g, 'w', "%s/%s: %s is not put back if it is wanted again: "
                  "its owner has opted out since it was cleared", pr->ns,
                  pr->name, ip_addr_to_string(&pr->addr, ip));
    }
}

static struct post_read *
find_post_read(struct guard *g, uint64_t id)
{
    struct post_read *pr;

    LIST_FOR_EACH (pr, node, &g->post_reads) {
        if (pr->read_id == id) {
            return pr;
        }
    }
    return NULL;
}

bool
guard_post_read_answered(struct guard *g, uint64_t id,
                         enum live_read_result result,
                         const struct guard_env *env)
{
    struct post_read *pr = find_post_read(g, id);
    const struct port *p;
    char ip[IP_ADDR_STRLEN];

    if (!pr) {
        return false;
    }
    p = model_find_port(&g->model, &pr->port);
    pr->read_id = 0;
    if (result == LIVE_READ_FAILED) {
        if (!pr->failed_once) {
            pr->failed_once = true;
            guard_log(g, 'w', "%s/%s: could not be read after %s was cleared; "
                      "trying again", pr->ns, pr->name,
                      ip_addr_to_string(&pr->addr, ip));
        }
        pr->retry_ms = env->now + CLEAR_RETRY_MS;
        return true;
    }
    if (p && p->member && judge_wants(&g->model, g->mode, p, &pr->addr)
        && !evidence_is_gated(p)) {
        note_hold_of(g, pr);
        pr->put_back = true;
        return true;
    }
    guard_tell_opted_out(g, pr);
    end_post_read(g, pr);
    return true;
}

/* The owner may think better of it while NB is busy or nothing may be written;
 * an operator has been asked. */
static bool
is_still_due(const struct guard *g, const struct post_read *pr)
{
    const struct port *p = model_find_port(&g->model, &pr->port);

    return (pr->by_hand
            || !p           /* plan_put_back() tells. */
            || (judge_wants(&g->model, g->mode, p, &pr->addr)
                && !evidence_is_gated(p)));
}

/* The owner, or somebody for it, was faster. */
static bool
has_it_again(const struct guard *g, const struct post_read *pr)
{
    const struct port *p = model_find_port(&g->model, &pr->port);

    return p && ip_addr_set_contains(&p->static_ips, &pr->addr);
}

/* ---- What holds wait for. ---- */

#define TO_BE_ASKED "its owner is still to be asked whether it wants it again"
#define TO_BE_PUT_BACK "it is to be put back on the port that it left"

/* Does the put-back wait for 'h' itself, see must_wait()?  What that asks for
 * after the deadline makes no difference: then 'h' waits for no look back. */
static bool
waits_for(const struct post_read *pr, const struct hold *h)
{
    for (size_t i = 0; i < h->n_former; i++) {
        if (!uuid_equals(&h->former[i].port, &pr->port)) {
            return true;
        }
    }
    return false;
}

void
guard_note_look_backs(struct guard *g)
{
    const struct post_read *pr;

    g->look_back_seqno++;
    LIST_FOR_EACH (pr, node, &g->post_reads) {
        struct hold *h = hold_of(g, pr);

        if (h && pr->put_back && waits_for(pr, h)) {
            h->put_back_seqno = g->look_back_seqno;
        } else if (h) {
            h->look_back = pr->put_back ? TO_BE_PUT_BACK : TO_BE_ASKED;
            h->look_back_seqno = g->look_back_seqno;
        }
    }
}

const char *
guard_looks_back(const struct guard *g, const struct hold *h)
{
    return (h->state == HOLD_DRAINING
            && h->look_back_seqno == g->look_back_seqno ? h->look_back : NULL);
}

bool
guard_ends_after_put_back(struct guard *g, const struct hold *h,
                          const struct guard_env *env)
{
    long long int due = h->state_since_ms + g->settings.hold_deadline_ms;

    if (h->put_back_seqno != g->look_back_seqno || env->now >= due) {
        return false;
    }
    guard_wake_at(g, due);
    return true;
}

/* ---- A turn. ---- */

void
guard_plan_put_backs(struct guard *g, const struct guard_env *env,
                     struct orders *orders)
{
    bool may_write = (!env->nb_busy && !g->nb_token
                      && !guard_write_refusal(g, env, true)
                      && env->now >= g->nb_retry_ms);
    struct post_read *pr;

    if (g->look_back && g->started && g->model.nb_synced
        && g->model.kube_synced && !g->in_doubt) {
        g->look_back = false;
        if (g->mode == MODE_GUARD) {
            guard_look_back_again(g, env);
        }
        guard_forget_dropped_reads(g);
    }
    LIST_FOR_EACH_SAFE (pr, node, &g->post_reads) {
        if (pr->put_back) {
            if (may_write) {
                char ip[IP_ADDR_STRLEN];

                if (has_it_again(g, pr) || !is_still_due(g, pr)) {
                    guard_tell_opted_out(g, pr);
                    guard_post_read_done(g, &pr->port, &pr->addr);
                } else if (must_wait(g, env, pr)) {
                    continue;
                } else if (!plan_put_back(g, env, pr)) {
                    guard_log(g, 'w', "%s/%s: %s is not put back: its port "
                              "or the address is no longer as it was, or "
                              "what came instead may be in use",
                              pr->ns, pr->name,
                              ip_addr_to_string(&pr->addr, ip));
                    guard_post_read_done(g, &pr->port, &pr->addr);
                }
            }
        } else if (!pr->read_id && env->now >= pr->retry_ms) {
            pr->read_id = guard_new_token(g);
            g->counters.live_reads++;
            guard_add_live_read(g, orders, pr->read_id, pr->ns, pr->name,
                                pr->workload, pr->owner_kind);
        } else if (!pr->read_id) {
            guard_wake_at(g, pr->retry_ms);
        }
    }
}
