/* SPDX-License-Identifier: Apache-2.0 */

/* Pods and owners from manifest files: which files there are, when to look at
 * them, and what their problems mean for the source as a whole.
 *
 * Data flows from file-watch.h (what happened in a folder) and
 * manifest-source.c (which file that is about) through manifest-file.h (a
 * file's bytes, read by manifest-reader.h and manifest-object.h) to
 * manifest-store.h (objects, and what is new about them). */

#include <config.h>

#include "manifests.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"

#include "timeval.h"
#include "util.h"

#include "kube-change.h"
#include "manifest-names.h"
#include "manifests-private.h"

VLOG_DEFINE_THIS_MODULE(manifests);

/* After so long a turn of the daemon's loop begins no other file: with what
 * else there is to be done, a storm of changes is to leave it under 100 ms. */
#define SLICE_MS 20

/* A file that changed while it was read is looked at again, unless an event
 * comes first. */
#define CHANGING_RETRY_MS 100

/* Creation and destruction. */

struct manifests *
manifests_create(const struct dialect *dialect, long long int settle_ms)
{
    struct manifests *m = xzalloc(sizeof *m);

    m->dialect = dialect;
    m->settle_ms = settle_ms;
    manifest_store_init(&m->store);
    file_watch_init(&m->watch);
    if (m->watch.fd < 0) {
        VLOG_WARN("inotify is not available (%s): looking at all files every "
                  "%d ms", ovs_strerror(errno), RETRY_MS);
    }
    ovs_list_init(&m->dirty);
    ovs_list_init(&m->timed);
    return m;
}

void
manifests_destroy(struct manifests *m)
{
    if (m) {
        for (size_t i = 0; i < m->n_sources; i++) {
            manifest_source_destroy(m->sources[i]);
        }
        free(m->sources);
        manifest_store_destroy(&m->store);
        file_watch_destroy(&m->watch);
        free(m);
    }
}

char *
manifests_add_path(struct manifests *m, const char *path)
{
    struct manifest_source *s;
    char *error = manifest_source_create(m, path, &s);

    if (!error) {
        m->sources = xrealloc(m->sources,
                              (m->n_sources + 1) * sizeof *m->sources);
        m->sources[m->n_sources++] = s;
    }
    return error;
}

/* Problems. */

/* After something happened to 'f', whose problems were 'before': counts and
 * logs. */
static void
report_file(struct manifests *m, struct manifest_file *f, const char *before)
{
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(20, 100);
    struct ds ds = DS_EMPTY_INITIALIZER;
    bool bad = manifest_file_is_bad(f);

    m->n_bad += bad - f->was_bad;
    f->was_bad = bad;
    m->n_ignored += f->n_ignored - f->were_ignored;
    f->were_ignored = f->n_ignored;
    manifest_file_format_problem(f, &ds);
    if (strcmp(ds_cstr(&ds), before)) {
        if (bad) {
            ds_chomp(&ds, '\n');
            VLOG_WARN_RL(&rl, "%s", ds_cstr(&ds));
        } else {
            VLOG_INFO_RL(&rl, "%s: mended", f->path);
        }
    }
    ds_destroy(&ds);
}

static char *
file_problems(const struct manifest_file *f)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    manifest_file_format_problem(f, &ds);
    return ds_steal_cstr(&ds);
}

/* Lists of files. */

void
manifests_add_dirty(struct manifests *m, struct manifest_file *f)
{
    if (ovs_list_is_empty(&f->dirty_node)) {
        ovs_list_push_back(&m->dirty, &f->dirty_node);
    }
}

void
manifests_remove_dirty(struct manifest_file *f)
{
    ovs_list_remove(&f->dirty_node);
    ovs_list_init(&f->dirty_node);
}

void
manifests_set_deadline(struct manifests *m, struct manifest_file *f,
                       long long int *at, long long int delay)
{
    *at = MAX(m->now + delay, 1);
    if (ovs_list_is_empty(&f->timed_node)) {
        ovs_list_push_back(&m->timed, &f->timed_node);
    }
}

/* Reading. */

