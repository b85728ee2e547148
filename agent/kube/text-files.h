/* SPDX-License-Identifier: Apache-2.0 */

/* Text files that are read together (a kubeconfig file and the certificates,
 * keys and tokens that it names) and are all read again when one of them has
 * changed on disk. */

#ifndef TEXT_FILES_H
#define TEXT_FILES_H 1

#include <stdbool.h>
#include <stddef.h>

struct text_file;

/* Those that were read; all zeros: none. */
struct text_files {
    struct text_file *files;
    size_t n;
};

/* Frees what is known of them; there is none then. */
void text_files_forget(struct text_files *);

/* Returns the content of the text file 'path', which the caller frees, and
 * remembers having read it; or NULL, with '*error' set unless it was set
 * before. */
char *text_files_read(struct text_files *, const char *path, char **error);

/* True if one of them is another than when it was read, has gone or has
 * come. */
bool text_files_changed(const struct text_files *);

#endif /* text-files.h */
