/* SPDX-License-Identifier: Apache-2.0 */

/* The guard's life, and the order of a turn.
 *
 * The program's invariant, stated here once: a hold is stored before the
 * address is cleared, and forgotten only after its last fact is confirmed.
 * Whatever the order of events, an address is thus either on the port that is
 * to have it, or held, or free and clean. */

#include <config.h>

#include "guard-private.h"

#include "openvswitch/util.h"
#include "util.h"

struct guard *
guard_create(const struct dialect *dialect, const struct settings *settings,
             const char *instance, const struct uuid *seed)
{
    struct guard *g = xzalloc(sizeof *g);

    model_init(&g->model, dialect);
    g->dialect_state = (dialect == &dialect_auto ? DIALECT_UNDECIDED
                        : DIALECT_GIVEN);
    g->settings = *settings;
    g->mode = settings->mode;
    g->instance = xstrdup(instance);
    g->seed = *seed;
    g->role = ROLE_OBSERVER;
    g->portion = GUARD_PORTION_MAX;
    hold_table_init(&g->holds);
    hmap_init(&g->gates);
    hmap_init(&g->candidates);
    hmap_init(&g->clears);
    ovs_list_init(&g->turns);
    ovs_list_init(&g->reads);
    hmap_init(&g->duplicates);
    hmap_init(&g->wants);
    ovs_list_init(&g->wants_ready);
    ovs_list_init(&g->wants_waiting);
    ovs_list_init(&g->post_reads);
    ovs_list_init(&g->dropped_reads);
    ovs_list_init(&g->standby_departures);
    sset_init(&g->cycles);
    hmap_init(&g->ipam_waits);
    g->ipam_young_ms = LLONG_MAX;
    safety_init(&g->safety);
    hmap_init(&g->edits);
    ipguard_row_init(&g->row);
    g->store_identity = xstrdup("");
    sset_init(&g->watch.ports);
    sset_init(&g->watch.addresses);
    sset_init(&g->watch.networks);
    g->watch.seqno = 1;
    ovs_list_init(&g->log);
    guard_events_init(g);
    guard_reserves_init(g);
    ovs_list_init(&g->releases);
    hmap_init(&g->hazards);
    ovs_list_init(&g->asked);
    g->last_bump_ms = g->excluded_ms = LLONG_MIN / 2;
    g->watch_due_ms = g->cycles_ms = LLONG_MIN;
    return g;
}

/* What was noted one by one. */
static void
destroy_records(struct guard *g)
{
    struct log_line *line;
    struct post_read *pr;
    struct gate *gate;

    LIST_FOR_EACH_POP (pr, node, &g->post_reads) {
        guard_post_read_destroy(pr);
    }
    guard_forget_dropped_reads(g);
    HMAP_FOR_EACH_POP (gate, node, &g->gates) {
        gate_destroy(gate);
    }
    LIST_FOR_EACH_POP (line, node, &g->log) {
        free(line->text);
        free(line);
    }
    guard_forget_ended(g);
    for (size_t i = 0; i < g->n_last_actions; i++) {
        free(g->last_actions[i].text);
    }
    for (size_t i = 0; i < g->n_journal; i++) {
        journal_entry_destroy(&g->journal[i]);
    }
    free(g->journal);
    free(g->delete_holds);
    free(g->delete_gates);
}

/* What goes to databases, and what they said. */
static void
destroy_traffic(struct guard *g)
{
    guard_forget_requests(g);
    free(g->delete_requests);
    free(g->db_frozen);
    free(g->db_brake);
    store_batch_destroy(g->sent);
    nb_batch_destroy(g->nb_sent);
    guard_forget_doubt(g);
    free(g->flush);
    free(g->dialect_seen);
    free(g->nb_error);
    free(g->store_error);
    free(g->store_identity);
}

static void
destroy_tables(struct guard *g)
{
    hold_table_destroy(&g->holds);
    hmap_destroy(&g->gates);
    hmap_destroy(&g->candidates);
    hmap_destroy(&g->clears);
    hmap_destroy(&g->duplicates);
    hmap_destroy(&g->wants);
    hmap_destroy(&g->edits);
    sset_destroy(&g->cycles);
    guard_destroy_ipam(g);
    safety_destroy(&g->safety);
    ipguard_row_destroy(&g->row);
    sset_destroy(&g->watch.ports);
    sset_destroy(&g->watch.addresses);
    sset_destroy(&g->watch.networks);
}

