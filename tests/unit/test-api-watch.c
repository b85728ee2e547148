/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of the Kubernetes client's watches: what events tell, where the next
 * watch begins, and what is done about one that is wrong, silent or cut. */

#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "tests/unit/api-fixture.h"
#include "tests/unit/unit.h"

static void
test_events(void)
{
    struct stub_request *watch = af_start_with_pods();
    uint64_t n_events;

    stub_request_chunk(watch, EVENT("ADDED", POD("c", "u3", "11")));
    UNTIL(af_is("pod ns/c", "u3"));
    stub_request_chunk(watch, EVENT("DELETED", POD("a", "u1", "12"))
                       EVENT("ADDED", POD("a", "u9", "13")));
    UNTIL(af_is("pod ns/a", "u9"));

    /* Split anywhere, also within a character. */
    stub_request_chunk(watch, "{\"type\": \"MODIF");
    stub_request_chunk(watch, "IED\", \"object\": {\"metadata\": "
                       "{\"namespace\": \"ns\", \"name\": \"d\", "
                       "\"uid\": \"u4\", \"resourceVersion\": \"14\", "
                       "\"annotations\": {\"x\": \"\xc3");
    stub_request_chunk(watch, "\xa4\"}}}}");
    stub_request_chunk(watch, "\n" BOOKMARK("20"));
    UNTIL(af_is("pod ns/d", "u4"));

    /* The watch ends and goes on where the bookmark was. */
    stub_request_end_chunks(watch);
    watch = af_request(PODS, "watch=1&allowWatchBookmarks=true"
                       "&resourceVersion=20&");
    stub_request_begin_chunks(watch);
    n_events = af_status().n_events;
    CU_ASSERT_EQUAL(n_events, 4);
    CU_ASSERT_EQUAL(af_status().n_lists, 4);
    CU_ASSERT(af_status().trusted);
    af_stop();
}

/* A watch in which nothing but bookmarks comes is a good one: nothing is
 * listed again, nothing changes, and the next one begins where the last
 * bookmark was. */
static void
test_bookmarks_only(void)
{
    struct stub_request *watch = af_start_with_pods();
    size_t n_changes = af.n_changes;

    for (int i = 0; i < 3; i++) {
        char *version = xasprintf("resourceVersion=%d&", 100 * (i + 1));
        char *text = xasprintf(BOOKMARK("%d") BOOKMARK("%d"), 100 * i + 50,
                               100 * (i + 1));

        stub_request_chunk(watch, text);
        stub_request_end_chunks(watch);
        watch = af_request(PODS, version);
        stub_request_begin_chunks(watch);
        free(version);
        free(text);
    }
    UNTIL(af_status().trusted);
    CU_ASSERT_EQUAL(af_status().n_lists, 4);
    CU_ASSERT_EQUAL(af.n_changes, n_changes);
    CU_ASSERT_EQUAL(af_status().n_events, 0);

    /* An older bookmark does not lead back. */
    stub_request_chunk(watch, BOOKMARK("200"));
    stub_request_end_chunks(watch);
    CU_ASSERT_PTR_NOT_NULL(af_request(PODS, "resourceVersion=300&"));
    af_stop();
}

/* What was known better is not undone by what comes late, twice or in the
 * wrong order. */
static void
test_old_events(void)
{
    struct stub_request *watch = af_start_with_pods();
    size_t n_changes;

    stub_request_chunk(watch, EVENT("MODIFIED", POD("a", "u1", "12")));
    UNTIL(af_status().n_events == 1);
    af_turn();
    n_changes = af.n_changes;
    stub_request_chunk(watch,
                       EVENT("MODIFIED", POD("a", "u1", "12"))
                       EVENT("MODIFIED", POD("a", "u1", "11"))
                       EVENT("ADDED", POD("a", "u0", "4"))
                       EVENT("DELETED", POD("a", "u0", "4"))
                       EVENT("ADDED", POD("ghost", "u7", "9")));
    UNTIL(af_status().n_events == 6);
    af_turn();
    CU_ASSERT_EQUAL(af.n_changes, n_changes);
    CU_ASSERT(af_is("pod ns/a", "u1"));
    CU_ASSERT(af_is("pod ns/ghost", NULL));
    af_stop();
}

