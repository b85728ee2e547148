/* SPDX-License-Identifier: Apache-2.0 */

/* Single Kubernetes objects, read from YAML; see object-fixture.h. */

#include <config.h>

#include "tests/unit/object-fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "svec.h"
#include "util.h"

#include "agent/core/dialect.h"
#include "agent/kube/manifest-reader.h"
#include "tests/unit/unit.h"

struct manifest_object *
of_read_of(const struct dialect *dialect, const char *text,
           char **errorp)
{
    struct manifest_reader *r = manifest_reader_create(text, strlen(text),
                                                       true);
    struct svec path = SVEC_EMPTY_INITIALIZER;
    struct manifest_object *object = NULL;
    struct manifest_item item;
    char *error;
    int line;

    *errorp = NULL;
    CU_ASSERT_EQUAL_FATAL(manifest_reader_next(r, &item, &line, &error),
                          MANIFEST_READER_ITEM);
    error = manifest_object_read(&item, dialect, &object, &path);
    if (error) {
        CU_ASSERT_PTR_NULL(object);
        *errorp = xasprintf("%d: %s", manifest_reader_locate(r, &path),
                            error);
        free(error);
    }
    svec_destroy(&path);
    manifest_reader_destroy(r);
    return object;
}

struct manifest_object *
of_read(const char *text, char **errorp)
{
    return of_read_of(&dialect_kube_ovn, text, errorp);
}

struct manifest_object *
of_read_good_of(const struct dialect *dialect, const char *text)
{
    char *error;
    struct manifest_object *object = of_read_of(dialect, text, &error);

    if (error) {
        fprintf(stderr, "<<%s>>: %s\n", text, error);
        CU_FAIL_FATAL("error");
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(object);
    return object;
}

struct manifest_object *
of_read_good(const char *text)
{
    return of_read_good_of(&dialect_kube_ovn, text);
}
