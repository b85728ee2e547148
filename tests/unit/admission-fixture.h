/* SPDX-License-Identifier: Apache-2.0 */

/* The small world in which admission is tested, and how what is said in it is
 * compared. */

#ifndef ADMISSION_FIXTURE_H
#define ADMISSION_FIXTURE_H 1

#include "agent/core/admission.h"
#include "agent/core/hold.h"
#include "agent/core/model.h"
#include "agent/core/settings.h"

/* In December 2023; when everything is judged. */
#define WALL 1700000000000LL

/* The world:
 *
 * net    10.0.0.0/24 with gateway 10.0.0.254, no IPv6
 * dual   10.1.0.0/24 and fd00::/64, gateways .254 and ::fe
 * one    192.168.0.0/24, and so has
 * two    192.168.0.0/24
 *
 * StatefulSet "run" runs on net: run-0 has 10.0.0.10, run-1 10.0.0.11, run-2
 * 10.0.0.12, as its ip_pool says.  "sticky" has 10.0.0.20 and names nothing.
 * "plan" is young, has no pods yet, and its ip_pool says 10.0.0.30 and .31.
 * "first" is older than all and its ip_pool says 10.0.0.40.
 *
 * 10.0.0.50 is held, formerly of gone-0, and so is .51, formerly run-1's, and
 * .52, of a plain pod.  A pod "waits" was let in and asks for 10.0.0.60.
 * "rs-a" of the ReplicaSet "rs" has 10.0.0.70; .71 is held, formerly of "rs".
 * A foreign port has 10.0.0.80. */
extern struct model adm_model;
extern struct hold_table adm_holds;
extern struct settings adm_settings;

void adm_open(void);
void adm_close(void);
/* In mode guard, with everything of the world. */
struct admission_context adm_context(void);

/* A StatefulSet of the world, as unit_sts() makes it. */
struct workload *adm_sts(const char *name, int replicas,
                         long long int created_s, const char *annotations);

/* Judges and compares.  'expected' is what the findings must be, in order,
 * separated by '|': each begins with '!' if it refuses, and goes on with a
 * part of its text.  Empty: let in without a word. */
void adm_check(const char *name, const struct admission_request *,
               const struct admission_context *, const char *expected);

/* Returns 'expected' with each '!' gone; the caller frees it. */
char *adm_soften(const char *expected);

#endif /* admission-fixture.h */
