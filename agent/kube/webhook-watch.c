/* SPDX-License-Identifier: Apache-2.0 */

/* See webhook-watch.h.  Looked at, not watched: it matters seldom, and what
 * was seen long ago counts as not seen. */

#include <config.h>

#include "webhook-watch.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"

#include "sha1.h"
#include "util.h"

#include "http.h"
#include "kubeconfig.h"

VLOG_DEFINE_THIS_MODULE(webhook_watch);

#define GROUP "/apis/admissionregistration.k8s.io/v1/"

#define INTERVAL_MS 10000
#define DEADLINE_MS 5000
#define MAX_BODY (8 * 1024 * 1024)

/* An API server follows its own policies within a second or so. */
#define CONFIRM_MS 2000

/* What was seen longer ago than this may have changed. */
#define FRESH_MS 30000

/* SHA-1 of the policy's conditions, variables and validations, in their order,
 * each followed by a new line.  A unit test compares it with the file. */
#define POLICY_DIGEST "e0d5de9b438b9205ee95fd287f6392aebe02ada8"

static const struct {
    const char *path;
    const char *what;           /* For people. */
    const char *right;          /* That may be missing. */
} kinds[N_LOOKS] = {
    [LOOK_WEBHOOK] = { GROUP "validatingwebhookconfigurations",
                       "webhook " RELEASE_WEBHOOK,
                       "list validatingwebhookconfigurations" },
    [LOOK_POLICY] = { GROUP "validatingadmissionpolicies/" RELEASE_POLICY,
                      "policy " RELEASE_POLICY,
                      "get validatingadmissionpolicies" },
    [LOOK_BINDING] = { GROUP "validatingadmissionpolicybindings/"
                       RELEASE_POLICY,
                       "binding " RELEASE_POLICY,
                       "get validatingadmissionpolicybindings" },
};

void
webhook_watch_init(struct webhook_watch *ww, struct http *http,
                   struct kubeconfig *kubeconfig)
{
    memset(ww, 0, sizeof *ww);
    ww->http = http;
    ww->kubeconfig = kubeconfig;
    for (size_t i = 0; i < N_LOOKS; i++) {
        sset_init(&ww->looks[i].left_out);
    }
}

static void
forget(struct webhook_look *look)
{
    look->good_ms = look->seen_ms = 0;
    sset_clear(&look->left_out);
    free(look->flaw);
    look->flaw = NULL;
    free(look->problem);
    look->problem = NULL;
}

void
webhook_watch_destroy(struct webhook_watch *ww)
{
    for (size_t i = 0; i < N_LOOKS; i++) {
        http_request_destroy(ww->looks[i].request);
        forget(&ww->looks[i]);
        sset_destroy(&ww->looks[i].left_out);
    }
}

void
webhook_watch_want(struct webhook_watch *ww, bool wanted)
{
    if (wanted != ww->wanted) {
        ww->wanted = wanted;
        ww->due_ms = 0;
        for (size_t i = 0; i < N_LOOKS; i++) {
            forget(&ww->looks[i]);
        }
        poll_immediate_wake();
    }
}

/* ---- What they say. ---- */

static const char *
get_string(const json_t *json, const char *key)
{
    const char *s = json_string_value(json_object_get(json, key));

    return s ? s : "";
}

/* A list or an object that is absent, null or without content. */
static bool
is_empty(const json_t *json)
{
    return (!json || json_is_null(json)
            || (json_is_array(json) && !json_array_size(json))
            || (json_is_object(json) && !json_object_size(json)));
}

static bool
has_string(const json_t *array, const char *s)
{
    const json_t *element;
    size_t i;

    json_array_foreach (array, i, element) {
        const char *e = json_string_value(element);

        if (e && (!strcmp(e, s) || !strcmp(e, "*"))) {
            return true;
        }
    }
    return false;
}

/* Is the creation of pods among the rules? */
static bool
is_for_new_pods(const json_t *rules)
{
    const json_t *rule;
    size_t i;

    json_array_foreach (rules, i, rule) {
        if (has_string(json_object_get(rule, "apiGroups"), "")
            && has_string(json_object_get(rule, "apiVersions"), "v1")
            && has_string(json_object_get(rule, "resources"), "pods")
            && has_string(json_object_get(rule, "operations"), "CREATE")
            && is_empty(json_object_get(rule, "resourceNames"))) {
            return true;
        }
    }
    return false;
}

/* The namespaces that 'selector' leaves out by name.  False if it does more
 * than that. */
