/* SPDX-License-Identifier: Apache-2.0 */

/* Which columns of the Northbound database are mirrored.  A list of its own,
 * so that the benchmark suite can measure what a client with exactly these
 * costs (tests/bench/floor.c). */

#ifndef NB_COLUMNS_H
#define NB_COLUMNS_H 1

#include <stddef.h>
#include "ovsdb/db-conn.h"

extern const struct db_column nb_columns[];
extern const size_t nb_n_columns;

#endif /* nb-columns.h */
