/* SPDX-License-Identifier: Apache-2.0 */

/* Many pods in little memory. */

#include <config.h>

#include "pod-pool.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "pod.h"
#include "util.h"

struct pooled_owner {
    struct hmap_node node;      /* In 'owners', by all that it is. */
    size_t n_refs;
    struct pod_owner owner;     /* Strings of the pool: equal ones are the
                                 * same. */
};

void
pod_pool_init(struct pod_pool *pool)
{
    strpool_init(&pool->strings);
    hmap_init(&pool->owners);
}

void
pod_pool_destroy(struct pod_pool *pool)
{
    ovs_assert(hmap_is_empty(&pool->owners));
    hmap_destroy(&pool->owners);
    strpool_destroy(&pool->strings);
}

/* Moves 's' (taken) into the pool. */
static char *
move_to_pool(struct pod_pool *pool, char *s)
{
    const char *copy = s ? strpool_ref(&pool->strings, s) : NULL;

    free(s);
    return CONST_CAST(char *, copy);
}

/* ---- Owners. ---- */

static void
unref_strings(struct pod_pool *pool, const struct pod_owner *owner)
{
    strpool_unref(&pool->strings, owner->ns);
    strpool_unref(&pool->strings, owner->name);
    strpool_unref(&pool->strings, owner->uid);
    strpool_unref(&pool->strings, owner->revision);
}

/* Moves 'owner' (taken) into the pool. */
static struct pod_owner *
move_owner_to_pool(struct pod_pool *pool, struct pod_owner *owner)
{
    struct pooled_owner *p;
    struct pod_owner o = {
        .ns = move_to_pool(pool, owner->ns),
        .name = move_to_pool(pool, owner->name),
        .uid = move_to_pool(pool, owner->uid),
        .revision = move_to_pool(pool, owner->revision),
    };
    uint32_t hash = hash_bytes(&o, sizeof o, 0);

    free(owner);
    HMAP_FOR_EACH_WITH_HASH (p, node, hash, &pool->owners) {
        if (!memcmp(&p->owner, &o, sizeof o)) {
            unref_strings(pool, &o);
            p->n_refs++;
            return &p->owner;
        }
    }
    p = xmalloc(sizeof *p);
    p->n_refs = 1;
    p->owner = o;
    hmap_insert(&pool->owners, &p->node, hash);
    return &p->owner;
}

const struct pod_owner *
pod_pool_ref_owner(const struct pod_owner *owner)
{
    CONTAINER_OF(owner, struct pooled_owner, owner)->n_refs++;
    return owner;
}

void
pod_pool_unref_owner(struct pod_pool *pool, const struct pod_owner *owner)
{
    if (owner) {
        struct pooled_owner *p = CONTAINER_OF(owner, struct pooled_owner,
                                              owner);

        if (!--p->n_refs) {
            unref_strings(pool, owner);
            hmap_remove(&pool->owners, &p->node);
            free(p);
        }
    }
}

/* ---- Pods. ---- */

/* Moves '*s' (taken) to '*to', which is moved on behind it. */
static void
move_string(char **s, char **to)
{
    size_t size = strlen(*s) + 1;
    char *copy = memcpy(*to, *s, size);

    free(*s);
    *s = copy;
    *to += size;
}

/* Bytes that 'pod' takes as one block. */
static size_t
packed_size(const struct pod *pod, bool with_name)
{
    size_t size = (sizeof *pod + pod->claims.n * sizeof *pod->claims.claims
                   + (with_name ? strlen(pod->name) + 1 : 0));

    for (size_t i = 0; i < pod->claims.n; i++) {
        const char *error = pod->claims.claims[i].error;

        size += error ? strlen(error) + 1 : 0;
    }
    return size;
}

struct pod *
pod_pool_pack(struct pod_pool *pool, struct pod *pod, const char *name)
{
    bool same_name = !strcmp(pod->name, name);
    size_t claims_size = pod->claims.n * sizeof *pod->claims.claims;
    struct pod *packed = xmalloc(packed_size(pod, !same_name));
    struct claim *claims = ALIGNED_CAST(struct claim *, packed + 1);
    char *end = (char *) (packed + 1) + claims_size;

    BUILD_ASSERT_DECL(sizeof *pod % sizeof(void *) == 0);
    ovs_assert(!pod->packed);
    *packed = *pod;
    packed->packed = true;
    packed->owner = move_owner_to_pool(pool, pod->owner);
    if (claims_size) {
        memcpy(claims, pod->claims.claims, claims_size);
    }
    packed->claims.claims = claims;
    if (same_name) {
        free(packed->name);
        packed->name = CONST_CAST(char *, name);
    } else {
        move_string(&packed->name, &end);
    }
    if (packed->status) {
        packed->status->node = move_to_pool(pool, packed->status->node);
    }
    for (size_t i = 0; i < packed->claims.n; i++) {
        struct claim *c = &claims[i];

        c->provider = move_to_pool(pool, c->provider);
        c->logical_switch = move_to_pool(pool, c->logical_switch);
        c->source = move_to_pool(pool, c->source);
        if (c->error) {
            move_string(&c->error, &end);
        }
    }
    free(pod->claims.claims);
    free(pod);
    return packed;
}

void
pod_pool_free(struct pod_pool *pool, struct pod *pod)
{
    ovs_assert(pod->packed);
    pod_pool_unref_owner(pool, pod->owner);
    obj_uid_destroy(&pod->uid);
    if (pod->status) {
        strpool_unref(&pool->strings, pod->status->node);
        ip_addr_set_destroy(&pod->status->ips);
        free(pod->status);
    }
    for (size_t i = 0; i < pod->claims.n; i++) {
        strpool_unref(&pool->strings, pod->claims.claims[i].provider);
        strpool_unref(&pool->strings, pod->claims.claims[i].logical_switch);
        strpool_unref(&pool->strings, pod->claims.claims[i].source);
    }
    free(pod);
}
