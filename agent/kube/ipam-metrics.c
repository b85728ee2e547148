/* SPDX-License-Identifier: Apache-2.0 */

/* See ipam-metrics.h.  The text is that of Prometheus, of which one metric's
 * lines are taken. */

#include <config.h>

#include "ipam-metrics.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"

#include "util.h"

#include "http.h"
#include "ip-addr.h"
#include "kubeconfig.h"
#include "url-text.h"

VLOG_DEFINE_THIS_MODULE(ipam_metrics);

/* As often as the controller renews it. */
#define INTERVAL_MS 30000
#define DEADLINE_MS 20000
/* What is older than three looks is not known any more. */
#define N_FRESH 3
#define MAX_LINE (64 * 1024)
#define MAX_ADDRESSES 1000000

#define METRIC "subnet_ip_assign_info{"

struct ipam_metrics {
    struct http *http;
    struct kube_access access;  /* Only its server. */
    char *path;                 /* With its query. */
    char *shown;                /* URL, as it may be shown. */
    struct http_request *request; /* Or NULL. */
    long long int interval_ms, due_ms;
    long long int read_ms;      /* When the book was read; 0: not. */
    struct shash reading;       /* What comes. */
    struct shash book;          /* The latest whole one, until it is taken. */
    bool have_book;             /* ... and was not taken. */
    bool told_known;            /* As told by ipam_metrics_take(). */
    char *problem;
};

/* Where the path or query begins. */
static const char *
find_path(const char *url)
{
    const char *authority = strstr(url, "://") + 3;

    return authority + strcspn(authority, "/?#");
}

char *
ipam_metrics_check_url(const char *url)
{
    bool ok = !strncmp(url, "http://", 7) || !strncmp(url, "https://", 8);
    const char *path = ok ? find_path(url) : NULL;
    const char *form = "http://[USER:PASSWORD@]HOST[:PORT][/PATH], or the "
                       "same with https";
    char *shown, *error;

    if (ok && path > strstr(url, "://") + 3 && path[-1] != '@'
        && !strpbrk(path, "@# ")) {
        return NULL;
    }
    shown = url_to_show(url);
    error = xasprintf("'%s' is not %s%s", shown, form,
                      path && strpbrk(path, "@# ")
                      ? "; write %23, %2F, %3F and %40 for #, /, ? and @ in "
                        "names and passwords" : "");
    free(shown);
    return error;
}

struct ipam_metrics *
ipam_metrics_create(const char *url)
{
    struct ipam_metrics *im = xzalloc(sizeof *im);
    const char *path = find_path(url);
    char *whole;

    im->http = http_create();
    im->access.seqno = 1;
    im->access.server = xmemdup0(url, path - url);
    im->path = (path[0] == '/' ? xstrdup(path)
                : xasprintf("/metrics%s", path));
    whole = xasprintf("%s%s", im->access.server, im->path);
    im->shown = url_to_show(whole);
    free(whole);
    im->interval_ms = INTERVAL_MS;
    shash_init(&im->reading);
    shash_init(&im->book);
    return im;
}

void
ipam_metrics_destroy(struct ipam_metrics *im)
{
    if (im) {
        http_request_destroy(im->request);
        http_destroy(im->http);
        free(im->access.server);
        free(im->path);
        free(im->shown);
        shash_destroy_free_data(&im->reading);
        shash_destroy_free_data(&im->book);
        free(im->problem);
        free(im);
    }
}

void
ipam_metrics_set_interval(struct ipam_metrics *im, long long int ms)
{
    im->interval_ms = ms;
}

const char *
ipam_metrics_problem(const struct ipam_metrics *im)
{
    return im->problem;
}

/* Reads NAME="VALUE" at '*s', which is moved on behind it and its comma.
 * Returns false at the end, or if it is not of that form. */
static bool
read_label(const char **s, struct ds *name, struct ds *value)
{
    size_t len = strcspn(*s, "=}");

    ds_clear(name);
    ds_clear(value);
    if ((*s)[len] != '=' || (*s)[len + 1] != '"') {
        return false;
    }
    ds_put_buffer(name, *s, len);
    for (*s += len + 2; **s != '"'; ++*s) {
        if (**s == '\\' && (*s)[1]) {
            ++*s;
        }
        if (!**s) {
            return false;
        }
        ds_put_char(value, **s);
    }
    *s += 1;
    *s += **s == ',';
    return true;
}

