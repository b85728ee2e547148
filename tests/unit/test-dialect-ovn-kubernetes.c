/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of ovn-kubernetes' annotations and ports.  The vectors follow what the
 * controller itself reads and writes; what is JSON there has its text form
 * here (see test-manifest-object.c for the way from one to the other). */

#include <config.h>

#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"

#include "random.h"
#include "smap.h"
#include "util.h"

#include "agent/core/dialect.h"

#include "tests/unit/dialect-vectors.h"

#define GIVEN "k8s.ovn.org/pod-networks="
#define NETS "k8s.v1.cni.cncf.io/networks="
#define BAD "invalid allocated"
#define DEFAULT "v1.multus-cni.io/default-network="

static void
check_claims(const struct claim_vector *vectors, size_t n)
{
    dv_check_claims(&dialect_ovn_kubernetes, vectors, n);
}

/* What the controller gave. */
static void
test_pod_networks(void)
{
    static const struct claim_vector vectors[] = {
        {"", PLAIN, "default", "none", NULL},
        {GIVEN"default@primary=10.0.0.1/24=0a:58:0a:00:00:01", PLAIN,
         "default", "explicit 10.0.0.1 0a:58:0a:00:00:01 allocated", NULL},
        /* Older controllers write no role. */
        {GIVEN"default=10.0.0.1/24=0a:58:0a:00:00:01", 3, "default",
         "explicit 10.0.0.1 0a:58:0a:00:00:01 allocated", NULL},
        {GIVEN"default@primary=10.0.0.1/24=FD00:0::1/64=0a:58:0a:00:00:01",
         VM, "default",
         "explicit 10.0.0.1,fd00::1 0a:58:0a:00:00:01 allocated", NULL},
        {GIVEN"default@primary=10.0.0.1/24=0a:58:0a:00:00:01,"
         "ns/net1@secondary=10.1.0.1/16=0a:58:0a:01:00:01", PLAIN,
         "ns/net1", "explicit 10.1.0.1 0a:58:0a:01:00:01 allocated", NULL},
        /* A network without addresses of its own. */
        {GIVEN"ns/net1@secondary=0a:58:0a:01:00:01", PLAIN, "ns/net1",
         "sticky 0a:58:0a:01:00:01 allocated", NULL},
        {GIVEN"ns/net1", PLAIN, "ns/net1", "sticky allocated", NULL},
        /* Attached twice. */
        {GIVEN"ns/net1=10.1.0.1/16=0a:58:0a:01:00:01,"
         "ns/net1/1=10.1.0.2/16=0a:58:0a:01:00:02", PLAIN, "ns/net1/1",
         "explicit 10.1.0.2 0a:58:0a:01:00:02 allocated", NULL},
        {GIVEN"ns/net1=10.1.0.1/16", PLAIN, "ns/net2", "none", NULL},
        {GIVEN"ns/net1=10.1.0.1/16", PLAIN, "default", "none", NULL},
        /* In a template it means nothing. */
        {GIVEN"default=10.0.0.1/24", TEMPLATE, "default", "none", NULL},
        /* Not what the controller writes. */
        {GIVEN"default=10.0.0.1", PLAIN, "default", BAD,
         "k8s.ovn.org/pod-networks is \"default=10.0.0.1\""},
        {GIVEN"default=10.0.0.1/33", PLAIN, "default", BAD, NULL},
        {GIVEN"default=10.0.0.1/", PLAIN, "default", BAD, NULL},
        {GIVEN"default=10.0.0.1/24/1", PLAIN, "default", BAD, NULL},
        {GIVEN"default=fd00::1/129", PLAIN, "default", BAD, NULL},
        {GIVEN"default=::ffff:10.0.0.1/96", PLAIN, "default", BAD,
         NULL},
        {GIVEN"default=127.0.0.1/8", PLAIN, "default", BAD, NULL},
        {GIVEN"default=10.0.0.1/24=10.0.0.2/24", PLAIN, "default", BAD,
         "one of each family"},
        {GIVEN"default=10.0.0.1/24=fd00::1/64=10.0.0.2/24", PLAIN, "default",
         BAD, NULL},
        {GIVEN"default=0a:58:0a:00:00", PLAIN, "default", BAD, NULL},
        {GIVEN"default=", PLAIN, "default", BAD, NULL},
        {GIVEN"net1=10.0.0.1/24", PLAIN, "default", "invalid",
         "object in JSON"},
        {GIVEN"{\"default\"\n", PLAIN, "default", "invalid", "\\x0a"},
        {GIVEN"{|"NETS"net1", PLAIN, "ns/net1", "invalid", NULL},
        {GIVEN"{", PLAIN, "ns/net1", "invalid", NULL},
    };

    check_claims(vectors, ARRAY_SIZE(vectors));
}

