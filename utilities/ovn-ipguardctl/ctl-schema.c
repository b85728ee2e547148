/* SPDX-License-Identifier: Apache-2.0 */

/* See ctl-schema.h.  The library's IDL does not tell the schema's version, so
 * it is asked for on a connection of its own. */

#include <config.h>

#include "ctl-schema.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "jsonrpc.h"
#include "openvswitch/json.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/shash.h"
#include "ovsdb-session.h"
#include "svec.h"
#include "timeval.h"
#include "util.h"
#include "uuid.h"

#include "ovsdb/ipguard-idl.h"

/* Only a better message depends on the answer. */
#define QUERY_TIMEOUT_MS 5000

static char *
get_version(const struct json *schema)
{
    const struct json *version;

    if (!schema || schema->type != JSON_OBJECT) {
        return NULL;
    }
    version = shash_find_data(json_object(schema), "version");
    return version && version->type == JSON_STRING
           ? xstrdup(json_string(version)) : NULL;
}

/* Takes what has come.  Returns true if it was the answer. */
static bool
take_replies(struct jsonrpc_session *session, const struct json *id,
             char **version)
{
    struct jsonrpc_msg *msg;
    bool answered = false;

    while (!answered && (msg = jsonrpc_session_recv(session))) {
        if (id && msg->id && json_equal(msg->id, id)
            && (msg->type == JSONRPC_REPLY || msg->type == JSONRPC_ERROR)) {
            *version = get_version(msg->result);
            answered = true;
        }
        jsonrpc_msg_destroy(msg);
    }
    return answered;
}

/* Returns the version of the server's schema, or NULL. */
static char *
fetch_version(const char *remote)
{
    long long int deadline_ms = time_msec() + QUERY_TIMEOUT_MS;
    struct svec remotes = SVEC_EMPTY_INITIALIZER;
    struct jsonrpc_session *session;
    struct json *id = NULL;
    char *version = NULL;
    unsigned int seqno = 0;
    struct uuid cid;

    ovsdb_session_parse_remote(remote, &remotes, &cid);
    session = jsonrpc_session_open_multiple(&remotes, true);
    svec_destroy(&remotes);
    while (time_msec() < deadline_ms) {
        jsonrpc_session_run(session);
        if (jsonrpc_session_is_connected(session)
            && (!id || jsonrpc_session_get_seqno(session) != seqno)) {
            struct json *params = json_array_create_1(
                json_string_create(ipgrec_idl_class.database));

            seqno = jsonrpc_session_get_seqno(session);
            json_destroy(id);
            jsonrpc_session_send(session,
                                 jsonrpc_create_request("get_schema", params,
                                                        &id));
        }
        if (take_replies(session, id, &version)) {
            break;
        }
        jsonrpc_session_wait(session);
        jsonrpc_session_recv_wait(session);
        poll_timer_wait_until(deadline_ms);
        poll_block();
    }
    json_destroy(id);
    jsonrpc_session_close(session);
    return version;
}

/* Is version 'a' older than 'b'? */
static bool
is_older(const char *a, const char *b)
{
    unsigned int x[3], y[3];

    if (sscanf(a, "%u.%u.%u", &x[0], &x[1], &x[2]) != 3
        || sscanf(b, "%u.%u.%u", &y[0], &y[1], &y[2]) != 3) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(x); i++) {
        if (x[i] != y[i]) {
            return x[i] < y[i];
        }
    }
    return false;
}

char *
ctl_schema_remark(const char *remote)
{
    const char *needed = ipgrec_get_db_version();
    char *version = fetch_version(remote);
    char *remark = NULL;

    if (version && is_older(version, needed)) {
        remark = xasprintf("%s: the database has schema version %s, and this "
                           "program needs %s: convert it with "
                           "\"ovn-ipguard-ctl upgrade_db\" on the machine "
                           "that serves it", remote, version, needed);
    }
    free(version);
    return remark;
}
