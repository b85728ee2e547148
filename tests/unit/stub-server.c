/* SPDX-License-Identifier: Apache-2.0 */

/* A stand-in for an API server, in the test's own process and loop. */

#include <config.h>

#include "tests/unit/stub-server.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/list.h"
#include "openvswitch/poll-loop.h"
#include "socket-util.h"
#include "util.h"

struct stub_request {
    struct ovs_list node;       /* In 'conns'. */
    int fd;                     /* Negative: the client has gone. */
    struct ds in, out;
    char *path;                 /* Of the request that waits, or NULL. */
    char *head;                 /* Its header. */
    char *method, *body;        /* Of the latest request. */
    bool close_when_sent;
};

struct stub_server {
    int listen_fd;              /* Negative: closed. */
    int port;
    char *url;
    struct ovs_list conns;      /* Contains "struct stub_request"s. */
};

void
stub_server_open(struct stub_server *s)
{
    struct sockaddr_in sin = {
        .sin_family = AF_INET,
        .sin_port = htons(s->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t len = sizeof sin;
    int one = 1;

    s->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(s->listen_fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (s->listen_fd < 0
        || bind(s->listen_fd, (struct sockaddr *) &sin, sizeof sin)
        || listen(s->listen_fd, 64)
        || getsockname(s->listen_fd, (struct sockaddr *) &sin, &len)) {
        ovs_fatal(errno, "the stub server cannot listen");
    }
    set_nonblocking(s->listen_fd);
    s->port = ntohs(sin.sin_port);
}

struct stub_server *
stub_server_create(void)
{
    struct stub_server *s = xzalloc(sizeof *s);

    ovs_list_init(&s->conns);
    stub_server_open(s);
    s->url = xasprintf("http://127.0.0.1:%d", s->port);
    return s;
}

static void
conn_destroy(struct stub_request *c)
{
    if (c->fd >= 0) {
        close(c->fd);
    }
    ovs_list_remove(&c->node);
    ds_destroy(&c->in);
    ds_destroy(&c->out);
    free(c->path);
    free(c->head);
    free(c->method);
    free(c->body);
    free(c);
}

static void
lose_client(struct stub_request *c)
{
    close(c->fd);
    c->fd = -1;
}

void
stub_server_close(struct stub_server *s)
{
    struct stub_request *c;

    if (s->listen_fd >= 0) {
        close(s->listen_fd);
        s->listen_fd = -1;
    }
    LIST_FOR_EACH (c, node, &s->conns) {
        if (c->fd >= 0) {
            lose_client(c);
        }
    }
}

void
stub_server_destroy(struct stub_server *s)
{
    struct stub_request *c;

    LIST_FOR_EACH_SAFE (c, node, &s->conns) {
        conn_destroy(c);
    }
    stub_server_close(s);
    free(s->url);
    free(s);
}

const char *
stub_server_url(const struct stub_server *s)
{
    return s->url;
}

static void
accept_all(struct stub_server *s)
{
    for (;;) {
        int fd = s->listen_fd < 0 ? -1 : accept(s->listen_fd, NULL, NULL);
        struct stub_request *c;

        if (fd < 0) {
            return;
        }
        set_nonblocking(fd);
        c = xzalloc(sizeof *c);
        c->fd = fd;
        ds_init(&c->in);
        ds_init(&c->out);
        ovs_list_push_back(&s->conns, &c->node);
    }
}

/* Makes the next request of what came, if it is complete. */
static void
parse(struct stub_request *c)
{
    char *end, *space, *path, *length;
    size_t len, n_body;

    end = c->path ? NULL : strstr(ds_cstr(&c->in), "\r\n\r\n");
    if (!end) {
        return;
    }
    len = end + 4 - ds_cstr(&c->in);
    length = strcasestr(ds_cstr(&c->in), "\r\nContent-Length: ");
    n_body = length && length < end ? atoi(length + 18) : 0;
    if (c->in.length < len + n_body) {
        return;
    }
    free(c->body);
    c->body = xmemdup0(ds_cstr(&c->in) + len, n_body);
    c->head = xmemdup0(ds_cstr(&c->in), len);
    len += n_body;
    memmove(c->in.string, c->in.string + len, c->in.length - len);
    ds_truncate(&c->in, c->in.length - len);
    path = strchr(c->head, ' ');
    space = path ? strchr(path + 1, ' ') : NULL;
    ovs_assert(space);
    c->path = xmemdup0(path + 1, space - path - 1);
    free(c->method);
    c->method = xmemdup0(c->head, path - c->head);
    /* The test has something to look at. */
    poll_immediate_wake();
}

static void
conn_run(struct stub_request *c)
{
    while (c->fd >= 0) {
        char buf[4096];
        ssize_t n = read(c->fd, buf, sizeof buf);

        if (n > 0) {
            ds_put_buffer(&c->in, buf, n);
        } else if (n < 0 && errno == EAGAIN) {
            break;
        } else if (!n || errno != EINTR) {
            lose_client(c);
        }
    }
    parse(c);
    while (c->fd >= 0 && c->out.length) {
        ssize_t n = send(c->fd, c->out.string, c->out.length, MSG_NOSIGNAL);

        if (n > 0) {
            memmove(c->out.string, c->out.string + n, c->out.length - n);
            ds_truncate(&c->out, c->out.length - n);
        } else if (n < 0 && errno == EAGAIN) {
            break;
        } else if (n < 0 && errno != EINTR) {
            lose_client(c);
        }
    }
    if (c->close_when_sent && !c->out.length && c->fd >= 0) {
        lose_client(c);
    }
}

void
stub_server_run(struct stub_server *s)
{
    struct stub_request *c;

    accept_all(s);
    LIST_FOR_EACH_SAFE (c, node, &s->conns) {
        conn_run(c);
        if (c->fd < 0 && !c->path) {
            conn_destroy(c);
        }
    }
}

void
stub_server_wait(struct stub_server *s)
{
    struct stub_request *c;

    if (s->listen_fd >= 0) {
        poll_fd_wait(s->listen_fd, POLLIN);
    }
    LIST_FOR_EACH (c, node, &s->conns) {
        if (c->fd >= 0) {
            poll_fd_wait(c->fd, POLLIN | (c->out.length ? POLLOUT : 0));
        }
    }
}

static bool
path_matches(const char *path, const char *prefix)
{
    size_t len = strlen(prefix);

    return (prefix[len - 1] == '$'
            ? strlen(path) == len - 1 && !strncmp(path, prefix, len - 1)
            : !strncmp(path, prefix, len));
}

struct stub_request *
stub_server_find(struct stub_server *s, const char *prefix, const char *part)
{
    struct stub_request *c;

    LIST_FOR_EACH (c, node, &s->conns) {
        if (c->fd >= 0 && c->path && path_matches(c->path, prefix)
            && (!part || strstr(c->path, part))) {
            return c;
        }
    }
    return NULL;
}

const char *
stub_request_method(const struct stub_request *c)
{
    return c->method;
}

const char *
stub_request_body(const struct stub_request *c)
{
    return c->body;
}

const char *
stub_request_path(const struct stub_request *c)
{
    return c->path;
}

bool
stub_request_has_header(const struct stub_request *c, const char *line)
{
    return strstr(c->head, line) != NULL;
}

bool
stub_request_is_abandoned(const struct stub_request *c)
{
    return c->fd < 0;
}

void
stub_request_send(struct stub_request *c, const char *data, size_t len)
{
    ds_put_buffer(&c->out, data, len);
    poll_immediate_wake();
}

static void
forget_request(struct stub_request *c)
{
    free(c->path);
    free(c->head);
    c->path = c->head = NULL;
    poll_immediate_wake();
}

void
stub_request_end(struct stub_request *c)
{
    forget_request(c);
}

void
stub_request_cut(struct stub_request *c)
{
    c->close_when_sent = true;
    forget_request(c);
}

void
stub_request_reply(struct stub_request *c, int status, const char *headers,
                   const char *body)
{
    ds_put_format(&c->out, "HTTP/1.1 %d X\r\n%sContent-Type: application/json"
                  "\r\nContent-Length: %"PRIuSIZE"\r\n\r\n%s",
                  status, headers, strlen(body), body);
    stub_request_end(c);
}

void
stub_request_begin_chunks(struct stub_request *c)
{
    ds_put_cstr(&c->out, "HTTP/1.1 200 OK\r\nContent-Type: application/json"
                "\r\nTransfer-Encoding: chunked\r\n\r\n");
    poll_immediate_wake();
}

void
stub_request_chunk(struct stub_request *c, const char *data)
{
    ds_put_format(&c->out, "%"PRIxSIZE"\r\n%s\r\n", strlen(data), data);
    poll_immediate_wake();
}

void
stub_request_end_chunks(struct stub_request *c)
{
    ds_put_cstr(&c->out, "0\r\n\r\n");
    stub_request_end(c);
}
