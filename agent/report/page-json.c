/* SPDX-License-Identifier: Apache-2.0 */

/* What the page shows, as JSON.  Its keys are in ovn-ipguard(8).
 *
 * Whatever comes from outside is a string in it, and cut where it is long: how
 * large the text may become is known, whatever is in the databases. */

#include <config.h>

#include "report.h"

#include <string.h>

#include "openvswitch/hmap.h"
#include "openvswitch/json.h"
#include "util.h"

#include "agent/core/guard.h"
#include "agent/core/hold.h"
#include "agent/core/model.h"
#include "agent/core/overview.h"
#include "agent/core/settings.h"

/* Longer strings are cut.  Names of Kubernetes have 253 characters. */
#define MAX_STRING 512

static struct json *
cut_string(const char *s)
{
    size_t n = strlen(s);
    char *cut;
    struct json *json;

    if (n <= MAX_STRING) {
        return json_string_create(s);
    }
    for (n = MAX_STRING; n && (s[n] & 0xc0) == 0x80; n--) {
        continue;               /* Not in the middle of a character. */
    }
    cut = xasprintf("%.*s...", (int) n, s);
    json = json_string_create(cut);
    free(cut);
    return json;
}

static void
put_string(struct json *object, const char *name, const char *value)
{
    json_object_put(object, name,
                    value ? cut_string(value) : json_null_create());
}

static void
put_integer(struct json *object, const char *name, long long int value)
{
    json_object_put(object, name, json_integer_create(value));
}

static void
put_boolean(struct json *object, const char *name, bool value)
{
    json_object_put(object, name, json_boolean_create(value));
}

static void
put_names(struct json *object, const char *name, const struct svec *names)
{
    struct json *array = json_array_create_empty();

    for (size_t i = 0; i < names->n; i++) {
        json_array_add(array, cut_string(names->names[i]));
    }
    json_object_put(object, name, array);
}

static void
append(struct json *json, struct ds *ds)
{
    json_to_ds(json, JSSF_SORT, ds);
    json_destroy(json);
}

/* ---- Sources. ---- */

/* The time 'ms' of the monotonic clock as one since the epoch; 0 if 0. */
static long long int
to_wall(const struct report *r, long long int ms)
{
    return ms ? r->env->wall - (r->env->now - ms) : 0;
}

static struct json *
db_to_json(const struct report *r, const struct report_db *db)
{
    struct json *json = json_object_create();

    put_string(json, "name", db->label);
    put_boolean(json, "good", db->synced && !db->error);
    put_string(json, "state", db->error ? db->error
               : db->synced ? "in step"
               : db->connected ? "not read completely yet"
               : "not connected");
    put_string(json, "lock", db->has_lock ? "held"
               : db->lock_contended ? "held by another instance"
               : db->lock_wanted ? "asked for"
               : "");
    put_integer(json, "changed_ms", to_wall(r, db->last_change_ms));
    return json;
}

static struct json *
pods_to_json(const struct report *r, const char *name, bool synced,
             bool trusted, size_t n_pods, size_t n_workloads,
             long long int last_change_ms)
{
    struct json *json = json_object_create();

    put_string(json, "name", name);
    put_boolean(json, "good", synced && trusted);
    put_string(json, "state", !synced ? "not read completely yet"
               : !trusted ? "has a problem: nothing is cleared"
               : "in step");
    put_string(json, "lock", "");
    put_integer(json, "changed_ms", to_wall(r, last_change_ms));
    put_integer(json, "pods", n_pods);
    put_integer(json, "owners", n_workloads);
    return json;
}

static struct json *
sources_to_json(const struct report *r)
{
    struct json *array = json_array_create_empty();

    for (size_t i = 0; i < REPORT_N_DBS; i++) {
        if (r->dbs[i].remote) {
            json_array_add(array, db_to_json(r, &r->dbs[i]));
        }
    }
    if (r->pods.n_paths) {
        json_array_add(array, pods_to_json(
            r, "manifests", r->pods.synced, r->pods.trusted, r->pods.n_pods,
            r->pods.n_workloads, r->pods.last_change_ms));
    }
    if (r->api.used) {
        json_array_add(array, pods_to_json(
            r, "api", r->api.synced, r->api.trusted, r->api.n_pods,
            r->api.n_workloads, r->api.last_change_ms));
    }
    return array;
}

/* ---- Holds and lines. ---- */

static struct json *
course_to_json(const struct hold_course *c)
{
    struct json *json = json_object_create();

    put_string(json, "network", c->network);
    put_string(json, "address", c->address);
    put_string(json, "state", c->state);
    put_string(json, "case", c->case_);
    put_string(json, "reason", c->reason);
    put_string(json, "owner", c->owner);
    put_string(json, "former", c->former);
    put_string(json, "taker", c->taker);
    put_boolean(json, "taker_gated", c->taker_gated);
    put_boolean(json, "would_be", c->would_be);
    put_integer(json, "created_ms", c->created_ms);
    put_integer(json, "gone_ms", c->gone_ms);
    put_integer(json, "southbound_ms", c->southbound_ms);
    put_integer(json, "clean_ms", c->clean_ms);
    put_integer(json, "ended_ms", c->ended_ms);
    put_names(json, "blockers", &c->blockers);
    put_integer(json, "n_blockers", c->n_blockers);
    put_names(json, "waiters", &c->waiters);
    put_integer(json, "n_waiters", c->n_waiters);
    return json;
}

