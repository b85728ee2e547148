/* SPDX-License-Identifier: Apache-2.0 */

/* A folder of files without secrets, and the archive of it; see bundle.h. */

#include <config.h>

#include "bundle.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db-ctl-base.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "process.h"
#include "timeval.h"
#include "util.h"

#include "redact.h"

/* Of each file that is copied, its end. */
#define BUNDLE_MAX_FILE (1024 * 1024)

void
bundle_init(struct bundle *b)
{
    const char *tmp = getenv("TMPDIR");
    char *stamp = xastrftime_msec("%Y%m%dT%H%M%SZ", time_wall_msec(), true);

    memset(b, 0, sizeof *b);
    svec_init(&b->files);
    svec_init(&b->missing);
    umask(077);
    b->parent = xasprintf("%s/ovn-ipguard-bundle.XXXXXX",
                          tmp && tmp[0] ? tmp : "/tmp");
    if (!mkdtemp(b->parent)) {
        ctl_fatal("bundle: %s: cannot be made (%s); is TMPDIR right?",
                  b->parent, ovs_strerror(errno));
    }
    b->dir = xasprintf("%s/ovn-ipguard-%s", b->parent, stamp);
    if (mkdir(b->dir, 0700)) {
        ctl_fatal("bundle: %s: %s", b->dir, ovs_strerror(errno));
    }
    free(stamp);
}

void
bundle_destroy(struct bundle *b)
{
    for (size_t i = 0; i < b->files.n; i++) {
        char *path = xasprintf("%s/%s", b->dir, b->files.names[i]);

        unlink(path);
        free(path);
    }
    rmdir(b->dir);
    rmdir(b->parent);
    svec_destroy(&b->files);
    svec_destroy(&b->missing);
    free(b->parent);
    free(b->dir);
}

const char *
bundle_name(const struct bundle *b)
{
    return strrchr(b->dir, '/') + 1;
}

/* ---- Files. ---- */

void
bundle_add_text(struct bundle *b, const char *name, const char *text)
{
    char *path = xasprintf("%s/%s", b->dir, name);
    char *clean = redact(text, &b->n_removed);
    FILE *file = fopen(path, "w");

    if (!file || fputs(clean, file) < 0 || fclose(file)) {
        ctl_fatal("bundle: %s: cannot be written (%s)", path,
                  ovs_strerror(errno));
    }
    svec_add(&b->files, name);
    free(clean);
    free(path);
}

void
bundle_add_missing(struct bundle *b, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    svec_add_nocopy(&b->missing, xvasprintf(format, args));
    va_end(args);
}

char *
bundle_read_end(const char *path)
{
    FILE *file = fopen(path, "r");
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct stat s;
    char buffer[4096];
    size_t n;

    if (!file) {
        return NULL;
    }
    if (!fstat(fileno(file), &s) && s.st_size > BUNDLE_MAX_FILE
        && !fseeko(file, -BUNDLE_MAX_FILE, SEEK_END)) {
        ds_put_cstr(&ds, "... ");
    }
    while ((n = fread(buffer, 1, sizeof buffer, file)) > 0) {
        for (size_t i = 0; i < n; i++) {
            ds_put_char(&ds, buffer[i] ? buffer[i] : '\n');
        }
    }
    fclose(file);
    return ds_steal_cstr(&ds);
}

void
bundle_add_file(struct bundle *b, const char *name, const char *path)
{
    char *text = bundle_read_end(path);

    if (text) {
        bundle_add_text(b, name, text);
        free(text);
    } else {
        bundle_add_missing(b, "%s: %s", path, ovs_strerror(errno));
    }
}

/* ---- The archive. ---- */

/* Runs a program to its end.  Returns NULL, or what went wrong. */
static char *
run_program(char **argv)
{
    struct process *p;
    char *status, *error = NULL;
    int retval;

    process_init();
    retval = process_start(argv, &p);
    if (retval) {
        return xasprintf("%s cannot be started (%s)", argv[0],
                         ovs_strerror(retval));
    }
    for (;;) {
        process_run();
        if (process_exited(p)) {
            break;
        }
        process_wait(p);
        poll_block();
    }
    if (process_status(p)) {
        status = process_status_msg(process_status(p));
        error = xasprintf("%s ended with %s", argv[0], status);
        free(status);
    }
    process_destroy(p);
    return error;
}

char *
bundle_archive(const struct bundle *b, const char *file_name)
{
    char *name = xstrdup(bundle_name(b));
    char *argv[] = { CONST_CAST(char *, "tar"), CONST_CAST(char *, "-C"),
                     b->parent, CONST_CAST(char *, "-czf"),
                     CONST_CAST(char *, file_name),
                     CONST_CAST(char *, "--force-local"), name, NULL };
    char *error = run_program(argv);

    free(name);
    return error;
}
