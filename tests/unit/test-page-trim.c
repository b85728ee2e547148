/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of page-trim.h: what is taken out of a page, what is not, and that
 * nothing else changes, whatever is wrong with the page. */

#include <config.h>

#include "agent/kube/page-trim.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "svec.h"
#include "util.h"

#include "agent/core/dialect.h"
#include "agent/kube/manifest-members.h"
#include "agent/kube/manifest-object.h"
#include "agent/kube/manifest-reader.h"

#include "tests/unit/unit.h"

/* Labels: "keep..."; annotations: "read...". */
static bool
reads(enum metadata_map map, const char *key, const void *aux)
{
    CU_ASSERT_PTR_EQUAL(aux, &reads);
    return !strncmp(key, map == METADATA_LABELS ? "keep" : "read", 4);
}

/* Trims a copy of 'text' that is just large enough, for tools that watch over
 * memory.  The caller frees it. */
static char *
trim(const char *text, size_t len, bool all_read, size_t *new_len)
{
    char *copy = xmemdup0(text, len);

    *new_len = (all_read ? page_trim(copy, len, NULL, NULL)
                : page_trim(copy, len, reads, &reads));
    CU_ASSERT(*new_len <= len);
    CU_ASSERT_EQUAL(copy[*new_len], '\0');
    return copy;
}

#define PAGE(METADATA) \
    "{\"kind\":\"PodList\",\"items\":[{\"metadata\":{" METADATA "}}]}"
#define LABELS(MEMBERS) PAGE("\"labels\":{" MEMBERS "}")
#define NOTES(MEMBERS) PAGE("\"a\":1,\"annotations\":{" MEMBERS "},\"b\":{}")
#define FIELDS(ELEMENTS) PAGE("\"managedFields\":[" ELEMENTS "],\"a\":1")

#define SAME(TEXT) {TEXT, TEXT}

