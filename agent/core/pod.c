/* SPDX-License-Identifier: Apache-2.0 */

/* A pod as a value. */

#include <config.h>

#include "pod.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "strpool.h"
#include "util.h"

const char *
owner_kind_to_string(enum owner_kind kind)
{
    switch (kind) {
    case OWNER_NONE: return "none";
    case OWNER_STATEFULSET: return "StatefulSet";
    case OWNER_VM: return "VirtualMachine";
    case OWNER_OTHER: return "other";
    }
    OVS_NOT_REACHED();
}

struct pod *
pod_create(const char *ns, const char *name, const char *uid)
{
    struct pod *pod = xzalloc(sizeof *pod);

    pod->ns = xstrdup(ns);
    pod->name = xstrdup(name);
    pod->uid = xstrdup(uid ? uid : "");
    pod->owner_kind = OWNER_NONE;
    pod->owner_name = xstrdup("");
    pod->owner_uid = xstrdup("");
    pod->ordinal = -1;
    pod->revision = xstrdup("");
    pod->node = xstrdup("");
    ip_addr_set_init(&pod->status_ips);
    claims_init(&pod->claims);
    return pod;
}

/* ---- Packing. ---- */

/* The strings of a pod that many pods share. */
#define FOR_EACH_SHARED(F, POD)         \
    F((POD)->ns);                       \
    F((POD)->owner_name);               \
    F((POD)->owner_uid);                \
    F((POD)->revision);                 \
    F((POD)->node)

/* Moves 's' (taken) into 'pool'. */
static char *
move_to_pool(struct strpool *pool, char *s)
{
    const char *copy = s ? strpool_ref(pool, s) : NULL;

    free(s);
    return CONST_CAST(char *, copy);
}

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

struct pod *
pod_pack(struct pod *pod, struct strpool *pool, const char *name)
{
    bool same_name = !strcmp(pod->name, name);
    size_t claims_size = pod->claims.n * sizeof *pod->claims.claims;
    size_t size = (sizeof *pod + claims_size + strlen(pod->uid) + 1
                   + (same_name ? 0 : strlen(pod->name) + 1));
    struct claim *claims;
    struct pod *packed;
    char *end;

    BUILD_ASSERT_DECL(sizeof *pod % sizeof(void *) == 0);
    ovs_assert(!pod->pool);
    for (size_t i = 0; i < pod->claims.n; i++) {
        const char *error = pod->claims.claims[i].error;

        size += error ? strlen(error) + 1 : 0;
    }
    packed = xmalloc(size);
    claims = ALIGNED_CAST(struct claim *, packed + 1);
    end = (char *) packed + sizeof *packed + claims_size;
    *packed = *pod;
    packed->pool = pool;
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
    move_string(&packed->uid, &end);
#define MOVE(S) S = move_to_pool(pool, S)
    FOR_EACH_SHARED(MOVE, packed);
    for (size_t i = 0; i < packed->claims.n; i++) {
        struct claim *c = &claims[i];

        MOVE(c->provider);
        MOVE(c->logical_switch);
        MOVE(c->source);
        if (c->error) {
            move_string(&c->error, &end);
        }
    }
#undef MOVE
    free(pod->claims.claims);
    free(pod);
    return packed;
}

static void
destroy_packed(struct pod *pod)
{
#define UNREF(S) strpool_unref(pod->pool, S)
    FOR_EACH_SHARED(UNREF, pod);
    for (size_t i = 0; i < pod->claims.n; i++) {
        UNREF(pod->claims.claims[i].provider);
        UNREF(pod->claims.claims[i].logical_switch);
        UNREF(pod->claims.claims[i].source);
    }
#undef UNREF
    ip_addr_set_destroy(&pod->status_ips);
    free(pod);
}

void
pod_destroy(struct pod *pod)
{
    if (!pod) {
        return;
    } else if (pod->pool) {
        destroy_packed(pod);
        return;
    }
    free(pod->ns);
    free(pod->name);
    free(pod->uid);
    free(pod->owner_name);
    free(pod->owner_uid);
    free(pod->revision);
    free(pod->node);
    ip_addr_set_destroy(&pod->status_ips);
    claims_destroy(&pod->claims);
    free(pod);
}

/* ---- Values. ---- */

struct pod *
pod_clone(const struct pod *src)
{
    struct pod *dst = xmemdup(src, sizeof *src);

    dst->pool = NULL;
    dst->ns = xstrdup(src->ns);
    dst->name = xstrdup(src->name);
    dst->uid = xstrdup(src->uid);
    dst->owner_name = xstrdup(src->owner_name);
    dst->owner_uid = xstrdup(src->owner_uid);
    dst->revision = xstrdup(src->revision);
    dst->node = xstrdup(src->node);
    ip_addr_set_clone(&dst->status_ips, &src->status_ips);
    claims_clone(&dst->claims, &src->claims);
    return dst;
}

bool
pod_equals(const struct pod *a, const struct pod *b)
{
    return (!strcmp(a->ns, b->ns)
            && !strcmp(a->name, b->name)
            && !strcmp(a->uid, b->uid)
            && a->owner_kind == b->owner_kind
            && !strcmp(a->owner_name, b->owner_name)
            && !strcmp(a->owner_uid, b->owner_uid)
            && a->ordinal == b->ordinal
            && !strcmp(a->revision, b->revision)
            && !strcmp(a->node, b->node)
            && a->created_s == b->created_s
            && a->deleting == b->deleting
            && a->finished == b->finished
            && a->migrating == b->migrating
            && a->opted_out == b->opted_out
            && a->marks == b->marks
            && ip_addr_set_equals(&a->status_ips, &b->status_ips)
            && claims_equal(&a->claims, &b->claims));
}

const char *
pod_port_owner_name(const struct pod *pod)
{
    return (pod->owner_kind == OWNER_VM && pod->owner_name[0]
            ? pod->owner_name : pod->name);
}

bool
pod_name_split_ordinal(const char *name, size_t *base_len, int *ordinal)
{
    const char *dash = strrchr(name, '-');
    long long int value = 0;

    *base_len = 0;
    *ordinal = -1;
    if (!dash || dash == name || !dash[1]) {
        return false;
    }
    for (const char *p = dash + 1; *p; p++) {
        if (*p < '0' || *p > '9') {
            return false;
        }
        value = value * 10 + (*p - '0');
        if (value > INT_MAX) {
            return false;
        }
    }
    *base_len = dash - name;
    *ordinal = value;
    return true;
}
