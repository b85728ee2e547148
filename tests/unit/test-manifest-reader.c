/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of the reading of JSON and YAML texts into objects. */

#include <config.h>

#include "tests/unit/unit.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"

#include "random.h"
#include "svec.h"
#include "util.h"

#include "agent/kube/manifest-reader.h"

/* Reads 'text' to its end.  Returns "LINE:JSON" for each object, with the kind
 * that it has from its list, or "LINE: error" for an error. */
static char *
read_text(const char *text, size_t len, bool yaml)
{
    struct manifest_reader *r = manifest_reader_create(text, len, yaml);
    struct ds ds = DS_EMPTY_INITIALIZER;

    for (;;) {
        struct manifest_item item;
        enum manifest_reader_result result;
        char *error, *s;
        int line;

        result = manifest_reader_next(r, &item, &line, &error);
        if (result == MANIFEST_READER_END) {
            ds_put_format(&ds, "end %"PRIuSIZE, manifest_reader_n_roots(r));
            break;
        } else if (result == MANIFEST_READER_ERROR) {
            ds_put_format(&ds, "%d: %s", line, error);
            free(error);
            break;
        }
        CU_ASSERT_TRUE(json_is_object(item.json));
        s = json_dumps(item.json, JSON_COMPACT | JSON_SORT_KEYS);
        ds_put_format(&ds, "%d:%s", item.line, s);
        free(s);
        if (item.default_kind) {
            ds_put_format(&ds, "=%s,%s", item.default_kind,
                          item.default_api_version
                          ? item.default_api_version : "");
        }
        ds_put_char(&ds, '\n');
    }
    manifest_reader_destroy(r);
    return ds_steal_cstr(&ds);
}

struct text_vector {
    const char *text;
    const char *expected;       /* The whole, or a part behind "~". */
};

static void
check_texts(const struct text_vector *vectors, size_t n, bool yaml)
{
    for (size_t i = 0; i < n; i++) {
        const char *expected = vectors[i].expected;
        char *s = read_text(vectors[i].text, strlen(vectors[i].text), yaml);
        bool ok = (expected[0] == '~' ? strstr(s, expected + 1) != NULL
                   : !strcmp(s, expected));

        if (!ok) {
            fprintf(stderr, "text <<%s>> gives <<%s>>, expected <<%s>>\n",
                    vectors[i].text, s, expected);
            CU_FAIL("text");
        }
        free(s);
    }
}

