/* SPDX-License-Identifier: Apache-2.0 */

/* What is said of pods and templates before they are let in
 * (agent/core/admission*.c), as vectors over one small world. */

#include <config.h>

#include "agent/core/admission.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "agent/core/dialect.h"
#include "agent/core/hold.h"
#include "agent/core/ipam-object.h"
#include "agent/core/kube-change.h"
#include "agent/core/model.h"
#include "agent/core/pod.h"
#include "agent/core/workload.h"

#include "tests/unit/unit.h"
#include "tests/unit/world.h"

#define WALL 1700000000000LL

/* The world:
 *
 * net    10.0.0.0/24 with gateway 10.0.0.254, no IPv6
 * dual   10.1.0.0/24 and fd00::/64, gateways .254 and ::fe
 * one    192.168.0.0/24, and so has
 * two    192.168.0.0/24
 *
 * StatefulSet "run" runs on net: run-0 has 10.0.0.10, run-1 10.0.0.11, run-2
 * 10.0.0.12, as its ip_pool says.  "sticky" has 10.0.0.20 and names nothing.
 * "plan" is young, has no pods yet, and its ip_pool says 10.0.0.30 and .31.
 * "first" is older than all and its ip_pool says 10.0.0.40.
 *
 * 10.0.0.50 is held, formerly of gone-0, and so is .51, formerly run-1's, and
 * .52, of a plain pod.  A pod "waits" was let in and asks for 10.0.0.60.
 * "rs-a" of the ReplicaSet "rs" has 10.0.0.70; .71 is held, formerly of "rs".
 * A foreign port has 10.0.0.80. */
static struct model model;
static struct hold_table holds;
static struct settings settings;

static void
set_network(uint32_t n, const char *name, const char *networks)
{
    struct smap config = SMAP_INITIALIZER(&config);
    struct smap options = SMAP_INITIALIZER(&options);
    struct smap ids = SMAP_INITIALIZER(&ids);
    char *lrp = xasprintf("lrp-%s", name);
    char *lsp = xasprintf("lsp-%s", name);
    char *router = xstrdup("router");
    struct svec sv;
    struct nb_network_row network = {
        .uuid = unit_uuid(n), .name = name, .other_config = &config,
    };
    struct nb_port_row port = {
        .uuid = unit_uuid(1000 + n), .network = unit_uuid(n), .name = lsp,
        .type = "router", .addresses = &router, .n_addresses = 1,
        .options = &options, .external_ids = &ids,
    };

    model_set_network(&model, &network);
    if (networks) {
        unit_split(&sv, networks);
        model_set_router_port(&model, lrp, sv.names, sv.n);
        svec_destroy(&sv);
        smap_add(&options, "router-port", lrp);
        model_set_port(&model, &port);
    }
    smap_destroy(&config);
    smap_destroy(&options);
    smap_destroy(&ids);
    free(router);
    free(lrp);
    free(lsp);
}

static struct hold *
add_hold(uint32_t n, const char *ip, const char *owner, enum owner_kind kind,
         const char *workload)
{
    struct uuid row = unit_uuid(2000 + n), network = unit_uuid(1);
    struct uuid port = unit_uuid(3000 + n);
    struct ip_addr addr = unit_ip(ip);
    struct hold *h = hold_create(&row, &network, "net", &addr);
    char *port_name = xasprintf("%s.default", owner);

    h->state = HOLD_DRAINING;
    h->fixed = true;
    h->created_wall_ms = WALL - 60000;
    h->gone_wall_ms = WALL - 23000;
    hold_set_owner(h, "default", owner_kind_to_string(kind), owner, workload,
                   "");
    hold_add_former(h, &port, port_name, NULL, WALL - 23000);
    sset_add(&h->blockers, "chassis hv1 has not confirmed");
    hold_table_insert(&holds, h);
    free(port_name);
    return h;
}

static struct workload *
make_sts(const char *name, int replicas, long long int created_s,
         const char *annotations)
{
    struct workload *w = unit_sts(name, name, replicas, annotations);

    w->created_s = created_s;
    return w;
}

