/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of the status text: what it must say, and above all what it must not
 * say when it is not so, because people and scripts look for the words. */

#include <config.h>

#include "agent/report/report.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"
#include "uuid.h"

#include "agent/core/dialect.h"
#include "agent/core/guard.h"
#include "agent/core/orders.h"
#include "tests/unit/unit.h"

/* A guard of the mode 'mode' after one turn in 'env', and a report of it with
 * three idle databases. */
struct fixture {
    struct guard *guard;
    struct guard_env env;
    struct report report;
};

static void
turn(struct fixture *f)
{
    struct orders orders;

    orders_init(&orders);
    guard_run(f->guard, &f->env, &orders);
    orders_destroy(&orders);
}

static void
fixture_init(struct fixture *f, enum guard_mode mode)
{
    static const char *const labels[] = { "northbound", "southbound", "own" };
    static const char *const locks[] = { "nb_lock", "sb_lock", "own_lock" };
    struct uuid seed = { .parts = { 1, 2, 3, 4 } };
    struct settings settings;

    memset(&f->env, 0, sizeof f->env);
    f->env.now = 1000000;
    f->env.wall = 1700000000000LL;
    f->env.boot_id = "boot";
    f->env.have_store = true;

    settings_init(&settings);
    settings.mode = mode;
    f->guard = guard_create(&dialect_kube_ovn, &settings, "host:1", &seed);

    report_init(&f->report);
    f->report.version = "1.2.3";
    f->report.instance = "host:1";
    f->report.dialect = "kube-ovn";
    f->report.uptime_ms = 61 * 1000;
    f->report.guard = f->guard;
    f->report.env = &f->env;
    for (size_t i = 0; i < REPORT_N_DBS; i++) {
        struct report_db *db = &f->report.dbs[i];

        db->label = labels[i];
        db->remote = "unix:x.sock";
        db->lock = locks[i];
        db->connected = true;
        db->synced = true;
    }
    turn(f);
}

static void
fixture_destroy(struct fixture *f)
{
    report_destroy(&f->report);
    guard_destroy(f->guard);
}

/* Does the status have a line that begins with 'prefix'? */
static bool
has_line(const struct fixture *f, const char *prefix)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    char *line, *save = NULL;
    bool found = false;

    report_format_status(&f->report, &ds);
    for (line = strtok_r(ds_cstr(&ds), "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        found |= !strncmp(line, prefix, strlen(prefix));
    }
    ds_destroy(&ds);
    return found;
}

static bool
mentions(const struct fixture *f, const char *word)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    bool found;

    report_format_status(&f->report, &ds);
    found = strstr(ds_cstr(&ds), word) != NULL;
    ds_destroy(&ds);
    return found;
}

