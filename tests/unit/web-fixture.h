/* SPDX-License-Identifier: Apache-2.0 */

/* The HTTP server (agent/web/), over real sockets.  The test is the loop as
 * well, and gives it the time: a client is late when the test says so, never
 * because the machine is slow. */

#ifndef WEB_FIXTURE_H
#define WEB_FIXTURE_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "agent/web/web-server.h"

#include "tests/unit/tls-fixture.h"

struct wf {
    struct web_server *server;
    long long int now;          /* As the server is told. */
    int n_calls;                /* Requests that were echoed. */
};

/* That of the test that runs, from wf_start() to wf_stop(). */
extern struct wf wf;

/* Starts a server.  It says what it was asked under POST /validate, GET /page
 * and below; "other" under GET /validate, /public, to which anybody may come,
 * and below /page/deep. */
void wf_start(const struct web_options *);
void wf_start_plain(void);      /* Without TLS. */
void wf_stop(void);

/* One turn of the loop, with the time standing still. */
void wf_turn(struct web_client *const *clients, size_t n);

/* Turns until 'client' has got 'text', or has been closed; at most a minute.
 * True if the text is there. */
bool wf_expect(struct web_client *client, const char *text);

/* Turns until 'client' has been closed, at most a minute; true if it has. */
bool wf_expect_closed(struct web_client *client);

/* Opens a connection without TLS; sends 'text' over one. */
struct web_client *wf_open(void);
void wf_send(struct web_client *, const char *text);

#define ASSERT_CONTAINS(TEXT, PART)                                     \
    do {                                                                \
        CU_ASSERT_PTR_NOT_NULL(strstr(TEXT, PART));                     \
        if (!strstr(TEXT, PART)) {                                      \
            printf("\nno \"%s\" in: %s\n", PART, TEXT);                 \
        }                                                               \
    } while (0)

#endif /* web-fixture.h */
