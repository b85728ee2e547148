/* SPDX-License-Identifier: Apache-2.0 */

/* Requests of operators: each is judged with what the guard knows, done or
 * refused, and answered in words.  The answer is stored together with what was
 * done, so a request is neither done twice nor answered in vain. */

#include <config.h>

#include "guard-private.h"

#include "explain.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "request.h"
#include "util.h"
#include "uuid.h"

/* What was asked so long ago, of no instance that could answer, is not done:
 * whoever asked has gone another way since. */
#define REQUEST_MAX_AGE_MS 600000

/* Answers that nobody fetched are deleted after this time. */
#define ANSWER_MAX_AGE_MS 600000

/* Each returns NULL and an answer in '*said', or why it was refused, or NULL
 * without an answer if it is to be asked again in the next turn. */
typedef char *request_func(struct guard *, struct request *,
                           const struct guard_env *, char **said);

/* ---- The book of requests. ---- */

static bool
is_being_answered(const struct guard *g, const struct uuid *uuid)
{
    for (size_t i = 0; i < g->n_answers; i++) {
        if (uuid_equals(&g->answers[i].uuid, uuid)) {
            return true;
        }
    }
    for (size_t i = 0; g->sent && i < g->sent->n_answers; i++) {
        if (uuid_equals(&g->sent->answers[i].uuid, uuid)) {
            return true;
        }
    }
    return false;
}

static bool
was_started(struct request *const *requests, size_t n,
            const struct uuid *uuid)
{
    for (size_t i = 0; i < n; i++) {
        if (uuid_equals(&requests[i]->uuid, uuid)) {
            return requests[i]->started;
        }
    }
    return false;
}

static bool
is_pending(const struct guard *g, const struct uuid *uuid)
{
    for (size_t i = 0; i < g->n_requests; i++) {
        if (uuid_equals(&g->requests[i]->uuid, uuid)) {
            return true;
        }
    }
    return false;
}

static void
forget_pending(struct guard *g)
{
    for (size_t i = 0; i < g->n_requests; i++) {
        request_destroy(g->requests[i]);
    }
    free(g->requests);
    g->requests = NULL;
    g->n_requests = 0;
}

void
guard_forget_requests(struct guard *g)
{
    forget_pending(g);
    for (size_t i = 0; i < g->n_answers; i++) {
        request_answer_destroy(&g->answers[i]);
    }
    free(g->answers);
    g->answers = NULL;
    g->n_answers = 0;
    g->n_delete_requests = 0;
}

void
guard_load_requests(struct guard *g, const struct store_snapshot *snap,
                    const struct guard_env *env)
{
    struct request **old = g->requests;
    size_t n_old = g->n_requests;

    g->requests = NULL;
    g->n_requests = 0;
    g->n_delete_requests = 0;
    for (size_t i = 0; i < snap->n_requests; i++) {
        const struct request *r = snap->requests[i];

        if (r->answered) {
            if (env->wall - r->answered_wall_ms > ANSWER_MAX_AGE_MS) {
                g->delete_requests = xrealloc(
                    g->delete_requests, (g->n_delete_requests + 1)
                                        * sizeof *g->delete_requests);
                g->delete_requests[g->n_delete_requests++] = r->uuid;
            }
        } else if (!is_being_answered(g, &r->uuid)) {
            g->requests = xrealloc(g->requests, (g->n_requests + 1)
                                                * sizeof *g->requests);
            g->requests[g->n_requests] = request_clone(r);
            g->requests[g->n_requests++]->started
                = was_started(old, n_old, &r->uuid);
        }
    }
    for (size_t i = 0; i < n_old; i++) {
        if (!is_pending(g, &old[i]->uuid)
            && !is_being_answered(g, &old[i]->uuid)) {
            guard_withdraw_apply(g, old[i]);
        }
        request_destroy(old[i]);
    }
    free(old);
}

/* ---- Arguments. ---- */

static const char *
get_arg(const struct request *r, const char *key)
{
    return smap_get_def(&r->args, key, "");
}

static bool
has_flag(const struct request *r, const char *key)
{
    return !strcmp(get_arg(r, key), "true");
}

/* Parses the optional argument "seconds"; '*seconds' is 0 without. */
static char *
parse_seconds(const struct request *r, long long int *seconds)
{
    const char *arg = smap_get(&r->args, "seconds");

    *seconds = 0;
    if (arg && (!str_to_llong(arg, 10, seconds) || *seconds < 1
                || *seconds > REQUEST_MAX_SECONDS)) {
        return xasprintf("'%s' is not a number of seconds from 1 to %d", arg,
                         REQUEST_MAX_SECONDS);
    }
    return NULL;
}

