/* SPDX-License-Identifier: Apache-2.0 */

/* The rows of one table that the model was told of, by uuid, each with the
 * name under which the model knows it.
 *
 * A view needs it for what the IDL cannot tell: that a row was renamed (its
 * former name is no longer there), and, after the whole content was read
 * anew, which rows are no more.  It has no pointer into the IDL. */

#ifndef ROW_MAP_H
#define ROW_MAP_H 1

#include <stdbool.h>
#include <stddef.h>
#include "openvswitch/hmap.h"
#include "openvswitch/uuid.h"

struct row_map_entry {
    struct hmap_node node;      /* In row_map, by uuid. */
    struct uuid uuid;
    bool seen;                  /* Since row_map_unmark(). */
    char *name;
};

struct row_map {
    struct hmap entries;        /* struct row_map_entry. */
};

void row_map_init(struct row_map *);
void row_map_destroy(struct row_map *);
size_t row_map_count(const struct row_map *);

/* The name of the row, or NULL if there is no such row. */
const char *row_map_find(const struct row_map *, const struct uuid *);

/* Records that the row is there and called 'name'.  If it was called
 * something else before, returns that name, which the caller frees. */
char *row_map_set(struct row_map *, const struct uuid *, const char *name);

/* Forgets the row.  Returns its name, which the caller frees, or NULL if
 * there was no such row. */
char *row_map_remove(struct row_map *, const struct uuid *);

/* For mark and sweep: makes all rows unseen; row_map_set() and, for rows that
 * are known, row_map_touch() make them seen. */
void row_map_unmark(struct row_map *);
void row_map_touch(struct row_map *, const struct uuid *);

/* Goes through the rows; ENTRY may be removed in the body. */
#define ROW_MAP_FOR_EACH_SAFE(ENTRY, MAP) \
    HMAP_FOR_EACH_SAFE (ENTRY, node, &(MAP)->entries)

/* Carries the rows of one table of the IDL: the tracked changes, or, if ANEW,
 * everything, with what is known and not there any more removed.  PREFIX and
 * RECORD name the table ("SBREC_CHASSIS", "sbrec_chassis").  SET(CTX, ROW) is
 * called for rows that are there and keeps MAP with row_map_set();
 * REMOVE(CTX, UUID) for rows that are not, and calls row_map_remove().  All
 * removals come first: a new row may have the name of one that went. */
#define ROW_MAP_RUN(PREFIX, RECORD, IDL, ANEW, MAP, SET, REMOVE, CTX)   \
    do {                                                                \
        const struct RECORD *row_;                                      \
        struct row_map_entry *e_;                                       \
                                                                        \
        if (ANEW) {                                                     \
            row_map_unmark(MAP);                                        \
            PREFIX##_FOR_EACH (row_, IDL) {                             \
                row_map_touch(MAP, &row_->header_.uuid);                \
            }                                                           \
            ROW_MAP_FOR_EACH_SAFE (e_, MAP) {                           \
                if (!e_->seen) {                                        \
                    const struct uuid uuid_ = e_->uuid;                 \
                                                                        \
                    REMOVE(CTX, &uuid_);                                \
                }                                                       \
            }                                                           \
            PREFIX##_FOR_EACH (row_, IDL) {                             \
                SET(CTX, row_);                                         \
            }                                                           \
            break;                                                      \
        }                                                               \
        PREFIX##_FOR_EACH_TRACKED (row_, IDL) {                         \
            if (!row_->header_.new_datum) {                             \
                REMOVE(CTX, &row_->header_.uuid);                       \
            }                                                           \
        }                                                               \
        PREFIX##_FOR_EACH_TRACKED (row_, IDL) {                         \
            if (row_->header_.new_datum) {                              \
                SET(CTX, row_);                                         \
            }                                                           \
        }                                                               \
    } while (0)

#endif /* row-map.h */
