/* SPDX-License-Identifier: Apache-2.0 */

/* See ctl-rows.h. */

#include <config.h>

#include "ctl-rows.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "ovsdb-idl.h"
#include "smap.h"
#include "util.h"
#include "uuid.h"

#include "ovsdb/ipguard-idl.h"

#include "agent/core/ip-addr.h"

void
ipgctl_add_hold_columns(struct ovsdb_idl *idl)
{
    ovsdb_idl_add_table(idl, &ipgrec_table_hold);
    for (size_t i = 0; i < IPGREC_HOLD_N_COLUMNS; i++) {
        ovsdb_idl_add_column(idl, &ipgrec_hold_columns[i]);
    }
    ovsdb_idl_add_table(idl, &ipgrec_table_former_port);
    for (size_t i = 0; i < IPGREC_FORMER_PORT_N_COLUMNS; i++) {
        ovsdb_idl_add_column(idl, &ipgrec_former_port_columns[i]);
    }
}

void
ipgctl_add_gate_columns(struct ovsdb_idl *idl)
{
    ovsdb_idl_add_table(idl, &ipgrec_table_gate);
    for (size_t i = 0; i < IPGREC_GATE_N_COLUMNS; i++) {
        ovsdb_idl_add_column(idl, &ipgrec_gate_columns[i]);
    }
}

/* Addresses in the order of their values: .9 before .10. */
static int
compare_addresses(const char *a_, const char *b_)
{
    struct ip_addr a, b;

    if (!ip_addr_parse(a_, &a) || !ip_addr_parse(b_, &b)) {
        return strcmp(a_, b_);
    }
    return ip_addr_compare(&a, &b);
}

static int
compare_holds(const void *a_, const void *b_)
{
    const struct ipgrec_hold *const *a = a_;
    const struct ipgrec_hold *const *b = b_;
    int cmp = strcmp((*a)->network_name, (*b)->network_name);

    if (!cmp) {
        cmp = uuid_compare_3way(&(*a)->network, &(*b)->network);
    }
    return cmp ? cmp : compare_addresses((*a)->address, (*b)->address);
}

const struct ipgrec_hold **
ipgctl_sorted_holds(struct ovsdb_idl *idl, size_t *np)
{
    const struct ipgrec_hold **array = NULL;
    const struct ipgrec_hold *row;
    size_t n = 0, allocated = 0;

    IPGREC_HOLD_FOR_EACH (row, idl) {
        if (n >= allocated) {
            array = x2nrealloc(array, &allocated, sizeof *array);
        }
        array[n++] = row;
    }
    if (n) {
        qsort(array, n, sizeof *array, compare_holds);
    }
    *np = n;
    return array;
}

static int
compare_gates(const void *a_, const void *b_)
{
    const struct ipgrec_gate *const *a = a_;
    const struct ipgrec_gate *const *b = b_;

    return strcmp((*a)->port_name, (*b)->port_name);
}

const struct ipgrec_gate **
ipgctl_sorted_gates(struct ovsdb_idl *idl, size_t *np)
{
    const struct ipgrec_gate **array = NULL;
    const struct ipgrec_gate *row;
    size_t n = 0, allocated = 0;

    IPGREC_GATE_FOR_EACH (row, idl) {
        if (n >= allocated) {
            array = x2nrealloc(array, &allocated, sizeof *array);
        }
        array[n++] = row;
    }
    if (n) {
        qsort(array, n, sizeof *array, compare_gates);
    }
    *np = n;
    return array;
}

void
ipgctl_format_owner(const struct ipgrec_hold *h, struct ds *ds)
{
    const char *name = smap_get(&h->owner, "name");
    const char *workload = smap_get(&h->owner, "workload");

    if (name) {
        ds_put_format(ds, "%s/%s", smap_get_def(&h->owner, "namespace", ""),
                      name);
        if (workload) {
            ds_put_format(ds, " (%s %s)", smap_get_def(&h->owner, "kind", ""),
                          workload);
        }
    }
}

/* ---- JSON. ---- */

static struct json *
json_strings(char *const *strings, size_t n)
{
    struct json *array = json_array_create_empty();

    for (size_t i = 0; i < n; i++) {
        json_array_add(array, json_string_create(strings[i]));
    }
    return array;
}

static struct json *
json_former_ports(const struct ipgrec_hold *h)
{
    struct json *array = json_array_create_empty();

    for (size_t i = 0; i < h->n_former_ports; i++) {
        const struct ipgrec_former_port *f = h->former_ports[i];
        struct json *o = json_object_create();

        json_object_put_string(o, "name", f->name);
        json_object_put_string(o, "mac", f->mac);
        json_object_put(o, "departed_ms",
                        json_integer_create(f->departed_at));
        json_array_add(array, o);
    }
    return array;
}

struct json *
ipgctl_json_hold(const struct ipgrec_hold *h)
{
    struct json *o = json_object_create();
    struct ds owner = DS_EMPTY_INITIALIZER;

    ipgctl_format_owner(h, &owner);
    json_object_put_string(o, "network", h->network_name);
    json_object_put_format(o, "network_uuid", UUID_FMT,
                           UUID_ARGS(&h->network));
    json_object_put_string(o, "address", h->address);
    json_object_put_string(o, "state", h->state);
    json_object_put_string(o, "case", h->case_);
    json_object_put_string(o, "reason", h->reason);
    json_object_put_string(o, "former_owner", ds_cstr(&owner));
    json_object_put(o, "since_ms", json_integer_create(h->created_at));
    json_object_put(o, "until_ms", json_integer_create(h->hold_until));
    json_object_put(o, "former_ports", json_former_ports(h));
    json_object_put(o, "waits_for", json_strings(h->blockers, h->n_blockers));
    json_object_put(o, "waiters", json_strings(h->waiters, h->n_waiters));
    json_object_put(o, "notes", json_strings(h->notes, h->n_notes));
    ds_destroy(&owner);
    return o;
}
