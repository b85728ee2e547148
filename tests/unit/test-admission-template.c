/* SPDX-License-Identifier: Apache-2.0 */

/* What is said of StatefulSets and virtual machines before they are let in
 * (agent/core/admission-template.c, admission-change.c), over the world of
 * admission-fixture.h. */

#include <config.h>

#include "tests/unit/admission-fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "random.h"
#include "util.h"

#include "agent/core/pod.h"
#include "agent/core/workload.h"

#include "tests/unit/unit.h"
#include "tests/unit/world.h"

#define NET ";logical_switch=net"

/* ---- StatefulSets that are created. ---- */

static const struct {
    int replicas, start;
    const char *annotations, *own_keys;
    const char *expected;
} create_vectors[] = {
    { 3, 0, NULL, NULL, "" },
    { 1, 0, "ip_address=10.0.0.99"NET, NULL, "" },
    { 2, 0, "ip_pool=10.0.0.98,10.0.0.99"NET, NULL, "" },
    { 0, 0, "ip_pool=10.0.0.98"NET, NULL, "" },

    /* What will pass does not keep it out. */
    { 2, 0, "ip_pool=10.0.0.98,10.0.0.50"NET, NULL,
      "AddressHeld: pod new-1: 10.0.0.50 on net is held" },
    { 1, 0, "ip_address=10.0.0.10"NET, NULL,
      "AddressInUse: pod new-0: 10.0.0.10" },
    { 1, 0, "ip_address=10.0.0.31"NET, NULL, "AddressPromised: pod new-0" },
    /* An item that no pod takes. */
    { 1, 0, "ip_pool=10.0.0.98,10.0.0.50"NET, NULL, "" },
    { 1, 1, "ip_pool=10.0.0.50,10.0.0.98"NET, NULL, "" },

    /* Mistakes. */
    { 3, 0, "ip_pool=10.0.0.98,10.0.0.99"NET, NULL,
      "!PoolTooShort: ovn.kubernetes.io/ip_pool has 2 items, but the highest "
      "ordinal is 2, which takes item 3: write 3 addresses" },
    { 1, 5, "ip_pool=10.0.0.98,10.0.0.99"NET, NULL,
      "!the highest ordinal is 5, which takes item 6" },
    { 2, 0, "ip_address=10.0.0.99"NET, NULL,
      "!OneAddressForMany: ovn.kubernetes.io/ip_address gives 10.0.0.99 to "
      "each of 2 pods, and only one can have it: write ip_pool with 2" },
    { 3, 0, "ip_pool=10.0.0.97,10.0.0.98,10.0.0.97"NET, NULL,
      "!AddressTwice: ovn.kubernetes.io/ip_pool names 10.0.0.97 for ordinal 0 "
      "and for ordinal 2" },
    { 1, 0, "ip_address=10.0.0.254"NET, NULL, "!GatewayAddress: pod new-0" },
    { 2, 0, "ip_pool=10.0.0.98,10.0.9.9"NET, NULL,
      "!OutsideSubnet: pod new-1: 10.0.9.9" },
    { 1, 0, "ip_address=nix"NET, NULL, "!InvalidValue" },
    { 2, 0, "ip_pool=10.0.0.97,x"NET, NULL, "!InvalidValue" },
    { 1, 0, NULL, "ovn.kubernetes.io/ip_address",
      "!MisplacedKey: ovn.kubernetes.io/ip_address on the StatefulSet itself "
      "has no effect: write it in spec.template.metadata.annotations" },
    { 1, 0, "ip_address=10.0.0.99;logical_switch=nix", NULL,
      "UnknownSubnet" },
    /* Many of a kind are told in few words. */
    { 5, 0, "ip_pool=10.9.0.1,10.9.0.2,10.9.0.3,10.9.0.4,10.9.0.5"NET, NULL,
      "!OutsideSubnet: pod new-0|!OutsideSubnet: pod new-1|"
      "!OutsideSubnet: pod new-2|OutsideSubnet: and 2 more like this" },
    { 1, 0, "ip_address=nix;ovn-ipguard.io/ignore=true", NULL,
      "!InvalidValue" },
};

