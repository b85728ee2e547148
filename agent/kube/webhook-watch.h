/* SPDX-License-Identifier: Apache-2.0 */

/* Is it certain that the API server lets no StatefulSet's pod in with another
 * fixed address while the IP object of its former self has the old one?  That
 * is what "release first" rests upon.  Either of these makes it certain:
 *
 * - a webhook called RELEASE_WEBHOOK, for the creation of pods, with
 *   failurePolicy Fail.  What it refers to is for the operator to have right;
 *
 * - the ValidatingAdmissionPolicy RELEASE_POLICY of
 *   deploy/policy-release.yaml, word for word, and its binding, which denies
 *   and looks at all IP objects.
 *
 * Namespaces may be left out by name (matchExpressions with
 * kubernetes.io/metadata.name and NotIn), and are told then; any other
 * narrowing makes it uncertain. */

#ifndef WEBHOOK_WATCH_H
#define WEBHOOK_WATCH_H 1

#include <stdbool.h>

#include "sset.h"

#define RELEASE_WEBHOOK "release.ovn-ipguard.io"
#define RELEASE_POLICY "ovn-ipguard-release-first"

struct http;
struct http_request;
struct kubeconfig;

/* One of the objects that are looked at. */
enum webhook_look_kind {
    LOOK_WEBHOOK,
    LOOK_POLICY,
    LOOK_BINDING,
    N_LOOKS
};

struct webhook_look {
    struct http_request *request; /* Or NULL. */
    long long int good_ms;      /* Since when it was seen as it must be at each
                                 * look; 0: it is not. */
    long long int seen_ms;      /* The last of those looks. */
    struct sset left_out;       /* Namespaces. */
    char *flaw;                 /* What is wrong with it, or NULL. */
    char *problem;              /* Why it could not be read, or NULL. */
};

struct webhook_watch {
    struct http *http;
    struct kubeconfig *kubeconfig;
    bool wanted;
    long long int due_ms;
    struct webhook_look looks[N_LOOKS];
    bool certain;               /* As last told. */
};

void webhook_watch_init(struct webhook_watch *, struct http *,
                        struct kubeconfig *);
void webhook_watch_destroy(struct webhook_watch *);

/* Nothing is asked unless it is wanted. */
void webhook_watch_want(struct webhook_watch *, bool wanted);
/* To be called after http_run(). */
void webhook_watch_run(struct webhook_watch *, long long int now);
void webhook_watch_wait(const struct webhook_watch *);

/* True if one of them was seen as it must be, twice, and lately.  If so, and
 * 'left_out' is not NULL, stores the namespaces that it does not concern. */
bool webhook_watch_is_certain(const struct webhook_watch *, long long int now,
                              const struct sset **left_out);

/* Why it could not be found out, in words, or NULL. */
const char *webhook_watch_problem(const struct webhook_watch *);

/* What is missing or wrong, in words, or NULL; for tests as well.  'text' is
 * an object as JSON. */
char *webhook_watch_judge(enum webhook_look_kind, const char *text,
                          struct sset *left_out);

#endif /* webhook-watch.h */
