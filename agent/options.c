/* SPDX-License-Identifier: Apache-2.0 */

/* See options.h.  The options of the settings are not written here: they come
 * from the table of agent/core/settings.c.  options-usage.c has the texts, and
 * options-complete.c what can only be said of the whole. */

#include <config.h>

#include "options.h"

#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "command-line.h"
#include "daemon.h"
#include "openvswitch/vlog.h"
#include "stream-ssl.h"
#include "util.h"

#include "agent/core/dialect.h"
#include "agent/kube/ipam-metrics.h"
#include "agent/options-private.h"
#include "ovsdb/ovs-compat.h"

/* Kube-OVN's controller and its node agents, and every kubelet.  They write
 * down what is so, and an answer could only do harm. */
#define EXEMPT_DEFAULT "system:serviceaccount:kube-system:ovn," \
                       "system:serviceaccount:kube-system:kube-ovn-cni," \
                       "system:serviceaccount:kube-system:kube-ovn-app," \
                       "system:node:*"

enum {
    OPT_DB = UCHAR_MAX + 1,
    OPT_DIALECT,
    OPT_DRY_RUN,
    OPT_INACTIVITY_PROBE,
    OPT_HTTP_HOST,
    OPT_HTTP_LISTEN,
    OPT_INSTANCE,
    OPT_KUBECONFIG,
    OPT_KUBE_API,
    OPT_KUBE_OVN_METRICS,
    OPT_KUBE_CONTEXT,
    OPT_NAMESPACE,
    OPT_NODE_SELECTOR,
    OPT_ZONE,
    OPT_CNI_CONTROLLER,
    OPT_OVNNB_DB,
    OPT_OVNSB_DB,
    OPT_PODS,
    OPT_REQUESTS_ONLY,
    OPT_UNINSTALL,
    OPT_UNIXCTL,
    OPT_WEBHOOK_CERT,
    OPT_WEBHOOK_CLIENT_CA,
    OPT_WEBHOOK_EXEMPT,
    OPT_WEBHOOK_KEY,
    OPT_WEBHOOK_LISTEN,
    VLOG_OPTION_ENUMS,
    DAEMON_OPTION_ENUMS,
    SSL_OPTION_ENUMS,
    OPT_SETTINGS                /* Plus the index in settings_info(). */
};

static const struct option fixed_options[] = {
    {"ovnnb-db", required_argument, NULL, OPT_OVNNB_DB},
    {"ovnsb-db", required_argument, NULL, OPT_OVNSB_DB},
    {"db", required_argument, NULL, OPT_DB},
    {"pods", required_argument, NULL, OPT_PODS},
    {"kubeconfig", required_argument, NULL, OPT_KUBECONFIG},
    {"kube-context", required_argument, NULL, OPT_KUBE_CONTEXT},
    {"kube-api", required_argument, NULL, OPT_KUBE_API},
    {"namespace", required_argument, NULL, OPT_NAMESPACE},
    {"node-selector", required_argument, NULL, OPT_NODE_SELECTOR},
    {"zone", required_argument, NULL, OPT_ZONE},
    {"cni-controller", required_argument, NULL, OPT_CNI_CONTROLLER},
    {"kube-ovn-metrics", required_argument, NULL, OPT_KUBE_OVN_METRICS},
    {"dialect", required_argument, NULL, OPT_DIALECT},
    {"dry-run", no_argument, NULL, OPT_DRY_RUN},
    {"http-host", required_argument, NULL, OPT_HTTP_HOST},
    {"http-listen", required_argument, NULL, OPT_HTTP_LISTEN},
    {"instance", required_argument, NULL, OPT_INSTANCE},
    {"inactivity-probe", required_argument, NULL, OPT_INACTIVITY_PROBE},
    {"webhook-listen", required_argument, NULL, OPT_WEBHOOK_LISTEN},
    {"webhook-cert", required_argument, NULL, OPT_WEBHOOK_CERT},
    {"webhook-key", required_argument, NULL, OPT_WEBHOOK_KEY},
    {"webhook-client-ca", required_argument, NULL, OPT_WEBHOOK_CLIENT_CA},
    {"webhook-exempt", required_argument, NULL, OPT_WEBHOOK_EXEMPT},
    {"requests-only", no_argument, NULL, OPT_REQUESTS_ONLY},
    {"uninstall", no_argument, NULL, OPT_UNINSTALL},
    {"unixctl", required_argument, NULL, OPT_UNIXCTL},
    {"help", no_argument, NULL, 'h'},
    {"options", no_argument, NULL, 'o'},
    {"version", no_argument, NULL, 'V'},
    VLOG_LONG_OPTIONS,
    DAEMON_LONG_OPTIONS,
    STREAM_SSL_LONG_OPTIONS,
};

