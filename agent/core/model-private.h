/* SPDX-License-Identifier: Apache-2.0 */

/* What the files of the model share and nobody else uses. */

#ifndef MODEL_PRIVATE_H
#define MODEL_PRIVATE_H 1

#include <stdbool.h>
#include <stdint.h>

struct base_entry;
struct ip_addr;
struct ip_addr_set;
struct kube_change;
struct member;
struct model;
struct network;
struct pod;
struct port;
struct port_proof;
struct workload;

/* Returns the member 'name' of 'ns', making it if there is none. */
struct member *model_get_member(struct model *, const char *ns,
                                const char *name);
/* Frees 'member' if it has neither ports nor pods. */
void model_gc_member(struct model *, struct member *);
/* What was seen of 'pod', a pod of the member, which goes or comes. */
void model_remember_pod(struct member *, const struct pod *);
void model_recall_pod(const struct member *, struct pod *);
/* The pod 'uid' is refused its address, in the words of 'text'.  Returns false
 * if that is known. */
bool model_remember_refusal(struct member *, const char *uid,
                            const char *text);
/* Of members and bases. */
uint32_t model_key_hash(const char *ns, const char *name);
/* Returns the base 'name' of 'ns', making it if there is none. */
struct base_entry *model_get_base(struct model *, const char *ns,
                                  const char *name);
/* Frees the base, which may be NULL, if nothing needs it.  What was seen of a
 * workload is forgotten only when none of its members is left. */
void model_gc_base(struct model *, struct base_entry *);
/* Takes 'port' off its network, if it is on one: every address of it
 * departs. */
void model_detach_port(struct model *, struct port *, bool row_gone);
/* Notes that 'ip' leaves 'port', which is still as it was before; or all of
 * its addresses that are not among 'ips', which it is about to have on
 * 'network' (NULL: none). */
void model_queue_departure(struct model *, const struct port *,
                           const struct ip_addr *ip, bool row_gone);
void model_queue_departures(struct model *, const struct port *,
                            const struct network *network,
                            const struct ip_addr_set *ips);
/* Notes those of 'ips' on 'network' that are new to 'port', which is about to
 * have them. */
void model_queue_arrivals(struct model *, const struct port *,
                          const struct network *network,
                          const struct ip_addr_set *ips);
/* Puts 'port' into the index of its network's addresses, or takes it out. */
void model_add_addr_use(struct model *, struct port *, const struct ip_addr *);
void model_del_addr_use(struct model *, struct port *, const struct ip_addr *);
/* Adds 'delta' to the counts of the MACs that 'port' names. */
void model_count_port_macs(struct model *, const struct port *, int delta);
/* Makes 'port' one of 'member' (NULL: nobody's). */
void model_set_port_member(struct model *, struct port *, struct member *);
/* Takes what 'proof' says over into 'port'; destroys it. */
void model_apply_proof(struct model *, struct port *, struct port_proof *);
void model_drop_proofs(struct port *);
/* Counts the marks anew that 'port' or a pod bears. */
void model_note_port_marks(struct model *, struct port *, uint8_t marks);
void model_note_pod_marks(struct model *, uint8_t old, uint8_t new);
/* Drops claims that are of another dialect than the one that was decided. */
void model_filter_claims(const struct model *, struct pod *);
/* Files 'pod' (taken), which the model has under another member's name, as one
 * that was there from the beginning. */
void model_refile_pod(struct model *, struct pod *);
void model_set_ipam_claim(struct model *, const struct kube_change *);
void model_destroy_ipam_claims(struct model *);
/* Puts what is asked for by name into the index of promises, or takes it out;
 * NULL does nothing. */
void model_add_pod_promises(struct model *, const struct pod *);
void model_del_pod_promises(struct model *, const struct pod *);
void model_add_workload_promises(struct model *, struct workload *);
void model_del_workload_promises(struct model *, struct workload *);
/* A change of KUBE_IP or KUBE_SUBNET. */
void model_apply_ip_object(struct model *, struct kube_change *);
void model_apply_subnet(struct model *, struct kube_change *);
void model_init_ipam(struct model *);
void model_destroy_ipam(struct model *);
/* Parts of model_destroy(): nothing is noted any more.  Ports go before what
 * they are on. */
void model_destroy_ports(struct model *);
void model_destroy_index(struct model *);
void model_destroy_networks(struct model *);
void model_destroy_promises(struct model *);
void model_destroy_kube(struct model *);
void model_destroy_sb(struct model *);

#endif /* model-private.h */
