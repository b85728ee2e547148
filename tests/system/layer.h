/* SPDX-License-Identifier: Apache-2.0 */

/* What the parts of test-ovsdb-layer.c share: the state, and the words of
 * arguments and output. */

#ifndef LAYER_H
#define LAYER_H 1

#include <stdbool.h>
#include <stdint.h>

#include "agent/core/model.h"
#include "agent/core/orders.h"

struct ds;
struct nb_view;
struct sb_view;
struct sset;
struct store;
struct svec;
struct unixctl_conn;

struct layer {
    struct nb_view *nb;         /* NULL where a database is left alone. */
    struct sb_view *sb;
    struct store *store;
    struct model model;
    struct sb_watch watch;

    bool exiting;
    bool want_lock;
    bool want_references;
    bool may_write;
    unsigned int n_store_changes; /* Since this was asked last. */
    int64_t store_generation;   /* As the last batch that was stored told. */

    /* Who is told how a write ended, or NULL. */
    struct unixctl_conn *nb_conn, *store_conn;
    uint64_t next_token;        /* Of the next write. */
};

/* layer-nb.c, layer-sb.c, layer-store.c */

/* Registers the commands of each database. */
void layer_nb_register(struct layer *);
void layer_sb_register(struct layer *);
void layer_store_register(struct layer *);

/* Runs what is connected to each, and has the loop wait for it. */
void layer_nb_run(struct layer *, long long int now);
void layer_sb_run(struct layer *, long long int now);
void layer_store_run(struct layer *, long long int now);

/* layer-text.c */

/* Adds the items of 'list' to 'sv', or makes them 'set'. */
void layer_split(struct svec *sv, const char *list);
void layer_split_to_sset(struct sset *set, const char *list);

/* Appends " NAME=[ITEMS]", sorted. */
void layer_put_svec(struct ds *, const char *name, const struct svec *);
void layer_put_sset(struct ds *, const char *name, const struct sset *);

const char *layer_tristate_to_string(enum tristate);
enum tristate layer_tristate_from_string(const char *);

/* Replies with the lines of 'ds' in order. */
void layer_reply_sorted(struct unixctl_conn *, struct ds *);

/* Replies how a write ended, and sets '*conn' to NULL. */
void layer_reply_result(struct unixctl_conn **conn, enum txn_result,
                        int64_t nb_cfg, const char *lost, const char *error);

#endif /* layer.h */
