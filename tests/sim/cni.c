/* SPDX-License-Identifier: Apache-2.0 */

/* The CNI controller.  Kube-OVN writes a port's addresses when it allocates a
 * pod and at no other time; what it does with the address that the pod had
 * before differs from release to release:
 *
 *   leak          up to 1.14.5: it stays taken in memory until a restart
 *   current       released with the grant of the new one
 *   failed move   released first; when the new one is refused, the port still
 *                 lists what another pod may now be given
 *
 * Without Kube-OVN, a CMS makes ports with a MAC and leaves the addresses to
 * the daemon (mode manage). */

#include <config.h>

#include "tests/sim/sim.h"
#include "tests/sim/ipam.h"

#include <string.h>

#include "openvswitch/util.h"
#include "util.h"

#define GC_MS (360 * 1000)
#define MAX_RETRY_MS (1000 * 1000)

void
cni_release(struct world *w, int slot)
{
    struct cni_state *c = &w->cni;

    if (c->nic[slot] != NO_IP) {
        int *holder = &c->ipam[slot_net(slot)][c->nic[slot]];

        if (*holder == slot) {
            *holder = ipam_other_holder(w, slot_net(slot), c->nic[slot]);
        }
    }
    c->nic[slot] = NO_IP;
}

static int
find_free(const struct world *w, int net)
{
    for (int i = 5; i >= 3; i--) {
        if (w->cni.ipam[net][i] < 0) {
            return i;
        }
    }
    return NO_IP;
}

/* Returns the address that the pod in 'slot' gets, or NO_IP. */
static int
allocate(struct world *w, int slot)
{
    struct cni_state *c = &w->cni;
    int net = slot_net(slot);
    int wants = pod_wants(&w->kube.pods[slot], slot);

    if (w->kube.pods[slot].way == WAY_INVALID) {
        return NO_IP;
    }
    if (wants == NO_IP) {
        if (w->kube.pods[slot].way != WAY_STICKY) {
            return NO_IP;
        }
        wants = c->nic[slot] != NO_IP ? c->nic[slot] : find_free(w, net);
        if (wants == NO_IP) {
            return NO_IP;
        }
    }
    if (w->config.cni == CNI_OVN_FAILED_MOVE && c->nic[slot] != wants) {
        cni_release(w, slot);
    }
    if (c->ipam[net][wants] >= 0 && c->ipam[net][wants] != slot) {
        SAY(w, "CNI", "AddressConflict: %s asks for %s, which is %s's",
            slot_name(slot), ip_text(wants),
            c->ipam[net][wants] < N_SLOTS ? slot_name(c->ipam[net][wants])
            : w->ipam.rows[c->ipam[net][wants] - N_SLOTS].name);
        w->places[slot].conflict = true;
        return NO_IP;
    }
    if (w->config.cni != CNI_OVN_LEAK && c->nic[slot] != wants) {
        cni_release(w, slot);
    }
    c->ipam[net][wants] = slot;
    c->nic[slot] = wants;
    c->ip_object[slot] = wants;
    return wants;
}

void
cni_write_port(struct world *w, int slot, int ip)
{
    struct nb_row row = w->nb.rows[slot];
    int v6 = (!w->config.dual_stack ? NO_IP
              : slot == SLOT_S0_0 ? 6 : slot == SLOT_S1_0 ? 7 : NO_IP);
    char *s = xasprintf("%s %s%s%s", slot_mac(slot), ip_text(ip),
                        v6 == NO_IP ? "" : " ",
                        v6 == NO_IP ? "" : ip_text(v6));

    if (!row.id) {
        row = nb_new_row(w, slot);
    }
    if (speaks_ovn_kubernetes(w)) {
        row.made_for = w->kube.pods[slot].uid;
    }
    row.addresses[0] = text_get(s);
    row.n_addresses = 1;
    if (w->config.port_security) {
        row.ps[0] = row.addresses[0];
        row.n_ps = 1;
    }
    free(s);
    nb_put(w, slot, &row);
}

/* Before the world begins: 'slot' was given 'ip' long ago. */
void
cni_settle(struct world *w, int slot, int ip)
{
    w->cni.ipam[slot_net(slot)][ip] = slot;
    w->cni.nic[slot] = w->cni.ip_object[slot] = ip;
    cni_write_port(w, slot, ip);
}

/* One pod that has no network yet. */
static void
set_up(struct world *w, int slot)
{
    struct place *p = &w->places[slot];

    if (w->config.cni == CNI_NONE) {
        if (!w->nb.rows[slot].id) {
            struct nb_row row = nb_new_row(w, slot);

            if (w->config.port_security) {
                row.ps[0] = row.addresses[0];
                row.n_ps = 1;
            }
            nb_put(w, slot, &row);
        }
        pod_network_ready(w, slot, NO_IP);
        return;
    }
    if (speaks_ovn_kubernetes(w)) {
        ovn_kubernetes_set_up(w, slot);
        return;
    }
    if (p->granted_ip != NO_IP) {
        pod_network_ready(w, slot, p->granted_ip);
        p->granted_ip = NO_IP;
        return;
    }
    int ip = allocate(w, slot);
    if (ip == NO_IP) {
        p->retry_at = w->now + p->retry_ms;
        p->retry_ms = MIN(2 * p->retry_ms, MAX_RETRY_MS);
        timer_by(w, T_CNI, p->retry_at);
        return;
    }
    cni_write_port(w, slot, ip);
    p->granted_ip = ip;
    timer_by(w, T_CNI, w->now + delay(w, 50));
}

