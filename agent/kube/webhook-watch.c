/* SPDX-License-Identifier: Apache-2.0 */

/* See webhook-watch.h. */

#include <config.h>

#include "webhook-watch.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"

#include "util.h"

#include "http.h"
#include "kubeconfig.h"

VLOG_DEFINE_THIS_MODULE(webhook_watch);

#define PATH "/apis/admissionregistration.k8s.io/v1/" \
    "validatingwebhookconfigurations"

#define INTERVAL_MS 10000
#define DEADLINE_MS 5000
#define MAX_BODY (8 * 1024 * 1024)

/* What was seen longer ago than this may have changed. */
#define FRESH_MS 30000

void
webhook_watch_init(struct webhook_watch *ww, struct http *http,
                   struct kubeconfig *kubeconfig)
{
    memset(ww, 0, sizeof *ww);
    ww->http = http;
    ww->kubeconfig = kubeconfig;
}

void
webhook_watch_destroy(struct webhook_watch *ww)
{
    http_request_destroy(ww->request);
    free(ww->problem);
}

void
webhook_watch_want(struct webhook_watch *ww, bool wanted)
{
    if (wanted != ww->wanted) {
        ww->wanted = wanted;
        ww->due_ms = 0;
        ww->seen_ms = 0;
        free(ww->problem);
        ww->problem = NULL;
        poll_immediate_wake();
    }
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
            && has_string(json_object_get(rule, "resources"), "pods")
            && has_string(json_object_get(rule, "operations"), "CREATE")) {
            return true;
        }
    }
    return false;
}

static bool
find_webhook(const json_t *list)
{
    const json_t *config, *webhook;
    size_t i, j;

    json_array_foreach (json_object_get(list, "items"), i, config) {
        json_array_foreach (json_object_get(config, "webhooks"), j, webhook) {
            const char *name
                = json_string_value(json_object_get(webhook, "name"));
            const char *policy
                = json_string_value(json_object_get(webhook,
                                                    "failurePolicy"));

            if (name && !strcmp(name, RELEASE_WEBHOOK)
                && policy && !strcmp(policy, "Fail")
                && is_for_new_pods(json_object_get(webhook, "rules"))) {
                return true;
            }
        }
    }
    return false;
}

/* Takes 'problem', or NULL. */
static void
set_problem(struct webhook_watch *ww, char *problem)
{
    if (problem && !ww->problem) {
        VLOG_WARN("%s", problem);
    }
    free(ww->problem);
    ww->problem = problem;
}

static void
take_answer(struct webhook_watch *ww, long long int now)
{
    const char *error = http_request_error(ww->request);
    int status = http_request_status(ww->request);
    bool certain = ww->seen_ms != 0;
    const char *body;
    json_t *json;
    size_t len;

    body = http_request_body(ww->request, &len);
    json = error || status != 200 ? NULL : json_loadb(body, len, 0, NULL);
    if (json) {
        ww->seen_ms = find_webhook(json) ? now : 0;
        set_problem(ww, NULL);
        if (certain != (ww->seen_ms != 0)) {
            VLOG_INFO("webhook %s: %s", RELEASE_WEBHOOK,
                      ww->seen_ms ? "is there, with failurePolicy Fail"
                      : "is not there, or not with failurePolicy Fail");
        }
    } else {
        if (status == 401) {
            kubeconfig_refused(ww->kubeconfig,
                               http_request_access_seqno(ww->request), now);
        }
        if (status == 403) {
            ww->seen_ms = 0;
        }
        set_problem(ww, error ? xasprintf("webhook %s: %s", RELEASE_WEBHOOK,
                                          error)
                    : xasprintf("webhook %s: %s (status %d)", RELEASE_WEBHOOK,
                                status == 403 ? "permission is missing to "
                                "list validatingwebhookconfigurations"
                                : "cannot be read", status));
    }
    json_decref(json);
    http_request_destroy(ww->request);
    ww->request = NULL;
}

void
webhook_watch_run(struct webhook_watch *ww, long long int now)
{
    if (ww->request && http_request_is_done(ww->request)) {
        take_answer(ww, now);
    }
    if (ww->wanted && !ww->request && now >= ww->due_ms) {
        const struct kube_access *access = kubeconfig_get(ww->kubeconfig,
                                                          now);
        struct http_get_options options = {
            .max_body = MAX_BODY,
            .deadline_ms = DEADLINE_MS,
        };

        ww->due_ms = now + INTERVAL_MS;
        if (access) {
            ww->request = http_get(ww->http, access, PATH, &options, now);
        }
    }
}

void
webhook_watch_wait(const struct webhook_watch *ww)
{
    if (ww->wanted && !ww->request) {
        poll_timer_wait_until(ww->due_ms);
    }
}

bool
webhook_watch_is_certain(const struct webhook_watch *ww, long long int now)
{
    return ww->wanted && ww->seen_ms && now - ww->seen_ms <= FRESH_MS;
}
