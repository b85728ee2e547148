/* SPDX-License-Identifier: Apache-2.0 */

/* Pods and owners from a live API server: which kinds are read and how, and
 * what the whole is worth. */

#include <config.h>

#include "api-source.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"

#include "svec.h"
#include "timeval.h"
#include "util.h"

#include "api-discovery.h"
#include "api-live.h"
#include "api-store.h"
#include "api-write.h"
#include "cni-watch.h"
#include "http.h"
#include "kube-change.h"
#include "node-set.h"
#include "reflector.h"
#include "webhook-watch.h"

VLOG_DEFINE_THIS_MODULE(api_source);

/* Pods that a live read found and that no list has (finished ones, say) are
 * looked at again, some at a time. */
#define REFRESH_MS 30000
#define REFRESH_MAX 16

/* The resources that come as CustomResourceDefinitions. */
enum { RES_VM, RES_VMI, RES_VIP, RES_IP, RES_SUBNET, RES_IPAM_CLAIM,
       N_RES };

/* What is read. */
static const struct source_kind {
    enum manifest_kind kind;
    const char *group;          /* "" is the core group. */
    const char *api_version;    /* NULL: found by discovery. */
    int discovered;             /* Its RES_, or -1.  Then 'api_version' is the
                                 * one to be found, or NULL: any. */
    const char *resource;
    const char *query;
    bool metadata_only;
    bool namespaced;
    bool optional;              /* Without the right to read it we know less,
                                 * and nothing wrong. */
} kinds[] = {
    /* A finished pod has no port, and is never what a write waits for. */
    {MANIFEST_POD, "", "v1", -1, "pods",
     "fieldSelector=status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed",
     true, true, false},
    {MANIFEST_STATEFULSET, "apps", "apps/v1", -1, "statefulsets", "",
     false, true, false},
    /* Without them, what the members of a StatefulSet under rollout will get
     * is unknown. */
    {MANIFEST_REVISION, "apps", "apps/v1", -1, "controllerrevisions", "",
     false, true, true},
    /* For the annotation that opts them out. */
    {MANIFEST_NAMESPACE, "", "v1", -1, "namespaces", "",
     true, false, false},
    {MANIFEST_VM, "kubevirt.io", NULL, RES_VM, "virtualmachines", "",
     false, true, false},
    {MANIFEST_VMI, "kubevirt.io", NULL, RES_VMI, "virtualmachineinstances",
     "", true, true, false},
    {MANIFEST_VIP, "kubeovn.io", NULL, RES_VIP, "vips", "",
     false, false, true},
    /* Without them, no address beside Kube-OVN is taken for stale. */
    {MANIFEST_IP, "kubeovn.io", NULL, RES_IP, "ips", "",
     false, false, true},
    /* For reports. */
    {MANIFEST_SUBNET, "kubeovn.io", NULL, RES_SUBNET, "subnets", "",
     false, false, true},
    /* Without them, what a virtual machine leaves behind on a user-defined
     * network of ovn-kubernetes is kept.  Their group has the networks, too,
     * in a version that the server prefers. */
    {MANIFEST_IPAM_CLAIM, "k8s.cni.cncf.io", "k8s.cni.cncf.io/v1alpha1",
     RES_IPAM_CLAIM, "ipamclaims", "", false, true, true},
};

/* One kind, in one namespace or all. */
struct source_slot {
    const struct source_kind *kind;
    char *ns;                   /* NULL: all. */
    char *api_version;          /* In use; NULL: not read, because the server
                                 * has it not. */
    uint16_t id;
    struct api_feed feed;       /* These two with 'api_version'. */
    struct reflector *reflector;
};

struct api_source {
    struct kubeconfig *kubeconfig;
    struct http *http;
    struct api_store store;
    struct api_live live;
    struct api_writer writer;
    struct webhook_watch webhook;
    struct api_discovery discovery;
    struct api_resource resources[N_RES];
    struct cni_watch *cni;      /* Or NULL. */
    struct node_set *nodes;     /* Or NULL: all. */
    struct svec namespaces;

    struct source_slot *slots;
    size_t n_slots;

    bool synced;
    bool empty_is_fine;         /* Somebody confirmed that there are no
                                 * pods. */
    long long int refresh_at;
    long long int now;          /* Of the last turn. */

    unsigned int page;          /* See api_source_set_limits(); 0: default. */
    long long int silence_ms, backoff_ms;
};

/* ---- Slots. ---- */

static char *
make_path(const char *api_version, const char *ns, const char *resource)
{
    const char *root = strchr(api_version, '/') ? "/apis" : "/api";

    return (ns ? xasprintf("%s/%s/namespaces/%s/%s", root, api_version, ns,
                           resource)
            : xasprintf("%s/%s/%s", root, api_version, resource));
}

