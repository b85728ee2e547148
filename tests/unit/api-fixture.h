/* SPDX-License-Identifier: Apache-2.0 */

/* What the tests of the Kubernetes client share: a client beside a scripted
 * server (stub-server.h), which sends what a real API server would, and what
 * it never does; what the client has told about; and what servers say.  A test
 * plays the server's part step by step; no step depends on time. */

#ifndef API_FIXTURE_H
#define API_FIXTURE_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/shash.h"

#include "agent/kube/api-source.h"

#include "tests/unit/stub-server.h"
#include "tests/unit/until.h"

struct svec;

#define PODS "/api/v1/pods?"
#define STS "/apis/apps/v1/statefulsets?"
#define REVS "/apis/apps/v1/controllerrevisions?"
#define NSS "/api/v1/namespaces?"

/* A client and its server, and what the client has told about. */
struct af {
    struct stub_server *stub;
    struct api_source *src;
    struct shash objects;       /* "pod NS/NAME" to its uid, and " out" if it
                                 * is opted out; "workload ..." to
                                 * "REPLICAS KNOWN". */
    size_t n_changes;
    size_t n_listed;            /* Pods that a list had. */
};

/* Those of the test that runs, from af_start() to af_stop(). */
extern struct af af;

/* Starts both, for 'namespaces' (NULL: all of them), or with more options, of
 * which the server's address and the dialect are set here. */
void af_start(const struct svec *namespaces);
void af_start_with(struct api_source_options);

/* Starts with the pods a (uid u1, version 5) and b (u2, 6), at version 10.
 * Returns their watch. */
struct stub_request *af_start_with_pods(void);

void af_stop(void);

/* One turn of the loop, but for the waiting. */
void af_turn(void);

/* Waits for something to happen, until 'end_ms' at the latest. */
void af_block(long long int end_ms);

#define UNTIL(CONDITION) UNTIL_TRUE(CONDITION, af_turn, af_block)

/* Takes what the client tells, into 'af'. */
void af_take_changes(void);

/* Was 'value' the last that was told of 'key' (NULL: nothing, or that it is
 * gone)? */
bool af_is(const char *key, const char *value);

struct api_source_status af_status(void);

/* Is 'text' a part of the problems that the client tells of? */
bool af_has_problem(const char *text);

/* Waits for a request and returns it; see stub_server_find(). */
struct stub_request *af_request(const char *prefix, const char *part);

/* Answers one that is not a watch. */
void af_reply(const char *prefix, const char *body);

/* Answers what is asked beside the pods, and leaves the watches open. */
void af_serve_others(void);

/* Asks for a live read of the pod 'name' in namespace ns, and of its
 * StatefulSet 'workload' ("": it has none). */
void af_live_read(uint64_t id, const char *name, const char *workload);

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

#endif /* api-fixture.h */
