/* SPDX-License-Identifier: Apache-2.0 */

/* Walks a JSON text and hands over one object of a list at a time.
 *
 * jansson reads every value and decides what is JSON; here only braces,
 * commas, colons and white space between values are looked at.  Several
 * objects may follow each other, as "kubectl apply" takes them. */

#include <config.h>

#include "json-text.h"

#include <stdlib.h>
#include <string.h>

#include "svec.h"
#include "util.h"

/* Duplicate names are refused: which of the two counts is a matter of the
 * reader, and the API server may read the other one. */
#define LOAD_FLAGS (JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK \
                    | JSON_REJECT_DUPLICATES)

void
json_text_init(struct json_text *jt, const char *text, size_t len)
{
    *jt = (struct json_text) {
        .text = text, .len = len, .line = 1, .state = JSON_TEXT_OUTSIDE,
    };
}

void
json_text_destroy(struct json_text *jt)
{
    json_decref(jt->root);
    jt->root = NULL;
}

const json_t *
json_text_root(const struct json_text *jt)
{
    return jt->root;
}

static int
count_lines(const char *text, size_t from, size_t to)
{
    int n = 0;

    while (from < to) {
        const char *newline = memchr(text + from, '\n', to - from);

        if (!newline) {
            break;
        }
        n++;
        from = newline - text + 1;
    }
    return n;
}