static void
test_json(void)
{
    static const struct text_vector vectors[] = {
        {"", "end 0"},
        {" \n\t\r\n", "end 0"},
        {"{}", "1:{}\nend 1"},
        {"\xef\xbb\xbf{\"a\":1}", "1:{\"a\":1}\nend 1"},
        {"\n {\"a\": {\"b\": [1, 2.5, true, null, \"x\\u00e4\\\"\"]}}\n",
         "2:{\"a\":{\"b\":[1,2.5,true,null,\"x\xc3\xa4\\\"\"]}}\nend 1"},
        /* Several. */
        {"{\"a\":1}\n{\"a\":2}{\"a\":3}",
         "1:{\"a\":1}\n2:{\"a\":2}\n2:{\"a\":3}\nend 3"},
        /* Lists. */
        {"{\"kind\":\"List\",\"items\":[\n{\"kind\":\"A\"},\n"
         "{\"kind\":\"B\"}\n]}",
         "2:{\"kind\":\"A\"}\n3:{\"kind\":\"B\"}\nend 1"},
        {"{\"items\":[{\"kind\":\"A\"},{\"x\":1}],\"apiVersion\":\"v1\","
         "\"kind\":\"PodList\"}",
         "1:{\"kind\":\"A\"}\n1:{\"x\":1}=Pod,v1\nend 1"},
        {"{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"items\":[{\"x\":1}]}",
         "1:{\"x\":1}=Pod,v1\nend 1"},
        {"{\"items\":[{\"x\":1}],\"kind\":\"List\",\"apiVersion\":\"v1\"}"
         "{\"kind\":\"A\"}",
         "1:{\"x\":1}\n1:{\"kind\":\"A\"}\nend 2"},
        {"{\"kind\":\"List\",\"items\":[]}", "end 1"},
        {"{\"kind\":\"List\",\"items\":null}", "end 1"},
        {"{\"kind\":\"List\"}", "end 1"},
        {"{\"kind\":\"List\",\"items\":{}}",
         "1: \"items\" of a list must be a list"},
        {"{\"kind\":\"List\",\"items\":[1]}", "1: an item of a list must be "
         "an object"},
        {"{\"kind\":\"List\",\"items\":[\n{\"kind\":\"List\",\"items\":[]}]}",
         "2: a list inside a list is not supported"},
        {"{\"items\":[{\"x\":1}],\"kind\":\"Foo\"}",
         "~1: an object with \"items\" must be of kind List"},
        {"{\"items\":[{\"x\":1}]}",
         "~1: an object with \"items\" must be of kind List"},
        /* Errors, with their lines. */
        {"[]", "1: '[' found, expected '{'"},
        {"x", "1: 'x' found, expected '{'"},
        {"{", "~the file ends where a name in quotes is expected"},
        {"{\"a\"", "~the file ends where ':' is expected"},
        {"{\"a\":1", "~the file ends where ',' or '}' is expected"},
        {"{\"a\":1,}", "~'}' found, expected a name in quotes"},
        {"{,}", "~',' found, expected a name"},
        {"{\"a\" 1}", "1: '1' found, expected ':'"},
        {"{\"a\":1 \"b\":2}", "1: '\"' found, expected ',' or '}'"},
        {"{\"a\":}", "~1: "},
        {"{\"a\":\n\n[1,\n2,]}", "~4: "},
        {"{\"kind\":\"List\",\"items\":[{},\n]}", "~2: "},
        {"{\"kind\":\"List\",\"items\":[{}\n{}]}",
         "~2: '{' found, expected ',' or ']'"},
        {"{\"kind\":\"List\",\"items\":[{}", "~expected"},
        {"{\"a\":1}}", "~1: '}' found, expected '{'"},
        {"{\"a\":1,\n\"a\":2}", "2: the name \"a\" is there twice"},
        {"{\"items\":[],\"items\":[]}", "~twice"},
        {"{\"items\":1,\"items\":[]}", "~twice"},
        {"{\"b\":\n{\"a\":1,\n\"a\":2}}", "~3: duplicate object key"},
        {"{\"a\":\"\xff\"}", "~1: "},
        {"{\"a\":\"\\u0000\"}", "~1: \\u0000 is not allowed"},
        {"{\"a\":\"x\ny\"}", "~1: "},
        {"{\"a\":1e999}", "~1: "},
        {"{\"a\":0x10}", "~1: "},
        {"{\"a\":True}", "~1: "},
        {"{'a':1}", "~1: "},
        {"{\"a\":1}\x80", "~byte 0x80 found"},
    };

    check_texts(vectors, ARRAY_SIZE(vectors), false);

    /* A NUL byte is not the end. */
    char *s = read_text("{}\0{}", 5, false);
    CU_ASSERT_STRING_EQUAL(s, "1:{}\n1: byte 0x00 found, expected '{'");
    free(s);
}

/* What would be deep or large if it were built. */
static void
check_deep_yaml(void)
{
    struct ds deep = DS_EMPTY_INITIALIZER;
    char *s;

    /* By nesting. */
    ds_put_cstr(&deep, "a: ");
    ds_put_char_multiple(&deep, '[', 500);
    s = read_text(ds_cstr(&deep), deep.length, true);
    CU_ASSERT_STRING_EQUAL(s, "1: more than 100 levels");
    free(s);

    /* By aliases. */
    ds_clear(&deep);
    ds_put_cstr(&deep, "a0: &a0 []\n");
    for (int i = 1; i < 200; i++) {
        ds_put_format(&deep, "a%d: &a%d [*a%d]\n", i, i, i - 1);
    }
    s = read_text(ds_cstr(&deep), deep.length, true);
    CU_ASSERT_PTR_NOT_NULL(strstr(s, ": more than 100 levels"));
    free(s);
    ds_destroy(&deep);
}

/* Wide by aliases: 2^50 elements, if they were copied. */
static void
check_wide_yaml(void)
{
    struct ds wide = DS_EMPTY_INITIALIZER;
    struct manifest_reader *r;
    struct manifest_item item;
    char *error;
    int line;

    ds_put_cstr(&wide, "kind: List\nitems:\n- a0: &a0 [x, x]\n");
    for (int i = 1; i < 50; i++) {
        ds_put_format(&wide, "  a%d: &a%d [*a%d, *a%d]\n", i, i, i - 1,
                      i - 1);
    }
    r = manifest_reader_create(ds_cstr(&wide), wide.length, true);
    CU_ASSERT_EQUAL(manifest_reader_next(r, &item, &line, &error),
                    MANIFEST_READER_ITEM);
    CU_ASSERT_EQUAL(manifest_reader_next(r, &item, &line, &error),
                    MANIFEST_READER_END);
    manifest_reader_destroy(r);
    ds_destroy(&wide);
}