/* What users ask for on listed networks. */
static void
test_networks(void)
{
    static const struct claim_vector vectors[] = {
        {NETS"net1", PLAIN, "ns/net1", "sticky", NULL},
        {NETS"other/net1@eth1", PLAIN, "other/net1", "sticky", NULL},
        {NETS"net1=10.1.0.1/24", PLAIN, "ns/net1", "explicit 10.1.0.1", NULL},
        {NETS"net1=10.1.0.1/24", 1, "ns/net1", "explicit 10.1.0.1", NULL},
        {NETS"net1=10.1.0.1/24", TEMPLATE, "ns/net1", "explicit 10.1.0.1",
         NULL},
        {NETS"net1=10.1.0.1/24=fd00::1/64=02:00:00:00:00:01", PLAIN,
         "ns/net1", "explicit 10.1.0.1,fd00::1 02:00:00:00:00:01", NULL},
        {NETS"net1=02:00:00:00:00:01", PLAIN, "ns/net1",
         "sticky 02:00:00:00:00:01", NULL},
        {NETS"net1,net1=10.1.0.2/24,a/net1=10.1.0.3/24,ns/net1=10.1.0.4/24",
         PLAIN, "ns/net1/1", "explicit 10.1.0.2", NULL},
        {NETS"net1,net1=10.1.0.2/24,a/net1=10.1.0.3/24,ns/net1=10.1.0.4/24",
         PLAIN, "ns/net1/2", "explicit 10.1.0.4", NULL},
        {NETS"net1,net1=10.1.0.2/24,a/net1=10.1.0.3/24", PLAIN, "a/net1",
         "explicit 10.1.0.3", NULL},
        /* The controller wants the prefix, and takes nothing else. */
        {NETS"net1=10.1.0.1", PLAIN, "ns/net1", "invalid",
         "networks is \"10.1.0.1\", expected addresses with the length"},
        {NETS"net1=10.1.0.1/24=10.1.0.2/24", PLAIN, "ns/net1", "invalid",
         NULL},
        {NETS"net1=01:00:00:00:00:01", PLAIN, "ns/net1", "invalid",
         "unicast MAC"},
        /* What it gave counts, whatever was asked for. */
        {NETS"net1=10.1.0.1/24=02:00:00:00:00:01|"
         GIVEN"ns/net1=10.1.0.9/24=02:00:00:00:00:09", PLAIN, "ns/net1",
         "explicit 10.1.0.9 02:00:00:00:00:09 allocated", NULL},
        {NETS"net1=10.1.0.1|"GIVEN"ns/net1=10.1.0.9/24", PLAIN, "ns/net1",
         "explicit 10.1.0.9 allocated", NULL},
        {NETS"net1=10.1.0.1/24|"GIVEN"default=10.0.0.9/24", PLAIN, "ns/net1",
         "explicit 10.1.0.1", NULL},
    };

    check_claims(vectors, ARRAY_SIZE(vectors));
}

