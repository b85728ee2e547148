/* SPDX-License-Identifier: Apache-2.0 */

/* The table of stale cases where ovn-kubernetes is spoken, as vectors: a
 * situation, a mode, and what is to be said of 10.0.0.1 on the port of x-0.
 * What differs from Kube-OVN: nothing is sticky once the pod is gone, what was
 * asked for and what was given stand apart, a port's row may tell the uid of
 * its pod, and each pod of a virtual machine has a port of its own. */

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

/* Given by the controller, on the default network and on blue. */
#define GIVEN "k8s.ovn.org/pod-networks=default@primary="
#define GIVEN_OLD GIVEN"10.0.0.1/24=0a:58:0a:00:00:01"
#define GIVEN_NEW GIVEN"10.0.0.2/24=0a:58:0a:00:00:02"
#define BLUE_GIVEN "k8s.ovn.org/pod-networks=" \
    "default@infrastructure-locked=10.9.0.9/24=0a:58:0a:09:00:09," \
    "default/blue@primary="
#define BLUE_OLD BLUE_GIVEN"10.0.0.1/24=0a:58:0a:00:00:01"
#define BLUE_NEW BLUE_GIVEN"10.0.0.2/24=0a:58:0a:00:00:02"
/* Asked for, on the primary network and on one that is listed. */
#define ASK "v1.multus-cni.io/default-network=ovn-kubernetes/default="
#define ASK_OLD ASK"10.0.0.1/24"
#define ASK_NEW ASK"10.0.0.2/24"
#define LIST_OLD "k8s.v1.cni.cncf.io/networks=blue=10.0.0.1/24"
#define LIST_NEW "k8s.v1.cni.cncf.io/networks=blue=10.0.0.2/24"
#define NOTHING ""

