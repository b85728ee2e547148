/* SPDX-License-Identifier: Apache-2.0 */

/* --release=kube-ovn, beside a stand-in for Kube-OVN's controller: the IP
 * object is deleted before the next pod is let in, whom admission keeps out
 * meanwhile.  See also test-guard-failed-move.c. */

#include <config.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "smap.h"
#include "sset.h"
#include "util.h"

#include "agent/core/admission.h"
#include "agent/core/dialect.h"
#include "agent/core/release.h"

#include "tests/unit/kube-ovn-fixture.h"
#include "tests/unit/release-fixture.h"
#include "tests/unit/unit.h"

/* Does admission keep the pod with 'ip' out?  Its text must have 'part'. */
static bool
is_refused(struct world *w, const char *ip, const char *part)
{
    struct pod *pod = rf_new_pod(ip);
    char *text = release_refuse_pod(guard_model_const(w->guard),
                                    guard_settings(w->guard), pod);
    bool refused = text != NULL;

    CU_ASSERT(!text || !part || strstr(text, part));
    free(text);
    pod_destroy(pod);
    return refused;
}

/* The StatefulSet of the other address, with the revision of the old one still
 * in play. */
static struct workload *
sts_in_rollout(void)
{
    struct workload *sts = unit_sts("sts1", "sts1", 1, "ip_pool="IP2);
    struct smap old = SMAP_INITIALIZER(&old);

    smap_add(&old, "ovn.kubernetes.io/ip_pool", IP1);
    workload_add_revision(sts, "old", &old);
    smap_destroy(&old);
    return sts;
}

/* Runs until something of that kind is written, for 20 s at most. */
static void
run_until_written(struct world *w, enum kube_write_kind kind)
{
    for (int i = 0; i < 200 && !world_count_writes(w, kind, NULL, NULL);
         i++) {
        world_run(w, 100);
    }
    CU_ASSERT(world_count_writes(w, kind, NULL, NULL) > 0);
}

static void
test_release_first(void)
{
    struct kube_ovn ko;
    struct world w;
    struct wport *p = rf_begin(&w, &ko);

    CU_ASSERT(is_refused(&w, IP2, NULL));
    CU_ASSERT(!is_refused(&w, IP1, NULL));
    rf_change(&w, p);
    world_run(&w, 1000);
    CU_ASSERT(is_refused(&w, IP2, "the IP object sts1-0.default still has"));
    CU_ASSERT_EQUAL(ko.n_deleted, 0);
    world_run(&w, 5000);
    CU_ASSERT_EQUAL(ko.n_deleted, 1);
    CU_ASSERT_EQUAL(w.n_clears, 0);
    CU_ASSERT_PTR_NULL(world_find_port(&w, "sts1-0.default"));
    CU_ASSERT(!is_refused(&w, IP2, NULL));
    CU_ASSERT(world_count_writes(&w, KUBE_WRITE_NUDGE, "sts1", NULL) >= 1);
    CU_ASSERT_EQUAL(world_journalled(&w, "delete-ip"), 1);
    world_pod(&w, rf_new_pod(IP2));
    world_run(&w, 30 * 1000);
    size_t n = world_count_writes(&w, KUBE_WRITE_NUDGE, "sts1", NULL);
    CU_ASSERT(n <= 4);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT_EQUAL(world_journalled(&w, "release"), 1);
    world_run(&w, 600 * 1000);
    CU_ASSERT_EQUAL(world_count_writes(&w, KUBE_WRITE_NUDGE, "sts1", NULL),
                    n);
    CU_ASSERT_EQUAL(w.orders.next_wake_ms, LLONG_MAX);
    rf_end(&w, &ko);
}

/* A rollout under way: the old revision is still in play, but not for an
 * ordinal from the partition on. */
