/* SPDX-License-Identifier: Apache-2.0 */

/* Is a held address clean?  Design section 8, (a) to (g), as a list of what is
 * still missing, each item in words. */

#ifndef EVIDENCE_H
#define EVIDENCE_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sset.h"

struct hold;
struct ip_addr;
struct model;
struct network;
struct port;
struct settings;
struct uuid;

/* The blocker of a hold that was reserved by hand. */
#define EVIDENCE_RESERVED "reserved by hand"

struct evidence {
    bool complete;              /* Every source could be asked. */
    bool address_gone;          /* No former port lists the address. */
    bool network_gone;          /* The switch and its datapath are gone. */
    bool needs_b1, needs_b2;    /* A barrier is the next step. */
    bool dirt;                  /* (a) or (b) says that it is in use: keeps a
                                 * gate shut. */
    struct sset blockers;
    struct sset notes;
    struct sset missed_chassis; /* Did not answer in time just now. */
    struct uuid *flush;         /* MAC_Binding rows that block and may go. */
    size_t n_flush;
    long long int wake_ms;      /* When time alone changes something. */
};

void evidence_collect(const struct model *, const struct settings *,
                      const struct hold *, long long int now,
                      long long int wall, struct evidence *);
/* The same for 'port', as if it were the keeper: does the address still lead
 * to others?  What 'port' itself does with it does not count, nor does a
 * reservation, which never keeps an owner from its address. */
void evidence_collect_for(const struct model *, const struct settings *,
                          const struct hold *, const struct port *port,
                          long long int now, long long int wall,
                          struct evidence *);
/* The same of the start barrier, which SB has since 'since_ms': what left a
 * port before may still be in the flows of a chassis, and no hold tells of it.
 * A chassis that stands still is waited for 'chassis_timeout_ms' at most,
 * whatever the policy, lest after a start no port be given an address. */
void evidence_collect_start(const struct model *, const struct settings *,
                            int64_t barrier, long long int since_ms,
                            long long int now, struct evidence *);
void evidence_destroy(struct evidence *);

/* The router port attached to 'network' that has 'ip', or NULL. */
const char *evidence_router_with(const struct model *, const struct network *,
                                 const struct ip_addr *ip);

/* True if 'port' is kept disabled by our mark. */
bool evidence_is_gated(const struct port *);

#endif /* evidence.h */
