/* SPDX-License-Identifier: Apache-2.0 */

/* Random operations on the model against what a naive computation over all
 * rows gives: the indexes by address and by MAC, the members, departures and
 * arrivals.  A sanitizer watches over the memory. */

#include <config.h>

#include "agent/core/model.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/hmap.h"
#include "packets.h"
#include "random.h"
#include "smap.h"
#include "svec.h"
#include "util.h"
#include "uuid.h"

#include "agent/core/dialect.h"
#include "agent/core/lsp-addr.h"
#include "tests/unit/unit.h"
#include "tests/unit/world.h"

#define N_PORTS 12
#define N_NETS 3
#define N_PODS 6

/* The rows as a child would keep them. */
struct naive {
    bool net[N_NETS];
    struct {
        bool exists;
        int net;                /* Or -1. */
        char *addresses;        /* List separated by ','. */
        char *ps;
        int pod;
        int ls;                 /* external_ids:ls: owned if it is 'net'. */
    } port[N_PORTS];
    bool pod[N_PODS];
};

static const char *const macs[] = {
    "0a:00:00:00:00:01", "0a:00:00:00:00:02", "0a:00:00:00:00:03",
};
static const char *const ips[] = {
    "10.0.0.1", "10.0.0.2", "10.0.0.3", "fd00::1", "FD00:0::1", "fd00::2",
};

static char *
random_addresses(void)
{
    switch (random_range(8)) {
    case 0: return xstrdup("");
    case 1: return xstrdup("unknown");
    case 2: return xasprintf("%s", macs[random_range(3)]);
    case 3: return xasprintf("%s %s junk %s", macs[random_range(3)],
                             ips[random_range(6)], ips[random_range(6)]);
    case 4: return xasprintf("%s %s,%s %s", macs[random_range(3)],
                             ips[random_range(6)], macs[random_range(3)],
                             ips[random_range(6)]);
    case 5: return xstrdup("dynamic");
    default: return xasprintf("%s %s %s", macs[random_range(3)],
                              ips[random_range(6)], ips[random_range(6)]);
    }
}

static void
port_ips(const char *addresses, struct ip_addr_set *set)
{
    struct svec sv;

    unit_split(&sv, addresses);
    ip_addr_set_init(set);
    lsp_addrs_collect(sv.names, sv.n, set);
    svec_destroy(&sv);
}

static void
set_port(struct model *m, struct naive *n, int i)
{
    char *pod = xasprintf("p%d-%d", n->port[i].pod % 2, n->port[i].pod);
    char *ls = xasprintf("net%d", n->port[i].ls);
    struct smap options = SMAP_INITIALIZER(&options);
    struct smap ids = SMAP_INITIALIZER(&ids);
    char *name = xasprintf("%s.default.prov%d.default.ovn", pod, i);
    struct svec sv, ps;

    unit_split(&sv, n->port[i].addresses);
    unit_split(&ps, n->port[i].ps);
    smap_add(&ids, "vendor", "kube-ovn");
    smap_add(&ids, "ls", ls);
    smap_add_nocopy(&ids, xstrdup("pod"), xasprintf("default/%s", pod));
    struct nb_port_row row = {
        .uuid = unit_uuid(100 + i),
        .network = (n->port[i].net < 0 || !n->net[n->port[i].net]
                    ? UUID_ZERO : unit_uuid(1 + n->port[i].net)),
        .name = name, .type = "",
        .addresses = sv.names, .n_addresses = sv.n,
        .port_security = ps.names, .n_port_security = ps.n,
        .options = &options, .external_ids = &ids,
    };
    model_set_port(m, &row);
    svec_destroy(&sv);
    svec_destroy(&ps);
    smap_destroy(&options);
    smap_destroy(&ids);
    free(pod);
    free(ls);
    free(name);
}

static bool
on_net(const struct naive *n, int i, int net)
{
    return n->port[i].exists && n->port[i].net == net && n->net[net];
}

