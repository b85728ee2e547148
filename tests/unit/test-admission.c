/* SPDX-License-Identifier: Apache-2.0 */

/* What is said of pods before they are let in (agent/core/admission*.c), as
 * vectors over one small world; of templates see
 * test-admission-template.c. */

#include <config.h>

#include "tests/unit/admission-fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "agent/core/ipam-object.h"
#include "agent/core/kube-change.h"
#include "agent/core/pod.h"
#include "agent/core/workload.h"

#include "tests/unit/unit.h"
#include "tests/unit/world.h"

/* ---- Pods. ---- */

#define NET ";logical_switch=net"

static const struct pod_vector {
    const char *name;           /* The pod's. */
    enum owner_kind kind;
    const char *owner, *annotations;
    const char *expected;       /* With --admission=deny. */
} pod_vectors[] = {
    { "new", OWNER_NONE, NULL, NULL, "" },
    { "new", OWNER_NONE, NULL, "ip_address=10.0.0.99"NET, "" },
    { "new", OWNER_NONE, NULL, "ip_address=10.0.0.99", "" },

    /* Held. */
    { "new-0", OWNER_STATEFULSET, "new", "ip_address=10.0.0.50"NET,
      "!AddressHeld: 10.0.0.50 on net is held: it left gone-0.default of "
      "default/gone-0 23 s ago, and is free again when this is done: chassis "
      "hv1 has not confirmed" },
    { "gone-0", OWNER_STATEFULSET, "gone", "ip_address=10.0.0.50"NET, "" },
    { "gone-1", OWNER_STATEFULSET, "gone", "ip_address=10.0.0.50"NET,
      "!AddressHeld" },
    { "new", OWNER_NONE, NULL, "ip_address=10.0.0.52"NET, "AddressHeld" },
    { "rs-b", OWNER_OTHER, "rs", "ip_address=10.0.0.71"NET, "" },
    { "other-b", OWNER_OTHER, "other", "ip_address=10.0.0.71"NET,
      "!AddressHeld" },
    /* By the address alone: just net can have it. */
    { "new", OWNER_NONE, NULL, "ip_address=10.0.0.50", "!AddressHeld" },

    /* In use. */
    { "new", OWNER_NONE, NULL, "ip_address=10.0.0.10"NET,
      "!AddressInUse: 10.0.0.10 on net is in use by default/run-0 (port "
      "run-0.default, on hv1) for at least 90 s: use another" },
    { "run-0", OWNER_STATEFULSET, "run", "ip_address=10.0.0.10"NET, "" },
    { "run-1", OWNER_STATEFULSET, "run", "ip_address=10.0.0.10",
      "!AddressInUse" },
    { "new", OWNER_NONE, NULL, "ip_address=10.0.0.20"NET,
      "!AddressInUse: 10.0.0.20 on net is in use by default/sticky-0 (port "
      "sticky-0.default)" },
    { "new", OWNER_NONE, NULL, "ip_address=10.0.0.80"NET,
      "!by somebody else (port foreign" },
    { "rs-b", OWNER_OTHER, "rs", "ip_address=10.0.0.70"NET, "AddressInUse" },

    /* Promised. */
    { "new", OWNER_NONE, NULL, "ip_address=10.0.0.31"NET,
      "!AddressPromised: 10.0.0.31 on net is promised to StatefulSet "
      "default/plan-1, which asks for it in ovn.kubernetes.io/ip_pool and "
      "was made " },
    { "new", OWNER_NONE, NULL, "ip_address=10.0.0.32"NET, "" },
    { "plan-1", OWNER_STATEFULSET, "plan", "ip_address=10.0.0.31"NET, "" },
    { "plan-0", OWNER_STATEFULSET, "plan", "ip_address=10.0.0.31"NET, "" },
    { "new", OWNER_NONE, NULL, "ip_address=10.0.0.60"NET,
      "!promised to pod default/waits" },
    { "waits", OWNER_NONE, NULL, "ip_address=10.0.0.60"NET, "" },
    /* The older of two comes first: neither waits for the other. */
    { "first-0", OWNER_STATEFULSET, "first", "ip_address=10.0.0.30"NET, "" },
    { "plan-0", OWNER_STATEFULSET, "plan", "ip_address=10.0.0.40"NET,
      "!promised to StatefulSet default/first-0" },

    /* Out of place. */
    { "new", OWNER_NONE, NULL, "ip_address=10.0.0.254"NET,
      "!GatewayAddress: 10.0.0.254 (ovn.kubernetes.io/ip_address) is the "
      "gateway of net: write another address of 10.0.0.0/24" },
    { "new", OWNER_NONE, NULL, "ip_address=10.0.1.1"NET,
      "!OutsideSubnet: 10.0.1.1" },
    { "new", OWNER_NONE, NULL, "ip_address=10.0.0.0"NET, "!OutsideSubnet" },
    { "new", OWNER_NONE, NULL, "ip_address=10.0.0.255"NET,
      "!OutsideSubnet" },
    { "new", OWNER_NONE, NULL, "ip_address=fd00::1"NET,
      "!NoSuchFamily: fd00::1 (ovn.kubernetes.io/ip_address) is an IPv6 "
      "address, but net has none of these (10.0.0.0/24)" },
    { "new", OWNER_NONE, NULL, "ip_address=10.1.0.1,fd00::1;"
      "logical_switch=dual", "" },
    { "new", OWNER_NONE, NULL, "ip_address=10.1.0.1,fd01::1;"
      "logical_switch=dual",
      "!fd01::1 (ovn.kubernetes.io/ip_address) is not an address for pods of "
      "dual: write one of 10.1.0.0/24, fd00::/64" },
    { "new", OWNER_NONE, NULL, "ip_address=10.0.0.99;logical_switch=nix",
      "UnknownSubnet: logical_switch of provider ovn is \"nix\"" },
    /* What an owner has, it may keep. */
    { "run-1", OWNER_STATEFULSET, "run", "ip_address=10.0.0.11", "" },

    /* Which network it is cannot be known. */
    { "new", OWNER_NONE, NULL, "ip_address=192.168.0.1", "" },
    { "new", OWNER_NONE, NULL, "ip_address=192.168.0.254;logical_switch=one",
      "!GatewayAddress" },

    /* Syntax. */
    { "new", OWNER_NONE, NULL, "ip_address=10.0.0.99/24"NET,
      "!InvalidValue: ovn.kubernetes.io/ip_address is \"10.0.0.99/24\", "
      "expected a bare IPv4" },
    { "new", OWNER_NONE, NULL, "mac_address=nix"NET, "!InvalidValue" },
    { "new-3", OWNER_STATEFULSET, "new", "ip_pool=10.0.0.97,10.0.0.98,"
      "10.0.0.99"NET, "!PoolTooShort: ovn.kubernetes.io/ip_pool has fewer "
      "items, but the highest ordinal is 3, which takes item 4: write 4" },
    { "new-2", OWNER_STATEFULSET, "new", "ip_pool=10.0.0.97,10.0.0.98,"
      "10.0.0.50"NET, "!AddressHeld" },
    { "new", OWNER_NONE, NULL, "ip_address=10.0.0.50"NET
      ";ovn.kubernetes.io/vip=v", "" },
    { "new", OWNER_NONE, NULL, "ip_address=10.0.0.50"NET
      ";ovn-ipguard.io/ignore=true", "" },
};

