/* SPDX-License-Identifier: Apache-2.0 */

/* What an operator is told about the daemon as a whole.
 *
 * The daemon fills one struct report with what its sources say of themselves;
 * the writers turn it into text and take the rest (role, holds, gates, last
 * actions) from the guard.  Nothing here looks at more than counters and the
 * holds, so that a report is as fast with 100,000 ports as with ten. */

#ifndef REPORT_H
#define REPORT_H 1

#include <stdbool.h>
#include <stdint.h>
#include "openvswitch/dynamic-string.h"

struct found;
struct guard;
struct guard_env;

/* One database.  Strings are borrowed. */
struct report_db {
    const char *label;          /* "northbound". */
    const char *remote;         /* NULL: not used at all. */
    bool connected, synced;
    const char *lock;           /* Name of its lock. */
    bool lock_wanted, has_lock, lock_contended;
    long long int last_change_ms; /* Monotonic; 0: never. */
    uint64_t n_changes;
    const char *error;          /* Why it cannot be used, or NULL. */
    const char *missing;        /* Optional columns it lacks, or NULL or "". */
    const char *remark;         /* Something to know about it, or NULL. */
};

/* The manifest files. */
struct report_pods {
    size_t n_paths;             /* 0: none given. */
    bool synced, trusted;
    size_t n_files, n_pods, n_workloads, n_ignored, n_problems;
    long long int last_change_ms; /* Monotonic; 0: never. */
    struct ds problems;         /* Lines "FILE:LINE: reason". */
};

/* The API server. */
struct report_api {
    bool used;                  /* There is one. */
    bool synced, trusted;
    size_t n_pods, n_workloads;
    long long int last_change_ms; /* Monotonic; 0: never. */
    struct ds problems;         /* Lines. */
};

/* What the webhook answered; all zeros without one. */
struct report_admission {
    uint64_t n_allowed;         /* Without a word. */
    uint64_t n_warned, n_refused;
    uint64_t n_skipped;         /* Nothing to be judged. */
};

enum { REPORT_NB, REPORT_SB, REPORT_OWN, REPORT_N_DBS };

struct report {
    const char *version;
    const char *instance;
    const char *dialect;
    long long int uptime_ms;
    struct report_db dbs[REPORT_N_DBS];
    struct report_pods pods;
    struct report_api api;
    struct report_admission admission; /* Only for metrics. */
    /* The process; only for metrics. */
    size_t rss_bytes;
    uint64_t loop_turns;
    double loop_max_ms, loop_p95_ms;
    const struct guard *guard;
    const struct guard_env *env;
};

void report_init(struct report *);
void report_destroy(struct report *);

/* Appends the one-screen status of ovn-ipguard(8). */
void report_format_status(const struct report *, struct ds *);

/* Appends all metrics in Prometheus' text format, version 0.0.4, or in
 * OpenMetrics 1.0. */
void report_format_metrics(const struct report *, bool open_metrics,
                           struct ds *);

/* Which of the two a client wants, by its Accept header, which may be NULL:
 * OpenMetrics only if it says so. */
bool report_wants_open_metrics(const char *accept);

/* Appends "ready", or what it is not ready for, a line for each reason.
 * Returns true if it is. */
bool report_format_ready(const struct report *, struct ds *);

/* Appends what the page shows, as JSON in one line.  It is the same text as
 * long as nothing happens: there are no ages in it, but times. */
void report_format_page(const struct report *, struct ds *);

/* Appends what a search found, as JSON in one line. */
void report_format_found(const struct found *, struct ds *);

/* Appends a duration, to a precision that a person cares for: "350 ms",
 * "12 s", "3 min 20 s", "2 h 5 min", "4 d 3 h". */
void report_format_duration(struct ds *, long long int ms);

#endif /* report.h */
