/* SPDX-License-Identifier: Apache-2.0 */

/* What is really so, whatever the daemon knows of it. */

#include <config.h>

#include "tests/sim/sim.h"

#include <string.h>

#include "openvswitch/util.h"
#include "util.h"

/* Which addresses has the pod in 'slot' a right to, that must not be taken
 * from it? */
static uint32_t
rights(const struct world *w, int slot)
{
    const struct kpod *pod = &w->kube.pods[slot];
    int wants;

    if (!pod->exists || pod->finished) {
        return 0;
    }
    wants = pod_wants(pod, slot);
    if (wants != NO_IP && !pod->edited) {
        return 1u << wants;
    }
    if (speaks_ovn_kubernetes(w)) {
        return 0;               /* It gets a port of its own. */
    }
    if (pod->edited && w->places[slot].uid != pod->uid) {
        return 0;               /* It never ran. */
    }
    /* Who names no address, or cannot be understood, or was edited while it
     * ran, keeps what it has. */
    return row_ips(&w->nb.rows[slot]);
}

void
truth_update(struct world *w, int slot)
{
    uint32_t now = rights(w, slot);

    for (int i = 0; i < N_IPS; i++) {
        int64_t *since = &w->places[slot].own_since[i];

        if (!(now & (1u << i))) {
            *since = NEVER;
        } else if (*since == NEVER) {
            *since = w->now;
        }
    }
}

static bool
chassis_excused(const struct world *w, int number)
{
    const struct chassis_state *c = &w->sb.chassis[number];

    return (!c->exists || !w->config.chassis_report
            || (!w->config.wait_policy && c->behind_since != NEVER
                && w->now - c->behind_since >= 30000));
}

/* What left a port while no instance had a copy of NB, and what a restored SB
 * has led to once more, no hold tells of: there a silent chassis is not waited
 * for without end, whatever the policy, or no port would be given an
 * address. */
static bool
silence_excused(const struct world *w, const struct chassis_state *c,
                int64_t lost_ms, int64_t nb_known_ms)
{
    return (c->behind_since != NEVER && w->now - c->behind_since >= 30000
            && (lost_ms < nb_known_ms || w->sb.restored_ms > lost_ms));
}

/* An instance that began after the StatefulSet of this pod had gone takes it
 * for a plain one. */
static bool
is_orphan(const struct world *w, int slot, int64_t watched_since)
{
    const struct kpod *pod = &w->kube.pods[slot];

    return (slot_sts(slot) >= 0 && !pod->owner_uid && pod->orphaned_ms
            && watched_since >= pod->orphaned_ms);
}

bool
truth_is_guarded(const struct world *w, int slot, int64_t watched_since)
{
    return (slot != SLOT_FOREIGN
            && (w->config.scope_all || !is_orphan(w, slot, watched_since))
            && (slot != SLOT_PLAIN || w->config.scope_all
                || w->kube.pods[slot].way != WAY_STICKY));
}

const char *
truth_dirt(const struct world *w, const struct instance *in, int net, int ip,
           int slot, uint64_t seq, uint64_t sb_seq)
{
    static char reason[100];
    uint32_t bit = 1u << ip;
    int64_t watched_since = in->born_ms;
    bool restored = w->sb.restored_seq > sb_seq;

    for (int q = 0; q < N_SLOTS; q++) {
        const struct sb_row *sb = &w->sb.rows[q];
        bool later = w->nb.gained[q][ip] > seq;

        if (q == slot || slot_net(q) != net || later
            || !truth_is_guarded(w, q, watched_since)
            || w->forced[net] & bit) {
            continue;
        }
        if (row_open_ips(&w->nb.rows[q]) & bit) {
            snprintf(reason, sizeof reason, "NB's row of %s lists it",
                     slot_port(q));
            return reason;
        }
        if (restored || in->left_plain[q] & bit) {
            continue;
        }
        if (sb->present && sb->net_id == w->nb.net_ids[net]
            && row_open_ips(&sb->nb) & bit) {
            snprintf(reason, sizeof reason, "SB's row of %s lists it",
                     slot_port(q));
            return reason;
        }
        if (w->sb.is_pending && row_open_ips(&w->sb.pending[q]) & bit
            && w->sb.pending_net_ids[net] == w->nb.net_ids[net]) {
            snprintf(reason, sizeof reason, "northd is about to put it on "
                     "SB's row of %s", slot_port(q));
            return reason;
        }
        for (int c = 0; c < w->config.n_chassis; c++) {
            const struct chassis_state *ch = &w->sb.chassis[c];

            if (ch->flows[q] & bit && ch->flows_net[q] == w->nb.net_ids[net]
                && !chassis_excused(w, c)
                && !silence_excused(w, ch, w->nb.lost_ms[q][ip],
                                    in->nb_known_ms)) {
                snprintf(reason, sizeof reason, "flows of hv%d lead to %s",
                         c, slot_port(q));
                return reason;
            }
        }
    }
    return NULL;
}

/* What transaction 'own' gained counts as well. */
int
truth_duplicates(const struct world *w, uint64_t seq, uint64_t own)
{
    int n = 0;

    for (int a = 0; a < N_SLOTS; a++) {
        for (int b = 0; b < a; b++) {
            uint32_t both = (row_open_ips(&w->nb.rows[a])
                             & row_open_ips(&w->nb.rows[b]));

            for (int i = 0; both && slot_net(a) == slot_net(b) && i < N_IPS;
                 i++) {
                uint64_t x = w->nb.gained[a][i], y = w->nb.gained[b][i];

                n += (both & (1u << i) && (x <= seq || x == own)
                      && (y <= seq || y == own));
            }
        }
    }
    return n;
}
