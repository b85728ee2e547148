/* SPDX-License-Identifier: Apache-2.0 */

/* Names of manifests, and which of them a folder has; see manifest-names.h. */

#include <config.h>

#include "manifest-names.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "svec.h"
#include "util.h"

char *
manifest_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == path ? xstrdup("/") : xmemdup0(path, slash - path);
}

const char *
manifest_base_name(const char *path)
{
    return strrchr(path, '/') + 1;
}

bool
manifest_is_name(const char *name)
{
    const char *dot = strrchr(name, '.');

    return (name[0] != '.' && dot
            && (!strcmp(dot, ".json") || !strcmp(dot, ".yaml")
                || !strcmp(dot, ".yml")));
}

int
manifest_list_folder(const char *folder, struct svec *names)
{
    DIR *dir = opendir(folder);
    int error = 0;

    if (!dir) {
        return errno;
    }
    for (;;) {
        struct dirent *entry;

        errno = 0;
        entry = readdir(dir);
        if (!entry) {
            error = errno;
            break;
        }
        if (manifest_is_name(entry->d_name) && entry->d_type != DT_DIR) {
            svec_add(names, entry->d_name);
        }
    }
    closedir(dir);
    svec_sort(names);
    return error;
}
