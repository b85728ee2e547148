/* SPDX-License-Identifier: Apache-2.0 */

/* See ctl-options.h. */

#include <config.h>

#include "ctl-options.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command-line.h"
#include "db-ctl-base.h"
#include "openvswitch/vlog.h"
#include "stream-ssl.h"
#include "stream.h"
#include "util.h"

#include "ovsdb/ipguard-idl.h"

#include "agent/core/dialect.h"
#include "agent/dirs.h"

enum {
    OPT_DB = UCHAR_MAX + 1,
    OPT_COMMANDS,
    OPT_DRY_RUN,
    OPT_LEADER_ONLY,
    OPT_NO_LEADER_ONLY,
    OPT_NO_SHUFFLE_REMOTES,
    OPT_NO_SYSLOG,
    OPT_ONELINE,
    OPT_OPTIONS,
    OPT_SHUFFLE_REMOTES,
    OPT_WAIT,
    OPT_BOOTSTRAP_CA_CERT,
    OPT_CNI_CONTROLLER,
    OPT_DAEMON,
    OPT_DIALECT,
    OPT_KUBECONFIG,
    OPT_KUBE_API,
    OPT_KUBE_CONTEXT,
    OPT_NAMESPACE,
    OPT_NODE_SELECTOR,
    OPT_OVNNB_DB,
    OPT_OVNSB_DB,
    OPT_PODS,
    OPT_TARGET,
    OPT_ZONE,
    VLOG_OPTION_ENUMS,
    TABLE_OPTION_ENUMS,
    SSL_OPTION_ENUMS,
    OPT_LOCAL,                  /* An option of a command. */
};

static const struct option global_options[] = {
    {"db", required_argument, NULL, OPT_DB},
    {"wait", required_argument, NULL, OPT_WAIT},
    {"timeout", required_argument, NULL, 't'},
    {"dry-run", no_argument, NULL, OPT_DRY_RUN},
    {"oneline", no_argument, NULL, OPT_ONELINE},
    {"leader-only", no_argument, NULL, OPT_LEADER_ONLY},
    {"no-leader-only", no_argument, NULL, OPT_NO_LEADER_ONLY},
    {"shuffle-remotes", no_argument, NULL, OPT_SHUFFLE_REMOTES},
    {"no-shuffle-remotes", no_argument, NULL, OPT_NO_SHUFFLE_REMOTES},
    {"no-syslog", no_argument, NULL, OPT_NO_SYSLOG},
    {"commands", no_argument, NULL, OPT_COMMANDS},
    {"options", no_argument, NULL, OPT_OPTIONS},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {"ovnnb-db", required_argument, NULL, OPT_OVNNB_DB},
    {"ovnsb-db", required_argument, NULL, OPT_OVNSB_DB},
    {"pods", required_argument, NULL, OPT_PODS},
    {"kubeconfig", required_argument, NULL, OPT_KUBECONFIG},
    {"kube-context", required_argument, NULL, OPT_KUBE_CONTEXT},
    {"kube-api", required_argument, NULL, OPT_KUBE_API},
    {"namespace", required_argument, NULL, OPT_NAMESPACE},
    {"node-selector", required_argument, NULL, OPT_NODE_SELECTOR},
    {"zone", required_argument, NULL, OPT_ZONE},
    {"cni-controller", required_argument, NULL, OPT_CNI_CONTROLLER},
    {"dialect", required_argument, NULL, OPT_DIALECT},
    {"daemon", required_argument, NULL, OPT_DAEMON},
    {"target", required_argument, NULL, OPT_TARGET},
    {"bootstrap-ca-cert", required_argument, NULL, OPT_BOOTSTRAP_CA_CERT},
    VLOG_LONG_OPTIONS,
    TABLE_LONG_OPTIONS,
    STREAM_SSL_LONG_OPTIONS,
    {NULL, 0, NULL, 0},
};

