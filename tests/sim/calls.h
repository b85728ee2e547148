/* SPDX-License-Identifier: Apache-2.0 */

/* What the files of the simulation call of each other: a part of sim.h, by
 * file. */

#ifndef SIM_CALLS_H
#define SIM_CALLS_H 1

/* event.c */
void event_happen(struct world *, const struct event *);
/* At the first time the brake stays on, over a restart. */
void event_mend_all(struct world *, bool first);

/* operator.c */
void operator_act(struct world *, const struct event *, const char *what);

/* nb.c */
void nb_init(struct world *);
struct nb_row nb_new_row(struct world *, int slot);
/* Puts 'row' in place of what the slot has, in one transaction. */
void nb_put(struct world *, int slot, const struct nb_row *);
void nb_delete(struct world *, int slot);
/* The slot whose row 'id' went after transaction 'seq', or -1. */
int nb_slot_lost_since(const struct world *, uint32_t id, uint64_t seq);
void nb_begin(struct world *);
void nb_put_in_txn(struct world *, int slot, const struct nb_row *);
void nb_bump_in_txn(struct world *);
void nb_end(struct world *);
void nb_set_address(struct world *, int slot, int ip);
void nb_save(struct world *);
void nb_restore(struct world *);
void nb_recreate_switch(struct world *, int net);
const char *slot_mac(int slot);
struct uuid sim_uuid(uint32_t kind, uint32_t n);
uint32_t sim_uuid_number(const struct uuid *);
#define UUID_PORT 0xa001
#define UUID_NET 0xa002
#define UUID_MAC 0xa003
#define UUID_INFRA 0xa004
char *row_format(const struct nb_row *);

/* sb.c */
void sb_init(struct world *);
void sb_changed(struct world *);
void sb_row_changed(struct world *, int slot);
/* The chassis where the pod in 'slot' runs claims its row, if nobody has. */
void sb_claim(struct world *, int slot);
void sb_wake_chassis(struct world *);
void sb_nb_changed(struct world *);
void sb_plug(struct world *, int slot, int chassis);
void sb_northd(struct world *);
void sb_northd_rows(struct world *);
void sb_chassis(struct world *, int chassis);
void sb_chassis_set(struct world *, int chassis, bool exists, bool alive);
void sb_send(struct world *, int slot);
void sb_delete_macs(struct world *, const struct uuid *, size_t n);

/* admission.c */
bool admission_lets_in(struct world *, int slot, const struct kpod *);
void admission_rest(struct world *, int slot, int ip, bool has_rival);

/* cluster.c */
void cluster_move_leader(struct world *, enum database);
void sb_save(struct world *);
void sb_restore(struct world *);

/* kube.c */
void kube_init(struct world *);
void kube_pod_changed(struct world *, int slot);
void kube_sts_changed(struct world *, int sts);
void kube_vm_changed(struct world *);
bool kube_decides_anew(const struct world *, const struct kpod *,
                       const struct kpod *, int slot);
int pod_wants(const struct kpod *, int slot);
struct pod *kube_make_pod(const struct world *, int slot,
                          const struct kpod *);
struct workload *kube_make_workload(const struct world *, int sts,
                                    const struct ksts *);
void kube_deliver(struct world *, struct instance *, int object,
                  const union kobject *, uint64_t version, bool listed);
/* The number that the label of a StatefulSet's pod says. */
int kube_template_number(enum claim_way, const int pool[2]);

/* workload.c */
void workload_step(struct world *);
void place_step(struct world *, int slot);
void places_changed(struct world *);
void pod_create_at(struct world *, int slot, enum claim_way, const int *pool,
                   int ip, int revision, uint32_t owner_uid);
void pod_ask_at(struct world *, int slot, enum claim_way, const int *pool,
                int ip, int revision, uint32_t owner_uid);
void pod_delete(struct world *, int slot, bool force);
void pod_network_ready(struct world *, int slot, int ip);

/* cni.c */
void cni_init(struct world *);
void cni_settle(struct world *, int slot, int ip);
void cni_step(struct world *);
void cni_gc(struct world *);
void cni_restart(struct world *);
/* The controller does all its part for the new pod in 'slot' now. */
void cni_set_up_at_once(struct world *, int slot);

void cni_write_port(struct world *, int slot, int ip);

void cni_release(struct world *, int slot);

/* ipam.c */
void ipam_sync(struct world *);
void ipam_step(struct world *);
void ipam_restart(struct world *);
void ipam_in(struct world *, struct instance *);
void ipam_take_writes(struct world *, struct instance *, struct orders *);
void ipam_carry_out(struct world *, struct instance *);
void ipam_drop_writes(struct instance *);
void ipam_ask_refusals(struct world *, struct instance *,
                       const struct orders *);
void ipam_rest(struct world *);

/* ovn-kubernetes.c */
bool speaks_ovn_kubernetes(const struct world *);
const struct dialect *sim_dialect(const struct world *);
void ovn_kubernetes_fill_ids(struct smap *);
void ovn_kubernetes_add_annotation(struct smap *, const struct kpod *);
void ovn_kubernetes_set_up(struct world *, int slot);
void ovn_kubernetes_tear_down(struct world *, int slot);
void ovn_kubernetes_restart(struct world *);

