/* SPDX-License-Identifier: Apache-2.0 */

/* Requests to the active instance: rows of Request that a command makes in its
 * transaction, and the answers to them. */

#ifndef CTL_REQUEST_H
#define CTL_REQUEST_H 1

#include <stdbool.h>

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

/* The transaction is to be tried again, or was committed. */
void ipgctl_requests_reset(void);
void ipgctl_requests_committed(struct ovsdb_idl_txn *);

/* Are there requests without an answer?  Takes note of those that came. */
bool ipgctl_requests_pending(struct ovsdb_idl *);

/* How long to wait for answers, in s. */
unsigned int ipgctl_requests_timeout(const struct ipgctl_options *);

/* Deletes the rows of all requests: they are answered, or not wanted any
 * more.  Prints the answers.  Returns the program's exit status. */
int ipgctl_requests_finish(struct ovsdb_idl *);

#endif /* ctl-request.h */
