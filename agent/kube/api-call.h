/* SPDX-License-Identifier: Apache-2.0 */

/* The request to the API server that carries out a struct kube_write. */

#ifndef API_CALL_H
#define API_CALL_H 1

#include "kube-write.h"

struct api_call {
    const char *method, *content_type;
    char *path;
    char *body;                 /* JSON; or NULL: it has something in it that
                                 * is not UTF-8. */
};

/* 'instance' tells in an Event which of us reports it. */
void api_call_init(struct api_call *, const struct kube_write *,
                   const char *instance);
void api_call_destroy(struct api_call *);

/* The kind of the object, as the API spells it. */
const char *api_call_object_kind(enum kube_object);

#endif /* api-call.h */
