/* SPDX-License-Identifier: Apache-2.0 */

/* See control.h.
 *
 * The library's server is made for one thread: a reply writes to a connection
 * that the server's own functions read.  Hence one mutex around both, which
 * also guards the queue.  It is never held while a command runs or the status
 * is formatted, since the thread must be able to answer meanwhile.
 *
 * A connection with a request that is not answered is neither read nor closed
 * by the server, so the queue may point to it, and whoever takes a request off
 * the queue, under the mutex, is the one who answers it. */

#include <config.h>

#include "control.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "latch.h"
#include "memory.h"
#include "openvswitch/list.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/thread.h"
#include "ovs-thread.h"
#include "timeval.h"
#include "unixctl.h"
#include "util.h"

/* For how long the text's command waits for the main loop, in milliseconds:
 * long enough for any ordinary turn, and short enough that the answer comes
 * within a second on a machine that is busy. */
#define PATIENCE_MS 300

/* How old the copy of the text may become before a turn makes another. */
#define KEEP_MS 1000

struct control_command {
    struct ovs_list node;       /* In 'commands' of struct control. */
    struct control *control;
    control_cb_func *cb;        /* NULL for the command of the text. */
    void *aux;
};

struct control_request {
    struct ovs_list node;       /* In 'queue' of struct control. */
    const struct control_command *command;
    struct unixctl_conn *conn;
    bool deferred;              /* In 'deferred' of struct control. */
    long long int queued_ms;
    int argc;
    char **argv;
};

struct control {
    struct unixctl_server *server;      /* NULL if there is no socket. */
    struct ovs_list commands;   /* Contains "struct control_command"s. */
    control_text_func *format;
    const void *format_aux;
    struct ovs_list deferred;   /* Contains "struct control_request"s, of the
                                 * main thread. */
    bool kept_is_old;           /* A command has changed something since. */

    bool started;
    pthread_t thread;
    struct latch to_thread;     /* Set when a reply changed what to wait for,
                                 * or 'stopping' is. */
    struct latch to_main;       /* Set when there may be something to do. */

    struct ovs_mutex mutex;     /* Guards 'server' and all below. */
    struct ovs_list queue;      /* Contains "struct control_request"s. */
    long long int turn_since;   /* When the turn began; 0 between turns. */
    char *kept;                 /* Copy of the text, or NULL. */
    long long int kept_ms;      /* When it was made. */
    bool stopping;
};

/* ---- Requests. ---- */

static void
request_destroy(struct control_request *r)
{
    for (int i = 0; i < r->argc; i++) {
        free(r->argv[i]);
    }
    free(r->argv);
    free(r);
}

/* The library's callback, in the thread with the mutex held: called from
 * unixctl_server_run(). */
static void
queue_request(struct unixctl_conn *conn, int argc, const char *argv[],
              void *command_)
{
    const struct control_command *command = command_;
    struct control *c = command->control;
    struct control_request *r = xmalloc(sizeof *r);

    r->command = command;
    r->conn = conn;
    r->deferred = false;
    r->queued_ms = time_msec();
    r->argc = argc;
    /* As long as the library's own, which ends with a null pointer. */
    r->argv = xcalloc(argc + 1, sizeof *r->argv);
    for (int i = 0; i < argc; i++) {
        r->argv[i] = xstrdup(argv[i]);
    }
    ovs_list_push_back(&c->queue, &r->node);
    latch_set(&c->to_main);
}

/* Answers 'r' in the main thread. */
static void
reply(struct control_request *r, const char *text, bool success)
{
    struct control *c = r->command->control;

    ovs_mutex_lock(&c->mutex);
    if (success) {
        unixctl_command_reply(r->conn, text);
    } else {
        unixctl_command_reply_error(r->conn, text);
    }
    ovs_mutex_unlock(&c->mutex);

    /* The server can read from this connection again. */
    latch_set(&c->to_thread);

    if (r->deferred) {
        ovs_list_remove(&r->node);
        request_destroy(r);
    }
}

void
control_defer(struct control_request *r)
{
    r->deferred = true;
    ovs_list_push_back(&r->command->control->deferred, &r->node);
}

