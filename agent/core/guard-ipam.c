/* SPDX-License-Identifier: Apache-2.0 */

/* Pods that wait for an address which Kube-OVN's IPAM keeps although nobody
 * has it: an IPAM leak.  Nothing can be done about one from outside, but it
 * can be told from an address that is rightly in use.
 *
 * What the IPAM says of itself is in the Subnet's status, and brought up to
 * date late.  So only what lasts is looked at: pods that have been without
 * their address for --moving-alert.  Their number is what this costs. */

#include <config.h>

#include "guard-private.h"

#include <limits.h>

#include "hash.h"
#include "ipam-object.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "pod.h"
#include "util.h"

/* They are looked at again at most this often, and if anything changed. */
#define LOOK_MS 5000

/* Addresses that "ipam/show" looks at, and names. */
#define MAX_LOOKED 1000000
#define MAX_NAMED 100

struct ipam_wait {
    struct hmap_node node;      /* In guard->ipam_waits, by member. */
    char *ns, *name;            /* The member's. */
    struct obj_uid uid;         /* The pod's. */
    long long int since_ms;
    char *leak;                 /* Or NULL. */
};

static uint32_t
wait_hash(const char *ns, const char *name)
{
    return hash_string(name, hash_string(ns, 0));
}

static struct ipam_wait *
find_wait(const struct guard *g, const char *ns, const char *name)
{
    struct ipam_wait *w;

    HMAP_FOR_EACH_WITH_HASH (w, node, wait_hash(ns, name), &g->ipam_waits) {
        if (!strcmp(w->name, name) && !strcmp(w->ns, ns)) {
            return w;
        }
    }
    return NULL;
}

static void
drop_wait(struct guard *g, struct ipam_wait *w)
{
    hmap_remove(&g->ipam_waits, &w->node);
    free(w->ns);
    free(w->name);
    obj_uid_destroy(&w->uid);
    free(w->leak);
    free(w);
}

void
guard_destroy_ipam(struct guard *g)
{
    struct ipam_wait *w;

    HMAP_FOR_EACH_SAFE (w, node, &g->ipam_waits) {
        drop_wait(g, w);
    }
    hmap_destroy(&g->ipam_waits);
}

/* The pod of 'mb' that waits for an address which it names, or NULL. */
static const struct pod *
waiting_pod(const struct member *mb)
{
    const struct pod *pod = mb && mb->n_pods == 1 ? mb->pods[0] : NULL;

    if (!pod || pod->deleting || pod->finished) {
        return NULL;
    }
    for (size_t i = 0; i < pod->claims.n; i++) {
        const struct claim *c = &pod->claims.claims[i];

        if (c->kind == CLAIM_EXPLICIT && !c->allocated) {
            return pod;
        }
    }
    return NULL;
}

/* When 'w' is looked at for the first time. */
static long long int
first_look(const struct guard *g, const struct ipam_wait *w)
{
    return w->since_ms + g->settings.moving_alert_ms;
}

void
guard_note_ipam_wait(struct guard *g, const struct guard_env *env,
                     const struct member *mb)
{
    const struct pod *pod = (shash_is_empty(&g->model.subnets) ? NULL
                             : waiting_pod(mb));
    struct ipam_wait *w = find_wait(g, mb->ns, mb->name);

    if (!pod || (w && !obj_uid_equals(&w->uid, &pod->uid))) {
        if (w) {
            drop_wait(g, w);
            w = NULL;
        }
    }
    if (pod && !w) {
        w = xzalloc(sizeof *w);
        w->ns = xstrdup(mb->ns);
        w->name = xstrdup(mb->name);
        obj_uid_clone(&w->uid, &pod->uid);
        w->since_ms = env->now;
        hmap_insert(&g->ipam_waits, &w->node, wait_hash(mb->ns, mb->name));
        g->ipam_young_ms = MIN(g->ipam_young_ms, first_look(g, w));
    }
}

/* The Subnet in which 'c' wants 'ip'; NULL if that is not exactly one. */
static const struct subnet_object *
find_subnet(const struct model *m, const struct claim *c,
            const struct ip_addr *ip)
{
    const struct subnet_object *found = NULL;
    const struct shash_node *node;

    if (c->logical_switch) {
        return model_find_subnet(m, c->logical_switch);
    }
    SHASH_FOR_EACH (node, &m->subnets) {
        const struct subnet_object *s = node->data;

        if (!strcmp(s->provider, c->provider)
            && subnet_object_covers(s, ip)) {
            if (found) {
                return NULL;
            }
            found = s;
        }
    }
    return found;
}

/* The leak that 'pod' waits for, in words, or NULL. */
static char *
find_leak(const struct model *m, const struct pod *pod)
{
    for (size_t i = 0; i < pod->claims.n; i++) {
        const struct claim *c = &pod->claims.claims[i];

        if (c->kind != CLAIM_EXPLICIT || c->allocated) {
            continue;
        }
        for (size_t j = 0; j < c->n_ips; j++) {
            const struct subnet_object *s = find_subnet(m, c, &c->ips[j]);
            char *leak = s ? judge_ipam_leak(m, s->name, &c->ips[j]) : NULL;

            if (leak) {
                return leak;
            }
        }
    }
    return NULL;
}

