/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of how the Kubernetes client reads lists: page after page, of which
 * one is asked for ahead; pages that are bad, cut off, out of date or without
 * end. */

#include <config.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "openvswitch/shash.h"
#include "util.h"

#include "tests/unit/api-fixture.h"
#include "tests/unit/unit.h"

static void
test_pages(void)
{
    struct stub_request *r;

    af_start(NULL);
    r = af_request(PODS, NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(stub_request_path(r), "limit=2"));
    CU_ASSERT_PTR_NOT_NULL(strstr(stub_request_path(r),
                                  "status.phase%21%3DSucceeded"));
    CU_ASSERT_PTR_NULL(strstr(stub_request_path(r), "resourceVersion"));
    CU_ASSERT(stub_request_has_header(
                  r, "Accept: application/json;as=PartialObjectMetadataList;"
                  "g=meta.k8s.io;v=v1"));
    CU_ASSERT(stub_request_has_header(r, "User-Agent: ovn-ipguard/"));
    CU_ASSERT(stub_request_has_header(r, "Accept-Encoding: gzip"));
    af_reply(PODS, LIST("PartialObjectMetadataList", "10", "a/b=",
                        POD("a", "u1", "5") "," POD("b", "u2", "6")));
    r = af_request(PODS, "continue=a%2Fb%3D");
    af_take_changes();
    CU_ASSERT(shash_is_empty(&af.objects));
    CU_ASSERT(!af_status().synced);
    /* An empty page may be in between. */
    af_reply(PODS, LIST("PartialObjectMetadataList", "10", "c", ""));
    af_reply(PODS, LIST("PartialObjectMetadataList", "10", "",
                        POD("c", "u3", "7")));
    UNTIL(af_is("pod ns/c", "u3"));
    CU_ASSERT(af_is("pod ns/a", "u1"));
    CU_ASSERT(!af_status().synced);
    af_serve_others();
    CU_ASSERT(af_is("namespace /ns", "in"));
    stub_request_begin_chunks(af_request(PODS, "watch=1"));
    UNTIL(af_status().trusted);
    CU_ASSERT(af_status().vips_known);
    CU_ASSERT_EQUAL(af_status().n_pods, 3);
    af_stop();
}

/* Each of these as the second page of the first list: nothing of it reaches
 * the model, and the list is begun anew. */
