/* SPDX-License-Identifier: Apache-2.0 */

/* How the dialect is found out, and that a model which finds it out is the
 * same afterwards as one that knew it all the time. */

#include <config.h>

#include "agent/core/dialect-auto.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "smap.h"
#include "util.h"
#include "uuid.h"

#include "agent/core/guard.h"
#include "agent/core/model.h"

#include "tests/unit/dialect-vectors.h"
#include "tests/unit/unit.h"
#include "tests/unit/world.h"

#define IP1 "10.0.0.1"
#define IP2 "10.0.0.2"
#define MAC1 "0a:00:00:00:00:01"
#define GIVEN(IP) "k8s.ovn.org/pod-networks=default@primary="IP"/24="MAC1

static void
test_decide(void)
{
    static const struct {
        int decided;            /* Index, or -1. */
        struct dialect_marks marks[N_DIALECTS];
        enum dialect_state state;
        int choice;             /* Index, or -1. */
    } vectors[] = {
        {-1, {{0, 0}, {0, 0}}, DIALECT_UNDECIDED, -1},
        {-1, {{1, 0}, {0, 0}}, DIALECT_DECIDED, 0},
        {-1, {{0, 1}, {0, 0}}, DIALECT_DECIDED, 0},
        {-1, {{0, 0}, {7, 0}}, DIALECT_DECIDED, 1},
        {-1, {{0, 0}, {0, 1}}, DIALECT_DECIDED, 1},
        {-1, {{9, 9}, {0, 1}}, DIALECT_AMBIGUOUS, -1},
        {-1, {{0, 1}, {1, 0}}, DIALECT_AMBIGUOUS, -1},
        {0, {{0, 0}, {0, 0}}, DIALECT_DECIDED, 0},
        {0, {{5, 5}, {0, 0}}, DIALECT_DECIDED, 0},
        {0, {{5, 5}, {1, 0}}, DIALECT_CONTRADICTED, 0},
        {0, {{0, 0}, {0, 1}}, DIALECT_CONTRADICTED, 0},
        {1, {{1, 0}, {0, 0}}, DIALECT_CONTRADICTED, 1},
    };

    CU_ASSERT_STRING_EQUAL(dialects[0]->name, "kube-ovn");
    CU_ASSERT_STRING_EQUAL(dialects[1]->name, "ovn-kubernetes");
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        int d = vectors[i].decided, c = vectors[i].choice;
        const struct dialect *choice;
        enum dialect_state state
            = dialect_decide(d < 0 ? NULL : dialects[d], vectors[i].marks,
                             &choice);

        CU_ASSERT_EQUAL(state, vectors[i].state);
        CU_ASSERT_PTR_EQUAL(choice, c < 0 ? NULL : dialects[c]);
    }
}

static void
test_marks(void)
{
    static const struct {
        const char *port_ids, *annotations; /* One of them. */
        uint8_t marks;
    } vectors[] = {
        {"", NULL, 0},
        {"vendor=kube-ovn", NULL, 1},
        {"vendor=kube-ovn|ls=net|pod=ns/web-0", NULL, 1},
        {"vendor=other", NULL, 0},
        {"pod=ns/web-0", NULL, 0},
        {"pod=true|namespace=ns", NULL, 2},
        {"pod=true", NULL, 0},
        {"namespace=ns", NULL, 0},
        {"k8s.ovn.org/network=blue", NULL, 2},
        {"node=node-1", NULL, 0},
        {"vendor=kube-ovn|k8s.ovn.org/network=blue", NULL, 3},
        {NULL, "", 0},
        {NULL, "ovn.kubernetes.io/allocated=true", 1},
        {NULL, "net1.ns.ovn.kubernetes.io/allocated=true", 1},
        {NULL, "net1.ns.kubernetes.io/allocated=true", 0},
        {NULL, "ovn.kubernetes.io/allocated=false", 0},
        /* What users write proves nothing. */
        {NULL, "ovn.kubernetes.io/ip_address=10.0.0.1", 0},
        {NULL, "k8s.v1.cni.cncf.io/networks=net1", 0},
        {NULL, "v1.multus-cni.io/default-network=a/b", 0},
        {NULL, "k8s.ovn.org/pod-networks={}", 2},
        {NULL, "k8s.ovn.org/pod-networks=|ovn.kubernetes.io/allocated=true",
         3},
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        const char *text = (vectors[i].port_ids ? vectors[i].port_ids
                            : vectors[i].annotations);
        struct smap smap;

        dv_parse_smap(text, &smap);
        uint8_t marks = (vectors[i].port_ids ? dialect_port_marks(&smap)
                         : dialect_pod_marks(&smap));
        if (marks != vectors[i].marks) {
            fprintf(stderr, "%s: %u\n", text, marks);
            CU_FAIL("marks");
        }
        smap_destroy(&smap);
    }
}

