/* SPDX-License-Identifier: Apache-2.0 */

/* show: the state of things on one screen, or as one JSON object. */

#include <config.h>

#include "ctl-commands.h"

#include <stdlib.h>
#include <string.h>

#include "db-ctl-base.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "ovsdb-idl.h"
#include "util.h"
#include "uuid.h"

#include "ovsdb/ipguard-idl.h"

#include "ctl-options.h"
#include "ctl-rows.h"

static void
pre_show(struct ctl_context *ctx)
{
    ovsdb_idl_add_column(ctx->idl, &ipgrec_ipguard_col_active);
    ovsdb_idl_add_column(ctx->idl, &ipgrec_ipguard_col_brake);
    ovsdb_idl_add_column(ctx->idl, &ipgrec_ipguard_col_frozen);
    ovsdb_idl_add_column(ctx->idl, &ipgrec_ipguard_col_mode);
    ipgctl_add_hold_columns(ctx->idl);
    ipgctl_add_gate_columns(ctx->idl);
}

static bool
is_gate_of(const struct ipgrec_gate *gate, const struct ipgrec_hold *h)
{
    return (uuid_equals(&gate->network, &h->network)
            && !strcmp(gate->address, h->address));
}

/* A gate whose hold has ended waits for its turn to be opened. */
static bool
has_hold(const struct ipgrec_gate *gate, const struct ipgrec_hold **holds,
         size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (is_gate_of(gate, holds[i])) {
            return true;
        }
    }
    return false;
}

/* ---- Text. ---- */

static void
put_row(const struct ipgrec_ipguard *row, struct ds *ds)
{
    ds_put_format(ds, "active: %s\n",
                  row && row->active[0] ? row->active : "never was");
    ds_put_format(ds, "mode: %s\n",
                  row && row->mode ? row->mode : "as on the command line");
    if (row && row->frozen) {
        ds_put_format(ds, "frozen: %s\n", row->frozen);
    }
    if (row && row->brake) {
        ds_put_format(ds, "brake: %s\n", row->brake);
    }
}

static void
put_gate(const struct ipgrec_gate *gate, const char *indent, struct ds *ds)
{
    ds_put_format(ds, "%sgate: %s is shut, for ", indent, gate->port_name);
    ipgctl_format_age(gate->since, ds);
    ds_put_format(ds, ": %s\n", gate->reason);
}

static void
put_hold(const struct ipgrec_hold *h, struct ds *ds)
{
    struct ds owner = DS_EMPTY_INITIALIZER;

    ipgctl_format_owner(h, &owner);
    ds_put_format(ds, "    %s: %s for ", h->address, h->state);
    ipgctl_format_age(h->created_at, ds);
    ds_put_format(ds, ", case %s", h->case_);
    if (owner.length) {
        ds_put_format(ds, ", formerly of %s", ds_cstr(&owner));
    }
    ds_put_format(ds, "\n        why: %s\n", h->reason);
    if (h->hold_until < 0) {
        ds_put_cstr(ds, "        until: it is released by hand\n");
    } else if (h->hold_until) {
        ds_put_cstr(ds, "        until: ");
        ipgctl_format_time(h->hold_until, ds);
        ds_put_char(ds, '\n');
    }
    for (size_t i = 0; i < h->n_former_ports; i++) {
        const struct ipgrec_former_port *f = h->former_ports[i];

        ds_put_format(ds, "        former port: %s%s%s\n", f->name,
                      f->mac[0] ? ", MAC " : "", f->mac);
    }
    for (size_t i = 0; i < h->n_blockers; i++) {
        ds_put_format(ds, "        waits: %s\n", h->blockers[i]);
    }
    for (size_t i = 0; i < h->n_waiters; i++) {
        ds_put_format(ds, "        waiter: %s\n", h->waiters[i]);
    }
    for (size_t i = 0; i < h->n_notes; i++) {
        ds_put_format(ds, "        note: %s\n", h->notes[i]);
    }
    ds_destroy(&owner);
}

static void
show_text(const struct ipgrec_ipguard *row, const struct ipgrec_hold **holds,
          size_t n_holds, const struct ipgrec_gate **gates, size_t n_gates,
          struct ds *ds)
{
    put_row(row, ds);
    for (size_t i = 0; i < n_holds; i++) {
        const struct ipgrec_hold *h = holds[i];

        if (!i || !uuid_equals(&h->network, &holds[i - 1]->network)) {
            ds_put_format(ds, "network %s\n", h->network_name);
        }
        put_hold(h, ds);
        for (size_t j = 0; j < n_gates; j++) {
            if (is_gate_of(gates[j], h)) {
                put_gate(gates[j], "        ", ds);
            }
        }
    }
    if (!n_holds) {
        ds_put_cstr(ds, "no address is held\n");
    }
    for (size_t i = 0; i < n_gates; i++) {
        if (!has_hold(gates[i], holds, n_holds)) {
            put_gate(gates[i], "", ds);
        }
    }
}

/* ---- JSON. ---- */

static struct json *
json_nullable(const char *s)
{
    return s ? json_string_create(s) : json_null_create();
}

static struct json *
json_gate(const struct ipgrec_gate *gate)
{
    struct json *o = json_object_create();

    json_object_put_string(o, "port", gate->port_name);
    json_object_put_string(o, "network", gate->network_name);
    json_object_put_string(o, "address", gate->address);
    json_object_put(o, "since_ms", json_integer_create(gate->since));
    json_object_put(o, "keep_until_ms",
                    json_integer_create(gate->keep_until));
    json_object_put_string(o, "reason", gate->reason);
    return o;
}

static void
show_json(const struct ipgrec_ipguard *row, const struct ipgrec_hold **holds,
          size_t n_holds, const struct ipgrec_gate **gates, size_t n_gates,
          struct ds *ds)
{
    struct json *o = json_object_create();
    struct json *array = json_array_create_empty();

    json_object_put_string(o, "active", row ? row->active : "");
    json_object_put(o, "mode", json_nullable(row ? row->mode : NULL));
    json_object_put(o, "frozen", json_nullable(row ? row->frozen : NULL));
    json_object_put(o, "brake", json_nullable(row ? row->brake : NULL));
    for (size_t i = 0; i < n_holds; i++) {
        json_array_add(array, ipgctl_json_hold(holds[i]));
    }
    json_object_put(o, "holds", array);
    array = json_array_create_empty();
    for (size_t i = 0; i < n_gates; i++) {
        json_array_add(array, json_gate(gates[i]));
    }
    json_object_put(o, "gates", array);
    json_to_ds(o, ipgctl_get_options()->style.json_flags, ds);
    ds_put_char(ds, '\n');
    json_destroy(o);
}

static void
cmd_show(struct ctl_context *ctx)
{
    const struct ipgrec_ipguard *row = ipgctl_row(ctx);
    size_t n_holds, n_gates;
    const struct ipgrec_hold **holds = ipgctl_sorted_holds(ctx->idl,
                                                           &n_holds);
    const struct ipgrec_gate **gates = ipgctl_sorted_gates(ctx->idl,
                                                           &n_gates);

    (ipgctl_wants_json(ipgctl_get_options()) ? show_json : show_text)(
        row, holds, n_holds, gates, n_gates, &ctx->output);
    free(holds);
    free(gates);
}

void
cmd_show_register(void)
{
    static const struct ctl_command_syntax commands[] = {
        {"show", 0, 0, "", pre_show, cmd_show, NULL, "", RO},
        {NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, RO},
    };

    ipgctl_add_commands(commands);
}
