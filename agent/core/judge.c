/* SPDX-License-Identifier: Apache-2.0 */

/* The table of stale cases.  Deviations from no rule of design section 6 are
 * intended; the order of the tests in judge_address() is the order of that
 * table.  Re-judged whenever a pod, a workload, a port, a binding, a chassis
 * or a hold that it reads has changed. */

#include <config.h>

#include "judge.h"

#include "dialect.h"
#include "hash.h"
#include "hold.h"
#include "lsp-addr.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "pod.h"
#include "util.h"
#include "uuid.h"
#include "workload.h"

const char *
entitlement_kind_to_string(enum entitlement_kind kind)
{
    switch (kind) {
    case ENT_EXPLICIT: return "explicit";
    case ENT_STICKY: return "sticky";
    case ENT_UNKNOWN: return "unknown";
    case ENT_GONE: return "gone";
    case ENT_EXEMPT: return "exempt";
    }
    OVS_NOT_REACHED();
}

const char *
verdict_kind_to_string(enum verdict_kind kind)
{
    switch (kind) {
    case VERDICT_FINE: return "fine";
    case VERDICT_REPORT: return "report";
    case VERDICT_WAIT: return "wait";
    case VERDICT_MOVING: return "moving";
    case VERDICT_CLEAR: return "clear";
    }
    OVS_NOT_REACHED();
}

void
entitlement_destroy(struct entitlement *e)
{
    ip_addr_set_destroy(&e->wanted);
    free(e->why);
}

void
verdict_destroy(struct verdict *v)
{
    free(v->why);
}

/* ---- Entitlement. ---- */

static void OVS_PRINTF_FORMAT(3, 4)
ent_set(struct entitlement *e, enum entitlement_kind kind,
        const char *format, ...)
{
    va_list args;

    e->kind = kind;
    free(e->why);
    va_start(args, format);
    e->why = xvasprintf(format, args);
    va_end(args);
}

/* Fills 'e' from one claim that stands alone. */
static void
ent_from_claim(struct entitlement *e, const struct claim *c, const char *whose)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    switch (c->kind) {
    case CLAIM_EXPLICIT:
        for (size_t i = 0; i < c->n_ips; i++) {
            ip_addr_set_add(&e->wanted, &c->ips[i]);
        }
        e->has_mac = c->has_mac;
        e->mac = c->mac;
        e->allocated = c->allocated;
        claim_format(c, &ds);
        ent_set(e, ENT_EXPLICIT, "%s %s %s", whose,
                c->allocated ? "was given" : "wants", ds_cstr(&ds));
        break;
    case CLAIM_STICKY:
        ent_set(e, ENT_STICKY, "%s names no address and keeps what its port "
                "has", whose);
        break;
    case CLAIM_SHORT_POOL:
        ent_set(e, ENT_UNKNOWN, "%s: its ip_pool has no item for this "
                "ordinal", whose);
        break;
    case CLAIM_VIP:
        ent_set(e, ENT_EXEMPT, "%s takes the address of a Vip", whose);
        break;
    case CLAIM_INVALID:
        ent_set(e, ENT_UNKNOWN, "%s: %s", whose,
                c->error ? c->error : "its annotations cannot be understood");
        break;
    }
    ds_destroy(&ds);
}