static void
test_durations(void)
{
    static const struct {
        long long int ms;
        const char *text;
    } vectors[] = {
        {-5, "0 ms"},
        {0, "0 ms"},
        {999, "999 ms"},
        {1000, "1 s"},
        {59999, "59 s"},
        {60000, "1 min 0 s"},
        {3599999, "59 min 59 s"},
        {3600000, "1 h 0 min"},
        {86399999, "23 h 59 min"},
        {86400000, "1 d 0 h"},
        {LLONG_MAX, "106751991167 d 7 h"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct ds ds = DS_EMPTY_INITIALIZER;

        report_format_duration(&ds, vectors[i].ms);
        CU_ASSERT_STRING_EQUAL(ds_cstr(&ds), vectors[i].text);
        ds_destroy(&ds);
    }
}

static void
test_observer(void)
{
    struct fixture f;

    fixture_init(&f, MODE_OBSERVE);
    CU_ASSERT_TRUE(has_line(&f, "ovn-ipguard 1.2.3, instance host:1, "
                            "up 1 min 1 s"));
    CU_ASSERT_TRUE(has_line(&f, "mode: observe"));
    CU_ASSERT_TRUE(has_line(&f, "state: observer"));
    CU_ASSERT_TRUE(has_line(&f, "holds: 0"));
    CU_ASSERT_TRUE(has_line(&f, "gates: 0"));
    CU_ASSERT_TRUE(has_line(&f, "  pods: none (no --pods)"));

    /* Nothing of this is so. */
    CU_ASSERT_FALSE(has_line(&f, "standby:"));
    CU_ASSERT_FALSE(has_line(&f, "findings:"));
    CU_ASSERT_FALSE(has_line(&f, "last actions:"));
    CU_ASSERT_FALSE(has_line(&f, "problems"));
    CU_ASSERT_FALSE(mentions(&f, "frozen"));
    CU_ASSERT_FALSE(mentions(&f, "brake"));
    CU_ASSERT_FALSE(mentions(&f, "paused"));
    CU_ASSERT_FALSE(mentions(&f, "cannot be used"));
    CU_ASSERT_FALSE(mentions(&f, "lacks"));
    fixture_destroy(&f);
}

static void
test_frozen_and_paused(void)
{
    struct fixture f;
    char *error;

    fixture_init(&f, MODE_GUARD);
    error = guard_freeze(f.guard, "testing");
    CU_ASSERT_PTR_NULL(error);
    free(error);
    f.env.paused = true;
    turn(&f);
    CU_ASSERT_TRUE(has_line(&f, "state: standby, paused, frozen"));
    CU_ASSERT_TRUE(has_line(&f, "frozen: by hand: testing"));
    fixture_destroy(&f);
}

/* The reason that is given is that of the first lock, in the order in which
 * they are asked for, that is not held. */
static void
test_standby_reason(void)
{
    struct fixture f;
    struct report_db *nb, *sb, *own;

    fixture_init(&f, MODE_MANAGE);
    nb = &f.report.dbs[REPORT_NB];
    sb = &f.report.dbs[REPORT_SB];
    own = &f.report.dbs[REPORT_OWN];

    CU_ASSERT_TRUE(has_line(&f, "state: standby"));
    CU_ASSERT_TRUE(has_line(&f, "standby: waiting for the lock own_lock"));
    own->connected = false;
    CU_ASSERT_TRUE(has_line(&f, "standby: own database is not connected"));
    own->error = "no such table";
    CU_ASSERT_TRUE(has_line(&f, "standby: own database: no such table"));
    CU_ASSERT_TRUE(has_line(&f, "    cannot be used: no such table"));
    own->error = NULL;
    own->connected = true;
    own->lock_contended = true;
    CU_ASSERT_TRUE(has_line(&f, "standby: another instance holds the lock "
                            "own_lock"));
    own->has_lock = true;
    nb->lock_contended = true;
    CU_ASSERT_TRUE(has_line(&f, "standby: another instance holds the lock "
                            "nb_lock"));
    nb->has_lock = true;
    CU_ASSERT_TRUE(has_line(&f, "standby: waiting for the lock sb_lock"));

    /* Held all three: then it is active, and has no reason not to be. */
    sb->has_lock = true;
    f.env.locked = true;
    turn(&f);
    CU_ASSERT_TRUE(has_line(&f, "state: active"));
    CU_ASSERT_FALSE(has_line(&f, "standby:"));
    fixture_destroy(&f);
}

static void
test_sources(void)
{
    struct fixture f;
    struct report_db *nb;
    struct report_pods *pods;

    fixture_init(&f, MODE_OBSERVE);
    nb = &f.report.dbs[REPORT_NB];
    pods = &f.report.pods;

    nb->n_changes = 1;
    CU_ASSERT_TRUE(has_line(&f, "    1 update, last change never"));
    nb->n_changes = 2;
    nb->last_change_ms = f.env.now - 3000;
    CU_ASSERT_TRUE(has_line(&f, "    2 updates, last change 3 s ago"));
    nb->missing = "A.b, C.d";
    CU_ASSERT_TRUE(has_line(&f, "    lacks optional columns: A.b, C.d"));
    f.report.dbs[REPORT_OWN].remote = NULL;
    CU_ASSERT_TRUE(has_line(&f, "  own: none"));

    pods->n_paths = pods->n_files = pods->n_pods = 1;
    pods->n_workloads = 2;
    CU_ASSERT_TRUE(has_line(&f, "  pods: 1 manifest file, not synced, last "
                            "change never"));
    CU_ASSERT_TRUE(has_line(&f, "    1 pod, 2 owners, 0 other objects "
                            "ignored, dialect kube-ovn"));
    pods->synced = true;
    pods->n_problems = 1;
    ds_put_cstr(&pods->problems, "x.yaml:3: bad\n");
    CU_ASSERT_TRUE(has_line(&f, "  pods: 1 manifest file, synced, not "
                            "trusted"));
    CU_ASSERT_TRUE(has_line(&f, "problems with manifests:"));
    CU_ASSERT_TRUE(has_line(&f, "  x.yaml:3: bad"));
    pods->trusted = true;
    CU_ASSERT_FALSE(mentions(&f, "not trusted"));
    fixture_destroy(&f);
}

/* A thousand problems do not push the rest off the screen. */
static void
test_long_lists(void)
{
    struct fixture f;

    fixture_init(&f, MODE_OBSERVE);
    f.report.pods.n_paths = 1;
    f.report.pods.n_problems = 1000;
    for (int i = 0; i < 1000; i++) {
        ds_put_format(&f.report.pods.problems, "x.yaml:%d: bad\n", i);
    }
    CU_ASSERT_TRUE(has_line(&f, "  x.yaml:7: bad"));
    CU_ASSERT_FALSE(has_line(&f, "  x.yaml:8: bad"));
    CU_ASSERT_TRUE(has_line(&f, "  (992 more lines: see manifest/problems)"));
    fixture_destroy(&f);
}

/* What it is not ready for, a line for each reason. */
static void
test_ready(void)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct fixture f;
    struct report *r = &f.report;

    fixture_init(&f, MODE_OBSERVE);
    CU_ASSERT_TRUE(report_format_ready(r, &ds));
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds), "ready\n");

    ds_clear(&ds);
    r->dbs[REPORT_NB].synced = r->dbs[REPORT_NB].connected = false;
    r->dbs[REPORT_SB].synced = false;
    r->dbs[REPORT_OWN].error = "no such table";
    r->pods.n_paths = 1;
    r->api.used = true;
    CU_ASSERT_FALSE(report_format_ready(r, &ds));
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds),
                           "northbound: not connected\n"
                           "southbound: not read completely yet\n"
                           "own: no such table\n"
                           "manifests: not read completely yet\n"
                           "api: not read completely yet\n");

    /* What is not used is not waited for; a standby is ready. */
    ds_clear(&ds);
    r->dbs[REPORT_NB].remote = r->dbs[REPORT_SB].remote = NULL;
    r->dbs[REPORT_OWN].error = NULL;
    r->dbs[REPORT_OWN].lock_contended = true;
    r->pods.synced = r->api.synced = true;
    CU_ASSERT_TRUE(report_format_ready(r, &ds));
    ds_destroy(&ds);
    fixture_destroy(&f);
}

