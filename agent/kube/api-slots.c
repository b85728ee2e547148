/* SPDX-License-Identifier: Apache-2.0 */

/* Which kinds of objects are read from the API server, and how: a table, and a
 * slot for each of its lines (and namespaces) with a reflector and what feeds
 * on it. */

#include <config.h>

#include "api-source-private.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "reflector.h"

static const struct source_kind kinds[] = {
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

static char *
make_path(const char *api_version, const char *ns, const char *resource)
{
    const char *root = strchr(api_version, '/') ? "/apis" : "/api";

    return (ns ? xasprintf("%s/%s/namespaces/%s/%s", root, api_version, ns,
                           resource)
            : xasprintf("%s/%s/%s", root, api_version, resource));
}

const char *
api_slot_served_version(const struct api_source *src,
                        const struct source_slot *slot)
{
    return (slot->kind->discovered < 0 ? slot->kind->api_version
            : src->resources[slot->kind->discovered].api_version);
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

void
api_slot_close(struct source_slot *slot, bool forget)
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

void
api_slots_create(struct api_source *src)
{
    size_t n_ns = MAX(src->namespaces.n, 1);

    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (kinds[i].discovered >= 0) {
            src->resources[kinds[i].discovered] = (struct api_resource) {
                .group = kinds[i].group,
                .resource = kinds[i].resource,
                .version = kinds[i].api_version,
            };
        }
    }
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

void
api_slots_destroy(struct api_source *src)
{
    for (size_t i = 0; i < src->n_slots; i++) {
        api_slot_close(&src->slots[i], false);
        free(src->slots[i].ns);
    }
    free(src->slots);
    for (size_t i = 0; i < N_RES; i++) {
        free(src->resources[i].api_version);
    }
}

/* A resource that goes with all its objects, or comes back in another version,
 * is not given up before somebody confirms it: a server that starts knows its
 * resources one after the other. */
void
api_slots_apply_discovery(struct api_source *src)
{
    const char *vm = src->resources[RES_VM].api_version;

    for (size_t i = 0; i < src->n_slots; i++) {
        struct source_slot *slot = &src->slots[i];
        const char *version = api_slot_served_version(src, slot);

        if (slot->api_version && version
            && strcmp(slot->api_version, version)) {
            /* The objects stay, and are found again by their names. */
            api_slot_close(slot, false);
        } else if (slot->api_version && !version
                   && !api_feed_count(&slot->feed)) {
            api_slot_close(slot, true);
        }
        if (!slot->api_version && version) {
            open_slot(src, slot, version);
        }
    }
    free(src->live.vm_api_version);
    src->live.vm_api_version = vm ? xstrdup(vm) : NULL;
}