/* The member has pods. */
static void
ent_from_pods(const struct model *m, const struct member *mb,
              const struct port *p, struct entitlement *e)
{
    const struct pod *alive = NULL;
    size_t n_alive = 0;
    bool migrating = false;

    for (size_t i = 0; i < mb->n_pods; i++) {
        const struct pod *pod = mb->pods[i];

        migrating |= pod->migrating;
        if (!pod->finished) {
            n_alive++;
            if (!alive || (alive->deleting && !pod->deleting)) {
                alive = pod;
            }
        }
    }
    if (migrating || n_alive > 1
        || (p->requested_chassis && strchr(p->requested_chassis, ','))) {
        ent_set(e, ENT_EXEMPT, "%s/%s is under live migration", mb->ns,
                mb->name);
        return;
    }
    if (!alive) {
        ent_set(e, m->dialect->sticky ? ENT_EXEMPT : ENT_GONE,
                "pod %s/%s has finished", mb->ns, mb->pods[0]->name);
        return;
    }
    e->pod = alive;

    const struct claim *c = claims_find(&alive->claims, p->provider);
    char *whose = xasprintf("pod %s/%s", alive->ns, alive->name);
    if (c) {
        ent_from_claim(e, c, whose);
    } else {
        ent_set(e, ENT_STICKY, "%s names no address and keeps what its port "
                "has", whose);
    }
    free(whose);
}

/* No pod; 'w' speaks for the member: all revisions in play together. */
static void
ent_from_workload(const struct model *m, const struct member *mb,
                  const struct workload *w, const struct port *p,
                  struct entitlement *e)
{
    char *whose = (w->kind == OWNER_STATEFULSET
                   ? xasprintf("StatefulSet %s/%s for ordinal %d", w->ns,
                               w->name, mb->ordinal)
                   : xasprintf("VirtualMachine %s/%s", w->ns, w->name));
    size_t n = w->n_revisions;
    struct claim *claims = xcalloc(MAX(n, 1), sizeof *claims);

    e->workload = w;
    e->workload_revisions = n;
    if (!w->revisions_known) {
        ent_set(e, ENT_UNKNOWN, "%s: a rollout is under way and the revision "
                "that it leaves is not known", whose);
        goto out;
    }
    workload_claims(w, m->dialect, mb->ordinal, p->provider, claims);
    for (size_t i = 0; i < n; i++) {
        struct entitlement one = { .kind = ENT_UNKNOWN };

        ip_addr_set_init(&one.wanted);
        ent_from_claim(&one, &claims[i], whose);
        if (i == 0 || one.kind != ENT_EXPLICIT) {
            /* One revision that does not name an address decides: the next
             * pod may be of that one. */
            enum entitlement_kind kind = one.kind;
            char *why = one.why;
            one.why = NULL;
            e->kind = kind;
            free(e->why);
            e->why = why;
        }
        for (size_t j = 0; j < one.wanted.n; j++) {
            ip_addr_set_add(&e->wanted, &one.wanted.addrs[j]);
        }
        if (i == 0) {
            e->has_mac = one.has_mac;
            e->mac = one.mac;
        }
        bool decided = one.kind != ENT_EXPLICIT;
        entitlement_destroy(&one);
        if (decided) {
            break;
        }
    }
    for (size_t i = 0; i < n; i++) {
        claim_destroy(&claims[i]);
    }
out:
    free(claims);
    free(whose);
}

/* Why the member, which has no pod, is known to be gone; NULL if that is not
 * known.  Absence of something that was never seen, in a source that may not
 * list such things, proves nothing. */
static char *
member_gone_why(const struct model *m, enum guard_mode mode,
                const struct member *mb, const struct workload *w,
                bool *never_seen)
{
    const struct base_entry *b = model_member_base(m, mb);

    if (w) {
        if (w->deleting) {
            return xasprintf("its %s %s/%s is being deleted",
                             owner_kind_to_string(w->kind), w->ns, w->name);
        }
        if (w->kind == OWNER_STATEFULSET
            && !workload_has_ordinal(w, mb->ordinal)) {
            return xasprintf("ordinal %d is outside StatefulSet %s/%s, which "
                             "has %d replicas from %d", mb->ordinal, w->ns,
                             w->name, w->replicas, w->start);
        }
        return NULL;
    }
    if (mb->pod_seen && (mb->seen_kind == OWNER_NONE
                         || mb->seen_kind == OWNER_OTHER)) {
        return xasprintf("pod %s/%s is gone", mb->ns, mb->name);
    }
    if (b && b->workload_seen) {
        return xasprintf("StatefulSet %s/%s is gone", b->ns, b->name);
    }
    if (mb->vm_seen) {
        return xasprintf("VirtualMachine %s/%s is gone", mb->ns, mb->name);
    }
    if (mb->pod_seen && mb->seen_kind == OWNER_VM) {
        return NULL;            /* Stopped, perhaps. */
    }
    if (mb->pod_seen && !m->n_workloads) {
        return NULL;            /* The source lists no StatefulSets. */
    }
    if (mb->pod_seen) {
        return xasprintf("pod %s/%s and its %s are gone", mb->ns, mb->name,
                         owner_kind_to_string(mb->seen_kind));
    }
    if (mode == MODE_MANAGE || m->vips_known) {
        *never_seen = true;
        return xasprintf("there is no pod %s/%s and no owner of that name",
                         mb->ns, mb->name);
    }
    return NULL;
}

