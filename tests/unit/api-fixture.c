/* SPDX-License-Identifier: Apache-2.0 */

/* A client of the Kubernetes API beside a scripted server; see
 * api-fixture.h. */

#include <config.h>

#include "tests/unit/api-fixture.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "svec.h"
#include "timeval.h"
#include "util.h"

#include "agent/core/dialect.h"
#include "agent/core/kube-change.h"
#include "agent/core/pod.h"
#include "agent/core/workload.h"

struct af af;

static void
forget(const char *key)
{
    free(shash_find_and_delete(&af.objects, key));
}

void
af_take_changes(void)
{
    struct kube_change *c;

    while ((c = api_source_pop(af.src))) {
        const char *kind = (c->kind == KUBE_POD ? "pod"
                            : c->kind == KUBE_WORKLOAD ? "workload"
                            : c->kind == KUBE_VIP ? "vip"
                            : c->kind == KUBE_IP ? "ip"
                            : c->kind == KUBE_SUBNET ? "subnet"
                            : c->kind == KUBE_REFUSAL ? "refusal"
                            : c->kind == KUBE_IPAM_CLAIM ? "claim"
                            : "namespace");
        char *key = xasprintf("%s %s/%s", kind, c->ns, c->name);
        const struct workload *wl = c->workload;

        af.n_changes++;
        af.n_listed += c->kind == KUBE_POD && c->listed;
        forget(key);
        if (!c->gone) {
            shash_add(&af.objects, key,
                      wl ? xasprintf("%d %s %"PRIuSIZE, wl->replicas,
                                     wl->revisions_known ? "known"
                                     : "unknown", wl->n_revisions)
                      : c->kind == KUBE_NAMESPACE
                      ? xstrdup(c->opted_out ? "out" : "in")
                      : c->pod && c->pod->opted_out
                      ? xasprintf("%s out", c->uid)
                      : xstrdup(c->uid));
        }
        free(key);
        kube_change_destroy(c);
    }
}

void
af_turn(void)
{
    stub_server_run(af.stub);
    api_source_run(af.src, time_msec());
    af_take_changes();
    stub_server_run(af.stub);
}

void
af_block(long long int end_ms)
{
    stub_server_wait(af.stub);
    api_source_wait(af.src);
    poll_timer_wait_until(end_ms);
    poll_block();
}

struct stub_request *
af_request(const char *prefix, const char *part)
{
    UNTIL(stub_server_find(af.stub, prefix, part));
    return stub_server_find(af.stub, prefix, part);
}

bool
af_is(const char *key, const char *value)
{
    const char *have = shash_find_data(&af.objects, key);

    return have && value ? !strcmp(have, value) : !have && !value;
}

struct api_source_status
af_status(void)
{
    struct api_source_status s;

    api_source_get_status(af.src, &s);
    return s;
}

bool
af_has_problem(const char *text)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    bool found;

    api_source_format_problems(af.src, &ds);
    found = strstr(ds_cstr(&ds), text) != NULL;
    ds_destroy(&ds);
    return found;
}

void
af_start_with(struct api_source_options options)
{
    char *error;

    options.dialect = &dialect_kube_ovn;
    af.stub = stub_server_create();
    options.kubeconfig.url = stub_server_url(af.stub);
    shash_init(&af.objects);
    af.n_changes = af.n_listed = 0;
    error = api_source_create(&options, &af.src);
    CU_ASSERT_PTR_NULL_FATAL(error);
    api_source_set_limits(af.src, 2, 60000, 1);
}

void
af_start(const struct svec *namespaces)
{
    af_start_with((struct api_source_options) { .namespaces = namespaces });
}

void
af_stop(void)
{
    api_source_destroy(af.src);
    stub_server_destroy(af.stub);
    shash_destroy_free_data(&af.objects);
}

void
af_reply(const char *prefix, const char *body)
{
    bool list = prefix[strlen(prefix) - 1] == '?';

    stub_request_reply(af_request(prefix, list ? "limit=" : NULL), 200, "",
                       body);
}

void
af_serve_others(void)
{
    af_reply("/apis$", "{\"kind\": \"APIGroupList\", \"groups\": []}");
    af_reply(STS, LIST("StatefulSetList", "10", "", ""));
    af_reply(REVS, LIST("ControllerRevisionList", "10", "", ""));
    af_reply(NSS, LIST("PartialObjectMetadataList", "10", "",
                       "{\"metadata\": {\"name\": \"ns\", \"uid\": \"n1\", "
                       "\"resourceVersion\": \"1\"}}"));
    stub_request_begin_chunks(af_request(STS, "watch=1"));
    stub_request_begin_chunks(af_request(REVS, "watch=1"));
    stub_request_begin_chunks(af_request(NSS, "watch=1"));
}

struct stub_request *
af_start_with_pods(void)
{
    struct stub_request *watch;

    af_start(NULL);
    af_serve_others();
    af_reply(PODS, LIST("PartialObjectMetadataList", "10", "",
                        POD("a", "u1", "5") "," POD("b", "u2", "6")));
    watch = af_request(PODS, "watch=1&allowWatchBookmarks=true"
                       "&resourceVersion=10&");
    stub_request_begin_chunks(watch);
    UNTIL(af_status().trusted);
    return watch;
}

void
af_live_read(uint64_t id, const char *name, const char *workload)
{
    struct live_read what = {
        .id = id,
        .ns = CONST_CAST(char *, "ns"),
        .name = CONST_CAST(char *, name),
        .workload = CONST_CAST(char *, workload),
        .owner_kind = workload[0] ? OWNER_STATEFULSET : OWNER_NONE,
    };

    api_source_live_read(af.src, &what, time_msec());
}
