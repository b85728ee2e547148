/* SPDX-License-Identifier: Apache-2.0 */

/* The guard where ovn-kubernetes is spoken, in a simulated world: what that
 * controller does with pods and ports, and what is made of it. */

#include <config.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"
#include "uuid.h"

#include "agent/core/admission.h"
#include "agent/core/kube-change.h"

#include "tests/unit/unit.h"
#include "tests/unit/world.h"

#define IP1 "10.0.0.1"
#define IP2 "10.0.0.2"
#define MAC1 "0a:58:0a:00:00:01"
#define MAC2 "0a:58:0a:00:00:02"
#define GIVEN(IP, MAC) \
    "k8s.ovn.org/pod-networks=default@primary="IP"/24="MAC
#define BLUE_GIVEN(IP, MAC) \
    "k8s.ovn.org/pod-networks=default/blue@primary="IP"/24="MAC
#define BLUE_IDS "|k8s.ovn.org/nad=default/blue|" \
    "k8s.ovn.org/network=blue|k8s.ovn.org/topology=layer2"

enum { NODE1, BLUE };

static void
begin(struct world *w, enum guard_mode mode)
{
    world_init_dialect(w, mode, &dialect_ovn_kubernetes);
    world_chassis(w, "hv1");
    world_network(w, "node1");
    world_network(w, "blue_ovn_layer2_switch");
    world_flags(w);
}

/* The port of 'pod', as the controller makes it. */
static struct wport *
add_port(struct world *w, uint32_t network, const char *pod, const char *uid,
         const char *addresses)
{
    char *name = xasprintf("%sdefault_%s",
                           network == BLUE ? "default.blue_" : "", pod);
    char *options = xasprintf("requested-chassis=c1|iface-id-ver=%s", uid);
    struct wport *p
        = world_raw_port(w, network, name, addresses,
                         network == BLUE
                         ? "pod=true|namespace=default"BLUE_IDS
                         : "pod=true|namespace=default", options);

    free(name);
    free(options);
    return p;
}

static void
add_pod(struct world *w, const char *name, const char *uid,
        enum owner_kind kind, const char *owner, const char *annotations)
{
    world_pod(w, unit_dialect_pod(&dialect_ovn_kubernetes, name, uid, kind,
                                  owner, annotations));
}

/* The pod x-0 of the StatefulSet x runs with IP1. */
static struct wport *
run_x(struct world *w)
{
    struct wport *p = add_port(w, NODE1, "x-0", "u1", MAC1" "IP1);

    world_sts(w, unit_sts("x", "s1", 1, ""));
    add_pod(w, "x-0", "u1", OWNER_STATEFULSET, "x", GIVEN(IP1, MAC1));
    world_bind(w, p, "hv1");
    world_run(w, 5000);
    return p;
}

/* Case F: the controller deletes the port with its pod and gives the address
 * to another one at once.  It is held, and nothing is gated. */
static void
test_hold_without_gate(void)
{
    struct world w;

    begin(&w, MODE_GUARD);
    struct wport *p = run_x(&w);
    w.northd_frozen = true;
    world_bind(&w, p, NULL);
    world_del_pod(&w, "x-0");
    world_del_port(&w, p);
    world_run(&w, 1000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world_stored_hold(&w, IP1));
    CU_ASSERT_STRING_EQUAL(world_hold(&w, IP1)->reason_case, "F");

    world_sts(&w, unit_sts("y", "s2", 1, ""));
    add_pod(&w, "y-0", "u2", OWNER_STATEFULSET, "y", GIVEN(IP1, MAC2));
    struct wport *q = add_port(&w, NODE1, "y-0", "u2", MAC2" "IP1);
    world_run(&w, 30000);
    CU_ASSERT(world_logged(&w, "default_y-0: takes 10.0.0.1"));
    CU_ASSERT_EQUAL(w.n_gated, 0);
    CU_ASSERT_EQUAL(w.n_gates, 0);
    CU_ASSERT_PTR_NOT_NULL(world_hold(&w, IP1));
    /* It runs, so that it is the keeper; and the rest is clean. */
    world_bind(&w, q, "hv1");
    w.northd_frozen = false;
    world_run(&w, 300 * 1000);
    CU_ASSERT_PTR_NULL(world_hold(&w, IP1));
    CU_ASSERT_EQUAL(w.n_clears + w.n_sets + w.n_gated, 0);
    CU_ASSERT(world_has(&w, "default_y-0", IP1));
    CU_ASSERT_EQUAL(w.n_violations, 0);
    CU_ASSERT_EQUAL(w.orders.next_wake_ms, LLONG_MAX);
    world_destroy(&w);
}

