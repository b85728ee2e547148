/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of the reading of single Kubernetes objects: pods, what is refused,
 * and digests. */

#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "agent/core/dialect.h"
#include "agent/core/pod.h"
#include "tests/unit/object-fixture.h"
#include "tests/unit/unit.h"

/* Everything that a pod's manifest can say. */
static void
test_full_pod(void)
{
    struct manifest_object *o = of_read_good(
        "# a comment\n"
        "apiVersion: v1\n"
        "kind: Pod\n"
        "metadata:\n"
        "  name: web-3\n"
        "  namespace: prod\n"
        "  uid: 0f-1\n"
        "  creationTimestamp: 2024-02-29T12:00:00Z\n"
        "  deletionTimestamp: '2024-02-29T12:00:01Z'\n"
        "  annotations:\n"
        "    ovn.kubernetes.io/ip_address: 10.0.0.3\n"
        "    ovn.kubernetes.io/allocated: 'true'\n"
        "    ovn-ipguard.io/ignore: 'true'\n"
        "    kubevirt.io/migrationJobName: job\n"
        "    other: x\n"
        "  labels:\n"
        "    controller-revision-hash: web-77\n"
        "  ownerReferences:\n"
        "  - {apiVersion: v1, kind: Foo, name: foo, uid: f}\n"
        "  - {apiVersion: apps/v1, kind: StatefulSet, name: web, uid: s}\n"
        "spec:\n"
        "  nodeName: node-1\n"
        "status:\n"
        "  phase: Failed\n"
        "  podIP: 10.0.0.3\n"
        "  podIPs:\n"
        "  - ip: 10.0.0.3\n"
        "  - ip: fd00::3\n");
    const struct pod *pod = o->pod;
    const struct claim *c;

    CU_ASSERT_EQUAL(o->kind, MANIFEST_POD);
    CU_ASSERT_STRING_EQUAL(o->ns, "prod");
    CU_ASSERT_STRING_EQUAL(o->name, "web-3");
    CU_ASSERT_STRING_EQUAL(o->uid, "0f-1");
    CU_ASSERT_EQUAL(o->line, 2);
    CU_ASSERT_PTR_NOT_NULL_FATAL(pod);
    CU_ASSERT_STRING_EQUAL(pod->owner->ns, "prod");
    CU_ASSERT_STRING_EQUAL(pod->name, "web-3");
    CU_ASSERT(obj_uid_is(&pod->uid, "0f-1"));
    CU_ASSERT_EQUAL(pod->owner_kind, OWNER_STATEFULSET);
    CU_ASSERT_STRING_EQUAL(pod->owner->name, "web");
    CU_ASSERT_STRING_EQUAL(pod->owner->uid, "s");
    CU_ASSERT_EQUAL(pod->ordinal, 3);
    CU_ASSERT_STRING_EQUAL(pod->owner->revision, "web-77");
    CU_ASSERT_STRING_EQUAL(pod_node(pod), "node-1");
    CU_ASSERT_EQUAL(pod->created_s, 1709208000);
    CU_ASSERT_TRUE(pod->deleting);
    CU_ASSERT_TRUE(pod->finished);
    CU_ASSERT_TRUE(pod->migrating);
    CU_ASSERT_TRUE(pod->opted_out);
    CU_ASSERT_EQUAL(pod_status_ips(pod)->n, 2);
    CU_ASSERT_EQUAL(pod->claims.n, 1);
    c = claims_find(&pod->claims, "ovn");
    CU_ASSERT_PTR_NOT_NULL_FATAL(c);
    CU_ASSERT_EQUAL(c->kind, CLAIM_EXPLICIT);
    CU_ASSERT_TRUE(c->allocated);
    manifest_object_destroy(o);
}

