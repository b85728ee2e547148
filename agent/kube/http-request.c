/* SPDX-License-Identifier: Apache-2.0 */

/* How a request is made: URL, credentials, what is asked of libcurl. */

#include <config.h>

#include "http.h"

#include <ctype.h>
#include <curl/curl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"

#include "coverage.h"
#include "util.h"

#include "http-private.h"
#include "kubeconfig.h"

COVERAGE_DEFINE(http_request);
COVERAGE_DEFINE(http_write);

/* A connection that is not there after this is not going to be. */
#define CONNECT_MS 10000

char *
http_escape(const char *s)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    for (; *s; s++) {
        if (isalnum((unsigned char) *s) || strchr("-._~", *s)) {
            ds_put_char(&ds, *s);
        } else {
            ds_put_format(&ds, "%%%02X", (unsigned char) *s);
        }
    }
    return ds_steal_cstr(&ds);
}

static void
set_blob(CURL *easy, CURLoption option, const char *text)
{
    if (text) {
        struct curl_blob blob = {
            .data = CONST_CAST(char *, text),
            .len = strlen(text),
            .flags = CURL_BLOB_COPY,
        };

        curl_easy_setopt(easy, option, &blob);
    }
}

static void
add_header(struct http_request *r, const char *name, const char *value)
{
    char *line = xasprintf("%s: %s", name, value);

    r->headers = curl_slist_append(r->headers, line);
    free(line);
}

/* Sets the URL.  A server whose certificate has another name than its URL is
 * connected to under the URL's address and spoken to under that name. */
static void
set_url(struct http_request *r, const struct kube_access *access,
        const char *path)
{
    const char *server = access->server;
    char *url;

    if (access->tls_server_name && !strncmp(server, "https://", 8)) {
        const char *authority = server + 8;
        size_t len = strcspn(authority, "/");
        const char *colon = memrchr(authority, ':', len);
        char *host;
        char *to;

        if (colon && memchr(colon, ']', authority + len - colon)) {
            colon = NULL;       /* Inside of an IPv6 address. */
        }
        host = xmemdup0(authority, len);
        url = (colon
               ? xasprintf("https://%s%s%s", access->tls_server_name, colon,
                           path)
               : xasprintf("https://%s%s%s", access->tls_server_name,
                           authority + len, path));
        /* "::" is: any host and port that is asked for. */
        to = xasprintf("::%s%s", host, colon ? "" : ":443");
        r->connect_to = curl_slist_append(NULL, to);
        curl_easy_setopt(r->easy, CURLOPT_CONNECT_TO, r->connect_to);
        add_header(r, "Host", host);
        free(host);
        free(to);
    } else {
        url = xasprintf("%s%s", server, path);
    }
    curl_easy_setopt(r->easy, CURLOPT_URL, url);
    free(url);
}

static void
set_security(struct http_request *r, const struct kube_access *access)
{
    curl_easy_setopt(r->easy, CURLOPT_SSLVERSION,
                     (long int) CURL_SSLVERSION_TLSv1_2);
    if (access->insecure) {
        curl_easy_setopt(r->easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(r->easy, CURLOPT_SSL_VERIFYHOST, 0L);
    } else if (access->ca) {
        /* That CA and no other. */
        curl_easy_setopt(r->easy, CURLOPT_CAPATH, NULL);
        set_blob(r->easy, CURLOPT_CAINFO_BLOB, access->ca);
    }
    if (access->client_cert) {
        curl_easy_setopt(r->easy, CURLOPT_SSLCERTTYPE, "PEM");
        curl_easy_setopt(r->easy, CURLOPT_SSLKEYTYPE, "PEM");
        set_blob(r->easy, CURLOPT_SSLCERT_BLOB, access->client_cert);
        set_blob(r->easy, CURLOPT_SSLKEY_BLOB, access->client_key);
    }
    if (access->token) {
        char *value = xasprintf("Bearer %s", access->token);

        add_header(r, "Authorization", value);
        free(value);
    }
}

static void
set_behaviour(struct http_request *r, const struct kube_access *access)
{
    CURL *easy = r->easy;

    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, r);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, r->error_buffer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, http_header_cb);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, r);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, http_body_cb);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, r);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, http_sockopt_cb);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, r->http);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 15L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 5L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long int) CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                     (long int) (r->http->http2 ? CURL_HTTP_VERSION_2TLS
                                 : CURL_HTTP_VERSION_1_1));
    if (r->http->http2 && !strncmp(access->server, "https://", 8)) {
        /* The second request waits to learn whether the first one's
         * connection can take it as well.  Without TLS it never can. */
        curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
    }
    /* What goes to the API server goes there directly. */
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS,
                     (long int) (CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    if (!access->disable_compression) {
        curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    }
    /* kube-apiserver indents its JSON for curl, browsers and the like. */
    curl_easy_setopt(easy, CURLOPT_USERAGENT,
                     "ovn-ipguard/" PACKAGE_VERSION);
}

/* Makes a request, which is not begun yet. */
static struct http_request *
create_request(struct http *h, const struct kube_access *access,
               const char *path, const struct http_get_options *options,
               long long int now)
{
    struct http_request *r = xzalloc(sizeof *r);

    COVERAGE_INC(http_request);
    h->stats.n_requests++;
    h->now = now;
    r->http = h;
    ovs_list_push_back(&h->requests, &r->node);
    ds_init(&r->body);
    r->max_body = options->max_body;
    r->lines = options->lines;
    r->deadline = options->deadline_ms ? now + options->deadline_ms
                                       : LLONG_MAX;
    r->silence_ms = options->silence_ms;
    r->began_ms = r->heard_ms = now;
    r->access_seqno = access->seqno;
    r->retry_after_ms = -1;

    r->easy = curl_easy_init();
    if (!r->easy) {
        out_of_memory();
    }
    add_header(r, "Accept",
               options->accept ? options->accept : "application/json");
    set_behaviour(r, access);
    set_security(r, access);
    set_url(r, access, path);
    return r;
}

static void
begin_request(struct http_request *r)
{
    CURLMcode code;

    curl_easy_setopt(r->easy, CURLOPT_HTTPHEADER, r->headers);
    code = curl_multi_add_handle(r->http->multi, r->easy);
    if (code) {
        http_request_finish(r, xstrdup(curl_multi_strerror(code)));
        poll_immediate_wake();
    }
}

struct http_request *
http_get(struct http *h, const struct kube_access *access, const char *path,
         const struct http_get_options *options, long long int now)
{
    struct http_request *r = create_request(h, access, path, options, now);

    begin_request(r);
    return r;
}

struct http_request *
http_send(struct http *h, const struct kube_access *access,
          const char *method, const char *path, const char *content_type,
          const char *body, const struct http_get_options *options,
          long long int now)
{
    struct http_request *r = create_request(h, access, path, options, now);

    COVERAGE_INC(http_write);
    add_header(r, "Content-Type", content_type);
    add_header(r, "Expect", ""); /* Do not ask first whether it may come. */
    curl_easy_setopt(r->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t) strlen(body));
    curl_easy_setopt(r->easy, CURLOPT_COPYPOSTFIELDS, body);
    curl_easy_setopt(r->easy, CURLOPT_CUSTOMREQUEST, method);
    begin_request(r);
    return r;
}

void
http_request_destroy(struct http_request *r)
{
    if (r) {
        if (!r->done) {
            http_request_finish(r, NULL);
        }
        ovs_list_remove(&r->node);
        ds_destroy(&r->body);
        free(r->error);
        free(r);
    }
}
