/* SPDX-License-Identifier: Apache-2.0 */

/* A YAML text, one object of a list at a time: json-text.h for the other
 * language.  Values come out as jansson's, read by the core schema of YAML
 * 1.2: an unquoted 10 is a number, an unquoted 10.0.0.1 a string, and quoted
 * text always a string.  Aliases share the value they name and so cost
 * nothing; merge keys ("<<") and tags other than YAML's own are refused. */

#ifndef YAML_TEXT_H
#define YAML_TEXT_H 1

#include <yaml.h>

#include "json-text.h"
#include "openvswitch/shash.h"

struct svec;
struct yaml_frame;
struct yaml_line;

struct yaml_text {
    yaml_parser_t parser;
    const char *text;           /* Not ours. */
    size_t len;
    struct yaml_frame *frames;  /* Values that are not complete. */
    size_t n_frames, allocated_frames;
    struct shash anchors;       /* Contains "struct yaml_anchor"s. */
    unsigned int n_aliases;

    json_t *root;               /* The document, once it is complete. */
    int root_line;
    bool had_items;
    struct yaml_line *lines;    /* Of the values of the current item. */
    size_t n_lines, allocated_lines;
};

/* 'text' must stay as it is until yaml_text_destroy(). */
void yaml_text_init(struct yaml_text *, const char *text, size_t len);
void yaml_text_destroy(struct yaml_text *);

/* Finds the next value; like json_text_next(). */
enum text_event yaml_text_next(struct yaml_text *, struct text_value *);

/* The members of the outer mapping so far, or NULL. */
const json_t *yaml_text_root(const struct yaml_text *);

/* Returns the line of what 'path' leads to from 'json', the value that was
 * found last, which begins at 'line'; see json_text_locate(). */
int yaml_text_locate(const struct yaml_text *, const json_t *json, int line,
                     const struct svec *path);

#endif /* yaml-text.h */
