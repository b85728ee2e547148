/* SPDX-License-Identifier: Apache-2.0 */

/* A daemon that has the database layer (ovsdb/) and the model, and decides
 * nothing: what it writes and watches is told to it over its control socket,
 * and it prints what it has been told by the databases.  ovsdb-layer.at drives
 * it, with ovn-nbctl and the like as the other hand.
 *
 * Lists within an argument are separated by semicolons.  A command that
 * writes is answered when the write has ended. */

#include <config.h>

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "command-line.h"
#include "daemon.h"
#include "fatal-signal.h"
#include "hash.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "simap.h"
#include "smap.h"
#include "sset.h"
#include "svec.h"
#include "timeval.h"
#include "unixctl.h"
#include "util.h"
#include "uuid.h"

#include "agent/core/model.h"
#include "agent/core/orders.h"
#include "ovsdb/nb-view.h"
#include "ovsdb/ovs-compat.h"
#include "ovsdb/sb-view.h"
#include "ovsdb/store.h"

VLOG_DEFINE_THIS_MODULE(test_ovsdb_layer);

static struct nb_view *nb;
static struct sb_view *sb;
static struct store *store;
static struct model model;
static struct sb_watch watch = { .seqno = 1 };

static const char *nb_remote, *sb_remote, *store_remote, *unixctl_path;
static int probe_ms = -1;

static bool exiting;
static bool want_lock = true;
static bool want_references;
static bool may_write = true;
static unsigned int n_store_changes;

/* Who is told how a write ended. */
static struct unixctl_conn *nb_conn, *store_conn;
static uint64_t next_token = 1;

/* ---- Arguments and output. ---- */

static void
split(struct svec *sv, const char *list)
{
    char *copy = xstrdup(list);
    char *save = NULL;

    for (char *s = strtok_r(copy, ";", &save); s;
         s = strtok_r(NULL, ";", &save)) {
        svec_add(sv, s);
    }
    free(copy);
}

static void
split_to_sset(struct sset *set, const char *list)
{
    struct svec sv = SVEC_EMPTY_INITIALIZER;
    const char *s;
    size_t i;

    sset_clear(set);
    split(&sv, list);
    SVEC_FOR_EACH (i, s, &sv) {
        sset_add(set, s);
    }
    svec_destroy(&sv);
}

static void
put_svec(struct ds *ds, const char *name, const struct svec *sv)
{
    struct svec sorted;
    char *joined;

    svec_clone(&sorted, sv);
    svec_sort(&sorted);
    joined = svec_join(&sorted, ";", "");
    ds_put_format(ds, " %s=[%s]", name, joined);
    free(joined);
    svec_destroy(&sorted);
}

static void
put_sset(struct ds *ds, const char *name, const struct sset *set)
{
    struct svec sv = SVEC_EMPTY_INITIALIZER;
    const char *s;

    SSET_FOR_EACH (s, set) {
        svec_add(&sv, s);
    }
    put_svec(ds, name, &sv);
    svec_destroy(&sv);
}

static const char *
tristate_to_string(enum tristate t)
{
    return t == TRI_UNSET ? "unset" : t == TRI_TRUE ? "true" : "false";
}

static enum tristate
tristate_from_string(const char *s)
{
    return (!strcmp(s, "true") ? TRI_TRUE
            : !strcmp(s, "false") ? TRI_FALSE : TRI_UNSET);
}

/* Replies with the lines of 'ds' in order. */
static void
reply_sorted(struct unixctl_conn *conn, struct ds *ds)
{
    struct svec lines = SVEC_EMPTY_INITIALIZER;
    char *save = NULL;

    for (char *s = strtok_r(ds_cstr(ds), "\n", &save); s;
         s = strtok_r(NULL, "\n", &save)) {
        svec_add(&lines, s);
    }
    svec_sort(&lines);

    char *joined = svec_join(&lines, "\n", "\n");
    unixctl_command_reply(conn, joined);
    free(joined);
    svec_destroy(&lines);
}

