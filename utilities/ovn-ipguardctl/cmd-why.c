/* SPDX-License-Identifier: Apache-2.0 */

/* why: everything that is known about an address, as a paragraph for people or
 * as JSON.  The daemon of this machine is asked, which has everything at hand;
 * where none runs, or others' sources are given, all is read here.  Either
 * way it is the same code that answers (agent/explain-json.h). */

#include <config.h>

#include "ctl-read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db-ctl-base.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "openvswitch/shash.h"
#include "ovsdb-idl.h"
#include "svec.h"
#include "util.h"
#include "uuid.h"

#include "ovsdb/ipguard-idl.h"

#include "agent/core/explain.h"
#include "agent/core/guard.h"
#include "agent/core/ip-addr.h"
#include "agent/explain-json.h"
#include "ctl-commands.h"
#include "ctl-daemon.h"
#include "ctl-options.h"
#include "ctl-rows.h"
#include "observer.h"

/* Rows of the journal that are worth a place in a paragraph. */
#define HISTORY_MAX 5

#define COLUMNS 79

/* Exit status where there is nothing to tell. */
#define EXIT_NOTHING 2

/* ---- What the own database adds. ---- */

static const char *
get_string(const struct json *object, const char *name)
{
    const struct json *value = shash_find_data(json_object(object), name);

    return value && value->type == JSON_STRING ? json_string(value) : "";
}

/* An explanation, from wherever it is, and where it belongs. */
struct told {
    struct json *json;          /* Owned by somebody else. */
    const struct json *not_known; /* Texts, of all explanations; or NULL. */
    struct uuid network;
    const char *address;
};

static const struct ipgrec_hold *
find_hold(struct ovsdb_idl *idl, const struct uuid *network,
          const char *address)
{
    const struct ipgrec_hold *h;

    if (idl) {
        IPGREC_HOLD_FOR_EACH (h, idl) {
            if (uuid_equals(&h->network, network)
                && !strcmp(h->address, address)) {
                return h;
            }
        }
    }
    return NULL;
}

static int
compare_history(const void *a_, const void *b_)
{
    const struct ipgrec_journal *const *a = a_;
    const struct ipgrec_journal *const *b = b_;

    return ((*a)->sequence < (*b)->sequence ? -1
            : (*a)->sequence > (*b)->sequence);
}

static const struct ipgrec_journal **
find_history(struct ovsdb_idl *idl, const struct told *t, size_t *np)
{
    const struct ipgrec_journal **rows = NULL;
    const struct ipgrec_journal *j;
    size_t n = 0, allocated = 0;

    if (idl) {
        IPGREC_JOURNAL_FOR_EACH (j, idl) {
            if (!strcmp(j->address, t->address)
                && (!j->n_network
                    || uuid_equals(&j->network[0], &t->network))) {
                if (n >= allocated) {
                    rows = x2nrealloc(rows, &allocated, sizeof *rows);
                }
                rows[n++] = j;
            }
        }
    }
    if (n) {
        qsort(rows, n, sizeof *rows, compare_history);
    }
    *np = n;
    return rows;
}

/* ---- Text. ---- */

/* Appends 'text' in lines of at most COLUMNS. */
static void
put_paragraph(const char *text, struct ds *ds)
{
    size_t column = 0;

    while (*text) {
        size_t n = strcspn(text, " ");

        if (column && column + 1 + n > COLUMNS) {
            ds_put_char(ds, '\n');
            column = 0;
        } else if (column) {
            ds_put_char(ds, ' ');
            column++;
        }
        ds_put_buffer(ds, text, n);
        column += n;
        text += n + strspn(text + n, " ");
    }
    ds_put_char(ds, '\n');
}

static void
put_list(char *const *strings, size_t n, struct ds *ds)
{
    for (size_t i = 0; i < n; i++) {
        ds_put_format(ds, "%s%s", i ? "; " : "", strings[i]);
    }
}

static void
put_hold(const struct ipgrec_hold *h, struct ds *ds)
{
    struct ds owner = DS_EMPTY_INITIALIZER;

    ipgctl_format_owner(h, &owner);
    ds_put_format(ds, " It is held (%s, for ", h->state);
    ipgctl_format_age(h->created_at, ds);
    ds_put_format(ds, ")%s%s: %s.", owner.length ? ", formerly of " : "",
                  ds_cstr(&owner), h->reason);
    if (h->n_blockers) {
        ds_put_cstr(ds, " The hold waits for: ");
        put_list(h->blockers, h->n_blockers, ds);
        ds_put_char(ds, '.');
    }
    if (h->n_waiters) {
        ds_put_cstr(ds, " Who is to have it: ");
        put_list(h->waiters, h->n_waiters, ds);
        ds_put_char(ds, '.');
    }
    ds_destroy(&owner);
}

