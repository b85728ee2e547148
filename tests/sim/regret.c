/* SPDX-License-Identifier: Apache-2.0 */

/* An owner that comes back at the worst moment: between the live read that
 * precedes a clear and the clear itself.  Kube-OVN's controller is faster than
 * the daemon then, and writes to the port the very string that is there
 * already, which no verification of the server can see. */

#include <config.h>

#include "tests/sim/sim.h"

#include <string.h>

#include "util.h"

/* Whoever is to have the address is made, or scaled, with it. */
static void
make_owner(struct world *w, int slot, int ip)
{
    int sts = slot_sts(slot), ordinal = slot_ordinal(slot);
    struct ksts *s = &w->kube.sts[sts];
    int pool[2] = { s->pool[0], s->pool[1] };

    pool[ordinal] = ip;
    if (!s->exists) {
        *s = (struct ksts) {
            .exists = true, .uid = ++w->kube.next_uid,
            .replicas = ordinal + 1, .revision = 1, .old_revision = 1,
            .way = WAY_POOL, .pool = { ip, ip }, .old_pool = { ip, ip },
        };
        kube_sts_changed(w, sts);
    } else if (ordinal >= s->replicas) {
        s->replicas = ordinal + 1;
        kube_sts_changed(w, sts);
    }
    pod_create_at(w, slot, WAY_POOL, pool, ip, s->revision, s->uid);
}

static void
come_back(struct world *w, struct instance *in, int slot, int ip)
{
    if (w->kube.pods[slot].exists || w->places[slot].runs
        || slot == SLOT_VM) {
        return;
    }
    w->regret = false;
    coverage->regrets++;
    SAY(w, "kubernetes", "%s comes back as %s is being taken off its port",
        slot_name(slot), ip_text(ip));
    if (slot == SLOT_PLAIN) {
        pod_create_at(w, slot, WAY_ADDRESS, NULL, ip, 1, 0);
    } else {
        make_owner(w, slot, ip);
    }
    cni_set_up_at_once(w, slot);
    in->dies_told = w->regret_kills_in >= 0;
}

void
regret_told(const struct world *w, struct instance *in)
{
    if (in->dies_told) {
        in->dies_told = false;
        in->kill_in = w->regret_kills_in;
    }
}

void
regret_before_commit(struct world *w, struct instance *in,
                     const struct nb_batch *b)
{
    for (size_t i = 0; i < b->n && w->regret; i++) {
        const struct nb_write *wr = &b->writes[i];
        int slot = slot_of_port(wr->port_name);
        uint32_t gone = (wr->set_addresses && slot >= 0
                         ? svec_ips(&wr->old_addresses)
                           & ~svec_ips(&wr->new_addresses) & 0x3f : 0);

        if (gone && slot < N_OWNED_SLOTS) {
            come_back(w, in, slot, raw_ctz(gone));
        }
    }
}
