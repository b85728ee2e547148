/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of the Kubernetes client against a scripted server (stub-server.h): a
 * stand-in that sends what a real API server would, and what it never does.
 * Each test plays the server's part step by step; no step depends on time. */

#include <config.h>

#include "agent/kube/api-source.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/shash.h"
#include "sset.h"
#include "svec.h"
#include "timeval.h"
#include "util.h"

#include "agent/core/dialect.h"
#include "agent/core/kube-change.h"
#include "agent/core/pod.h"
#include "agent/core/workload.h"
#include "agent/kube/http.h"
#include "tests/unit/stub-server.h"
#include "tests/unit/unit.h"

#define PODS "/api/v1/pods?"
#define STS "/apis/apps/v1/statefulsets?"
#define REVS "/apis/apps/v1/controllerrevisions?"
#define NSS "/api/v1/namespaces?"

/* A client and its server, and what the client has told about. */
struct world {
    struct stub_server *stub;
    struct api_source *src;
    struct shash objects;       /* "pod NS/NAME" to its uid, and " out" if it
                                 * is opted out; "workload ..." to
                                 * "REPLICAS KNOWN". */
    size_t n_changes;
    size_t n_listed;            /* Pods that a list had. */
};

static struct world w;

/* A test that waits for longer than this has failed; none that passes takes
 * a tenth of it. */
static const long long int until_ms = 20000;

static void
forget(const char *key)
{
    free(shash_find_and_delete(&w.objects, key));
}

