/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of what a URL loses before it is shown. */

#include <config.h>

#include "agent/kube/url-text.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "tests/unit/unit.h"

static void
test_url(void)
{
    static const struct {
        const char *url, *shown, *wiped;
    } vectors[] = {
        {"", "", ""},
        {"http://h", "http://h", "http://h"},
        {"https://h:1/a/b", "https://h:1/a/b", "https://h:1/a/b"},
        {"http://u:p@h:1/a", "http://(removed)@h:1/a", "http://***@h:1/a"},
        {"http://tok@h", "http://(removed)@h", "http://***@h"},
        {"http://u:p@[fd00::1]:1/a", "http://(removed)@[fd00::1]:1/a",
         "http://***@[fd00::1]:1/a"},
        {"http://h/a?token=x", "http://h/a?(removed)", "http://h/a?*******"},
        {"http://u@h/a?b=c#d", "http://(removed)@h/a?(removed)",
         "http://*@h/a?*****"},
        {"http://h/#token=x", "http://h/#(removed)", "http://h/#*******"},
        {"http://h/a?", "http://h/a?", "http://h/a?"},
        {"http://@h/", "http://@h/", "http://@h/"},
        /* No proper ones, but somebody may type them. */
        {"u:p@h", "(removed)@h", "***@h"},
        {"http://u:p/q@h/a", "http://(removed)@h/a", "http://*****@h/a"},
        {"http://u:p?q@h/a", "http://(removed)@h/a", "http://*****@h/a"},
        {"http://u:p@q@h/a", "http://(removed)@h/a", "http://*****@h/a"},
        {"u:p://q@h", "u:p://(removed)@h", "u:p://*@h"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        char *shown = url_to_show(vectors[i].url);
        char *wiped = xstrdup(vectors[i].url);

        url_wipe(wiped);
        CU_ASSERT_STRING_EQUAL(shown, vectors[i].shown);
        CU_ASSERT_STRING_EQUAL(wiped, vectors[i].wiped);
        free(shown);
        free(wiped);
    }
}

static void
test_text(void)
{
    static const struct {
        const char *text, *shown;
    } vectors[] = {
        {"", ""},
        {"nothing: // here", "nothing: // here"},
        {"cannot reach http://u:p@h/a?b: status 1",
         "cannot reach http://(removed)@h/a?(removed) status 1"},
        {"\"https://u:p@h\" and 'http://h/a?b=c', and http://i/",
         "\"https://(removed)@h\" and 'http://h/a?(removed)', and http://i/"},
        {"a\nsocks5h://u:p@h:1080\nb@c", "a\nsocks5h://(removed)@h:1080\nb@c"},
        {"://u@h", "://(removed)@h"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        char *shown = url_text_to_show(vectors[i].text);

        CU_ASSERT_STRING_EQUAL(shown, vectors[i].shown);
        free(shown);
    }
}

void
suite_url_text(void)
{
    CU_pSuite suite = unit_add_suite("url_text");

    CU_ADD_TEST(suite, test_url);
    CU_ADD_TEST(suite, test_text);
}