/* The least that a pod's manifest must say, and null for all the rest. */
static void
test_small_pod(void)
{
    static const char *const texts[] = {
        POD,
        "kind: Pod\nmetadata: {name: web-0}\n",
        "kind: PartialObjectMetadata\napiVersion: meta.k8s.io/v1\n"
        "metadata: {name: web-0, namespace: default}\n",
        POD "  namespace: null\n  uid: null\n  annotations: null\n"
        "  labels: null\n  ownerReferences: null\n"
        "  creationTimestamp: null\n  deletionTimestamp: null\n"
        "spec: null\nstatus: null\n",
        POD "  annotations: {ovn.kubernetes.io/ip_address: null}\n"
        "status: {podIP: '', podIPs: [], phase: Running}\n",
    };

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct manifest_object *o = of_read_good(texts[i]);
        struct pod *expected = pod_create("default", "web-0", "");

        CU_ASSERT_TRUE(pod_equals(o->pod, expected));
        pod_destroy(expected);
        manifest_object_destroy(o);
    }
}

/* Whose a pod is. */
static void
test_pod_owner(void)
{
#define OWNER(API, KIND, NAME) \
    "  - {apiVersion: " API ", kind: " KIND ", name: " NAME ", uid: u-" NAME \
    ", controller: true}\n"
    static const struct {
        const char *name;
        const char *metadata;
        enum owner_kind kind;
        const char *owner;
        const char *uid;
        int ordinal;
    } vectors[] = {
        {"web-0", "", OWNER_NONE, "", "", -1},
        {"web-0", "  ownerReferences:\n" OWNER("apps/v1", "StatefulSet",
                                               "web"),
         OWNER_STATEFULSET, "web", "u-web", 0},
        {"web-0", "  ownerReferences:\n" OWNER("apps/v1beta2", "StatefulSet",
                                               "web"),
         OWNER_STATEFULSET, "web", "u-web", 0},
        {"web-x", "  ownerReferences:\n" OWNER("apps/v1", "StatefulSet",
                                               "web"),
         OWNER_OTHER, "web", "u-web", -1},
        {"other-0", "  ownerReferences:\n" OWNER("apps/v1", "StatefulSet",
                                                 "web"),
         OWNER_OTHER, "web", "u-web", -1},
        {"web-0", "  ownerReferences:\n" OWNER("apps.kruise.io/v1",
                                               "StatefulSet", "web"),
         OWNER_OTHER, "web", "u-web", -1},
        {"web-5d-x", "  ownerReferences:\n" OWNER("apps/v1", "ReplicaSet",
                                                  "web-5d"),
         OWNER_OTHER, "web-5d", "u-web-5d", -1},
        {"vm-pod-1", "  ownerReferences:\n"
         OWNER("kubevirt.io/v1", "VirtualMachineInstance", "vm1"),
         OWNER_VM, "vm1", "", -1},
        /* A VM before a StatefulSet, in any order. */
        {"web-0", "  ownerReferences:\n" OWNER("apps/v1", "StatefulSet",
                                               "web")
         OWNER("kubevirt.io/v1", "VirtualMachineInstance", "vm1"),
         OWNER_VM, "vm1", "", -1},
        {"web-0", "  ownerReferences:\n"
         OWNER("kubevirt.io/v1", "VirtualMachineInstance", "vm1")
         OWNER("apps/v1", "StatefulSet", "web"), OWNER_VM, "vm1", "", -1},
        {"vm-pod-1", "  ownerReferences:\n"
         OWNER("foo.io/v1", "VirtualMachineInstance", "vm1"),
         OWNER_OTHER, "vm1", "u-vm1", -1},
        /* By labels. */
        {"vm-pod-1", "  labels: {kubevirt.io: virt-launcher, "
         "vm.kubevirt.io/name: vm1}\n", OWNER_VM, "vm1", "", -1},
        {"vm-pod-1", "  labels: {kubevirt.io: virt-launcher, "
         "vm.kubevirt.io/name: vm-short}\n"
         "  annotations: {kubevirt.io/domain: vm-long}\n",
         OWNER_VM, "vm-long", "", -1},
        {"vm-pod-1", "  labels: {kubevirt.io: virt-launcher}\n",
         OWNER_NONE, "", "", -1},
        {"vm-pod-1", "  labels: {vm.kubevirt.io/name: vm1}\n",
         OWNER_NONE, "", "", -1},
        /* The controlling one of several others. */
        {"p", "  ownerReferences:\n"
         "  - {apiVersion: v1, kind: A, name: a, uid: u-a}\n"
         OWNER("batch/v1", "Job", "job"), OWNER_OTHER, "job", "u-job", -1},
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        char *text = xasprintf("kind: Pod\nmetadata:\n  name: %s\n%s",
                               vectors[i].name, vectors[i].metadata);
        struct manifest_object *o = of_read_good(text);

        CU_ASSERT_EQUAL(o->pod->owner_kind, vectors[i].kind);
        CU_ASSERT_STRING_EQUAL(o->pod->owner->name, vectors[i].owner);
        CU_ASSERT_STRING_EQUAL(o->pod->owner->uid, vectors[i].uid);
        CU_ASSERT_EQUAL(o->pod->ordinal, vectors[i].ordinal);
        manifest_object_destroy(o);
        free(text);
    }
}

