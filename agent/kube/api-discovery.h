/* SPDX-License-Identifier: Apache-2.0 */

/* Which of the optional resources the API server has: those of KubeVirt and
 * Kube-OVN come as CustomResourceDefinitions, perhaps later, perhaps in
 * another version. */

#ifndef API_DISCOVERY_H
#define API_DISCOVERY_H 1

#include <stdbool.h>
#include <stddef.h>

struct http;
struct http_request;
struct kubeconfig;

struct api_resource {
    const char *group;
    const char *resource;       /* "virtualmachines" */
    const char *version;        /* "kubevirt.io/v1": only in this version;
                                 * NULL: in the one that the server prefers
                                 * for the group. */
    char *api_version;          /* "kubevirt.io/v1", or NULL: the server has
                                 * it not. */
    char *found;                /* By the look that is under way. */
};

struct api_discovery {
    struct http *http;
    struct kubeconfig *kubeconfig;
    struct api_resource *resources;
    size_t n_resources;

    struct http_request *request; /* Or NULL. */
    size_t next;                /* The resource whose group is asked for;
                                 * SIZE_MAX: the list of groups. */
    long long int due;
    unsigned int n_failures;    /* In a row. */
    bool done;                  /* Once. */
    char *problem;              /* Or NULL. */
};

/* 'resources' stays the caller's, and is where the results are. */
void api_discovery_init(struct api_discovery *, struct http *,
                        struct kubeconfig *, struct api_resource *resources,
                        size_t n_resources);
void api_discovery_destroy(struct api_discovery *);

/* Returns true if the results were brought up to date in this turn. */
bool api_discovery_run(struct api_discovery *, long long int now);
void api_discovery_wait(const struct api_discovery *);

/* Looks at once. */
void api_discovery_hurry(struct api_discovery *, long long int now);

#endif /* api-discovery.h */
