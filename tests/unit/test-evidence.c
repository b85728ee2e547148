/* SPDX-License-Identifier: Apache-2.0 */

/* What keeps an address from being clean, item by item: a hold with nothing
 * left to wait for, spoilt in one way at a time. */

#include <config.h>

#include "agent/core/evidence.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"
#include "uuid.h"

#include "agent/core/dialect.h"
#include "agent/core/hold.h"
#include "agent/core/model.h"
#include "agent/core/settings.h"

#include "tests/unit/unit.h"
#include "tests/unit/world.h"

#define NOW 1000000
#define WALL 5000000
#define MAC1 "0a:00:00:00:00:01"
#define MAC2 "0a:00:00:00:00:02"

struct scene {
    struct model m;
    struct settings s;
    struct hold *h;
    struct evidence e;
};

static void
set_up(struct scene *c)
{
    struct uuid row = unit_uuid(99), network = unit_uuid(1);
    struct uuid former = unit_uuid(10);
    struct ip_addr ip = unit_ip("10.0.0.1");

    settings_init(&c->s);
    model_init(&c->m, &dialect_kube_ovn);
    unit_set_network(&c->m, 1, "net");
    unit_set_port(&c->m, 10, 1, "net", "x-0", MAC1, NULL);
    unit_set_port(&c->m, 11, 1, "net", "y-0", MAC2, NULL);
    c->m.nb_synced = c->m.sb_synced = true;
    c->m.sb_nb_cfg = 10;
    unit_ack(&c->m, 3, "x-0.default,y-0.default", "10.0.0.1", 1, 5);
    unit_set_binding(&c->m, "x-0.default", MAC1, NULL, NULL, 5);
    model_set_chassis(&c->m, "hv1", false);
    model_set_chassis_private(&c->m, "hv1", true, 10);

    c->h = hold_create(&row, &network, "net", &ip);
    c->h->state = HOLD_DRAINING;
    hold_add_former(c->h, &former, "x-0.default", MAC1, 1);
    c->h->b1 = 9;
    c->h->b2 = 10;
    c->h->b2_since_ms = NOW - 1000;
    c->h->gone_ms = NOW - 5000;
}

static void
look(struct scene *c)
{
    evidence_collect(&c->m, &c->s, c->h, NOW, WALL, &c->e);
}

static void
look_for(struct scene *c, const char *port)
{
    evidence_collect_for(&c->m, &c->s, c->h,
                         model_find_port_by_name(&c->m, port), NOW, WALL,
                         &c->e);
}

static bool
says(const struct sset *set, const char *part)
{
    const char *s;

    SSET_FOR_EACH (s, set) {
        if (strstr(s, part)) {
            return true;
        }
    }
    return false;
}

/* Ends a look and the scene: exactly one blocker with 'part', or none if that
 * is NULL. */
static void
expect(struct scene *c, const char *part, bool dirt, bool complete)
{
    const char *s;

    look(c);
    bool ok = (part ? sset_count(&c->e.blockers) == 1
               && says(&c->e.blockers, part)
               : sset_is_empty(&c->e.blockers));
    if (!ok) {
        printf("\nexpected: %s; found:", part ? part : "nothing");
        SSET_FOR_EACH (s, &c->e.blockers) {
            printf(" [%s]", s);
        }
        printf("\n");
    }
    CU_ASSERT(ok);
    CU_ASSERT_EQUAL(c->e.dirt, dirt);
    CU_ASSERT_EQUAL(c->e.complete, complete);
}

static void
done(struct scene *c)
{
    evidence_destroy(&c->e);
    hold_destroy(c->h);
    model_destroy(&c->m);
}

static void
test_clean(void)
{
    struct scene c;

    set_up(&c);
    expect(&c, NULL, false, true);
    CU_ASSERT(c.e.address_gone);
    CU_ASSERT(!c.e.needs_b1 && !c.e.needs_b2 && !c.e.network_gone);
    CU_ASSERT_EQUAL(c.e.wake_ms, LLONG_MAX);
    done(&c);
}

