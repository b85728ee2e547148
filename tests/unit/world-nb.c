/* SPDX-License-Identifier: Apache-2.0 */

/* The simulated world's Northbound database when the guard writes it, and what
 * must hold then. */

#include <config.h>

#include "tests/unit/world.h"

#include <stdlib.h>
#include <string.h>

#include "svec.h"
#include "util.h"
#include "uuid.h"

#include "agent/core/lsp-addr.h"
#include "tests/unit/world-private.h"

static bool
collect(const struct svec *sv, struct ip_addr_set *set)
{
    ip_addr_set_init(set);
    lsp_addrs_collect(sv->names, sv->n, set);
    return set->n > 0;
}

/* What must be true of a write, before it is carried out. */
static void
check_write(struct world *w, const struct wport *p, const struct nb_write *wr)
{
    struct ip_addr_set old, new;

    if (!p->ours) {
        world_violate(w, "%s is written, which is not ours", p->name);
    }
    if (p->type[0]) {
        world_violate(w, "%s is written, which is of type %s", p->name,
                      p->type);
    }
    collect(&p->addresses, &old);
    collect(wr->set_addresses ? &wr->new_addresses : &p->addresses, &new);
    for (size_t i = 0; i < old.n; i++) {
        const struct hold *h = NULL;
        char ip[IP_ADDR_STRLEN];

        if (ip_addr_set_contains(&new, &old.addrs[i])) {
            continue;
        }
        w->n_clears++;
        ip_addr_to_string(&old.addrs[i], ip);
        for (size_t j = 0; j < w->n_holds && !h; j++) {
            if (ip_addr_equals(&w->holds[j]->addr, &old.addrs[i])
                && uuid_equals(&w->holds[j]->network,
                               &w->networks[p->network].uuid)) {
                h = w->holds[j];
            }
        }
        /* A put-back replaces what came instead, which nobody had yet. */
        bool put_back = strstr(w->nb->comment, "action") && new.n
                        && !world_hold(w, ip);
        if (!h && !put_back) {
            world_violate(w, "%s is cleared from %s without a stored hold", ip,
                          p->name);
        } else if (h && (h->state == HOLD_INTENT
                         || !hold_find_former(h, &p->uuid))) {
            world_violate(w, "%s is cleared from %s, but its hold does not "
                          "say so", ip, p->name);
        }
        if (p->chassis && w->check_bound) {
            world_violate(w, "%s is taken from %s, which is bound", ip,
                          p->name);
        }
    }
    for (size_t i = 0; i < new.n; i++) {
        w->n_sets += !ip_addr_set_contains(&old, &new.addrs[i]);
    }
    w->n_gated += wr->set_enabled && wr->new_enabled == TRI_FALSE;
    w->n_opened += wr->set_enabled && wr->new_enabled != TRI_FALSE;
    if (wr->set_enabled && !wr->set_mark) {
        world_violate(w, "enabled of %s is written without the mark", p->name);
    }
    ip_addr_set_destroy(&old);
    ip_addr_set_destroy(&new);
}

/* Pairs of open ports of one network that share an address. */
static size_t
count_duplicates(const struct world *w)
{
    size_t n = 0;

    for (size_t i = 0; i < w->n_ports; i++) {
        const struct wport *a = w->ports[i];
        struct ip_addr_set ips;

        collect(&a->addresses, &ips);
        for (size_t j = 0; j < i; j++) {
            const struct wport *b = w->ports[j];
            for (size_t k = 0; k < ips.n && a->network == b->network
                 && a->enabled != TRI_FALSE && b->enabled != TRI_FALSE; k++) {
                for (size_t l = 0; l < b->addresses.n; l++) {
                    n += lsp_addr_has_ip(b->addresses.names[l],
                                         &ips.addrs[k]);
                }
            }
        }
        ip_addr_set_destroy(&ips);
    }
    return n;
}

