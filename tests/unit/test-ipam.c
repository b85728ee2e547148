/* SPDX-License-Identifier: Apache-2.0 */

/* Kube-OVN's IP objects and Subnets: as values, in the model, and what they
 * say to a verdict about 10.0.0.1 on the port of x-0. */

#include <config.h>

#include "agent/core/ipam-object.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "agent/core/dialect.h"
#include "agent/core/hold.h"
#include "agent/core/judge.h"
#include "agent/core/kube-change.h"
#include "agent/core/model.h"

#include "tests/unit/unit.h"
#include "tests/unit/world.h"

#define NOW 1000000

/* ---- Values. ---- */

static struct ip_object *
make_ip(const char *name, const char *subnet, const char *ip)
{
    struct ip_object_addr addr = { .ip = unit_ip(ip) };
    struct ip_object o = {
        .name = name,
        .uid = "u",
        .version = "7",
        .ns = "default",
        .pod = "pod",
        .pod_type = "StatefulSet",
        .subnet = subnet,
        .addrs = &addr,
        .n_addrs = 1,
    };

    return ip_object_clone(&o);
}

static void
test_ip_object(void)
{
    struct ip_object *a = make_ip("a", "net", "10.0.0.1");
    struct ip_object *b = ip_object_clone(a);
    struct ip_addr ip = unit_ip("10.0.0.1");

    CU_ASSERT(ip_object_equals(a, b));
    CU_ASSERT_STRING_EQUAL(b->pod_type, "StatefulSet");
    CU_ASSERT_STRING_EQUAL(b->version, "7");
    CU_ASSERT_PTR_EQUAL(b->addrs[0].object, b);
    CU_ASSERT_PTR_NOT_EQUAL(b->name, a->name);
    CU_ASSERT(ip_addr_equals(ip_object_find_family(b, 4), &ip));
    CU_ASSERT_PTR_NULL(ip_object_find_family(b, 6));

    CU_ASSERT(!ip_object_is_in_force(b));
    b->has_mac = true;
    CU_ASSERT(!ip_object_equals(a, b));
    CU_ASSERT(!ip_object_is_in_force(b));
    b->has_finalizer = true;
    CU_ASSERT(ip_object_is_in_force(b));
    b->deleting = true;
    CU_ASSERT(!ip_object_is_in_force(b));
    ip_object_destroy(a);
    ip_object_destroy(b);
}

static void
test_ranges(void)
{
    static const struct {
        const char *ip;
        bool uses, covers;
    } cases[] = {
        { "10.0.0.1", false, true },
        { "10.0.0.2", true, true },
        { "10.0.0.3", false, true },
        { "10.0.0.4", false, true },
        { "10.0.0.5", true, true },
        { "10.0.0.7", true, true },
        { "10.0.0.9", true, true },
        { "10.0.0.10", false, true },
        { "10.0.1.9", false, false },
        { "fd00::1", false, true },
        { "fd00::2", true, true },
        { "fd00::ff", true, true },
        { "fd00::100", false, true },
        { "fd01::2", false, false },
    };
    static const char *const bad[] = {
        "10.0.0.256", "10.0.0.9-10.0.0.5", "10.0.0.1-fd00::1", "-",
        "10.0.0.1-", " ", "10.0.0.1,,10.0.0.2", "10.0.0.1;10.0.0.2",
    };
    struct subnet_object *s = subnet_object_create("net", "u");
    struct subnet_object *t = subnet_object_create("net", "u");

    free(s->cidr);
    s->cidr = xstrdup("10.0.0.0/24,fd00::/64");
    CU_ASSERT_PTR_NULL(subnet_object_add_ranges(s, "10.0.0.5-10.0.0.9,"
                                                "10.0.0.2"));
    CU_ASSERT_PTR_NULL(subnet_object_add_ranges(s, ""));
    CU_ASSERT_PTR_NULL(subnet_object_add_ranges(s, "fd00::2-fd00::ff"));
    CU_ASSERT_EQUAL(s->n_using, 3);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct ip_addr ip = unit_ip(cases[i].ip);

        CU_ASSERT_EQUAL(subnet_object_uses(s, &ip), cases[i].uses);
        CU_ASSERT_EQUAL(subnet_object_covers(s, &ip), cases[i].covers);
    }
    CU_ASSERT(!subnet_object_equals(s, t));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        char *error = subnet_object_add_ranges(t, bad[i]);

        CU_ASSERT_PTR_NOT_NULL(error);
        free(error);
    }
    subnet_object_destroy(s);
    subnet_object_destroy(t);
}