static void
take_changes(void)
{
    struct kube_change *c;

    while ((c = api_source_pop(w.src))) {
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

        w.n_changes++;
        w.n_listed += c->kind == KUBE_POD && c->listed;
        forget(key);
        if (!c->gone) {
            shash_add(&w.objects, key,
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

/* One turn of the loop, but for the waiting. */
static void
turn(void)
{
    stub_server_run(w.stub);
    api_source_run(w.src, time_msec());
    take_changes();
    stub_server_run(w.stub);
}

/* Waits for something to happen, until 'end' at the latest. */
static void
block(long long int end)
{
    stub_server_wait(w.stub);
    api_source_wait(w.src);
    poll_timer_wait_until(end);
    poll_block();
}

/* Turns until CONDITION is true; a failure of the test after 'until_ms'. */
#define UNTIL(CONDITION)                                \
    do {                                                \
        long long int end_ = time_msec() + until_ms;    \
        bool ok_;                                       \
                                                        \
        while (!(ok_ = (CONDITION) ? true : false)      \
               && time_msec() < end_) {                 \
            turn();                                     \
            if ((ok_ = (CONDITION) ? true : false)) {   \
                break;                                  \
            }                                           \
            block(end_);                                \
        }                                               \
        CU_ASSERT_FATAL(ok_);                           \
    } while (0)

/* Waits for a request and returns it. */
static struct stub_request *
request(const char *prefix, const char *part)
{
    UNTIL(stub_server_find(w.stub, prefix, part));
    return stub_server_find(w.stub, prefix, part);
}

static bool
is(const char *key, const char *value)
{
    const char *have = shash_find_data(&w.objects, key);

    return have && value ? !strcmp(have, value) : !have && !value;
}

static struct api_source_status
status(void)
{
    struct api_source_status s;

    api_source_get_status(w.src, &s);
    return s;
}

static bool
has_problem(const char *text)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    bool found;

    api_source_format_problems(w.src, &ds);
    found = strstr(ds_cstr(&ds), text) != NULL;
    ds_destroy(&ds);
    return found;
}

static void
start_with(struct api_source_options options)
{
    char *error;

    options.dialect = &dialect_kube_ovn;

    w.stub = stub_server_create();
    options.kubeconfig.url = stub_server_url(w.stub);
    shash_init(&w.objects);
    w.n_changes = w.n_listed = 0;
    error = api_source_create(&options, &w.src);
    CU_ASSERT_PTR_NULL_FATAL(error);
    api_source_set_limits(w.src, 2, 60000, 1);
}

static void
start(const struct svec *namespaces)
{
    start_with((struct api_source_options) { .namespaces = namespaces });
}

static void
stop(void)
{
    api_source_destroy(w.src);
    stub_server_destroy(w.stub);
    shash_destroy_free_data(&w.objects);
}

/* ---- What a server says. ---- */

#define LIST(KIND, VERSION, CONTINUE, ITEMS) \
    "{\"kind\": \"" KIND "\", \"apiVersion\": \"v1\", \"metadata\": " \
    "{\"resourceVersion\": \"" VERSION "\", \"continue\": \"" CONTINUE \
    "\"}, \"items\": [" ITEMS "]}"

#define META(NAME, UID, VERSION, MORE) \
    "{\"metadata\": {\"namespace\": \"ns\", \"name\": \"" NAME "\", " \
    "\"uid\": \"" UID "\", \"resourceVersion\": \"" VERSION "\"" MORE "}}"

#define POD(NAME, UID, VERSION) META(NAME, UID, VERSION, "")

#define EVENT(TYPE, OBJECT) \
    "{\"type\": \"" TYPE "\", \"object\": " OBJECT "}\n"

#define BOOKMARK(VERSION) \
    EVENT("BOOKMARK", "{\"kind\": \"PartialObjectMetadata\", \"metadata\": " \
          "{\"resourceVersion\": \"" VERSION "\"}}")

#define STATUS(CODE, REASON, MORE) \
    "{\"kind\": \"Status\", \"status\": \"Failure\", \"code\": " #CODE \
    ", \"reason\": \"" REASON "\", \"message\": \"words\"" MORE "}"

#define NOT_FOUND(NAME) \
    STATUS(404, "NotFound", ", \"details\": {\"name\": \"" NAME "\"}")

/* Answers one that is not a watch. */
static void
reply(const char *prefix, const char *body)
{
    bool list = prefix[strlen(prefix) - 1] == '?';

    stub_request_reply(request(prefix, list ? "limit=" : NULL), 200, "",
                       body);
}

/* Answers what is asked beside the pods, and leaves the watches open. */
static void
serve_others(void)
{
    reply("/apis$", "{\"kind\": \"APIGroupList\", \"groups\": []}");
    reply(STS, LIST("StatefulSetList", "10", "", ""));
    reply(REVS, LIST("ControllerRevisionList", "10", "", ""));
    reply(NSS, LIST("PartialObjectMetadataList", "10", "",
                    "{\"metadata\": {\"name\": \"ns\", \"uid\": \"n1\", "
                    "\"resourceVersion\": \"1\"}}"));
    stub_request_begin_chunks(request(STS, "watch=1"));
    stub_request_begin_chunks(request(REVS, "watch=1"));
    stub_request_begin_chunks(request(NSS, "watch=1"));
}

/* Starts with the pods a (uid u1, version 5) and b (u2, 6), at version 10.
 * Returns their watch. */
static struct stub_request *
start_with_pods(void)
{
    struct stub_request *watch;

    start(NULL);
    serve_others();
    reply(PODS, LIST("PartialObjectMetadataList", "10", "",
                     POD("a", "u1", "5") "," POD("b", "u2", "6")));
    watch = request(PODS, "watch=1&allowWatchBookmarks=true"
                    "&resourceVersion=10&");
    stub_request_begin_chunks(watch);
    UNTIL(status().trusted);
    return watch;
}

/* ---- Lists. ---- */

static void
test_pages(void)
{
    struct stub_request *r;

    start(NULL);
    r = request(PODS, NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(stub_request_path(r), "limit=2"));
    CU_ASSERT_PTR_NOT_NULL(strstr(stub_request_path(r),
                                  "status.phase%21%3DSucceeded"));
    CU_ASSERT_PTR_NULL(strstr(stub_request_path(r), "resourceVersion"));
    CU_ASSERT(stub_request_has_header(
                  r, "Accept: application/json;as=PartialObjectMetadataList;"
                  "g=meta.k8s.io;v=v1"));
    CU_ASSERT(stub_request_has_header(r, "User-Agent: ovn-ipguard/"));
    CU_ASSERT(stub_request_has_header(r, "Accept-Encoding: gzip"));
    reply(PODS, LIST("PartialObjectMetadataList", "10", "a/b=",
                     POD("a", "u1", "5") "," POD("b", "u2", "6")));
    r = request(PODS, "continue=a%2Fb%3D");
    take_changes();
    CU_ASSERT(shash_is_empty(&w.objects));
    CU_ASSERT(!status().synced);
    /* An empty page may be in between. */
    reply(PODS, LIST("PartialObjectMetadataList", "10", "c", ""));
    reply(PODS, LIST("PartialObjectMetadataList", "10", "",
                     POD("c", "u3", "7")));
    UNTIL(is("pod ns/c", "u3"));
    CU_ASSERT(is("pod ns/a", "u1"));
    CU_ASSERT(!status().synced);
    serve_others();
    CU_ASSERT(is("namespace /ns", "in"));
    stub_request_begin_chunks(request(PODS, "watch=1"));
    UNTIL(status().trusted);
    CU_ASSERT(status().vips_known);
    CU_ASSERT_EQUAL(status().n_pods, 3);
    stop();
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
        start(NULL);
        reply(PODS, LIST("PodList", "10", "x", POD("a", "u1", "5")));
        stub_request_reply(request(PODS, "continue=x"), vectors[i].status,
                           "Retry-After: 0\r\n", vectors[i].body);
        UNTIL(has_problem(vectors[i].problem));
        CU_ASSERT(shash_is_empty(&w.objects));
        if (vectors[i].status != 404) {
            /* From the beginning. */
            struct stub_request *r = request(PODS, NULL);

            CU_ASSERT_PTR_NULL(strstr(stub_request_path(r), "continue"));
            reply(PODS, LIST("PodList", "11", "", POD("a", "u1", "5")));
            UNTIL(is("pod ns/a", "u1"));
            CU_ASSERT(!has_problem(vectors[i].problem));
        }
        stop();
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

    start(NULL);
    r = request(PODS, NULL);
    stub_request_send(r, head, strlen(head));
    stub_request_cut(r);
    UNTIL(has_problem("cannot list pods in all namespaces"));
    CU_ASSERT(shash_is_empty(&w.objects));
    reply(PODS, LIST("PodList", "11", "", POD("a", "u1", "5")));
    UNTIL(is("pod ns/a", "u1"));
    stop();
}

/* Begins a page of the pods, behind which comes 'token', with the pod a. */
static struct stub_request *
begin_page(const char *token)
{
    struct stub_request *r = request(PODS, NULL);
    char *head = xasprintf("{\"kind\": \"PodList\", \"metadata\": {"
                           "\"resourceVersion\": \"10\", \"continue\": "
                           "\"%s\"}, \"items\": [" POD("a", "u1", "5"),
                           token);

    stub_request_begin_chunks(r);
    /* The connection is busy: what follows comes over another one. */
    stub_request_chunk(r, "{\"kind\": \"PodList\", \"metadata\": {");
    turn();
    CU_ASSERT_PTR_NULL(stub_server_find(w.stub, PODS, "continue="));
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

    start(NULL);
    serve_others();
    first = begin_page("x");
    stub_request_reply(request(PODS, "continue=x"), 200, "",
                       LIST("PodList", "10", "y", POD("b", "u2", "6")));
    for (int i = 0; i < 10; i++) {
        turn();
    }
    /* One page ahead, not more. */
    CU_ASSERT_PTR_NULL(stub_server_find(w.stub, PODS, "continue=y"));
    stub_request_chunk(first, "]}");
    stub_request_end_chunks(first);
    stub_request_reply(request(PODS, "continue=y"), 200, "",
                       LIST("PodList", "10", "", POD("c", "u3", "7")));
    stub_request_begin_chunks(request(PODS, "resourceVersion=10&"));
    UNTIL(status().trusted);
    CU_ASSERT(is("pod ns/a", "u1") && is("pod ns/b", "u2")
              && is("pod ns/c", "u3"));
    stop();
}

/* ... and is on its way before the page is read: the turn that begins it sends
 * it, although that page is complete and takes the turn's time. */
static void
test_ahead_at_once(void)
{
    struct stub_request *next = NULL;
    uint64_t n;

    start(NULL);
    serve_others();
    request(PODS, "limit=");
    n = status().n_requests;
    reply(PODS, LIST("PodList", "10", "x", POD("a", "u1", "5")));
    UNTIL(status().n_requests > n);
    /* From here on the client has no turn.  It has a connection to spare, that
     * of "/apis". */
    for (int i = 0; !next && i < 1000; i++) {
        stub_server_run(w.stub);
        next = stub_server_find(w.stub, PODS, "continue=x");
        if (!next) {
            usleep(10000);
        }
    }
    CU_ASSERT_PTR_NOT_NULL(next);
    stop();
}

/* ... and is nothing if that one is cut off, or was no list in the end. */
static void
test_ahead_of_bad_page(void)
{
    for (int i = 0; i < 2; i++) {
        struct stub_request *first, *next;

        start(NULL);
        first = begin_page("x");
        next = request(PODS, "continue=x");
        if (i) {
            stub_request_chunk(first, "]]");
            stub_request_end_chunks(first);
        } else {
            stub_request_cut(first);
        }
        UNTIL(has_problem(i ? "line 1 of the answer"
                          : "cannot list pods in all namespaces"));
        CU_ASSERT(shash_is_empty(&w.objects));
        UNTIL(stub_request_is_abandoned(next));
        reply(PODS, LIST("PodList", "11", "", POD("b", "u2", "6")));
        UNTIL(is("pod ns/b", "u2"));
        CU_ASSERT(is("pod ns/a", NULL));
        stop();
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

    start(NULL);
    serve_others();
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        reply(PODS, bad[i]);
        UNTIL(status().n_errors == i + 1);
        CU_ASSERT(has_problem("line 1 of the answer"));
        CU_ASSERT(is("pod ns/a", NULL) && is("pod ns/b", NULL));
    }
    reply(PODS, COMPACT("\"app\":\"x\""));
    UNTIL(is("pod ns/a", "u1"));
    CU_ASSERT(is("pod ns/b", "u2 out"));
    stop();
}

/* Where a list says what follows only at its end, the next page waits. */
static void
test_metadata_last(void)
{
    struct stub_request *r;

    start(NULL);
    r = request(PODS, NULL);
    stub_request_begin_chunks(r);
    stub_request_chunk(r, "{\"kind\": \"PodList\", \"items\": ["
                       POD("a", "u1", "5") "], ");
    for (int i = 0; i < 10; i++) {
        turn();
    }
    CU_ASSERT_PTR_NULL(stub_server_find(w.stub, PODS, "continue="));
    stub_request_chunk(r, "\"metadata\": {\"resourceVersion\": \"10\", "
                       "\"continue\": \"x\"}}");
    stub_request_end_chunks(r);
    reply(PODS, LIST("PodList", "10", "", POD("b", "u2", "6")));
    UNTIL(is("pod ns/b", "u2"));
    CU_ASSERT(is("pod ns/a", "u1"));
    stop();
}

/* 410 between two pages: at once from the beginning; with larger pages. */
static void
test_list_expired(void)
{
    start(NULL);
    reply(PODS, LIST("PodList", "10", "x", POD("a", "u1", "5")));
    stub_request_reply(request(PODS, "continue=x"), 410, "",
                       STATUS(410, "Expired", ""));
    reply(PODS, LIST("PodList", "20", "x", POD("b", "u2", "15")));
    CU_ASSERT_PTR_NOT_NULL(request(PODS, "limit=20&continue=x"));
    reply(PODS, LIST("PodList", "20", "", POD("c", "u3", "16")));
    UNTIL(is("pod ns/c", "u3"));
    CU_ASSERT(is("pod ns/a", NULL));
    stop();
}

/* A list without an end: page after page with nothing, each with another
 * token.  It is given up, and nothing of it counts. */
static void
test_endless_list(void)
{
    start(NULL);
    reply(PODS, LIST("PodList", "10", "x", POD("a", "u1", "5")));
    for (int i = 0; i <= 1000; i++) {
        char *body = xasprintf(LIST("PodList", "10", "x%d", ""), i);

        stub_request_reply(request(PODS, "continue=x"), 200, "", body);
        free(body);
        turn();
    }
    UNTIL(has_problem("on and on without objects"));
    CU_ASSERT(shash_is_empty(&w.objects));
    CU_ASSERT(!status().synced);

    /* From the beginning, and this one ends. */
    CU_ASSERT_PTR_NULL(strstr(stub_request_path(request(PODS, NULL)),
                              "continue"));
    reply(PODS, LIST("PodList", "11", "", POD("a", "u1", "5")));
    UNTIL(is("pod ns/a", "u1"));
    stop();
}

/* A page that is larger than any can be. */
static void
test_large_page(void)
{
    size_t size = 1024 * 1024;
    char *big = xmalloc(size + 1);
    struct stub_request *r;

    start(NULL);
    memset(big, ' ', size);
    big[size] = '\0';
    r = request(PODS, NULL);
    stub_request_begin_chunks(r);
    stub_request_chunk(r, "{\"kind\": ");
    for (int i = 0; i < 65; i++) {
        stub_request_chunk(r, big);
        turn();
    }
    UNTIL(has_problem("the answer is larger than 67108864 bytes"));
    stub_request_cut(r);
    CU_ASSERT(shash_is_empty(&w.objects));
    reply(PODS, LIST("PodList", "11", "", POD("a", "u1", "5")));
    UNTIL(is("pod ns/a", "u1"));
    free(big);
    stop();
}

/* ---- Watches. ---- */

static void
test_events(void)
{
    struct stub_request *watch = start_with_pods();
    uint64_t n_events;

    stub_request_chunk(watch, EVENT("ADDED", POD("c", "u3", "11")));
    UNTIL(is("pod ns/c", "u3"));
    stub_request_chunk(watch, EVENT("DELETED", POD("a", "u1", "12"))
                       EVENT("ADDED", POD("a", "u9", "13")));
    UNTIL(is("pod ns/a", "u9"));

    /* Split anywhere, also within a character. */
    stub_request_chunk(watch, "{\"type\": \"MODIF");
    stub_request_chunk(watch, "IED\", \"object\": {\"metadata\": "
                       "{\"namespace\": \"ns\", \"name\": \"d\", "
                       "\"uid\": \"u4\", \"resourceVersion\": \"14\", "
                       "\"annotations\": {\"x\": \"\xc3");
    stub_request_chunk(watch, "\xa4\"}}}}");
    stub_request_chunk(watch, "\n" BOOKMARK("20"));
    UNTIL(is("pod ns/d", "u4"));

    /* The watch ends and goes on where the bookmark was. */
    stub_request_end_chunks(watch);
    watch = request(PODS, "watch=1&allowWatchBookmarks=true"
                    "&resourceVersion=20&");
    stub_request_begin_chunks(watch);
    n_events = status().n_events;
    CU_ASSERT_EQUAL(n_events, 4);
    CU_ASSERT_EQUAL(status().n_lists, 4);
    CU_ASSERT(status().trusted);
    stop();
}

/* A watch in which nothing but bookmarks comes is a good one: nothing is
 * listed again, nothing changes, and the next one begins where the last
 * bookmark was. */
static void
test_bookmarks_only(void)
{
    struct stub_request *watch = start_with_pods();
    size_t n_changes = w.n_changes;

    for (int i = 0; i < 3; i++) {
        char *version = xasprintf("resourceVersion=%d&", 100 * (i + 1));
        char *text = xasprintf(BOOKMARK("%d") BOOKMARK("%d"), 100 * i + 50,
                               100 * (i + 1));

        stub_request_chunk(watch, text);
        stub_request_end_chunks(watch);
        watch = request(PODS, version);
        stub_request_begin_chunks(watch);
        free(version);
        free(text);
    }
    UNTIL(status().trusted);
    CU_ASSERT_EQUAL(status().n_lists, 4);
    CU_ASSERT_EQUAL(w.n_changes, n_changes);
    CU_ASSERT_EQUAL(status().n_events, 0);

    /* An older bookmark does not lead back. */
    stub_request_chunk(watch, BOOKMARK("200"));
    stub_request_end_chunks(watch);
    CU_ASSERT_PTR_NOT_NULL(request(PODS, "resourceVersion=300&"));
    stop();
}

/* What was known better is not undone by what comes late, twice or in the
 * wrong order. */
static void
test_old_events(void)
{
    struct stub_request *watch = start_with_pods();
    size_t n_changes;

    stub_request_chunk(watch, EVENT("MODIFIED", POD("a", "u1", "12")));
    UNTIL(status().n_events == 1);
    turn();
    n_changes = w.n_changes;
    stub_request_chunk(watch,
                       EVENT("MODIFIED", POD("a", "u1", "12"))
                       EVENT("MODIFIED", POD("a", "u1", "11"))
                       EVENT("ADDED", POD("a", "u0", "4"))
                       EVENT("DELETED", POD("a", "u0", "4"))
                       EVENT("ADDED", POD("ghost", "u7", "9")));
    UNTIL(status().n_events == 6);
    turn();
    CU_ASSERT_EQUAL(w.n_changes, n_changes);
    CU_ASSERT(is("pod ns/a", "u1"));
    CU_ASSERT(is("pod ns/ghost", NULL));
    stop();
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
        struct stub_request *watch = start_with_pods();

        for (int round = 0; round < 3; round++) {
            stub_request_chunk(watch, EVENT("ADDED", POD("c", "u3", "11")));
            UNTIL(is("pod ns/c", "u3"));
            stub_request_chunk(watch, vectors[i].data);
            stub_request_end_chunks(watch);
            UNTIL(has_problem(vectors[i].problem));
            watch = request(PODS, "resourceVersion=11&");
            stub_request_begin_chunks(watch);
            stub_request_chunk(watch, BOOKMARK("11"));
            UNTIL(!has_problem(vectors[i].problem));
        }
        stop();
    }
}

/* Three in a row, without anything good between: the version is at fault. */
static void
test_bad_watches(void)
{
    struct stub_request *watch = start_with_pods();

    for (int i = 0; i < 3; i++) {
        stub_request_chunk(watch, "garbage\n");
        stub_request_end_chunks(watch);
        if (i < 2) {
            watch = request(PODS, "resourceVersion=10&");
            stub_request_begin_chunks(watch);
        }
    }
    CU_ASSERT_PTR_NOT_NULL(request(PODS, "limit=2"));
    stop();
}

/* 410 in the watch: a new list, whose result replaces what there was. */
static void
test_gone(void)
{
    struct stub_request *watch = start_with_pods();

    stub_request_chunk(watch, EVENT("ERROR", STATUS(410, "Expired", "")));
    reply(PODS, LIST("PodList", "100", "x", POD("b", "u2", "6")));
    request(PODS, "continue=x");
    /* Half a list changes nothing. */
    CU_ASSERT(is("pod ns/a", "u1"));
    CU_ASSERT_EQUAL(w.n_listed, 2);
    reply(PODS, LIST("PodList", "100", "", POD("c", "u3", "90")));
    UNTIL(is("pod ns/c", "u3"));
    CU_ASSERT_EQUAL(w.n_listed, 3);
    CU_ASSERT(is("pod ns/a", NULL));
    CU_ASSERT(is("pod ns/b", "u2"));
    watch = request(PODS, "resourceVersion=100&");
    stub_request_begin_chunks(watch);
    UNTIL(status().trusted);
    stub_request_chunk(watch, EVENT("ADDED", POD("d", "u4", "101")));
    UNTIL(is("pod ns/d", "u4"));
    CU_ASSERT_EQUAL(w.n_listed, 3);

    /* As a status. */
    stub_request_end_chunks(watch);
    stub_request_reply(request(PODS, "watch=1"), 410, "",
                       STATUS(410, "Gone", ""));
    CU_ASSERT_PTR_NOT_NULL(request(PODS, "limit=2"));
    stop();
}

/* The server goes and comes back: the watch goes on where it was. */
static void
test_restart(void)
{
    struct stub_request *watch = start_with_pods();

    stub_server_close(w.stub);
    stub_request_cut(watch);
    UNTIL(status().n_errors >= 3);
    CU_ASSERT(is("pod ns/a", "u1"));
    stub_server_open(w.stub);
    watch = request(PODS, "watch=1&allowWatchBookmarks=true"
                    "&resourceVersion=10&");
    stub_request_begin_chunks(watch);
    stub_request_chunk(watch, EVENT("DELETED", POD("a", "u1", "12")));
    UNTIL(is("pod ns/a", NULL));
    UNTIL(status().trusted);
    CU_ASSERT_EQUAL(status().n_lists, 4);
    stop();
}

/* The server is away for long, so that all wait for long; the first answer to
 * anybody calls the others.  What it has forgotten by then is listed at
 * once. */
static void
test_hurry(void)
{
    struct stub_request *watch = start_with_pods();
    struct live_read b = {
        .id = 7,
        .ns = CONST_CAST(char *, "ns"),
        .name = CONST_CAST(char *, "b"),
        .workload = CONST_CAST(char *, ""),
    };

    api_source_set_limits(w.src, 2, 60000, 100000);
    stub_server_close(w.stub);
    stub_request_cut(watch);
    UNTIL(status().n_errors >= 4);
    stub_server_open(w.stub);
    /* A live read is not kept waiting by any of that. */
    api_source_live_read(w.src, &b, time_msec());
    stub_request_reply(request("/api/v1/namespaces/ns/pods/b$", NULL), 200,
                       "", POD("b", "u2", "6"));
    stub_request_reply(request(PODS, "watch=1"), 200, "",
                       EVENT("ERROR", STATUS(410, "Expired", "")));
    reply(PODS, LIST("PodList", "100", "", POD("c", "u3", "90")));
    UNTIL(is("pod ns/c", "u3"));
    CU_ASSERT_PTR_NOT_NULL(request(STS, "watch=1"));
    CU_ASSERT_PTR_NOT_NULL(request(REVS, "watch=1"));
    CU_ASSERT_PTR_NOT_NULL(request(NSS, "watch=1"));
    stop();
}

/* A watch that says nothing is not believed. */
static void
test_silence(void)
{
    struct stub_request *watch = start_with_pods();

    api_source_set_limits(w.src, 2, 300, 1);
    stub_request_end_chunks(watch);
    watch = request(PODS, "resourceVersion=10&");
    stub_request_begin_chunks(watch);
    UNTIL(stub_request_is_abandoned(watch));
    CU_ASSERT_EQUAL(status().n_lists, 4);
    stub_request_end(watch);
    CU_ASSERT_PTR_NOT_NULL(request(PODS, "resourceVersion=10&"));
    stop();
}

/* An event that is too large, and a header that never ends. */
static void
test_caps(void)
{
    struct stub_request *watch = start_with_pods();
    size_t size = 1024 * 1024;
    char *big = xmalloc(size + 1);

    memset(big, 'x', size);
    big[size] = '\0';
    stub_request_chunk(watch, "{\"type\": \"");
    for (int i = 0; i < 17; i++) {
        stub_request_chunk(watch, big);
    }
    UNTIL(has_problem("the answer is larger than 16777216 bytes"));
    stub_request_cut(watch);

    watch = request(PODS, "resourceVersion=10&");
    stub_request_send(watch, "HTTP/1.1 200 OK\r\n", 17);
    for (int i = 0; i < 70; i++) {
        stub_request_send(watch, "X: ", 3);
        stub_request_send(watch, big, 1000);
        stub_request_send(watch, "\r\n", 2);
    }
    UNTIL(has_problem("header is larger than"));
    stub_request_cut(watch);
    CU_ASSERT(is("pod ns/a", "u1"));
    free(big);
    stop();
}

/* ---- What is hard to believe. ---- */

static void
confirm(void)
{
    char *error = api_source_confirm(w.src);

    CU_ASSERT_PTR_NULL(error);
    free(error);
    error = api_source_confirm(w.src);
    CU_ASSERT_PTR_NOT_NULL(error);
    free(error);
}

static void
test_empty_list(void)
{
    start(NULL);
    serve_others();
    reply(PODS, LIST("PodList", "10", "", ""));
    stub_request_begin_chunks(request(PODS, "watch=1"));
    UNTIL(status().synced);
    CU_ASSERT(!status().trusted);
    CU_ASSERT(has_problem("pods: there is not one"));
    confirm();
    CU_ASSERT(status().trusted);
    stop();
}

static void
test_shrunk_list(void)
{
    struct stub_request *watch;

    start(NULL);
    serve_others();
    reply(PODS, LIST("PodList", "10", "",
                     POD("a", "u1", "5") "," POD("b", "u2", "6") ","
                     POD("c", "u3", "5") "," POD("d", "u4", "6")));
    watch = request(PODS, "watch=1");
    stub_request_begin_chunks(watch);
    UNTIL(status().trusted);
    stub_request_chunk(watch, EVENT("ERROR", STATUS(410, "Gone", "")));
    reply(PODS, LIST("PodList", "20", "", POD("a", "u1", "5")));
    stub_request_begin_chunks(request(PODS, "resourceVersion=20"));
    UNTIL(has_problem("pods: a new list lacks 3 of 4 objects"));
    CU_ASSERT(!status().trusted);
    confirm();
    UNTIL(status().trusted);
    stop();
}

/* etcd was restored from a backup. */
static void
test_went_back(void)
{
    struct stub_request *watch = start_with_pods();

    stub_request_chunk(watch, EVENT("ERROR", STATUS(410, "Gone", "")));
    reply(PODS, LIST("PodList", "8", "",
                     POD("a", "u0", "3") "," POD("b", "u2", "6")));
    watch = request(PODS, "resourceVersion=8");
    stub_request_begin_chunks(watch);
    UNTIL(has_problem("went back from version 10 to 8"));
    CU_ASSERT(!status().trusted);
    CU_ASSERT(is("pod ns/a", "u0"));
    stub_request_chunk(watch, EVENT("ADDED", POD("c", "u3", "9")));
    UNTIL(is("pod ns/c", "u3"));
    confirm();
    UNTIL(status().trusted);
    stop();
}

/* An object that cannot be read keeps what was known of it. */
static void
test_unreadable(void)
{
    struct stub_request *watch = start_with_pods();

    stub_request_chunk(watch, EVENT("MODIFIED", META("a", "u1", "11",
                                                     ", \"labels\": 7")));
    UNTIL(has_problem("Pod ns/a: metadata.labels is 7, expected an object"));
    CU_ASSERT(!status().trusted);
    CU_ASSERT(is("pod ns/a", "u1"));
    stub_request_chunk(watch, EVENT("MODIFIED", POD("a", "u1", "12")));
    UNTIL(status().trusted);
    stop();
}

/* ---- Rights, waiting. ---- */

static void
test_forbidden(void)
{
    start(NULL);
    serve_others();
    stub_request_reply(request(PODS, NULL), 403, "",
                       STATUS(403, "Forbidden", ""));
    UNTIL(has_problem("cannot list pods in all namespaces: permission is "
                      "missing: words"));
    CU_ASSERT(!status().synced);
    CU_ASSERT(!status().trusted);
    stop();
}

/* A server that has just been started may refuse what it allows a moment
 * later. */
static void
test_forbidden_first(void)
{
    struct stub_request *watch = start_with_pods();

    stub_request_end_chunks(watch);
    for (int i = 0; i < 3; i++) {
        stub_request_reply(request(PODS, i ? "limit=2" : "watch=1"), 403, "",
                           STATUS(403, "Forbidden", ""));
        UNTIL(has_problem("permission is missing: words"));
        CU_ASSERT(is("pod ns/a", "u1"));
    }
    reply(PODS, LIST("PodList", "20", "",
                     POD("a", "u1", "5") "," POD("b", "u2", "6")));
    stub_request_begin_chunks(request(PODS, "watch=1"));
    UNTIL(status().trusted);
    stop();
}

/* Without the right to read ControllerRevisions, a StatefulSet under rollout
 * is one of which not everything is known, and no more. */
static void
test_forbidden_revisions(void)
{
    start(NULL);
    reply("/apis$", "{\"kind\": \"APIGroupList\", \"groups\": []}");
    reply(STS, LIST("StatefulSetList", "10", "",
                    "{\"metadata\": {\"namespace\": \"ns\", \"name\": \"s\", "
                    "\"uid\": \"s1\", \"resourceVersion\": \"3\", "
                    "\"generation\": 2}, \"spec\": {\"replicas\": 4, "
                    "\"template\": {}}, \"status\": {\"observedGeneration\": "
                    "2, \"currentRevision\": \"s-1\", \"updateRevision\": "
                    "\"s-2\"}}"));
    stub_request_reply(request(REVS, NULL), 403, "",
                       STATUS(403, "Forbidden", ""));
    reply(NSS, LIST("PartialObjectMetadataList", "10", "", ""));
    reply(PODS, LIST("PodList", "10", "", POD("a", "u1", "5")));
    stub_request_begin_chunks(request(STS, "watch=1"));
    stub_request_begin_chunks(request(NSS, "watch=1"));
    stub_request_begin_chunks(request(PODS, "watch=1"));
    UNTIL(status().trusted);
    CU_ASSERT(is("workload ns/s", "4 unknown 1"));
    CU_ASSERT(has_problem("cannot list controllerrevisions.apps"));
    stop();
}

static void
test_retry_after(void)
{
    struct stub_request *r;
    long long int then;

    start(NULL);
    r = request(PODS, NULL);
    stub_request_reply(r, 429, "Retry-After: 1\r\n",
                       STATUS(429, "TooManyRequests", ""));
    UNTIL(has_problem("status 429"));
    then = time_msec();
    request(PODS, NULL);
    CU_ASSERT(time_msec() - then >= 900);
    stop();
}

/* ---- Filters. ---- */

static void
test_namespaces(void)
{
    struct svec namespaces = SVEC_EMPTY_INITIALIZER;
    struct stub_request *r;

    svec_add(&namespaces, "one");
    svec_add(&namespaces, "two");
    start(&namespaces);
    CU_ASSERT(api_source_covers(w.src, "one"));
    CU_ASSERT(!api_source_covers(w.src, "three"));
    request("/api/v1/namespaces/one/pods?", NULL);
    request("/api/v1/namespaces/two/pods?", NULL);
    request("/apis/apps/v1/namespaces/two/statefulsets?", NULL);
    request(NSS, "fieldSelector=metadata.name%3Done");
    r = request("/api/v1/namespaces/one/pods?", NULL);
    stub_request_reply(r, 403, "", STATUS(403, "Forbidden", ""));
    UNTIL(has_problem("cannot list pods in namespace one"));
    svec_destroy(&namespaces);
    stop();
}

/* ---- Discovery. ---- */

static void
test_discovery(void)
{
    struct stub_request *watch;

    start(NULL);
    reply("/apis$", "{\"kind\": \"APIGroupList\", \"groups\": ["
          "{\"name\": \"kubevirt.io\", \"preferredVersion\": "
          "{\"groupVersion\": \"kubevirt.io/v1\"}},"
          "{\"name\": \"kubeovn.io\", \"preferredVersion\": "
          "{\"groupVersion\": \"kubeovn.io/v1\"}},"
          "{\"name\": \"k8s.cni.cncf.io\", \"preferredVersion\": "
          "{\"groupVersion\": \"k8s.cni.cncf.io/v1\"}, \"versions\": ["
          "{\"groupVersion\": \"k8s.cni.cncf.io/v1\"},"
          "{\"groupVersion\": \"k8s.cni.cncf.io/v1alpha1\"}]}]}");
    reply("/apis/kubevirt.io/v1$", "{\"resources\": ["
          "{\"name\": \"virtualmachines\"}]}");
    reply("/apis/kubeovn.io/v1$", "{\"resources\": ["
          "{\"name\": \"vips\"}, {\"name\": \"subnets\"}, "
          "{\"name\": \"ips\"}]}");
    reply("/apis/k8s.cni.cncf.io/v1alpha1$", "{\"resources\": ["
          "{\"name\": \"ipamclaims\"}]}");
    reply("/apis/kubevirt.io/v1/virtualmachines?",
          LIST("VirtualMachineList", "10", "",
               META("vm", "v1", "5", "")));
    reply("/apis/kubeovn.io/v1/vips?",
          LIST("VipList", "10", "",
               "{\"metadata\": {\"name\": \"vip\", \"uid\": \"i1\", "
               "\"resourceVersion\": \"4\"}, \"spec\": {\"namespace\": "
               "\"ns\"}}"));
    UNTIL(is("vip ns/vip", "i1"));
    reply("/apis/kubeovn.io/v1/subnets?",
          LIST("SubnetList", "10", "",
               "{\"metadata\": {\"name\": \"net\", \"uid\": \"s1\", "
               "\"resourceVersion\": \"4\"}}"));
    UNTIL(is("subnet /net", "s1"));
    /* Until they are listed, what they say is not known. */
    CU_ASSERT(status().ip_objects_hidden);
    reply("/apis/kubeovn.io/v1/ips?",
          LIST("IPList", "10", "",
               "{\"metadata\": {\"name\": \"a.ns\", \"uid\": \"p1\", "
               "\"resourceVersion\": \"4\"}, \"spec\": {\"v4IpAddress\": "
               "\"10.0.0.1\", \"subnet\": \"net\"}}"));
    UNTIL(is("ip /a.ns", "p1"));
    CU_ASSERT(!status().ip_objects_hidden);
    CU_ASSERT(!status().ipam_claims_known);
    reply("/apis/k8s.cni.cncf.io/v1alpha1/ipamclaims?",
          LIST("IPAMClaimList", "10", "",
               "{\"metadata\": {\"name\": \"vm.blue\", \"namespace\": "
               "\"ns\", \"uid\": \"c1\", \"resourceVersion\": \"4\"}, "
               "\"spec\": {\"network\": \"blue\", "
               "\"interface\": \"net1\"}, "
               "\"status\": {\"ips\": [\"10.3.0.5/16\"]}}"));
    UNTIL(is("claim ns/vm.blue", "c1"));
    CU_ASSERT(is("workload ns/vm", "0 known 1")
              || is("workload ns/vm", "1 known 1"));
    CU_ASSERT(!stub_server_find(w.stub, "/apis/kubevirt.io/v1/"
                                "virtualmachineinstances", NULL));
    watch = request("/apis/kubeovn.io/v1/vips?", "watch=1");
    stub_request_begin_chunks(watch);
    stub_request_chunk(watch, EVENT("MODIFIED", "{\"metadata\": {\"name\": "
                                    "\"vip\", \"uid\": \"i1\", "
                                    "\"resourceVersion\": \"14\"}, \"spec\": "
                                    "{\"namespace\": \"other\"}}"));
    UNTIL(is("vip other/vip", "i1"));
    CU_ASSERT(is("vip ns/vip", NULL));
    stop();
}

/* ---- Live reads. ---- */

static enum live_read_result
live_result(uint64_t id)
{
    enum live_read_result result = LIVE_READ_FAILED;
    long long int began_ms;
    uint64_t got = 0;

    UNTIL(api_source_pop_live(w.src, &got, &result, &began_ms));
    take_changes();
    CU_ASSERT_EQUAL(got, id);
    return result;
}

static void
live_read(uint64_t id, const char *name, const char *workload)
{
    struct live_read what = {
        .id = id,
        .ns = CONST_CAST(char *, "ns"),
        .name = CONST_CAST(char *, name),
        .workload = CONST_CAST(char *, workload),
        .owner_kind = workload[0] ? OWNER_STATEFULSET : OWNER_NONE,
    };

    api_source_live_read(w.src, &what, time_msec());
}

#define ONE "/api/v1/namespaces/ns/pods/"

static void
test_live_reads(void)
{
    struct stub_request *watch = start_with_pods();
    struct stub_request *r;

    /* As known. */
    live_read(1, "a", "");
    r = request(ONE "a", NULL);
    CU_ASSERT_STRING_EQUAL(stub_request_path(r), ONE "a");
    reply(ONE "a", POD("a", "u1", "5"));
    CU_ASSERT_EQUAL(live_result(1), LIVE_READ_CURRENT);

    /* Newer than the watch, whose event then is no news. */
    live_read(2, "a", "");
    reply(ONE "a", POD("a", "u9", "15"));
    CU_ASSERT_EQUAL(live_result(2), LIVE_READ_CHANGED);
    CU_ASSERT(is("pod ns/a", "u9"));
    stub_request_chunk(watch, EVENT("DELETED", POD("a", "u1", "14"))
                       EVENT("ADDED", POD("a", "u9", "15")));
    UNTIL(status().n_events == 2);
    turn();
    CU_ASSERT(is("pod ns/a", "u9"));

    /* Gone before the watch knows; late events do not bring it back, those
     * of a new one do. */
    live_read(3, "b", "");
    stub_request_reply(request(ONE "b", NULL), 404, "", NOT_FOUND("b"));
    CU_ASSERT_EQUAL(live_result(3), LIVE_READ_CHANGED);
    CU_ASSERT(is("pod ns/b", NULL));
    stub_request_chunk(watch, EVENT("MODIFIED", POD("b", "u2", "16")));
    UNTIL(status().n_events == 3);
    turn();
    CU_ASSERT(is("pod ns/b", NULL));
    live_read(4, "b", "");
    stub_request_reply(request(ONE "b", NULL), 404, "", NOT_FOUND("b"));
    CU_ASSERT_EQUAL(live_result(4), LIVE_READ_CURRENT);
    stub_request_chunk(watch, EVENT("DELETED", POD("b", "u2", "17"))
                       EVENT("ADDED", POD("b", "u3", "18")));
    UNTIL(is("pod ns/b", "u3"));
    stop();
}

/* The pod and its StatefulSet; one answer that fails makes all of it fail. */
static void
test_live_owner(void)
{
    static const char sts[] = "/apis/apps/v1/namespaces/ns/statefulsets/s";

    start_with_pods();
    live_read(1, "s-0", "s");
    stub_request_reply(request(ONE "s-0", NULL), 404, "", NOT_FOUND("s-0"));
    reply(sts, "{\"kind\": \"StatefulSet\", \"apiVersion\": \"apps/v1\", "
          "\"metadata\": {\"namespace\": \"ns\", \"name\": \"s\", \"uid\": "
          "\"s1\", \"resourceVersion\": \"3\"}, \"spec\": {\"replicas\": 2}}");
    CU_ASSERT_EQUAL(live_result(1), LIVE_READ_CHANGED);
    CU_ASSERT(is("workload ns/s", "2 known 1"));

    live_read(2, "s-0", "s");
    stub_request_reply(request(ONE "s-0", NULL), 404, "", NOT_FOUND("s-0"));
    stub_request_reply(request(sts, NULL), 500, "", "oops");
    CU_ASSERT_EQUAL(live_result(2), LIVE_READ_FAILED);
    stop();
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

    start_with_pods();
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        live_read(i + 1, "a", "");
        stub_request_reply(request(ONE "a", NULL), vectors[i].status, "",
                           vectors[i].body);
        CU_ASSERT_EQUAL(live_result(i + 1), LIVE_READ_FAILED);
        CU_ASSERT(is("pod ns/a", "u1"));
    }
    CU_ASSERT(has_problem("cannot get pods in namespace ns: permission is "
                          "missing"));
    live_read(50, "a", "");
    reply(ONE "a", POD("a", "u1", "5"));
    CU_ASSERT_EQUAL(live_result(50), LIVE_READ_CURRENT);
    CU_ASSERT(!has_problem("permission is missing"));

    /* No answer at all. */
    live_read(100, "a", "");
    request(ONE "a", NULL);
    CU_ASSERT_EQUAL(live_result(100), LIVE_READ_FAILED);
    CU_ASSERT(status().trusted);
    stop();
}

/* A server that asks for patience is not asked again before. */
static void
test_live_patience(void)
{
    start_with_pods();
    live_read(1, "a", "");
    stub_request_reply(request(ONE "a", NULL), 429, "Retry-After: 300\r\n",
                       "");
    CU_ASSERT_EQUAL(live_result(1), LIVE_READ_FAILED);
    live_read(2, "a", "");
    CU_ASSERT_EQUAL(live_result(2), LIVE_READ_FAILED);
    CU_ASSERT(!stub_server_find(w.stub, ONE "a", NULL));
    CU_ASSERT(status().trusted);
    stop();
}

/* A finished pod is in no list; a live read that finds it is remembered. */
static void
test_live_finished(void)
{
    start_with_pods();
    live_read(1, "done", "");
    reply(ONE "done", "{\"kind\": \"Pod\", \"apiVersion\": \"v1\", "
          "\"metadata\": {\"namespace\": \"ns\", \"name\": \"done\", "
          "\"uid\": \"u8\", \"resourceVersion\": \"9\"}, "
          "\"status\": {\"phase\": \"Succeeded\"}}");
    CU_ASSERT_EQUAL(live_result(1), LIVE_READ_CHANGED);
    CU_ASSERT(is("pod ns/done", "u8"));
    stop();
}

/* ---- The CNI controller, and nodes. ---- */

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
    reply(PODS, LIST("PartialObjectMetadataList", "10", "",
                     POD("a", "u1", "5")));
    stub_request_begin_chunks(request(PODS, "watch=1"));
}

