/* SPDX-License-Identifier: Apache-2.0 */

/* The making and freeing of orders and of what came of them.  What they mean
 * is in orders.h; who gives them, in guard.h. */

#include <config.h>

#include "orders.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "kube-write.h"
#include "openvswitch/util.h"
#include "util.h"
#include "uuid.h"

const char *
txn_result_to_string(enum txn_result result)
{
    switch (result) {
    case TXN_RESULT_DONE:
        return "done";
    case TXN_RESULT_LOST:
        return "lost";
    case TXN_RESULT_UNKNOWN:
        return "unknown";
    case TXN_RESULT_NOT_LOCKED:
        return "not locked";
    case TXN_RESULT_ERROR:
        return "error";
    }
    OVS_NOT_REACHED();
}

/* ---- Northbound. ---- */

struct nb_write *
nb_batch_add(struct nb_batch *batch, const struct uuid *port,
             const char *port_name)
{
    struct nb_write *w;

    batch->writes = xrealloc(batch->writes,
                             (batch->n + 1) * sizeof *batch->writes);
    w = &batch->writes[batch->n++];
    memset(w, 0, sizeof *w);
    w->port = *port;
    w->port_name = xstrdup(port_name);
    svec_init(&w->old_addresses);
    svec_init(&w->new_addresses);
    svec_init(&w->old_port_security);
    svec_init(&w->new_port_security);
    return w;
}

static void
nb_write_destroy(struct nb_write *w)
{
    free(w->port_name);
    svec_destroy(&w->old_addresses);
    svec_destroy(&w->new_addresses);
    svec_destroy(&w->old_port_security);
    svec_destroy(&w->new_port_security);
    free(w->old_mark);
    free(w->new_mark);
}

void
nb_batch_destroy(struct nb_batch *batch)
{
    if (batch) {
        for (size_t i = 0; i < batch->n; i++) {
            nb_write_destroy(&batch->writes[i]);
        }
        free(batch->writes);
        for (size_t i = 0; i < batch->n_switches; i++) {
            struct nb_switch_write *w = &batch->switches[i];

            free(w->old_exclude);
            free(w->new_exclude);
            free(w->old_ours);
            free(w->new_ours);
        }
        free(batch->switches);
        free(batch->comment);
        free(batch);
    }
}

struct nb_switch_write *
nb_batch_add_switch(struct nb_batch *batch, const struct uuid *network)
{
    struct nb_switch_write *w;

    batch->switches = xrealloc(batch->switches, (batch->n_switches + 1)
                               * sizeof *batch->switches);
    w = &batch->switches[batch->n_switches++];
    memset(w, 0, sizeof *w);
    w->network = *network;
    return w;
}

struct nb_batch *
nb_batch_clone(const struct nb_batch *src)
{
    struct nb_batch *batch = xmemdup(src, sizeof *src);

    batch->comment = nullable_xstrdup(src->comment);
    batch->writes = xmalloc(MAX(src->n, 1) * sizeof *batch->writes);
    for (size_t i = 0; i < src->n; i++) {
        const struct nb_write *from = &src->writes[i];
        struct nb_write *to = &batch->writes[i];

        *to = *from;
        to->port_name = xstrdup(from->port_name);
        svec_clone(&to->old_addresses, &from->old_addresses);
        svec_clone(&to->new_addresses, &from->new_addresses);
        svec_clone(&to->old_port_security, &from->old_port_security);
        svec_clone(&to->new_port_security, &from->new_port_security);
        to->old_mark = nullable_xstrdup(from->old_mark);
        to->new_mark = nullable_xstrdup(from->new_mark);
    }
    batch->switches = NULL;
    batch->n_switches = 0;
    for (size_t i = 0; i < src->n_switches; i++) {
        const struct nb_switch_write *from = &src->switches[i];
        struct nb_switch_write *to = nb_batch_add_switch(batch,
                                                         &from->network);

        to->old_exclude = nullable_xstrdup(from->old_exclude);
        to->new_exclude = nullable_xstrdup(from->new_exclude);
        to->old_ours = nullable_xstrdup(from->old_ours);
        to->new_ours = nullable_xstrdup(from->new_ours);
    }
    return batch;
}

