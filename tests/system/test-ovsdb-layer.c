/* SPDX-License-Identifier: Apache-2.0 */

/* A daemon that has the database layer (ovsdb/) and the model, and decides
 * nothing: what it writes and watches is told to it over its control socket,
 * and it prints what it has been told by the databases.  ovsdb-layer.at and
 * layer-*.at drive it, with ovn-nbctl and the like as the other hand.
 * layer-*.c have the commands of each database.
 *
 * Lists within an argument are separated by semicolons.  A command that
 * writes is answered when the write has ended. */

#include <config.h>

#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "command-line.h"
#include "daemon.h"
#include "fatal-signal.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "timeval.h"
#include "unixctl.h"
#include "util.h"

#include "agent/core/dialect.h"
#include "ovsdb/nb-view.h"
#include "ovsdb/ovs-compat.h"
#include "ovsdb/sb-view.h"
#include "ovsdb/store.h"
#include "tests/system/layer.h"

VLOG_DEFINE_THIS_MODULE(test_ovsdb_layer);

/* Of the command line; NULL: that database is left alone. */
static const char *nb_remote, *sb_remote, *store_remote;
static const char *unixctl_path;
static int probe_ms = -1;

/* ---- Status. ---- */

static void
put_status(struct ds *ds, const char *name, const struct db_status *status,
           const char *error, const char *missing)
{
    ds_put_format(ds, "%s connected=%d synced=%d wanted=%d lock=%d "
                  "contended=%d schema=%d changes=%"PRIu64"\n",
                  name, status->connected, status->synced,
                  status->lock_wanted, status->has_lock,
                  status->lock_contended, status->schema_ok,
                  status->n_changes);
    if (error) {
        ds_put_format(ds, "%s error: %s\n", name, error);
    }
    if (missing[0]) {
        ds_put_format(ds, "%s missing: %s\n", name, missing);
    }
}

static void
test_status(struct unixctl_conn *conn, int argc OVS_UNUSED,
            const char *argv[] OVS_UNUSED, void *l_)
{
    struct layer *l = l_;
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct db_status status;

    if (l->nb) {
        nb_view_get_status(l->nb, &status);
        put_status(&ds, "nb", &status, nb_view_error(l->nb),
                   nb_view_missing_optional(l->nb));
    }
    if (l->sb) {
        sb_view_get_status(l->sb, &status);
        put_status(&ds, "sb", &status, sb_view_error(l->sb),
                   sb_view_missing_optional(l->sb));
    }
    if (l->store) {
        store_get_status(l->store, &status);
        put_status(&ds, "store", &status, store_error(l->store), "");
        ds_put_format(&ds, "store ready=%d standalone=%d\n",
                      store_is_ready(l->store), store_is_standalone(l->store));
    }
    unixctl_command_reply(conn, ds_cstr(&ds));
    ds_destroy(&ds);
}

static void
test_flag(struct unixctl_conn *conn, int argc OVS_UNUSED, const char *argv[],
          void *flag_)
{
    bool *flag = flag_;

    *flag = !strcmp(argv[1], "on");
    unixctl_command_reply(conn, NULL);
}

static void
test_exit(struct unixctl_conn *conn, int argc OVS_UNUSED,
          const char *argv[] OVS_UNUSED, void *l_)
{
    struct layer *l = l_;

    l->exiting = true;
    unixctl_command_reply(conn, NULL);
}

/* ---- The loop. ---- */

/* One turn, but for the waiting. */
static void
run(struct layer *l)
{
    long long int now = time_msec();

    if (l->store) {
        layer_store_run(l, now);
    }
    if (l->nb) {
        layer_nb_run(l, now);
    }
    if (l->sb) {
        layer_sb_run(l, now);
    }
}

static void
register_commands(struct layer *l)
{
    unixctl_command_register("exit", "", 0, 0, test_exit, l);
    unixctl_command_register("test/status", "", 0, 0, test_status, l);
    unixctl_command_register("test/lock", "on|off", 1, 1, test_flag,
                             &l->want_lock);
    unixctl_command_register("test/references", "on|off", 1, 1, test_flag,
                             &l->want_references);
    unixctl_command_register("test/may-write", "on|off", 1, 1, test_flag,
                             &l->may_write);
    layer_nb_register(l);
    layer_sb_register(l);
    layer_store_register(l);
}

/* Options: nb=REMOTE, sb=REMOTE, own=REMOTE, unixctl=PATH, probe=MS. */
static void
parse_options(int argc, char *argv[])
{
    enum { OPT_NB = UCHAR_MAX + 1, OPT_SB, OPT_OWN, OPT_UNIXCTL, OPT_PROBE,
           VLOG_OPTION_ENUMS, DAEMON_OPTION_ENUMS };
    static const struct option options[] = {
        {"nb", required_argument, NULL, OPT_NB},
        {"sb", required_argument, NULL, OPT_SB},
        {"own", required_argument, NULL, OPT_OWN},
        {"unixctl", required_argument, NULL, OPT_UNIXCTL},
        {"probe", required_argument, NULL, OPT_PROBE},
        VLOG_LONG_OPTIONS,
        DAEMON_LONG_OPTIONS,
        {NULL, 0, NULL, 0},
    };
    int c;

    while ((c = getopt_long(argc, argv, "v:", options, NULL)) != -1) {
        switch (c) {
        case OPT_NB:
            nb_remote = optarg;
            break;
        case OPT_SB:
            sb_remote = optarg;
            break;
        case OPT_OWN:
            store_remote = optarg;
            break;
        case OPT_UNIXCTL:
            unixctl_path = optarg;
            break;
        case OPT_PROBE:
            probe_ms = atoi(optarg);
            break;
        VLOG_OPTION_HANDLERS
        DAEMON_OPTION_HANDLERS
        default:
            exit(EXIT_FAILURE);
        }
    }
}

static void
connect_all(struct layer *l)
{
    if (nb_remote) {
        l->nb = nb_view_create(nb_remote, "test_nb");
    }
    if (sb_remote) {
        l->sb = sb_view_create(sb_remote, "test_sb");
    }
    if (store_remote) {
        l->store = store_create(store_remote, "test_own");
    }
    if (probe_ms >= 0 && l->nb) {
        nb_view_set_probe_interval(l->nb, probe_ms);
    }
}

int
main(int argc, char *argv[])
{
    struct layer layer = {
        .watch.seqno = 1,
        .want_lock = true,
        .may_write = true,
        .next_token = 1,
    };
    struct layer *l = &layer;
    struct unixctl_server *server;

    ovs_cmdl_proctitle_init(argc, argv);
    set_program_name(argv[0]);
    fatal_ignore_sigpipe();
    sset_init(&l->watch.ports);
    sset_init(&l->watch.addresses);
    sset_init(&l->watch.networks);
    model_init(&l->model, dialect_by_name("kube-ovn"));

    parse_options(argc, argv);
    compat_daemonize_start(false);
    if (unixctl_server_create(unixctl_path, &server)) {
        exit(EXIT_FAILURE);
    }
    register_commands(l);
    daemonize_complete();
    connect_all(l);

    while (!l->exiting) {
        unixctl_server_run(server);
        run(l);
        unixctl_server_wait(server);
        if (l->exiting) {
            poll_immediate_wake();
        }
        poll_block();
    }

    nb_view_destroy(l->nb);
    sb_view_destroy(l->sb);
    store_destroy(l->store);
    model_destroy(&l->model);
    sset_destroy(&l->watch.ports);
    sset_destroy(&l->watch.addresses);
    sset_destroy(&l->watch.networks);
    unixctl_server_destroy(server);
    return 0;
}
