/* SPDX-License-Identifier: Apache-2.0 */

/* Turns libyaml's events into jansson's values.
 *
 * Nothing in here recurses.  What is built can be as deep as MAX_DEPTH,
 * whether by nesting or by aliases, because jansson does recurse when it frees
 * a value. */

#include <config.h>

#include "yaml-text.h"

#include <stdlib.h>
#include <string.h>

#include "svec.h"
#include "util.h"

#include "yaml-scalar.h"

/* Kubernetes objects have about 20 levels. */
#define MAX_DEPTH 100

/* Nobody writes as many by hand. */
#define MAX_ALIASES 10000

/* A mapping or sequence that is being filled. */
struct yaml_frame {
    json_t *json;               /* Object or array; NULL for 'is_items'. */
    bool is_items;              /* The outer mapping's "items": its elements
                                 * are handed over instead. */
    char *key;                  /* Object: name of the value to come. */
    int key_line;
    int line;
    int height;                 /* Levels below this one, so far. */
    char *anchor;               /* Or NULL. */
};

struct yaml_anchor {
    json_t *json;
    int height;
};

struct yaml_line {
    const json_t *json;
    int line;
};

void
yaml_text_init(struct yaml_text *yt, const char *text, size_t len)
{
    memset(yt, 0, sizeof *yt);
    yt->text = text;
    yt->len = len;
    shash_init(&yt->anchors);
    if (!yaml_parser_initialize(&yt->parser)) {
        out_of_memory();
    }
    yaml_parser_set_input_string(&yt->parser, (const unsigned char *) text,
                                 len);
}

static void
forget_anchors(struct yaml_text *yt)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &yt->anchors) {
        struct yaml_anchor *anchor = node->data;

        json_decref(anchor->json);
    }
    shash_clear_free_data(&yt->anchors);
}

static void
pop_frame(struct yaml_text *yt)
{
    struct yaml_frame *f = &yt->frames[--yt->n_frames];

    free(f->key);
    free(f->anchor);
}

void
yaml_text_destroy(struct yaml_text *yt)
{
    while (yt->n_frames) {
        json_decref(yt->frames[yt->n_frames - 1].json);
        pop_frame(yt);
    }
    free(yt->frames);
    forget_anchors(yt);
    shash_destroy(&yt->anchors);
    json_decref(yt->root);
    free(yt->lines);
    yaml_parser_delete(&yt->parser);
}

const json_t *
yaml_text_root(const struct yaml_text *yt)
{
    return yt->n_frames ? yt->frames[0].json : yt->root;
}

static enum text_event OVS_PRINTF_FORMAT(3, 4)
fail(struct text_value *value, int line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    *value = (struct text_value) {
        .line = line, .error = xvasprintf(format, args),
    };
    va_end(args);
    return TEXT_ERROR;
}

/* libyaml has given up. */
static enum text_event
fail_parser(struct yaml_text *yt, struct text_value *value)
{
    const yaml_parser_t *p = &yt->parser;
    const char *problem = p->problem ? p->problem : "cannot be read";

    if (p->error == YAML_MEMORY_ERROR) {
        out_of_memory();
    }
    if (p->error == YAML_READER_ERROR) {
        int line = 1;

        /* Not the position of the scanner, which is far behind. */
        for (size_t i = 0; i < MIN(p->problem_offset, yt->len); i++) {
            line += yt->text[i] == '\n';
        }
        return fail(value, line, "%s", problem);
    }
    return (p->context
            ? fail(value, p->problem_mark.line + 1, "%s, %s", p->context,
                   problem)
            : fail(value, p->problem_mark.line + 1, "%s", problem));
}

/* Containers. */

static bool
awaits_key(const struct yaml_frame *f)
{
    return json_is_object(f->json) && !f->key;
}

static struct yaml_frame *
top_frame(struct yaml_text *yt)
{
    return yt->n_frames ? &yt->frames[yt->n_frames - 1] : NULL;
}

/* Notes where 'json' is.  Jansson's null and booleans are the same value
 * everywhere. */
static void
add_line(struct yaml_text *yt, const json_t *json, int line)
{
    if (json_is_null(json) || json_is_boolean(json)) {
        return;
    }
    if (yt->n_lines >= yt->allocated_lines) {
        yt->lines = x2nrealloc(yt->lines, &yt->allocated_lines,
                               sizeof *yt->lines);
    }
    yt->lines[yt->n_lines++] = (struct yaml_line) { json, line };
}

