/* SPDX-License-Identifier: Apache-2.0 */

/* Who is entitled to which addresses: what a living pod claims, or, where
 * there is none, what its workload would give to the next one.  Everything
 * that cannot be told is ENT_UNKNOWN, which the verdict reads as "in use". */

#include <config.h>

#include "judge.h"

#include "dialect.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "plant.h"
#include "pod.h"
#include "util.h"
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

void
entitlement_destroy(struct entitlement *e)
{
    ip_addr_set_destroy(&e->wanted);
    free(e->why);
}

static void OVS_PRINTF_FORMAT(3, 4)
ent_set(struct entitlement *e, enum entitlement_kind kind,
        const char *format, ...)
{
    va_list args;

    e->kind = kind;
    if (e->terse) {
        return;
    }
    free(e->why);
    va_start(args, format);
    e->why = xvasprintf(format, args);
    va_end(args);
}

/* Fills 'e' from one claim that stands alone.  'whose' is NULL if 'e' is
 * terse. */
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
        if (!e->terse) {
            claim_format(c, &ds);
        }
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

bool
judge_is_migrating(const struct model *m, const struct port *p)
{
    const struct member *mb = p->member;
    const char *chassis = p->requested_chassis;

    if (!chassis || !chassis[0]) {
        return false;
    }
    return (strchr(chassis, ',')
            || (m->dialect->vm_ports && mb
                && (mb->vm_seen
                    || (mb->pod_seen && mb->seen_kind == OWNER_VM))));
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
        || judge_is_migrating(m, p)) {
        ent_set(e, ENT_EXEMPT, "%s/%s is under live migration", mb->ns,
                mb->name);
        return;
    }
    if (!alive) {
        ent_set(e, m->dialect->sticky ? ENT_EXEMPT : ENT_GONE,
                "pod %s/%s has finished%s", mb->ns, mb->pods[0]->name,
                m->dialect->sticky ? "" : ", which frees its addresses");
        return;
    }
    e->pod = alive;

    const struct claim *c = m->dialect->find_claim(&alive->claims,
                                                   p->provider);
    char *whose = (e->terse ? NULL
                   : xasprintf("pod %s/%s", alive->owner->ns, alive->name));
    if (c) {
        ent_from_claim(e, c, whose);
    } else {
        ent_set(e, ENT_STICKY, "%s names no address and keeps what its port "
                "has", whose);
    }
    free(whose);
}

/* Adds what one revision asks for to 'e'.  Tells if that decides. */
static bool
ent_add_revision(struct entitlement *e, const struct claim *c,
                 const char *whose, bool first)
{
    struct entitlement one = { .kind = ENT_UNKNOWN, .terse = e->terse };

    ip_addr_set_init(&one.wanted);
    ent_from_claim(&one, c, whose);
    if (first || one.kind != ENT_EXPLICIT) {
        /* One revision that does not name an address decides: the next pod
         * may be of that one. */
        e->kind = one.kind;
        free(e->why);
        e->why = one.why;
        one.why = NULL;
    }
    for (size_t i = 0; i < one.wanted.n; i++) {
        ip_addr_set_add(&e->wanted, &one.wanted.addrs[i]);
    }
    if (first) {
        e->has_mac = one.has_mac;
        e->mac = one.mac;
    }
    bool decided = one.kind != ENT_EXPLICIT;
    entitlement_destroy(&one);
    return decided;
}

/* No pod; 'w' speaks for the member: all revisions in play together. */
static void
ent_from_workload(const struct model *m, const struct member *mb,
                  const struct workload *w, const struct port *p,
                  struct entitlement *e)
{
    char *whose = (e->terse ? NULL
                   : w->kind == OWNER_STATEFULSET
                   ? xasprintf("StatefulSet %s/%s for ordinal %d", w->ns,
                               w->name, mb->ordinal)
                   : xasprintf("VirtualMachine %s/%s", w->ns, w->name));
    size_t n = w->n_revisions;
    struct claim *claims = xcalloc(MAX(n, 1), sizeof *claims);