static void
usage(void)
{
    char *db = dirs_default_own_db();

    printf("\
%s: look at and steer ovn-ipguard through its database\n\
usage: %s [OPTIONS] COMMAND [ARG...] [-- COMMAND [ARG...]]...\n\
\n\
Overview:\n\
  show                        print what is held and what it waits for\n\
  journal                     print what was done, oldest first\n\
    [--since=WHEN] [--port=PORT] [--ip=IP] [--limit=N]\n\
  undo ACTION [--force]       put back the address that a clear took away;\n\
                              ACTION is the number in the journal\n\
\n\
Holds and gates:\n\
  hold-list [NETWORK]         print the addresses that are held\n\
  hold-add NETWORK IP [REASON] [--for=SECONDS]\n\
                              reserve an address that nobody has\n\
  hold-release NETWORK IP [--force]\n\
                              end a hold, clean or (--force) not\n\
  gate-list                   print the ports that are kept disabled\n\
  gate-open PORT [--force]    enable a port, in use or (--force) not\n\
  gate-keep PORT [--for=SECONDS]\n\
                              keep it disabled for longer\n\
\n\
Safety:\n\
  get-mode                    print the mode that the database asks for\n\
  set-mode MODE               lower the mode: observe, guard or manage;\n\
                              \"default\" leaves it to the command line\n\
  brake-status                print whether the brake is on, and why\n\
  brake-rearm                 take it off\n\
  freeze [REASON]             write nothing more but gate openings\n\
  thaw                        end that, and accept the databases as they are\n\
\n\
Connections:\n\
  get-connection              print the database server's connections\n\
  del-connection              delete them\n\
  [--inactivity-probe=MSECS] set-connection TARGET...\n\
                              set the list of connections\n\
  get-ssl                     print the database server's TLS files\n\
  del-ssl                     delete them\n\
  [--bootstrap] set-ssl PRIV-KEY CERT CA-CERT [PROTOCOLS [CIPHERS]]\n\
                              set them\n\
\n\
Explanations (from OVN's databases and the pods; no daemon is needed):\n\
  why IP|PORT|NAMESPACE/POD [--network=NETWORK] [--cold]\n\
                              print everything known about an address\n\
  audit [--network=NETWORK]   print what is wrong; status 2 if anything\n\
  plan [-o|--output=FILE]     print what a guard would write, for review\n\
  apply FILE                  have such a plan done, where it still holds\n\
  bundle [-o|--output=FILE]   make an archive for support, without secrets\n\
  dot [IP|NETWORK]            print a picture for Graphviz\n\
\n\
Synchronization (not useful without --wait):\n\
  init                        make the IPGuard row if there is none\n\
  sync                        with --wait=done, wait for the daemon\n\
\n\
%s\
%s\
\n\
Options:\n\
  --db=DATABASE               connect to DATABASE\n\
                              (default: %s)\n\
  --wait=none|done            whether to wait until the daemon has taken the\n\
                              change in\n\
  --ovnnb-db, --ovnsb-db, --pods, --kubeconfig, --kube-context, --kube-api,\n\
  --namespace, --node-selector, --zone, --cni-controller, --dialect\n\
                              sources of explanations, as for ovn-ipguard\n\
  --daemon=PROGRAM            ovn-ipguard, for apply where none runs\n\
  --target=NAME|SOCKET        the daemon that why asks\n\
  -t, --timeout=SECS          wait at most SECS seconds\n\
  --dry-run                   do not commit changes to the database\n\
  --oneline                   print exactly one line of output per command\n\
  --[no-]leader-only          accept any cluster member, not only the leader\n\
                              (default: --leader-only)\n\
  --[no-]shuffle-remotes      try the servers in random order, or as given\n\
                              (default: --shuffle-remotes)\n",
           program_name, program_name, ctl_get_db_cmd_usage(),
           ctl_list_db_tables_usage(), db);
    free(db);
    table_usage();
    vlog_usage();
    printf("\
  --no-syslog                 do not log to the system log\n");
    stream_usage("database", true, false, true);
    printf("\n\
Other options:\n\
  --commands                  print all commands, for completion\n\
  --options                   print all options, for completion\n\
  -h, --help                  display this help message\n\
  -V, --version               display version information\n");
    exit(EXIT_SUCCESS);
}

static void
print_version(void)
{
    ovs_print_version(0, 0);
    printf("DB Schema %s\n", ipgrec_get_db_version());
    exit(EXIT_SUCCESS);
}