static void
open_world(void)
{
    settings_init(&settings);
    model_init(&model, &dialect_kube_ovn);
    hold_table_init(&holds);
    model.nb_synced = model.kube_synced = model.kube_trusted = true;

    set_network(1, "net", "10.0.0.254/24");
    set_network(2, "dual", "10.1.0.254/24,fd00::fe/64");
    set_network(3, "one", "192.168.0.254/24");
    set_network(4, "two", "192.168.0.254/24");

    unit_set_port(&model, 10, 1, "net", "run-0", "0a:00:00:00:00:10 10.0.0.10",
                  NULL);
    unit_set_port(&model, 11, 1, "net", "run-1", "0a:00:00:00:00:11 10.0.0.11",
                  NULL);
    unit_set_port(&model, 12, 1, "net", "run-2", "0a:00:00:00:00:12 10.0.0.12",
                  NULL);
    unit_set_port(&model, 20, 1, "net", "sticky-0",
                  "0a:00:00:00:00:20 10.0.0.20", NULL);
    unit_set_port(&model, 70, 1, "net", "rs-a", "0a:00:00:00:00:70 10.0.0.70",
                  NULL);
    unit_set_port(&model, 80, 1, "other", "foreign",
                  "0a:00:00:00:00:80 10.0.0.80", NULL);
    unit_set_binding(&model, "run-0.default", "0a:00:00:00:00:10 10.0.0.10",
                     NULL, "hv1", 1);

    unit_set_workload(&model, make_sts("run", 3, 200, "ip_pool=10.0.0.10,"
                                       "10.0.0.11,10.0.0.12"));
    unit_set_workload(&model, make_sts("sticky", 1, 200, NULL));
    unit_set_workload(&model, make_sts("plan", 2, 300,
                                       "ip_pool=10.0.0.30,10.0.0.31,10.0.0.32;"
                                       "logical_switch=net"));
    unit_set_workload(&model, make_sts("first", 1, 100, "ip_pool=10.0.0.40;"
                                       "logical_switch=net"));
    unit_set_pod(&model, unit_pod("run-0", "u0", OWNER_STATEFULSET, "run",
                                  "ip_address=10.0.0.10;allocated=true"));
    unit_set_pod(&model, unit_pod("waits", "u1", OWNER_NONE, NULL,
                                  "ip_address=10.0.0.60;logical_switch=net"));
    unit_set_pod(&model, unit_pod("rs-a", "u2", OWNER_OTHER, "rs",
                                  "ip_address=10.0.0.70;allocated=true"));

    add_hold(50, "10.0.0.50", "gone-0", OWNER_STATEFULSET, "gone");
    add_hold(51, "10.0.0.51", "run-1", OWNER_STATEFULSET, "run");
    add_hold(52, "10.0.0.52", "plain", OWNER_NONE, "")->fixed = false;
    add_hold(71, "10.0.0.71", "rs-z", OWNER_OTHER, "rs");
}

static void
close_world(void)
{
    hold_table_destroy(&holds);
    model_destroy(&model);
}

/* Judges and compares.  'expected' is what the findings must be, in order,
 * separated by '|': each begins with '!' if it refuses, and goes on with a
 * part of its text.  Empty: let in without a word. */
static void
judge(const char *name, const struct admission_request *req,
      const struct admission_context *ctx, const char *expected)
{
    struct admission_answer answer;
    char *copy = xstrdup(expected);
    bool refused = false, ok = true;
    char *save = NULL;
    size_t n = 0;

    admission_judge(ctx, req, &answer);
    for (char *part = strtok_r(copy, "|", &save); part;
         part = strtok_r(NULL, "|", &save)) {
        const struct admission_finding *f = &answer.findings[n];
        bool refuses = part[0] == '!';

        if (n++ >= answer.n || f->refuses != refuses
            || !strstr(f->text, part + refuses)) {
            ok = false;
        }
        refused |= refuses;
    }
    ok = ok && n == answer.n && answer.allowed == !refused;
    if (!ok) {
        printf("\n%s: expected \"%s\"\n", name, expected);
        for (size_t i = 0; i < answer.n; i++) {
            printf("  %s%s\n", answer.findings[i].refuses ? "!" : "",
                   answer.findings[i].text);
        }
    }
    CU_ASSERT(ok);
    for (size_t i = 0; i < answer.n; i++) {
        /* The API server's limit, and no place was left open. */
        CU_ASSERT(strlen(answer.findings[i].text) < 400);
        CU_ASSERT_PTR_NULL(strchr(answer.findings[i].text, '{'));
    }
    admission_answer_destroy(&answer);
    free(copy);
}