enum flag {
    UNSEEN = 1 << 0,            /* The pod was there before us. */
    DELETING = 1 << 1,
    FINISHED = 1 << 2,
    OPTED_OUT = 1 << 3,
    POD_GONE = 1 << 4,          /* Was seen, and is no more. */
    STS_GONE = 1 << 5,
    PLAIN = 1 << 6,             /* A pod of its own. */
    IS_VM = 1 << 7,             /* A pod of the virtual machine vm. */
    VM_GONE = 1 << 8,           /* ... which is gone, too. */
    BLUE = 1 << 9,              /* The port is one of the network blue. */
    UID_OLD = 1 << 10,          /* The port was made for an earlier pod. */
    UID_NEW = 1 << 11,          /* ... for the one that is there. */
    OTHER_HAS_OLD = 1 << 12,    /* Another port lists 10.0.0.1 and runs. */
    OTHER_HAS_NEW = 1 << 13,    /* Another port lists 10.0.0.2. */
    CLAIM = 1 << 14,            /* An IPAMClaim keeps 10.0.0.1 on blue. */
    CLAIMS_KNOWN = 1 << 15,
    LISTS_KNOWN = 1 << 16,      /* An API server: what is not there is not. */
    DENY = 1 << 17,
    LAUNCHER = 1 << 18,         /* x-0 is called virt-launcher-x-0. */
    MIGRATED = 1 << 19,         /* It was the target of a migration. */
    SIBLING = 1 << 20,          /* Another pod of vm has 10.0.0.1, and runs. */
    REMOTE = 1 << 21,           /* The port is of another zone's pod. */
    MANAGEMENT = 1 << 22,       /* The port is the node's. */
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
    int replicas;
    const char *pod;            /* Annotations, or NULL: no pod. */
    enum bind bind;
    enum verdict_kind kind;
    const char *case_;
    const char *why;            /* Part of it, or NULL. */
} vectors[] = {
    /* A: port = wanted. */
    { "A given", OGM, UID_NEW, NOTHING, 1, GIVEN_OLD, BOUND,
      VERDICT_FINE, "A", "was given" },
    { "A given on a user-defined network", OGM, BLUE, NOTHING, 1, BLUE_OLD,
      BOUND, VERDICT_FINE, "A", "was given" },
    { "A asked for, primary", OGM, BLUE, ASK_OLD, 1, ASK_OLD, UNBOUND,
      VERDICT_FINE, "A", "wants" },
    { "A asked for, listed", OGM, BLUE, LIST_OLD, 1, LIST_OLD, UNBOUND,
      VERDICT_FINE, "A", "wants" },
    { "A without pod", OGM, BLUE | POD_GONE, ASK_OLD, 1, NULL, UNBOUND,
      VERDICT_FINE, "A", "ordinal 0" },
    { "given the other address, by the old port's row", O | M,
      BLUE | UID_OLD, ASK_OLD, 1, BLUE_NEW, UNBOUND, VERDICT_CLEAR, "B",
      "was given 10.0.0.2" },

    /* B: a new pod is to have another address. */
    { "B asked for", O | M, BLUE, ASK_NEW, 1, ASK_NEW, UNBOUND,
      VERDICT_CLEAR, "B", "wants 10.0.0.2" },
    { "B beside the controller", G, BLUE, ASK_NEW, 1, ASK_NEW, UNBOUND,
      VERDICT_MOVING, "B", "controller's to move" },
    { "B given, its port not moved yet", G, UID_OLD, NOTHING, 1, GIVEN_NEW,
      UNBOUND, VERDICT_MOVING, "B", "controller's to move" },
    { "B given, not seen to come", G, UNSEEN | UID_OLD, NOTHING, 1,
      GIVEN_NEW, UNBOUND, VERDICT_MOVING, "B", NULL },
    { "B failed move", G, BLUE | OTHER_HAS_NEW, ASK_NEW, 1, ASK_NEW, UNBOUND,
      VERDICT_CLEAR, "B", "failed move" },
    { "B given, but the address is elsewhere", G, UID_OLD | OTHER_HAS_NEW,
      NOTHING, 1, GIVEN_NEW, UNBOUND, VERDICT_CLEAR, "B", "failed move" },
    { "B, old pod's binding still there", O | M, BLUE, LIST_NEW, 1, LIST_NEW,
      BOUND, VERDICT_WAIT, "B", "still bound to hv1" },
    { "B denied", OGM, BLUE | DENY, ASK_NEW, 1, ASK_NEW, UNBOUND,
      VERDICT_REPORT, "B", "denied" },

    /* B': the pod that runs with it. */
    { "B' given another one than its port has", OGM, UID_NEW, NOTHING, 1,
      GIVEN_NEW, UNBOUND, VERDICT_REPORT, "B'", "drift" },
    { "B' given, the row does not tell for whom", OGM, 0, NOTHING, 1,
      GIVEN_NEW, UNBOUND, VERDICT_REPORT, "B'", "drift" },
    { "B' bound when first seen", OGM, UNSEEN | UID_OLD, NOTHING, 1,
      GIVEN_NEW, BOUND, VERDICT_REPORT, "B'", "drift" },
    { "B' is being deleted", OGM, DELETING | UID_OLD, NOTHING, 1, GIVEN_NEW,
      UNBOUND, VERDICT_REPORT, "B'", NULL },
    { "asked for after it was given", OGM, BLUE | UID_NEW, ASK_NEW, 1,
      ASK_NEW";"BLUE_OLD, BOUND, VERDICT_FINE, "A", "was given" },

    /* C: no pod, the ordinal is to have another address. */
    { "C primary", OGM, BLUE | POD_GONE, ASK_NEW, 1, NULL, UNBOUND,
      VERDICT_CLEAR, "C", "10.0.0.2" },
    { "C listed", OGM, BLUE | POD_GONE, LIST_NEW, 1, NULL, UNBOUND,
      VERDICT_CLEAR, "C", "10.0.0.2" },
    { "C bound", OGM, BLUE | POD_GONE, LIST_NEW, 1, NULL, BOUND,
      VERDICT_WAIT, "C", "still bound" },
    { "C denied", OGM, BLUE | POD_GONE | DENY, LIST_NEW, 1, NULL, UNBOUND,
      VERDICT_REPORT, "C", "denied" },
    { "what is asked for garbage", OGM, BLUE | POD_GONE, ASK"10.0.0.2", 1,
      NULL, UNBOUND, VERDICT_FINE, "-", "taken as in use" },

    /* D: the pod is gone, and its address with it. */
    { "D, a StatefulSet's", OGM, POD_GONE, NOTHING, 1, NULL, UNBOUND,
      VERDICT_CLEAR, "D", "frees its addresses" },
    { "D, bound", OGM, POD_GONE, NOTHING, 1, NULL, BOUND,
      VERDICT_WAIT, "D", "still bound" },
    { "D, not known", OGM, POD_GONE, NOTHING, 1, NULL, UNKNOWN,
      VERDICT_WAIT, "D", NULL },
    { "D, on a user-defined network", OGM, BLUE | POD_GONE, NOTHING, 1, NULL,
      UNBOUND, VERDICT_CLEAR, "D", NULL },
    { "never seen, files only", OGM, 0, NOTHING, 1, NULL, UNBOUND,
      VERDICT_FINE, "G", "keeps" },
    { "D, never seen, API server", OGM, LISTS_KNOWN, NOTHING, 1, NULL,
      UNBOUND, VERDICT_CLEAR, "D", "frees its addresses" },
    { "D, StatefulSet gone", OGM, STS_GONE | POD_GONE, ASK_OLD, 1, NULL,
      UNBOUND, VERDICT_CLEAR, "D", NULL },
    { "D, scaled down", OGM, BLUE | POD_GONE, ASK_OLD, 0, NULL, UNBOUND,
      VERDICT_CLEAR, "D", "outside" },
    { "D, plain pod gone", OGM, PLAIN | POD_GONE, NULL, 0, NULL, UNBOUND,
      VERDICT_CLEAR, "D", "is gone" },
    { "D, completed", OGM, FINISHED, NOTHING, 1, GIVEN_OLD, UNBOUND,
      VERDICT_CLEAR, "D", "has finished, which frees" },
    { "D, completed, bound", OGM, FINISHED, NOTHING, 1, GIVEN_OLD, BOUND,
      VERDICT_WAIT, "D", NULL },
    { "D, completed, a plain pod", OGM, PLAIN | FINISHED, NULL, 0, GIVEN_OLD,
      UNBOUND, VERDICT_CLEAR, "D", NULL },
    { "D, nobody of that name, the agent alone", M, 0, NULL, 0, NULL,
      UNBOUND, VERDICT_CLEAR, "D", "no pod" },
    { "nobody of that name, files only", O | G, 0, NULL, 0, NULL, UNBOUND,
      VERDICT_FINE, "-", "ever seen" },
    { "D, nobody of that name, API server", O | G, LISTS_KNOWN, NULL, 0,
      NULL, UNBOUND, VERDICT_CLEAR, "D", "no pod" },

    /* E: two ports. */
    { "E, its pod is gone", OGM, POD_GONE | OTHER_HAS_OLD, NOTHING, 1, NULL,
      UNBOUND, VERDICT_CLEAR, "E", NULL },
    { "E, its pod has finished", OGM, FINISHED | OTHER_HAS_OLD, NOTHING, 1,
      GIVEN_OLD, UNBOUND, VERDICT_CLEAR, "E", NULL },
    { "E, its pod is given another", OGM, UID_OLD | OTHER_HAS_OLD, NOTHING,
      1, GIVEN_NEW, UNBOUND, VERDICT_CLEAR, "E", "belongs to default_y-0" },
    { "E, but given", OGM, OTHER_HAS_OLD, NOTHING, 1, GIVEN_OLD, UNBOUND,
      VERDICT_FINE, "A", NULL },

    /* G: never stale. */
    { "G, nothing asked for, nothing given yet", OGM, UID_OLD, NOTHING, 1,
      NOTHING, UNBOUND, VERDICT_FINE, "G", "keeps" },
    { "G, opted out", OGM, OPTED_OUT | UID_OLD, NOTHING, 1, GIVEN_NEW,
      UNBOUND, VERDICT_FINE, "G", "opted out" },
    { "G, the other family only", OGM, BLUE, ASK"fd00::1/64", 1,
      ASK"fd00::1/64", UNBOUND, VERDICT_FINE, "G", "family" },
    { "G, nothing said of this network", OGM, BLUE, NOTHING, 1, GIVEN_NEW,
      UNBOUND, VERDICT_FINE, "G", NULL },
    { "garbage means in use", OGM, UID_OLD, NOTHING, 1, GIVEN"10.0.0.2",
      UNBOUND, VERDICT_FINE, "-", NULL },

    /* Virtual machines. */
    { "a machine that runs", OGM, IS_VM, NULL, 0, GIVEN_OLD, BOUND,
      VERDICT_FINE, "A", NULL },
    { "the target of a migration", OGM, IS_VM | BLUE | MIGRATED | SIBLING,
      NULL, 0, BLUE_OLD, BOUND, VERDICT_FINE, "G", "migration" },
    { "a machine's pod is gone, claims unknown", OGM,
      IS_VM | BLUE | POD_GONE, NULL, 0, NULL, UNBOUND,
      VERDICT_FINE, "G", "whether an IPAMClaim keeps" },
    { "... never seen", M, BLUE | LAUNCHER, NULL, 0, NULL, UNBOUND,
      VERDICT_FINE, "G", "whether an IPAMClaim keeps" },
    { "... kept by a claim", OGM, IS_VM | BLUE | POD_GONE | CLAIM, NULL, 0,
      NULL, UNBOUND, VERDICT_FINE, "G", "IPAMClaim default/vm.blue keeps" },
    { "... the machine is gone, the claim not", OGM,
      IS_VM | VM_GONE | BLUE | POD_GONE | CLAIM | CLAIMS_KNOWN, NULL, 0,
      NULL, UNBOUND, VERDICT_FINE, "G", "keeps" },
    { "D, no claim", OGM, IS_VM | BLUE | POD_GONE | CLAIMS_KNOWN, NULL, 0,
      NULL, UNBOUND, VERDICT_CLEAR, "D", "of VirtualMachine vm is gone" },
    { "D, no claim, machine gone", OGM,
      IS_VM | VM_GONE | BLUE | POD_GONE | CLAIMS_KNOWN, NULL, 0, NULL,
      UNBOUND, VERDICT_CLEAR, "D", NULL },
    { "D, the default network keeps none", OGM, IS_VM | POD_GONE | CLAIM,
      NULL, 0, NULL, UNBOUND, VERDICT_CLEAR, "D", NULL },
    { "D, completed, no claim", OGM, IS_VM | FINISHED | BLUE | CLAIMS_KNOWN,
      NULL, 0, BLUE_OLD, UNBOUND, VERDICT_CLEAR, "D", NULL },
    { "completed, kept by a claim", OGM, IS_VM | FINISHED | BLUE | CLAIM,
      NULL, 0, BLUE_OLD, UNBOUND, VERDICT_FINE, "G", "keeps" },
    { "E, the source of a migration is left over", OGM,
      IS_VM | FINISHED | BLUE | CLAIM | SIBLING, NULL, 0, BLUE_OLD, UNBOUND,
      VERDICT_CLEAR, "E", NULL },
    { "E, ... claims unknown", OGM, IS_VM | POD_GONE | BLUE | SIBLING, NULL,
      0, NULL, UNBOUND, VERDICT_CLEAR, "E", NULL },

    /* Not ours. */
    { "a port of another zone", OGM, BLUE | REMOTE, NULL, 0, NULL, UNBOUND,
      VERDICT_FINE, "-", "not ours" },
    { "a node's port", OGM, MANAGEMENT, NULL, 0, NULL, UNBOUND,
      VERDICT_FINE, "-", "not ours" },
};

