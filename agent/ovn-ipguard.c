/* SPDX-License-Identifier: Apache-2.0 */

/* The main program: options, databases, the order of the loop, exit.
 *
 * One turn of the loop is
 *
 *     sources -> model -> guard -> orders -> waits
 *
 * and everything that is written to a database in it is an order of the
 * guard, carried out to the letter. */

#include <config.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command-line.h"
#include "daemon.h"
#include "fatal-signal.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "ovs-rcu.h"
#include "simap.h"
#include "smap.h"
#include "stopwatch.h"
#include "stream.h"
#include "timeval.h"
#include "util.h"
#include "uuid.h"

#include "agent/agent.h"
#include "agent/control.h"
#include "agent/core/dialect.h"
#include "agent/core/guard.h"
#include "agent/core/model.h"
#include "agent/core/orders.h"
#include "agent/core/portion.h"
#include "agent/dirs.h"
#include "agent/explain-control.h"
#include "agent/guard-log.h"
#include "agent/http-pages.h"
#include "agent/kube/url-text.h"
#include "agent/log-reopen.h"
#include "agent/sources.h"
#include "agent/uninstall.h"
#include "agent/unixctl-commands.h"
#include "agent/webhook.h"
#include "ovsdb/nb-view.h"
#include "ovsdb/ovs-compat.h"
#include "ovsdb/sb-ask.h"
#include "ovsdb/sb-view.h"
#include "ovsdb/store.h"

VLOG_DEFINE_THIS_MODULE(ovn_ipguard);

void
agent_get_env(const struct agent *a, struct guard_env *env)
{
    struct db_status nb, sb, own;

    nb_view_get_status(a->nb, &nb);
    sb_view_get_status(a->sb, &sb);
    memset(&own, 0, sizeof own);
    if (a->store) {
        store_get_status(a->store, &own);
    }

    memset(env, 0, sizeof *env);
    env->now = time_msec();
    env->wall = time_wall_msec();
    env->boot_id = a->boot_id;
    env->have_store = a->store != NULL;
    env->store_ready = a->store && store_is_ready(a->store);
    env->locked = own.has_lock && nb.has_lock && sb.has_lock;
    env->store_busy = a->store && store_is_busy(a->store);
    env->nb_busy = nb_act_is_busy(a->nb);
    env->sb_busy = sb_view_is_busy(a->sb);
    env->paused = a->paused;
    env->kube_writable = a->api != NULL;
    env->release_certain
        = sources_release_is_certain(a, &env->release_left_out);
}

/* ---- Databases. ---- */

/* Which locks to ask for: own, then NB, then SB, each only while holding the
 * one before, so that no two instances can hold what the other waits for.
 *
 * It is the ceiling that counts: an instance whose mode was lowered by the
 * database still has gates to open, holds to end and done_cfg to set. */
struct lock_wishes {
    bool own, nb, sb;
};

static void
get_lock_wishes(const struct agent *a, struct lock_wishes *w)
{
    struct db_status own, nb;

    memset(w, 0, sizeof *w);
    if (!a->store || a->options.settings.mode == MODE_OBSERVE) {
        return;
    }
    store_get_status(a->store, &own);
    nb_view_get_status(a->nb, &nb);
    w->own = true;
    w->nb = own.has_lock;
    w->sb = w->nb && nb.has_lock;
}

/* Returns the probe interval for 'remote': none for a socket of this machine,
 * whose server's end is seen without. */
static int
get_probe_interval(const struct agent *a, const char *remote)
{
    return stream_or_pstream_needs_probes(remote) ? a->config.probe_ms : 0;
}

/* The library forgets the interval with each new session, hence each turn. */
static void
set_probe_intervals(struct agent *a)
{
    nb_view_set_probe_interval(a->nb, get_probe_interval(a, a->options.nb_db));
    sb_view_set_probe_interval(a->sb, get_probe_interval(a, a->options.sb_db));
    sb_ask_set_probe_interval(a->sb_ask,
                              get_probe_interval(a, a->options.sb_db));
    if (a->store) {
        store_set_probe_interval(a->store,
                                 get_probe_interval(a, a->options.own_db));
    }
}

