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

#include "openvswitch/dynamic-string.h"
#include "openvswitch/vlog.h"

#include "coverage.h"
#include "hash.h"
#include "svec.h"
#include "util.h"
#include "uuid.h"

#include "kube-change.h"
#include "manifest-reader.h"
#include "object-change.h"
#include "pod.h"
#include "workload.h"

VLOG_DEFINE_THIS_MODULE(api_store);

COVERAGE_DEFINE(api_store_stale);
COVERAGE_DEFINE(api_store_unreadable);

/* A list that lost as many objects, and more than this share of them, is more
 * likely to be another cluster's, or a restored one's, than meant. */
#define SHRUNK_MIN 3
#define SHRUNK_PERCENT 20

/* Objects that cannot be read are counted, but not all are named. */
#define MAX_NAMED_PROBLEMS 100

/* The feed of what only live reads know. */
#define LIVE_FEED 0

/* There is one for each pod, so it is kept small. */
struct api_record {
    struct hmap_node node;      /* In 'records', by kind and name. */
    const char *ns;             /* In 'namespaces'. */
    uint64_t version;           /* 0: unknown, or no number. */
    struct uuid uid;            /* All zeros: 'other_uid'. */
    char *other_uid;            /* A uid that is no UUID, or NULL. */
    uint32_t generation;        /* Of the last list that had it. */
    uint16_t feed;
    uint8_t kind;               /* enum manifest_kind. */
    bool given : 1;             /* Given out, and not as gone. */
    bool dead : 1;              /* A live read found it gone. */
    uint8_t n_staged;           /* Lists under way that it is in. */
    char name[];
};

/* An object of a list that is under way. */
struct staged {
    struct ovs_list node;       /* In 'staged'. */
    struct api_record *record;
    struct manifest_object *object;
    uint64_t version;
};

/* What an object's metadata say. */
struct object_key {
    const char *ns, *name, *uid;
    const char *version_text;
    uint64_t version;
};

/* ---- Records. ---- */

void
api_store_init(struct api_store *store, const struct dialect *dialect)
{
    memset(store, 0, sizeof *store);
    store->dialect = dialect;
    hmap_init(&store->records);
    shash_init(&store->namespaces);
    smap_init(&store->vip_namespaces);
    workload_assembly_init(&store->assembly);
    ovs_list_init(&store->changes);
    store->n_feeds = LIVE_FEED + 1;
    store->n_given = xcalloc(store->n_feeds, sizeof *store->n_given);
}

static void
record_free(struct api_store *store, struct api_record *rec)
{
    hmap_remove(&store->records, &rec->node);
    free(rec->other_uid);
    free(rec);
}

/* Frees 'rec', which is not given out, when nothing refers to it any more. */
static void
record_release(struct api_store *store, struct api_record *rec)
{
    if (!rec->n_staged) {
        record_free(store, rec);
    }
}

void
api_store_destroy(struct api_store *store)
{
    struct kube_change *change;
    struct api_record *rec;

    HMAP_FOR_EACH_SAFE (rec, node, &store->records) {
        record_free(store, rec);
    }
    hmap_destroy(&store->records);
    shash_destroy(&store->namespaces);
    smap_destroy(&store->vip_namespaces);
    free(store->n_given);
    workload_assembly_destroy(&store->assembly);
    LIST_FOR_EACH_POP (change, node, &store->changes) {
        kube_change_destroy(change);
    }
}

static uint32_t
hash_key(enum manifest_kind kind, const char *ns, const char *name)
{
    return hash_string(ns, hash_string(name, kind));
}

static struct api_record *
find_record(const struct api_store *store, enum manifest_kind kind,
            const char *ns, const char *name)
{
    struct api_record *rec;

    HMAP_FOR_EACH_WITH_HASH (rec, node, hash_key(kind, ns, name),
                             &store->records) {
        if (rec->kind == kind && !strcmp(rec->name, name)
            && !strcmp(rec->ns, ns)) {
            return rec;
        }
    }
    return NULL;
}

/* Returns the one copy of 'ns'.  They are never removed: a namespace's name is
 * short and comes back. */
static const char *
intern(struct api_store *store, const char *ns)
{
    struct shash_node *node = shash_find(&store->namespaces, ns);

    return (node ? node : shash_add(&store->namespaces, ns, NULL))->name;
}

static struct api_record *
create_record(struct api_store *store, enum manifest_kind kind,
              const char *ns, const char *name, uint16_t feed)
{
    size_t size = strlen(name) + 1;
    struct api_record *rec = xzalloc(sizeof *rec + size);

    rec->kind = kind;
    rec->ns = intern(store, ns);
    rec->feed = feed;
    memcpy(rec->name, name, size);
    hmap_insert(&store->records, &rec->node, hash_key(kind, ns, name));
    return rec;
}

