/* SPDX-License-Identifier: Apache-2.0 */

/* Everything that can be wrong with one address that somebody asks for.  Of
 * what keeps it from being free only the nearest is told: a hold, a port, an
 * IP object, a promise. */

#include <config.h>

#include "admission-private.h"

#include <stdlib.h>
#include <string.h>

#include "dialect.h"
#include "hold.h"
#include "ipam-object.h"
#include "judge.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "plant.h"
#include "smap.h"
#include "sset.h"
#include "util.h"
#include "workload.h"

/* One address on one network, being looked at. */
struct look {
    struct admission *a;
    const struct asker *asker;
    const struct claim *claim;
    const struct ip_addr *ip;
    const struct network *network;
    bool soft;
    char address[IP_ADDR_STRLEN];
};

#define LOOK_SAY(L, ID, ...)                                            \
    ADMISSION_SAY((L)->a, ID, (L)->soft, (L)->asker->who,               \
                  { "address", (L)->address },                          \
                  { "network", (L)->network->name },                    \
                  { "key", (L)->claim->source ? (L)->claim->source : "" }, \
                  __VA_ARGS__)

/* ---- The owner's own. ---- */

static bool
is_own_member(const struct asker *asker, const struct member *mb)
{
    return (mb && ((asker->name[0] && !strcmp(mb->ns, asker->ns)
                    && !strcmp(mb->name, asker->name))
                   || (asker->kind == OWNER_VM
                       && model_member_is_of_vm(mb, asker->ns,
                                                asker->owner))));
}

/* Pods of one ReplicaSet or Job take over from each other: the next has
 * another name. */
static bool
is_same_controller(const struct asker *asker, const char *ns,
                   const struct pod *pod)
{
    return (asker->kind == OWNER_OTHER && pod
            && pod->owner_kind == OWNER_OTHER
            && !strcmp(ns, asker->ns) && asker->owner[0]
            && !strcmp(pod->owner->name, asker->owner));
}

static bool
is_own_hold(const struct asker *asker, const struct hold *h)
{
    if (strcmp(h->owner.ns, asker->ns)) {
        return false;
    }
    if (asker->name[0] && h->owner.name[0]
        && !strcmp(h->owner.name, asker->name)) {
        return true;
    }
    return ((asker->kind == OWNER_OTHER || asker->kind == OWNER_VM)
            && asker->owner[0]
            && !strcmp(h->owner.kind, owner_kind_to_string(asker->kind))
            && !strcmp(h->owner.workload, asker->owner));
}

/* ---- Held. ---- */

/* Appends a duration as a person would say it. */
static void
put_age(struct ds *ds, long long int ms)
{
    long long int s = MAX(ms, 0) / 1000;

    if (s < 120) {
        ds_put_format(ds, "%lld s", s);
    } else if (s < 2 * 60 * 60) {
        ds_put_format(ds, "%lld min", s / 60);
    } else {
        ds_put_format(ds, "%lld h", s / (60 * 60));
    }
}

/* How long ago 'created_s' was, in words. */
static char *
describe_made(const struct look *l, long long int created_s)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (created_s) {
        put_age(&ds, l->a->ctx->wall - created_s * 1000);
        ds_put_cstr(&ds, " ago");
    } else {
        ds_put_cstr(&ds, "at an unknown time");
    }
    return ds_steal_cstr(&ds);
}

/* How long 'p' has had what it has, as far as we have seen. */
static char *
describe_use(const struct look *l, const struct port *p)
{
    const struct admission_context *ctx = l->a->ctx;
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (!p->since_s || p->ips.n > 1) {
        ds_put_cstr(&ds, "at least ");
    }
    put_age(&ds, ctx->wall - (p->since_s ? p->since_s * 1000LL
                              : ctx->nb_since_wall));
    return ds_steal_cstr(&ds);
}

static char *
describe_awaited(const struct hold *h)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    const char **blockers = sset_sort(&h->blockers);
    size_t n = sset_count(&h->blockers);

    if (h->state == HOLD_INTENT || h->state == HOLD_CLEARING) {
        ds_put_cstr(&ds, "its removal from the port");
    } else if (!n) {
        ds_put_cstr(&ds, h->until_wall_ms ? "the end of a reservation"
                                          : "the last check");
    }
    for (size_t i = 0; i < n && !ds.length; i++) {
        ds_put_cstr(&ds, blockers[i]);
    }
    if (n > 1 && h->state != HOLD_INTENT && h->state != HOLD_CLEARING) {
        ds_put_format(&ds, ", and %"PRIuSIZE" more", n - 1);
    }
    free(blockers);
    return ds_steal_cstr(&ds);
}

