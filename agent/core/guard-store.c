/* SPDX-License-Identifier: Apache-2.0 */

/* What is put into the own database, and what came of it.  Everything that
 * belongs together commits together: a hold's end and the journal row that
 * says why stay together.  guard-load.c goes the other way. */

#include <config.h>

#include "guard-private.h"

#include "openvswitch/util.h"
#include "util.h"
#include "uuid.h"

static void
fill_row(struct guard *g)
{
    struct ipguard_row *row = &g->row;
    const struct safety *s = &g->safety;

    guard_replace_string(&row->frozen, s->frozen);
    guard_replace_string(&row->brake, s->brake);
    guard_replace_string(&row->nb_identity, s->nb_identity);
    row->nb_cfg_seen = MAX(s->nb_cfg, s->nb_cfg_told);
    row->nb_ports_seen = s->nb_ports_known ? s->nb_ports : 0;
    guard_replace_string(&row->sb_identity, s->sb_identity);
    row->sb_cfg_seen = MAX(s->sb_cfg, s->sb_cfg_told);
    guard_replace_string(&row->active, g->instance);
    row->done_cfg = row->cfg;
    row->generation = g->generation;
}

static void
take_uuids(struct uuid **dst, size_t *n_dst, struct uuid **src, size_t *n_src)
{
    *dst = *src;
    *n_dst = *n_src;
    *src = NULL;
    *n_src = 0;
}

/* Rows of the journal that are too many wait for the next transaction, unless
 * a hold is deleted: its end is not to be in the database before the row that
 * tells it. */
static void
take_journal(struct guard *g, struct store_batch *b)
{
    size_t n = (b->n_delete_holds ? g->n_journal
                : MIN(g->n_journal, 2 * g->portion));

    if (n == g->n_journal) {
        b->journal = g->journal;
        g->journal = NULL;
    } else {
        b->journal = xmemdup(g->journal, n * sizeof *b->journal);
        memmove(g->journal, g->journal + n,
                (g->n_journal - n) * sizeof *g->journal);
    }
    b->n_journal = n;
    g->n_journal -= n;
}

/* Answers go with what was done for them: all of it is in 'b', or they wait
 * for the next batch. */
static void
take_answers(struct guard *g, struct store_batch *b)
{
    if (b->n_put_holds >= g->portion || g->n_journal) {
        return;
    }
    b->answers = g->answers;
    b->n_answers = g->n_answers;
    g->answers = NULL;
    g->n_answers = 0;
    take_uuids(&b->delete_requests, &b->n_delete_requests,
               &g->delete_requests, &g->n_delete_requests);
}

static struct store_batch *
compose(struct guard *g)
{
    struct store_batch *b = xzalloc(sizeof *b);
    struct hold *h;
    struct gate *gate;

    b->token = guard_new_token(g);
    HMAP_FOR_EACH (h, node, &g->holds.holds) {
        if (b->n_put_holds >= g->portion) {
            break;
        }
        if (h->changed && !h->would_be) {
            b->put_holds = xrealloc(b->put_holds, (b->n_put_holds + 1)
                                    * sizeof *b->put_holds);
            b->put_holds[b->n_put_holds++] = hold_clone(h);
            h->changed = false;
            h->storing = true;
        }
    }
    HMAP_FOR_EACH (gate, node, &g->gates) {
        if (gate->changed) {
            b->put_gates = xrealloc(b->put_gates, (b->n_put_gates + 1)
                                    * sizeof *b->put_gates);
            b->put_gates[b->n_put_gates++] = gate_clone(gate);
            gate->changed = false;
        }
    }
    take_uuids(&b->delete_holds, &b->n_delete_holds, &g->delete_holds,
               &g->n_delete_holds);
    take_uuids(&b->delete_gates, &b->n_delete_gates, &g->delete_gates,
               &g->n_delete_gates);
    take_journal(g, b);
    take_answers(g, b);
    fill_row(g);
    ipguard_row_init(&b->row);
    ipguard_row_copy(&b->row, &g->row);
    b->journal_max = g->settings.journal_max;
    return b;
}

