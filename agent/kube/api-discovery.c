/* SPDX-License-Identifier: Apache-2.0 */

/* Which of the optional resources the API server has: the list of groups,
 * then of each wanted group the resources of its preferred version. */

#include <config.h>

#include "api-discovery.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"

#include "coverage.h"
#include "random.h"
#include "timeval.h"
#include "util.h"

#include "http.h"
#include "kubeconfig.h"

VLOG_DEFINE_THIS_MODULE(api_discovery);

COVERAGE_DEFINE(api_discovery);

/* What was installed is noticed within this time, and a quarter. */
#define INTERVAL_MS 60000
#define RETRY_MS 1000
#define MAX_RETRY_MS 30000

#define MAX_BODY (16 * 1024 * 1024)
#define DEADLINE_MS 30000

void
api_discovery_init(struct api_discovery *d, struct http *http,
                   struct kubeconfig *kubeconfig,
                   struct api_resource *resources, size_t n_resources)
{
    memset(d, 0, sizeof *d);
    d->http = http;
    d->kubeconfig = kubeconfig;
    d->resources = resources;
    d->n_resources = n_resources;
    d->next = SIZE_MAX;
}

static void
forget_found(struct api_discovery *d)
{
    for (size_t i = 0; i < d->n_resources; i++) {
        free(d->resources[i].found);
        d->resources[i].found = NULL;
    }
}

void
api_discovery_destroy(struct api_discovery *d)
{
    forget_found(d);
    http_request_destroy(d->request);
    free(d->problem);
}

void
api_discovery_hurry(struct api_discovery *d, long long int now)
{
    d->due = MIN(d->due, now);
}

static void
fail(struct api_discovery *d, char *problem, long long int retry_after_ms,
     long long int now)
{
    long long int wait = RETRY_MS << MIN(d->n_failures, 5);

    if (!d->problem || strcmp(d->problem, problem)) {
        VLOG_WARN("%s", problem);
    }
    free(d->problem);
    d->problem = problem;
    d->n_failures++;
    d->next = SIZE_MAX;
    forget_found(d);
    wait = MAX(MIN(wait, MAX_RETRY_MS), retry_after_ms);
    d->due = now + wait + random_range(RETRY_MS);
}

static void
get(struct api_discovery *d, const char *path, long long int now)
{
    const struct kube_access *access = kubeconfig_get(d->kubeconfig, now);
    struct http_get_options options = {
        .max_body = MAX_BODY,
        .deadline_ms = DEADLINE_MS,
    };

    if (!access) {
        d->due = now + 200;
        return;
    }
    d->request = http_get(d->http, access, path, &options, now);
}

/* Has 'group', an element of an APIGroupList, the version 'version'? */
static bool
group_has_version(const json_t *group, const char *version)
{
    json_t *versions = json_object_get(group, "versions");
    json_t *element;
    size_t i;

    json_array_foreach (versions, i, element) {
        const char *s = json_string_value(json_object_get(element,
                                                          "groupVersion"));

        if (s && !strcmp(s, version)) {
            return true;
        }
    }
    return false;
}

/* Finds the versions of the wanted groups in an APIGroupList. */
static char *
read_groups(struct api_discovery *d, const json_t *json)
{
    json_t *groups = json_object_get(json, "groups");
    json_t *group;
    size_t i;

    if (!json_is_array(groups)) {
        return xstrdup("discovery: the answer is no list of groups");
    }
    json_array_foreach (groups, i, group) {
        const char *name = json_string_value(json_object_get(group, "name"));
        const char *version = json_string_value(
            json_object_get(json_object_get(group, "preferredVersion"),
                            "groupVersion"));

        for (size_t j = 0; name && version && j < d->n_resources; j++) {
            struct api_resource *r = &d->resources[j];

            if (!strcmp(r->group, name) && !r->found
                && (!r->version || group_has_version(group, r->version))) {
                r->found = xstrdup(r->version ? r->version : version);
            }
        }
    }
    return NULL;
}

