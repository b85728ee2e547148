/* SPDX-License-Identifier: Apache-2.0 */

/* What the files of the model share and nobody else uses. */

#ifndef MODEL_PRIVATE_H
#define MODEL_PRIVATE_H 1

struct base_entry;
struct ip_addr;
struct member;
struct model;
struct pod;
struct port;
struct workload;

/* Returns the member 'name' of 'ns', making it if there is none. */
struct member *model_get_member(struct model *, const char *ns,
                                const char *name);
/* Frees 'member' if it has neither ports nor pods. */
void model_gc_member(struct model *, struct member *);
/* Puts 'port' into the index of its network's addresses, or takes it out. */
void model_add_addr_use(struct model *, struct port *, const struct ip_addr *);
void model_del_addr_use(struct model *, struct port *, const struct ip_addr *);
/* Adds 'delta' to the counts of the MACs that 'port' names. */
void model_count_port_macs(struct model *, const struct port *, int delta);
/* Put a pod or a StatefulSet into the index of those who ask for an address,
 * or take it out; its claims or templates must be the same both times. */
void model_add_pod_waiters(struct model *, struct member *,
                           const struct pod *);
void model_drop_pod_waiters(struct model *, const struct pod *);
void model_add_base_waiters(struct model *, struct base_entry *,
                            const struct workload *);
void model_drop_base_waiters(struct model *, const struct base_entry *,
                             const struct workload *);
void model_destroy_waiters(struct model *);
void model_destroy_kube(struct model *);
void model_destroy_sb(struct model *);

#endif /* model-private.h */