void
nb_result_destroy(struct nb_result *result)
{
    free(result->lost);
    free(result->error);
}

/* ---- Gates. ---- */

struct gate *
gate_clone(const struct gate *src)
{
    struct gate *gate = xmemdup(src, sizeof *src);

    gate->port_name = xstrdup(src->port_name);
    gate->network_name = xstrdup(src->network_name);
    gate->reason = nullable_xstrdup(src->reason);
    return gate;
}

void
gate_destroy(struct gate *gate)
{
    if (gate) {
        free(gate->port_name);
        free(gate->network_name);
        free(gate->reason);
        free(gate);
    }
}

/* ---- Journal. ---- */

void
journal_entry_init(struct journal_entry *e)
{
    memset(e, 0, sizeof *e);
    svec_init(&e->evidence);
    svec_init(&e->old_addresses);
    svec_init(&e->new_addresses);
    svec_init(&e->old_port_security);
    svec_init(&e->new_port_security);
}

void
journal_entry_destroy(struct journal_entry *e)
{
    free(e->instance);
    free(e->action);
    free(e->case_);
    free(e->network_name);
    free(e->address);
    free(e->port_name);
    free(e->owner);
    free(e->reason);
    svec_destroy(&e->evidence);
    svec_destroy(&e->old_addresses);
    svec_destroy(&e->new_addresses);
    svec_destroy(&e->old_port_security);
    svec_destroy(&e->new_port_security);
}

void
journal_entry_clone(struct journal_entry *dst, const struct journal_entry *src)
{
    *dst = *src;
    dst->instance = nullable_xstrdup(src->instance);
    dst->action = nullable_xstrdup(src->action);
    dst->case_ = nullable_xstrdup(src->case_);
    dst->network_name = nullable_xstrdup(src->network_name);
    dst->address = nullable_xstrdup(src->address);
    dst->port_name = nullable_xstrdup(src->port_name);
    dst->owner = nullable_xstrdup(src->owner);
    dst->reason = nullable_xstrdup(src->reason);
    svec_clone(&dst->evidence, &src->evidence);
    svec_clone(&dst->old_addresses, &src->old_addresses);
    svec_clone(&dst->new_addresses, &src->new_addresses);
    svec_clone(&dst->old_port_security, &src->old_port_security);
    svec_clone(&dst->new_port_security, &src->new_port_security);
}

/* ---- The row of settings and state. ---- */

void
ipguard_row_init(struct ipguard_row *row)
{
    memset(row, 0, sizeof *row);
    row->has_mode = TRI_FALSE;
    row->nb_identity = xstrdup("");
    row->sb_identity = xstrdup("");
    row->active = xstrdup("");
}

void
ipguard_row_destroy(struct ipguard_row *row)
{
    free(row->frozen);
    free(row->brake);
    free(row->nb_identity);
    free(row->sb_identity);
    free(row->active);
}

void
ipguard_row_copy(struct ipguard_row *dst, const struct ipguard_row *src)
{
    struct ipguard_row copy = *src;

    copy.frozen = nullable_xstrdup(src->frozen);
    copy.brake = nullable_xstrdup(src->brake);
    copy.nb_identity = nullable_xstrdup(src->nb_identity);
    copy.sb_identity = nullable_xstrdup(src->sb_identity);
    copy.active = nullable_xstrdup(src->active);
    ipguard_row_destroy(dst);
    *dst = copy;
}

/* ---- The own database. ---- */

void
store_batch_destroy(struct store_batch *batch)
{
    if (batch) {
        for (size_t i = 0; i < batch->n_put_holds; i++) {
            hold_destroy(batch->put_holds[i]);
        }
        for (size_t i = 0; i < batch->n_put_gates; i++) {
            gate_destroy(batch->put_gates[i]);
        }
        for (size_t i = 0; i < batch->n_journal; i++) {
            journal_entry_destroy(&batch->journal[i]);
        }
        for (size_t i = 0; i < batch->n_answers; i++) {
            request_answer_destroy(&batch->answers[i]);
        }
        free(batch->answers);
        free(batch->delete_requests);
        free(batch->put_holds);
        free(batch->delete_holds);
        free(batch->put_gates);
        free(batch->delete_gates);
        free(batch->journal);
        ipguard_row_destroy(&batch->row);
        free(batch);
    }
}

