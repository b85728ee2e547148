/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of the source that reads manifest files: what becomes of a file's
 * content, good or bad. */

#include <config.h>

#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"

#include "random.h"
#include "util.h"

#include "agent/kube/manifests.h"
#include "tests/unit/manifest-fixture.h"

/* The first copy. */
static void
test_start(void)
{
    char *list = mf_make_pods(3, 0, 0);
    struct manifests_status status;
    struct mf f;

    mf_init(&f);
    mf_write(&f, "a.json", list);
    mf_write(&f, "b.yaml", MF_POD("web-0", "10.1.0.1") "---\n"
             "kind: Deployment\nmetadata: {name: d}\n");
    mf_write(&f, "c.yml", MF_POD("web-1", "10.1.0.2"));
    mf_write(&f, ".d.yaml", MF_POD("web-2", "10.1.0.3"));
    mf_write(&f, "e.txt", MF_POD("web-3", "10.1.0.4"));
    mf_shell("mkdir '%s'/sub.yaml '%s'/sub", f.dir, f.dir);
    mf_write(&f, "sub/f.yaml", MF_POD("web-4", "10.1.0.5"));
    mf_make_old(&f);
    mf_add_path(&f, "");
    CU_ASSERT_FALSE(mf_is_synced(&f));
    mf_pass(&f, 0);
    CU_ASSERT_TRUE(mf_is_synced(&f));
    mf_check_problems(&f, 0, NULL);
    mf_check_changes(&f, 5);
    mf_check_known(&f, "pod default/p0", "u0 10.0.0.0");
    mf_check_known(&f, "pod default/web-0", " 10.1.0.1");
    mf_check_known(&f, "pod default/web-1", " 10.1.0.2");
    mf_check_known(&f, "pod default/web-2", NULL);
    mf_check_known(&f, "pod default/web-3", NULL);
    mf_check_known(&f, "pod default/web-4", NULL);
    manifests_get_status(f.m, &status);
    CU_ASSERT_EQUAL(status.n_files, 3);
    CU_ASSERT_EQUAL(status.n_pods, 5);
    CU_ASSERT_EQUAL(status.n_workloads, 0);
    CU_ASSERT_EQUAL(status.n_ignored, 1);
    CU_ASSERT_EQUAL(status.last_change_ms, 1000);
    CU_ASSERT_TRUE(status.trusted);

    /* Nothing happens, so nothing is said. */
    mf_pass(&f, 100000);
    mf_check_changes(&f, 0);
    manifests_get_status(f.m, &status);
    CU_ASSERT_EQUAL(status.last_change_ms, 1000);
    mf_destroy(&f);
    free(list);
}

/* A file that was just written may not be complete: the first copy is not
 * either until it has settled. */
static void
test_start_unsettled(void)
{
    struct mf f;

    mf_init(&f);
    mf_write(&f, "a.yaml", MF_POD("a", "10.0.0.1"));
    mf_add_path(&f, "a.yaml");
    mf_pass(&f, 0);
    mf_check_changes(&f, 1);
    CU_ASSERT_FALSE(mf_is_synced(&f));
    mf_pass(&f, MF_SETTLE_MS - 1);
    CU_ASSERT_FALSE(mf_is_synced(&f));
    mf_write(&f, "a.yaml", MF_POD("a", "10.0.0.1") "---\n"
             MF_POD("b", "10.0.0.2"));
    mf_pass(&f, 0);
    mf_check_changes(&f, 1);
    mf_pass(&f, 1);
    CU_ASSERT_FALSE(mf_is_synced(&f));
    mf_pass(&f, MF_SETTLE_MS - 2);
    CU_ASSERT_FALSE(mf_is_synced(&f));
    mf_pass(&f, 1);
    CU_ASSERT_TRUE(mf_is_synced(&f));
    mf_check_changes(&f, 0);
    mf_destroy(&f);
}

/* A bad first copy is none. */
static void
test_start_bad(void)
{
    struct mf f;

    mf_init(&f);
    mf_write(&f, "a.yaml", MF_POD("a", "10.0.0.1"));
    mf_write(&f, "b.yaml", "a: [\n");
    mf_make_old(&f);
    mf_add_path(&f, "");
    mf_pass(&f, 0);
    mf_check_changes(&f, 1);
    CU_ASSERT_FALSE(mf_is_synced(&f));
    mf_check_problems(&f, 1, "b.yaml:2: ");
    mf_write(&f, "b.yaml", MF_POD("b", "10.0.0.2"));
    mf_pass(&f, MF_SETTLE_MS);
    mf_pass(&f, MF_SETTLE_MS);
    CU_ASSERT_TRUE(mf_is_synced(&f));
    mf_check_problems(&f, 0, NULL);
    mf_check_changes(&f, 1);
    mf_destroy(&f);
}

