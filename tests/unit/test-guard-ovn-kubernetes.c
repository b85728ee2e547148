/* SPDX-License-Identifier: Apache-2.0 */

/* The guard where ovn-kubernetes is spoken, in a simulated world: what that
 * controller does with pods and ports, and what is made of it.  Virtual
 * machines are in test-guard-ovn-kubernetes-vm.c. */

#include <config.h>

#include <limits.h>
#include <stdlib.h>

#include "util.h"

#include "agent/core/admission.h"

#include "tests/unit/ovnk-fixture.h"
#include "tests/unit/unit.h"

/* The pod x-0 of the StatefulSet x runs with IP1. */
static struct wport *
run_x(struct world *w)
{
    struct wport *p = okf_add_port(w, NODE1, "x-0", "u1", MAC1" "IP1);

    world_sts(w, unit_sts("x", "s1", 1, ""));
    okf_add_pod(w, "x-0", "u1", OWNER_STATEFULSET, "x", GIVEN(IP1, MAC1));
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

    okf_begin(&w, MODE_GUARD);
    struct wport *p = run_x(&w);
    w.northd_frozen = true;
    world_bind(&w, p, NULL);
    world_del_pod(&w, "x-0");
    world_del_port(&w, p);
    world_run(&w, 1000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world_stored_hold(&w, IP1));
    CU_ASSERT_STRING_EQUAL(world_hold(&w, IP1)->reason_case, "F");

    world_sts(&w, unit_sts("y", "s2", 1, ""));
    okf_add_pod(&w, "y-0", "u2", OWNER_STATEFULSET, "y", GIVEN(IP1, MAC2));
    struct wport *q = okf_add_port(&w, NODE1, "y-0", "u2", MAC2" "IP1);
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

        okf_begin(&w, modes[i]);
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

    okf_begin(&w, MODE_GUARD);
    struct wport *p = okf_add_port(&w, NODE1, "job", "u1", MAC1" "IP1);
    okf_add_pod(&w, "job", "u1", OWNER_OTHER, "j", GIVEN(IP1, MAC1));
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

    okf_begin(&w, MODE_GUARD);
    struct wport *p = run_x(&w);
    world_del_pod(&w, "x-0");
    world_bind(&w, p, NULL);
    struct wport *q = okf_add_port(&w, NODE1, "y-0", "u2", MAC2" "IP1);
    okf_add_pod(&w, "y-0", "u2", OWNER_OTHER, "y", GIVEN(IP1, MAC2));
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

    okf_begin(&w, MODE_GUARD);
    struct wport *p = run_x(&w);
    world_bind(&w, p, NULL);
    world_del_pod(&w, "x-0");
    okf_add_pod(&w, "x-0", "u2", OWNER_STATEFULSET, "x", "");
    world_run(&w, 60000);
    CU_ASSERT_EQUAL(w.n_clears, 0);
    okf_add_pod(&w, "x-0", "u2", OWNER_STATEFULSET, "x", GIVEN(IP1, MAC1));
    smap_replace(&p->options, "iface-id-ver", "u2");
    world_port_changed(&w, p);
    world_run(&w, 60000);
    CU_ASSERT_EQUAL(w.n_clears, 0);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    world_destroy(&w);
}

/* ---- The story, with fixed addresses: sts1-0 goes from IP1 to IP2 and
 * sts2-0 gets IP1, on the primary network of the namespace. ---- */

static void
story_begin(struct world *w, const struct dialect *dialect)
{
    world_init_dialect(w, MODE_GUARD, dialect);
    world_chassis(w, "hv1");
    world_network(w, "node1");
    world_network(w, "blue_ovn_layer2_switch");
    world_flags(w);
    struct wport *p = okf_add_port(w, BLUE, "sts1-0", "u1", MAC1" "IP1);
    world_sts(w, unit_sts("sts1", "s1", 1, ASK(IP1)));
    okf_add_pod(w, "sts1-0", "u1", OWNER_STATEFULSET, "sts1",
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
        okf_add_pod(w, "sts1-0", "u2", OWNER_STATEFULSET, "sts1", ASK(IP2));
        return true;
    case 3:
        okf_add_pod(w, "sts1-0", "u2", OWNER_STATEFULSET, "sts1",
                    ASK(IP2)";"BLUE_GIVEN(IP2, MAC1));
        p = okf_add_port(w, BLUE, "sts1-0", "u2", MAC1" "IP2);
        world_bind(w, p, "hv1");
        return true;
    case 4:
        world_sts(w, unit_sts("sts2", "s2", 1, ASK(IP1)));
        okf_add_pod(w, "sts2-0", "u3", OWNER_STATEFULSET, "sts2",
                    ASK(IP1)";"BLUE_GIVEN(IP1, MAC2));
        okf_add_port(w, BLUE, "sts2-0", "u3", MAC2" "IP1);
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

/* ---- Admission, and what is nobody's. ---- */

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

/* Nodes' ports and the like are never written. */
static void
test_infrastructure(void)
{
    struct world w;

    okf_begin(&w, MODE_MANAGE);
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
    CU_ADD_TEST(suite, test_admission_speaks_one);
    CU_ADD_TEST(suite, test_infrastructure);
}
