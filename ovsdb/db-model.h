/* SPDX-License-Identifier: Apache-2.0 */

/* Asks a database server, once, whether it serves a database as a member of a
 * cluster or as a standalone file.
 *
 * The IDL knows, but does not say.  The answer is in the server's own database
 * _Server, which a second IDL cannot mirror: the first names its monitor of it
 * just so.  So this is one request over a connection of its own, closed with
 * the answer. */

#ifndef DB_MODEL_H
#define DB_MODEL_H 1

#include <stdbool.h>

struct json;
struct jsonrpc_session;

enum db_model {
    DB_MODEL_UNKNOWN,           /* No answer (yet). */
    DB_MODEL_STANDALONE,
    DB_MODEL_CLUSTERED,         /* Or a relay of a cluster. */
};

struct db_model_query {
    enum db_model model;
    struct jsonrpc_session *session; /* NULL: not asking. */
    unsigned int session_seqno;
    struct json *request_id;
    long long int deadline_ms;
};

void db_model_init(struct db_model_query *);
void db_model_destroy(struct db_model_query *);

/* Asks the server at 'remote' anew. */
void db_model_start(struct db_model_query *, const char *remote,
                    long long int now);
void db_model_run(struct db_model_query *, const char *database,
                  long long int now);
void db_model_wait(struct db_model_query *);

/* False once the answer is there or there will be none. */
bool db_model_is_asking(const struct db_model_query *);

#endif /* db-model.h */
