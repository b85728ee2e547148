/* SPDX-License-Identifier: Apache-2.0 */

/* What the API server's objects are, as far as needed to tell what is new.
 *
 * A record outlives its object in one case: when a live read found the object
 * gone, and the watch, which is behind, has yet to say so.  Until then events
 * about that uid are of the past. */

#include <config.h>

#include "api-store.h"

#include <stdlib.h>
#include <string.h>

#include "svec.h"
#include "util.h"

#include "api-store-private.h"
#include "kube-change.h"
#include "manifest-reader.h"
#include "object-change.h"
#include "pod.h"
#include "workload.h"

/* ---- Records. ---- */

void
api_store_init(struct api_store *store, const struct dialect *dialect)
{
    memset(store, 0, sizeof *store);
    store->dialect = dialect;
    api_records_init(&store->records);
    smap_init(&store->vip_namespaces);
    workload_assembly_init(&store->assembly);
    ovs_list_init(&store->changes);
    store->n_feeds = LIVE_FEED + 1;
    store->n_given = xcalloc(store->n_feeds, sizeof *store->n_given);
}

/* Frees 'rec', which is not given out, when nothing refers to it any more. */
void
api_record_release(struct api_store *store, struct api_record *rec)
{
    if (!rec->n_staged) {
        api_records_remove(&store->records, rec);
    }
}

void
api_store_destroy(struct api_store *store)
{
    struct kube_change *change;

    api_records_destroy(&store->records);
    smap_destroy(&store->vip_namespaces);
    free(store->n_given);
    workload_assembly_destroy(&store->assembly);
    LIST_FOR_EACH_POP (change, node, &store->changes) {
        kube_change_destroy(change);
    }
}

struct api_record *
api_record_create(struct api_store *store, enum manifest_kind kind,
                  const char *ns, const char *name, uint16_t feed)
{
    struct api_record *rec = api_records_add(&store->records, kind, ns, name);

    rec->feed = feed;
    return rec;
}

/* Makes 'rec' one of 'feed'. */
void
api_record_set_feed(struct api_store *store, struct api_record *rec,
                    uint16_t feed)
{
    if (rec->given) {
        store->n_given[rec->feed]--;
        store->n_given[feed]++;
    }
    rec->feed = feed;
}

static void
set_given(struct api_store *store, struct api_record *rec, bool given)
{
    int delta = given - rec->given;

    rec->given = given;
    store->n_given[rec->feed] += delta;
    store->n_pods += rec->kind == MANIFEST_POD ? delta : 0;
}

void
api_record_set_uid(struct api_record *rec, const char *uid)
{
    obj_uid_destroy(&rec->uid);
    obj_uid_init(&rec->uid, uid);
}

size_t
api_store_memory(const struct api_store *store)
{
    return api_records_memory(&store->records);
}

/* ---- Reading. ---- */

/* Fills in '*key'.  Returns false if 'object' has no name or no uid. */
bool
api_store_read_key(const json_t *object, struct object_key *key)
{
    const json_t *m = json_object_get(object, "metadata");
    unsigned long long int version;

    key->ns = json_string_value(json_object_get(m, "namespace"));
    key->ns = key->ns ? key->ns : "";
    key->name = json_string_value(json_object_get(m, "name"));
    key->uid = json_string_value(json_object_get(m, "uid"));
    key->version_text = json_string_value(json_object_get(m,
                                                          "resourceVersion"));
    key->version = (key->version_text
                    && str_to_ullong(key->version_text, 10, &version)
                    ? version : 0);
    return key->name && key->name[0] && key->uid && key->uid[0];
}

/* Says of 'object' what it is, if it says so itself only in part: elements of
 * a list have no kind, and PartialObjectMetadata hide theirs.  Returns false
 * if it is something else. */
static bool
set_kind(json_t *object, enum manifest_kind kind, const char *api_version)
{
    const char *name = manifest_kind_to_string(kind);
    const char *is = json_string_value(json_object_get(object, "kind"));

    if (is && strcmp(is, name) && strcmp(is, "PartialObjectMetadata")) {
        return false;
    }
    json_object_set_new(object, "kind", json_pack("s", name));
    json_object_set_new(object, "apiVersion", json_pack("s", api_version));
    return true;
}

/* Reads 'object'.  Returns NULL with '*objectp', which is NULL for one that is
 * not used; or what is wrong with it. */
char *
api_store_read_object(const struct api_store *store, enum manifest_kind kind,
                      const char *api_version, json_t *object,
                      struct manifest_object **objectp)
{
    struct manifest_item item = { .json = object };
    struct svec path = SVEC_EMPTY_INITIALIZER;
    char *error;

    *objectp = NULL;
    if (!set_kind(object, kind, api_version)) {
        return xasprintf("it is no %s", manifest_kind_to_string(kind));
    }
    error = manifest_object_read(&item, store->dialect, objectp, &path);
    svec_destroy(&path);
    return error;
}

/* ---- Giving out. ---- */

static void
push(struct api_store *store, struct kube_change *change)
{
    ovs_list_push_back(&store->changes, &change->node);
    store->n_changes++;
}