/* ---- The model. ---- */

static void
put_ip(struct model *m, struct ip_object *o)
{
    struct kube_change *c = kube_change_create(KUBE_IP, false, "", o->name,
                                               o->uid);

    c->ip = o;
    model_apply_kube_change(m, c);
    kube_change_destroy(c);
}

static void
drop_ip(struct model *m, const char *name, const char *uid)
{
    struct kube_change *c = kube_change_create(KUBE_IP, true, "", name, uid);

    model_apply_kube_change(m, c);
    kube_change_destroy(c);
}

static void
put_subnet(struct model *m, const char *name, const char *using)
{
    struct kube_change *c = kube_change_create(KUBE_SUBNET, false, "", name,
                                               "s");

    c->subnet = subnet_object_create(name, "s");
    free(c->subnet->cidr);
    c->subnet->cidr = xstrdup("10.0.0.0/24");
    CU_ASSERT_PTR_NULL(subnet_object_add_ranges(c->subnet, using));
    model_apply_kube_change(m, c);
    kube_change_destroy(c);
}

static const char *
holder(const struct model *m, const char *subnet, const char *ip,
       const char *except)
{
    struct ip_addr addr = unit_ip(ip);
    const struct ip_object *o = model_find_ip_holder(m, subnet, &addr,
                                                     except);

    return o ? o->name : "";
}

static void
test_model(void)
{
    struct ip_object *o;
    struct model m;

    model_init(&m, &dialect_kube_ovn);
    put_ip(&m, make_ip("a", "net", "10.0.0.1"));
    put_ip(&m, make_ip("b", "net", "10.0.0.1"));
    put_ip(&m, make_ip("c", "other", "10.0.0.1"));
    CU_ASSERT_STRING_EQUAL(holder(&m, "net", "10.0.0.1", ""), "a");
    CU_ASSERT_STRING_EQUAL(holder(&m, "net", "10.0.0.1", "a"), "b");
    CU_ASSERT_STRING_EQUAL(holder(&m, "other", "10.0.0.1", "c"), "");
    CU_ASSERT_STRING_EQUAL(holder(&m, "net", "10.0.0.2", ""), "");

    /* Moved. */
    put_ip(&m, make_ip("a", "net", "10.0.0.2"));
    CU_ASSERT_STRING_EQUAL(holder(&m, "net", "10.0.0.1", ""), "b");
    CU_ASSERT_STRING_EQUAL(holder(&m, "net", "10.0.0.2", ""), "a");

    /* On its way out. */
    o = make_ip("b", "net", "10.0.0.1");
    o->deleting = true;
    put_ip(&m, o);
    CU_ASSERT_STRING_EQUAL(holder(&m, "net", "10.0.0.1", ""), "");
    CU_ASSERT_PTR_NOT_NULL(model_find_ip_object(&m, "b"));

    /* Another object of that name went. */
    drop_ip(&m, "b", "u0");
    CU_ASSERT_PTR_NOT_NULL(model_find_ip_object(&m, "b"));
    drop_ip(&m, "b", "u");
    CU_ASSERT_PTR_NULL(model_find_ip_object(&m, "b"));
    drop_ip(&m, "b", "u");
    CU_ASSERT_EQUAL(hmap_count(&m.ip_objects), 2);
    CU_ASSERT_EQUAL(hmap_count(&m.ip_object_addrs), 2);
    model_destroy(&m);
}

/* ---- Verdicts. ---- */

