/* SPDX-License-Identifier: Apache-2.0 */

/* All objects of all manifest files, and what of them has been given out.
 *
 * A file is read as a whole, put into a stage, and committed when it has been
 * understood to the end.  Of an object that was given out, only a digest stays
 * here: the object itself belongs to the model.
 *
 * An object may be in several files.  The first of them in order counts, as
 * long as the object is really in it: a copy that a file has lost, but whose
 * absence does not count yet, gives way to one that is there. */

#ifndef MANIFEST_STORE_H
#define MANIFEST_STORE_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/hmap.h"
#include "openvswitch/list.h"

#include "manifest-object.h"
#include "workload-assembly.h"

struct ds;

struct manifest_store {
    struct hmap objects;        /* Contains "struct store_object"s. */
    struct workload_assembly assembly;
    struct ovs_list changes;    /* Contains "struct kube_change"s. */
    uint64_t n_changes;         /* Ever appended to 'changes'. */
    uint64_t seqno;             /* +1 when a file says something else. */
    size_t n_pods;
    size_t n_dups;              /* Copies that do not count because of another
                                 * file. */
    bool reread_wanted;         /* Some file's 'wants_reread' was set. */
    uint32_t generation;
};

/* What the store knows of a file; embedded in the reader's own struct. */
struct manifest_store_file {
    unsigned int order;         /* Files are ordered by this, then by path. */
    const char *path;
    struct ovs_list copies;     /* Contains "struct store_copy"s. */
    size_t n_copies;
    size_t n_lost;              /* Copies that it had and has no more. */
    bool wants_reread;          /* An object that another file had is to be
                                 * taken from this one: read it again. */
};

void manifest_store_init(struct manifest_store *);
void manifest_store_destroy(struct manifest_store *);

void manifest_store_file_init(struct manifest_store_file *,
                              unsigned int order, const char *path);
/* Forgets what the file had, lost or not. */
void manifest_store_drop_file(struct manifest_store *,
                              struct manifest_store_file *);
/* The absence of what the file has lost counts now. */
void manifest_store_drop_lost(struct manifest_store *,
                              struct manifest_store_file *);

/* A file's content while it is being read. */
struct manifest_stage {
    struct manifest_store *store;
    struct manifest_store_file *file;
    struct hmap staged;         /* Contains "struct staged_object"s, ... */
    struct ovs_list in_order;   /* ... and so does this. */
    uint32_t generation;

    char *repeat;               /* Complaint about the first object that is in
                                 * the file a second time, or NULL. */
    int repeat_line;
};

void manifest_stage_init(struct manifest_stage *, struct manifest_store *,
                         struct manifest_store_file *);
void manifest_stage_destroy(struct manifest_stage *);

/* Adds an object, which is taken. */
void manifest_stage_add(struct manifest_stage *, struct manifest_object *);

/* How many objects the file would lose that no other file has. */
size_t manifest_stage_n_missing(const struct manifest_stage *);

/* Makes the stage the file's content.  What the file has no more becomes
 * "lost". */
void manifest_stage_commit(struct manifest_stage *);

/* Appends the line "FILE:LINE: ..." for each copy that does not count. */
void manifest_store_format_dups(const struct manifest_store *, struct ds *);

#endif /* manifest-store.h */
