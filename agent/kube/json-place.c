/* SPDX-License-Identifier: Apache-2.0 */

/* Members of a Kubernetes object, with a memory of the way to them. */

#include <config.h>

#include "json-place.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"

#include "svec.h"
#include "util.h"

#include "rfc3339.h"

/* What Kubernetes allows for all annotations of an object together. */
#define MAX_STRING_LEN (256 * 1024)

struct place
place_root(const json_t *json, struct place_error *error)
{
    return (struct place) { .json = json, .error = error };
}

static void
collect_path(const struct place *place, struct svec *path)
{
    if (place->up) {
        collect_path(place->up, path);
        svec_add(path, place->key);
    }
}

/* Appends e.g. 'metadata.ownerReferences[0].name', with quotes around a key
 * that has dots itself. */
static void
format_path(const struct svec *path, struct ds *ds)
{
    for (size_t i = 0; i < path->n; i++) {
        const char *key = path->names[i];

        if (key[0] == '[') {
            ds_put_cstr(ds, key);
        } else if (strpbrk(key, "./")) {
            ds_put_format(ds, "[\"%.200s\"]", key);
        } else {
            ds_put_format(ds, "%s%.200s", i ? "." : "", key);
        }
    }
}

static void
format_json(const json_t *json, struct ds *ds)
{
    enum { MAX_LEN = 60 };
    char *s;

    if (!json) {
        ds_put_cstr(ds, "missing");
    } else if (json_is_object(json)) {
        ds_put_cstr(ds, "an object");
    } else if (json_is_array(json)) {
        ds_put_cstr(ds, "a list");
    } else {
        s = json_dumps(json, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
        ds_put_format(ds, "%.*s%s", MAX_LEN, s,
                      strlen(s) > MAX_LEN ? "..." : "");
        free(s);
    }
}

/* Complains about 'here', which is not 'expected'. */
static void
fail_here(const struct place *here, const char *expected)
{
    struct place_error *error = here->error;
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (error->text) {
        return;
    }
    collect_path(here, error->path);
    format_path(error->path, &ds);
    ds_put_cstr(&ds, " is ");
    format_json(here->json, &ds);
    ds_put_format(&ds, ", expected %s", expected);
    error->text = ds_steal_cstr(&ds);
}

void
place_fail(const struct place *up, const char *key, const char *expected)
{
    struct place here = { up, key, json_object_get(up->json, key), up->error };

    fail_here(&here, expected);
}

/* Returns the member 'key' of 'up', or NULL if it is absent. */
static const json_t *
get(const struct place *up, const char *key)
{
    const json_t *json = json_object_get(up->json, key);

    return up->error->text || json_is_null(json) ? NULL : json;
}

struct place
place_object(const struct place *up, const char *key)
{
    const json_t *json = get(up, key);

    if (json && !json_is_object(json)) {
        place_fail(up, key, "an object");
        json = NULL;
    }
    return (struct place) { up, key, json, up->error };
}

struct place
place_array(const struct place *up, const char *key)
{
    const json_t *json = get(up, key);

    if (json && !json_is_array(json)) {
        place_fail(up, key, "a list");
        json = NULL;
    }
    return (struct place) { up, key, json, up->error };
}

size_t
place_n_elements(const struct place *place)
{
    return place->error->text ? 0 : json_array_size(place->json);
}

struct place
place_element(const struct place *up, size_t index, char name[16])
{
    struct place here = { up, name, json_array_get(up->json, index),
                          up->error };

    snprintf(name, 16, "[%"PRIuSIZE"]", index);
    if (!json_is_object(here.json)) {
        fail_here(&here, "an object");
        here.json = NULL;
    }
    return here;
}

const char *
place_string(const struct place *up, const char *key)
{
    const json_t *json = get(up, key);

    if (!json) {
        return NULL;
    }
    if (!json_is_string(json)) {
        place_fail(up, key, "a string");
        return NULL;
    }
    if (json_string_length(json) > MAX_STRING_LEN) {
        place_fail(up, key, "at most 262144 bytes");
        return NULL;
    }
    return json_string_value(json);
}

int
place_int(const struct place *up, const char *key, int min, int def)
{
    const json_t *json = get(up, key);

    if (!json) {
        return def;
    }
    if (!json_is_integer(json) || json_integer_value(json) < min
        || json_integer_value(json) > INT_MAX) {
        char *expected = xasprintf("an integer from %d to %d", min, INT_MAX);

        place_fail(up, key, expected);
        free(expected);
        return def;
    }
    return json_integer_value(json);
}

long long int
place_time(const struct place *up, const char *key)
{
    const char *s = place_string(up, key);
    long long int epoch_s = 0;

    if (s && !rfc3339_parse(s, &epoch_s)) {
        place_fail(up, key, "a time like 2024-02-29T12:00:00Z");
    }
    return epoch_s;
}
