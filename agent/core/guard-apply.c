/* SPDX-License-Identifier: Apache-2.0 */

/* apply: one row of a plan that a person has reviewed (plan.h).  Nothing is
 * written here: the candidates that the row names are approved, and go the way
 * that all candidates go, hold first, live read, brake and all.  Here it is
 * only watched, turn by turn, that the row still is what the plan saw.
 *
 * An instance that does nothing but what it is asked for ("--requests-only")
 * clears approved candidates alone; for any other it makes no difference, but
 * whoever asked is told what came of it. */

#include <config.h>

#include "guard-private.h"

#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "plan.h"
#include "request.h"
#include "util.h"
#include "uuid.h"

/* So long a clear may take from when it was asked for; the command waits
 * for somewhat longer. */
#define APPLY_MAX_MS 110000

struct apply {
    struct plan_row row;
    struct ip_addr_set left;    /* Of the addresses, those still there. */
};

static const char *
get_arg(const struct request *r, const char *key)
{
    return smap_get_def(&r->args, key, "");
}

static void
apply_destroy(struct apply *a)
{
    plan_row_destroy(&a->row);
    ip_addr_set_destroy(&a->left);
}

/* Fills '*a', which the caller destroys in either case, from the request. */
static char *
parse(const struct request *r, struct apply *a)
{
    struct plan_row *row = &a->row;
    struct svec lines;
    char *error = NULL;

    memset(a, 0, sizeof *a);
    ip_addr_set_init(&a->left);
    row->port = xstrdup(get_arg(r, "port"));
    row->network = xstrdup(get_arg(r, "network"));
    request_get_lines(r, "saw_addresses", &row->saw_addresses);
    request_get_lines(r, "write_addresses", &row->write_addresses);
    request_get_lines(r, "saw_port_security", &row->saw_port_security);
    request_get_lines(r, "write_port_security", &row->write_port_security);
    if (!uuid_from_string(&row->uuid, get_arg(r, "port_uuid"))) {
        return xasprintf("'%s' is not a port's UUID",
                         get_arg(r, "port_uuid"));
    }
    request_get_lines(r, "clear", &lines);
    row->clears = xcalloc(MAX(lines.n, 1), sizeof *row->clears);
    for (size_t i = 0; i < lines.n && !error; i++) {
        if (ip_addr_parse(lines.names[i], &row->clears[i].addr)) {
            row->n_clears++;
        } else {
            error = xasprintf("'%s' is not an IPv4 or IPv6 address",
                              lines.names[i]);
        }
    }
    if (!error && !lines.n) {
        error = xstrdup("it names no address");
    }
    svec_destroy(&lines);
    return error;
}

/* ---- Is the row what the plan saw? ---- */

static char *
tell_difference(const struct port *p, const char *column,
                const struct svec *now, const struct svec *saw)
{
    char *now_s = svec_join(now, "\", \"", "");
    char *saw_s = svec_join(saw, "\", \"", "");
    char *text = xasprintf("port %s is not what the plan saw: its %s are now "
                           "\"%s\", and were \"%s\"; make a new plan",
                           p->name, column, now_s, saw_s);

    free(now_s);
    free(saw_s);
    return text;
}

/* Compares 'p' with the plan, of which the addresses that are not in 'a->left'
 * are done; and what this instance would write with what the plan says. */