void
judge_entitlement(const struct model *m, enum guard_mode mode,
                  const struct port *p, struct entitlement *e)
{
    const struct member *mb = p->member;

    memset(e, 0, sizeof *e);
    ip_addr_set_init(&e->wanted);
    ovs_assert(mb);

    char *key = xasprintf("%s/%s", mb->ns, mb->name);
    bool vip = sset_contains(&m->vips, key);
    free(key);
    if (vip) {
        ent_set(e, ENT_EXEMPT, "%s/%s is a Vip", mb->ns, mb->name);
        return;
    }
    if (model_member_opted_out(m, mb)) {
        ent_set(e, ENT_EXEMPT, "%s/%s opted out by " OPT_OUT_ANNOTATION,
                mb->ns, mb->name);
        return;
    }

    const struct workload *w = model_member_workload(m, mb);
    if (mb->n_pods) {
        ent_from_pods(m, mb, p, e);
        e->workload = w;
        return;
    }
    if (p->requested_chassis && strchr(p->requested_chassis, ',')) {
        ent_set(e, ENT_EXEMPT, "%s/%s is under live migration", mb->ns,
                mb->name);
        return;
    }

    char *gone = member_gone_why(m, mode, mb, w, &e->never_seen);
    if (gone) {
        e->workload = w;
        ent_set(e, ENT_GONE, "%s", gone);
        free(gone);
        return;
    }
    if (!w) {
        ent_set(e, ENT_UNKNOWN, "no pod and no owner of %s/%s was ever seen",
                mb->ns, mb->name);
        return;
    }
    ent_from_workload(m, mb, w, p, e);
    if (e->kind == ENT_STICKY && w->kind == OWNER_STATEFULSET
        && mb->seen_workload_uid && mb->seen_workload_uid[0] && w->uid[0]
        && strcmp(mb->seen_workload_uid, w->uid)) {
        ent_set(e, ENT_GONE, "StatefulSet %s/%s was re-created (uid %s, "
                "formerly %s) and names no address", w->ns, w->name, w->uid,
                mb->seen_workload_uid);
    }
}

bool
judge_wants(const struct model *m, enum guard_mode mode, const struct port *p,
            const struct ip_addr *ip)
{
    struct entitlement e;

    if (p->kind != PORT_OWNED) {
        return false;
    }
    judge_entitlement(m, mode, p, &e);
    bool wants = (e.kind == ENT_EXPLICIT
                  && ip_addr_set_contains(&e.wanted, ip));
    entitlement_destroy(&e);
    return wants;
}

/* ---- Bindings. ---- */

enum binding_state
judge_binding(const struct model *m, const struct port *p)
{
    const struct binding *b;

    if (!model_binding_known(m, p->name)) {
        return BINDING_UNKNOWN;
    }
    b = model_find_binding(m, p->name);
    if (!b) {
        return BINDING_UNKNOWN;
    }
    return (b->chassis || b->n_additional_chassis ? BINDING_BOUND
            : BINDING_UNBOUND);
}

