/* SPDX-License-Identifier: Apache-2.0 */

/* What the files of the guard do for each other; what they share is in
 * guard-state.h.
 *
 *   guard.c         life, the order of a turn, wake-ups
 *   guard-role.c    role, mode, settings
 *   guard-refusal.c what may be done now, and why not
 *   guard-freeze.c  freeze and brake
 *   guard-dialect.c which CNI is spoken, and whether that is certain
 *   guard-judge.c   dirty members and addresses, judged anew
 *   guard-candidate.c, guard-duplicate.c, guard-want.c  what comes of that
 *   guard-advance.c candidates -> intents, live reads
 *   guard-live-read.c  what is asked of the source, and its answers
 *   guard-clear.c   what is cleared, and what came of it
 *   guard-ipam.c    pods that wait for what Kube-OVN's IPAM leaks
 *   guard-moving.c  moves that the CNI controller is to finish
 *   guard-put-back.c  the look back after a clear
 *   guard-look-back.c  ... and over a change of role
 *   guard-set.c     case H: wanted addresses that are missing
 *   guard-departure.c  departures and arrivals
 *   guard-hold.c    whose a hold is, its keeper, its end
 *   guard-hold-step.c  evidence, and the steps that it makes
 *   guard-gate.c    gates: their records, what is written, what came of it
 *   guard-gate-shut.c, guard-gate-open.c  who is to be shut, what to open
 *   guard-exclude.c held addresses in exclude_ips of a switch
 *   guard-reserve.c held addresses in Kube-OVN's IPAM
 *   guard-release.c IP objects of Kube-OVN that keep a stale address
 *   guard-ours.c    what is ours in others' databases
 *   guard-gateway.c ports that have the address of a gateway
 *   guard-hazard.c  what a restart of Kube-OVN's controller would break
 *   guard-events.c  Events for people: to whom, how often
 *   guard-nudge.c   who waits for an address that has become free
 *   guard-nb.c      one NB batch and what came of it
 *   guard-doubt.c   ... if its answer is lost
 *   guard-load.c    what the own database has
 *   guard-start.c   what is put right of that at the start
 *   guard-store.c   what it is to have: one batch, what came of it
 *   guard-journal.c what was done, written down
 *   guard-watch.c   what the mirror of SB is to show
 *   guard-strings.c strings, and columns of them
 *   guard-report.c  text for people; guard-report-hold.c of holds,
 *                   guard-report-plan.c of findings and the plan,
 *                   guard-report-why.c of one port or one address
 *   guard-explain.c one address, as data
 *   guard-ask.c     addresses that somebody asks about
 *   guard-findings.c what an audit finds, as data
 *   guard-overview.c what somebody who watches is shown, as data
 *   guard-search.c  who has an address, and what somebody has, as data
 *   guard-request.c what operators ask for through the own database
 *   guard-undo.c, guard-apply.c  kinds of such requests
 *   guard-plan.c    what would be written, as data
 *   guard-tally.c   what was done and refused, by reason
 *   guard-admission.c  what admission asks for
 *   safety.c        when the brake and a freeze come on
 */

#ifndef GUARD_PRIVATE_H
#define GUARD_PRIVATE_H 1

#include "evidence.h"
#include "guard-state.h"
#include "guard-strings.h"
#include "util.h"

struct explanation;
struct hold_course;
struct ip_object;

/* Why nothing happens, in words; guard-tally.c has one word for each. */
#define REFUSED_OBSERVE "the mode is observe"
#define REFUSED_STANDBY "this instance is not the active one"
#define REFUSED_STORE "the own database is not ready"
#define REFUSED_STOPPING "the daemon is being stopped"
#define REFUSED_PAUSED "paused"
#define REFUSED_FROZEN "frozen"
#define REFUSED_BEHIND "a copy of a database is behind what was seen of it"
#define REFUSED_BRAKE "the brake is on"
#define REFUSED_NB "no current copy of the Northbound database"
#define REFUSED_SB "no current copy of the Southbound database"
#define REFUSED_PODS_UNREAD "pods and owners are not read completely yet"
#define REFUSED_PODS_PROBLEM "a source of pods has a problem"
#define REFUSED_STARTING "starting"
#define REFUSED_DIALECT_UNDECIDED "the dialect is not decided yet"
#define REFUSED_DIALECT_AMBIGUOUS "the dialect is ambiguous"
#define REFUSED_OTHER_CLEAR "another port's clear of the address is under way"
#define REFUSED_MAX_HOLDS "as many holds as allowed exist (max-holds)"
#define REFUSED_LIVE_READ "the live read failed"
#define REFUSED_NOT_ASKED                                               \
    "nobody has asked for it, and nothing else is done"

