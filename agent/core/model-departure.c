/* SPDX-License-Identifier: Apache-2.0 */

/* Addresses that leave a port or come to one, queued until the guard takes
 * them.  A departure keeps what the port and its owner were before. */

#include <config.h>

#include "model.h"

#include "lsp-addr.h"
#include "model-private.h"
#include "openvswitch/util.h"
#include "packets.h"
#include "pod.h"
#include "util.h"
#include "uuid.h"
#include "workload.h"

/* ---- Departures. ---- */

void
departure_destroy(struct departure *d)
{
    if (d) {
        free(d->port_name);
        free(d->network_name);
        free(d->mac);
        free(d->ns);
        free(d->owner);
        free(d->workload);
        free(d->uid);
        free(d);
    }
}

/* One without an owner that bears the name of a StatefulSet which was there,
 * was left by that: it may have been orphaned while nobody watched. */
bool
model_member_was_numbered(const struct member *mb)
{
    enum owner_kind kind = (mb->n_pods ? mb->pods[0]->owner_kind
                            : mb->seen_kind);

    return (mb->seen_numbered
            || (kind == OWNER_NONE && mb->base && mb->base->workload_seen));
}

struct departure *
model_describe_departure(const struct model *m, const struct port *p,
                         const struct ip_addr *ip)
{
    struct departure *d = xzalloc(sizeof *d);
    struct eth_addr mac;

    d->port = p->uuid;
    d->port_name = xstrdup(p->name);
    d->network = p->network->uuid;
    d->network_name = xstrdup(p->network->name);
    d->addr = *ip;
    d->gated = p->mark && p->enabled == TRI_FALSE;
    d->mac = lsp_addrs_first_mac(p->addresses.names, p->addresses.n, &mac)
             ? xasprintf(ETH_ADDR_FMT, ETH_ADDR_ARGS(mac)) : xstrdup("");
    d->owned = p->kind == PORT_OWNED && p->member;
    if (d->owned) {
        const struct member *mb = p->member;
        const struct workload *w = model_member_workload(m, mb);
        const struct pod *pod = mb->n_pods ? mb->pods[0] : NULL;

        d->ns = xstrdup(mb->ns);
        d->owner = xstrdup(mb->name);
        d->owner_kind = (w ? w->kind : pod ? pod->owner_kind : mb->seen_kind);
        d->workload = xstrdup(w ? w->name
                              : pod ? pod->owner->name
                              : mb->seen ? mb->seen->name : "");
        d->uid = pod ? obj_uid_dup_string(&pod->uid) : xstrdup("");
        d->explicit_claim = mb->seen_explicit;
        d->was_numbered = model_member_was_numbered(mb);
        d->unknown_owner = !w && !pod && !mb->pod_seen;
    }
    return d;
}

void
model_add_departure(struct model *m, struct departure *d)
{
    d->seqno = ++m->move_seqno;
    ovs_list_push_back(&m->departures, &d->node);
}

void
model_queue_departure(struct model *m, const struct port *p,
                      const struct ip_addr *ip, bool row_gone)
{
    struct departure *d = model_describe_departure(m, p, ip);

    d->row_gone = row_gone;
    model_add_departure(m, d);
}

void
model_queue_departures(struct model *m, const struct port *p,
                       const struct network *network,
                       const struct ip_addr_set *ips)
{
    for (size_t i = 0; i < p->ips.n; i++) {
        const struct ip_addr *ip = &p->ips.addrs[i];

        if (network != p->network || !ip_addr_set_contains(ips, ip)) {
            model_queue_departure(m, p, ip, false);
        }
    }
}

struct departure *
model_take_departure(struct model *m)
{
    return (ovs_list_is_empty(&m->departures) ? NULL
            : CONTAINER_OF(ovs_list_pop_front(&m->departures),
                           struct departure, node));
}

/* ---- Arrivals. ---- */

void
model_queue_arrivals(struct model *m, const struct port *p,
                     const struct network *network,
                     const struct ip_addr_set *ips)
{
    for (size_t i = 0; i < ips->n; i++) {
        if (p->network != network
            || !ip_addr_set_contains(&p->ips, &ips->addrs[i])) {
            struct arrival *a = xzalloc(sizeof *a);

            a->port = p->uuid;
            a->network = network->uuid;
            a->addr = ips->addrs[i];
            a->seqno = ++m->move_seqno;
            ovs_list_push_back(&m->arrivals, &a->node);
        }
    }
}

struct arrival *
model_take_arrival(struct model *m)
{
    return (ovs_list_is_empty(&m->arrivals) ? NULL
            : CONTAINER_OF(ovs_list_pop_front(&m->arrivals),
                           struct arrival, node));
}

bool
model_arrived_before(const struct model *m, const struct departure *d)
{
    const struct arrival *a;

    LIST_FOR_EACH (a, node, &m->arrivals) {
        if (a->seqno > d->seqno) {
            break;
        }
        if (uuid_equals(&a->port, &d->port)
            && ip_addr_equals(&a->addr, &d->addr)) {
            return true;
        }
    }
    return false;
}

void
model_note_arrival(struct model *m, const struct arrival *a,
                   long long int wall_ms)
{
    struct port *p = model_find_port(m, &a->port);

    if (p && p->network && uuid_equals(&p->network->uuid, &a->network)
        && ip_addr_set_contains(&p->ips, &a->addr)) {
        p->since_s = wall_ms / 1000;
    }
}
