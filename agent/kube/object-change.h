/* SPDX-License-Identifier: Apache-2.0 */

/* From an object that was read to the change that the model is told of.  For
 * the kinds of which one object is one thing; StatefulSets and VMs are put
 * together first (workload-assembly.h). */

#ifndef OBJECT_CHANGE_H
#define OBJECT_CHANGE_H 1

#include "manifest-object.h"

struct kube_change;

/* 'object', which is taken, is there. */
struct kube_change *object_change_create(struct manifest_object *object);

/* An object is gone. */
struct kube_change *object_change_create_gone(enum manifest_kind,
                                              const char *ns,
                                              const char *name,
                                              const char *uid);

#endif /* object-change.h */
