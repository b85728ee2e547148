/* SPDX-License-Identifier: Apache-2.0 */

/* What somebody wants to know of the Southbound database only once is not
 * watched but asked: a changed condition makes the server go through all rows
 * of a table and remember what it has sent, which takes it four times as long
 * as to look for a row.
 *
 * Questions go over a connection of their own, to the server that the mirror
 * would choose as well (a cluster's leader, never a relay).  It is made when
 * the first question is asked and ended when there was none for a while. */

#ifndef SB_ASK_H
#define SB_ASK_H 1

#include <stdbool.h>

#include "ovsdb/sb-question.h"

struct sb_ask;
struct sb_asked;

enum sb_ask_state {
    SB_ASK_WAITING,             /* Not sent, or not answered yet. */
    SB_ASK_ANSWERED,
    SB_ASK_FAILED,              /* The server has no answer to it. */
};

struct sb_ask *sb_ask_create(const char *remote);
/* All questions must have been forgotten. */
void sb_ask_destroy(struct sb_ask *);

/* Asks.  A question whose connection is lost is asked again in the next one,
 * until the caller forgets it. */
struct sb_asked *sb_ask_start(struct sb_ask *, const struct sset *ports,
                              const struct sset *addresses,
                              bool additional_chassis, long long int now);
void sb_ask_forget(struct sb_ask *, struct sb_asked *);

enum sb_ask_state sb_asked_state(const struct sb_asked *);
/* Of one that is answered. */
const struct sb_answer *sb_asked_answer(const struct sb_asked *);
/* When it was answered (monotonic). */
long long int sb_asked_answered_ms(const struct sb_asked *);
const struct sset *sb_asked_ports(const struct sb_asked *);
const struct sset *sb_asked_addresses(const struct sb_asked *);

/* How many ports are looked for now. */
size_t sb_ask_n_ports(const struct sb_ask *);
/* True while there is a connection. */
bool sb_ask_is_open(const struct sb_ask *);

void sb_ask_set_probe_interval(struct sb_ask *, int ms);
void sb_ask_reset_min_index(struct sb_ask *);
void sb_ask_run(struct sb_ask *, long long int now);
void sb_ask_wait(struct sb_ask *);

#endif /* sb-ask.h */
