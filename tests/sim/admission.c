/* SPDX-License-Identifier: Apache-2.0 */

/* The API server that asks an instance before it makes a pod: agent/core's own
 * judgement, as agent/webhook.c calls for it.  Who makes pods tries again when
 * one is refused, as the StatefulSet controller does.  Where nobody answers,
 * the pod is let in. */

#include <config.h>

#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/util.h"
#include "util.h"
#include "uuid.h"

#include "agent/core/admission.h"

/* How long who was refused waits: so long, doubled up to 2^8 of it. */
#define RETRY_MS 500

/* Any instance that is up may be asked. */
static struct instance *
find_webhook(struct world *w)
{
    int first = delay(w, N_INSTANCES - 1);

    for (int i = 0; i < N_INSTANCES; i++) {
        struct instance *in = &w->instances[(first + i) % N_INSTANCES];

        if (in->alive) {
            return in;
        }
    }
    return NULL;
}

/* Is 'ip' held against the pod in 'slot', as 'in' knows? */
static const struct hold *
held_against(const struct instance *in, int slot, int ip)
{
    struct uuid net = sim_uuid(UUID_NET, in->nb_net_ids[slot_net(slot)]);
    const struct hold *h;
    struct ip_addr addr;

    ovs_assert(ip_addr_parse(ip_text(ip), &addr));
    h = hold_table_find(guard_holds(in->guard), &net, &addr);
    return h && strcmp(h->owner.name, slot_name(slot)) ? h : NULL;
}

/* Does anybody else, as 'in' knows, have 'ip', or the promise of it? */
static bool
is_anothers(const struct world *w, const struct instance *in, int slot, int ip)
{
    int net = slot_net(slot);

    for (int i = 0; i < N_IP_ROWS; i++) {
        const struct ip_row *o = &w->ipam.rows[i];
        const struct ip_told *told = &in->ip_told[i];

        /* Or it was there, or had the address, a moment ago. */
        if (i != slot && o->version && o->net == net && o->ip == ip
            && (o->exists || told->version != o->version)) {
            return true;
        }
        if (i != slot && told->version && told->version != o->version
            && told->net == net && told->ip == ip) {
            return true;
        }
    }

    for (int q = 0; q < N_SLOTS; q++) {
        if (q != slot && slot_net(q) == net
            && row_ips(&in->nb_rows[q]) & (1u << ip)) {
            return true;
        }
    }
    for (int q = 0; q < N_OWNED_SLOTS; q++) {
        const struct kpod *pod = &in->known[q].pod;

        if (q != slot && slot_net(q) == net && pod->exists
            && (pod_wants(pod, q) == ip || pod->ip == ip)) {
            return true;
        }
    }
    for (int i = 0; i <= N_STS; i++) {
        const struct ksts *s = &in->known[OBJ_STS(i)].sts;

        for (int j = 0; s->exists && j < 2; j++) {
            bool own = (i == N_STS ? slot == SLOT_VM
                        : i == slot_sts(slot) && j == slot_ordinal(slot));

            if (!own && (s->pool[j] == ip || (s->old_revision != s->revision
                                              && s->old_pool[j] == ip))) {
                return true;
            }
        }
    }
    return false;
}

static void
check_answer(struct world *w, const struct instance *in, int slot, int ip,
             const struct admission_context *ctx,
             const struct admission_answer *answer)
{
    const struct hold *h = ip == NO_IP ? NULL : held_against(in, slot, ip);
    bool clean = h && (h->state == HOLD_INTENT || !h->fixed
                       || h->network_name[3] - '0' != slot_net(slot));

    if (!answer->allowed && ip != NO_IP && !h
        && !is_anothers(w, in, slot, ip)) {
        violate(w, RULE_SAME_OWNER, "%s refuses %s its own address: %s",
                in->name, slot_name(slot), answer->findings[0].text);
    } else if (answer->allowed && h && !clean && !ctx->not_ready
               && ctx->mode != MODE_OBSERVE
               && !(row_ips(&in->nb_rows[slot]) & (1u << ip))) {
        violate(w, RULE_ADMISSION, "%s lets %s in with %s, which is held",
                in->name, slot_name(slot), ip_text(ip));
    }
}

/* May the pod come that is to be 'pod' in 'slot'? */
bool
admission_lets_in(struct world *w, int slot, const struct kpod *pod)
{
    struct instance *in = w->config.webhook ? find_webhook(w) : NULL;
    struct admission_context ctx;
    struct admission_request req;
    struct admission_answer answer;
    struct guard_env env;
    bool allowed;

    if (w->refused[slot] && w->now < w->refused_ms[slot]) {
        timer_by(w, T_STS, w->refused_ms[slot]);
        return false;
    }
    w->refused[slot] = false;
    if (!in && w->config.webhook && w->config.release) {
        w->refused[slot] = true; /* failurePolicy: Fail */
        w->refused_ms[slot] = w->now + 1000;
        timer_by(w, T_STS, w->refused_ms[slot]);
        return false;
    }
    if (!in || pod->opted_out) {
        return true;
    }
    struct pod *object = kube_make_pod(w, slot, pod);
    instance_env(w, in, &env);
    guard_admission_context(in->guard, &env, &ctx);
    admission_request_init(&req);
    req.user = "system:serviceaccount:kube-system:statefulset-controller";
    req.pod = object;
    admission_judge(&ctx, &req, &answer);
    allowed = answer.allowed;
    check_answer(w, in, slot, pod->way == WAY_INVALID ? NO_IP
                 : pod_wants(pod, slot), &ctx, &answer);
    if (!allowed) {
        SAY(w, in->name, "refuses pod %s: %s", slot_name(slot),
            answer.findings[0].text);
        coverage->refusals++;
        w->refused[slot] = true;
        w->refused_ms[slot] = w->now + (RETRY_MS
                                        << MIN(w->n_refused[slot]++, 8));
        timer_by(w, T_STS, w->refused_ms[slot]);
    }
    w->n_refused[slot] *= !allowed;
    admission_answer_destroy(&answer);
    admission_request_destroy(&req);
    pod_destroy(object);
    return allowed;
}

/* At rest nobody is refused an address that is free. */
void
admission_rest(struct world *w, int slot, int ip, bool has_rival)
{
    if (slot == SLOT_PLAIN || (slot == SLOT_VM && !w->kube.vm.replicas)) {
        return;                 /* Nobody tries again. */
    }
    if (w->refused[slot] && !w->kube.pods[slot].exists && !has_rival
        && !is_anothers(w, active_instance(w), slot, ip)) {
        violate(w, RULE_ADMISSION_ENDS, "%s is still refused, and %s is free",
                slot_name(slot), ip_text(ip));
    }
}