static struct admission_context
make_context(void)
{
    return (struct admission_context) {
        .model = &model, .holds = &holds, .settings = &settings,
        .mode = MODE_GUARD, .wall = WALL,
    };
}

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
      "run-0.default, on hv1)" },
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
      "default/plan-1, which asks for it in ovn.kubernetes.io/ip_pool" },
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

/* Replaces each '!' at the beginning of a finding by nothing. */
static char *
soften(const char *expected)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    for (const char *p = expected; *p; p++) {
        if (*p != '!') {
            ds_put_char(&ds, *p);
        }
    }
    return ds_steal_cstr(&ds);
}

static void
test_pods(void)
{
    struct admission_context ctx;

    open_world();
    ctx = make_context();
    for (size_t i = 0; i < ARRAY_SIZE(pod_vectors); i++) {
        const struct pod_vector *v = &pod_vectors[i];
        struct pod *pod = unit_pod(v->name, "new", v->kind, v->owner,
                                   v->annotations);
        char *name = xasprintf("pod %s with %s", v->name, v->annotations);
        char *soft = soften(v->expected);
        struct admission_request req;

        admission_request_init(&req);
        req.pod = pod;
        settings.admission = ADMISSION_DENY;
        judge(name, &req, &ctx, v->expected);
        settings.admission = ADMISSION_WARN;
        judge(name, &req, &ctx, soft);
        settings.admission = ADMISSION_DENY;
        ctx.mode = MODE_OBSERVE;
        judge(name, &req, &ctx, soft);
        ctx.mode = MODE_GUARD;
        admission_request_destroy(&req);
        pod_destroy(pod);
        free(name);
        free(soft);
    }
    close_world();
}

/* Whoever is never judged. */
static void
test_exempt(void)
{
    struct svec exempt = SVEC_EMPTY_INITIALIZER;
    struct admission_context ctx;
    struct admission_request req;
    struct pod *pod;

    open_world();
    settings.admission = ADMISSION_DENY;
    svec_add(&exempt, "cni");
    svec_add(&exempt, "system:node:*");
    ctx = make_context();
    ctx.exempt = &exempt;
    pod = unit_pod("new", "new", OWNER_NONE, NULL, "ip_address=10.0.0.50"NET);
    admission_request_init(&req);
    req.pod = pod;

    judge("nobody", &req, &ctx, "!AddressHeld");
    req.user = "cni";
    judge("CNI controller", &req, &ctx, "");
    req.user = "cnix";
    judge("similar name", &req, &ctx, "!AddressHeld");
    req.user = "system:node:n1";
    judge("kubelet", &req, &ctx, "");
    req.user = "system:nodes";
    judge("not quite a kubelet", &req, &ctx, "!AddressHeld");
    req.deleting = true;
    judge("under deletion", &req, &ctx, "");
    req.deleting = false;

    ctx.not_ready = "frozen";
    judge("frozen", &req, &ctx, "NotReady: fixed addresses were not checked: "
          "frozen");
    ctx.not_ready = NULL;
    sset_add(&model.opted_out_namespaces, "default");
    judge("namespace opted out", &req, &ctx, "");
    sset_find_and_delete(&model.opted_out_namespaces, "default");

    struct workload *w = unit_sts("new", "u", 1, NULL);
    w->opted_out = true;
    unit_set_workload(&model, w);
    pod_destroy(pod);
    pod = unit_pod("new-0", "new", OWNER_STATEFULSET, "new",
                   "ip_address=10.0.0.50"NET);
    req.pod = pod;
    judge("StatefulSet opted out", &req, &ctx, "");

    admission_request_destroy(&req);
    pod_destroy(pod);
    svec_destroy(&exempt);
    close_world();
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

    open_world();
    settings.admission = ADMISSION_DENY;
    ctx = make_context();
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
        judge(vectors[i].new ? vectors[i].new : "(none)", &req, &ctx,
              vectors[i].expected);
        admission_request_destroy(&req);
        pod_destroy(pod);
        pod_destroy(old);
    }
    close_world();
}

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

    open_world();
    ctx = make_context();
    for (size_t i = 0; i < ARRAY_SIZE(create_vectors); i++) {
        struct workload *w = unit_sts("new", "new",
                                      create_vectors[i].replicas,
                                      create_vectors[i].annotations);
        const char *name = (create_vectors[i].annotations
                            ? create_vectors[i].annotations : "(none)");
        char *soft = soften(create_vectors[i].expected);
        struct admission_request req;

        admission_request_init(&req);
        w->start = create_vectors[i].start;
        req.workload = w;
        if (create_vectors[i].own_keys) {
            svec_add(&req.own_keys, create_vectors[i].own_keys);
        }
        settings.admission = ADMISSION_DENY;
        judge(name, &req, &ctx, create_vectors[i].expected);
        settings.admission = ADMISSION_WARN;
        judge(name, &req, &ctx, soft);
        w->opted_out = true;
        judge(name, &req, &ctx, "");
        admission_request_destroy(&req);
        workload_destroy(w);
        free(soft);
    }
    close_world();
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
    struct admission_context ctx = make_context();
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
        unit_drop_pod(&model, "run-0", "u0");
        for (uint32_t n = 10; n < 13; n++) {
            struct uuid uuid = unit_uuid(n);

            model_remove_port(&model, &uuid);
        }
    }
    settings.admission = ADMISSION_DENY;
    settings.sts_ip_change = STS_IP_CHANGE_MIGRATE;
    judge(change_vectors[i].name, &req, &ctx, migrate);
    settings.sts_ip_change = STS_IP_CHANGE_DENY;
    judge(change_vectors[i].name, &req, &ctx,
          strcmp(deny, "=") ? deny : migrate);
    admission_request_destroy(&req);
    workload_destroy(w);
    workload_destroy(old);
}