void
cni_set_up_at_once(struct world *w, int slot)
{
    for (int i = 0; i < 2 && w->cni.up; i++) {
        if (!w->places[slot].network_ready) {
            set_up(w, slot);
        }
    }
    ipam_sync(w);
}

/* The pod that was in 'slot' is gone: a member that will come again keeps its
 * port and address, whatever its template says now. */
static void
tear_down(struct world *w, int slot)
{
    int sts = slot_sts(slot);
    bool keep;

    if (speaks_ovn_kubernetes(w)) {
        ovn_kubernetes_tear_down(w, slot);
        return;
    }
    if (w->kube.pods[slot].exists) {
        return;
    }
    if (w->config.cni == CNI_NONE) {
        keep = slot != SLOT_PLAIN;
    } else {
        keep = (sts >= 0 ? (w->kube.sts[sts].exists
                            && slot_ordinal(slot) < w->kube.sts[sts].replicas)
                : slot == SLOT_VM && w->kube.vm.exists);
    }
    if (!keep) {
        cni_release(w, slot);
        w->cni.ip_object[slot] = NO_IP;
        nb_delete(w, slot);
    }
}

void
cni_step(struct world *w)
{
    timer_set(w, T_CNI, NEVER);
    if (!w->cni.up) {
        return;
    }
    for (int i = 0; i < N_OWNED_SLOTS; i++) {
        struct place *p = &w->places[i];
        const struct kpod *pod = &w->kube.pods[i];

        if (p->gone_pending) {
            p->gone_pending = false;
            tear_down(w, i);
        }
        if (pod->exists && !pod->deleting && !pod->finished
            && !p->network_ready) {
            if (p->retry_at <= w->now) {
                set_up(w, i);
            } else {
                timer_by(w, T_CNI, p->retry_at);
            }
        }
    }
    ipam_sync(w);
}

/* Ports without a pod go at the second round that finds them so. */
void
cni_gc(struct world *w)
{
    timer_set(w, T_GC, NEVER);
    if (w->config.cni == CNI_NONE || speaks_ovn_kubernetes(w)
        || !w->cni.up) {
        return;
    }
    for (int i = 0; i < N_OWNED_SLOTS; i++) {
        bool orphan = w->nb.rows[i].id && !w->kube.pods[i].exists;

        if (orphan && w->cni.marked[i]) {
            SAY(w, "CNI", "GC deletes %s", slot_port(i));
            cni_release(w, i);
            w->cni.ip_object[i] = NO_IP;
            nb_delete(w, i);
            orphan = false;
        }
        w->cni.marked[i] = orphan;
    }
    ipam_sync(w);
    timer_set(w, T_GC, w->now + GC_MS);
}

/* InitIPAM: what the IP objects say, then the pods; NB is not looked at. */
void
cni_restart(struct world *w)
{
    struct cni_state *c = &w->cni;

    SAY(w, "CNI", "the controller starts");
    c->up = true;
    c->restarted_ms = w->now;
    memset(c->ipam, 0xff, sizeof c->ipam);
    if (speaks_ovn_kubernetes(w)) {
        for (int i = 0; i < N_OWNED_SLOTS; i++) {
            c->ip_object[i] = NO_IP; /* It has none. */
        }
    }
    for (int i = 0; i < N_OWNED_SLOTS; i++) {
        int ip = c->ip_object[i];

        c->marked[i] = false;
        c->nic[i] = NO_IP;
        if (ip != NO_IP && c->ipam[slot_net(i)][ip] < 0) {
            c->ipam[slot_net(i)][ip] = i;
            c->nic[i] = ip;
        }
        w->places[i].retry_at = w->now;
        w->places[i].retry_ms = 5;
        w->places[i].gone_pending = !w->kube.pods[i].exists;
    }
    if (speaks_ovn_kubernetes(w)) {
        ovn_kubernetes_restart(w);
    }
    for (int i = 0; i < N_OWNED_SLOTS; i++) {
        int ip = (w->kube.pods[i].exists && !speaks_ovn_kubernetes(w)
                  ? w->kube.pods[i].allocated_ip : NO_IP);

        if (ip != NO_IP && c->ipam[slot_net(i)][ip] < 0) {
            c->ipam[slot_net(i)][ip] = i;
            c->nic[i] = ip;
        }
    }
    ipam_sync(w);
    ipam_restart(w);
    for (int i = 0; i < N_INSTANCES; i++) {
        if (w->instances[i].alive && w->config.cni != CNI_NONE
            && !speaks_ovn_kubernetes(w)) {
            guard_model(w->instances[i].guard)->cni_restarted_ms = w->now;
        }
    }
    timer_set(w, T_CNI, w->now + delay(w, 100));
    timer_set(w, T_GC, w->now + GC_MS);
}

void
cni_init(struct world *w)
{
    struct cni_state *c = &w->cni;

    memset(c, 0, sizeof *c);
    memset(c->ipam, 0xff, sizeof c->ipam);
    for (int i = 0; i < N_SLOTS; i++) {
        c->nic[i] = c->ip_object[i] = NO_IP;
    }
    c->up = true;
    timer_set(w, T_GC, w->now + GC_MS);
}
