/* SPDX-License-Identifier: Apache-2.0 */

/* --reserve=exclude-ips: a held IPv4 address is not given away by OVN's own
 * IPAM, because the switch excludes it.
 *
 * Each change of a switch makes ovn-northd compute everything anew, so all
 * changes are made together and not often: an address that is to be excluded
 * waits for a second at most, one that no longer is, for a few.  The switch's
 * row says which words are ours; that is all that cleaning up takes, after a
 * crash too. */

#include <config.h>

#include "guard-private.h"

#include <stdlib.h>

#include "exclude-ips.h"
#include "openvswitch/util.h"
#include "util.h"
#include "uuid.h"

/* Between two transactions that exclude more, and that only exclude less. */
#define ADD_MS 1000
#define REMOVE_MS 5000

/* What a switch is to exclude by us. */
struct exclusion {
    struct hmap_node node;      /* By network. */
    const struct network *network;
    struct ip_addr_set wanted;
};

static struct exclusion *
get_exclusion(struct hmap *all, const struct network *n)
{
    struct exclusion *e;

    HMAP_FOR_EACH_WITH_HASH (e, node, uuid_hash(&n->uuid), all) {
        if (e->network == n) {
            return e;
        }
    }
    e = xzalloc(sizeof *e);
    e->network = n;
    ip_addr_set_init(&e->wanted);
    hmap_insert(all, &e->node, uuid_hash(&n->uuid));
    return e;
}

/* Every switch that excludes something by us or is to. */
static void
collect(struct guard *g, bool may_add, struct hmap *all)
{
    struct network *n;
    struct hold *h;

    LIST_FOR_EACH (n, ours_node, &g->model.excluding) {
        get_exclusion(all, n);
    }
    if (!may_add) {
        return;
    }
    HMAP_FOR_EACH (h, node, &g->holds.holds) {
        n = model_find_network(&g->model, &h->network);
        if (n && n->subnet && !h->would_be && h->addr.family == 4
            && hold_is_evidence_phase(h)
            && ip_addr_in_cidr(&h->addr, n->subnet)) {
            ip_addr_set_add(&get_exclusion(all, n)->wanted, &h->addr);
        }
    }
}

/* Adds the write for 'e' to 'batch', if there is anything to be written.
 * Sets '*adds' if it excludes more. */
static void
add_write(struct nb_batch *batch, const struct exclusion *e, bool *adds)
{
    const struct network *n = e->network;
    char *exclude, *ours;

    exclude_ips_edit(n->exclude, n->exclude_ours, &e->wanted, &exclude, &ours);
    if (nullable_string_is_equal(exclude, n->exclude)
        && nullable_string_is_equal(ours, n->exclude_ours)) {
        free(exclude);
        free(ours);
        return;
    }
    for (size_t i = 0; i < e->wanted.n; i++) {
        *adds |= !exclude_ips_has(n->exclude, &e->wanted.addrs[i]);
    }
    struct nb_switch_write *w = nb_batch_add_switch(batch, &n->uuid);
    w->old_exclude = nullable_xstrdup(n->exclude);
    w->new_exclude = exclude;
    w->old_ours = nullable_xstrdup(n->exclude_ours);
    w->new_ours = ours;
}

void
guard_add_excludes(struct guard *g, const struct guard_env *env,
                   struct nb_batch *batch)
{
    bool may_write = !guard_write_refusal(g, env, false);
    bool leaving = g->stopping || g->mode == MODE_OBSERVE;
    bool may_add = (may_write
                    && g->settings.reserve == RESERVE_EXCLUDE_IPS);
    struct hmap all = HMAP_INITIALIZER(&all);
    struct nb_batch *changes;
    struct exclusion *e;
    bool adds = false;
    long long int due;

    if (!g->started || !(may_write || leaving)
        || (!may_add && ovs_list_is_empty(&g->model.excluding))) {
        return;
    }
    changes = xzalloc(sizeof *changes);
    collect(g, may_add, &all);
    HMAP_FOR_EACH_POP (e, node, &all) {
        add_write(changes, e, &adds);
        ip_addr_set_destroy(&e->wanted);
        free(e);
    }
    hmap_destroy(&all);
    due = leaving ? env->now : g->excluded_ms + (adds ? ADD_MS : REMOVE_MS);
    if (!changes->n_switches) {
        nb_batch_destroy(changes);
    } else if (env->now < due) {
        guard_wake_at(g, due);
        nb_batch_destroy(changes);
    } else {
        batch->switches = changes->switches;
        batch->n_switches = changes->n_switches;
        free(changes);
        g->excluded_ms = env->now;
    }
}

void
guard_excludes_done(struct guard *g, const struct guard_env *env,
                    const struct nb_batch *batch)
{
    for (size_t i = 0; i < batch->n_switches; i++) {
        const struct nb_switch_write *w = &batch->switches[i];
        const struct network *n = model_find_network(&g->model, &w->network);
        const char *name = n ? n->name : "a switch";
        struct journal_entry *j;

        g->counters.excludes++;
        guard_log(g, 'i', "%s: held addresses in exclude_ips: %s", name,
                  w->new_ours ? w->new_ours : "none");
        j = guard_journal(g, env, "exclude", "",
                          "held addresses are kept from OVN's IPAM");
        guard_journal_address(j, &w->network, n ? n->name : "",
                              w->new_ours ? w->new_ours : "");
    }
}
