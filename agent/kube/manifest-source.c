/* SPDX-License-Identifier: Apache-2.0 */

/* One PATH of the manifests: a file or a folder, which files are there, and
 * what their folder tells of them.
 *
 * A file is looked at when its folder says that it was closed after writing or
 * moved into place, and not while it is being written.  What a folder cannot
 * tell (files behind symbolic links, lost events, a folder that was replaced)
 * is found by a scan. */

#include <config.h>

#include "manifests-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "openvswitch/vlog.h"

#include "coverage.h"
#include "svec.h"
#include "timeval.h"
#include "util.h"

#include "manifest-names.h"

VLOG_DEFINE_THIS_MODULE(manifest_source);

COVERAGE_DEFINE(manifest_scan);

/* Names. */

/* Is 'name', in the folder of 's', one of the files of 's'? */
static bool
source_has_name(const struct manifest_source *s, const char *name)
{
    return (s->is_folder ? manifest_is_name(name)
            : !strcmp(name, manifest_base_name(s->path)));
}

static char *
source_folder(const struct manifest_source *s)
{
    return s->is_folder ? xstrdup(s->path) : manifest_folder_of(s->path);
}

/* Paths. */

/* Returns why 'path' (resolved) would be read twice, or NULL. */
static char *
find_overlap(const struct manifests *m, const char *path, bool is_folder)
{
    char *folder = manifest_folder_of(path);
    char *error = NULL;

    for (size_t i = 0; i < m->n_sources && !error; i++) {
        const struct manifest_source *s = m->sources[i];
        char *other = realpath(s->path, NULL);
        char *other_folder = other ? manifest_folder_of(other) : NULL;

        if (other
            && (!strcmp(path, other)
                || (!is_folder && s->is_folder && !strcmp(folder, other)
                    && manifest_is_name(manifest_base_name(path)))
                || (is_folder && !s->is_folder && !strcmp(path, other_folder)
                    && manifest_is_name(manifest_base_name(other))))) {
            error = xasprintf("is already read as (a part of) %s", s->path);
        }
        free(other);
        free(other_folder);
    }
    free(folder);
    return error;
}

char *
manifest_source_create(struct manifests *m, const char *path,
                       struct manifest_source **sp)
{
    char *resolved = realpath(path, NULL);
    struct manifest_source *s;
    char *overlap;
    struct stat st;

    *sp = NULL;
    if (!resolved || stat(resolved, &st)) {
        char *error = xasprintf("%s: %s", path, ovs_strerror(errno));

        free(resolved);
        return error;
    }
    if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode)) {
        free(resolved);
        return xasprintf("%s: neither a file nor a folder", path);
    }
    overlap = find_overlap(m, resolved, S_ISDIR(st.st_mode));
    free(resolved);
    if (overlap) {
        char *error = xasprintf("%s: %s", path, overlap);

        free(overlap);
        return error;
    }

    s = xzalloc(sizeof *s);
    s->manifests = m;
    s->order = m->n_sources;
    s->path = abs_file_name(NULL, path);
    s->is_folder = S_ISDIR(st.st_mode);
    shash_init(&s->files);
    s->wd = -1;
    sset_init(&s->writing);
    s->scan_wanted = true;
    *sp = s;
    return NULL;
}

/* Problems. */

static void
source_set_problem(struct manifest_source *s, const char *problem)
{
    if (nullable_string_is_equal(s->problem, problem)) {
        return;
    }
    s->manifests->n_bad_sources += !!problem - !!s->problem;
    if (problem) {
        VLOG_WARN("%s: %s", s->path, problem);
    } else {
        VLOG_INFO("%s: mended", s->path);
    }
    free(s->problem);
    s->problem = nullable_xstrdup(problem);
}

/* A folder without any manifest may be one that is not mounted yet.  That
 * there are no pods at all is said by an empty list. */
