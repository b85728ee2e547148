/* SPDX-License-Identifier: Apache-2.0 */

/* From a candidate to a cleared address, and the look back afterwards.
 *
 *   watch --settled, allowed, brake--> intent (hold on its way to the own
 *   database) --stored--> read (live read) --still so--> go --> sent
 *
 * A live read is not older than live_read_ms at the commit, and is followed by
 * another once the mirror shows the clear: an OVSDB wait alone cannot see that
 * a controller wrote the same string in between. */

#include <config.h>

#include "guard-private.h"

#include "lsp-addr.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "packets.h"
#include "plan.h"
#include "plant.h"
#include "pod.h"
#include "util.h"
#include "uuid.h"
#include "workload.h"

/* How long a failed step is left alone. */
#define RETRY_MS 1000

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

static void
set_reason(struct hold *h, const char *case_, const char *reason)
{
    free(h->reason_case);
    h->reason_case = xstrdup(case_);
    free(h->reason);
    h->reason = xstrdup(reason);
    h->changed = true;
}

static void
port_mac(const struct port *p, char mac[ETH_ADDR_STRLEN + 1])
{
    struct eth_addr ea;

    mac[0] = '\0';
    if (lsp_addrs_first_mac(p->addresses.names, p->addresses.n, &ea)) {
        snprintf(mac, ETH_ADDR_STRLEN + 1, ETH_ADDR_FMT, ETH_ADDR_ARGS(ea));
    }
}

/* The owner of 'p' for a hold: who may have the address back at once. */
static void
owner_from_port(struct guard *g, struct hold *h, const struct port *p)
{
    const struct member *mb = p->member;
    char uid[OBJ_UID_STRLEN];
    const char *workload;
    int kind;

    guard_read_owner(&g->model, mb, &workload, &kind);
    if (evidence_is_gated(p)) {
        h->fixed = true;        /* It waited for the address, and is nobody
                                 * who may have it back at once. */
        return;
    }
    hold_set_owner(h, mb->ns, owner_kind_to_string(kind), mb->name, workload,
                   mb->n_pods ? obj_uid_to_string(&mb->pods[0]->uid, uid)
                   : "");
    h->fixed = (kind == OWNER_STATEFULSET || kind == OWNER_VM
                || mb->seen_explicit);
}

/* 'c' is ready: puts a hold, or one more former port of a hold, on its way to
 * the own database.  Returns false if it must wait. */
static bool
order_intent(struct guard *g, const struct guard_env *env,
             struct candidate *c)
{
    struct port *p = model_find_port(&g->model, &c->port);
    struct hold *h = hold_table_find(&g->holds, &c->network, &c->addr);
    char mac[ETH_ADDR_STRLEN + 1];
    char ip[IP_ADDR_STRLEN];

    if (h && !hold_is_evidence_phase(h) && !PLANTED(OLD_INTENT)) {
        guard_refuse_clear(g, c, REFUSED_OTHER_CLEAR);
        return false;
    }
    if (!h && hold_table_count(&g->holds) >= (size_t) g->settings.max_holds) {
        guard_refuse_clear(g, c, REFUSED_MAX_HOLDS);
        return false;
    }
    port_mac(p, mac);
    if (!h) {
        struct uuid uuid;

        guard_new_uuid(g, &uuid);
        h = hold_create(&uuid, &c->network, c->network_name, &c->addr);
        h->created_wall_ms = env->wall;
        h->state_since_ms = env->now;
        owner_from_port(g, h, p);
        set_reason(h, c->case_, c->why);
        hold_table_insert(&g->holds, h);
        g->counters.holds_created++;
    }
    hold_add_former(h, &c->port, c->port_name, mac, 0);
    if (h->state == HOLD_INTENT) {
        guard_hold_set_keeper(g, h);
    } else if (uuid_equals(&h->keeper, &c->port)) {
        /* It ran with the address while it was being shut, and has lost it to
         * an open port since. */
        guard_hold_keep(g, h, &UUID_ZERO);
    }
    guard_set_clear_hold(g, c, &h->uuid);
    c->state = CAND_INTENT;
    c->refused = NULL;
    safety_count_clear(&g->safety, env->now);
    g->counters.clears_ordered++;
    g->own_changes++;
    guard_log(g, 'i', "%s: %s is to be cleared (case %s: %s)", c->port_name,
              ip_addr_to_string(&c->addr, ip), c->case_, c->why);
    return true;
}

