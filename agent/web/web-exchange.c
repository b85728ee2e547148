/* SPDX-License-Identifier: Apache-2.0 */

/* A request and its reply.
 *
 * libmicrohttpd calls web_exchange_run() when the header is complete, for each
 * piece of the body, and when the body is complete.  What can be refused
 * without the body is refused at once, which also ends the connection, so that
 * the body need not be read. */

#include <config.h>

#include "web-private.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

#include "coverage.h"
#include "openvswitch/vlog.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(web_exchange);

/* Their names differ between releases of libmicrohttpd. */
#define STATUS_TOO_LARGE 413
#define STATUS_MISDIRECTED 421

COVERAGE_DEFINE(web_request);
COVERAGE_DEFINE(web_refused);

struct web_request {
    struct MHD_Connection *mc;
    struct web_conn *conn;
    const char *method, *path;  /* libmicrohttpd's. */
    const struct web_handler_entry *entry;
    struct ds body;
    int refusal;                /* Status, when the body is through; or 0. */
};

/* A reply is owned by the exchange until it is handed over. */
struct reply_private {
    struct web_reply up;
    struct MHD_Response *headers; /* Only to collect them. */
    struct web_stream *stream;  /* Instead of up.body, if nonnull. */
};

const char *
web_request_method(const struct web_request *r)
{
    return r->method;
}

const char *
web_request_path(const struct web_request *r)
{
    return r->path;
}

const char *
web_request_body(const struct web_request *r, size_t *size)
{
    *size = r->body.length;
    return ds_cstr_ro(&r->body);
}

const char *
web_request_header(const struct web_request *r, const char *name)
{
    return MHD_lookup_connection_value(r->mc, MHD_HEADER_KIND, name);
}

const char *
web_request_query(const struct web_request *r, const char *name)
{
    return MHD_lookup_connection_value(r->mc, MHD_GET_ARGUMENT_KIND, name);
}

const char *
web_request_client(const struct web_request *r)
{
    return r->conn->client;
}

static enum MHD_Result
copy_header(void *dst, enum MHD_ValueKind kind OVS_UNUSED, const char *name,
            const char *value)
{
    return MHD_add_response_header(dst, name, value);
}

void
web_reply_add_header(struct web_reply *reply, const char *name,
                     const char *value)
{
    struct reply_private *private = CONTAINER_OF(reply, struct reply_private,
                                                 up);

    MHD_add_response_header(private->headers, name, value);
}

static void
reply_init(struct reply_private *reply, int status)
{
    reply->up.status = status;
    reply->up.content_type = "text/plain; charset=utf-8";
    ds_init(&reply->up.body);
    reply->headers = MHD_create_response_from_buffer(0, NULL,
                                                     MHD_RESPMEM_PERSISTENT);
    reply->stream = NULL;
}

bool
web_reply_stream(struct web_reply *reply, struct web_topic *topic)
{
    struct reply_private *private = CONTAINER_OF(reply, struct reply_private,
                                                 up);

    private->stream = web_topic_subscribe(topic);
    return private->stream != NULL;
}

static struct MHD_Response *
make_response(struct reply_private *reply, struct web_request *r)
{
    size_t size = reply->up.body.length;

    if (reply->stream && !strcmp(r->method, MHD_HTTP_METHOD_GET)) {
        ds_destroy(&reply->up.body);
        return web_stream_start(reply->stream, r->conn, r->mc);
    }
    web_stream_drop(reply->stream);
    return MHD_create_response_from_buffer(size,
                                           ds_steal_cstr(&reply->up.body),
                                           MHD_RESPMEM_MUST_FREE);
}

/* Hands the reply over to libmicrohttpd and destroys it. */
static enum MHD_Result
reply_send(struct reply_private *reply, struct web_request *r)
{
    struct MHD_Response *response = make_response(reply, r);
    enum MHD_Result result;

    MHD_add_response_header(response, "Content-Type", reply->up.content_type);
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_get_response_headers(reply->headers, copy_header, response);
    MHD_destroy_response(reply->headers);
    result = MHD_queue_response(r->mc, reply->up.status, response);
    MHD_destroy_response(response);
    return result;
}

