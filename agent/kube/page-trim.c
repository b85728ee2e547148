/* SPDX-License-Identifier: Apache-2.0 */

/* Walks a page and leaves out parts of it.  Strings and brackets are told from
 * each other, no more: what is JSON is decided by jansson, which gets to see
 * everything else. */

#include <config.h>

#include "page-trim.h"

#include <stdint.h>
#include <string.h>

#include "util.h"

/* More labels or annotations than these stay all. */
#define MAX_MEMBERS 128

/* What is in more brackets than these is not looked into. */
#define MAX_DEPTH 64

/* Longer names are not Kubernetes'. */
#define MAX_KEY 320

struct trim {
    page_trim_reads *reads;
    const void *aux;
    char *to;                   /* End of what is done. */
    const char *from;           /* What comes next is from here on. */
};

/* A label or annotation. */
struct member {
    const char *begin;          /* Its name's opening quote. */
    size_t key_len;
    const char *end;
    bool keep;
};

/* Leaves out what is between 'begin' and 'end'. */
static void
leave_out(struct trim *t, const char *begin, const char *end)
{
    size_t n = begin - t->from;

    memmove(t->to, t->from, n);
    t->to += n;
    t->from = end;
}

/* All that follows takes a position in the text and returns the one behind
 * what is there, or NULL if that is something else or has no end.  A null byte
 * is the end of the text, or no JSON. */

/* 'p' is behind the opening quote. */
static const char *
skip_string(const char *p)
{
    static const bool stops[256] = { ['\0'] = true, ['"'] = true,
                                     ['\\'] = true };

    for (;;) {
        while (!stops[(uint8_t) *p]) {
            p++;
        }
        if (*p == '"') {
            return p + 1;
        } else if (!p[0] || !p[1]) {
            return NULL;
        }
        p += 2;
    }
}

/* A list or object, with whatever is in it. */
static const char *
skip_brackets(const char *p)
{
    static const bool stops[256] = {
        ['\0'] = true, ['"'] = true,
        ['{'] = true, ['}'] = true, ['['] = true, [']'] = true,
    };
    char closers[MAX_DEPTH];
    size_t depth = 0;

    do {
        while (!stops[(uint8_t) *p]) {
            p++;
        }
        if (*p == '"') {
            p = skip_string(p + 1);
            if (!p) {
                return NULL;
            }
            continue;
        } else if (*p == '{' || *p == '[') {
            if (depth == MAX_DEPTH) {
                return NULL;
            }
            closers[depth++] = *p == '{' ? '}' : ']';
        } else if (!*p || *p != closers[--depth]) {
            return NULL;
        }
        p++;
    } while (depth);
    return p;
}

static const char *
skip_value(const char *p)
{
    size_t len;

    if (*p == '"') {
        return skip_string(p + 1);
    } else if (*p == '{' || *p == '[') {
        return skip_brackets(p);
    }
    len = strspn(p, "-+.0123456789Eabcdefghijklmnopqrstuvwxyz");
    return len ? p + len : NULL;
}

/* The name of a member and its colon. */
static const char *
skip_key(const char *p, size_t *len)
{
    const char *end = *p == '"' ? skip_string(p + 1) : NULL;

    if (!end || *end != ':') {
        return NULL;
    }
    *len = end - p - 2;
    return end + 1;
}

/* 'p' is the opening quote of a name. */
static bool
key_is(const char *p, size_t len, const char *name)
{
    return strlen(name) == len && !memcmp(p + 1, name, len);
}

/* Between two members or elements, and behind the last one: calls EACH, which
 * returns as above, for each of them. */
static const char *
walk(struct trim *t, const char *p, char open,
     const char *(*each)(struct trim *, const char *))
{
    char close = open == '{' ? '}' : ']';

    if (*p != open) {
        return NULL;
    }
    if (*++p == close) {
        return p + 1;
    }
    for (;;) {
        p = each(t, p);
        if (!p || *p == close) {
            return p ? p + 1 : NULL;
        } else if (*p != ',') {
            return NULL;
        }
        p++;
    }
}

/* Would jansson take the 'len' bytes at 's' for what is in a string, whatever
 * they are?  "\u" and what is not ASCII need a closer look. */