/* The stand-in reads for each dialect what that one reads alone. */
static void
test_claims(void)
{
    static const char *const annotations[] = {
        "", "ovn.kubernetes.io/ip_address=10.0.0.1",
        "ovn.kubernetes.io/vip=v|k8s.ovn.org/pod-networks=default=10.0.0.1/8",
        "k8s.v1.cni.cncf.io/networks=net1=10.0.0.1/24,x/y=10.0.0.2",
        "k8s.v1.cni.cncf.io/networks=[|ovn.kubernetes.io/ip_pool=10.0.0.1",
        "v1.multus-cni.io/default-network=a/b=10.0.0.1/24|"
        "net1.ns.ovn.kubernetes.io/allocated=true",
        "k8s.ovn.org/pod-networks={|ovn.kubernetes.io/mac_address=x",
    };
    struct claim_subject subject = dv_subject(0);

    for (size_t i = 0; i < ARRAY_SIZE(annotations); i++) {
        struct claims all, left;
        struct smap smap;
        size_t n = 0;

        dv_parse_smap(annotations[i], &smap);
        claims_init(&all);
        dialect_auto.read_claims(&smap, &subject, &all);
        for (size_t j = 0; j < N_DIALECTS; j++) {
            struct claims one;

            claims_init(&one);
            dialects[j]->read_claims(&smap, &subject, &one);
            claims_clone(&left, &all);
            claims_filter(&left, dialects[j]->knows_provider);
            CU_ASSERT_TRUE(claims_equal(&one, &left));
            n += one.n;
            claims_destroy(&one);
            claims_destroy(&left);
        }
        CU_ASSERT_EQUAL(all.n, n);
        claims_destroy(&all);
        smap_destroy(&smap);
    }
    for (size_t j = 0; j < N_DIALECTS; j++) {
        CU_ASSERT_TRUE(dialect_auto.watches(j ? "k8s.ovn.org/pod-networks"
                                            : "ovn.kubernetes.io/ip_pool"));
    }
    CU_ASSERT_FALSE(dialect_auto.watches("app"));
    CU_ASSERT_PTR_EQUAL(dialect_by_name("auto"), &dialect_auto);
}

/* ---- The model. ---- */

static void
fill(struct model *m, const struct dialect *pods_of)
{
    unit_set_network(m, 1, "net");
    unit_set_network(m, 2, "blue_ovn_layer2_switch");
    unit_set_pod(m, unit_dialect_pod(pods_of, "vm-1", "u1", OWNER_VM, "vm",
                                     GIVEN(IP1)
                                     ";ovn.kubernetes.io/ip_address="IP1));
    unit_set_pod(m, unit_dialect_pod(pods_of, "web-0", "u2",
                                     OWNER_STATEFULSET, "web",
                                     "k8s.v1.cni.cncf.io/networks="
                                     "blue="IP2"/24"));
    unit_set_raw_port(m, 10, 1, "web-0.default", "", MAC1" "IP2,
                      "vendor=kube-ovn|ls=net|pod=default/web-0", "");
    unit_set_raw_port(m, 11, 1, "vm.default", "", MAC1" "IP1,
                      "vendor=kube-ovn|ls=net|pod=default/vm", "");
    unit_set_raw_port(m, 12, 1, "default_web-0", "", MAC1" "IP2,
                      "pod=true|namespace=default", "iface-id-ver=u2");
    unit_set_raw_port(m, 13, 2, "default.blue_default_vm-1", "",
                      MAC1" "IP1, "pod=true|namespace=default|"
                      "k8s.ovn.org/nad=default/blue|k8s.ovn.org/network=blue|"
                      "k8s.ovn.org/topology=layer2", "");
    unit_set_raw_port(m, 14, 1, "k8s-node1", "", MAC1" 10.0.0.9", "", "");
    unit_set_raw_port(m, 15, 1, "node-n1", "", MAC1" 10.0.0.8",
                      "vendor=kube-ovn|ls=net", "");
}