static void
test_create(void)
{
    struct admission_context ctx;

    adm_open();
    ctx = adm_context();
    for (size_t i = 0; i < ARRAY_SIZE(create_vectors); i++) {
        struct workload *w = unit_sts("new", "new",
                                      create_vectors[i].replicas,
                                      create_vectors[i].annotations);
        const char *name = (create_vectors[i].annotations
                            ? create_vectors[i].annotations : "(none)");
        char *soft = adm_soften(create_vectors[i].expected);
        struct admission_request req;

        admission_request_init(&req);
        w->start = create_vectors[i].start;
        req.workload = w;
        if (create_vectors[i].own_keys) {
            svec_add(&req.own_keys, create_vectors[i].own_keys);
        }
        adm_settings.admission = ADMISSION_DENY;
        adm_check(name, &req, &ctx, create_vectors[i].expected);
        adm_settings.admission = ADMISSION_WARN;
        adm_check(name, &req, &ctx, soft);
        w->opted_out = true;
        adm_check(name, &req, &ctx, "");
        admission_request_destroy(&req);
        workload_destroy(w);
        free(soft);
    }
    adm_close();
}

/* ---- StatefulSets that change. ---- */

#define RUN "ip_pool=10.0.0.10,10.0.0.11,10.0.0.12"

enum change_flag {
    NO_FLAG = 0,
    ON_DELETE = 1 << 0,
    PARTITION_1 = 1 << 1,
    SCALED_TO_0 = 1 << 2,       /* It was, and its pods are gone. */
    SCALED_TO_0_PODS = 1 << 3,  /* It was, and they are not. */
};

