/* SPDX-License-Identifier: Apache-2.0 */

/* Many pods in little memory: each is one block, with what they have in common
 * kept once. */

#ifndef POD_POOL_H
#define POD_POOL_H 1

#include "openvswitch/hmap.h"
#include "strpool.h"

struct pod;
struct pod_owner;

struct pod_pool {
    struct strpool strings;     /* Of whoever keeps the pods, too. */
    struct hmap owners;         /* Contains "struct pooled_owner"s. */
};

void pod_pool_init(struct pod_pool *);
/* All pods, owners and strings must have been given back. */
void pod_pool_destroy(struct pod_pool *);

/* Returns 'pod' (taken) as one block of memory.  If 'name' is its name, that
 * is referred to.  Its value must not be changed any more, and it must be
 * given back before 'name' goes. */
struct pod *pod_pool_pack(struct pod_pool *, struct pod *, const char *name);
/* Gives back what pod_pool_pack() returned. */
void pod_pool_free(struct pod_pool *, struct pod *);

/* Returns 'owner', which is that of a pod of the pool and stays until it is
 * given back, be the pod there or not. */
const struct pod_owner *pod_pool_ref_owner(const struct pod_owner *owner);
/* Gives back what that returned; NULL is nothing. */
void pod_pool_unref_owner(struct pod_pool *, const struct pod_owner *);

#endif /* pod-pool.h */
