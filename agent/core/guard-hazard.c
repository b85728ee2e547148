/* SPDX-License-Identifier: Apache-2.0 */

/* States in which all seems well until Kube-OVN's controller is restarted, and
 * from which it then gives away an address that somebody runs with.  It reads
 * its book from IP objects and annotations then, never from ports:
 *
 * - an annotation edited on a living pod is what it believes, and the address
 *   that the pod runs with becomes free (HAZARD_DRIFT, also afterwards);
 * - of two IP objects with one address either may be believed, and if it is
 *   that of a move that failed, the address is free as soon as that is tried
 *   again (HAZARD_DOUBLE);
 * - the IP object of a move that failed, whose port was cleared, is the first
 *   half of that (HAZARD_REST).
 *
 * All are seen here before that, and told with the remedy.  With
 * --reserve=kube-ovn the address that somebody runs with is reserved meanwhile
 * (guard-reserve.c); with --release=kube-ovn what a failed move left is
 * deleted, with the precautions of a clear. */

#include <config.h>

#include "guard-private.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "ipam-object.h"
#include "openvswitch/util.h"
#include "pod.h"
#include "release.h"
#include "util.h"
#include "workload.h"

/* How long a live read that failed is left alone. */
#define RETRY_MS 1000

static struct hazard *
find_hazard(const struct guard *g, const char *port)
{
    struct hazard *hz;

    HMAP_FOR_EACH_WITH_HASH (hz, node, hash_string(port, 0), &g->hazards) {
        if (!strcmp(hz->port, port)) {
            return hz;
        }
    }
    return NULL;
}

static void
drop_hazard(struct guard *g, struct hazard *hz)
{
    hmap_remove(&g->hazards, &hz->node);
    free(hz->port);
    free(hz->subnet);
    free(hz->text);
    free(hz);
    g->own_changes++;
}

void
guard_destroy_hazards(struct guard *g)
{
    struct hazard *hz;

    HMAP_FOR_EACH_SAFE (hz, node, &g->hazards) {
        drop_hazard(g, hz);
    }
    hmap_destroy(&g->hazards);
}

/* What a hazard is, before it is noted. */
struct found {
    enum hazard_kind kind;
    struct ip_addr addr;
    bool runs;                  /* The port's own pod runs with it. */
    char *text;                 /* NULL: there is none. */
};

/* The first address of 'family' that 'c' names, or NULL. */
static const struct ip_addr *
claimed(const struct claim *c, uint8_t family)
{
    for (size_t i = 0; i < c->n_ips; i++) {
        if (c->ips[i].family == family) {
            return &c->ips[i];
        }
    }
    return NULL;
}

/* The pod runs with what its port has, and the annotation or the IP object
 * says something else.  The first is what an edit makes; the second is what a
 * restart makes of it. */
static void
find_drift(const struct port *p, const struct pod *pod,
           const struct ip_object *o, const struct claim *c,
           struct found *f)
{
    for (size_t i = 0; i < p->static_ips.n; i++) {
        const struct ip_addr *ip = &p->static_ips.addrs[i];
        const struct ip_addr *has = ip_object_find_family(o, ip->family);
        const struct ip_addr *says = claimed(c, ip->family);
        char old[IP_ADDR_STRLEN], new[IP_ADDR_STRLEN];

        if (!has || !says
            || (ip_addr_equals(has, ip) && claim_names(c, ip))) {
            continue;
        }
        ip_addr_to_string(ip, old);
        f->kind = HAZARD_DRIFT;
        f->addr = *ip;
        f->runs = true;
        if (ip_addr_equals(has, ip)) {
            ip_addr_to_string(says, new);
            f->text = xasprintf("the annotation of pod %s/%s says %s, but it "
                                "runs with %s: a restart of "
                                "kube-ovn-controller would take %s for it and "
                                "give %s to others; set the annotation back "
                                "to %s, or delete the pod", pod->owner->ns,
                                pod->name, new, old, new, old, old);
        } else {
            ip_addr_to_string(has, new);
            f->text = xasprintf("the IP object of pod %s/%s says %s, but it "
                                "runs with %s, which kube-ovn-controller may "
                                "give to others; delete the pod",
                                pod->owner->ns, pod->name, new, old);
        }
        return;
    }
}

