/* SPDX-License-Identifier: Apache-2.0 */

/* The clear itself: what of a candidate that may go (guard-advance.c) is
 * written to its port, and what came of it. */

#include <config.h>

#include "guard-private.h"

#include "openvswitch/util.h"
#include "packets.h"
#include "plan.h"
#include "plant.h"
#include "util.h"
#include "uuid.h"

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
    size_t n = g->n_go;
    struct candidate *c;

    if (guard_write_refusal(g, env, true) || env->now < g->nb_retry_ms) {
        return;
    }
    HMAP_FOR_EACH (c, node, &g->candidates) {
        const struct port *p;
        struct verdict v;
        struct hold *h;

        if (!n || guard_n_edits(g) >= (size_t) g->settings.batch_rows) {
            break;
        } else if (c->state != CAND_GO) {
            continue;
        }
        n--;
        if (env->now - c->read_ms > g->settings.live_read_ms) {
            continue;
        }
        h = hold_table_find_uuid(&g->holds, &c->hold);
        if (!h) {
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
        if (same && guard_note_narrowing(g, h, p)) {
            c->state = CAND_INTENT; /* Until that is stored. */
            continue;
        }
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
        hold_note_clear(h, &pl->port);
    }
    if (p && p->member && !PLANTED(NO_LOOK_BACK)) {
        guard_post_read_add(g, pl, w, p);
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
        c->retry_ms = env->now + CLEAR_RETRY_MS;
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
