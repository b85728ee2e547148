/* SPDX-License-Identifier: Apache-2.0 */

/* What tests of the guard where ovn-kubernetes is spoken share: a simulated
 * world with a node's switch and a user-defined network, and pods and ports as
 * that controller makes them. */

#ifndef OVNK_FIXTURE_H
#define OVNK_FIXTURE_H 1

#include <stdint.h>

#include "tests/unit/world.h"

#define IP1 "10.0.0.1"
#define IP2 "10.0.0.2"
#define MAC1 "0a:58:0a:00:00:01"
#define MAC2 "0a:58:0a:00:00:02"
#define GIVEN(IP, MAC) \
    "k8s.ovn.org/pod-networks=default@primary="IP"/24="MAC
#define BLUE_GIVEN(IP, MAC) \
    "k8s.ovn.org/pod-networks=default/blue@primary="IP"/24="MAC
/* Asked for by a pod or a template, on the primary network. */
#define ASK(IP) \
    "v1.multus-cni.io/default-network=ovn-kubernetes/default="IP"/24"

/* The networks. */
enum { NODE1, BLUE };

void okf_begin(struct world *, enum guard_mode);

/* The port of 'pod', as the controller makes it. */
struct wport *okf_add_port(struct world *, uint32_t network, const char *pod,
                           const char *uid, const char *addresses);

void okf_add_pod(struct world *, const char *name, const char *uid,
                 enum owner_kind, const char *owner, const char *annotations);

#endif /* ovnk-fixture.h */