static void
set_anchor(struct yaml_text *yt, const char *name, json_t *json, int height)
{
    struct yaml_anchor *anchor = shash_find_and_delete(&yt->anchors, name);

    if (anchor) {
        json_decref(anchor->json);
    } else {
        anchor = xmalloc(sizeof *anchor);
    }
    anchor->json = json_incref(json);
    anchor->height = height;
    shash_add(&yt->anchors, name, anchor);
}

/* Puts a complete 'json', which is taken, where it belongs.  Returns true if
 * that is into the caller's hands, as an element of the outer "items". */
static bool
put_value(struct yaml_text *yt, json_t *json, int line, int height,
          struct text_value *value)
{
    struct yaml_frame *f = top_frame(yt);

    if (!f) {
        yt->root = json;
        yt->root_line = line;
        return false;
    }
    if (f->is_items) {
        *value = (struct text_value) { .json = json, .line = line };
        return true;
    }
    f->height = MAX(f->height, height + 1);
    if (json_is_object(f->json)) {
        add_line(yt, json, f->key_line);
        json_object_set_new(f->json, f->key, json);
        free(f->key);
        f->key = NULL;
    } else {
        add_line(yt, json, line);
        json_array_append_new(f->json, json);
    }
    return false;
}

/* Before a value begins: an element of the outer "items" makes the lines of
 * the one before it obsolete. */
static void
begin_value(struct yaml_text *yt)
{
    const struct yaml_frame *f = top_frame(yt);

    if (f && f->is_items) {
        yt->n_lines = 0;
    }
}

static enum text_event
take_key(struct yaml_text *yt, const yaml_event_t *event,
         struct text_value *value)
{
    const char *key = (const char *) event->data.scalar.value;
    struct yaml_frame *f = top_frame(yt);
    int line = event->start_mark.line + 1;

    if (strlen(key) != event->data.scalar.length) {
        return fail(value, line, "a NUL character is not allowed");
    }
    if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE
        && !strcmp(key, "<<")) {
        return fail(value, line, "merge keys (\"<<\") are not supported");
    }
    if (json_object_get(f->json, key)
        || (yt->n_frames == 1 && yt->had_items && !strcmp(key, "items"))) {
        return fail(value, line, "the name \"%.100s\" is there twice", key);
    }
    f->key = xstrdup(key);
    f->key_line = line;
    return TEXT_END;
}

/* Each take_*() returns TEXT_ITEM with 'value' filled in, TEXT_ERROR, or
 * TEXT_END if the event was just digested. */
static enum text_event
take_scalar(struct yaml_text *yt, const yaml_event_t *event,
            struct text_value *value)
{
    const char *anchor = (const char *) event->data.scalar.anchor;
    const struct yaml_frame *f = top_frame(yt);
    int line = event->start_mark.line + 1;
    char *error;
    json_t *json;

    if (f && awaits_key(f)) {
        return take_key(yt, event, value);
    }
    begin_value(yt);
    json = yaml_scalar_read(event, &error);
    if (!json) {
        fail(value, line, "%s", error);
        free(error);
        return TEXT_ERROR;
    }
    if (anchor) {
        set_anchor(yt, anchor, json, 0);
    }
    return put_value(yt, json, line, 0, value) ? TEXT_ITEM : TEXT_END;
}

static enum text_event
take_start(struct yaml_text *yt, const yaml_event_t *event, bool is_mapping,
           struct text_value *value)
{
    const char *anchor = (const char *) (is_mapping
                                         ? event->data.mapping_start.anchor
                                         : event->data.sequence_start.anchor);
    struct yaml_frame *f = top_frame(yt);
    int line = event->start_mark.line + 1;
    bool is_items;

    if (f && awaits_key(f)) {
        return fail(value, line, "a name must be text");
    }
    if (yt->n_frames >= MAX_DEPTH) {
        return fail(value, line, "more than %d levels", MAX_DEPTH);
    }
    begin_value(yt);
    is_items = (!is_mapping && yt->n_frames == 1 && json_is_object(f->json)
                && !strcmp(f->key, "items") && !anchor);
    if (yt->n_frames >= yt->allocated_frames) {
        yt->frames = x2nrealloc(yt->frames, &yt->allocated_frames,
                                sizeof *yt->frames);
    }
    yt->frames[yt->n_frames++] = (struct yaml_frame) {
        .json = is_items ? NULL : json_pack(is_mapping ? "{}" : "[]"),
        .is_items = is_items,
        .line = line,
        .anchor = nullable_xstrdup(anchor),
    };
    yt->had_items = yt->had_items || is_items;
    return TEXT_END;
}

