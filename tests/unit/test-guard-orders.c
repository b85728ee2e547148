/* SPDX-License-Identifier: Apache-2.0 */

/* What Kube-OVN's controller does, in the order in which it becomes known.
 *
 * Kubernetes, NB and SB are separate streams: any two neighbouring steps of
 * different streams may be seen the other way round.  So each story is played
 * as it is and with each such pair swapped, with several times between the
 * steps; whatever is seen first, the end must be the same, and nothing may be
 * taken from a pod that runs (the world itself watches that). */

#include <config.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"
#include "uuid.h"

#include "tests/unit/guard-fixture.h"
#include "tests/unit/unit.h"
#include "tests/unit/world.h"

#define IP3 "10.0.0.3"
#define IP4 "10.0.0.4"
#define ALLOCATED(IP) "ip_address="IP";allocated=true"

enum stream { KUBE, NB, SB };

struct step {
    enum stream stream;
    void (*run)(struct world *);
};

#define MAX_STEPS 16

struct story {
    const char *name;
    void (*begin)(struct world *);
    struct step steps[MAX_STEPS];
    void (*check)(struct world *);
    bool no_clears;             /* None at all, however long it takes. */
};

static struct world *now_playing;
static const char *now_what;

static void
expect(bool ok, const char *what)
{
    if (!ok) {
        char *nb = world_format_nb(now_playing);

        printf("\n%s: not so: %s; NB:\n%s", now_what, what, nb);
        free(nb);
    }
    CU_ASSERT(ok);
}

#define EXPECT(COND) expect(COND, #COND)

/* Plays 'story' with the steps 'swap' and 'swap' + 1 the other way round
 * (SIZE_MAX: none). */
static void
play(const struct story *story, size_t n, size_t swap, long long int gap_ms)
{
    struct world w;
    char what[128];

    snprintf(what, sizeof what, "%s, %lld ms between steps, %zd swapped",
             story->name, gap_ms, swap == SIZE_MAX ? -1 : (ssize_t) swap + 1);
    now_playing = &w;
    now_what = what;
    world_init(&w, MODE_GUARD);
    world_chassis(&w, "hv1");
    world_chassis(&w, "hv2");
    world_network(&w, "net1");
    world_network(&w, "net2");
    story->begin(&w);
    world_flags(&w);
    world_run(&w, 5000);
    for (size_t i = 0; i < n; i++) {
        size_t j = (swap >= n ? i : i == swap ? i + 1
                    : i == swap + 1 ? i - 1 : i);

        story->steps[j].run(&w);
        world_run(&w, gap_ms);
    }
    world_run(&w, 600 * 1000);
    story->check(&w);
    EXPECT(!story->no_clears || w.n_clears == 0);
    EXPECT(w.n_holds == 0);
    EXPECT(w.n_gates == 0);
    EXPECT(w.n_sets == 0);
    EXPECT(w.n_violations == 0);
    EXPECT(!world_logged(&w, "duplicate"));
    world_destroy(&w);
}

static void
play_all(const struct story *story)
{
    static const long long int gaps[] = { 0, 1, 1000, 3000, 30000 };
    size_t n = 0;

    while (n < MAX_STEPS && story->steps[n].run) {
        n++;
    }
    for (size_t i = 0; i < ARRAY_SIZE(gaps); i++) {
        play(story, n, SIZE_MAX, gaps[i]);
        for (size_t j = 0; j + 1 < n; j++) {
            if (story->steps[j].stream != story->steps[j + 1].stream) {
                play(story, n, j, gaps[i]);
            }
        }
    }
}

/* ---- What the steps are made of. ---- */

static struct wport *
port(struct world *w, const char *name)
{
    struct wport *p = world_find_port(w, name);

    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    return p;
}

/* SB tells of a port that NB has, or had. */
static void
bind_port(struct world *w, const char *name, const char *chassis)
{
    struct wport *p = world_find_port(w, name);

    if (p) {
        world_bind(w, p, chassis);
    }
}

static void
set_pod(struct world *w, const char *name, const char *uid, const char *owner,
        const char *annotations, const char *state)
{
    struct pod *pod = unit_pod(name, uid, owner[0] ? OWNER_STATEFULSET
                                                   : OWNER_NONE,
                               owner, annotations);

    pod->deleting = !strcmp(state, "deleting");
    pod->finished = !strcmp(state, "failed");
    world_pod(w, pod);
}