static const struct {
    const char *text, *trimmed;
} vectors[] = {
    SAME(""),
    SAME("[]"),
    SAME("{}"),
    SAME("{\"items\":[]}"),
    SAME("{\"items\":null}"),
    SAME("{\"items\":[1,{},{\"metadata\":{}}]}"),

    /* Which members go. */
    {LABELS("\"x\":\"1\""), LABELS("")},
    {LABELS("\"x\":\"1\",\"y\":\"2\""), LABELS("")},
    {LABELS("\"x\":\"1\",\"keep\":\"2\""), LABELS("\"keep\":\"2\"")},
    {LABELS("\"keep\":\"2\",\"x\":\"1\""), LABELS("\"keep\":\"2\"")},
    {LABELS("\"x\":\"\",\"keep\":\"2\",\"y\":\"\",\"z\":\"\",\"keep2\":\"\""),
     LABELS("\"keep\":\"2\",\"keep2\":\"\"")},
    {LABELS("\"keep\":\"\",\"x\":\"\",\"y\":\"\""), LABELS("\"keep\":\"\"")},
    {NOTES("\"keep\":\"a\",\"read\":\"b\""), NOTES("\"read\":\"b\"")},
    SAME(LABELS("")),
    SAME(PAGE("\"labels\":null,\"annotations\":[{\"x\":\"1\"}]")),

    /* Anything in a string. */
    {NOTES("\"x\":\"}]{[,:\",\"read\":\"}\""), NOTES("\"read\":\"}\"")},
    {NOTES("\"x\":\"\\\"}\",\"y\":\"\\\\\",\"z\":\"\\/\\b\\f\\n\\r\\t\""),
     NOTES("")},
    SAME(NOTES("\"x\":\"\\u0041\"")),
    SAME(NOTES("\"x\":\"\xc3\xa4\"")),
    SAME(NOTES("\"x\":\"\xc3\"")),
    SAME(NOTES("\"x\":\"\\q\"")),
    SAME(NOTES("\"x\":\"\t\"")),
    SAME(NOTES("\"x\":1")),
    SAME(NOTES("\"x\":{\"y\":\"\"}")),
    {NOTES("\"x\":null,\"y\":\"\""), NOTES("\"x\":null")},

    /* Names that could be those of others. */
    SAME(LABELS("\"x\":\"1\",\"x\":\"2\"")),
    SAME(LABELS("\"x\":\"1\",\"y\":\"1\",\"keep\":\"\",\"keep\":\"\"")),
    SAME(LABELS("\"x\":\"1\",\"\\u0078\":\"2\"")),
    SAME(LABELS("\"k\\u0065ep\":\"1\",\"x\":\"2\"")),
    SAME(LABELS("\"x\\n\":\"1\",\"x\":\"2\"")),

    /* Of the object itself and of nothing else. */
    SAME("{\"metadata\":{\"labels\":{\"x\":\"1\"}}}"),
    SAME("{\"items\":[{\"labels\":{\"x\":\"1\"}}]}"),
    SAME("{\"items\":[{\"spec\":{\"metadata\":{\"labels\":{\"x\":\"1\"}}}}]}"),
    SAME("{\"items\":[[{\"metadata\":{\"labels\":{\"x\":\"1\"}}}]]}"),
    SAME("{\"items\":{\"metadata\":{\"labels\":{\"x\":\"1\"}}}}"),
    SAME(PAGE("\"a\":\"\\\"labels\\\":{\\\"x\\\":\\\"1\\\"}\"")),
    SAME(PAGE("\"a\":{\"labels\":{\"x\":\"1\"}}")),
    SAME(PAGE("\"l\\u0061bels\":{\"x\":\"1\"}")),
    SAME(PAGE("\"xlabels\":{\"x\":\"1\"},\"label\":{\"x\":\"1\"}")),

    /* Blanks are not the API server's, and hide where one is. */
    SAME("{\"items\":[{\"a\": {\"b\":1,\"metadata\":{\"labels\":"
         "{\"x\":\"1\"}}}}]}"),
    SAME(LABELS("\"x\": \"1\"")),
    SAME(LABELS(" \"x\":\"1\"")),
    SAME(LABELS("\"x\":\"1\" ")),

    /* What was done before something was wrong is right. */
    {"{\"items\":[{\"metadata\":{\"labels\":{\"x\":\"1\"}}},?",
     "{\"items\":[{\"metadata\":{\"labels\":{}}},?"},
    SAME("{\"items\":[{\"metadata\":{\"labels\":{\"x\":\"1\""),
    SAME("{\"items\":[{\"metadata\":{\"labels\":{\"x\":\"\\"),
    SAME("{\"items\":[{\"metadata\":{\"labels\":{\"x\":\"1\",}}}]}"),
    SAME("{\"items\":[{\"metadata\":{\"labels\":{\"x\":\"1\"]}}]}"),

    /* managedFields. */
    SAME(FIELDS("")),
    {FIELDS("{\"f:a\":{}},[[1],[]]"), FIELDS("")},
    {FIELDS("\"]\",\"\\\"]\",\"\\\\\",\"[\""), FIELDS("")},
    {FIELDS("1") "x", FIELDS("") "x"},
    {"{\"items\":[{\"metadata\":{\"managedFields\":[1]}},"
     "{\"metadata\":{\"managedFields\":[2],\"labels\":{\"x\":\"\"}}}]}",
     "{\"items\":[{\"metadata\":{\"managedFields\":[]}},"
     "{\"metadata\":{\"managedFields\":[],\"labels\":{}}}]}"},
    SAME(PAGE("\"managedFields\":{\"a\":[1]}")),
    SAME(PAGE("\"managedFields\":null")),
    SAME(PAGE("\"xmanagedFields\":[1]")),
    SAME(FIELDS("{]")),
    SAME(FIELDS("{],\"a\":[}")),
    SAME("{\"items\":[{\"metadata\":{\"managedFields\":[\"]"),
    SAME("{\"items\":[{\"metadata\":{\"managedFields\":[\"\\"),
    SAME("{\"items\":[{\"metadata\":{\"managedFields\":["),
};