static void
check_addr_index(const struct model *m, const struct naive *n)
{
    size_t n_uses = 0;

    for (int net = 0; net < N_NETS; net++) {
        struct uuid uuid = unit_uuid(1 + net);
        const struct network *network = model_find_network(m, &uuid);

        CU_ASSERT_EQUAL(network != NULL, n->net[net]);
        for (size_t k = 0; network && k < ARRAY_SIZE(ips); k++) {
            struct ip_addr ip = unit_ip(ips[k]);
            const struct addr_use *use = model_find_addr(m, network, &ip);
            size_t expected = 0;

            for (int i = 0; i < N_PORTS; i++) {
                struct ip_addr_set set;
                if (!on_net(n, i, net)) {
                    continue;
                }
                port_ips(n->port[i].addresses, &set);
                expected += ip_addr_set_contains(&set, &ip);
                ip_addr_set_destroy(&set);
            }
            CU_ASSERT_EQUAL(use ? use->n : 0, expected);
            /* The two spellings of one address are one entry. */
            n_uses += use && strcmp(ips[k], "FD00:0::1");
            for (size_t j = 1; use && j < use->n; j++) {
                CU_ASSERT(strcmp(use->ports[j - 1]->name,
                                 use->ports[j]->name) < 0);
            }
        }
    }
    CU_ASSERT_EQUAL(hmap_count(&m->addr_uses), n_uses);
}

static size_t
count_mac(const char *list, bool ps, const struct eth_addr mac)
{
    struct svec sv;
    size_t n = 0;

    unit_split(&sv, list);
    for (size_t i = 0; i < sv.n; i++) {
        if (ps) {
            struct ps_entry e;
            ps_entry_parse(sv.names[i], &e);
            n += e.has_mac && eth_addr_equals(e.mac, mac);
            ps_entry_destroy(&e);
        } else {
            struct lsp_addr a;
            lsp_addr_parse(sv.names[i], &a);
            n += a.has_mac && eth_addr_equals(a.mac, mac);
            lsp_addr_destroy(&a);
        }
    }
    svec_destroy(&sv);
    return n;
}

static void
check_macs(const struct model *m, const struct naive *n)
{
    for (int net = 0; net < N_NETS; net++) {
        struct uuid uuid = unit_uuid(1 + net);
        const struct network *network = model_find_network(m, &uuid);

        for (size_t k = 0; network && k < ARRAY_SIZE(macs); k++) {
            struct eth_addr mac;
            size_t total = 0;

            CU_ASSERT(eth_addr_from_string(macs[k], &mac));
            for (int i = 0; i < N_PORTS; i++) {
                if (on_net(n, i, net)) {
                    total += count_mac(n->port[i].addresses, false, mac);
                    total += count_mac(n->port[i].ps, true, mac);
                }
            }
            CU_ASSERT_EQUAL(model_mac_in_use(m, network, mac, NULL),
                            total > 0);
            for (int i = 0; i < N_PORTS; i++) {
                struct uuid port_uuid = unit_uuid(100 + i);
                const struct port *p = model_find_port(m, &port_uuid);
                size_t own = 0;

                if (on_net(n, i, net)) {
                    own = (count_mac(n->port[i].addresses, false, mac)
                           + count_mac(n->port[i].ps, true, mac));
                }
                if (p) {
                    CU_ASSERT_EQUAL(model_mac_in_use(m, network, mac, p),
                                    total > own);
                }
            }
        }
    }
}

static void
check_members(const struct model *m, const struct naive *n)
{
    size_t n_members = 0, n_owned = 0;

    for (int pod = 0; pod < N_PODS; pod++) {
        char *name = xasprintf("p%d-%d", pod % 2, pod);
        const struct member *mb = model_find_member(m, "default", name);
        size_t n_ports = 0;

        for (int i = 0; i < N_PORTS; i++) {
            n_ports += (n->port[i].exists && n->port[i].pod == pod
                        && n->port[i].net >= 0
                        && on_net(n, i, n->port[i].net)
                        && n->port[i].net == n->port[i].ls);
        }
        CU_ASSERT_EQUAL(mb != NULL, n_ports || n->pod[pod]);
        if (mb) {
            const struct port *p;
            size_t n_found = 0;

            MEMBER_FOR_EACH_PORT (p, mb) {
                CU_ASSERT_PTR_EQUAL(p->member, mb);
                n_found++;
            }
            CU_ASSERT_EQUAL(n_found, n_ports);
            CU_ASSERT_EQUAL(mb->n_pods, n->pod[pod]);
        }
        n_members += mb != NULL;
        n_owned += n_ports;
        free(name);
    }
    CU_ASSERT_EQUAL(hmap_count(&m->members), n_members);
    CU_ASSERT_EQUAL(m->n_owned_ports, n_owned);
}