static bool
is_plain(const char *s, size_t len, bool escapes)
{
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '\\' && escapes && i + 1 < len
            && strchr("\"\\/bfnrt", s[i + 1])) {
            i++;
        } else if (s[i] < ' ' || s[i] > '~' || s[i] == '\\') {
            return false;
        }
    }
    return true;
}

static bool
is_read(const struct trim *t, enum metadata_map map, const struct member *m)
{
    char key[MAX_KEY];

    if (m->key_len >= sizeof key) {
        return true;
    }
    memcpy(key, m->begin + 1, m->key_len);
    key[m->key_len] = '\0';
    return t->reads(map, key, t->aux);
}

/* Is the name of the last one of 'members' another than those of all before
 * it, and without anything that could make it equal to one of them? */
static bool
is_new(const struct member *members, size_t n)
{
    const struct member *last = &members[n - 1];

    for (size_t i = 0; i < n - 1; i++) {
        if (members[i].key_len == last->key_len
            && !memcmp(members[i].begin, last->begin, last->key_len + 1)) {
            return false;
        }
    }
    return is_plain(last->begin + 1, last->key_len, false);
}

static void
leave_out_members(struct trim *t, const struct member *members, size_t n)
{
    size_t n_to_last = n;       /* Up to the last one that stays. */

    while (n_to_last && !members[n_to_last - 1].keep) {
        n_to_last--;
    }
    for (size_t i = 0; i < n_to_last; i++) {
        if (!members[i].keep) {
            leave_out(t, members[i].begin, members[i + 1].begin);
        }
    }
    if (n_to_last < n) {
        leave_out(t, n_to_last ? members[n_to_last - 1].end
                     : members[0].begin, members[n - 1].end);
    }
}

/* The labels or annotations of an object. */
static const char *
trim_map(struct trim *t, const char *p, enum metadata_map map)
{
    struct member members[MAX_MEMBERS];
    bool all_new = true;
    size_t n = 0;

    if (*p != '{' || p[1] == '}') {
        return skip_value(p);
    }
    do {
        struct member *m = &members[n++];
        const char *value;

        m->begin = ++p;
        value = skip_key(p, &m->key_len);
        p = value ? skip_value(value) : NULL;
        if (!p || (*p != ',' && *p != '}')) {
            return NULL;
        }
        m->end = p;
        all_new = all_new && is_new(members, n);
        m->keep = (!all_new || is_read(t, map, m) || *value != '"'
                   || !is_plain(value + 1, p - value - 2, true));
    } while (*p == ',' && n < MAX_MEMBERS);

    if (*p != '}') {
        return NULL;
    }
    if (all_new) {
        leave_out_members(t, members, n);
    }
    return p + 1;
}

static const char *
trim_metadata_member(struct trim *t, const char *p)
{
    size_t key_len;
    const char *value = skip_key(p, &key_len);
    const char *end;

    if (!value) {
        return NULL;
    } else if (t->reads && key_is(p, key_len, "labels")) {
        return trim_map(t, value, METADATA_LABELS);
    } else if (t->reads && key_is(p, key_len, "annotations")) {
        return trim_map(t, value, METADATA_ANNOTATIONS);
    }
    end = skip_value(value);
    if (end && *value == '[' && key_is(p, key_len, "managedFields")) {
        leave_out(t, value + 1, end - 1);
    }
    return end;
}

static const char *
trim_item_member(struct trim *t, const char *p)
{
    size_t key_len;
    const char *value = skip_key(p, &key_len);

    return (!value ? NULL
            : *value == '{' && key_is(p, key_len, "metadata")
            ? walk(t, value, '{', trim_metadata_member)
            : skip_value(value));
}

static const char *
trim_item(struct trim *t, const char *p)
{
    return walk(t, p, '{', trim_item_member);
}

static const char *
trim_root_member(struct trim *t, const char *p)
{
    size_t key_len;
    const char *value = skip_key(p, &key_len);

    return (!value ? NULL
            : *value == '[' && key_is(p, key_len, "items")
            ? walk(t, value, '[', trim_item)
            : skip_value(value));
}

size_t
page_trim(char *text, size_t len, page_trim_reads *reads, const void *aux)
{
    struct trim t = { reads, aux, text, text };

    walk(&t, text, '{', trim_root_member);
    leave_out(&t, text + len, text + len);
    *t.to = '\0';
    return t.to - text;
}