static bool
read_left_out(const json_t *selector, struct sset *left_out)
{
    const json_t *expressions = json_object_get(selector, "matchExpressions");
    const json_t *e, *value;
    size_t i, j;

    if (!is_empty(json_object_get(selector, "matchLabels"))) {
        return false;
    }
    json_array_foreach (expressions, i, e) {
        if (strcmp(get_string(e, "key"), "kubernetes.io/metadata.name")
            || strcmp(get_string(e, "operator"), "NotIn")) {
            return false;
        }
        json_array_foreach (json_object_get(e, "values"), j, value) {
            if (json_is_string(value)) {
                sset_add(left_out, json_string_value(value));
            }
        }
    }
    return true;
}

/* Every pod of a StatefulSet has this label, from its controller. */
static bool
is_for_statefulsets(const json_t *selector)
{
    const json_t *list = json_object_get(selector, "matchExpressions");
    const json_t *e = json_array_get(list, 0);

    return (is_empty(json_object_get(selector, "matchLabels"))
            && json_array_size(list) == 1
            && !strcmp(get_string(e, "key"),
                       "statefulset.kubernetes.io/pod-name")
            && !strcmp(get_string(e, "operator"), "Exists"));
}

/* What narrows a webhook, a policy or a binding, but for rules. */
static char *
judge_selectors(const json_t *match, struct sset *left_out)
{
    const json_t *objects = json_object_get(match, "objectSelector");

    if (!is_empty(objects) && !is_for_statefulsets(objects)) {
        return xstrdup("its objectSelector leaves pods out");
    } else if (!read_left_out(json_object_get(match, "namespaceSelector"),
                              left_out)) {
        return xstrdup("its namespaceSelector is other than "
                       "kubernetes.io/metadata.name NotIn");
    } else if (!is_empty(json_object_get(match, "excludeResourceRules"))) {
        return xstrdup("its excludeResourceRules leave something out");
    }
    return NULL;
}

static char *
judge_webhooks(const json_t *list, struct sset *left_out)
{
    const json_t *config, *webhook;
    char *flaw = NULL;
    size_t i, j;

    json_array_foreach (json_object_get(list, "items"), i, config) {
        json_array_foreach (json_object_get(config, "webhooks"), j, webhook) {
            if (strcmp(get_string(webhook, "name"), RELEASE_WEBHOOK)) {
                continue;
            }
            free(flaw);
            sset_clear(left_out);
            if (strcmp(get_string(webhook, "failurePolicy"), "Fail")) {
                flaw = xstrdup("its failurePolicy is not Fail");
            } else if (!is_for_new_pods(json_object_get(webhook, "rules"))) {
                flaw = xstrdup("its rules do not name the creation of pods");
            } else {
                flaw = judge_selectors(webhook, left_out);
            }
            if (!flaw) {
                return NULL;
            }
        }
    }
    return flaw ? flaw : xstrdup("is not there");
}

static void
digest_expressions(struct sha1_ctx *ctx, const json_t *list)
{
    const json_t *element;
    size_t i;

    json_array_foreach (list, i, element) {
        const char *name = get_string(element, "name");
        const char *expression = get_string(element, "expression");

        sha1_update(ctx, name, strlen(name));
        sha1_update(ctx, "\n", 1);
        sha1_update(ctx, expression, strlen(expression));
        sha1_update(ctx, "\n", 1);
    }
}

static char *
judge_policy(const json_t *policy, struct sset *left_out)
{
    const json_t *spec = json_object_get(policy, "spec");
    const json_t *param = json_object_get(spec, "paramKind");
    const json_t *match = json_object_get(spec, "matchConstraints");
    uint8_t digest[SHA1_DIGEST_SIZE];
    char hex[SHA1_HEX_DIGEST_LEN + 1];
    struct sha1_ctx ctx;
    char *flaw;

    if (strcmp(get_string(spec, "failurePolicy"), "Fail")) {
        return xstrdup("its failurePolicy is not Fail");
    } else if (strcmp(get_string(param, "apiVersion"), "kubeovn.io/v1")
               || strcmp(get_string(param, "kind"), "IP")) {
        return xstrdup("its paramKind is not IP of kubeovn.io/v1");
    } else if (!is_for_new_pods(json_object_get(match, "resourceRules"))) {
        return xstrdup("its rules do not name the creation of pods");
    }
    flaw = judge_selectors(match, left_out);
    if (flaw) {
        return flaw;
    }
    sha1_init(&ctx);
    digest_expressions(&ctx, json_object_get(spec, "matchConditions"));
    digest_expressions(&ctx, json_object_get(spec, "variables"));
    digest_expressions(&ctx, json_object_get(spec, "validations"));
    sha1_final(&ctx, digest);
    sha1_to_hex(digest, hex);
    return (strcmp(hex, POLICY_DIGEST)
            ? xasprintf("its expressions are not those of this release's "
                        "deploy/policy-release.yaml (their digest is %s)",
                        hex) : NULL);
}

