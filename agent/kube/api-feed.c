/* SPDX-License-Identifier: Apache-2.0 */

/* The feeds of the store: what a reflector's lists and events make of the
 * records.
 *
 * A list is staged, and counts when it is complete.  What a live read has seen
 * is newer than an event that comes later, and stays. */

#include <config.h>

#include "api-store.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/vlog.h"

#include "coverage.h"
#include "util.h"

#include "api-store-private.h"
#include "manifest-members.h"

VLOG_DEFINE_THIS_MODULE(api_feed);

COVERAGE_DEFINE(api_store_stale);
COVERAGE_DEFINE(api_store_unreadable);

/* A list that lost as many objects, and more than this share of them, is more
 * likely to be another cluster's, or a restored one's, than meant. */
#define SHRUNK_MIN 3
#define SHRUNK_PERCENT 20

/* Objects that cannot be read are counted, but not all are named. */
#define MAX_NAMED_PROBLEMS 100

/* An object of a list that is under way. */
struct staged {
    struct ovs_list node;       /* In 'staged'. */
    struct api_record *record;
    struct manifest_object *object;
    uint64_t version;
};

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

    API_RECORDS_FOR_EACH (rec, &feed->store->records) {
        if (rec->feed == feed->id) {
            api_store_give_gone(feed->store, rec);
            api_record_release(feed->store, rec);
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

    if (!api_store_read_key(json, &key)) {
        return xstrdup("an object in the list has no name or no uid");
    }
    rec = api_records_find(&store->records, feed->kind, key.ns, key.name);
    if (!rec) {
        rec = api_record_create(store, feed->kind, key.ns, key.name, feed->id);
        api_record_set_uid(rec, key.uid);
    } else if (rec->feed == feed->id && rec->generation == feed->generation) {
        return xasprintf("%s %s%s%s is in the list twice",
                         manifest_kind_to_string(feed->kind), key.ns,
                         key.ns[0] ? "/" : "", key.name);
    } else if (rec->given && key.version && rec->version == key.version
               && obj_uid_is(&rec->uid, key.uid)) {
        api_record_set_feed(store, rec, feed->id);
        rec->generation = feed->generation;
        return NULL;
    }
    if (rec->feed != LIVE_FEED) {
        api_record_set_feed(store, rec, feed->id);
    }
    rec->generation = feed->generation;

    error = api_store_read_object(store, feed->kind, feed->api_version, json,
                                  &object);
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

    api_record_set_feed(store, rec, feed->id);
    if ((rec->dead && object && obj_uid_is(&rec->uid, object->uid))
        || (rec->given && !went_back && staged->version
            && rec->version > staged->version)) {
        /* A live read was later than the list. */
        manifest_object_destroy(object);
    } else {
        rec->dead = false;
        rec->version = staged->version;
        if (object) {
            api_record_set_uid(rec, object->uid);
        }
        api_store_give(store, rec, object);
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

    API_RECORDS_FOR_EACH (rec, &store->records) {
        if (rec->feed == feed->id && rec->generation != feed->generation) {
            struct object_key key = {
                .ns = api_records_ns(&store->records, rec),
                .name = rec->name,
            };

            n_lost += rec->given;
            set_unreadable(feed, &key, NULL);
            api_store_give_gone(store, rec);
            api_record_release(store, rec);
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
    API_RECORDS_FOR_EACH (rec, &feed->store->records) {
        if (rec->feed == feed->id && !rec->given && !rec->dead
            && rec->generation == feed->generation) {
            api_record_release(feed->store, rec);
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

    if (!api_store_read_key(json, &key)) {
        COVERAGE_INC(api_store_unreadable);
        return;
    }
    old = (key.version_text && feed->version
           && !reflector_version_less(feed->version, key.version_text)
           && key.version);
    set_version(feed, key.version_text);
    rec = api_records_find(&store->records, feed->kind, key.ns, key.name);
    if (rec && !old) {
        old = ((rec->dead && obj_uid_is(&rec->uid, key.uid))
               || (rec->given && key.version && rec->version >= key.version));
        /* Where a live read saw it first, it is the feed's from now on. */
        if (!rec->dead || !old) {
            api_record_set_feed(store, rec, feed->id);
        }
    }
    if (old) {
        stale(store);
        return;
    }
    error = api_store_read_object(store, feed->kind, feed->api_version, json,
                                  &object);
    set_unreadable(feed, &key, error);
    if (error) {
        return;
    }
    if (!rec) {
        rec = api_record_create(store, feed->kind, key.ns, key.name, feed->id);
    }
    rec->dead = false;
    rec->generation = feed->generation;
    rec->version = key.version;
    api_record_set_uid(rec, key.uid);
    api_store_give(store, rec, object);
}

static void
feed_remove(void *feed_, json_t *json)
{
    struct api_feed *feed = feed_;
    struct api_store *store = feed->store;
    struct api_record *rec;
    struct object_key key;

    if (!api_store_read_key(json, &key)) {
        COVERAGE_INC(api_store_unreadable);
        return;
    }
    set_version(feed, key.version_text);
    rec = api_records_find(&store->records, feed->kind, key.ns, key.name);
    if (!rec || rec->feed != feed->id || !obj_uid_is(&rec->uid, key.uid)) {
        /* Of another object of that name, or of a feed that it left. */
        stale(store);
        return;
    }
    set_unreadable(feed, &key, NULL);
    api_store_give_gone(store, rec);
    api_record_release(store, rec);
}

static bool
feed_reads(enum metadata_map map, const char *key, const void *feed_)
{
    const struct api_feed *feed = feed_;

    return manifest_member_is_read(feed->kind, feed->store->dialect, map,
                                   key);
}

const struct reflector_sink api_feed_sink = {
    .begin = feed_begin,
    .list = feed_list,
    .reads = feed_reads,
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