/* guard.c */
void guard_log(struct guard *, char level, const char *format, ...)
    OVS_PRINTF_FORMAT(3, 4);
void guard_new_uuid(struct guard *, struct uuid *);
uint64_t guard_new_token(struct guard *);
void guard_wake_at(struct guard *, long long int when_ms);
/* What was seen while something was wrong does not count: the settle times
 * start anew. */
void guard_settle_anew(struct guard *);

/* guard-role.c */
void guard_update_role(struct guard *, const struct guard_env *);
void guard_update_mode(struct guard *);

/* guard-refusal.c */
/* NULL if ports may be written now, otherwise why not.  'destructive' work
 * (clears) also needs a source without problems. */
const char *guard_write_refusal(const struct guard *,
                                const struct guard_env *, bool destructive);
/* NULL if gates may be opened and our own records stored. */
const char *guard_book_refusal(const struct guard *,
                               const struct guard_env *);
bool guard_start_barrier_due(const struct guard *);
void guard_want_start_barrier(struct guard *);
bool guard_start_barrier_passed(const struct guard *);
/* None has been taken, whatever there was before. */
void guard_forget_start_barrier(struct guard *);
/* Finds out whether the chassis have confirmed the start barrier, too, before
 * which nothing is set.  To be called while something is to be set. */
void guard_check_start_confirmed(struct guard *, const struct guard_env *);

/* guard-freeze.c */
/* Freezes if OVN's databases are not what they were. */
void guard_check_databases(struct guard *, const struct guard_env *);
void guard_freeze_for_store(struct guard *, const struct guard_env *,
                            const char *why);

/* guard-watch.c */
/* Builds the watch anew, if something has changed. */
void guard_build_watch(struct guard *, const struct guard_env *);

/* guard-dialect.c */
void guard_decide_dialect(struct guard *);
/* NULL, or why nothing is to be written for the dialect's sake. */
const char *guard_dialect_refusal(const struct guard *, bool destructive);
/* Appends the line of the status about the dialect. */
void guard_format_dialect(const struct guard *, struct ds *);

/* guard-judge.c */
void guard_judge_dirty(struct guard *, const struct guard_env *);
/* What 'port' has is as it was, perhaps, but was not so all the time: it is to
 * be seen for a settle time from now on. */
void guard_see_anew(struct guard *, const struct guard_env *,
                    const struct port *);
void guard_drop_all_judgements(struct guard *);

/* guard-candidate.c */
struct candidate *guard_find_candidate(const struct guard *,
                                       const struct uuid *port,
                                       const struct ip_addr *);
/* Judges the address of 'port', which is owned and on a network: there is a
 * candidate, or none, according to the verdict. */
void guard_update_candidate(struct guard *, const struct guard_env *,
                            const struct port *, const struct ip_addr *);
void guard_drop_candidate(struct guard *, struct candidate *);
/* 'hold' is that of the clear which the candidate is on its way to. */
void guard_set_clear_hold(struct guard *, struct candidate *,
                          const struct uuid *hold);
/* The clear that the candidate is on its way to is off, if that can be. */
void guard_abort_clear(struct guard *, struct candidate *);
/* By port and address; the caller frees the array.  The comparison is that of
 * qsort(), of pointers to them. */
const struct candidate **guard_sorted_candidates(const struct guard *,
                                                 size_t *n);
int guard_compare_candidates(const void *, const void *);

/* guard-duplicate.c */
void guard_update_duplicate(struct guard *, const struct guard_env *,
                            const struct addr_use *);
/* Those that came to an end without a dirty address: the index entry is gone
 * with its last port. */