static void
give_vip_gone(struct api_store *store, const struct api_record *rec,
              const char *uid)
{
    const char *ns = smap_get(&store->vip_namespaces, rec->name);

    if (ns) {
        push(store, kube_change_create(KUBE_VIP, true, ns, rec->name, uid));
        smap_remove(&store->vip_namespaces, rec->name);
    }
}

/* Gives out that 'rec' is gone. */
void
api_store_give_gone(struct api_store *store, struct api_record *rec)
{
    const char *ns = api_records_ns(&store->records, rec);
    char buf[OBJ_UID_STRLEN];
    const char *uid = obj_uid_to_string(&rec->uid, buf);

    if (!rec->given) {
        return;
    }
    set_given(store, rec, false);
    if (workload_assembly_takes(rec->kind)) {
        workload_assembly_remove(&store->assembly, rec->kind, ns, rec->name);
        store->n_changes++;
    } else if (rec->kind == MANIFEST_VIP) {
        give_vip_gone(store, rec, uid);
    } else {
        push(store, object_change_create_gone(rec->kind, ns, rec->name, uid));
    }
}

/* Gives out 'object' (taken; NULL if it is of no use) as what 'rec' is, by a
 * list if 'listed'. */
void
api_store_give(struct api_store *store, struct api_record *rec,
               struct manifest_object *object, bool listed)
{
    struct kube_change *change;

    if (!object) {
        api_store_give_gone(store, rec);
        return;
    }
    set_given(store, rec, true);
    if (workload_assembly_takes(object->kind)) {
        workload_assembly_put(&store->assembly, object);
        store->n_changes++;
        return;
    }
    if (object->kind == MANIFEST_VIP) {
        const char *ns = smap_get(&store->vip_namespaces, rec->name);

        if (ns && strcmp(ns, object->ns)) {
            give_vip_gone(store, rec, object->uid);
        }
        smap_replace(&store->vip_namespaces, rec->name, object->ns);
    }
    change = object_change_create(object);
    change->listed = listed;
    push(store, change);
}

void
api_store_give_refusal(struct api_store *store, const char *ns,
                       const char *name, const char *uid, const char *message)
{
    struct kube_change *change = kube_change_create(KUBE_REFUSAL, false, ns,
                                                    name, uid);

    change->text = xstrdup(message);
    push(store, change);
}

bool
api_store_has_changes(const struct api_store *store)
{
    return (!ovs_list_is_empty(&store->changes)
            || !sset_is_empty(&store->assembly.dirty));
}

struct kube_change *
api_store_pop(struct api_store *store)
{
    workload_assembly_run(&store->assembly, &store->changes);
    return (ovs_list_is_empty(&store->changes) ? NULL
            : CONTAINER_OF(ovs_list_pop_front(&store->changes),
                           struct kube_change, node));
}

/* ---- Live reads. ---- */

char *
api_store_live_put(struct api_store *store, enum manifest_kind kind,
                   const char *api_version, const char *ns, const char *name,
                   json_t *json, bool *changed)
{
    struct manifest_object *object;
    struct api_record *rec;
    struct object_key key;
    char *error;

    if (!api_store_read_key(json, &key) || strcmp(key.ns, ns)
        || (name && strcmp(key.name, name))) {
        return xasprintf("the answer is another object than %s/%s", ns,
                         name ? name : "");
    }
    rec = api_records_find(&store->records, kind, ns, key.name);
    if (rec && rec->given && key.version && rec->version >= key.version
        && obj_uid_is(&rec->uid, key.uid)) {
        return NULL;
    }
    error = api_store_read_object(store, kind, api_version, json, &object);
    if (error) {
        return error;
    }
    if (!rec) {
        rec = api_record_create(store, kind, ns, key.name, LIVE_FEED);
    }
    rec->dead = false;
    rec->version = key.version;
    api_record_set_uid(rec, key.uid);
    api_store_give(store, rec, object, false);
    *changed = true;
    return NULL;
}

void
api_store_live_gone(struct api_store *store, enum manifest_kind kind,
                    const char *ns, const char *name, bool *changed)
{
    struct api_record *rec = api_records_find(&store->records, kind, ns, name);

    if (!rec || !rec->given) {
        return;
    }
    api_store_give_gone(store, rec);
    *changed = true;
    if (rec->feed == LIVE_FEED && !rec->n_staged) {
        api_records_remove(&store->records, rec);
    } else {
        rec->dead = true;
    }
}

void
api_store_get_live_pods(const struct api_store *store, size_t max,
                        struct svec *names)
{
    struct api_record *rec;

    if (!store->n_given[LIVE_FEED]) {
        return;
    }
    API_RECORDS_FOR_EACH (rec, &store->records) {
        if (rec->feed == LIVE_FEED && rec->kind == MANIFEST_POD
            && rec->given && names->n < max) {
            svec_add_nocopy(names, xasprintf(
                "%s/%s", api_records_ns(&store->records, rec), rec->name));
        }
    }
}
