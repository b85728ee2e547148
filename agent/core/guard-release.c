/* SPDX-License-Identifier: Apache-2.0 */

/* --release=kube-ovn, see release.h: a clear that has come as far as the NB
 * write (settled, its hold stored, live read) deletes the IP object of the
 * port instead, and Kube-OVN deletes the port.  The hold goes on with the
 * departure.  When object and port are gone, the StatefulSet whose pod had to
 * stay out is annotated, so that its controller tries at once.
 *
 * Where that is not possible the address is cleared from the port as without
 * the option. */

#include <config.h>

#include "guard-private.h"

#include <stdlib.h>
#include <string.h>

#include "ipam-object.h"
#include "openvswitch/util.h"
#include "pod.h"
#include "release.h"
#include "util.h"
#include "workload.h"

/* How long Kube-OVN may take to delete the port: it does in 0.1 s, but perhaps
 * it does not run. */
#define DELETE_MS 30000

/* How long the mirror of the IP objects may be behind that of the ports. */
#define OBJECT_MS 5000

/* How long a reservation may take to be in force before it is done without. */
#define RESERVE_MS 10000

/* A StatefulSet is annotated so often after the release of its pod's address:
 * the instance that admission asks may see it a little later than we do. */
static const long long int nudges_ms[] = { 0, 500, 2000, 8000 };

struct release {
    struct ovs_list node;       /* In guard->releases. */
    char *object, *ns, *pod, *workload;
    long long int gone_ms;      /* When object and port were gone; 0: not. */
    long long int since_ms;
    size_t n_nudges;
};

static void
release_destroy(struct release *r)
{
    ovs_list_remove(&r->node);
    free(r->object);
    free(r->ns);
    free(r->pod);
    free(r->workload);
    free(r);
}

void
guard_releases_destroy(struct guard *g)
{
    struct release *r;

    LIST_FOR_EACH_SAFE (r, node, &g->releases) {
        release_destroy(r);
    }
}

static void
add_release(struct guard *g, const struct guard_env *env,
            const struct member *mb, const char *object)
{
    const struct workload *w = model_member_workload(&g->model, mb);
    struct release *r;

    if (!w || w->kind != OWNER_STATEFULSET) {
        return;
    }
    LIST_FOR_EACH (r, node, &g->releases) {
        if (!strcmp(r->object, object)) {
            return;
        }
    }
    r = xzalloc(sizeof *r);
    r->object = xstrdup(object);
    r->ns = xstrdup(mb->ns);
    r->pod = xstrdup(mb->name);
    r->workload = xstrdup(w->name);
    r->since_ms = env->now;
    ovs_list_push_back(&g->releases, &r->node);
}

/* Is it one of the two situations?  Otherwise '*why' says why not. */
static bool
is_releasable(const struct guard *g, const struct guard_env *env,
              const struct candidate *c, const struct port *p,
              const char **why)
{
    struct entitlement e;
    bool ok = false;

    *why = NULL;
    if (g->settings.release != RELEASE_KUBE_OVN || g->mode != MODE_GUARD
        || !env->kube_writable || c->no_release || !p->member) {
        return false;
    }
    judge_entitlement(&g->model, g->mode, p, &e);
    if (e.kind != ENT_EXPLICIT || e.allocated) {
        /* Kube-OVN lets go by itself what belongs to nobody. */
    } else if (e.pod) {
        ok = !e.pod->deleting;  /* A failed move. */
    } else if (e.workload && e.workload->kind == OWNER_STATEFULSET
               && !p->member->n_pods) {
        bool left_out = (env->release_left_out
                         && sset_contains(env->release_left_out,
                                          p->member->ns));

        ok = env->release_certain && !left_out;
        *why = (ok ? NULL : env->release_certain
                ? "its namespace is left out of what keeps its next pod out"
                : "the API server does not keep its next pod out for certain "
                  "(no webhook with failurePolicy Fail, and no policy, for "
                  "release first)");
    }
    entitlement_destroy(&e);
    return ok;
}

