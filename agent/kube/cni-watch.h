/* SPDX-License-Identifier: Apache-2.0 */

/* Has the CNI controller been restarted?  While it is down, and for some time
 * after, its own book of addresses is not complete, and what it has yet to
 * tidy up looks as if it were forgotten.
 *
 * Its pods tell: when their containers were started, so that a restart before
 * our own start counts too.  Where there are no such pods, because it runs
 * elsewhere, its Lease tells: who has it and since when. */

#ifndef CNI_WATCH_H
#define CNI_WATCH_H 1

#include <stdbool.h>
#include <stddef.h>

struct cni_watch;
struct ds;
struct http;
struct kubeconfig;

struct cni_watch_status {
    bool seen;                  /* There is, or was, such a controller. */
    bool down;                  /* ... but none that runs. */
    long long int restarted_ms; /* Monotonic, negative if that was before the
                                 * machine's start; 0: never, as far as
                                 * known. */
    size_t n_problems;
};

/* Watches the pods with the label app=NAME, or the Lease NAME, in the
 * namespace 'ns'. */
struct cni_watch *cni_watch_create(struct http *, struct kubeconfig *,
                                   const char *ns, const char *name);
void cni_watch_destroy(struct cni_watch *);

/* To be called after http_run().  'wall' is the time of day in ms. */
void cni_watch_run(struct cni_watch *, long long int now, long long int wall);
void cni_watch_wait(const struct cni_watch *);

/* True if it is known whether there is one: not before is a missing restart
 * worth anything. */
bool cni_watch_is_synced(const struct cni_watch *, long long int now);

void cni_watch_get_status(const struct cni_watch *, long long int now,
                          struct cni_watch_status *);
/* Appends a line with what is known; and one for each problem. */
void cni_watch_format(const struct cni_watch *, long long int now,
                      struct ds *);
void cni_watch_format_problems(const struct cni_watch *, long long int now,
                               struct ds *);

/* For tests; see reflector_set_limits(). */
void cni_watch_set_limits(struct cni_watch *, unsigned int page,
                          long long int silence_ms, long long int backoff_ms);

#endif /* cni-watch.h */
