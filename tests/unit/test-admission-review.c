/* SPDX-License-Identifier: Apache-2.0 */

/* AdmissionReviews (agent/kube/admission-review.c): what is read out of them,
 * and what is refused. */

#include <config.h>

#include "agent/kube/admission-review.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "agent/core/dialect.h"
#include "agent/core/pod.h"
#include "agent/core/workload.h"

#include "tests/unit/unit.h"

#define HEAD "{\"apiVersion\":\"admission.k8s.io/v1\"," \
             "\"kind\":\"AdmissionReview\",\"request\":{\"uid\":\"u1\","
#define USER "\"userInfo\":{\"username\":\"alice\",\"groups\":[\"g\"]},"
#define POD_KIND "\"kind\":{\"group\":\"\",\"version\":\"v1\"," \
                 "\"kind\":\"Pod\"},\"namespace\":\"ns\",\"name\":\"p\","
#define STS_KIND "\"kind\":{\"group\":\"apps\",\"version\":\"v1\"," \
                 "\"kind\":\"StatefulSet\"},\"namespace\":\"ns\"," \
                 "\"name\":\"s\","
#define POD(IP) "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{" \
                "\"name\":\"p\",\"namespace\":\"ns\",\"annotations\":{" \
                "\"ovn.kubernetes.io/ip_address\":\"" IP "\"}}}"
#define STS(OWN, TEMPLATE) \
    "{\"apiVersion\":\"apps/v1\",\"kind\":\"StatefulSet\"," \
    "\"metadata\":{\"name\":\"s\",\"namespace\":\"ns\"," \
    "\"annotations\":{" OWN "}},\"spec\":{\"replicas\":3,\"template\":{" \
    "\"metadata\":{\"annotations\":{" TEMPLATE "}}}}}"
#define END "}}"

static char *
read_review(const char *body, struct admission_review *review)
{
    return admission_review_read(body, strlen(body), &dialect_kube_ovn,
                                 review);
}

static void
test_pod(void)
{
    struct admission_review review;

    CU_ASSERT_PTR_NULL(read_review(
        HEAD USER POD_KIND "\"operation\":\"CREATE\",\"dryRun\":true,"
        "\"object\":" POD("10.0.0.1") ",\"oldObject\":null" END, &review));
    CU_ASSERT_STRING_EQUAL(review.uid, "u1");
    CU_ASSERT_STRING_EQUAL(review.object, "Pod ns/p");
    CU_ASSERT(review.dry_run);
    CU_ASSERT_PTR_NULL(review.skipped);
    CU_ASSERT_PTR_NULL(review.unreadable);
    CU_ASSERT_STRING_EQUAL(review.request.user, "alice");
    CU_ASSERT_FALSE(review.request.update);
    CU_ASSERT_FALSE(review.request.deleting);
    CU_ASSERT_PTR_NULL(review.request.workload);
    CU_ASSERT_PTR_NULL(review.request.old_pod);
    CU_ASSERT_STRING_EQUAL(review.request.pod->name, "p");
    CU_ASSERT_EQUAL(review.request.pod->claims.n, 1);
    admission_review_destroy(&review);

    CU_ASSERT_PTR_NULL(read_review(
        HEAD USER POD_KIND "\"operation\":\"UPDATE\",\"object\":"
        POD("10.0.0.1") ",\"oldObject\":" POD("10.0.0.2") END, &review));
    CU_ASSERT(review.request.update);
    CU_ASSERT_FALSE(review.dry_run);
    CU_ASSERT_PTR_NOT_NULL(review.request.old_pod);
    admission_review_destroy(&review);
}

/* Names are made up after admission. */
static void
test_generate_name(void)
{
    struct admission_review review;

    CU_ASSERT_PTR_NULL(read_review(
        HEAD USER POD_KIND "\"operation\":\"CREATE\",\"object\":{"
        "\"metadata\":{\"generateName\":\"web-\",\"namespace\":\"ns\","
        "\"annotations\":{\"ovn.kubernetes.io/ip_pool\":\"10.0.0.1\"}}}" END,
        &review));
    CU_ASSERT_PTR_NULL(review.unreadable);
    CU_ASSERT_PTR_NOT_NULL_FATAL(review.request.pod);
    CU_ASSERT_STRING_EQUAL(review.request.pod->name, "");
    CU_ASSERT_EQUAL(review.request.pod->claims.n, 1);
    admission_review_destroy(&review);
}

