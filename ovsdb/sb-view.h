/* SPDX-License-Identifier: Apache-2.0 */

/* The Southbound mirror: evidence for held addresses and candidates only, by
 * condition.  Condition changes are batched: one outstanding, at most 4 a
 * second, removals lazy; trusted only after the server's acknowledgement and
 * again after each reconnect. */

#ifndef SB_VIEW_H
#define SB_VIEW_H 1

#include <stdbool.h>
#include <stddef.h>
#include "nb-view.h"

struct sb_view;
struct sb_watch;
struct uuid;

struct sb_view *sb_view_create(const char *remote, const char *lock_name);
void sb_view_destroy(struct sb_view *);

/* As nb_view_take_any_member(). */
void sb_view_take_any_member(struct sb_view *);

/* To be called before the first sb_view_run() by whoever will watch all ports:
 * the database then is read beside Northbound, and not after it. */
void sb_view_read_every_port(struct sb_view *);

/* Runs the connection, applies 'watch' as conditions, carries changes into
 * 'model' (bindings, chassis, MAC bindings, datapaths, sb_nb_cfg,
 * sb_identity, sb_synced, chassis_report), and calls model_ack_sb_watch() with
 * the watch that the server has acknowledged. */
void sb_view_run(struct sb_view *, struct model *, const struct sb_watch *,
                 bool want_lock, long long int now);
void sb_view_wait(struct sb_view *);
const char *sb_view_error(const struct sb_view *);
const char *sb_view_missing_optional(const struct sb_view *);
void sb_view_get_status(const struct sb_view *, struct db_status *);
void sb_view_get_memory_usage(const struct sb_view *, struct simap *);
void sb_view_reset_min_index(struct sb_view *);
void sb_view_set_probe_interval(struct sb_view *, int ms);

/* What a question of sb-ask.h needs to know of the mirror: whether the server
 * has Port_Binding.additional_chassis; the name of a chassis, or NULL. */
bool sb_view_has_additional_chassis(const struct sb_view *);
const char *sb_view_find_chassis(const struct sb_view *, const struct uuid *);

/* Deletes exactly these MAC_Binding rows.  Busy until answered. */
void sb_view_delete_mac_bindings(struct sb_view *, const struct uuid *,
                                 size_t n, long long int now);
bool sb_view_is_busy(const struct sb_view *);

#endif /* sb-view.h */