static void
ask_live(struct guard *g, struct candidate *c, struct orders *orders)
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

/* Is 'c' ripe?  Arms the wake-up if only time is missing. */
static bool
is_ripe(struct guard *g, const struct guard_env *env, struct candidate *c)
{
    long long int due;

    if (c->kind != VERDICT_CLEAR) {
        return false;
    }
    if (g->requests_only && !c->approved) {
        guard_refuse_clear(g, c, REFUSED_NOT_ASKED);
        return false;
    }
    due = MAX(c->since_ms + c->settle_ms, c->not_before_ms);
    due = MAX(due, c->retry_ms);
    if (PLANTED(NO_SETTLE)) {
        due = MAX(c->not_before_ms, c->retry_ms);
    }
    if (PLANTED(OLD_INTENT)
        && hold_table_find(&g->holds, &c->network, &c->addr)) {
        return true;
    }
    if (env->now < due) {
        guard_wake_at(g, due);
        return false;
    }
    return true;
}

static void
tell_would(struct guard *g, struct candidate *c, const char *refusal)
{
    char ip[IP_ADDR_STRLEN];

    guard_refuse_clear(g, c, refusal);
    if (!c->alerted && g->mode == MODE_OBSERVE) {
        c->alerted = true;
        guard_log(g, 'i', "%s: would clear %s (case %s: %s)", c->port_name,
                  ip_addr_to_string(&c->addr, ip), c->case_, c->why);
    }
}

/* Two batches at a time may be between the intent and the end of the clear: so
 * many that one can be stored while the other is written, and so few that what
 * is read of their owners is still fresh when it is their turn. */
static void
order_ripe(struct guard *g, const struct guard_env *env,
           struct candidate **ripe, size_t n_ripe, size_t n_under_way)
{
    size_t max = 2 * (size_t) g->settings.batch_rows;
    char *why;

    /* What does not fit is ripe in a later turn as well, but the brake looks
     * at all of it. */
    why = safety_check_clears(&g->safety, &g->settings, n_ripe,
                              g->model.n_owned_ports, env->now);
    if (why) {
        g->counters.brake_trips++;
        guard_log(g, 'e', "brake: %s; nothing more is written but gate "
                  "openings until \"brake/rearm\"", why);
        guard_journal(g, env, "brake", "", why);
        g->row_changed = true;
        for (size_t i = 0; i < n_ripe; i++) {
            guard_refuse_clear(g, ripe[i], REFUSED_BRAKE);
        }
        free(why);
        return;
    }
    for (size_t i = 0; i < n_ripe && n_under_way < max; i++) {
        if (order_intent(g, env, ripe[i])) {
            n_under_way++;
        } else {
            ripe[i]->retry_ms = env->now + RETRY_MS;
            guard_wake_at(g, ripe[i]->retry_ms);
        }
    }
}

static int
compare_candidates(const void *a_, const void *b_)
{
    const struct candidate *const *a = a_;
    const struct candidate *const *b = b_;
    int cmp = strcmp((*a)->port_name, (*b)->port_name);

    return cmp ? cmp : ip_addr_compare(&(*a)->addr, &(*b)->addr);
}

void
guard_advance_candidates(struct guard *g, const struct guard_env *env,
                         struct orders *orders)
{
    const char *refusal = guard_write_refusal(g, env, true);
    size_t n_ripe = 0, allocated = 0, n_under_way = 0;
    struct candidate **ripe = NULL;
    struct candidate *c;