/* Finds the switch of this name or UUID. */
static char *
parse_network(const struct guard *g, const char *arg,
              const struct network **np)
{
    struct uuid uuid;
    size_t n = 0;

    *np = NULL;
    if (uuid_from_string(&uuid, arg)) {
        *np = model_find_network(&g->model, &uuid);
    }
    if (!*np) {
        *np = model_find_network_by_name(&g->model, arg, &n);
    }
    if (n > 1) {
        *np = NULL;
        return xasprintf("%"PRIuSIZE" switches are called %s; give the "
                         "UUID", n, arg);
    }
    return *np ? NULL : guard_check_network(g, arg);
}

/* ---- hold-add. ---- */

/* A reservation is for an address that nobody has: a port that lists it would
 * keep it, running or not, and one that runs cannot be held back. */
static char *
refuse_use(const struct guard *g, const struct network *n,
           const struct ip_addr *ip)
{
    const struct addr_use *use = model_find_addr(&g->model, n, ip);
    const char *lrp = evidence_router_with(&g->model, n, ip);
    char s[IP_ADDR_STRLEN];

    ip_addr_to_string(ip, s);
    if (lrp) {
        return xasprintf("%s is the address of router port %s", s, lrp);
    }
    for (size_t i = 0; use && i < use->n; i++) {
        const struct port *p = use->ports[i];

        if (!evidence_is_gated(p)) {
            return xasprintf(
                "%s is in use: port %s has it; reserve it when the port has "
                "let go of it", s, p->name);
        }
    }
    return NULL;
}

static struct hold *
create_reservation(struct guard *g, const struct network *n,
                   const struct ip_addr *ip, const struct guard_env *env)
{
    struct hold *h;
    struct uuid uuid;

    guard_new_uuid(g, &uuid);
    h = hold_create(&uuid, &n->uuid, n->name, ip);
    h->state = HOLD_DRAINING;
    h->state_since_ms = env->now;
    h->created_wall_ms = env->wall;
    h->gone_wall_ms = env->wall;
    h->gone_ms = env->now;
    free(h->boot_id);
    h->boot_id = xstrdup(env->boot_id);
    h->fixed = true;
    free(h->reason_case);
    h->reason_case = xstrdup("manual");
    hold_table_insert(&g->holds, h);
    g->counters.holds_created++;
    return h;
}

static char *
do_hold_add(struct guard *g, struct request *r,
            const struct guard_env *env, char **said)
{
    const char *reason = get_arg(r, "reason");
    const struct network *n;
    long long int seconds;
    struct ip_addr ip;
    struct hold *h;
    char s[IP_ADDR_STRLEN];
    char *error;
    bool existed;

    error = parse_network(g, get_arg(r, "network"), &n);
    if (!error && !ip_addr_parse(get_arg(r, "address"), &ip)) {
        error = xasprintf("'%s' is not an IPv4 or IPv6 address",
                          get_arg(r, "address"));
    }
    if (!error) {
        error = parse_seconds(r, &seconds);
    }
    if (error) {
        return error;
    }

    h = hold_table_find(&g->holds, &n->uuid, &ip);
    existed = h != NULL;
    if (!h) {
        error = refuse_use(g, n, &ip);
        if (error) {
            return error;
        }
        if (hold_table_count(&g->holds) >= (size_t) g->settings.max_holds) {
            return xasprintf("as many holds as allowed exist (max-holds)");
        }
        h = create_reservation(g, n, &ip, env);
        free(h->reason);
        h->reason = xasprintf("reserved by %s%s%s", r->by,
                              reason[0] ? ": " : "", reason);
    }
    h->until_wall_ms = (seconds ? env->wall + seconds * 1000
                        : HOLD_UNTIL_RELEASED);
    h->changed = true;
    g->own_changes++;

    struct journal_entry *j = guard_journal(g, env, "hold", "manual",
                                            h->reason);
    guard_journal_hold(j, h);
    ip_addr_to_string(&ip, s);
    guard_note_action(g, env, "reserved %s on %s", s, n->name);
    *said = xasprintf("%s on %s is %s", s, n->name,
                      existed ? "held already, and now reserved as well"
                      : "reserved");
    return NULL;
}

/* ---- hold-release. ---- */

/* What the hold waits for other than the end of its reservation, or NULL. */
static char *
format_blockers(const struct hold *h)
{
    const char **names = sset_sort(&h->blockers);
    struct ds ds = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; names[i]; i++) {
        if (strcmp(names[i], EVIDENCE_RESERVED)) {
            ds_put_format(&ds, "%s%s", ds.length ? "; " : "", names[i]);
        }
    }
    free(names);
    return ds.length ? ds_steal_cstr(&ds) : NULL;
}

