/* SPDX-License-Identifier: Apache-2.0 */

/* The metrics, in Prometheus' text format or in OpenMetrics.  The two differ
 * in how a counter's family is called, in units, which only the latter has,
 * and in the end; names, labels and values are the same.  Every name is in
 * ovn-ipguard(8); no label has more values than there are kinds of things. */

#include <config.h>

#include "report.h"

#include <inttypes.h>
#include <string.h>

#include "openvswitch/hmap.h"
#include "util.h"

#include "agent/core/guard.h"
#include "agent/core/hold.h"
#include "agent/core/model.h"
#include "agent/core/overview.h"
#include "agent/core/settings.h"
#include "agent/core/step-times.h"

#define PREFIX "ovn_ipguard_"

struct writer {
    struct ds *ds;
    bool open_metrics;
};

/* Begins a family of 'type'; samples of a counter are called NAME_total. */
static void
put_family(struct writer *w, const char *name, const char *type,
           const char *help)
{
    bool total = !strcmp(type, "counter") && !w->open_metrics;

    ds_put_format(w->ds, "# HELP "PREFIX"%s%s %s\n", name,
                  total ? "_total" : "", help);
    ds_put_format(w->ds, "# TYPE "PREFIX"%s%s %s\n", name,
                  total ? "_total" : "", type);
    if (w->open_metrics) {
        static const char *const units[] = { "seconds", "bytes" };

        for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
            size_t len = strlen(name), unit_len = strlen(units[i]);

            if (len > unit_len && name[len - unit_len - 1] == '_'
                && !strcmp(name + len - unit_len, units[i])) {
                ds_put_format(w->ds, "# UNIT "PREFIX"%s %s\n", name,
                              units[i]);
            }
        }
    }
}

/* To the last digit of whatever is counted here: a sum that is rounded stands
 * still, and then jumps. */
#define NUMBER "%.15g"

static void
put_gauge(struct writer *w, const char *name, const char *help, double value)
{
    put_family(w, name, "gauge", help);
    ds_put_format(w->ds, PREFIX"%s "NUMBER"\n", name, value);
}

static void
put_counter(struct writer *w, const char *name, const char *help,
            uint64_t value)
{
    put_family(w, name, "counter", help);
    ds_put_format(w->ds, PREFIX"%s_total %"PRIu64"\n", name, value);
}

static void
put_sample(struct writer *w, const char *name, const char *label,
           const char *value, double sample)
{
    ds_put_format(w->ds, PREFIX"%s{%s=\"%s\"} "NUMBER"\n", name, label, value,
                  sample);
}

/* Appends a label's value with what must not stand in it escaped. */
static void
put_quoted(struct ds *ds, const char *s)
{
    ds_put_char(ds, '"');
    for (; *s; s++) {
        if (*s == '\n') {
            ds_put_cstr(ds, "\\n");
        } else {
            if (*s == '"' || *s == '\\') {
                ds_put_char(ds, '\\');
            }
            ds_put_char(ds, *s);
        }
    }
    ds_put_char(ds, '"');
}

/* ---- The instance. ---- */

static void
put_instance(struct writer *w, const struct report *r)
{
    enum guard_role role = guard_get_role(r->guard);
    enum guard_mode mode = guard_effective_mode(r->guard);

    put_family(w, "build_info", "gauge", "Always 1; what is running.");
    ds_put_cstr(w->ds, PREFIX"build_info{version=");
    put_quoted(w->ds, r->version);
    ds_put_cstr(w->ds, ",dialect=");
    put_quoted(w->ds, r->dialect ? r->dialect : "");
    ds_put_cstr(w->ds, "} 1\n");

    put_family(w, "mode", "gauge", "1 for the mode in force.");
    for (int i = MODE_OBSERVE; i <= MODE_MANAGE; i++) {
        put_sample(w, "mode", "mode", guard_mode_to_string(i), mode == i);
    }
    put_gauge(w, "active", "1 if this instance is the active one.",
              role == ROLE_ACTIVE);
    put_gauge(w, "frozen", "1 if nothing is written but gate openings.",
              guard_frozen(r->guard) != NULL);
    put_gauge(w, "brake", "1 if the brake is on.",
              guard_brake(r->guard) != NULL);
    put_gauge(w, "paused", "1 between the control commands pause and resume.",
              r->env->paused);
    put_gauge(w, "uptime_seconds", "Time since the start.",
              r->uptime_ms / 1000.0);
    put_gauge(w, "resident_memory_bytes", "Memory in use.", r->rss_bytes);
}

