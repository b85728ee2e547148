/* SPDX-License-Identifier: Apache-2.0 */

/* See store-known.h. */

#include <config.h>

#include "ovsdb/store-known.h"

#include <stdlib.h>

#include "util.h"
#include "uuid.h"

enum expectation {
    EXPECT_NOTHING,
    EXPECT_DIGEST,
    EXPECT_DELETION,
};

struct known_row {
    struct hmap_node node;      /* In store_known->rows. */
    struct uuid uuid;
    bool exists;                /* In the mirror, with 'digest'. */
    uint64_t digest;
    enum expectation expectation;
    uint64_t expected;
    uint32_t generation;        /* When last seen. */
};

void
store_known_init(struct store_known *known)
{
    hmap_init(&known->rows);
    known->generation = 0;
}

static void
free_row(struct store_known *known, struct known_row *row)
{
    hmap_remove(&known->rows, &row->node);
    free(row);
}

void
store_known_destroy(struct store_known *known)
{
    struct known_row *row;

    HMAP_FOR_EACH_SAFE (row, node, &known->rows) {
        free_row(known, row);
    }
    hmap_destroy(&known->rows);
}

size_t
store_known_count(const struct store_known *known)
{
    return hmap_count(&known->rows);
}

static struct known_row *
find_row(const struct store_known *known, const struct uuid *uuid)
{
    struct known_row *row;

    HMAP_FOR_EACH_WITH_HASH (row, node, uuid_hash(uuid), &known->rows) {
        if (uuid_equals(&row->uuid, uuid)) {
            return row;
        }
    }
    return NULL;
}

static struct known_row *
get_row(struct store_known *known, const struct uuid *uuid)
{
    struct known_row *row = find_row(known, uuid);

    if (!row) {
        row = xzalloc(sizeof *row);
        row->uuid = *uuid;
        row->generation = known->generation;
        hmap_insert(&known->rows, &row->node, uuid_hash(uuid));
    }
    return row;
}

void
store_known_expect(struct store_known *known, const struct uuid *uuid,
                   uint64_t digest)
{
    struct known_row *row = get_row(known, uuid);

    if (row->exists && row->digest == digest) {
        /* Nothing will come. */
        row->expectation = EXPECT_NOTHING;
    } else {
        row->expectation = EXPECT_DIGEST;
        row->expected = digest;
    }
}

void
store_known_expect_deletion(struct store_known *known,
                            const struct uuid *uuid)
{
    struct known_row *row = find_row(known, uuid);

    if (row && row->exists) {
        row->expectation = EXPECT_DELETION;
    } else if (row) {
        free_row(known, row);
    }
}

bool
store_known_see(struct store_known *known, const struct uuid *uuid,
                uint64_t digest)
{
    struct known_row *row = get_row(known, uuid);
    bool same = row->exists && row->digest == digest;
    bool ours = (row->expectation == EXPECT_DIGEST
                 && row->expected == digest);

    row->generation = known->generation;
    row->exists = true;
    row->digest = digest;
    if (!same) {
        row->expectation = EXPECT_NOTHING;
    }
    return !same && !ours;
}

bool
store_known_see_deletion(struct store_known *known, const struct uuid *uuid)
{
    struct known_row *row = find_row(known, uuid);

    if (!row || !row->exists) {
        return false;
    }

    bool ours = row->expectation == EXPECT_DELETION;
    free_row(known, row);
    return !ours;
}

bool
store_known_is_awaited(const struct store_known *known,
                       const struct uuid *uuid)
{
    const struct known_row *row = find_row(known, uuid);

    return row && row->expectation != EXPECT_NOTHING;
}

void
store_known_cancel(struct store_known *known)
{
    struct known_row *row;

    HMAP_FOR_EACH_SAFE (row, node, &known->rows) {
        row->expectation = EXPECT_NOTHING;
        if (!row->exists) {
            free_row(known, row);
        }
    }
}

void
store_known_begin(struct store_known *known)
{
    known->generation++;
}

void
store_known_sweep(struct store_known *known)
{
    struct known_row *row;

    HMAP_FOR_EACH_SAFE (row, node, &known->rows) {
        if (row->generation != known->generation) {
            free_row(known, row);
        }
    }
}