/* Case D: the controller is down, so that the port of a pod that is gone is
 * left over. */
static void
test_left_over(void)
{
    static const enum guard_mode modes[] = { MODE_GUARD, MODE_MANAGE };

    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        struct world w;

        begin(&w, modes[i]);
        struct wport *p = run_x(&w);
        world_del_pod(&w, "x-0");
        world_run(&w, 10000);
        CU_ASSERT_EQUAL(w.n_clears, 0); /* Its interface is there yet. */
        world_bind(&w, p, NULL);
        world_run(&w, 60000);
        CU_ASSERT_EQUAL(w.n_clears, 1);
        CU_ASSERT(!world_has(&w, "default_x-0", IP1));
        CU_ASSERT_STRING_EQUAL(p->addresses.names[0], MAC1);
        CU_ASSERT_PTR_NULL(world_hold(&w, IP1));
        CU_ASSERT_EQUAL(w.n_violations, 0);
        world_destroy(&w);
    }
}

/* A pod that has completed frees its address, though its object is there. */
static void
test_completed(void)
{
    struct world w;

    begin(&w, MODE_GUARD);
    struct wport *p = add_port(&w, NODE1, "job", "u1", MAC1" "IP1);
    add_pod(&w, "job", "u1", OWNER_OTHER, "j", GIVEN(IP1, MAC1));
    world_bind(&w, p, "hv1");
    world_run(&w, 5000);
    world_bind(&w, p, NULL);
    struct pod *pod = unit_dialect_pod(&dialect_ovn_kubernetes, "job", "u1",
                                       OWNER_OTHER, "j", GIVEN(IP1, MAC1));
    pod->finished = true;
    world_pod(&w, pod);
    world_run(&w, 60000);
    CU_ASSERT_EQUAL(w.n_clears, 1);
    CU_ASSERT(world_logged(&w, "case D: pod default/job has finished"));
    CU_ASSERT_EQUAL(w.n_violations, 0);
    world_destroy(&w);
}

/* Case E: what is left over shares its address with the port of a pod that
 * runs. */
static void
test_duplicate(void)
{
    struct world w;

    begin(&w, MODE_GUARD);
    struct wport *p = run_x(&w);
    world_del_pod(&w, "x-0");
    world_bind(&w, p, NULL);
    struct wport *q = add_port(&w, NODE1, "y-0", "u2", MAC2" "IP1);
    add_pod(&w, "y-0", "u2", OWNER_OTHER, "y", GIVEN(IP1, MAC2));
    world_bind(&w, q, "hv1");
    world_run(&w, 60000);
    CU_ASSERT_EQUAL(w.n_clears, 1);
    CU_ASSERT(!world_has(&w, "default_x-0", IP1));
    CU_ASSERT(world_has(&w, "default_y-0", IP1));
    CU_ASSERT(world_logged(&w, "duplicate: default_x-0, default_y-0; "
                           "keeper: default_y-0"));
    CU_ASSERT(world_logged(&w, "case E"));
    CU_ASSERT_EQUAL(w.n_violations, 0);
    world_destroy(&w);
}

/* A pod that comes back under its name gets what its port has, and the port
 * becomes its own: never stale meanwhile. */
static void
test_same_name(void)
{
    struct world w;

    begin(&w, MODE_GUARD);
    struct wport *p = run_x(&w);
    world_bind(&w, p, NULL);
    world_del_pod(&w, "x-0");
    add_pod(&w, "x-0", "u2", OWNER_STATEFULSET, "x", "");
    world_run(&w, 60000);
    CU_ASSERT_EQUAL(w.n_clears, 0);
    add_pod(&w, "x-0", "u2", OWNER_STATEFULSET, "x", GIVEN(IP1, MAC1));
    smap_replace(&p->options, "iface-id-ver", "u2");
    world_port_changed(&w, p);
    world_run(&w, 60000);
    CU_ASSERT_EQUAL(w.n_clears, 0);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    world_destroy(&w);
}

