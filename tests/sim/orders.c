/* SPDX-License-Identifier: Apache-2.0 */

/* What an instance asks for, carried out to the letter, as ovsdb/ and
 * agent/kube/ do it: values are verified, locks are asserted, answers may be
 * late or lost. */

#include <config.h>

#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/util.h"
#include "svec.h"
#include "util.h"
#include "uuid.h"

#include "tests/sim/planted.h"

#define TXN_TIMEOUT_MS 2000

static void
set(struct world *w, const struct instance *in, enum instance_timer t,
    int64_t at)
{
    timer_set(w, instance_timer_number(in, t), at);
}

void
orders_drop(struct instance *in)
{
    store_batch_destroy(in->store);
    nb_batch_destroy(in->nb);
    nb_batch_destroy(in->late_nb);
    store_batch_destroy(in->late_store);
    ipam_drop_writes(in);
    free(in->macs);
    in->store = NULL;
    in->nb = in->late_nb = NULL;
    in->late_store = NULL;
    in->macs = NULL;
    in->n_macs = 0;
    in->nb_fault = in->store_fault = FAULT_NONE;
    memset(in->reads, 0, sizeof in->reads);
}

/* ---- Taking orders. ---- */

/* Slots whose gate is opened because their address is clean. */
static uint32_t
clean_openings(const struct instance *in, const struct nb_batch *b)
{
    uint32_t slots = 0;

    for (size_t i = 0; i < b->n; i++) {
        const struct nb_write *wr = &b->writes[i];
        const struct gate *g;

        if (!wr->set_enabled || wr->new_enabled == TRI_FALSE) {
            continue;
        }
        HMAP_FOR_EACH (g, node, guard_gates(in->guard)) {
            const struct hold *h
                = hold_table_find(guard_holds(in->guard), &g->network,
                                  &g->addr);

            if (uuid_equals(&g->port, &wr->port) && h
                && h->state == HOLD_CLEAN) {
                slots |= 1u << slot_of_port(wr->port_name);
            }
        }
    }
    return slots;
}

static void
take_read(struct world *w, struct instance *in, const struct live_read *r)
{
    int workload = !strcmp(r->workload, "v0") ? N_STS : -1;

    if (r->workload[0] == 's') {
        workload = r->workload[1] - '0';
    }
    look_back_asked(in, slot_of_owner(r->name));
    for (int i = 0; i < N_READS; i++) {
        struct live_ask *a = &in->reads[i];

        if (!a->id) {
            *a = (struct live_ask) {
                .id = r->id, .slot = slot_of_owner(r->name),
                .sts = workload, .began_ms = w->now,
                .ask_at = w->now + delay(w, w->config.kube_ms),
            };
            a->done_at = a->ask_at + delay(w, w->config.kube_ms);
            timer_by(w, instance_timer_number(in, IT_READS), a->ask_at);
            return;
        }
    }
    /* As many as may be under way: answered by a failure. */
    struct guard_env env;
    instance_env(w, in, &env);
    guard_live_read_done(in->guard, r->id, LIVE_READ_FAILED, &env);
    instance_wake(w, in, w->now);
}

void
orders_take(struct world *w, struct instance *in, struct orders *o)
{
    if (o->store) {
        in->store = o->store;
        o->store = NULL;
        in->store_done = false;
        in->store_ordered_seq = in->nb_seq;
        in->store_ordered_ms = w->now;
        for (size_t i = 0; i < in->store->n_delete_holds; i++) {
            own_end_ordered(w, in, &in->store->delete_holds[i]);
        }
        in->store_deadline = w->now + TXN_TIMEOUT_MS;
        in->n_orders++;
        set(w, in, IT_STORE_COMMIT,
            w->now + delay(w, MIN(w->config.store_ms, 1500)));
    }
    if (o->nb) {
        in->nb = o->nb;
        o->nb = NULL;
        in->nb_done = false;
        in->nb_ordered_ms = w->now;
        in->nb_ordered_seq = in->nb_seq;
        in->nb_ordered_sb_seq = in->sb_seq;
        in->nb_clean_openings = clean_openings(in, in->nb);
        in->nb_deadline = w->now + TXN_TIMEOUT_MS;
        in->n_orders++;
        set(w, in, IT_NB_COMMIT,
            w->now + delay(w, MIN(in->nb_lag_ms, 1500)));
    }
    for (size_t i = 0; i < o->n_reads; i++) {
        take_read(w, in, &o->reads[i]);
    }
    if (o->n_delete_mac_bindings) {
        free(in->macs);
        in->macs = xmemdup(o->delete_mac_bindings,
                           o->n_delete_mac_bindings * sizeof *in->macs);
        in->n_macs = o->n_delete_mac_bindings;
        in->sb_busy = true;
        in->n_orders++;
        set(w, in, IT_MACS, w->now + delay(w, in->sb_lag_ms));
    }
}

