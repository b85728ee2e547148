/* SPDX-License-Identifier: Apache-2.0 */

/* One run of an exec credential plug-in (client.authentication.k8s.io): a
 * program that prints a token or a client certificate.  It runs beside the
 * daemon's loop, which it never holds up. */

#ifndef EXEC_PLUGIN_H
#define EXEC_PLUGIN_H 1

#include <stdbool.h>

#include "openvswitch/compiler.h"

#include "smap.h"
#include "svec.h"

/* What a kubeconfig file says of the program. */
struct exec_plugin_config {
    char *command;              /* With a slash a path, otherwise looked up in
                                 * PATH. */
    struct svec args;
    struct smap env;            /* In addition to the daemon's own. */
    char *api_version;
    char *install_hint;         /* Or NULL. */
    char *exec_info;            /* For KUBERNETES_EXEC_INFO. */
};

void exec_plugin_config_init(struct exec_plugin_config *);
void exec_plugin_config_destroy(struct exec_plugin_config *);

/* What it printed. */
struct exec_credential {
    char *token;                /* Or NULL. */
    char *client_cert, *client_key; /* PEM, both or none. */
    long long int expires_s;    /* Since the epoch; 0: never. */
};

void exec_credential_destroy(struct exec_credential *);

struct exec_plugin;

/* Starts it.  Returns NULL and stores the run, or why it cannot be started,
 * which the caller frees. */
char *exec_plugin_start(const struct exec_plugin_config *, long long int now,
                        struct exec_plugin **) OVS_WARN_UNUSED_RESULT;
/* Also ends the program. */
void exec_plugin_destroy(struct exec_plugin *);

/* Goes on.  Returns true if it has ended: then '*error' is NULL and
 * '*credential' is what it printed, or '*error' says what went wrong; the
 * caller frees both. */
bool exec_plugin_run(struct exec_plugin *, long long int now,
                     struct exec_credential *credential, char **error);
void exec_plugin_wait(const struct exec_plugin *);

#endif /* exec-plugin.h */