static void
test_statefulset(void)
{
    struct admission_review review;

    CU_ASSERT_PTR_NULL(read_review(
        HEAD USER STS_KIND "\"operation\":\"UPDATE\",\"object\":"
        STS("\"ovn.kubernetes.io/ip_pool\":\"10.0.0.1\","
            "\"ovn.kubernetes.io/allocated\":\"true\","
            "\"k8s.v1.cni.cncf.io/networks\":\"ns/net\","
            "\"ovn.kubernetes.io/ip_address\":\"10.0.0.1\",\"x\":\"y\"",
            "\"ovn.kubernetes.io/ip_address\":\"10.0.0.1\"")
        ",\"oldObject\":" STS("", "") END, &review));
    CU_ASSERT_PTR_NULL(review.unreadable);
    CU_ASSERT_PTR_NULL(review.request.pod);
    CU_ASSERT_EQUAL(review.request.workload->replicas, 3);
    CU_ASSERT_PTR_NOT_NULL(review.request.old_workload);
    /* Not what the template has too, nor what asks for nothing. */
    CU_ASSERT_EQUAL_FATAL(review.request.own_keys.n, 1);
    CU_ASSERT_STRING_EQUAL(review.request.own_keys.names[0],
                           "ovn.kubernetes.io/ip_pool");
    CU_ASSERT_EQUAL(review.request.old_own_keys.n, 0);
    admission_review_destroy(&review);
}

static void
test_skipped(void)
{
    static const char *const vectors[] = {
        HEAD USER "\"kind\":{\"group\":\"\",\"kind\":\"Service\"},"
        "\"operation\":\"CREATE\",\"object\":{}" END,
        HEAD USER "\"kind\":{\"group\":\"x\",\"kind\":\"Pod\"},"
        "\"operation\":\"CREATE\",\"object\":{}" END,
        HEAD USER POD_KIND "\"operation\":\"DELETE\",\"object\":null,"
        "\"oldObject\":" POD("10.0.0.1") END,
        HEAD USER POD_KIND "\"operation\":\"CONNECT\"" END,
        HEAD USER POD_KIND "\"operation\":\"UPDATE\",\"subResource\":"
        "\"status\",\"object\":" POD("x") ",\"oldObject\":" POD("y") END,
        HEAD "\"operation\":\"CREATE\"" END,
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct admission_review review;

        CU_ASSERT_PTR_NULL(read_review(vectors[i], &review));
        CU_ASSERT_PTR_NOT_NULL(review.skipped);
        CU_ASSERT_PTR_NULL(review.request.pod);
        admission_review_destroy(&review);
    }
}

/* Whatever is not what it should be is let in unread. */
static void
test_unreadable(void)
{
    static const char *const vectors[] = {
        HEAD POD_KIND "\"operation\":\"CREATE\"" END,
        HEAD POD_KIND "\"operation\":\"CREATE\",\"object\":[]" END,
        HEAD POD_KIND "\"operation\":\"UPDATE\",\"object\":"
        POD("10.0.0.1") END,
        HEAD POD_KIND "\"operation\":\"CREATE\",\"object\":{}" END,
        HEAD POD_KIND "\"operation\":\"CREATE\",\"object\":{\"metadata\":"
        "{\"name\":\"../../x\"}}" END,
        HEAD POD_KIND "\"operation\":\"CREATE\",\"object\":{\"metadata\":"
        "{\"name\":\"p\",\"annotations\":{\"ovn.kubernetes.io/ip_address\":"
        "[1]}}}" END,
        HEAD POD_KIND "\"operation\":\"CREATE\",\"object\":{\"kind\":"
        "\"Service\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"p\"}}"
        END,
        HEAD POD_KIND "\"operation\":\"UPDATE\",\"object\":"
        POD("10.0.0.1") ",\"oldObject\":" STS("", "") END,
        HEAD STS_KIND "\"operation\":\"CREATE\",\"object\":{\"metadata\":"
        "{\"name\":\"s\"},\"spec\":{\"replicas\":-1}}" END,
        HEAD STS_KIND "\"operation\":\"CREATE\",\"object\":{\"metadata\":"
        "{\"name\":\"s\"},\"spec\":{\"template\":7}}" END,
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct admission_review review;

        CU_ASSERT_PTR_NULL(read_review(vectors[i], &review));
        CU_ASSERT_PTR_NOT_NULL(review.unreadable);
        CU_ASSERT_PTR_NULL(review.request.pod);
        CU_ASSERT_PTR_NULL(review.request.workload);
        admission_review_destroy(&review);
    }
}

