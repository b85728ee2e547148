/* SPDX-License-Identifier: Apache-2.0 */

/* --reserve=kube-ovn: while an address is held, or a restart of Kube-OVN's
 * controller would give it away from under a living pod (guard-hazard.c), a
 * reserved IP object of Kube-OVN keeps it from being given away by its IPAM.
 *
 * What is wanted follows from holds and hazards, what there is from the mirror
 * of the IP objects, where ours bear a label; each turn brings the two
 * together.  So nothing needs to be remembered, and what a crash or a restart
 * of Kube-OVN's controller left behind, lost or half made is put right like
 * anything else.
 *
 * Such an object counts only once it has the controller's finalizer and a MAC.
 * It survives a restart of the controller (of every release) only as that of a
 * pod of an existing StatefulSet; so it is called after the one whose address
 * it was, with an ordinal that no pod has.  An object is deleted by uid and
 * version, and only if its name is one that we give: with an IP object goes
 * the port of its name. */

#include <config.h>

#include "guard-private.h"

#include <stdlib.h>
#include <string.h>

#include "dialect.h"
#include "hash.h"
#include "ipam-object.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "plant.h"
#include "pod.h"
#include "util.h"
#include "workload.h"

/* One that is not in force after this is made anew: Kube-OVN's controller
 * takes 3 s, also after its own start. */
#define NO_FORCE_MS 30000

/* How long the mirror may take to show what was answered. */
#define MIRROR_MS 5000

/* Between attempts, doubled up to the second of these. */
#define RETRY_MS 1000
#define MAX_RETRY_MS 60000

/* In the name of the pod, which is no pod's: no ordinal is like that. */
#define SUFFIX "ipguard"

void
guard_reserves_init(struct guard *g)
{
    hmap_init(&g->ip_ops);
    shash_init(&g->reserves);
}

static void
drop_op(struct guard *g, struct ip_op *op)
{
    hmap_remove(&g->ip_ops, &op->node);
    free(op->name);
    free(op);
}

void
guard_reserves_destroy(struct guard *g)
{
    struct ip_op *op;

    HMAP_FOR_EACH_SAFE (op, node, &g->ip_ops) {
        drop_op(g, op);
    }
    hmap_destroy(&g->ip_ops);
    shash_destroy_free_data(&g->reserves);
}

/* ---- What was asked for. ---- */

static struct ip_op *
find_op(const struct guard *g, const char *name)
{
    struct ip_op *op;

    HMAP_FOR_EACH_WITH_HASH (op, node, hash_string(name, 0), &g->ip_ops) {
        if (!strcmp(op->name, name)) {
            return op;
        }
    }
    return NULL;
}

/* Returns the operation to begin on 'name', or NULL if it is too early. */
static struct ip_op *
begin_op(struct guard *g, const struct guard_env *env, const char *name,
         bool delete)
{
    struct ip_op *op = find_op(g, name);

    if (op && op->delete != delete) {
        drop_op(g, op);         /* It came to its end, one way or another. */
        op = NULL;
    }
    if (op && (op->id || env->now < op->retry_ms)) {
        if (!op->id) {
            guard_wake_at(g, op->retry_ms);
        }
        return NULL;
    }
    if (!op) {
        op = xzalloc(sizeof *op);
        op->name = xstrdup(name);
        op->delete = delete;
        hmap_insert(&g->ip_ops, &op->node, hash_string(name, 0));
    }
    op->id = guard_new_token(g);
    return op;
}

bool
guard_reserve_done(struct guard *g, uint64_t id,
                   enum kube_write_result result,
                   const struct guard_env *env)
{
    struct ip_op *op;

    HMAP_FOR_EACH (op, node, &g->ip_ops) {
        if (op->id == id) {
            break;
        }
    }
    if (!op) {
        return false;
    }
    op->id = 0;
    op->result = result;
    if (result == KUBE_WRITE_DONE || result == KUBE_WRITE_GONE) {
        op->failures = 0;
        op->retry_ms = env->now + MIRROR_MS;
        guard_log(g, 'i', "IP object %s: %s", op->name,
                  op->delete ? "deleted" : "made");
    } else {
        /* A conflict says that the mirror is behind. */
        op->retry_ms = env->now + MIN((long long int) RETRY_MS
                                      << MIN(op->failures, 10),
                                      MAX_RETRY_MS);
        op->failures++;
        guard_log(g, op->failures == 1 ? 'i' : 'd', "IP object %s: could "
                  "not be %s: %s", op->name, op->delete ? "deleted" : "made",
                  kube_write_result_to_string(result));
    }
    g->own_changes++;
    return true;
}

