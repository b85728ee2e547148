/* SPDX-License-Identifier: Apache-2.0 */

/* See config-db.h. */

#include <config.h>

#include "config-db.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/vlog.h"
#include "smap.h"
#include "util.h"

#include "agent/options.h"

VLOG_DEFINE_THIS_MODULE(config_db);

#define PROBE_KEY "inactivity-probe"

void
config_db_init(struct config_db *c, const struct options *options)
{
    c->options = options;
    c->settings = options->settings;
    c->probe_ms = options->probe_ms;
    smap_init(&c->seen);
}

void
config_db_destroy(struct config_db *c)
{
    smap_destroy(&c->seen);
}

/* Sets 'key' in '*settings' or '*probe_ms'.  Returns NULL, or why not. */
static char *
set_key(struct settings *settings, int *probe_ms, const char *key,
        const char *value)
{
    if (!strcmp(key, PROBE_KEY)) {
        return options_parse_probe(value, probe_ms);
    }
    if (!strcmp(key, "mode")) {
        return xstrdup("the mode is set in the column IPGuard:mode");
    }
    return settings_set(settings, key, value);
}

/* Copies the value of 'key' that is in force to '*settings' or '*probe_ms',
 * and describes it for the log in 'kept'. */
static void
keep_key(const struct config_db *c, struct settings *settings, int *probe_ms,
         const char *key, struct ds *kept)
{
    if (!strcmp(key, PROBE_KEY)) {
        *probe_ms = c->probe_ms;
        ds_put_format(kept, "; keeping %d", c->probe_ms);
    } else if (strcmp(key, "mode")) {
        struct ds value = DS_EMPTY_INITIALIZER;

        if (settings_format(&c->settings, key, &value)) {
            free(settings_set(settings, key, ds_cstr(&value)));
            ds_put_format(kept, "; keeping %s", ds_cstr(&value));
        }
        ds_destroy(&value);
    }
}

/* Logs at INFO what differs between 'old' and 'new'. */
static void
log_changes(const struct settings *old, const struct settings *new)
{
    size_t n;
    const struct setting_info *infos = settings_info(&n);

    for (size_t i = 0; i < n; i++) {
        struct ds before = DS_EMPTY_INITIALIZER;
        struct ds after = DS_EMPTY_INITIALIZER;

        settings_format(old, infos[i].name, &before);
        settings_format(new, infos[i].name, &after);
        if (strcmp(ds_cstr(&before), ds_cstr(&after))) {
            VLOG_INFO("%s: now %s (was %s)", infos[i].name, ds_cstr(&after),
                      ds_cstr(&before));
        }
        ds_destroy(&before);
        ds_destroy(&after);
    }
}

bool
config_db_update(struct config_db *c, const struct smap *other_config)
{
    struct settings settings = c->options->settings;
    int probe_ms = c->options->probe_ms;
    const struct smap_node *node;
    bool changed;

    if (smap_equal(other_config, &c->seen)) {
        return false;
    }

    SMAP_FOR_EACH (node, other_config) {
        char *error = set_key(&settings, &probe_ms, node->key, node->value);
        struct ds kept = DS_EMPTY_INITIALIZER;
        const char *before;

        if (!error) {
            continue;
        }
        keep_key(c, &settings, &probe_ms, node->key, &kept);
        before = smap_get(&c->seen, node->key);
        if (!before || strcmp(before, node->value)) {
            VLOG_WARN("other_config:%s: %s%s", node->key, error,
                      ds_cstr(&kept));
        }
        ds_destroy(&kept);
        free(error);
    }
    smap_destroy(&c->seen);
    smap_clone(&c->seen, other_config);

    if (probe_ms != c->probe_ms) {
        VLOG_INFO(PROBE_KEY": now %d (was %d)", probe_ms, c->probe_ms);
        c->probe_ms = probe_ms;
    }
    changed = memcmp(&settings, &c->settings, sizeof settings) != 0;
    if (changed) {
        log_changes(&c->settings, &settings);
        c->settings = settings;
    }
    return changed;
}