/* All that the dialect decides, in words. */
static char *
describe(const struct model *m)
{
    static const char *const members[] = {
        "web-0", "vm", "vm-1", "default_web-0",
    };
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_format(&ds, "%"PRIuSIZE" owned\n", m->n_owned_ports);
    for (uint32_t n = 10; n < 16; n++) {
        struct uuid uuid = unit_uuid(n);
        const struct port *p = model_find_port(m, &uuid);

        ds_put_format(&ds, "%s: %s (%s) %s %s %s %s\n", p->name,
                      port_kind_to_string(p->kind), p->why,
                      p->provider ? p->provider : "-",
                      p->cni_network ? p->cni_network : "-",
                      p->pod_uid ? p->pod_uid : "-",
                      p->member ? p->member->name : "-");
    }
    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        const struct member *mb = model_find_member(m, "default",
                                                    members[i]);

        ds_put_format(&ds, "%s%s:", members[i],
                      mb && mb->seen_explicit ? " (explicit)" : "");
        for (size_t j = 0; mb && j < mb->n_pods; j++) {
            const struct pod *pod = mb->pods[j];

            ds_put_format(&ds, " %s", pod->name);
            for (size_t k = 0; k < pod->claims.n; k++) {
                ds_put_format(&ds, " %s ", pod->claims.claims[k].provider);
                claim_format(&pod->claims.claims[k], &ds);
            }
        }
        ds_put_char(&ds, '\n');
    }
    return ds_steal_cstr(&ds);
}

static void
test_set_dialect(void)
{
    for (size_t i = 0; i < N_DIALECTS; i++) {
        struct model given, found;
        char *a, *b;

        model_init(&given, dialects[i]);
        fill(&given, dialects[i]);
        a = describe(&given);

        model_init(&found, &dialect_auto);
        fill(&found, &dialect_auto);
        CU_ASSERT_EQUAL(found.n_owned_ports, 0);
        CU_ASSERT_EQUAL(found.marks[0].n_ports, 3);
        CU_ASSERT_EQUAL(found.marks[1].n_ports, 2);
        CU_ASSERT_EQUAL(found.marks[0].n_pods, 0);
        CU_ASSERT_EQUAL(found.marks[1].n_pods, 1);
        model_set_dialect(&found, dialects[i]);
        b = describe(&found);
        CU_ASSERT_STRING_EQUAL(a, b);
        if (strcmp(a, b)) {
            printf("\n%s given:\n%sfound:\n%s", dialects[i]->name, a, b);
        }
        free(b);

        /* Whatever comes later is read in the same way. */
        fill(&found, &dialect_auto);
        b = describe(&found);
        CU_ASSERT_STRING_EQUAL(a, b);
        CU_ASSERT_EQUAL(found.marks[1].n_ports, 2);
        CU_ASSERT_EQUAL(found.marks[1].n_pods, 1);
        free(a);
        free(b);
        for (uint32_t n = 10; n < 16; n++) {
            struct uuid uuid = unit_uuid(n);

            model_remove_port(&found, &uuid);
        }
        unit_drop_pod(&found, "vm-1", "u1");
        unit_drop_pod(&found, "web-0", "u2");
        CU_ASSERT_EQUAL(found.marks[0].n_ports + found.marks[1].n_ports, 0);
        CU_ASSERT_EQUAL(found.marks[0].n_pods + found.marks[1].n_pods, 0);
        CU_ASSERT_EQUAL(hmap_count(&found.members), 0);
        model_destroy(&given);
        model_destroy(&found);
    }
}

/* ---- The guard. ---- */

static bool
status_has(struct world *w, const char *part)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    bool has;

    guard_format_safety(w->guard, &ds);
    has = strstr(ds_cstr(&ds), part) != NULL;
    if (!has) {
        printf("\nno \"%s\" in:\n%s", part, ds_cstr(&ds));
    }
    ds_destroy(&ds);
    return has;
}