/* ---- The story, with fixed addresses: sts1-0 goes from IP1 to IP2 and
 * sts2-0 gets IP1, on the primary network of the namespace. ---- */

#define ASK(IP) \
    "v1.multus-cni.io/default-network=ovn-kubernetes/default="IP"/24"

static void
story_begin(struct world *w, const struct dialect *dialect)
{
    world_init_dialect(w, MODE_GUARD, dialect);
    world_chassis(w, "hv1");
    world_network(w, "node1");
    world_network(w, "blue_ovn_layer2_switch");
    world_flags(w);
    struct wport *p = add_port(w, BLUE, "sts1-0", "u1", MAC1" "IP1);
    world_sts(w, unit_sts("sts1", "s1", 1, ASK(IP1)));
    add_pod(w, "sts1-0", "u1", OWNER_STATEFULSET, "sts1",
            ASK(IP1)";"BLUE_GIVEN(IP1, MAC1));
    world_bind(w, p, "hv1");
    world_run(w, 5000);
}

/* What the user and the controller do, step by step; returns false at the
 * end. */
static bool
story_step(struct world *w, int step)
{
    struct wport *p;

    switch (step) {
    case 0:
        world_sts(w, unit_sts("sts1", "s1", 1, ASK(IP2)));
        return true;
    case 1:
        /* So that the address is not clean when sts2-0 takes it. */
        w->northd_frozen = true;
        p = world_find_port(w, "default.blue_default_sts1-0");
        world_bind(w, p, NULL);
        world_del_pod(w, "sts1-0");
        world_del_port(w, p);
        return true;
    case 2:
        add_pod(w, "sts1-0", "u2", OWNER_STATEFULSET, "sts1", ASK(IP2));
        return true;
    case 3:
        add_pod(w, "sts1-0", "u2", OWNER_STATEFULSET, "sts1",
                ASK(IP2)";"BLUE_GIVEN(IP2, MAC1));
        p = add_port(w, BLUE, "sts1-0", "u2", MAC1" "IP2);
        world_bind(w, p, "hv1");
        return true;
    case 4:
        world_sts(w, unit_sts("sts2", "s2", 1, ASK(IP1)));
        add_pod(w, "sts2-0", "u3", OWNER_STATEFULSET, "sts2",
                ASK(IP1)";"BLUE_GIVEN(IP1, MAC2));
        add_port(w, BLUE, "sts2-0", "u3", MAC2" "IP1);
        return true;
    case 5:
        p = world_find_port(w, "default.blue_default_sts2-0");
        world_bind(w, p, "hv1");
        w->northd_frozen = false;
        return true;
    default:
        return false;
    }
}

static void
check_end(struct world *w, const char *what)
{
    bool ok = (world_has(w, "default.blue_default_sts1-0", IP2)
               && world_has(w, "default.blue_default_sts2-0", IP1)
               && !w->n_holds && !w->n_gates && !w->n_gated && !w->n_clears
               && !hold_table_count(guard_holds(w->guard))
               && !w->n_violations);

    if (!ok) {
        char *nb = world_format_nb(w);

        printf("\n%s: not the end of the story; %s; %zu holds; NB:\n%s\n",
               what, w->violation ? w->violation : "no violation",
               w->n_holds, nb);
        free(nb);
    }
    CU_ASSERT(ok);
}

/* Plays the story; the guard is killed before turn 'k' of it, unless it has
 * fewer, and then false is returned. */
static bool
play(const struct dialect *dialect, size_t k, bool commit,
     long long int between_ms)
{
    struct world w;
    bool killed = false, more = true;
    int step = 0;
    char what[64];

    story_begin(&w, dialect);
    size_t start = w.n_turns;
    long long int next = w.now;
    long long int end = LLONG_MAX;
    while (w.now < end) {
        if (more && w.now >= next) {
            more = story_step(&w, step++);
            next = w.now + between_ms;
            if (!more) {
                end = w.now + 400 * 1000;
            }
        }
        if (!killed && w.n_turns - start == k) {
            world_kill(&w, commit);
            killed = true;
        }
        if (!world_turn(&w)) {
            long long int to = MIN(w.orders.next_wake_ms, more ? next : end);

            to = MAX(to, w.now + 1);
            w.wall += to - w.now;
            w.now = to;
        }
    }
    world_settle(&w);
    snprintf(what, sizeof what, "%s killed before turn %zu, %s",
             dialect->name, k, commit ? "committed" : "lost");
    check_end(&w, what);
    CU_ASSERT_STRING_EQUAL(guard_dialect_name(w.guard), "ovn-kubernetes");
    if (!killed) {
        CU_ASSERT_EQUAL(world_journalled(&w, "hold"), 1);
        CU_ASSERT_EQUAL(world_journalled(&w, "release"), 1);
    }
    world_destroy(&w);
    return killed;
}

