/* SPDX-License-Identifier: Apache-2.0 */

/* What a verdict takes from the model beside the facts of the table in
 * test-judge.c: who keeps an address that two ports have, which owners the
 * sources tell about, and where a VM's port may be. */

#include <config.h>

#include "agent/core/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sset.h"
#include "svec.h"
#include "util.h"

#include "agent/core/dialect.h"
#include "agent/core/hold.h"
#include "agent/core/kube-change.h"
#include "agent/core/model.h"
#include "tests/unit/unit.h"
#include "tests/unit/world.h"

#define NOW 1000000
#define OLD "ip_address=10.0.0.1"
#define NEW "ip_address=10.0.0.2"
#define POOL_NEW "ip_pool=10.0.0.2"

/* All sources have told everything: of 'pod' there is only its port, with
 * 10.0.0.1.  Returns that. */
static struct port *
begin(struct model *m, const char *pod)
{
    char *name = xasprintf("%s.default", pod);
    struct port *port;

    model_init(m, &dialect_kube_ovn);
    unit_set_network(m, 1, "net");
    unit_set_port(m, 10, 1, "net", pod, "0a:00:00:00:00:01 10.0.0.1", NULL);
    m->nb_synced = m->sb_synced = m->kube_synced = m->kube_trusted = true;
    port = model_find_port_by_name(m, name);
    free(name);
    return port;
}

/* Judges that address on 'port'. */
static void
judge_port(const struct model *m, const struct port *port, struct verdict *v)
{
    struct ip_addr ip = unit_ip("10.0.0.1");
    struct hold_table holds;
    struct settings s;

    settings_init(&s);
    hold_table_init(&holds);
    judge_address(m, &s, MODE_MANAGE, &holds, port, &ip, NOW, v);
    hold_table_destroy(&holds);
}

/* Fails the test, with words, unless case 'i' was judged as expected. */
static void
expect_verdict(size_t i, const struct verdict *v, enum verdict_kind kind,
               const char *why)
{
    bool ok = v->kind == kind && (!why || strstr(v->why, why));

    if (!ok) {
        printf("\n%"PRIuSIZE": %s: %s\n", i, verdict_kind_to_string(v->kind),
               v->why);
    }
    CU_ASSERT(ok);
}