static void
test_changes(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(change_vectors); i++) {
        open_world();
        judge_change(i);
        close_world();
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

    open_world();
    ctx = make_context();
    admission_request_init(&req);
    req.update = true;
    req.workload = w;
    req.old_workload = old;
    settings.admission = ADMISSION_WARN;
    settings.sts_ip_change = STS_IP_CHANGE_DENY;
    judge("warn", &req, &ctx,
          "!FixedIPPermutation|!FixedIPChangeForbidden");
    ctx.mode = MODE_OBSERVE;
    judge("observe", &req, &ctx, "FixedIPPermutation|in mode observe nothing "
          "is refused");
    admission_request_destroy(&req);
    workload_destroy(w);
    workload_destroy(old);
    close_world();
}

/* A VM: its pods' ports have its name. */
static void
test_vm(void)
{
    struct workload *old = unit_sts("vm", "vm", 1, "ip_address=10.0.0.90"NET);
    struct workload *w = unit_sts("vm", "vm", 1, "ip_address=10.0.0.91"NET);
    struct admission_context ctx;
    struct admission_request req;

    open_world();
    ctx = make_context();
    settings.admission = ADMISSION_DENY;
    settings.sts_ip_change = STS_IP_CHANGE_DENY;
    old->kind = w->kind = OWNER_VM;
    admission_request_init(&req);
    req.workload = w;
    judge("new", &req, &ctx, "");
    svec_add(&req.own_keys, "ovn.kubernetes.io/ip_address");
    judge("misplaced", &req, &ctx, "!on the VirtualMachine itself");
    svec_clear(&req.own_keys);
    req.update = true;
    req.old_workload = old;
    judge("stopped", &req, &ctx, "");
    unit_set_port(&model, 90, 1, "net", "vm", "0a:00:00:00:00:90 10.0.0.90",
                  NULL);
    judge("moves", &req, &ctx,
          "FixedIPChangeAccepted: fixed IP changes (vm: 10.0.0.90 to "
          "10.0.0.91)");

    /* Its pod. */
    struct pod *pod = unit_pod("virt-launcher-vm-x", "u", OWNER_VM, "vm",
                               "ip_address=10.0.0.90"NET);
    req.workload = req.old_workload = NULL;
    req.update = false;
    req.pod = pod;
    judge("its own", &req, &ctx, "");
    pod_destroy(pod);
    pod = unit_pod("virt-launcher-other-x", "u", OWNER_VM, "other",
                   "ip_address=10.0.0.90"NET);
    req.pod = pod;
    judge("another's", &req, &ctx, "!in use by default/vm");
    pod_destroy(pod);

    admission_request_destroy(&req);
    workload_destroy(w);
    workload_destroy(old);
    close_world();
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

    open_world();
    ctx = make_context();
    settings.admission = ADMISSION_DENY;
    pod = unit_pod("new", "u", OWNER_NONE, NULL, "ip_address=10.0.0.50"NET);
    admission_request_init(&req);
    req.pod = pod;
    h = hold_table_find(&holds, &network, &addr);

    h->state = HOLD_INTENT;
    judge("intent", &req, &ctx, "!done: its removal from the port");
    h->state = HOLD_BLOCKED;
    sset_add(&h->blockers, "a");
    sset_add(&h->blockers, "b");
    judge("blocked", &req, &ctx, "!done: a, and 2 more");
    h->state = HOLD_CLEAN;
    sset_clear(&h->blockers);
    judge("clean", &req, &ctx, "!done: the last check");
    h->gone_wall_ms = WALL - 3 * 60 * 60 * 1000;
    judge("long ago", &req, &ctx, "!3 h ago");
    hold_table_remove(&holds, h);
    judge("released", &req, &ctx, "");

    hold_destroy(h);
    pod_destroy(pod);
    admission_request_destroy(&req);
    close_world();
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
    model_apply_kube_change(&model, c);
    kube_change_destroy(c);
}