/* Takes over the own database's content and its settings. */
static void
load_store(struct agent *a)
{
    struct store_snapshot snapshot;
    struct smap other_config = SMAP_INITIALIZER(&other_config);
    struct guard_env env;

    store_get_config(a->store, &other_config);
    if (config_db_update(&a->config, &other_config)) {
        guard_set_settings(a->guard, &a->config.settings);
    }
    smap_destroy(&other_config);

    store_snapshot_init(&snapshot);
    store_snapshot(a->store, &snapshot);
    agent_get_env(a, &env);
    guard_load(a->guard, &snapshot, &env);
    store_snapshot_destroy(&snapshot);
}

static void
warn_standalone(struct agent *a)
{
    bool standalone = (store_is_ready(a->store)
                       && store_is_standalone(a->store));

    if (standalone && !a->warned_standalone) {
        VLOG_WARN("%s: a standalone database, whose server does not wait for "
                  "the disk: holds may be lost with the power",
                  a->options.own_db);
    }
    a->warned_standalone |= standalone;
}

/* A client refuses a server whose data is older than what it has seen, for
 * ever.  That is right for OVN's databases, until somebody says that they were
 * built anew; but our own holds nothing that we could not say better: the
 * guard knows by identity and generation that it was lost or restored, and
 * must get to see it.  A member that only lags behind is no danger, since we
 * talk to the leader. */
static void
accept_older_store(struct agent *a)
{
    struct db_status status;

    store_get_status(a->store, &status);
    if (!status.connected) {
        store_reset_min_index(a->store);
    }
}

static void
run_databases(struct agent *a, long long int now)
{
    struct model *model = guard_model(a->guard);
    struct lock_wishes before, after;

    get_lock_wishes(a, &before);
    set_probe_intervals(a);
    nb_view_run(a->nb, model, before.nb, guard_wants_references(a->guard),
                now);
    sb_view_run(a->sb, model, guard_sb_watch(a->guard), before.sb, now);
    if (a->store) {
        bool may_write = guard_effective_mode(a->guard) != MODE_OBSERVE;

        bool load = store_run(a->store, before.own, may_write && !a->paused,
                              now);
        struct guard_env env;

        accept_older_store(a);
        agent_get_env(a, &env);
        if (load || guard_wants_load(a->guard, &env)) {
            load_store(a);
        }
        warn_standalone(a);
    }

    /* A lock that came or went makes another one be asked for or given
     * back. */
    get_lock_wishes(a, &after);
    if (memcmp(&before, &after, sizeof before)) {
        poll_immediate_wake();
    }
}

/* Tells the guard how its transactions ended. */
static void
poll_results(struct agent *a, long long int now)
{
    struct store_result store_result;
    struct nb_result nb_result;
    struct guard_env env;

    if (a->store && store_poll(a->store, &store_result, now)) {
        agent_get_env(a, &env);
        guard_store_done(a->guard, &store_result, &env);
        store_result_destroy(&store_result);
    }
    if (nb_act_poll(a->nb, &nb_result, now)) {
        agent_get_env(a, &env);
        guard_nb_done(a->guard, &nb_result, &env);
        nb_result_destroy(&nb_result);
    }
    sources_poll_writes(a);
}

/* ---- Orders. ---- */

static void
carry_out(struct agent *a, struct orders *orders)
{
    if (orders->store && a->store) {
        store_start(a->store, orders->store, time_msec());
    }
    if (orders->nb) {
        nb_act_start(a->nb, orders->nb, time_msec());
    }
    sources_start_live(a, orders);
    sources_start_writes(a, orders);
    if (orders->n_delete_mac_bindings) {
        sb_view_delete_mac_bindings(a->sb, orders->delete_mac_bindings,
                                    orders->n_delete_mac_bindings,
                                    time_msec());
    }

    if (orders->again) {
        poll_immediate_wake();
    }
    if (orders->next_wake_ms != LLONG_MAX) {
        poll_timer_wait_until(orders->next_wake_ms);
    }
}