/* Begins to read what 'slot' is for, in the given version. */
static void
open_slot(struct api_source *src, struct source_slot *slot,
          const char *api_version)
{
    const struct source_kind *k = slot->kind;
    char *path = make_path(api_version, k->namespaced ? slot->ns : NULL,
                           k->resource);
    char *query = (slot->ns && !k->namespaced
                   ? xasprintf("fieldSelector=metadata.name%%3D%s", slot->ns)
                   : xstrdup(k->query));
    struct reflector_config config = {
        .http = src->http,
        .kubeconfig = src->kubeconfig,
        .sink = &api_feed_sink,
        .aux = &slot->feed,
        .resource = k->resource,
        .group = k->group,
        .ns = slot->ns,
        .path = path,
        .query = query,
        /* The metadata of a pod do not tell its node. */
        .metadata_only = (k->metadata_only
                          && !(src->nodes && k->kind == MANIFEST_POD)),
    };

    slot->api_version = xstrdup(api_version);
    api_feed_init(&slot->feed, &src->store, k->kind, slot->api_version,
                  slot->id);
    slot->reflector = reflector_create(&config);
    if (src->page) {
        reflector_set_limits(slot->reflector, src->page, src->silence_ms,
                             src->backoff_ms);
    }
    free(path);
    free(query);
}

static void
close_slot(struct source_slot *slot, bool forget)
{
    if (slot->api_version) {
        reflector_destroy(slot->reflector);
        slot->reflector = NULL;
        api_feed_destroy(&slot->feed, forget);
        free(slot->api_version);
        slot->api_version = NULL;
    }
}

static void
add_slot(struct api_source *src, const struct source_kind *kind,
         const char *ns)
{
    struct source_slot *slot = &src->slots[src->n_slots++];

    memset(slot, 0, sizeof *slot);
    slot->kind = kind;
    slot->ns = ns ? xstrdup(ns) : NULL;
    slot->id = src->n_slots;
    if (kind->discovered < 0) {
        open_slot(src, slot, kind->api_version);
    }
}

static void
make_slots(struct api_source *src)
{
    size_t n_ns = MAX(src->namespaces.n, 1);

    src->slots = xmalloc(ARRAY_SIZE(kinds) * n_ns * sizeof *src->slots);
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        /* Namespaces are asked for by name.  Kube-OVN's objects are in no
         * namespace of their own. */
        if (!src->namespaces.n
            || (!kinds[i].namespaced
                && kinds[i].kind != MANIFEST_NAMESPACE)) {
            add_slot(src, &kinds[i], NULL);
            continue;
        }
        for (size_t j = 0; j < src->namespaces.n; j++) {
            add_slot(src, &kinds[i], src->namespaces.names[j]);
        }
    }
}

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
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (kinds[i].discovered >= 0) {
            src->resources[kinds[i].discovered] = (struct api_resource) {
                .group = kinds[i].group,
                .resource = kinds[i].resource,
                .version = kinds[i].api_version,
            };
        }
    }
    api_discovery_init(&src->discovery, src->http, kubeconfig,
                       src->resources, N_RES);
    svec_init(&src->namespaces);
    if (options->namespaces) {
        svec_clone(&src->namespaces, options->namespaces);
        svec_sort_unique(&src->namespaces);
    }
    if (options->node_selector || options->zone) {
        src->nodes = node_set_create(src->http, kubeconfig,
                                     options->node_selector, options->zone);
    }
    make_slots(src);
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
    for (size_t i = 0; i < src->n_slots; i++) {
        close_slot(&src->slots[i], false);
        free(src->slots[i].ns);
    }
    free(src->slots);
    cni_watch_destroy(src->cni);
    node_set_destroy(src->nodes);
    api_discovery_destroy(&src->discovery);
    for (size_t i = 0; i < N_RES; i++) {
        free(src->resources[i].api_version);
    }
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

/* Has the server what 'slot' is for? */
static const char *
served_version(const struct api_source *src, const struct source_slot *slot)
{
    return (slot->kind->discovered < 0 ? slot->kind->api_version
            : src->resources[slot->kind->discovered].api_version);
}

/* Opens what has appeared and closes what has gone.  A resource that goes with
 * all its objects, or comes back in another version, is not given up before
 * somebody confirms it: a server that starts knows its resources one after the
 * other. */
