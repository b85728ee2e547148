/* SPDX-License-Identifier: Apache-2.0 */

/* Small text files that are read again when they have changed; see
 * text-files.h. */

#include <config.h>

#include "text-files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util.h"

#include "manifest-file.h"

/* Certificates, keys and tokens are some kilobytes. */
#define MAX_FILE (1024 * 1024)

/* One that was read. */
struct text_file {
    char *path;
    bool found;
    struct file_id id;
};

void
text_files_forget(struct text_files *tf)
{
    for (size_t i = 0; i < tf->n; i++) {
        free(tf->files[i].path);
    }
    free(tf->files);
    tf->files = NULL;
    tf->n = 0;
}

static bool
look(const char *path, struct file_id *id)
{
    struct stat s;

    memset(id, 0, sizeof *id);
    if (stat(path, &s)) {
        return false;
    }
    file_id_init(id, &s);
    return true;
}

char *
text_files_read(struct text_files *tf, const char *path, char **error)
{
    struct text_file *f;
    char *text = NULL;
    size_t len = 0;
    int fd;

    tf->files = xrealloc(tf->files, (tf->n + 1) * sizeof *tf->files);
    f = &tf->files[tf->n++];
    f->path = xstrdup(path);
    /* Before it is read: a change meanwhile is then seen by the next look. */
    f->found = look(path, &f->id);

    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        goto failed;
    }
    text = xmalloc(MAX_FILE + 1);
    while (len <= MAX_FILE) {
        ssize_t n = read(fd, text + len, MAX_FILE + 1 - len);

        if (!n) {
            break;
        } else if (n > 0) {
            len += n;
        } else if (errno != EINTR) {
            goto failed;
        }
    }
    close(fd);
    if (len > MAX_FILE || memchr(text, '\0', len)) {
        if (!*error) {
            *error = xasprintf("%s: %s", path,
                               len > MAX_FILE ? "the file is too large"
                               : "the file is no text");
        }
        free(text);
        return NULL;
    }
    text[len] = '\0';
    return xrealloc(text, len + 1);

failed:
    if (!*error) {
        *error = xasprintf("%s: %s", path, ovs_strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    free(text);
    return NULL;
}

bool
text_files_changed(const struct text_files *tf)
{
    for (size_t i = 0; i < tf->n; i++) {
        const struct text_file *f = &tf->files[i];
        struct file_id id;

        if (look(f->path, &id) != f->found
            || (f->found && !file_id_equals(&id, &f->id))) {
            return true;
        }
    }
    return false;
}