/* Of a setting that is on or off, "--NAME" alone says on. */
static bool
is_switch(const struct setting_info *info)
{
    return !strcmp(info->arg, SWITCH_WORDS);
}

/* Returns all options, ended by a null one; the caller frees the array. */
static struct option *
make_long_options(void)
{
    size_t n_settings;
    const struct setting_info *infos = settings_info(&n_settings);
    size_t n = ARRAY_SIZE(fixed_options);
    struct option *options = xcalloc(n + n_settings + 1, sizeof *options);

    memcpy(options, fixed_options, sizeof fixed_options);
    for (size_t i = 0; i < n_settings; i++) {
        options[n++] = (struct option) {
            .name = infos[i].name,
            .has_arg = (is_switch(&infos[i]) ? optional_argument
                        : required_argument),
            .val = OPT_SETTINGS + i,
        };
    }
    return options;
}

char *
options_parse_probe(const char *arg, int *ms)
{
    int value;

    if (!arg[0] || arg[strspn(arg, "0123456789")]
        || !str_to_int(arg, 10, &value) || value > PROBE_MAX_MS) {
        return xasprintf("'%s' is not a number of milliseconds between 0 and "
                         "%d", arg, PROBE_MAX_MS);
    }
    *ms = value;
    return NULL;
}

/* Exits if 'error' is nonnull. */
static void
check_value(const char *option, char *error)
{
    if (error) {
        ovs_fatal(0, "--%s: %s", option, error);
    }
}

/* Exits if 'arg' is empty: an unset variable in a script is no database. */
static const char *
nonempty(const char *option, const char *arg, const char *what)
{
    if (!arg[0]) {
        ovs_fatal(0, "--%s: '' is not %s", option, what);
    }
    return arg;
}

static void
replace(char **s, char *new)
{
    free(*s);
    *s = new;
}

/* Returns 'file' as an absolute name, since a daemon changes its folder. */
static char *
absolute(const char *file)
{
    char *abs = abs_file_name(NULL, file);

    if (!abs) {
        ovs_fatal(0, "%s: the current folder is unknown", file);
    }
    return abs;
}

static void
set_dialect(struct options *o, const char *name)
{
    o->dialect = dialect_by_name(name);
    if (!o->dialect) {
        ovs_fatal(0, "--dialect: '%s' is not 'auto', 'kube-ovn' or "
                  "'ovn-kubernetes'", name);
    }
}

/* Each of the following handles the options of one theme.  Returns false if
 * 'c' is none of them. */

/* TLS files are not opened before the daemon has detached. */
static bool
handle_tls_file(struct options *o, int c)
{
    switch (c) {
    case 'p':
        replace(&o->private_key, absolute(optarg));
        return true;

    case 'c':
        replace(&o->certificate, absolute(optarg));
        return true;

    case 'C':
        /* "none" is a word of the library's. */
        replace(&o->ca_cert, !strcmp(optarg, "none") ? xstrdup(optarg)
                                                     : absolute(optarg));
        return true;

    default:
        return false;
    }
}

static bool
handle_db_option(struct options *o, int c)
{
    static const char what[] = "an OVSDB connection method";

    switch (c) {
    case OPT_OVNNB_DB:
        replace(&o->nb_db, xstrdup(nonempty("ovnnb-db", optarg, what)));
        return true;

    case OPT_OVNSB_DB:
        replace(&o->sb_db, xstrdup(nonempty("ovnsb-db", optarg, what)));
        return true;

    case OPT_DB:
        replace(&o->own_db, xstrdup(nonempty("db", optarg, what)));
        return true;

    default:
        return false;
    }
}

/* "NAMESPACE/NAME" or "none". */
static void
check_controller(const char *arg)
{
    const char *slash = strchr(arg, '/');

    if (strcmp(arg, "none")
        && (!slash || slash == arg || !slash[1] || strchr(slash + 1, '/'))) {
        ovs_fatal(0, "--cni-controller: \"%s\" is not NAMESPACE/NAME or "
                  "\"none\"", arg);
    }
}

