/* SPDX-License-Identifier: Apache-2.0 */

/* What tests of the guard beside Kube-OVN's controller share: the pod sts1-0
 * runs with IP1 and has an IP object for it (guard-fixture.h,
 * kube-ovn-fixture.h), and the template of its StatefulSet names IP2 next. */

#ifndef RELEASE_FIXTURE_H
#define RELEASE_FIXTURE_H 1

#include <stdbool.h>

#include "agent/core/settings.h"

#include "tests/unit/guard-fixture.h"
#include "tests/unit/kube-ovn-fixture.h"

/* Makes the world, in mode "guard" with --release=kube-ovn and the certainty
 * that the next pod is kept out.  Returns the port of sts1-0. */
struct wport *rf_begin(struct world *, struct kube_ovn *);
/* Ends it; fails if a rule was broken in it. */
void rf_end(struct world *, struct kube_ovn *);

void rf_set_release(struct world *, enum release_policy);
void rf_set_reserve(struct world *, enum reserve_policy);

/* The next pod of the name sts1-0, which wants 'ip'.  The caller destroys
 * it. */
struct pod *rf_new_pod(const char *ip);

/* Is 'part' in what the guard finds and nothing has been done about? */
bool rf_has_finding(struct world *, const char *part);

/* The StatefulSet is changed to 'sts', which is taken, and the old pod with
 * the port 'p' goes. */
void rf_change_to(struct world *, struct wport *p, struct workload *sts);
/* The template's address is changed and the old pod goes. */
void rf_change(struct world *, struct wport *p);
/* The pod is there, and was given 'ip'. */
void rf_annotate(struct world *, const char *ip);
/* Another StatefulSet runs with 'ip', and has an IP object for it. */
void rf_run_another(struct world *, struct kube_ovn *, const char *sts,
                    const char *mac, const char *ip);

/* The move fails: the address that the next pod is to have is another's. */
void rf_fail_move(struct world *, struct kube_ovn *, struct wport *p);
/* For on_read: it was given its address in the last moment, and the live read
 * sees it. */
enum live_read_result rf_allocate(struct world *);

#endif /* release-fixture.h */
