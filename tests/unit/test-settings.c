/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of the table of settings: each default, each bound from both sides,
 * and what a person is told about a wrong value. */

#include <config.h>

#include "agent/core/settings.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "random.h"
#include "util.h"

#include "tests/unit/unit.h"

/* One line for each setting, in the order of the table: a setting that is
 * added without being described here fails test_table_is_complete(). */
static const struct bounds {
    const char *name;
    const char *arg;
    const char *init;
    long long int min, max;     /* max < min: a choice. */
    const char *unit;           /* As errors name it. */
} bounds[] = {
    {"mode", "observe|guard|manage", "observe", 0, -1, NULL},
    {"sts-ip-change", "migrate|deny", "migrate", 0, -1, NULL},
    {"admission", "warn|deny", "warn", 0, -1, NULL},
    {"hold-scope", "fixed|all", "fixed", 0, -1, NULL},
    {"chassis-policy", "bounded|wait", "bounded", 0, -1, NULL},
    {"mac-bindings", "report|flush", "report", 0, -1, NULL},
    {"events", "off|on", "on", 0, -1, NULL},
    {"reserve", "none|exclude-ips|kube-ovn", "none", 0, -1, NULL},
    {"release", "none|kube-ovn", "none", 0, -1, NULL},
    {"nudge", "off|on", "off", 0, -1, NULL},
    {"settle-time", "MS", "2000", 0, 600000, "number of milliseconds"},
    {"unseen-settle", "MS", "60000", 0, 3600000, "number of milliseconds"},
    {"chassis-gone", "MS", "60000", 0, 3600000, "number of milliseconds"},
    {"live-read-max-age", "MS", "500", 1, 60000, "number of milliseconds"},
    {"moving-alert", "S", "120", 0, 86400, "number of seconds"},
    {"cni-gc", "S", "360", 0, 86400, "number of seconds"},
    {"barrier-interval", "MS", "1000", 1, 600000, "number of milliseconds"},
    {"chassis-timeout", "S", "30", 0, 3600, "number of seconds"},
    {"hold-deadline", "S", "120", 1, 86400, "number of seconds"},
    {"min-hold-seconds", "S", "0", 0, 86400, "number of seconds"},
    {"min-hold-localnet", "S", "35", 0, 86400, "number of seconds"},
    {"gate-max-seconds", "S", "60", 1, 86400, "number of seconds"},
    {"flush-watch", "S", "60", 0, 3600, "number of seconds"},
    {"max-holds", "N", "10000", 1, 1000000, "number"},
    {"brake-clears", "N", "50", 0, 1000000, "number"},
    {"brake-window", "S", "60", 1, 3600, "number of seconds"},
    {"brake-floor", "N", "20", 0, 1000000, "number"},
    {"brake-percent", "N", "10", 0, 100, "percentage"},
    {"shrink-percent", "N", "30", 0, 100, "percentage"},
    {"shrink-floor", "N", "20", 0, 1000000, "number"},
    {"batch-rows", "N", "300", 1, 10000, "number"},
    {"journal-max", "N", "10000", 1, 10000000, "number"},
};

/* Returns what settings_format() says about 'name'; the caller frees it. */
static char *
format(const struct settings *s, const char *name)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    CU_ASSERT_TRUE(settings_format(s, name, &ds));
    return ds_steal_cstr(&ds);
}

static void
expect_value(const struct settings *s, const char *name, const char *expected)
{
    char *value = format(s, name);

    CU_ASSERT_STRING_EQUAL(value, expected);
    free(value);
}

/* Sets 'name' to 'value' and expects it to be accepted and to read back as
 * it was written. */
static void
expect_accepted(struct settings *s, const char *name, const char *value)
{
    char *error = settings_set(s, name, value);

    CU_ASSERT_PTR_NULL(error);
    free(error);
    expect_value(s, name, value);
}

/* Sets 'name' to 'value' and expects 'expected' as error, and '*s' byte-equal
 * to before. */
static void
expect_refused(struct settings *s, const char *name, const char *value,
               const char *expected)
{
    struct settings before;
    char *error;

    memcpy(&before, s, sizeof before);
    error = settings_set(s, name, value);
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_STRING_EQUAL(error, expected);
    CU_ASSERT_EQUAL(memcmp(&before, s, sizeof before), 0);
    free(error);
}

static void
test_table_is_complete(void)
{
    size_t n;
    const struct setting_info *infos = settings_info(&n);
    struct settings s;

    settings_init(&s);
    CU_ASSERT_EQUAL_FATAL(n, ARRAY_SIZE(bounds));
    for (size_t i = 0; i < n; i++) {
        CU_ASSERT_STRING_EQUAL(infos[i].name, bounds[i].name);
        CU_ASSERT_STRING_EQUAL(infos[i].arg, bounds[i].arg);
        CU_ASSERT_TRUE(strlen(infos[i].help) > 0);
        /* What fits into a line of --help. */
        CU_ASSERT_TRUE(strlen(infos[i].help) <= 79 - 28);
        expect_value(&s, bounds[i].name, bounds[i].init);
    }
}