/* Each kind of change of a file, and no more than that. */
static void
test_changes(void)
{
    char *list = mf_make_pods(100, 0, 0);
    char *p;
    struct mf f;

    mf_start(&f, "a.json", list);

    /* In place, one object. */
    p = strstr(list, "10.0.0.42");
    memcpy(p, "10.0.9.42", 9);
    mf_write(&f, "a.json", list);
    mf_pass(&f, 0);
    mf_check_changes(&f, 1);
    mf_check_known(&f, "pod default/p42", "u42 10.0.9.42");

    /* Replaced, one object. */
    memcpy(p, "10.0.8.42", 9);
    mf_replace(&f, "a.json", list);
    mf_pass(&f, 0);
    mf_check_changes(&f, 1);
    mf_check_known(&f, "pod default/p42", "u42 10.0.8.42");

    /* Another pod of that name. */
    p = strstr(list, "\"u7\"");
    memcpy(p, "\"v7\"", 4);
    mf_write(&f, "a.json", list);
    mf_pass(&f, 0);
    mf_check_changes(&f, 1);
    mf_check_known(&f, "pod default/p7", "v7 10.0.0.7");

    /* Other spelling, same content; same content again; just touched. */
    p = xasprintf("\n\n %s", list);
    mf_write(&f, "a.json", p);
    mf_pass(&f, 0);
    mf_replace(&f, "a.json", p);
    mf_pass(&f, 0);
    mf_shell("touch '%s/a.json'", f.dir);
    mf_pass(&f, 0);
    mf_check_changes(&f, 0);
    free(p);

    /* A new object, and a new file; YAML that looks like JSON at first. */
    mf_write(&f, "c.yaml", "{kind: Pod, metadata: {name: flow}}\n");
    mf_pass(&f, 0);
    mf_check_changes(&f, 1);
    mf_write(&f, "b.yaml", MF_POD("new", "10.1.0.1"));
    mf_pass(&f, 0);
    mf_check_changes(&f, 1);
    mf_check_problems(&f, 0, NULL);
    mf_destroy(&f);
    free(list);
}

/* Changes that follow each other so fast that the file looks the same. */
static void
test_fast_changes(void)
{
    struct mf f;

    mf_start(&f, "a.yaml", MF_POD("a", "10.0.0.1"));
    for (int i = 10; i < 99; i++) {
        char *ip = xasprintf("10.0.0.%d", i);
        char *text = xasprintf(MF_POD("a", "%s"), ip);
        char *expected = xasprintf(" %s", ip);

        mf_write(&f, "a.yaml", text);
        mf_pass(&f, 0);
        mf_check_changes(&f, 1);
        mf_check_known(&f, "pod default/a", expected);
        free(expected);
        free(text);
        free(ip);
    }
    mf_destroy(&f);
}

/* Absence counts when the file has settled. */
static void
test_absence(void)
{
    char *full = mf_make_pods(10, 0, 0);
    char *less = mf_make_pods(10, 0, 2);
    struct mf f;

    mf_start(&f, "a.json", full);
    mf_write(&f, "a.json", less);
    mf_pass(&f, 0);
    mf_pass(&f, MF_SETTLE_MS - 1);
    mf_check_changes(&f, 0);
    mf_check_problems(&f, 0, NULL);
    mf_pass(&f, 1);
    mf_check_changes(&f, 2);
    mf_check_known(&f, "pod default/p0", NULL);
    mf_check_known(&f, "pod default/p1", NULL);
    mf_check_known(&f, "pod default/p2", "u2 10.0.0.2");

    /* Back in time: nothing was lost. */
    mf_write(&f, "a.json", full);
    mf_pass(&f, 0);
    mf_check_changes(&f, 2);
    mf_write(&f, "a.json", less);
    mf_pass(&f, MF_SETTLE_MS / 2);
    mf_write(&f, "a.json", full);
    mf_pass(&f, MF_SETTLE_MS / 2);
    mf_pass(&f, MF_SETTLE_MS);
    mf_check_changes(&f, 0);

    /* A change starts the time anew. */
    mf_write(&f, "a.json", less);
    mf_pass(&f, MF_SETTLE_MS / 2);
    mf_replace(&f, "a.json", less);
    mf_pass(&f, 0);
    mf_pass(&f, MF_SETTLE_MS - 1);
    mf_check_changes(&f, 0);
    mf_pass(&f, 1);
    mf_check_changes(&f, 2);
    mf_destroy(&f);
    free(full);
    free(less);
}