/* (a) */
static void
test_ports(void)
{
    struct scene c;

    /* The former port again. */
    set_up(&c);
    unit_set_port(&c.m, 10, 1, "net", "x-0", MAC1" 10.0.0.1", NULL);
    expect(&c, "port x-0.default lists it", true, true);
    CU_ASSERT(!c.e.address_gone);
    done(&c);

    /* Another one: taker, keeper, gated. */
    set_up(&c);
    unit_set_port(&c.m, 11, 1, "net", "y-0", MAC2" 10.0.0.1", NULL);
    expect(&c, "port y-0.default lists it", true, true);
    CU_ASSERT(c.e.address_gone);
    evidence_destroy(&c.e);
    c.h->keeper = unit_uuid(11);
    expect(&c, NULL, false, true);
    evidence_destroy(&c.e);
    c.h->keeper = UUID_ZERO;
    struct port *y = model_find_port_by_name(&c.m, "y-0.default");
    y->enabled = TRI_FALSE;
    expect(&c, "port y-0.default lists it", true, true);
    evidence_destroy(&c.e);
    y->mark = xstrdup("mark");
    expect(&c, NULL, false, true);
    done(&c);

    /* The same on another switch is another address. */
    set_up(&c);
    unit_set_network(&c.m, 2, "net2");
    unit_set_port(&c.m, 12, 2, "net2", "z-0", MAC2" 10.0.0.1", NULL);
    expect(&c, NULL, false, true);
    done(&c);
}

static void
attach_router(struct scene *c, const char *networks)
{
    struct smap options = SMAP_INITIALIZER(&options);
    struct smap ids = SMAP_INITIALIZER(&ids);
    char *addresses[] = { CONST_CAST(char *, "router") };
    char *nets[] = { CONST_CAST(char *, networks) };

    smap_add(&options, "router-port", "lrp");
    struct nb_port_row row = {
        .uuid = unit_uuid(20), .network = unit_uuid(1), .name = "net-lr",
        .type = "router", .addresses = addresses, .n_addresses = 1,
        .options = &options, .external_ids = &ids,
    };
    model_set_port(&c->m, &row);
    model_set_router_port(&c->m, "lrp", nets, 1);
    smap_destroy(&options);
    smap_destroy(&ids);
}

static void
test_router(void)
{
    struct scene c;

    set_up(&c);
    attach_router(&c, "10.0.0.1/24");
    expect(&c, "router port lrp has it", true, true);
    done(&c);
    set_up(&c);
    attach_router(&c, "10.0.0.254/24");
    expect(&c, NULL, false, true);
    done(&c);
}

/* (b) */
static void
test_bindings(void)
{
    struct scene c;

    set_up(&c);
    unit_set_binding(&c.m, "x-0.default", MAC1" 10.0.0.1 10.0.0.5", NULL,
                     NULL, 6);
    expect(&c, "Port_Binding x-0.default still lists it", true, true);
    done(&c);

    /* port_security counts while the port is bound. */
    set_up(&c);
    unit_set_binding(&c.m, "x-0.default", MAC1, MAC1" 10.0.0.1", NULL, 6);
    expect(&c, NULL, false, true);
    evidence_destroy(&c.e);
    unit_set_binding(&c.m, "x-0.default", MAC1, MAC1" 10.0.0.1", "hv1", 7);
    expect(&c, "port_security still permits", true, true);
    evidence_destroy(&c.e);
    unit_set_binding(&c.m, "x-0.default", MAC1, MAC1" 10.0.0.2", "hv1", 7);
    expect(&c, NULL, false, true);
    evidence_destroy(&c.e);
    model_remove_binding(&c.m, "x-0.default", 8);
    expect(&c, NULL, false, true);
    done(&c);

    /* Not told yet, and after a reconnect. */
    set_up(&c);
    unit_ack(&c.m, 4, "y-0.default", "10.0.0.1", 1, 9);
    expect(&c, "SB has not yet told about x-0.default", false, false);
    done(&c);
    set_up(&c);
    model_forget_sb(&c.m);
    look(&c);
    CU_ASSERT(!c.e.complete);
    CU_ASSERT(!sset_is_empty(&c.e.blockers));
    done(&c);

    /* Another port has its name by now. */
    set_up(&c);
    struct uuid x = unit_uuid(10);
    model_remove_port(&c.m, &x);
    unit_set_binding(&c.m, "x-0.default", MAC2" 10.0.0.1", NULL, NULL, 6);
    unit_set_network(&c.m, 2, "net2");
    unit_set_port(&c.m, 30, 2, "net2", "x-0", MAC2" 10.0.0.1", NULL);
    expect(&c, NULL, false, true);
    done(&c);
}