static void
test_bad_pages(void)
{
    static const struct {
        int status;
        const char *body;
        const char *problem;
    } vectors[] = {
        {500, STATUS(500, "InternalError", ""), "status 500: words"},
        {200, STATUS(500, "InternalError", ""), "in spite of its status"},
        {200, "{\"kind\": \"PodList\"", "line 1 of the answer"},
        {200, "", "the answer is empty"},
        {200, "<html>", "line 1 of the answer"},
        {200, "[]", "of the answer"},
        {200, "{\"kind\": \"PodList\", \"items\": []}", "no resourceVersion"},
        {200, "{\"kind\": \"Pod\", \"metadata\": {}}", "is no list"},
        {200, LIST("PodList", "10", "", "{}"), "no name or no uid"},
        {200, LIST("PodList", "10", "", POD("a", "u1", "5")), "twice"},
        {200, LIST("PodList", "10", "x", POD("b", "u1", "5")),
         "followed by itself"},
        {200, LIST("PodList", "10", "", POD("c\xff", "u1", "5")), "decode"},
        {404, "not here", "the server has none"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        af_start(NULL);
        af_reply(PODS, LIST("PodList", "10", "x", POD("a", "u1", "5")));
        stub_request_reply(af_request(PODS, "continue=x"), vectors[i].status,
                           "Retry-After: 0\r\n", vectors[i].body);
        UNTIL(af_has_problem(vectors[i].problem));
        CU_ASSERT(shash_is_empty(&af.objects));
        if (vectors[i].status != 404) {
            /* From the beginning. */
            struct stub_request *r = af_request(PODS, NULL);

            CU_ASSERT_PTR_NULL(strstr(stub_request_path(r), "continue"));
            af_reply(PODS, LIST("PodList", "11", "", POD("a", "u1", "5")));
            UNTIL(af_is("pod ns/a", "u1"));
            CU_ASSERT(!af_has_problem(vectors[i].problem));
        }
        af_stop();
    }
}

/* A list whose connection is cut in the middle was nothing. */
static void
test_cut_list(void)
{
    static const char head[]
        = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
          "{\"kind\": \"PodList\", \"items\": [";
    struct stub_request *r;

    af_start(NULL);
    r = af_request(PODS, NULL);
    stub_request_send(r, head, strlen(head));
    stub_request_cut(r);
    UNTIL(af_has_problem("cannot list pods in all namespaces"));
    CU_ASSERT(shash_is_empty(&af.objects));
    af_reply(PODS, LIST("PodList", "11", "", POD("a", "u1", "5")));
    UNTIL(af_is("pod ns/a", "u1"));
    af_stop();
}

/* Begins a page of the pods, behind which comes 'token', with the pod a. */
static struct stub_request *
begin_page(const char *token)
{
    struct stub_request *r = af_request(PODS, NULL);
    char *head = xasprintf("{\"kind\": \"PodList\", \"metadata\": {"
                           "\"resourceVersion\": \"10\", \"continue\": "
                           "\"%s\"}, \"items\": [" POD("a", "u1", "5"),
                           token);

    stub_request_begin_chunks(r);
    /* The connection is busy: what follows comes over another one. */
    stub_request_chunk(r, "{\"kind\": \"PodList\", \"metadata\": {");
    af_turn();
    CU_ASSERT_PTR_NULL(stub_server_find(af.stub, PODS, "continue="));
    stub_request_chunk(r, strstr(head, "\"resourceVersion"));
    free(head);
    return r;
}

/* The next page is asked for when the beginning of one is there, and counts
 * behind it, however early it comes. */
static void
test_ahead(void)
{
    struct stub_request *first;

    af_start(NULL);
    af_serve_others();
    first = begin_page("x");
    stub_request_reply(af_request(PODS, "continue=x"), 200, "",
                       LIST("PodList", "10", "y", POD("b", "u2", "6")));
    for (int i = 0; i < 10; i++) {
        af_turn();
    }
    /* One page ahead, not more. */
    CU_ASSERT_PTR_NULL(stub_server_find(af.stub, PODS, "continue=y"));
    stub_request_chunk(first, "]}");
    stub_request_end_chunks(first);
    stub_request_reply(af_request(PODS, "continue=y"), 200, "",
                       LIST("PodList", "10", "", POD("c", "u3", "7")));
    stub_request_begin_chunks(af_request(PODS, "resourceVersion=10&"));
    UNTIL(af_status().trusted);
    CU_ASSERT(af_is("pod ns/a", "u1") && af_is("pod ns/b", "u2")
              && af_is("pod ns/c", "u3"));
    af_stop();
}

/* ... and is on its way before the page is read: the turn that begins it sends
 * it, although that page is complete and takes the turn's time. */
static void
test_ahead_at_once(void)
{
    struct stub_request *next = NULL;
    uint64_t n;

    af_start(NULL);
    af_serve_others();
    af_request(PODS, "limit=");
    n = af_status().n_requests;
    af_reply(PODS, LIST("PodList", "10", "x", POD("a", "u1", "5")));
    UNTIL(af_status().n_requests > n);
    /* From here on the client has no turn.  It has a connection to spare, that
     * of "/apis". */
    for (int i = 0; !next && i < 1000; i++) {
        stub_server_run(af.stub);
        next = stub_server_find(af.stub, PODS, "continue=x");
        if (!next) {
            usleep(10000);
        }
    }
    CU_ASSERT_PTR_NOT_NULL(next);
    af_stop();
}

/* ... and is nothing if that one is cut off, or was no list in the end. */
static void
test_ahead_of_bad_page(void)
{
    for (int i = 0; i < 2; i++) {
        struct stub_request *first, *next;

        af_start(NULL);
        first = begin_page("x");
        next = af_request(PODS, "continue=x");
        if (i) {
            stub_request_chunk(first, "]]");
            stub_request_end_chunks(first);
        } else {
            stub_request_cut(first);
        }
        UNTIL(af_has_problem(i ? "line 1 of the answer"
                             : "cannot list pods in all namespaces"));
        CU_ASSERT(shash_is_empty(&af.objects));
        UNTIL(stub_request_is_abandoned(next));
        af_reply(PODS, LIST("PodList", "11", "", POD("b", "u2", "6")));
        UNTIL(af_is("pod ns/b", "u2"));
        CU_ASSERT(af_is("pod ns/a", NULL));
        af_stop();
    }
}

/* A page as the API server writes it: what nobody reads of it is left out, but
 * not what is wrong with it. */
static void
test_trimmed_page(void)
{
#define COMPACT(LABELS) \
    "{\"kind\":\"PodList\",\"metadata\":{\"resourceVersion\":\"10\"}," \
    "\"items\":[{\"metadata\":{\"name\":\"a\",\"namespace\":\"ns\"," \
    "\"uid\":\"u1\",\"resourceVersion\":\"5\",\"labels\":{" LABELS "}," \
    "\"annotations\":{\"note\":\"\\\"}]\"},\"managedFields\":[{}]}}," \
    "{\"metadata\":{\"name\":\"b\",\"namespace\":\"ns\",\"uid\":\"u2\"," \
    "\"resourceVersion\":\"6\",\"annotations\":{" \
    "\"ovn-ipguard.io/ignor\\u0065\":\"true\",\"note\":\"\"}}}]}"

    static const char *bad[] = {
        COMPACT("\"app\":\"x\",\"app\":\"y\""),
        COMPACT("\"app\":\"x\",\"a\\u0070p\":\"y\""),
        COMPACT("\"app\":\"\xff\""),
        COMPACT("\"app\":\"x\","),
    };

    af_start(NULL);
    af_serve_others();
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        af_reply(PODS, bad[i]);
        UNTIL(af_status().n_errors == i + 1);
        CU_ASSERT(af_has_problem("line 1 of the answer"));
        CU_ASSERT(af_is("pod ns/a", NULL) && af_is("pod ns/b", NULL));
    }
    af_reply(PODS, COMPACT("\"app\":\"x\""));
    UNTIL(af_is("pod ns/a", "u1"));
    CU_ASSERT(af_is("pod ns/b", "u2 out"));
    af_stop();
}