static enum text_event
take_end(struct yaml_text *yt, struct text_value *value)
{
    struct yaml_frame f = *top_frame(yt);
    bool item;

    if (f.is_items) {
        pop_frame(yt);
        free(yt->frames[0].key);
        yt->frames[0].key = NULL;
        return TEXT_END;
    }
    if (f.anchor) {
        set_anchor(yt, f.anchor, f.json, f.height);
    }
    pop_frame(yt);
    item = put_value(yt, f.json, f.line, f.height, value);
    return item ? TEXT_ITEM : TEXT_END;
}

static enum text_event
take_alias(struct yaml_text *yt, const yaml_event_t *event,
           struct text_value *value)
{
    const char *name = (const char *) event->data.alias.anchor;
    const struct yaml_anchor *anchor = shash_find_data(&yt->anchors, name);
    const struct yaml_frame *f = top_frame(yt);
    int line = event->start_mark.line + 1;

    if (!anchor) {
        return fail(value, line, "the alias \"%.100s\" names nothing that is "
                    "complete", name);
    }
    if (f && awaits_key(f)) {
        return fail(value, line, "a name must be text");
    }
    if (++yt->n_aliases > MAX_ALIASES) {
        return fail(value, line, "more than %d aliases", MAX_ALIASES);
    }
    if (yt->n_frames + anchor->height >= MAX_DEPTH) {
        return fail(value, line, "more than %d levels", MAX_DEPTH);
    }
    begin_value(yt);
    return (put_value(yt, json_incref(anchor->json), line, anchor->height,
                      value)
            ? TEXT_ITEM : TEXT_END);
}

static enum text_event
take_document(struct yaml_text *yt, struct text_value *value)
{
    json_t *root = yt->root;

    yt->root = NULL;
    if (!root || json_is_null(root)) {
        /* Just comments: after a last "---", say. */
        json_decref(root);
        return TEXT_END;
    }
    if (!json_is_object(root)) {
        json_decref(root);
        return fail(value, yt->root_line, "expected a mapping");
    }
    *value = (struct text_value) {
        .json = root, .line = yt->root_line, .had_items = yt->had_items,
    };
    return TEXT_ROOT;
}

static enum text_event
take_event(struct yaml_text *yt, const yaml_event_t *event,
           struct text_value *value)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return take_scalar(yt, event, value);
    case YAML_SEQUENCE_START_EVENT:
        return take_start(yt, event, false, value);
    case YAML_MAPPING_START_EVENT:
        return take_start(yt, event, true, value);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return take_end(yt, value);
    case YAML_ALIAS_EVENT:
        return take_alias(yt, event, value);
    case YAML_DOCUMENT_START_EVENT:
        forget_anchors(yt);
        yt->n_lines = 0;
        yt->had_items = false;
        return TEXT_END;
    case YAML_DOCUMENT_END_EVENT:
        return take_document(yt, value);
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
        return TEXT_END;
    }
    return TEXT_END;
}

enum text_event
yaml_text_next(struct yaml_text *yt, struct text_value *value)
{
    for (;;) {
        enum text_event result;
        yaml_event_t event;
        bool end;

        *value = (struct text_value) { .json = NULL };
        if (!yaml_parser_parse(&yt->parser, &event)) {
            return fail_parser(yt, value);
        }
        end = event.type == YAML_STREAM_END_EVENT;
        result = take_event(yt, &event, value);
        yaml_event_delete(&event);
        if (result != TEXT_END || end) {
            return result;
        }
    }
}

static bool
find_line(const struct yaml_text *yt, const json_t *json, int *line)
{
    for (size_t i = yt->n_lines; i-- > 0; ) {
        if (yt->lines[i].json == json) {
            *line = yt->lines[i].line;
            return true;
        }
    }
    return false;
}

int
yaml_text_locate(const struct yaml_text *yt, const json_t *json, int line,
                 const struct svec *path)
{
    for (size_t i = 0; i < path->n && json; i++) {
        unsigned int index;

        if (json_is_array(json)
            && ovs_scan(path->names[i], "[%u]", &index)) {
            json = json_array_get(json, index);
        } else {
            json = json_object_get(json, path->names[i]);
        }
        if (json) {
            find_line(yt, json, &line);
        }
    }
    return line;
}
