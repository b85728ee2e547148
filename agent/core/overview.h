/* SPDX-License-Identifier: Apache-2.0 */

/* What somebody who watches is shown, as data for whoever prints it: the holds
 * and how far each is, those that ended lately, who waits, duplicates, gates
 * and the last actions.
 *
 * Of everything there is a bounded number, whatever the size of the cluster,
 * with a count of all; nothing here looks at every port. */

#ifndef OVERVIEW_H
#define OVERVIEW_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "explain.h"
#include "hold.h"
#include "svec.h"

struct guard;
struct guard_env;

/* So many of each kind are shown at most. */
enum {
    OVERVIEW_HOLDS = 100,
    OVERVIEW_ENDED = 12,
    OVERVIEW_NAMES = 8,         /* Blockers and waiters of one hold. */
    OVERVIEW_LINES = 50,        /* Waiters, duplicates, gates. */
    OVERVIEW_FOUND = 20,        /* Ports or addresses of one search. */
    OVERVIEW_LOOKS = 10000,     /* Ports that one search looks at. */
};

/* How a hold went so far, or went.  Times are ms since the epoch; 0: that has
 * not happened, or it is not known when. */
struct hold_course {
    char *network, *address;
    const char *state;          /* hold_state_to_string(). */
    char *case_, *reason;
    char *owner;                /* "NAMESPACE/NAME", or "". */
    char *former;               /* Port that had it last, or "". */
    char *taker;                /* Port that is to have it, or "". */
    bool taker_gated;           /* It is kept shut until the end. */
    bool would_be;              /* Mode observe. */
    long long int created_ms;   /* Decided. */
    long long int gone_ms;      /* Seen gone from the port. */
    long long int southbound_ms; /* ovn-northd has taken that in. */
    long long int clean_ms;     /* So has every chassis. */
    long long int ended_ms;
    struct svec blockers, waiters; /* The first of them. */
    size_t n_blockers, n_waiters;
};

void hold_course_destroy(struct hold_course *);

/* A line about something. */
struct overview_line {
    char *what;                 /* A port, or an address. */
    char *network;              /* Or "". */
    char *text;
    long long int since_ms;     /* Since the epoch; 0: not known. */
};

struct overview_lines {
    struct overview_line *lines;
    size_t n, n_all;            /* The oldest ones, by network and 'what'; for
                                 * actions see below. */
};

/* Addresses on ports of which there is something to say. */
struct address_counts {
    size_t n_stale;             /* Stale, to be cleared. */
    size_t n_unsure;            /* Looks stale. */
    size_t n_moving;            /* The CNI controller's to finish. */
    size_t n_reported;          /* Wrong, but not to be changed. */
    size_t n_waiters;           /* Ports that wait for one. */
};

void guard_count_addresses(const struct guard *, struct address_counts *);

struct overview {
    struct hold_course *holds;  /* Blocked ones first, then the oldest. */
    size_t n_holds, n_all_holds;
    size_t n_by_state[HOLD_N_STATES];
    struct hold_course *ended;  /* The latest first. */
    size_t n_ended;
    struct overview_lines waiters; /* Ports without their address. */
    struct overview_lines gates;
    struct overview_lines duplicates;
    struct overview_lines actions; /* The latest first. */
    struct address_counts counts;
};

/* 'overview' need not be initialised. */
void guard_overview(const struct guard *, const struct guard_env *,
                    struct overview *overview);
void overview_destroy(struct overview *);

/* ---- Search. ---- */

struct found_address {
    struct explanation x;       /* Without what is wanted by ports that have
                                 * not got it. */
    bool held;
    struct hold_course hold;    /* If it is held. */
};

struct found {
    struct svec ports;          /* Names of the ports that were found. */
    struct found_address *addresses; /* Of these, or the one asked for. */
    size_t n_addresses;
    struct svec notes;          /* What else there is to say. */
    bool more;                  /* There are more than are shown. */
    uint64_t next;              /* Where to go on; 0: all was looked at. */
};

/* Looks for 'text', an address, or the name of a port or of a pod, which may
 * be NAMESPACE/NAME, or a part of a port's name.  The last means to look at
 * each port, which is done in steps: the first one is from 0, and each tells
 * from where to go on.  'found' need not be initialised. */
void guard_search(const struct guard *, const char *text, uint64_t from,
                  const struct guard_env *, struct found *found);
void found_destroy(struct found *);

#endif /* overview.h */
