/* SPDX-License-Identifier: Apache-2.0 */

/* See ctl-read.h. */

#include <config.h>

#include "ctl-read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db-ctl-base.h"
#include "openvswitch/json.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "ovsdb-idl.h"
#include "smap.h"
#include "timeval.h"
#include "util.h"

#include "ovsdb/ipguard-idl.h"

#include "agent/options.h"
#include "ctl-commands.h"
#include "ctl-options.h"
#include "observer.h"

/* How long all sources may take by default: a first dump of 100,000 ports
 * takes some ten seconds on a slow machine. */
#define SYNC_TIMEOUT_S 120

/* The own database only adds to what is printed. */
#define OWN_TIMEOUT_MS 5000

static const struct reader {
    const char *name;
    void (*run)(struct ipgctl_reader *); /* Or NULL: 'ask' does all. */
    enum guard_mode mode;       /* In which it judges. */
    bool (*ask)(struct ipgctl_reader *); /* Asks the daemon first; or NULL. */
    bool needs_pods;            /* Means nothing without. */
} readers[] = {
    {"why", cmd_why, MODE_OBSERVE, cmd_why_daemon, false},
    {"bundle", NULL, MODE_OBSERVE, cmd_bundle, false},
    {"audit", cmd_audit, MODE_OBSERVE, NULL, true},
    {"plan", cmd_plan, MODE_GUARD, NULL, true},
    {"dot", cmd_dot, MODE_OBSERVE, NULL, false},
};

static const struct reader *
find_reader(const struct ctl_command *command)
{
    for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
        if (!strcmp(readers[i].name, command->syntax->name)) {
            return &readers[i];
        }
    }
    OVS_NOT_REACHED();
}

void
ipgctl_reader_run(struct ctl_context *ctx OVS_UNUSED)
{
    OVS_NOT_REACHED();
}

bool
ipgctl_is_reader(const struct ctl_command *command)
{
    return command->syntax->run == ipgctl_reader_run;
}

void
ipgctl_reader_sync(struct ipgctl_reader *r)
{
    char *error = observer_sync(r->observer, r->timeout_s);
    const char *problems;

    if (error) {
        ctl_fatal("%s", error);
    }
    problems = observer_problems(r->observer);
    if (problems[0]) {
        fprintf(stderr, "%s: problems with the sources of pods:\n%s",
                program_name, problems);
    }
}

/* Limits what is read of the own database to what is about 'addresses'. */
static void
set_conditions(struct ovsdb_idl *idl, const struct json *addresses)
{
    struct ovsdb_idl_condition holds = OVSDB_IDL_CONDITION_INIT(&holds);
    struct ovsdb_idl_condition journal = OVSDB_IDL_CONDITION_INIT(&journal);

    for (size_t i = 0; i < json_array(addresses)->n; i++) {
        const char *address = json_string(json_array(addresses)->elems[i]);

        ipgrec_hold_add_clause_address(&holds, OVSDB_F_EQ, address);
        ipgrec_journal_add_clause_address(&journal, OVSDB_F_EQ, address);
    }
    ipgrec_hold_set_condition(idl, &holds);
    ipgrec_journal_set_condition(idl, &journal);
    ovsdb_idl_condition_destroy(&holds);
    ovsdb_idl_condition_destroy(&journal);
}

/* Reads the own database, of holds and journal only what is about 'addresses'
 * if that is nonnull.  Returns NULL if that cannot be. */