static void
check_empty(struct manifest_source *s)
{
    if (!s->unreadable) {
        source_set_problem(s, s->is_folder && s->scanned
                           && shash_is_empty(&s->files)
                           ? "no manifest (*.json, *.yaml, *.yml) is in the "
                             "folder" : NULL);
    }
}

/* Destruction. */

void
manifest_source_remove_file(struct manifest_source *s,
                            struct shash_node *node)
{
    struct manifest_file *f = node->data;

    s->manifests->n_files--;
    s->manifests->n_bad -= f->was_bad;
    s->manifests->n_ignored -= f->were_ignored;
    manifest_file_destroy(f);
    shash_delete(&s->files, node);
    check_empty(s);
}

static void
source_unwatch(struct manifest_source *s)
{
    struct file_watch *fw = &s->manifests->watch;

    if (s->wd >= 0) {
        file_watch_remove(fw, s->wd, s);
        s->wd = -1;
    }
    for (size_t i = 0; i < s->n_link_wds; i++) {
        file_watch_remove(fw, s->link_wds[i], s);
    }
    s->n_link_wds = 0;
}

void
manifest_source_destroy(struct manifest_source *s)
{
    struct shash_node *node;

    s->scanned = false;         /* No word about it being empty now. */
    SHASH_FOR_EACH_SAFE (node, &s->files) {
        manifest_source_remove_file(s, node);
    }
    shash_destroy(&s->files);
    source_unwatch(s);
    free(s->link_wds);
    sset_destroy(&s->writing);
    free(s->path);
    free(s->problem);
    free(s);
}

/* Files. */

void
manifest_source_look(struct manifest_source *s, struct manifest_file *f,
                     const char *name)
{
    struct manifests *m = s->manifests;

    switch (manifest_file_look(f)) {
    case MANIFEST_LOOK_SAME:
    case MANIFEST_LOOK_READING:
        f->missing_at = 0;
        break;
    case MANIFEST_LOOK_OTHER:
        f->missing_at = 0;
        if (!sset_contains(&s->writing, name)) {
            manifest_file_cancel_read(f);
            manifests_add_dirty(m, f);
        }
        break;
    case MANIFEST_LOOK_MISSING:
        manifest_file_cancel_read(f);
        manifests_remove_dirty(f);
        if (!f->missing_at && f->problem != MANIFEST_MISSING) {
            manifests_set_deadline(m, f, &f->missing_at, m->settle_ms);
        }
        break;
    }
}

static struct manifest_file *
find_or_create_file(struct manifest_source *s, const char *name)
{
    struct manifest_file *f = shash_find_data(&s->files, name);

    if (!f) {
        char *path = s->is_folder ? xasprintf("%s/%s", s->path, name)
                                  : xstrdup(s->path);

        f = manifest_file_create(&s->manifests->store, s->manifests->dialect,
                                 s->order, path);
        shash_add(&s->files, name, f);
        s->manifests->n_files++;
        free(path);
        check_empty(s);
    }
    return f;
}

/* Folders. */

/* Watches the folder that the symbolic link 'path' leads to, for changes of
 * what it names; adds it to 'wds'. */
static void
watch_link(struct manifest_source *s, const char *path, int **wds, size_t *n)
{
    char *target = realpath(path, NULL);
    char *folder = target ? manifest_folder_of(target) : NULL;
    bool found = false;
    int wd;

    if (folder && !file_watch_add(&s->manifests->watch, folder, s, &wd)
        && wd != s->wd) {
        for (size_t i = 0; i < *n; i++) {
            found = found || (*wds)[i] == wd;
        }
        if (!found) {
            *wds = xrealloc(*wds, (*n + 1) * sizeof **wds);
            (*wds)[(*n)++] = wd;
        }
    }
    free(folder);
    free(target);
}

