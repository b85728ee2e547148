/* SPDX-License-Identifier: Apache-2.0 */

/* Keeps up with all objects of one kind: lists them, page by page, then
 * watches what happens to them, for ever, whatever the server does.
 *
 * What it learns goes to a sink.  The objects of a list are handed over one by
 * one between begin() and commit(), and count only with the latter: a list
 * that fails half-way, or is not one, ends with abort() and was nothing. */

#ifndef REFLECTOR_H
#define REFLECTOR_H 1

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "page-trim.h"

struct ds;
struct http;
struct kubeconfig;
struct reflector;

struct reflector_sink {
    /* A list begins; the one before, if any, was committed or aborted. */
    void (*begin)(void *aux);
    /* An object of the list.  Returns NULL, or why the list cannot be right,
     * which the caller frees. */
    char *(*list)(void *aux, json_t *object);
    /* Its objects come without the labels and annotations that this says are
     * not read; NULL: with all of them. */
    page_trim_reads *reads;
    /* The list is complete and replaces everything before.  It is as old as
     * 'version', which is less than the one before if 'went_back'. */
    void (*commit)(void *aux, const char *version, bool went_back);
    void (*abort)(void *aux);

    /* An object was added or changed, or is gone. */
    void (*put)(void *aux, json_t *object);
    void (*remove)(void *aux, json_t *object);
};

struct reflector_config {
    struct http *http;
    struct kubeconfig *kubeconfig;
    const struct reflector_sink *sink;
    void *aux;

    /* For people: "pods", "apps", "namespace NAME" or "all namespaces". */
    const char *resource;
    const char *group;          /* "" is the core group. */
    const char *ns;             /* NULL: all. */

    const char *path;           /* "/api/v1/pods" */
    const char *query;          /* "fieldSelector=..." or "". */
    bool metadata_only;         /* As PartialObjectMetadata. */
};

enum reflector_state {
    REFLECTOR_WAITING,          /* Until it tries again. */
    REFLECTOR_LISTING,
    REFLECTOR_WATCHING,
};

struct reflector_status {
    enum reflector_state state;
    bool synced;                /* A list was committed once. */
    bool fresh;                 /* What was committed is kept up to date: a
                                 * watch is open, or was a moment ago. */
    bool forbidden;             /* The last answer was 403. */
    bool missing;               /* ... or 404: no such resource. */
    const char *problem;        /* Or NULL. */
    const char *version;        /* resourceVersion, or "". */
    long long int heard_ms;     /* Monotonic; 0: never. */
    uint64_t n_lists, n_watches, n_events, n_bookmarks, n_errors;
};

struct reflector *reflector_create(const struct reflector_config *);
void reflector_destroy(struct reflector *);

/* Looks at what came and makes the next request when it is time.  To be
 * called after http_run(). */
void reflector_run(struct reflector *, long long int now);
void reflector_wait(const struct reflector *);

void reflector_get_status(const struct reflector *, long long int now,
                          struct reflector_status *);

/* Compares resourceVersions as Kubernetes says they can be: returns true if
 * both are decimal numbers and 'a' is less than 'b'. */
bool reflector_version_less(const char *a, const char *b);

/* For tests: a page's size, and a watch's silence that is not believed. */
void reflector_set_limits(struct reflector *, unsigned int page,
                          long long int silence_ms, long long int backoff_ms);

#endif /* reflector.h */
