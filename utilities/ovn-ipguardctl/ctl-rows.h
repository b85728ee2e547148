/* SPDX-License-Identifier: Apache-2.0 */

/* Rows of the own database as several commands read them: always in the same
 * order. */

#ifndef CTL_ROWS_H
#define CTL_ROWS_H 1

#include <stddef.h>

struct ds;
struct ipgrec_gate;
struct ipgrec_hold;
struct json;
struct ovsdb_idl;

/* For prerequisites: what the functions below read. */
void ipgctl_add_hold_columns(struct ovsdb_idl *);
void ipgctl_add_gate_columns(struct ovsdb_idl *);

/* All rows, by network and address, or by port; the caller frees the
 * array. */
const struct ipgrec_hold **ipgctl_sorted_holds(struct ovsdb_idl *, size_t *n);
const struct ipgrec_gate **ipgctl_sorted_gates(struct ovsdb_idl *, size_t *n);

/* The hold as an object. */
struct json *ipgctl_json_hold(const struct ipgrec_hold *);

/* Appends whose address it was, or nothing if that is not known. */
void ipgctl_format_owner(const struct ipgrec_hold *, struct ds *);

#endif /* ctl-rows.h */
