/* SPDX-License-Identifier: Apache-2.0 */

/* Events: what people read with "kubectl describe" about their pods and
 * StatefulSets.  Here is decided whom an Event is about and how often it is
 * written; the texts are those of event-text.c.
 *
 * What happens again to the same object and address within an hour is counted
 * in the series of its first Event, at most once a minute.  New Events are
 * limited altogether: an API server has more to do. */

#include <config.h>

#include "guard-private.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hash.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "pod.h"
#include "util.h"
#include "uuid.h"
#include "workload.h"

/* API servers forget Events after an hour by default (--event-ttl). */
#define REMEMBER_MS (60 * 60 * 1000)
#define SERIES_MS (60 * 1000)
#define MAX_REMEMBERED 4096

/* A burst of new Events, and then so many. */
#define BURST 100
#define REFILL_MS 1000

/* Of the name of a pod that goes into that of its Event; a name may have 253
 * characters. */
#define MAX_NAME_PART 220

void
guard_events_init(struct guard *g)
{
    hmap_init(&g->events);
    ovs_list_init(&g->events_lru);
    ovs_list_init(&g->nudges);
}

static void
forget_event(struct guard *g, struct recent_event *e)
{
    hmap_remove(&g->events, &e->node);
    ovs_list_remove(&e->lru_node);
    free(e->key);
    free(e->ns);
    free(e->name);
    free(e->uid);
    free(e->event);
    free(e->note);
    free(e);
}

void
guard_events_destroy(struct guard *g)
{
    struct recent_event *e;

    HMAP_FOR_EACH_SAFE (e, node, &g->events) {
        forget_event(g, e);
    }
    hmap_destroy(&g->events);
    guard_forget_nudges(g);
    for (size_t i = 0; i < g->n_kube_writes; i++) {
        kube_write_destroy(g->kube_writes[i]);
    }
    free(g->kube_writes);
}

void
guard_order_write(struct guard *g, struct kube_write *w)
{
    g->kube_writes = xrealloc(g->kube_writes, (g->n_kube_writes + 1)
                              * sizeof *g->kube_writes);
    g->kube_writes[g->n_kube_writes++] = w;
    g->again = true;
}

bool
token_bucket_take(struct token_bucket *b, int burst, long long int refill_ms,
                  long long int now, long long int *next_ms)
{
    if (!b->refilled_ms) {
        b->refilled_ms = now;
        b->n = burst;
    }
    long long int n = (now - b->refilled_ms) / refill_ms;
    if (n > 0) {
        b->n = MIN(burst, b->n + n);
        b->refilled_ms += n * refill_ms;
    }
    if (b->n > 0) {
        b->n--;
        return true;
    }
    *next_ms = b->refilled_ms + refill_ms;
    return false;
}

static bool
may_tell(const struct guard *g, const struct guard_env *env)
{
    return (g->settings.events == SWITCH_ON && env->kube_writable
            && g->mode != MODE_OBSERVE && !env->paused
            && !guard_book_refusal(g, env));
}

/* ---- How often. ---- */

static struct recent_event *
find_event(const struct guard *g, const char *key)
{
    struct recent_event *e;

    HMAP_FOR_EACH_WITH_HASH (e, node, hash_string(key, 0), &g->events) {
        if (!strcmp(e->key, key)) {
            return e;
        }
    }
    return NULL;
}

/* Forgets what is old, and the oldest ones where there are too many. */
static void
expire_events(struct guard *g, long long int now)
{
    struct recent_event *e;

    LIST_FOR_EACH_SAFE (e, lru_node, &g->events_lru) {
        if (now - e->seen_ms < REMEMBER_MS
            && hmap_count(&g->events) <= MAX_REMEMBERED) {
            break;
        }
        forget_event(g, e);
    }
}

static void
order_event(struct guard *g, const struct guard_env *env,
            struct recent_event *e)
{
    const struct event_text *t = event_text(e->kind);
    bool first = !e->sent_count;
    struct kube_write *w = kube_write_create(first ? KUBE_WRITE_EVENT
                                             : KUBE_WRITE_SERIES, e->object,
                                             e->ns, e->name, e->uid);

    w->event = xstrdup(e->event);
    w->reason = t->reason;
    w->action = t->action;
    w->warning = t->warning;
    w->note = xstrdup(e->note);
    w->first_wall_ms = e->first_wall_ms;
    w->last_wall_ms = e->last_wall_ms;
    w->count = e->count;
    e->sent_ms = env->now;
    e->sent_count = e->count;
    g->counters.events++;
    guard_order_write(g, w);
}

