/* SPDX-License-Identifier: Apache-2.0 */

/* See web-server.h. */

#include <config.h>

#include "web-private.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(web_server);

/* Beyond max_connections, for those that are about to go. */
#define SPARE_CONNECTIONS 32

/* TLS 1.2 and 1.3 with what GnuTLS holds for good today. */
#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

/* ---- Listening. ---- */

/* Splits "[ADDR:]PORT".  Returns false if it is not of this form. */
static bool
split_listen(const char *listen_, char **host, char **port)
{
    const char *colon = strrchr(listen_, ':');
    const char *p = colon ? colon + 1 : listen_;
    size_t host_len = colon ? colon - listen_ : 0;
    bool brackets = (host_len > 2 && listen_[0] == '['
                     && listen_[host_len - 1] == ']');
    int number;

    if (!p[0] || p[strspn(p, "0123456789")] || !str_to_int(p, 10, &number)
        || number > 65535
        || (colon && !host_len)
        || (!brackets && memchr(listen_, ':', host_len))) {
        return false;
    }
    *port = xstrdup(p);
    *host = (!colon ? NULL
             : brackets ? xmemdup0(listen_ + 1, host_len - 2)
             : xmemdup0(listen_, host_len));
    return true;
}

/* Opens a listening socket.  Returns it, or a negative errno. */
static int
listen_at(const struct addrinfo *ai, bool both)
{
    int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    0);
    int one = 1;
    int zero = 0;

    if (fd < 0) {
        return -errno;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if ((ai->ai_family == AF_INET6
         && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, both ? &zero : &one,
                       sizeof one))
        || bind(fd, ai->ai_addr, ai->ai_addrlen)
        || listen(fd, SOMAXCONN)) {
        int error = errno;

        close(fd);
        return -error;
    }
    return fd;
}

static char *
open_socket(struct web_server *s, const char *listen_)
{
    struct addrinfo hints = {
        .ai_family = AF_INET6,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV,
    };
    struct addrinfo *ai = NULL;
    char *host, *port;
    bool known;

    if (!split_listen(listen_, &host, &port)) {
        return xasprintf("'%s' is not [ADDR:]PORT", listen_);
    }
    if (host) {
        hints.ai_family = AF_UNSPEC;
    }
    known = !getaddrinfo(host, port, &hints, &ai);
    s->listen_fd = known ? listen_at(ai, !host) : -EAFNOSUPPORT;
    if (s->listen_fd < 0 && !host) {
        /* A machine without IPv6. */
        if (ai) {
            freeaddrinfo(ai);
            ai = NULL;
        }
        hints.ai_family = AF_INET;
        known = !getaddrinfo(NULL, port, &hints, &ai);
        if (known) {
            s->listen_fd = listen_at(ai, false);
        }
    }
    if (ai) {
        freeaddrinfo(ai);
    }
    free(host);
    free(port);
    return (!known ? xasprintf("'%s' is not [ADDR:]PORT with an address of "
                               "this machine", listen_)
            : s->listen_fd < 0
            ? xasprintf("%s: %s", listen_, ovs_strerror(-s->listen_fd))
            : NULL);
}

static void
note_address(struct web_server *s)
{
    struct sockaddr_storage ss;
    socklen_t len = sizeof ss;
    char host[64], port[16];

    if (getsockname(s->listen_fd, (struct sockaddr *) &ss, &len)
        || getnameinfo((struct sockaddr *) &ss, len, host, sizeof host, port,
                       sizeof port, NI_NUMERICHOST | NI_NUMERICSERV)) {
        s->address = xstrdup("unknown");
    } else {
        s->address = xasprintf(strchr(host, ':') ? "[%s]:%s" : "%s:%s", host,
                               port);
    }
}

/* ---- libmicrohttpd. ---- */