static void
test_rollout(void)
{
    for (int k = 0; k < 4; k++) {
        struct kube_ovn ko;
        struct world w;
        struct wport *p = rf_begin(&w, &ko);
        struct workload *sts = sts_in_rollout();

        sts->partition = k == 1;
        sts->on_delete = k == 2;
        w.release_certain = k != 3;
        rf_change_to(&w, p, sts);
        world_run(&w, 20 * 1000);
        CU_ASSERT_EQUAL(ko.n_deleted, k == 0);
        CU_ASSERT_EQUAL(w.n_clears, 0);
        rf_end(&w, &ko);
    }
}

/* The hold stands before the object goes. */
static bool held_before;
static enum kube_write_result (*next_on_write)(struct world *,
                                               const struct kube_write *);

static void
set_on_write(struct world *w,
             enum kube_write_result (*on_write)(struct world *,
                                                const struct kube_write *))
{
    next_on_write = w->on_write;
    w->on_write = on_write;
}

static enum kube_write_result
look_at_hold(struct world *w, const struct kube_write *kw)
{
    if (kw->kind == KUBE_WRITE_DELETE_IP) {
        const struct hold *h = world_stored_hold(w, IP1);

        held_before = h && h->state == HOLD_CLEARING;
    }
    return next_on_write(w, kw);
}

static void
test_hold_first(void)
{
    struct kube_ovn ko;
    struct world w;
    struct wport *p = rf_begin(&w, &ko);

    set_on_write(&w, look_at_hold);
    held_before = false;
    w.northd_frozen = true;
    rf_change(&w, p);
    world_run(&w, 5000);
    CU_ASSERT_EQUAL(ko.n_deleted, 1);
    CU_ASSERT(held_before);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world_stored_hold(&w, IP1));
    CU_ASSERT_EQUAL(world_stored_hold(&w, IP1)->state, HOLD_DRAINING);
    rf_end(&w, &ko);
}

/* It is on its way when the owner wants the address again: the hold stays
 * until it is known what became of it. */
static enum kube_write_result
change_back(struct world *w, const struct kube_write *kw)
{
    if (kw->kind != KUBE_WRITE_DELETE_IP) {
        return next_on_write(w, kw);
    }
    char *sts = xmemdup0(kw->name, strlen("sts1"));

    world_sts(w, unit_sts(sts, sts, 1, "ip_pool="IP1));
    free(sts);
    return KUBE_WRITE_DONE;     /* But not yet. */
}

/* And over a change of role, too. */
static void
test_hold_stays_over_a_lost_lock(void)
{
    struct kube_ovn ko;
    struct world w;
    struct wport *p = rf_begin(&w, &ko);

    set_on_write(&w, change_back);
    rf_change(&w, p);
    run_until_written(&w, KUBE_WRITE_DELETE_IP);
    w.locked = false;
    world_settle(&w);
    w.locked = true;
    world_run(&w, 1000);
    CU_ASSERT_PTR_NOT_NULL(world_stored_hold(&w, IP1));
    CU_ASSERT_EQUAL(world_journalled(&w, "cancel"), 0);
    rf_end(&w, &ko);
}

/* And when its instance was killed: the next one cannot know whether the
 * deletion, which nobody can call back, will still be carried out. */
static void
test_hold_stays_over_a_kill(void)
{
    for (int k = 0; k < 2; k++) {
        struct kube_ovn ko;
        struct world w;
        struct wport *p = rf_begin(&w, &ko);

        set_on_write(&w, change_back);
        rf_change(&w, p);
        run_until_written(&w, KUBE_WRITE_DELETE_IP);
        world_kill(&w, false);
        kube_ovn_tell_all(&ko);
        world_run(&w, 10 * 1000);
        CU_ASSERT_PTR_NOT_NULL(world_stored_hold(&w, IP1));
        CU_ASSERT_EQUAL(world_journalled(&w, "cancel"), 0);
        if (k == 0) {
            world_del_port(&w, p);
            kube_ovn_remove(&ko, kube_ovn_find(&ko, "sts1-0.default"));
            world_run(&w, 30 * 1000);
            CU_ASSERT_EQUAL(world_journalled(&w, "cancel"), 0);
            CU_ASSERT_EQUAL(world_journalled(&w, "release"), 1);
        } else {
            world_run(&w, 30 * 1000);
            CU_ASSERT_EQUAL(world_journalled(&w, "cancel"), 1);
            CU_ASSERT(world_has(&w, "sts1-0.default", IP1));
        }
        CU_ASSERT_EQUAL(w.n_clears, 0);
        CU_ASSERT_EQUAL(w.n_holds, 0);
        rf_end(&w, &ko);
    }
}