/* Sets 'v' to wait, or to act no sooner than the port has been unbound for the
 * settle time and the chassis that it was on is not itself restarting. */
static void
require_unbound(const struct model *m, const struct settings *s,
                const struct port *p, struct verdict *v)
{
    const struct binding *b = model_find_binding(m, p->name);

    switch (judge_binding(m, p)) {
    case BINDING_UNKNOWN:
        v->kind = VERDICT_WAIT;
        break;
    case BINDING_BOUND: {
        char *why = xasprintf("%s; its port is still bound to %s", v->why,
                              b->chassis ? b->chassis : "a chassis");
        free(v->why);
        v->why = why;
        v->kind = VERDICT_WAIT;
        break;
    }
    case BINDING_UNBOUND:
        v->not_before_ms = MAX(v->not_before_ms,
                               b->unbound_since_ms + s->settle_ms);
        if (b->last_chassis) {
            const struct chassis *c = model_find_chassis(m, b->last_chassis);
            if (c && !c->present) {
                long long int back = c->gone_since_ms + s->chassis_gone_ms;
                v->not_before_ms = MAX(v->not_before_ms, back);
            }
        }
        break;
    }
}

/* ---- Duplicates. ---- */

const struct port *
judge_keeper(const struct model *m, enum guard_mode mode,
             const struct addr_use *use, char **why)
{
    const struct port *runs = NULL, *entitled = NULL;
    size_t n_runs = 0, n_entitled = 0;

    for (size_t i = 0; i < use->n; i++) {
        const struct port *p = use->ports[i];

        if (judge_binding(m, p) == BINDING_BOUND) {
            runs = p;
            n_runs++;
        }
        if (judge_wants(m, mode, p, &use->addr)) {
            entitled = p;
            n_entitled++;
        }
    }
    if (n_runs == 1) {
        *why = xasprintf("%s runs with it", runs->name);
        return runs;
    } else if (n_runs > 1) {
        *why = xasprintf("%"PRIuSIZE" ports run with it", n_runs);
        return NULL;
    } else if (n_entitled == 1) {
        *why = xasprintf("%s is entitled to it", entitled->name);
        return entitled;
    }
    *why = xstrdup(n_entitled ? "several owners name it"
                   : "no port runs with it and no owner names it");
    return NULL;
}

/* ---- The verdict. ---- */

static void OVS_PRINTF_FORMAT(4, 5)
verdict_set(struct verdict *v, enum verdict_kind kind, const char *case_,
            const char *format, ...)
{
    va_list args;

    v->kind = kind;
    v->case_ = case_;
    free(v->why);
    va_start(args, format);
    v->why = xvasprintf(format, args);
    va_end(args);
}

/* The pod that has the name runs with whatever the port has. */
static bool
pod_runs(const struct model *m, const struct port *p, const struct pod *pod,
         const struct entitlement *e, const struct ip_addr *ip)
{
    const struct member *mb = p->member;

    return (e->allocated
            || pod->deleting
            || (mb->ran_uid && !strcmp(mb->ran_uid, pod->uid))
            || (mb->edited_uid && !strcmp(mb->edited_uid, pod->uid))
            || ip_addr_set_contains(&pod->status_ips, ip)
            || (!mb->await_unbound
                && judge_binding(m, p) == BINDING_BOUND));
}

/* Does the template, too, give this ordinal what the pod wants?  Then the pod
 * was born with it, although we did not see it come. */
static bool
born_so(const struct model *m, const struct port *p,
        const struct entitlement *e)
{
    const struct workload *w = e->workload;
    bool found = false;

    if (!w || !w->revisions_known || !w->n_revisions) {
        return false;
    }
    struct claim *claims = xcalloc(w->n_revisions, sizeof *claims);
    workload_claims(w, m->dialect, p->member->ordinal, p->provider, claims);
    for (size_t i = 0; i < w->n_revisions; i++) {
        bool same = (claims[i].kind == CLAIM_EXPLICIT
                     && claims[i].n_ips == e->wanted.n);
        for (size_t j = 0; same && j < claims[i].n_ips; j++) {
            same = ip_addr_set_contains(&e->wanted, &claims[i].ips[j]);
        }
        found |= same;
        claim_destroy(&claims[i]);
    }
    free(claims);
    return found;
}

