/* SPDX-License-Identifier: Apache-2.0 */

/* Which owners the sources tell about at all.  An owner that they do not tell
 * about is not gone: it is not ours to judge. */

#include <config.h>

#include "model.h"

#include "openvswitch/util.h"
#include "pod.h"
#include "util.h"

void
model_set_namespaces(struct model *m, const struct svec *names)
{
    m->by_namespace = names->n > 0;
    for (size_t i = 0; i < names->n; i++) {
        sset_add(&m->namespaces, names->names[i]);
    }
    model_mark_all(m);
}

void
model_set_nodes(struct model *m, const struct sset *names)
{
    m->by_node = true;
    sset_destroy(&m->nodes);
    sset_clone(&m->nodes, names);
    model_mark_all(m);
}

enum member_scope
model_member_scope(const struct model *m, const struct member *mb, char **why)
{
    const struct pod *outside = NULL;

    *why = NULL;
    if (m->by_namespace && !sset_contains(&m->namespaces, mb->ns)) {
        *why = xasprintf("namespace %s is outside of --namespace", mb->ns);
        return SCOPE_OUTSIDE;
    }
    for (size_t i = 0; m->by_node && i < mb->n_pods; i++) {
        const struct pod *pod = mb->pods[i];

        if (!pod_node(pod)[0]) {
            *why = xasprintf("pod %s/%s has no node yet", pod->owner->ns,
                             pod->name);
            return SCOPE_UNDECIDED;
        } else if (!sset_contains(&m->nodes, pod_node(pod))) {
            outside = pod;
        }
    }
    if (outside) {
        *why = xasprintf("pod %s/%s is on node %s, which is outside of "
                         "--node-selector or --zone", outside->owner->ns,
                         outside->name, pod_node(outside));
        return SCOPE_OUTSIDE;
    }
    return SCOPE_INSIDE;
}