/* The Event is due again. */
static void
count_event(struct guard *g, const struct guard_env *env,
            struct recent_event *e)
{
    e->count++;
    e->last_wall_ms = env->wall;
    e->seen_ms = env->now;
    ovs_list_remove(&e->lru_node);
    ovs_list_push_back(&g->events_lru, &e->lru_node);
    if (env->now >= e->sent_ms + SERIES_MS) {
        order_event(g, env, e);
    } else {
        guard_wake_at(g, e->sent_ms + SERIES_MS);
    }
}

static void
tell(struct guard *g, const struct guard_env *env, enum event_kind kind,
     enum kube_object object, const char *ns, const char *name,
     const char *uid, const struct event_args *args)
{
    const struct event_text *t = event_text(kind);
    struct recent_event *e;
    long long int next;
    char *key;

    if (!uid[0]) {
        return;                 /* Whose it would be is not certain. */
    }
    key = xasprintf("%s %s %s %s %s", t->reason, uid, args->address,
                    args->network, args->port ? args->port : "");
    e = find_event(g, key);
    if (e && env->now - e->seen_ms < REMEMBER_MS) {
        count_event(g, env, e);
        free(key);
        return;
    }
    if (e) {
        forget_event(g, e);
    }
    if (!token_bucket_take(&g->event_tokens, BURST, REFILL_MS, env->now,
                           &next)) {
        g->counters.events_dropped++;
        free(key);
        return;
    }
    e = xzalloc(sizeof *e);
    e->key = key;
    e->kind = kind;
    e->object = object;
    e->ns = xstrdup(ns);
    e->name = xstrdup(name);
    e->uid = xstrdup(uid);
    e->event = xasprintf("%.*s.%llx%04x", MAX_NAME_PART, name, env->wall,
                         g->n_event_names++ & 0xffff);
    e->note = event_format_note(kind, args);
    e->first_wall_ms = e->last_wall_ms = env->wall;
    e->seen_ms = env->now;
    e->count = 1;
    hmap_insert(&g->events, &e->node, hash_string(key, 0));
    ovs_list_push_back(&g->events_lru, &e->lru_node);
    order_event(g, env, e);
    expire_events(g, env->now);
}

/* ---- About whom. ---- */

static void
tell_workload(struct guard *g, const struct guard_env *env,
              enum event_kind kind, const struct workload *w,
              const struct event_args *args)
{
    if (w) {
        tell(g, env, kind, w->kind == OWNER_VM ? KUBE_OBJECT_VM
             : KUBE_OBJECT_STATEFULSET, w->ns, w->name, w->uid, args);
    }
}

static void
tell_member(struct guard *g, const struct guard_env *env,
            enum event_kind kind, const struct member *mb,
            const struct event_args *args)
{
    for (size_t i = 0; i < mb->n_pods; i++) {
        const struct pod *pod = mb->pods[i];

        if (!pod->finished) {
            char uid[OBJ_UID_STRLEN];

            tell(g, env, kind, KUBE_OBJECT_POD, pod->owner->ns, pod->name,
                 obj_uid_to_string(&pod->uid, uid), args);
        }
    }
    tell_workload(g, env, kind, model_member_workload(&g->model, mb), args);
}

/* The owner that a hold remembers, which need not have a pod any more. */
static void
tell_hold_owner(struct guard *g, const struct guard_env *env,
                enum event_kind kind, const struct hold *h,
                const struct event_args *args)
{
    const struct hold_owner *o = &h->owner;
    const struct member *mb = model_find_member(&g->model, o->ns, o->name);

    if (mb) {
        tell_member(g, env, kind, mb, args);
    } else if (o->workload[0]) {
        tell_workload(g, env, kind,
                      model_find_workload(&g->model,
                                          strcmp(o->kind,
                                                 owner_kind_to_string(
                                                     OWNER_VM))
                                          ? OWNER_STATEFULSET : OWNER_VM,
                                          o->ns, o->workload), args);
    }
}

void
guard_event_port(struct guard *g, const struct guard_env *env,
                 enum event_kind kind, const struct port *p,
                 const struct event_args *args)
{
    if (may_tell(g, env) && p && p->member) {
        tell_member(g, env, kind, p->member, args);
    }
}

/* ---- What. ---- */

static void
put_since(struct ds *ds, long long int wall_ms)
{
    time_t sec = wall_ms / 1000;
    struct tm tm;
    char buf[32];

    gmtime_r(&sec, &tm);
    strftime(buf, sizeof buf, "%Y-%m-%dT%H:%M:%SZ", &tm);
    ds_put_cstr(ds, buf);
}

