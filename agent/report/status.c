/* SPDX-License-Identifier: Apache-2.0 */

/* The status text.  Its labels at the start of lines are documented in
 * ovn-ipguard(8) and stay as they are; what follows them is for people.  What
 * is only sometimes so (frozen, brake, problems) is said only then, so that a
 * script can look for the word. */

#include <config.h>

#include "report.h"

#include <inttypes.h>
#include <string.h>

#include "openvswitch/hmap.h"
#include "util.h"

#include "agent/core/guard.h"
#include "agent/core/hold.h"
#include "agent/core/model.h"

/* More lines than this of one kind are left to the command that lists them
 * all: the status is one screen. */
#define MAX_HOLD_LINES 16
#define MAX_LINES 8

void
report_init(struct report *r)
{
    memset(r, 0, sizeof *r);
    ds_init(&r->pods.problems);
    ds_init(&r->api.problems);
}

void
report_destroy(struct report *r)
{
    ds_destroy(&r->pods.problems);
    ds_destroy(&r->api.problems);
}

void
report_format_duration(struct ds *ds, long long int ms)
{
    long long int s = ms / 1000;

    if (ms < 1000) {
        ds_put_format(ds, "%lld ms", MAX(ms, 0));
    } else if (s < 60) {
        ds_put_format(ds, "%lld s", s);
    } else if (s < 60 * 60) {
        ds_put_format(ds, "%lld min %lld s", s / 60, s % 60);
    } else if (s < 24 * 60 * 60) {
        ds_put_format(ds, "%lld h %lld min", s / 3600, s / 60 % 60);
    } else {
        ds_put_format(ds, "%lld d %lld h", s / 86400, s / 3600 % 24);
    }
}

static void
format_ago(struct ds *ds, long long int then, long long int now)
{
    if (then) {
        report_format_duration(ds, now - then);
        ds_put_cstr(ds, " ago");
    } else {
        ds_put_cstr(ds, "never");
    }
}

/* Appends e.g. "1 port" or "2 ports". */
static void
format_count(struct ds *ds, uint64_t n, const char *what)
{
    size_t len = strlen(what);

    ds_put_format(ds, "%"PRIu64" %s%s", n, what,
                  n == 1 ? "" : what[len - 1] == 's' ? "es" : "s");
}

/* Says why this instance is not the active one: the first database, in the
 * order in which locks are taken, whose lock is not held. */
static void
format_standby_reason(const struct report *r, struct ds *ds)
{
    static const int order[] = { REPORT_OWN, REPORT_NB, REPORT_SB };

    for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
        const struct report_db *db = &r->dbs[order[i]];

        if (!db->remote || db->has_lock) {
            continue;
        }
        ds_put_cstr(ds, "standby: ");
        if (db->error) {
            ds_put_format(ds, "%s database: %s\n", db->label, db->error);
        } else if (!db->connected) {
            ds_put_format(ds, "%s database is not connected\n", db->label);
        } else if (db->lock_contended) {
            ds_put_format(ds, "another instance holds the lock %s\n",
                          db->lock);
        } else {
            ds_put_format(ds, "waiting for the lock %s\n", db->lock);
        }
        return;
    }
}

/* Appends the first 'max' lines of 'list', indented, and says how many there
 * are more and which command shows them.  Destroys 'list'. */
static void
format_first_lines(struct ds *list, size_t max, const char *command,
                   struct ds *ds)
{
    const char *p = ds_cstr(list);
    size_t n = 0, n_more = 0;

    for (; *p; p += strcspn(p, "\n"), p += *p == '\n') {
        if (n < max) {
            ds_put_format(ds, "  %.*s\n", (int) strcspn(p, "\n"), p);
            n++;
        } else {
            n_more++;
        }
    }
    if (n_more) {
        ds_put_format(ds, "  (%"PRIuSIZE" more lines: see %s)\n", n_more,
                      command);
    }
    ds_destroy(list);
}