static char *
compare(const struct port *p, const struct apply *a)
{
    const struct plan_row *row = &a->row;
    struct svec addresses, ps;
    char *error = NULL;

    svec_clone(&addresses, &row->saw_addresses);
    svec_clone(&ps, &row->saw_port_security);
    for (int turn = 0; turn < 2 && !error; turn++) {
        for (size_t i = 0; i < row->n_clears; i++) {
            const struct ip_addr *ip = &row->clears[i].addr;

            if (ip_addr_set_contains(&a->left, ip) == (turn == 1)) {
                plan_edit(p, ip, &addresses, &ps, NULL);
            }
        }
        if (turn) {
            break;
        } else if (!guard_same_strings(&addresses, &p->addresses)) {
            error = tell_difference(p, "addresses", &p->addresses,
                                    &row->saw_addresses);
        } else if (!guard_same_strings(&ps, &p->port_security)) {
            error = tell_difference(p, "port_security", &p->port_security,
                                    &row->saw_port_security);
        }
    }
    if (!error && (!guard_same_strings(&addresses, &row->write_addresses)
                   || !guard_same_strings(&ps, &row->write_port_security))) {
        char *s = svec_join(&addresses, "\", \"", "");

        error = xasprintf("the plan would not write what this instance "
                          "writes to port %s, addresses \"%s\"; make a new "
                          "plan", p->name, s);
        free(s);
    }
    svec_destroy(&addresses);
    svec_destroy(&ps);
    return error;
}

/* ---- May it be done? ---- */

/* What is not there yet, but will be; or NULL. */
static const char *
not_yet(const struct guard *g)
{
    return (!g->model.sb_synced
            ? "the Southbound database is not read completely yet"
            : !g->model.kube_synced
            ? "pods and owners are not read completely yet"
            : model_has_dirty(&g->model) ? "not everything is judged yet"
            : NULL);
}

/* In mode manage a clear and the set that follows are one transaction, and
 * port_security goes with them: what would be written is not what was
 * reviewed. */
static char *
refuse_mode(const struct guard *g)
{
    const char *remedy = "";

    if (g->mode == MODE_GUARD) {
        return NULL;
    } else if (g->mode == MODE_MANAGE) {
        remedy = ", in which addresses are set as well and other columns "
                 "would be written than the plan says: it does by itself what "
                 "\"ovn-appctl -t ovn-ipguard plan/show\" lists; to have the "
                 "plan done, lower the mode with \"ovn-ipguardctl --wait=done "
                 "set-mode guard\" before, and raise it with \"set-mode "
                 "default\" afterwards";
    } else if (g->settings.mode == MODE_GUARD) {
        remedy = " (\"ovn-ipguardctl set-mode default\" ends that)";
    } else if (g->settings.mode == MODE_MANAGE) {
        remedy = " (\"ovn-ipguardctl set-mode guard\" raises it)";
    }
    return xasprintf("the plan is for mode "PLAN_MODE", and the mode is %s%s",
                     guard_mode_to_string(g->mode), remedy);
}

static char *
refuse_verdict(const struct guard *g, const struct port *p,
               const struct ip_addr *ip, const struct guard_env *env)
{
    struct verdict v;
    char s[IP_ADDR_STRLEN];
    char *text;

    judge_address(&g->model, &g->settings, g->mode, &g->holds, p, ip,
                  env->now, &v);
    text = xasprintf("%s is not to be cleared from port %s any more: case %s, "
                     "%s", ip_addr_to_string(ip, s), p->name, v.case_, v.why);
    verdict_destroy(&v);
    return text;
}

/* The same for all addresses that are left.  '*wait' (constant) is what is
 * waited for if there is no error. */
static char *
approve(struct guard *g, const struct port *p, const struct apply *a,
        const struct guard_env *env, const char **wait)
{
    for (size_t i = 0; i < a->left.n; i++) {
        const struct ip_addr *ip = &a->left.addrs[i];
        struct candidate *c = guard_find_candidate(g, &p->uuid, ip);

        if (!c || (c->kind != VERDICT_CLEAR && c->kind != VERDICT_WAIT)) {
            return refuse_verdict(g, p, ip, env);
        }
        if (!c->approved) {
            c->approved = true;
            c->refused = NULL;
            guard_wake_at(g, env->now);
        }
        *wait = (c->refused ? c->refused
                 : c->kind == VERDICT_WAIT ? c->why
                 : c->state == CAND_WATCH ? "its time has not come"
                 : "it is under way");
    }
    return NULL;
}

