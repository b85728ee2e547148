/* SPDX-License-Identifier: Apache-2.0 */

/* The list of a reflector, page by page.
 *
 * No resourceVersion is asked for: that is the list as it is now, from a
 * quorum, and all its pages are of one moment.  resourceVersion=0 would be
 * cheaper, and may be from before a server's restart.
 *
 * A page says at its beginning what the next one is asked for with.  That is
 * done at once, before anything is made of the page itself, so that the server
 * makes the next page while this one is still on its way and while it is
 * read. */

#include <config.h>

#include "reflector-private.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/vlog.h"

#include "coverage.h"
#include "timeval.h"
#include "util.h"

#include "http.h"
#include "json-text.h"
#include "kubeconfig.h"
#include "page-trim.h"

VLOG_DEFINE_THIS_MODULE(reflector_list);

COVERAGE_DEFINE(reflector_list);
COVERAGE_DEFINE(reflector_page);

/* An object in etcd is at most 1.5 MB; a page is asked for again with fewer
 * objects if it is larger than this. */
#define MAX_PAGE (64 * 1024 * 1024)

/* All objects in one page: the way out where the server's history is too short
 * for pages. */
#define MAX_WHOLE (1024 * 1024 * 1024)

/* More objects of one kind than any cluster has: a list without an end. */
#define MAX_OBJECTS 3000000

/* Pages without any object occur with selectors, but not for ever. */
#define MAX_EMPTY_PAGES 1000

/* kube-apiserver writes a list's "metadata" before its "items".  Where they
 * are not in so many bytes at the beginning, the next page has to wait. */
#define MAX_BEGINNING (64 * 1024)

#define PAGE_DEADLINE_MS 60000
#define PAGE_SILENCE_MS 30000

#define AS_METADATA \
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

void
reflector_list_begin(struct reflector *r)
{
    ovs_assert(!r->staging);
    r->staging = true;
    r->n_listed = 0;
    r->n_empty_pages = 0;
    r->sink->begin(r->aux);
}

static void
forget(struct reflector *r)
{
    r->staging = false;
    http_request_destroy(r->next);
    free(r->token);
    free(r->list_version);
    r->next = NULL;
    r->token = r->list_version = NULL;
    r->looked_ahead = false;
}

void
reflector_list_abort(struct reflector *r)
{
    if (r->staging) {
        r->sink->abort(r->aux);
        forget(r);
    }
}

/* Starts the request of the page 'token', or of the first if that is NULL. */
static struct http_request *
request_page(struct reflector *r, const char *token, long long int now)
{
    const struct kube_access *access = kubeconfig_get(r->kubeconfig, now);
    struct http_get_options options = {
        .accept = r->metadata_only ? AS_METADATA : NULL,
        .max_body = r->limit ? MAX_PAGE : MAX_WHOLE,
        .deadline_ms = r->limit ? PAGE_DEADLINE_MS : 10 * PAGE_DEADLINE_MS,
        .silence_ms = PAGE_SILENCE_MS,
    };
    struct http_request *request;
    char *escaped, *path;

    if (!access) {
        return NULL;
    }
    COVERAGE_INC(reflector_page);
    escaped = token ? http_escape(token) : NULL;
    path = xasprintf("%s?%s%slimit=%u%s%s", r->path, r->query,
                     r->query[0] ? "&" : "", r->limit,
                     escaped ? "&continue=" : "", escaped ? escaped : "");
    request = http_get(r->http, access, path, &options, now);
    free(path);
    free(escaped);
    return request;
}

struct http_request *
reflector_list_request(struct reflector *r, long long int now)
{
    r->looked_ahead = false;
    return request_page(r, r->token, now);
}

/* Returns the "metadata" of the list that begins with 'body', or NULL if they
 * are not there (yet). */
static json_t *
read_metadata(const char *body, size_t len)
{
    struct text_value value;
    struct json_text text;
    json_t *metadata;

    /* This stops at the first item or where the text does, which is no error
     * here. */
    json_text_init(&text, body, len);
    json_text_next(&text, &value);
    metadata = json_incref(json_object_get(json_text_root(&text),
                                           "metadata"));
    json_decref(value.json);
    free(value.error);
    json_text_destroy(&text);
    return metadata;
}

/* Asks for the page behind the one that is coming, once. */
static void
look_ahead(struct reflector *r, long long int now)
{
    size_t len;
    const char *body = http_request_body(r->request, &len);
    const char *token;
    json_t *metadata;

    if (r->looked_ahead || !len || http_request_status(r->request) != 200) {
        return;
    }
    metadata = read_metadata(body, len);
    r->looked_ahead = metadata || len > MAX_BEGINNING;
    token = json_string_value(json_object_get(metadata, "continue"));
    if (token && token[0] && (!r->token || strcmp(token, r->token))) {
        r->next = request_page(r, token, now);
        http_push(r->http, now);
    }
    json_decref(metadata);
}

/* Hands over the objects of a page.  Returns NULL and the page without its
 * items, or what is wrong. */
