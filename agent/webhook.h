/* SPDX-License-Identifier: Apache-2.0 */

/* The validating webhook: what the API server asks before it stores a pod, a
 * StatefulSet or a VirtualMachine, answered from the live mirrors.
 *
 *     POST /validate     an AdmissionReview
 *     POST /release      the same, for the rule of "release first" alone
 *     GET  /readyz       200 if it can be judged, else 503 and why not
 *     GET  /healthz      200 as long as the loop runs */

#ifndef WEBHOOK_H
#define WEBHOOK_H 1

struct agent;
struct ds;
struct report_admission;
struct webhook;

/* Starts it, if the options say so.  Exits with a message if that cannot be.
 * To be called after the process has detached. */
void webhook_open(struct agent *);
void webhook_close(struct agent *);

void webhook_run(struct agent *, long long int now);
void webhook_wait(struct agent *);

/* How many answers of each kind it gave; leaves all zeros if there is no
 * webhook. */
void webhook_count(const struct agent *, struct report_admission *);

/* Appends what it did, and the last answers that were more than a nod. */
void webhook_format(const struct agent *, struct ds *);

#endif /* webhook.h */