/* Makes 'rec' one of 'feed'. */
static void
set_feed(struct api_store *store, struct api_record *rec, uint16_t feed)
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

static void
set_uid(struct api_record *rec, const char *uid)
{
    free(rec->other_uid);
    rec->other_uid = NULL;
    if (!uuid_from_string(&rec->uid, uid)) {
        uuid_zero(&rec->uid);
        rec->other_uid = xstrdup(uid);
    }
}

static bool
has_uid(const struct api_record *rec, const char *uid)
{
    struct uuid uuid;

    return (rec->other_uid ? !strcmp(rec->other_uid, uid)
            : uuid_from_string(&uuid, uid) && uuid_equals(&uuid, &rec->uid));
}

static char *
dup_uid(const struct api_record *rec)
{
    return (rec->other_uid ? xstrdup(rec->other_uid)
            : xasprintf(UUID_FMT, UUID_ARGS(&rec->uid)));
}

size_t
api_store_memory(const struct api_store *store)
{
    /* The allocator's own 8 bytes, and names of 16 bytes on the average. */
    return (hmap_count(&store->records) * (sizeof(struct api_record) + 24)
            + (store->records.mask + 1) * sizeof(struct hmap_node *));
}

/* ---- Reading. ---- */

/* Fills in '*key'.  Returns false if 'object' has no name or no uid. */
static bool
read_key(const json_t *object, struct object_key *key)
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
static char *
read_object(const struct api_store *store, enum manifest_kind kind,
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
static void
give_gone(struct api_store *store, struct api_record *rec)
{
    char *uid;

    if (!rec->given) {
        return;
    }
    set_given(store, rec, false);
    uid = dup_uid(rec);
    if (workload_assembly_takes(rec->kind)) {
        workload_assembly_remove(&store->assembly, rec->kind, rec->ns,
                                 rec->name);
        store->n_changes++;
    } else if (rec->kind == MANIFEST_VIP) {
        give_vip_gone(store, rec, uid);
    } else {
        push(store, object_change_create_gone(rec->kind, rec->ns, rec->name,
                                              uid));
    }
    free(uid);
}

/* Gives out 'object' (taken; NULL if it is of no use) as what 'rec' is. */
static void
give(struct api_store *store, struct api_record *rec,
     struct manifest_object *object)
{
    if (!object) {
        give_gone(store, rec);
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
    push(store, object_change_create(object));
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

/* ---- Feeds. ---- */

void
api_feed_init(struct api_feed *feed, struct api_store *store,
              enum manifest_kind kind, const char *api_version, uint16_t id)
{
    ovs_assert(id != LIVE_FEED);
    memset(feed, 0, sizeof *feed);
    if (id >= store->n_feeds) {
        store->n_given = xrealloc(store->n_given,
                                  (id + 1) * sizeof *store->n_given);
        memset(&store->n_given[store->n_feeds], 0,
               (id + 1 - store->n_feeds) * sizeof *store->n_given);
        store->n_feeds = id + 1;
    }
    feed->store = store;
    feed->kind = kind;
    feed->api_version = api_version;
    feed->id = id;
    ovs_list_init(&feed->staged);
    shash_init(&feed->unreadable);
}

void
api_feed_clear(struct api_feed *feed)
{
    struct api_record *rec;

    HMAP_FOR_EACH_SAFE (rec, node, &feed->store->records) {
        if (rec->feed == feed->id) {
            give_gone(feed->store, rec);
            record_release(feed->store, rec);
        }
    }
    shash_destroy_free_data(&feed->unreadable);
    shash_init(&feed->unreadable);
    free(feed->version);
    feed->version = NULL;
}

void
api_feed_destroy(struct api_feed *feed, bool forget)
{
    ovs_assert(ovs_list_is_empty(&feed->staged));
    if (forget) {
        api_feed_clear(feed);
    }
    shash_destroy_free_data(&feed->unreadable);
    free(feed->version);
    free(feed->doubt);
}

size_t
api_feed_count(const struct api_feed *feed)
{
    return feed->store->n_given[feed->id];
}

static void
set_unreadable(struct api_feed *feed, const struct object_key *key,
               char *problem)
{
    char *name = xasprintf("%s/%s", key->ns, key->name);
    char *old = shash_find_and_delete(&feed->unreadable, name);

    if (problem) {
        COVERAGE_INC(api_store_unreadable);
        if (!old || strcmp(old, problem)) {
            static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 20);

            VLOG_WARN_RL(&rl, "%s; keeping what was known of it", problem);
        }
        shash_add(&feed->unreadable, name, problem);
    }
    free(old);
    free(name);
}

static void
set_version(struct api_feed *feed, const char *version)
{
    if (version && !reflector_version_less(version, feed->version)) {
        char *copy = xstrdup(version);

        free(feed->version);
        feed->version = copy;
    }
}

static void
feed_begin(void *feed_)
{
    struct api_feed *feed = feed_;

    ovs_assert(ovs_list_is_empty(&feed->staged));
    feed->generation++;
}

static char *
feed_list(void *feed_, json_t *json)
{
    struct api_feed *feed = feed_;
    struct api_store *store = feed->store;
    struct manifest_object *object;
    struct api_record *rec;
    struct staged *staged;
    struct object_key key;
    char *error;

    if (!read_key(json, &key)) {
        return xstrdup("an object in the list has no name or no uid");
    }
    rec = find_record(store, feed->kind, key.ns, key.name);
    if (!rec) {
        rec = create_record(store, feed->kind, key.ns, key.name, feed->id);
        set_uid(rec, key.uid);
    } else if (rec->feed == feed->id && rec->generation == feed->generation) {
        return xasprintf("%s %s%s%s is in the list twice",
                         manifest_kind_to_string(feed->kind), key.ns,
                         key.ns[0] ? "/" : "", key.name);
    } else if (rec->given && key.version && rec->version == key.version
               && has_uid(rec, key.uid)) {
        set_feed(store, rec, feed->id);
        rec->generation = feed->generation;
        return NULL;
    }
    if (rec->feed != LIVE_FEED) {
        rec->feed = feed->id;
    }
    rec->generation = feed->generation;

    error = read_object(store, feed->kind, feed->api_version, json, &object);
    set_unreadable(feed, &key, error);
    if (error) {
        return NULL;
    }
    staged = xmalloc(sizeof *staged);
    staged->record = rec;
    staged->object = object;
    staged->version = key.version;
    rec->n_staged++;
    ovs_list_push_back(&feed->staged, &staged->node);
    return NULL;
}

/* Makes of 'staged' (freed) what counts. */
static void
commit_one(struct api_feed *feed, struct staged *staged, bool went_back)
{
    struct api_store *store = feed->store;
    struct api_record *rec = staged->record;
    struct manifest_object *object = staged->object;

    set_feed(store, rec, feed->id);
    if ((rec->dead && object && has_uid(rec, object->uid))
        || (rec->given && !went_back && staged->version
            && rec->version > staged->version)) {
        /* A live read was later than the list. */
        manifest_object_destroy(object);
    } else {
        rec->dead = false;
        rec->version = staged->version;
        if (object) {
            set_uid(rec, object->uid);
        }
        give(store, rec, object);
    }
    rec->n_staged--;
    free(staged);
}

static void
feed_commit(void *feed_, const char *version, bool went_back)
{
    struct api_feed *feed = feed_;
    struct api_store *store = feed->store;
    size_t before = api_feed_count(feed);
    size_t n_lost = 0;
    struct api_record *rec;
    struct staged *staged;

    HMAP_FOR_EACH_SAFE (rec, node, &store->records) {
        if (rec->feed == feed->id && rec->generation != feed->generation) {
            struct object_key key = { .ns = rec->ns, .name = rec->name };

            n_lost += rec->given;
            set_unreadable(feed, &key, NULL);
            give_gone(store, rec);
            record_release(store, rec);
        }
    }
    LIST_FOR_EACH_POP (staged, node, &feed->staged) {
        commit_one(feed, staged, went_back);
    }

    if (went_back) {
        /* Versions of before say nothing about those to come. */
        free(feed->doubt);
        feed->doubt = xasprintf("the server went back from version %s to %s: "
                                "was it restored?", feed->version, version);
        free(feed->version);
        feed->version = NULL;
    } else if (n_lost >= SHRUNK_MIN
               && n_lost * 100 > before * SHRUNK_PERCENT) {
        free(feed->doubt);
        feed->doubt = xasprintf("a new list lacks %"PRIuSIZE" of %"PRIuSIZE
                                " objects", n_lost, before);
    }
    set_version(feed, version);
}

/* Forgets a list that came to nothing. */
static void
feed_abort(void *feed_)
{
    struct api_feed *feed = feed_;
    struct api_record *rec;
    struct staged *staged;

    LIST_FOR_EACH_POP (staged, node, &feed->staged) {
        manifest_object_destroy(staged->object);
        staged->record->n_staged--;
        free(staged);
    }
    HMAP_FOR_EACH_SAFE (rec, node, &feed->store->records) {
        if (rec->feed == feed->id && !rec->given && !rec->dead
            && rec->generation == feed->generation) {
            record_release(feed->store, rec);
        }
    }
}

/* Counts an event about something that is known better. */
static void
stale(struct api_store *store)
{
    COVERAGE_INC(api_store_stale);
    store->n_stale_events++;
}

static void
feed_put(void *feed_, json_t *json)
{
    struct api_feed *feed = feed_;
    struct api_store *store = feed->store;
    struct manifest_object *object;
    struct api_record *rec;
    struct object_key key;
    bool old;
    char *error;

    if (!read_key(json, &key)) {
        COVERAGE_INC(api_store_unreadable);
        return;
    }
    old = (key.version_text && feed->version
           && !reflector_version_less(feed->version, key.version_text)
           && key.version);
    set_version(feed, key.version_text);
    rec = find_record(store, feed->kind, key.ns, key.name);
    if (rec && !old) {
        old = ((rec->dead && has_uid(rec, key.uid))
               || (rec->given && key.version && rec->version >= key.version));
        /* Where a live read saw it first, it is the feed's from now on. */
        if (!rec->dead || !old) {
            set_feed(store, rec, feed->id);
        }
    }
    if (old) {
        stale(store);
        return;
    }
    error = read_object(store, feed->kind, feed->api_version, json, &object);
    set_unreadable(feed, &key, error);
    if (error) {
        return;
    }
    if (!rec) {
        rec = create_record(store, feed->kind, key.ns, key.name, feed->id);
    }
    rec->dead = false;
    rec->generation = feed->generation;
    rec->version = key.version;
    set_uid(rec, key.uid);
    give(store, rec, object);
}

static void
feed_remove(void *feed_, json_t *json)
{
    struct api_feed *feed = feed_;
    struct api_store *store = feed->store;
    struct api_record *rec;
    struct object_key key;

    if (!read_key(json, &key)) {
        COVERAGE_INC(api_store_unreadable);
        return;
    }
    set_version(feed, key.version_text);
    rec = find_record(store, feed->kind, key.ns, key.name);
    if (!rec || rec->feed != feed->id || !has_uid(rec, key.uid)) {
        /* Of another object of that name, or of a feed that it left. */
        stale(store);
        return;
    }
    set_unreadable(feed, &key, NULL);
    give_gone(store, rec);
    record_release(store, rec);
}

const struct reflector_sink api_feed_sink = {
    .begin = feed_begin,
    .list = feed_list,
    .commit = feed_commit,
    .abort = feed_abort,
    .put = feed_put,
    .remove = feed_remove,
};

void
api_feed_format_problems(const struct api_feed *feed, struct ds *ds)
{
    const struct shash_node **nodes = shash_sort(&feed->unreadable);
    size_t n = shash_count(&feed->unreadable);

    for (size_t i = 0; i < MIN(n, MAX_NAMED_PROBLEMS); i++) {
        ds_put_format(ds, "%s\n", (char *) nodes[i]->data);
    }
    if (n > MAX_NAMED_PROBLEMS) {
        ds_put_format(ds, "... and %"PRIuSIZE" more\n",
                      n - MAX_NAMED_PROBLEMS);
    }
    free(nodes);
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

    if (!read_key(json, &key) || strcmp(key.ns, ns)
        || (name && strcmp(key.name, name))) {
        return xasprintf("the answer is another object than %s/%s", ns,
                         name ? name : "");
    }
    rec = find_record(store, kind, ns, key.name);
    if (rec && rec->given && key.version && rec->version >= key.version
        && has_uid(rec, key.uid)) {
        return NULL;
    }
    error = read_object(store, kind, api_version, json, &object);
    if (error) {
        return error;
    }
    if (!rec) {
        rec = create_record(store, kind, ns, key.name, LIVE_FEED);
    }
    rec->dead = false;
    rec->version = key.version;
    set_uid(rec, key.uid);
    give(store, rec, object);
    *changed = true;
    return NULL;
}

void
api_store_live_gone(struct api_store *store, enum manifest_kind kind,
                    const char *ns, const char *name, bool *changed)
{
    struct api_record *rec = find_record(store, kind, ns, name);

    if (!rec || !rec->given) {
        return;
    }
    give_gone(store, rec);
    *changed = true;
    if (rec->feed == LIVE_FEED && !rec->n_staged) {
        record_free(store, rec);
    } else {
        rec->dead = true;
    }
}

void
api_store_get_live_pods(const struct api_store *store, size_t max,
                        struct svec *names)
{
    const struct api_record *rec;

    if (!store->n_given[LIVE_FEED]) {
        return;
    }
    HMAP_FOR_EACH (rec, node, &store->records) {
        if (rec->feed == LIVE_FEED && rec->kind == MANIFEST_POD
            && rec->given && names->n < max) {
            svec_add_nocopy(names, xasprintf("%s/%s", rec->ns, rec->name));
        }
    }
}
