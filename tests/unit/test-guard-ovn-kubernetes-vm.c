/* SPDX-License-Identifier: Apache-2.0 */

/* The guard where ovn-kubernetes is spoken: virtual machines, whose pods come
 * and go with one address, and the IPAMClaims that keep it. */

#include <config.h>

#include "svec.h"
#include "util.h"

#include "agent/core/admission.h"
#include "agent/core/kube-change.h"
#include "tests/unit/ovnk-fixture.h"
#include "tests/unit/unit.h"

/* The pod vm-1 of the virtual machine vm runs with IP1. */
static struct wport *
run_vm(struct world *w)
{
    struct wport *p = okf_add_port(w, BLUE, "vm-1", "u1", MAC1" "IP1);

    svec_add(&p->ps, MAC1" "IP1);
    world_port_changed(w, p);
    okf_add_pod(w, "vm-1", "u1", OWNER_VM, "vm", BLUE_GIVEN(IP1, MAC1));
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

    okf_begin(&w, MODE_GUARD);
    struct wport *source = run_vm(&w);
    struct wport *target = okf_add_port(&w, BLUE, "vm-2", "u2", "");
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

    okf_begin(&w, MODE_GUARD);
    struct wport *p = run_vm(&w);
    w.northd_frozen = true;
    world_bind(&w, p, NULL);
    world_del_pod(&w, "vm-1");
    world_del_port(&w, p);
    world_run(&w, 5000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world_stored_hold(&w, IP1));
    okf_add_pod(&w, "vm-2", "u2", OWNER_VM, "vm", BLUE_GIVEN(IP1, MAC1));
    okf_add_port(&w, BLUE, "vm-2", "u2", MAC1" "IP1);
    world_run(&w, 5000);
    CU_ASSERT_PTR_NULL(world_hold(&w, IP1));
    CU_ASSERT_EQUAL(world_journalled(&w, "cancel"), 1);

    /* Another machine is not. */
    struct wport *q = world_find_port(&w, "default.blue_default_vm-2");
    world_del_pod(&w, "vm-2");
    world_del_port(&w, q);
    world_run(&w, 5000);
    okf_add_pod(&w, "other-1", "u3", OWNER_VM, "other", BLUE_GIVEN(IP1, MAC2));
    okf_add_port(&w, BLUE, "other-1", "u3", MAC2" "IP1);
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

    okf_begin(&w, MODE_GUARD);
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

    okf_begin(&w, MODE_GUARD);
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

void
suite_guard_ovn_kubernetes_vm(void)
{
    CU_pSuite suite = unit_add_suite("guard-ovn-kubernetes-vm");

    CU_ADD_TEST(suite, test_migration);
    CU_ADD_TEST(suite, test_vm_restart);
    CU_ADD_TEST(suite, test_vm_admission);
    CU_ADD_TEST(suite, test_ipam_claim);
}