static void
test_cni_pods(void)
{
    long long int before;
    struct stub_request *watch;

    start_with((struct api_source_options) {
                   .cni_controller = "kube-system/cni" });
    serve_others();
    serve_pods();
    /* It is not known yet whether there was a restart. */
    CU_ASSERT(!status().synced);
    stub_request_reply(request(CNI_PODS, "limit="), 200, "",
                       LIST("PodList", "10", "",
                            CNI_POD("x", "2020-01-01T00:00:00Z") ","
                            CNI_POD("y", "2020-01-02T00:00:00Z")));
    UNTIL(status().trusted);
    CU_ASSERT(!status().cni_down);
    /* Years before the machine was started, as likely as not. */
    CU_ASSERT(status().cni_restarted_ms);
    CU_ASSERT(status().cni_restarted_ms < time_msec() - 86400 * 1000LL);
    CU_ASSERT(!stub_server_find(w.stub, "/apis/coordination", NULL));

    watch = request(CNI_PODS, "watch=1");
    stub_request_begin_chunks(watch);
    before = time_msec();
    stub_request_chunk(watch, EVENT("MODIFIED", CNI_POD("x",
                                    "2021-01-01T00:00:00Z")));
    UNTIL(status().cni_restarted_ms >= before);
    CU_ASSERT(!status().cni_down);
    stub_request_chunk(watch, EVENT("DELETED", CNI_POD("y",
                                    "2020-01-02T00:00:00Z"))
                       EVENT("MODIFIED", "{\"metadata\": {\"name\": \"x\"}, "
                             "\"status\": {\"containerStatuses\": "
                             "[{\"state\": {\"waiting\": {}}}]}}"));
    UNTIL(status().cni_down);
    before = time_msec();
    stub_request_chunk(watch, EVENT("ADDED", CNI_POD("z",
                                    "2021-01-01T00:00:01Z")));
    UNTIL(!status().cni_down);
    CU_ASSERT(status().cni_restarted_ms >= before);
    stop();
}