/* Says how long the start took, once all there is has been read and judged. */
static void
note_first_plan(struct agent *a)
{
    const struct model *model = guard_model_const(a->guard);

    if (!a->planned && model->nb_synced && model->sb_synced
        && model->kube_synced && !model_has_dirty(model)) {
        a->planned = true;
        VLOG_INFO("first plan: %"PRIuSIZE" ports, %"PRIuSIZE" pods and "
                  "%"PRIuSIZE" owners were judged %lld ms after the start",
                  hmap_count(&model->ports), model->n_pods,
                  model->n_workloads, time_msec() - a->started_ms);
    }
}

/* 'begin_ms' is when the turn began. */
static void
run_guard(struct agent *a, long long int begin_ms)
{
    struct guard_env env;
    struct orders orders;

    agent_get_env(a, &env);
    env.portion = portion_of_turn(a->portion, env.now - begin_ms);
    orders_init(&orders);
    guard_run(a->guard, &env, &orders);
    carry_out(a, &orders);
    a->portion = portion_next(a->portion,
                              orders.again && env.portion == a->portion,
                              time_msec() - env.now);
    orders_destroy(&orders);
    guard_log_run(a->guard);
    note_first_plan(a);
}

/* ---- The loop. ---- */

static void
run_memory(const struct agent *a)
{
    if (control_memory_run(a->control)) {
        struct simap usage = SIMAP_INITIALIZER(&usage);
        const struct model *model = guard_model_const(a->guard);

        nb_view_get_memory_usage(a->nb, &usage);
        sb_view_get_memory_usage(a->sb, &usage);
        if (a->store) {
            store_get_memory_usage(a->store, &usage);
        }
        simap_increase(&usage, "model-ports", hmap_count(&model->ports));
        simap_increase(&usage, "model-pods", model->n_pods);
        simap_increase(&usage, "holds",
                       hold_table_count(guard_holds(a->guard)));
        control_memory_report(a->control, &usage);
        simap_destroy(&usage);
    }
}

static void
wait_all(struct agent *a)
{
    nb_view_wait(a->nb);
    nb_act_wait(a->nb);
    sb_view_wait(a->sb);
    sb_ask_wait(a->sb_ask);
    if (a->store) {
        store_wait(a->store);
    }
    sources_wait(a);
    webhook_wait(a);
    control_wait(a->control);
    control_memory_wait(a->control);
    http_pages_wait(a);
    log_reopen_wait();
    memory_trim_wait(&a->trim);
    if (a->exiting) {
        poll_immediate_wake();
    }
}

/* "exit --cleanup": ends the loop once nothing of ours is left in the way of
 * others, or when that cannot be brought about. */
static void
run_stop(struct agent *a)
{
    char *remains;

    if (!a->stop_ms) {
        return;
    }
    remains = guard_stop_remains(a->guard);
    if (!remains && !sources_writes_are_done(a)) {
        remains = xstrdup("the API server has not answered yet");
    }
    if (!remains) {
        uninstall_end(a, NULL);
        a->exiting = true;
    } else if (time_msec() >= a->stop_ms) {
        VLOG_WARN("exiting without a complete cleanup: %s; see RECOVERY in "
                  "ovn-ipguard(8)", remains);
        uninstall_end(a, remains);
        a->exiting = true;
    } else {
        poll_timer_wait_until(a->stop_ms);
    }
    free(remains);
}

static void
run_loop(struct agent *a)
{
    while (!a->exiting) {
        long long int now = time_msec();

        stopwatch_start(LOOP_STOPWATCH, now);
        control_turn_begin(a->control, now);
        options_update_tls(&a->options);
        log_reopen_run();
        run_memory(a);
        sources_run(a, now);
        run_databases(a, now);
        sb_ask_run(a->sb_ask, now);
        poll_results(a, now);
        sources_run_live(a);
        run_guard(a, now);
        explain_control_run(a);
        uninstall_run(a);
        run_stop(a);
        webhook_run(a, now);
        control_run(a->control);
        http_pages_run(a, now);
        memory_trim_run(&a->trim, now, time_msec());
        wait_all(a);
        control_turn_end(a->control);
        stopwatch_stop(LOOP_STOPWATCH, time_msec());
        poll_block();
    }
}

/* ---- Start and end. ---- */

/* Returns what tells one run of the machine's kernel from another.  Where the
 * kernel does not say, each start of the daemon counts as one: a hold then
 * waits longer than it must. */