static void
apply_discovery(struct api_source *src)
{
    const char *vm = src->resources[RES_VM].api_version;

    for (size_t i = 0; i < src->n_slots; i++) {
        struct source_slot *slot = &src->slots[i];
        const char *version = served_version(src, slot);

        if (slot->api_version && version
            && strcmp(slot->api_version, version)) {
            /* The objects stay, and are found again by their names. */
            close_slot(slot, false);
        } else if (slot->api_version && !version
                   && !api_feed_count(&slot->feed)) {
            close_slot(slot, true);
        }
        if (!slot->api_version && version) {
            open_slot(src, slot, version);
        }
    }
    free(src->live.vm_api_version);
    src->live.vm_api_version = vm ? xstrdup(vm) : NULL;
}

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

/* Was everything that there is listed once? */
static bool
is_synced(const struct api_source *src)
{
    if (!src->discovery.done
        || (src->cni && !cni_watch_is_synced(src->cni, src->now))) {
        return false;
    }
    if (src->nodes) {
        struct reflector_status status;

        node_set_get_status(src->nodes, src->now, &status);
        if (!status.synced) {
            return false;
        }
    }
    for (size_t i = 0; i < src->n_slots; i++) {
        const struct source_slot *slot = &src->slots[i];
        struct reflector_status status;

        if (!slot->api_version) {
            continue;
        }
        reflector_get_status(slot->reflector, src->now, &status);
        if (!status.synced
            && !(slot->kind->optional && status.forbidden)) {
            return false;
        }
    }
    return true;
}