/* The primary user-defined network, which is not listed anywhere. */
static void
test_primary(void)
{
#define DEFAULT_NAD DEFAULT"ovn-kubernetes/default"
    static const struct claim_vector vectors[] = {
        {DEFAULT_NAD"=10.2.0.1/16", PLAIN, "ns/udn", "explicit 10.2.0.1",
         NULL},
        {DEFAULT_NAD"=10.2.0.1/16=fd02::1/64=02:00:00:00:00:01", TEMPLATE,
         "ns/udn", "explicit 10.2.0.1,fd02::1 02:00:00:00:00:01", NULL},
        /* Of it the cluster's own network takes the MAC alone. */
        {DEFAULT_NAD"=10.2.0.1/16", PLAIN, "default", "none", NULL},
        {DEFAULT_NAD"=10.2.0.1/16=02:00:00:00:00:01", PLAIN, "default",
         "sticky 02:00:00:00:00:01", NULL},
        {DEFAULT_NAD, PLAIN, "ns/udn", "none", NULL},
        /* A listed network is not the primary one. */
        {DEFAULT_NAD"=10.2.0.1/16|"NETS"net1", PLAIN, "ns/net1", "sticky",
         NULL},
        {DEFAULT_NAD"=10.2.0.1/16|"NETS"net1", PLAIN, "ns/udn",
         "explicit 10.2.0.1", NULL},
        /* ... so that one must know what is listed. */
        {DEFAULT_NAD"=10.2.0.1/16|"NETS"[{", PLAIN, "ns/udn", "invalid",
         "networks is \"[{\""},
        {DEFAULT_NAD"=10.2.0.1", PLAIN, "ns/udn", "invalid",
         "default-network is \"10.2.0.1\""},
        {DEFAULT"a/b,c/d=10.2.0.1/16", PLAIN, "ns/udn", "invalid",
         "expected one network"},
        {DEFAULT"=", PLAIN, "ns/udn", "invalid", NULL},
        /* Given. */
        {GIVEN"default@infrastructure-locked=10.0.0.1/24,"
         "ns/udn@primary=10.2.0.9/16=0a:58:0a:02:00:09", PLAIN, "ns/udn",
         "explicit 10.2.0.9 0a:58:0a:02:00:09 allocated", NULL},
        {GIVEN"default@infrastructure-locked=10.0.0.1/24,"
         "ns/udn@primary=10.2.0.9/16", PLAIN, "default",
         "explicit 10.0.0.1 allocated", NULL},
        {DEFAULT_NAD"=10.2.0.1/16|"
         GIVEN"default@infrastructure-locked=10.0.0.1/24,"
         "ns/udn@primary=10.2.0.9/16", PLAIN, "primary",
         "explicit 10.2.0.9 allocated", NULL},
        /* The default network may be the primary one, as ever. */
        {DEFAULT_NAD"=10.2.0.1/16|"GIVEN"default@primary=10.0.0.1/24", PLAIN,
         "default", "explicit 10.0.0.1 allocated", NULL},
    };

    check_claims(vectors, ARRAY_SIZE(vectors));
}

