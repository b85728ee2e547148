/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of the reading of Kube-OVN's metrics, from a scripted server. */

#include <config.h>

#include "agent/kube/ipam-metrics.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/poll-loop.h"
#include "timeval.h"
#include "util.h"

#include "tests/unit/stub-server.h"
#include "tests/unit/unit.h"
#include "tests/unit/until.h"

static struct stub_server *stub;
static struct ipam_metrics *im;
static struct shash book;
static bool known, taken;

static void
turn(void)
{
    struct shash next;

    stub_server_run(stub);
    ipam_metrics_run(im, time_msec());
    if (ipam_metrics_take(im, time_msec(), &known, &next)) {
        shash_swap(&book, &next);
        shash_destroy_free_data(&next);
        taken = true;
    }
    stub_server_run(stub);
}

static void
block(long long int end_ms)
{
    stub_server_wait(stub);
    ipam_metrics_wait(im);
    poll_timer_wait_until(end_ms);
    poll_block();
}

#define UNTIL(CONDITION)                     \
    do {                                     \
        turn();                              \
        UNTIL_TRUE(CONDITION, turn, block);  \
    } while (0)

static void
reply(const char *path, int status, const char *body)
{
    UNTIL(stub_server_find(stub, path, NULL) != NULL);
    taken = false;
    stub_request_reply(stub_server_find(stub, path, NULL), status, "", body);
}

static const char *
user(const char *key)
{
    const char *found = shash_find_data(&book, key);

    return found ? found : "";
}

static void
test_read(void)
{
    char *url;

    stub = stub_server_create();
    url = xasprintf("%s/some/metrics", stub_server_url(stub));
    im = ipam_metrics_create(url);
    ipam_metrics_set_interval(im, 10);
    shash_init(&book);
    reply("/some/metrics$", 200,
          "# HELP subnet_ip_assign_info x\n"
          "subnet_ip_assign_info{ip=\"10.0.0.9\",pod_name=\"e2e/sts1-0\","
          "subnet_name=\"ls1\"} 1\n"
          "subnet_ip_assign_info{subnet_name=\"ls1\",ip=\"FD00::0:1\","
          "pod_name=\"a\\\"b\\\\c\"} 1\n"
          "subnet_ip_assign_info{subnet_name=\"ls1\",ip=\"x\","
          "pod_name=\"bad\"} 1\n"
          "subnet_ip_assign_info{subnet_name=\"ls1\",ip=\"10.0.0.1\"} 1\n"
          "subnet_ip_assign_info{subnet_name=\"ls1\n"
          "subnet_ip_assign_info{ip=\"10.0.0.2\n"
          "subnet_used_ip_count{subnet_name=\"ls1\"} 7\n");
    UNTIL(taken);
    CU_ASSERT(known);
    CU_ASSERT_EQUAL(shash_count(&book), 2);
    CU_ASSERT_STRING_EQUAL(user("ls1 10.0.0.9"), "e2e/sts1-0");
    CU_ASSERT_STRING_EQUAL(user("ls1 fd00::1"), "a\"b\\c");
    CU_ASSERT_PTR_NULL(ipam_metrics_problem(im));

    /* The next look replaces it as a whole. */
    reply("/some/metrics$", 200,
          "subnet_ip_assign_info{ip=\"10.0.0.8\",pod_name=\"p\","
          "subnet_name=\"ls1\"} 1\n");
    UNTIL(taken);
    CU_ASSERT_EQUAL(shash_count(&book), 1);
    CU_ASSERT_STRING_EQUAL(user("ls1 10.0.0.8"), "p");

    /* An error is a problem, and not an empty book. */
    reply("/some/metrics$", 500, "subnet_ip_assign_info{");
    UNTIL(ipam_metrics_problem(im) != NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(ipam_metrics_problem(im), "status 500"));
    CU_ASSERT(!taken);
    reply("/some/metrics$", 200, "");
    UNTIL(taken);
    CU_ASSERT(known);
    CU_ASSERT(shash_is_empty(&book));
    CU_ASSERT_PTR_NULL(ipam_metrics_problem(im));
    ipam_metrics_destroy(im);
    stub_server_destroy(stub);
    shash_destroy_free_data(&book);
    free(url);
}

/* User, password and query go to the server, and nowhere else. */
static void
test_secrets(void)
{
    struct stub_request *request;
    char *url;

    stub = stub_server_create();
    url = xasprintf("http://user:pw@%s/m?token=pw",
                    stub_server_url(stub) + strlen("http://"));
    im = ipam_metrics_create(url);
    ipam_metrics_set_interval(im, 10);
    shash_init(&book);
    UNTIL((request = stub_server_find(stub, "/m?token=pw$", NULL)) != NULL);
    CU_ASSERT(stub_request_has_header(request,
                                      "Authorization: Basic dXNlcjpwdw=="));
    stub_request_reply(request, 403, "", "");
    UNTIL(ipam_metrics_problem(im) != NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(ipam_metrics_problem(im),
                                  "/m?(removed): status 403"));
    CU_ASSERT_PTR_NOT_NULL(strstr(ipam_metrics_problem(im),
                                  "http://(removed)@127.0.0.1:"));
    CU_ASSERT_PTR_NULL(strstr(ipam_metrics_problem(im), "pw"));
    ipam_metrics_destroy(im);
    stub_server_destroy(stub);
    shash_destroy_free_data(&book);
    free(url);
}

static void
test_url(void)
{
    static const char *const good[] = {
        "http://a", "https://a:10660/metrics", "http://[fd00::1]:1/",
        "http://user:pw@a/", "http://a?x=y", "http://a/b?x=y",
    };
    static const char *const bad[] = {
        "", "a", "ftp://a", "http://", "http:///metrics", "http:/a",
        "ftp://user:pw@a", "http://user:pw@", "http://user:pw@/metrics",
        "http://user:p/pw@a", "http://user:p?pw@a", "http://user:p#pw@a",
        "http://a/#pw",
    };

    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        CU_ASSERT_PTR_NULL(ipam_metrics_check_url(good[i]));
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        char *error = ipam_metrics_check_url(bad[i]);

        CU_ASSERT_PTR_NOT_NULL_FATAL(error);
        CU_ASSERT_PTR_NULL(strstr(error, "pw"));
        free(error);
    }
}

void
suite_ipam_metrics(void)
{
    CU_pSuite suite = unit_add_suite("ipam_metrics");

    CU_ADD_TEST(suite, test_read);
    CU_ADD_TEST(suite, test_secrets);
    CU_ADD_TEST(suite, test_url);
}
