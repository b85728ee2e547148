/* SPDX-License-Identifier: Apache-2.0 */

/* The sources of pods and owners, side by side. */

#include <config.h>

#include "agent/sources.h"

#include "openvswitch/poll-loop.h"
#include "timeval.h"
#include "util.h"

#include "agent/agent.h"
#include "agent/core/dialect.h"
#include "agent/core/guard.h"
#include "agent/core/kube-change.h"
#include "agent/core/kube-write.h"
#include "agent/core/model.h"
#include "agent/core/orders.h"
#include "agent/kube/api-source.h"
#include "agent/kube/api-write.h"
#include "agent/kube/ipam-metrics.h"
#include "agent/kube/manifests.h"

/* Tells the model which pods are ours to judge. */
static void
apply_scope(struct agent *a)
{
    struct model *model = guard_model(a->guard);
    const struct sset *nodes;
    uint64_t seqno;

    if (!a->api) {
        return;
    }
    nodes = api_source_nodes(a->api, &seqno);
    if (nodes && (!model->by_node || seqno != a->nodes_seqno)) {
        model_set_nodes(model, nodes);
        a->nodes_seqno = seqno;
    }
}

/* Tells the model what the sources have learnt.  Returns true if there was
 * anything. */
static bool
apply_changes(struct agent *a)
{
    struct model *model = guard_model(a->guard);
    bool files = a->options.pods.n > 0;
    struct kube_change *change;
    struct manifests_status ms;
    struct api_source_status as = { .synced = true, .trusted = true };
    bool any = false;

    while ((change = manifests_pop(a->manifests))) {
        model_apply_kube_change(model, change);
        kube_change_destroy(change);
        any = true;
    }
    while (a->api && (change = api_source_pop(a->api))) {
        model_apply_kube_change(model, change);
        kube_change_destroy(change);
        a->api_changed_ms = time_msec();
        any = true;
    }
    apply_scope(a);

    /* Only now: what the model is given before it is synced was there before
     * us, and is not an arrival.  Without any source nothing is known about
     * pods, which must not be taken for "there are none". */
    manifests_get_status(a->manifests, &ms);
    if (a->api) {
        api_source_get_status(a->api, &as);
    }
    model->kube_synced = ((files || a->api) && (!files || ms.synced)
                          && as.synced);
    model->kube_trusted = ((files || a->api) && (!files || ms.trusted)
                           && as.trusted);
    /* A list of files that has no Vips is no proof that there are none. */
    model->vips_known = a->api && as.vips_known;
    if (model->ipam_claims_known != (a->api && as.ipam_claims_known)) {
        model->ipam_claims_known = !model->ipam_claims_known;
        model_mark_all(model);
    }
    if (model->ip_objects_hidden != as.ip_objects_hidden) {
        model->ip_objects_hidden = as.ip_objects_hidden;
        model_mark_all(model);
    }
    if (model->cni_down != as.cni_down
        || model->cni_restarted_ms != as.cni_restarted_ms) {
        model->cni_down = as.cni_down;
        model->cni_restarted_ms = as.cni_restarted_ms;
        model_mark_all(model);
    }
    return any;
}

void
sources_run(struct agent *a, long long int now)
{
    manifests_run(a->manifests, now);
    if (a->api) {
        const struct settings *s = guard_settings(a->guard);

        api_source_want_release_certainty(a->api, (s->release
                                                 == RELEASE_KUBE_OVN));
        api_source_run(a->api, now);
    }
    if (a->ipam_metrics) {
        struct shash book;
        bool known;

        ipam_metrics_run(a->ipam_metrics, now);
        if (ipam_metrics_take(a->ipam_metrics, now, &known, &book)) {
            model_set_ipam_book(guard_model(a->guard), known ? &book : NULL);
            shash_destroy_free_data(&book);
        }
    }
    apply_changes(a);
}

void
sources_wait(struct agent *a)
{
    manifests_wait(a->manifests);
    if (a->ipam_metrics) {
        ipam_metrics_wait(a->ipam_metrics);
    }
    if (a->api) {
        api_source_wait(a->api);
    }
}

/* Looks at all files again: one look answers for all owners. */
static enum live_read_result
read_files(struct agent *a)
{
    struct manifests_status status;
    bool current;

    if (!a->options.pods.n) {
        return a->api ? LIVE_READ_CURRENT : LIVE_READ_FAILED;
    }
    current = manifests_reread(a->manifests, time_msec());
    if (apply_changes(a)) {
        current = false;
    }
    manifests_get_status(a->manifests, &status);
    return (!status.trusted ? LIVE_READ_FAILED
            : current ? LIVE_READ_CURRENT
            : LIVE_READ_CHANGED);
}

