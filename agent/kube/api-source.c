/* SPDX-License-Identifier: Apache-2.0 */

/* Pods and owners from a live API server: the whole, and its turn.  Which
 * kinds are read and how is in api-slots.c, and what that is worth in
 * api-trust.c. */

#include <config.h>

#include "api-source-private.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"

#include "timeval.h"
#include "util.h"

#include "cni-watch.h"
#include "http.h"
#include "kube-change.h"
#include "node-set.h"
#include "reflector.h"

VLOG_DEFINE_THIS_MODULE(api_source);

/* Pods that a live read found and that no list has (finished ones, say) are
 * looked at again, some at a time. */
#define REFRESH_MS 30000
#define REFRESH_MAX 16

/* 'controller' is "NAMESPACE/NAME". */
static void
open_cni_watch(struct api_source *src, const char *controller)
{
    const char *slash = strchr(controller, '/');
    char *ns = xmemdup0(controller, slash - controller);

    src->cni = cni_watch_create(src->http, src->kubeconfig, ns, slash + 1);
    free(ns);
}

char *
api_source_create(const struct api_source_options *options,
                  struct api_source **srcp)
{
    struct kubeconfig *kubeconfig;
    struct api_source *src;
    char *error = kubeconfig_open(&options->kubeconfig, &kubeconfig);

    *srcp = NULL;
    if (error) {
        return error;
    }
    src = *srcp = xzalloc(sizeof *src);
    src->kubeconfig = kubeconfig;
    src->http = http_create();
    api_store_init(&src->store, options->dialect);
    api_live_init(&src->live, src->http, kubeconfig, &src->store);
    webhook_watch_init(&src->webhook, src->http, kubeconfig);
    api_writer_init(&src->writer, src->http, kubeconfig,
                    options->instance ? options->instance : "unnamed");
    svec_init(&src->namespaces);
    if (options->namespaces) {
        svec_clone(&src->namespaces, options->namespaces);
        svec_sort_unique(&src->namespaces);
    }
    if (options->node_selector || options->zone) {
        src->nodes = node_set_create(src->http, kubeconfig,
                                     options->node_selector, options->zone);
    }
    api_slots_create(src);
    api_discovery_init(&src->discovery, src->http, kubeconfig,
                       src->resources, N_RES);
    if (options->cni_controller) {
        open_cni_watch(src, options->cni_controller);
    }
    VLOG_INFO("API server %s, by %s", kubeconfig_server(kubeconfig),
              kubeconfig_origin(kubeconfig));
    return NULL;
}

void
api_source_destroy(struct api_source *src)
{
    if (!src) {
        return;
    }
    api_discovery_destroy(&src->discovery);
    api_slots_destroy(src);
    cni_watch_destroy(src->cni);
    node_set_destroy(src->nodes);
    api_live_destroy(&src->live);
    api_writer_destroy(&src->writer);
    webhook_watch_destroy(&src->webhook);
    api_store_destroy(&src->store);
    http_destroy(src->http);
    kubeconfig_destroy(src->kubeconfig);
    svec_destroy(&src->namespaces);
    free(src);
}

void
api_source_set_limits(struct api_source *src, unsigned int page,
                      long long int silence_ms, long long int backoff_ms)
{
    src->page = page;
    src->silence_ms = silence_ms;
    src->backoff_ms = backoff_ms;
    for (size_t i = 0; i < src->n_slots; i++) {
        if (src->slots[i].reflector) {
            reflector_set_limits(src->slots[i].reflector, page, silence_ms,
                                 backoff_ms);
        }
    }
    if (src->cni) {
        cni_watch_set_limits(src->cni, page, silence_ms, backoff_ms);
    }
    if (src->nodes) {
        node_set_set_limits(src->nodes, page, silence_ms, backoff_ms);
    }
}

const struct sset *
api_source_nodes(const struct api_source *src, uint64_t *seqno)
{
    *seqno = src->nodes ? node_set_seqno(src->nodes) : 0;
    return src->nodes ? node_set_names(src->nodes) : NULL;
}

bool
api_source_covers(const struct api_source *src, const char *ns)
{
    return !src->namespaces.n || svec_contains(&src->namespaces, ns);
}

/* ---- The turn. ---- */

