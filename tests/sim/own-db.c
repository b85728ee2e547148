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

#include "tests/unit/own-rows.h"

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

const struct hold *
own_find_hold_of(const struct world *w, int net, int ip)
{
    struct uuid uuid = sim_uuid(UUID_NET, w->nb.net_ids[net]);
    struct ip_addr addr;

    ovs_assert(ip_addr_parse(ip_text(ip), &addr));
    return own_find_hold(w, &uuid, &addr);
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
add_journal(struct own_db *db, const struct journal_entry *j)
{
    if (!own_rows_add_journal(&db->journal, &db->n_journal, j)) {
        db->last_sequence = MAX(db->last_sequence, j->sequence);
    }
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

    if (breaks_index(db, b)) {
        return false;
    }
    own_rows_delete_holds(db->holds, &db->n_holds, b);
    own_rows_delete_gates(db->gates, &db->n_gates, b);
    for (size_t i = 0; i < b->n_put_holds; i++) {
        own_rows_put_hold(&db->holds, &db->n_holds, b->put_holds[i]);
    }
    for (size_t i = 0; i < b->n_put_gates; i++) {
        own_rows_put_gate(&db->gates, &db->n_gates, b->put_gates[i]);
    }
    for (size_t i = 0; i < b->n_journal; i++) {
        add_journal(db, &b->journal[i]);
        coverage_journal(&b->journal[i]);
    }
    own_rows_put_row(&db->row, &b->row);
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
    own_rows_fill(snap, &db->row, db->holds, db->n_holds, db->gates,
                  db->n_gates);
    snap->last_sequence = db->last_sequence;
}

/* ---- What befalls it. ---- */

static void
copy_content(struct own_db *dst, const struct own_db *src)
{
    for (size_t i = 0; i < src->n_holds; i++) {
        own_rows_put_hold(&dst->holds, &dst->n_holds, src->holds[i]);
    }
    for (size_t i = 0; i < src->n_gates; i++) {
        own_rows_put_gate(&dst->gates, &dst->n_gates, src->gates[i]);
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
