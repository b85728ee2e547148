/* SPDX-License-Identifier: Apache-2.0 */

/* Reads Kubernetes objects of the kinds that matter out of their JSON form.
 *
 * Where an object cannot be read as Kubernetes itself would read it, that is
 * an error of the whole object: half an object could make a pod look as if it
 * did not ask for an address.  What an annotation says is another matter,
 * which the dialect judges. */

#include <config.h>

#include "manifest-object.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "svec.h"
#include "util.h"

#include "dialect.h"
#include "ipam-object.h"
#include "ipam-claim.h"
#include "ipam-reader.h"
#include "json-place.h"
#include "manifest-members.h"
#include "manifest-reader.h"
#include "network-list.h"
#include "pod-networks.h"
#include "pod.h"
#include "workload.h"

/* What is being read. */
struct object_context {
    const struct dialect *dialect;
    struct manifest_object *object;
    struct place root;
    struct place metadata;
};

static const struct kind_info {
    enum manifest_kind kind;
    const char *name;           /* In an object's "kind". */
    const char *group;          /* In front of the "/" in its "apiVersion". */
    bool namespaced;
} kinds[] = {
    {MANIFEST_POD, "Pod", "", true},
    {MANIFEST_POD, "PartialObjectMetadata", "meta.k8s.io", true},
    {MANIFEST_STATEFULSET, "StatefulSet", "apps", true},
    {MANIFEST_REVISION, "ControllerRevision", "apps", true},
    {MANIFEST_VM, "VirtualMachine", "kubevirt.io", true},
    {MANIFEST_VMI, "VirtualMachineInstance", "kubevirt.io", true},
    {MANIFEST_NAMESPACE, "Namespace", "", false},
    {MANIFEST_VIP, "Vip", "kubeovn.io", false},
    {MANIFEST_IP, "IP", "kubeovn.io", false},
    {MANIFEST_SUBNET, "Subnet", "kubeovn.io", false},
    {MANIFEST_IPAM_CLAIM, "IPAMClaim", "k8s.cni.cncf.io", true},
};

const char *
manifest_kind_to_string(enum manifest_kind kind)
{
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (kinds[i].kind == kind) {
            return kinds[i].name;
        }
    }
    OVS_NOT_REACHED();
}

void
manifest_object_destroy(struct manifest_object *object)
{
    if (object) {
        free(object->ns);
        free(object->name);
        free(object->uid);
        pod_destroy(object->pod);
        ip_object_destroy(object->ip);
        subnet_object_destroy(object->subnet);
        free(object->cni_network);
        ip_addr_set_destroy(&object->ips);
        workload_destroy(object->workload);
        free(object->current_revision);
        free(object->update_revision);
        free(object->owner_name);
        free(object->owner_uid);
        smap_destroy(&object->annotations);
        free(object);
    }
}

static const char *
or_empty(const char *s)
{
    return s ? s : "";
}

static void
replace(char **dst, const char *src)
{
    free(*dst);
    *dst = xstrdup(or_empty(src));
}

/* Is 'api_version' ("v1", "apps/v1", or NULL) of 'group'? */
static bool
is_of_group(const char *api_version, const char *group)
{
    size_t len = strlen(group);

    if (!api_version) {
        return true;
    }
    return (len
            ? !strncmp(api_version, group, len) && api_version[len] == '/'
            : !strchr(api_version, '/'));
}

static const struct kind_info *
find_kind(const char *name, const char *api_version)
{
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (!strcmp(kinds[i].name, name)
            && is_of_group(api_version, kinds[i].group)) {
            return &kinds[i];
        }
    }
    return NULL;
}

