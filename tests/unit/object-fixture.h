/* SPDX-License-Identifier: Apache-2.0 */

/* What tests of the reading of single Kubernetes objects share. */

#ifndef OBJECT_FIXTURE_H
#define OBJECT_FIXTURE_H 1

#include "agent/kube/manifest-object.h"

struct dialect;

/* The beginnings of objects, in YAML. */
#define POD "kind: Pod\napiVersion: v1\nmetadata:\n  name: web-0\n"
#define STS "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: web}\n"

/* Reads the first object of 'text', which is YAML.  Returns it, or NULL with
 * "LINE: error" in '*errorp' (the caller's), or NULL if it is not used.
 * Without a dialect it is Kube-OVN's. */
struct manifest_object *of_read_of(const struct dialect *, const char *text,
                                   char **errorp);
struct manifest_object *of_read(const char *text, char **errorp);

/* Reads an object that is good. */
struct manifest_object *of_read_good_of(const struct dialect *,
                                        const char *text);
struct manifest_object *of_read_good(const char *text);

#endif /* object-fixture.h */
