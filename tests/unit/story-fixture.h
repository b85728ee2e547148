/* SPDX-License-Identifier: Apache-2.0 */

/* What Kube-OVN's controller does, in the order in which it becomes known.
 *
 * Kubernetes, NB and SB are separate streams: any two neighbouring steps of
 * different streams may be seen the other way round.  So each story is played
 * as it is and with each such pair swapped, with several times between the
 * steps; whatever is seen first, the end must be the same, and nothing may be
 * taken from a pod that runs (the world itself watches that). */

#ifndef STORY_FIXTURE_H
#define STORY_FIXTURE_H 1

#include <stdbool.h>

#include "tests/unit/guard-fixture.h"
#include "tests/unit/world.h"

#define IP3 "10.0.0.3"
#define IP4 "10.0.0.4"
#define ALLOCATED(IP) "ip_address="IP";allocated=true"

enum stream { KUBE, NB, SB };

struct step {
    enum stream stream;
    void (*run)(struct world *);
};

#define MAX_STEPS 16

struct story {
    const char *name;
    void (*begin)(struct world *);
    struct step steps[MAX_STEPS];
    void (*check)(struct world *);
    bool no_clears;             /* None at all, however long it takes. */
};

/* Plays the story in all those orders. */
void story_play_all(const struct story *);

/* For 'check': a failure of the test, with the story and all of NB, if COND is
 * false. */
#define EXPECT(COND) story_expect(COND, #COND)
void story_expect(bool ok, const char *what);

/* ---- What the steps are made of. ---- */

/* The port called 'name', which must be there. */
struct wport *story_port(struct world *, const char *name);

/* SB tells of a port that NB has, or had. */
void story_bind_port(struct world *, const char *name, const char *chassis);

/* A pod of the StatefulSet 'owner' ("": of nobody); 'state' is "deleting",
 * "failed" or "". */
void story_set_pod(struct world *, const char *name, const char *uid,
                   const char *owner, const char *annotations,
                   const char *state);

/* ---- Steps of x-0, the pod of the StatefulSet x. ---- */

/* It runs with IP1. */
void x_begin(struct world *);

void x_deleting(struct world *);
void x_unbound(struct world *);
void x_gone(struct world *);
void x_bound(struct world *);
void x_port_gone(struct world *);

/* The template names IP2; its next pod; that pod's port; and what it was
 * given. */
void x_template(struct world *);
void x_new_pod(struct world *);
void x_port(struct world *);
void x_allocated(struct world *);

/* The same with IP1, as before. */
void x_new_pod_as_before(struct world *);
void x_port_as_before(struct world *);
void x_allocated_as_before(struct world *);

/* For 'check': it has IP1; or IP2 instead, and IP1 was released. */
void x_has_ip1(struct world *);
void x_has_moved(struct world *);

#endif /* story-fixture.h */
