/* SPDX-License-Identifier: Apache-2.0 */

/* Tables of what a dialect is to make of annotations and of ports, checked in
 * the same way for all dialects. */

#ifndef DIALECT_VECTORS_H
#define DIALECT_VECTORS_H 1

#include <stddef.h>

#include "smap.h"

#include "agent/core/dialect.h"

/* Initialises '*smap' with "KEY=VALUE|KEY=VALUE". */
void dv_parse_smap(const char *text, struct smap *);

/* What kind of subject: number of a StatefulSet's pod, or one of these. */
enum { PLAIN = -1, VM = -2, TEMPLATE = -3, UNNUMBERED = -4 };

/* The subject is ns/web-0. */
struct claim_subject dv_subject(int who);

struct claim_vector {
    const char *annotations;
    int who;
    const char *provider;
    const char *expected;       /* "KIND [IP,...] [MAC] [on LS] [allocated]",
                                 * or "none". */
    const char *error;          /* A part of it; for "invalid". */
};

void dv_check_claims(const struct dialect *, const struct claim_vector *,
                     size_t n);

struct port_vector {
    const char *name;
    const char *type;
    const char *network;
    const char *external_ids;
    const char *options;
    const char *expected;       /* "owned NS/OWNER PROVIDER", or the kind. */
    const char *why;            /* A part of it. */
};

void dv_check_ports(const struct dialect *, const struct port_vector *,
                    size_t n);

/* Whatever the annotations say, the claims are complete, and an explicit one
 * names one or two addresses of different families. */
void dv_check_sane(const struct claims *);

#endif /* dialect-vectors.h */
