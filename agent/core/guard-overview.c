/* SPDX-License-Identifier: Apache-2.0 */

/* What somebody who watches is shown; see overview.h. */

#include <config.h>

#include "guard-private.h"

#include "openvswitch/dynamic-string.h"
#include "overview.h"
#include "util.h"
#include "uuid.h"

/* ---- One hold. ---- */

void
hold_course_destroy(struct hold_course *c)
{
    free(c->network);
    free(c->address);
    free(c->case_);
    free(c->reason);
    free(c->owner);
    free(c->former);
    free(c->taker);
    svec_destroy(&c->blockers);
    svec_destroy(&c->waiters);
}

static void
take_first(const struct sset *set, struct svec *names, size_t *n)
{
    const char **sorted = sset_sort(set);

    svec_init(names);
    for (size_t i = 0; sorted[i] && i < OVERVIEW_NAMES; i++) {
        svec_add(names, sorted[i]);
    }
    *n = sset_count(set);
    free(sorted);
}

/* The port that is to have the address: the keeper, or the first that waits.
 * May be NULL. */
static const struct port *
find_taker(const struct guard *g, const struct hold *h)
{
    const struct port *p = (uuid_is_zero(&h->keeper) ? NULL
                            : model_find_port(&g->model, &h->keeper));
    const char **names;

    if (p) {
        return p;
    }
    names = sset_sort(&h->waiters);
    p = names[0] ? model_find_port_by_name(&g->model, names[0]) : NULL;
    free(names);
    return p;
}

/* The time 'ms' of the monotonic clock as one since the epoch; 0 if 0. */
static long long int
to_wall(const struct guard_env *env, long long int ms)
{
    return ms ? env->wall - (env->now - ms) : 0;
}

void
guard_trace_hold(const struct guard *g, const struct hold *h,
                 enum hold_state state, const struct guard_env *env,
                 struct hold_course *c)
{
    const struct port *taker = find_taker(g, h);
    char ip[IP_ADDR_STRLEN];

    memset(c, 0, sizeof *c);
    c->network = xstrdup(h->network_name);
    c->address = xstrdup(ip_addr_to_string(&h->addr, ip));
    c->state = hold_state_to_string(state);
    c->case_ = xstrdup(h->reason_case);
    c->reason = xstrdup(h->reason);
    c->owner = (h->owner.name[0]
                ? xasprintf("%s/%s", h->owner.ns, h->owner.name)
                : xstrdup(""));
    c->former = xstrdup(h->n_former ? h->former[h->n_former - 1].name : "");
    c->taker = xstrdup(taker ? taker->name : "");
    c->taker_gated = taker && evidence_is_gated(taker);
    c->would_be = h->would_be;
    c->created_ms = h->created_wall_ms;
    c->gone_ms = h->gone_wall_ms;
    if (c->gone_ms) {
        c->southbound_ms = to_wall(env, h->b2_since_ms);
    }
    if (h->state == HOLD_CLEAN) {
        c->clean_ms = to_wall(env, h->state_since_ms);
    }
    c->ended_ms = hold_state_is_end(state) ? env->wall : 0;
    take_first(&h->blockers, &c->blockers, &c->n_blockers);
    take_first(&h->waiters, &c->waiters, &c->n_waiters);
}

void
guard_note_ended(struct guard *g, const struct hold *h, enum hold_state end,
                 const struct guard_env *env)
{
    if (!g->ended) {
        g->ended = xmalloc(OVERVIEW_ENDED * sizeof *g->ended);
    }
    if (g->n_ended == OVERVIEW_ENDED) {
        hold_course_destroy(&g->ended[--g->n_ended]);
    }
    memmove(&g->ended[1], &g->ended[0], g->n_ended * sizeof *g->ended);
    guard_trace_hold(g, h, end, env, &g->ended[0]);
    g->n_ended++;
}

void
guard_forget_ended(struct guard *g)
{
    for (size_t i = 0; i < g->n_ended; i++) {
        hold_course_destroy(&g->ended[i]);
    }
    free(g->ended);
    g->ended = NULL;
    g->n_ended = 0;
}

