/* SPDX-License-Identifier: Apache-2.0 */

/* An HTTP or HTTPS server inside the poll loop: libmicrohttpd, which is waited
 * for through its one epoll descriptor.  No threads.
 *
 * Whoever wants something served adds a handler for a method and a path; it is
 * called from web_server_run() when a request is there with all of its body,
 * and fills in the reply before it returns.
 *
 * A client can do no harm to the loop: the number of connections, the sizes of
 * header and body and the memory for all bodies are bounded, and so is the
 * time of each step.  Each turn of the loop takes at most one request of each
 * connection. */

#ifndef WEB_SERVER_H
#define WEB_SERVER_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/compiler.h"
#include "openvswitch/dynamic-string.h"

struct svec;
struct web_server;
struct web_request;
struct web_topic;

struct web_options {
    const char *name;           /* For the log: "webhook". */
    const char *listen;         /* "[ADDR:]PORT"; an IPv6 ADDR in brackets.
                                 * Without ADDR: all addresses, of IPv6 too
                                 * where there is any.  PORT 0: any. */

    /* Answer only requests to an address, to "localhost" and names below it,
     * to this machine's own name and to 'hosts' (or NULL), of which "*" is
     * any: against DNS rebinding.  For servers that people's browsers can
     * reach and that ask for no proof of who they are. */
    bool check_host;
    const struct svec *hosts;

    /* PEM files; all NULL for plain HTTP.  They are looked at again when
     * something connects, and taken over if they changed and fit together. */
    const char *cert_file;      /* With the chain, if there is one. */
    const char *key_file;
    const char *client_ca_file; /* Or NULL: no certificate is asked for. */

    /* 0: the default. */
    size_t max_body;            /* Of one request; 8 MiB. */
    size_t max_bodies;          /* Of all requests together; 64 MiB. */
    size_t max_header;          /* Of one request, about; 32 KiB. */
    unsigned int max_connections; /* 256. */
    int request_ms;             /* From the connection, or from the request
                                 * line of a later request, to the end of the
                                 * reply; 10 s. */
    int idle_ms;                /* Between requests; 120 s: Go's clients, such
                                 * as the API server, give up a connection
                                 * after 90 s, and it is better that they do
                                 * than that we do under their hands. */
};

/* Starts a server.  Returns NULL and stores it in '*serverp', or returns what
 * is wrong, which the caller frees.  The strings of 'options' are copied.
 *
 * Must not be called before the process has detached. */
char *web_server_create(const struct web_options *options,
                        struct web_server **serverp) OVS_WARN_UNUSED_RESULT;
void web_server_destroy(struct web_server *);

/* Where it listens, like "127.0.0.1:8443" or "[::]:8443". */
const char *web_server_address(const struct web_server *);

/* 'now' is monotonic ms. */
void web_server_run(struct web_server *, long long int now);
void web_server_wait(struct web_server *);

struct web_server_stats {
    unsigned int n_connections; /* Open. */
    size_t body_bytes;          /* Held for requests that are not complete. */
    uint64_t n_accepted;        /* Connections so far. */
    uint64_t n_requests;        /* That were answered. */
    uint64_t n_refused;         /* Of these, those that reached no handler. */
    uint64_t n_late;            /* Connections that took too long. */
    uint64_t n_crowded;         /* Connections that had to make room. */
    uint64_t n_reloads;         /* Times that TLS files were taken over. */
};
void web_server_get_stats(const struct web_server *,
                          struct web_server_stats *);

/* ---- Handlers. ---- */

struct web_reply {
    int status;                 /* 200 when the handler is called. */
    const char *content_type;   /* "text/plain; charset=utf-8". */
    struct ds body;             /* Of any length, with any bytes. */
};

typedef void web_handler(const struct web_request *, struct web_reply *,
                         void *aux);

/* Has 'handler' called for requests of 'method' to 'path' (static strings).  A
 * path that ends in "*" stands for all that begin so; the longest one that
 * fits is taken.  A handler for GET is called for HEAD as well. */
void web_server_add(struct web_server *, const char *method, const char *path,
                    web_handler *handler, void *aux);

/* The same for what a client without a certificate may have, too. */
void web_server_add_public(struct web_server *, const char *method,
                           const char *path, web_handler *handler, void *aux);

const char *web_request_method(const struct web_request *);
const char *web_request_path(const struct web_request *);
/* Followed by a null byte, which is not counted in '*size'. */
const char *web_request_body(const struct web_request *, size_t *size);
/* The value of a header line or of a variable in the query, or NULL. */
const char *web_request_header(const struct web_request *, const char *name);
const char *web_request_query(const struct web_request *, const char *name);
/* The client's address, without its port. */
const char *web_request_client(const struct web_request *);

/* Adds a line to the header of the reply. */
void web_reply_add_header(struct web_reply *, const char *name,
                          const char *value);

/* ---- Replies without an end. ---- */

/* Something that is published again and again, each time whole: whoever is too
 * slow for one message gets the one that is the latest when it has read what
 * it is at.  At most 'max_streams' may subscribe.  After 'idle_ms' without
 * anything new they get 'idle_text', which also shows whether they are still
 * there.  One that reads nothing for longer than that and the time of a
 * request is cut.  Owned by the server. */
struct web_topic *web_topic_create(struct web_server *,
                                   unsigned int max_streams, int idle_ms,
                                   const char *idle_text);
/* How many have subscribed. */
unsigned int web_topic_count(const struct web_topic *);
/* To be called before web_server_run() in a turn. */
void web_topic_publish(struct web_topic *, const char *text, size_t size);

/* To be called by a handler: makes the reply the stream of 'topic', beginning
 * with the latest message.  Its body is not used.  Returns false if there are
 * as many streams as may be. */
bool web_reply_stream(struct web_reply *, struct web_topic *);

#endif /* web-server.h */
