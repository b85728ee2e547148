/* SPDX-License-Identifier: Apache-2.0 */

/* See store-row.h. */

#include <config.h>

#include "ovsdb/store-row.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "ovsdb-idl.h"
#include "smap.h"
#include "sset.h"
#include "svec.h"
#include "util.h"
#include "uuid.h"

#include "ovsdb/ipguard-idl.h"

#include "agent/core/orders.h"
#include "agent/core/settings.h"
#include "ovsdb/db-conn.h"

/* ---- Helpers. ---- */

static char *
problem_of(const char *table, const struct uuid *uuid, const char *column,
           const char *value)
{
    return xasprintf("%s row "UUID_FMT": %s \"%s\" cannot be understood",
                     table, UUID_ARGS(uuid), column, value);
}

static const char *
text(const char *s)
{
    return s ? s : "";
}

static void
sset_from_strings(struct sset *set, char *const *strings, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        sset_add(set, strings[i]);
    }
}

/* ---- Hold: reading. ---- */

static void
read_former_ports(const struct ipgrec_hold *row, struct hold *hold)
{
    hold->former = xmalloc((row->n_former_ports + 1) * sizeof *hold->former);
    for (size_t i = 0; i < row->n_former_ports; i++) {
        const struct ipgrec_former_port *fp = row->former_ports[i];

        struct former_port *former = &hold->former[hold->n_former++];

        *former = (struct former_port) {
            .port = fp->port,
            .name = xstrdup(fp->name),
            .mac = xstrdup(fp->mac),
            .departed_wall_ms = fp->departed_at,
            .cleared = fp->cleared,
        };
        svec_init(&former->port_security);
        for (size_t j = 0; j < fp->n_port_security; j++) {
            svec_add(&former->port_security, fp->port_security[j]);
        }
        svec_sort(&former->port_security);
    }
}

static void
read_hold_texts(const struct ipgrec_hold *row, struct hold *hold)
{
    hold_set_owner(hold, smap_get(&row->owner, "namespace"),
                   smap_get(&row->owner, "kind"),
                   smap_get(&row->owner, "name"),
                   smap_get(&row->owner, "workload"),
                   smap_get(&row->owner, "uid"));
    free(hold->reason_case);
    hold->reason_case = xstrdup(row->case_);
    free(hold->reason);
    hold->reason = xstrdup(row->reason);
    free(hold->boot_id);
    hold->boot_id = xstrdup(row->boot_id);
    free(hold->nb_identity);
    hold->nb_identity = xstrdup(row->nb_identity);
    sset_from_strings(&hold->notes, row->notes, row->n_notes);
    sset_from_strings(&hold->blockers, row->blockers, row->n_blockers);
    sset_from_strings(&hold->waiters, row->waiters, row->n_waiters);
}

struct hold *
store_row_read_hold(const struct ipgrec_hold *row, char **problem)
{
    const struct uuid *uuid = &row->header_.uuid;
    enum hold_state state;
    struct ip_addr addr;

    if (!ip_addr_parse(row->address, &addr)) {
        *problem = problem_of("Hold", uuid, "address", row->address);
        return NULL;
    }
    if (!hold_state_from_string(row->state, &state)
        || hold_state_is_end(state)) {
        *problem = problem_of("Hold", uuid, "state", row->state);
        return NULL;
    }
    if (strcmp(row->scope, "fixed") && strcmp(row->scope, "any")) {
        *problem = problem_of("Hold", uuid, "scope", row->scope);
        return NULL;
    }

    struct hold *hold = hold_create(uuid, &row->network, row->network_name,
                                    &addr);
    hold->state = state;
    hold->fixed = !strcmp(row->scope, "fixed");
    read_hold_texts(row, hold);
    read_former_ports(row, hold);
    hold->keeper = row->n_keeper ? row->keeper[0] : UUID_ZERO;
    hold->created_wall_ms = row->created_at;
    hold->gone_wall_ms = row->gone_at;
    hold->gone_ms = row->gone_mono;
    hold->until_wall_ms = row->hold_until;
    hold->b1 = row->barrier1;
    hold->b2 = row->barrier2;
    hold->in_db = true;
    hold->changed = false;
    *problem = NULL;
    return hold;
}