static void *
clone_array(const void *array, size_t n, size_t size)
{
    return n ? xmemdup(array, n * size) : NULL;
}

struct store_batch *
store_batch_clone(const struct store_batch *src)
{
    struct store_batch *batch = xmemdup(src, sizeof *src);

    batch->put_holds = clone_array(src->put_holds, src->n_put_holds,
                                   sizeof *src->put_holds);
    for (size_t i = 0; i < src->n_put_holds; i++) {
        batch->put_holds[i] = hold_clone(src->put_holds[i]);
    }
    batch->put_gates = clone_array(src->put_gates, src->n_put_gates,
                                   sizeof *src->put_gates);
    for (size_t i = 0; i < src->n_put_gates; i++) {
        batch->put_gates[i] = gate_clone(src->put_gates[i]);
    }
    batch->delete_holds = clone_array(src->delete_holds, src->n_delete_holds,
                                      sizeof *src->delete_holds);
    batch->delete_gates = clone_array(src->delete_gates, src->n_delete_gates,
                                      sizeof *src->delete_gates);
    batch->journal = clone_array(src->journal, src->n_journal,
                                 sizeof *src->journal);
    for (size_t i = 0; i < src->n_journal; i++) {
        journal_entry_clone(&batch->journal[i], &src->journal[i]);
    }
    batch->answers = clone_array(src->answers, src->n_answers,
                                 sizeof *src->answers);
    for (size_t i = 0; i < src->n_answers; i++) {
        request_answer_clone(&batch->answers[i], &src->answers[i]);
    }
    batch->delete_requests = clone_array(src->delete_requests,
                                         src->n_delete_requests,
                                         sizeof *src->delete_requests);
    memset(&batch->row, 0, sizeof batch->row);
    ipguard_row_copy(&batch->row, &src->row);
    return batch;
}

void
store_result_destroy(struct store_result *result)
{
    free(result->error);
}

void
store_snapshot_init(struct store_snapshot *snapshot)
{
    memset(snapshot, 0, sizeof *snapshot);
    ipguard_row_init(&snapshot->row);
}

void
store_snapshot_destroy(struct store_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->n_holds; i++) {
        hold_destroy(snapshot->holds[i]);
    }
    for (size_t i = 0; i < snapshot->n_gates; i++) {
        gate_destroy(snapshot->gates[i]);
    }
    for (size_t i = 0; i < snapshot->n_requests; i++) {
        request_destroy(snapshot->requests[i]);
    }
    free(snapshot->requests);
    for (size_t i = 0; i < snapshot->n_problems; i++) {
        free(snapshot->problems[i]);
    }
    free(snapshot->holds);
    free(snapshot->gates);
    free(snapshot->problems);
    free(snapshot->identity);
    ipguard_row_destroy(&snapshot->row);
}

/* ---- Orders. ---- */

void
orders_init(struct orders *orders)
{
    memset(orders, 0, sizeof *orders);
    orders->next_wake_ms = LLONG_MAX;
}

void
orders_destroy(struct orders *orders)
{
    store_batch_destroy(orders->store);
    nb_batch_destroy(orders->nb);
    for (size_t i = 0; i < orders->n_reads; i++) {
        free(orders->reads[i].ns);
        free(orders->reads[i].name);
        free(orders->reads[i].workload);
    }
    free(orders->reads);
    for (size_t i = 0; i < orders->n_refusals; i++) {
        free(orders->refusals[i].ns);
        free(orders->refusals[i].name);
        free(orders->refusals[i].uid);
    }
    free(orders->refusals);
    free(orders->delete_mac_bindings);
    for (size_t i = 0; i < orders->n_kube_writes; i++) {
        kube_write_destroy(orders->kube_writes[i]);
    }
    free(orders->kube_writes);
}
