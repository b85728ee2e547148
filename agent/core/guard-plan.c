/* SPDX-License-Identifier: Apache-2.0 */

/* From candidates to a plan; see plan.h. */

#include <config.h>

#include "guard-private.h"

#include "lsp-edit.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "plan.h"
#include "util.h"
#include "uuid.h"

bool
plan_edit(const struct port *p, const struct ip_addr *ip,
          struct svec *addresses, struct svec *port_security, bool *kept)
{
    struct svec out = SVEC_EMPTY_INITIALIZER;

    if (kept) {
        *kept = false;
    }
    if (lsp_edit_clear(addresses->names, addresses->n, ip, &out)
        != LSP_EDIT_CHANGED) {
        svec_destroy(&out);
        return false;
    }
    guard_assign_svec(addresses, &out);
    /* A gated port sends nothing, and may get the address back. */
    if (!evidence_is_gated(p)) {
        bool refused = lsp_edit_ps_narrow(port_security->names,
                                          port_security->n, ip, &out)
                       == LSP_EDIT_REFUSED;

        guard_assign_svec(port_security, &out);
        if (kept) {
            *kept = refused;
        }
    }
    return true;
}

/* ---- Making one. ---- */

/* Can the strings stand on a line each? */
static bool
is_writable(const struct svec *svec)
{
    for (size_t i = 0; i < svec->n; i++) {
        if (!svec->names[i][0] || strpbrk(svec->names[i], "\r\n")) {
            return false;
        }
    }
    return true;
}

static bool
port_is_writable(const struct port *p)
{
    return (p->name[0] && !strpbrk(p->name, "\r\n")
            && !strpbrk(p->network->name, "\r\n")
            && is_writable(&p->addresses) && is_writable(&p->port_security));
}

/* In one line, whatever is in it. */
static char *
one_line(char *text)
{
    for (char *s = text; *s; s++) {
        if (*s == '\n' || *s == '\r') {
            *s = ' ';
        }
    }
    return text;
}

static void
begin_row(struct plan *plan, const struct port *p)
{
    struct plan_row *row;

    plan->rows = xrealloc(plan->rows, (plan->n + 1) * sizeof *plan->rows);
    row = &plan->rows[plan->n++];
    memset(row, 0, sizeof *row);
    row->uuid = p->uuid;
    row->port = xstrdup(p->name);
    row->network = xstrdup(p->network->name);
    svec_clone(&row->saw_addresses, &p->addresses);
    svec_clone(&row->write_addresses, &p->addresses);
    svec_clone(&row->saw_port_security, &p->port_security);
    svec_clone(&row->write_port_security, &p->port_security);
}

static void
add_clear(struct plan *plan, const struct candidate *c, const struct port *p)
{
    struct plan_row *row;

    if (!plan->n || !uuid_equals(&plan->rows[plan->n - 1].uuid, &p->uuid)) {
        begin_row(plan, p);
    }
    row = &plan->rows[plan->n - 1];
    plan_edit(p, &c->addr, &row->write_addresses, &row->write_port_security,
              NULL);
    row->clears = xrealloc(row->clears,
                           (row->n_clears + 1) * sizeof *row->clears);
    row->clears[row->n_clears++] = (struct plan_clear) {
        .addr = c->addr,
        .because = one_line(xasprintf("case %s, %s", c->case_, c->why)),
    };
}

static void
add_note(struct plan *plan, const struct candidate *c, const char *what)
{
    char ip[IP_ADDR_STRLEN];

    svec_add_nocopy(&plan->notes, one_line(xasprintf(
        "%s: %s %s (case %s, %s)", c->port_name,
        ip_addr_to_string(&c->addr, ip), what, c->case_, c->why)));
}

void
guard_make_plan(const struct guard *g, const struct guard_env *env OVS_UNUSED,
                struct plan *plan)
{
    const struct candidate **candidates;
    size_t n;

    memset(plan, 0, sizeof *plan);
    svec_init(&plan->notes);
    candidates = guard_sorted_candidates(g, &n);
    for (size_t i = 0; i < n; i++) {
        const struct candidate *c = candidates[i];
        const struct port *p = model_find_port(&g->model, &c->port);

        if (!p || !p->network) {
            continue;
        } else if (c->kind == VERDICT_CLEAR && !port_is_writable(p)) {
            add_note(plan, c, "is stale, but the row has strings that are "
                     "not addresses");
        } else if (c->kind == VERDICT_CLEAR) {
            add_clear(plan, c, p);
        } else if (c->kind == VERDICT_WAIT) {
            add_note(plan, c, judge_binding(&g->model, p) == BINDING_UNKNOWN
                     ? "looks stale, but it is not known yet whether its port "
                       "is bound"
                     : "looks stale, but may still be in use");
        } else if (c->kind == VERDICT_MOVING) {
            add_note(plan, c, "is the CNI controller's to move");
        }
    }
    free(candidates);
}