/* Another IP object with an address of 'o'. */
static void
find_double(const struct model *m, const struct ip_object *o, bool runs,
            struct found *f)
{
    for (size_t i = 0; i < o->n_addrs; i++) {
        const struct ip_object *other
            = model_find_ip_holder(m, o->subnet, &o->addrs[i].ip, o->name);
        char ip[IP_ADDR_STRLEN];

        if (other && !other->ours && !other->reserved && !o->reserved) {
            f->kind = HAZARD_DOUBLE;
            f->addr = o->addrs[i].ip;
            f->runs = runs;
            f->text = xasprintf("the IP objects %s and %s both have %s: a "
                                "restart of kube-ovn-controller may give it "
                                "to a third one; delete the one whose pod was "
                                "never given it (--release=kube-ovn does)",
                                o->name, other->name,
                                ip_addr_to_string(&o->addrs[i].ip, ip));
            return;
        }
    }
}

/* A move failed, the address was cleared from the port, and the IP object
 * still has it. */
static void
find_rest(const struct port *p, const struct pod *pod,
          const struct ip_object *o, const struct claim *c, struct found *f)
{
    for (size_t i = 0; i < c->n_ips; i++) {
        const struct ip_addr *has = ip_object_find_family(o,
                                                          c->ips[i].family);
        char old[IP_ADDR_STRLEN];

        /* A move under way writes the port first, and the object then. */
        if (has && !claim_names(c, has)
            && !ip_addr_set_has_family(&p->ips, has->family)) {
            ip_addr_to_string(has, old);
            f->kind = HAZARD_REST;
            f->addr = *has;
            f->text = xasprintf("the move of pod %s/%s failed, and its IP "
                                "object still has %s: a restart of "
                                "kube-ovn-controller before that is gone may "
                                "free %s under its next owner; delete the IP "
                                "object %s (--release=kube-ovn does)",
                                pod->owner->ns, pod->name, old, old, o->name);
            return;
        }
    }
}

static void
find(const struct guard *g, const struct port *p, struct found *f)
{
    const struct model *m = &g->model;
    const struct member *mb = p->member;
    const struct ip_object *o = model_find_ip_object(m, p->name);
    const struct pod *pod = mb && mb->n_pods == 1 ? mb->pods[0] : NULL;
    const struct claim *c;
    bool lives, runs;

    memset(f, 0, sizeof *f);
    if (!o || o->deleting || o->ours || !p->network) {
        return;
    }
    c = pod && p->provider ? claims_find(&pod->claims, p->provider) : NULL;
    lives = (c && c->kind == CLAIM_EXPLICIT && !pod->deleting
             && !pod->finished);
    runs = lives && c->allocated && !pod->migrating;
    if (runs) {
        find_drift(p, pod, o, c, f);
    }
    if (!f->text) {
        find_double(m, o, runs, f);
    }
    if (!f->text && lives && !c->allocated) {
        find_rest(p, pod, o, c, f);
    }
}

/* Port, pod and IP object come on streams of their own: of a drift only an
 * edit that was seen is certain at once. */
static long long int
told_from(const struct guard *g, const struct hazard *hz,
          const struct port *p)
{
    const struct member *mb = p->member;

    return (hz->kind != HAZARD_DRIFT
            || (mb->n_pods && mb->pods[0]->edited)
            ? hz->since_ms : hz->since_ms + g->settings.settle_ms);
}

static void
tell(struct guard *g, const struct guard_env *env, struct hazard *hz,
     const struct port *p)
{
    long long int due;

    if (hz->told) {
        return;
    }
    due = told_from(g, hz, p);
    if (env->now < due) {
        guard_wake_at(g, due);
        return;
    }
    hz->told = true;
    g->counters.hazards++;
    g->own_changes++;
    guard_log(g, 'w', "%s: hazard: %s", hz->port, hz->text);
}

/* Takes what 'f' has. */
static void
note(struct guard *g, const struct guard_env *env, const struct port *p,
     struct found *f)
{
    struct hazard *hz = find_hazard(g, p->name);

    if (!hz) {
        hz = xzalloc(sizeof *hz);
        hz->port = xstrdup(p->name);
        hz->since_ms = env->now;
        hmap_insert(&g->hazards, &hz->node, hash_string(p->name, 0));
    } else if (hz->kind != f->kind || !ip_addr_equals(&hz->addr, &f->addr)) {
        /* Another one, from now on. */
        hz->since_ms = env->now;
        hz->told = false;
        hz->read_id = 0;
        hz->read_ms = hz->retry_ms = 0;
        g->own_changes++;
    }
    hz->kind = f->kind;
    hz->addr = f->addr;
    hz->runs = f->runs;
    free(hz->subnet);
    hz->subnet = xstrdup(p->network->name);
    free(hz->text);
    hz->text = f->text;
    tell(g, env, hz, p);
}

