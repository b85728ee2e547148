/* SPDX-License-Identifier: Apache-2.0 */

/* The server of the own database: what the daemon stores, and what befalls
 * it. */

#include <config.h>

#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/util.h"
#include "util.h"
#include "uuid.h"

#include "agent/core/guard-private.h"

static void
clear_content(struct own_db *db)
{
    for (size_t i = 0; i < db->n_holds; i++) {
        hold_destroy(db->holds[i]);
    }
    for (size_t i = 0; i < db->n_gates; i++) {
        gate_destroy(db->gates[i]);
    }
    for (size_t i = 0; i < db->n_journal; i++) {
        journal_entry_destroy(&db->journal[i]);
    }
    db->n_holds = db->n_gates = db->n_journal = 0;
    ipguard_row_destroy(&db->row);
    ipguard_row_init(&db->row);
    db->last_sequence = 0;
}

void
own_reset(struct own_db *db)
{
    clear_content(db);
    free(db->holds);
    free(db->gates);
    free(db->journal);
    ipguard_row_destroy(&db->row);
    if (db->saved) {
        own_reset(db->saved);
        free(db->saved);
    }
    memset(db, 0, sizeof *db);
}

void
own_init(struct world *w)
{
    memset(&w->own, 0, sizeof w->own);
    ipguard_row_init(&w->own.row);
    w->own.identity = 1;
    w->own.author = -1;
}

const struct hold *
own_find_hold(const struct world *w, const struct uuid *net,
              const struct ip_addr *ip)
{
    for (size_t i = 0; i < w->own.n_holds; i++) {
        const struct hold *h = w->own.holds[i];

        if (uuid_equals(&h->network, net) && ip_addr_equals(&h->addr, ip)) {
            return h;
        }
    }
    return NULL;
}

const struct end_ordered *
own_end_ordered(struct world *w, const struct instance *in,
                const struct uuid *hold)
{
    size_t n = MIN(w->n_ends, N_ENDS);

    for (size_t i = 0; i < n; i++) {
        if (uuid_equals(&w->ends[i].hold, hold)) {
            return &w->ends[i];
        }
    }
    struct end_ordered *e = &w->ends[w->n_ends++ % N_ENDS];
    *e = (struct end_ordered) {
        .hold = *hold, .seq = in->nb_seq, .sb_seq = in->sb_seq,
    };
    return e;
}

void
own_note_ends(struct world *w, const struct instance *in)
{
    if (guard_get_role(in->guard) != ROLE_ACTIVE || !in->guard->started) {
        return;
    }
    for (size_t i = 0; i < w->own.n_holds; i++) {
        const struct uuid *uuid = &w->own.holds[i]->uuid;

        if (!hold_table_find_uuid(guard_holds(in->guard), uuid)) {
            own_end_ordered(w, in, uuid);
        }
    }
}

const struct gate *
own_find_gate(const struct world *w, const struct uuid *port)
{
    for (size_t i = 0; i < w->own.n_gates; i++) {
        if (uuid_equals(&w->own.gates[i]->port, port)) {
            return w->own.gates[i];
        }
    }
    return NULL;
}

/* ---- Transactions. ---- */

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

static bool
deletes_hold(const struct store_batch *b, const struct uuid *uuid)
{
    for (size_t i = 0; i < b->n_delete_holds; i++) {
        if (uuid_equals(&b->delete_holds[i], uuid)) {
            return true;
        }
    }
    for (size_t i = 0; i < b->n_put_holds; i++) {
        if (uuid_equals(&b->put_holds[i]->uuid, uuid)) {
            return true;        /* Or puts another one in its place. */
        }
    }
    return false;
}

/* Would 'b' make two holds of one address? */
static bool
breaks_index(const struct own_db *db, const struct store_batch *b)
{
    for (size_t i = 0; i < b->n_put_holds; i++) {
        const struct hold *h = b->put_holds[i];

        for (size_t j = 0; j < db->n_holds; j++) {
            if (uuid_equals(&db->holds[j]->network, &h->network)
                && ip_addr_equals(&db->holds[j]->addr, &h->addr)
                && !deletes_hold(b, &db->holds[j]->uuid)) {
                return true;
            }
        }
    }
    return false;
}

static void
put_hold(struct own_db *db, const struct hold *h)
{
    struct hold **slot = NULL;

    for (size_t i = 0; i < db->n_holds; i++) {
        if (uuid_equals(&db->holds[i]->uuid, &h->uuid)) {
            slot = &db->holds[i];
        }
    }
    if (slot) {
        hold_destroy(*slot);
    } else {
        db->holds = xrealloc(db->holds,
                             (db->n_holds + 1) * sizeof *db->holds);
        slot = &db->holds[db->n_holds++];
    }
    *slot = hold_clone(h);
    forget_what_is_not_stored(*slot);
}

static void
put_gate(struct own_db *db, const struct gate *g)
{
    for (size_t i = 0; i < db->n_gates; i++) {
        if (uuid_equals(&db->gates[i]->uuid, &g->uuid)) {
            gate_destroy(db->gates[i]);
            db->gates[i] = gate_clone(g);
            return;
        }
    }
    db->gates = xrealloc(db->gates, (db->n_gates + 1) * sizeof *db->gates);
    db->gates[db->n_gates++] = gate_clone(g);
}