static void
test_yaml(void)
{
    static const struct text_vector vectors[] = {
        {"", "end 0"},
        {"# nothing\n---\n# still nothing\n---\n", "end 0"},
        {"a: 1", "1:{\"a\":1}\nend 1"},
        {"{\"a\": 1}", "1:{\"a\":1}\nend 1"},
        {"---\na: 1\n---\n# x\nb: 2\n...\n", "2:{\"a\":1}\n5:{\"b\":2}\n"
         "end 2"},
        {"\xef\xbb\xbf""a: 1\r\nb: 2\r\n", "1:{\"a\":1,\"b\":2}\nend 1"},
        /* What scalars are. */
        {"a: [10, -3, +4, 0x1F, 0o17, 007, 99999999999999999999]",
         "1:{\"a\":[10,-3,4,31,15,7,1e20]}\nend 1"},
        {"a: [1.5, .5, 5., 1e3, -2E-1]",
         "~\"a\":[1.5,0.5,5.0,1000.0,-0.2"},
        {"a: [true, True, FALSE, null, ~, Null, '']",
         "1:{\"a\":[true,true,false,null,null,null,\"\"]}\nend 1"},
        {"a:\nb: \"\"\n", "1:{\"a\":null,\"b\":\"\"}\nend 1"},
        {"a: ['10', \"true\", 'null', 10.0.0.1, fd00::1, 0a:58:00:00:00:01, "
         "yes, 12e, .inf, 1_000, +, -, 2024-01-02T03:04:05Z, 0x]",
         "1:{\"a\":[\"10\",\"true\",\"null\",\"10.0.0.1\",\"fd00::1\","
         "\"0a:58:00:00:00:01\",\"yes\",\"12e\",\".inf\",\"1_000\",\"+\","
         "\"-\",\"2024-01-02T03:04:05Z\",\"0x\"]}\nend 1"},
        {"a: !!str 10\nb: !!int 3\nc: ! 10\nd: !!float 2\n",
         "~\"a\":\"10\",\"b\":3,\"c\":\"10\",\"d\":2"},
        {"a: |\n  x\n  y\nb: >-\n  x\n  y\n",
         "1:{\"a\":\"x\\ny\\n\",\"b\":\"x y\"}\nend 1"},
        {"10: x\ntrue: y\n", "1:{\"10\":\"x\",\"true\":\"y\"}\nend 1"},
        {"a: !!int x", "1: \"x\" with the tag \"tag:yaml.org,2002:int\" "
         "cannot be read"},
        {"a:\n  b: !foo x", "2: \"x\" with the tag \"!foo\" cannot be read"},
        {"a: \"x\\0y\"", "1: a NUL character is not allowed"},
        {"\"x\\0y\": 1", "1: a NUL character is not allowed"},
        /* Aliases share. */
        {"a: &x {b: [1]}\nc: *x\nd: *x\n",
         "1:{\"a\":{\"b\":[1]},\"c\":{\"b\":[1]},\"d\":{\"b\":[1]}}\nend 1"},
        {"a: &x 1\nb: &x 2\nc: *x\n", "1:{\"a\":1,\"b\":2,\"c\":2}\nend 1"},
        {"a: &x [*x]", "1: the alias \"x\" names nothing that is complete"},
        {"a: *y", "~the alias \"y\" names nothing"},
        {"a: &x 1\n---\nb: *x\n", "~3: the alias \"x\" names nothing"},
        {"a: &x {b: 1}\nc:\n  <<: *x\n", "3: merge keys (\"<<\") are not "
         "supported"},
        {"a: &x b\n*x : 1", "2: a name must be text"},
        {"'<<': 1", "1:{\"<<\":1}\nend 1"},
        /* Lists. */
        {"apiVersion: v1\nitems:\n- kind: A\n- kind: B\n  x:\n  - 1\n"
         "kind: List\n", "3:{\"kind\":\"A\"}\n4:{\"kind\":\"B\",\"x\":[1]}\n"
         "end 1"},
        {"items:\n- x: 1\n- x: 2\nkind: PodList\napiVersion: v1\n",
         "2:{\"x\":1}=Pod,v1\n3:{\"x\":2}=Pod,v1\nend 1"},
        {"kind: PodList\nitems:\n- &a {x: 1}\n- *a\n",
         "3:{\"x\":1}=Pod,\n4:{\"x\":1}=Pod,\nend 1"},
        {"kind: List\nitems: []\n---\nkind: A\n", "4:{\"kind\":\"A\"}\n"
         "end 2"},
        {"kind: List\nitems: &x []\n", "~\"items\" of a list must be a list"},
        {"kind: List\nitems:\n- 1\n", "3: an item of a list must be an "
         "object"},
        {"kind: List\nitems: 3\n", "1: \"items\" of a list must be a list"},
        {"items: []\nitems: []\nkind: List\n", "2: the name \"items\" is "
         "there twice"},
        {"kind: A\nitems: []\n", "~1: an object with \"items\" must be"},
        /* Errors, with their lines. */
        {"a: 1\nb: 2\na: 3\n", "3: the name \"a\" is there twice"},
        {"- a\n", "1: expected a mapping"},
        {"\n\nfoo\n", "3: expected a mapping"},
        {"a: [1, 2\nb: 3\n", "~2: "},
        {"a:\n\tb: 1\n", "~2: "},
        {"a: 'x\n\n", "~: "},
        {"? [a]\n: 1\n", "1: a name must be text"},
        {"? {a: 1}\n: 1\n", "1: a name must be text"},
        {"a: \xff\n", "~1: "},
        {"a: 1\nb: \x01\n", "~2: "},
        {"a: \"\\ud800\"\n", "~1: "},
    };
    char *s;

    check_texts(vectors, ARRAY_SIZE(vectors), true);

    s = read_text("a: 1\nb: \0\n", 10, true);
    CU_ASSERT_PTR_NOT_NULL(strstr(s, "2: "));
    free(s);

    check_deep_yaml();
    check_wide_yaml();
}

