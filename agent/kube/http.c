/* SPDX-License-Identifier: Apache-2.0 */

/* HTTP requests inside the poll loop.
 *
 * libcurl tells which sockets it waits for and until when; each turn finds out
 * by one poll(2), which does not wait, which of them are ready, and hands them
 * to curl_multi_socket_action().
 *
 * A connection can be dead without anybody saying so: a firewall that forgot
 * it, a machine that lost its power, and libcurl would put the next request
 * there too; with HTTP/2 all of them.  The kernel is asked to find out
 * (keepalives, TCP_USER_TIMEOUT); and when a request ran out of time while
 * nothing at all came from the server, all connections are given up. */

#include <config.h>

#include "http.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "openvswitch/hmap.h"
#include "openvswitch/list.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"

#include "coverage.h"
#include "hash.h"
#include "timeval.h"
#include "util.h"

#include "http-private.h"
#include "url-text.h"

VLOG_DEFINE_THIS_MODULE(http);

COVERAGE_DEFINE(http_reset);

/* HTTP/2 is spoken with this libcurl and newer ones: 8.14.1, which Debian 13
 * has.  With the 7.88.1 of Debian 12, lists of many pages come to a halt
 * beside open watches; see CONTRIBUTING.md. */
#define MIN_HTTP2_VERSION 0x080e01

/* A peer that does not acknowledge for this long is gone. */
#define USER_TIMEOUT_MS 30000

/* A request that ran out of time makes its connection suspect if it, and all
 * others, waited this long in vain. */
#define DEAD_MS 5000

struct http_socket {
    struct hmap_node node;      /* In 'sockets', by descriptor. */
    curl_socket_t fd;
    short int events;           /* POLLIN and POLLOUT. */
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
int
http_sockopt_cb(void *h_, curl_socket_t fd, curlsocktype purpose OVS_UNUSED)
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
    /* Kept for the next request: those of watches, lists and live reads. */
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

/* Asks the library that is there, which need not be the one whose headers
 * were. */
static bool
speaks_http2(void)
{
    const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);

    return (v->features & CURL_VERSION_HTTP2
            && v->version_num >= MIN_HTTP2_VERSION);
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
    h->http2 = speaks_http2();
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

uint64_t
http_n_answers(const struct http *http)
{
    return http->n_answers;
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
    return url_text_to_show(r->error_buffer[0] ? r->error_buffer
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
        http_request_finish(r, code ? describe_failure(r, code) : NULL);
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
        http_request_finish(r, h->now >= r->deadline
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
            http_request_finish(r, xstrdup("the connection seems to be dead"));
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

/* Does what libcurl's timer, which is due, stands for. */
static void
serve_timer(struct http *h)
{
    int running;

    h->timer_ms = LLONG_MAX;
    curl_multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

void
http_push(struct http *h, long long int now)
{
    h->now = now;
    if (now >= h->timer_ms) {
        serve_timer(h);
    }
}

void
http_run(struct http *h, long long int now)
{
    h->now = now;
    serve_sockets(h);
    if (now >= h->timer_ms) {
        serve_timer(h);
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
