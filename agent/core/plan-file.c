/* SPDX-License-Identifier: Apache-2.0 */

/* The file of a plan; see plan.h. */

#include <config.h>

#include "plan.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "util.h"
#include "uuid.h"

/* ---- Writing. ---- */

static void
put_column(const char *name, const struct svec *saw, const struct svec *write,
           struct ds *ds)
{
    ds_put_format(ds, "%s:\n", name);
    for (size_t i = 0; i < saw->n; i++) {
        ds_put_format(ds, "%c%s\n",
                      svec_contains_unsorted(write, saw->names[i]) ? ' ' : '-',
                      saw->names[i]);
    }
    for (size_t i = 0; i < write->n; i++) {
        if (!svec_contains_unsorted(saw, write->names[i])) {
            ds_put_format(ds, "+%s\n", write->names[i]);
        }
    }
}

void
plan_format(const struct plan *plan, struct ds *ds)
{
    ds_put_format(ds, "\
# What ovn-ipguard would write now in mode "PLAN_MODE".  To have it done:\n\
# \"ovn-ipguardctl apply FILE\".  Ports that are not to be touched may be\n\
# deleted from this file, each from \"port:\" to the blank line.\n\
plan-version: %d\n\
mode: "PLAN_MODE"\n", PLAN_VERSION);
    for (size_t i = 0; i < plan->n; i++) {
        const struct plan_row *row = &plan->rows[i];
        char ip[IP_ADDR_STRLEN];

        ds_put_format(ds, "\nport: %s\nuuid: "UUID_FMT"\nnetwork: %s\n",
                      row->port, UUID_ARGS(&row->uuid), row->network);
        for (size_t j = 0; j < row->n_clears; j++) {
            ds_put_format(ds, "clear: %s\nbecause: %s\n",
                          ip_addr_to_string(&row->clears[j].addr, ip),
                          row->clears[j].because);
        }
        put_column("addresses", &row->saw_addresses, &row->write_addresses,
                   ds);
        put_column("port_security", &row->saw_port_security,
                   &row->write_port_security, ds);
    }
    if (!plan->n) {
        ds_put_cstr(ds, "\n# Nothing to do.\n");
    }
    if (plan->notes.n) {
        ds_put_cstr(ds, "\n# Not part of the plan:\n");
    }
    for (size_t i = 0; i < plan->notes.n; i++) {
        ds_put_format(ds, "# %s\n", plan->notes.names[i]);
    }
}

/* ---- Reading. ---- */

/* The fields of a port, and what each is to be. */
enum field { F_PORT, F_UUID, F_NETWORK, F_CLEAR, F_BECAUSE, F_ADDRESSES,
             F_PORT_SECURITY };
#define N_FIELDS (F_PORT_SECURITY + 1)

static const char *const field_names[N_FIELDS] = {
    [F_PORT] = "port",
    [F_UUID] = "uuid",
    [F_NETWORK] = "network",
    [F_CLEAR] = "clear",
    [F_BECAUSE] = "because",
    [F_ADDRESSES] = "addresses",
    [F_PORT_SECURITY] = "port_security",
};

struct reader {
    struct plan *plan;
    unsigned int line;          /* Number of the line at hand. */
    bool has_version, has_mode;
    unsigned int port_line;     /* Where the last port begins. */
    bool has[N_FIELDS];         /* Which of its fields were there. */
    int column;                 /* F_ADDRESSES, F_PORT_SECURITY or -1. */
};

static struct plan_row *
last_row(struct reader *r)
{
    return &r->plan->rows[r->plan->n - 1];
}

static struct plan_row *
add_row(struct plan *plan)
{
    struct plan_row *row;

    plan->rows = xrealloc(plan->rows, (plan->n + 1) * sizeof *plan->rows);
    row = &plan->rows[plan->n++];
    memset(row, 0, sizeof *row);
    svec_init(&row->saw_addresses);
    svec_init(&row->write_addresses);
    svec_init(&row->saw_port_security);
    svec_init(&row->write_port_security);
    return row;
}

