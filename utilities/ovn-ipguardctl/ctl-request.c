/* SPDX-License-Identifier: Apache-2.0 */

/* See ctl-request.h.
 *
 * An answer is waited for by default: somebody who reserves an address wants
 * to know whether it is reserved.  Where no instance is active the row is
 * taken back, so that nothing happens behind the operator's back later. */

#include <config.h>

#include "ctl-request.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "db-ctl-base.h"
#include "openvswitch/dynamic-string.h"
#include "ovsdb-idl.h"
#include "smap.h"
#include "socket-util.h"
#include "table.h"
#include "timeval.h"
#include "util.h"
#include "uuid.h"

#include "ovsdb/ipguard-idl.h"

#include "ctl-commands.h"
#include "ctl-options.h"

/* Longer than an active instance takes for anything, start included, that is
 * not a fault. */
#define ANSWER_TIMEOUT_S 30

/* The same for an apply, with the time that an address must have been seen to
 * be stale, and the start of an instance: the guard gives up a little
 * earlier. */
#define APPLY_TIMEOUT_S 120

/* Exit status of an apply of which all was answered, but not all done. */
#define EXIT_REFUSED 2

struct pending {
    struct uuid uuid;
    char *command;
    char *state;                /* "": no answer yet. */
    char *answer;
};

static struct pending *pendings;
static size_t n_pendings;
static bool expected;
static bool need_instance;
static char *reason;            /* Why there will be no answer, or NULL. */

void
ipgctl_request_prerequisites(struct ctl_context *ctx)
{
    ovsdb_idl_add_table(ctx->idl, &ipgrec_table_request);
    for (size_t i = 0; i < IPGREC_REQUEST_N_COLUMNS; i++) {
        ovsdb_idl_add_column(ctx->idl, &ipgrec_request_columns[i]);
    }
    expected = true;
}

bool
ipgctl_requests_expected(void)
{
    return expected;
}

/* "alice@host", for the log of the instance that answers. */
static char *
who_asks(void)
{
    const struct passwd *pw = getpwuid(getuid());
    const char *sudo = getenv("SUDO_USER");
    char host[HOST_NAME_MAX + 1];

    if (gethostname(host, sizeof host)) {
        ovs_strlcpy(host, "?", sizeof host);
    }
    host[sizeof host - 1] = '\0';
    if (sudo && sudo[0]) {
        return xasprintf("%s@%s", sudo, host);
    }
    return (pw ? xasprintf("%s@%s", pw->pw_name, host)
            : xasprintf("uid %ld@%s", (long int) getuid(), host));
}

void
ipgctl_requests_need_instance(void)
{
    need_instance = true;
}

bool
ipgctl_requests_get_need_instance(void)
{
    return need_instance;
}

void
ipgctl_requests_set_reason(char *why)
{
    free(reason);
    reason = why;
}

bool
ipgctl_requests_are_hopeless(void)
{
    return reason != NULL;
}

size_t
ipgctl_requests_count(void)
{
    return n_pendings;
}

void
ipgctl_request(struct ctl_context *ctx, const char *command,
               struct smap *args)
{
    ipgctl_request_about(ctx, command, command, args);
}

void
ipgctl_request_about(struct ctl_context *ctx, const char *command,
                     const char *what, struct smap *args)
{
    const struct ipgrec_request *row;
    struct pending *p;
    char *by;

    if (!ipgrec_server_has_request_table(ctx->idl)) {
        ctl_error(ctx, "the database has no table Request");
        smap_destroy(args);
        return;
    }
    by = who_asks();
    row = ipgrec_request_insert(ctx->txn);
    ipgrec_request_set_command(row, command);
    ipgrec_request_set_args(row, args);
    ipgrec_request_set_by(row, by);
    ipgrec_request_set_made_at(row, time_wall_msec());
    free(by);
    smap_destroy(args);

    pendings = xrealloc(pendings, (n_pendings + 1) * sizeof *pendings);
    p = &pendings[n_pendings++];
    p->uuid = row->header_.uuid;
    p->command = xstrdup(what);
    p->state = xstrdup("");
    p->answer = xstrdup("");
}

void
ipgctl_requests_reset(void)
{
    for (size_t i = 0; i < n_pendings; i++) {
        free(pendings[i].command);
        free(pendings[i].state);
        free(pendings[i].answer);
    }
    free(pendings);
    pendings = NULL;
    n_pendings = 0;
}