void guard_prune_duplicates(struct guard *);
void guard_drop_duplicates(struct guard *);

/* guard-want.c */
/* 'port' has an owner: does it lack an address that is to be set? */
void guard_update_want(struct guard *, const struct guard_env *,
                       const struct port *);
void guard_want_later(struct guard *, const struct uuid *port, bool waiting,
                      const char *why, const char *kind,
                      const struct guard_env *);
void guard_drop_want(struct guard *, struct want *);

/* How long a step towards a clear, or of the look back at one, is left alone
 * after it has failed. */
#define CLEAR_RETRY_MS 1000

/* guard-advance.c */
void guard_advance_candidates(struct guard *, const struct guard_env *,
                              struct orders *);

/* guard-live-read.c */
/* Asks the source about an owner; the answer bears 'id'. */
struct live_read *guard_add_live_read(const struct guard *,
                                      struct orders *orders, uint64_t id,
                                      const char *ns, const char *name,
                                      const char *workload, int owner_kind);
/* Whom the source is to be asked about 'mb'. */
void guard_read_owner(const struct model *, const struct member *mb,
                      const char **workload, int *kind);
/* Asks about the owner of the candidate's port. */
void guard_ask_live(struct guard *, struct candidate *, struct orders *);

/* guard-clear.c */
void guard_plan_clears(struct guard *, const struct guard_env *);
void guard_clear_done(struct guard *, const struct planned *,
                      const struct nb_write *, const struct guard_env *);
void guard_clear_failed(struct guard *, const struct planned *,
                        enum txn_result, const struct guard_env *);

/* guard-put-back.c */
void guard_plan_put_backs(struct guard *, const struct guard_env *,
                          struct orders *);
/* Does nothing but 'port' itself show the address of the hold in use, after
 * its deadline, and does it lead to nobody else any more?  A pod that runs
 * there may still send from it, and then the hold never ends. */
bool guard_is_own_dirt(const struct guard *, const struct guard_env *,
                       const struct hold *, const struct uuid *port);
/* Lets guard_is_own_dirt() come true of such a port.  To be called when the
 * evidence of the hold was looked at; returns true if the second barrier is to
 * be taken for that port alone, and makes the hold forget one that does not
 * count any more. */
bool guard_look_for_own_dirt(struct guard *, struct hold *,
                             const struct guard_env *);
/* The clear was written to 'port', which has an owner: looks back at it. */
void guard_post_read_add(struct guard *, const struct planned *,
                         const struct nb_write *, const struct port *);
void guard_post_read_destroy(struct post_read *);
/* The role is lost: keeps what is looked back at until it is had again. */
void guard_drop_post_reads(struct guard *);
void guard_forget_dropped_reads(struct guard *);
/* Notes with 'h' what its clear takes out of port_security of 'p'.  Returns
 * true if that is news, which must be stored before the clear. */
bool guard_note_narrowing(const struct guard *, struct hold *h,
                          const struct port *p);
/* 'p' is without the address of 'h', which was cleared from it: stores what
 * port_security was before in 'before', which the caller destroys.  Returns
 * false if nobody knows, or another hand has changed it since. */
bool guard_find_port_security(const struct guard *, const struct hold *h,
                              const struct port *p, struct svec *before);
/* Makes 'ps' what it is to be once the address of 'pr' is back, with which the
 * port has 'addresses': what went in the same write and stays off them stays
 * off 'ps'.  Returns false, with nothing done, if it would lose an address
 * that it has by now. */
bool guard_restore_port_security(const struct post_read *pr,
                                 const struct svec *addresses,
                                 struct svec *ps);
/* The port of 'w' has got an address back: what else went from it in the same
 * write is still to be looked back at. */
void guard_post_reads_follow(struct guard *, const struct uuid *port,
                             const struct nb_write *w);
/* Looks back at all former ports of holds that we cleared, after a start.  In
 * mode manage what an owner wants is set anyway. */
void guard_look_back_again(struct guard *, const struct guard_env *);
/* Finds out which holds have a former port that is still looked back at.  To
 * be called in each turn before guard_looks_back(). */