static void
put_ip_object(const char *subnet, const char *pod, const char *ip)
{
    char *name = xasprintf("%s.default", pod);
    struct ip_object_addr addr = { .ip = unit_ip(ip) };
    struct ip_object o = {
        .name = name, .uid = "u", .version = "7", .ns = "default", .pod = pod,
        .pod_type = "", .subnet = subnet, .addrs = &addr, .n_addrs = 1,
    };
    struct kube_change *c = kube_change_create(KUBE_IP, false, "", name, "u");

    c->ip = ip_object_clone(&o);
    model_apply_kube_change(&model, c);
    kube_change_destroy(c);
    free(name);
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
          "lost.default of default/lost: use another" },
        { "lost", "ip_address=192.168.0.200;logical_switch=one", "" },
    };
    struct admission_context ctx;

    open_world();
    ctx = make_context();
    settings.admission = ADMISSION_DENY;
    put_subnet("one", "ovn", "192.168.0.128/25", "192.168.0.253");
    put_subnet("two", "net1.default.ovn", "192.168.0.0/24", "192.168.0.252");
    put_ip_object("one", "lost", "192.168.0.200");
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct pod *pod = unit_pod(vectors[i].pod, "u", OWNER_NONE, NULL,
                                   vectors[i].annotations);
        struct admission_request req;

        admission_request_init(&req);
        req.pod = pod;
        judge(vectors[i].annotations, &req, &ctx, vectors[i].expected);
        admission_request_destroy(&req);
        pod_destroy(pod);
    }
    close_world();
}

/* Promises follow their objects. */
static void
test_promises(void)
{
    struct ip_addr addr = unit_ip("10.0.0.31");
    const struct promise *p;

    open_world();
    p = model_first_promise(&model, &addr);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    CU_ASSERT_EQUAL(p->ordinal, 1);
    CU_ASSERT_PTR_NULL(model_next_promise(p));
    unit_set_workload(&model, make_sts("plan", 2, 300, "ip_pool=10.0.0.31,"
                                       "10.0.0.31;logical_switch=net"));
    p = model_first_promise(&model, &addr);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    CU_ASSERT_PTR_NOT_NULL(model_next_promise(p));
    unit_drop_workload(&model, "plan", "plan");
    CU_ASSERT_PTR_NULL(model_first_promise(&model, &addr));

    addr = unit_ip("10.0.0.60");
    CU_ASSERT_PTR_NOT_NULL(model_first_promise(&model, &addr));
    unit_set_pod(&model, unit_pod("waits", "u1", OWNER_NONE, NULL,
                                  "ip_address=10.0.0.60;allocated=true"));
    CU_ASSERT_PTR_NULL(model_first_promise(&model, &addr));
    close_world();
    CU_ASSERT(hmap_is_empty(&model.promises));
}

void
suite_admission(void)
{
    CU_pSuite suite = unit_add_suite("admission");

    CU_ADD_TEST(suite, test_pods);
    CU_ADD_TEST(suite, test_exempt);
    CU_ADD_TEST(suite, test_pod_update);
    CU_ADD_TEST(suite, test_create);
    CU_ADD_TEST(suite, test_changes);
    CU_ADD_TEST(suite, test_change_policies);
    CU_ADD_TEST(suite, test_vm);
    CU_ADD_TEST(suite, test_hold_states);
    CU_ADD_TEST(suite, test_kube_ovn_objects);
    CU_ADD_TEST(suite, test_promises);
}