/* Names go into logs, ports and keys, so they are what Kubernetes allows. */
static bool
is_name(const char *s, bool dots, size_t max_len)
{
    size_t len = strlen(s);
    size_t n = strspn(s, dots ? "abcdefghijklmnopqrstuvwxyz0123456789-."
                              : "abcdefghijklmnopqrstuvwxyz0123456789-");

    return (len && n == len && len <= max_len
            && s[0] != '-' && s[0] != '.'
            && s[len - 1] != '-' && s[len - 1] != '.');
}

/* Reads a name: 253 characters with dots for most, a label for namespaces. */
static const char *
read_name(const struct place *up, const char *key, bool is_namespace)
{
    const char *name = place_string(up, key);

    if (name && !is_name(name, !is_namespace, is_namespace ? 63 : 253)) {
        place_fail(up, key,
                   is_namespace ? "the name of a namespace"
                   : "a name of a-z, 0-9, \"-\" and \".\"");
        return NULL;
    }
    return name;
}

static const char *
read_uid(const struct place *up)
{
    const char *uid = place_string(up, "uid");

    if (uid && (strlen(uid) > 128
                || uid[strspn(uid, "abcdefghijklmnopqrstuvwxyz"
                                   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "0123456789-_.:")])) {
        place_fail(up, "uid", "a uid");
        return NULL;
    }
    return uid;
}

static bool
is_opted_out(const struct place *annotations)
{
    return !strcmp(or_empty(place_string(annotations, OPT_OUT_ANNOTATION)),
                   "true");
}

/* Adds those of 'annotations' that the dialect watches to 'smap'. */
static void
read_annotations(const struct place *annotations,
                 const struct dialect *dialect, struct smap *smap)
{
    json_t *object = CONST_CAST(json_t *, annotations->json);
    const char *key;
    json_t *value;

    if (!object) {
        return;
    }
    json_object_foreach (object, key, value) {
        const char *s;

        if (!dialect->watches(key)) {
            continue;
        }
        s = place_string(annotations, key);
        if (s) {
            char *flat = NULL;

            if (!strcmp(key, NETWORKS_ANNOTATION)
                || !strcmp(key, DEFAULT_NETWORK_ANNOTATION)) {
                flat = network_list_flatten(s);
            } else if (!strcmp(key, POD_NETWORKS_ANNOTATION)) {
                flat = pod_networks_flatten(s);
            }
            smap_add_nocopy(smap, xstrdup(key), flat ? flat : xstrdup(s));
        }
    }
}

/* Pods. */

static bool
is_member_name(const char *pod, const char *owner, int *ordinal)
{
    size_t base_len;

    return (pod_name_split_ordinal(pod, &base_len, ordinal)
            && base_len == strlen(owner)
            && !strncmp(pod, owner, base_len));
}

/* Takes 'ref', one of the owner references, for the owner if none that tells
 * more came before.  Kube-OVN looks for a VM first, then for a StatefulSet. */
static void
read_owner_reference(const struct place *ref, struct pod *pod)
{
    const char *kind = or_empty(place_string(ref, "kind"));
    const char *name = or_empty(place_string(ref, "name"));
    const char *api_version = place_string(ref, "apiVersion");
    const char *uid = read_uid(ref);
    int ordinal;

    if (!strcmp(kind, "VirtualMachineInstance")
        && is_of_group(api_version, "kubevirt.io")) {
        pod->owner_kind = OWNER_VM;
        pod->ordinal = -1;
        replace(&pod->owner->name, name);
        replace(&pod->owner->uid, NULL);
    } else if (pod->owner_kind == OWNER_VM) {
        return;
    } else if (!strcmp(kind, "StatefulSet")
               && is_of_group(api_version, "apps")
               && is_member_name(pod->name, name, &ordinal)) {
        pod->owner_kind = OWNER_STATEFULSET;
        pod->ordinal = ordinal;
        replace(&pod->owner->name, name);
        replace(&pod->owner->uid, uid);
    } else if (pod->owner_kind != OWNER_STATEFULSET
               && (pod->owner_kind == OWNER_NONE
                   || json_is_true(json_object_get(ref->json,
                                                   "controller")))) {
        pod->owner_kind = OWNER_OTHER;
        replace(&pod->owner->name, name);
        replace(&pod->owner->uid, uid);
    }
}

