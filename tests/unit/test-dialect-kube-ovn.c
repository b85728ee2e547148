/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of Kube-OVN's annotations and ports.  The vectors follow what the
 * controller itself does with each value. */

#include <config.h>

#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"

#include "packets.h"
#include "random.h"
#include "smap.h"
#include "util.h"

#include "agent/core/dialect.h"

#include "tests/unit/dialect-vectors.h"

#define OVN "ovn.kubernetes.io/"
#define NET1 "net1.ns.ovn.kubernetes.io/"

static void
check_claims(const struct claim_vector *vectors, size_t n)
{
    dv_check_claims(&dialect_kube_ovn, vectors, n);
}

/* ip_address. */
static void
test_ip_address(void)
{
    static const struct claim_vector vectors[] = {
        {"", PLAIN, "ovn", "none", NULL},
        {OVN"ip_address=10.0.0.1", PLAIN, "ovn", "explicit 10.0.0.1", NULL},
        {OVN"ip_address=10.0.0.1", 3, "ovn", "explicit 10.0.0.1", NULL},
        {OVN"ip_address=FD00:0:0::0001", 0, "ovn", "explicit fd00::1", NULL},
        {OVN"ip_address=10.0.0.1,fd00::1", 0, "ovn",
         "explicit 10.0.0.1,fd00::1", NULL},
        {OVN"ip_address=fd00::1,10.0.0.1", VM, "ovn",
         "explicit fd00::1,10.0.0.1", NULL},
        {OVN"ip_address=", 0, "ovn", "sticky", NULL},
        {OVN"ip_address=10.0.0.1/24", 0, "ovn", "invalid",
         OVN"ip_address is \"10.0.0.1/24\", expected a bare IPv4"},
        {OVN"ip_address=10.0.0.1, fd00::1", 0, "ovn", "invalid", "expected"},
        {OVN"ip_address= 10.0.0.1", 0, "ovn", "invalid", NULL},
        {OVN"ip_address=10.0.0.1,", 0, "ovn", "invalid", NULL},
        {OVN"ip_address=10.0.0.1,10.0.0.2", 0, "ovn", "invalid", NULL},
        {OVN"ip_address=10.0.0.1,10.0.0.1", 0, "ovn", "invalid", NULL},
        {OVN"ip_address=fd00::1,fd00::2", 0, "ovn", "invalid", NULL},
        {OVN"ip_address=127.0.0.1", 0, "ovn", "invalid", NULL},
        {OVN"ip_address=10.0.0.1,ff02::1", 0, "ovn", "invalid", NULL},
        {OVN"ip_pool=0.0.0.0;10.0.0.1", 0, "ovn", "invalid", NULL},
        {OVN"ip_address=10.0.0.1,fd00::1,10.0.0.2", 0, "ovn", "invalid",
         NULL},
        {OVN"ip_address=10.0.0.01", 0, "ovn", "invalid", NULL},
        {OVN"ip_address=10.0.0.256", 0, "ovn", "invalid", NULL},
        {OVN"ip_address=10.0.0", 0, "ovn", "invalid", NULL},
        {OVN"ip_address=::ffff:10.0.0.1", 0, "ovn", "invalid", NULL},
        {OVN"ip_address=fe80::1%eth0", 0, "ovn", "invalid", NULL},
        {OVN"ip_address=none", 0, "ovn", "invalid", "\"none\""},
        {OVN"ip_address=a\x01\n", 0, "ovn", "invalid", "\"a\\x01\\x0a\""},
        {OVN"logical_switch=sub1", 0, "ovn", "sticky on sub1", NULL},
        {OVN"ip_address=10.0.0.1|"OVN"logical_switch=sub1", 0, "ovn",
         "explicit 10.0.0.1 on sub1", NULL},
    };

    check_claims(vectors, ARRAY_SIZE(vectors));
}

