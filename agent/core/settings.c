/* SPDX-License-Identifier: Apache-2.0 */

/* The table of settings: one line for each, from which everything else is
 * derived, so that a bound stated by the manual is the bound that is kept. */

#include <config.h>

#include "settings.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

enum setting_type {
    SETTING_MS,                 /* "long long int" of ms, given in ms. */
    SETTING_S,                  /* "long long int" of ms, given in s. */
    SETTING_COUNT,              /* "int". */
    SETTING_PERCENT,            /* "int" from 0 to 100. */
    SETTING_CHOICE,             /* An enum; words in 'info.arg'. */
};

struct setting {
    enum setting_type type;
    size_t offset;              /* In struct settings. */
    long long int min, max;     /* In the unit in which it is given. */
    long long int init;         /* Default; of a choice, its index. */
};

/* Every enum of struct settings is written through an "int". */
BUILD_ASSERT_DECL(sizeof(enum guard_mode) == sizeof(int));
BUILD_ASSERT_DECL(sizeof(enum sts_ip_change) == sizeof(int));
BUILD_ASSERT_DECL(sizeof(enum admission_policy) == sizeof(int));
BUILD_ASSERT_DECL(sizeof(enum chassis_policy) == sizeof(int));
BUILD_ASSERT_DECL(sizeof(enum mac_bindings_policy) == sizeof(int));
BUILD_ASSERT_DECL(sizeof(enum hold_scope) == sizeof(int));
BUILD_ASSERT_DECL(sizeof(enum reserve_policy) == sizeof(int));
BUILD_ASSERT_DECL(sizeof(enum release_policy) == sizeof(int));
BUILD_ASSERT_DECL(sizeof(enum setting_switch) == sizeof(int));

#define HOUR_MS (60 * 60 * 1000)
#define DAY_S (24 * 60 * 60)

/* SETTING(NAME, ARG, TYPE, MEMBER, MIN, MAX, DEFAULT, HELP)
 *
 * In the order in which --help and the manual list them.  The words of a
 * choice are those of 'ARG', in the order of the enum. */