static void
put_history(struct ovsdb_idl *idl, const struct told *t, struct ds *ds)
{
    size_t n;
    const struct ipgrec_journal **rows = find_history(idl, t, &n);

    for (size_t i = n > HISTORY_MAX ? n - HISTORY_MAX : 0; i < n; i++) {
        ds_put_cstr(ds, "    ");
        ipgctl_format_time(rows[i]->at, ds);
        ds_put_format(ds, " %s", rows[i]->action);
        if (rows[i]->port_name[0]) {
            ds_put_format(ds, " %s", rows[i]->port_name);
        }
        ds_put_format(ds, ": %s\n", rows[i]->reason);
    }
    free(rows);
}

static void
put_not_known(const struct json *not_known, struct ds *ds)
{
    for (size_t i = 0; not_known && i < json_array(not_known)->n; i++) {
        ds_put_format(ds, "%s%s", i ? "; " : " Not known: ",
                      json_string(json_array(not_known)->elems[i]));
    }
    if (not_known && json_array(not_known)->n) {
        ds_put_char(ds, '.');
    }
}

static void
put_text(struct ovsdb_idl *idl, const struct told *t, struct ds *ds)
{
    const struct ipgrec_hold *h = find_hold(idl, &t->network, t->address);
    struct ds text = DS_EMPTY_INITIALIZER;

    ds_put_cstr(&text, get_string(t->json, "summary"));
    if (h) {
        put_hold(h, &text);
    }
    ds_put_format(&text, " Next: %s",
                  h && h->n_blockers ? "the hold ends when nothing of the "
                  "above is awaited any more."
                  : get_string(t->json, "next"));
    put_not_known(t->not_known, &text);
    put_paragraph(ds_cstr(&text), ds);
    put_history(idl, t, ds);
    ds_destroy(&text);
}

/* ---- JSON. ---- */

static struct json *
json_history(struct ovsdb_idl *idl, const struct told *t)
{
    struct json *array = json_array_create_empty();
    size_t n;
    const struct ipgrec_journal **rows = find_history(idl, t, &n);

    for (size_t i = 0; i < n; i++) {
        struct json *o = json_object_create();

        json_object_put(o, "sequence",
                        json_integer_create(rows[i]->sequence));
        json_object_put(o, "at_ms", json_integer_create(rows[i]->at));
        json_object_put_string(o, "action", rows[i]->action);
        json_object_put_string(o, "port", rows[i]->port_name);
        json_object_put_string(o, "reason", rows[i]->reason);
        json_array_add(array, o);
    }
    free(rows);
    return array;
}

static void
add_own(struct ovsdb_idl *idl, const struct told *t)
{
    const struct ipgrec_hold *h = find_hold(idl, &t->network, t->address);

    json_object_put(t->json, "hold",
                    h ? ipgctl_json_hold(h) : json_null_create());
    json_object_put(t->json, "not_known",
                    t->not_known ? json_deep_clone(t->not_known)
                    : json_array_create_empty());
    json_object_put(t->json, "history", json_history(idl, t));
}

/* ---- The command. ---- */

static void
tell_nothing(const char *arg, const struct json *answer,
             const struct json *not_known, struct ds *ds)
{
    const struct json *addresses
        = shash_find_data(json_object(answer), "addresses");
    const char *pods = get_string(answer, "wanted_by");

    struct ds text = DS_EMPTY_INITIALIZER;

    if (!json_array(addresses)->n) {
        ds_put_format(&text, "%s has no address, and wants none by name.",
                      arg);
    } else if (pods[0]) {
        ds_put_format(&text, "%s is on no port and not held.  It is wanted "
                      "by %s.", arg, pods);
    } else {
        ds_put_format(&text, "%s is on no port and not held, no pod wants "
                      "it, and it is in no network's subnet.", arg);
    }
    put_not_known(not_known, &text);
    ds_put_format(ds, "%s\n", ds_cstr(&text));
    ds_destroy(&text);
}

