/* SPDX-License-Identifier: Apache-2.0 */

/* bundle: an archive of what somebody who is to help needs to see, without
 * secrets.  What is put in is chosen here (no manifests, no kubeconfig files,
 * of OVN's databases only what is known about some addresses); bundle.c takes
 * out secrets and makes the archive. */

#include <config.h>

#include "ctl-read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "db-ctl-base.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "openvswitch/shash.h"
#include "ovsdb-data.h"
#include "ovsdb-idl.h"
#include "ovsdb-idl-provider.h"
#include "smap.h"
#include "sset.h"
#include "svec.h"
#include "timeval.h"
#include "util.h"

#include "ovsdb/ipguard-idl.h"

#include "agent/core/explain.h"
#include "agent/core/guard.h"
#include "agent/core/ip-addr.h"
#include "agent/core/settings.h"
#include "agent/dirs.h"
#include "agent/explain-json.h"
#include "bundle.h"
#include "ctl-commands.h"
#include "ctl-daemon.h"
#include "ctl-options.h"
#include "observer.h"

/* So many addresses are explained: those that are held or gated, and the
 * newest of the journal. */
#define MAX_ADDRESSES 50

/* So long OVN's databases are waited for where no daemon runs. */
#define COLD_TIMEOUT_S 30

/* ---- The daemon. ---- */

static const char *
get_target(void)
{
    return ipgctl_get_options()->target;
}

/* Adds the answer to a control command.  Returns false if no daemon runs. */
static bool
add_answer(struct bundle *b, const char *command)
{
    char *error, *answer;
    bool said;

    answer = ctl_daemon_call(get_target(), command, 0, NULL, &error, &said);
    if (answer) {
        char *name = xasprintf("daemon-%s.txt", command);

        for (char *s = name; *s; s++) {
            *s = *s == '/' ? '-' : *s;
        }
        bundle_add_text(b, name, answer);
        free(name);
    } else if (error) {
        bundle_add_missing(b, "%s of the daemon: %s", command, error);
    }
    free(answer);
    free(error);
    return answer || error;
}

/* The log file of the command line, or the default one. */
static char *
find_log(const char *command_line)
{
    static const char option[] = "--log-file=";
    const char *s = command_line ? strstr(command_line, option) : NULL;

    if (s) {
        s += strlen(option);
        return xmemdup0(s, strcspn(s, "\n"));
    }
    return xasprintf("%s/ovn-ipguard.log", getenv("OVS_LOGDIR"));
}

/* Returns false if no daemon runs. */
static bool
add_daemon(struct bundle *b)
{
    static const char *const commands[] = {
        "status", "hold/list", "gate/list", "plan/show", "audit/show",
        "manifest/problems", "kube/show", "ipam/show", "webhook/show",
        "metrics/show", "coverage/show", "memory/show", "stopwatch/show",
        "vlog/list",
    };
    char *line = NULL, *log, *path;
    long int pid = ctl_daemon_pid(get_target());
    bool runs = add_answer(b, "version");

    if (pid) {
        path = xasprintf("/proc/%ld/cmdline", pid);
        line = bundle_read_end(path);
        free(path);
    }
    if (line) {
        bundle_add_text(b, "daemon-command-line.txt", line);
    }
    if (runs) {
        for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
            add_answer(b, commands[i]);
        }
    } else {
        bundle_add_missing(b, "no daemon runs here (%s)", get_target());
    }
    log = find_log(line);
    bundle_add_file(b, "ovn-ipguard.log", log);
    free(log);
    log = xasprintf("%s/ovsdb-server-ipguard.log", getenv("OVS_LOGDIR"));
    if (!access(log, F_OK)) {
        bundle_add_file(b, "ovsdb-server-ipguard.log", log);
    }
    free(log);
    free(line);
    return runs;
}

/* ---- The own database. ---- */

static struct json *
json_row(const struct ovsdb_idl_row *row,
         const struct ovsdb_idl_table_class *tc)
{
    struct json *o = json_object_create();

    json_object_put_format(o, "_uuid", UUID_FMT, UUID_ARGS(&row->uuid));
    for (size_t i = 0; i < tc->n_columns; i++) {
        const struct ovsdb_idl_column *c = &tc->columns[i];

        json_object_put(o, c->name,
                        ovsdb_datum_to_json(ovsdb_idl_read(row, c),
                                            &c->type));
    }
    return o;
}

static void
add_table(struct bundle *b, struct ovsdb_idl *idl,
          const struct ovsdb_idl_table_class *tc)
{
    const struct ovsdb_idl_row *row;
    struct ds ds = DS_EMPTY_INITIALIZER;
    char *name = xasprintf("own-%s.json", tc->name);

    for (row = ovsdb_idl_first_row(idl, tc); row;
         row = ovsdb_idl_next_row(row)) {
        struct json *o = json_row(row, tc);

        json_to_ds(o, JSSF_SORT, &ds);
        ds_put_char(&ds, '\n');
        json_destroy(o);
    }
    bundle_add_text(b, name, ds_cstr(&ds));
    ds_destroy(&ds);
    free(name);
}