/* x-0 of the StatefulSet x runs with IP1. */
static void
begin_x(struct world *w)
{
    struct wport *p = world_port(w, 0, "x-0", MAC1" "IP1);

    world_sts(w, unit_sts("x", "s1", 1, "ip_address="IP1));
    set_pod(w, "x-0", "u1", "x", ALLOCATED(IP1), "");
    world_bind(w, p, "hv1");
}

static void
x_deleting(struct world *w)
{
    set_pod(w, "x-0", "u1", "x", ALLOCATED(IP1), "deleting");
}

static void
x_unbound(struct world *w)
{
    bind_port(w, "x-0.default", NULL);
}

static void
x_gone(struct world *w)
{
    world_del_pod(w, "x-0");
}

static void
x_bound(struct world *w)
{
    bind_port(w, "x-0.default", "hv1");
}

static void
x_port_gone(struct world *w)
{
    world_del_port(w, port(w, "x-0.default"));
}

/* ---- A: rolling restart, the template's address changes. ---- */

static void
a_template(struct world *w)
{
    world_sts(w, unit_sts("x", "s1", 1, "ip_address="IP2));
}

static void
a_new_pod(struct world *w)
{
    set_pod(w, "x-0", "u2", "x", "ip_address="IP2, "");
}

static void
a_port(struct world *w)
{
    world_set_addresses(w, port(w, "x-0.default"), MAC2" "IP2);
}

static void
a_allocated(struct world *w)
{
    set_pod(w, "x-0", "u2", "x", ALLOCATED(IP2), "");
}

static void
a_check(struct world *w)
{
    EXPECT(world_has(w, "x-0.default", IP2));
    EXPECT(!world_has(w, "x-0.default", IP1));
    EXPECT(w->n_clears <= 1);
    EXPECT(world_journalled(w, "release") == 1);
}

static void
a_rolled_back(struct world *w)
{
    world_sts(w, unit_sts("x", "s1", 1, "ip_address="IP1));
}

static void
a_new_pod_as_before(struct world *w)
{
    set_pod(w, "x-0", "u2", "x", "ip_address="IP1, "");
}

static void
a_port_as_before(struct world *w)
{
    world_set_addresses(w, port(w, "x-0.default"), MAC2" "IP1);
}

static void
a_allocated_as_before(struct world *w)
{
    set_pod(w, "x-0", "u2", "x", ALLOCATED(IP1), "");
}

static void
has_ip1_check(struct world *w)
{
    EXPECT(world_has(w, "x-0.default", IP1));
}

static void
test_a(void)
{
    static const struct story story = {
        "A: rolling restart", begin_x,
        {{KUBE, a_template}, {KUBE, x_deleting}, {SB, x_unbound},
         {KUBE, x_gone}, {KUBE, a_new_pod}, {NB, a_port}, {KUBE, a_allocated},
         {SB, x_bound}},
        a_check, false,
    };
    /* Rolled back before the new pod is there: the address is written again
     * and is the owner's own, whether it was cleared meanwhile or not. */
    static const struct story back = {
        "A: rolled back", begin_x,
        {{KUBE, a_template}, {KUBE, x_deleting}, {SB, x_unbound},
         {KUBE, x_gone}, {KUBE, a_rolled_back}, {KUBE, a_new_pod_as_before},
         {NB, a_port_as_before}, {KUBE, a_allocated_as_before},
         {SB, x_bound}},
        has_ip1_check, false,
    };

    play_all(&story);
    play_all(&back);
}

/* ---- B: ip_pool, the highest ordinal first. ---- */

static void
b_begin(struct world *w)
{
    struct wport *p0 = world_port(w, 0, "x-0", MAC1" "IP1);
    struct wport *p1 = world_port(w, 0, "x-1", MAC2" "IP2);

    world_sts(w, unit_sts("x", "s1", 2, "ip_pool="IP1","IP2));
    set_pod(w, "x-0", "u1", "x", "ip_pool="IP1","IP2";"ALLOCATED(IP1), "");
    set_pod(w, "x-1", "v1", "x", "ip_pool="IP1","IP2";"ALLOCATED(IP2), "");
    world_bind(w, p0, "hv1");
    world_bind(w, p1, "hv1");
}

static void
b_template(struct world *w)
{
    world_sts(w, unit_sts("x", "s1", 2, "ip_pool="IP3","IP4));
}

static void
b_1_unbound(struct world *w)
{
    bind_port(w, "x-1.default", NULL);
}

static void
b_1_gone(struct world *w)
{
    world_del_pod(w, "x-1");
}

static void
b_1_pod(struct world *w)
{
    set_pod(w, "x-1", "v2", "x", "ip_pool="IP3","IP4, "");
}