/* (c) and (d) */
static void
test_barriers(void)
{
    struct scene c;

    set_up(&c);
    c.h->b1 = c.h->b2 = 0;
    expect(&c, "first barrier", false, true);
    CU_ASSERT(c.e.needs_b1);
    done(&c);

    set_up(&c);
    c.h->b1 = 11;
    c.h->b2 = 0;
    expect(&c, "brought SB to nb_cfg 11", false, true);
    CU_ASSERT(!c.e.needs_b1 && !c.e.needs_b2);
    done(&c);

    set_up(&c);
    c.h->b2 = 0;
    expect(&c, "second barrier", false, true);
    CU_ASSERT(c.e.needs_b2);
    done(&c);

    /* No second barrier while the rows are dirty. */
    set_up(&c);
    c.h->b2 = 0;
    unit_set_binding(&c.m, "x-0.default", MAC1" 10.0.0.1", NULL, NULL, 6);
    expect(&c, "still lists", true, true);
    CU_ASSERT(!c.e.needs_b2);
    done(&c);

    set_up(&c);
    c.h->b2 = 11;
    expect(&c, "brought SB to nb_cfg 11", false, true);
    done(&c);

    /* None of ours was taken for a hold that only would be. */
    set_up(&c);
    c.h->b1 = c.h->b2 = 0;
    c.h->would_be = true;
    expect(&c, NULL, false, true);
    CU_ASSERT(!c.e.needs_b1);
    done(&c);
}

static void
test_chassis(void)
{
    struct scene c;

    set_up(&c);
    model_set_chassis_private(&c.m, "hv1", true, 9);
    expect(&c, "chassis hv1 has not confirmed", false, true);
    CU_ASSERT_EQUAL(c.e.wake_ms, NOW - 1000 + 30000);
    evidence_destroy(&c.e);

    /* Bounded: after 30 s it is noted instead. */
    c.h->b2_since_ms = NOW - 30000;
    expect(&c, NULL, false, true);
    CU_ASSERT(sset_contains(&c.e.missed_chassis, "hv1"));
    CU_ASSERT(says(&c.e.notes, "not confirmed by chassis hv1"));
    evidence_destroy(&c.e);
    c.s.chassis_policy = CHASSIS_WAIT;
    expect(&c, "chassis hv1 has not confirmed", false, true);
    evidence_destroy(&c.e);

    /* One that missed an earlier barrier and has not moved is not awaited;
     * one that has moved is. */
    struct chassis *hv1 = CONST_CAST(struct chassis *,
                                     model_find_chassis(&c.m, "hv1"));
    hv1->missed_at = 9;
    expect(&c, NULL, false, true);
    CU_ASSERT(says(&c.e.notes, "not moved"));
    evidence_destroy(&c.e);
    hv1->missed_at = 8;
    expect(&c, "chassis hv1 has not confirmed", false, true);
    evidence_destroy(&c.e);

    /* Nobody is behind it, or it is of another zone. */
    model_set_chassis_private(&c.m, "hv1", false, 9);
    expect(&c, NULL, false, true);
    evidence_destroy(&c.e);
    model_set_chassis_private(&c.m, "hv1", true, 9);
    model_set_chassis(&c.m, "hv1", true);
    expect(&c, NULL, false, true);
    evidence_destroy(&c.e);
    model_set_chassis(&c.m, "hv1", false);
    model_remove_chassis_private(&c.m, "hv1");
    expect(&c, NULL, false, true);
    evidence_destroy(&c.e);

    c.m.chassis_report = false;
    expect(&c, NULL, false, true);
    CU_ASSERT(says(&c.e.notes, "they do not report"));
    evidence_destroy(&c.e);

    /* The second barrier is awaited in SB all the same, because nb_cfg may be
     * there before the rows. */
    c.h->b2 = 0;
    expect(&c, "second barrier", false, true);
    CU_ASSERT(c.e.needs_b2);
    evidence_destroy(&c.e);
    c.h->b2 = 11;
    expect(&c, "brought SB to nb_cfg 11", false, true);
    done(&c);
}

