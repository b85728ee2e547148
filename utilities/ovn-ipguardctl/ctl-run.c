/* SPDX-License-Identifier: Apache-2.0 */

/* See ctl-run.h. */

#include <config.h>

#include "ctl-run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "command-line.h"
#include "db-ctl-base.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "ovsdb-data.h"
#include "ovsdb-idl.h"
#include "stream.h"
#include "table.h"
#include "timeval.h"
#include "util.h"

#include "ovsdb/ipguard-idl.h"

#include "ctl-commands.h"
#include "ctl-instance.h"
#include "ctl-options.h"
#include "ctl-paint.h"
#include "ctl-read.h"
#include "ctl-request.h"
#include "ctl-schema.h"

VLOG_DEFINE_THIS_MODULE(ctl_run);

/* Longer than the server takes for the first dump of a full journal; what
 * ovn-nbctl takes. */
#define PROBE_MS 120000

/* So long nothing is said about an answer that does not come. */
#define PATIENCE_MS 5000

/* What ipgctl_exit() frees, so that a leak checker sees real leaks only. */
static struct ovsdb_idl *the_idl;
static struct ovsdb_idl_txn *the_txn;

struct run {
    const struct ipgctl_options *options;
    struct ctl_command *commands;
    size_t n_commands;
    const char *args;
    struct ovsdb_idl *idl;
    struct ctl_instance *instance; /* That was started for this, or NULL. */
    bool bootstrapped;          /* The CA's certificate was learnt. */
    int64_t next_cfg;           /* Of --wait=done; 0: nothing to wait for. */
};

void
ipgctl_exit(int status)
{
    if (the_txn) {
        ovsdb_idl_txn_abort(the_txn);
        ovsdb_idl_txn_destroy(the_txn);
    }
    ovsdb_idl_destroy(the_idl);
    exit(status);
}

/* ---- Output of commands. ---- */

static void
init_outputs(struct run *r)
{
    for (size_t i = 0; i < r->n_commands; i++) {
        ds_init(&r->commands[i].output);
        r->commands[i].table = NULL;
    }
}

static void
destroy_outputs(struct run *r)
{
    for (size_t i = 0; i < r->n_commands; i++) {
        struct ctl_command *c = &r->commands[i];

        ds_destroy(&c->output);
        table_destroy(c->table);
        free(c->table);
        c->table = NULL;
    }
}

static void
print_oneline(struct ds *ds)
{
    ds_chomp(ds, '\n');
    for (size_t i = 0; i < ds->length; i++) {
        if (ds->string[i] == '\n') {
            fputs("\\n", stdout);
        } else if (ds->string[i] == '\\') {
            fputs("\\\\", stdout);
        } else {
            putchar(ds->string[i]);
        }
    }
    putchar('\n');
}

/* Our tables are short and wide, those of "list" have many columns. */
static void
print_table(const struct run *r, const struct ctl_command *c)
{
    struct table_style style = r->options->style;

    if (!r->options->format_given && ipgctl_is_own(c->syntax->name)) {
        style.format = TF_TABLE;
    }
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (r->options->oneline) {
        table_format(c->table, &style, &ds);
        print_oneline(&ds);
    } else if (style.format == TF_TABLE && ipgctl_wants_paint()) {
        table_format(c->table, &style, &ds);
        ipgctl_paint(c->syntax->name, &ds);
        fputs(ds_cstr(&ds), stdout);
    } else {
        table_print(c->table, &style);
    }
    ds_destroy(&ds);
}

static void
print_outputs(struct run *r)
{
    for (size_t i = 0; i < r->n_commands; i++) {
        struct ctl_command *c = &r->commands[i];

        if (c->table) {
            print_table(r, c);
        } else if (r->options->oneline) {
            print_oneline(&c->output);
        } else {
            if (!r->options->format_given && ipgctl_wants_paint()) {
                ipgctl_paint(c->syntax->name, &c->output);
            }
            fputs(ds_cstr(&c->output), stdout);
        }
        shash_destroy_free_data(&c->options);
    }
    /* Said now, so that it is not lost when a wait is cut short. */
    fflush(stdout);
}