static void OVS_PRINTF_FORMAT(2, 0)
mhd_log(void *daemon_, const char *format, va_list args)
{
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 20);
    struct web_daemon *daemon = daemon_;
    struct web_server *s = daemon->server;
    char *text = xvasprintf(format, args);

    /* Most of it tells of clients that hang up; it is kept for the cases
     * where something cannot be done. */
    text[strcspn(text, "\n")] = '\0';
    VLOG_DBG_RL(&rl, "%s: %s", s->name, text);
    free(s->mhd_error);
    s->mhd_error = text;
}

/* Starts libmicrohttpd for 'd' with its listening socket 'fd'. */
static struct MHD_Daemon *
start_mhd(struct web_server *s, struct web_daemon *d, int fd)
{
    unsigned int flags = (MHD_USE_EPOLL | MHD_USE_ERROR_LOG
                          | MHD_ALLOW_SUSPEND_RESUME);
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t) web_exchange_end, d},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t) web_conn_notify, d},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t) web_exchange_begin, d},
        {MHD_OPTION_LISTEN_SOCKET, fd, NULL},
        {MHD_OPTION_CONNECTION_LIMIT,
         s->max_connections + SPARE_CONNECTIONS, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, s->max_header, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, 0, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, s->files[WEB_CERT].text},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, s->files[WEB_KEY].text},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, CONST_CAST(char *, TLS_PRIORITIES)},
        {MHD_OPTION_END, 0, NULL},
        {MHD_OPTION_END, 0, NULL},
    };

    if (s->tls) {
        flags |= MHD_USE_TLS;
        if (s->files[WEB_CLIENT_CA].text) {
            tls[3].option = MHD_OPTION_HTTPS_MEM_TRUST;
            tls[3].ptr_value = s->files[WEB_CLIENT_CA].text;
        }
    } else {
        tls[0].option = MHD_OPTION_END;
    }
    return MHD_start_daemon(flags, 0, NULL, NULL, web_exchange_run, d,
                            MHD_OPTION_EXTERNAL_LOGGER, mhd_log, d,
                            MHD_OPTION_ARRAY, options,
                            MHD_OPTION_ARRAY, tls,
                            MHD_OPTION_END);
}

char *
web_daemon_start(struct web_server *s, struct web_daemon **daemonp)
{
    struct web_daemon *d = xzalloc(sizeof *d);
    int fd = dup(s->listen_fd);

    /* Each daemon closes a listening socket of its own. */
    *daemonp = NULL;
    if (fd < 0) {
        free(d);
        return xasprintf("%s: %s", s->address, ovs_strerror(errno));
    }
    d->server = s;
    free(s->mhd_error);
    s->mhd_error = NULL;
    d->mhd = start_mhd(s, d, fd);
    if (!d->mhd) {
        char *error = xasprintf("%s: %s", s->address,
                                s->mhd_error ? s->mhd_error
                                             : "cannot be served");

        close(fd);
        free(d);
        return error;
    }
    d->epoll_fd = MHD_get_daemon_info(d->mhd, MHD_DAEMON_INFO_EPOLL_FD)
                  ->listen_fd;
    *daemonp = d;
    return NULL;
}

static void
daemon_stop(struct web_daemon *d)
{
    if (d) {
        MHD_stop_daemon(d->mhd);
        free(d);
    }
}

/* ---- Life. ---- */

