/* SPDX-License-Identifier: Apache-2.0 */

/* Gates: the list of them, and opening and keeping one by hand. */

#include <config.h>

#include "ctl-commands.h"

#include <stdlib.h>

#include "db-ctl-base.h"
#include "openvswitch/shash.h"
#include "smap.h"
#include "table.h"
#include "util.h"

#include "ovsdb/ipguard-idl.h"

#include "ctl-request.h"
#include "ctl-rows.h"

static void
pre_gate_list(struct ctl_context *ctx)
{
    ipgctl_add_gate_columns(ctx->idl);
}

static void
cmd_gate_list(struct ctl_context *ctx)
{
    struct table *table = ipgctl_table(ctx, "port,network,address,since,"
                                       "keep until,reason");
    size_t n;
    const struct ipgrec_gate **gates = ipgctl_sorted_gates(ctx->idl, &n);

    for (size_t i = 0; i < n; i++) {
        table_add_row(table);
        ipgctl_cell(table, gates[i]->port_name);
        ipgctl_cell(table, gates[i]->network_name);
        ipgctl_cell(table, gates[i]->address);
        ipgctl_cell_time(table, gates[i]->since);
        ipgctl_cell_time(table, gates[i]->keep_until);
        ipgctl_cell(table, gates[i]->reason);
    }
    free(gates);
}

static void
cmd_gate_open(struct ctl_context *ctx)
{
    struct smap args = SMAP_INITIALIZER(&args);

    smap_add(&args, "port", ctx->argv[1]);
    if (shash_find(&ctx->options, "--force")) {
        smap_add(&args, "force", "true");
    }
    ipgctl_request(ctx, "gate-open", &args);
}

static void
cmd_gate_keep(struct ctl_context *ctx)
{
    const char *seconds = shash_find_data(&ctx->options, "--for");
    struct smap args = SMAP_INITIALIZER(&args);

    smap_add(&args, "port", ctx->argv[1]);
    if (seconds) {
        smap_add(&args, "seconds", seconds);
    }
    ipgctl_request(ctx, "gate-keep", &args);
}

void
cmd_gate_register(void)
{
    static const struct ctl_command_syntax commands[] = {
        {"gate-list", 0, 0, "", pre_gate_list, cmd_gate_list, NULL, "", RO},
        {"gate-open", 1, 1, "PORT", ipgctl_request_prerequisites,
         cmd_gate_open, NULL, "--force", RW},
        {"gate-keep", 1, 1, "PORT", ipgctl_request_prerequisites,
         cmd_gate_keep, NULL, "--for=", RW},
        {NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, RO},
    };

    ipgctl_add_commands(commands);
}
