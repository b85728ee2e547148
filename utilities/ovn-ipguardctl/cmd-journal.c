/* SPDX-License-Identifier: Apache-2.0 */

/* The journal: what was done, when and why; and undoing it. */

#include <config.h>

#include "ctl-commands.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "db-ctl-base.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "ovsdb-idl.h"
#include "smap.h"
#include "table.h"
#include "timeval.h"
#include "util.h"
#include "uuid.h"

#include "ovsdb/ipguard-idl.h"

#include "agent/core/ip-addr.h"
#include "ctl-request.h"

static void
pre_journal(struct ctl_context *ctx)
{
    ovsdb_idl_add_table(ctx->idl, &ipgrec_table_journal);
    for (size_t i = 0; i < IPGREC_JOURNAL_N_COLUMNS; i++) {
        ovsdb_idl_add_column(ctx->idl, &ipgrec_journal_columns[i]);
    }
}

/* "90s", "10m", "2h", "3d": so long ago. */
static bool
parse_ago(const char *s, long long int *wall_ms)
{
    static const struct {
        char letter;
        long long int ms;
    } units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};
    size_t digits = strspn(s, "0123456789");

    if (!digits || digits > 9 || strlen(s) != digits + 1) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
        if (s[digits] == units[i].letter) {
            *wall_ms = time_wall_msec() - atoll(s) * units[i].ms;
            return true;
        }
    }
    return false;
}

/* "2026-01-31", "2026-01-31T12:00[:00]": in UTC. */
static bool
parse_date(const char *s, long long int *wall_ms)
{
    static const char *const formats[] = {
        "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M",
        "%Y-%m-%d",
    };

    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        struct tm tm;
        const char *end;

        memset(&tm, 0, sizeof tm);
        end = strptime(s, formats[i], &tm);
        if (end && !*end) {
            *wall_ms = timegm(&tm) * 1000LL;
            return true;
        }
    }
    return false;
}

struct filter {
    long long int since_ms;
    const char *port;
    bool port_known;            /* A row has it, at whatever time. */
    bool has_ip, ip_known;
    struct ip_addr ip;
    long long int limit;        /* LLONG_MAX: all. */
};

static bool
parse_filter(struct ctl_context *ctx, struct filter *f)
{
    const char *since = shash_find_data(&ctx->options, "--since");
    const char *ip = shash_find_data(&ctx->options, "--ip");
    const char *limit = shash_find_data(&ctx->options, "--limit");

    memset(f, 0, sizeof *f);
    f->limit = LLONG_MAX;
    f->port = shash_find_data(&ctx->options, "--port");
    if (since && !parse_ago(since, &f->since_ms)
        && !parse_date(since, &f->since_ms)) {
        ctl_error(ctx, "--since: '%s' is neither a time ago, such as 90s, "
                  "10m, 2h or 3d, nor a date in UTC, such as "
                  "2026-01-31T12:00", since);
        return false;
    }
    if (ip) {
        f->has_ip = true;
        if (!ip_addr_parse(ip, &f->ip)) {
            ctl_error(ctx, "--ip: '%s' is not an IPv4 or IPv6 address", ip);
            return false;
        }
    }
    if (limit && (!str_to_llong(limit, 10, &f->limit) || f->limit < 1)) {
        ctl_error(ctx, "--limit: '%s' is not a number of rows", limit);
        return false;
    }
    return true;
}

static bool
matches(struct filter *f, const struct ipgrec_journal *row)
{
    struct ip_addr ip;
    bool port = !f->port || !strcmp(row->port_name, f->port);
    bool address = !f->has_ip || (ip_addr_parse(row->address, &ip)
                                  && ip_addr_equals(&ip, &f->ip));

    f->port_known |= port;
    f->ip_known |= address;
    return row->at >= f->since_ms && port && address;
}

/* Nothing may have been done there, or the name is not quite right. */
static void
remark_unknown(const struct ctl_context *ctx, const struct filter *f)
{
    if (f->port && !f->port_known) {
        fprintf(stderr, "%s: journal: no row is about a port named %s\n",
                program_name, f->port);
    }
    if (f->has_ip && !f->ip_known) {
        fprintf(stderr, "%s: journal: no row is about the address %s\n",
                program_name,
                (char *) shash_find_data(&ctx->options, "--ip"));
    }
}

