/* SPDX-License-Identifier: Apache-2.0 */

/* See unixctl-commands.h.  Each command is a few lines: it asks the guard or
 * a source, and gives back the text or the error, both for a person. */

#include <config.h>

#include "unixctl-commands.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "timeval.h"
#include "util.h"

#include "agent/agent.h"
#include "agent/control.h"
#include "agent/core/dialect.h"
#include "agent/core/guard.h"
#include "agent/explain-control.h"
#include "agent/http-pages.h"
#include "agent/kube/api-source.h"
#include "agent/kube/ipam-metrics.h"
#include "agent/kube/manifests.h"
#include "agent/report/report.h"
#include "agent/webhook.h"
#include "ovsdb/nb-view.h"
#include "ovsdb/sb-ask.h"
#include "ovsdb/sb-view.h"
#include "ovsdb/store.h"

VLOG_DEFINE_THIS_MODULE(unixctl_commands);

/* Replies with 'error', if nonnull, or with 'done', and frees 'error'.  What
 * was changed is acted upon in the next turn, at once. */
static void
reply(struct control_request *request, char *error, const char *done)
{
    if (error) {
        control_reply_error(request, error);
        free(error);
    } else {
        control_reply(request, done);
        poll_immediate_wake();
    }
}

/* Replies with the text in '*ds', or 'otherwise' if there is none, and
 * destroys it. */
static void
reply_ds(struct control_request *request, struct ds *ds, const char *otherwise)
{
    control_reply(request, ds->length ? ds_cstr(ds) : otherwise);
    ds_destroy(ds);
}

static void
fill_db(struct report_db *db, const char *label, const char *remote,
        const char *lock, const struct db_status *status)
{
    db->label = label;
    db->remote = remote;
    db->lock = lock;
    db->connected = status->connected;
    db->synced = status->synced;
    db->lock_wanted = status->lock_wanted;
    db->has_lock = status->has_lock;
    db->lock_contended = status->lock_contended;
    db->last_change_ms = status->last_change_ms;
    db->n_changes = status->n_changes;
}

static void
fill_dbs(const struct agent *a, struct report *r)
{
    struct db_status status;
    struct report_db *db;

    nb_view_get_status(a->nb, &status);
    db = &r->dbs[REPORT_NB];
    fill_db(db, "northbound", a->options.nb_db, NB_LOCK, &status);
    db->error = nb_view_error(a->nb);
    db->missing = nb_view_missing_optional(a->nb);

    sb_view_get_status(a->sb, &status);
    db = &r->dbs[REPORT_SB];
    fill_db(db, "southbound", a->options.sb_db, SB_LOCK, &status);
    db->error = sb_view_error(a->sb);
    db->missing = sb_view_missing_optional(a->sb);

    db = &r->dbs[REPORT_OWN];
    db->label = "own";
    if (a->store) {
        store_get_status(a->store, &status);
        fill_db(db, "own", a->options.own_db, OWN_LOCK, &status);
        db->error = store_error(a->store);
        if (store_is_ready(a->store) && store_is_standalone(a->store)) {
            db->remark = "is standalone: what it holds does not survive a "
                         "power loss; better make it a cluster of one";
        }
    }
}

static void
fill_api(const struct agent *a, struct report_api *api)
{
    struct api_source_status status;

    api_source_get_status(a->api, &status);
    api->used = true;
    api->synced = status.synced;
    api->trusted = status.trusted;
    api->n_pods = status.n_pods;
    api->n_workloads = status.n_workloads;
    api->last_change_ms = a->api_changed_ms;
    api_source_format_problems(a->api, &api->problems);
}

static void
fill_pods(const struct agent *a, struct report *r)
{
    struct report_pods *p = &r->pods;
    struct manifests_status status;

    manifests_get_status(a->manifests, &status);
    p->n_paths = a->options.pods.n;
    p->synced = status.synced;
    p->trusted = status.trusted;
    p->n_files = status.n_files;
    p->n_pods = status.n_pods;
    p->n_workloads = status.n_workloads;
    p->n_ignored = status.n_ignored;
    p->n_problems = status.n_problems;
    p->last_change_ms = status.last_change_ms;
    if (status.n_problems) {
        manifests_format_problems(a->manifests, &p->problems);
    }
    if (a->api) {
        fill_api(a, &r->api);
    }
}