/* A file that lost too much keeps its last content. */
static void
test_shrunk(void)
{
    char *full = mf_make_pods(10, 0, 0);
    char *small = mf_make_pods(10, 5, 3);
    struct mf f;

    mf_start(&f, "a.json", full);
    mf_check_confirm(&f, "a.json", "no problem");
    mf_check_confirm(&f, "none.json", "is no manifest");

    mf_write(&f, "a.json", small);
    mf_pass(&f, 10 * MF_SETTLE_MS);
    mf_check_changes(&f, 0);
    mf_check_problems(&f, 1, "a.json:1: 3 of 10 objects are gone");
    CU_ASSERT_FALSE(manifests_reread(f.m, f.now));
    mf_check_known(&f, "pod default/p9", "u9 10.0.0.9");

    /* Mended. */
    mf_write(&f, "a.json", full);
    mf_pass(&f, 0);
    mf_check_changes(&f, 0);
    mf_check_problems(&f, 0, NULL);

    /* Confirmed. */
    mf_write(&f, "a.json", small);
    mf_pass(&f, 0);
    mf_check_problems(&f, 1, NULL);
    mf_check_confirm(&f, "a.json", NULL);
    mf_pass(&f, 0);
    mf_check_changes(&f, 10);
    mf_check_known(&f, "pod default/p0", NULL);
    mf_check_known(&f, "pod default/p9", "u9 10.0.0.14");
    mf_check_problems(&f, 0, NULL);

    /* Two of two are not many. */
    mf_write(&f, "b.yaml", MF_POD("x", "10.1.0.1") "---\n"
             MF_POD("y", "10.1.0.2"));
    mf_pass(&f, 0);
    f.n_changes = 0;
    mf_write(&f, "b.yaml", "kind: List\nitems: []\n");
    mf_pass(&f, 0);
    mf_pass(&f, MF_SETTLE_MS);
    mf_check_problems(&f, 0, NULL);
    mf_check_changes(&f, 2);

    /* The whole folder's. */
    mf_write(&f, "a.json", "{\"kind\": \"List\", \"items\": []}");
    mf_pass(&f, 0);
    mf_check_problems(&f, 1, "7 of 7 objects");
    mf_check_confirm(&f, "", NULL);
    mf_pass(&f, 0);
    mf_check_changes(&f, 7);
    mf_check_problems(&f, 0, NULL);
    mf_destroy(&f);
    free(full);
    free(small);
}

/* Content that cannot be understood, of whatever kind. */
static void
test_bad_content(void)
{
    static const struct {
        const char *text;
        const char *problem;
    } vectors[] = {
        {"", "a.yaml:1: the file is empty"},
        {"# nothing\n", "a.yaml:1: the file is empty"},
        {"a: [\n\n", "a.yaml:3: "},
        {"- a\n", "a.yaml:1: expected a mapping"},
        {MF_POD("b", "10.0.0.9") "---\n" MF_POD("A", "10.0.0.9"),
         "a.yaml:10: Pod: metadata.name is \"A\""},
        {MF_POD("b", "10.0.0.9") "---\nkind: Pod\nmetadata:\n  name: c\n"
         "  annotations:\n    ovn.kubernetes.io/ip_address: 10\n",
         "a.yaml:11: Pod default/c: metadata.annotations"
         "[\"ovn.kubernetes.io/ip_address\"] is 10, expected a string"},
        {"{\"kind\": \"Pod\",,}", "a.yaml:1: "},
    };
    struct mf f;

    mf_start(&f, "a.yaml", MF_POD("a", "10.0.0.1"));
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        mf_write(&f, "a.yaml", vectors[i].text);
        mf_pass(&f, 0);
        mf_pass(&f, 10 * MF_SETTLE_MS);
        mf_check_changes(&f, 0);
        mf_check_problems(&f, 1, vectors[i].problem);
        CU_ASSERT_FALSE(manifests_reread(f.m, f.now));
        mf_check_known(&f, "pod default/a", " 10.0.0.1");
        if (i > 1) {
            mf_check_confirm(&f, "a.yaml", "a.yaml:");
            mf_check_problems(&f, 1, vectors[i].problem);
        }
        /* Another file goes on as before. */
        mf_write(&f, "b.yaml", i % 2 ? MF_POD("b", "10.0.0.2")
                                     : MF_POD("b", "10.0.0.3"));
        mf_pass(&f, 0);
        mf_check_changes(&f, 1);
        mf_write(&f, "a.yaml", MF_POD("a", "10.0.0.1"));
        mf_pass(&f, 0);
        mf_check_problems(&f, 0, NULL);
        mf_check_changes(&f, 0);
    }

    /* An empty file can be meant. */
    mf_write(&f, "a.yaml", "");
    mf_pass(&f, 0);
    mf_check_problems(&f, 1, NULL);
    mf_check_confirm(&f, "a.yaml", NULL);
    mf_pass(&f, 0);
    mf_check_changes(&f, 1);
    mf_check_known(&f, "pod default/a", NULL);
    mf_check_problems(&f, 0, NULL);

    /* What is bad by an annotation's value is not bad at all. */
    mf_write(&f, "a.yaml", MF_POD("a", "nonsense"));
    mf_pass(&f, 0);
    mf_check_problems(&f, 0, NULL);
    mf_check_known(&f, "pod default/a", "");
    mf_destroy(&f);
}

