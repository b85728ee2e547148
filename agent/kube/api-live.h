/* SPDX-License-Identifier: Apache-2.0 */

/* Live reads: "is this owner still as we think?", asked of the API server
 * itself, from a quorum (no resourceVersion), just before and just after
 * something that cannot be undone.  What comes back goes into the store first
 * and is answered then. */

#ifndef API_LIVE_H
#define API_LIVE_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/list.h"

#include "missing-rights.h"
#include "orders.h"

struct api_store;
struct http;
struct kubeconfig;

struct api_live {
    struct http *http;
    struct kubeconfig *kubeconfig;
    struct api_store *store;
    long long int deadline_ms;  /* How long a read may take. */
    char *vm_api_version;       /* kubevirt.io/..., or NULL: there is none. */

    struct ovs_list waiting;    /* Contains "struct api_read"s. */
    struct ovs_list running;    /* Likewise. */
    struct ovs_list results;    /* Contains "struct api_live_result"s. */
    size_t n_running;
    uint64_t n_reads, n_failed;

    struct missing_rights rights;
    long long int patience_until; /* The server asks to be left alone. */
};

struct api_live_result {
    struct ovs_list node;
    uint64_t id;
    enum live_read_result result;
    long long int began_ms;     /* What was read is not older. */
    char *problem;              /* LIVE_READ_FAILED: why; else NULL. */
};

void api_live_init(struct api_live *, struct http *, struct kubeconfig *,
                   struct api_store *);
void api_live_destroy(struct api_live *);

/* Begins to read; the answer comes by api_live_pop().  With 'refusal', why it
 * cannot be read (not freed), that is the answer. */
void api_live_start(struct api_live *, const struct live_read *,
                    const char *refusal, long long int now);
/* Looks for events by which the CNI controller refuses the pod its address;
 * the store learns of one. */
void api_live_look_for_refusal(struct api_live *,
                               const struct refusal_read *,
                               long long int now);
/* Reads a pod and answers nobody. */
void api_live_refresh_pod(struct api_live *, const char *ns, const char *name,
                          long long int now);

/* To be called after http_run(). */
void api_live_run(struct api_live *, long long int now);
void api_live_wait(const struct api_live *);

/* The next answer, or NULL; the caller destroys it. */
struct api_live_result *api_live_pop(struct api_live *);
void api_live_result_destroy(struct api_live_result *);

#endif /* api-live.h */