static void
test_story(void)
{
    static const struct dialect *const of[] = {
        &dialect_ovn_kubernetes, &dialect_auto,
    };

    for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
        for (int commit = 0; commit < 2; commit++) {
            size_t k = 0;

            while (play(of[i], k, commit, 3000)) {
                k++;
            }
            CU_ASSERT(k > 10);
        }
        play(of[i], SIZE_MAX, true, 1);
        play(of[i], SIZE_MAX, true, 20000);
    }
}

/* ---- Virtual machines. ---- */

/* The pod vm-1 of the virtual machine vm runs with IP1. */
static struct wport *
run_vm(struct world *w)
{
    struct wport *p = add_port(w, BLUE, "vm-1", "u1", MAC1" "IP1);

    svec_add(&p->ps, MAC1" "IP1);
    world_port_changed(w, p);
    add_pod(w, "vm-1", "u1", OWNER_VM, "vm", BLUE_GIVEN(IP1, MAC1));
    world_bind(w, p, "hv1");
    world_run(w, 5000);
    return p;
}

/* The target's port has no address and is disabled until the machine runs
 * there; then both change in one transaction.  Nothing is held, gated or
 * called a duplicate, and the same goes for the way back. */
static void
test_migration(void)
{
    struct world w;

    begin(&w, MODE_GUARD);
    struct wport *source = run_vm(&w);
    struct wport *target = add_port(&w, BLUE, "vm-2", "u2", "");
    target->enabled = TRI_FALSE;
    svec_add(&target->ps, MAC1" "IP1);
    world_port_changed(&w, target);
    struct pod *pod = unit_dialect_pod(&dialect_ovn_kubernetes, "vm-2", "u2",
                                       OWNER_VM, "vm",
                                       BLUE_GIVEN(IP1, MAC1));
    pod->migrating = true;
    world_pod(&w, pod);
    world_bind(&w, target, "hv1");
    world_run(&w, 10000);

    for (int i = 0; i < 2; i++) {
        struct wport *from = i ? target : source;
        struct wport *to = i ? source : target;

        from->enabled = TRI_FALSE;
        world_set_addresses(&w, from, "");
        to->enabled = i ? TRI_TRUE : TRI_UNSET;
        world_set_addresses(&w, to, MAC1" "IP1);
        world_run(&w, 60000);
        CU_ASSERT_PTR_NULL(world_hold(&w, IP1));
        CU_ASSERT_EQUAL(world_journalled(&w, "hold"), 0);
    }

    /* An older controller leaves the address on both for a while. */
    target->enabled = TRI_UNSET;
    world_set_addresses(&w, target, MAC1" "IP1);
    world_run(&w, 60000);
    CU_ASSERT(!world_logged(&w, "duplicate"));
    CU_ASSERT_EQUAL(w.n_clears + w.n_gated + w.n_sets, 0);
    CU_ASSERT_EQUAL(w.n_violations, 0);
    world_destroy(&w);
}

