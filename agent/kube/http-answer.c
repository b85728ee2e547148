/* SPDX-License-Identifier: Apache-2.0 */

/* What comes of a request: its header and its body, whole or line by line. */

#include <config.h>

#include "http.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"

#include "coverage.h"
#include "util.h"

#include "http-private.h"

COVERAGE_DEFINE(http_failed);

/* The body of an error is for a message. */
#define MAX_ERROR_BODY (64 * 1024)

/* A server may ask for patience, but not for hours. */
#define MAX_RETRY_AFTER_S 300

void
http_request_finish(struct http_request *r, char *error)
{
    curl_off_t n_bytes;

    if (r->easy) {
        if (!curl_easy_getinfo(r->easy, CURLINFO_SIZE_DOWNLOAD_T, &n_bytes)) {
            r->http->stats.n_bytes += n_bytes;
        }
        curl_multi_remove_handle(r->http->multi, r->easy);
        curl_easy_cleanup(r->easy);
        r->easy = NULL;
    }
    curl_slist_free_all(r->headers);
    curl_slist_free_all(r->connect_to);
    r->headers = r->connect_to = NULL;
    r->done = true;
    r->error = error;
    if (error) {
        COVERAGE_INC(http_failed);
        r->http->stats.n_failed++;
    }
}

static void
heard(struct http_request *r)
{
    r->heard_ms = r->http->heard_ms = r->http->now;
}

/* Reads "NAME: VALUE" of a header; dates are not used by Kubernetes. */
static void
read_header(struct http_request *r, const char *line, size_t len)
{
    static const char name[] = "retry-after:";
    size_t name_len = sizeof name - 1;
    long long int s = 0;

    if (len <= name_len || strncasecmp(line, name, name_len)) {
        return;
    }
    line += name_len;
    len -= name_len;
    while (len && (*line == ' ' || *line == '\t')) {
        line++;
        len--;
    }
    if (!len || !isdigit((unsigned char) *line)) {
        return;
    }
    for (; len && isdigit((unsigned char) *line); line++, len--) {
        s = MIN(s * 10 + (*line - '0'), MAX_RETRY_AFTER_S);
    }
    r->retry_after_ms = s * 1000;
}

size_t
http_header_cb(char *data, size_t size, size_t n, void *r_)
{
    struct http_request *r = r_;
    size_t len = size * n;

    heard(r);
    r->n_header_bytes += len;
    if (r->n_header_bytes > MAX_HEADERS) {
        r->too_large = true;
        return 0;
    }
    if (len > 5 && !strncmp(data, "HTTP/", 5)) {
        /* An interim answer came before. */
        r->retry_after_ms = -1;
        return len;
    }
    read_header(r, data, len);
    if (len <= 2 && (data[0] == '\r' || data[0] == '\n')) {
        long int status = 0;

        curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
        r->status = status >= 200 ? status : 0;
        if (r->status && r->status < 500 && r->status != 429) {
            r->http->n_answers++;
        }
    }
    return len;
}

/* Forgets lines that were taken, when that is cheap. */
static void
compact(struct http_request *r)
{
    if (r->taken == r->body.length) {
        /* Also gives back what an unusually long line took. */
        if (r->body.allocated > 1024 * 1024) {
            ds_destroy(&r->body);
            ds_init(&r->body);
        } else {
            ds_clear(&r->body);
        }
        r->taken = r->scanned = 0;
    } else if (r->taken > r->body.length / 2) {
        size_t rest = r->body.length - r->taken;

        memmove(r->body.string, r->body.string + r->taken, rest);
        ds_truncate(&r->body, rest);
        r->scanned -= r->taken;
        r->taken = 0;
    }
}

size_t
http_body_cb(char *data, size_t size, size_t n, void *r_)
{
    struct http_request *r = r_;
    size_t len = size * n;
    bool ok = r->status == 200;
    size_t max = ok ? r->max_body : MAX_ERROR_BODY;
    size_t have;

    heard(r);
    if (r->lines && ok) {
        compact(r);
        /* Complete lines are taken out after each turn. */
        have = (memrchr(data, '\n', len) ? 0 : http_request_rest(r));
    } else {
        have = r->body.length;
    }
    if (len > max || have > max - len) {
        if (!ok) {
            return len;         /* Enough for a message. */
        }
        r->too_large = true;
        return 0;
    }
    ds_put_buffer(&r->body, data, len);
    return len;
}

bool
http_request_is_done(const struct http_request *r)
{
    return r->done;
}

const char *
http_request_error(const struct http_request *r)
{
    return r->error;
}

bool
http_request_is_too_large(const struct http_request *r)
{
    return r->too_large;
}

bool
http_request_timed_out(const struct http_request *r)
{
    return r->timed_out;
}

int
http_request_status(const struct http_request *r)
{
    return r->status;
}

long long int
http_request_retry_after_ms(const struct http_request *r)
{
    return r->retry_after_ms;
}

const char *
http_request_body(const struct http_request *r, size_t *len)
{
    *len = r->body.length;
    return ds_cstr_ro(&r->body);
}

char *
http_request_steal_body(struct http_request *r, size_t *len)
{
    ovs_assert(r->done);
    *len = r->body.length;
    return ds_steal_cstr(&r->body);
}

size_t
http_request_rest(const struct http_request *r)
{
    return r->body.length - r->taken;
}

const char *
http_request_next_line(struct http_request *r, size_t *len)
{
    const char *line, *end;

    if (!r->lines || r->status != 200 || r->scanned >= r->body.length) {
        return NULL;
    }
    line = r->body.string + r->taken;
    end = memchr(r->body.string + r->scanned, '\n',
                 r->body.length - r->scanned);
    if (!end) {
        r->scanned = r->body.length;
        return NULL;
    }
    *len = end - line;
    r->taken = r->scanned = end + 1 - r->body.string;
    return line;
}

uint64_t
http_request_access_seqno(const struct http_request *r)
{
    return r->access_seqno;
}

long long int
http_request_began_ms(const struct http_request *r)
{
    return r->began_ms;
}

long long int
http_request_heard_ms(const struct http_request *r)
{
    return r->heard_ms;
}
