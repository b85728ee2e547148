/* SPDX-License-Identifier: Apache-2.0 */

/* See admission.h. */

#include <config.h>

#include "admission-private.h"

#include <stdlib.h>
#include <string.h>

#include "dialect.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "smap.h"
#include "sset.h"
#include "util.h"
#include "workload.h"

/* How many findings of one kind are told one by one. */
#define MAX_OF_A_KIND 3

void
admission_request_init(struct admission_request *req)
{
    memset(req, 0, sizeof *req);
    req->user = "";
    svec_init(&req->own_keys);
    svec_init(&req->old_own_keys);
}

void
admission_request_destroy(struct admission_request *req)
{
    svec_destroy(&req->own_keys);
    svec_destroy(&req->old_own_keys);
}

void
admission_answer_destroy(struct admission_answer *answer)
{
    for (size_t i = 0; i < answer->n; i++) {
        free(answer->findings[i].text);
    }
    free(answer->findings);
}

/* ---- Findings. ---- */

static struct admission_finding *
add_finding(struct admission *a, enum admission_message id, char *text)
{
    struct admission_answer *answer = a->answer;
    struct admission_finding *f;

    answer->findings = xrealloc(answer->findings, (answer->n + 1)
                                * sizeof *answer->findings);
    f = &answer->findings[answer->n++];
    f->id = id;
    f->refuses = false;
    f->text = text;
    return f;
}

/* Would 'id' be a reason to refuse, whatever the mode? */
static bool
is_reason(const struct admission *a, enum admission_message id, bool soft)
{
    switch (admission_message_info(id)->effect) {
    case ADM_EFFECT_WARN:
        return false;
    case ADM_EFFECT_POLICY:
        return !soft && a->ctx->settings->admission == ADMISSION_DENY;
    case ADM_EFFECT_REFUSE:
        return !soft;
    }
    OVS_NOT_REACHED();
}

void
admission_say(struct admission *a, enum admission_message id, bool soft,
              const char *who, const struct admission_value *values)
{
    bool reason = is_reason(a, id, soft);
    bool observe = a->ctx->mode == MODE_OBSERVE;

    if (reason && !observe) {
        a->answer->allowed = false;
    }
    if (a->counts[id]++ < MAX_OF_A_KIND) {
        struct ds ds = DS_EMPTY_INITIALIZER;

        ds_put_format(&ds, "%s: ", admission_message_info(id)->name);
        if (who) {
            ds_put_format(&ds, "pod %s: ", who);
        }
        admission_format(id, values, &ds);
        if (reason && observe) {
            ds_put_cstr(&ds, " (in mode observe nothing is refused)");
        }
        add_finding(a, id, ds_steal_cstr(&ds))->refuses = reason && !observe;
    }
}

/* Tells of those that were too many to be told one by one. */
static void
say_rest(struct admission *a)
{
    for (enum admission_message id = 0; id < ADM_N_MESSAGES; id++) {
        if (a->counts[id] > MAX_OF_A_KIND) {
            add_finding(a, id,
                        xasprintf("%s: and %"PRIuSIZE" more like this",
                                  admission_message_info(id)->name,
                                  a->counts[id] - MAX_OF_A_KIND));
        }
    }
}

/* ---- Pods. ---- */

static void
init_pod_asker(const struct model *m, struct asker *asker,
               const struct pod *pod)
{
    *asker = (struct asker) {
        .ns = pod->owner->ns,
        .name = model_pod_member_name(m, pod),
        .kind = pod->owner_kind,
        .owner = pod->owner->name,
        .owner_uid = pod->owner->uid,
        .ordinal = pod->ordinal,
    };
}

/* The items of the list that 'claim' was too high for are not known here: a
 * pod's annotations are read for the pod alone. */
static void
say_pod_pool_too_short(struct admission *a, const struct pod *pod,
                       const struct claim *claim)
{
    char *ordinal = xasprintf("%d", pod->ordinal);
    char *needed = xasprintf("%d", pod->ordinal + 1);

    ADMISSION_SAY(a, ADM_POOL_TOO_SHORT, a->req->update, NULL,
                  { "key", claim->source },
                  { "have", "fewer items" },
                  { "ordinal", ordinal },
                  { "needed", needed });
    free(ordinal);
    free(needed);
}

/* A network of a list may be another CNI's, with a form of its own for
 * addresses; which one it is, the list does not say. */
void
admission_say_invalid(struct admission *a, const struct claim *claim,
                      bool soft)
{
    soft |= claim->source && !strcmp(claim->source, NETWORKS_ANNOTATION);
    ADMISSION_SAY(a, ADM_INVALID_VALUE, soft, NULL,
                  { "error", claim->error });
}

/* Is 'claim' one of the dialect that is spoken?  What asks may have been read
 * before that was known. */
static bool
is_spoken(const struct admission *a, const struct claim *claim)
{
    return a->ctx->model->dialect->knows_provider(claim->provider);
}

static void
check_pod_claim(struct admission *a, const struct asker *asker,
                const struct claim *claim)
{
    bool soft = a->req->update;

    switch (claim->kind) {
    case CLAIM_INVALID:
        admission_say_invalid(a, claim, soft);
        break;
    case CLAIM_SHORT_POOL:
        say_pod_pool_too_short(a, a->req->pod, claim);
        break;
    case CLAIM_EXPLICIT:
        for (size_t i = 0; i < claim->n_ips; i++) {
            admission_check_address(a, asker, claim, &claim->ips[i], soft);
        }
        break;
    case CLAIM_STICKY:
    case CLAIM_VIP:
        break;
    }
    admission_check_subnet(a, asker, claim);
}

