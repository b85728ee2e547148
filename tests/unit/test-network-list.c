/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of the annotation in which a pod names its further networks. */

#include <config.h>

#include "agent/kube/network-list.h"

#include <stdio.h>
#include <stdlib.h>

#include "util.h"

#include "tests/unit/unit.h"

static void
test_network_list(void)
{
    static const struct {
        const char *value;
        const char *flat;
    } vectors[] = {
        {"net1", NULL},
        {"", NULL},
        {"[]", ""},
        {" [{\"name\":\"net1\"}]", "net1"},
        {"[{\"name\":\"net1\",\"namespace\":\"ns\",\"interface\":\"eth1\"}]",
         "ns/net1@eth1"},
        {"[{\"name\":\"net1\",\"ips\":[\"10.0.0.1\",\"fd00::1/64\"],"
         "\"mac\":\"0a:00:00:00:00:01\"},{\"name\":\"net2\"}]",
         "net1=10.0.0.1=fd00::1/64=0a:00:00:00:00:01,net2"},
        {"[{\"name\":\"net1\",\"ips\":null,\"mac\":\"\",\"namespace\":\"\","
         "\"default-route\":[\"10.0.0.1\"]}]", "net1"},
        {"[{\"namespace\":\"ns\"}]", NULL},
        {"[{\"name\":\"a,b\"}]", NULL},
        {"[{\"name\":\"a=b\"}]", NULL},
        {"[{\"name\":\"a b\"}]", NULL},
        {"[{\"name\":1}]", NULL},
        {"[{\"name\":\"a\",\"ips\":\"10.0.0.1\"}]", NULL},
        {"[{\"name\":\"a\",\"ips\":[1]}]", NULL},
        {"[\"a\"]", NULL},
        {"[{\"name\":\"a\"}", NULL},
        {"[{\"name\":\"a\",\"name\":\"b\"}]", NULL},
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        char *flat = network_list_flatten(vectors[i].value);

        if (!nullable_string_is_equal(flat, vectors[i].flat)) {
            fprintf(stderr, "%s: %s\n", vectors[i].value, flat);
            CU_FAIL("network list");
        }
        free(flat);
    }
}

void
suite_network_list(void)
{
    CU_pSuite suite = unit_add_suite("network-list");

    CU_ADD_TEST(suite, test_network_list);
}