/* 'f' has been read to its end, or cannot be. */
static void
after_read(struct manifests *m, struct manifest_file *f, const char *before)
{
    if (!f->settled && f->accepted) {
        long long int mtime_ms = f->id.mtime.tv_sec * 1000LL
                                 + f->id.mtime.tv_nsec / 1000000;

        /* Somebody may be at writing it, unless it is old. */
        if (f->read_wall_ms - mtime_ms >= m->settle_ms) {
            f->settled = true;
        } else {
            manifests_set_deadline(m, f, &f->settled_at, m->settle_ms);
        }
    }
    f->lost_at = 0;
    if (f->problem == MANIFEST_FINE && f->store_file.n_lost) {
        manifests_set_deadline(m, f, &f->lost_at, m->settle_ms);
    }
    report_file(m, f, before);
}

static bool
is_being_written(const struct manifests *m, const struct manifest_file *f)
{
    return sset_contains(&m->sources[f->store_file.order]->writing,
                         manifest_base_name(f->path));
}

/* Reads dirty files until 'deadline'.  Returns false if one of them was being
 * changed by somebody, or could not be finished. */
static bool
read_dirty(struct manifests *m, long long int deadline)
{
    bool complete = true;

    while (!ovs_list_is_empty(&m->dirty)) {
        struct manifest_file *f
            = CONTAINER_OF(ovs_list_front(&m->dirty), struct manifest_file,
                           dirty_node);
        char *before;

        if (!f->reading && is_being_written(m, f)) {
            /* It is looked at again when that ends. */
            manifests_remove_dirty(f);
            complete = false;
            continue;
        }
        before = file_problems(f);
        switch (manifest_file_read(f, deadline)) {
        case MANIFEST_READ_MORE:
            free(before);
            return false;
        case MANIFEST_READ_DONE:
            manifests_remove_dirty(f);
            after_read(m, f, before);
            break;
        case MANIFEST_READ_CHANGING:
            manifests_remove_dirty(f);
            manifests_set_deadline(m, f, &f->retry_at, CHANGING_RETRY_MS);
            complete = false;
            break;
        }
        free(before);
        if (time_msec() >= deadline && !ovs_list_is_empty(&m->dirty)) {
            return false;
        }
    }
    return complete;
}

/* Deadlines. */

static bool
is_due(const struct manifests *m, long long int *at)
{
    if (*at && m->now >= *at) {
        *at = 0;
        return true;
    }
    return false;
}

/* 'f' has been missing for long enough.  Returns true if it is forgotten. */
static bool
handle_missing(struct manifest_source *s, struct shash_node *node)
{
    struct manifests *m = s->manifests;
    struct manifest_file *f = node->data;
    char *before;

    if (s->is_folder && !manifest_file_n_own(f)) {
        /* All that it said is in other files by now. */
        VLOG_INFO("%s: gone, with nothing lost", f->path);
        manifest_source_remove_file(s, node);
        return true;
    }
    before = file_problems(f);
    manifest_file_set_missing(f);
    f->lost_at = 0;
    report_file(m, f, before);
    free(before);
    return false;
}

/* Returns the place of 'f', which is some source's. */
static struct shash_node *
find_file_node(struct manifests *m, const struct manifest_file *f,
               struct manifest_source **sp)
{
    *sp = m->sources[f->store_file.order];
    return shash_find(&(*sp)->files, manifest_base_name(f->path));
}

static void
run_deadlines(struct manifests *m)
{
    struct manifest_file *f, *next;

    LIST_FOR_EACH_SAFE (f, next, timed_node, &m->timed) {
        struct manifest_source *s;
        struct shash_node *node = find_file_node(m, f, &s);
        bool busy = (f->reading || !ovs_list_is_empty(&f->dirty_node)
                     || is_being_written(m, f));

        if (is_due(m, &f->retry_at)) {
            manifest_source_look(s, f, node->name);
        }
        if (is_due(m, &f->missing_at)) {
            if (s->unreadable) {
                /* The whole folder is; that is problem enough. */
                manifests_set_deadline(m, f, &f->missing_at, RETRY_MS);
            } else if (manifest_file_look(f) == MANIFEST_LOOK_MISSING
                       && handle_missing(s, node)) {
                continue;
            }
        }
        if (is_due(m, &f->settled_at)) {
            f->settled = (!busy
                          && manifest_file_look(f) == MANIFEST_LOOK_SAME);
            if (!f->settled) {
                manifests_set_deadline(m, f, &f->settled_at, m->settle_ms);
                manifest_source_look(s, f, node->name);
            }
        }
        if (is_due(m, &f->lost_at)) {
            if (!busy && manifest_file_look(f) == MANIFEST_LOOK_SAME) {
                manifest_store_drop_lost(&m->store, &f->store_file);
            } else {
                /* Reading it again sets the deadline anew if need be. */
                manifests_set_deadline(m, f, &f->lost_at, m->settle_ms);
                manifest_source_look(s, f, node->name);
            }
        }
        if (!f->retry_at && !f->missing_at && !f->settled_at && !f->lost_at) {
            ovs_list_remove(&f->timed_node);
            ovs_list_init(&f->timed_node);
        }
    }
}

