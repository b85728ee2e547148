/* SPDX-License-Identifier: Apache-2.0 */

/* The owners' half of the model: the pods of members, and the workloads that
 * members belong to. */

#include <config.h>

#include "model.h"

#include "hash.h"
#include "kube-change.h"
#include "model-private.h"
#include "openvswitch/util.h"
#include "plant.h"
#include "pod.h"
#include "util.h"
#include "workload.h"

uint32_t
model_key_hash(const char *ns, const char *name)
{
    return hash_string(name, hash_string(ns, 0));
}

static struct base_entry *
find_base(const struct model *m, const char *ns, const char *name)
{
    struct base_entry *b;

    HMAP_FOR_EACH_WITH_HASH (b, node, model_key_hash(ns, name), &m->bases) {
        if (!strcmp(b->name, name) && !strcmp(b->ns, ns)) {
            return b;
        }
    }
    return NULL;
}

const struct base_entry *
model_find_base(const struct model *m, const char *ns, const char *name)
{
    return find_base(m, ns, name);
}

const struct workload *
model_find_workload(const struct model *m, enum owner_kind kind,
                    const char *ns, const char *name)
{
    const struct base_entry *b = find_base(m, ns, name);

    return !b ? NULL : kind == OWNER_VM ? b->vm : b->workload;
}

struct base_entry *
model_get_base(struct model *m, const char *ns, const char *name)
{
    struct base_entry *b = find_base(m, ns, name);

    if (!b) {
        b = xzalloc(sizeof *b);
        b->ns = strpool_ref(&m->pool.strings, ns);
        b->name = strpool_ref(&m->pool.strings, name);
        ovs_list_init(&b->members);
        hmap_insert(&m->bases, &b->node, model_key_hash(ns, name));
    }
    return b;
}

void
model_gc_base(struct model *m, struct base_entry *b)
{
    if (b && ovs_list_is_empty(&b->members) && !b->workload && !b->vm) {
        hmap_remove(&m->bases, &b->node);
        strpool_unref(&m->pool.strings, b->ns);
        strpool_unref(&m->pool.strings, b->name);
        free(b);
    }
}

void
model_mark_all(struct model *m)
{
    struct member *mb;

    HMAP_FOR_EACH (mb, node, &m->members) {
        model_mark_member(m, mb);
    }
    m->change_seqno++;
}

static bool
uid_agrees(const char *a, const char *b)
{
    return !a[0] || !b[0] || !strcmp(a, b);
}

/* The base_entry of 'name', which mostly is the one that 'mb' is in. */
static const struct base_entry *
member_base(const struct model *m, const struct member *mb, const char *name)
{
    return (mb->base && !strcmp(mb->base->name, name)
            ? mb->base : find_base(m, mb->ns, name));
}

const struct workload *
model_member_workload(const struct model *m, const struct member *mb)
{
    const struct base_entry *b;

    if (mb->n_pods) {
        const struct pod *pod = mb->pods[0];

        b = member_base(m, mb, pod->owner->name);
        if (pod->owner_kind == OWNER_STATEFULSET) {
            return (b && b->workload
                    && uid_agrees(b->workload->uid, pod->owner->uid)
                    ? b->workload : NULL);
        } else if (pod->owner_kind == OWNER_VM) {
            return b ? b->vm : NULL;
        }
        return NULL;
    }
    if (mb->pod_seen) {
        if (mb->seen_kind == OWNER_STATEFULSET) {
            b = member_base(m, mb, mb->seen->name);
            return b ? b->workload : NULL;
        } else if (mb->seen_kind == OWNER_VM) {
            b = find_base(m, mb->ns, mb->seen->name);
            return b ? b->vm : NULL;
        } else if (mb->seen_kind == OWNER_OTHER) {
            return NULL;
        }
    }
    if (mb->base && mb->base->workload) {
        return mb->base->workload;
    }
    b = m->dialect->vm_ports ? find_base(m, mb->ns, mb->name) : NULL;
    return b ? b->vm : NULL;
}

const struct base_entry *
model_member_base(const struct model *m, const struct member *mb)
{
    if (mb->pod_seen && mb->seen_kind == OWNER_STATEFULSET) {
        return member_base(m, mb, mb->seen->name);
    }
    return mb->base;
}