static enum live_read_result
worse(enum live_read_result a, enum live_read_result b)
{
    return (a == LIVE_READ_FAILED || b == LIVE_READ_FAILED ? LIVE_READ_FAILED
            : a == LIVE_READ_CHANGED || b == LIVE_READ_CHANGED
            ? LIVE_READ_CHANGED
            : LIVE_READ_CURRENT);
}

void
sources_start_live(struct agent *a, const struct orders *orders)
{
    enum live_read_result result;
    struct guard_env env;

    for (size_t i = 0; a->api && i < orders->n_refusals; i++) {
        api_source_look_for_refusal(a->api, &orders->refusals[i],
                                    time_msec());
    }
    if (!orders->n_reads) {
        return;
    }
    if (a->api) {
        for (size_t i = 0; i < orders->n_reads; i++) {
            api_source_live_read(a->api, &orders->reads[i], time_msec());
        }
        return;
    }
    result = read_files(a);
    agent_get_env(a, &env);
    for (size_t i = 0; i < orders->n_reads; i++) {
        guard_live_read_done(a->guard, orders->reads[i].id, result, &env);
    }
    poll_immediate_wake();
}

void
sources_run_live(struct agent *a)
{
    enum live_read_result files = LIVE_READ_CURRENT;
    enum live_read_result result;
    long long int began_ms;
    bool read = false;
    uint64_t id;

    while (a->api && api_source_pop_live(a->api, &id, &result, &began_ms)) {
        struct guard_env env;

        if (!read) {
            files = read_files(a);
            read = true;
        }
        agent_get_env(a, &env);
        if (env.now - began_ms
            > guard_settings(a->guard)->live_read_ms) {
            /* It may be as old as that. */
            result = LIVE_READ_FAILED;
        } else {
            /* Its age counts from when it was asked for. */
            env.now = began_ms;
        }
        guard_live_read_done(a->guard, id, worse(result, files), &env);
        poll_immediate_wake();
    }
}

void
sources_start_writes(struct agent *a, struct orders *orders)
{
    for (size_t i = 0; i < orders->n_kube_writes; i++) {
        if (a->api) {
            api_source_write(a->api, orders->kube_writes[i], time_msec());
        } else {
            kube_write_destroy(orders->kube_writes[i]);
        }
    }
    orders->n_kube_writes = 0;
}

void
sources_poll_writes(struct agent *a)
{
    struct api_write_result *result;

    while (a->api && (result = api_source_pop_write(a->api))) {
        struct guard_env env;

        agent_get_env(a, &env);
        guard_kube_write_done(a->guard, result->id, result->result, &env);
        free(result);
        poll_immediate_wake();
    }
}

bool
sources_release_is_certain(const struct agent *a,
                           const struct sset **left_out)
{
    return a->api && api_source_release_is_certain(a->api, time_msec(),
                                                   left_out);
}

bool
sources_writes_are_done(const struct agent *a)
{
    return !a->api || api_source_writes_are_done(a->api);
}

static void
open_api(struct agent *a)
{
    const struct options *o = &a->options;
    bool in_cluster = o->kube_api && !strcmp(o->kube_api, "in-cluster");
    struct api_source_options options = {
        .kubeconfig = {
            .file = o->kubeconfig,
            .context = o->kube_context,
            .url = in_cluster ? NULL : o->kube_api,
            .in_cluster = in_cluster,
        },
        .dialect = o->dialect,
        .namespaces = &o->namespaces,
        .instance = a->instance,
        .node_selector = o->node_selector,
        .zone = o->zone,
        .cni_controller = (!o->cni_controller ? o->dialect->controller
                           : !strcmp(o->cni_controller, "none") ? NULL
                           : o->cni_controller),
    };
    char *error;

    if (o->kubeconfig || o->kube_api) {
        error = api_source_create(&options, &a->api);
        if (error) {
            ovs_fatal(0, "--%s: %s", o->kubeconfig ? "kubeconfig" : "kube-api",
                      error);
        }
    }
}

void
sources_open(struct agent *a)
{
    a->manifests = manifests_create(a->options.dialect,
                                    a->options.settings.settle_ms);
    for (size_t i = 0; i < a->options.pods.n; i++) {
        char *error = manifests_add_path(a->manifests,
                                         a->options.pods.names[i]);

        if (error) {
            ovs_fatal(0, "--pods: %s", error);
        }
    }
    if (a->options.kube_ovn_metrics) {
        a->ipam_metrics = ipam_metrics_create(a->options.kube_ovn_metrics);
    }
    open_api(a);
}

void
sources_close(struct agent *a)
{
    manifests_destroy(a->manifests);
    ipam_metrics_destroy(a->ipam_metrics);
    api_source_destroy(a->api);
}
