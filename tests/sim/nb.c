/* SPDX-License-Identifier: Apache-2.0 */

/* The Northbound server: rows, transactions, what its clients are told, and
 * what operators and controllers write. */

#include <config.h>

#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "util.h"

static bool
same_texts(const struct text *const *a, int na, const struct text *const *b,
           int nb)
{
    return na == nb && !memcmp(a, b, na * sizeof *a);
}

bool
row_equals(const struct nb_row *a, const struct nb_row *b)
{
    return (a->id == b->id && a->net == b->net && a->enabled == b->enabled
            && a->mark == b->mark && a->migrating == b->migrating
            && a->made_for == b->made_for
            && same_texts(a->addresses, a->n_addresses, b->addresses,
                          b->n_addresses)
            && same_texts(a->ps, a->n_ps, b->ps, b->n_ps));
}

uint32_t
row_ips(const struct nb_row *row)
{
    uint32_t ips = 0;

    for (int i = 0; row->id && i < row->n_addresses; i++) {
        ips |= row->addresses[i]->ips;
    }
    return ips;
}

uint32_t
row_open_ips(const struct nb_row *row)
{
    return row->enabled == TRI_FALSE ? 0 : row_ips(row);
}

uint32_t
row_ps_ips(const struct nb_row *row)
{
    uint32_t ips = 0;

    for (int i = 0; row->id && i < row->n_ps; i++) {
        ips |= row->ps[i]->ips;
    }
    return ips;
}

char *
row_format(const struct nb_row *row)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (!row->id) {
        return xstrdup("no row");
    }
    for (int i = 0; i < row->n_addresses; i++) {
        ds_put_format(&ds, "%s[%s]", i ? " " : "", row->addresses[i]->s);
    }
    for (int i = 0; i < row->n_ps; i++) {
        ds_put_format(&ds, " ps[%s]", row->ps[i]->s);
    }
    if (!row->n_addresses) {
        ds_put_cstr(&ds, "no addresses");
    }
    if (row->enabled != TRI_UNSET) {
        ds_put_format(&ds, " enabled=%s",
                      row->enabled == TRI_TRUE ? "true" : "false");
    }
    if (row->mark) {
        ds_put_cstr(&ds, " marked");
    }
    return ds_steal_cstr(&ds);
}

/* ---- Transactions. ---- */

static struct nb_change *
add_change(struct world *w)
{
    struct nb_server *nb = &w->nb;

    if (nb->n_log >= nb->allocated_log) {
        nb->log = x2nrealloc(nb->log, &nb->allocated_log, sizeof *nb->log);
    }
    struct nb_change *c = &nb->log[nb->n_log++];
    c->seq = nb->seq;
    c->nb_cfg = nb->nb_cfg;
    c->slot = -1;
    c->old_id = 0;
    return c;
}

void
nb_begin(struct world *w)
{
    w->nb.seq++;
}

void
nb_put_in_txn(struct world *w, int slot, const struct nb_row *row)
{
    struct nb_row *old = &w->nb.rows[slot];
    uint32_t before = row_open_ips(old);
    uint32_t after = row_open_ips(row);

    for (int i = 0; i < N_IPS; i++) {
        if (after & ~before & (1u << i)) {
            w->nb.gained[slot][i] = w->nb.seq;
        } else if (before & ~after & (1u << i)) {
            w->nb.lost_ms[slot][i] = w->now;
        }
    }

    if (slot < N_OWNED_SLOTS && !row_equals(row, &w->losses[slot].left)) {
        w->losses[slot] = (struct loss) { .lost_ms = 0 };
    }

    struct nb_change *c = add_change(w);
    c->slot = slot;
    c->old_id = old->id;
    c->row = *row;
    *old = *row;
}

void
nb_bump_in_txn(struct world *w)
{
    w->nb.nb_cfg++;
    add_change(w);
}

void
nb_end(struct world *w)
{
    for (int i = 0; i < N_INSTANCES; i++) {
        struct instance *in = &w->instances[i];

        if (in->alive && in->connected[DB_NB]) {
            timer_by(w, instance_timer_number(in, IT_NB_IN),
                     w->now + delay(w, in->nb_lag_ms));
        }
    }
    sb_nb_changed(w);
}

void
nb_put(struct world *w, int slot, const struct nb_row *row)
{
    if (row_ps_ips(row) != row_ps_ips(&w->nb.rows[slot])) {
        w->ps_taken[slot] = 0;
    }
    if (row->id != w->nb.rows[slot].id
        || !same_texts(row->addresses, row->n_addresses,
                       w->nb.rows[slot].addresses,
                       w->nb.rows[slot].n_addresses)) {
        w->authors[slot].ours = false;
    }
    nb_begin(w);
    nb_put_in_txn(w, slot, row);
    nb_end(w);
    if (w->trace) {
        char *s = row_format(row);
        say(w, "NB", "%s is now %s", slot_port(slot), s);
        free(s);
    }
    if (slot < N_OWNED_SLOTS) {
        truth_update(w, slot);
    }
}