/* ---- Northbound. ---- */

static bool
is_set(const struct text *const *texts, int n, const struct svec *expected)
{
    struct svec sorted;
    bool equal;

    svec_clone(&sorted, expected);
    svec_sort_unique(&sorted);
    equal = sorted.n == n;
    for (int i = 0; equal && i < n; i++) {
        equal = svec_contains(&sorted, texts[i]->s);
    }
    svec_destroy(&sorted);
    return equal;
}

/* The server's verification. */
static bool
as_expected(const struct nb_row *row, const struct nb_write *wr)
{
    struct uuid uuid = sim_uuid(UUID_PORT, row->id);

    return (row->id && uuid_equals(&uuid, &wr->port)
            && is_set(row->addresses, row->n_addresses, &wr->old_addresses)
            && (!wr->set_port_security
                || is_set(row->ps, row->n_ps, &wr->old_port_security))
            && (!wr->set_enabled || row->enabled == wr->old_enabled)
            && (!wr->set_mark
                || nullable_string_is_equal(row->mark, wr->old_mark)));
}

static int
take_texts(const struct text **texts, const struct svec *sv)
{
    struct svec sorted;
    int n;

    svec_clone(&sorted, sv);
    svec_sort_unique(&sorted);
    ovs_assert(sorted.n <= ROW_STRINGS);
    for (n = 0; n < sorted.n; n++) {
        texts[n] = text_get(sorted.names[n]);
    }
    svec_destroy(&sorted);
    return n;
}

static void
apply_write(struct world *w, struct instance *in, const struct nb_write *wr)
{
    int slot = slot_of_port(wr->port_name);
    const struct nb_row *old = &w->nb.rows[slot];
    struct nb_row new = *old;

    if (wr->set_addresses) {
        new.n_addresses = take_texts(new.addresses, &wr->new_addresses);
    }
    if (wr->set_port_security) {
        new.n_ps = take_texts(new.ps, &wr->new_port_security);
    }
    if (wr->set_enabled) {
        new.enabled = wr->new_enabled;
    }
    if (wr->set_mark) {
        new.mark = wr->new_mark ? text_get(wr->new_mark)->s : NULL;
    }
    rules_check_nb_write(w, in, wr, old, &new);
    if (wr->set_addresses) {
        struct authorship *a = &w->authors[slot];
        bool same = (a->ours && a->instance == in->number
                     && a->life == in->lives);
        uint32_t set = same ? a->set : 0;

        *a = (struct authorship) {
            .ours = true, .instance = in->number, .life = in->lives,
            .gone = row_ips(old) & ~row_ips(&new) & ~set,
            .set = row_ips(&new) & (set | ~row_ips(old)),
        };
    }
    nb_put_in_txn(w, slot, &new);
    if (w->trace) {
        char *s = row_format(&new);
        say(w, in->name, "writes %s: %s", slot_port(slot), s);
        free(s);
    }
}

