/* SPDX-License-Identifier: Apache-2.0 */

/* All objects of all manifest files, and what of them has been given out. */

#include <config.h>

#include "manifest-store.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"

#include "hash.h"
#include "svec.h"
#include "util.h"

#include "kube-change.h"
#include "object-change.h"

/* One object, in as many files as there are copies. */
struct store_object {
    struct hmap_node node;      /* In manifest_store's 'objects'. */
    enum manifest_kind kind;
    struct ovs_list copies;     /* In order of their files. */
    size_t n_live;              /* Copies that are not lost. */
    bool given;                 /* The rest is what was given out. */
    uint8_t digest[SHA1_DIGEST_SIZE];
    char *uid;
    const char *name;           /* In 'ns', behind the namespace. */
    char ns[];
};

/* An object in a file. */
struct store_copy {
    struct ovs_list object_node; /* In store_object's 'copies'. */
    struct ovs_list file_node;  /* In manifest_store_file's 'copies'. */
    struct store_object *object;
    struct manifest_store_file *file;
    uint8_t digest[SHA1_DIGEST_SIZE];
    int line;
    uint32_t generation;        /* Of the last stage that had it. */
    bool lost;
};

/* An object in a stage. */
struct staged_object {
    struct hmap_node node;      /* In manifest_stage's 'staged'. */
    struct ovs_list order_node; /* In manifest_stage's 'in_order'. */
    int line;
    uint8_t digest[SHA1_DIGEST_SIZE];
    struct store_object *known; /* Or NULL. */
    struct manifest_object *object; /* NULL if it is what 'known' says, and
                                     * 'known' has a copy of this file. */
};

void
manifest_store_init(struct manifest_store *store)
{
    *store = (struct manifest_store) { .n_pods = 0 };
    hmap_init(&store->objects);
    workload_assembly_init(&store->assembly);
    ovs_list_init(&store->changes);
}

void
manifest_store_destroy(struct manifest_store *store)
{
    struct kube_change *change;

    /* All files are gone already, and their copies with them. */
    ovs_assert(hmap_is_empty(&store->objects));
    hmap_destroy(&store->objects);
    workload_assembly_destroy(&store->assembly);
    LIST_FOR_EACH_POP (change, node, &store->changes) {
        kube_change_destroy(change);
    }
}

void
manifest_store_file_init(struct manifest_store_file *file, unsigned int order,
                         const char *path)
{
    *file = (struct manifest_store_file) { .order = order, .path = path };
    ovs_list_init(&file->copies);
}

static bool
file_precedes(const struct manifest_store_file *a,
              const struct manifest_store_file *b)
{
    return (a->order != b->order ? a->order < b->order
            : strcmp(a->path, b->path) < 0);
}

static uint32_t
hash_key(enum manifest_kind kind, const char *ns, const char *name)
{
    return hash_string(ns, hash_string(name, kind));
}

static struct store_object *
find_object(const struct manifest_store *store, enum manifest_kind kind,
            const char *ns, const char *name)
{
    struct store_object *object;

    HMAP_FOR_EACH_WITH_HASH (object, node, hash_key(kind, ns, name),
                             &store->objects) {
        if (object->kind == kind && !strcmp(object->name, name)
            && !strcmp(object->ns, ns)) {
            return object;
        }
    }
    return NULL;
}

static struct store_object *
create_object(struct manifest_store *store, enum manifest_kind kind,
              const char *ns, const char *name)
{
    size_t ns_size = strlen(ns) + 1;
    size_t name_size = strlen(name) + 1;
    struct store_object *object = xzalloc(sizeof *object
                                          + ns_size + name_size);

    object->kind = kind;
    ovs_list_init(&object->copies);
    memcpy(object->ns, ns, ns_size);
    memcpy(object->ns + ns_size, name, name_size);
    object->name = object->ns + ns_size;
    hmap_insert(&store->objects, &object->node, hash_key(kind, ns, name));
    return object;
}

static struct store_copy *
find_copy(const struct store_object *object,
          const struct manifest_store_file *file)
{
    struct store_copy *copy;

    LIST_FOR_EACH (copy, object_node, &object->copies) {
        if (copy->file == file) {
            return copy;
        }
    }
    return NULL;
}

static struct store_copy *
create_copy(struct store_object *object, struct manifest_store_file *file)
{
    struct store_copy *copy = xzalloc(sizeof *copy);
    struct store_copy *next;

    copy->object = object;
    copy->file = file;
    copy->lost = true;
    LIST_FOR_EACH (next, object_node, &object->copies) {
        if (file_precedes(file, next->file)) {
            break;
        }
    }
    ovs_list_insert(next ? &next->object_node : &object->copies,
                    &copy->object_node);
    ovs_list_push_back(&file->copies, &copy->file_node);
    file->n_copies++;
    file->n_lost++;
    return copy;
}