void
ipgctl_requests_committed(struct ovsdb_idl_txn *txn)
{
    for (size_t i = 0; i < n_pendings; i++) {
        const struct uuid *uuid
            = ovsdb_idl_txn_get_insert_uuid(txn, &pendings[i].uuid);

        if (uuid) {
            pendings[i].uuid = *uuid;
        }
    }
}

static void
note_answer(struct pending *p, const char *state, const char *answer)
{
    free(p->state);
    p->state = xstrdup(state);
    free(p->answer);
    p->answer = xstrdup(answer);
}

/* Finds a row among those that exist: older libraries return rows by uuid that
 * have been deleted. */
static const struct ipgrec_request *
find_row(struct ovsdb_idl *idl, const struct uuid *uuid)
{
    const struct ipgrec_request *row;

    IPGREC_REQUEST_FOR_EACH (row, idl) {
        if (uuid_equals(&row->header_.uuid, uuid)) {
            return row;
        }
    }
    return NULL;
}

bool
ipgctl_requests_pending(struct ovsdb_idl *idl)
{
    bool any = false;

    for (size_t i = 0; i < n_pendings; i++) {
        struct pending *p = &pendings[i];
        const struct ipgrec_request *row;

        if (p->state[0]) {
            continue;
        }
        row = find_row(idl, &p->uuid);
        if (!row) {
            note_answer(p, "lost", "somebody else deleted the request");
        } else if (row->state[0]) {
            note_answer(p, row->state, row->answer);
        } else {
            any = true;
        }
    }
    return any;
}

unsigned int
ipgctl_requests_timeout(const struct ipgctl_options *o)
{
    return (o->timeout ? o->timeout
            : need_instance ? APPLY_TIMEOUT_S : ANSWER_TIMEOUT_S);
}

/* ---- The end. ---- */

static void
delete_rows(struct ovsdb_idl *idl)
{
    enum ovsdb_idl_txn_status status;

    do {
        struct ovsdb_idl_txn *txn = ovsdb_idl_txn_create(idl);

        for (size_t i = 0; i < n_pendings; i++) {
            const struct ipgrec_request *row = find_row(idl,
                                                        &pendings[i].uuid);

            if (row) {
                ipgrec_request_delete(row);
            }
        }
        status = ovsdb_idl_txn_commit_block(txn);
        ovsdb_idl_txn_destroy(txn);
    } while (status == TXN_TRY_AGAIN && ovsdb_idl_is_alive(idl));
}

static void
print_table(void)
{
    struct ctl_context ctx = { .table = NULL };
    struct table *table = ipgctl_table(&ctx, "request,state,answer");

    for (size_t i = 0; i < n_pendings; i++) {
        table_add_row(table);
        ipgctl_cell(table, pendings[i].command);
        ipgctl_cell(table, pendings[i].state);
        ipgctl_cell(table, pendings[i].answer);
    }
    table_print(table, &ipgctl_get_options()->style);
    table_destroy(table);
    free(table);
}

static void
print_lines(const char *active)
{
    for (size_t i = 0; i < n_pendings; i++) {
        const struct pending *p = &pendings[i];

        if (!strcmp(p->state, "done")) {
            printf("%s\n", p->answer);
        } else if (p->state[0]) {
            fprintf(stderr, "%s: %s: %s\n", program_name, p->command,
                    p->answer);
        } else if (reason) {
            fprintf(stderr, "%s: %s: no answer: %s; the request was taken "
                    "back\n", program_name, p->command, reason);
        } else {
            fprintf(stderr, "%s: %s: no active instance answered in %u s "
                    "(the last one was %s); the request was taken back\n",
                    program_name, p->command,
                    ipgctl_requests_timeout(ipgctl_get_options()), active);
        }
    }
}

int
ipgctl_requests_finish(struct ovsdb_idl *idl)
{
    const struct ipgrec_ipguard *row = ipgrec_ipguard_first(idl);
    char *active = xstrdup(row && row->active[0] ? row->active : "none");
    int status = EXIT_SUCCESS;

    delete_rows(idl);
    for (size_t i = 0; i < n_pendings; i++) {
        if (need_instance && status != EXIT_FAILURE
            && !strcmp(pendings[i].state, "refused")) {
            status = EXIT_REFUSED;
        } else if (strcmp(pendings[i].state, "done")) {
            status = EXIT_FAILURE;
        }
    }
    if (n_pendings && ipgctl_get_options()->format_given) {
        print_table();
    } else {
        print_lines(active);
    }
    free(active);
    ipgctl_requests_reset();
    free(reason);
    reason = NULL;
    return status;
}
