/* SPDX-License-Identifier: Apache-2.0 */

/* inotify, as far as manifest files need it: folders, because a file that is
 * replaced by rename() is another file, and only its folder sees that. */

#ifndef FILE_WATCH_H
#define FILE_WATCH_H 1

#include <stdbool.h>
#include <stdint.h>

#include "openvswitch/hmap.h"

struct file_watch {
    int fd;                     /* Negative: not available. */
    struct hmap folders;        /* Contains "struct watched_folder"s. */
};

enum file_event_type {
    FILE_EVENT_WRITING,         /* 'name' is being written, or was created. */
    FILE_EVENT_WRITTEN,         /* 'name' is complete: closed after writing,
                                 * or moved into place. */
    FILE_EVENT_GONE,            /* 'name' was removed or renamed. */
    FILE_EVENT_ATTRIB,          /* The rights of 'name' changed, say. */
    FILE_EVENT_FOLDER,          /* The folder itself went. */
    FILE_EVENT_LOST,            /* Events were lost: look at everything. */
};

struct file_event {
    enum file_event_type type;
    int wd;                     /* Of the folder. */
    const char *name;           /* In the folder, or NULL. */
    bool created;               /* FILE_EVENT_WRITING: the name is new. */
};

/* Called with the owner (see file_watch_add()) that the event is for; for
 * FILE_EVENT_LOST with NULL. */
typedef void file_event_cb(void *owner, const struct file_event *, void *aux);

void file_watch_init(struct file_watch *);
void file_watch_destroy(struct file_watch *);

/* Watches the folder 'path' for 'owner', which may watch many; several may
 * watch one.  Returns 0 and stores a number of the folder in '*wd', or a
 * positive errno. */
int file_watch_add(struct file_watch *, const char *path, void *owner,
                   int *wd);

/* Ends what file_watch_add() began. */
void file_watch_remove(struct file_watch *, int wd, void *owner);

/* Calls 'cb', which must not add or remove anything here, for each event that
 * has come. */
void file_watch_run(struct file_watch *, file_event_cb *cb, void *aux);
void file_watch_wait(struct file_watch *);

#endif /* file-watch.h */