/* Is all of the last port there? */
static char *
end_port(struct reader *r)
{
    static const enum field needed[] = {F_UUID, F_NETWORK, F_CLEAR,
                                        F_ADDRESSES, F_PORT_SECURITY};

    for (size_t i = 0; r->plan->n && i < ARRAY_SIZE(needed); i++) {
        if (!r->has[needed[i]]) {
            return xasprintf("line %u: port: '%s' has no field '%s'",
                             r->port_line, last_row(r)->port,
                             field_names[needed[i]]);
        }
    }
    return NULL;
}

static char *
begin_port(struct reader *r, const char *value)
{
    char *error = end_port(r);

    if (error) {
        return error;
    }
    if (!value[0]) {
        return xasprintf("line %u: port: '' is not a port's name", r->line);
    }
    for (size_t i = 0; i < r->plan->n; i++) {
        if (!strcmp(r->plan->rows[i].port, value)) {
            return xasprintf("line %u: port: '%s' is there twice; expected "
                             "each port once", r->line, value);
        }
    }
    memset(r->has, 0, sizeof r->has);
    r->port_line = r->line;
    add_row(r->plan)->port = xstrdup(value);
    return NULL;
}

static char *
add_clear(struct reader *r, const char *value)
{
    struct plan_row *row = last_row(r);
    struct ip_addr ip;

    if (!ip_addr_parse(value, &ip)) {
        return xasprintf("line %u: clear: '%s' is not an IPv4 or IPv6 "
                         "address", r->line, value);
    }
    for (size_t i = 0; i < row->n_clears; i++) {
        if (ip_addr_equals(&row->clears[i].addr, &ip)) {
            return xasprintf("line %u: clear: '%s' is there twice; expected "
                             "each address of a port once", r->line, value);
        }
    }
    row->clears = xrealloc(row->clears,
                           (row->n_clears + 1) * sizeof *row->clears);
    row->clears[row->n_clears++] = (struct plan_clear) {
        .addr = ip,
        .because = xstrdup(""),
    };
    return NULL;
}

static char *
set_because(struct reader *r, const char *value)
{
    struct plan_row *row = last_row(r);

    if (!row->n_clears) {
        return xasprintf("line %u: because: expected behind a field 'clear'",
                         r->line);
    }
    free(row->clears[row->n_clears - 1].because);
    row->clears[row->n_clears - 1].because = xstrdup(value);
    return NULL;
}

static char *
begin_column(struct reader *r, enum field field, const char *value)
{
    if (value[0]) {
        return xasprintf("line %u: %s: '%s' is not expected here, but lines "
                         "that begin with ' ', '-' or '+'", r->line,
                         field_names[field], value);
    }
    r->column = field;
    return NULL;
}

static char *
set_field(struct reader *r, enum field field, const char *value)
{
    struct plan_row *row = last_row(r);

    if (r->has[field] && field != F_CLEAR && field != F_BECAUSE) {
        return xasprintf("line %u: %s: expected once for each port", r->line,
                         field_names[field]);
    }
    r->has[field] = true;
    switch (field) {
    case F_UUID:
        return (uuid_from_string(&row->uuid, value) ? NULL
                : xasprintf("line %u: uuid: '%s' is not a UUID such as "
                            "01234567-89ab-cdef-0123-456789abcdef", r->line,
                            value));

    case F_NETWORK:
        row->network = xstrdup(value);
        return NULL;

    case F_CLEAR:
        return add_clear(r, value);

    case F_BECAUSE:
        return set_because(r, value);

    case F_ADDRESSES:
    case F_PORT_SECURITY:
        return begin_column(r, field, value);

    case F_PORT:
        break;
    }
    OVS_NOT_REACHED();
}

static bool
field_from_string(const char *name, enum field *field)
{
    for (size_t i = 0; i < N_FIELDS; i++) {
        if (!strcmp(field_names[i], name)) {
            *field = i;
            return true;
        }
    }
    return false;
}

static char *
unknown_field(const struct reader *r, const char *name)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_format(&ds, "line %u: '%s' is not a field of a plan; expected one "
                  "of", r->line, name);
    for (size_t i = 0; i < N_FIELDS; i++) {
        ds_put_format(&ds, "%s %s", i ? "," : "", field_names[i]);
    }
    return ds_steal_cstr(&ds);
}

