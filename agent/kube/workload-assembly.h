/* SPDX-License-Identifier: Apache-2.0 */

/* Workloads out of the several objects that describe one.
 *
 * What a StatefulSet's members claim is in its template and, while a rollout
 * is under way, in ControllerRevisions, which may be in another file or come
 * later.  A VirtualMachine lives on in its VirtualMachineInstance. */

#ifndef WORKLOAD_ASSEMBLY_H
#define WORKLOAD_ASSEMBLY_H 1

#include <stddef.h>

#include "openvswitch/list.h"
#include "openvswitch/shash.h"
#include "sset.h"

#include "manifest-object.h"

struct workload_assembly {
    /* "NAMESPACE/NAME" to "struct manifest_object". */
    struct shash statefulsets;
    struct shash revisions;
    struct shash vms;
    struct shash vmis;

    /* "OWNER-KIND/NAMESPACE/NAME", of workloads. */
    struct shash given;         /* What was given out last. */
    struct sset dirty;
};

void workload_assembly_init(struct workload_assembly *);
void workload_assembly_destroy(struct workload_assembly *);

/* True if objects of this kind belong here. */
bool workload_assembly_takes(enum manifest_kind);

/* Adds or replaces an object, which is taken. */
void workload_assembly_put(struct workload_assembly *,
                           struct manifest_object *);
void workload_assembly_remove(struct workload_assembly *, enum manifest_kind,
                              const char *ns, const char *name);

/* Appends a "struct kube_change" to 'changes' for each workload that is
 * another one than before; returns their number. */
size_t workload_assembly_run(struct workload_assembly *,
                             struct ovs_list *changes);

size_t workload_assembly_count(const struct workload_assembly *);

#endif /* workload-assembly.h */