void guard_note_look_backs(struct guard *);
/* What the hold waits for because of a look back at a former port (static), or
 * NULL: whoever becomes active next looks back at nothing but what is held.  A
 * put-back that waits until all is clean is no reason: of that the next one
 * tells.  Nor is any of it after the deadline, lest an owner that cannot be
 * asked, or a put-back that cannot be written, keep a hold for ever. */
const char *guard_looks_back(const struct guard *, const struct hold *);
/* All is clean: is the address to be put back before the hold ends? */
bool guard_ends_after_put_back(struct guard *, const struct hold *,
                               const struct guard_env *);
/* Tells if the owner has opted out since the clear: whether it wants the
 * address is not asked then, and its port is not ours to write any more. */
void guard_tell_opted_out(struct guard *, const struct post_read *);
/* The look back at the address of 'port' has come to its end. */
void guard_post_read_done(struct guard *, const struct uuid *port,
                          const struct ip_addr *);
/* Returns false if the live read 'id' was not asked for by a look back. */
bool guard_post_read_answered(struct guard *, uint64_t id,
                              enum live_read_result,
                              const struct guard_env *);

/* guard-gateway.c */
/* Calls 'cb' for each port that has the address of a router port or gateway of
 * its network (or only of 'network', a name, if that is nonnull); 'what' says
 * whose address it is. */
typedef void guard_gateway_cb(void *aux, const struct port *,
                              const struct ip_addr *, const char *what);
void guard_find_on_gateways(const struct guard *, const char *network,
                            guard_gateway_cb *, void *aux);

/* guard-ipam.c */
void guard_note_ipam_wait(struct guard *, const struct guard_env *,
                          const struct member *);
void guard_run_ipam(struct guard *, const struct guard_env *);
void guard_add_ipam_findings(const struct guard *, struct sset *);
void guard_destroy_ipam(struct guard *);

/* guard-moving.c */
void guard_watch_move(struct guard *, const struct guard_env *,
                      struct candidate *, struct orders *);

/* guard-set.c */
/* Is an address to be set on the port that cannot be set yet? */
bool guard_waits_for_set(const struct guard *, const struct port *);
void guard_plan_sets(struct guard *, const struct guard_env *);
/* Replaces 'old' (may be NULL) on 'port' by 'add' in its edit.  Returns NULL
 * or why not (static or owned by the caller's heap: free it). */
char *guard_edit_set(struct guard *, const struct port *,
                     const struct entitlement *, const struct ip_addr *add,
                     const struct ip_addr *replace);
/* Why 'ip' may not be set on 'port' now, or NULL.  Stores that in one word in
 * '*kind'. */
char *guard_set_obstacle(struct guard *, const struct guard_env *,
                         const struct port *, const struct ip_addr *,
                         const char **kind);

/* guard-departure.c */
void guard_take_departures(struct guard *, const struct guard_env *);
void guard_take_arrivals(struct guard *, const struct guard_env *);
void guard_forget_standby_departures(struct guard *);
void guard_replay_standby_departures(struct guard *,
                                     const struct guard_env *);

/* guard-hold.c */
/* Did 'p' get the address in the very update in which it left another port?
 * Then it is a taker: nothing is clean yet, and had the two come one by one it
 * would have found the hold in force. */
bool guard_arrives_now(const struct guard *, const struct port *p,
                       const struct ip_addr *);
void guard_hold_set_keeper(struct guard *, struct hold *);
/* The switch '*network' may be gone: if exactly one bears 'name' now, that
 * one is meant from then on. */
void guard_follow_network(const struct guard *, struct uuid *network,
                          const char *name);
/* Moves holds likewise, unless the address is held there, too: before anybody
 * asks for the hold of an address, which may be on the new switch already. */
void guard_follow_networks(struct guard *);
/* 'port', or nobody if it is all zeros, keeps the address of the hold. */
void guard_hold_keep(struct guard *, struct hold *, const struct uuid *port);
/* Finds the hold of 'ip' on the network of that name or UUID.  Returns NULL,
 * or why not. */
char *guard_find_hold(const struct guard *, const char *network,
                      const char *ip, struct hold **);