static void
b_1_port(struct world *w)
{
    world_set_addresses(w, port(w, "x-1.default"), MAC2" "IP4);
}

static void
b_1_allocated(struct world *w)
{
    set_pod(w, "x-1", "v2", "x", "ip_pool="IP3","IP4";"ALLOCATED(IP4), "");
}

static void
b_1_bound(struct world *w)
{
    bind_port(w, "x-1.default", "hv1");
}

static void
b_0_pod(struct world *w)
{
    set_pod(w, "x-0", "u2", "x", "ip_pool="IP3","IP4, "");
}

static void
b_0_port(struct world *w)
{
    world_set_addresses(w, port(w, "x-0.default"), MAC1" "IP3);
}

static void
b_0_allocated(struct world *w)
{
    set_pod(w, "x-0", "u2", "x", "ip_pool="IP3","IP4";"ALLOCATED(IP3), "");
}

static void
b_check(struct world *w)
{
    EXPECT(world_has(w, "x-0.default", IP3));
    EXPECT(world_has(w, "x-1.default", IP4));
    EXPECT(world_journalled(w, "release") == 2);
}

/* A list that is too short, or the name of a pool: nothing is known of what
 * ordinal 1 is to have. */
static void
b_short(struct world *w)
{
    world_sts(w, unit_sts("x", "s1", 2, "ip_pool="IP1));
}

static void
b_named(struct world *w)
{
    world_sts(w, unit_sts("x", "s1", 2, "ip_pool=pool-a"));
}

static void
b_kept_check(struct world *w)
{
    EXPECT(world_has(w, "x-0.default", IP1));
    EXPECT(world_has(w, "x-1.default", IP2));
    EXPECT(world_journalled(w, "hold") == 0);
}

static void
test_b(void)
{
    static const struct story story = {
        "B: ip_pool", b_begin,
        {{KUBE, b_template}, {SB, b_1_unbound}, {KUBE, b_1_gone},
         {KUBE, b_1_pod}, {NB, b_1_port}, {KUBE, b_1_allocated},
         {SB, b_1_bound}, {SB, x_unbound}, {KUBE, x_gone}, {KUBE, b_0_pod},
         {NB, b_0_port}, {KUBE, b_0_allocated}, {SB, x_bound}},
        b_check, false,
    };
    static const struct story too_short = {
        "B: a list that is too short", b_begin,
        {{KUBE, b_short}, {SB, b_1_unbound}, {KUBE, b_1_gone}},
        b_kept_check, true,
    };
    static const struct story named = {
        "B: a named pool", b_begin,
        {{KUBE, b_named}, {SB, b_1_unbound}, {KUBE, b_1_gone}},
        b_kept_check, true,
    };

    play_all(&story);
    play_all(&too_short);
    play_all(&named);
}

/* ---- C: another subnet. ---- */

static void
c_template(struct world *w)
{
    world_sts(w, unit_sts("x", "s1", 1, "logical_switch=net2"));
}

static void
c_begin(struct world *w)
{
    struct wport *p = world_port(w, 0, "x-0", MAC1" "IP1);

    world_sts(w, unit_sts("x", "s1", 1, "logical_switch=net1"));
    set_pod(w, "x-0", "u1", "x", "logical_switch=net1;"ALLOCATED(IP1), "");
    world_bind(w, p, "hv1");
}

static void
c_pod(struct world *w)
{
    set_pod(w, "x-0", "u2", "x", "logical_switch=net2", "");
}

static void
c_port(struct world *w)
{
    world_port(w, 1, "x-0", MAC2" "IP2);
}

static void
c_allocated(struct world *w)
{
    set_pod(w, "x-0", "u2", "x", "logical_switch=net2;"ALLOCATED(IP2), "");
}

static void
c_check(struct world *w)
{
    EXPECT(world_has(w, "x-0.default", IP2));
    EXPECT(world_journalled(w, "release") == 1);
}

static void
test_c(void)
{
    static const struct story story = {
        "C: another subnet", c_begin,
        {{KUBE, c_template}, {SB, x_unbound}, {KUBE, x_gone},
         {NB, x_port_gone}, {KUBE, c_pod}, {NB, c_port},
         {KUBE, c_allocated}, {SB, x_bound}},
        c_check, true,
    };

    play_all(&story);
}

/* ---- D, E: scaled down, deleted, orphaned. ---- */

static void
d_scaled(struct world *w)
{
    world_sts(w, unit_sts("x", "s1", 0, "ip_address="IP1));
}

static void
e_deleted(struct world *w)
{
    world_del_sts(w, "x");
}

