/* SPDX-License-Identifier: Apache-2.0 */

/* Pods and owners from a live API server: --kubeconfig=FILE, --kube-api=URL.
 *
 * Each kind is listed and then watched.  The source is synced when all of them
 * were listed once, and trusted while all are kept up to date and nothing is
 * hard to believe: no list is empty or lost a large part of its objects, the
 * server has not gone back in time, and every object could be read.  While it
 * is not trusted nothing destructive happens.  What is hard to believe is
 * believed when a person confirms it. */

#ifndef API_SOURCE_H
#define API_SOURCE_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/compiler.h"

#include "kubeconfig.h"
#include "orders.h"

struct api_source;
struct api_write_result;
struct dialect;
struct ds;
struct kube_change;
struct kube_write;
struct sset;
struct svec;

struct api_source_options {
    struct kubeconfig_options kubeconfig;
    const struct dialect *dialect;
    /* Only these namespaces; empty or NULL: all. */
    const struct svec *namespaces;
    const char *instance;       /* For Events: which of us reports; may be
                                 * NULL. */
    /* Only pods on nodes with these labels, and of this zone; NULL: any. */
    const char *node_selector, *zone;
    /* "NAMESPACE/NAME" of the CNI controller, whose restarts are watched;
     * NULL: none. */
    const char *cni_controller;
};

struct api_source_status {
    bool synced;                /* Everything was listed once. */
    bool trusted;
    bool vips_known;            /* The list of Kube-OVN's Vips is complete. */
    bool ipam_claims_known;     /* ... and that of IPAMClaims. */
    bool ip_objects_hidden;     /* There are IP objects of Kube-OVN's, perhaps,
                                 * that cannot be read. */
    size_t n_pods;
    size_t n_workloads;
    size_t n_problems;
    bool cni_down;              /* The CNI controller is known not to run. */
    long long int cni_restarted_ms; /* Its last start, monotonic, perhaps
                                 * negative; 0: none is known. */
    uint64_t n_lists, n_watches, n_events, n_errors;
    uint64_t n_requests, n_connections, n_bytes;
    uint64_t n_live_reads, n_live_failed;
    uint64_t n_writes, n_write_failed; /* Ended, in either way. */
    size_t memory;              /* Bytes of what is kept of the objects. */
};

/* Returns NULL, or why it cannot be, which the caller frees.  To be called
 * after the daemon has detached: libcurl has threads. */
char *api_source_create(const struct api_source_options *,
                        struct api_source **) OVS_WARN_UNUSED_RESULT;
void api_source_destroy(struct api_source *);

void api_source_run(struct api_source *, long long int now);
void api_source_wait(struct api_source *);

/* Next change for the model, or NULL; the caller destroys it. */
struct kube_change *api_source_pop(struct api_source *);

/* Begins a live read of an owner (design: in brackets around a destructive
 * write).  The answer comes by api_source_pop_live(); what changed is then
 * already there for api_source_pop(). */
void api_source_live_read(struct api_source *, const struct live_read *,
                          long long int now);
/* Takes the next answer.  'began_ms' is when it was asked for: what was read
 * is not older.  Returns false if there is none. */
bool api_source_pop_live(struct api_source *, uint64_t *id,
                         enum live_read_result *, long long int *began_ms);

/* Begins to write, and takes 'write'.  If it has an id, the answer comes by
 * api_source_pop_write(), which the caller frees. */
void api_source_write(struct api_source *, struct kube_write *,
                      long long int now);
struct api_write_result *api_source_pop_write(struct api_source *);
/* True if no write is under way. */
bool api_source_writes_are_done(const struct api_source *);
/* Finds out whether the CNI controller refuses a pod its address; if so, that
 * comes by api_source_pop(). */
void api_source_look_for_refusal(struct api_source *,
                                 const struct refusal_read *,
                                 long long int now);

/* With 'node_selector' or 'zone': the nodes, of whose pods more is told than
 * that they are there; and a number that changes with them.  Otherwise
 * NULL. */
const struct sset *api_source_nodes(const struct api_source *,
                                    uint64_t *seqno);

/* Has it found out whether "release first" may rely on the API server; and
 * what was found, with the namespaces that are left out (none if '*left_out'
 * stays NULL).  See webhook-watch.h. */
void api_source_want_release_certainty(struct api_source *, bool wanted);
bool api_source_release_is_certain(const struct api_source *,
                                   long long int now,
                                   const struct sset **left_out);

/* True if pods of the namespace 'ns' are read at all.  Of others nothing is
 * known, and live reads fail. */
bool api_source_covers(const struct api_source *, const char *ns);

void api_source_get_status(const struct api_source *,
                           struct api_source_status *);

/* Appends a line for each problem; and one for each kind, how it is read. */
void api_source_format_problems(const struct api_source *, struct ds *);
void api_source_format_status(const struct api_source *, long long int now,
                              struct ds *);

/* Believes what is hard to believe.  Returns NULL, or that there is nothing
 * like that, which the caller frees. */
char *api_source_confirm(struct api_source *) OVS_WARN_UNUSED_RESULT;

/* For tests; see reflector_set_limits(). */
void api_source_set_limits(struct api_source *, unsigned int page,
                           long long int silence_ms,
                           long long int backoff_ms);

#endif /* api-source.h */
