/* SPDX-License-Identifier: Apache-2.0 */

/* The control socket's thread and queue (agent/control.h), over a real socket:
 * this thread is the main loop and the clients as well.  What counts is the
 * order; nothing here depends on how long anything takes. */

#include <config.h>

#include "agent/control.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jsonrpc.h"
#include "openvswitch/json.h"
#include "openvswitch/poll-loop.h"
#include "simap.h"
#include "stream.h"
#include "timeval.h"
#include "unixctl.h"
#include "util.h"

#include "tests/unit/unit.h"

#define LONG_AGO_MS (60 * 60 * 1000)

/* The one control socket of the process, since the library's table of
 * commands cannot be emptied; and what its commands have seen. */
static struct control *control;
static char *folder;
static char *path;
static int n_formatted;
static int n_set;
static char *set_args;

static char *
format_text(const void *aux)
{
    CU_ASSERT_PTR_EQUAL(aux, &n_formatted);
    n_formatted++;
    return xasprintf("text %d\n", n_formatted);
}

static void
cmd_set(struct control_request *request, int argc, const char *argv[],
        void *aux)
{
    int *n = aux;

    (*n)++;
    free(set_args);
    set_args = xasprintf("%d %s %s", argc, argv[0], argc > 1 ? argv[1] : "");
    CU_ASSERT_PTR_NULL(argv[argc]);
    if (argc > 1) {
        control_reply(request, argv[1]);
    } else {
        control_reply_error(request, "nothing to set");
    }
}

static int
open_socket(void)
{
    char template[] = "/tmp/test-control.XXXXXX";

    if (!mkdtemp(template)) {
        return 1;
    }
    folder = xstrdup(template);
    path = xasprintf("%s/ctl", folder);
    if (control_create(path, &control)) {
        return 1;
    }
    control_add_text(control, "text", format_text, &n_formatted);
    control_add(control, "set", "[VALUE]", 0, 1, cmd_set, &n_set);
    control_start(control);
    return 0;
}

static int
close_socket(void)
{
    control_destroy(control);
    rmdir(folder);
    free(folder);
    free(path);
    free(set_args);
    return 0;
}

static struct jsonrpc *
connect_client(void)
{
    char *name = xasprintf("unix:%s", path);
    struct stream *stream;
    int error;

    error = stream_open_block(stream_open(name, &stream, DSCP_DEFAULT), -1,
                              &stream);
    CU_ASSERT_EQUAL_FATAL(error, 0);
    free(name);
    return jsonrpc_open(stream);
}

/* Connects and gives 'command', with the argument 'arg' if it is nonnull.  The
 * caller passes what is returned to end_command(). */
static struct jsonrpc *
begin_command(const char *command, const char *arg)
{
    struct jsonrpc *client = connect_client();
    struct json *args = json_array_create_empty();

    if (arg) {
        json_array_add(args, json_string_create(arg));
    }
    jsonrpc_send_block(client, jsonrpc_create_request(command, args, NULL));
    return client;
}

/* Waits for the reply and disconnects.  Returns the text, without a final
 * newline and with "error: " in front of an error; the caller frees it.  If
 * 'run', does meanwhile what the main loop does. */
static char *
end_command(struct jsonrpc *client, bool run)
{
    struct jsonrpc_msg *msg = NULL;
    char *text;

    for (;;) {
        if (run) {
            struct simap usage = SIMAP_INITIALIZER(&usage);

            simap_put(&usage, "things", 7);
            if (control_memory_run(control)) {
                control_memory_report(control, &usage);
            }
            simap_destroy(&usage);
            control_run(control);
        }
        jsonrpc_run(client);
        if (jsonrpc_recv(client, &msg) != EAGAIN) {
            break;
        }
        jsonrpc_wait(client);
        jsonrpc_recv_wait(client);
        if (run) {
            control_wait(control);
            control_memory_wait(control);
        }
        poll_block();
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(msg);
    text = (msg->type == JSONRPC_ERROR
            ? xasprintf("error: %s", json_string(msg->error))
            : xstrdup(json_string(msg->result)));
    /* Some releases of the library add one where there is none. */
    if (text[0] && text[strlen(text) - 1] == '\n') {
        text[strlen(text) - 1] = '\0';
    }
    jsonrpc_msg_destroy(msg);
    jsonrpc_close(client);
    return text;
}

static void
check_text(char *text, const char *expected)
{
    CU_ASSERT_STRING_EQUAL(text, expected);
    free(text);
}

/* 'text' is a busy line and then 'rest'. */
static void
check_busy(char *text, const char *rest)
{
    const char *end = strchr(text, '\n');

    CU_ASSERT(!strncmp(text, "busy: the main loop has been at work for ", 41));
    CU_ASSERT_PTR_NOT_NULL_FATAL(end);
    CU_ASSERT_STRING_EQUAL(end + 1, rest);
    free(text);
}

/* Before there is anything to look at.  The first test of the suite. */
static void
test_no_text(void)
{
    check_busy(end_command(begin_command("text", NULL), false),
               "starting: no status yet");
    CU_ASSERT_EQUAL(n_formatted, 0);
}

static void
test_commands_run_in_main_loop(void)
{
    char *text;

    n_set = 0;
    check_text(end_command(begin_command("set", "a b"), true), "a b");
    CU_ASSERT_EQUAL(n_set, 1);
    CU_ASSERT_STRING_EQUAL(set_args, "2 set a b");
    check_text(end_command(begin_command("set", NULL), true),
               "error: nothing to set");
    CU_ASSERT_EQUAL(n_set, 2);

    n_formatted = 10;
    check_text(end_command(begin_command("text", NULL), true), "text 11");

    /* Of the library: refused, answered, answered by the main loop. */
    text = end_command(begin_command("text", "x"), false);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "takes at most 0 arguments"));
    free(text);
    text = end_command(begin_command("list-commands", NULL), false);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "set"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "memory/show"));
    free(text);
    check_text(end_command(begin_command("memory/show", NULL), true),
               "things:7");
}

