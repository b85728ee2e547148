/* SPDX-License-Identifier: Apache-2.0 */

/* AdmissionReview of admission.k8s.io/v1, as a webhook gets it from an API
 * server: from JSON to the core's question, and from the core's answer to
 * JSON. */

#ifndef ADMISSION_REVIEW_H
#define ADMISSION_REVIEW_H 1

#include <stdbool.h>
#include <stddef.h>

#include "openvswitch/compiler.h"

#include "admission.h"

struct dialect;

struct admission_review {
    char *uid;                  /* Of the request. */
    char *user;
    char *object;               /* "StatefulSet default/web", for people. */
    bool dry_run;

    /* Why there is nothing to be judged, or NULL: another kind, operation or
     * subresource than those that matter. */
    const char *skipped;
    /* Why the object could not be read, or NULL. */
    char *unreadable;

    struct admission_request request; /* If both are NULL. */

    /* What 'request' points to. */
    struct manifest_object *new, *old;
};

/* Reads a request.  Returns NULL, or why it is no AdmissionReview, which the
 * caller frees.  In any case the caller destroys '*review'. */
char *admission_review_read(const char *body, size_t size,
                            const struct dialect *,
                            struct admission_review *review)
    OVS_WARN_UNUSED_RESULT;
void admission_review_destroy(struct admission_review *);

/* Returns the answer's JSON, which the caller frees. */
char *admission_review_format(const struct admission_review *,
                              const struct admission_answer *);

#endif /* admission-review.h */