/* Returns TXN_RESULT_DONE or TXN_RESULT_LOST. */
static enum txn_result
commit_nb(struct world *w, struct instance *in, const struct nb_batch *b)
{
    int duplicates = truth_duplicates(w, in->nb_ordered_seq,
                                      w->nb.seq + 1);

    for (size_t i = 0; i < b->n; i++) {
        int slot = slot_of_port(b->writes[i].port_name);

        if (!as_expected(&w->nb.rows[slot], &b->writes[i])
            && !SIM_PLANTED(NO_VERIFY)) {
            return TXN_RESULT_LOST;
        }
    }
    nb_begin(w);
    for (size_t i = 0; i < b->n; i++) {
        apply_write(w, in, &b->writes[i]);
    }
    if (b->bump) {
        nb_bump_in_txn(w);
    }
    if (truth_duplicates(w, in->nb_ordered_seq, w->nb.seq) > duplicates) {
        violate(w, RULE_DUPLICATE, "%s gives one address to two open ports",
                in->name);
    }
    nb_end(w);
    for (size_t i = 0; i < b->n; i++) {
        truth_update(w, slot_of_port(b->writes[i].port_name));
    }
    return TXN_RESULT_DONE;
}

void
orders_nb_commit(struct world *w, struct instance *in)
{
    enum fault fault = in->nb_fault;
    int64_t done_at = w->now + delay(w, in->nb_lag_ms);

    in->nb_fault = FAULT_NONE;
    in->nb_done = true;
    in->nb_result_cfg = 0;
    set(w, in, IT_NB_COMMIT, NEVER);
    if (in->late_nb) {
        orders_nb_late(w, in);  /* One after the other, in a session. */
    }
    if (w->regret) {
        regret_before_commit(w, in, in->nb);
    }
    if (w->lock_holder[DB_NB] != in->number) {
        in->nb_result = TXN_RESULT_NOT_LOCKED;
    } else if (fault == FAULT_ERROR) {
        in->nb_result = TXN_RESULT_ERROR;
    } else if (fault == FAULT_UNKNOWN_NOT_DONE) {
        in->nb_result = TXN_RESULT_UNKNOWN;
    } else if (fault == FAULT_LATE) {
        in->nb_result = TXN_RESULT_UNKNOWN;
        in->late_nb = nb_batch_clone(in->nb);
        in->late_seq = in->nb_ordered_seq;
        in->late_ordered_ms = in->nb_ordered_ms;
        set(w, in, IT_NB_LATE, in->nb_deadline + delay(w, 3000));
    } else {
        in->nb_result = commit_nb(w, in, in->nb);
        if (in->nb_result == TXN_RESULT_DONE && in->nb->bump) {
            in->nb_result_cfg = w->nb.nb_cfg;
        }
        if (fault == FAULT_UNKNOWN_DONE) {
            in->nb_result = TXN_RESULT_UNKNOWN;
        }
    }
    in->nb_done_seq = w->nb.seq;
    if (in->nb_result == TXN_RESULT_UNKNOWN || done_at > in->nb_deadline) {
        in->nb_result = TXN_RESULT_UNKNOWN;
        done_at = MAX(in->nb_deadline, w->now);
    }
    if (in->alive) {
        set(w, in, IT_NB_DONE, done_at);
    }
}

/* A transaction that was given up reaches the server after all. */
void
orders_nb_late(struct world *w, struct instance *in)
{
    struct nb_batch *b = in->late_nb;

    in->late_nb = NULL;
    set(w, in, IT_NB_LATE, NEVER);
    if (b && in->connected[DB_NB] && w->lock_holder[DB_NB] == in->number) {
        int64_t ordered_ms = in->nb_ordered_ms;
        uint64_t seq = in->nb_ordered_seq;

        SAY(w, in->name, "a transaction that was given up is carried out");
        in->nb_ordered_ms = in->late_ordered_ms;
        in->nb_ordered_seq = in->late_seq;
        commit_nb(w, in, b);
        in->nb_ordered_ms = ordered_ms;
        in->nb_ordered_seq = seq;
    }
    nb_batch_destroy(b);
}

/* Notes what the journal will have to say. */
static void
add_due(struct world *w, const struct instance *in,
        const struct nb_write *wr, const char *action,
        const struct text *new)
{
    if (w->n_due < N_DUE) {
        w->entries_due[w->n_due++] = (struct due_entry) {
            .instance = in->number, .port = sim_uuid_number(&wr->port),
            .action = action, .new = new,
        };
    }
}

