/* SPDX-License-Identifier: Apache-2.0 */

/* See sb-question.h.
 *
 * Values are parsed by the library, by the types of the columns; what it does
 * not accept, and what was not asked for, makes the whole answer worthless. */

#include <config.h>

#include "ovsdb/sb-question.h"

#include <stdlib.h>
#include <string.h>

#include "jsonrpc.h"
#include "openvswitch/json.h"
#include "openvswitch/shash.h"
#include "ovsdb-data.h"
#include "ovsdb-error.h"
#include "ovsdb-idl-provider.h"
#include "util.h"

#include "ovsdb/sb-idl.h"

#define DATABASE "OVN_Southbound"

/* ---- The question. ---- */

static struct json *
compose_select(const char *table, const char *column, const char *value,
               struct json *columns)
{
    struct json *op = json_object_create();

    json_object_put_string(op, "op", "select");
    json_object_put_string(op, "table", table);
    json_object_put(op, "where",
                    json_array_create_1(json_array_create_3(
                        json_string_create(column), json_string_create("=="),
                        json_string_create(value))));
    json_object_put(op, "columns", columns);
    return op;
}

static struct json *
binding_columns(bool additional_chassis)
{
    struct json *columns
        = json_array_create_2(json_string_create("logical_port"),
                              json_string_create("chassis"));

    if (additional_chassis) {
        json_array_add(columns, json_string_create("additional_chassis"));
    }
    return columns;
}

struct json *
sb_question_compose(const struct sset *ports, const struct sset *addresses,
                    bool additional_chassis)
{
    struct json *params = json_array_create_1(json_string_create(DATABASE));
    const char *s;

    SSET_FOR_EACH (s, ports) {
        json_array_add(params,
                       compose_select("Port_Binding", "logical_port", s,
                                      binding_columns(additional_chassis)));
    }
    SSET_FOR_EACH (s, addresses) {
        json_array_add(params,
                       compose_select("MAC_Binding", "ip", s,
                                      json_array_create_3(
                                          json_string_create("logical_port"),
                                          json_string_create("ip"),
                                          json_string_create("mac"))));
    }
    return params;
}

/* ---- Values. ---- */

/* Reads a column of 'row' into 'datum', which the caller destroys.  Returns
 * NULL, or an error; then there is nothing to destroy. */
static char *
read_column(const struct json *row, const struct ovsdb_idl_column *column,
            struct ovsdb_datum *datum)
{
    const struct json *value = shash_find_data(json_object(row),
                                               column->name);
    struct ovsdb_error *error;

    if (!value) {
        return xasprintf("a row lacks column %s", column->name);
    }
    error = ovsdb_datum_from_json(datum, &column->type, value, NULL);
    if (error) {
        char *text = ovsdb_error_to_string_free(error);
        char *s = xasprintf("column %s: %s", column->name, text);

        free(text);
        return s;
    }
    return NULL;
}

static char *
read_string(const struct json *row, const struct ovsdb_idl_column *column,
            char **value)
{
    struct ovsdb_datum datum;
    char *error = read_column(row, column, &datum);

    *value = NULL;
    if (!error) {
        *value = xstrdup(datum.n ? datum.keys[0].s->string : "");
        ovsdb_datum_destroy(&datum, &column->type);
    }
    return error;
}

/* Counts the elements of a set of uuids; the first one goes to '*first'. */
static char *
read_uuids(const struct json *row, const struct ovsdb_idl_column *column,
           size_t *n, struct uuid *first)
{
    struct ovsdb_datum datum;
    char *error = read_column(row, column, &datum);

    *n = 0;
    if (!error) {
        *n = datum.n;
        *first = datum.n ? datum.keys[0].uuid : UUID_ZERO;
        ovsdb_datum_destroy(&datum, &column->type);
    }
    return error;
}

/* ---- Rows. ---- */

/* What a result is looked through for. */
struct asked {
    const struct sset *ports;
    const struct sset *addresses;
    struct sb_answer *answer;
};

static char *
read_binding(const struct json *row, const struct asked *asked)
{
    struct sb_answer *a = asked->answer;
    struct sb_answer_binding b = { .logical_port = NULL };
    size_t n_chassis = 0;
    struct uuid ignored;
    char *error;

    error = read_string(row, &sbrec_port_binding_col_logical_port,
                        &b.logical_port);
    if (!error) {
        error = read_uuids(row, &sbrec_port_binding_col_chassis, &n_chassis,
                           &b.chassis);
    }
    if (!error && shash_find(json_object(row), "additional_chassis")) {
        error = read_uuids(row, &sbrec_port_binding_col_additional_chassis,
                           &b.n_additional_chassis, &ignored);
    }
    if (!error && !sset_contains(asked->ports, b.logical_port)) {
        error = xasprintf("a binding of port %s, which was not asked for",
                          b.logical_port);
    }
    if (error) {
        free(b.logical_port);
        return error;
    }
    b.has_chassis = n_chassis > 0;
    if (a->n_bindings >= a->allocated_bindings) {
        a->bindings = x2nrealloc(a->bindings, &a->allocated_bindings,
                                 sizeof *a->bindings);
    }
    a->bindings[a->n_bindings++] = b;
    return NULL;
}