static const struct {
    const char *name;
    unsigned int flags;
    int old_replicas, replicas;
    const char *old, *new;
    const char *migrate, *deny; /* --sts-ip-change; "=": as with migrate. */
} change_vectors[] = {
    { "nothing", 0, 3, 3, RUN, RUN, "", "=" },
    { "replicas down", 0, 3, 1, RUN, RUN, "", "=" },
    { "replicas up, too far", 0, 3, 4, RUN, RUN, "!PoolTooShort", "=" },
    { "list grows", 0, 3, 4, RUN, RUN",10.0.0.98", "", "=" },
    { "list grows with one that is held", 0, 3, 4, RUN, RUN",10.0.0.50",
      "AddressHeld: pod run-3", "=" },
    { "too short as it was, and unrelated", 0, 4, 4, RUN, RUN, "", "=" },
    { "too short as it was, and scaled down", 0, 5, 4, RUN, RUN, "", "=" },

    { "one moves", 0, 3, 3, RUN, "ip_pool=10.0.0.10,10.0.0.11,10.0.0.98",
      "FixedIPChangeAccepted: fixed IP changes (run-2: 10.0.0.12 to "
      "10.0.0.98): each pod moves when it is re-created; its old address",
      "!FixedIPChangeForbidden: the fixed IP of a live StatefulSet may not "
      "change (run-2: 10.0.0.12 to 10.0.0.98): scale it to 0" },
    { "all move", 0, 3, 3, RUN, "ip_pool=10.0.0.96,10.0.0.97,10.0.0.98",
      "(run-0: 10.0.0.10 to 10.0.0.96, run-1: 10.0.0.11 to 10.0.0.97, run-2: "
      "10.0.0.12 to 10.0.0.98)", "!FixedIPChangeForbidden" },
    { "to an address that is held", 0, 3, 3, RUN,
      "ip_pool=10.0.0.50,10.0.0.11,10.0.0.12",
      "FixedIPChangeAccepted|AddressHeld: pod run-0",
      "!FixedIPChangeForbidden|AddressHeld: pod run-0" },
    { "to an address of another", 0, 3, 3, RUN,
      "ip_pool=10.0.0.20,10.0.0.11,10.0.0.12",
      "FixedIPChangeAccepted|AddressInUse: pod run-0",
      "!FixedIPChangeForbidden|AddressInUse: pod run-0" },
    { "taken out", 0, 3, 3, RUN, "logical_switch=net",
      "(run-0: 10.0.0.10 to any, ", "!FixedIPChangeForbidden" },
    { "taken out altogether", 0, 3, 3, RUN, NULL,
      "(run-0: 10.0.0.10 to any, ", "!FixedIPChangeForbidden" },
    { "pinned to what it has", 0, 3, 3, NULL, RUN, "", "=" },
    { "named for the first time", 0, 3, 3, NULL,
      "ip_pool=10.0.0.10,10.0.0.11,10.0.0.98",
      "(run-2: 10.0.0.12 to 10.0.0.98)", "!FixedIPChangeForbidden" },
    { "spelled otherwise", 0, 3, 3, RUN, "ip_pool=10.0.0.10, 10.0.0.11, "
      "10.0.0.12", "", "=" },
    { "another subnet", 0, 3, 3, RUN";logical_switch=net",
      RUN";logical_switch=dual",
      "FixedIPChangeAccepted|!OutsideSubnet: pod run-0|!OutsideSubnet: pod "
      "run-1|!OutsideSubnet: pod run-2",
      "!FixedIPChangeForbidden|!OutsideSubnet|!OutsideSubnet|!OutsideSubnet" },

    /* Pods that wait for each other. */
    { "two swap", 0, 3, 3, RUN, "ip_pool=10.0.0.11,10.0.0.10,10.0.0.12",
      "!FixedIPPermutation: pods would wait for each other's addresses (run-0 "
      "for 10.0.0.11 of run-1, run-1 for 10.0.0.10 of run-0)|"
      "FixedIPChangeAccepted", "!FixedIPPermutation|!FixedIPChangeForbidden" },
    { "all in a circle", 0, 3, 3, RUN, "ip_pool=10.0.0.11,10.0.0.12,10.0.0.10",
      "!FixedIPPermutation|FixedIPChangeAccepted",
      "!FixedIPPermutation|!FixedIPChangeForbidden" },
    { "swap by hand", ON_DELETE, 3, 3, RUN,
      "ip_pool=10.0.0.11,10.0.0.10,10.0.0.12",
      "!FixedIPPermutation|FixedIPChangeAccepted",
      "!FixedIPPermutation|!FixedIPChangeForbidden" },
    { "up: the highest is first", 0, 3, 3, RUN,
      "ip_pool=10.0.0.11,10.0.0.12,10.0.0.98", "FixedIPChangeAccepted",
      "!FixedIPChangeForbidden" },
    { "down: the highest waits for what is last", 0, 3, 3, RUN,
      "ip_pool=10.0.0.98,10.0.0.10,10.0.0.11",
      "!FixedIPPermutation: pods would wait for each other's addresses (run-1 "
      "for 10.0.0.10 of run-0, run-2 for 10.0.0.11 of run-1)|"
      "FixedIPChangeAccepted", "!FixedIPPermutation|!FixedIPChangeForbidden" },
    { "down, by hand", ON_DELETE, 3, 3, RUN,
      "ip_pool=10.0.0.98,10.0.0.10,10.0.0.11", "FixedIPChangeAccepted",
      "!FixedIPChangeForbidden" },
    { "down, but the lowest stays as it is", PARTITION_1, 3, 3, RUN,
      "ip_pool=10.0.0.98,10.0.0.10,10.0.0.12",
      "FixedIPChangeAccepted|AddressInUse: pod run-1: 10.0.0.10 on net is in "
      "use by default/run-0", "!FixedIPChangeForbidden|AddressInUse" },
    { "swap with one that goes", 0, 3, 1, RUN,
      "ip_pool=10.0.0.11,10.0.0.10,10.0.0.12", "FixedIPChangeAccepted",
      "!FixedIPChangeForbidden" },

    /* Not live. */
    { "scaled to 0 before", SCALED_TO_0, 0, 3, RUN,
      "ip_pool=10.0.0.96,10.0.0.97,10.0.0.98", "", "=" },
    { "scaled to 0, pods are going", SCALED_TO_0_PODS, 0, 3, RUN,
      "ip_pool=10.0.0.96,10.0.0.97,10.0.0.98", "FixedIPChangeAccepted",
      "!FixedIPChangeForbidden" },
    { "scaled to 0 with it", 0, 3, 0, RUN,
      "ip_pool=10.0.0.96,10.0.0.97,10.0.0.98", "", "=" },
    { "one address", 0, 1, 1, "ip_address=10.0.0.10", "ip_address=10.0.0.98",
      "(run-0: 10.0.0.10 to 10.0.0.98)", "!FixedIPChangeForbidden" },
};

