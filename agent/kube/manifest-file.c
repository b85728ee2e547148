/* SPDX-License-Identifier: Apache-2.0 */

/* One manifest file.
 *
 * Reading is done in slices, at the borders of objects, because a file can
 * hold all pods of a large cluster and the daemon has other things to do.
 * Nothing of it counts before its end was reached and all of it was good. */

#include <config.h>

#include "manifest-file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "openvswitch/dynamic-string.h"

#include "coverage.h"
#include "hash.h"
#include "svec.h"
#include "timeval.h"
#include "util.h"

#include "manifest-reader.h"

COVERAGE_DEFINE(manifest_look);
COVERAGE_DEFINE(manifest_read);
COVERAGE_DEFINE(manifest_parse);

/* A file that loses as many objects at once, and more than this share of
 * them, is more likely to be truncated than meant. */
#define SHRUNK_MIN 3
#define SHRUNK_PERCENT 20

/* Time stamps of files are about as old as the kernel's last tick, and those
 * of some file systems a second. */
#define SAFE_AGE_MS 1000

/* A reading that is under way. */
struct manifest_reading {
    char *text;
    size_t len;
    struct file_id id;
    ovs_u128 hash;
    long long int wall_ms;

    struct manifest_reader *reader;
    struct manifest_stage stage;
    size_t n_ignored;
    bool may_be_yaml;           /* Read as JSON, but named as YAML. */
};

void
file_id_init(struct file_id *id, const struct stat *s)
{
    id->dev = s->st_dev;
    id->ino = s->st_ino;
    id->size = s->st_size;
    id->mtime = s->st_mtim;
    id->ctime = s->st_ctim;
}