/* "formerly default/sts1-0", or "reserved by ..."; the caller frees it. */
char *guard_hold_whose(const struct hold *);
/* Is 'member' (may be NULL), or the one that 'port' is of, the owner that the
 * hold is of? */
bool guard_is_owner(const struct hold *, const struct member *);
bool guard_same_owner(const struct hold *, const struct port *);
/* Is a former port of the hold another one than that of 'port', of its owner?
 */
bool guard_was_anothers(const struct guard *, const struct hold *,
                        const struct port *port);
/* Two ports had one address, and both have lost it: what the other one leaves
 * behind is waited for, although the owner that had it last is there again, on
 * 'port'.  (A VM's pods may have ports of other names, which are its own.) */
bool guard_has_left_others(const struct guard *, const struct hold *,
                           const struct port *port);
/* Are both ports of pods of one virtual machine, of which one migrates into
 * the other? */
bool guard_same_vm(const struct port *, const struct port *);
void guard_hold_departed(struct guard *, struct hold *, const struct uuid *,
                         const char *port_name, const char *mac,
                         const struct guard_env *);
void guard_end_hold(struct guard *, struct hold *, const char *action,
                    const char *reason, const struct guard_env *);
/* The row of a hold that is forgotten, if there is one, is to go. */
void guard_delete_hold_row(struct guard *, const struct uuid *);

/* guard-hold-step.c */
/* Those chassis did not answer in time. */
void guard_note_missed_chassis(struct guard *, const struct evidence *);
void guard_step_holds(struct guard *, const struct guard_env *);
/* The own database has answered: holds whose end had to wait for those that
 * ended before are looked at again. */
void guard_let_holds_end(struct guard *);
/* Counts a change in own_changes of which no step of another hold than 'h' can
 * tell; NULL: of none but those whose 'looked_seqno' the caller sets to 0. */
void guard_note_hold(struct guard *, struct hold *);
/* To be called last in a turn. */
void guard_wake_for_holds(struct guard *, const struct guard_env *);

/* guard-gate.c */
void guard_plan_gates(struct guard *, const struct guard_env *);
struct gate *guard_find_gate(const struct guard *, const struct uuid *port);
void guard_gate_done(struct guard *, const struct planned *,
                     const struct nb_write *, const struct guard_env *);
/* Of 'port', which is to be shut or, if it bears a mark, is.  Takes
 * 'reason'. */
void guard_create_gate(struct guard *, const struct guard_env *,
                       const struct port *port, const struct ip_addr *,
                       char *reason);
/* Forgets the gate, here and in the own database. */
void guard_delete_gate(struct guard *, struct gate *);
/* The row alone is to go, if it is there; see guard_delete_hold_row(). */
void guard_delete_gate_row(struct guard *, const struct uuid *);

/* guard-gate-shut.c */
/* Why 'port', which takes the address of the hold, may not be gated; NULL if
 * it may.  '*later' is set if that may change by itself. */
const char *guard_no_gate_because(const struct guard *, const struct hold *,
                                  const struct port *, bool *later);
/* Makes gates for those that take the address of the hold. */
void guard_shut_takers(struct guard *, const struct guard_env *,
                       struct hold *);
/* Takes new barriers for the other holds to which the ports matter that NB
 * shows shut since the last call: before any hold is looked at. */
void guard_note_shut_ports(struct guard *);
/* If the gated port has got another address which is held, the gate is for
 * that one from now on.  Opened in between it would be there with a held
 * address. */
void guard_retarget_gate(struct guard *, const struct guard_env *,
                         struct gate *, const struct port *);

/* guard-gate-open.c */
/* Is there nothing left to open before the hold, which is clean, may be
 * released?  If there is, the port that is to have the address becomes the
 * keeper, and its gate is opened in this turn or the next. */
bool guard_gates_settled(struct guard *, struct hold *);
/* Why the address that 'gate' keeps its port from is in use, or NULL. */
char *guard_gate_in_use(const struct guard *, const struct gate *);
/* The address of 'port' that, once it is open, another open port has as well,
 * or NULL.  A CNI controller may have given the gated port another one
 * meanwhile.  Of two that are shut just one may be opened. */
