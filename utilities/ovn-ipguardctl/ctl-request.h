/* SPDX-License-Identifier: Apache-2.0 */

/* Requests to the active instance: rows of Request that a command makes in its
 * transaction, and the answers to them. */

#ifndef CTL_REQUEST_H
#define CTL_REQUEST_H 1

#include <stdbool.h>
#include <stddef.h>

struct ctl_context;
struct ipgctl_options;
struct ovsdb_idl;
struct ovsdb_idl_txn;
struct smap;

/* The prerequisites of every command that makes a request. */
void ipgctl_request_prerequisites(struct ctl_context *);

/* Has any command called the above? */
bool ipgctl_requests_expected(void);

/* Makes a request in the command's transaction.  Takes 'args' over. */
void ipgctl_request(struct ctl_context *, const char *command,
                    struct smap *args);

/* The same; 'what' stands for the command in what is printed. */
void ipgctl_request_about(struct ctl_context *, const char *command,
                          const char *what, struct smap *args);

/* Requests that are answered although no instance runs: one is started for
 * them (ctl-instance.h).  To be called with the prerequisites. */
void ipgctl_requests_need_instance(void);
bool ipgctl_requests_get_need_instance(void);

/* The transaction is to be tried again, or was committed. */
void ipgctl_requests_reset(void);
void ipgctl_requests_committed(struct ovsdb_idl_txn *);

/* Are there requests without an answer?  Takes note of those that came. */
bool ipgctl_requests_pending(struct ovsdb_idl *);

/* How long to wait for answers, in s. */
unsigned int ipgctl_requests_timeout(const struct ipgctl_options *);

/* Says why there will be no answers; takes 'why'. */
void ipgctl_requests_set_reason(char *why);
bool ipgctl_requests_are_hopeless(void);

/* How many there are. */
size_t ipgctl_requests_count(void);

/* Deletes the rows of all requests: they are answered, or not wanted any
 * more.  Prints the answers.  Returns the program's exit status. */
int ipgctl_requests_finish(struct ovsdb_idl *);

#endif /* ctl-request.h */