/* The settings as the database has them. */
static void
add_settings(struct bundle *b, const struct ipgrec_ipguard *row)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct settings s;
    const struct smap_node *node;
    size_t n;
    const struct setting_info *infos = settings_info(&n);

    settings_init(&s);
    if (row) {
        SMAP_FOR_EACH (node, &row->other_config) {
            free(settings_set(&s, node->key, node->value));
        }
    }
    ds_put_cstr(&ds, "# Defaults and IPGuard:other_config; those of the "
                "daemon's command line are in daemon-command-line.txt.\n");
    for (size_t i = 0; i < n; i++) {
        ds_put_format(&ds, "%s=", infos[i].name);
        settings_format(&s, infos[i].name, &ds);
        ds_put_char(&ds, '\n');
    }
    bundle_add_text(b, "settings.txt", ds_cstr(&ds));
    ds_destroy(&ds);
}

static void
add_own(struct bundle *b, const struct ipgctl_reader *r)
{
    const struct ovsdb_idl_class *class = &ipgrec_idl_class;

    if (!r->own) {
        bundle_add_missing(b, "the own database (%s)",
                           ipgctl_get_options()->db);
        return;
    }
    for (size_t i = 0; i < class->n_tables; i++) {
        add_table(b, r->own, &class->tables[i]);
    }
    add_settings(b, ipgrec_ipguard_first(r->own));
}

/* ---- What OVN and the pods say of the addresses that matter. ---- */

static int
compare_newest(const void *a_, const void *b_)
{
    const struct ipgrec_journal *const *a = a_;
    const struct ipgrec_journal *const *b = b_;

    return ((*a)->sequence > (*b)->sequence ? -1
            : (*a)->sequence < (*b)->sequence);
}

static void
find_addresses(const struct ipgctl_reader *r, struct svec *addresses)
{
    const struct ipgrec_journal **rows = NULL;
    const struct ipgrec_journal *j;
    const struct ipgrec_hold *h;
    const struct ipgrec_gate *g;
    size_t n = 0, allocated = 0;
    struct sset seen = SSET_INITIALIZER(&seen);

    if (!r->own) {
        return;
    }
    IPGREC_HOLD_FOR_EACH (h, r->own) {
        sset_add(&seen, h->address);
    }
    IPGREC_GATE_FOR_EACH (g, r->own) {
        sset_add(&seen, g->address);
    }
    IPGREC_JOURNAL_FOR_EACH (j, r->own) {
        if (n >= allocated) {
            rows = x2nrealloc(rows, &allocated, sizeof *rows);
        }
        rows[n++] = j;
    }
    if (n) {
        qsort(rows, n, sizeof *rows, compare_newest);
    }
    for (size_t i = 0; i < n && sset_count(&seen) < MAX_ADDRESSES; i++) {
        if (rows[i]->address[0]) {
            sset_add(&seen, rows[i]->address);
        }
    }
    free(rows);

    const char **sorted = sset_sort(&seen);
    for (size_t i = 0; sorted[i] && i < MAX_ADDRESSES; i++) {
        svec_add(addresses, sorted[i]);
    }
    free(sorted);
    sset_destroy(&seen);
}

static void
add_explanations(struct bundle *b, const struct svec *addresses)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < addresses->n; i++) {
        char *args[] = { addresses->names[i], NULL };
        char *error, *answer;
        bool said;

        answer = ctl_daemon_call(get_target(), "explain", 1, args, &error,
                                 &said);
        ds_put_format(&ds, "%s\n", answer ? answer : error ? error : "");
        free(answer);
        free(error);
    }
    bundle_add_text(b, "addresses.json", ds_cstr(&ds));
    ds_destroy(&ds);
}

static void
add_findings(struct bundle *b, const struct observer *o,
             const struct guard_env *env)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct findings f;

    guard_find_findings(observer_guard(o), NULL, env, &f);
    for (size_t i = 0; i < f.n; i++) {
        const struct finding *x = &f.findings[i];

        ds_put_format(&ds, "%s\t%s\t%s\t%s\t%s\t%s\n",
                      finding_kind_to_string(x->kind), x->network, x->address,
                      x->port, x->owner, x->text);
    }
    findings_destroy(&f);
    bundle_add_text(b, "audit.txt", ds_cstr(&ds));
    ds_destroy(&ds);
}

