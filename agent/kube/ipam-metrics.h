/* SPDX-License-Identifier: Apache-2.0 */

/* The book of Kube-OVN's IPAM as its controller's metrics show it
 * (subnet_ip_assign_info): who has which address, brought up to date by the
 * controller each 30 s.  Read every so often from --kube-ovn-metrics=URL. */

#ifndef IPAM_METRICS_H
#define IPAM_METRICS_H 1

#include <stdbool.h>
#include <stddef.h>

#include "openvswitch/compiler.h"
#include "openvswitch/shash.h"

struct ipam_metrics;

/* Returns NULL, or what is wrong with 'url', which the caller frees. */
char *ipam_metrics_check_url(const char *url) OVS_WARN_UNUSED_RESULT;

/* 'url' must have passed that.  To be called after the daemon has detached. */
struct ipam_metrics *ipam_metrics_create(const char *url);
void ipam_metrics_destroy(struct ipam_metrics *);

void ipam_metrics_run(struct ipam_metrics *, long long int now);
void ipam_metrics_wait(struct ipam_metrics *);

/* If something new is known, returns true and stores whether the book is
 * known; if so, '*book' is it: "SUBNET ADDRESS" to the pod's key, as "char *",
 * all of which is the caller's then. */
bool ipam_metrics_take(struct ipam_metrics *, long long int now, bool *known,
                       struct shash *book);

/* Why it cannot be read, or NULL. */
const char *ipam_metrics_problem(const struct ipam_metrics *);
/* For tests: how often it is read. */
void ipam_metrics_set_interval(struct ipam_metrics *, long long int ms);

#endif /* ipam-metrics.h */