static void
test_cni_lease(void)
{
    long long int before;
    struct stub_request *watch;

    start_with((struct api_source_options) {
                   .cni_controller = "kube-system/cni" });
    serve_others();
    serve_pods();
    /* Its pods may not be read, or it runs elsewhere. */
    stub_request_reply(request(CNI_PODS, "limit="), 403, "",
                       STATUS(403, "Forbidden", ""));
    stub_request_reply(request(CNI_LEASES, "limit="), 200, "",
                       LIST("LeaseList", "10", "",
                            LEASE("a", "2020-01-01T00:00:00.000000Z",
                                  "2020-01-01T00:00:00.000000Z")));
    UNTIL(status().trusted);
    CU_ASSERT(has_problem("cannot list pods in namespace kube-system: "
                          "permission is missing"));
    CU_ASSERT(!status().cni_down);
    CU_ASSERT(status().cni_restarted_ms < time_msec() - 86400 * 1000LL);

    watch = request(CNI_LEASES, "watch=1");
    stub_request_begin_chunks(watch);
    /* Renewed, which is nothing; given up; taken by another one. */
    stub_request_chunk(watch, EVENT("MODIFIED",
                                    LEASE("a", "2020-01-01T00:00:00.000000Z",
                                          "2020-01-01T00:00:10.000000Z"))
                       EVENT("MODIFIED",
                             LEASE("", "2020-01-01T00:00:00.000000Z",
                                   "2020-01-01T00:00:20.000000Z")));
    UNTIL(status().cni_down);
    before = time_msec();
    stub_request_chunk(watch, EVENT("MODIFIED",
                                    LEASE("b", "2020-01-01T00:00:21.000000Z",
                                          "2020-01-01T00:00:21.000000Z")));
    UNTIL(!status().cni_down);
    CU_ASSERT(status().cni_restarted_ms >= before);
    stop();
}