/* Deep JSON does not exhaust the stack. */
static void
test_deep_json(void)
{
    struct ds deep = DS_EMPTY_INITIALIZER;
    char *s;

    ds_put_cstr(&deep, "{\"a\":");
    ds_put_char_multiple(&deep, '[', 1000000);
    s = read_text(ds_cstr(&deep), deep.length, false);
    CU_ASSERT_PTR_NOT_NULL(strstr(s, "1: maximum parsing depth"));
    free(s);
    ds_destroy(&deep);
}

/* The line of a member is found in either language. */
static void
test_locate(void)
{
    static const char json[] =
        "{\n"
        " \"kind\": \"List\", \"items\": [\n"
        "  {\"x\": 0},\n"
        "  {\"a\": 1,\n"
        "   \"b\": {\"c.d/e\": \"}]\\\"\",\n"
        "         \"f\": [1, {\"x\": 2},\n"
        "               {\"g\":\n"
        "                 3}]},\n"
        "   \"h\": true}\n"
        "]}\n";
    static const char yaml[] =
        "kind: List\n"
        "items:\n"
        "- x: 0\n"
        "- a: 1\n"
        "  b: {c.d/e: '}]',\n"
        "      f: [1, {x: 2},\n"
        "          {g: 3}]}\n"
        "  h: true\n";
    static const struct {
        const char *path;
        int json_line, yaml_line;
    } vectors[] = {
        {"", 4, 4},
        {"a", 4, 4},
        {"b", 5, 5},
        {"b c.d/e", 5, 5},
        {"b f", 6, 6},
        {"b f [0]", 6, 6},
        {"b f [1]", 6, 6},
        {"b f [2]", 7, 7},
        {"b f [2] g", 7, 7},
        {"b f [3] g", 6, 6},
        {"b none", 5, 5},
        {"none", 4, 4},
        {"none x", 4, 4},
        {"a x", 4, 4},
    };

    for (int i = 0; i < 2; i++) {
        const char *text = i ? yaml : json;
        struct manifest_reader *r = manifest_reader_create(text, strlen(text),
                                                           i);
        struct manifest_item item;
        char *error;
        int line;

        CU_ASSERT_EQUAL_FATAL(manifest_reader_next(r, &item, &line, &error),
                              MANIFEST_READER_ITEM);
        CU_ASSERT_EQUAL_FATAL(manifest_reader_next(r, &item, &line, &error),
                              MANIFEST_READER_ITEM);
        for (size_t j = 0; j < ARRAY_SIZE(vectors); j++) {
            struct svec path = SVEC_EMPTY_INITIALIZER;

            svec_parse_words(&path, vectors[j].path);
            line = manifest_reader_locate(r, &path);
            if (line != (i ? vectors[j].yaml_line : vectors[j].json_line)) {
                fprintf(stderr, "\"%s\": line %d\n", vectors[j].path, line);
                CU_FAIL("line");
            }
            svec_destroy(&path);
        }
        manifest_reader_destroy(r);
    }
}