static void
gone_check(struct world *w)
{
    EXPECT(!world_find_port(w, "x-0.default"));
    EXPECT(w->n_clears <= 1);
    EXPECT(world_journalled(w, "release") == 1);
}

/* The controller is down: the port stays, and clearing it is right. */
static void
left_check(struct world *w)
{
    EXPECT(!world_has(w, "x-0.default", IP1));
    EXPECT(w->n_clears == 1);
}

static void
test_d(void)
{
    static const struct story story = {
        "D: scaled down", begin_x,
        {{KUBE, d_scaled}, {KUBE, x_deleting}, {SB, x_unbound},
         {KUBE, x_gone}, {NB, x_port_gone}},
        gone_check, false,
    };
    static const struct story left = {
        "D: scaled down, no controller", begin_x,
        {{KUBE, d_scaled}, {KUBE, x_deleting}, {SB, x_unbound},
         {KUBE, x_gone}},
        left_check, false,
    };

    play_all(&story);
    play_all(&left);
}

static void
e_orphan(struct world *w)
{
    set_pod(w, "x-0", "u1", "", ALLOCATED(IP1), "");
}

static void
e_port_again(struct world *w)
{
    world_port(w, 0, "x-0", MAC1" "IP1);
}

static void
e_sts_again(struct world *w)
{
    world_sts(w, unit_sts("x", "s2", 1, "ip_address="IP2));
}

static void
test_e(void)
{
    static const struct story story = {
        "E: deleted", begin_x,
        {{KUBE, e_deleted}, {KUBE, x_deleting}, {SB, x_unbound},
         {KUBE, x_gone}, {NB, x_port_gone}},
        gone_check, false,
    };
    /* The controller deletes the port of a pod that runs, and makes it again:
     * that is no news to anybody. */
    static const struct story orphan = {
        "E: --cascade=orphan", begin_x,
        {{KUBE, e_deleted}, {NB, x_port_gone}, {KUBE, e_orphan},
         {NB, e_port_again}, {SB, x_bound}},
        has_ip1_check, true,
    };
    static const struct story anew = {
        "E: made anew", begin_x,
        {{KUBE, e_deleted}, {KUBE, x_deleting}, {SB, x_unbound},
         {KUBE, x_gone}, {KUBE, e_sts_again}, {KUBE, a_new_pod},
         {NB, a_port}, {KUBE, a_allocated}, {SB, x_bound}},
        a_check, false,
    };

    play_all(&story);
    play_all(&orphan);
    play_all(&anew);
}

/* ---- F: evicted, drained, the node is lost. ---- */

static void
f_failed(struct world *w)
{
    set_pod(w, "x-0", "u1", "x", ALLOCATED(IP1), "failed");
}

static void
f_bound_elsewhere(struct world *w)
{
    bind_port(w, "x-0.default", "hv2");
}

static void
f_template(struct world *w)
{
    /* Even while somebody changes the template: OnDelete, so that the pod
     * which comes back may be of either revision. */
    struct workload *sts = unit_sts("x", "s1", 1, "ip_address="IP2);
    struct workload *old = unit_sts("x", "s1", 1, "ip_address="IP1);

    sts->on_delete = true;
    workload_add_revision(sts, "r0", &old->revisions[0].annotations);
    workload_destroy(old);
    world_sts(w, sts);
}

static void
test_f(void)
{
    static const struct story story = {
        "F: evicted", begin_x,
        {{KUBE, f_failed}, {SB, x_unbound}, {KUBE, x_deleting},
         {KUBE, x_gone}, {KUBE, a_new_pod_as_before},
         {NB, a_port_as_before}, {KUBE, a_allocated_as_before},
         {SB, f_bound_elsewhere}},
        has_ip1_check, true,
    };
    static const struct story old_revision = {
        "F: comes back in the old revision", begin_x,
        {{KUBE, f_template}, {KUBE, x_deleting}, {SB, x_unbound},
         {KUBE, x_gone}, {KUBE, a_new_pod_as_before},
         {NB, a_port_as_before}, {KUBE, a_allocated_as_before},
         {SB, f_bound_elsewhere}},
        has_ip1_check, true,
    };
    /* The pod stays terminating, the binding stays with the chassis. */
    static const struct story lost = {
        "F: a lost node", begin_x,
        {{KUBE, a_template}, {KUBE, x_deleting}},
        has_ip1_check, true,
    };

    play_all(&story);
    play_all(&old_revision);
    play_all(&lost);
}

/* ---- G: live migration. ---- */