/* (e) */
static void
add_mac(struct scene *c, uint32_t n, const char *lrp, const char *ip,
        const char *mac)
{
    struct mac_binding_row row = {
        .uuid = unit_uuid(n), .logical_port = lrp, .ip = ip, .mac = mac,
    };
    model_set_mac_binding(&c->m, &row);
}

static void
test_mac_bindings(void)
{
    struct scene c;

    /* A known owner's flow outranks it. */
    set_up(&c);
    attach_router(&c, "10.0.0.254/24");
    add_mac(&c, 40, "lrp", "10.0.0.1", MAC1);
    expect(&c, NULL, false, true);
    CU_ASSERT(says(&c.e.notes, "MAC_Binding on lrp"));
    evidence_destroy(&c.e);
    /* Not where the port has "unknown". */
    struct port *x = model_find_port_by_name(&c.m, "x-0.default");
    x->has_unknown = true;
    expect(&c, "MAC_Binding on lrp maps it", false, true);
    CU_ASSERT_EQUAL(c.e.n_flush, 0);
    evidence_destroy(&c.e);
    c.s.mac_bindings = MAC_BINDINGS_FLUSH;
    expect(&c, "MAC_Binding on lrp maps it", false, true);
    CU_ASSERT_EQUAL(c.e.n_flush, 1);
    done(&c);

    /* Outside the router's networks; other MAC; other address; a router port
     * that is not attached here. */
    set_up(&c);
    attach_router(&c, "192.168.0.1/24");
    add_mac(&c, 40, "lrp", "10.0.0.1", "0A:00:00:00:00:01");
    add_mac(&c, 41, "lrp", "10.0.0.1", MAC2);
    add_mac(&c, 42, "lrp", "10.0.0.2", MAC1);
    add_mac(&c, 43, "lrp9", "10.0.0.1", MAC1);
    c.s.mac_bindings = MAC_BINDINGS_FLUSH;
    expect(&c, "MAC_Binding on lrp maps it", false, true);
    CU_ASSERT_EQUAL_FATAL(c.e.n_flush, 1);
    struct uuid flush = unit_uuid(40);
    CU_ASSERT(uuid_equals(&c.e.flush[0], &flush));
    done(&c);

    /* After a flush it is watched. */
    set_up(&c);
    c.h->flushed_ms = NOW - 59999;
    expect(&c, "watching", false, true);
    CU_ASSERT_EQUAL(c.e.wake_ms, NOW + 1);
    evidence_destroy(&c.e);
    c.h->flushed_ms = NOW - 60000;
    expect(&c, NULL, false, true);
    done(&c);

    set_up(&c);
    unit_ack(&c.m, 4, "x-0.default,y-0.default", "", 1, 9);
    expect(&c, "MAC_Binding rows", false, false);
    done(&c);
}