static void
reply_result(struct unixctl_conn **conn, enum txn_result result,
             int64_t nb_cfg, const char *lost, const char *error)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_cstr(&ds, txn_result_to_string(result));
    if (nb_cfg) {
        ds_put_format(&ds, " nb_cfg=%"PRId64, nb_cfg);
    }
    if (lost[0]) {
        ds_put_format(&ds, " lost=[%s]", lost);
    }
    if (error) {
        ds_put_format(&ds, ": %s", error);
    }
    unixctl_command_reply(*conn, ds_cstr(&ds));
    *conn = NULL;
    ds_destroy(&ds);
}

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
            const char *argv[] OVS_UNUSED, void *aux OVS_UNUSED)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct db_status status;

    if (nb) {
        nb_view_get_status(nb, &status);
        put_status(&ds, "nb", &status, nb_view_error(nb),
                   nb_view_missing_optional(nb));
    }
    if (sb) {
        sb_view_get_status(sb, &status);
        put_status(&ds, "sb", &status, sb_view_error(sb),
                   sb_view_missing_optional(sb));
    }
    if (store) {
        store_get_status(store, &status);
        put_status(&ds, "store", &status, store_error(store), "");
        ds_put_format(&ds, "store ready=%d standalone=%d\n",
                      store_is_ready(store), store_is_standalone(store));
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
          const char *argv[] OVS_UNUSED, void *aux OVS_UNUSED)
{
    exiting = true;
    unixctl_command_reply(conn, NULL);
}

/* ---- Northbound. ---- */

static void
test_nb_show(struct unixctl_conn *conn, int argc OVS_UNUSED,
             const char *argv[] OVS_UNUSED, void *aux OVS_UNUSED)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    const struct network *n;
    const struct port *p;

    ds_put_format(&ds, "global synced=%d nb_cfg=%"PRId64" report=%d "
                  "identity=%s\n", model.nb_synced, model.nb_cfg,
                  model.chassis_report, model.nb_identity);
    HMAP_FOR_EACH (n, node, &model.networks) {
        ds_put_format(&ds, "network %s subnet=%s ports=%"PRIuSIZE"\n",
                      n->name, n->subnet ? n->subnet : "-",
                      ovs_list_size(&n->ports));
    }
    HMAP_FOR_EACH (p, uuid_node, &model.ports) {
        ds_put_format(&ds, "port %s network=%s", p->name,
                      p->network ? p->network->name : "-");
        put_svec(&ds, "addresses", &p->addresses);
        put_svec(&ds, "port_security", &p->port_security);
        ds_put_format(&ds, " enabled=%s mark=%s\n",
                      tristate_to_string(p->enabled), p->mark ? p->mark : "-");
    }
    reply_sorted(conn, &ds);
    ds_destroy(&ds);
}

/* One line for a network without its ports: for large ones. */
static void
test_nb_count(struct unixctl_conn *conn, int argc OVS_UNUSED,
              const char *argv[] OVS_UNUSED, void *aux OVS_UNUSED)
{
    char *s = xasprintf("networks=%"PRIuSIZE" ports=%"PRIuSIZE" synced=%d",
                        hmap_count(&model.networks), hmap_count(&model.ports),
                        model.nb_synced);

    unixctl_command_reply(conn, s);
    free(s);
}

static void
test_nb_references(struct unixctl_conn *conn, int argc OVS_UNUSED,
                   const char *argv[] OVS_UNUSED, void *aux OVS_UNUSED)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    const struct shash_node *node;
    const struct reference *r;

    HMAP_FOR_EACH (r, node, &model.references) {
        ds_put_format(&ds, "reference %s: ", r->text);
        ip_addr_set_format(&r->ips, &ds);
        ds_put_char(&ds, '\n');
    }
    SHASH_FOR_EACH (node, &model.router_ports) {
        ds_put_format(&ds, "router-port %s", node->name);
        put_sset(&ds, "networks", node->data);
        ds_put_char(&ds, '\n');
    }
    reply_sorted(conn, &ds);
    ds_destroy(&ds);
}