static void
clone_course(struct hold_course *dst, const struct hold_course *src)
{
    *dst = *src;
    dst->network = xstrdup(src->network);
    dst->address = xstrdup(src->address);
    dst->case_ = xstrdup(src->case_);
    dst->reason = xstrdup(src->reason);
    dst->owner = xstrdup(src->owner);
    dst->former = xstrdup(src->former);
    dst->taker = xstrdup(src->taker);
    svec_clone(&dst->blockers, &src->blockers);
    svec_clone(&dst->waiters, &src->waiters);
}

/* ---- All holds. ---- */

/* Is 'a' more worth looking at than 'b'? */
static bool
comes_before(const struct hold *a, const struct hold *b)
{
    if ((a->state == HOLD_BLOCKED) != (b->state == HOLD_BLOCKED)) {
        return a->state == HOLD_BLOCKED;
    } else if (a->created_wall_ms != b->created_wall_ms) {
        return a->created_wall_ms < b->created_wall_ms;
    }
    return uuid_compare_3way(&a->uuid, &b->uuid) < 0;
}

/* Of very many holds only the few that are shown are sorted. */
static void
take_holds(const struct guard *g, const struct guard_env *env,
           struct overview *o)
{
    const struct hold *first[OVERVIEW_HOLDS];
    const struct hold *h;
    size_t n = 0;

    HMAP_FOR_EACH (h, node, &g->holds.holds) {
        size_t i;

        o->n_by_state[h->state]++;
        if (n == OVERVIEW_HOLDS && !comes_before(h, first[n - 1])) {
            continue;
        }
        n += n < OVERVIEW_HOLDS;
        for (i = n - 1; i > 0 && comes_before(h, first[i - 1]); i--) {
            first[i] = first[i - 1];
        }
        first[i] = h;
    }
    o->n_all_holds = hold_table_count(&g->holds);
    o->n_holds = n;
    o->holds = xmalloc(MAX(n, 1) * sizeof *o->holds);
    for (size_t i = 0; i < n; i++) {
        guard_trace_hold(g, first[i], first[i]->state, env, &o->holds[i]);
    }
}

static void
take_ended(const struct guard *g, struct overview *o)
{
    o->n_ended = g->n_ended;
    o->ended = xmalloc(MAX(g->n_ended, 1) * sizeof *o->ended);
    for (size_t i = 0; i < g->n_ended; i++) {
        clone_course(&o->ended[i], &g->ended[i]);
    }
}

/* ---- Lines. ---- */

static void
append_line(struct overview_lines *lines, const char *what,
            const char *network, const char *text, long long int since_ms)
{
    struct overview_line *line;

    if (!lines->lines) {
        lines->lines = xmalloc(OVERVIEW_LINES * sizeof *lines->lines);
    }
    line = &lines->lines[lines->n++];
    line->what = xstrdup(what);
    line->network = xstrdup(network);
    line->text = xstrdup(text);
    line->since_ms = since_ms;
}

static void
line_destroy(struct overview_line *line)
{
    free(line->what);
    free(line->network);
    free(line->text);
}

static int
compare_lines(const void *a_, const void *b_)
{
    const struct overview_line *a = a_;
    const struct overview_line *b = b_;
    int cmp = strcmp(a->network, b->network);

    cmp = cmp ? cmp : strcmp(a->what, b->what);
    return cmp ? cmp : strcmp(a->text, b->text);
}

/* Is 'a' more worth a line than 'b'?  What is so for the longest time is; with
 * the name to decide it is the same lines each time, and those that come later
 * do not push others off the page. */
static bool
line_comes_before(const struct overview_line *a, const struct overview_line *b)
{
    if (a->since_ms != b->since_ms) {
        return a->since_ms && (!b->since_ms || a->since_ms < b->since_ms);
    }
    return compare_lines(a, b) < 0;
}

/* Adds a line if it is among the first, which are in order. */
static void
add_line(struct overview_lines *lines, const char *what, const char *network,
         const char *text, long long int since_ms)
{
    struct overview_line line = {
        .what = CONST_CAST(char *, what),
        .network = CONST_CAST(char *, network),
        .text = CONST_CAST(char *, text),
        .since_ms = since_ms,
    };

    if (lines->n == OVERVIEW_LINES) {
        if (!line_comes_before(&line, &lines->lines[lines->n - 1])) {
            return;
        }
        line_destroy(&lines->lines[--lines->n]);
    }
    append_line(lines, what, network, text, since_ms);
    line = lines->lines[lines->n - 1];
    for (size_t i = lines->n - 1;
         i > 0 && line_comes_before(&line, &lines->lines[i - 1]); i--) {
        lines->lines[i] = lines->lines[i - 1];
        lines->lines[i - 1] = line;
    }
}

