/* SPDX-License-Identifier: Apache-2.0 */

/* Stories (story-fixture.h) of addresses that change, in templates and on
 * pods: cases A to C and I. */

#include <config.h>

#include "tests/unit/story-fixture.h"
#include "tests/unit/unit.h"

/* ---- A: rolling restart, the template's address changes. ---- */

static void
a_rolled_back(struct world *w)
{
    world_sts(w, unit_sts("x", "s1", 1, "ip_address="IP1));
}

static void
test_a(void)
{
    static const struct story story = {
        "A: rolling restart", x_begin,
        {{KUBE, x_template}, {KUBE, x_deleting}, {SB, x_unbound},
         {KUBE, x_gone}, {KUBE, x_new_pod}, {NB, x_port}, {KUBE, x_allocated},
         {SB, x_bound}},
        x_has_moved, false,
    };
    /* Rolled back before the new pod is there: the address is written again
     * and is the owner's own, whether it was cleared meanwhile or not. */
    static const struct story back = {
        "A: rolled back", x_begin,
        {{KUBE, x_template}, {KUBE, x_deleting}, {SB, x_unbound},
         {KUBE, x_gone}, {KUBE, a_rolled_back}, {KUBE, x_new_pod_as_before},
         {NB, x_port_as_before}, {KUBE, x_allocated_as_before},
         {SB, x_bound}},
        x_has_ip1, false,
    };

    story_play_all(&story);
    story_play_all(&back);
}

/* ---- B: ip_pool, the highest ordinal first. ---- */

static void
b_begin(struct world *w)
{
    struct wport *p0 = world_port(w, 0, "x-0", MAC1" "IP1);
    struct wport *p1 = world_port(w, 0, "x-1", MAC2" "IP2);

    world_sts(w, unit_sts("x", "s1", 2, "ip_pool="IP1","IP2));
    story_set_pod(w, "x-0", "u1", "x", "ip_pool="IP1","IP2";"ALLOCATED(IP1),
                  "");
    story_set_pod(w, "x-1", "v1", "x", "ip_pool="IP1","IP2";"ALLOCATED(IP2),
                  "");
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
    story_bind_port(w, "x-1.default", NULL);
}

static void
b_1_gone(struct world *w)
{
    world_del_pod(w, "x-1");
}

static void
b_1_pod(struct world *w)
{
    story_set_pod(w, "x-1", "v2", "x", "ip_pool="IP3","IP4, "");
}

static void
b_1_port(struct world *w)
{
    world_set_addresses(w, story_port(w, "x-1.default"), MAC2" "IP4);
}

static void
b_1_allocated(struct world *w)
{
    story_set_pod(w, "x-1", "v2", "x", "ip_pool="IP3","IP4";"ALLOCATED(IP4),
                  "");
}

static void
b_1_bound(struct world *w)
{
    story_bind_port(w, "x-1.default", "hv1");
}

static void
b_0_pod(struct world *w)
{
    story_set_pod(w, "x-0", "u2", "x", "ip_pool="IP3","IP4, "");
}

static void
b_0_port(struct world *w)
{
    world_set_addresses(w, story_port(w, "x-0.default"), MAC1" "IP3);
}

static void
b_0_allocated(struct world *w)
{
    story_set_pod(w, "x-0", "u2", "x", "ip_pool="IP3","IP4";"ALLOCATED(IP3),
                  "");
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

    story_play_all(&story);
    story_play_all(&too_short);
    story_play_all(&named);
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
    story_set_pod(w, "x-0", "u1", "x", "logical_switch=net1;"ALLOCATED(IP1),
                  "");
    world_bind(w, p, "hv1");
}

static void
c_pod(struct world *w)
{
    story_set_pod(w, "x-0", "u2", "x", "logical_switch=net2", "");
}

static void
c_port(struct world *w)
{
    world_port(w, 1, "x-0", MAC2" "IP2);
}

static void
c_allocated(struct world *w)
{
    story_set_pod(w, "x-0", "u2", "x", "logical_switch=net2;"ALLOCATED(IP2),
                  "");
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

    story_play_all(&story);
}

/* ---- I: an edit on a pod that runs. ---- */

static void
i_edit(struct world *w)
{
    story_set_pod(w, "x-0", "u1", "x", ALLOCATED(IP2), "");
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
        "I: edited while it runs", x_begin, {{KUBE, i_edit}}, i_check, true,
    };
    static const struct story unbound = {
        "I: edited, then unbound for a while", x_begin,
        {{KUBE, i_edit}, {SB, x_unbound}, {SB, x_bound}}, i_check, true,
    };

    story_play_all(&story);
    story_play_all(&unbound);
}

void
suite_guard_orders(void)
{
    CU_pSuite suite = unit_add_suite("guard-orders");

    CU_ADD_TEST(suite, test_a);
    CU_ADD_TEST(suite, test_b);
    CU_ADD_TEST(suite, test_c);
    CU_ADD_TEST(suite, test_i);
}