bool
model_member_opted_out(const struct model *m, const struct member *mb)
{
    const struct workload *w = model_member_workload(m, mb);

    if ((!sset_is_empty(&m->opted_out_namespaces)
         && sset_contains(&m->opted_out_namespaces, mb->ns))
        || (w && w->opted_out)) {
        return true;
    }
    for (size_t i = 0; i < mb->n_pods; i++) {
        if (mb->pods[i]->opted_out && !PLANTED(OPT_OUT_IGNORED)) {
            return true;
        }
    }
    return false;
}

/* What a pod asks for depends on its owner as well: an orphan has no ordinal.
 * What an adoption makes of it is no edit. */
static bool
same_owner(const struct pod *a, const struct pod *b)
{
    return (a->owner_kind == b->owner_kind && a->ordinal == b->ordinal
            && !strcmp(a->owner->name, b->owner->name)
            && uid_agrees(a->owner->uid, b->owner->uid));
}

/* Did the user change, on a living pod, what it asks for?  A controller that
 * writes down what it allocated does not count: it turns an open claim into an
 * allocated one, or confirms the one that was made. */
static bool
claims_edited(const struct claims *old, const struct claims *new)
{
    for (size_t i = 0; i < old->n; i++) {
        const struct claim *o = &old->claims[i];
        const struct claim *n = claims_find(new, o->provider);

        if (o->kind == CLAIM_EXPLICIT) {
            if (!n || n->kind != CLAIM_EXPLICIT || n->n_ips < o->n_ips) {
                return true;
            }
            for (size_t j = 0; j < o->n_ips; j++) {
                if (!claim_names(n, &o->ips[j])) {
                    return true;
                }
            }
        } else if (n && n->kind == CLAIM_EXPLICIT && !n->allocated) {
            return true;
        }
    }
    for (size_t i = 0; i < new->n; i++) {
        const struct claim *n = &new->claims[i];
        if (n->kind == CLAIM_EXPLICIT && !n->allocated
            && !claims_find(old, n->provider)) {
            return true;
        }
    }
    return false;
}

static void
remember_owner(struct model *m, struct member *mb, const struct pod *pod)
{
    mb->pod_seen = true;
    mb->seen_kind = pod->owner_kind;
    mb->seen_numbered |= (pod->owner_kind == OWNER_STATEFULSET
                          || pod->owner_kind == OWNER_VM);
    for (size_t i = 0; i < pod->claims.n; i++) {
        const struct claim *c = &pod->claims.claims[i];
        mb->seen_explicit |= c->kind == CLAIM_EXPLICIT && !c->allocated;
    }
    pod_pool_unref_owner(&m->pool, mb->seen);
    mb->seen = pod_pool_ref_owner(pod->owner);
}

/* Makes room for one more pod. */
static void
add_pod_slot(struct member *mb)
{
    if (!mb->n_pods) {
        mb->pods = &mb->one_pod;
    } else if (mb->pods == &mb->one_pod) {
        mb->pods = xmalloc(2 * sizeof *mb->pods);
        mb->pods[0] = mb->one_pod;
    } else {
        mb->pods = xrealloc(mb->pods, (mb->n_pods + 1) * sizeof *mb->pods);
    }
    mb->n_pods++;
}

/* Another pod than before has the name.  One that a list had may have run for
 * a while, and may have been edited. */
static void
note_arrival(const struct model *m, struct member *mb, struct pod *pod,
             bool listed)
{
    model_recall_pod(mb, pod);
    mb->came |= !pod->finished; /* That one has left what it had. */
    if (m->kube_synced && !PLANTED(UID_IGNORED)) {
        pod->arrived |= !listed;
        mb->await_unbound = true;
    }
}

/* Takes 'pod'. */
static void
set_pod(struct model *m, struct pod *pod, bool listed)
{
    struct member *mb = model_get_member(m, pod->owner->ns,
                                         model_pod_member_name(m, pod));
    size_t i;

    model_filter_claims(m, pod);
    for (i = 0; i < mb->n_pods; i++) {
        if (!strcmp(mb->pods[i]->name, pod->name)) {
            break;
        }
    }
    if (i < mb->n_pods) {
        struct pod *old = mb->pods[i];

        if (pod_equals(old, pod)) {
            pod_destroy(pod);
            return;
        }
        model_note_pod_marks(m, old->marks, pod->marks);
        if (obj_uid_equals(&old->uid, &pod->uid)) {
            pod->arrived = old->arrived;
            pod->ran = old->ran;
            pod->edited = (old->edited
                           || (same_owner(old, pod)
                               && claims_edited(&old->claims,
                                                &pod->claims)));
        } else {
            model_remember_pod(mb, old);
            note_arrival(m, mb, pod, listed);
        }
        model_del_pod_promises(m, old);
        pod_pool_free(&m->pool, old);
    } else {
        add_pod_slot(mb);
        m->n_pods++;
        model_note_pod_marks(m, 0, pod->marks);
        note_arrival(m, mb, pod, listed);
    }
    mb->pods[i] = pod_pool_pack(&m->pool, pod, mb->name);
    model_add_pod_promises(m, mb->pods[i]);
    remember_owner(m, mb, mb->pods[i]);
    model_mark_member(m, mb);
}

