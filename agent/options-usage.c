/* SPDX-License-Identifier: Apache-2.0 */

/* What --help and --version print.  The part about settings comes from the
 * table of agent/core/settings.c. */

#include <config.h>

#include "options-private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/vlog.h"
#include "stream.h"
#include "util.h"

#include "agent/core/settings.h"
#include "agent/dirs.h"
#include "agent/schema-version.h"

/* Prints one line of help, or two if the default does not fit. */
static void
print_setting(const struct setting_info *info, const struct settings *defaults)
{
    struct ds option = DS_EMPTY_INITIALIZER;
    struct ds init = DS_EMPTY_INITIALIZER;

    ds_put_format(&option, "--%s=%s", info->name, info->arg);
    ds_put_cstr(&init, "(default: ");
    settings_format(defaults, info->name, &init);
    ds_put_char(&init, ')');

    printf("  %s", ds_cstr(&option));
    if (option.length > 24) {
        printf("\n%28s", "");
    } else {
        printf("%*s", (int) (26 - option.length), "");
    }
    printf("%s", info->help);
    if (28 + strlen(info->help) + 1 + init.length > 79) {
        printf("\n%27s", "");
    }
    printf(" %s\n", ds_cstr(&init));
    ds_destroy(&option);
    ds_destroy(&init);
}

void
options_print_usage(void)
{
    char *nb_db = dirs_default_nb_db();
    char *sb_db = dirs_default_sb_db();
    char *own_db = dirs_default_own_db();

    printf("\
%s: guards the addresses of OVN logical switch ports\n\
usage: %s [OPTIONS]\n\
\n\
Databases:\n\
  --ovnnb-db=DATABASE       connect to ovn-nb database at DATABASE\n\
                            (default: %s)\n\
  --ovnsb-db=DATABASE       connect to ovn-sb database at DATABASE\n\
                            (default: %s)\n\
  --db=DATABASE             connect to own database at DATABASE, or \"none\"\n\
                            (default: %s)\n\
  --inactivity-probe=MS     drop a connection without an answer to a probe\n\
                            in this time, 0 for never (default: %d)\n\
\n\
Pods:\n\
  --pods=PATH               read pods and their owners from this file or\n\
                            folder of manifests; may be given repeatedly\n\
  --kubeconfig=FILE         read them from the API server that this\n\
                            kubeconfig file names\n\
  --kube-context=NAME       use this context of the kubeconfig file\n\
                            (default: its current-context)\n\
  --kube-api=URL            read them from the API server at URL, or\n\
                            \"in-cluster\" with the pod's service account\n\
  --namespace=NAME          read pods of this namespace only; may be given\n\
                            repeatedly\n\
  --node-selector=SELECTOR  judge pods on nodes with these labels only\n\
  --zone=NAME               judge pods on nodes of this zone of\n\
                            ovn-kubernetes only\n\
  --cni-controller=NS/NAME  whose restarts are watched, or \"none\"\n\
                            (default: kube-system/kube-ovn-controller)\n\
  --kube-ovn-metrics=URL    its metrics, for leaks of its IPAM\n\
  --dialect=auto|kube-ovn|ovn-kubernetes\n\
                            how the CNI names ports and annotations; auto:\n\
                            as the marks on ports and pods tell (default)\n",
           program_name, program_name, nb_db, sb_db, own_db,
           PROBE_DEFAULT_MS);
    free(nb_db);
    free(sb_db);
    free(own_db);

    printf("\n\
Webhook:\n\
  --webhook-listen=[ADDR:]PORT\n\
                            answer the API server's admission requests\n\
  --webhook-cert=FILE       certificate for it, with its chain\n\
  --webhook-key=FILE        private key for it\n\
  --webhook-client-ca=FILE  answer only clients that this authority knows\n\
  --webhook-exempt=USER,... never judge what these users do; USER* is all\n\
                            that begin so (default: Kube-OVN and kubelets)\n");

    struct settings defaults;
    size_t n;
    const struct setting_info *infos = settings_info(&n);

    settings_init(&defaults);
    printf("\n\
Settings (of the same names in IPGuard:other_config, which prevails; but\n\
IPGuard:mode can only lower --mode):\n");
    for (size_t i = 0; i < n; i++) {
        print_setting(&infos[i], &defaults);
    }
    printf("\
  --dry-run                 same as --mode=observe, whatever --mode says\n");

    daemon_usage();
    vlog_usage();
    stream_usage("database", true, false, false);
    printf("\n\
Other options:\n\
  --http-listen=[ADDR:]PORT serve the page and metrics there over HTTP\n\
                            (without ADDR: 127.0.0.1)\n\
  --http-host=NAME,...      names that it goes by there, besides addresses,\n\
                            localhost and the machine's own; * is any\n\
  --requests-only           begin only what ovn-ipguardctl asks for\n\
  --uninstall               undo everything of ours, tell it, and end\n\
  --instance=NAME           name of this instance (default: HOST:PID)\n\
  --unixctl=SOCKET          override default control socket name\n\
  -h, --help                display this help message\n\
  -o, --options             list available options\n\
  -V, --version             display version information\n");
}

void
options_print_version(void)
{
    /* The program's version and the library's. */
    ovs_print_version(0, 0);
    printf("DB Schema %s\n", IPGUARD_SCHEMA_VERSION);
}
