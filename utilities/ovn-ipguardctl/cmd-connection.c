/* SPDX-License-Identifier: Apache-2.0 */

/* The database server's connections and TLS files, as ovn-nbctl has them. */

#include <config.h>

#include "ctl-commands.h"

#include <stdlib.h>
#include <string.h>

#include "db-ctl-base.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "ovsdb-idl.h"
#include "stream.h"
#include "svec.h"
#include "util.h"

#include "ovsdb/ipguard-idl.h"

/* ---- Connections. ---- */

static void
pre_connection(struct ctl_context *ctx)
{
    ovsdb_idl_add_column(ctx->idl, &ipgrec_ipguard_col_connections);
    ovsdb_idl_add_column(ctx->idl, &ipgrec_connection_col_target);
    ovsdb_idl_add_column(ctx->idl, &ipgrec_connection_col_read_only);
    ovsdb_idl_add_column(ctx->idl, &ipgrec_connection_col_inactivity_probe);
}

static void
cmd_get_connection(struct ctl_context *ctx)
{
    const struct ipgrec_ipguard *row = ipgctl_row(ctx);
    struct svec lines = SVEC_EMPTY_INITIALIZER;

    for (size_t i = 0; row && i < row->n_connections; i++) {
        const struct ipgrec_connection *c = row->connections[i];

        ipgrec_connection_verify_target(c);
        svec_add_nocopy(&lines, xasprintf("%s%s",
                                          c->read_only ? "read-only " : "",
                                          c->target));
    }
    svec_sort(&lines);
    for (size_t i = 0; i < lines.n; i++) {
        ds_put_format(&ctx->output, "%s\n", lines.names[i]);
    }
    svec_destroy(&lines);
}

/* Rows that nothing refers to any more are collected by the server. */
static void
delete_connections(const struct ipgrec_ipguard *row)
{
    ipgrec_ipguard_verify_connections(row);
    ipgrec_ipguard_set_connections(row, NULL, 0);
}

static void
cmd_del_connection(struct ctl_context *ctx)
{
    const struct ipgrec_ipguard *row = ipgctl_row(ctx);

    if (row) {
        delete_connections(row);
    }
}

/* Returns -1 if it was not given; reports an error in 'ctx'. */
static int64_t
get_probe(struct ctl_context *ctx)
{
    const char *arg = shash_find_data(&ctx->options, "--inactivity-probe");
    long long int value;

    if (!arg) {
        return -1;
    }
    if (!str_to_llong(arg, 10, &value) || value < 0) {
        ctl_error(ctx, "--inactivity-probe: '%s' is not a number of "
                  "milliseconds", arg);
        return -1;
    }
    return value;
}

static void
cmd_set_connection(struct ctl_context *ctx)
{
    const struct ipgrec_ipguard *row = ipgctl_make_row(ctx);
    struct ipgrec_connection **connections;
    int64_t probe = get_probe(ctx);
    bool read_only = false;
    size_t n = 0;

    if (ctx->error) {
        return;
    }
    delete_connections(row);
    connections = xmalloc(ctx->argc * sizeof *connections);
    for (int i = 1; i < ctx->argc; i++) {
        const char *arg = ctx->argv[i];

        if (!strcmp(arg, "read-only") || !strcmp(arg, "read-write")) {
            /* For the targets that follow. */
            read_only = !strcmp(arg, "read-only");
            continue;
        }
        if (stream_verify_name(arg) && pstream_verify_name(arg)) {
            ctl_error(ctx, "'%s' is not a connection target, such as "
                      "ptcp:6643:127.0.0.1 or pssl:6643", arg);
            break;
        }
        connections[n] = ipgrec_connection_insert(ctx->txn);
        ipgrec_connection_set_target(connections[n], arg);
        ipgrec_connection_set_read_only(connections[n], read_only);
        if (probe >= 0) {
            ipgrec_connection_set_inactivity_probe(connections[n], &probe, 1);
        }
        n++;
    }
    ipgrec_ipguard_set_connections(row, connections, n);
    free(connections);
}

/* ---- TLS. ---- */

static void
pre_ssl(struct ctl_context *ctx)
{
    ovsdb_idl_add_column(ctx->idl, &ipgrec_ipguard_col_ssl);
    ovsdb_idl_add_column(ctx->idl, &ipgrec_ssl_col_private_key);
    ovsdb_idl_add_column(ctx->idl, &ipgrec_ssl_col_certificate);
    ovsdb_idl_add_column(ctx->idl, &ipgrec_ssl_col_ca_cert);
    ovsdb_idl_add_column(ctx->idl, &ipgrec_ssl_col_bootstrap_ca_cert);
    ovsdb_idl_add_column(ctx->idl, &ipgrec_ssl_col_ssl_protocols);
    ovsdb_idl_add_column(ctx->idl, &ipgrec_ssl_col_ssl_ciphers);
}

static void
cmd_get_ssl(struct ctl_context *ctx)
{
    const struct ipgrec_ipguard *row = ipgctl_row(ctx);

    if (row && row->ssl) {
        ds_put_format(&ctx->output,
                      "Private key: %s\nCertificate: %s\n"
                      "CA Certificate: %s\nBootstrap: %s\n",
                      row->ssl->private_key, row->ssl->certificate,
                      row->ssl->ca_cert,
                      row->ssl->bootstrap_ca_cert ? "true" : "false");
    }
}

static void
cmd_del_ssl(struct ctl_context *ctx)
{
    const struct ipgrec_ipguard *row = ipgctl_row(ctx);

    if (row && row->ssl) {
        ipgrec_ipguard_verify_ssl(row);
        ipgrec_ipguard_set_ssl(row, NULL);
    }
}

static void
cmd_set_ssl(struct ctl_context *ctx)
{
    const struct ipgrec_ipguard *row = ipgctl_make_row(ctx);
    struct ipgrec_ssl *ssl = ipgrec_ssl_insert(ctx->txn);

    ipgrec_ssl_set_private_key(ssl, ctx->argv[1]);
    ipgrec_ssl_set_certificate(ssl, ctx->argv[2]);
    ipgrec_ssl_set_ca_cert(ssl, ctx->argv[3]);
    ipgrec_ssl_set_bootstrap_ca_cert(
        ssl, shash_find(&ctx->options, "--bootstrap") != NULL);
    ipgrec_ssl_set_ssl_protocols(ssl, ctx->argc > 4 ? ctx->argv[4] : "");
    ipgrec_ssl_set_ssl_ciphers(ssl, ctx->argc > 5 ? ctx->argv[5] : "");
    ipgrec_ipguard_verify_ssl(row);
    ipgrec_ipguard_set_ssl(row, ssl);
}

void
cmd_connection_register(void)
{
    static const struct ctl_command_syntax commands[] = {
        {"get-connection", 0, 0, "", pre_connection, cmd_get_connection, NULL,
         "", RO},
        {"del-connection", 0, 0, "", pre_connection, cmd_del_connection, NULL,
         "", RW},
        {"set-connection", 1, INT_MAX, "TARGET...", pre_connection,
         cmd_set_connection, NULL, "--inactivity-probe=", RW},
        {"get-ssl", 0, 0, "", pre_ssl, cmd_get_ssl, NULL, "", RO},
        {"del-ssl", 0, 0, "", pre_ssl, cmd_del_ssl, NULL, "", RW},
        {"set-ssl", 3, 5, "PRIVATE-KEY CERTIFICATE CA-CERT [PROTOCOLS "
         "[CIPHERS]]", pre_ssl, cmd_set_ssl, NULL, "--bootstrap", RW},
        {NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, RO},
    };

    ipgctl_add_commands(commands);
}
