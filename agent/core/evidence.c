/* SPDX-License-Identifier: Apache-2.0 */

/* Evidence that a held address is clean, in the order of doc/design.md, 8.
 * Later items are looked at only when those before are satisfied where their
 * meaning depends on it: a barrier taken before the rows are clean would prove
 * nothing. */

#include <config.h>

#include "evidence.h"

#include "hold.h"
#include "lsp-addr.h"
#include "model.h"
#include "openvswitch/util.h"
#include "plant.h"
#include "settings.h"
#include "util.h"
#include "uuid.h"

bool
evidence_is_gated(const struct port *p)
{
    return p->mark && p->enabled == TRI_FALSE;
}

static void OVS_PRINTF_FORMAT(2, 3)
say(struct sset *set, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    sset_add_and_free(set, xvasprintf(format, args));
    va_end(args);
}

static void
wake_at(struct evidence *e, long long int when)
{
    e->wake_ms = MIN(e->wake_ms, when);
}

const char *
evidence_router_with(const struct model *m, const struct network *n,
                     const struct ip_addr *ip)
{
    for (size_t i = 0; i < n->n_router_ports; i++) {
        const struct port *p = n->router_ports[i];
        const struct sset *nets = (p->router_port
                                   ? shash_find_data(&m->router_ports,
                                                     p->router_port) : NULL);
        const char *net;

        if (!nets) {
            continue;
        }
        SSET_FOR_EACH (net, nets) {
            char *addr = xmemdup0(net, strcspn(net, "/"));
            struct ip_addr own;
            bool same = (ip_addr_parse(addr, &own)
                         && ip_addr_equals(&own, ip));
            free(addr);
            if (same) {
                return p->router_port;
            }
        }
    }
    return NULL;
}

/* The nb_cfg to which ovn-northd has brought SB. */
static int64_t
brought_to(const struct model *m)
{
    return PLANTED(NB_BARRIER) ? m->nb_cfg : m->sb_nb_cfg;
}

/* Is 'ip' inside a network of the router port 'lrp'? */
static bool
inside_router_network(const struct model *m, const char *lrp,
                      const struct ip_addr *ip)
{
    const struct sset *nets = shash_find_data(&m->router_ports, lrp);
    const char *net;

    if (nets) {
        SSET_FOR_EACH (net, nets) {
            if (ip_addr_in_cidr(ip, net)) {
                return true;
            }
        }
    }
    return false;
}

/* (a) */
static void
look_at_ports(const struct model *m, const struct hold *h,
              const struct network *n, struct evidence *e)
{
    const struct addr_use *use = model_find_addr(m, n, &h->addr);

    for (size_t i = 0; use && i < use->n; i++) {
        const struct port *p = use->ports[i];

        if (hold_find_former(h, &p->uuid)) {
            e->address_gone = false;
        }
        if (!uuid_equals(&p->uuid, &h->keeper) && !evidence_is_gated(p)) {
            e->dirt = true;
            say(&e->blockers, "port %s lists it", p->name);
        }
    }

    const char *lrp = evidence_router_with(m, n, &h->addr);
    if (lrp) {
        e->dirt = true;
        say(&e->blockers, "router port %s has it", lrp);
    }
}

