/* SPDX-License-Identifier: Apache-2.0 */

/* What an unquoted scalar is, by YAML 1.2's core schema; see yaml-scalar.h. */

#include <config.h>

#include "yaml-scalar.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#define TAG_PREFIX "tag:yaml.org,2002:"

static bool
is_one_of(const char *s, const char *const words[3])
{
    return !strcmp(s, words[0]) || !strcmp(s, words[1])
           || !strcmp(s, words[2]);
}

/* Has 's' the form [-+]?[0-9]+ or 0x... or 0o...?  If so, its value goes to
 * '*value', unless it is too big. */
static bool
scan_integer(const char *s, json_int_t *value)
{
    int base = !strncmp(s, "0x", 2) ? 16 : !strncmp(s, "0o", 2) ? 8 : 10;
    const char *digits = s + (base != 10 ? 2 : *s == '-' || *s == '+');
    const char *set = base == 16 ? "0123456789abcdefABCDEF"
                      : base == 8 ? "01234567" : "0123456789";
    size_t n = strspn(digits, set);

    if (!n || digits[n]) {
        return false;
    }
    errno = 0;
    *value = strtoll(base == 10 ? s : digits, NULL, base);
    return !errno;
}

/* Has 's' the form of a number with a point or an exponent, or of an integer
 * that is too big for one? */
static bool
scan_real(const char *s, double *value)
{
    const char *p = s + (*s == '-' || *s == '+');
    size_t before = strspn(p, "0123456789");
    size_t after = 0;

    p += before;
    if (*p == '.') {
        p++;
        after = strspn(p, "0123456789");
        p += after;
    }
    if (!before && !after) {
        return false;
    }
    if (*p == 'e' || *p == 'E') {
        size_t n;

        p++;
        p += *p == '-' || *p == '+';
        n = strspn(p, "0123456789");
        if (!n) {
            return false;
        }
        p += n;
    }
    if (*p) {
        return false;
    }
    *value = strtod(s, NULL);
    return *value - *value == 0;        /* Neither infinite nor NaN. */
}

/* What an unquoted 's' without a tag is. */
static json_t *
resolve_plain(const char *s)
{
    static const char *const nulls[3] = {"null", "Null", "NULL"};
    static const char *const trues[3] = {"true", "True", "TRUE"};
    static const char *const falses[3] = {"false", "False", "FALSE"};
    json_int_t integer;
    double real;

    if (!*s || !strcmp(s, "~") || is_one_of(s, nulls)) {
        return json_null();
    } else if (is_one_of(s, trues)) {
        return json_true();
    } else if (is_one_of(s, falses)) {
        return json_false();
    } else if (scan_integer(s, &integer)) {
        return json_pack("I", integer);
    } else if (scan_real(s, &real)) {
        return json_pack("f", real);
    }
    return json_stringn(s, strlen(s));
}

/* True if 'json' is what 'type', the end of one of YAML's own tags, says. */
static bool
has_tagged_type(const json_t *json, const char *type)
{
    return (!strcmp(type, "null") ? json_is_null(json)
            : !strcmp(type, "bool") ? json_is_boolean(json)
            : !strcmp(type, "int") ? json_is_integer(json)
            : !strcmp(type, "float") ? json_is_number(json)
            : false);
}

json_t *
yaml_scalar_read(const yaml_event_t *event, char **error)
{
    const char *s = (const char *) event->data.scalar.value;
    size_t len = event->data.scalar.length;
    const char *tag = (const char *) event->data.scalar.tag;
    json_t *json = NULL;

    *error = NULL;
    if (strlen(s) != len) {
        *error = xstrdup("a NUL character is not allowed");
        return NULL;
    }
    if (!tag || !strcmp(tag, "!")) {
        json = (!tag && event->data.scalar.plain_implicit
                && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE
                ? resolve_plain(s) : json_stringn(s, len));
    } else if (!strcmp(tag, TAG_PREFIX"str")
               || !strcmp(tag, TAG_PREFIX"timestamp")) {
        json = json_stringn(s, len);
    } else if (!strncmp(tag, TAG_PREFIX, strlen(TAG_PREFIX))) {
        json = resolve_plain(s);
        if (!has_tagged_type(json, tag + strlen(TAG_PREFIX))) {
            json_decref(json);
            json = NULL;
        }
    }
    if (!json) {
        *error = (tag ? xasprintf("\"%.100s\" with the tag \"%.100s\" cannot "
                                  "be read", s, tag)
                  : xstrdup("the text is not valid UTF-8"));
    }
    return json;
}
