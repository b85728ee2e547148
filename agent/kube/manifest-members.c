/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "manifest-members.h"

#include <string.h>

#include "util.h"

#include "dialect.h"
#include "pod.h"

static bool
is_one_of(const char *key, const char *const *keys, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(key, keys[i])) {
            return true;
        }
    }
    return false;
}

static bool
is_read_of_pod(const struct dialect *dialect, enum metadata_map map,
               const char *key)
{
    static const char *const labels[] = {
        REVISION_LABEL, VIRT_LAUNCHER_LABEL, VM_NAME_LABEL,
        MIGRATION_JOB_LABEL,
    };
    static const char *const annotations[] = {
        OPT_OUT_ANNOTATION, VM_DOMAIN_ANNOTATION, MIGRATION_JOB_ANNOTATION,
    };

    return (map == METADATA_LABELS
            ? is_one_of(key, labels, ARRAY_SIZE(labels))
            : (is_one_of(key, annotations, ARRAY_SIZE(annotations))
               || dialect->watches(key)));
}

bool
manifest_member_is_read(enum manifest_kind kind,
                        const struct dialect *dialect,
                        enum metadata_map map, const char *key)
{
    switch (kind) {
    case MANIFEST_POD:
        return is_read_of_pod(dialect, map, key);

    case MANIFEST_STATEFULSET:
    case MANIFEST_REVISION:
    case MANIFEST_VM:
    case MANIFEST_NAMESPACE:
        return (map == METADATA_ANNOTATIONS
                && !strcmp(key, OPT_OUT_ANNOTATION));

    case MANIFEST_VMI:          /* Their annotations are those of the pod. */
    case MANIFEST_VIP:
    case MANIFEST_IP:
    case MANIFEST_SUBNET:
    case MANIFEST_IPAM_CLAIM:
        return true;
    }
    OVS_NOT_REACHED();
}
