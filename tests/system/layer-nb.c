/* SPDX-License-Identifier: Apache-2.0 */

/* The part of test-ovsdb-layer that has to do with Northbound; see layer.h. */

#include <config.h>

#include "tests/system/layer.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/hmap.h"
#include "openvswitch/shash.h"
#include "svec.h"
#include "timeval.h"
#include "unixctl.h"
#include "util.h"
#include "uuid.h"

#include "agent/core/model.h"
#include "agent/core/orders.h"
#include "ovsdb/nb-view.h"

static void
test_nb_show(struct unixctl_conn *conn, int argc OVS_UNUSED,
             const char *argv[] OVS_UNUSED, void *l_)
{
    struct layer *l = l_;
    struct ds ds = DS_EMPTY_INITIALIZER;
    const struct network *n;
    const struct port *p;

    ds_put_format(&ds, "global synced=%d nb_cfg=%"PRId64" report=%d "
                  "identity=%s\n", l->model.nb_synced, l->model.nb_cfg,
                  l->model.chassis_report, l->model.nb_identity);
    HMAP_FOR_EACH (n, node, &l->model.networks) {
        ds_put_format(&ds, "network %s subnet=%s ports=%"PRIuSIZE"\n",
                      n->name, n->subnet ? n->subnet : "-",
                      ovs_list_size(&n->ports));
    }
    HMAP_FOR_EACH (p, uuid_node, &l->model.ports) {
        ds_put_format(&ds, "port %s network=%s", p->name,
                      p->network ? p->network->name : "-");
        layer_put_svec(&ds, "addresses", &p->addresses);
        layer_put_svec(&ds, "port_security", &p->port_security);
        ds_put_format(&ds, " enabled=%s mark=%s\n",
                      layer_tristate_to_string(p->enabled),
                      p->mark ? p->mark : "-");
    }
    layer_reply_sorted(conn, &ds);
    ds_destroy(&ds);
}

/* One line for a network without its ports: for large ones. */
static void
test_nb_count(struct unixctl_conn *conn, int argc OVS_UNUSED,
              const char *argv[] OVS_UNUSED, void *l_)
{
    struct layer *l = l_;
    char *s = xasprintf("networks=%"PRIuSIZE" ports=%"PRIuSIZE" synced=%d",
                        hmap_count(&l->model.networks),
                        hmap_count(&l->model.ports),
                        l->model.nb_synced);

    unixctl_command_reply(conn, s);
    free(s);
}

static void
test_nb_references(struct unixctl_conn *conn, int argc OVS_UNUSED,
                   const char *argv[] OVS_UNUSED, void *l_)
{
    struct layer *l = l_;
    struct ds ds = DS_EMPTY_INITIALIZER;
    const struct shash_node *node;
    const struct reference *r;

    HMAP_FOR_EACH (r, node, &l->model.references) {
        ds_put_format(&ds, "reference %s: ", r->text);
        ip_addr_set_format(&r->ips, &ds);
        ds_put_char(&ds, '\n');
    }
    SHASH_FOR_EACH (node, &l->model.router_ports) {
        ds_put_format(&ds, "router-port %s", node->name);
        layer_put_sset(&ds, "networks", node->data);
        ds_put_char(&ds, '\n');
    }
    layer_reply_sorted(conn, &ds);
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
        layer_split(&w->old_addresses, old);
        layer_split(&w->new_addresses, new);
    } else if (!strcmp(column, "port_security")) {
        w->set_port_security = true;
        layer_split(&w->old_port_security, old);
        layer_split(&w->new_port_security, new);
    } else if (!strcmp(column, "enabled")) {
        w->set_enabled = true;
        w->old_enabled = layer_tristate_from_string(old);
        w->new_enabled = layer_tristate_from_string(new);
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
add_write(const struct layer *l, struct nb_batch *batch, const char *name)
{
    const struct port *p = model_find_port_by_name(&l->model, name);
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
              void *l_)
{
    struct layer *l = l_;
    struct nb_batch *batch = xzalloc(sizeof *batch);
    struct nb_write *w = NULL;
    int i = 1;

    batch->token = l->next_token++;
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
            w = add_write(l, batch, argv[i++]);
        }
    }

    if (l->nb_conn || nb_act_is_busy(l->nb)) {
        unixctl_command_reply_error(conn, "busy");
    } else {
        l->nb_conn = conn;
        nb_act_start(l->nb, batch, time_msec());
    }
    nb_batch_destroy(batch);
}

static void
poll_nb(struct layer *l)
{
    struct nb_result result;

    if (nb_act_poll(l->nb, &result, time_msec())) {
        struct svec lost = SVEC_EMPTY_INITIALIZER;

        for (size_t i = 0; i < result.n_lost; i++) {
            const struct port *p = model_find_port(&l->model, &result.lost[i]);

            svec_add(&lost, p ? p->name : "gone");
        }
        svec_sort(&lost);

        char *joined = svec_join(&lost, ";", "");
        layer_reply_result(&l->nb_conn, result.result, result.nb_cfg, joined,
                           result.error);
        free(joined);
        svec_destroy(&lost);
        nb_result_destroy(&result);
    }
}

void
layer_nb_run(struct layer *l, long long int now)
{
    nb_view_run(l->nb, &l->model, l->want_lock, l->want_references, now);
    poll_nb(l);
    nb_view_wait(l->nb);
    nb_act_wait(l->nb);
}

void
layer_nb_register(struct layer *l)
{
    unixctl_command_register("nb/show", "", 0, 0, test_nb_show, l);
    unixctl_command_register("nb/count", "", 0, 0, test_nb_count, l);
    unixctl_command_register("nb/references", "", 0, 0, test_nb_references,
                             l);
    unixctl_command_register("nb/write", "[bump] [PORT [COLUMN OLD NEW]]",
                             0, INT_MAX, test_nb_write, l);
}