/* Watches what is behind the symbolic links among 'names'. */
static void
watch_links(struct manifest_source *s, const char *folder,
            const struct svec *names)
{
    int *wds = NULL;
    size_t n = 0;

    s->has_links = false;
    for (size_t i = 0; i < names->n; i++) {
        char *path = xasprintf("%s/%s", folder, names->names[i]);
        struct stat st;

        if (!lstat(path, &st) && S_ISLNK(st.st_mode)) {
            s->has_links = true;
            watch_link(s, path, &wds, &n);
        }
        free(path);
    }
    for (size_t i = 0; i < s->n_link_wds; i++) {
        bool found = s->link_wds[i] == s->wd;

        for (size_t j = 0; j < n && !found; j++) {
            found = s->link_wds[i] == wds[j];
        }
        if (!found) {
            file_watch_remove(&s->manifests->watch, s->link_wds[i], s);
        }
    }
    free(s->link_wds);
    s->link_wds = wds;
    s->n_link_wds = n;
}

/* Watches 'folder', that of 's'.  Returns 0 or a positive errno. */
static int
source_watch(struct manifest_source *s, const char *folder)
{
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);
    struct file_watch *fw = &s->manifests->watch;
    int wd;
    int error = file_watch_add(fw, folder, s, &wd);

    if (error && error != ENOENT && error != ENOTDIR && fw->fd >= 0) {
        VLOG_WARN_RL(&rl, "%s: cannot be watched (%s): looking every %d ms",
                     folder, ovs_strerror(error), RETRY_MS);
    }
    if (s->wd >= 0 && s->wd != wd) {
        file_watch_remove(fw, s->wd, s);
    }
    s->wd = wd;
    return error;
}

/* Looks at the files called 'names', in that order, and at those that are not
 * among them any more. */
static void
look_at_names(struct manifest_source *s, const struct svec *names)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &s->files) {
        struct manifest_file *f = node->data;

        f->listed = false;
    }
    for (size_t i = 0; i < names->n; i++) {
        struct manifest_file *f = find_or_create_file(s, names->names[i]);

        f->listed = true;
        manifest_source_look(s, f, names->names[i]);
    }
    SHASH_FOR_EACH (node, &s->files) {
        struct manifest_file *f = node->data;

        if (!f->listed) {
            manifest_source_look(s, f, node->name);
        }
    }
}

void
manifest_source_scan(struct manifest_source *s)
{
    struct manifests *m = s->manifests;
    char *folder = source_folder(s);
    struct svec names = SVEC_EMPTY_INITIALIZER;
    long long int wall = time_wall_msec();
    struct stat st;
    int watch_error, error = 0;

    COVERAGE_INC(manifest_scan);
    s->scan_wanted = false;
    s->retry_at = 0;
    s->scan_wall_ms = 0;
    /* The watch comes first, so that nothing can happen in between. */
    watch_error = source_watch(s, folder);
    if (!s->is_folder) {
        svec_add(&names, manifest_base_name(s->path));
    } else {
        error = (stat(folder, &st) ? errno
                 : manifest_list_folder(folder, &names));
        if (!error) {
            file_id_init(&s->folder_id, &st);
            s->scan_wall_ms = wall;
        }
    }
    if (error) {
        char *problem = xasprintf("the folder cannot be read (%s); what its "
                                  "files said last counts",
                                  ovs_strerror(error));

        s->unreadable = true;
        source_set_problem(s, problem);
        free(problem);
        s->retry_at = m->now + RETRY_MS;
    } else {
        s->unreadable = false;
        watch_links(s, folder, &names);
        look_at_names(s, &names);
        s->scanned = true;
        check_empty(s);
        if (watch_error) {
            s->retry_at = m->now + RETRY_MS;
        }
    }
    svec_destroy(&names);
    free(folder);
}

/* A link that is moved into place has a target to be watched. */
static bool
is_link(const struct manifest_source *s, const char *name)
{
    char *folder = source_folder(s);
    char *path = xasprintf("%s/%s", folder, name);
    struct stat st;
    bool link = !lstat(path, &st) && S_ISLNK(st.st_mode);

    free(path);
    free(folder);
    return link;
}

