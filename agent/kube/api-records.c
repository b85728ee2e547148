/* SPDX-License-Identifier: Apache-2.0 */

/* What is kept of the API server's objects.
 *
 * The table is one of pointers, with open addressing: that saves the two words
 * of an hmap_node in each record.  To remove one moves those behind it that
 * were pushed on, so that nothing need mark where it was. */

#include <config.h>

#include "api-records.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "util.h"

/* The table grows when it is fuller than four fifths. */
#define MIN_SLOTS 16

void
api_records_init(struct api_records *t)
{
    memset(t, 0, sizeof *t);
    t->mask = MIN_SLOTS - 1;
    t->slots = xcalloc(MIN_SLOTS, sizeof *t->slots);
    shash_init(&t->namespaces);
}

static void
record_free(struct api_record *rec)
{
    obj_uid_destroy(&rec->uid);
    free(rec);
}

void
api_records_destroy(struct api_records *t)
{
    for (size_t i = 0; i <= t->mask; i++) {
        if (t->slots[i]) {
            record_free(t->slots[i]);
        }
    }
    free(t->slots);
    free(t->names);
    shash_destroy(&t->namespaces);
}

/* ---- Namespaces.  They are never removed: a namespace's name is short and
 * comes back. ---- */

static bool
find_ns(const struct api_records *t, const char *ns, uint32_t *index)
{
    const struct shash_node *node = shash_find(&t->namespaces, ns);

    *index = node ? (uintptr_t) node->data : 0;
    return node != NULL;
}

static uint32_t
get_ns(struct api_records *t, const char *ns)
{
    uint32_t index;

    if (find_ns(t, ns, &index)) {
        return index;
    }
    if (t->n_names == t->allocated_names) {
        t->names = x2nrealloc(t->names, &t->allocated_names,
                              sizeof *t->names);
    }
    index = t->n_names++;
    t->names[index] = shash_add(&t->namespaces, ns,
                                (void *) (uintptr_t) index)->name;
    return index;
}

const char *
api_records_ns(const struct api_records *t, const struct api_record *rec)
{
    return t->names[rec->ns];
}

/* ---- The table. ---- */

static size_t
home_slot(const struct api_records *t, enum manifest_kind kind, uint32_t ns,
          const char *name)
{
    return hash_string(name, hash_2words(kind, ns)) & t->mask;
}

static size_t
home_of(const struct api_records *t, const struct api_record *rec)
{
    return home_slot(t, rec->kind, rec->ns, rec->name);
}

/* The slot of that record, or the free one where it would be. */
static size_t
find_slot(const struct api_records *t, enum manifest_kind kind, uint32_t ns,
          const char *name)
{
    size_t i = home_slot(t, kind, ns, name);

    for (;; i = (i + 1) & t->mask) {
        const struct api_record *rec = t->slots[i];

        if (!rec || (rec->kind == kind && rec->ns == ns
                     && !strcmp(rec->name, name))) {
            return i;
        }
    }
}

static void
grow(struct api_records *t)
{
    struct api_record **old = t->slots;
    size_t n_old = t->mask + 1;

    t->mask = 2 * n_old - 1;
    t->slots = xcalloc(2 * n_old, sizeof *t->slots);
    for (size_t i = 0; i < n_old; i++) {
        struct api_record *rec = old[i];

        if (rec) {
            t->slots[find_slot(t, rec->kind, rec->ns, rec->name)] = rec;
        }
    }
    free(old);
}

struct api_record *
api_records_find(const struct api_records *t, enum manifest_kind kind,
                 const char *ns, const char *name)
{
    uint32_t index;

    return (find_ns(t, ns, &index)
            ? t->slots[find_slot(t, kind, index, name)] : NULL);
}

struct api_record *
api_records_add(struct api_records *t, enum manifest_kind kind,
                const char *ns, const char *name)
{
    size_t name_size = strlen(name) + 1;
    size_t size = offsetof(struct api_record, name) + name_size;
    struct api_record *rec = xzalloc(MAX(size, sizeof *rec));
    size_t slot;

    rec->kind = kind;
    rec->ns = get_ns(t, ns);
    memcpy(rec->name, name, name_size);
    if ((t->n + 1) * 5 > (t->mask + 1) * 4) {
        grow(t);
    }
    slot = find_slot(t, kind, rec->ns, name);
    ovs_assert(!t->slots[slot]);
    t->slots[slot] = rec;
    t->n++;
    return rec;
}

void
api_records_remove(struct api_records *t, struct api_record *rec)
{
    size_t hole = find_slot(t, rec->kind, rec->ns, rec->name);

    ovs_assert(t->slots[hole] == rec);
    for (size_t i = (hole + 1) & t->mask; t->slots[i];
         i = (i + 1) & t->mask) {
        size_t home = home_of(t, t->slots[i]);

        /* It may be in the hole, unless its home is behind that. */
        if (((i - home) & t->mask) >= ((i - hole) & t->mask)) {
            t->slots[hole] = t->slots[i];
            hole = i;
        }
    }
    t->slots[hole] = NULL;
    t->n--;
    record_free(rec);
}

struct api_record *
api_records_from(const struct api_records *t, size_t *at)
{
    for (; *at <= t->mask; (*at)++) {
        if (t->slots[*at]) {
            return t->slots[*at];
        }
    }
    return NULL;
}

size_t
api_records_memory(const struct api_records *t)
{
    /* The allocator's own 8 bytes, and names of 16 bytes on the average. */
    return (t->n * (sizeof(struct api_record) + 24)
            + (t->mask + 1) * sizeof *t->slots);
}
