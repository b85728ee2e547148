/* SPDX-License-Identifier: Apache-2.0 */

/* The simulated world: what others do in it, and its turns.  How orders are
 * carried out, and what must hold then, is in world-act.c. */

#include <config.h>

#include "tests/unit/world.h"

#include <CUnit/CUnit.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"
#include "uuid.h"

#include "agent/core/dialect.h"
#include "agent/core/exclude-ips.h"
#include "agent/core/kube-change.h"
#include "agent/core/lsp-addr.h"

#include "tests/unit/dialect-vectors.h"
#include "tests/unit/world-private.h"

/* ---- Life. ---- */

static void
free_port(struct wport *p)
{
    free(p->name);
    free(p->type);
    svec_destroy(&p->addresses);
    svec_destroy(&p->ps);
    svec_destroy(&p->sb_mac);
    svec_destroy(&p->sb_ps);
    free(p->mark);
    free(p->chassis);
    free(p->sb_chassis);
    smap_destroy(&p->options);
    smap_destroy(&p->external_ids);
    free(p);
}

static void
start_guard(struct world *w)
{
    struct uuid seed = { .parts = { 0x5eed, w->n_guards, 0, 0 } };
    char *instance = xasprintf("test:%u", w->n_guards++);

    w->guard = guard_create(w->dialect, &w->settings, instance, &seed);
    free(instance);

    struct model *m = guard_model(w->guard);
    for (size_t i = 0; i < w->n_networks; i++) {
        world_tell_network(w, i);
    }
    for (size_t i = 0; i < w->n_ports; i++) {
        w->ports[i]->told = false;
        world_port_changed(w, w->ports[i]);
    }
    for (size_t i = 0; i < w->n_chassis; i++) {
        if (!w->chassis[i].phantom) {
            model_set_chassis(m, w->chassis[i].name, false);
        }
    }
    for (size_t i = 0; i < w->n_kube; i++) {
        if (w->kube[i].pod) {
            unit_set_pod(m, pod_clone(w->kube[i].pod));
        } else {
            unit_set_workload(m, workload_clone(w->kube[i].workload));
        }
    }
    world_flags(w);
}

void
world_init(struct world *w, enum guard_mode mode)
{
    world_init_dialect(w, mode, &dialect_kube_ovn);
}

void
world_init_dialect(struct world *w, enum guard_mode mode,
                   const struct dialect *dialect)
{
    memset(w, 0, sizeof *w);
    w->dialect = dialect;
    settings_init(&w->settings);
    w->settings.mode = mode;
    w->now = 1000;
    w->wall = 1700000000000;
    w->boot_id = xstrdup("boot-1");
    w->nb_identity = xstrdup("nb-1");
    w->sb_identity = xstrdup("sb-1");
    w->store_identity = xstrdup("store-1");
    w->have_store = true;
    w->locked = true;
    w->check_bound = true;
    w->sb_lag = 1;
    w->last_bump_ms = LLONG_MIN / 2;
    w->min_bump_gap_ms = LLONG_MAX;
    ipguard_row_init(&w->row);
    sset_init(&w->log);
    orders_init(&w->orders);
    start_guard(w);
}

void
world_destroy(struct world *w)
{
    guard_destroy(w->guard);
    for (size_t i = 0; i < w->n_ports; i++) {
        free_port(w->ports[i]);
    }
    free(w->ports);
    for (size_t i = 0; i < w->n_networks; i++) {
        free(w->networks[i].name);
        free(w->networks[i].subnet);
        free(w->networks[i].exclude);
        free(w->networks[i].ours);
    }
    for (size_t i = 0; i < w->n_chassis; i++) {
        free(w->chassis[i].name);
    }
    for (size_t i = 0; i < w->n_macs; i++) {
        free(w->macs[i].router_port);
        free(w->macs[i].ip);
        free(w->macs[i].mac);
    }
    for (size_t i = 0; i < w->n_kube; i++) {
        pod_destroy(w->kube[i].pod);
        workload_destroy(w->kube[i].workload);
    }
    free(w->kube);
    for (size_t i = 0; i < w->n_holds; i++) {
        hold_destroy(w->holds[i]);
    }
    free(w->holds);
    for (size_t i = 0; i < w->n_gates; i++) {
        gate_destroy(w->gates[i]);
    }
    free(w->gates);
    for (size_t i = 0; i < w->n_journal; i++) {
        journal_entry_destroy(&w->journal[i]);
    }
    free(w->journal);
    for (size_t i = 0; i < w->n_writes; i++) {
        kube_write_destroy(w->writes[i]);
    }
    free(w->writes);
    ipguard_row_destroy(&w->row);
    store_batch_destroy(w->store);
    nb_batch_destroy(w->nb);
    orders_destroy(&w->orders);
    sset_destroy(&w->log);
    free(w->boot_id);
    free(w->nb_identity);
    free(w->sb_identity);
    free(w->store_identity);
    free(w->violation);
}

