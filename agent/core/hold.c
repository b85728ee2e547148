/* SPDX-License-Identifier: Apache-2.0 */

/* Holds and their life (hold.h has the diagram).  Nothing here looks at a
 * clock, a mirror or another hold. */

#include <config.h>

#include "hold.h"

#include <stdlib.h>

#include "hash.h"
#include "openvswitch/util.h"
#include "util.h"
#include "uuid.h"

static const char *const state_names[HOLD_N_STATES] = {
    [HOLD_INTENT] = "intent",
    [HOLD_CLEARING] = "clearing",
    [HOLD_DRAINING] = "draining",
    [HOLD_BLOCKED] = "blocked",
    [HOLD_CLEAN] = "clean",
    [HOLD_RELEASED] = "released",
    [HOLD_CANCELLED] = "cancelled",
    [HOLD_FORCED] = "forced",
};

const char *
hold_state_to_string(enum hold_state state)
{
    return state_names[state];
}

bool
hold_state_from_string(const char *s, enum hold_state *state)
{
    for (int i = 0; i < HOLD_N_STATES; i++) {
        if (!strcmp(s, state_names[i])) {
            *state = i;
            return true;
        }
    }
    return false;
}

bool
hold_state_is_end(enum hold_state state)
{
    return state >= HOLD_RELEASED;
}

/* What an evidence phase becomes: draining, blocked and clean differ only in
 * what is known and for how long it has not been. */
static enum hold_state
evidence_step(enum hold_state state, const struct hold_facts *f)
{
    if (f->force) {
        return HOLD_FORCED;
    }
    if (f->owner_returned) {
        return HOLD_CANCELLED;
    }
    if (f->network_gone && !f->frozen) {
        return HOLD_RELEASED;
    }
    if (!f->address_gone || !f->evidence_complete || f->n_blockers) {
        return (state == HOLD_BLOCKED || f->deadline_passed
                ? HOLD_BLOCKED : HOLD_DRAINING);
    }
    if (state != HOLD_CLEAN) {
        return HOLD_CLEAN;
    }
    /* "Released" comes last: the state 'clean' is on disk, and whoever takes
     * the address over may already send. */
    return f->stored && f->gate_opened && !f->frozen ? HOLD_RELEASED
                                                     : HOLD_CLEAN;
}

enum hold_state
hold_step(enum hold_state state, const struct hold_facts *f)
{
    switch (state) {
    case HOLD_INTENT:
        if (f->address_gone) {
            /* Somebody else cleared it meanwhile: that our clear is off, as
             * 'clear_lost' says then too, does not make it clean. */
            return f->owner_returned ? HOLD_CANCELLED : HOLD_DRAINING;
        }
        if (f->force || f->clear_lost || f->owner_returned) {
            return HOLD_CANCELLED;
        }
        return f->stored ? HOLD_CLEARING : HOLD_INTENT;

    case HOLD_CLEARING:
        if (f->address_gone) {
            return f->owner_returned ? HOLD_CANCELLED : HOLD_DRAINING;
        }
        return (f->force || f->clear_lost || f->owner_returned
                ? HOLD_CANCELLED : HOLD_CLEARING);

    case HOLD_DRAINING:
    case HOLD_BLOCKED:
    case HOLD_CLEAN:
        return evidence_step(state, f);

    case HOLD_RELEASED:
    case HOLD_CANCELLED:
    case HOLD_FORCED:
        return state;
    }
    OVS_NOT_REACHED();
}

/* ---- One hold. ---- */

struct hold *
hold_create(const struct uuid *uuid, const struct uuid *network,
            const char *network_name, const struct ip_addr *addr)
{
    struct hold *h = xzalloc(sizeof *h);

    h->uuid = *uuid;
    h->network = *network;
    h->network_name = xstrdup(network_name);
    h->addr = *addr;
    h->state = HOLD_INTENT;
    h->fixed = true;
    h->reason_case = xstrdup("");
    h->reason = xstrdup("");
    h->boot_id = xstrdup("");
    h->nb_identity = xstrdup("");
    h->changed = true;
    sset_init(&h->notes);
    sset_init(&h->waiters);
    sset_init(&h->blockers);
    hold_set_owner(h, "", "", "", "", "");
    return h;
}

static void
free_owner(struct hold_owner *o)
{
    free(o->ns);
    free(o->kind);
    free(o->name);
    free(o->workload);
    free(o->uid);
}

void
hold_set_owner(struct hold *h, const char *ns, const char *kind,
               const char *name, const char *workload, const char *uid)
{
    struct hold_owner o = {
        .ns = xstrdup(ns ? ns : ""),
        .kind = xstrdup(kind ? kind : ""),
        .name = xstrdup(name ? name : ""),
        .workload = xstrdup(workload ? workload : ""),
        .uid = xstrdup(uid ? uid : ""),
    };

    free_owner(&h->owner);
    h->owner = o;
    h->changed = true;
}

static void
free_former(struct former_port *f)
{
    free(f->name);
    free(f->mac);
    svec_destroy(&f->port_security);
}