/* ---- Hold: writing. ---- */

static const struct ipgrec_former_port *
find_former_port(const struct ipgrec_hold *row, const struct uuid *port)
{
    for (size_t i = 0; i < row->n_former_ports; i++) {
        if (uuid_equals(&row->former_ports[i]->port, port)) {
            return row->former_ports[i];
        }
    }
    return NULL;
}

static void
write_former_ports(struct ovsdb_idl_txn *txn, const struct ipgrec_hold *row,
                   const struct hold *hold)
{
    struct ipgrec_former_port **rows
        = xmalloc((hold->n_former + 1) * sizeof *rows);

    for (size_t i = 0; i < hold->n_former; i++) {
        const struct former_port *former = &hold->former[i];
        const struct ipgrec_former_port *fp
            = find_former_port(row, &former->port);

        if (!fp) {
            /* With a uuid of ours: the digest of the hold contains it. */
            struct uuid uuid;

            uuid_generate(&uuid);
            fp = ipgrec_former_port_insert_persist_uuid(txn, &uuid);
        }
        ipgrec_former_port_set_port(fp, former->port);
        ipgrec_former_port_set_name(fp, former->name);
        ipgrec_former_port_set_mac(fp, text(former->mac));
        ipgrec_former_port_set_departed_at(fp, former->departed_wall_ms);
        ipgrec_former_port_set_cleared(fp, former->cleared);
        ipgrec_former_port_set_port_security(
            fp, (const char **) former->port_security.names,
            former->port_security.n);
        rows[i] = CONST_CAST(struct ipgrec_former_port *, fp);
    }
    /* Rows that are not named any more are collected by the server. */
    ipgrec_hold_set_former_ports(row, rows, hold->n_former);
    free(rows);
}

static void
add_nonempty(struct smap *map, const char *key, const char *value)
{
    if (value && value[0]) {
        smap_add(map, key, value);
    }
}

static void
write_owner(const struct ipgrec_hold *row, const struct hold_owner *owner)
{
    struct smap map = SMAP_INITIALIZER(&map);

    add_nonempty(&map, "namespace", owner->ns);
    add_nonempty(&map, "kind", owner->kind);
    add_nonempty(&map, "name", owner->name);
    add_nonempty(&map, "workload", owner->workload);
    add_nonempty(&map, "uid", owner->uid);
    ipgrec_hold_set_owner(row, &map);
    smap_destroy(&map);
}

static void
write_hold_sets(const struct ipgrec_hold *row, const struct hold *hold)
{
    const char **strings = sset_array(&hold->blockers);

    ipgrec_hold_set_blockers(row, strings, sset_count(&hold->blockers));
    free(strings);
    strings = sset_array(&hold->notes);
    ipgrec_hold_set_notes(row, strings, sset_count(&hold->notes));
    free(strings);
    strings = sset_array(&hold->waiters);
    ipgrec_hold_set_waiters(row, strings, sset_count(&hold->waiters));
    free(strings);
}

const struct ipgrec_hold *
store_row_write_hold(struct ovsdb_idl_txn *txn, const struct ipgrec_hold *row,
                     const struct hold *hold)
{
    char address[IP_ADDR_STRLEN];

    if (!row) {
        row = ipgrec_hold_insert_persist_uuid(txn, &hold->uuid);
    }
    ipgrec_hold_set_network(row, hold->network);
    ipgrec_hold_set_network_name(row, hold->network_name);
    ipgrec_hold_set_address(row, ip_addr_to_string(&hold->addr, address));
    ipgrec_hold_set_state(row, hold_state_to_string(hold->state));
    ipgrec_hold_set_scope(row, hold->fixed ? "fixed" : "any");
    ipgrec_hold_set_case_(row, text(hold->reason_case));
    ipgrec_hold_set_reason(row, text(hold->reason));
    write_owner(row, &hold->owner);
    write_former_ports(txn, row, hold);
    ipgrec_hold_set_keeper(row, &hold->keeper, !uuid_is_zero(&hold->keeper));
    ipgrec_hold_set_created_at(row, hold->created_wall_ms);
    ipgrec_hold_set_gone_at(row, hold->gone_wall_ms);
    ipgrec_hold_set_gone_mono(row, hold->gone_ms);
    ipgrec_hold_set_boot_id(row, text(hold->boot_id));
    ipgrec_hold_set_hold_until(row, hold->until_wall_ms);
    ipgrec_hold_set_barrier1(row, hold->b1);
    ipgrec_hold_set_barrier2(row, hold->b2);
    ipgrec_hold_set_nb_identity(row, text(hold->nb_identity));
    write_hold_sets(row, hold);
    return row;
}