static void
drop_pod(struct model *m, struct member *mb, size_t i)
{
    model_note_pod_marks(m, mb->pods[i]->marks, 0);
    model_del_pod_promises(m, mb->pods[i]);
    model_remember_pod(mb, mb->pods[i]);
    pod_pool_free(&m->pool, mb->pods[i]);
    mb->pods[i] = mb->pods[--mb->n_pods];
    if (!mb->n_pods && mb->pods != &mb->one_pod) {
        free(mb->pods);
        mb->pods = &mb->one_pod;
    }
    m->n_pods--;
    model_mark_member(m, mb);
    model_gc_member(m, mb);
}

static void
remove_pod(struct model *m, const char *ns, const char *name, const char *uid)
{
    struct member *mb = model_find_member(m, ns, name);
    struct member *found = NULL;
    size_t at = 0;

    for (size_t i = 0; mb && i < mb->n_pods; i++) {
        if (!strcmp(mb->pods[i]->name, name)) {
            found = mb;
            at = i;
        }
    }
    if (!found) {
        /* A VM's pod is filed under the VM's name, which a deletion need not
         * tell. */
        HMAP_FOR_EACH (mb, node, &m->members) {
            for (size_t i = 0; i < mb->n_pods; i++) {
                if (mb->pods[i]->owner_kind == OWNER_VM
                    && !strcmp(mb->pods[i]->name, name)
                    && !strcmp(mb->ns, ns)) {
                    found = mb;
                    at = i;
                }
            }
        }
    }
    if (found && (!uid[0] || !obj_uid_is_set(&found->pods[at]->uid)
                  || obj_uid_is(&found->pods[at]->uid, uid))) {
        drop_pod(m, found, at);
    }
}

void
model_refile_pod(struct model *m, struct pod *pod)
{
    bool synced = m->kube_synced;

    char uid[OBJ_UID_STRLEN];

    remove_pod(m, pod->owner->ns, pod->name,
               obj_uid_to_string(&pod->uid, uid));
    pod->arrived = pod->edited = pod->ran = false;
    m->kube_synced = false;
    set_pod(m, pod, false);
    m->kube_synced = synced;
}

/* The members whose pods were of the VM 'name', where each pod is a member of
 * its own. */
static void
mark_vm_members(struct model *m, const char *ns, const char *name)
{
    struct member *mb;

    HMAP_FOR_EACH (mb, node, &m->members) {
        if (mb->seen_kind == OWNER_VM && mb->seen
            && !strcmp(mb->seen->name, name) && !strcmp(mb->ns, ns)) {
            model_mark_member(m, mb);
        }
    }
}

static void
mark_base(struct model *m, struct base_entry *b)
{
    struct member *mb;

    LIST_FOR_EACH (mb, base_node, &b->members) {
        model_mark_member(m, mb);
    }
    mb = model_find_member(m, b->ns, b->name);
    if (mb) {
        model_mark_member(m, mb);
    }
}

static void
set_workload(struct model *m, enum owner_kind kind, const char *ns,
             const char *name, struct workload *w)
{
    struct base_entry *b = (w ? model_get_base(m, ns, name)
                            : find_base(m, ns, name));
    if (!b) {
        return;
    }
    struct workload **slot = kind == OWNER_VM ? &b->vm : &b->workload;

    if (w && *slot && workload_equals(*slot, w)) {
        workload_destroy(w);
        return;
    }
    /* All that a VM can say about a leftover port there. */
    bool vm_members = (kind == OWNER_VM && !m->dialect->vm_ports
                       && (w && w->opted_out) != (*slot
                                                  && (*slot)->opted_out));

    bool first_vm = w && kind == OWNER_VM && !m->vms_listed;

    if (first_vm || (w && !m->n_workloads)) {
        m->vms_listed |= first_vm;
        model_mark_all(m);      /* It lists such things: what is not there is
                                 * gone. */
    }
    m->n_workloads += (w != NULL) - (*slot != NULL);
    model_del_workload_promises(m, *slot);
    workload_destroy(*slot);
    *slot = w;
    model_add_workload_promises(m, w);
    if (w) {
        if (kind == OWNER_VM) {
            struct member *mb = model_find_member(m, ns, name);
            if (mb && m->dialect->vm_ports) {
                mb->vm_seen = true;
            }
        } else {
            b->workload_seen = true;
        }
    }
    if (vm_members) {
        mark_vm_members(m, ns, name);
    }
    mark_base(m, b);
    model_gc_base(m, b);
}

