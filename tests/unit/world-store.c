/* SPDX-License-Identifier: Apache-2.0 */

/* The simulated world's own database, and what must hold when it is
 * written. */

#include <config.h>

#include "tests/unit/world.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "smap.h"
#include "util.h"
#include "uuid.h"

#include "tests/unit/own-rows.h"
#include "tests/unit/world-private.h"

static void
parse_args(const char *text, struct smap *args)
{
    char *copy = xstrdup(text);
    char *save_ptr = NULL;

    smap_init(args);
    for (char *pair = strtok_r(copy, " ", &save_ptr); pair;
         pair = strtok_r(NULL, " ", &save_ptr)) {
        char *value = strchr(pair, '=');

        *value++ = '\0';
        for (char *p = value; *p; p++) {
            *p = *p == '_' ? ' ' : *p;
        }
        smap_add(args, pair, value);
    }
    free(copy);
}

static void
add_requests(const struct world *w, struct store_snapshot *snap)
{
    snap->requests = xcalloc(w->n_requests + 1, sizeof *snap->requests);
    for (size_t i = 0; i < w->n_requests; i++) {
        const struct wrequest *wr = &w->requests[i];
        struct smap args;
        struct request *r;

        parse_args(wr->args, &args);
        r = request_create(&wr->uuid, wr->command, &args, "tester");
        smap_destroy(&args);
        r->made_wall_ms = wr->made_wall_ms;
        r->answered = wr->state[0] != '\0';
        r->answered_wall_ms = wr->answered_wall_ms;
        snap->requests[snap->n_requests++] = r;
    }
}

const struct wrequest *
world_ask(struct world *w, const char *command, const char *args)
{
    struct wrequest *r;

    if (w->n_requests == ARRAY_SIZE(w->requests)) {
        /* The oldest is fetched. */
        memmove(&w->requests[0], &w->requests[1],
                sizeof w->requests - sizeof w->requests[0]);
        w->n_requests--;
    }
    r = &w->requests[w->n_requests++];
    memset(r, 0, sizeof *r);
    uuid_generate(&r->uuid);
    ovs_strlcpy(r->command, command, sizeof r->command);
    ovs_strlcpy(r->args, args, sizeof r->args);
    r->made_wall_ms = w->wall;
    if (w->have_store) {
        world_load(w);
    }
    return r;
}

static void
answer_request(struct world *w, const struct request_answer *answer)
{
    for (size_t i = 0; i < w->n_requests; i++) {
        struct wrequest *r = &w->requests[i];

        if (uuid_equals(&r->uuid, &answer->uuid)) {
            if (r->state[0] && strcmp(r->answer, answer->text)) {
                world_violate(w, "a request is answered twice");
            }
            ovs_strlcpy(r->state, answer->refused ? "refused" : "done",
                        sizeof r->state);
            ovs_strlcpy(r->answer, answer->text, sizeof r->answer);
            r->answered_wall_ms = answer->wall_ms;
        }
    }
}

static void
delete_request(struct world *w, const struct uuid *uuid)
{
    for (size_t i = 0; i < w->n_requests; i++) {
        if (uuid_equals(&w->requests[i].uuid, uuid)) {
            w->requests[i] = w->requests[--w->n_requests];
        }
    }
}

void
world_load(struct world *w)
{
    struct store_snapshot snap;
    struct guard_env env;

    store_snapshot_init(&snap);
    free(snap.identity);
    snap.identity = xstrdup(w->store_identity);
    own_rows_fill(&snap, &w->row, w->holds, w->n_holds, w->gates, w->n_gates);
    add_requests(w, &snap);
    for (size_t i = 0; i < w->n_journal; i++) {
        snap.last_sequence = MAX(snap.last_sequence, w->journal[i].sequence);
    }
    world_get_env(w, &env);
    guard_load(w->guard, &snap, &env);
    store_snapshot_destroy(&snap);
}

static void
put_hold(struct world *w, const struct hold *h)
{
    for (size_t i = 0; i < w->n_holds; i++) {
        if (!uuid_equals(&w->holds[i]->uuid, &h->uuid)
            && uuid_equals(&w->holds[i]->network, &h->network)
            && ip_addr_equals(&w->holds[i]->addr, &h->addr)) {
            world_violate(w, "two holds of one address are stored");
        }
    }
    if (hold_state_is_end(h->state)) {
        world_violate(w, "a hold is stored in state %s",
                      hold_state_to_string(h->state));
    }
    own_rows_put_hold(&w->holds, &w->n_holds, h);
}

static void
put_gate(struct world *w, const struct gate *g)
{
    for (size_t i = 0; i < w->n_gates; i++) {
        if (uuid_equals(&w->gates[i]->port, &g->port)
            && !uuid_equals(&w->gates[i]->uuid, &g->uuid)) {
            world_violate(w, "two gates of one port are stored");
        }
    }
    own_rows_put_gate(&w->gates, &w->n_gates, g);
}

static void
put_journal(struct world *w, const struct journal_entry *j)
{
    const struct journal_entry *old = own_rows_add_journal(&w->journal,
                                                           &w->n_journal, j);

    if (old && strcmp(old->action, j->action)) {
        world_violate(w, "journal row %"PRId64" is written twice",
                      j->sequence);
    }
}

void
world_commit_store(struct world *w, const struct store_batch *b)
{
    for (size_t i = 0; i < b->n_put_holds; i++) {
        for (size_t j = 0; j < b->n_delete_holds; j++) {
            if (uuid_equals(&b->put_holds[i]->uuid, &b->delete_holds[j])) {
                world_violate(w, "a hold is stored and deleted at once");
            }
        }
    }
    own_rows_delete_holds(w->holds, &w->n_holds, b);
    own_rows_delete_gates(w->gates, &w->n_gates, b);
    for (size_t i = 0; i < b->n_put_holds; i++) {
        put_hold(w, b->put_holds[i]);
    }
    for (size_t i = 0; i < b->n_put_gates; i++) {
        put_gate(w, b->put_gates[i]);
    }
    for (size_t i = 0; i < b->n_journal; i++) {
        put_journal(w, &b->journal[i]);
    }
    for (size_t i = 0; i < b->n_answers; i++) {
        answer_request(w, &b->answers[i]);
    }
    for (size_t i = 0; i < b->n_delete_requests; i++) {
        delete_request(w, &b->delete_requests[i]);
    }
    own_rows_put_row(&w->row, &b->row);
    w->n_stores++;
}