static bool
timespec_equals(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool
file_id_equals(const struct file_id *a, const struct file_id *b)
{
    return (a->dev == b->dev && a->ino == b->ino && a->size == b->size
            && timespec_equals(&a->mtime, &b->mtime)
            && timespec_equals(&a->ctime, &b->ctime));
}

bool
file_id_is_safe(const struct file_id *id, long long int wall_ms)
{
    long long int ctime_ms = id->ctime.tv_sec * 1000LL
                             + id->ctime.tv_nsec / 1000000;

    return wall_ms - ctime_ms >= SAFE_AGE_MS;
}

struct manifest_file *
manifest_file_create(struct manifest_store *store,
                     const struct dialect *dialect, unsigned int order,
                     const char *path)
{
    struct manifest_file *f = xzalloc(sizeof *f);

    f->store = store;
    f->dialect = dialect;
    f->path = xstrdup(path);
    manifest_store_file_init(&f->store_file, order, f->path);
    ovs_list_init(&f->dirty_node);
    ovs_list_init(&f->timed_node);
    return f;
}

void
manifest_file_destroy(struct manifest_file *f)
{
    if (f) {
        manifest_file_cancel_read(f);
        manifest_store_drop_file(f->store, &f->store_file);
        ovs_list_remove(&f->dirty_node);
        ovs_list_remove(&f->timed_node);
        free(f->path);
        free(f->problem_text);
        free(f->repeat);
        free(f);
    }
}

enum manifest_look
manifest_file_look(const struct manifest_file *f)
{
    struct file_id id;
    struct stat s;

    COVERAGE_INC(manifest_look);
    if (stat(f->path, &s)) {
        /* Any other error shows when the file is opened. */
        return errno == ENOENT || errno == ENOTDIR
               ? MANIFEST_LOOK_MISSING : MANIFEST_LOOK_OTHER;
    }
    file_id_init(&id, &s);
    if (f->reading) {
        return (file_id_equals(&f->reading->id, &id)
                ? MANIFEST_LOOK_READING : MANIFEST_LOOK_OTHER);
    }
    return (f->known && file_id_equals(&f->id, &id)
            && !f->store_file.wants_reread
            && f->problem != MANIFEST_MISSING
            && f->problem != MANIFEST_UNREADABLE
            ? MANIFEST_LOOK_SAME : MANIFEST_LOOK_OTHER);
}

bool
manifest_file_is_proven(const struct manifest_file *f)
{
    return f->known && file_id_is_safe(&f->id, f->read_wall_ms);
}

/* Sets the problem; takes 'text'. */
static void
set_problem(struct manifest_file *f, enum manifest_problem problem, int line,
            char *text)
{
    free(f->problem_text);
    f->problem = problem;
    f->problem_line = line;
    f->problem_text = text;
}

bool
manifest_file_is_bad(const struct manifest_file *f)
{
    return f->problem != MANIFEST_FINE || f->repeat;
}

void
manifest_file_format_problem(const struct manifest_file *f, struct ds *ds)
{
    if (f->problem_text) {
        ds_put_cstr(ds, f->path);
        if (f->problem_line) {
            ds_put_format(ds, ":%d", f->problem_line);
        }
        ds_put_format(ds, ": %s\n", f->problem_text);
    }
    if (f->repeat) {
        ds_put_format(ds, "%s:%d: %s\n", f->path, f->repeat_line, f->repeat);
    }
}

size_t
manifest_file_n_own(const struct manifest_file *f)
{
    struct manifest_stage nothing;
    size_t n;

    manifest_stage_init(&nothing, f->store,
                        CONST_CAST(struct manifest_store_file *,
                                   &f->store_file));
    n = manifest_stage_n_missing(&nothing);
    manifest_stage_destroy(&nothing);
    return n;
}

void
manifest_file_set_missing(struct manifest_file *f)
{
    size_t n = manifest_file_n_own(f);

    manifest_file_cancel_read(f);
    set_problem(f, MANIFEST_MISSING, 0,
                xasprintf("the file is gone; what it said last (%"PRIuSIZE
                          " object%s) counts until it is back or its absence "
                          "is confirmed", n, n == 1 ? "" : "s"));
}

void
manifest_file_cancel_read(struct manifest_file *f)
{
    struct manifest_reading *r = f->reading;

    if (r) {
        f->reading = NULL;
        manifest_reader_destroy(r->reader);
        manifest_stage_destroy(&r->stage);
        free(r->text);
        free(r);
    }
}

/* Reads the open file 'fd' into 'r'.  Returns MANIFEST_READ_MORE if all is
 * well; MANIFEST_READ_DONE means that there is a problem. */
static enum manifest_read_result
load_fd(struct manifest_file *f, struct manifest_reading *r, int fd)
{
    struct file_id after;
    struct stat s;

    if (fstat(fd, &s)) {
        set_problem(f, MANIFEST_UNREADABLE, 0,
                    xasprintf("cannot be read (%s)", ovs_strerror(errno)));
        return MANIFEST_READ_DONE;
    }
    if (!S_ISREG(s.st_mode)) {
        set_problem(f, MANIFEST_UNREADABLE, 0, xstrdup("not a regular file"));
        return MANIFEST_READ_DONE;
    }
    if (s.st_size > MANIFEST_MAX_SIZE) {
        set_problem(f, MANIFEST_UNREADABLE, 0,
                    xasprintf("larger than %lld MiB",
                              MANIFEST_MAX_SIZE / (1024 * 1024)));
        return MANIFEST_READ_DONE;
    }
    file_id_init(&r->id, &s);
    r->text = xmalloc(s.st_size + 1);
    for (;;) {
        ssize_t n = read(fd, r->text + r->len, s.st_size + 1 - r->len);

        if (n < 0 && errno != EINTR) {
            set_problem(f, MANIFEST_UNREADABLE, 0,
                        xasprintf("cannot be read (%s)", ovs_strerror(errno)));
            return MANIFEST_READ_DONE;
        }
        if (!n) {
            break;
        }
        r->len += MAX(n, 0);
        if (r->len > s.st_size) {
            return MANIFEST_READ_CHANGING;
        }
    }
    if (r->len != s.st_size || fstat(fd, &s)) {
        return MANIFEST_READ_CHANGING;
    }
    file_id_init(&after, &s);
    return (file_id_equals(&r->id, &after)
            ? MANIFEST_READ_MORE : MANIFEST_READ_CHANGING);
}

/* Is the text JSON, judging by the name and, if that does not tell, by how it
 * begins?  A file that is named as YAML may be JSON all the same. */
static bool
looks_like_json(const char *path, const char *text, size_t len, bool *unsure)
{
    const char *dot = strrchr(path, '.');
    size_t i = 0;

    *unsure = false;
    if (dot && !strcmp(dot, ".json")) {
        return true;
    }
    while (i < len && strchr(" \t\r\n", text[i]) && text[i]) {
        i++;
    }
    *unsure = i < len && text[i] == '{';
    return *unsure;
}

/* Begins to read.  Returns as load_fd() does. */
static enum manifest_read_result
begin(struct manifest_file *f)
{
    struct manifest_reading *r = xzalloc(sizeof *r);
    enum manifest_read_result result;
    bool json;
    int fd;

    COVERAGE_INC(manifest_read);
    f->reading = r;
    manifest_stage_init(&r->stage, f->store, &f->store_file);
    r->wall_ms = time_wall_msec();
    fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        if (errno == ENOENT) {
            return MANIFEST_READ_CHANGING;      /* Gone since the look. */
        }
        set_problem(f, MANIFEST_UNREADABLE, 0,
                    xasprintf("cannot be opened (%s)", ovs_strerror(errno)));
        return MANIFEST_READ_DONE;
    }
    result = load_fd(f, r, fd);
    close(fd);
    if (result != MANIFEST_READ_MORE) {
        return result;
    }

    hash_bytes128(r->text, r->len, 0, &r->hash);
    json = looks_like_json(f->path, r->text, r->len, &r->may_be_yaml);
    r->reader = manifest_reader_create(r->text, r->len, !json);
    return MANIFEST_READ_MORE;
}