/* Where pods come from, and which. */
static bool
handle_kube_option(struct options *o, int c)
{
    switch (c) {
    case OPT_PODS:
        svec_add_nocopy(&o->pods, absolute(nonempty("pods", optarg,
                                                    "a file or folder")));
        return true;

    case OPT_KUBECONFIG:
        replace(&o->kubeconfig,
                absolute(nonempty("kubeconfig", optarg, "a file")));
        return true;

    case OPT_KUBE_CONTEXT:
        replace(&o->kube_context, xstrdup(nonempty("kube-context", optarg,
                                                   "a name")));
        return true;

    case OPT_KUBE_API:
        replace(&o->kube_api, xstrdup(nonempty("kube-api", optarg,
                                               "a URL or \"in-cluster\"")));
        return true;

    case OPT_NAMESPACE:
        svec_add(&o->namespaces, nonempty("namespace", optarg, "a name"));
        return true;

    case OPT_NODE_SELECTOR:
        replace(&o->node_selector, xstrdup(nonempty("node-selector", optarg,
                                                    "a label selector")));
        return true;

    case OPT_ZONE:
        replace(&o->zone, xstrdup(nonempty("zone", optarg, "a name")));
        return true;

    case OPT_CNI_CONTROLLER:
        check_controller(optarg);
        replace(&o->cni_controller, xstrdup(optarg));
        return true;

    case OPT_KUBE_OVN_METRICS:
        check_value("kube-ovn-metrics", ipam_metrics_check_url(optarg));
        replace(&o->kube_ovn_metrics, xstrdup(optarg));
        return true;

    default:
        return false;
    }
}

/* Makes 'list' the items of 's', which are separated by commas. */
static void
set_list(struct svec *list, const char *s)
{
    char *copy = xstrdup(s);
    char *save = NULL;

    svec_clear(list);
    for (char *item = strtok_r(copy, ",", &save); item;
         item = strtok_r(NULL, ",", &save)) {
        svec_add(list, item);
    }
    free(copy);
}

static bool
handle_webhook_option(struct options *o, int c)
{
    switch (c) {
    case OPT_WEBHOOK_LISTEN:
        replace(&o->webhook_listen, xstrdup(nonempty("webhook-listen", optarg,
                                                     "[ADDR:]PORT")));
        return true;

    case OPT_WEBHOOK_CERT:
        replace(&o->webhook_cert,
                absolute(nonempty("webhook-cert", optarg, "a file")));
        return true;

    case OPT_WEBHOOK_KEY:
        replace(&o->webhook_key,
                absolute(nonempty("webhook-key", optarg, "a file")));
        return true;

    case OPT_WEBHOOK_CLIENT_CA:
        replace(&o->webhook_client_ca,
                absolute(nonempty("webhook-client-ca", optarg, "a file")));
        return true;

    case OPT_WEBHOOK_EXEMPT:
        set_list(&o->webhook_exempt, optarg);
        return true;

    default:
        return false;
    }
}

static bool
handle_http_option(struct options *o, int c)
{
    switch (c) {
    case OPT_HTTP_HOST:
        set_list(&o->http_hosts, nonempty("http-host", optarg, "a name"));
        return true;

    case OPT_HTTP_LISTEN:
        replace(&o->http_listen, xstrdup(nonempty("http-listen", optarg,
                                                  "a port")));
        return true;

    default:
        return false;
    }
}

/* What the daemon is and does as a whole. */
static bool
handle_daemon_option(struct options *o, int c, bool *dry_run)
{
    switch (c) {
    case OPT_DIALECT:
        set_dialect(o, optarg);
        return true;

    case OPT_UNINSTALL:
        o->uninstall = o->requests_only = true;
        return true;

    case OPT_REQUESTS_ONLY:
        o->requests_only = true;
        return true;

    case OPT_DRY_RUN:
        *dry_run = true;
        return true;

    case OPT_INSTANCE:
        replace(&o->instance, xstrdup(nonempty("instance", optarg,
                                               "a name")));
        return true;

    case OPT_INACTIVITY_PROBE:
        check_value("inactivity-probe",
                    options_parse_probe(optarg, &o->probe_ms));
        return true;

    case OPT_UNIXCTL:
        replace(&o->unixctl_path, xstrdup(nonempty("unixctl", optarg,
                                                   "a socket or \"none\"")));
        return true;

    default:
        return false;
    }
}