/* (f) */
static void
test_time(void)
{
    struct scene c;

    set_up(&c);
    c.s.min_hold_ms = 6000;
    expect(&c, "shortest hold", false, true);
    CU_ASSERT_EQUAL(c.e.wake_ms, NOW + 1000);
    evidence_destroy(&c.e);
    c.s.min_hold_ms = 5000;
    expect(&c, NULL, false, true);
    evidence_destroy(&c.e);

    struct network *n = model_find_network_by_name(&c.m, "net",
                                                   &(size_t) { 0 });
    n->n_localnet = 1;
    expect(&c, "shortest hold of 35 s", false, true);
    n->n_localnet = 0;
    evidence_destroy(&c.e);
    c.h->until_wall_ms = WALL + 500;
    expect(&c, "reserved by hand", false, true);
    CU_ASSERT_EQUAL(c.e.wake_ms, NOW + 500);
    done(&c);
}

/* (g) */
static void
test_references(void)
{
    static const char *const texts[] = { "10.0.0.1:80,10.0.0.12:80",
                                         "[fd00::1]:80" };
    struct scene c;
    struct uuid row = unit_uuid(50);

    set_up(&c);
    model_set_reference(&c.m, &row, "load balancer lb1", texts, 2);
    expect(&c, NULL, false, true);
    CU_ASSERT(says(&c.e.notes, "named by load balancer lb1"));
    evidence_destroy(&c.e);
    model_set_reference(&c.m, &row, "load balancer lb1", texts + 1, 1);
    expect(&c, NULL, false, true);
    CU_ASSERT(sset_is_empty(&c.e.notes));
    done(&c);
}

static void
test_network_gone(void)
{
    struct uuid network = unit_uuid(1);
    char uuid[UUID_LEN + 1];
    struct scene c;

    snprintf(uuid, sizeof uuid, UUID_FMT, UUID_ARGS(&network));
    set_up(&c);
    model_set_datapath(&c.m, uuid, true);
    model_remove_network(&c.m, &network);
    expect(&c, "still has its datapath", false, true);
    CU_ASSERT(!c.e.network_gone);
    evidence_destroy(&c.e);
    model_set_datapath(&c.m, uuid, false);
    expect(&c, NULL, false, true);
    CU_ASSERT(c.e.network_gone);
    evidence_destroy(&c.e);

    /* What is not watched, or not synced, is not gone. */
    unit_ack(&c.m, 5, "x-0.default", "10.0.0.1", 2, 9);
    expect(&c, "has not yet told about the datapath", false, false);
    CU_ASSERT(!c.e.network_gone);
    evidence_destroy(&c.e);
    unit_ack(&c.m, 6, "x-0.default", "10.0.0.1", 1, 9);
    c.m.nb_synced = false;
    look(&c);
    CU_ASSERT(!c.e.network_gone);
    done(&c);
}

/* For a port that had the address: what it still does itself does not count,
 * nor a reservation; a barrier that was taken for it counts for no other. */
static void
test_for_a_port(void)
{
    struct uuid y = unit_uuid(11);
    struct scene c;

    set_up(&c);
    hold_add_former(c.h, &y, "y-0.default", MAC2, 1);
    c.h->b1 = 9;
    c.h->b2 = 10;
    c.h->b2_own = y;
    c.h->b2_since_ms = NOW - 2000;
    c.h->flushed_ms = NOW - 1000;
    c.h->until_wall_ms = HOLD_UNTIL_RELEASED;
    c.s.flush_watch_ms = 2000;
    attach_router(&c, "192.168.0.1/24");
    add_mac(&c, 41, "lrp", "10.0.0.1", MAC2);
    unit_set_binding(&c.m, "y-0.default", MAC2, MAC2" 10.0.0.1", "hv1", NOW);
    look_for(&c, "y-0.default");
    CU_ASSERT(c.e.complete && !c.e.dirt);
    CU_ASSERT(sset_is_empty(&c.e.blockers));
    evidence_destroy(&c.e);
    look(&c);
    CU_ASSERT(c.e.dirt);
    evidence_destroy(&c.e);
    look_for(&c, "x-0.default");
    CU_ASSERT(c.e.dirt);
    evidence_destroy(&c.e);

    /* What others left behind does count. */
    c.s.flush_watch_ms = 2001;
    look_for(&c, "y-0.default");
    CU_ASSERT(says(&c.e.blockers, "watching"));
    CU_ASSERT_EQUAL(c.e.wake_ms, NOW + 1);
    evidence_destroy(&c.e);
    add_mac(&c, 40, "lrp", "10.0.0.1", MAC1);
    look_for(&c, "y-0.default");
    CU_ASSERT(says(&c.e.blockers, "maps it to "MAC1));
    evidence_destroy(&c.e);
    c.h->b2 = 11;
    look_for(&c, "y-0.default");
    CU_ASSERT(says(&c.e.blockers, "has not brought SB to nb_cfg 11"));
    evidence_destroy(&c.e);

    /* It is unplugged: the barrier counts for it no more, but as keeper. */
    c.h->b2 = 10;
    unit_set_binding(&c.m, "y-0.default", MAC2, MAC2" 10.0.0.1", NULL, NOW);
    look(&c);
    CU_ASSERT(!c.e.dirt && c.e.needs_b2);
    evidence_destroy(&c.e);
    c.h->keeper = y;
    look(&c);
    CU_ASSERT(!c.e.dirt && !c.e.needs_b2);
    done(&c);
}

