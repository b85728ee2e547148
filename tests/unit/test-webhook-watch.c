/* SPDX-License-Identifier: Apache-2.0 */

/* What "release first" takes for certain: the files of deploy/ are, and
 * nothing that is less. */

#include <config.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "sset.h"
#include "util.h"

#include "agent/kube/webhook-watch.h"
#include "agent/kube/yaml-text.h"

#include "tests/unit/unit.h"

/* The 'n'-th document of deploy/'name'.  The caller frees it. */
static json_t *
load(const char *name, int n)
{
    const char *srcdir = getenv("srcdir");
    char *path = xasprintf("%s/deploy/%s", srcdir ? srcdir : ".", name);
    struct ds ds = DS_EMPTY_INITIALIZER;
    FILE *file = fopen(path, "r");
    struct text_value value;
    struct yaml_text text;
    json_t *found = NULL;
    int c, i = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    while ((c = getc(file)) != EOF) {
        ds_put_char(&ds, c);
    }
    fclose(file);
    yaml_text_init(&text, ds_cstr(&ds), ds.length);
    while (yaml_text_next(&text, &value) == TEXT_ROOT) {
        if (i++ == n) {
            found = json_deep_copy(value.json);
        }
        json_decref(value.json);
    }
    yaml_text_destroy(&text);
    ds_destroy(&ds);
    free(path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(found);
    return found;
}

/* What 'path' ("a/0/b") leads to. */
static json_t *
find(json_t *json, const char *path)
{
    char *copy = xstrdup(path), *save = NULL;

    for (char *s = strtok_r(copy, "/", &save); s && json;
         s = strtok_r(NULL, "/", &save)) {
        json = (json_is_array(json) ? json_array_get(json, atoi(s))
                : json_object_get(json, s));
    }
    free(copy);
    return json;
}

static char *
judge(enum webhook_look_kind kind, json_t *json, struct sset *left_out)
{
    char *text = json_dumps(json, 0);
    char *flaw = webhook_watch_judge(kind, text, left_out);

    free(text);
    return flaw;
}

/* 'json' (freed) with 'key' of what 'path' leads to set to 'value' (JSON;
 * NULL: removed) is not certain, which is told with 'part'. */
static void
check_flaw(enum webhook_look_kind kind, json_t *json, const char *path,
           const char *key, const char *value, const char *part)
{
    struct sset left_out = SSET_INITIALIZER(&left_out);
    json_t *at = find(json, path);
    char *flaw;

    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    if (value) {
        json_object_set_new(at, key, json_loads(value, JSON_DECODE_ANY,
                                                NULL));
    } else {
        json_object_del(at, key);
    }
    flaw = judge(kind, json, &left_out);
    CU_ASSERT_PTR_NOT_NULL(flaw);
    if (flaw && !strstr(flaw, part)) {
        CU_FAIL("another flaw");
        fprintf(stderr, "%s\n", flaw);
    }
    free(flaw);
    sset_destroy(&left_out);
    json_decref(json);
}

static void
check_certain(enum webhook_look_kind kind, json_t *json, bool names)
{
    struct sset left_out = SSET_INITIALIZER(&left_out);
    char *flaw = judge(kind, json, &left_out);

    CU_ASSERT_PTR_NULL(flaw);
    if (flaw) {
        fprintf(stderr, "%s\n", flaw);
    }
    CU_ASSERT_EQUAL(sset_count(&left_out), names ? 2 : 0);
    CU_ASSERT_EQUAL(sset_contains(&left_out, "kube-system"), names);
    CU_ASSERT_EQUAL(sset_contains(&left_out, "ovn-ipguard"), names);
    free(flaw);
    sset_destroy(&left_out);
    json_decref(json);
}

#define IN_SYSTEM "{\"matchExpressions\": [{\"key\": " \
    "\"kubernetes.io/metadata.name\", \"operator\": \"In\", " \
    "\"values\": [\"a\"]}]}"
#define LABELLED "{\"matchLabels\": {\"a\": \"b\"}}"

static json_t *
webhooks(void)
{
    return json_pack("{s:[o]}", "items", load("webhook-release.yaml", 0));
}

static void
test_webhook(void)
{
    const enum webhook_look_kind kind = LOOK_WEBHOOK;
    const char *one = "items/0/webhooks/0";

    check_certain(kind, webhooks(), true);
    check_flaw(kind, json_pack("{}"), "", "items", "[]", "is not there");
    check_flaw(kind, webhooks(), one, "name", "\"other\"", "is not there");
    check_flaw(kind, webhooks(), one, "failurePolicy", "\"Ignore\"",
               "failurePolicy");
    check_flaw(kind, webhooks(), one, "rules", "[]", "creation of pods");
    check_flaw(kind, webhooks(), "items/0/webhooks/0/rules/0", "operations",
               "[\"UPDATE\"]", "creation of pods");
    check_flaw(kind, webhooks(), one, "namespaceSelector", IN_SYSTEM,
               "namespaceSelector");
    check_flaw(kind, webhooks(), one, "namespaceSelector", LABELLED,
               "namespaceSelector");
    check_flaw(kind, webhooks(), one, "objectSelector", LABELLED,
               "objectSelector");
}

static void
test_policy(void)
{
    static const char *const lists[] = { "matchConditions", "variables",
                                         "validations" };
    const enum webhook_look_kind kind = LOOK_POLICY;
    const char *file = "policy-release.yaml";

    check_certain(kind, load(file, 0), false);
    check_flaw(kind, load(file, 0), "spec", "failurePolicy", "\"Ignore\"",
               "failurePolicy");
    check_flaw(kind, load(file, 0), "spec", "paramKind", NULL, "paramKind");
    check_flaw(kind, load(file, 0), "spec/paramKind", "kind", "\"Subnet\"",
               "paramKind");
    check_flaw(kind, load(file, 0), "spec/matchConstraints", "resourceRules",
               NULL, "creation of pods");
    check_flaw(kind, load(file, 0), "spec/matchConstraints",
               "objectSelector", LABELLED, "objectSelector");
    check_flaw(kind, load(file, 0), "spec/matchConstraints",
               "excludeResourceRules", "[{}]", "excludeResourceRules");
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
        char *path = xasprintf("spec/%s/0", lists[i]);

        check_flaw(kind, load(file, 0), path, "expression", "\"true\"",
                   "its expressions are not those");
        check_flaw(kind, load(file, 0), "spec", lists[i], NULL,
                   "its expressions are not those");
        free(path);
    }
}