/* Looks for the resources of the version 'version' in an APIResourceList. */
static char *
read_resources(struct api_discovery *d, const char *version,
               const json_t *json)
{
    json_t *list = json_object_get(json, "resources");

    if (!json_is_array(list)) {
        return xstrdup("discovery: the answer is no list of resources");
    }
    for (size_t j = d->next; j < d->n_resources; j++) {
        struct api_resource *r = &d->resources[j];
        bool there = false;
        json_t *resource;
        size_t i;

        if (!r->found || strcmp(r->found, version)) {
            continue;
        }
        json_array_foreach (list, i, resource) {
            const char *name = json_string_value(json_object_get(resource,
                                                                 "name"));

            there = there || (name && !strcmp(name, r->resource));
        }
        if (!there) {
            free(r->found);
            r->found = NULL;
        }
    }
    return NULL;
}

static char *
read_answer(struct api_discovery *d, long long int now)
{
    int status = http_request_status(d->request);
    const char *error = http_request_error(d->request);
    const char *body;
    char *problem;
    json_t *json;
    size_t len;

    if (error) {
        return xasprintf("discovery: %s", error);
    } else if (status != 200) {
        if (status == 401) {
            kubeconfig_refused(d->kubeconfig,
                               http_request_access_seqno(d->request), now);
        }
        return xasprintf("discovery: status %d", status);
    }
    body = http_request_body(d->request, &len);
    json = json_loadb(body, len, 0, NULL);
    if (!json) {
        return xstrdup("discovery: the answer is no JSON");
    }
    if (d->next == SIZE_MAX) {
        problem = read_groups(d, json);
    } else {
        char *version = xstrdup(d->resources[d->next].found);

        problem = read_resources(d, version, json);
        free(version);
    }
    json_decref(json);
    return problem;
}

/* Everything was asked. */
static void
complete(struct api_discovery *d, long long int now)
{
    COVERAGE_INC(api_discovery);
    for (size_t i = 0; i < d->n_resources; i++) {
        struct api_resource *r = &d->resources[i];

        if (!r->found != !r->api_version
            || (r->found && strcmp(r->found, r->api_version))) {
            VLOG_INFO("the server has %s %s.%s%s%s",
                      r->found ? "the resource" : "no resource",
                      r->resource, r->group, r->found ? " as " : "",
                      r->found ? r->found : "");
        }
        free(r->api_version);
        r->api_version = r->found;
        r->found = NULL;
    }
    free(d->problem);
    d->problem = NULL;
    d->n_failures = 0;
    d->next = SIZE_MAX;
    d->done = true;
    d->due = now + INTERVAL_MS + random_range(INTERVAL_MS / 4);
}

/* Asks for the next version that a wanted resource may be in.  Returns false
 * if there is none. */
static bool
ask_next(struct api_discovery *d, long long int now)
{
    const char *done = (d->next == SIZE_MAX ? NULL
                        : d->resources[d->next].found);

    for (size_t i = d->next == SIZE_MAX ? 0 : d->next + 1;
         i < d->n_resources; i++) {
        const char *found = d->resources[i].found;

        if (found && (!done || strcmp(found, done))) {
            char *path = xasprintf("/apis/%s", found);

            d->next = i;
            get(d, path, now);
            free(path);
            return true;
        }
    }
    return false;
}

bool
api_discovery_run(struct api_discovery *d, long long int now)
{
    long long int retry_after_ms;
    char *problem;

    if (!d->request) {
        if (now >= d->due) {
            forget_found(d);
            d->next = SIZE_MAX;
            get(d, "/apis", now);
        }
        return false;
    }
    if (!http_request_is_done(d->request)) {
        return false;
    }
    problem = read_answer(d, now);
    retry_after_ms = http_request_retry_after_ms(d->request);
    http_request_destroy(d->request);
    d->request = NULL;
    if (problem) {
        fail(d, problem, retry_after_ms, now);
        return false;
    }
    if (ask_next(d, now)) {
        if (!d->request) {
            /* No credentials any more: from the beginning. */
            d->next = SIZE_MAX;
        }
        return false;
    }
    complete(d, now);
    return true;
}

void
api_discovery_wait(const struct api_discovery *d)
{
    if (!d->request) {
        poll_timer_wait_until(d->due);
    } else if (http_request_is_done(d->request)) {
        poll_immediate_wake();
    }
}
