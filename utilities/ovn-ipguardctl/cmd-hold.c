/* SPDX-License-Identifier: Apache-2.0 */

/* Holds: the list of them, and making and ending them by hand. */

#include <config.h>

#include "ctl-commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db-ctl-base.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "smap.h"
#include "table.h"
#include "util.h"
#include "uuid.h"

#include "ovsdb/ipguard-idl.h"

#include "ctl-request.h"
#include "ctl-rows.h"

static void
pre_hold_list(struct ctl_context *ctx)
{
    ipgctl_add_hold_columns(ctx->idl);
}

static bool
is_on_network(const struct ipgrec_hold *h, const char *network)
{
    char uuid[UUID_LEN + 1];

    snprintf(uuid, sizeof uuid, UUID_FMT, UUID_ARGS(&h->network));
    return !strcmp(h->network_name, network) || !strcmp(uuid, network);
}

/* The own database knows only switches on which something is held: an empty
 * list may be good news, or be due to a name that is not quite right. */
static void
remark_empty(const char *network, bool any)
{
    fprintf(stderr, "%s: hold-list: nothing is held on a logical switch with "
            "the name or UUID %s; %s\n", program_name, network,
            any ? "\"hold-list\" alone shows all holds"
            : "there are no holds at all");
}

static void
cmd_hold_list(struct ctl_context *ctx)
{
    struct table *table
        = ipgctl_table(ctx, "network,address,state,case,since,until,"
                       "former owner,waits for,waiters");
    size_t n, n_shown = 0;
    const struct ipgrec_hold **holds = ipgctl_sorted_holds(ctx->idl, &n);

    for (size_t i = 0; i < n; i++) {
        const struct ipgrec_hold *h = holds[i];
        struct ds owner = DS_EMPTY_INITIALIZER;

        if (ctx->argc > 1 && !is_on_network(h, ctx->argv[1])) {
            continue;
        }
        n_shown++;
        ipgctl_format_owner(h, &owner);
        table_add_row(table);
        ipgctl_cell(table, h->network_name);
        ipgctl_cell(table, h->address);
        ipgctl_cell(table, h->state);
        ipgctl_cell(table, h->case_);
        ipgctl_cell_time(table, h->created_at);
        if (h->hold_until < 0) {
            ipgctl_cell(table, "released");
        } else {
            ipgctl_cell_time(table, h->hold_until);
        }
        ipgctl_cell(table, ds_cstr(&owner));
        ipgctl_cell_strings(table, h->blockers, h->n_blockers);
        ipgctl_cell_strings(table, h->waiters, h->n_waiters);
        ds_destroy(&owner);
    }
    if (ctx->argc > 1 && !n_shown) {
        remark_empty(ctx->argv[1], n > 0);
    }
    free(holds);
}

/* ---- By hand. ---- */

static void
cmd_hold_add(struct ctl_context *ctx)
{
    const char *seconds = shash_find_data(&ctx->options, "--for");
    struct smap args = SMAP_INITIALIZER(&args);
    char *reason = ipgctl_join_words(ctx, 3);

    if (!reason) {
        return;
    }
    smap_add(&args, "network", ctx->argv[1]);
    smap_add(&args, "address", ctx->argv[2]);
    if (seconds) {
        smap_add(&args, "seconds", seconds);
    }
    if (reason[0]) {
        smap_add(&args, "reason", reason);
    }
    free(reason);
    ipgctl_request(ctx, "hold-add", &args);
}

static void
cmd_hold_release(struct ctl_context *ctx)
{
    struct smap args = SMAP_INITIALIZER(&args);

    smap_add(&args, "network", ctx->argv[1]);
    smap_add(&args, "address", ctx->argv[2]);
    if (shash_find(&ctx->options, "--force")) {
        smap_add(&args, "force", "true");
    }
    ipgctl_request(ctx, "hold-release", &args);
}

void
cmd_hold_register(void)
{
    static const struct ctl_command_syntax commands[] = {
        {"hold-list", 0, 1, "[NETWORK]", pre_hold_list, cmd_hold_list, NULL,
         "", RO},
        {"hold-add", 2, INT_MAX, "NETWORK IP [REASON]",
         ipgctl_request_prerequisites, cmd_hold_add, NULL, "--for=", RW},
        {"hold-release", 2, 2, "NETWORK IP", ipgctl_request_prerequisites,
         cmd_hold_release, NULL, "--force", RW},
        {NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, RO},
    };

    ipgctl_add_commands(commands);
}