static void
test_vectors(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        const char *text = vectors[i].text;
        size_t len;
        char *trimmed = trim(text, strlen(text), false, &len);

        if (strcmp(trimmed, vectors[i].trimmed)) {
            printf("\n%s\nbecame %s\n", text, trimmed);
            CU_FAIL("another text was expected");
        }
        free(trimmed);
    }
}

static void
test_all_read(void)
{
    static const char text[] = PAGE("\"labels\":{\"x\":\"1\"},"
                                    "\"managedFields\":[1]");
    size_t len;
    char *trimmed = trim(text, strlen(text), true, &len);

    CU_ASSERT_STRING_EQUAL(trimmed, PAGE("\"labels\":{\"x\":\"1\"},"
                                         "\"managedFields\":[]"));
    free(trimmed);
}

/* What is too much of anything stays. */
static void
test_limits(void)
{
    static const char begin[] = "{\"items\":[{\"metadata\":{\"labels\":{";
    char *text = xstrdup(begin);
    char *nested, *trimmed, *longer;
    size_t len;

    for (int i = 0; i < 1000; i++) {
        longer = xasprintf("%s%s\"x%d\":\"1\"", text, i ? "," : "", i);
        free(text);
        text = longer;
        if (i == 126 || i == 127 || i == 128 || i == 999) {
            longer = xasprintf("%s}}}]}", text);
            trimmed = trim(longer, strlen(longer), false, &len);
            CU_ASSERT_EQUAL(len == strlen(longer), i > 127);
            free(trimmed);
            free(longer);
        }
    }
    free(text);

    for (int depth = 60; depth < 70; depth++) {
        nested = xasprintf("{\"items\":[{\"a\":%.*s%.*s,\"metadata\":"
                           "{\"labels\":{\"x\":\"1\"}}}]}",
                           depth, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
                           "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
                           depth, "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"
                           "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
        trimmed = trim(nested, strlen(nested), false, &len);
        CU_ASSERT_EQUAL(len == strlen(nested), depth > 64);
        free(trimmed);
        free(nested);
    }

    for (int n = 310; n < 330; n++) {
        text = xasprintf("%s\"%0*d\":\"1\"}}}]}", begin, n, 0);
        trimmed = trim(text, strlen(text), false, &len);
        CU_ASSERT_EQUAL(len == strlen(text), n >= 320);
        free(trimmed);
        free(text);
    }
}

/* ---- Against jansson. ---- */

/* Takes out of the value that was read what trimming may take out of its
 * text. */
static void
trim_value(json_t *root)
{
    json_t *items = json_object_get(root, "items");
    json_t *item;
    size_t i;

    json_array_foreach (items, i, item) {
        json_t *metadata = json_object_get(item, "metadata");

        json_array_clear(json_object_get(metadata, "managedFields"));
        for (enum metadata_map map = METADATA_LABELS;
             map <= METADATA_ANNOTATIONS; map++) {
            json_t *members = json_object_get(metadata, map == METADATA_LABELS
                                              ? "labels" : "annotations");
            const char *key;
            json_t *value;
            void *next;

            json_object_foreach_safe (members, next, key, value) {
                if (json_is_string(value) && !reads(map, key, &reads)) {
                    json_object_del(members, key);
                }
            }
        }
    }
}

static json_t *
load(const char *text, size_t len)
{
    json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);

    trim_value(json);
    return json;
}

/* Jansson makes the same of 'text' before and after, but for what goes.  With
 * 'hides', it may find nothing wrong any more. */
static void
compare(const char *text, size_t len, bool hides)
{
    size_t trimmed_len;
    char *trimmed = trim(text, len, false, &trimmed_len);
    json_t *before = load(text, len);
    json_t *after = load(trimmed, trimmed_len);
    bool ok = before ? json_equal(before, after) : !after || hides;

    if (!ok) {
        printf("\n%.*s\nbecame %s\n", (int) len, text, trimmed);
    }
    CU_ASSERT(ok);
    json_decref(before);
    json_decref(after);
    free(trimmed);
}

