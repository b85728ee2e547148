/* SPDX-License-Identifier: Apache-2.0 */

/* The simulated world: orders carried out to the letter. */

#include <config.h>

#include "tests/unit/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "svec.h"
#include "util.h"
#include "uuid.h"

#include "agent/core/kube-change.h"
#include "tests/unit/world-private.h"

void
world_violate(struct world *w, const char *format, ...)
{
    va_list args;

    w->n_violations++;
    va_start(args, format);
    char *s = xvasprintf(format, args);
    va_end(args);
    if (getenv("IPGUARD_TEST_LOG")) {
        printf("%lld VIOLATION %s\n", w->now, s);
    }
    if (w->violation) {
        free(s);
    } else {
        w->violation = s;
    }
}

bool
world_svec_same(const struct svec *a, const struct svec *b)
{
    if (a->n != b->n) {
        return false;
    }
    for (size_t i = 0; i < a->n; i++) {
        if (strcmp(a->names[i], b->names[i])) {
            return false;
        }
    }
    return true;
}

void
world_svec_assign(struct svec *dst, const struct svec *src)
{
    struct svec copy;

    svec_clone(&copy, src);
    svec_destroy(dst);
    *dst = copy;
}

static enum txn_result
result_of(enum fault fault)
{
    switch (fault) {
    case FAULT_NONE: return TXN_RESULT_DONE;
    case FAULT_LOST: return TXN_RESULT_LOST;
    case FAULT_UNKNOWN_DONE:
    case FAULT_UNKNOWN_NOT_DONE: return TXN_RESULT_UNKNOWN;
    case FAULT_NOT_LOCKED: return TXN_RESULT_NOT_LOCKED;
    case FAULT_ERROR: return TXN_RESULT_ERROR;
    }
    OVS_NOT_REACHED();
}

static bool
takes_effect(enum fault fault)
{
    return fault == FAULT_NONE || fault == FAULT_UNKNOWN_DONE;
}

static void
end_nb(struct world *w)
{
    struct nb_result r = { .token = w->nb->token };
    struct guard_env env;

    if (w->on_batch) {
        w->on_batch(w, w->nb);
    }
    r.result = result_of(w->nb_fault);
    if (takes_effect(w->nb_fault)) {
        if (!w->locked) {
            r.result = TXN_RESULT_NOT_LOCKED;
        } else if (!world_commit_nb(w, w->nb)) {
            r.result = TXN_RESULT_LOST;
        } else {
            r.nb_cfg = r.result == TXN_RESULT_DONE && w->nb->bump ? w->nb_cfg
                                                                  : 0;
            guard_model(w->guard)->nb_cfg = w->nb_cfg;
            if (w->on_committed) {
                w->on_committed(w, w->nb);
            }
            for (size_t i = 0; i < w->nb->n; i++) {
                struct wport *p = world_find_port_by_uuid(
                    w, &w->nb->writes[i].port);

                if (p) {
                    world_port_changed(w, p);
                }
            }
            for (size_t i = 0; i < w->nb->n_switches; i++) {
                world_tell_network(w, world_find_switch(w, &w->nb->switches[i]
                                                        .network));
            }
        }
    }
    r.error = r.result == TXN_RESULT_ERROR ? xstrdup("no") : NULL;
    w->nb_fault = FAULT_NONE;
    nb_batch_destroy(w->nb);
    w->nb = NULL;
    world_get_env(w, &env);
    guard_nb_done(w->guard, &r, &env);
    nb_result_destroy(&r);
}

static void
end_store(struct world *w)
{
    struct store_result r = { .token = w->store->token };
    struct guard_env env;

    r.result = result_of(w->store_fault);
    if (takes_effect(w->store_fault)) {
        if (w->locked) {
            world_commit_store(w, w->store);
            r.generation = w->row.generation;
        } else {
            r.result = TXN_RESULT_NOT_LOCKED;
        }
    }
    r.error = r.result == TXN_RESULT_ERROR ? xstrdup("no") : NULL;
    if (w->load_before_answer) {
        world_load(w);
    }
    w->store_fault = FAULT_NONE;
    store_batch_destroy(w->store);
    w->store = NULL;
    world_get_env(w, &env);
    guard_store_done(w->guard, &r, &env);
    store_result_destroy(&r);
}