/* As curl, browsers and several releases of Prometheus write it. */
static void
test_accept(void)
{
    static const struct {
        const char *accept;
        bool open_metrics;
    } vectors[] = {
        { NULL, false },
        { "", false },
        { "*/*", false },
        { "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
          false },
        { "text/plain", false },
        { "application/openmetrics-text", true },
        { "Application/OpenMetrics-Text ; Version=1.0.0", true },
        { "application/openmetrics-text;version=\"1.0.0\"", true },
        { "application/openmetrics-text; version=1.0.0; charset=utf-8", true },
        /* Of a version that we do not speak. */
        { "application/openmetrics-text;version=0.0.1", false },
        { "application/openmetrics-text;version=2.0.0,text/plain", false },
        { "application/openmetrics-text;version=1.0.0;q=0", false },
        { "application/openmetrics-text;q=0,*/*", false },
        { "application/openmetrics-text;q=0.3,text/plain;q=0.5", false },
        { "application/openmetrics-text;q=0.5,text/plain;q=0.3", true },
        { "application/openmetrics-text;q=0.5,text/*;q=0.8", false },
        /* The more exact word counts. */
        { "application/openmetrics-text;q=0.5,text/plain;q=0.3,*/*", true },
        { "application/openmetrics-text;q=0.5,text/plain;version=1.0.0,"
          "text/plain;version=0.0.4;q=0.4", true },
        { "application/openmetrics-text; version=0.0.1,"
          "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", false },
        { "application/openmetrics-text;version=1.0.0,"
          "application/openmetrics-text;version=0.0.1;q=0.75,"
          "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", true },
        { "application/vnd.google.protobuf;proto=io.prometheus.client."
          "MetricFamily;encoding=delimited,application/openmetrics-text;"
          "version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
          true },
        { "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;"
          "q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
          "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
          "text/plain;version=0.0.4;q=0.2,*/*;q=0.1", true },
        /* Nonsense. */
        { "application/openmetrics-textual", false },
        { ";;;,,,q=1;=,=;", false },
        { "application/openmetrics-text;q=nan,text/plain;q=0.1", false },
        { "application/openmetrics-text;q=-1", false },
        { "application/openmetrics-text;q=1e9,text/plain", true },
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        if (report_wants_open_metrics(vectors[i].accept)
            != vectors[i].open_metrics) {
            printf("\nAccept: %s\n", vectors[i].accept);
            CU_FAIL("wrong format");
        }
    }
}