/* A long turn: the thread answers with the copy, and with nothing else. */
static void
test_busy(void)
{
    struct jsonrpc *set;
    char *text;

    n_set = 0;
    n_formatted = 20;
    check_text(end_command(begin_command("text", NULL), true), "text 21");
    control_turn_begin(control, time_msec() - LONG_AGO_MS);

    set = begin_command("set", "1");
    text = end_command(begin_command("text", NULL), false);
    /* Milliseconds with seven digits. */
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "work for 36"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "; this is the status of "));
    check_busy(text, "text 21");
    CU_ASSERT_EQUAL(n_formatted, 21);
    CU_ASSERT_EQUAL(n_set, 0);

    /* What was queued has not been forgotten. */
    check_text(end_command(set, true), "1");
    CU_ASSERT_EQUAL(n_set, 1);
    control_turn_end(control);
}

/* A turn that was short when the command came, and then is not; nor does a
 * main loop that is not in a turn keep anybody waiting. */
static void
test_impatient(void)
{
    n_formatted = 30;
    check_text(end_command(begin_command("text", NULL), true), "text 31");
    control_turn_begin(control, time_msec());
    n_formatted = 50;
    check_busy(end_command(begin_command("text", NULL), false), "text 31");
    control_turn_end(control);
    check_busy(end_command(begin_command("text", NULL), false), "text 31");
    CU_ASSERT_EQUAL(n_formatted, 50);
}

/* When a turn makes a copy: when there is an old one or a command was run. */
static void
test_keep(void)
{
    long long int now = time_msec();

    n_formatted = 60;
    check_text(end_command(begin_command("text", NULL), true), "text 61");
    /* In the past, hence the copy is new. */
    for (int i = 0; i < 10; i++) {
        control_turn_begin(control, now);
        control_turn_end(control);
    }
    CU_ASSERT_EQUAL(n_formatted, 61);

    check_text(end_command(begin_command("set", "2"), true), "2");
    control_turn_begin(control, now);
    control_turn_end(control);
    CU_ASSERT_EQUAL(n_formatted, 62);
    control_turn_begin(control, now);
    control_turn_end(control);
    CU_ASSERT_EQUAL(n_formatted, 62);

    control_turn_begin(control, time_msec() + LONG_AGO_MS);
    control_turn_end(control);
    CU_ASSERT_EQUAL(n_formatted, 63);
}

/* Clients that leave while their command waits, and several commands on one
 * connection, one after the other. */
static void
test_connections(void)
{
    struct jsonrpc *client;

    n_set = 0;
    client = begin_command("set", "gone");
    jsonrpc_close(client);
    check_text(end_command(begin_command("set", "here"), true), "here");

    client = begin_command("set", "first");
    jsonrpc_send_block(client,
                       jsonrpc_create_request("set",
                                              json_array_create_1(
                                                  json_string_create("2nd")),
                                              NULL));
    for (int i = 0; i < 2; i++) {
        struct jsonrpc_msg *msg = NULL;

        while (jsonrpc_recv(client, &msg) == EAGAIN) {
            control_run(control);
            jsonrpc_run(client);
            jsonrpc_wait(client);
            jsonrpc_recv_wait(client);
            control_wait(control);
            poll_block();
        }
        CU_ASSERT_PTR_NOT_NULL_FATAL(msg);
        CU_ASSERT(!strncmp(json_string(msg->result), i ? "2nd" : "first",
                           i ? 3 : 5));
        jsonrpc_msg_destroy(msg);
    }
    jsonrpc_close(client);
    /* The one that left may have been seen to leave before it was run. */
    CU_ASSERT(n_set == 3 || n_set == 4);
}

/* The last test: what is queued is lost when the socket is closed. */
static void
test_destroy(void)
{
    struct jsonrpc *client = begin_command("set", "3");
    struct jsonrpc_msg *msg;

    n_set = 0;
    /* When this is answered, the other one is in the queue. */
    control_turn_begin(control, time_msec() - LONG_AGO_MS);
    free(end_command(begin_command("text", NULL), false));
    control_destroy(control);
    control = NULL;
    CU_ASSERT_EQUAL(jsonrpc_recv_block(client, &msg), EOF);
    CU_ASSERT_EQUAL(n_set, 0);
    CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
    jsonrpc_close(client);
}

void
suite_control(void)
{
    CU_pSuite suite = unit_add_suite("control");

    suite->pInitializeFunc = open_socket;
    suite->pCleanupFunc = close_socket;
    CU_ADD_TEST(suite, test_no_text);
    CU_ADD_TEST(suite, test_commands_run_in_main_loop);
    CU_ADD_TEST(suite, test_busy);
    CU_ADD_TEST(suite, test_impatient);
    CU_ADD_TEST(suite, test_keep);
    CU_ADD_TEST(suite, test_connections);
    CU_ADD_TEST(suite, test_destroy);
}
