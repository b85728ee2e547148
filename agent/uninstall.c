/* SPDX-License-Identifier: Apache-2.0 */

/* See uninstall.h.
 *
 * It is an instance like any other: it has to get the locks, so that nothing
 * is undone behind the back of one that runs. */

#include <config.h>

#include "uninstall.h"

#include <stdio.h>
#include <stdlib.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "timeval.h"
#include "util.h"

#include "agent/agent.h"
#include "agent/core/guard.h"
#include "agent/core/model.h"
#include "ovsdb/db-conn.h"
#include "ovsdb/nb-view.h"
#include "ovsdb/sb-view.h"
#include "ovsdb/store.h"

/* How long the databases, the locks and the API server are waited for, and how
 * long undoing may take. */
#define READY_MS 60000
#define UNDO_MS 60000

/* The same for a lock that another instance has: it may be about to end. */
#define PATIENCE_MS 5000

static bool
is_contended(const struct agent *a)
{
    struct db_status own, nb, sb;

    store_get_status(a->store, &own);
    nb_view_get_status(a->nb, &nb);
    sb_view_get_status(a->sb, &sb);
    return own.lock_contended || nb.lock_contended || sb.lock_contended;
}

/* What is still missing, or NULL. */
static const char *
what_is_missing(const struct agent *a)
{
    const struct model *m = guard_model_const(a->guard);

    if (is_contended(a)) {
        return "another instance is active: stop it first";
    } else if (!store_is_ready(a->store)) {
        return "the own database cannot be read (--db)";
    } else if (!m->nb_synced) {
        return "the Northbound database cannot be read (--ovnnb-db)";
    } else if (!m->sb_synced) {
        return "the Southbound database cannot be read (--ovnsb-db)";
    } else if (a->api && !m->kube_synced) {
        return "the API server cannot be read (--kubeconfig, --kube-api)";
    } else if (!guard_is_started(a->guard)) {
        return "it has not become the active instance";
    }
    return NULL;
}

void
uninstall_run(struct agent *a)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    long long int now = time_msec();
    long long int deadline;
    const char *missing;

    if (!a->options.uninstall || a->stop_ms || a->exiting) {
        return;
    }
    missing = what_is_missing(a);
    deadline = a->started_ms + (is_contended(a) ? PATIENCE_MS : READY_MS);
    if (!missing) {
        guard_format_ours(a->guard, &ds);
        printf("%s%s", ds.length ? "found:\n" : "nothing of ours was found\n",
               ds_cstr(&ds));
        fflush(stdout);
        ds_destroy(&ds);
        guard_stop(a->guard);
        a->stop_ms = now + UNDO_MS;
        poll_immediate_wake();
    } else if (now >= deadline) {
        fprintf(stderr, "%s: nothing was undone: %s\n", program_name,
                missing);
        a->status = EXIT_FAILURE;
        a->exiting = true;
    } else {
        poll_timer_wait_until(deadline);
    }
}

void
uninstall_end(struct agent *a, const char *remains)
{
    size_t n = hold_table_count(guard_holds(a->guard));

    if (!a->options.uninstall) {
        return;
    }
    if (remains) {
        fprintf(stderr, "%s: not everything could be undone: %s\n",
                program_name, remains);
        a->status = EXIT_FAILURE;
        return;
    }
    printf("nothing of ours is left in OVN's databases%s\n",
           a->api ? " and among the IP objects of the API server" : "");
    if (n) {
        printf("%"PRIuSIZE" hold(s) are still recorded in the own database, "
               "and keep nobody back\n", n);
    }
    fflush(stdout);
}
