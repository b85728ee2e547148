/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of the reading of single Kubernetes objects that are no pods. */

#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smap.h"
#include "util.h"

#include "agent/core/workload.h"
#include "tests/unit/object-fixture.h"
#include "tests/unit/unit.h"

static void
test_statefulset(void)
{
    struct manifest_object *o = of_read_good(
        "apiVersion: apps/v1\n"
        "kind: StatefulSet\n"
        "metadata:\n"
        "  {name: web, namespace: prod, uid: u, generation: 4}\n"
        "spec:\n"
        "  replicas: 3\n"
        "  ordinals: {start: 5}\n"
        "  updateStrategy: {type: RollingUpdate,\n"
        "                   rollingUpdate: {partition: 2}}\n"
        "  template:\n"
        "    metadata:\n"
        "      annotations:\n"
        "        ovn.kubernetes.io/ip_pool: 10.0.0.1;10.0.0.2\n"
        "        foo: bar\n"
        "status: {observedGeneration: 3, currentRevision: web-1,\n"
        "         updateRevision: web-2}\n");
    const struct workload *w = o->workload;

    CU_ASSERT_EQUAL(o->kind, MANIFEST_STATEFULSET);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w);
    CU_ASSERT_EQUAL(w->kind, OWNER_STATEFULSET);
    CU_ASSERT_STRING_EQUAL(w->ns, "prod");
    CU_ASSERT_STRING_EQUAL(w->name, "web");
    CU_ASSERT_STRING_EQUAL(w->uid, "u");
    CU_ASSERT_EQUAL(w->replicas, 3);
    CU_ASSERT_EQUAL(w->start, 5);
    CU_ASSERT_EQUAL(w->partition, 2);
    CU_ASSERT_FALSE(w->on_delete);
    CU_ASSERT_FALSE(w->deleting);
    CU_ASSERT_FALSE(w->opted_out);
    CU_ASSERT_EQUAL_FATAL(w->n_revisions, 1);
    CU_ASSERT_EQUAL(smap_count(&w->revisions[0].annotations), 1);
    CU_ASSERT_STRING_EQUAL(o->current_revision, "web-1");
    CU_ASSERT_STRING_EQUAL(o->update_revision, "web-2");
    CU_ASSERT_TRUE(o->status_is_old);
    manifest_object_destroy(o);

    /* What Kubernetes fills in. */
    o = of_read_good(STS);
    CU_ASSERT_EQUAL(o->workload->replicas, 1);
    CU_ASSERT_EQUAL(o->workload->start, 0);
    CU_ASSERT_EQUAL(o->workload->n_revisions, 1);
    CU_ASSERT_FALSE(o->status_is_old);
    CU_ASSERT_STRING_EQUAL(o->current_revision, "");
    manifest_object_destroy(o);

    o = of_read_good(STS "spec: {replicas: 0, "
                     "updateStrategy: {type: OnDelete},\n"
                     " template: {metadata: {annotations: "
                     "{ovn-ipguard.io/ignore: 'true'}}}}\n");
    CU_ASSERT_EQUAL(o->workload->replicas, 0);
    CU_ASSERT_TRUE(o->workload->on_delete);
    CU_ASSERT_TRUE(o->workload->opted_out);
    manifest_object_destroy(o);
}

static void
test_ipam_claim(void)
{
#define CLAIM \
    "apiVersion: k8s.cni.cncf.io/v1alpha1\nkind: IPAMClaim\n" \
    "metadata: {name: vm.blue, namespace: prod, uid: c1}\n"
    static const struct {
        const char *rest, *error;
    } bad[] = {
        {"spec: {interface: net1}\n",
         "spec.network is missing, expected the name of a network"},
        {"spec: {network: 7}\n", "spec.network"},
        {"spec: {network: blue}\nstatus: {ips: [10.0.0.1]}\n",
         "status.ips is a list, expected addresses with the length"},
        {"spec: {network: blue}\nstatus: {ips: [x/24]}\n", "status.ips"},
        {"spec: {network: blue}\nstatus: {ips: [7]}\n", "status.ips"},
        {"spec: {network: blue}\nstatus: {ips: 10.0.0.1/24}\n",
         "status.ips"},
    };
    struct manifest_object *o = of_read_good(
        CLAIM "spec: {network: blue, interface: net1}\n"
        "status: {ips: [10.3.0.5/16, 'fd00:3::5/64'],"
        " ownerPod: {name: virt-launcher-vm-x}}\n");

    CU_ASSERT_EQUAL(o->kind, MANIFEST_IPAM_CLAIM);
    CU_ASSERT_STRING_EQUAL(o->ns, "prod");
    CU_ASSERT_STRING_EQUAL(o->cni_network, "blue");
    CU_ASSERT_EQUAL_FATAL(o->ips.n, 2);
    manifest_object_destroy(o);

    /* Nothing was given yet. */
    o = of_read_good(CLAIM "spec: {network: blue}\n");
    CU_ASSERT_EQUAL(o->ips.n, 0);
    manifest_object_destroy(o);

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        char *text = xasprintf(CLAIM "%s", bad[i].rest);
        char *error;

        CU_ASSERT_PTR_NULL(of_read(text, &error));
        CU_ASSERT_PTR_NOT_NULL_FATAL(error);
        if (!strstr(error, bad[i].error)) {
            fprintf(stderr, "%s: %s\n", bad[i].rest, error);
            CU_FAIL("error");
        }
        free(error);
        free(text);
    }
}