/* Kube-OVN's sts1-0 runs with IP1 and is to have IP2. */
static void
move_sts1(struct world *w)
{
    struct wport *p = world_port(w, 0, "sts1-0", MAC1" "IP1);

    world_sts(w, unit_sts("sts1", "s1", 1, "ip_pool="IP1));
    world_pod(w, unit_dialect_pod(&dialect_auto, "sts1-0", "u1",
                                  OWNER_STATEFULSET, "sts1",
                                  "ip_address="IP1));
    world_bind(w, p, "hv1");
    world_run(w, 5000);
    world_sts(w, unit_sts("sts1", "s1", 1, "ip_pool="IP2));
    world_bind(w, p, NULL);
    world_del_pod(w, "sts1-0");
}

static void
begin(struct world *w)
{
    world_init_dialect(w, MODE_MANAGE, &dialect_auto);
    world_chassis(w, "hv1");
    world_network(w, "net1");
    world_flags(w);
    world_run(w, 1000);
}

/* Nothing is decided until a port comes; then it goes as if it had been
 * given. */
static void
test_decided_late(void)
{
    struct world w;

    begin(&w);
    CU_ASSERT(status_has(&w, "dialect: not decided"));
    CU_ASSERT_STRING_EQUAL(guard_dialect_name(w.guard), "not decided");
    move_sts1(&w);
    world_run(&w, 60000);
    CU_ASSERT_STRING_EQUAL(guard_dialect_name(w.guard), "kube-ovn");
    CU_ASSERT(world_logged(&w, "dialect: kube-ovn; seen: kube-ovn: 1 port "
                           "(sts1-0.default), 0 pods"));
    CU_ASSERT(status_has(&w, "dialect: kube-ovn, found out by the marks of 1 "
                         "port(s) and 0 pod(s)"));
    CU_ASSERT_EQUAL(w.n_clears, 1);
    CU_ASSERT(world_has(&w, "sts1-0.default", IP2));
    CU_ASSERT_EQUAL(w.n_violations, 0);

    /* It stays when the last mark is gone. */
    world_del_port(&w, world_find_port(&w, "sts1-0.default"));
    world_run(&w, 60000);
    CU_ASSERT_STRING_EQUAL(guard_dialect_name(w.guard), "kube-ovn");
    world_destroy(&w);
}

/* Marks of two from the beginning: nothing is written, whatever there would be
 * to do, until one is gone. */
static void
test_ambiguous(void)
{
    struct world w;

    begin(&w);
    world_pod(&w, unit_dialect_pod(&dialect_auto, "other", "u9", OWNER_NONE,
                                   "", GIVEN("10.0.0.9")));
    world_port(&w, 0, "first-0", MAC1" 10.0.0.7");
    w.nb_down = true;           /* Both come in one turn. */
    world_flags(&w);
    world_run(&w, 1000);
    w.nb_down = false;
    world_flags(&w);
    world_run(&w, 1000);
    CU_ASSERT_STRING_EQUAL(guard_dialect_name(w.guard), "not decided");
    CU_ASSERT(world_logged(&w, "dialect: ambiguous; nothing is written"));
    CU_ASSERT(status_has(&w, "dialect: ambiguous: seen: kube-ovn: 1 port "
                         "(first-0.default), 0 pods; ovn-kubernetes: 0 "
                         "ports, 1 pod (default/other)"));
    size_t n_nb = w.n_nb;
    move_sts1(&w);
    world_run(&w, 200 * 1000);
    CU_ASSERT_EQUAL(w.n_nb, n_nb);
    CU_ASSERT(world_has(&w, "sts1-0.default", IP1));

    world_del_pod(&w, "other");
    world_run(&w, 200 * 1000);
    CU_ASSERT_STRING_EQUAL(guard_dialect_name(w.guard), "kube-ovn");
    CU_ASSERT(!world_has(&w, "sts1-0.default", IP1));
    CU_ASSERT_EQUAL(w.n_violations, 0);
    world_destroy(&w);
}