void
world_commit_under_way(struct world *w)
{
    if (w->store) {
        world_commit_store(w, w->store);
    }
    if (w->nb) {
        world_commit_nb(w, w->nb);
    }
}

bool
world_carry_out(struct world *w)
{
    bool any = w->store || w->nb;

    if (w->store) {
        end_store(w);
    }
    if (w->nb) {
        end_nb(w);
    }
    return any;
}

static void
answer_reads(struct world *w)
{
    for (size_t i = 0; i < w->orders.n_reads; i++) {
        enum live_read_result result = (w->on_read ? w->on_read(w)
                                        : w->read_result);
        struct guard_env env;

        w->n_reads++;
        world_get_env(w, &env);
        guard_live_read_done(w->guard, w->orders.reads[i].id, result, &env);
    }
}

static void
answer_refusals(struct world *w)
{
    for (size_t i = 0; i < w->orders.n_refusals; i++) {
        const struct refusal_read *r = &w->orders.refusals[i];

        w->n_refusal_reads++;
        if (w->refusal) {
            struct kube_change *c = kube_change_create(KUBE_REFUSAL, false,
                                                       r->ns, r->name,
                                                       r->uid);

            c->text = xstrdup(w->refusal);
            model_apply_kube_change(guard_model(w->guard), c);
            kube_change_destroy(c);
        }
    }
}

static void
flush_macs(struct world *w)
{
    for (size_t i = 0; i < w->orders.n_delete_mac_bindings; i++) {
        for (size_t j = 0; j < w->n_macs; j++) {
            if (uuid_equals(&w->macs[j].uuid,
                            &w->orders.delete_mac_bindings[i])) {
                model_remove_mac_binding(guard_model(w->guard),
                                         &w->macs[j].uuid);
                free(w->macs[j].router_port);
                free(w->macs[j].ip);
                free(w->macs[j].mac);
                w->macs[j] = w->macs[--w->n_macs];
                w->n_flushes++;
                break;
            }
        }
    }
}

/* Notes what is written to the API server, and answers. */
static void
take_writes(struct world *w)
{
    struct orders *o = &w->orders;

    for (size_t i = 0; i < o->n_kube_writes; i++) {
        struct kube_write *kw = o->kube_writes[i];
        struct guard_env env;

        if (w->no_api || w->settings.mode == MODE_OBSERVE) {
            world_violate(w, "%s of %s is ordered", kube_write_kind_to_string(
                        kw->kind), kw->name);
        }
        w->writes = xrealloc(w->writes,
                             (w->n_writes + 1) * sizeof *w->writes);
        w->writes[w->n_writes++] = kw;
        enum kube_write_result result = (w->on_write ? w->on_write(w, kw)
                                         : KUBE_WRITE_DONE);
        if (kw->id) {
            world_get_env(w, &env);
            guard_kube_write_done(w->guard, kw->id, result, &env);
        }
    }
    o->n_kube_writes = 0;
}

bool
world_take_orders(struct world *w)
{
    struct orders *o = &w->orders;
    bool reads = o->n_reads || o->n_delete_mac_bindings;

    if ((o->store || o->nb || o->n_reads || o->n_delete_mac_bindings)
        && w->settings.mode == MODE_OBSERVE) {
        world_violate(w, "mode observe orders something");
    }
    if (o->store) {
        if (w->store) {
            world_violate(w, "two transactions of the own database at once");
        }
        store_batch_destroy(w->store);
        w->store = o->store;
        o->store = NULL;
    }
    if (o->nb) {
        if (w->nb) {
            world_violate(w, "two Northbound transactions at once");
        }
        nb_batch_destroy(w->nb);
        w->n_changes_then = w->n_changes;
        w->nb = o->nb;
        o->nb = NULL;
    }
    answer_reads(w);
    answer_refusals(w);
    flush_macs(w);
    take_writes(w);
    return reads;
}