enum flag {
    OWN_RESERVED = 1 << 0,      /* The port's IP object is reserved, */
    OWN_DELETING = 1 << 1,      /* is being deleted, */
    OWN_ELSEWHERE = 1 << 2,     /* is of another Subnet, */
    OWN_PLAIN = 1 << 3,         /* is there, */
    OWN_DRIFTED = 1 << 4,       /* gives it 10.0.0.9. */
    OTHER_HAS_NEW = 1 << 5,     /* Another IP object has 10.0.0.2, */
    OTHER_DELETING = 1 << 6,    /* or had. */
    HIDDEN = 1 << 7,            /* There are some, but not for us. */
    REFUSED = 1 << 8,           /* An event of the new pod, */
    REFUSED_OLD = 1 << 9,       /* of the one before. */
    TWO_PORTS = 1 << 10,
    NO_POD = 1 << 11,
    GONE = 1 << 12,             /* With the StatefulSet. */
    BOUND = 1 << 13,
    WANTS_OLD = 1 << 14,
};

#define GUARD (1 << MODE_GUARD)
#define MANAGE (1 << MODE_MANAGE)

static const struct vector {
    const char *name;
    int modes;
    int flags;
    enum verdict_kind kind;
    const char *case_;
    const char *why;
} vectors[] = {
    /* A failed move. */
    { "no proof", GUARD, 0, VERDICT_MOVING, "B", NULL },
    { "the own IP object is no proof", GUARD, OWN_PLAIN, VERDICT_MOVING, "B",
      NULL },
    { "another IP object has it", GUARD, OTHER_HAS_NEW, VERDICT_CLEAR, "B",
      "the IP object y-0.default has: a failed move" },
    { "it is let go of", GUARD, OTHER_HAS_NEW | OTHER_DELETING,
      VERDICT_MOVING, "B", NULL },
    { "an event", GUARD, REFUSED, VERDICT_CLEAR, "B",
      "AcquireAddressFailed: AddressConflict" },
    { "an event of the pod before", GUARD, REFUSED_OLD, VERDICT_MOVING, "B",
      NULL },
    { "an event of who knows which interface", GUARD, REFUSED | TWO_PORTS,
      VERDICT_MOVING, "B", NULL },
    { "a failed move, but reserved", GUARD, OTHER_HAS_NEW | OWN_RESERVED,
      VERDICT_REPORT, "B", "reserved" },

    /* Condition 5 of staleness. */
    { "C", GUARD | MANAGE, NO_POD, VERDICT_CLEAR, "C", NULL },
    { "C with an IP object", GUARD | MANAGE, NO_POD | OWN_PLAIN,
      VERDICT_CLEAR, "C", NULL },
    { "C, reserved", GUARD | MANAGE, NO_POD | OWN_RESERVED, VERDICT_REPORT,
      "C", "ip_reserved=true" },
    { "C, no more reserved", GUARD | MANAGE,
      NO_POD | OWN_RESERVED | OWN_DELETING, VERDICT_CLEAR, "C", NULL },
    { "C, reserved elsewhere", GUARD | MANAGE,
      NO_POD | OWN_RESERVED | OWN_ELSEWHERE, VERDICT_CLEAR, "C", NULL },
    { "D, reserved", GUARD | MANAGE, NO_POD | GONE | OWN_RESERVED,
      VERDICT_REPORT, "D", "reserved" },
    { "C, nobody may know", GUARD, NO_POD | HIDDEN, VERDICT_REPORT, "C",
      "cannot be read" },
    { "C, nobody need know", MANAGE, NO_POD | HIDDEN, VERDICT_CLEAR, "C",
      NULL },

    /* Drift. */
    { "A, bound", GUARD, WANTS_OLD | BOUND | OWN_PLAIN, VERDICT_FINE, "A",
      NULL },
    { "drift", GUARD, WANTS_OLD | BOUND | OWN_DRIFTED, VERDICT_REPORT, "B'",
      "has 10.0.0.9, but the port is bound with 10.0.0.1: drift" },
    { "not bound: on its way", GUARD, WANTS_OLD | OWN_DRIFTED, VERDICT_FINE,
      "A", NULL },
};