static void
format_lock(const struct report_db *db, struct ds *ds)
{
    if (db->has_lock) {
        ds_put_cstr(ds, ", lock held");
    } else if (db->lock_contended) {
        ds_put_cstr(ds, ", lock held by another instance");
    } else if (db->lock_wanted) {
        ds_put_cstr(ds, ", lock asked for");
    }
}

static void
format_db(const struct report_db *db, long long int now, struct ds *ds)
{
    if (!db->remote) {
        ds_put_format(ds, "  %s: none\n", db->label);
        return;
    }
    ds_put_format(ds, "  %s: %s, %s%s", db->label, db->remote,
                  db->connected ? "connected" : "not connected",
                  db->synced ? ", synced" : ", not synced");
    format_lock(db, ds);
    ds_put_cstr(ds, "\n    ");
    format_count(ds, db->n_changes, "update");
    ds_put_cstr(ds, ", last change ");
    format_ago(ds, db->last_change_ms, now);
    ds_put_char(ds, '\n');
    if (db->error) {
        ds_put_format(ds, "    cannot be used: %s\n", db->error);
    }
    if (db->missing && db->missing[0]) {
        ds_put_format(ds, "    lacks optional columns: %s\n", db->missing);
    }
    if (db->remark) {
        ds_put_format(ds, "    %s\n", db->remark);
    }
}

static void
format_nb_counts(const struct model *m, struct ds *ds)
{
    ds_put_cstr(ds, "    ");
    format_count(ds, hmap_count(&m->networks), "network");
    ds_put_cstr(ds, ", ");
    format_count(ds, hmap_count(&m->ports), "port");
    ds_put_format(ds, " (%"PRIuSIZE" proven to be of pods), nb_cfg %"PRId64
                  "\n", m->n_owned_ports, m->nb_cfg);
}

static void
format_sb_counts(const struct model *m, const struct sb_watch *watch,
                 struct ds *ds)
{
    ds_put_cstr(ds, "    watching ");
    format_count(ds, sset_count(&watch->ports), "port");
    ds_put_cstr(ds, " and ");
    format_count(ds, sset_count(&watch->addresses), "MAC_Binding address");
    ds_put_format(ds, "%s, nb_cfg %"PRId64"\n",
                  watch->seqno == m->sb_watch_acked ? ""
                  : ", not yet confirmed by the server", m->sb_nb_cfg);
}

static void
format_pods(const struct report *r, struct ds *ds)
{
    const struct report_pods *p = &r->pods;

    if (!p->n_paths) {
        if (!r->api.used) {
            ds_put_cstr(ds, "  pods: none (no --pods)\n");
        }
        return;
    }
    ds_put_cstr(ds, "  pods: ");
    format_count(ds, p->n_files, "manifest file");
    ds_put_format(ds, ", %s, last change ",
                  !p->synced ? "not synced"
                  : p->trusted ? "synced" : "synced, not trusted");
    format_ago(ds, p->last_change_ms, r->env->now);
    ds_put_cstr(ds, "\n    ");
    format_count(ds, p->n_pods, "pod");
    ds_put_cstr(ds, ", ");
    format_count(ds, p->n_workloads, "owner");
    ds_put_cstr(ds, ", ");
    format_count(ds, p->n_ignored, "other object");
    ds_put_format(ds, " ignored, dialect %s\n", r->dialect);
}

static void
format_api(const struct report *r, struct ds *ds)
{
    const struct report_api *api = &r->api;

    if (!api->used) {
        return;
    }
    ds_put_format(ds, "  API server: %s, ",
                  !api->synced ? "not synced"
                  : api->trusted ? "synced" : "synced, not trusted");
    format_count(ds, api->n_pods, "pod");
    ds_put_cstr(ds, ", ");
    format_count(ds, api->n_workloads, "owner");
    ds_put_format(ds, ", dialect %s\n", r->dialect);
}