static void
sort_lines(struct overview_lines *lines)
{
    if (lines->n) {
        qsort(lines->lines, lines->n, sizeof *lines->lines, compare_lines);
    }
}

/* Ports whose address cannot be set yet, in mode manage, and those that wait
 * for theirs behind a gate. */
static void
take_waiters(const struct guard *g, const struct guard_env *env,
             struct overview_lines *lines)
{
    const struct gate *gate;
    const struct want *w;

    lines->n_all = hmap_count(&g->gates) + hmap_count(&g->wants);
    HMAP_FOR_EACH (gate, node, &g->gates) {
        add_line(lines, gate->port_name, gate->network_name, gate->reason,
                 gate->since_wall_ms);
    }
    LIST_FOR_EACH (w, list_node, &g->wants_waiting) {
        const struct port *p = model_find_port(&g->model, &w->port);

        if (p) {
            add_line(lines, p->name, p->network ? p->network->name : "",
                     w->why ? w->why : "", to_wall(env, w->since_ms));
        }
    }
    sort_lines(lines);
}

static void
take_gates(const struct guard *g, struct overview_lines *lines)
{
    const struct gate *gate;

    lines->n_all = hmap_count(&g->gates);
    HMAP_FOR_EACH (gate, node, &g->gates) {
        add_line(lines, gate->port_name, gate->network_name, gate->reason,
                 gate->since_wall_ms);
    }
    sort_lines(lines);
}

static void
take_duplicates(const struct guard *g, const struct guard_env *env,
                struct overview_lines *lines)
{
    const struct duplicate *d;

    lines->n_all = hmap_count(&g->duplicates);
    HMAP_FOR_EACH (d, node, &g->duplicates) {
        char ip[IP_ADDR_STRLEN];

        add_line(lines, ip_addr_to_string(&d->addr, ip), d->network_name,
                 d->text, to_wall(env, d->since_ms));
    }
    sort_lines(lines);
}

static void
take_actions(const struct guard *g, struct overview_lines *lines)
{
    lines->n_all = g->n_last_actions;
    for (size_t i = g->n_last_actions; i-- > 0; ) {
        append_line(lines, "", "", g->last_actions[i].text,
                    g->last_actions[i].wall_ms);
    }
}

void
guard_count_addresses(const struct guard *g, struct address_counts *n)
{
    const struct candidate *c;

    memset(n, 0, sizeof *n);
    HMAP_FOR_EACH (c, node, &g->candidates) {
        switch (c->kind) {
        case VERDICT_FINE:
            break;
        case VERDICT_REPORT:
            n->n_reported++;
            break;
        case VERDICT_WAIT:
            n->n_unsure++;
            break;
        case VERDICT_MOVING:
            n->n_moving++;
            break;
        case VERDICT_CLEAR:
            n->n_stale++;
            break;
        }
    }
    n->n_waiters = hmap_count(&g->wants) + hmap_count(&g->gates);
}

void
guard_overview(const struct guard *g, const struct guard_env *env,
               struct overview *o)
{
    memset(o, 0, sizeof *o);
    take_holds(g, env, o);
    take_ended(g, o);
    take_waiters(g, env, &o->waiters);
    take_gates(g, &o->gates);
    take_duplicates(g, env, &o->duplicates);
    take_actions(g, &o->actions);
    guard_count_addresses(g, &o->counts);
}

static void
lines_destroy(struct overview_lines *lines)
{
    for (size_t i = 0; i < lines->n; i++) {
        line_destroy(&lines->lines[i]);
    }
    free(lines->lines);
}

void
overview_destroy(struct overview *o)
{
    for (size_t i = 0; i < o->n_holds; i++) {
        hold_course_destroy(&o->holds[i]);
    }
    free(o->holds);
    for (size_t i = 0; i < o->n_ended; i++) {
        hold_course_destroy(&o->ended[i]);
    }
    free(o->ended);
    lines_destroy(&o->waiters);
    lines_destroy(&o->gates);
    lines_destroy(&o->duplicates);
    lines_destroy(&o->actions);
}