/* The machine's next pod has its address at once: the same owner. */
static void
test_vm_restart(void)
{
    struct world w;

    begin(&w, MODE_GUARD);
    struct wport *p = run_vm(&w);
    w.northd_frozen = true;
    world_bind(&w, p, NULL);
    world_del_pod(&w, "vm-1");
    world_del_port(&w, p);
    world_run(&w, 5000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world_stored_hold(&w, IP1));
    add_pod(&w, "vm-2", "u2", OWNER_VM, "vm", BLUE_GIVEN(IP1, MAC1));
    add_port(&w, BLUE, "vm-2", "u2", MAC1" "IP1);
    world_run(&w, 5000);
    CU_ASSERT_PTR_NULL(world_hold(&w, IP1));
    CU_ASSERT_EQUAL(world_journalled(&w, "cancel"), 1);

    /* Another machine is not. */
    struct wport *q = world_find_port(&w, "default.blue_default_vm-2");
    world_del_pod(&w, "vm-2");
    world_del_port(&w, q);
    world_run(&w, 5000);
    add_pod(&w, "other-1", "u3", OWNER_VM, "other", BLUE_GIVEN(IP1, MAC2));
    add_port(&w, BLUE, "other-1", "u3", MAC2" "IP1);
    world_run(&w, 5000);
    CU_ASSERT_PTR_NOT_NULL(world_hold(&w, IP1));
    CU_ASSERT(world_logged(&w, "other-1: takes 10.0.0.1"));
    world_destroy(&w);
}

/* Does admission say 'id' of a pod 'name' of the machine 'vm' that asks for
 * IP1? */
static bool
is_told(struct world *w, const char *name, const char *vm,
        enum admission_message id)
{
    struct pod *pod = unit_dialect_pod(&dialect_ovn_kubernetes, name, "",
                                       OWNER_VM, vm, ASK(IP1));
    struct guard_env env = { .now = w->now, .wall = w->wall,
                             .store_ready = true };
    struct admission_context ctx;
    struct admission_request req;
    struct admission_answer answer;
    bool told = false;

    admission_request_init(&req);
    req.pod = pod;
    req.user = "test";
    guard_admission_context(w->guard, &env, &ctx);
    CU_ASSERT_PTR_NULL(ctx.not_ready);
    admission_judge(&ctx, &req, &answer);
    for (size_t i = 0; i < answer.n; i++) {
        told |= answer.findings[i].id == id;
    }
    admission_answer_destroy(&answer);
    admission_request_destroy(&req);
    pod_destroy(pod);
    return told;
}

/* The next pod of a machine, be it the target of a migration or a restart, may
 * ask for the machine's address; another machine's may not. */
static void
test_vm_admission(void)
{
    struct world w;

    begin(&w, MODE_GUARD);
    struct wport *p = run_vm(&w);
    CU_ASSERT(!is_told(&w, "vm-2", "vm", ADM_ADDRESS_IN_USE));
    CU_ASSERT(is_told(&w, "other-1", "other", ADM_ADDRESS_IN_USE));
    w.northd_frozen = true;
    world_bind(&w, p, NULL);
    world_del_pod(&w, "vm-1");
    world_del_port(&w, p);
    world_run(&w, 5000);
    CU_ASSERT_PTR_NOT_NULL(world_stored_hold(&w, IP1));
    CU_ASSERT(!is_told(&w, "vm-2", "vm", ADM_ADDRESS_HELD));
    world_destroy(&w);
}

/* What admission says of a pod that lists a network with 'ips', where the
 * dialect is found out by the port 'name' with 'ids' (NULL: there is none). */
static void
check_listed(const char *name, const char *ids, const char *ips, bool invalid)
{
    struct world w;
    char *text = xasprintf("k8s.v1.cni.cncf.io/networks=blue=%s", ips);
    struct pod *pod = unit_dialect_pod(&dialect_auto, "p", "", OWNER_NONE, "",
                                       text);
    struct guard_env env = { .store_ready = true };
    struct admission_context ctx;
    struct admission_request req;
    struct admission_answer answer;
    bool said = false;

    world_init_dialect(&w, MODE_GUARD, &dialect_auto);
    world_chassis(&w, "hv1");
    world_network(&w, "net1");
    if (ids) {
        world_raw_port(&w, 0, name, MAC1" 10.9.9.9", ids, "");
    }
    world_flags(&w);
    world_run(&w, 1000);
    admission_request_init(&req);
    req.pod = pod;
    req.user = "test";
    guard_admission_context(w.guard, &env, &ctx);
    CU_ASSERT_EQUAL(ctx.not_ready != NULL, ids == NULL);
    admission_judge(&ctx, &req, &answer);
    for (size_t i = 0; i < answer.n; i++) {
        said |= answer.findings[i].id == ADM_INVALID_VALUE;
    }
    CU_ASSERT_EQUAL(said, invalid);
    CU_ASSERT(answer.allowed);  /* It may be another CNI's network. */
    admission_answer_destroy(&answer);
    admission_request_destroy(&req);
    pod_destroy(pod);
    free(text);
    world_destroy(&w);
}