/* The struct's own units: everything but counts is milliseconds there. */
static void
test_defaults(void)
{
    struct settings s;

    settings_init(&s);
    CU_ASSERT_EQUAL(s.mode, MODE_OBSERVE);
    CU_ASSERT_EQUAL(s.sts_ip_change, STS_IP_CHANGE_MIGRATE);
    CU_ASSERT_EQUAL(s.chassis_policy, CHASSIS_BOUNDED);
    CU_ASSERT_EQUAL(s.mac_bindings, MAC_BINDINGS_REPORT);
    CU_ASSERT_EQUAL(s.hold_scope, HOLD_SCOPE_FIXED);
    CU_ASSERT_EQUAL(s.settle_ms, 2000);
    CU_ASSERT_EQUAL(s.unseen_settle_ms, 60000);
    CU_ASSERT_EQUAL(s.chassis_gone_ms, 60000);
    CU_ASSERT_EQUAL(s.live_read_ms, 500);
    CU_ASSERT_EQUAL(s.moving_alert_ms, 120000);
    CU_ASSERT_EQUAL(s.cni_gc_ms, 360000);
    CU_ASSERT_EQUAL(s.barrier_interval_ms, 1000);
    CU_ASSERT_EQUAL(s.chassis_timeout_ms, 30000);
    CU_ASSERT_EQUAL(s.hold_deadline_ms, 120000);
    CU_ASSERT_EQUAL(s.min_hold_ms, 0);
    CU_ASSERT_EQUAL(s.min_hold_localnet_ms, 35000);
    CU_ASSERT_EQUAL(s.gate_max_ms, 60000);
    CU_ASSERT_EQUAL(s.flush_watch_ms, 60000);
    CU_ASSERT_EQUAL(s.max_holds, 10000);
    CU_ASSERT_EQUAL(s.brake_clears, 50);
    CU_ASSERT_EQUAL(s.brake_window_ms, 60000);
    CU_ASSERT_EQUAL(s.brake_floor, 20);
    CU_ASSERT_EQUAL(s.brake_percent, 10);
    CU_ASSERT_EQUAL(s.shrink_percent, 30);
    CU_ASSERT_EQUAL(s.shrink_floor, 20);
    CU_ASSERT_EQUAL(s.batch_rows, 300);
    CU_ASSERT_EQUAL(s.journal_max, 10000);
}

/* Each number's bounds are in, their neighbours are out. */
static void
test_bounds(void)
{
    struct settings s;

    settings_init(&s);
    for (size_t i = 0; i < ARRAY_SIZE(bounds); i++) {
        const struct bounds *b = &bounds[i];
        char value[32], expected[128];

        if (b->max < b->min) {
            continue;
        }
        snprintf(value, sizeof value, "%lld", b->min);
        expect_accepted(&s, b->name, value);
        snprintf(value, sizeof value, "%lld", b->max);
        expect_accepted(&s, b->name, value);

        const long long int out[] = { b->min - 1, b->max + 1 };
        for (size_t j = 0; j < ARRAY_SIZE(out); j++) {
            snprintf(value, sizeof value, "%lld", out[j]);
            snprintf(expected, sizeof expected,
                     "'%s' is not a %s between %lld and %lld",
                     value, b->unit, b->min, b->max);
            expect_refused(&s, b->name, value, expected);
        }
        /* The last accepted value is still there. */
        snprintf(value, sizeof value, "%lld", b->max);
        expect_value(&s, b->name, value);
    }
}

/* What looks like a number and is none. */
static void
test_strict_numbers(void)
{
    static const char *const bad[] = {
        "", " ", "2x", "x2", " 2", "2 ", "+2", "-2", "-0", "0x2", "2.0",
        "2e1", "1,000", "2s", "nan", "18446744073709551618",
        "99999999999999999999999999999999999999999999",
    };
    struct settings s;

    settings_init(&s);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        char *expected = xasprintf("'%s' is not a number of milliseconds "
                                   "between 0 and 600000", bad[i]);

        expect_refused(&s, "settle-time", bad[i], expected);
        free(expected);
    }
    expect_value(&s, "settle-time", "2000");

    /* Leading zeros change nothing: decimal is decimal. */
    char *error = settings_set(&s, "settle-time", "010");
    CU_ASSERT_PTR_NULL(error);
    free(error);
    CU_ASSERT_EQUAL(s.settle_ms, 10);
}

static void
test_units(void)
{
    struct settings s;

    settings_init(&s);
    expect_accepted(&s, "settle-time", "1500");
    CU_ASSERT_EQUAL(s.settle_ms, 1500);
    expect_accepted(&s, "hold-deadline", "15");
    CU_ASSERT_EQUAL(s.hold_deadline_ms, 15000);
    expect_accepted(&s, "min-hold-seconds", "130");
    CU_ASSERT_EQUAL(s.min_hold_ms, 130000);
    expect_accepted(&s, "brake-percent", "7");
    CU_ASSERT_EQUAL(s.brake_percent, 7);
}

