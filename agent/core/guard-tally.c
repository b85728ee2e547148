/* SPDX-License-Identifier: Apache-2.0 */

/* What was done and what was refused, counted by reason: the words for it. */

#include <config.h>

#include "guard-private.h"

#include "util.h"

/* The one of 'words' that is 's', or the last one. */
static const char *
find_word(const char *const words[], size_t n, const char *s)
{
    for (size_t i = 0; i < n - 1; i++) {
        if (!strcmp(words[i], s)) {
            return words[i];
        }
    }
    return words[n - 1];
}

void
guard_count_done(struct guard *g, const char *action, const char *case_)
{
    /* A hold's case may come from the own database, and be anything. */
    static const char *const cases[] = {
        "", "A", "B", "B'", "C", "D", "E", "F", "G", "H", "manual", "other",
    };
    static const char *const actions[] = {
        "brake", "cancel", "clear", "delete-ip", "exclude", "flush", "force",
        "freeze", "gate", "hold", "put-back", "release", "set", "ungate",
        "other",
    };

    tally_add(&g->done, find_word(actions, ARRAY_SIZE(actions), action),
              find_word(cases, ARRAY_SIZE(cases), case_));
}

void
guard_count_refused_request(struct guard *g, const char *command)
{
    static const char *const commands[] = {
        "apply", "gate-keep", "gate-open", "hold-add", "hold-release", "undo",
        "other",
    };

    tally_add(&g->refused, "request",
              find_word(commands, ARRAY_SIZE(commands), command));
}

void
guard_refuse_clear(struct guard *g, struct candidate *c, const char *why)
{
    static const struct {
        const char *text, *word;
    } words[] = {
        {REFUSED_OBSERVE, "observe"},
        {REFUSED_STANDBY, "standby"},
        {REFUSED_STORE, "own-database"},
        {REFUSED_STOPPING, "stopping"},
        {REFUSED_PAUSED, "paused"},
        {REFUSED_FROZEN, "frozen"},
        {REFUSED_BEHIND, "behind"},
        {REFUSED_BRAKE, "brake"},
        {REFUSED_NB, "northbound"},
        {REFUSED_SB, "southbound"},
        {REFUSED_PODS_UNREAD, "pods-unread"},
        {REFUSED_PODS_PROBLEM, "pods-problem"},
        {REFUSED_STARTING, "starting"},
        {REFUSED_DIALECT_UNDECIDED, "dialect"},
        {REFUSED_DIALECT_AMBIGUOUS, "dialect"},
        {REFUSED_OTHER_CLEAR, "other-clear"},
        {REFUSED_MAX_HOLDS, "max-holds"},
        {REFUSED_LIVE_READ, "live-read"},
        {REFUSED_NOT_ASKED, "not-asked"},
    };
    const char *word = "other";

    /* Each turn says it again. */
    if (!c->refused || strcmp(c->refused, why)) {
        for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
            if (!strcmp(words[i].text, why)) {
                word = words[i].word;
            }
        }
        tally_add(&g->refused, "clear", word);
    }
    c->refused = why;
}

const struct tally *
guard_done(const struct guard *g)
{
    return &g->done;
}

const struct tally *
guard_refused(const struct guard *g)
{
    return &g->refused;
}