/* The turn. */

/* What other files say has changed: a file's problem may have gone with it,
 * or an object may have to be taken from another file. */
static void
follow_changes(struct manifests *m)
{
    if (m->store.reread_wanted || (m->n_bad && m->seqno != m->store.seqno)) {
        m->store.reread_wanted = false;
        for (size_t i = 0; i < m->n_sources; i++) {
            struct manifest_source *s = m->sources[i];
            struct shash_node *node;

            SHASH_FOR_EACH_SAFE (node, &s->files) {
                struct manifest_file *f = node->data;

                if (f->store_file.wants_reread
                    || f->problem == MANIFEST_SHRUNK) {
                    manifests_add_dirty(m, f);
                } else if (f->problem == MANIFEST_MISSING
                           && manifest_file_look(f) == MANIFEST_LOOK_MISSING) {
                    handle_missing(s, node);
                }
            }
        }
    }
    if (m->seqno != m->store.seqno) {
        m->seqno = m->store.seqno;
        m->last_change_ms = m->now;
    }
    if (m->store.n_dups != m->n_dups_logged) {
        if (m->store.n_dups > m->n_dups_logged) {
            VLOG_WARN("%"PRIuSIZE" objects are in more than one file; the "
                      "first of them counts", m->store.n_dups);
        } else if (!m->store.n_dups) {
            VLOG_INFO("no object is in more than one file any more");
        }
        m->n_dups_logged = m->store.n_dups;
    }
}

static void
update_synced(struct manifests *m)
{
    if (m->synced) {
        return;
    }
    for (size_t i = 0; i < m->n_sources; i++) {
        const struct manifest_source *s = m->sources[i];
        const struct shash_node *node;

        if (!s->scanned) {
            return;
        }
        SHASH_FOR_EACH (node, &s->files) {
            const struct manifest_file *f = node->data;

            if (!f->settled) {
                return;
            }
        }
    }
    m->synced = true;
    VLOG_INFO("all manifests are read: %"PRIuSIZE" files, %"PRIuSIZE" pods, "
              "%"PRIuSIZE" workloads", m->n_files, m->store.n_pods,
              workload_assembly_count(&m->store.assembly));
}

static void
run_events(struct manifests *m, long long int now)
{
    bool scanned = false;

    m->now = now;
    file_watch_run(&m->watch, manifest_source_handle_event, m);
    for (size_t i = 0; i < m->n_sources; i++) {
        struct manifest_source *s = m->sources[i];

        if (s->scan_wanted || is_due(m, &s->retry_at)) {
            manifest_source_scan(s);
            scanned = true;
        }
    }
    if (scanned) {
        /* A scan finds files that somebody has just begun to write. */
        file_watch_run(&m->watch, manifest_source_handle_event, m);
    }
    run_deadlines(m);
}

void
manifests_run(struct manifests *m, long long int now)
{
    run_events(m, now);
    read_dirty(m, time_msec() + SLICE_MS);
    follow_changes(m);
    update_synced(m);
}

void
manifests_wait(struct manifests *m)
{
    struct manifest_file *f;

    if (!ovs_list_is_empty(&m->dirty) || m->store.reread_wanted
        || !ovs_list_is_empty(&m->store.changes)) {
        poll_immediate_wake();
        return;
    }
    file_watch_wait(&m->watch);
    LIST_FOR_EACH (f, timed_node, &m->timed) {
        const long long int deadlines[] = {
            f->retry_at, f->missing_at, f->settled_at, f->lost_at,
        };

        for (size_t i = 0; i < ARRAY_SIZE(deadlines); i++) {
            if (deadlines[i]) {
                poll_timer_wait_until(deadlines[i]);
            }
        }
    }
    for (size_t i = 0; i < m->n_sources; i++) {
        if (m->sources[i]->scan_wanted) {
            poll_immediate_wake();
        } else if (m->sources[i]->retry_at) {
            poll_timer_wait_until(m->sources[i]->retry_at);
        }
    }
}