static void
test_pods(void)
{
    struct admission_context ctx;

    adm_open();
    ctx = adm_context();
    for (size_t i = 0; i < ARRAY_SIZE(pod_vectors); i++) {
        const struct pod_vector *v = &pod_vectors[i];
        struct pod *pod = unit_pod(v->name, "new", v->kind, v->owner,
                                   v->annotations);
        char *name = xasprintf("pod %s with %s", v->name, v->annotations);
        char *soft = adm_soften(v->expected);
        struct admission_request req;

        admission_request_init(&req);
        req.pod = pod;
        adm_settings.admission = ADMISSION_DENY;
        adm_check(name, &req, &ctx, v->expected);
        adm_settings.admission = ADMISSION_WARN;
        adm_check(name, &req, &ctx, soft);
        adm_settings.admission = ADMISSION_DENY;
        ctx.mode = MODE_OBSERVE;
        adm_check(name, &req, &ctx, soft);
        ctx.mode = MODE_GUARD;
        admission_request_destroy(&req);
        pod_destroy(pod);
        free(name);
        free(soft);
    }
    adm_close();
}

/* Whoever is never judged. */
static void
test_exempt(void)
{
    struct svec exempt = SVEC_EMPTY_INITIALIZER;
    struct admission_context ctx;
    struct admission_request req;
    struct pod *pod;

    adm_open();
    adm_settings.admission = ADMISSION_DENY;
    svec_add(&exempt, "cni");
    svec_add(&exempt, "system:node:*");
    ctx = adm_context();
    ctx.exempt = &exempt;
    pod = unit_pod("new", "new", OWNER_NONE, NULL, "ip_address=10.0.0.50"NET);
    admission_request_init(&req);
    req.pod = pod;

    adm_check("nobody", &req, &ctx, "!AddressHeld");
    req.user = "cni";
    adm_check("CNI controller", &req, &ctx, "");
    req.user = "cnix";
    adm_check("similar name", &req, &ctx, "!AddressHeld");
    req.user = "system:node:n1";
    adm_check("kubelet", &req, &ctx, "");
    req.user = "system:nodes";
    adm_check("not quite a kubelet", &req, &ctx, "!AddressHeld");
    req.deleting = true;
    adm_check("under deletion", &req, &ctx, "");
    req.deleting = false;

    ctx.not_ready = "frozen";
    adm_check("frozen", &req, &ctx,
              "NotReady: fixed addresses were not checked: frozen");
    ctx.not_ready = NULL;
    sset_add(&adm_model.opted_out_namespaces, "default");
    adm_check("namespace opted out", &req, &ctx, "");
    sset_find_and_delete(&adm_model.opted_out_namespaces, "default");

    struct workload *w = unit_sts("new", "u", 1, NULL);
    w->opted_out = true;
    unit_set_workload(&adm_model, w);
    pod_destroy(pod);
    pod = unit_pod("new-0", "new", OWNER_STATEFULSET, "new",
                   "ip_address=10.0.0.50"NET);
    req.pod = pod;
    adm_check("StatefulSet opted out", &req, &ctx, "");

    admission_request_destroy(&req);
    pod_destroy(pod);
    svec_destroy(&exempt);
    adm_close();
}