static void
note_due(struct world *w, struct instance *in)
{
    for (size_t i = 0; i < in->nb->n; i++) {
        const struct nb_write *wr = &in->nb->writes[i];

        if (wr->set_addresses) {
            char *s = svec_join(CONST_CAST(struct svec *, &wr->new_addresses),
                                ",", "");

            add_due(w, in, wr, NULL, text_get(s));
            free(s);
        }
        if (wr->set_mark) {
            add_due(w, in, wr, wr->new_mark ? "gate" : "ungate", NULL);
        }
    }
}

void
orders_nb_done(struct world *w, struct instance *in)
{
    struct guard_env env;

    if (!in->nb || !in->nb_done) {
        return;
    }
    struct nb_result r = {
        .token = in->nb->token, .result = in->nb_result,
        .nb_cfg = (in->nb_result == TXN_RESULT_DONE ? in->nb_result_cfg : 0),
        .error = (in->nb_result == TXN_RESULT_ERROR ? xstrdup("refused")
                  : NULL),
    };
    if (r.result != TXN_RESULT_DONE) {
        SAY(w, in->name, "NB transaction: %s",
            txn_result_to_string(r.result));
    } else {
        note_due(w, in);
        look_back_due(w, in, in->nb);
        regret_told(w, in);
    }
    nb_batch_destroy(in->nb);
    in->nb = NULL;
    instance_env(w, in, &env);
    guard_nb_done(in->guard, &r, &env);
    nb_result_destroy(&r);
    instance_wake(w, in, w->now);
}

/* ---- The own database. ---- */

void
orders_store_commit(struct world *w, struct instance *in)
{
    enum fault fault = in->store_fault;
    int64_t done_at = w->now + delay(w, w->config.store_ms);

    in->store_fault = FAULT_NONE;
    in->store_done = true;
    set(w, in, IT_STORE_COMMIT, NEVER);
    if (in->late_store) {
        orders_store_late(w, in); /* One after the other, in a session. */
    }
    if (w->lock_holder[DB_OWN] != in->number) {
        in->store_result = TXN_RESULT_NOT_LOCKED;
    } else if (fault == FAULT_ERROR) {
        in->store_result = TXN_RESULT_ERROR;
    } else if (fault == FAULT_UNKNOWN_NOT_DONE) {
        in->store_result = TXN_RESULT_UNKNOWN;
    } else if (fault == FAULT_LATE) {
        in->store_result = TXN_RESULT_UNKNOWN;
        in->late_store = store_batch_clone(in->store);
        in->late_store_ms = in->store_ordered_ms;
        set(w, in, IT_STORE_LATE, in->store_deadline + delay(w, 3000));
    } else {
        rules_check_store(w, in, in->store);
        if (own_commit(w, in->number, in->store)) {
            in->store_result = (fault == FAULT_UNKNOWN_DONE
                                ? TXN_RESULT_UNKNOWN : TXN_RESULT_DONE);
        } else {
            in->store_result = TXN_RESULT_ERROR;
            /* If another instance was active since, or what the database had
             * then was restored to what nobody had read yet, the server sees
             * to it. */
            if (in->store_ordered_ms >= in->own_locked_ms
                && in->store_ordered_ms > w->own_replaced_ms) {
                violate(w, RULE_STORE, "%s stores two holds of one address",
                        in->name);
            }
        }
        in->store_change = w->own.change;
        in->store_generation = w->own.row.generation;
    }
    if (in->store_result == TXN_RESULT_UNKNOWN
        || done_at > in->store_deadline) {
        in->store_result = TXN_RESULT_UNKNOWN;
        done_at = MAX(in->store_deadline, w->now);
    }
    if (in->alive) {
        set(w, in, IT_STORE_DONE, done_at);
    }
}

/* A transaction that was given up reaches the server after all. */
void
orders_store_late(struct world *w, struct instance *in)
{
    struct store_batch *b = in->late_store;

    in->late_store = NULL;
    set(w, in, IT_STORE_LATE, NEVER);
    if (b && in->connected[DB_OWN]
        && w->lock_holder[DB_OWN] == in->number) {
        int64_t ordered_ms = in->store_ordered_ms;

        SAY(w, in->name, "an own transaction that was given up is carried "
            "out");
        in->store_ordered_ms = in->late_store_ms;
        rules_check_store(w, in, b);
        own_commit(w, in->number, b);
        in->store_ordered_ms = ordered_ms;
    }
    store_batch_destroy(b);
}

