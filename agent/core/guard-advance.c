/* SPDX-License-Identifier: Apache-2.0 */

/* The way of a candidate up to the write, which is guard-clear.c's:
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
#include "openvswitch/util.h"
#include "packets.h"
#include "plant.h"
#include "pod.h"
#include "util.h"
#include "uuid.h"

/* ---- The intent. ---- */

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
                || mb->seen_explicit || model_member_was_numbered(mb));
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
    hold_note_clear(h, &c->port);
    guard_note_narrowing(g, h, p);
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

/* ---- What is ripe. ---- */

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
    if (!why && n_under_way >= max) {
        return;
    }
    qsort(ripe, n_ripe, sizeof *ripe, guard_compare_candidates);
    if (why) {
        g->counters.brake_trips++;
        guard_log(g, 'e', "brake: %s; nothing more is written but gate "
                  "openings until \"brake/rearm\"", why);
        guard_journal(g, env, "brake", "", why);
        g->brake_unsaved = true;
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
            ripe[i]->retry_ms = env->now + CLEAR_RETRY_MS;
            guard_wake_at(g, ripe[i]->retry_ms);
        }
    }
}

/* ---- A turn. ---- */

/* Goes on with 'c' once its hold is stored. */
static void
advance_intent(struct guard *g, const struct guard_env *env,
               struct candidate *c, struct orders *orders,
               const char *refusal)
{
    const struct hold *h = hold_table_find_uuid(&g->holds, &c->hold);

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
            guard_ask_live(g, c, orders);
        }
    }
}

void
guard_advance_candidates(struct guard *g, const struct guard_env *env,
                         struct orders *orders)
{
    const char *refusal = guard_write_refusal(g, env, true);
    size_t n_ripe = 0, allocated = 0, n_under_way = 0;
    struct candidate **ripe = NULL;
    struct candidate *c;

    g->n_go = 0;
    if (hmap_is_empty(&g->candidates)) {
        return;
    }
    HMAP_FOR_EACH (c, node, &g->candidates) {
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
            advance_intent(g, env, c, orders, refusal);
            break;

        case CAND_READ:
        case CAND_SENT:
            break;

        case CAND_RELEASE:
            if (!guard_release_goes_on(g, env, c)) {
                c->state = CAND_INTENT; /* The hold is stored. */
                c->retry_ms = env->now + CLEAR_RETRY_MS;
                guard_wake_at(g, c->retry_ms);
            }
            break;

        case CAND_GO:
            if (!refusal && env->now - c->read_ms > g->settings.live_read_ms) {
                guard_ask_live(g, c, orders);
            }
            break;
        }
        g->n_go += c->state == CAND_GO;
    }
    if (n_ripe) {
        order_ripe(g, env, ripe, n_ripe, n_under_way);
    }
    free(ripe);
}
