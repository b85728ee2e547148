/* SPDX-License-Identifier: Apache-2.0 */

/* Does the API server ask our webhook before it lets a StatefulSet's pod in,
 * and lets none in when there is no answer?  That is what "release first"
 * rests upon: a webhook called RELEASE_WEBHOOK, for the creation of pods, with
 * failurePolicy Fail.  What it refers to is for the operator to have right. */

#ifndef WEBHOOK_WATCH_H
#define WEBHOOK_WATCH_H 1

#include <stdbool.h>

#define RELEASE_WEBHOOK "release.ovn-ipguard.io"

struct http;
struct http_request;
struct kubeconfig;

struct webhook_watch {
    struct http *http;
    struct kubeconfig *kubeconfig;
    bool wanted;
    struct http_request *request; /* Or NULL. */
    long long int due_ms;
    long long int seen_ms;      /* When it was last seen as it must be; 0:
                                 * it is not. */
    char *problem;              /* Why it could not be read, or NULL. */
};

void webhook_watch_init(struct webhook_watch *, struct http *,
                        struct kubeconfig *);
void webhook_watch_destroy(struct webhook_watch *);

/* Nothing is asked unless it is wanted. */
void webhook_watch_want(struct webhook_watch *, bool wanted);
/* To be called after http_run(). */
void webhook_watch_run(struct webhook_watch *, long long int now);
void webhook_watch_wait(const struct webhook_watch *);

/* True if it was seen as it must be, lately. */
bool webhook_watch_is_certain(const struct webhook_watch *,
                              long long int now);

#endif /* webhook-watch.h */
