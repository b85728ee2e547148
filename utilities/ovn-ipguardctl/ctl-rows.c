/* SPDX-License-Identifier: Apache-2.0 */

/* See ctl-rows.h. */

#include <config.h>

#include "ctl-rows.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "ovsdb-idl.h"
#include "smap.h"
#include "util.h"

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
