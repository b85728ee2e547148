/* SPDX-License-Identifier: Apache-2.0 */

/* A simulated world where ovn-kubernetes is spoken; see ovnk-fixture.h. */

#include <config.h>

#include "tests/unit/ovnk-fixture.h"

#include <stdlib.h>

#include "util.h"

#define BLUE_IDS "|k8s.ovn.org/nad=default/blue|" \
    "k8s.ovn.org/network=blue|k8s.ovn.org/topology=layer2"

void
okf_begin(struct world *w, enum guard_mode mode)
{
    world_init_dialect(w, mode, &dialect_ovn_kubernetes);
    world_chassis(w, "hv1");
    world_network(w, "node1");
    world_network(w, "blue_ovn_layer2_switch");
    world_flags(w);
}

struct wport *
okf_add_port(struct world *w, uint32_t network, const char *pod,
             const char *uid, const char *addresses)
{
    char *name = xasprintf("%sdefault_%s",
                           network == BLUE ? "default.blue_" : "", pod);
    char *options = xasprintf("requested-chassis=c1|iface-id-ver=%s", uid);
    struct wport *p
        = world_raw_port(w, network, name, addresses,
                         network == BLUE
                         ? "pod=true|namespace=default"BLUE_IDS
                         : "pod=true|namespace=default", options);

    free(name);
    free(options);
    return p;
}

void
okf_add_pod(struct world *w, const char *name, const char *uid,
            enum owner_kind kind, const char *owner, const char *annotations)
{
    world_pod(w, unit_dialect_pod(&dialect_ovn_kubernetes, name, uid, kind,
                                  owner, annotations));
}
