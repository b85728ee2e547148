/* SPDX-License-Identifier: Apache-2.0 */

/* Which files of a folder are manifests, and where they are. */

#ifndef MANIFEST_NAMES_H
#define MANIFEST_NAMES_H 1

#include <stdbool.h>

struct svec;

/* Returns the folder that the absolute 'path' is in; the caller frees it. */
char *manifest_folder_of(const char *path);

/* The last component of an absolute path. */
const char *manifest_base_name(const char *path);

/* Is it the name of a manifest in a folder? */
bool manifest_is_name(const char *name);

/* Adds the manifests in 'folder' to 'names', sorted.  Returns 0 or a positive
 * errno. */
int manifest_list_folder(const char *folder, struct svec *names);

#endif /* manifest-names.h */
