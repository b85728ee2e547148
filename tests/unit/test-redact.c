/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of what a support archive leaves out: secrets in every form in which
 * they are met, and nothing else. */

#include <config.h>

#include "utilities/ovn-ipguardctl/redact.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "tests/unit/unit.h"

static void
test_secrets(void)
{
    /* "S3CR3T" must be gone, "KEPT" must be there. */
    static const char *const vectors[] = {
        "KEPT password=S3CR3T KEPT",
        "db_password: S3CR3T\nKEPT",
        "{\"password\":\"S3CR3T\",\"a\":\"KEPT\"}",
        "{\"args\":\"{\\\"token\\\":\\\"S3CR3T\\\",\\\"a\\\":\\\"KEPT\\\"}\"}",
        "[\"map\",[[\"kept\",\"KEPT\"],[\"token\",\"S3CR3T x S3CR3T\"]]]",
        "password: \"a S3CR3T, S3CR3T\" KEPT",
        "token: 'S3CR3T' KEPT",
        "    client-key-data: S3CR3T\n    KEPT",
        "KEPT: Authorization: Bearer S3CR3TS3CR3T\nKEPT",
        "Basic S3CR3TS3CR3T= KEPT",
        "https://user:S3CR3T@KEPT.example/x",
        "https://S3CR3T@KEPT.example/",
        "--api-key S3CR3T KEPT",
        "--token=S3CR3T --KEPT",
        "KEPT -----BEGIN PRIVATE KEY-----\nS3CR3T\nab+/=\n"
        "-----END PRIVATE KEY-----\nKEPT",
        "\"KEPT\":\"-----BEGIN RSA PRIVATE KEY-----\\nS3CR3T\\n"
        "-----END RSA PRIVATE KEY-----\\n\"",
        "x: LS0tLS1CRUdJTiBDRVJUS3CR3TKLS0t\nKEPT",
        "eyJhbGciOiJSUzI1NiJ9.S3CR3T.S3CR3T KEPT",
        "AWS_SECRET_ACCESS_KEY=S3CR3T KEPT",
        "password=S3CR3T;KEPT",
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        size_t n = 0;
        char *text = redact(vectors[i], &n);
        bool ok = !strstr(text, "S3CR3T") && strstr(text, "KEPT") && n;
        size_t again = 0;
        char *twice = redact(text, &again);

        CU_ASSERT(ok);
        if (!ok) {
            printf("\n%s\nbecame\n%s\n", vectors[i], text);
        }
        CU_ASSERT_STRING_EQUAL(text, twice);
        CU_ASSERT_EQUAL(again, 0);
        free(text);
        free(twice);
    }
}

static void
test_kept(void)
{
    static const char *const vectors[] = {
        "",
        "sts1-0.default: 10.0.0.11 cleared (case C: no pod; StatefulSet "
        "default/sts1 for ordinal 0 wants 10.0.0.12)\n",
        "northbound: ssl:192.0.2.1:6641, connected\n",
        "unix:/var/run/ovn/ovn_ipguard_db.sock: read 0 ports on 0 switches\n",
        "https://kubernetes.default.svc/api/v1/pods?watch=1\n",
        "port web@1 of ns/web, mac 0a:00:00:00:00:01\n",
        "the bearer was read again\n",
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        size_t n = 0;
        char *text = redact(vectors[i], &n);

        CU_ASSERT_STRING_EQUAL(text, vectors[i]);
        CU_ASSERT_EQUAL(n, 0);
        free(text);
    }
}

void
suite_redact(void)
{
    CU_pSuite suite = unit_add_suite("redact");

    CU_ADD_TEST(suite, test_secrets);
    CU_ADD_TEST(suite, test_kept);
}