    if (hmap_is_empty(&g->candidates)) {
        return;
    }
    HMAP_FOR_EACH (c, node, &g->candidates) {
        struct hold *h;

        guard_watch_move(g, env, c, orders);
        /* One that waits after a failure keeps nobody else from going on. */
        n_under_way += c->state != CAND_WATCH && env->now >= c->retry_ms;
        switch (c->state) {
        case CAND_WATCH:
            if (is_ripe(g, env, c)) {
                if (refusal) {
                    tell_would(g, c, refusal);
                    break;
                }
                if (n_ripe >= allocated) {
                    ripe = x2nrealloc(ripe, &allocated, sizeof *ripe);
                }
                ripe[n_ripe++] = c;
            }
            break;

        case CAND_INTENT:
            h = hold_table_find_uuid(&g->holds, &c->hold);
            if (!h) {
                c->state = CAND_WATCH;
                c->since_ms = env->now;
                guard_wake_at(g, env->now + c->settle_ms);
            } else if (((h->in_db && !h->changed && !h->storing
                         && h->state != HOLD_INTENT)
                        || PLANTED(CLEAR_FIRST)) && !refusal) {
                if (env->now < c->retry_ms) {
                    guard_wake_at(g, c->retry_ms);
                } else if (PLANTED(NO_LIVE_READ)) {
                    c->state = CAND_GO;
                    c->read_ms = env->now;
                } else {
                    ask_live(g, c, orders);
                }
            }
            break;

        case CAND_READ:
        case CAND_SENT:
            break;

        case CAND_RELEASE:
            if (!guard_release_goes_on(g, env, c)) {
                c->state = CAND_INTENT; /* The hold is stored. */
                c->retry_ms = env->now + RETRY_MS;
                guard_wake_at(g, c->retry_ms);
            }
            break;

        case CAND_GO:
            if (!refusal && env->now - c->read_ms > g->settings.live_read_ms) {
                ask_live(g, c, orders);
            }
            break;
        }
    }
    if (n_ripe) {
        qsort(ripe, n_ripe, sizeof *ripe, compare_candidates);
        order_ripe(g, env, ripe, n_ripe, n_under_way);
    }
    free(ripe);
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

static void
post_read_answered(struct guard *g, struct post_read *pr,
                   enum live_read_result result, const struct guard_env *env)
{
    const struct port *p = model_find_port(&g->model, &pr->port);
    char ip[IP_ADDR_STRLEN];

