/* SPDX-License-Identifier: Apache-2.0 */

/* Candidates: addresses on ports that are to be cleared, waited for or told
 * of, one for each of which the verdict is not that all is well.  A verdict
 * that says something else, or says it on other grounds, ends whatever was on
 * its way. */

#include <config.h>

#include "guard-private.h"

#include "openvswitch/util.h"
#include "util.h"
#include "uuid.h"
#include "workload.h"

static uint32_t
candidate_hash(const struct uuid *port, const struct ip_addr *ip)
{
    return ip_addr_hash(ip, uuid_hash(port));
}

struct candidate *
guard_find_candidate(const struct guard *g, const struct uuid *port,
                     const struct ip_addr *ip)
{
    struct candidate *c;

    HMAP_FOR_EACH_WITH_HASH (c, node, candidate_hash(port, ip),
                             &g->candidates) {
        if (uuid_equals(&c->port, port) && ip_addr_equals(&c->addr, ip)) {
            return c;
        }
    }
    return NULL;
}

void
guard_abort_clear(struct guard *g, struct candidate *c)
{
    struct hold *h;

    if (c->state == CAND_WATCH || c->state == CAND_SENT) {
        return;
    }
    h = hold_table_find_uuid(&g->holds, &c->hold);
    if (h && c->state == CAND_RELEASE) {
        /* Its IP object may be deleted all the same: step_hold() sees. */
    } else if (h) {
        const struct port *p = model_find_port(&g->model, &c->port);

        if (h->state == HOLD_INTENT || h->state == HOLD_CLEARING) {
            h->clear_lost = true;
        } else if (p && ip_addr_set_contains(&p->ips, &c->addr)) {
            /* Otherwise another hand took the address off: a former port. */
            hold_remove_former(h, &c->port);
        }
    }
    c->state = CAND_WATCH;
    c->read_id = 0;
    g->own_changes++;
}

void
guard_set_clear_hold(struct guard *g, struct candidate *c,
                     const struct uuid *hold)
{
    if (!uuid_is_zero(&c->hold)) {
        hmap_remove(&g->clears, &c->hold_node);
    }
    c->hold = *hold;
    if (!uuid_is_zero(hold)) {
        hmap_insert(&g->clears, &c->hold_node, uuid_hash(hold));
    }
}

void
guard_drop_candidate(struct guard *g, struct candidate *c)
{
    guard_abort_clear(g, c);
    guard_set_clear_hold(g, c, &UUID_ZERO);
    hmap_remove(&g->candidates, &c->node);
    ovs_list_remove(&c->turn_node);
    ovs_list_remove(&c->read_node);
    free(c->port_name);
    free(c->network_name);
    free(c->why);
    free(c);
    g->own_changes++;
}

int
guard_compare_candidates(const void *a_, const void *b_)
{
    const struct candidate *const *a = a_;
    const struct candidate *const *b = b_;
    int cmp = strcmp((*a)->port_name, (*b)->port_name);

    return cmp ? cmp : ip_addr_compare(&(*a)->addr, &(*b)->addr);
}

const struct candidate **
guard_sorted_candidates(const struct guard *g, size_t *np)
{
    const struct candidate **array;
    const struct candidate *c;
    size_t n = 0;

    array = xmalloc(MAX(hmap_count(&g->candidates), 1) * sizeof *array);
    HMAP_FOR_EACH (c, node, &g->candidates) {
        array[n++] = c;
    }
    qsort(array, n, sizeof *array, guard_compare_candidates);
    *np = n;
    return array;
}

/* ---- The verdict. ---- */

static void
report_once(struct guard *g, struct candidate *c)
{
    char ip[IP_ADDR_STRLEN];

    if (c->alerted) {
        return;
    }
    if (c->kind == VERDICT_REPORT) {
        c->alerted = true;
        guard_log(g, 'i', "%s: %s stays (case %s: %s)", c->port_name,
                  ip_addr_to_string(&c->addr, ip), c->case_, c->why);
    }
}

/* A fixed address of a StatefulSet was changed: what its people are told. */
static void
tell_change(struct guard *g, const struct guard_env *env,
            struct candidate *c, const struct port *p, bool denied)
{
    const struct workload *w = (p->member
                                ? model_member_workload(&g->model, p->member)
                                : NULL);
    char ip[IP_ADDR_STRLEN];
    struct event_args args = {
        .address = ip_addr_to_string(&c->addr, ip),
        .network = c->network_name,
        .port = p->name,
        .why = c->why,
    };

    if (c->told) {
        return;
    }
    if (denied) {
        guard_event_port(g, env, EVENT_FIXED_IP_CHANGE_FORBIDDEN, p, &args);
    } else if (w && w->kind == OWNER_STATEFULSET
               && (!strcmp(c->case_, "B") || !strcmp(c->case_, "C"))
               && c->kind != VERDICT_REPORT) {
        guard_event_port(g, env, EVENT_FIXED_IP_CHANGE_ACCEPTED, p, &args);
    } else {
        return;
    }
    c->told = true;
}

static struct candidate *
create_candidate(struct guard *g, const struct port *p,
                 const struct ip_addr *ip)
{
    struct candidate *c = xzalloc(sizeof *c);

    c->port = p->uuid;
    c->port_name = xstrdup(p->name);
    c->addr = *ip;
    c->network_name = xstrdup("");
    c->since_ms = LLONG_MIN;
    ovs_list_init(&c->read_node);
    hmap_insert(&g->candidates, &c->node, candidate_hash(&p->uuid, ip));
    ovs_list_push_back(&g->turns, &c->turn_node);
    g->own_changes++;
    return c;
}

void
guard_update_candidate(struct guard *g, const struct guard_env *env,
                       const struct port *p, const struct ip_addr *ip)
{
    struct candidate *c = guard_find_candidate(g, &p->uuid, ip);
    struct verdict v;

    if (judge_is_fine(&g->model, g->mode, p, ip)) {
        if (c) {
            guard_drop_candidate(g, c);
        }
        return;
    }
    judge_address(&g->model, &g->settings, g->mode, &g->holds, p, ip,
                  env->now, &v);
    if (v.kind == VERDICT_FINE) {
        if (c) {
            guard_drop_candidate(g, c);
        }
        verdict_destroy(&v);
        return;
    }
    if (!c) {
        c = create_candidate(g, p, ip);
    }
    if (c->fingerprint != v.fingerprint || c->since_ms == LLONG_MIN) {
        guard_abort_clear(g, c);
        c->since_ms = env->now;
        c->fingerprint = v.fingerprint;
        c->alerted = c->told = false;
        c->ask_ms = 0;
        c->n_asked = 0;
        c->refused = NULL;
    } else if (v.kind != VERDICT_CLEAR) {
        guard_abort_clear(g, c);
    }
    c->network = p->network->uuid;
    if (strcmp(c->network_name, p->network->name)) {
        free(c->network_name);
        c->network_name = xstrdup(p->network->name);
    }
    c->kind = v.kind;
    c->case_ = v.case_;
    c->settle_ms = v.settle_ms;
    c->not_before_ms = v.not_before_ms;
    if (c->not_before_ms > env->now) {
        guard_abort_clear(g, c); /* Its chassis went meanwhile, perhaps. */
    }
    free(c->why);
    c->why = v.why;
    v.why = NULL;
    verdict_destroy(&v);
    tell_change(g, env, c, p, v.denied);
    report_once(g, c);
}