/* Is one of the addresses that 'p' wants, of the family of 'ip', on another
 * port of its network?  Beside a CNI controller that proves a failed move. */
static const struct port *
wanted_elsewhere(const struct model *m, const struct port *p,
                 const struct entitlement *e, const struct ip_addr *ip)
{
    for (size_t i = 0; i < e->wanted.n; i++) {
        const struct ip_addr *w = &e->wanted.addrs[i];
        const struct addr_use *use;

        if (w->family != ip->family) {
            continue;
        }
        use = model_find_addr(m, p->network, w);
        for (size_t j = 0; use && j < use->n; j++) {
            if (use->ports[j] != p) {
                return use->ports[j];
            }
        }
    }
    return NULL;
}

/* A pod is there and wants something else of this family. */
static void
judge_with_pod(const struct model *m, const struct settings *s,
               enum guard_mode mode, const struct port *p,
               const struct ip_addr *ip, const struct entitlement *e,
               const struct port *keeper, struct verdict *v)
{
    const struct pod *pod = e->pod;
    bool seen_new = (p->member->new_uid
                     && !strcmp(p->member->new_uid, pod->uid));

    if (pod_runs(m, p, pod, e, ip)) {
        verdict_set(v, VERDICT_REPORT, "B'", "%s, but its port has another "
                    "address and it runs with that: drift", e->why);
        return;
    }
    if (s->sts_ip_change == STS_IP_CHANGE_DENY
        && pod->owner_kind == OWNER_STATEFULSET) {
        verdict_set(v, VERDICT_REPORT, "B", "%s, but a change of a live "
                    "StatefulSet's fixed IP is denied (sts-ip-change=deny)",
                    e->why);
        return;
    }
    if (!seen_new && !born_so(m, p, e)) {
        verdict_set(v, VERDICT_REPORT, "B'", "%s; whether it ever ran with "
                    "the address on its port is not known", e->why);
        return;
    }
    if (mode == MODE_GUARD && !keeper) {
        const struct port *other = wanted_elsewhere(m, p, e, ip);
        if (!other) {
            verdict_set(v, VERDICT_MOVING, "B", "%s; its port is the CNI "
                        "controller's to move", e->why);
            return;
        }
        verdict_set(v, VERDICT_CLEAR, "B", "%s, which %s has: a failed move",
                    e->why, other->name);
    } else {
        verdict_set(v, VERDICT_CLEAR, keeper ? "E" : "B", "%s%s%s", e->why,
                    keeper ? "; the address belongs to " : "",
                    keeper ? keeper->name : "");
    }
    v->settle_ms = seen_new ? s->settle_ms : s->unseen_settle_ms;
    require_unbound(m, s, p, v);
}

static uint32_t
fingerprint(const struct port *p, const struct entitlement *e,
            const struct verdict *v)
{
    uint32_t hash = hash_string(v->case_, v->kind);

    hash = hash_add(hash, uuid_hash(&p->uuid));
    hash = hash_add(hash, hash_pointer(p->network, 0));
    for (size_t i = 0; i < e->wanted.n; i++) {
        hash = ip_addr_hash(&e->wanted.addrs[i], hash);
    }
    if (e->pod) {
        hash = hash_string(e->pod->uid, hash);
    }
    if (e->workload) {
        hash = hash_string(e->workload->uid, hash);
    }
    for (size_t i = 0; i < p->addresses.n; i++) {
        hash = hash_string(p->addresses.names[i], hash);
    }
    return hash_finish(hash, e->kind);
}