static size_t
count_dups(const struct store_object *object)
{
    return object->n_live > 1 ? object->n_live - 1 : 0;
}

static void
set_lost(struct manifest_store *store, struct store_copy *copy, bool lost)
{
    if (copy->lost != lost) {
        store->n_dups -= count_dups(copy->object);
        copy->object->n_live += lost ? -1 : 1;
        copy->file->n_lost += lost ? 1 : -1;
        store->n_dups += count_dups(copy->object);
        copy->lost = lost;
        store->seqno++;
    }
}

/* Gives out that 'object' is gone. */
static void
give_gone(struct manifest_store *store, const struct store_object *object)
{
    struct kube_change *change;

    if (workload_assembly_takes(object->kind)) {
        workload_assembly_remove(&store->assembly, object->kind, object->ns,
                                 object->name);
        return;
    }
    store->n_pods -= object->kind == MANIFEST_POD;
    change = object_change_create_gone(object->kind, object->ns, object->name,
                                       object->uid);
    ovs_list_push_back(&store->changes, &change->node);
    store->n_changes++;
}

/* Gives out 'content', which is taken. */
static void
give(struct manifest_store *store, struct store_object *object,
     struct manifest_object *content)
{
    struct kube_change *change;

    if (content->kind == MANIFEST_POD && !object->given) {
        store->n_pods++;
    }
    object->given = true;
    free(object->uid);
    object->uid = xstrdup(content->uid);
    if (workload_assembly_takes(content->kind)) {
        workload_assembly_put(&store->assembly, content);
        return;
    }
    change = object_change_create(content);
    ovs_list_push_back(&store->changes, &change->node);
    store->n_changes++;
}

/* Gives out what is new about 'object', of which 'content' (taken; or NULL) is
 * what 'file' says.  Destroys 'object' if no file has it any more. */
static void
reconcile(struct manifest_store *store, struct store_object *object,
          const struct manifest_store_file *file,
          struct manifest_object *content)
{
    struct store_copy *copy;

    if (ovs_list_is_empty(&object->copies)) {
        if (object->given) {
            give_gone(store, object);
        }
        hmap_remove(&store->objects, &object->node);
        free(object->uid);
        free(object);
        manifest_object_destroy(content);
        return;
    }
    LIST_FOR_EACH (copy, object_node, &object->copies) {
        if (copy->lost) {
            continue;
        }
        if (!object->given
            || memcmp(object->digest, copy->digest, sizeof copy->digest)) {
            if (content && copy->file == file) {
                memcpy(object->digest, copy->digest, sizeof copy->digest);
                give(store, object, content);
                return;
            }
            copy->file->wants_reread = true;
            store->reread_wanted = true;
        }
        break;
    }
    manifest_object_destroy(content);
}

static void
finish_changes(struct manifest_store *store)
{
    store->n_changes += workload_assembly_run(&store->assembly,
                                              &store->changes);
}

static void
drop_copies(struct manifest_store *store, struct manifest_store_file *file,
            bool only_lost)
{
    struct store_copy *copy, *next;

    LIST_FOR_EACH_SAFE (copy, next, file_node, &file->copies) {
        struct store_object *object = copy->object;

        if (only_lost && !copy->lost) {
            continue;
        }
        set_lost(store, copy, true);
        file->n_lost--;
        file->n_copies--;
        ovs_list_remove(&copy->object_node);
        ovs_list_remove(&copy->file_node);
        free(copy);
        reconcile(store, object, NULL, NULL);
    }
    finish_changes(store);
}

void
manifest_store_drop_file(struct manifest_store *store,
                         struct manifest_store_file *file)
{
    drop_copies(store, file, false);
}

void
manifest_store_drop_lost(struct manifest_store *store,
                         struct manifest_store_file *file)
{
    if (file->n_lost) {
        drop_copies(store, file, true);
    }
}

/* Stages. */

void
manifest_stage_init(struct manifest_stage *stage,
                    struct manifest_store *store,
                    struct manifest_store_file *file)
{
    *stage = (struct manifest_stage) {
        .store = store,
        .file = file,
        .generation = ++store->generation,
    };
    hmap_init(&stage->staged);
    ovs_list_init(&stage->in_order);
}

void
manifest_stage_destroy(struct manifest_stage *stage)
{
    struct staged_object *staged;

    HMAP_FOR_EACH_POP (staged, node, &stage->staged) {
        manifest_object_destroy(staged->object);
        free(staged);
    }
    hmap_destroy(&stage->staged);
    free(stage->repeat);
}

static const struct staged_object *
find_staged(const struct manifest_stage *stage,
            const struct manifest_object *object, uint32_t hash)
{
    const struct staged_object *staged;

    HMAP_FOR_EACH_WITH_HASH (staged, node, hash, &stage->staged) {
        bool same = (staged->object
                     ? (staged->object->kind == object->kind
                        && !strcmp(staged->object->ns, object->ns)
                        && !strcmp(staged->object->name, object->name))
                     : (staged->known->kind == object->kind
                        && !strcmp(staged->known->ns, object->ns)
                        && !strcmp(staged->known->name, object->name)));

        if (same) {
            return staged;
        }
    }
    return NULL;
}

