/* SPDX-License-Identifier: Apache-2.0 */

/* Workloads out of the several objects that describe one. */

#include <config.h>

#include "workload-assembly.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "kube-change.h"
#include "pod.h"
#include "workload.h"

/* A workload as it was given out. */
struct given {
    char *uid;
    uint8_t digest[SHA1_DIGEST_SIZE];
};

void
workload_assembly_init(struct workload_assembly *a)
{
    shash_init(&a->statefulsets);
    shash_init(&a->revisions);
    shash_init(&a->vms);
    shash_init(&a->vmis);
    shash_init(&a->given);
    sset_init(&a->dirty);
}

static void
destroy_objects(struct shash *objects)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, objects) {
        manifest_object_destroy(node->data);
    }
    shash_destroy(objects);
}

static void
given_destroy(struct given *given)
{
    if (given) {
        free(given->uid);
        free(given);
    }
}

void
workload_assembly_destroy(struct workload_assembly *a)
{
    struct shash_node *node;

    destroy_objects(&a->statefulsets);
    destroy_objects(&a->revisions);
    destroy_objects(&a->vms);
    destroy_objects(&a->vmis);
    SHASH_FOR_EACH (node, &a->given) {
        given_destroy(node->data);
    }
    shash_destroy(&a->given);
    sset_destroy(&a->dirty);
}

static struct shash *
table_of(struct workload_assembly *a, enum manifest_kind kind)
{
    switch (kind) {
    case MANIFEST_STATEFULSET: return &a->statefulsets;
    case MANIFEST_REVISION: return &a->revisions;
    case MANIFEST_VM: return &a->vms;
    case MANIFEST_VMI: return &a->vmis;
    case MANIFEST_POD:
    case MANIFEST_NAMESPACE:
    case MANIFEST_VIP:
    case MANIFEST_IP:
    case MANIFEST_SUBNET:
    case MANIFEST_IPAM_CLAIM:
        return NULL;
    }
    OVS_NOT_REACHED();
}

bool
workload_assembly_takes(enum manifest_kind kind)
{
    struct workload_assembly any;

    return table_of(&any, kind) != NULL;
}

/* Marks the workload that 'object' is a part of. */
static void
mark(struct workload_assembly *a, const struct manifest_object *object)
{
    bool vm = object->kind == MANIFEST_VM || object->kind == MANIFEST_VMI;
    char *key = xasprintf("%d/%s/%s", vm ? OWNER_VM : OWNER_STATEFULSET,
                          object->ns, object->kind == MANIFEST_REVISION
                          ? object->owner_name : object->name);

    sset_add_and_free(&a->dirty, key);
}

void
workload_assembly_put(struct workload_assembly *a,
                      struct manifest_object *object)
{
    struct shash *table = table_of(a, object->kind);
    char *key = xasprintf("%s/%s", object->ns, object->name);
    struct manifest_object *old = shash_replace(table, key, object);

    if (old) {
        /* A revision may have changed hands. */
        mark(a, old);
        manifest_object_destroy(old);
    }
    mark(a, object);
    free(key);
}

void
workload_assembly_remove(struct workload_assembly *a, enum manifest_kind kind,
                         const char *ns, const char *name)
{
    char *key = xasprintf("%s/%s", ns, name);
    struct manifest_object *old = shash_find_and_delete(table_of(a, kind),
                                                        key);

    if (old) {
        mark(a, old);
        manifest_object_destroy(old);
    }
    free(key);
}

/* Adds the revision 'name' of 'sts' to 'w', or says that it is unknown. */
static void
add_revision(const struct workload_assembly *a,
             const struct manifest_object *sts, const char *name,
             struct workload *w)
{
    char *key = xasprintf("%s/%s", sts->ns, name);
    const struct manifest_object *r = shash_find_data(&a->revisions, key);