static void
judge_without_pod(const struct model *m, const struct settings *s,
                  enum guard_mode mode, const struct port *p,
                  const struct entitlement *e, const struct port *keeper,
                  long long int now, struct verdict *v)
{
    bool deny = (s->sts_ip_change == STS_IP_CHANGE_DENY && e->workload
                 && e->workload->kind == OWNER_STATEFULSET);

    if (e->kind == ENT_EXPLICIT) {
        if (deny) {
            verdict_set(v, VERDICT_REPORT, "C", "%s, but a change of a live "
                        "StatefulSet's fixed IP is denied "
                        "(sts-ip-change=deny)", e->why);
            return;
        }
        verdict_set(v, VERDICT_CLEAR, keeper ? "E" : "C",
                    "no pod; %s", e->why);
    } else {
        verdict_set(v, VERDICT_CLEAR, keeper ? "E" : "D", "%s", e->why);
        if (!keeper && mode == MODE_GUARD && m->cni_restarted_ms) {
            long long int settled = m->cni_restarted_ms + s->cni_gc_ms;
            if (now < settled) {
                v->not_before_ms = settled;
            }
        }
    }
    /* A port may well be made some time before its owner is written down. */
    v->settle_ms = e->never_seen ? s->unseen_settle_ms : s->settle_ms;
    require_unbound(m, s, p, v);
}

void
judge_address(const struct model *m, const struct settings *s,
              enum guard_mode mode, const struct hold_table *holds,
              const struct port *p, const struct ip_addr *ip,
              long long int now, struct verdict *v)
{
    struct entitlement e;

    memset(v, 0, sizeof *v);
    v->case_ = "-";
    if (p->kind != PORT_OWNED || !p->network) {
        verdict_set(v, VERDICT_FINE, "-", "not ours to judge: %s", p->why);
        return;
    }
    judge_entitlement(m, mode, p, &e);
    switch (e.kind) {
    case ENT_STICKY:
    case ENT_EXEMPT:
        verdict_set(v, VERDICT_FINE, "G", "%s", e.why);
        break;

    case ENT_UNKNOWN:
        verdict_set(v, VERDICT_FINE, "-", "%s: taken as in use", e.why);
        break;

    case ENT_EXPLICIT:
    case ENT_GONE:
        if (ip_addr_set_contains(&e.wanted, ip)) {
            verdict_set(v, VERDICT_FINE, "A", "%s", e.why);
            break;
        }
        if (e.kind == ENT_EXPLICIT
            && !ip_addr_set_has_family(&e.wanted, ip->family)) {
            verdict_set(v, VERDICT_FINE, "G", "%s: nothing is said about "
                        "this family", e.why);
            break;
        }

        const struct hold *h = hold_table_find(holds, &p->network->uuid, ip);
        if (h && uuid_equals(&h->keeper, &p->uuid)) {
            verdict_set(v, VERDICT_WAIT, "E", "%s, but its port had the "
                        "address when it was held and keeps it until that "
                        "hold ends", e.why);
            break;
        }

        /* Case E: somebody else has it, rightly. */
        const struct addr_use *use = model_find_addr(m, p->network, ip);
        const struct port *keeper = NULL;
        if (use && use->n > 1) {
            char *why;
            keeper = judge_keeper(m, mode, use, &why);
            free(why);
            if (keeper == p) {
                keeper = NULL;
            }
        }
        if (e.pod) {
            judge_with_pod(m, s, mode, p, ip, &e, keeper, v);
        } else {
            judge_without_pod(m, s, mode, p, &e, keeper, now, v);
        }
        break;
    }
    v->fingerprint = fingerprint(p, &e, v);
    entitlement_destroy(&e);
}

/* ---- Cycles. ---- */

/* The address of 'family' that the update revision gives to the ordinal of
 * 'p'. */
static bool
target_address(const struct model *m, const struct port *p, uint8_t family,
               struct ip_addr *target)
{
    const struct workload *w = (p->member
                                ? model_member_workload(m, p->member) : NULL);
    bool found = false;