void
agent_fill_report(const struct agent *a, const struct guard_env *env,
                  struct report *r)
{
    report_init(r);
    r->version = PACKAGE_VERSION;
    r->instance = a->instance;
    r->dialect = guard_dialect_name(a->guard);
    r->uptime_ms = env->now - a->started_ms;
    r->guard = a->guard;
    r->env = env;
    fill_dbs(a, r);
    fill_pods(a, r);
}

static char *
format_status(const void *agent_)
{
    const struct agent *a = agent_;
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct guard_env env;
    struct report r;

    agent_get_env(a, &env);
    agent_fill_report(a, &env, &r);
    report_format_status(&r, &ds);
    report_destroy(&r);
    return ds_steal_cstr(&ds);
}

/* How long "exit --cleanup" may take: a transaction that is under way is given
 * up after 2 s, and there may be a few of them. */
#define CLEANUP_MS 10000

static void
cmd_exit(struct control_request *request, int argc, const char *argv[],
         void *agent_)
{
    struct agent *a = agent_;

    if (argc > 1 && strcmp(argv[1], "--cleanup")) {
        reply(request, xasprintf("'%s' is not '--cleanup'", argv[1]), NULL);
        return;
    }
    if (argc == 1) {
        a->exiting = true;
    } else if (!a->stop_ms) {
        VLOG_INFO("stopping: everything that keeps others back is undone");
        guard_stop(a->guard);
        a->stop_ms = time_msec() + CLEANUP_MS;
    }
    reply(request, NULL, NULL);
}

static void
cmd_pause(struct control_request *request, int argc OVS_UNUSED,
          const char *argv[] OVS_UNUSED, void *agent_)
{
    struct agent *a = agent_;

    if (!a->paused) {
        VLOG_INFO("paused: nothing is written until \"resume\", but gates "
                  "are opened");
        a->paused = true;
    }
    reply(request, NULL, NULL);
}

static void
cmd_resume(struct control_request *request, int argc OVS_UNUSED,
           const char *argv[] OVS_UNUSED, void *agent_)
{
    struct agent *a = agent_;

    if (a->paused) {
        VLOG_INFO("resumed");
        a->paused = false;
    }
    reply(request, NULL, NULL);
}

static void
cmd_is_paused(struct control_request *request, int argc OVS_UNUSED,
              const char *argv[] OVS_UNUSED, void *agent_)
{
    const struct agent *a = agent_;

    control_reply(request, a->paused ? "true" : "false");
}

static void
cmd_hold_list(struct control_request *request, int argc OVS_UNUSED,
              const char *argv[] OVS_UNUSED, void *agent_)
{
    const struct agent *a = agent_;
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct guard_env env;

    agent_get_env(a, &env);
    guard_format_holds(a->guard, &env, SIZE_MAX, &ds);
    reply_ds(request, &ds, "no holds\n");
}

static void
cmd_hold_release(struct control_request *request, int argc OVS_UNUSED,
                 const char *argv[], void *agent_)
{
    struct agent *a = agent_;
    struct guard_env env;

    agent_get_env(a, &env);
    reply(request, guard_hold_release(a->guard, argv[1], argv[2], &env), NULL);
}

static void
cmd_gate_list(struct control_request *request, int argc OVS_UNUSED,
              const char *argv[] OVS_UNUSED, void *agent_)
{
    const struct agent *a = agent_;
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct guard_env env;

    agent_get_env(a, &env);
    guard_format_gates(a->guard, &env, &ds);
    reply_ds(request, &ds, "no gates\n");
}

static void
cmd_plan_show(struct control_request *request, int argc OVS_UNUSED,
              const char *argv[] OVS_UNUSED, void *agent_)
{
    const struct agent *a = agent_;
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct guard_env env;

    agent_get_env(a, &env);
    guard_format_plan(a->guard, &env, &ds);
    reply_ds(request, &ds, "nothing to do\n");
}

static void
cmd_audit_show(struct control_request *request, int argc OVS_UNUSED,
               const char *argv[] OVS_UNUSED, void *agent_)
{
    const struct agent *a = agent_;
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct guard_env env;

    agent_get_env(a, &env);
    guard_format_findings(a->guard, &env, &ds);
    reply_ds(request, &ds, "no findings\n");
}