static void
test_binding(void)
{
    const enum webhook_look_kind kind = LOOK_BINDING;
    const char *file = "policy-release.yaml";

    check_certain(kind, load(file, 1), true);
    check_flaw(kind, load(file, 1), "spec", "policyName", "\"other\"",
               "another policy");
    check_flaw(kind, load(file, 1), "spec", "validationActions",
               "[\"Warn\", \"Audit\"]", "does not deny");
    check_flaw(kind, load(file, 1), "spec", "paramRef", NULL, "paramRef");
    check_flaw(kind, load(file, 1), "spec/paramRef", "selector", LABELLED,
               "paramRef");
    check_flaw(kind, load(file, 1), "spec", "paramRef",
               "{\"name\": \"a\"}", "paramRef");
    check_flaw(kind, load(file, 1), "spec/matchResources", "resourceRules",
               "[{}]", "resourceRules");
    check_flaw(kind, load(file, 1), "spec/matchResources",
               "namespaceSelector", LABELLED, "namespaceSelector");
}

void
suite_webhook_watch(void)
{
    CU_pSuite suite = unit_add_suite("webhook_watch");

    CU_ADD_TEST(suite, test_webhook);
    CU_ADD_TEST(suite, test_policy);
    CU_ADD_TEST(suite, test_binding);
}
