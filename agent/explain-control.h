/* SPDX-License-Identifier: Apache-2.0 */

/* The control command "explain": everything about an address, as JSON, from
 * the mirrors, which are made to follow the address before the answer. */

#ifndef EXPLAIN_CONTROL_H
#define EXPLAIN_CONTROL_H 1

struct agent;
struct control_request;

void explain_control_open(struct agent *);
void explain_control_close(struct agent *);

/* "explain IP|PORT|NAMESPACE/NAME [NETWORK]" */
void explain_control_ask(struct control_request *, int argc,
                         const char *argv[], void *agent);

/* Answers what can be answered; to be called after the guard's turn. */
void explain_control_run(struct agent *);

#endif /* explain-control.h */