/* One object in two files: the first counts; when it goes, the other does. */
static void
test_duplicates(void)
{
    struct mf f;

    mf_start(&f, "b.yaml", MF_POD("a", "10.0.0.2"));
    mf_write(&f, "c.yaml", MF_POD("x", "10.0.0.9") "---\n"
             MF_POD("a", "10.0.0.3"));
    mf_pass(&f, 0);
    mf_check_changes(&f, 1);
    mf_check_problems(&f, 1, "c.yaml:7: Pod default/a is also in ");
    mf_check_known(&f, "pod default/a", " 10.0.0.2");

    /* An earlier file prevails from now on. */
    mf_write(&f, "a.yaml", MF_POD("a", "10.0.0.1"));
    mf_pass(&f, 0);
    mf_check_changes(&f, 1);
    mf_check_problems(&f, 2, "b.yaml:1: Pod default/a is also in ");
    mf_check_known(&f, "pod default/a", " 10.0.0.1");

    /* It lets go: there is no moment without the object. */
    mf_write(&f, "a.yaml", "kind: List\n");
    mf_pass(&f, 0);
    mf_check_changes(&f, 1);
    mf_check_problems(&f, 1, NULL);
    mf_check_known(&f, "pod default/a", " 10.0.0.2");
    mf_pass(&f, MF_SETTLE_MS);
    mf_check_changes(&f, 0);
    mf_write(&f, "b.yaml", MF_POD("y", "10.0.0.8"));
    mf_pass(&f, 0);
    mf_check_changes(&f, 2);
    mf_check_known(&f, "pod default/a", " 10.0.0.3");
    mf_check_problems(&f, 0, NULL);
    mf_pass(&f, MF_SETTLE_MS);
    mf_check_changes(&f, 0);

    /* Twice in one file. */
    mf_write(&f, "b.yaml", MF_POD("y", "10.0.0.8") "---\n"
             MF_POD("y", "10.0.0.7"));
    mf_pass(&f, 0);
    mf_check_changes(&f, 0);
    mf_check_problems(&f, 1, "b.yaml:7: Pod default/y is also in line 1");
    mf_write(&f, "b.yaml", MF_POD("y", "10.0.0.8"));
    mf_pass(&f, 0);
    mf_check_problems(&f, 0, NULL);
    mf_destroy(&f);
}

/* Objects that move from one file to another are not lost. */
static void
test_moving(void)
{
    char *all = mf_make_pods(10, 0, 0);
    char *half = mf_make_pods(10, 0, 5);
    char *other = mf_make_pods(5, 0, 0);
    struct mf f;

    /* First here, then gone there. */
    mf_start(&f, "a.json", all);
    mf_write(&f, "b.json", other);
    mf_pass(&f, 0);
    mf_check_problems(&f, 5, NULL);
    mf_write(&f, "a.json", half);
    mf_pass(&f, 0);
    mf_pass(&f, MF_SETTLE_MS);
    mf_check_problems(&f, 0, NULL);
    mf_check_changes(&f, 0);

    /* First gone there, then here. */
    mf_write(&f, "b.json", "{\"kind\": \"List\"}");
    mf_pass(&f, 10 * MF_SETTLE_MS);
    mf_check_problems(&f, 1, "5 of 5");
    mf_write(&f, "a.json", all);
    mf_pass(&f, 0);
    mf_check_problems(&f, 0, NULL);
    mf_pass(&f, MF_SETTLE_MS);
    mf_check_changes(&f, 0);
    mf_destroy(&f);
    free(all);
    free(half);
    free(other);
}

