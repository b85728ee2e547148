/* SPDX-License-Identifier: Apache-2.0 */

/* See sb-condition.h.
 *
 * The acknowledgement is a sequence number of the library.  It belongs to no
 * connection: a request under way when the connection ends may be folded into
 * the next monitor request, and then the number that was promised for it is
 * never reached.  So after each reconnection the same conditions are set once
 * more, which sends nothing and tells the number to wait for from then on. */

#include <config.h>

#include "ovsdb/sb-condition.h"

#include "coverage.h"
#include "openvswitch/poll-loop.h"
#include "ovsdb-idl.h"
#include "smap.h"
#include "sset.h"
#include "util.h"
#include "uuid.h"

#include "ovsdb/sb-idl.h"

#include "agent/core/orders.h"

COVERAGE_DEFINE(sb_condition_change);

/* At most SB_CONDITION_REQUESTS in this time: each makes the server go
 * through the tables (doc/design.md, 5).  Not one in each part of it: a port
 * that takes a held address cannot be gated before its binding is shown, and
 * it comes just after the address left another one. */
#define REQUESTS_WINDOW_MS 1000

/* Nor more than one in as many ms as there are twenties of ports: to name them
 * takes the library a turn of 30 ms for 10,000. */
#define PORTS_PER_MS 20

/* A port that left the watch often comes back: a candidate is cleared and its
 * hold begins. */
#define SHRINK_DELAY_MS 5000

/* From so many ports on all rows are asked for.  Not earlier: to read all rows
 * of 100,000 ports takes a turn of half a second and 150 MB, while a list of
 * 20,000 names costs the server a look into a hash for every row. */
#define ALL_PORTS_MIN 30000

/* ---- Sets. ---- */

static void
sets_init(struct sb_sets *sets)
{
    sset_init(&sets->ports);
    sset_init(&sets->addresses);
    sset_init(&sets->networks);
    sets->chassis = false;
}

static void
sets_destroy(struct sb_sets *sets)
{
    sset_destroy(&sets->ports);
    sset_destroy(&sets->addresses);
    sset_destroy(&sets->networks);
}

static void
sets_clear(struct sb_sets *sets)
{
    sets_destroy(sets);
    sets_init(sets);
}

static void
add_all(struct sset *dst, const struct sset *src)
{
    const char *s;

    SSET_FOR_EACH (s, src) {
        sset_add(dst, s);
    }
}

static void
sets_add_watch(struct sb_sets *sets, const struct sb_watch *watch)
{
    add_all(&sets->ports, &watch->ports);
    add_all(&sets->addresses, &watch->addresses);
    add_all(&sets->networks, &watch->networks);
    sets->chassis |= watch->chassis;
}

static void
sets_add(struct sb_sets *sets, const struct sb_sets *src)
{
    add_all(&sets->ports, &src->ports);
    add_all(&sets->addresses, &src->addresses);
    add_all(&sets->networks, &src->networks);
    sets->chassis |= src->chassis;
}

static bool
contains_all(const struct sset *set, const struct sset *wanted)
{
    const char *s;

    if (sset_count(wanted) > sset_count(set)) {
        return false;
    }
    SSET_FOR_EACH (s, wanted) {
        if (!sset_contains(set, s)) {
            return false;
        }
    }
    return true;
}

static bool
sets_contain(const struct sb_sets *sets, const struct sb_watch *watch)
{
    return (contains_all(&sets->ports, &watch->ports)
            && contains_all(&sets->addresses, &watch->addresses)
            && contains_all(&sets->networks, &watch->networks)
            && (sets->chassis || !watch->chassis));
}

/* Is there anything in 'sets' beyond 'watch', which it contains? */
static bool
sets_exceed(const struct sb_sets *sets, const struct sb_watch *watch)
{
    return (sset_count(&sets->ports) > sset_count(&watch->ports)
            || sset_count(&sets->addresses) > sset_count(&watch->addresses)
            || sset_count(&sets->networks) > sset_count(&watch->networks)
            || sets->chassis != watch->chassis);
}

/* ---- Conditions.  Without a clause, a condition is false for all rows. -- */