/* A watch that ends in garbage is made good by the next one, from the last
 * event that was understood; garbage again and again by a list. */
static void
test_bad_events(void)
{
    static const struct {
        const char *data;
        const char *problem;
    } vectors[] = {
        {"{\"type\": \"ADDED\", \"obj\n", "invalid JSON"},
        {"{}\n", "an event without type or object"},
        {EVENT("STRANGE", POD("a", "u1", "5")), "unknown type"},
        {EVENT("ERROR", STATUS(500, "InternalError", "")), "words (500)"},
        {EVENT("ADDED", POD("z\xff", "u1", "50")), "invalid JSON"},
        {"{\"type\": \"ADDED\", ", "it ended within an event"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct stub_request *watch = af_start_with_pods();

        for (int round = 0; round < 3; round++) {
            stub_request_chunk(watch, EVENT("ADDED", POD("c", "u3", "11")));
            UNTIL(af_is("pod ns/c", "u3"));
            stub_request_chunk(watch, vectors[i].data);
            stub_request_end_chunks(watch);
            UNTIL(af_has_problem(vectors[i].problem));
            watch = af_request(PODS, "resourceVersion=11&");
            stub_request_begin_chunks(watch);
            stub_request_chunk(watch, BOOKMARK("11"));
            UNTIL(!af_has_problem(vectors[i].problem));
        }
        af_stop();
    }
}

/* Three in a row, without anything good between: the version is at fault. */
static void
test_bad_watches(void)
{
    struct stub_request *watch = af_start_with_pods();

    for (int i = 0; i < 3; i++) {
        stub_request_chunk(watch, "garbage\n");
        stub_request_end_chunks(watch);
        if (i < 2) {
            watch = af_request(PODS, "resourceVersion=10&");
            stub_request_begin_chunks(watch);
        }
    }
    CU_ASSERT_PTR_NOT_NULL(af_request(PODS, "limit=2"));
    af_stop();
}

/* 410 in the watch: a new list, whose result replaces what there was. */
static void
test_gone(void)
{
    struct stub_request *watch = af_start_with_pods();

    stub_request_chunk(watch, EVENT("ERROR", STATUS(410, "Expired", "")));
    af_reply(PODS, LIST("PodList", "100", "x", POD("b", "u2", "6")));
    af_request(PODS, "continue=x");
    /* Half a list changes nothing. */
    CU_ASSERT(af_is("pod ns/a", "u1"));
    CU_ASSERT_EQUAL(af.n_listed, 2);
    af_reply(PODS, LIST("PodList", "100", "", POD("c", "u3", "90")));
    UNTIL(af_is("pod ns/c", "u3"));
    CU_ASSERT_EQUAL(af.n_listed, 3);
    CU_ASSERT(af_is("pod ns/a", NULL));
    CU_ASSERT(af_is("pod ns/b", "u2"));
    watch = af_request(PODS, "resourceVersion=100&");
    stub_request_begin_chunks(watch);
    UNTIL(af_status().trusted);
    stub_request_chunk(watch, EVENT("ADDED", POD("d", "u4", "101")));
    UNTIL(af_is("pod ns/d", "u4"));
    CU_ASSERT_EQUAL(af.n_listed, 3);

    /* As a status. */
    stub_request_end_chunks(watch);
    stub_request_reply(af_request(PODS, "watch=1"), 410, "",
                       STATUS(410, "Gone", ""));
    CU_ASSERT_PTR_NOT_NULL(af_request(PODS, "limit=2"));
    af_stop();
}

/* The server goes and comes back: the watch goes on where it was. */
static void
test_restart(void)
{
    struct stub_request *watch = af_start_with_pods();

    stub_server_close(af.stub);
    stub_request_cut(watch);
    UNTIL(af_status().n_errors >= 3);
    CU_ASSERT(af_is("pod ns/a", "u1"));
    stub_server_open(af.stub);
    watch = af_request(PODS, "watch=1&allowWatchBookmarks=true"
                       "&resourceVersion=10&");
    stub_request_begin_chunks(watch);
    stub_request_chunk(watch, EVENT("DELETED", POD("a", "u1", "12")));
    UNTIL(af_is("pod ns/a", NULL));
    UNTIL(af_status().trusted);
    CU_ASSERT_EQUAL(af_status().n_lists, 4);
    af_stop();
}

/* The server is away for long, so that all wait for long; the first answer to
 * anybody calls the others.  What it has forgotten by then is listed at
 * once. */
static void
test_hurry(void)
{
    struct stub_request *watch = af_start_with_pods();

    api_source_set_limits(af.src, 2, 60000, 100000);
    stub_server_close(af.stub);
    stub_request_cut(watch);
    UNTIL(af_status().n_errors >= 4);
    stub_server_open(af.stub);
    /* A live read is not kept waiting by any of that. */
    af_live_read(7, "b", "");
    stub_request_reply(af_request("/api/v1/namespaces/ns/pods/b$", NULL), 200,
                       "", POD("b", "u2", "6"));
    stub_request_reply(af_request(PODS, "watch=1"), 200, "",
                       EVENT("ERROR", STATUS(410, "Expired", "")));
    af_reply(PODS, LIST("PodList", "100", "", POD("c", "u3", "90")));
    UNTIL(af_is("pod ns/c", "u3"));
    CU_ASSERT_PTR_NOT_NULL(af_request(STS, "watch=1"));
    CU_ASSERT_PTR_NOT_NULL(af_request(REVS, "watch=1"));
    CU_ASSERT_PTR_NOT_NULL(af_request(NSS, "watch=1"));
    af_stop();
}

/* A watch that says nothing is not believed. */
static void
test_silence(void)
{
    struct stub_request *watch = af_start_with_pods();

    api_source_set_limits(af.src, 2, 300, 1);
    stub_request_end_chunks(watch);
    watch = af_request(PODS, "resourceVersion=10&");
    stub_request_begin_chunks(watch);
    UNTIL(stub_request_is_abandoned(watch));
    CU_ASSERT_EQUAL(af_status().n_lists, 4);
    stub_request_end(watch);
    CU_ASSERT_PTR_NOT_NULL(af_request(PODS, "resourceVersion=10&"));
    af_stop();
}

/* An event that is too large, and a header that never ends. */
static void
test_caps(void)
{
    struct stub_request *watch = af_start_with_pods();
    size_t size = 1024 * 1024;
    char *big = xmalloc(size + 1);

    memset(big, 'x', size);
    big[size] = '\0';
    stub_request_chunk(watch, "{\"type\": \"");
    for (int i = 0; i < 17; i++) {
        stub_request_chunk(watch, big);
    }
    UNTIL(af_has_problem("the answer is larger than 16777216 bytes"));
    stub_request_cut(watch);

    watch = af_request(PODS, "resourceVersion=10&");
    stub_request_send(watch, "HTTP/1.1 200 OK\r\n", 17);
    for (int i = 0; i < 70; i++) {
        stub_request_send(watch, "X: ", 3);
        stub_request_send(watch, big, 1000);
        stub_request_send(watch, "\r\n", 2);
    }
    UNTIL(af_has_problem("header is larger than"));
    stub_request_cut(watch);
    CU_ASSERT(af_is("pod ns/a", "u1"));
    free(big);
    af_stop();
}

void
suite_api_watch(void)
{
    CU_pSuite suite = unit_add_suite("api-watch");

    CU_ADD_TEST(suite, test_events);
    CU_ADD_TEST(suite, test_bookmarks_only);
    CU_ADD_TEST(suite, test_old_events);
    CU_ADD_TEST(suite, test_bad_events);
    CU_ADD_TEST(suite, test_bad_watches);
    CU_ADD_TEST(suite, test_gone);
    CU_ADD_TEST(suite, test_restart);
    CU_ADD_TEST(suite, test_hurry);
    CU_ADD_TEST(suite, test_silence);
    CU_ADD_TEST(suite, test_caps);
}