/* ip_pool, in every form. */
static void
test_ip_pool(void)
{
    static const struct claim_vector vectors[] = {
        /* Semicolons. */
        {OVN"ip_pool=10.0.0.1;10.0.0.2", 0, "ovn", "explicit 10.0.0.1", NULL},
        {OVN"ip_pool=10.0.0.1;10.0.0.2", 1, "ovn", "explicit 10.0.0.2", NULL},
        {OVN"ip_pool=10.0.0.1;10.0.0.2", 2, "ovn", "short-pool", NULL},
        {OVN"ip_pool= 10.0.0.1 ; 10.0.0.2 ", 1, "ovn", "explicit 10.0.0.2",
         NULL},
        {OVN"ip_pool=10.0.0.1,fd00::1;10.0.0.2,fd00::2", 1, "ovn",
         "explicit 10.0.0.2,fd00::2", NULL},
        {OVN"ip_pool=10.0.0.1,fd00::1;10.0.0.2, fd00::2", 0, "ovn",
         "explicit 10.0.0.1,fd00::1", NULL},
        {OVN"ip_pool=10.0.0.1,fd00::1;10.0.0.2, fd00::2", 1, "ovn",
         "invalid", "\"10.0.0.2, fd00::2\" to be one address"},
        {OVN"ip_pool=10.0.0.1,10.0.0.3;10.0.0.2", 0, "ovn", "invalid",
         "to be one address"},
        {OVN"ip_pool=10.0.0.1;", 0, "ovn", "invalid", "IPPool"},
        {OVN"ip_pool=;", 0, "ovn", "invalid", NULL},
        {OVN"ip_pool=10.0.0.1;x", 0, "ovn", "invalid", NULL},
        /* Commas. */
        {OVN"ip_pool=10.0.0.1,10.0.0.2", 0, "ovn", "explicit 10.0.0.1", NULL},
        {OVN"ip_pool=10.0.0.1,10.0.0.2", 1, "ovn", "explicit 10.0.0.2", NULL},
        {OVN"ip_pool=10.0.0.1,10.0.0.2,10.0.0.3", 2, "ovn",
         "explicit 10.0.0.3", NULL},
        {OVN"ip_pool=10.0.0.1, 10.0.0.2, 10.0.0.3", 1, "ovn",
         "explicit 10.0.0.2", NULL},
        {OVN"ip_pool=fd00::1,fd00::2", 1, "ovn", "explicit fd00::2", NULL},
        /* Exactly two of different families are one item. */
        {OVN"ip_pool=10.0.0.1,fd00::1", 0, "ovn",
         "explicit 10.0.0.1,fd00::1", NULL},
        {OVN"ip_pool=10.0.0.1,fd00::1", 1, "ovn", "short-pool", NULL},
        {OVN"ip_pool=fd00::1,10.0.0.1", 0, "ovn",
         "explicit fd00::1,10.0.0.1", NULL},
        /* ... and so are two of which one has a blank: a trap. */
        {OVN"ip_pool=10.0.0.1, 10.0.0.2", 0, "ovn", "invalid",
         "without blanks"},
        /* Three of both families are three. */
        {OVN"ip_pool=10.0.0.1,fd00::1,10.0.0.2", 1, "ovn",
         "explicit fd00::1", NULL},
        {OVN"ip_pool=10.0.0.1,10.0.0.2/24", 0, "ovn", "invalid", NULL},
        /* One. */
        {OVN"ip_pool=10.0.0.1", 0, "ovn", "explicit 10.0.0.1", NULL},
        {OVN"ip_pool= 10.0.0.1 ", 0, "ovn", "explicit 10.0.0.1", NULL},
        {OVN"ip_pool=10.0.0.1", 1, "ovn", "short-pool", NULL},
        {OVN"ip_pool=10.0.0.1/24", 0, "ovn", "invalid", "IPPool"},
        {OVN"ip_pool=pool-1", 0, "ovn", "sticky", NULL},
        {OVN"ip_pool=pool-1", PLAIN, "ovn", "sticky", NULL},
        {OVN"ip_pool=Pool_1", 0, "ovn", "invalid", NULL},
        {OVN"ip_pool= ", 0, "ovn", "invalid", NULL},
        {OVN"ip_pool=", 0, "ovn", "sticky", NULL},
        /* Not a StatefulSet's: the first that is free, whichever that is. */
        {OVN"ip_pool=10.0.0.1;10.0.0.2", PLAIN, "ovn", "sticky", NULL},
        {OVN"ip_pool=10.0.0.1,10.0.0.2", VM, "ovn", "sticky", NULL},
        {OVN"ip_pool=10.0.0.1", PLAIN, "ovn", "explicit 10.0.0.1", NULL},
        {OVN"ip_pool=10.0.0.1,fd00::1", PLAIN, "ovn",
         "explicit 10.0.0.1,fd00::1", NULL},
        {OVN"ip_pool=10.0.0.1;x", PLAIN, "ovn", "invalid", NULL},
        /* A number that cannot be known. */
        {OVN"ip_pool=10.0.0.1;10.0.0.2", UNNUMBERED, "ovn", "short-pool",
         NULL},
        /* Other providers. */
        {NET1"ip_pool=10.1.0.1;10.1.0.2", 1, "net1.ns.ovn",
         "explicit 10.1.0.2", NULL},
    };

    check_claims(vectors, ARRAY_SIZE(vectors));
}