/* The fields in front of the first port. */
static char *
read_heading(struct reader *r, const char *name, const char *value)
{
    long long int version;

    if (!r->has_version) {
        if (strcmp(name, "plan-version")) {
            return xasprintf("line %u: '%s' is not expected here, but "
                             "'plan-version: %d'", r->line, name,
                             PLAN_VERSION);
        }
        if (!str_to_llong(value, 10, &version) || version != PLAN_VERSION) {
            return xasprintf("line %u: plan-version: '%s' is not known to "
                             "this program; expected %d", r->line, value,
                             PLAN_VERSION);
        }
        r->has_version = true;
        return NULL;
    }
    if (strcmp(name, "mode")) {
        return xasprintf("line %u: '%s' is not expected here, but 'mode: "
                         PLAN_MODE"'", r->line, name);
    }
    if (strcmp(value, PLAN_MODE)) {
        return xasprintf("line %u: mode: '%s' is not '"PLAN_MODE"', the only "
                         "mode that plans are made for", r->line, value);
    }
    r->has_mode = true;
    return NULL;
}

static char *
read_element(struct reader *r, const char *line)
{
    struct plan_row *row = last_row(r);
    bool addresses = r->column == F_ADDRESSES;

    if (line[0] != '+') {
        svec_add(addresses ? &row->saw_addresses : &row->saw_port_security,
                 line + 1);
    }
    if (line[0] != '-') {
        svec_add(addresses ? &row->write_addresses
                 : &row->write_port_security, line + 1);
    }
    return NULL;
}

static char *
read_field(struct reader *r, const char *line)
{
    size_t n = strcspn(line, ":");
    enum field field;
    const char *value;
    char *name, *error;

    if (!line[n]) {
        return xasprintf("line %u: '%s' is not understood; expected 'FIELD: "
                         "VALUE'", r->line, line);
    }
    name = xmemdup0(line, n);
    value = line + n + 1;
    value += *value == ' ';
    r->column = -1;
    if (!r->has_mode) {
        error = read_heading(r, name, value);
    } else if (!field_from_string(name, &field)) {
        error = unknown_field(r, name);
    } else if (field == F_PORT) {
        error = begin_port(r, value);
    } else if (!r->plan->n) {
        error = xasprintf("line %u: '%s' is not expected here, but 'port: "
                          "NAME'", r->line, name);
    } else {
        error = set_field(r, field, value);
    }
    free(name);
    return error;
}

static char *
read_line(struct reader *r, const char *line)
{
    if (line[0] == '#') {
        return NULL;
    } else if (!line[strspn(line, " \t\r")]) {
        r->column = -1;
        return NULL;
    } else if (strchr(" +-", line[0])) {
        return (r->column >= 0 ? read_element(r, line)
                : xasprintf("line %u: '%s' is not expected here, but 'FIELD: "
                            "VALUE'", r->line, line));
    }
    return read_field(r, line);
}

char *
plan_parse(const char *text, struct plan *plan)
{
    struct reader r = { .plan = plan, .column = -1 };

    memset(plan, 0, sizeof *plan);
    svec_init(&plan->notes);
    while (*text) {
        size_t n = strcspn(text, "\n");
        char *line = xmemdup0(text, n);
        char *error;

        r.line++;
        error = read_line(&r, line);
        free(line);
        if (error) {
            return error;
        }
        text += n + (text[n] == '\n');
    }
    if (!r.has_mode) {
        return xasprintf("line %u: the end is not expected here, but '%s'",
                         r.line + 1, r.has_version ? "mode: "PLAN_MODE
                         : "plan-version: "OVS_STRINGIZE(PLAN_VERSION));
    }
    return end_port(&r);
}

void
plan_row_destroy(struct plan_row *row)
{
    for (size_t i = 0; i < row->n_clears; i++) {
        free(row->clears[i].because);
    }
    free(row->clears);
    free(row->port);
    free(row->network);
    svec_destroy(&row->saw_addresses);
    svec_destroy(&row->write_addresses);
    svec_destroy(&row->saw_port_security);
    svec_destroy(&row->write_port_security);
}

void
plan_destroy(struct plan *plan)
{
    for (size_t i = 0; i < plan->n; i++) {
        plan_row_destroy(&plan->rows[i]);
    }
    free(plan->rows);
    svec_destroy(&plan->notes);
}