/* (b) */
static void
look_at_bindings(const struct model *m, const struct hold *h,
                 struct evidence *e)
{
    for (size_t i = 0; i < h->n_former; i++) {
        const struct former_port *f = &h->former[i];
        const struct port *now = model_find_port_by_name(m, f->name);
        const struct binding *b;

        if (now && !uuid_equals(&now->uuid, &f->port)
            && (!now->network || !uuid_equals(&now->network->uuid,
                                              &h->network))) {
            continue;           /* The name is used on another switch now. */
        }
        if (!model_binding_known(m, f->name) && !PLANTED(SB_NOT_AWAITED)) {
            e->complete = false;
            say(&e->blockers, "SB has not yet told about %s", f->name);
            continue;
        }
        b = model_find_binding(m, f->name);
        if (!b || !b->present) {
            continue;
        }
        if (now && uuid_equals(&now->uuid, &h->keeper)) {
            continue;
        }
        if (now && !uuid_equals(&now->uuid, &f->port)
            && evidence_is_gated(now)) {
            continue;           /* Re-created, and kept shut. */
        }
        bool lists = false;
        for (size_t j = 0; j < b->mac.n; j++) {
            lists |= lsp_addr_has_ip(b->mac.names[j], &h->addr);
        }
        for (size_t j = 0; j < b->nat_addresses.n; j++) {
            lists |= lsp_addr_has_ip(b->nat_addresses.names[j], &h->addr);
        }
        if (lists) {
            e->dirt = true;
            say(&e->blockers, "Port_Binding %s still lists it", f->name);
        }
        if ((b->chassis || b->n_additional_chassis)
            && !(now && evidence_is_gated(now)) && !PLANTED(SENDER_IGNORED)
            && ps_entries_permit(b->port_security.names, b->port_security.n,
                                 &h->addr)) {
            e->dirt = true;
            say(&e->blockers, "%s is bound to %s and its port_security still "
                "permits it", f->name, b->chassis ? b->chassis : "a chassis");
        }
    }
}

/* (d) */
static void
look_at_chassis(const struct model *m, const struct settings *s,
                int64_t b2, long long int since_ms, bool bounded,
                long long int now, struct evidence *e)
{
    const struct chassis *c;

    if (!model_knows_chassis(m)) {
        e->complete = false;
        say(&e->blockers, "SB has not yet told about chassis");
        return;
    }
    if (!b2) {
        e->needs_b2 = true;
        say(&e->blockers, "chassis: the second barrier is not taken yet");
        return;
    }
    if (brought_to(m) < b2) {
        say(&e->blockers, "ovn-northd has not brought SB to nb_cfg %"PRId64,
            b2);
        return;
    }
    if (!m->chassis_report) {
        /* The second barrier is for SB then: some releases of ovn-northd tell
         * nb_cfg before the rows, and that a port is shut shows in none. */
        say(&e->notes, "not confirmed by any chassis: they do not report "
            "(enable_chassis_nb_cfg_update=false)");
        return;
    }
    HMAP_FOR_EACH (c, node, &m->chassis) {
        if (!c->has_private || !c->private_has_chassis || c->remote
            || (c->nb_cfg >= b2 && c->nb_cfg != c->ahead)) {
            continue;
        }
        if (c->nb_cfg == c->ahead && c->ahead == m->sb_nb_cfg) {
            /* NB has come again to where the chassis was before it went back:
             * that one has nothing to write, whatever it did. */
            e->needs_b2 = true;
        }
        if (c->missed_at >= 0 && c->nb_cfg <= c->missed_at) {
            say(&e->notes, "not confirmed by chassis %s, which has not moved "
                "since it missed an earlier barrier", c->name);
            continue;
        }
        long long int deadline = since_ms + s->chassis_timeout_ms;
        if (bounded && now >= deadline) {
            sset_add(&e->missed_chassis, c->name);
            say(&e->notes, "not confirmed by chassis %s within %lld s",
                c->name, s->chassis_timeout_ms / 1000);
            continue;
        }
        if (bounded) {
            wake_at(e, deadline);
        }
        say(&e->blockers, "chassis %s has not confirmed nb_cfg %"PRId64,
            c->name, b2);
    }
}

static bool
is_former_mac(const struct hold *h, const char *mac)
{
    for (size_t i = 0; i < h->n_former; i++) {
        if (!strcasecmp(h->former[i].mac, mac)) {
            return true;
        }
    }
    return false;
}

