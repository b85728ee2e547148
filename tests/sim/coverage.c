/* SPDX-License-Identifier: Apache-2.0 */

/* What the worlds of this run have reached: each step in the life of a hold,
 * and each case of staleness. */

#include <config.h>

#include "tests/sim/sim.h"

#include <string.h>

#include "openvswitch/util.h"
#include "util.h"
#include "uuid.h"

#include "agent/core/guard-private.h"

const char *const coverage_case_names[N_CASES] = {
    "A", "B", "B'", "C", "D", "E", "F", "G",
};

/* Which state may follow which: hold.h has the diagram. */
bool
coverage_transition_possible(enum hold_state from, enum hold_state to)
{
    switch (from) {
    case HOLD_INTENT:
        return (to == HOLD_CLEARING || to == HOLD_DRAINING
                || to == HOLD_CANCELLED);
    case HOLD_CLEARING:
        return to == HOLD_DRAINING || to == HOLD_CANCELLED;
    case HOLD_DRAINING:
        return (to == HOLD_BLOCKED || to == HOLD_CLEAN || to == HOLD_RELEASED
                || to == HOLD_CANCELLED || to == HOLD_FORCED);
    case HOLD_BLOCKED:
        return (to == HOLD_CLEAN || to == HOLD_RELEASED
                || to == HOLD_CANCELLED || to == HOLD_FORCED);
    case HOLD_CLEAN:
        return (to == HOLD_RELEASED || to == HOLD_DRAINING
                || to == HOLD_CANCELLED || to == HOLD_FORCED);
    case HOLD_RELEASED:
    case HOLD_CANCELLED:
    case HOLD_FORCED:
        return false;
    }
    OVS_NOT_REACHED();
}

/* ---- Counting. ---- */

#define MAX_HOLDS 32
static struct {
    struct uuid uuid;
    struct uuid network;
    struct ip_addr addr;
    enum hold_state state;
} before[MAX_HOLDS];
static size_t n_before, n_journal_before;

void
coverage_before_turn(struct world *w OVS_UNUSED, const struct instance *in)
{
    const struct hold *h;

    n_before = 0;
    n_journal_before = in->guard->n_journal;
    HMAP_FOR_EACH (h, node, &in->guard->holds.holds) {
        if (n_before < MAX_HOLDS) {
            before[n_before].uuid = h->uuid;
            before[n_before].network = h->network;
            before[n_before].addr = h->addr;
            before[n_before++].state = h->state;
        }
    }
}

/* How the hold that is no longer there has ended, or -1. */
static int
end_of(const struct guard *g, const struct uuid *uuid)
{
    for (size_t i = 0; i < g->n_delete_holds; i++) {
        if (uuid_equals(&g->delete_holds[i], uuid)) {
            return i;
        }
    }
    return -1;
}

/* Counts the end of the i-th, if that is among 'n' entries of 'journal'. */
static bool
find_end(const struct journal_entry *journal, size_t n, size_t i)
{
    static const struct {
        const char *action;
        enum hold_state end;
    } ends[] = {
        { "release", HOLD_RELEASED }, { "cancel", HOLD_CANCELLED },
        { "force", HOLD_FORCED },
    };
    char ip[IP_ADDR_STRLEN];

    ip_addr_to_string(&before[i].addr, ip);
    for (size_t j = 0; j < n; j++) {
        for (size_t k = 0; k < ARRAY_SIZE(ends); k++) {
            if (!strcmp(journal[j].action, ends[k].action)
                && uuid_equals(&journal[j].network, &before[i].network)
                && nullable_string_is_equal(journal[j].address, ip)) {
                coverage->transitions[before[i].state][ends[k].end]++;
                return true;
            }
        }
    }
    return false;
}

static void
count_end(const struct guard *g, size_t i)
{
    size_t from = MIN(n_journal_before, g->n_journal);

    if ((end_of(g, &before[i].uuid) >= 0 || g->sent)
        && !find_end(g->journal + from, g->n_journal - from, i)
        && g->sent) {
        find_end(g->sent->journal, g->sent->n_journal, i);
    }
}

void
coverage_after_turn(struct world *w OVS_UNUSED, const struct instance *in)
{
    coverage->turns++;
    for (size_t i = 0; i < n_before; i++) {
        const struct hold *h = hold_table_find_uuid(&in->guard->holds,
                                                    &before[i].uuid);
        if (!h) {
            count_end(in->guard, i);
        } else if (h->state != before[i].state) {
            coverage->transitions[before[i].state][h->state]++;
        }
    }
}

