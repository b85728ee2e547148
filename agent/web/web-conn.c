/* SPDX-License-Identifier: Apache-2.0 */

/* Connections: how many there may be and how long each may take.
 *
 * libmicrohttpd's own timeout counts from the last byte that came, so that a
 * client which sends one byte now and then stays for ever.  Here each state of
 * a connection has its time, whatever comes meanwhile.  As all connections of
 * a state have the same time, the first in the list is the next to end.
 *
 * A connection is ended by shutting down its socket: libmicrohttpd then finds
 * it closed, and cleans up as it always does. */

#include <config.h>

#include "web-private.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(web_conn);

void
web_conns_init(struct web_server *s)
{
    for (size_t i = 0; i < ARRAY_SIZE(s->conns); i++) {
        ovs_list_init(&s->conns[i]);
    }
}

/* How long a connection may be in 'state'; negative: for ever. */
static int
get_limit(const struct web_server *s, enum web_conn_state state)
{
    switch (state) {
    case WEB_CONN_NEW:
    case WEB_CONN_BUSY:
        return s->request_ms;
    case WEB_CONN_IDLE:
        return s->idle_ms;
    case WEB_CONN_STREAM:
        return s->stream_ms;
    case WEB_CONN_CUT:
        return -1;
    }
    OVS_NOT_REACHED();
}

void
web_conn_set_state(struct web_server *s, struct web_conn *conn,
                   enum web_conn_state state)
{
    if (conn->state != WEB_CONN_CUT) {
        ovs_list_remove(&conn->node);
        conn->state = state;
        conn->since_ms = s->now;
        ovs_list_push_back(&s->conns[state], &conn->node);
    }
}

static void
cut(struct web_server *s, struct web_conn *conn)
{
    web_conn_set_state(s, conn, WEB_CONN_CUT);
    shutdown(conn->fd, SHUT_RDWR);
    if (conn->stream) {
        web_stream_wake(conn->stream);
    }
}

/* Returns the oldest connection in 'state', or NULL. */
static struct web_conn *
get_first(const struct web_server *s, enum web_conn_state state)
{
    const struct ovs_list *list = &s->conns[state];

    return (ovs_list_is_empty(list) ? NULL
            : CONTAINER_OF(ovs_list_front(list), struct web_conn, node));
}

void
web_conns_run(struct web_server *s)
{
    for (enum web_conn_state state = 0; state < WEB_CONN_CUT; state++) {
        int limit = get_limit(s, state);
        struct web_conn *conn;

        while ((conn = get_first(s, state))
               && s->now - conn->since_ms >= limit) {
            if (state != WEB_CONN_IDLE) {
                static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);

                s->stats.n_late++;
                VLOG_INFO_RL(&rl, "%s: %s: %s in %d ms; closing the "
                             "connection", s->name, conn->client,
                             state == WEB_CONN_STREAM ? "nothing was read"
                             : "no complete request", limit);
            }
            cut(s, conn);
        }
    }
}

void
web_conns_wait(const struct web_server *s)
{
    for (enum web_conn_state state = 0; state < WEB_CONN_CUT; state++) {
        const struct web_conn *conn = get_first(s, state);

        if (conn) {
            poll_timer_wait_until(conn->since_ms + get_limit(s, state));
        }
    }
}

/* A connection came while there are as many as there may be.  One that has
 * never sent a request goes first: whoever takes up connections for nothing
 * does not drive out those that work.  Then the one that has been idle for
 * longest; 'conn' itself if all are busy. */
static void
make_room(struct web_server *s, struct web_conn *conn)
{
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);
    struct web_conn *victim = get_first(s, WEB_CONN_NEW);

    if (victim == conn && get_first(s, WEB_CONN_IDLE)) {
        victim = get_first(s, WEB_CONN_IDLE);
    }
    VLOG_INFO_RL(&rl, "%s: more than %u connections; closing one of %s",
                 s->name, s->max_connections, victim->client);
    s->stats.n_crowded++;
    cut(s, victim);
}

static void
set_client(struct web_conn *conn, const struct sockaddr *sa)
{
    socklen_t len = (sa && sa->sa_family == AF_INET6
                     ? sizeof(struct sockaddr_in6)
                     : sizeof(struct sockaddr_in));
    static const char mapped[] = "::ffff:";

    if (!sa || getnameinfo(sa, len, conn->client, sizeof conn->client, NULL, 0,
                           NI_NUMERICHOST)) {
        ovs_strlcpy(conn->client, "unknown", sizeof conn->client);
    } else if (!strncmp(conn->client, mapped, strlen(mapped))
               && strchr(conn->client, '.')) {
        /* An IPv4 client of a socket for both families. */
        memmove(conn->client, conn->client + strlen(mapped),
                strlen(conn->client) + 1 - strlen(mapped));
    }
}

static void
conn_started(struct web_server *s, struct MHD_Connection *mc, void **context)
{
    const union MHD_ConnectionInfo *fd_info, *address_info;
    struct web_conn *conn = xzalloc(sizeof *conn);

    fd_info = MHD_get_connection_info(mc, MHD_CONNECTION_INFO_CONNECTION_FD);
    conn->fd = fd_info->connect_fd;
    address_info = MHD_get_connection_info(
        mc, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    set_client(conn, address_info ? address_info->client_addr : NULL);
    conn->state = WEB_CONN_NEW;
    conn->since_ms = s->now;
    ovs_list_push_back(&s->conns[WEB_CONN_NEW], &conn->node);
    *context = conn;

    s->stats.n_accepted++;
    if (++s->stats.n_connections > s->max_connections) {
        make_room(s, conn);
    }
}

void
web_conn_notify(void *daemon_, struct MHD_Connection *mc, void **context,
                enum MHD_ConnectionNotificationCode code)
{
    struct web_daemon *daemon = daemon_;
    struct web_server *s = daemon->server;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        conn_started(s, mc, context);
    } else if (*context) {
        struct web_conn *conn = *context;

        s->stats.n_connections--;
        if (conn->stream) {
            web_stream_forget_conn(conn->stream);
        }
        ovs_list_remove(&conn->node);
        free(conn);
        *context = NULL;
    }
}

struct web_conn *
web_conn_get(struct MHD_Connection *mc)
{
    const union MHD_ConnectionInfo *info;

    info = MHD_get_connection_info(mc, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info->socket_context;
}
