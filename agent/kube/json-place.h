/* SPDX-License-Identifier: Apache-2.0 */

/* Members of a Kubernetes object, with a memory of the way to them, so that a
 * complaint can name the member, its value and what was expected. */

#ifndef JSON_PLACE_H
#define JSON_PLACE_H 1

#include <jansson.h>

#include "openvswitch/compiler.h"

struct svec;

/* A value inside an object. */
struct place {
    const struct place *up;     /* NULL: the object itself. */
    const char *key;            /* Member of 'up', or "[N]". */
    const json_t *json;         /* NULL: absent. */
    struct place_error *error;  /* Shared by all places of an object. */
};

/* The first thing that was wrong with the object.  Once there is one, all
 * functions find nothing any more, so that a reader need not look after each
 * step. */
struct place_error {
    char *text;                 /* Or NULL. */
    struct svec *path;          /* To the culprit. */
};

/* The object itself. */
struct place place_root(const json_t *, struct place_error *);

/* The member 'key' of 'up', of the given type.  Absence and null are both
 * "absent"; any other type is an error. */
struct place place_object(const struct place *up, const char *key);
struct place place_array(const struct place *up, const char *key);

/* The element 'index' of the array 'up', an object; 'name' is room for its
 * key. */
struct place place_element(const struct place *up, size_t index,
                           char name[16]);
size_t place_n_elements(const struct place *);

/* The value of a member, or NULL, 'def' or 0 if it is absent: a string of a
 * length that Kubernetes allows, an integer not less than 'min', a time in
 * seconds since the epoch. */
const char *place_string(const struct place *up, const char *key);
int place_int(const struct place *up, const char *key, int min, int def);
long long int place_time(const struct place *up, const char *key);

/* Complains about the member 'key' of 'up', which is not 'expected'. */
void place_fail(const struct place *up, const char *key,
                const char *expected);

#endif /* json-place.h */