/* With --reserve=kube-ovn nobody is to get the address in between. */
static bool
awaits_reservation(struct guard *g, const struct guard_env *env,
                   struct candidate *c)
{
    struct hold *h = hold_table_find_uuid(&g->holds, &c->hold);

    if (g->settings.reserve != RESERVE_KUBE_OVN || !h) {
        return false;
    }
    if (!h->releasing) {
        h->releasing = true;
        c->release_ms = env->now + RESERVE_MS;
        g->own_changes++;
    }
    if (guard_reservation_in_force(g, c->network_name, &c->addr)
        || env->now >= c->release_ms) {
        return false;
    }
    guard_wake_at(g, c->release_ms);
    return true;
}

/* There is no IP object that could be deleted.  If there is none at all, it
 * may yet come: Kube-OVN makes one for each port. */
static bool
awaits_object(struct guard *g, const struct guard_env *env,
              struct candidate *c, const struct port *p, const char *why)
{
    char ip[IP_ADDR_STRLEN];

    if (!model_find_ip_object(&g->model, p->name)) {
        c->object_ms = c->object_ms ? c->object_ms : env->now + OBJECT_MS;
        if (env->now < c->object_ms) {
            guard_wake_at(g, c->object_ms);
            return true;
        }
    }
    if (!c->release_told) {
        c->release_told = true;
        guard_log(g, 'i', "%s: %s is cleared, and its IP object is not "
                  "deleted: %s", p->name,
                  ip_addr_to_string(&c->addr, ip), why);
    }
    return false;
}

bool
guard_release_object(struct guard *g, const struct guard_env *env,
                     const struct port *p, const struct ip_addr *addr,
                     const struct ip_object *o, const char *case_,
                     const char *why)
{
    if (!guard_delete_ip_object(g, env, o)) {
        return false;
    }

    struct journal_entry *j = guard_journal(g, env, "delete-ip", case_, why);
    char *owner = xasprintf("%s/%s", p->member->ns, p->member->name);
    char ip[IP_ADDR_STRLEN];

    guard_journal_address(j, &p->network->uuid, p->network->name,
                          ip_addr_to_string(addr, ip));
    guard_journal_port(j, &p->uuid, p->name, owner);
    free(owner);
    svec_add_nocopy(&j->evidence, xasprintf("IP object %s, uid %s, version "
                                            "%s", o->name, o->uid,
                                            o->version));
    guard_note_action(g, env, "deleted the IP object of %s (%s)", p->name,
                      ip);
    g->counters.releases++;
    return true;
}

enum release_step
guard_release(struct guard *g, const struct guard_env *env,
              struct candidate *c, const struct port *p)
{
    const struct ip_object *o;
    const char *why;

    if (!is_releasable(g, env, c, p, &why)) {
        if (why && !c->release_told) {
            c->release_told = true;
            guard_log(g, 'w', "%s: its IP object is not deleted: %s",
                      p->name, why);
        }
        return RELEASE_CLEAR;
    }
    o = release_find_object(&g->model, p, &c->addr, &why);
    if (!o) {
        return awaits_object(g, env, c, p, why) ? RELEASE_WAIT : RELEASE_CLEAR;
    }
    if (awaits_reservation(g, env, c)
        || !guard_release_object(g, env, p, &c->addr, o, c->case_, c->why)) {
        return RELEASE_WAIT;
    }
    char ip[IP_ADDR_STRLEN];

    guard_log(g, 'i', "%s: its IP object, which has %s, is deleted (case "
              "%s: %s)", p->name, ip_addr_to_string(&c->addr, ip), c->case_,
              c->why);
    if (!p->member->n_pods) {
        add_release(g, env, p->member, p->name);
    }
    c->release_ms = env->now + DELETE_MS;
    return RELEASE_SENT;
}