char *
web_server_create(const struct web_options *o, struct web_server **serverp)
{
    struct web_server *s = xzalloc(sizeof *s);
    char *error;

    *serverp = NULL;
    s->name = xstrdup(o->name);
    s->listen_fd = -1;
    s->max_body = o->max_body ? o->max_body : 8 * 1024 * 1024;
    s->max_bodies = o->max_bodies ? o->max_bodies : 64 * 1024 * 1024;
    s->max_header = o->max_header ? o->max_header : 32 * 1024;
    s->max_connections = o->max_connections ? o->max_connections : 256;
    s->request_ms = o->request_ms ? o->request_ms : 10 * 1000;
    s->idle_ms = o->idle_ms ? o->idle_ms : 120 * 1000;
    s->stream_ms = s->request_ms;
    s->check_host = o->check_host;
    if (o->hosts) {
        svec_clone(&s->hosts, o->hosts);
    } else {
        svec_init(&s->hosts);
    }
    s->now = time_msec();
    ovs_list_init(&s->old);
    ovs_list_init(&s->handlers);
    ovs_list_init(&s->topics);
    web_conns_init(s);

    error = web_files_init(s, o);
    if (!error) {
        error = open_socket(s, o->listen);
    }
    if (!error) {
        note_address(s);
        error = web_daemon_start(s, &s->daemon);
    }
    if (error) {
        web_server_destroy(s);
        return error;
    }
    VLOG_INFO("%s: listening on %s", s->name, s->address);
    *serverp = s;
    return NULL;
}

void
web_server_destroy(struct web_server *s)
{
    struct web_handler_entry *e;
    struct web_daemon *d;

    if (!s) {
        return;
    }
    web_topics_destroy(s);
    daemon_stop(s->daemon);
    LIST_FOR_EACH_POP (d, node, &s->old) {
        daemon_stop(d);
    }
    if (s->listen_fd >= 0) {
        close(s->listen_fd);
    }
    LIST_FOR_EACH_POP (e, node, &s->handlers) {
        free(e);
    }
    web_files_destroy(s);
    svec_destroy(&s->hosts);
    free(s->mhd_error);
    free(s->address);
    free(s->name);
    free(s);
}

const char *
web_server_address(const struct web_server *s)
{
    return s->address;
}

static void
add_handler(struct web_server *s, const char *method, const char *path,
            bool public, web_handler *handler, void *aux)
{
    struct web_handler_entry *e = xzalloc(sizeof *e);
    size_t len = strlen(path);

    e->method = method;
    e->path = path;
    e->prefix = len && path[len - 1] == '*';
    e->public = public;
    e->handler = handler;
    e->aux = aux;
    ovs_list_push_back(&s->handlers, &e->node);
}

void
web_server_add(struct web_server *s, const char *method, const char *path,
               web_handler *handler, void *aux)
{
    add_handler(s, method, path, false, handler, aux);
}

void
web_server_add_public(struct web_server *s, const char *method,
                      const char *path, web_handler *handler, void *aux)
{
    add_handler(s, method, path, true, handler, aux);
}

void
web_server_get_stats(const struct web_server *s,
                     struct web_server_stats *stats)
{
    *stats = s->stats;
}

/* ---- The loop. ---- */

/* Old daemons go when their connections are gone, or when they are late. */
static void
run_old(struct web_server *s)
{
    struct web_daemon *d;

    LIST_FOR_EACH_SAFE (d, node, &s->old) {
        const union MHD_DaemonInfo *info;

        MHD_run(d->mhd);
        info = MHD_get_daemon_info(d->mhd,
                                   MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
        if (!info->num_connections || s->now >= d->until_ms) {
            ovs_list_remove(&d->node);
            daemon_stop(d);
        }
    }
}

void
web_server_run(struct web_server *s, long long int now)
{
    s->now = now;
    web_files_run(s);
    web_conns_run(s);
    web_topics_run(s);
    MHD_run(s->daemon->mhd);
    run_old(s);
}

static void
wait_daemon(const struct web_daemon *d)
{
    MHD_UNSIGNED_LONG_LONG timeout;

    poll_fd_wait(d->epoll_fd, POLLIN);
    if (MHD_get_timeout(d->mhd, &timeout) == MHD_YES) {
        poll_timer_wait(timeout);
    }
}

void
web_server_wait(struct web_server *s)
{
    const struct web_daemon *d;

    wait_daemon(s->daemon);
    LIST_FOR_EACH (d, node, &s->old) {
        wait_daemon(d);
        poll_timer_wait_until(d->until_ms);
    }
    web_conns_wait(s);
    web_topics_wait(s);
}