static char *
judge_binding(const json_t *binding, struct sset *left_out)
{
    const json_t *spec = json_object_get(binding, "spec");
    const json_t *ref = json_object_get(spec, "paramRef");
    const json_t *match = json_object_get(spec, "matchResources");

    if (strcmp(get_string(spec, "policyName"), RELEASE_POLICY)) {
        return xstrdup("it binds another policy");
    } else if (!has_string(json_object_get(spec, "validationActions"),
                           "Deny")) {
        return xstrdup("it does not deny (validationActions)");
    } else if (!json_is_object(json_object_get(ref, "selector"))
               || !is_empty(json_object_get(ref, "selector"))
               || get_string(ref, "name")[0]
               || get_string(ref, "namespace")[0]) {
        return xstrdup("its paramRef does not select every IP object");
    } else if (!is_empty(json_object_get(match, "resourceRules"))) {
        return xstrdup("it has resourceRules");
    }
    return judge_selectors(match, left_out);
}

static char *
judge(enum webhook_look_kind kind, const json_t *json, struct sset *left_out)
{
    switch (kind) {
    case LOOK_WEBHOOK: return judge_webhooks(json, left_out);
    case LOOK_POLICY: return judge_policy(json, left_out);
    case LOOK_BINDING: return judge_binding(json, left_out);
    case N_LOOKS: break;
    }
    OVS_NOT_REACHED();
}

char *
webhook_watch_judge(enum webhook_look_kind kind, const char *text,
                    struct sset *left_out)
{
    json_t *json = json_loads(text, 0, NULL);
    char *flaw = json ? judge(kind, json, left_out) : xstrdup("is no JSON");

    json_decref(json);
    return flaw;
}

/* ---- Looking. ---- */

/* Takes 'flaw', or NULL. */
static void
note_seen(struct webhook_look *look, enum webhook_look_kind kind, char *flaw,
          long long int now)
{
    if (flaw && look->flaw && strcmp(flaw, look->flaw)) {
        VLOG_INFO("%s: %s", kinds[kind].what, flaw);
    }
    free(look->flaw);
    look->flaw = flaw;
    look->seen_ms = flaw ? 0 : now;
    look->good_ms = flaw ? 0 : look->good_ms ? look->good_ms : now;
}

/* Takes 'problem'. */
static void
note_problem(struct webhook_look *look, char *problem)
{
    free(look->problem);
    look->problem = problem;
}

static void
take_answer(struct webhook_watch *ww, enum webhook_look_kind kind,
            long long int now)
{
    struct webhook_look *look = &ww->looks[kind];
    const char *error = http_request_error(look->request);
    int status = http_request_status(look->request);
    struct sset left_out = SSET_INITIALIZER(&left_out);
    const char *body;
    json_t *json;
    size_t len;

    body = http_request_body(look->request, &len);
    json = error || status != 200 ? NULL : json_loadb(body, len, 0, NULL);
    if (json) {
        note_seen(look, kind, judge(kind, json, &left_out), now);
        sset_swap(&look->left_out, &left_out);
        note_problem(look, NULL);
    } else if (!error && status == 404) {
        note_seen(look, kind, xstrdup("is not there"), now);
        note_problem(look, NULL);
    } else {
        if (status == 401) {
            kubeconfig_refused(ww->kubeconfig,
                               http_request_access_seqno(look->request), now);
        }
        if (status == 403) {
            look->good_ms = look->seen_ms = 0;
        }
        note_problem(look, error ? xasprintf("%s: %s", kinds[kind].what, error)
                     : status == 403
                     ? xasprintf("%s: permission is missing to %s (status "
                                 "%d)", kinds[kind].what, kinds[kind].right,
                                 status)
                     : xasprintf("%s: cannot be read (status %d)",
                                 kinds[kind].what, status));
    }
    sset_destroy(&left_out);
    json_decref(json);
    http_request_destroy(look->request);
    look->request = NULL;
}