static void
put_loop(struct writer *w, const struct report *r)
{
    put_counter(w, "loop_turns", "Turns of the main loop.", r->loop_turns);
    put_gauge(w, "loop_max_seconds", "Longest turn of the main loop.",
              r->loop_max_ms / 1000.0);
    put_gauge(w, "loop_p95_seconds",
              "95th percentile of the latest turns of the main loop.",
              r->loop_p95_ms / 1000.0);
}

/* ---- Sources. ---- */

static void
put_sources(struct writer *w, const struct report *r)
{
    put_family(w, "source_synced", "gauge",
               "1 if all content of a source was read and is current.");
    for (size_t i = 0; i < REPORT_N_DBS; i++) {
        if (r->dbs[i].remote) {
            put_sample(w, "source_synced", "source", r->dbs[i].label,
                       r->dbs[i].synced && !r->dbs[i].error);
        }
    }
    if (r->pods.n_paths) {
        put_sample(w, "source_synced", "source", "manifests",
                   r->pods.synced && r->pods.trusted);
    }
    if (r->api.used) {
        put_sample(w, "source_synced", "source", "api",
                   r->api.synced && r->api.trusted);
    }

    put_family(w, "source_age_seconds", "gauge",
               "Time since a source last told a change.");
    for (size_t i = 0; i < REPORT_N_DBS; i++) {
        if (r->dbs[i].remote && r->dbs[i].last_change_ms) {
            put_sample(w, "source_age_seconds", "source", r->dbs[i].label,
                       (r->env->now - r->dbs[i].last_change_ms) / 1000.0);
        }
    }
    if (r->pods.last_change_ms) {
        put_sample(w, "source_age_seconds", "source", "manifests",
                   (r->env->now - r->pods.last_change_ms) / 1000.0);
    }
    if (r->api.last_change_ms) {
        put_sample(w, "source_age_seconds", "source", "api",
                   (r->env->now - r->api.last_change_ms) / 1000.0);
    }

    put_family(w, "lock_held", "gauge", "1 if a database's lock is held.");
    for (size_t i = 0; i < REPORT_N_DBS; i++) {
        if (r->dbs[i].remote) {
            put_sample(w, "lock_held", "source", r->dbs[i].label,
                       r->dbs[i].has_lock);
        }
    }
}

static void
put_model(struct writer *w, const struct report *r)
{
    const struct model *m = guard_model_const(r->guard);
    struct address_counts counts;

    put_family(w, "ports", "gauge",
               "Logical switch ports, proven to be a pod's or not.");
    put_sample(w, "ports", "kind", "pod", m->n_owned_ports);
    put_sample(w, "ports", "kind", "other",
               hmap_count(&m->ports) - m->n_owned_ports);
    guard_count_addresses(r->guard, &counts);
    put_family(w, "addresses", "gauge",
               "Addresses on ports of which there is something to say.");
    put_sample(w, "addresses", "state", "stale", counts.n_stale);
    put_sample(w, "addresses", "state", "unsure", counts.n_unsure);
    put_sample(w, "addresses", "state", "moving", counts.n_moving);
    put_sample(w, "addresses", "state", "reported", counts.n_reported);
    put_gauge(w, "waiters", "Ports that wait for their address.",
              counts.n_waiters);
    put_gauge(w, "pods", "Pods that are known.", m->n_pods);
    put_gauge(w, "manifest_problems", "Problems with manifest files.",
              r->pods.n_problems);
}

