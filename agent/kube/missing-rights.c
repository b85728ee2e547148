/* SPDX-License-Identifier: Apache-2.0 */

/* Rights that single requests turned out to lack. */

#include <config.h>

#include "missing-rights.h"

#include <stdlib.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/vlog.h"

#include "util.h"

VLOG_DEFINE_THIS_MODULE(missing_rights);

/* There may be one for each namespace; those beyond this are told, and not
 * shown. */
#define MAX_SHOWN 100

void
missing_rights_init(struct missing_rights *m)
{
    shash_init(&m->texts);
}

void
missing_rights_destroy(struct missing_rights *m)
{
    shash_destroy_free_data(&m->texts);
}

void
missing_rights_add(struct missing_rights *m, const char *verb,
                   const char *resource, const char *ns,
                   const char *consequence)
{
    char *key = xasprintf("%s %s %s", verb, resource, ns);

    if (!shash_find(&m->texts, key)) {
        char *text = xasprintf("cannot %s %s in namespace %s: permission is "
                               "missing%s%s", verb, resource, ns,
                               consequence ? ": " : "",
                               consequence ? consequence : "");

        VLOG_WARN("%s", text);
        shash_add(&m->texts, key, text);
    }
    free(key);
}

void
missing_rights_remove(struct missing_rights *m, const char *verb,
                      const char *resource, const char *ns)
{
    char *key;

    if (!shash_is_empty(&m->texts)) {
        key = xasprintf("%s %s %s", verb, resource, ns);
        free(shash_find_and_delete(&m->texts, key));
        free(key);
    }
}

size_t
missing_rights_count(const struct missing_rights *m)
{
    return shash_count(&m->texts);
}

void
missing_rights_format(const struct missing_rights *m, struct ds *ds)
{
    const struct shash_node **nodes = shash_sort(&m->texts);
    size_t n = shash_count(&m->texts);

    for (size_t i = 0; i < MIN(n, MAX_SHOWN); i++) {
        ds_put_format(ds, "%s\n", (char *) nodes[i]->data);
    }
    if (n > MAX_SHOWN) {
        ds_put_format(ds, "... and %"PRIuSIZE" more\n", n - MAX_SHOWN);
    }
    free(nodes);
}
