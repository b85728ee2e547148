/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of the writes to an API server, against a scripted server: what is
 * sent to the letter, and what becomes of each answer. */

#include <config.h>

#include "agent/kube/api-write.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "timeval.h"
#include "util.h"

#include "agent/kube/http.h"
#include "agent/kube/kubeconfig.h"
#include "tests/unit/stub-server.h"
#include "tests/unit/unit.h"
#include "tests/unit/until.h"

struct client {
    struct stub_server *stub;
    struct http *http;
    struct kubeconfig *kubeconfig;
    struct api_writer writer;
};

static struct client c;

static void
start(void)
{
    struct kubeconfig_options options = { .file = NULL };
    char *error;

    c.stub = stub_server_create();
    options.url = stub_server_url(c.stub);
    error = kubeconfig_open(&options, &c.kubeconfig);
    CU_ASSERT_PTR_NULL_FATAL(error);
    c.http = http_create();
    api_writer_init(&c.writer, c.http, c.kubeconfig, "host:1");
    c.writer.retry_ms = 1;
}

static void
stop(void)
{
    api_writer_destroy(&c.writer);
    http_destroy(c.http);
    kubeconfig_destroy(c.kubeconfig);
    stub_server_destroy(c.stub);
}

static void
turn(void)
{
    stub_server_run(c.stub);
    http_run(c.http, time_msec());
    api_writer_run(&c.writer, time_msec());
    stub_server_run(c.stub);
}

static void
block(long long int end_ms)
{
    stub_server_wait(c.stub);
    http_wait(c.http);
    api_writer_wait(&c.writer);
    poll_timer_wait_until(end_ms);
    poll_block();
}

#define UNTIL(CONDITION)                     \
    do {                                     \
        turn();                              \
        UNTIL_TRUE(CONDITION, turn, block);  \
    } while (0)

static struct stub_request *
request(const char *method, const char *path)
{
    struct stub_request *r;

    UNTIL(stub_server_find(c.stub, path, NULL) != NULL);
    r = stub_server_find(c.stub, path, NULL);
    CU_ASSERT_STRING_EQUAL(stub_request_method(r), method);
    return r;
}

static void
reply(struct stub_request *r, int status, const char *message)
{
    char *body = xasprintf("{\"kind\": \"Status\", \"message\": \"%s\"}",
                           message);

    stub_request_reply(r, status, "", body);
    free(body);
}

static struct kube_write *
make_event(enum kube_write_kind kind, int count)
{
    struct kube_write *w = kube_write_create(kind, KUBE_OBJECT_POD, "ns",
                                             "pod-0", "u1");

    w->event = xstrdup("pod-0.1");
    w->reason = "WaitingForAddress";
    w->action = "WaitForAddress";
    w->warning = true;
    w->note = xstrdup("a \"note\"");
    w->first_wall_ms = 1700000000123;
    w->last_wall_ms = 1700000060123;
    w->count = count;
    return w;
}

/* The result of the write of 'id'. */
static enum kube_write_result
result_of(uint64_t id)
{
    struct api_write_result *r;
    enum kube_write_result result;

    UNTIL(!ovs_list_is_empty(&c.writer.results));
    r = api_writer_pop(&c.writer);
    CU_ASSERT_EQUAL(r->id, id);
    result = r->result;
    free(r);
    return result;
}

static void
test_event(void)
{
    struct stub_request *r;

    start();
    api_writer_start(&c.writer, make_event(KUBE_WRITE_EVENT, 1), time_msec());
    r = request("POST", "/apis/events.k8s.io/v1/namespaces/ns/events$");
    CU_ASSERT(stub_request_has_header(r, "Content-Type: application/json"));
    CU_ASSERT(!stub_request_has_header(r, "Expect:"));
    CU_ASSERT_STRING_EQUAL(
        stub_request_body(r),
        "{\"apiVersion\":\"events.k8s.io/v1\",\"kind\":\"Event\","
        "\"metadata\":{\"name\":\"pod-0.1\",\"namespace\":\"ns\"},"
        "\"eventTime\":\"2023-11-14T22:13:20.123000Z\","
        "\"reportingController\":\"ovn-ipguard\","
        "\"reportingInstance\":\"host:1\","
        "\"action\":\"WaitForAddress\",\"reason\":\"WaitingForAddress\","
        "\"type\":\"Warning\",\"note\":\"a \\\"note\\\"\","
        "\"regarding\":{\"apiVersion\":\"v1\",\"kind\":\"Pod\","
        "\"namespace\":\"ns\",\"name\":\"pod-0\",\"uid\":\"u1\"}}");
    CU_ASSERT(!api_writer_is_idle(&c.writer));
    reply(r, 201, "");
    UNTIL(api_writer_is_idle(&c.writer));
    CU_ASSERT_EQUAL(c.writer.n_done, 1);

    /* It happens again; then the server has forgotten the Event. */
    api_writer_start(&c.writer, make_event(KUBE_WRITE_SERIES, 3),
                     time_msec());
    r = request("PATCH",
                "/apis/events.k8s.io/v1/namespaces/ns/events/pod-0.1$");
    CU_ASSERT(stub_request_has_header(
                  r, "Content-Type: application/merge-patch+json"));
    CU_ASSERT_STRING_EQUAL(
        stub_request_body(r),
        "{\"series\":{\"count\":3,"
        "\"lastObservedTime\":\"2023-11-14T22:14:20.123000Z\"}}");
    reply(r, 404, "not found");
    r = request("POST", "/apis/events.k8s.io/v1/namespaces/ns/events$");
    CU_ASSERT_PTR_NOT_NULL(strstr(stub_request_body(r),
                                  "\"series\":{\"count\":3,"));
    reply(r, 201, "");
    UNTIL(api_writer_is_idle(&c.writer));
    CU_ASSERT_EQUAL(c.writer.n_done, 2);
    CU_ASSERT_EQUAL(c.writer.n_failed, 0);
    stop();
}

