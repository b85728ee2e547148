/* SPDX-License-Identifier: Apache-2.0 */

/* Where addresses are mentioned other than in ports: router ports, whose
 * networks are always mirrored, and NAT rules, load balancers, static routes,
 * DNS records and address sets, which are mirrored on demand.  A part of
 * nb-view.c, which calls it in each turn that something has changed. */

#include <config.h>

#include "ovsdb/nb-view.h"

#include <stdlib.h>

#include "coverage.h"
#include "ovsdb-idl.h"
#include "smap.h"
#include "util.h"
#include "uuid.h"

#include "ovsdb/nb-idl.h"

#include "agent/core/model.h"
#include "ovsdb/nb-view-private.h"

COVERAGE_DEFINE(nb_reference_changed);
COVERAGE_DEFINE(nb_router_port_changed);

/* What the functions that carry rows work on. */
struct nb_run {
    struct nb_view *view;
    struct model *model;
    struct row_map *references; /* Of the table that is being carried. */
};

/* ---- References: NAT, load balancers, routes, DNS, address sets. ---- */

void
nb_references_want(struct nb_view *view, bool wanted)
{
    struct ovsdb_idl_condition cond = OVSDB_IDL_CONDITION_INIT(&cond);

    if (wanted) {
        ovsdb_idl_condition_add_clause_true(&cond);
    }
    nbrec_nat_set_condition(view->conn.idl, &cond);
    nbrec_load_balancer_set_condition(view->conn.idl, &cond);
    nbrec_logical_router_static_route_set_condition(view->conn.idl, &cond);
    nbrec_dns_set_condition(view->conn.idl, &cond);
    /* All of them are in one request. */
    view->references_seqno
        = nbrec_address_set_set_condition(view->conn.idl, &cond);
    ovsdb_idl_condition_destroy(&cond);
    view->references_wanted = wanted;
}

/* Takes 'what'. */
static void
set_reference(const struct nb_run *run, const struct uuid *uuid, char *what,
              const char *const *texts, size_t n)
{
    COVERAGE_INC(nb_reference_changed);
    free(row_map_set(run->references, uuid, ""));
    model_set_reference(run->model, uuid, what, texts, n);
    free(what);
}

static void
remove_reference(const struct nb_run *run, const struct uuid *uuid)
{
    char *name = row_map_remove(run->references, uuid);

    if (name) {
        COVERAGE_INC(nb_reference_changed);
        model_remove_reference(run->model, uuid);
        free(name);
    }
}

/* Keys and values of 'map' are the texts to be searched.  Takes 'what'. */
static void
set_map_reference(const struct nb_run *run, const struct uuid *uuid,
                  char *what, const struct smap *map)
{
    const char **texts = xmalloc((2 * smap_count(map) + 1) * sizeof *texts);
    const struct smap_node *node;
    size_t n = 0;

    SMAP_FOR_EACH (node, map) {
        texts[n++] = node->key;
        texts[n++] = node->value;
    }
    set_reference(run, uuid, what, texts, n);
    free(texts);
}

static void
set_nat(const struct nb_run *run, const struct nbrec_nat *row)
{
    const char *texts[] = { row->external_ip, row->logical_ip };

    set_reference(run, &row->header_.uuid,
                  xasprintf("NAT %s %s", row->type, row->external_ip),
                  texts, ARRAY_SIZE(texts));
}

static void
set_load_balancer(const struct nb_run *run,
                  const struct nbrec_load_balancer *row)
{
    set_map_reference(run, &row->header_.uuid,
                      xasprintf("load balancer %s", row->name), &row->vips);
}

static void
set_static_route(const struct nb_run *run,
                 const struct nbrec_logical_router_static_route *row)
{
    const char *texts[] = { row->ip_prefix, row->nexthop };

    set_reference(run, &row->header_.uuid,
                  xasprintf("static route %s via %s", row->ip_prefix,
                            row->nexthop),
                  texts, ARRAY_SIZE(texts));
}