/* Returns false if the address is not held against 'l->asker'. */
static bool
check_hold(struct look *l)
{
    const struct hold *h = hold_table_find(l->a->ctx->holds,
                                           &l->network->uuid, l->ip);
    struct ds age = DS_EMPTY_INITIALIZER;
    char *owner, *awaited;
    bool soft = l->soft;

    if (!h || hold_state_is_end(h->state) || is_own_hold(l->asker, h)
        || PLANTED(HELD_LET_IN)) {
        return false;
    }
    /* Holds of plain pods deny nothing. */
    l->soft |= !h->fixed;
    put_age(&age, l->a->ctx->wall - (h->gone_wall_ms ? h->gone_wall_ms
                                                     : h->created_wall_ms));
    owner = (h->owner.name[0]
             ? xasprintf("%s/%s", h->owner.ns, h->owner.name)
             : xstrdup("an unknown owner"));
    awaited = describe_awaited(h);
    LOOK_SAY(l, ADM_ADDRESS_HELD,
             { "port", h->n_former ? h->former[0].name : "its port" },
             { "owner", owner },
             { "age", ds_cstr(&age) },
             { "awaited", awaited });
    free(owner);
    free(awaited);
    ds_destroy(&age);
    l->soft = soft;
    return true;
}

/* ---- In use. ---- */

static char *
describe_port_owner(const struct port *p)
{
    return (p->member ? xasprintf("%s/%s", p->member->ns, p->member->name)
            : xstrdup(p->kind == PORT_INFRA ? "the network itself"
                                            : "somebody else"));
}

/* Will the change that is judged take the address off 'p', of the same
 * StatefulSet, before the asker's turn comes?  Where it comes too late, the
 * change is refused for that. */
static bool
is_leaving(const struct look *l, const struct port *p)
{
    const struct workload *w = l->a->req->workload;
    const struct member *mb = p->member;
    struct ip_addr ips[2];
    size_t n;

    if (!w || !l->a->req->update || w->kind != OWNER_STATEFULSET || !mb
        || !mb->base || strcmp(mb->base->name, w->name)
        || strcmp(mb->ns, w->ns)) {
        return false;
    }
    if (!workload_has_ordinal(w, mb->ordinal)) {
        return true;
    }
    if (mb->ordinal < w->partition) {
        return false;
    }
    n = template_ips(template_find(l->a->template, l->claim->provider),
                     mb->ordinal, ips);
    for (size_t i = 0; i < n; i++) {
        if (ip_addr_equals(&ips[i], l->ip)) {
            return false;
        }
    }
    return n > 0;
}

/* Returns false if no other port has the address. */
static bool
check_ports(struct look *l)
{
    const struct model *m = l->a->ctx->model;
    const struct addr_use *use = model_find_addr(m, l->network, l->ip);
    const struct port *other = NULL;
    bool soft = l->soft;

    for (size_t i = 0; use && i < use->n; i++) {
        const struct port *p = use->ports[i];

        if (is_own_member(l->asker, p->member)) {
            /* It has it already, whoever else does. */
            return false;
        }
        if (!other && !is_leaving(l, p)) {
            other = p;
        }
    }
    if (!other) {
        return false;
    }

    const struct binding *b = model_find_binding(m, other->name);
    bool bound = b && b->present && b->chassis;
    char *owner = describe_port_owner(other);
    char *state = bound ? xasprintf(", on %s", b->chassis) : xstrdup("");
    char *age = describe_use(l, other);

    if (other->member && other->member->n_pods
        && is_same_controller(l->asker, other->member->ns,
                              other->member->pods[0])) {
        l->soft = true;
    }
    LOOK_SAY(l, ADM_ADDRESS_IN_USE,
             { "owner", owner },
             { "port", other->name },
             { "state", state },
             { "age", age });
    free(age);
    free(owner);
    free(state);
    l->soft = soft;
    return true;
}

/* ---- In the CNI's own books. ---- */

static bool
is_own_object(const struct asker *asker, const struct ip_object *o)
{
    return (asker->name[0] && !strcmp(o->ns, asker->ns)
            && !strcmp(o->pod, asker->name));
}

/* Kube-OVN gives an address only once its IP object is gone, also where the
 * port went before it.  In mode manage there is no Kube-OVN that gives any. */
