/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "safety.h"

#include <inttypes.h>
#include <stdlib.h>

#include "openvswitch/util.h"
#include "plant.h"
#include "settings.h"
#include "util.h"

void
safety_init(struct safety *s)
{
    memset(s, 0, sizeof *s);
    s->nb_identity = xstrdup("");
    s->sb_identity = xstrdup("");
}

void
safety_destroy(struct safety *s)
{
    free(s->brake);
    free(s->frozen);
    free(s->clears);
    free(s->nb_identity);
    free(s->sb_identity);
}

/* ---- Brake. ---- */

static void
expire_clears(struct safety *s, const struct settings *set, long long int now)
{
    size_t old = 0;

    while (old < s->n_clears && s->clears[old] <= now - set->brake_window_ms) {
        old++;
    }
    if (old) {
        memmove(s->clears, s->clears + old,
                (s->n_clears - old) * sizeof *s->clears);
        s->n_clears -= old;
    }
}

size_t
safety_recent_clears(const struct safety *s, const struct settings *set,
                     long long int now)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n_clears; i++) {
        n += s->clears[i] > now - set->brake_window_ms;
    }
    return n;
}

char *
safety_check_clears(struct safety *s, const struct settings *set, size_t n,
                    size_t n_judged, long long int now)
{
    char *why = NULL;

    if (s->brake) {
        return xstrdup(s->brake);
    }
    expire_clears(s, set, now);
    size_t total = s->n_clears + n;
    if (total > (size_t) set->brake_clears) {
        why = xasprintf("%"PRIuSIZE" clears in %lld s would be more than %d",
                        total, set->brake_window_ms / 1000,
                        set->brake_clears);
    } else if (total > (size_t) set->brake_floor
               && total * 100 > n_judged * (size_t) set->brake_percent) {
        why = xasprintf("%"PRIuSIZE" clears in %lld s would be more than %d "
                        "and more than %d %% of %"PRIuSIZE" ports", total,
                        set->brake_window_ms / 1000, set->brake_floor,
                        set->brake_percent, n_judged);
    }
    if (why) {
        s->brake = xstrdup(why);
    }
    return why;
}

void
safety_count_clear(struct safety *s, long long int now)
{
    if (s->n_clears >= s->allocated_clears) {
        s->clears = x2nrealloc(s->clears, &s->allocated_clears,
                               sizeof *s->clears);
    }
    s->clears[s->n_clears++] = now;
}

/* ---- Freeze. ---- */

void
safety_freeze(struct safety *s, const char *reason)
{
    if (!s->frozen) {
        s->frozen = xstrdup(reason);
    }
}

void
safety_thaw(struct safety *s)
{
    free(s->frozen);
    s->frozen = NULL;
    free(s->nb_identity);
    s->nb_identity = xstrdup("");
    s->nb_cfg = 0;
    s->nb_ports_known = false;
    free(s->sb_identity);
    s->sb_identity = xstrdup("");
    s->sb_cfg = 0;
    s->nb_cfg_told = s->sb_cfg_told = 0;
    s->behind_ms = 0;
}

static void
adopt(char **s, const char *value)
{
    if (strcmp(*s, value)) {
        free(*s);
        *s = xstrdup(value);
    }
}

void
safety_see_nb(struct safety *s, const char *identity, int64_t nb_cfg,
              size_t n_ports)
{
    adopt(&s->nb_identity, identity);
    s->nb_cfg = nb_cfg;
    s->nb_ports = n_ports;
    s->nb_ports_known = true;
}

void
safety_see_sb(struct safety *s, const char *identity, int64_t nb_cfg)
{
    adopt(&s->sb_identity, identity);
    s->sb_cfg = nb_cfg;
}

char *
safety_check_nb(struct safety *s, const struct settings *set,
                const char *identity, int64_t nb_cfg, size_t n_ports)
{
    if (s->nb_identity[0] && strcmp(s->nb_identity, identity)) {
        return xasprintf("the Northbound database is another one (%s, "
                         "formerly %s)", identity, s->nb_identity);
    }
    if (nb_cfg < s->nb_cfg && !PLANTED(ROLLBACK_UNSEEN)) {
        return xasprintf("nb_cfg of the Northbound database went back from "
                         "%"PRId64" to %"PRId64, s->nb_cfg, nb_cfg);
    }
    if (s->nb_ports_known && n_ports < s->nb_ports) {
        size_t lost = s->nb_ports - n_ports;
        if (lost >= (size_t) set->shrink_floor
            && lost * 100 > s->nb_ports * (size_t) set->shrink_percent) {
            return xasprintf("the Northbound database lost %"PRIuSIZE" of "
                             "%"PRIuSIZE" ports at once", lost, s->nb_ports);
        }
    }
    safety_see_nb(s, identity, nb_cfg, n_ports);
    return NULL;
}

char *
safety_check_sb(struct safety *s, const char *identity, int64_t nb_cfg)
{
    if (s->sb_identity[0] && strcmp(s->sb_identity, identity)) {
        return xasprintf("the Southbound database is another one (%s, "
                         "formerly %s)", identity, s->sb_identity);
    }
    if (nb_cfg < s->sb_cfg && !PLANTED(ROLLBACK_UNSEEN)) {
        return xasprintf("nb_cfg of the Southbound database went back from "
                         "%"PRId64" to %"PRId64, s->sb_cfg, nb_cfg);
    }
    safety_see_sb(s, identity, nb_cfg);
    return NULL;
}

/* What was told of another database is no measure for this one. */
static void
tell(char **identity, int64_t *seen, int64_t *told, const char *new_identity,
     int64_t nb_cfg)
{
    if (strcmp(*identity, new_identity)) {
        adopt(identity, new_identity);
        *seen = 0;
        *told = nb_cfg;
    } else {
        *told = MAX(*told, nb_cfg);
    }
}

void
safety_tell_nb(struct safety *s, const char *identity, int64_t nb_cfg,
               size_t n_ports)
{
    tell(&s->nb_identity, &s->nb_cfg, &s->nb_cfg_told, identity, nb_cfg);
    s->nb_ports = n_ports;
    s->nb_ports_known = n_ports > 0;
}

void
safety_tell_sb(struct safety *s, const char *identity, int64_t nb_cfg)
{
    tell(&s->sb_identity, &s->sb_cfg, &s->sb_cfg_told, identity, nb_cfg);
}

bool
safety_is_behind(struct safety *s, int64_t nb_cfg, int64_t sb_cfg,
                 long long int now, char **why)
{
    bool nb = nb_cfg < s->nb_cfg_told;
    bool sb = sb_cfg < s->sb_cfg_told;

    *why = NULL;
    if ((!nb && !sb) || PLANTED(ROLLBACK_UNSEEN)) {
        s->behind_ms = 0;
        return false;
    }
    if (!s->behind_ms) {
        s->behind_ms = now;
    }
    if (now - s->behind_ms >= SAFETY_BEHIND_MS) {
        *why = xasprintf("nb_cfg of the %s database went back from %"PRId64
                         " to %"PRId64, nb ? "Northbound" : "Southbound",
                         nb ? s->nb_cfg_told : s->sb_cfg_told,
                         nb ? nb_cfg : sb_cfg);
    }
    return true;
}