/* The networks of a template come in the form that the dialect reads. */
static void
test_networks(void)
{
    struct manifest_object *o = of_read_good(
        POD
        "  annotations:\n"
        "    k8s.v1.cni.cncf.io/networks: '[{\"name\": \"net1\", "
        "\"ips\": [\"10.1.0.1\"]}]'\n");
    const struct claim *c = claims_find(&o->pod->claims, "net1.default.ovn");

    CU_ASSERT_PTR_NOT_NULL_FATAL(c);
    CU_ASSERT_EQUAL(c->kind, CLAIM_EXPLICIT);
    manifest_object_destroy(o);
}

/* What ovn-kubernetes gave to a pod, in each form that it has or had, and in
 * some that it never has. */
static void
test_pod_networks(void)
{
    static const struct {
        const char *value;      /* In single quotes. */
        const char *provider;
        const char *expected;   /* claim_format(), or NULL: no claim. */
    } vectors[] = {
        {"{\"default\":{\"ip_addresses\":[\"10.0.0.1/24\"],"
         "\"mac_address\":\"0a:58:0a:00:00:01\","
         "\"gateway_ips\":[\"10.0.0.254\"],"
         "\"routes\":[{\"dest\":\"10.0.0.0/8\","
         "\"nextHop\":\"10.0.0.254\"}],"
         "\"ip_address\":\"10.0.0.1/24\","
         "\"gateway_ip\":\"10.0.0.254\",\"role\":\"primary\"}}",
         "default", "10.0.0.1 (k8s.ovn.org/pod-networks, allocated)"},
        {"{\"default\": {\"ip_address\": \"10.0.0.1/24\"}}", "default",
         "10.0.0.1 (k8s.ovn.org/pod-networks, allocated)"},
        {"{\"default\": {\"ip_addresses\": [\"10.0.0.1/24\", "
         "\"fd00::1/64\"], \"mac_address\": \"0a:58:0a:00:00:01\"}, "
         "\"ns/blue\": {\"ip_addresses\": [\"10.1.0.1/16\"], "
         "\"mac_address\": \"0a:58:0a:01:00:01\", \"tunnel_id\": 4, "
         "\"role\": \"primary\"}}", "ns/blue",
         "10.1.0.1 (k8s.ovn.org/pod-networks, allocated)"},
        {"{\"ns/blue\": {\"ip_addresses\": null, "
         "\"mac_address\": \"0a:58:0a:01:00:01\", "
         "\"role\": \"secondary\"}}", "ns/blue",
         "no address by name (k8s.ovn.org/pod-networks, allocated)"},
        {"{}", "default", NULL},
        /* What the controller calls bad, or cannot read. */
        {"{\"default\": {\"ip_addresses\": [\"10.0.0.1/24\"], "
         "\"ip_address\": \"10.0.0.2/24\"}}", "default", "unknown"},
        {"{\"default\": {\"ip_addresses\": [\"10.0.0.1\"]}}", "default",
         "unknown"},
        {"{\"default\": {\"ip_addresses\": \"10.0.0.1/24\"}}",
         "default", "unknown"},
        {"{\"default\": {\"ip_addresses\": [7]}}", "default", "unknown"},
        {"{\"default\": {\"ip_addresses\": [\"1,2=3@4\"]}}", "default",
         "unknown"},
        {"{\"default\": {\"mac_address\": 7}}", "default", "unknown"},
        {"{\"default\": []}", "default", "unknown"},
        {"{\"a,b\": {}}", "default", "unknown"},
        {"{\"default\": {}, \"default\": {}}", "default", "unknown"},
        {"[]", "default", "unknown"},
        {"7", "default", "unknown"},
        {"{\"default\": ", "default", "unknown"},
        {"", "default", NULL},
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        char *text = xasprintf(POD "  annotations:\n"
                               "    k8s.ovn.org/pod-networks: '%s'\n",
                               vectors[i].value);
        struct manifest_object *o = of_read_good_of(&dialect_ovn_kubernetes,
                                                    text);
        const struct claim *c = claims_find(&o->pod->claims,
                                            vectors[i].provider);
        struct ds ds = DS_EMPTY_INITIALIZER;

        if (c) {
            claim_format(c, &ds);
        }
        if (vectors[i].expected
            ? strncmp(ds_cstr(&ds), vectors[i].expected,
                      strlen(vectors[i].expected))
            : c != NULL) {
            fprintf(stderr, "%s: \"%s\"\n", vectors[i].value, ds_cstr(&ds));
            CU_FAIL("claim");
        }
        CU_ASSERT_EQUAL(o->pod->marks, 2);
        ds_destroy(&ds);
        manifest_object_destroy(o);
        free(text);
    }
}