static void
test_pod_update(void)
{
    static const struct {
        const char *old, *new, *expected;
    } vectors[] = {
        /* The CNI controller, or whoever, writes down what it gave. */
        { "ip_address=10.0.0.10", "ip_address=10.0.0.10;allocated=true", "" },
        { NULL, "ip_address=10.0.0.10;allocated=true", "" },
        { "ip_address=10.0.0.10;allocated=true",
          "ip_address=10.0.0.50;allocated=true",
          "FixedIPEdited: the pod goes on with 10.0.0.10, since "
          "ovn.kubernetes.io/ip_address is read when a pod is created" },
        { "ip_address=10.0.0.10;allocated=true", NULL, "FixedIPEdited" },
        { "ip_address=10.0.0.10;allocated=true",
          "ip_address=10.0.0.50", "FixedIPEdited" },
        /* Warned at most. */
        { "ip_address=10.0.0.10", "ip_address=10.0.0.50", "AddressHeld" },
        { "ip_address=10.0.0.50", "ip_address=10.0.0.50", "" },
        { "ip_address=10.0.0.10", "ip_address=nix", "InvalidValue" },
    };
    struct admission_context ctx;

    adm_open();
    adm_settings.admission = ADMISSION_DENY;
    ctx = adm_context();
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct pod *old = unit_pod("run-0", "u0", OWNER_STATEFULSET, "run",
                                   vectors[i].old);
        struct pod *pod = unit_pod("run-0", "u0", OWNER_STATEFULSET, "run",
                                   vectors[i].new);
        struct admission_request req;

        admission_request_init(&req);
        req.update = true;
        req.pod = pod;
        req.old_pod = old;
        adm_check(vectors[i].new ? vectors[i].new : "(none)", &req, &ctx,
              vectors[i].expected);
        admission_request_destroy(&req);
        pod_destroy(pod);
        pod_destroy(old);
    }
    adm_close();
}

/* A hold that ends lets the next one in; one that has just begun tells what it
 * waits for. */
static void
test_hold_states(void)
{
    struct admission_context ctx;
    struct admission_request req;
    struct ip_addr addr = unit_ip("10.0.0.50");
    struct uuid network = unit_uuid(1);
    struct hold *h;
    struct pod *pod;

    adm_open();
    ctx = adm_context();
    adm_settings.admission = ADMISSION_DENY;
    pod = unit_pod("new", "u", OWNER_NONE, NULL, "ip_address=10.0.0.50"NET);
    admission_request_init(&req);
    req.pod = pod;
    h = hold_table_find(&adm_holds, &network, &addr);

    h->state = HOLD_INTENT;
    adm_check("intent", &req, &ctx, "!done: its removal from the port");
    h->state = HOLD_BLOCKED;
    sset_add(&h->blockers, "a");
    sset_add(&h->blockers, "b");
    adm_check("blocked", &req, &ctx, "!done: a, and 2 more");
    h->state = HOLD_CLEAN;
    sset_clear(&h->blockers);
    adm_check("clean", &req, &ctx, "!done: the last check");
    h->gone_wall_ms = WALL - 3 * 60 * 60 * 1000;
    adm_check("long ago", &req, &ctx, "!3 h ago");
    hold_table_remove(&adm_holds, h);
    adm_check("released", &req, &ctx, "");

    hold_destroy(h);
    pod_destroy(pod);
    admission_request_destroy(&req);
    adm_close();
}

