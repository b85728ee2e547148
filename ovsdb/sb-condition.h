/* SPDX-License-Identifier: Apache-2.0 */

/* Which rows of the Southbound database are mirrored: a watch as conditions.
 *
 * Three sets are kept apart.  'requested' is what the server was last asked
 * for; 'granted' is what the model was last told that the server shows; the
 * watch is what is wanted now.  granted <= requested always holds, so that no
 * row vanishes that the model takes for shown; and the model is told of a
 * watch only once the server has acknowledged a request that contains it.
 * sb-view.c owns one and carries rows; this decides when. */

#ifndef SB_CONDITION_H
#define SB_CONDITION_H 1

#include <stdbool.h>
#include <stdint.h>
#include "sset.h"

struct ovsdb_idl;
struct sb_watch;

/* So many requests may be made in a second. */
#define SB_CONDITION_REQUESTS 4

struct sb_sets {
    struct sset ports, addresses, networks;
    bool chassis;
};

struct sb_condition {
    struct ovsdb_idl *idl;
    struct sb_sets requested;
    struct sb_sets granted;
    bool has_grant;             /* 'granted' is a watch, of this seqno. */
    uint64_t granted_seqno;
    bool nb_uuid;               /* Server has Datapath_Binding.nb_uuid. */
    bool every_port;            /* See sb_condition_read_every_port(). */

    bool outstanding;           /* A request is not acknowledged yet. */
    unsigned int expected;      /* Condition seqno that acknowledges it. */
    long long int next_request_ms; /* Not before then. */
    long long int requests_ms[SB_CONDITION_REQUESTS]; /* The last ones. */
    unsigned int n_requests;
    long long int shrink_ms;    /* When to drop what is not watched any more;
                                 * 0: nothing to drop. */
    bool waiting;               /* For next_request_ms. */
};

/* Asks for no rows at all, before the first connection. */
void sb_condition_init(struct sb_condition *, struct ovsdb_idl *);
void sb_condition_destroy(struct sb_condition *);

/* For whoever is going to watch all ports: asks for them from the first
 * connection on, before it is known which there are. */
void sb_condition_read_every_port(struct sb_condition *);

/* The connection was lost: nothing is granted any more. */
void sb_condition_lost(struct sb_condition *);

/* The content was read, in a new connection or anew. */
void sb_condition_synced(struct sb_condition *);

/* Asks for what 'watch' lacks, if it may do so now.  Returns true if all of
 * it is shown, and was not granted yet: the caller tells the model, and then
 * calls sb_condition_grant(). */
bool sb_condition_run(struct sb_condition *, const struct sb_watch *,
                      long long int now);
void sb_condition_grant(struct sb_condition *, const struct sb_watch *);
void sb_condition_wait(struct sb_condition *);

/* True if the model was told that this port's binding is shown. */
bool sb_condition_is_granted_port(const struct sb_condition *,
                                  const char *logical_port);

#endif /* sb-condition.h */
