/* SPDX-License-Identifier: Apache-2.0 */

/* The uid of a Kubernetes object, in few bytes.
 *
 * To Kubernetes a uid is a string.  The API server makes UUIDs in lower case,
 * which are kept as the 128 bits that they are; whatever else there is, of a
 * manifest for instance, is kept as text.  Two are equal if they are equal as
 * strings. */

#ifndef OBJ_UID_H
#define OBJ_UID_H 1

#include <stdbool.h>
#include <stdint.h>
#include "openvswitch/uuid.h"

struct obj_uid {
    union {
        struct uuid uuid;
        struct {
            uint64_t zero;      /* 0: 'text' counts. */
            char *text;         /* Owned, or NULL: no uid. */
        };
    };
};

/* Enough for obj_uid_to_string(). */
#define OBJ_UID_STRLEN 37

/* Makes '*uid', which holds nothing that was to be freed, of 's'; NULL and ""
 * are no uid. */
void obj_uid_init(struct obj_uid *uid, const char *s);
void obj_uid_destroy(struct obj_uid *);
void obj_uid_clone(struct obj_uid *dst, const struct obj_uid *src);
/* Makes '*dst', which was initialized, the same as 'src'. */
void obj_uid_replace(struct obj_uid *dst, const struct obj_uid *src);

/* Is there a uid at all? */
bool obj_uid_is_set(const struct obj_uid *);
bool obj_uid_equals(const struct obj_uid *, const struct obj_uid *);
/* The same with the string 's'; NULL and "" are no uid. */
bool obj_uid_is(const struct obj_uid *, const char *s);

/* Returns the uid as it was, or "" if there is none: in 'buf', or where it is
 * kept. */
const char *obj_uid_to_string(const struct obj_uid *,
                              char buf[OBJ_UID_STRLEN]);
/* Returns a copy of that, which the caller frees. */
char *obj_uid_dup_string(const struct obj_uid *);

#endif /* obj-uid.h */
