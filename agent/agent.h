/* SPDX-License-Identifier: Apache-2.0 */

/* The daemon's parts, as the main program and the control commands share
 * them.  Everything is owned by the main program. */

#ifndef AGENT_H
#define AGENT_H 1

#include <stdbool.h>
#include "agent/config-db.h"
#include "agent/memory-trim.h"
#include "agent/options.h"
#include "openvswitch/list.h"

struct api_source;
struct control;
struct guard;
struct guard_env;
struct ipam_metrics;
struct live_page;
struct manifests;
struct nb_view;
struct sb_ask;
struct sb_view;
struct store;
struct webhook;
struct web_server;

/* The names of the locks, one for each database.  Locks of one name in
 * several databases of one server would be one lock. */
#define OWN_LOCK "ovn_ipguard_own"
#define NB_LOCK "ovn_ipguard_nb"
#define SB_LOCK "ovn_ipguard_sb"

/* Name of the stopwatch of the main loop. */
#define LOOP_STOPWATCH "ovn-ipguard-loop"

struct agent {
    struct options options;
    struct control *control;
    struct config_db config;
    struct guard *guard;
    struct nb_view *nb;
    struct sb_view *sb;
    struct sb_ask *sb_ask;      /* What is asked of SB, not mirrored. */
    struct store *store;        /* NULL with --db=none. */
    struct manifests *manifests;
    struct api_source *api;     /* Or NULL. */
    long long int api_changed_ms; /* When it last told a change, monotonic; 0:
                                 * never. */
    struct ipam_metrics *ipam_metrics; /* Or NULL. */
    struct webhook *webhook;    /* Or NULL. */
    uint64_t nodes_seqno;       /* Of the nodes that the model knows. */

    char *instance;             /* Name of this instance. */
    char *boot_id;              /* Changes when the machine restarts. */
    long long int started_ms;   /* Monotonic. */

    struct ovs_list asks;       /* "explain" that is not answered yet. */
    struct web_server *http;    /* --http-listen; or NULL. */
    struct live_page *page;     /* What is at its root; or NULL. */
    struct memory_trim trim;
    size_t portion;             /* See agent/core/portion.h. */

    bool warned_standalone;     /* Of an own database without fsync(). */
    bool planned;               /* All sources were read and judged once. */
    bool paused;                /* Control command "pause". */
    bool exiting;               /* Control command "exit". */
    int status;                 /* Exit status. */
    long long int stop_ms;      /* "exit --cleanup": when to give it up; 0:
                                 * not asked for. */
};

/* Describes the world around for a call into the guard, as of now. */
void agent_get_env(const struct agent *, struct guard_env *);

#endif /* agent.h */