static unsigned int
set_ports(struct sb_condition *c)
{
    struct ovsdb_idl_condition cond = OVSDB_IDL_CONDITION_INIT(&cond);
    unsigned int seqno;
    const char *name;

    if (c->every_port || sset_count(&c->requested.ports) > ALL_PORTS_MIN) {
        ovsdb_idl_condition_add_clause_true(&cond);
        seqno = sbrec_port_binding_set_condition(c->idl, &cond);
        ovsdb_idl_condition_destroy(&cond);
        return seqno;
    }
    SSET_FOR_EACH (name, &c->requested.ports) {
        sbrec_port_binding_add_clause_logical_port(&cond, OVSDB_F_EQ, name);
    }
    seqno = sbrec_port_binding_set_condition(c->idl, &cond);
    ovsdb_idl_condition_destroy(&cond);
    return seqno;
}

static unsigned int
set_addresses(struct sb_condition *c)
{
    struct ovsdb_idl_condition cond = OVSDB_IDL_CONDITION_INIT(&cond);
    unsigned int seqno;
    const char *ip;

    SSET_FOR_EACH (ip, &c->requested.addresses) {
        sbrec_mac_binding_add_clause_ip(&cond, OVSDB_F_EQ, ip);
    }
    seqno = sbrec_mac_binding_set_condition(c->idl, &cond);
    ovsdb_idl_condition_destroy(&cond);
    return seqno;
}

static unsigned int
set_networks(struct sb_condition *c)
{
    struct ovsdb_idl_condition cond = OVSDB_IDL_CONDITION_INIT(&cond);
    unsigned int seqno;
    const char *text;

    SSET_FOR_EACH (text, &c->requested.networks) {
        struct smap ids = SMAP_CONST1(&ids, "logical-switch", text);
        struct uuid uuid;

        sbrec_datapath_binding_add_clause_external_ids(
            &cond, OVSDB_F_INCLUDES, &ids);
        if (c->nb_uuid && uuid_from_string(&uuid, text)) {
            sbrec_datapath_binding_add_clause_nb_uuid(&cond, OVSDB_F_EQ,
                                                      &uuid, 1);
        }
    }
    seqno = sbrec_datapath_binding_set_condition(c->idl, &cond);
    ovsdb_idl_condition_destroy(&cond);
    return seqno;
}

static unsigned int
set_chassis(struct sb_condition *c)
{
    struct ovsdb_idl_condition cond = OVSDB_IDL_CONDITION_INIT(&cond);
    unsigned int seqno;

    if (c->requested.chassis) {
        ovsdb_idl_condition_add_clause_true(&cond);
    }
    seqno = sbrec_chassis_private_set_condition(c->idl, &cond);
    ovsdb_idl_condition_destroy(&cond);
    return seqno;
}

/* Replaces what is requested by 'sets', which it takes. */
static void
request(struct sb_condition *c, struct sb_sets *sets, long long int now)
{
    bool ports = !sset_equals(&sets->ports, &c->requested.ports);
    bool addresses = !sset_equals(&sets->addresses, &c->requested.addresses);
    bool networks = !sset_equals(&sets->networks, &c->requested.networks);
    bool chassis = sets->chassis != c->requested.chassis;
    unsigned int expected = ovsdb_idl_get_condition_seqno(c->idl);

    COVERAGE_INC(sb_condition_change);
    /* Swapped: a struct hmap must not be copied by assignment. */
    sset_swap(&c->requested.ports, &sets->ports);
    sset_swap(&c->requested.addresses, &sets->addresses);
    sset_swap(&c->requested.networks, &sets->networks);
    c->requested.chassis = sets->chassis;
    sets_destroy(sets);
    if (ports) {
        expected = MAX(expected, set_ports(c));
    }
    if (addresses) {
        expected = MAX(expected, set_addresses(c));
    }
    if (networks) {
        expected = MAX(expected, set_networks(c));
    }
    if (chassis) {
        expected = MAX(expected, set_chassis(c));
    }
    c->expected = expected;
    c->outstanding = true;
    /* The oldest one is in the place of the next. */
    c->requests_ms[c->n_requests++ % SB_CONDITION_REQUESTS] = now;
    c->next_request_ms = (c->n_requests < SB_CONDITION_REQUESTS ? now
                          : c->requests_ms[c->n_requests
                                           % SB_CONDITION_REQUESTS]
                            + REQUESTS_WINDOW_MS);
    c->next_request_ms = MAX(c->next_request_ms,
                             now + (sset_count(&c->requested.ports)
                                    / PORTS_PER_MS));
    c->shrink_ms = 0;
}