/* The same where the address had left another port before, which it is held
 * for: who was to lose it, too, stays named for as long. */
static void
test_taker_stays_named_over_a_kill(void)
{
    struct kube_ovn ko;
    struct world w;
    struct wport *q;

    rf_begin(&w, &ko);
    kube_ovn_remove(&ko, kube_ovn_find(&ko, "sts1-0.default"));
    fixture_leave(&w);
    world_sts(&w, unit_sts("sts2", "sts2", 1, "ip_pool="IP1));
    q = fixture_taker(&w, "sts2", MAC2, IP1, 2000);
    kube_ovn_add(&ko, "sts2-0", IP1);
    world_run(&w, 2000);
    CU_ASSERT(world_gated(&w, "sts2-0.default"));
    set_on_write(&w, change_back);
    world_sts(&w, unit_sts("sts2", "sts2", 1, "ip_pool="IP2));
    world_del_pod(&w, "sts2-0");
    run_until_written(&w, KUBE_WRITE_DELETE_IP);
    world_kill(&w, false);
    kube_ovn_tell_all(&ko);
    world_run(&w, 10 * 1000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world_hold(&w, IP1));
    CU_ASSERT_PTR_NOT_NULL(hold_find_former(world_hold(&w, IP1), &q->uuid));
    world_run(&w, 25 * 1000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world_hold(&w, IP1));
    CU_ASSERT_PTR_NULL(hold_find_former(world_hold(&w, IP1), &q->uuid));
    CU_ASSERT_EQUAL(w.n_clears, 0);
    w.northd_frozen = false;
    world_run(&w, 60 * 1000);
    CU_ASSERT_EQUAL(w.n_holds, 0);
    CU_ASSERT(!world_gated(&w, "sts2-0.default"));
    CU_ASSERT(world_has(&w, "sts2-0.default", IP1));
    rf_end(&w, &ko);
}

static void
test_hold_stays(void)
{
    struct kube_ovn ko;
    struct world w;
    struct wport *p = rf_begin(&w, &ko);

    set_on_write(&w, change_back);
    rf_change(&w, p);
    run_until_written(&w, KUBE_WRITE_DELETE_IP);
    world_run(&w, 1000);
    CU_ASSERT_PTR_NOT_NULL(world_stored_hold(&w, IP1));
    CU_ASSERT_EQUAL(world_journalled(&w, "cancel"), 0);
    world_run(&w, 30 * 1000);
    CU_ASSERT_EQUAL(world_journalled(&w, "cancel"), 1);
    CU_ASSERT(world_has(&w, "sts1-0.default", IP1));
    rf_end(&w, &ko);
}

/* Its port comes again before all is said: the daemon sleeps until something
 * changes. */
static void
test_port_comes_again(void)
{
    struct kube_ovn ko;
    struct world w;
    struct wport *p = rf_begin(&w, &ko);

    rf_change(&w, p);
    run_until_written(&w, KUBE_WRITE_NUDGE);
    world_port(&w, 0, "sts1-0", MAC1" "IP2);
    world_settle(&w);
    size_t n = w.n_turns;
    world_run(&w, 20 * 1000);
    CU_ASSERT(w.n_turns < n + 500);
    rf_end(&w, &ko);
}

