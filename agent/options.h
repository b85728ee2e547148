/* SPDX-License-Identifier: Apache-2.0 */

/* The command line.  Everything that can be wrong with it is found here,
 * before the daemon detaches, and said in one line. */

#ifndef OPTIONS_H
#define OPTIONS_H 1

#include "agent/core/settings.h"
#include "svec.h"

struct dialect;

struct options {
    struct settings settings;   /* 'mode' is the ceiling. */
    const struct dialect *dialect;
    char *nb_db, *sb_db;        /* OVSDB remotes. */
    char *own_db;               /* Or NULL with --db=none. */
    struct svec pods;           /* Manifest files and folders, absolute. */
    char *kubeconfig;           /* File, absolute, or NULL. */
    char *kube_context;         /* Or NULL: the file's own. */
    char *kube_api;             /* URL or "in-cluster", or NULL. */
    struct svec namespaces;     /* Empty: all. */

    char *webhook_listen;       /* "[ADDR:]PORT", or NULL: no webhook. */
    char *webhook_cert, *webhook_key, *webhook_client_ca; /* Or NULL. */
    struct svec webhook_exempt; /* Users who are never judged. */

    char *node_selector;        /* Or NULL: all nodes. */
    char *zone;                 /* Or NULL: any. */
    char *kube_ovn_metrics;     /* URL, or NULL. */
    char *cni_controller;       /* "NAMESPACE/NAME", "none", or NULL: the
                                 * dialect's. */
    bool uninstall;             /* Everything of ours is undone. */
    bool requests_only;         /* Nothing is begun but for a request. */
    char *http_listen;          /* "[ADDR:]PORT", or NULL. */
    struct svec http_hosts;     /* Names that it goes by, or "*". */
    char *unixctl_path;         /* As given; NULL: by pid. */
    char *instance;             /* NULL: to be made of host and pid. */
    int probe_ms;               /* OVSDB inactivity probe; 0: none. */

    /* Read again whenever they change on disk. */
    char *private_key, *certificate, *ca_cert; /* Or NULL. */
};

/* Fills '*options' from the command line.  Exits with a message if that
 * cannot be, and with EXIT_SUCCESS after --help and the like. */
void options_parse(struct options *, int argc, char *argv[]);
void options_destroy(struct options *);

/* Loads the TLS files for the first time, or again if they changed. */
void options_update_tls(const struct options *);

/* The largest inactivity probe that --inactivity-probe takes, in ms. */
#define PROBE_MAX_MS 3600000
/* Parses the argument of --inactivity-probe.  Returns NULL, or what was
 * expected; the caller frees it. */
char *options_parse_probe(const char *arg, int *ms) OVS_WARN_UNUSED_RESULT;

#endif /* options.h */
