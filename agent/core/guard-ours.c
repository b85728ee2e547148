/* SPDX-License-Identifier: Apache-2.0 */

/* What of ours there is in others' databases, for whoever takes the program
 * off a cluster: guard_stop() undoes it. */

#include <config.h>

#include "guard-private.h"

#include "ipam-object.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "util.h"

static void
put_gates(const struct guard *g, struct ds *ds)
{
    const char **names = sset_sort(&g->model.marked_ports);

    for (size_t i = 0; names[i]; i++) {
        const struct port *p = model_find_port_by_name(&g->model, names[i]);
        const struct gate *gate = p ? guard_find_gate(g, &p->uuid) : NULL;

        ds_put_format(ds, "port %s: kept disabled by a gate%s%s\n", names[i],
                      gate ? ": " : ", of which there is no record",
                      gate ? gate->reason : "");
    }
    free(names);
}

static void
put_exclusions(const struct guard *g, struct ds *ds)
{
    const struct network *n;

    LIST_FOR_EACH (n, ours_node, &g->model.excluding) {
        ds_put_format(ds, "switch %s: exclude_ips has held addresses: %s\n",
                      n->name, n->exclude_ours ? n->exclude_ours : "");
    }
}

static void
put_ip_objects(const struct guard *g, struct ds *ds)
{
    const char **names = sset_sort(&g->model.our_ip_objects);

    for (size_t i = 0; names[i]; i++) {
        const struct ip_object *o = model_find_ip_object(&g->model, names[i]);

        if (o && !o->deleting) {
            ds_put_format(ds, "IP object %s: %s\n", names[i],
                          guard_ip_object_is_ours(g, o)
                          ? "reserves a held address"
                          : "bears our label, but is not as we make "
                            "them, and is left");
        }
    }
    free(names);
}

void
guard_format_ours(const struct guard *g, struct ds *ds)
{
    put_gates(g, ds);
    put_exclusions(g, ds);
    put_ip_objects(g, ds);
}
