/* SPDX-License-Identifier: Apache-2.0 */

/* Members: pod names with all that bears them, and what was seen of their
 * pods. */

#include <config.h>

#include "model.h"

#include "hash.h"
#include "model-private.h"
#include "openvswitch/util.h"
#include "pod.h"
#include "util.h"
#include "workload.h"

struct member *
model_find_member(const struct model *m, const char *ns, const char *name)
{
    struct member *mb;

    HMAP_FOR_EACH_WITH_HASH (mb, node, model_key_hash(ns, name),
                             &m->members) {
        if (!strcmp(mb->name, name) && !strcmp(mb->ns, ns)) {
            return mb;
        }
    }
    return NULL;
}

struct member *
model_find_ordinal(const struct model *m, const struct workload *w,
                   int ordinal)
{
    char *name = xasprintf("%s-%d", w->name, ordinal);
    struct member *mb = model_find_member(m, w->ns, name);

    free(name);
    return mb;
}

struct member *
model_get_member(struct model *m, const char *ns, const char *name)
{
    struct member *mb = model_find_member(m, ns, name);
    size_t base_len;

    if (mb) {
        return mb;
    }
    mb = xzalloc(MAX(sizeof *mb,
                     offsetof(struct member, name) + strlen(name) + 1));
    mb->ns = strpool_ref(&m->pool.strings, ns);
    strcpy(mb->name, name);
    mb->ordinal = -1;
    ovs_list_init(&mb->base_node);
    if (pod_name_split_ordinal(name, &base_len, &mb->ordinal)) {
        char *base = xmemdup0(name, base_len);
        struct base_entry *b = model_get_base(m, ns, base);
        free(base);
        mb->base = b;
        ovs_list_push_back(&b->members, &mb->base_node);
    }
    const struct base_entry *same = model_find_base(m, ns, name);
    mb->vm_seen = same && same->vm && m->dialect->vm_ports;
    hmap_insert(&m->members, &mb->node, model_key_hash(ns, name));
    return mb;
}

/* Makes room in the queue: of those that are gone, or more. */
static void
make_room(struct member_queue *q)
{
    if (q->n_live < q->allocated / 2) {
        size_t n = 0;

        for (size_t i = q->head; i < q->n; i++) {
            if (q->members[i]) {
                q->members[n++] = q->members[i];
                q->members[n - 1]->dirty_at = n;
            }
        }
        q->head = 0;
        q->n = n;
    } else {
        q->members = x2nrealloc(q->members, &q->allocated,
                                sizeof *q->members);
    }
}

void
model_mark_member(struct model *m, struct member *mb)
{
    struct member_queue *q = &m->dirty_members;

    if (!mb->dirty_at) {
        if (q->n == q->allocated) {
            make_room(q);
        }
        q->members[q->n++] = mb;
        q->n_live++;
        mb->dirty_at = q->n;
    }
}

/* Takes 'mb' out of the queue, in which it is. */
static void
take_dirty(struct member_queue *q, struct member *mb)
{
    q->members[mb->dirty_at - 1] = NULL;
    mb->dirty_at = 0;
    if (!--q->n_live) {
        free(q->members);
        memset(q, 0, sizeof *q);
    }
}

struct member *
model_take_dirty_member(struct model *m)
{
    struct member_queue *q = &m->dirty_members;
    struct member *mb;

    if (!q->n_live) {
        return NULL;
    }
    while (!q->members[q->head]) {
        q->head++;
    }
    mb = q->members[q->head];
    take_dirty(q, mb);
    return mb;
}

void
model_gc_member(struct model *m, struct member *mb)
{
    if (mb->n_pods || mb->ports) {
        return;
    }
    if (mb->dirty_at) {
        take_dirty(&m->dirty_members, mb);
    }
    if (mb->base) {
        ovs_list_remove(&mb->base_node);
        model_gc_base(m, mb->base);
    }
    hmap_remove(&m->members, &mb->node);
    strpool_unref(&m->pool.strings, mb->ns);
    if (mb->pods != &mb->one_pod) {
        free(mb->pods);
    }
    pod_pool_unref_owner(&m->pool, mb->seen);
    if (mb->past) {
        obj_uid_destroy(&mb->past->uid);
        obj_uid_destroy(&mb->past->refused_uid);
        free(mb->past->refusal);
        free(mb->past);
    }
    free(mb);
}

void
model_note_binding(struct model *m, struct member *mb, bool bound)
{
    if (!bound) {
        mb->await_unbound = false;
    } else if (!mb->await_unbound && mb->n_pods == 1
               && !mb->pods[0]->ran) {
        mb->pods[0]->ran = true;
        m->change_seqno++;
    }
}

/* ---- Its ports. ---- */

/* Puts 'p' at the end of the ports of 'mb'.  Those are one for each interface
 * of the pod: few. */
static void
add_member_port(struct member *mb, struct port *p)
{
    struct port **link = &mb->ports;

    while (*link) {
        link = &(*link)->next_of_member;
    }
    *link = p;
    p->next_of_member = NULL;
}

static void
remove_member_port(struct member *mb, struct port *p)
{
    struct port **link = &mb->ports;

    while (*link != p) {
        link = &(*link)->next_of_member;
    }
    *link = p->next_of_member;
    p->next_of_member = NULL;
}

void
model_set_port_member(struct model *m, struct port *p, struct member *mb)
{
    struct member *old = p->member;

    if (old == mb) {
        return;
    }
    if (old) {
        remove_member_port(old, p);
        model_mark_member(m, old);
        m->n_owned_ports--;
    }
    p->member = mb;
    if (mb) {
        add_member_port(mb, p);
        m->n_owned_ports++;
    }
    if (old) {
        model_gc_member(m, old);
    }
}

/* ---- What was seen of pods. ---- */

static void
replace_string(char **s, const char *value)
{
    char *copy = nullable_xstrdup(value);
    free(*s);
    *s = copy;
}

static struct member_past *
get_past(struct member *mb)
{
    if (!mb->past) {
        mb->past = xzalloc(sizeof *mb->past);
    }
    return mb->past;
}

void
model_remember_pod(struct member *mb, const struct pod *pod)
{
    if (pod->arrived || pod->edited || pod->ran) {
        struct member_past *past = get_past(mb);

        obj_uid_replace(&past->uid, &pod->uid);
        past->gone = true;
        past->arrived = pod->arrived;
        past->edited = pod->edited;
        past->ran = pod->ran;
    }
}

void
model_recall_pod(const struct member *mb, struct pod *pod)
{
    const struct member_past *past = mb->past;

    if (past && past->gone && obj_uid_equals(&past->uid, &pod->uid)) {
        pod->arrived = past->arrived;
        pod->edited = past->edited;
        pod->ran = past->ran;
    }
}

bool
model_remember_refusal(struct member *mb, const char *uid, const char *text)
{
    struct member_past *past = get_past(mb);

    if (obj_uid_is(&past->refused_uid, uid)
        && nullable_string_is_equal(past->refusal, text)) {
        return false;
    }
    obj_uid_destroy(&past->refused_uid);
    obj_uid_init(&past->refused_uid, uid);
    replace_string(&past->refusal, text);
    return true;
}

const char *
model_find_refusal(const struct member *mb, const struct pod *pod)
{
    const struct member_past *past = mb->past;

    return (past && past->refusal
            && obj_uid_equals(&past->refused_uid, &pod->uid)
            ? past->refusal : NULL);
}
