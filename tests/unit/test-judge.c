/* SPDX-License-Identifier: Apache-2.0 */

/* The table of stale cases (design: A to H), as vectors: a situation, a mode,
 * and what is to be said of 10.0.0.1 on the port of x-0. */

#include <config.h>

#include "agent/core/judge.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"
#include "uuid.h"

#include "agent/core/dialect.h"
#include "agent/core/hold.h"
#include "agent/core/kube-change.h"
#include "agent/core/model.h"

#include "tests/unit/unit.h"
#include "tests/unit/world.h"

#define NOW 1000000
#define OLD "ip_address=10.0.0.1"
#define NEW "ip_address=10.0.0.2"
#define POOL_OLD "ip_pool=10.0.0.1"
#define POOL_NEW "ip_pool=10.0.0.2"
#define STICKY "logical_switch=net"

enum flag {
    ALL_MODES = 0,
    UNSEEN = 1 << 0,            /* The pod was there before us. */
    DELETING = 1 << 1,
    FINISHED = 1 << 2,
    MIGRATING = 1 << 3,
    OPTED_OUT = 1 << 4,
    STS_GONE = 1 << 5,          /* Was there, and is deleted. */
    STS_DELETING = 1 << 6,
    STS_ANEW = 1 << 7,          /* Re-created with another uid. */
    NO_REVISION = 1 << 8,
    VIP = 1 << 9,
    DENY = 1 << 10,
    EDITED = 1 << 11,           /* The pod's annotation, while it ran. */
    RAN = 1 << 12,              /* Known to have been bound. */
    STATUS_IP = 1 << 13,
    OTHER_HAS_OLD = 1 << 14,    /* Another port lists 10.0.0.1 and runs. */
    OTHER_WANTS_OLD = 1 << 15,  /* The same, not bound, but entitled. */
    OTHER_HAS_NEW = 1 << 16,    /* Another port lists 10.0.0.2. */
    KEEPER = 1 << 17,           /* Of a hold of 10.0.0.1. */
    CNI_RESTARTED = 1 << 18,
    CHASSIS_GONE = 1 << 19,
    NAMESPACE_OUT = 1 << 20,
    PLAIN = 1 << 21,            /* A pod of its own. */
    POD_GONE = 1 << 22,         /* Was seen, and is no more. */
    FOREIGN = 1 << 23,
    REQUESTED = 1 << 24,        /* requested-chassis names two. */
    CNI_DOWN = 1 << 25,
    OF_R0 = 1 << 26,            /* The pod is of the second revision ... */
    OF_R1 = 1 << 27,            /* ... or of the first one. */
};

enum bind { UNKNOWN, BOUND, UNBOUND };

#define O (1 << MODE_OBSERVE)
#define G (1 << MODE_GUARD)
#define M (1 << MODE_MANAGE)
#define OGM (O | G | M)