static void
refresh_live_pods(struct api_source *src, long long int now)
{
    struct svec names = SVEC_EMPTY_INITIALIZER;

    if (now < src->refresh_at || !src->store.n_given[0]) {
        return;
    }
    src->refresh_at = now + REFRESH_MS;
    api_store_get_live_pods(&src->store, REFRESH_MAX, &names);
    for (size_t i = 0; i < names.n; i++) {
        char *slash = strchr(names.names[i], '/');

        *slash = '\0';
        api_live_refresh_pod(&src->live, names.names[i], slash + 1, now);
    }
    svec_destroy(&names);
}

void
api_source_run(struct api_source *src, long long int now)
{
    src->now = now;
    kubeconfig_run(src->kubeconfig, now);
    http_run(src->http, now);
    if (api_discovery_run(&src->discovery, now)) {
        api_slots_apply_discovery(src);
    }
    for (size_t i = 0; i < src->n_slots; i++) {
        if (src->slots[i].reflector) {
            reflector_run(src->slots[i].reflector, now);
        }
    }
    if (src->nodes) {
        node_set_run(src->nodes, now);
    }
    if (src->cni) {
        cni_watch_run(src->cni, now, time_wall_msec());
    }
    refresh_live_pods(src, now);
    api_live_run(&src->live, now);
    api_writer_run(&src->writer, now);
    webhook_watch_run(&src->webhook, now);
    if (!src->synced && api_source_is_synced(src)) {
        VLOG_INFO("%s: %"PRIuSIZE" pods are known",
                  kubeconfig_server(src->kubeconfig), src->store.n_pods);
        src->synced = true;
    }
}

void
api_source_wait(struct api_source *src)
{
    kubeconfig_wait(src->kubeconfig);
    http_wait(src->http);
    api_discovery_wait(&src->discovery);
    for (size_t i = 0; i < src->n_slots; i++) {
        if (src->slots[i].reflector) {
            reflector_wait(src->slots[i].reflector);
        }
    }
    if (src->nodes) {
        node_set_wait(src->nodes);
    }
    if (src->cni) {
        cni_watch_wait(src->cni);
    }
    api_live_wait(&src->live);
    api_writer_wait(&src->writer);
    webhook_watch_wait(&src->webhook);
    if (src->store.n_given[0]) {
        poll_timer_wait_until(src->refresh_at);
    }
    if (api_store_has_changes(&src->store)) {
        poll_immediate_wake();
    }
}

struct kube_change *
api_source_pop(struct api_source *src)
{
    return api_store_pop(&src->store);
}

void
api_source_live_read(struct api_source *src, const struct live_read *what,
                     long long int now)
{
    api_live_start(&src->live, what,
                   api_source_covers(src, what->ns) ? NULL
                   : "it is outside of --namespace", now);
    poll_immediate_wake();
}

void
api_source_look_for_refusal(struct api_source *src,
                            const struct refusal_read *what,
                            long long int now)
{
    if (api_source_covers(src, what->ns)) {
        api_live_look_for_refusal(&src->live, what, now);
        poll_immediate_wake();
    }
}

bool
api_source_pop_live(struct api_source *src, uint64_t *id,
                    enum live_read_result *result, long long int *began_ms)
{
    struct api_live_result *r = api_live_pop(&src->live);

    if (!r) {
        return false;
    }
    *id = r->id;
    *result = r->result;
    *began_ms = r->began_ms;
    api_live_result_destroy(r);
    return true;
}

void
api_source_write(struct api_source *src, struct kube_write *write,
                 long long int now)
{
    api_writer_start(&src->writer, write, now);
    poll_immediate_wake();
}

struct api_write_result *
api_source_pop_write(struct api_source *src)
{
    return api_writer_pop(&src->writer);
}

void
api_source_want_release_certainty(struct api_source *src, bool wanted)
{
    webhook_watch_want(&src->webhook, wanted);
}

bool
api_source_release_is_certain(const struct api_source *src,
                              long long int now,
                              const struct sset **left_out)
{
    return webhook_watch_is_certain(&src->webhook, now, left_out);
}

bool
api_source_writes_are_done(const struct api_source *src)
{
    return api_writer_is_idle(&src->writer);
}