static bool
check_ip_objects(struct look *l)
{
    const struct ip_object *o = model_find_ip_holder(
        l->a->ctx->model, l->network->name, l->ip, "");
    const struct member *mb;
    bool soft = l->soft;
    char *owner, *age;

    /* What we reserve is told as what it is reserved for, and may be for the
     * asker. */
    if (!o || o->ours || is_own_object(l->asker, o)
        || l->a->ctx->mode == MODE_MANAGE) {
        return false;
    }
    mb = model_find_member(l->a->ctx->model, o->ns, o->pod);
    l->soft |= mb && mb->n_pods && is_same_controller(l->asker, mb->ns,
                                                      mb->pods[0]);
    owner = (o->pod[0] ? xasprintf("%s/%s", o->ns, o->pod)
             : xstrdup("somebody else"));
    age = describe_made(l, o->created_s);
    LOOK_SAY(l, ADM_ADDRESS_IN_IPAM,
             { "object", o->name },
             { "owner", owner },
             { "age", age });
    free(age);
    free(owner);
    l->soft = soft;
    return true;
}

/* ---- Promised. ---- */

/* Does one of 'claims' ask for the address on the network that 'l' is about?
 * Returns its claim, or NULL.  '*sure' is set to whether that is known. */
static const struct claim *
find_claim_here(const struct look *l, const struct claims *claims,
                const struct asker *promisee, bool *sure)
{
    for (size_t i = 0; i < claims->n; i++) {
        const struct claim *c = &claims->claims[i];
        struct asked_networks where;

        if (c->kind != CLAIM_EXPLICIT || !claim_names(c, l->ip)) {
            continue;
        }
        admission_networks(l->a->ctx->model, promisee, c, l->ip, &where);
        for (size_t j = 0; j < where.n; j++) {
            if (where.networks[j] == l->network) {
                *sure = where.sure;
                return c;
            }
        }
    }
    return NULL;
}

static void
say_promised(struct look *l, const char *owner, long long int created_s,
             const struct claim *c, bool sure)
{
    bool soft = l->soft;
    char *age = describe_made(l, created_s);
    char *key = xstrdup(c->source ? c->source : "its annotations");

    l->soft |= !sure;
    ADMISSION_SAY(l->a, ADM_ADDRESS_PROMISED, l->soft, l->asker->who,
                  { "address", l->address },
                  { "network", l->network->name },
                  { "owner", owner },
                  { "age", age },
                  { "key", key });
    free(key);
    free(age);
    l->soft = soft;
}

/* A pod that was let in and waits for its port. */
static bool
check_pod_promise(struct look *l, const struct pod *pod)
{
    const char *name = model_pod_member_name(l->a->ctx->model, pod);
    struct asker promisee = {
        .ns = pod->owner->ns, .name = name, .kind = pod->owner_kind,
        .owner = pod->owner->name, .owner_uid = pod->owner->uid,
        .ordinal = pod->ordinal,
    };
    const struct claim *c;
    bool sure = false;

    if (pod->deleting || pod->finished || pod->opted_out
        || (!strcmp(pod->owner->ns, l->asker->ns)
            && !strcmp(name, l->asker->name))
        || is_same_controller(l->asker, pod->owner->ns, pod)) {
        return false;
    }
    c = find_claim_here(l, &pod->claims, &promisee, &sure);
    if (c) {
        char *owner = xasprintf("pod %s/%s", pod->owner->ns, pod->name);

        say_promised(l, owner, pod->created_s, c, sure);
        free(owner);
    }
    return c != NULL;
}

/* Of two templates that name one address, the older one's object comes first;
 * were it otherwise, each could wait for the other.  Returns true if the
 * asker's is the older one. */
static bool
is_asker_first(const struct look *l, const struct workload *w, bool *sure)
{
    const struct asker *asker = l->asker;
    const struct workload *own;
    int cmp;

    *sure = true;
    if (asker->kind != OWNER_STATEFULSET && asker->kind != OWNER_VM) {
        return false;
    }
    own = model_find_workload(l->a->ctx->model, asker->kind, asker->ns,
                              asker->owner);
    if (!own) {
        return false;           /* Just being created. */
    }
    if (own->created_s != w->created_s) {
        *sure = own->created_s && w->created_s;
        return own->created_s && own->created_s < w->created_s;
    }
    *sure = own->created_s != 0;
    cmp = strcmp(own->ns, w->ns);
    return (cmp ? cmp : strcmp(own->name, w->name)) < 0;
}

static bool
is_own_workload(const struct look *l, const struct workload *w)
{
    const struct asker *asker = l->asker;

    return (w->kind == asker->kind && !strcmp(w->ns, asker->ns)
            && !strcmp(w->name, asker->owner));
}