/* ---- Gate. ---- */

struct gate *
store_row_read_gate(const struct ipgrec_gate *row, char **problem)
{
    const struct uuid *uuid = &row->header_.uuid;
    struct ip_addr addr;

    if (!ip_addr_parse(row->address, &addr)) {
        *problem = problem_of("Gate", uuid, "address", row->address);
        return NULL;
    }
    if (row->previous[0] && strcmp(row->previous, "true")) {
        *problem = problem_of("Gate", uuid, "previous", row->previous);
        return NULL;
    }

    struct gate *gate = xzalloc(sizeof *gate);
    gate->uuid = *uuid;
    gate->port = row->port;
    gate->port_name = xstrdup(row->port_name);
    gate->network = row->network;
    gate->network_name = xstrdup(row->network_name);
    gate->addr = addr;
    gate->previous = row->previous[0] ? TRI_TRUE : TRI_UNSET;
    gate->reason = xstrdup(row->reason);
    gate->since_wall_ms = row->since;
    gate->keep_until_wall_ms = row->keep_until;
    gate->in_db = true;
    *problem = NULL;
    return gate;
}

const struct ipgrec_gate *
store_row_write_gate(struct ovsdb_idl_txn *txn, const struct ipgrec_gate *row,
                     const struct gate *gate)
{
    char address[IP_ADDR_STRLEN];

    if (!row) {
        row = ipgrec_gate_insert_persist_uuid(txn, &gate->uuid);
    }
    ipgrec_gate_set_port(row, gate->port);
    ipgrec_gate_set_port_name(row, gate->port_name);
    ipgrec_gate_set_network(row, gate->network);
    ipgrec_gate_set_network_name(row, gate->network_name);
    ipgrec_gate_set_address(row, ip_addr_to_string(&gate->addr, address));
    ipgrec_gate_set_previous(row, gate->previous == TRI_TRUE ? "true" : "");
    ipgrec_gate_set_reason(row, text(gate->reason));
    ipgrec_gate_set_since(row, gate->since_wall_ms);
    ipgrec_gate_set_keep_until(row, gate->keep_until_wall_ms);
    return row;
}

/* ---- Request. ---- */

struct request *
store_row_read_request(const struct ipgrec_request *row)
{
    struct request *r = request_create(&row->header_.uuid, row->command,
                                       &row->args, row->by);

    r->made_wall_ms = row->made_at;
    r->answered = row->state[0] != '\0';
    r->answered_wall_ms = row->answered_at;
    return r;
}

void
store_row_write_answer(const struct ipgrec_request *row,
                       const struct request_answer *answer)
{
    ipgrec_request_set_state(row, answer->refused ? "refused" : "done");
    ipgrec_request_set_answer(row, answer->text);
    ipgrec_request_set_answered_at(row, answer->wall_ms);
}

/* ---- Journal. ---- */

static void
write_svec(const struct ipgrec_journal *row,
           void (*set)(const struct ipgrec_journal *, const char **, size_t),
           const struct svec *strings)
{
    struct svec sorted;

    svec_clone(&sorted, strings);
    svec_sort_unique(&sorted);
    set(row, (const char **) sorted.names, sorted.n);
    svec_destroy(&sorted);
}