const struct ip_addr *guard_would_be_duplicate(const struct guard *,
                                               const struct port *);
/* Why the gate on 'port' is to be opened now, or NULL.  '*alert' is set if
 * people are to be told. */
const char *guard_open_gate_because(struct guard *, const struct guard_env *,
                                    struct gate *, const struct port *,
                                    bool *alert);

/* guard-events.c: each does nothing unless Events are to be written now. */
void guard_events_init(struct guard *);
void guard_events_destroy(struct guard *);
/* About the pods and the owner of 'port'. */
void guard_event_port(struct guard *, const struct guard_env *,
                      enum event_kind, const struct port *,
                      const struct event_args *);
/* About who had the address of the hold, that it was made. */
void guard_event_held(struct guard *, const struct guard_env *,
                      const struct hold *);
/* The same and who has it now, that it ends. */
void guard_event_ended(struct guard *, const struct guard_env *,
                       const struct hold *, const char *why);
/* About who is to wait: 'port' took the address, or has none yet. */
void guard_event_waiting(struct guard *, const struct guard_env *,
                         const struct hold *, const struct port *);
void guard_event_duplicate(struct guard *, const struct guard_env *,
                           const struct addr_use *, const char *keeper);
/* All pods that ask for the address of the hold and have no port with it. */
void guard_event_takers(struct guard *, const struct guard_env *,
                        const struct hold *);
/* Pods of 'member' that wait for an address that is held. */
void guard_event_member(struct guard *, const struct guard_env *,
                        const struct member *);
void guard_run_events(struct guard *, const struct guard_env *);
void guard_order_write(struct guard *, struct kube_write *); /* Takes it. */
/* True if one may be taken; then it is. */
bool token_bucket_take(struct token_bucket *, int burst,
                       long long int refill_ms, long long int now,
                       long long int *next_ms);

/* guard-exclude.c: adds what is to be written to switches. */
void guard_add_excludes(struct guard *, const struct guard_env *,
                        struct nb_batch *);
void guard_excludes_done(struct guard *, const struct guard_env *,
                         const struct nb_batch *);

/* guard-reserve.c */
void guard_reserves_init(struct guard *);
void guard_reserves_destroy(struct guard *);
void guard_run_reserves(struct guard *, const struct guard_env *);
bool guard_reserve_done(struct guard *, uint64_t id, enum kube_write_result,
                        const struct guard_env *);
/* Is there an IP object of ours that is not being deleted? */
bool guard_owns_ip_objects(const struct guard *);
/* Is it one that an instance made, and nobody uses by now? */
bool guard_ip_object_is_ours(const struct guard *, const struct ip_object *);
/* Is an IP object of ours still in the way of 'ip'? */
bool guard_is_reserved(const struct guard *, const char *subnet,
                       const struct ip_addr *ip);
/* The same, one that counts. */
bool guard_reservation_in_force(const struct guard *, const char *subnet,
                                const struct ip_addr *ip);
/* How the latest order about the IP object 'name' stands. */
enum ip_op_state { IP_OP_NONE, IP_OP_GOES_ON, IP_OP_FAILED, IP_OP_FORBIDDEN };
enum ip_op_state guard_ip_op_state(const struct guard *, const char *name);
/* Appends what IP objects of ours do about 'ip'. */
void guard_format_reserve(const struct guard *, const char *subnet,
                          const struct ip_addr *ip, const char *indent,
                          struct ds *);
/* Orders the deletion of an IP object as it is in the mirror.  False if one is
 * under way, or it is too early for another one. */
bool guard_delete_ip_object(struct guard *, const struct guard_env *,
                            const struct ip_object *);

/* guard-hazard.c */
void guard_destroy_hazards(struct guard *);
void guard_note_hazards(struct guard *, const struct guard_env *,
                        const struct member *);
void guard_prune_hazards(struct guard *, const struct guard_env *);
void guard_run_hazards(struct guard *, const struct guard_env *,
                       struct orders *);
/* Returns false if the live read 'id' was not asked for by a hazard. */
bool guard_hazard_read_done(struct guard *, uint64_t id,
                            enum live_read_result, const struct guard_env *);