static void
test_names(void)
{
    static const struct {
        const char *s;
        bool nad;
    } vectors[] = {
        {"ns/net", true}, {"ns/net/1", true}, {"ns/net.a/12", true},
        {"default", false}, {"primary", false}, {"", false}, {"/", false},
        {"ns/", false}, {"/net", false}, {"ns/net/", false},
        {"ns/net/0", false}, {"ns/net/x", false}, {"ns/net/1/2", false},
        {"ns/net/1x", false}, {"ns/net/123456", false}, {"n.s/net", false},
        {"ns/Net", false}, {"ns/a_b", false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        const char *s = vectors[i].s;
        bool known = (vectors[i].nad || !strcmp(s, "default")
                      || !strcmp(s, "primary"));

        CU_ASSERT_EQUAL(dialect_ovn_kubernetes.knows_provider(s), known);
        CU_ASSERT_FALSE(dialect_kube_ovn.knows_provider(s));
    }
    CU_ASSERT_TRUE(dialect_ovn_kubernetes.watches("k8s.ovn.org/pod-networks"));
    CU_ASSERT_TRUE(dialect_ovn_kubernetes.watches(
                       "k8s.v1.cni.cncf.io/networks"));
    CU_ASSERT_TRUE(dialect_ovn_kubernetes.watches(
                       "v1.multus-cni.io/default-network"));
    CU_ASSERT_FALSE(dialect_ovn_kubernetes.watches(
                        "k8s.v1.cni.cncf.io/network-status"));
    CU_ASSERT_FALSE(dialect_ovn_kubernetes.watches(
                        "ovn.kubernetes.io/ip_address"));
    CU_ASSERT_PTR_EQUAL(dialect_by_name("ovn-kubernetes"),
                        &dialect_ovn_kubernetes);
}

/* Only a port that is proven a pod's in every way is owned. */
static void
test_ports(void)
{
#define IDS "pod=true|namespace=ns-1"
#define NET_IDS(NAD, NETWORK, TOPOLOGY) \
    IDS"|k8s.ovn.org/nad="NAD"|k8s.ovn.org/network="NETWORK \
    "|k8s.ovn.org/topology="TOPOLOGY
    static const struct port_vector vectors[] = {
        /* The default network: a switch for each node. */
        {"ns-1_web-0", "", "node-1", IDS,
         "requested-chassis=c1|iface-id-ver=u1", "owned ns-1/web-0 default",
         "agree"},
        {"ns-1_a.b-c", "", "node-1", IDS, "", "owned ns-1/a.b-c default",
         NULL},
        {"k8s-x_web-0", "", "node-1", "pod=true|namespace=k8s-x", "",
         "owned k8s-x/web-0 default", NULL},
        /* User-defined networks, primary or not. */
        {"ns.1.blue.net_ns-1_web-0", "", "blue.net_ovn_layer2_switch",
         NET_IDS("ns-1/blue-net", "blue-net", "layer2"),
         "requested-tnl-key=7", "owned ns-1/web-0 ns-1/blue-net", NULL},
        {"ns.1.blue.net_ns-1_web-0", "", "ns.1_blue.net_ovn_layer2_switch",
         NET_IDS("ns-1/blue-net", "ns-1_blue-net", "layer2"), "",
         "owned ns-1/web-0 ns-1/blue-net", NULL},
        {"ns.1.red_ns-1_web-0", "", "cluster_udn_red_node-1",
         NET_IDS("ns-1/red", "cluster_udn_red", "layer3"), "",
         "owned ns-1/web-0 ns-1/red", NULL},
        {"x.vlan10_ns-1_web-0", "", "vlan10_ovn_localnet_switch",
         NET_IDS("x/vlan10", "vlan10", "localnet"), "",
         "owned ns-1/web-0 x/vlan10", NULL},
        {"x.vlan10.1_ns-1_web-0", "", "vlan10_ovn_localnet_switch",
         NET_IDS("x/vlan10/1", "vlan10", "localnet"), "",
         "owned ns-1/web-0 x/vlan10/1", NULL},
        /* Something disagrees. */
        {"ns-2_web-0", "", "node-1", IDS, "", "foreign",
         "does not give the name"},
        {"ns-1_", "", "node-1", IDS, "", "foreign", NULL},
        {"ns-1", "", "node-1", IDS, "", "foreign", NULL},
        {"ns-1_web_0", "", "node-1", IDS, "", "foreign", NULL},
        {"x_ns-1_web-0", "", "node-1", IDS, "", "foreign", NULL},
        {"ns-1_web-0", "", NULL, IDS, "", "foreign", "no logical switch"},
        {"ns-1_web-0", "", "node-1", "pod=true", "", "foreign",
         "namespace is \"\""},
        {"_web-0", "", "node-1", "pod=true|namespace=", "", "foreign", NULL},
        {"a_b_web-0", "", "node-1", "pod=true|namespace=a_b", "", "foreign",
         NULL},
        {"ns-1_web-0", "", "node-1", "pod=True|namespace=ns-1", "",
         "foreign", "pod is \"True\""},
        {"ns-1_web-0", "", "node-1", "namespace=ns-1", "", "foreign",
         "no external_ids:pod"},
        {"ns-1_web-0", "", "node-1", "", "", "foreign", NULL},
        {"ns-1_web-0", "virtual", "node-1", IDS, "", "foreign",
         "type virtual"},
        {"ns.1.blue_ns-1_web-0", "", "blue.net_ovn_layer2_switch",
         NET_IDS("ns-1/blue-net", "blue-net", "layer2"), "", "foreign",
         "does not give the name"},
        {"ns-1_web-0", "", "blue.net_ovn_layer2_switch",
         NET_IDS("ns-1/blue-net", "blue-net", "layer2"), "", "foreign",
         NULL},
        {"ns.1.blue.net_ns-1_web-0", "", "node-1",
         NET_IDS("ns-1/blue-net", "blue-net", "layer2"), "", "foreign",
         "but the port is on \"node-1\""},
        {"ns.1.blue.net_ns-1_web-0", "", "blue.net_node-1",
         NET_IDS("ns-1/blue-net", "blue-net", "layer2"), "", "foreign",
         NULL},
        {"ns.1.blue.net_ns-1_web-0", "", "blue.net_ovn_layer2_switch",
         NET_IDS("ns-1/blue-net", "blue-net", "localnet"), "", "foreign",
         NULL},
        {"ns.1.blue.net_ns-1_web-0", "", "blue.net_",
         NET_IDS("ns-1/blue-net", "blue-net", "layer3"), "", "foreign",
         NULL},
        {"ns.1.blue.net_ns-1_web-0", "", "blue.net_x",
         NET_IDS("ns-1/blue-net", "blue-net", "x"), "", "foreign", NULL},
        {"ns.1.blue.net_ns-1_web-0", "", "blue.net_ovn_layer2_switch",
         IDS"|k8s.ovn.org/nad=ns-1/blue-net", "", "foreign",
         "not an attachment and its network"},
        {"ns-1_web-0", "", "node-1", IDS"|k8s.ovn.org/network=blue", "",
         "foreign", NULL},
        {"ns-1_web-0", "", "node-1", IDS"|k8s.ovn.org/nad=default"
         "|k8s.ovn.org/network=default", "", "foreign", NULL},
        /* The controller's own. */
        {"ns.1.blue.net_ns-1_web-0", "remote", "blue.net_ovn_layer2_switch",
         NET_IDS("ns-1/blue-net", "blue-net", "layer2"), "",
         "infrastructure", "another zone"},
        {"k8s-node-1", "", "node-1", "", "", "infrastructure",
         "management port"},
        {"k8s-blue_node-1", "", "blue_ovn_layer2_switch", "", "",
         "infrastructure", NULL},
        {"int-node-1", "", "node-1", "", "", "infrastructure", "hybrid"},
        {"stor-node-1", "router", "node-1", "",
         "router-port=rtos-node-1|arp_proxy=1.1.1.1", "infrastructure",
         NULL},
        {"stotr-blue_ovn_layer2_switch", "router", "blue_ovn_layer2_switch",
         "k8s.ovn.org/network=blue|k8s.ovn.org/topology=layer2", "",
         "infrastructure", NULL},
        {"jtor-GR_node-1", "router", "join", "", "", "infrastructure", NULL},
        {"etor-GR_node-1", "router", "ext_node-1", "",
         "nat-addresses=router", "infrastructure", NULL},
        {"tstor-node-1", "router", "transit_switch", "node=node-1", "",
         "infrastructure", NULL},
        {"tstor-node-2", "remote", "transit_switch", "node=node-2", "",
         "infrastructure", "another zone"},
        {"blue_ovn_localnet_port", "localnet", "blue_ovn_localnet_switch",
         "k8s.ovn.org/network=blue", "", "infrastructure",
         "of the network itself"},
        {"br-ex_node-1", "localnet", "ext_node-1", "", "", "foreign", NULL},
        {"stor-node-1", "", "node-1", "", "", "foreign", NULL},
        {"nodes", "", "node-1", "", "", "foreign", NULL},
        /* Kube-OVN's. */
        {"web-0.ns", "", "net", "vendor=kube-ovn|ls=net|pod=ns/web-0", "",
         "foreign", "pod is \"ns/web-0\", not true"},
    };

    dv_check_ports(&dialect_ovn_kubernetes, vectors, ARRAY_SIZE(vectors));
}

/* What else the row of an owned port tells. */
static void
test_proof(void)
{
    struct smap ids, options;
    struct port_proof proof;

    dv_parse_smap(NET_IDS("ns-1/red", "cluster_udn_red", "layer3"), &ids);
    dv_parse_smap("iface-id-ver=u1", &options);
    dialect_ovn_kubernetes.prove_port("ns.1.red_ns-1_web-0", "",
                                      "cluster_udn_red_node-1", &ids,
                                      &options, &proof);
    CU_ASSERT_STRING_EQUAL_FATAL(proof.cni_network, "cluster_udn_red");
    CU_ASSERT_STRING_EQUAL_FATAL(proof.pod_uid, "u1");
    port_proof_destroy(&proof);
    smap_destroy(&ids);

    dv_parse_smap(IDS, &ids);
    smap_clear(&options);
    dialect_ovn_kubernetes.prove_port("ns-1_web-0", "", "node-1", &ids,
                                      &options, &proof);
    CU_ASSERT_STRING_EQUAL_FATAL(proof.cni_network, "default");
    CU_ASSERT_PTR_NULL(proof.pod_uid);
    port_proof_destroy(&proof);
    smap_destroy(&ids);
    smap_destroy(&options);
}

static void
put_junk(struct ds *ds, int n)
{
    static const char *const pieces[] = {
        ",", "=", "@", "/", ".", "_", "-", "{", "[", "\"", " ", "\n", "\xff",
        "default", "primary", "ns", "net", "ns/net", "ns/net/1", "ns.net_",
        "10.0.0.1/24", "10.0.0.1", "fd00::1/64", "/24", "0a:00:00:00:00:01",
        "web-0", "true",
    };

    for (int i = random_range(n + 1); i > 0; i--) {
        ds_put_cstr(ds, pieces[random_range(ARRAY_SIZE(pieces))]);
    }
}

static void
test_random_annotations(void)
{
    static const char *const keys[] = {
        "k8s.ovn.org/pod-networks", "k8s.v1.cni.cncf.io/networks",
        "v1.multus-cni.io/default-network",
    };

    random_set_seed(unit_seed());
    for (int i = 0; i < 20000; i++) {
        struct claim_subject subject = dv_subject((int) random_range(8) - 4);
        struct smap annotations = SMAP_INITIALIZER(&annotations);
        struct claims claims;

        for (size_t j = 0; j < ARRAY_SIZE(keys); j++) {
            struct ds value = DS_EMPTY_INITIALIZER;

            put_junk(&value, 10);
            smap_add(&annotations, keys[j], ds_cstr(&value));
            ds_destroy(&value);
        }
        claims_init(&claims);
        dialect_ovn_kubernetes.read_claims(&annotations, &subject, &claims);
        dv_check_sane(&claims);
        for (size_t j = 0; j < claims.n; j++) {
            CU_ASSERT_TRUE(dialect_ovn_kubernetes.knows_provider(
                               claims.claims[j].provider));
        }
        claims_destroy(&claims);
        smap_destroy(&annotations);
    }
}

/* A port that is owned has just the name that its owner gives it. */
static void
test_random_ports(void)
{
    size_t n_owned = 0;

    random_set_seed(unit_seed());
    for (int i = 0; i < 20000; i++) {
        struct smap external_ids = SMAP_INITIALIZER(&external_ids);
        struct smap options = SMAP_INITIALIZER(&options);
        struct ds name = DS_EMPTY_INITIALIZER;
        struct port_proof proof;
        bool nad = random_range(2);

        put_junk(&name, 2);
        ds_put_cstr(&name, "ns_");
        put_junk(&name, 2);
        smap_add(&external_ids, "pod", "true");
        smap_add(&external_ids, "namespace", "ns");
        if (nad) {
            smap_add(&external_ids, "k8s.ovn.org/nad", "ns/net");
            smap_add(&external_ids, "k8s.ovn.org/network", "net");
            smap_add(&external_ids, "k8s.ovn.org/topology", "layer3");
        }
        dialect_ovn_kubernetes.prove_port(ds_cstr(&name), "", "net_n1",
                                          &external_ids, &options, &proof);
        if (proof.kind == PORT_OWNED) {
            char *expected = xasprintf("%sns_%s", nad ? "ns.net_" : "",
                                       proof.owner);

            CU_ASSERT_STRING_EQUAL(ds_cstr(&name), expected);
            free(expected);
            n_owned++;
        }
        port_proof_destroy(&proof);
        ds_destroy(&name);
        smap_destroy(&external_ids);
    }
    CU_ASSERT_TRUE(n_owned > 100);
}

void
suite_dialect_ovn_kubernetes(void)
{
    CU_pSuite suite = unit_add_suite("dialect-ovn-kubernetes");

    CU_ADD_TEST(suite, test_pod_networks);
    CU_ADD_TEST(suite, test_networks);
    CU_ADD_TEST(suite, test_primary);
    CU_ADD_TEST(suite, test_names);
    CU_ADD_TEST(suite, test_ports);
    CU_ADD_TEST(suite, test_proof);
    CU_ADD_TEST(suite, test_random_annotations);
    CU_ADD_TEST(suite, test_random_ports);
}
