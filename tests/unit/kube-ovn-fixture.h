/* SPDX-License-Identifier: Apache-2.0 */

/* A stand-in for Kube-OVN's controller in the simulated world: what it does
 * with IP objects that somebody else makes and deletes, as it was seen
 * (kube-ovn-seen, E1, E2 and E5).  Where it stands in for a fault, the test
 * says so by the flags. */

#ifndef KUBE_OVN_FIXTURE_H
#define KUBE_OVN_FIXTURE_H 1

#include <stdbool.h>
#include <stddef.h>
#include "tests/unit/world.h"

struct kube_ovn {
    struct world *w;
    bool down;                  /* The controller does not run. */
    bool deaf;                  /* It does not take reserved addresses up. */
    enum kube_write_result result; /* Of each write; KUBE_WRITE_DONE. */
    int version;                /* resourceVersion of the latest change. */

    struct kube_ovn_ip {
        char *name, *uid, *ns, *pod, *pod_type, *subnet, *ip;
        int version;
        bool reserved, ours, force, deleting;
    } *ips[16];
    size_t n_ips;
    size_t n_made, n_deleted, n_conflicts;
};

/* The Subnet "net1" and the writes of 'w' go through 'ko'. */
void kube_ovn_init(struct kube_ovn *, struct world *w);
void kube_ovn_destroy(struct kube_ovn *);

/* An IP object of a pod, as the controller makes it. */
struct kube_ovn_ip *kube_ovn_add(struct kube_ovn *, const char *pod,
                                 const char *ip);
struct kube_ovn_ip *kube_ovn_find(struct kube_ovn *, const char *name);
/* The first one that we made, or NULL. */
struct kube_ovn_ip *kube_ovn_ours(struct kube_ovn *);
/* Tells the guard of it as it is now. */
void kube_ovn_tell(struct kube_ovn *, struct kube_ovn_ip *);
/* It is gone. */
void kube_ovn_remove(struct kube_ovn *, struct kube_ovn_ip *);
/* The controller starts again: what its gcIP and its queues do then. */
void kube_ovn_start(struct kube_ovn *);
/* Does its IPAM refuse 'ip' to another pod than 'pod'? */
bool kube_ovn_refuses(struct kube_ovn *, const char *pod, const char *ip);
/* After world_kill(): tells the new guard everything. */
void kube_ovn_tell_all(struct kube_ovn *);

#endif /* kube-ovn-fixture.h */