static void
read_line(struct ipam_metrics *im, const char *line)
{
    struct ds name = DS_EMPTY_INITIALIZER, value = DS_EMPTY_INITIALIZER;
    char *subnet = NULL, *pod = NULL;
    struct ip_addr ip = { .family = 0 };
    const char *s = line + strlen(METRIC);

    while (read_label(&s, &name, &value)) {
        if (!strcmp(ds_cstr(&name), "subnet_name")) {
            free(subnet);
            subnet = xstrdup(ds_cstr(&value));
        } else if (!strcmp(ds_cstr(&name), "ip")) {
            if (!ip_addr_parse(ds_cstr(&value), &ip)) {
                ip.family = 0;
            }
        } else if (!strcmp(ds_cstr(&name), "pod_name")) {
            free(pod);
            pod = xstrdup(ds_cstr(&value));
        }
    }
    if (subnet && pod && ip.family
        && shash_count(&im->reading) < MAX_ADDRESSES) {
        char text[IP_ADDR_STRLEN];
        char *key = xasprintf("%s %s", subnet, ip_addr_to_string(&ip, text));

        free(shash_replace(&im->reading, key, pod));
        pod = NULL;
        free(key);
    }
    free(subnet);
    free(pod);
    ds_destroy(&name);
    ds_destroy(&value);
}

static void
set_problem(struct ipam_metrics *im, char *problem)
{
    if (problem && !im->problem) {
        VLOG_WARN("%s", problem);
    }
    free(im->problem);
    im->problem = problem;
}

static void
end_request(struct ipam_metrics *im)
{
    const char *error = http_request_error(im->request);
    int status = http_request_status(im->request);

    if (!error && status == 200) {
        shash_swap(&im->book, &im->reading);
        im->have_book = true;
        im->read_ms = http_request_began_ms(im->request);
        set_problem(im, NULL);
    } else {
        set_problem(im, error ? xasprintf("%s: %s", im->shown, error)
                    : xasprintf("%s: status %d", im->shown, status));
    }
    shash_clear_free_data(&im->reading);
    http_request_destroy(im->request);
    im->request = NULL;
}

void
ipam_metrics_run(struct ipam_metrics *im, long long int now)
{
    const char *line;
    size_t len;

    http_run(im->http, now);
    while (im->request
           && (line = http_request_next_line(im->request, &len))) {
        if (len > strlen(METRIC) && !strncmp(line, METRIC, strlen(METRIC))) {
            char *copy = xmemdup0(line, len);

            read_line(im, copy);
            free(copy);
        }
    }
    if (im->request && http_request_is_done(im->request)) {
        end_request(im);
    }
    if (!im->request && now >= im->due_ms) {
        struct http_get_options options = {
            .accept = "text/plain",
            .max_body = MAX_LINE,
            .lines = true,
            .deadline_ms = DEADLINE_MS,
        };

        im->due_ms = now + im->interval_ms;
        im->request = http_get(im->http, &im->access, im->path, &options,
                               now);
    }
}

static bool
is_known(const struct ipam_metrics *im, long long int now)
{
    return (im->read_ms
            && now - im->read_ms <= im->interval_ms * N_FRESH + DEADLINE_MS);
}

void
ipam_metrics_wait(struct ipam_metrics *im)
{
    http_wait(im->http);
    if (im->have_book) {
        poll_immediate_wake();
    }
    if (!im->request) {
        poll_timer_wait_until(im->due_ms);
    }
}

bool
ipam_metrics_take(struct ipam_metrics *im, long long int now, bool *known,
                  struct shash *book)
{
    *known = is_known(im, now);
    if (!im->have_book && *known == im->told_known) {
        return false;
    }
    shash_init(book);
    if (im->have_book) {
        shash_swap(book, &im->book);
        im->have_book = false;
    } else if (*known) {
        return false;           /* It was told, and still is. */
    }
    im->told_known = *known;
    return true;
}
