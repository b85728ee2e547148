/* SPDX-License-Identifier: Apache-2.0 */

/* What the files of agent/web/ share:
 *
 *   web-server.c    life, listening, the loop
 *   web-files.c     the TLS files and when they are read again
 *   web-conn.c      connections: their number and their time
 *   web-exchange.c  a request and its reply
 *   web-host.c      by which names we answer
 *   web-stream.c    replies without an end */

#ifndef WEB_PRIVATE_H
#define WEB_PRIVATE_H 1

#include <microhttpd.h>
#include <sys/stat.h>

#include "openvswitch/list.h"
#include "svec.h"

#include "web-server.h"

/* What a connection is doing, which says how long it may. */
enum web_conn_state {
    WEB_CONN_NEW,               /* Has not sent a request line yet. */
    WEB_CONN_BUSY,              /* From the request line to the end of the
                                 * reply. */
    WEB_CONN_IDLE,              /* Between requests. */
    WEB_CONN_STREAM,            /* Its reply has no end. */
    WEB_CONN_CUT,               /* Shut down; libmicrohttpd is to notice. */
};
#define WEB_CONN_N_STATES (WEB_CONN_CUT + 1)

struct web_conn {
    struct ovs_list node;       /* In server->conns[state], oldest first. */
    enum web_conn_state state;
    long long int since_ms;     /* In this state. */
    int fd;                     /* libmicrohttpd's. */
    bool verified;              /* Its client certificate is good. */
    struct web_stream *stream;  /* The reply without an end, or NULL. */
    char client[64];
};

struct web_handler_entry {
    struct ovs_list node;       /* In server->handlers. */
    const char *method, *path;
    bool prefix;                /* 'path' ends in "*". */
    bool public;                /* Needs no client certificate. */
    web_handler *handler;
    void *aux;
};

/* What was read of a file, and what tells another content of it. */
struct web_file {
    char *name;                 /* NULL: not used. */
    char *text;
    struct stat stat;           /* When it was last looked at. */
    bool there;
};

/* A libmicrohttpd daemon.  With new TLS files there is a new one, and the old
 * one goes on only for the connections that it has. */
struct web_daemon {
    struct ovs_list node;       /* In server->old, oldest first. */
    struct web_server *server;
    struct MHD_Daemon *mhd;
    int epoll_fd;
    long long int until_ms;     /* Old ones: when all its connections end. */
};

enum { WEB_CERT, WEB_KEY, WEB_CLIENT_CA, WEB_N_FILES };

struct web_server {
    char *name;
    char *address;
    int listen_fd;
    bool tls;
    bool check_host;
    struct svec hosts;

    size_t max_body, max_bodies, max_header;
    unsigned int max_connections;
    int request_ms, idle_ms;
    int stream_ms;              /* How long a stream may read nothing. */

    struct web_file files[WEB_N_FILES];
    long long int looked_ms;    /* At the files. */

    struct web_daemon *daemon;
    struct ovs_list old;        /* struct web_daemon. */
    struct ovs_list conns[WEB_CONN_N_STATES];
    struct ovs_list handlers;
    struct ovs_list topics;     /* struct web_topic. */
    long long int now;          /* Of this turn. */
    char *mhd_error;            /* Its last complaint, or NULL. */

    struct web_server_stats stats;
};

/* web-server.c */
char *web_daemon_start(struct web_server *, struct web_daemon **)
    OVS_WARN_UNUSED_RESULT;

/* web-files.c */
char *web_files_init(struct web_server *, const struct web_options *)
    OVS_WARN_UNUSED_RESULT;
void web_files_destroy(struct web_server *);
void web_files_run(struct web_server *);

/* web-conn.c */
void web_conns_init(struct web_server *);
void web_conns_run(struct web_server *);
void web_conns_wait(const struct web_server *);
void web_conn_set_state(struct web_server *, struct web_conn *,
                        enum web_conn_state);
struct web_conn *web_conn_get(struct MHD_Connection *);
void web_conn_notify(void *daemon, struct MHD_Connection *, void **context,
                     enum MHD_ConnectionNotificationCode);

/* web-exchange.c */
void *web_exchange_begin(void *daemon, const char *uri,
                         struct MHD_Connection *);
enum MHD_Result web_exchange_run(void *daemon, struct MHD_Connection *,
                                 const char *path, const char *method,
                                 const char *version, const char *data,
                                 size_t *size, void **exchange);
void web_exchange_end(void *daemon, struct MHD_Connection *, void **exchange,
                      enum MHD_RequestTerminationCode);

/* web-host.c */
/* May a request with this Host header, which may be NULL, be answered? */
bool web_host_is_ours(const struct web_server *, const char *host);

/* web-stream.c */
/* Returns NULL if there are as many as may be. */
struct web_stream *web_topic_subscribe(struct web_topic *);
/* Makes the reply to which 'stream' belongs from now on. */
struct MHD_Response *web_stream_start(struct web_stream *, struct web_conn *,
                                      struct MHD_Connection *);
/* Destroys 'stream' (may be NULL), for which there is no reply. */
void web_stream_drop(struct web_stream *);
/* Has libmicrohttpd look at it, because its connection was cut. */
void web_stream_wake(struct web_stream *);
/* Its connection is about to be destroyed. */
void web_stream_forget_conn(struct web_stream *);
void web_topics_run(struct web_server *);
void web_topics_wait(const struct web_server *);
/* Ends all streams; then their daemon can be stopped. */
void web_topics_destroy(struct web_server *);

#endif /* web-private.h */