/* Prints 'answer', which is explain_to_json()'s. */
static void
tell(struct ipgctl_reader *r, struct json *answer)
{
    struct json *explanations
        = shash_find_data(json_object(answer), "explanations");
    const struct json *not_known
        = shash_find_data(json_object(answer), "not_known");
    struct json_array *array = json_array(explanations);
    bool wants_json = ipgctl_wants_json(ipgctl_get_options());
    struct ds *output = &r->ctx->output;

    for (size_t i = 0; i < array->n; i++) {
        struct told t = {
            .json = array->elems[i],
            .not_known = not_known,
            .address = get_string(array->elems[i], "address"),
        };

        if (!uuid_from_string(&t.network, get_string(t.json,
                                                     "network_uuid"))) {
            t.network = UUID_ZERO;
        }
        if (wants_json) {
            add_own(r->own, &t);
        } else {
            put_text(r->own, &t, output);
        }
    }
    if (wants_json) {
        /* Sorted, for whoever compares two of them. */
        json_to_ds(explanations,
                   ipgctl_get_options()->style.json_flags | JSSF_SORT,
                   output);
        ds_put_char(output, '\n');
    } else if (!array->n) {
        tell_nothing(r->ctx->argv[1], answer, not_known, output);
    }
    r->status = array->n ? 0 : EXIT_NOTHING;
}

/* Is it an answer that tell() can print? */
static bool
is_answer(const struct json *json)
{
    const struct json *addresses, *explanations, *not_known;

    if (json->type != JSON_OBJECT) {
        return false;
    }
    addresses = shash_find_data(json_object(json), "addresses");
    explanations = shash_find_data(json_object(json), "explanations");
    if (!addresses || addresses->type != JSON_ARRAY
        || !explanations || explanations->type != JSON_ARRAY) {
        return false;
    }
    for (size_t i = 0; i < json_array(explanations)->n; i++) {
        if (json_array(explanations)->elems[i]->type != JSON_OBJECT) {
            return false;
        }
    }
    /* Daemons of before did not tell. */
    not_known = shash_find_data(json_object(json), "not_known");
    if (not_known && not_known->type != JSON_ARRAY) {
        return false;
    }
    for (size_t i = 0; not_known && i < json_array(not_known)->n; i++) {
        if (json_array(not_known)->elems[i]->type != JSON_STRING) {
            return false;
        }
    }
    return true;
}

/* A daemon that cannot tell now, or is of another release. */
static void
warn_of_daemon(const char *why)
{
    fprintf(stderr, "%s: the daemon does not tell (%s); the databases are "
            "read instead\n", program_name, why);
}

bool
cmd_why_daemon(struct ipgctl_reader *r)
{
    const char *network = shash_find_data(&r->ctx->options, "--network");
    char *args[] = { r->ctx->argv[1], CONST_CAST(char *, network) };
    struct json *answer;
    char *error, *text;
    bool said;

    text = ctl_daemon_call(ipgctl_get_options()->target, "explain",
                           network ? 2 : 1, args, &error, &said);
    if (error && said && !strstr(error, "is not a valid command")) {
        ctl_error(r->ctx, "why: %s", error);
        free(error);
        return true;
    } else if (!text) {
        if (error) {
            warn_of_daemon(error);
        }
        free(error);
        return false;
    }
    answer = json_from_string(text);
    free(text);
    if (!is_answer(answer)) {
        warn_of_daemon(answer->type == JSON_OBJECT
                       ? get_string(answer, "not_ready")
                       : "its answer is not understood");
        json_destroy(answer);
        return false;
    }
    ipgctl_reader_open_own(r, shash_find_data(json_object(answer),
                                              "addresses"));
    tell(r, answer);
    json_destroy(answer);
    return true;
}

static bool
is_held(const struct uuid *network, const char *address, const void *own_)
{
    struct ovsdb_idl *own = CONST_CAST(struct ovsdb_idl *, own_);

    return find_hold(own, network, address) != NULL;
}

void
cmd_why(struct ipgctl_reader *r)
{
    const char *network = shash_find_data(&r->ctx->options, "--network");
    const struct guard *g = observer_guard(r->observer);
    struct ip_addr_set ips;
    struct guard_env env;
    struct json *answer;
    char *error;

    ip_addr_set_init(&ips);
    ipgctl_reader_sync(r);
    error = network ? guard_check_network(g, network) : NULL;
    if (!error) {
        error = guard_find_asked(g, r->ctx->argv[1], &ips);
    }
    if (error) {
        ctl_error(r->ctx, "why: %s", error);
        free(error);
    } else {
        for (size_t i = 0; i < ips.n; i++) {
            observer_watch_address(r->observer, &ips.addrs[i]);
        }
        ipgctl_reader_sync(r);
        observer_get_env(r->observer, &env);
        answer = explain_to_json(g, &ips, network, is_held, r->own, NULL,
                                 &env);
        tell(r, answer);
        json_destroy(answer);
    }
    ip_addr_set_destroy(&ips);
}
