/* SPDX-License-Identifier: Apache-2.0 */

/* What people read of holds: what each is about, what it waits for, and who
 * waits for its end. */

#include <config.h>

#include "guard-private.h"

#include "hash.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "util.h"
#include "uuid.h"

static const char *
owner_text(const struct hold *h, struct ds *buf)
{
    ds_clear(buf);
    if (h->owner.name[0]) {
        ds_put_format(buf, "%s/%s", h->owner.ns, h->owner.name);
        if (h->owner.workload[0]) {
            ds_put_format(buf, " (%s %s)", h->owner.kind, h->owner.workload);
        }
    } else {
        ds_put_cstr(buf, "nobody known");
    }
    return ds_cstr(buf);
}

static void
put_hold(const struct guard *g, const struct hold *h,
         const struct guard_env *env, const char *indent, struct ds *ds)
{
    struct ds owner = DS_EMPTY_INITIALIZER;
    struct ds inner = DS_EMPTY_INITIALIZER;
    char ip[IP_ADDR_STRLEN];
    const struct port *keeper;

    ds_put_format(ds, "%s%s on %s: %s%s, case %s, since ", indent,
                  ip_addr_to_string(&h->addr, ip), h->network_name,
                  h->would_be ? "would be " : "",
                  hold_state_to_string(h->state),
                  h->reason_case[0] ? h->reason_case : "-");
    guard_put_age(ds, env->wall - h->created_wall_ms);
    ds_put_format(ds, "; formerly %s\n", owner_text(h, &owner));
    ds_put_format(&inner, "%s    ", indent);
    ds_put_format(ds, "%swhy: %s\n", ds_cstr(&inner), h->reason);
    for (size_t i = 0; i < h->n_former; i++) {
        ds_put_format(ds, "%sformer port: %s%s%s\n", ds_cstr(&inner),
                      h->former[i].name, h->former[i].mac[0] ? ", MAC " : "",
                      h->former[i].mac);
    }
    keeper = (uuid_is_zero(&h->keeper) ? NULL
              : model_find_port(&g->model, &h->keeper));
    if (keeper) {
        ds_put_format(ds, "%skeeper: %s\n", ds_cstr(&inner), keeper->name);
    }
    guard_put_set(ds, ds_cstr(&inner), "waits: ", &h->blockers);
    guard_put_set(ds, ds_cstr(&inner), "note: ", &h->notes);
    ds_destroy(&owner);
    ds_destroy(&inner);
}

/* A port that waits for a held address. */
struct waiter {
    struct hmap_node node;      /* By hold. */
    const struct hold *hold;
    const char *port;
};

/* Finds who waits for which hold: each want is looked at once, however many
 * holds there are. */
static void
waiters_init(const struct guard *g, struct hmap *waiters)
{
    const struct want *w;

    hmap_init(waiters);
    /* Those of one hold are found in the order of the list. */
    hmap_reserve(waiters, hmap_count(&g->wants));
    LIST_FOR_EACH_REVERSE (w, list_node, &g->wants_waiting) {
        const struct port *p = model_find_port(&g->model, &w->port);
        struct entitlement e;

        if (!p || !p->network || !p->member || p->kind != PORT_OWNED) {
            continue;
        }
        judge_entitlement(&g->model, g->mode, p, &e);
        for (size_t i = 0; e.kind == ENT_EXPLICIT && i < e.wanted.n; i++) {
            const struct hold *h = hold_table_find(
                &g->holds, &p->network->uuid, &e.wanted.addrs[i]);

            if (h && !guard_same_owner(h, p)) {
                struct waiter *waiter = xmalloc(sizeof *waiter);

                waiter->hold = h;
                waiter->port = p->name;
                hmap_insert_fast(waiters, &waiter->node, hash_pointer(h, 0));
            }
        }
        entitlement_destroy(&e);
    }
}

static void
waiters_destroy(struct hmap *waiters)
{
    struct waiter *w;

    HMAP_FOR_EACH_POP (w, node, waiters) {
        free(w);
    }
    hmap_destroy(waiters);
}

static void
put_noted_waiters(const struct guard *g, const struct hold *h,
                  const char *indent, struct ds *ds)
{
    const char **names = sset_sort(&h->waiters);

    for (size_t i = 0; names[i]; i++) {
        const struct port *p = model_find_port_by_name(&g->model, names[i]);

        if (!p || !evidence_is_gated(p)) {
            ds_put_format(ds, "%s    waiter: %s\n", indent, names[i]);
        }
    }
    free(names);
}

/* Those of 'h' are taken from it if 'waiters' is NULL: whoever has been looked
 * at since it began to wait. */
static void
put_waiters(const struct guard *g, const struct hold *h,
            const struct hmap *waiters, const char *indent, struct ds *ds)
{
    const struct network *n = model_find_network(&g->model, &h->network);
    const struct addr_use *use = (n ? model_find_addr(&g->model, n, &h->addr)
                                  : NULL);
    const struct waiter *w;

    for (size_t i = 0; use && i < use->n; i++) {
        if (evidence_is_gated(use->ports[i])) {
            ds_put_format(ds, "%s    waiter: %s (gated)\n", indent,
                          use->ports[i]->name);
        }
    }
    if (!waiters) {
        put_noted_waiters(g, h, indent, ds);
        return;
    }
    HMAP_FOR_EACH_WITH_HASH (w, node, hash_pointer(h, 0), waiters) {
        if (w->hold == h) {
            ds_put_format(ds, "%s    waiter: %s\n", indent, w->port);
        }
    }
}

void
guard_format_holds(const struct guard *g, const struct guard_env *env,
                   size_t max, struct ds *ds)
{
    struct hold **holds = hold_table_sorted(&g->holds);
    size_t n = hold_table_count(&g->holds);
    /* To look at all that wait, for a few holds, would take long. */
    bool some = n > max;
    struct hmap waiters = HMAP_INITIALIZER(&waiters);

    if (!some) {
        waiters_init(g, &waiters);
    }
    for (size_t i = 0; i < MIN(n, max); i++) {
        put_hold(g, holds[i], env, "", ds);
        put_waiters(g, holds[i], some ? NULL : &waiters, "", ds);
    }
    if (!n) {
        ds_put_cstr(ds, "no address is held\n");
    }
    waiters_destroy(&waiters);
    free(holds);
}

void
guard_put_hold(const struct guard *g, const struct guard_env *env,
               const struct hold *h, const char *indent, struct ds *ds)
{
    struct hmap waiters;

    put_hold(g, h, env, indent, ds);
    waiters_init(g, &waiters);
    put_waiters(g, h, &waiters, indent, ds);
    waiters_destroy(&waiters);
}
