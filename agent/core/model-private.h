/* SPDX-License-Identifier: Apache-2.0 */

/* What the files of the model share and nobody else uses. */

#ifndef MODEL_PRIVATE_H
#define MODEL_PRIVATE_H 1

struct ip_addr;
struct kube_change;
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
/* Puts what is asked for by name into the index of promises, or takes it out;
 * NULL does nothing. */
void model_add_pod_promises(struct model *, const struct pod *);
void model_del_pod_promises(struct model *, const struct pod *);
void model_add_workload_promises(struct model *, const struct workload *);
void model_del_workload_promises(struct model *, const struct workload *);
/* A change of KUBE_IP or KUBE_SUBNET. */
void model_apply_ip_object(struct model *, struct kube_change *);
void model_apply_subnet(struct model *, struct kube_change *);
void model_init_ipam(struct model *);
void model_destroy_ipam(struct model *);
void model_destroy_kube(struct model *);
void model_destroy_sb(struct model *);

#endif /* model-private.h */