    /* Kubernetes says so of ordinals from the partition on, deleted ones
     * included; only a look at the very next pod could be surer. */
    bool is_new = (m->next_is_new && w->kind == OWNER_STATEFULSET
                   && !sset_contains(&m->next_unknown, w->ns)
                   && !w->on_delete && n
                   && mb->ordinal >= w->start + w->partition);
    if (is_new || (PLANTED(ONE_REVISION) && n)) {
        n = 1;
    }
    e->workload = w;
    e->workload_revisions = n;
    if (!w->revisions_known && !is_new) {
        ent_set(e, ENT_UNKNOWN, "%s: a rollout is under way and the revision "
                "that it leaves is not known", whose);
        goto out;
    }
    workload_claims(w, m->dialect, mb->ordinal, p->provider, claims);
    for (size_t i = 0; i < n; i++) {
        if (ent_add_revision(e, &claims[i], whose, i == 0)) {
            break;
        }
    }
    for (size_t i = 0; i < w->n_revisions; i++) {
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

    if (w && w->kind == OWNER_VM && !m->dialect->vm_ports) {
        return xasprintf("pod %s/%s of %s %s is gone", mb->ns, mb->name,
                         owner_kind_to_string(w->kind), w->name);
    }
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
        if (!m->dialect->vm_ports) {
            return xasprintf("pod %s/%s is gone", mb->ns, mb->name);
        }
        if (m->vms_listed) {
            return xasprintf("there is no VirtualMachine %s/%s", mb->ns,
                             mb->name);
        }
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

static bool
is_vip(const struct model *m, const struct member *mb)
{
    if (sset_is_empty(&m->vips)) {
        return false;
    }
    char *key = xasprintf("%s/%s", mb->ns, mb->name);
    bool vip = sset_contains(&m->vips, key);
    free(key);
    return vip;
}

/* Is the member none of ours, whatever its pods and owners ask for, or is that
 * not known yet?  Then 'e' says so. */
static bool
ent_is_exempt(const struct model *m, const struct member *mb,
              struct entitlement *e)
{
    if (is_vip(m, mb)) {
        ent_set(e, ENT_EXEMPT, "%s/%s is a Vip", mb->ns, mb->name);
        return true;
    }

    char *outside;
    switch (model_member_scope(m, mb, &outside)) {
    case SCOPE_INSIDE:
        break;
    case SCOPE_OUTSIDE:
        ent_set(e, ENT_EXEMPT, "not ours to judge: %s", outside);
        break;
    case SCOPE_UNDECIDED:
        ent_set(e, ENT_UNKNOWN, "%s", outside);
        break;
    }
    if (outside) {
        free(outside);
        return true;
    }
    if (model_member_opted_out(m, mb)) {
        ent_set(e, ENT_EXEMPT, "%s/%s opted out by " OPT_OUT_ANNOTATION,
                mb->ns, mb->name);
        return true;
    }
    return false;
}

/* The member has no pod; 'w' speaks for it, if that is not NULL. */
static void
ent_without_pods(const struct model *m, enum guard_mode mode,
                 const struct port *p, const struct workload *w,
                 struct entitlement *e)
{
    const struct member *mb = p->member;

    if (judge_is_migrating(m, p)) {
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
    if (e->kind == ENT_STICKY && !m->dialect->sticky
        && (mb->pod_seen || m->vips_known)) {
        ent_set(e, ENT_GONE, "pod %s/%s is gone, which frees its addresses, "
                "and %s %s names none", mb->ns, mb->name,
                owner_kind_to_string(w->kind), w->name);
        e->never_seen = !mb->pod_seen;
        return;
    }
    if (e->kind == ENT_STICKY && w->kind == OWNER_STATEFULSET
        && w->n_revisions <= 1  /* Or the other one may name it. */
        && mb->seen && mb->seen->uid[0] && w->uid[0]
        && strcmp(mb->seen->uid, w->uid)) {
        ent_set(e, ENT_GONE, "StatefulSet %s/%s was re-created (uid %s, "
                "formerly %s) and names no address", w->ns, w->name, w->uid,
                mb->seen->uid);
    }
}

/* Fills 'e', of which 'terse' is set and everything else zero. */
static void
fill_entitlement(const struct model *m, enum guard_mode mode,
                 const struct port *p, struct entitlement *e)
{
    const struct member *mb = p->member;

    ovs_assert(mb);
    if (ent_is_exempt(m, mb, e)) {
        return;
    }

    const struct workload *w = model_member_workload(m, mb);
    if (mb->n_pods) {
        ent_from_pods(m, mb, p, e);
        e->workload = w;
    } else {
        ent_without_pods(m, mode, p, w, e);
    }
}

void
judge_entitlement(const struct model *m, enum guard_mode mode,
                  const struct port *p, struct entitlement *e)
{
    memset(e, 0, sizeof *e);
    ip_addr_set_init(&e->wanted);
    fill_entitlement(m, mode, p, e);
}

void
judge_entitlement_tersely(const struct model *m, enum guard_mode mode,
                          const struct port *p, struct entitlement *e)
{
    memset(e, 0, sizeof *e);
    ip_addr_set_init(&e->wanted);
    e->terse = true;
    fill_entitlement(m, mode, p, e);
}

bool
judge_wants(const struct model *m, enum guard_mode mode, const struct port *p,
            const struct ip_addr *ip)
{
    struct entitlement e;

    if (p->kind != PORT_OWNED) {
        return false;
    }
    judge_entitlement_tersely(m, mode, p, &e);
    bool wants = (e.kind == ENT_EXPLICIT
                  && ip_addr_set_contains(&e.wanted, ip));
    entitlement_destroy(&e);
    return wants;
}
