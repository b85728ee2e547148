/* SPDX-License-Identifier: Apache-2.0 */

/* The files that make up what "bundle" gives out, in a temporary folder until
 * they are archived.  All text goes through redact() before it is written.
 * What is put in is cmd-bundle.c's choice. */

#ifndef BUNDLE_H
#define BUNDLE_H 1

#include <stddef.h>

#include "openvswitch/compiler.h"
#include "svec.h"

struct bundle {
    char *parent;               /* Temporary folder, ours alone. */
    char *dir;                  /* What is archived, in it. */
    size_t n_removed;           /* Secrets. */
    struct svec files;          /* Names in 'dir'. */
    struct svec missing;        /* What could not be had, and why. */
};

/* Makes a folder of our own, which nobody else may look into, or exits. */
void bundle_init(struct bundle *);
/* Removes it with all that is in it. */
void bundle_destroy(struct bundle *);

/* The name of the folder in the archive. */
const char *bundle_name(const struct bundle *);

/* Writes 'text', without secrets, as the file 'name', or exits. */
void bundle_add_text(struct bundle *, const char *name, const char *text);

/* Notes what could not be had, and why. */
void bundle_add_missing(struct bundle *, const char *format, ...)
    OVS_PRINTF_FORMAT(2, 3);

/* Returns the end of the file 'path', or NULL; the caller frees it.  Null
 * bytes are line ends. */
char *bundle_read_end(const char *path);

/* Adds the end of 'path' as the file 'name', or notes why it cannot be had. */
void bundle_add_file(struct bundle *, const char *name, const char *path);

/* Makes the archive 'file_name'.  Returns NULL, or what went wrong, which the
 * caller frees. */
char *bundle_archive(const struct bundle *, const char *file_name);

#endif /* bundle.h */