static void
apply_pod(struct model *m, struct kube_change *c)
{
    if (c->gone) {
        remove_pod(m, c->ns, c->name, c->uid);
    } else {
        set_pod(m, c->pod, c->listed);
        c->pod = NULL;
    }
}

static void
apply_workload(struct model *m, struct kube_change *c)
{
    if (c->gone) {
        struct base_entry *b = find_base(m, c->ns, c->name);
        struct workload *w = (!b ? NULL : c->owner_kind == OWNER_VM
                              ? b->vm : b->workload);
        if (w && uid_agrees(w->uid, c->uid)) {
            set_workload(m, c->owner_kind, c->ns, c->name, NULL);
        }
    } else {
        struct workload *w = c->workload;
        c->workload = NULL;
        set_workload(m, w->kind, c->ns, c->name, w);
    }
}

static void
set_vip(struct model *m, const struct kube_change *c)
{
    char *key = xasprintf("%s/%s", c->ns, c->name);
    if (c->gone) {
        sset_find_and_delete(&m->vips, key);
    } else {
        sset_add(&m->vips, key);
    }
    free(key);

    struct member *mb = model_find_member(m, c->ns, c->name);
    if (mb) {
        model_mark_member(m, mb);
    }
}

static void
set_namespace(struct model *m, const struct kube_change *c)
{
    bool out = !c->gone && c->opted_out;
    struct member *mb;

    if (out == sset_contains(&m->opted_out_namespaces, c->name)) {
        return;
    }
    if (out) {
        sset_add(&m->opted_out_namespaces, c->name);
    } else {
        sset_find_and_delete(&m->opted_out_namespaces, c->name);
    }
    HMAP_FOR_EACH (mb, node, &m->members) {
        if (!strcmp(mb->ns, c->name)) {
            model_mark_member(m, mb);
        }
    }
}

/* A pod is refused its address.  It may be gone already. */
static void
set_refusal(struct model *m, const struct kube_change *c)
{
    struct member *mb = model_find_member(m, c->ns, c->name);

    if (mb && model_remember_refusal(mb, c->uid, c->text)) {
        model_mark_member(m, mb);
    }
}

void
model_apply_kube_change(struct model *m, struct kube_change *c)
{
    m->change_seqno++;
    switch (c->kind) {
    case KUBE_POD:
        apply_pod(m, c);
        break;
    case KUBE_WORKLOAD:
        apply_workload(m, c);
        break;
    case KUBE_VIP:
        set_vip(m, c);
        break;
    case KUBE_IPAM_CLAIM:
        model_set_ipam_claim(m, c);
        break;
    case KUBE_NAMESPACE:
        set_namespace(m, c);
        break;
    case KUBE_IP:
        model_apply_ip_object(m, c);
        break;
    case KUBE_SUBNET:
        model_apply_subnet(m, c);
        break;
    case KUBE_REFUSAL:
        set_refusal(m, c);
        break;
    }
}

void
model_destroy_kube(struct model *m)
{
    struct base_entry *b;
    struct member *mb;

    model_destroy_promises(m);
    HMAP_FOR_EACH_SAFE (mb, node, &m->members) {
        for (size_t i = 0; i < mb->n_pods; i++) {
            pod_pool_free(&m->pool, mb->pods[i]);
        }
        mb->n_pods = 0;
        model_gc_member(m, mb);
    }
    HMAP_FOR_EACH_SAFE (b, node, &m->bases) {
        workload_destroy(b->workload);
        workload_destroy(b->vm);
        b->workload = b->vm = NULL;
        model_gc_base(m, b);
    }
    hmap_destroy(&m->members);
    hmap_destroy(&m->bases);
}