static bool
as_expected(const struct wport *p, const struct nb_write *wr)
{
    return (p && world_svec_same(&p->addresses, &wr->old_addresses)
            && (!wr->set_port_security
                || world_svec_same(&p->ps, &wr->old_port_security))
            && (!wr->set_enabled || p->enabled == wr->old_enabled)
            && (!wr->set_mark
                || nullable_string_is_equal(p->mark, wr->old_mark)));
}

/* A port whose gate is opened because it no longer has that address: whom it
 * meets with the new one is the doing of the hand that wrote it. */
static size_t
count_excused(const struct world *w, const struct nb_batch *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n; i++) {
        const struct nb_write *wr = &b->writes[i];
        bool has_it = false;

        if (!wr->set_enabled || wr->new_enabled == TRI_FALSE) {
            continue;
        }
        for (size_t j = 0; j < w->n_gates; j++) {
            for (size_t k = 0; k < wr->old_addresses.n; k++) {
                has_it |= (uuid_equals(&w->gates[j]->port, &wr->port)
                           && lsp_addr_has_ip(wr->old_addresses.names[k],
                                              &w->gates[j]->addr));
            }
        }
        n += has_it ? 0 : w->n_ports;
    }
    return n;
}

size_t
world_find_switch(const struct world *w, const struct uuid *uuid)
{
    for (size_t i = 0; i < w->n_networks; i++) {
        if (uuid_equals(&w->networks[i].uuid, uuid)) {
            return i;
        }
    }
    return 0;
}

static bool
switch_as_expected(const struct world *w, const struct nb_switch_write *wr)
{
    size_t i = world_find_switch(w, &wr->network);

    return (w->networks[i].exists
            && nullable_string_is_equal(w->networks[i].exclude,
                                        wr->old_exclude)
            && nullable_string_is_equal(w->networks[i].ours, wr->old_ours));
}

static void
write_switch(struct world *w, const struct nb_switch_write *wr)
{
    size_t i = world_find_switch(w, &wr->network);

    free(w->networks[i].exclude);
    w->networks[i].exclude = nullable_xstrdup(wr->new_exclude);
    free(w->networks[i].ours);
    w->networks[i].ours = nullable_xstrdup(wr->new_ours);
    w->n_excludes++;
}

bool
world_commit_nb(struct world *w, const struct nb_batch *b)
{
    size_t before = count_duplicates(w) + count_excused(w, b);

    for (size_t i = 0; i < b->n; i++) {
        if (!as_expected(world_find_port_by_uuid(w, &b->writes[i].port),
                         &b->writes[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < b->n_switches; i++) {
        if (!switch_as_expected(w, &b->switches[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < b->n_switches; i++) {
        write_switch(w, &b->switches[i]);
    }
    for (size_t i = 0; i < b->n; i++) {
        const struct nb_write *wr = &b->writes[i];
        struct wport *p = world_find_port_by_uuid(w, &wr->port);

        check_write(w, p, wr);
        if (wr->set_addresses) {
            world_svec_assign(&p->addresses, &wr->new_addresses);
        }
        if (wr->set_port_security) {
            world_svec_assign(&p->ps, &wr->new_port_security);
        }
        if (wr->set_enabled) {
            p->enabled = wr->new_enabled;
        }
        if (wr->set_mark) {
            free(p->mark);
            p->mark = nullable_xstrdup(wr->new_mark);
        }
    }
    if (b->bump) {
        w->nb_cfg++;
        w->n_bumps++;
        w->min_bump_gap_ms = MIN(w->min_bump_gap_ms,
                                 w->now - w->last_bump_ms);
        w->last_bump_ms = w->now;
    }
    /* What another hand writes to another row while our transaction is on
     * the wire is nothing that the guard could know, or a server verify. */
    if (count_duplicates(w) > before && w->n_changes == w->n_changes_then) {
        world_violate(w, "the write gives one address to two open ports");
    }
    w->n_nb++;
    w->sb_dirty = true;
    return true;
}