static char *
read_boot_id(void)
{
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");
    char line[64] = "";

    if (file) {
        if (!fgets(line, sizeof line, file)) {
            line[0] = '\0';
        }
        fclose(file);
        line[strcspn(line, "\r\n")] = '\0';
    }
    return line[0] ? xstrdup(line)
                   : xasprintf("unknown-%ld-%lld", (long int) getpid(),
                               time_wall_msec());
}

static char *
make_instance_name(const struct options *o)
{
    char host[256];

    if (o->instance) {
        return xstrdup(o->instance);
    }
    if (gethostname(host, sizeof host)) {
        ovs_strlcpy(host, "localhost", sizeof host);
    }
    host[sizeof host - 1] = '\0';
    return xasprintf("%s:%ld", host, (long int) getpid());
}

static void
open_control(struct agent *a)
{
    if (control_create(a->options.unixctl_path, &a->control)) {
        /* The library has said why. */
        exit(EXIT_FAILURE);
    }
    unixctl_commands_register(a);
}

static void
agent_open(struct agent *a)
{
    const struct options *o = &a->options;
    struct uuid seed;

    uuid_generate(&seed);
    a->started_ms = time_msec();
    a->portion = PORTION_START;
    a->boot_id = read_boot_id();
    config_db_init(&a->config, o);
    options_update_tls(o);
    a->guard = guard_create(o->dialect, &o->settings, a->instance, &seed);
    if (o->requests_only) {
        guard_limit_to_requests(a->guard);
    }
    if (a->api) {
        model_set_namespaces(guard_model(a->guard), &o->namespaces);
    }
    a->nb = nb_view_create(o->nb_db, NB_LOCK);
    a->sb = sb_view_create(o->sb_db, SB_LOCK);
    a->sb_ask = sb_ask_create(o->sb_db);
    a->store = o->own_db ? store_create(o->own_db, OWN_LOCK) : NULL;
    VLOG_INFO("ovn-ipguard %s, instance %s, mode %s", PACKAGE_VERSION,
              a->instance, guard_mode_to_string(o->settings.mode));
}

static void
agent_close(struct agent *a)
{
    VLOG_INFO("exiting");
    webhook_close(a);
    store_destroy(a->store);
    sb_ask_destroy(a->sb_ask);
    sb_view_destroy(a->sb);
    nb_view_destroy(a->nb);
    guard_destroy(a->guard);
    sources_close(a);
    config_db_destroy(&a->config);
    free(a->instance);
    free(a->boot_id);
    options_destroy(&a->options);
}

/* Whoever lists the processes of the machine sees their command lines: takes
 * secrets out of the URLs in ours.  What 'argv' has afterwards are copies that
 * have them. */
static void
init_proctitle(int argc, char *argv[])
{
    char **original = xmemdup(argv, argc * sizeof *argv);

    ovs_cmdl_proctitle_init(argc, argv);
    for (int i = 0; i < argc; i++) {
        if (argv[i] != original[i] && strstr(original[i], "://")) {
            url_wipe(original[i]);
        }
    }
    free(original);
}

int
main(int argc, char *argv[])
{
    static struct agent agent;

    dirs_init();
    fatal_ignore_sigpipe();
    init_proctitle(argc, argv);
    ovs_set_program_name(argv[0], PACKAGE_VERSION);
    options_parse(&agent.options, argc, argv);

    /* Nothing before this may start a thread: it forks. */
    compat_daemonize_start(false);
    open_control(&agent);
    agent.instance = make_instance_name(&agent.options);
    sources_open(&agent);
    webhook_open(&agent);
    http_pages_open(&agent);
    log_reopen_init();
    daemonize_complete();

    agent_open(&agent);
    explain_control_open(&agent);
    /* This has commands of its own. */
    stopwatch_create(LOOP_STOPWATCH, SW_MS);
    control_start(agent.control);
    run_loop(&agent);

    explain_control_close(&agent);
    control_destroy(agent.control);
    http_pages_close(&agent);
    log_reopen_destroy();
    agent_close(&agent);
    ovsrcu_exit();
    return agent.status;
}
