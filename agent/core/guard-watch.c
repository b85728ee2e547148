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
    size_t room;                /* For ports that nobody has asked for yet. */
};

/* At most so many portions of ports more are asked for at once: the answer
 * comes in one message, and all that it is about are judged in that turn. */
#define MORE_PORTIONS 8

/* Returns how many ports may be asked for beside those that the server has not
 * acknowledged yet. */
static size_t
room_for_ports(const struct guard *g, const struct guard_env *env)
{
    size_t room = (env->more_ports ? env->more_ports
                   : MORE_PORTIONS * g->portion);
    const char *name;

    if (g->model.sb_watch_acked != g->watch.seqno) {
        SSET_FOR_EACH (name, &g->watch.ports) {
            if (!sset_contains(&g->model.sb_acked_ports, name) && !--room) {
                break;
            }
        }
    }
    return room;
}

/* What there is no room for comes once the server has acknowledged what it was
 * asked for, which counts as a change. */
static void
watch_port(struct next_watch *w, const char *name)
{
    if (!sset_contains(&w->g->watch.ports, name)
        && !sset_contains(&w->g->model.sb_acked_ports, name)
        && !sset_contains(&w->sb.ports, name)) {
        if (!w->room) {
            return;
        }
        w->room--;
    }
    sset_add(&w->sb.ports, name);
}

static void
watch_use(struct next_watch *w, const struct addr_use *use)
{
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
watch_address(struct next_watch *w, const struct uuid *network,
              const struct ip_addr *addr)
{
    const struct model *m = &w->g->model;
    const struct network *n = model_find_network(m, network);

    if (n) {
        watch_use(w, model_find_addr(m, n, addr));
    }
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
        watch_address(w, &h->network, &h->addr);
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
    w.room = room_for_ports(g, env);
    watch_holds(&w);
    HMAP_FOR_EACH (c, node, &g->candidates) {
        /* With everybody who shares the address: a hold would make them be
         * watched, and what that tells must not come as a surprise then. */
        watch_port(&w, c->port_name);
        watch_address(&w, &c->network, &c->addr);
    }
    HMAP_FOR_EACH (d, node, &g->duplicates) {
        watch_address(&w, &d->network, &d->addr);
    }
    w.sb.chassis |= (g->role == ROLE_ACTIVE && g->mode == MODE_MANAGE
                     && !g->start_confirmed && !hmap_is_empty(&g->wants));
    guard_watch_asked(g, &w.sb);
    replace_watch(g, &w.sb);
    sset_destroy(&w.sb.ports);
    sset_destroy(&w.sb.addresses);
    sset_destroy(&w.sb.networks);
}