static void
read_pod_owner(const struct object_context *ctx, const struct place *labels,
               const struct place *annotations, struct pod *pod)
{
    struct place refs = place_array(&ctx->metadata, "ownerReferences");
    const char *vm;

    for (size_t i = 0; i < place_n_elements(&refs); i++) {
        char name[16];
        struct place ref = place_element(&refs, i, name);

        read_owner_reference(&ref, pod);
    }
    if (pod->owner_kind == OWNER_VM
        || strcmp(or_empty(place_string(labels, VIRT_LAUNCHER_LABEL)),
                  "virt-launcher")) {
        return;
    }
    /* The label is cut off where the name is long, the annotation is not. */
    vm = place_string(annotations, VM_DOMAIN_ANNOTATION);
    if (!vm) {
        vm = place_string(labels, VM_NAME_LABEL);
    }
    if (vm && vm[0]) {
        pod->owner_kind = OWNER_VM;
        pod->ordinal = -1;
        replace(&pod->owner->name, vm);
        replace(&pod->owner->uid, NULL);
    }
}

static void
add_status_ip(const struct place *up, const char *key, struct pod *pod)
{
    const char *s = place_string(up, key);
    struct ip_addr ip;

    if (!s || !s[0]) {
        return;
    }
    if (ip_addr_parse(s, &ip)) {
        pod_add_status_ip(pod, &ip);
    } else {
        place_fail(up, key, "an IP address");
    }
}

static void
read_pod_status(const struct object_context *ctx, struct pod *pod)
{
    struct place status = place_object(&ctx->root, "status");
    struct place ips = place_array(&status, "podIPs");
    const char *phase = or_empty(place_string(&status, "phase"));

    pod->finished = !strcmp(phase, "Succeeded") || !strcmp(phase, "Failed");
    add_status_ip(&status, "podIP", pod);
    for (size_t i = 0; i < place_n_elements(&ips); i++) {
        char name[16];
        struct place ip = place_element(&ips, i, name);

        add_status_ip(&ip, "ip", pod);
    }
}

static void
read_pod(const struct object_context *ctx)
{
    struct manifest_object *object = ctx->object;
    struct place annotations = place_object(&ctx->metadata, "annotations");
    struct place labels = place_object(&ctx->metadata, "labels");
    struct place spec = place_object(&ctx->root, "spec");
    struct pod *pod = pod_create(object->ns, object->name, object->uid);
    struct smap smap = SMAP_INITIALIZER(&smap);

    object->pod = pod;
    read_pod_owner(ctx, &labels, &annotations, pod);
    replace(&pod->owner->revision, place_string(&labels, REVISION_LABEL));
    pod_set_node(pod, or_empty(place_string(&spec, "nodeName")));
    pod->created_s = place_time(&ctx->metadata, "creationTimestamp");
    pod->deleting = object->deleting;
    pod->opted_out = object->opted_out;
    pod->migrating
        = (or_empty(place_string(&annotations, MIGRATION_JOB_ANNOTATION))[0]
           || or_empty(place_string(&labels, MIGRATION_JOB_LABEL))[0]);
    read_pod_status(ctx, pod);

    read_annotations(&annotations, ctx->dialect, &smap);
    pod->marks = dialect_pod_marks(&smap);
    ctx->dialect->read_claims(&smap,
                              &(struct claim_subject) {
                                  .ns = pod->owner->ns,
                                  .name = pod->name,
                                  .owner_kind = pod->owner_kind,
                                  .ordinal = pod->ordinal,
                              }, &pod->claims);
    smap_destroy(&smap);
}

/* Owners. */

/* Makes the workload, with the template whose metadata is 'metadata' as its
 * revision. */