void
control_reply(struct control_request *r, const char *text)
{
    reply(r, text, true);
}

void
control_reply_error(struct control_request *r, const char *error)
{
    reply(r, error, false);
}

/* ---- The thread. ---- */

/* Returns the time since which 'r' has been waiting for the main loop or, if
 * that is longer, the turn has lasted that it waits for. */
static long long int
waiting_since(const struct control *c, const struct control_request *r)
{
    return c->turn_since ? MIN(c->turn_since, r->queued_ms) : r->queued_ms;
}

static void
reply_kept(const struct control *c, struct control_request *r,
           long long int now)
{
    long long int busy_ms = now - waiting_since(c, r);
    char *text;

    if (c->kept) {
        text = xasprintf("busy: the main loop has been at work for %lld ms; "
                         "this is the status of %lld ms ago\n%s",
                         busy_ms, now - c->kept_ms, c->kept);
    } else {
        text = xasprintf("busy: the main loop has been at work for %lld ms\n"
                         "starting: no status yet\n", busy_ms);
    }
    unixctl_command_reply(r->conn, text);
    free(text);
}

/* Answers those requests for the text for which the main loop takes too long.
 * Makes poll_block() wake up when it is time for the next. */
static void
answer_impatient(struct control *c)
{
    long long int now = time_msec();
    struct control_request *r;

    LIST_FOR_EACH_SAFE (r, node, &c->queue) {
        long long int deadline = waiting_since(c, r) + PATIENCE_MS;

        if (r->command->cb) {
            continue;
        }
        if (now >= deadline) {
            ovs_list_remove(&r->node);
            reply_kept(c, r, now);
            request_destroy(r);
        } else {
            poll_timer_wait_until(deadline);
        }
    }
}

static void *
control_thread(void *c_)
{
    struct control *c = c_;

    for (;;) {
        bool by_main;

        ovs_mutex_lock(&c->mutex);
        if (c->stopping) {
            ovs_mutex_unlock(&c->mutex);
            return NULL;
        }
        by_main = latch_poll(&c->to_thread);
        unixctl_server_run(c->server);
        answer_impatient(c);
        /* The library's commands need the main thread, too: it makes the
         * report of memory/show, and what it has counted for coverage/show
         * is added up only when it wakes up. */
        if (!by_main || memory_should_report()) {
            latch_set(&c->to_main);
        }
        unixctl_server_wait(c->server);
        ovs_mutex_unlock(&c->mutex);

        latch_wait(&c->to_thread);
        poll_block();
    }
}

/* ---- The main thread. ---- */

int
control_create(const char *path, struct control **controlp)
{
    struct unixctl_server *server;
    struct control *c;
    int error = unixctl_server_create(path, &server);

    *controlp = NULL;
    if (error) {
        return error;
    }

    c = xzalloc(sizeof *c);
    c->server = server;
    ovs_list_init(&c->commands);
    latch_init(&c->to_thread);
    latch_init(&c->to_main);
    ovs_mutex_init(&c->mutex);
    ovs_list_init(&c->queue);
    ovs_list_init(&c->deferred);
    /* The first call registers memory/show. */
    memory_run();
    *controlp = c;
    return 0;
}

void
control_destroy(struct control *c)
{
    struct control_command *command;
    struct control_request *r;

    if (!c) {
        return;
    }
    if (c->started) {
        ovs_mutex_lock(&c->mutex);
        c->stopping = true;
        ovs_mutex_unlock(&c->mutex);
        latch_set(&c->to_thread);
        xpthread_join(c->thread, NULL);
    }

    LIST_FOR_EACH_POP (r, node, &c->queue) {
        request_destroy(r);
    }
    LIST_FOR_EACH_POP (r, node, &c->deferred) {
        request_destroy(r);
    }
    unixctl_server_destroy(c->server);
    LIST_FOR_EACH_POP (command, node, &c->commands) {
        free(command);
    }
    free(c->kept);
    latch_destroy(&c->to_main);
    latch_destroy(&c->to_thread);
    ovs_mutex_destroy(&c->mutex);
    free(c);
}

