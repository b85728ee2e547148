/* SPDX-License-Identifier: Apache-2.0 */

/* The schema of the own database as its server has it.  Asked for when
 * something went wrong, to tell whether an older schema is why. */

#ifndef CTL_SCHEMA_H
#define CTL_SCHEMA_H 1

/* If the database at 'remote' has an older schema than this program was made
 * for, returns a sentence that names both versions and says what to do; the
 * caller frees it.  Otherwise, and if the server does not say within some
 * seconds, returns NULL. */
char *ctl_schema_remark(const char *remote);

#endif /* ctl-schema.h */