    if (!w || w->kind != OWNER_STATEFULSET || !w->n_revisions
        || !workload_has_ordinal(w, p->member->ordinal)) {
        return false;
    }
    struct claim *claims = xcalloc(w->n_revisions, sizeof *claims);
    workload_claims(w, m->dialect, p->member->ordinal, p->provider, claims);
    if (claims[0].kind == CLAIM_EXPLICIT) {
        for (size_t i = 0; i < claims[0].n_ips && !found; i++) {
            if (claims[0].ips[i].family == family) {
                *target = claims[0].ips[i];
                found = true;
            }
        }
    }
    for (size_t i = 0; i < w->n_revisions; i++) {
        claim_destroy(&claims[i]);
    }
    free(claims);
    return found;
}

static bool
same_workload(const struct port *a, const struct port *b)
{
    return (a->member && b->member && a->member->base && b->member->base
            && !strcmp(a->member->ns, b->member->ns)
            && !strcmp(a->member->base, b->member->base));
}

/* The port that 'ip' must leave before 'p' can have it: one of the same
 * StatefulSet, or 'first' itself if the address is held for having been its
 * own. */
static const struct port *
in_front(const struct model *m, const struct hold_table *holds,
         const struct port *p, const struct port *first,
         const struct ip_addr *ip)
{
    const struct addr_use *use = model_find_addr(m, p->network, ip);
    const struct hold *h;

    for (size_t i = 0; use && i < use->n; i++) {
        if (use->ports[i] != p && same_workload(p, use->ports[i])) {
            return use->ports[i];
        }
    }
    h = use ? NULL : hold_table_find(holds, &p->network->uuid, ip);
    return (h && p != first && !strcmp(h->owner.ns, first->member->ns)
            && !strcmp(h->owner.name, first->member->name) ? first : NULL);
}

static char *
judge_cycle_family(const struct model *m, const struct hold_table *holds,
                   const struct port *first, uint8_t family)
{
    const struct port **ring = NULL;
    size_t n = 0, allocated = 0, start = 0;
    const struct port *p = first;
    bool closed = false;

    /* A circle is no longer than the ports of a StatefulSet; 10,000 is more
     * than any has. */
    while (p && n < 10000) {
        struct ip_addr target;

        if (n >= allocated) {
            ring = x2nrealloc(ring, &allocated, sizeof *ring);
        }
        ring[n++] = p;
        if (!target_address(m, p, family, &target)
            || ip_addr_set_contains(&p->static_ips, &target)) {
            break;
        }
        p = in_front(m, holds, p, first, &target);
        if (p == first) {
            closed = true;
            break;
        }
    }
    if (!closed || n < 2) {
        free(ring);
        return NULL;
    }
    struct ds ds = DS_EMPTY_INITIALIZER;
    for (size_t i = 1; i < n; i++) {
        if (strcmp(ring[i]->name, ring[start]->name) < 0) {
            start = i;
        }
    }
    ds_put_format(&ds, "StatefulSet %s/%s: cycle: ", first->member->ns,
                  first->member->base);
    for (size_t i = 0; i < n; i++) {
        const struct port *a = ring[(start + i) % n];
        struct ip_addr target;
        char ip[IP_ADDR_STRLEN];

        target_address(m, a, family, &target);
        ds_put_format(&ds, "%s%s waits for %s of %s", i ? ", " : "", a->name,
                      ip_addr_to_string(&target, ip),
                      ring[(start + i + 1) % n]->name);
    }
    free(ring);
    return ds_steal_cstr(&ds);
}

char *
judge_cycle(const struct model *m, const struct hold_table *holds,
            const struct port *p)
{
    char *text = NULL;

    if (p->kind == PORT_OWNED && p->network && p->member && p->member->base) {
        text = judge_cycle_family(m, holds, p, 4);
        if (!text) {
            text = judge_cycle_family(m, holds, p, 6);
        }
    }
    return text;
}
