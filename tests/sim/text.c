/* SPDX-License-Identifier: Apache-2.0 */

/* Names and texts.  Few strings occur, over and over: each is read once by
 * the real parsers and kept for the life of the process. */

#include <config.h>

#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "openvswitch/hmap.h"
#include "util.h"

#include "agent/core/lsp-addr.h"

/* One is a prefix of another; the last two are of the other family. */
static const char *const ips[N_IPS] = {
    "10.0.0.1", "10.0.0.2", "10.0.0.11", "10.0.0.4", "10.0.0.5", "10.0.0.6",
    "fd00::1", "fd00::2",
};
static const char *const odd_ips[N_IPS] = {
    "10.0.0.1", "10.0.0.2", "10.0.0.11", "10.0.0.4", "10.0.0.5", "10.0.0.6",
    "FD00:0:0::1", "fd00:0:0:0::0002",
};

const char *
ip_text(int ip)
{
    return ips[ip];
}

const char *
ip_text_odd(int ip)
{
    return odd_ips[ip];
}

bool
ip_is_v6(int ip)
{
    return ip >= 6;
}

int
ip_number(const struct ip_addr *ip)
{
    static struct ip_addr parsed[N_IPS];
    static bool done;

    if (!done) {
        for (int i = 0; i < N_IPS; i++) {
            ovs_assert(ip_addr_parse(ips[i], &parsed[i]));
        }
        done = true;
    }
    for (int i = 0; i < N_IPS; i++) {
        if (ip_addr_equals(ip, &parsed[i])) {
            return i;
        }
    }
    return NO_IP;
}

/* ---- Texts. ---- */

struct text_node {
    struct hmap_node node;
    struct text text;
};

const struct text *
text_get(const char *s)
{
    static struct hmap texts = HMAP_INITIALIZER(&texts);
    uint32_t hash = hash_string(s, 0);
    struct text_node *n;
    struct ip_addr_set set;
    char *copy;

    HMAP_FOR_EACH_WITH_HASH (n, node, hash, &texts) {
        if (!strcmp(n->text.s, s)) {
            return &n->text;
        }
    }
    n = xzalloc(sizeof *n);
    n->text.s = copy = xstrdup(s);
    ip_addr_set_init(&set);
    lsp_addrs_collect(&copy, 1, &set);
    for (size_t i = 0; i < set.n; i++) {
        int ip = ip_number(&set.addrs[i]);

        if (ip == NO_IP) {
            n->text.other_ip = true;
        } else {
            n->text.ips |= 1u << ip;
        }
    }
    ip_addr_set_destroy(&set);
    hmap_insert(&texts, &n->node, hash);
    return &n->text;
}

/* ---- Slots. ---- */

static const struct {
    const char *name, *port, *port2, *mac;
    int sts, ordinal, net;
} slots[N_SLOTS] = {
    [SLOT_S0_0] = { "s0-0", "s0-0.default", "default_s0-0",
                     "0a:00:00:00:00:10", 0, 0, 0 },
    [SLOT_S0_1] = { "s0-1", "s0-1.default", "default_s0-1",
                     "0a:00:00:00:00:11", 0, 1, 0 },
    [SLOT_S1_0] = { "s1-0", "s1-0.default", "default_s1-0",
                     "0a:00:00:00:00:12", 1, 0, 0 },
    [SLOT_S1_1] = { "s1-1", "s1-1.default", "default_s1-1",
                     "0a:00:00:00:00:13", 1, 1, 0 },
    [SLOT_S2_0] = { "s2-0", "s2-0.default", "default_s2-0",
                     "0a:00:00:00:00:14", 2, 0, 1 },
    [SLOT_PLAIN] = { "p0", "p0.default", "default_p0",
                     "0a:00:00:00:00:15", -1, -1, 0 },
    [SLOT_VM] = { "v0", "v0.default", "default_v0",
                     "0a:00:00:00:00:16", -1, -1, 0 },
    [SLOT_FOREIGN] = { "ext0", "ext0", "ext0",
                     "0a:00:00:00:00:17", -1, -1, 0 },
};

const char *
slot_name(enum slot_id slot)
{
    return slots[slot].name;
}

static bool underscores;

void
slots_speak_ovn_kubernetes(bool yes)
{
    underscores = yes;
}

const char *
slot_port(enum slot_id slot)
{
    return underscores ? slots[slot].port2 : slots[slot].port;
}

const char *
slot_mac(int slot)
{
    return slots[slot].mac;
}

int
slot_sts(enum slot_id slot)
{
    return slots[slot].sts;
}

int
slot_ordinal(enum slot_id slot)
{
    return slots[slot].ordinal;
}

int
slot_net(enum slot_id slot)
{
    return slots[slot].net;
}

int
slot_of_port(const char *name)
{
    for (int i = 0; i < N_SLOTS; i++) {
        if (!strcmp(slot_port(i), name)) {
            return i;
        }
    }
    return -1;
}

int
slot_of_owner(const char *name)
{
    for (int i = 0; i < N_OWNED_SLOTS; i++) {
        if (!strcmp(slots[i].name, name)) {
            return i;
        }
    }
    return -1;
}

struct uuid
sim_uuid(uint32_t kind, uint32_t n)
{
    return (struct uuid) { .parts = { kind, 0, 0, n } };
}

uint32_t
sim_uuid_number(const struct uuid *uuid)
{
    return uuid->parts[3];
}

uint32_t
svec_ips(const struct svec *sv)
{
    uint32_t found = 0;

    for (size_t i = 0; i < sv->n; i++) {
        found |= text_get(sv->names[i])->ips;
    }
    return found;
}