struct kube_change *
manifests_pop(struct manifests *m)
{
    struct kube_change *change;

    if (ovs_list_is_empty(&m->store.changes)) {
        return NULL;
    }
    change = CONTAINER_OF(ovs_list_pop_front(&m->store.changes),
                          struct kube_change, node);
    ovs_list_init(&change->node);
    return change;
}

/* The live read. */

bool
manifests_reread(struct manifests *m, long long int now)
{
    uint64_t seqno = m->store.seqno;
    struct manifests_status status;
    bool ok = true;

    run_events(m, now);
    for (size_t i = 0; i < m->n_sources; i++) {
        ok = manifest_source_look_at_all(m->sources[i]) && ok;
    }
    ok = read_dirty(m, LLONG_MAX) && ok;
    follow_changes(m);
    ok = read_dirty(m, LLONG_MAX) && ok;
    update_synced(m);

    manifests_get_status(m, &status);
    return (ok && status.trusted && seqno == m->store.seqno
            && ovs_list_is_empty(&m->store.changes));
}

/* Reports. */

void
manifests_get_status(const struct manifests *m,
                     struct manifests_status *status)
{
    *status = (struct manifests_status) {
        .synced = m->synced,
        .busy = !ovs_list_is_empty(&m->dirty) || m->store.reread_wanted,
        .n_files = m->n_files,
        .n_pods = m->store.n_pods,
        .n_workloads = workload_assembly_count(&m->store.assembly),
        .n_problems = m->n_bad + m->n_bad_sources + m->store.n_dups,
        .n_ignored = m->n_ignored,
        .last_change_ms = m->last_change_ms,
    };
    status->trusted = status->synced && !status->n_problems;
}

void
manifests_format_problems(const struct manifests *m, struct ds *ds)
{
    for (size_t i = 0; i < m->n_sources; i++) {
        const struct manifest_source *s = m->sources[i];
        const struct shash_node **nodes;

        if (s->problem) {
            ds_put_format(ds, "%s: %s\n", s->path, s->problem);
        }
        if (!m->n_bad) {
            continue;
        }
        nodes = shash_sort(&s->files);
        for (size_t j = 0; j < shash_count(&s->files); j++) {
            manifest_file_format_problem(nodes[j]->data, ds);
        }
        free(nodes);
    }
    manifest_store_format_dups(&m->store, ds);
}

/* Accepts the content of one file. */
static char *
confirm_file(struct manifest_source *s, struct shash_node *node)
{
    struct manifests *m = s->manifests;
    struct manifest_file *f = node->data;
    char *before;

    if (f->problem == MANIFEST_FINE) {
        return xasprintf("%s has no problem that could be confirmed", f->path);
    }
    if (manifest_file_look(f) == MANIFEST_LOOK_MISSING) {
        if (!s->is_folder) {
            return xasprintf("%s does not exist; put an empty list there, or "
                             "start without it", f->path);
        }
        VLOG_INFO("%s: its absence is confirmed", f->path);
        manifest_source_remove_file(s, node);
        return NULL;
    }

    before = file_problems(f);
    manifest_file_cancel_read(f);
    f->accept_small = true;
    while (manifest_file_read(f, LLONG_MAX) == MANIFEST_READ_MORE) {
        continue;
    }
    f->accept_small = false;
    manifests_remove_dirty(f);
    if (f->problem == MANIFEST_FINE) {
        VLOG_INFO("%s: its content is confirmed", f->path);
        manifest_store_drop_lost(&m->store, &f->store_file);
    }
    after_read(m, f, before);
    free(before);
    return f->problem == MANIFEST_FINE ? NULL : file_problems(f);
}

char *
manifests_confirm(struct manifests *m, const char *path, long long int now)
{
    char *abs = abs_file_name(NULL, path);
    char *error = NULL;
    bool found = false;

    m->now = now;
    for (size_t i = 0; i < m->n_sources; i++) {
        struct manifest_source *s = m->sources[i];
        bool whole = s->is_folder && !strcmp(abs, s->path)
                     && !s->unreadable;
        struct shash_node *node;

        SHASH_FOR_EACH_SAFE (node, &s->files) {
            struct manifest_file *f = node->data;

            if (!strcmp(abs, f->path)
                || (whole && f->problem != MANIFEST_FINE)) {
                char *e = confirm_file(s, node);

                found = true;
                if (!error) {
                    error = e;
                } else {
                    free(e);
                }
            }
        }
    }
    if (!found) {
        error = xasprintf("%s is no manifest that has a problem", path);
    }
    follow_changes(m);
    update_synced(m);
    free(abs);
    return error;
}