void
nb_delete(struct world *w, int slot)
{
    struct nb_row none = { .id = 0, .net = slot_net(slot) };

    if (w->nb.rows[slot].id) {
        nb_put(w, slot, &none);
    }
}

int
nb_slot_lost_since(const struct world *w, uint32_t id, uint64_t seq)
{
    for (size_t i = w->nb.n_log; id && i-- > 0; ) {
        const struct nb_change *c = &w->nb.log[i];

        if (c->seq <= seq) {
            break;
        } else if (c->slot >= 0 && c->old_id == id && c->row.id != id) {
            return c->slot;
        }
    }
    return -1;
}

/* ---- Rows. ---- */

struct nb_row
nb_new_row(struct world *w, int slot)
{
    return (struct nb_row) {
        .id = ++w->nb.next_id,
        .net = slot_net(slot),
        .addresses = { text_get(slot_mac(slot)) },
        .n_addresses = 1,
        .enabled = TRI_UNSET,
    };
}

/* The row with 'ip' (or NO_IP) as its only address, in place. */
void
nb_set_address(struct world *w, int slot, int ip)
{
    struct nb_row row = w->nb.rows[slot];
    char *s = (ip == NO_IP ? xstrdup(slot_mac(slot))
               : xasprintf("%s %s", slot_mac(slot), ip_text(ip)));

    if (!row.id) {
        row = nb_new_row(w, slot);
    }
    row.addresses[0] = text_get(s);
    row.n_addresses = 1;
    if (w->config.port_security && slot < N_OWNED_SLOTS) {
        row.ps[0] = row.addresses[0];
        row.n_ps = 1;
    }
    nb_put(w, slot, &row);
    free(s);
}

void
nb_init(struct world *w)
{
    struct nb_server *nb = &w->nb;
    struct nb_change *log = nb->log;
    size_t allocated = nb->allocated_log;

    memset(nb, 0, sizeof *nb);
    nb->log = log;
    nb->allocated_log = allocated;
    for (int i = 0; i < N_NETS; i++) {
        nb->net_ids[i] = ++nb->next_id;
    }
    for (int i = 0; i < N_SLOTS; i++) {
        nb->rows[i].net = slot_net(i);
    }
    nb->identity = 1;
}

/* ---- What befalls a database. ---- */

void
nb_save(struct world *w)
{
    memcpy(w->nb.saved, w->nb.rows, sizeof w->nb.saved);
    w->nb.saved_cfg = w->nb.nb_cfg;
    w->nb.have_saved = true;
    SAY(w, "NB", "a snapshot is taken at nb_cfg %"PRId64, w->nb.nb_cfg);
}

static void
tell_networks(struct world *w)
{
    struct nb_change *c = add_change(w);

    c->slot = -2;
    memcpy(c->net_ids, w->nb.net_ids, sizeof c->net_ids);
}

/* The content is what it was when the snapshot was taken: rows come back with
 * their UUIDs. */
void
nb_restore(struct world *w)
{
    struct nb_server *nb = &w->nb;

    if (!nb->have_saved) {
        return;
    }
    bool back = nb->saved_cfg < nb->nb_cfg;
    SAY(w, "NB", "restored from its snapshot: nb_cfg %"PRId64" -> %"PRId64,
        nb->nb_cfg, nb->saved_cfg);
    nb->nb_cfg = nb->saved_cfg;
    nb_begin(w);
    for (int i = 0; i < N_SLOTS; i++) {
        struct nb_row row = nb->saved[i];

        if (!row_equals(&row, &nb->rows[i])) {
            w->authors[i].ours = false;
            nb_put_in_txn(w, i, &row);
        }
    }
    add_change(w);
    nb_end(w);
    for (int i = 0; i < N_OWNED_SLOTS; i++) {
        truth_update(w, i);
    }
    for (int i = 0; i < N_INSTANCES; i++) {
        if (back && w->instances[i].alive) {
            /* Clients of a restored server start anew. */
            instance_disconnect(w, &w->instances[i], DB_NB, 50);
        }
    }
}

/* The switch goes with its ports, and is made again under its old name: the
 * CNI or CMS makes the ports anew when it looks. */
void
nb_recreate_switch(struct world *w, int net)
{
    struct nb_row none = { .id = 0, .net = net };

    SAY(w, "operator", "deletes net%d and makes it again", net);
    nb_begin(w);
    for (int i = 0; i < N_SLOTS; i++) {
        if (w->nb.rows[i].id && w->nb.rows[i].net == net) {
            w->authors[i].ours = false;
            nb_put_in_txn(w, i, &none);
        }
    }
    w->nb.net_ids[net] = 0;
    tell_networks(w);
    nb_end(w);
    nb_begin(w);
    w->nb.net_ids[net] = ++w->nb.next_id;
    tell_networks(w);
    nb_end(w);
    w->nb.have_saved = false;
    for (int i = 0; i < N_OWNED_SLOTS; i++) {
        truth_update(w, i);
    }
}
