/* SPDX-License-Identifier: Apache-2.0 */

/* The command line of ovn-ipguardctl, up to the first command. */

#ifndef CTL_OPTIONS_H
#define CTL_OPTIONS_H 1

#include <stdbool.h>
#include "openvswitch/shash.h"
#include "table.h"

#include "agent/options.h"

enum ipgctl_wait {
    IPGCTL_WAIT_DEFAULT,        /* As the command sees fit. */
    IPGCTL_WAIT_NONE,
    IPGCTL_WAIT_DONE,           /* Until the active instance has acted. */
};

struct ipgctl_options {
    char *db;                   /* OVSDB remote of the own database. */
    enum ipgctl_wait wait;
    unsigned int timeout;       /* s; 0: as the command sees fit. */
    bool dry_run;
    bool oneline;
    bool leader_only;
    bool shuffle_remotes;
    bool bootstraps;            /* The CA's certificate is to be learnt. */
    struct table_style style;
    bool format_given;          /* -f, --bare... were given. */
    struct options daemon;      /* Sources, as the daemon has them. */
    bool sources_given;         /* Any of them. */
    char *program;              /* The daemon's. */
    char *target;               /* Its name, or its control socket. */
    struct svec tls;            /* Options of TLS, as they were given. */
    struct shash local;         /* Options of commands, for the parser. */
};

/* Fills '*options' and returns the index in 'argv' of the first command.
 * Exits with a message if something is wrong with the options, and with
 * EXIT_SUCCESS after --help and the like.
 *
 * All commands must have been registered. */
int ipgctl_options_parse(struct ipgctl_options *options,
                         int argc, char *argv[]);
void ipgctl_options_destroy(struct ipgctl_options *);

/* Is the output to be JSON throughout (--format=json)? */
bool ipgctl_wants_json(const struct ipgctl_options *);

#endif /* ctl-options.h */
