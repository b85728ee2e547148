/* SPDX-License-Identifier: Apache-2.0 */

/* See observer.h.  One turn is that of the daemon's loop (agent/ovn-ipguard.c)
 * without what writes: orders are made and thrown away. */

#include <config.h>

#include "observer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "sset.h"
#include "stream.h"
#include "timeval.h"
#include "util.h"
#include "uuid.h"

#include "agent/agent.h"
#include "agent/core/guard.h"
#include "agent/core/ip-addr.h"
#include "agent/core/model.h"
#include "agent/core/orders.h"
#include "agent/kube/api-source.h"
#include "agent/kube/manifests.h"
#include "agent/sources.h"
#include "ovsdb/nb-view.h"
#include "ovsdb/sb-view.h"

#include "ctl-paint.h"

/* As the daemon's: the first dump of a large database takes long. */
#define PROBE_MS 60000

/* How often progress is shown. */
#define PROGRESS_MS 200

struct observer {
    struct agent agent;
    struct sb_watch watch;      /* The guard's and what was asked for. */
    uint64_t guard_watch;       /* seqno of the guard's when merged. */
    size_t n_ports;             /* Of the model when merged. */
    struct sset addresses;      /* Asked for. */
    bool all;
    bool again;                 /* The guard has more to do. */
    long long int progress_ms;
    bool progress_shown;
    struct ds problems;
};

/* sources.c asks for it to answer live reads, of which there are none. */
void
agent_get_env(const struct agent *a, struct guard_env *env)
{
    memset(env, 0, sizeof *env);
    env->now = time_msec();
    env->wall = time_wall_msec();
    env->boot_id = a->boot_id;
}

struct observer *
observer_create(const struct options *options, enum guard_mode mode,
                bool leader_only)
{
    struct observer *o = xzalloc(sizeof *o);
    struct agent *a = &o->agent;
    struct uuid seed;

    uuid_generate(&seed);
    a->options = *options;      /* Borrowed. */
    a->options.settings.mode = mode;
    a->boot_id = xstrdup("observer");
    a->guard = guard_create(options->dialect, &a->options.settings,
                            "ovn-ipguardctl", &seed);
    sources_open(a);
    if (a->api) {
        model_set_namespaces(guard_model(a->guard), &options->namespaces);
    }
    a->nb = nb_view_create(options->nb_db, NULL);
    a->sb = sb_view_create(options->sb_db, NULL);
    if (!leader_only) {
        nb_view_take_any_member(a->nb);
        sb_view_take_any_member(a->sb);
    }
    sset_init(&o->watch.ports);
    sset_init(&o->watch.addresses);
    sset_init(&o->watch.networks);
    o->watch.seqno = 1;
    sset_init(&o->addresses);
    ds_init(&o->problems);
    return o;
}

void
observer_destroy(struct observer *o)
{
    if (o) {
        struct agent *a = &o->agent;

        sb_view_destroy(a->sb);
        nb_view_destroy(a->nb);
        guard_destroy(a->guard);
        sources_close(a);
        free(a->boot_id);
        sset_destroy(&o->watch.ports);
        sset_destroy(&o->watch.addresses);
        sset_destroy(&o->watch.networks);
        sset_destroy(&o->addresses);
        ds_destroy(&o->problems);
        free(o);
    }
}

const struct guard *
observer_guard(const struct observer *o)
{
    return o->agent.guard;
}

const struct settings *
observer_settings(const struct observer *o)
{
    return &o->agent.options.settings;
}

void
observer_get_env(const struct observer *o, struct guard_env *env)
{
    agent_get_env(&o->agent, env);
}

void
observer_watch_address(struct observer *o, const struct ip_addr *ip)
{
    char s[IP_ADDR_STRLEN];

    sset_add(&o->addresses, ip_addr_to_string(ip, s));
    o->guard_watch = 0;
}

void
observer_watch_all(struct observer *o)
{
    o->all = true;
    sb_view_read_every_port(o->agent.sb);
    o->guard_watch = 0;
}

/* ---- The Southbound watch. ---- */

static void
add_strings(struct sset *dst, const struct sset *src)
{
    const char *s;

    SSET_FOR_EACH (s, src) {
        sset_add(dst, s);
    }
}

static void
add_address(struct observer *o, const struct model *m, const char *address)
{
    const struct network *n;
    struct ip_addr ip;

    if (!ip_addr_parse(address, &ip)) {
        return;
    }
    sset_add(&o->watch.addresses, address);
    HMAP_FOR_EACH (n, node, &m->networks) {
        const struct addr_use *use = model_find_addr(m, n, &ip);

        for (size_t i = 0; use && i < use->n; i++) {
            sset_add(&o->watch.ports, use->ports[i]->name);
        }
    }
}

