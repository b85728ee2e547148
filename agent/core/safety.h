/* SPDX-License-Identifier: Apache-2.0 */

/* What stops us: the brake (too many clears) and the freeze (a source looks
 * wrong).  Both hold until a person says otherwise, over restarts too. */

#ifndef SAFETY_H
#define SAFETY_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct settings;

struct safety {
    char *brake;                /* Reason, or NULL. */
    char *frozen;               /* Reason, or NULL. */

    /* Times (monotonic ms) of the latest clears, oldest first. */
    long long int *clears;
    size_t n_clears, allocated_clears;

    /* What NB and SB looked like when last looked at. */
    char *nb_identity;          /* "": never seen. */
    int64_t nb_cfg;
    size_t nb_ports;
    bool nb_ports_known;
    char *sb_identity;
    int64_t sb_cfg;

    /* nb_cfg of NB and SB that another instance, or this one in an earlier
     * life, has seen.  Our copies may be behind that for a moment. */
    int64_t nb_cfg_told, sb_cfg_told;
    long long int behind_ms;    /* Since when they are; 0: they are not. */
};

/* A copy that is behind for so long is of a database that went back. */
#define SAFETY_BEHIND_MS 3000

void safety_init(struct safety *);
void safety_destroy(struct safety *);

/* May 'n' more clears be ordered at 'now'?  'n_judged' is the number of ports
 * that are ours to judge.  Returns NULL, or why the brake trips (the caller
 * frees it); the brake is then on, and stays on. */
char *safety_check_clears(struct safety *, const struct settings *, size_t n,
                          size_t n_judged, long long int now);
/* Notes that a clear was ordered. */
void safety_count_clear(struct safety *, long long int now);
size_t safety_recent_clears(const struct safety *, const struct settings *,
                            long long int now);

/* Compares NB with what it was.  Returns NULL, or why to freeze (the caller
 * frees it).  The new values are adopted only when there is no reason. */
char *safety_check_nb(struct safety *, const struct settings *,
                      const char *identity, int64_t nb_cfg, size_t n_ports);
char *safety_check_sb(struct safety *, const char *identity, int64_t nb_cfg);
/* Adopts what a database is, whatever it was. */
void safety_see_nb(struct safety *, const char *identity, int64_t nb_cfg,
                   size_t n_ports);
void safety_see_sb(struct safety *, const char *identity, int64_t nb_cfg);

/* Takes over what the own database says was seen of NB, of SB: a copy that is
 * behind that is not frozen for at once. */
void safety_tell_nb(struct safety *, const char *identity, int64_t nb_cfg,
                    size_t n_ports);
void safety_tell_sb(struct safety *, const char *identity, int64_t nb_cfg);
/* Are our copies, with these values, behind what was told?  Nothing is to be
 * written as long as they are.  Sets '*why' to NULL or, once that has lasted
 * for SAFETY_BEHIND_MS, to why to freeze (the caller frees it).  A copy that
 * is not there counts as INT64_MAX. */
bool safety_is_behind(struct safety *, int64_t nb_cfg, int64_t sb_cfg,
                      long long int now, char **why);

void safety_freeze(struct safety *, const char *reason);
/* Ends the freeze; the databases are accepted as they are. */
void safety_thaw(struct safety *);

#endif /* safety.h */