static char *
read_mac(const struct json *row, const struct asked *asked)
{
    struct sb_answer *a = asked->answer;
    struct sb_answer_mac m = { .logical_port = NULL };
    char *error;

    error = read_string(row, &sbrec_mac_binding_col_logical_port,
                        &m.logical_port);
    if (!error) {
        error = read_string(row, &sbrec_mac_binding_col_ip, &m.ip);
    }
    if (!error) {
        error = read_string(row, &sbrec_mac_binding_col_mac, &m.mac);
    }
    if (!error && !sset_contains(asked->addresses, m.ip)) {
        error = xasprintf("a MAC_Binding of %s, which was not asked for",
                          m.ip);
    }
    if (error) {
        free(m.logical_port);
        free(m.ip);
        free(m.mac);
        return error;
    }
    if (a->n_macs >= a->allocated_macs) {
        a->macs = x2nrealloc(a->macs, &a->allocated_macs, sizeof *a->macs);
    }
    a->macs[a->n_macs++] = m;
    return NULL;
}

/* ---- The answer. ---- */

/* What the server says of an operation that failed, or NULL. */
static char *
read_error(const struct json *result)
{
    const struct json *error, *details;

    if (result->type != JSON_OBJECT) {
        return NULL;
    }
    error = shash_find_data(json_object(result), "error");
    if (!error || error->type != JSON_STRING) {
        return NULL;
    }
    details = shash_find_data(json_object(result), "details");
    return xasprintf("the server says \"%s\"%s%s", json_string(error),
                     details && details->type == JSON_STRING ? ": " : "",
                     details && details->type == JSON_STRING
                     ? json_string(details) : "");
}

static char *
read_result(const struct json *result, const struct asked *asked,
            char *(*read_row)(const struct json *, const struct asked *))
{
    const struct sb_answer *a = asked->answer;
    const struct json *rows = (result->type == JSON_OBJECT
                               ? shash_find_data(json_object(result), "rows")
                               : NULL);
    char *error = read_error(result);

    if (error) {
        return error;
    } else if (!rows || rows->type != JSON_ARRAY) {
        return xstrdup("a result without rows");
    } else if (a->n_bindings + a->n_macs + json_array(rows)->n
               > SB_ANSWER_MAX_ROWS) {
        return xasprintf("more than %d rows", SB_ANSWER_MAX_ROWS);
    }
    for (size_t i = 0; i < json_array(rows)->n && !error; i++) {
        const struct json *row = json_array(rows)->elems[i];

        error = (row->type == JSON_OBJECT ? read_row(row, asked)
                 : xstrdup("a row that is no object"));
    }
    return error;
}

/* An error of the whole transaction comes as one more result. */
static char *
read_surplus(const struct json_array *results, size_t n)
{
    char *error = NULL;

    for (size_t i = n; i < results->n && !error; i++) {
        error = read_error(results->elems[i]);
    }
    return (error || results->n == n ? error
            : xasprintf("%"PRIuSIZE" results for %"PRIuSIZE" operations",
                        results->n, n));
}

static char *
read_results(const struct json_array *results, const struct asked *asked)
{
    size_t n_ports = sset_count(asked->ports);
    size_t n = n_ports + sset_count(asked->addresses);
    char *error = NULL;

    for (size_t i = 0; i < MIN(n, results->n) && !error; i++) {
        error = read_result(results->elems[i], asked,
                            i < n_ports ? read_binding : read_mac);
    }
    return error ? error : read_surplus(results, n);
}

char *
sb_question_parse(const struct jsonrpc_msg *reply, const struct sset *ports,
                  const struct sset *addresses, struct sb_answer *answer)
{
    const struct asked asked = { ports, addresses, answer };
    char *error;

    memset(answer, 0, sizeof *answer);
    if (reply->type == JSONRPC_ERROR || reply->error) {
        char *s = reply->error ? json_to_string(reply->error, 0) : NULL;

        error = xasprintf("the server refuses it: %.200s",
                          s ? s : "no reason");
        free(s);
    } else if (reply->type != JSONRPC_REPLY || !reply->result
               || reply->result->type != JSON_ARRAY) {
        error = xstrdup("no results");
    } else {
        error = read_results(json_array(reply->result), &asked);
    }
    if (error) {
        sb_answer_destroy(answer);
    }
    return error;
}

void
sb_answer_destroy(struct sb_answer *a)
{
    for (size_t i = 0; i < a->n_bindings; i++) {
        free(a->bindings[i].logical_port);
    }
    for (size_t i = 0; i < a->n_macs; i++) {
        free(a->macs[i].logical_port);
        free(a->macs[i].ip);
        free(a->macs[i].mac);
    }
    free(a->bindings);
    free(a->macs);
    memset(a, 0, sizeof *a);
}