static struct workload *
read_workload(const struct object_context *ctx, enum owner_kind kind,
              const struct place *metadata)
{
    struct manifest_object *object = ctx->object;
    struct place annotations = place_object(metadata, "annotations");
    struct workload *w = workload_create(kind, object->ns, object->name,
                                         object->uid);
    struct smap smap = SMAP_INITIALIZER(&smap);

    object->workload = w;
    w->created_s = place_time(&ctx->metadata, "creationTimestamp");
    w->deleting = object->deleting;
    w->opted_out = object->opted_out || is_opted_out(&annotations);
    read_annotations(&annotations, ctx->dialect, &smap);
    workload_add_revision(w, "", &smap);
    w->revisions_known = true;
    smap_destroy(&smap);
    return w;
}

static void
read_statefulset_status(const struct object_context *ctx)
{
    struct place status = place_object(&ctx->root, "status");
    struct manifest_object *object = ctx->object;
    int generation = place_int(&ctx->metadata, "generation", 0, 0);
    int observed = place_int(&status, "observedGeneration", 0, 0);

    object->current_revision
        = xstrdup(or_empty(place_string(&status, "currentRevision")));
    object->update_revision
        = xstrdup(or_empty(place_string(&status, "updateRevision")));
    object->status_is_old = observed < generation;
}

static void
read_statefulset(const struct object_context *ctx)
{
    struct place spec = place_object(&ctx->root, "spec");
    struct place template = place_object(&spec, "template");
    struct place metadata = place_object(&template, "metadata");
    struct place ordinals = place_object(&spec, "ordinals");
    struct place strategy = place_object(&spec, "updateStrategy");
    struct place rolling = place_object(&strategy, "rollingUpdate");
    struct workload *w = read_workload(ctx, OWNER_STATEFULSET, &metadata);

    w->replicas = place_int(&spec, "replicas", 0, 1);
    w->start = place_int(&ordinals, "start", 0, 0);
    w->partition = place_int(&rolling, "partition", 0, 0);
    w->on_delete = !strcmp(or_empty(place_string(&strategy, "type")),
                           "OnDelete");
    read_statefulset_status(ctx);
}

static void
read_vm(const struct object_context *ctx)
{
    struct place spec = place_object(&ctx->root, "spec");
    struct place template = place_object(&spec, "template");
    struct place metadata = place_object(&template, "metadata");

    read_workload(ctx, OWNER_VM, &metadata);
}

/* Returns false if it is not a StatefulSet's. */
static bool
read_revision(const struct object_context *ctx)
{
    struct manifest_object *object = ctx->object;
    struct place refs = place_array(&ctx->metadata, "ownerReferences");
    struct place data = place_object(&ctx->root, "data");
    struct place spec = place_object(&data, "spec");
    struct place template = place_object(&spec, "template");
    struct place metadata = place_object(&template, "metadata");
    struct place annotations = place_object(&metadata, "annotations");

    for (size_t i = 0; i < place_n_elements(&refs); i++) {
        char index[16];
        struct place ref = place_element(&refs, i, index);
        const char *name = place_string(&ref, "name");

        if (name && name[0]
            && !strcmp(or_empty(place_string(&ref, "kind")), "StatefulSet")
            && is_of_group(place_string(&ref, "apiVersion"), "apps")) {
            replace(&object->owner_name, name);
            replace(&object->owner_uid, read_uid(&ref));
        }
    }
    read_annotations(&annotations, ctx->dialect, &object->annotations);
    return object->owner_name || ctx->root.error->text;
}

/* All objects. */

static void
read_vip(const struct object_context *ctx)
{
    struct place spec = place_object(&ctx->root, "spec");

    replace(&ctx->object->ns, read_name(&spec, "namespace", true));
}

/* Reads what all kinds have in common.  Returns false if even that is
 * missing. */