/* What an address set is before and after one change of a port, in words of
 * departures and arrivals. */
static void
check_moves(struct model *m, const struct uuid *port, int old_net,
            const struct ip_addr_set *old, int new_net,
            const struct ip_addr_set *new)
{
    struct departure *d;
    struct arrival *a;
    size_t n_departures = 0, n_arrivals = 0;

    for (size_t i = 0; old_net >= 0 && i < old->n; i++) {
        n_departures += (new_net != old_net
                         || !ip_addr_set_contains(new, &old->addrs[i]));
    }
    for (size_t i = 0; new_net >= 0 && i < new->n; i++) {
        n_arrivals += (new_net != old_net
                       || !ip_addr_set_contains(old, &new->addrs[i]));
    }
    while ((d = model_take_departure(m))) {
        struct uuid network = unit_uuid(1 + old_net);

        CU_ASSERT(n_departures-- > 0);
        CU_ASSERT(uuid_equals(&d->port, port));
        CU_ASSERT(uuid_equals(&d->network, &network));
        CU_ASSERT(ip_addr_set_contains(old, &d->addr));
        departure_destroy(d);
    }
    CU_ASSERT_EQUAL(n_departures, 0);
    while ((a = model_take_arrival(m))) {
        CU_ASSERT(n_arrivals-- > 0);
        CU_ASSERT(ip_addr_set_contains(new, &a->addr));
        free(a);
    }
    CU_ASSERT_EQUAL(n_arrivals, 0);
}

static int
effective_net(const struct naive *n, int i)
{
    return (n->port[i].exists && n->port[i].net >= 0
            && n->net[n->port[i].net] ? n->port[i].net : -1);
}

static void
random_port_change(struct model *m, struct naive *n)
{
    int i = random_range(N_PORTS);
    int old_net = effective_net(n, i);
    struct uuid uuid = unit_uuid(100 + i);
    struct ip_addr_set old, new;

    port_ips(n->port[i].addresses, &old);
    if (n->port[i].exists && !random_range(4)) {
        model_remove_port(m, &uuid);
        n->port[i].exists = false;
        ip_addr_set_init(&new);
    } else {
        bool fresh = !n->port[i].exists;

        n->port[i].exists = true;
        if (fresh || !random_range(3)) {
            n->port[i].net = (int) random_range(N_NETS + 1) - 1;
            n->port[i].ls = (n->port[i].net >= 0 && random_range(4)
                             ? n->port[i].net : (int) random_range(N_NETS));
        }
        if (fresh || !random_range(4)) {
            n->port[i].pod = random_range(N_PODS);
        }
        if (fresh || random_range(3)) {
            free(n->port[i].addresses);
            n->port[i].addresses = random_addresses();
        }
        if (fresh || !random_range(3)) {
            free(n->port[i].ps);
            n->port[i].ps = random_addresses();
        }
        set_port(m, n, i);
        port_ips(n->port[i].addresses, &new);
    }
    check_moves(m, &uuid, old_net, &old, effective_net(n, i), &new);
    ip_addr_set_destroy(&old);
    ip_addr_set_destroy(&new);
}

static void
random_net_change(struct model *m, struct naive *n)
{
    int net = random_range(N_NETS);
    struct uuid uuid = unit_uuid(1 + net);
    struct departure *d;
    struct arrival *a;

    if (n->net[net]) {
        model_remove_network(m, &uuid);
        n->net[net] = false;
        /* As the mirror does: its ports' rows are given again. */
        for (int i = 0; i < N_PORTS; i++) {
            if (n->port[i].exists && n->port[i].net == net) {
                set_port(m, n, i);
            }
        }
    } else {
        char *name = xasprintf("net%d", net);
        unit_set_network(m, 1 + net, name);
        free(name);
        n->net[net] = true;
        for (int i = 0; i < N_PORTS; i++) {
            if (n->port[i].exists && n->port[i].net == net) {
                set_port(m, n, i);
            }
        }
    }
    while ((d = model_take_departure(m))) {
        departure_destroy(d);
    }
    while ((a = model_take_arrival(m))) {
        free(a);
    }
}