static struct ovsdb_idl *
open_own(const struct ipgctl_options *o, const struct json *addresses)
{
    long long int deadline = time_msec() + OWN_TIMEOUT_MS;
    struct ovsdb_idl *idl;
    unsigned int seqno;
    int error = ETIMEDOUT;

    if (!strcmp(o->db, "none")) {
        return NULL;
    }
    idl = ovsdb_idl_create(o->db, &ipgrec_idl_class, true, false);
    if (addresses) {
        set_conditions(idl, addresses);
    }
    seqno = ovsdb_idl_get_seqno(idl);
    while (time_msec() < deadline) {
        ovsdb_idl_run(idl);
        if (!ovsdb_idl_is_alive(idl)) {
            error = ovsdb_idl_get_last_error(idl);
            break;
        }
        if (seqno != ovsdb_idl_get_seqno(idl)) {
            return idl;
        }
        ovsdb_idl_wait(idl);
        poll_timer_wait_until(deadline);
        poll_block();
    }
    fprintf(stderr, "%s: %s: %s; what it knows of holds and of the past is "
            "left out (--db=none: without this line)\n", program_name, o->db,
            ovs_retval_to_string(error));
    ovsdb_idl_destroy(idl);
    return NULL;
}

void
ipgctl_reader_open_own(struct ipgctl_reader *r, const struct json *addresses)
{
    r->own = open_own(ipgctl_get_options(), addresses);
}

/* "Nothing is wrong" must not be said by who does not know what is wanted. */
static void
check_pods(const struct reader *reader, const struct options *options)
{
    static const char remedy[]
        = "use --pods=PATH, --kubeconfig=FILE or --kube-api=URL, as for the "
          "daemon";

    if (options->pods.n || options->kubeconfig || options->kube_api) {
        return;
    } else if (reader->needs_pods) {
        ctl_fatal("%s: needs to know the pods: please %s", reader->name,
                  remedy);
    }
    fprintf(stderr, "%s: %s: the pods are not known, and so not who is to "
            "have an address: %s\n", program_name, reader->name, remedy);
}

/* The settings that the daemon would have from there. */
static void
take_settings(struct ovsdb_idl *idl, struct options *options)
{
    const struct ipgrec_ipguard *row = idl ? ipgrec_ipguard_first(idl) : NULL;
    const struct smap_node *node;

    if (row) {
        SMAP_FOR_EACH (node, &row->other_config) {
            free(settings_set(&options->settings, node->key, node->value));
        }
    }
}

int
ipgctl_read(const struct ipgctl_options *o, struct ctl_command *command)
{
    const struct reader *reader = find_reader(command);
    struct options options = o->daemon;
    struct ctl_context ctx;
    struct ipgctl_reader r = {
        .ctx = &ctx,
        .timeout_s = o->timeout ? o->timeout : SYNC_TIMEOUT_S,
    };

    /* That OVN's release lacks a column is no news to who asks. */
    vlog_set_levels_from_string_assert("ovsdb_idl:err");
    ds_init(&command->output);
    command->table = NULL;
    ctl_context_init(&ctx, command, NULL, NULL, NULL, NULL);
    if (!reader->run) {
        reader->ask(&r);
    } else if (!reader->ask || o->sources_given
               || shash_find(&ctx.options, "--cold") || !reader->ask(&r)) {
        check_pods(reader, &options);
        r.own = open_own(o, NULL);
        take_settings(r.own, &options);
        /* Files are read as they are: nobody waits for them to settle. */
        options.settings.settle_ms = 0;
        r.observer = observer_create(&options, reader->mode,
                                     o->leader_only);
        reader->run(&r);
    }
    if (ctx.error) {
        ctl_fatal("%s", ctx.error);
    }
    ctl_context_done(&ctx, command);
    observer_destroy(r.observer);
    ovsdb_idl_destroy(r.own);
    return r.status;
}

void
cmd_read_register(void)
{
    static const struct ctl_command_syntax commands[] = {
        {"why", 1, 1, "IP|PORT|NAMESPACE/POD", NULL, ipgctl_reader_run, NULL,
         "--network=,--cold", RO},
        {"bundle", 0, 0, "", NULL, ipgctl_reader_run, NULL, "--output=", RO},
        {"audit", 0, 0, "", NULL, ipgctl_reader_run, NULL, "--network=", RO},
        {"dot", 0, 1, "[IP|NETWORK]", NULL, ipgctl_reader_run, NULL, "", RO},
        {NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, RO},
    };

    ipgctl_add_commands(commands);
}
