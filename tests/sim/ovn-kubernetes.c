/* SPDX-License-Identifier: Apache-2.0 */

/* The controller of ovn-kubernetes, in its own dialect: ports are called
 * NAMESPACE_POD, what a pod was given stands in an annotation, and a pod that
 * is gone or has finished frees its address and loses its port.  An address
 * is given anew at once, to whoever comes first; nobody asks for one. */

#include <config.h>

#include "tests/sim/sim.h"

#include "openvswitch/util.h"
#include "smap.h"
#include "util.h"

#include "agent/core/dialect.h"

bool
speaks_ovn_kubernetes(const struct world *w)
{
    return w->config.cni == CNI_OVN_KUBERNETES;
}

const struct dialect *
sim_dialect(const struct world *w)
{
    return (speaks_ovn_kubernetes(w) ? &dialect_ovn_kubernetes
            : &dialect_kube_ovn);
}

void
ovn_kubernetes_fill_ids(struct smap *ids)
{
    smap_add(ids, "pod", "true");
    smap_add(ids, "namespace", "default");
}

void
ovn_kubernetes_add_annotation(struct smap *annotations,
                              const struct kpod *pod)
{
    if (pod->allocated_ip != NO_IP) {
        smap_add_nocopy(annotations, xstrdup(POD_NETWORKS_ANNOTATION),
                        xasprintf("default=%s/24",
                                  ip_text(pod->allocated_ip)));
    }
}

static void
free_address(struct world *w, int slot)
{
    struct cni_state *c = &w->cni;

    if (c->nic[slot] != NO_IP) {
        c->ipam[slot_net(slot)][c->nic[slot]] = -1;
        c->nic[slot] = NO_IP;
    }
    nb_delete(w, slot);
}

/* First the annotation, then the port. */
void
ovn_kubernetes_set_up(struct world *w, int slot)
{
    struct cni_state *c = &w->cni;
    struct kpod *pod = &w->kube.pods[slot];
    struct place *p = &w->places[slot];
    int *ipam = c->ipam[slot_net(slot)];

    if (p->granted_ip != NO_IP) {
        cni_write_port(w, slot, p->granted_ip);
        pod_network_ready(w, slot, NO_IP);
        p->granted_ip = NO_IP;
        return;
    }
    for (int ip = 0; ip < 6; ip++) {
        if (ipam[ip] < 0) {
            ipam[ip] = slot;
            c->nic[slot] = p->granted_ip = pod->allocated_ip = ip;
            coverage->given++;
            SAY(w, "CNI", "%s is given %s", slot_name(slot), ip_text(ip));
            kube_pod_changed(w, slot);
            timer_by(w, T_CNI, w->now + delay(w, 50));
            return;
        }
    }
    p->retry_at = w->now + 5000;
    timer_by(w, T_CNI, p->retry_at);
}

/* The pod in 'slot' is gone, or has finished. */
void
ovn_kubernetes_tear_down(struct world *w, int slot)
{
    if (!w->kube.pods[slot].exists || w->kube.pods[slot].finished) {
        free_address(w, slot);
    }
}

/* What pods were given, and no other port. */
void
ovn_kubernetes_restart(struct world *w)
{
    for (int i = 0; i < N_OWNED_SLOTS; i++) {
        const struct kpod *pod = &w->kube.pods[i];

        if (pod->exists && !pod->finished && pod->allocated_ip != NO_IP) {
            w->cni.ipam[slot_net(i)][pod->allocated_ip] = i;
            w->cni.nic[i] = pod->allocated_ip;
        } else if (!pod->exists || pod->finished) {
            nb_delete(w, i);
        }
    }
}