/* ---- The transaction. ---- */

/* Tells the library which columns the commands need. */
static void
run_prerequisites(struct run *r)
{
    struct ctl_command *c;

    ovsdb_idl_add_table(r->idl, &ipgrec_table_ipguard);
    ovsdb_idl_add_column(r->idl, &ipgrec_ipguard_col_cfg);
    ovsdb_idl_add_column(r->idl, &ipgrec_ipguard_col_done_cfg);
    ovsdb_idl_add_column(r->idl, &ipgrec_ipguard_col_active);
    for (c = r->commands; c < &r->commands[r->n_commands]; c++) {
        if (c->syntax->prerequisites) {
            struct ctl_context ctx;

            ds_init(&c->output);
            c->table = NULL;
            ctl_context_init(&ctx, c, r->idl, NULL, NULL, NULL);
            c->syntax->prerequisites(&ctx);
            if (ctx.error) {
                ctl_fatal("%s", ctx.error);
            }
            ctl_context_done(&ctx, c);
        }
    }
}

/* Exits with the message, and with what an older schema has to do with it. */
static void OVS_NO_RETURN
fail(const struct run *r, const char *what, const char *error)
{
    char *remark = ctl_schema_remark(r->options->db);

    if (remark) {
        fprintf(stderr, "%s: %s%s\n", program_name, what, error);
        ctl_fatal("%s", remark);
    }
    ctl_fatal("%s%s", what, error);
}

/* Runs all commands in 'txn'.  Returns false if they are to be run again when
 * the database has changed. */
static bool
run_commands(struct run *r, struct ovsdb_idl_txn *txn,
             struct ovsdb_symbol_table *symtab)
{
    struct ctl_context ctx;
    bool try_again = false;

    ctl_context_init(&ctx, NULL, r->idl, txn, symtab, NULL);
    for (size_t i = 0; i < r->n_commands && !try_again; i++) {
        struct ctl_command *c = &r->commands[i];

        ctl_context_init_command(&ctx, c, i == r->n_commands - 1);
        if (c->syntax->run) {
            c->syntax->run(&ctx);
        }
        if (ctx.error) {
            fail(r, "", ctx.error);
        }
        try_again = ctx.try_again;
        ctl_context_done_command(&ctx, c);
    }
    ctl_context_done(&ctx, NULL);
    return !try_again;
}

/* Rows made with --id must be used, or they vanish. */
static void
check_symbols(const struct ovsdb_symbol_table *symtab)
{
    const struct shash_node *node;

    SHASH_FOR_EACH (node, &symtab->sh) {
        const struct ovsdb_symbol *symbol = node->data;

        if (!symbol->created) {
            ctl_fatal("row id \"%s\" is referred to but never created (for "
                      "example with \"-- --id=%s create ...\")",
                      node->name, node->name);
        } else if (!symbol->strong_ref) {
            VLOG_WARN("row id \"%s\" was created but nothing refers to it, so "
                      "the row will not stay in the database", node->name);
        }
    }
}

static void
run_postprocess(struct run *r, struct ovsdb_idl_txn *txn,
                struct ovsdb_symbol_table *symtab)
{
    struct ctl_command *c;

    for (c = r->commands; c < &r->commands[r->n_commands]; c++) {
        if (c->syntax->postprocess) {
            struct ctl_context ctx;

            ctl_context_init(&ctx, c, r->idl, txn, symtab, NULL);
            c->syntax->postprocess(&ctx);
            if (ctx.error) {
                ctl_fatal("%s", ctx.error);
            }
            ctl_context_done(&ctx, c);
        }
    }
}

/* With --wait=done a transaction that writes counts IPGuard.cfg up. */
static void
count_up(struct run *r, struct ovsdb_idl_txn *txn)
{
    const struct ipgrec_ipguard *row = ipgrec_ipguard_first(r->idl);

    if (r->options->wait != IPGCTL_WAIT_DONE || r->options->dry_run
        || !ctl_might_write_to_db(r->commands, r->n_commands)) {
        return;
    }
    if (!row) {
        row = ipgrec_ipguard_insert(txn);
    }
    ovsdb_idl_txn_increment(txn, &row->header_, &ipgrec_ipguard_col_cfg,
                            true);
}

