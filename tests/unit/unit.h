/* SPDX-License-Identifier: Apache-2.0 */

/* What the suites of tests/unit/ share; see suites.h for how to add one. */

#ifndef UNIT_H
#define UNIT_H 1

#include <CUnit/CUnit.h>
#include <stdint.h>

/* Registers a suite 'name' in CUnit and returns it, for CU_ADD_TEST().  Exits
 * if CUnit refuses it: a suite that is silently absent proves nothing. */
CU_pSuite unit_add_suite(const char *name);

/* Returns the seed of this run, which is printed with the results and taken
 * from IPGUARD_TEST_SEED if that is set.  A test with random input begins
 * with random_set_seed(unit_seed()), so that its input does not depend on
 * which tests ran before it. */
uint32_t unit_seed(void);

/* Returns the whole of doc/'name', each run of blanks as one.  The caller
 * frees it. */
char *unit_read_doc(const char *name);

#define SUITE(NAME) void suite_##NAME(void);
#include "tests/unit/suites.h"
#undef SUITE

#endif /* unit.h */
