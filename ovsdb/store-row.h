/* SPDX-License-Identifier: Apache-2.0 */

/* Rows of the own database as the structs of the core, and back.
 *
 * store.c decides what is read and written when; this knows the columns.  The
 * functions that write need an open transaction.  A row that cannot be
 * understood yields NULL and a text; it is not touched. */

#ifndef STORE_ROW_H
#define STORE_ROW_H 1

#include <stdint.h>
#include "openvswitch/compiler.h"

struct gate;
struct hold;
struct ipgrec_gate;
struct ipgrec_hold;
struct ipgrec_ipguard;
struct ipgrec_request;
struct ipguard_row;
struct journal_entry;
struct ovsdb_idl;
struct request;
struct request_answer;
struct ovsdb_idl_txn;

struct hold *store_row_read_hold(const struct ipgrec_hold *, char **problem);
struct gate *store_row_read_gate(const struct ipgrec_gate *, char **problem);

/* What an operator wrote can be anything, so there is always a request. */
struct request *store_row_read_request(const struct ipgrec_request *);

/* Returns a problem, which the caller frees, or NULL. */
char *store_row_read_ipguard(const struct ipgrec_ipguard *,
                             struct ipguard_row *) OVS_WARN_UNUSED_RESULT;

/* Whole rows, made if they do not exist.  The rows of Former_Port that the
 * hold has already are kept for the ports that still are in it. */
const struct ipgrec_hold *store_row_write_hold(struct ovsdb_idl_txn *,
                                               const struct ipgrec_hold *,
                                               const struct hold *);
const struct ipgrec_gate *store_row_write_gate(struct ovsdb_idl_txn *,
                                               const struct ipgrec_gate *,
                                               const struct gate *);
/* The row must exist. */
void store_row_write_answer(const struct ipgrec_request *,
                            const struct request_answer *);
void store_row_write_journal(struct ovsdb_idl_txn *,
                             const struct journal_entry *);

/* Our columns of the row, with the generation incremented; what the
 * administrator sets stays.  Verifies what both may change. */
void store_row_write_ipguard(const struct ipgrec_ipguard *,
                             const struct ipguard_row *);

/* Digests of all columns that the structs are made of. */
uint64_t store_row_digest_hold(const struct ipgrec_hold *);
uint64_t store_row_digest_gate(const struct ipgrec_gate *);
uint64_t store_row_digest_request(const struct ipgrec_request *);
uint64_t store_row_digest_ipguard(const struct ipgrec_ipguard *);

#endif /* store-row.h */