void
guard_destroy(struct guard *g)
{
    if (!g) {
        return;
    }
    guard_drop_all_judgements(g);
    guard_clear_plan(g);
    guard_forget_standby_departures(g);
    guard_events_destroy(g);
    guard_reserves_destroy(g);
    guard_releases_destroy(g);
    guard_destroy_hazards(g);
    guard_forget_asked(g);
    destroy_records(g);
    destroy_traffic(g);
    destroy_tables(g);
    model_destroy(&g->model);
    free(g->instance);
    free(g);
}

struct model *
guard_model(struct guard *g)
{
    return &g->model;
}

const struct model *
guard_model_const(const struct guard *g)
{
    return &g->model;
}

const struct settings *
guard_settings(const struct guard *g)
{
    return &g->settings;
}

enum guard_role
guard_get_role(const struct guard *g)
{
    return g->role;
}

bool
guard_is_started(const struct guard *g)
{
    return g->role == ROLE_ACTIVE && g->loaded && g->started;
}

enum guard_mode
guard_effective_mode(const struct guard *g)
{
    return g->mode;
}

const char *
guard_frozen(const struct guard *g)
{
    return g->safety.frozen;
}

const char *
guard_brake(const struct guard *g)
{
    return g->safety.brake;
}

const struct hold_table *
guard_holds(const struct guard *g)
{
    return &g->holds;
}

const struct hmap *
guard_gates(const struct guard *g)
{
    return &g->gates;
}

size_t
guard_n_duplicates(const struct guard *g)
{
    return hmap_count(&g->duplicates);
}

const struct step_times *
guard_step_times(const struct guard *g, enum hold_step_kind step)
{
    return &g->steps[step];
}

const struct guard_counters *
guard_get_counters(const struct guard *g)
{
    return &g->counters;
}

/* ---- Small services. ---- */

void
guard_log(struct guard *g, char level, const char *format, ...)
{
    struct log_line *line = xmalloc(sizeof *line);
    va_list args;

    line->level = level;
    va_start(args, format);
    line->text = xvasprintf(format, args);
    va_end(args);
    ovs_list_push_back(&g->log, &line->node);
}

char *
guard_pop_log(struct guard *g, char *level)
{
    struct log_line *line;
    char *text;

    if (ovs_list_is_empty(&g->log)) {
        return NULL;
    }
    line = CONTAINER_OF(ovs_list_pop_front(&g->log), struct log_line, node);
    *level = line->level;
    text = line->text;
    free(line);
    return text;
}

void
guard_new_uuid(struct guard *g, struct uuid *uuid)
{
    /* The first part is all that the hash of a uuid looks at, here and in
     * servers. */
    *uuid = g->seed;
    uuid->parts[0] += g->n_uuids++;
}

uint64_t
guard_new_token(struct guard *g)
{
    return ++g->next_token;
}

void
guard_wake_at(struct guard *g, long long int when_ms)
{
    g->wake_ms = MIN(g->wake_ms, when_ms);
}

/* ---- The end. ---- */

void
guard_stop(struct guard *g)
{
    g->stopping = true;
    g->own_changes++;
}

char *
guard_stop_remains(const struct guard *g)
{
    size_t n = hmap_count(&g->gates);

    if (g->role != ROLE_ACTIVE) {
        return NULL;            /* Another instance has the say. */
    }
    if (!g->loaded || !g->started) {
        return xstrdup("gates are not known yet");
    }
    n = MAX(n, sset_count(&g->model.marked_ports));
    if (n) {
        return xasprintf("%"PRIuSIZE" port(s) are still kept disabled", n);
    }
    if (!shash_is_empty(&g->reserves) || guard_owns_ip_objects(g)) {
        return xstrdup("IP objects still reserve held addresses");
    }
    if (!ovs_list_is_empty(&g->model.excluding)) {
        return xstrdup("held addresses are still in exclude_ips of a switch");
    }
    if (g->nb_token || g->sent || g->n_delete_gates || g->n_journal) {
        return xstrdup("a transaction is under way");
    }
    return NULL;
}

/* ---- A turn. ---- */

void
guard_kube_write_done(struct guard *g, uint64_t id,
                      enum kube_write_result result,
                      const struct guard_env *env)
{
    if (guard_reserve_done(g, id, result, env)) {
        g->again = true;
    }
}