static const struct vector {
    const char *name;
    unsigned int modes;
    unsigned int flags;
    const char *sts;            /* Annotations of the template, or NULL. */
    const char *sts2;           /* Of a second revision, or NULL. */
    int replicas;
    const char *pod;            /* Annotations, or NULL: no pod. */
    enum bind bind;
    enum verdict_kind kind;
    const char *case_;
    const char *why;            /* Part of it, or NULL. */
} vectors[] = {
    /* A: port = wanted. */
    { "A with pod", OGM, 0, POOL_OLD, NULL, 1, OLD, BOUND,
      VERDICT_FINE, "A", "wants" },
    { "A without pod", OGM, 0, POOL_OLD, NULL, 1, NULL, UNBOUND,
      VERDICT_FINE, "A", "ordinal 0" },
    { "A allocated", OGM, 0, POOL_OLD, NULL, 1, OLD";allocated=true", BOUND,
      VERDICT_FINE, "A", "was given" },

    /* B: a new pod wants another address. */
    { "B", O | M, 0, POOL_NEW, NULL, 1, NEW, UNBOUND,
      VERDICT_CLEAR, "B", "wants 10.0.0.2" },
    { "B beside a controller", G, 0, POOL_NEW, NULL, 1, NEW, UNBOUND,
      VERDICT_MOVING, "B", "controller's to move" },
    { "B failed move", G, OTHER_HAS_NEW, POOL_NEW, NULL, 1, NEW, UNBOUND,
      VERDICT_CLEAR, "B", "failed move" },
    { "B, wanted elsewhere", O | M, OTHER_HAS_NEW, POOL_NEW, NULL, 1, NEW,
      UNBOUND, VERDICT_CLEAR, "B", NULL },
    { "B, old pod's binding still there", O | M, 0, POOL_NEW, NULL, 1, NEW,
      BOUND, VERDICT_WAIT, "B", "still bound to hv1" },
    { "B, binding not known", O | M, 0, POOL_NEW, NULL, 1, NEW, UNKNOWN,
      VERDICT_WAIT, "B", NULL },
    { "B denied", OGM, DENY, POOL_NEW, NULL, 1, NEW, UNBOUND,
      VERDICT_REPORT, "B", "denied" },
    { "B not seen to come, born so", O | M, UNSEEN, POOL_NEW, NULL, 1, NEW,
      UNBOUND, VERDICT_CLEAR, "B", NULL },
    { "B not seen to come, of the new revision", O | M, UNSEEN | OF_R1,
      POOL_NEW, POOL_OLD, 1, NEW, UNBOUND, VERDICT_CLEAR, "B", NULL },
    { "B not seen to come, edited to what is new", OGM, UNSEEN | OF_R0,
      POOL_NEW, POOL_OLD, 1, NEW, UNBOUND, VERDICT_REPORT, "B'",
      "not known" },
    { "B not seen to come", OGM, UNSEEN, POOL_OLD, NULL, 1, NEW, UNBOUND,
      VERDICT_REPORT, "B'", "not known" },
    { "B of a plain pod is not denied", O | M, DENY | PLAIN, NULL, NULL, 0,
      NEW, UNBOUND, VERDICT_CLEAR, "B", NULL },

    /* B': the pod that runs with it. */
    { "B' edited", OGM, EDITED, POOL_OLD, NULL, 1, NEW, BOUND,
      VERDICT_REPORT, "B'", "drift" },
    { "B' edited, unbound for the moment", OGM, EDITED, POOL_OLD, NULL, 1,
      NEW, UNBOUND, VERDICT_REPORT, "B'", "drift" },
    { "B' ran with it", OGM, RAN, POOL_NEW, NULL, 1, NEW, UNBOUND,
      VERDICT_REPORT, "B'", NULL },
    { "B' bound when first seen", OGM, UNSEEN, POOL_NEW, NULL, 1, NEW, BOUND,
      VERDICT_REPORT, "B'", NULL },
    { "B' status has it", OGM, STATUS_IP, POOL_NEW, NULL, 1, NEW, UNBOUND,
      VERDICT_REPORT, "B'", NULL },
    { "B' allocated", OGM, 0, POOL_NEW, NULL, 1, NEW";allocated=true",
      UNBOUND, VERDICT_REPORT, "B'", NULL },
    { "B' is being deleted", OGM, DELETING, POOL_NEW, NULL, 1, NEW, UNBOUND,
      VERDICT_REPORT, "B'", NULL },
    { "B' on a lost node", OGM, DELETING, POOL_NEW, NULL, 1, NEW, BOUND,
      VERDICT_REPORT, "B'", NULL },

    /* C: no pod, the ordinal is to have another address. */
    { "C", OGM, POD_GONE, POOL_NEW, NULL, 1, NULL, UNBOUND,
      VERDICT_CLEAR, "C", "10.0.0.2" },
    { "C never saw a pod", OGM, 0, POOL_NEW, NULL, 1, NULL, UNBOUND,
      VERDICT_CLEAR, "C", NULL },
    { "C bound", OGM, POD_GONE, POOL_NEW, NULL, 1, NULL, BOUND,
      VERDICT_WAIT, "C", "still bound" },
    { "C not known", OGM, POD_GONE, POOL_NEW, NULL, 1, NULL, UNKNOWN,
      VERDICT_WAIT, "C", NULL },
    { "C denied", OGM, DENY, POOL_NEW, NULL, 1, NULL, UNBOUND,
      VERDICT_REPORT, "C", "denied" },
    { "C, the old revision still wants it", OGM, 0, POOL_NEW, POOL_OLD, 1,
      NULL, UNBOUND, VERDICT_FINE, "A", NULL },
    { "C, both revisions want others", OGM, 0, POOL_NEW,
      "ip_pool=10.0.0.3", 1, NULL, UNBOUND, VERDICT_CLEAR, "C", NULL },
    { "C, one revision names none", OGM, 0, POOL_NEW, STICKY, 1, NULL,
      UNBOUND, VERDICT_FINE, "G", NULL },
    { "C, a revision is not known", OGM, NO_REVISION, POOL_NEW, NULL, 1,
      NULL, UNBOUND, VERDICT_FINE, "-", "not known" },
    { "C, its pool is short", OGM, 0, "ip_pool=", NULL, 1, NULL, UNBOUND,
      VERDICT_FINE, NULL, NULL },
    { "C, its pool is garbage", OGM, 0, "ip_pool=10.0.0.300", NULL, 1, NULL,
      UNBOUND, VERDICT_FINE, NULL, NULL },

    /* D: the owner is gone. */
    { "D, StatefulSet gone", OGM, STS_GONE | POD_GONE, POOL_OLD, NULL, 1,
      NULL, UNBOUND, VERDICT_CLEAR, "D", "gone" },
    { "D, StatefulSet being deleted", OGM, STS_DELETING, POOL_OLD, NULL, 1,
      NULL, UNBOUND, VERDICT_CLEAR, "D", "being deleted" },
    { "D, scaled down", OGM, 0, POOL_OLD, NULL, 0, NULL, UNBOUND,
      VERDICT_CLEAR, "D", "outside" },
    { "D, scaled down, bound", OGM, 0, POOL_OLD, NULL, 0, NULL, BOUND,
      VERDICT_WAIT, "D", NULL },
    { "D, re-created without address", OGM, STS_ANEW | POD_GONE, STICKY,
      NULL, 1, NULL, UNBOUND, VERDICT_CLEAR, "D", "re-created" },
    { "re-created with the same address", OGM, STS_ANEW | POD_GONE, POOL_OLD,
      NULL, 1, NULL, UNBOUND, VERDICT_FINE, "A", NULL },
    { "D, plain pod gone", OGM, PLAIN | POD_GONE, NULL, NULL, 0, NULL,
      UNBOUND, VERDICT_CLEAR, "D", "is gone" },
    { "D, nobody of that name, the agent alone", M, 0, NULL, NULL, 0, NULL,
      UNBOUND, VERDICT_CLEAR, "D", "no pod" },
    { "nobody of that name, Vips unknown", O | G, 0, NULL, NULL, 0, NULL,
      UNBOUND, VERDICT_FINE, "-", "ever seen" },
    { "D is not denied", OGM, DENY | STS_GONE | POD_GONE, POOL_OLD, NULL, 1,
      NULL, UNBOUND, VERDICT_CLEAR, "D", NULL },

    /* E: two ports. */
    { "E, C here", OGM, OTHER_HAS_OLD, POOL_NEW, NULL, 1, NULL, UNBOUND,
      VERDICT_CLEAR, "E", NULL },
    { "E, D here", OGM, OTHER_WANTS_OLD | STS_GONE | POD_GONE, POOL_OLD,
      NULL, 1, NULL, UNBOUND, VERDICT_CLEAR, "E", NULL },
    { "E, B here, beside a controller too", OGM, OTHER_HAS_OLD, POOL_NEW,
      NULL, 1, NEW, UNBOUND, VERDICT_CLEAR, "E", "belongs to y-0.default" },
    { "E, but entitled", OGM, OTHER_HAS_OLD, POOL_OLD, NULL, 1, OLD, UNBOUND,
      VERDICT_FINE, "A", NULL },
    { "E, but it runs", OGM, OTHER_WANTS_OLD | EDITED, POOL_OLD, NULL, 1,
      NEW, BOUND, VERDICT_REPORT, "B'", NULL },
    { "the keeper of a hold is left", OGM, KEEPER, POOL_NEW, NULL, 1, NULL,
      UNBOUND, VERDICT_WAIT, "E", "keeps it" },

    /* G: never stale. */
    { "G, sticky pod", OGM, 0, STICKY, NULL, 1, STICKY, UNBOUND,
      VERDICT_FINE, "G", "keeps" },
    { "G, sticky absent pod", OGM, POD_GONE, STICKY, NULL, 1, NULL, UNBOUND,
      VERDICT_FINE, "G", NULL },
    { "G, named pool", OGM, 0, "ip_pool=pool-1", NULL, 1, NULL, UNBOUND,
      VERDICT_FINE, "G", NULL },
    { "G, finished", OGM, FINISHED, POOL_NEW, NULL, 1, NEW, UNBOUND,
      VERDICT_FINE, "G", "finished" },
    { "G, migrating", OGM, MIGRATING, POOL_NEW, NULL, 1, NEW, UNBOUND,
      VERDICT_FINE, "G", "migration" },
    { "G, two chassis requested", OGM, REQUESTED, POOL_NEW, NULL, 1, NULL,
      UNBOUND, VERDICT_FINE, "G", "migration" },
    { "G, opted out", OGM, OPTED_OUT, POOL_NEW, NULL, 1, NEW, UNBOUND,
      VERDICT_FINE, "G", "opted out" },
    { "G, namespace opted out", OGM, NAMESPACE_OUT, POOL_NEW, NULL, 1, NULL,
      UNBOUND, VERDICT_FINE, "G", "opted out" },
    { "G, a Vip", OGM, VIP, POOL_NEW, NULL, 1, NULL, UNBOUND,
      VERDICT_FINE, "G", "Vip" },
    { "G, the other family only", OGM, 0, "ip_pool=fd00::1", NULL, 1, NULL,
      UNBOUND, VERDICT_FINE, "G", "family" },
    { "garbage means in use", OGM, 0, POOL_NEW, NULL, 1,
      "ip_address=10.0.0.2x", UNBOUND, VERDICT_FINE, "-", NULL },
    { "foreign", OGM, FOREIGN, POOL_NEW, NULL, 1, NULL, UNBOUND,
      VERDICT_FINE, "-", "not ours" },
};