static void
look(struct guard *g, const struct guard_env *env, const struct port *p)
{
    struct hazard *hz;
    struct found f;

    find(g, p, &f);
    if (f.text) {
        note(g, env, p, &f);
        return;
    }
    hz = find_hazard(g, p->name);
    if (hz) {
        if (hz->told) {
            guard_log(g, 'i', "%s: a restart of kube-ovn-controller is no "
                      "danger any more", p->name);
        }
        drop_hazard(g, hz);
    }
}

void
guard_note_hazards(struct guard *g, const struct guard_env *env,
                   const struct member *mb)
{
    const struct port *p;

    if (hmap_is_empty(&g->model.ip_objects)) {
        return;
    }
    MEMBER_FOR_EACH_PORT (p, mb) {
        look(g, env, p);
    }
}

/* The ports of some are gone. */
void
guard_prune_hazards(struct guard *g, const struct guard_env *env)
{
    struct hazard *hz;

    HMAP_FOR_EACH_SAFE (hz, node, &g->hazards) {
        const struct port *p = model_find_port_by_name(&g->model, hz->port);

        if (p && p->member) {
            look(g, env, p);
        } else {
            drop_hazard(g, hz);
        }
    }
}

/* ---- What a failed move left. ---- */

static void
delete_rest(struct guard *g, const struct guard_env *env, struct hazard *hz,
            const struct port *p)
{
    const char *why;
    const struct ip_object *o = release_find_object(&g->model, p, &hz->addr,
                                                    &why);
    char ip[IP_ADDR_STRLEN];

    if (!o || !guard_release_object(g, env, p, &hz->addr, o, "B", hz->text)) {
        hz->retry_ms = env->now + RETRY_MS;
        guard_wake_at(g, hz->retry_ms);
        return;
    }
    guard_log(g, 'i', "%s: its IP object, which still has %s, is deleted",
              p->name, ip_addr_to_string(&hz->addr, ip));
    hz->retry_ms = env->now + g->settings.settle_ms + RETRY_MS;
    guard_wake_at(g, hz->retry_ms);
}

/* Seen so for the settle time, and once more by a live read. */
static void
run_rest(struct guard *g, const struct guard_env *env, struct hazard *hz,
         struct orders *orders)
{
    const struct port *p = model_find_port_by_name(&g->model, hz->port);
    const struct workload *w = (p && p->member
                                ? model_member_workload(&g->model, p->member)
                                : NULL);
    long long int due = MAX(hz->since_ms + g->settings.settle_ms,
                            hz->retry_ms);

    if (!p || !p->member || hz->read_id) {
        return;
    } else if (env->now < due) {
        guard_wake_at(g, due);
        return;
    } else if (hz->read_ms
               && env->now - hz->read_ms <= g->settings.live_read_ms) {
        hz->read_ms = 0;
        delete_rest(g, env, hz, p);
        return;
    }
    hz->read_ms = 0;
    hz->read_id = guard_new_token(g);
    g->counters.live_reads++;
    guard_add_live_read(g, orders, hz->read_id, p->member->ns,
                        p->member->name, w ? w->name : "",
                        w ? w->kind : OWNER_NONE);
}

void
guard_run_hazards(struct guard *g, const struct guard_env *env,
                  struct orders *orders)
{
    bool may_delete = (g->settings.release == RELEASE_KUBE_OVN
                       && g->mode == MODE_GUARD && env->kube_writable
                       && !guard_write_refusal(g, env, true));
    struct hazard *hz;

    HMAP_FOR_EACH (hz, node, &g->hazards) {
        const struct port *p = model_find_port_by_name(&g->model, hz->port);

        if (p && p->member) {
            tell(g, env, hz, p);
        }
        if (may_delete && hz->kind == HAZARD_REST) {
            run_rest(g, env, hz, orders);
        }
    }
}

bool
guard_hazard_read_done(struct guard *g, uint64_t id,
                       enum live_read_result result,
                       const struct guard_env *env)
{
    struct hazard *hz;

    HMAP_FOR_EACH (hz, node, &g->hazards) {
        if (hz->read_id == id) {
            hz->read_id = 0;
            if (result == LIVE_READ_FAILED) {
                hz->retry_ms = env->now + RETRY_MS;
            } else {
                hz->read_ms = MAX(env->now, 1);
            }
            g->again = true;
            return true;
        }
    }
    return false;
}

/* ---- For others. ---- */

bool
guard_hazard_is_to_be_reserved(const struct hazard *hz)
{
    return hz->told && hz->runs;
}

void
guard_add_hazard_findings(const struct guard *g, struct sset *findings)
{
    const struct hazard *hz;

    HMAP_FOR_EACH (hz, node, &g->hazards) {
        if (hz->told) {
            sset_add_and_free(findings, xasprintf("%s: hazard: %s", hz->port,
                                                  hz->text));
        }
    }
}