static void
set_launcher(struct world *w, const char *name, bool target, const char *state)
{
    struct pod *pod = unit_pod(name, name, OWNER_VM, "vm", ALLOCATED(IP1));

    pod->migrating = target;
    pod->deleting = !strcmp(state, "deleting");
    pod->finished = !strcmp(state, "finished");
    world_pod(w, pod);
}

static void
g_begin(struct world *w)
{
    struct wport *p = world_port(w, 0, "vm", MAC1" "IP1);

    set_launcher(w, "source", false, "");
    world_bind(w, p, "hv1");
}

static void
g_target(struct world *w)
{
    set_launcher(w, "target", true, "");
}

static void
g_request(struct world *w)
{
    struct wport *p = port(w, "vm.default");

    smap_replace(&p->options, "requested-chassis", "hv1,hv2");
    world_port_changed(w, p);
}

static void
g_rewrite(struct world *w)
{
    struct wport *p = port(w, "vm.default");

    smap_replace(&p->options, "requested-chassis", "hv2");
    world_port_changed(w, p);
}

static void
g_moved(struct world *w)
{
    bind_port(w, "vm.default", "hv2");
}

static void
g_unbound(struct world *w)
{
    bind_port(w, "vm.default", NULL);
}

static void
g_source_finished(struct world *w)
{
    set_launcher(w, "source", false, "finished");
}

static void
g_source_gone(struct world *w)
{
    world_del_pod(w, "source");
}

static void
g_check(struct world *w)
{
    EXPECT(world_has(w, "vm.default", IP1));
    EXPECT(world_journalled(w, "hold") == 0);
}

static void
test_g(void)
{
    static const struct story story = {
        "G: live migration", g_begin,
        {{KUBE, g_target}, {NB, g_request}, {SB, g_unbound}, {SB, g_moved},
         {NB, g_rewrite}, {KUBE, g_source_finished}, {KUBE, g_source_gone}},
        g_check, true,
    };

    play_all(&story);
}

/* ---- H: the controller restarts. ---- */

/* Nothing is cleared on the ground that an owner is gone, but the loser of a
 * duplicate is. */
static void
test_h(void)
{
    struct world w;

    for (int duplicate = 0; duplicate < 2; duplicate++) {
        world_init(&w, MODE_GUARD);
        world_chassis(&w, "hv1");
        world_network(&w, "net1");
        begin_x(&w);
        world_flags(&w);
        world_run(&w, 5000);
        guard_model(w.guard)->cni_restarted_ms = w.now;
        world_bind(&w, port(&w, "x-0.default"), NULL);
        world_del_pod(&w, "x-0");
        world_del_sts(&w, "x");
        if (duplicate) {
            struct wport *q = world_port(&w, 0, "y", MAC3" "IP1);

            set_pod(&w, "y", "u9", "", ALLOCATED(IP1), "");
            world_bind(&w, q, "hv1");
        }
        world_run(&w, w.settings.cni_gc_ms - 10000);
        CU_ASSERT_EQUAL(world_has(&w, "x-0.default", IP1), !duplicate);
        world_run(&w, 60000);
        CU_ASSERT(!world_has(&w, "x-0.default", IP1));
        CU_ASSERT_EQUAL(w.n_clears, 1);
        CU_ASSERT_EQUAL(w.n_violations, 0);
        world_destroy(&w);
    }
}

/* ---- I: an edit on a pod that runs. ---- */

static void
i_edit(struct world *w)
{
    set_pod(w, "x-0", "u1", "x", ALLOCATED(IP2), "");
}

static void
i_check(struct world *w)
{
    EXPECT(world_has(w, "x-0.default", IP1));
    EXPECT(world_logged(w, "drift"));
}

static void
test_i(void)
{
    static const struct story story = {
        "I: edited while it runs", begin_x, {{KUBE, i_edit}}, i_check, true,
    };
    static const struct story unbound = {
        "I: edited, then unbound for a while", begin_x,
        {{KUBE, i_edit}, {SB, x_unbound}, {SB, x_bound}}, i_check, true,
    };

    play_all(&story);
    play_all(&unbound);
}

void
suite_guard_orders(void)
{
    CU_pSuite suite = unit_add_suite("guard-orders");

    CU_ADD_TEST(suite, test_a);
    CU_ADD_TEST(suite, test_b);
    CU_ADD_TEST(suite, test_c);
    CU_ADD_TEST(suite, test_d);
    CU_ADD_TEST(suite, test_e);
    CU_ADD_TEST(suite, test_f);
    CU_ADD_TEST(suite, test_g);
    CU_ADD_TEST(suite, test_h);
    CU_ADD_TEST(suite, test_i);
}