void
api_source_run(struct api_source *src, long long int now)
{
    src->now = now;
    kubeconfig_run(src->kubeconfig, now);
    http_run(src->http, now);
    if (api_discovery_run(&src->discovery, now)) {
        apply_discovery(src);
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
    if (!src->synced && is_synced(src)) {
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

/* ---- What it is worth. ---- */

static bool
has_no_pods(const struct api_source *src)
{
    return src->synced && !src->store.n_pods && !src->empty_is_fine;
}

/* Appends what is wrong with 'slot' to 'ds' (or not, if that is NULL).
 * Returns true if it makes the source untrusted. */
static bool
judge_slot(const struct api_source *src, const struct source_slot *slot,
           struct ds *ds, size_t *n_problems)
{
    struct reflector_status status;
    size_t n_unreadable;
    bool bad;

    if (!slot->api_version) {
        return false;
    }
    reflector_get_status(slot->reflector, src->now, &status);
    n_unreadable = shash_count(&slot->feed.unreadable);
    bad = (!(slot->kind->optional && status.forbidden)
           && (!status.fresh || slot->feed.doubt || n_unreadable));
    *n_problems += !!status.problem + !!slot->feed.doubt + n_unreadable;
    if (ds) {
        if (status.problem) {
            ds_put_format(ds, "%s\n", status.problem);
        }
        if (slot->feed.doubt) {
            ds_put_format(ds, "%s: %s\n", slot->kind->resource,
                          slot->feed.doubt);
        }
        api_feed_format_problems(&slot->feed, ds);
    }
    return bad;
}

void
api_source_get_status(const struct api_source *src,
                      struct api_source_status *status)
{
    struct http_stats http;

    memset(status, 0, sizeof *status);
    status->synced = src->synced;
    status->trusted = src->synced && !has_no_pods(src);
    status->vips_known = src->synced;
    status->ipam_claims_known = src->synced;
    status->n_pods = src->store.n_pods;
    status->n_workloads = workload_assembly_count(&src->store.assembly);
    status->n_problems = (has_no_pods(src) + !!src->discovery.problem
                          + !!webhook_watch_problem(&src->webhook)
                          + missing_rights_count(&src->live.rights)
                          + api_writer_count_problems(&src->writer));
    for (size_t i = 0; i < src->n_slots; i++) {
        const struct source_slot *slot = &src->slots[i];
        struct reflector_status rs;

        if (judge_slot(src, slot, NULL, &status->n_problems)) {
            status->trusted = false;
        }
        if (slot->api_version) {
            reflector_get_status(slot->reflector, src->now, &rs);
            status->n_lists += rs.n_lists;
            status->n_watches += rs.n_watches;
            status->n_events += rs.n_events;
            status->n_errors += rs.n_errors;
            if (slot->kind->kind == MANIFEST_VIP && !rs.synced) {
                status->vips_known = false;
            } else if (slot->kind->kind == MANIFEST_IP && !rs.synced) {
                status->ip_objects_hidden = true;
            } else if (slot->kind->kind == MANIFEST_IPAM_CLAIM
                       && !rs.synced) {
                status->ipam_claims_known = false;
            }
        }
    }
    if (src->nodes) {
        struct reflector_status rs;

        node_set_get_status(src->nodes, src->now, &rs);
        status->trusted &= rs.fresh;
        status->n_problems += rs.problem != NULL;
    }
    if (src->cni) {
        struct cni_watch_status cs;

        cni_watch_get_status(src->cni, src->now, &cs);
        status->cni_down = cs.down;
        status->cni_restarted_ms = cs.restarted_ms;
        status->n_problems += cs.n_problems;
    }
    http_get_stats(src->http, &http);
    status->n_requests = http.n_requests;
    status->n_connections = http.n_connections;
    status->n_bytes = http.n_bytes;
    status->n_live_reads = src->live.n_reads;
    status->n_live_failed = src->live.n_failed;
    status->n_writes = src->writer.n_done + src->writer.n_failed;
    status->n_write_failed = src->writer.n_failed;
    status->memory = api_store_memory(&src->store);
}

void
api_source_format_problems(const struct api_source *src, struct ds *ds)
{
    size_t n_problems = 0;

    kubeconfig_format_problems(src->kubeconfig, ds);
    if (src->discovery.problem) {
        ds_put_format(ds, "%s\n", src->discovery.problem);
    }
    if (src->nodes) {
        struct reflector_status rs;

        node_set_get_status(src->nodes, src->now, &rs);
        if (rs.problem) {
            ds_put_format(ds, "%s\n", rs.problem);
        }
    }
    if (src->cni) {
        cni_watch_format_problems(src->cni, src->now, ds);
    }
    missing_rights_format(&src->live.rights, ds);
    for (size_t i = 0; i < src->n_slots; i++) {
        judge_slot(src, &src->slots[i], ds, &n_problems);
    }
    if (has_no_pods(src)) {
        ds_put_cstr(ds, "pods: there is not one, which is not believed "
                    "before it is confirmed\n");
    }
    api_writer_format_problems(&src->writer, ds);
    if (webhook_watch_problem(&src->webhook)) {
        ds_put_format(ds, "%s\n", webhook_watch_problem(&src->webhook));
    }
}

void
api_source_format_status(const struct api_source *src, long long int now,
                         struct ds *ds)
{
    static const char *const states[] = {
        [REFLECTOR_WAITING] = "waiting",
        [REFLECTOR_LISTING] = "listing",
        [REFLECTOR_WATCHING] = "watching",
    };

    ds_put_format(ds, "API server %s, by %s\n",
                  kubeconfig_server(src->kubeconfig),
                  kubeconfig_origin(src->kubeconfig));
    for (size_t i = 0; i < src->n_slots; i++) {
        const struct source_slot *slot = &src->slots[i];
        struct reflector_status rs;

        if (!slot->api_version) {
            continue;
        }
        reflector_get_status(slot->reflector, now, &rs);
        ds_put_format(ds, "  %s%s%s: %s%s, %"PRIuSIZE" objects, version %s",
                      slot->kind->resource, slot->ns ? " of " : "",
                      slot->ns ? slot->ns : "", states[rs.state],
                      rs.forbidden ? " (permission is missing)"
                      : !rs.synced ? " (not yet known)"
                      : !rs.fresh ? " (out of date)" : "",
                      api_feed_count(&slot->feed),
                      rs.version[0] ? rs.version : "unknown");
        if (rs.heard_ms) {
            ds_put_format(ds, ", last heard of %lld s ago",
                          (now - rs.heard_ms) / 1000);
        }
        ds_put_char(ds, '\n');
    }
    if (src->nodes) {
        node_set_format(src->nodes, now, ds);
    }
    if (src->cni) {
        cni_watch_format(src->cni, now, ds);
    }
    struct api_source_status as;
    api_source_get_status(src, &as);
    ds_put_format(ds, "  %"PRIu64" requests, %"PRIu64" bytes received\n",
                  as.n_requests, as.n_bytes);
    ds_put_format(ds, "  %"PRIu64" live reads, %"PRIu64" failed\n",
                  as.n_live_reads, as.n_live_failed);
    ds_put_format(ds, "  %"PRIuSIZE" pods, %"PRIuSIZE" bytes kept of all "
                  "objects\n", as.n_pods, as.memory);
}

char *
api_source_confirm(struct api_source *src)
{
    bool any = has_no_pods(src);

    if (any) {
        src->empty_is_fine = true;
    }
    for (size_t i = 0; i < src->n_slots; i++) {
        struct source_slot *slot = &src->slots[i];

        if (slot->api_version && !served_version(src, slot)) {
            close_slot(slot, true);
            any = true;
        } else if (slot->api_version && slot->feed.doubt) {
            free(slot->feed.doubt);
            slot->feed.doubt = NULL;
            any = true;
        }
    }
    return any ? NULL : xstrdup("there is nothing to be confirmed");
}
