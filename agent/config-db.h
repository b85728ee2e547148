/* SPDX-License-Identifier: Apache-2.0 */

/* The settings in force: the command line's, overridden by those of
 * IPGuard:other_config in the own database.
 *
 * A key that is unknown or has a wrong value is reported once, when it
 * changes, and the setting keeps the value it had: a slip of the pen must not
 * turn a wait of minutes into none. */

#ifndef CONFIG_DB_H
#define CONFIG_DB_H 1

#include <stdbool.h>
#include "agent/core/settings.h"
#include "smap.h"

struct options;

struct config_db {
    const struct options *options;
    struct settings settings;   /* In force. */
    int probe_ms;               /* In force: OVSDB inactivity probe. */
    struct smap seen;           /* other_config as last seen. */
};

/* 'options' must outlive the config_db. */
void config_db_init(struct config_db *, const struct options *options);
void config_db_destroy(struct config_db *);

/* Takes over 'other_config'.  Returns true if 'settings' changed. */
bool config_db_update(struct config_db *, const struct smap *other_config);

#endif /* config-db.h */