/* Something was created.  A symbolic link and a second name of a file are
 * complete at once.  A new file is not: it will be closed later.  If something
 * is in it already, either the event of writing it comes next, or it was given
 * its name when it was complete (as an O_TMPFILE is). */
static void
handle_created(struct manifest_source *s, const char *name)
{
    char *folder = source_folder(s);
    char *path = xasprintf("%s/%s", folder, name);
    struct stat st;

    if (!lstat(path, &st)) {
        if (S_ISLNK(st.st_mode) || (S_ISREG(st.st_mode) && st.st_nlink > 1)) {
            s->scan_wanted = true;
        } else if (S_ISREG(st.st_mode) && !st.st_size) {
            sset_add(&s->writing, name);
        } else if (S_ISREG(st.st_mode)) {
            manifest_source_look(s, find_or_create_file(s, name), name);
        }
    }
    free(path);
    free(folder);
}

void
manifest_source_handle_event(void *source_, const struct file_event *event,
                             void *m_)
{
    struct manifests *m = m_;
    struct manifest_source *s = source_;
    struct manifest_file *f;

    if (!s) {
        for (size_t i = 0; i < m->n_sources; i++) {
            sset_clear(&m->sources[i]->writing);
            m->sources[i]->scan_wanted = true;
        }
        return;
    }
    if (event->type == FILE_EVENT_FOLDER) {
        sset_clear(&s->writing);
        s->scan_wanted = true;
        return;
    }
    if (event->wd != s->wd || !source_has_name(s, event->name)) {
        /* It matters only where a symbolic link may lead through it. */
        if (s->has_links
            && (event->type != FILE_EVENT_WRITING || event->created)) {
            s->scan_wanted = true;
        }
        return;
    }

    switch (event->type) {
    case FILE_EVENT_WRITING:
        if (event->created) {
            handle_created(s, event->name);
        } else {
            sset_add(&s->writing, event->name);
        }
        return;
    case FILE_EVENT_WRITTEN:
    case FILE_EVENT_GONE:
        sset_find_and_delete(&s->writing, event->name);
        break;
    case FILE_EVENT_ATTRIB:
        break;
    case FILE_EVENT_FOLDER:
    case FILE_EVENT_LOST:
        OVS_NOT_REACHED();
    }
    if (event->type == FILE_EVENT_WRITTEN) {
        s->scan_wanted = s->scan_wanted || is_link(s, event->name);
        find_or_create_file(s, event->name);
    }
    f = shash_find_data(&s->files, event->name);
    if (f) {
        manifest_source_look(s, f, event->name);
        if (event->type == FILE_EVENT_WRITTEN && !f->missing_at
            && !manifest_file_is_proven(f)) {
            /* Written twice within a tick of the clock, it looks the same. */
            manifests_add_dirty(m, f);
        }
    }
}

/* The live read. */

/* True if a folder's list of files is still that of the last scan. */
static bool
is_scan_proven(const struct manifest_source *s)
{
    struct file_id id;
    struct stat st;

    if (!s->is_folder) {
        return s->scanned;
    }
    if (!s->scan_wall_ms || stat(s->path, &st)) {
        return false;
    }
    file_id_init(&id, &st);
    return (file_id_equals(&s->folder_id, &id)
            && file_id_is_safe(&id, s->scan_wall_ms));
}

bool
manifest_source_look_at_all(struct manifest_source *s)
{
    struct shash_node *node;
    bool ok = true;

    if (!is_scan_proven(s)) {
        manifest_source_scan(s);
    }
    if (s->unreadable) {
        return false;
    }
    SHASH_FOR_EACH (node, &s->files) {
        struct manifest_file *f = node->data;

        manifest_source_look(s, f, node->name);
        if (f->missing_at || sset_contains(&s->writing, node->name)) {
            ok = false;
        } else if (!manifest_file_is_proven(f)) {
            manifests_add_dirty(s->manifests, f);
        }
    }
    return ok;
}