static void
disapprove(struct guard *g, const struct apply *a)
{
    for (size_t i = 0; i < a->row.n_clears; i++) {
        struct candidate *c = guard_find_candidate(g, &a->row.uuid,
                                                   &a->row.clears[i].addr);

        if (c && c->approved) {
            c->approved = false;
            if (g->requests_only) {
                guard_abort_clear(g, c);
            }
        }
    }
}

static bool
is_looked_back_at(const struct guard *g, const struct uuid *port)
{
    const struct post_read *pr;

    LIST_FOR_EACH (pr, node, &g->post_reads) {
        if (uuid_equals(&pr->port, port)) {
            return true;
        }
    }
    return false;
}

/* Fills 'a->left', and finds the port. */
static char *
find_port(const struct guard *g, struct apply *a, const struct port **pp)
{
    const struct port *p = model_find_port(&g->model, &a->row.uuid);

    *pp = p;
    if (!p || !p->network) {
        return xasprintf("port %s is gone", a->row.port);
    } else if (strcmp(p->network->name, a->row.network)) {
        return xasprintf("port %s is on network %s, and was on %s", p->name,
                         p->network->name, a->row.network);
    } else if (p->kind != PORT_OWNED || !p->member) {
        return xasprintf("port %s is not proven to be a pod's", p->name);
    }
    for (size_t i = 0; i < a->row.n_clears; i++) {
        if (ip_addr_set_contains(&p->static_ips, &a->row.clears[i].addr)) {
            ip_addr_set_add(&a->left, &a->row.clears[i].addr);
        }
    }
    return NULL;
}

static char *
format_addresses(const struct plan_row *row)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    char ip[IP_ADDR_STRLEN];

    for (size_t i = 0; i < row->n_clears; i++) {
        ds_put_format(&ds, "%s%s", i ? ", " : "",
                      ip_addr_to_string(&row->clears[i].addr, ip));
    }
    return ds_steal_cstr(&ds);
}

/* Goes on with the row.  With neither an error nor '*said' it is under way. */
static char *
go_on(struct guard *g, struct request *r, struct apply *a,
      const struct guard_env *env, char **said)
{
    long long int left_ms = r->made_wall_ms + APPLY_MAX_MS - env->wall;
    const char *wait = not_yet(g);
    const struct port *p;
    const char *refusal;
    char *ips, *error;

    error = refuse_mode(g);
    if (!error && !wait) {
        error = find_port(g, a, &p);
        if (!error) {
            error = compare(p, a);
        }
        refusal = guard_write_refusal(g, env, true);
        if (!error && a->left.n && refusal) {
            error = xasprintf("nothing can be written now: %s", refusal);
        }
        if (!error && a->left.n) {
            error = approve(g, p, a, env, &wait);
        } else if (!error && is_looked_back_at(g, &p->uuid)) {
            wait = "its owner is being looked at once more";
        } else if (!error) {
            ips = format_addresses(&a->row);
            *said = xasprintf(r->started
                              ? "%s: %s cleared, and held until clean"
                              : "%s: %s had been cleared already",
                              p->name, ips);
            free(ips);
        }
        r->started |= a->left.n > 0;
    }
    if (!error && wait && left_ms <= 0) {
        error = xasprintf("not in time: %s", wait);
    } else if (wait) {
        guard_wake_at(g, env->now + MAX(left_ms, 0));
    }
    return error;
}

void
guard_withdraw_apply(struct guard *g, const struct request *r)
{
    struct apply a;
    char *error;

    if (strcmp(r->command, "apply")) {
        return;
    }
    error = parse(r, &a);
    if (!error) {
        disapprove(g, &a);
    }
    free(error);
    apply_destroy(&a);
}

char *
guard_apply(struct guard *g, struct request *r, const struct guard_env *env,
            char **said)
{
    struct apply a;
    char *error = parse(r, &a);

    if (!error) {
        error = go_on(g, r, &a, env, said);
    }
    if (error) {
        disapprove(g, &a);
    }
    apply_destroy(&a);
    return error;
}