static char *
mark_from_string(const char *s)
{
    return strcmp(s, "-") ? xstrdup(s) : NULL;
}

static bool
parse_write(struct nb_write *w, const char *column, const char *old,
            const char *new)
{
    if (!strcmp(column, "addresses")) {
        w->set_addresses = true;
        svec_clear(&w->old_addresses);
        split(&w->old_addresses, old);
        split(&w->new_addresses, new);
    } else if (!strcmp(column, "port_security")) {
        w->set_port_security = true;
        split(&w->old_port_security, old);
        split(&w->new_port_security, new);
    } else if (!strcmp(column, "enabled")) {
        w->set_enabled = true;
        w->old_enabled = tristate_from_string(old);
        w->new_enabled = tristate_from_string(new);
    } else if (!strcmp(column, "mark")) {
        w->set_mark = true;
        w->old_mark = mark_from_string(old);
        w->new_mark = mark_from_string(new);
    } else {
        return false;
    }
    return true;
}

/* Adds the port called 'name', with the addresses that the model knows. */
static struct nb_write *
add_write(struct nb_batch *batch, const char *name)
{
    const struct port *p = model_find_port_by_name(&model, name);
    struct uuid uuid = UUID_ZERO;
    struct nb_write *w;

    if (!p) {
        uuid_from_string(&uuid, name);
    }
    w = nb_batch_add(batch, p ? &p->uuid : &uuid, name);
    if (p) {
        svec_destroy(&w->old_addresses);
        svec_clone(&w->old_addresses, &p->addresses);
    }
    return w;
}

/* nb/write [bump] [PORT [COLUMN OLD NEW]...]... */
static void
test_nb_write(struct unixctl_conn *conn, int argc, const char *argv[],
              void *aux OVS_UNUSED)
{
    struct nb_batch *batch = xzalloc(sizeof *batch);
    struct nb_write *w = NULL;
    int i = 1;

    batch->token = next_token++;
    batch->comment = xstrdup("test");
    if (i < argc && !strcmp(argv[i], "bump")) {
        batch->bump = true;
        i++;
    }
    while (i < argc) {
        if (w && i + 2 < argc
            && parse_write(w, argv[i], argv[i + 1], argv[i + 2])) {
            i += 3;
        } else {
            w = add_write(batch, argv[i++]);
        }
    }

    if (nb_conn || nb_act_is_busy(nb)) {
        unixctl_command_reply_error(conn, "busy");
    } else {
        nb_conn = conn;
        nb_act_start(nb, batch, time_msec());
    }
    nb_batch_destroy(batch);
}

static void
poll_nb(void)
{
    struct nb_result result;

    if (nb_act_poll(nb, &result, time_msec())) {
        struct svec lost = SVEC_EMPTY_INITIALIZER;

        for (size_t i = 0; i < result.n_lost; i++) {
            const struct port *p = model_find_port(&model, &result.lost[i]);

            svec_add(&lost, p ? p->name : "gone");
        }
        svec_sort(&lost);

        char *joined = svec_join(&lost, ";", "");
        reply_result(&nb_conn, result.result, result.nb_cfg, joined,
                     result.error);
        free(joined);
        svec_destroy(&lost);
        nb_result_destroy(&result);
    }
}

/* ---- Southbound. ---- */

/* sb/watch PORTS ADDRESSES NETWORKS on|off */
static void
test_sb_watch(struct unixctl_conn *conn, int argc OVS_UNUSED,
              const char *argv[], void *aux OVS_UNUSED)
{
    split_to_sset(&watch.ports, argv[1]);
    split_to_sset(&watch.addresses, argv[2]);
    split_to_sset(&watch.networks, argv[3]);
    watch.chassis = !strcmp(argv[4], "on");
    watch.seqno++;

    char *s = xasprintf("%"PRIu64, watch.seqno);
    unixctl_command_reply(conn, s);
    free(s);
}