/* What precedes what, and what a controller's output changes. */
static void
test_precedence(void)
{
    static const struct claim_vector vectors[] = {
        {OVN"ip_address=10.0.0.9|"OVN"ip_pool=10.0.0.1;10.0.0.2", 1, "ovn",
         "explicit 10.0.0.9", NULL},
        {OVN"ip_address=|"OVN"ip_pool=10.0.0.1;10.0.0.2", 1, "ovn",
         "explicit 10.0.0.2", NULL},
        {OVN"vip=v1|"OVN"ip_address=10.0.0.9", 1, "ovn", "vip 10.0.0.9",
         NULL},
        {OVN"vip=v1|"OVN"ip_address=junk", 1, "ovn", "vip", NULL},
        {OVN"vip=v1", 1, "ovn", "vip", NULL},
        {OVN"vip=|"OVN"ip_address=10.0.0.9", 1, "ovn", "explicit 10.0.0.9",
         NULL},
        /* It precedes the others on all networks. */
        {OVN"vip=v1|"NET1"ip_address=10.1.0.9", 1, "net1.ns.ovn",
         "vip 10.1.0.9", NULL},
        /* The output is what the pod runs with, whatever else is asked. */
        {OVN"allocated=true|"OVN"ip_address=10.0.0.9|"OVN"ip_pool=10.0.0.1",
         0, "ovn", "explicit 10.0.0.9 allocated", NULL},
        {OVN"allocated=true|"OVN"ip_address=10.0.0.9|"OVN"ip_pool=junk/", 0,
         "ovn", "explicit 10.0.0.9 allocated", NULL},
        {OVN"allocated=true|"OVN"ip_address=10.0.0.9,fd00::9|"
         OVN"mac_address=0a:00:00:00:00:09|"OVN"logical_switch=sub1", PLAIN,
         "ovn", "explicit 10.0.0.9,fd00::9 0a:00:00:00:00:09 on sub1 "
         "allocated", NULL},
        {OVN"allocated=true", 0, "ovn", "sticky allocated", NULL},
        {OVN"allocated=true|"OVN"ip_address=junk", 0, "ovn",
         "invalid allocated", NULL},
        {OVN"allocated=false|"OVN"ip_address=10.0.0.9", 0, "ovn",
         "explicit 10.0.0.9", NULL},
        /* Outputs in a template mean nothing. */
        {OVN"allocated=true|"OVN"ip_pool=10.0.0.1", TEMPLATE, "ovn",
         "explicit 10.0.0.1", NULL},
        /* One provider's output says nothing about another. */
        {OVN"allocated=true|"OVN"ip_address=10.0.0.9|"
         NET1"ip_pool=10.1.0.1;10.1.0.2", 1, "net1.ns.ovn",
         "explicit 10.1.0.2", NULL},
    };

    check_claims(vectors, ARRAY_SIZE(vectors));
}

