/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of questions to the Southbound database and what may come back. */

#include <config.h>

#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "jsonrpc.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "sset.h"
#include "util.h"

#include "ovsdb/sb-question.h"

#define CHASSIS "11111111-2222-4333-8444-555555555555"

/* About port "p1" and address 10.0.0.1. */
static struct sset ports = SSET_INITIALIZER(&ports);
static struct sset addresses = SSET_INITIALIZER(&addresses);

static void
begin(void)
{
    sset_clear(&ports);
    sset_clear(&addresses);
    sset_add(&ports, "p1");
    sset_add(&addresses, "10.0.0.1");
}

static void
end(void)
{
    sset_destroy(&ports);
    sset_destroy(&addresses);
    sset_init(&ports);
    sset_init(&addresses);
}

/* Parses a reply with 'result', which is JSON text. */
static char *
parse(const char *result, struct sb_answer *answer)
{
    struct json *id = json_integer_create(1);
    struct json *json = json_from_string(result);
    struct jsonrpc_msg *reply = jsonrpc_create_reply(json, id);
    char *error = sb_question_parse(reply, &ports, &addresses, answer);

    jsonrpc_msg_destroy(reply);
    json_destroy(id);
    return error;
}

/* The answer is refused with a text that has 'pattern' in it, and is empty. */
static void
refuses(const char *result, const char *pattern)
{
    struct sb_answer answer;
    char *error = parse(result, &answer);

    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    if (!strstr(error, pattern)) {
        printf("'%s' has no '%s'\n", error, pattern);
        CU_FAIL("another error");
    }
    CU_ASSERT(!answer.n_bindings && !answer.n_macs && !answer.bindings
              && !answer.macs);
    free(error);
}

static void
test_compose(void)
{
    struct json *params;
    char *text;

    begin();
    params = sb_question_compose(&ports, &addresses, true);
    text = json_to_string(params, JSSF_SORT);
    CU_ASSERT_STRING_EQUAL(
        text, "[\"OVN_Southbound\","
        "{\"columns\":[\"logical_port\",\"chassis\",\"additional_chassis\"],"
        "\"op\":\"select\",\"table\":\"Port_Binding\","
        "\"where\":[[\"logical_port\",\"==\",\"p1\"]]},"
        "{\"columns\":[\"logical_port\",\"ip\",\"mac\"],"
        "\"op\":\"select\",\"table\":\"MAC_Binding\","
        "\"where\":[[\"ip\",\"==\",\"10.0.0.1\"]]}]");
    free(text);
    json_destroy(params);

    /* Servers of before OVN 22.06 would refuse the column. */
    params = sb_question_compose(&ports, &addresses, false);
    text = json_to_string(params, 0);
    CU_ASSERT_PTR_NULL(strstr(text, "additional_chassis"));
    free(text);
    json_destroy(params);
    end();
}

static void
test_answers(void)
{
    struct sb_answer a;

    begin();
    CU_ASSERT_PTR_NULL_FATAL(parse(
        "[{\"rows\":[{\"logical_port\":\"p1\",\"chassis\":[\"uuid\",\""
        CHASSIS "\"],\"additional_chassis\":[\"set\",[]]}]},"
        "{\"rows\":[{\"logical_port\":\"r1\",\"ip\":\"10.0.0.1\","
        "\"mac\":\"0a:00:00:00:00:01\"},{\"logical_port\":\"r2\","
        "\"ip\":\"10.0.0.1\",\"mac\":\"\"}]}]", &a));
    CU_ASSERT_EQUAL_FATAL(a.n_bindings, 1);
    CU_ASSERT_STRING_EQUAL(a.bindings[0].logical_port, "p1");
    CU_ASSERT(a.bindings[0].has_chassis);
    CU_ASSERT_EQUAL(a.bindings[0].chassis.parts[0], 0x11111111);
    CU_ASSERT_EQUAL(a.bindings[0].n_additional_chassis, 0);
    CU_ASSERT_EQUAL_FATAL(a.n_macs, 2);
    CU_ASSERT_STRING_EQUAL(a.macs[0].mac, "0a:00:00:00:00:01");
    CU_ASSERT_STRING_EQUAL(a.macs[1].logical_port, "r2");
    sb_answer_destroy(&a);

    /* Unbound but for a migration; an older server. */
    CU_ASSERT_PTR_NULL_FATAL(parse(
        "[{\"rows\":[{\"logical_port\":\"p1\",\"chassis\":[\"set\",[]],"
        "\"additional_chassis\":[\"uuid\",\"" CHASSIS "\"]}]},"
        "{\"rows\":[]}]", &a));
    CU_ASSERT(!a.bindings[0].has_chassis);
    CU_ASSERT_EQUAL(a.bindings[0].n_additional_chassis, 1);
    sb_answer_destroy(&a);
    CU_ASSERT_PTR_NULL_FATAL(parse(
        "[{\"rows\":[{\"logical_port\":\"p1\",\"chassis\":[\"set\",[]]}]},"
        "{\"rows\":[]}]", &a));
    CU_ASSERT_EQUAL(a.bindings[0].n_additional_chassis, 0);
    sb_answer_destroy(&a);

    /* Nothing there. */
    CU_ASSERT_PTR_NULL_FATAL(parse("[{\"rows\":[]},{\"rows\":[]}]", &a));
    CU_ASSERT(!a.n_bindings && !a.n_macs);
    sb_answer_destroy(&a);
    end();
}

