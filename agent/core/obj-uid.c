/* SPDX-License-Identifier: Apache-2.0 */

/* The uid of a Kubernetes object, in few bytes. */

#include <config.h>

#include "obj-uid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"
#include "uuid.h"

/* Is it text, or nothing? */
static bool
is_text(const struct obj_uid *uid)
{
    return !uid->zero;
}

/* Reads 's' if it is a UUID just as it would be written, and such that it
 * cannot be taken for text. */
static bool
read_uuid(struct obj_uid *uid, const char *s)
{
    return (uuid_from_string(&uid->uuid, s) && !is_text(uid)
            && !s[strspn(s, "0123456789abcdef-")]);
}

void
obj_uid_init(struct obj_uid *uid, const char *s)
{
    BUILD_ASSERT_DECL(sizeof *uid == 16);
    BUILD_ASSERT_DECL(OBJ_UID_STRLEN == UUID_LEN + 1);
    if (!s || !s[0] || !read_uuid(uid, s)) {
        memset(uid, 0, sizeof *uid);
        uid->text = s && s[0] ? xstrdup(s) : NULL;
    }
}

void
obj_uid_destroy(struct obj_uid *uid)
{
    if (is_text(uid)) {
        free(uid->text);
    }
}

void
obj_uid_clone(struct obj_uid *dst, const struct obj_uid *src)
{
    *dst = *src;
    if (is_text(src)) {
        dst->text = nullable_xstrdup(src->text);
    }
}

void
obj_uid_replace(struct obj_uid *dst, const struct obj_uid *src)
{
    struct obj_uid copy;

    obj_uid_clone(&copy, src);
    obj_uid_destroy(dst);
    *dst = copy;
}

bool
obj_uid_is_set(const struct obj_uid *uid)
{
    return !is_text(uid) || uid->text;
}

bool
obj_uid_equals(const struct obj_uid *a, const struct obj_uid *b)
{
    return (is_text(a) || is_text(b)
            ? is_text(a) && is_text(b)
              && nullable_string_is_equal(a->text, b->text)
            : uuid_equals(&a->uuid, &b->uuid));
}

bool
obj_uid_is(const struct obj_uid *uid, const char *s)
{
    struct obj_uid other;

    if (!s || !s[0]) {
        return !obj_uid_is_set(uid);
    } else if (read_uuid(&other, s)) {
        return obj_uid_equals(uid, &other);
    }
    return is_text(uid) && uid->text && !strcmp(uid->text, s);
}

const char *
obj_uid_to_string(const struct obj_uid *uid, char buf[OBJ_UID_STRLEN])
{
    if (is_text(uid)) {
        return uid->text ? uid->text : "";
    }
    snprintf(buf, OBJ_UID_STRLEN, UUID_FMT, UUID_ARGS(&uid->uuid));
    return buf;
}

char *
obj_uid_dup_string(const struct obj_uid *uid)
{
    char buf[OBJ_UID_STRLEN];

    return xstrdup(obj_uid_to_string(uid, buf));
}