void
world_kill(struct world *w, bool commit)
{
    if (commit) {
        world_commit_under_way(w);
    }
    guard_destroy(w->guard);
    store_batch_destroy(w->store);
    nb_batch_destroy(w->nb);
    w->store = NULL;
    w->nb = NULL;
    orders_destroy(&w->orders);
    orders_init(&w->orders);
    start_guard(w);
}

/* ---- Northbound. ---- */

static void
smap_add_if_set(struct smap *smap, const char *key, const char *value)
{
    if (value) {
        smap_add(smap, key, value);
    }
}

void
world_tell_network(struct world *w, size_t i)
{
    struct smap config = SMAP_INITIALIZER(&config);
    struct nb_network_row row = {
        .uuid = w->networks[i].uuid, .name = w->networks[i].name,
        .other_config = &config,
    };

    smap_add_if_set(&config, "subnet", w->networks[i].subnet);
    smap_add_if_set(&config, EXCLUDE_IPS_KEY, w->networks[i].exclude);
    smap_add_if_set(&config, EXCLUDE_OURS_KEY, w->networks[i].ours);
    if (w->networks[i].exists) {
        model_set_network(guard_model(w->guard), &row);
    }
    smap_destroy(&config);
}

uint32_t
world_network(struct world *w, const char *name)
{
    size_t i = w->n_networks++;

    ovs_assert(w->n_networks <= ARRAY_SIZE(w->networks));
    w->networks[i].uuid = unit_uuid(1 + i);
    w->networks[i].name = xstrdup(name);
    w->networks[i].exists = true;
    world_tell_network(w, i);
    return i;
}

void
world_set_exclude(struct world *w, uint32_t network, const char *exclude)
{
    free(w->networks[network].exclude);
    w->networks[network].exclude = nullable_xstrdup(exclude);
    world_tell_network(w, network);
}

struct wport *
world_find_port(struct world *w, const char *name)
{
    for (size_t i = 0; i < w->n_ports; i++) {
        if (!strcmp(w->ports[i]->name, name)) {
            return w->ports[i];
        }
    }
    return NULL;
}

struct wport *
world_find_port_by_uuid(struct world *w, const struct uuid *uuid)
{
    for (size_t i = 0; i < w->n_ports; i++) {
        if (uuid_equals(&w->ports[i]->uuid, uuid)) {
            return w->ports[i];
        }
    }
    return NULL;
}

void
world_port_changed(struct world *w, struct wport *p)
{
    struct nb_port_row row = {
        .uuid = p->uuid,
        .network = w->networks[p->network].uuid,
        .name = p->name,
        .type = p->type,
        .addresses = p->addresses.names,
        .n_addresses = p->addresses.n,
        .port_security = p->ps.names,
        .n_port_security = p->ps.n,
        .enabled = p->enabled,
        .external_ids = &p->external_ids,
    };
    struct smap options;

    smap_clone(&options, &p->options);
    if (p->mark) {
        smap_replace(&options, GATE_MARK_KEY, p->mark);
    }
    row.options = &options;
    model_set_port(guard_model(w->guard), &row);
    smap_destroy(&options);
    w->sb_dirty = true;
    w->n_changes++;
}