enum ip_op_state
guard_ip_op_state(const struct guard *g, const char *name)
{
    const struct ip_op *op = find_op(g, name);

    return (!op ? IP_OP_NONE
            : op->id || !op->failures ? IP_OP_GOES_ON
            : op->result == KUBE_WRITE_FORBIDDEN ? IP_OP_FORBIDDEN
            : IP_OP_FAILED);
}

/* Forgets what the mirror shows by now. */
static void
forget_ops(struct guard *g, const struct guard_env *env)
{
    struct ip_op *op;

    HMAP_FOR_EACH_SAFE (op, node, &g->ip_ops) {
        const struct ip_object *o = model_find_ip_object(&g->model, op->name);
        bool shown = op->delete ? !o || o->deleting : o != NULL;

        if (!op->id && (shown || (env->now >= op->retry_ms
                                  && !op->failures))) {
            drop_op(g, op);
            g->own_changes++;   /* A hold may have waited for that. */
            g->again = true;
        } else if (!op->id && !op->failures) {
            guard_wake_at(g, op->retry_ms);
        }
    }
}

/* ---- Names. ---- */

/* Appends what makes the name of a pod that is none: the same address on
 * another Subnet has another one. */
static void
put_suffix(struct ds *ds, const char *subnet, const struct ip_addr *ip)
{
    ds_put_cstr(ds, "-"SUFFIX);
    for (int i = 0; i < (ip->family == 4 ? 4 : 16); i++) {
        ds_put_format(ds, "%02x", ip->bytes[i]);
    }
    ds_put_format(ds, "%04x", hash_string(subnet, 0) & 0xffff);
}

/* Does the pod's name of 'o' end as we make it end? */
static bool
has_our_name(const struct ip_object *o)
{
    for (size_t i = 0; i < o->n_addrs; i++) {
        struct ds ds = DS_EMPTY_INITIALIZER;
        bool same;

        put_suffix(&ds, o->subnet, &o->addrs[i].ip);
        same = (strlen(o->pod) > ds.length
                && !strcmp(o->pod + strlen(o->pod) - ds.length,
                           ds_cstr(&ds)));
        ds_destroy(&ds);
        if (same) {
            return true;
        }
    }
    return false;
}

/* Is 'o' one that we made, beyond doubt? */
static bool
is_ours(const struct guard *g, const struct ip_object *o)
{
    return (o->ours && o->reserved && has_our_name(o)
            && !strncmp(o->name, o->pod, strlen(o->pod))
            && o->name[strlen(o->pod)] == '.'
            && !model_find_port_by_name(&g->model, o->name)
            && !model_find_member(&g->model, o->ns, o->pod));
}

/* What is to be reserved, and whose it was or is. */
struct reserve {
    const char *subnet;
    const struct ip_addr *addr;
    const char *ns, *name;      /* The owner's; "" if that is not known. */
    const char *workload;       /* Its StatefulSet, or "". */
    const char *why;
};

/* An object as 'r' wants it.  NULL if there is nothing to be reserved; the
 * caller destroys it. */
static struct kube_write *
describe(const struct guard *g, const struct reserve *r)
{
    const struct model *m = &g->model;
    const struct subnet_object *s = model_find_subnet(m, r->subnet);
    const char *ns = r->ns[0] ? r->ns : "default";
    const struct workload *w
        = model_find_workload(m, OWNER_STATEFULSET, ns, r->workload);
    bool survives = w && !w->deleting && r->workload[0];
    struct ds pod = DS_EMPTY_INITIALIZER;
    struct kube_write *kw;
    char ip[IP_ADDR_STRLEN];
    char *name;

    if (!s || s->deleting || !subnet_object_covers(s, r->addr)) {
        return NULL;
    }
    ds_put_cstr(&pod, survives ? w->name : "ovn");
    put_suffix(&pod, s->name, r->addr);
    name = (strcmp(s->provider, "ovn")
            ? xasprintf("%s.%s.%s", ds_cstr(&pod), ns, s->provider)
            : xasprintf("%s.%s", ds_cstr(&pod), ns));
    kw = kube_write_create(KUBE_WRITE_RESERVE, KUBE_OBJECT_IP, ns, name, "");
    free(name);
    kw->pod_name = ds_steal_cstr(&pod);
    kw->pod_type = xstrdup(survives ? "StatefulSet" : "");
    kw->subnet = xstrdup(s->name);
    ip_addr_to_string(r->addr, ip);
    kw->ipv4 = xstrdup(r->addr->family == 4 ? ip : "");
    kw->ipv6 = xstrdup(r->addr->family == 6 ? ip : "");
    kw->owner = xasprintf("%s %s/%s", r->why, r->ns, r->name);
    return kw;
}

/* ---- What is wanted. ---- */

