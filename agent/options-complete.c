/* SPDX-License-Identifier: Apache-2.0 */

/* What a command line leaves out is filled in, and what does not go together
 * is refused. */

#include <config.h>

#include "options-private.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "agent/core/settings.h"
#include "agent/dirs.h"
#include "agent/options.h"

static void
fill_in_mode(struct options *o, bool dry_run)
{
    if (dry_run) {
        o->settings.mode = MODE_OBSERVE;
    }
    if (o->uninstall) {
        if (dry_run) {
            ovs_fatal(0, "--uninstall and --dry-run exclude each other");
        }
        o->settings.mode = MODE_GUARD; /* Whose gates are its own. */
    }
}

static void
fill_in_databases(struct options *o)
{
    if (!o->nb_db) {
        o->nb_db = dirs_default_nb_db();
    }
    if (!o->sb_db) {
        o->sb_db = dirs_default_sb_db();
    }
    if (!o->own_db) {
        o->own_db = dirs_default_own_db();
    }
    if (!strcmp(o->own_db, "none")) {
        free(o->own_db);
        o->own_db = NULL;
    }
}

static bool
asks_api_server(const struct options *o)
{
    return o->kubeconfig || o->kube_api;
}

static bool
knows_pods(const struct options *o)
{
    return o->pods.n || asks_api_server(o);
}

static void
check_mode(const struct options *o)
{
    const char *mode = guard_mode_to_string(o->settings.mode);

    if (o->settings.mode == MODE_OBSERVE) {
        return;
    }
    if (!o->own_db) {
        ovs_fatal(0, "--mode=%s needs an own database: --db=none goes "
                  "with --mode=observe only", mode);
    }
    if (!knows_pods(o) && !o->uninstall) {
        ovs_fatal(0, "--mode=%s needs to know the pods: please use "
                  "--pods=PATH, --kubeconfig=FILE or --kube-api=URL", mode);
    }
}

static void
check_kube(const struct options *o)
{
    if (o->kubeconfig && o->kube_api) {
        ovs_fatal(0, "--kubeconfig and --kube-api exclude each other");
    }
    if (o->kube_context && !o->kubeconfig) {
        ovs_fatal(0, "--kube-context needs --kubeconfig");
    }
    if (asks_api_server(o)) {
        return;
    }
    if (o->namespaces.n) {
        ovs_fatal(0, "--namespace needs --kubeconfig or --kube-api");
    }
    if (o->node_selector || o->zone || o->cni_controller) {
        ovs_fatal(0, "--%s needs --kubeconfig or --kube-api",
                  o->node_selector ? "node-selector"
                  : o->zone ? "zone" : "cni-controller");
    }
}

static void
check_webhook(const struct options *o)
{
    if (o->webhook_listen) {
        if (!o->webhook_cert || !o->webhook_key) {
            ovs_fatal(0, "--webhook-listen needs --webhook-cert and "
                      "--webhook-key");
        }
        if (!knows_pods(o)) {
            ovs_fatal(0, "--webhook-listen needs to know the pods: please use "
                      "--pods=PATH, --kubeconfig=FILE or --kube-api=URL");
        }
    } else if (o->webhook_cert || o->webhook_key || o->webhook_client_ca) {
        ovs_fatal(0, "--webhook-cert, --webhook-key and --webhook-client-ca "
                  "need --webhook-listen");
    }
}

void
options_complete(struct options *o, bool dry_run)
{
    fill_in_mode(o, dry_run);
    fill_in_databases(o);
    check_mode(o);
    check_kube(o);
    check_webhook(o);
    if (!o->private_key != !o->certificate) {
        ovs_fatal(0, "--private-key and --certificate need each other");
    }
}
