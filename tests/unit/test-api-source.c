/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of the Kubernetes client as a whole: which of the things that it is
 * told it does not believe before somebody confirms them, the rights that it
 * lacks, which namespaces and nodes it asks for, and which resources it finds.
 * Lists, watches, live reads and the CNI controller have test files of their
 * own. */

#include <config.h>

#include "agent/kube/api-source.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "sset.h"
#include "svec.h"
#include "timeval.h"

#include "agent/kube/http.h"
#include "tests/unit/api-fixture.h"
#include "tests/unit/unit.h"

/* ---- What is hard to believe. ---- */

static void
confirm(void)
{
    char *error = api_source_confirm(af.src);

    CU_ASSERT_PTR_NULL(error);
    free(error);
    error = api_source_confirm(af.src);
    CU_ASSERT_PTR_NOT_NULL(error);
    free(error);
}

static void
test_empty_list(void)
{
    af_start(NULL);
    af_serve_others();
    af_reply(PODS, LIST("PodList", "10", "", ""));
    stub_request_begin_chunks(af_request(PODS, "watch=1"));
    UNTIL(af_status().synced);
    CU_ASSERT(!af_status().trusted);
    CU_ASSERT(af_has_problem("pods: there is not one"));
    confirm();
    CU_ASSERT(af_status().trusted);
    af_stop();
}

static void
test_shrunk_list(void)
{
    struct stub_request *watch;

    af_start(NULL);
    af_serve_others();
    af_reply(PODS, LIST("PodList", "10", "",
                        POD("a", "u1", "5") "," POD("b", "u2", "6") ","
                        POD("c", "u3", "5") "," POD("d", "u4", "6")));
    watch = af_request(PODS, "watch=1");
    stub_request_begin_chunks(watch);
    UNTIL(af_status().trusted);
    stub_request_chunk(watch, EVENT("ERROR", STATUS(410, "Gone", "")));
    af_reply(PODS, LIST("PodList", "20", "", POD("a", "u1", "5")));
    stub_request_begin_chunks(af_request(PODS, "resourceVersion=20"));
    UNTIL(af_has_problem("pods: a new list lacks 3 of 4 objects"));
    CU_ASSERT(!af_status().trusted);
    confirm();
    UNTIL(af_status().trusted);
    af_stop();
}

/* etcd was restored from a backup. */
static void
test_went_back(void)
{
    struct stub_request *watch = af_start_with_pods();

    stub_request_chunk(watch, EVENT("ERROR", STATUS(410, "Gone", "")));
    af_reply(PODS, LIST("PodList", "8", "",
                        POD("a", "u0", "3") "," POD("b", "u2", "6")));
    watch = af_request(PODS, "resourceVersion=8");
    stub_request_begin_chunks(watch);
    UNTIL(af_has_problem("went back from version 10 to 8"));
    CU_ASSERT(!af_status().trusted);
    CU_ASSERT(af_is("pod ns/a", "u0"));
    stub_request_chunk(watch, EVENT("ADDED", POD("c", "u3", "9")));
    UNTIL(af_is("pod ns/c", "u3"));
    confirm();
    UNTIL(af_status().trusted);
    af_stop();
}

/* An object that cannot be read keeps what was known of it. */
static void
test_unreadable(void)
{
    struct stub_request *watch = af_start_with_pods();

    stub_request_chunk(watch, EVENT("MODIFIED", META("a", "u1", "11",
                                                     ", \"labels\": 7")));
    UNTIL(af_has_problem("Pod ns/a: metadata.labels is 7, expected an "
                         "object"));
    CU_ASSERT(!af_status().trusted);
    CU_ASSERT(af_is("pod ns/a", "u1"));
    stub_request_chunk(watch, EVENT("MODIFIED", POD("a", "u1", "12")));
    UNTIL(af_status().trusted);
    af_stop();
}

/* ---- Rights, waiting. ---- */

static void
test_forbidden(void)
{
    af_start(NULL);
    af_serve_others();
    stub_request_reply(af_request(PODS, NULL), 403, "",
                       STATUS(403, "Forbidden", ""));
    UNTIL(af_has_problem("cannot list pods in all namespaces: permission is "
                         "missing: words"));
    CU_ASSERT(!af_status().synced);
    CU_ASSERT(!af_status().trusted);
    af_stop();
}