/* ---- Public. ---- */

void
sb_condition_init(struct sb_condition *c, struct ovsdb_idl *idl)
{
    *c = (struct sb_condition) { .idl = idl };
    sets_init(&c->requested);
    sets_init(&c->granted);
    set_ports(c);
    set_addresses(c);
    set_networks(c);
    set_chassis(c);
}

void
sb_condition_read_every_port(struct sb_condition *c)
{
    c->every_port = true;
    set_ports(c);
}

void
sb_condition_destroy(struct sb_condition *c)
{
    sets_destroy(&c->requested);
    sets_destroy(&c->granted);
}

void
sb_condition_lost(struct sb_condition *c)
{
    sets_clear(&c->granted);
    c->has_grant = false;
    c->outstanding = false;
    c->shrink_ms = 0;
}

void
sb_condition_synced(struct sb_condition *c)
{
    unsigned int expected;

    sb_condition_lost(c);
    c->nb_uuid = sbrec_server_has_datapath_binding_table_col_nb_uuid(c->idl);

    expected = set_ports(c);
    expected = MAX(expected, set_addresses(c));
    expected = MAX(expected, set_networks(c));
    expected = MAX(expected, set_chassis(c));
    c->expected = expected;
    c->outstanding = true;
}

/* Asks for what 'watch' lacks. */
static void
request_more(struct sb_condition *c, const struct sb_watch *watch,
             long long int now)
{
    struct sb_sets sets;

    sets_init(&sets);
    /* What is granted stays until the model has been told of the watch. */
    sets_add(&sets, &c->granted);
    sets_add_watch(&sets, watch);
    request(c, &sets, now);
}

/* The watch is granted: in time, drops what it does not contain any more. */
static void
run_shrink(struct sb_condition *c, const struct sb_watch *watch,
           long long int now)
{
    if (!sets_exceed(&c->requested, watch)) {
        c->shrink_ms = 0;
    } else if (!c->shrink_ms) {
        c->shrink_ms = now + SHRINK_DELAY_MS;
    } else if (now >= c->shrink_ms) {
        struct sb_sets sets;

        sets_init(&sets);
        sets_add_watch(&sets, watch);
        request(c, &sets, now);
    }
}

bool
sb_condition_run(struct sb_condition *c, const struct sb_watch *watch,
                 long long int now)
{
    c->waiting = false;
    if (c->outstanding
        && ovsdb_idl_get_condition_seqno(c->idl) >= c->expected) {
        c->outstanding = false;
    }
    if (c->outstanding) {
        return false;
    }
    if (c->has_grant && c->granted_seqno == watch->seqno) {
        run_shrink(c, watch, now);
        return false;
    }
    if (sets_contain(&c->requested, watch)) {
        return true;
    }
    if (now < c->next_request_ms) {
        c->waiting = true;
        return false;
    }

    request_more(c, watch, now);
    return false;
}

void
sb_condition_grant(struct sb_condition *c, const struct sb_watch *watch)
{
    sets_clear(&c->granted);
    sets_add_watch(&c->granted, watch);
    c->has_grant = true;
    c->granted_seqno = watch->seqno;
}

void
sb_condition_wait(struct sb_condition *c)
{
    if (c->waiting) {
        poll_timer_wait_until(c->next_request_ms);
    } else if (c->shrink_ms && !c->outstanding) {
        poll_timer_wait_until(c->shrink_ms);
    }
}

bool
sb_condition_is_granted_port(const struct sb_condition *c,
                             const char *logical_port)
{
    return sset_contains(&c->granted.ports, logical_port);
}