static void
set_sts(struct model *m, const struct vector *v)
{
    struct workload *w = unit_sts("x", v->flags & STS_ANEW ? "s0" : "s1",
                                  v->replicas, v->sts);
    w->deleting = v->flags & STS_DELETING;
    w->revisions_known = !(v->flags & NO_REVISION);
    if (v->sts2) {
        struct workload *w2 = unit_sts("x", "s1", 1, v->sts2);
        workload_add_revision(w, "r0", &w2->revisions[0].annotations);
        workload_destroy(w2);
    }
    unit_set_workload(m, w);
}

static struct pod *
make_pod(const struct vector *v, const char *uid, const char *annotations)
{
    return unit_pod("x-0", uid,
                    v->flags & PLAIN ? OWNER_NONE : OWNER_STATEFULSET,
                    v->flags & PLAIN ? "" : "x", annotations);
}

/* The pod as it was before the situation came about. */
static void
set_former_pod(struct model *m, const struct vector *v)
{
    struct pod *pod = make_pod(v, v->flags & EDITED ? "new" : "old", OLD);

    free(pod->owner->uid);
    pod->owner->uid = xstrdup(v->flags & PLAIN ? ""
                              : v->flags & STS_ANEW ? "s0" : "s1");
    unit_set_pod(m, pod);
    if (v->flags & POD_GONE) {
        unit_drop_pod(m, "x-0", "old");
    }
}