static enum ipgctl_wait
parse_wait(const char *arg)
{
    if (!strcmp(arg, "none")) {
        return IPGCTL_WAIT_NONE;
    } else if (!strcmp(arg, "done")) {
        return IPGCTL_WAIT_DONE;
    }
    ctl_fatal("--wait: '%s' is neither 'none' nor 'done'", arg);
}

static void
add_local(struct shash *local, const char *name)
{
    char *key = xasprintf("--%s", name);

    if (shash_find(local, key)) {
        ctl_fatal("'%s' option specified multiple times", key);
    }
    shash_add_nocopy(local, key, nullable_xstrdup(optarg));
}

/* Handles what only this program has.  Returns false for other options. */
static bool
handle_own_option(struct ipgctl_options *o, int c)
{
    switch (c) {
    case OPT_DB:
        if (!optarg[0]) {
            ctl_fatal("--db: '' is not an OVSDB connection method");
        }
        free(o->db);
        o->db = xstrdup(optarg);
        return true;

    case OPT_WAIT:
        o->wait = parse_wait(optarg);
        return true;

    case 't':
        if (!str_to_uint(optarg, 10, &o->timeout) || !o->timeout) {
            ctl_fatal("--timeout: '%s' is not a number of seconds", optarg);
        }
        return true;

    case OPT_DAEMON:
        free(o->program);
        o->program = xstrdup(optarg);
        return true;

    case OPT_TARGET:
        free(o->target);
        o->target = xstrdup(optarg);
        return true;

    case OPT_DRY_RUN:
        o->dry_run = true;
        return true;

    case OPT_ONELINE:
        o->oneline = true;
        return true;

    case OPT_LEADER_ONLY:
    case OPT_NO_LEADER_ONLY:
        o->leader_only = c == OPT_LEADER_ONLY;
        return true;

    case OPT_SHUFFLE_REMOTES:
    case OPT_NO_SHUFFLE_REMOTES:
        o->shuffle_remotes = c == OPT_SHUFFLE_REMOTES;
        return true;

    case OPT_NO_SYSLOG:
        vlog_set_levels(NULL, VLF_SYSLOG, VLL_OFF);
        return true;

    default:
        return false;
    }
}

static void
replace(char **s, const char *new)
{
    free(*s);
    *s = xstrdup(new);
}

/* Handles what the daemon has as well, for the commands that read OVN's
 * databases and the pods.  Returns false for other options. */
static bool
handle_source_option(struct options *d, int c)
{
    switch (c) {
    case OPT_OVNNB_DB:
        replace(&d->nb_db, optarg);
        return true;

    case OPT_OVNSB_DB:
        replace(&d->sb_db, optarg);
        return true;

    case OPT_PODS:
        svec_add(&d->pods, optarg);
        return true;

    case OPT_KUBECONFIG:
        replace(&d->kubeconfig, optarg);
        return true;

    case OPT_KUBE_API:
        replace(&d->kube_api, optarg);
        return true;

    case OPT_KUBE_CONTEXT:
        replace(&d->kube_context, optarg);
        return true;

    case OPT_NAMESPACE:
        svec_add(&d->namespaces, optarg);
        return true;

    case OPT_NODE_SELECTOR:
        replace(&d->node_selector, optarg);
        return true;

    case OPT_ZONE:
        replace(&d->zone, optarg);
        return true;

    case OPT_CNI_CONTROLLER:
        replace(&d->cni_controller, optarg);
        return true;

    case OPT_DIALECT:
        d->dialect = dialect_by_name(optarg);
        if (!d->dialect) {
            ctl_fatal("--dialect: '%s' is not 'auto', 'kube-ovn' or "
                      "'ovn-kubernetes'", optarg);
        }
        return true;

    default:
        return false;
    }
}

static void
init_sources(struct options *d)
{
    settings_init(&d->settings);
    d->nb_db = dirs_default_nb_db();
    d->sb_db = dirs_default_sb_db();
    d->dialect = dialect_by_name("auto");
    svec_init(&d->pods);
    svec_init(&d->namespaces);
}

static void
destroy_sources(struct options *d)
{
    free(d->nb_db);
    free(d->sb_db);
    svec_destroy(&d->pods);
    free(d->kubeconfig);
    free(d->kube_context);
    free(d->kube_api);
    svec_destroy(&d->namespaces);
    free(d->node_selector);
    free(d->zone);
    free(d->cni_controller);
}

