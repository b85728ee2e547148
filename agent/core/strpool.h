/* SPDX-License-Identifier: Apache-2.0 */

/* Strings that occur many times, each kept once: namespaces, owners, nodes,
 * names of annotations. */

#ifndef STRPOOL_H
#define STRPOOL_H 1

#include <stddef.h>

#include "openvswitch/hmap.h"

struct strpool {
    struct hmap strings;
};

void strpool_init(struct strpool *);
/* All strings must have been given back. */
void strpool_destroy(struct strpool *);

/* Returns the pool's copy of 's', to be given back with strpool_unref(). */
const char *strpool_ref(struct strpool *, const char *s);
/* Gives back what strpool_ref() returned; NULL is nothing. */
void strpool_unref(struct strpool *, const char *);

size_t strpool_count(const struct strpool *);

#endif /* strpool.h */