/* Does 'r' say just what was read last, so that nothing is to be learnt?  That
 * a file had shrunk depends on other files, too. */
static bool
is_old_news(const struct manifest_file *f, const struct manifest_reading *r)
{
    return (f->known && ovs_u128_equals(f->hash, r->hash)
            && !f->store_file.wants_reread
            && (f->problem == MANIFEST_FINE || f->problem == MANIFEST_SYNTAX
                || (f->problem == MANIFEST_EMPTY && !f->accept_small)));
}

/* What was read is known now, good or not. */
static void
remember(struct manifest_file *f, const struct manifest_reading *r)
{
    f->known = true;
    f->id = r->id;
    f->hash = r->hash;
    f->read_wall_ms = r->wall_ms;
}

/* Starts anew, as YAML. */
static void
restart_as_yaml(struct manifest_file *f, struct manifest_reading *r)
{
    r->may_be_yaml = false;
    r->n_ignored = 0;
    manifest_reader_destroy(r->reader);
    r->reader = manifest_reader_create(r->text, r->len, true);
    manifest_stage_destroy(&r->stage);
    manifest_stage_init(&r->stage, f->store, &f->store_file);
}

/* All objects are in the stage: judges them as a whole. */
static void
finish(struct manifest_file *f, struct manifest_reading *r)
{
    size_t n_missing = manifest_stage_n_missing(&r->stage);
    size_t n_copies = f->store_file.n_copies;

    if (!f->accept_small) {
        if (!manifest_reader_n_roots(r->reader)) {
            set_problem(f, MANIFEST_EMPTY, 1, xstrdup("the file is empty"));
            return;
        }
        if (n_missing >= SHRUNK_MIN
            && n_missing * 100 > n_copies * SHRUNK_PERCENT) {
            set_problem(f, MANIFEST_SHRUNK, 1,
                        xasprintf("%"PRIuSIZE" of %"PRIuSIZE" objects are "
                                  "gone, more than %d %% at once; they count "
                                  "until they are back or their absence is "
                                  "confirmed",
                                  n_missing, n_copies, SHRUNK_PERCENT));
            return;
        }
    }
    manifest_stage_commit(&r->stage);
    set_problem(f, MANIFEST_FINE, 0, NULL);
    free(f->repeat);
    f->repeat = r->stage.repeat;
    f->repeat_line = r->stage.repeat_line;
    r->stage.repeat = NULL;
    f->n_ignored = r->n_ignored;
    f->accepted = true;
}

/* Reads the next object.  Returns MANIFEST_READ_MORE if there may be more. */
static enum manifest_read_result
step(struct manifest_file *f, struct manifest_reading *r)
{
    struct manifest_object *object;
    struct manifest_item item;
    struct svec path = SVEC_EMPTY_INITIALIZER;
    char *error;
    int line;

    switch (manifest_reader_next(r->reader, &item, &line, &error)) {
    case MANIFEST_READER_ITEM:
        error = manifest_object_read(&item, f->dialect, &object, &path);
        if (error) {
            set_problem(f, MANIFEST_SYNTAX,
                        manifest_reader_locate(r->reader, &path), error);
            svec_destroy(&path);
            return MANIFEST_READ_DONE;
        }
        if (object) {
            manifest_stage_add(&r->stage, object);
        } else {
            r->n_ignored++;
        }
        svec_destroy(&path);
        return MANIFEST_READ_MORE;

    case MANIFEST_READER_END:
        finish(f, r);
        return MANIFEST_READ_DONE;

    case MANIFEST_READER_ERROR:
        if (r->may_be_yaml) {
            free(error);
            restart_as_yaml(f, r);
            return MANIFEST_READ_MORE;
        }
        set_problem(f, MANIFEST_SYNTAX, line, error);
        return MANIFEST_READ_DONE;
    }
    OVS_NOT_REACHED();
}

enum manifest_read_result
manifest_file_read(struct manifest_file *f, long long int deadline)
{
    enum manifest_read_result result = MANIFEST_READ_MORE;

    if (!f->reading) {
        result = begin(f);
        if (result == MANIFEST_READ_MORE) {
            if (is_old_news(f, f->reading)) {
                result = MANIFEST_READ_DONE;
            } else {
                COVERAGE_INC(manifest_parse);
            }
        }
    }
    for (int i = 1; result == MANIFEST_READ_MORE; i++) {
        result = step(f, f->reading);
        if (result == MANIFEST_READ_MORE && i % 16 == 0
            && time_msec() >= deadline) {
            return result;
        }
    }
    if (result == MANIFEST_READ_DONE) {
        if (f->reading->reader) {
            remember(f, f->reading);
        }
        f->accept_small = false;
        f->store_file.wants_reread = false;
    }
    manifest_file_cancel_read(f);
    return result;
}