void
hold_destroy(struct hold *h)
{
    if (!h) {
        return;
    }
    for (size_t i = 0; i < h->n_former; i++) {
        free_former(&h->former[i]);
    }
    free(h->former);
    free(h->takers);
    free_owner(&h->owner);
    free(h->network_name);
    free(h->reason_case);
    free(h->reason);
    free(h->boot_id);
    free(h->nb_identity);
    sset_destroy(&h->notes);
    sset_destroy(&h->waiters);
    sset_destroy(&h->blockers);
    free(h);
}

struct hold *
hold_clone(const struct hold *src)
{
    struct hold *h = xmemdup(src, sizeof *src);

    h->takers = NULL;
    h->n_takers = 0;
    h->looked_seqno = 0;
    h->end_waits = false;
    h->look_back = NULL;
    h->look_back_seqno = 0;
    memset(&h->owner, 0, sizeof h->owner);
    hold_set_owner(h, src->owner.ns, src->owner.kind, src->owner.name,
                   src->owner.workload, src->owner.uid);
    h->changed = src->changed;
    h->network_name = xstrdup(src->network_name);
    h->reason_case = xstrdup(src->reason_case);
    h->reason = xstrdup(src->reason);
    h->boot_id = xstrdup(src->boot_id);
    h->nb_identity = xstrdup(src->nb_identity);
    sset_clone(&h->notes, &src->notes);
    sset_clone(&h->blockers, &src->blockers);
    sset_clone(&h->waiters, &src->waiters);
    h->former = xmalloc(MAX(src->n_former, 1) * sizeof *h->former);
    for (size_t i = 0; i < src->n_former; i++) {
        h->former[i] = src->former[i];
        h->former[i].name = xstrdup(src->former[i].name);
        h->former[i].mac = xstrdup(src->former[i].mac);
        svec_clone(&h->former[i].port_security,
                   &src->former[i].port_security);
    }
    return h;
}

const struct former_port *
hold_find_former(const struct hold *h, const struct uuid *port)
{
    for (size_t i = 0; i < h->n_former; i++) {
        if (uuid_equals(&h->former[i].port, port)) {
            return &h->former[i];
        }
    }
    return NULL;
}

void
hold_discard_barriers(struct hold *h)
{
    h->b1 = h->b2 = 0;
    h->b1_token = h->b2_token = 0;
    h->b1_since_ms = h->b2_since_ms = 0;
    h->b2_own = UUID_ZERO;
    h->changed = true;
}

void
hold_add_former(struct hold *h, const struct uuid *port, const char *name,
                const char *mac, long long int wall_ms)
{
    const struct former_port *old = hold_find_former(h, port);
    struct svec port_security = SVEC_EMPTY_INITIALIZER;
    bool cleared = old && old->cleared;

    if (old) {
        svec_clone(&port_security, &old->port_security);
    }
    hold_remove_former(h, port);
    h->former = xrealloc(h->former, (h->n_former + 1) * sizeof *h->former);
    h->former[h->n_former++] = (struct former_port) {
        .port = *port,
        .name = xstrdup(name),
        .mac = xstrdup(mac ? mac : ""),
        .departed_wall_ms = wall_ms,
        .cleared = cleared,
        .port_security = port_security,
    };
    hold_discard_barriers(h);
}

void
hold_note_clear(struct hold *h, const struct uuid *port)
{
    for (size_t i = 0; i < h->n_former; i++) {
        if (uuid_equals(&h->former[i].port, port)) {
            h->former[i].cleared = true;
            h->changed = true;
        }
    }
}

bool
hold_note_port_security(struct hold *h, const struct uuid *port,
                        const struct svec *sorted)
{
    for (size_t i = 0; i < h->n_former; i++) {
        struct former_port *f = &h->former[i];

        if (uuid_equals(&f->port, port)
            && !svec_equal(&f->port_security, sorted)) {
            svec_destroy(&f->port_security);
            svec_clone(&f->port_security, sorted);
            h->changed = true;
            return true;
        }
    }
    return false;
}

bool
hold_remove_former(struct hold *h, const struct uuid *port)
{
    for (size_t i = 0; i < h->n_former; i++) {
        if (uuid_equals(&h->former[i].port, port)) {
            free_former(&h->former[i]);
            memmove(&h->former[i], &h->former[i + 1],
                    (h->n_former - i - 1) * sizeof *h->former);
            h->n_former--;
            h->changed = true;
            return true;
        }
    }
    return false;
}

bool
hold_is_evidence_phase(const struct hold *h)
{
    return (h->state == HOLD_DRAINING || h->state == HOLD_BLOCKED
            || h->state == HOLD_CLEAN);
}

bool
hold_has_taker(const struct hold *h, const struct uuid *port)
{
    for (size_t i = 0; i < h->n_takers; i++) {
        if (uuid_equals(&h->takers[i], port)) {
            return true;
        }
    }
    return false;
}

void
hold_add_taker(struct hold *h, const struct uuid *port)
{
    if (!hold_has_taker(h, port)) {
        h->takers = xrealloc(h->takers,
                             (h->n_takers + 1) * sizeof *h->takers);
        h->takers[h->n_takers++] = *port;
    }
}

