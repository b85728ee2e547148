/* SPDX-License-Identifier: Apache-2.0 */

/* What reflector.c (states, waiting, errors), reflector-list.c and
 * reflector-watch.c share.  For them alone. */

#ifndef REFLECTOR_PRIVATE_H
#define REFLECTOR_PRIVATE_H 1

#include "reflector.h"

#include "openvswitch/compiler.h"

struct http_request;

struct reflector {
    struct http *http;
    struct kubeconfig *kubeconfig;
    const struct reflector_sink *sink;
    void *aux;
    char *resource, *group, *ns, *path, *query; /* 'ns' may be NULL. */
    bool metadata_only;
    unsigned int page_size;
    long long int silence_ms, backoff_ms;

    enum reflector_state state;
    struct http_request *request; /* LISTING and WATCHING; or NULL. */
    long long int retry_at;     /* WAITING. */
    unsigned int n_failures;    /* In a row. */
    bool unreached;             /* The last one had no answer at all. */
    uint64_t n_answers;         /* http_n_answers() at that time. */
    bool relist;                /* The next request is a list. */

    /* The list that is under way. */
    bool staging;               /* Between begin() and commit(). */
    unsigned int limit;         /* Objects a page; 0: all. */
    char *token;                /* "continue"; NULL: first page. */
    struct http_request *next;  /* The page behind that of 'request', or
                                 * NULL. */
    bool looked_ahead;          /* 'request' was asked what is behind it. */
    char *list_version;         /* Of the first page. */
    size_t n_listed;
    unsigned int n_empty_pages;
    unsigned int n_expired;     /* Times in a row that a list took too long. */
    unsigned int n_gone;        /* Versions in a row that were forgotten. */

    /* What is known. */
    bool synced;
    char *version;              /* Or NULL. */
    long long int fresh_ms;     /* When a watch was last open. */
    long long int heard_ms;
    long long int watch_began_ms;
    uint64_t watch_n_events;    /* Of the watch that is open. */
    unsigned int n_bad_watches; /* In a row, that ended in garbage. */

    int refused_status;         /* 403 or 404 of the last answer, or 0. */
    char *problem;              /* Or NULL. */
    uint64_t n_lists, n_watches, n_events, n_bookmarks, n_errors;
};

/* reflector.c */

/* A request failed: waits and tries again, with a list if 'relist'.  'problem'
 * is taken. */
void reflector_fail(struct reflector *, char *problem, bool relist,
                    long long int now);
/* The same for a request that ended with an error or a status other than
 * 200. */
void reflector_fail_request(struct reflector *, const char *verb,
                            long long int now);
/* All is well again. */
void reflector_succeed(struct reflector *);
/* Ends the request that is under way. */
void reflector_end_request(struct reflector *);

/* reflector-list.c */

void reflector_list_begin(struct reflector *);
void reflector_list_abort(struct reflector *);
/* Starts the request of the next page.  Returns NULL if there are no
 * credentials. */
struct http_request *reflector_list_request(struct reflector *,
                                            long long int now);
/* Looks at what has come of a page. */
void reflector_list_run(struct reflector *, long long int now);

/* reflector-watch.c */

struct http_request *reflector_watch_request(struct reflector *,
                                             long long int now);
void reflector_watch_run(struct reflector *, long long int now);

#endif /* reflector-private.h */
