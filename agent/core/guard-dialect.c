/* SPDX-License-Identifier: Apache-2.0 */

/* Which dialect is spoken, where it is to be found out: looked at in each turn
 * before anything is judged.  The decision itself is in dialect-auto.c. */

#include <config.h>

#include "guard-private.h"

#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "util.h"

static const struct dialect *
decided_dialect(const struct model *m)
{
    return m->dialect == &dialect_auto ? NULL : m->dialect;
}

static char *
format_marks(const struct model *m)
{
    char *ports[N_DIALECTS], *pods[N_DIALECTS];
    struct ds ds = DS_EMPTY_INITIALIZER;

    model_marks_examples(m, ports, pods);
    dialect_marks_format(m->marks, ports, pods, &ds);
    for (size_t i = 0; i < N_DIALECTS; i++) {
        free(ports[i]);
        free(pods[i]);
    }
    return ds_steal_cstr(&ds);
}

static void
note_state(struct guard *g, enum dialect_state state)
{
    const struct dialect *decided = decided_dialect(&g->model);
    enum dialect_state before = g->dialect_state;

    g->dialect_state = state;
    free(g->dialect_seen);
    g->dialect_seen = format_marks(&g->model);
    guard_settle_anew(g);
    g->own_changes++;
    g->again = true;
    switch (state) {
    case DIALECT_GIVEN:
        OVS_NOT_REACHED();
    case DIALECT_UNDECIDED:
        guard_log(g, 'i', "dialect: not decided any more: no port and no pod "
                  "bears the marks of one");
        break;
    case DIALECT_DECIDED:
        guard_log(g, 'i', "dialect: %s%s; seen: %s", decided->name,
                  before == DIALECT_CONTRADICTED ? " again" : "",
                  g->dialect_seen);
        break;
    case DIALECT_AMBIGUOUS:
        guard_log(g, 'e', "dialect: ambiguous; nothing is written but gate "
                  "openings until it is given by --dialect or the marks of "
                  "one are gone; seen: %s", g->dialect_seen);
        break;
    case DIALECT_CONTRADICTED:
        guard_log(g, 'e', "dialect: %s, but the marks of another are there "
                  "as well; nothing is written but gate openings until they "
                  "are gone or it is given by --dialect; seen: %s",
                  decided->name, g->dialect_seen);
        break;
    }
}

void
guard_decide_dialect(struct guard *g)
{
    struct model *m = &g->model;
    const struct dialect *decided = decided_dialect(m);
    const struct dialect *choice;
    enum dialect_state state;

    if (!m->dialect_is_auto || !m->nb_synced) {
        return;
    }
    state = dialect_decide(decided, m->marks, &choice);
    if (choice != decided) {
        guard_drop_all_judgements(g);
        model_set_dialect(m, choice);
        g->counters.full_passes++;
    }
    if (state != g->dialect_state) {
        note_state(g, state);
    }
}

const char *
guard_dialect_refusal(const struct guard *g, bool destructive)
{
    switch (g->dialect_state) {
    case DIALECT_GIVEN:
    case DIALECT_DECIDED:
        return NULL;
    case DIALECT_UNDECIDED:
        return destructive ? REFUSED_DIALECT_UNDECIDED : NULL;
    case DIALECT_AMBIGUOUS:
    case DIALECT_CONTRADICTED:
        return REFUSED_DIALECT_AMBIGUOUS;
    }
    OVS_NOT_REACHED();
}

const char *
guard_dialect_name(const struct guard *g)
{
    const struct dialect *decided = decided_dialect(&g->model);

    return decided ? decided->name : "not decided";
}

void
guard_format_dialect(const struct guard *g, struct ds *ds)
{
    const struct dialect *decided = decided_dialect(&g->model);

    ds_put_cstr(ds, "dialect: ");
    switch (g->dialect_state) {
    case DIALECT_GIVEN:
        ds_put_format(ds, "%s, as given\n", decided->name);
        break;
    case DIALECT_UNDECIDED:
        ds_put_cstr(ds, "not decided: no port and no pod bears the marks of "
                    "one\n");
        break;
    case DIALECT_DECIDED:
        for (size_t i = 0; i < N_DIALECTS; i++) {
            if (dialects[i] == decided) {
                ds_put_format(ds, "%s, found out by the marks of %"PRIuSIZE
                              " port(s) and %"PRIuSIZE" pod(s)\n",
                              decided->name, g->model.marks[i].n_ports,
                              g->model.marks[i].n_pods);
            }
        }
        break;
    case DIALECT_AMBIGUOUS:
    case DIALECT_CONTRADICTED:
        ds_put_format(ds, "ambiguous: %s%sseen: %s; nothing is written; give "
                      "it by --dialect\n",
                      decided ? decided->name : "",
                      decided ? " was found first, but " : "",
                      g->dialect_seen);
        break;
    }
}