static bool
anything_to_store(const struct guard *g)
{
    const struct hold *h;
    const struct gate *gate;

    if (g->row_changed || g->n_journal || g->n_delete_holds
        || g->n_delete_gates || g->n_answers || g->n_delete_requests
        || g->row.cfg != g->row.done_cfg) {
        return true;
    }
    HMAP_FOR_EACH (h, node, &g->holds.holds) {
        if (h->changed && !h->would_be) {
            return true;
        }
    }
    HMAP_FOR_EACH (gate, node, &g->gates) {
        if (gate->changed) {
            return true;
        }
    }
    return false;
}

void
guard_build_store_batch(struct guard *g, const struct guard_env *env,
                        struct orders *orders)
{
    if (guard_book_refusal(g, env) || !g->started || env->store_busy
        || g->store_token || !anything_to_store(g)) {
        return;
    }
    if (env->now < g->store_retry_ms) {
        guard_wake_at(g, g->store_retry_ms);
        return;
    }
    g->sent = compose(g);
    g->store_token = g->sent->token;
    g->row_changed = false;
    orders->store = store_batch_clone(g->sent);
}

static void
prepend_uuids(struct uuid **dst, size_t *n_dst, const struct uuid *src,
              size_t n)
{
    if (n) {
        *dst = xrealloc(*dst, (*n_dst + n) * sizeof **dst);
        memcpy(*dst + *n_dst, src, n * sizeof *src);
        *n_dst += n;
    }
}

/* The actions that were to be written down still are. */
static void
restore_journal(struct guard *g)
{
    struct store_batch *b = g->sent;
    struct journal_entry *all = xcalloc(MAX(b->n_journal + g->n_journal, 1),
                                        sizeof *all);
    if (b->n_journal) {
        memcpy(all, b->journal, b->n_journal * sizeof *all);
    }
    if (g->n_journal) {
        memcpy(all + b->n_journal, g->journal, g->n_journal * sizeof *all);
    }
    free(g->journal);
    free(b->journal);
    g->journal = all;
    g->n_journal += b->n_journal;
    b->journal = NULL;
    b->n_journal = 0;
}

static void
restore_answers(struct guard *g, struct store_batch *b)
{
    if (b->n_answers) {
        g->answers = xrealloc(g->answers, (g->n_answers + b->n_answers)
                                          * sizeof *g->answers);
        memcpy(g->answers + g->n_answers, b->answers,
               b->n_answers * sizeof *g->answers);
        g->n_answers += b->n_answers;
        b->n_answers = 0;
    }
}

/* What was sent is to be sent again. */
static void
restore_sent(struct guard *g, bool perhaps_stored)
{
    struct store_batch *b = g->sent;

    for (size_t i = 0; i < b->n_put_holds; i++) {
        struct hold *h = hold_table_find_uuid(&g->holds,
                                              &b->put_holds[i]->uuid);
        if (h) {
            h->changed = true;
            h->storing = false;
            h->looked_seqno = 0;
            /* A row that may be there must be deleted when the hold ends
             * before it is put again. */
            h->in_doubt |= perhaps_stored && !h->in_db;
            h->in_db |= perhaps_stored;
        }
    }
    for (size_t i = 0; i < b->n_put_gates; i++) {
        struct gate *gate = guard_find_gate(g, &b->put_gates[i]->port);
        if (gate) {
            gate->changed = true;
            bool perhaps = (perhaps_stored
                            && uuid_equals(&gate->uuid,
                                           &b->put_gates[i]->uuid));

            gate->in_doubt |= perhaps && !gate->in_db;
            gate->in_db |= perhaps;
        }
    }
    prepend_uuids(&g->delete_holds, &g->n_delete_holds, b->delete_holds,
                  b->n_delete_holds);
    prepend_uuids(&g->delete_gates, &g->n_delete_gates, b->delete_gates,
                  b->n_delete_gates);
    restore_journal(g);
    restore_answers(g, b);
    prepend_uuids(&g->delete_requests, &g->n_delete_requests,
                  b->delete_requests, b->n_delete_requests);
    g->row_changed = true;
}