    free(key);
    if (r && !strcmp(r->owner_name, sts->name)
        && (!r->owner_uid || !r->owner_uid[0] || !sts->uid[0]
            || !strcmp(r->owner_uid, sts->uid))) {
        workload_add_revision(w, name, &r->annotations);
    } else {
        w->revisions_known = false;
    }
}

/* The spec's template is the update revision, unless the status is older than
 * the spec: then all that the status names is older than the template. */
static struct workload *
assemble_statefulset(const struct workload_assembly *a, const char *key)
{
    const struct manifest_object *sts = shash_find_data(&a->statefulsets, key);
    const char *current, *update;
    struct workload *w;

    if (!sts) {
        return NULL;
    }
    w = workload_clone(sts->workload);
    current = sts->current_revision;
    update = sts->update_revision;
    if (sts->status_is_old) {
        if (update[0]) {
            add_revision(a, sts, update, w);
        }
    } else {
        free(w->revisions[0].name);
        w->revisions[0].name = xstrdup(update);
    }
    if (current[0] && strcmp(current, update)) {
        add_revision(a, sts, current, w);
    }
    return w;
}

/* An instance without a VirtualMachine stands for itself; with one, it keeps
 * alive what is being deleted. */
static struct workload *
assemble_vm(const struct workload_assembly *a, const char *key)
{
    const struct manifest_object *vm = shash_find_data(&a->vms, key);
    const struct manifest_object *vmi = shash_find_data(&a->vmis, key);
    struct workload *w;

    if (!vm) {
        return vmi ? workload_clone(vmi->workload) : NULL;
    }
    w = workload_clone(vm->workload);
    w->deleting = vm->deleting && (!vmi || vmi->deleting);
    return w;
}

/* Brings 'key' ("OWNER-KIND/NAMESPACE/NAME") up to date.  Returns a change, or
 * NULL if there is none. */
static struct kube_change *
update(struct workload_assembly *a, const char *key)
{
    enum owner_kind kind = atoi(key);
    const char *name = strchr(key, '/') + 1;
    struct given *given = shash_find_data(&a->given, key);
    struct workload *w = (kind == OWNER_VM ? assemble_vm(a, name)
                          : assemble_statefulset(a, name));
    uint8_t digest[SHA1_DIGEST_SIZE];
    struct kube_change *change;

    if (w) {
        manifest_workload_digest(w, digest);
        if (given && !memcmp(given->digest, digest, sizeof digest)) {
            workload_destroy(w);
            return NULL;
        }
        change = kube_change_create(KUBE_WORKLOAD, false, w->ns, w->name,
                                    w->uid);
        change->workload = w;
        if (!given) {
            given = xzalloc(sizeof *given);
            shash_add(&a->given, key, given);
        }
        free(given->uid);
        given->uid = xstrdup(w->uid);
        memcpy(given->digest, digest, sizeof digest);
    } else if (given) {
        const char *slash = strchr(name, '/');
        char *ns = xmemdup0(name, slash - name);

        change = kube_change_create(KUBE_WORKLOAD, true, ns, slash + 1,
                                    given->uid);
        free(ns);
        shash_find_and_delete(&a->given, key);
        given_destroy(given);
    } else {
        return NULL;
    }
    change->owner_kind = kind;
    return change;
}

size_t
workload_assembly_run(struct workload_assembly *a, struct ovs_list *changes)
{
    size_t n = 0;

    if (!sset_is_empty(&a->dirty)) {
        const char **keys = sset_sort(&a->dirty);
        size_t n_keys = sset_count(&a->dirty);

        for (size_t i = 0; i < n_keys; i++) {
            struct kube_change *change = update(a, keys[i]);

            if (change) {
                ovs_list_push_back(changes, &change->node);
                n++;
            }
        }
        free(keys);
        sset_clear(&a->dirty);
    }
    return n;
}

size_t
workload_assembly_count(const struct workload_assembly *a)
{
    return shash_count(&a->given);
}
