/* SPDX-License-Identifier: Apache-2.0 */

/* What is kept of the API server's objects, one record for each, by kind and
 * name.  There are as many as there are pods, so they are kept small.  For
 * api-store.c and api-feed.c alone. */

#ifndef API_RECORDS_H
#define API_RECORDS_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/shash.h"

#include "manifest-object.h"
#include "obj-uid.h"

struct api_record {
    uint64_t version;           /* 0: unknown, or no number. */
    struct obj_uid uid;
    uint32_t generation;        /* Of the last list that had it. */
    uint32_t ns;                /* See api_records_ns(). */
    uint16_t feed;
    uint8_t kind;               /* enum manifest_kind. */
    bool given : 1;             /* Given out, and not as gone. */
    bool dead : 1;              /* A live read found it gone. */
    uint8_t n_staged;           /* Lists under way that it is in. */
    char name[];
};

struct api_records {
    struct api_record **slots;  /* 'mask' + 1; NULL: nothing.  A record is in
                                 * its hash's slot or, if that is taken, in
                                 * one after it, without gaps. */
    size_t mask;
    size_t n;
    struct shash namespaces;    /* Name to index in 'names'. */
    const char **names;
    size_t n_names, allocated_names;
};

void api_records_init(struct api_records *);
/* Frees all records. */
void api_records_destroy(struct api_records *);

/* NULL if there is none. */
struct api_record *api_records_find(const struct api_records *,
                                    enum manifest_kind, const char *ns,
                                    const char *name);
/* There must be none. */
struct api_record *api_records_add(struct api_records *, enum manifest_kind,
                                   const char *ns, const char *name);
/* Frees the record. */
void api_records_remove(struct api_records *, struct api_record *);

const char *api_records_ns(const struct api_records *,
                           const struct api_record *);

/* Bytes that all take. */
size_t api_records_memory(const struct api_records *);

/* The record at or after slot '*at', to which that is set; or NULL. */
struct api_record *api_records_from(const struct api_records *, size_t *at);

/* Goes through all records.  The current one may be removed, and no other; in
 * that case another may be seen a second time. */
#define API_RECORDS_FOR_EACH(REC, RECORDS)                              \
    for (size_t at__ = 0, n__;                                          \
         (REC) = api_records_from(RECORDS, &at__), n__ = (RECORDS)->n,  \
         (REC);                                                         \
         at__ += n__ == (RECORDS)->n)

#endif /* api-records.h */