/* ---- Holds and gates. ---- */

static void
put_holds(struct writer *w, const struct report *r)
{
    size_t n[HOLD_N_STATES] = { 0 };
    long long int oldest[HOLD_N_STATES] = { 0 };
    struct {
        const char *name;
        long long int ms;
        size_t n;
    } ages[] = {
        { "1m", 60 * 1000, 0 },
        { "10m", 10 * 60 * 1000, 0 },
        { "1h", 60 * 60 * 1000, 0 },
        { "1d", 24 * 60 * 60 * 1000, 0 },
    };
    const struct hold *h;

    HMAP_FOR_EACH (h, node, &guard_holds(r->guard)->holds) {
        long long int age_ms = r->env->wall - h->created_wall_ms;

        n[h->state]++;
        oldest[h->state] = MAX(oldest[h->state], age_ms);
        for (size_t i = 0; i < ARRAY_SIZE(ages); i++) {
            ages[i].n += age_ms > ages[i].ms;
        }
    }
    put_family(w, "holds", "gauge", "Addresses that are held.");
    for (int i = 0; i < HOLD_N_STATES; i++) {
        if (!hold_state_is_end(i)) {
            put_sample(w, "holds", "state", hold_state_to_string(i), n[i]);
        }
    }
    put_family(w, "oldest_hold_seconds", "gauge",
               "Age of the oldest hold, 0 without any.");
    for (int i = 0; i < HOLD_N_STATES; i++) {
        if (!hold_state_is_end(i)) {
            put_sample(w, "oldest_hold_seconds", "state",
                       hold_state_to_string(i), oldest[i] / 1000.0);
        }
    }
    put_family(w, "holds_older", "gauge", "Holds that are older than that.");
    for (size_t i = 0; i < ARRAY_SIZE(ages); i++) {
        put_sample(w, "holds_older", "age", ages[i].name, ages[i].n);
    }
    put_gauge(w, "gates", "Ports that are kept disabled.",
              hmap_count(guard_gates(r->guard)));
    put_gauge(w, "duplicates", "Addresses on several ports of one network.",
              guard_n_duplicates(r->guard));
}

static void
put_steps(struct writer *w, const struct report *r)
{
    static const char *const names[N_STEPS] = {
        [STEP_SOUTHBOUND] = "southbound",
        [STEP_CHASSIS] = "chassis",
        [STEP_RELEASE] = "release",
    };
    static const char name[] = "hold_step_seconds";

    put_family(w, name, "histogram", "How long the steps of a hold took, from "
               "the address gone to Southbound, from there to all chassis, "
               "and from gone to released.");
    for (int i = 0; i < N_STEPS; i++) {
        const struct step_times *t = guard_step_times(r->guard, i);
        uint64_t n = 0;

        for (size_t j = 0; j < STEP_N_BUCKETS; j++) {
            int ms = step_bucket_ms[j];

            /* "1.0", not "1": OpenMetrics wants it, and the label is to be
             * the same in both. */
            n += t->buckets[j];
            ds_put_format(w->ds, PREFIX"%s_bucket{step=\"%s\",le=\"%g%s\"} %"
                          PRIu64"\n", name, names[i], ms / 1000.0,
                          ms % 1000 ? "" : ".0", n);
        }
        ds_put_format(w->ds, PREFIX"%s_bucket{step=\"%s\",le=\"+Inf\"} %"
                      PRIu64"\n", name, names[i], t->n);
        ds_put_format(w->ds, PREFIX"%s_sum{step=\"%s\"} "NUMBER"\n", name,
                      names[i], t->sum_ms / 1000.0);
        ds_put_format(w->ds, PREFIX"%s_count{step=\"%s\"} %"PRIu64"\n", name,
                      names[i], t->n);
    }
}