/* regret.c */
/* The batch of the instance is going to be carried out. */
void regret_before_commit(struct world *, struct instance *,
                          const struct nb_batch *);
/* The instance was told that its batch was carried out. */
void regret_told(const struct world *, struct instance *);

/* reaction.c */
/* The instance knows what it was just told. */
void reaction_told(struct instance *);
void reaction_row(struct world *, struct instance *, int slot,
                  const struct nb_row *);
void reaction_check(struct world *, struct instance *,
                    const struct guard_env *);
void reaction_rest(struct world *, const struct instance *);

/* look-back.c */
void look_back_due(struct world *, struct instance *,
                   const struct nb_batch *);
void look_back_asked(struct instance *, int slot);
void look_back_check(struct world *, struct instance *);
void look_back_note_loss(struct world *, const struct instance *, int slot,
                         int ip, const struct nb_row *left);
bool look_back_is_put_back(const struct world *, int slot, int ip);
void look_back_rest(struct world *);

/* own-db.c */
void own_init(struct world *);
void own_reset(struct own_db *);
bool own_commit(struct world *, int author, const struct store_batch *);
void own_snapshot(const struct world *, struct store_snapshot *);
void own_save(struct world *);
void own_restore(struct world *);
void own_lose(struct world *);
const struct hold *own_find_hold(const struct world *, const struct uuid *net,
                                 const struct ip_addr *);
/* The same by number, on the network as NB has it. */
const struct hold *own_find_hold_of(const struct world *, int net, int ip);
/* What 'in' knew when it decided that 'hold' has ended, which may be now: an
 * order may wait for the one before, and one without an answer is repeated. */
const struct end_ordered *own_end_ordered(struct world *,
                                          const struct instance *in,
                                          const struct uuid *hold);
/* Notes that of all holds which 'in' has no more. */
void own_note_ends(struct world *, const struct instance *);
const struct gate *own_find_gate(const struct world *, const struct uuid *);

/* daemon.c */
void instance_init(struct world *, int number);
void instance_start(struct world *, struct instance *);
void instance_kill(struct world *, struct instance *, const char *how);
void instance_stop(struct world *, struct instance *);
void instance_timer(struct world *, struct instance *, enum instance_timer);
void instance_env(const struct world *, const struct instance *,
                  struct guard_env *);
void instance_disconnect(struct world *, struct instance *, enum database,
                         int64_t ms);
void instance_break_watch(struct world *, struct instance *, int64_t ms);
void instance_wake(struct world *, struct instance *, int64_t at);
long long int instance_clock(const struct world *, const struct instance *);
void locks_update(struct world *);
int instance_timer_number(const struct instance *, enum instance_timer);
struct instance *active_instance(const struct world *);

/* mirror.c */
void mirror_nb_in(struct world *, struct instance *);
void mirror_read_nb(struct world *, struct instance *, uint64_t seq);
void mirror_copy_nb(struct world *, struct instance *);
void mirror_tell_sb(struct world *, struct instance *);
void mirror_sb_ack(struct world *, struct instance *);
void mirror_copy_sb(struct world *, struct instance *);
void mirror_send_watch(struct world *, struct instance *);
void mirror_forget_watch(struct instance *);

/* orders.c */
void orders_take(struct world *, struct instance *, struct orders *);
void orders_nb_commit(struct world *, struct instance *);
void orders_nb_done(struct world *, struct instance *);
void orders_nb_late(struct world *, struct instance *);
void orders_store_commit(struct world *, struct instance *);
void orders_store_done(struct world *, struct instance *);
void orders_store_late(struct world *, struct instance *);
void orders_reads(struct world *, struct instance *);
void orders_macs(struct world *, struct instance *);
void orders_drop(struct instance *);

/* truth.c */
void truth_update(struct world *, int slot);
/* Holds are made for addresses that belong to somebody by name; what others
 * leave behind is not waited for.  An instance is meant that began then. */
bool truth_is_guarded(const struct world *, int slot, int64_t watched_since);
/* What leads to 'ip' besides 'slot' (-1: nothing may), or NULL.  What a port
 * gained after transaction 'seq' is excused, flows for what was lost when
 * nobody watched, before the instance began, and what SB shows again since it
 * was restored after 'sb_seq'. */
const char *truth_dirt(const struct world *, const struct instance *,
                       int net, int ip, int slot, uint64_t seq,
                       uint64_t sb_seq);
/* How many pairs of open ports have one address, without what was gained after
 * transaction 'seq' by another one than 'own'. */
int truth_duplicates(const struct world *, uint64_t seq, uint64_t own);

/* rules.c */
/* Had the instance set 'ip' a moment before it ordered to take it off?  That
 * is a put-back. */
bool rules_is_undone(const struct instance *, int slot, int ip,
                     int64_t ordered_ms);
void rules_check_orders(struct world *, struct instance *,
                        const struct orders *);
void rules_check_nb_write(struct world *, struct instance *,
                          const struct nb_write *, const struct nb_row *old,
                          const struct nb_row *new);
/* The IP object of the port of 'slot', with 'ip', and with it the port. */
void rules_check_ip_deletion(struct world *, struct instance *, int slot,
                             int ip);
void rules_check_store(struct world *, struct instance *,
                       const struct store_batch *);

/* rest.c */
void rest_check(struct world *);

#endif /* calls.h */