void
guard_settle_anew(struct guard *g)
{
    struct candidate *c;

    HMAP_FOR_EACH (c, node, &g->candidates) {
        c->since_ms = LLONG_MIN; /* Set at the next judgement. */
    }
    model_mark_all(&g->model);
}

static void
note_trust(struct guard *g)
{
    bool trusted = g->model.kube_synced && g->model.kube_trusted;

    if (trusted != g->kube_was_trusted) {
        g->kube_was_trusted = trusted;
        guard_settle_anew(g);
    }
}

static void
note_nb_copy(struct guard *g, const struct guard_env *env)
{
    if (g->model.nb_synced && !g->nb_was_synced) {
        g->nb_synced_wall_ms = env->wall;
    }
    g->nb_was_synced = g->model.nb_synced;
}

/* Release first knows which revision comes next, because what comes is
 * judged. */
static void
note_certainty(struct guard *g, const struct guard_env *env)
{
    bool next_is_new = (g->settings.release == RELEASE_KUBE_OVN
                        && env->release_certain && g->mode == MODE_GUARD);

    const struct sset none = SSET_INITIALIZER(&none);
    const struct sset *unknown = (next_is_new && env->release_left_out
                                  ? env->release_left_out : &none);

    if (next_is_new != g->model.next_is_new
        || !sset_equals(unknown, &g->model.next_unknown)) {
        g->model.next_is_new = next_is_new;
        sset_destroy(&g->model.next_unknown);
        sset_clone(&g->model.next_unknown, unknown);
        model_mark_all(&g->model);
    }
}

static void
order_nb(struct guard *g, const struct guard_env *env, struct orders *orders)
{
    if (env->nb_busy || g->nb_token) {
        guard_plan_put_backs(g, env, orders);
        return;
    }
    guard_clear_plan(g);
    if (g->in_doubt && !guard_write_refusal(g, env, false)) {
        g->bump_needed = true;
    } else {
        guard_plan_put_backs(g, env, orders);
        guard_plan_clears(g, env);
        guard_plan_sets(g, env);
        guard_plan_gates(g, env);
    }
    guard_build_nb_batch(g, env, orders);
}

static void
order_flush(struct guard *g, const struct guard_env *env,
            struct orders *orders)
{
    if (g->n_flush && !env->sb_busy
        && !guard_write_refusal(g, env, true)) {
        orders->delete_mac_bindings = g->flush;
        orders->n_delete_mac_bindings = g->n_flush;
    } else {
        free(g->flush);
    }
    g->flush = NULL;
    g->n_flush = 0;
}

static void
order_kube_writes(struct guard *g, struct orders *orders)
{
    orders->kube_writes = g->kube_writes;
    orders->n_kube_writes = g->n_kube_writes;
    g->kube_writes = NULL;
    g->n_kube_writes = 0;
}

void
guard_run(struct guard *g, const struct guard_env *env,
          struct orders *orders)
{
    g->wake_ms = LLONG_MAX;
    g->again = false;
    g->bump_needed = false;
    g->paused = env->paused;
    g->portion = env->portion ? env->portion : GUARD_PORTION_MAX;

    guard_update_role(g, env);
    if (g->role == ROLE_ACTIVE && g->loaded_for_active) {
        g->loaded = true;
        g->loaded_for_active = false;
    }
    guard_update_mode(g);
    guard_decide_dialect(g);
    guard_follow_networks(g);
    guard_start_if_ready(g, env);
    guard_settle_found(g);
    guard_run_requests(g, env);
    guard_check_databases(g, env);
    note_trust(g);
    note_certainty(g, env);
    note_nb_copy(g, env);
    guard_take_departures(g, env);
    guard_take_arrivals(g, env);
    guard_judge_dirty(g, env);
    guard_run_ipam(g, env);
    guard_advance_candidates(g, env, orders);
    guard_run_hazards(g, env, orders);
    guard_step_holds(g, env);
    order_nb(g, env, orders);
    guard_build_store_batch(g, env, orders);
    order_flush(g, env, orders);
    guard_run_asked(g, env);
    guard_build_watch(g, env);
    guard_run_reserves(g, env);
    guard_run_releases(g, env);
    guard_run_events(g, env);
    guard_run_nudges(g, env);
    order_kube_writes(g, orders);
    guard_wake_for_holds(g, env);
    orders->next_wake_ms = g->wake_ms;
    orders->again = g->again;
}