/* A server that has just been started may refuse what it allows a moment
 * later. */
static void
test_forbidden_first(void)
{
    struct stub_request *watch = af_start_with_pods();

    stub_request_end_chunks(watch);
    for (int i = 0; i < 3; i++) {
        stub_request_reply(af_request(PODS, i ? "limit=2" : "watch=1"), 403,
                           "", STATUS(403, "Forbidden", ""));
        UNTIL(af_has_problem("permission is missing: words"));
        CU_ASSERT(af_is("pod ns/a", "u1"));
    }
    af_reply(PODS, LIST("PodList", "20", "",
                        POD("a", "u1", "5") "," POD("b", "u2", "6")));
    stub_request_begin_chunks(af_request(PODS, "watch=1"));
    UNTIL(af_status().trusted);
    af_stop();
}

/* Without the right to read ControllerRevisions, a StatefulSet under rollout
 * is one of which not everything is known, and no more. */
static void
test_forbidden_revisions(void)
{
    af_start(NULL);
    af_reply("/apis$", "{\"kind\": \"APIGroupList\", \"groups\": []}");
    af_reply(STS, LIST("StatefulSetList", "10", "",
                       "{\"metadata\": {\"namespace\": \"ns\", "
                       "\"name\": \"s\", \"uid\": \"s1\", "
                       "\"resourceVersion\": \"3\", \"generation\": 2}, "
                       "\"spec\": {\"replicas\": 4, \"template\": {}}, "
                       "\"status\": {\"observedGeneration\": 2, "
                       "\"currentRevision\": \"s-1\", "
                       "\"updateRevision\": \"s-2\"}}"));
    stub_request_reply(af_request(REVS, NULL), 403, "",
                       STATUS(403, "Forbidden", ""));
    af_reply(NSS, LIST("PartialObjectMetadataList", "10", "", ""));
    af_reply(PODS, LIST("PodList", "10", "", POD("a", "u1", "5")));
    stub_request_begin_chunks(af_request(STS, "watch=1"));
    stub_request_begin_chunks(af_request(NSS, "watch=1"));
    stub_request_begin_chunks(af_request(PODS, "watch=1"));
    UNTIL(af_status().trusted);
    CU_ASSERT(af_is("workload ns/s", "4 unknown 1"));
    CU_ASSERT(af_has_problem("cannot list controllerrevisions.apps"));
    af_stop();
}

static void
test_retry_after(void)
{
    struct stub_request *r;
    long long int then;

    af_start(NULL);
    r = af_request(PODS, NULL);
    stub_request_reply(r, 429, "Retry-After: 1\r\n",
                       STATUS(429, "TooManyRequests", ""));
    UNTIL(af_has_problem("status 429"));
    then = time_msec();
    af_request(PODS, NULL);
    CU_ASSERT(time_msec() - then >= 900);
    af_stop();
}

/* ---- Filters. ---- */

static void
test_namespaces(void)
{
    struct svec namespaces = SVEC_EMPTY_INITIALIZER;
    struct stub_request *r;

    svec_add(&namespaces, "one");
    svec_add(&namespaces, "two");
    af_start(&namespaces);
    CU_ASSERT(api_source_covers(af.src, "one"));
    CU_ASSERT(!api_source_covers(af.src, "three"));
    af_request("/api/v1/namespaces/one/pods?", NULL);
    af_request("/api/v1/namespaces/two/pods?", NULL);
    af_request("/apis/apps/v1/namespaces/two/statefulsets?", NULL);
    af_request(NSS, "fieldSelector=metadata.name%3Done");
    r = af_request("/api/v1/namespaces/one/pods?", NULL);
    stub_request_reply(r, 403, "", STATUS(403, "Forbidden", ""));
    UNTIL(af_has_problem("cannot list pods in namespace one"));
    svec_destroy(&namespaces);
    af_stop();
}

#define NODE(NAME, MORE) \
    "{\"metadata\": {\"name\": \"" NAME "\", \"resourceVersion\": \"9\"" \
    MORE "}}"