static bool
is_good(const struct webhook_look *look, long long int now)
{
    return (look->seen_ms && look->seen_ms - look->good_ms >= CONFIRM_MS
            && now - look->seen_ms <= FRESH_MS);
}

static bool
is_asking(const struct webhook_watch *ww)
{
    for (size_t i = 0; i < N_LOOKS; i++) {
        if (ww->looks[i].request) {
            return true;
        }
    }
    return false;
}

static void
tell(struct webhook_watch *ww, long long int now)
{
    bool certain = webhook_watch_is_certain(ww, now, NULL);
    const char *problem = webhook_watch_problem(ww);

    if (certain != ww->certain) {
        ww->certain = certain;
        if (!certain) {
            VLOG_INFO("release first: not certain any more: webhook %s, "
                      "policy %s, binding %s",
                      ww->looks[LOOK_WEBHOOK].flaw
                      ? ww->looks[LOOK_WEBHOOK].flaw : "not seen lately",
                      ww->looks[LOOK_POLICY].flaw
                      ? ww->looks[LOOK_POLICY].flaw : "not seen lately",
                      ww->looks[LOOK_BINDING].flaw
                      ? ww->looks[LOOK_BINDING].flaw : "not seen lately");
        } else if (is_good(&ww->looks[LOOK_WEBHOOK], now)) {
            VLOG_INFO("webhook %s: is there, with failurePolicy Fail",
                      RELEASE_WEBHOOK);
        } else {
            VLOG_INFO("policy %s: is there, and its binding denies",
                      RELEASE_POLICY);
        }
    }
    if (problem) {
        static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 1);

        VLOG_WARN_RL(&rl, "%s", problem);
    }
}

static void
ask(struct webhook_watch *ww, long long int now)
{
    const struct kube_access *access = kubeconfig_get(ww->kubeconfig, now);
    struct http_get_options options = {
        .max_body = MAX_BODY,
        .deadline_ms = DEADLINE_MS,
    };

    ww->due_ms = now + INTERVAL_MS;
    for (size_t i = 0; access && i < N_LOOKS; i++) {
        ww->looks[i].request = http_get(ww->http, access, kinds[i].path,
                                        &options, now);
    }
}

void
webhook_watch_run(struct webhook_watch *ww, long long int now)
{
    bool answered = false;

    for (size_t i = 0; i < N_LOOKS; i++) {
        struct webhook_look *look = &ww->looks[i];

        if (look->request && http_request_is_done(look->request)) {
            take_answer(ww, i, now);
            answered = true;
            if (look->good_ms && !is_good(look, now)) {
                /* Once more, soon: that makes it certain. */
                ww->due_ms = MIN(ww->due_ms, look->good_ms + CONFIRM_MS);
            }
        }
    }
    if (answered && !is_asking(ww)) {
        tell(ww, now);
    }
    if (ww->wanted && !is_asking(ww) && now >= ww->due_ms) {
        ask(ww, now);
    }
}

void
webhook_watch_wait(const struct webhook_watch *ww)
{
    if (ww->wanted && !is_asking(ww)) {
        poll_timer_wait_until(ww->due_ms);
    }
}

bool
webhook_watch_is_certain(const struct webhook_watch *ww, long long int now,
                         const struct sset **left_out)
{
    bool webhook = ww->wanted && is_good(&ww->looks[LOOK_WEBHOOK], now);
    bool policy = (ww->wanted && is_good(&ww->looks[LOOK_POLICY], now)
                   && is_good(&ww->looks[LOOK_BINDING], now));

    if (left_out) {
        *left_out = &ww->looks[webhook ? LOOK_WEBHOOK : LOOK_BINDING].left_out;
    }
    return webhook || policy;
}

/* Who has the webhook need not be able to look for the policy. */
const char *
webhook_watch_problem(const struct webhook_watch *ww)
{
    const struct webhook_look *webhook = &ww->looks[LOOK_WEBHOOK];

    if (webhook->good_ms && !webhook->problem) {
        return NULL;
    }
    if (ww->looks[LOOK_POLICY].good_ms && ww->looks[LOOK_BINDING].good_ms
        && !ww->looks[LOOK_POLICY].problem
        && !ww->looks[LOOK_BINDING].problem) {
        return NULL;
    }
    for (size_t i = 0; i < N_LOOKS; i++) {
        if (ww->looks[i].problem) {
            return ww->looks[i].problem;
        }
    }
    return NULL;
}
