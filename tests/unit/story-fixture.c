/* SPDX-License-Identifier: Apache-2.0 */

/* Stories, played in every order in which they may be seen; see
 * story-fixture.h. */

#include <config.h>

#include "tests/unit/story-fixture.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "tests/unit/guard-fixture.h"
#include "tests/unit/unit.h"

static struct world *now_playing;
static const char *now_what;

void
story_expect(bool ok, const char *what)
{
    if (!ok) {
        char *nb = world_format_nb(now_playing);

        printf("\n%s: not so: %s; NB:\n%s", now_what, what, nb);
        free(nb);
    }
    CU_ASSERT(ok);
}

/* Plays 'story' with the steps 'swap' and 'swap' + 1 the other way round
 * (SIZE_MAX: none). */
static void
play(const struct story *story, size_t n, size_t swap, long long int gap_ms)
{
    struct world w;
    char what[128];

    snprintf(what, sizeof what, "%s, %lld ms between steps, %zd swapped",
             story->name, gap_ms, swap == SIZE_MAX ? -1 : (ssize_t) swap + 1);
    now_playing = &w;
    now_what = what;
    world_init(&w, MODE_GUARD);
    world_chassis(&w, "hv1");
    world_chassis(&w, "hv2");
    world_network(&w, "net1");
    world_network(&w, "net2");
    story->begin(&w);
    world_flags(&w);
    world_run(&w, 5000);
    for (size_t i = 0; i < n; i++) {
        size_t j = (swap >= n ? i : i == swap ? i + 1
                    : i == swap + 1 ? i - 1 : i);

        story->steps[j].run(&w);
        world_run(&w, gap_ms);
    }
    world_run(&w, 600 * 1000);
    story->check(&w);
    EXPECT(!story->no_clears || w.n_clears == 0);
    EXPECT(w.n_holds == 0);
    EXPECT(w.n_gates == 0);
    EXPECT(w.n_sets == 0);
    EXPECT(w.n_violations == 0);
    EXPECT(!world_logged(&w, "duplicate"));
    world_destroy(&w);
}

void
story_play_all(const struct story *story)
{
    static const long long int gaps[] = { 0, 1, 1000, 3000, 30000 };
    size_t n = 0;

    while (n < MAX_STEPS && story->steps[n].run) {
        n++;
    }
    for (size_t i = 0; i < ARRAY_SIZE(gaps); i++) {
        play(story, n, SIZE_MAX, gaps[i]);
        for (size_t j = 0; j + 1 < n; j++) {
            if (story->steps[j].stream != story->steps[j + 1].stream) {
                play(story, n, j, gaps[i]);
            }
        }
    }
}

struct wport *
story_port(struct world *w, const char *name)
{
    struct wport *p = world_find_port(w, name);

    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    return p;
}

/* SB tells of a port that NB has, or had. */
void
story_bind_port(struct world *w, const char *name, const char *chassis)
{
    struct wport *p = world_find_port(w, name);

    if (p) {
        world_bind(w, p, chassis);
    }
}

void
story_set_pod(struct world *w, const char *name, const char *uid,
              const char *owner, const char *annotations, const char *state)
{
    struct pod *pod = unit_pod(name, uid, owner[0] ? OWNER_STATEFULSET
                                                   : OWNER_NONE,
                               owner, annotations);

    pod->deleting = !strcmp(state, "deleting");
    pod->finished = !strcmp(state, "failed");
    world_pod(w, pod);
}

/* x-0 of the StatefulSet x runs with IP1. */
void
x_begin(struct world *w)
{
    struct wport *p = world_port(w, 0, "x-0", MAC1" "IP1);

    world_sts(w, unit_sts("x", "s1", 1, "ip_address="IP1));
    story_set_pod(w, "x-0", "u1", "x", ALLOCATED(IP1), "");
    world_bind(w, p, "hv1");
}

void
x_deleting(struct world *w)
{
    story_set_pod(w, "x-0", "u1", "x", ALLOCATED(IP1), "deleting");
}

void
x_unbound(struct world *w)
{
    story_bind_port(w, "x-0.default", NULL);
}

void
x_gone(struct world *w)
{
    world_del_pod(w, "x-0");
}

void
x_bound(struct world *w)
{
    story_bind_port(w, "x-0.default", "hv1");
}

void
x_port_gone(struct world *w)
{
    world_del_port(w, story_port(w, "x-0.default"));
}

void
x_template(struct world *w)
{
    world_sts(w, unit_sts("x", "s1", 1, "ip_address="IP2));
}

void
x_new_pod(struct world *w)
{
    story_set_pod(w, "x-0", "u2", "x", "ip_address="IP2, "");
}

void
x_port(struct world *w)
{
    world_set_addresses(w, story_port(w, "x-0.default"), MAC2" "IP2);
}

void
x_allocated(struct world *w)
{
    story_set_pod(w, "x-0", "u2", "x", ALLOCATED(IP2), "");
}

void
x_has_moved(struct world *w)
{
    EXPECT(world_has(w, "x-0.default", IP2));
    EXPECT(!world_has(w, "x-0.default", IP1));
    EXPECT(w->n_clears <= 1);
    EXPECT(world_journalled(w, "release") == 1);
}

void
x_new_pod_as_before(struct world *w)
{
    story_set_pod(w, "x-0", "u2", "x", "ip_address="IP1, "");
}

void
x_port_as_before(struct world *w)
{
    world_set_addresses(w, story_port(w, "x-0.default"), MAC2" "IP1);
}

void
x_allocated_as_before(struct world *w)
{
    story_set_pod(w, "x-0", "u2", "x", ALLOCATED(IP1), "");
}

void
x_has_ip1(struct world *w)
{
    EXPECT(world_has(w, "x-0.default", IP1));
}
