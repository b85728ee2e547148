/* SPDX-License-Identifier: Apache-2.0 */

/* See db-model.h. */

#include <config.h>

#include "ovsdb/db-model.h"

#include <stdlib.h>
#include <string.h>

#include "jsonrpc.h"
#include "openvswitch/json.h"
#include "openvswitch/poll-loop.h"
#include "ovsdb-session.h"
#include "svec.h"
#include "util.h"
#include "uuid.h"

/* For the whole of it.  Only a warning depends on the answer. */
#define QUERY_TIMEOUT_MS 2000

void
db_model_init(struct db_model_query *q)
{
    memset(q, 0, sizeof *q);
}

static void
stop(struct db_model_query *q)
{
    jsonrpc_session_close(q->session);
    q->session = NULL;
    json_destroy(q->request_id);
    q->request_id = NULL;
}

void
db_model_destroy(struct db_model_query *q)
{
    stop(q);
}

void
db_model_start(struct db_model_query *q, const char *remote, long long int now)
{
    struct svec remotes = SVEC_EMPTY_INITIALIZER;
    struct uuid cid;

    stop(q);
    q->model = DB_MODEL_UNKNOWN;
    q->deadline_ms = now + QUERY_TIMEOUT_MS;
    ovsdb_session_parse_remote(remote, &remotes, &cid);
    q->session = jsonrpc_session_open_multiple(&remotes, true);
    q->session_seqno = jsonrpc_session_get_seqno(q->session);
    svec_destroy(&remotes);
}

static void
send_request(struct db_model_query *q, const char *database)
{
    char *text = xasprintf("[\"_Server\", {\"op\": \"select\", "
                           "\"table\": \"Database\", "
                           "\"where\": [[\"name\", \"==\", \"%s\"]], "
                           "\"columns\": [\"model\"]}]", database);
    struct jsonrpc_msg *request;

    json_destroy(q->request_id);
    q->request_id = NULL;
    request = jsonrpc_create_request("transact", json_from_string(text),
                                     &q->request_id);
    jsonrpc_session_send(q->session, request);
    free(text);
}

/* The answer has one string in it that matters; which members a struct json
 * has depends on the release of the library, what it looks like as text does
 * not. */
static void
take_reply(struct db_model_query *q, const struct jsonrpc_msg *msg)
{
    char *text = msg->result ? json_to_string(msg->result, 0) : xstrdup("");

    if (strstr(text, "\"model\":\"standalone\"")) {
        q->model = DB_MODEL_STANDALONE;
    } else if (strstr(text, "\"model\":")) {
        q->model = DB_MODEL_CLUSTERED;
    }
    free(text);
}

void
db_model_run(struct db_model_query *q, const char *database, long long int now)
{
    struct jsonrpc_msg *msg;
    unsigned int seqno;

    if (!q->session) {
        return;
    }
    jsonrpc_session_run(q->session);
    seqno = jsonrpc_session_get_seqno(q->session);
    if (jsonrpc_session_is_connected(q->session)
        && (!q->request_id || seqno != q->session_seqno)) {
        q->session_seqno = seqno;
        send_request(q, database);
    }

    while ((msg = jsonrpc_session_recv(q->session))) {
        bool is_answer = (q->request_id && msg->id
                          && (msg->type == JSONRPC_REPLY
                              || msg->type == JSONRPC_ERROR)
                          && json_equal(msg->id, q->request_id));

        if (is_answer) {
            take_reply(q, msg);
        }
        jsonrpc_msg_destroy(msg);
        if (is_answer) {
            stop(q);
            return;
        }
    }
    if (now >= q->deadline_ms) {
        stop(q);
    }
}

void
db_model_wait(struct db_model_query *q)
{
    if (q->session) {
        jsonrpc_session_wait(q->session);
        jsonrpc_session_recv_wait(q->session);
        poll_timer_wait_until(q->deadline_ms);
    }
}

bool
db_model_is_asking(const struct db_model_query *q)
{
    return q->session != NULL;
}