/* Returns the line of 'pos', which must not be less than at the last call. */
static int
line_at(struct json_text *jt, size_t pos)
{
    jt->line += count_lines(jt->text, jt->line_pos, pos);
    jt->line_pos = pos;
    return jt->line;
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Skips blanks.  Returns what follows, or 0 at the end. */
static char
peek(struct json_text *jt)
{
    while (jt->pos < jt->len && is_blank(jt->text[jt->pos])) {
        jt->pos++;
    }
    return jt->pos < jt->len ? jt->text[jt->pos] : 0;
}

static enum text_event OVS_PRINTF_FORMAT(3, 4)
fail(struct json_text *jt, struct text_value *value, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    *value = (struct text_value) {
        .ofs = jt->pos,
        .line = line_at(jt, jt->pos),
        .error = xvasprintf(format, args),
    };
    va_end(args);
    return TEXT_ERROR;
}

/* Something else than 'expected' is there. */
static enum text_event
fail_expected(struct json_text *jt, struct text_value *value,
              const char *expected)
{
    char c = peek(jt);

    if (jt->pos >= jt->len) {
        return fail(jt, value, "the file ends where %s is expected", expected);
    }
    return (c > ' ' && c < 0x7f
            ? fail(jt, value, "'%c' found, expected %s", c, expected)
            : fail(jt, value, "byte 0x%02x found, expected %s",
                   (unsigned char) c, expected));
}

/* Reads the value that begins here.  Returns NULL, with 'value' filled in for
 * TEXT_ERROR, if there is none. */
static json_t *
load(struct json_text *jt, struct text_value *value)
{
    json_error_t e;
    int line = line_at(jt, jt->pos);
    json_t *json = json_loadb(jt->text + jt->pos, jt->len - jt->pos,
                              LOAD_FLAGS, &e);

    if (json) {
        jt->pos += e.position;
    } else {
        *value = (struct text_value) {
            .ofs = jt->pos,
            .line = line + MAX(e.line, 1) - 1,
            .error = xstrdup(e.text),
        };
    }
    return json;
}

/* Between two members or elements: skips the comma.  Returns true if another
 * one follows, false if 'end' was there and is skipped; '*error' is true if it
 * was neither. */
static bool
separator(struct json_text *jt, char end, bool *error)
{
    bool first = jt->first;
    char c = peek(jt);

    *error = false;
    jt->first = false;
    if (c == end) {
        jt->pos++;
        return false;
    }
    if (!first) {
        if (c != ',') {
            *error = true;
            return false;
        }
        jt->pos++;
        peek(jt);
    }
    return true;
}

static enum text_event
next_item(struct json_text *jt, struct text_value *value)
{
    bool error, more;
    size_t ofs;
    int line;
    json_t *json;

    more = separator(jt, ']', &error);
    if (error) {
        return fail_expected(jt, value, "',' or ']'");
    }
    if (!more) {
        jt->state = JSON_TEXT_MEMBERS;
        return TEXT_ITEM;
    }
    ofs = jt->pos;
    line = line_at(jt, ofs);
    json = load(jt, value);
    if (!json) {
        return TEXT_ERROR;
    }
    *value = (struct text_value) { .json = json, .ofs = ofs, .line = line };
    return TEXT_ITEM;
}

/* Reads one member of the outer object into 'root', or begins with its
 * "items".  Returns TEXT_ITEM if all is well, although none was found. */
static enum text_event
read_member(struct json_text *jt, struct text_value *value)
{
    enum text_event event = TEXT_ITEM;
    json_t *key, *json;
    const char *name;

    if (peek(jt) != '"') {
        return fail_expected(jt, value, "a name in quotes");
    }
    key = load(jt, value);
    if (!key) {
        return TEXT_ERROR;
    }
    name = json_string_value(key);
    if (json_object_get(jt->root, name)
        || (jt->had_items && !strcmp(name, "items"))) {
        event = fail(jt, value, "the name \"%.100s\" is there twice", name);
        goto done;
    }
    if (peek(jt) != ':') {
        event = fail_expected(jt, value, "':'");
        goto done;
    }
    jt->pos++;
    if (peek(jt) == '[' && !strcmp(name, "items")) {
        jt->pos++;
        jt->state = JSON_TEXT_ITEMS;
        jt->first = true;
        jt->had_items = true;
        goto done;
    }
    json = load(jt, value);
    if (!json) {
        event = TEXT_ERROR;
        goto done;
    }
    json_object_set_new(jt->root, name, json);

done:
    json_decref(key);
    return event;
}

static enum text_event
finish_root(struct json_text *jt, struct text_value *value)
{
    *value = (struct text_value) {
        .json = jt->root,
        .ofs = jt->root_ofs,
        .line = jt->root_line,
        .had_items = jt->had_items,
    };
    jt->root = NULL;
    jt->state = JSON_TEXT_OUTSIDE;
    return TEXT_ROOT;
}

enum text_event
json_text_next(struct json_text *jt, struct text_value *value)
{
    enum text_event event;
    bool more, error;

    for (;;) {
        *value = (struct text_value) { .json = NULL };
        switch (jt->state) {
        case JSON_TEXT_OUTSIDE:
            peek(jt);
            if (jt->pos >= jt->len) {
                return TEXT_END;
            }
            if (peek(jt) != '{') {
                return fail_expected(jt, value, "'{'");
            }
            jt->root = json_pack("{}");
            jt->root_ofs = jt->pos;
            jt->root_line = line_at(jt, jt->pos);
            jt->had_items = false;
            jt->first = true;
            jt->state = JSON_TEXT_MEMBERS;
            jt->pos++;
            break;

        case JSON_TEXT_MEMBERS:
            more = separator(jt, '}', &error);
            if (error) {
                return fail_expected(jt, value, "',' or '}'");
            }
            if (!more) {
                return finish_root(jt, value);
            }
            event = read_member(jt, value);
            if (event == TEXT_ERROR) {
                return event;
            }
            break;

        case JSON_TEXT_ITEMS:
            event = next_item(jt, value);
            if (event == TEXT_ERROR || value->json) {
                return event;
            }
            break;
        }
    }
}

/* Looking for a line. */

/* Returns the position behind the string that begins at 'pos'. */
static size_t
skip_string(const char *text, size_t len, size_t pos)
{
    for (pos++; pos < len && text[pos] != '"'; pos++) {
        if (text[pos] == '\\') {
            pos++;
        }
    }
    return MIN(pos + 1, len);
}

/* Returns the position behind the value that begins at 'pos'. */
static size_t
skip_value(const char *text, size_t len, size_t pos)
{
    int depth = 0;

    while (pos < len) {
        char c = text[pos];

        if (c == '"') {
            pos = skip_string(text, len, pos);
        } else if (c == '{' || c == '[') {
            depth++;
            pos++;
            continue;
        } else if (c == '}' || c == ']') {
            if (!depth) {
                return pos;
            }
            depth--;
            pos++;
        } else if (!depth && (c == ',' || c == ':')) {
            return pos;
        } else {
            pos++;
            if (!depth && pos < len && (is_blank(text[pos]))) {
                return pos;
            }
            continue;
        }
        if (!depth) {
            return pos;
        }
    }
    return len;
}

static size_t
skip_blanks(const char *text, size_t len, size_t pos)
{
    while (pos < len && is_blank(text[pos])) {
        pos++;
    }
    return pos;
}

/* Finds the child 'key' of the value at 'pos'.  Returns false if it is not
 * there; otherwise stores where the child begins (its name, for a member) and
 * where its value does. */
static bool
find_child(const char *text, size_t len, size_t pos, const char *key,
           size_t *start, size_t *value)
{
    size_t key_len = strlen(key);
    bool object;
    int index = 0;

    pos = skip_blanks(text, len, pos);
    if (pos >= len || (text[pos] != '{' && text[pos] != '[')) {
        return false;
    }
    object = text[pos] == '{';
    for (pos++; ; index++) {
        bool found;

        pos = skip_blanks(text, len, pos);
        if (pos >= len || text[pos] == '}' || text[pos] == ']') {
            return false;
        }
        *start = pos;
        if (object) {
            size_t end = skip_string(text, len, pos);

            found = (end - pos == key_len + 2
                     && !memcmp(text + pos + 1, key, key_len));
            pos = skip_blanks(text, len, end);
            if (pos >= len || text[pos] != ':') {
                return false;
            }
            pos = skip_blanks(text, len, pos + 1);
        } else {
            char name[16];

            snprintf(name, sizeof name, "[%d]", index);
            found = !strcmp(name, key);
        }
        *value = pos;
        if (found) {
            return true;
        }
        pos = skip_blanks(text, len, skip_value(text, len, pos));
        if (pos >= len || text[pos] != ',') {
            return false;
        }
        pos++;
    }
}

int
json_text_locate(const struct json_text *jt, size_t ofs,
                 const struct svec *path)
{
    size_t where = ofs;

    for (size_t i = 0; i < path->n; i++) {
        size_t start, value;

        if (!find_child(jt->text, jt->len, ofs, path->names[i], &start,
                        &value)) {
            break;
        }
        where = start;
        ofs = value;
    }
    return 1 + count_lines(jt->text, 0, where);
}