bool guard_hazard_is_to_be_reserved(const struct hazard *);
void guard_add_hazard_findings(const struct guard *, struct sset *);

/* guard-release.c */
enum release_step {
    RELEASE_CLEAR,              /* Not possible: clear it from the port. */
    RELEASE_WAIT,               /* Not yet. */
    RELEASE_SENT,               /* Ordered. */
};
/* Orders the deletion of the IP object of 'port' that has 'ip', and writes
 * down why.  False if it cannot be ordered now. */
bool guard_release_object(struct guard *, const struct guard_env *,
                          const struct port *, const struct ip_addr *ip,
                          const struct ip_object *, const char *case_,
                          const char *why);
void guard_releases_destroy(struct guard *);
enum release_step guard_release(struct guard *, const struct guard_env *,
                                struct candidate *, const struct port *);
bool guard_release_goes_on(struct guard *, const struct guard_env *,
                           struct candidate *);
void guard_run_releases(struct guard *, const struct guard_env *);
/* 'h' was found in the own database: may the deletion of the IP object of its
 * former port 'port' still be carried out, for whoever was active before? */
bool guard_release_may_come(const struct guard *, const struct hold *,
                            const struct uuid *port);
/* To be called when 'h' is looked at: once the time for that is over, it is
 * not waited for any more. */
void guard_note_found_until(struct guard *, struct hold *,
                            const struct guard_env *);
/* Was the deletion of a former port's IP object ordered, in another life
 * perhaps, and has it not come to its end?  Kube-OVN deletes the port with
 * it. */
bool guard_is_being_released(const struct guard *, const struct hold *);

/* guard-nudge.c */
void guard_order_nudge(struct guard *, const struct guard_env *,
                       enum kube_object, const char *ns, const char *name,
                       const char *uid);
void guard_nudge(struct guard *, const struct hold *);
void guard_run_nudges(struct guard *, const struct guard_env *);
void guard_forget_nudges(struct guard *);

/* guard-nb.c */
struct port_edit *guard_edit(struct guard *, const struct port *);
struct planned *guard_plan(struct guard *, enum planned_kind,
                           const struct port *, const struct ip_addr *,
                           const char *case_, const char *reason);
size_t guard_n_edits(const struct guard *);
void guard_build_nb_batch(struct guard *, const struct guard_env *,
                          struct orders *);
void guard_clear_plan(struct guard *);
/* Frees the plan alone, and not the edits of this turn. */
void guard_drop_plan(struct guard *);
/* Returns what the batch, which may be NULL, writes to 'port', or NULL. */
const struct nb_write *guard_find_write(const struct nb_batch *,
                                        const struct uuid *port);
/* What g->nb_sent planned was carried out; or not, or nobody knows. */
void guard_planned_done(struct guard *, struct planned *,
                        const struct guard_env *);
void guard_planned_failed(struct guard *, struct planned *, enum txn_result,
                          const struct guard_env *);

/* guard-doubt.c */
void guard_begin_doubt(struct guard *);
void guard_end_doubt(struct guard *, enum txn_result,
                     const struct guard_env *);
void guard_late_answer(struct guard *, const struct nb_result *,
                       const struct guard_env *);
/* Is a clear for the hold (of 'port', unless that is NULL) on its way, or in
 * doubt? */
bool guard_clear_is_sent(const struct guard *, const struct hold *,
                         const struct uuid *port);
/* Likewise a write that sets the address of the hold on a port. */
bool guard_set_is_sent(const struct guard *, const struct hold *);
void guard_doubt_under_way(struct guard *);
void guard_forget_doubt(struct guard *);

/* guard-start.c */
/* Called at the beginning of each turn: puts right what was loaded, once NB is
 * here; */
void guard_start_if_ready(struct guard *, const struct guard_env *);
/* and once our copy of NB is known to have all that another life wrote to it.
 * Until then g->in_doubt is set, if that makes a difference. */
void guard_settle_found(struct guard *);
/* 'h' has left the ports that it names: which of them has the address all the
 * same, and may not lose it yet by what another life began? */