static void
test_no_review(void)
{
    static const char *const vectors[] = {
        "", "x", "{", "[]", "null", "7", "{}",
        "{\"kind\":\"AdmissionReview\"}",
        "{\"kind\":\"AdmissionReview\",\"apiVersion\":"
        "\"admission.k8s.io/v1beta1\",\"request\":{\"uid\":\"u\"}}",
        "{\"kind\":\"Pod\",\"apiVersion\":\"admission.k8s.io/v1\","
        "\"request\":{\"uid\":\"u\"}}",
        "{\"kind\":\"AdmissionReview\",\"apiVersion\":"
        "\"admission.k8s.io/v1\",\"request\":[]}",
        "{\"kind\":\"AdmissionReview\",\"apiVersion\":"
        "\"admission.k8s.io/v1\",\"request\":{\"uid\":7}}",
        HEAD "\"x\":1" END "x",
    };
    char *deep = xmalloc(100001);

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct admission_review review;
        char *error = read_review(vectors[i], &review);

        CU_ASSERT_PTR_NOT_NULL(error);
        free(error);
        admission_review_destroy(&review);
    }

    /* A body made to exhaust the stack. */
    memset(deep, '[', 100000);
    deep[100000] = '\0';

    struct admission_review review;
    char *error = read_review(deep, &review);
    CU_ASSERT_PTR_NOT_NULL(error);
    free(error);
    admission_review_destroy(&review);
    free(deep);
}

/* Reads every beginning of a request, and the whole with each byte changed:
 * nothing of it may do harm. */
static void
test_mutilated(void)
{
    static const char whole[] =
        HEAD USER STS_KIND "\"operation\":\"UPDATE\",\"object\":"
        STS("\"ovn.kubernetes.io/ip_pool\":\"10.0.0.1\"",
            "\"ovn.kubernetes.io/ip_address\":\"10.0.0.1\"")
        ",\"oldObject\":" STS("", "\"k8s.v1.cni.cncf.io/networks\":"
                              "\"[{}]\"") END;
    static const char bytes[] = "\"{}[],:0x\\\x80";

    for (size_t i = 0; i < strlen(whole); i++) {
        struct admission_review review;
        char *copy = xstrdup(whole);

        free(admission_review_read(whole, i, &dialect_kube_ovn, &review));
        admission_review_destroy(&review);
        for (size_t j = 0; j < strlen(bytes); j++) {
            copy[i] = bytes[j];
            free(read_review(copy, &review));
            admission_review_destroy(&review);
        }
        free(copy);
    }
}

static json_t *
format(const struct admission_answer *answer)
{
    struct admission_review review = { .uid = xstrdup("u1") };
    char *text = admission_review_format(&review, answer);
    json_t *json = json_loads(text, 0, NULL);

    free(text);
    free(review.uid);
    return json;
}

static void
test_answers(void)
{
    struct admission_finding findings[] = {
        { ADM_ADDRESS_HELD, true, xstrdup("AddressHeld: one") },
        { ADM_ADDRESS_HELD, true, xstrdup("AddressHeld: two") },
        { ADM_INVALID_VALUE, false, xstrdup("InvalidValue: \xc3") },
    };
    struct admission_answer answer = { .allowed = true };
    int allowed, code;
    const char *s, *message;
    json_t *json;

    json = format(&answer);
    CU_ASSERT(!json_unpack(json, "{s:s s:s s:{s:s s:b s:[]}}", "apiVersion",
                           &s, "kind", &s, "response", "uid", &s, "allowed",
                           &allowed, "warnings"));
    CU_ASSERT_STRING_EQUAL(s, "u1");
    CU_ASSERT(allowed);
    CU_ASSERT_PTR_NULL(json_object_get(json_object_get(json, "response"),
                                       "status"));
    json_decref(json);

    answer.allowed = false;
    answer.findings = findings;
    answer.n = ARRAY_SIZE(findings);
    json = format(&answer);
    CU_ASSERT(!json_unpack(json, "{s:{s:b s:{s:i s:s} s:[s!] s:{s:s}}}",
                           "response", "allowed", &allowed, "status", "code",
                           &code, "message", &message, "warnings", &s,
                           "auditAnnotations", "findings", &s));
    CU_ASSERT_FALSE(allowed);
    CU_ASSERT_EQUAL(code, 403);
    CU_ASSERT_STRING_EQUAL(message, "AddressHeld: one; AddressHeld: two");
    CU_ASSERT_STRING_EQUAL(s, "AddressHeld,InvalidValue");
    CU_ASSERT(!json_unpack(json, "{s:{s:[s]}}", "response", "warnings", &s));
    CU_ASSERT_STRING_EQUAL(s, "ovn-ipguard: InvalidValue: ?");
    json_decref(json);
    for (size_t i = 0; i < ARRAY_SIZE(findings); i++) {
        free(findings[i].text);
    }
}

void
suite_admission_review(void)
{
    CU_pSuite suite = unit_add_suite("admission_review");

    CU_ADD_TEST(suite, test_pod);
    CU_ADD_TEST(suite, test_generate_name);
    CU_ADD_TEST(suite, test_statefulset);
    CU_ADD_TEST(suite, test_skipped);
    CU_ADD_TEST(suite, test_unreadable);
    CU_ADD_TEST(suite, test_no_review);
    CU_ADD_TEST(suite, test_mutilated);
    CU_ADD_TEST(suite, test_answers);
}
