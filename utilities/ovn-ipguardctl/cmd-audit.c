/* SPDX-License-Identifier: Apache-2.0 */

/* audit: what is wrong. */

#include <config.h>

#include "ctl-read.h"

#include <stdlib.h>

#include "db-ctl-base.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "table.h"
#include "util.h"

#include "agent/core/explain.h"
#include "agent/core/guard.h"
#include "ctl-commands.h"
#include "observer.h"

/* Exit status of an audit that found something. */
#define EXIT_FINDINGS 2

void
cmd_audit(struct ipgctl_reader *r)
{
    const char *network = shash_find_data(&r->ctx->options, "--network");
    struct table *table;
    struct findings f;
    struct guard_env env;
    char *error;

    observer_watch_all(r->observer);
    ipgctl_reader_sync(r);
    error = (network ? guard_check_network(observer_guard(r->observer),
                                           network) : NULL);
    if (error) {
        ctl_error(r->ctx, "audit: %s", error);
        free(error);
        return;
    }
    observer_get_env(r->observer, &env);
    guard_find_findings(observer_guard(r->observer), network, &env, &f);
    table = ipgctl_table(r->ctx, "finding,network,address,port,owner,what");
    for (size_t i = 0; i < f.n; i++) {
        const struct finding *finding = &f.findings[i];

        table_add_row(table);
        ipgctl_cell(table, finding_kind_to_string(finding->kind));
        ipgctl_cell(table, finding->network);
        ipgctl_cell(table, finding->address);
        ipgctl_cell(table, finding->port);
        ipgctl_cell(table, finding->owner);
        ipgctl_cell(table, finding->text);
    }
    r->status = f.n ? EXIT_FINDINGS : 0;
    findings_destroy(&f);
}