/* The IP object is being deleted.  Returns false when it is not to be waited
 * for any more. */
bool
guard_release_goes_on(struct guard *g, const struct guard_env *env,
                      struct candidate *c)
{
    switch (guard_ip_op_state(g, c->port_name)) {
    case IP_OP_FORBIDDEN:
        c->no_release = true;
        return false;
    case IP_OP_FAILED:
        return false;
    case IP_OP_GOES_ON:
    case IP_OP_NONE:
        break;
    }
    if (env->now < c->release_ms) {
        guard_wake_at(g, c->release_ms);
        return true;
    }
    /* Kube-OVN's controller does not run: it will delete both when it does,
     * and the port is cleared meanwhile. */
    guard_log(g, 'w', "%s: Kube-OVN has not deleted it %d s after its IP "
              "object was", c->port_name, DELETE_MS / 1000);
    c->no_release = true;
    return false;
}

bool
guard_release_may_come(const struct guard *g, const struct hold *h,
                       const struct uuid *port)
{
    const struct former_port *f = hold_find_former(h, port);
    const struct port *p = model_find_port(&g->model, port);

    return (h->found_until_ms && f && f->cleared && p
            && ip_addr_set_contains(&p->ips, &h->addr));
}

void
guard_note_found_until(struct guard *g, struct hold *h,
                       const struct guard_env *env)
{
    if (!h->found_until_ms) {
        return;
    } else if (env->now < h->found_until_ms) {
        guard_wake_at(g, h->found_until_ms);
        return;
    }
    h->found_until_ms = 0;
    if (!g->found_in_doubt && guard_is_started(g)) {
        guard_settle_returned(g, h);
    }                           /* Otherwise guard_settle_found() will. */
}

bool
guard_is_being_released(const struct guard *g, const struct hold *h)
{
    if (g->settings.release != RELEASE_KUBE_OVN) {
        return false;
    }
    for (size_t i = 0; i < h->n_former; i++) {
        const char *name = h->former[i].name;
        const struct ip_object *o = model_find_ip_object(&g->model, name);

        if (guard_ip_op_state(g, name) == IP_OP_GOES_ON
            || (o && o->deleting)
            || guard_release_may_come(g, h, &h->former[i].port)) {
            return true;
        }
    }
    return false;
}

/* Both are gone: the pod may come.  Returns false when there is nothing more
 * to be done. */
static bool
run_release(struct guard *g, const struct guard_env *env, struct release *r)
{
    const struct workload *w
        = model_find_workload(&g->model, OWNER_STATEFULSET, r->ns,
                              r->workload);
    const struct member *mb = model_find_member(&g->model, r->ns, r->pod);

    if (!w || !w->uid[0] || (mb && mb->n_pods)
        || env->now >= r->since_ms + 10 * DELETE_MS) {
        return false;
    }
    if (model_find_ip_object(&g->model, r->object)
        || model_find_port_by_name(&g->model, r->object)) {
        r->gone_ms = 0;         /* Or it is there again. */
        return true;
    }
    if (!r->gone_ms) {
        r->gone_ms = env->now;
    }
    long long int due = r->gone_ms + nudges_ms[r->n_nudges];
    if (env->now < due) {
        guard_wake_at(g, due);
        return true;
    }
    guard_order_nudge(g, env, KUBE_OBJECT_STATEFULSET, w->ns, w->name,
                      w->uid);
    return ++r->n_nudges < ARRAY_SIZE(nudges_ms);
}

void
guard_run_releases(struct guard *g, const struct guard_env *env)
{
    struct release *r;

    if (!env->kube_writable || guard_write_refusal(g, env, false)) {
        return;
    }
    LIST_FOR_EACH_SAFE (r, node, &g->releases) {
        if (!run_release(g, env, r)) {
            release_destroy(r);
        } else if (r->gone_ms) {
            guard_wake_at(g, r->gone_ms + nudges_ms[r->n_nudges]);
        }
    }
}