static const char *
refusal_text(int status)
{
    switch (status) {
    case MHD_HTTP_UNAUTHORIZED:
        return "a client certificate is needed here\n";
    case MHD_HTTP_FORBIDDEN:
        return "the client certificate is not of an authority that is "
               "accepted here\n";
    case MHD_HTTP_NOT_FOUND:
        return "there is nothing at this path\n";
    case MHD_HTTP_METHOD_NOT_ALLOWED:
        return "this path is not for this method\n";
    case STATUS_TOO_LARGE:
        return "the body of the request is too large\n";
    case STATUS_MISDIRECTED:
        return "this server does not go by the name in the Host header: ask "
               "for its address, or tell it the name with --http-host\n";
    case MHD_HTTP_SERVICE_UNAVAILABLE:
        return "too many large requests at a time; try again\n";
    }
    OVS_NOT_REACHED();
}

static enum MHD_Result
refuse(struct web_server *s, struct web_request *r, int status)
{
    struct reply_private reply;

    COVERAGE_INC(web_refused);
    s->stats.n_requests++;
    s->stats.n_refused++;
    VLOG_DBG("%s: %s: %s %s: refused with status %d", s->name, r->conn->client,
             r->method, r->path, status);
    reply_init(&reply, status);
    ds_put_cstr(&reply.up.body, refusal_text(status));
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED) {
        web_reply_add_header(&reply.up, "Allow", r->entry->method);
    }
    return reply_send(&reply, r);
}

static bool
method_fits(const struct web_handler_entry *e, const char *method)
{
    return (!strcmp(e->method, method)
            || (!strcmp(e->method, "GET") && !strcmp(method, "HEAD")));
}

/* Finds who handles the request.  Returns 0 or a status.  'r->entry' is set
 * even where only the method is wrong. */
static int
find_handler(const struct web_server *s, struct web_request *r)
{
    const struct web_handler_entry *e;
    size_t best_len = 0;
    bool fits = false;

    LIST_FOR_EACH (e, node, &s->handlers) {
        size_t len = strlen(e->path) - e->prefix;
        bool e_fits = method_fits(e, r->method);

        if ((e->prefix ? strncmp(r->path, e->path, len)
                       : strcmp(r->path, e->path))) {
            continue;
        }
        if (!r->entry || len > best_len || (len == best_len && e_fits)) {
            r->entry = e;
            best_len = len;
            fits = e_fits;
        }
    }
    return (!r->entry ? MHD_HTTP_NOT_FOUND
            : !fits ? MHD_HTTP_METHOD_NOT_ALLOWED
            : 0);
}

/* With --client-ca, each connection must have shown a good certificate.
 * Returns 0 or a status. */
