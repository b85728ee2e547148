/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of what the Kubernetes client asks for once, apart from lists and
 * watches: live reads of a pod and its owner, and the events by which a pod is
 * refused its address. */

#include <config.h>

#include "timeval.h"
#include "util.h"

#include "tests/unit/api-fixture.h"
#include "tests/unit/unit.h"

static enum live_read_result
live_result(uint64_t id)
{
    enum live_read_result result = LIVE_READ_FAILED;
    long long int began_ms;
    uint64_t got = 0;

    UNTIL(api_source_pop_live(af.src, &got, &result, &began_ms));
    af_take_changes();
    CU_ASSERT_EQUAL(got, id);
    return result;
}

#define ONE "/api/v1/namespaces/ns/pods/"

static void
test_live_reads(void)
{
    struct stub_request *watch = af_start_with_pods();
    struct stub_request *r;

    /* As known. */
    af_live_read(1, "a", "");
    r = af_request(ONE "a", NULL);
    CU_ASSERT_STRING_EQUAL(stub_request_path(r), ONE "a");
    af_reply(ONE "a", POD("a", "u1", "5"));
    CU_ASSERT_EQUAL(live_result(1), LIVE_READ_CURRENT);

    /* Newer than the watch, whose event then is no news. */
    af_live_read(2, "a", "");
    af_reply(ONE "a", POD("a", "u9", "15"));
    CU_ASSERT_EQUAL(live_result(2), LIVE_READ_CHANGED);
    CU_ASSERT(af_is("pod ns/a", "u9"));
    stub_request_chunk(watch, EVENT("DELETED", POD("a", "u1", "14"))
                       EVENT("ADDED", POD("a", "u9", "15")));
    UNTIL(af_status().n_events == 2);
    af_turn();
    CU_ASSERT(af_is("pod ns/a", "u9"));

    /* Gone before the watch knows; late events do not bring it back, those
     * of a new one do. */
    af_live_read(3, "b", "");
    stub_request_reply(af_request(ONE "b", NULL), 404, "", NOT_FOUND("b"));
    CU_ASSERT_EQUAL(live_result(3), LIVE_READ_CHANGED);
    CU_ASSERT(af_is("pod ns/b", NULL));
    stub_request_chunk(watch, EVENT("MODIFIED", POD("b", "u2", "16")));
    UNTIL(af_status().n_events == 3);
    af_turn();
    CU_ASSERT(af_is("pod ns/b", NULL));
    af_live_read(4, "b", "");
    stub_request_reply(af_request(ONE "b", NULL), 404, "", NOT_FOUND("b"));
    CU_ASSERT_EQUAL(live_result(4), LIVE_READ_CURRENT);
    stub_request_chunk(watch, EVENT("DELETED", POD("b", "u2", "17"))
                       EVENT("ADDED", POD("b", "u3", "18")));
    UNTIL(af_is("pod ns/b", "u3"));
    af_stop();
}

/* The pod and its StatefulSet; one answer that fails makes all of it fail. */
static void
test_live_owner(void)
{
    static const char sts[] = "/apis/apps/v1/namespaces/ns/statefulsets/s";

    af_start_with_pods();
    af_live_read(1, "s-0", "s");
    stub_request_reply(af_request(ONE "s-0", NULL), 404, "", NOT_FOUND("s-0"));
    af_reply(sts, "{\"kind\": \"StatefulSet\", \"apiVersion\": \"apps/v1\", "
             "\"metadata\": {\"namespace\": \"ns\", \"name\": \"s\", "
             "\"uid\": \"s1\", \"resourceVersion\": \"3\"}, "
             "\"spec\": {\"replicas\": 2}}");
    CU_ASSERT_EQUAL(live_result(1), LIVE_READ_CHANGED);
    CU_ASSERT(af_is("workload ns/s", "2 known 1"));

    af_live_read(2, "s-0", "s");
    stub_request_reply(af_request(ONE "s-0", NULL), 404, "", NOT_FOUND("s-0"));
    stub_request_reply(af_request(sts, NULL), 500, "", "oops");
    CU_ASSERT_EQUAL(live_result(2), LIVE_READ_FAILED);
    af_stop();
}