static void
add_command(struct control *c, const char *name, const char *usage,
            int min_args, int max_args, control_cb_func *cb, void *aux)
{
    struct control_command *command = xmalloc(sizeof *command);

    ovs_assert(!c->started);
    command->control = c;
    command->cb = cb;
    command->aux = aux;
    ovs_list_push_back(&c->commands, &command->node);
    unixctl_command_register(name, usage, min_args, max_args, queue_request,
                             command);
}

void
control_add(struct control *c, const char *name, const char *usage,
            int min_args, int max_args, control_cb_func *cb, void *aux)
{
    ovs_assert(cb);
    add_command(c, name, usage, min_args, max_args, cb, aux);
}

void
control_add_text(struct control *c, const char *name,
                 control_text_func *format, const void *aux)
{
    ovs_assert(!c->format);
    c->format = format;
    c->format_aux = aux;
    add_command(c, name, "", 0, 0, NULL, NULL);
}

void
control_start(struct control *c)
{
    c->thread = ovs_thread_create("control", control_thread, c);
    c->started = true;
}

/* Makes another copy of the text and, if 'r' is nonnull, answers with it. */
static void
keep_text(struct control *c, struct control_request *r)
{
    char *text = c->format(c->format_aux);
    long long int now = time_msec();

    if (r) {
        control_reply(r, text);
    }

    ovs_mutex_lock(&c->mutex);
    free(c->kept);
    c->kept = text;
    c->kept_ms = now;
    ovs_mutex_unlock(&c->mutex);
    c->kept_is_old = false;
}

/* A turn makes a copy as it begins, so that what a long one leaves people to
 * look at is at most KEEP_MS older than that turn: if it were made when a turn
 * ends, the last change before a pause would be missing, or every turn would
 * have to make one. */
void
control_turn_begin(struct control *c, long long int now)
{
    bool keep;

    ovs_mutex_lock(&c->mutex);
    c->turn_since = now;
    keep = !c->kept || now >= c->kept_ms + KEEP_MS;
    ovs_mutex_unlock(&c->mutex);

    if (c->format && (keep || c->kept_is_old)) {
        keep_text(c, NULL);
    }
}

void
control_turn_end(struct control *c)
{
    ovs_mutex_lock(&c->mutex);
    c->turn_since = 0;
    ovs_mutex_unlock(&c->mutex);
}

/* Takes the first request off the queue.  Returns NULL if there is none. */
static struct control_request *
pop_request(struct control *c)
{
    struct control_request *r = NULL;

    ovs_mutex_lock(&c->mutex);
    if (!ovs_list_is_empty(&c->queue)) {
        r = CONTAINER_OF(ovs_list_pop_front(&c->queue),
                         struct control_request, node);
    }
    ovs_mutex_unlock(&c->mutex);
    return r;
}

void
control_run(struct control *c)
{
    struct control_request *r;
    size_t n;

    /* First, so that a request that comes too late for this turn is not
     * forgotten. */
    latch_poll(&c->to_main);

    ovs_mutex_lock(&c->mutex);
    n = ovs_list_size(&c->queue);
    ovs_mutex_unlock(&c->mutex);

    /* One by one: those behind a slow one can still be answered by the
     * thread. */
    for (; n > 0 && (r = pop_request(c)); n--) {
        if (r->command->cb) {
            r->command->cb(r, r->argc, (const char **) r->argv,
                           r->command->aux);
            c->kept_is_old = true;
        } else {
            keep_text(c, r);
        }
        if (!r->deferred) {
            request_destroy(r);
        }
    }
}

void
control_wait(struct control *c)
{
    latch_wait(&c->to_main);
}

bool
control_memory_run(struct control *c)
{
    bool report;

    ovs_mutex_lock(&c->mutex);
    memory_run();
    report = memory_should_report();
    ovs_mutex_unlock(&c->mutex);
    return report;
}

void
control_memory_report(struct control *c, const struct simap *usage)
{
    ovs_mutex_lock(&c->mutex);
    memory_report(usage);
    ovs_mutex_unlock(&c->mutex);
    latch_set(&c->to_thread);
}

void
control_memory_wait(struct control *c)
{
    ovs_mutex_lock(&c->mutex);
    memory_wait();
    ovs_mutex_unlock(&c->mutex);
}
