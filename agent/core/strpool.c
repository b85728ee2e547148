/* SPDX-License-Identifier: Apache-2.0 */

/* Strings, each kept once. */

#include <config.h>

#include "strpool.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "util.h"

struct pooled {
    struct hmap_node node;
    uint32_t n_refs;
    char s[];
};

void
strpool_init(struct strpool *pool)
{
    hmap_init(&pool->strings);
}

void
strpool_destroy(struct strpool *pool)
{
    ovs_assert(hmap_is_empty(&pool->strings));
    hmap_destroy(&pool->strings);
}

const char *
strpool_ref(struct strpool *pool, const char *s)
{
    uint32_t hash = hash_string(s, 0);
    struct pooled *p;
    size_t size;

    HMAP_FOR_EACH_WITH_HASH (p, node, hash, &pool->strings) {
        if (!strcmp(p->s, s)) {
            p->n_refs++;
            return p->s;
        }
    }
    size = strlen(s) + 1;
    p = xmalloc(sizeof *p + size);
    p->n_refs = 1;
    memcpy(p->s, s, size);
    hmap_insert(&pool->strings, &p->node, hash);
    return p->s;
}

void
strpool_unref(struct strpool *pool, const char *s)
{
    if (s) {
        struct pooled *p = CONTAINER_OF(s, struct pooled, s);

        if (!--p->n_refs) {
            hmap_remove(&pool->strings, &p->node);
            free(p);
        }
    }
}

size_t
strpool_count(const struct strpool *pool)
{
    return hmap_count(&pool->strings);
}
