/* SPDX-License-Identifier: Apache-2.0 */

/* Which labels and annotations of an object are read.  Others need not be
 * looked at: lists leave them out (page-trim.h). */

#ifndef MANIFEST_MEMBERS_H
#define MANIFEST_MEMBERS_H 1

#include <stdbool.h>

#include "manifest-object.h"
#include "page-trim.h"

struct dialect;

/* Of pods.  Beside them, what the dialect watches and OPT_OUT_ANNOTATION. */
#define REVISION_LABEL "controller-revision-hash"
#define VIRT_LAUNCHER_LABEL "kubevirt.io"
#define VM_NAME_LABEL "vm.kubevirt.io/name"
#define VM_DOMAIN_ANNOTATION "kubevirt.io/domain"
#define MIGRATION_JOB_ANNOTATION "kubevirt.io/migrationJobName"
#define MIGRATION_JOB_LABEL "kubevirt.io/migrationJobUID"

/* True if manifest_object_read() looks at the label or annotation 'key' in the
 * metadata of an object of 'kind' itself (not of its template). */
bool manifest_member_is_read(enum manifest_kind, const struct dialect *,
                             enum metadata_map, const char *key);

#endif /* manifest-members.h */
