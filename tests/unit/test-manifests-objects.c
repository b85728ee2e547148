/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of the source that reads manifest files: objects of which several make
 * one, or which say little. */

#include <config.h>

#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "agent/kube/manifests.h"
#include "tests/unit/manifest-fixture.h"

#define STS(SPEC, STATUS) \
    "apiVersion: apps/v1\nkind: StatefulSet\n" \
    "metadata: {name: web, uid: u, generation: 2}\n" \
    "spec: {" SPEC "}\nstatus: {" STATUS "}\n"
#define TEMPLATE(POOL) \
    "template: {metadata: {annotations: {ovn.kubernetes.io/ip_pool: " POOL \
    "}}}"
#define REVISION(NAME, UID, POOL) \
    "apiVersion: apps/v1\nkind: ControllerRevision\n" \
    "metadata:\n  name: " NAME "\n  ownerReferences:\n" \
    "  - {apiVersion: apps/v1, kind: StatefulSet, name: web, uid: " UID "}\n" \
    "data: {spec: {" TEMPLATE(POOL) "}}\n"

/* Which revisions a StatefulSet's next pod may be of. */
static void
test_statefulset_revisions(void)
{
    static const struct {
        const char *sts;
        const char *expected;
    } vectors[] = {
        /* As a user writes it, or before the controller has seen it. */
        {STS("replicas: 2, " TEMPLATE("pa"), ""), "2 replicas, =pa"},
        /* All is rolled out. */
        {STS(TEMPLATE("pb"), "observedGeneration: 2, currentRevision: web-2, "
             "updateRevision: web-2"), "1 replicas, web-2=pb"},
        /* Under way: the old one is in play. */
        {STS(TEMPLATE("pb"), "observedGeneration: 2, currentRevision: web-1, "
             "updateRevision: web-2"), "1 replicas, web-2=pb web-1=pa"},
        /* The template is newer than all that the status knows. */
        {STS(TEMPLATE("pc"), "observedGeneration: 1, currentRevision: web-1, "
             "updateRevision: web-2"), "1 replicas, =pc web-2=pb web-1=pa"},
        {STS(TEMPLATE("pc"), "observedGeneration: 1, currentRevision: web-2, "
             "updateRevision: web-2"), "1 replicas, =pc web-2=pb"},
        /* A revision that is not known. */
        {STS(TEMPLATE("pb"), "observedGeneration: 2, currentRevision: web-0, "
             "updateRevision: web-2"), "1 replicas, web-2=pb and more"},
        /* ... or is another StatefulSet's of that name. */
        {STS("replicas: 3, " TEMPLATE("pb"), "observedGeneration: 2, "
             "currentRevision: web-9, updateRevision: web-2"),
         "3 replicas, web-2=pb and more"},
    };
    struct mf f;

    mf_start(&f, "r.yaml", REVISION("web-1", "u", "pa") "---\n"
             REVISION("web-2", "u", "pb") "---\n"
             REVISION("web-9", "x", "px"));
    mf_check_changes(&f, 0);
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        mf_write(&f, "s.yaml", vectors[i].sts);
        mf_pass(&f, 0);
        mf_check_changes(&f, 1);
        mf_check_known(&f, "workload default/web", vectors[i].expected);
    }

    /* Revisions come and go by themselves. */
    mf_write(&f, "s.yaml", vectors[2].sts);
    mf_pass(&f, 0);
    mf_check_known(&f, "workload default/web", vectors[2].expected);
    mf_write(&f, "r.yaml", REVISION("web-2", "u", "pb"));
    mf_pass(&f, 0);
    mf_pass(&f, MF_SETTLE_MS);
    mf_check_known(&f, "workload default/web",
                   "1 replicas, web-2=pb and more");
    mf_write(&f, "r.yaml", REVISION("web-2", "u", "pb") "---\n"
             REVISION("web-1", "u", "pz"));
    mf_pass(&f, 0);
    mf_check_known(&f, "workload default/web",
                   "1 replicas, web-2=pb web-1=pz");
    f.n_changes = 0;
    mf_remove(&f, "s.yaml");
    mf_pass(&f, 0);
    mf_pass(&f, MF_SETTLE_MS);
    mf_check_confirm(&f, "s.yaml", NULL);
    mf_pass(&f, 0);
    mf_check_changes(&f, 1);
    mf_check_known(&f, "workload default/web", NULL);
    mf_destroy(&f);
}

#define VM(KIND, METADATA) \
    "apiVersion: kubevirt.io/v1\nkind: " KIND "\n" \
    "metadata: {name: vm" METADATA "}\n"

/* A VM lives as long as either of its objects does. */
static void
test_vm(void)
{
    struct mf f;

    mf_start(&f, "a.yaml", VM("VirtualMachineInstance", ""));
    mf_check_known(&f, "workload-vm default/vm", "1 replicas, =");
    mf_write(&f, "b.yaml", VM("VirtualMachine", ", deletionTimestamp: x"));
    mf_pass(&f, 0);
    mf_check_changes(&f, 0);
    mf_write(&f, "a.yaml", VM("VirtualMachineInstance",
                              ", deletionTimestamp: x"));
    mf_pass(&f, 0);
    mf_check_changes(&f, 1);
    mf_check_known(&f, "workload-vm default/vm", "1 replicas, = deleting");
    mf_write(&f, "a.yaml", "kind: List\n");
    mf_pass(&f, 0);
    mf_pass(&f, MF_SETTLE_MS);
    mf_check_known(&f, "workload-vm default/vm", "1 replicas, = deleting");
    mf_write(&f, "b.yaml", "kind: List\n");
    mf_pass(&f, 0);
    mf_pass(&f, MF_SETTLE_MS);
    mf_check_known(&f, "workload-vm default/vm", NULL);
    mf_destroy(&f);
}

