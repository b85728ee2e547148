/* SPDX-License-Identifier: Apache-2.0 */

/* See row-map.h. */

#include <config.h>

#include "ovsdb/row-map.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"
#include "uuid.h"

void
row_map_init(struct row_map *map)
{
    hmap_init(&map->entries);
}

static char *
remove_entry(struct row_map *map, struct row_map_entry *e)
{
    char *name = e->name;

    hmap_remove(&map->entries, &e->node);
    free(e);
    return name;
}

void
row_map_destroy(struct row_map *map)
{
    struct row_map_entry *e;

    ROW_MAP_FOR_EACH_SAFE (e, map) {
        free(remove_entry(map, e));
    }
    hmap_destroy(&map->entries);
}

size_t
row_map_count(const struct row_map *map)
{
    return hmap_count(&map->entries);
}

static struct row_map_entry *
find_entry(const struct row_map *map, const struct uuid *uuid)
{
    struct row_map_entry *e;

    HMAP_FOR_EACH_WITH_HASH (e, node, uuid_hash(uuid), &map->entries) {
        if (uuid_equals(&e->uuid, uuid)) {
            return e;
        }
    }
    return NULL;
}

const char *
row_map_find(const struct row_map *map, const struct uuid *uuid)
{
    const struct row_map_entry *e = find_entry(map, uuid);

    return e ? e->name : NULL;
}

char *
row_map_set(struct row_map *map, const struct uuid *uuid, const char *name)
{
    struct row_map_entry *e = find_entry(map, uuid);
    char *former = NULL;

    if (!e) {
        e = xzalloc(sizeof *e);
        e->uuid = *uuid;
        e->name = xstrdup(name);
        hmap_insert(&map->entries, &e->node, uuid_hash(uuid));
    } else if (strcmp(e->name, name)) {
        former = e->name;
        e->name = xstrdup(name);
    }
    e->seen = true;
    return former;
}

char *
row_map_remove(struct row_map *map, const struct uuid *uuid)
{
    struct row_map_entry *e = find_entry(map, uuid);

    return e ? remove_entry(map, e) : NULL;
}

void
row_map_unmark(struct row_map *map)
{
    struct row_map_entry *e;

    HMAP_FOR_EACH (e, node, &map->entries) {
        e->seen = false;
    }
}

void
row_map_touch(struct row_map *map, const struct uuid *uuid)
{
    struct row_map_entry *e = find_entry(map, uuid);

    if (e) {
        e->seen = true;
    }
}
