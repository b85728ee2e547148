/* SPDX-License-Identifier: Apache-2.0 */

/* A JSON text, one object of a list at a time.
 *
 * "kubectl get -o json" puts everything into one list, which can be tens of
 * megabytes; as one tree of values that would be a gigabyte.  Here the outer
 * object is walked by hand, and jansson sees one element of "items" after the
 * other.  yaml-text.h does the same for YAML; manifest-reader.h joins them. */

#ifndef JSON_TEXT_H
#define JSON_TEXT_H 1

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct svec;

enum text_event {
    TEXT_ITEM,                  /* An element of the outer object's "items". */
    TEXT_ROOT,                  /* An outer object is complete. */
    TEXT_END,                   /* There is nothing more. */
    TEXT_ERROR,                 /* 'error' says why there is nothing more. */
};

/* What json_text_next() and yaml_text_next() found. */
struct text_value {
    json_t *json;               /* TEXT_ITEM, TEXT_ROOT: the caller's. */
    size_t ofs;                 /* Where it begins, ... */
    int line;                   /* ... counted from 1. */
    bool had_items;             /* TEXT_ROOT: its items came before it and are
                                 * not in 'json'. */
    char *error;                /* TEXT_ERROR: the caller's. */
};

struct json_text {
    const char *text;           /* Not ours. */
    size_t len;
    size_t pos;                 /* What comes next. */
    size_t line_pos;            /* 'line' is the line of this position. */
    int line;

    enum { JSON_TEXT_OUTSIDE, JSON_TEXT_MEMBERS, JSON_TEXT_ITEMS } state;
    bool first;                 /* No member (element) came yet. */
    json_t *root;               /* Members so far, without "items". */
    size_t root_ofs;
    int root_line;
    bool had_items;
};

/* 'text' must stay as it is until json_text_destroy(). */
void json_text_init(struct json_text *, const char *text, size_t len);
void json_text_destroy(struct json_text *);

/* Finds the next value.  After TEXT_END or TEXT_ERROR it must not be called
 * again. */
enum text_event json_text_next(struct json_text *, struct text_value *);

/* The members of the outer object so far, or NULL. */
const json_t *json_text_root(const struct json_text *);

/* Returns the line of the member that 'path' leads to, from the value at
 * 'ofs', which was read before: names of members, and "[N]" for elements.
 * Where that cannot be found, the line of the last part of the path that
 * can. */
int json_text_locate(const struct json_text *, size_t ofs,
                     const struct svec *path);

#endif /* json-text.h */
