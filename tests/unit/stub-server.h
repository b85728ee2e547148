/* SPDX-License-Identifier: Apache-2.0 */

/* A stand-in for an API server: an HTTP/1.1 server in the test's own process,
 * which sends what the test tells it to, byte for byte, and so can do wrong
 * what a real one never does.  It knows nothing of Kubernetes. */

#ifndef STUB_SERVER_H
#define STUB_SERVER_H 1

#include <stdbool.h>
#include <stddef.h>

#include "openvswitch/compiler.h"

struct stub_server;
struct stub_request;

struct stub_server *stub_server_create(void);
void stub_server_destroy(struct stub_server *);

/* "http://127.0.0.1:PORT" */
const char *stub_server_url(const struct stub_server *);

void stub_server_run(struct stub_server *);
void stub_server_wait(struct stub_server *);

/* All connections are cut, and new ones refused until it is opened again,
 * with the same port. */
void stub_server_close(struct stub_server *);
void stub_server_open(struct stub_server *);

/* Returns the oldest request that waits for its answer and whose path begins
 * with 'prefix' (is it, if it ends in "$") and contains 'part' (NULL: any), or
 * NULL.  It
 * stays valid until it is answered completely or cut, also if the client
 * goes. */
struct stub_request *stub_server_find(struct stub_server *,
                                      const char *prefix, const char *part);

/* "/path?query"; and whether its header has 'line'. */
const char *stub_request_path(const struct stub_request *);
bool stub_request_has_header(const struct stub_request *, const char *line);

/* "GET", and what came behind the header. */
const char *stub_request_method(const struct stub_request *);
const char *stub_request_body(const struct stub_request *);

/* True if the client has closed the connection. */
bool stub_request_is_abandoned(const struct stub_request *);

/* Sends bytes as they are; ends the answer and keeps the connection; or closes
 * the connection. */
void stub_request_send(struct stub_request *, const char *data, size_t len);
void stub_request_end(struct stub_request *);
void stub_request_cut(struct stub_request *);

/* Sends a complete answer and ends it.  'headers' are whole lines, or "". */
void stub_request_reply(struct stub_request *, int status,
                        const char *headers, const char *body);

/* A chunked answer: its header; a chunk; the last one and the end. */
void stub_request_begin_chunks(struct stub_request *);
void stub_request_chunk(struct stub_request *, const char *data);
void stub_request_end_chunks(struct stub_request *);

#endif /* stub-server.h */