static void
set_objects(struct model *m, int flags)
{
    struct ip_object *o;

    if (flags & (OWN_RESERVED | OWN_DELETING | OWN_ELSEWHERE | OWN_PLAIN
                 | OWN_DRIFTED)) {
        o = make_ip("x-0.default", flags & OWN_ELSEWHERE ? "other" : "net",
                    flags & OWN_DRIFTED ? "10.0.0.9" : "10.0.0.1");
        o->reserved = flags & OWN_RESERVED;
        o->deleting = flags & OWN_DELETING;
        put_ip(m, o);
    }
    if (flags & OTHER_HAS_NEW) {
        o = make_ip("y-0.default", "net", "10.0.0.2");
        o->deleting = flags & OTHER_DELETING;
        put_ip(m, o);
    }
    m->ip_objects_hidden = flags & HIDDEN;
    if (flags & (REFUSED | REFUSED_OLD)) {
        struct kube_change *c = kube_change_create(KUBE_REFUSAL, false,
                                                   "default", "x-0",
                                                   flags & REFUSED ? "new"
                                                   : "old");

        c->text = xstrdup("AddressConflict");
        model_apply_kube_change(m, c);
        kube_change_destroy(c);
    }
}

static void
judge(const struct vector *v, enum guard_mode mode, struct verdict *verdict)
{
    struct ip_addr ip = unit_ip("10.0.0.1");
    struct hold_table holds;
    struct settings s;
    struct model m;

    settings_init(&s);
    hold_table_init(&holds);
    model_init(&m, &dialect_kube_ovn);
    unit_set_network(&m, 1, "net");
    unit_set_port(&m, 10, 1, "net", "x-0", "0a:00:00:00:00:01 10.0.0.1",
                  NULL);
    unit_set_workload(&m, unit_sts("x", "s1", v->flags & GONE ? 0 : 1,
                                   v->flags & WANTS_OLD ? "ip_pool=10.0.0.1"
                                   : "ip_pool=10.0.0.2"));
    m.nb_synced = m.sb_synced = m.kube_synced = m.kube_trusted = true;
    if (!(v->flags & NO_POD)) {
        unit_set_pod(&m, unit_pod("x-0", "new", OWNER_STATEFULSET, "x",
                                  v->flags & WANTS_OLD
                                  ? "ip_address=10.0.0.1"
                                  : "ip_address=10.0.0.2"));
    }
    unit_ack(&m, 7, "x-0.default", "", 1, 1000);
    unit_set_binding(&m, "x-0.default", "0a:00:00:00:00:01 10.0.0.1", NULL,
                     v->flags & BOUND ? "hv1" : NULL, 1000);
    set_objects(&m, v->flags);
    struct port *p = model_find_port_by_name(&m, "x-0.default");
    struct port second = { .name = NULL };
    if (v->flags & TWO_PORTS) {
        p->next_of_member = &second;
    }
    judge_address(&m, &s, mode, &holds, p, &ip, NOW, verdict);
    CU_ASSERT(!judge_is_fine(&m, mode, p, &ip)
              || verdict->kind == VERDICT_FINE);
    if (v->flags & TWO_PORTS) {
        p->next_of_member = NULL;
    }
    model_destroy(&m);
    hold_table_destroy(&holds);
}

static void
test_verdicts(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        const struct vector *v = &vectors[i];

        for (int mode = MODE_OBSERVE; mode <= MODE_MANAGE; mode++) {
            struct verdict verdict;
            bool ok;

            if (!(v->modes & (1 << mode))) {
                continue;
            }
            judge(v, mode, &verdict);
            ok = (verdict.kind == v->kind && !strcmp(verdict.case_, v->case_)
                  && (!v->why || strstr(verdict.why, v->why)));
            if (!ok) {
                printf("\n%s (%s): %s, case %s: %s\n", v->name,
                       guard_mode_to_string(mode),
                       verdict_kind_to_string(verdict.kind), verdict.case_,
                       verdict.why);
            }
            CU_ASSERT(ok);
            verdict_destroy(&verdict);
        }
    }
}

/* ---- Leaks. ---- */

