/* SPDX-License-Identifier: Apache-2.0 */

/* What the rows of the own database should look like if nobody else wrote to
 * them: a digest for each row as last seen, and one as our transaction under
 * way would leave it.
 *
 * A transaction that was given up without an answer may still come true after
 * the next one was sent, so what it would have done is remembered beside what
 * the next one does, until that one is answered: the server answers in order.
 * store.c tells what it sees, store-act.c what it is about to write. */

#ifndef STORE_KNOWN_H
#define STORE_KNOWN_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "openvswitch/hmap.h"
#include "openvswitch/uuid.h"

struct store_known {
    struct hmap rows;           /* By uuid. */
    uint32_t generation;        /* For mark and sweep. */
    uint64_t txn;               /* Number of the latest transaction. */
    uint64_t settled;           /* Those up to this one are over. */
};

void store_known_init(struct store_known *);
void store_known_destroy(struct store_known *);
size_t store_known_count(const struct store_known *);

/* A new transaction begins.  It will make the row look like 'digest', or
 * delete it. */
void store_known_begin_txn(struct store_known *);
void store_known_expect(struct store_known *, const struct uuid *,
                        uint64_t digest);
void store_known_expect_deletion(struct store_known *, const struct uuid *);

/* The latest transaction, of these rows, was answered, one way or the other:
 * nothing is to come any more. */
void store_known_settle(struct store_known *, const struct uuid *rows,
                        size_t n);

/* The mirror shows the row, or shows that it is gone.  Returns true if that
 * is news by another hand. */
bool store_known_see(struct store_known *, const struct uuid *,
                     uint64_t digest);
bool store_known_see_deletion(struct store_known *, const struct uuid *);

/* Has nothing been seen of the row since the latest transaction, which
 * changes it? */
bool store_known_is_awaited(const struct store_known *, const struct uuid *);

/* For content that was read anew: between the two, all rows are seen; those
 * that were not are forgotten. */
void store_known_begin(struct store_known *);
void store_known_sweep(struct store_known *);

#endif /* store-known.h */