static void
put_subnet(const char *name, const char *provider, const char *cidr,
           const char *gateway)
{
    struct kube_change *c = kube_change_create(KUBE_SUBNET, false, "", name,
                                               "s");

    c->subnet = subnet_object_create(name, "s");
    free(c->subnet->cidr);
    free(c->subnet->gateway);
    free(c->subnet->provider);
    c->subnet->cidr = xstrdup(cidr);
    c->subnet->gateway = xstrdup(gateway);
    c->subnet->provider = xstrdup(provider);
    model_apply_kube_change(&adm_model, c);
    kube_change_destroy(c);
}

static void
put_ip_object(const char *subnet, const char *pod, const char *ip, bool ours)
{
    char *name = xasprintf("%s.default", pod);
    struct ip_object_addr addr = { .ip = unit_ip(ip) };
    struct ip_object o = {
        .name = name, .uid = "u", .version = "7", .ns = "default", .pod = pod,
        .pod_type = "", .subnet = subnet, .addrs = &addr, .n_addrs = 1,
        .created_s = WALL / 1000 - 250,
        .ours = ours, .reserved = ours,
    };
    struct kube_change *c = kube_change_create(KUBE_IP, false, "", name, "u");

    c->ip = ip_object_clone(&o);
    model_apply_kube_change(&adm_model, c);
    kube_change_destroy(c);
    free(name);
}

/* Since when an address is in use: of a port that was seen to get it, and of
 * one that is promised. */