static void
count_case(const char *name)
{
    for (int i = 0; i < N_CASES; i++) {
        if (!strcmp(coverage_case_names[i], name)) {
            coverage->cases[i]++;
        }
    }
}

void
coverage_journal(const struct journal_entry *j)
{
    if (!strcmp(j->action, "clear")) {
        coverage->clears++;
    } else if (!strcmp(j->action, "set")) {
        coverage->sets++;
    } else if (!strcmp(j->action, "put-back")) {
        coverage->put_backs++;
    } else if (!strcmp(j->action, "gate")) {
        coverage->gates++;
    } else if (!strcmp(j->action, "brake")) {
        coverage->brakes++;
    } else if (!strcmp(j->action, "freeze")) {
        coverage->freezes++;
    }
    count_case(j->case_);
}

/* The cases in which nothing is written: what is said of each address. */
void
coverage_rest(const struct world *w OVS_UNUSED, const struct instance *in)
{
    struct guard *g = in->guard;
    const struct port *p;

    HMAP_FOR_EACH (p, uuid_node, &g->model.ports) {
        for (size_t i = 0; i < p->static_ips.n && p->member; i++) {
            struct verdict v;

            judge_address(&g->model, &g->settings, g->mode, &g->holds, p,
                          &p->static_ips.addrs[i], w->now, &v);
            if (v.kind != VERDICT_CLEAR) {
                count_case(v.case_);
            }
            verdict_destroy(&v);
        }
    }
}

void
coverage_add(struct coverage *sum, const struct coverage *c)
{
    uint64_t *dst = (uint64_t *) sum;
    const uint64_t *src = (const uint64_t *) c;

    BUILD_ASSERT_DECL(sizeof *c % sizeof *src == 0);
    for (size_t i = 0; i < sizeof *c / sizeof *src; i++) {
        dst[i] += src[i];
    }
}

/* ---- Reporting. ---- */

static int
report_transitions(const struct coverage *c, bool strict)
{
    int n = 0;

    for (int i = 0; i < HOLD_N_STATES; i++) {
        for (int j = 0; j < HOLD_N_STATES; j++) {
            bool possible = coverage_transition_possible(i, j);

            if (!possible && !c->transitions[i][j]) {
                continue;
            }
            printf("  hold %s -> %s: %"PRIu64"%s\n", hold_state_to_string(i),
                   hold_state_to_string(j), c->transitions[i][j],
                   !possible ? " (not in the diagram)"
                   : !c->transitions[i][j] ? " (not reached)" : "");
            n += strict && (!possible || !c->transitions[i][j]);
        }
    }
    return n;
}

int
coverage_report(const struct coverage *c, bool strict)
{
    int n = report_transitions(c, strict);

    for (int i = 0; i < N_CASES; i++) {
        printf("  case %s: %"PRIu64"\n", coverage_case_names[i], c->cases[i]);
        n += strict && !c->cases[i];
    }
    printf("  case H: %"PRIu64"\n", c->sets);
    n += strict && !c->sets;
    for (int i = 0; strict && i < N_EVENT_KINDS; i++) {
        if (!c->happened[i]) {
            printf("  event %d never happened\n", i);
            n++;
        }
    }
    printf("  %"PRIu64" clears, %"PRIu64" sets, %"PRIu64" put-backs, "
           "%"PRIu64" gates, %"PRIu64" freezes, %"PRIu64" brakes\n"
           "  %"PRIu64" addresses were given by ovn-kubernetes\n"
           "  %"PRIu64" IP objects were reserved, %"PRIu64" released, "
           "%"PRIu64" nudges, %"PRIu64" refusals told\n"
           "  %"PRIu64" owners came back amid a clear, %"PRIu64" lost their "
           "address for a moment\n"
           "  %"PRIu64" pods were refused, %"PRIu64" leaders moved, SB was "
           "restored %"PRIu64" times\n",
           c->clears, c->sets, c->put_backs, c->gates, c->freezes,
           c->brakes, c->given, c->reserved, c->released, c->nudges,
           c->refusals_told, c->regrets, c->losses, c->refusals,
           c->leader_moves,
           c->sb_restores);
    return n;
}