/* The address with which a living pod's network was made, and which its
 * annotation names no more. */
static const struct ip_addr *
find_edited(const struct claim *old, const struct claim *new)
{
    for (size_t i = 0; old->allocated && i < old->n_ips; i++) {
        if (!new || !claim_names(new, &old->ips[i])) {
            return &old->ips[i];
        }
    }
    return NULL;
}

static void
check_pod_update(struct admission *a, const struct asker *asker)
{
    const struct claims *old = &a->req->old_pod->claims;
    const struct claims *new = &a->req->pod->claims;

    for (size_t i = 0; i < old->n; i++) {
        const struct claim *o = &old->claims[i];
        const struct ip_addr *ip = find_edited(o, claims_find(new,
                                                              o->provider));
        char buf[IP_ADDR_STRLEN];

        if (ip && is_spoken(a, o)) {
            ADMISSION_SAY(a, ADM_FIXED_IP_EDITED, true, NULL,
                          { "address", ip_addr_to_string(ip, buf) },
                          { "key", o->source });
        }
    }
    for (size_t i = 0; i < new->n; i++) {
        const struct claim *n = &new->claims[i];
        const struct claim *o = claims_find(old, n->provider);

        if (is_spoken(a, n)
            && !n->allocated && !(o && (o->allocated || claim_equals(o, n)))) {
            check_pod_claim(a, asker, n);
        }
    }
}

static void
judge_pod(struct admission *a)
{
    const struct pod *pod = a->req->pod;
    struct asker asker;

    init_pod_asker(a->ctx->model, &asker, pod);
    if (a->req->update) {
        check_pod_update(a, &asker);
        return;
    }
    for (size_t i = 0; i < pod->claims.n; i++) {
        if (is_spoken(a, &pod->claims.claims[i])) {
            check_pod_claim(a, &asker, &pod->claims.claims[i]);
        }
    }
}

/* ---- Workloads. ---- */

static void
check_own_keys(struct admission *a)
{
    const struct admission_request *req = a->req;

    for (size_t i = 0; i < req->own_keys.n; i++) {
        const char *key = req->own_keys.names[i];

        if (!svec_contains(&req->old_own_keys, key)) {
            ADMISSION_SAY(a, ADM_MISPLACED_KEY, false, NULL,
                          { "key", key },
                          { "kind", owner_kind_to_string(
                                req->workload->kind) });
        }
    }
}

/* Did nothing change that matters here?  An object that was let in before
 * must always stay open to other changes. */
static bool
is_unchanged(const struct admission_request *req)
{
    const struct workload *new = req->workload;
    const struct workload *old = req->old_workload;
    bool fewer = (new->start >= old->start
                  && new->start + new->replicas <= old->start + old->replicas);

    return (svec_equal(&req->own_keys, &req->old_own_keys)
            && new->n_revisions && old->n_revisions
            && smap_equal(&new->revisions[0].annotations,
                          &old->revisions[0].annotations)
            && (new->kind != OWNER_STATEFULSET || fewer));
}

static void
judge_workload(struct admission *a)
{
    const struct admission_request *req = a->req;
    struct template new, old;

    if (req->update && is_unchanged(req)) {
        return;
    }
    check_own_keys(a);
    template_init(&new, a->ctx->model, req->workload);
    a->template = &new;
    if (req->update) {
        template_init(&old, a->ctx->model, req->old_workload);
        admission_check_change(a, &new, &old);
        admission_check_template(a, &new, &old);
        template_destroy(&old);
    } else {
        admission_check_template(a, &new, NULL);
    }
    template_destroy(&new);
    a->template = NULL;
}

/* ---- All. ---- */

static bool
is_exempt_user(const struct svec *exempt, const char *user)
{
    for (size_t i = 0; exempt && i < exempt->n; i++) {
        const char *pattern = exempt->names[i];
        size_t len = strlen(pattern);

        if (len && pattern[len - 1] == '*'
            ? !strncmp(user, pattern, len - 1)
            : !strcmp(user, pattern)) {
            return true;
        }
    }
    return false;
}

/* Is the object one that is let in without a look? */
static bool
is_exempt(const struct admission_context *ctx,
          const struct admission_request *req)
{
    const char *ns = req->pod ? req->pod->owner->ns : req->workload->ns;

    return (req->deleting
            || is_exempt_user(ctx->exempt, req->user)
            || (req->pod ? req->pod->opted_out : req->workload->opted_out)
            || sset_contains(&ctx->model->opted_out_namespaces, ns));
}

/* The workload that a pod belongs to may have opted out as a whole. */
static bool
owner_opted_out(const struct admission_context *ctx, const struct pod *pod)
{
    const struct workload *w = NULL;

    if (pod->owner_kind == OWNER_STATEFULSET || pod->owner_kind == OWNER_VM) {
        w = model_find_workload(ctx->model, pod->owner_kind,
                                pod->owner->ns, pod->owner->name);
    }
    return w && w->opted_out;
}

void
admission_judge(const struct admission_context *ctx,
                const struct admission_request *req,
                struct admission_answer *answer)
{
    struct admission a = { .ctx = ctx, .req = req, .answer = answer };

    *answer = (struct admission_answer) { .allowed = true };
    if (is_exempt(ctx, req)) {
        return;
    }
    if (ctx->not_ready) {
        ADMISSION_SAY(&a, ADM_NOT_READY, true, NULL,
                      { "reason", ctx->not_ready });
        return;
    }
    if (!req->pod) {
        judge_workload(&a);
    } else if (!owner_opted_out(ctx, req->pod)) {
        judge_pod(&a);
    }
    say_rest(&a);
}
