/* SPDX-License-Identifier: Apache-2.0 */

/* What the rows of the own database should look like if nobody else wrote to
 * them: a digest for each row as last seen, and one as our transaction under
 * way, or abandoned without an answer, would leave it. */

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
};

void store_known_init(struct store_known *);
void store_known_destroy(struct store_known *);
size_t store_known_count(const struct store_known *);

/* Our transaction will make the row look like 'digest', or delete it. */
void store_known_expect(struct store_known *, const struct uuid *,
                        uint64_t digest);
void store_known_expect_deletion(struct store_known *, const struct uuid *);

/* The mirror shows the row, or shows that it is gone.  Returns true if that
 * is news by another hand. */
bool store_known_see(struct store_known *, const struct uuid *,
                     uint64_t digest);
bool store_known_see_deletion(struct store_known *, const struct uuid *);

/* Is what was expected of the row still to come? */
bool store_known_is_awaited(const struct store_known *, const struct uuid *);

/* Our transaction did not happen. */
void store_known_cancel(struct store_known *);

/* For content that was read anew: between the two, all rows are seen; those
 * that were not are forgotten. */
void store_known_begin(struct store_known *);
void store_known_sweep(struct store_known *);

#endif /* store-known.h */
