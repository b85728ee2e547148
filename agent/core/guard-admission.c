/* SPDX-License-Identifier: Apache-2.0 */

/* What the guard knows, as admission asks for it.  Whether this instance is
 * the active one does not matter: a standby's mirrors and holds are the same,
 * and it writes nothing by answering. */

#include <config.h>

#include "guard-private.h"

#include "admission.h"
#include "dialect.h"

const char *
guard_admission_refusal(const struct guard *g, const struct guard_env *env)
{
    const struct model *m = &g->model;

    if (g->safety.frozen) {
        return "frozen";
    } else if (!m->nb_synced) {
        return "no current copy of the Northbound database";
    } else if (!m->kube_synced) {
        return "pods and owners are not read completely yet";
    } else if (m->dialect == &dialect_auto) {
        return "the dialect is not decided yet";
    } else if (!m->kube_trusted) {
        return "a source of pods has a problem";
    } else if (guard_dialect_refusal(g, true)) {
        return guard_dialect_refusal(g, true);
    } else if (g->settings.mode == MODE_OBSERVE) {
        return NULL;            /* There are no holds to be read. */
    } else if (!env->store_ready || !g->store_identity[0]) {
        return "the own database is not read yet";
    } else if (g->role == ROLE_ACTIVE && !g->started) {
        return "starting";
    }
    return NULL;
}

void
guard_admission_context(const struct guard *g, const struct guard_env *env,
                        struct admission_context *ctx)
{
    *ctx = (struct admission_context) {
        .model = &g->model,
        .holds = &g->holds,
        .settings = &g->settings,
        .mode = g->mode,
        .not_ready = guard_admission_refusal(g, env),
        .idle = g->safety.frozen || g->safety.brake || env->paused,
        .wall = env->wall,
        .nb_since_wall = g->nb_synced_wall_ms,
    };
}