static void
test_sb_show(struct unixctl_conn *conn, int argc OVS_UNUSED,
             const char *argv[] OVS_UNUSED, void *aux OVS_UNUSED)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    const struct mac_binding *mb;
    const struct binding *b;
    const struct chassis *c;
    const char *name;

    ds_put_format(&ds, "global synced=%d nb_cfg=%"PRId64" acked=%"PRIu64
                  " of %"PRIu64" identity=%s\n", model.sb_synced,
                  model.sb_nb_cfg, model.sb_watch_acked, watch.seqno,
                  model.sb_identity);
    HMAP_FOR_EACH (b, node, &model.bindings) {
        ds_put_format(&ds, "binding %s known=%d present=%d chassis=%s "
                      "additional=%"PRIuSIZE, b->logical_port,
                      model_binding_known(&model, b->logical_port),
                      b->present, b->chassis ? b->chassis : "-",
                      b->n_additional_chassis);
        put_svec(&ds, "mac", &b->mac);
        put_svec(&ds, "port_security", &b->port_security);
        ds_put_char(&ds, '\n');
    }
    HMAP_FOR_EACH (c, node, &model.chassis) {
        ds_put_format(&ds, "chassis %s present=%d private=%d linked=%d "
                      "nb_cfg=%"PRId64"\n", c->name, c->present,
                      c->has_private, c->private_has_chassis, c->nb_cfg);
    }
    HMAP_FOR_EACH (mb, node, &model.mac_bindings) {
        char ip[IP_ADDR_STRLEN];

        ds_put_format(&ds, "mac-binding %s %s %s\n", mb->logical_port,
                      ip_addr_to_string(&mb->ip, ip), mb->mac);
    }
    SSET_FOR_EACH (name, &model.datapaths) {
        ds_put_format(&ds, "datapath %s\n", name);
    }
    reply_sorted(conn, &ds);
    ds_destroy(&ds);
}

/* Deletes all MAC bindings that the model knows with address IP. */
static void
test_sb_delete(struct unixctl_conn *conn, int argc OVS_UNUSED,
               const char *argv[], void *aux OVS_UNUSED)
{
    const struct mac_binding *mb;
    struct uuid *uuids;
    struct ip_addr ip;
    size_t n = 0;

    if (sb_view_is_busy(sb)) {
        unixctl_command_reply_error(conn, "busy");
        return;
    }
    ip_addr_parse(argv[1], &ip);
    uuids = xmalloc((hmap_count(&model.mac_bindings) + 1) * sizeof *uuids);
    HMAP_FOR_EACH (mb, node, &model.mac_bindings) {
        if (ip_addr_equals(&mb->ip, &ip)) {
            uuids[n++] = mb->uuid;
        }
    }
    sb_view_delete_mac_bindings(sb, uuids, n, time_msec());
    free(uuids);
    unixctl_command_reply(conn, NULL);
}

/* ---- Own database. ---- */

static void
put_hold(struct ds *ds, const struct hold *h)
{
    struct svec former = SVEC_EMPTY_INITIALIZER;
    char ip[IP_ADDR_STRLEN];

    for (size_t i = 0; i < h->n_former; i++) {
        svec_add_nocopy(&former, xasprintf("%s %s", h->former[i].name,
                                           h->former[i].mac));
    }
    ds_put_format(ds, "hold %s network=%s state=%s fixed=%d case=%s "
                  "reason=%s owner=%s/%s b1=%"PRId64" keeper=%d",
                  ip_addr_to_string(&h->addr, ip), h->network_name,
                  hold_state_to_string(h->state), h->fixed, h->reason_case,
                  h->reason, h->owner.ns, h->owner.name, h->b1,
                  !uuid_is_zero(&h->keeper));
    put_svec(ds, "former", &former);
    put_sset(ds, "blockers", &h->blockers);
    ds_put_char(ds, '\n');
    svec_destroy(&former);
}

