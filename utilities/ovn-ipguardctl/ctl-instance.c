/* SPDX-License-Identifier: Apache-2.0 */

/* See ctl-instance.h. */

#include <config.h>

#include "ctl-instance.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "fatal-signal.h"
#include "openvswitch/poll-loop.h"
#include "ovsdb-idl.h"
#include "process.h"
#include "svec.h"
#include "timeval.h"
#include "util.h"

#include "agent/agent.h"
#include "agent/core/dialect.h"
#include "agent/core/plan.h"
#include "ctl-options.h"

/* So long one may take to end after it was asked to. */
#define END_MS 5000

struct ctl_instance {
    struct process *process;
};

bool
ctl_instance_is_active(struct ovsdb_idl *idl, long long int deadline_ms)
{
    bool free = false;

    ovsdb_idl_set_lock(idl, OWN_LOCK);
    while (time_msec() < deadline_ms) {
        ovsdb_idl_run(idl);
        free = ovsdb_idl_has_lock(idl);
        if (free || ovsdb_idl_is_lock_contended(idl)
            || !ovsdb_idl_is_alive(idl)) {
            break;
        }
        ovsdb_idl_wait(idl);
        poll_timer_wait_until(deadline_ms);
        poll_block();
    }
    ovsdb_idl_set_lock(idl, NULL);
    ovsdb_idl_run(idl);
    return !free;
}

/* ---- The command line. ---- */

static void
add_option(struct svec *args, const char *name, const char *value)
{
    if (value) {
        svec_add_nocopy(args, xasprintf("--%s=%s", name, value));
    }
}

static void
add_options(struct svec *args, const char *name, const struct svec *values)
{
    for (size_t i = 0; i < values->n; i++) {
        add_option(args, name, values->names[i]);
    }
}

static void
make_args(const struct ipgctl_options *o, struct svec *args)
{
    const struct options *d = &o->daemon;

    svec_add(args, o->program);
    svec_add(args, "--requests-only");
    svec_add(args, "--mode="PLAN_MODE);
    svec_add(args, "--unixctl=none");
    svec_add(args, "-vconsole:err");
    svec_add(args, "-vsyslog:err");
    add_option(args, "db", o->db);
    add_option(args, "ovnnb-db", d->nb_db);
    add_option(args, "ovnsb-db", d->sb_db);
    add_options(args, "pods", &d->pods);
    add_option(args, "kubeconfig", d->kubeconfig);
    add_option(args, "kube-context", d->kube_context);
    add_option(args, "kube-api", d->kube_api);
    add_options(args, "namespace", &d->namespaces);
    add_option(args, "node-selector", d->node_selector);
    add_option(args, "zone", d->zone);
    add_option(args, "cni-controller", d->cni_controller);
    add_option(args, "dialect", d->dialect->name);
    for (size_t i = 0; i < o->tls.n; i++) {
        svec_add(args, o->tls.names[i]);
    }
}

/* The daemon is where users' paths do not always lead. */
static void
extend_path(void)
{
    const char *path = getenv("PATH");
    char *new = xasprintf("%s:/usr/local/sbin:/usr/sbin:/sbin",
                          path ? path : "/usr/bin:/bin");

    setenv("PATH", new, 1);
    free(new);
}

/* ---- Its life. ---- */

static void
kill_at_exit(void *instance_)
{
    struct ctl_instance *instance = instance_;

    if (instance->process) {
        process_kill(instance->process, SIGTERM);
    }
}

struct ctl_instance *
ctl_instance_start(const struct ipgctl_options *o)
{
    /* Static for the hook, which cannot be taken back. */
    static struct ctl_instance instance;
    struct svec args = SVEC_EMPTY_INITIALIZER;
    int error;

    extend_path();
    make_args(o, &args);
    svec_terminate(&args);
    process_init();
    error = process_start(args.names, &instance.process);
    svec_destroy(&args);
    if (error) {
        fprintf(stderr, "%s: no instance is active, and %s cannot be started "
                "(%s); where is it (--daemon)?\n", program_name, o->program,
                ovs_strerror(error));
        return NULL;
    }
    fatal_signal_add_hook(kill_at_exit, NULL, &instance, true);
    return &instance;
}

bool
ctl_instance_has_ended(struct ctl_instance *instance, char **why)
{
    char *status;

    process_run();
    if (!process_exited(instance->process)) {
        return false;
    }
    status = process_status_msg(process_status(instance->process));
    *why = xasprintf("the instance of ovn-ipguard that was started for it "
                     "ended (%s)", status);
    free(status);
    return true;
}

void
ctl_instance_wait(struct ctl_instance *instance)
{
    process_wait(instance->process);
}

void
ctl_instance_stop(struct ctl_instance *instance)
{
    long long int deadline_ms = time_msec() + END_MS;

    if (!instance) {
        return;
    }
    process_run();
    if (!process_exited(instance->process)) {
        process_kill(instance->process, SIGTERM);
    }
    for (;;) {
        process_run();
        if (process_exited(instance->process)) {
            break;
        } else if (time_msec() >= deadline_ms) {
            process_kill(instance->process, SIGKILL);
            deadline_ms = time_msec() + END_MS;
        }
        process_wait(instance->process);
        poll_timer_wait_until(deadline_ms);
        poll_block();
    }
    process_destroy(instance->process);
    instance->process = NULL;
}