/* Prints what is asked for and exits, if 'c' asks for something. */
static void
handle_question(int c, const struct option *long_options)
{
    switch (c) {
    case 'h':
        options_print_usage();
        exit(EXIT_SUCCESS);

    case 'o':
        ovs_cmdl_print_options(long_options);
        exit(EXIT_SUCCESS);

    case 'V':
        options_print_version();
        exit(EXIT_SUCCESS);

    default:
        break;
    }
}

/* Handles an option of the library, or exits. */
static void
handle_library_option(int c)
{
    switch (c) {
    VLOG_OPTION_HANDLERS
    DAEMON_OPTION_HANDLERS

    case OPT_SSL_PROTOCOLS:
        stream_ssl_set_protocols(optarg);
        break;

    case OPT_SSL_CIPHERS:
        stream_ssl_set_ciphers(optarg);
        break;

    COMPAT_SSL_NEWER_OPTION_HANDLERS

    case '?':
        exit(EXIT_FAILURE);

    default:
        abort();
    }
}

/* Handles option 'c', other than a setting. */
static void
handle_option(struct options *o, int c, bool *dry_run,
              const struct option *long_options)
{
    handle_question(c, long_options);
    if (!handle_tls_file(o, c)
        && !handle_db_option(o, c)
        && !handle_kube_option(o, c)
        && !handle_webhook_option(o, c)
        && !handle_http_option(o, c)
        && !handle_daemon_option(o, c, dry_run)) {
        handle_library_option(c);
    }
}

void
options_parse(struct options *o, int argc, char *argv[])
{
    /* Static, so that a leak checker finds them when an option exits. */
    static struct option *long_options;
    static char *short_options;
    size_t n_settings;
    const struct setting_info *infos = settings_info(&n_settings);
    bool dry_run = false;

    long_options = make_long_options();
    short_options = ovs_cmdl_long_options_to_short_options(long_options);
    memset(o, 0, sizeof *o);
    settings_init(&o->settings);
    svec_init(&o->pods);
    svec_init(&o->namespaces);
    svec_init(&o->http_hosts);
    svec_init(&o->webhook_exempt);
    set_list(&o->webhook_exempt, EXEMPT_DEFAULT);
    o->dialect = &dialect_auto;
    o->probe_ms = PROBE_DEFAULT_MS;

    for (;;) {
        int c = getopt_long(argc, argv, short_options, long_options, NULL);

        if (c == -1) {
            break;
        }
        if (c >= OPT_SETTINGS) {
            const char *name = infos[c - OPT_SETTINGS].name;

            check_value(name, settings_set(&o->settings, name,
                                           optarg ? optarg : "on"));
        } else {
            handle_option(o, c, &dry_run, long_options);
        }
    }
    free(short_options);
    free(long_options);

    if (optind < argc) {
        ovs_fatal(0, "unexpected argument '%s'; use --help for usage",
                  argv[optind]);
    }
    options_complete(o, dry_run);
}

void
options_destroy(struct options *o)
{
    free(o->nb_db);
    free(o->sb_db);
    free(o->own_db);
    svec_destroy(&o->pods);
    free(o->kubeconfig);
    free(o->node_selector);
    free(o->zone);
    free(o->cni_controller);
    free(o->kube_ovn_metrics);
    free(o->kube_context);
    free(o->kube_api);
    svec_destroy(&o->namespaces);
    free(o->webhook_listen);
    free(o->webhook_cert);
    free(o->webhook_key);
    free(o->webhook_client_ca);
    svec_destroy(&o->webhook_exempt);
    svec_destroy(&o->http_hosts);
    free(o->unixctl_path);
    free(o->http_listen);
    free(o->instance);
    free(o->private_key);
    free(o->certificate);
    free(o->ca_cert);
}

void
options_update_tls(const struct options *o)
{
    if (o->private_key) {
        stream_ssl_set_key_and_cert(o->private_key, o->certificate);
    }
    if (o->ca_cert) {
        stream_ssl_set_ca_cert_file(o->ca_cert, false);
    }
}
