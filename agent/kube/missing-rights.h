/* SPDX-License-Identifier: Apache-2.0 */

/* Rights that single requests turned out to lack: what verb, on which
 * resource, in which namespace.  Each is told once, and shown until a request
 * of that kind is answered. */

#ifndef MISSING_RIGHTS_H
#define MISSING_RIGHTS_H 1

#include <stddef.h>

#include "openvswitch/shash.h"

struct ds;

struct missing_rights {
    struct shash texts;         /* "VERB RESOURCE NAMESPACE" to a line. */
};

void missing_rights_init(struct missing_rights *);
void missing_rights_destroy(struct missing_rights *);

/* 'consequence' says what follows from that, or is NULL. */
void missing_rights_add(struct missing_rights *, const char *verb,
                        const char *resource, const char *ns,
                        const char *consequence);
void missing_rights_remove(struct missing_rights *, const char *verb,
                           const char *resource, const char *ns);

size_t missing_rights_count(const struct missing_rights *);
/* Appends a line for each. */
void missing_rights_format(const struct missing_rights *, struct ds *);

#endif /* missing-rights.h */
