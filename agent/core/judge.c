/* SPDX-License-Identifier: Apache-2.0 */

/* The table of stale cases.  No deviation from doc/design.md, 6 is
 * intended; the order of the tests in judge_address() is the order of that
 * table.  Re-judged whenever a pod, a workload, a port, a binding, a chassis
 * or a hold that it reads has changed. */

#include <config.h>

#include "judge.h"

#include "dialect.h"
#include "evidence.h"
#include "hash.h"
#include "hold.h"
#include "lsp-addr.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "plant.h"
#include "pod.h"
#include "util.h"
#include "uuid.h"
#include "workload.h"

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
verdict_destroy(struct verdict *v)
{
    free(v->why);
}

/* ---- Bindings. ---- */

enum binding_state
judge_binding(const struct model *m, const struct port *p)
{
    const struct binding *b;

    if (!model_binding_known(m, p->name)) {
        return PLANTED(SB_NOT_AWAITED) ? BINDING_UNBOUND : BINDING_UNKNOWN;
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
        if (PLANTED(BOUND_IGNORED)) {
            break;
        }
        char *why = xasprintf("%s; its port is still bound to %s", v->why,
                              b->chassis ? b->chassis : "a chassis");
        free(v->why);
        v->why = why;
        v->kind = VERDICT_WAIT;
        break;
    }
    case BINDING_UNBOUND:
        if (PLANTED(SB_NOT_AWAITED) && !b) {
            break;
        }
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

const struct port *
judge_gated_loser(const struct addr_use *use, const struct port *port)
{
    if (!evidence_is_gated(port)) {
        return NULL;
    }
    for (size_t i = 0; use && i < use->n; i++) {
        if (use->ports[i] != port && !evidence_is_gated(use->ports[i])) {
            return use->ports[i];
        }
    }
    return NULL;
}

/* ---- The verdict. ---- */

static void OVS_PRINTF_FORMAT(4, 5)
verdict_set(struct verdict *v, enum verdict_kind kind, const char *case_,
            const char *format, ...)
{
    va_list args;
    char *why;

    /* The arguments may name what 'v' said before. */
    va_start(args, format);
    why = xvasprintf(format, args);
    va_end(args);
    free(v->why);

    v->kind = kind;
    v->case_ = case_;
    v->why = why;
}

/* Does the port's row say that it was made for an earlier pod of the name? */
static bool
made_for_another(const struct port *p, const struct pod *pod)
{
    return (p->pod_uid && obj_uid_is_set(&pod->uid)
            && !obj_uid_is(&pod->uid, p->pod_uid));
}

/* The pod that has the name runs with whatever the port has. */
static bool
pod_runs(const struct model *m, const struct port *p, const struct pod *pod,
         const struct entitlement *e, const struct ip_addr *ip)
{
    return ((e->allocated && !made_for_another(p, pod))
            || pod->deleting
            || pod->ran
            || pod->edited
            || ip_addr_set_contains(pod_status_ips(pod), ip)
            || (!p->member->await_unbound
                && judge_binding(m, p) == BINDING_BOUND));
}

/* Does the template that the pod was made from give this ordinal what the pod
 * wants?  Then the pod was born with it, although we did not see it come.  Its
 * label names that template's revision; what another one says by now may be
 * what somebody wrote on the pod as well, while it ran. */
static bool
born_so(const struct model *m, const struct port *p,
        const struct entitlement *e)
{
    const struct workload *w = e->workload;
    bool found = false;

    if (!w || !w->revisions_known || !w->n_revisions) {
        return false;
    }
    const char *label = e->pod->owner->revision;
    struct claim *claims = xcalloc(w->n_revisions, sizeof *claims);
    workload_claims(w, m->dialect, p->member->ordinal, p->provider, claims);
    for (size_t i = 0; i < w->n_revisions; i++) {
        bool its_own = !label[0] || !strcmp(label, w->revisions[i].name);
        bool same = (its_own && claims[i].kind == CLAIM_EXPLICIT
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

/* A pod is there and wants something else of this family. */
static void
judge_with_pod(const struct model *m, const struct settings *s,
               enum guard_mode mode, const struct port *p,
               const struct ip_addr *ip, const struct entitlement *e,
               const struct port *keeper, struct verdict *v)
{
    const struct pod *pod = e->pod;

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
        v->denied = true;
        return;
    }
    if (!pod->arrived && !made_for_another(p, pod) && !born_so(m, p, e)) {
        verdict_set(v, VERDICT_REPORT, "B'", "%s; whether it ever ran with "
                    "the address on its port is not known", e->why);
        return;
    }
    if (mode == MODE_GUARD && !keeper) {
        char *proof = judge_failed_move(m, p, e, ip->family);

        if (!proof) {
            verdict_set(v, VERDICT_MOVING, "B", "%s; its port is the CNI "
                        "controller's to move", e->why);
            return;
        }
        verdict_set(v, VERDICT_CLEAR, "B", "%s, %s: a failed move", e->why,
                    proof);
        free(proof);
    } else {
        verdict_set(v, VERDICT_CLEAR, keeper ? "E" : "B", "%s%s%s", e->why,
                    keeper ? "; the address belongs to " : "",
                    keeper ? keeper->name : "");
    }
    v->settle_ms = pod->arrived ? s->settle_ms : s->unseen_settle_ms;
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
        char uid[OBJ_UID_STRLEN];

        hash = hash_string(obj_uid_to_string(&e->pod->uid, uid), hash);
    }
    if (e->workload) {
        hash = hash_string(e->workload->uid, hash);
    }
    for (size_t i = 0; i < p->addresses.n; i++) {
        hash = hash_string(p->addresses.names[i], hash);
    }
    /* Nobody ever was there, or somebody was and is gone: what was seen of the
     * one says nothing of the other. */
    hash = hash_boolean(e->never_seen, hash);
    return hash_finish(hash, e->kind);
}

/* Why the address of a port that is left over of a virtual machine's pod is
 * kept for the next one; NULL if it is not.  The cluster's default network
 * keeps none. */
static char *
kept_for_vm(const struct model *m, const struct port *p,
            const struct ip_addr *ip)
{
    const char *claim = model_find_ipam_claim(m, p, ip);
    const struct member *mb = p->member;

    if (claim) {
        return xasprintf("IPAMClaim %s keeps the address", claim);
    }
    if (!m->dialect->vm_ports && !m->ipam_claims_known
        && (mb->pod_seen ? mb->seen_kind == OWNER_VM
            : !strncmp(mb->name, "virt-launcher-", 14))
        && strcmp(p->provider, p->cni_network)) {
        return xstrdup("whether an IPAMClaim keeps the address for its "
                       "virtual machine is not known");
    }
    return NULL;
}

static void
judge_without_pod(const struct model *m, const struct settings *s,
                  enum guard_mode mode, const struct port *p,
                  const struct ip_addr *ip, const struct entitlement *e,
                  const struct port *keeper, long long int now,
                  struct verdict *v)
{
    char *kept = keeper ? NULL : kept_for_vm(m, p, ip);
    if (kept) {
        verdict_set(v, VERDICT_FINE, "G", "%s, but %s", e->why, kept);
        free(kept);
        return;
    }

    bool deny = (s->sts_ip_change == STS_IP_CHANGE_DENY && e->workload
                 && e->workload->kind == OWNER_STATEFULSET);

    if (e->kind == ENT_EXPLICIT) {
        if (deny) {
            verdict_set(v, VERDICT_REPORT, "C", "%s, but a change of a live "
                        "StatefulSet's fixed IP is denied "
                        "(sts-ip-change=deny)", e->why);
            v->denied = true;
            return;
        }
        verdict_set(v, VERDICT_CLEAR, keeper ? "E" : "C",
                    "no pod; %s", e->why);
    } else {
        verdict_set(v, VERDICT_CLEAR, keeper ? "E" : "D", "%s", e->why);
        if (!keeper && mode == MODE_GUARD && m->cni_down) {
            verdict_set(v, VERDICT_WAIT, "D", "%s; but the CNI controller "
                        "does not run", e->why);
            return;
        }
        if (!keeper && mode == MODE_GUARD && m->cni_restarted_ms) {
            long long int settled = m->cni_restarted_ms + s->cni_gc_ms;
            if (now < settled) {
                char *why = xasprintf("%s; the CNI controller was started "
                                      "lately", e->why);

                verdict_set(v, v->kind, v->case_, "%s", why);
                free(why);
                v->not_before_ms = settled;
            }
        }
    }
    /* A port may well be made some time before its owner is written down. */
    v->settle_ms = e->never_seen ? s->unseen_settle_ms : s->settle_ms;
    require_unbound(m, s, p, v);
}

static bool
ipam_speaks(const struct model *m)
{
    return !hmap_is_empty(&m->ip_objects) || m->ip_objects_hidden;
}

/* What the IPAM's objects have to say to 'v'. */
static void
hear_ipam(const struct model *m, enum guard_mode mode, const struct port *p,
          const struct ip_addr *ip, struct verdict *v)
{
    char *text;

    if (!ipam_speaks(m)) {
        return;
    }
    if (v->kind == VERDICT_CLEAR || v->kind == VERDICT_WAIT) {
        text = judge_reservation(m, mode, p);
        if (text) {
            verdict_set(v, VERDICT_REPORT, v->case_, "%s; but %s",
                        v->why, text);
            free(text);
            return;
        }
    }
    if ((v->kind == VERDICT_FINE || v->kind == VERDICT_WAIT)
        && judge_binding(m, p) == BINDING_BOUND) {
        text = judge_drift(m, p, ip);
        if (text) {
            verdict_set(v, VERDICT_REPORT, "B'", "%s: drift", text);
            free(text);
        }
    }
}

/* The port is to have the address.  If we keep it shut and another port has
 * the address openly, it is the loser, and ARP must not find it. */
static void
judge_wanted(const struct model *m, const struct settings *s,
             const struct port *p, const struct ip_addr *ip,
             const struct entitlement *e, struct verdict *v)
{
    const struct port *winner
        = judge_gated_loser(model_find_addr(m, p->network, ip), p);

    if (!winner) {
        verdict_set(v, VERDICT_FINE, "A", "%s", e->why);
        return;
    }
    verdict_set(v, VERDICT_CLEAR, "E", "%s, but %s has it, and a port that is "
                "only gated still answers ARP", e->why, winner->name);
    v->settle_ms = s->settle_ms;
    require_unbound(m, s, p, v);
}

/* Case E: the other port that has the address, rightly; NULL if there is
 * none. */
static const struct port *
find_keeper(const struct model *m, enum guard_mode mode, const struct port *p,
            const struct ip_addr *ip)
{
    const struct addr_use *use = model_find_addr(m, p->network, ip);
    const struct port *keeper = NULL;

    if (use && use->n > 1) {
        char *why;
        keeper = judge_keeper(m, mode, use, &why);
        free(why);
    }
    return keeper == p ? NULL : keeper;
}

/* The port is not to have the address. */
static void
judge_unwanted(const struct model *m, const struct settings *s,
               enum guard_mode mode, const struct hold_table *holds,
               const struct port *p, const struct ip_addr *ip,
               const struct entitlement *e, long long int now,
               struct verdict *v)
{
    const struct hold *h = hold_table_find(holds, &p->network->uuid, ip);
    const struct port *keeper;

    if (h && uuid_equals(&h->keeper, &p->uuid)) {
        verdict_set(v, VERDICT_WAIT, "E", "%s, but its port had the "
                    "address when it was held and keeps it until that "
                    "hold ends", e->why);
        return;
    }
    keeper = find_keeper(m, mode, p, ip);
    if (e->pod) {
        judge_with_pod(m, s, mode, p, ip, e, keeper, v);
    } else {
        judge_without_pod(m, s, mode, p, ip, e, keeper, now, v);
    }
}

bool
judge_is_fine(const struct model *m, enum guard_mode mode,
              const struct port *p, const struct ip_addr *ip)
{
    struct entitlement e;
    bool fine = false;

    if (!p->network || p->kind != PORT_OWNED || ipam_speaks(m)) {
        return false;
    }
    judge_entitlement_tersely(m, mode, p, &e);
    switch (e.kind) {
    case ENT_STICKY:
        fine = !PLANTED(STICKY_STALE);
        break;
    case ENT_EXEMPT:
    case ENT_UNKNOWN:
        fine = true;
        break;
    case ENT_EXPLICIT:
        fine = (ip_addr_set_contains(&e.wanted, ip)
                ? !judge_gated_loser(model_find_addr(m, p->network, ip), p)
                : !ip_addr_set_has_family(&e.wanted, ip->family));
        break;
    case ENT_GONE:
        break;
    }
    entitlement_destroy(&e);
    return fine;
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
    if (PLANTED(STICKY_STALE) && e.kind == ENT_STICKY) {
        e.kind = ENT_GONE;
    }
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
            judge_wanted(m, s, p, ip, &e, v);
        } else if (e.kind == ENT_EXPLICIT
                   && !ip_addr_set_has_family(&e.wanted, ip->family)) {
            verdict_set(v, VERDICT_FINE, "G", "%s: nothing is said about "
                        "this family", e.why);
        } else {
            judge_unwanted(m, s, mode, holds, p, ip, &e, now, v);
        }
        break;
    }
    hear_ipam(m, mode, p, ip, v);
    if (v->kind != VERDICT_FINE) {
        v->fingerprint = MAX(fingerprint(p, &e, v), NO_FINGERPRINT + 1);
    }
    entitlement_destroy(&e);
}
