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

/* A watch that is being built. */
struct next_watch {
    struct sb_watch sb;
    const struct guard *g;
    bool roomy;                 /* All that is to be watched has room. */
    size_t room;                /* Else for so many ports that the server has
                                 * not been asked for yet. */
};

/* At most so many portions of ports more are asked for at once: the answer
 * comes in one message, and all that it is about are judged in that turn. */
#define MORE_PORTIONS 8

/* Finds how many ports may be asked for beside those that the server has not
 * acknowledged yet. */
static void
find_room(struct next_watch *w, const struct guard_env *env)
{
    const struct guard *g = w->g;
    const char *name;

    w->room = env->more_ports ? env->more_ports : MORE_PORTIONS * g->portion;
    w->roomy = (hmap_count(&g->candidates) + hold_table_count(&g->holds)
                <= w->room);
    if (!w->roomy && g->model.sb_watch_acked != g->watch.seqno) {
        SSET_FOR_EACH (name, &g->watch.ports) {
            w->room -= (w->room > 0
                        && !sset_contains(&g->model.sb_acked_ports, name));
        }
    }
}

/* What there is no room for comes once the server has acknowledged what it was
 * asked for, which counts as a change. */
static void
watch_port(struct next_watch *w, const char *name)
{
    if (!w->roomy && !sset_contains(&w->g->watch.ports, name)
        && !sset_contains(&w->g->model.sb_acked_ports, name)
        && !sset_contains(&w->sb.ports, name)) {
        if (!w->room) {
            return;
        }
        w->room--;
    }
    sset_add(&w->sb.ports, name);
}

static const struct addr_use *
find_use(const struct next_watch *w, const struct uuid *network,
         const struct ip_addr *addr)
{
    const struct model *m = &w->g->model;
    const struct network *n = model_find_network(m, network);

    return n ? model_find_addr(m, n, addr) : NULL;
}

/* Room or not: a port that takes a held address, or one that another port has,
 * is to be shut as soon as its binding is known. */
static void
watch_takers(struct next_watch *w, const struct uuid *network,
             const struct ip_addr *addr)
{
    const struct addr_use *use = find_use(w, network, addr);

    for (size_t i = 0; use && i < use->n; i++) {
        sset_add(&w->sb.ports, use->ports[i]->name);
    }
}

/* With everybody who shares the address: a hold would make them be watched,
 * and what that tells must not come as a surprise then. */
static void
watch_candidate(struct next_watch *w, const struct candidate *c)
{
    const struct addr_use *use = find_use(w, &c->network, &c->addr);

    watch_port(w, c->port_name);
    for (size_t i = 0; use && i < use->n; i++) {
        watch_port(w, use->ports[i]->name);
    }
}

/* Where there is more to watch than this, the watch is built anew at most once
 * in as many ms as there are fifties of it: whatever is not in it yet is not
 * known, and waits.  Nor is it built before the server has acknowledged the
 * one that there is, which nothing more can be asked for before, or in the
 * turn in which it does, and in which what it tells is judged. */
#define WATCH_MANY 1000

static bool
is_watch_due(struct guard *g, const struct guard_env *env)
{
    size_t n = (hmap_count(&g->candidates) + hmap_count(&g->duplicates)
                + hold_table_count(&g->holds));

    if (n > WATCH_MANY) {
        bool asks = (g->model.sb_synced
                     && g->model.sb_watch_acked != g->watch.seqno);

        if (!asks && g->watch_asks) {
            g->watch_due_ms = MAX(g->watch_due_ms, env->now + n / 400);
        }
        g->watch_asks = asks;
        if (asks) {
            return false;
        } else if (env->now < g->watch_due_ms) {
            guard_wake_at(g, g->watch_due_ms);
            return false;
        }
        g->watch_asks = true;
    }
    g->watch_due_ms = env->now + n / 50;
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
watch_holds(struct next_watch *w)
{
    const struct uuid *network = NULL;
    const struct hold *h;

    HMAP_FOR_EACH (h, node, &w->g->holds.holds) {
        char ip[IP_ADDR_STRLEN];

        for (size_t i = 0; i < h->n_former; i++) {
            watch_port(w, h->former[i].name);
        }
        watch_takers(w, &h->network, &h->addr);
        sset_add(&w->sb.addresses, ip_addr_to_string(&h->addr, ip));
        if (!network || !uuid_equals(network, &h->network)) {
            /* Mostly the same one as before. */
            char text[UUID_LEN + 1];

            network = &h->network;
            sset_add(&w->sb.networks, uuid_to_text(network, text));
        }
        w->sb.chassis = true;
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
    struct next_watch w = { .g = g };
    const struct candidate *c;
    const struct duplicate *d;

    if (now == g->watch_built || !is_watch_due(g, env)) {
        return;
    }
    g->watch_built = now;
    sset_init(&w.sb.ports);
    sset_init(&w.sb.addresses);
    sset_init(&w.sb.networks);
    find_room(&w, env);
    HMAP_FOR_EACH (d, node, &g->duplicates) {
        watch_takers(&w, &d->network, &d->addr);
    }
    watch_holds(&w);
    HMAP_FOR_EACH (c, node, &g->candidates) {
        watch_candidate(&w, c);
    }
    w.sb.chassis |= (g->role == ROLE_ACTIVE && g->mode == MODE_MANAGE
                     && !g->start_confirmed && !hmap_is_empty(&g->wants));
    guard_watch_asked(g, &w.sb);
    replace_watch(g, &w.sb);
    sset_destroy(&w.sb.ports);
    sset_destroy(&w.sb.addresses);
    sset_destroy(&w.sb.networks);
}
