/* SPDX-License-Identifier: Apache-2.0 */

/* Rows as a server of the own database keeps them: what the unit tests' world
 * and the simulation do alike when a transaction is carried out.  What they
 * check, and where they keep the rows, is theirs. */

#ifndef TESTS_UNIT_OWN_ROWS_H
#define TESTS_UNIT_OWN_ROWS_H 1

#include <stdbool.h>
#include <stddef.h>

struct gate;
struct hold;
struct ipguard_row;
struct journal_entry;
struct store_batch;
struct store_snapshot;

/* Each puts a copy of its last argument in the place of the row with its UUID,
 * or behind the '*n' others.  Of a hold only that for which the schema has a
 * column is kept. */
void own_rows_put_hold(struct hold ***, size_t *n, const struct hold *);
void own_rows_put_gate(struct gate ***, size_t *n, const struct gate *);

/* Deletes what the batch deletes. */
void own_rows_delete_holds(struct hold **, size_t *n,
                           const struct store_batch *);
void own_rows_delete_gates(struct gate **, size_t *n,
                           const struct store_batch *);

/* Appends a copy of the entry.  Returns the one that is there already with its
 * number, because an answer was lost, or NULL. */
const struct journal_entry *own_rows_add_journal(struct journal_entry **,
                                                 size_t *n,
                                                 const struct journal_entry *);

/* The first becomes as the second, and of the next generation. */
void own_rows_put_row(struct ipguard_row *, const struct ipguard_row *);

/* Fills in rows, holds and gates of an initialised snapshot. */
void own_rows_fill(struct store_snapshot *, const struct ipguard_row *,
                   struct hold *const *, size_t n_holds,
                   struct gate *const *, size_t n_gates);

#endif /* own-rows.h */