/* Tries the whole of it once.  Returns true if it is done. */
static bool
try_transaction(struct run *r)
{
    struct ovsdb_symbol_table *symtab = ovsdb_symbol_table_create();
    struct ovsdb_idl_txn *txn;
    enum ovsdb_idl_txn_status status;
    bool done = false;

    txn = the_txn = ovsdb_idl_txn_create(r->idl);
    if (r->options->dry_run) {
        ovsdb_idl_txn_set_dry_run(txn);
    }
    ovsdb_idl_txn_add_comment(txn, "ovn-ipguardctl: %s", r->args);
    init_outputs(r);
    ipgctl_requests_reset();
    if (run_commands(r, txn, symtab)) {
        check_symbols(symtab);
        count_up(r, txn);
        status = ovsdb_idl_txn_commit_block(txn);
        if (status == TXN_UNCHANGED || status == TXN_SUCCESS) {
            run_postprocess(r, txn, symtab);
            ipgctl_requests_committed(txn);
            if (r->options->wait == IPGCTL_WAIT_DONE
                && status == TXN_SUCCESS) {
                r->next_cfg = ovsdb_idl_txn_get_increment_new_value(txn);
            }
            done = true;
        } else if (status != TXN_TRY_AGAIN) {
            fail(r, "transaction error: ", ovsdb_idl_txn_get_error(txn));
        }
    } else {
        ovsdb_idl_txn_abort(txn);
    }
    ovsdb_idl_txn_destroy(txn);
    the_txn = NULL;
    ovsdb_symbol_table_destroy(symtab);
    if (!done) {
        destroy_outputs(r);
    }
    return done;
}

/* ---- The loop. ---- */

static struct ovsdb_idl *
connect_to_db(const struct ipgctl_options *o)
{
    struct ovsdb_idl *idl
        = ovsdb_idl_create_unconnected(&ipgrec_idl_class, false);

    ovsdb_idl_set_shuffle_remotes(idl, o->shuffle_remotes);
    ovsdb_idl_set_leader_only(idl, o->leader_only);
    ovsdb_idl_set_remote(idl, o->db, false);
    if (stream_or_pstream_needs_probes(o->db)) {
        ovsdb_idl_set_probe_interval(idl, PROBE_MS);
    }
    return idl;
}

/* The library drops the connection on which it has learnt the CA's
 * certificate.  Returns true if that was it, and it is made once more. */
static bool
connect_again(struct run *r)
{
    if (!r->options->bootstraps || r->bootstrapped
        || ovsdb_idl_get_last_error(r->idl) != EPROTO) {
        return false;
    }
    r->bootstrapped = true;
    ovsdb_idl_set_remote(r->idl, NULL, false);
    ovsdb_idl_set_remote(r->idl, r->options->db, false);
    return true;
}

static bool
is_taken_in(const struct run *r)
{
    const struct ipgrec_ipguard *row = ipgrec_ipguard_first(r->idl);

    return row && row->done_cfg >= r->next_cfg;
}

/* Has the instance that was started for this ended before the answers came? */
static bool
has_lost_instance(struct run *r)
{
    char *why;

    if (!r->instance || !ctl_instance_has_ended(r->instance, &why)) {
        return false;
    }
    ipgctl_requests_set_reason(why);
    return true;
}

/* Runs the connection until 'step' says that it is over, which it is asked
 * each time that the database has changed, or until 'deadline_ms'. */
