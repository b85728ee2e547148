/* SPDX-License-Identifier: Apache-2.0 */

/* The Southbound half of the model: evidence about watched ports, addresses
 * and chassis.  Absence means something only for what the server has
 * acknowledged: the rest may yet come. */

#include <config.h>

#include "model.h"

#include "hash.h"
#include "model-private.h"
#include "openvswitch/util.h"
#include "sb-loan.h"
#include "util.h"
#include "uuid.h"

struct binding *
binding_find(const struct hmap *bindings, const char *logical_port)
{
    struct binding *b;

    HMAP_FOR_EACH_WITH_HASH (b, node, hash_string(logical_port, 0),
                             bindings) {
        if (!strcmp(b->logical_port, logical_port)) {
            return b;
        }
    }
    return NULL;
}

struct binding *
binding_get(struct hmap *bindings, const char *logical_port)
{
    struct binding *b = binding_find(bindings, logical_port);

    if (!b) {
        b = xzalloc(sizeof *b);
        b->logical_port = xstrdup(logical_port);
        svec_init(&b->mac);
        svec_init(&b->nat_addresses);
        svec_init(&b->port_security);
        hmap_insert(bindings, &b->node, hash_string(logical_port, 0));
    }
    return b;
}

void
binding_destroy(struct binding *b)
{
    free(b->logical_port);
    svec_destroy(&b->mac);
    svec_destroy(&b->nat_addresses);
    svec_destroy(&b->port_security);
    free(b->chassis);
    free(b->last_chassis);
    free(b);
}

const struct binding *
model_find_binding(const struct model *m, const char *name)
{
    const struct binding *lent
        = (m->sb_loan && !sset_contains(&m->sb_acked_ports, name)
           ? sb_loan_find_binding(m->sb_loan, name) : NULL);

    return lent ? lent : binding_find(&m->bindings, name);
}

static void
mark_port_by_name(struct model *m, const char *name)
{
    struct port *p = model_find_port_by_name(m, name);

    if (p && p->member) {
        model_mark_member(m, p->member);
    }
    for (size_t i = 0; p && p->network && i < p->ips.n; i++) {
        const struct addr_use *use = model_find_addr(m, p->network,
                                                     &p->ips.addrs[i]);
        if (use && use->n > 1) {
            /* Who is to keep it depends on who runs with it. */
            model_mark_addr(m, p->network, &p->ips.addrs[i]);
        }
    }
    m->change_seqno++;
}

static void
replace_svec(struct svec *sv, char **strings, size_t n)
{
    svec_clear(sv);
    for (size_t i = 0; i < n; i++) {
        svec_add(sv, strings[i]);
    }
}

void
model_set_binding(struct model *m, const struct sb_binding_row *row,
                  long long int now)
{
    struct binding *b = binding_get(&m->bindings, row->logical_port);
    bool bound = row->chassis || row->n_additional_chassis;

    b->present = true;
    b->datapath = row->datapath;
    replace_svec(&b->mac, row->mac, row->n_mac);
    replace_svec(&b->nat_addresses, row->nat_addresses, row->n_nat_addresses);
    replace_svec(&b->port_security, row->port_security, row->n_port_security);
    free(b->chassis);
    b->chassis = nullable_xstrdup(row->chassis);
    b->n_additional_chassis = row->n_additional_chassis;
    if (row->chassis) {
        free(b->last_chassis);
        b->last_chassis = xstrdup(row->chassis);
    }
    if (bound) {
        b->unbound_since_ms = 0;
    } else if (!b->unbound_since_ms) {
        b->unbound_since_ms = MAX(now, 1);
    }
    mark_port_by_name(m, row->logical_port);
}

void
model_remove_binding(struct model *m, const char *name, long long int now)
{
    struct binding *b = binding_find(&m->bindings, name);

    if (!b) {
        return;
    }
    b->present = false;
    svec_clear(&b->mac);
    svec_clear(&b->nat_addresses);
    svec_clear(&b->port_security);
    free(b->chassis);
    b->chassis = NULL;
    b->n_additional_chassis = 0;
    if (!b->unbound_since_ms) {
        b->unbound_since_ms = MAX(now, 1);
    }
    mark_port_by_name(m, name);
}

bool
model_binding_known(const struct model *m, const char *name)
{
    return (m->sb_synced
            && (sset_contains(&m->sb_acked_ports, name)
                || (m->sb_loan && sb_loan_find_binding(m->sb_loan, name))));
}

void
model_ack_sb_watch(struct model *m, const struct sb_watch *w,
                   long long int now)
{
    struct binding *b;
    const char *name;

    if (m->sb_watch_acked == w->seqno) {
        return;
    }
    m->sb_watch_acked = w->seqno;

    SSET_FOR_EACH (name, &w->ports) {
        b = binding_get(&m->bindings, name);
        if (!b->chassis && !b->n_additional_chassis && !b->unbound_since_ms) {
            b->unbound_since_ms = MAX(now, 1);
        }
        if (!sset_contains(&m->sb_acked_ports, name)) {
            mark_port_by_name(m, name);
        }
    }
    sset_destroy(&m->sb_acked_ports);
    sset_clone(&m->sb_acked_ports, &w->ports);
    sset_destroy(&m->sb_acked_addresses);
    sset_clone(&m->sb_acked_addresses, &w->addresses);
    sset_destroy(&m->sb_acked_networks);
    sset_clone(&m->sb_acked_networks, &w->networks);
    m->sb_acked_chassis = w->chassis;
    HMAP_FOR_EACH_SAFE (b, node, &m->bindings) {
        if (!sset_contains(&m->sb_acked_ports, b->logical_port)) {
            hmap_remove(&m->bindings, &b->node);
            binding_destroy(b);
        }
    }
    m->change_seqno++;
}

