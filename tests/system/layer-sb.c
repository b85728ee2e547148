/* SPDX-License-Identifier: Apache-2.0 */

/* The part of test-ovsdb-layer that has to do with Southbound; see layer.h. */

#include <config.h>

#include "tests/system/layer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/hmap.h"
#include "sset.h"
#include "timeval.h"
#include "unixctl.h"
#include "util.h"

#include "agent/core/model.h"
#include "ovsdb/sb-view.h"

/* sb/watch PORTS ADDRESSES NETWORKS on|off */
static void
test_sb_watch(struct unixctl_conn *conn, int argc OVS_UNUSED,
              const char *argv[], void *l_)
{
    struct layer *l = l_;

    layer_split_to_sset(&l->watch.ports, argv[1]);
    layer_split_to_sset(&l->watch.addresses, argv[2]);
    layer_split_to_sset(&l->watch.networks, argv[3]);
    l->watch.chassis = !strcmp(argv[4], "on");
    l->watch.seqno++;

    char *s = xasprintf("%"PRIu64, l->watch.seqno);
    unixctl_command_reply(conn, s);
    free(s);
}

static void
test_sb_show(struct unixctl_conn *conn, int argc OVS_UNUSED,
             const char *argv[] OVS_UNUSED, void *l_)
{
    struct layer *l = l_;
    struct ds ds = DS_EMPTY_INITIALIZER;
    const struct mac_binding *mb;
    const struct binding *b;
    const struct chassis *c;
    const char *name;

    ds_put_format(&ds, "global synced=%d nb_cfg=%"PRId64" acked=%"PRIu64
                  " of %"PRIu64" identity=%s\n", l->model.sb_synced,
                  l->model.sb_nb_cfg, l->model.sb_watch_acked, l->watch.seqno,
                  l->model.sb_identity);
    HMAP_FOR_EACH (b, node, &l->model.bindings) {
        ds_put_format(&ds, "binding %s known=%d present=%d chassis=%s "
                      "additional=%"PRIuSIZE, b->logical_port,
                      model_binding_known(&l->model, b->logical_port),
                      b->present, b->chassis ? b->chassis : "-",
                      b->n_additional_chassis);
        layer_put_svec(&ds, "mac", &b->mac);
        layer_put_svec(&ds, "port_security", &b->port_security);
        ds_put_char(&ds, '\n');
    }
    HMAP_FOR_EACH (c, node, &l->model.chassis) {
        ds_put_format(&ds, "chassis %s present=%d private=%d linked=%d "
                      "nb_cfg=%"PRId64"\n", c->name, c->present,
                      c->has_private, c->private_has_chassis, c->nb_cfg);
    }
    HMAP_FOR_EACH (mb, node, &l->model.mac_bindings) {
        char ip[IP_ADDR_STRLEN];

        ds_put_format(&ds, "mac-binding %s %s %s\n", mb->logical_port,
                      ip_addr_to_string(&mb->ip, ip), mb->mac);
    }
    SSET_FOR_EACH (name, &l->model.datapaths) {
        ds_put_format(&ds, "datapath %s\n", name);
    }
    layer_reply_sorted(conn, &ds);
    ds_destroy(&ds);
}

/* Deletes all MAC bindings that the model knows with address IP. */
static void
test_sb_delete(struct unixctl_conn *conn, int argc OVS_UNUSED,
               const char *argv[], void *l_)
{
    struct layer *l = l_;
    const struct mac_binding *mb;
    struct uuid *uuids;
    struct ip_addr ip;
    size_t n = 0;

    if (sb_view_is_busy(l->sb)) {
        unixctl_command_reply_error(conn, "busy");
        return;
    }
    ip_addr_parse(argv[1], &ip);
    uuids = xmalloc((hmap_count(&l->model.mac_bindings) + 1) * sizeof *uuids);
    HMAP_FOR_EACH (mb, node, &l->model.mac_bindings) {
        if (ip_addr_equals(&mb->ip, &ip)) {
            uuids[n++] = mb->uuid;
        }
    }
    sb_view_delete_mac_bindings(l->sb, uuids, n, time_msec());
    free(uuids);
    unixctl_command_reply(conn, NULL);
}

void
layer_sb_run(struct layer *l, long long int now)
{
    sb_view_run(l->sb, &l->model, &l->watch, l->want_lock, now);
    sb_view_wait(l->sb);
}

void
layer_sb_register(struct layer *l)
{
    unixctl_command_register("sb/watch", "PORTS ADDRESSES NETWORKS on|off",
                             4, 4, test_sb_watch, l);
    unixctl_command_register("sb/show", "", 0, 0, test_sb_show, l);
    unixctl_command_register("sb/delete", "IP", 1, 1, test_sb_delete, l);
}