static void
delete_rows(struct own_db *db, const struct store_batch *b)
{
    for (size_t i = 0; i < b->n_delete_holds; i++) {
        for (size_t j = 0; j < db->n_holds; j++) {
            if (uuid_equals(&db->holds[j]->uuid, &b->delete_holds[i])) {
                hold_destroy(db->holds[j]);
                db->holds[j] = db->holds[--db->n_holds];
                break;
            }
        }
    }
    for (size_t i = 0; i < b->n_delete_gates; i++) {
        for (size_t j = 0; j < db->n_gates; j++) {
            if (uuid_equals(&db->gates[j]->uuid, &b->delete_gates[i])) {
                gate_destroy(db->gates[j]);
                db->gates[j] = db->gates[--db->n_gates];
                break;
            }
        }
    }
}

static void
add_journal(struct own_db *db, const struct journal_entry *j)
{
    for (size_t i = 0; i < db->n_journal; i++) {
        if (db->journal[i].sequence == j->sequence) {
            return;             /* Stored already: the answer was lost. */
        }
    }
    if (db->n_journal >= db->allocated_journal) {
        db->journal = x2nrealloc(db->journal, &db->allocated_journal,
                                 sizeof *db->journal);
    }
    journal_entry_clone(&db->journal[db->n_journal++], j);
    db->last_sequence = MAX(db->last_sequence, j->sequence);
}

static void
tell(struct world *w)
{
    for (int i = 0; i < N_INSTANCES; i++) {
        struct instance *in = &w->instances[i];

        if (in->alive && in->connected[DB_OWN] && i != w->own.author) {
            in->store_news = true;
            timer_by(w, instance_timer_number(in, IT_STORE_IN),
                     w->now + delay(w, w->config.store_ms));
        }
    }
}

/* Carries out 'b'; returns false, and changes nothing, if the server refuses
 * it. */
bool
own_commit(struct world *w, int author, const struct store_batch *b)
{
    struct own_db *db = &w->own;
    int64_t generation = db->row.generation + 1;

    if (breaks_index(db, b)) {
        return false;
    }
    delete_rows(db, b);
    for (size_t i = 0; i < b->n_put_holds; i++) {
        put_hold(db, b->put_holds[i]);
    }
    for (size_t i = 0; i < b->n_put_gates; i++) {
        put_gate(db, b->put_gates[i]);
    }
    for (size_t i = 0; i < b->n_journal; i++) {
        add_journal(db, &b->journal[i]);
        coverage_journal(&b->journal[i]);
    }
    ipguard_row_destroy(&db->row);
    ipguard_row_init(&db->row);
    ipguard_row_copy(&db->row, &b->row);
    db->row.generation = generation;
    /* It may have been re-armed while this was on its way.  That an instance
     * stores no brake ends none. */
    w->braked |= (db->row.brake && db->row.brake[0]
                  && w->instances[author].store_ordered_ms > w->rearmed_ms);
    db->change++;
    db->author = author;
    tell(w);
    return true;
}

void
own_snapshot(const struct world *w, struct store_snapshot *snap)
{
    const struct own_db *db = &w->own;

    free(snap->identity);
    snap->identity = xasprintf("own-%d", db->identity);
    ipguard_row_destroy(&snap->row);
    ipguard_row_init(&snap->row);
    ipguard_row_copy(&snap->row, &db->row);
    snap->holds = xcalloc(MAX(db->n_holds, 1), sizeof *snap->holds);
    for (size_t i = 0; i < db->n_holds; i++) {
        snap->holds[snap->n_holds++] = hold_clone(db->holds[i]);
    }
    snap->gates = xcalloc(MAX(db->n_gates, 1), sizeof *snap->gates);
    for (size_t i = 0; i < db->n_gates; i++) {
        snap->gates[snap->n_gates++] = gate_clone(db->gates[i]);
    }
    snap->last_sequence = db->last_sequence;
}

/* ---- What befalls it. ---- */

static void
copy_content(struct own_db *dst, const struct own_db *src)
{
    for (size_t i = 0; i < src->n_holds; i++) {
        put_hold(dst, src->holds[i]);
    }
    for (size_t i = 0; i < src->n_gates; i++) {
        put_gate(dst, src->gates[i]);
    }
    for (size_t i = 0; i < src->n_journal; i++) {
        add_journal(dst, &src->journal[i]);
    }
    ipguard_row_destroy(&dst->row);
    ipguard_row_init(&dst->row);
    ipguard_row_copy(&dst->row, &src->row);
    dst->identity = src->identity;
}

void
own_save(struct world *w)
{
    struct own_db *db = &w->own;

    if (!db->saved) {
        db->saved = xzalloc(sizeof *db->saved);
        ipguard_row_init(&db->saved->row);
    }
    clear_content(db->saved);
    copy_content(db->saved, db);
    SAY(w, "own DB", "a snapshot is taken");
}

static void
replaced(struct world *w)
{
    w->own_replaced = true;
    w->own_replaced_ms = w->now;
    w->braked = false;
    w->own.change++;
    w->own.author = -1;
    for (int i = 0; i < N_INSTANCES; i++) {
        if (w->instances[i].alive) {
            instance_disconnect(w, &w->instances[i], DB_OWN, 30);
        }
    }
}

void
own_restore(struct world *w)
{
    if (w->own.saved && w->own.saved->identity == w->own.identity) {
        SAY(w, "own DB", "restored from its snapshot");
        clear_content(&w->own);
        copy_content(&w->own, w->own.saved);
        replaced(w);
    }
}

void
own_lose(struct world *w)
{
    SAY(w, "own DB", "lost; an empty one takes its place");
    clear_content(&w->own);
    w->own.identity++;
    replaced(w);
}