static void
set_pod(struct model *m, const struct vector *v)
{
    struct pod *pod = make_pod(v, "new", v->pod);
    struct ip_addr ip = unit_ip("10.0.0.1");

    pod->deleting = v->flags & DELETING;
    pod->finished = v->flags & FINISHED;
    pod->migrating = v->flags & MIGRATING;
    pod->opted_out = v->flags & OPTED_OUT;
    if (v->flags & (OF_R0 | OF_R1)) {
        free(pod->owner->revision);
        pod->owner->revision = xstrdup(v->flags & OF_R0 ? "r0" : "r1");
    }
    if (v->flags & STATUS_IP) {
        pod_add_status_ip(pod, &ip);
    }
    unit_set_pod(m, pod);
}

/* What there is beside workloads and pods. */
static void
set_other_objects(struct model *m, const struct vector *v)
{
    if (v->flags & VIP) {
        struct kube_change *c = kube_change_create(KUBE_VIP, false,
                                                   "default", "x-0", "");
        model_apply_kube_change(m, c);
        kube_change_destroy(c);
    }
    if (v->flags & NAMESPACE_OUT) {
        struct kube_change *c = kube_change_create(KUBE_NAMESPACE, false, "",
                                                   "default", "");
        c->opted_out = true;
        model_apply_kube_change(m, c);
        kube_change_destroy(c);
    }
}

static void
set_kube(struct model *m, const struct vector *v)
{
    if (v->sts) {
        set_sts(m, v);
    }
    if (v->flags & (POD_GONE | EDITED)) {
        set_former_pod(m, v);
    }
    if (v->flags & STS_ANEW) {
        unit_set_workload(m, unit_sts("x", "s1", v->replicas, v->sts));
    }
    if (v->flags & STS_GONE) {
        unit_drop_workload(m, "x", "s1");
    }
    if (!(v->flags & UNSEEN)) {
        m->kube_synced = true;
    }
    if (v->pod) {
        set_pod(m, v);
    }
    m->kube_synced = m->kube_trusted = true;
    set_other_objects(m, v);
}