static char *
do_hold_release(struct guard *g, struct request *r,
                const struct guard_env *env, char **said)
{
    const char *network = get_arg(r, "network");
    const char *address = get_arg(r, "address");
    struct hold *h;
    char *blockers;
    char *error;

    if (has_flag(r, "force")) {
        error = guard_hold_release(g, network, address, env);
        *said = error ? NULL : xasprintf("%s on %s is released", address,
                                         network);
        return error;
    }
    error = guard_find_hold(g, network, address, &h);
    if (error) {
        return error;
    }
    blockers = format_blockers(h);
    if (blockers) {
        error = xasprintf("it is not clean: %s; --force releases it all the "
                          "same", blockers);
        free(blockers);
        return error;
    }
    if (h->until_wall_ms) {
        h->until_wall_ms = 0;
        h->changed = true;
        g->own_changes++;
    }
    *said = xasprintf("%s on %s is released", address, network);
    return NULL;
}

/* ---- Gates. ---- */

static char *
find_gate(const struct guard *g, const char *port, struct gate **gatep)
{
    struct gate *gate;

    HMAP_FOR_EACH (gate, node, &g->gates) {
        if (!strcmp(gate->port_name, port)) {
            *gatep = gate;
            return NULL;
        }
    }
    return xasprintf(model_find_port_by_name(&g->model, port)
                     ? "port %s is not gated; \"gate-list\" shows those that "
                       "are"
                     : "there is no port named %s; \"gate-list\" shows those "
                       "that are gated", port);
}

static char *
do_gate_open(struct guard *g, struct request *r,
             const struct guard_env *env OVS_UNUSED, char **said)
{
    struct gate *gate;
    char *error = find_gate(g, get_arg(r, "port"), &gate);
    char *use;

    if (error) {
        return error;
    }
    use = has_flag(r, "force") ? NULL : guard_gate_in_use(g, gate);
    if (use) {
        error = xasprintf("%s; two would have the address; --force opens the "
                          "gate all the same", use);
        free(use);
        return error;
    }
    gate->by_hand = true;
    g->own_changes++;
    *said = xasprintf("the gate of %s is opened", gate->port_name);
    return NULL;
}

static char *
do_gate_keep(struct guard *g, struct request *r,
             const struct guard_env *env, char **said)
{
    struct gate *gate;
    long long int seconds;
    char *error = find_gate(g, get_arg(r, "port"), &gate);

    if (!error) {
        error = parse_seconds(r, &seconds);
    }
    if (error) {
        return error;
    }
    if (!seconds) {
        seconds = g->settings.gate_max_ms / 1000;
    }
    gate->keep_until_wall_ms = env->wall + seconds * 1000;
    gate->changed = true;
    g->own_changes++;
    *said = xasprintf("the gate of %s stays shut for another %lld s at most, "
                      "or until %s is clean", gate->port_name, seconds,
                      "the address");
    return NULL;
}

/* ---- Answering. ---- */

static request_func *
find_command(const char *name)
{
    static const struct {
        const char *name;
        request_func *func;
    } commands[] = {
        {"hold-add", do_hold_add},
        {"hold-release", do_hold_release},
        {"gate-open", do_gate_open},
        {"gate-keep", do_gate_keep},
        {"undo", guard_undo},
        {"apply", guard_apply},
    };

    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        if (!strcmp(commands[i].name, name)) {
            return commands[i].func;
        }
    }
    return NULL;
}

/* Takes 'text'. */
static void
answer(struct guard *g, const struct request *r, bool refused, char *text,
       const struct guard_env *env)
{
    struct request_answer *a;

    if (refused) {
        guard_count_refused_request(g, r->command);
    }
    guard_log(g, 'i', "request of %s: %s: %s%s", r->by, r->command,
              refused ? "refused: " : "", text);
    g->answers = xrealloc(g->answers,
                          (g->n_answers + 1) * sizeof *g->answers);
    a = &g->answers[g->n_answers++];
    a->uuid = r->uuid;
    a->refused = refused;
    a->text = text;
    a->wall_ms = env->wall;
}

/* Returns true if it was answered. */
static bool
run_request(struct guard *g, struct request *r, const struct guard_env *env)
{
    request_func *func = find_command(r->command);
    long long int age_ms = env->wall - r->made_wall_ms;
    char *error, *said = NULL;

    if (age_ms > REQUEST_MAX_AGE_MS && !r->started) {
        error = xasprintf("it was made %lld s ago, which is too long; please "
                          "ask again", age_ms / 1000);
    } else if (!func) {
        error = xasprintf("this version knows no such request");
    } else {
        error = func(g, r, env, &said);
    }
    if (!error && !said) {
        return false;
    }
    answer(g, r, error != NULL, error ? error : said, env);
    return true;
}

void
guard_run_requests(struct guard *g, const struct guard_env *env)
{
    if (!g->n_requests || guard_book_refusal(g, env) || !g->started
        || !g->model.nb_synced) {
        return;
    }
    size_t n = 0;

    for (size_t i = 0; i < g->n_requests; i++) {
        struct request *r = g->requests[i];

        if (run_request(g, r, env)) {
            request_destroy(r);
            g->again = true;
        } else {
            g->requests[n++] = r;
        }
    }
    g->n_requests = n;
}