static void
test_nudge(void)
{
    struct kube_write *w = kube_write_create(KUBE_WRITE_NUDGE,
                                             KUBE_OBJECT_STATEFULSET, "ns",
                                             "sts1", "u2");
    struct stub_request *r;

    start();
    w->value = xstrdup("17");
    w->id = 5;
    api_writer_start(&c.writer, w, time_msec());
    r = request("PATCH", "/apis/apps/v1/namespaces/ns/statefulsets/sts1$");
    CU_ASSERT_STRING_EQUAL(
        stub_request_body(r),
        "{\"metadata\":{\"uid\":\"u2\","
        "\"annotations\":{\"ovn-ipguard.io/nudge\":\"17\"}}}");
    reply(r, 409, "another uid");
    CU_ASSERT_EQUAL(result_of(5), KUBE_WRITE_CONFLICT);
    stop();
}

static void
test_ip_objects(void)
{
    struct kube_write *w = kube_write_create(KUBE_WRITE_RESERVE,
                                             KUBE_OBJECT_IP, "ns",
                                             "sts1-guard-a.ns", "");
    struct stub_request *r;

    start();
    w->id = 7;
    w->pod_name = xstrdup("sts1-guard-a");
    w->pod_type = xstrdup("StatefulSet");
    w->subnet = xstrdup("ls1");
    w->ipv4 = xstrdup("10.0.0.11");
    w->ipv6 = xstrdup("");
    w->owner = xstrdup("h1");
    api_writer_start(&c.writer, w, time_msec());
    r = request("POST", "/apis/kubeovn.io/v1/ips$");
    CU_ASSERT_STRING_EQUAL(
        stub_request_body(r),
        "{\"apiVersion\":\"kubeovn.io/v1\",\"kind\":\"IP\","
        "\"metadata\":{\"name\":\"sts1-guard-a.ns\","
        "\"labels\":{\"ovn.kubernetes.io/ip_reserved\":\"true\","
        "\"ovn-ipguard.io/hold\":\"true\"},"
        "\"annotations\":{\"ovn-ipguard.io/hold\":\"h1\"}},"
        "\"spec\":{\"podName\":\"sts1-guard-a\",\"namespace\":\"ns\","
        "\"podType\":\"StatefulSet\",\"subnet\":\"ls1\","
        "\"ipAddress\":\"10.0.0.11\",\"v4IpAddress\":\"10.0.0.11\","
        "\"v6IpAddress\":\"\"}}");
    reply(r, 201, "");
    CU_ASSERT_EQUAL(result_of(7), KUBE_WRITE_DONE);

    w = kube_write_create(KUBE_WRITE_DELETE_IP, KUBE_OBJECT_IP, "",
                          "sts1-0.ns", "u3");
    w->id = 8;
    w->version = xstrdup("1234");
    api_writer_start(&c.writer, w, time_msec());
    r = request("DELETE", "/apis/kubeovn.io/v1/ips/sts1-0.ns$");
    CU_ASSERT_STRING_EQUAL(
        stub_request_body(r),
        "{\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\","
        "\"preconditions\":{\"uid\":\"u3\",\"resourceVersion\":\"1234\"}}");
    reply(r, 409, "the object has been modified");
    CU_ASSERT_EQUAL(result_of(8), KUBE_WRITE_CONFLICT);
    stop();
}

/* What may pass is tried again; what has an author that waits for the answer
 * is the author's to repeat. */
static void
test_retry(void)
{
    struct stub_request *r;
    struct kube_write *w;

    start();
    api_writer_start(&c.writer, make_event(KUBE_WRITE_EVENT, 1), time_msec());
    reply(request("POST", "/apis/events"), 500, "internal");
    r = request("POST", "/apis/events");
    stub_request_reply(r, 429, "Retry-After: 0\r\n", "{}");
    stub_request_cut(request("POST", "/apis/events"));
    reply(request("POST", "/apis/events"), 201, "");
    UNTIL(api_writer_is_idle(&c.writer));
    CU_ASSERT_EQUAL(c.writer.n_done, 1);

    /* Not for ever. */
    api_writer_start(&c.writer, make_event(KUBE_WRITE_EVENT, 1), time_msec());
    for (int i = 0; i < 4; i++) {
        reply(request("POST", "/apis/events"), 503, "busy");
    }
    UNTIL(api_writer_is_idle(&c.writer));
    CU_ASSERT_EQUAL(c.writer.n_failed, 1);

    w = kube_write_create(KUBE_WRITE_DELETE_IP, KUBE_OBJECT_IP, "", "a", "u");
    w->id = 9;
    api_writer_start(&c.writer, w, time_msec());
    reply(request("DELETE", "/apis/kubeovn.io"), 500, "internal");
    CU_ASSERT_EQUAL(result_of(9), KUBE_WRITE_FAILED);
    CU_ASSERT(api_writer_is_idle(&c.writer));
    stop();
}