static void
test_mac_and_family(void)
{
    static const struct claim_vector vectors[] = {
        {OVN"mac_address=00:00:00:AB:cd:01", 0, "ovn",
         "sticky 00:00:00:ab:cd:01", NULL},
        {OVN"mac_address=", 0, "ovn", "sticky", NULL},
        {OVN"mac_address=00-00-00-ab-cd-01|"OVN"ip_address=10.0.0.1", 0,
         "ovn", "invalid", OVN"mac_address is \"00-00"},
        {OVN"mac_address=0:0:0:ab:cd:1", 0, "ovn", "invalid", NULL},
        {OVN"mac_address=00:00:00:ab:cd:01:02:03", 0, "ovn", "invalid",
         NULL},
        {OVN"mac_address=01:00:5e:00:00:01", 0, "ovn", "invalid", "unicast"},
        {OVN"mac_address=00:00:00:00:00:00", 0, "ovn", "invalid", NULL},
        {OVN"mac_address= 00:00:00:ab:cd:01", 0, "ovn", "invalid", NULL},
        {OVN"ip_family=ipv4|"OVN"ip_address=10.0.0.1", 0, "ovn",
         "explicit 10.0.0.1", NULL},
        {OVN"ip_family=ipv6|"OVN"ip_address=10.0.0.1", 0, "ovn", "invalid",
         "ip_family is \"ipv6\""},
        {OVN"ip_family=ipv4|"OVN"ip_address=10.0.0.1,fd00::1", 0, "ovn",
         "invalid", NULL},
        {OVN"ip_family=IPv4", 0, "ovn", "invalid", "\"ipv4\" or \"ipv6\""},
        {OVN"ip_family=ipv6|"OVN"ip_pool=fd00::1;fd00::2", 1, "ovn",
         "explicit fd00::2", NULL},
    };

    check_claims(vectors, ARRAY_SIZE(vectors));
}

#define NETS "k8s.v1.cni.cncf.io/networks="

/* Attachments: which provider a key is about. */
static void
test_attachments(void)
{
    static const struct claim_vector vectors[] = {
        {NET1"ip_address=10.1.0.1", 0, "net1.ns.ovn", "explicit 10.1.0.1",
         NULL},
        {NET1"ip_address=10.1.0.1", 0, "ovn", "none", NULL},
        {"a.b.ns.ovn.kubernetes.io/ip_address=10.1.0.1", 0, "a.b.ns.ovn",
         "explicit 10.1.0.1", NULL},
        {"net1.ns.ovn.eth1.kubernetes.io/ip_address=10.1.0.1", 0,
         "net1.ns.ovn.eth1", "explicit 10.1.0.1", NULL},
        {"net1.ns.ovn.eth0.100.kubernetes.io/ip_address=10.1.0.1", 0,
         "net1.ns.ovn.eth0.100", "explicit 10.1.0.1", NULL},
        /* IPAM only: no port. */
        {"net1.ns.kubernetes.io/ip_address=10.1.0.1", 0, "net1.ns", "none",
         NULL},
        {"foo.kubernetes.io/ip_address=10.1.0.1", 0, "foo", "none", NULL},
        {"ns.ovn.kubernetes.io/ip_address=10.1.0.1", 0, "ns.ovn", "none",
         NULL},
        /* Per interface, network listed once: its provider has no name of an
         * interface. */
        {NETS"net1@eth1|net1.ns.kubernetes.io/ip_address.eth1=10.1.0.1", 0,
         "net1.ns.ovn", "explicit 10.1.0.1", NULL},
        {NETS"net1@eth1|net1.ns.kubernetes.io/ip_address.eth1=10.1.0.1", 0,
         "net1.ns.ovn.eth1", "none", NULL},
        /* Listed twice: it has. */
        {NETS"ns/net1@eth1,net1@eth2|"
         "net1.ns.kubernetes.io/ip_address.eth1=10.1.0.1|"
         "net1.ns.kubernetes.io/ip_address.eth2=10.1.0.2", 0,
         "net1.ns.ovn.eth2", "explicit 10.1.0.2", NULL},
        {NETS"ns/net1@eth1,other/net1@eth1|"
         "net1.other.kubernetes.io/ip_address.eth1=10.1.0.1", 0,
         "net1.other.ovn", "explicit 10.1.0.1", NULL},
        /* Not listed. */
        {"net1.ns.kubernetes.io/ip_address.eth1=10.1.0.1", 0,
         "net1.ns.ovn.eth1", "explicit 10.1.0.1", NULL},
        /* Precedence. */
        {NETS"net1@eth1|net1.ns.kubernetes.io/ip_address.eth1=10.1.0.1|"
         NET1"ip_address=10.1.0.9|"NET1"ip_pool=10.1.0.7", 0, "net1.ns.ovn",
         "explicit 10.1.0.1", NULL},
        {NETS"net1@eth1=10.1.0.5|"
         "net1.ns.kubernetes.io/ip_address.eth1=10.1.0.1", 0, "net1.ns.ovn",
         "explicit 10.1.0.1", NULL},
        {NETS"net1=10.1.0.5|"NET1"ip_address=10.1.0.9", 0, "net1.ns.ovn",
         "explicit 10.1.0.5", NULL},
        {NETS"net1=10.1.0.5=fd00::5=0a:00:00:00:00:05", 0, "net1.ns.ovn",
         "explicit 10.1.0.5,fd00::5 0a:00:00:00:00:05", NULL},
        {NETS"net1=10.1.0.5/24", 0, "net1.ns.ovn", "invalid",
         "networks is \"10.1.0.5/24\""},
        {"v1.multus-cni.io/default-network=kube-system/net0=10.0.0.7", 0,
         "net0.kube-system.ovn", "explicit 10.0.0.7", NULL},
        {NETS"net1@eth1|"NET1"mac_address=0a:00:00:00:00:01|"
         "net1.ns.kubernetes.io/mac_address.eth1=0a:00:00:00:00:02", 0,
         "net1.ns.ovn", "sticky 0a:00:00:00:00:02", NULL},
        /* Once allocated, the output alone tells. */
        {NETS"net1@eth1|net1.ns.kubernetes.io/ip_address.eth1=10.1.0.1|"
         NET1"ip_address=10.1.0.9|"NET1"allocated=true|"
         "net1.ns.kubernetes.io/mac_address.eth1=0a:00:00:00:00:02|"
         NET1"mac_address=0a:00:00:00:00:03", 0, "net1.ns.ovn",
         "explicit 10.1.0.9 0a:00:00:00:00:03 allocated", NULL},
        /* A list that cannot be read: Kube-OVN does not touch the pod. */
        {NETS"[{]|"OVN"ip_address=10.0.0.1", 0, "ovn", "invalid",
         "k8s.v1.cni.cncf.io/networks: \"[{]\""},
        {NETS"net1,,net2|"OVN"ip_address=10.0.0.1", 0, "ovn", "invalid",
         NULL},
        {NETS"net1@|"OVN"ip_address=10.0.0.1", 0, "ovn", "invalid", NULL},
        {NETS"[{]|"OVN"ip_address=10.0.0.1|"OVN"allocated=true", 0, "ovn",
         "explicit 10.0.0.1 allocated", NULL},
        {NETS" net1 , net2@e |"OVN"ip_address=10.0.0.1", 0, "ovn",
         "explicit 10.0.0.1", NULL},
    };

    check_claims(vectors, ARRAY_SIZE(vectors));
}

