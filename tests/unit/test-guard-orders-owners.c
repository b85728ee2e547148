/* SPDX-License-Identifier: Apache-2.0 */

/* Stories (story-fixture.h) of owners that go, fail, move or come back: cases
 * D to H. */

#include <config.h>

#include <string.h>

#include "smap.h"

#include "tests/unit/story-fixture.h"
#include "tests/unit/unit.h"

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
        "D: scaled down", x_begin,
        {{KUBE, d_scaled}, {KUBE, x_deleting}, {SB, x_unbound},
         {KUBE, x_gone}, {NB, x_port_gone}},
        gone_check, false,
    };
    static const struct story left = {
        "D: scaled down, no controller", x_begin,
        {{KUBE, d_scaled}, {KUBE, x_deleting}, {SB, x_unbound},
         {KUBE, x_gone}},
        left_check, false,
    };

    story_play_all(&story);
    story_play_all(&left);
}

static void
e_orphan(struct world *w)
{
    story_set_pod(w, "x-0", "u1", "", ALLOCATED(IP1), "");
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
        "E: deleted", x_begin,
        {{KUBE, e_deleted}, {KUBE, x_deleting}, {SB, x_unbound},
         {KUBE, x_gone}, {NB, x_port_gone}},
        gone_check, false,
    };
    /* The controller deletes the port of a pod that runs, and makes it again:
     * that is no news to anybody. */
    static const struct story orphan = {
        "E: --cascade=orphan", x_begin,
        {{KUBE, e_deleted}, {NB, x_port_gone}, {KUBE, e_orphan},
         {NB, e_port_again}, {SB, x_bound}},
        x_has_ip1, true,
    };
    static const struct story anew = {
        "E: made anew", x_begin,
        {{KUBE, e_deleted}, {KUBE, x_deleting}, {SB, x_unbound},
         {KUBE, x_gone}, {KUBE, e_sts_again}, {KUBE, x_new_pod},
         {NB, x_port}, {KUBE, x_allocated}, {SB, x_bound}},
        x_has_moved, false,
    };

    story_play_all(&story);
    story_play_all(&orphan);
    story_play_all(&anew);
}

/* ---- F: evicted, drained, the node is lost. ---- */

static void
f_failed(struct world *w)
{
    story_set_pod(w, "x-0", "u1", "x", ALLOCATED(IP1), "failed");
}

static void
f_bound_elsewhere(struct world *w)
{
    story_bind_port(w, "x-0.default", "hv2");
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
        "F: evicted", x_begin,
        {{KUBE, f_failed}, {SB, x_unbound}, {KUBE, x_deleting},
         {KUBE, x_gone}, {KUBE, x_new_pod_as_before},
         {NB, x_port_as_before}, {KUBE, x_allocated_as_before},
         {SB, f_bound_elsewhere}},
        x_has_ip1, true,
    };
    static const struct story old_revision = {
        "F: comes back in the old revision", x_begin,
        {{KUBE, f_template}, {KUBE, x_deleting}, {SB, x_unbound},
         {KUBE, x_gone}, {KUBE, x_new_pod_as_before},
         {NB, x_port_as_before}, {KUBE, x_allocated_as_before},
         {SB, f_bound_elsewhere}},
        x_has_ip1, true,
    };
    /* The pod stays terminating, the binding stays with the chassis. */
    static const struct story lost = {
        "F: a lost node", x_begin,
        {{KUBE, x_template}, {KUBE, x_deleting}},
        x_has_ip1, true,
    };

    story_play_all(&story);
    story_play_all(&old_revision);
    story_play_all(&lost);
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
    struct wport *p = story_port(w, "vm.default");

    smap_replace(&p->options, "requested-chassis", "hv1,hv2");
    world_port_changed(w, p);
}

static void
g_rewrite(struct world *w)
{
    struct wport *p = story_port(w, "vm.default");

    smap_replace(&p->options, "requested-chassis", "hv2");
    world_port_changed(w, p);
}

static void
g_moved(struct world *w)
{
    story_bind_port(w, "vm.default", "hv2");
}

static void
g_unbound(struct world *w)
{
    story_bind_port(w, "vm.default", NULL);
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

    story_play_all(&story);
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
        x_begin(&w);
        world_flags(&w);
        world_run(&w, 5000);
        guard_model(w.guard)->cni_restarted_ms = w.now;
        world_bind(&w, story_port(&w, "x-0.default"), NULL);
        world_del_pod(&w, "x-0");
        world_del_sts(&w, "x");
        if (duplicate) {
            struct wport *q = world_port(&w, 0, "y", MAC3" "IP1);

            story_set_pod(&w, "y", "u9", "", ALLOCATED(IP1), "");
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

void
suite_guard_orders_owners(void)
{
    CU_pSuite suite = unit_add_suite("guard-orders-owners");

    CU_ADD_TEST(suite, test_d);
    CU_ADD_TEST(suite, test_e);
    CU_ADD_TEST(suite, test_f);
    CU_ADD_TEST(suite, test_g);
    CU_ADD_TEST(suite, test_h);
}
