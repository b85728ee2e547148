/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of whether the CNI controller runs and when it was started anew, as
 * its pods or its Lease tell the Kubernetes client. */

#include <config.h>

#include "timeval.h"

#include "tests/unit/api-fixture.h"
#include "tests/unit/unit.h"

#define CNI_PODS "/api/v1/namespaces/kube-system/pods?labelSelector=app%3Dcni"
#define CNI_LEASES \
    "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases?" \
    "fieldSelector=metadata.name%3Dcni"

#define CNI_POD(NAME, STARTED) \
    "{\"metadata\": {\"name\": \"" NAME "\"}, \"status\": " \
    "{\"containerStatuses\": [{\"state\": {\"running\": {\"startedAt\": " \
    "\"" STARTED "\"}}}]}}"

#define LEASE(HOLDER, ACQUIRED, RENEWED) \
    "{\"metadata\": {\"name\": \"cni\", \"resourceVersion\": \"9\"}, " \
    "\"spec\": {\"holderIdentity\": \"" HOLDER "\", \"acquireTime\": \"" \
    ACQUIRED "\", \"renewTime\": \"" RENEWED "\", " \
    "\"leaseDurationSeconds\": 30, \"leaseTransitions\": 1}}"

static void
serve_pods(void)
{
    af_reply(PODS, LIST("PartialObjectMetadataList", "10", "",
                        POD("a", "u1", "5")));
    stub_request_begin_chunks(af_request(PODS, "watch=1"));
}

static void
test_cni_pods(void)
{
    long long int before;
    struct stub_request *watch;

    af_start_with((struct api_source_options) {
                      .cni_controller = "kube-system/cni" });
    af_serve_others();
    serve_pods();
    /* It is not known yet whether there was a restart. */
    CU_ASSERT(!af_status().synced);
    stub_request_reply(af_request(CNI_PODS, "limit="), 200, "",
                       LIST("PodList", "10", "",
                            CNI_POD("x", "2020-01-01T00:00:00Z") ","
                            CNI_POD("y", "2020-01-02T00:00:00Z")));
    UNTIL(af_status().trusted);
    CU_ASSERT(!af_status().cni_down);
    /* Years before the machine was started, as likely as not. */
    CU_ASSERT(af_status().cni_restarted_ms);
    CU_ASSERT(af_status().cni_restarted_ms < time_msec() - 86400 * 1000LL);
    CU_ASSERT(!stub_server_find(af.stub, "/apis/coordination", NULL));

    watch = af_request(CNI_PODS, "watch=1");
    stub_request_begin_chunks(watch);
    before = time_msec();
    stub_request_chunk(watch, EVENT("MODIFIED", CNI_POD("x",
                                    "2021-01-01T00:00:00Z")));
    UNTIL(af_status().cni_restarted_ms >= before);
    CU_ASSERT(!af_status().cni_down);
    stub_request_chunk(watch, EVENT("DELETED", CNI_POD("y",
                                    "2020-01-02T00:00:00Z"))
                       EVENT("MODIFIED", "{\"metadata\": {\"name\": \"x\"}, "
                             "\"status\": {\"containerStatuses\": "
                             "[{\"state\": {\"waiting\": {}}}]}}"));
    UNTIL(af_status().cni_down);
    before = time_msec();
    stub_request_chunk(watch, EVENT("ADDED", CNI_POD("z",
                                    "2021-01-01T00:00:01Z")));
    UNTIL(!af_status().cni_down);
    CU_ASSERT(af_status().cni_restarted_ms >= before);
    af_stop();
}

static void
test_cni_lease(void)
{
    long long int before;
    struct stub_request *watch;

    af_start_with((struct api_source_options) {
                      .cni_controller = "kube-system/cni" });
    af_serve_others();
    serve_pods();
    /* Its pods may not be read, or it runs elsewhere. */
    stub_request_reply(af_request(CNI_PODS, "limit="), 403, "",
                       STATUS(403, "Forbidden", ""));
    stub_request_reply(af_request(CNI_LEASES, "limit="), 200, "",
                       LIST("LeaseList", "10", "",
                            LEASE("a", "2020-01-01T00:00:00.000000Z",
                                  "2020-01-01T00:00:00.000000Z")));
    UNTIL(af_status().trusted);
    CU_ASSERT(af_has_problem("cannot list pods in namespace kube-system: "
                             "permission is missing"));
    CU_ASSERT(!af_status().cni_down);
    CU_ASSERT(af_status().cni_restarted_ms < time_msec() - 86400 * 1000LL);

    watch = af_request(CNI_LEASES, "watch=1");
    stub_request_begin_chunks(watch);
    /* Renewed, which is nothing; given up; taken by another one. */
    stub_request_chunk(watch, EVENT("MODIFIED",
                                    LEASE("a", "2020-01-01T00:00:00.000000Z",
                                          "2020-01-01T00:00:10.000000Z"))
                       EVENT("MODIFIED",
                             LEASE("", "2020-01-01T00:00:00.000000Z",
                                   "2020-01-01T00:00:20.000000Z")));
    UNTIL(af_status().cni_down);
    before = time_msec();
    stub_request_chunk(watch, EVENT("MODIFIED",
                                    LEASE("b", "2020-01-01T00:00:21.000000Z",
                                          "2020-01-01T00:00:21.000000Z")));
    UNTIL(!af_status().cni_down);
    CU_ASSERT(af_status().cni_restarted_ms >= before);
    af_stop();
}

/* Nobody of that name: nothing is known, and nothing waited for. */
static void
test_cni_unknown(void)
{
    af_start_with((struct api_source_options) {
                      .cni_controller = "kube-system/cni" });
    af_serve_others();
    serve_pods();
    stub_request_reply(af_request(CNI_PODS, "limit="), 200, "",
                       LIST("PodList", "10", "", ""));
    CU_ASSERT(!af_status().synced);
    stub_request_reply(af_request(CNI_LEASES, "limit="), 403, "",
                       STATUS(403, "Forbidden", ""));
    UNTIL(af_status().trusted);
    CU_ASSERT(af_has_problem("cannot list leases.coordination.k8s.io in "
                             "namespace kube-system: permission is missing"));
    CU_ASSERT(!af_status().cni_down);
    CU_ASSERT_EQUAL(af_status().cni_restarted_ms, 0);
    af_stop();
}

void
suite_cni_watch(void)
{
    CU_pSuite suite = unit_add_suite("cni-watch");

    CU_ADD_TEST(suite, test_cni_pods);
    CU_ADD_TEST(suite, test_cni_lease);
    CU_ADD_TEST(suite, test_cni_unknown);
}
