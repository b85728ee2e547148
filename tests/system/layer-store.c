/* SPDX-License-Identifier: Apache-2.0 */

/* The part of test-ovsdb-layer that has to do with the own database; see
 * layer.h. */

#include <config.h>

#include "tests/system/layer.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "openvswitch/dynamic-string.h"
#include "smap.h"
#include "sset.h"
#include "svec.h"
#include "timeval.h"
#include "unixctl.h"
#include "util.h"
#include "uuid.h"

#include "agent/core/orders.h"
#include "ovsdb/store.h"

static void
put_hold(struct ds *ds, const struct hold *h)
{
    struct svec former = SVEC_EMPTY_INITIALIZER;
    char ip[IP_ADDR_STRLEN];

    for (size_t i = 0; i < h->n_former; i++) {
        const struct former_port *f = &h->former[i];
        char *ps = svec_join(&f->port_security, ",", "");

        svec_add_nocopy(&former, xasprintf("%s %s%s%s%s", f->name, f->mac,
                                           f->cleared ? " cleared" : "",
                                           ps[0] ? " from " : "", ps));
        free(ps);
    }
    ds_put_format(ds, "hold %s network=%s state=%s fixed=%d case=%s "
                  "reason=%s owner=%s/%s b1=%"PRId64" keeper=%d",
                  ip_addr_to_string(&h->addr, ip), h->network_name,
                  hold_state_to_string(h->state), h->fixed, h->reason_case,
                  h->reason, h->owner.ns, h->owner.name, h->b1,
                  !uuid_is_zero(&h->keeper));
    layer_put_svec(ds, "former", &former);
    layer_put_sset(ds, "blockers", &h->blockers);
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
                const char *argv[] OVS_UNUSED, void *l_)
{
    struct layer *l = l_;
    struct smap config = SMAP_INITIALIZER(&config);
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct store_snapshot snapshot;
    const struct smap_node *node;
    char ip[IP_ADDR_STRLEN];

    store_snapshot_init(&snapshot);
    store_snapshot(l->store, &snapshot);
    put_row(&ds, &snapshot.row);
    for (size_t i = 0; i < snapshot.n_holds; i++) {
        put_hold(&ds, snapshot.holds[i]);
    }
    for (size_t i = 0; i < snapshot.n_gates; i++) {
        const struct gate *g = snapshot.gates[i];

        ds_put_format(&ds, "gate %s network=%s address=%s previous=%s\n",
                      g->port_name, g->network_name,
                      ip_addr_to_string(&g->addr, ip),
                      layer_tristate_to_string(g->previous));
    }
    for (size_t i = 0; i < snapshot.n_problems; i++) {
        ds_put_format(&ds, "problem %s\n", snapshot.problems[i]);
    }
    ds_put_format(&ds, "journal last=%"PRId64"\n", snapshot.last_sequence);
    store_get_config(l->store, &config);
    SMAP_FOR_EACH (node, &config) {
        ds_put_format(&ds, "config %s=%s\n", node->key, node->value);
    }
    layer_reply_sorted(conn, &ds);
    ds_destroy(&ds);
    smap_destroy(&config);
    store_snapshot_destroy(&snapshot);
}

/* How often store_run() has returned true since this was asked last. */
static void
test_store_changes(struct unixctl_conn *conn, int argc OVS_UNUSED,
                   const char *argv[] OVS_UNUSED, void *l_)
{
    struct layer *l = l_;
    char *s = xasprintf("%u", l->n_store_changes);

    l->n_store_changes = 0;
    unixctl_command_reply(conn, s);
    free(s);
}

static void
test_store_generation(struct unixctl_conn *conn, int argc OVS_UNUSED,
                      const char *argv[] OVS_UNUSED, void *l_)
{
    const struct layer *l = l_;
    char *s = xasprintf("%"PRId64, l->store_generation);

    unixctl_command_reply(conn, s);
    free(s);
}

/* A former port whose name ends with a '!' was cleared by us, and its
 * port_security narrowed. */
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
    layer_split(&former, argv[3]);
    for (size_t i = 0; i < former.n; i++) {
        char *name = former.names[i];
        bool cleared = name[0] && name[strlen(name) - 1] == '!';

        name[strlen(name) - cleared] = '\0';
        /* A uuid that is the same for the same name. */
        uuid_from_string(&port, "22222222-2222-2222-2222-222222222222");
        port.parts[3] = hash_string(name, 0);
        hold_add_former(h, &port, name, "0a:00:00:00:00:01", 5);
        if (cleared) {
            struct svec ps = SVEC_EMPTY_INITIALIZER;

            hold_note_clear(h, &port);
            svec_add(&ps, "m1 10.0.0.1 fd00::1");
            svec_add(&ps, "m2");
            hold_note_port_security(h, &port, &ps);
            svec_destroy(&ps);
        }
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
    g->previous = layer_tristate_from_string(argv[3]);
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
                 void *l_)
{
    struct layer *l = l_;
    struct store_batch *batch = xzalloc(sizeof *batch);
    struct store_snapshot snapshot;

    batch->token = l->next_token++;
    batch->journal_max = 1000;
    store_snapshot_init(&snapshot);
    store_snapshot(l->store, &snapshot);
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

    if (l->store_conn || store_is_busy(l->store)) {
        unixctl_command_reply_error(conn, "busy");
    } else {
        l->store_conn = conn;
        store_start(l->store, batch, time_msec());
    }
    store_batch_destroy(batch);
}

static void
poll_store(struct layer *l)
{
    struct store_result result;

    if (store_poll(l->store, &result, time_msec())) {
        if (result.result == TXN_RESULT_DONE) {
            l->store_generation = result.generation;
        }
        layer_reply_result(&l->store_conn, result.result, 0, "", result.error);
        store_result_destroy(&result);
    }
}

void
layer_store_run(struct layer *l, long long int now)
{
    l->n_store_changes += store_run(l->store, l->want_lock, l->may_write,
                                    now);
    poll_store(l);
    store_wait(l->store);
}

void
layer_store_register(struct layer *l)
{
    unixctl_command_register("store/show", "", 0, 0, test_store_show, l);
    unixctl_command_register("store/changes", "", 0, 0, test_store_changes,
                             l);
    unixctl_command_register("store/generation", "", 0, 0,
                             test_store_generation, l);
    unixctl_command_register("store/write", "WHAT", 0, INT_MAX,
                             test_store_write, l);
}