static void
split(struct svec *sv, const char *s)
{
    char *copy = xstrdup(s ? s : "");
    char *save = NULL;

    svec_clear(sv);
    for (char *item = strtok_r(copy, ",", &save); item;
         item = strtok_r(NULL, ",", &save)) {
        svec_add(sv, item);
    }
    free(copy);
}

struct wport *
world_raw_port(struct world *w, uint32_t network, const char *name,
               const char *addresses, const char *ids, const char *options)
{
    struct wport *p = xzalloc(sizeof *p);

    p->uuid = unit_uuid(1000 + w->n_uuids++);
    p->network = network;
    p->name = xstrdup(name);
    p->type = xstrdup("");
    p->ours = true;
    svec_init(&p->addresses);
    svec_init(&p->ps);
    svec_init(&p->sb_mac);
    svec_init(&p->sb_ps);
    split(&p->addresses, addresses);
    dv_parse_smap(options, &p->options);
    dv_parse_smap(ids, &p->external_ids);
    w->ports = xrealloc(w->ports, (w->n_ports + 1) * sizeof *w->ports);
    w->ports[w->n_ports++] = p;
    world_port_changed(w, p);
    return p;
}

struct wport *
world_port(struct world *w, uint32_t network, const char *pod,
           const char *addresses)
{
    char *name = xasprintf("%s.default", pod);
    char *ids = xasprintf("vendor=kube-ovn|ls=%s|pod=default/%s",
                          w->networks[network].name, pod);
    struct wport *p = world_raw_port(w, network, name, addresses, ids, "");

    free(name);
    free(ids);
    return p;
}

void
world_del_port(struct world *w, struct wport *p)
{
    bool in_sb = p->in_sb;

    for (size_t i = 0; i < w->n_ports; i++) {
        if (w->ports[i] == p) {
            w->ports[i] = w->ports[--w->n_ports];
            break;
        }
    }
    model_remove_port(guard_model(w->guard), &p->uuid);
    if (in_sb) {
        model_remove_binding(guard_model(w->guard), p->name, w->now);
    }
    free_port(p);
    w->sb_dirty = true;
}

void
world_set_addresses(struct world *w, struct wport *p, const char *addresses)
{
    split(&p->addresses, addresses);
    world_port_changed(w, p);
}

void
world_bind(struct world *w, struct wport *p, const char *chassis)
{
    free(p->chassis);
    p->chassis = nullable_xstrdup(chassis);
    free(p->sb_chassis);
    p->sb_chassis = nullable_xstrdup(chassis);
    p->told = false;
    world_tell_binding(w, p);
}

void
world_chassis(struct world *w, const char *name)
{
    struct wchassis *c = &w->chassis[w->n_chassis++];

    ovs_assert(w->n_chassis <= ARRAY_SIZE(w->chassis));
    c->name = xstrdup(name);
    c->answers = true;
    model_set_chassis(guard_model(w->guard), name, false);
}

void
world_mac_binding(struct world *w, const char *router_port, const char *ip,
                  const char *mac)
{
    struct wmac *row = &w->macs[w->n_macs++];

    ovs_assert(w->n_macs <= ARRAY_SIZE(w->macs));
    row->uuid = unit_uuid(5000 + w->n_macs);
    row->router_port = xstrdup(router_port);
    row->ip = xstrdup(ip);
    row->mac = xstrdup(mac);
}

/* ---- Kubernetes. ---- */

static struct wkube *
find_kube(struct world *w, const char *name, bool pod)
{
    for (size_t i = 0; i < w->n_kube; i++) {
        const struct wkube *k = &w->kube[i];
        if (pod ? k->pod && !strcmp(k->pod->name, name)
            : k->workload && !strcmp(k->workload->name, name)) {
            return &w->kube[i];
        }
    }
    return NULL;
}

static struct wkube *
get_kube(struct world *w, const char *name, bool pod)
{
    struct wkube *k = find_kube(w, name, pod);

    if (!k) {
        w->kube = xrealloc(w->kube, (w->n_kube + 1) * sizeof *w->kube);
        k = &w->kube[w->n_kube++];
    } else {
        pod_destroy(k->pod);
        workload_destroy(k->workload);
    }
    *k = (struct wkube) { .pod = NULL };
    return k;
}

