/* SPDX-License-Identifier: Apache-2.0 */

/* A manifest, whatever its form, as a sequence of Kubernetes objects: JSON or
 * YAML, one object or several, lists or not. */

#ifndef MANIFEST_READER_H
#define MANIFEST_READER_H 1

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct manifest_reader;
struct svec;

/* One object, valid until the next call of manifest_reader_next(). */
struct manifest_item {
    const json_t *json;
    int line;
    const char *default_kind;   /* What it is if it does not say itself, as in
                                 * a PodList, ... */
    const char *default_api_version; /* ... or NULL. */
};

enum manifest_reader_result {
    MANIFEST_READER_ITEM,
    MANIFEST_READER_END,
    MANIFEST_READER_ERROR,
};

/* Reads the 'len' bytes at 'text', which must stay as they are.  A text that
 * is meant to be YAML may be JSON. */
struct manifest_reader *manifest_reader_create(const char *text, size_t len,
                                               bool yaml);
void manifest_reader_destroy(struct manifest_reader *);

/* Finds the next object.  At an error (also what came before it is then not
 * to be trusted) stores its '*line' and returns it in '*error', which the
 * caller frees. */
enum manifest_reader_result manifest_reader_next(struct manifest_reader *,
                                                 struct manifest_item *,
                                                 int *line, char **error);

/* How many objects and lists there were, at the top: 0 for an empty text. */
size_t manifest_reader_n_roots(const struct manifest_reader *);

/* Returns the line in the file of the member of the last item that 'path'
 * leads to (see json_text_locate()). */
int manifest_reader_locate(const struct manifest_reader *,
                           const struct svec *path);

#endif /* manifest-reader.h */