#define ZONE(NAME) \
    ", \"annotations\": {\"k8s.ovn.org/zone-name\": \"" NAME "\"}"

static bool
nodes_are(const char *names)
{
    uint64_t seqno;
    const struct sset *nodes = api_source_nodes(af.src, &seqno);
    const char **sorted = sset_sort(nodes);
    struct ds ds = DS_EMPTY_INITIALIZER;
    bool same;

    for (size_t i = 0; sorted[i]; i++) {
        ds_put_format(&ds, "%s%s", i ? "," : "", sorted[i]);
    }
    same = !strcmp(ds_cstr(&ds), names);
    ds_destroy(&ds);
    free(sorted);
    return same;
}

static void
test_nodes(void)
{
    static const char path[]
        = "/api/v1/nodes?labelSelector=rack%3Dr1%2Cgpu";
    struct stub_request *watch;
    struct stub_request *pods;

    af_start_with((struct api_source_options) {
                      .node_selector = "rack=r1,gpu", .zone = "z1" });
    af_serve_others();
    /* The metadata of a pod do not tell its node. */
    pods = af_request(PODS, "limit=");
    CU_ASSERT(stub_request_has_header(pods, "Accept: application/json"));
    stub_request_reply(pods, 200, "",
                       LIST("PodList", "10", "",
                            "{\"metadata\": {\"namespace\": \"ns\", \"name\": "
                            "\"a\", \"uid\": \"u1\", \"resourceVersion\": "
                            "\"5\"}, \"spec\": {\"nodeName\": \"n9\"}}"));
    stub_request_begin_chunks(af_request(PODS, "watch=1"));
    /* A pod that is elsewhere is there. */
    UNTIL(af_is("pod ns/a", "u1"));
    CU_ASSERT(!af_status().synced);
    stub_request_reply(af_request(path, "limit="), 200, "",
                       LIST("PartialObjectMetadataList", "10", "",
                            NODE("n1", ZONE("z1")) "," NODE("n2", ZONE("z2"))
                            "," NODE("n3", "")));
    UNTIL(af_status().trusted);
    CU_ASSERT(nodes_are("n1"));
    watch = af_request(path, "watch=1");
    stub_request_begin_chunks(watch);
    stub_request_chunk(watch, EVENT("MODIFIED", NODE("n2", ZONE("z1")))
                       EVENT("ADDED", NODE("n4", ", \"labels\": {"
                             "\"k8s.ovn.org/zone-name\": \"z1\"}")));
    UNTIL(nodes_are("n1,n2,n4"));
    stub_request_chunk(watch, EVENT("MODIFIED", NODE("n1", ZONE("z9")))
                       EVENT("DELETED", NODE("n4", "")));
    UNTIL(nodes_are("n2"));
    af_stop();
}

/* ---- Discovery. ---- */

/* Says which of the groups that can be of use there are. */
static void
serve_groups(void)
{
    af_reply("/apis$", "{\"kind\": \"APIGroupList\", \"groups\": ["
             "{\"name\": \"kubevirt.io\", \"preferredVersion\": "
             "{\"groupVersion\": \"kubevirt.io/v1\"}},"
             "{\"name\": \"kubeovn.io\", \"preferredVersion\": "
             "{\"groupVersion\": \"kubeovn.io/v1\"}},"
             "{\"name\": \"k8s.cni.cncf.io\", \"preferredVersion\": "
             "{\"groupVersion\": \"k8s.cni.cncf.io/v1\"}, \"versions\": ["
             "{\"groupVersion\": \"k8s.cni.cncf.io/v1\"},"
             "{\"groupVersion\": \"k8s.cni.cncf.io/v1alpha1\"}]}]}");
    af_reply("/apis/kubevirt.io/v1$", "{\"resources\": ["
             "{\"name\": \"virtualmachines\"}]}");
    af_reply("/apis/kubeovn.io/v1$", "{\"resources\": ["
             "{\"name\": \"vips\"}, {\"name\": \"subnets\"}, "
             "{\"name\": \"ips\"}]}");
    af_reply("/apis/k8s.cni.cncf.io/v1alpha1$", "{\"resources\": ["
             "{\"name\": \"ipamclaims\"}]}");
}

