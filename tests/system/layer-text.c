/* SPDX-License-Identifier: Apache-2.0 */

/* Arguments and output of test-ovsdb-layer's commands; see layer.h. */

#include <config.h>

#include "tests/system/layer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "sset.h"
#include "svec.h"
#include "unixctl.h"
#include "util.h"

void
layer_split(struct svec *sv, const char *list)
{
    char *copy = xstrdup(list);
    char *save = NULL;

    for (char *s = strtok_r(copy, ";", &save); s;
         s = strtok_r(NULL, ";", &save)) {
        svec_add(sv, s);
    }
    free(copy);
}

void
layer_split_to_sset(struct sset *set, const char *list)
{
    struct svec sv = SVEC_EMPTY_INITIALIZER;
    const char *s;
    size_t i;

    sset_clear(set);
    layer_split(&sv, list);
    SVEC_FOR_EACH (i, s, &sv) {
        sset_add(set, s);
    }
    svec_destroy(&sv);
}

void
layer_put_svec(struct ds *ds, const char *name, const struct svec *sv)
{
    struct svec sorted;
    char *joined;

    svec_clone(&sorted, sv);
    svec_sort(&sorted);
    joined = svec_join(&sorted, ";", "");
    ds_put_format(ds, " %s=[%s]", name, joined);
    free(joined);
    svec_destroy(&sorted);
}

void
layer_put_sset(struct ds *ds, const char *name, const struct sset *set)
{
    struct svec sv = SVEC_EMPTY_INITIALIZER;
    const char *s;

    SSET_FOR_EACH (s, set) {
        svec_add(&sv, s);
    }
    layer_put_svec(ds, name, &sv);
    svec_destroy(&sv);
}

const char *
layer_tristate_to_string(enum tristate t)
{
    return t == TRI_UNSET ? "unset" : t == TRI_TRUE ? "true" : "false";
}

enum tristate
layer_tristate_from_string(const char *s)
{
    return (!strcmp(s, "true") ? TRI_TRUE
            : !strcmp(s, "false") ? TRI_FALSE : TRI_UNSET);
}

void
layer_reply_sorted(struct unixctl_conn *conn, struct ds *ds)
{
    struct svec lines = SVEC_EMPTY_INITIALIZER;
    char *save = NULL;

    for (char *s = strtok_r(ds_cstr(ds), "\n", &save); s;
         s = strtok_r(NULL, "\n", &save)) {
        svec_add(&lines, s);
    }
    svec_sort(&lines);

    char *joined = svec_join(&lines, "\n", "\n");
    unixctl_command_reply(conn, joined);
    free(joined);
    svec_destroy(&lines);
}

void
layer_reply_result(struct unixctl_conn **conn, enum txn_result result,
                   int64_t nb_cfg, const char *lost, const char *error)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_cstr(&ds, txn_result_to_string(result));
    if (nb_cfg) {
        ds_put_format(&ds, " nb_cfg=%"PRId64, nb_cfg);
    }
    if (lost[0]) {
        ds_put_format(&ds, " lost=[%s]", lost);
    }
    if (error) {
        ds_put_format(&ds, ": %s", error);
    }
    unixctl_command_reply(*conn, ds_cstr(&ds));
    *conn = NULL;
    ds_destroy(&ds);
}
