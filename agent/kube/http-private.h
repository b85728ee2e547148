/* SPDX-License-Identifier: Apache-2.0 */

/* What the client's three files share: http.c (connections and the turn),
 * http-request.c (how a request is made), http-answer.c (what comes of it).
 * For them alone. */

#ifndef HTTP_PRIVATE_H
#define HTTP_PRIVATE_H 1

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/hmap.h"
#include "openvswitch/list.h"

#include "http.h"

/* Kubernetes' own are below 2 kB. */
#define MAX_HEADERS (64 * 1024)

struct http {
    CURLM *multi;
    bool http2;                 /* libcurl is good at it. */
    struct hmap sockets;        /* Contains "struct http_socket"s. */
    struct ovs_list requests;   /* Contains "struct http_request"s. */
    long long int timer_ms;     /* libcurl's; LLONG_MAX: none. */
    long long int now;
    long long int heard_ms;     /* When anything came, on any connection. */
    uint64_t n_answers;         /* Headers of answers that were complete. */
    bool reset_wanted;
    struct http_stats stats;
};

struct http_request {
    struct ovs_list node;       /* In 'requests'. */
    struct http *http;
    CURL *easy;                 /* NULL: ended. */
    struct curl_slist *headers;
    struct curl_slist *connect_to;
    char error_buffer[CURL_ERROR_SIZE];

    size_t max_body;
    bool lines;
    long long int deadline, silence_ms, began_ms, heard_ms;
    uint64_t access_seqno;

    size_t n_header_bytes;
    long long int retry_after_ms;
    int status;
    struct ds body;
    size_t taken;               /* Lines that were taken out of it. */
    size_t scanned;             /* There is no end of line before this, from
                                 * 'taken' on. */

    bool done, too_large, timed_out;
    char *error;
};

/* http.c */

/* For CURLOPT_SOCKOPTFUNCTION, with a "struct http". */
int http_sockopt_cb(void *http, curl_socket_t fd, curlsocktype purpose);

/* http-answer.c */

/* Ends the request; 'error' (taken) says why, or is NULL if it is complete. */
void http_request_finish(struct http_request *, char *error);
/* For CURLOPT_HEADERFUNCTION and CURLOPT_WRITEFUNCTION, with a "struct
 * http_request". */
size_t http_header_cb(char *data, size_t size, size_t n, void *request);
size_t http_body_cb(char *data, size_t size, size_t n, void *request);

#endif /* http-private.h */