void
store_row_write_journal(struct ovsdb_idl_txn *txn,
                        const struct journal_entry *e)
{
    const struct ipgrec_journal *row = ipgrec_journal_insert(txn);

    ipgrec_journal_set_sequence(row, e->sequence);
    ipgrec_journal_set_at(row, e->wall_ms);
    ipgrec_journal_set_instance(row, text(e->instance));
    ipgrec_journal_set_action(row, text(e->action));
    ipgrec_journal_set_case_(row, text(e->case_));
    ipgrec_journal_set_network(row, &e->network, !uuid_is_zero(&e->network));
    ipgrec_journal_set_network_name(row, text(e->network_name));
    ipgrec_journal_set_address(row, text(e->address));
    ipgrec_journal_set_port(row, &e->port, !uuid_is_zero(&e->port));
    ipgrec_journal_set_port_name(row, text(e->port_name));
    ipgrec_journal_set_owner(row, text(e->owner));
    ipgrec_journal_set_reason(row, text(e->reason));
    write_svec(row, ipgrec_journal_set_evidence, &e->evidence);
    write_svec(row, ipgrec_journal_set_old_addresses, &e->old_addresses);
    write_svec(row, ipgrec_journal_set_new_addresses, &e->new_addresses);
    write_svec(row, ipgrec_journal_set_old_port_security,
               &e->old_port_security);
    write_svec(row, ipgrec_journal_set_new_port_security,
               &e->new_port_security);
}

/* ---- IPGuard. ---- */

char *
store_row_read_ipguard(const struct ipgrec_ipguard *row,
                       struct ipguard_row *values)
{
    enum guard_mode mode = MODE_OBSERVE;
    char *problem = NULL;

    values->has_mode = TRI_FALSE;
    if (row->mode) {
        /* What cannot be understood must not make it more daring: the lowest
         * mode. */
        values->has_mode = TRI_TRUE;
        if (!guard_mode_from_string(row->mode, &mode)) {
            problem = problem_of("IPGuard", &row->header_.uuid, "mode",
                                 row->mode);
        }
    }
    values->mode = mode;
    values->cfg = row->cfg;
    values->done_cfg = row->done_cfg;
    values->generation = row->generation;
    values->nb_cfg_seen = row->nb_cfg_seen;
    values->nb_ports_seen = row->nb_ports_seen;
    values->sb_cfg_seen = row->sb_cfg_seen;
    free(values->frozen);
    values->frozen = nullable_xstrdup(row->frozen);
    free(values->brake);
    values->brake = nullable_xstrdup(row->brake);
    free(values->nb_identity);
    values->nb_identity = xstrdup(row->nb_identity);
    free(values->sb_identity);
    values->sb_identity = xstrdup(row->sb_identity);
    free(values->active);
    values->active = xstrdup(row->active);
    return problem;
}

void
store_row_write_ipguard(const struct ipgrec_ipguard *row,
                        const struct ipguard_row *values)
{
    /* A second writer, or a database that was restored from a copy, shows in
     * the generation; an administrator, in the others. */
    ipgrec_ipguard_verify_generation(row);
    ipgrec_ipguard_verify_frozen(row);
    ipgrec_ipguard_verify_brake(row);

    ipgrec_ipguard_set_generation(row, row->generation + 1);
    if (row->done_cfg != values->done_cfg) {
        ipgrec_ipguard_set_done_cfg(row, values->done_cfg);
    }
    if (!nullable_string_is_equal(row->frozen, values->frozen)) {
        ipgrec_ipguard_set_frozen(row, values->frozen);
    }
    if (!nullable_string_is_equal(row->brake, values->brake)) {
        ipgrec_ipguard_set_brake(row, values->brake);
    }
    if (strcmp(row->nb_identity, text(values->nb_identity))) {
        ipgrec_ipguard_set_nb_identity(row, text(values->nb_identity));
    }
    if (row->nb_cfg_seen != values->nb_cfg_seen) {
        ipgrec_ipguard_set_nb_cfg_seen(row, values->nb_cfg_seen);
    }
    if (row->nb_ports_seen != values->nb_ports_seen) {
        ipgrec_ipguard_set_nb_ports_seen(row, values->nb_ports_seen);
    }
    if (strcmp(row->sb_identity, text(values->sb_identity))) {
        ipgrec_ipguard_set_sb_identity(row, text(values->sb_identity));
    }
    if (row->sb_cfg_seen != values->sb_cfg_seen) {
        ipgrec_ipguard_set_sb_cfg_seen(row, values->sb_cfg_seen);
    }
    if (strcmp(row->active, text(values->active))) {
        ipgrec_ipguard_set_active(row, text(values->active));
    }
}

