/* SPDX-License-Identifier: Apache-2.0 */

/* Carries out struct kube_write: requests to the API server that write, some
 * at a time, without ever blocking the loop.
 *
 * This is the one place where their failures are logged.  A permission that is
 * missing is named once, and what needs it is not tried again for a while. */

#ifndef API_WRITE_H
#define API_WRITE_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/list.h"

#include "kube-write.h"

struct ds;
struct http;
struct kubeconfig;

struct api_writer {
    struct http *http;
    struct kubeconfig *kubeconfig;
    char *instance;             /* For Events: which of us reports. */

    struct ovs_list waiting;    /* Contains "struct api_job"s, the next one
                                 * first. */
    struct ovs_list running;    /* Likewise. */
    struct ovs_list results;    /* Contains "struct api_write_result"s. */
    size_t n_waiting, n_running;

    /* Of each kind: not before this time, and why; or 0 and NULL. */
    struct api_forbidden {
        long long int until_ms;
        long long int pause_ms; /* The last one. */
        char *problem;
    } forbidden[KUBE_WRITE_N_KINDS];

    long long int retry_ms;     /* The first pause before another try. */
    long long int forbidden_ms; /* The same, where a right is missing. */
    uint64_t n_done, n_failed, n_dropped;
};

struct api_write_result {
    struct ovs_list node;
    uint64_t id;
    enum kube_write_result result;
};

void api_writer_init(struct api_writer *, struct http *, struct kubeconfig *,
                     const char *instance);
void api_writer_destroy(struct api_writer *);

/* Takes 'write'. */
void api_writer_start(struct api_writer *, struct kube_write *,
                      long long int now);
/* To be called after http_run(). */
void api_writer_run(struct api_writer *, long long int now);
void api_writer_wait(const struct api_writer *);
/* True if nothing is under way. */
bool api_writer_is_idle(const struct api_writer *);

/* The next result of a write that had an id, or NULL; the caller frees it. */
struct api_write_result *api_writer_pop(struct api_writer *);

/* A line for each permission that is missing. */
void api_writer_format_problems(const struct api_writer *, struct ds *);
size_t api_writer_count_problems(const struct api_writer *);

#endif /* api-write.h */
