/* SPDX-License-Identifier: Apache-2.0 */

/* HTTP requests inside the poll loop.
 *
 * libcurl tells which sockets it waits for and until when; each turn finds out
 * by one poll(2), which does not wait, which of them are ready, and hands them
 * to curl_multi_socket_action().
 *
 * A connection can be dead without anybody saying so: a firewall that forgot
 * it, a machine that lost its power.  With HTTP/2 all requests are on one
 * connection, and libcurl would put the next one there too.  The kernel is
 * asked to find out (keepalives, TCP_USER_TIMEOUT); and when a request ran out
 * of time while nothing at all came from the server, all connections are
 * given up. */

#include <config.h>

#include "http.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/hmap.h"
#include "openvswitch/list.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"

#include "coverage.h"
#include "hash.h"
#include "timeval.h"
#include "util.h"

#include "kubeconfig.h"

VLOG_DEFINE_THIS_MODULE(http);

COVERAGE_DEFINE(http_request);
COVERAGE_DEFINE(http_failed);
COVERAGE_DEFINE(http_write);
COVERAGE_DEFINE(http_reset);

/* Kubernetes' own are below 2 kB. */
#define MAX_HEADERS (64 * 1024)

/* The body of an error is for a message. */
#define MAX_ERROR_BODY (64 * 1024)

/* A connection that is not there after this is not going to be. */
#define CONNECT_MS 10000

/* A peer that does not acknowledge for this long is gone. */
#define USER_TIMEOUT_MS 30000

/* A request that ran out of time makes its connection suspect if it, and all
 * others, waited this long in vain. */
#define DEAD_MS 5000

/* A server may ask for patience, but not for hours. */
#define MAX_RETRY_AFTER_S 300

struct http {
    CURLM *multi;
    struct hmap sockets;        /* Contains "struct http_socket"s. */
    struct ovs_list requests;   /* Contains "struct http_request"s. */
    long long int timer_ms;     /* libcurl's; LLONG_MAX: none. */
    long long int now;
    long long int heard_ms;     /* When anything came, on any connection. */
    bool reset_wanted;
    struct http_stats stats;
};

struct http_socket {
    struct hmap_node node;      /* In 'sockets', by descriptor. */
    curl_socket_t fd;
    short int events;           /* POLLIN and POLLOUT. */
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

/* ---- libcurl's sockets and timer. ---- */

static struct http_socket *
find_socket(const struct http *h, curl_socket_t fd)
{
    struct http_socket *s;

    HMAP_FOR_EACH_WITH_HASH (s, node, hash_int(fd, 0), &h->sockets) {
        if (s->fd == fd) {
            return s;
        }
    }
    return NULL;
}

static int
socket_cb(CURL *easy OVS_UNUSED, curl_socket_t fd, int what, void *h_,
          void *aux OVS_UNUSED)
{
    struct http *h = h_;
    struct http_socket *s = find_socket(h, fd);

    if (what == CURL_POLL_REMOVE) {
        if (s) {
            hmap_remove(&h->sockets, &s->node);
            free(s);
        }
        return 0;
    }
    if (!s) {
        s = xzalloc(sizeof *s);
        s->fd = fd;
        hmap_insert(&h->sockets, &s->node, hash_int(fd, 0));
    }
    s->events = ((what & CURL_POLL_IN ? POLLIN : 0)
                 | (what & CURL_POLL_OUT ? POLLOUT : 0));
    return 0;
}

static int
timer_cb(CURLM *multi OVS_UNUSED, long int timeout_ms, void *h_)
{
    struct http *h = h_;

    h->timer_ms = timeout_ms < 0 ? LLONG_MAX : h->now + timeout_ms;
    return 0;
}

/* Called for each new socket, before it connects. */
static int
sockopt_cb(void *h_, curl_socket_t fd, curlsocktype purpose OVS_UNUSED)
{
    struct http *h = h_;
    int timeout = USER_TIMEOUT_MS;

    h->stats.n_connections++;
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout);
    return CURL_SOCKOPT_OK;
}

static void
open_multi(struct http *h)
{
    h->multi = curl_multi_init();
    if (!h->multi) {
        out_of_memory();
    }
    curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, socket_cb);
    curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
    curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, timer_cb);
    curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
    curl_multi_setopt(h->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    /* Watches, a list and live reads where there is no HTTP/2. */
    curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, 32L);
    h->timer_ms = LLONG_MAX;
}

static void
close_multi(struct http *h)
{
    struct http_socket *s;

    curl_multi_cleanup(h->multi);
    HMAP_FOR_EACH_POP (s, node, &h->sockets) {
        free(s);
    }
}

struct http *
http_create(void)
{
    static bool initialized;
    struct http *h = xzalloc(sizeof *h);

    if (!initialized) {
        initialized = true;
        if (curl_global_init(CURL_GLOBAL_DEFAULT)) {
            VLOG_FATAL("libcurl cannot be initialized");
        }
    }
    hmap_init(&h->sockets);
    ovs_list_init(&h->requests);
    h->now = time_msec();
    open_multi(h);
    return h;
}

void
http_destroy(struct http *h)
{
    if (h) {
        ovs_assert(ovs_list_is_empty(&h->requests));
        close_multi(h);
        hmap_destroy(&h->sockets);
        free(h);
    }
}

