/* SPDX-License-Identifier: Apache-2.0 */

/* See nb-ports.h. */

#include <config.h>

#include "ovsdb/nb-ports.h"

#include <stdlib.h>

#include "util.h"
#include "uuid.h"

struct nb_switch {
    struct hmap_node node;      /* In nb_ports->switches. */
    struct uuid uuid;
    struct uuid *ports;         /* Sorted. */
    size_t n_ports;
    uint32_t generation;
};

/* Exists while it has a row or a switch names it. */
struct nb_port {
    struct hmap_node node;      /* In nb_ports->ports. */
    struct uuid uuid;
    struct nb_switch *sw;       /* Or NULL. */
    uint32_t generation;        /* When the row was last set. */
    bool has_row;
    bool dirty;                 /* In nb_ports->dirty. */
};

void
nb_ports_init(struct nb_ports *np)
{
    *np = (struct nb_ports) {
        .ports = HMAP_INITIALIZER(&np->ports),
        .switches = HMAP_INITIALIZER(&np->switches),
    };
}

static void
free_switch(struct nb_ports *np, struct nb_switch *sw)
{
    hmap_remove(&np->switches, &sw->node);
    free(sw->ports);
    free(sw);
}

static void
free_port(struct nb_ports *np, struct nb_port *port)
{
    hmap_remove(&np->ports, &port->node);
    free(port);
}

void
nb_ports_destroy(struct nb_ports *np)
{
    struct nb_switch *sw;
    struct nb_port *port;

    HMAP_FOR_EACH_SAFE (port, node, &np->ports) {
        free_port(np, port);
    }
    HMAP_FOR_EACH_SAFE (sw, node, &np->switches) {
        free_switch(np, sw);
    }
    hmap_destroy(&np->ports);
    hmap_destroy(&np->switches);
    free(np->dirty);
}

size_t
nb_ports_count(const struct nb_ports *np)
{
    return hmap_count(&np->ports);
}

size_t
nb_ports_count_switches(const struct nb_ports *np)
{
    return hmap_count(&np->switches);
}

static struct nb_port *
find_port(const struct nb_ports *np, const struct uuid *uuid)
{
    struct nb_port *port;

    HMAP_FOR_EACH_WITH_HASH (port, node, uuid_hash(uuid), &np->ports) {
        if (uuid_equals(&port->uuid, uuid)) {
            return port;
        }
    }
    return NULL;
}

static struct nb_port *
get_port(struct nb_ports *np, const struct uuid *uuid)
{
    struct nb_port *port = find_port(np, uuid);

    if (!port) {
        port = xzalloc(sizeof *port);
        port->uuid = *uuid;
        hmap_insert(&np->ports, &port->node, uuid_hash(uuid));
    }
    return port;
}

static struct nb_switch *
find_switch(const struct nb_ports *np, const struct uuid *uuid)
{
    struct nb_switch *sw;

    HMAP_FOR_EACH_WITH_HASH (sw, node, uuid_hash(uuid), &np->switches) {
        if (uuid_equals(&sw->uuid, uuid)) {
            return sw;
        }
    }
    return NULL;
}

static void
mark_dirty(struct nb_ports *np, struct nb_port *port)
{
    if (port->dirty || !port->has_row) {
        return;
    }
    port->dirty = true;
    if (np->n_dirty >= np->allocated_dirty) {
        np->dirty = x2nrealloc(np->dirty, &np->allocated_dirty,
                               sizeof *np->dirty);
    }
    np->dirty[np->n_dirty++] = port->uuid;
}

/* ---- Switches. ---- */

static void
leave_switch(struct nb_ports *np, const struct nb_switch *sw,
             const struct uuid *uuid)
{
    struct nb_port *port = find_port(np, uuid);

    /* A port that moved may have joined its new switch already. */
    if (!port || port->sw != sw) {
        return;
    }
    port->sw = NULL;
    if (port->has_row) {
        mark_dirty(np, port);
    } else {
        free_port(np, port);
    }
}

static void
join_switch(struct nb_ports *np, struct nb_switch *sw,
            const struct uuid *uuid)
{
    struct nb_port *port = get_port(np, uuid);

    if (port->sw != sw) {
        port->sw = sw;
        mark_dirty(np, port);
    }
}

static int
compare_uuids(const void *a, const void *b)
{
    return uuid_compare_3way(a, b);
}

