/* SPDX-License-Identifier: Apache-2.0 */

/* HTTP requests to one API server, many at a time, inside the poll loop:
 * libcurl's multi interface with its sockets and its timer waited for by
 * poll_block().  Nothing here blocks and nothing here calls back: who made a
 * request looks at it after http_run(). */

#ifndef HTTP_H
#define HTTP_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http;
struct http_request;
struct kube_access;

struct http_stats {
    uint64_t n_requests;        /* Begun. */
    uint64_t n_failed;          /* Ended without a complete answer. */
    uint64_t n_connections;     /* Opened. */
    uint64_t n_bytes;           /* Received in bodies, as they came: perhaps
                                 * compressed. */
    uint64_t n_resets;          /* All connections given up as dead. */
};

struct http *http_create(void);
/* All requests must have been destroyed. */
void http_destroy(struct http *);

/* Moves all requests on. */
void http_run(struct http *, long long int now);
void http_wait(struct http *);

/* Sends what was begun since http_run(), as far as that can be done without
 * waiting, so that the server works on it while the caller's turn goes on.
 * Bodies may grow meanwhile, but no request ends. */
void http_push(struct http *, long long int now);

void http_get_stats(const struct http *, struct http_stats *);

/* How many answers there were that show a server in order: their header is
 * complete and their status neither 429 nor above 499. */
uint64_t http_n_answers(const struct http *);

struct http_get_options {
    const char *accept;         /* Media types; NULL: application/json. */

    /* Larger bodies, after decompression, end the request with an error.  With
     * 'lines' it is the largest line. */
    size_t max_body;

    /* The body is a sequence of lines without an end, to be taken out one by
     * one; not that of an error. */
    bool lines;

    /* The request fails this long after its begin (0: never), or after the
     * last byte that came. */
    long long int deadline_ms;
    long long int silence_ms;
};

/* Begins GET 'path' (with its query, below the server's URL).  Never fails by
 * itself: what goes wrong is seen later. */
struct http_request *http_get(struct http *, const struct kube_access *,
                              const char *path,
                              const struct http_get_options *,
                              long long int now);
/* Begins a request that writes: 'method' is "POST", "PATCH" or "DELETE" (a
 * constant), 'body' is copied, 'content_type' is its media type.  Whoever gets
 * no answer does not know whether it took effect; over a connection that was
 * kept from earlier requests and turns out to be dead it may be sent twice. */
struct http_request *http_send(struct http *, const struct kube_access *,
                               const char *method, const char *path,
                               const char *content_type, const char *body,
                               const struct http_get_options *,
                               long long int now);
/* Gives it up, if it has not ended. */
void http_request_destroy(struct http_request *);

/* True when it has ended, with or without an error. */
bool http_request_is_done(const struct http_request *);

/* Why there was no complete answer, or NULL if there was or may still be. */
const char *http_request_error(const struct http_request *);

/* True if http_request_error() is that the body was larger than allowed. */
bool http_request_is_too_large(const struct http_request *);

/* True if the error came of silence or of the deadline. */
bool http_request_timed_out(const struct http_request *);

/* The answer's status, such as 200; 0 while its header is not complete. */
int http_request_status(const struct http_request *);

/* The Retry-After of the answer in ms, or -1. */
long long int http_request_retry_after_ms(const struct http_request *);

/* The body, as far as it is there; with a null byte behind it. */
const char *http_request_body(const struct http_request *, size_t *len);

/* Takes the body of a request that has ended, as above; the caller frees
 * it. */
char *http_request_steal_body(struct http_request *, size_t *len);

/* With 'lines' and status 200: takes out the next complete line.  Returns it
 * without its end, valid until the next call here or of http_run(); or NULL if
 * there is none now. */
const char *http_request_next_line(struct http_request *, size_t *len);

/* Bytes of an incomplete line that are there. */
size_t http_request_rest(const struct http_request *);

/* The kube_access's number that it was made with. */
uint64_t http_request_access_seqno(const struct http_request *);

/* When it began, and when the last byte came; monotonic ms. */
long long int http_request_began_ms(const struct http_request *);
long long int http_request_heard_ms(const struct http_request *);

/* Returns 's' as a part of a path or a query: all but letters, digits and
 * "-._~" as %XX.  The caller frees it. */
char *http_escape(const char *s);

#endif /* http.h */
