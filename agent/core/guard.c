/* SPDX-License-Identifier: Apache-2.0 */

/* The guard's life, its role, and the order of a turn.
 *
 * The program's invariant, stated here once: a hold is stored before the
 * address is cleared, and forgotten only after its last fact is confirmed.
 * Whatever the order of events, an address is thus either on the port that is
 * to have it, or held, or free and clean. */

#include <config.h>

#include "guard-private.h"

#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "plant.h"
#include "util.h"
#include "uuid.h"

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

void
guard_destroy(struct guard *g)
{
    struct log_line *line;
    struct post_read *pr;
    struct gate *gate;

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
    LIST_FOR_EACH_POP (pr, node, &g->post_reads) {
        guard_post_read_destroy(pr);
    }
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

const struct sb_watch *
guard_sb_watch(const struct guard *g)
{
    return &g->watch;
}

bool
guard_watch_is_current(const struct guard *g)
{
    return g->watch_built == g->model.change_seqno + g->own_changes;
}

bool
guard_wants_references(const struct guard *g)
{
    return hold_table_count(&g->holds) > 0 || !ovs_list_is_empty(&g->asked);
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

/* ---- What may be done now. ---- */

const char *
guard_book_refusal(const struct guard *g, const struct guard_env *env)
{
    if (g->settings.mode == MODE_OBSERVE) {
        return REFUSED_OBSERVE;
    } else if (g->role != ROLE_ACTIVE) {
        return REFUSED_STANDBY;
    } else if (!g->loaded || !env->store_ready) {
        return REFUSED_STORE;
    }
    return NULL;
}

const char *
guard_write_refusal(const struct guard *g, const struct guard_env *env,
                    bool destructive)
{
    const struct model *m = &g->model;
    const char *why = guard_book_refusal(g, env);

    if (why) {
        return why;
    } else if (g->mode == MODE_OBSERVE) {
        return REFUSED_OBSERVE;
    } else if (g->stopping) {
        return REFUSED_STOPPING;
    } else if (env->paused) {
        return REFUSED_PAUSED;
    } else if (g->safety.frozen && !PLANTED(FREEZE_IGNORED)) {
        return REFUSED_FROZEN;
    } else if (g->safety.behind_ms) {
        return REFUSED_BEHIND;
    } else if (g->safety.brake) {
        return REFUSED_BRAKE;
    } else if (!m->nb_synced) {
        return REFUSED_NB;
    } else if (!m->sb_synced) {
        return REFUSED_SB;
    } else if (!m->kube_synced) {
        return REFUSED_PODS_UNREAD;
    } else if (destructive && !m->kube_trusted && !PLANTED(TRUST_IGNORED)) {
        return REFUSED_PODS_PROBLEM;
    } else if (!g->started) {
        return REFUSED_STARTING;
    }
    return guard_dialect_refusal(g, destructive);
}

void
guard_kube_write_done(struct guard *g, uint64_t id,
                      enum kube_write_result result,
                      const struct guard_env *env)
{
    if (guard_reserve_done(g, id, result, env)) {
        g->again = true;
    }
}

/* The start barrier is two, one after the other, as for a hold: some releases
 * of ovn-northd tell nb_cfg before the rows, but not the next one. */
bool
guard_start_barrier_due(const struct guard *g)
{
    return (!g->start_barrier && !g->start_token
            && g->model.sb_nb_cfg >= g->start_first);
}

void
guard_want_start_barrier(struct guard *g)
{
    g->bump_needed |= guard_start_barrier_due(g);
}

bool
guard_start_barrier_passed(const struct guard *g)
{
    return ((g->start_barrier && g->model.sb_nb_cfg >= g->start_barrier)
            || PLANTED(NO_START_BARRIER));
}

/* ---- Roles and modes. ---- */

static void
drop_work_under_way(struct guard *g)
{
    struct post_read *pr;
    struct hold *h;
    struct gate *gate;

    guard_doubt_under_way(g);
    guard_clear_plan(g);
    g->nb_token = 0;
    nb_batch_destroy(g->nb_sent);
    g->nb_sent = NULL;
    g->start_first = g->start_barrier = 0;
    g->start_token = 0;
    LIST_FOR_EACH_POP (pr, node, &g->post_reads) {
        guard_post_read_destroy(pr);
    }
    HMAP_FOR_EACH (h, node, &g->holds.holds) {
        h->b1_token = h->b2_token = 0;
        h->storing = false;
    }
    HMAP_FOR_EACH (gate, node, &g->gates) {
        gate->changed = false;
    }
    /* What was done stays to be written down; the rest is read again. */
    g->n_delete_holds = g->n_delete_gates = 0;
    guard_forget_requests(g);
    struct candidate *c;
    HMAP_FOR_EACH (c, node, &g->candidates) {
        c->state = CAND_WATCH;
        c->read_id = 0;
        c->approved = false;
    }
}

/* What was loaded already, to become active, stays. */
static void
drop_would_be_holds(struct guard *g)
{
    struct hold *h;

    HMAP_FOR_EACH_SAFE (h, node, &g->holds.holds) {
        if (h->would_be) {
            hold_table_remove(&g->holds, h);
            hold_destroy(h);
        }
    }
}

static void
update_role(struct guard *g, const struct guard_env *env)
{
    enum guard_role role = (g->settings.mode == MODE_OBSERVE ? ROLE_OBSERVER
                            : env->have_store
                              && (env->locked || PLANTED(STANDBY_WRITES))
                            ? ROLE_ACTIVE
                            : ROLE_STANDBY);

    if (role == g->role) {
        return;
    }
    guard_log(g, 'i', "this instance is now %s",
              role == ROLE_ACTIVE ? "active"
              : role == ROLE_STANDBY ? "standby" : "an observer");
    if (g->role == ROLE_ACTIVE) {
        drop_work_under_way(g);
    }
    if (g->role == ROLE_OBSERVER) {
        drop_would_be_holds(g);
    }
    g->role = role;
    g->loaded = role == ROLE_ACTIVE && g->loaded_for_active;
    g->loaded_for_active = false;
    g->started = false;
    g->active_since_ms = env->now;
    g->own_changes++;
}

bool
guard_wants_load(const struct guard *g, const struct guard_env *env)
{
    return (g->settings.mode != MODE_OBSERVE && env->have_store
            && env->store_ready && !env->store_busy && env->locked
            && (g->role != ROLE_ACTIVE || !g->loaded));
}

static void
update_mode(struct guard *g)
{
    enum guard_mode mode = g->settings.mode;

    if (g->row.has_mode == TRI_TRUE && g->row.mode < (int) mode) {
        mode = g->row.mode;
    }
    if (mode != g->mode) {
        guard_log(g, 'i', "mode is now %s (ceiling %s)",
                  guard_mode_to_string(mode),
                  guard_mode_to_string(g->settings.mode));
        g->mode = mode;
        guard_drop_all_judgements(g);
        model_mark_all(&g->model);
        g->counters.full_passes++;
    }
}

void
guard_limit_to_requests(struct guard *g)
{
    g->requests_only = true;
}

void
guard_set_settings(struct guard *g, const struct settings *s)
{
    bool anew = (s->sts_ip_change != g->settings.sts_ip_change
                 || s->settle_ms != g->settings.settle_ms
                 || s->unseen_settle_ms != g->settings.unseen_settle_ms
                 || s->chassis_gone_ms != g->settings.chassis_gone_ms);

    g->settings = *s;
    g->own_changes++;
    if (anew) {
        model_mark_all(&g->model);
        g->counters.full_passes++;
    }
}

/* ---- Freeze. ---- */

static void
freeze(struct guard *g, const struct guard_env *env, const char *why)
{
    struct hold *h;

    if (g->safety.frozen) {
        return;
    }
    safety_freeze(&g->safety, why);
    g->freeze_unsaved = true;
    g->counters.freezes++;
    guard_log(g, 'e', "frozen: %s; nothing is written but gate openings "
              "until \"thaw\"", why);
    HMAP_FOR_EACH (h, node, &g->holds.holds) {
        hold_discard_barriers(h);
    }
    g->start_first = g->start_barrier = 0;
    g->start_token = 0;
    if (env && g->role == ROLE_ACTIVE) {
        guard_journal(g, env, "freeze", "", why);
    }
    g->row_changed = true;
}

/* The size of NB is kept in the own database, so that a later start can tell a
 * much smaller one; written when it has changed by a tenth. */
static void
note_size(struct guard *g)
{
    long long int seen = g->row.nb_ports_seen;
    long long int now = g->safety.nb_ports;

    if (llabs(now - seen) > MAX(10, seen / 10)
        || strcmp(g->row.nb_identity ? g->row.nb_identity : "",
                  g->safety.nb_identity)) {
        g->row_changed = true;
    }
}

static void
check_databases(struct guard *g, const struct guard_env *env)
{
    struct model *m = &g->model;
    char *why;

    if (g->safety.frozen) {
        return;
    }
    if (m->nb_synced) {
        why = safety_check_nb(&g->safety, &g->settings, m->nb_identity,
                              m->nb_cfg, hmap_count(&m->ports));
        if (why) {
            freeze(g, env, why);
            free(why);
            return;
        }
        note_size(g);
    }
    if (m->sb_synced) {
        why = safety_check_sb(&g->safety, m->sb_identity, m->sb_nb_cfg);
        if (why) {
            freeze(g, env, why);
            free(why);
            return;
        }
    }
    if (safety_is_behind(&g->safety, m->nb_synced ? m->nb_cfg : INT64_MAX,
                         m->sb_synced ? m->sb_nb_cfg : INT64_MAX, env->now,
                         &why)) {
        guard_wake_at(g, g->safety.behind_ms + SAFETY_BEHIND_MS);
    }
    if (why) {
        freeze(g, env, why);
        free(why);
    }
}

void
guard_freeze_for_store(struct guard *g, const struct guard_env *env,
                       const char *why)
{
    freeze(g, env, why);
}

char *
guard_freeze(struct guard *g, const char *reason)
{
    if (g->safety.frozen) {
        return xasprintf("already frozen: %s", g->safety.frozen);
    }
    char *why = xasprintf("by hand%s%s", reason[0] ? ": " : "", reason);
    freeze(g, NULL, why);
    free(why);
    g->again = true;
    return NULL;
}

char *
guard_thaw(struct guard *g)
{
    if (!g->safety.frozen) {
        return xstrdup("not frozen");
    }
    guard_log(g, 'i', "thawed by hand (was frozen: %s); the databases are "
              "accepted as they are", g->safety.frozen);
    safety_thaw(&g->safety);
    g->freeze_unsaved = false;
    g->row_changed = true;
    model_mark_all(&g->model);
    return NULL;
}

char *
guard_brake_rearm(struct guard *g)
{
    if (!g->safety.brake) {
        return xstrdup("the brake is not on");
    }
    guard_log(g, 'i', "brake re-armed by hand (it was on: %s)",
              g->safety.brake);
    free(g->safety.brake);
    g->safety.brake = NULL;
    g->safety.n_clears = 0;
    g->row_changed = true;
    return NULL;
}

/* ---- What SB is to show. ---- */

static void
watch_use(struct sb_watch *w, const struct addr_use *use)
{
    for (size_t i = 0; use && i < use->n; i++) {
        sset_add(&w->ports, use->ports[i]->name);
    }
}

/* Where there is more to watch than this, the watch is built anew at most once
 * in as many ms as there are hundreds of it: whatever is not in it yet is not
 * known, and waits. */
#define WATCH_MANY 1000

static bool
is_watch_due(struct guard *g, const struct guard_env *env)
{
    size_t n = (hmap_count(&g->candidates) + hmap_count(&g->duplicates)
                + hold_table_count(&g->holds));

    if (n > WATCH_MANY && env->now < g->watch_due_ms) {
        guard_wake_at(g, g->watch_due_ms);
        return false;
    }
    g->watch_due_ms = env->now + n / 100;
    return true;
}

/* As UUID_FMT has it, in a fraction of the time. */
static const char *
uuid_to_text(const struct uuid *uuid, char text[UUID_LEN + 1])
{
    char *s = text;

    for (int i = 0; i < 32; i++) {
        *s++ = "0123456789abcdef"[uuid->parts[i / 8] >> (28 - i % 8 * 4) & 15];
        if (i == 7 || i == 11 || i == 15 || i == 19) {
            *s++ = '-';
        }
    }
    *s = '\0';
    return text;
}

/* Rebuilds the watch: ports of holds, of candidates and of duplicates. */
static void
build_watch(struct guard *g, const struct guard_env *env)
{
    struct model *m = &g->model;
    struct sb_watch w = { .chassis = false };
    const struct uuid *network = NULL;
    struct candidate *c;
    struct duplicate *d;
    struct hold *h;

    uint64_t now = m->change_seqno + g->own_changes;
    if (now == g->watch_built || !is_watch_due(g, env)) {
        return;
    }
    g->watch_built = now;
    sset_init(&w.ports);
    sset_init(&w.addresses);
    sset_init(&w.networks);
    HMAP_FOR_EACH (c, node, &g->candidates) {
        const struct network *n = model_find_network(m, &c->network);

        /* With everybody who shares the address: a hold would make them be
         * watched, and what that tells must not come as a surprise then. */
        sset_add(&w.ports, c->port_name);
        if (n) {
            watch_use(&w, model_find_addr(m, n, &c->addr));
        }
    }
    HMAP_FOR_EACH (d, node, &g->duplicates) {
        const struct network *n = model_find_network(m, &d->network);
        if (n) {
            watch_use(&w, model_find_addr(m, n, &d->addr));
        }
    }
    HMAP_FOR_EACH (h, node, &g->holds.holds) {
        const struct network *n = model_find_network(m, &h->network);
        char ip[IP_ADDR_STRLEN];

        for (size_t i = 0; i < h->n_former; i++) {
            sset_add(&w.ports, h->former[i].name);
        }
        if (n) {
            watch_use(&w, model_find_addr(m, n, &h->addr));
        }
        sset_add(&w.addresses, ip_addr_to_string(&h->addr, ip));
        if (!network || !uuid_equals(network, &h->network)) {
            /* Mostly the same one as before. */
            char text[UUID_LEN + 1];

            network = &h->network;
            sset_add(&w.networks, uuid_to_text(network, text));
        }
        w.chassis = true;
    }
    guard_watch_asked(g, &w);
    if (!sset_equals(&w.ports, &g->watch.ports)
        || !sset_equals(&w.addresses, &g->watch.addresses)
        || !sset_equals(&w.networks, &g->watch.networks)
        || w.chassis != g->watch.chassis) {
        sset_swap(&w.ports, &g->watch.ports);
        sset_swap(&w.addresses, &g->watch.addresses);
        sset_swap(&w.networks, &g->watch.networks);
        g->watch.chassis = w.chassis;
        g->watch.seqno++;
        g->again = true;
    }
    sset_destroy(&w.ports);
    sset_destroy(&w.addresses);
    sset_destroy(&w.networks);
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

void
guard_run(struct guard *g, const struct guard_env *env,
          struct orders *orders)
{
    g->wake_ms = LLONG_MAX;
    g->again = false;
    g->bump_needed = false;
    g->paused = env->paused;

    update_role(g, env);
    if (g->role == ROLE_ACTIVE && g->loaded_for_active) {
        g->loaded = true;
        g->loaded_for_active = false;
    }
    update_mode(g);
    guard_decide_dialect(g);
    guard_start_if_ready(g, env);
    guard_run_requests(g, env);
    check_databases(g, env);
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
    if (!env->nb_busy && !g->nb_token) {
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
    } else {
        guard_plan_put_backs(g, env, orders);
    }
    guard_build_store_batch(g, env, orders);
    if (g->n_flush && !env->sb_busy
        && !guard_write_refusal(g, env, true)) {
        orders->delete_mac_bindings = g->flush;
        orders->n_delete_mac_bindings = g->n_flush;
        g->flush = NULL;
    } else {
        free(g->flush);
        g->flush = NULL;
    }
    g->n_flush = 0;
    guard_run_asked(g, env);
    build_watch(g, env);
    guard_run_reserves(g, env);
    guard_run_releases(g, env);
    guard_run_events(g, env);
    guard_run_nudges(g, env);
    orders->kube_writes = g->kube_writes;
    orders->n_kube_writes = g->n_kube_writes;
    g->kube_writes = NULL;
    g->n_kube_writes = 0;
    orders->next_wake_ms = g->wake_ms;
    orders->again = g->again;
}