static const char *
pod_name(const struct vector *v)
{
    return v->flags & LAUNCHER ? "virt-launcher-x-0" : "x-0";
}

static struct pod *
make_pod(const struct vector *v, const char *uid, const char *annotations)
{
    return (v->flags & IS_VM
            ? unit_dialect_pod(&dialect_ovn_kubernetes, pod_name(v), uid,
                               OWNER_VM, "vm", annotations)
            : v->flags & PLAIN
            ? unit_dialect_pod(&dialect_ovn_kubernetes, pod_name(v), uid,
                               OWNER_NONE, "", annotations)
            : unit_dialect_pod(&dialect_ovn_kubernetes, pod_name(v), uid,
                               OWNER_STATEFULSET, "x", annotations));
}

static void
set_owners(struct model *m, const struct vector *v)
{
    if (v->sts) {
        unit_set_workload(m, unit_sts("x", "s1", v->replicas, v->sts));
    }
    if (v->flags & IS_VM) {
        struct workload *w = workload_create(OWNER_VM, "default", "vm", "m1");

        w->revisions_known = true;
        workload_add_revision(w, "", NULL);
        unit_set_workload(m, w);
    }
    if (v->flags & POD_GONE) {
        unit_set_pod(m, make_pod(v, "old", NOTHING));
        unit_drop_pod(m, pod_name(v), "old");
    }
    if (v->flags & STS_GONE) {
        unit_drop_workload(m, "x", "s1");
    }
    if (v->flags & VM_GONE) {
        struct kube_change *c = kube_change_create(KUBE_WORKLOAD, true,
                                                   "default", "vm", "m1");
        c->owner_kind = OWNER_VM;
        model_apply_kube_change(m, c);
        kube_change_destroy(c);
    }
    if (v->flags & CLAIM) {
        struct kube_change *c = kube_change_create(KUBE_IPAM_CLAIM, false,
                                                   "default", "vm.blue", "");
        struct ip_addr ip = unit_ip("10.0.0.1");

        c->cni_network = xstrdup("blue-net");
        ip_addr_set_add(&c->ips, &ip);
        model_apply_kube_change(m, c);
        kube_change_destroy(c);
    }
}