static void
test_namespace_and_vip(void)
{
    struct mf f;

    mf_start(&f, "a.yaml",
             "kind: Namespace\nmetadata: {name: prod}\n---\n"
             "apiVersion: kubeovn.io/v1\nkind: Vip\n"
             "metadata: {name: v}\nspec: {namespace: prod}\n");
    mf_check_known(&f, "namespace /prod", "in");
    mf_check_known(&f, "vip prod/v", "");
    mf_write(&f, "a.yaml",
             "kind: Namespace\nmetadata: {name: prod, annotations: "
             "{ovn-ipguard.io/ignore: 'true'}}\n---\n"
             "apiVersion: kubeovn.io/v1\nkind: Vip\n"
             "metadata: {name: v}\nspec: {namespace: other}\n");
    mf_pass(&f, 0);
    mf_pass(&f, MF_SETTLE_MS);
    mf_check_changes(&f, 3);
    mf_check_known(&f, "namespace /prod", "out");
    mf_check_known(&f, "vip prod/v", NULL);
    mf_check_known(&f, "vip other/v", "");
    mf_destroy(&f);
}

/* What Kube-OVN's IPAM shows of itself. */
static void
test_ipam(void)
{
    struct mf f;

    mf_start(&f, "a.yaml",
             "apiVersion: kubeovn.io/v1\nkind: IP\n"
             "metadata:\n  name: a-0.prod\n  uid: i1\n"
             "  labels: {ovn.kubernetes.io/ip_reserved: 'false'}\n"
             "  finalizers: [kubeovn.io/kube-ovn-controller]\n"
             "spec: {namespace: prod, podName: a-0, subnet: s1,\n"
             "  podType: StatefulSet, macAddress: '00:00:00:11:22:33',\n"
             "  ipAddress: '10.0.0.1,fd00::1', v4IpAddress: 10.0.0.1,\n"
             "  v6IpAddress: 'fd00::1'}\n---\n"
             "apiVersion: kubeovn.io/v1\nkind: IP\n"
             "metadata:\n  name: kept\n  uid: i2\n"
             "  labels: {ovn.kubernetes.io/ip_reserved: 'true'}\n"
             "  deletionTimestamp: '2026-01-01T00:00:00Z'\n"
             "spec: {subnet: s1, ipAddress: '10.0.0.9', macAddress: x}\n---\n"
             "apiVersion: kubeovn.io/v1\nkind: IP\n"
             "metadata: {name: nothing, finalizers: [kube-ovn-controller]}\n"
             "---\napiVersion: kubeovn.io/v1\nkind: Subnet\n"
             "metadata: {name: s1}\n"
             "spec: {cidrBlock: '10.0.0.0/24,fd00::/64',\n"
             "  gateway: '10.0.0.254,fd00::fe'}\n"
             "status: {v4usingIPs: 3, v4usingIPrange: "
             "'10.0.0.1-10.0.0.3,10.0.0.9',\n  v6usingIPrange: 'fd00::1',\n"
             "  u2oInterconnectionIP: '10.0.0.253', mcastQuerierIP: ''}\n");
    mf_check_known(&f, "ip /a-0.prod",
                   "prod/a-0 in s1: 10.0.0.1 fd00::1 mac finalizer");
    mf_check_known(&f, "ip /kept", "/ in s1: 10.0.0.9 deleting reserved");
    mf_check_known(&f, "ip /nothing", "/ in : finalizer");
    mf_check_known(&f, "subnet /s1",
                   "10.0.0.0/24,fd00::/64 10.0.0.254,fd00::fe "
                   "own=10.0.0.253, 10.0.0.254, fd00::fe "
                   "10.0.0.1-10.0.0.3 10.0.0.9-10.0.0.9 fd00::1-fd00::1");
    mf_write(&f, "a.yaml",
             "apiVersion: kubeovn.io/v1\nkind: IP\n"
             "metadata: {name: a-0.prod, uid: i1}\n"
             "spec: {namespace: prod, podName: a-0, subnet: s1,\n"
             "  v4IpAddress: 10.0.0.2}\n---\n"
             "apiVersion: kubeovn.io/v1\nkind: Subnet\n"
             "metadata: {name: s1}\nstatus: {v4usingIPrange: rubbish}\n---\n"
             "apiVersion: kubeovn.io/v1\nkind: IP\n"
             "metadata: {name: nothing, finalizers: [kube-ovn-controller]}\n");
    mf_pass(&f, 0);
    mf_pass(&f, MF_SETTLE_MS);
    mf_check_known(&f, "ip /a-0.prod", "prod/a-0 in s1: 10.0.0.2");
    mf_check_known(&f, "ip /kept", NULL);
    mf_check_known(&f, "subnet /s1", "  own=");
    mf_destroy(&f);
}

void
suite_manifests_objects(void)
{
    CU_pSuite suite = unit_add_suite("manifests-objects");

    CU_ADD_TEST(suite, test_statefulset_revisions);
    CU_ADD_TEST(suite, test_vm);
    CU_ADD_TEST(suite, test_namespace_and_vip);
    CU_ADD_TEST(suite, test_ipam);
}