/* Without certainty that no pod can come, and without the option, the port is
 * cleared as ever. */
static void
test_refused(void)
{
    for (int k = 0; k < 3; k++) {
        struct kube_ovn ko;
        struct world w;
        struct wport *p = rf_begin(&w, &ko);

        if (k == 0) {
            w.release_certain = false;
        } else if (k == 1) {
            w.settings.release = RELEASE_NONE;
        } else {
            ko.result = KUBE_WRITE_FORBIDDEN;
        }
        guard_set_settings(w.guard, &w.settings);
        rf_change(&w, p);
        world_run(&w, 20 * 1000);
        CU_ASSERT_EQUAL(ko.n_deleted, 0);
        CU_ASSERT_EQUAL(w.n_clears, 1);
        CU_ASSERT_EQUAL(world_logged(&w, "does not keep its next pod out for "
                                     "certain"),
                        k == 0);
        CU_ASSERT_EQUAL(is_refused(&w, IP2, NULL), k != 1);
        rf_end(&w, &ko);
    }
}

/* Nor in a namespace that is left out of what keeps the pod out, where the old
 * revision of a rollout stays in play. */
static void
test_left_out(void)
{
    for (int k = 0; k < 3; k++) {
        struct sset left_out = SSET_INITIALIZER(&left_out);
        struct kube_ovn ko;
        struct world w;
        struct wport *p = rf_begin(&w, &ko);

        sset_add(&left_out, k == 0 ? "other" : "default");
        w.release_left_out = &left_out;
        if (k < 2) {
            rf_change_to(&w, p, sts_in_rollout());
        } else {
            rf_change(&w, p);
        }
        world_run(&w, 20 * 1000);
        CU_ASSERT_EQUAL(ko.n_deleted, k == 0);
        CU_ASSERT_EQUAL(w.n_clears, k == 2);
        CU_ASSERT_EQUAL(world_logged(&w, "its namespace is left out"),
                        k == 2);
        rf_end(&w, &ko);
        sset_destroy(&left_out);
    }
}

/* The object is another's, reserved, or changed under our hands. */
static void
test_other_object(void)
{
    for (int k = 0; k < 4; k++) {
        struct kube_ovn ko;
        struct world w;
        struct wport *p = rf_begin(&w, &ko);
        struct kube_ovn_ip *i = kube_ovn_find(&ko, "sts1-0.default");

        if (k == 0) {
            i->reserved = true;
        } else if (k == 1) {
            free(i->pod);
            i->pod = xstrdup("other");
        } else if (k == 2) {
            free(i->ip);
            i->ip = xstrdup(IP2);
        } else {
            i->version++;       /* The mirror is behind. */
        }
        if (k < 3) {
            kube_ovn_tell(&ko, i);
        }
        rf_change(&w, p);
        world_run(&w, 8000);
        CU_ASSERT_EQUAL(ko.n_deleted, 0);
        if (k == 3) {
            CU_ASSERT(ko.n_conflicts >= 1);
            CU_ASSERT_EQUAL(w.n_clears, 0);
            kube_ovn_tell(&ko, i);
            world_run(&w, 20 * 1000);
            CU_ASSERT_EQUAL(ko.n_deleted, 1);
        }
        rf_end(&w, &ko);
    }
}

/* The pod comes all the same, just then. */
static void
test_race(void)
{
    struct kube_ovn ko;
    struct world w;
    struct wport *p = rf_begin(&w, &ko);

    rf_change(&w, p);
    world_run(&w, 1900);
    CU_ASSERT_EQUAL(ko.n_deleted, 0);
    world_pod(&w, rf_new_pod(IP2));
    world_run(&w, 30 * 1000);
    /* It is Kube-OVN's to move, not ours to take. */
    CU_ASSERT_EQUAL(ko.n_deleted, 0);
    CU_ASSERT_EQUAL(w.n_clears, 0);
    rf_end(&w, &ko);
}