#define SETTINGS                                                            \
    /* What is done at all. */                                              \
    SETTING("mode", "observe|guard|manage", CHOICE, mode,                   \
            0, 2, MODE_OBSERVE,                                             \
            "write nothing, clears only, or addresses as well")             \
    SETTING("sts-ip-change", "migrate|deny", CHOICE, sts_ip_change,         \
            0, 1, STS_IP_CHANGE_MIGRATE,                                    \
            "when the fixed IP of a live StatefulSet changes")              \
    SETTING("admission", "warn|deny", CHOICE, admission,                    \
            0, 1, ADMISSION_WARN,                                           \
            "warn of addresses that cannot be had, or refuse")              \
    SETTING("hold-scope", "fixed|all", CHOICE, hold_scope,                  \
            0, 1, HOLD_SCOPE_FIXED,                                         \
            "hold fixed addresses, or those of plain pods too")             \
    SETTING("chassis-policy", "bounded|wait", CHOICE, chassis_policy,       \
            0, 1, CHASSIS_BOUNDED,                                          \
            "wait for a silent chassis a while, or without end")            \
    SETTING("mac-bindings", "report|flush", CHOICE, mac_bindings,           \
            0, 1, MAC_BINDINGS_REPORT,                                      \
            "report MAC_Binding rows that block, or delete them")           \
    SETTING("events", SWITCH_WORDS, CHOICE, events,                         \
            0, 1, SWITCH_ON,                                                \
            "write Events about pods and StatefulSets")                     \
    SETTING("reserve", "none|exclude-ips|kube-ovn", CHOICE, reserve,        \
            0, 2, RESERVE_NONE,                                             \
            "keep held addresses from an IPAM, too")                        \
    SETTING("release", "none|kube-ovn", CHOICE, release,                    \
            0, 1, RELEASE_NONE,                                             \
            "delete IP objects that keep a stale address")                  \
    SETTING("nudge", SWITCH_WORDS, CHOICE, nudge,                           \
            0, 1, SWITCH_OFF,                                               \
            "annotate pods that wait when a hold ends")                     \
                                                                            \
    /* How long a judgement is left to settle. */                           \
    SETTING("settle-time", "MS", MS, settle_ms, 0, 600000, 2000,            \
            "two observations this far apart before a clear")               \
    SETTING("unseen-settle", "MS", MS, unseen_settle_ms,                    \
            0, HOUR_MS, 60000,                                              \
            "the same for a pod whose arrival was not seen")                \
    SETTING("chassis-gone", "MS", MS, chassis_gone_ms, 0, HOUR_MS, 60000,   \
            "a chassis that vanished may return for this long")             \
    SETTING("live-read-max-age", "MS", MS, live_read_ms, 1, 60000, 500,     \
            "oldest live read of the owner before a clear")                 \
    SETTING("moving-alert", "S", S, moving_alert_ms, 0, DAY_S, 120,         \
            "alert when a move lasts longer beside a CNI")                  \
    SETTING("cni-gc", "S", S, cni_gc_ms, 0, DAY_S, 360,                     \
            "no clear of lost owners so soon after a CNI restart")          \
                                                                            \
    /* When a held address is clean. */                                     \
    SETTING("barrier-interval", "MS", MS, barrier_interval_ms,              \
            1, 600000, 1000,                                                \
            "at most one increment of nb_cfg in this time")                 \
    SETTING("chassis-timeout", "S", S, chassis_timeout_ms, 0, 3600, 30,     \
            "how long: if bounded, and after a start")                      \
    SETTING("hold-deadline", "S", S, hold_deadline_ms, 1, DAY_S, 120,       \
            "a hold that takes longer is blocked, and alerted")             \
    SETTING("min-hold-seconds", "S", S, min_hold_ms, 0, DAY_S, 0,           \
            "shortest hold")                                                \
    SETTING("min-hold-localnet", "S", S, min_hold_localnet_ms,              \
            0, DAY_S, 35,                                                   \
            "shortest hold on a network with a localnet port")              \
    SETTING("gate-max-seconds", "S", S, gate_max_ms, 1, DAY_S, 60,          \
            "a gate without evidence of dirt opens after this")             \
    SETTING("flush-watch", "S", S, flush_watch_ms, 0, 3600, 60,             \
            "watch so long after deleting a MAC_Binding row")               \
                                                                            \
    /* Brake, freeze and bounds. */                                         \
    SETTING("max-holds", "N", COUNT, max_holds, 1, 1000000, 10000,          \
            "no new clears with this many holds")                           \
    SETTING("brake-clears", "N", COUNT, brake_clears, 0, 1000000, 50,       \
            "brake at more clears in the window")                           \
    SETTING("brake-window", "S", S, brake_window_ms, 1, 3600, 60,           \
            "length of the brake's window")                                 \
    SETTING("brake-floor", "N", COUNT, brake_floor, 0, 1000000, 20,         \
            "brake at more clears that are also more than ...")             \
    SETTING("brake-percent", "N", PERCENT, brake_percent, 0, 100, 10,       \
            "... this percentage of the judged ports")                      \
    SETTING("shrink-percent", "N", PERCENT, shrink_percent, 0, 100, 30,     \
            "freeze when a larger percentage of ports vanishes")            \
    SETTING("shrink-floor", "N", COUNT, shrink_floor, 0, 1000000, 20,       \
            "... and at least this many")                                   \
    SETTING("batch-rows", "N", COUNT, batch_rows, 1, 10000, 300,            \
            "rows in one Northbound transaction")                           \
    SETTING("journal-max", "N", COUNT, journal_max, 1, 10000000, 10000,     \
            "rows kept in the Journal table")

static const struct setting_info infos[] = {
#define SETTING(NAME, ARG, TYPE, MEMBER, MIN, MAX, INIT, HELP) \
    { NAME, ARG, HELP },
    SETTINGS
#undef SETTING
};

static const struct setting table[] = {
#define SETTING(NAME, ARG, TYPE, MEMBER, MIN, MAX, INIT, HELP) \
    { SETTING_##TYPE, offsetof(struct settings, MEMBER), MIN, MAX, INIT },
    SETTINGS
#undef SETTING
};

static const char *const mode_names[] = {
    [MODE_OBSERVE] = "observe",
    [MODE_GUARD] = "guard",
    [MODE_MANAGE] = "manage",
};

const char *
guard_mode_to_string(enum guard_mode mode)
{
    return mode_names[mode];
}

bool
guard_mode_from_string(const char *s, enum guard_mode *modep)
{
    for (size_t i = 0; i < ARRAY_SIZE(mode_names); i++) {
        if (!strcmp(s, mode_names[i])) {
            *modep = i;
            return true;
        }
    }
    return false;
}

const struct setting_info *
settings_info(size_t *n)
{
    *n = ARRAY_SIZE(infos);
    return infos;
}

/* Returns the index of 'name' in the table, or -1. */
static int
settings_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(infos); i++) {
        if (!strcmp(infos[i].name, name)) {
            return i;
        }
    }
    return -1;
}