/* The arguments that come of a hold, with what they point to. */
struct hold_args {
    struct event_args args;
    char address[IP_ADDR_STRLEN];
    struct ds port, holder, since, waits;
};

static void
hold_args_init(struct hold_args *a, const struct hold *h)
{
    const struct hold_owner *o = &h->owner;
    const char **blockers = sset_sort(&h->blockers);

    memset(a, 0, sizeof *a);
    ip_addr_to_string(&h->addr, a->address);
    for (size_t i = 0; i < h->n_former; i++) {
        ds_put_format(&a->port, "%s%s", i ? ", " : "", h->former[i].name);
    }
    if (!o->name[0]) {
        ds_put_cstr(&a->holder, "another one");
    } else if (o->workload[0] && strcmp(o->workload, o->name)) {
        ds_put_format(&a->holder, "pod %s/%s of %s %s", o->ns, o->name,
                      o->kind, o->workload);
    } else {
        ds_put_format(&a->holder, "%s/%s", o->ns, o->name);
    }
    put_since(&a->since, h->created_wall_ms);
    for (size_t i = 0; blockers[i]; i++) {
        ds_put_format(&a->waits, "%s%s", i ? "; " : "", blockers[i]);
    }
    if (!a->waits.length) {
        ds_put_cstr(&a->waits, "the first evidence that it is clean");
    }
    free(blockers);
    a->args = (struct event_args) {
        .address = a->address,
        .network = h->network_name,
        .port = ds_cstr(&a->port),
        .holder = ds_cstr(&a->holder),
        .since = ds_cstr(&a->since),
        .waits = ds_cstr(&a->waits),
    };
}

static void
hold_args_destroy(struct hold_args *a)
{
    ds_destroy(&a->port);
    ds_destroy(&a->holder);
    ds_destroy(&a->since);
    ds_destroy(&a->waits);
}

void
guard_event_held(struct guard *g, const struct guard_env *env,
                 const struct hold *h)
{
    struct hold_args a;

    if (may_tell(g, env) && !h->would_be) {
        hold_args_init(&a, h);
        tell_hold_owner(g, env, EVENT_ADDRESS_HELD, h, &a.args);
        hold_args_destroy(&a);
    }
}

void
guard_event_ended(struct guard *g, const struct guard_env *env,
                  const struct hold *h, const char *why)
{
    const struct port *keeper = model_find_port(&g->model, &h->keeper);
    struct hold_args a;
    char *next;

    if (!may_tell(g, env) || h->would_be) {
        return;
    }
    next = (keeper ? xasprintf("Port %s has it now", keeper->name)
            : xstrdup("No port has it now"));
    hold_args_init(&a, h);
    a.args.why = why;
    a.args.next = next;
    tell_hold_owner(g, env, EVENT_ADDRESS_REUSABLE, h, &a.args);
    if (keeper && keeper->member) {
        tell_member(g, env, EVENT_ADDRESS_REUSABLE, keeper->member, &a.args);
    }
    hold_args_destroy(&a);
    free(next);
}

void
guard_event_waiting(struct guard *g, const struct guard_env *env,
                    const struct hold *h, const struct port *p)
{
    struct hold_args a;
    char *who;

    if (!may_tell(g, env) || h->would_be || !p->member) {
        return;
    }
    who = xasprintf("Port %s, which is kept disabled,", p->name);
    hold_args_init(&a, h);
    a.args.port = who;
    tell_member(g, env, EVENT_WAITING_FOR_ADDRESS, p->member, &a.args);
    hold_args_destroy(&a);
    free(who);
}

/* Does the claim 'c' mean an address on the network 'name'? */
static bool
claims_on(const struct claim *c, const struct ip_addr *ip, const char *name)
{
    return (c->kind == CLAIM_EXPLICIT && !c->allocated && claim_names(c, ip)
            && (!c->logical_switch || !strcmp(c->logical_switch, name)));
}

/* Tells about 'pod', which asks for an address that 'h' holds.  One whose port
 * took it is told when that is gated. */