static void
test_malformed(void)
{
    static const char *const bindings[][2] = {
        { "1", "no object" },
        { "{\"chassis\":[\"set\",[]]}", "lacks column logical_port" },
        { "{\"logical_port\":7,\"chassis\":[\"set\",[]]}", "logical_port" },
        { "{\"logical_port\":\"p1\"}", "lacks column chassis" },
        { "{\"logical_port\":\"p1\",\"chassis\":\"ch1\"}", "chassis" },
        { "{\"logical_port\":\"p1\",\"chassis\":[\"uuid\",\"x\"]}",
          "chassis" },
        { "{\"logical_port\":\"p1\",\"chassis\":[\"set\",[]],"
          "\"additional_chassis\":{}}", "additional_chassis" },
        { "{\"logical_port\":\"p2\",\"chassis\":[\"set\",[]]}",
          "port p2, which was not asked for" },
    };
    static const char *const macs[][2] = {
        { "{\"logical_port\":\"r1\",\"ip\":\"10.0.0.1\"}",
          "lacks column mac" },
        { "{\"logical_port\":\"r1\",\"ip\":[\"set\",[\"a\",\"b\"]],"
          "\"mac\":\"\"}", "ip" },
        { "{\"logical_port\":\"r1\",\"ip\":\"10.0.0.2\",\"mac\":\"\"}",
          "10.0.0.2, which was not asked for" },
    };

    begin();
    refuses("null", "no results");
    refuses("{}", "no results");
    refuses("[]", "0 results for 2 operations");
    refuses("[{\"rows\":[]}]", "1 results for 2 operations");
    refuses("[{\"rows\":[]},{\"rows\":[]},{\"rows\":[]}]",
            "3 results for 2 operations");
    refuses("[{\"rows\":[]},null]", "without rows");
    refuses("[{\"rows\":{}},{\"rows\":[]}]", "without rows");
    refuses("[{\"count\":1},{\"rows\":[]}]", "without rows");
    for (size_t i = 0; i < ARRAY_SIZE(bindings); i++) {
        char *s = xasprintf("[{\"rows\":[%s]},{\"rows\":[]}]",
                            bindings[i][0]);

        refuses(s, bindings[i][1]);
        free(s);
    }
    for (size_t i = 0; i < ARRAY_SIZE(macs); i++) {
        /* What was good before is not kept. */
        char *s = xasprintf("[{\"rows\":[{\"logical_port\":\"p1\","
                            "\"chassis\":[\"set\",[]]}]},"
                            "{\"rows\":[{\"logical_port\":\"r0\","
                            "\"ip\":\"10.0.0.1\",\"mac\":\"\"},%s]}]",
                            macs[i][0]);

        refuses(s, macs[i][1]);
        free(s);
    }
    end();
}

static void
test_errors(void)
{
    struct json *id = json_integer_create(1);
    struct jsonrpc_msg *reply;
    struct sb_answer answer;
    char *error;

    begin();
    refuses("[{\"error\":\"unknown column\",\"details\":\"No column.\"},"
            "null]", "says \"unknown column\": No column.");
    refuses("[{\"error\":\"timed out\"},null]", "says \"timed out\"");
    refuses("[{\"error\":5},null]", "without rows");
    /* Of the transaction as a whole. */
    refuses("[{\"rows\":[]},{\"rows\":[]},{\"error\":\"not allowed\"}]",
            "says \"not allowed\"");

    reply = jsonrpc_create_error(json_string_create("unknown database"), id);
    error = sb_question_parse(reply, &ports, &addresses, &answer);
    CU_ASSERT(error && strstr(error, "refuses it: \"unknown database\""));
    free(error);
    jsonrpc_msg_destroy(reply);
    json_destroy(id);
    end();
}

/* As many rows as may come are taken, and not one more. */
static void
test_size(void)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct sb_answer answer;

    begin();
    ds_put_cstr(&ds, "[{\"rows\":[]},{\"rows\":[");
    for (int i = 0; i < SB_ANSWER_MAX_ROWS; i++) {
        ds_put_format(&ds, "%s{\"logical_port\":\"r%d\","
                      "\"ip\":\"10.0.0.1\",\"mac\":\"\"}", i ? "," : "", i);
    }
    ds_put_cstr(&ds, "]}]");
    CU_ASSERT_PTR_NULL(parse(ds_cstr(&ds), &answer));
    CU_ASSERT_EQUAL(answer.n_macs, SB_ANSWER_MAX_ROWS);
    sb_answer_destroy(&answer);
    ds_truncate(&ds, ds.length - 3);
    ds_put_cstr(&ds, ",{}]}]");
    refuses(ds_cstr(&ds), "more than 10000 rows");
    ds_destroy(&ds);
    end();
}

void
suite_sb_question(void)
{
    CU_pSuite suite = unit_add_suite("sb_question");

    CU_ADD_TEST(suite, test_compose);
    CU_ADD_TEST(suite, test_answers);
    CU_ADD_TEST(suite, test_malformed);
    CU_ADD_TEST(suite, test_errors);
    CU_ADD_TEST(suite, test_size);
}