void
model_forget_sb(struct model *m)
{
    struct binding *b;

    m->sb_watch_acked = 0;
    sset_clear(&m->sb_acked_ports);
    sset_clear(&m->sb_acked_addresses);
    sset_clear(&m->sb_acked_networks);
    m->sb_acked_chassis = false;
    HMAP_FOR_EACH (b, node, &m->bindings) {
        /* How long it was unbound is not known across a gap. */
        b->unbound_since_ms = 0;
        mark_port_by_name(m, b->logical_port);
    }
    m->change_seqno++;
}

/* ---- Chassis. ---- */

static struct chassis *
find_chassis(const struct model *m, const char *name)
{
    struct chassis *c;

    HMAP_FOR_EACH_WITH_HASH (c, node, hash_string(name, 0), &m->chassis) {
        if (!strcmp(c->name, name)) {
            return c;
        }
    }
    return NULL;
}

const struct chassis *
model_find_chassis(const struct model *m, const char *name)
{
    return find_chassis(m, name);
}

static struct chassis *
get_chassis(struct model *m, const char *name)
{
    struct chassis *c = find_chassis(m, name);

    if (!c) {
        c = xzalloc(sizeof *c);
        c->name = xstrdup(name);
        c->missed_at = c->ahead = -1;
        hmap_insert(&m->chassis, &c->node, hash_string(name, 0));
    }
    return c;
}

void
model_set_chassis(struct model *m, const char *name, bool remote)
{
    struct chassis *c = get_chassis(m, name);

    c->present = true;
    c->remote = remote;
    c->gone_since_ms = 0;
    m->change_seqno++;
}

void
model_remove_chassis(struct model *m, const char *name, long long int now)
{
    struct chassis *c = find_chassis(m, name);

    if (c) {
        /* Kept, so that "gone for so long" can be told. */
        c->present = false;
        c->gone_since_ms = MAX(now, 1);
        m->change_seqno++;
    }
}

void
model_set_chassis_private(struct model *m, const char *name, bool has_chassis,
                          int64_t nb_cfg)
{
    struct chassis *c = get_chassis(m, name);

    c->has_private = true;
    c->private_has_chassis = has_chassis;
    if (nb_cfg != c->nb_cfg) {
        c->missed_at = -1;      /* It has moved, and may do so again. */
    }
    c->nb_cfg = nb_cfg;
    m->change_seqno++;
}

void
model_note_chassis_ahead(struct model *m)
{
    struct chassis *c;

    HMAP_FOR_EACH (c, node, &m->chassis) {
        if (c->nb_cfg > m->nb_cfg) {
            c->ahead = c->nb_cfg; /* Until it changes. */
        } else if (c->ahead != c->nb_cfg) {
            c->ahead = -1;
        }
    }
}

bool
model_knows_chassis(const struct model *m)
{
    return m->sb_acked_chassis || !m->chassis_report;
}

void
model_remove_chassis_private(struct model *m, const char *name)
{
    struct chassis *c = find_chassis(m, name);

    if (c) {
        c->has_private = false;
        c->nb_cfg = 0;
        c->missed_at = -1;
        m->change_seqno++;
    }
}

/* ---- MAC bindings and datapaths. ---- */

static struct mac_binding *
find_mac_binding(const struct model *m, const struct uuid *uuid)
{
    struct mac_binding *mb;

    HMAP_FOR_EACH_WITH_HASH (mb, node, uuid_hash(uuid), &m->mac_bindings) {
        if (uuid_equals(&mb->uuid, uuid)) {
            return mb;
        }
    }
    return NULL;
}

void
model_set_mac_binding(struct model *m, const struct mac_binding_row *row)
{
    struct mac_binding *mb = find_mac_binding(m, &row->uuid);

    if (!mb) {
        mb = xzalloc(sizeof *mb);
        mb->uuid = row->uuid;
        hmap_insert(&m->mac_bindings, &mb->node, uuid_hash(&row->uuid));
    } else {
        free(mb->logical_port);
        free(mb->mac);
    }
    mb->logical_port = xstrdup(row->logical_port);
    mb->mac = xstrdup(row->mac);
    ip_addr_parse(row->ip, &mb->ip);
    m->change_seqno++;
}

void
mac_binding_destroy(struct mac_binding *mb)
{
    free(mb->logical_port);
    free(mb->mac);
    free(mb);
}

void
model_remove_mac_binding(struct model *m, const struct uuid *uuid)
{
    struct mac_binding *mb = find_mac_binding(m, uuid);

    if (mb) {
        hmap_remove(&m->mac_bindings, &mb->node);
        mac_binding_destroy(mb);
        m->change_seqno++;
    }
}

void
model_set_datapath(struct model *m, const char *switch_uuid, bool present)
{
    if (present) {
        sset_add(&m->datapaths, switch_uuid);
    } else {
        sset_find_and_delete(&m->datapaths, switch_uuid);
    }
    m->change_seqno++;
}

void
model_destroy_sb(struct model *m)
{
    struct mac_binding *mb;
    struct binding *b;
    struct chassis *c;

    HMAP_FOR_EACH_POP (b, node, &m->bindings) {
        binding_destroy(b);
    }
    HMAP_FOR_EACH_SAFE (c, node, &m->chassis) {
        hmap_remove(&m->chassis, &c->node);
        free(c->name);
        free(c);
    }
    HMAP_FOR_EACH_SAFE (mb, node, &m->mac_bindings) {
        model_remove_mac_binding(m, &mb->uuid);
    }
    hmap_destroy(&m->bindings);
    hmap_destroy(&m->chassis);
    hmap_destroy(&m->mac_bindings);
}