static void
set_pods(struct model *m, const struct vector *v)
{
    m->kube_synced = !(v->flags & UNSEEN);
    if (v->pod) {
        struct pod *pod = make_pod(v, "new", v->pod);

        pod->deleting = v->flags & DELETING;
        pod->finished = v->flags & FINISHED;
        pod->opted_out = v->flags & OPTED_OUT;
        pod->migrating = v->flags & MIGRATED;
        unit_set_pod(m, pod);
    }
    if (v->flags & (OTHER_HAS_OLD | OTHER_HAS_NEW | SIBLING)) {
        unit_set_pod(m, unit_dialect_pod(&dialect_ovn_kubernetes, "y-0", "y",
                                         v->flags & SIBLING ? OWNER_VM
                                         : OWNER_NONE,
                                         v->flags & SIBLING ? "vm" : "",
                                         v->flags & OTHER_HAS_NEW
                                         ? GIVEN_NEW : GIVEN_OLD));
    }
    m->kube_synced = m->kube_trusted = true;
    m->vips_known = v->flags & LISTS_KNOWN;
    m->ipam_claims_known = v->flags & CLAIMS_KNOWN;
}

#define BLUE_IDS "k8s.ovn.org/nad=default/blue|" \
    "k8s.ovn.org/network=blue-net|k8s.ovn.org/topology=layer2"