/* Cuts 'text' off, and takes out or replaces a byte, everywhere. */
static void
mutate(const char *text, bool hides)
{
    static const char bytes[] = "\"\\{}[],:ux1 \n\xc3\xa4";
    size_t len = strlen(text);

    for (size_t i = 0; i <= len; i++) {
        char *copy = xmemdup0(text, len);

        compare(copy, i, hides);
        for (size_t j = 0; i < len && j < sizeof bytes; j++) {
            copy[i] = bytes[j];     /* The last one is a null byte. */
            compare(copy, len, hides);
        }
        if (i < len) {
            memmove(copy + i, copy + i + 1, len - i);
            compare(copy, len - 1, hides);
        }
        free(copy);
    }
}

static void
test_mutations(void)
{
    mutate("{\"kind\":\"L\",\"metadata\":{\"labels\":{\"x\":\"1\"}},"
           "\"items\":[{\"metadata\":{\"name\":\"a\","
           "\"labels\":{\"x\":\"\",\"keep\":\"1\",\"xx\":\"\\\\\","
           "\"x1\":\"u\"},\"annotations\":{\"read\":\"\\u0078\","
           "\"read1\":\"{\\\"a\\\":[1]}\","
           "\"a\":\"{\\\"a\\\":[1]}\",\"\":\"\"},\"n\":-1.5e3,"
           "\"labelsx\":{\"x\":[[],{}]}},\"spec\":{\"a\":[true,null,"
           "{\"metadata\":{\"labels\":{\"x\":\"1\"}}}]}},"
           "{\"metadata\":{\"labels\":{\"\xc3\xa4\":\"\xc3\xa4\","
           "\"x\":\"1\"}}}],\"z\":0}", false);
    mutate("{\"items\":[{\"metadata\":{\"managedFields\":[{\"f:a\":{\"k:{"
           "\\\"n\\\":1}\":[]}},[\"]\"]],\"labels\":{\"x\":\"\"}}},"
           "{\"metadata\":{\"managedFields\":[],\"a\":[]}}]}", true);
}

/* ---- Against those who read objects. ---- */

/* Reads the one object of 'text', a page. */
static void
digest_of(const char *text, uint8_t digest[SHA1_DIGEST_SIZE],
          enum manifest_kind *kind)
{
    struct manifest_reader *reader
        = manifest_reader_create(text, strlen(text), false);
    struct svec path = SVEC_EMPTY_INITIALIZER;
    struct manifest_object *object = NULL;
    struct manifest_item item;
    char *error;
    int line;