/* ---- Digests. ---- */

static const struct ovsdb_idl_column *const former_port_columns[] = {
    &ipgrec_former_port_col_cleared,
    &ipgrec_former_port_col_departed_at,
    &ipgrec_former_port_col_mac,
    &ipgrec_former_port_col_name,
    &ipgrec_former_port_col_port,
    &ipgrec_former_port_col_port_security,
};

static const struct ovsdb_idl_column *const hold_columns[] = {
    &ipgrec_hold_col_address,
    &ipgrec_hold_col_barrier1,
    &ipgrec_hold_col_barrier2,
    &ipgrec_hold_col_blockers,
    &ipgrec_hold_col_boot_id,
    &ipgrec_hold_col_case_,
    &ipgrec_hold_col_created_at,
    &ipgrec_hold_col_former_ports,
    &ipgrec_hold_col_gone_at,
    &ipgrec_hold_col_gone_mono,
    &ipgrec_hold_col_hold_until,
    &ipgrec_hold_col_keeper,
    &ipgrec_hold_col_nb_identity,
    &ipgrec_hold_col_network,
    &ipgrec_hold_col_network_name,
    &ipgrec_hold_col_notes,
    &ipgrec_hold_col_owner,
    &ipgrec_hold_col_reason,
    &ipgrec_hold_col_scope,
    &ipgrec_hold_col_state,
    &ipgrec_hold_col_waiters,
};

static const struct ovsdb_idl_column *const gate_columns[] = {
    &ipgrec_gate_col_address,
    &ipgrec_gate_col_keep_until,
    &ipgrec_gate_col_network,
    &ipgrec_gate_col_network_name,
    &ipgrec_gate_col_port,
    &ipgrec_gate_col_port_name,
    &ipgrec_gate_col_previous,
    &ipgrec_gate_col_reason,
    &ipgrec_gate_col_since,
};

static const struct ovsdb_idl_column *const request_columns[] = {
    &ipgrec_request_col_answer,
    &ipgrec_request_col_answered_at,
    &ipgrec_request_col_args,
    &ipgrec_request_col_by,
    &ipgrec_request_col_command,
    &ipgrec_request_col_made_at,
    &ipgrec_request_col_state,
};

static const struct ovsdb_idl_column *const ipguard_columns[] = {
    &ipgrec_ipguard_col_active,
    &ipgrec_ipguard_col_brake,
    &ipgrec_ipguard_col_cfg,
    &ipgrec_ipguard_col_done_cfg,
    &ipgrec_ipguard_col_frozen,
    &ipgrec_ipguard_col_generation,
    &ipgrec_ipguard_col_mode,
    &ipgrec_ipguard_col_nb_cfg_seen,
    &ipgrec_ipguard_col_nb_identity,
    &ipgrec_ipguard_col_nb_ports_seen,
    &ipgrec_ipguard_col_other_config,
    &ipgrec_ipguard_col_sb_cfg_seen,
    &ipgrec_ipguard_col_sb_identity,
};

uint64_t
store_row_digest_hold(const struct ipgrec_hold *row)
{
    uint64_t digest = db_row_digest(&row->header_, hold_columns,
                                    ARRAY_SIZE(hold_columns));

    for (size_t i = 0; i < row->n_former_ports; i++) {
        /* Whatever the order of the children. */
        digest += db_row_digest(&row->former_ports[i]->header_,
                                former_port_columns,
                                ARRAY_SIZE(former_port_columns));
    }
    return digest;
}

uint64_t
store_row_digest_gate(const struct ipgrec_gate *row)
{
    return db_row_digest(&row->header_, gate_columns,
                         ARRAY_SIZE(gate_columns));
}

uint64_t
store_row_digest_request(const struct ipgrec_request *row)
{
    return db_row_digest(&row->header_, request_columns,
                         ARRAY_SIZE(request_columns));
}

uint64_t
store_row_digest_ipguard(const struct ipgrec_ipguard *row)
{
    return db_row_digest(&row->header_, ipguard_columns,
                         ARRAY_SIZE(ipguard_columns));
}