static void
put_row(struct ds *ds, const struct ipguard_row *row)
{
    ds_put_format(ds, "row cfg=%"PRId64" done_cfg=%"PRId64" generation=%"
                  PRId64" mode=%d frozen=%s brake=%s nb_identity=%s "
                  "nb_cfg_seen=%"PRId64" active=%s\n", row->cfg,
                  row->done_cfg, row->generation,
                  row->has_mode == TRI_TRUE ? row->mode : -1,
                  row->frozen ? row->frozen : "-",
                  row->brake ? row->brake : "-", row->nb_identity,
                  row->nb_cfg_seen, row->active);
}

static void
test_store_show(struct unixctl_conn *conn, int argc OVS_UNUSED,
                const char *argv[] OVS_UNUSED, void *aux OVS_UNUSED)
{
    struct smap config = SMAP_INITIALIZER(&config);
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct store_snapshot snapshot;
    const struct smap_node *node;
    char ip[IP_ADDR_STRLEN];

    store_snapshot_init(&snapshot);
    store_snapshot(store, &snapshot);
    put_row(&ds, &snapshot.row);
    for (size_t i = 0; i < snapshot.n_holds; i++) {
        put_hold(&ds, snapshot.holds[i]);
    }
    for (size_t i = 0; i < snapshot.n_gates; i++) {
        const struct gate *g = snapshot.gates[i];

        ds_put_format(&ds, "gate %s network=%s address=%s previous=%s\n",
                      g->port_name, g->network_name,
                      ip_addr_to_string(&g->addr, ip),
                      tristate_to_string(g->previous));
    }
    for (size_t i = 0; i < snapshot.n_problems; i++) {
        ds_put_format(&ds, "problem %s\n", snapshot.problems[i]);
    }
    ds_put_format(&ds, "journal last=%"PRId64"\n", snapshot.last_sequence);
    store_get_config(store, &config);
    SMAP_FOR_EACH (node, &config) {
        ds_put_format(&ds, "config %s=%s\n", node->key, node->value);
    }
    reply_sorted(conn, &ds);
    ds_destroy(&ds);
    smap_destroy(&config);
    store_snapshot_destroy(&snapshot);
}

/* How often store_run() has returned true since this was asked last. */
static void
test_store_changes(struct unixctl_conn *conn, int argc OVS_UNUSED,
                   const char *argv[] OVS_UNUSED, void *aux OVS_UNUSED)
{
    char *s = xasprintf("%u", n_store_changes);

    n_store_changes = 0;
    unixctl_command_reply(conn, s);
    free(s);
}

static void
add_hold(struct store_batch *batch, const char *argv[])
{
    struct svec former = SVEC_EMPTY_INITIALIZER;
    struct uuid row, network, port;
    enum hold_state state;
    struct ip_addr addr;
    struct hold *h;

    uuid_from_string(&row, argv[0]);
    uuid_from_string(&network, "11111111-1111-1111-1111-111111111111");
    ip_addr_parse(argv[1], &addr);
    h = hold_create(&row, &network, "ls1", &addr);
    if (hold_state_from_string(argv[2], &state)) {
        h->state = state;
    }
    hold_set_owner(h, "default", "StatefulSet", "sts1-0", "sts1", "u1");
    split(&former, argv[3]);
    for (size_t i = 0; i < former.n; i++) {
        /* A uuid that is the same for the same name. */
        uuid_from_string(&port, "22222222-2222-2222-2222-222222222222");
        port.parts[3] = hash_string(former.names[i], 0);
        hold_add_former(h, &port, former.names[i], "0a:00:00:00:00:01", 5);
    }
    sset_add(&h->blockers, "SB has not reached the barrier");
    batch->put_holds = xrealloc(batch->put_holds,
                                (batch->n_put_holds + 1)
                                * sizeof *batch->put_holds);
    batch->put_holds[batch->n_put_holds++] = h;
    svec_destroy(&former);
}