static void
random_pod_change(struct model *m, struct naive *n)
{
    int pod = random_range(N_PODS);
    char *name = xasprintf("p%d-%d", pod % 2, pod);
    char *owner = xasprintf("p%d", pod % 2);

    switch (random_range(4)) {
    case 0:
        unit_drop_pod(m, name, "");
        n->pod[pod] = false;
        break;
    case 1:
        unit_set_workload(m, unit_sts(owner, random_range(2) ? "a" : "b", 3,
                                      "ip_pool=10.0.0.1,10.0.0.2"));
        break;
    case 2:
        unit_drop_workload(m, owner, "");
        break;
    default:
        unit_set_pod(m, unit_pod(name, random_range(2) ? "u" : "v",
                                 OWNER_STATEFULSET, owner,
                                 random_range(2) ? "ip_address=10.0.0.1"
                                 : ""));
        n->pod[pod] = true;
        break;
    }
    free(name);
    free(owner);
}

static void
test_random(void)
{
    random_set_seed(unit_seed());
    for (int round = 0; round < 20; round++) {
        struct naive n = { .net = { false } };
        struct member *mb;
        struct model m;

        model_init(&m, &dialect_kube_ovn);
        m.nb_synced = m.kube_synced = true;
        for (int step = 0; step < 300; step++) {
            switch (random_range(10)) {
            case 0:
                random_net_change(&m, &n);
                break;
            case 1:
            case 2:
                random_pod_change(&m, &n);
                break;
            case 3:
                /* Taking some of what is dirty must not disturb. */
                model_take_dirty_addr(&m);
                mb = model_take_dirty_member(&m);
                CU_ASSERT(!mb || model_find_member(&m, mb->ns, mb->name)
                          == mb);
                break;
            default:
                random_port_change(&m, &n);
                break;
            }
            check_addr_index(&m, &n);
            check_macs(&m, &n);
            check_members(&m, &n);
        }
        model_destroy(&m);
        for (int i = 0; i < N_PORTS; i++) {
            free(n.port[i].addresses);
            free(n.port[i].ps);
        }
    }
}

/* Members are looked at in the order in which they were marked, each once,
 * and those that went meanwhile not at all. */
static void
test_dirty_members(void)
{
    enum { N_NAMES = 40 };
    int order[N_NAMES], n = 0;
    struct model m;

    random_set_seed(unit_seed());
    model_init(&m, &dialect_kube_ovn);
    for (int step = 0; step < 20000; step++) {
        /* Now the one is more likely, now the other. */
        bool take = random_range(10) < (step / 1000 % 2 ? 7 : 2);
        int i = random_range(N_NAMES), at = 0;
        char *name = xasprintf("p%d", i);
        struct member *mb = model_find_member(&m, "default", name);

        while (at < n && order[at] != i) {
            at++;
        }
        if (take) {
            free(name);
            mb = model_take_dirty_member(&m);
            CU_ASSERT_EQUAL(mb != NULL, n > 0);
            if (mb) {
                name = xasprintf("p%d", order[0]);
                CU_ASSERT_STRING_EQUAL(mb->name, name);
                free(name);
                memmove(&order[0], &order[1], --n * sizeof order[0]);
            }
        } else {
            if (!mb) {
                unit_set_pod(&m, unit_pod(name, "u", OWNER_NONE, "", ""));
                CU_ASSERT_EQUAL(at, n);
                order[n++] = i;
            } else if (random_range(3)) {
                model_mark_member(&m, mb);
                if (at == n) {
                    order[n++] = i;
                }
            } else {
                unit_drop_pod(&m, name, "u");
                if (at < n) {
                    memmove(&order[at], &order[at + 1],
                            (--n - at) * sizeof order[0]);
                }
            }
            free(name);
        }
        CU_ASSERT_EQUAL(model_has_dirty(&m), n > 0);
        CU_ASSERT(m.dirty_members.allocated <= 4 * N_NAMES);
    }
    model_destroy(&m);
}

void
suite_model_random(void)
{
    CU_pSuite suite = unit_add_suite("model-random");

    CU_ADD_TEST(suite, test_random);
    CU_ADD_TEST(suite, test_dirty_members);
}