/* Kube-OVN's controller does not run: the object stays Terminating. */
static void
test_controller_down(void)
{
    struct kube_ovn ko;
    struct world w;
    struct wport *p = rf_begin(&w, &ko);

    ko.down = true;
    rf_change(&w, p);
    world_run(&w, 10 * 1000);
    CU_ASSERT_EQUAL(ko.n_deleted, 1);
    CU_ASSERT(is_refused(&w, IP2, "being deleted"));
    CU_ASSERT_EQUAL(world_count_writes(&w, KUBE_WRITE_NUDGE, NULL, NULL), 0);
    CU_ASSERT_EQUAL(w.n_clears, 0);
    world_run(&w, 60 * 1000);
    CU_ASSERT(world_logged(&w, "has not deleted it"));
    CU_ASSERT_EQUAL(w.n_clears, 1);
    CU_ASSERT(is_refused(&w, IP2, "being deleted"));
    kube_ovn_start(&ko);
    world_run(&w, 3000);
    CU_ASSERT(!is_refused(&w, IP2, NULL));
    CU_ASSERT(world_count_writes(&w, KUBE_WRITE_NUDGE, "sts1", NULL) >= 1);
    rf_end(&w, &ko);
}

/* With --reserve=kube-ovn the reservation is in force before the object
 * goes. */
static void
test_with_reservation(void)
{
    for (int k = 0; k < 2; k++) {
        struct kube_ovn ko;
        struct world w;
        struct wport *p = rf_begin(&w, &ko);

        rf_set_reserve(&w, RESERVE_KUBE_OVN);
        ko.deaf = k == 1;
        w.northd_frozen = true;
        rf_change(&w, p);
        world_run(&w, 3000);
        CU_ASSERT_EQUAL(ko.n_made, 1);
        CU_ASSERT_EQUAL(ko.n_deleted, k == 0);
        CU_ASSERT_EQUAL(kube_ovn_refuses(&ko, "sts2-0", IP1), true);
        world_run(&w, 20 * 1000);
        CU_ASSERT_EQUAL(ko.n_deleted, 1);
        ko.deaf = false;
        w.northd_frozen = false;
        world_run(&w, 120 * 1000);
        CU_ASSERT_PTR_NULL(kube_ovn_ours(&ko));
        CU_ASSERT_EQUAL(w.n_holds, 0);
        CU_ASSERT(!kube_ovn_refuses(&ko, "sts2-0", IP1));
        rf_end(&w, &ko);
    }
}

static void
test_admission(void)
{
    struct kube_ovn ko;
    struct world w;

    rf_begin(&w, &ko);
    CU_ASSERT(is_refused(&w, IP2, "sts1-0 had "IP1));
    /* Nobody but a StatefulSet's pod, which names another address, and only
     * under the policy that lets it change. */
    struct pod *pod = unit_pod("sts1-0", "u", OWNER_NONE, "",
                               "ip_address="IP2);
    CU_ASSERT_PTR_NULL(release_refuse_pod(guard_model_const(w.guard),
                                          &w.settings, pod));
    pod_destroy(pod);
    pod = unit_pod("sts1-0", "u", OWNER_STATEFULSET, "sts1", "");
    CU_ASSERT_PTR_NULL(release_refuse_pod(guard_model_const(w.guard),
                                          &w.settings, pod));
    pod_destroy(pod);
    pod = rf_new_pod(IP2);
    pod->opted_out = true;
    CU_ASSERT_PTR_NULL(release_refuse_pod(guard_model_const(w.guard),
                                          &w.settings, pod));
    pod_destroy(pod);
    w.settings.sts_ip_change = STS_IP_CHANGE_DENY;
    guard_set_settings(w.guard, &w.settings);
    CU_ASSERT(!is_refused(&w, IP2, NULL));
    w.settings.sts_ip_change = STS_IP_CHANGE_MIGRATE;
    guard_set_settings(w.guard, &w.settings);
    /* The object is gone, but not the port. */
    kube_ovn_remove(&ko, kube_ovn_find(&ko, "sts1-0.default"));
    CU_ASSERT(is_refused(&w, IP2, "the port sts1-0.default still has"));
    rf_end(&w, &ko);
}