/* Large numbers are told to the last digit: the growth of a rounded one is
 * nothing, and then too much. */
static void
test_metrics(void)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct fixture f;

    fixture_init(&f, MODE_OBSERVE);
    f.report.uptime_ms = 1234567891;
    f.report.rss_bytes = 9876543210;
    report_format_metrics(&f.report, false, &ds);
    CU_ASSERT(strstr(ds_cstr(&ds),
                     "\novn_ipguard_uptime_seconds 1234567.891\n") != NULL);
    CU_ASSERT(strstr(ds_cstr(&ds), "\novn_ipguard_resident_memory_bytes "
                     "9876543210\n") != NULL);
    CU_ASSERT(strstr(ds_cstr(&ds), "le=\"0.001\"} ") != NULL);
    CU_ASSERT(strstr(ds_cstr(&ds), "le=\"300.0\"} ") != NULL);
    CU_ASSERT_PTR_NULL(strstr(ds_cstr(&ds), "# UNIT"));
    CU_ASSERT_PTR_NULL(strstr(ds_cstr(&ds), "# EOF"));

    ds_clear(&ds);
    report_format_metrics(&f.report, true, &ds);
    CU_ASSERT(strstr(ds_cstr(&ds), "\n# UNIT ovn_ipguard_uptime_seconds "
                     "seconds\n") != NULL);
    CU_ASSERT(strstr(ds_cstr(&ds), "\n# UNIT ovn_ipguard_resident_memory_bytes"
                     " bytes\n") != NULL);
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds) + ds.length - 7, "\n# EOF\n");
    ds_destroy(&ds);
    fixture_destroy(&f);
}

void
suite_report(void)
{
    CU_pSuite suite = unit_add_suite("report");

    CU_ADD_TEST(suite, test_durations);
    CU_ADD_TEST(suite, test_observer);
    CU_ADD_TEST(suite, test_frozen_and_paused);
    CU_ADD_TEST(suite, test_standby_reason);
    CU_ADD_TEST(suite, test_sources);
    CU_ADD_TEST(suite, test_long_lists);
    CU_ADD_TEST(suite, test_ready);
    CU_ADD_TEST(suite, test_accept);
    CU_ADD_TEST(suite, test_metrics);
}