/* What Kubernetes would refuse is refused, with the line, the object, the
 * field, its value and what was expected. */
static void
test_errors(void)
{
    static const struct {
        const char *text;
        const char *error;
    } vectors[] = {
        {"metadata: {name: a}\n",
         "1: object: kind is missing, expected the kind of the object"},
        {"kind: 3\n", "1: object: kind is 3, expected a string"},
        {"kind: Pod\n", "1: Pod: metadata.name is missing, expected the "
         "object's name"},
        {"kind: Pod\nmetadata: []\n", "2: Pod: metadata is a list, expected "
         "an object"},
        {"kind: Pod\nmetadata:\n  name: A_b\n", "3: Pod: metadata.name is "
         "\"A_b\", expected a name of a-z, 0-9, \"-\" and \".\""},
        {"kind: Pod\nmetadata:\n  name: ''\n", "3: Pod: metadata.name is "
         "\"\", expected a name"},
        {"kind: Pod\nmetadata:\n  name: 5\n", "3: Pod: metadata.name is 5, "
         "expected a string"},
        {"kind: Pod\nmetadata:\n  name: a\n  namespace: a.b\n",
         "4: Pod a: metadata.namespace is \"a.b\", expected the name of a "
         "namespace"},
        {POD "  annotations:\n    ovn.kubernetes.io/ip_address: 10\n",
         "6: Pod default/web-0: metadata.annotations"
         "[\"ovn.kubernetes.io/ip_address\"] is 10, expected a string"},
        {POD "  annotations:\n    ovn.kubernetes.io/allocated: true\n",
         "[\"ovn.kubernetes.io/allocated\"] is true, expected a string"},
        {POD "  annotations:\n    ovn-ipguard.io/ignore: true\n",
         "[\"ovn-ipguard.io/ignore\"] is true, expected a string"},
        {POD "  annotations: [a]\n", "5: Pod default/web-0: "
         "metadata.annotations is a list, expected an object"},
        {POD "  labels: {controller-revision-hash: 7}\n",
         "metadata.labels.controller-revision-hash is 7"},
        {POD "  ownerReferences: {}\n", "metadata.ownerReferences is an "
         "object, expected a list"},
        {POD "  ownerReferences:\n  - kind: A\n  - 7\n",
         "7: Pod default/web-0: metadata.ownerReferences[1] is 7, expected "
         "an object"},
        {POD "  ownerReferences:\n  - kind: A\n    name: [b]\n",
         "7: Pod default/web-0: metadata.ownerReferences[0].name is a list, "
         "expected a string"},
        {POD "  creationTimestamp: yesterday\n", "5: Pod default/web-0: "
         "metadata.creationTimestamp is \"yesterday\", expected a time"},
        {POD "  uid: 'a b'\n", "metadata.uid is \"a b\", expected a uid"},
        {POD "spec:\n  nodeName: {}\n", "6: Pod default/web-0: spec.nodeName "
         "is an object, expected a string"},
        {POD "spec: text\n", "spec is \"text\", expected an object"},
        {POD "status:\n  podIPs:\n  - ip: 10.0.0.300\n", "7: Pod "
         "default/web-0: status.podIPs[0].ip is \"10.0.0.300\", expected an "
         "IP address"},
        {STS "spec:\n  replicas: '3'\n", "5: StatefulSet default/web: "
         "spec.replicas is \"3\", expected an integer from 0 to 2147483647"},
        {STS "spec:\n  replicas: -1\n", "spec.replicas is -1, expected"},
        {STS "spec:\n  replicas: 2147483648\n", "spec.replicas is "
         "2147483648, expected"},
        {STS "spec:\n  replicas: 1.5\n", "spec.replicas is 1.5, expected"},
        {STS "spec:\n  template:\n    metadata:\n      annotations: x\n",
         "7: StatefulSet default/web: spec.template.metadata.annotations is "
         "\"x\", expected an object"},
        {STS "spec:\n  ordinals: {start: x}\n", "spec.ordinals.start is "
         "\"x\""},
        {STS "status: {currentRevision: 1}\n", "status.currentRevision is 1"},
        {"apiVersion: kubeovn.io/v1\nkind: Vip\nmetadata: {name: v}\n"
         "spec: {namespace: A}\n", "4: Vip v: spec.namespace is \"A\""},
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        char *error;
        struct manifest_object *o = of_read(vectors[i].text, &error);

        CU_ASSERT_PTR_NULL(o);
        if (!error || !strstr(error, vectors[i].error)) {
            fprintf(stderr, "<<%s>>: %s\nexpected %s\n", vectors[i].text,
                    error ? error : "none", vectors[i].error);
            CU_FAIL("error");
        }
        manifest_object_destroy(o);
        free(error);
    }
}