static void
cmd_port_show(struct control_request *request, int argc OVS_UNUSED,
              const char *argv[], void *agent_)
{
    const struct agent *a = agent_;
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct guard_env env;
    char *error;

    agent_get_env(a, &env);
    error = guard_format_port(a->guard, argv[1], &env, &ds);
    if (error) {
        reply(request, error, NULL);
        ds_destroy(&ds);
    } else {
        reply_ds(request, &ds, "");
    }
}

static void
cmd_why(struct control_request *request, int argc OVS_UNUSED,
        const char *argv[], void *agent_)
{
    const struct agent *a = agent_;
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct guard_env env;
    char *error;

    agent_get_env(a, &env);
    error = guard_format_why(a->guard, argv[1], argv[2], &env, &ds);
    if (error) {
        reply(request, error, NULL);
        ds_destroy(&ds);
    } else {
        reply_ds(request, &ds, "");
    }
}

static void
cmd_freeze(struct control_request *request, int argc, const char *argv[],
           void *agent_)
{
    struct agent *a = agent_;
    struct ds reason = DS_EMPTY_INITIALIZER;

    /* The words of a reason that was not quoted. */
    for (int i = 1; i < argc; i++) {
        ds_put_format(&reason, "%s%s", i > 1 ? " " : "", argv[i]);
    }
    reply(request, guard_freeze(a->guard, ds_cstr(&reason)), NULL);
    ds_destroy(&reason);
}

static void
cmd_thaw(struct control_request *request, int argc OVS_UNUSED,
         const char *argv[] OVS_UNUSED, void *agent_)
{
    struct agent *a = agent_;

    reply(request, guard_thaw(a->guard), NULL);
}

static void
cmd_brake_rearm(struct control_request *request, int argc OVS_UNUSED,
                const char *argv[] OVS_UNUSED, void *agent_)
{
    struct agent *a = agent_;

    reply(request, guard_brake_rearm(a->guard), NULL);
}

static void
cmd_manifest_confirm(struct control_request *request, int argc OVS_UNUSED,
                     const char *argv[], void *agent_)
{
    struct agent *a = agent_;

    reply(request, manifests_confirm(a->manifests, argv[1], time_msec()),
          NULL);
}

static void
cmd_manifest_problems(struct control_request *request, int argc OVS_UNUSED,
                      const char *argv[] OVS_UNUSED, void *agent_)
{
    const struct agent *a = agent_;
    struct ds ds = DS_EMPTY_INITIALIZER;

    manifests_format_problems(a->manifests, &ds);
    reply_ds(request, &ds, "no problems\n");
}

static void
cmd_ipam_show(struct control_request *request, int argc OVS_UNUSED,
              const char *argv[] OVS_UNUSED, void *agent_)
{
    const struct agent *a = agent_;
    struct ds ds = DS_EMPTY_INITIALIZER;

    guard_format_ipam(a->guard, &ds);
    reply_ds(request, &ds, "");
}

static void
cmd_kube_show(struct control_request *request, int argc OVS_UNUSED,
              const char *argv[] OVS_UNUSED, void *agent_)
{
    const struct agent *a = agent_;
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (a->api) {
        api_source_format_status(a->api, time_msec(), &ds);
        api_source_format_problems(a->api, &ds);
    }
    if (a->ipam_metrics && ipam_metrics_problem(a->ipam_metrics)) {
        ds_put_format(&ds, "%s\n", ipam_metrics_problem(a->ipam_metrics));
    }
    reply_ds(request, &ds, "no API server (no --kubeconfig, no --kube-api)\n");
}

static void
cmd_kube_confirm(struct control_request *request, int argc OVS_UNUSED,
                 const char *argv[] OVS_UNUSED, void *agent_)
{
    struct agent *a = agent_;

    reply(request, a->api ? api_source_confirm(a->api)
          : xstrdup("there is no API server"), NULL);
}

static void
cmd_webhook_show(struct control_request *request, int argc OVS_UNUSED,
                 const char *argv[] OVS_UNUSED, void *agent_)
{
    const struct agent *a = agent_;
    struct ds ds = DS_EMPTY_INITIALIZER;

    webhook_format(a, &ds);
    reply_ds(request, &ds, "");
}

static void
cmd_metrics_show(struct control_request *request, int argc OVS_UNUSED,
                 const char *argv[] OVS_UNUSED, void *agent_)
{
    const struct agent *a = agent_;
    struct ds ds = DS_EMPTY_INITIALIZER;

    http_pages_format_metrics(a, false, &ds);
    reply_ds(request, &ds, "");
}

