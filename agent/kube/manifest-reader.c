/* SPDX-License-Identifier: Apache-2.0 */

/* Joins json-text.h and yaml-text.h, and knows what a list is.
 *
 * A list's elements come one by one, before it is known that their parent is a
 * list at all: kubectl writes "kind" behind "items".  An element that says
 * itself what it is need not wait for that; others are put aside. */

#include <config.h>

#include "manifest-reader.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "json-text.h"
#include "yaml-text.h"

/* An element that waits for its list's kind. */
struct deferred {
    json_t *json;
    size_t ofs;
    int line;
};

struct manifest_reader {
    bool yaml;
    struct json_text json_text; /* !yaml. */
    struct yaml_text yaml_text; /* yaml. */
    bool finished;
    size_t n_roots;

    json_t *current;            /* The item that was handed over. */
    size_t current_ofs;
    int current_line;

    struct deferred *deferred;
    size_t n_deferred, allocated_deferred, next_deferred;
    json_t *list;               /* The list that 'deferred' is from, once it
                                 * is complete. */
    char *item_kind;            /* From the list's. */
};

static const char *
get_string(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

struct manifest_reader *
manifest_reader_create(const char *text, size_t len, bool yaml)
{
    static const char bom[] = "\xef\xbb\xbf";
    struct manifest_reader *r = xzalloc(sizeof *r);

    if (!yaml && len >= 3 && !memcmp(text, bom, 3)) {
        text += 3;
        len -= 3;
    }
    r->yaml = yaml;
    if (yaml) {
        yaml_text_init(&r->yaml_text, text, len);
    } else {
        json_text_init(&r->json_text, text, len);
    }
    return r;
}

static void
forget_list(struct manifest_reader *r)
{
    for (size_t i = r->next_deferred; i < r->n_deferred; i++) {
        json_decref(r->deferred[i].json);
    }
    r->n_deferred = r->next_deferred = 0;
    json_decref(r->list);
    r->list = NULL;
}

void
manifest_reader_destroy(struct manifest_reader *r)
{
    if (r) {
        json_decref(r->current);
        forget_list(r);
        free(r->deferred);
        free(r->item_kind);
        if (r->yaml) {
            yaml_text_destroy(&r->yaml_text);
        } else {
            json_text_destroy(&r->json_text);
        }
        free(r);
    }
}

size_t
manifest_reader_n_roots(const struct manifest_reader *r)
{
    return r->n_roots;
}

/* Returns "Pod" for a list of kind "PodList", "" for a "List", and NULL if
 * 'root' is no list. */
static const char *
list_item_kind(struct manifest_reader *r, const json_t *root)
{
    const char *kind = root ? get_string(root, "kind") : NULL;
    size_t len = kind ? strlen(kind) : 0;

    if (len < 4 || strcmp(kind + len - 4, "List")) {
        return NULL;
    }
    free(r->item_kind);
    r->item_kind = xmemdup0(kind, len - 4);
    return r->item_kind;
}

/* Hands 'json' over, which is taken; 'list' is the list it is in, or NULL. */
static enum manifest_reader_result
hand_over(struct manifest_reader *r, json_t *json, size_t ofs, int line,
          const json_t *list, struct manifest_item *item)
{
    const char *kind = list ? list_item_kind(r, list) : NULL;
    bool typed = kind && kind[0];

    r->current = json;
    r->current_ofs = ofs;
    r->current_line = line;
    *item = (struct manifest_item) {
        .json = json,
        .line = line,
        .default_kind = typed ? kind : NULL,
        .default_api_version = typed ? get_string(list, "apiVersion") : NULL,
    };
    return MANIFEST_READER_ITEM;
}

static void
defer(struct manifest_reader *r, const struct text_value *value)
{
    if (r->n_deferred >= r->allocated_deferred) {
        r->deferred = x2nrealloc(r->deferred, &r->allocated_deferred,
                                 sizeof *r->deferred);
    }
    r->deferred[r->n_deferred++] = (struct deferred) {
        value->json, value->ofs, value->line,
    };
}

static enum manifest_reader_result
fail(struct manifest_reader *r, int at, const char *text, int *line,
     char **error)
{
    r->finished = true;
    *line = at;
    *error = xstrdup(text);
    return MANIFEST_READER_ERROR;
}

/* An outer object is complete: it is an object of its own, or the list of what
 * came before.  Returns MANIFEST_READER_END if there is nothing to hand over
 * now. */
static enum manifest_reader_result
take_root(struct manifest_reader *r, struct text_value *value,
          struct manifest_item *item, int *line, char **error)
{
    bool is_list = list_item_kind(r, value->json) != NULL;
    const json_t *items = json_object_get(value->json, "items");

    r->n_roots++;
    if (value->had_items && !is_list) {
        json_decref(value->json);
        return fail(r, value->line, "an object with \"items\" must be of kind "
                    "List, or its kind end with List", line, error);
    }
    if (!is_list) {
        return hand_over(r, value->json, value->ofs, value->line, NULL, item);
    }
    if (items && !json_is_null(items)) {
        json_decref(value->json);
        return fail(r, value->line, "\"items\" of a list must be a list", line,
                    error);
    }
    r->list = value->json;
    return MANIFEST_READER_END;
}

/* An element of a list that may be complete or not. */
static enum manifest_reader_result
take_item(struct manifest_reader *r, struct text_value *value,
          struct manifest_item *item, int *line, char **error)
{
    const json_t *root = (r->yaml ? yaml_text_root(&r->yaml_text)
                          : json_text_root(&r->json_text));

    if (!json_is_object(value->json)) {
        json_decref(value->json);
        return fail(r, value->line, "an item of a list must be an object",
                    line, error);
    }
    if (list_item_kind(r, value->json)
        && json_object_get(value->json, "items")) {
        json_decref(value->json);
        return fail(r, value->line, "a list inside a list is not supported",
                    line, error);
    }
    if (!get_string(value->json, "kind") && !get_string(root, "kind")) {
        defer(r, value);
        return MANIFEST_READER_END;
    }
    return hand_over(r, value->json, value->ofs, value->line, root, item);
}

enum manifest_reader_result
manifest_reader_next(struct manifest_reader *r, struct manifest_item *item,
                     int *line, char **error)
{
    *error = NULL;
    *line = 0;
    json_decref(r->current);
    r->current = NULL;
    while (!r->finished) {
        enum manifest_reader_result result = MANIFEST_READER_END;
        struct text_value value;

        if (r->list) {
            if (r->next_deferred < r->n_deferred) {
                struct deferred *d = &r->deferred[r->next_deferred++];

                return hand_over(r, d->json, d->ofs, d->line, r->list, item);
            }
            forget_list(r);
        }
        switch (r->yaml ? yaml_text_next(&r->yaml_text, &value)
                : json_text_next(&r->json_text, &value)) {
        case TEXT_ITEM:
            result = take_item(r, &value, item, line, error);
            break;
        case TEXT_ROOT:
            result = take_root(r, &value, item, line, error);
            break;
        case TEXT_END:
            r->finished = true;
            break;
        case TEXT_ERROR:
            r->finished = true;
            *line = value.line;
            *error = value.error;
            return MANIFEST_READER_ERROR;
        }
        if (result != MANIFEST_READER_END) {
            return result;
        }
    }
    return MANIFEST_READER_END;
}

int
manifest_reader_locate(const struct manifest_reader *r,
                       const struct svec *path)
{
    return (r->yaml
            ? yaml_text_locate(&r->yaml_text, r->current, r->current_line,
                               path)
            : json_text_locate(&r->json_text, r->current_ofs, path));
}