static int
compare_rows(const void *a_, const void *b_)
{
    const struct ipgrec_journal *const *a = a_;
    const struct ipgrec_journal *const *b = b_;

    return ((*a)->sequence < (*b)->sequence ? -1
            : (*a)->sequence > (*b)->sequence);
}

static void
put_row(struct table *table, const struct ipgrec_journal *row)
{
    table_add_row(table);
    ipgctl_cell_integer(table, row->sequence);
    ipgctl_cell_time(table, row->at);
    ipgctl_cell(table, row->action);
    ipgctl_cell(table, row->case_);
    ipgctl_cell(table, row->network_name);
    ipgctl_cell(table, row->address);
    ipgctl_cell(table, row->port_name);
    ipgctl_cell(table, row->owner);
    ipgctl_cell(table, row->reason);
}

static void
cmd_journal(struct ctl_context *ctx)
{
    const struct ipgrec_journal **rows = NULL;
    const struct ipgrec_journal *row;
    size_t n = 0, allocated = 0;
    struct table *table;
    struct filter f;

    if (!parse_filter(ctx, &f)) {
        return;
    }
    IPGREC_JOURNAL_FOR_EACH (row, ctx->idl) {
        if (matches(&f, row)) {
            if (n >= allocated) {
                rows = x2nrealloc(rows, &allocated, sizeof *rows);
            }
            rows[n++] = row;
        }
    }
    if (n) {
        qsort(rows, n, sizeof *rows, compare_rows);
    }
    table = ipgctl_table(ctx, "sequence,time,action,case,network,address,"
                         "port,owner,reason");
    /* The newest, but the oldest of them first. */
    for (size_t i = n > f.limit ? n - f.limit : 0; i < n; i++) {
        put_row(table, rows[i]);
    }
    remark_unknown(ctx, &f);
    free(rows);
}

/* ---- Undo. ---- */

static void
pre_undo(struct ctl_context *ctx)
{
    pre_journal(ctx);
    ipgctl_request_prerequisites(ctx);
}

static void
add_lines(struct smap *args, const char *key, char *const *strings, size_t n)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < n; i++) {
        ds_put_format(&ds, "%s%s", i ? "\n" : "", strings[i]);
    }
    smap_add(args, key, ds_cstr(&ds));
    ds_destroy(&ds);
}

static const struct ipgrec_journal *
find_action(struct ctl_context *ctx, const char *arg)
{
    const struct ipgrec_journal *row, *found = NULL;
    long long int sequence;

    if (!str_to_llong(arg, 10, &sequence)) {
        ctl_error(ctx, "undo: '%s' is not the number of an action, the first "
                  "column of \"journal\"", arg);
        return NULL;
    }
    IPGREC_JOURNAL_FOR_EACH (row, ctx->idl) {
        if (row->sequence == sequence) {
            found = row;
        }
    }
    if (!found) {
        ctl_error(ctx, "undo: the journal has no action %lld", sequence);
    }
    return found;
}

static void
cmd_undo(struct ctl_context *ctx)
{
    const struct ipgrec_journal *j = find_action(ctx, ctx->argv[1]);
    struct smap args = SMAP_INITIALIZER(&args);

    if (!j) {
        return;
    }
    smap_add(&args, "action", j->action);
    smap_add(&args, "address", j->address);
    smap_add(&args, "port", j->port_name);
    if (j->n_port) {
        smap_add_format(&args, "port_uuid", UUID_FMT, UUID_ARGS(&j->port[0]));
    }
    add_lines(&args, "old_addresses", j->old_addresses, j->n_old_addresses);
    add_lines(&args, "new_addresses", j->new_addresses, j->n_new_addresses);
    add_lines(&args, "old_port_security", j->old_port_security,
              j->n_old_port_security);
    add_lines(&args, "new_port_security", j->new_port_security,
              j->n_new_port_security);
    if (shash_find(&ctx->options, "--force")) {
        smap_add(&args, "force", "true");
    }
    ipgctl_request(ctx, "undo", &args);
}

void
cmd_journal_register(void)
{
    static const struct ctl_command_syntax commands[] = {
        {"journal", 0, 0, "", pre_journal, cmd_journal, NULL,
         "--since=,--port=,--ip=,--limit=", RO},
        {"undo", 1, 1, "ACTION", pre_undo, cmd_undo, NULL, "--force", RW},
        {NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, RO},
    };

    ipgctl_add_commands(commands);
}