static void
update_watch(struct observer *o)
{
    const struct model *m = guard_model_const(o->agent.guard);
    const struct sb_watch *w = guard_sb_watch(o->agent.guard);
    const struct port *p;
    const char *address;

    if (!m->nb_synced || (o->guard_watch == w->seqno
                          && o->n_ports == hmap_count(&m->ports))) {
        return;
    }
    o->guard_watch = w->seqno;
    o->n_ports = hmap_count(&m->ports);
    sset_clear(&o->watch.ports);
    add_strings(&o->watch.ports, &w->ports);
    add_strings(&o->watch.addresses, &w->addresses);
    add_strings(&o->watch.networks, &w->networks);
    SSET_FOR_EACH (address, &o->addresses) {
        add_address(o, m, address);
    }
    HMAP_FOR_EACH (p, uuid_node, &m->ports) {
        if (o->all) {
            sset_add(&o->watch.ports, p->name);
        }
    }
    o->watch.seqno++;
}

/* ---- Turns. ---- */

static int
get_probe_interval(const char *remote)
{
    return stream_or_pstream_needs_probes(remote) ? PROBE_MS : 0;
}

static void
run_guard(struct observer *o)
{
    struct orders orders;
    struct guard_env env;
    char *line, level;

    agent_get_env(&o->agent, &env);
    orders_init(&orders);
    guard_run(o->agent.guard, &env, &orders);
    o->again = orders.again;
    /* Without an own database it is not active, whatever the mode. */
    ovs_assert(!orders.store && !orders.nb && !orders.n_reads);
    orders_destroy(&orders);
    while ((line = guard_pop_log(o->agent.guard, &level))) {
        free(line);
    }
}

static void
run(struct observer *o)
{
    struct agent *a = &o->agent;
    struct model *m = guard_model(a->guard);
    long long int now = time_msec();

    sources_run(a, now);
    nb_view_set_probe_interval(a->nb, get_probe_interval(a->options.nb_db));
    sb_view_set_probe_interval(a->sb, get_probe_interval(a->options.sb_db));
    nb_view_run(a->nb, m, false, true, now);
    update_watch(o);
    sb_view_run(a->sb, m, &o->watch, false, now);
    run_guard(o);
}

static bool
has_pods(const struct observer *o)
{
    return o->agent.options.pods.n || o->agent.api;
}

static bool
is_synced(const struct observer *o)
{
    const struct model *m = guard_model_const(o->agent.guard);

    return (m->nb_synced && m->sb_synced && (m->kube_synced || !has_pods(o))
            && !o->again && m->sb_watch_acked == o->watch.seqno
            && o->guard_watch == guard_sb_watch(o->agent.guard)->seqno);
}

/* ---- Progress, on a terminal only. ---- */

static void
show_progress(struct observer *o, bool end)
{
    const struct model *m = guard_model_const(o->agent.guard);
    long long int now = time_msec();

    if (!ipgctl_is_terminal(STDERR_FILENO)
        || (end ? !o->progress_shown : now < o->progress_ms)) {
        return;
    }
    o->progress_ms = now + PROGRESS_MS;
    o->progress_shown = !end;
    fprintf(stderr, "\r%s", end ? "" : "reading:");
    if (!end) {
        fprintf(stderr, " %"PRIuSIZE" ports, %"PRIuSIZE" pods%s",
                hmap_count(&m->ports), m->n_pods,
                m->nb_synced && m->kube_synced ? ", bindings" : "");
    }
    fprintf(stderr, "\033[K");
    fflush(stderr);
}

static char *
what_is_missing(const struct observer *o)
{
    const struct agent *a = &o->agent;
    const struct model *m = guard_model_const(a->guard);
    const char *error;
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (!m->nb_synced) {
        error = nb_view_error(a->nb);
        ds_put_format(&ds, "the Northbound database (%s) could not be read%s%s"
                      "; is this the right one (--ovnnb-db)?",
                      a->options.nb_db, error ? ": " : "",
                      error ? error : "");
    } else if (!m->sb_synced) {
        error = sb_view_error(a->sb);
        ds_put_format(&ds, "the Southbound database (%s) could not be read%s%s"
                      "; is this the right one (--ovnsb-db)?",
                      a->options.sb_db, error ? ": " : "",
                      error ? error : "");
    } else if (has_pods(o) && !m->kube_synced) {
        ds_put_cstr(&ds, "pods and owners could not be read completely; are "
                    "--pods, --kubeconfig or --kube-api right?");
    } else {
        ds_put_cstr(&ds, "the Southbound database did not answer in time");
    }
    return ds_steal_cstr(&ds);
}

char *
observer_sync(struct observer *o, unsigned int timeout_s)
{
    long long int deadline = time_msec() + timeout_s * 1000LL;

    for (;;) {
        run(o);
        show_progress(o, false);
        if (is_synced(o)) {
            show_progress(o, true);
            return NULL;
        }
        if (time_msec() >= deadline) {
            show_progress(o, true);
            return what_is_missing(o);
        }
        if (o->again || o->guard_watch
            != guard_sb_watch(o->agent.guard)->seqno) {
            poll_immediate_wake();
        }
        nb_view_wait(o->agent.nb);
        sb_view_wait(o->agent.sb);
        sources_wait(&o->agent);
        poll_timer_wait_until(MIN(deadline, time_msec() + PROGRESS_MS));
        poll_block();
    }
}

const char *
observer_problems(struct observer *o)
{
    ds_clear(&o->problems);
    manifests_format_problems(o->agent.manifests, &o->problems);
    if (o->agent.api) {
        api_source_format_problems(o->agent.api, &o->problems);
    }
    return ds_cstr(&o->problems);
}