/* Each word of each choice is accepted; nothing near it is. */
static void
test_choices(void)
{
    struct settings s;

    settings_init(&s);
    for (size_t i = 0; i < ARRAY_SIZE(bounds); i++) {
        const struct bounds *b = &bounds[i];
        char *words, *word, *save = NULL;

        if (b->max >= b->min) {
            continue;
        }
        words = xstrdup(b->arg);
        for (word = strtok_r(words, "|", &save); word;
             word = strtok_r(NULL, "|", &save)) {
            expect_accepted(&s, b->name, word);
        }
        free(words);
    }
    CU_ASSERT_EQUAL(s.mode, MODE_MANAGE);
    CU_ASSERT_EQUAL(s.sts_ip_change, STS_IP_CHANGE_DENY);
    CU_ASSERT_EQUAL(s.hold_scope, HOLD_SCOPE_ALL);
    CU_ASSERT_EQUAL(s.chassis_policy, CHASSIS_WAIT);
    CU_ASSERT_EQUAL(s.mac_bindings, MAC_BINDINGS_FLUSH);

    expect_refused(&s, "mode", "Manage",
                   "'Manage' is not 'observe', 'guard' or 'manage'");
    expect_refused(&s, "mode", "guard|manage",
                   "'guard|manage' is not 'observe', 'guard' or 'manage'");
    expect_refused(&s, "mode", "",
                   "'' is not 'observe', 'guard' or 'manage'");
    expect_refused(&s, "mode", "manage ",
                   "'manage ' is not 'observe', 'guard' or 'manage'");
    expect_refused(&s, "chassis-policy", "bound",
                   "'bound' is not 'bounded' or 'wait'");
    expect_refused(&s, "chassis-policy", "1",
                   "'1' is not 'bounded' or 'wait'");
}

static void
test_unknown_name(void)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct settings s;

    settings_init(&s);
    expect_refused(&s, "settle", "1", "there is no setting 'settle'");
    expect_refused(&s, "", "1", "there is no setting ''");
    expect_refused(&s, "settle-time-", "1",
                   "there is no setting 'settle-time-'");
    CU_ASSERT_FALSE(settings_format(&s, "settle", &ds));
    CU_ASSERT_EQUAL(ds.length, 0);
    ds_destroy(&ds);
}

static void
test_modes(void)
{
    static const enum guard_mode modes[] = {
        MODE_OBSERVE, MODE_GUARD, MODE_MANAGE,
    };
    enum guard_mode mode = MODE_GUARD;

    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        mode = !modes[i];
        CU_ASSERT_TRUE(guard_mode_from_string(guard_mode_to_string(modes[i]),
                                              &mode));
        CU_ASSERT_EQUAL(mode, modes[i]);
    }
    mode = MODE_GUARD;
    CU_ASSERT_FALSE(guard_mode_from_string("", &mode));
    CU_ASSERT_FALSE(guard_mode_from_string("OBSERVE", &mode));
    CU_ASSERT_EQUAL(mode, MODE_GUARD);
}

/* Whatever settings_format() prints, settings_set() takes, and the copy that
 * comes of it is byte-equal: other_config and the command line agree. */
static void
test_round_trip(void)
{
    random_set_seed(unit_seed());
    for (int round = 0; round < 200; round++) {
        struct settings a, b;

        settings_init(&a);
        settings_init(&b);
        for (size_t i = 0; i < ARRAY_SIZE(bounds); i++) {
            long long int span = bounds[i].max - bounds[i].min + 1;
            char value[32];

            if (span <= 0) {
                continue;
            }
            snprintf(value, sizeof value, "%lld",
                     bounds[i].min + random_uint32() % span);
            expect_accepted(&a, bounds[i].name, value);
        }
        for (size_t i = 0; i < ARRAY_SIZE(bounds); i++) {
            char *value = format(&a, bounds[i].name);

            expect_accepted(&b, bounds[i].name, value);
            free(value);
        }
        CU_ASSERT_EQUAL(memcmp(&a, &b, sizeof a), 0);
    }
}

void
suite_settings(void)
{
    CU_pSuite suite = unit_add_suite("settings");

    CU_ADD_TEST(suite, test_table_is_complete);
    CU_ADD_TEST(suite, test_defaults);
    CU_ADD_TEST(suite, test_bounds);
    CU_ADD_TEST(suite, test_strict_numbers);
    CU_ADD_TEST(suite, test_units);
    CU_ADD_TEST(suite, test_choices);
    CU_ADD_TEST(suite, test_unknown_name);
    CU_ADD_TEST(suite, test_modes);
    CU_ADD_TEST(suite, test_round_trip);
}