static void
judge_change(size_t i)
{
    struct admission_context ctx = adm_context();
    unsigned int flags = change_vectors[i].flags;
    const char *migrate = change_vectors[i].migrate;
    const char *deny = change_vectors[i].deny;
    struct workload *old = unit_sts("run", "run",
                                    change_vectors[i].old_replicas,
                                    change_vectors[i].old);
    struct workload *w = unit_sts("run", "run", change_vectors[i].replicas,
                                  change_vectors[i].new);
    struct admission_request req;

    admission_request_init(&req);
    req.update = true;
    req.workload = w;
    req.old_workload = old;
    w->on_delete = (flags & ON_DELETE) != 0;
    w->partition = (flags & PARTITION_1) != 0;
    if (flags & SCALED_TO_0) {
        unit_drop_pod(&adm_model, "run-0", "u0");
        for (uint32_t n = 10; n < 13; n++) {
            struct uuid uuid = unit_uuid(n);

            model_remove_port(&adm_model, &uuid);
        }
    }
    adm_settings.admission = ADMISSION_DENY;
    adm_settings.sts_ip_change = STS_IP_CHANGE_MIGRATE;
    adm_check(change_vectors[i].name, &req, &ctx, migrate);
    adm_settings.sts_ip_change = STS_IP_CHANGE_DENY;
    adm_check(change_vectors[i].name, &req, &ctx,
              strcmp(deny, "=") ? deny : migrate);
    admission_request_destroy(&req);
    workload_destroy(w);
    workload_destroy(old);
}

static void
test_changes(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(change_vectors); i++) {
        adm_open();
        judge_change(i);
        adm_close();
    }
}

/* With --admission=warn these are refused all the same: they are another
 * setting's. */
static void
test_change_policies(void)
{
    struct workload *old = unit_sts("run", "run", 3, RUN);
    struct workload *w = unit_sts("run", "run", 3,
                                  "ip_pool=10.0.0.11,10.0.0.10,10.0.0.12");
    struct admission_context ctx;
    struct admission_request req;

    adm_open();
    ctx = adm_context();
    admission_request_init(&req);
    req.update = true;
    req.workload = w;
    req.old_workload = old;
    adm_settings.admission = ADMISSION_WARN;
    adm_settings.sts_ip_change = STS_IP_CHANGE_DENY;
    adm_check("warn", &req, &ctx,
              "!FixedIPPermutation|!FixedIPChangeForbidden");
    ctx.mode = MODE_OBSERVE;
    adm_check("observe", &req, &ctx,
              "FixedIPPermutation|in mode observe nothing is refused");
    admission_request_destroy(&req);
    workload_destroy(w);
    workload_destroy(old);
    adm_close();
}

/* ---- Changes at random. ---- */

#define MAX_ORDINALS 5

/* Plays a rollout in which each ordinal goes from 'old' to 'new', both numbers
 * of addresses: a pod gets its new address only if no other one has it.  With
 * 'by_hand' people choose the order as well as can be.  Returns true if all
 * arrive. */
static bool
play_rollout(const int *old, const int *new, int n, bool by_hand)
{
    int now[MAX_ORDINALS];
    bool progress = true;

    memcpy(now, old, n * sizeof *now);
    while (progress) {
        progress = false;
        for (int i = n - 1; i >= 0; i--) {
            bool is_free = true;

            if (now[i] == new[i]) {
                continue;
            }
            for (int j = 0; j < n; j++) {
                is_free &= j == i || now[j] != new[i];
            }
            if (is_free) {
                now[i] = new[i];
                progress = true;
            } else if (!by_hand) {
                /* The next one's turn comes only when this one is ready. */
                break;
            }
        }
    }
    return !memcmp(now, new, n * sizeof *now);
}

/* Draws 'n' different numbers below 'max'. */
static void
draw(int *numbers, int n, int max)
{
    for (int i = 0; i < n; ) {
        bool is_new = true;

        numbers[i] = random_range(max);
        for (int j = 0; j < i; j++) {
            is_new &= numbers[j] != numbers[i];
        }
        i += is_new;
    }
}

static char *
make_pool(const int *numbers, int n)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    for (int i = 0; i < n; i++) {
        ds_put_format(&ds, "%s10.0.0.%d", i ? "," : "ip_pool=",
                      100 + numbers[i]);
    }
    return ds_steal_cstr(&ds);
}

