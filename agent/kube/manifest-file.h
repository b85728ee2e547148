/* SPDX-License-Identifier: Apache-2.0 */

/* One manifest file: what it said when it was last understood, and what is
 * wrong with it now.  When to look at it is for manifests.c to decide. */

#ifndef MANIFEST_FILE_H
#define MANIFEST_FILE_H 1

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "openvswitch/list.h"
#include "openvswitch/types.h"

#include "manifest-store.h"

struct dialect;
struct ds;
struct manifest_reading;

/* Larger files are refused.  Ten times what 100,000 pods take. */
#define MANIFEST_MAX_SIZE (512LL * 1024 * 1024)

/* By what a file is recognised without being read. */
struct file_id {
    dev_t dev;
    ino_t ino;
    off_t size;
    struct timespec mtime;
    struct timespec ctime;
};

void file_id_init(struct file_id *, const struct stat *);
bool file_id_equals(const struct file_id *, const struct file_id *);

/* True if a look at 'wall_ms' (since the epoch) that saw 'id' has seen all
 * changes that left this identity: a change just after it would have given it
 * another time, in spite of the granularity of the time stamps. */
bool file_id_is_safe(const struct file_id *id, long long int wall_ms);

enum manifest_problem {
    MANIFEST_FINE,
    MANIFEST_UNREADABLE,        /* The system does not let us read it. */
    MANIFEST_SYNTAX,            /* It cannot be understood. */
    MANIFEST_EMPTY,             /* There is nothing in it at all. */
    MANIFEST_SHRUNK,            /* It lost more objects than it may. */
    MANIFEST_MISSING,           /* It is not there. */
};

struct manifest_file {
    struct manifest_store *store;
    struct manifest_store_file store_file;
    const struct dialect *dialect;
    char *path;

    /* The content that was looked at last, good or not. */
    bool known;
    struct file_id id;
    ovs_u128 hash;
    long long int read_wall_ms; /* When reading it began, since the epoch. */

    bool accepted;              /* There was good content once. */
    size_t n_ignored;           /* Objects of kinds that are not used. */
    enum manifest_problem problem;
    char *problem_text;
    int problem_line;           /* 0: of no line. */
    char *repeat;               /* An object is in the file twice: complaint,
                                 * or NULL. */
    int repeat_line;

    bool accept_small;          /* The next content is good even if it is
                                 * small. */
    struct manifest_reading *reading; /* Under way, or NULL. */

    /* manifests.c's. */
    struct ovs_list dirty_node; /* To be read. */
    struct ovs_list timed_node; /* Some deadline below is not 0. */
    long long int missing_at;   /* Its absence counts. */
    long long int lost_at;      /* The absence of its lost objects counts. */
    long long int settled_at;   /* It is old enough, if it is the same. */
    long long int retry_at;     /* It was being changed: look again. */
    bool settled;               /* It was good and old enough once. */
    bool listed;                /* Found by the last scan. */
    bool was_bad;               /* Counted as a problem. */
    size_t were_ignored;        /* Counted of 'n_ignored'. */
};

/* A file of the given place in the order of files (see manifest-store.h). */
struct manifest_file *manifest_file_create(struct manifest_store *,
                                           const struct dialect *,
                                           unsigned int order,
                                           const char *path);
/* Also forgets its objects. */
void manifest_file_destroy(struct manifest_file *);

enum manifest_look {
    MANIFEST_LOOK_SAME,         /* It is what was read last. */
    MANIFEST_LOOK_READING,      /* It is what is being read. */
    MANIFEST_LOOK_OTHER,        /* It must be read. */
    MANIFEST_LOOK_MISSING,
};

/* Looks without reading. */
enum manifest_look manifest_file_look(const struct manifest_file *);

/* True if MANIFEST_LOOK_SAME is proof that nothing changed. */
bool manifest_file_is_proven(const struct manifest_file *);

enum manifest_read_result {
    MANIFEST_READ_MORE,         /* Time is up: call again. */
    MANIFEST_READ_DONE,         /* See 'problem'. */
    MANIFEST_READ_CHANGING,     /* It was changed meanwhile. */
};

/* Reads the file, or goes on reading it, until 'deadline' (monotonic ms).
 * Commits good content to the store. */
enum manifest_read_result manifest_file_read(struct manifest_file *,
                                             long long int deadline);
void manifest_file_cancel_read(struct manifest_file *);

/* Makes it MANIFEST_MISSING. */
void manifest_file_set_missing(struct manifest_file *);

/* How many objects only this file has. */
size_t manifest_file_n_own(const struct manifest_file *);

bool manifest_file_is_bad(const struct manifest_file *);
/* Appends "FILE:LINE: reason" lines. */
void manifest_file_format_problem(const struct manifest_file *, struct ds *);

#endif /* manifest-file.h */