/* An annotation that is longer than Kubernetes lets it be. */
static void
test_long_annotation(void)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    char *error;

    ds_put_cstr(&ds, POD "  annotations:\n"
                "    ovn.kubernetes.io/ip_pool: \"");
    ds_put_char_multiple(&ds, 'x', 300000);
    ds_put_cstr(&ds, "\"\n");
    CU_ASSERT_PTR_NULL(of_read(ds_cstr(&ds), &error));
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "expected at most 262144 bytes"));
    CU_ASSERT_TRUE(strlen(error) < 300);
    free(error);
    ds_destroy(&ds);
}

/* Every field counts in a digest. */
static void
test_digest(void)
{
    static const char *const texts[] = {
        POD,
        POD "  namespace: other\n",
        POD "  uid: u\n",
        POD "  deletionTimestamp: x\n",
        POD "  creationTimestamp: 2024-02-29T12:00:00Z\n",
        POD "  annotations: {ovn-ipguard.io/ignore: 'true'}\n",
        POD "  annotations: {ovn.kubernetes.io/ip_address: 10.0.0.1}\n",
        POD "  annotations: {ovn.kubernetes.io/ip_address: 10.0.0.2}\n",
        POD "  annotations: {ovn.kubernetes.io/ip_address: 'x'}\n",
        POD "  annotations: {ovn.kubernetes.io/ip_address: 'y'}\n",
        POD "  annotations: {ovn.kubernetes.io/ip_pool: 10.0.0.1}\n",
        POD "  annotations: {ovn.kubernetes.io/logical_switch: a}\n",
        POD "  annotations: {ovn.kubernetes.io/logical_switch: b}\n",
        POD "  annotations: {ovn.kubernetes.io/allocated: 'true'}\n",
        POD "  annotations: {ovn.kubernetes.io/mac_address: "
        "'0a:00:00:00:00:01'}\n",
        POD "  annotations: {ovn.kubernetes.io/mac_address: "
        "'0a:00:00:00:00:02'}\n",
        POD "  annotations: {kubevirt.io/migrationJobName: a}\n",
        POD "  labels: {controller-revision-hash: a}\n",
        POD "  ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, "
        "name: web, uid: a}]\n",
        POD "  ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, "
        "name: web, uid: b}]\n",
        POD "  ownerReferences: [{apiVersion: apps/v1, kind: Foo, "
        "name: web, uid: b}]\n",
        POD "spec: {nodeName: n}\n",
        POD "status: {phase: Failed}\n",
        POD "status: {podIP: 10.0.0.1}\n",
        STS,
        STS "spec: {replicas: 2}\n",
        STS "spec: {ordinals: {start: 2}}\n",
        STS "spec: {updateStrategy: {type: OnDelete}}\n",
        STS "spec: {updateStrategy: {rollingUpdate: {partition: 2}}}\n",
        STS "spec: {template: {metadata: {annotations: "
        "{ovn.kubernetes.io/ip_pool: a}}}}\n",
        STS "spec: {template: {metadata: {annotations: "
        "{ovn.kubernetes.io/ip_pool: b}}}}\n",
        STS "status: {currentRevision: a}\n",
        STS "status: {updateRevision: a}\n",
        STS "status: {observedGeneration: -0}\n"
        "spec: {template: {metadata: {annotations: "
        "{ovn-ipguard.io/ignore: 'true'}}}}\n",
    };
    uint8_t digests[ARRAY_SIZE(texts)][SHA1_DIGEST_SIZE];

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct manifest_object *o = of_read_good(texts[i]);
        struct manifest_object *again;
        uint8_t digest[SHA1_DIGEST_SIZE];
        char *shifted = xasprintf("\n\n%s", texts[i]);

        manifest_object_digest(o, digests[i]);
        for (size_t j = 0; j < i; j++) {
            if (!memcmp(digests[i], digests[j], SHA1_DIGEST_SIZE)) {
                fprintf(stderr, "<<%s>> and <<%s>>\n", texts[i], texts[j]);
                CU_FAIL("digest");
            }
        }
        /* ... but not the place in the file. */
        again = of_read_good(shifted);
        manifest_object_digest(again, digest);
        CU_ASSERT_EQUAL(memcmp(digest, digests[i], SHA1_DIGEST_SIZE), 0);
        free(shifted);
        manifest_object_destroy(again);
        manifest_object_destroy(o);
    }
}

void
suite_manifest_object(void)
{
    CU_pSuite suite = unit_add_suite("manifest-object");

    CU_ADD_TEST(suite, test_full_pod);
    CU_ADD_TEST(suite, test_small_pod);
    CU_ADD_TEST(suite, test_pod_owner);
    CU_ADD_TEST(suite, test_networks);
    CU_ADD_TEST(suite, test_pod_networks);
    CU_ADD_TEST(suite, test_errors);
    CU_ADD_TEST(suite, test_long_annotation);
    CU_ADD_TEST(suite, test_digest);
}