/* Either dialect finds fault with what the other one wants; only the one that
 * is spoken counts. */
static void
test_admission_speaks_one(void)
{
    static const char kube_ovn[] = "vendor=kube-ovn|ls=net1|pod=default/x";
    static const char ovnk[] = "pod=true|namespace=default";

    check_listed("x.default", kube_ovn, "10.1.0.5", false);
    check_listed("x.default", kube_ovn, "10.1.0.5/24", true);
    check_listed("default_x", ovnk, "10.1.0.5", true);
    check_listed("default_x", ovnk, "10.1.0.5/24", false);
    check_listed(NULL, NULL, "10.1.0.5", false);
}

static enum live_read_result
check_read(struct world *w)
{
    CU_ASSERT_EQUAL_FATAL(w->orders.n_reads, 1);
    CU_ASSERT_STRING_EQUAL(w->orders.reads[0].name, "vm-1");
    CU_ASSERT_STRING_EQUAL(w->orders.reads[0].workload, "");
    CU_ASSERT_EQUAL(w->orders.reads[0].owner_kind, OWNER_NONE);
    return LIVE_READ_CURRENT;
}

/* An IPAMClaim keeps the address on what is left over; once it goes the port
 * is cleared.  What is looked at then is the pod, not the machine. */
static void
test_ipam_claim(void)
{
    struct world w;
    struct kube_change *c = kube_change_create(KUBE_IPAM_CLAIM, false,
                                               "default", "vm.blue", "");
    struct ip_addr ip = unit_ip(IP1);

    begin(&w, MODE_GUARD);
    guard_model(w.guard)->ipam_claims_known = true;
    c->cni_network = xstrdup("blue");
    ip_addr_set_add(&c->ips, &ip);
    model_apply_kube_change(guard_model(w.guard), c);
    kube_change_destroy(c);
    struct wport *p = run_vm(&w);
    w.on_read = check_read;
    world_bind(&w, p, NULL);
    world_del_pod(&w, "vm-1");
    world_run(&w, 60000);
    CU_ASSERT_EQUAL(w.n_clears, 0);
    c = kube_change_create(KUBE_IPAM_CLAIM, true, "default", "vm.blue", "");
    model_apply_kube_change(guard_model(w.guard), c);
    kube_change_destroy(c);
    world_run(&w, 60000);
    CU_ASSERT_EQUAL(w.n_clears, 1);
    CU_ASSERT(w.n_reads >= 1);
    CU_ASSERT_EQUAL(w.n_violations, 0);
    world_destroy(&w);
}

/* Nodes' ports and the like are never written. */
static void
test_infrastructure(void)
{
    struct world w;

    begin(&w, MODE_MANAGE);
    struct wport *p = world_raw_port(&w, NODE1, "k8s-node1", MAC1" "IP1, "",
                                     "");
    struct wport *q = world_raw_port(&w, NODE1, "default_x-0", MAC2" "IP1,
                                     "namespace=default", "");
    p->ours = q->ours = false;
    world_run(&w, 100 * 1000);
    CU_ASSERT(world_logged(&w, "duplicate: default_x-0, k8s-node1"));
    CU_ASSERT_EQUAL(w.n_clears + w.n_sets, 0);
    CU_ASSERT_EQUAL(w.n_violations, 0);
    world_destroy(&w);
}

void
suite_guard_ovn_kubernetes(void)
{
    CU_pSuite suite = unit_add_suite("guard-ovn-kubernetes");

    CU_ADD_TEST(suite, test_hold_without_gate);
    CU_ADD_TEST(suite, test_left_over);
    CU_ADD_TEST(suite, test_completed);
    CU_ADD_TEST(suite, test_duplicate);
    CU_ADD_TEST(suite, test_same_name);
    CU_ADD_TEST(suite, test_story);
    CU_ADD_TEST(suite, test_migration);
    CU_ADD_TEST(suite, test_vm_restart);
    CU_ADD_TEST(suite, test_vm_admission);
    CU_ADD_TEST(suite, test_admission_speaks_one);
    CU_ADD_TEST(suite, test_ipam_claim);
    CU_ADD_TEST(suite, test_infrastructure);
}