/* What the template of 'w' asks for, for 'ordinal'. */
static bool
check_revision(struct look *l, const struct workload *w, int ordinal,
               const struct smap *annotations, bool sure_first)
{
    char *name = (w->kind == OWNER_STATEFULSET
                  ? xasprintf("%s-%d", w->name, ordinal) : xstrdup(w->name));
    struct claim_subject subject = {
        .ns = w->ns, .name = w->name, .owner_kind = w->kind,
        .ordinal = ordinal, .is_template = true,
    };
    struct asker promisee = {
        .ns = w->ns, .name = name, .kind = w->kind, .owner = w->name,
        .owner_uid = w->uid, .ordinal = ordinal,
    };
    const struct claim *c;
    struct claims claims;
    bool sure = false;

    claims_init(&claims);
    l->a->ctx->model->dialect->read_claims(annotations, &subject, &claims);
    c = find_claim_here(l, &claims, &promisee, &sure);
    if (c) {
        char *owner = xasprintf("%s %s/%s", owner_kind_to_string(w->kind),
                                w->ns, name);

        say_promised(l, owner, w->created_s, c, sure && sure_first);
        free(owner);
    }
    claims_destroy(&claims);
    free(name);
    return c != NULL;
}

static bool
check_workload_promise(struct look *l, const struct promise *p)
{
    const struct workload *w = p->workload;
    int ordinal = p->ordinal >= 0 || w->kind != OWNER_STATEFULSET
                  ? p->ordinal : w->start;
    bool sure;

    if (w->deleting || w->opted_out || is_own_workload(l, w)
        || (w->kind == OWNER_STATEFULSET && !workload_has_ordinal(w, ordinal))
        || is_asker_first(l, w, &sure)) {
        return false;
    }
    for (size_t i = 0; i < w->n_revisions; i++) {
        if (check_revision(l, w, ordinal, &w->revisions[i].annotations,
                           sure)) {
            return true;
        }
    }
    return false;
}

static void
check_promises(struct look *l)
{
    const struct promise *p;

    for (p = model_first_promise(l->a->ctx->model, l->ip); p;
         p = model_next_promise(p)) {
        if (p->pod ? check_pod_promise(l, p->pod)
                   : check_workload_promise(l, p)) {
            return;
        }
    }
}

/* ---- Out of place. ---- */

/* Returns true if the address cannot be had on the network at all. */
static bool
check_place(struct look *l)
{
    struct ds list = DS_EMPTY_INITIALIZER;
    struct subnets s;
    bool wrong = true;

    subnets_init(&s, l->a->ctx->model, l->network);
    subnets_format(&s, &list);
    if (ip_addr_set_contains(&s.gateways, l->ip)) {
        LOOK_SAY(l, ADM_GATEWAY_ADDRESS, { "subnets", ds_cstr(&list) });
    } else if (s.complete && !subnets_have_family(&s, l->ip->family)) {
        LOOK_SAY(l, ADM_NO_SUCH_FAMILY,
                 { "family", l->ip->family == 4 ? "IPv4" : "IPv6" },
                 { "subnets", ds_cstr(&list) });
    } else if (subnets_have_family(&s, l->ip->family)
               && !subnets_have_host(&s, l->ip)) {
        LOOK_SAY(l, ADM_OUTSIDE_SUBNET, { "subnets", ds_cstr(&list) });
    } else {
        wrong = false;
    }
    subnets_destroy(&s);
    ds_destroy(&list);
    return wrong;
}

/* Has the asker's port the address already? */
static bool
has_it_already(const struct look *l)
{
    const struct addr_use *use = model_find_addr(l->a->ctx->model, l->network,
                                                 l->ip);

    for (size_t i = 0; use && i < use->n; i++) {
        if (is_own_member(l->asker, use->ports[i]->member)) {
            return true;
        }
    }
    return false;
}

void
admission_check_address(struct admission *a, const struct asker *asker,
                        const struct claim *claim, const struct ip_addr *ip,
                        bool soft)
{
    struct asked_networks where;

    admission_networks(a->ctx->model, asker, claim, ip, &where);
    for (size_t i = 0; i < where.n; i++) {
        struct look l = {
            .a = a, .asker = asker, .claim = claim, .ip = ip,
            .network = where.networks[i],
            .soft = soft || !where.sure,
        };

        ip_addr_to_string(ip, l.address);
        if (has_it_already(&l) || (where.sure && check_place(&l))) {
            continue;
        }
        /* These pass: no reason to keep a template out. */
        l.soft |= a->req->workload != NULL;
        if (!check_hold(&l) && !check_ports(&l) && !check_ip_objects(&l)) {
            check_promises(&l);
        }
    }
}

void
admission_check_subnet(struct admission *a, const struct asker *asker,
                       const struct claim *claim)
{
    size_t n = 0;

    if (claim->logical_switch && a->ctx->model->nb_synced
        && !model_find_network_by_name(a->ctx->model, claim->logical_switch,
                                       &n)) {
        char *key = xasprintf("logical_switch of provider %s",
                              claim->provider);

        ADMISSION_SAY(a, ADM_UNKNOWN_SUBNET, true, asker->who,
                      { "key", key },
                      { "network", claim->logical_switch });
        free(key);
    }
}