/* Stores 'value', which is in the unit in which the setting is given. */
static void
settings_store(struct settings *s, const struct setting *def,
               long long int value)
{
    char *member = (char *) s + def->offset;
    long long int ms = def->type == SETTING_S ? value * 1000 : value;
    int n = value;

    switch (def->type) {
    case SETTING_MS:
    case SETTING_S:
        memcpy(member, &ms, sizeof ms);
        break;
    case SETTING_COUNT:
    case SETTING_PERCENT:
    case SETTING_CHOICE:
        memcpy(member, &n, sizeof n);
        break;
    }
}

/* The inverse of settings_store(). */
static long long int
settings_fetch(const struct settings *s, const struct setting *def)
{
    const char *member = (const char *) s + def->offset;
    long long int ms;
    int n;

    switch (def->type) {
    case SETTING_MS:
    case SETTING_S:
        memcpy(&ms, member, sizeof ms);
        return def->type == SETTING_S ? ms / 1000 : ms;
    case SETTING_COUNT:
    case SETTING_PERCENT:
    case SETTING_CHOICE:
        memcpy(&n, member, sizeof n);
        return n;
    }
    OVS_NOT_REACHED();
}

void
settings_init(struct settings *s)
{
    memset(s, 0, sizeof *s);
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        settings_store(s, &table[i], table[i].init);
    }
}

/* Stores in '*word' the start of word 'index' of 'words' ("a|b|c") and
 * returns its length; 0 if there are fewer. */
static size_t
get_word(const char *words, long long int index, const char **word)
{
    while (index-- > 0) {
        words = strchr(words, '|');
        if (!words) {
            return 0;
        }
        words++;
    }
    *word = words;
    return strcspn(words, "|");
}

static char *
parse_choice(const struct setting_info *info, const struct setting *def,
             const char *value, long long int *result)
{
    struct ds expected = DS_EMPTY_INITIALIZER;

    for (long long int i = 0; i <= def->max; i++) {
        const char *word = NULL;
        size_t len = get_word(info->arg, i, &word);

        if (len == strlen(value) && !memcmp(word, value, len)) {
            *result = i;
            ds_destroy(&expected);
            return NULL;
        }
        ds_put_format(&expected, "%s'%.*s'",
                      !i ? "" : i < def->max ? ", " : " or ",
                      (int) len, word);
    }

    char *error = xasprintf("'%s' is not %s", value, ds_cstr(&expected));
    ds_destroy(&expected);
    return error;
}

/* Decimal digits and nothing else: strtoll() would let "0x10", " 7" and "+7"
 * through, and a number that says what its author did not mean is worse than
 * none. */
static bool
parse_digits(const char *s, long long int max, long long int *result)
{
    long long int n = 0;

    if (!*s) {
        return false;
    }
    for (; *s; s++) {
        if (*s < '0' || *s > '9') {
            return false;
        }
        n = n * 10 + (*s - '0');
        if (n > max) {
            return false;
        }
    }
    *result = n;
    return true;
}

static char *
parse_number(const struct setting *def, const char *value,
             long long int *result)
{
    const char *what = (def->type == SETTING_MS ? "number of milliseconds"
                        : def->type == SETTING_S ? "number of seconds"
                        : def->type == SETTING_PERCENT ? "percentage"
                        : "number");

    if (parse_digits(value, def->max, result) && *result >= def->min) {
        return NULL;
    }
    return xasprintf("'%s' is not a %s between %lld and %lld",
                     value, what, def->min, def->max);
}

char *
settings_set(struct settings *s, const char *name, const char *value)
{
    int i = settings_find(name);
    long long int result = 0;
    char *error;

    if (i < 0) {
        return xasprintf("there is no setting '%s'", name);
    }
    error = (table[i].type == SETTING_CHOICE
             ? parse_choice(&infos[i], &table[i], value, &result)
             : parse_number(&table[i], value, &result));
    if (!error) {
        settings_store(s, &table[i], result);
    }
    return error;
}

bool
settings_format(const struct settings *s, const char *name, struct ds *ds)
{
    int i = settings_find(name);

    if (i < 0) {
        return false;
    }

    long long int value = settings_fetch(s, &table[i]);
    if (table[i].type == SETTING_CHOICE) {
        const char *word = "";
        size_t len = get_word(infos[i].arg, value, &word);

        ds_put_format(ds, "%.*s", (int) len, word);
    } else {
        ds_put_format(ds, "%lld", value);
    }
    return true;
}