static struct uuid *
sorted_copy(const struct uuid *uuids, size_t n)
{
    struct uuid *copy = n ? xmemdup(uuids, n * sizeof *uuids) : NULL;

    for (size_t i = 1; i < n; i++) {
        if (uuid_compare_3way(&copy[i - 1], &copy[i]) > 0) {
            qsort(copy, n, sizeof *copy, compare_uuids);
            break;
        }
    }
    return copy;
}

void
nb_ports_set_switch(struct nb_ports *np, const struct uuid *uuid,
                    const struct uuid *ports, size_t n)
{
    struct nb_switch *sw = find_switch(np, uuid);

    if (!sw) {
        sw = xzalloc(sizeof *sw);
        sw->uuid = *uuid;
        hmap_insert(&np->switches, &sw->node, uuid_hash(uuid));
    }
    sw->generation = np->generation;

    struct uuid *old = sw->ports;
    size_t n_old = sw->n_ports;
    sw->ports = sorted_copy(ports, n);
    sw->n_ports = n;

    for (size_t i = 0, j = 0; i < n_old || j < n;) {
        int cmp = (i >= n_old ? 1 : j >= n ? -1
                   : uuid_compare_3way(&old[i], &sw->ports[j]));

        if (cmp < 0) {
            leave_switch(np, sw, &old[i++]);
        } else if (cmp > 0) {
            join_switch(np, sw, &sw->ports[j++]);
        } else {
            i++;
            j++;
        }
    }
    free(old);
}

bool
nb_ports_has_switch(const struct nb_ports *np, const struct uuid *uuid)
{
    return find_switch(np, uuid) != NULL;
}

static void
remove_switch(struct nb_ports *np, struct nb_switch *sw)
{
    for (size_t i = 0; i < sw->n_ports; i++) {
        leave_switch(np, sw, &sw->ports[i]);
    }
    free_switch(np, sw);
}

bool
nb_ports_remove_switch(struct nb_ports *np, const struct uuid *uuid)
{
    struct nb_switch *sw = find_switch(np, uuid);

    if (sw) {
        remove_switch(np, sw);
    }
    return sw != NULL;
}

/* ---- Rows. ---- */

void
nb_ports_set_row(struct nb_ports *np, const struct uuid *uuid)
{
    struct nb_port *port = get_port(np, uuid);

    port->has_row = true;
    port->generation = np->generation;
    mark_dirty(np, port);
}

static void
remove_row(struct nb_ports *np, struct nb_port *port)
{
    port->has_row = false;
    port->dirty = false;
    if (!port->sw) {
        free_port(np, port);
    }
}

bool
nb_ports_remove_row(struct nb_ports *np, const struct uuid *uuid)
{
    struct nb_port *port = find_port(np, uuid);

    if (!port || !port->has_row) {
        return false;
    }
    remove_row(np, port);
    return true;
}

bool
nb_ports_pop_dirty(struct nb_ports *np, struct uuid *uuid, struct uuid *sw)
{
    while (np->n_dirty > 0) {
        const struct uuid *candidate = &np->dirty[--np->n_dirty];
        struct nb_port *port = find_port(np, candidate);

        /* Its row may have gone since. */
        if (port && port->dirty) {
            port->dirty = false;
            *uuid = port->uuid;
            *sw = port->sw ? port->sw->uuid : UUID_ZERO;
            return true;
        }
    }

    /* After an initial dump the list was as long as there are ports. */
    free(np->dirty);
    np->dirty = NULL;
    np->allocated_dirty = 0;
    return false;
}

/* ---- Mark and sweep. ---- */

void
nb_ports_begin(struct nb_ports *np)
{
    np->generation++;
}

size_t
nb_ports_sweep_rows(struct nb_ports *np, struct uuid **uuids)
{
    size_t n = 0, allocated = 0;
    struct nb_port *port;

    *uuids = NULL;
    HMAP_FOR_EACH_SAFE (port, node, &np->ports) {
        if (port->has_row && port->generation != np->generation) {
            if (n >= allocated) {
                *uuids = x2nrealloc(*uuids, &allocated, sizeof **uuids);
            }
            (*uuids)[n++] = port->uuid;
            remove_row(np, port);
        }
    }
    return n;
}

size_t
nb_ports_sweep_switches(struct nb_ports *np, struct uuid **uuids)
{
    size_t n = 0, allocated = 0;
    struct nb_switch *sw;

    *uuids = NULL;
    HMAP_FOR_EACH_SAFE (sw, node, &np->switches) {
        if (sw->generation != np->generation) {
            if (n >= allocated) {
                *uuids = x2nrealloc(*uuids, &allocated, sizeof **uuids);
            }
            (*uuids)[n++] = sw->uuid;
            remove_switch(np, sw);
        }
    }
    return n;
}