void
guard_doubt_sent(struct guard *g)
{
    const struct store_batch *b = g->sent;

    if (!b) {
        return;
    }
    for (size_t i = 0; i < b->n_put_holds; i++) {
        const struct uuid *uuid = &b->put_holds[i]->uuid;
        struct hold *h = hold_table_find_uuid(&g->holds, uuid);

        if (h) {
            h->in_doubt |= !h->in_db;
            h->in_db = true;
        } else {
            guard_delete_hold_row(g, uuid);
        }
    }
    for (size_t i = 0; i < b->n_put_gates; i++) {
        const struct gate *sent = b->put_gates[i];
        struct gate *gate = guard_find_gate(g, &sent->port);

        if (gate && uuid_equals(&gate->uuid, &sent->uuid)) {
            gate->in_doubt |= !gate->in_db;
            gate->in_db = true;
        } else {
            guard_delete_gate_row(g, &sent->uuid);
        }
    }
}

/* What was sent is stored.  It is the database that counts: a transaction of
 * which no answer came may have been carried out as well, and of a row that
 * only we write nothing is loaded.  Had it been loaded before the answer, with
 * another hand's change, that one counts. */
static void
note_generation(struct guard *g, const struct store_result *r)
{
    g->generation = MAX(g->generation, r->generation);
    g->row.generation = g->generation;
}

/* From now on it is the database that tells whether they are on: a person may
 * take them off there. */
static void
note_safety_stored(struct guard *g)
{
    const struct ipguard_row *row = &g->sent->row;

    g->freeze_unsaved = g->freeze_unsaved && !row->frozen;
    g->brake_unsaved = g->brake_unsaved && !row->brake;
}

static void
stored(struct guard *g, const struct store_result *r)
{
    const struct store_batch *b = g->sent;

    for (size_t i = 0; i < b->n_put_holds; i++) {
        struct hold *h = hold_table_find_uuid(&g->holds,
                                              &b->put_holds[i]->uuid);
        if (h) {
            h->storing = h->in_doubt = h->outlived = false;
            h->in_db = true;
            h->looked_seqno = 0;
        }
    }
    for (size_t i = 0; i < b->n_put_gates; i++) {
        struct gate *gate = guard_find_gate(g, &b->put_gates[i]->port);
        if (gate && uuid_equals(&gate->uuid, &b->put_gates[i]->uuid)) {
            gate->in_db = true;
            gate->in_doubt = gate->outlived = false;
        }
    }
    note_generation(g, r);
    guard_replace_string(&g->db_frozen, b->row.frozen);
    guard_replace_string(&g->db_brake, b->row.brake);
    note_safety_stored(g);
    g->merge_unsaved = false;
}

void
guard_store_done(struct guard *g, const struct store_result *r,
                 const struct guard_env *env)
{
    if (!g->sent || r->token != g->store_token) {
        return;
    }
    g->store_token = 0;
    guard_note_hold(g, NULL);
    guard_let_holds_end(g);
    g->again = true;
    if (g->role != ROLE_ACTIVE || !g->loaded) {
        /* Of a time before a change of role: all but the journal is read
         * again, and must not be of an earlier time. */
        if (r->result == TXN_RESULT_DONE) {
            note_generation(g, r);
            note_safety_stored(g);
        } else {
            restore_journal(g);
        }
        if (r->result == TXN_RESULT_UNKNOWN) {
            guard_doubt_sent(g);
        }
    } else if (r->result == TXN_RESULT_DONE) {
        stored(g, r);
        g->store_failures = 0;
        free(g->store_error);
        g->store_error = NULL;
    } else {
        restore_sent(g, r->result == TXN_RESULT_UNKNOWN);
        if (r->result == TXN_RESULT_ERROR) {
            const char *error = r->error ? r->error : "no reason given";
            bool again = nullable_string_is_equal(g->store_error, error);

            /* Once may be because of what another instance left behind, which
             * was loaded meanwhile. */
            if (!again) {
                guard_log(g, 'w', "the own database refuses a write, which is "
                          "tried again: %s", error);
                guard_replace_string(&g->store_error, error);
            } else if (g->store_failures == 1) {
                guard_log(g, 'e', "the own database refuses a write: %s",
                          error);
            }
            g->store_retry_ms = env->now + (1000LL
                                            << MIN(g->store_failures, 5));
            g->store_failures++;
        } else {
            g->store_retry_ms = env->now + 100;
        }
        guard_wake_at(g, g->store_retry_ms);
    }
    store_batch_destroy(g->sent);
    g->sent = NULL;
}