/* Appends a random value, as JSON, which is YAML as well. */
static void
put_value(struct ds *ds, int depth)
{
    static const char *const scalars[] = {
        "1", "-2", "1.5", "true", "false", "null", "\"\"", "\"x\"",
        "\"a\\n\\\"b\"", "\"10.0.0.1\"", "\"\xc3\xa4\"",
    };
    int n = random_range(4);

    switch (depth > 0 ? random_range(4) : 3) {
    case 0:
        ds_put_char(ds, '[');
        for (int i = 0; i < n; i++) {
            ds_put_cstr(ds, i ? ", " : "");
            put_value(ds, depth - 1);
        }
        ds_put_char(ds, ']');
        break;
    case 1:
    case 2:
        ds_put_char(ds, '{');
        for (int i = 0; i < n; i++) {
            ds_put_format(ds, "%s\"%s%d\": ", i ? ",\n " : "",
                          random_range(2) ? "k" : "items", i);
            put_value(ds, depth - 1);
        }
        ds_put_char(ds, '}');
        break;
    default:
        ds_put_cstr(ds, scalars[random_range(ARRAY_SIZE(scalars))]);
        break;
    }
}

/* A list of random objects. */
static void
put_list(struct ds *ds)
{
    bool kind_first = random_range(2);
    int n = random_range(5);

    ds_put_cstr(ds, kind_first ? "{\"kind\": \"PodList\",\n\"items\": ["
                               : "{\"items\": [");
    for (int i = 0; i < n; i++) {
        ds_put_format(ds, "%s{\"kind\": \"K\", \"v\": ", i ? ",\n" : "");
        put_value(ds, 4);
        ds_put_char(ds, '}');
    }
    ds_put_cstr(ds, kind_first ? "]}" : "],\n\"kind\": \"List\"}");
}

/* Both readers see the same in the same text. */
static void
test_random_agreement(void)
{
    random_set_seed(unit_seed());
    for (int i = 0; i < 2000; i++) {
        struct ds ds = DS_EMPTY_INITIALIZER;
        char *json, *yaml;

        put_list(&ds);
        json = read_text(ds_cstr(&ds), ds.length, false);
        yaml = read_text(ds_cstr(&ds), ds.length, true);
        CU_ASSERT_PTR_NOT_NULL(strstr(json, "end 1"));
        if (strcmp(json, yaml)) {
            fprintf(stderr, "<<%s>>: JSON <<%s>>, YAML <<%s>>\n",
                    ds_cstr(&ds), json, yaml);
            CU_FAIL("agreement");
        }
        free(json);
        free(yaml);
        ds_destroy(&ds);
    }
}

/* Cut off, or with bytes changed, a text gives objects or an error, never
 * more. */
static void
test_random_damage(void)
{
    random_set_seed(unit_seed());
    for (int i = 0; i < 3000; i++) {
        struct ds ds = DS_EMPTY_INITIALIZER;
        size_t cut;

        put_list(&ds);
        cut = random_range(ds.length);
        /* A cut JSON list is never a good one. */
        char *s = read_text(ds_cstr(&ds), cut, false);
        CU_ASSERT_TRUE(!cut || !strstr(s, "end 1"));
        free(s);
        free(read_text(ds_cstr(&ds), cut, true));

        for (int j = random_range(4); j >= 0; j--) {
            static const char bytes[] = "{}[]\",:\\&*#|-? \n\t\xff\x80\x01x0";

            ds.string[random_range(ds.length)]
                = bytes[random_range(sizeof bytes)];
        }
        free(read_text(ds_cstr(&ds), ds.length, false));
        free(read_text(ds_cstr(&ds), ds.length, true));
        ds_destroy(&ds);
    }
}

static void
test_random_bytes(void)
{
    random_set_seed(unit_seed());
    for (int i = 0; i < 5000; i++) {
        char buf[64];
        size_t len = random_range(sizeof buf);

        random_bytes(buf, len);
        if (random_range(2) && len) {
            buf[0] = '{';
        }
        free(read_text(buf, len, false));
        free(read_text(buf, len, true));
    }
}

void
suite_manifest_reader(void)
{
    CU_pSuite suite = unit_add_suite("manifest-reader");

    CU_ADD_TEST(suite, test_json);
    CU_ADD_TEST(suite, test_yaml);
    CU_ADD_TEST(suite, test_deep_json);
    CU_ADD_TEST(suite, test_locate);
    CU_ADD_TEST(suite, test_random_agreement);
    CU_ADD_TEST(suite, test_random_damage);
    CU_ADD_TEST(suite, test_random_bytes);
}