static void
put_tally(struct writer *w, const char *name, const char *reason,
          const struct tally *t, const char *help)
{
    put_family(w, name, "counter", help);
    for (size_t i = 0; i < t->n; i++) {
        ds_put_format(w->ds, PREFIX"%s_total{action=\"%s\",%s=\"%s\"} %"
                      PRIu64"\n", name, t->entries[i].what, reason,
                      t->entries[i].why, t->entries[i].n);
    }
}

static void
put_admission(struct writer *w, const struct report_admission *a)
{
    const struct {
        const char *answer;
        uint64_t n;
    } rows[] = {
        { "allowed", a->n_allowed },
        { "warned", a->n_warned },
        { "refused", a->n_refused },
        { "skipped", a->n_skipped },
    };

    put_family(w, "admissions", "counter", "Answers of the webhook.");
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        ds_put_format(w->ds, PREFIX"admissions_total{answer=\"%s\"} %"PRIu64
                      "\n", rows[i].answer, rows[i].n);
    }
}

static void
put_actions(struct writer *w, const struct report *r)
{
    const struct guard_counters *c = guard_get_counters(r->guard);

    put_tally(w, "actions", "case", guard_done(r->guard),
              "What the journal has, by action and case.");
    put_tally(w, "refused", "reason", guard_refused(r->guard),
              "What was not done when it was due, by action and reason.");
    put_admission(w, &r->admission);
    put_counter(w, "clears", "Addresses taken off a port.", c->clears_done);
    put_counter(w, "clears_lost", "Clears that did not take effect.",
                c->clears_lost);
    put_counter(w, "sets", "Addresses set on a port.", c->sets_done);
    put_counter(w, "put_backs", "Addresses put back on a port.",
                c->put_backs);
    put_counter(w, "holds_created", "Holds made.", c->holds_created);
    put_counter(w, "holds_released", "Holds that ended clean or by force.",
                c->holds_released);
    put_counter(w, "holds_cancelled", "Holds that ended otherwise.",
                c->holds_cancelled);
    put_counter(w, "gates_closed", "Ports disabled.", c->gates_closed);
    put_counter(w, "gates_opened", "Ports enabled again.", c->gates_opened);
    put_counter(w, "barriers", "Increments of nb_cfg.", c->barriers);
    put_counter(w, "live_reads", "Looks at an owner around a write.",
                c->live_reads);
    put_counter(w, "brake_trips", "Times that the brake went on.",
                c->brake_trips);
    put_counter(w, "freezes", "Times that it froze.", c->freezes);
    put_counter(w, "judged_owners", "Judgements of an owner and its ports.",
                c->members_judged);
    put_counter(w, "judged_addresses",
                "Looks at an address that was or is on several ports.",
                c->addrs_judged);
}

void
report_format_metrics(const struct report *r, bool open_metrics,
                      struct ds *ds)
{
    struct writer w = { .ds = ds, .open_metrics = open_metrics };

    put_instance(&w, r);
    put_loop(&w, r);
    put_sources(&w, r);
    put_model(&w, r);
    put_holds(&w, r);
    put_steps(&w, r);
    put_actions(&w, r);
    if (open_metrics) {
        ds_put_cstr(ds, "# EOF\n");
    }
}

/* ---- Readiness. ---- */

bool
report_format_ready(const struct report *r, struct ds *ds)
{
    size_t before = ds->length;

    for (size_t i = 0; i < REPORT_N_DBS; i++) {
        const struct report_db *db = &r->dbs[i];

        if (db->remote && (!db->synced || db->error)) {
            ds_put_format(ds, "%s: %s\n", db->label,
                          db->error ? db->error
                          : db->connected ? "not read completely yet"
                          : "not connected");
        }
    }
    if (r->pods.n_paths && !r->pods.synced) {
        ds_put_cstr(ds, "manifests: not read completely yet\n");
    }
    if (r->api.used && !r->api.synced) {
        ds_put_cstr(ds, "api: not read completely yet\n");
    }
    if (ds->length != before) {
        return false;
    }
    ds_put_cstr(ds, "ready\n");
    return true;
}
