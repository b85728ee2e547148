/* SPDX-License-Identifier: Apache-2.0 */

/* What api-store.c (records, and what is given out) and api-feed.c (lists and
 * events) share.  For them alone. */

#ifndef API_STORE_PRIVATE_H
#define API_STORE_PRIVATE_H 1

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/compiler.h"

#include "api-records.h"
#include "manifest-object.h"

struct api_store;

/* The feed of what only live reads know. */
#define LIVE_FEED 0

/* What an object's metadata say. */
struct object_key {
    const char *ns, *name, *uid;
    const char *version_text;
    uint64_t version;
};

struct api_record *api_record_create(struct api_store *, enum manifest_kind,
                                     const char *ns, const char *name,
                                     uint16_t feed);
/* Frees a record that is not given out, when nothing refers to it any more. */
void api_record_release(struct api_store *, struct api_record *);
/* Makes a record one of 'feed'. */
void api_record_set_feed(struct api_store *, struct api_record *,
                         uint16_t feed);
void api_record_set_uid(struct api_record *, const char *uid);

/* Fills in '*key', which points into 'object'.  Returns false if that has no
 * name or no uid. */
bool api_store_read_key(const json_t *object, struct object_key *key);
/* Reads 'object', and completes it for that.  Returns NULL with '*objectp',
 * which is NULL for one that is not used; or what is wrong with it. */
char *api_store_read_object(const struct api_store *, enum manifest_kind,
                            const char *api_version, json_t *object,
                            struct manifest_object **objectp)
    OVS_WARN_UNUSED_RESULT;

/* Gives out 'object' (taken; NULL if it is of no use) as what the record is,
 * by a list if 'listed'; or that it is gone. */
void api_store_give(struct api_store *, struct api_record *,
                    struct manifest_object *object, bool listed);
void api_store_give_gone(struct api_store *, struct api_record *);

#endif /* api-store-private.h */
