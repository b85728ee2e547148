/* SPDX-License-Identifier: Apache-2.0 */

/* Which logical switch a port is on.
 *
 * Logical_Switch.ports is the only way from a port to its switch, and it is
 * a set of up to tens of thousands of uuids that the server sends as
 * differences but the IDL hands out as a whole.  This map keeps the sets that
 * it saw last, compares, and says which ports are to be looked at: work in
 * the model is for what changed only.  nb-view.c feeds and asks it; it knows
 * neither the IDL nor the model. */

#ifndef NB_PORTS_H
#define NB_PORTS_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "openvswitch/hmap.h"
#include "openvswitch/uuid.h"

struct nb_ports {
    struct hmap ports;          /* struct nb_port, by uuid. */
    struct hmap switches;       /* struct nb_switch, by uuid. */
    uint32_t generation;        /* For mark and sweep. */
    struct uuid *dirty;         /* Ports to look at. */
    size_t n_dirty, allocated_dirty;
};

void nb_ports_init(struct nb_ports *);
void nb_ports_destroy(struct nb_ports *);
size_t nb_ports_count(const struct nb_ports *);
size_t nb_ports_count_switches(const struct nb_ports *);

/* The switch has exactly these ports, in any order.  A port may be named here
 * before or after its row is seen, and in two switches for the time of an
 * update: the one that it came to last counts. */
void nb_ports_set_switch(struct nb_ports *, const struct uuid *sw,
                         const struct uuid *ports, size_t n);
bool nb_ports_has_switch(const struct nb_ports *, const struct uuid *sw);
/* Returns false if the switch was not known. */
bool nb_ports_remove_switch(struct nb_ports *, const struct uuid *sw);

/* The port's row is new or has changed. */
void nb_ports_set_row(struct nb_ports *, const struct uuid *port);
/* Returns false if the row was not known. */
bool nb_ports_remove_row(struct nb_ports *, const struct uuid *port);

/* Takes a port whose row or switch has changed.  '*sw' is all zeros if it is
 * on no switch.  Only ports that have a row are given, each once. */
bool nb_ports_pop_dirty(struct nb_ports *, struct uuid *port,
                        struct uuid *sw);

/* For content that was read anew: after nb_ports_begin(), what is set is
 * marked; the functions below forget what was not, and return it.  The caller
 * frees '*uuids'. */
void nb_ports_begin(struct nb_ports *);
size_t nb_ports_sweep_rows(struct nb_ports *, struct uuid **uuids);
size_t nb_ports_sweep_switches(struct nb_ports *, struct uuid **uuids);

#endif /* nb-ports.h */