    CU_ASSERT_EQUAL_FATAL(manifest_reader_next(reader, &item, &line, &error),
                          MANIFEST_READER_ITEM);
    error = manifest_object_read(&item, &dialect_auto, &object, &path);
    CU_ASSERT_PTR_NULL_FATAL(error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(object);
    manifest_object_digest(object, digest);
    *kind = object->kind;
    manifest_object_destroy(object);
    svec_destroy(&path);
    manifest_reader_destroy(reader);
}

static bool
reads_of_kind(enum metadata_map map, const char *key, const void *kind)
{
    return manifest_member_is_read(*(const enum manifest_kind *) kind,
                                   &dialect_auto, map, key);
}

/* An object is the same with and without what is not read of it, and not
 * without 'matters', a member that is. */
static void
check_object(const char *kind, const char *more, const char *matters)
{
    char *text = xasprintf(
        "{\"kind\":\"List\",\"items\":[{\"kind\":\"%s\","
        "\"metadata\":{\"name\":\"db-0\",\"namespace\":\"ns\",\"uid\":\"u\","
        "%s}}]}", kind, more);
    char *trimmed = xstrdup(text);
    uint8_t digest[SHA1_DIGEST_SIZE], again[SHA1_DIGEST_SIZE];
    enum manifest_kind k;
    char *found;
    size_t len;

    digest_of(text, digest, &k);
    len = page_trim(trimmed, strlen(trimmed), reads_of_kind, &k);
    CU_ASSERT(len < strlen(text));
    CU_ASSERT_PTR_NULL(strstr(trimmed, "nobody"));
    digest_of(trimmed, again, &k);
    CU_ASSERT(!memcmp(digest, again, sizeof digest));

    found = strstr(trimmed, matters);
    CU_ASSERT_PTR_NOT_NULL_FATAL(found);
    found[1] = '-';
    digest_of(trimmed, again, &k);
    CU_ASSERT(memcmp(digest, again, sizeof digest));
    free(trimmed);
    free(text);
}

#define MAPS(LABELS, ANNOTATIONS) \
    "\"labels\":{\"nobody\":\"1\"" LABELS ",\"nobody/a\":\"\"}," \
    "\"annotations\":{\"nobody\":\"{}\"" ANNOTATIONS ",\"nobody/b\":\"\"}"

static void
test_objects(void)
{
    static const struct {
        const char *kind, *more, *matters;
    } objects[] = {
        {"Pod", MAPS(",\"controller-revision-hash\":\"db-1\"", ""),
         "\"controller-revision-hash\""},
        {"Pod", MAPS(",\"kubevirt.io\":\"virt-launcher\""
                     ",\"vm.kubevirt.io/name\":\"vm\"", ""),
         "\"kubevirt.io\""},
        {"Pod", MAPS(",\"kubevirt.io\":\"virt-launcher\""
                     ",\"vm.kubevirt.io/name\":\"vm\"", ""),
         "\"vm.kubevirt.io/name\""},
        {"Pod", MAPS(",\"kubevirt.io\":\"virt-launcher\"",
                     ",\"kubevirt.io/domain\":\"vm\""),
         "\"kubevirt.io/domain\""},
        {"Pod", MAPS(",\"kubevirt.io/migrationJobUID\":\"a\"", ""),
         "\"kubevirt.io/migrationJobUID\""},
        {"Pod", MAPS("", ",\"kubevirt.io/migrationJobName\":\"a\""),
         "\"kubevirt.io/migrationJobName\""},
        {"Pod", MAPS("", ",\"ovn-ipguard.io/ignore\":\"true\""),
         "\"ovn-ipguard.io/ignore\""},
        {"Pod", MAPS("", ",\"ovn.kubernetes.io/ip_address\":\"10.0.0.1\""),
         "\"ovn.kubernetes.io/ip_address\""},
        {"Pod", MAPS("", ",\"net.ns.ovn.kubernetes.io/ip_address\":"
                     "\"10.0.0.1\""),
         "\"net.ns.ovn.kubernetes.io/ip_address\""},
        {"Pod", MAPS("", ",\"k8s.ovn.org/pod-networks\":\"{\\\"default\\\":{"
                     "\\\"ip_addresses\\\":[\\\"10.0.0.1/24\\\"],"
                     "\\\"mac_address\\\":\\\"0a:58:0a:00:00:01\\\"}}\""),
         "\"k8s.ovn.org/pod-networks\""},
        {"StatefulSet", MAPS("", ",\"ovn-ipguard.io/ignore\":\"true\""),
         "\"ovn-ipguard.io/ignore\""},
        {"VirtualMachine", MAPS("", ",\"ovn-ipguard.io/ignore\":\"true\""),
         "\"ovn-ipguard.io/ignore\""},
        {"Namespace", MAPS("", ",\"ovn-ipguard.io/ignore\":\"true\""),
         "\"ovn-ipguard.io/ignore\""},
    };

    for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
        check_object(objects[i].kind, objects[i].more, objects[i].matters);
    }
}

void
suite_page_trim(void)
{
    CU_pSuite suite = unit_add_suite("page-trim");

    CU_ADD_TEST(suite, test_vectors);
    CU_ADD_TEST(suite, test_all_read);
    CU_ADD_TEST(suite, test_limits);
    CU_ADD_TEST(suite, test_mutations);
    CU_ADD_TEST(suite, test_objects);
}
