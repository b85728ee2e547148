/* SPDX-License-Identifier: Apache-2.0 */

/* See store-known.h. */

#include <config.h>

#include "ovsdb/store-known.h"

#include <stdlib.h>

#include "util.h"
#include "uuid.h"

enum expectation_type {
    EXPECT_NOTHING,
    EXPECT_DIGEST,
    EXPECT_DELETION,
};

struct expectation {
    enum expectation_type type;
    uint64_t digest;
    uint64_t txn;               /* Whose it is. */
};

struct known_row {
    struct hmap_node node;      /* In store_known->rows. */
    struct uuid uuid;
    bool exists;                /* In the mirror, with 'digest'. */
    bool awaited;               /* No change seen since 'latest' was set. */
    uint64_t digest;
    struct expectation latest;
    struct expectation former;  /* Of a transaction that was given up. */
    uint32_t generation;        /* When last seen. */
};

void
store_known_init(struct store_known *known)
{
    *known = (struct store_known) { .rows = HMAP_INITIALIZER(&known->rows) };
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

/* ---- What is to come. ---- */

/* May the transaction still come true? */
static bool
is_open(const struct store_known *known, const struct expectation *e)
{
    return e->type != EXPECT_NOTHING && e->txn > known->settled;
}

void
store_known_begin_txn(struct store_known *known)
{
    known->txn++;
}

static void
expect(struct store_known *known, struct known_row *row,
       enum expectation_type type, uint64_t digest)
{
    if (is_open(known, &row->latest) && row->latest.txn < known->txn) {
        row->former = row->latest;
    }
    row->latest = (struct expectation) {
        .type = type,
        .digest = digest,
        .txn = known->txn,
    };
    row->awaited = true;
}

void
store_known_expect(struct store_known *known, const struct uuid *uuid,
                   uint64_t digest)
{
    struct known_row *row = get_row(known, uuid);

    expect(known, row, EXPECT_DIGEST, digest);
    if (row->exists && row->digest == digest) {
        /* Nothing will come. */
        row->awaited = false;
    }
}

void
store_known_expect_deletion(struct store_known *known,
                            const struct uuid *uuid)
{
    struct known_row *row = find_row(known, uuid);

    if (row) {
        expect(known, row, EXPECT_DELETION, 0);
        row->awaited = row->exists;
    }
}

void
store_known_settle(struct store_known *known, const struct uuid *rows,
                   size_t n)
{
    known->settled = known->txn;
    for (size_t i = 0; i < n; i++) {
        struct known_row *row = find_row(known, &rows[i]);

        if (row && !row->exists) {
            free_row(known, row);
        }
    }
}

bool
store_known_is_awaited(const struct store_known *known,
                       const struct uuid *uuid)
{
    const struct known_row *row = find_row(known, uuid);

    return row && row->awaited && is_open(known, &row->latest);
}

/* ---- What is there. ---- */

/* Is it one of our transactions that made the row so? */
static bool
is_expected(const struct store_known *known, const struct known_row *row,
            enum expectation_type type, uint64_t digest)
{
    const struct expectation *all[] = { &row->latest, &row->former };

    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        if (is_open(known, all[i]) && all[i]->type == type
            && all[i]->digest == digest) {
            return true;
        }
    }
    return false;
}

bool
store_known_see(struct store_known *known, const struct uuid *uuid,
                uint64_t digest)
{
    struct known_row *row = get_row(known, uuid);
    bool same = row->exists && row->digest == digest;
    bool ours = is_expected(known, row, EXPECT_DIGEST, digest);

    row->generation = known->generation;
    row->exists = true;
    row->digest = digest;
    if (!same) {
        row->awaited = false;
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

    bool ours = is_expected(known, row, EXPECT_DELETION, 0);

    row->exists = false;
    row->awaited = false;
    if (!is_open(known, &row->latest) || row->latest.type != EXPECT_DIGEST) {
        free_row(known, row);
    }
    return !ours;
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