static void
test_discovery(void)
{
    struct stub_request *watch;

    af_start(NULL);
    serve_groups();
    af_reply("/apis/kubevirt.io/v1/virtualmachines?",
             LIST("VirtualMachineList", "10", "",
                  META("vm", "v1", "5", "")));
    af_reply("/apis/kubeovn.io/v1/vips?",
             LIST("VipList", "10", "",
                  "{\"metadata\": {\"name\": \"vip\", \"uid\": \"i1\", "
                  "\"resourceVersion\": \"4\"}, \"spec\": {\"namespace\": "
                  "\"ns\"}}"));
    UNTIL(af_is("vip ns/vip", "i1"));
    af_reply("/apis/kubeovn.io/v1/subnets?",
             LIST("SubnetList", "10", "",
                  "{\"metadata\": {\"name\": \"net\", \"uid\": \"s1\", "
                  "\"resourceVersion\": \"4\"}}"));
    UNTIL(af_is("subnet /net", "s1"));
    /* Until they are listed, what they say is not known. */
    CU_ASSERT(af_status().ip_objects_hidden);
    af_reply("/apis/kubeovn.io/v1/ips?",
             LIST("IPList", "10", "",
                  "{\"metadata\": {\"name\": \"a.ns\", \"uid\": \"p1\", "
                  "\"resourceVersion\": \"4\"}, \"spec\": {\"v4IpAddress\": "
                  "\"10.0.0.1\", \"subnet\": \"net\"}}"));
    UNTIL(af_is("ip /a.ns", "p1"));
    CU_ASSERT(!af_status().ip_objects_hidden);
    CU_ASSERT(!af_status().ipam_claims_known);
    af_reply("/apis/k8s.cni.cncf.io/v1alpha1/ipamclaims?",
             LIST("IPAMClaimList", "10", "",
                  "{\"metadata\": {\"name\": \"vm.blue\", \"namespace\": "
                  "\"ns\", \"uid\": \"c1\", \"resourceVersion\": \"4\"}, "
                  "\"spec\": {\"network\": \"blue\", "
                  "\"interface\": \"net1\"}, "
                  "\"status\": {\"ips\": [\"10.3.0.5/16\"]}}"));
    UNTIL(af_is("claim ns/vm.blue", "c1"));
    CU_ASSERT(af_is("workload ns/vm", "0 known 1")
              || af_is("workload ns/vm", "1 known 1"));
    CU_ASSERT(!stub_server_find(af.stub, "/apis/kubevirt.io/v1/"
                                "virtualmachineinstances", NULL));
    watch = af_request("/apis/kubeovn.io/v1/vips?", "watch=1");
    stub_request_begin_chunks(watch);
    stub_request_chunk(watch, EVENT("MODIFIED", "{\"metadata\": {\"name\": "
                                    "\"vip\", \"uid\": \"i1\", "
                                    "\"resourceVersion\": \"14\"}, \"spec\": "
                                    "{\"namespace\": \"other\"}}"));
    UNTIL(af_is("vip other/vip", "i1"));
    CU_ASSERT(af_is("vip ns/vip", NULL));
    af_stop();
}

static void
test_escape(void)
{
    char *s = http_escape("a-B.0_~ /%\xc3\xa4=");

    CU_ASSERT_STRING_EQUAL(s, "a-B.0_~%20%2F%25%C3%A4%3D");
    free(s);
}

void
suite_api_source(void)
{
    CU_pSuite suite = unit_add_suite("api-source");

    CU_ADD_TEST(suite, test_escape);
    CU_ADD_TEST(suite, test_empty_list);
    CU_ADD_TEST(suite, test_shrunk_list);
    CU_ADD_TEST(suite, test_went_back);
    CU_ADD_TEST(suite, test_unreadable);
    CU_ADD_TEST(suite, test_forbidden);
    CU_ADD_TEST(suite, test_forbidden_first);
    CU_ADD_TEST(suite, test_forbidden_revisions);
    CU_ADD_TEST(suite, test_retry_after);
    CU_ADD_TEST(suite, test_namespaces);
    CU_ADD_TEST(suite, test_discovery);
    CU_ADD_TEST(suite, test_nodes);
}