/* Kinds that are not used, and those of other groups. */
static void
check_ignored(void)
{
    static const char *const ignored[] = {
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n",
        "apiVersion: example.com/v1\nkind: Pod\nmetadata: 3\n",
        "apiVersion: v1\nkind: StatefulSet\n",
        "kind: ConfigMap\n",
        "apiVersion: apps/v1\nkind: ControllerRevision\n"
        "metadata: {name: ds-1, ownerReferences: [{apiVersion: apps/v1, "
        "kind: DaemonSet, name: ds}]}\n",
    };

    for (size_t i = 0; i < ARRAY_SIZE(ignored); i++) {
        char *error;

        CU_ASSERT_PTR_NULL(of_read(ignored[i], &error));
        CU_ASSERT_PTR_NULL(error);
    }
}

static void
test_other_kinds(void)
{
    struct manifest_object *o;

    o = of_read_good("apiVersion: kubevirt.io/v1\nkind: VirtualMachine\n"
                     "metadata: {name: vm, deletionTimestamp: x}\n"
                     "spec: {template: {metadata: {annotations: "
                     "{ovn.kubernetes.io/ip_address: 10.0.0.1}}}}\n");
    CU_ASSERT_EQUAL(o->kind, MANIFEST_VM);
    CU_ASSERT_EQUAL(o->workload->kind, OWNER_VM);
    CU_ASSERT_TRUE(o->workload->deleting);
    CU_ASSERT_EQUAL(smap_count(&o->workload->revisions[0].annotations), 1);
    manifest_object_destroy(o);

    o = of_read_good("apiVersion: kubevirt.io/v1\n"
                     "kind: VirtualMachineInstance\n"
                     "metadata: {name: vm, annotations: "
                     "{ovn.kubernetes.io/ip_address: 10.0.0.1}}\n");
    CU_ASSERT_EQUAL(o->kind, MANIFEST_VMI);
    CU_ASSERT_EQUAL(smap_count(&o->workload->revisions[0].annotations), 1);
    manifest_object_destroy(o);

    o = of_read_good("apiVersion: apps/v1\nkind: ControllerRevision\n"
                     "metadata:\n"
                     "  name: web-1\n"
                     "  ownerReferences:\n"
                     "  - {apiVersion: apps/v1, kind: StatefulSet, name: web, "
                     "uid: u}\n"
                     "data: {spec: {template: {metadata: {annotations: "
                     "{ovn.kubernetes.io/ip_pool: 10.0.0.1}}}}}\n");
    CU_ASSERT_EQUAL(o->kind, MANIFEST_REVISION);
    CU_ASSERT_STRING_EQUAL(o->owner_name, "web");
    CU_ASSERT_STRING_EQUAL(o->owner_uid, "u");
    CU_ASSERT_EQUAL(smap_count(&o->annotations), 1);
    manifest_object_destroy(o);

    o = of_read_good("apiVersion: v1\nkind: Namespace\n"
                     "metadata: {name: prod, annotations: "
                     "{ovn-ipguard.io/ignore: 'true'}}\n");
    CU_ASSERT_EQUAL(o->kind, MANIFEST_NAMESPACE);
    CU_ASSERT_STRING_EQUAL(o->ns, "");
    CU_ASSERT_TRUE(o->opted_out);
    manifest_object_destroy(o);

    o = of_read_good("apiVersion: kubeovn.io/v1\nkind: Vip\n"
                     "metadata: {name: v1}\nspec: {namespace: prod}\n");
    CU_ASSERT_EQUAL(o->kind, MANIFEST_VIP);
    CU_ASSERT_STRING_EQUAL(o->ns, "prod");
    manifest_object_destroy(o);

    check_ignored();
}

void
suite_manifest_kinds(void)
{
    CU_pSuite suite = unit_add_suite("manifest-kinds");

    CU_ADD_TEST(suite, test_statefulset);
    CU_ADD_TEST(suite, test_ipam_claim);
    CU_ADD_TEST(suite, test_other_kinds);
}