void guard_settle_returned(struct guard *, struct hold *);
/* May our copy of NB just not show yet that the port of the gate, which was
 * recorded in another life, bears its mark? */
bool guard_mark_may_come(const struct guard *, const struct gate *);
/* Is there such a gate on 'p'? */
bool guard_may_be_shut(const struct guard *, const struct port *);
/* Notes the doubt if there is any about a gate that another life, or another
 * instance, has recorded. */
void guard_start_gate(struct guard *, const struct gate *);
/* Puts right one hold that another life, or another instance, has made: its
 * intent is not executed, and whoever has the address openly now keeps it. */
void guard_start_hold(struct guard *, struct hold *);

/* guard-store.c */
void guard_build_store_batch(struct guard *, const struct guard_env *,
                             struct orders *);
/* What was sent last, if anything, may yet be carried out, after all has been
 * read again: a row that nobody knows any more by then is deleted. */
void guard_doubt_sent(struct guard *);

/* guard-journal.c */
struct journal_entry *guard_journal(struct guard *, const struct guard_env *,
                                    const char *action, const char *case_,
                                    const char *reason);
/* These fill in what a row of the journal is about: an address, or several in
 * words, of a network; the port that has it, and its owner, each NULL if there
 * is nothing to say; or all of that, and the evidence, of a hold. */
void guard_journal_address(struct journal_entry *, const struct uuid *network,
                           const char *network_name, const char *address);
void guard_journal_port(struct journal_entry *, const struct uuid *port,
                        const char *port_name, const char *owner);
void guard_journal_hold(struct journal_entry *, const struct hold *);
void guard_note_action(struct guard *, const struct guard_env *,
                       const char *format, ...) OVS_PRINTF_FORMAT(3, 4);

/* guard-overview.c */
/* Describes 'h' as in 'state', which may be the end that it is about to come
 * to. */
void guard_trace_hold(const struct guard *, const struct hold *,
                      enum hold_state, const struct guard_env *,
                      struct hold_course *);
/* 'h' is about to come to its end: remembers how it went. */
void guard_note_ended(struct guard *, const struct hold *,
                      enum hold_state end, const struct guard_env *);
void guard_forget_ended(struct guard *);

/* guard-explain.c: all but who wants it and has not got it, which takes time
 * in proportion to the ports of the network. */
void guard_explain_use(const struct guard *, const struct network *,
                       const struct ip_addr *, const struct guard_env *,
                       struct explanation *);

/* guard-tally.c */
/* 'action' was done, which is journalled. */
void guard_count_done(struct guard *, const char *action, const char *case_);
/* A request for 'command', which may be anything, was refused. */
void guard_count_refused_request(struct guard *, const char *command);
/* Nothing is done about 'c' now, because of 'why' (static). */
void guard_refuse_clear(struct guard *, struct candidate *c, const char *why);

/* guard-request.c */
void guard_load_requests(struct guard *, const struct store_snapshot *,
                         const struct guard_env *);
void guard_run_requests(struct guard *, const struct guard_env *);
void guard_forget_requests(struct guard *);

/* guard-undo.c.  As the functions of guard-request.c; with neither an error
 * nor an answer it is under way. */
char *guard_undo(struct guard *, struct request *, const struct guard_env *,
                 char **said);

/* guard-ask.c */
void guard_run_asked(struct guard *, const struct guard_env *);
void guard_watch_asked(const struct guard *, struct sb_watch *);
void guard_forget_asked(struct guard *);

/* guard-apply.c.  The same. */
char *guard_apply(struct guard *, struct request *, const struct guard_env *,
                  char **said);
/* Whoever asked does so no longer; requests of other kinds are left alone. */
void guard_withdraw_apply(struct guard *, const struct request *);

/* guard-report.c */
/* Appends a duration; a line for each of 'set', 'what' before it. */
void guard_put_age(struct ds *, long long int ms);
void guard_put_set(struct ds *, const char *indent, const char *what,
                   const struct sset *set);

/* guard-report-hold.c */
/* Appends what the hold is about, and who waits for its end. */
void guard_put_hold(const struct guard *, const struct guard_env *,
                    const struct hold *, const char *indent, struct ds *);

#endif /* guard-private.h */
