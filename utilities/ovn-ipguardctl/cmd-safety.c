/* SPDX-License-Identifier: Apache-2.0 */

/* The mode, freeze and brake, and how to wait for the daemon. */

#include <config.h>

#include "ctl-commands.h"

#include <string.h>

#include "db-ctl-base.h"
#include "openvswitch/dynamic-string.h"
#include "ovsdb-idl.h"
#include "util.h"

#include "ovsdb/ipguard-idl.h"

#include "agent/core/settings.h"
#include "ctl-options.h"

/* One value: a line of text, or a table if a format was asked for. */
static void
answer(struct ctl_context *ctx, const char *heading, const char *value)
{
    if (ipgctl_get_options()->format_given) {
        struct table *table = ipgctl_table(ctx, heading);

        table_add_row(table);
        ipgctl_cell(table, value);
    } else {
        ds_put_format(&ctx->output, "%s\n", value);
    }
}

/* ---- Mode. ---- */

static void
pre_mode(struct ctl_context *ctx)
{
    ovsdb_idl_add_column(ctx->idl, &ipgrec_ipguard_col_mode);
}

static void
cmd_get_mode(struct ctl_context *ctx)
{
    const struct ipgrec_ipguard *row = ipgctl_row(ctx);

    answer(ctx, "mode", row && row->mode ? row->mode : "default");
}

static void
cmd_set_mode(struct ctl_context *ctx)
{
    const char *arg = ctx->argv[1];
    enum guard_mode mode;

    if (!strcmp(arg, "default")) {
        ipgrec_ipguard_set_mode(ipgctl_make_row(ctx), NULL);
    } else if (guard_mode_from_string(arg, &mode)) {
        ipgrec_ipguard_set_mode(ipgctl_make_row(ctx), arg);
    } else {
        ctl_error(ctx, "set-mode: '%s' is not observe, guard, manage or "
                  "default", arg);
    }
}

/* ---- Brake. ---- */

static void
pre_brake(struct ctl_context *ctx)
{
    ovsdb_idl_add_column(ctx->idl, &ipgrec_ipguard_col_brake);
}

static void
cmd_brake_status(struct ctl_context *ctx)
{
    const struct ipgrec_ipguard *row = ipgctl_row(ctx);
    const char *brake = row ? row->brake : NULL;
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_format(&ds, "%s%s", brake ? "on: " : "off", brake ? brake : "");
    answer(ctx, "brake", ds_cstr(&ds));
    ds_destroy(&ds);
}

static void
cmd_brake_rearm(struct ctl_context *ctx)
{
    const struct ipgrec_ipguard *row = ipgctl_row(ctx);

    if (!row || !row->brake) {
        ctl_error(ctx, "brake-rearm: the brake is not on");
        return;
    }
    ipgrec_ipguard_verify_brake(row);
    ipgrec_ipguard_set_brake(row, NULL);
}

/* ---- Freeze. ---- */

static void
pre_freeze(struct ctl_context *ctx)
{
    ovsdb_idl_add_column(ctx->idl, &ipgrec_ipguard_col_frozen);
}

static void
cmd_freeze(struct ctl_context *ctx)
{
    const struct ipgrec_ipguard *row = ipgctl_make_row(ctx);
    char *words = ipgctl_join_words(ctx, 1);
    char *frozen;

    if (!words) {
        return;
    } else if (row->frozen) {
        ctl_error(ctx, "freeze: frozen already: %s", row->frozen);
        free(words);
        return;
    }
    frozen = xasprintf("by hand%s%s", words[0] ? ": " : "", words);
    ipgrec_ipguard_verify_frozen(row);
    ipgrec_ipguard_set_frozen(row, frozen);
    free(frozen);
    free(words);
}

static void
cmd_thaw(struct ctl_context *ctx)
{
    const struct ipgrec_ipguard *row = ipgctl_row(ctx);

    if (!row || !row->frozen) {
        ctl_error(ctx, "thaw: not frozen");
        return;
    }
    ipgrec_ipguard_verify_frozen(row);
    ipgrec_ipguard_set_frozen(row, NULL);
}

/* ---- Waiting. ---- */

static void
cmd_init(struct ctl_context *ctx)
{
    ipgctl_make_row(ctx);
}

/* Nothing: it is --wait=done that does it. */
static void
cmd_sync(struct ctl_context *ctx OVS_UNUSED)
{
}

void
cmd_safety_register(void)
{
    static const struct ctl_command_syntax commands[] = {
        {"init", 0, 0, "", NULL, cmd_init, NULL, "", RW},
        {"sync", 0, 0, "", NULL, cmd_sync, NULL, "", RW},
        {"get-mode", 0, 0, "", pre_mode, cmd_get_mode, NULL, "", RO},
        {"set-mode", 1, 1, "MODE", pre_mode, cmd_set_mode, NULL, "", RW},
        {"brake-status", 0, 0, "", pre_brake, cmd_brake_status, NULL, "", RO},
        {"brake-rearm", 0, 0, "", pre_brake, cmd_brake_rearm, NULL, "", RW},
        {"freeze", 0, INT_MAX, "[REASON]", pre_freeze, cmd_freeze, NULL, "",
         RW},
        {"thaw", 0, 0, "", pre_freeze, cmd_thaw, NULL, "", RW},
        {NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, RO},
    };

    ipgctl_add_commands(commands);
}