void
world_pod(struct world *w, struct pod *pod)
{
    get_kube(w, pod->name, true)->pod = pod;
    unit_set_pod(guard_model(w->guard), pod_clone(pod));
}

void
world_sts(struct world *w, struct workload *sts)
{
    get_kube(w, sts->name, false)->workload = sts;
    unit_set_workload(guard_model(w->guard), workload_clone(sts));
}

static void
drop_kube(struct world *w, struct wkube *k)
{
    pod_destroy(k->pod);
    workload_destroy(k->workload);
    *k = w->kube[--w->n_kube];
}

void
world_del_pod(struct world *w, const char *name)
{
    struct wkube *k = find_kube(w, name, true);
    char uid[OBJ_UID_STRLEN];

    ovs_assert(k);
    unit_drop_pod(guard_model(w->guard), name,
                  obj_uid_to_string(&k->pod->uid, uid));
    drop_kube(w, k);
}

void
world_del_sts(struct world *w, const char *name)
{
    struct wkube *k = find_kube(w, name, false);

    ovs_assert(k);
    unit_drop_workload(guard_model(w->guard), name, k->workload->uid);
    drop_kube(w, k);
}

void
world_flags(struct world *w)
{
    struct model *m = guard_model(w->guard);

    if (w->sb_down && m->sb_synced) {
        model_forget_sb(m);
    }
    m->nb_synced = !w->nb_down;
    m->sb_synced = !w->sb_down;
    m->kube_synced = !w->kube_down;
    m->kube_trusted = !w->kube_down && !w->kube_wrong;
    m->nb_cfg = w->nb_cfg;
    m->sb_nb_cfg = w->sb_nb_cfg;
    free(m->nb_identity);
    m->nb_identity = xstrdup(w->nb_identity);
    free(m->sb_identity);
    m->sb_identity = xstrdup(w->sb_identity);
    m->change_seqno++;
}

/* ---- Turns. ---- */

void
world_get_env(const struct world *w, struct guard_env *env)
{
    *env = (struct guard_env) {
        .now = w->now,
        .wall = w->wall,
        .boot_id = w->boot_id,
        .have_store = w->have_store,
        .store_ready = w->have_store,
        .locked = w->locked,
        .store_busy = w->store != NULL,
        .nb_busy = w->nb != NULL,
        .paused = w->paused,
        .kube_writable = !w->no_api,
        .release_certain = w->release_certain,
        .release_left_out = w->release_left_out,
    };
}

static void
take_log(struct world *w)
{
    char *line;
    char level;

    while ((line = guard_pop_log(w->guard, &level))) {
        if (getenv("IPGUARD_TEST_LOG")) {
            printf("%lld %c %s\n", w->now, level, line);
        }
        sset_add_and_free(&w->log, line);
    }
}

bool
world_turn(struct world *w)
{
    struct guard_env env;
    bool busy;

    w->n_turns++;
    busy = world_run_sb(w);
    busy |= world_carry_out(w);
    world_get_env(w, &env);
    if (guard_wants_load(w->guard, &env)) {
        world_load(w);
    }
    orders_destroy(&w->orders);
    orders_init(&w->orders);
    guard_run(w->guard, &env, &w->orders);
    busy |= world_take_orders(w);
    take_log(w);
    return busy || w->orders.again || w->store || w->nb;
}

void
world_settle(struct world *w)
{
    size_t n = 0;

    while (world_turn(w)) {
        if (++n >= 500) {
            CU_FAIL("the guard does not come to rest");
            return;
        }
    }
}

void
world_run(struct world *w, long long int ms)
{
    long long int end = w->now + ms;
    size_t n = 0;

    for (;;) {
        world_settle(w);
        long long int next = w->orders.next_wake_ms;

        if (next > end) {
            break;
        }
        if (next <= w->now && ++n > 20) {
            CU_FAIL("the guard asks to be woken in the past");
            return;
        }
        next = MAX(next, w->now + 1);
        w->wall += next - w->now;
        w->now = next;
    }
    w->wall += end - w->now;
    w->now = end;
    world_settle(w);
}