/* Does the owner that 'h' is about ask for its address again?  It must not
 * meet our reservation. */
static bool
owner_asks(const struct guard *g, const struct hold *h)
{
    const struct promise *p;

    for (p = model_first_promise(&g->model, &h->addr); p;
         p = model_next_promise(p)) {
        if (p->pod && !strcmp(p->pod->owner->ns, h->owner.ns)
            && !strcmp(pod_port_owner_name(p->pod), h->owner.name)) {
            return true;
        }
    }
    return false;
}

static bool
wants_reservation(const struct guard *g, const struct hold *h)
{
    const struct ip_object *holder;

    if (g->settings.reserve != RESERVE_KUBE_OVN || g->stopping
        || g->mode == MODE_OBSERVE || h->would_be || !h->fixed
        || h->state == HOLD_INTENT
        || (!h->releasing && owner_asks(g, h))) {
        return false;
    }
    /* Whoever else has it in the IPAM keeps it from the rest, and may be the
     * owner itself, for which ours would be another one's. */
    holder = model_find_ip_holder(&g->model, h->network_name, &h->addr, "");
    return !holder || holder->ours || h->releasing;
}

/* The reservation is there; '*since' is since when it has not been in force,
 * or 0.  If that lasts, it is deleted, and made anew when it is gone. */
static void
check_force(struct guard *g, const struct guard_env *env,
            const struct ip_object *o, long long int *since, bool may_write)
{
    if (ip_object_is_in_force(o)) {
        *since = 0;
        return;
    }
    if (!*since) {
        *since = env->now;
    }
    if (env->now < *since + NO_FORCE_MS) {
        guard_wake_at(g, *since + NO_FORCE_MS);
    } else if (may_write && is_ours(g, o)
               && guard_delete_ip_object(g, env, o)) {
        guard_log(g, 'w', "IP object %s: not in force after %d s, made anew",
                  o->name, NO_FORCE_MS / 1000);
    }
}

static void
want(struct guard *g, const struct guard_env *env, const struct reserve *r,
     struct shash *wanted, bool may_write)
{
    struct kube_write *kw = describe(g, r);
    const struct ip_object *o;
    long long int *since;
    struct ip_op *op;

    if (!kw || shash_find(wanted, kw->name)) {
        kube_write_destroy(kw);
        return;
    }
    since = shash_find_and_delete(&g->reserves, kw->name);
    since = since ? since : xzalloc(sizeof *since);
    shash_add(wanted, kw->name, since);
    o = model_find_ip_object(&g->model, kw->name);
    if (o) {
        if (!o->deleting) {
            check_force(g, env, o, since, may_write);
        }
        kube_write_destroy(kw);
        return;
    }
    *since = 0;
    op = may_write ? begin_op(g, env, kw->name, false) : NULL;
    if (op) {
        kw->id = op->id;
        guard_order_write(g, kw);
    } else {
        kube_write_destroy(kw);
    }
}

static void
want_for_hold(struct guard *g, const struct guard_env *env,
              const struct hold *h, struct shash *wanted, bool may_write)
{
    struct reserve r = {
        .subnet = h->network_name,
        .addr = &h->addr,
        .ns = h->owner.ns,
        .name = h->owner.name,
        .workload = h->owner.workload,
        .why = "held for another use; formerly",
    };

    if (wants_reservation(g, h)) {
        want(g, env, &r, wanted, may_write);
    }
}

/* The address of a living pod, which a restart of the controller would give
 * away, or has.  It is shared with the pod as long as that has it, so that
 * only others are refused. */
static void
want_for_hazard(struct guard *g, const struct guard_env *env,
                const struct hazard *hz, struct shash *wanted,
                bool may_write)
{
    const struct port *p = model_find_port_by_name(&g->model, hz->port);
    const struct workload *w;

    if (g->settings.reserve != RESERVE_KUBE_OVN || g->stopping
        || g->mode == MODE_OBSERVE || !p || !p->member
        || !guard_hazard_is_to_be_reserved(hz)) {
        return;
    }
    w = model_member_workload(&g->model, p->member);
    struct reserve r = {
        .subnet = hz->subnet,
        .addr = &hz->addr,
        .ns = p->member->ns,
        .name = p->member->name,
        .workload = w && w->kind == OWNER_STATEFULSET ? w->name : "",
        .why = "kept from others over a restart, for",
    };
    want(g, env, &r, wanted, may_write);
}