static void
format_problems(const struct report *r, struct ds *ds)
{
    struct ds list = DS_EMPTY_INITIALIZER;

    if (r->api.problems.length) {
        struct ds api = DS_EMPTY_INITIALIZER;

        ds_put_cstr(ds, "problems with the API server:\n");
        ds_put_cstr(&api, ds_cstr_ro(&r->api.problems));
        format_first_lines(&api, MAX_LINES, "kube/show", ds);
    }
    if (r->pods.n_problems) {
        ds_put_cstr(ds, "problems with manifests:\n");
    }
    ds_put_cstr(&list, ds_cstr_ro(&r->pods.problems));
    format_first_lines(&list, MAX_LINES, "manifest/problems", ds);
}

static void
format_sources(const struct report *r, struct ds *ds)
{
    const struct model *m = guard_model_const(r->guard);

    ds_put_cstr(ds, "sources:\n");
    format_db(&r->dbs[REPORT_NB], r->env->now, ds);
    format_nb_counts(m, ds);
    format_db(&r->dbs[REPORT_SB], r->env->now, ds);
    format_sb_counts(m, guard_sb_watch(r->guard), ds);
    format_db(&r->dbs[REPORT_OWN], r->env->now, ds);
    format_pods(r, ds);
    format_api(r, ds);
}

static void
format_holds(const struct report *r, struct ds *ds)
{
    struct ds list = DS_EMPTY_INITIALIZER;
    const struct hold_table *holds = guard_holds(r->guard);
    size_t counts[HOLD_N_STATES] = { 0 };
    size_t n = hold_table_count(holds);
    const char *separator = " (";
    struct hold *h;

    ds_put_format(ds, "holds: %"PRIuSIZE, n);
    HMAP_FOR_EACH (h, node, &holds->holds) {
        counts[h->state]++;
    }
    for (size_t i = 0; i < HOLD_N_STATES; i++) {
        if (counts[i]) {
            ds_put_format(ds, "%s%"PRIuSIZE" %s", separator, counts[i],
                          hold_state_to_string(i));
            separator = ", ";
        }
    }
    if (!n) {
        ds_put_char(ds, '\n');
        return;
    }
    ds_put_cstr(ds, ")\n");
    /* Each has a line at least. */
    guard_format_holds(r->guard, r->env, MAX_HOLD_LINES, &list);
    format_first_lines(&list, MAX_HOLD_LINES, "hold/list", ds);
    if (n > MAX_HOLD_LINES) {
        ds_put_format(ds, "  (%"PRIuSIZE" more holds: see hold/list)\n",
                      n - MAX_HOLD_LINES);
    }
}

static void
format_gates(const struct report *r, struct ds *ds)
{
    struct ds list = DS_EMPTY_INITIALIZER;

    ds_put_format(ds, "gates: %"PRIuSIZE"\n",
                  hmap_count(guard_gates(r->guard)));
    guard_format_gates(r->guard, r->env, &list);
    format_first_lines(&list, MAX_LINES, "gate/list", ds);
}

static void
format_findings(const struct report *r, struct ds *ds)
{
    struct ds list = DS_EMPTY_INITIALIZER;

    guard_format_findings(r->guard, r->env, &list);
    if (list.length) {
        ds_put_cstr(ds, "findings:\n");
    }
    format_first_lines(&list, MAX_LINES, "audit/show", ds);
}

static void
format_last_actions(const struct report *r, struct ds *ds)
{
    struct ds list = DS_EMPTY_INITIALIZER;

    guard_format_last_actions(r->guard, r->env, &list);
    if (list.length) {
        ds_put_cstr(ds, "last actions:\n");
    }
    format_first_lines(&list, SIZE_MAX, "", ds);
}

void
report_format_status(const struct report *r, struct ds *ds)
{
    ds_put_format(ds, "ovn-ipguard %s, instance %s, up ",
                  r->version, r->instance);
    report_format_duration(ds, r->uptime_ms);
    ds_put_char(ds, '\n');
    guard_format_safety(r->guard, ds);
    if (guard_get_role(r->guard) == ROLE_STANDBY) {
        format_standby_reason(r, ds);
    }
    format_sources(r, ds);
    format_problems(r, ds);
    format_holds(r, ds);
    format_gates(r, ds);
    format_findings(r, ds);
    format_last_actions(r, ds);
}
