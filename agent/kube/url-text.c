/* SPDX-License-Identifier: Apache-2.0 */

/* See url-text.h. */

#include <config.h>

#include "url-text.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"

#include "util.h"

#define REMOVED "(removed)"

/* What is secret in a URL, as offsets. */
struct url_secrets {
    size_t user, user_end;      /* Without "@"; the same if there is none. */
    size_t query, query_end;    /* Or fragment, without "?" or "#"; the same if
                                 * there is none. */
};

/* Looks into the 'len' bytes at 'url'.
 *
 * The last "@" counts, wherever it is: whoever forgot to write "%2F" for a "/"
 * in a password would see a part of it otherwise. */
static void
find_secrets(const char *url, size_t len, struct url_secrets *s)
{
    const char *scheme = memmem(url, len, "://", 3);
    size_t start = scheme ? scheme + 3 - url : 0;
    const char *at = memrchr(url + start, '@', len - start);
    size_t query = at ? at + 1 - url : start;

    while (query < len && url[query] != '?' && url[query] != '#') {
        query++;
    }

    s->user = start;
    s->user_end = at ? at - url : start;
    s->query = MIN(query + 1, len);
    s->query_end = len;
}

static void
put_url(struct ds *ds, const char *url, size_t len)
{
    struct url_secrets s;

    find_secrets(url, len, &s);
    ds_put_buffer(ds, url, s.user);
    if (s.user_end > s.user) {
        ds_put_cstr(ds, REMOVED);
    }
    ds_put_buffer(ds, url + s.user_end, s.query - s.user_end);
    if (s.query_end > s.query) {
        ds_put_cstr(ds, REMOVED);
    }
}

char *
url_to_show(const char *url)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    put_url(&ds, url, strlen(url));
    return ds_steal_cstr(&ds);
}

char *
url_text_to_show(const char *text)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    const char *colon;

    while ((colon = strstr(text, "://"))) {
        const char *url = colon;
        size_t len;

        while (url > text
               && (isalnum((unsigned char) url[-1])
                   || strchr("+.-", url[-1]))) {
            url--;
        }
        ds_put_buffer(&ds, text, url - text);
        len = strcspn(url, " \t\r\n\"'");
        put_url(&ds, url, len);
        text = url + len;
    }
    ds_put_cstr(&ds, text);
    return ds_steal_cstr(&ds);
}

void
url_wipe(char *url)
{
    struct url_secrets s;

    find_secrets(url, strlen(url), &s);
    memset(url + s.user, '*', s.user_end - s.user);
    memset(url + s.query, '*', s.query_end - s.query);
}