static bool
read_metadata(struct object_context *ctx, const struct kind_info *info)
{
    struct manifest_object *object = ctx->object;
    struct place annotations;
    const char *name, *ns;

    ctx->metadata = place_object(&ctx->root, "metadata");
    name = read_name(&ctx->metadata, "name",
                     info->kind == MANIFEST_NAMESPACE);
    if (!name) {
        place_fail(&ctx->metadata, "name", "the object's name");
        return false;
    }
    ns = info->namespaced ? read_name(&ctx->metadata, "namespace", true) : "";
    object->name = xstrdup(name);
    object->ns = xstrdup(ns ? ns : ctx->root.error->text ? "" : "default");
    annotations = place_object(&ctx->metadata, "annotations");
    object->uid = xstrdup(or_empty(read_uid(&ctx->metadata)));
    object->deleting = place_string(&ctx->metadata, "deletionTimestamp");
    object->opted_out = is_opted_out(&annotations);
    return true;
}

/* Returns false if the object turns out to be of no use. */
static bool
read_kind(const struct object_context *ctx)
{
    switch (ctx->object->kind) {
    case MANIFEST_POD:
        read_pod(ctx);
        return true;
    case MANIFEST_STATEFULSET:
        read_statefulset(ctx);
        return true;
    case MANIFEST_REVISION:
        return read_revision(ctx);
    case MANIFEST_VM:
        read_vm(ctx);
        return true;
    case MANIFEST_VMI:
        /* The annotations of its pod are its own. */
        read_workload(ctx, OWNER_VM, &ctx->metadata);
        return true;
    case MANIFEST_NAMESPACE:
        return true;
    case MANIFEST_VIP:
        read_vip(ctx);
        return true;
    case MANIFEST_IP:
        ipam_read_ip(&ctx->root, &ctx->metadata, ctx->object);
        return true;
    case MANIFEST_SUBNET:
        ipam_read_subnet(&ctx->root, ctx->object);
        return true;
    case MANIFEST_IPAM_CLAIM:
        ipam_claim_read(&ctx->root, ctx->object);
        return true;
    }
    OVS_NOT_REACHED();
}

/* Puts the object's name before 'text', which is taken. */
static char *
name_error(const struct manifest_object *object, const char *kind, char *text)
{
    char *named = (object && object->name
                   ? xasprintf("%s %s%s%s: %s", kind, object->ns,
                               object->ns[0] ? "/" : "", object->name, text)
                   : xasprintf("%s: %s", kind, text));

    free(text);
    return named;
}

char *
manifest_object_read(const struct manifest_item *item,
                     const struct dialect *dialect,
                     struct manifest_object **objectp, struct svec *path)
{
    struct place_error error = { .path = path };
    struct object_context ctx = {
        .dialect = dialect,
        .root = place_root(item->json, &error),
    };
    const char *kind = place_string(&ctx.root, "kind");
    const char *api_version = place_string(&ctx.root, "apiVersion");
    const struct kind_info *info;
    struct manifest_object *object;
    bool used;

    *objectp = NULL;
    if (!kind && !error.text) {
        kind = item->default_kind;
        api_version = api_version ? api_version : item->default_api_version;
        if (!kind) {
            place_fail(&ctx.root, "kind", "the kind of the object");
        }
    }
    if (error.text) {
        return name_error(NULL, "object", error.text);
    }
    info = find_kind(kind, api_version);
    if (!info) {
        return NULL;
    }

    object = ctx.object = xzalloc(sizeof *object);
    object->kind = info->kind;
    object->line = item->line;
    smap_init(&object->annotations);
    ip_addr_set_init(&object->ips);
    used = read_metadata(&ctx, info) && read_kind(&ctx);
    if (error.text) {
        char *text = name_error(object, kind, error.text);

        manifest_object_destroy(object);
        return text;
    }
    if (!used) {
        manifest_object_destroy(object);
        object = NULL;
    }
    *objectp = object;
    return NULL;
}