static struct json *
courses_to_json(const struct hold_course *courses, size_t n)
{
    struct json *array = json_array_create_empty();

    for (size_t i = 0; i < n; i++) {
        json_array_add(array, course_to_json(&courses[i]));
    }
    return array;
}

static struct json *
lines_to_json(const struct overview_lines *lines)
{
    struct json *array = json_array_create_empty();

    for (size_t i = 0; i < lines->n; i++) {
        const struct overview_line *line = &lines->lines[i];
        struct json *json = json_object_create();

        put_string(json, "what", line->what);
        put_string(json, "network", line->network);
        put_string(json, "text", line->text);
        put_integer(json, "since_ms", line->since_ms);
        json_array_add(array, json);
    }
    return array;
}

static struct json *
counts_to_json(const struct report *r, const struct overview *o)
{
    const struct model *m = guard_model_const(r->guard);
    struct json *json = json_object_create();

    put_integer(json, "networks", hmap_count(&m->networks));
    put_integer(json, "ports", hmap_count(&m->ports));
    put_integer(json, "pod_ports", m->n_owned_ports);
    put_integer(json, "pods", m->n_pods);
    put_integer(json, "holds", o->n_all_holds);
    put_integer(json, "blocked", o->n_by_state[HOLD_BLOCKED]);
    put_integer(json, "waiters", o->waiters.n_all);
    put_integer(json, "gates", o->gates.n_all);
    put_integer(json, "duplicates", o->duplicates.n_all);
    put_integer(json, "stale", o->counts.n_stale);
    put_integer(json, "unsure", o->counts.n_unsure);
    put_integer(json, "moving", o->counts.n_moving);
    put_integer(json, "reported", o->counts.n_reported);
    return json;
}

static const char *
role_to_string(enum guard_role role)
{
    switch (role) {
    case ROLE_OBSERVER: return "observer";
    case ROLE_STANDBY: return "standby";
    case ROLE_ACTIVE: return "active";
    }
    OVS_NOT_REACHED();
}

void
report_format_page(const struct report *r, struct ds *ds)
{
    struct json *json = json_object_create();
    struct overview o;

    guard_overview(r->guard, r->env, &o);
    put_string(json, "version", r->version);
    put_string(json, "instance", r->instance);
    put_string(json, "dialect", r->dialect ? r->dialect : "");
    put_string(json, "mode",
               guard_mode_to_string(guard_effective_mode(r->guard)));
    put_string(json, "role", role_to_string(guard_get_role(r->guard)));
    put_boolean(json, "paused", r->env->paused);
    put_string(json, "frozen", guard_frozen(r->guard));
    put_string(json, "brake", guard_brake(r->guard));
    put_integer(json, "started_ms", r->env->wall - r->uptime_ms);
    json_object_put(json, "sources", sources_to_json(r));
    json_object_put(json, "counts", counts_to_json(r, &o));
    json_object_put(json, "holds", courses_to_json(o.holds, o.n_holds));
    json_object_put(json, "ended", courses_to_json(o.ended, o.n_ended));
    json_object_put(json, "waiters", lines_to_json(&o.waiters));
    json_object_put(json, "gates", lines_to_json(&o.gates));
    json_object_put(json, "duplicates", lines_to_json(&o.duplicates));
    json_object_put(json, "actions", lines_to_json(&o.actions));
    overview_destroy(&o);
    append(json, ds);
}

/* ---- Search. ---- */

static struct json *
port_to_json(const struct explained_port *p)
{
    struct json *json = json_object_create();

    put_string(json, "name", p->name);
    put_string(json, "kind", p->kind);
    put_string(json, "owner", p->owner);
    put_string(json, "binding", p->binding);
    put_string(json, "chassis", p->chassis);
    put_boolean(json, "gated", p->gated);
    put_boolean(json, "disabled", p->disabled);
    put_boolean(json, "wanted", p->wanted);
    put_string(json, "entitlement", p->entitlement);
    put_string(json, "verdict", p->verdict);
    put_string(json, "case", p->case_);
    put_string(json, "reason", p->reason);
    return json;
}

/* A network with a broken controller may have an address on thousands of
 * ports. */
#define MAX_PORTS 20

static struct json *
address_to_json(const struct found_address *a)
{
    const struct explanation *x = &a->x;
    struct json *ports = json_array_create_empty();
    struct json *json = json_object_create();

    for (size_t i = 0; i < MIN(x->n_ports, MAX_PORTS); i++) {
        json_array_add(ports, port_to_json(&x->ports[i]));
    }
    put_string(json, "address", x->address);
    put_string(json, "network", x->network);
    put_string(json, "state", x->n_ports > 1 ? "duplicate"
               : x->n_ports ? "in use"
               : a->held ? "held"
               : x->router_port ? "the router's"
               : "free");
    put_string(json, "router_port", x->router_port);
    put_string(json, "next", x->next);
    json_object_put(json, "ports", ports);
    put_integer(json, "n_ports", x->n_ports);
    json_object_put(json, "hold", a->held ? course_to_json(&a->hold)
                                          : json_null_create());
    return json;
}

void
report_format_found(const struct found *f, struct ds *ds)
{
    struct json *addresses = json_array_create_empty();
    struct json *json = json_object_create();

    for (size_t i = 0; i < f->n_addresses; i++) {
        json_array_add(addresses, address_to_json(&f->addresses[i]));
    }
    put_names(json, "ports", &f->ports);
    json_object_put(json, "addresses", addresses);
    put_names(json, "notes", &f->notes);
    put_boolean(json, "more", f->more);
    put_integer(json, "next", f->next);
    append(json, ds);
}
