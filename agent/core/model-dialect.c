/* SPDX-License-Identifier: Apache-2.0 */

/* What the model knows by its dialect: whose a port is, under which name a pod
 * is filed, and the marks by which the dialect is found out. */

#include <config.h>

#include "model.h"

#include <stdlib.h>
#include <string.h>

#include "model-private.h"
#include "openvswitch/util.h"
#include "pod.h"
#include "util.h"

/* Moves the marks of one port or pod from 'old' to 'new' in the counts. */
static void
count_marks(struct model *m, bool port, uint8_t old, uint8_t new)
{
    for (size_t i = 0; old != new && i < N_DIALECTS; i++) {
        size_t *n = port ? &m->marks[i].n_ports : &m->marks[i].n_pods;

        *n += ((new >> i) & 1) - ((old >> i) & 1);
    }
}

void
model_note_port_marks(struct model *m, struct port *p, uint8_t marks)
{
    count_marks(m, true, p->marks, marks);
    p->marks = marks;
}

void
model_note_pod_marks(struct model *m, uint8_t old, uint8_t new)
{
    count_marks(m, false, old, new);
}

void
model_drop_proofs(struct port *p)
{
    for (size_t i = 0; p->proofs && i < N_DIALECTS; i++) {
        port_proof_destroy(&p->proofs[i]);
    }
    free(p->proofs);
    p->proofs = NULL;
}

/* Takes '*s' over into '*dst'. */
static void
take_string(char **dst, char **s)
{
    free(*dst);
    *dst = *s;
    *s = NULL;
}

void
model_apply_proof(struct model *m, struct port *p, struct port_proof *proof)
{
    bool other_pod = !nullable_string_is_equal(p->pod_uid, proof->pod_uid);

    p->kind = proof->kind;
    if (proof->kind == PORT_OWNED) {
        /* Its member and provider say it, in less memory. */
        free(p->why);
        p->why = NULL;
    } else {
        take_string(&p->why, &proof->why);
    }
    take_string(&p->provider, &proof->provider);
    take_string(&p->cni_network, &proof->cni_network);
    take_string(&p->pod_uid, &proof->pod_uid);
    model_set_port_member(m, p, proof->kind == PORT_OWNED
                          ? model_get_member(m, proof->ns, proof->owner)
                          : NULL);
    if (other_pod && p->member) {
        model_mark_member(m, p->member);
        m->change_seqno++;
    }
    port_proof_destroy(proof);
}

const char *
model_pod_member_name(const struct model *m, const struct pod *pod)
{
    return m->dialect->vm_ports ? pod_port_owner_name(pod) : pod->name;
}

const char *
model_member_vm(const struct member *mb)
{
    return (mb->n_pods
            ? (mb->pods[0]->owner_kind == OWNER_VM ? mb->pods[0]->owner->name
               : NULL)
            : mb->pod_seen && mb->seen_kind == OWNER_VM ? mb->seen->name
            : NULL);
}

bool
model_member_is_of_vm(const struct member *mb, const char *ns, const char *vm)
{
    const char *name = model_member_vm(mb);

    return (name && name[0] && vm && !strcmp(name, vm)
            && !strcmp(mb->ns, ns));
}

void
model_filter_claims(const struct model *m, struct pod *pod)
{
    if (m->dialect_is_auto && m->dialect != &dialect_auto) {
        claims_filter(&pod->claims, m->dialect->knows_provider);
    }
}

/* Files the pods of VMs under their own names.  What was seen of them is not
 * carried over: less is known then, never something wrong. */
static void
refile_vm_pods(struct model *m)
{
    struct pod **pods = NULL;
    size_t n = 0, allocated = 0;
    struct member *mb;

    HMAP_FOR_EACH (mb, node, &m->members) {
        mb->vm_seen = false;
        for (size_t i = 0; i < mb->n_pods; i++) {
            if (mb->pods[i]->owner_kind == OWNER_VM) {
                if (n >= allocated) {
                    pods = x2nrealloc(pods, &allocated, sizeof *pods);
                }
                pods[n++] = pod_clone(mb->pods[i]);
            }
        }
    }
    for (size_t i = 0; i < n; i++) {
        model_refile_pod(m, pods[i]);
    }
    free(pods);
}

/* Calls 'func' for each workload. */
static void
each_workload(struct model *m,
              void (*func)(struct model *, struct workload *))
{
    struct base_entry *b;

    HMAP_FOR_EACH (b, node, &m->bases) {
        func(m, b->workload);
        func(m, b->vm);
    }
}

/* Drops what the pods of 'mb' claim by other dialects. */
static void
filter_member(struct model *m, struct member *mb)
{
    mb->seen_explicit = false;
    for (size_t i = 0; i < mb->n_pods; i++) {
        struct pod *pod = pod_clone(mb->pods[i]);

        model_del_pod_promises(m, mb->pods[i]);
        pod_pool_free(&m->pool, mb->pods[i]);
        model_filter_claims(m, pod);
        for (size_t j = 0; j < pod->claims.n; j++) {
            const struct claim *c = &pod->claims.claims[j];

            mb->seen_explicit |= c->kind == CLAIM_EXPLICIT && !c->allocated;
        }
        mb->pods[i] = pod_pool_pack(&m->pool, pod, mb->name);
        model_add_pod_promises(m, mb->pods[i]);
    }
}

void
model_set_dialect(struct model *m, const struct dialect *dialect)
{
    struct member *mb;
    struct port *p;

    ovs_assert(m->dialect == &dialect_auto);
    each_workload(m, model_del_workload_promises);
    m->dialect = dialect;
    each_workload(m, model_add_workload_promises);
    if (!dialect->vm_ports) {
        refile_vm_pods(m);
    }
    HMAP_FOR_EACH (mb, node, &m->members) {
        filter_member(m, mb);
    }
    HMAP_FOR_EACH (p, uuid_node, &m->ports) {
        for (size_t i = 0; p->proofs && i < N_DIALECTS; i++) {
            if (dialects[i] == dialect) {
                model_apply_proof(m, p, &p->proofs[i]);
                memset(&p->proofs[i], 0, sizeof p->proofs[i]);
            }
        }
        model_drop_proofs(p);
    }
    model_mark_all(m);
}

static void
keep_first(char **example, const char *name)
{
    if (!*example || strcmp(name, *example) < 0) {
        free(*example);
        *example = xstrdup(name);
    }
}

void
model_marks_examples(const struct model *m, char *ports[N_DIALECTS],
                     char *pods[N_DIALECTS])
{
    const struct member *mb;
    const struct port *p;

    for (size_t i = 0; i < N_DIALECTS; i++) {
        ports[i] = pods[i] = NULL;
        HMAP_FOR_EACH (p, uuid_node, &m->ports) {
            if ((p->marks >> i) & 1) {
                keep_first(&ports[i], p->name);
            }
        }
        HMAP_FOR_EACH (mb, node, &m->members) {
            for (size_t j = 0; j < mb->n_pods; j++) {
                if ((mb->pods[j]->marks >> i) & 1) {
                    char *name = xasprintf("%s/%s", mb->ns,
                                           mb->pods[j]->name);

                    keep_first(&pods[i], name);
                    free(name);
                }
            }
        }
    }
}