void
orders_store_done(struct world *w, struct instance *in)
{
    struct guard_env env;

    if (!in->store || !in->store_done) {
        return;
    }
    struct store_result r = {
        .token = in->store->token, .result = in->store_result,
        .generation = in->store_generation,
        .error = (in->store_result == TXN_RESULT_ERROR ? xstrdup("refused")
                  : NULL),
    };
    if (r.result != TXN_RESULT_DONE) {
        SAY(w, in->name, "own transaction: %s",
            txn_result_to_string(r.result));
    } else {
        in->own_generation = MAX(in->own_generation, in->store_generation);
    }
    store_batch_destroy(in->store);
    in->store = NULL;
    instance_env(w, in, &env);
    guard_store_done(in->guard, &r, &env);
    store_result_destroy(&r);
    instance_wake(w, in, w->now);
}

/* ---- Live reads. ---- */

static void
ask(struct world *w, struct instance *in, struct live_ask *a)
{
    a->asked = true;
    a->failed = in->reads_fail;
    if (a->slot >= 0) {
        a->pod = w->kube.pods[a->slot];
        a->versions[0] = w->kube.object_version[a->slot];
    }
    if (a->sts == N_STS) {
        a->workload = w->kube.vm;
        a->versions[1] = w->kube.object_version[OBJ_VM];
    } else if (a->sts >= 0) {
        a->workload = w->kube.sts[a->sts];
        a->versions[1] = w->kube.object_version[OBJ_STS(a->sts)];
    }
}

/* Delivers what the read has shown; returns true if that was news. */
static bool
deliver(struct world *w, struct instance *in, const struct live_ask *a)
{
    union kobject o;
    bool news = false;

    if (a->sts >= 0) {
        int object = OBJ_STS(a->sts);

        memset(&o, 0, sizeof o);
        o.sts = a->workload;
        news |= a->versions[1] > in->kube_version[object];
        kube_deliver(w, in, object, &o, a->versions[1], false);
    }
    if (a->slot >= 0) {
        memset(&o, 0, sizeof o);
        o.pod = a->pod;
        news |= a->versions[0] > in->kube_version[a->slot];
        kube_deliver(w, in, a->slot, &o, a->versions[0], false);
    }
    return news;
}

static void
answer(struct world *w, struct instance *in, struct live_ask *a)
{
    enum live_read_result result;
    struct guard_env env;
    uint64_t id = a->id;

    instance_env(w, in, &env);
    if (a->failed) {
        result = LIVE_READ_FAILED;
    } else {
        result = (deliver(w, in, a) ? LIVE_READ_CHANGED
                  : LIVE_READ_CURRENT);
        if (w->now - a->began_ms > in->settings.live_read_ms) {
            result = LIVE_READ_FAILED;
        } else {
            env.now -= w->now - a->began_ms;
            if (a->slot >= 0) {
                /* One that was asked for later may have answered before. */
                in->read_began[a->slot] = MAX(in->read_began[a->slot],
                                              a->began_ms);
            }
        }
    }
    a->id = 0;
    guard_live_read_done(in->guard, id, result, &env);
    instance_wake(w, in, w->now);
}

void
orders_reads(struct world *w, struct instance *in)
{
    for (int i = 0; i < N_READS; i++) {
        struct live_ask *a = &in->reads[i];

        if (a->id && !a->asked && a->ask_at <= w->now) {
            ask(w, in, a);
        }
        if (a->id && a->asked && a->done_at <= w->now) {
            answer(w, in, a);
        }
        if (a->id) {
            timer_by(w, instance_timer_number(in, IT_READS),
                     a->asked ? a->done_at : a->ask_at);
        }
    }
}

/* ---- MAC bindings. ---- */

void
orders_macs(struct world *w, struct instance *in)
{
    in->sb_busy = false;
    if (in->connected[DB_SB] && w->lock_holder[DB_SB] == in->number) {
        sb_delete_macs(w, in->macs, in->n_macs);
    }
    free(in->macs);
    in->macs = NULL;
    in->n_macs = 0;
    instance_wake(w, in, w->now);
}