static void
test_live_failures(void)
{
    static const struct {
        int status;
        const char *body;
    } vectors[] = {
        {404, "404 page not found"},
        {404, NOT_FOUND("other")},
        {404, STATUS(404, "NotFound", "")},
        {403, STATUS(403, "Forbidden", "")},
        {401, STATUS(401, "Unauthorized", "")},
        {503, ""},
        {200, ""},
        {200, "{"},
        {200, STATUS(404, "NotFound", "")},
        {200, POD("b", "u2", "6")},
        {200, META("a", "u1", "50", ", \"labels\": 7")},
    };

    af_start_with_pods();
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        af_live_read(i + 1, "a", "");
        stub_request_reply(af_request(ONE "a", NULL), vectors[i].status, "",
                           vectors[i].body);
        CU_ASSERT_EQUAL(live_result(i + 1), LIVE_READ_FAILED);
        CU_ASSERT(af_is("pod ns/a", "u1"));
    }
    CU_ASSERT(af_has_problem("cannot get pods in namespace ns: permission is "
                             "missing"));
    af_live_read(50, "a", "");
    af_reply(ONE "a", POD("a", "u1", "5"));
    CU_ASSERT_EQUAL(live_result(50), LIVE_READ_CURRENT);
    CU_ASSERT(!af_has_problem("permission is missing"));

    /* No answer at all. */
    af_live_read(100, "a", "");
    af_request(ONE "a", NULL);
    CU_ASSERT_EQUAL(live_result(100), LIVE_READ_FAILED);
    CU_ASSERT(af_status().trusted);
    af_stop();
}

/* A server that asks for patience is not asked again before. */
static void
test_live_patience(void)
{
    af_start_with_pods();
    af_live_read(1, "a", "");
    stub_request_reply(af_request(ONE "a", NULL), 429, "Retry-After: 300\r\n",
                       "");
    CU_ASSERT_EQUAL(live_result(1), LIVE_READ_FAILED);
    af_live_read(2, "a", "");
    CU_ASSERT_EQUAL(live_result(2), LIVE_READ_FAILED);
    CU_ASSERT(!stub_server_find(af.stub, ONE "a", NULL));
    CU_ASSERT(af_status().trusted);
    af_stop();
}

/* A finished pod is in no list; a live read that finds it is remembered. */
static void
test_live_finished(void)
{
    af_start_with_pods();
    af_live_read(1, "done", "");
    af_reply(ONE "done", "{\"kind\": \"Pod\", \"apiVersion\": \"v1\", "
             "\"metadata\": {\"namespace\": \"ns\", \"name\": \"done\", "
             "\"uid\": \"u8\", \"resourceVersion\": \"9\"}, "
             "\"status\": {\"phase\": \"Succeeded\"}}");
    CU_ASSERT_EQUAL(live_result(1), LIVE_READ_CHANGED);
    CU_ASSERT(af_is("pod ns/done", "u8"));
    af_stop();
}

/* Events by which Kube-OVN refuses a pod its address. */
static void
test_refusals(void)
{
    const struct refusal_read what = {
        .ns = CONST_CAST(char *, "ns"),
        .name = CONST_CAST(char *, "a"),
        .uid = CONST_CAST(char *, "u1"),
    };
    static const char path[]
        = "/api/v1/namespaces/ns/events?fieldSelector=involvedObject.uid%3Du1"
          "%2Creason%3DAcquireAddressFailed&limit=10$";

    af_start_with_pods();
    api_source_look_for_refusal(af.src, &what, time_msec());
    af_reply(path, "{\"items\": [{\"reason\": \"Other\", \"message\": \"m\", "
             "\"involvedObject\": {\"uid\": \"u1\"}}]}");
    api_source_look_for_refusal(af.src, &what, time_msec());
    stub_request_reply(af_request(path, NULL), 403, "",
                       STATUS(403, "Forbidden", ""));
    UNTIL(af_has_problem("cannot list events in namespace ns: permission is "
                         "missing"));
    CU_ASSERT(af_status().trusted);
    CU_ASSERT(af_is("refusal ns/a", NULL));

    api_source_look_for_refusal(af.src, &what, time_msec());
    af_reply(path, "{\"items\": [{\"reason\": \"AcquireAddressFailed\", "
             "\"message\": \"stage=x\\nAddressConflict\", \"involvedObject\": "
             "{\"uid\": \"u1\"}}, {\"reason\": \"AcquireAddressFailed\", "
             "\"message\": \"m\", \"involvedObject\": {\"uid\": \"u9\"}}]}");
    UNTIL(af_is("refusal ns/a", "u1"));
    UNTIL(!af_has_problem("events"));
    CU_ASSERT_EQUAL(af_status().n_live_reads, 0);
    af_stop();
}

void
suite_api_live(void)
{
    CU_pSuite suite = unit_add_suite("api-live");

    CU_ADD_TEST(suite, test_live_reads);
    CU_ADD_TEST(suite, test_live_owner);
    CU_ADD_TEST(suite, test_live_failures);
    CU_ADD_TEST(suite, test_live_patience);
    CU_ADD_TEST(suite, test_live_finished);
    CU_ADD_TEST(suite, test_refusals);
}