/* A change is refused as a permutation if, and only if, its rollout stops. */
static void
test_random_changes(void)
{
    struct admission_context ctx;
    size_t n_stuck = 0;

    random_set_seed(unit_seed());
    adm_open();
    ctx = adm_context();
    for (int round = 0; round < 5000; round++) {
        int n = 2 + random_range(MAX_ORDINALS - 1);
        bool by_hand = random_range(2);
        int old[MAX_ORDINALS], new[MAX_ORDINALS];
        struct admission_answer answer;
        struct admission_request req;
        bool stuck, refused = false;

        draw(old, n, n + 2);
        draw(new, n, n + 2);

        char *old_pool = make_pool(old, n), *new_pool = make_pool(new, n);
        struct workload *w = unit_sts("any", "u", n, new_pool);
        struct workload *before = unit_sts("any", "u", n, old_pool);

        admission_request_init(&req);
        w->on_delete = by_hand;
        req.update = true;
        req.workload = w;
        req.old_workload = before;
        admission_judge(&ctx, &req, &answer);
        for (size_t i = 0; i < answer.n; i++) {
            refused |= answer.findings[i].id == ADM_FIXED_IP_PERMUTATION;
        }
        stuck = !play_rollout(old, new, n, by_hand);
        n_stuck += stuck;
        CU_ASSERT_EQUAL(refused, stuck);
        if (refused != stuck) {
            printf("\n%s to %s%s: refused %d, stuck %d\n", old_pool, new_pool,
                   by_hand ? " by hand" : "", refused, stuck);
        }
        admission_answer_destroy(&answer);
        admission_request_destroy(&req);
        workload_destroy(w);
        workload_destroy(before);
        free(old_pool);
        free(new_pool);
    }
    /* Both happen. */
    CU_ASSERT(n_stuck > 100 && n_stuck < 4900);
    adm_close();
}

/* A VM: its pods' ports have its name. */
static void
test_vm(void)
{
    struct workload *old = unit_sts("vm", "vm", 1, "ip_address=10.0.0.90"NET);
    struct workload *w = unit_sts("vm", "vm", 1, "ip_address=10.0.0.91"NET);
    struct admission_context ctx;
    struct admission_request req;

    adm_open();
    ctx = adm_context();
    adm_settings.admission = ADMISSION_DENY;
    adm_settings.sts_ip_change = STS_IP_CHANGE_DENY;
    old->kind = w->kind = OWNER_VM;
    admission_request_init(&req);
    req.workload = w;
    adm_check("new", &req, &ctx, "");
    svec_add(&req.own_keys, "ovn.kubernetes.io/ip_address");
    adm_check("misplaced", &req, &ctx, "!on the VirtualMachine itself");
    svec_clear(&req.own_keys);
    req.update = true;
    req.old_workload = old;
    adm_check("stopped", &req, &ctx, "");
    unit_set_port(&adm_model, 90, 1, "net", "vm",
                  "0a:00:00:00:00:90 10.0.0.90", NULL);
    adm_check("moves", &req, &ctx,
              "FixedIPChangeAccepted: fixed IP changes (vm: 10.0.0.90 to "
          "10.0.0.91)");

    /* Its pod. */
    struct pod *pod = unit_pod("virt-launcher-vm-x", "u", OWNER_VM, "vm",
                               "ip_address=10.0.0.90"NET);
    req.workload = req.old_workload = NULL;
    req.update = false;
    req.pod = pod;
    adm_check("its own", &req, &ctx, "");
    pod_destroy(pod);
    pod = unit_pod("virt-launcher-other-x", "u", OWNER_VM, "other",
                   "ip_address=10.0.0.90"NET);
    req.pod = pod;
    adm_check("another's", &req, &ctx, "!in use by default/vm");
    pod_destroy(pod);

    admission_request_destroy(&req);
    workload_destroy(w);
    workload_destroy(old);
    adm_close();
}

void
suite_admission_template(void)
{
    CU_pSuite suite = unit_add_suite("admission_template");

    CU_ADD_TEST(suite, test_create);
    CU_ADD_TEST(suite, test_changes);
    CU_ADD_TEST(suite, test_change_policies);
    CU_ADD_TEST(suite, test_random_changes);
    CU_ADD_TEST(suite, test_vm);
}