static bool
former_is_unknown_port(const struct model *m, const struct hold *h)
{
    for (size_t i = 0; i < h->n_former; i++) {
        const struct port *p = model_find_port(m, &h->former[i].port);
        if (p && p->has_unknown) {
            return true;
        }
    }
    return false;
}

/* (e) */
static void
look_at_mac_bindings(const struct model *m, const struct settings *s,
                     const struct hold *h, const struct network *n,
                     long long int now, struct evidence *e)
{
    char ip[IP_ADDR_STRLEN];
    const struct mac_binding *mb;

    ip_addr_to_string(&h->addr, ip);
    if (!sset_contains(&m->sb_acked_addresses, ip)) {
        e->complete = false;
        say(&e->blockers, "SB has not yet told about MAC_Binding rows");
        return;
    }
    HMAP_FOR_EACH (mb, node, &m->mac_bindings) {
        const struct port *attached = NULL;

        if (!ip_addr_equals(&mb->ip, &h->addr)
            || !is_former_mac(h, mb->mac)) {
            continue;
        }
        for (size_t i = 0; i < n->n_router_ports; i++) {
            const struct port *p = n->router_ports[i];

            if (nullable_string_is_equal(p->router_port, mb->logical_port)) {
                attached = p;
            }
        }
        if (!attached) {
            continue;
        }
        if (inside_router_network(m, mb->logical_port, &h->addr)
            && !former_is_unknown_port(m, h)) {
            /* The flow of a known owner has priority 100 in the router's
             * pipeline, that of a learnt MAC 1 (ovn-northd). */
            say(&e->notes, "MAC_Binding on %s still maps it to %s",
                mb->logical_port, mb->mac);
            continue;
        }
        say(&e->blockers, "MAC_Binding on %s maps it to %s",
            mb->logical_port, mb->mac);
        if (s->mac_bindings == MAC_BINDINGS_FLUSH) {
            e->flush = xrealloc(e->flush,
                                (e->n_flush + 1) * sizeof *e->flush);
            e->flush[e->n_flush++] = mb->uuid;
        }
    }
    if (h->flushed_ms && now < h->flushed_ms + s->flush_watch_ms) {
        wake_at(e, h->flushed_ms + s->flush_watch_ms);
        say(&e->blockers, "MAC_Binding rows were deleted; watching %lld s for "
            "new ones", s->flush_watch_ms / 1000);
    }
}

/* (f) */
static void
look_at_time(const struct settings *s, const struct hold *h,
             const struct network *n, long long int now, long long int wall,
             struct evidence *e)
{
    long long int min_ms = s->min_hold_ms;

    if (n && n->n_localnet) {
        /* ovn-controller up to 25.03 repeats GARPs for about 30 s. */
        min_ms = MAX(min_ms, s->min_hold_localnet_ms);
    }
    if (PLANTED(CLOCK_JUMP) ? wall < h->gone_wall_ms + min_ms
        : h->gone_ms && now < h->gone_ms + min_ms) {
        wake_at(e, h->gone_ms + min_ms);
        say(&e->blockers, "the shortest hold of %lld s is not over",
            min_ms / 1000);
    }
    if (h->until_wall_ms == HOLD_UNTIL_RELEASED) {
        say(&e->blockers, EVIDENCE_RESERVED);
    } else if (h->until_wall_ms && wall < h->until_wall_ms) {
        wake_at(e, now + (h->until_wall_ms - wall));
        say(&e->blockers, EVIDENCE_RESERVED);
    }
}

/* (g) */
static void
look_at_references(const struct model *m, const struct hold *h,
                   struct evidence *e)
{
    const struct reference *r;

    HMAP_FOR_EACH (r, node, &m->references) {
        if (ip_addr_set_contains(&r->ips, &h->addr)) {
            say(&e->notes, "named by %s", r->text);
        }
    }
}

/* The second barrier; 0 if it is not taken, or does not cover what a port left
 * behind that was let off then. */