static void
set_ports(struct model *m, const struct vector *v)
{
    unit_set_network(m, 1, "net");
    unit_set_port(m, 10, 1, v->flags & FOREIGN ? "other" : "net", "x-0",
                  "0a:00:00:00:00:01 10.0.0.1 fd00::9", NULL);
    if (v->flags & (OTHER_HAS_OLD | OTHER_WANTS_OLD | OTHER_HAS_NEW)) {
        unit_set_port(m, 11, 1, "net", "y-0",
                      v->flags & OTHER_HAS_NEW
                      ? "0a:00:00:00:00:02 10.0.0.2"
                      : "0a:00:00:00:00:02 10.0.0.1", NULL);
        unit_set_pod(m, unit_pod("y-0", "y", OWNER_NONE, "",
                                 v->flags & OTHER_HAS_NEW ? NEW : OLD));
    }
    if (v->flags & REQUESTED) {
        struct port *p = model_find_port_by_name(m, "x-0.default");
        p->requested_chassis = xstrdup("hv1,hv2");
    }
}

static void
set_bindings(struct model *m, const struct vector *v)
{
    model_set_chassis(m, "hv1", false);
    if (v->bind != UNKNOWN) {
        unit_ack(m, 7, "x-0.default,y-0.default", "10.0.0.1", 1, 1000);
        unit_set_binding(m, "x-0.default",
                         "0a:00:00:00:00:01 10.0.0.1", NULL,
                         v->bind == BOUND || v->flags & RAN ? "hv1" : NULL,
                         1000);
        unit_set_binding(m, "y-0.default", "", NULL,
                         v->flags & OTHER_HAS_OLD ? "hv1" : NULL, 1000);
    }
    if (v->flags & RAN) {
        struct member *mb = model_find_member(m, "default", "x-0");
        model_note_binding(m, mb, false);
        model_note_binding(m, mb, true);
        unit_set_binding(m, "x-0.default",
                         "0a:00:00:00:00:01 10.0.0.1", NULL, NULL, 2000);
    }
    if (v->flags & CHASSIS_GONE) {
        unit_set_binding(m, "x-0.default", "", NULL, "hv1", 2000);
        unit_set_binding(m, "x-0.default", "", NULL, NULL, NOW - 30000);
        model_remove_chassis(m, "hv1", NOW - 30000);
    }
}

static void
judge(const struct vector *v, enum guard_mode mode, struct verdict *verdict)
{
    struct ip_addr ip = unit_ip("10.0.0.1");
    struct uuid row = unit_uuid(99), network = unit_uuid(1);
    struct hold_table holds;
    struct settings s;
    struct model m;

    settings_init(&s);
    s.sts_ip_change = v->flags & DENY ? STS_IP_CHANGE_DENY
                                      : STS_IP_CHANGE_MIGRATE;
    hold_table_init(&holds);
    model_init(&m, &dialect_kube_ovn);
    set_ports(&m, v);
    m.nb_synced = m.sb_synced = true;
    set_kube(&m, v);
    set_bindings(&m, v);
    if (v->flags & CNI_RESTARTED) {
        m.cni_restarted_ms = NOW - 1000;
    }
    m.cni_down = v->flags & CNI_DOWN;
    if (v->flags & KEEPER) {
        struct hold *h = hold_create(&row, &network, "net", &ip);
        h->keeper = unit_uuid(10);
        h->state = HOLD_DRAINING;
        hold_table_insert(&holds, h);
    }
    const struct port *p = model_find_port_by_name(&m, "x-0.default");
    judge_address(&m, &s, mode, &holds, p, &ip, NOW, verdict);
    if (p->kind == PORT_OWNED) {
        CU_ASSERT_EQUAL(judge_is_fine(&m, mode, p, &ip),
                        verdict->kind == VERDICT_FINE);
    }
    model_destroy(&m);
    hold_table_destroy(&holds);
}