static void
add_gate(struct store_batch *batch, const char *argv[])
{
    struct gate *g = xzalloc(sizeof *g);

    uuid_from_string(&g->uuid, argv[0]);
    g->port = g->uuid;
    g->port_name = xstrdup(argv[1]);
    g->network_name = xstrdup("ls1");
    ip_addr_parse(argv[2], &g->addr);
    g->previous = tristate_from_string(argv[3]);
    g->reason = xstrdup("took a held address");
    batch->put_gates = xrealloc(batch->put_gates,
                                (batch->n_put_gates + 1)
                                * sizeof *batch->put_gates);
    batch->put_gates[batch->n_put_gates++] = g;
}

static void
add_deletion(struct uuid **uuids, size_t *n, const char *text)
{
    *uuids = xrealloc(*uuids, (*n + 1) * sizeof **uuids);
    uuid_from_string(&(*uuids)[(*n)++], text);
}

static void
add_journal(struct store_batch *batch, const char *first, const char *last)
{
    for (int64_t i = strtoll(first, NULL, 10); i <= strtoll(last, NULL, 10);
         i++) {
        struct journal_entry *e;

        batch->journal = xrealloc(batch->journal, (batch->n_journal + 1)
                                  * sizeof *batch->journal);
        e = &batch->journal[batch->n_journal++];
        journal_entry_init(e);
        e->sequence = i;
        e->instance = xstrdup("test");
        e->action = xstrdup("clear");
        e->address = xstrdup("10.0.0.1");
        svec_add(&e->evidence, "b");
        svec_add(&e->evidence, "a");
        svec_add(&e->old_addresses, "0a:00:00:00:00:01 10.0.0.1");
    }
}

/* store/write [hold UUID IP STATE FORMER | delete-hold UUID
 *              | gate UUID PORT IP PREVIOUS | delete-gate UUID
 *              | journal FIRST LAST | journal-max N | brake TEXT
 *              | active TEXT]... */
static void
test_store_write(struct unixctl_conn *conn, int argc, const char *argv[],
                 void *aux OVS_UNUSED)
{
    struct store_batch *batch = xzalloc(sizeof *batch);
    struct store_snapshot snapshot;

    batch->token = next_token++;
    batch->journal_max = 1000;
    store_snapshot_init(&snapshot);
    store_snapshot(store, &snapshot);
    ipguard_row_copy(&batch->row, &snapshot.row);
    store_snapshot_destroy(&snapshot);

    for (int i = 1; i < argc;) {
        const char *what = argv[i++];
        int left = argc - i;

        if (!strcmp(what, "hold") && left >= 4) {
            add_hold(batch, &argv[i]);
            i += 4;
        } else if (!strcmp(what, "gate") && left >= 4) {
            add_gate(batch, &argv[i]);
            i += 4;
        } else if (!strcmp(what, "delete-hold") && left >= 1) {
            add_deletion(&batch->delete_holds, &batch->n_delete_holds,
                         argv[i++]);
        } else if (!strcmp(what, "delete-gate") && left >= 1) {
            add_deletion(&batch->delete_gates, &batch->n_delete_gates,
                         argv[i++]);
        } else if (!strcmp(what, "journal") && left >= 2) {
            add_journal(batch, argv[i], argv[i + 1]);
            i += 2;
        } else if (!strcmp(what, "journal-max") && left >= 1) {
            batch->journal_max = atoi(argv[i++]);
        } else if (!strcmp(what, "brake") && left >= 1) {
            free(batch->row.brake);
            batch->row.brake = xstrdup(argv[i++]);
        } else if (!strcmp(what, "active") && left >= 1) {
            free(batch->row.active);
            batch->row.active = xstrdup(argv[i++]);
        }
    }

    if (store_conn || store_is_busy(store)) {
        unixctl_command_reply_error(conn, "busy");
    } else {
        store_conn = conn;
        store_start(store, batch, time_msec());
    }
    store_batch_destroy(batch);
}