/* ---- Looks. ---- */

static bool
lists(const struct wport *p, const struct ip_addr *ip)
{
    for (size_t i = 0; i < p->addresses.n; i++) {
        if (lsp_addr_has_ip(p->addresses.names[i], ip)) {
            return true;
        }
    }
    return false;
}

bool
world_has(const struct world *w, const char *port, const char *ip_s)
{
    struct wport *p = world_find_port(CONST_CAST(struct world *, w), port);
    struct ip_addr ip = unit_ip(ip_s);

    return p && lists(p, &ip);
}

const struct hold *
world_hold(const struct world *w, const char *ip_s)
{
    struct ip_addr ip = unit_ip(ip_s);
    const struct hold *h;

    HMAP_FOR_EACH (h, node, &guard_holds(w->guard)->holds) {
        if (ip_addr_equals(&h->addr, &ip)) {
            return h;
        }
    }
    return NULL;
}

const struct hold *
world_stored_hold(const struct world *w, const char *ip_s)
{
    struct ip_addr ip = unit_ip(ip_s);

    for (size_t i = 0; i < w->n_holds; i++) {
        if (ip_addr_equals(&w->holds[i]->addr, &ip)) {
            return w->holds[i];
        }
    }
    return NULL;
}

bool
world_gated(const struct world *w, const char *port)
{
    struct wport *p = world_find_port(CONST_CAST(struct world *, w), port);

    return p && p->mark && p->enabled == TRI_FALSE;
}

bool
world_logged(const struct world *w, const char *part)
{
    const char *line;

    SSET_FOR_EACH (line, &w->log) {
        if (strstr(line, part)) {
            return true;
        }
    }
    return false;
}

size_t
world_journalled(const struct world *w, const char *action)
{
    size_t n = 0;

    for (size_t i = 0; i < w->n_journal; i++) {
        n += !strcmp(w->journal[i].action, action);
    }
    return n;
}

static bool
write_is(const struct kube_write *w, enum kube_write_kind kind,
         const char *name, const char *reason)
{
    return (w->kind == kind && (!name || !strcmp(w->name, name))
            && (!reason || !strcmp(w->reason, reason)));
}

const struct kube_write *
world_find_write(const struct world *w, enum kube_write_kind kind,
                 const char *name, const char *reason)
{
    for (size_t i = w->n_writes; i-- > 0; ) {
        if (write_is(w->writes[i], kind, name, reason)) {
            return w->writes[i];
        }
    }
    return NULL;
}

size_t
world_count_writes(const struct world *w, enum kube_write_kind kind,
                   const char *name, const char *reason)
{
    size_t n = 0;

    for (size_t i = 0; i < w->n_writes; i++) {
        n += write_is(w->writes[i], kind, name, reason);
    }
    return n;
}

size_t
world_open_ports(const struct world *w, const char *ip_s)
{
    struct ip_addr ip = unit_ip(ip_s);
    size_t n = 0;

    for (size_t i = 0; i < w->n_ports; i++) {
        n += w->ports[i]->enabled != TRI_FALSE && lists(w->ports[i], &ip);
    }
    return n;
}

char *
world_format_nb(const struct world *w)
{
    struct svec lines = SVEC_EMPTY_INITIALIZER;
    char *s;

    for (size_t i = 0; i < w->n_ports; i++) {
        const struct wport *p = w->ports[i];
        struct ds ds = DS_EMPTY_INITIALIZER;

        ds_put_format(&ds, "%s:", p->name);
        for (size_t j = 0; j < p->addresses.n; j++) {
            ds_put_format(&ds, " [%s]", p->addresses.names[j]);
        }
        for (size_t j = 0; j < p->ps.n; j++) {
            ds_put_format(&ds, " ps[%s]", p->ps.names[j]);
        }
        ds_put_format(&ds, "%s%s", p->enabled == TRI_FALSE ? " off" : "",
                      p->mark ? " marked" : "");
        svec_add_nocopy(&lines, ds_steal_cstr(&ds));
    }
    svec_sort(&lines);
    s = svec_join(&lines, "\n", "");
    svec_destroy(&lines);
    return s;
}