static bool
leaks(const struct model *m, const char *ip)
{
    struct ip_addr addr = unit_ip(ip);
    char *text = judge_ipam_leak(m, "net", &addr);
    bool found = text != NULL;

    CU_ASSERT(!found || strstr(text, "restart of kube-ovn-controller"));
    free(text);
    return found;
}

static void
test_leak(void)
{
    struct model m;

    model_init(&m, &dialect_kube_ovn);
    CU_ASSERT(!leaks(&m, "10.0.0.1"));
    put_subnet(&m, "net", "10.0.0.1-10.0.0.3");
    /* Without the switch nothing is known about ports. */
    CU_ASSERT(!leaks(&m, "10.0.0.1"));
    unit_set_network(&m, 1, "net");
    unit_set_port(&m, 10, 1, "net", "x-0", "0a:00:00:00:00:01 10.0.0.1",
                  NULL);
    put_ip(&m, make_ip("y-0.default", "net", "10.0.0.2"));
    CU_ASSERT(!leaks(&m, "10.0.0.1"));
    CU_ASSERT(!leaks(&m, "10.0.0.2"));
    CU_ASSERT(leaks(&m, "10.0.0.3"));
    CU_ASSERT(!leaks(&m, "10.0.0.4"));
    drop_ip(&m, "y-0.default", "u");
    CU_ASSERT(leaks(&m, "10.0.0.2"));
    put_subnet(&m, "net", "10.0.0.1");
    CU_ASSERT(!leaks(&m, "10.0.0.2"));
    model_destroy(&m);
}

/* ---- Refusals and leaks, in the course of time. ---- */

static void
begin(struct world *w)
{
    struct wport *p;

    world_init(w, MODE_GUARD);
    world_chassis(w, "hv1");
    world_network(w, "net1");
    p = world_port(w, 0, "x-0", "0a:00:00:00:00:01 10.0.0.1");
    world_sts(w, unit_sts("x", "s1", 1, "ip_pool=10.0.0.1"));
    world_pod(w, unit_pod("x-0", "u1", OWNER_STATEFULSET, "x",
                          "ip_address=10.0.0.1"));
    world_bind(w, p, "hv1");
    world_flags(w);
    world_run(w, 5000);

    /* It is to move, and its controller is slow. */
    world_sts(w, unit_sts("x", "s1", 1, "ip_pool=10.0.0.2"));
    world_bind(w, p, NULL);
    world_del_pod(w, "x-0");
    world_pod(w, unit_pod("x-0", "u2", OWNER_STATEFULSET, "x",
                          "ip_address=10.0.0.2"));
}

static void
test_refusal(void)
{
    struct world w;

    begin(&w);
    world_run(&w, 1000);
    CU_ASSERT_EQUAL(w.n_refusal_reads, 0);
    /* From the settle time on, and then less and less often. */
    world_run(&w, 80 * 1000);
    CU_ASSERT_EQUAL(w.n_refusal_reads, 2);
    CU_ASSERT(world_has(&w, "x-0.default", "10.0.0.1"));
    CU_ASSERT_EQUAL(w.n_clears, 0);

    w.refusal = "AddressConflict";
    world_run(&w, 60 * 1000);
    CU_ASSERT(!world_has(&w, "x-0.default", "10.0.0.1"));
    CU_ASSERT_EQUAL(w.n_clears, 1);
    CU_ASSERT(world_logged(&w, "AcquireAddressFailed: AddressConflict"));
    CU_ASSERT_EQUAL(w.n_violations, 0);
    world_destroy(&w);
}

static void
test_slow_move(void)
{
    struct world w;

    begin(&w);
    world_run(&w, 40 * 1000);
    world_set_addresses(&w, world_find_port(&w, "x-0.default"),
                        "0a:00:00:00:00:01 10.0.0.2");
    world_run(&w, 100 * 1000);
    CU_ASSERT_EQUAL(w.n_refusal_reads, 2);
    CU_ASSERT_EQUAL(w.n_clears, 0);
    CU_ASSERT_EQUAL(w.orders.next_wake_ms, LLONG_MAX);
    world_destroy(&w);
}

