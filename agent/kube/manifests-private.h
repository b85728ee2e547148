/* SPDX-License-Identifier: Apache-2.0 */

/* What manifests.c (the turn, deadlines, reports) and manifest-source.c (a
 * PATH, its files, their events) share.  For them alone. */

#ifndef MANIFESTS_PRIVATE_H
#define MANIFESTS_PRIVATE_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/list.h"
#include "openvswitch/shash.h"

#include "sset.h"

#include "file-watch.h"
#include "manifest-file.h"
#include "manifest-store.h"

struct dialect;
struct ds;

/* A path that is not there, or cannot be watched, is looked at again. */
#define RETRY_MS 1000

/* One --pods=PATH. */
struct manifest_source {
    struct manifests *manifests;
    unsigned int order;
    char *path;                 /* Absolute. */
    bool is_folder;
    struct shash files;         /* By name in the folder; contains "struct
                                 * manifest_file"s. */

    int wd;                     /* The folder in file_watch, or negative. */
    int *link_wds;              /* Folders that symbolic links lead to. */
    size_t n_link_wds;
    bool has_links;             /* Some file is a symbolic link. */
    struct sset writing;        /* Names that are open for writing. */

    bool scan_wanted;
    bool scanned;               /* Once, completely. */
    bool unreadable;            /* The folder, at the last scan. */
    struct file_id folder_id;   /* At the last scan, which was at ... */
    long long int scan_wall_ms; /* ... or is of no use, if this is 0. */
    long long int retry_at;     /* Monotonic ms, or 0. */
    char *problem;              /* Or NULL. */
};

struct manifests {
    const struct dialect *dialect;
    long long int settle_ms;
    struct manifest_source **sources;
    size_t n_sources;
    struct manifest_store store;
    struct file_watch watch;
    struct ovs_list dirty;      /* Files to be read, in order. */
    struct ovs_list timed;      /* Files with deadlines. */
    size_t n_files;
    size_t n_bad;               /* Files with a problem. */
    size_t n_bad_sources;
    size_t n_ignored;           /* Objects of kinds that are not used. */
    size_t n_dups_logged;
    uint64_t seqno;             /* Of 'store' when last looked at. */
    long long int now;          /* Of this turn, for events. */
    long long int last_change_ms;
    bool synced;
};

/* manifest-source.c */

/* Makes a source of 'path', which is read at the next scan.  Returns NULL, or
 * why it cannot be one, which the caller frees. */
char *manifest_source_create(struct manifests *, const char *path,
                             struct manifest_source **) OVS_WARN_UNUSED_RESULT;
void manifest_source_destroy(struct manifest_source *);

/* Finds the files of the source again and looks at each. */
void manifest_source_scan(struct manifest_source *);

/* Looks at every file, and finds them again if need be; makes those dirty that
 * are not proven to be what was read last.  Returns false if that cannot be
 * known now. */
bool manifest_source_look_at_all(struct manifest_source *);

/* Looks at 'f', the file 'name' of the source, without reading it. */
void manifest_source_look(struct manifest_source *, struct manifest_file *f,
                          const char *name);

/* Forgets a file, given by its node in 'files', and its objects. */
void manifest_source_remove_file(struct manifest_source *,
                                 struct shash_node *);

/* A file_event_cb with "struct manifest_source" and "struct manifests". */
void manifest_source_handle_event(void *source, const struct file_event *,
                                  void *manifests);

/* manifests.c */

/* Puts a file on or off the list of those to be read. */
void manifests_add_dirty(struct manifests *, struct manifest_file *);
void manifests_remove_dirty(struct manifest_file *);

/* Sets '*at', a deadline of 'f', to 'delay' ms from now. */
void manifests_set_deadline(struct manifests *, struct manifest_file *f,
                            long long int *at, long long int delay);

#endif /* manifests-private.h */
