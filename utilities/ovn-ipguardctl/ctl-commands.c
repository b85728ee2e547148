/* SPDX-License-Identifier: Apache-2.0 */

/* See ctl-commands.h. */

#include <config.h>

#include "ctl-commands.h"

#include <stdlib.h>
#include <string.h>

#include "db-ctl-base.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "openvswitch/shash.h"
#include "ovsdb-idl.h"
#include "table.h"
#include "timeval.h"
#include "util.h"

#include "ovsdb/ipguard-idl.h"

#include "ctl-options.h"

/* How users may name a row of each table. */
static const struct ctl_table_class tables[IPGREC_N_TABLES] = {
    [IPGREC_TABLE_CONNECTION].row_ids[0]
    = {&ipgrec_connection_col_target, NULL, NULL},

    [IPGREC_TABLE_FORMER_PORT].row_ids[0]
    = {&ipgrec_former_port_col_name, NULL, NULL},

    [IPGREC_TABLE_GATE].row_ids[0]
    = {&ipgrec_gate_col_port_name, NULL, NULL},

    [IPGREC_TABLE_HOLD].row_ids[0]
    = {&ipgrec_hold_col_address, NULL, NULL},

    [IPGREC_TABLE_JOURNAL].row_ids[0]
    = {&ipgrec_journal_col_sequence, NULL, NULL},
};

static const struct ipgctl_options *the_options;

/* Our commands: pairs of name and struct ctl_command_syntax. */
static struct shash own_commands = SHASH_INITIALIZER(&own_commands);

void
ipgctl_register(void (*exit_cb)(int status))
{
    /* "show" is ours, hence no table of what the library's would show. */
    ctl_init(&ipgrec_idl_class, ipgrec_table_classes, tables, NULL, exit_cb);
    cmd_connection_register();
    cmd_gate_register();
    cmd_hold_register();
    cmd_journal_register();
    cmd_plan_register();
    cmd_read_register();
    cmd_safety_register();
    cmd_show_register();
}

void
ipgctl_add_commands(const struct ctl_command_syntax *commands)
{
    ctl_register_commands(commands);
    for (; commands->name; commands++) {
        shash_add_once(&own_commands, commands->name, commands);
    }
}

bool
ipgctl_is_own(const char *command)
{
    return shash_find(&own_commands, command) != NULL;
}

/* Is 'arg' ("--since=1h") one of the options of 'command'? */
static bool
is_option_of(const struct ctl_command_syntax *command, const char *arg)
{
    size_t len = strcspn(arg, "=");
    const char *p = command->options;

    while (*p) {
        size_t n = strcspn(p, ",");
        size_t name_len = n - (n && (p[n - 1] == '=' || p[n - 1] == '?'));

        if (name_len == len && !strncmp(p, arg, len)) {
            return true;
        }
        p += n + (p[n] == ',');
    }
    return false;
}

/* The same for one command, of which argv[0] is the name. */
static void
move_options(int argc, char *argv[])
{
    const struct ctl_command_syntax *command
        = argc ? shash_find_data(&own_commands, argv[0]) : NULL;
    int n = 0;                  /* Moved. */

    for (int i = 1; command && i < argc; i++) {
        if (!strncmp(argv[i], "--", 2) && is_option_of(command, argv[i])) {
            char *option = argv[i];

            memmove(&argv[n + 1], &argv[n], (i - n) * sizeof *argv);
            argv[n++] = option;
        }
    }
}

void
ipgctl_move_options(int argc, char *argv[])
{
    int start = 0;

    for (int i = 0; i <= argc; i++) {
        if (i == argc || !strcmp(argv[i], "--")) {
            /* Options that stand in front already stay there. */
            while (start < i && argv[start][0] == '-') {
                start++;
            }
            move_options(i - start, &argv[start]);
            start = i + 1;
        }
    }
}

int
ipgctl_join_output(int argc, char *argv[])
{
    static char *joined;        /* For a leak checker to see. */
    const struct ctl_command_syntax *command = NULL;

    for (int i = 1; i < argc; i++) {
        const struct ctl_command_syntax *found
            = shash_find_data(&own_commands, argv[i]);

        if (!command && found && is_option_of(found, "--output=")) {
            command = found;
        } else if (command && i + 1 < argc && !strcmp(argv[i], "-o")) {
            free(joined);
            joined = argv[i] = xasprintf("--output=%s", argv[i + 1]);
            memmove(&argv[i + 1], &argv[i + 2],
                    (argc - i - 1) * sizeof *argv);
            return argc - 1;
        }
    }
    return argc;
}