static int64_t
second_barrier(const struct hold *h)
{
    if (PLANTED(CHASSIS_AT_B1)) {
        return h->b1;
    }
    return (uuid_is_zero(&h->b2_own) || uuid_equals(&h->b2_own, &h->keeper)
            ? h->b2 : 0);
}

static void
init(struct evidence *e)
{
    memset(e, 0, sizeof *e);
    sset_init(&e->blockers);
    sset_init(&e->notes);
    sset_init(&e->missed_chassis);
    e->wake_ms = LLONG_MAX;
}

void
evidence_collect_start(const struct model *m, const struct settings *s,
                       int64_t barrier, long long int since_ms,
                       long long int now, struct evidence *e)
{
    init(e);
    look_at_chassis(m, s, barrier, since_ms, true, now, e);
}

void
evidence_collect(const struct model *m, const struct settings *s,
                 const struct hold *h, long long int now, long long int wall,
                 struct evidence *e)
{
    const struct network *n = model_find_network(m, &h->network);

    init(e);
    e->complete = m->nb_synced && m->sb_synced;
    e->address_gone = true;
    if (!m->nb_synced) {
        say(&e->blockers, "no current copy of the Northbound database");
    }
    if (!m->sb_synced) {
        say(&e->blockers, "no current copy of the Southbound database");
    }

    if (!n) {
        char uuid[UUID_LEN + 1];
        snprintf(uuid, sizeof uuid, UUID_FMT, UUID_ARGS(&h->network));
        if (!sset_contains(&m->sb_acked_networks, uuid)) {
            e->complete = false;
            say(&e->blockers, "SB has not yet told about the datapath of "
                "switch %s", h->network_name);
        } else if (sset_contains(&m->datapaths, uuid)) {
            say(&e->blockers, "switch %s is gone, but SB still has its "
                "datapath", h->network_name);
        } else {
            e->network_gone = e->complete;
        }
        return;
    }

    look_at_ports(m, h, n, e);
    if (!PLANTED(RELEASE_EARLY)) {
        look_at_bindings(m, h, e);
    }
    if (h->would_be || PLANTED(RELEASE_EARLY)) {
        /* Nothing of ours was written: judged by the rows alone. */
    } else if (!h->b1) {
        e->needs_b1 = e->address_gone;
        say(&e->blockers, "the first barrier is not taken yet");
    } else if (brought_to(m) < h->b1) {
        say(&e->blockers, "ovn-northd has not brought SB to nb_cfg %"PRId64,
            h->b1);
    } else if (e->complete && !e->dirt) {
        look_at_chassis(m, s, second_barrier(h), h->b2_since_ms,
                        s->chassis_policy == CHASSIS_BOUNDED, now, e);
    }
    look_at_mac_bindings(m, s, h, n, now, e);
    look_at_time(s, h, n, now, wall, e);
    look_at_references(m, h, e);
}

void
evidence_collect_for(const struct model *m, const struct settings *s,
                     const struct hold *h, const struct port *p,
                     long long int now, long long int wall,
                     struct evidence *e)
{
    struct hold copy = *h;

    copy.keeper = p->uuid;
    copy.until_wall_ms = 0;
    /* Rows that its own pod makes are deleted again and again. */
    copy.flushed_ms = MIN(h->flushed_ms, h->b2_since_ms);
    copy.former = xmalloc(MAX(h->n_former, 1) * sizeof *copy.former);
    copy.n_former = 0;
    for (size_t i = 0; i < h->n_former; i++) {
        if (strcmp(h->former[i].name, p->name)) {
            copy.former[copy.n_former++] = h->former[i];
        }
    }
    evidence_collect(m, s, &copy, now, wall, e);
    free(copy.former);
}

void
evidence_destroy(struct evidence *e)
{
    sset_destroy(&e->blockers);
    sset_destroy(&e->notes);
    sset_destroy(&e->missed_chassis);
    free(e->flush);
}
