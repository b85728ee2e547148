/* SPDX-License-Identifier: Apache-2.0 */

/* Replies without an end: what is published on a topic goes to all who have
 * subscribed to it.
 *
 * A subscriber that has got everything is suspended, and costs nothing until
 * there is something new.  One that reads slowly keeps the message that it is
 * at, and then gets the latest: what came in between it never sees.  So there
 * are never more messages in memory than subscribers and one, however slow
 * they are, and the kernel is told not to take more either. */

#include <config.h>

#include "web-private.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "openvswitch/poll-loop.h"
#include "util.h"

/* For libmicrohttpd, which asks for so much of a message at a time. */
#define BLOCK_SIZE 4096

/* The kernel would take megabytes for a client that does not read, which are
 * out of date when it does; it takes so many bytes at most. */
#define MAX_UNSENT (32 * 1024)

struct message {
    int n_users;
    size_t size;
    char data[];
};

struct web_topic {
    struct ovs_list node;       /* In server->topics. */
    struct web_server *server;
    unsigned int max_streams;
    int idle_ms;
    struct message *idle_message;
    struct message *latest;     /* Or NULL. */
    uint64_t seqno;             /* Of 'latest'. */
    struct ovs_list streams;    /* struct web_stream. */
    unsigned int n_streams;
    long long int sent_ms;      /* When something was last given to all. */
};

struct web_stream {
    struct ovs_list node;       /* In topic->streams. */
    struct web_topic *topic;    /* NULL: it is to end. */
    struct MHD_Connection *mc;  /* NULL until the reply is on its way. */
    struct web_conn *conn;
    struct message *message;    /* At which it is, or NULL. */
    size_t offset;
    uint64_t seqno;             /* Of what it got last. */
    bool suspended;
};

/* ---- Messages. ---- */

static struct message *
message_create(const char *data, size_t size)
{
    struct message *m = xmalloc(sizeof *m + size);

    m->n_users = 1;
    m->size = size;
    memcpy(m->data, data, size);
    return m;
}

static struct message *
message_ref(struct message *m)
{
    m->n_users++;
    return m;
}

static void
message_unref(struct message *m)
{
    if (m && !--m->n_users) {
        free(m);
    }
}

/* ---- Subscribers. ---- */

static void
stream_resume(struct web_stream *st)
{
    if (st->suspended) {
        st->suspended = false;
        MHD_resume_connection(st->mc);
    }
}

/* libmicrohttpd's: the next piece. */
static ssize_t
stream_read(void *stream_, uint64_t pos OVS_UNUSED, char *buf, size_t max)
{
    struct web_stream *st = stream_;
    struct web_topic *t = st->topic;
    size_t n;

    if (!t || !st->conn || st->conn->state == WEB_CONN_CUT) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    /* It reads: its time begins anew. */
    web_conn_set_state(t->server, st->conn, WEB_CONN_STREAM);
    if (!st->message && t->latest && st->seqno != t->seqno) {
        st->message = message_ref(t->latest);
        st->seqno = t->seqno;
        st->offset = 0;
    }
    if (!st->message) {
        st->suspended = true;
        MHD_suspend_connection(st->mc);
        return 0;
    }
    n = MIN(max, st->message->size - st->offset);
    memcpy(buf, st->message->data + st->offset, n);
    st->offset += n;
    if (st->offset == st->message->size) {
        message_unref(st->message);
        st->message = NULL;
    }
    return n;
}

/* libmicrohttpd's: nothing more is to come. */
static void
stream_free(void *stream_)
{
    struct web_stream *st = stream_;

    if (st->conn) {
        st->conn->stream = NULL;
    }
    if (st->topic) {
        ovs_list_remove(&st->node);
        st->topic->n_streams--;
    }
    message_unref(st->message);
    free(st);
}

struct MHD_Response *
web_stream_start(struct web_stream *st, struct web_conn *conn,
                 struct MHD_Connection *mc)
{
    unsigned int timeout_ms = st->topic->server->stream_ms;
    int max_unsent = MAX_UNSENT;
    struct MHD_Response *response;

    st->mc = mc;
    st->conn = conn;
    conn->stream = st;
    /* Of a machine that is no longer there nothing is heard.  Without this a
     * quarter of an hour would pass until it is given up. */
    setsockopt(conn->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms,
               sizeof timeout_ms);
    setsockopt(conn->fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &max_unsent,
               sizeof max_unsent);
    response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, BLOCK_SIZE, stream_read, st, stream_free);
    web_conn_set_state(st->topic->server, conn, WEB_CONN_STREAM);
    return response;
}

void
web_stream_drop(struct web_stream *st)
{
    if (st) {
        stream_free(st);
    }
}

void
web_stream_wake(struct web_stream *st)
{
    stream_resume(st);
}

void
web_stream_forget_conn(struct web_stream *st)
{
    st->conn = NULL;
}

/* ---- Topics. ---- */

struct web_topic *
web_topic_create(struct web_server *s, unsigned int max_streams, int idle_ms,
                 const char *idle_text)
{
    struct web_topic *t = xzalloc(sizeof *t);

    t->server = s;
    t->max_streams = max_streams;
    t->idle_ms = idle_ms;
    t->idle_message = message_create(idle_text, strlen(idle_text));
    t->sent_ms = s->now;
    ovs_list_init(&t->streams);
    ovs_list_push_back(&s->topics, &t->node);
    s->stream_ms = MAX(s->stream_ms, idle_ms + s->request_ms);
    return t;
}

struct web_stream *
web_topic_subscribe(struct web_topic *t)
{
    struct web_stream *st;

    if (t->n_streams >= t->max_streams) {
        return NULL;
    }
    st = xzalloc(sizeof *st);
    st->topic = t;
    ovs_list_push_back(&t->streams, &st->node);
    t->n_streams++;
    return st;
}

unsigned int
web_topic_count(const struct web_topic *t)
{
    return t->n_streams;
}

void
web_topic_publish(struct web_topic *t, const char *text, size_t size)
{
    struct web_stream *st;

    message_unref(t->latest);
    t->latest = message_create(text, size);
    t->seqno++;
    t->sent_ms = t->server->now;
    LIST_FOR_EACH (st, node, &t->streams) {
        stream_resume(st);
    }
}

void
web_topics_run(struct web_server *s)
{
    struct web_topic *t;

    LIST_FOR_EACH (t, node, &s->topics) {
        struct web_stream *st;

        if (s->now - t->sent_ms < t->idle_ms) {
            continue;
        }
        t->sent_ms = s->now;
        LIST_FOR_EACH (st, node, &t->streams) {
            if (st->suspended) {
                st->message = message_ref(t->idle_message);
                st->offset = 0;
                stream_resume(st);
            }
        }
    }
}

void
web_topics_wait(const struct web_server *s)
{
    const struct web_topic *t;

    LIST_FOR_EACH (t, node, &s->topics) {
        if (t->n_streams) {
            poll_timer_wait_until(t->sent_ms + t->idle_ms);
        }
    }
}

void
web_topics_destroy(struct web_server *s)
{
    struct web_topic *t;

    LIST_FOR_EACH_POP (t, node, &s->topics) {
        struct web_stream *st;

        LIST_FOR_EACH_POP (st, node, &t->streams) {
            st->topic = NULL;
            /* libmicrohttpd cannot be stopped while one is suspended. */
            stream_resume(st);
        }
        message_unref(t->latest);
        message_unref(t->idle_message);
        free(t);
    }
}
