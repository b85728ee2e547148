/* SPDX-License-Identifier: Apache-2.0 */

/* What the mirror of the Southbound database is to show: ports of holds, of
 * candidates and of duplicates, and what somebody asks about. */

#include <config.h>

#include "guard-private.h"

#include "uuid.h"

const struct sb_watch *
guard_sb_watch(const struct guard *g)
{
    return &g->watch;
}

bool
guard_watch_is_current(const struct guard *g)
{
    return g->watch_built == g->model.change_seqno + g->own_changes;
}

bool
guard_wants_references(const struct guard *g)
{
    return hold_table_count(&g->holds) > 0 || !ovs_list_is_empty(&g->asked);
}

static void
watch_use(struct sb_watch *w, const struct addr_use *use)
{
    for (size_t i = 0; use && i < use->n; i++) {
        sset_add(&w->ports, use->ports[i]->name);
    }
}

/* Where there is more to watch than this, the watch is built anew at most once
 * in as many ms as there are hundreds of it: whatever is not in it yet is not
 * known, and waits. */
#define WATCH_MANY 1000

static bool
is_watch_due(struct guard *g, const struct guard_env *env)
{
    size_t n = (hmap_count(&g->candidates) + hmap_count(&g->duplicates)
                + hold_table_count(&g->holds));

    if (n > WATCH_MANY && env->now < g->watch_due_ms) {
        guard_wake_at(g, g->watch_due_ms);
        return false;
    }
    g->watch_due_ms = env->now + n / 100;
    return true;
}

/* As UUID_FMT has it, in a fraction of the time. */
static const char *
uuid_to_text(const struct uuid *uuid, char text[UUID_LEN + 1])
{
    char *s = text;

    for (int i = 0; i < 32; i++) {
        *s++ = "0123456789abcdef"[uuid->parts[i / 8] >> (28 - i % 8 * 4) & 15];
        if (i == 7 || i == 11 || i == 15 || i == 19) {
            *s++ = '-';
        }
    }
    *s = '\0';
    return text;
}

static void
watch_address(const struct model *m, struct sb_watch *w,
              const struct uuid *network, const struct ip_addr *addr)
{
    const struct network *n = model_find_network(m, network);

    if (n) {
        watch_use(w, model_find_addr(m, n, addr));
    }
}

static void
watch_holds(const struct guard *g, struct sb_watch *w)
{
    const struct uuid *network = NULL;
    const struct hold *h;

    HMAP_FOR_EACH (h, node, &g->holds.holds) {
        char ip[IP_ADDR_STRLEN];

        for (size_t i = 0; i < h->n_former; i++) {
            sset_add(&w->ports, h->former[i].name);
        }
        watch_address(&g->model, w, &h->network, &h->addr);
        sset_add(&w->addresses, ip_addr_to_string(&h->addr, ip));
        if (!network || !uuid_equals(network, &h->network)) {
            /* Mostly the same one as before. */
            char text[UUID_LEN + 1];

            network = &h->network;
            sset_add(&w->networks, uuid_to_text(network, text));
        }
        w->chassis = true;
    }
}

/* Takes over what differs from the watch that there is. */
static void
replace_watch(struct guard *g, struct sb_watch *w)
{
    struct sb_watch *old = &g->watch;

    if (sset_equals(&w->ports, &old->ports)
        && sset_equals(&w->addresses, &old->addresses)
        && sset_equals(&w->networks, &old->networks)
        && w->chassis == old->chassis) {
        return;
    }
    sset_swap(&w->ports, &old->ports);
    sset_swap(&w->addresses, &old->addresses);
    sset_swap(&w->networks, &old->networks);
    old->chassis = w->chassis;
    old->seqno++;
    g->again = true;
}

/* Rebuilds the watch: ports of holds, of candidates and of duplicates. */
void
guard_build_watch(struct guard *g, const struct guard_env *env)
{
    uint64_t now = g->model.change_seqno + g->own_changes;
    struct sb_watch w = { .chassis = false };
    const struct candidate *c;
    const struct duplicate *d;

    if (now == g->watch_built || !is_watch_due(g, env)) {
        return;
    }
    g->watch_built = now;
    sset_init(&w.ports);
    sset_init(&w.addresses);
    sset_init(&w.networks);
    HMAP_FOR_EACH (c, node, &g->candidates) {
        /* With everybody who shares the address: a hold would make them be
         * watched, and what that tells must not come as a surprise then. */
        sset_add(&w.ports, c->port_name);
        watch_address(&g->model, &w, &c->network, &c->addr);
    }
    HMAP_FOR_EACH (d, node, &g->duplicates) {
        watch_address(&g->model, &w, &d->network, &d->addr);
    }
    watch_holds(g, &w);
    w.chassis |= (g->role == ROLE_ACTIVE && g->mode == MODE_MANAGE
                  && !g->start_confirmed && !hmap_is_empty(&g->wants));
    guard_watch_asked(g, &w);
    replace_watch(g, &w);
    sset_destroy(&w.ports);
    sset_destroy(&w.addresses);
    sset_destroy(&w.networks);
}