static void
set_port(struct model *m, const struct vector *v, uint32_t n,
         const char *pod, const char *ip, const char *uid)
{
    bool blue = v->flags & BLUE;
    char *name = xasprintf("%sdefault_%s", blue ? "default.blue_" : "", pod);
    char *addresses = xasprintf("0a:58:0a:00:00:0%u %s", n % 10, ip);
    char *options = (uid ? xasprintf("requested-chassis=c1|iface-id-ver=%s",
                                     uid)
                     : xstrdup("requested-chassis=c1"));
    bool node = v->flags & MANAGEMENT;

    unit_set_raw_port(m, n, 1, node ? "k8s-x-0" : name,
                      v->flags & REMOTE ? "remote" : "", addresses,
                      node ? "" : blue
                      ? "pod=true|namespace=default|"BLUE_IDS
                      : "pod=true|namespace=default", options);
    free(name);
    free(addresses);
    free(options);
}

/* Makes the model and judges. */
static void
judge(const struct vector *v, enum guard_mode mode, struct verdict *verdict)
{
    struct ip_addr ip = unit_ip("10.0.0.1");
    struct hold_table holds;
    struct settings s;
    struct model m;
    bool other = v->flags & (OTHER_HAS_OLD | OTHER_HAS_NEW | SIBLING);

    settings_init(&s);
    s.sts_ip_change = v->flags & DENY ? STS_IP_CHANGE_DENY
                                      : STS_IP_CHANGE_MIGRATE;
    hold_table_init(&holds);
    model_init(&m, &dialect_ovn_kubernetes);
    unit_set_network(&m, 1, v->flags & BLUE ? "blue.net_ovn_layer2_switch"
                                            : "node1");
    set_port(&m, v, 11, pod_name(v), "10.0.0.1",
             v->flags & UID_OLD ? "old" : v->flags & UID_NEW ? "new" : NULL);
    const struct port *p = model_find_port(&m, &(struct uuid) {
                                               .parts = { 0xabcd, 0, 0, 11 }
                                           });
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    if (other) {
        set_port(&m, v, 12, "y-0",
                 v->flags & OTHER_HAS_NEW ? "10.0.0.2" : "10.0.0.1", NULL);
    }
    m.nb_synced = m.sb_synced = true;
    set_owners(&m, v);
    set_pods(&m, v);
    model_set_chassis(&m, "hv1", false);
    if (v->bind != UNKNOWN) {
        const char *prefix = v->flags & BLUE ? "default.blue_" : "";
        char *sibling = xasprintf("%sdefault_y-0", prefix);
        char *ports = xasprintf("%s,%s", p->name, sibling);

        unit_ack(&m, 7, ports, "10.0.0.1", 1, 1000);
        unit_set_binding(&m, p->name, "", NULL,
                         v->bind == BOUND ? "hv1" : NULL, 1000);
        unit_set_binding(&m, sibling, "", NULL, other ? "hv1" : NULL, 1000);
        free(ports);
        free(sibling);
    }
    judge_address(&m, &s, mode, &holds, p, &ip, NOW, verdict);
    CU_ASSERT(!judge_is_fine(&m, mode, p, &ip)
              || verdict->kind == VERDICT_FINE);
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

/* A port that was made for an earlier pod counts for the new one as soon as
 * the controller says so. */
static void
test_port_changes_pod(void)
{
    struct vector v = { .flags = UID_OLD };
    struct model m;

    model_init(&m, &dialect_ovn_kubernetes);
    unit_set_network(&m, 1, "node1");
    set_port(&m, &v, 11, "x-0", "10.0.0.1", "old");
    m.nb_synced = m.kube_synced = true;
    while (model_take_dirty_member(&m)) {
        continue;
    }
    uint64_t seqno = m.change_seqno;
    set_port(&m, &v, 11, "x-0", "10.0.0.1", "old");
    CU_ASSERT_EQUAL(m.change_seqno, seqno);
    CU_ASSERT_PTR_NULL(model_take_dirty_member(&m));
    set_port(&m, &v, 11, "x-0", "10.0.0.1", "new");
    CU_ASSERT_TRUE(m.change_seqno > seqno);
    const struct member *mb = model_take_dirty_member(&m);
    CU_ASSERT_PTR_NOT_NULL_FATAL(mb);
    CU_ASSERT_STRING_EQUAL(mb->name, "x-0");
    model_destroy(&m);
}

static void
set_claim(struct model *m, bool gone, const char *network, const char *ips)
{
    struct kube_change *c = kube_change_create(KUBE_IPAM_CLAIM, gone,
                                               "default", "c", "");
    struct svec sv;

    unit_split(&sv, ips);
    c->cni_network = xstrdup(network);
    for (size_t i = 0; i < sv.n; i++) {
        struct ip_addr ip = unit_ip(sv.names[i]);

        ip_addr_set_add(&c->ips, &ip);
    }
    svec_destroy(&sv);
    model_apply_kube_change(m, c);
    kube_change_destroy(c);
}

static bool
is_kept(const struct model *m, const char *s)
{
    struct ip_addr ip = unit_ip(s);
    const char *claim = model_find_ipam_claim(
        m, model_find_port_by_name(m, "default.blue_default_x-0"), &ip);

    CU_ASSERT_TRUE(!claim || !strcmp(claim, "default/c"));
    return claim != NULL;
}

/* Claims come, change and go; who has an address that is no longer kept is
 * judged anew. */
static void
test_ipam_claims(void)
{
    struct vector v = { .flags = BLUE };
    struct model m;

    model_init(&m, &dialect_ovn_kubernetes);
    unit_set_network(&m, 1, "blue.net_ovn_layer2_switch");
    set_port(&m, &v, 11, "x-0", "10.0.0.1", NULL);
    CU_ASSERT_FALSE(is_kept(&m, "10.0.0.1"));
    set_claim(&m, false, "blue-net", "10.0.0.1,fd00::1");
    CU_ASSERT_TRUE(is_kept(&m, "10.0.0.1"));
    CU_ASSERT_TRUE(is_kept(&m, "fd00::1"));
    CU_ASSERT_FALSE(is_kept(&m, "10.0.0.2"));
    set_claim(&m, false, "red-net", "10.0.0.1");
    CU_ASSERT_FALSE(is_kept(&m, "10.0.0.1"));
    set_claim(&m, false, "blue-net", "10.0.0.1");
    CU_ASSERT_TRUE(is_kept(&m, "10.0.0.1"));
    CU_ASSERT_FALSE(is_kept(&m, "fd00::1"));
    while (model_take_dirty_member(&m)) {
        continue;
    }
    set_claim(&m, false, "blue-net", "10.0.0.1");
    CU_ASSERT_PTR_NULL(model_take_dirty_member(&m));
    set_claim(&m, true, "", "");
    CU_ASSERT_FALSE(is_kept(&m, "10.0.0.1"));
    CU_ASSERT_PTR_NOT_NULL(model_take_dirty_member(&m));
    set_claim(&m, true, "", "");
    set_claim(&m, false, "blue-net", "");
    CU_ASSERT_FALSE(is_kept(&m, "10.0.0.1"));
    model_destroy(&m);
}

void
suite_judge_ovn_kubernetes(void)
{
    CU_pSuite suite = unit_add_suite("judge-ovn-kubernetes");

    CU_ADD_TEST(suite, test_vectors);
    CU_ADD_TEST(suite, test_port_changes_pod);
    CU_ADD_TEST(suite, test_ipam_claims);
}
