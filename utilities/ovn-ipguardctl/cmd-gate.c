/* SPDX-License-Identifier: Apache-2.0 */

/* Gates: the list of them. */

#include <config.h>

#include "ctl-commands.h"

#include <stdlib.h>

#include "db-ctl-base.h"
#include "table.h"
#include "util.h"

#include "ovsdb/ipguard-idl.h"

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
                                       "reason");
    size_t n;
    const struct ipgrec_gate **gates = ipgctl_sorted_gates(ctx->idl, &n);

    for (size_t i = 0; i < n; i++) {
        table_add_row(table);
        ipgctl_cell(table, gates[i]->port_name);
        ipgctl_cell(table, gates[i]->network_name);
        ipgctl_cell(table, gates[i]->address);
        ipgctl_cell_time(table, gates[i]->since);
        ipgctl_cell(table, gates[i]->reason);
    }
    free(gates);
}

void
cmd_gate_register(void)
{
    static const struct ctl_command_syntax commands[] = {
        {"gate-list", 0, 0, "", pre_gate_list, cmd_gate_list, NULL, "", RO},
        {NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, RO},
    };

    ipgctl_add_commands(commands);
}