static void
poll_store(void)
{
    struct store_result result;

    if (store_poll(store, &result, time_msec())) {
        reply_result(&store_conn, result.result, 0, "", result.error);
        store_result_destroy(&result);
    }
}

/* ---- The loop. ---- */

static void
run(void)
{
    long long int now = time_msec();

    if (store) {
        n_store_changes += store_run(store, want_lock, may_write, now);
        poll_store();
        store_wait(store);
    }
    if (nb) {
        nb_view_run(nb, &model, want_lock, want_references, now);
        poll_nb();
        nb_view_wait(nb);
        nb_act_wait(nb);
    }
    if (sb) {
        sb_view_run(sb, &model, &watch, want_lock, now);
        sb_view_wait(sb);
    }
}

static void
register_commands(void)
{
    unixctl_command_register("exit", "", 0, 0, test_exit, NULL);
    unixctl_command_register("test/status", "", 0, 0, test_status, NULL);
    unixctl_command_register("test/lock", "on|off", 1, 1, test_flag,
                             &want_lock);
    unixctl_command_register("test/references", "on|off", 1, 1, test_flag,
                             &want_references);
    unixctl_command_register("test/may-write", "on|off", 1, 1, test_flag,
                             &may_write);
    unixctl_command_register("nb/show", "", 0, 0, test_nb_show, NULL);
    unixctl_command_register("nb/count", "", 0, 0, test_nb_count, NULL);
    unixctl_command_register("nb/references", "", 0, 0, test_nb_references,
                             NULL);
    unixctl_command_register("nb/write", "[bump] [PORT [COLUMN OLD NEW]]",
                             0, INT_MAX, test_nb_write, NULL);
    unixctl_command_register("sb/watch", "PORTS ADDRESSES NETWORKS on|off",
                             4, 4, test_sb_watch, NULL);
    unixctl_command_register("sb/show", "", 0, 0, test_sb_show, NULL);
    unixctl_command_register("sb/delete", "IP", 1, 1, test_sb_delete, NULL);
    unixctl_command_register("store/show", "", 0, 0, test_store_show, NULL);
    unixctl_command_register("store/changes", "", 0, 0, test_store_changes,
                             NULL);
    unixctl_command_register("store/write", "WHAT", 0, INT_MAX,
                             test_store_write, NULL);
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
connect_all(void)
{
    if (nb_remote) {
        nb = nb_view_create(nb_remote, "test_nb");
    }
    if (sb_remote) {
        sb = sb_view_create(sb_remote, "test_sb");
    }
    if (store_remote) {
        store = store_create(store_remote, "test_own");
    }
    if (probe_ms >= 0 && nb) {
        nb_view_set_probe_interval(nb, probe_ms);
    }
}

int
main(int argc, char *argv[])
{
    struct unixctl_server *server;

    ovs_cmdl_proctitle_init(argc, argv);
    set_program_name(argv[0]);
    fatal_ignore_sigpipe();
    sset_init(&watch.ports);
    sset_init(&watch.addresses);
    sset_init(&watch.networks);
    model_init(&model, dialect_by_name("kube-ovn"));

    parse_options(argc, argv);
    compat_daemonize_start(false);
    if (unixctl_server_create(unixctl_path, &server)) {
        exit(EXIT_FAILURE);
    }
    register_commands();
    daemonize_complete();
    connect_all();

    while (!exiting) {
        unixctl_server_run(server);
        run();
        unixctl_server_wait(server);
        if (exiting) {
            poll_immediate_wake();
        }
        poll_block();
    }

    nb_view_destroy(nb);
    sb_view_destroy(sb);
    store_destroy(store);
    model_destroy(&model);
    sset_destroy(&watch.ports);
    sset_destroy(&watch.addresses);
    sset_destroy(&watch.networks);
    unixctl_server_destroy(server);
    return 0;
}
