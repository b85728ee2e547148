/* SPDX-License-Identifier: Apache-2.0 */

/* See own-rows.h. */

#include <config.h>

#include "tests/unit/own-rows.h"

#include <stdlib.h>

#include "util.h"
#include "uuid.h"

#include "agent/core/hold.h"
#include "agent/core/orders.h"

/* What the schema has no column for. */
static void
forget_what_is_not_stored(struct hold *h)
{
    h->would_be = h->in_db = h->changed = h->storing = false;
    h->b1_token = h->b2_token = 0;
    h->state_since_ms = h->b1_since_ms = h->b2_since_ms = h->flushed_ms = 0;
    h->clear_lost = h->returned = h->force = h->dirt = false;
    h->wants_b1 = h->wants_b2 = false;
}

void
own_rows_put_hold(struct hold ***holds, size_t *n, const struct hold *h)
{
    struct hold *copy = hold_clone(h);

    forget_what_is_not_stored(copy);
    for (size_t i = 0; i < *n; i++) {
        if (uuid_equals(&(*holds)[i]->uuid, &h->uuid)) {
            hold_destroy((*holds)[i]);
            (*holds)[i] = copy;
            return;
        }
    }
    *holds = xrealloc(*holds, (*n + 1) * sizeof **holds);
    (*holds)[(*n)++] = copy;
}

void
own_rows_put_gate(struct gate ***gates, size_t *n, const struct gate *g)
{
    for (size_t i = 0; i < *n; i++) {
        if (uuid_equals(&(*gates)[i]->uuid, &g->uuid)) {
            gate_destroy((*gates)[i]);
            (*gates)[i] = gate_clone(g);
            return;
        }
    }
    *gates = xrealloc(*gates, (*n + 1) * sizeof **gates);
    (*gates)[(*n)++] = gate_clone(g);
}

void
own_rows_delete_holds(struct hold **holds, size_t *n,
                      const struct store_batch *b)
{
    for (size_t i = 0; i < b->n_delete_holds; i++) {
        for (size_t j = 0; j < *n; j++) {
            if (uuid_equals(&holds[j]->uuid, &b->delete_holds[i])) {
                hold_destroy(holds[j]);
                holds[j] = holds[--*n];
                break;
            }
        }
    }
}

void
own_rows_delete_gates(struct gate **gates, size_t *n,
                      const struct store_batch *b)
{
    for (size_t i = 0; i < b->n_delete_gates; i++) {
        for (size_t j = 0; j < *n; j++) {
            if (uuid_equals(&gates[j]->uuid, &b->delete_gates[i])) {
                gate_destroy(gates[j]);
                gates[j] = gates[--*n];
                break;
            }
        }
    }
}

const struct journal_entry *
own_rows_add_journal(struct journal_entry **journal, size_t *n,
                     const struct journal_entry *j)
{
    for (size_t i = 0; i < *n; i++) {
        if ((*journal)[i].sequence == j->sequence) {
            return &(*journal)[i];
        }
    }
    *journal = xrealloc(*journal, (*n + 1) * sizeof **journal);
    journal_entry_clone(&(*journal)[(*n)++], j);
    return NULL;
}

void
own_rows_put_row(struct ipguard_row *row, const struct ipguard_row *new)
{
    int64_t generation = row->generation + 1;

    ipguard_row_copy(row, new);
    row->generation = generation;
}

void
own_rows_fill(struct store_snapshot *snap, const struct ipguard_row *row,
              struct hold *const *holds, size_t n_holds,
              struct gate *const *gates, size_t n_gates)
{
    ipguard_row_copy(&snap->row, row);
    snap->holds = xcalloc(MAX(n_holds, 1), sizeof *snap->holds);
    for (size_t i = 0; i < n_holds; i++) {
        snap->holds[snap->n_holds++] = hold_clone(holds[i]);
    }
    snap->gates = xcalloc(MAX(n_gates, 1), sizeof *snap->gates);
    for (size_t i = 0; i < n_gates; i++) {
        snap->gates[snap->n_gates++] = gate_clone(gates[i]);
    }
}