static void
set_dns(const struct nb_run *run, const struct nbrec_dns *row)
{
    set_map_reference(run, &row->header_.uuid,
                      xasprintf("DNS row "UUID_FMT,
                                UUID_ARGS(&row->header_.uuid)),
                      &row->records);
}

static void
set_address_set(const struct nb_run *run, const struct nbrec_address_set *row)
{
    set_reference(run, &row->header_.uuid,
                  xasprintf("address set %s", row->name),
                  (const char *const *) row->addresses, row->n_addresses);
}

static void
run_references(struct nb_run *run, bool anew)
{
    struct nb_view *view = run->view;

    run->references = &view->nats;
    ROW_MAP_RUN(NBREC_NAT, nbrec_nat, view->conn.idl, anew, run->references,
                set_nat, remove_reference, run);
    run->references = &view->load_balancers;
    ROW_MAP_RUN(NBREC_LOAD_BALANCER, nbrec_load_balancer, view->conn.idl,
                anew, run->references, set_load_balancer, remove_reference,
                run);
    run->references = &view->static_routes;
    ROW_MAP_RUN(NBREC_LOGICAL_ROUTER_STATIC_ROUTE,
                nbrec_logical_router_static_route, view->conn.idl, anew,
                run->references, set_static_route, remove_reference, run);
    run->references = &view->dns;
    ROW_MAP_RUN(NBREC_DNS, nbrec_dns, view->conn.idl, anew, run->references,
                set_dns, remove_reference, run);
    run->references = &view->address_sets;
    ROW_MAP_RUN(NBREC_ADDRESS_SET, nbrec_address_set, view->conn.idl, anew,
                run->references, set_address_set, remove_reference, run);
}

/* ---- Router ports. ---- */

static void
set_router_port(const struct nb_run *run,
                const struct nbrec_logical_router_port *row)
{
    char *former = row_map_set(&run->view->router_ports, &row->header_.uuid,
                               row->name);

    COVERAGE_INC(nb_router_port_changed);
    if (former) {
        model_remove_router_port(run->model, former);
        free(former);
    }
    model_set_router_port(run->model, row->name, row->networks,
                          row->n_networks);
}

static void
remove_router_port(const struct nb_run *run, const struct uuid *uuid)
{
    char *name = row_map_remove(&run->view->router_ports, uuid);

    if (name) {
        COVERAGE_INC(nb_router_port_changed);
        model_remove_router_port(run->model, name);
        free(name);
    }
}

static void
run_router_ports(const struct nb_run *run, bool anew)
{
    ROW_MAP_RUN(NBREC_LOGICAL_ROUTER_PORT, nbrec_logical_router_port,
                run->view->conn.idl, anew, &run->view->router_ports,
                set_router_port, remove_router_port, run);
}

/* ---- Life. ---- */

void
nb_references_init(struct nb_view *view)
{
    row_map_init(&view->router_ports);
    row_map_init(&view->nats);
    row_map_init(&view->load_balancers);
    row_map_init(&view->static_routes);
    row_map_init(&view->dns);
    row_map_init(&view->address_sets);
    nb_references_want(view, false);
}

void
nb_references_destroy(struct nb_view *view)
{
    row_map_destroy(&view->router_ports);
    row_map_destroy(&view->nats);
    row_map_destroy(&view->load_balancers);
    row_map_destroy(&view->static_routes);
    row_map_destroy(&view->dns);
    row_map_destroy(&view->address_sets);
}

void
nb_references_run(struct nb_view *view, struct model *model, bool anew)
{
    struct nb_run run = { .view = view, .model = model };

    run_router_ports(&run, anew);
    run_references(&run, anew);
}

size_t
nb_references_count(const struct nb_view *view)
{
    return (row_map_count(&view->nats)
            + row_map_count(&view->load_balancers)
            + row_map_count(&view->static_routes)
            + row_map_count(&view->dns)
            + row_map_count(&view->address_sets));
}
