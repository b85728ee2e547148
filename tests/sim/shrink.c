/* SPDX-License-Identifier: Apache-2.0 */

/* From a script that fails to the shortest one that still breaks the same
 * rule: events are taken out, in ever smaller pieces, then delays and
 * peculiarities of the world. */

#include <config.h>

#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

static bool
fails(const struct script *s, int rule)
{
    struct world w;
    bool broken;

    world_init(&w);
    world_play(&w, s);
    broken = w.violation == rule;
    world_destroy(&w);
    return broken;
}

/* Takes 'n' events from 'at' out of 's'. */
static void
cut(struct script *s, int at, int n)
{
    memmove(&s->events[at], &s->events[at + n],
            (s->n_events - at - n) * sizeof s->events[0]);
    s->n_events -= n;
}

static bool
cut_events(struct script *s, int rule)
{
    bool any = false;

    for (int n = MAX(s->n_events / 2, 1); n >= 1; n /= 2) {
        for (int at = s->n_events - n; at >= 0; at--) {
            struct script shorter = *s;

            if (at + n > s->n_events) {
                continue;
            }
            cut(&shorter, at, n);
            if (fails(&shorter, rule)) {
                *s = shorter;
                any = true;
            }
        }
    }
    return any;
}

static bool
keep(struct script *s, const struct script *simpler, int rule)
{
    if (fails(simpler, rule)) {
        *s = *simpler;
        return true;
    }
    return false;
}

/* Everything that can be left out of the world, one at a time. */
static bool
simplify_config(struct script *s, int rule)
{
    bool any = false;
    struct script try;

#define TRY(FIELD, VALUE)                                               \
    if (s->config.FIELD != (VALUE)) {                                   \
        try = *s;                                                       \
        try.config.FIELD = (VALUE);                                     \
        any |= keep(s, &try, rule);                                     \
    }
    TRY(two_instances, false);
    TRY(one_by_one, false);
    TRY(restart_at_rest, false);
    TRY(early_nb_cfg, false);
    TRY(slow_northd, false);
    TRY(webhook, false);
    TRY(reserve, false);
    TRY(release, false);
    TRY(ip_objects, false);
    TRY(chassis_report, true);
    TRY(dual_stack, false);
    TRY(portion, 0);
    TRY(more_ports, 0);
    TRY(port_security, false);
    TRY(patient, true);
    TRY(localnet, false);
    TRY(router_port, false);
    TRY(flush, false);
    TRY(wait_policy, false);
    TRY(deny, false);
    TRY(scope_all, false);
    TRY(whim, WHIM_NONE);
    TRY(brake, 1000);
    TRY(n_chassis, 1);
    TRY(nb_ms, 0);
    TRY(sb_ms, 0);
    TRY(kube_ms, 0);
    TRY(store_ms, 0);
    TRY(plain, false);
    TRY(vm, false);
    TRY(exists[0], false);
    TRY(exists[1], false);
    TRY(exists[2], false);
    TRY(replicas[0], 1);
    TRY(replicas[1], 1);
#undef TRY
    return any;
}

/* Rounds the times between events. */
static bool
simplify_times(struct script *s, int rule)
{
    static const int steps[] = { 10000, 1000, 100 };
    bool any = false;

    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        struct script try = *s;
        bool differs = false;

        for (int j = 0; j < try.n_events; j++) {
            int64_t at = ROUND_UP(try.events[j].at_ms, steps[i]);
            differs |= at != try.events[j].at_ms;
            try.events[j].at_ms = at;
        }
        if (differs && keep(s, &try, rule)) {
            any = true;
            break;
        }
    }
    return any;
}

void
shrink(struct script *s, int rule)
{
    bool any = true;

    for (int i = 0; any && i < 8; i++) {
        any = cut_events(s, rule);
        any |= simplify_config(s, rule);
    }
    simplify_times(s, rule);
}

/* Prints the script in words, then what comes of it. */
void
story(const struct script *s)
{
    struct world w;

    printf("\nThe fewest events that still do it (%d):\n", s->n_events);
    for (int i = 0; i < s->n_events; i++) {
        char *line = event_format(s, &s->events[i]);
        printf("%s\n", line);
        free(line);
    }
    printf("\nWhat happens:\n");
    world_init(&w);
    w.trace = true;
    world_play(&w, s);
    world_destroy(&w);
}