static size_t
count_problems(const char *part)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    bool found;

    api_writer_format_problems(&c.writer, &ds);
    found = part && strstr(ds_cstr(&ds), part);
    CU_ASSERT(!part || found);
    ds_destroy(&ds);
    return api_writer_count_problems(&c.writer);
}

static void
test_forbidden(void)
{
    start();
    c.writer.forbidden_ms = 1000;
    api_writer_start(&c.writer, make_event(KUBE_WRITE_EVENT, 1), time_msec());
    reply(request("POST", "/apis/events"), 403, "events is forbidden");
    UNTIL(api_writer_is_idle(&c.writer));
    CU_ASSERT_EQUAL(count_problems("permission is missing: status 403: "
                                   "events is forbidden"), 1);

    /* The next one is not even sent; another kind is. */
    api_writer_start(&c.writer, make_event(KUBE_WRITE_EVENT, 1), time_msec());
    UNTIL(api_writer_is_idle(&c.writer));
    CU_ASSERT_PTR_NULL(stub_server_find(c.stub, "/", NULL));
    CU_ASSERT_EQUAL(c.writer.n_failed, 1);
    api_writer_start(&c.writer, make_event(KUBE_WRITE_SERIES, 2),
                     time_msec());
    reply(request("PATCH", "/apis/events"), 200, "");
    UNTIL(api_writer_is_idle(&c.writer));

    /* The first one finds out by and by that the right is there. */
    reply(request("POST", "/apis/events"), 403, "events is forbidden");
    UNTIL(api_writer_is_idle(&c.writer));
    CU_ASSERT_EQUAL(c.writer.forbidden[KUBE_WRITE_EVENT].pause_ms, 2000);
    CU_ASSERT_EQUAL(count_problems(NULL), 1);
    reply(request("POST", "/apis/events"), 201, "");
    UNTIL(!count_problems(NULL));
    CU_ASSERT_EQUAL(c.writer.n_failed, 1);
    api_writer_start(&c.writer, make_event(KUBE_WRITE_EVENT, 1), time_msec());
    reply(request("POST", "/apis/events"), 201, "");
    UNTIL(api_writer_is_idle(&c.writer));
    stop();
}

/* Names that no object can have, and a note that is no UTF-8. */
static void
test_odd_text(void)
{
    struct kube_write *w = make_event(KUBE_WRITE_EVENT, 1);

    start();
    free(w->note);
    w->note = xstrdup("\xff");
    w->id = 3;
    api_writer_start(&c.writer, w, time_msec());
    CU_ASSERT_EQUAL(result_of(3), KUBE_WRITE_FAILED);

    w = kube_write_create(KUBE_WRITE_DELETE_IP, KUBE_OBJECT_IP, "",
                          "a/../b?c", "u");
    api_writer_start(&c.writer, w, time_msec());
    reply(request("DELETE", "/apis/kubeovn.io/v1/ips/a%2F..%2Fb%3Fc$"), 404,
          "");
    UNTIL(api_writer_is_idle(&c.writer));
    stop();
}

/* A flood is cut off, but for what somebody waits for. */
static void
test_flood(void)
{
    struct kube_write *w;

    start();
    for (int i = 0; i < 2100; i++) {
        api_writer_start(&c.writer, make_event(KUBE_WRITE_EVENT, 1),
                         time_msec());
    }
    CU_ASSERT_EQUAL(c.writer.n_dropped, 100);
    w = kube_write_create(KUBE_WRITE_DELETE_IP, KUBE_OBJECT_IP, "", "a", "u");
    w->id = 4;
    api_writer_start(&c.writer, w, time_msec());
    turn();
    CU_ASSERT_EQUAL(c.writer.n_running, 8);
    reply(request("DELETE", "/apis/kubeovn.io"), 200, "");
    CU_ASSERT_EQUAL(result_of(4), KUBE_WRITE_DONE);
    stop();
}

void
suite_api_write(void)
{
    CU_pSuite suite = unit_add_suite("api_write");

    CU_ADD_TEST(suite, test_event);
    CU_ADD_TEST(suite, test_nudge);
    CU_ADD_TEST(suite, test_ip_objects);
    CU_ADD_TEST(suite, test_retry);
    CU_ADD_TEST(suite, test_forbidden);
    CU_ADD_TEST(suite, test_odd_text);
    CU_ADD_TEST(suite, test_flood);
}