static void
test_vectors(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        const struct vector *v = &vectors[i];

        for (int mode = MODE_OBSERVE; mode <= MODE_MANAGE; mode++) {
            struct verdict verdict;

            if (!(v->modes & (1u << mode))) {
                continue;
            }
            judge(v, mode, &verdict);
            bool ok = (verdict.kind == v->kind
                       && (!v->case_ || !strcmp(verdict.case_, v->case_))
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

/* When a clear may be done at the earliest. */
static void
test_times(void)
{
    struct vector v = { .sts = POOL_NEW, .replicas = 1, .bind = UNBOUND };
    struct verdict verdict;

    judge(&v, MODE_MANAGE, &verdict);
    CU_ASSERT_EQUAL(verdict.settle_ms, 2000);
    CU_ASSERT_EQUAL(verdict.not_before_ms, 1000 + 2000);
    verdict_destroy(&verdict);

    /* A chassis that has just gone may return. */
    v.flags = CHASSIS_GONE;
    judge(&v, MODE_MANAGE, &verdict);
    CU_ASSERT_EQUAL(verdict.kind, VERDICT_CLEAR);
    CU_ASSERT_EQUAL(verdict.not_before_ms, NOW - 30000 + 60000);
    verdict_destroy(&verdict);

    /* A pod that was there before us settles longer. */
    v.flags = UNSEEN;
    v.pod = NEW;
    judge(&v, MODE_MANAGE, &verdict);
    CU_ASSERT_EQUAL(verdict.kind, VERDICT_CLEAR);
    CU_ASSERT_EQUAL(verdict.settle_ms, 60000);
    verdict_destroy(&verdict);

    /* Beside one that does not run, none at all, but E. */
    v.flags = CNI_DOWN | STS_GONE | POD_GONE;
    v.pod = NULL;
    judge(&v, MODE_GUARD, &verdict);
    CU_ASSERT_EQUAL(verdict.kind, VERDICT_WAIT);
    CU_ASSERT(strstr(verdict.why, "does not run") != NULL);
    verdict_destroy(&verdict);
    v.flags |= OTHER_HAS_OLD;
    judge(&v, MODE_GUARD, &verdict);
    CU_ASSERT_EQUAL(verdict.kind, VERDICT_CLEAR);
    CU_ASSERT_STRING_EQUAL(verdict.case_, "E");
    verdict_destroy(&verdict);

    /* Beside a CNI controller that restarted, no D for a while, but E. */
    v.flags = CNI_RESTARTED | STS_GONE | POD_GONE;
    v.pod = NULL;
    judge(&v, MODE_GUARD, &verdict);
    CU_ASSERT_EQUAL(verdict.kind, VERDICT_CLEAR);
    CU_ASSERT_EQUAL(verdict.not_before_ms, NOW - 1000 + 360 * 1000);
    verdict_destroy(&verdict);
    v.flags |= OTHER_HAS_OLD;
    judge(&v, MODE_GUARD, &verdict);
    CU_ASSERT_STRING_EQUAL(verdict.case_, "E");
    CU_ASSERT(verdict.not_before_ms < NOW);
    verdict_destroy(&verdict);
    v.flags = CNI_RESTARTED | STS_GONE | POD_GONE;
    judge(&v, MODE_MANAGE, &verdict);
    CU_ASSERT(verdict.not_before_ms < NOW);
    verdict_destroy(&verdict);
}

/* Anything that a verdict rests on changes its fingerprint. */
static void
test_fingerprint(void)
{
    struct vector a = { .sts = POOL_NEW, .replicas = 1, .bind = UNBOUND };
    struct vector b = a;
    struct verdict va, vb;

    judge(&a, MODE_MANAGE, &va);
    b.sts = "ip_pool=10.0.0.3";
    judge(&b, MODE_MANAGE, &vb);
    CU_ASSERT_NOT_EQUAL(va.fingerprint, vb.fingerprint);
    verdict_destroy(&vb);
    b = a;
    b.flags = STS_ANEW;
    judge(&b, MODE_MANAGE, &vb);
    CU_ASSERT_EQUAL(vb.kind, VERDICT_CLEAR);
    verdict_destroy(&vb);
    b = a;
    b.pod = NEW;
    judge(&b, MODE_MANAGE, &vb);
    CU_ASSERT_NOT_EQUAL(va.fingerprint, vb.fingerprint);
    verdict_destroy(&vb);
    b = a;
    b.bind = BOUND;
    judge(&b, MODE_MANAGE, &vb);
    CU_ASSERT_EQUAL(vb.kind, VERDICT_WAIT);
    verdict_destroy(&vb);
    verdict_destroy(&va);
}

void
suite_judge(void)
{
    CU_pSuite suite = unit_add_suite("judge");

    CU_ADD_TEST(suite, test_vectors);
    CU_ADD_TEST(suite, test_times);
    CU_ADD_TEST(suite, test_fingerprint);
}