void
ipgctl_set_options(const struct ipgctl_options *options)
{
    the_options = options;
}

const struct ipgctl_options *
ipgctl_get_options(void)
{
    return the_options;
}

const struct ipgrec_ipguard *
ipgctl_row(struct ctl_context *ctx)
{
    return ipgrec_ipguard_first(ctx->idl);
}

const struct ipgrec_ipguard *
ipgctl_make_row(struct ctl_context *ctx)
{
    const struct ipgrec_ipguard *row = ipgrec_ipguard_first(ctx->idl);

    return row ? row : ipgrec_ipguard_insert(ctx->txn);
}

/* ---- Tables. ---- */

struct table *
ipgctl_table(struct ctl_context *ctx, const char *columns)
{
    char *copy = xstrdup(columns);
    char *save_ptr = NULL;
    const char *name;

    ctx->table = xmalloc(sizeof *ctx->table);
    table_init(ctx->table);
    for (name = strtok_r(copy, ",", &save_ptr); name;
         name = strtok_r(NULL, ",", &save_ptr)) {
        table_add_column(ctx->table, "%s", name);
    }
    free(copy);
    return ctx->table;
}

/* JSON has a type of its own for each cell, the other formats a text. */
static void
put_cell(struct table *table, char *text, struct json *json)
{
    struct cell *cell = table_add_cell(table);

    if (ipgctl_wants_json(the_options)) {
        cell->json = json;
        free(text);
    } else {
        cell->text = text;
        json_destroy(json);
    }
}

void
ipgctl_cell(struct table *table, const char *text)
{
    put_cell(table, xstrdup(text), json_string_create(text));
}

void
ipgctl_cell_integer(struct table *table, long long int value)
{
    put_cell(table, xasprintf("%lld", value), json_integer_create(value));
}

void
ipgctl_cell_strings(struct table *table, char *const *strings, size_t n)
{
    struct json *json = json_array_create_empty();
    struct ds ds = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < n; i++) {
        ds_put_format(&ds, "%s%s", i ? "; " : "", strings[i]);
        json_array_add(json, json_string_create(strings[i]));
    }
    put_cell(table, ds_steal_cstr(&ds), json);
}

/* ---- Times. ---- */

void
ipgctl_format_time(long long int wall_ms, struct ds *ds)
{
    char *s = xastrftime_msec("%Y-%m-%dT%H:%M:%S.###Z", wall_ms, true);

    ds_put_cstr(ds, s);
    free(s);
}

void
ipgctl_format_age(long long int wall_ms, struct ds *ds)
{
    long long int s = MAX(time_wall_msec() - wall_ms, 0) / 1000;

    if (s < 600) {
        ds_put_format(ds, "%lld s", s);
    } else if (s < 36000) {
        ds_put_format(ds, "%lld min", s / 60);
    } else if (s < 864000) {
        ds_put_format(ds, "%lld h", s / 3600);
    } else {
        ds_put_format(ds, "%lld days", s / 86400);
    }
}

void
ipgctl_cell_time(struct table *table, long long int wall_ms)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (wall_ms) {
        ipgctl_format_time(wall_ms, &ds);
    }
    ipgctl_cell(table, ds_cstr(&ds));
    ds_destroy(&ds);
}

char *
ipgctl_join_words(struct ctl_context *ctx, int first)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    for (int i = first; i < ctx->argc; i++) {
        const char *word = ctx->argv[i];

        if (word[0] == '-' && word[1] && !strchr(word, ' ')) {
            ctl_error(ctx, "%s: '%s' is an option and not a word of the "
                      "reason: options that are not of %s stand in front of "
                      "it; otherwise quote the reason as a whole",
                      ctx->argv[0], word, ctx->argv[0]);
            ds_destroy(&ds);
            return NULL;
        }
        ds_put_format(&ds, "%s%s", i > first ? " " : "", word);
    }
    return ds_steal_cstr(&ds);
}