static void
set_leak(struct guard *g, struct ipam_wait *w, char *leak)
{
    if (leak && !w->leak) {
        guard_log(g, 'w', "%s/%s: waits for an address in vain: %s", w->ns,
                  w->name, leak);
    } else if (!leak && w->leak) {
        guard_log(g, 'i', "%s/%s: that address is not kept by Kube-OVN's "
                  "IPAM any more", w->ns, w->name);
    }
    free(w->leak);
    w->leak = leak;
}

void
guard_run_ipam(struct guard *g, const struct guard_env *env)
{
    bool changed = g->ipam_seqno != g->model.change_seqno;
    struct ipam_wait *w;

    if (hmap_is_empty(&g->ipam_waits)) {
        return;
    } else if (!changed && env->now < g->ipam_young_ms) {
        guard_wake_at(g, g->ipam_young_ms);
        return;
    } else if (env->now < g->ipam_due_ms) {
        guard_wake_at(g, g->ipam_due_ms);
        return;
    }
    g->ipam_seqno = g->model.change_seqno;
    g->ipam_young_ms = LLONG_MAX;
    g->ipam_due_ms = env->now + LOOK_MS;
    HMAP_FOR_EACH_SAFE (w, node, &g->ipam_waits) {
        const struct pod *pod
            = waiting_pod(model_find_member(&g->model, w->ns, w->name));

        if (!pod || !obj_uid_equals(&pod->uid, &w->uid)) {
            drop_wait(g, w);
        } else if (env->now < first_look(g, w)) {
            g->ipam_young_ms = MIN(g->ipam_young_ms, first_look(g, w));
        } else {
            set_leak(g, w, find_leak(&g->model, pod));
        }
    }
    guard_wake_at(g, g->ipam_young_ms);
}

/* ---- For people. ---- */

void
guard_add_ipam_findings(const struct guard *g, struct sset *findings)
{
    const struct ipam_wait *w;

    HMAP_FOR_EACH (w, node, &g->ipam_waits) {
        if (w->leak) {
            sset_add_and_free(findings,
                              xasprintf("%s/%s: waits for an address in vain: "
                                        "%s", w->ns, w->name, w->leak));
        }
    }
}

/* The address after 'ip', of its family. */
static void
next_addr(struct ip_addr *ip)
{
    for (int i = (ip->family == 4 ? 4 : 16) - 1; i >= 0; i--) {
        if (++ip->bytes[i]) {
            return;
        }
    }
}

static void
put_subnet(const struct guard *g, const struct subnet_object *s,
           size_t *n_looked, struct ds *ds)
{
    struct ds leaks = DS_EMPTY_INITIALIZER;
    size_t n = 0, n_leaks = 0;

    for (size_t i = 0; i < s->n_using && *n_looked < MAX_LOOKED; i++) {
        struct ip_addr ip = s->using[i].first;

        while (ip_addr_compare(&ip, &s->using[i].last) <= 0
               && ++*n_looked < MAX_LOOKED) {
            char *leak = judge_ipam_leak(&g->model, s->name, &ip);

            n++;
            if (leak && ++n_leaks <= MAX_NAMED) {
                ds_put_format(&leaks, "    %s\n", leak);
            }
            free(leak);
            if (ip_addr_equals(&ip, &s->using[i].last)) {
                break;          /* The last of all has no next. */
            }
            next_addr(&ip);
        }
    }
    ds_put_format(ds, "%s: %s, %"PRIuSIZE" in use for its IPAM, "
                  "%"PRIuSIZE" of them unaccounted for%s%s\n", s->name,
                  s->cidr[0] ? s->cidr : "no CIDR", n, n_leaks,
                  s->deleting ? ", being deleted" : "",
                  s->truncated ? ", its status is not understood" : "");
    ds_put_cstr(ds, ds_cstr(&leaks));
    if (n_leaks > MAX_NAMED) {
        ds_put_format(ds, "    ... and %"PRIuSIZE" more\n",
                      n_leaks - MAX_NAMED);
    }
    ds_destroy(&leaks);
}

void
guard_format_ipam(const struct guard *g, struct ds *ds)
{
    const struct shash_node **nodes = shash_sort(&g->model.subnets);
    size_t n = shash_count(&g->model.subnets);
    size_t n_looked = 0;

    ds_put_format(ds, "%"PRIuSIZE" Subnets, %"PRIuSIZE" IP objects%s\n", n,
                  hmap_count(&g->model.ip_objects),
                  g->model.ip_objects_hidden ? ", which cannot be read" : "");
    for (size_t i = 0; i < n; i++) {
        put_subnet(g, nodes[i]->data, &n_looked, ds);
    }
    if (n_looked >= MAX_LOOKED) {
        ds_put_format(ds, "no more than %d addresses were looked at\n",
                      MAX_LOOKED);
    }
    free(nodes);
}
