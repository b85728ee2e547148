/* SPDX-License-Identifier: Apache-2.0 */

/* What people read: gates, what was done last, and what keeps the program from
 * doing more.  Holds, the plan, and ports and addresses one by one have files
 * of their own.  All of it is always in the same order. */

#include <config.h>

#include "guard-private.h"

#include <time.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "util.h"

void
guard_put_age(struct ds *ds, long long int ms)
{
    ms = MAX(ms, 0);
    if (ms < 10000) {
        ds_put_format(ds, "%lld.%lld s", ms / 1000, ms % 1000 / 100);
    } else if (ms < 600000) {
        ds_put_format(ds, "%lld s", ms / 1000);
    } else if (ms < 36000000) {
        ds_put_format(ds, "%lld min", ms / 60000);
    } else {
        ds_put_format(ds, "%lld h", ms / 3600000);
    }
}

void
guard_put_set(struct ds *ds, const char *indent, const char *what,
              const struct sset *set)
{
    const char **names = sset_sort(set);

    for (size_t i = 0; names[i]; i++) {
        ds_put_format(ds, "%s%s%s\n", indent, what, names[i]);
    }
    free(names);
}

static int
compare_gates(const void *a_, const void *b_)
{
    const struct gate *const *a = a_;
    const struct gate *const *b = b_;

    return strcmp((*a)->port_name, (*b)->port_name);
}

void
guard_format_gates(const struct guard *g, const struct guard_env *env,
                   struct ds *ds)
{
    size_t n = 0;
    const struct gate **gates = xmalloc(MAX(hmap_count(&g->gates), 1)
                                        * sizeof *gates);
    const struct gate *gate;

    HMAP_FOR_EACH (gate, node, &g->gates) {
        gates[n++] = gate;
    }
    qsort(gates, n, sizeof *gates, compare_gates);
    for (size_t i = 0; i < n; i++) {
        ds_put_format(ds, "%s: %s, since ", gates[i]->port_name,
                      gates[i]->closing ? "being shut" : "shut");
        guard_put_age(ds, env->wall - gates[i]->since_wall_ms);
        ds_put_format(ds, ": %s\n", gates[i]->reason);
    }
    free(gates);
}

static void
put_wall(struct ds *ds, long long int wall_ms)
{
    time_t sec = wall_ms / 1000;
    struct tm tm;
    char buf[32];

    gmtime_r(&sec, &tm);
    strftime(buf, sizeof buf, "%Y-%m-%dT%H:%M:%S", &tm);
    ds_put_format(ds, "%s.%03lldZ", buf, wall_ms % 1000);
}

void
guard_format_last_actions(const struct guard *g, const struct guard_env *env,
                          struct ds *ds)
{
    (void) env;
    for (size_t i = 0; i < g->n_last_actions; i++) {
        put_wall(ds, g->last_actions[i].wall_ms);
        ds_put_format(ds, " %s\n", g->last_actions[i].text);
    }
}

void
guard_format_safety(const struct guard *g, struct ds *ds)
{
    const struct safety *s = &g->safety;

    ds_put_format(ds, "mode: %s", guard_mode_to_string(g->mode));
    if (g->mode != g->settings.mode) {
        ds_put_format(ds, " (ceiling %s)",
                      guard_mode_to_string(g->settings.mode));
    }
    ds_put_format(ds, "\nstate: %s%s%s%s\n",
                  g->role == ROLE_ACTIVE ? "active"
                  : g->role == ROLE_STANDBY ? "standby" : "observer",
                  g->paused ? ", paused" : "",
                  s->frozen ? ", frozen" : "",
                  s->brake ? ", brake on" : "");
    guard_format_dialect(g, ds);
    if (s->frozen) {
        ds_put_format(ds, "frozen: %s; \"thaw\" ends it\n", s->frozen);
    }
    if (s->brake) {
        ds_put_format(ds, "brake: %s; \"brake/rearm\" ends it\n", s->brake);
    }
    if (g->role == ROLE_ACTIVE && !g->loaded) {
        ds_put_cstr(ds, "starting: the own database is not read yet\n");
    } else if (g->role == ROLE_ACTIVE && !g->started) {
        ds_put_cstr(ds, "starting: waiting for the Northbound copy\n");
    }
    if (g->nb_error) {
        ds_put_format(ds, "Northbound refuses writes: %s\n", g->nb_error);
    }
    if (g->store_error) {
        ds_put_format(ds, "own database refuses writes: %s\n",
                      g->store_error);
    }
}