/* Nobody of that name: nothing is known, and nothing waited for. */
static void
test_cni_unknown(void)
{
    start_with((struct api_source_options) {
                   .cni_controller = "kube-system/cni" });
    serve_others();
    serve_pods();
    stub_request_reply(request(CNI_PODS, "limit="), 200, "",
                       LIST("PodList", "10", "", ""));
    CU_ASSERT(!status().synced);
    stub_request_reply(request(CNI_LEASES, "limit="), 403, "",
                       STATUS(403, "Forbidden", ""));
    UNTIL(status().trusted);
    CU_ASSERT(has_problem("cannot list leases.coordination.k8s.io in "
                          "namespace kube-system: permission is missing"));
    CU_ASSERT(!status().cni_down);
    CU_ASSERT_EQUAL(status().cni_restarted_ms, 0);
    stop();
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
    const struct sset *nodes = api_source_nodes(w.src, &seqno);
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

    start_with((struct api_source_options) {
                   .node_selector = "rack=r1,gpu", .zone = "z1" });
    serve_others();
    /* The metadata of a pod do not tell its node. */
    pods = request(PODS, "limit=");
    CU_ASSERT(stub_request_has_header(pods, "Accept: application/json"));
    stub_request_reply(pods, 200, "",
                       LIST("PodList", "10", "",
                            "{\"metadata\": {\"namespace\": \"ns\", \"name\": "
                            "\"a\", \"uid\": \"u1\", \"resourceVersion\": "
                            "\"5\"}, \"spec\": {\"nodeName\": \"n9\"}}"));
    stub_request_begin_chunks(request(PODS, "watch=1"));
    /* A pod that is elsewhere is there. */
    UNTIL(is("pod ns/a", "u1"));
    CU_ASSERT(!status().synced);
    stub_request_reply(request(path, "limit="), 200, "",
                       LIST("PartialObjectMetadataList", "10", "",
                            NODE("n1", ZONE("z1")) "," NODE("n2", ZONE("z2"))
                            "," NODE("n3", "")));
    UNTIL(status().trusted);
    CU_ASSERT(nodes_are("n1"));
    watch = request(path, "watch=1");
    stub_request_begin_chunks(watch);
    stub_request_chunk(watch, EVENT("MODIFIED", NODE("n2", ZONE("z1")))
                       EVENT("ADDED", NODE("n4", ", \"labels\": {"
                             "\"k8s.ovn.org/zone-name\": \"z1\"}")));
    UNTIL(nodes_are("n1,n2,n4"));
    stub_request_chunk(watch, EVENT("MODIFIED", NODE("n1", ZONE("z9")))
                       EVENT("DELETED", NODE("n4", "")));
    UNTIL(nodes_are("n2"));
    stop();
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

    start_with_pods();
    api_source_look_for_refusal(w.src, &what, time_msec());
    reply(path, "{\"items\": [{\"reason\": \"Other\", \"message\": \"m\", "
          "\"involvedObject\": {\"uid\": \"u1\"}}]}");
    api_source_look_for_refusal(w.src, &what, time_msec());
    stub_request_reply(request(path, NULL), 403, "",
                       STATUS(403, "Forbidden", ""));
    UNTIL(has_problem("cannot list events in namespace ns: permission is "
                      "missing"));
    CU_ASSERT(status().trusted);
    CU_ASSERT(is("refusal ns/a", NULL));

    api_source_look_for_refusal(w.src, &what, time_msec());
    reply(path, "{\"items\": [{\"reason\": \"AcquireAddressFailed\", "
          "\"message\": \"stage=x\\nAddressConflict\", \"involvedObject\": "
          "{\"uid\": \"u1\"}}, {\"reason\": \"AcquireAddressFailed\", "
          "\"message\": \"m\", \"involvedObject\": {\"uid\": \"u9\"}}]}");
    UNTIL(is("refusal ns/a", "u1"));
    UNTIL(!has_problem("events"));
    CU_ASSERT_EQUAL(status().n_live_reads, 0);
    stop();
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
    CU_ADD_TEST(suite, test_live_reads);
    CU_ADD_TEST(suite, test_live_owner);
    CU_ADD_TEST(suite, test_live_failures);
    CU_ADD_TEST(suite, test_live_patience);
    CU_ADD_TEST(suite, test_live_finished);
    CU_ADD_TEST(suite, test_refusals);
    CU_ADD_TEST(suite, test_cni_pods);
    CU_ADD_TEST(suite, test_cni_lease);
    CU_ADD_TEST(suite, test_cni_unknown);
    CU_ADD_TEST(suite, test_nodes);
}