static void
cmd_nb_reset(struct control_request *request, int argc OVS_UNUSED,
             const char *argv[] OVS_UNUSED, void *agent_)
{
    struct agent *a = agent_;

    VLOG_INFO("resetting the state of the northbound cluster");
    nb_view_reset_min_index(a->nb);
    reply(request, NULL, NULL);
}

static void
cmd_sb_reset(struct control_request *request, int argc OVS_UNUSED,
             const char *argv[] OVS_UNUSED, void *agent_)
{
    struct agent *a = agent_;

    VLOG_INFO("resetting the state of the southbound cluster");
    sb_view_reset_min_index(a->sb);
    sb_ask_reset_min_index(a->sb_ask);
    reply(request, NULL, NULL);
}

static void
cmd_ipguard_reset(struct control_request *request, int argc OVS_UNUSED,
                  const char *argv[] OVS_UNUSED, void *agent_)
{
    struct agent *a = agent_;

    if (!a->store) {
        control_reply_error(request, "there is no own database "
                                    "(--db=none)");
        return;
    }
    VLOG_INFO("resetting the state of the own database's cluster");
    store_reset_min_index(a->store);
    reply(request, NULL, NULL);
}

/* Replies "connected" or "not connected", for scripts that wait for it. */
static void
cmd_connection_status(struct control_request *request, int argc OVS_UNUSED,
                      const char *argv[], void *agent_)
{
    const struct agent *a = agent_;
    struct db_status status = { .connected = false };

    if (!strcmp(argv[0], "nb-connection-status")) {
        nb_view_get_status(a->nb, &status);
    } else if (!strcmp(argv[0], "sb-connection-status")) {
        sb_view_get_status(a->sb, &status);
    } else if (a->store) {
        store_get_status(a->store, &status);
    }
    control_reply(request, status.connected ? "connected"
                                                 : "not connected");
}

void
unixctl_commands_register(struct agent *a)
{
    static const struct {
        const char *name;
        const char *usage;
        int min_args, max_args;
        control_cb_func *cb;
    } commands[] = {
        {"exit", "[--cleanup]", 0, 1, cmd_exit},
        {"pause", "", 0, 0, cmd_pause},
        {"resume", "", 0, 0, cmd_resume},
        {"is-paused", "", 0, 0, cmd_is_paused},
        {"hold/list", "", 0, 0, cmd_hold_list},
        {"hold/release", "NETWORK IP", 2, 2, cmd_hold_release},
        {"gate/list", "", 0, 0, cmd_gate_list},
        {"plan/show", "", 0, 0, cmd_plan_show},
        {"audit/show", "", 0, 0, cmd_audit_show},
        {"port/show", "PORT", 1, 1, cmd_port_show},
        {"why", "NETWORK IP", 2, 2, cmd_why},
        {"explain", "IP|PORT|NAMESPACE/POD [NETWORK]", 1, 2,
         explain_control_ask},
        {"freeze", "[REASON]", 0, INT_MAX, cmd_freeze},
        {"thaw", "", 0, 0, cmd_thaw},
        {"brake/rearm", "", 0, 0, cmd_brake_rearm},
        {"manifest/confirm", "PATH", 1, 1, cmd_manifest_confirm},
        {"manifest/problems", "", 0, 0, cmd_manifest_problems},
        {"ipam/show", "", 0, 0, cmd_ipam_show},
        {"kube/show", "", 0, 0, cmd_kube_show},
        {"kube/confirm", "", 0, 0, cmd_kube_confirm},
        {"webhook/show", "", 0, 0, cmd_webhook_show},
        {"metrics/show", "", 0, 0, cmd_metrics_show},
        {"nb-cluster-state-reset", "", 0, 0, cmd_nb_reset},
        {"sb-cluster-state-reset", "", 0, 0, cmd_sb_reset},
        {"ipguard-cluster-state-reset", "", 0, 0, cmd_ipguard_reset},
        {"nb-connection-status", "", 0, 0, cmd_connection_status},
        {"sb-connection-status", "", 0, 0, cmd_connection_status},
        {"ipguard-connection-status", "", 0, 0, cmd_connection_status},
    };

    control_add_text(a->control, "status", format_status, a);
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        control_add(a->control, commands[i].name, commands[i].usage,
                    commands[i].min_args, commands[i].max_args,
                    commands[i].cb, a);
    }
}