static void
test_keeper(void)
{
    static const struct {
        const char *chassis[2];
        bool wants[2];
        int keeper;             /* Or -1. */
    } cases[] = {
        { { "hv1", NULL }, { false, true }, 0 },
        { { NULL, "hv1" }, { true, false }, 1 },
        { { "hv1", "hv2" }, { true, false }, -1 },
        { { NULL, NULL }, { true, false }, 0 },
        { { NULL, NULL }, { true, true }, -1 },
        { { NULL, NULL }, { false, false }, -1 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct ip_addr ip = unit_ip("10.0.0.1");
        struct model m;
        char *why;

        model_init(&m, &dialect_kube_ovn);
        unit_set_network(&m, 1, "net");
        m.nb_synced = m.sb_synced = m.kube_synced = true;
        unit_ack(&m, 3, "a.default,b.default", "", 1, 5);
        for (int j = 0; j < 2; j++) {
            const char *pod = j ? "b" : "a";
            char *port = xasprintf("%s.default", pod);

            unit_set_port(&m, 10 + j, 1, "net", pod,
                          j ? "0a:00:00:00:00:02 10.0.0.1"
                          : "0a:00:00:00:00:01 10.0.0.1", NULL);
            unit_set_pod(&m, unit_pod(pod, pod, OWNER_NONE, "",
                                      cases[i].wants[j] ? OLD : NEW));
            unit_set_binding(&m, port, "", NULL, cases[i].chassis[j], 5);
            free(port);
        }
        const struct network *n = model_find_port_by_name(&m, "a.default")
                                  ->network;
        const struct port *keeper = judge_keeper(&m, MODE_MANAGE,
                                                 model_find_addr(&m, n, &ip),
                                                 &why);
        CU_ASSERT_EQUAL(cases[i].keeper < 0, keeper == NULL);
        if (keeper && cases[i].keeper >= 0) {
            CU_ASSERT_EQUAL(keeper->name[0], "ab"[cases[i].keeper]);
        }
        free(why);
        model_destroy(&m);
    }
}

/* Owners that the sources do not tell about are not gone. */
static void
test_scope(void)
{
    static const struct {
        const char *namespaces; /* Or NULL: all. */
        const char *nodes;      /* Or NULL: all. */
        const char *pod_node;   /* Or NULL: no pod. */
        enum verdict_kind kind;
        const char *why;
    } cases[] = {
        { "default", NULL, NULL, VERDICT_CLEAR, NULL },
        { "other", NULL, NULL, VERDICT_FINE, "outside of --namespace" },
        { "other", NULL, "n1", VERDICT_FINE, "outside of --namespace" },
        { NULL, "n1,n2", "n1", VERDICT_CLEAR, NULL },
        { NULL, "n2", "n1", VERDICT_FINE, "is on node n1, which is outside" },
        { NULL, "n1", "", VERDICT_FINE, "has no node yet: taken as in use" },
        /* Nowhere, and so not elsewhere. */
        { NULL, "n2", NULL, VERDICT_CLEAR, NULL },
        { "other,default", "n1", "n1", VERDICT_CLEAR, NULL },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct model m;
        struct port *port = begin(&m, "x-0");
        struct verdict v;

        if (cases[i].namespaces) {
            struct svec names;

            unit_split(&names, cases[i].namespaces);
            model_set_namespaces(&m, &names);
            svec_destroy(&names);
        }
        if (cases[i].nodes) {
            struct sset nodes = SSET_INITIALIZER(&nodes);

            sset_from_delimited_string(&nodes, cases[i].nodes, ",");
            model_set_nodes(&m, &nodes);
            sset_destroy(&nodes);
        }
        unit_set_workload(&m, unit_sts("x", "s1", 1, POOL_NEW));
        if (cases[i].pod_node) {
            struct pod *pod = unit_pod("x-0", "new", OWNER_STATEFULSET, "x",
                                       NEW);

            pod_set_node(pod, cases[i].pod_node);
            unit_set_pod(&m, pod);
        }
        unit_ack(&m, 7, "x-0.default", "", 1, 1000);
        unit_set_binding(&m, "x-0.default", "", NULL, NULL, 1000);
        judge_port(&m, port, &v);
        expect_verdict(i, &v, cases[i].kind, cases[i].why);
        verdict_destroy(&v);
        model_destroy(&m);
    }
}

/* A VM's port after a migration: one chassis, until Kube-OVN has tidied up. */
static void
test_requested_chassis(void)
{
    static const struct {
        bool vm;
        const char *requested;
        enum verdict_kind kind;
    } cases[] = {
        { true, NULL, VERDICT_CLEAR },
        { true, "", VERDICT_CLEAR },
        { true, "hv2", VERDICT_FINE },
        { true, "hv1,hv2", VERDICT_FINE },
        { false, "hv2", VERDICT_CLEAR },
        { false, "hv1,hv2", VERDICT_FINE },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct workload *w = unit_sts("x", "s1", 1, POOL_NEW);
        struct model m;
        struct port *p = begin(&m, cases[i].vm ? "x" : "x-0");
        struct verdict v;

        if (cases[i].vm) {
            workload_destroy(w);
            w = unit_sts("x", "s1", 1, NEW);
            w->kind = OWNER_VM;
        }
        unit_set_workload(&m, w);
        p->requested_chassis = nullable_xstrdup(cases[i].requested);
        unit_ack(&m, 7, p->name, "", 1, 1000);
        unit_set_binding(&m, p->name, "", NULL, NULL, 1000);
        judge_port(&m, p, &v);
        expect_verdict(i, &v, cases[i].kind, NULL);
        verdict_destroy(&v);
        model_destroy(&m);
    }
}

/* The pod of a VM is seen after the VM has gone, or without it, and goes as
 * well.  Where VMs are seen at all, its port is left over; elsewhere it may be
 * that of a VM that is stopped. */
static void
test_vm_not_seen(void)
{
    static const struct {
        const char *vm;         /* One that was there before, or NULL. */
        enum verdict_kind kind;
    } cases[] = {
        { NULL, VERDICT_FINE },
        { "x", VERDICT_CLEAR },
        { "other", VERDICT_CLEAR },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct ip_addr ip = unit_ip("10.0.0.1");
        struct hold_table holds;
        struct verdict v;
        struct settings s;
        struct model m;

        settings_init(&s);
        hold_table_init(&holds);
        model_init(&m, &dialect_kube_ovn);
        unit_set_network(&m, 1, "net");
        m.nb_synced = m.sb_synced = m.kube_synced = m.kube_trusted = true;
        if (cases[i].vm) {
            struct workload *w = unit_sts(cases[i].vm, "v1", 1, NEW);

            w->kind = OWNER_VM;
            unit_set_workload(&m, w);

            struct kube_change *c = kube_change_create(
                KUBE_WORKLOAD, true, "default", cases[i].vm, "v1");
            c->owner_kind = OWNER_VM;
            model_apply_kube_change(&m, c);
            kube_change_destroy(c);
        }
        unit_set_port(&m, 10, 1, "net", "x", "0a:00:00:00:00:01 10.0.0.1",
                      NULL);
        unit_set_pod(&m, unit_pod("virt-launcher-x", "p1", OWNER_VM, "x",
                                  "ip_address=10.0.0.1"));
        unit_drop_pod(&m, "virt-launcher-x", "p1");
        unit_ack(&m, 7, "x.default", "", 1, 1000);
        unit_set_binding(&m, "x.default", "", NULL, NULL, 1000);
        judge_address(&m, &s, MODE_MANAGE, &holds,
                      model_find_port_by_name(&m, "x.default"), &ip, NOW,
                      &v);
        if (v.kind != cases[i].kind) {
            printf("\n%"PRIuSIZE": %s: %s\n", i,
                   verdict_kind_to_string(v.kind), v.why);
        }
        CU_ASSERT_EQUAL(v.kind, cases[i].kind);
        verdict_destroy(&v);
        model_destroy(&m);
        hold_table_destroy(&holds);
    }
}

void
suite_judge_model(void)
{
    CU_pSuite suite = unit_add_suite("judge-model");

    CU_ADD_TEST(suite, test_keeper);
    CU_ADD_TEST(suite, test_scope);
    CU_ADD_TEST(suite, test_requested_chassis);
    CU_ADD_TEST(suite, test_vm_not_seen);
}