static char *
read_items(struct reflector *r, const char *body, size_t len, size_t *n,
           json_t **root)
{
    struct json_text text;
    char *error = NULL;

    *n = 0;
    *root = NULL;
    json_text_init(&text, body, len);
    while (!error && !*root) {
        struct text_value value;

        switch (json_text_next(&text, &value)) {
        case TEXT_ITEM:
            if (++r->n_listed > MAX_OBJECTS) {
                error = xasprintf("the list has more than %d objects",
                                  MAX_OBJECTS);
            } else {
                error = r->sink->list(r->aux, value.json);
            }
            ++*n;
            json_decref(value.json);
            break;

        case TEXT_ROOT:
            *root = value.json;
            break;

        case TEXT_END:
            error = xstrdup("the answer is empty");
            break;

        case TEXT_ERROR:
            error = xasprintf("line %d of the answer: %s", value.line,
                              value.error);
            free(value.error);
            break;
        }
    }
    json_text_destroy(&text);
    return error;
}

/* Is 'root' a list?  Returns NULL, or what it is instead. */
static char *
check_root(const json_t *root)
{
    const json_t *metadata = json_object_get(root, "metadata");
    const char *kind = json_string_value(json_object_get(root, "kind"));
    const char *version
        = json_string_value(json_object_get(metadata, "resourceVersion"));
    size_t len = kind ? strlen(kind) : 0;

    if (kind && !strcmp(kind, "Status")) {
        const char *message
            = json_string_value(json_object_get(root, "message"));

        return xasprintf("the answer is an error in spite of its status: "
                         "%.200s", message ? message : "(no message)");
    } else if (len < 4 || strcmp(kind + len - 4, "List")) {
        return xasprintf("the answer is no list but \"%.60s\"",
                         kind ? kind : "");
    } else if (!version || !version[0]) {
        return xstrdup("the list has no resourceVersion");
    }
    return NULL;
}

/* The list took longer than the server remembers it.  It is begun anew at
 * once, with larger pages, in the end with one. */
static void
list_expired(struct reflector *r, long long int now)
{
    bool paged = r->token != NULL;

    r->n_expired++;
    r->limit = (!paged || r->n_expired > 2 ? 0
                : MAX(r->limit, r->page_size) * 10);
    reflector_fail(r, xasprintf("%s: the list took longer than the server "
                                "remembers it; once more", r->resource),
                   true, now);
    if (r->n_expired == 1) {
        r->retry_at = now;
    }
}

/* The page that was read last is complete, and so is the list. */
static void
complete(struct reflector *r, long long int now)
{
    bool went_back = reflector_version_less(r->list_version, r->version);

    COVERAGE_INC(reflector_list);
    r->n_lists++;
    r->sink->commit(r->aux, r->list_version, went_back);
    VLOG_INFO("%s: %s list of %"PRIuSIZE" objects at version %s",
              r->resource, r->synced ? "new" : "first", r->n_listed,
              r->list_version);
    free(r->version);
    r->version = r->list_version;
    r->list_version = NULL;
    forget(r);
    r->limit = r->page_size;
    r->n_expired = 0;
    r->n_bad_watches = 0;
    r->relist = false;
    r->synced = true;
    r->fresh_ms = now;
    r->retry_at = 0;
    reflector_succeed(r);
}

/* Reads a page.  Returns NULL, or what is wrong with it. */
static char *
read_page(struct reflector *r, bool *last)
{
    size_t len;
    char *body = http_request_steal_body(r->request, &len);
    const char *version, *token;
    const json_t *metadata;
    json_t *root;
    size_t n;
    char *error;

    len = page_trim(body, len, r->sink->reads, r->aux);
    error = read_items(r, body, len, &n, &root);
    if (!error) {
        error = check_root(root);
    }
    if (error) {
        goto out;
    }
    metadata = json_object_get(root, "metadata");
    version = json_string_value(json_object_get(metadata, "resourceVersion"));
    token = json_string_value(json_object_get(metadata, "continue"));
    if (!r->list_version) {
        r->list_version = xstrdup(version);
    }
    *last = !token || !token[0];
    if (!*last && r->token && !strcmp(token, r->token)) {
        error = xstrdup("a page is followed by itself");
    } else if (!n && !*last && ++r->n_empty_pages > MAX_EMPTY_PAGES) {
        error = xstrdup("the list goes on and on without objects");
    }
    free(r->token);
    r->token = *last || error ? NULL : xstrdup(token);

out:
    json_decref(root);
    free(body);
    return error;
}

/* The page is read: on to the next one, if that was asked for already. */
static void
turn_page(struct reflector *r, long long int now)
{
    reflector_end_request(r);
    r->request = r->next;
    r->next = NULL;
    r->looked_ahead = false;
    r->retry_at = 0;
    if (r->request) {
        look_ahead(r, now);
    }
}

void
reflector_list_run(struct reflector *r, long long int now)
{
    const struct http_request *request = r->request;
    bool last = false;
    char *error;

    if (!http_request_error(request)) {
        look_ahead(r, now);
    }
    if (!http_request_is_done(request)) {
        return;
    }
    if (http_request_is_too_large(request)) {
        /* Fewer objects a page. */
        r->limit = r->limit ? MAX(r->limit / 4, 1) : r->page_size;
    }
    if (!http_request_error(request) && http_request_status(request) == 410) {
        list_expired(r, now);
        return;
    }
    if (http_request_error(request) || http_request_status(request) != 200) {
        reflector_fail_request(r, "list", now);
        return;
    }
    error = read_page(r, &last);
    if (error) {
        reflector_fail(r, xasprintf("list of %s: %s", r->resource, error),
                       true, now);
        free(error);
        return;
    }
    turn_page(r, now);
    if (last) {
        complete(r, now);
    }
}