/* Where a list says what follows only at its end, the next page waits. */
static void
test_metadata_last(void)
{
    struct stub_request *r;

    af_start(NULL);
    r = af_request(PODS, NULL);
    stub_request_begin_chunks(r);
    stub_request_chunk(r, "{\"kind\": \"PodList\", \"items\": ["
                       POD("a", "u1", "5") "], ");
    for (int i = 0; i < 10; i++) {
        af_turn();
    }
    CU_ASSERT_PTR_NULL(stub_server_find(af.stub, PODS, "continue="));
    stub_request_chunk(r, "\"metadata\": {\"resourceVersion\": \"10\", "
                       "\"continue\": \"x\"}}");
    stub_request_end_chunks(r);
    af_reply(PODS, LIST("PodList", "10", "", POD("b", "u2", "6")));
    UNTIL(af_is("pod ns/b", "u2"));
    CU_ASSERT(af_is("pod ns/a", "u1"));
    af_stop();
}

/* 410 between two pages: at once from the beginning; with larger pages. */
static void
test_list_expired(void)
{
    af_start(NULL);
    af_reply(PODS, LIST("PodList", "10", "x", POD("a", "u1", "5")));
    stub_request_reply(af_request(PODS, "continue=x"), 410, "",
                       STATUS(410, "Expired", ""));
    af_reply(PODS, LIST("PodList", "20", "x", POD("b", "u2", "15")));
    CU_ASSERT_PTR_NOT_NULL(af_request(PODS, "limit=20&continue=x"));
    af_reply(PODS, LIST("PodList", "20", "", POD("c", "u3", "16")));
    UNTIL(af_is("pod ns/c", "u3"));
    CU_ASSERT(af_is("pod ns/a", NULL));
    af_stop();
}

/* A list without an end: page after page with nothing, each with another
 * token.  It is given up, and nothing of it counts. */
static void
test_endless_list(void)
{
    af_start(NULL);
    af_reply(PODS, LIST("PodList", "10", "x", POD("a", "u1", "5")));
    for (int i = 0; i <= 1000; i++) {
        char *body = xasprintf(LIST("PodList", "10", "x%d", ""), i);

        stub_request_reply(af_request(PODS, "continue=x"), 200, "", body);
        free(body);
        af_turn();
    }
    UNTIL(af_has_problem("on and on without objects"));
    CU_ASSERT(shash_is_empty(&af.objects));
    CU_ASSERT(!af_status().synced);

    /* From the beginning, and this one ends. */
    CU_ASSERT_PTR_NULL(strstr(stub_request_path(af_request(PODS, NULL)),
                              "continue"));
    af_reply(PODS, LIST("PodList", "11", "", POD("a", "u1", "5")));
    UNTIL(af_is("pod ns/a", "u1"));
    af_stop();
}

/* A page that is larger than any can be. */
static void
test_large_page(void)
{
    size_t size = 1024 * 1024;
    char *big = xmalloc(size + 1);
    struct stub_request *r;

    af_start(NULL);
    memset(big, ' ', size);
    big[size] = '\0';
    r = af_request(PODS, NULL);
    stub_request_begin_chunks(r);
    stub_request_chunk(r, "{\"kind\": ");
    for (int i = 0; i < 65; i++) {
        stub_request_chunk(r, big);
        af_turn();
    }
    UNTIL(af_has_problem("the answer is larger than 67108864 bytes"));
    stub_request_cut(r);
    CU_ASSERT(shash_is_empty(&af.objects));
    af_reply(PODS, LIST("PodList", "11", "", POD("a", "u1", "5")));
    UNTIL(af_is("pod ns/a", "u1"));
    free(big);
    af_stop();
}

void
suite_api_list(void)
{
    CU_pSuite suite = unit_add_suite("api-list");

    CU_ADD_TEST(suite, test_pages);
    CU_ADD_TEST(suite, test_bad_pages);
    CU_ADD_TEST(suite, test_cut_list);
    CU_ADD_TEST(suite, test_ahead);
    CU_ADD_TEST(suite, test_ahead_at_once);
    CU_ADD_TEST(suite, test_ahead_of_bad_page);
    CU_ADD_TEST(suite, test_trimmed_page);
    CU_ADD_TEST(suite, test_metadata_last);
    CU_ADD_TEST(suite, test_list_expired);
    CU_ADD_TEST(suite, test_endless_list);
    CU_ADD_TEST(suite, test_large_page);
}