/* A large list, changed in one place. */
static void
test_large(void)
{
    char *list = mf_make_pods(20000, 0, 0);
    struct manifests_status status;
    struct mf f;
    char *p;

    mf_start(&f, "a.json", list);
    manifests_get_status(f.m, &status);
    CU_ASSERT_EQUAL(status.n_pods, 20000);
    p = strstr(list, "\"u12345\"");
    p[1] = 'v';
    mf_replace(&f, "a.json", list);
    mf_pass(&f, 0);
    mf_check_changes(&f, 1);
    mf_check_problems(&f, 0, NULL);
    mf_destroy(&f);
    free(list);
}

/* Writes 'pods' (0: not there, else the address) as a YAML file. */
static void
write_pods(struct mf *f, const char *name, const int pods[], size_t n)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_cstr(&ds, "kind: List\nitems:\n");
    for (size_t i = 0; i < n; i++) {
        if (pods[i]) {
            ds_put_format(&ds, "- kind: Pod\n  metadata: {name: p%"PRIuSIZE
                          ", annotations: {ovn.kubernetes.io/ip_address: "
                          "10.0.0.%d}}\n", i, pods[i]);
        }
    }
    if (random_range(2)) {
        mf_write(f, name, ds_cstr(&ds));
    } else {
        mf_replace(f, name, ds_cstr(&ds));
    }
    ds_destroy(&ds);
}

enum { N_FILES = 3, N_PODS = 6 };

/* All is good again, and confirmed: each pod is as the first file that has it
 * says. */
static void
mend_and_check(struct mf *f, const char *const names[N_FILES],
               int pods[N_FILES][N_PODS])
{
    for (int j = 0; j < N_FILES; j++) {
        write_pods(f, names[j], pods[j], N_PODS);
    }
    mf_pass(f, 0);
    mf_pass(f, MF_SETTLE_MS);
    free(mf_confirm(f, ""));
    mf_pass(f, MF_SETTLE_MS);
    mf_pass(f, MF_SETTLE_MS);
    CU_ASSERT_TRUE(mf_is_synced(f));
    for (int j = 0; j < N_PODS; j++) {
        char *key = xasprintf("pod default/p%d", j);
        char *expected = NULL;

        for (int k = 0; k < N_FILES && !expected; k++) {
            if (pods[k][j]) {
                expected = xasprintf(" 10.0.0.%d", pods[k][j]);
            }
        }
        mf_check_known(f, key, expected);
        free(expected);
        free(key);
    }
}

/* Whatever happens to the files, in the end the source says what they say. */
static void
test_random(void)
{
    static const char *const names[N_FILES] = {"a.yaml", "b.yaml", "c.yaml"};
    int pods[N_FILES][N_PODS] = { { 0 } };
    struct mf f;

    random_set_seed(unit_seed());
    mf_init(&f);
    for (int i = 0; i < N_FILES; i++) {
        write_pods(&f, names[i], pods[i], N_PODS);
    }
    mf_add_path(&f, "");
    for (int i = 0; i < 400; i++) {
        int file = random_range(N_FILES);
        int pod = random_range(N_PODS);

        switch (random_range(8)) {
        case 0:
            mf_write(&f, names[file], "a: [");
            break;
        case 1:
            mf_write(&f, names[file], "");
            break;
        case 2:
            mf_write(&f, "x.yaml", "kind: List\n");
            mf_rename(&f, "x.yaml", names[file]);
            memset(pods[file], 0, sizeof pods[file]);
            break;
        case 3:
            for (int j = 0; j < N_PODS; j++) {
                pods[file][j] = random_range(3);
            }
            break;
        default:
            pods[file][pod] = random_range(3);
            write_pods(&f, names[file], pods[file], N_PODS);
            break;
        }
        if (random_range(2)) {
            mf_pass(&f, random_range(2 * MF_SETTLE_MS));
        }
        if (random_range(10)) {
            continue;
        }
        mend_and_check(&f, names, pods);
    }
    mf_destroy(&f);
}

void
suite_manifests(void)
{
    CU_pSuite suite = unit_add_suite("manifests");

    CU_ADD_TEST(suite, test_start);
    CU_ADD_TEST(suite, test_start_unsettled);
    CU_ADD_TEST(suite, test_start_bad);
    CU_ADD_TEST(suite, test_changes);
    CU_ADD_TEST(suite, test_fast_changes);
    CU_ADD_TEST(suite, test_absence);
    CU_ADD_TEST(suite, test_shrunk);
    CU_ADD_TEST(suite, test_bad_content);
    CU_ADD_TEST(suite, test_duplicates);
    CU_ADD_TEST(suite, test_moving);
    CU_ADD_TEST(suite, test_large);
    CU_ADD_TEST(suite, test_random);
}