/* The same where no daemon runs, and what an audit finds. */
static void
add_cold(struct bundle *b, const struct svec *addresses)
{
    const struct ipgctl_options *options = ipgctl_get_options();
    struct options daemon = options->daemon;
    struct observer *o = observer_create(&daemon, MODE_OBSERVE,
                                         options->leader_only);
    struct ip_addr_set ips;
    struct guard_env env;
    struct ip_addr ip;
    char *error;

    ip_addr_set_init(&ips);
    for (size_t i = 0; i < addresses->n; i++) {
        if (ip_addr_parse(addresses->names[i], &ip)) {
            ip_addr_set_add(&ips, &ip);
        }
    }
    observer_watch_all(o);
    error = observer_sync(o, options->timeout ? options->timeout
                          : COLD_TIMEOUT_S);
    if (error) {
        bundle_add_missing(b, "%s", error);
        free(error);
    } else {
        struct ds ds = DS_EMPTY_INITIALIZER;
        struct json *json;

        observer_get_env(o, &env);
        add_findings(b, o, &env);
        json = explain_to_json(observer_guard(o), &ips, NULL, NULL, NULL,
                               NULL, &env);
        json_to_ds(json, JSSF_SORT, &ds);
        ds_put_char(&ds, '\n');
        bundle_add_text(b, "addresses.json", ds_cstr(&ds));
        json_destroy(json);
        ds_destroy(&ds);
    }
    ip_addr_set_destroy(&ips);
    observer_destroy(o);
}

/* ---- The whole. ---- */

static void
add_versions(struct bundle *b)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct utsname u;

    ds_put_format(&ds, "ovn-ipguardctl %s\nDB Schema %s\n", PACKAGE_VERSION,
                  ipgrec_get_db_version());
    if (!uname(&u)) {
        ds_put_format(&ds, "%s %s %s %s %s\n", u.sysname, u.nodename,
                      u.release, u.version, u.machine);
    }
    bundle_add_text(b, "versions.txt", ds_cstr(&ds));
    ds_destroy(&ds);
}

static void
add_readme(struct bundle *b)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_cstr(&ds, "Made by ovn-ipguardctl(8) bundle at ");
    ipgctl_format_time(time_wall_msec(), &ds);
    ds_put_format(&ds, ".\n\nWhat looked like a key, a token or a password "
                  "was taken out (%"PRIuSIZE" times).\nNames of hosts, pods "
                  "and networks, and addresses, are still there: look at\n"
                  "the files before you give them away.\n", b->n_removed);
    if (b->missing.n) {
        ds_put_cstr(&ds, "\nWhat could not be had:\n");
    }
    for (size_t i = 0; i < b->missing.n; i++) {
        ds_put_format(&ds, "- %s\n", b->missing.names[i]);
    }
    bundle_add_text(b, "README.txt", ds_cstr(&ds));
    ds_destroy(&ds);
}

static void
report(const struct bundle *b, const char *file_name, struct ds *output)
{
    struct json *o, *files, *missing;

    if (!ipgctl_wants_json(ipgctl_get_options())) {
        ds_put_format(output, "%s\n", file_name);
        for (size_t i = 0; i < b->missing.n; i++) {
            fprintf(stderr, "%s: bundle: missing: %s\n", program_name,
                    b->missing.names[i]);
        }
        return;
    }
    o = json_object_create();
    files = json_array_create_empty();
    missing = json_array_create_empty();
    for (size_t i = 0; i < b->files.n; i++) {
        json_array_add(files, json_string_create(b->files.names[i]));
    }
    for (size_t i = 0; i < b->missing.n; i++) {
        json_array_add(missing, json_string_create(b->missing.names[i]));
    }
    json_object_put_string(o, "file", file_name);
    json_object_put(o, "contents", files);
    json_object_put(o, "missing", missing);
    json_object_put(o, "secrets_removed",
                    json_integer_create(b->n_removed));
    json_to_ds(o, ipgctl_get_options()->style.json_flags | JSSF_SORT, output);
    ds_put_char(output, '\n');
    json_destroy(o);
}

bool
cmd_bundle(struct ipgctl_reader *r)
{
    const char *output = shash_find_data(&r->ctx->options, "--output");
    struct svec addresses = SVEC_EMPTY_INITIALIZER;
    char *file_name, *error;
    struct bundle b;

    bundle_init(&b);
    file_name = (output ? xstrdup(output)
                 : xasprintf("%s.tar.gz", bundle_name(&b)));
    ipgctl_reader_open_own(r, NULL);
    add_versions(&b);
    add_own(&b, r);
    find_addresses(r, &addresses);
    if (add_daemon(&b)) {
        add_explanations(&b, &addresses);
    } else {
        add_cold(&b, &addresses);
    }
    add_readme(&b);
    error = bundle_archive(&b, file_name);
    if (error) {
        ctl_error(r->ctx, "bundle: %s: %s", file_name, error);
        free(error);
    }
    if (!r->ctx->error) {
        report(&b, file_name, &r->ctx->output);
    }
    bundle_destroy(&b);
    svec_destroy(&addresses);
    free(file_name);
    return true;
}
