/* SPDX-License-Identifier: Apache-2.0 */

/* What a guard would write to ports now, as data and as a file for a person to
 * review.  Each row says what was seen of a port and what would be written, so
 * that "apply" can tell whether either has changed since.
 *
 * The file is text.  The same plan is the same file, whenever it is made:
 *
 *     plan-version: 1
 *     mode: guard
 *
 *     port: sts1-0.default
 *     uuid: 01234567-89ab-cdef-0123-456789abcdef
 *     network: ls1
 *     clear: 10.0.0.5
 *     because: case C, no pod; ...
 *     addresses:
 *     -0a:00:00:00:00:01 10.0.0.5
 *     +0a:00:00:00:00:01
 *     port_security:
 *      0a:00:00:00:00:01 10.0.0.5
 *
 * A line of a column begins with "-" if the element goes, with "+" if it
 * comes, and with a blank if it stays; the rest of the line is the element. */

#ifndef PLAN_H
#define PLAN_H 1

#include <stdbool.h>
#include <stddef.h>
#include "ip-addr.h"
#include "openvswitch/compiler.h"
#include "openvswitch/uuid.h"
#include "svec.h"

struct ds;
struct guard;
struct guard_env;
struct port;

/* Of the file. */
#define PLAN_VERSION 1

/* The only mode that a plan is made for. */
#define PLAN_MODE "guard"

struct plan_clear {
    struct ip_addr addr;
    char *because;              /* "case C, no pod; ..."; or "". */
};

/* One Logical_Switch_Port. */
struct plan_row {
    struct uuid uuid;
    char *port;                 /* Name. */
    char *network;              /* Name. */
    struct plan_clear *clears;  /* By address. */
    size_t n_clears;
    struct svec saw_addresses, write_addresses;
    struct svec saw_port_security, write_port_security;
};

struct plan {
    struct plan_row *rows;      /* By name of the port. */
    size_t n;
    struct svec notes;          /* What is left for later, a line each. */
};

/* What the guard would clear if its mode were guard and nothing kept it from
 * writing.  'plan' need not be initialised. */
void guard_make_plan(const struct guard *, const struct guard_env *,
                     struct plan *plan);
void plan_destroy(struct plan *);
/* Frees what the row has, but not the row. */
void plan_row_destroy(struct plan_row *);

/* Appends the file. */
void plan_format(const struct plan *, struct ds *);

/* Reads a file's content.  Returns NULL, or an error that names line and field
 * and what is expected there; the caller frees it.  'plan' need not be
 * initialised, and is to be destroyed in either case.  Its notes are empty. */
char *plan_parse(const char *text, struct plan *plan) OVS_WARN_UNUSED_RESULT;

/* Takes 'ip' out of columns of 'p' as a clear in mode guard does.  Returns
 * false if it is not in 'addresses'.  '*kept', if nonnull, tells whether
 * port_security still has it afterwards. */
bool plan_edit(const struct port *p, const struct ip_addr *ip,
               struct svec *addresses, struct svec *port_security,
               bool *kept);

#endif /* plan.h */
