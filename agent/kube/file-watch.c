/* SPDX-License-Identifier: Apache-2.0 */

/* inotify, as far as manifest files need it. */

#include <config.h>

#include "file-watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "openvswitch/poll-loop.h"

#include "hash.h"
#include "util.h"

#define FOLDER_EVENTS (IN_CREATE | IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE \
                       | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE \
                       | IN_DELETE_SELF | IN_MOVE_SELF)

/* Events read at once; more are left for the next turn of the loop. */
#define MAX_READS 100

struct watched_folder {
    struct hmap_node node;      /* In file_watch's 'folders', by 'wd'. */
    int wd;
    void **owners;
    size_t n_owners;
};

void
file_watch_init(struct file_watch *fw)
{
    fw->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    hmap_init(&fw->folders);
}

static void
folder_destroy(struct file_watch *fw, struct watched_folder *folder)
{
    hmap_remove(&fw->folders, &folder->node);
    free(folder->owners);
    free(folder);
}

void
file_watch_destroy(struct file_watch *fw)
{
    struct watched_folder *folder;

    HMAP_FOR_EACH_SAFE (folder, node, &fw->folders) {
        folder_destroy(fw, folder);
    }
    hmap_destroy(&fw->folders);
    if (fw->fd >= 0) {
        close(fw->fd);
    }
}

static struct watched_folder *
find_folder(struct file_watch *fw, int wd)
{
    struct watched_folder *folder;

    HMAP_FOR_EACH_WITH_HASH (folder, node, hash_int(wd, 0), &fw->folders) {
        if (folder->wd == wd) {
            return folder;
        }
    }
    return NULL;
}

static size_t
find_owner(const struct watched_folder *folder, const void *owner)
{
    size_t i;

    for (i = 0; i < folder->n_owners && folder->owners[i] != owner; i++) {
        continue;
    }
    return i;
}

int
file_watch_add(struct file_watch *fw, const char *path, void *owner, int *wdp)
{
    struct watched_folder *folder;
    int wd;

    *wdp = -1;
    if (fw->fd < 0) {
        return EMFILE;
    }
    wd = inotify_add_watch(fw->fd, path, FOLDER_EVENTS | IN_ONLYDIR);
    if (wd < 0) {
        return errno;
    }
    folder = find_folder(fw, wd);
    if (!folder) {
        folder = xzalloc(sizeof *folder);
        folder->wd = wd;
        hmap_insert(&fw->folders, &folder->node, hash_int(wd, 0));
    }
    if (find_owner(folder, owner) == folder->n_owners) {
        folder->owners = xrealloc(folder->owners, (folder->n_owners + 1)
                                                  * sizeof *folder->owners);
        folder->owners[folder->n_owners++] = owner;
    }
    *wdp = wd;
    return 0;
}

void
file_watch_remove(struct file_watch *fw, int wd, void *owner)
{
    struct watched_folder *folder = find_folder(fw, wd);
    size_t i;

    if (!folder) {
        return;
    }
    i = find_owner(folder, owner);
    if (i < folder->n_owners) {
        folder->owners[i] = folder->owners[--folder->n_owners];
    }
    if (!folder->n_owners) {
        /* Fails if the kernel has dropped it by itself. */
        inotify_rm_watch(fw->fd, wd);
        folder_destroy(fw, folder);
    }
}

/* Tells the owners of 'folder' of 'ie'. */
static void
dispatch(struct watched_folder *folder, const struct inotify_event *ie,
         file_event_cb *cb, void *aux)
{
    struct file_event event = {
        .wd = ie->wd,
        .name = ie->len ? ie->name : NULL,
    };

    if (ie->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED)) {
        event.type = FILE_EVENT_FOLDER;
    } else if (!event.name) {
        return;                 /* The folder's own attributes changed. */
    } else if (ie->mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) {
        event.type = FILE_EVENT_WRITTEN;
    } else if (ie->mask & (IN_MODIFY | IN_CREATE)) {
        event.type = FILE_EVENT_WRITING;
        event.created = (ie->mask & IN_CREATE) != 0;
    } else if (ie->mask & (IN_DELETE | IN_MOVED_FROM)) {
        event.type = FILE_EVENT_GONE;
    } else {
        event.type = FILE_EVENT_ATTRIB;
    }
    for (size_t i = 0; i < folder->n_owners; i++) {
        cb(folder->owners[i], &event, aux);
    }
}

void
file_watch_run(struct file_watch *fw, file_event_cb *cb, void *aux)
{
    if (fw->fd < 0) {
        return;
    }
    for (int i = 0; i < MAX_READS; i++) {
        char buf[16384]
            __attribute__((aligned(__alignof__(struct inotify_event))));
        ssize_t n = read(fw->fd, buf, sizeof buf);

        if (n <= 0) {
            break;
        }
        for (char *p = buf; p < buf + n; ) {
            const struct inotify_event *ie
                = ALIGNED_CAST(const struct inotify_event *, p);
            struct watched_folder *folder;

            p += sizeof *ie + ie->len;
            if (ie->mask & IN_Q_OVERFLOW) {
                cb(NULL, &(struct file_event) { .type = FILE_EVENT_LOST },
                   aux);
                continue;
            }
            folder = find_folder(fw, ie->wd);
            if (folder) {
                dispatch(folder, ie, cb, aux);
                if (ie->mask & IN_IGNORED) {
                    folder_destroy(fw, folder);
                }
            }
        }
    }
}

void
file_watch_wait(struct file_watch *fw)
{
    if (fw->fd >= 0) {
        poll_fd_wait(fw->fd, POLLIN);
    }
}
