/* SPDX-License-Identifier: Apache-2.0 */

/* See nb-columns.h. */

#include <config.h>

#include "ovsdb/nb-columns.h"

#include "util.h"

#include "ovsdb/nb-idl.h"

const struct db_column nb_columns[] = {
    {&nbrec_nb_global_col_nb_cfg, DB_REQUIRED, NULL},
    {&nbrec_nb_global_col_name, DB_OPTIONAL, NULL},
    {&nbrec_nb_global_col_options, DB_OPTIONAL, NULL},

    {&nbrec_logical_switch_col_name, DB_REQUIRED, NULL},
    {&nbrec_logical_switch_col_other_config, DB_REQUIRED, NULL},
    {&nbrec_logical_switch_col_ports, DB_REQUIRED, NULL},

    {&nbrec_logical_switch_port_col_addresses, DB_REQUIRED, NULL},
    {&nbrec_logical_switch_port_col_dynamic_addresses, DB_OPTIONAL, NULL},
    {&nbrec_logical_switch_port_col_enabled, DB_REQUIRED, NULL},
    {&nbrec_logical_switch_port_col_external_ids, DB_REQUIRED, NULL},
    {&nbrec_logical_switch_port_col_name, DB_REQUIRED, NULL},
    {&nbrec_logical_switch_port_col_options, DB_REQUIRED, NULL},
    {&nbrec_logical_switch_port_col_port_security, DB_REQUIRED, NULL},
    {&nbrec_logical_switch_port_col_type, DB_REQUIRED, NULL},

    {&nbrec_logical_router_port_col_name, DB_OPTIONAL, NULL},
    {&nbrec_logical_router_port_col_networks, DB_OPTIONAL, NULL},

    {&nbrec_nat_col_external_ip, DB_OPTIONAL, NULL},
    {&nbrec_nat_col_logical_ip, DB_OPTIONAL, NULL},
    {&nbrec_nat_col_type, DB_OPTIONAL, NULL},
    {&nbrec_load_balancer_col_name, DB_OPTIONAL, NULL},
    {&nbrec_load_balancer_col_vips, DB_OPTIONAL, NULL},
    {&nbrec_logical_router_static_route_col_ip_prefix, DB_OPTIONAL, NULL},
    {&nbrec_logical_router_static_route_col_nexthop, DB_OPTIONAL, NULL},
    {&nbrec_dns_col_records, DB_OPTIONAL, NULL},
    {&nbrec_address_set_col_addresses, DB_OPTIONAL, NULL},
    {&nbrec_address_set_col_name, DB_OPTIONAL, NULL},
};

const size_t nb_n_columns = ARRAY_SIZE(nb_columns);