static void
test_wait_for_leak(void)
{
    struct world w;
    struct model *m;

    begin(&w);
    m = guard_model(w.guard);
    put_subnet(m, "net1", "10.0.0.1-10.0.0.3");
    world_set_addresses(&w, world_find_port(&w, "x-0.default"),
                        "0a:00:00:00:00:01 10.0.0.2");
    world_pod(&w, unit_pod("x-0", "u2", OWNER_STATEFULSET, "x",
                           "ip_address=10.0.0.2;allocated=true"));
    /* The address of nobody; and one that just takes its time. */
    world_pod(&w, unit_pod("a", "u3", OWNER_NONE, "",
                           "ip_address=10.0.0.3"));
    world_pod(&w, unit_pod("b", "u4", OWNER_NONE, "",
                           "ip_address=10.0.0.4"));
    world_run(&w, 100 * 1000);
    CU_ASSERT(!world_logged(&w, "waits for an address in vain"));
    world_run(&w, 60 * 1000);
    CU_ASSERT(world_logged(&w, "default/a: waits for an address in vain"));
    CU_ASSERT(!world_logged(&w, "default/b: waits for an address in vain"));
    CU_ASSERT(!world_logged(&w, "default/x-0: waits for an address"));
    /* Nothing to wake up for: only a change can end it. */
    CU_ASSERT_EQUAL(w.orders.next_wake_ms, LLONG_MAX);

    put_subnet(m, "net1", "10.0.0.1-10.0.0.2");
    world_run(&w, 10 * 1000);
    CU_ASSERT(world_logged(&w, "default/a: that address is not kept"));
    world_del_pod(&w, "a");
    world_del_pod(&w, "b");
    world_run(&w, 10 * 1000);
    CU_ASSERT_EQUAL(w.orders.next_wake_ms, LLONG_MAX);
    world_destroy(&w);
}

/* What the controller's metrics say counts more than the Subnet's status. */
static void
test_book(void)
{
    struct shash book = SHASH_INITIALIZER(&book);
    struct ip_addr ip = unit_ip("10.0.0.9");
    struct model m;
    char *leak;

    model_init(&m, &dialect_kube_ovn);
    unit_set_network(&m, 1, "net");
    put_subnet(&m, "net", "10.0.0.9");
    leak = judge_ipam_leak(&m, "net", &ip);
    CU_ASSERT_PTR_NOT_NULL(leak);
    free(leak);
    model_set_ipam_book(&m, &book);
    CU_ASSERT_PTR_NULL(judge_ipam_leak(&m, "net", &ip));
    shash_add(&book, "net 10.0.0.9", xstrdup("default/sts1-0"));
    model_set_ipam_book(&m, &book);
    leak = judge_ipam_leak(&m, "net", &ip);
    CU_ASSERT(leak && strstr(leak, "(Subnet net, given to default/sts1-0)"));
    free(leak);
    /* Somebody has it rightly. */
    put_ip(&m, make_ip("a", "net", "10.0.0.9"));
    CU_ASSERT_PTR_NULL(judge_ipam_leak(&m, "net", &ip));
    drop_ip(&m, "a", "u");
    /* They cannot be read any more. */
    put_subnet(&m, "net", "10.0.0.8");
    model_set_ipam_book(&m, NULL);
    CU_ASSERT_PTR_NULL(judge_ipam_leak(&m, "net", &ip));
    shash_destroy_free_data(&book);
    model_destroy(&m);
}

void
suite_ipam(void)
{
    CU_pSuite suite = unit_add_suite("ipam");

    CU_ADD_TEST(suite, test_book);
    CU_ADD_TEST(suite, test_ip_object);
    CU_ADD_TEST(suite, test_ranges);
    CU_ADD_TEST(suite, test_model);
    CU_ADD_TEST(suite, test_verdicts);
    CU_ADD_TEST(suite, test_leak);
    CU_ADD_TEST(suite, test_refusal);
    CU_ADD_TEST(suite, test_slow_move);
    CU_ADD_TEST(suite, test_wait_for_leak);
}