    pr->read_id = 0;
    if (result == LIVE_READ_FAILED) {
        if (!pr->failed_once) {
            pr->failed_once = true;
            guard_log(g, 'w', "%s/%s: could not be read after %s was cleared; "
                      "trying again", pr->ns, pr->name,
                      ip_addr_to_string(&pr->addr, ip));
        }
        pr->retry_ms = env->now + RETRY_MS;
        return;
    }
    if (p && p->member && judge_wants(&g->model, g->mode, p, &pr->addr)
        && !evidence_is_gated(p)) {
        pr->put_back = true;
        return;
    }
    guard_tell_opted_out(g, pr);
    ovs_list_remove(&pr->node);
    guard_post_read_destroy(pr);
}

void
guard_live_read_done(struct guard *g, uint64_t id,
                     enum live_read_result result,
                     const struct guard_env *env)
{
    struct candidate *c;
    struct post_read *pr = find_post_read(g, id);

    if (pr) {
        post_read_answered(g, pr, result, env);
        return;
    }
    if (guard_hazard_read_done(g, id, result, env)) {
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
                c->retry_ms = env->now + RETRY_MS;
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

/* ---- Planning. ---- */

/* What the clear rests on, for the journal. */
static void
add_evidence(const struct guard *g, const struct guard_env *env,
             const struct candidate *c, struct planned *pl)
{
    const struct binding *b = model_find_binding(&g->model, c->port_name);

    svec_add_nocopy(&pl->evidence, xasprintf("seen so for %lld ms",
                                             env->now - c->since_ms));
    if (b && b->unbound_since_ms) {
        svec_add_nocopy(&pl->evidence,
                        xasprintf("port unbound for %lld ms%s%s",
                                  env->now - b->unbound_since_ms,
                                  b->last_chassis ? ", last on " : "",
                                  b->last_chassis ? b->last_chassis : ""));
    }
    svec_add_nocopy(&pl->evidence, xasprintf("live read %lld ms before",
                                             env->now - c->read_ms));
}

/* Takes 'ip' out of the port's edit.  '*kept' is as plan_edit() has it. */
static bool
clear_address(struct guard *g, const struct port *p, struct port_edit *edit,
              const struct ip_addr *ip, bool *kept)
{
    struct svec none = SVEC_EMPTY_INITIALIZER;
    bool narrow = g->mode == MODE_GUARD;
    bool done = plan_edit(p, ip, &edit->addresses,
                          narrow ? &edit->port_security : &none, kept);

    if (done && PLANTED(WHOLE_PORT)) {
        svec_clear(&edit->addresses);
    }
    if (*kept && PLANTED(PS_EMPTIED)) {
        svec_clear(&edit->port_security);
    }
    svec_destroy(&none);
    return done;
}

/* Takes 'c' out of the port's edit, in mode manage together with what comes
 * in its place. */
static bool
edit_clear(struct guard *g, const struct guard_env *env, const struct port *p,
           struct candidate *c)
{
    struct port_edit *edit = guard_edit(g, p);
    const struct ip_addr *set = NULL;
    struct entitlement e;
    bool done = false;

    judge_entitlement(&g->model, g->mode, p, &e);
    for (size_t i = 0; (g->mode == MODE_MANAGE && e.kind == ENT_EXPLICIT
                        && i < e.wanted.n && !done); i++) {
        const struct ip_addr *want = &e.wanted.addrs[i];

        if (want->family != c->addr.family
            || ip_addr_set_contains(&p->static_ips, want)
            || e.workload_revisions > 1) {
            continue;
        }
        const char *kind;
        char *obstacle = guard_set_obstacle(g, env, p, want, &kind);
        char *error = obstacle ? NULL : guard_edit_set(g, p, &e, want,
                                                       &c->addr);
        if (!obstacle && !error) {
            set = want;
            done = true;
        }
        free(obstacle);
        free(error);
    }
    if (!done) {
        bool kept;

        done = clear_address(g, p, edit, &c->addr, &kept);
        if (kept) {
            guard_log(g, 'i', "%s: an entry of port_security that names "
                      "the address alone, or by a mask, stays", p->name);
        }
    }
    if (done) {
        struct planned *pl = guard_plan(g, PLAN_CLEAR, p, &c->addr, c->case_,
                                        c->why);
        pl->hold = c->hold;
        pl->planned_ms = env->now;
        add_evidence(g, env, c, pl);
    }
    if (set) {
        guard_plan(g, PLAN_SET, p, set, "H", e.why);
    }
    entitlement_destroy(&e);
    return done;
}

void
guard_plan_clears(struct guard *g, const struct guard_env *env)
{
    struct candidate *c;

    if (guard_write_refusal(g, env, true) || env->now < g->nb_retry_ms) {
        return;
    }
    HMAP_FOR_EACH (c, node, &g->candidates) {
        const struct port *p;
        struct verdict v;

        if (c->state != CAND_GO
            || guard_n_edits(g) >= (size_t) g->settings.batch_rows
            || env->now - c->read_ms > g->settings.live_read_ms) {
            continue;
        }
        if (!hold_table_find_uuid(&g->holds, &c->hold)) {
            c->state = CAND_WATCH; /* Released by hand meanwhile. */
            c->since_ms = env->now;
            guard_wake_at(g, env->now + c->settle_ms);
            continue;
        }
        p = model_find_port(&g->model, &c->port);
        judge_address(&g->model, &g->settings, g->mode, &g->holds, p,
                      &c->addr, env->now, &v);
        bool same = (v.kind == VERDICT_CLEAR
                     && v.fingerprint == c->fingerprint
                     && v.not_before_ms <= env->now);
        verdict_destroy(&v);
        enum release_step step = (same ? guard_release(g, env, c, p)
                                  : RELEASE_WAIT);
        if (step == RELEASE_SENT) {
            c->state = CAND_RELEASE;
        } else if (step == RELEASE_CLEAR && edit_clear(g, env, p, c)) {
            c->state = CAND_SENT;
        }
    }
}

/* ---- What came of it. ---- */

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

static void
queue_post_read(struct guard *g, const struct planned *pl,
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

void
guard_clear_done(struct guard *g, const struct planned *pl,
                 const struct nb_write *w, const struct guard_env *env)
{
    const struct port *p = model_find_port(&g->model, &pl->port);
    struct hold *h = hold_table_find_uuid(&g->holds, &pl->hold);
    struct candidate *c = guard_find_candidate(g, &pl->port, &pl->addr);
    char mac[ETH_ADDR_STRLEN + 1] = "";
    char ip[IP_ADDR_STRLEN];

    if (c && c->state == CAND_SENT) {
        c->state = CAND_WATCH;
        c->since_ms = env->now;
    }
    g->counters.clears_done++;
    guard_log(g, 'i', "%s: %s cleared (case %s: %s)", w->port_name,
              ip_addr_to_string(&pl->addr, ip), pl->case_, pl->reason);
    guard_note_action(g, env, "cleared %s from %s", ip, w->port_name);
    if (p && p->network) {
        struct event_args args = {
            .address = ip,
            .network = p->network->name,
            .port = w->port_name,
            .why = pl->reason,
        };

        guard_event_port(g, env, EVENT_STALE_ADDRESS_CLEARED, p, &args);
    }
    if (h) {
        guard_event_takers(g, env, h);
    }
    if (h) {
        if (p) {
            const struct former_port *f = hold_find_former(h, &pl->port);
            ovs_strlcpy(mac, f ? f->mac : "", sizeof mac);
        }
        guard_hold_departed(g, h, &pl->port, w->port_name, mac, env);
    }
    if (p && p->member && !PLANTED(NO_LOOK_BACK)) {
        queue_post_read(g, pl, w, p);
    }
}

void
guard_clear_failed(struct guard *g, const struct planned *pl,
                   enum txn_result result, const struct guard_env *env)
{
    struct candidate *c = guard_find_candidate(g, &pl->port, &pl->addr);
    struct hold *h = hold_table_find_uuid(&g->holds, &pl->hold);
    const struct port *p = model_find_port(&g->model, &pl->port);
    char ip[IP_ADDR_STRLEN];

    g->counters.clears_lost++;
    guard_log(g, 'i', "%s: clear of %s did not take effect (%s); decided "
              "afresh", p ? p->name : "a vanished port",
              ip_addr_to_string(&pl->addr, ip), txn_result_to_string(result));
    if (c && c->state == CAND_SENT) {
        c->state = CAND_WATCH;
        c->since_ms = env->now;
        c->retry_ms = env->now + RETRY_MS;
        guard_wake_at(g, c->retry_ms);
    }
    if (!h || (c && c->state != CAND_WATCH
               && uuid_equals(&c->hold, &h->uuid))) {
        return;                 /* It was begun anew over a change of role. */
    }
    if (p && ip_addr_set_contains(&p->ips, &pl->addr)) {
        if (h->state == HOLD_INTENT || h->state == HOLD_CLEARING) {
            h->clear_lost = true;
        } else {
            hold_remove_former(h, &pl->port);
        }
    }
    /* Otherwise it is gone, by our hand or another's: the hold goes on. */
}