static void
loop(struct run *r, bool (*step)(struct run *), bool at_once,
     long long int deadline_ms)
{
    unsigned int seqno = ovsdb_idl_get_seqno(r->idl) - at_once;

    for (;;) {
        ovsdb_idl_run(r->idl);
        if (!ovsdb_idl_is_alive(r->idl) && !connect_again(r)) {
            int error = ovsdb_idl_get_last_error(r->idl);

            ctl_fatal("%s: database connection failed (%s); is it served "
                      "(\"ovn-ipguard-ctl status_db\"), and is this the right "
                      "one (--db, OVN_IPGUARD_DB)?", r->options->db,
                      ovs_retval_to_string(error));
        }
        if (seqno != ovsdb_idl_get_seqno(r->idl)) {
            seqno = ovsdb_idl_get_seqno(r->idl);
            if (step(r)) {
                return;
            }
        }
        if (time_msec() >= deadline_ms || has_lost_instance(r)) {
            return;
        }
        if (r->instance) {
            ctl_instance_wait(r->instance);
        }
        if (seqno == ovsdb_idl_get_seqno(r->idl)) {
            ovsdb_idl_wait(r->idl);
            poll_timer_wait_until(deadline_ms);
            poll_block();
        }
    }
}

static bool
step_wait(struct run *r)
{
    return is_taken_in(r);
}

static bool
step_requests(struct run *r)
{
    return !ipgctl_requests_pending(r->idl);
}

/* Starts an instance if the requests need one and none is active. */
static void
start_instance(struct run *r, long long int deadline_ms)
{
    if (!ipgctl_requests_get_need_instance() || !ipgctl_requests_count()
        || ctl_instance_is_active(r->idl, deadline_ms)) {
        return;
    }
    fprintf(stderr, "%s: no instance is active: one is started for this\n",
            program_name);
    r->instance = ctl_instance_start(r->options);
    if (!r->instance) {
        ipgctl_requests_set_reason(xstrdup("there is no instance"));
    }
}

/* Waits for the answers to requests, and prints them.  Tells who is waited for
 * when that takes long. */
static int
wait_for_answers(struct run *r)
{
    unsigned int timeout = ipgctl_requests_timeout(r->options);
    long long int start_ms = time_msec();
    int status;

    start_instance(r, start_ms + timeout * 1000LL);
    if (ipgctl_requests_are_hopeless()) {
        timeout = 0;
    }
    loop(r, step_requests, true, start_ms + MIN(PATIENCE_MS,
                                                timeout * 1000LL));
    if (ipgctl_requests_pending(r->idl) && !r->instance
        && !ipgctl_requests_are_hopeless()) {
        const struct ipgrec_ipguard *row = ipgrec_ipguard_first(r->idl);

        fprintf(stderr, "%s: waiting for the active instance (%s) to answer; "
                "is one running?\n", program_name,
                row && row->active[0] ? row->active : "none so far");
    }
    loop(r, step_requests, true, start_ms + timeout * 1000LL);
    status = ipgctl_requests_finish(r->idl);
    ctl_instance_stop(r->instance);
    return status;
}

int
ipgctl_run(const struct ipgctl_options *o, struct ctl_command *commands,
           size_t n, const char *args)
{
    struct run r = {
        .options = o,
        .commands = commands,
        .n_commands = n,
        .args = args,
    };
    int status = EXIT_SUCCESS;
    bool asks;

    for (size_t i = 0; n > 1 && i < n; i++) {
        if (ipgctl_is_reader(&commands[i])) {
            ctl_fatal("%s: stands alone, not among other commands",
                      commands[i].syntax->name);
        }
    }
    if (n == 1 && ipgctl_is_reader(&commands[0])) {
        status = ipgctl_read(o, &commands[0]);
        print_outputs(&r);
        destroy_outputs(&r);
        return status;
    }

    /* What was asked for is taken back when the time is over, hence later. */
    r.idl = the_idl = connect_to_db(o);
    run_prerequisites(&r);
    asks = ipgctl_requests_expected();
    ctl_timeout_setup(o->timeout && asks ? o->timeout + 5 : o->timeout);
    loop(&r, try_transaction, false, LLONG_MAX);
    print_outputs(&r);
    destroy_outputs(&r);
    if (r.next_cfg) {
        loop(&r, step_wait, true, LLONG_MAX);
    }
    if (asks && o->wait != IPGCTL_WAIT_NONE && !o->dry_run) {
        status = wait_for_answers(&r);
    }
    ipgctl_requests_reset();
    ovsdb_idl_destroy(r.idl);
    the_idl = NULL;
    return status;
}
