/* SPDX-License-Identifier: Apache-2.0 */

/* What was done, written down: rows of the journal, which the next transaction
 * of the own database takes with it, and the last actions of the status. */

#include <config.h>

#include "guard-private.h"

#include "util.h"
#include "uuid.h"

struct journal_entry *
guard_journal(struct guard *g, const struct guard_env *env,
              const char *action, const char *case_, const char *reason)
{
    struct journal_entry *j;

    guard_count_done(g, action, case_);
    g->journal = xrealloc(g->journal,
                          (g->n_journal + 1) * sizeof *g->journal);
    j = &g->journal[g->n_journal++];
    journal_entry_init(j);
    j->sequence = ++g->sequence;
    j->wall_ms = env->wall;
    free(j->instance);
    j->instance = xstrdup(g->instance);
    free(j->action);
    j->action = xstrdup(action);
    free(j->case_);
    j->case_ = xstrdup(case_);
    free(j->reason);
    j->reason = xstrdup(reason);
    return j;
}

void
guard_journal_address(struct journal_entry *j, const struct uuid *network,
                      const char *network_name, const char *address)
{
    j->network = *network;
    guard_replace_string(&j->network_name, network_name);
    guard_replace_string(&j->address, address);
}

void
guard_journal_port(struct journal_entry *j, const struct uuid *port,
                   const char *port_name, const char *owner)
{
    j->port = *port;
    guard_replace_string(&j->port_name, port_name);
    guard_replace_string(&j->owner, owner);
}

void
guard_journal_hold(struct journal_entry *j, const struct hold *h)
{
    const struct former_port *f = (h->n_former ? &h->former[h->n_former - 1]
                                   : NULL);
    char *owner = (h->owner.name[0] ? xasprintf("%s/%s", h->owner.ns,
                                                h->owner.name) : xstrdup(""));
    char ip[IP_ADDR_STRLEN];
    const char *note;

    guard_journal_address(j, &h->network, h->network_name,
                          ip_addr_to_string(&h->addr, ip));
    guard_journal_port(j, f ? &f->port : &UUID_ZERO, f ? f->name : NULL,
                       owner);
    free(owner);
    SSET_FOR_EACH (note, &h->notes) {
        svec_add(&j->evidence, note);
    }
    if (h->b1) {
        svec_add_nocopy(&j->evidence,
                          xasprintf("barrier 1: nb_cfg %"PRId64, h->b1));
    }
    if (h->b2) {
        svec_add_nocopy(&j->evidence,
                          xasprintf("barrier 2: nb_cfg %"PRId64, h->b2));
    }
}

void
guard_note_action(struct guard *g, const struct guard_env *env,
                  const char *format, ...)
{
    struct last_action *a;
    va_list args;

    if (g->n_last_actions == N_LAST_ACTIONS) {
        free(g->last_actions[0].text);
        memmove(&g->last_actions[0], &g->last_actions[1],
                (N_LAST_ACTIONS - 1) * sizeof *g->last_actions);
        g->n_last_actions--;
    }
    a = &g->last_actions[g->n_last_actions++];
    a->wall_ms = env->wall;
    va_start(args, format);
    a->text = xvasprintf(format, args);
    va_end(args);
}
