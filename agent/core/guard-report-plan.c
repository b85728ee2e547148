/* SPDX-License-Identifier: Apache-2.0 */

/* What people read of what is wrong: what is found and left to them, and what
 * is about to be done. */

#include <config.h>

#include "guard-private.h"

#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "util.h"
#include "uuid.h"

static const char *
candidate_state_text(const struct candidate *c)
{
    switch (c->state) {
    case CAND_WATCH: return "watched";
    case CAND_INTENT: return "its hold is being stored";
    case CAND_READ: return "live read under way";
    case CAND_GO: return "about to be written";
    case CAND_SENT: return "being written";
    case CAND_RELEASE: return "its IP object is being deleted";
    }
    OVS_NOT_REACHED();
}

static void
put_candidate(const struct candidate *c, const struct guard_env *env,
              struct ds *ds)
{
    char ip[IP_ADDR_STRLEN];
    long long int due = MAX(c->since_ms + c->settle_ms, c->not_before_ms);

    ds_put_format(ds, "%s: %s: ", c->port_name,
                  ip_addr_to_string(&c->addr, ip));
    switch (c->kind) {
    case VERDICT_CLEAR:
        if (c->state == CAND_WATCH && env->now < due) {
            ds_put_cstr(ds, "stale, clear in ");
            guard_put_age(ds, due - env->now);
        } else if (c->refused) {
            ds_put_format(ds, "stale, would be cleared, but %s", c->refused);
        } else {
            ds_put_format(ds, "stale, to be cleared (%s)",
                          candidate_state_text(c));
        }
        break;
    case VERDICT_WAIT:
        ds_put_cstr(ds, "looks stale, waiting");
        break;
    case VERDICT_MOVING:
        ds_put_cstr(ds, "moving");
        break;
    case VERDICT_REPORT:
        ds_put_cstr(ds, "stays");
        break;
    case VERDICT_FINE:
        ds_put_cstr(ds, "fine");
        break;
    }
    ds_put_format(ds, " (case %s: %s)\n", c->case_, c->why);
}

static int
compare_duplicates(const void *a_, const void *b_)
{
    const struct duplicate *const *a = a_;
    const struct duplicate *const *b = b_;
    int cmp = strcmp((*a)->network_name, (*b)->network_name);

    return cmp ? cmp : ip_addr_compare(&(*a)->addr, &(*b)->addr);
}

static void
put_duplicates(const struct guard *g, struct ds *ds)
{
    const struct duplicate **array;
    const struct duplicate *d;
    size_t n = 0;

    array = xmalloc(MAX(hmap_count(&g->duplicates), 1) * sizeof *array);
    HMAP_FOR_EACH (d, node, &g->duplicates) {
        array[n++] = d;
    }
    qsort(array, n, sizeof *array, compare_duplicates);
    for (size_t i = 0; i < n; i++) {
        char ip[IP_ADDR_STRLEN];
        ds_put_format(ds, "%s on %s: duplicate: %s\n",
                      ip_addr_to_string(&array[i]->addr, ip),
                      array[i]->network_name, array[i]->text);
    }
    free(array);
}

static void
add_gateway_finding(void *lines, const struct port *p,
                    const struct ip_addr *addr, const char *what)
{
    char ip[IP_ADDR_STRLEN];
    char *line = xasprintf("%s on %s: on port %s, but %s",
                           ip_addr_to_string(addr, ip), p->network->name,
                           p->name, what);

    sset_add(lines, line);
    free(line);
}

void
guard_format_findings(const struct guard *g, const struct guard_env *env,
                      struct ds *ds)
{
    size_t n;
    const struct candidate **array = guard_sorted_candidates(g, &n);

    for (size_t i = 0; i < n; i++) {
        if (array[i]->kind == VERDICT_REPORT
            || array[i]->kind == VERDICT_MOVING) {
            put_candidate(array[i], env, ds);
        }
    }
    free(array);
    put_duplicates(g, ds);
    guard_put_set(ds, "", "", &g->cycles);

    struct sset leaks = SSET_INITIALIZER(&leaks);
    guard_find_on_gateways(g, NULL, add_gateway_finding, &leaks);
    guard_add_ipam_findings(g, &leaks);
    guard_add_hazard_findings(g, &leaks);
    guard_put_set(ds, "", "", &leaks);
    sset_destroy(&leaks);
}

void
guard_format_plan(const struct guard *g, const struct guard_env *env,
                  struct ds *ds)
{
    const char *refusal = guard_write_refusal(g, env, true);
    const struct candidate **array;
    struct svec lines = SVEC_EMPTY_INITIALIZER;
    const struct want *w;
    size_t n;

    array = guard_sorted_candidates(g, &n);
    ds_put_format(ds, "plan: %s\n", refusal ? refusal : "being carried out");
    for (size_t i = 0; i < n; i++) {
        if (array[i]->kind == VERDICT_CLEAR
            || array[i]->kind == VERDICT_WAIT) {
            put_candidate(array[i], env, ds);
        }
    }
    free(array);
    HMAP_FOR_EACH (w, node, &g->wants) {
        const struct port *p = model_find_port(&g->model, &w->port);
        struct entitlement e;

        if (!p || !p->member) {
            continue;
        }
        judge_entitlement(&g->model, g->mode, p, &e);
        svec_add_nocopy(&lines, xasprintf("%s: to be set (case H: %s)%s%s",
                                          p->name, e.why,
                                          w->why ? "; waits: " : "",
                                          w->why ? w->why : ""));
        entitlement_destroy(&e);
    }
    svec_sort(&lines);
    for (size_t i = 0; i < lines.n; i++) {
        ds_put_format(ds, "%s\n", lines.names[i]);
    }
    if (!n && !lines.n) {
        ds_put_cstr(ds, "nothing to do\n");
    }
    svec_destroy(&lines);
}