/* (d) NB went back, and comes again to the value that the chassis has from
 * before: it has nothing to write, so another barrier is to be taken. */
static void
test_chassis_as_before(void)
{
    struct scene c;

    set_up(&c);
    c.s.chassis_policy = CHASSIS_WAIT;
    c.m.nb_cfg = 9;
    model_note_chassis_ahead(&c.m);
    c.m.nb_cfg = 10;
    expect(&c, "chassis hv1 has not confirmed", false, true);
    CU_ASSERT(c.e.needs_b2);
    evidence_destroy(&c.e);

    c.h->b2 = c.m.nb_cfg = c.m.sb_nb_cfg = 11;
    expect(&c, "chassis hv1 has not confirmed", false, true);
    CU_ASSERT(!c.e.needs_b2);
    evidence_destroy(&c.e);

    model_set_chassis_private(&c.m, "hv1", true, 11);
    expect(&c, NULL, false, true);
    done(&c);
}

/* A chassis missed a barrier, woke up, and had confirmed others when SB was
 * restored from the time in which it was silent. */
static void
test_chassis_moved_since(void)
{
    struct scene c;

    set_up(&c);
    model_set_chassis_private(&c.m, "hv1", true, 9);
    struct chassis *hv1 = CONST_CAST(struct chassis *,
                                     model_find_chassis(&c.m, "hv1"));
    hv1->missed_at = 9;
    model_set_chassis_private(&c.m, "hv1", true, 10);
    model_set_chassis_private(&c.m, "hv1", true, 9);
    expect(&c, "chassis hv1 has not confirmed", false, true);
    evidence_destroy(&c.e);

    /* What another ovn-controller of the name did is no reason either. */
    hv1->missed_at = 9;
    model_remove_chassis_private(&c.m, "hv1");
    model_set_chassis_private(&c.m, "hv1", true, 0);
    expect(&c, "chassis hv1 has not confirmed", false, true);
    done(&c);
}

void
suite_evidence(void)
{
    CU_pSuite suite = unit_add_suite("evidence");

    CU_ADD_TEST(suite, test_clean);
    CU_ADD_TEST(suite, test_ports);
    CU_ADD_TEST(suite, test_router);
    CU_ADD_TEST(suite, test_bindings);
    CU_ADD_TEST(suite, test_barriers);
    CU_ADD_TEST(suite, test_chassis);
    CU_ADD_TEST(suite, test_mac_bindings);
    CU_ADD_TEST(suite, test_time);
    CU_ADD_TEST(suite, test_references);
    CU_ADD_TEST(suite, test_network_gone);
    CU_ADD_TEST(suite, test_for_a_port);
    CU_ADD_TEST(suite, test_chassis_as_before);
    CU_ADD_TEST(suite, test_chassis_moved_since);
}