/* What does not go together, as the daemon says it. */
static void
check_sources(const struct options *d)
{
    if (d->kubeconfig && d->kube_api) {
        ctl_fatal("--kubeconfig and --kube-api exclude each other");
    } else if (d->kube_context && !d->kubeconfig) {
        ctl_fatal("--kube-context needs --kubeconfig");
    }
}

/* Keeps options of TLS for an instance of the daemon that is started. */
static void
keep_tls_option(struct ipgctl_options *o, int c)
{
    static const struct {
        int c;
        const char *name;
    } tls[] = {
        {'p', "private-key"},
        {'c', "certificate"},
        {'C', "ca-cert"},
        {OPT_BOOTSTRAP_CA_CERT, "ca-cert"},
        {OPT_SSL_PROTOCOLS, "ssl-protocols"},
        {OPT_SSL_CIPHERS, "ssl-ciphers"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(tls); i++) {
        if (tls[i].c == c) {
            svec_add_nocopy(&o->tls, xasprintf("--%s=%s", tls[i].name,
                                               optarg));
        }
    }
}

static void
handle_option(struct ipgctl_options *o, int c, const struct option *options,
              int index)
{
    keep_tls_option(o, c);
    if (handle_own_option(o, c)) {
        return;
    } else if (handle_source_option(&o->daemon, c)) {
        o->sources_given = true;
        return;
    }
    switch (c) {
    case OPT_LOCAL:
        add_local(&o->local, options[index].name);
        break;

    case OPT_COMMANDS:
        ctl_print_commands();
        break;

    case OPT_OPTIONS:
        ctl_print_options(global_options);
        break;

    case 'h':
        usage();
        break;

    case 'V':
        print_version();
        break;

    case OPT_BOOTSTRAP_CA_CERT:
        o->bootstraps = access(optarg, F_OK) != 0;
        stream_ssl_set_ca_cert_file(optarg, true);
        break;

    VLOG_OPTION_HANDLERS
    TABLE_OPTION_HANDLERS(&o->style)
    STREAM_SSL_OPTION_HANDLERS

    case '?':
        exit(EXIT_FAILURE);

    default:
        abort();
    }
}

int
ipgctl_options_parse(struct ipgctl_options *o, int argc, char *argv[])
{
    size_t n_global = ARRAY_SIZE(global_options) - 1;
    size_t allocated = ARRAY_SIZE(global_options);
    size_t n = n_global;
    struct option *options = xmemdup(global_options, sizeof global_options);
    char *short_options, *tmp;

    memset(o, 0, sizeof *o);
    o->db = dirs_default_own_db();
    o->leader_only = true;
    o->shuffle_remotes = true;
    o->style = table_style_default;
    init_sources(&o->daemon);
    o->program = xstrdup("ovn-ipguard");
    o->target = xstrdup("ovn-ipguard");
    svec_init(&o->tls);
    shash_init(&o->local);

    /* "+": what follows the first command is that command's. */
    tmp = ovs_cmdl_long_options_to_short_options(global_options);
    short_options = xasprintf("+%s", tmp);
    free(tmp);
    ctl_add_cmd_options(&options, &n, &allocated, OPT_LOCAL);

    for (;;) {
        int index = 0;
        int c = getopt_long(argc, argv, short_options, options, &index);

        if (c == -1) {
            break;
        }
        o->format_given |= c == 'f' || c == OPT_BARE;
        handle_option(o, c, options, index);
    }
    free(short_options);
    for (size_t i = n_global; options[i].name; i++) {
        free(CONST_CAST(char *, options[i].name));
    }
    free(options);
    check_sources(&o->daemon);
    return optind;
}

void
ipgctl_options_destroy(struct ipgctl_options *o)
{
    free(o->db);
    destroy_sources(&o->daemon);
    free(o->program);
    free(o->target);
    svec_destroy(&o->tls);
    shash_destroy_free_data(&o->local);
}

bool
ipgctl_wants_json(const struct ipgctl_options *o)
{
    return o->style.format == TF_JSON;
}
