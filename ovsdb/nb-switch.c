/* SPDX-License-Identifier: Apache-2.0 */

/* The switches of a Northbound transaction: two keys of other_config, on
 * behalf of nb-act.c, which says how a batch is compared, sent and seen. */

#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "ovsdb-idl.h"
#include "smap.h"
#include "util.h"
#include "uuid.h"

#include "ovsdb/nb-idl.h"

#include "agent/core/exclude-ips.h"
#include "ovsdb/nb-view-private.h"

static const struct ovsdb_idl_column *const columns[] = {
    &nbrec_logical_switch_col_other_config,
};

static const struct nbrec_logical_switch *
find_row(const struct nb_view *view, const struct uuid *uuid)
{
    const struct nbrec_logical_switch *row
        = nbrec_logical_switch_get_for_uuid(view->conn.idl, uuid);

    return row && db_row_exists(&row->header_) ? row : NULL;
}

uint64_t
nb_switch_digest(const struct nb_view *view, const struct uuid *uuid)
{
    const struct nbrec_logical_switch *row = find_row(view, uuid);

    return (row ? db_row_digest(&row->header_, columns, ARRAY_SIZE(columns))
            : 0);
}

bool
nb_switch_is_as_expected(const struct nb_view *view,
                         const struct nb_switch_write *w)
{
    const struct nbrec_logical_switch *row = find_row(view, &w->network);

    return (row
            && nullable_string_is_equal(smap_get(&row->other_config,
                                                 EXCLUDE_IPS_KEY),
                                        w->old_exclude)
            && nullable_string_is_equal(smap_get(&row->other_config,
                                                 EXCLUDE_OURS_KEY),
                                        w->old_ours));
}

static void
set_key(const struct nbrec_logical_switch *row, const char *key,
        const char *old, const char *new)
{
    if (nullable_string_is_equal(old, new)) {
        return;
    }
    if (new) {
        nbrec_logical_switch_update_other_config_setkey(row, key, new);
    } else {
        nbrec_logical_switch_update_other_config_delkey(row, key);
    }
}

void
nb_switch_compose(struct nb_view *view, const struct nb_switch_write *w,
                  struct nb_act_row *r)
{
    const struct nbrec_logical_switch *row = find_row(view, &w->network);

    r->uuid = w->network;
    r->before = nb_switch_digest(view, &w->network);
    r->changes = true;
    nbrec_logical_switch_verify_other_config(row);
    set_key(row, EXCLUDE_IPS_KEY, w->old_exclude, w->new_exclude);
    set_key(row, EXCLUDE_OURS_KEY, w->old_ours, w->new_ours);
}
