/* SPDX-License-Identifier: Apache-2.0 */

/* What is known from an API server, and what that is worth: whether all of it
 * is there, what is hard to believe, what a person has to confirm, and how all
 * that is told. */

#include <config.h>

#include "api-source-private.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"

#include "timeval.h"
#include "util.h"

#include "cni-watch.h"
#include "http.h"
#include "node-set.h"
#include "reflector.h"

bool
api_source_is_synced(const struct api_source *src)
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

/* Adds what a slot that is asked for has done and does not know. */
static void
add_slot_status(const struct api_source *src, const struct source_slot *slot,
                struct api_source_status *status)
{
    struct reflector_status rs;

    reflector_get_status(slot->reflector, src->now, &rs);
    status->n_lists += rs.n_lists;
    status->n_watches += rs.n_watches;
    status->n_events += rs.n_events;
    status->n_errors += rs.n_errors;
    if (slot->kind->kind == MANIFEST_VIP && !rs.synced) {
        status->vips_known = false;
    } else if (slot->kind->kind == MANIFEST_IP && !rs.synced) {
        status->ip_objects_hidden = true;
    } else if (slot->kind->kind == MANIFEST_IPAM_CLAIM && !rs.synced) {
        status->ipam_claims_known = false;
    }
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

        if (judge_slot(src, slot, NULL, &status->n_problems)) {
            status->trusted = false;
        }
        if (slot->api_version) {
            add_slot_status(src, slot, status);
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

        if (slot->api_version && !api_slot_served_version(src, slot)) {
            api_slot_close(slot, true);
            any = true;
        } else if (slot->api_version && slot->feed.doubt) {
            free(slot->feed.doubt);
            slot->feed.doubt = NULL;
            any = true;
        }
    }
    return any ? NULL : xstrdup("there is nothing to be confirmed");
}