void
hold_remove_taker(struct hold *h, const struct uuid *port)
{
    for (size_t i = 0; i < h->n_takers; i++) {
        if (uuid_equals(&h->takers[i], port)) {
            h->takers[i] = h->takers[--h->n_takers];
            return;
        }
    }
}

/* ---- The table. ---- */

static uint32_t
hold_hash(const struct uuid *network, const struct ip_addr *addr)
{
    return ip_addr_hash(addr, uuid_hash(network));
}

void
hold_table_init(struct hold_table *t)
{
    hmap_init(&t->holds);
    hmap_init(&t->uuids);
    t->sorted = NULL;
}

static void
forget_order(struct hold_table *t)
{
    free(t->sorted);
    t->sorted = NULL;
}

void
hold_table_clear(struct hold_table *t)
{
    struct hold *h;

    forget_order(t);
    HMAP_FOR_EACH_SAFE (h, node, &t->holds) {
        hold_table_remove(t, h);
        hold_destroy(h);
    }
}

void
hold_table_destroy(struct hold_table *t)
{
    hold_table_clear(t);
    hmap_destroy(&t->holds);
    hmap_destroy(&t->uuids);
}

static int
compare_holds(const void *a_, const void *b_)
{
    const struct hold *const *a = a_;
    const struct hold *const *b = b_;
    int cmp = strcmp((*a)->network_name, (*b)->network_name);

    if (!cmp) {
        cmp = ip_addr_compare(&(*a)->addr, &(*b)->addr);
    }
    return cmp ? cmp : uuid_compare_3way(&(*a)->uuid, &(*b)->uuid);
}

/* Returns how many of the first 'n' sorted holds come before 'h'. */
static size_t
find_place(const struct hold_table *t, size_t n, const struct hold *h)
{
    size_t low = 0;

    while (low < n) {
        size_t middle = low + (n - low) / 2;

        if (compare_holds(&t->sorted[middle], &h) < 0) {
            low = middle + 1;
        } else {
            n = middle;
        }
    }
    return low;
}

/* To sort thousands of holds in each turn in which a few come or go would take
 * longer than all else that is done with them. */
static void
insert_in_order(struct hold_table *t, struct hold *h)
{
    size_t n = hmap_count(&t->holds) - 1;

    if (t->sorted) {
        size_t i = find_place(t, n, h);

        if (n >= t->n_allocated) {
            t->sorted = x2nrealloc(t->sorted, &t->n_allocated,
                                   sizeof *t->sorted);
        }
        memmove(&t->sorted[i + 1], &t->sorted[i],
                (n - i) * sizeof *t->sorted);
        t->sorted[i] = h;
    }
}

static void
remove_from_order(struct hold_table *t, const struct hold *h)
{
    size_t n = hmap_count(&t->holds) + 1;

    if (t->sorted) {
        size_t i = find_place(t, n, h);

        ovs_assert(i < n && t->sorted[i] == h);
        memmove(&t->sorted[i], &t->sorted[i + 1],
                (n - i - 1) * sizeof *t->sorted);
    }
}

void
hold_table_insert(struct hold_table *t, struct hold *h)
{
    hmap_insert(&t->holds, &h->node, hold_hash(&h->network, &h->addr));
    hmap_insert(&t->uuids, &h->uuid_node, uuid_hash(&h->uuid));
    insert_in_order(t, h);
}

void
hold_table_remove(struct hold_table *t, struct hold *h)
{
    hmap_remove(&t->holds, &h->node);
    hmap_remove(&t->uuids, &h->uuid_node);
    remove_from_order(t, h);
}

struct hold *
hold_table_find(const struct hold_table *t, const struct uuid *network,
                const struct ip_addr *addr)
{
    struct hold *h;

    HMAP_FOR_EACH_WITH_HASH (h, node, hold_hash(network, addr), &t->holds) {
        if (uuid_equals(&h->network, network)
            && ip_addr_equals(&h->addr, addr)) {
            return h;
        }
    }
    return NULL;
}

struct hold *
hold_table_find_uuid(const struct hold_table *t, const struct uuid *uuid)
{
    struct hold *h;

    HMAP_FOR_EACH_WITH_HASH (h, uuid_node, uuid_hash(uuid), &t->uuids) {
        if (uuid_equals(&h->uuid, uuid)) {
            return h;
        }
    }
    return NULL;
}

size_t
hold_table_count(const struct hold_table *t)
{
    return hmap_count(&t->holds);
}

struct hold **
hold_table_sorted(const struct hold_table *t_)
{
    struct hold_table *t = CONST_CAST(struct hold_table *, t_);
    size_t n = hmap_count(&t->holds);

    if (!t->sorted) {
        struct hold *h;
        size_t i = 0;

        t->n_allocated = MAX(n, 1);
        t->sorted = xmalloc(t->n_allocated * sizeof *t->sorted);
        HMAP_FOR_EACH (h, node, &t->holds) {
            t->sorted[i++] = h;
        }
        qsort(t->sorted, n, sizeof *t->sorted, compare_holds);
    }
    return xmemdup(t->sorted, MAX(n, 1) * sizeof *t->sorted);
}