/* As the webhook asks. */
static bool
is_let_in(struct world *w, struct pod *pod, const char *part)
{
    struct admission_request req;
    struct admission_answer answer;
    struct admission_context ctx;
    struct guard_env env = { .now = w->now };
    bool allowed;

    guard_admission_context(w->guard, &env, &ctx);
    admission_request_init(&req);
    req.pod = pod;
    req.user = "system:serviceaccount:kube-system:statefulset-controller";
    release_judge(&ctx, &req, &answer);
    allowed = answer.allowed;
    CU_ASSERT_EQUAL(answer.n, !allowed);
    CU_ASSERT(!part || (answer.n && strstr(answer.findings[0].text, part)));
    admission_answer_destroy(&answer);
    req.update = true;
    release_judge(&ctx, &req, &answer);
    CU_ASSERT(answer.allowed);
    admission_answer_destroy(&answer);
    admission_request_destroy(&req);
    return allowed;
}

static void
test_webhook(void)
{
    struct pod *plain = unit_pod("p", "u", OWNER_NONE, "", "ip_address="IP2);
    struct pod *two = rf_new_pod(IP2), *one = rf_new_pod(IP1);
    struct kube_ovn ko;
    struct world w;

    rf_begin(&w, &ko);
    CU_ASSERT(!is_let_in(&w, two, "ReleaseFirst: default/sts1-0 had "
                         IP1", which Kube-OVN might never let go: the IP "
                         "object sts1-0.default still has it."));
    CU_ASSERT(is_let_in(&w, one, NULL));
    /* It must be certain; of others it says nothing. */
    struct model *m = guard_model(w.guard);
    m->kube_synced = false;
    CU_ASSERT(!is_let_in(&w, one, "not read completely yet"));
    CU_ASSERT(is_let_in(&w, plain, NULL));
    /* Before anything was seen there is nothing to be seen by. */
    m->dialect = &dialect_auto;
    CU_ASSERT(is_let_in(&w, one, NULL));
    m->dialect = &dialect_kube_ovn;
    m->kube_synced = true;
    free(guard_freeze(w.guard, "test"));
    CU_ASSERT(is_let_in(&w, two, NULL));
    free(guard_thaw(w.guard));
    CU_ASSERT(!is_let_in(&w, two, NULL));
    rf_set_release(&w, RELEASE_NONE);
    CU_ASSERT(is_let_in(&w, two, NULL));
    pod_destroy(plain);
    pod_destroy(one);
    pod_destroy(two);
    rf_end(&w, &ko);
}

void
suite_guard_release(void)
{
    CU_pSuite suite = unit_add_suite("guard_release");

    CU_ADD_TEST(suite, test_release_first);
    CU_ADD_TEST(suite, test_rollout);
    CU_ADD_TEST(suite, test_hold_first);
    CU_ADD_TEST(suite, test_hold_stays);
    CU_ADD_TEST(suite, test_hold_stays_over_a_lost_lock);
    CU_ADD_TEST(suite, test_hold_stays_over_a_kill);
    CU_ADD_TEST(suite, test_taker_stays_named_over_a_kill);
    CU_ADD_TEST(suite, test_port_comes_again);
    CU_ADD_TEST(suite, test_refused);
    CU_ADD_TEST(suite, test_left_out);
    CU_ADD_TEST(suite, test_other_object);
    CU_ADD_TEST(suite, test_race);
    CU_ADD_TEST(suite, test_controller_down);
    CU_ADD_TEST(suite, test_with_reservation);
    CU_ADD_TEST(suite, test_admission);
    CU_ADD_TEST(suite, test_webhook);
}