/* Marks of another once it is decided: writing stops, and goes on when they
 * are gone; nothing changes sides. */
static void
test_contradicted(void)
{
    struct world w;

    begin(&w);
    world_port(&w, 0, "first-0", MAC1" 10.0.0.7");
    world_run(&w, 5000);
    CU_ASSERT_STRING_EQUAL(guard_dialect_name(w.guard), "kube-ovn");
    struct wport *p = world_raw_port(&w, 0, "default_x", MAC1" 10.0.0.8",
                                     "pod=true|namespace=default", "");
    p->ours = false;
    world_run(&w, 1000);
    CU_ASSERT(world_logged(&w, "dialect: kube-ovn, but the marks of another "
                           "are there as well"));
    CU_ASSERT(status_has(&w, "ambiguous: kube-ovn was found first"));
    CU_ASSERT_STRING_EQUAL(guard_dialect_name(w.guard), "kube-ovn");
    size_t n_nb = w.n_nb;
    move_sts1(&w);
    world_run(&w, 200 * 1000);
    CU_ASSERT_EQUAL(w.n_nb, n_nb);
    CU_ASSERT(world_has(&w, "sts1-0.default", IP1));

    /* The settle time starts anew. */
    world_del_port(&w, p);
    world_run(&w, w.settings.settle_ms - 1);
    CU_ASSERT(world_logged(&w, "dialect: kube-ovn again"));
    CU_ASSERT(world_has(&w, "sts1-0.default", IP1));
    world_run(&w, 200 * 1000);
    CU_ASSERT(!world_has(&w, "sts1-0.default", IP1));
    CU_ASSERT_EQUAL(w.n_violations, 0);
    world_destroy(&w);
}

/* A dialect that is given is not put in doubt. */
static void
test_given(void)
{
    struct world w;

    world_init(&w, MODE_MANAGE);
    world_chassis(&w, "hv1");
    world_network(&w, "net1");
    world_flags(&w);
    CU_ASSERT(status_has(&w, "dialect: kube-ovn, as given"));
    struct wport *p = world_raw_port(&w, 0, "default_x", MAC1" 10.0.0.8",
                                     "pod=true|namespace=default", "");
    p->ours = false;
    move_sts1(&w);
    world_run(&w, 60000);
    CU_ASSERT(!world_has(&w, "sts1-0.default", IP1));
    CU_ASSERT_EQUAL(w.n_violations, 0);
    world_destroy(&w);
}

/* A hold that is known from an earlier life ends, though no port is left to
 * tell the dialect. */
static void
test_hold_ends_undecided(void)
{
    struct world w;

    begin(&w);
    struct wport *p = world_port(&w, 0, "sts1-0", MAC1" "IP1);
    world_sts(&w, unit_sts("sts1", "s1", 1, "ip_pool="IP1));
    world_run(&w, 5000);
    w.northd_frozen = true;
    world_del_port(&w, p);
    world_run(&w, 5000);
    CU_ASSERT_PTR_NOT_NULL(world_stored_hold(&w, IP1));
    world_kill(&w, true);
    world_run(&w, 5000);
    CU_ASSERT_STRING_EQUAL(guard_dialect_name(w.guard), "not decided");
    CU_ASSERT_PTR_NOT_NULL(world_stored_hold(&w, IP1));
    w.northd_frozen = false;
    world_run(&w, 200 * 1000);
    CU_ASSERT_PTR_NULL(world_stored_hold(&w, IP1));
    CU_ASSERT_EQUAL(w.orders.next_wake_ms, LLONG_MAX);
    world_destroy(&w);
}

void
suite_dialect_auto(void)
{
    CU_pSuite suite = unit_add_suite("dialect-auto");

    CU_ADD_TEST(suite, test_decide);
    CU_ADD_TEST(suite, test_marks);
    CU_ADD_TEST(suite, test_claims);
    CU_ADD_TEST(suite, test_set_dialect);
    CU_ADD_TEST(suite, test_decided_late);
    CU_ADD_TEST(suite, test_ambiguous);
    CU_ADD_TEST(suite, test_contradicted);
    CU_ADD_TEST(suite, test_given);
    CU_ADD_TEST(suite, test_hold_ends_undecided);
}