static void
tell_pod(struct guard *g, const struct guard_env *env, const struct hold *h,
         const struct member *mb, const struct pod *pod)
{
    bool asks = false;
    const struct port *p;

    for (size_t i = 0; i < pod->claims.n; i++) {
        asks |= claims_on(&pod->claims.claims[i], &h->addr, h->network_name);
    }
    MEMBER_FOR_EACH_PORT (p, mb) {
        if (ip_addr_set_contains(&p->ips, &h->addr)) {
            asks = false;
        }
    }
    if (asks && h->fixed && !pod->deleting && !pod->finished
        && !guard_is_owner(h, mb)) {
        struct hold_args a;
        char *who = xasprintf("Pod %s/%s, which has no port with it,",
                              pod->owner->ns, pod->name);

        hold_args_init(&a, h);
        a.args.port = who;
        tell_member(g, env, EVENT_WAITING_FOR_ADDRESS, mb, &a.args);
        hold_args_destroy(&a);
        free(who);
    }
}

void
guard_event_takers(struct guard *g, const struct guard_env *env,
                   const struct hold *h)
{
    const struct promise *p;

    if (!may_tell(g, env) || h->would_be) {
        return;
    }
    for (p = model_first_promise(&g->model, &h->addr); p;
         p = model_next_promise(p)) {
        const struct member *mb
            = p->pod ? model_find_member(&g->model, p->pod->owner->ns,
                                         model_pod_member_name(&g->model,
                                                               p->pod))
              : NULL;

        if (mb) {
            tell_pod(g, env, h, mb, p->pod);
        }
    }
}

void
guard_event_member(struct guard *g, const struct guard_env *env,
                   const struct member *mb)
{
    if (!hold_table_count(&g->holds) || !may_tell(g, env)) {
        return;
    }
    for (size_t i = 0; i < mb->n_pods; i++) {
        const struct pod *pod = mb->pods[i];

        for (size_t j = 0; j < pod->claims.n; j++) {
            const struct claim *c = &pod->claims.claims[j];

            for (size_t k = 0; k < c->n_ips && !c->allocated; k++) {
                const struct network *n;

                HMAP_FOR_EACH (n, node, &g->model.networks) {
                    struct hold *h = hold_table_find(&g->holds, &n->uuid,
                                                     &c->ips[k]);
                    if (h && !h->would_be) {
                        tell_pod(g, env, h, mb, pod);
                    }
                }
            }
        }
    }
}

void
guard_event_duplicate(struct guard *g, const struct guard_env *env,
                      const struct addr_use *use, const char *keeper)
{
    struct ds ports = DS_EMPTY_INITIALIZER;
    char ip[IP_ADDR_STRLEN];
    struct event_args args = {
        .address = ip_addr_to_string(&use->addr, ip),
        .network = use->network->name,
        .holder = keeper,
    };

    if (!may_tell(g, env)) {
        return;
    }
    for (size_t i = 0; i < use->n; i++) {
        ds_put_format(&ports, "%s%s", i ? ", " : "", use->ports[i]->name);
    }
    args.port = ds_cstr(&ports);
    for (size_t i = 0; i < use->n; i++) {
        guard_event_port(g, env, EVENT_DUPLICATE_ADDRESS, use->ports[i],
                         &args);
    }
    ds_destroy(&ports);
}

/* ---- The turn. ---- */

/* A freeze is of concern to all who wait. */
static void
tell_frozen(struct guard *g, const struct guard_env *env)
{
    struct hold **holds = hold_table_sorted(&g->holds);
    size_t n = hold_table_count(&g->holds);

    for (size_t i = 0; i < n; i++) {
        struct hold *h = holds[i];
        struct hold_args a;

        hold_args_init(&a, h);
        a.args.why = g->safety.frozen;
        tell_hold_owner(g, env, EVENT_GUARD_FROZEN, h, &a.args);
        for (size_t j = 0; j < h->n_takers; j++) {
            guard_event_port(g, env, EVENT_GUARD_FROZEN,
                             model_find_port(&g->model, &h->takers[j]),
                             &a.args);
        }
        hold_args_destroy(&a);
    }
    free(holds);
}

void
guard_run_events(struct guard *g, const struct guard_env *env)
{
    struct recent_event *e;

    if (!may_tell(g, env)) {
        return;
    }
    if (g->safety.frozen && !g->frozen_told && g->started) {
        tell_frozen(g, env);
        g->frozen_told = true;
    } else if (!g->safety.frozen) {
        g->frozen_told = false;
    }
    LIST_FOR_EACH (e, lru_node, &g->events_lru) {
        if (e->count > e->sent_count) {
            if (env->now >= e->sent_ms + SERIES_MS) {
                order_event(g, env, e);
            } else {
                guard_wake_at(g, e->sent_ms + SERIES_MS);
            }
        }
    }
    expire_events(g, env->now);
}