bool
guard_delete_ip_object(struct guard *g, const struct guard_env *env,
                       const struct ip_object *o)
{
    struct ip_op *op = begin_op(g, env, o->name, true);
    struct kube_write *kw;

    if (!op) {
        return false;
    }
    kw = kube_write_create(KUBE_WRITE_DELETE_IP, KUBE_OBJECT_IP, o->ns,
                           o->name, o->uid);
    kw->version = xstrdup(o->version);
    kw->id = op->id;
    guard_order_write(g, kw);
    return true;
}

static bool
find_reservation(const struct guard *g, const char *subnet,
                 const struct ip_addr *ip, bool in_force)
{
    const char *name;

    SSET_FOR_EACH (name, &g->model.our_ip_objects) {
        const struct ip_object *o = model_find_ip_object(&g->model, name);
        const struct ip_addr *has = (o ? ip_object_find_family(o, ip->family)
                                     : NULL);

        if (has && ip_addr_equals(has, ip) && !strcmp(o->subnet, subnet)
            && (!in_force || ip_object_is_in_force(o))) {
            return true;
        }
    }
    return false;
}

bool
guard_is_reserved(const struct guard *g, const char *subnet,
                  const struct ip_addr *ip)
{
    return find_reservation(g, subnet, ip, false);
}

bool
guard_reservation_in_force(const struct guard *g, const char *subnet,
                           const struct ip_addr *ip)
{
    return find_reservation(g, subnet, ip, true);
}

void
guard_format_reserve(const struct guard *g, const char *subnet,
                     const struct ip_addr *ip, const char *indent,
                     struct ds *ds)
{
    const char *name;

    SSET_FOR_EACH (name, &g->model.our_ip_objects) {
        const struct ip_object *o = model_find_ip_object(&g->model, name);
        const struct ip_addr *has = (o ? ip_object_find_family(o, ip->family)
                                     : NULL);

        if (has && ip_addr_equals(has, ip) && !strcmp(o->subnet, subnet)) {
            ds_put_format(ds, "%sreserved in Kube-OVN by the IP object %s%s\n",
                          indent, name,
                          o->deleting ? ", which is being deleted"
                          : ip_object_is_in_force(o) ? ""
                          : ", which is not in force");
        }
    }
}

bool
guard_owns_ip_objects(const struct guard *g)
{
    const char *name;

    SSET_FOR_EACH (name, &g->model.our_ip_objects) {
        const struct ip_object *o = model_find_ip_object(&g->model, name);

        if (o && !o->deleting && is_ours(g, o)) {
            return true;
        }
    }
    return false;
}

bool
guard_ip_object_is_ours(const struct guard *g, const struct ip_object *o)
{
    return is_ours(g, o);
}

/* Deletes those of ours that nothing wants. */
static void
delete_others(struct guard *g, const struct guard_env *env)
{
    const char *name;

    SSET_FOR_EACH (name, &g->model.our_ip_objects) {
        const struct ip_object *o = model_find_ip_object(&g->model, name);

        if (o && !o->deleting && !shash_find(&g->reserves, name)
            && is_ours(g, o)) {
            guard_delete_ip_object(g, env, o);
        }
    }
}

void
guard_run_reserves(struct guard *g, const struct guard_env *env)
{
    bool leaving = g->stopping || g->mode == MODE_OBSERVE;
    bool may_write = !guard_write_refusal(g, env, false);
    uint64_t seqno = (g->model.change_seqno + g->model.ipam_seqno
                      + g->own_changes);
    struct shash wanted = SHASH_INITIALIZER(&wanted);
    const struct hazard *hz;
    const struct hold *h;

    if (!env->kube_writable || !g->started || guard_book_refusal(g, env)
        || !g->model.kube_synced
        || (g->settings.reserve != RESERVE_KUBE_OVN
            && sset_is_empty(&g->model.our_ip_objects)
            && hmap_is_empty(&g->ip_ops)
            && shash_is_empty(&g->reserves))) {
        return;
    }
    if (seqno == g->reserves_seqno && env->now < g->reserves_due_ms) {
        guard_wake_at(g, g->reserves_due_ms);
        return;
    }
    long long int wake_ms = g->wake_ms;
    g->wake_ms = LLONG_MAX;
    forget_ops(g, env);
    HMAP_FOR_EACH (h, node, &g->holds.holds) {
        want_for_hold(g, env, h, &wanted, may_write);
    }
    HMAP_FOR_EACH (hz, node, &g->hazards) {
        want_for_hazard(g, env, hz, &wanted, may_write);
    }
    shash_swap(&g->reserves, &wanted);
    shash_destroy_free_data(&wanted);
    if ((may_write || leaving) && !PLANTED(RESERVE_FORGOTTEN)) {
        delete_others(g, env);
    }
    g->reserves_seqno = seqno;
    g->reserves_due_ms = g->wake_ms;
    g->wake_ms = MIN(wake_ms, g->wake_ms);
}