static void
test_watches(void)
{
    static const struct {
        const char *key;
        bool watched;
    } vectors[] = {
        {OVN"ip_address", true},
        {OVN"ip_pool", true},
        {OVN"mac_address", true},
        {OVN"logical_switch", true},
        {OVN"allocated", true},
        {OVN"ip_family", true},
        {OVN"vip", true},
        {NET1"ip_address", true},
        {"net1.ns.kubernetes.io/ip_address.eth1", true},
        {"net1.ns.kubernetes.io/mac_address.eth1", true},
        {"k8s.v1.cni.cncf.io/networks", true},
        {"v1.multus-cni.io/default-network", true},
        {OVN"routed", false},
        {OVN"ip_address.", false},
        {OVN"cidr", false},
        {"net1.ns.kubernetes.io/vip", false},
        {"kubernetes.io/ip_address", false},
        {".kubernetes.io/ip_address", false},
        {"ip_address", false},
        {"app", false},
        {"", false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        if (dialect_kube_ovn.watches(vectors[i].key) != vectors[i].watched) {
            fprintf(stderr, "%s\n", vectors[i].key);
            CU_FAIL("watches");
        }
    }
}

/* Only a port that is proven a pod's in every way is owned. */
static void
test_ports(void)
{
#define POD_IDS "vendor=kube-ovn|ls=net|pod=ns/web-0"
    static const struct port_vector vectors[] = {
        {"web-0.ns", "", "net", POD_IDS, "", "owned ns/web-0 ovn", "agree"},
        {"web-0.ns.net1.ns.ovn", "", "net", POD_IDS, "",
         "owned ns/web-0 net1.ns.ovn", NULL},
        {"web-0.ns.net1.ns.ovn.eth1", "", "net", POD_IDS, "",
         "owned ns/web-0 net1.ns.ovn.eth1", NULL},
        {"web-0.ns", "", "net", POD_IDS"|security_groups=a/b|vips=1",
         "requested-chassis=a", "owned ns/web-0 ovn", NULL},
        /* Dots in a pod's name. */
        {"a.b.ns", "", "net", "vendor=kube-ovn|ls=net|pod=ns/a.b", "",
         "owned ns/a.b ovn", NULL},
        {"a.ns.x.ns", "", "net", "vendor=kube-ovn|ls=net|pod=ns/a.ns.x", "",
         "owned ns/a.ns.x ovn", NULL},
        {"a.ns.x.ns", "", "net", "vendor=kube-ovn|ls=net|pod=ns/a", "",
         "foreign", "does not give the name"},
        /* Something disagrees. */
        {"web-1.ns", "", "net", POD_IDS, "", "foreign", NULL},
        {"web-0.other", "", "net", POD_IDS, "", "foreign", NULL},
        {"web-0", "", "net", POD_IDS, "", "foreign", NULL},
        {"web-0.nsx", "", "net", POD_IDS, "", "foreign", NULL},
        {"web-0.ns.", "", "net", POD_IDS, "", "foreign", NULL},
        {"web-0.ns.ovn", "", "net", POD_IDS, "", "foreign", NULL},
        {"web-0.ns.net1.ns", "", "net", POD_IDS, "", "foreign", NULL},
        {"web-0.ns.foo", "", "net", POD_IDS, "", "foreign", NULL},
        {"web-0.ns", "", "net2", POD_IDS, "", "foreign",
         "ls is \"net\", but the port is on \"net2\""},
        {"web-0.ns", "", NULL, POD_IDS, "", "foreign", "no logical switch"},
        {"web-0.ns", "", "net", "vendor=kube-ovn|pod=ns/web-0", "",
         "foreign", NULL},
        {"web-0.ns", "", "net", "ls=net|pod=ns/web-0", "", "foreign",
         "no external_ids:vendor"},
        {"web-0.ns", "", "net", "vendor=other|ls=net|pod=ns/web-0", "",
         "foreign", "vendor is \"other\""},
        {"web-0.ns", "", "net", "", "", "foreign", NULL},
        {"web-0.ns", "", "net", "vendor=kube-ovn|ls=net|pod=web-0", "",
         "foreign", "not NAMESPACE/NAME"},
        {"web-0.ns", "", "net", "vendor=kube-ovn|ls=net|pod=/web-0", "",
         "foreign", NULL},
        {"web-0.ns", "", "net", "vendor=kube-ovn|ls=net|pod=ns/", "",
         "foreign", NULL},
        {"web-0.ns", "", "net", "vendor=kube-ovn|ls=net|pod=ns/web-0/x", "",
         "foreign", NULL},
        /* Kube-OVN's own. */
        {"web-0.ns", "virtual", "net", POD_IDS, "", "infrastructure",
         "type virtual"},
        {"net-vpc", "router", "net", "vendor=kube-ovn|ls=net",
         "router-port=vpc-net", "infrastructure", NULL},
        {"localnet.net", "localnet", "net", "vendor=kube-ovn|ls=net", "",
         "infrastructure", NULL},
        {"net-vpc", "router", "net", "", "", "foreign", NULL},
        {"node-n1", "", "join", "vendor=kube-ovn|ls=join", "",
         "infrastructure", "node"},
        {"eip1", "", "ext", "vendor=kube-ovn|ls=ext", "", "infrastructure",
         "no external_ids:pod"},
        {"v1.ns", "", "net", "vendor=kube-ovn|ls=net|pod=ns/v1",
         "arp_proxy=true", "infrastructure", "Vip"},
        {"mcast-querier.net", "", "net",
         "vendor=kube-ovn|ls=net|pod=default/mcast-querier.net", "",
         "infrastructure", "querier"},
    };

    dv_check_ports(&dialect_kube_ovn, vectors, ARRAY_SIZE(vectors));
}

/* Appends up to 'n' pieces that mean something in one place or another. */
static void
put_junk(struct ds *ds, int n)
{
    static const char *const pieces[] = {
        ",", ";", " ", ".", "/", "@", "=", "[", "]", "{", "}", "\"", ":",
        "10.0.0.1", "10.0.0.2", "fd00::1", "::", "ovn", "net1", "ns", "eth1",
        ".kubernetes.io/", "ip_address", "ip_pool", "mac_address", "true",
        "0a:00:00:00:00:01", "allocated", "\xff", "\x01", "-", "0",
    };

    for (int i = random_range(n + 1); i > 0; i--) {
        ds_put_cstr(ds, pieces[random_range(ARRAY_SIZE(pieces))]);
    }
}

/* Nothing that an annotation can say does harm: each claim is complete, and an
 * explicit one names one or two addresses of different families. */
static void
test_random_annotations(void)
{
    static const char *const keys[] = {
        OVN"ip_address", OVN"ip_pool", OVN"mac_address", OVN"allocated",
        OVN"logical_switch", OVN"ip_family", OVN"vip", NET1"ip_address",
        NET1"ip_pool", "net1.ns.kubernetes.io/ip_address.eth1",
        "k8s.v1.cni.cncf.io/networks", "v1.multus-cni.io/default-network",
    };

    random_set_seed(unit_seed());
    for (int i = 0; i < 20000; i++) {
        struct claim_subject subject = dv_subject(
            (int) random_range(8) - 4);
        struct smap annotations = SMAP_INITIALIZER(&annotations);
        struct claims claims;

        for (int j = random_range(6); j >= 0; j--) {
            struct ds key = DS_EMPTY_INITIALIZER;
            struct ds value = DS_EMPTY_INITIALIZER;

            if (random_range(4)) {
                ds_put_cstr(&key, keys[random_range(ARRAY_SIZE(keys))]);
            } else {
                put_junk(&key, 5);
            }
            put_junk(&value, 8);
            smap_replace(&annotations, ds_cstr(&key), ds_cstr(&value));
            ds_destroy(&key);
            ds_destroy(&value);
        }
        claims_init(&claims);
        dialect_kube_ovn.read_claims(&annotations, &subject, &claims);
        dv_check_sane(&claims);
        claims_destroy(&claims);
        smap_destroy(&annotations);
    }
}

/* The same for ports. */
static void
test_random_ports(void)
{
    random_set_seed(unit_seed());
    for (int i = 0; i < 20000; i++) {
        struct smap external_ids = SMAP_INITIALIZER(&external_ids);
        struct smap options = SMAP_INITIALIZER(&options);
        struct ds name = DS_EMPTY_INITIALIZER;
        struct ds pod = DS_EMPTY_INITIALIZER;
        struct port_proof proof;

        put_junk(&name, 6);
        put_junk(&pod, 4);
        smap_add(&external_ids, "vendor", "kube-ovn");
        smap_add(&external_ids, "ls", "net");
        smap_add(&external_ids, "pod", ds_cstr(&pod));
        dialect_kube_ovn.prove_port(ds_cstr(&name), "", "net", &external_ids,
                                    &options, &proof);
        if (proof.kind == PORT_OWNED) {
            char *expected
                = (!strcmp(proof.provider, "ovn")
                   ? xasprintf("%s.%s", proof.owner, proof.ns)
                   : xasprintf("%s.%s.%s", proof.owner, proof.ns,
                               proof.provider));

            CU_ASSERT_STRING_EQUAL(ds_cstr(&name), expected);
            free(expected);
        }
        port_proof_destroy(&proof);
        ds_destroy(&name);
        ds_destroy(&pod);
        smap_destroy(&external_ids);
    }
}

static void
test_by_name(void)
{
    CU_ASSERT_PTR_EQUAL(dialect_by_name("kube-ovn"), &dialect_kube_ovn);
    CU_ASSERT_PTR_NULL(dialect_by_name("kube"));
    CU_ASSERT_PTR_NULL(dialect_by_name(""));
}

void
suite_dialect_kube_ovn(void)
{
    CU_pSuite suite = unit_add_suite("dialect-kube-ovn");

    CU_ADD_TEST(suite, test_ip_address);
    CU_ADD_TEST(suite, test_ip_pool);
    CU_ADD_TEST(suite, test_precedence);
    CU_ADD_TEST(suite, test_mac_and_family);
    CU_ADD_TEST(suite, test_attachments);
    CU_ADD_TEST(suite, test_watches);
    CU_ADD_TEST(suite, test_ports);
    CU_ADD_TEST(suite, test_random_annotations);
    CU_ADD_TEST(suite, test_random_ports);
    CU_ADD_TEST(suite, test_by_name);
}