static int
check_client(const struct web_server *s, struct web_request *r)
{
    const union MHD_ConnectionInfo *info;
    gnutls_session_t session;
    unsigned int n = 0;
    unsigned int problems;

    if (!s->files[WEB_CLIENT_CA].name || r->conn->verified) {
        return 0;
    }
    info = MHD_get_connection_info(r->mc, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    session = info ? info->tls_session : NULL;
    if (!session || !gnutls_certificate_get_peers(session, &n) || !n) {
        return MHD_HTTP_UNAUTHORIZED;
    }

    gnutls_typed_vdata_st purpose = {
        .type = GNUTLS_DT_KEY_PURPOSE_OID,
        .data = CONST_CAST(unsigned char *,
                           (const unsigned char *) GNUTLS_KP_TLS_WWW_CLIENT),
    };
    if (gnutls_certificate_verify_peers(session, &purpose, 1, &problems)
        || problems) {
        return MHD_HTTP_FORBIDDEN;
    }
    r->conn->verified = true;
    return 0;
}

/* Returns the length of the body that the header announces, or 0 if it does
 * not. */
static uint64_t
announced_length(const struct web_request *r)
{
    const char *s = web_request_header(r, "Content-Length");

    /* libmicrohttpd has checked that it is a number. */
    return s ? strtoull(s, NULL, 10) : 0;
}

/* The header is complete. */
static enum MHD_Result
header_complete(struct web_server *s, struct web_request *r)
{
    int found = find_handler(s, r);
    int status = r->entry && r->entry->public ? 0 : check_client(s, r);

    status = status ? status : found;
    if (!web_host_is_ours(s, web_request_header(r, MHD_HTTP_HEADER_HOST))) {
        status = STATUS_MISDIRECTED;
    }
    if (!status && announced_length(r) > s->max_body) {
        status = STATUS_TOO_LARGE;
    }
    return status ? refuse(s, r, status) : MHD_YES;
}

static void
drop_body(struct web_server *s, struct web_request *r)
{
    s->stats.body_bytes -= r->body.allocated;
    ds_destroy(&r->body);
    ds_init(&r->body);
}

/* A piece of the body came.  After a refusal it is read only to be thrown
 * away, as long as the time of the request lasts. */
static void
add_body(struct web_server *s, struct web_request *r, const char *data,
         size_t size)
{
    size_t before = r->body.allocated;

    if (r->refusal) {
        return;
    }
    if (r->body.length + size > s->max_body) {
        r->refusal = STATUS_TOO_LARGE;
        drop_body(s, r);
        return;
    }
    if (s->stats.body_bytes + size > s->max_bodies) {
        r->refusal = MHD_HTTP_SERVICE_UNAVAILABLE;
        drop_body(s, r);
        return;
    }
    memcpy(ds_put_uninit(&r->body, size), data, size);
    s->stats.body_bytes += r->body.allocated - before;
}

/* All is there. */
static enum MHD_Result
call_handler(struct web_server *s, struct web_request *r)
{
    struct reply_private reply;

    COVERAGE_INC(web_request);
    s->stats.n_requests++;
    reply_init(&reply, MHD_HTTP_OK);
    r->entry->handler(r, &reply.up, r->entry->aux);
    drop_body(s, r);
    VLOG_DBG("%s: %s: %s %s: status %d", s->name, r->conn->client, r->method,
             r->path, reply.up.status);
    return reply_send(&reply, r);
}

void *
web_exchange_begin(void *daemon_, const char *uri OVS_UNUSED,
                   struct MHD_Connection *mc)
{
    struct web_daemon *daemon = daemon_;
    struct web_conn *conn = web_conn_get(mc);

    if (conn->state == WEB_CONN_IDLE) {
        /* The first one's time counts from the connection on. */
        web_conn_set_state(daemon->server, conn, WEB_CONN_BUSY);
    }
    return NULL;
}

enum MHD_Result
web_exchange_run(void *daemon_, struct MHD_Connection *mc, const char *path,
                 const char *method, const char *version OVS_UNUSED,
                 const char *data, size_t *size, void **exchange)
{
    struct web_daemon *daemon = daemon_;
    struct web_server *s = daemon->server;
    struct web_request *r = *exchange;

    if (!r) {
        r = *exchange = xzalloc(sizeof *r);
        r->mc = mc;
        r->conn = web_conn_get(mc);
        r->method = method;
        r->path = path;
        ds_init(&r->body);
        return header_complete(s, r);
    }
    if (*size) {
        add_body(s, r, data, *size);
        *size = 0;
        return MHD_YES;
    }
    return r->refusal ? refuse(s, r, r->refusal) : call_handler(s, r);
}

void
web_exchange_end(void *daemon_, struct MHD_Connection *mc, void **exchange,
                 enum MHD_RequestTerminationCode code OVS_UNUSED)
{
    struct web_daemon *daemon = daemon_;
    struct web_request *r = *exchange;
    struct web_conn *conn = web_conn_get(mc);

    if (r) {
        drop_body(daemon->server, r);
        free(r);
        *exchange = NULL;
    }
    if (conn) {
        web_conn_set_state(daemon->server, conn, WEB_CONN_IDLE);
    }
}