static void
test_since_when(void)
{
    struct workload *w = unit_sts("plan2", "u", 1, "ip_address=10.0.0.77"NET);
    struct admission_context ctx;
    struct admission_request req;
    struct pod *pod = unit_pod("new", "u", OWNER_NONE, NULL,
                               "ip_address=10.0.0.10"NET);
    struct port *p;

    adm_open();
    ctx = adm_context();
    adm_settings.admission = ADMISSION_DENY;
    p = CONST_CAST(struct port *,
                   model_find_port_by_name(&adm_model, "run-0.default"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    p->since_s = WALL / 1000 - 600;
    admission_request_init(&req);
    req.pod = pod;
    adm_check("seen", &req, &ctx, "!on hv1) for 10 min: use another");
    ip_addr_set_add(&p->ips, &(struct ip_addr) { .family = 6 });
    p->static_ips = p->ips;
    adm_check("two", &req, &ctx, "!on hv1) for at least 10 min: use another");
    pod_destroy(pod);
    p->ips.n--;
    p->static_ips.n--;

    w->created_s = WALL / 1000 - 3 * 60 * 60;
    struct kube_change *c = kube_change_create(KUBE_WORKLOAD, false, w->ns,
                                               w->name, w->uid);
    c->owner_kind = OWNER_STATEFULSET;
    c->workload = w;
    model_apply_kube_change(&adm_model, c);
    kube_change_destroy(c);
    pod = unit_pod("new", "u", OWNER_NONE, NULL, "ip_address=10.0.0.77"NET);
    req.pod = pod;
    adm_check("promised", &req, &ctx, "!and was made 3 h ago: use another");
    admission_request_destroy(&req);
    pod_destroy(pod);
    adm_close();
}

/* Kube-OVN's Subnets tell more than the switches, and its IP objects more than
 * the ports. */
static void
test_kube_ovn_objects(void)
{
    static const struct {
        const char *pod, *annotations, *expected;
    } vectors[] = {
        /* Of the two that can have it, one is an attachment's. */
        { "new", "ip_address=192.168.0.253", "!GatewayAddress: 192.168.0.253 "
          "(ovn.kubernetes.io/ip_address) is the gateway of one" },
        { "new", "net1.default.ovn.kubernetes.io/ip_address=192.168.0.253",
          "" },
        { "new", "net1.default.ovn.kubernetes.io/ip_address=192.168.0.252",
          "!is the gateway of two" },
        /* The Subnet is smaller than the router port's network. */
        { "new", "ip_address=192.168.0.100;logical_switch=one",
          "!OutsideSubnet: 192.168.0.100 (ovn.kubernetes.io/ip_address) is "
          "not an address for pods of one: write one of 192.168.0.128/25" },
        { "new", "ip_address=192.168.0.200;logical_switch=one",
          "!AddressInIPAM: 192.168.0.200 on one has the IP object "
          "lost.default of default/lost, made 4 min ago: use another" },
        { "lost", "ip_address=192.168.0.200;logical_switch=one", "" },
        /* A reservation of ours says nothing that its hold does not. */
        { "new", "ip_address=192.168.0.201;logical_switch=one", "" },
    };
    struct admission_context ctx;

    adm_open();
    ctx = adm_context();
    adm_settings.admission = ADMISSION_DENY;
    put_subnet("one", "ovn", "192.168.0.128/25", "192.168.0.253");
    put_subnet("two", "net1.default.ovn", "192.168.0.0/24", "192.168.0.252");
    put_ip_object("one", "lost", "192.168.0.200", false);
    put_ip_object("one", "sts-ipguardc0a800c91234", "192.168.0.201", true);
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct pod *pod = unit_pod(vectors[i].pod, "u", OWNER_NONE, NULL,
                                   vectors[i].annotations);
        struct admission_request req;

        admission_request_init(&req);
        req.pod = pod;
        adm_check(vectors[i].annotations, &req, &ctx, vectors[i].expected);
        admission_request_destroy(&req);
        pod_destroy(pod);
    }
    adm_close();
}

/* Promises follow their objects. */
static void
test_promises(void)
{
    struct ip_addr addr = unit_ip("10.0.0.31");
    const struct promise *p;

    adm_open();
    p = model_first_promise(&adm_model, &addr);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    CU_ASSERT_EQUAL(p->ordinal, 1);
    CU_ASSERT_PTR_NULL(model_next_promise(p));
    unit_set_workload(&adm_model, adm_sts("plan", 2, 300, "ip_pool=10.0.0.31,"
                                       "10.0.0.31;logical_switch=net"));
    p = model_first_promise(&adm_model, &addr);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    CU_ASSERT_PTR_NOT_NULL(model_next_promise(p));
    unit_drop_workload(&adm_model, "plan", "plan");
    CU_ASSERT_PTR_NULL(model_first_promise(&adm_model, &addr));

    addr = unit_ip("10.0.0.60");
    CU_ASSERT_PTR_NOT_NULL(model_first_promise(&adm_model, &addr));
    unit_set_pod(&adm_model, unit_pod("waits", "u1", OWNER_NONE, NULL,
                                  "ip_address=10.0.0.60;allocated=true"));
    CU_ASSERT_PTR_NULL(model_first_promise(&adm_model, &addr));
    adm_close();
    CU_ASSERT(hmap_is_empty(&adm_model.promises));
}

/* "### Name (effect) > text **Cause:** ... **Remedy:** ..." for each message,
 * and nothing else. */
static void
test_doc(void)
{
    static const char *const effects[] = {
        [ADM_EFFECT_WARN] = "warning",
        [ADM_EFFECT_POLICY] = "as --admission says",
        [ADM_EFFECT_REFUSE] = "refused",
    };
    char *doc = unit_read_doc("messages.md");
    size_t n_sections = 0;

    for (int i = 0; i < ADM_N_MESSAGES; i++) {
        const struct admission_message_info *info = admission_message_info(i);
        char *section = xasprintf("### %s (%s) > %s **Cause:** ", info->name,
                                  effects[info->effect], info->text);
        const char *found = strstr(doc, section);

        if (!found) {
            printf("\ndoc/messages.md lacks: %s\n", section);
        }
        CU_ASSERT_PTR_NOT_NULL(found);
        if (found) {
            const char *end = strstr(found + 1, " ### ");
            const char *remedy = strstr(found, " **Remedy:** ");

            CU_ASSERT(remedy && (!end || remedy < end));
        }
        free(section);
    }
    for (const char *p = doc; (p = strstr(p, "### ")); p++) {
        n_sections++;
    }
    CU_ASSERT_EQUAL(n_sections, ADM_N_MESSAGES);
    free(doc);
}

void
suite_admission(void)
{
    CU_pSuite suite = unit_add_suite("admission");

    CU_ADD_TEST(suite, test_pods);
    CU_ADD_TEST(suite, test_exempt);
    CU_ADD_TEST(suite, test_pod_update);
    CU_ADD_TEST(suite, test_hold_states);
    CU_ADD_TEST(suite, test_since_when);
    CU_ADD_TEST(suite, test_kube_ovn_objects);
    CU_ADD_TEST(suite, test_promises);
    CU_ADD_TEST(suite, test_doc);
}