/* Writes "Pod default/web-0". */
static char *
describe(enum manifest_kind kind, const char *ns, const char *name)
{
    return xasprintf("%s %s%s%s", manifest_kind_to_string(kind), ns,
                     ns[0] ? "/" : "", name);
}

void
manifest_stage_add(struct manifest_stage *stage,
                   struct manifest_object *object)
{
    uint32_t hash = hash_key(object->kind, object->ns, object->name);
    const struct staged_object *first = find_staged(stage, object, hash);
    struct staged_object *staged;
    struct store_copy *copy = NULL;

    if (first) {
        if (!stage->repeat) {
            char *name = describe(object->kind, object->ns, object->name);

            stage->repeat = xasprintf("%s is also in line %d, which counts",
                                      name, first->line);
            stage->repeat_line = object->line;
            free(name);
        }
        manifest_object_destroy(object);
        return;
    }

    staged = xzalloc(sizeof *staged);
    staged->line = object->line;
    manifest_object_digest(object, staged->digest);
    staged->known = find_object(stage->store, object->kind, object->ns,
                                object->name);
    if (staged->known) {
        copy = find_copy(staged->known, stage->file);
    }
    if (copy) {
        copy->generation = stage->generation;
    }
    if (copy && staged->known->given
        && !memcmp(staged->known->digest, staged->digest,
                   sizeof staged->digest)) {
        manifest_object_destroy(object);
    } else {
        staged->object = object;
        staged->known = NULL;   /* It may be gone when this is committed. */
    }
    hmap_insert(&stage->staged, &staged->node, hash);
    ovs_list_push_back(&stage->in_order, &staged->order_node);
}

size_t
manifest_stage_n_missing(const struct manifest_stage *stage)
{
    const struct store_copy *copy;
    size_t n = 0;

    LIST_FOR_EACH (copy, file_node, &stage->file->copies) {
        if (copy->generation != stage->generation) {
            n += copy->object->n_live == !copy->lost;
        }
    }
    return n;
}

static void
commit_one(struct manifest_stage *stage, struct staged_object *staged)
{
    struct manifest_store *store = stage->store;
    struct manifest_object *content = staged->object;
    struct store_object *object = staged->known;
    struct store_copy *copy;

    staged->object = NULL;
    if (content) {
        object = find_object(store, content->kind, content->ns,
                             content->name);
        if (!object) {
            object = create_object(store, content->kind, content->ns,
                                   content->name);
        }
    }
    copy = find_copy(object, stage->file);
    if (!copy) {
        copy = create_copy(object, stage->file);
    }
    if (memcmp(copy->digest, staged->digest, sizeof copy->digest)) {
        memcpy(copy->digest, staged->digest, sizeof copy->digest);
        store->seqno++;
    }
    copy->line = staged->line;
    copy->generation = stage->generation;
    set_lost(store, copy, false);
    reconcile(store, object, stage->file, content);
}

void
manifest_stage_commit(struct manifest_stage *stage)
{
    struct staged_object *staged;
    struct store_copy *copy, *next;

    stage->file->wants_reread = false;
    LIST_FOR_EACH_POP (staged, order_node, &stage->in_order) {
        hmap_remove(&stage->staged, &staged->node);
        commit_one(stage, staged);
        free(staged);
    }
    LIST_FOR_EACH_SAFE (copy, next, file_node, &stage->file->copies) {
        if (copy->generation != stage->generation && !copy->lost) {
            set_lost(stage->store, copy, true);
            reconcile(stage->store, copy->object, NULL, NULL);
        }
    }
    finish_changes(stage->store);
}

void
manifest_store_format_dups(const struct manifest_store *store, struct ds *ds)
{
    const struct store_object *object;
    struct svec lines = SVEC_EMPTY_INITIALIZER;

    if (!store->n_dups) {
        return;
    }
    HMAP_FOR_EACH (object, node, &store->objects) {
        const struct store_copy *copy;
        const struct store_copy *first = NULL;

        if (!count_dups(object)) {
            continue;
        }
        LIST_FOR_EACH (copy, object_node, &object->copies) {
            if (copy->lost) {
                continue;
            }
            if (first) {
                char *name = describe(object->kind, object->ns, object->name);

                svec_add_nocopy(&lines,
                                xasprintf("%s:%d: %s is also in %s:%d, which "
                                          "counts", copy->file->path,
                                          copy->line, name, first->file->path,
                                          first->line));
                free(name);
            } else {
                first = copy;
            }
        }
    }
    svec_sort(&lines);
    for (size_t i = 0; i < lines.n; i++) {
        ds_put_format(ds, "%s\n", lines.names[i]);
    }
    svec_destroy(&lines);
}