void
http_get_stats(const struct http *h, struct http_stats *stats)
{
    *stats = h->stats;
}

/* ---- A request's answer. ---- */

/* Ends the request; 'error' (taken) says why, or is NULL if it is complete. */
static void
finish(struct http_request *r, char *error)
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

static size_t
header_cb(char *data, size_t size, size_t n, void *r_)
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

static size_t
body_cb(char *data, size_t size, size_t n, void *r_)
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

/* ---- Making a request. ---- */

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
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, header_cb);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, r);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body_cb);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, r);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, sockopt_cb);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, r->http);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 15L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 5L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long int) CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                     (long int) CURL_HTTP_VERSION_2TLS);
    if (!strncmp(access->server, "https://", 8)) {
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
        finish(r, xstrdup(curl_multi_strerror(code)));
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
            finish(r, NULL);
        }
        ovs_list_remove(&r->node);
        ds_destroy(&r->body);
        free(r->error);
        free(r);
    }
}

/* ---- The turn. ---- */

static long long int
due_time(const struct http_request *r)
{
    return MIN(r->deadline,
               r->silence_ms ? r->heard_ms + r->silence_ms : LLONG_MAX);
}

static char *
describe_failure(struct http_request *r, CURLcode code)
{
    if (r->too_large) {
        return (r->n_header_bytes > MAX_HEADERS
                ? xasprintf("the answer's header is larger than %d bytes",
                            MAX_HEADERS)
                : xasprintf("the answer is larger than %"PRIuSIZE" bytes",
                            r->max_body));
    }
    return xstrdup(r->error_buffer[0] ? r->error_buffer
                   : curl_easy_strerror(code));
}

/* Takes over what libcurl has finished. */
static void
take_results(struct http *h)
{
    CURLMsg *msg;
    int n;

    while ((msg = curl_multi_info_read(h->multi, &n))) {
        struct http_request *r;
        CURLcode code = msg->data.result;

        if (msg->msg != CURLMSG_DONE) {
            continue;
        }
        curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **) &r);
        if (code == CURLE_OPERATION_TIMEDOUT) {
            r->timed_out = true;
        }
        finish(r, code ? describe_failure(r, code) : NULL);
    }
}

/* Ends what ran out of time. */
static void
take_timeouts(struct http *h)
{
    struct http_request *r;

    LIST_FOR_EACH (r, node, &h->requests) {
        if (r->done || h->now < due_time(r)) {
            continue;
        }
        r->timed_out = true;
        /* 'heard_ms' of the request begins with its begin. */
        if (h->heard_ms <= r->heard_ms && h->now - r->heard_ms >= DEAD_MS) {
            h->reset_wanted = true;
        }
        finish(r, h->now >= r->deadline
               ? xasprintf("no complete answer in %lld ms",
                           r->deadline - r->began_ms)
               : xasprintf("nothing came for %lld ms", r->silence_ms));
    }
}

/* Gives up all connections. */
static void
reset(struct http *h)
{
    struct http_request *r;

    COVERAGE_INC(http_reset);
    h->stats.n_resets++;
    h->reset_wanted = false;
    LIST_FOR_EACH (r, node, &h->requests) {
        if (!r->done) {
            r->timed_out = true;
            finish(r, xstrdup("the connection seems to be dead"));
        }
    }
    close_multi(h);
    open_multi(h);
}

static void
serve_sockets(struct http *h)
{
    size_t n = hmap_count(&h->sockets);
    struct pollfd *fds = xmalloc(MAX(n, 1) * sizeof *fds);
    struct http_socket *s;
    size_t i = 0;
    int running;

    HMAP_FOR_EACH (s, node, &h->sockets) {
        fds[i++] = (struct pollfd) { .fd = s->fd, .events = s->events };
    }
    if (n && poll(fds, n, 0) > 0) {
        for (i = 0; i < n; i++) {
            short int got = fds[i].revents;
            int action = ((got & POLLIN ? CURL_CSELECT_IN : 0)
                          | (got & POLLOUT ? CURL_CSELECT_OUT : 0)
                          | (got & (POLLERR | POLLHUP | POLLNVAL)
                             ? CURL_CSELECT_ERR : 0));

            /* An earlier one's turn may have closed it. */
            if (action && find_socket(h, fds[i].fd)) {
                curl_multi_socket_action(h->multi, fds[i].fd, action,
                                         &running);
            }
        }
    }
    free(fds);
}

void
http_run(struct http *h, long long int now)
{
    int running;

    h->now = now;
    serve_sockets(h);
    if (now >= h->timer_ms) {
        h->timer_ms = LLONG_MAX;
        curl_multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    take_results(h);
    take_timeouts(h);
    if (h->reset_wanted) {
        reset(h);
    }
}

void
http_wait(struct http *h)
{
    struct http_request *r;
    struct http_socket *s;
    long long int due = h->timer_ms;

    HMAP_FOR_EACH (s, node, &h->sockets) {
        if (s->events) {
            poll_fd_wait(s->fd, s->events);
        }
    }
    LIST_FOR_EACH (r, node, &h->requests) {
        if (!r->done) {
            due = MIN(due, due_time(r));
        }
    }
    if (due != LLONG_MAX) {
        poll_timer_wait_until(due);
    }
}
